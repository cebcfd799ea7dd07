"""What a client says about bodies and replies: Accept, Content-Type, Prefer (RFC 7644, 3.8; RFC 7240)."""

import json

import pytest
from messages import SEARCH, check_error, operations, user_body

from gateway import GROUP, USER

JSON = "application/json"
SCIM = "application/scim+json"

ACCEPTED = {
    SCIM: SCIM,
    JSON: JSON,
    "APPLICATION/JSON": JSON,
    "*/*": SCIM,
    "application/*": SCIM,
    f"{JSON}, {SCIM}": SCIM,
    f"{SCIM};q=0.5, {JSON}": JSON,
    f"{JSON};q=0.1, {SCIM};q=0.2": SCIM,
    f"{SCIM};q=0, */*": JSON,
    "text/html, image/gif, *; q=.2, */*; q=.2": SCIM,
    f"{JSON}; charset=utf-8": JSON,
    "text/html, application/*;q=0.3": SCIM,
    "": SCIM,
}


@pytest.mark.parametrize("accept", ACCEPTED, ids=lambda text: text or "(empty)")
def test_the_reply_has_the_type_that_is_liked_best(scim, person, accept):
    for path in ("/Users?count=1", f"/Users/{person['id']}", "/Schemas", "/ServiceProviderConfig"):
        answer = scim.get(path, headers={"Accept": accept})
        assert (answer.status, answer.headers["Content-Type"]) == (200, ACCEPTED[accept])
    answer = scim.post("/Users/.search", {"schemas": [SEARCH]}, headers={"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (200, ACCEPTED[accept])


def test_an_error_has_that_type_as_well(scim):
    answer = scim.get("/Users/none", headers={"Accept": JSON})
    assert (answer.status, answer.headers["Content-Type"]) == (404, JSON)
    assert answer.json["status"] == "404"


@pytest.mark.parametrize("accept", ["text/html", "application/xml, text/*", f"{SCIM};q=0, {JSON};q=0.000", "*/*;q=0"])
def test_what_cannot_be_sent_is_406_and_changes_nothing(scim, person, accept):
    headers = {"Accept": accept}
    path = f"/Users/{person['id']}"
    change = operations({"op": "replace", "path": "title", "value": "Never"})
    for answer in (
        scim.get(path, headers=headers),
        scim.get("/Users", headers=headers),
        scim.get("/Schemas", headers=headers),
        scim.post("/.search", {"schemas": [SEARCH]}, headers=headers),
        scim.post("/Users", user_body(userName="not.acceptable@example.com"), headers=headers),
        scim.request("PATCH", path, change, headers=headers),
    ):
        assert SCIM in check_error(answer, 406) and JSON in answer.json["detail"]
    assert scim.find("Users", 'userName eq "not.acceptable@example.com"').json["totalResults"] == 0
    assert scim.get(path).headers["ETag"] == person["meta"]["version"]


def test_a_stranger_is_told_nothing_of_types(scim):
    check_error(scim.get("/Users", headers={"Accept": "text/html", "Authorization": "Bearer x"}), 401)


def test_a_leaver_goes_whatever_is_accepted(scim):
    user = scim.user("leaver.accept@example.com")
    assert scim.delete(f"/Users/{user['id']}", headers={"Accept": "text/html"}).status == 204


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": f"{SCIM}; charset=iso-8859-1"},
        {"Content-Type": f'{JSON}; charset="utf-16"'},
        {"Content-Encoding": "gzip"},
    ],
)
def test_a_body_that_is_no_plain_utf8_is_415(scim, headers):
    check_error(scim.post("/Users", user_body(), headers=headers), 415)


def test_utf8_may_be_named(scim):
    for kind in (f"{SCIM};charset=UTF-8", f'{JSON}; charset="utf-8"', f"{SCIM}; charset=utf8; version=2"):
        answer = scim.post("/.search", {"schemas": [SEARCH], "count": 0}, headers={"Content-Type": kind})
        assert answer.status == 200, kind


# ---- Prefer ----


def whole(name):
    return {"schemas": [USER], "userName": name}


@pytest.mark.parametrize(
    "prefer", ["return=minimal", 'foo; bar=1, RETURN="minimal"', "return=minimal, return=representation"]
)
def test_minimal_leaves_the_body_out_of_every_write(scim, prefer):
    headers = {"Prefer": prefer}
    created = scim.post("/Users", whole(f"minimal{len(prefer)}@example.com"), headers=headers)
    assert (created.status, created.body) == (201, b"")
    assert created.headers["Preference-Applied"] == "return=minimal"
    where = created.headers["Location"]
    path = "/Users/" + where.rpartition("/")[2]
    assert created.headers["ETag"] == scim.get(path).headers["ETag"]
    assert created.journal_index >= 0

    patched = scim.request("PATCH", path, operations({"op": "add", "path": "title", "value": "Clerk"}), headers=headers)
    put = scim.put(path, whole(f"minimal{len(prefer)}@example.com"), headers=headers)
    for answer in (patched, put):
        assert (answer.status, answer.body, answer.headers["Preference-Applied"]) == (204, b"", "return=minimal")
    assert patched.headers["ETag"] != put.headers["ETag"] == scim.get(path).headers["ETag"]

    gone = scim.delete(path, headers=headers)
    assert (gone.status, gone.headers["Preference-Applied"]) == (204, None)


def test_representation_is_sent_where_a_dialect_would_leave_it_out(scim):
    group = scim.group("represented", source="entra")
    path = f"/Groups/{group['id']}"

    def rename(name, **headers):
        body = operations({"op": "replace", "path": "displayName", "value": name})
        return scim.request("PATCH", path, body, source="entra", headers=headers)

    assert rename("represented 2").status == 204
    answer = rename("represented 3", Prefer="return=representation")
    assert answer.status == 200
    assert answer.json["displayName"] == "represented 3"
    assert answer.headers["Preference-Applied"] == "return=representation"


def test_an_unknown_preference_and_a_failure_change_nothing_of_a_reply(scim, person):
    path = f"/Users/{person['id']}"
    body = operations({"op": "add", "path": "title", "value": person["title"]})
    answer = scim.request("PATCH", path, body, headers={"Prefer": "handling=lenient, return=everything"})
    assert (answer.status, answer.headers["Preference-Applied"]) == (200, None)
    taken = scim.post("/Users", whole(person["userName"]), headers={"Prefer": "return=minimal"})
    check_error(taken, 409, "uniqueness")
    assert "Preference-Applied" not in taken.headers


def test_minimal_of_a_group_and_json_go_together(scim):
    answer = scim.request(
        "POST",
        "/Groups",
        json.dumps({"schemas": [GROUP], "displayName": "small reply"}),
        headers={"Prefer": "return=minimal", "Accept": JSON, "Content-Type": JSON},
    )
    assert (answer.status, answer.body) == (201, b"")


# ---- methods ----


def test_options_needs_a_token_under_scim_and_tells_methods_elsewhere(scim):
    check_error(scim.request("OPTIONS", "/Users", headers={"Authorization": "Bearer x"}), 401)
    check_error(scim.request("OPTIONS", "/Nothing", headers={"Authorization": "Bearer x"}), 401)
    unknown = scim.request("OPTIONS", "/Nothing")
    check_error(unknown, 404)
    assert unknown.headers["Allow"] == "OPTIONS"
    connection = scim.connect()
    for target, allow in {
        "*": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        "/livez": "GET, HEAD, OPTIONS",
        "/journal/checkpoint": "GET, HEAD, OPTIONS",
    }.items():
        connection.http.request("OPTIONS", target)
        reply = connection.http.getresponse()
        assert (reply.status, reply.headers["Allow"], reply.read()) == (204, allow, b""), target
    connection.close()
