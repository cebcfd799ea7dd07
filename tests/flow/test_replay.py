"""Decisions of the journal, decided again by another policy: what would change?"""

import json
import re
from datetime import datetime, timezone

import pytest
from policies import build_bundle, replay, write_files

from gateway import USER, Gateway

JOIN = """package scimward

denied := data.scimward.rules.deny

held := data.scimward.rules.hold

decision := {"effect": "deny", "reasons": denied} if count(denied) > 0

decision := {"effect": "hold", "reasons": held, "approval": {"groups": ["security"], "min": 1, "expires_s": 60}} if {
	count(denied) == 0
	count(held) > 0
}

decision := {"effect": "allow", "reasons": data.scimward.rules.allow, "apps": data.access.apps} if {
	count(denied) == 0
	count(held) == 0
}
"""

RULES = """package scimward.rules

deny contains {"code": "name.root", "message": "nobody is called root"} if {
	startswith(input.after.userName, "root")
}

deny contains {"code": "title.taken", "message": "that title is taken"} if {
	input.after.title in data.access.taken
}

hold contains {"code": "title.chief", "message": "somebody must agree"} if input.after.title == "chief"

allow contains {"code": "fine", "message": "fine"}
"""

DATA = {"access": {"apps": ["wiki"], "taken": ["king"]}}


def policy_files(rules=RULES, data=None):
    return {"decision.rego": JOIN, "rules/people.rego": rules, "data.json": data or DATA}


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """60 people, of whom some are kings and interns, and a group that changed."""
    folder = tmp_path_factory.mktemp("busy")
    policy = write_files(folder / "policy", policy_files())
    titles = {7: "king", 11: "intern", 12: "chief", 20: "intern", 33: "intern", 40: "king"}
    with Gateway(folder / "gateway", policy=policy) as gateway:
        ids = []
        for number in range(60):
            body = {"schemas": [USER], "userName": f"p{number}@example.com"}
            body |= {"title": titles[number]} if number in titles else {}
            answer = gateway.post("/Users", body)
            ids.append(answer.json.get("id"))
        gateway.group("staff", [key for key in ids if key][:5])
        gateway.patch(f"/Users/{ids[0]}", {"op": "add", "path": "displayName", "value": "P"})
        yield gateway


BUSY = 62  # decisions
NO_INTERNS = 'deny contains {"code": "no.interns", "message": "no | <b>interns</b> @all"} if {'
INTERNS = RULES.replace(
    "hold contains",
    "# What a line above does to those below is nothing.\n\n"
    + NO_INTERNS
    + '\n\tinput.after.title == "intern"\n}\n\nhold contains',
)


def candidate(folder, **options):
    return str(write_files(folder / "candidate", policy_files(**options)))


def test_a_candidate_that_changes_three_decisions_shows_exactly_these(busy, tmp_path):
    policy = candidate(tmp_path, rules=INTERNS)

    found = replay(busy, "--against", policy)

    assert [found["decisions"], found["replayed"], found["changed"], found["newly_denied"]] == [BUSY, BUSY, 3, 3]
    assert found["kinds"] == {"allow → deny": 3, "same": BUSY - 3}
    assert [d["name"] for d in found["differences"]] == ["p11@example.com", "p20@example.com", "p33@example.com"]
    first = found["differences"][0]
    assert first["before"] == {"effect": "allow", "reasons": [{"code": "fine", "message": "fine"}]}
    assert first["now"]["effect"] == "deny" and first["now"]["reasons"][0]["code"] == "no.interns"
    assert first["index"] == busy.journal('subject.userName eq "p11@example.com"')[0]["index"]
    line = INTERNS.split("\n").index(NO_INTERNS) + 1
    (rule,) = first["rules"]
    assert rule["file"] == f"{policy}/rules/people.rego" and rule["line"] == line
    assert rule["rule"] == "data.scimward.rules.deny" and rule["now"] is True
    assert found["rules"] == [{"rule": f"{policy}/rules/people.rego:{line} deny is true now", "decisions": 3}]
    assert found["people"]["count"] == 3 and found["groups"]["count"] == 0
    assert not found["alarm"] and found["exceeded"] is None


def test_the_policy_in_force_changes_nothing_whatever_it_is_called(busy, tmp_path):
    digest = busy.cli_json("policy", "revisions")["revisions"][0]["digest"]
    bundle = build_bundle(tmp_path / "same.tar.gz", policy_files())
    for name in (candidate(tmp_path), "live", digest, digest[:12], str(bundle), "recorded"):
        found = replay(busy, "--against", name)
        assert [found["replayed"], found["changed"]] == [BUSY, 0], (name, found["differences"])


def test_each_kind_of_change_is_told_as_what_it_is(busy, tmp_path):
    kings = RULES.replace('in data.access.taken', 'in ["chief"]')
    found = replay(busy, "--against", candidate(tmp_path, rules=kings))
    assert found["kinds"] == {"deny → allow": 2, "hold → deny": 1, "same": BUSY - 3}
    assert found["newly_denied"] == 0, "what waited was not allowed"
    gone = {rule["rule"].rsplit(":", 1)[1] for rule in found["rules"]}
    assert any(rule.endswith("deny is true no more") for rule in gone), gone

    other_apps = DATA | {"access": DATA["access"] | {"apps": ["wiki", "shop"]}}
    found = replay(busy, "--against", candidate(tmp_path / "apps", data=other_apps))
    assert found["kinds"]["other apps"] == found["changed"] == BUSY - 3
    assert found["differences"][0]["kind"] == "allow: other apps"
    assert json.loads(found["differences"][0]["now"]["answer"]) == ["wiki", "shop"]

    words = RULES.replace("that title is taken", "somebody has it")
    found = replay(busy, "--against", candidate(tmp_path / "words", rules=words))
    assert found["kinds"] == {"other reasons": 2, "same": BUSY - 2}

    for path, kind in (("nickName", "other obligations"), ("userName", "allow → error")):
        obligation = '"obligations": [{"op": "replace", "path": "%s", "value": "x"}]' % path
        files = policy_files() | {"decision.rego": JOIN.replace('"apps": data.access.apps', obligation)}
        found = replay(busy, "--against", str(write_files(tmp_path / path, files)))
        assert found["kinds"][kind] > 50, found["kinds"]
        assert found["newly_denied"] == (BUSY - 3 if "error" in kind else 1), "a group has no nickName"


def test_a_candidate_knows_that_it_is_replayed_and_when(busy, tmp_path):
    now = 'sprintf("%s %d", [input.mode, time.now_ns() / 1000])'
    rules = RULES + '\nallow contains {"code": "now", "message": ' + now + "}\n"

    found = replay(busy, "--against", candidate(tmp_path, rules=rules), "--last", "1")

    (difference,) = found["differences"]
    message = {r["code"]: r["message"] for r in difference["now"]["reasons"]}["now"]
    mode, now_us = message.split()
    seconds = difference["time"].rstrip("Z")
    assert mode == "replay"
    then = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc)
    assert abs(int(now_us) / 1e6 - then.timestamp()) < 1e-3


def test_only_what_was_asked_for_is_replayed(busy, tmp_path):
    policy = candidate(tmp_path, rules=INTERNS)
    entries = busy.journal('kind eq "decision"')

    def found(*options):
        return replay(busy, "--against", policy, *options)

    assert found("--last", "5")["replayed"] == 5
    assert found("--last", "1000")["replayed"] == BUSY
    assert found("--from", str(entries[10]["index"]), "--to", str(entries[19]["index"]))["decisions"] == 10
    assert found("--filter", 'input.after.title eq "intern"')["replayed"] == 3
    last = found("--filter", 'input.after.title eq "intern"', "--last", "2")
    assert [d["name"] for d in last["differences"]] == ["p20@example.com", "p33@example.com"]
    assert found("--since", "1h")["replayed"] == BUSY
    since = entries[30]["time"]
    assert found("--since", since)["differences"][-1]["name"] == "p33@example.com"
    assert found("--since", since)["replayed"] == len([e for e in entries if e["time"] >= since])
    assert found("--since", "2999-01-01")["decisions"] == 0
    assert found("--from", "100000")["decisions"] == 0


def test_limits_decide_the_exit_code(busy, tmp_path):
    policy = candidate(tmp_path, rules=INTERNS)
    for option, code in (
        ("--max-changed=3", 0),
        ("--max-changed=2", 2),
        ("--max-changed=5%", 0),
        ("--max-changed=4.8%", 2),
        ("--max-newly-denied=3", 0),
        ("--max-newly-denied=0", 2),
        ("--max-newly-denied=0%", 2),
    ):
        found = replay(busy, "--against", policy, option, code=code)
        assert (found["exceeded"] is not None) == (code == 2), (option, found["exceeded"])
    result = busy.cli("policy", "replay", "--against", policy, "--max-changed=1", "--max-newly-denied=0", code=None)
    assert result.returncode == 2
    assert "3 of 62 (4.8 %) decisions are others" in result.stderr and "newly denied" in result.stderr


def test_the_comment_for_a_pull_request(busy, tmp_path):
    policy = candidate(tmp_path, rules=INTERNS)
    file = tmp_path / "replay.md"

    options = ("--against", policy, "--format=markdown")
    out = busy.cli("policy", "replay", *options, f"--report={file}", "--max-changed=0", code=2)

    text = file.read_text()
    assert out == ""
    assert text.startswith("<!-- scimward:report -->\n## scimward policy replay\n")
    assert "**Too much changes**" in text and "| allow → deny | 3 |" in text
    assert "p11&#64;example.com" in text and "no.interns" in text
    assert "<b>" not in text and "@all" not in text and len(text) <= 65536
    assert busy.cli("policy", "replay", *options).startswith("<!-- scimward:report -->")
    fine = busy.cli("policy", "replay", "--against", "live", "--format=markdown")
    assert "**No decision changes.**" in fine


def test_the_table_for_people(busy, tmp_path):
    text = busy.cli("policy", "replay", "--against", candidate(tmp_path, rules=INTERNS))

    assert re.search(r"^changed +3 of 62 \(4\.8 %\)$", text, re.M)
    assert re.search(r"^ +3  allow → deny$", text, re.M)
    assert "rules/people.rego:13 deny is true now" in text
    assert "    - allow  fine: fine\n" in text and "    + deny  no.interns: no | <b>interns</b> @all\n" in text


@pytest.mark.parametrize(
    "options, code, words",
    [
        (["--against", "nowhere/policy"], 1, "there is no folder and no bundle nowhere/policy"),
        (["--against", "zzz"], 1, "is no revision"),
        (["--against", "0123456789abcdef"], 1, "the archive has no policy 0123456789abcdef"),
        (["--since", "yesterday"], 64, "is no time"),
        (["--since", "30x"], 64, "is no time"),
        (["--last", "0"], 64, "last"),
        (["--from", "9", "--to", "3"], 64, "--to lies before --from"),
        (["--filter", "effect eq"], 64, "--filter: "),
        (["--max-changed", "lots"], 64, "--max-changed is a number of decisions"),
        (["--max-changed", "-1"], 64, "--max-changed"),
        (["--max-newly-denied", "101%"], 64, "--max-newly-denied is a number of decisions"),
        (["--format", "junit"], 64, "there is no format 'junit'"),
        (["--report", "/nowhere/at/all"], 1, "/nowhere/at/all"),
    ],
)
def test_what_is_wrong_is_said(busy, options, code, words):
    result = busy.cli("policy", "replay", *options, code=None)

    assert result.returncode == code, result
    assert words in result.stderr, result.stderr


def test_a_candidate_that_does_not_compile_is_told_with_its_line(busy, tmp_path):
    policy = candidate(tmp_path, rules=RULES.replace("startswith(", "beginswith("))

    result = busy.cli("policy", "replay", "--against", policy, code=None)

    assert result.returncode == 1 and "rules/people.rego:4" in result.stderr, result.stderr
