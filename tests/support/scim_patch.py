"""
RFC 7644, 3.5.2 a second time: one operation on a User's document, for what is not open to choice.

An operation is (op, path, value); a path is None, "title", "name.givenName", "emails",
"emails.display", ("emails", filter), ("emails", filter, "display") or an extension's "urn:…:department". Filters are
those of scim_filter.py, relative to an element. NoTarget: 400 noTarget.
"""

import copy

import scim_filter
from gateway import ENTERPRISE

LISTS = ("emails", "phoneNumbers")
COMPLEX = ("name",)
ELEMENT = {
    ("value",): ("string", False),
    ("type",): ("string", False),
    ("display",): ("string", False),
    ("primary",): ("boolean", True),
}


class NoTarget(Exception):
    pass


def path_text(path):
    if isinstance(path, tuple):
        text = f"{path[0]}[{scim_filter.text_of(path[1])}]"
        return text + (f".{path[2]}" if len(path) > 2 else "")
    return path


def message(operation):
    op, path, value = operation
    result = {"op": op}
    if path is not None:
        result["path"] = path_text(path)
    if value is not None:
        result["value"] = value
    return result


def pass_on_primary(items, touched):
    """A value that becomes primary takes it from the others."""
    if any(item.get("primary") for item in touched):
        for item in items:
            if item.get("primary") and not any(item is one for one in touched):
                item["primary"] = False


def put_list(document, name, items):
    items = [item for item in items if item]
    if items:
        document[name] = items
    else:
        document.pop(name, None)


def on_list(document, op, name, value):
    items = document.get(name, [])
    if op == "remove":
        put_list(document, name, [])
    elif op == "replace":
        put_list(document, name, copy.deepcopy(value))
    else:
        fresh = [copy.deepcopy(item) for item in value if item not in items]
        items = items + fresh
        pass_on_primary(items, fresh)
        put_list(document, name, items)


def on_elements(document, op, name, condition, sub, value):
    items = document.get(name, [])
    meant = [item for item in items if condition is None or scim_filter.matches(condition, item, ELEMENT)]
    if not meant and (op != "remove" or condition is not None):
        raise NoTarget
    if sub is None:
        if op == "remove":
            items = [item for item in items if not any(item is one for one in meant)]
        for item in meant if op != "remove" else ():
            if op == "replace":
                item.clear()
            item.update(value)
    else:
        for item in meant:
            item.pop(sub, None)
            if op != "remove":
                item[sub] = value
    pass_on_primary(items, meant if op != "remove" else [])
    put_list(document, name, items)


def on_complex(document, op, name, sub, value):
    if sub is not None:
        value = {sub: value}
    inner = {} if op == "remove" and sub is None else dict(document.get(name, {}))
    if op == "remove":
        inner.pop(sub, None)
    else:
        inner.update(value)
    if inner:
        document[name] = inner
    else:
        document.pop(name, None)


def apply(document, operation):
    """Changes the document, or raises NoTarget."""
    op, path, value = operation
    if path is None:
        for key, one in value.items():
            if key == ENTERPRISE:
                on_complex(document, op, key, None, one)
            else:
                apply(document, (op, key, one))
        return
    if isinstance(path, tuple):
        on_elements(document, op, path[0], path[1], path[2] if len(path) > 2 else None, value)
    elif path.startswith(ENTERPRISE):
        on_complex(document, op, ENTERPRISE, path[len(ENTERPRISE) + 1 :] or None, value)
    elif "." in path and path.split(".")[0] in LISTS:
        on_elements(document, op, path.split(".")[0], None, path.split(".")[1], value)
    elif path in LISTS:
        on_list(document, op, path, value)
    elif path.split(".")[0] in COMPLEX:
        on_complex(document, op, path.split(".")[0], path.partition(".")[2] or None, value)
    elif op == "remove":
        document.pop(path, None)
    else:
        document[path] = value
