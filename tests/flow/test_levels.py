"""Enforcement levels as the gateway sees them: what is observed, what may be overridden, by whom, and what is recorded.

The policy of these tests says by itself what lib/decision.rego makes of levels: a person's title names what a package
of that level would say.
"""

import json

import pytest
from decisions import whole_entry
from scenarios import failure_of, make_policy, report_of

from gateway import USER, Gateway

LEVELS = """package scimward

soft := [{"code": "soft.title", "message": "such a title needs a reason"} | input.after.title in {"soft", "both"}]

observe := [{"code": "observe.title", "message": "such a title is looked at"} | input.after.title in {"observe", "both"}]

hard if input.after.title == "hard"

# A member that has none of these is of no interest.
people := [person | some person in input.members.added]

soft_members := [{"code": "soft.member", "message": person.user.userName} |
	some person in people
	startswith(person.user.userName, "soft-")
]

observed_members := [{"code": "observe.member", "message": "a member to look at"} |
	some person in people
	startswith(person.user.userName, "observe-")
]

softly := array.concat(soft, soft_members)

watched := array.concat(observe, observed_members)

decision := {"effect": "deny", "reasons": [{"code": "hard.title", "message": "never"}], "observed": watched} if hard

decision := {"effect": "deny", "reasons": softly, "observed": watched, "overridable": true} if {
	not hard
	count(softly) > 0
	not input.override
}

decision := {"effect": "allow", "reasons": [], "observed": array.concat(softly, watched)} if {
	not hard
	not refused_softly
}

refused_softly if {
	count(softly) > 0
	not input.override
}
"""

WHY = {"Scimward-Override": "the contract is signed, ticket 4711"}


@pytest.fixture(scope="module")
def levels(tmp_path_factory):
    sources = [{"name": "idp"}, {"name": "boss", "kind": "admin"}, {"name": "job", "kind": "job"}]
    with Gateway(tmp_path_factory.mktemp("levels") / "gateway", sources=sources, policy=LEVELS) as gateway:
        yield gateway


def create(gateway, name, title, source=None, headers=None):
    return gateway.post("/Users", {"schemas": [USER], "userName": name, "title": title}, source=source, headers=headers)


def entries(gateway):
    return len(gateway.journal())


def entry_of(gateway, answer):
    return whole_entry(gateway, answer.journal_index)["entry"]


def input_of(gateway, answer):
    return whole_entry(gateway, answer.journal_index)["input"]


# ---- observe ----


def test_what_is_observed_is_recorded_and_does_nothing(levels):
    answer = create(levels, "watched@example.com", "observe")

    assert answer.status == 201, answer
    entry = entry_of(levels, answer)
    assert entry["effect"] == "allow"
    assert "reasons" not in entry and "overridden" not in entry
    assert entry["output"]["observed"] == [{"code": "observe.title", "message": "such a title is looked at"}]
    shown = levels.cli("journal", "show", str(entry["index"]))
    assert "observed (recorded, without effect)\n  observe.title  such a title is looked at\n" in shown


def test_what_is_observed_is_counted_by_source_and_code(levels):
    name = 'scimward_policy_observed_total{tenant="default",source="job",reason="observe.title"}'
    before = levels.metrics().get(name, 0)

    assert create(levels, "counted@example.com", "observe", source="job").status == 201
    assert create(levels, "not-counted@example.com", "none", source="job").status == 201

    assert levels.metrics()[name] == before + 1


def test_the_journal_is_filtered_by_what_was_observed(levels):
    create(levels, "filtered@example.com", "observe")

    found = levels.journal('output.observed.code eq "observe.title" and subject.userName eq "filtered@example.com"')

    assert [entry["subject"]["userName"] for entry in found] == ["filtered@example.com"]
    tail = levels.cli("journal", "tail", "--filter", 'subject.userName eq "filtered@example.com"')
    assert "observed: observe.title" in tail


# ---- soft ----


def test_a_soft_denial_says_how_to_override_it(levels):
    answer = create(levels, "soft@example.com", "soft")

    assert answer.status == 403
    detail = answer.json["detail"]
    assert "such a title needs a reason (soft.title, journal index" in detail
    assert "send the same write with the header Scimward-Override: <reason>" in detail
    assert entry_of(levels, answer)["output"]["overridable"] is True


def test_a_hard_denial_does_not(levels):
    answer = create(levels, "hard@example.com", "hard")

    assert answer.status == 403
    assert "Scimward-Override" not in answer.json["detail"]


def test_an_admin_overrides_with_a_reason_that_is_recorded(levels):
    counter = 'scimward_policy_overridden_total{tenant="default",source="boss"}'
    before = levels.metrics().get(counter, 0)

    answer = create(levels, "overridden@example.com", "both", source="boss", headers=WHY)

    assert answer.status == 201, answer
    entry = entry_of(levels, answer)
    assert entry["overridden"] is True and entry["effect"] == "allow" and entry["source"] == "boss"
    assert {reason["code"] for reason in entry["output"]["observed"]} == {"soft.title", "observe.title"}
    assert input_of(levels, answer)["override"] == {"reason": WHY["Scimward-Override"]}
    assert levels.metrics()[counter] == before + 1
    shown = levels.cli("journal", "show", str(entry["index"]))
    assert "override   made it pass: the contract is signed, ticket 4711\n" in shown
    found = levels.journal("overridden eq true")
    assert entry["index"] in [row["index"] for row in found]
    assert all(row["source"] == "boss" for row in found)


def test_the_reason_is_not_in_what_is_hashed_for_ever(levels):
    answer = create(levels, "erasable@example.com", "soft", source="boss", headers=WHY)

    assert answer.status == 201, answer
    [row] = [row for row in levels.journal("overridden eq true") if row["index"] == answer.journal_index]
    leaf = {name: value for name, value in row.items() if name not in ("input", "output", "subject", "stored", "detail")}
    assert "4711" not in json.dumps(leaf)


def test_an_override_that_changes_nothing_is_not_called_one(levels):
    answer = create(levels, "needless@example.com", "none", source="boss", headers=WHY)

    assert answer.status == 201, answer
    assert "overridden" not in entry_of(levels, answer)
    shown = levels.cli("journal", "show", str(answer.journal_index))
    assert "override   changed nothing: the contract is signed, ticket 4711\n" in shown


def test_an_override_does_not_help_against_what_is_hard(levels):
    answer = create(levels, "still-hard@example.com", "hard", source="boss", headers=WHY)

    assert answer.status == 403
    entry = entry_of(levels, answer)
    assert entry["effect"] == "deny" and "overridden" not in entry
    assert input_of(levels, answer)["override"]["reason"] == WHY["Scimward-Override"]


def test_an_admin_without_the_header_overrides_nothing(levels):
    assert create(levels, "plain-admin@example.com", "soft", source="boss").status == 403


@pytest.mark.parametrize("source", ["idp", "job"])
@pytest.mark.parametrize("title", ["soft", "none"])
def test_from_any_other_kind_of_source_the_header_is_refused_without_a_decision(levels, source, title):
    before = entries(levels)

    answer = create(levels, "not-admin@example.com", title, source=source, headers=WHY)

    assert answer.status == 403
    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert "only a source of kind admin may override" in answer.json["detail"]
    assert "Scimward-Journal" not in answer.headers
    assert entries(levels) == before
    assert levels.find("Users", 'userName eq "not-admin@example.com"').json["totalResults"] == 0


# ---- the header ----

REASONS = {
    "empty": "",
    "201 characters": "x" * 201,
    "a tab inside": "a\tb",
    "a control character": "a\x85b".encode(),
    "no UTF-8": b"caf\xe9",
    "a character that turns the others around": "abc\u202edef".encode(),
    "a character without width": "abc\u200bdef".encode(),
}


@pytest.mark.parametrize("what", REASONS)
def test_what_is_no_reason_is_refused(levels, what):
    before = entries(levels)

    answer = create(
        levels, "no-reason@example.com", "soft", source="boss", headers={"Scimward-Override": REASONS[what]}
    )

    assert answer.status == 400, answer
    assert "a reason of 1 to 200 printable characters" in answer.json["detail"]
    assert entries(levels) == before


def test_a_reason_may_have_200_characters_of_any_script(levels):
    reason = "Überschreitung genehmigt – 合意".ljust(200, "ж")

    answer = create(
        levels, "long-reason@example.com", "soft", source="boss", headers={"Scimward-Override": reason.encode()}
    )

    assert answer.status == 201, answer
    assert input_of(levels, answer)["override"]["reason"] == reason


def test_the_header_comes_once(levels):
    connection = levels.connect("boss").http
    body = json.dumps({"schemas": [USER], "userName": "twice@example.com"})
    connection.putrequest("POST", "/scim/v2/Users")
    connection.putheader("Authorization", f"Bearer {levels.tokens['boss']}")
    connection.putheader("Content-Type", "application/scim+json")
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Scimward-Override", "once")
    connection.putheader("scimward-override", "twice")
    connection.endheaders(body.encode())
    reply = connection.getresponse()
    detail = json.loads(reply.read())["detail"]
    connection.close()

    assert reply.status == 400
    assert "send it once" in detail


@pytest.mark.parametrize("source", ["idp", "boss"])
def test_reads_ignore_the_header(levels, source):
    for path in ("/Users?count=1", "/ServiceProviderConfig", "/Schemas"):
        assert levels.get(path, source=source, headers={"Scimward-Override": ""}).status == 200
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 1}
    assert levels.post("/Users/.search", search, source=source, headers=WHY).status == 200


# ---- the other writes ----


def test_it_counts_for_replace_patch_and_delete(levels):
    person = create(levels, "changing@example.com", "none").json
    path = f"/Users/{person['id']}"
    change = {"op": "replace", "path": "title", "value": "soft"}

    assert levels.patch(path, change).status == 403
    patched = levels.patch(path, change, source="boss", headers=WHY)
    replaced = levels.put(
        path, {"schemas": [USER], "userName": "changing@example.com", "title": "both"}, source="boss", headers=WHY
    )
    assert levels.delete(path, source="idp", headers=WHY).status == 403
    deleted = levels.delete(path, source="boss", headers=WHY)

    assert (patched.status, replaced.status, deleted.status) == (200, 200, 204)
    found = {row["index"]: row.get("overridden") for row in levels.journal('source eq "boss"')}
    assert found[patched.journal_index] and found[replaced.journal_index]
    assert found[deleted.journal_index] is None


BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def bulk(levels, source, **titles):
    operations = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": name,
            "data": {"schemas": [USER], "userName": f"{name}@bulk.example.com", "title": title},
        }
        for name, title in titles.items()
    ]
    body = {"schemas": [BULK], "Operations": operations}
    return levels.post("/Bulk", body, source=source, headers=WHY)


def test_it_counts_for_each_operation_of_a_bulk_request(levels):
    answer = bulk(levels, "boss", a="soft", b="none", c="hard")

    assert answer.status == 200, answer
    assert [operation["status"] for operation in answer.json["Operations"]] == ["201", "201", "403"]
    rows = {row["subject"]["userName"]: row for row in levels.journal('subject.userName ew "@bulk.example.com"')}
    assert rows["a@bulk.example.com"].get("overridden") is True
    assert "overridden" not in rows["b@bulk.example.com"] and "overridden" not in rows["c@bulk.example.com"]
    assert all(row["input"]["override"]["reason"] == WHY["Scimward-Override"] for row in rows.values())


def test_a_bulk_request_of_another_kind_of_source_is_refused_as_a_whole(levels):
    before = entries(levels)

    answer = bulk(levels, "idp", d="none")

    assert answer.status == 403
    assert "only a source of kind admin may override" in answer.json["detail"]
    assert entries(levels) == before


def test_slices_of_a_group_are_one_answer(levels):
    people = [create(levels, f"member-{number}@example.com", "none").json["id"] for number in range(501)]
    people[:0] = [create(levels, f"{name}@example.com", "none").json["id"] for name in ("observe-1", "soft-1")]
    people.append(create(levels, "soft-2@example.com", "none").json["id"])
    people.append(create(levels, "observe-2@example.com", "none").json["id"])
    group = levels.group("sliced")
    change = {"op": "add", "path": "members", "value": [{"value": person} for person in people]}

    refused = levels.patch(f"/Groups/{group['id']}", change, source="boss")
    allowed = levels.patch(f"/Groups/{group['id']}", change, source="boss", headers=WHY)

    assert refused.status == 403 and "Scimward-Override" in refused.json["detail"]
    assert allowed.status in (200, 204), allowed
    entry = entry_of(levels, allowed)
    assert entry["overridden"] is True
    assert sorted(reason["code"] for reason in entry["output"]["observed"]) == ["observe.member", "soft.member"]


@pytest.mark.own_engine("the policies of an OPA server are in no archive")
def test_what_was_overridden_and_observed_is_replayed_to_the_same_answers(levels):
    create(levels, "replayed@example.com", "both", source="boss", headers=WHY)

    report = levels.cli_json("policy", "replay")["replay"]

    assert report["replayed"] > 0 and report["changed"] == 0, report


# ---- scenarios ----

SCENARIOS = """
sources:
  idp: {}
  boss: {kind: admin}
scenarios:
  - name: a soft title is refused
    when:
      source: idp
      request: POST /Users
      body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: ben, title: both}
    then: {effect: deny, reasons: [soft.title], observed: [observe.title], overridable: true, overridden: false}
  - name: an admin may
    when:
      source: boss
      request: POST /Users
      headers: {Scimward-Override: the contract is signed}
      body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: ben, title: both}
    then: {effect: allow, observed: [soft.title, observe.title], overridable: false, overridden: true}
"""


def test_scenarios_tell_levels(tmp_path):
    folder = make_policy(tmp_path)(LEVELS, levels=SCENARIOS)

    assert report_of(folder)["findings"] == []


@pytest.mark.parametrize(
    "right, wrong, what",
    [
        ("observed: [observe.title]", "observed: []", "observed"),
        ("overridable: true", "overridable: false", "overridable"),
        ("overridden: false", "overridden: true", "overridden"),
    ],
)
def test_a_scenario_that_expects_another_level_fails(tmp_path, right, wrong, what):
    folder = make_policy(tmp_path)(LEVELS, levels=SCENARIOS.replace(right, wrong, 1))

    assert what in json.dumps(failure_of(folder))
