"""Explanations of decisions, held against what they speak of: lines against the files, answers against the journal;
each proposed change is made and decided again."""

import io
import json
import re
import tarfile


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


def clauses_of(told):
    """All clauses and conditions of a document, wherever they stand."""
    if isinstance(told, list):
        for item in told:
            yield from clauses_of(item)
    elif isinstance(told, dict):
        if "line" in told and ("rule" in told or "column" in told):
            yield told
        for item in told.values():
            yield from clauses_of(item)


def check_lines(told, folder, file=None):
    """Each rule and condition stands where it is said to stand. Returns how many were looked at."""
    count = 0
    if isinstance(told, list):
        return sum(check_lines(item, folder, file) for item in told)
    if not isinstance(told, dict):
        return 0
    file = told.get("file", file)
    if "line" in told and "text" in told:
        lines = (folder / file).read_text().split("\n")[told["line"] - 1 :]
        assert squeezed(told["text"].removesuffix("…")) in squeezed("\n".join(lines[:40])), (file, told)
        if "column" in told and not lines[0].startswith("else"):
            rest = lines[0][told["column"] - 1 :]
            assert squeezed(told["text"])[:8] == squeezed(rest)[:8] or squeezed(rest) in squeezed(told["text"]), (file, told)
        count += 1
    return count + sum(check_lines(item, folder, file) for item in told.values())


def changed(document, path, change):
    """The document with the change made; `path` goes to the value."""
    document = json.loads(json.dumps(document))
    at, last = document, path[-1]
    for key in path[:-1]:
        at = at[key] if isinstance(at, list) else at.setdefault(key, {})
    if change["op"] == "set":
        at[last] = change["value"]
    elif change["op"] == "add":
        at[last].append(change["value"])
    elif "value" in change:
        at[last].remove(change["value"])
    else:
        del at[last]
    return document


def with_data(bundle, path, change):
    """The same bundle with the change made in its data: what a change of the data file would compile to."""
    with tarfile.open(bundle) as archive, tarfile.open(path, "w:gz") as target:
        for member in archive.getmembers():
            content = archive.extractfile(member).read()
            if member.name == "/data.json":
                content = json.dumps(change(json.loads(content))).encode()
                member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return path


def decide_with(gateway, tmp_path, index, change):
    """What the policy says when the change is really made: in the policy's data, or in the input."""
    if change["in"] == "data":
        bundle = with_data(gateway.bundle, tmp_path / "changed.tar.gz", lambda data: changed(data, change["path"], change))
        text = gateway.cli("policy", "eval", "--index", str(index), "--against", str(bundle), "-o", "json", code=(0, 2))
        return json.loads(text)["decision"]
    what = changed(gateway.cli_json("journal", "show", str(index))["entry"]["input"], change["path"], change)
    text = gateway.cli("policy", "eval", "live", "-o", "json", code=(0, 2), stdin=json.dumps(what))
    return json.loads(text)["decision"]


def codes(decision):
    return sorted(reason["code"] for reason in decision["reasons"])


def check_changes(gateway, tmp_path, told):
    """Each proposal does what is said of it. Returns them by place, and by place and
    kind. Those of a slice are about its own members."""
    proposals = [*told.get("changes", [])]
    for reason in told["reasons"]:
        proposals += reason.get("changes", [])
    if "slice" in told:
        proposals = [change for change in proposals if change["in"] == "data"]
    for change in proposals:
        decision = decide_with(gateway, tmp_path, told["index"], change)
        assert [decision["effect"], codes(decision)] == [change["effect"], sorted(change["reasons"])], change
    return {place: change for change in reversed(proposals) for place in (change["ref"], (change["ref"], change["op"]))}


def explain(gateway, index, *more, code=0):
    return json.loads(gateway.cli("policy", "explain", str(index), *more, "-o", "json", code=code))["explanation"]


def explained(gateway, tmp_path, index):
    """The explanation of a decision, with all that can be checked of any explanation."""
    told = explain(gateway, index)
    entry = gateway.cli_json("journal", "show", str(index))["entry"]["entry"]
    assert told["same"] is True and told["index"] == index
    assert [told["effect"], sorted(told["recorded"]["reasons"])] == [entry["effect"], sorted(entry.get("reasons", []))]
    assert check_lines(told, gateway.folder / "policy") > 0
    told["proposals"] = check_changes(gateway, tmp_path, told)
    return told


def values(condition):
    return {value["ref"]: value.get("value", "undefined") for value in condition["values"]}


def all_values(told):
    return {ref: value for clause in clauses_of(told) if "values" in clause for ref, value in values(clause).items()}
