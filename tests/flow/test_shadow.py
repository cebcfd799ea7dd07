"""policy.shadow: a candidate is asked beside the policy in force. Differences are told once, and nothing else happens."""

import json
import subprocess

import pytest
from decisions import make_bundle, whole_entry
from policies import Repository, code_of, reload, rule, write_files

from gateway import PROGRAM, USER, environment, wait_until

# What is decided hangs on the title of a person. In force: "old" is refused, everything else is fine.
LIVE = """package scimward

decision := {"effect": "deny", "reasons": [{"code": "old.title", "message": "as ever"}]} if input.after.title == "old"

decision := {"effect": "allow", "reasons": []} if not input.after.title == "old"
"""

CANDIDATE = """package scimward

title := object.get(input, ["after", "title"], "")

allowed := {"effect": "allow", "reasons": []}

decision := {"effect": "deny", "reasons": [{"code": "new.title", "message": "from now on"}]} if title == "denied"

decision := {
	"effect": "hold",
	"reasons": [{"code": "new.hold", "message": "somebody looks at it"}],
	"approval": {"groups": [], "min": 1, "expires_s": 60},
} if title == "held"

decision := {"effect": "deny", "reasons": [{"code": sprintf("mode.%s", [input.mode]), "message": "m"}]} if title == "mode"

decision := object.union(allowed, {"obligations": [{"op": "add", "path": "locale", "value": "en-GB"}]}) if title == "obliged"

decision := object.union(allowed, {"obligations": [{"op": "add", "path": "userName", "value": "x"}]}) if title == "forbidden"

decision := object.union(allowed, {"apps": []}) if title == "apps"

decision := {"effect": "allow", "reasons": [{"code": "new.reason", "message": "fine"}]} if title == "reasons"

decision := object.union(allowed, {"observed": [{"code": "new.watch", "message": "w"}]}) if title == "watched"

decision := allowed if {
	title in {"", "old", "same", "left", "outsider"}
	not has_outsider
}

decision := {"effect": "deny", "reasons": [{"code": "new.member", "message": "no such member"}]} if has_outsider

has_outsider if {
	some member in input.members.added
	member.user.title == "outsider"
}
"""

# Held even where nobody may be: a leaver.
HOLDS_LEAVERS = """package scimward

decision := {
	"effect": "hold",
	"reasons": [{"code": "hold.all", "message": "h"}],
	"approval": {"groups": [], "min": 1, "expires_s": 60},
} if input.operation == "patch"

decision := {"effect": "allow", "reasons": []} if input.operation != "patch"
"""

ENDLESS = """package scimward

sorely if startswith(input.after.userName, "slow")

many := numbers.range(1, 10000)

decision := {"effect": "allow", "reasons": []} if not sorely

decision := {"effect": "allow", "reasons": []} if {
	sorely
	count([1 | some i in many; some j in many; i == j + 20000]) == 0
}
"""


def with_candidate(make_gateway, candidate=CANDIDATE, live=LIVE, start=True, shadow=None, **config):
    """A gateway with a folder of a candidate beside that of its policy."""
    policy = {"shadow": {"directory": "candidate"} | (shadow or {})}
    gateway = make_gateway(start=False, policy=live, **config)
    write_files(gateway.folder / "candidate", {"policy.rego": candidate})
    document = json.loads(gateway.config_path.read_text())
    document["policy"] |= policy
    gateway.config_path.write_text(json.dumps(document, indent=1))
    if start:
        gateway.start()
        gateway.wait_for("shadow_loaded")
    return gateway


def create(gateway, name, title, **more):
    body = {"schemas": [USER], "userName": f"{name}@example.com", "title": title}
    return gateway.post("/Users", body, **more)


def shadow(gateway, *arguments, code=0):
    return gateway.cli_json("policy", "shadow", *arguments, code=code)["shadow"]


def wait_asked(gateway, count):
    """Until the candidate was asked about so many, and what it said is written down."""

    def is_done():
        said = shadow(gateway, code=(0, 2))
        written = said["journaled"] + said["notJournaled"] == said["different"]
        return said if said["asked"] >= count and written else None

    return wait_until(is_done, f"the candidate was asked {count} times")


def differences(gateway):
    return gateway.journal('kind eq "shadow"')


# ---- differences ----

CHANGES = {
    "denied": ("allow", "deny", "effect", ["new.title"]),
    "held": ("allow", "hold", "effect", ["new.hold"]),
    "old": ("deny", "allow", "effect", []),
    "undefined": ("allow", "error", "effect", ["policy.undefined"]),
    "forbidden": ("allow", "error", "effect", ["policy.invalid"]),
    "mode": ("allow", "deny", "effect", ["mode.shadow"]),
    "obliged": ("allow", "allow", "obligations", []),
    "apps": ("allow", "allow", "apps", []),
    "reasons": ("allow", "allow", "reasons", ["new.reason"]),
    "watched": ("allow", "allow", "answer", []),
}


def test_each_kind_of_difference_is_told_once_and_points_to_the_decision(make_gateway):
    gateway = with_candidate(make_gateway, shadow={"journal_per_s": 1000})
    answers = {title: create(gateway, title, title) for title in CHANGES}
    create(gateway, "same", "same")

    said = wait_asked(gateway, len(CHANGES) + 1)

    rows = {row["decision"]: row for row in differences(gateway)}
    assert len(rows) == len(differences(gateway)) == len(CHANGES)
    revision = said["candidate"]["revision"]
    for title, (live, candidate, what, codes) in CHANGES.items():
        index = answers[title].journal_index
        row = rows[index]
        decision = whole_entry(gateway, index)["entry"]
        assert (row["detail"]["live"]["effect"], row["effect"], row["outcome"]) == (live, candidate, what), title
        assert row.get("reasons", []) == codes
        assert row["revision"] == revision != decision["revision"]
        assert row["detail"]["live"]["revision"] == decision["revision"]
        assert row["detail"]["live"]["reasons"] == decision.get("reasons", [])
        assert decision["effect"] == live
        for same in ("operation", "resource", "source", "tenant", "subject"):
            assert row[same] == decision[same]
    assert "new.reason" not in answers["reasons"].body.decode()
    assert rows[answers["denied"].journal_index]["output"]["reasons"][0]["message"] == "from now on"
    assert "userName" in rows[answers["forbidden"].journal_index]["detail"]["error"]


def test_counts_newest_and_metrics_tell_the_same(make_gateway):
    gateway = with_candidate(make_gateway)
    titles = ["denied", "denied", "old", "obliged", "same"]
    answers = [create(gateway, f"p{number}", title) for number, title in enumerate(titles)]

    said = wait_asked(gateway, 5)

    assert said["asked"] == 5 and said["different"] == 4 and said["passedOver"] == said["unreadable"] == 0
    assert {(row["from"], row["to"]): row["count"] for row in said["effects"]} == {
        ("allow", "deny"): 2,
        ("deny", "allow"): 1,
    }
    assert {what: count for what, count in said["differences"].items() if count} == {"effect": 3, "obligations": 1}
    newest = [(row["what"], row["live"]["effect"], row["candidate"]) for row in said["newest"]]
    assert newest[0] == ("obligations", "allow", {"effect": "allow", "reasons": ""})
    assert newest[1] == ("effect", "deny", {"effect": "allow", "reasons": ""})
    assert newest[2] == newest[3] == ("effect", "allow", {"effect": "deny", "reasons": "new.title"})
    assert said["newest"][0]["decision"] == answers[3].journal_index
    assert len(shadow(gateway, "-n", "2")["newest"]) == 2
    metrics = gateway.metrics()
    assert metrics['scimward_policy_shadow_diffs_total{from="allow",to="deny",what="effect"}'] == 2
    assert metrics['scimward_policy_shadow_diffs_total{what="obligations"}'] == 1
    assert metrics["scimward_policy_shadow_evaluations_total"] == 5
    assert metrics[f'scimward_policy_shadow_info{{revision="{said["candidate"]["revision"]}"}}'] == 1
    text = gateway.cli("policy", "shadow")
    assert "5 operations; 4 would have been decided otherwise" in text
    assert "allow → deny" in text and "other obligations" in text and "deny (new.title)" in text
    assert "would have decided 4 of 5 operations otherwise" in gateway.cli("status")


def test_an_entry_is_shown_with_what_was_in_force(make_gateway):
    gateway = with_candidate(make_gateway)
    answer = create(gateway, "shown", "denied")
    wait_asked(gateway, 1)

    [row] = differences(gateway)
    shown = gateway.cli("journal", "show", str(row["index"]))
    tail = gateway.cli("journal", "tail", "--filter", 'kind eq "shadow" and effect eq "deny"')

    assert f"decision   {answer.journal_index}\n" in shown and "in force   allow by " in shown
    assert "new.title  from now on" in shown
    assert "shown@example.com" in tail and f"of {answer.journal_index}" in tail
    assert gateway.get(f"/Events/{row['index']}").status == 404


def test_same_answers_journal_nothing(make_gateway):
    gateway = with_candidate(make_gateway, candidate=LIVE)
    for number in range(20):
        create(gateway, f"p{number}", "old" if number % 2 else "same")

    said = wait_asked(gateway, 20)

    assert said["asked"] == 20 and said["different"] == 0 and said["newest"] == []
    assert differences(gateway) == []


def test_nothing_changes_but_what_is_told(make_gateway):
    gateway = with_candidate(make_gateway)

    obliged = create(gateway, "obliged", "obliged")
    denied = create(gateway, "denied", "denied")
    wait_asked(gateway, 2)

    assert obliged.status == denied.status == 201
    assert "locale" not in gateway.get(f"/Users/{obliged.json['id']}").json


def test_a_leaver_whom_the_candidate_would_hold_is_no_difference_of_effect(make_gateway):
    gateway = with_candidate(make_gateway, candidate=HOLDS_LEAVERS)
    person = create(gateway, "leaver", "same").json
    path = f"/Users/{person['id']}"

    gateway.patch(path, {"op": "replace", "path": "active", "value": False})
    gateway.patch(path, {"op": "replace", "path": "title", "value": "left"})

    said = wait_asked(gateway, 3)
    assert {(row["from"], row["to"]): row["count"] for row in said["effects"]} == {("allow", "hold"): 1}
    [left, gone] = said["newest"]
    assert left["what"] == "effect" and gone["candidate"] == {"effect": "allow", "reasons": "leaver.not_held"}


# ---- every kind of write ----


def test_operations_of_a_bulk_request_are_asked_about_one_by_one(make_gateway):
    gateway = with_candidate(make_gateway)
    operations = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": title,
            "data": {"schemas": [USER], "userName": title, "title": title},
        }
        for title in ("denied", "same", "held")
    ]
    schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    assert gateway.post("/Bulk", {"schemas": schemas, "Operations": operations}).status == 200

    said = wait_asked(gateway, 3)

    assert said["asked"] == 3
    assert sorted(row["subject"]["userName"] for row in differences(gateway)) == ["denied", "held"]


def test_a_group_of_several_slices_is_asked_about_as_a_whole(make_gateway):
    gateway = with_candidate(make_gateway, live='package scimward\n\ndecision := {"effect": "allow", "reasons": []}\n')
    people = [create(gateway, f"p{number}", "same").json["id"] for number in range(501)]
    people.append(create(gateway, "outsider", "outsider").json["id"])
    group = gateway.group("sliced")
    wait_asked(gateway, 503)

    change = {"op": "add", "path": "members", "value": [{"value": person} for person in people]}
    answer = gateway.patch(f"/Groups/{group['id']}", change)

    assert answer.status in (200, 204), answer
    said = wait_asked(gateway, 504)
    assert said["unreadable"] == 0
    [row] = [row for row in differences(gateway) if row["decision"] == answer.journal_index]
    assert (row["effect"], row["reasons"]) == ("deny", ["new.member"])
    assert said["different"] == 1


# ---- a candidate that is no good ----


def test_a_broken_candidate_is_visible_and_harmless(make_gateway):
    gateway = with_candidate(make_gateway, candidate="package scimward\n\ndecision := nobody\n", start=False)
    gateway.start()
    failed = gateway.wait_for("shadow_reload_failed")

    assert failed["step"] == "check"
    assert create(gateway, "somebody", "same").status == 201
    said = shadow(gateway, code=2)
    assert said["candidate"]["failing"] and said["candidate"]["refused"]["step"] == "check" and said["asked"] == 0
    assert "policy.rego:3" in gateway.cli("policy", "shadow", code=2)
    assert gateway.cli_json("policy", "status")["policy"]["failing"] is False
    assert "no candidate yet" in gateway.cli("status")  # exit code 0: nobody has to get up
    [refused] = gateway.journal('kind eq "policy" and outcome eq "refused"')
    assert refused["operation"] == "shadow" and refused["detail"]["step"] == "check"
    metrics = gateway.metrics()
    assert metrics["scimward_policy_shadow_refused"] == 1 and metrics["scimward_policy_refused"] == 0
    assert metrics["scimward_policy_load_failures_total"] == 0


def test_a_candidate_that_does_not_pass_leaves_the_one_before(make_gateway):
    gateway = with_candidate(make_gateway)
    create(gateway, "first", "denied")
    before = wait_asked(gateway, 1)

    write_files(gateway.folder / "candidate", {"policy.rego": "package scimward\n\ndecision := nobody\n"})
    assert reload(gateway)["failing"] is False
    wait_until(lambda: shadow(gateway, code=(0, 2))["candidate"]["failing"], "the candidate was refused")
    create(gateway, "second", "denied")

    after = wait_asked(gateway, 2)
    assert after["candidate"]["revision"] == before["candidate"]["revision"] and after["different"] == 2


def test_counts_are_those_of_the_candidate_of_now(make_gateway):
    gateway = with_candidate(make_gateway)
    create(gateway, "first", "denied")
    before = wait_asked(gateway, 1)

    write_files(gateway.folder / "candidate", {"policy.rego": LIVE})
    reload(gateway)
    revision = before["candidate"]["revision"]
    wait_until(lambda: shadow(gateway)["candidate"]["revision"] != revision, "the next candidate")
    assert create(gateway, "second", "same").status == 201

    after = wait_asked(gateway, 1)
    assert after["asked"] == 1 and after["different"] == 0 and after["newest"] == []
    assert gateway.metrics()["scimward_policy_shadow_evaluations_total"] == 2
    took_over = gateway.journal('kind eq "policy" and operation eq "shadow"')
    assert [row["outcome"] for row in took_over] == ["activated", "activated"]
    assert took_over[1]["detail"]["before"] == took_over[0]["revision"]


def test_the_policy_in_force_changes_without_the_candidate(make_gateway):
    gateway = with_candidate(make_gateway, candidate=rule("candidate"), live=rule("one"))
    assert code_of(gateway, "first") == "one"
    wait_asked(gateway, 1)

    write_files(gateway.folder / "policy", {"policy.rego": rule("candidate")})
    reload(gateway)
    assert code_of(gateway, "second") == "candidate"

    said = wait_asked(gateway, 2)
    assert said["asked"] == 2 and said["differences"]["reasons"] == 1


def test_a_candidate_that_never_ends_holds_nobody_up(make_gateway):
    """Each question costs it a second; the gateway answers, and what the candidate cannot do is counted."""
    limits = {"steps": 1000000000, "time": "1s"}
    gateway = with_candidate(make_gateway, candidate=ENDLESS, start=False)
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["limits"] = limits
    gateway.config_path.write_text(json.dumps(document))
    gateway.start()
    gateway.wait_for("shadow_loaded")
    schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    for part in range(2):
        operations = [
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": f"b{n}",
                "data": {"schemas": [USER], "userName": f"slow-{part}-{n}"},
            }
            for n in range(700)
        ]
        answer = gateway.post("/Bulk", {"schemas": schemas, "Operations": operations})
        assert {operation["status"] for operation in answer.json["Operations"]} == {"201"}

    wait_until(lambda: shadow(gateway)["passedOver"] > 0, "some were passed over")

    said = shadow(gateway)
    assert said["waiting"] <= 1024 and said["asked"] < 376
    assert "the candidate did not keep up" in gateway.cli("policy", "shadow")
    assert gateway.metrics()["scimward_policy_shadow_passed_over_total"] > 0


@pytest.mark.parametrize("limit", [0, 1])
def test_differences_beyond_the_limit_are_only_counted(make_gateway, limit):
    gateway = with_candidate(make_gateway, candidate=rule("other"), shadow={"journal_per_s": limit})
    for number in range(60):
        create(gateway, f"p{number}", "same")

    said = wait_asked(gateway, 60)

    assert said["different"] == 60 and said["journaled"] + said["notJournaled"] == 60
    assert len(differences(gateway)) == said["journaled"]
    assert said["journaled"] == 0 if limit == 0 else said["journaled"] > 0
    assert len(shadow(gateway, "-n", "100")["newest"]) == 60


# ---- where it comes from ----


def test_a_candidate_comes_from_git_as_well(make_gateway, tmp_path):
    repository = Repository(tmp_path / "repository")
    repository.commit({"policy.rego": LIVE})
    gateway = with_candidate(make_gateway, start=False)
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["shadow"] = {"git": {"url": str(repository.folder), "ref": "main"}, "poll": {"min": "0"}}
    gateway.config_path.write_text(json.dumps(document))
    gateway.start()
    gateway.wait_for("shadow_loaded")
    first = shadow(gateway)["candidate"]

    commit = repository.commit({"policy.rego": CANDIDATE})
    reload(gateway)
    said = wait_until(
        lambda: (lambda it: it if it.get("commit") == commit else None)(shadow(gateway)["candidate"]), "the commit"
    )

    assert said["revision"] != first["revision"] and said["source"].startswith("git:")


def test_a_candidate_comes_as_a_bundle_as_well(make_gateway, tmp_path):
    source = write_files(tmp_path / "source", {"policy.rego": CANDIDATE})
    bundle = make_bundle(source, tmp_path / "candidate.tar.gz")
    gateway = with_candidate(make_gateway, start=False)
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["shadow"] = {"bundle": str(bundle)}
    gateway.config_path.write_text(json.dumps(document))
    gateway.start()
    gateway.wait_for("shadow_loaded")
    create(gateway, "denied", "denied")

    assert wait_asked(gateway, 1)["different"] == 1


# ---- configuration ----


def test_without_a_candidate_there_is_none(gateway):
    result = gateway.cli("policy", "shadow", code=None)

    assert result.returncode == 1 and "there is no candidate" in result.stderr
    assert "shadow" not in gateway.cli("status")
    assert not any("shadow" in name for name in gateway.metrics())


@pytest.mark.parametrize(
    "shadow, problem",
    [
        ({"scenarios": "s"}, "'policy.shadow.directory', 'policy.shadow.bundle' or 'policy.shadow.git' is missing"),
        ({"directory": "a", "bundle": "b"}, "either 'policy.shadow.directory' or 'policy.shadow.bundle', not both"),
        ({"directory": "a", "git": {"ref": "next"}}, "'policy.shadow.git.url' is missing beside it"),
        ({"directory": "a", "token": "t"}, "means nothing for a policy that lies on this machine"),
        ({"directory": "a", "journal_per_s": 1001}, "1001 is out of range: 0 to 1000"),
        ({"directory": "a", "opa": "opa"}, "unknown key 'opa'"),
    ],
)
def test_what_is_no_candidate_is_told_with_its_place(make_gateway, shadow, problem):
    gateway = make_gateway(start=False)
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["shadow"] = shadow
    gateway.config_path.write_text(json.dumps(document, indent=1))

    said = subprocess.run(
        [PROGRAM, "config", "check", "-c", str(gateway.config_path)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )

    assert said.returncode == 1 and problem in said.stderr + said.stdout, said
