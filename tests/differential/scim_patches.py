"""Random users, groups and PATCH operations; the same for the same seed.

An operation is a dict as it is sent and a set of tags that say what is special about it: what scim_known.json
is matched with.
"""

import random

from gateway import ENTERPRISE, GROUP, PATCH, USER

TEXTS = ["Ada", "ada", "Bo", "Clerk", "R&D", "x y", "Zoë", 'a "b"']
ADDRESSES = ["ada@example.com", "Ada@example.com", "bo@example.com", "c@example.org"]
TYPES = ["work", "home", "other"]
SIMPLE = ["displayName", "title", "nickName", "userType"]
NAME = ["givenName", "familyName", "middleName"]
UNIT = ["department", "costCenter", "division"]
LISTS = {"emails": ADDRESSES, "phoneNumbers": ["1", "22", "+49 3"]}
IDS = ["id-1", "id-2", "id-3", "id-4"]


# ---- documents ----


def item(rng, values):
    it = {"value": rng.choice(values)}
    if rng.random() < 0.8:
        it["type"] = rng.choice(TYPES)
    if rng.random() < 0.3:
        it["display"] = rng.choice(TEXTS)
    return it


def items(rng, name, most=3):
    """Values of a list: no two alike, at most one primary."""
    found = []
    for _ in range(rng.randint(1, most)):
        it = item(rng, LISTS[name])
        if all(it["value"] != one["value"] for one in found):
            found.append(it)
    if rng.random() < 0.5:
        rng.choice(found)["primary"] = True
    return found


def some(rng, names, chance=0.5):
    return {name: rng.choice(TEXTS) for name in names if rng.random() < chance}


def unit(rng):
    it = some(rng, UNIT)
    if rng.random() < 0.4:
        it["manager"] = {"value": rng.choice(IDS)}
    return it


def user(rng):
    document = {"schemas": [USER], "userName": rng.choice(["ada", "Bo", "c.d@example.com"])} | some(rng, SIMPLE, 0.4)
    if rng.random() < 0.6:
        document["active"] = rng.random() < 0.7
    if rng.random() < 0.2:
        document["externalId"] = rng.choice(IDS)
    for name in LISTS:
        if rng.random() < 0.6:
            document[name] = items(rng, name)
    if name := some(rng, NAME):
        document["name"] = name
    if rng.random() < 0.5 and (extension := unit(rng)):
        document["schemas"] = [USER, ENTERPRISE]
        document[ENTERPRISE] = extension
    return document


def members(rng, most=4):
    return [{"value": one} for one in rng.sample(IDS, rng.randint(1, most))]


def group(rng):
    document = {"schemas": [GROUP], "displayName": rng.choice(TEXTS)}
    if rng.random() < 0.7:
        document["members"] = members(rng)
    return document


# ---- operations ----


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def twin(value):
    """The literal is among the values in another case as well."""
    return {"filter:case"} if value.lower() == "ada@example.com" else set()


def condition(rng, name):
    """A filter over the values of a list, and what is special about it."""
    kind = rng.randrange(6)
    if kind == 0:
        return f"type eq {quoted(rng.choice(TYPES))}", {"filter:eq"}
    if kind == 1:
        value = rng.choice(LISTS[name])
        return f"value eq {quoted(value)}", {"filter:eq", *twin(value)}
    if kind == 2:
        one, other = rng.choice(TYPES), rng.choice(LISTS[name])
        return f"type eq {quoted(one)} and value eq {quoted(other)}", {"filter:and", *twin(other)}
    if kind == 3:
        return "primary eq true", {"filter:eq", "filter:primary"}
    if kind == 4:
        return f"type ne {quoted(rng.choice(TYPES))}", {"filter:ne"}
    return "display pr", {"filter:pr"}


def with_value(rng, op, path, value, *tags):
    """The operation; a remove has no value."""
    message = {"op": op}
    if path is not None:
        message["path"] = path
    if op != "remove":
        message["value"] = value
    return message, {f"op:{op}", *tags}


def any_op(rng):
    return rng.choice(["add", "replace", "remove"])


def on_simple(rng):
    name = rng.choice([*SIMPLE, "active", "userName", "externalId"])
    op = any_op(rng) if name in SIMPLE + ["externalId"] else rng.choice(["add", "replace"])
    value = rng.random() < 0.5 if name == "active" else rng.choice(["Bo", "eve"] if name == "userName" else TEXTS)
    return with_value(rng, op, name, value, "target:simple")


def on_complex(rng):
    if rng.random() < 0.6:
        return with_value(rng, any_op(rng), f"name.{rng.choice(NAME)}", rng.choice(TEXTS), "target:sub")
    return with_value(rng, any_op(rng), "name", some(rng, NAME, 0.7) or {"givenName": "Ada"}, "target:complex")


def on_extension(rng):
    kind = rng.randrange(4)
    if kind == 0:
        value = some(rng, UNIT, 0.7) or {"department": "R&D"}
        return with_value(rng, any_op(rng), ENTERPRISE, value, "target:extension", "urn")
    if kind == 1:
        value = {"value": rng.choice(IDS)}
        return with_value(rng, any_op(rng), f"{ENTERPRISE}:manager", value, "target:complex", "urn")
    if kind == 2:
        return with_value(rng, any_op(rng), f"{ENTERPRISE}:manager.value", rng.choice(IDS), "target:sub", "urn")
    path = f"{ENTERPRISE}:{rng.choice(UNIT)}"
    return with_value(rng, any_op(rng), path, rng.choice(TEXTS), "target:simple", "urn")


def on_list(rng):
    name = rng.choice(list(LISTS))
    op = any_op(rng)
    if op == "add" and rng.random() < 0.3:
        return with_value(rng, op, name, item(rng, LISTS[name]), "target:list", "value:one")
    return with_value(rng, op, name, items(rng, name, 2), "target:list")


def on_value(rng):
    """A value path, with or without a sub-attribute."""
    name = rng.choice(list(LISTS))
    text, tags = condition(rng, name)
    op = any_op(rng)
    if rng.random() < 0.5:
        sub = rng.choice(["display", "type", "value", "primary", "primary"])
        value = {"display": TEXTS, "type": TYPES, "value": LISTS[name], "primary": [True, False]}[sub]
        return with_value(
            rng, op, f"{name}[{text}].{sub}", rng.choice(value), "target:value-sub", f"sub:{sub}", *tags
        )
    return with_value(rng, op, f"{name}[{text}]", item(rng, LISTS[name]), "target:value", *tags)


def on_every(rng):
    name = rng.choice(list(LISTS))
    return with_value(rng, any_op(rng), f"{name}.display", rng.choice(TEXTS), "target:list-sub")


def on_whole(rng):
    """No path: an object of attributes."""
    value = some(rng, SIMPLE)
    if rng.random() < 0.3:
        value["name"] = some(rng, NAME) or {"givenName": "Bo"}
    if rng.random() < 0.3:
        value["emails"] = items(rng, "emails", 2)
    if rng.random() < 0.3:
        value[ENTERPRISE] = some(rng, UNIT) or {"division": "x"}
    return with_value(rng, rng.choice(["add", "replace"]), None, value, "target:none")


def on_members(rng):
    kind = rng.randrange(5)
    if kind == 0:
        op = any_op(rng)
        required = ["wrong:required"] if op == "remove" else []
        return with_value(rng, op, "displayName", rng.choice(TEXTS), "target:simple", *required)
    if kind == 1:
        path = f"members[value eq {quoted(rng.choice(IDS))}]"
        return with_value(rng, "remove", path, None, "target:value", "filter:eq", "members")
    if kind == 2:
        value = {"members": members(rng), "displayName": rng.choice(TEXTS)}
        return with_value(rng, rng.choice(["add", "replace"]), None, value, "target:none", "members")
    return with_value(rng, any_op(rng), "members", members(rng), "target:list", "members")


# What is wrong whatever the document: the operation, and the scimType that RFC 7644, 3.12 gives it.
WRONG = [
    ({"op": "add", "path": "noSuchThing", "value": "x"}, "wrong:attribute"),
    ({"op": "remove", "path": "noSuchThing"}, "wrong:attribute"),
    ({"op": "replace", "path": "name.noSuchThing", "value": "x"}, "wrong:attribute"),
    ({"op": "add", "value": {"noSuchThing": "x"}}, "wrong:key"),
    ({"op": "add", "path": "emails[noSuchThing eq 1]", "value": {"value": "c@example.org"}}, "wrong:filter"),
    ({"op": "add", "path": "emails[type eq]", "value": {"value": "c@example.org"}}, "wrong:filter"),
    ({"op": "replace", "path": "emails[type eq \"work\"", "value": {"value": "c@example.org"}}, "wrong:filter"),
    ({"op": "replace", "path": "title[value eq \"x\"]", "value": "x"}, "wrong:filter"),
    ({"op": "replace", "path": "active", "value": "yes"}, "wrong:boolean"),
    ({"op": "replace", "path": "title", "value": 5}, "wrong:type"),
    ({"op": "add", "path": "title", "value": ["x"]}, "wrong:type"),
    ({"op": "add", "path": "name", "value": "x"}, "wrong:type"),
    ({"op": "add", "path": "emails", "value": "x"}, "wrong:type"),
    ({"op": "replace", "path": "emails", "value": [{"value": 5}]}, "wrong:type"),
    ({"op": "replace", "path": "emails", "value": [{"value": "a@b.de", "noSuchThing": 5}]}, "wrong:key"),
    ({"op": "replace", "path": "id", "value": "x"}, "wrong:read-only"),
    ({"op": "replace", "path": "groups", "value": [{"value": "x"}]}, "wrong:read-only"),
    ({"op": "add", "path": "meta.created", "value": "2026-11-24T04:00:00Z"}, "wrong:read-only"),
    ({"op": "remove", "path": "userName"}, "wrong:required"),
    ({"op": "replace", "path": "userName", "value": None}, "wrong:required"),
    ({"op": "remove"}, "wrong:no-path"),
    ({"op": "move", "path": "title", "value": "x"}, "wrong:op"),
    ({"op": "add", "path": "title"}, "wrong:no-value"),
    ({"op": "add"}, "wrong:no-value"),
    ({"op": "add", "value": "x"}, "wrong:no-object"),
    ({"path": "title", "value": "x"}, "wrong:op"),
    ({"op": "add", "path": "", "value": "x"}, "wrong:path"),
    ({"op": "add", "path": "title.", "value": "x"}, "wrong:path"),
    ({"op": "add", "path": "emails..value", "value": "x"}, "wrong:path"),
]


def on_wrong(rng):
    message, tag = rng.choice(WRONG)
    return dict(message), {f"op:{message.get('op')}", tag, "wrong"}


def other_case(rng, message, tags):
    """The same with the attribute's name in another case (RFC 7643, 2.1)."""
    path = message.get("path")
    if path and "urn" not in tags and "wrong" not in tags and rng.random() < 0.05:
        head = len(path.split("[")[0].split(".")[0])
        message["path"] = path[:head].swapcase() + path[head:]
        tags.add("names:case")
    return message, tags


KINDS = [on_simple, on_complex, on_extension, on_list, on_value, on_every, on_whole, on_wrong]
WEIGHTS = [4, 4, 4, 6, 8, 1, 3, 2]


def operation(rng, kind):
    if kind == "Group":
        return other_case(rng, *on_members(rng))
    return other_case(rng, *rng.choices(KINDS, WEIGHTS)[0](rng))


# ---- cases ----


def case(seed, index):
    """(type, document, [(operation, tags)]) number `index` of the series `seed`."""
    rng = random.Random(f"{seed}/patch/{index}")
    kind = "Group" if rng.random() < 0.15 else "User"
    document = group(rng) if kind == "Group" else user(rng)
    return kind, document, [operation(rng, kind) for _ in range(rng.choice([1, 1, 2, 3]))]


def line(kind, document, operations):
    """The case as scim_answers takes it."""
    return {"type": kind, "doc": document, "patch": {"schemas": [PATCH], "Operations": operations}}
