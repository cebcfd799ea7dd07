"""The journal as people read it."""

import json


def test_tail_with_a_filter_prints_the_last_that_match_however_far_back(make_gateway):
    gateway = make_gateway(policy="starter")
    gateway.post("/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "eve@evil.example"})
    for number in range(450):
        gateway.user(f"p{number}@example.com")

    (entry,) = gateway.journal('effect eq "deny" and subject.userName ew "@evil.example"', count=5)

    assert entry["reasons"] == ["email.domain"]
    last = gateway.journal('operation eq "create"', count=3)
    assert [entry["subject"]["userName"] for entry in last] == [f"p{n}@example.com" for n in (447, 448, 449)]


def test_show_tells_what_changed_why_and_where_it_went(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(policy="starter", apps=[app.config()])
    anna = gateway.user("anna@example.com", title="Clerk")
    answer = gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "title", "value": "Engineer"})
    gateway.wait_delivered()

    text = gateway.cli("journal", "show", str(answer.journal_index))

    assert '- title: "Clerk"' in text
    assert '+ title: "Engineer"' in text
    assert "wiki: delivered" in text or "wiki: current" in text  # an earlier delivery may have brought it
    document = gateway.cli_json("journal", "show", str(answer.journal_index))["entry"]
    assert document["input"]["before"]["title"] == "Clerk"  # by reference in the journal, whole for its reader


def test_the_receipt_of_a_reply_names_index_and_leaf(gateway):
    answer = gateway.post("/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "anna"})

    index, leaf_hash = answer.headers["Scimward-Journal"].split()
    (entry,) = gateway.journal(f"index eq {index}")
    assert entry["resource"]["id"] == answer.json["id"]
    assert len(leaf_hash) == 44


def test_a_flipped_byte_in_a_stored_payload_is_found(gateway):
    gateway.user("anna@example.com")
    gateway.stop()
    database = gateway.folder / "scimward.db"
    with_wal = [path for path in (database, gateway.folder / "scimward.db-wal") if path.exists()]
    assert json.loads(gateway.cli("journal", "verify", "-o", "json"))["verification"]["intact"] is True

    import sqlite3  # the store as any tool would see it

    connection = sqlite3.connect(database)
    (table,) = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if "payload" in name
    ]
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    blob = next(name for name in columns if name in ("payload", "body", "bytes", "data"))
    key, value = connection.execute(f"SELECT rowid, {blob} FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()
    changed = bytearray(value)
    changed[-3] ^= 0x40
    connection.execute(f"UPDATE {table} SET {blob} = ? WHERE rowid = ?", (bytes(changed), key))
    connection.commit()
    connection.close()
    assert with_wal

    report = json.loads(gateway.cli("journal", "verify", "-o", "json", code=2))["verification"]
    assert report["intact"] is False
    assert "payload" in report["problem"]


def test_a_key_of_another_origin_is_refused(make_gateway):
    gateway = make_gateway()
    gateway.stop()
    text = gateway.config_path.read_text().replace("test.example/journal", "other.example/journal")
    gateway.config_path.write_text(text)

    gateway.start(ready=False)
    code = gateway.join()

    assert code == 1
    assert "signs for test.example/journal" in gateway.text()
