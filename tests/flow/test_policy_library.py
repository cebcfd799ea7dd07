"""The library of modules (examples/policy), and scenarios that bring what it needs: data, and people who act."""

import json
import re
import shutil
import subprocess

import pytest

from gateway import STARTER, environment
from scenarios import make_policy, report_of, run


@pytest.fixture
def policy(tmp_path):
    return make_policy(tmp_path)


# ---- the library ----


def test_the_starter_policy_passes_its_tests_and_scenarios(tmp_path):
    shutil.copytree(STARTER, tmp_path / "policy")

    report = report_of(tmp_path / "policy")

    assert report["failed"] == 0
    suites = {case["suite"].rsplit("/", 1)[-1] for case in report["cases"]}
    assert {"rails_test.rego", "rails.yaml", "ours.yaml"} <= suites
    assert report["revision"]


def test_a_company_changes_its_data_and_the_library_of_rules_stays_tested(tmp_path):
    shutil.copytree(STARTER, tmp_path / "policy")
    data = tmp_path / "policy" / "access" / "data.yaml"
    text = data.read_text()
    assert "email_domains: [example.com]" in text and "max: 10, percent: 5" in text
    data.write_text(
        text.replace("email_domains: [example.com]", "email_domains: [acme.test]").replace("max: 10,", "max: 3,")
    )

    report = report_of(tmp_path / "policy")

    assert report["failed"] == 0 and report["passed"] > 200


def test_the_library_has_scenarios_for_each_module_and_no_line_that_nothing_runs():
    report = report_of(STARTER, "--coverage", "--threshold", "100")

    assert report["failed"] == 0
    scenarios = [case["suite"] for case in report["cases"] if case["suite"].endswith(".yaml")]
    for rules in (STARTER / "rules").glob("*.rego"):
        own = [suite for suite in scenarios if suite.endswith(f"/{rules.stem}.yaml")]
        assert len(own) >= 4, f"{rules.stem} has {len(own)} scenarios"
        assert (STARTER / "tests" / f"{rules.stem}_test.rego").exists(), rules.stem


def heads(folder):
    """What stands in the head of each package: title, description, schemas, custom."""
    command = ["opa", "inspect", "-a", "-f", "json", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment(), check=True)
    rows = json.loads(done.stdout)["annotations"]
    return {row["location"]["file"]: row["annotations"] for row in rows if row["annotations"]["scope"] == "package"}


def test_the_head_of_each_module_says_what_it_is_and_which_codes_it_has():
    said = heads(STARTER)
    readme = (STARTER / "README.md").read_text()

    for path in sorted((STARTER / "rules").glob("*.rego")):
        head = said[f"rules/{path.name}"]
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{path.stem}` |"))
        written = {code.replace("%s", "<") for code in re.findall(r'"code": (?:sprintf\()?"([^"]+)"', path.read_text())}
        codes = set(head.get("custom", {}).get("codes", {}))
        assert head["title"] and head["description"], path.name
        assert {re.sub("<.*", "<", code) for code in codes} - {"default.deny"} == written, path.name
        assert set(re.findall(r"`([a-z_]+\.[a-z_<>]+)`", row)) == codes, path.name


# ---- what scenarios bring ----

DATA = """package scimward

decision := {"effect": "allow", "reasons": [{"code": code, "message": "x"} | some code in data.access.one]} if data.kept
decision := {"effect": "deny", "reasons": [{"code": code, "message": "x"} | some code in data.access.two]} if not data.kept
"""

OF_DATA = """
given: {data: {access: {one: [of.file], two: [never]}}}
scenarios:
  - name: the file brings data
    when: {request: POST /Users, body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: a@x}}
    then: {effect: allow, reasons: [of.file]}
  - name: the scenario brings more
    given: {data: {access: {two: [of.scenario]}, kept: false}}
    when: {request: POST /Users, body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: a@x}}
    then: {effect: deny, reasons: [of.scenario]}
  - name: what the file says stays
    given: {data: {access: {two: [never]}}}
    when: {request: POST /Users, body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: a@x}}
    then: {effect: allow, reasons: [of.file]}
"""

OF_POLICY = """
scenarios:
  - name: without data it is that of the policy
    when: {request: POST /Users, body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: a@x}}
    then: {effect: allow, reasons: [of.policy]}
"""


def test_data_that_is_given_takes_the_place_of_the_policys(policy):
    folder = policy(DATA, a=OF_DATA, b=OF_POLICY)
    (folder / "data.yaml").write_text("{kept: true, access: {one: [of.policy], three: []}}\n")

    report = report_of(folder, "--coverage")

    assert (report["passed"], report["failed"]) == (4, 0), report["findings"]


def test_data_that_is_given_cannot_be_rules(policy):
    done = run(policy(DATA, a=OF_DATA.replace("access:", "scimward:")))

    assert done.returncode == 1
    assert "data.scimward is rules of the policy, not data" in done.stderr


BY = """
given: {users: {anna: {}, ben: {}}, groups: {desk: {members: [anna]}}}
scenarios:
  - name: the policy sees who acts
    when: {request: "PATCH /Users/${ben}", by: anna,
           body: {schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: [{op: add, path: title, value: x}]}}
    then: {reasons: [user.desk]}
  - name: and that nobody does
    when: {request: "DELETE /Users/${ben}"}
    then: {reasons: [source.nobody]}
"""

WHO = """package scimward

decision := {"effect": "allow", "reasons": [{"code": code, "message": input.actor.id}]} if {
	code := concat(".", [input.actor.type, concat(" ", object.get(input.actor, "groups", ["nobody"]))])
}
"""


def test_a_request_may_be_that_of_a_person(policy):
    report = report_of(policy(WHO, a=BY))
    assert (report["passed"], report["failed"]) == (2, 0), report["findings"]

    done = run(policy(WHO, a=BY.replace("by: anna", "by: bem")))
    assert done.returncode == 1
    assert "a.yaml:5:48: nobody is called 'bem'" in done.stderr
