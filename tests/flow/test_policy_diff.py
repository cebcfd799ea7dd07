"""What is different between two policies."""

import pytest
from policies import build_bundle, reload, write_files

from gateway import Gateway

DECISION = 'package scimward\n\ndecision := {"effect": "allow", "reasons": data.scimward.rules.people.allow}\n'

PEOPLE = """package scimward.rules.people

allow contains {"code": "fine", "message": "fine"} if not is_intern

is_intern if input.after.title == "intern"
"""

DATA = {
    "access": {
        "levels": {"people": "observe", "groups": "soft"},
        "domains": ["example.com", "example.org"],
        "a/b~c": {"n": 1, "same": [1, {"x": 2}]},
    }
}

CHANGED_DATA = {
    "access": {
        "levels": {"people": "hard", "groups": "soft", "apps": "observe"},
        "domains": ["example.org", "example.net"],
        "a/b~c": {"n": 2, "same": [1, {"x": 2}]},
        "more": {"deep": None},
    }
}

CHANGED_PEOPLE = PEOPLE.replace("is_intern", "is_student").replace('"intern"', '"student"')


def files(people=PEOPLE, data=None, **more):
    return {"lib/decision.rego": DECISION, "rules/people.rego": people, "data.json": data or DATA} | more


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """Two revisions decided here, the second one does."""
    folder = tmp_path_factory.mktemp("diff")
    policy = write_files(folder / "policy", files())
    with Gateway(folder / "gateway", policy=policy) as it:
        it.write_policy(write_files(folder / "other", files(CHANGED_PEOPLE, CHANGED_DATA)))
        reload(it)
        it.folder_before = policy
        yield it


def revisions(gateway):
    """Digests, the newest first."""
    return [row["digest"] for row in gateway.cli_json("policy", "revisions")["revisions"]]


def diff(gateway, *options, code=0):
    return gateway.cli_json("policy", "diff", *options, code=code)["diff"]


def test_rules_levels_data_and_modules_that_changed_are_told(gateway):
    new, old = revisions(gateway)

    found = diff(gateway, old[:10], new)

    assert not found["same"] and found["before"]["digest"] == old and found["after"]["digest"] == new
    assert found["rules"] == {
        "added": ["data.scimward.rules.people.is_student"],
        "removed": ["data.scimward.rules.people.is_intern"],
    }
    assert found["levels"] == [
        {"package": "people", "before": "observe", "after": "hard"},
        {"package": "apps", "before": "hard", "after": "observe"},
    ]
    assert {(row["path"], row["before"], row["after"]) for row in found["data"]} == {
        ("/access/a~1b~0c/n", "1", "2"),
        ("/access/domains/0", '"example.com"', None),
        ("/access/domains/1", None, '"example.net"'),
        ("/access/levels/apps", None, '"observe"'),
        ("/access/levels/people", '"observe"', '"hard"'),
        ("/access/more", None, '{"deep":null}'),
    }
    (module,) = found["modules"]
    assert module["file"] == "rules/people.rego" and module["change"] == "changed"
    assert module["diff"] == (
        "--- rules/people.rego\n+++ rules/people.rego\n@@ -1,5 +1,5 @@\n package scimward.rules.people\n \n"
        '-allow contains {"code": "fine", "message": "fine"} if not is_intern\n'
        '+allow contains {"code": "fine", "message": "fine"} if not is_student\n \n'
        '-is_intern if input.after.title == "intern"\n+is_student if input.after.title == "student"\n'
    )


def test_the_other_way_round_is_the_other_way_round(gateway):
    new, old = revisions(gateway)

    there = diff(gateway, old, new)
    back = diff(gateway, new, old)

    assert back["rules"] == {"added": there["rules"]["removed"], "removed": there["rules"]["added"]}
    assert {(r["path"], r["before"], r["after"]) for r in back["data"]} == {
        (r["path"], r["after"], r["before"]) for r in there["data"]
    }


def test_live_folders_and_bundles_are_named_like_revisions(gateway, tmp_path):
    new, old = revisions(gateway)
    bundle = build_bundle(tmp_path / "b.tar.gz", files(CHANGED_PEOPLE, CHANGED_DATA))

    assert diff(gateway, "live", new)["same"]
    assert diff(gateway, str(gateway.folder_before), old)["same"]
    assert not diff(gateway, str(gateway.folder_before), "live")["same"]
    compiled = diff(gateway, str(bundle), "live")
    assert compiled["rules"] == {"added": [], "removed": []} and compiled["data"] == []


def test_files_that_came_and_went(gateway, tmp_path):
    extra = "package scimward.rules.groups\n\ndeny contains 1 if input.operation == \"x\"\n"
    policy = write_files(tmp_path / "policy", files(**{"rules/groups.rego": extra}))

    found = diff(gateway, str(gateway.folder_before), str(policy))
    back = diff(gateway, str(policy), str(gateway.folder_before))

    assert [(m["file"], m["change"]) for m in found["modules"]] == [("rules/groups.rego", "added")]
    assert found["modules"][0]["diff"].startswith("--- /dev/null\n+++ rules/groups.rego\n@@ -0,0 +1,3 @@\n+package")
    assert found["rules"]["added"] == ["data.scimward.rules.groups.deny"]
    assert [(m["file"], m["change"]) for m in back["modules"]] == [("rules/groups.rego", "removed")]


def test_the_exit_code_tells_when_it_is_asked_to(gateway):
    new, old = revisions(gateway)

    for arguments, code in (((old, new), 0), ((old, new, "--exit-code"), 2), ((new, new, "--exit-code"), 0)):
        assert gateway.cli("policy", "diff", *arguments, code=None).returncode == code, arguments


def test_the_table_and_the_comment(gateway):
    new, old = revisions(gateway)

    table = gateway.cli("policy", "diff", old, new)
    comment = gateway.cli("policy", "diff", old, new, "--format", "markdown")

    assert "\nlevels\n  people: observe → hard\n" in table
    assert "  + data.scimward.rules.people.is_student\n" in table
    assert '  - /access/domains/0: "example.com"\n' in table
    assert '-is_intern if input.after.title == "intern"\n' in table
    assert comment.startswith("<!-- scimward:report -->\n## scimward policy diff\n") and len(comment) <= 65536
    assert "| /access/a\\~1b\\~0c/n | 1 | 2 |" in comment
    assert '\n    -is_intern if input.after.title == "intern"\n' in comment
    assert "no differences" in gateway.cli("policy", "diff", "live", "live")


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["live"], 64, "is missing"),
        (["live", "nowhere/policy"], 1, "there is no folder and no bundle nowhere/policy"),
        (["live", "ffffffffffffffff"], 1, "the archive has no policy ffffffffffffffff"),
        (["live", "HEAD"], 1, "is no revision"),
        (["live", "live", "--format", "xml"], 64, "there is no format 'xml'"),
    ],
)
def test_what_is_wrong_is_said(gateway, arguments, code, words):
    result = gateway.cli("policy", "diff", *arguments, code=None)

    assert result.returncode == code, result
    assert words in result.stderr, result.stderr
