"""`scimward policy test`: scenarios of SCIM requests, tests of Rego, coverage."""

import os
import re
import shutil
import subprocess

import pytest

from gateway import ALLOW, environment
from scenarios import JOINER, failure_of, make_policy, report_of, run, scimward


@pytest.fixture
def policy(tmp_path):
    return make_policy(tmp_path)


# ---- scenarios ----


def test_a_scenario_that_comes_out_otherwise_is_shown_with_its_place_and_the_difference(policy):
    folder = policy(
        joiners="""
scenarios:
  - name: an intern comes in
    when:
      request: POST /Users
      body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: ivy@example.com, userType: intern}
    then:
      effect: allow
      status: 201
"""
    )

    done = run(folder)

    assert done.returncode == 2, done.stderr
    assert f"{folder}/scenarios/joiners.yaml:3: an intern comes in: effect: expected allow, got deny" in done.stdout
    assert "intern.out: interns stay out" in done.stdout
    assert "effect (line 8)\n    - allow\n    + deny" in done.stdout
    assert "status (line 9)\n    - 201\n    + 403" in done.stdout
    assert "0 passed, 1 failed" in done.stdout


WRONG = {
    "effect": ("{effect: hold}", "effect: expected hold, got allow"),
    "reasons": ("{reasons: [x.y]}", 'reasons: expected ["x.y"], got []'),
    "message": ("{message: nothing}", "message: expected nothing"),
    "status": ("{status: 200}", "status: expected 200, got 201"),
    "obligations": ("{obligations: []}", "obligations: expected [], got ["),
    "apps": ("{apps: [github]}", 'apps: expected ["github"], got ["wiki"]'),
    "unchanged": ("{unchanged: true}", "unchanged: expected nothing changed, got something changed"),
    "noop": ("{noop: true}", "noop: expected no change, got a change"),
    "resource": ("{resource: {name: {givenName: Ben}}}", "resource.name: expected"),
    "absent": ("{resource: {locale: null}}", 'resource.locale: expected nothing, got "en-GB"'),
    "gone": ("{resource: null}", "resource: expected nothing, got {"),
    "reply": ("{reply: {userName: eve@example.com}}", 'reply.userName: expected "eve@example.com", got "ben@example.com"'),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_expectation_can_fail(policy, what):
    then, message = WRONG[what]
    folder = policy(joiners=JOINER.replace("{effect: allow, status: 201}", then))

    assert message in failure_of(folder)["message"]


def test_members_are_told_as_the_scenario_calls_them(policy):
    folder = policy(
        groups="""
given: {users: {anna: {}, ben: {}}, groups: {team: {members: [anna, ben]}}}
scenarios:
  - name: nobody is there
    when: {request: "GET /Groups/${team}"}
    then: {members: [ben]}
"""
    )

    assert failure_of(folder)["message"].endswith('members: expected ["ben"], got ["anna","ben"]')


def test_everything_that_came_can_be_expected(policy):
    folder = policy(
        joiners=JOINER.replace(
            "{effect: allow, status: 201}",
            """
      effect: allow
      reasons: []
      status: 201
      obligations: [{op: add, path: locale, value: en-GB}]
      apps: [wiki]
      noop: false
      unchanged: false
      resource: {userName: ben@example.com, locale: en-GB, active: true, nickName: null}
      reply: {locale: en-GB}""",
        )
    )

    assert report_of(folder)["passed"] == 1


def test_a_refusal_changes_nothing_and_that_is_looked_at_without_being_asked(policy):
    # The same operation with another answer changes something, so the look is one that can find it.
    folder = policy(
        joiners=JOINER.replace("{effect: allow, status: 201}", "{effect: deny}"),
    )
    assert "unchanged (line" in run(folder).stdout


KINDS = """
sources: {entra: {}}
given: {users: {anna: {}}}
scenarios:
  - name: an asynchronous request
    when:
      request: POST /Users
      headers: {Prefer: respond-async}
      body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: ben@example.com}
    then: {status: 202}
  - name: a bulk request
    when:
      request: POST /Bulk
      body:
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
        Operations:
          - method: POST
            path: /Users
            bulkId: a
            data: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: ben@example.com}
          - {method: DELETE, path: "/Users/${anna}"}
    then: {status: 200, reply: {Operations: [{status: "201"}, {status: "204"}]}}
  - name: lists and discovery
    when:
      - request: GET /Users?filter=userName%20sw%20%22a%22&sortBy=userName
        then: {status: 200, reply: {Resources: [{userName: anna@example.com}]}}
      - request: POST /Users/.search
        body: {schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], filter: active eq true}
        then: {status: 200, reply: {totalResults: 1}}
      - {request: GET /ServiceProviderConfig, then: {status: 200}}
      - {request: OPTIONS /Users, then: {status: 204}}
      - {request: HEAD /Users, then: {status: 200}}
      - {request: GET /livez, then: {status: 404}}
      - {request: GET /t/nobody/scim/v2/Users, then: {status: 404}}
"""


def test_every_kind_of_request_goes_through(policy):
    assert report_of(policy(kinds=KINDS))["failed"] == 0


def test_scenarios_do_not_see_each_other(policy):
    again = JOINER.replace("\nscenarios:", "").replace("a joiner comes in", "the same joiner comes in")
    folder = policy(joiners=JOINER + again, others=JOINER)

    assert report_of(folder)["passed"] == 3


def test_chosen_ids_may_come_again_in_the_next_scenario(policy):
    one = """
  - name: {name}
    given: {{users: {{anna: {{id: 0192f0c1-7a62-7e6a-ae21-ed9a05430fd1, externalId: a1}}}}}}
    when: {{request: GET /Users/0192f0c1-7a62-7e6a-ae21-ed9a05430fd1}}
    then: {{status: 200, reply: {{userName: anna@example.com, externalId: a1}}}}
"""
    folder = policy(ids="scenarios:\n" + one.format(name="first") + one.format(name="second"))

    assert report_of(folder)["passed"] == 2


def test_a_dialect_is_that_of_the_source(policy):
    text = """
sources:
  entra: {}
  plain: {dialect: standard}
given: {users: {anna: {}}}
scenarios:
  - name: entra
    when:
      source: entra
      request: PATCH /Users/${anna}
      body: '{"Operations": [{"op": "Replace", "path": "active", "value": "False"}],
              "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}'
    then: {effect: allow, resource: {active: false}}
  - name: standard
    when:
      source: plain
      request: PATCH /Users/${anna}
      body: '{"Operations": [{"op": "Replace", "path": "active", "value": "False"}],
              "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}'
    then: {status: 400, unchanged: true}
"""
    assert report_of(policy(dialects=text))["failed"] == 0


def test_time_source_and_rails_are_what_is_given(policy):
    rego = """package scimward

decision := {"effect": "deny", "reasons": [{"code": "seen", "message": sprintf("%s %s %s %s %d %d %d %s", [
	input.time, input.source.name, input.source.kind, input.mode,
	input.rate.deactivations.recent, input.rate.deactivations.population, input.rate.removals.recent, input.tenant,
])}]}
"""
    text = """
sources: {workday: {kind: hr}}
given: {time: 2030-02-03T04:05:06Z, tenant: acme, crowd: 3, recent: {deactivations: 7, removals: 9}, users: {anna: {}}}
scenarios:
  - name: seen
    when:
      - request: DELETE /Users/${anna}
        then: {message: "2030-02-03T04:05:06.000000Z workday hr test 7 4 9 acme"}
      - after: 30m
        request: DELETE /Users/${anna}
        then: {message: "2030-02-03T04:35:06.000000Z workday hr test 7 4 9 acme"}
      - after: 1h
        request: DELETE /Users/${anna}
        then: {message: "2030-02-03T05:35:06.000000Z workday hr test 0 4 0 acme"}
"""
    assert report_of(policy(rego, seen=text))["failed"] == 0


def test_what_cannot_be_given_is_told(policy):
    folder = policy(
        given="""
given: {users: {anna: {}, again: {userName: ANNA@example.com}}}
scenarios:
  - name: two of one name
    when: {request: "DELETE /Users/${anna}"}
    then: {effect: allow}
"""
    )

    assert "given.users.again: 409 userName is already taken" in failure_of(folder)["message"]


def test_a_policy_without_an_answer_is_told_with_its_reason(policy):
    folder = policy(
        rego="""package scimward

decision := {"effect": "allow"} if {
	input.after.userName != "trial"
	time.parse_rfc3339_ns(input.after.userName) > 0
}

decision := {"effect": "allow"} if input.after.userName == "trial"
""",
        joiners=JOINER,
    )

    finding = failure_of(folder)

    assert "effect: expected allow, got error" in finding["message"]
    assert "time.parse_rfc3339_ns" in finding["message"]


# ---- files that say what is none ----

BAD = {
    "unknown key": ("scenarios: []\nsource: {}\n", 'joiners.yaml:2:1: unknown key \'source\''),
    "misspelt": (JOINER.replace("effect:", "efect:"), "unknown key 'efect'"),
    "no expectation": (JOINER[: JOINER.index("    then:")], "it expects nothing, so it cannot fail"),
    "no request": (JOINER.replace("request: POST /Users", "after: 1s"), "there is no request in it"),
    "unknown name": (JOINER.replace("POST /Users", "PATCH /Users/${nobody}"), "nobody is called 'nobody'"),
    "unknown source": (JOINER.replace("      request:", "      source: okta\n      request:"), "there is no source 'okta'"),
    "effect": (JOINER.replace("effect: allow", "effect: alow"), "'alow' is no effect"),
    "two of a name": (JOINER + JOINER.replace("\nscenarios:", ""), "a scenario of this name stands in the file already"),
    "token": (JOINER.replace("      body:", "      headers: {Authorization: Bearer x}\n      body:"), "Authorization is set by itself"),
    "no YAML": ("scenarios: [", "joiners.yaml:"),
    "alias": ("scenarios: &x []\n", "anchors are not supported"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_none_is_an_error_of_input_with_its_place(policy, what):
    text, message = BAD[what]

    done = run(policy(joiners=text))

    assert done.returncode == 1, done.stdout
    assert message in done.stderr
    assert re.search(r"joiners\.yaml:\d+:\d+", done.stderr), done.stderr


def test_everything_that_is_wrong_with_a_file_is_told_at_once(policy):
    done = run(policy(joiners=JOINER.replace("effect: allow", "efect: allow, stauts: 3")))

    assert "did you mean 'effect'?" in done.stderr and "did you mean 'status'?" in done.stderr


def test_nothing_to_run_is_an_error(policy):
    folder = policy(joiners=JOINER)
    shutil.rmtree(folder / "scenarios")

    assert run(folder).returncode == 1
    folder = policy(joiners=JOINER)
    assert run(folder, "--run", "no such name").returncode == 1
    assert run(folder, "--run", "joiner comes").returncode == 0
    assert run(folder, "--run", "(").returncode == 1


# ---- tests of Rego ----


def test_a_rego_test_that_fails_is_exit_code_2_with_its_place(policy):
    folder = policy(joiners=JOINER)
    (folder / "x_test.rego").write_text("package x_test\n\ntest_good if true\n\ntest_bad if 1 == 2\n\ntodo_test_later if false\n")

    done = run(folder)

    assert done.returncode == 2
    assert f"{folder}/x_test.rego:5: x_test.test_bad: it is not true [test-failed]" in done.stdout
    assert "2 passed, 1 failed, 1 skipped" in done.stdout


def test_without_opa_it_says_so(policy, tmp_path):
    done = run(policy(joiners=JOINER), PATH=str(tmp_path))

    assert done.returncode == 1
    assert "opa is not to be found" in done.stderr


# ---- coverage ----


def test_lines_that_nothing_runs_are_told_and_a_threshold_makes_it_an_error(policy):
    folder = policy(joiners=JOINER)

    below = run(folder, "--threshold", "90")
    above = run(folder, "--coverage", "--threshold", "10")

    assert below.returncode == 2 and above.returncode == 0, below.stderr + above.stderr
    assert re.search(r"policy\.rego +\d+ +\d+ +\d+\.\d ", below.stdout)
    assert "below 90.0 %" in below.stdout and "at least 10.0 %" in above.stdout
    [file] = report_of(folder, "--coverage")["coverage"]["files"]
    assert 3 in file["missed_lines"]  # looked at and never true: nothing shows that the intern stays out
    assert 5 not in file["missed_lines"]
    assert file["file"] == f"{folder}/policy.rego"


def test_scenarios_and_tests_cover_together(policy):
    rego = "package scimward\n\ndecision := {\"effect\": \"allow\"} if input.operation == \"create\"\n\nonly_tests if {\n\tinput.id == \"x\"\n}\n"
    folder = policy(rego, joiners=JOINER)

    [alone] = report_of(folder, "--coverage")["coverage"]["files"]
    (folder / "x_test.rego").write_text(
        "package x_test\n\nimport data.scimward\n\ntest_x if scimward.only_tests with input as {\"id\": \"x\"}\n"
    )
    [both] = report_of(folder, "--coverage")["coverage"]["files"]

    assert alone["missed_lines"] == [5, 6]
    assert both["missed_lines"] == []


# ---- with a configuration ----


def test_sources_and_apps_of_the_configuration_are_known(policy, tmp_path):
    folder = policy(
        joiners="""
scenarios:
  - name: who the configuration names
    when:
      source: feed
      request: POST /Users
      body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: ben@example.com}
    then: {effect: allow, apps: [wiki]}
"""
    )
    config = tmp_path / "scimward.yaml"
    config.write_text(
        f"""
journal: {{origin: example.com/journal}}
policy: {{directory: {folder}}}
sources: [{{name: feed, kind: hr, dialect: okta}}]
apps: [{{name: wiki, url: "https://wiki.example.com/scim/v2"}}]
"""
    )

    assert scimward("policy", "test", "-c", config).returncode == 0
    assert run(folder).returncode == 1
    assert run(folder, "-c", config).returncode == 0


def test_a_bundle_is_tested_with_scenarios_that_stand_elsewhere(policy, tmp_path):
    folder = policy(joiners=JOINER)
    bundle = tmp_path / "bundle.tar.gz"
    subprocess.run(
        ["opa", "build", "-b", "-t", "plan", "-e", "scimward/decision", "-o", bundle, folder], check=True, env=environment()
    )

    done = run(bundle, "--scenarios", folder / "scenarios", "-v")

    assert done.returncode == 0, done.stderr
    assert "1 passed" in done.stdout


def test_scenarios_are_no_data_of_the_policy(policy):
    folder = policy(ALLOW, a=JOINER, b=JOINER)
    done = scimward("policy", "check", folder)

    assert done.returncode == 0, done.stderr


def test_nothing_is_left_behind(policy, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    assert run(policy(joiners=JOINER), TMPDIR=str(scratch)).returncode == 0

    assert os.listdir(scratch) == []
