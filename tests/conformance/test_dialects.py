"""
What identity providers send, in our own words: samples written from documentation and issues, one file each in
samples/, sent to the real program. A sample says who writes so, whose dialect it is, which quirks it has, and what is
true afterwards. test_dialect_forms.py makes the same kinds in all the forms that no sample has.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gateway import PATCH, USER

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))


@pytest.fixture(scope="module")
def gateway(babel):
    return babel


def matches(found, wanted):
    """Objects have at least what is wanted, everything else is equal."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(matches(found.get(key), value) for key, value in wanted.items())
    return found == wanted


class Stage:
    """What stands in a sample before its request: a person, or a team of two."""

    def __init__(self, gateway, sample, source):
        self.gateway = gateway
        self.sample = sample
        self.source = source
        self.names = {}
        self.made = []

    def make(self):
        if "person" in self.sample:
            person = self.user("t1@contoso.example", self.sample["person"])
            self.names["{id}"] = person["id"]
        if "group" in self.sample:
            for name in ("one", "two"):
                self.names["{" + name + "}"] = self.user(f"{name}@contoso.example", {})["id"]
            members = [self.names["{" + name + "}"] for name in self.sample["group"]]
            team = self.gateway.group("Team", members, source=self.source)
            self.made.append(f"/Groups/{team['id']}")
            self.names["{id}"] = team["id"]

    def user(self, user_name, attributes):
        body = {"schemas": [USER], "userName": user_name} | attributes
        answer = self.gateway.post("/Users", body, source=self.source)
        assert answer.status == 201, answer
        person = answer.json
        self.made.append(f"/Users/{person['id']}")
        return person

    def fill(self, text):
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def send(self):
        body = self.sample["body"]
        answer = self.gateway.request(
            self.sample["method"],
            self.fill(self.sample["path"]).replace(" ", "%20").replace('"', "%22"),
            self.fill(json.dumps(body)) if body is not None else None,
            source=self.source,
            headers=dict(self.sample.get("headers") or {}),
        )
        if self.sample["method"] == "POST" and answer.status == 201:
            self.made.append(f"/Users/{answer.json['id']}")
        return answer

    def now(self):
        """The resource as it is: the one that was made, or the one that the path names."""
        path = self.made[-1] if self.sample["method"] == "POST" else self.fill(self.sample["path"]).split("?")[0]
        answer = self.gateway.get(path, source=self.source)
        assert answer.status == 200, answer
        return answer.json

    def clear(self):
        for path in reversed(self.made):
            assert self.gateway.delete(path, source=self.source).status == 204


@pytest.fixture
def stage(gateway):
    stages = []

    def make(name, source=None):
        sample = json.loads((SAMPLES / f"{name}.json").read_text())
        stages.append(Stage(gateway, sample, source or sample["dialect"]))
        stages[-1].make()
        return stages[-1]

    yield make
    for it in stages:
        it.clear()


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_has_its_effect(stage, name):
    it = stage(name)

    answer = it.send()

    expect = it.sample["expect"]
    assert answer.status == expect["status"], answer
    if "total" in expect:
        assert answer.json["totalResults"] == expect["total"]
        return
    found = it.now()
    assert matches(found, expect.get("has", {})), found
    assert [key for key in expect.get("lacks", []) if key in found] == []
    if "members" in expect:
        wanted = sorted(it.names["{" + member + "}"] for member in expect["members"])
        assert sorted(member["value"] for member in found.get("members", [])) == wanted


# What a sample is made of that the RFC allows: `standard` takes it as well, and means the same or something else.
VALID_SCIM = {"okta-empty-attributes", "ping-clear-attributes", "entra-group-patch-answer"}


@pytest.mark.parametrize("name", sorted(set(NAMES) - VALID_SCIM))
def test_a_strict_source_is_refused_what_only_a_dialect_understands(stage, name):
    it = stage(name, source="standard")

    answer = it.send()

    strict = "op-any-case" in it.sample["quirks"] or answer.status in (400, 415)
    assert strict, answer
    assert answer.status == (415 if "any-media-type" in it.sample["quirks"] else 400), answer


def test_a_source_may_add_to_its_dialect(gateway):
    one = gateway.user("one@contoso.example", source="additive")["id"]
    two = gateway.user("two@contoso.example", source="additive")["id"]
    team = gateway.group("Team", [one], source="additive")
    body = {
        "schemas": [PATCH],
        "Operations": [{"op": "Replace", "path": "members", "value": [{"value": two}]}],
    }

    assert gateway.request("PATCH", f"/Groups/{team['id']}", body, source="additive").status == 204

    members = gateway.get(f"/Groups/{team['id']}", source="additive").json["members"]
    assert sorted(member["value"] for member in members) == sorted([one, two])


@pytest.mark.parametrize("source", ["standard", "entra"])
def test_a_member_may_stand_alone(gateway, source):
    """RFC 7644, 3.5.2.1: what is added to a list may be one value."""
    anna, bert = (gateway.user(f"{name}@alone.example", source=source)["id"] for name in ("anna", "bert"))
    team = gateway.group(f"Alone {source}", [], source=source)

    for operation in (
        {"op": "add", "path": "members", "value": {"value": anna, "display": "Anna", "type": "User"}},
        {"op": "add", "value": {"members": {"value": bert}}},
    ):
        body = {"schemas": [PATCH], "Operations": [operation]}
        assert gateway.request("PATCH", f"/Groups/{team['id']}", body, source=source).status in (200, 204)

    members = gateway.get(f"/Groups/{team['id']}", source=source).json["members"]
    assert sorted(member["value"] for member in members) == sorted([anna, bert])


def test_members_that_only_the_dialect_sees_are_claimed_with_the_group(make_gateway):
    """Two of them at once must see each other: a policy that allows one group a person gets one group."""
    rule = """package scimward

decision := {"effect": "deny", "reasons": [{"code": "one.group", "message": "one is enough"}]} if {
	some member in input.members.added
	count(member.groups) > 0
} else := {"effect": "allow", "reasons": []}
"""
    with make_gateway(name="claims", sources=[{"name": "entra", "dialect": "entra"}], policy=rule) as gateway:
        urn = "urn:ietf:params:scim:schemas:core:2.0:Group"
        forms = [
            lambda person: {"op": "add", "path": "members", "value": {"value": person}},
            lambda person: {"op": "add", "value": {f"{urn}:members": [{"value": person}]}},
            lambda person: {"op": "add", "value": {urn: {"members": [{"value": person}]}}},
            lambda person: {"op": "add", "path": f'members[value eq "{person}"]'},
        ]
        teams = [gateway.group(f"Team {i}", [])["id"] for i in range(len(forms))]
        for number in range(25):
            person = gateway.user(f"p{number}@example.com")["id"]

            def send(place, person=person):
                connection = gateway.connect()
                body = {"schemas": [PATCH], "Operations": [forms[place](person)]}
                status = connection.request("PATCH", f"/Groups/{teams[place]}", body).status
                connection.close()
                return status

            with ThreadPoolExecutor(len(forms)) as pool:
                statuses = sorted(pool.map(send, range(len(forms))))
            assert statuses == [204, 403, 403, 403]
