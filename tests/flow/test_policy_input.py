"""What a policy is asked: whole documents, as the decision contract has them."""

import json

import pytest
from decisions import SCHEMA, whole_entry
from json_schema import has_null, problems

from gateway import ENTERPRISE, GROUP, USER, Gateway

# ---- the input, exactly ----

# The answer carries the question, so that what the policy saw can be held against what the journal says it saw.
ECHO = """package scimward

decision := {"effect": "allow", "reasons": [{"code": "echo", "message": json.marshal(input)}]}
"""


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    sources = [{"name": "hr", "kind": "hr"}, {"name": "entra", "dialect": "entra", "kind": "idp"}]
    with Gateway(tmp_path_factory.mktemp("echo") / "gateway", policy=ECHO, sources=sources) as gateway:
        yield gateway


def seen(gateway, answer):
    """What the policy saw; the journal's input is held against it, and both against the schema."""
    shown = whole_entry(gateway, answer.journal_index)
    what = json.loads(shown["entry"]["output"]["reasons"][0]["message"])
    assert shown["input"] == what
    assert problems(what, SCHEMA) == []
    assert not has_null(what)
    assert what["time"] == shown["entry"]["time"]
    assert what["request"]["id"] == shown["entry"]["request"]
    return what


def common(what, operation, resource_type, key, source="hr"):
    """The members that every input has, with what nobody can foresee taken over from `what`."""
    sources = {
        "hr": {"name": "hr", "dialect": "standard", "kind": "hr"},
        "entra": {"name": "entra", "dialect": "entra", "kind": "idp"},
    }
    return {
        "version": 1,
        "mode": "enforce",
        "time": what["time"],
        "tenant": "default",
        "source": sources[source],
        "actor": {"type": "source", "id": source},
        "operation": operation,
        "resource_type": resource_type,
        "id": key,
        "rate": what["rate"],
        "request": {"id": what["request"]["id"], "ip": "127.0.0.1", "user_agent": "test/1"},
    }


AGENT = {"User-Agent": "test/1"}


def test_input_of_creating_a_user(echo):
    body = {
        "schemas": [USER, ENTERPRISE],
        "userName": "Create@Example.com",
        "externalId": "4711",
        "password": "Secret-of-create-1",
        "title": None,
        "nickName": "",
        "emails": [],
        "name": {"givenName": "Crea", "familyName": None},
        "groups": [{"value": "x"}],
        "meta": {"resourceType": "User"},
        "id": "mine",
        ENTERPRISE: {"department": "R&D"},
    }

    answer = echo.post("/Users", body, headers=AGENT)

    what = seen(echo, answer)
    after = {
        "schemas": [USER, ENTERPRISE],
        "userName": "Create@Example.com",
        "externalId": "4711",
        "nickName": "",
        "name": {"givenName": "Crea"},
        "active": True,
        ENTERPRISE: {"department": "R&D"},
    }
    assert what == common(what, "create", "User", answer.json["id"]) | {
        "after": after,
        "changes": [
            {"path": "active", "after": True},
            {"path": "externalId", "after": "4711"},
            {"path": "name.givenName", "after": "Crea"},
            {"path": "nickName", "after": ""},
            {"path": f"{ENTERPRISE}:department", "after": "R&D"},
            {"path": "userName", "after": "Create@Example.com"},
        ],
        "groups": [],
    }


def test_input_of_replacing_a_user(echo):
    person = echo.user(
        "replace@example.com", externalId="r1", title="Clerk", emails=[{"value": "a@example.com", "type": "work"}]
    )
    team = echo.group("team of replace", [person["id"]])
    echo.group("other team of replace", [echo.user("inactive@example.com", active=False)["id"], person["id"]])
    body = {"schemas": [USER], "userName": "replace@example.com", "externalId": "r2", "displayName": "R"}

    answer = echo.put(f"/Users/{person['id']}", body, headers=AGENT)

    what = seen(echo, answer)
    assert sorted(what.pop("groups"), key=lambda group: group["display"]) == [
        {"id": what_id(echo, "other team of replace"), "display": "other team of replace", "count": 1},
        {"id": team["id"], "display": "team of replace", "count": 1},
    ]
    assert what == common(what, "replace", "User", person["id"]) | {
        "origin": {"source": "hr"},
        "before": {
            "schemas": [USER],
            "userName": "replace@example.com",
            "externalId": "r1",
            "title": "Clerk",
            "emails": [{"value": "a@example.com", "type": "work"}],
            "active": True,
        },
        "after": {
            "schemas": [USER],
            "userName": "replace@example.com",
            "externalId": "r2",
            "displayName": "R",
            "active": True,
        },
        "changes": [
            {"path": "displayName", "after": "R"},
            {"path": "emails", "before": [{"value": "a@example.com", "type": "work"}]},
            {"path": "externalId", "before": "r1", "after": "r2"},
            {"path": "title", "before": "Clerk"},
        ],
    }


def what_id(gateway, display):
    return gateway.find("Groups", f'displayName eq "{display}"', attributes="id").json["Resources"][0]["id"]


def test_input_of_patching_a_user_of_another_source(echo):
    """externalId is each source's own; origin names who made the resource."""
    person = echo.user("patch@example.com", externalId="hr-1", title="Clerk")

    answer = echo.patch(
        f"/Users/{person['id']}",
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "externalId", "value": "entra-1"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "the boss"},
        source="entra",
        headers=AGENT,
    )

    what = seen(echo, answer)
    before = {"schemas": [USER], "userName": "patch@example.com", "title": "Clerk", "active": True}
    assert what == common(what, "patch", "User", person["id"], "entra") | {
        "origin": {"source": "hr"},
        "before": before,
        "after": before
        | {
            "schemas": [USER, ENTERPRISE],
            "active": False,
            "externalId": "entra-1",
            ENTERPRISE: {"manager": {"value": "the boss"}},
        },
        "changes": [
            {"path": "active", "before": True, "after": False},
            {"path": "externalId", "after": "entra-1"},
            {"path": f"{ENTERPRISE}:manager.value", "after": "the boss"},
        ],
        "groups": [],
    }
    assert what["rate"]["deactivations"]["this"] == 1
    assert echo.get(f"/Users/{person['id']}").json["externalId"] == "hr-1"
    assert echo.get(f"/Users/{person['id']}", source="entra").json["externalId"] == "entra-1"


def test_input_of_deleting_a_user(echo):
    person = echo.user("delete@example.com", externalId="d1")
    team = echo.group("team of delete", [person["id"]])

    answer = echo.delete(f"/Users/{person['id']}", headers=AGENT)

    assert answer.status == 204
    what = seen(echo, answer)
    assert what == common(what, "delete", "User", person["id"]) | {
        "origin": {"source": "hr"},
        "before": {"schemas": [USER], "userName": "delete@example.com", "externalId": "d1", "active": True},
        "changes": [
            {"path": "active", "before": True},
            {"path": "externalId", "before": "d1"},
            {"path": "userName", "before": "delete@example.com"},
        ],
        "groups": [{"id": team["id"], "display": "team of delete", "count": 1}],
    }
    assert what["rate"]["deactivations"]["this"] == 1
    assert what["rate"]["removals"]["this"] == 1


def member(person, *groups):
    left_out = ("id", "meta", "externalId", "groups")
    return {
        "id": person["id"],
        "type": "User",
        "user": {key: value for key, value in person.items() if key not in left_out},
        "groups": [{"id": group["id"], "display": group["displayName"]} for group in groups],
    }


def test_input_of_a_group_from_its_creation_to_its_end(echo):
    people = [echo.user(f"member{number}@example.com", externalId=f"m{number}") for number in range(4)]
    other = echo.group("other group", [people[0]["id"]])
    body = {
        "schemas": [GROUP],
        "displayName": "the group",
        "externalId": "g1",
        "members": [{"value": people[0]["id"], "type": "User", "display": "x"}, {"value": people[1]["id"]}],
    }

    created = echo.post("/Groups", body, headers=AGENT)
    what = seen(echo, created)
    key = created.json["id"]
    document = {"schemas": [GROUP], "displayName": "the group", "externalId": "g1"}
    group = document | {"id": key}
    assert what == common(what, "create", "Group", key) | {
        "after": document,
        "changes": [{"path": "displayName", "after": "the group"}, {"path": "externalId", "after": "g1"}],
        "members": {
            "added": [member(people[0], other), member(people[1])],
            "removed": [],
            "count_before": 0,
            "count_after": 2,
            "slice": {"index": 0, "of": 1},
        },
    }

    patched = echo.patch(
        f"/Groups/{key}",
        {"op": "add", "path": "members", "value": [{"value": people[2]["id"]}, {"value": people[1]["id"]}]},
        {"op": "remove", "path": f'members[value eq "{people[0]["id"]}"]'},
        headers=AGENT,
    )
    what = seen(echo, patched)
    assert what == common(what, "patch", "Group", key) | {
        "origin": {"source": "hr"},
        "before": document,
        "after": document,
        "changes": [],
        "members": {
            "added": [member(people[2])],
            "removed": [member(people[0], other, group)],
            "count_before": 2,
            "count_after": 2,
            "slice": {"index": 0, "of": 1},
        },
    }
    assert what["rate"]["removals"]["this"] == 1

    replaced = echo.put(
        f"/Groups/{key}",
        {"schemas": [GROUP], "displayName": "the group", "members": [{"value": people[3]["id"]}]},
        headers=AGENT,
    )
    what = seen(echo, replaced)
    assert what["operation"] == "replace"
    assert what["before"] == document
    assert what["after"] == {"schemas": [GROUP], "displayName": "the group"}
    assert what["changes"] == [{"path": "externalId", "before": "g1"}]
    assert what["members"]["added"] == [member(people[3])]
    assert [m["id"] for m in what["members"]["removed"]] == [people[1]["id"], people[2]["id"]]
    assert (what["members"]["count_before"], what["members"]["count_after"]) == (2, 1)
    assert what["rate"]["removals"]["this"] == 2

    deleted = echo.delete(f"/Groups/{key}", headers=AGENT)
    what = seen(echo, deleted)
    assert what == common(what, "delete", "Group", key) | {
        "origin": {"source": "hr"},
        "before": {"schemas": [GROUP], "displayName": "the group"},
        "changes": [{"path": "displayName", "before": "the group"}],
        "members": {
            "added": [],
            "removed": [],
            "count_before": 1,
            "count_after": 0,
            "slice": {"index": 0, "of": 1},
        },
    }
    assert what["rate"]["removals"]["this"] == 1


def test_a_renamed_group_is_decided_like_adding_all_its_members(echo):
    people = [echo.user(f"renamed{number}@example.com") for number in range(3)]
    group = echo.group("harmless", [people[0]["id"], people[1]["id"]])

    answer = echo.patch(
        f"/Groups/{group['id']}",
        {"op": "replace", "path": "displayName", "value": "admins"},
        {"op": "add", "path": "members", "value": [{"value": people[2]["id"]}]},
        headers=AGENT,
    )

    what = seen(echo, answer)
    assert [m["id"] for m in what["members"]["added"]] == [person["id"] for person in people]
    assert (what["members"]["count_before"], what["members"]["count_after"]) == (2, 3)
    assert what["after"]["displayName"] == "admins"
    # Who goes with the same request is not judged as coming.
    answer = echo.put(
        f"/Groups/{group['id']}",
        {"schemas": [GROUP], "displayName": "root", "members": [{"value": people[1]["id"]}]},
        headers=AGENT,
    )
    what = seen(echo, answer)
    assert [m["id"] for m in what["members"]["added"]] == [people[1]["id"]]
    assert [m["id"] for m in what["members"]["removed"]] == [people[0]["id"], people[2]["id"]]


def test_rates_count_what_was_allowed_within_the_window(make_gateway):
    gateway = make_gateway(policy=ECHO, sources=["one", "two"])
    people = [gateway.user(f"p{number}") for number in range(5)]
    group = gateway.group("team", [person["id"] for person in people])

    def off(person, source="one"):
        path = f"/Users/{person['id']}"
        return seen(gateway, gateway.patch(path, {"op": "replace", "path": "active", "value": False}, source=source))[
            "rate"
        ]

    def rate(recent, this, population):
        return {"recent": recent, "this": this, "population": population, "window_s": 3600}

    assert off(people[0]) == {"deactivations": rate(0, 1, 5), "removals": rate(0, 0, 5)}
    assert off(people[1]) == {"deactivations": rate(1, 1, 4), "removals": rate(0, 0, 5)}
    assert off(people[1]) == {"deactivations": rate(2, 0, 3), "removals": rate(0, 0, 5)}
    # Each source has its own count; the population is the tenant's.
    assert off(people[2], source="two") == {"deactivations": rate(0, 1, 3), "removals": rate(0, 0, 5)}
    answer = gateway.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert seen(gateway, answer)["rate"] == {"deactivations": rate(2, 0, 2), "removals": rate(0, 5, 5)}
    # A restart forgets nothing, an empty population is 1.
    gateway.restart()
    assert gateway.delete(f"/Users/{people[3]['id']}").status == 204
    assert off(people[4]) == {"deactivations": rate(3, 1, 1), "removals": rate(5, 0, 1)}
    answer = gateway.patch(f"/Users/{people[4]['id']}", {"op": "add", "path": "title", "value": "x"})
    assert seen(gateway, answer)["rate"]["deactivations"] == rate(4, 0, 1)
