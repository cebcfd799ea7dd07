"""Health, metrics, traces and logs."""

import http.client
import json
import re
import signal

import pytest
from proxy import Proxy

from gateway import USER, wait_until

DENY = 'package scimward\n\ndecision := {"effect": "deny", "reasons": [{"code": "no", "message": "no"}]}\n'


def test_livez_and_readyz(desk):
    for base in ("tcp", "socket"):
        for path in ("/livez", "/readyz"):
            if base == "tcp":
                connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=60)
                connection.request("GET", path)
                answer = connection.getresponse()
                status, body = answer.status, answer.read()
                connection.close()
            else:
                answer = desk.admin("GET", path)
                status, body = answer.status, answer.body
            assert status == 200, (base, path)
            if path == "/readyz":
                lines = body.decode().splitlines()
                assert [line.split()[:2] for line in lines] == [
                    ["ok", name] for name in ("store", "journal", "policy", "running")
                ]


def test_a_dead_app_does_not_make_the_gateway_unready(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()])
    app.kill()
    for number in range(8):
        gateway.user(f"p{number}")
    wait_until(
        lambda: gateway.cli_json("status", code=(0, 2))["status"]["apps"][0]["breaker"] == "open", "the breaker is open"
    )

    assert gateway.admin("GET", "/readyz").status == 200
    assert gateway.metrics()['scimward_breaker_open{app="wiki"}'] == 1
    assert gateway.metrics()['scimward_outbox_depth{app="wiki"}'] == 8
    assert "left alone" in gateway.cli("status", code=2)
    assert gateway.user("p8")["id"]  # and delays no reply


METRICS = [  # facts/operations.md, section 4, for what exists
    "scimward_build_info",
    "scimward_http_requests_total",
    "scimward_http_request_duration_seconds_bucket",
    "scimward_http_request_duration_seconds_sum",
    "scimward_http_request_duration_seconds_count",
    "scimward_decisions_total",
    "scimward_decision_duration_seconds_bucket",
    "scimward_policy_info",
    "scimward_policy_last_load_timestamp_seconds",
    "scimward_policy_load_failures_total",
    "scimward_outbox_depth",
    "scimward_outbox_oldest_seconds",
    "scimward_deliveries_total",
    "scimward_dead_letters",
    "scimward_breaker_open",
    "scimward_mass_change_blocked_total",
    "scimward_journal_index",
    "scimward_journal_fsync_seconds_sum",
    "scimward_store_bytes",
    "scimward_source_error_ratio",
    "scimward_unknown_outcomes_total",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_start_time_seconds",
]


def test_metrics_are_all_there_and_count(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(policy="starter", apps=[app.config()])
    people = [gateway.user(f"p{number}@example.com") for number in range(12)]
    assert gateway.post("/Users", {"schemas": [USER], "userName": "eve@evil.example"}).status == 403
    for person in people:
        gateway.patch(f"/Users/{person['id']}", {"op": "replace", "path": "active", "value": False})
    gateway.get("/Users")
    gateway.get("/Users/1")
    gateway.wait_delivered()

    text = gateway.admin("GET", "/metrics").body.decode()

    names = {re.match(r"[a-z_]+", line)[0] for line in text.splitlines() if line and line[0] != "#"}
    assert [name for name in METRICS if name not in names] == []
    # The exposition is well formed: HELP and TYPE before samples, no sample twice, no name without a type.
    typed, seen = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in typed
            typed[name] = kind
        elif not line.startswith("#"):
            sample = re.fullmatch(r'([a-z_]+)(\{[a-z_]+="[^"\n]*"(?:,[a-z_]+="[^"\n]*")*\})? [0-9.e+-]+', line)
            assert sample, line
            assert (sample[1], sample[2]) not in seen
            seen.add((sample[1], sample[2]))
            assert sample[1] in typed or re.sub("_(bucket|sum|count)$", "", sample[1]) in typed
    values = gateway.metrics()
    requests = 'scimward_http_requests_total{tenant="default",method="POST",resource="User",code="%d"}'
    assert values[requests % 201] == 12 and values[requests % 403] == 1
    decided = 'scimward_decisions_total{tenant="default",source="idp",effect="%s"}'
    assert values[decided % "allow"] == 12 + 10
    assert values[decided % "deny"] == 1 + 2
    assert values["scimward_mass_change_blocked_total"] == 2
    assert (
        values['scimward_decision_reasons_total{tenant="default",source="idp",effect="deny",reason="email.domain"}']
        == 1
    )
    assert values['scimward_deliveries_total{app="wiki",outcome="delivered"}'] > 0
    assert (
        values['scimward_http_request_duration_seconds_bucket{le="+Inf"}']
        == values["scimward_http_request_duration_seconds_count"]
    )
    assert 1e6 < values["process_resident_memory_bytes"] < 1e9


def test_metrics_need_no_login_but_stay_on_the_machine(make_gateway):
    gateway = make_gateway(start=False)
    gateway.config["admin"] = {"address": "0.0.0.0:0"}
    gateway.write_config()

    gateway.start(ready=False)

    assert gateway.join() == 1
    assert "loopback" in gateway.text()


def test_a_listener_without_tls_stays_on_the_machine_unless_told(make_gateway):
    gateway = make_gateway(start=False)
    gateway.config["listen"] = {"address": "0.0.0.0:0"}
    gateway.write_config()
    gateway.start(ready=False)
    assert gateway.join() == 1
    assert "tls" in gateway.text() and "insecure" in gateway.text()

    gateway.config["listen"] = {"address": "0.0.0.0:0", "insecure": True}
    gateway.write_config()
    gateway.start()
    gateway.user("anna")


def test_the_trace_goes_from_the_source_through_the_journal_to_the_app(make_gateway, make_app):
    app = make_app("wiki")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with Proxy(app.port) as proxy:
        gateway = make_gateway(apps=[app.config() | {"url": f"http://127.0.0.1:{proxy.port}/v2"}])

        answer = gateway.post(
            "/Users",
            {"schemas": [USER], "userName": "traced"},
            headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        )
        gateway.wait_delivered()

        (entry,) = gateway.journal(f"index eq {answer.journal_index}")
        assert entry["trace"] == trace
        (outcome,) = gateway.journal('kind eq "delivery"')
        assert outcome["trace"] == trace
        forwarded = [headers["traceparent"] for headers in proxy.headers]
    assert forwarded and all(re.fullmatch(rf"00-{trace}-[0-9a-f]{{16}}-01", it) for it in forwarded)


@pytest.mark.parametrize(
    "header",
    [
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902bg-01",
        "nonsense",
        "",
    ],
)
def test_a_trace_that_is_none_is_ignored(desk, header):
    """W3C Trace Context, 3.2.2: ignored, and the request goes on."""
    name = f"trace{abs(hash(header))}"

    answer = desk.post("/Users", {"schemas": [USER], "userName": name}, headers={"traceparent": header})

    assert answer.status == 201
    (entry,) = desk.journal(f"index eq {answer.journal_index}")
    assert "trace" not in entry


def test_log_lines_are_json_with_a_time_and_without_secrets(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(policy=DENY, apps=[app.config()], log={"level": "debug"})
    gateway.post("/Users", {"schemas": [USER], "userName": "anna", "password": "Log-Canary-1"})
    gateway.get("/Users", headers={"Authorization": "Bearer Log-Canary-2-that-is-no-token"})
    gateway.get("/Users?filter=" + "%0a%1b%5b31m")
    gateway.get("/Users/%e2%80%ae%1b")
    made = gateway.cli("token", "create", "idp").strip()
    gateway.write_policy("package scimward\n\nbroken := \n")
    gateway.signal(signal.SIGHUP)
    gateway.wait_for("policy_reload_failed")
    gateway.stop()

    assert gateway.log
    for line in gateway.log:
        assert line.get("event") != "(text)", line
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["time"]), line
        assert line["level"] in ("debug", "info", "warn", "error")
    text = json.dumps(gateway.log)
    for secret in ("Log-Canary", made, gateway.tokens["idp"], app.token):
        assert secret not in text
    events = [line["event"] for line in gateway.log]
    assert [event for event in ("policy_loaded", "ready", "reload", "stopping", "stopped") if event not in events] == []
