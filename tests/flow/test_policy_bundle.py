"""Bundles: what is read, roots, order; and a real bundle server over HTTPS."""

import json
import signal
import subprocess

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
)

from gateway import LocalConnection, environment, wait_until


def manifest(serial=None, revision="r", roots=("scimward",)):
    document = {"revision": revision, "roots": list(roots)}
    return document | ({"metadata": {"serial": serial}} if serial is not None else {})


def bundle(path, code, serial=None, target="plan", **more):
    return build_bundle(path, {"p.rego": rule(code), ".manifest": manifest(serial, **more)}, target=target)


@pytest.fixture
def filed(make_gateway, tmp_path):
    """A gateway whose policy is a bundle file."""
    path = bundle(tmp_path / "bundle.tar.gz", "first")
    gateway = use_policy(make_gateway(start=False), {"bundle": str(path)})
    gateway.bundle = path
    return gateway.start()


# ---- what a bundle may hold ----


def test_the_revision_of_the_manifest_is_part_of_the_revision(filed):
    status = filed.cli_json("policy", "status")["policy"]
    assert status["revision"].endswith(" bundle:r") and status["digest"].startswith(status["revision"].split()[0])

    bundle(filed.bundle, "second", revision="4f2c90ab17e3/\"{}\n;" + "x" * 100)
    assert reload(filed)["revision"].split(" bundle:")[1] == "4f2c90ab17e3/_____" + "x" * 22


def test_raw_rego_and_yaml_are_compiled(filed):
    text = rule("yaml").replace("decision :=", "decision := d if data.scimward.on\n\nd :=")
    write_bundle(
        filed.bundle,
        {"/p.rego": text, "/scimward/data.yaml": "on: true\n", "/.manifest": json.dumps(manifest())},
    )
    reload(filed)
    assert code_of(filed, "yaml") == "yaml"


PLAN = b'{"funcs":{"funcs":[{"path":["g0","system","x"]}]}}'
REFUSED = {
    "data outside the roots": ("compile", "data at other lie outside", lambda f: f.update({"/other/data.json": b"{}"})),
    "rules outside the roots": ("compile", "rules at system/x lie outside", lambda f: f.update({"/plan.json": PLAN})),
    "overlapping roots": (
        "open",
        'the roots "a" and "a/b" overlap',
        lambda f: f.update({"/.manifest": b'{"roots":["a","a/b"]}'}),
    ),
    "a delta": ("open", "delta bundle", lambda f: f.update({"/patch.json": b"{}"})),
    "no plan and no rego": ("compile", "", lambda f: [f.pop("/plan.json"), f.pop("/p.rego")]),
    "a path out of it": ("open", "leaves the archive", lambda f: f.update({"../../etc/evil.rego": b"package x"})),
    "raw rego outside the roots": (
        "check",
        "package",
        lambda f: [f.pop("/plan.json"), f.update({"/q.rego": b"package elsewhere\n\nx := 1\n"})],
    ),
}


def test_what_does_not_belong_into_a_bundle_is_refused(filed):
    good = read_bundle(filed.bundle)
    for what, (step, why, change) in REFUSED.items():
        files = dict(good)
        change(files)
        write_bundle(filed.bundle, files)

        said = reload(filed, code=2)

        assert (said["refused"]["step"], why in said["refused"]["error"]) == (step, True), (what, said)
        assert code_of(filed, what) == "first"
    filed.bundle.write_bytes(b"no gzip")
    assert reload(filed, code=2)["refused"]["step"] == "open"


# ---- nothing older ----


def test_an_older_bundle_is_refused_unless_somebody_wants_it(filed):
    bundle(filed.bundle, "seven", serial=7)
    assert reload(filed)["serial"] == 7
    for code, serial, why in [
        ("six", 6, "has the serial 6, the one in force 7"),
        ("none", None, "has no metadata.serial"),
        ("seven-again", 7, "has the serial 7 of the one in force, and other content"),
    ]:
        bundle(filed.bundle, code, serial)
        said = reload(filed, code=2)
        assert said["refused"]["step"] == "order" and why in said["refused"]["error"]
        assert "--allow-older" in said["refused"]["error"]
        assert code_of(filed, code) == "seven"

    # It is remembered over a restart, and the last good one decides meanwhile.
    filed.restart()
    status = filed.cli_json("policy", "status", code=2)["policy"]
    assert status["kept"] and status["refused"]["step"] == "order" and code_of(filed, "restarted") == "seven"

    bundle(filed.bundle, "six", 6)
    assert reload(filed, "--allow-older")["serial"] == 6
    assert code_of(filed, "six-at-last") == "six"
    entry = filed.journal('kind eq "policy"')[-1]
    assert entry["detail"]["allow_older"] is True and entry["detail"]["serial"] == 6
    bundle(filed.bundle, "eight", 8)
    assert reload(filed)["serial"] == 8


# ---- a bundle server ----


def serve(make_gateway, server, **more):
    return use_policy(make_gateway(start=False), server.policy(**more))


def test_a_new_bundle_is_found_by_polling_and_asked_for_by_etag(make_gateway, tmp_path):
    with BundleServer(tmp_path / "server", token="of-the-server") as server:
        server.publish(bundle(tmp_path / "bundle.tar.gz", "one"))
        gateway = serve(
            make_gateway, server, token="${env:BUNDLE_TOKEN}", poll={"min": "20ms", "max": "50ms"}
        )
        gateway.env = {"BUNDLE_TOKEN": "of-the-server"}
        gateway.start()
        assert code_of(gateway, "one") == "one"
        server.wait_asked(3)

        server.publish(bundle(tmp_path / "bundle.tar.gz", "two"))
        gateway.wait_for("policy_loaded", after=len(gateway.log))
        assert code_of(gateway, "two") == "two"

        gateway.cli("policy", "check", code=1)  # the token is not in this environment
        first, *others = server.asked
        assert first["etag"] is None and first["prefer"] == {"modes": "snapshot"}
        assert all(asked["etag"] for asked in others)
        assert "of-the-server" not in gateway.text() + gateway.cli("policy", "status") + gateway.cli("config", "show")
        policies = gateway.journal('kind eq "policy"')
        assert [entry["outcome"] for entry in policies] == ["activated", "activated"]
        assert policies[1]["detail"]["before"] == policies[0]["revision"] != policies[1]["revision"]


def test_long_polling_brings_a_new_bundle_at_once(make_gateway, tmp_path):
    """The delays between questions are a day: only an answer that was held can bring it."""
    with BundleServer(tmp_path / "server", holds=True) as server:
        server.publish(bundle(tmp_path / "bundle.tar.gz", "one"))
        gateway = serve(make_gateway, server, poll={"min": "23h", "max": "24h", "wait": "300s"}).start()
        server.wait_asked(2)
        assert server.asked[1]["prefer"] == {"modes": "snapshot", "wait": "300"}

        for code in ["two", "three"]:
            server.publish(bundle(tmp_path / "bundle.tar.gz", code))
            gateway.wait_for("policy_loaded", after=len(gateway.log))
            assert code_of(gateway, code) == code

        # A reload does not wait for the question that is held, and neither does the end.
        gateway.signal(signal.SIGHUP)
        gateway.wait_for("policy_loaded", after=len(gateway.log))
        assert gateway.stop() == 0
        server.publish(tmp_path / "bundle.tar.gz")


def test_opa_itself_gets_along_with_this_server(tmp_path):
    """So that what we speak with it is what OPA's bundle servers speak."""
    socket = tmp_path / "opa.sock"
    with BundleServer(tmp_path / "server", token="of-the-server", holds=True) as server:
        server.publish(bundle(tmp_path / "bundle.tar.gz", "one", target="rego"))
        service = {
            "url": server.url.rsplit("/bundles/")[0],
            "credentials": {"bearer": {"token": "of-the-server"}},
            "tls": {"ca_cert": str(server.certificate)},
        }
        polling = {"min_delay_seconds": 80000, "max_delay_seconds": 86000, "long_polling_timeout_seconds": 300}
        bundles = {"a": {"service": "s", "resource": "/bundles/access.tar.gz", "polling": polling}}
        config = tmp_path / "opa.json"
        config.write_text(json.dumps({"services": {"s": service}, "bundles": bundles}))
        opa = subprocess.Popen(
            ["opa", "run", "--server", "--addr", f"unix://{socket}", "-c", str(config)],
            env=environment(),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            for code in ["one", "two"]:
                wait_until(lambda code=code: code in decide_with_opa(socket), f"opa decides by {code}")
                server.publish(bundle(tmp_path / "bundle.tar.gz", "two", target="rego"))
        finally:
            opa.kill()
            opa.wait()
        assert [asked["prefer"].get("wait") for asked in server.asked[:2]] == ["300", "300"]
        assert server.asked[1]["etag"] is not None
        server.publish(tmp_path / "bundle.tar.gz")


def decide_with_opa(socket):
    connection = LocalConnection(socket)
    try:
        connection.request("GET", "/v1/data/scimward/decision")
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


def test_a_bad_bundle_is_refused_once_and_the_next_good_one_taken(make_gateway, tmp_path):
    with BundleServer(tmp_path / "server") as server:
        server.publish(bundle(tmp_path / "bundle.tar.gz", "one"))
        gateway = serve(make_gateway, server, poll={"min": "20ms", "max": "40ms"}).start()
        (tmp_path / "bad.tar.gz").write_bytes(b"no bundle")
        server.publish(tmp_path / "bad.tar.gz")
        gateway.wait_for("policy_reload_failed", after=len(gateway.log))
        server.wait_asked(len(server.asked) + 5)

        refused = gateway.journal('kind eq "policy" and outcome eq "refused"')
        assert len(refused) == 1, "it is asked for again and again, and refused once"
        assert gateway.metrics()["scimward_policy_refused"] == 1
        assert gateway.cli_json("status", code=2)["status"]["policy"]["failing"] is True
        server.publish(bundle(tmp_path / "bundle.tar.gz", "two"))
        gateway.wait_for("policy_loaded", after=len(gateway.log))
        assert gateway.metrics()["scimward_policy_refused"] == 0


UNREACHABLE = {
    "wrong token": ((401, {}), "401: the server does not take policy.token"),
    "no bundle": ((404, {}), "404: there is no such bundle"),
    "a redirect": ((302, {"Location": "https://localhost:1/"}), "302: redirects are not followed"),
    "broken": ((500, {}), "500"),
    "a 304 that nobody asked for": ((304, {}), "304"),
}


def test_a_server_that_is_down_is_an_outage_and_no_refusal(make_gateway, tmp_path):
    with BundleServer(tmp_path / "server") as server:
        server.publish(bundle(tmp_path / "bundle.tar.gz", "one"))
        gateway = serve(make_gateway, server).start()
        for what, (answer, why) in UNREACHABLE.items():
            server.answer = answer
            said = reload(gateway, code=2)
            assert "refused" not in said and why in said["unreachable"]["error"], what
            assert said["unreachable"]["step"] == "fetch"
        server.answer = None
        server.kind = "application/vnd.openpolicyagent.bundles; mode=delta"
        assert "delta" in reload(gateway, code=2)["unreachable"]["error"]
        server.kind = None
        assert reload(gateway)["failing"] is False
        assert len(gateway.journal('kind eq "policy"')) == 1
    assert reload(gateway, code=2)["unreachable"]["step"] == "fetch"
    assert gateway.metrics()["scimward_policy_unreachable"] == 1
    assert code_of(gateway, "afterwards") == "one"


def test_certificates_and_networks_are_guarded(make_gateway, tmp_path):
    with BundleServer(tmp_path / "server") as server:
        server.publish(bundle(tmp_path / "bundle.tar.gz", "one"))
        for missing, why in [("ca", "certificate"), ("allow_private", "address is private")]:
            policy = server.policy()
            del policy[missing]
            gateway = use_policy(make_gateway(missing[:2], start=False), policy)
            gateway.start(ready=False)
            assert gateway.join() == 1
            assert why in gateway.text(), (missing, gateway.text())
        assert server.asked == []


def test_the_last_good_bundle_starts_the_gateway_when_the_server_is_down(make_gateway, tmp_path):
    with BundleServer(tmp_path / "server") as server:
        server.publish(bundle(tmp_path / "bundle.tar.gz", "one", serial=1))
        gateway = serve(make_gateway, server, poll={"min": "20ms", "max": "50ms"}).start()
        revision = gateway.cli_json("policy", "status")["policy"]["revision"]
        gateway.stop()
    gateway.env = {"PATH": str(tmp_path)}  # no opa
    gateway.start()
    status = gateway.cli_json("policy", "status", code=2)["policy"]
    assert status["kept"] is True and status["revision"] == revision and status["serial"] == 1
    assert status["unreachable"]["step"] == "fetch"
    assert code_of(gateway, "kept") == "one"
    assert gateway.metrics()["scimward_policy_kept"] == 1
    entry = gateway.journal('kind eq "policy"')[-1]
    assert entry["detail"]["kept"] is True and entry["revision"] == revision
    gateway.stop()

    kept = gateway.folder / "scimward.db-policy" / "last-good"
    whole = kept.read_bytes()
    for damage in [whole[:-1], whole + b" ", whole.replace(b"effect", b"defect"), b"", b"scimward policy 1 "]:
        kept.write_bytes(damage)
        gateway.start(ready=False)
        assert gateway.join() == 1
        assert "is damaged" in gateway.text()
    kept.write_bytes(whole)
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["bundle"] += ".other"
    gateway.config_path.write_text(json.dumps(document))
    gateway.start(ready=False)
    assert gateway.join() == 1, "what was kept of another source decides nothing"


def test_the_source_that_comes_back_takes_over(make_gateway, tmp_path):
    path = bundle(tmp_path / "bundle.tar.gz", "one")
    gateway = use_policy(make_gateway(start=False), {"bundle": str(path)}).start()
    gateway.stop()
    path.unlink()
    gateway.start()
    assert gateway.cli_json("policy", "status", code=2)["policy"]["kept"] is True

    bundle(path, "two")
    assert reload(gateway)["kept"] is False
    assert code_of(gateway, "two") == "two"
    wait_until(lambda: gateway.cli("journal", "verify"), "the journal of all that holds")
