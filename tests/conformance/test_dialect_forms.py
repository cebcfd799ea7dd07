"""
What identity providers send, in all the forms that no sample has: each quirk × each writable attribute of the schemas
that the program says it has, in a dialect chosen by a seed, compared with what the standard form does to another
person.
"""

import itertools
import os
import random

import pytest
from dialects import DIALECTS
from gateway import ENTERPRISE, PATCH, USER

SEED = int(os.environ.get("SCIMWARD_SEED", "20261124"))


@pytest.fixture(scope="module")
def gateway(babel):
    return babel


def schemas(gateway):
    """URN -> attributes, of all that a User may have, as the program itself tells it."""
    types = gateway.get("/ResourceTypes", source="standard").json["Resources"]
    user = next(it for it in types if it["name"] == "User")
    urns = [user["schema"], *(it["schema"] for it in user.get("schemaExtensions", []))]
    documents = gateway.get("/Schemas", source="standard").json["Resources"]
    return {it["id"]: it["attributes"] for it in documents if it["id"] in urns}


def is_ours(attribute):
    """Writable, and no name that must stay unique."""
    return attribute["mutability"] == "readWrite" and attribute["name"] not in ("userName", "password", "externalId")


def simple_value(attribute, pick):
    kind = attribute["type"]
    if kind == "boolean":
        return pick.choice([True, False])
    if kind in ("integer", "decimal"):
        return pick.randrange(1000)
    if kind == "dateTime":
        return f"20{pick.randrange(20, 40)}-0{pick.randrange(1, 9)}-1{pick.randrange(9)}T00:00:00Z"
    if kind == "binary":
        return "aGVsbG8="
    if kind == "reference":
        return f"https://example.com/{pick.randrange(1000)}"
    # A canonical value is right for closed and for open lists.
    return pick.choice(attribute.get("canonicalValues") or [f"value {pick.randrange(1000)}"])


def value_of(attribute, pick):
    if attribute["type"] != "complex":
        value = simple_value(attribute, pick)
    else:
        subs = [sub for sub in attribute["subAttributes"] if sub["mutability"] == "readWrite"]
        value = {sub["name"]: value_of(sub, pick) for sub in subs if sub["name"] not in ("$ref",)}
    return [value] if attribute["multiValued"] else value


def as_texts(value):
    """Booleans and numbers as texts, wherever they stand."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return {key: as_texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_texts(part) for part in value]
    return value


def other_case(name, pick):
    return "".join(pick.choice([c.lower(), c.upper()]) for c in name)


def path_of(urn, attribute):
    return attribute["name"] if urn == USER else f"{urn}:{attribute['name']}"


def with_core_urn(urn, path):
    return f"{USER}:{path}" if urn == USER else path


class Case:
    """One attribute: the standard way to set it, and ways that identity providers have."""

    def __init__(self, urn, attribute, pick):
        self.urn, self.attribute, self.pick = urn, attribute, pick
        self.path = path_of(urn, attribute)
        self.value = value_of(attribute, pick)
        self.standard = [{"op": "add", "path": self.path, "value": self.value}]

    def held(self, value):
        """As a body holds it."""
        held = {self.attribute["name"]: value}
        return held if self.urn == USER else {self.urn: held}

    def forms(self):
        yield "capital op", [{"op": "Add", "path": self.path, "value": self.value}]
        yield "lower-case keys", {
            "operations": [{"OP": "Replace", "PATH": other_case(self.path, self.pick), "Value": self.value}],
        }
        yield "texts", [{"op": "Add", "path": self.path, "value": as_texts(self.value)}]
        yield "texts without a path", [
            {"op": "Replace", "value": as_texts(self.held(self.value))}
        ]
        yield "a path as key", [{"op": "Replace", "value": {with_core_urn(self.urn, self.path): self.value}}]
        yield "a URN that holds", [{"op": "Replace", "value": {self.urn: {self.attribute["name"]: self.value}}}]
        yield "without schemas", {"Operations": [{"op": "Add", "path": self.path, "value": self.value}]}
        yield "one operation for a list", {
            "schemas": PATCH,
            "Operations": {"op": "Add", "path": self.path, "value": self.value},
        }
        yield "with what is foreign", [
            {"op": "Add", "value": {"urn:x:1.0:User": {"a": 1}, "shoe": 7} | self.held(self.value)},
            {"op": "Replace", "path": "urn:x:2.0:User:shoe", "value": "7"},
        ]
        yield "null and empty beside it", [
            {"op": "Add", "path": self.path, "value": self.value},
            {"op": "Replace", "path": "nickName" if self.attribute["name"] != "nickName" else "title", "value": ""},
        ]
        if self.attribute["multiValued"]:
            yield "an object for a list", [{"op": "Add", "path": self.path, "value": self.value[0]}]
            yield from self.element_forms()
        else:
            yield "a list for one value", [{"op": "Add", "path": self.path, "value": [self.value]}]
        if self.attribute["type"] == "complex" and not self.attribute["multiValued"]:
            yield "dotted keys", [
                {"op": "Add", "value": {f"{self.path}.{name}": as_texts(part) for name, part in self.value.items()}}
            ]

    def element_forms(self):
        element = self.value[0]
        if not isinstance(element, dict) or "type" not in element or "value" not in element:
            return
        key = f'{self.path}[type eq "{element["type"]}"]'
        rest = {name: part for name, part in element.items() if name != "type"}
        yield "value paths that make their element", [
            {"op": "Add", "path": f"{key}.{name}", "value": as_texts(part)} for name, part in rest.items()
        ]
        yield "value paths as keys", [{"op": "Add", "value": {f"{key}.{name}": part for name, part in rest.items()}}]

    def bare_forms(self):
        """A text for a complex value, with the standard form of its own."""
        names = [sub["name"] for sub in self.attribute.get("subAttributes", [])]
        part = next((name for name in ("value", "formatted") if name in names), None)
        element = self.value[0] if self.attribute["multiValued"] else self.value
        if part is None or not isinstance(element, dict) or not isinstance(element.get(part), str):
            return
        only = {part: element[part]}
        standard = [{"op": "add", "path": self.path, "value": [only] if self.attribute["multiValued"] else only}]
        yield "a bare text", [{"op": "Add", "path": self.path, "value": element[part]}], standard
        if self.attribute["multiValued"]:
            yield "a list of bare texts", [{"op": "Add", "path": self.path, "value": [element[part]]}], standard

    def clear_forms(self):
        """It has a value and loses it."""
        yield "cleared by an empty text", [{"op": "Replace", "path": self.path, "value": ""}]
        yield "cleared by null", [{"op": "Replace", "path": self.path, "value": None}]
        yield "cleared by a key", [{"op": "Replace", "value": {with_core_urn(self.urn, self.path): ""}}]
        if self.attribute["multiValued"]:
            yield "removed by its values", [{"op": "Remove", "path": self.path, "value": self.value}]
            yield "removed without a path", [{"op": "Remove", "value": self.held(self.value)}]
            yield "replaced by nothing", [{"op": "Replace", "path": self.path, "value": []}]
        if self.attribute["type"] != "boolean":
            yield "removed twice", [{"op": "Remove", "path": self.path}, {"op": "Remove", "path": self.path}]


def message(operations):
    return operations if isinstance(operations, dict) else {"schemas": [PATCH], "Operations": operations}


def plain(document):
    return {key: value for key, value in document.items() if key not in ("id", "meta", "userName")}


class Bench:
    """Sends two PATCHes to two fresh people and compares what they become."""

    count = itertools.count()  # the gateway is one for all tests, and names are unique

    def __init__(self, gateway):
        self.gateway = gateway

    def person(self, source, operations=()):
        person = self.gateway.user(f"p{next(self.count)}@example.com", source=source)
        if operations:
            assert self.patch(source, person, operations).status == 200
        return person

    def patch(self, source, person, operations):
        return self.gateway.request("PATCH", f"/Users/{person['id']}", message(operations), source=source)

    def same(self, dialect, what, before, sent, standard):
        odd, plainly = self.person(dialect, before), self.person("twin", before)
        answer = self.patch(dialect, odd, sent)
        assert answer.status == 200, (dialect, what, sent, answer.json)
        wanted = self.patch("twin", plainly, standard)
        assert wanted.status == 200, (what, standard, wanted.json)
        assert plain(answer.json) == plain(wanted.json), (dialect, what, sent)

    def refused(self, what, sent):
        person = self.person("standard")
        answer = self.patch("standard", person, sent)
        assert answer.status == 400, (what, sent, answer.json)
        assert self.gateway.get(f"/Users/{person['id']}", source="standard").json == person


def all_cases(gateway, pick):
    for urn, attributes in schemas(gateway).items():
        for attribute in attributes:
            if is_ours(attribute):
                yield Case(urn, attribute, pick)


def test_each_form_of_each_attribute_means_the_standard_one(gateway):
    pick = random.Random(SEED)
    bench = Bench(gateway)
    done = 0

    for case in all_cases(gateway, pick):
        for what, sent in case.forms():
            bench.same(pick.choice(DIALECTS), what, (), sent, case.standard)
            done += 1
        for what, sent, standard in case.bare_forms():
            bench.same(pick.choice(DIALECTS), what, (), sent, standard)
            done += 1

    assert done > 400  # a schema that shrank would make this test prove little


def test_each_way_to_clear_an_attribute_unassigns_it(gateway):
    pick = random.Random(SEED + 1)
    bench = Bench(gateway)

    for case in all_cases(gateway, pick):
        for what, sent in case.clear_forms():
            dialect = pick.choice(DIALECTS)
            bench.same(dialect, what, case.standard, sent, [{"op": "remove", "path": case.path}])


def test_a_strict_source_gets_the_errors_of_the_rfc(gateway):
    """What no reading of the RFC allows, for each attribute."""
    pick = random.Random(SEED + 2)
    bench = Bench(gateway)

    for case in all_cases(gateway, pick):
        wrong = {
            "capital op": [{"op": "Add", "path": case.path, "value": case.value}],
            "a URN that holds": [{"op": "replace", "value": {USER: {"title": "t"}, f"{ENTERPRISE}:division": "d"}}],
            "without schemas": {"Operations": case.standard},
            "one operation for a list": {"schemas": [PATCH], "Operations": case.standard[0]},
            "no operations": [],
        }
        if not case.attribute["multiValued"]:
            wrong["a list for one value"] = [{"op": "add", "path": case.path, "value": [case.value, case.value]}]
        if as_texts(case.value) != case.value:
            wrong["texts"] = [{"op": "add", "path": case.path, "value": as_texts(case.value)}]
        what = pick.choice(sorted(wrong))
        bench.refused(what, wrong[what])


def test_filters_take_literals_of_the_wrong_type(gateway):
    """Each attribute that has one value: quoted, bare and typed literals find the same person."""
    pick = random.Random(SEED + 3)
    bench = Bench(gateway)

    for case in all_cases(gateway, pick):
        if case.attribute["type"] not in ("string", "boolean") or case.attribute["multiValued"]:
            continue
        dialect = pick.choice(DIALECTS)
        person = bench.person(dialect, case.standard)
        literal = str(case.value)
        forms = [f'"{literal}"'] if " " in literal else [f'"{literal}"', literal]
        for form in forms:
            answer = gateway.of(dialect).find(
                "Users", f'{case.path} eq {form} and userName eq {person["userName"]}'
            )
            assert answer.status == 200, (case.path, form, answer.json)
            assert [found["id"] for found in answer.json["Resources"]] == [person["id"]], (dialect, case.path, form)
