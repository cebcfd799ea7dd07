"""The gateway as its operators see it: tokens, sources, status, deliveries, the admin API."""

import json
import re
import stat
import subprocess
import time
from datetime import UTC, datetime

from files import files_of
from proxy import Busy, Proxy

from gateway import PROGRAM, USER, environment, wait_until

DENY = 'package scimward\n\ndecision := {"effect": "deny", "reasons": [{"code": "no", "message": "no"}]}\n'

# ---- tokens ----


def use(gateway, token, connection=None):
    connection = connection or gateway.connect()
    connection.token = token
    return connection.get("/Users?count=0").status


def test_a_token_lives_from_create_to_revoke(desk):
    before = desk.cli_json("token", "list")["tokens"]
    made = desk.cli_json("token", "create", "two", "--label", "Überprüfung")["token"]

    assert re.fullmatch(r"scimward_[A-Za-z0-9_-]{40,}", made["token"])
    connection = desk.connect()
    assert use(desk, made["token"], connection) == 200
    (listed,) = [it for it in desk.cli_json("token", "list")["tokens"] if it["id"] == made["id"]]
    assert (listed["source"], listed["label"]) == ("two", "Überprüfung")
    assert "token" not in listed and made["token"] not in desk.cli("token", "list")
    assert len(desk.cli_json("token", "list")["tokens"]) == len(before) + 1
    # It speaks for its source.
    connection.post("/Users", {"schemas": [USER], "userName": "by.token@example.com"})
    (entry,) = desk.journal('subject.userName eq "by.token@example.com"')
    assert entry["source"] == "two"

    desk.cli("token", "revoke", str(made["id"]))

    assert use(desk, made["token"], connection) == 401  # the open connection's next request
    assert use(desk, made["token"]) == 401
    (listed,) = [it for it in desk.cli_json("token", "list")["tokens"] if it["id"] == made["id"]]
    assert listed["revoked"] >= listed["created"]
    assert "revoked" in desk.cli("token", "list")
    operations = [entry["operation"] for entry in desk.journal('kind eq "system"')]
    assert operations[-2:] == ["token.create", "token.revoke"]
    for path, content in files_of(desk.folder):
        assert made["token"].encode() not in content, path


def test_one_revoked_character_away_is_no_token(desk):
    token = desk.cli_json("token", "create", "one")["token"]["token"]

    assert use(desk, token) == 200
    for wrong in (token[:-1], token + "x", token[:-1] + ("a" if token[-1] != "a" else "b"), token.upper()):
        assert use(desk, wrong) == 401


def test_a_token_expires(desk):
    made = desk.admin("POST", "/admin/v1/tokens", {"source": "one", "expires_s": 1}).json
    connection = desk.connect()
    (listed,) = [it for it in desk.cli_json("token", "list")["tokens"] if it["id"] == made["id"]]
    expires = datetime.fromisoformat(listed["expires"])

    def is_refused():
        asked = datetime.now(UTC)
        status = use(desk, made["token"], connection)
        # Taken until then, and no longer.
        assert (status == 200 and asked < expires) or (status == 401 and datetime.now(UTC) >= expires)
        return status == 401

    wait_until(is_refused, "it is refused")

    days = desk.cli_json("token", "create", "one", "--expires-days", "30")["token"]
    (listed,) = [it for it in desk.cli_json("token", "list")["tokens"] if it["id"] == days["id"]]
    assert listed["expires"][:4] in (time.strftime("%Y"), str(int(time.strftime("%Y")) + 1))
    # The list says so, too.
    (line,) = [line for line in desk.cli("token", "list").splitlines() if line.split()[0] == str(made["id"])]
    assert "expired" in line and "valid" not in line


def test_a_token_of_the_configuration_can_be_replaced_without_a_gap(make_gateway):
    gateway = make_gateway()
    fresh = gateway.cli("token", "create", "idp").strip()
    gateway.user("anna")

    assert use(gateway, fresh) == 200
    gateway.restart()
    assert use(gateway, fresh) == 200


# ---- sources ----


def test_a_paused_source_may_read_and_not_write_also_after_a_restart(make_gateway):
    gateway = make_gateway(sources=["one", "two"])
    anna = gateway.user("anna")
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'userName eq "anna"'}

    gateway.cli("source", "pause", "one")
    gateway.restart()

    entries = len(gateway.journal('kind eq "decision"'))
    for answer in (
        gateway.post("/Users", {"schemas": [USER], "userName": "bert"}),
        gateway.put(f"/Users/{anna['id']}", anna),
        gateway.patch(f"/Users/{anna['id']}", {"op": "add", "path": "title", "value": "x"}),
        gateway.delete(f"/Users/{anna['id']}"),
    ):
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "paused" in answer.json["detail"]
    assert gateway.get(f"/Users/{anna['id']}").status == 200
    assert gateway.post("/.search", search).json["totalResults"] == 1
    assert len(gateway.journal('kind eq "decision"')) == entries
    gateway.user("carl", source="two")
    status = gateway.cli_json("status")["status"]
    assert [(it["name"], it["paused"]) for it in status["sources"]] == [("one", True), ("two", False)]
    assert "paused" in gateway.cli("status")

    gateway.cli("source", "resume", "one")

    gateway.user("bert")
    assert [entry["operation"] for entry in gateway.journal('kind eq "system"')] == ["source.pause", "source.resume"]


# ---- status ----


def test_status_alarms_before_an_idp_gives_up(make_gateway):
    gateway = make_gateway(sources=["good", "bad"])
    for number in range(12):
        gateway.user(f"g{number}", source="good")
    assert "up since" in gateway.cli("status", code=0)
    for number in range(12):
        answer = gateway.post("/Users", {"schemas": [USER], "userName": f"g{number}"}, source="bad")
        assert answer.status == 409

    text = gateway.cli("status", code=2)

    assert "100 % of its writes fail" in text and 'source eq "bad"' in text
    status = json.loads(gateway.cli("status", "-o", "json", code=2))["status"]
    assert [(it["name"], it["alarm"]) for it in status["sources"]] == [("good", False), ("bad", True)]
    assert gateway.metrics()['scimward_source_error_ratio{source="bad"}'] == 1
    assert gateway.cli("status", "--health", code=0) == ""


def test_reads_that_fail_are_no_alarm(make_gateway):
    gateway = make_gateway()
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "nonsense"}
    for _ in range(20):
        assert gateway.post("/.search", search).status == 400
        assert gateway.get("/Users/1").status == 404

    gateway.cli("status", code=0)


# ---- deliveries ----


def test_parked_deliveries_are_listed_and_retried(make_gateway, make_app):
    app = make_app("wiki")
    with Proxy(app.port) as proxy:
        gateway = make_gateway(apps=[app.config() | {"url": f"http://127.0.0.1:{proxy.port}/v2"}])
        # The app's words are cut somewhere: also within a character.
        detail = json.dumps({"detail": "x" + "\u20ac" * 200, "status": "400"}).encode()
        proxy.script = [Busy(400, body=detail), Busy(400, body=detail)]
        anna = gateway.user("anna@example.com")
        bert = gateway.user("bert@example.com")

        def parked():
            return gateway.cli_json("delivery", "list", "--state", "parked", "--app", "wiki")["deliveries"]

        wait_until(lambda: len(parked()) == 2, "both are parked")
        assert {it["id"] for it in parked()} == {anna["id"], bert["id"]}
        assert all(it["error"].endswith("?") or "\u20ac" in it["error"] for it in parked())
        text = gateway.cli("delivery", "list")
        assert "anna@example.com" in text and "parked" in text
        assert "parked" in gateway.cli("status", code=2)
        assert gateway.cli_json("delivery", "list", "--state", "pending")["deliveries"] == []
        outcomes = gateway.journal('kind eq "delivery"')
        assert [entry["outcome"] for entry in outcomes] == ["parked", "parked"]
        assert gateway.cli_json("journal", "verify")["verification"]["intact"] is True

        gateway.cli("delivery", "retry", "wiki", anna["id"])
        wait_until(lambda: [it["id"] for it in parked()] == [bert["id"]], "one went through")
        gateway.cli("delivery", "retry", "wiki")
        wait_until(lambda: parked() == [], "all go through")
        gateway.wait_delivered()
    assert sorted(account["userName"] for account in app.all()) == ["anna@example.com", "bert@example.com"]
    assert "up to date" in gateway.cli("delivery", "list", code=None).stderr + gateway.cli("delivery", "list")


# ---- the admin API itself ----


def test_the_admin_api_is_for_its_user_and_says_what_it_does_not_know(desk):
    socket_path = desk.folder / "admin.sock"
    assert stat.S_IMODE(socket_path.stat().st_mode) & 0o077 == 0
    for method, path, body, status in [
        ("GET", "/admin/v1/nothing", None, 404),
        ("GET", "/admin/v2/status", None, 404),
        ("GET", "/", None, 404),
        ("POST", "/admin/v1/tokens", None, (400, 404)),
        ("POST", "/admin/v1/tokens", [], (400, 404)),
        ("POST", "/admin/v1/tokens", {"source": 7}, (400, 404)),
        ("POST", "/admin/v1/tokens", {"source": "one", "expires_s": -5}, 400),
        ("POST", "/admin/v1/tokens", {"source": "one", "expires_s": "soon"}, 400),
        ("POST", "/admin/v1/tokens", {"source": "one", "label": "x" * 10000}, (400, 413)),
        ("POST", "/admin/v1/backup", {"to": "relative.db"}, 400),
        ("POST", "/admin/v1/deliveries/retry", {}, 404),
        ("GET", "/admin/v1/journal?tail=x", None, 400),
        ("GET", "/admin/v1/journal/abc", None, 400),
        ("GET", "/admin/v1/deliveries?state=lost", None, 400),
        ("GET", "/scim/v2/Users", None, 404),
    ]:
        answer = desk.admin(method, path, body)
        assert answer.status in (status if isinstance(status, tuple) else (status,)), (method, path, body, answer)
        assert answer.json["message"]
    assert desk.cli("status", code=0)


def test_reload_over_the_admin_api_is_the_signal(make_gateway):
    gateway = make_gateway()
    gateway.write_policy(DENY)

    assert gateway.admin("POST", "/admin/v1/reload").status == 202

    gateway.wait_for("policy_loaded", after=len(gateway.log))
    assert gateway.post("/Users", {"schemas": [USER], "userName": "x"}).status == 403


def test_init_makes_a_gateway_that_runs(tmp_path):
    folder = tmp_path / "new"
    result = subprocess.run(
        [PROGRAM, "init", str(folder)], capture_output=True, text=True, timeout=60, env=environment()
    )
    assert result.returncode == 0, result
    token = re.search(r"scimward_[A-Za-z0-9_-]+", result.stdout)[0]
    config = folder / "scimward.yaml"
    assert token not in config.read_text()
    again = subprocess.run(
        [PROGRAM, "init", str(folder)], capture_output=True, text=True, timeout=60, env=environment()
    )
    assert again.returncode == 1 and str(folder) in again.stderr
    check = subprocess.run(
        [PROGRAM, "config", "check", "-c", str(config)], capture_output=True, text=True, timeout=60, env=environment()
    )
    assert check.returncode == 0, check
    for name in ("journal.key", "tls/key.pem"):
        found = [path for path in folder.rglob("*") if path.name == name.split("/")[-1]]
        assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in found)


def test_sigterm_drains_and_ends_with_0(make_gateway):
    gateway = make_gateway()
    gateway.user("anna")

    assert gateway.stop() == 0

    assert gateway.log[-1]["event"] == "stopped"
