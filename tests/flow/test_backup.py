"""Backups, restores, schema versions, and one gateway per store."""

import json
import re
import shutil
import sqlite3
import stat
import subprocess

import pytest
from policies import archived, reload, rule

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


@pytest.fixture
def two_policies(make_gateway):
    """A gateway where one policy decided, then another."""
    gateway = make_gateway(policy=rule("one"))
    gateway.user("anna")
    gateway.write_policy(rule("two"))
    reload(gateway)
    gateway.user("bert")
    return gateway


def told(gateway, *options):
    """What the journal's decisions are when they are decided again by the policies that decided them."""
    found = gateway.cli_json("policy", "replay", "--against", "recorded", *options)["replay"]
    return [found[key] for key in ("decisions", "replayed", "changed", "damaged")]


def copy_config(gateway, path, store):
    """A configuration like the gateway's, of another store."""
    document = json.loads(gateway.config_path.read_text())
    document["store"] = str(store)
    path.write_text(json.dumps(document))
    return path


def test_a_backup_brings_the_policies_that_decided(two_policies, tmp_path):
    gateway = two_policies
    first = gateway.journal('kind eq "decision"')[0]["index"]
    copy = tmp_path / "copy.db"
    assert json.loads(gateway.cli("backup", str(copy), "-o", "json"))["backup"]["policies"] == 2
    kept = sorted(path.name for path in archived(gateway))
    beside = tmp_path / "copy.db-policy"
    assert sorted(path.name for path in (beside / "revisions").iterdir()) == kept
    assert stat.S_IMODE(beside.stat().st_mode) & 0o077 == 0

    # A copy can be asked as it is …
    config = copy_config(gateway, gateway.folder / "copy.yaml", copy)
    assert told(gateway, "-c", str(config)) == [2, 2, 0, 0]

    # … and so can a store that was restored where no policy is left.
    gateway.stop()
    shutil.rmtree(gateway.folder / "scimward.db-policy")
    gateway.cli("restore", str(copy))
    assert told(gateway) == [2, 2, 0, 0]
    assert "one" in gateway.cli("policy", "explain", str(first))
    assert sorted(path.name for path in archived(gateway)) == kept
    gateway.start()
    gateway.user("carl")
    assert told(gateway) == [3, 3, 0, 0]


def test_a_restored_gateway_starts_with_the_last_good_policy(two_policies, tmp_path):
    gateway = two_policies
    copy = tmp_path / "copy.db"
    gateway.cli("backup", str(copy))
    gateway.stop()
    shutil.rmtree(gateway.folder / "scimward.db-policy")
    gateway.cli("restore", str(copy))
    gateway.write_policy("this is no Rego")

    gateway.start()

    gateway.user("carl")
    assert gateway.journal('kind eq "decision"', count=1)[0]["reasons"] == ["two"]


def test_a_restore_takes_no_policy_away_and_brings_no_older_one_back(two_policies, tmp_path):
    gateway = two_policies
    copy = tmp_path / "copy.db"
    gateway.cli("backup", str(copy))
    gateway.write_policy(rule("three"))
    reload(gateway)
    gateway.stop()
    folder = gateway.folder / "scimward.db-policy"
    before = sorted(path.name for path in archived(gateway))
    last_good = (folder / "last-good").read_bytes()

    gateway.cli("restore", str(copy))

    assert len(before) == 3 and sorted(path.name for path in archived(gateway)) == before
    assert (folder / "last-good").read_bytes() == last_good


def test_a_damaged_policy_is_told_and_stops_no_backup_but_a_restore(two_policies, tmp_path):
    gateway = two_policies
    copy, later = tmp_path / "copy.db", tmp_path / "later.db"
    gateway.cli("backup", str(copy))
    name = archived(gateway)[0].name
    for path in (archived(gateway)[0], tmp_path / "copy.db-policy" / "revisions" / name):
        path.write_bytes(path.read_bytes()[:-1])

    result = gateway.cli("backup", str(later), code=None)
    assert result.returncode == 0 and "1 policy" in result.stdout
    assert f"not in the backup: {archived(gateway)[0]} is damaged" in result.stderr

    gateway.stop()
    store = (gateway.folder / "scimward.db").read_bytes()
    for options in (["--dry-run"], []):
        result = gateway.cli("restore", *options, str(copy), code=None)
        assert result.returncode == 1
        assert name in result.stderr and "is damaged" in result.stderr
    assert (gateway.folder / "scimward.db").read_bytes() == store
    gateway.cli("restore", str(later))


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
