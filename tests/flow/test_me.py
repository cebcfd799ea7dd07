"""/Me (RFC 7644, 3.11): tokens that speak for a person, and what policies see of him."""

import json

import pytest
from messages import UNKNOWN, check_error, operations
from test_bulk import bulk, change, create, statuses

from gateway import USER, Connection, Gateway

# Nobody in "locked" may act; a person changes only himself.
POLICY = """package scimward

reason(code) := [{"code": code, "message": code}]

locked if "locked" in object.get(input.actor, "groups", [])

other if {
	input.actor.type == "user"
	input.actor.id != input.id
}

decision := {"effect": "deny", "reasons": reason("actor.locked")} if locked

decision := {"effect": "deny", "reasons": reason("actor.other")} if {
	not locked
	other
}

decision := {"effect": "allow"} if {
	not locked
	not other
}
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    sources = ["hr", "portal", {"name": "abroad", "tenant": "abroad"}]
    with Gateway(tmp_path_factory.mktemp("me") / "gateway", sources=sources, policy=POLICY) as gateway:
        yield gateway


@pytest.fixture
def make_token(portal):
    """A connection with a token that speaks for a person."""
    made = []

    def make(subject, source="portal"):
        token = portal.cli("token", "create", source, "--subject", subject).split()[-1]
        made.append(Connection(portal.port, token))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def test_me_is_the_person_of_the_token(portal, make_token):
    anna = portal.user("anna@me.example", title="Clerk")
    portal.group("readers", [anna["id"]])
    me = make_token("ANNA@me.example")  # a userName has no case

    answer = me.get("/Me")
    assert answer.status == 200
    there = portal.get(f"/Users/{anna['id']}")
    assert answer.json == there.json
    assert answer.json["groups"][0]["display"] == "readers"
    assert answer.headers["ETag"] == there.headers["ETag"]
    assert answer.headers["Location"] == answer.headers["Content-Location"] == anna["meta"]["location"]
    assert me.request("HEAD", "/Me").headers["Content-Length"] == answer.headers["Content-Length"]
    assert set(me.get("/Me?attributes=title").json) >= {"id", "title"}
    assert me.get("/Me", headers={"If-None-Match": answer.headers["ETag"]}).status == 304


def test_me_is_changed_and_the_person_is_who_did_it(portal, make_token):
    ben = portal.user("ben@me.example")
    group = portal.group("writers", [ben["id"]])
    me = make_token(ben["id"])

    patched = me.request("PATCH", "/Me", operations({"op": "add", "path": "title", "value": "Lead"}))
    assert (patched.status, patched.json["title"]) == (200, "Lead")
    assert patched.headers["Location"] == ben["meta"]["location"]
    put = me.put("/Me", patched.json | {"nickName": "B"}, headers={"If-Match": patched.headers["ETag"]})
    assert (put.status, put.json["nickName"]) == (200, "B")
    stale = me.put("/Me", patched.json, headers={"If-Match": patched.headers["ETag"]})
    check_error(stale, 412)

    entry = portal.cli_json("journal", "show", str(put.journal_index))["entry"]["entry"]
    assert entry["input"]["actor"] == {"type": "user", "id": ben["id"], "groups": ["writers"]}
    assert entry["actor"] == {"type": "user", "id": ben["id"]}
    assert entry["source"] == "portal"
    assert f"user {ben['id']}" in portal.cli("journal", "show", str(put.journal_index))
    by_hr = portal.patch(f"/Users/{ben['id']}", {"op": "add", "path": "title", "value": "x"}, source="hr")
    entry = portal.cli_json("journal", "show", str(by_hr.journal_index))["entry"]
    assert entry["input"]["actor"] == {"type": "source", "id": "hr"}
    assert group["displayName"] == "writers"


def test_policies_see_the_groups_as_they_are_when_they_decide(portal, make_token):
    cleo = portal.user("cleo@me.example")
    me = make_token(cleo["id"])
    step = operations({"op": "add", "path": "title", "value": "x"})
    assert me.request("PATCH", "/Me", step).status == 200
    portal.group("locked", [cleo["id"]])
    assert "actor.locked" in check_error(me.request("PATCH", "/Me", step), 403)
    assert me.get("/Me").status == 200


def test_other_people_are_for_the_policy_to_decide(portal, make_token):
    dora, emil = portal.user("dora@me.example"), portal.user("emil@me.example")
    me = make_token(dora["id"])
    denied = me.request("PATCH", f"/Users/{emil['id']}", operations({"op": "add", "path": "title", "value": "x"}))
    assert "actor.other" in check_error(denied, 403)
    step = {"op": "add", "path": "title", "value": "x"}
    results = bulk(me, change(f"/Users/{dora['id']}", step), change(f"/Users/{emil['id']}", step), create("by.dora"))
    assert statuses(results) == [200, 403, 403]


@pytest.mark.parametrize("how", ["deactivated", "deleted", "deactivates himself", "deletes himself"])
def test_the_token_of_who_left_is_refused_at_once(portal, make_token, how):
    name = f"leaver.{how.replace(' ', '.')}@me.example"
    person = portal.user(name)
    me = make_token(person["id"])
    assert me.get("/Me").status == 200
    off = operations({"op": "replace", "path": "active", "value": False})
    path = f"/Users/{person['id']}"
    answer = {
        "deactivated": lambda: portal.request("PATCH", path, off),
        "deleted": lambda: portal.delete(path),
        "deactivates himself": lambda: me.request("PATCH", "/Me", off),
        "deletes himself": lambda: me.delete("/Me"),
    }[how]()
    assert answer.status in (200, 204)

    for refused in (
        me.get("/Me"),
        me.get("/Users"),
        me.get("/ServiceProviderConfig"),
        me.request("PATCH", "/Me", operations({"op": "replace", "path": "active", "value": True})),
        me.delete(path),
        me.post("/Bulk", {}),
        me.get("/Nothing"),
    ):
        check_error(refused, 401)
    if how == "deactivated":
        portal.request("PATCH", path, operations({"op": "replace", "path": "active", "value": True}))
        assert me.get("/Me").status == 200


def test_a_token_of_a_source_has_no_me(portal):
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", operations()), ("PUT", {})):
        assert "--subject" in check_error(portal.request(method, "/Me", body), 404)


def test_me_cannot_be_created(portal, make_token):
    portal.user("fay@me.example")
    me = make_token("fay@me.example")
    answer = me.post("/Me", {})
    check_error(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
    assert me.request("OPTIONS", "/Me").headers["Allow"] == answer.headers["Allow"]


def test_tokens_tell_whom_they_speak_for(portal, make_token):
    gus = portal.user("gus@me.example")
    make_token("gus@me.example")
    listed = portal.cli_json("token", "list")["tokens"]
    (token,) = [t for t in listed if t.get("userName") == "gus@me.example"]
    assert token["subject"] == gus["id"]
    assert "gus@me.example" in portal.cli("token", "list")
    (entry,) = portal.journal(count=1)
    entry = portal.cli_json("journal", "show", str(entry["index"]))["entry"]["entry"]
    assert (entry["operation"], entry["detail"]["subject"]) == ("token.create", gus["id"])
    portal.delete(f"/Users/{gus['id']}")
    (token,) = [t for t in portal.cli_json("token", "list")["tokens"] if t.get("subject") == gus["id"]]
    assert "userName" not in token


def test_a_token_needs_a_person_who_is_there(portal):
    away = portal.user("away@me.example", active=False)
    abroad = portal.user("abroad@me.example", source="abroad")
    for subject in ("nobody@me.example", UNKNOWN, away["id"], abroad["id"], "abroad@me.example", ""):
        answer = portal.cli("token", "create", "portal", "--subject", subject, "-o", "json", code=1)
        assert "token" not in json.loads(answer or "{}")


def test_the_starter_policy_lets_people_change_little_of_themselves(make_gateway):
    gateway = make_gateway(policy="starter")
    person = gateway.user("ida@example.com")
    token = gateway.cli("token", "create", "idp", "--subject", "ida@example.com").split()[-1]
    me = Connection(gateway.port, token)

    def set_own(path, value):
        return me.request("PATCH", "/Me", operations({"op": "add", "path": path, "value": value}))

    assert set_own("nickName", "I").status == 200
    assert set_own("phoneNumbers", [{"value": "1"}]).status == 200
    for path, value in (("title", "CEO"), ("userName", "ida.lee@example.com"), ("active", False)):
        assert "actor.attribute" in check_error(set_own(path, value), 403)
    assert "actor.delete" in check_error(me.delete("/Me"), 403)
    assert "actor.other" in check_error(me.post("/Users", {"schemas": [USER], "userName": "new@example.com"}), 403)
    assert gateway.get(f"/Users/{person['id']}").json["active"] is True
    me.close()


def test_subjects_survive_a_restart(make_gateway):
    gateway = make_gateway()
    person = gateway.user("stays@me.example")
    token = gateway.cli("token", "create", "idp", "--subject", person["id"]).split()[-1]
    gateway.stop()
    gateway.start()
    connection = Connection(gateway.port, token)
    assert connection.get("/Me").json["id"] == person["id"]
    connection.close()
