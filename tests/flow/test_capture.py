"""
Captures of what a source sends: what is in the file and what never is, how a capture ends, and what its replay says.
"""

import json
import os
import signal
import stat
import threading
import time
from pathlib import Path

import pytest
from gateway import PATCH, USER, wait_until

SOURCES = [{"name": "entra", "dialect": "entra"}, {"name": "other"}]
SECRET = "geheim-geheim-geheim"


@pytest.fixture
def gateway(make_gateway):
    return make_gateway(sources=SOURCES)


def start(gateway, *options, source="entra"):
    """Begins a capture; returns its file."""
    return Path(gateway.cli("source", "capture", source, *options).strip())


def stop(gateway, source="entra"):
    gateway.cli("source", "capture", source, "--stop")


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def records(path):
    return [line for line in lines_of(path) if "method" in line]


def state(gateway, source="entra"):
    sources = gateway.cli_json("source", "list")["sources"]
    return next(it for it in sources if it["name"] == source).get("capture")


def complaint(gateway, *arguments):
    """What a verb that fails says."""
    result = gateway.cli(*arguments, code=None)
    assert result.returncode == 1, result
    return result.stderr


def deactivate(gateway, person, value="False"):
    body = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": value}]}
    return gateway.request("PATCH", f"/Users/{person['id']}", body, source="entra")


def some_traffic(gateway):
    person = gateway.user(
        "Anna.Berg@contoso.example", source="entra", password=SECRET, title="Engineer", externalId="e-4711"
    )
    gateway.of("entra").find("Users", 'userName eq "anna.berg@contoso.example"')
    deactivate(gateway, person)
    return person


# ---- what is in it ----


def test_a_capture_shows_what_a_source_sent_and_was_answered(gateway):
    path = start(gateway, "--for", "5m")

    person = some_traffic(gateway)
    stop(gateway)

    head, create, find, patch, end = lines_of(path)
    assert head["capture"] == 1 and head["source"] == "entra" and head["dialect"] == "entra"
    assert head["values"] == "pseudonyms"
    assert [it["method"] for it in (create, find, patch)] == ["POST", "GET", "PATCH"]
    assert [it["reply"]["status"] for it in (create, find, patch)] == [201, 200, 200]
    assert patch["target"] == f"/scim/v2/Users/{person['id']}"
    assert patch["body"] == {
        "schemas": [PATCH],
        "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
    }
    assert patch["reply"]["body"]["active"] is False
    assert patch["reply"]["body"]["id"] == person["id"]
    assert create["body"]["schemas"] == [USER]
    assert dict(create["headers"])["Authorization"].startswith("Bearer [")
    assert end["end"] == "stopped" and end["requests"] == 3 and end["dropped"] == 0


def test_values_are_pseudonyms_of_the_same_look(gateway):
    path = start(gateway)

    some_traffic(gateway)
    stop(gateway)

    text = path.read_text()
    for value in ("anna", "Anna", "Berg", "contoso", "Engineer", "4711", SECRET):
        assert value not in text
    create, find, _ = records(path)
    name = create["body"]["userName"]
    assert len(name) == len("Anna.Berg@contoso.example") and name[4] == "." and name[9] == "@"
    assert name[0].isupper() and name[1:4].islower()
    # The same person, in whatever case, has the same pseudonym: one can follow her.
    assert name.lower().replace("@", "%40") in find["target"].lower()
    assert create["reply"]["body"]["userName"] == name


def test_values_can_be_kept_and_secrets_never_are(gateway):
    path = start(gateway, "--with-values")

    person = some_traffic(gateway)
    gateway.request(
        "PATCH",
        f"/Users/{person['id']}",
        {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "password", "value": SECRET}]},
        source="entra",
    )
    gateway.request("POST", "/Users", f'{{"userName":"x","password":"{SECRET}', source="entra")
    gateway.get(f"/Users?access_token={SECRET}", source="entra")
    stop(gateway)

    text = path.read_text()
    assert "Anna.Berg@contoso.example" in text and "Engineer" in text
    assert SECRET not in text
    assert gateway.tokens["entra"] not in text


def test_a_body_that_is_no_json_is_shown_as_far_as_it_goes(gateway):
    path = start(gateway)

    bodies = ['{"userName":"anna",,}', "userName=anna&active=true", b'{"userName":"\xff\xfeanna"}', "x" * 40000]
    for body in bodies:
        answer = gateway.request("POST", "/Users", body, source="entra")
        assert answer.status == 400, answer
    stop(gateway)

    found = records(path)
    assert [it["reply"]["status"] for it in found] == [400] * 4
    assert all("body" not in it and "anna" not in it["raw"] for it in found)
    assert found[0]["raw"].startswith('{"userName":"') and found[0]["raw"].endswith('",,}')
    assert len(found[3]["raw"]) <= 16 * 1024 and found[3]["bytes"] == 40000


def test_what_is_too_long_is_counted_only(gateway):
    path = start(gateway)
    people = [{"value": f"{i:036}"} for i in range(2000)]

    gateway.request("POST", "/Groups", {"displayName": "Team", "members": people}, source="entra")
    stop(gateway)

    (found,) = records(path)
    assert found["omitted"] is True and found["bytes"] > 64 * 1024
    assert "body" not in found and "raw" not in found


def test_of_a_large_group_that_is_streamed_only_the_head_is_in_it(gateway):
    people = [gateway.user(f"p{i}@example.com", source="entra")["id"] for i in range(501)]
    small = gateway.group("Small", people[:5], source="entra")
    large = gateway.group("Large", people, source="entra")
    path = start(gateway)

    for team in (small, large):
        assert len(gateway.get(f"/Groups/{team['id']}", source="entra").json["members"])
    stop(gateway)

    whole, streamed = (it["reply"] for it in records(path))
    assert [member["value"] for member in whole["body"]["members"]] == people[:5]
    assert streamed["status"] == 200 and streamed["streamed"] is True and "body" not in streamed


def test_a_capture_is_of_one_source(gateway):
    path = start(gateway)

    gateway.user("not.mine@example.com", source="other")
    gateway.user("mine@example.com", source="entra")
    stop(gateway)
    gateway.user("too.late@example.com", source="entra")

    assert len(records(path)) == 1


def test_the_file_is_for_the_gateways_user_alone(gateway):
    path = start(gateway)
    stop(gateway)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_requests_that_come_together_are_all_in_it_or_counted(gateway):
    path = start(gateway, "--requests", "1000")

    def send(number):
        connection = gateway.connect("entra")
        for i in range(50):
            assert connection.get(f"/Users?count=1&startIndex={number * 100 + i + 1}").status == 200
        connection.close()

    threads = [threading.Thread(target=send, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop(gateway)

    found = records(path)
    end = lines_of(path)[-1]
    assert len({it["n"] for it in found}) == len(found) == end["requests"]
    assert end["requests"] + end["dropped"] == 200


# ---- how it begins and ends ----


def test_a_capture_is_seen_while_it_runs_and_is_in_the_journal(gateway):
    assert state(gateway) is None
    path = start(gateway, "--with-values")
    gateway.user("anna@example.com", source="entra")

    wait_until(lambda: state(gateway)["requests"] == 1, "the request is counted")
    assert state(gateway)["file"] == str(path) and state(gateway)["values"] == "kept"
    assert "captured until" in gateway.cli("status")
    stop(gateway)

    assert state(gateway) is None
    started, stopped = gateway.journal('kind eq "system"')[-2:]
    assert (started["operation"], stopped["operation"]) == ("source.capture", "source.capture.stop")
    assert started["source"] == "entra"


def test_there_is_one_capture_of_a_source_at_a_time(gateway):
    start(gateway)
    start(gateway, source="other")

    assert "is being captured into" in complaint(gateway, "source", "capture", "entra")
    stop(gateway)
    stop(gateway, source="other")
    assert "is not being captured" in complaint(gateway, "source", "capture", "entra", "--stop")
    assert "no source" in complaint(gateway, "source", "capture", "nobody")


def ended(path):
    return "end" in lines_of(path)[-1]


def test_it_ends_at_its_deadline(gateway):
    path = start(gateway, "--for", "1s")

    wait_until(lambda: ended(path), "the deadline")

    assert lines_of(path)[-1]["end"] == "deadline"
    gateway.user("too.late@example.com", source="entra")
    assert state(gateway) is None and records(path) == []


def test_it_ends_after_so_many_requests(gateway):
    path = start(gateway, "--requests", "2")

    for i in range(4):
        gateway.user(f"p{i}@example.com", source="entra")
    wait_until(lambda: ended(path), "the last line")

    assert len(records(path)) == 2
    assert lines_of(path)[-1]["end"] == "requests"
    assert state(gateway) is None


def test_it_ends_at_its_size(gateway):
    path = start(gateway, "--size", "4KiB")

    for i in range(8):
        gateway.user(f"p{i}@example.com", source="entra", title="x" * 500)
    wait_until(lambda: ended(path), "the last line")

    assert lines_of(path)[-1]["end"] == "size"
    assert path.stat().st_size < 4096 + 200
    assert records(path)


def test_it_ends_with_the_gateway_and_does_not_come_back(gateway):
    path = start(gateway, "--for", "1h")
    gateway.user("anna@example.com", source="entra")

    gateway.restart()

    assert lines_of(path)[-1]["end"] == "gateway"
    assert state(gateway) is None
    gateway.user("bert@example.com", source="entra")
    assert len(records(path)) == 1


def test_a_reload_keeps_it(gateway):
    path = start(gateway)

    before = len(gateway.log)
    gateway.signal(signal.SIGHUP)
    gateway.wait_for("policy_loaded", after=before)
    gateway.user("anna@example.com", source="entra")
    stop(gateway)

    assert len(records(path)) == 1


def test_old_files_go_and_others_stay(make_gateway):
    gateway = make_gateway(sources=SOURCES, start=False)
    folder = gateway.folder / "captures"
    folder.mkdir(mode=0o700)
    old = folder / "entra-20200101T000000Z-0a1b.jsonl"
    new = folder / "entra-20200101T000001Z-0a1b.jsonl"
    foreign = folder / "export.jsonl"
    for path in (old, new, foreign):
        path.write_text("{}\n")
    for path in (old, foreign):
        os.utime(path, (time.time() - 8 * 86400,) * 2)

    gateway.start()

    assert not old.exists() and new.exists() and foreign.exists()


def test_a_folder_that_cannot_be_written_is_told(make_gateway, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    gateway = make_gateway(sources=SOURCES, capture={"directory": str(blocked / "captures")})

    assert "capture.directory" in complaint(gateway, "source", "capture", "entra")
    assert gateway.user("anna@example.com", source="entra")


# ---- replay ----


def test_a_replay_shows_what_requests_mean(gateway):
    path = start(gateway, "--with-values")
    some_traffic(gateway)
    stop(gateway)

    requests = gateway.cli_json("source", "replay", str(path))["requests"]

    assert [it["now"] for it in requests] == [None, None, None]
    create, find, patch = (it["note"] for it in requests)
    assert json.loads(create)["userName"] == "Anna.Berg@contoso.example"
    assert find == 'userName eq "anna.berg@contoso.example"'
    assert json.loads(patch) == [{"op": "replace", "path": "active", "value": "False"}]

    strict = gateway.cli_json("source", "replay", str(path), "--dialect", "standard", code=2)["requests"]
    assert [it["now"] for it in strict] == [None, None, 400]
    assert "op must be" in strict[2]["note"]


def test_a_replay_needs_no_gateway(gateway):
    path = start(gateway)
    some_traffic(gateway)
    gateway.stop()

    table = gateway.cli("source", "replay", str(path))

    assert table.count("understood") == 3


@pytest.mark.parametrize("values", [(), ("--with-values",)])
def test_a_replay_to_a_test_gateway_makes_the_same_things(make_gateway, gateway, values):
    twin = make_gateway(name="twin", sources=SOURCES)
    token = twin.folder / "token"
    token.write_text(twin.tokens["entra"] + "\n")
    path = start(gateway, *values)
    anna, bert = (gateway.user(f"{name}@example.com", source="entra") for name in ("anna", "bert"))
    team = gateway.group("Team", [anna["id"], bert["id"]], source="entra")
    deactivate(gateway, bert)
    body = {"Operations": [{"op": "Remove", "path": "members", "value": [{"$ref": None, "value": anna["id"]}]}]}
    assert gateway.request("PATCH", f"/Groups/{team['id']}", body, source="entra").status == 204
    stop(gateway)

    requests = gateway.cli_json(
        "source", "replay", str(path), "--to", f"http://127.0.0.1:{twin.port}/scim/v2", "--token-file", str(token)
    )["requests"]

    assert [it["now"] for it in requests] == [it["then"] for it in requests] == [201, 201, 201, 200, 204]
    people = twin.get("/Users", source="entra").json["Resources"]
    (group,) = twin.get("/Groups", source="entra").json["Resources"]
    inactive = [person["id"] for person in people if not person["active"]]
    assert len(people) == 2 and [member["value"] for member in group["members"]] == inactive


def test_a_token_does_not_cross_a_network_in_clear(gateway, tmp_path):
    path = start(gateway)
    stop(gateway)
    token = tmp_path / "token"
    token.write_text("t" * 32)

    for url in ("http://192.0.2.1/scim/v2", "http://localhost.example/scim/v2", "ftp://localhost/"):
        said = complaint(gateway, "source", "replay", str(path), "--to", url, "--token-file", str(token))
        assert "in clear" in said


def test_what_is_no_capture_is_told(gateway, tmp_path):
    for text, said in (("", "empty"), ("{}\n", "no file of"), ('{"capture":1}\n{"n":1}\n', "line 2 is broken")):
        path = tmp_path / "file"
        path.write_text(text)
        assert said in complaint(gateway, "source", "replay", str(path))
