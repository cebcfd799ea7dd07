"""What a policy may answer, and what becomes of each answer (the decision contract)."""

import pytest
from decisions import last_entry

from gateway import USER, Gateway

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

first := {"code": "a.first", "message": "no such title"}

second := {"code": "b.second", "message": "the second"}

held := {
	"effect": "hold",
	"approval": approval,
	"reasons": [{"code": "needs.eyes", "message": "somebody must look"}],
}

decision := {"effect": "deny", "reasons": [second, first]} if kind == "deny"
decision := {"effect": "deny", "reasons": {second, first}} if kind == "deny by set"
decision := {"effect": "deny"} if kind == "deny without reason"
decision := held if kind == "hold"

decision := object.union(held, {"obligations": [{"op": "add", "path": "nickName", "value": "held"}]}) if {
	kind == "hold with obligations"
}
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


# ---- no answer ----


own_budget = pytest.mark.own_engine("an OPA server knows time alone: tests/flow/test_engine_opa.py")


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[own_budget] * (code == "policy.budget")) for kind, (code, _) in NO_ANSWER.items()]
)
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


@own_budget
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
        "[input.after.userName | some _ in numbers.range(1, 3000)])}]}\n"
    )

    for name in ["ü", "aü", "aa\U0001f600", '"\\\n'[:2]]:
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
    leaver = {"schemas": [USER], "userName": "carl@example.com", "active": False}
    assert gateway.put(f"/Users/{replaced['id']}", leaver).status == 200
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
