"""
RFC 7644, 3.4.2.2 a second time: a filter as Python data, its text, and whether a document matches.

    ("and", A, B)  ("or", A, B)  ("not", A)  ("pr", path)  (op, path, literal)  ("any", path, filter over one element)

Knows the attributes in ATTRIBUTES only.
"""

import json
import unicodedata
from datetime import datetime

from gateway import ENTERPRISE, PERSON

# path -> (type, caseExact); a path is a tuple of names
ATTRIBUTES = {
    "User": {
        ("id",): ("string", True),
        ("externalId",): ("string", True),
        ("userName",): ("string", False),
        ("displayName",): ("string", False),
        ("nickName",): ("string", False),
        ("title",): ("string", False),
        ("active",): ("boolean", True),
        ("name", "givenName"): ("string", False),
        ("name", "familyName"): ("string", False),
        ("emails", "value"): ("string", False),
        ("emails", "type"): ("string", False),
        ("emails", "primary"): ("boolean", True),
        ("groups", "value"): ("string", True),
        ("groups", "display"): ("string", False),
        (ENTERPRISE, "department"): ("string", False),
        (ENTERPRISE, "manager", "value"): ("string", True),
        (PERSON, "endDate"): ("dateTime", True),
        ("meta", "created"): ("dateTime", True),
        ("meta", "lastModified"): ("dateTime", True),
        ("meta", "resourceType"): ("string", True),
    },
    "Group": {
        ("id",): ("string", True),
        ("externalId",): ("string", True),
        ("displayName",): ("string", False),
        ("members", "value"): ("string", True),
        ("members", "type"): ("string", False),
        ("meta", "created"): ("dateTime", True),
    },
}

OPERATORS = {
    "string": ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"],
    "boolean": ["eq", "ne"],
    "dateTime": ["eq", "ne", "gt", "ge", "lt", "le"],
}


def fold(text):
    """NFKC_Casefold, for texts without default-ignorable characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def path_text(path):
    if path[0].startswith("urn:"):
        return path[0] + ":" + ".".join(path[1:])
    return ".".join(path)


def text_of(it):
    kind = it[0]
    if kind in ("and", "or"):
        return f"({text_of(it[1])}) {kind} ({text_of(it[2])})"
    if kind == "not":
        return f"not ({text_of(it[1])})"
    if kind == "pr":
        return f"{path_text(it[1])} pr"
    if kind == "any":
        return f"{path_text(it[1])}[{text_of(it[2])}]"
    return f"{path_text(it[1])} {kind} {json.dumps(it[2], ensure_ascii=False)}"


def values_of(value, path):
    """All values at a path; one absent in a list's element is None."""
    if isinstance(value, list):
        return [found for item in value for found in values_of(item, path)]
    if not path:
        return [value]
    if value is None:
        return [None]
    return values_of(value.get(path[0]), path[1:])


def comparable(value, kind, exact):
    if kind == "dateTime":
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value if exact or kind != "string" else fold(value)


def compare(op, left, right):
    if op == "eq":
        return left == right
    if op == "ne":
        return left != right
    if op == "co":
        return right in left
    if op == "sw":
        return left.startswith(right)
    if op == "ew":
        return left.endswith(right)
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    return {"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[op]


def matches(it, document, attributes):
    kind = it[0]
    if kind == "and":
        return matches(it[1], document, attributes) and matches(it[2], document, attributes)
    if kind == "or":
        return matches(it[1], document, attributes) or matches(it[2], document, attributes)
    if kind == "not":
        return not matches(it[1], document, attributes)
    if kind == "pr":
        return any(value not in (None, [], {}) for value in values_of(document, it[1]))
    if kind == "any":
        (items,) = [document.get(it[1][0], [])]
        inner = {path[1:]: rule for path, rule in attributes.items() if path[0] == it[1][0]}
        return any(matches(it[2], item, inner) for item in items)
    type_name, exact = attributes[it[1]]
    found = values_of(document, it[1]) or [None]
    literal = comparable(it[2], type_name, exact)
    return any(
        kind == "ne" if value is None else compare(kind, comparable(value, type_name, exact), literal)
        for value in found
    )
