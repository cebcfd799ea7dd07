"""Large changes of groups are decided in slices; every decision can be computed again."""

import random
import threading

import pytest
from decisions import SCHEMA, evaluate, last_entry, make_bundle, whole_entry
from json_schema import has_null, problems

from gateway import GROUP, USER

# ---- groups in slices ----


def fill(gateway, count, first=0):
    """People over several connections, in order."""
    ids = [None] * count

    def make(offset):
        connection = gateway.connect()
        for number in range(offset, count, 8):
            answer = connection.post("/Users", {"schemas": [USER], "userName": f"s{first + number}@example.com"})
            assert answer.status == 201, answer
            ids[number] = answer.json["id"]
        connection.close()

    threads = [threading.Thread(target=make, args=(offset,)) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in ids
    return ids


SLICES = """package scimward

# One reason for each slice, and one for each of its members, so that the journal shows what was asked.
slice := input.members.slice

count_of_slice := count(input.members.added) + count(input.members.removed)

forbidden contains member.id if {
	some member in input.members.added
	member.user.title == "no"
}

reasons := [{"code": sprintf("slice.%d.of.%d", [slice.index, slice.of]), "message": sprintf("%d", [count_of_slice])}]

decision := {"effect": "allow"} if input.resource_type == "User"

decision := {"effect": "allow", "reasons": reasons} if {
	input.resource_type == "Group"
	count(forbidden) == 0
}

decision := {"effect": "deny", "reasons": [{"code": "forbidden", "message": concat(",", forbidden)}]} if {
	input.resource_type == "Group"
	count(forbidden) > 0
}
"""


def test_1200_member_changes_are_decided_in_three_slices_and_are_one_entry(make_gateway):
    gateway = make_gateway(policy=SLICES)
    people = fill(gateway, 1300)
    group = gateway.group("all", people[:300])
    entries = len(gateway.journal())

    # 1,000 come, 200 go
    answer = gateway.put(
        f"/Groups/{group['id']}?excludedAttributes=members",
        {"schemas": [GROUP], "displayName": "all", "members": [{"value": key} for key in people[200:]]},
    )

    assert answer.status == 200, answer
    assert len(gateway.journal()) == entries + 1
    entry = last_entry(gateway)
    assert sorted(entry["reasons"]) == ["slice.0.of.3", "slice.1.of.3", "slice.2.of.3"]
    members = gateway.get(f"/Groups/{group['id']}").json["members"]
    assert {m["value"] for m in members} == set(people[200:])
    what = whole_entry(gateway, answer.journal_index)["input"]
    assert problems(what, SCHEMA) == [] and not has_null(what)
    assert [m["id"] for m in what["members"]["added"]] == people[300:]
    assert {m["id"] for m in what["members"]["removed"]} == set(people[:200])
    assert what["members"]["slice"] == {"index": 0, "of": 3}
    assert (what["members"]["count_before"], what["members"]["count_after"]) == (300, 1100)
    assert all(m["user"]["userName"].startswith("s") for m in what["members"]["added"])
    assert all(m["groups"] == [{"id": group["id"], "display": "all"}] for m in what["members"]["removed"])
    assert what["rate"]["removals"]["this"] == 200
    assert evaluate(gateway, what)["effect"] == "allow"


def test_one_forbidden_member_in_the_last_slice_refuses_all_of_them(make_gateway):
    gateway = make_gateway(policy=SLICES)
    people = fill(gateway, 1200)
    bad = gateway.user("bad@example.com", title="no")["id"]
    group = gateway.group("all")
    before = gateway.get(f"/Groups/{group['id']}").json

    answer = gateway.patch(
        f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": key} for key in [*people, bad]]}
    )

    assert answer.status == 403
    assert bad in answer.json["detail"]
    assert gateway.get(f"/Groups/{group['id']}").json == before
    assert last_entry(gateway)["reasons"] == ["forbidden"]
    what = whole_entry(gateway, answer.journal_index)["input"]
    assert evaluate(gateway, what)["effect"] == "deny"


def test_slices_that_contradict_each_other_are_no_answer(make_gateway):
    gateway = make_gateway(
        policy="package scimward\n\n"
        'decision := {"effect": "allow"} if not input.members\n'
        'decision := {"effect": "allow", "obligations": [{"op": "add", "path": "displayName", '
        '"value": sprintf("slice %d", [input.members.slice.index])}]} if input.members\n'
    )
    people = fill(gateway, 501)

    answer = gateway.post(
        "/Groups", {"schemas": [GROUP], "displayName": "all", "members": [{"value": key} for key in people]}
    )

    assert answer.status == 503
    assert last_entry(gateway)["reasons"] == ["policy.conflict"]
    assert gateway.get("/Groups").json["totalResults"] == 0


def test_members_of_type_group_are_refused(gateway):
    """A nested group would bypass every rule over groups."""
    person = gateway.user("anna")
    inner = gateway.group("inner")
    outer = gateway.group("outer")
    as_group = {"value": inner["id"], "type": "Group"}
    bodies = [
        gateway.post("/Groups", {"schemas": [GROUP], "displayName": "new", "members": [as_group]}),
        gateway.put(f"/Groups/{outer['id']}", {"schemas": [GROUP], "displayName": "outer", "members": [as_group]}),
        gateway.patch(f"/Groups/{outer['id']}", {"op": "add", "path": "members", "value": [as_group]}),
        # … also where the type is left out, or lies
        gateway.patch(f"/Groups/{outer['id']}", {"op": "add", "path": "members", "value": [{"value": inner["id"]}]}),
        gateway.patch(
            f"/Groups/{outer['id']}", {"op": "add", "value": {"members": [{"value": inner["id"], "type": "User"}]}}
        ),
        gateway.patch(
            f"/Groups/{outer['id']}",
            {"op": "add", "path": "members", "value": [{"value": person["id"]}, {"value": outer["id"]}]},
        ),
        gateway.patch(
            f"/Groups/{outer['id']}",
            {"op": "add", "path": "members", "value": [{"value": person["id"], "type": "group"}]},
        ),
    ]

    assert [(answer.status, answer.json.get("scimType")) for answer in bodies] == [(400, "invalidValue")] * len(bodies)
    assert gateway.get(f"/Groups/{outer['id']}").json == outer
    assert [entry for entry in gateway.journal('kind eq "decision"')][-1]["index"] == 3  # not decisions


# ---- reproduced ----


def test_every_decision_of_a_random_run_is_reproduced_from_the_journal(make_gateway):
    gateway = make_gateway(policy="starter")
    dice = random.Random(3)
    people, groups = [], []

    def create():
        name = f"r{len(people)}@{dice.choice(['example.com', 'example.com', 'evil.example'])}"
        extra = {} if dice.random() < 0.7 else {"userType": "contractor"}
        answer = gateway.post("/Users", {"schemas": [USER], "userName": name, "title": "x"} | extra)
        if answer.status == 201:
            people.append(answer.json["id"])
        return answer

    def create_group():
        name = dice.choice(["buyers", "invoice-approvers", "admins", "finance-admins", f"team {len(groups)}"])
        chosen = dice.sample(people, min(len(people), dice.randrange(4)))
        answer = gateway.post(
            "/Groups", {"schemas": [GROUP], "displayName": name, "members": [{"value": key} for key in chosen]}
        )
        if answer.status == 201:
            groups.append(answer.json["id"])
        return answer

    def change():
        value = dice.choice([True, False])
        operations = [
            {"op": "replace", "path": "active", "value": value},
            {"op": "replace", "path": "title", "value": dice.choice(["x", "y"])},
            {"op": "add", "path": "emails", "value": [{"value": f"z@{dice.choice(['example.com', 'evil.example'])}"}]},
        ]
        return gateway.patch(f"/Users/{dice.choice(people)}", dice.choice(operations))

    def change_group():
        operations = [
            {"op": "add", "path": "members", "value": [{"value": dice.choice(people)}]},
            {"op": "remove", "path": f'members[value eq "{dice.choice(people)}"]'},
            {"op": "replace", "path": "displayName", "value": dice.choice(["admins", "buyers", f"n{dice.random()}"])},
        ]
        return gateway.patch(f"/Groups/{dice.choice(groups)}", dice.choice(operations))

    def delete():
        key = people.pop(dice.randrange(len(people)))
        answer = gateway.delete(f"/Users/{key}")
        if answer.status != 204:
            people.append(key)
        return answer

    while len(people) < 5:
        create()
    while not groups:
        create_group()
    moves = [create, create, create_group, change, change, change_group, change_group, delete]
    statuses = {dice.choice(moves)().status for _ in range(80)}
    assert {200, 201, 403} <= statuses

    decisions = gateway.journal('kind eq "decision"')
    assert len(decisions) >= 60
    bundle = make_bundle(gateway.folder / "policy", gateway.folder / "bundle.tar.gz")
    for entry in decisions:
        shown = whole_entry(gateway, entry["index"])
        assert problems(shown["input"], SCHEMA) == [] and not has_null(shown["input"])
        assert evaluate(gateway, shown["input"], str(bundle)) == shown["entry"]["output"], entry


@pytest.mark.own_engine("an OPA server has no budget of ours")
def test_eval_has_the_budget_of_the_configuration(make_gateway):
    """Else an entry without an answer would be reproduced with one."""
    work = 'package scimward\n\ndecision := {"effect": "allow"} if count([1 | some _ in numbers.range(1, 5000)]) > 0\n'
    gateway = make_gateway(policy=work, start=False)
    assert evaluate(gateway, {}) == {"effect": "allow"}
    gateway.config["policy"] = {"limits": {"steps": 1000}}
    gateway.write_config()

    result = gateway.cli("policy", "eval", code=None, stdin="{}")

    assert result.returncode == 1
    assert "policy.budget" in result.stderr
