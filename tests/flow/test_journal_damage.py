"""The journal is followed, and damage to it is found."""

import json
import re
import select
import shutil
import signal
import sqlite3
import subprocess

import pytest

from gateway import PATIENCE_S, PROGRAM, Gateway, environment, wait_until


def test_tail_follows_what_comes_and_filters_in_the_gateway(desk):
    tail = subprocess.Popen(
        [PROGRAM, "journal", "tail", "-f", "-n", "0", "-o", "json", "-c", str(desk.config_path)]
        + ["--filter", 'subject.userName sw "followed"'],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        made = 0

        def write():
            nonlocal made
            desk.user(f"followed{made}")
            made += 1

        def has_begun():
            write()
            return select.select([tail.stdout], [], [], 0)[0]

        wait_until(has_begun, "it follows; what came before is not for it")
        for number in range(5):
            desk.user(f"unfollowed{number}")
            write()
        seen = []
        while not seen or seen[-1] != f"followed{made - 1}":
            seen.append(json.loads(tail.stdout.readline())["subject"]["userName"])
        assert len(seen) > 5
        assert seen == [f"followed{n}" for n in range(made - len(seen), made)]  # each once, in order
        tail.send_signal(signal.SIGINT)
        assert tail.wait(timeout=PATIENCE_S) == 0
    finally:
        tail.kill()
        tail.wait()
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


def test_a_follower_is_told_when_the_gateway_stops(make_gateway):
    gateway = make_gateway()
    gateway.user("anna")
    tail = subprocess.Popen(
        [PROGRAM, "journal", "tail", "-f", "-o", "json", "-c", str(gateway.config_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert json.loads(tail.stdout.readline())["index"] == 0

    assert gateway.stop() == 0

    _, said = tail.communicate(timeout=PATIENCE_S)
    assert tail.returncode == 1
    assert "the gateway ended the connection" in said


def test_an_entry_that_cannot_be_read_is_named(make_gateway):
    gateway = make_gateway()
    for number in range(5):
        gateway.user(f"p{number}")
    damage_store("UPDATE payload SET body = x'00' WHERE idx = 3")(gateway)

    for arguments in ([], ["--filter", 'subject.userName eq "nobody"'], ["-f"]):
        result = gateway.cli("journal", "tail", *arguments, code=None)
        assert result.returncode == 1
        assert "entry 3" in result.stderr, result
    assert gateway.cli("journal", "show", "3", code=None).returncode == 1
    gateway.cli("journal", "show", "4")
    gateway.wait_for("journal_read_failed")
    gateway.user("p5")  # decisions go on


def flip(path, offset=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if offset is None else offset] ^= 1
    path.write_bytes(content)


def damage_checkpoint(gateway):
    text = (gateway.folder / "journal" / "checkpoint").read_text()
    (gateway.folder / "journal" / "checkpoint").write_text(
        text.replace("\n3", "\n4", 1) if "\n3" in text else "x" + text
    )


def damage_store(sql, *values):
    def run(gateway):
        connection = sqlite3.connect(gateway.folder / "scimward.db")
        assert connection.execute(sql, values).rowcount > 0
        connection.commit()
        connection.close()

    return run


def newest(gateway, pattern):
    """Of partial ones, which are named by their width, the widest."""
    files = [
        path for path in (gateway.folder / "journal").rglob("*") if re.search(pattern, str(path)) and path.is_file()
    ]
    assert files, pattern
    return max(files, key=lambda path: (str(path.parent), int(path.name)))


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
    other = make_gateway("other")
    other.stop()
    foreign = (other.folder / "journal" / "log.vkey").read_text().strip()
    assert "NOT INTACT" in gateway.cli("journal", "verify", "--vkey", foreign, code=2)

    result = gateway.cli("journal", "verify", "--vkey", "nonsense", code=None)
    assert result.returncode == 1 and "verifier key" in result.stderr
