"""10,000 random PATCH messages: our answer against those of two independent implementations.

Where the answers differ, the operations are asked one by one, each on the document that ours made of those before,
so that what is held against scim_known.json is one operation and its result.
"""

import copy
import json

import pytest
import scim_patches
import scim_peers
from scim_known import Known

PEERS = {"scim-patch": scim_peers.node, "scim2-models": scim_peers.models}
# What only a library with schemas can say in detail.
TYPED = ("scim2-models",)


def clean(value):
    """Without what is unassigned (RFC 7643, 2.5); lists in an order of their own (2.4)."""
    if isinstance(value, dict):
        items = {key: clean(one) for key, one in value.items() if key != "schemas"}
        return {key: one for key, one in items.items() if one not in (None, [], {})}
    if isinstance(value, list):
        return sorted((one for one in map(clean, value) if one not in (None, [], {})), key=canonical)
    return value


def canonical(value):
    return json.dumps(value, sort_keys=True)


def without_primary(value):
    if isinstance(value, dict):
        return {key: without_primary(one) for key, one in value.items() if key != "primary"}
    return clean([without_primary(one) for one in value]) if isinstance(value, list) else value


def outcome(answer, peer):
    if "doc" in answer:
        return "ok"
    return answer["error"] if peer in TYPED else "refused"


def same(mine, other, peer, operations=1):
    """Which of several mistakes is told is open to choice."""
    if "doc" in mine and "doc" in other:
        return clean(mine["doc"]) == clean(other["doc"])
    if "doc" in mine or "doc" in other:
        return False
    return peer not in TYPED or operations > 1 or mine["error"] == other["error"]


def alike(mine, other):
    tags = set()
    if without_primary(mine) == without_primary(other):
        tags.add("only:primary")
    if isinstance(mine, list) and isinstance(other, list) and folded(mine) == folded(other):
        tags.add("only:case")
    return tags


def folded(items):
    return {canonical(without_primary(item)).lower() for item in items}


def differences(tags, mine, other):
    """One set of tags for each attribute in which the results differ: those of the operation, and how they do."""
    if "doc" not in mine or "doc" not in other:
        yield tags
        return
    a, b = clean(mine["doc"]), clean(other["doc"])
    for key in sorted(a.keys() | b.keys()):
        if a.get(key) != b.get(key):
            yield tags | {f"in:{key}"} | alike(a.get(key), b.get(key))


def steps(cases, peer):
    """Single operations of cases: number of the case, document before it, operation, the answers of both."""
    waiting = [(number, kind, document, list(ops)) for number, (kind, document, ops) in enumerate(cases)]
    while waiting:
        lines = [scim_patches.line(kind, document, [ops[0][0]]) for _, kind, document, ops in waiting]
        mine, others = scim_peers.ours(lines), PEERS[peer](copy.deepcopy(lines))
        for (number, _, document, ops), one, other in zip(waiting, mine, others):
            yield number, document, ops[0], one, other
        waiting = [
            (number, kind, one["doc"], ops[1:])
            for (number, kind, _, ops), one in zip(waiting, mine)
            if "doc" in one and len(ops) > 1
        ]


@pytest.mark.parametrize("peer", PEERS)
def test_patch_as_others_do_it(peer):
    cases = [scim_patches.case(scim_peers.SEED, index) for index in range(scim_peers.CASES)]
    lines = [scim_patches.line(kind, document, [op for op, _ in ops]) for kind, document, ops in cases]
    known = Known(peer)

    mine, others = scim_peers.ours(lines), PEERS[peer](copy.deepcopy(lines))

    unlike = [
        case for case, one, other in zip(cases, mine, others) if not same(one, other, peer, len(case[2]))
    ]
    known.agreed = len(cases) - len(unlike)
    explained = set()
    for number, before, (operation, tags), one, other in steps(unlike, peer):
        if not same(one, other, peer):
            explained.add(number)
            what = json.dumps({"doc": before, "operation": operation, "ours": one, "theirs": other})
            for found in differences(tags, one, other):
                known.difference(outcome(one, peer), outcome(other, peer), found, what)
    for number, case in enumerate(unlike):
        if number not in explained:  # one by one they agree, together they do not
            known.difference("whole", "whole", set(), json.dumps(case, default=sorted))
    known.finish(scim_peers.SEED, f"{len(cases)} messages", scim_peers.WHOLE)
    assert known.agreed > len(cases) / 2
