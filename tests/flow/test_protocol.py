"""SCIM as a source sees it: statuses, error bodies, filters, pages, versions, tenants, limits (RFC 7643, RFC 7644)."""

import json
import random
import re
import urllib.parse

import pytest
import scim_filter
from gateway import ENTERPRISE, ERROR, GROUP, PATCH, PERSON, USER, Gateway
from raw import exchange, parse_replies

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
UNKNOWN = "0192f0c1-7a62-7e6a-ae21-ed9a05430fd1"


@pytest.fixture(scope="module")
def scim(tmp_path_factory):
    """Two sources of one tenant, one of another, one with Entra's dialect."""
    sources = [
        {"name": "one"},
        {"name": "two"},
        {"name": "other", "tenant": "other"},
        {"name": "entra", "dialect": "entra"},
    ]
    with Gateway(tmp_path_factory.mktemp("protocol") / "gateway", sources=sources) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def person(scim):
    return scim.user("somebody@example.com", title="Clerk", emails=[{"value": "s@example.com", "type": "work"}])


@pytest.fixture(scope="module")
def group(scim, person):
    return scim.group("some group", [person["id"]])


def check_error(answer, status, scim_type=None):
    """A SCIM Error body, whatever went wrong (RFC 7644, 3.12)."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(status)
    assert body.get("scimType") == scim_type, body
    assert body["detail"]
    return body["detail"]


# ---- 400 ----


def user_body(**attributes):
    return {"schemas": [USER], "userName": "bad@example.com"} | attributes


def group_body(**attributes):
    return {"schemas": [GROUP], "displayName": "bad group"} | attributes


def operations(*list_):
    return {"schemas": [PATCH], "Operations": list(list_)}


BAD_BODIES = {
    # what: (method, path, body, scimType)
    "no JSON": ("POST", "/Users", b"{", "invalidSyntax"),
    "empty": ("POST", "/Users", b"", "invalidSyntax"),
    "two documents": ("POST", "/Users", b"{}{}", "invalidSyntax"),
    "a list": ("POST", "/Users", b"[]", "invalidSyntax"),
    "a byte order mark": ("POST", "/Users", b"\xef\xbb\xbf{}", "invalidSyntax"),
    "no UTF-8": ("POST", "/Users", b'{"schemas":["' + USER.encode() + b'"],"userName":"\xff"}', "invalidSyntax"),
    "a lone surrogate": ("POST", "/Users", rb'{"userName":"\ud800"}', "invalidSyntax"),
    "a NUL": ("POST", "/Users", rb'{"userName":"a\u0000b"}', "invalidSyntax"),
    "a key twice": ("POST", "/Users", b'{"userName":"a","userName":"b"}', "invalidSyntax"),
    "a key in two cases": ("POST", "/Users", b'{"active":true,"userName":"a","Active":false}', "invalidSyntax"),
    "two cases further in": (
        "POST",
        "/Users",
        b'{"userName":"a","emails":[{"value":"a","VALUE":"b"}]}',
        "invalidSyntax",
    ),
    "no schemas": ("POST", "/Users", {"userName": "x"}, "invalidSyntax"),
    "the schema of another type": ("POST", "/Users", {"schemas": [GROUP], "userName": "x"}, "invalidSyntax"),
    "no userName": ("POST", "/Users", {"schemas": [USER]}, "invalidValue"),
    "an empty userName": ("POST", "/Users", user_body(userName=""), "invalidValue"),
    "a null userName": ("POST", "/Users", user_body(userName=None), "invalidValue"),
    "a userName of spaces": ("POST", "/Users", user_body(userName="   "), "invalidValue"),
    "a number as userName": ("POST", "/Users", user_body(userName=7), "invalidValue"),
    "a zero-width userName": ("POST", "/Users", user_body(userName="ad\u200bmin"), "invalidValue"),
    "a userName that turns round": ("POST", "/Users", user_body(userName="ad\u202emin"), "invalidValue"),
    "a text as active": ("POST", "/Users", user_body(active="yes"), "invalidValue"),
    "a number as externalId": ("POST", "/Users", user_body(externalId=1), "invalidValue"),
    "one as many": ("POST", "/Users", user_body(emails={"value": "a"}), "invalidValue"),
    "many as one": ("POST", "/Users", user_body(title=["a"]), "invalidValue"),
    "a text as complex": ("POST", "/Users", user_body(name="Anna"), "invalidValue"),
    "primary twice": (
        "POST",
        "/Users",
        user_body(emails=[{"value": "a", "primary": True}, {"value": "b", "primary": True}]),
        "invalidValue",
    ),
    "a kind that is none": ("POST", "/Users", user_body(**{PERSON: {"kind": "robot"}}), "invalidValue"),
    "a time that is none": ("POST", "/Users", user_body(**{PERSON: {"endDate": "tomorrow"}}), "invalidValue"),
    "a time without zone": (
        "POST",
        "/Users",
        user_body(**{PERSON: {"endDate": "2026-01-01T00:00:00"}}),
        "invalidValue",
    ),
    "no base64": ("POST", "/Users", user_body(x509Certificates=[{"value": "***"}]), "invalidValue"),
    "a short password": ("POST", "/Users", user_body(password=7), "invalidValue"),
    "no displayName": ("POST", "/Groups", {"schemas": [GROUP]}, "invalidValue"),
    "an unknown member": ("POST", "/Groups", group_body(members=[{"value": UNKNOWN}]), "invalidValue"),
    "a member without value": ("POST", "/Groups", group_body(members=[{"display": "x"}]), "invalidValue"),
    "members as text": ("POST", "/Groups", group_body(members="x"), "invalidValue"),
    "a member by number": ("POST", "/Groups", group_body(members=[{"value": 1}]), "invalidValue"),
    "PUT without schemas": ("PUT", "/Users/{user}", {"userName": "x"}, "invalidSyntax"),
    "PUT without userName": ("PUT", "/Users/{user}", {"schemas": [USER]}, "invalidValue"),
    "PATCH without schemas": ("PATCH", "/Users/{user}", {"Operations": []}, "invalidSyntax"),
    "PATCH of nothing": ("PATCH", "/Users/{user}", operations(), "invalidSyntax"),
    "no operations": ("PATCH", "/Users/{user}", {"schemas": [PATCH]}, "invalidSyntax"),
    "operations as text": ("PATCH", "/Users/{user}", {"schemas": [PATCH], "Operations": "x"}, "invalidSyntax"),
    "an unknown op": ("PATCH", "/Users/{user}", operations({"op": "move", "path": "title"}), "invalidSyntax"),
    "no op": ("PATCH", "/Users/{user}", operations({"path": "title", "value": "x"}), "invalidSyntax"),
    "an op without value": ("PATCH", "/Users/{user}", operations({"op": "add", "path": "title"}), "invalidValue"),
    "a path that is none": (
        "PATCH",
        "/Users/{user}",
        operations({"op": "add", "path": "emails[", "value": 1}),
        "invalidPath",
    ),
    "an unknown path": (
        "PATCH",
        "/Users/{user}",
        operations({"op": "add", "path": "emial", "value": "x"}),
        "invalidPath",
    ),
    "a number as path": ("PATCH", "/Users/{user}", operations({"op": "add", "path": 1, "value": "x"}), "invalidPath"),
    "remove without path": ("PATCH", "/Users/{user}", operations({"op": "remove"}), "noTarget"),
    "a filter without a match": (
        "PATCH",
        "/Users/{user}",
        operations({"op": "replace", "path": 'emails[type eq "home"].value', "value": "x"}),
        "noTarget",
    ),
    "another id": ("PATCH", "/Users/{user}", operations({"op": "replace", "path": "id", "value": "x"}), "mutability"),
    "meta": (
        "PATCH",
        "/Users/{user}",
        operations({"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"}),
        "mutability",
    ),
    "groups": (
        "PATCH",
        "/Users/{user}",
        operations({"op": "add", "path": "groups", "value": [{"value": "x"}]}),
        "mutability",
    ),
    "removing what is required": (
        "PATCH",
        "/Users/{user}",
        operations({"op": "remove", "path": "userName"}),
        "mutability",
    ),
    "101 operations": (
        "PATCH",
        "/Users/{user}",
        operations(*[{"op": "add", "path": "title", "value": "x"}] * 101),
        "tooMany",
    ),
    "all or nothing": (
        "PATCH",
        "/Users/{user}",
        operations(
            {"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "active", "value": "perhaps"}
        ),
        "invalidValue",
    ),
    "members of a user": (
        "PATCH",
        "/Users/{user}",
        operations({"op": "add", "path": "members", "value": []}),
        "invalidPath",
    ),
    "a member's display": (
        "PATCH",
        "/Groups/{group}",
        operations({"op": "replace", "path": "members.display", "value": "x"}),
        "mutability",
    ),
}


@pytest.mark.parametrize("what", BAD_BODIES)
def test_a_bad_body_is_400_with_its_type_and_changes_nothing(scim, person, group, what):
    method, path, body, scim_type = BAD_BODIES[what]
    path = path.format(user=person["id"], group=group["id"])
    entries = scim.metrics()["scimward_store_operations_total"]
    before = scim.get("/Users?count=200").json, scim.get("/Groups?count=200").json

    answer = scim.request(method, path, body)

    detail = check_error(answer, 400, scim_type)
    assert not re.search(r"0x[0-9a-f]{6}|\(null\)", detail), detail
    assert (scim.get("/Users?count=200").json, scim.get("/Groups?count=200").json) == before
    assert scim.metrics()["scimward_store_operations_total"] == entries  # not a decision


BAD_QUERIES = {
    "userName": "invalidFilter",
    'userName eq "a': "invalidFilter",
    'userName equals "a"': "invalidFilter",
    "userName eq a": "invalidFilter",
    'emial eq "a"': "invalidFilter",
    'emails.vlaue eq "a"': "invalidFilter",
    'active eq "yes"': "invalidFilter",
    "active gt true": "invalidFilter",
    'active co "t"': "invalidFilter",
    "userName gt null": "invalidFilter",
    'meta.created gt "yesterday"': "invalidFilter",
    'name eq "x"': "invalidFilter",
    '(userName eq "a"': "invalidFilter",
    'userName eq "a")': "invalidFilter",
    'userName eq "a" and': "invalidFilter",
    'not userName eq "a"': "invalidFilter",
    'emails[type eq "work"': "invalidFilter",
    'emails[emails.type eq "work"]': "invalidFilter",
    "": "invalidFilter",
    "(" * 17 + 'userName eq "a"' + ")" * 17: "invalidFilter",
    " or ".join(['userName eq "a"'] * 65): "invalidFilter",
    'password eq "x"': "invalidFilter",
    "password pr": "invalidFilter",
}


@pytest.mark.parametrize("text", BAD_QUERIES, ids=lambda text: text[:40] or "(empty)")
def test_a_filter_that_is_not_understood_is_400_and_never_an_unfiltered_list(scim, text):
    check_error(scim.find("Users", text), 400, BAD_QUERIES[text])
    check_error(scim.post("/Users/.search", {"schemas": [SEARCH], "filter": text}), 400, BAD_QUERIES[text])


@pytest.mark.parametrize(
    ("query", "scim_type"),
    [
        ("sortBy=emial", "invalidPath"),
        ("sortBy=name", "invalidPath"),
        ("sortBy=password", "invalidPath"),
        ("sortBy=userName&sortOrder=up", "invalidValue"),
        ("startIndex=x", "invalidValue"),
        ("count=1.5", "invalidValue"),
        ("count=99999999999999999999", "invalidValue"),
        ("attributes=userName&excludedAttributes=title", "invalidValue"),
        ("filter=%zz", None),
    ],
)
def test_a_bad_query_is_400(scim, query, scim_type):
    check_error(scim.get("/Users?" + query), 400, scim_type)


# ---- 401, 404, 405 ----

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
    tokens = [None, "Bearer wrong-token-that-is-long-enough-12345678", f"Basic {scim.tokens['one']}", "Bearer", "Bearer x"]
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


@pytest.mark.parametrize("path", ["/Nothing", "/Users/a/b", "/Me", "/Bulk", "/Schemas/urn:none", "/ResourceTypes/Robot", "/"])
def test_an_unknown_path_is_404(scim, path):
    check_error(scim.get(path), 404)


ALLOWED = {
    "/Users": "GET, HEAD, POST",
    "/Groups": "GET, HEAD, POST",
    f"/Users/{UNKNOWN}": "GET, HEAD, PUT, PATCH, DELETE",
    f"/Groups/{UNKNOWN}": "GET, HEAD, PUT, PATCH, DELETE",
    "/.search": "POST",
    "/Users/.search": "POST",
    "/Groups/.search": "POST",
    "/ServiceProviderConfig": "GET, HEAD",
    "/Schemas": "GET, HEAD",
    f"/Schemas/{USER}": "GET, HEAD",
    "/ResourceTypes": "GET, HEAD",
    "/ResourceTypes/User": "GET, HEAD",
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


# ---- 409 ----

SAME_NAMES = [
    ("anna@example.com", "ANNA@Example.COM"),
    ("stra\u00dfe", "STRASSE"),
    ("caf\u00e9", "cafe\u0301"),
    ("\ufb01ne", "fine"),
    ("\uff21bc", "abc"),
    ("\u0130x", "i\u0307x"),
    ("\u212bngstrom", "\u00e5ngstr\u00f6m".replace("\u00f6", "o")),
    ("\u03c3\u03c2", "\u03a3\u03a3"),
]


@pytest.mark.parametrize(("first", "second"), SAME_NAMES)
def test_names_that_look_the_same_to_a_computer_are_one(scim, first, second):
    made = scim.user(first)
    other = scim.user("another " + first)
    made_group = scim.group(first)
    other_group = scim.group("another " + first)

    rename = {"op": "replace", "path": "userName", "value": second}
    rename_group = {"op": "replace", "path": "displayName", "value": second}
    for answer in (
        scim.post("/Users", user_body(userName=second)),
        scim.post("/Users", user_body(userName=second), source="two"),
        scim.patch(f"/Users/{other['id']}", rename),
        scim.put(f"/Users/{other['id']}", user_body(userName=second)),
        scim.post("/Groups", group_body(displayName=second)),
        scim.patch(f"/Groups/{other_group['id']}", rename_group),
        scim.put(f"/Groups/{other_group['id']}", group_body(displayName=second)),
    ):
        detail = check_error(answer, 409, "uniqueness")
        assert made["id"] not in detail and made_group["id"] not in detail

    assert scim.find("Users", f'userName eq "{second}"').json["Resources"] == [made]
    # Its owner may spell it in another way, and so may another tenant own it.
    assert scim.patch(f"/Users/{made['id']}", rename).json["userName"] == second
    assert scim.patch(f"/Groups/{made_group['id']}", rename_group).json["displayName"] == second
    theirs = scim.user(second, source="other")
    assert scim.delete(f"/Users/{theirs['id']}", source="other").status == 204
    for key in (made["id"], other["id"]):
        assert scim.delete(f"/Users/{key}").status == 204
    for key in (made_group["id"], other_group["id"]):
        assert scim.delete(f"/Groups/{key}").status == 204
    # … and after the end of its owner it is free.
    again = scim.user(first)
    assert scim.delete(f"/Users/{again['id']}").status == 204


def test_user_name_keeps_its_case(scim):
    made = scim.user("MiXed.Case@Example.COM")

    assert made["userName"] == "MiXed.Case@Example.COM"
    assert scim.get(f"/Users/{made['id']}").json["userName"] == "MiXed.Case@Example.COM"
    assert scim.find("Users", 'userName eq "mixed.case@example.com"').json["Resources"] == [made]


def test_external_id_belongs_to_its_source(scim):
    mine = scim.user("external@example.com", externalId="E1")
    key = mine["id"]

    # The other source neither sees nor finds it, and may give its own.
    assert "externalId" not in scim.get(f"/Users/{key}", source="two").json
    assert scim.find("Users", 'externalId eq "E1"', source="two").json["totalResults"] == 0
    assert scim.find("Users", "externalId pr and userName sw \"external\"", source="two").json["totalResults"] == 0
    theirs = scim.patch(f"/Users/{key}", {"op": "add", "path": "externalId", "value": "E1"}, source="two")
    assert theirs.json["externalId"] == "E1"
    scim.patch(f"/Users/{key}", {"op": "replace", "path": "externalId", "value": "E2"}, source="two")
    assert scim.get(f"/Users/{key}").json["externalId"] == "E1"
    assert scim.find("Users", 'externalId eq "E2"', source="two").json["totalResults"] == 1
    # PUT without it clears its own and leaves the other's alone.
    scim.put(f"/Users/{key}", user_body(userName="external@example.com"), source="two")
    assert "externalId" not in scim.get(f"/Users/{key}", source="two").json
    assert scim.get(f"/Users/{key}").json["externalId"] == "E1"
    # Unique per source and type, exact.
    check_error(scim.post("/Users", user_body(externalId="E1")), 409, "uniqueness")
    assert scim.group("external group", externalId="E1")["externalId"] == "E1"
    lower = scim.user("external.lower@example.com", externalId="e1")
    assert scim.find("Users", 'externalId eq "e1"').json["Resources"] == [lower]
    # A numeric one is a text like others and never an id.
    numeric = scim.user("external.numeric@example.com", externalId="1")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", numeric["id"])
    check_error(scim.get("/Users/1"), 404)
    check_error(scim.post("/Groups", group_body(members=[{"value": "1"}])), 400, "invalidValue")
    taken = scim.user("external.id@example.com", externalId=key)
    assert taken["id"] != key


# ---- versions ----


def test_every_change_has_its_version_and_conditions_hold(scim):
    made = scim.post("/Users", user_body(userName="versions@example.com"))
    key = made.json["id"]
    path = f"/Users/{key}"
    first = made.headers["ETag"]
    assert made.json["meta"]["version"] == first
    assert made.headers["Location"] == made.json["meta"]["location"]
    assert made.json["meta"]["location"].endswith(f"/scim/v2/Users/{key}")
    read = scim.get(path)
    assert read.headers["ETag"] == first and read.headers["Date"]

    for tag in (first, "*", f'"x", {first}', first.removeprefix("W/")):
        unchanged = scim.get(path, headers={"If-None-Match": tag})
        assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", first), tag
    assert scim.get(path, headers={"If-None-Match": 'W/"99"'}).status == 200

    title = {"op": "replace", "path": "title", "value": "Clerk"}
    for tag in ('W/"99"', '"nonsense"', 'W/"99", W/"98"'):
        check_error(scim.patch(path, title, headers={"If-Match": tag}), 412)
        check_error(scim.put(path, user_body(userName="versions@example.com"), headers={"If-Match": tag}), 412)
        check_error(scim.delete(path, headers={"If-Match": tag}), 412)
    changed = scim.patch(path, title, headers={"If-Match": first})
    assert changed.status == 200
    second = changed.headers["ETag"]
    assert second != first and changed.json["meta"]["version"] == second
    assert changed.json["meta"]["lastModified"] > changed.json["meta"]["created"]
    check_error(scim.patch(path, title, headers={"If-Match": first}), 412)
    # No change, no version.
    assert scim.patch(path, title).headers["ETag"] == second
    assert scim.get(path, headers={"If-None-Match": first}).status == 200
    assert scim.delete(path, headers={"If-Match": f"{first}, {second}"}).status == 204
    check_error(scim.get(path), 404)


def test_a_bad_condition_is_400_and_changes_nothing(scim, person):
    for tag in ("W/x", 'W/"', "x", ""):
        answer = scim.patch(
            f"/Users/{person['id']}", {"op": "add", "path": "title", "value": "y"}, headers={"If-Match": tag}
        )
        assert answer.status in (400, 412), answer
    assert scim.get(f"/Users/{person['id']}").headers["ETag"] == person["meta"]["version"]


def test_groups_are_derived_and_no_part_of_the_version(scim):
    made = scim.user("derived@example.com")
    path = f"/Users/{made['id']}"
    team = scim.group("derived team")

    joined = scim.patch(f"/Groups/{team['id']}", {"op": "add", "path": "members", "value": [{"value": made["id"]}]})
    assert joined.json["meta"]["version"] != team["meta"]["version"]
    read = scim.get(path)
    assert read.headers["ETag"] == made["meta"]["version"]
    (shown,) = read.json["groups"]
    assert (shown["value"], shown["display"]) == (team["id"], "derived team")
    assert shown["$ref"].endswith(f"/Groups/{team['id']}")
    # A renamed group shows at once, PUT of what was read changes nothing.
    scim.patch(f"/Groups/{team['id']}", {"op": "replace", "path": "displayName", "value": "derived team 2"})
    assert scim.get(path).json["groups"][0]["display"] == "derived team 2"
    assert scim.put(path, scim.get(path).json).headers["ETag"] == made["meta"]["version"]
    assert [m["value"] for m in scim.get(f"/Groups/{team['id']}").json["members"]] == [made["id"]]

    before = scim.get(f"/Groups/{team['id']}").headers["ETag"]
    assert scim.delete(path).status == 204
    after = scim.get(f"/Groups/{team['id']}")
    assert "members" not in after.json
    assert after.headers["ETag"] != before
    assert scim.put(f"/Groups/{team['id']}", after.json).status == 200  # what IdPs send next is fine


# ---- limits and media types ----


def test_media_types(scim, person):
    for kind in ("application/scim+json", "application/json", "Application/JSON; charset=utf-8", None):
        headers = {"Content-Type": kind} if kind else {}
        connection = scim.connect()
        connection.http.request(
            "PATCH",
            f"/scim/v2/Users/{person['id']}",
            json.dumps(operations({"op": "replace", "path": "title", "value": "Clerk"})),
            {"Authorization": f"Bearer {scim.tokens['one']}"} | headers,
        )
        assert connection.http.getresponse().status == 200, kind
        connection.close()
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/scim+jsonx", ""):
        for method, path, body in (
            ("POST", "/Users", user_body()),
            ("PUT", f"/Users/{person['id']}", user_body()),
            ("PATCH", f"/Users/{person['id']}", operations({"op": "add", "path": "title", "value": "x"})),
            ("POST", "/.search", {"schemas": [SEARCH]}),
            ("POST", "/Users/.search", {"schemas": [SEARCH]}),
        ):
            check_error(scim.request(method, path, body, headers={"Content-Type": kind}), 415)
    assert scim.get(f"/Users/{person['id']}").headers["ETag"] == person["meta"]["version"]


def test_bodies_are_limited_by_route(scim):
    check_error(scim.post("/Users", json.dumps(user_body()) + " " * (1 << 20)), 413)
    check_error(scim.post("/.search", json.dumps({"schemas": [SEARCH]}) + " " * (1 << 20)), 413)
    # the same in a group is fine, up to 16 MiB
    assert scim.post("/Groups", json.dumps(group_body(displayName="wide")) + " " * (1 << 20)).status == 201
    head = (
        f"POST /scim/v2/Groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {scim.tokens['one']}\r\n"
        f"Content-Type: application/scim+json\r\nContent-Length: {(16 << 20) + 1}\r\n\r\n"
    )
    (reply,) = parse_replies(exchange(scim.port, [head.encode()], finish=False))
    assert reply.status == 413


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(scim, chunked):
    head = (
        f"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {scim.tokens['one']}\r\n"
        "Content-Type: application/scim+json\r\n"
    )
    if chunked:
        pieces = [(head + "Transfer-Encoding: chunked\r\n\r\n").encode()] + [b"40000\r\n" + b" " * 0x40000 + b"\r\n"] * 5
    else:
        pieces = [(head + f"Content-Length: {1 << 30}\r\n\r\n").encode()]
    (reply,) = parse_replies(exchange(scim.port, pieces, finish=False))
    assert reply.status == 413
    assert json.loads(reply.body)["schemas"] == [ERROR]


def test_20000_values_are_the_most_for_users_and_a_million_for_groups(scim):
    def emails(count):
        return user_body(userName="many.values@example.com", roles=[{"value": "r"}] * count)

    assert scim.post("/Users", emails(10100)).status == 413  # an object and a text each
    body = group_body(displayName="many values", members=[{"value": UNKNOWN}] * 20000)
    check_error(scim.post("/Groups", body), 400, "invalidValue")  # read, and then no such user
    detail = check_error(scim.post("/Groups", b'{"members":[' + b"0," * 1000000 + b"0]}"), 413)
    assert "1000000" in detail


def test_depth_32_is_the_most(scim):
    def nested(depth):
        return b'{"schemas":["' + USER.encode() + b'"],"userName":"deep","title":' + b"[" * depth + b"]" * depth + b"}"

    check_error(scim.post("/Users", nested(31)), 400, "invalidValue")  # read, and then no title
    for depth in (32, 100000):
        assert "32" in check_error(scim.post("/Users", nested(depth)), 413)


# ---- filters ----

NAMES = ["Anna", "anna", "\u00c4nne", "bert", "Bert Berg", "Stra\u00dfe", "STRASSE", "\u65e5\u672c", 'quo"te\\', "zz"]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """60 people and 15 groups of all sorts, as a source sees them."""
    dice = random.Random(20261124)
    with Gateway(tmp_path_factory.mktemp("town") / "gateway", sources=["one", "two"]) as gateway:
        people = []
        for number in range(60):
            body = {"userName": f"{dice.choice(['User', 'user', 'X'])}{number}@example.com"}
            for key in ("displayName", "nickName", "title"):
                if dice.random() < 0.6:
                    body[key] = dice.choice(NAMES)
            if dice.random() < 0.5:
                body["name"] = {key: dice.choice(NAMES) for key in ("givenName", "familyName") if dice.random() < 0.7}
            if dice.random() < 0.8:
                body["active"] = dice.random() < 0.7
            if dice.random() < 0.5:
                body["externalId"] = f"{dice.choice('Ee')}{number}"
            if dice.random() < 0.6:
                body["emails"] = [
                    {"value": f"{dice.choice(NAMES[:3])}{number % 7}@example.com", "type": kind, "primary": kind == "work"}
                    if dice.random() < 0.7
                    else {"value": f"untyped{number % 5}@example.com"}
                    for kind in dice.sample(["work", "home", "other"], dice.randrange(1, 4))
                ]
            if dice.random() < 0.5:
                body[ENTERPRISE] = {"department": dice.choice(NAMES)}
                if dice.random() < 0.5:
                    body[ENTERPRISE]["manager"] = {"value": dice.choice(["M1", "m1", "m2"])}
            if dice.random() < 0.4:
                body[PERSON] = {"endDate": dice.choice(["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2027-06-01T12:00:00.5Z"])}
            people.append(make_user(gateway, body))
        for number in range(15):
            members = dice.sample(people, dice.randrange(6))
            extra = {"externalId": f"G{number}"} if dice.random() < 0.5 else {}
            gateway.group(f"{dice.choice(NAMES)} {number}", [m["id"] for m in members], **extra)
        yield gateway


def make_user(gateway, body):
    answer = gateway.post("/Users", {"schemas": [USER]} | body)
    assert answer.status == 201, answer
    return answer.json


def all_of(gateway, endpoint):
    answer = gateway.get(f"/{endpoint}?count=200").json
    assert answer["totalResults"] == len(answer["Resources"])
    return answer["Resources"]


def random_literal(dice, values, type_name):
    if type_name == "boolean":
        return dice.random() < 0.5
    known = [value for value in values if value is not None]
    if not known or dice.random() < 0.2:
        return "2026-06-01T00:00:00Z" if type_name == "dateTime" else dice.choice(["", "nothing", "A", "m"])
    literal = dice.choice(known)
    if type_name == "dateTime":
        return literal
    change = dice.randrange(5)
    if change == 0:
        return literal.upper()
    if change == 1:
        return literal[: dice.randrange(1, len(literal) + 1)]
    if change == 2:
        return literal[dice.randrange(len(literal)) :]
    return literal


def random_term(dice, documents, attributes):
    path = dice.choice(list(attributes))
    type_name, _ = attributes[path]
    if dice.random() < 0.12:
        return ("pr", path)
    op = dice.choice(scim_filter.OPERATORS[type_name])
    values = [value for document in documents for value in scim_filter.values_of(document, path)]
    return (op, path, random_literal(dice, values, type_name))


def random_filter(dice, documents, attributes, depth=0):
    kind = dice.random()
    if depth < 3 and kind < 0.3:
        word = dice.choice(["and", "or"])
        return (
            word,
            random_filter(dice, documents, attributes, depth + 1),
            random_filter(dice, documents, attributes, depth + 1),
        )
    if depth < 3 and kind < 0.4:
        return ("not", random_filter(dice, documents, attributes, depth + 1))
    if kind < 0.5 and ("emails", "value") in attributes:
        inner = {path[1:]: rule for path, rule in attributes.items() if path[0] == "emails"}
        items = [item for document in documents for item in document.get("emails", [])]
        return ("any", ("emails",), random_filter(dice, items, inner, depth + 2))
    return random_term(dice, documents, attributes)


@pytest.mark.parametrize(("endpoint", "kind"), [("Users", "User"), ("Groups", "Group")])
def test_600_random_filters_find_what_the_reference_finds(town, endpoint, kind):
    documents = all_of(town, endpoint)
    attributes = scim_filter.ATTRIBUTES[kind]
    dice = random.Random(kind)
    sizes = set()
    for number in range(600):
        it = random_filter(dice, documents, attributes)
        text = scim_filter.text_of(it)
        wanted = [document["id"] for document in documents if scim_filter.matches(it, document, attributes)]
        if number % 3 == 0:
            answer = town.post(f"/{endpoint}/.search", {"schemas": [SEARCH], "filter": text, "count": 200})
        else:
            answer = town.find(endpoint, text, count=200)
        assert answer.status == 200, (text, answer)
        assert [document["id"] for document in answer.json["Resources"]] == wanted, text
        assert answer.json["totalResults"] == len(wanted)
        sizes.add(len(wanted))
    assert len(sizes) > 10  # they are not all empty or full


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("userName SW \"user\"", 'username sw "USER"'),
        ('userName Sw "user" AND active EQ true', 'active eq true and userName sw "user"'),
        (f'{USER}:userName sw "x"', 'userName sw "x"'),
        ("members pr", "members.value pr"),
        ('title eq "a" or title eq "anna" and nickName pr', 'title eq "a" or (title eq "anna" and nickName pr)'),
        ('not (title pr) and active eq true', '(not (title pr)) and (active eq true)'),
        ("title eq null", "not (title pr)"),
        ("title ne null", "title pr"),
        (f"{ENTERPRISE}:department pr", f'{ENTERPRISE.upper().replace("URN:IETF", "urn:ietf")}:DEPARTMENT pr'),
        ('emails eq "untyped1@example.com"', 'emails.value eq "untyped1@example.com"'),
        ('emails co "anna"', 'emails[value co "anna"]'),
        ('emails[type eq "work" and value co "1"]', 'emails[value co "1" and type eq "work"]'),
        ('  userName   sw    "x"  ', 'userName sw "x"'),
        (r'nickName eq "\u0061nna"', 'nickName eq "anna"'),
    ],
)
def test_filters_that_mean_the_same_find_the_same(town, text, other):
    endpoint = "Groups" if "members" in text else "Users"
    one, two = town.find(endpoint, text, count=200), town.find(endpoint, other, count=200)
    assert one.status == two.status == 200, (one, two)
    assert one.json == two.json
    assert one.json["totalResults"] > 0 or "urn" in text


# ---- sorting, pages, projections ----

SORTS = [
    ("userName",),
    ("displayName",),
    ("nickName",),
    ("active",),
    ("name", "familyName"),
    ("emails", "value"),
    (ENTERPRISE, "department"),
    (PERSON, "endDate"),
    ("meta", "created"),
    ("externalId",),
    ("id",),
]


def sort_key(document, path):
    type_name, exact = scim_filter.ATTRIBUTES["User"][path]
    value = document
    for name in path:
        if isinstance(value, list):
            value = next((item for item in value if item.get("primary")), value[0] if value else None)
        value = value.get(name) if value is not None else None
    if value is None:
        return None
    key = scim_filter.comparable(value, type_name, exact)
    return key.encode() if isinstance(key, str) else key


@pytest.mark.parametrize("path", SORTS, ids=scim_filter.path_text)
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_sort_by_is_total_and_stable(town, path, order):
    documents = all_of(town, "Users")
    known = [d for d in documents if sort_key(d, path) is not None]
    unknown = [d for d in documents if sort_key(d, path) is None]
    known.sort(key=lambda d: sort_key(d, path), reverse=order == "descending")
    wanted = known + unknown if order == "ascending" else unknown + known

    query = urllib.parse.urlencode({"sortBy": scim_filter.path_text(path), "sortOrder": order, "count": 200})
    answer = town.get(f"/Users?{query}").json

    found = answer["Resources"]
    assert [sort_key(d, path) for d in found] == [sort_key(d, path) for d in wanted]
    assert {d["id"] for d in found} == {d["id"] for d in documents}
    # pages of 7 are slices of it
    paged = []
    for start in range(1, len(documents) + 1, 7):
        page = town.get(f"/Users?{query.replace('count=200', 'count=7')}&startIndex={start}").json
        assert page["totalResults"] == len(documents) and page["startIndex"] == start
        assert page["itemsPerPage"] == len(page["Resources"])
        paged += page["Resources"]
    assert [d["id"] for d in paged] == [d["id"] for d in found]


@pytest.mark.parametrize("query", ["", 'filter=userName+co+"user"&'])
def test_pages_are_slices_of_one_order(town, query):
    whole = town.get(f"/Users?{query}count=200").json
    total = whole["totalResults"]
    for start, count, wanted_start, wanted in [
        (1, 10, 1, slice(0, 10)),
        (6, 5, 6, slice(5, 10)),
        (0, 3, 1, slice(0, 3)),
        (-5, 3, 1, slice(0, 3)),
        (total, 10, total, slice(total - 1, None)),
        (total + 1, 10, total + 1, slice(0, 0)),
        (10**12, 10, 10**12, slice(0, 0)),
        (1, 0, 1, slice(0, 0)),
        (1, -3, 1, slice(0, 0)),
    ]:
        page = town.get(f"/Users?{query}startIndex={start}&count={count}").json
        assert page["schemas"] == [LIST]
        assert page["totalResults"] == total, (start, count)
        assert page["Resources"] == whole["Resources"][wanted], (start, count)
        assert page["startIndex"] == wanted_start
        assert page["itemsPerPage"] == len(page["Resources"])
        assert set(page) == {"schemas", "totalResults", "startIndex", "itemsPerPage", "Resources"}


def test_search_over_all_types_and_pages_across_them(town):
    people, groups = all_of(town, "Users"), all_of(town, "Groups")

    answer = town.post("/.search", {"schemas": [SEARCH], "count": 200}).json
    assert answer["totalResults"] == len(people) + len(groups)
    kinds = [document["meta"]["resourceType"] for document in answer["Resources"]]
    assert kinds == ["User"] * len(people) + ["Group"] * len(groups)

    found = []
    for start in range(1, answer["totalResults"] + 1, 8):
        found += town.post("/.search", {"schemas": [SEARCH], "startIndex": start, "count": 8}).json["Resources"]
    assert found == answer["Resources"]

    # An attribute that only one type has; case of the members of the message does not matter.
    answer = town.post("/.search", {"SCHEMAS": [SEARCH], "Filter": "members pr", "COUNT": 200, "attributes": ["id"]}).json
    assert answer["totalResults"] == sum("members" in group for group in groups)
    assert all(set(document) == {"schemas", "id"} for document in answer["Resources"])
    check_error(town.post("/.search", {"schemas": [SEARCH], "filter": 'nothing eq "x"'}), 400, "invalidFilter")
    check_error(town.post("/.search", {"schemas": [SEARCH], "count": "many"}), 400, "invalidValue")
    check_error(town.post("/.search", {"schemas": [SEARCH], "filter": 7}), 400, "invalidValue")
    check_error(town.post("/.search", {"schemas": [SEARCH], "attributes": [7]}), 400, "invalidValue")
    check_error(town.post("/.search", b"[]"), 400, "invalidSyntax")
    check_error(town.post("/.search", {"schemas": [USER]}), 400, "invalidSyntax")


def only(document, *names):
    return {key: value for key, value in document.items() if key in ("schemas", "id", *names)}


def test_attributes_and_excluded_attributes(town):
    documents = all_of(town, "Users")
    whole = next(d for d in documents if "emails" in d and ENTERPRISE in d and "groups" in d)
    path = f"/Users/{whole['id']}"

    assert town.get(f"{path}?attributes=userName").json == only(whole, "userName")
    assert town.get(f"{path}?attributes=USERNAME,%20emails").json == only(whole, "userName", "emails")
    assert town.get(f"{path}?attributes=").json in (whole, only(whole))
    assert town.get(f"{path}?attributes=id,schemas").json == only(whole)
    part = town.get(f"{path}?attributes=emails.value,meta.created,groups.display").json
    assert part == only(whole) | {
        "emails": [{"value": email["value"]} for email in whole["emails"]],
        "meta": {"created": whole["meta"]["created"]},
        "groups": [{"display": group["display"]} for group in whole["groups"]],
    }
    assert town.get(f"{path}?attributes={ENTERPRISE}").json == only(whole, ENTERPRISE)
    assert town.get(f"{path}?attributes={ENTERPRISE}:department").json == only(whole) | {
        ENTERPRISE: {"department": whole[ENTERPRISE]["department"]}
    }
    assert town.get(f"{path}?attributes=password").json == only(whole)

    without = dict(whole)
    del without["emails"], without["groups"]
    assert town.get(f"{path}?excludedAttributes=emails,groups").json == without
    assert town.get(f"{path}?excludedAttributes=id,schemas,password").json == whole
    without = {key: value for key, value in whole.items() if key != ENTERPRISE}
    assert town.get(f"{path}?excludedAttributes={ENTERPRISE}").json == without
    # … of lists and searches, writes, and groups
    listed = town.get("/Users?attributes=userName&count=200").json["Resources"]
    assert listed == [only(document, "userName") for document in documents]
    assert town.get(f"/Users?attributes=id&filter=id+eq+%22{whole['id']}%22").json["Resources"] == [only(whole)]
    groups = all_of(town, "Groups")
    listed = town.get("/Groups?excludedAttributes=members&count=200").json["Resources"]
    assert listed == [{key: value for key, value in group.items() if key != "members"} for group in groups]
    made = town.post("/Users?attributes=userName", user_body(userName="projected@example.com")).json
    assert set(made) == {"schemas", "id", "userName"}
    patched = town.patch(f"/Users/{made['id']}?excludedAttributes=meta", {"op": "add", "path": "title", "value": "x"})
    assert "meta" not in patched.json and patched.json["title"] == "x"
    put = town.put(f"/Users/{made['id']}?attributes=title", user_body(userName="projected@example.com", title="y"))
    assert put.json == {"schemas": [USER], "id": made["id"], "title": "y"}
    assert town.delete(f"/Users/{made['id']}").status == 204


# ---- passwords ----


def test_a_password_is_accepted_and_kept_nowhere(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()], policy="allow")
    canaries = [f"Canary-{word}-9f2c" for word in ("post", "put", "patch", "pathless", "denied")]
    made = gateway.user("anna@example.com", password=canaries[0])
    path = f"/Users/{made['id']}"
    answers = [
        gateway.put(path, user_body(userName="anna@example.com", password=canaries[1])),
        gateway.patch(path, {"op": "replace", "path": "password", "value": canaries[2]}),
        gateway.patch(path, {"op": "replace", "value": {"password": canaries[3], "title": "Clerk"}}),
        gateway.post("/Users", user_body(userName="anna@example.com", password=canaries[4])),
        gateway.get(f"{path}?attributes=password"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 409, 200]
    gateway.wait_delivered()
    shown = gateway.cli("journal", "tail", "-n", "100", "-o", "json")
    metrics = gateway.admin("GET", "/metrics").body.decode()
    gateway.read_log()
    log = json.dumps(gateway.log)
    gateway.stop()

    texts = [log, shown, metrics, str(made), *(answer.body.decode() for answer in answers)]
    secrets = [*canaries, gateway.tokens["idp"]]
    assert [(s, i) for i, text in enumerate(texts) for s in secrets if s in text] == []
    looked_at = 0
    for folder in (gateway.folder, app.folder):
        for file in folder.rglob("*"):
            if file.is_file():
                looked_at += 1
                content = file.read_bytes()
                assert [s for s in canaries if s.encode() in content] == [], file
    assert looked_at > 5


# ---- PATCH of groups ----


def test_patch_of_a_group_answers_as_promised(make_gateway):
    gateway = make_gateway(sources=["one", {"name": "entra", "dialect": "entra"}])
    people = [gateway.user(f"p{number}")["id"] for number in range(501)]
    group = gateway.group("team", people[:499])
    path = f"/Groups/{group['id']}"

    def add(number, query="", **options):
        return gateway.patch(
            path + query, {"op": "add", "path": "members", "value": [{"value": people[number]}]}, **options
        )

    whole = add(499)
    assert whole.status == 200 and len(whole.json["members"]) == 500
    silent = add(500)
    assert (silent.status, silent.body) == (204, b"")
    assert silent.headers["ETag"] == gateway.get(path).headers["ETag"] != whole.headers["ETag"]
    with_names = add(500, "?attributes=displayName")
    assert with_names.status == 200
    assert with_names.json == {"schemas": [GROUP], "id": group["id"], "displayName": "team"}
    without = add(500, "?excludedAttributes=members")
    assert without.status == 200 and "members" not in without.json
    small = gateway.group("small")
    for query, status in (("", 204), ("?attributes=id", 200), ("?excludedAttributes=members", 200)):
        answer = gateway.patch(
            f"/Groups/{small['id']}{query}",
            {"op": "Add", "path": "members", "value": [{"value": people[0]}]},
            source="entra",
        )
        assert answer.status == status
        assert answer.headers["ETag"]
    person = gateway.patch(f"/Users/{people[0]}", {"op": "Replace", "path": "title", "value": "x"}, source="entra")
    assert person.status == 200 and person.json["title"] == "x"


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
    assert [m["value"] for m in scim.get(f"/Groups/{their_group['id']}", source="other").json["members"]] == [theirs["id"]]


def test_an_old_update_does_not_bring_back_who_left(scim):
    """A late update without an explicit active: true never reactivates; a new account is a new account."""
    made = scim.user("resurrected@example.com", externalId="R1")
    path = f"/Users/{made['id']}"
    scim.patch(path, {"op": "replace", "path": "active", "value": False})

    assert scim.patch(path, {"op": "replace", "path": "title", "value": "x"}).json["active"] is False
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
        connection.request(dice.choice(["GET", "DELETE", "PUT"]), "/" + word, headers={"Authorization": f"Bearer {word * 3}"})
    connection.close()

    assert len(set(scim.metrics()) - before) <= 10  # statuses and methods, never paths


# ---- discovery ----


def test_discovery_describes_what_is_served(scim):
    config = scim.get("/ServiceProviderConfig").json
    assert config["patch"]["supported"] and config["filter"]["supported"] and config["sort"]["supported"]
    assert config["etag"]["supported"] and not config["bulk"]["supported"]
    types = scim.get("/ResourceTypes").json
    assert {kind["id"]: kind["endpoint"] for kind in types["Resources"]} == {"User": "/Users", "Group": "/Groups"}
    assert set(types) == {"schemas", "totalResults", "startIndex", "itemsPerPage", "Resources"}
    for kind in types["Resources"]:
        assert scim.get(f"/ResourceTypes/{kind['id']}").json == kind
    schemas = {schema["id"]: schema for schema in scim.get("/Schemas").json["Resources"]}
    assert {USER, GROUP, ENTERPRISE, PERSON} <= set(schemas)
    for key, schema in schemas.items():
        assert scim.get(f"/Schemas/{key}").json == schema
        assert schema["meta"]["location"].endswith(f"/Schemas/{key}")
