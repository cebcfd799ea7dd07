"""Random filters and users to hold against them; the same for the same seed.

A filter is a tree: ("and" or "or", A, B), ("not", A), ("[]", path, A), ("leaf", text, tags, path, op, literal), and
what is not even a filter is ("text", text, tags). The tags say what is special about a leaf: what scim_known.json is
matched with.
"""

import json
import random

from gateway import ENTERPRISE
from scim_patches import ADDRESSES, IDS, TEXTS, TYPES, quoted, user

TIMES = ["2026-11-24T04:00:00Z", "2026-11-24T05:00:00+01:00", "2026-11-24T04:00:00.5Z", "2025-01-01T00:00:00Z"]
FLAGS = ["true", "false"]
TEXT_OPS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
# path → type, caseExact, literals
ATTRIBUTES = {
    "userName": ("string", False, ["ada", "Ada", "Bo", "c.d@example.com"]),
    "displayName": ("string", False, TEXTS),
    "title": ("string", False, TEXTS),
    "name.givenName": ("string", False, TEXTS),
    "name.familyName": ("string", False, TEXTS),
    "externalId": ("string", True, IDS + ["ID-1"]),
    "id": ("string", True, ["u1", "u2", "U1"]),
    f"{ENTERPRISE}:department": ("string", False, TEXTS),
    f"{ENTERPRISE}:manager.value": ("string", True, IDS),
    "active": ("boolean", True, FLAGS),
    "meta.created": ("dateTime", True, TIMES),
    "emails.value": ("string", False, ADDRESSES),
    "emails.type": ("string", False, TYPES + ["Work"]),
    "emails.primary": ("boolean", True, FLAGS),
    "emails": ("string", False, ADDRESSES),
}
SUBS = {path[7:]: rule for path, rule in ATTRIBUTES.items() if path.startswith("emails.")}


def documents(rng):
    found = []
    for number in range(1, 5):
        document = user(rng)
        document["id"] = f"u{number}"
        document["meta"] = {"resourceType": "User", "created": rng.choice(TIMES)}
        found.append(document)
    return found


# ---- leaves ----


def part(rng, text):
    """A piece of a text, for co, sw and ew."""
    begin = rng.randrange(len(text))
    return text[begin : rng.randint(begin + 1, len(text))]


def literal(rng, kind, values, op):
    value = rng.choice(values)
    if kind == "boolean":
        return value
    if op in ("co", "sw", "ew") and rng.random() < 0.7:
        value = part(rng, value)
    return quoted(value)


def ops_of(kind):
    return {"string": TEXT_OPS, "boolean": ["eq", "ne"], "dateTime": ["eq", "ne", "gt", "ge", "lt", "le"]}[kind]


def leaf(rng, attributes, inside=False):
    path = rng.choice(list(attributes))
    kind, exact, values = attributes[path]
    tags = {f"at:{'emails.' + path if inside else path.split(':')[-1]}", f"type:{kind}"}
    tags |= {"exact"} if exact else {"folded"}
    if rng.random() < 0.15:
        return ("leaf", f"{path} pr", tags | {"op:pr"}, path, "pr", None)
    op = rng.choice(ops_of(kind))
    text = literal(rng, kind, values, op)
    tags |= {f"op:{op}"} | ({"escape"} if "\\" in text else set())
    word = rng.choice([op.upper(), op.capitalize()]) if rng.random() < 0.05 else op
    name = path
    if rng.random() < 0.04 and not path.startswith("urn:"):
        name, tags = path.swapcase(), tags | {"names:case"}
    return ("leaf", f"{name} {word} {text}", tags, path, op, json.loads(text))


# What the schemas or the table of operators forbid, and what is open to choice.
ODD = [
    ("noSuchThing eq \"x\"", "odd:attribute"),
    ("name.noSuchThing pr", "odd:attribute"),
    ("emails[noSuchThing eq \"x\"]", "odd:attribute"),
    ("active gt true", "odd:boolean-order"),
    ("emails.primary co true", "odd:boolean-part"),
    ("meta.created sw \"2026\"", "odd:time-part"),
    ("title eq true", "odd:literal"),
    ("active eq \"true\"", "odd:literal"),
    ("meta.created gt \"yesterday\"", "odd:literal"),
    ("title eq 5", "odd:literal"),
    ("title eq null", "odd:null"),
    ("active ne null", "odd:null"),
    ("title gt null", "odd:null-order"),
    ("name eq \"Ada\"", "odd:complex"),
    ("password pr", "odd:password"),
    ("not title pr", "odd:not"),
    ("emails[type eq \"work\"].value eq \"ada@example.com\"", "odd:value-path-sub"),
    ("title eq 'x'", "odd:quote"),
    ("title eq x", "odd:quote"),
    ("title eq \"x", "odd:quote"),
    ("title", "odd:end"),
    ("title eq", "odd:end"),
    ("title pr and", "odd:end"),
    ("title pr or title", "odd:end"),
    ("", "odd:end"),
    ("title pr title pr", "odd:no-word"),
    ("title ex \"x\"", "odd:operator"),
    ("title pr xor nickName pr", "odd:operator"),
    ("(title pr", "odd:bracket"),
    ("title pr)", "odd:bracket"),
    ("emails[type pr", "odd:bracket"),
    ("emails[]", "odd:bracket"),
    ("title = \"x\"", "odd:operator"),
    ("emails[emails[type pr]]", "odd:nested"),
]


def odd(rng):
    text, tag = rng.choice(ODD)
    return ("text", text, {tag, "odd"})


PIECES = ["(", ")", "[", "]", '"', " ", "and", "or", "not", "pr", "eq", "title", "emails", ".", ":", "true", "null"]
PIECES += ["5", "-1", "\\", "-", "\t"]


def mutated(rng, text):
    """A filter with one to three pieces put in or cut out: most are none any more."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        cut = rng.choice([0, 0, 1, 4])
        text = text[:at] + (rng.choice(PIECES) if rng.random() < 0.7 else "") + text[at + cut :]
    return ("text", text, {"mutated"} | ({"escape"} if "\\" in text else set()))


# ---- trees ----


def tree(rng, depth, attributes=ATTRIBUTES):
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        return leaf(rng, attributes)
    if kind < 0.5:
        return ("[]", "emails", element(rng, depth - 1))
    if kind < 0.6:
        return ("not", tree(rng, depth - 1, attributes))
    return (rng.choice(["and", "or"]), tree(rng, depth - 1, attributes), tree(rng, depth - 1, attributes))


def element(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        return leaf(rng, SUBS, inside=True)
    if kind < 0.6:
        return ("not", element(rng, depth - 1))
    return (rng.choice(["and", "or"]), element(rng, depth - 1), element(rng, depth - 1))


RANK = {"or": 0, "and": 1}


def text_of(it, rank=0):
    """With parentheses only where RFC 7644, 3.4.2.2 needs them, so that precedence is asked as well."""
    kind = it[0]
    if kind in ("leaf", "text"):
        return it[1]
    if kind == "not":
        return f"not ({text_of(it[1])})"
    if kind == "[]":
        return f"{it[1]}[{text_of(it[2])}]"
    # A chain of one word is read from the left.
    text = f"{text_of(it[1], RANK[kind])} {kind} {text_of(it[2], RANK[kind] + 1)}"
    return f"({text})" if RANK[kind] < rank else text


def parts(it):
    """The trees directly below, each a filter of its own."""
    if it[0] == "[]":
        return [("[]", it[1], one) for one in parts(it[2])]
    return [one for one in it[1:] if isinstance(one, tuple)] if it[0] in ("and", "or", "not") else []


def leaves(it):
    if it[0] in ("leaf", "text"):
        return [it]
    return [found for one in it[1:] if isinstance(one, tuple) for found in leaves(one)]


def single_emails(docs):
    """The documents with one e-mail each, or none: what differs then is no matter of several values."""
    return [dict(doc, emails=[item], id=f"{doc['id']}-{at}") for doc in docs
            for at, item in enumerate(doc.get("emails", []))] or docs


def values_at(document, path):
    """What a path names in a document; None for each place where it is not there."""
    if path.startswith(ENTERPRISE):
        document, path = document.get(ENTERPRISE, {}), path[len(ENTERPRISE) + 1 :]
    found = [document]
    for name in (path + ".value" if path == "emails" else path).split("."):
        found = [one.get(name) if one is not None else None for one in found]
        found = [one for item in found for one in (item if isinstance(item, list) else [item])]
    return found


def case(seed, index):
    """(tree, documents) number `index` of the series `seed`."""
    rng = random.Random(f"{seed}/filter/{index}")
    kind = rng.random()
    it = odd(rng) if kind < 0.1 else tree(rng, rng.choice([0, 1, 2, 3]))
    if kind > 0.85:
        return mutated(rng, text_of(it)), []  # the question is whether it is a filter
    return it, documents(rng)


def line(it, docs):
    """The case as scim_answers takes it."""
    return {"type": "User", "filter": text_of(it), "docs": docs}
