"""`scimward policy lint`, `fmt` and `check`: what is wrong with a policy although it loads."""

import json
import shutil

import pytest

from gateway import ROOT, STARTER
from scenarios import JOINER, make_policy, scimward

HEAD = """package scimward

import data.access

decision := {"effect": "allow"} if input.operation in access.allowed

decision := {"effect": "deny", "reasons": [reason]} if not input.operation in access.allowed

"""
REASON = 'reason := {"code": "some.code", "message": "no"}\n'
DATA = "allowed: [create]\n"


@pytest.fixture
def policy(tmp_path):
    make = make_policy(tmp_path)

    def with_data(rego, data=DATA, **scenarios):
        folder = make(HEAD + rego, **scenarios)
        (folder / "access").mkdir(exist_ok=True)
        (folder / "access" / "data.yaml").write_text(data)
        return folder

    return with_data


def lint(folder, *arguments, code):
    done = scimward("policy", "lint", folder, "--format", "json", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return [(it["rule"], it["file"].rsplit("/", 1)[-1], it["line"]) for it in json.loads(done.stdout)["report"]["findings"]]


# rule: (what stands from line 9 on, line)
FOUND = {
    "absent-under-not": (REASON + "x if not input.after.active\n", 10),
    "allow-by-default": (REASON + 'default effect := "allow"\n', 10),
    "code-form": ('reason := {"code": "Some Code", "message": "no"}\n', 9),
    "code-unstable": ('reason := {"code": sprintf("x.%s", [input.id]), "message": "no"}\n', 9),
    "compares-null": (REASON + "x if input.after.title != null\n", 10),
    "message-twice": (REASON + 'other := {"code": "other.code", "message": "no"}\n', 10),
    "name-case": (REASON + 'x if input.after.userName == "admin"\n', 10),
    "print-left": (REASON + 'x if {\n\tprint("here")\n\tinput.id == "x"\n}\n', 11),
    "reason-without-message": ('reason := {"code": "some.code"}\n', 9),
    "time-now": (REASON + "x if time.now_ns() > 1\n", 10),
}


@pytest.mark.parametrize("rule", FOUND)
def test_each_rule_finds_its_fault_at_its_line_and_can_be_silenced_there(policy, rule):
    rego, line = FOUND[rule]

    assert lint(policy(rego), code=3) == [(rule, "policy.rego", line)]

    lines = (HEAD + rego).splitlines()
    lines.insert(line - 1, f"# scimward:ignore other-rule, {rule}")
    folder = policy("")
    (folder / "policy.rego").write_text("\n".join(lines) + "\n")
    assert lint(folder, code=0) == []


# What is right beside what is wrong.
FINE = [
    "x if input.after.active == false\n",
    "x if not input.after.active == false\n",
    "x if not input.approval\n",
    'default effect := "deny"\n',
    'default with_apps := {"effect": "allow"}\n',
    'x if lower(input.after.userName) == "admin"\n',
    'x if input.after.title == "Admin"\n',
    "x if time.parse_rfc3339_ns(input.time) > 1\n",
    'other := {"code": sprintf("sod.%s", [access.allowed]), "message": "not both"}\n',
]


@pytest.mark.parametrize("rego", FINE)
def test_what_is_right_is_left_alone(policy, rego):
    assert lint(policy(REASON + rego), code=0) == []


def test_data_that_no_rule_looks_at_is_found_where_it_stands(policy):
    folder = policy(REASON.replace("no", "no"), data=DATA + "\n# a misspelt key\nalowed: [delete]\n")

    # `import data.access` looks at all of it; a rule that names its part does not.
    assert lint(folder, code=0) == []
    text = (folder / "policy.rego").read_text().replace("import data.access\n", "").replace("access.allowed", "data.access.allowed")
    (folder / "policy.rego").write_text(text)
    assert lint(folder, code=3) == [("unused-data", "data.yaml", 4)]


def test_tests_may_do_what_policies_should_not(policy):
    folder = policy(REASON)
    (folder / "x_test.rego").write_text(
        'package x_test\n\nimport data.scimward\n\ntest_x if not scimward.decision with time.now_ns as 1 with input as {"operation": null}\n'
    )

    assert lint(folder, code=0) == []


def test_one_rule_can_be_asked_for_and_all_are_listed(policy):
    folder = policy("reason := {\"code\": \"Some Code\"}\n")

    assert {rule for rule, _, _ in lint(folder, code=3)} == {"code-form", "reason-without-message"}
    assert {rule for rule, _, _ in lint(folder, "--rule", "code-form", code=3)} == {"code-form"}
    assert scimward("policy", "lint", folder, "--rule", "code-from").returncode == 64
    listed = scimward("policy", "lint", "--list").stdout
    documented = (ROOT / "docs" / "policy-testing.md").read_text()
    rules = [line.split()[0] for line in listed.splitlines()[1:]]
    assert set(FOUND) < set(rules) and all(f"| `{rule}` |" in documented for rule in rules)


def test_a_finding_says_what_how_to_mend_it_and_which_rule(policy):
    done = scimward("policy", "lint", policy(FOUND["time-now"][0]))

    assert done.returncode == 3
    assert "policy.rego:10:" in done.stdout and "[time-now]" in done.stdout
    assert "time.parse_rfc3339_ns(input.time)" in done.stdout


def test_the_starter_policy_is_clean():
    assert lint(STARTER, code=0) == []
    assert scimward("policy", "fmt", STARTER, "--check").returncode == 0


def test_a_file_that_cannot_be_parsed_is_an_error_of_input(policy):
    done = scimward("policy", "lint", policy("reason := {\n"))

    assert done.returncode == 1 and "policy.rego" in done.stderr


# ---- fmt ----


def test_fmt_checks_shows_and_mends(policy):
    folder = policy(REASON.replace(" := ", ":="))
    path = folder / "policy.rego"
    before = path.read_text()

    check = scimward("policy", "fmt", folder, "--check")
    diff = scimward("policy", "fmt", folder, "-d")
    assert check.returncode == 3 and "policy.rego" in check.stdout
    assert diff.returncode == 3 and "\n-reason:=" in diff.stdout and "\n+reason := " in diff.stdout
    assert path.read_text() == before

    assert scimward("policy", "fmt", folder).returncode == 0
    assert "reason := " in path.read_text()
    assert scimward("policy", "fmt", folder, "--check").returncode == 0
    assert scimward("policy", "fmt", folder, "-d").returncode == 0


# ---- check ----


def check(folder, *arguments, code=0):
    done = scimward("policy", "check", folder, "-o", "json", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)["policy"]


def test_check_tells_rules_that_nothing_makes_true(policy):
    folder = policy(REASON, joiners=JOINER)

    found = check(folder)["findings"]

    assert [(it["rule"], it["line"]) for it in found] == [("unreached-rule", 7), ("unreached-rule", 9)]
    assert check(folder, "--strict", code=3)["valid"] is True
    (folder / "x_test.rego").write_text(
        "package x_test\n\nimport data.scimward\n\n"
        'test_x if scimward.decision.effect == "deny" with input as {"operation": "delete"}\n'
    )
    assert check(folder, "--strict")["findings"] == []


def test_check_tells_reasons_without_a_message(policy):
    folder = policy('reason := {"code": "some.code"}\n')

    assert [it["rule"] for it in check(folder)["findings"]] == ["reason-without-message"]


def test_check_of_a_policy_that_fails_its_scenarios_says_so_and_is_about_the_policy(policy):
    folder = policy(REASON, joiners=JOINER.replace("effect: allow", "effect: deny"))

    done = scimward("policy", "check", folder)

    assert done.returncode == 0 and done.stdout.startswith("fine: revision ")
    assert "is told when tests and scenarios pass" in done.stderr and "expected deny, got allow" in done.stderr


def test_check_of_the_starter_policy_has_nothing_to_say(tmp_path):
    shutil.copytree(STARTER, tmp_path / "policy")

    assert check(tmp_path / "policy", "--strict")["findings"] == []
