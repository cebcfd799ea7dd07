"""Prefer: respond-async (RFC 9967, 2.5.1; RFC 7240, 4.1): 202 when all is recorded, and how it ended."""

import base64
import json

import pytest
from messages import check_error, operations

from gateway import GROUP, USER, Connection, Gateway, wait_until

ASYNC = {"Prefer": "respond-async"}
EVENT = "urn:ietf:params:scim:event:misc:asyncresp"

POLICY = """package scimward

title := object.get(object.get(input, "after", {}), "title", "")

approval := {"groups": ["x"], "min": 1, "expires_s": 3600}

soon := {"groups": ["x"], "min": 1, "expires_s": 1}

decision := {"effect": "deny", "reasons": [{"code": "no.title", "message": "no such title"}]} if title == "denied"
decision := {"effect": "hold", "reasons": [], "approval": approval} if title == "held"
decision := {"effect": "hold", "reasons": [], "approval": soon} if title == "held shortly"
decision := {"effect": "allow"} if not title in {"denied", "held", "held shortly", "unanswered"}
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with Gateway(
        tmp_path_factory.mktemp("async") / "gateway",
        sources=["one", "two", {"name": "other", "tenant": "other"}],
        policy=POLICY,
        listen={"security_events": True},
    ) as gateway:
        yield gateway


def check_accepted(answer):
    """Returns the transaction."""
    assert (answer.status, answer.body) == (202, b""), answer
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.headers["Content-Type"] is None
    assert int(answer.headers["Set-Txn"]) == answer.journal_index
    return answer.headers["Set-Txn"]


def event_of(gate, txn, source=None):
    """The claims, which the token and the JSON agree on."""
    path = f"/Events/{txn}"
    plain = gate.get(path, headers={"Accept": "application/json"}, source=source)
    assert (plain.status, plain.headers["Content-Type"]) == (200, "application/json"), plain
    token = gate.get(path, headers={"Accept": "*/*"}, source=source)
    assert token.headers["Content-Type"] == "application/secevent+jwt"
    header, claims, signature = token.body.decode().split(".")
    assert signature == ""
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"typ": "secevent+jwt", "alg": "none"}
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == plain.json
    assert plain.json["txn"] == txn
    assert plain.json["iss"].endswith("/scim/v2")
    return plain.json


def test_each_write_is_accepted_when_it_is_done(gate):
    body = {"schemas": [USER], "userName": "async@example.com"}
    created = gate.post("/Users", body, headers=ASYNC)
    check_accepted(created)
    where = created.headers["Location"]
    path = "/Users/" + where.rpartition("/")[2]
    person = gate.get(path)
    assert person.json["meta"]["location"] == where

    patched = gate.request("PATCH", path, operations({"op": "add", "path": "title", "value": "Lead"}), headers=ASYNC)
    put = gate.put(path, body | {"nickName": "A"}, headers=ASYNC)
    for answer in (patched, put):
        check_accepted(answer)
        assert answer.headers["Location"] == where
    assert gate.get(path).json["nickName"] == "A"
    gone = gate.delete(path, headers=ASYNC)
    txn = check_accepted(gone)
    assert gone.headers["Location"].endswith(f"/scim/v2/Events/{txn}")
    assert gate.get(path).status == 404

    for answer, method, status in (
        (created, "POST", "201"),
        (patched, "PATCH", "200"),
        (put, "PUT", "200"),
        (gone, "DELETE", "204"),
    ):
        claims = event_of(gate, answer.headers["Set-Txn"])
        assert claims["sub_id"] == {"format": "scim", "uri": path}
        assert claims["events"] == {EVENT: {"method": method, "status": status, "location": where}}
    jtis = {event_of(gate, a.headers["Set-Txn"])["jti"] for a in (created, patched, put, gone)}
    assert len(jtis) == 4


def test_who_waits_long_enough_is_told_as_usual(gate):
    answer = gate.post(
        "/Users", {"schemas": [USER], "userName": "patient@example.com"}, headers={"Prefer": "respond-async, wait=100"}
    )
    assert (answer.status, answer.headers["Preference-Applied"], answer.headers["Set-Txn"]) == (201, None, None)
    now = gate.delete(f"/Users/{answer.json['id']}", headers={"Prefer": "wait=0, respond-async, return=minimal"})
    check_accepted(now)


def test_accept_does_not_matter_to_who_takes_202(gate):
    headers = ASYNC | {"Accept": "text/html"}
    check_accepted(gate.post("/Groups", {"schemas": [GROUP], "displayName": "accepting"}, headers=headers))


def test_a_refusal_is_told_as_usual_and_can_be_read_again(gate):
    denied = gate.post("/Users", {"schemas": [USER], "userName": "no@example.com", "title": "denied"}, headers=ASYNC)
    assert "no such title" in check_error(denied, 403)
    assert "Set-Txn" not in denied.headers
    result = event_of(gate, str(denied.journal_index))["events"][EVENT]
    assert (result["method"], result["status"]) == ("POST", "403")
    assert "no.title" in result["response"]["detail"]
    unanswered = gate.post(
        "/Users", {"schemas": [USER], "userName": "n@example.com", "title": "unanswered"}, headers=ASYNC
    )
    check_error(unanswered, 503)
    assert event_of(gate, str(unanswered.journal_index))["events"][EVENT]["status"] == "503"
    check_error(gate.post("/Users", {"schemas": [USER]}, headers=ASYNC), 400, "invalidValue")


@pytest.mark.parametrize("prefer", ["respond-async", "respond-async, wait=30"])
def test_what_is_held_is_accepted_and_has_not_ended(gate, prefer):
    body = {"schemas": [USER], "userName": f"held{len(prefer)}@example.com", "title": "held"}
    answer = gate.post("/Users", body, headers={"Prefer": prefer})
    txn = check_accepted(answer)
    assert answer.headers["Location"].endswith(f"/Events/{txn}")
    for _ in range(2):
        pending = gate.get(f"/Events/{txn}")
        assert (pending.status, pending.body, pending.headers["Set-Txn"]) == (202, b"", txn)
    assert gate.find("Users", f'userName eq "{body["userName"]}"').json["totalResults"] == 0
    check_error(gate.post("/Users", body), 403)  # who does not ask is told as ever


def test_a_hold_ends_when_nobody_approved_it_in_time(gate):
    body = {"schemas": [USER], "userName": "shortly@example.com", "title": "held shortly"}
    txn = check_accepted(gate.post("/Users", body, headers=ASYNC))
    wait_until(lambda: gate.get(f"/Events/{txn}").status == 200, "the approval's time is over")
    result = event_of(gate, txn)["events"][EVENT]
    assert result["status"] == result["response"]["status"] == "403"


def test_a_transaction_is_its_sources_alone(gate):
    txn = check_accepted(gate.post("/Users", {"schemas": [USER], "userName": "mine@example.com"}, headers=ASYNC))
    assert event_of(gate, txn)
    for source in ("two", "other"):
        check_error(gate.get(f"/Events/{txn}", source=source), 404)
    check_error(gate.get(f"/Events/{txn}", headers={"Authorization": "Bearer x"}), 401)
    for name in ("0", "99999999", "1x", "-1", "123456789012345678901234567890", f"{txn}:0", f"{txn}:", "+1"):
        check_error(gate.get(f"/Events/{name}"), 404)
    check_error(gate.get(f"/Events/{txn}", headers={"Accept": "text/html"}), 406)
    answer = gate.delete(f"/Events/{txn}")
    check_error(answer, 405)
    assert gate.request("HEAD", f"/Events/{txn}").status == 200


def test_of_a_persons_token_only_what_the_person_did(gate):
    person = gate.user("actor@example.com")
    token = gate.cli("token", "create", "one", "--subject", person["id"]).split()[-1]
    me = Connection(gate.port, token)
    by_me = check_accepted(
        me.request("PATCH", "/Me", operations({"op": "add", "path": "title", "value": "x"}), headers=ASYNC)
    )
    by_source = check_accepted(gate.post("/Groups", {"schemas": [GROUP], "displayName": "by source"}, headers=ASYNC))
    assert me.get(f"/Events/{by_me}").status == 200
    check_error(me.get(f"/Events/{by_source}"), 404)
    assert gate.get(f"/Events/{by_me}").status == 200
    me.close()


def test_a_bulk_request_is_one_transaction_with_an_event_for_each_operation(gate):
    person = {"schemas": [USER], "userName": "bulk.async@example.com"}
    sent = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "failOnErrors": 2,
        "Operations": [
            {
                "method": "POST",
                "path": "/Groups",
                "bulkId": "g",
                "data": {"schemas": [GROUP], "displayName": "bulk async", "members": [{"value": "bulkId:p"}]},
            },
            {"method": "POST", "path": "/Users", "bulkId": "p", "data": person},
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": "d",
                "data": person | {"userName": "d@x.example", "title": "denied"},
            },
            {"method": "DELETE", "path": "/Users/bulkId:p", "version": 'W/"9"'},
            {"method": "POST", "path": "/Users", "bulkId": "late", "data": person | {"userName": "late@x.example"}},
        ],
    }
    answer = gate.post("/Bulk", sent, headers=ASYNC | {"Accept": "text/html"})
    txn = check_accepted(answer)
    assert answer.headers["Location"].endswith(f"/scim/v2/Events/{txn}")
    assert gate.find("Users", 'userName eq "late@x.example"').json["totalResults"] == 0

    events = [event_of(gate, f"{txn}:{i}") for i in range(4)]
    results = [claims["events"][EVENT] for claims in events]
    assert [r["method"] for r in results] == ["POST", "POST", "POST", "DELETE"]
    assert [r["status"] for r in results] == ["201", "201", "403", "412"]
    assert [r.get("bulkId") for r in results] == ["g", "p", "d", None]
    assert "no such title" in results[2]["response"]["detail"]
    group = gate.find("Groups", 'displayName eq "bulk async"').json["Resources"][0]
    assert events[0]["sub_id"]["uri"] == f"/Groups/{group['id']}"
    assert results[0]["version"] == group["meta"]["version"]
    assert events[1]["sub_id"]["uri"] == events[3]["sub_id"]["uri"] == f"/Users/{group['members'][0]['value']}"
    assert events[2]["sub_id"]["uri"] == "/Users"

    polled = gate.get(f"/Events/{txn}")
    assert polled.headers["Content-Type"] == "application/json"
    assert polled.json["moreAvailable"] is False
    assert set(polled.json["sets"]) == {claims["jti"] for claims in events}
    for name in (f"{txn}:4", f"{txn}:99", f"{txn}:", f"{txn}:0:0", f"{txn}:00"):
        check_error(gate.get(f"/Events/{name}"), 404)
    for source in ("two", "other"):
        check_error(gate.get(f"/Events/{txn}:0", source=source), 404)
        check_error(gate.get(f"/Events/{txn}", source=source), 404)
    whole = gate.post(
        "/Bulk",
        {"schemas": sent["schemas"], "Operations": [sent["Operations"][4]]},
        headers={"Prefer": "respond-async, wait=100"},
    )
    assert (whole.status, whole.json["Operations"][0]["status"]) == (200, "201")


def test_service_provider_config_tells_of_it_where_it_is_wanted(gate, scim):
    config = gate.get("/ServiceProviderConfig").json
    assert config["securityEvents"] == {"asyncRequest": "request", "eventUris": []}
    assert "securityEvents" not in scim.get("/ServiceProviderConfig").json
    schema = gate.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig").json
    assert "securityEvents" in {attribute["name"] for attribute in schema["attributes"]}
