"""PATCH against a reference, thousands of random operations (RFC 7644, 3.5.2)."""

import copy
import random

import scim_patch
from gateway import ENTERPRISE, PATCH, USER

ROUNDS = 1500
WORDS = ["a", "B", "work", "Home", "\u00e4", "x@example.com", "y@example.com"]
FILTERS = ["eq", "ne", "co", "sw"]


class Dice(random.Random):
    def element(self):
        item = {"value": self.choice(WORDS)}
        if self.random() < 0.6:
            item["type"] = self.choice(["work", "home", "WORK"])
        if self.random() < 0.3:
            item["display"] = self.choice(WORDS)
        return item

    def elements(self):
        """None twice, at most one of them primary."""
        items = []
        for _ in range(self.randrange(1, 4)):
            item = self.element()
            if item not in items:
                items.append(item)
        if self.random() < 0.4:
            self.choice(items)["primary"] = True
        return items

    def condition(self):
        term = (self.choice(FILTERS), (self.choice(["value", "type", "display"]),), self.choice(WORDS))
        kind = self.randrange(6)
        if kind == 0:
            return ("not", term)
        if kind == 1:
            return ("pr", ("primary",))
        if kind == 2:
            return (self.choice(["and", "or"]), term, ("eq", ("primary",), self.random() < 0.5))
        return term

    def operation(self):
        op = self.choice(["add", "replace", "remove"])
        kind = self.randrange(9)
        name = self.choice(scim_patch.LISTS)
        if kind == 0:
            return op, self.choice(["title", "nickName", "displayName"]), self.choice(WORDS)
        if kind == 1:
            return op, f"name.{self.choice(['givenName', 'familyName'])}", self.choice(WORDS)
        if kind == 2:
            return op, "name", {"givenName": self.choice(WORDS)}
        if kind == 3:
            return op, f"{ENTERPRISE}:{self.choice(['department', 'division'])}", self.choice(WORDS)
        if kind == 4:
            return op, name, self.elements()
        if kind == 5:
            return op, (name, self.condition()), self.element()
        if kind == 6:
            return op, (name, self.condition(), self.choice(["display", "type"])), self.choice(WORDS)
        if kind == 7:
            return op, f"{name}.display", self.choice(WORDS)
        whole = {
            "title": self.choice(WORDS),
            "name": {"familyName": self.choice(WORDS)},
            name: self.elements(),
            ENTERPRISE: {"department": self.choice(WORDS)},
        }
        chosen = self.sample(sorted(whole), self.randrange(1, 4))
        return (op if op != "remove" else "add"), None, {key: whole[key] for key in chosen}

    def operations(self):
        result = []
        for _ in range(self.randrange(1, 4)):
            op, path, value = self.operation()
            result.append((op, path, None if op == "remove" else value))
        return result


def comparable(document):
    return {key: value for key, value in document.items() if key not in ("id", "meta", "schemas")}


def test_random_operations_do_what_the_reference_does(gateway):
    dice = Dice(20261124)
    person = gateway.user("patched", title="start")
    path = f"/Users/{person['id']}"
    model = comparable(person)
    seen = {200: 0, 400: 0}

    for _ in range(ROUNDS):
        operations = dice.operations()
        wanted = copy.deepcopy(model)
        try:
            for operation in operations:
                scim_patch.apply(wanted, operation)
        except scim_patch.NoTarget:
            wanted = None

        body = {"schemas": [PATCH], "Operations": [scim_patch.message(operation) for operation in operations]}
        answer = gateway.request("PATCH", path, body)

        seen[answer.status] += 1
        if wanted is None:
            assert (answer.status, answer.json["scimType"]) == (400, "noTarget"), body
            wanted = model  # all or nothing
            answer = gateway.get(path)
        assert answer.status == 200, (answer, body)
        assert comparable(answer.json) == wanted, (body, model)
        assert answer.json["schemas"] == [USER] + ([ENTERPRISE] if ENTERPRISE in wanted else [])
        model = wanted
    assert min(seen.values()) > ROUNDS / 10, seen
    assert comparable(gateway.get(path).json) == model
