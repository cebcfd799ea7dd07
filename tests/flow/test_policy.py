"""What the policy is asked, what it may answer, and what becomes of each answer (docs: the decision contract)."""

import json
import random
import signal
import subprocess
import tarfile
import threading

import pytest
from gateway import ENTERPRISE, GROUP, PROGRAM, ROOT, USER, Gateway, environment, wait_until
from json_schema import has_null, problems

SCHEMA = json.loads((ROOT / "policy" / "schema" / "input.json").read_text())

# The title of a person says what the policy shall answer to a change of it. A delete has no title after it.
ANSWERS = """package scimward

kind := object.get(object.get(input, "after", {}), "title", "allow")

decision := {"effect": "allow"} if kind == "allow"
decision := "allow" if kind == "text"
decision := true if kind == "boolean"
decision := ["allow"] if kind == "array"
decision := null if kind == "null"
decision := {"effect": null} if kind == "null effect"
decision := {"effect": "permit"} if kind == "unknown effect"
decision := {"effect": "Allow"} if kind == "capital effect"
decision := {"effect": 1} if kind == "number effect"
decision := {} if kind == "empty"
decision := {"reasons": []} if kind == "no effect"
decision := {"effect": "allow", "resons": []} if kind == "unknown member"
decision := {"effect": "allow", "reasons": null} if kind == "null reasons"
decision := {"effect": "allow", "reasons": [{"code": "a"}]} if kind == "no message"
decision := {"effect": "allow", "reasons": [{"code": "", "message": "m"}]} if kind == "empty code"
decision := {"effect": "allow", "apps": null} if kind == "null apps"
decision := {"effect": "allow", "apps": ["wiki", 1]} if kind == "number in apps"
decision := {"effect": "allow", "obligations": {"op": "add"}} if kind == "obligations no list"
decision := {"effect": "allow", "obligations": null} if kind == "null obligations"
decision := {"effect": "hold", "reasons": []} if kind == "hold without approval"
decision := {"effect": "allow", "approval": approval} if kind == "allow with approval"

decision := {"effect": "allow"} if kind == "conflict"
decision := {"effect": "deny", "reasons": []} if kind == "conflict"

decision := {"effect": "allow"} if {
	kind == "builtin"
	to_number(input.after.displayName) > 0
}

decision := {"effect": "allow"} if {
	kind == "division"
	1 / count(object.get(input.after, "phoneNumbers", [])) > 0
}

decision := {"effect": "allow"} if {
	kind == "bomb"
	count([1 | some _ in numbers.range(1, 30000); some _ in numbers.range(1, 30000)]) > 0
}

decision := {"effect": "allow"} if {
	kind == "memory"
	count(concat("", [x | some _ in numbers.range(1, 200000); x := "0123456789012345678901234567890123456789"])) > 0
}

approval := {"groups": ["security"], "min": 1, "expires_s": 3600}

decision := {"effect": "deny", "reasons": [{"code": "b.second", "message": "the second"}, {"code": "a.first", "message": "no such title"}]} if kind == "deny"
decision := {"effect": "deny", "reasons": {{"code": "b.second", "message": "the second"}, {"code": "a.first", "message": "no such title"}}} if kind == "deny by set"
decision := {"effect": "deny"} if kind == "deny without reason"
decision := {"effect": "hold", "approval": approval, "reasons": [{"code": "needs.eyes", "message": "somebody must look"}]} if kind == "hold"
decision := {"effect": "hold", "approval": approval, "reasons": [{"code": "needs.eyes", "message": "look"}], "obligations": [{"op": "add", "path": "nickName", "value": "held"}]} if kind == "hold with obligations"
"""

NO_ANSWER = {
    "nothing at all": ("policy.undefined", "undefined"),
    "text": ("policy.invalid", "must be an object"),
    "boolean": ("policy.invalid", "must be an object"),
    "array": ("policy.invalid", "must be an object"),
    "null": ("policy.invalid", "must be an object"),
    "null effect": ("policy.invalid", "effect"),
    "unknown effect": ("policy.invalid", "permit"),
    "capital effect": ("policy.invalid", "Allow"),
    "number effect": ("policy.invalid", "effect"),
    "empty": ("policy.invalid", "effect"),
    "no effect": ("policy.invalid", "effect"),
    "unknown member": ("policy.invalid", "resons"),
    "null reasons": ("policy.invalid", "reasons"),
    "no message": ("policy.invalid", "message"),
    "empty code": ("policy.invalid", "code"),
    "null apps": ("policy.invalid", "apps"),
    "number in apps": ("policy.invalid", "apps[1]"),
    "obligations no list": ("policy.invalid", "obligations"),
    "null obligations": ("policy.invalid", "obligations"),
    "hold without approval": ("policy.invalid", "approval"),
    "allow with approval": ("policy.invalid", "approval"),
    "conflict": ("policy.conflict", ""),
    "builtin": ("policy.builtin", "to_number"),
    "division": ("policy.builtin", "div"),
    "bomb": ("policy.budget", ""),
    "memory": ("policy.budget", ""),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("answers") / "gateway", policy=ANSWERS) as gateway:
        yield gateway


def state(gateway):
    """Everything that a source can see."""
    return gateway.get("/Users?count=200").json, gateway.get("/Groups?count=200").json


def last_entry(gateway):
    (entry,) = gateway.journal(count=1)
    return entry


def whole_entry(gateway, index):
    """Entry and input of `journal show`, without what differs from run to run."""
    return gateway.cli_json("journal", "show", str(index))["entry"]


# ---- no answer ----


@pytest.mark.parametrize("kind", NO_ANSWER)
def test_no_answer_is_503_changes_nothing_and_is_journaled(answers, kind):
    code, words = NO_ANSWER[kind]
    name = f"{kind.replace(' ', '.')}@example.com"
    before = state(answers)

    answer = answers.post("/Users", {"schemas": [USER], "userName": name, "title": kind, "displayName": "no number"})

    assert answer.status == 503, answer
    assert int(answer.headers["Retry-After"]) > 0
    error = answer.json
    assert error["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert error["status"] == "503"
    assert code in error["detail"] and str(answer.journal_index) in error["detail"]
    assert state(answers) == before
    entry = last_entry(answers)
    assert (entry["index"], entry["effect"], entry["reasons"]) == (answer.journal_index, "error", [code])
    assert words in entry["detail"]["error"]
    # Nothing holds its name: the same person can come with a title that is allowed.
    again = answers.post("/Users", {"schemas": [USER], "userName": name})
    assert again.status == 201
    assert answers.delete(f"/Users/{again.json['id']}").status == 204


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_no_answer_to_a_change_keeps_version_and_document(answers, verb):
    person = answers.user(f"{verb}@example.com", title="allow")

    if verb == "put":
        answer = answers.put(f"/Users/{person['id']}", {"schemas": [USER], "userName": "other", "title": "conflict"})
    else:
        answer = answers.patch(f"/Users/{person['id']}", {"op": "replace", "path": "title", "value": "conflict"})

    assert answer.status == 503
    assert answers.get(f"/Users/{person['id']}").json == person
    assert last_entry(answers)["effect"] == "error"


def test_a_bomb_does_not_hold_others_up(answers):
    """The budget of time ends it; the other worker and the next request are not harmed."""
    person = answers.user("bystander@example.com")

    assert answers.post("/Users", {"schemas": [USER], "userName": "bomb", "title": "bomb"}).status == 503
    assert answers.get(f"/Users/{person['id']}").status == 200
    assert answers.patch(f"/Users/{person['id']}", {"op": "add", "path": "nickName", "value": "n"}).status == 200


# ---- deny and hold ----


@pytest.mark.parametrize("kind", ["deny", "deny by set"])
def test_a_denial_is_403_with_message_code_and_index(answers, kind):
    before = state(answers)

    answer = answers.post("/Users", {"schemas": [USER], "userName": "denied@example.com", "title": kind})

    assert answer.status == 403
    error = answer.json
    assert error["status"] == "403" and "scimType" not in error
    first = "the second (b.second" if kind == "deny" else "no such title (a.first"  # a set is sorted
    assert error["detail"] == f"{first}, journal index {answer.journal_index})"
    assert state(answers) == before
    entry = last_entry(answers)
    assert entry["effect"] == "deny"
    assert sorted(entry["reasons"]) == ["a.first", "b.second"]
    assert entry["subject"] == {"userName": "denied@example.com"}
    assert entry["output"]["effect"] == "deny"


def test_a_denial_without_a_reason_still_says_where_to_look(answers):
    answer = answers.post("/Users", {"schemas": [USER], "userName": "x@example.com", "title": "deny without reason"})

    assert answer.status == 403
    detail = answer.json["detail"]
    assert f"journal index {answer.journal_index}" in detail
    assert detail[0].isalpha() and "(," not in detail  # a sentence, not its empty frame


def test_a_hold_is_403_held_and_changes_nothing(answers):
    person = answers.user("held@example.com", title="allow")

    answer = answers.patch(f"/Users/{person['id']}", {"op": "replace", "path": "title", "value": "hold"})

    assert answer.status == 403
    assert "held" in answer.json["detail"] and "somebody must look" in answer.json["detail"]
    assert str(answer.journal_index) in answer.json["detail"]
    assert answers.get(f"/Users/{person['id']}").json == person
    entry = last_entry(answers)
    assert (entry["effect"], entry["reasons"]) == ("hold", ["needs.eyes"])


@pytest.mark.parametrize("kind", ["hold", "hold with obligations"])
def test_a_deactivation_is_never_held(answers, kind):
    person = answers.user(f"leaver.{len(kind)}@example.com", title="allow")

    answer = answers.patch(
        f"/Users/{person['id']}",
        {"op": "replace", "path": "title", "value": kind},
        {"op": "replace", "path": "active", "value": False},
    )

    assert answer.status == 200
    assert answer.json["active"] is False and answer.json["title"] == kind
    assert "nickName" not in answer.json  # the obligations of a hold belong to its approval
    entry = last_entry(answers)
    assert entry["effect"] == "allow"
    assert entry["reasons"] == ["leaver.not_held"]


def test_a_change_of_somebody_who_left_can_be_held(answers):
    """Only what makes a person inactive counts; he was that before."""
    person = answers.user("gone@example.com", title="allow", active=False)

    answer = answers.patch(f"/Users/{person['id']}", {"op": "replace", "path": "title", "value": "hold"})

    assert answer.status == 403
    assert last_entry(answers)["effect"] == "hold"


HOLD_ALL_LATER = """package scimward

approval := {"groups": ["security"], "min": 1, "expires_s": 3600}

decision := {"effect": "allow"} if input.operation == "create"
decision := {"effect": "hold", "approval": approval} if input.operation != "create"
"""


def test_a_deletion_of_a_person_is_never_held_but_that_of_a_group_is(make_gateway):
    gateway = make_gateway(policy=HOLD_ALL_LATER)
    person = gateway.user("anna@example.com")
    inactive = gateway.user("bert@example.com", active=False)
    replaced = gateway.user("carl@example.com")
    group = gateway.group("team", [person["id"]])

    assert gateway.delete(f"/Groups/{group['id']}").status == 403
    assert gateway.put(f"/Users/{replaced['id']}", {"schemas": [USER], "userName": "carl@example.com", "active": False}).status == 200
    assert gateway.delete(f"/Users/{person['id']}").status == 204
    assert gateway.delete(f"/Users/{inactive['id']}").status == 204

    reasons = [entry.get("reasons") for entry in gateway.journal('kind eq "decision"', count=4)]
    assert reasons == [None, ["leaver.not_held"], ["leaver.not_held"], ["leaver.not_held"]]


def test_a_leaver_can_be_denied(make_gateway):
    gateway = make_gateway(
        policy='package scimward\n\ndecision := {"effect": "allow"} if input.operation == "create"\n'
        'decision := {"effect": "deny", "reasons": [{"code": "protected", "message": "never"}]} '
        'if input.operation != "create"\n'
    )
    person = gateway.user("root@example.com")

    assert gateway.delete(f"/Users/{person['id']}").status == 403
    answer = gateway.patch(f"/Users/{person['id']}", {"op": "replace", "path": "active", "value": False})

    assert answer.status == 403
    assert gateway.get(f"/Users/{person['id']}").json == person


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
    shown = whole_entry(gateway, gateway.patch(f"/Users/{other['id']}", {"op": "add", "path": "nickName", "value": "n"}).journal_index)
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
