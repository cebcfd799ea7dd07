"""Backups, restores, schema versions, and one gateway per store."""

import json
import re
import sqlite3
import stat
import subprocess

from gateway import PROGRAM, environment, wait_until


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
    was = re.search(r":\d+/", before["meta"]["location"])[0]
    assert json.dumps(after).replace(f":{gateway.port}/", was) == json.dumps(before)
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
        [PROGRAM, "serve", "-c", str(gateway.config_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
    )
    assert result.returncode == 1
    assert gateway.cli("status", code=0)
