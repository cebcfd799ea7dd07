"""10,000 random filters over four users each: our answer against those of two independent implementations.

Where the answers differ, the smallest part of the filter whose own parts agree is held against scim_known.json.
"""

import json

import pytest
import scim_filter
import scim_filters
import scim_peers
from scim_known import Known

PEERS = {"scim2-parse-filter": scim_peers.node, "scim2-filter-parser": scim_peers.filter_parser}


def outcome(answer):
    return "ok" if "matches" in answer else "unable" if "unable" in answer else "refused"


def same(mine, other):
    return outcome(mine) == outcome(other) and mine.get("matches") == other.get("matches")


def ask(cases, peer):
    lines = [scim_filters.line(*case) for case in cases]
    return list(zip(cases, scim_peers.ours(lines), PEERS[peer](lines)))


def below(it, docs):
    """The parts of a filter, with documents in which they decide by themselves."""
    parts = scim_filters.parts(it)
    return [(part, scim_filters.single_emails(docs) if it[0] == "[]" else docs) for part in parts]


def culprits(unlike, peer):
    """(tree, documents, our answer, theirs) of the smallest parts that differ."""
    while unlike:
        cases = [(number, case) for number, (whole, *_) in enumerate(unlike) for case in below(*whole)]
        answers = ask([case for _, case in cases], peer)
        worse = [(number, answer) for (number, _), answer in zip(cases, answers) if not same(*answer[1:])]
        explained = {number for number, _ in worse}
        for number, ((it, docs), mine, other) in enumerate(unlike):
            if number not in explained:
                yield it, docs, mine, other
        unlike = [answer for _, answer in worse]


def tags_of_tree(it):
    tags = {f"node:{it[0]}"}
    for leaf in scim_filters.leaves(it):
        tags |= leaf[2]
    inner = it[2] if it[0] == "[]" else it
    if inner[0] in ("and", "or", "not"):
        tags |= {f"inner:{inner[0]}", f"last:{inner[-1][0]}"}
    tags |= {"has:not"} if has_not(it) else set()
    tags |= {"lists"} if it[0] in ("and", "not") and all(on_emails(part) for part in it[1:]) else set()
    return tags


def has_not(it):
    return it[0] == "not" or any(has_not(part) for part in it[1:] if isinstance(part, tuple))


def on_emails(it):
    return any(tag.startswith("at:emails") for leaf in scim_filters.leaves(it) for tag in leaf[2])


def holds(op, left, right):
    return left != right if op == "ne" else scim_filter.compare(op, left, right)


def decided_by(leaf, values):
    """What a comparison hangs on: something that is not there, case, time."""
    _, _, tags, _, op, literal = leaf
    there = [value for value in values if value is not None]
    found = {"nothing"} if len(there) < len(values) else {"present"}
    if op == "pr":
        return found
    exactly = any(holds(op, value, literal) for value in there)
    if "type:string" in tags:
        folded = any(holds(op, scim_filter.fold(value), scim_filter.fold(literal)) for value in there)
        found |= {"case matters"} if folded != exactly else set()
    if "type:dateTime" in tags:
        *times, limit = [scim_filter.comparable(one, "dateTime", True) for one in (*there, literal)]
        found |= {"time matters"} if any(holds(op, one, limit) for one in times) != exactly else set()
    return found


def in_document(it, doc, inside=""):
    """The same of a whole tree."""
    if it[0] == "leaf":
        return decided_by(it, scim_filters.values_at(doc, inside + it[3]))
    inside = "emails." if it[0] == "[]" else inside
    return set().union(*(in_document(one, doc, inside) for one in it[1:] if isinstance(one, tuple)))


# What our refusals say → why.
REASONS = {
    "no attribute": "attribute",
    "a value is missing": "literal",
    "is compared with": "meaning",
    "has sub-attributes": "meaning",
    "does not apply": "meaning",
    "null goes with": "meaning",
    "name of an attribute is missing": "grammar",
    "operator is missing": "grammar",
    "end of the filter": "grammar",
    "nothing may stand": "grammar",
    "is missing here": "grammar",
}


def reason(answer):
    detail = answer.get("detail", "")
    return next((why for text, why in REASONS.items() if text in detail), "none")


def differences(it, docs, mine, other):
    """One set of tags for each document that is seen in another way; one for a refusal."""
    tags = tags_of_tree(it)
    if "matches" not in mine or "matches" not in other:
        yield tags | {f"reason:{reason(mine)}"}
        return
    for doc, yes, theirs in zip(docs, mine["matches"], other["matches"]):
        if yes != theirs:
            yield tags | {"ours:yes" if yes else "ours:no"} | (in_document(it, doc) if it[0] != "text" else set())


@pytest.mark.parametrize("peer", PEERS)
def test_filters_as_others_do_them(peer):
    cases = [scim_filters.case(scim_peers.SEED, index) for index in range(scim_peers.CASES)]
    known = Known(peer)

    unlike = [answer for answer in ask(cases, peer) if not same(*answer[1:])]
    known.agreed = len(cases) - len(unlike)
    for it, docs, mine, other in culprits(unlike, peer):
        what = json.dumps({"filter": scim_filters.text_of(it), "docs": docs, "ours": mine, "theirs": other})
        for tags in differences(it, docs, mine, other):
            known.difference(outcome(mine), outcome(other), tags, what)
    known.finish(scim_peers.SEED, f"{len(cases)} filters", scim_peers.WHOLE)
    assert known.agreed > len(cases) / 4
