"""Who may see what: tokens, paths, methods, tenants."""

import json
import random

import pytest
from messages import UNKNOWN, check_error, group_body, operations, user_body
from raw import exchange, parse_replies

from gateway import USER

ENDPOINTS = [
    "/Users",
    f"/Users/{UNKNOWN}",
    "/Groups",
    f"/Groups/{UNKNOWN}",
    "/.search",
    "/Users/.search",
    "/ServiceProviderConfig",
    "/Schemas",
    f"/Schemas/{USER}",
    "/ResourceTypes",
    "/ResourceTypes/User",
    "/Nothing",
    "/Bulk",
    "/Me",
    "",
    "/",
]


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_without_a_valid_token_everything_is_401(scim, method, path):
    tokens = [
        None,
        "Bearer wrong-token-that-is-long-enough-12345678",
        f"Basic {scim.tokens['one']}",
        "Bearer",
        "Bearer x",
    ]
    bodies = []
    for token in tokens:
        connection = scim.connect()
        answer = connection.request(
            method,
            path,
            user_body() if method in ("POST", "PUT", "PATCH") else None,
            headers={"Authorization": token} if token else {"Authorization": ""},
        )
        connection.close()
        assert answer.status == 401, (token, answer)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        if method != "HEAD":
            check_error(answer, 401)
        bodies.append(answer.body)
    assert len(set(bodies)) == 1  # what was wrong with it is nobody's business


ODD_PATHS = [
    "/scim/v2/%55sers",
    "/scim/v2/%2e%2e/scim/v2/Users",
    "/scim/v2//Users",
    "//scim/v2/Users",
    "/scim/v2/./Users",
    "/scim/v2/../v2/Users",
    "/scim/v2/Users;x=y",
    "/scim/v2;x/Users",
    "/SCIM/V2/Users",
    "/scim/v2/USERS",
    "/scim/v2/users",
    "/scim%2fv2/Users",
    "/scim/v2/Users%00",
    "/scim/v2/Users%2f",
    "/scim/v2/Users/",
    "/scim/v2/Users/%2e",
    "/scim/v2/Users?x=/../../livez",
    "/livez/../scim/v2/Users",
    "/journal/..%2f..%2fscimward.db",
    "/journal/%2e%2e/scimward.db",
    "/t/default/scim/v2/Users",
    "/t/other/scim/v2/Users",
    "/t//scim/v2/Users",
    "/t/default/../../scim/v2/Users",
    "http://127.0.0.1/scim/v2/Users",
    "/admin/v1/status",
    "/admin/v1/tokens",
    "/metrics",
    "/console/",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_no_spelling_of_a_path_gets_around_the_token(scim, path):
    for method, body in (("GET", b""), ("POST", json.dumps(user_body()).encode())):
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/scim+json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode() + body
        (reply,) = parse_replies(exchange(scim.port, [request]))
        assert reply.status in (400, 401, 404, 405), reply
        assert b"somebody@example.com" not in reply.body


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_what_is_not_there_is_404_for_every_verb_with_one_body(scim, person, group, kind):
    bodies = set()
    wrong = group["id"] if kind == "Users" else person["id"]
    body = user_body() if kind == "Users" else group_body()
    for key in (UNKNOWN, wrong, "1", "0", "-1", "null", UNKNOWN.upper(), UNKNOWN[:-1], UNKNOWN + "0", "a" * 200):
        for method, content in (
            ("GET", None),
            ("PUT", body),
            ("PATCH", operations({"op": "add", "path": "displayName", "value": "x"})),
            ("DELETE", None),
        ):
            answer = scim.request(method, f"/{kind}/{key}", content)
            detail = check_error(answer, 404)
            bodies.add(detail.replace(key, "").replace(key.lower(), ""))
    assert len(bodies) == 1, bodies


@pytest.mark.parametrize(
    "path", ["/Nothing", "/Users/a/b", "/Bulk/x", "/Me", "/Schemas/urn:none", "/ResourceTypes/Robot"]
)
def test_an_unknown_path_is_404(scim, path):
    check_error(scim.get(path), 404)


ALLOWED = {
    "/Users": "GET, HEAD, POST, OPTIONS",
    "/Groups": "GET, HEAD, POST, OPTIONS",
    f"/Users/{UNKNOWN}": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    f"/Groups/{UNKNOWN}": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/.search": "POST, OPTIONS",
    "/Users/.search": "POST, OPTIONS",
    "/Groups/.search": "POST, OPTIONS",
    "/ServiceProviderConfig": "GET, HEAD, OPTIONS",
    "/Events/1": "GET, HEAD, OPTIONS",
    "/Bulk": "POST, OPTIONS",
    "/Me": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/Schemas": "GET, HEAD, OPTIONS",
    f"/Schemas/{USER}": "GET, HEAD, OPTIONS",
    "/ResourceTypes": "GET, HEAD, OPTIONS",
    "/ResourceTypes/User": "GET, HEAD, OPTIONS",
}


@pytest.mark.parametrize("path", ALLOWED)
def test_other_methods_are_405_with_allow_and_options_tells_them(scim, path):
    allowed = ALLOWED[path].split(", ")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if method in allowed:
            continue
        answer = scim.request(method, path, user_body() if method in ("POST", "PUT", "PATCH") else None)
        check_error(answer, 405)
        assert answer.headers["Allow"] == ALLOWED[path]
    options = scim.request("OPTIONS", path)
    assert (options.status, options.headers["Allow"], options.body) == (204, ALLOWED[path], b"")


def test_head_is_get_without_its_body(scim, person, group):
    for path in (f"/Users/{person['id']}", f"/Groups/{group['id']}", "/Users", "/Schemas", "/ServiceProviderConfig"):
        head, get = scim.request("HEAD", path), scim.get(path)
        assert (head.status, head.body) == (200, b"")
        for name in ("Content-Type", "Content-Length", "ETag"):
            assert head.headers[name] == get.headers[name], name
    assert scim.request("HEAD", f"/Users/{UNKNOWN}").status == 404
    assert scim.request("HEAD", "/.search").status == 405


# ---- tenants ----


def test_a_token_of_one_tenant_sees_nothing_of_another(scim):
    theirs = scim.user("secret@other.example", source="other", externalId="X-OTHER")
    their_group = scim.group("secret group", [theirs["id"]], source="other", externalId="X-OTHER-G")
    mine = scim.group("my own group")
    etag = theirs["meta"]["version"]

    def same(method, path, content=None, **options):
        """For their id exactly what an id that nobody has gets."""
        answers = []
        for key in (theirs["id"], their_group["id"], UNKNOWN):
            answer = scim.request(method, path.format(key), content, **options)
            answers.append((answer.status, answer.body.replace(key.encode(), b"")))
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][0] == 404
        return answers[0]

    for kind, body in (("Users", user_body()), ("Groups", group_body())):
        same("GET", f"/{kind}/{{}}")
        same("GET", f"/{kind}/{{}}?attributes=id")
        same("GET", f"/{kind}/{{}}", headers={"If-None-Match": etag})
        same("HEAD", f"/{kind}/{{}}")
        same("PUT", f"/{kind}/{{}}", body)
        same("PUT", f"/{kind}/{{}}", body, headers={"If-Match": etag})
        same("PATCH", f"/{kind}/{{}}", operations({"op": "replace", "path": "displayName", "value": "x"}))
        same("DELETE", f"/{kind}/{{}}")
        same("DELETE", f"/{kind}/{{}}", headers={"If-Match": "*"})

    # filters, searches, members
    for text in ('userName eq "secret@other.example"', f'id eq "{theirs["id"]}"', 'externalId eq "X-OTHER"'):
        assert scim.find("Users", text).json["totalResults"] == 0
    for text in ('displayName eq "secret group"', f'id eq "{their_group["id"]}"', f'members eq "{theirs["id"]}"'):
        assert scim.find("Groups", text).json["totalResults"] == 0
        assert scim.find("Groups", f"({text}) or ({text})").json["totalResults"] == 0
    for answer, unknown in [
        (
            scim.patch(f"/Groups/{mine['id']}", {"op": "add", "path": "members", "value": [{"value": theirs["id"]}]}),
            scim.patch(f"/Groups/{mine['id']}", {"op": "add", "path": "members", "value": [{"value": UNKNOWN}]}),
        ),
        (
            scim.post("/Groups", group_body(members=[{"value": theirs["id"]}])),
            scim.post("/Groups", group_body(members=[{"value": UNKNOWN}])),
        ),
    ]:
        check_error(answer, 400, "invalidValue")
        assert answer.body.replace(theirs["id"].encode(), b"") == unknown.body.replace(UNKNOWN.encode(), b"")
    remove = {"op": "remove", "path": "members", "value": [{"value": theirs["id"]}]}
    scim.patch(f"/Groups/{mine['id']}", remove)
    # the tenant of the path does not help, and does not tell what tenants there are
    connection = scim.connect("one")
    bodies = set()
    for tenant in ("other", "none"):
        connection.base = f"/t/{tenant}/scim/v2"
        for path in ("/Users", f"/Users/{theirs['id']}", "/ServiceProviderConfig"):
            answer = connection.get(path)
            check_error(answer, 404)
            bodies.add(answer.body)
    assert len(bodies) == 1
    connection.base = "/t/default/scim/v2"
    assert connection.get("/Users").status == 200
    connection.close()
    # nothing happened to them
    assert scim.get(f"/Users/{theirs['id']}", source="other").headers["ETag"] == etag
    assert [m["value"] for m in scim.get(f"/Groups/{their_group['id']}", source="other").json["members"]] == [
        theirs["id"]
    ]


def test_an_old_update_does_not_bring_back_who_left(scim):
    """A late update without an explicit active: true never reactivates; a new account is a new account."""
    made = scim.user("resurrected@example.com", externalId="R1")
    path = f"/Users/{made['id']}"
    scim.patch(path, {"op": "replace", "path": "active", "value": False})

    assert scim.patch(path, {"op": "replace", "path": "title", "value": "x"}).json["active"] is False
    assert scim.put(path, user_body(userName="resurrected@example.com")).json["active"] is False
    assert scim.delete(path).status == 204
    for answer in (
        scim.get(path),
        scim.put(path, made),
        scim.patch(path, {"op": "replace", "path": "active", "value": True}),
        scim.delete(path),
    ):
        check_error(answer, 404)
    assert scim.find("Users", 'userName eq "resurrected@example.com"').json["totalResults"] == 0
    again = scim.user("resurrected@example.com", externalId="R1")
    assert again["id"] != made["id"]
    assert again["meta"]["created"] > made["meta"]["created"]


def test_errors_of_strangers_do_not_grow_the_metrics(scim):
    scim.get("/Users")
    before = set(scim.metrics())
    dice = random.Random(7)
    connection = scim.connect()
    for _ in range(300):
        word = "".join(dice.choice("abcdefgh/%") for _ in range(8)).replace("%", "%41")
        connection.request(
            dice.choice(["GET", "DELETE", "PUT"]), "/" + word, headers={"Authorization": f"Bearer {word * 3}"}
        )
    connection.close()

    assert len(set(scim.metrics()) - before) <= 10  # statuses and methods, never paths
