"""Why a decision was made, and what would have to be different: `policy explain`, and `policy eval` of the journal."""

import json
import re
import shutil
import sqlite3

import pytest
from crowd import make_people
from decisions import make_bundle
from explanations import all_values, check_lines, clauses_of, explain, explained, values
from policies import archived, reload, rule, write_files

from gateway import GROUP, STARTER, USER, Gateway

pytestmark = pytest.mark.own_engine("only policies that we evaluate are archived and traced")

SOURCES = ("entra", {"name": "workday", "kind": "hr"}, {"name": "ops", "kind": "admin"})

def patch_group(gateway, group, member, **options):
    return gateway.patch(
        f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": member["id"]}]}, **options
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The starter policy, compiled once."""
    return make_bundle(STARTER, tmp_path_factory.mktemp("bundle") / "starter.tar.gz")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, bundle):
    with Gateway(tmp_path_factory.mktemp("explain") / "gateway", sources=SOURCES, policy="starter") as gateway:
        gateway.bundle = bundle
        yield gateway


@pytest.fixture(scope="module")
def privileged(gateway):
    """Somebody is to become an admin, and the source may not make one. The entry's index."""
    group = gateway.group("Admins")
    answer = patch_group(gateway, group, gateway.user("ivy@example.com"))
    assert answer.status == 403 and "group.privileged" in answer.json["detail"], answer
    return answer.journal_index


# ---- what was denied, held, allowed ----


def test_a_privileged_group_names_who_may_grant_it(gateway, tmp_path, privileged):
    told = explained(gateway, tmp_path, privileged)

    (reason,) = told["reasons"]
    (clause,) = reason["rules"]
    assert [reason["code"], clause["file"]] == ["group.privileged", "rules/privileged_groups.rego"]
    seen = all_values(reason)
    assert seen["data.access.privileged_groups.admins.granted_by"] == ["kind:admin"]
    assert "kind:idp" in seen.values() and "undefined" in seen.values()

    granted = told["proposals"]["data.access.privileged_groups.admins.granted_by", "add"]
    assert granted["effect"] == "allow"
    assert told["proposals"]["input.source.kind"]["value"] == "admin"


def test_what_was_asked_is_told_first(gateway, privileged):
    told = explain(gateway, privileged)

    asked = told["asked"]
    assert [asked["source"]["name"], asked["operation"], asked["resource_type"]] == ["entra", "patch", "Group"]
    assert asked["subject"] == {"displayName": "Admins"} and asked["added"] == ["ivy@example.com"]


def test_a_default_denial_names_where_the_rules_that_allow_stopped(gateway, tmp_path):
    answer = gateway.post("/Groups", {"schemas": [GROUP], "displayName": "of-hr"}, source="workday")
    assert answer.status == 403, answer

    told = explained(gateway, tmp_path, answer.journal_index)

    (reason,) = told["reasons"]
    assert reason["code"] == "default.deny"
    stopped = [clause for clause in clauses_of(told["allow"]) if clause.get("rule", "").endswith("sources.allow")]
    assert stopped and stopped[0]["holds"] is False and stopped[0]["file"] == "rules/sources.rego"
    assert all_values(stopped)['data.access.sources["kind:hr"].Group'] == "undefined"
    proposal = told["proposals"]['data.access.sources["kind:hr"].Group']
    assert [proposal["op"], proposal["value"], proposal["effect"]] == ["set", ["create"], "allow"]


def test_separation_of_duties_names_the_two_groups_and_the_person(gateway, tmp_path):
    person = gateway.user("buyer@example.com")
    gateway.group("Buyers", [person["id"]])
    answer = patch_group(gateway, gateway.group("Invoice-Approvers"), person)
    assert answer.status == 403, answer

    told = explained(gateway, tmp_path, answer.journal_index)

    (reason,) = told["reasons"]
    assert reason["code"] == "sod.purchasing" and "buyer@example.com is in Buyers" in reason["message"]
    seen = all_values(reason)
    assert seen["input.members.added[0].groups[0].display"] == "Buyers"
    assert seen["data.access.separation_of_duties[1].groups"] == ["buyers", "invoice-approvers"]
    assert told["proposals"]["data.access.separation_of_duties[1]"]["effect"] == "allow"


def test_a_rail_names_its_limit_and_how_far_it_would_have_to_move(tmp_path, make_gateway, bundle):
    gateway = make_gateway(sources=SOURCES, policy="starter")
    gateway.bundle = bundle
    people = make_people(gateway, 12, name="r{}@example.com")
    answers = [gateway.patch(f"/Users/{key}", {"op": "replace", "path": "active", "value": False}) for key in people]
    assert [answer.status for answer in answers] == [200] * 10 + [403] * 2

    told = explained(gateway, tmp_path, answers[10].journal_index)

    (reason,) = told["reasons"]
    assert reason["code"] == "rail.deactivations"
    assert all_values(reason)["input.rate.deactivations.recent"] == 10
    limit = told["proposals"]["data.access.rails.deactivations.max"]
    assert [limit["before"], limit["value"], limit["effect"]] == [10, 11, "allow"]


def test_a_hold_names_the_approval_that_is_missing(gateway, tmp_path):
    answer = patch_group(gateway, gateway.group("Payments-Approvers"), gateway.user("pat@example.com"))
    assert answer.status == 403 and "held" in answer.json["detail"], answer

    told = explained(gateway, tmp_path, answer.journal_index)

    assert told["effect"] == "hold" and told["reasons"][0]["code"] == "group.approval"
    assert told["proposals"]["input.approval"]["effect"] == "allow"
    assert ('data.access.privileged_groups["payments-approvers"].approval', "remove") in told["proposals"]


def test_an_allowed_operation_names_the_rule_that_allowed_it(gateway, tmp_path):
    answer = gateway.post("/Users", {"schemas": [USER], "userName": "allowed@example.com"})

    told = explained(gateway, tmp_path, answer.journal_index)

    allowing = [clause for clause in clauses_of(told["decided_by"]) if clause.get("rule", "").endswith("sources.allow")]
    assert allowing and allowing[0]["holds"] is True
    assert "create" in all_values(allowing)['data.access.sources["kind:idp"].User']


def test_reasons_of_several_rules_are_told_with_what_would_turn_all_of_them(gateway, tmp_path):
    answer = gateway.post("/Users", {"schemas": [USER], "userName": "two words@example.org"})
    assert answer.status == 403

    told = explained(gateway, tmp_path, answer.journal_index)

    assert [reason["code"] for reason in told["reasons"]] == ["email.domain", "naming.pattern"]
    domains = told["proposals"]["data.access.email_domains", "add"]
    assert [domains["value"], domains["effect"]] == ["example.org", "deny"]
    assert domains["reasons"] == ["naming.pattern"]
    assert told["together"]["effect"] == "allow" and len(told["together"]["changes"]) == 2


ERRING = """package scimward

decision := {"effect": "allow"} if {
	input.after.title
	to_number(input.after.title) > 5
}

decision := {"effect": "allow"} if not input.after.title

decision := {"effect": "deny"} if input.after.nickName == "both"
"""


def test_an_error_tells_the_builtin_and_its_line(make_gateway):
    gateway = make_gateway(policy=ERRING)
    answer = gateway.post("/Users", {"schemas": [USER], "userName": "e@example.com", "title": "none"})
    assert answer.status == 503
    (entry,) = gateway.journal('effect eq "error"')

    told = explain(gateway, entry["index"])

    error = told["error"]
    assert told["effect"] == "error" and told["same"] is True
    assert [error["code"], error["file"], error["line"]] == ["policy.builtin", "policy.rego", 5]
    assert "to_number" in error["message"] and error["text"] == "to_number(input.after.title) > 5"
    assert values(error) == {"input.after.title": "none"}

    answer = gateway.post("/Users", {"schemas": [USER], "userName": "c@example.com", "nickName": "both"})
    assert answer.status == 503
    entry = gateway.journal('effect eq "error"')[-1]
    error = explain(gateway, entry["index"])["error"]
    assert error["code"] == "policy.conflict" and error["file"] == "policy.rego"


LEVELS = """package scimward

import data.scimward.rules

decision := {"effect": "allow", "observed": [reason | some reason in rules.deny], "obligations": changes} if {
	data.access.level == "observe"
}

decision := {"effect": "deny", "reasons": [reason | some reason in rules.deny], "overridable": true} if {
	data.access.level != "observe"
	count(rules.deny) > 0
}

changes contains {"op": "add", "path": "title", "value": title} if title := data.access.title
"""


def test_what_is_observed_and_what_is_obliged_has_its_rules_too(make_gateway, tmp_path):
    gateway = make_gateway(policy="allow")
    shutil.rmtree(gateway.folder / "policy")
    rules = 'package scimward.rules\n\ndeny contains {"code": "x.y", "message": "m"} if input.after.nickName == "x"\n'
    files = {"lib.rego": LEVELS, "rules/x.rego": rules, "data.json": {"access": {"level": "observe", "title": "T"}}}
    write_files(gateway.folder / "policy", files)
    reload(gateway)
    index = gateway.post("/Users", {"schemas": [USER], "userName": "o@example.com", "nickName": "x"}).journal_index

    told = explain(gateway, index)

    assert check_lines(told, gateway.folder / "policy") > 0
    (observed,) = told["observed"]
    assert observed["reason"]["code"] == "x.y"
    assert [observed["rules"][0]["file"], observed["rules"][0]["line"]] == ["rules/x.rego", 3]
    assert told["obligations"][0]["rules"][0]["line"] == 14


# ---- slices, leavers ----


def test_of_a_large_group_operation_the_slice_that_spoke_is_told(tmp_path, make_gateway, bundle):
    gateway = make_gateway(sources=SOURCES, policy="starter")
    gateway.bundle = bundle
    people = make_people(gateway, 501, name="s{}@example.com")
    gateway.group("Buyers", [people[500]])
    group = gateway.group("Invoice-Approvers")
    members = [{"value": key} for key in people]
    answer = gateway.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": members})
    assert answer.status == 403, answer

    told = explained(gateway, tmp_path, answer.journal_index)

    assert told["slice"]["of"] == 2 and told["reasons"][0]["code"] == "sod.purchasing"
    assert "s500@example.com is in Buyers" in told["reasons"][0]["message"]


HOLDING = """package scimward

decision := {"effect": "hold", "reasons": [{"code": "wait", "message": "wait"}], "approval": approval} if {
	input.operation != "create"
}

decision := {"effect": "allow"} if input.operation == "create"

approval := {"groups": ["a"], "min": 1, "expires_s": 60}
"""


def test_a_leaver_who_is_not_held_is_told_as_recorded(make_gateway):
    gateway = make_gateway(policy=HOLDING)
    person = gateway.user("l@example.com")
    answer = gateway.delete(f"/Users/{person['id']}")
    assert answer.status == 204

    told = explain(gateway, answer.journal_index)

    assert [told["effect"], told["same"], told["decision"]["effect"]] == ["allow", True, "hold"]
    assert told["answer"]["reasons"] == ["leaver.not_held"]


# ---- for people, and without a gateway ----


def test_the_texts_say_rule_line_values_and_the_tried_change(gateway, privileged):
    text = gateway.cli("policy", "explain", str(privileged))
    lines = (gateway.folder / "policy" / "rules" / "privileged_groups.rego").read_text().split("\n")
    (place,) = re.findall(r"deny at rules/privileged_groups.rego:(\d+) was true", text)
    markdown = gateway.cli("policy", "explain", str(privileged), "--format", "markdown")

    assert lines[int(place) - 1].startswith("deny contains {")
    assert 'data.access.privileged_groups.admins.granted_by = ["kind:admin"]' in text
    assert "checked: with this the answer is allow" in text
    assert "### group.privileged" in markdown.replace("\\", "") and "`` " in markdown


def test_it_works_when_the_gateway_is_gone(make_gateway, tmp_path):
    gateway = make_gateway(sources=SOURCES, policy="starter")
    index = gateway.post("/Groups", {"schemas": [GROUP], "displayName": "x"}, source="workday").journal_index
    before = explain(gateway, index)
    gateway.stop()

    assert explain(gateway, index) == before
    assert gateway.cli_json("policy", "eval", "--index", str(index), code=2)["decision"]["effect"] == "deny"


def test_an_operation_that_never_was_needs_no_journal(gateway, privileged, tmp_path):
    what = gateway.cli_json("journal", "show", str(privileged))["entry"]["input"]
    path = tmp_path / "operation.json"
    path.write_text(json.dumps(what))
    policy = str(gateway.folder / "policy")

    told = json.loads(gateway.cli("policy", "explain", "--input", str(path), "--against", policy, "-o", "json"))

    assert told["explanation"]["reasons"][0]["code"] == "group.privileged"
    assert "recorded" not in told["explanation"] and "index" not in told["explanation"]


# ---- policy eval ----


def test_eval_decides_entries_again_as_they_were_recorded(gateway, privileged):
    for entry in gateway.journal('kind eq "decision"'):
        again = gateway.cli_json("policy", "eval", "--index", str(entry["index"]), code=(0, 2))
        shown = gateway.cli_json("journal", "show", str(entry["index"]))["entry"]["entry"]
        assert again["effect"] == entry["effect"] and again["recorded"]["effect"] == entry["effect"]
        assert again["decision"] == shown["output"]
        assert again["revision"] == entry["revision"]


def test_a_folder_named_like_the_recorded_revision_decides_nothing(gateway, privileged):
    number = str(privileged)
    revision = gateway.cli_json("policy", "eval", "--index", number, code=2)["revision"]
    folder = gateway.folder / revision
    write_files(folder, {"p.rego": rule("other.code")})
    try:
        again = gateway.cli_json("policy", "eval", "--index", number, code=2)
    finally:
        shutil.rmtree(folder)
    assert [again["revision"], again["effect"]] == [revision, "deny"]


def test_eval_takes_another_policy_a_query_and_tells_what_it_cost(gateway, privileged, tmp_path):
    other = str(write_files(tmp_path / "other", {"p.rego": rule("other.code")}))
    number = str(privileged)

    assert gateway.cli_json("policy", "eval", "--index", number, "--against", other)["decision"]["effect"] == "allow"
    assert explain(gateway, number, "--against", other)["recorded"]["effect"] == "deny"
    query = "data.scimward.rules.privileged_groups.deny"
    found = gateway.cli_json("policy", "eval", "--index", number, "--query", query, "--metrics")
    assert found["result"][0]["code"] == "group.privileged"
    assert found["metrics"]["steps"] > 0 and found["metrics"]["bytes"] > 0
    by_name = 'data.access.privileged_groups["payments-approvers"].granted_by[0]'
    assert gateway.cli_json("policy", "eval", "--index", number, "--query", by_name)["result"] == "kind:idp"
    nothing = gateway.cli("policy", "eval", "--index", number, "--query", "data.nothing.here", code=None)
    assert nothing.returncode == 2 and "undefined" in nothing.stderr
    assert "a path is" in gateway.cli("policy", "eval", "--index", number, "--query", "input.x", code=None).stderr


MANY_STEPS = """package scimward

decision := {"effect": "allow"} if count([n | some n in numbers.range(1, 2000); n > 3]) > 0
"""


def with_limits(gateway, steps):
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["limits"] = {"steps": steps}
    gateway.config_path.write_text(json.dumps(document))


def test_limits_of_today_do_not_judge_what_was_decided(make_gateway):
    gateway = make_gateway(policy=MANY_STEPS)
    index = gateway.post("/Users", {"schemas": [USER], "userName": "a@example.com"}).journal_index
    with_limits(gateway, 1000)

    assert explain(gateway, index)["same"] is True
    assert gateway.cli_json("policy", "eval", "--index", str(index))["effect"] == "allow"


def test_an_answer_that_is_not_the_recorded_one_is_an_alarm(make_gateway):
    gateway = make_gateway(policy=MANY_STEPS)
    with_limits(gateway, 1000)
    gateway.restart()
    assert gateway.post("/Users", {"schemas": [USER], "userName": "a@example.com"}).status == 503
    (entry,) = gateway.journal('effect eq "error"')
    number = str(entry["index"])
    told = explain(gateway, number)
    assert told["same"] is True and told["error"]["code"] == "policy.budget" and told["error"]["line"] == 3
    with_limits(gateway, 1000000)

    result = gateway.cli("policy", "explain", number, "-o", "json", code=None)
    again = gateway.cli("policy", "eval", "--index", number, code=None)

    assert result.returncode == 2 and json.loads(result.stdout)["explanation"]["same"] is False
    assert "ALARM" in result.stderr and f"entry {number}" in result.stderr and "policy.limits" in result.stderr
    assert again.returncode == 2 and "ALARM" in again.stderr


# ---- what cannot be told ----


def failure(gateway, *arguments, code=1):
    result = gateway.cli("policy", *arguments, code=None)
    assert result.returncode == code and result.stdout == "", result
    return result.stderr


def test_errors_say_what_to_do(gateway, privileged):
    (first,) = [entry for entry in gateway.journal('kind eq "policy"')][:1]

    assert "there is no entry 999999: the journal has" in failure(gateway, "explain", "999999")
    assert "'12x' is no journal index" in failure(gateway, "explain", "12x")
    assert "is of the kind policy, and no decision" in failure(gateway, "explain", str(first["index"]))
    assert "nowhere" in failure(gateway, "explain", str(privileged), "--against", "./nowhere")
    assert "--input" in failure(gateway, "explain", code=64)
    assert "table, json or markdown" in failure(gateway, "explain", "1", "--format", "xml", code=64)
    assert "two operations" in failure(gateway, "eval", "--index", "1", "--input", "-", code=64)


def test_a_policy_that_is_not_archived_any_more_is_named(make_gateway):
    gateway = make_gateway(policy=rule("one"))
    index = gateway.post("/Users", {"schemas": [USER], "userName": "a@example.com"}).journal_index
    for path in archived(gateway):
        path.unlink()

    said = failure(gateway, "explain", str(index))

    assert f"the policy of entry {index}" in said and "is not archived any more" in said and "--against" in said
    assert explain(gateway, index, "--against", "policy")["effect"] == "allow"


def test_an_erased_entry_says_so(make_gateway):
    gateway = make_gateway(policy="allow")
    index = gateway.post("/Users", {"schemas": [USER], "userName": "a@example.com"}).journal_index
    gateway.stop()
    with sqlite3.connect(gateway.folder / "scimward.db") as store:
        store.execute("DELETE FROM payload WHERE idx = ?", (index,))

    assert "is not there any more" in failure(gateway, "explain", str(index))
