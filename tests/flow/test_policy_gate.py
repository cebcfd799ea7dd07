"""The gate: red tests keep the policy before, visibly; what was checked is what decides; swaps drop no request."""

import json
import signal
import socket
import threading

import pytest
from policies import (
    BundleServer,
    build_bundle,
    code_of,
    read_bundle,
    reload,
    rule,
    use_policy,
    write_bundle,
    write_files,
)

from gateway import USER, environment, is_sanitized, wait_until

TESTS = """package scimward_test

import data.scimward

test_it_allows if scimward.decision.effect == "allow"

test_it_says_why if count(scimward.decision.reasons) == 1
"""


def write(gateway, **files):
    return write_files(gateway.folder / "policy", {name.replace("__", "."): text for name, text in files.items()})


# ---- red is visible, and never an outage ----


def test_a_rule_that_does_not_hold_keeps_the_policy_before(make_gateway):
    gateway = make_gateway(start=False, policy=rule("one"))
    write(gateway, policy_test__rego=TESTS)
    gateway.start()
    before = gateway.cli_json("policy", "status")["policy"]["revision"]

    write(gateway, policy__rego=rule("two", effect="deny"))
    said = reload(gateway, code=2)

    assert said["revision"] == before and said["refused"]["step"] == "test"
    assert "policy_test.rego:5: test_it_allows is not true; 1 of 2 tests failed" in said["refused"]["error"]
    assert code_of(gateway, "still") == "one"
    failed = gateway.wait_for("policy_reload_failed")
    assert failed["step"] == "test" and failed["kept"] == before
    assert gateway.metrics()['scimward_policy_step_failures_total{step="test"}'] == 1
    text = gateway.cli("policy", "status", code=2)
    assert "refused" in text and "policy_test.rego:5" in text
    assert "does not pass" in gateway.cli("status", code=2)

    write(gateway, policy__rego=rule("three"))
    assert reload(gateway)["failing"] is False
    assert code_of(gateway, "now") == "three"
    assert gateway.metrics()["scimward_policy_refused"] == 0
    gateway.cli("status")


def test_tests_that_end_with_an_error_or_do_not_compile_are_red(make_gateway):
    gateway = make_gateway(policy=rule("one"))
    for text, why in [
        ("package t\n\ntest_loop if count(numbers.range(1, data.missing)) > 0\n", "policy_test.rego:3: test_loop"),
        ("package t\n\ntest_two if 1 == 2\n\ntest_three if 1 == 3\n", "2 of 2 tests failed"),
        ("package t\n\ntest_no if nobody\n", "policy_test.rego:3"),
    ]:
        write(gateway, policy_test__rego=text)
        said = reload(gateway, code=2)["refused"]
        assert why in said["error"] and said["step"] in ("test", "check"), said
    write(gateway, policy_test__rego="package t\n\ntodo_test_later if 1 == 2\n")
    assert reload(gateway)["failing"] is False


@pytest.mark.parametrize("call", ["http.send", 'http["send"]'])
def test_tests_that_come_with_a_policy_reach_no_network(make_gateway, call):
    """They run on this machine, which may be let in where their author is not."""
    gateway = make_gateway(policy=rule("one"))
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/"
        text = f'package t\n\ntest_x if {call}({{"method": "get", "url": "{url}"}}).status_code == 200\n'
        write(gateway, policy_test__rego=text)

        said = reload(gateway, code=2)["refused"]

        assert "http.send" in said["error"] and "policy_test.rego:3" in said["error"], said
        door.setblocking(False)
        with pytest.raises(BlockingIOError):
            door.accept()


def test_both_revisions_stand_in_the_journal_before_the_first_decision(make_gateway):
    gateway = make_gateway(policy=rule("one"))
    code_of(gateway, "a")
    write(gateway, policy__rego=rule("two"))
    reload(gateway)
    code_of(gateway, "b")
    write(gateway, policy__rego="package scimward\n\ndecision := {\n")
    reload(gateway, code=2)

    entries = gateway.journal()
    kinds = [(entry["kind"], entry.get("outcome")) for entry in entries]
    assert kinds == [
        ("policy", "activated"),
        ("decision", None),
        ("policy", "activated"),
        ("decision", None),
        ("policy", "refused"),
    ]
    first, one, second, two, refused = entries
    assert first["revision"] == one["revision"] and second["revision"] == two["revision"] != one["revision"]
    assert second["detail"]["before"] == one["revision"]
    assert refused["detail"]["before"] == two["revision"] and refused["detail"]["step"] == "check"
    assert "policy.rego:4" in refused["detail"]["error"] and "revision" not in refused

    for entry in (first, second, refused):
        shown = gateway.cli("journal", "show", str(entry["index"]))
        assert "policy" in shown and entry["outcome"] in shown
    assert two["revision"] in gateway.cli("journal", "show", str(second["index"]))
    assert one["revision"] in gateway.cli("journal", "show", str(second["index"]))
    tail = gateway.cli("journal", "tail", "--filter", 'kind eq "policy"')
    assert "activated" in tail and "refused" in tail and second["revision"] in tail
    gateway.stop()
    gateway.cli("journal", "verify")


def test_a_policy_that_is_broken_at_the_start_leaves_the_last_good_one(make_gateway):
    gateway = make_gateway(policy=rule("good"))
    good = gateway.cli_json("policy", "status")["policy"]["revision"]
    gateway.stop()
    write(gateway, policy__rego="package scimward\n\ndecision := {\n")

    gateway.start()

    status = gateway.cli_json("policy", "status", code=2)["policy"]
    assert status["kept"] and status["revision"] == good and status["refused"]["step"] == "check"
    assert code_of(gateway, "kept") == "good"
    assert [entry["outcome"] for entry in gateway.journal('kind eq "policy"')] == ["activated", "refused", "activated"]


def test_a_gateway_that_never_had_a_good_policy_does_not_start(make_gateway):
    gateway = make_gateway(start=False, policy=rule("never", effect="perhaps"))
    gateway.start(ready=False)
    assert gateway.join() == 1
    assert not (gateway.folder / "scimward.db-policy" / "last-good").exists()


# ---- what was checked is what decides ----


def test_a_folder_that_changes_meanwhile_is_read_once(make_gateway, tmp_path):
    """opa is followed by somebody who changes the folder between the check and the build."""
    gateway = make_gateway(start=False, policy=rule("checked"))
    tool = tmp_path / "opa"
    tool.write_text(
        f'#!/bin/sh\nPATH="{environment()["PATH"]}"\n[ "$1" = check ] && '
        f'printf "package scimward\\n\\nother := 1\\n" >"{gateway.folder}/policy/policy.rego"\nexec opa "$@"\n'
    )
    tool.chmod(0o755)
    gateway.config["policy"] = {"opa": str(tool)}
    gateway.write_config()

    gateway.start()

    assert code_of(gateway, "one") == "checked"


def test_nothing_is_left_behind(make_gateway, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    gateway = make_gateway(start=False, policy=rule("one"))
    write(gateway, policy_test__rego=TESTS, deep__down__data__json="{}")
    gateway.env = {"TMPDIR": str(scratch)}
    gateway.start()
    reload(gateway)
    write(gateway, policy__rego="package scimward\n\n{\n")
    reload(gateway, code=2)
    assert list(scratch.iterdir()) == []


# ---- swaps under load ----


def test_no_request_is_dropped_while_bundles_come_and_go(make_gateway, tmp_path):
    with BundleServer(tmp_path / "server", holds=True) as server:
        codes = [f"code-{number}" for number in range(6)]
        bundles = [build_bundle(tmp_path / f"{code}.tar.gz", {"p.rego": rule(code)}) for code in codes]
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(b"broken")
        server.publish(bundles[0])
        gateway = use_policy(
            make_gateway(start=False), server.policy(poll={"min": "10ms", "max": "20ms", "wait": "60s"})
        ).start()
        done = threading.Event()
        answers = []

        def load(worker):
            connection = gateway.connect()
            while not done.is_set():
                name = f"u{worker}.{len(answers)}"
                answers.append(connection.post("/Users", {"schemas": [USER], "userName": name}).status)
            connection.close()

        threads = [threading.Thread(target=load, args=(worker,)) for worker in range(3)]
        for thread in threads:
            thread.start()
        for bundle in bundles[1:]:
            for path, event in [(broken, "policy_reload_failed"), (bundle, "policy_loaded")]:
                server.publish(path)
                gateway.wait_for(event, after=len(gateway.log))
                reached = len(answers)
                wait_until(lambda reached=reached: len(answers) > reached + 20, "requests go on")
        done.set()
        for thread in threads:
            thread.join()

        decisions = gateway.journal('kind eq "decision"')
        assert set(answers) <= {201, 409} and answers.count(201) > 0
        assert len([entry for entry in decisions if entry["effect"] == "allow"]) >= answers.count(201)
        assert {entry["reasons"][0] for entry in decisions} == set(codes)
        by_revision = {}
        for entry in decisions:
            by_revision.setdefault(entry["revision"], set()).add(entry["reasons"][0])
        assert all(len(found) == 1 for found in by_revision.values())
        # In the order of the journal a revision never decides before the entry that names it, nor after the next.
        current = None
        for entry in gateway.journal():
            if entry["kind"] == "policy" and entry["outcome"] == "activated":
                current = entry["revision"]
        assert current == gateway.cli_json("policy", "status")["policy"]["revision"]


def test_many_signals_end_with_the_last_policy(make_gateway):
    gateway = make_gateway(policy=rule("one"))
    for number in range(10):
        write(gateway, policy__rego=rule(f"rule-{number}"))
        gateway.signal(signal.SIGHUP)
    wait_until(lambda: code_of(gateway, f"u{len(gateway.journal())}") == "rule-9", "the last one decides")
    assert json.loads(gateway.cli("policy", "status", "-o", "json"))["policy"]["failing"] is False


def test_a_reload_waits_for_its_own_answer(make_gateway, tmp_path):
    """One that is asked for while another runs is told what became of itself, not of the other."""
    tool = tmp_path / "opa"
    tool.write_text(
        f'#!/bin/sh\nPATH="{environment()["PATH"]}"\n[ "$1" = check ] && [ -e "{tmp_path}/slow" ] && '
        f'touch "{tmp_path}/runs" && while [ -e "{tmp_path}/slow" ]; do sleep 0.05; done\nexec opa "$@"\n'
    )
    tool.chmod(0o755)
    gateway = make_gateway(start=False, policy=rule("one"))
    gateway.config["policy"] = {"opa": str(tool)}
    gateway.write_config()
    gateway.start()
    (tmp_path / "slow").touch()
    gateway.signal(signal.SIGHUP)
    wait_until((tmp_path / "runs").exists, "the first one runs")
    write(gateway, policy__rego=rule("two"))

    said = []
    thread = threading.Thread(target=lambda: said.append(reload(gateway)))
    thread.start()
    wait_until(lambda: gateway.admin("POST", "/admin/v1/reload", {}).json["number"] == 2, "a second one is wanted")
    (tmp_path / "slow").unlink()
    thread.join()

    assert said[0]["reloads"] >= 2
    assert code_of(gateway, "two") == "two"


def test_what_tests_and_scenarios_needed_is_given_back(make_gateway):
    gateway = make_gateway(policy="starter")
    for _ in range(3):
        reload(gateway)
    if not is_sanitized():
        wait_until(lambda: gateway.memory_mib() < 30, "the memory of the gate is free again")


# ---- scenarios are a step of it ----

SCENARIOS = """
given:
  users:
    anna: {userName: anna@example.com, active: true}
scenarios:
  - name: anna may get a title
    when:
      request: PATCH /Users/${anna}
      body: {schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
             Operations: [{op: add, path: title, value: Clerk}]}
    then: {effect: allow, reasons: [one]}
"""


def test_a_scenario_that_comes_out_otherwise_keeps_the_policy_before(make_gateway):
    gateway = make_gateway(start=False, policy=rule("one"))
    write_files(gateway.folder / "policy", {"scenarios/titles.yaml": SCENARIOS})
    gateway.start()
    assert code_of(gateway, "a") == "one"

    write(gateway, policy__rego=rule("two"))
    said = reload(gateway, code=2)["refused"]
    assert said["step"] == "scenarios" and "titles.yaml:" in said["error"] and "anna may get a title" in said["error"]
    assert code_of(gateway, "b") == "one"
    assert gateway.metrics()['scimward_policy_step_failures_total{step="scenarios"}'] == 1

    write_files(gateway.folder / "policy", {"scenarios/titles.yaml": SCENARIOS.replace("[one]", "[two]")})
    assert reload(gateway)["failing"] is False
    write_files(gateway.folder / "policy", {"scenarios/titles.yaml": SCENARIOS.replace("then:", "thne:")})
    said = reload(gateway, code=2)["refused"]
    assert said["step"] == "scenarios" and "titles.yaml:" in said["error"]
    assert code_of(gateway, "c") == "two"


def test_scenarios_of_a_compiled_bundle_run_on_its_plan(make_gateway, tmp_path):
    path = build_bundle(tmp_path / "bundle.tar.gz", {"p.rego": rule("one")})
    files = read_bundle(path) | {"/scenarios/titles.yaml": SCENARIOS.encode()}
    write_bundle(path, files)
    gateway = use_policy(make_gateway(start=False), {"bundle": str(path)})
    gateway.env = {"PATH": str(tmp_path)}  # no opa
    gateway.start()
    assert code_of(gateway, "a") == "one"

    write_bundle(path, files | {"/scenarios/titles.yaml": SCENARIOS.replace("allow", "deny").encode()})
    assert reload(gateway, code=2)["refused"]["step"] == "scenarios"
