"""Decisions of the journal, decided again by the policy that made them: the answer must be what it was."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from crowd import make_people
from policies import archived, reload, replay, rule, write_files

from gateway import ENTERPRISE, GROUP, PERSON, USER, Connection, Gateway

# Each decision carries a digest of all that the policy saw: if anything of the input came back otherwise, the answer
# would be another.
DIGEST = """package scimward

digest := crypto.sha256(json.marshal(input))

reasons := [{"code": sprintf("d.%s", [substring(digest, 0, 40)]), "message": digest}]

default effect := "allow"

effect := "deny" if startswith(input.after.userName, "no")

effect := "hold" if input.after.title == "hold"

decision := {"effect": effect, "reasons": reasons} if not input.after.nickName

decision := {"effect": effect, "reasons": reasons, "apps": ["wiki"], "obligations": [
	{"op": "remove", "path": "nickName"},
	{"op": "add", "path": "title", "value": digest},
]} if input.after.nickName
"""


def held(decision):
    """DIGEST holds with an approval, which a hold must have."""
    return decision.replace(
        'decision := {"effect": effect, "reasons": reasons} if not input.after.nickName',
        'decision := object.union({"effect": effect, "reasons": reasons}, more) if not input.after.nickName\n\n'
        'default more := {}\n\nmore := {"approval": {"groups": ["a"], "min": 1, "expires_s": 60}} if effect == "hold"',
    )


def live_a_life(gateway):
    """Every kind of write that there is, from two sources. Returns the number of decisions."""
    before = len(gateway.journal('kind eq "decision"'))
    ann = gateway.post(
        "/Users",
        {"schemas": [USER, ENTERPRISE, PERSON], "userName": "ann@example.com", "externalId": "e-1"}
        | {"password": "s3cr€t-pass!", "name": {"givenName": "Ann", "familyName": "Ö"}}
        | {"emails": [{"value": "a@example.com", "type": "work", "primary": True}]}
        | {ENTERPRISE: {"department": "R&D", "costCenter": "12.50"}},
    ).json
    bob = gateway.user("bob@example.com", nickName="bobby", active=True)
    gateway.post("/Users", {"schemas": [USER], "userName": "no@example.com"})
    path = f"/Users/{ann['id']}"
    rename = {"op": "replace", "path": "name.givenName", "value": "Anna"}
    gateway.patch(path, {"op": "add", "path": "title", "value": "Clerk"}, rename)
    gateway.patch(path, {"op": "replace", "path": "title", "value": "Clerk"})  # nothing to change
    gateway.patch(path, {"op": "replace", "path": "password", "value": "an0ther-s3cret"})
    gateway.patch(path, {"op": "replace", "path": "title", "value": "hold"})  # held
    whole = {"schemas": [USER], "userName": "ann@example.com", "emails": [{"value": "b@example.com"}]}
    gateway.put(path, whole, source="hr")
    gateway.patch(path, {"op": "add", "path": "externalId", "value": "hr-1"}, source="hr")
    gateway.patch(path, {"op": "add", "path": f"{ENTERPRISE}:manager.value", "value": bob["id"]}, source="hr")
    # A long user agent that is no UTF-8, and a title that is held but leaves.
    gateway.patch(
        path, {"op": "replace", "value": {"active": False, "title": "hold"}}, headers={"User-Agent": "ä" * 90 + "x"}
    )
    group = gateway.group("staff", [ann["id"], bob["id"]], externalId="g-1")
    gateway.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{ann["id"]}"]'})
    gateway.patch(f"/Users/{bob['id']}", {"op": "replace", "path": "displayName", "value": "Bob in a group"})
    gateway.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "everybody"})
    cat = {"schemas": [USER], "userName": "cat@example.com"}
    cats = {"schemas": [GROUP], "displayName": "bulk", "members": [{"value": "bulkId:c"}]}
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "c", "data": cat},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": cats},
    ]
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
    assert gateway.request("POST", "/Bulk", bulk).status == 200
    # A person who acts, with the groups that he is in; an admin who says why.
    token = gateway.cli("token", "create", "idp", "--subject", "bob@example.com").split()[-1]
    me = Connection(gateway.port, token)
    assert me.patch("/Me", {"op": "add", "path": "displayName", "value": "me"}).status == 200
    me.close()
    why = {"Scimward-Override": "the contract is signed"}
    gateway.patch(f"/Users/{bob['id']}", {"op": "add", "path": "title", "value": "x"}, source="boss", headers=why)
    gateway.delete(f"/Users/{ann['id']}")
    gateway.delete(f"/Groups/{group['id']}")
    return len(gateway.journal('kind eq "decision"')) - before


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A gateway in which every kind of decision was made, and how many."""
    app = {"name": "wiki", "connector": "scim", "url": "http://127.0.0.1:1/v2", "token": "t" * 20}
    folder = tmp_path_factory.mktemp("lived") / "gateway"
    sources = ("idp", "hr", {"name": "boss", "kind": "admin"})
    with Gateway(folder, sources=sources, policy=held(DIGEST), apps=[app | {"allow_private": True}]) as gateway:
        yield gateway, live_a_life(gateway)


def test_the_journal_has_all_that_the_policy_saw_byte_for_byte(lived):
    gateway, decisions = lived
    assert decisions >= 21

    found = replay(gateway)

    assert found["decisions"] == found["replayed"] == decisions, found["not_replayed"]
    assert found["changed"] == 0 and not found["alarm"], found["differences"]
    assert found["kinds"] == {"same": decisions}
    assert {row["decisions"] for row in found["revisions"]} == {decisions}
    # Else it would prove nothing: each answer was another, since each input was.
    codes = {tuple(entry["reasons"]) for entry in gateway.journal('kind eq "decision"')}
    assert len(codes) >= decisions - 1  # of the leaver the code is that of the rule of the gateway


def test_the_words_of_an_alarm_are_loud_and_name_the_entry(lived, tmp_path):
    """Whoever puts another policy into the archive, in a file that is whole, is found out."""
    gateway, decisions = lived
    entry = gateway.journal('subject.userName eq "no@example.com"')[0]
    copy = copy_of(gateway, tmp_path)
    tamper_archive(copy, lambda plan: plan.replace(b'"deny"', b'"hold"'))

    result = copy.cli("policy", "replay", code=None)

    assert result.returncode == 2
    assert "ALARM" in result.stdout and "ALARM" in result.stderr
    assert "is damaged: it holds another policy" in result.stdout
    assert entry["effect"] == "deny" and replay(gateway)["alarm"] is False


def copy_of(gateway, folder):
    """The same store, archive and configuration in another folder, with no gateway."""
    copy = Gateway(folder / "copy", policy="allow")
    text = gateway.config_path.read_text()
    copy.config_path.write_text(text)
    source = sqlite3.connect(gateway.folder / "scimward.db")
    target = sqlite3.connect(copy.folder / "scimward.db")
    source.backup(target)
    target.execute("PRAGMA journal_mode=WAL")
    source.close()
    target.close()
    shutil.copytree(gateway.folder / "scimward.db-policy", copy.folder / "scimward.db-policy")
    return copy


def tamper_archive(gateway, change):
    """Changes an archived policy and makes the file whole again, as somebody who knows the format would."""
    for path in archived(gateway):
        head, _, body = path.read_bytes().partition(b"\n")
        body = change(body)
        path.write_bytes(b"scimward policy 1 " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


# Each slice would have been refused by what only observes, for a reason of its own.
OBSERVED = (
    DIGEST.replace("decision :=", "said :=")
    + """
slice := object.get(input, ["members", "slice", "index"], 0)

decision := object.union(said, {"observed": [{"code": sprintf("o.%d", [slice]), "message": digest}]})
"""
)


@pytest.mark.parametrize("policy", [DIGEST, OBSERVED], ids=["plain", "observed"])
def test_slices_of_a_large_group_operation_are_decided_as_they_were(make_gateway, policy):
    gateway = make_gateway(policy=DIGEST)
    people = make_people(gateway, 1300)
    gateway.write_policy(policy)
    reload(gateway)
    group = gateway.group("all", people[:600])
    answer = gateway.put(
        f"/Groups/{group['id']}?excludedAttributes=members",
        {"schemas": [GROUP], "displayName": "all", "members": [{"value": key} for key in people[500:]]},
    )
    assert answer.status == 200, answer
    gateway.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "everybody"})

    found = replay(gateway, "--filter", 'resource.type eq "Group"')

    assert [found["decisions"], found["replayed"], found["changed"]] == [3, 3, 0], found
    three = gateway.journal('resource.type eq "Group"')[1]
    assert len(three["reasons"]) == 3, "one digest for each of three slices"
    observed = [reason["code"] for reason in three["output"].get("observed", [])]
    assert observed == (["o.0", "o.1", "o.2"] if policy == OBSERVED else [])


def test_it_works_when_the_gateway_is_gone(make_gateway):
    gateway = make_gateway(policy=DIGEST)
    gateway.user("a@example.com")
    gateway.stop()

    assert replay(gateway)["replayed"] == 1


def change_entry(gateway, index, change):
    """Changes a leaf in the store. The gateway must not run."""
    with closing(sqlite3.connect(gateway.folder / "scimward.db")) as store, store:
        (leaf,) = store.execute("SELECT leaf FROM entry WHERE idx = ?", (index,)).fetchone()
        store.execute("UPDATE entry SET leaf = ? WHERE idx = ?", (change(leaf), index))


def test_a_journal_that_was_tampered_with_is_an_alarm_that_names_the_entry(make_gateway):
    gateway = make_gateway(policy=DIGEST)
    for name in ("a", "no-b", "c"):
        gateway.post("/Users", {"schemas": [USER], "userName": f"{name}@example.com"})
    index = gateway.journal('effect eq "deny"')[0]["index"]
    gateway.stop()
    change_entry(gateway, index, lambda leaf: leaf.replace(b'"deny"', b'"allow"'))

    result = gateway.cli("policy", "replay", code=None)

    assert result.returncode == 2
    assert "ALARM" in result.stderr and f"entry {index}" in result.stdout, result
    assert replay(gateway, code=2)["replayed"] == 2
    # Against another policy it is told among what cannot be replayed.
    assert replay(gateway, "--against", "policy")["damaged"] == 1


def test_a_recorded_answer_that_the_policy_does_not_give_is_an_alarm(make_gateway):
    """The archive holds what the digest says, but decisions say that another policy made them."""
    gateway = make_gateway(policy=DIGEST)
    gateway.user("a@example.com")
    # Two of a kind: the answers of one under the name of the other.
    gateway.write_policy(DIGEST.replace('"d.%s"', '"e.%s"'))
    reload(gateway)
    gateway.user("b@example.com")
    first, second = gateway.journal('kind eq "decision"')
    gateway.stop()
    revision = lambda entry: entry["revision"].encode()
    assert len(revision(first)) == len(revision(second))
    change_entry(gateway, second["index"], lambda leaf: leaf.replace(revision(second), revision(first)))

    found = replay(gateway, code=2)

    assert found["alarm"] and found["damaged"] + found["changed"] == 1, found


def test_a_policy_that_is_no_longer_archived_is_named(make_gateway):
    gateway = make_gateway(policy=DIGEST)
    gateway.user("a@example.com")
    gateway.write_policy(DIGEST + "# other\nmore := 1\n")
    reload(gateway)
    gateway.user("b@example.com")
    first = gateway.journal('kind eq "decision"')[0]["revision"]
    (gone,) = [path for path in archived(gateway) if path.name.startswith(first[:16])]
    gone.unlink()

    found = replay(gateway)

    assert [found["decisions"], found["replayed"], found["alarm"]] == [2, 1, False]
    (reason,) = found["not_replayed"]
    assert reason["why"] == f"the policy {first} is not archived" and reason["decisions"] == 1


def test_decisions_without_an_answer_are_named_and_not_guessed(make_gateway):
    gateway = make_gateway(policy='package scimward\n\ndecision := {"effect": "allow"} if not input.after.title\n')
    gateway.user("a@example.com")
    assert gateway.post("/Users", {"schemas": [USER], "userName": "b@example.com", "title": "t"}).status == 503

    found = replay(gateway)

    assert [found["decisions"], found["replayed"]] == [2, 1]
    assert found["not_replayed"][0]["why"] == "the policy gave no answer (policy.undefined)"


# ---- what decided here ----


def test_revisions_lists_what_decided_and_how_often(make_gateway):
    gateway = make_gateway(policy=rule("one"))
    gateway.user("a@example.com")
    gateway.write_policy(rule("two"))
    reload(gateway)
    for name in ("b", "c"):
        gateway.user(f"{name}@example.com")

    rows = gateway.cli_json("policy", "revisions", "--decisions")["revisions"]

    assert [row["decisions"] for row in rows] == [2, 1]
    assert rows[0]["revision"] == gateway.cli_json("policy", "status")["policy"]["revision"]
    assert all(row["damage"] is None and row["source"].startswith("directory:") for row in rows)
    table = gateway.cli("policy", "revisions")
    assert rows[0]["digest"][:16] in table and rows[1]["digest"][:16] in table
    # One that is damaged is named, and the others are listed all the same.
    (path,) = [path for path in archived(gateway) if path.name == rows[1]["digest"]]
    path.write_bytes(path.read_bytes()[:-1])
    result = gateway.cli("policy", "revisions", code=None)
    assert result.returncode == 2 and f"{path.name} is damaged; it is not used" in result.stderr
    assert rows[0]["digest"][:16] in result.stdout


def test_no_more_are_kept_than_the_configuration_says(make_gateway):
    gateway = make_gateway(policy=DIGEST)
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["archive"] = {"revisions": 2}
    gateway.config_path.write_text(json.dumps(document))
    gateway.restart()
    for number in range(3):
        gateway.write_policy(DIGEST + f"\nnumber := {number}\n")
        reload(gateway)

    rows = gateway.cli_json("policy", "revisions")["revisions"]

    assert len(rows) == len(archived(gateway)) == 2
    assert rows[0]["revision"] == gateway.cli_json("policy", "status")["policy"]["revision"]


def test_limits_of_today_do_not_judge_what_was_decided(make_gateway):
    gateway = make_gateway(policy=DIGEST)
    gateway.user("a@example.com", displayName="x" * 1000)
    document = json.loads(gateway.config_path.read_text())
    document["policy"]["limits"] = {"steps": 1000}
    gateway.config_path.write_text(json.dumps(document))

    assert [replay(gateway)[key] for key in ("replayed", "changed")] == [1, 0]
    # Another policy has to do with them.
    work = DIGEST + "\nmore := count([x | some x in numbers.range(1, 5000)])\n"
    work = work.replace("decision := {", 'decision := {"apps": [sprintf("%d", [more])], ', 1)
    policy = write_files(gateway.folder / "candidate", {"p.rego": work})
    assert replay(gateway, "--against", str(policy))["kinds"] == {"allow → error": 1}


def test_what_was_erased_is_named_and_so_is_what_needs_it(make_gateway):
    gateway = make_gateway(policy=DIGEST)
    user = gateway.user("a@example.com")
    gateway.patch(f"/Users/{user['id']}", {"op": "add", "path": "displayName", "value": "A"})
    other = gateway.user("b@example.com")
    gateway.patch(f"/Users/{other['id']}", {"op": "add", "path": "displayName", "value": "B"})
    first = gateway.journal('kind eq "decision"')[0]["index"]
    gateway.stop()
    with closing(sqlite3.connect(gateway.folder / "scimward.db")) as store, store:
        store.execute("DELETE FROM payload WHERE idx = ?", (first,))

    found = replay(gateway)

    assert [found["decisions"], found["replayed"], found["changed"], found["alarm"]] == [4, 2, 0, False]
    assert {row["why"]: row["decisions"] for row in found["not_replayed"]} == {
        "its payload was erased": 1,
        "an entry that its input needs was erased": 1,
    }
    examples = [row["label"] for row in found["not_replayed"]]
    assert any(f"entry {first})" in label for label in examples), examples
    assert any(f"entry {first + 1}: entry {first + 1}: " in label for label in examples), examples


def test_nothing_that_could_be_replayed_is_an_error(make_gateway):
    gateway = make_gateway(policy=DIGEST)
    assert "there is no such decision" in gateway.cli("policy", "replay", code=None).stderr
    gateway.user("a@example.com")
    for path in archived(gateway):
        path.unlink()

    result = gateway.cli("policy", "replay", code=None)

    assert result.returncode == 1
    assert "none of the 1 decisions could be replayed: the policy" in result.stderr


def test_no_secret_is_kept_for_a_replay(lived):
    gateway, _ = lived
    text = gateway.cli("journal", "tail", "-n", "1000", "-o", "json")

    assert "ann@example.com" in text
    assert "s3cr" not in text and "an0ther" not in text
