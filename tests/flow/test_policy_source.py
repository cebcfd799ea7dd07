"""Where policies come from: folders, bundles, reloads, and what is refused."""

import json
import signal
import threading

import pytest
from decisions import make_bundle

from gateway import ROOT, USER, is_sanitized, wait_until

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


def test_a_bundle_of_raw_rego_is_compiled_like_a_folder(make_gateway, tmp_path):
    starter = ROOT / "examples" / "policy"
    bundle = make_bundle(starter, tmp_path / "rego.tar.gz", target="rego")
    gateway = make_gateway(start=False)

    assert gateway.cli("policy", "check", str(bundle)).startswith("fine: revision ")


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
    "an unused variable": ('decision := {"effect": "allow"} if {\n\tx := 1\n\ttrue\n}\n', ["policy.rego:4", "x"]),
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
    policies = gateway.journal('kind eq "policy" and outcome eq "activated"')
    assert [entry["revision"] for entry in policies] == [first, line["revision"], first]
    refused = gateway.journal('kind eq "policy" and outcome eq "refused"')
    assert [entry["detail"]["step"] for entry in refused] == ["check", "trial", "check"]
    assert {entry["detail"]["before"] for entry in refused} == {line["revision"]}
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


# ---- an opa that hangs, dies, or talks without end ----


def slow_opa(folder, behaviour):
    """A program in the place of opa that is opa until the file `odd` is there."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "opa"
    program.write_text(f'#!/bin/sh\nif [ -e "{folder}/odd" ]; then\n{behaviour}\nfi\nexec opa "$@"\n')
    program.chmod(0o755)
    return program


ODD = {
    "hangs": "exec sleep 300",
    "hangs and ignores SIGTERM": "trap '' TERM; sleep 300",
    "leaves a child behind": "sleep 300 & exit 1",
    "dies": "kill -9 $$",
    "says nothing": "exit 1",
    "talks without end": "exec yes",
    "says no bundle": "exit 0",
}


@pytest.mark.parametrize("behaviour", ODD)
def test_an_odd_opa_changes_nothing(make_gateway, tmp_path, behaviour):
    folder = tmp_path / "tools"
    opa = slow_opa(folder, ODD[behaviour])
    gateway = make_gateway(start=False)
    # The real opa must end within the limit, also on a busy machine: it is short only where it is waited for.
    gateway.config["policy"] = {"opa": str(opa), "opa_timeout": "5s" if "hangs" in behaviour else "60s"}
    gateway.write_config()
    gateway.start()
    (folder / "odd").touch()

    gateway.write_policy('package scimward\n\ndecision := {"effect": "deny"}\n')
    gateway.signal(signal.SIGHUP)
    gateway.user("meanwhile")
    failed = gateway.wait_for("policy_reload_failed", after=len(gateway.log))

    assert "opa" in failed["error"] and len(failed["error"]) < 2000
    gateway.user("afterwards")
    (folder / "odd").unlink()
    gateway.signal(signal.SIGHUP)
    gateway.wait_for("policy_loaded", after=len(gateway.log))
    assert gateway.post("/Users", {"schemas": [USER], "userName": "denied"}).status == 403
    assert gateway.memory_mib() < 200 or is_sanitized()


def test_a_hanging_opa_does_not_keep_the_gateway_from_stopping(make_gateway, tmp_path):
    folder = tmp_path / "tools"
    opa = slow_opa(folder, "exec sleep 300")  # longer than a gateway is waited for
    gateway = make_gateway(start=False)
    gateway.config["policy"] = {"opa": str(opa), "opa_timeout": "5m"}
    gateway.write_config()
    gateway.start()
    (folder / "odd").touch()
    gateway.signal(signal.SIGHUP)
    gateway.wait_for("reload", after=len(gateway.log))

    assert gateway.stop() == 0


def test_a_policy_whose_scenarios_come_out_otherwise_does_not_decide(make_gateway):
    gateway = make_gateway(start=False, policy="allow")
    folder = gateway.folder / "policy" / "scenarios"
    folder.mkdir(parents=True)
    text = (
        "scenarios: [{name: joiners, when: {request: 'POST /Users', body: {schemas: [%s], userName: a}},"
        " then: {effect: %s}}]\n"
    )
    (folder / "joiners.yaml").write_text(text % (json.dumps(USER), "allow"))
    gateway.start()
    first = gateway.cli_json("status")["status"]["policyRevision"]

    (folder / "joiners.yaml").write_text(text % (json.dumps(USER), "deny"))
    gateway.cli("policy", "reload", code=2)

    refused = gateway.wait_for("policy_reload_failed", after=0)
    assert "scenarios/joiners.yaml:1: joiners: effect: expected deny, got allow" in refused["error"]
    assert refused["kept"] == first
    [entry] = gateway.journal('kind eq "policy" and outcome eq "refused"')
    assert entry["detail"]["step"] == "scenarios"
    assert gateway.user("anna@example.com")["active"] is True
