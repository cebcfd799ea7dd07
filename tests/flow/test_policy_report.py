"""What pipelines read of `scimward policy test`: JUnit, SARIF, GitHub, GitLab, Markdown."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from scenarios import JOINER, make_policy, run


@pytest.fixture
def policy(tmp_path):
    return make_policy(tmp_path)


# ---- what pipelines read ----

HOSTILE = "50 % <b>&\"x\"|`: a, b\u0007"


@pytest.fixture
def failing(policy):
    """A scenario whose name is made to break formats."""
    name = json.dumps(HOSTILE)
    return policy(joiners=JOINER.replace("a joiner comes in", name).replace("status: 201", "status: 999"))


def test_junit_is_xml_of_its_shape(failing):
    done = run(failing, "--format", "junit")

    root = ElementTree.fromstring(done.stdout)
    assert root.tag == "testsuites" and root.get("failures") == "1"
    [suite] = root.findall("testsuite")
    assert suite.get("name").endswith("joiners.yaml") and suite.get("tests") == "1"
    assert suite.find("properties/property").get("name") == "policy.revision"
    [case] = suite.findall("testcase")
    assert case.get("name") == HOSTILE.replace("\u0007", "\ufffd")
    assert float(case.get("time")) >= 0 and case.get("line") == "3"
    assert "status: expected 999" in case.find("failure").get("message")


def test_sarif_has_what_the_standard_requires(failing):
    sarif = json.loads(run(failing, "--format", "sarif").stdout)

    assert sarif["version"] == "2.1.0" and sarif["$schema"].endswith("sarif-2.1.0.json")
    [one] = sarif["runs"]
    ids = {rule["id"] for rule in one["tool"]["driver"]["rules"]}
    [result] = one["results"]
    assert one["tool"]["driver"]["name"] == "scimward"
    assert result["ruleId"] in ids and result["level"] == "error" and result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("joiners.yaml") and place["region"]["startLine"] == 3
    assert re.fullmatch("[0-9a-f]{32}", result["partialFingerprints"]["scimward/v1"])


def test_github_gets_workflow_commands_that_nothing_can_end_early(failing):
    done = run("policy", "--format", "github", cwd=failing.parent)

    [line] = done.stdout.splitlines()
    assert line.startswith("::error title=scenario-failed,file=policy/scenarios/joiners.yaml,line=3::50 %25 <b>")
    assert "%0A" in line


def test_gitlab_gets_a_code_quality_report(failing):
    [issue] = json.loads(run(failing, "--format", "gitlab").stdout)

    assert issue["severity"] == "major" and issue["check_name"] == "scenario-failed"
    assert issue["location"]["lines"]["begin"] == 3 and issue["location"]["path"].endswith("joiners.yaml")
    assert issue["fingerprint"] and issue["description"]


def test_markdown_is_a_comment_that_can_be_found_again_and_holds_no_markup(failing):
    text = run(failing, "--format", "markdown").stdout

    assert text.startswith("<!-- scimward:report -->\n")
    assert "| 0 | 1 | 0 |" in text
    assert "<b>" not in text.split("    request")[0]
    assert "&lt;b\\>&amp;" in text


def test_a_comment_never_grows_beyond_what_a_forge_takes(policy):
    one = JOINER.replace("\nscenarios:", "").replace("status: 201", "status: 999")
    many = "".join(one.replace("a joiner", f"joiner {i} " + "x" * 200) for i in range(200))
    text = run(policy(joiners="scenarios:" + many), "--format", "markdown").stdout

    assert len(text) <= 65536
    assert re.search(r"… and \d+ more", text)


def test_formats_and_options_that_are_none(policy):
    folder = policy(joiners=JOINER)

    assert run(folder, "--format", "yaml").returncode == 64
    assert run(folder, "--threshold", "many").returncode == 64
    assert run(folder, "--threshold", "101").returncode == 64
    assert run(folder / "nowhere").returncode == 1
