"""
OPA's own cases, as a table for people: `conformance`'s log → groups of categories, totals, the goal, what is refused.

    table.py LOG          prints it; exit 1 when fewer cases pass than is promised

A category that no row below names is a matter of the language.
"""

import re
import sys
from pathlib import Path

GOAL_PERCENT = 98.0
LANGUAGE = "the rest of the language"
# What the names of its categories begin with, "=": the whole name. The first row that fits has it.
GROUPS = {
    "documents and references": "baseandvirtual completedoc composite dataderef embedded indirect input nestedref partial "
    "refheads varref virtualdocs undos keywordrefs",
    "every, else, with, not, or": "every elsekeyword withkeyword negation disjunction logic_operators defaultkeyword",
    "functions, comprehensions": "function comprehensions topdown indexing",
    "aggregates, arithmetic": "aggregates arithmetic casts comparison eqexpr",
    "arrays and sets": "=array intersection union subset sets",
    "objects": "object",
    "strings, sprintf": "strings trim replacen sprintf stringinterpolation",
    "regex, glob": "regex glob",
    "numbers, bits, units": "bits numbers units",
    "semver, uuid, rand": "semver uuid rand",
    "time": "=time",
    "base64, hex, json, yaml, url": "base64 hexbuiltins jsonbuiltins url",
    "json patch, filter, schema": "jsonfilter jsonpatch jsonremove jsonschema walk reachable",
    "graphql": "graphql",
    "crypto, X.509": "crypto",
    "JWT": "jwt",
    "net, uri, http, aws": "net uribuiltins invalidkeyerror providers-aws",
    "types, metadata, templates": "type rego rendertemplate",
}
COLUMNS = ("pass", "wrong", "error", "refused")
ROW = re.compile(r"^(\S+) +(\d+) +(\d+) +(\d+) +(\d+)$")
REFUSED = re.compile(r"^([a-z0-9_]+\.[a-z0-9_.]+) +(\d+)  (.+)$")


def fits(category, prefix):
    return category == prefix[1:] if prefix.startswith("=") else category.startswith(prefix)


def group_of(category):
    for group, prefixes in GROUPS.items():
        if any(fits(category, prefix) for prefix in prefixes.split()):
            return group
    return LANGUAGE


def read(text):
    """(group → counts, (builtin, cases, reason) of each that is refused)"""
    groups = {group: [0] * len(COLUMNS) for group in (*GROUPS, LANGUAGE)}
    refused = []
    for line in text.splitlines():
        if (row := ROW.match(line)) and row[1] != "all":
            counts = groups[group_of(row[1])]
            for column in range(len(COLUMNS)):
                counts[column] += int(row[2 + column])
        elif row := REFUSED.match(line):
            refused.append((row[1], int(row[2]), row[3]))
    return groups, refused


def percent(counts):
    """Rounded down: 99.96 % is not all."""
    return 100.0 if counts[0] == sum(counts) else int(1000 * counts[0] / sum(counts)) / 10


def line(name, counts):
    numbers = "".join(f"{number or '-':>8}" for number in counts)
    return f"{name:<30}{sum(counts):>7}{numbers}{percent(counts):>8.1f} %"


def table(text):
    """(lines, whether the goal is reached)"""
    groups, refused = read(text)
    groups = {group: counts for group, counts in groups.items() if sum(counts)}
    total = [sum(counts[column] for counts in groups.values()) for column in range(len(COLUMNS))]
    if not sum(total):
        return ["no case of OPA's was run"], False
    lines = [f"{'cases of OPA 1.22.2':<30}{'all':>7}" + "".join(f"{name:>8}" for name in COLUMNS)]
    lines += [line(group, counts) for group, counts in groups.items()]
    lines += [
        line("all", total),
        f"goal: {GOAL_PERCENT} % of all cases pass, no answer is wrong. "
        f"Now {percent(total):.1f} %, {total[1]} wrong"
        + (" (each has its reason in tests/policy/known.txt; none allows what OPA denies)" if total[1] else ""),
        "refused when a policy loads:" if refused else "nothing is refused",
    ]
    lines += [f"  {name:<24}{cases:>3}  {reason}" for name, cases, reason in refused]
    return lines, percent(total) >= GOAL_PERCENT


def main():
    lines, reached = table(Path(sys.argv[1]).read_text())
    print("\n".join(lines))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
