"""What the policy is asked, what it may answer, and what becomes of each answer (docs: the decision contract)."""

import json
import random
import signal
import subprocess
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


def test_a_very_long_message_is_cut_between_characters(make_gateway):
    gateway = make_gateway(
        policy="package scimward\n\n"
        'decision := {"effect": "deny", "reasons": [{"code": "long", "message": concat("", '
        '[input.after.userName | some _ in numbers.range(1, 3000)])}]}\n'
    )

    for name in ["ü", "aü", "aa\U0001f600", "\"\\\n"[:2]]:
        answer = gateway.post("/Users", {"schemas": [USER], "userName": name})
        assert answer.status == 403
        detail = answer.json["detail"]  # it is JSON in UTF-8
        assert detail.startswith(name * 10)
        assert detail.endswith(f"… (long, journal index {answer.journal_index})")


BYTES = """package scimward

bytes := base64.decode("YWL/4oI=")

decision := {"effect": "allow"} if not input.after.title

decision := {"effect": "deny", "reasons": [{"code": "c", "message": bytes}]} if input.after.title == "message"
decision := {"effect": "deny", "reasons": [{"code": bytes, "message": "m"}]} if input.after.title == "code"
decision := {"effect": "allow", "apps": [bytes]} if input.after.title == "app"
decision := {"effect": bytes} if input.after.title == "effect"

decision := {"effect": "allow", "obligations": [{"op": "add", "path": "nickName", "value": bytes}]} if {
	input.after.title == "obligation"
}

decision := {"effect": "allow"} if {
	input.after.title == "builtin"
	to_number(bytes) > 0
}
"""


@pytest.mark.parametrize("where", ["message", "code", "app", "effect", "obligation", "builtin"])
def test_bytes_that_are_no_text_harm_neither_journal_nor_resource(make_gateway, where):
    """Rego's decoders make texts of any bytes; what is recorded must stay JSON."""
    gateway = make_gateway(policy=BYTES)

    answer = gateway.post("/Users", {"schemas": [USER], "userName": "x", "title": where})

    assert answer.status in (201, 403, 503)
    assert answer.json["schemas"]
    assert len(gateway.journal('kind eq "decision"')) == 1
    assert gateway.get("/Users").json["totalResults"] == (1 if answer.status == 201 else 0)
    assert gateway.cli_json("journal", "verify")["verification"]["intact"] is True


def test_a_very_long_failure_is_cut_between_characters(answers):
    for number in range(4):
        body = {"schemas": [USER], "userName": "x", "title": "builtin", "displayName": "a" * number + "\u20ac" * 900}
        assert answers.post("/Users", body).status == 503
        assert "to_number" in last_entry(answers)["detail"]["error"]

    assert answers.cli_json("journal", "verify")["verification"]["intact"] is True


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


# ---- groups in slices ----


def fill(gateway, count, first=0):
    """People over several connections, in order."""
    ids = [None] * count

    def make(offset):
        connection = gateway.connect()
        for number in range(offset, count, 8):
            answer = connection.post("/Users", {"schemas": [USER], "userName": f"s{first + number}@example.com"})
            assert answer.status == 201, answer
            ids[number] = answer.json["id"]
        connection.close()

    threads = [threading.Thread(target=make, args=(offset,)) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in ids
    return ids


SLICES = """package scimward

# One reason for each slice, and one for each of its members, so that the journal shows what was asked.
slice := input.members.slice

count_of_slice := count(input.members.added) + count(input.members.removed)

forbidden contains member.id if {
	some member in input.members.added
	member.user.title == "no"
}

reasons := [{"code": sprintf("slice.%d.of.%d", [slice.index, slice.of]), "message": sprintf("%d", [count_of_slice])}]

decision := {"effect": "allow"} if input.resource_type == "User"

decision := {"effect": "allow", "reasons": reasons} if {
	input.resource_type == "Group"
	count(forbidden) == 0
}

decision := {"effect": "deny", "reasons": [{"code": "forbidden", "message": concat(",", forbidden)}]} if {
	input.resource_type == "Group"
	count(forbidden) > 0
}
"""


def test_1200_member_changes_are_decided_in_three_slices_and_are_one_entry(make_gateway):
    gateway = make_gateway(policy=SLICES)
    people = fill(gateway, 1300)
    group = gateway.group("all", people[:300])
    entries = len(gateway.journal())

    # 1,000 come, 200 go
    answer = gateway.put(
        f"/Groups/{group['id']}?excludedAttributes=members",
        {"schemas": [GROUP], "displayName": "all", "members": [{"value": key} for key in people[200:]]},
    )

    assert answer.status == 200, answer
    assert len(gateway.journal()) == entries + 1
    entry = last_entry(gateway)
    assert sorted(entry["reasons"]) == ["slice.0.of.3", "slice.1.of.3", "slice.2.of.3"]
    members = gateway.get(f"/Groups/{group['id']}").json["members"]
    assert {m["value"] for m in members} == set(people[200:])
    what = whole_entry(gateway, answer.journal_index)["input"]
    assert problems(what, SCHEMA) == [] and not has_null(what)
    assert [m["id"] for m in what["members"]["added"]] == people[300:]
    assert {m["id"] for m in what["members"]["removed"]} == set(people[:200])
    assert what["members"]["slice"] == {"index": 0, "of": 3}
    assert (what["members"]["count_before"], what["members"]["count_after"]) == (300, 1100)
    assert all(m["user"]["userName"].startswith("s") for m in what["members"]["added"])
    assert all(m["groups"] == [{"id": group["id"], "display": "all"}] for m in what["members"]["removed"])
    assert what["rate"]["removals"]["this"] == 200
    assert evaluate(gateway, what)["effect"] == "allow"


def test_one_forbidden_member_in_the_last_slice_refuses_all_of_them(make_gateway):
    gateway = make_gateway(policy=SLICES)
    people = fill(gateway, 1200)
    bad = gateway.user("bad@example.com", title="no")["id"]
    group = gateway.group("all")
    before = gateway.get(f"/Groups/{group['id']}").json

    answer = gateway.patch(
        f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": key} for key in [*people, bad]]}
    )

    assert answer.status == 403
    assert bad in answer.json["detail"]
    assert gateway.get(f"/Groups/{group['id']}").json == before
    assert last_entry(gateway)["reasons"] == ["forbidden"]
    what = whole_entry(gateway, answer.journal_index)["input"]
    assert evaluate(gateway, what)["effect"] == "deny"


def test_slices_that_contradict_each_other_are_no_answer(make_gateway):
    gateway = make_gateway(
        policy="package scimward\n\n"
        'decision := {"effect": "allow"} if not input.members\n'
        'decision := {"effect": "allow", "obligations": [{"op": "add", "path": "displayName", '
        '"value": sprintf("slice %d", [input.members.slice.index])}]} if input.members\n'
    )
    people = fill(gateway, 501)

    answer = gateway.post(
        "/Groups", {"schemas": [GROUP], "displayName": "all", "members": [{"value": key} for key in people]}
    )

    assert answer.status == 503
    assert last_entry(gateway)["reasons"] == ["policy.conflict"]
    assert gateway.get("/Groups").json["totalResults"] == 0


def test_members_of_type_group_are_refused(gateway):
    """A nested group would bypass every rule over groups."""
    person = gateway.user("anna")
    inner = gateway.group("inner")
    outer = gateway.group("outer")
    as_group = {"value": inner["id"], "type": "Group"}
    bodies = [
        gateway.post("/Groups", {"schemas": [GROUP], "displayName": "new", "members": [as_group]}),
        gateway.put(f"/Groups/{outer['id']}", {"schemas": [GROUP], "displayName": "outer", "members": [as_group]}),
        gateway.patch(f"/Groups/{outer['id']}", {"op": "add", "path": "members", "value": [as_group]}),
        # … also where the type is left out, or lies
        gateway.patch(f"/Groups/{outer['id']}", {"op": "add", "path": "members", "value": [{"value": inner["id"]}]}),
        gateway.patch(
            f"/Groups/{outer['id']}", {"op": "add", "value": {"members": [{"value": inner["id"], "type": "User"}]}}
        ),
        gateway.patch(
            f"/Groups/{outer['id']}",
            {"op": "add", "path": "members", "value": [{"value": person["id"]}, {"value": outer["id"]}]},
        ),
        gateway.patch(
            f"/Groups/{outer['id']}",
            {"op": "add", "path": "members", "value": [{"value": person["id"], "type": "group"}]},
        ),
    ]

    assert [(answer.status, answer.json.get("scimType")) for answer in bodies] == [(400, "invalidValue")] * len(bodies)
    assert gateway.get(f"/Groups/{outer['id']}").json == outer
    assert [entry for entry in gateway.journal('kind eq "decision"')][-1]["index"] == 3  # not decisions


# ---- reproduced ----


def evaluate(gateway, what, *where, code=(0, 2)):
    text = gateway.cli("policy", "eval", *where, "-o", "json", code=code, stdin=json.dumps(what))
    return json.loads(text)["decision"]


def make_bundle(folder, path, target="plan"):
    """What a build pipeline makes of a folder of Rego."""
    command = ["opa", "build", "-b", "-t", target, "-e", "scimward/decision", "--ignore", "*_test.rego"]
    subprocess.run([*command, "-o", str(path), str(folder)], check=True, env=environment(), timeout=60)
    return path


def test_every_decision_of_a_random_run_is_reproduced_from_the_journal(make_gateway):
    gateway = make_gateway(policy="starter")
    dice = random.Random(3)
    people, groups = [], []

    def create():
        name = f"r{len(people)}@{dice.choice(['example.com', 'example.com', 'evil.example'])}"
        extra = {} if dice.random() < 0.7 else {"userType": "contractor"}
        answer = gateway.post("/Users", {"schemas": [USER], "userName": name, "title": "x"} | extra)
        if answer.status == 201:
            people.append(answer.json["id"])
        return answer

    def create_group():
        name = dice.choice(["buyers", "invoice-approvers", "admins", "finance-admins", f"team {len(groups)}"])
        chosen = dice.sample(people, min(len(people), dice.randrange(4)))
        answer = gateway.post(
            "/Groups", {"schemas": [GROUP], "displayName": name, "members": [{"value": key} for key in chosen]}
        )
        if answer.status == 201:
            groups.append(answer.json["id"])
        return answer

    def change():
        value = dice.choice([True, False])
        operations = [
            {"op": "replace", "path": "active", "value": value},
            {"op": "replace", "path": "title", "value": dice.choice(["x", "y"])},
            {"op": "add", "path": "emails", "value": [{"value": f"z@{dice.choice(['example.com', 'evil.example'])}"}]},
        ]
        return gateway.patch(f"/Users/{dice.choice(people)}", dice.choice(operations))

    def change_group():
        operations = [
            {"op": "add", "path": "members", "value": [{"value": dice.choice(people)}]},
            {"op": "remove", "path": f'members[value eq "{dice.choice(people)}"]'},
            {"op": "replace", "path": "displayName", "value": dice.choice(["admins", "buyers", f"n{dice.random()}"])},
        ]
        return gateway.patch(f"/Groups/{dice.choice(groups)}", dice.choice(operations))

    def delete():
        key = people.pop(dice.randrange(len(people)))
        answer = gateway.delete(f"/Users/{key}")
        if answer.status != 204:
            people.append(key)
        return answer

    while len(people) < 5:
        create()
    while not groups:
        create_group()
    statuses = set()
    for _ in range(80):
        statuses.add(dice.choice([create, create, create_group, change, change, change_group, change_group, delete])().status)
    assert {200, 201, 403} <= statuses

    decisions = gateway.journal('kind eq "decision"')
    assert len(decisions) >= 60
    bundle = make_bundle(gateway.folder / "policy", gateway.folder / "bundle.tar.gz")
    for entry in decisions:
        shown = whole_entry(gateway, entry["index"])
        assert problems(shown["input"], SCHEMA) == [] and not has_null(shown["input"])
        assert evaluate(gateway, shown["input"], str(bundle)) == shown["entry"]["output"], entry


def test_eval_has_the_budget_of_the_configuration(make_gateway):
    """Else an entry without an answer would be reproduced with one."""
    work = 'package scimward\n\ndecision := {"effect": "allow"} if count([1 | some _ in numbers.range(1, 5000)]) > 0\n'
    gateway = make_gateway(policy=work, start=False)
    assert evaluate(gateway, {}) == {"effect": "allow"}
    gateway.config["policy"] = {"limits": {"steps": 1000}}
    gateway.write_config()

    result = gateway.cli("policy", "eval", code=None, stdin="{}")

    assert result.returncode == 1
    assert "policy.budget" in result.stderr


# ---- where policies come from ----


def test_a_bundle_needs_no_opa(make_gateway, tmp_path):
    bundle = make_bundle(ROOT / "examples" / "policy", tmp_path / "starter.tar.gz")
    empty = tmp_path / "bin"
    empty.mkdir()
    gateway = make_gateway(start=False, policy="allow")
    gateway.config["policy"] = {"directory": None, "bundle": str(bundle)}
    gateway.write_config()
    document = json.loads(gateway.config_path.read_text())
    del document["policy"]["directory"]
    gateway.config_path.write_text(json.dumps(document))
    gateway.env = {"PATH": str(empty)}
    gateway.start()

    assert gateway.post("/Users", {"schemas": [USER], "userName": "eve@evil.example"}).status == 403
    assert gateway.user("anna@example.com")["active"] is True


def test_a_bundle_for_another_engine_is_refused_with_the_way_out(make_gateway, tmp_path):
    bundle = make_bundle(ROOT / "examples" / "policy", tmp_path / "rego.tar.gz", target="rego")
    gateway = make_gateway(start=False)

    result = gateway.cli("policy", "check", str(bundle), code=None)

    assert result.returncode == 2, result
    assert "opa build -t plan" in result.stderr


REFUSED = {
    "a misspelt member of the input": (
        'decision := {"effect": "allow"} if count(input.memebers.added) > 0\n',
        ["policy.rego:3", "memebers"],
    ),
    "a misspelt member further in": (
        'decision := {"effect": "allow"} if input.source.nmae == "entra"\n',
        ["policy.rego:3", "nmae"],
    ),
    "a builtin that is refused": (
        'decision := {"effect": "allow"} if http.send({"method": "get", "url": "http://127.0.0.1"}).status_code == 200\n',
        ["policy.rego:3", "http.send"],
    ),
    "a builtin of chance": (
        'decision := {"effect": "allow"} if rand.intn("x", 10) > 5\n',
        ["policy.rego:3", "rand.intn"],
    ),
    "a builtin that is not there": (
        'decision := {"effect": "allow"} if crypto.x509.parse_certificates(input.id)\n',
        ["policy.rego:3", "crypto.x509.parse_certificates"],
    ),
    "a syntax error": ("decision := {\n", ["policy.rego"]),
    "no decision": ("other := 1\n", ["scimward/decision"]),
    "a decision that is none": ('decision := {"effect": "maybe"}\n', ["policy.invalid", "maybe"]),
    "an unused variable": ("decision := {\"effect\": \"allow\"} if {\n\tx := 1\n\ttrue\n}\n", ["policy.rego:4", "x"]),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_policy_is_refused_at_start_by_name_and_place(make_gateway, why):
    text, words = REFUSED[why]
    gateway = make_gateway(start=False, policy="package scimward\n\n" + text)

    gateway.start(ready=False)
    code = gateway.join()
    check = gateway.cli("policy", "check", code=None)

    said = gateway.text()
    assert code == 1, said
    assert [word for word in words if word not in said] == [], said
    assert check.returncode == 2, check
    assert [word for word in words if word not in check.stderr] == [], check.stderr


def test_a_builtin_behind_another_rule_is_named_at_its_own_place(make_gateway):
    gateway = make_gateway(start=False, policy='package scimward\n\ndecision := {"effect": data.lib.effect}\n')
    (gateway.folder / "policy" / "lib.rego").write_text(
        'package lib\n\n# why\neffect := "allow" if uuid.rfc4122("x") != ""\n'
    )

    check = gateway.cli("policy", "check", code=None)

    assert check.returncode == 2
    assert "lib.rego:4" in check.stderr and "uuid.rfc4122" in check.stderr


# ---- reload ----


def test_a_reload_swaps_the_policy_and_a_broken_one_changes_nothing(make_gateway):
    gateway = make_gateway(policy="allow")
    gateway.user("before@example.com")
    first = gateway.cli_json("status")["status"]["policyRevision"]

    gateway.write_policy('package scimward\n\ndecision := {"effect": "deny"}\n')
    gateway.signal(signal.SIGHUP)
    line = gateway.wait_for("policy_loaded", after=len(gateway.log))
    assert line["before"] == first and line["revision"] != first
    assert gateway.post("/Users", {"schemas": [USER], "userName": "after@example.com"}).status == 403
    assert gateway.metrics()[f'scimward_policy_info{{revision="{line["revision"]}"}}'] == 1
    assert gateway.metrics()["scimward_policy_load_failures_total"] == 0

    for number, broken in enumerate(
        [
            "package scimward\n\ndecision := {\n",
            'package scimward\n\ndecision := {"effect": "maybe"}\n',
            'package scimward\n\ndecision := {"effect": "allow"} if input.memebers\n',
        ],
        1,
    ):
        gateway.write_policy(broken)
        gateway.signal(signal.SIGHUP)
        failed = gateway.wait_for("policy_reload_failed", after=len(gateway.log))
        assert failed["level"] == "error" and failed["error"] and failed["kept"] == line["revision"]
        assert gateway.post("/Users", {"schemas": [USER], "userName": "after@example.com"}).status == 403
        assert gateway.metrics()["scimward_policy_load_failures_total"] == number

    gateway.write_policy("allow")
    gateway.signal(signal.SIGHUP)
    assert gateway.wait_for("policy_loaded", after=len(gateway.log))["revision"] == first
    gateway.user("after@example.com")
    policies = gateway.journal('kind eq "policy"')
    assert [entry["revision"] for entry in policies] == [first, line["revision"], first]
    decisions = gateway.journal('kind eq "decision"')
    assert [entry["revision"] for entry in decisions] == [first, *[line["revision"]] * 4, first]


def test_no_request_is_dropped_while_policies_are_swapped_under_load(make_gateway):
    one = 'package scimward\n\ndecision := {"effect": "allow", "reasons": [{"code": "one", "message": "1"}]}\n'
    gateway = make_gateway(policy=one)
    done = threading.Event()
    statuses = []

    def load(worker):
        connection = gateway.connect()
        number = 0
        while not done.is_set():
            answer = connection.post("/Users", {"schemas": [USER], "userName": f"l{worker}.{number}"})
            statuses.append(answer.status)
            number += 1
        connection.close()

    threads = [threading.Thread(target=load, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for word in ["two", "broken", "three", "four"]:
        text = one.replace("one", word)
        gateway.write_policy(text if word != "broken" else "package scimward\n\nx := \n")
        gateway.signal(signal.SIGHUP)
        gateway.wait_for("policy_reload_failed" if word == "broken" else "policy_loaded", after=len(gateway.log))
        reached = len(statuses)
        wait_until(lambda reached=reached: len(statuses) > reached + 50, "requests go on")
    done.set()
    for thread in threads:
        thread.join()

    assert set(statuses) == {201}
    entries = gateway.journal('kind eq "decision"')
    assert len(entries) == len(statuses)
    # Each decision names the revision that made it, and that one gave its reason.
    by_revision = {}
    for entry in entries:
        by_revision.setdefault(entry["revision"], set()).add(entry["reasons"][0])
    assert sorted(map(sorted, by_revision.values())) == [["four"], ["one"], ["three"], ["two"]]
