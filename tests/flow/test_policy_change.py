"""What a policy may change: obligations, and the apps where a resource may exist."""

import json

import pytest
from decisions import last_entry, whole_entry

from gateway import ENTERPRISE, USER, Gateway

# ---- obligations ----

OBLIGE = """package scimward

base := {"effect": "allow", "reasons": [{"code": "fine", "message": "fine"}]}

decision := base if not input.after.nickName
decision := object.union(base, {"obligations": json.unmarshal(input.after.nickName)}) if input.after.nickName
"""


@pytest.fixture(scope="module")
def obliging(tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("obliging") / "gateway", policy=OBLIGE) as gateway:
        yield gateway


def state(gateway):
    """Everything that a source can see."""
    return gateway.get("/Users?count=200").json, gateway.get("/Groups?count=200").json


def oblige(gateway, name, *operations, **attributes):
    """A create whose answer has these obligations; they arrive in nickName and must take that away again."""
    operations = [*operations, {"op": "remove", "path": "nickName"}]
    body = {"schemas": [USER], "userName": name, "nickName": json.dumps(operations)} | attributes
    return gateway.post("/Users", body)


def test_obligations_change_what_is_stored_and_answered(obliging):
    answer = oblige(
        obliging,
        "obliged@example.com",
        {"op": "add", "path": "title", "value": "Clerk"},
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "R&D"},
        {"op": "add", "path": "emails", "value": [{"value": "obliged@example.com", "type": "work"}]},
        {"op": "replace", "path": 'emails[type eq "work"].display', "value": "at work"},
        displayName="Obliged",
    )

    assert answer.status == 201, answer
    stored = obliging.get(f"/Users/{answer.json['id']}").json
    assert stored == answer.json
    assert stored["title"] == "Clerk" and stored["displayName"] == "Obliged" and "nickName" not in stored
    assert stored[ENTERPRISE] == {"department": "R&D"} and ENTERPRISE in stored["schemas"]
    assert stored["emails"] == [{"value": "obliged@example.com", "type": "work", "display": "at work"}]
    # What was added by an obligation is found like everything else.
    assert obliging.find("Users", 'emails.value eq "OBLIGED@example.com"').json["totalResults"] == 1


def test_changes_of_the_entry_are_those_that_happened(obliging):
    """changes is recomputed after obligations; the document that the policy saw stays readable."""
    answer = oblige(obliging, "recomputed@example.com", {"op": "add", "path": "title", "value": "Clerk"})

    shown = whole_entry(obliging, answer.journal_index)

    assert "nickName" in shown["input"]["after"]
    assert shown["entry"]["stored"]["title"] == "Clerk" and "nickName" not in shown["entry"]["stored"]
    changes = {change["path"]: change.get("after") for change in shown["changes"]}
    assert changes["title"] == "Clerk" and "nickName" not in changes
    text = obliging.cli("journal", "show", str(answer.journal_index))
    assert '+ title: "Clerk"' in text and "+ nickName" not in text


def test_obligations_of_a_set_are_taken(make_gateway):
    gateway = make_gateway(
        policy='package scimward\n\ndecision := {"effect": "allow", "obligations": '
        '{{"op": "add", "path": "title", "value": "set"}}}\n'
    )

    assert gateway.user("set@example.com")["title"] == "set"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "userName", "value": "root"},
        {"op": "replace", "path": "id", "value": "0192f0c1-7a62-7e6a-ae21-ed9a05430fd1"},
        {"op": "add", "path": "schemas", "value": [ENTERPRISE]},
        {"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"},
        {"op": "add", "path": "groups", "value": [{"value": "x"}]},
        {"op": "add", "path": "externalId", "value": "1"},
        {"op": "add", "path": "members", "value": [{"value": "x"}]},
        {"op": "add", "path": "password", "value": "secret"},
        {"op": "add", "path": "noSuchAttribute", "value": "x"},
        {"op": "add", "value": {"userName": "root"}},
        {"op": "add", "value": {"Id": "0192f0c1-7a62-7e6a-ae21-ed9a05430fd1"}},
        {"op": "replace", "path": "active", "value": "perhaps"},
        {"op": "invent", "path": "title", "value": "x"},
        {"op": "remove", "path": 'emails[type eq "none"]'},
        {"op": "add", "path": "title"},
        {"path": "title", "value": "x"},
        {"op": "remove"},
        {"op": "replace", "path": "title[", "value": "x"},
        {"op": "remove", "path": "userName"},
    ],
    ids=lambda operation: json.dumps(operation),
)
def test_an_invalid_obligation_is_no_answer(obliging, operation):
    before = state(obliging)

    answer = oblige(obliging, "invalid.obligation@example.com", operation)

    assert answer.status == 503, answer
    assert "Retry-After" in answer.headers
    assert state(obliging) == before
    entry = last_entry(obliging)
    assert (entry["effect"], entry["reasons"]) == ("error", ["policy.invalid"])
    assert "obligations" in entry["detail"]["error"]


def test_a_change_that_obligations_undo_is_a_noop(obliging):
    """A no-op is found after obligations: journaled, no version."""
    person = obliging.user("noop@example.com", displayName="As is")
    operations = [
        {"op": "remove", "path": "nickName"},
        {"op": "replace", "path": "displayName", "value": "As is"},
    ]

    answer = obliging.patch(
        f"/Users/{person['id']}",
        {"op": "add", "path": "nickName", "value": json.dumps(operations)},
        {"op": "replace", "path": "displayName", "value": "Else"},
    )

    assert answer.status == 200
    assert answer.json == person
    entry = last_entry(obliging)
    assert entry["noop"] is True and entry["effect"] == "allow"


def test_obligations_decide_who_leaves(make_gateway):
    """An obligation that makes a person inactive counts as a deactivation, in the store and for the rails."""
    gateway = make_gateway(
        policy='package scimward\n\ndecision := {"effect": "allow"} if not input.after.title\n'
        'decision := {"effect": "allow", "obligations": [{"op": "replace", "path": "active", "value": false}]} '
        "if input.after.title\n"
    )
    person = gateway.user("anna@example.com")
    team = gateway.group("team", [person["id"]])

    answer = gateway.patch(f"/Users/{person['id']}", {"op": "add", "path": "title", "value": "x"})
    other = gateway.user("bert@example.com")

    assert answer.status == 200 and answer.json["active"] is False
    assert gateway.find("Users", "active eq false").json["totalResults"] == 1
    later = gateway.patch(f"/Users/{other['id']}", {"op": "add", "path": "nickName", "value": "n"})
    shown = whole_entry(gateway, later.journal_index)
    assert shown["input"]["rate"]["deactivations"]["recent"] == 1
    assert shown["input"]["rate"]["deactivations"]["population"] == 1
    assert team["id"]


# ---- apps ----

APPS = """package scimward

decision := {"effect": "allow"} if not input.after.title
decision := {"effect": "allow", "apps": split(input.after.title, ",")} if input.after.title
"""


def test_apps_of_the_decision_say_where_a_resource_may_exist(make_gateway, make_app):
    wiki, chat = make_app("wiki"), make_app("chat")
    gateway = make_gateway(policy=APPS, apps=[wiki.config(on_leave="delete"), chat.config(on_leave="delete")])

    def where():
        gateway.wait_delivered()
        return [[account["userName"] for account in app.all()] for app in (wiki, chat)]

    anna = gateway.user("anna", title="wiki")
    gateway.user("bert")  # absent on create: all
    assert [sorted(names) for names in where()] == [["anna", "bert"], ["bert"]]

    moved = gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "title", "value": "chat"})
    assert moved.status == 200
    assert [sorted(names) for names in where()] == [["bert"], ["anna", "bert"]]

    # Absent on a change: as it was.
    gateway.patch(f"/Users/{anna['id']}", {"op": "remove", "path": "title"})
    assert [sorted(names) for names in where()] == [["bert"], ["anna", "bert"]]

    # An app that is none of ours is nowhere.
    gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "title", "value": "nowhere"})
    assert [sorted(names) for names in where()] == [["bert"], ["bert"]]


def test_the_same_apps_again_are_a_noop(make_gateway, make_app):
    wiki = make_app("wiki")
    gateway = make_gateway(policy=APPS, apps=[wiki.config()])
    anna = gateway.user("anna", title="wiki")
    gateway.wait_delivered()

    answer = gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "title", "value": "wiki"})

    assert answer.status == 200
    assert answer.json == anna
    assert last_entry(gateway)["noop"] is True
