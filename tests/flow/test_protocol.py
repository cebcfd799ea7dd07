"""What a source sends and is no good: statuses and SCIM error bodies, limits (RFC 7644, 3.12)."""

import json
import re

import pytest
from messages import SEARCH, UNKNOWN, check_error, group_body, operations, user_body
from raw import exchange, parse_replies

from gateway import ENTERPRISE, ERROR, GROUP, PATCH, PERSON, USER

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
        pieces = [(head + "Transfer-Encoding: chunked\r\n\r\n").encode()] + [
            b"40000\r\n" + b" " * 0x40000 + b"\r\n"
        ] * 5
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


# ---- discovery ----


def test_discovery_describes_what_is_served(scim):
    config = scim.get("/ServiceProviderConfig").json
    assert config["patch"]["supported"] and config["filter"]["supported"] and config["sort"]["supported"]
    assert config["etag"]["supported"] and config["bulk"]["supported"]
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
