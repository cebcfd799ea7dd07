"""The gateway as its operators see it: command line, admin API, health, metrics, logs, backups."""

import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import time

import pytest
from gateway import PROGRAM, ROOT, USER, Gateway, environment, wait_until
from proxy import Busy, Proxy

DENY = 'package scimward\n\ndecision := {"effect": "deny", "reasons": [{"code": "no", "message": "no"}]}\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A gateway for questions that change nothing which another test looks at."""
    sources = ["one", {"name": "two", "kind": "hr"}]
    with Gateway(tmp_path_factory.mktemp("desk") / "gateway", sources=sources) as gateway:
        yield gateway


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
    for file in desk.folder.rglob("*"):
        assert not file.is_file() or made["token"].encode() not in file.read_bytes(), file


def test_one_revoked_character_away_is_no_token(desk):
    token = desk.cli_json("token", "create", "one")["token"]["token"]

    assert use(desk, token) == 200
    for wrong in (token[:-1], token + "x", token[:-1] + ("a" if token[-1] != "a" else "b"), token.upper()):
        assert use(desk, wrong) == 401


def test_a_token_expires(desk):
    made = desk.admin("POST", "/admin/v1/tokens", {"source": "one", "expires_s": 1}).json
    connection = desk.connect()
    assert use(desk, made["token"], connection) == 200

    wait_until(lambda: use(desk, made["token"], connection) == 401, "it is refused", seconds=10)

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
        wait_until(lambda: parked() == [], "all went through")
    assert sorted(account["userName"] for account in app.all()) == ["anna@example.com", "bert@example.com"]
    assert "up to date" in gateway.cli("delivery", "list", code=None).stderr + gateway.cli("delivery", "list")


# ---- backup and restore ----


def test_a_backup_is_a_store_that_can_be_restored(make_gateway, tmp_path):
    gateway = make_gateway()
    anna = gateway.user("anna")
    gateway.group("team", [anna["id"]])
    copy = tmp_path / "copy.db"

    text = gateway.cli("backup", str(copy))

    assert "1 people, 1 groups" in text
    assert stat.S_IMODE(copy.stat().st_mode) & 0o077 == 0  # it holds people
    assert gateway.cli("backup", str(copy), code=None).returncode == 1  # never over another file
    before = gateway.get(f"/Users/{anna['id']}").json
    entries = gateway.journal()
    dry = json.loads(gateway.cli("restore", "--dry-run", str(copy), "-o", "json"))["backup"]
    assert (dry["users"], dry["groups"], dry["entries"]) == (1, 1, len(entries))

    running = gateway.cli("restore", str(copy), code=None)
    assert running.returncode == 1
    assert "stop" in running.stderr
    gateway.stop()
    gateway.cli("restore", str(copy))
    gateway.start()

    after = gateway.get(f"/Users/{anna['id']}").json
    assert json.dumps(after).replace(str(gateway.port), "") == json.dumps(before).replace(
        re.search(r":(\d+)/", before["meta"]["location"])[1], ""
    )
    assert gateway.journal()[: len(entries)] == entries
    gateway.user("bert")
    wait_until(
        lambda: gateway.cli_json("journal", "verify")["verification"]["unpublished"] == 0, "it goes on to be published"
    )


def test_a_store_that_knows_less_than_was_signed_is_refused_with_the_way_out(make_gateway, tmp_path):
    """The restore rule: a log never signs a second history."""
    gateway = make_gateway()
    gateway.user("anna")
    copy = tmp_path / "copy.db"
    gateway.cli("backup", str(copy))
    gateway.user("bert")
    wait_until(lambda: gateway.cli_json("status")["status"]["journal"]["published"] == 3, "it was signed")
    gateway.stop()
    gateway.cli("restore", str(copy))

    gateway.start(ready=False)
    code = gateway.join()

    assert code == 1
    said = gateway.text()
    assert "journal" in said and "origin" in said and "directory" in said, said
    assert gateway.cli("journal", "verify", code=None).returncode == 2

    # The way out: a new log with its own origin, key and directory.
    gateway.config["journal"] = {
        "directory": "journal2",
        "key": "journal2.key",
        "origin": "test.example/journal2",
    }
    gateway.write_config()
    gateway.start()
    assert [it["userName"] for it in gateway.get("/Users").json["Resources"]] == ["anna"]
    gateway.user("carl")
    gateway.cli("journal", "verify")


def test_what_is_no_backup_is_refused(desk, tmp_path):
    no_store = tmp_path / "other.db"
    connection = sqlite3.connect(no_store)
    connection.execute("CREATE TABLE x (y)")
    connection.commit()
    connection.close()
    text = tmp_path / "text.db"
    text.write_text("hello " * 1000)
    copy = tmp_path / "copy.db"
    desk.cli("backup", str(copy))
    damaged = tmp_path / "damaged.db"
    content = bytearray(copy.read_bytes())
    content[5000:9000] = b"\0" * 4000
    damaged.write_bytes(content)

    for path, word in ((no_store, "no store"), (text, ""), (tmp_path / "missing.db", "No such file"), (damaged, "")):
        result = desk.cli("restore", "--dry-run", str(path), code=None)
        assert result.returncode == 1, path
        assert path.name in result.stderr or word in result.stderr
        assert word in result.stderr


def set_schema(gateway, version):
    connection = sqlite3.connect(gateway.folder / "scimward.db")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()


def test_a_store_of_a_newer_program_is_not_touched(make_gateway):
    gateway = make_gateway()
    gateway.user("anna")
    gateway.stop()
    set_schema(gateway, 9999)
    before = (gateway.folder / "scimward.db").read_bytes()

    gateway.start(ready=False)
    assert gateway.join() == 1

    assert "9999" in gateway.text() and "newer program" in gateway.text()
    assert (gateway.folder / "scimward.db").read_bytes() == before
    result = gateway.cli("backup", str(gateway.folder / "x.db"), code=None)
    assert result.returncode == 1 and "newer" in result.stderr
    assert gateway.cli("journal", "verify", code=None).returncode == 1


def test_a_second_gateway_on_the_same_store_is_refused(make_gateway):
    gateway = make_gateway()
    gateway.user("anna")
    document = json.loads(gateway.config_path.read_text())
    document["admin"]["socket"] = str(gateway.folder / "second.sock")
    second = gateway.folder / "second.yaml"
    second.write_text(json.dumps(document))

    result = subprocess.run(
        [PROGRAM, "serve", "-c", str(second)], capture_output=True, text=True, timeout=60, env=environment()
    )

    assert result.returncode == 1
    assert "another scimward" in result.stderr and "stop" in result.stderr
    gateway.user("bert")  # the first did not notice
    assert gateway.cli("status", code=0)
    # … nor does one with the same files, socket included.
    result = subprocess.run(
        [PROGRAM, "serve", "-c", str(gateway.config_path)], capture_output=True, text=True, timeout=60, env=environment()
    )
    assert result.returncode == 1
    assert gateway.cli("status", code=0)


# ---- the journal ----


def test_tail_follows_what_comes_and_filters_in_the_gateway(desk):
    tail = subprocess.Popen(
        [PROGRAM, "journal", "tail", "-f", "-n", "0", "-o", "json", "-c", str(desk.config_path)]
        + ["--filter", 'subject.userName sw "followed"'],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        desk.wait_for("ready")
        wait_until(lambda: desk.metrics() and tail.poll() is None, "it runs")
        names = [f"followed{number}" for number in range(5)]
        # It may start after the first of them: then those are made again.
        desk.user("unfollowed")
        deadline = time.monotonic() + 30
        os.set_blocking(tail.stdout.fileno(), False)
        seen = []
        number = 0
        while len(seen) < len(names) and time.monotonic() < deadline:
            desk.user(f"followed{number}")
            number += 1
            time.sleep(0.1)
            while line := tail.stdout.readline():
                seen.append(json.loads(line)["subject"]["userName"])
        assert len(seen) >= len(names)
        assert seen == [f"followed{n}" for n in range(number - len(seen), number)]  # each once, in order
    finally:
        tail.send_signal(signal.SIGINT)
        assert tail.wait(timeout=20) == 0
        tail.stdout.close()


def test_tail_starts_where_it_is_told(desk):
    desk.user("tail.one")
    every = desk.journal()

    assert desk.journal(count=2) == every[-2:]
    lines = desk.cli("journal", "tail", "--from", "1", "-o", "json").splitlines()
    assert [json.loads(line)["index"] for line in lines] == list(range(1, len(every)))
    assert desk.cli("journal", "tail", "-n", "0", "-o", "json") == ""
    table = desk.cli("journal", "tail", "-n", "1")
    assert "tail.one" in table and "INDEX" in table


def flip(path, offset=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if offset is None else offset] ^= 1
    path.write_bytes(content)


def damage_checkpoint(gateway):
    text = (gateway.folder / "journal" / "checkpoint").read_text()
    (gateway.folder / "journal" / "checkpoint").write_text(text.replace("\n3", "\n4", 1) if "\n3" in text else "x" + text)


def damage_store(sql, *values):
    def run(gateway):
        connection = sqlite3.connect(gateway.folder / "scimward.db")
        assert connection.execute(sql, values).rowcount > 0
        connection.commit()
        connection.close()

    return run


def newest(gateway, pattern):
    files = sorted(path for path in (gateway.folder / "journal").rglob("*") if re.search(pattern, str(path)) and path.is_file())
    assert files, pattern
    return files[-1]


DAMAGES = {
    "the checkpoint's size": damage_checkpoint,
    "the checkpoint's signature": lambda g: flip(g.folder / "journal" / "checkpoint", -8),
    "a full tile": lambda g: flip(newest(g, r"/tile/0/000$")),
    "a full bundle": lambda g: flip(newest(g, r"/tile/entries/000$")),
    "the newest partial tile": lambda g: flip(newest(g, r"/tile/0/.*\.p/\d+$")),
    "the newest partial bundle": lambda g: flip(newest(g, r"/tile/entries/.*\.p/\d+$")),
    "a tile that is gone": lambda g: newest(g, r"/tile/0/000$").unlink(),
    "a bundle that is gone": lambda g: newest(g, r"/tile/entries/000$").unlink(),
    "a leaf in the store": damage_store(
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"allow\"', '\"deny\"') AS BLOB) WHERE idx = 7"
    ),
    "a payload of another entry": damage_store(
        "UPDATE payload SET body = (SELECT body FROM payload WHERE idx = 8) WHERE idx = 7"
    ),
    "an entry that is gone from the store": damage_store("DELETE FROM entry WHERE idx = 9"),
}


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A stopped gateway's folder with 300 entries and more, all published."""
    folder = tmp_path_factory.mktemp("history") / "gateway"
    with Gateway(folder) as gateway:
        for number in range(300):
            gateway.user(f"p{number}")
        wait_until(
            lambda: gateway.cli_json("journal", "verify")["verification"]["unpublished"] == 0, "all is published"
        )
    connection = sqlite3.connect(folder / "scimward.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder


@pytest.mark.parametrize("what", DAMAGES)
def test_verify_finds_damage_and_says_where(history, make_gateway, what):
    gateway = make_gateway("copy", start=False)
    shutil.rmtree(gateway.folder)
    shutil.copytree(history, gateway.folder)
    gateway.write_config()
    assert "intact" in gateway.cli("journal", "verify")
    vkey = (gateway.folder / "journal" / "log.vkey").read_text().strip()
    assert "intact" in gateway.cli("journal", "verify", "--vkey", vkey)

    DAMAGES[what](gateway)

    text = gateway.cli("journal", "verify", code=2)
    assert text.startswith("NOT INTACT: ")
    report = json.loads(gateway.cli("journal", "verify", "-o", "json", code=2))["verification"]
    assert report["intact"] is False
    assert report["problem"] in text and len(report["problem"]) > 15


def test_verify_with_the_key_of_another_log_says_no(history, make_gateway):
    gateway = make_gateway("copy", start=False)
    shutil.rmtree(gateway.folder)
    shutil.copytree(history, gateway.folder)
    gateway.write_config()
    vkey = (gateway.folder / "journal" / "log.vkey").read_text().strip()

    other = make_gateway("other")
    other.stop()
    foreign = (other.folder / "journal" / "log.vkey").read_text().strip()
    assert "NOT INTACT" in gateway.cli("journal", "verify", "--vkey", foreign, code=2)

    result = gateway.cli("journal", "verify", "--vkey", "nonsense", code=None)
    assert result.returncode == 1 and "verifier key" in result.stderr


# ---- wrong input ----

WRONG = {
    # arguments: (exit code, words on standard error)
    ("frobnicate",): (64, ["frobnicate"]),
    (): (64, []),
    ("jurnal", "tail"): (64, ["journal"]),
    ("journal",): (64, []),
    ("journal", "tial"): (64, ["tail"]),
    ("journal", "tail", "--nonsense"): (64, ["--nonsense"]),
    ("journal", "tail", "-n", "many"): (64, ["many"]),
    ("journal", "tail", "-n", "-1"): (64, []),
    ("journal", "tail", "-o", "yaml"): (64, ["yaml", "json"]),
    ("journal", "tail", "extra"): (64, ["extra"]),
    ("journal", "tail", "--from", "x"): (1, ["from"]),
    ("journal", "tail", "--from", "-1"): (1, ["from"]),
    ("journal", "tail", "--filter", "effect"): (1, ["column", "operator"]),
    ("journal", "tail", "--filter", 'effect eq "deny'): (1, ["column"]),
    ("journal", "show"): (64, ["INDEX"]),
    ("journal", "show", "x"): (1, ["'x'", "index"]),
    ("journal", "show", "-1"): (64, []),
    ("journal", "show", "999999"): (1, ["no entry 999999"]),
    ("journal", "show", "99999999999999999999999999"): (1, ["no journal index"]),
    ("journal", "show", "1/../../status"): (1, ["index"]),
    ("journal", "show", "1 2"): (1, ["index"]),
    ("journal", "show", ""): (1, ["index"]),
    ("token", "create"): (64, ["SOURCE"]),
    ("token", "create", "nobody"): (1, ["no source 'nobody'"]),
    ("token", "create", "one", "--expires-days", "0"): (64, ["expires-days"]),
    ("token", "create", "one", "--expires-days", "99999"): (64, ["3650"]),
    ("token", "revoke", "x"): (1, ["'x'", "token list"]),
    ("token", "revoke", "0"): (1, ["token list"]),
    ("token", "revoke", "424242"): (1, ["424242"]),
    ("token", "revoke", "1/2"): (1, ["token list"]),
    ("source", "pause"): (64, ["NAME"]),
    ("source", "pause", "nobody"): (1, ["no source 'nobody'"]),
    ("source", "pause", "no body?x=y"): (1, ["no source 'no body?x=y'"]),
    ("source", "resume", "../x"): (1, ["no source '../x'"]),
    ("delivery", "list", "--app", "nothing"): (1, ["no app 'nothing'"]),
    ("delivery", "list", "--state", "lost"): (1, ["pending", "parked"]),
    ("delivery", "retry"): (64, ["APP"]),
    ("delivery", "retry", "nothing"): (1, ["no app 'nothing'"]),
    ("backup",): (64, ["FILE"]),
    ("backup", "/no/such/folder/x.db"): (1, ["/no/such/folder/x.db"]),
    ("restore", "/no/such/file.db"): (1, ["/no/such/file.db"]),
    ("policy", "check", "/no/such/folder"): (1, ["/no/such/folder"]),
    ("policy", "check", "/no/such/bundle.tar.gz"): (1, ["/no/such/bundle.tar.gz"]),
    ("policy", "eval", "--input", "/no/such/input.json"): (1, ["/no/such/input.json"]),
    ("policy", "eval", "--input", str(ROOT / "README.md")): (1, ["README.md", "line 1"]),
    ("config", "check", "/no/such/scimward.yaml"): (1, ["/no/such/scimward.yaml"]),
    ("serve", "extra"): (64, ["extra"]),
    ("init",): (64, ["DIR"]),
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_input_is_told_with_its_exit_code(desk, arguments):
    code, words = WRONG[arguments]

    result = desk.cli(*arguments, code=None)

    assert result.returncode == code, result
    assert [word for word in words if word not in result.stderr] == [], result.stderr
    assert result.stderr.strip() and "(null)" not in result.stderr
    assert result.stdout == ""


VERBS = [
    ("status",),
    ("journal", "tail"),
    ("journal", "show", "1"),
    ("token", "list"),
    ("token", "create", "idp"),
    ("token", "revoke", "1"),
    ("source", "pause", "idp"),
    ("source", "resume", "idp"),
    ("delivery", "list"),
    ("delivery", "retry", "wiki"),
]


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_without_a_gateway_verbs_say_how_to_start_it(make_gateway, arguments):
    gateway = make_gateway(start=False)

    result = gateway.cli(*arguments, code=None)

    assert result.returncode == 1
    assert "no gateway is running" in result.stderr and "scimward serve" in result.stderr


@pytest.mark.parametrize("arguments", [*VERBS, ("config", "check"), ("journal", "verify"), ("backup", "x"), ("serve",)], ids=" ".join)
def test_every_verb_tells_what_is_wrong_with_the_configuration(make_gateway, arguments):
    gateway = make_gateway(start=False)
    gateway.config_path.write_text("listen:\n  adress: 127.0.0.1:0\nsources: []\n")

    result = gateway.cli(*arguments, code=None)

    assert result.returncode == 1
    assert "scimward.yaml:2:3" in result.stderr and "did you mean 'address'" in result.stderr, result.stderr


ALL_VERBS = [
    ("serve",),
    ("init",),
    ("status",),
    ("backup",),
    ("restore",),
    ("config", "check"),
    ("policy", "check"),
    ("policy", "eval"),
    ("journal", "tail"),
    ("journal", "show"),
    ("journal", "verify"),
    ("delivery", "list"),
    ("delivery", "retry"),
    ("source", "pause"),
    ("source", "resume"),
    ("token", "create"),
    ("token", "list"),
    ("token", "revoke"),
]


@pytest.mark.parametrize("verb", ALL_VERBS, ids=" ".join)
def test_help_has_an_example_for_every_verb(verb):
    everything = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60)
    one = subprocess.run([PROGRAM, *verb, "--help"], capture_output=True, text=True, timeout=60)

    assert everything.returncode == one.returncode == 0
    assert re.search(rf"^  {verb[0]}\b", everything.stdout, re.MULTILINE)
    assert "xamples" in one.stdout and f"scimward {' '.join(verb)}" in one.stdout


# ---- config check ----

BAD_CONFIG = """\
listen:
  address: "127.0.0.1:0"
  tsl: {certificate: cert.pem}
admin: {socket: admin.sock, address: "0.0.0.0:9"}
store: mysql:x
journal: {directory: journal, key: journal.key, origin: "test.example/journal"}
policy: {directory: policy, bundle: b.tar.gz}
sources:
  - {name: idp, dialect: entar, kind: idp, token_sha256: abc}
  - {name: idp, dialect: okta, kind: idp}
apps:
  - {name: wiki, connector: scmi, url: "ftp://x", token: Config-Canary, filter: "active eq"}
  - {name: chat, connector: scim, url: "https://x.example/v2", token: "${file:/no/such/secret}", retry: {base: 5 parsecs}}
"""


def test_config_check_tells_everything_at_once_at_its_place(make_gateway):
    gateway = make_gateway(start=False)
    gateway.config_path.write_text(BAD_CONFIG)

    result = gateway.cli("config", "check", code=None)
    report = json.loads(gateway.cli("config", "check", "-o", "json", code=1))["check"]

    assert result.returncode == 1
    assert report["valid"] is False
    places = {(it["line"], it["path"]): it for it in report["problems"]}
    wanted = {
        (3, "listen.tsl"): "tls",
        (5, "store"): "sqlite:",
        (7, "policy.bundle"): "",
        (9, "sources[0].dialect"): "entra",
        (9, "sources[0].token_sha256"): "",
        (12, "apps[0].connector"): "scim",
        (12, "apps[0].url"): "https",
        (12, "apps[0].filter"): "",
        (13, "apps[1].token"): "/no/such/secret",
        (13, "apps[1].retry.base"): "parsecs",
    }
    told = {(line, path): f"{it['message']} {it.get('hint', '')}" for (line, path), it in places.items()}
    missing = {place: word for place, word in wanted.items() if word not in told.get(place, "\0")}
    assert missing == {}, json.dumps(report, indent=1)
    for (line, _), it in places.items():
        assert f"{gateway.config_path}:{line}:{it['column']}" in result.stderr
    assert "^" in result.stderr
    assert f"{len(report['problems'])} problems" in result.stderr
    assert "Config-Canary" not in result.stderr + result.stdout + json.dumps(report)


def test_config_check_of_a_good_file_says_what_is_in_it(desk):
    result = desk.cli("config", "check", code=None)
    assert result.returncode == 0
    assert "2 sources, 0 apps, 1 tenant" in result.stderr
    shown = desk.cli("config", "show")
    assert "token-of-one" not in shown


# ---- health, metrics, logs ----


def test_livez_and_readyz(desk):
    for base in ("tcp", "socket"):
        for path in ("/livez", "/readyz"):
            if base == "tcp":
                connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=20)
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
    assert values['scimward_decision_reasons_total{tenant="default",source="idp",effect="deny",reason="email.domain"}'] == 1
    assert values['scimward_deliveries_total{app="wiki",outcome="delivered"}'] > 0
    assert values['scimward_http_request_duration_seconds_bucket{le="+Inf"}'] == values["scimward_http_request_duration_seconds_count"]
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
    result = subprocess.run([PROGRAM, "init", str(folder)], capture_output=True, text=True, timeout=60, env=environment())
    assert result.returncode == 0, result
    token = re.search(r"scimward_[A-Za-z0-9_-]+", result.stdout)[0]
    config = folder / "scimward.yaml"
    assert token not in config.read_text()
    again = subprocess.run([PROGRAM, "init", str(folder)], capture_output=True, text=True, timeout=60, env=environment())
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
