"""Holds a document against a JSON Schema: the words that policy/schema/input.json uses, all others are an error."""

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
NOTES = {"$schema", "title", "description", "format"}


def is_type(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def problems(value, schema, path="input"):
    """What is wrong, as sentences; empty: nothing."""
    found = []
    for word, rule in schema.items():
        if word == "type":
            if not is_type(value, rule):
                found.append(f"{path}: {value!r} is no {rule}")
        elif word == "enum":
            if value not in rule:
                found.append(f"{path}: {value!r} is none of {rule}")
        elif word == "const":
            if value != rule:
                found.append(f"{path}: {value!r} is not {rule!r}")
        elif word == "minimum":
            if value < rule:
                found.append(f"{path}: {value!r} is less than {rule}")
        elif word == "required":
            found += [f"{path}.{name}: is missing" for name in rule if name not in value]
        elif word == "properties":
            for name in value.keys() & rule.keys():
                found += problems(value[name], rule[name], f"{path}.{name}")
        elif word == "additionalProperties":
            if rule is False:
                found += [f"{path}.{name}: is unknown" for name in value.keys() - schema.get("properties", {}).keys()]
        elif word == "items":
            for index, item in enumerate(value):
                found += problems(item, rule, f"{path}[{index}]")
        elif word not in NOTES:
            found.append(f"{path}: the schema says '{word}', which this checker does not know")
    return found


def has_null(value):
    if isinstance(value, dict):
        return any(has_null(item) for item in value.values())
    if isinstance(value, list):
        return any(has_null(item) for item in value)
    return value is None
