"""Limits: what is just within one is served, one more is refused with a sentence that names it."""

import json

import pytest
from messages import SEARCH, check_error, group_body, operations

from gateway import ENTERPRISE, GROUP, PATCH, USER


def search(scim, text):
    return scim.post("/Users/.search", {"schemas": [SEARCH], "filter": text, "count": 0})


def padded(size):
    frame = 'userName eq ""'
    return f'userName eq "{"x" * (size - len(frame))}"'


FILTERS = {
    # what: (just within, one more, what the refusal names)
    "bytes": (padded(4096), padded(4097), "4096"),
    "levels": ("(" * 15 + 'userName eq "a"' + ")" * 15, "(" * 17 + 'userName eq "a"' + ")" * 17, "16"),
    "terms": (" or ".join(['userName eq "a"'] * 64), " or ".join(['userName eq "a"'] * 65), "64"),
}


@pytest.mark.parametrize("what", FILTERS)
def test_filters(scim, what):
    within, beyond, number = FILTERS[what]
    assert search(scim, within).status == 200
    assert number in check_error(search(scim, beyond), 400, "invalidFilter")


def test_the_deepest_filter(scim):
    """16 levels, however they come about: brackets, not, value paths."""

    def nested(depth):
        return "not (" * depth + 'userName eq "a"' + ")" * depth

    depth = next(d for d in range(1, 20) if search(scim, nested(d)).status != 200)
    assert depth == 17
    inner = "(" * 15 + 'type eq "work"' + ")" * 15
    assert search(scim, f"emails[{inner}]").status == 200
    assert "16" in check_error(search(scim, f"emails[({inner})]"), 400, "invalidFilter")


def test_a_longer_search_than_a_target_may_be_goes_as_post(scim):
    detail = check_error(scim.find("Users", padded(4096)), 414)
    assert "2048" in detail and "/.search" in detail


def test_patch_operations(scim, person):
    path = f"/Users/{person['id']}"
    step = {"op": "replace", "path": "title", "value": person["title"]}
    assert scim.request("PATCH", path, operations(*[step] * 100)).status == 200
    assert "100" in check_error(scim.request("PATCH", path, operations(*[step] * 101)), 400, "tooMany")


@pytest.mark.parametrize(("route", "limit"), [("/Users", 20000), ("/.search", 20000), ("/Groups", 1000000)])
def test_json_values(scim, route, limit):
    """Within the limit it is read and refused for what it says: 400, not 413."""

    def body(values):
        return b'{"schemas":[' + b"1," * (values - 3) + b"1]}"  # an object, a list, and what is in it

    check_error(scim.request("POST", route, body(limit)), 400, "invalidSyntax")
    assert str(limit) in check_error(scim.request("POST", route, body(limit + 1)), 413)


@pytest.mark.parametrize(
    ("method", "path", "depth"),
    [("POST", "/Users", 32), ("POST", "/Groups", 32), ("POST", "/.search", 32), ("POST", "/Bulk", 35)],
)
def test_json_depth(scim, method, path, depth):
    def body(levels):
        return b'{"schemas":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    check_error(scim.request(method, path, body(depth)), 400, "invalidSyntax")
    assert str(depth) in check_error(scim.request(method, path, body(depth + 1)), 413)


TWINS = {
    "of the resource": ("POST", "/Users", '{"schemas":["%s"],"userName":"t","active":true,"Active":false}' % USER),
    "far apart": (
        "POST",
        "/Users",
        '{"ACTIVE":true,"schemas":["%s"],"userName":"t","title":"x","active":false}' % USER,
    ),
    "of a complex attribute": (
        "POST",
        "/Users",
        '{"schemas":["%s"],"userName":"t","name":{"givenName":"a","GivenName":"b"}}' % USER,
    ),
    "of a value of a list": (
        "POST",
        "/Users",
        '{"schemas":["%s"],"userName":"t","emails":[{"value":"a","Value":"b"}]}' % USER,
    ),
    "of an extension": (
        "POST",
        "/Users",
        '{"schemas":["%s"],"userName":"t","%s":{"department":"a"},"%s":{"department":"b"}}'
        % (USER, ENTERPRISE, ENTERPRISE.upper()),
    ),
    "inside an extension": (
        "POST",
        "/Users",
        '{"schemas":["%s"],"userName":"t","%s":{"department":"a","Department":"b"}}' % (USER, ENTERPRISE),
    ),
    "of a group": ("POST", "/Groups", '{"schemas":["%s"],"displayName":"t","DisplayName":"u"}' % GROUP),
    "of a member": (
        "POST",
        "/Groups",
        '{"schemas":["%s"],"displayName":"t","members":[{"value":"a","VALUE":"b"}]}' % GROUP,
    ),
    "of a PATCH": ("PATCH", "/Users/{id}", '{"schemas":["%s"],"Operations":[],"operations":[]}' % PATCH),
    "of an operation": (
        "PATCH",
        "/Users/{id}",
        '{"schemas":["%s"],"Operations":[{"op":"add","Op":"remove","path":"title","value":"x"}]}' % PATCH,
    ),
    "of a PATCH value": (
        "PATCH",
        "/Users/{id}",
        '{"schemas":["%s"],"Operations":[{"op":"add","value":{"active":true,"ACTIVE":false}}]}' % PATCH,
    ),
    "of a search": ("POST", "/.search", '{"schemas":["%s"],"count":1,"Count":2}' % SEARCH),
    "of a bulk operation": (
        "POST",
        "/Bulk",
        '{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":'
        '[{"method":"DELETE","Method":"PUT","path":"/Users/x"}]}',
    ),
}


@pytest.mark.parametrize("dialect", ["one", "entra"])
@pytest.mark.parametrize("where", TWINS)
def test_keys_that_differ_in_case_alone_are_an_attack(scim, person, where, dialect):
    method, path, body = TWINS[where]
    json.loads(body)
    answer = scim.request(method, path.format(id=person["id"]), body, source=dialect)
    assert "case" in check_error(answer, 400, "invalidSyntax")
    assert scim.get(f"/Users/{person['id']}").headers["ETag"] == person["meta"]["version"]


def test_members_are_as_many_as_they_are(scim, person):
    """No limit of its own for members in one operation: the same one ten thousand times is read and added once."""
    answer = scim.post("/Groups", group_body(displayName="repeated", members=[{"value": person["id"]}] * 10000))
    assert answer.status == 201
    assert len(answer.json["members"]) == 1
