"""Counts the results of test suites.

    results.py suite FOLDER SECONDS   one line for the suite, then what failed and why something was skipped
    results.py total FOLDER           sums all suites; the last line is "N passed, N failed, N skipped"

A folder holds JUnit files (meson, pytest) and results.tsv (status, test, reason). A suite without any
result counts as one failure. `total` ends with 1 when anything failed.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

STATUSES = ("passed", "failed", "skipped")
SHOWN = 50  # tests named one by one


def reason_of(element):
    text = element.get("message") or element.text or ""
    return " ".join(text.split())[:200]


def from_junit(path):
    """(status, name, reason) of each test case."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as problem:
        yield "failed", path.name, f"unreadable results: {problem}"
        return
    for case in root.iter("testcase"):
        name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
        failures = [child for child in case if child.tag in ("failure", "error")]
        skips = [child for child in case if child.tag == "skipped"]
        if failures:
            yield "failed", name, reason_of(failures[0])
        elif skips:
            yield "skipped", name, reason_of(skips[0])
        else:
            yield "passed", name, ""
    for suite in root.iter("testsuite"):
        # A program that crashed before or after its cases is an error of the suite, without a case.
        cases = list(suite.iter("testcase"))
        bad = sum(1 for c in cases if any(x.tag in ("failure", "error") for x in c))
        declared = int(suite.get("failures") or 0) + int(suite.get("errors") or 0)
        if declared > bad:
            yield "failed", suite.get("name", path.name), "the program failed outside of its tests"


def from_tsv(path):
    for line in path.read_text(errors="replace").splitlines():
        status, name, reason, why = (line.split("\t") + ["", "", ""])[:4]
        if status == "counts":
            for number, kind in zip(map(int, reason.split()), STATUSES):
                for _ in range(number):
                    yield kind, name, why if kind == "skipped" else "see its log"
        else:
            yield status, name, reason


def read(folder):
    results = []
    for path in sorted(folder.glob("*.xml")):
        results += from_junit(path)
    tsv = folder / "results.tsv"
    if tsv.exists():
        results += from_tsv(tsv)
    if not results:
        results.append(("failed", folder.name, "the suite left no result"))
    return results


def count(results):
    return {status: sum(1 for result in results if result[0] == status) for status in STATUSES}


def line(counts):
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES)


def print_suite(folder, seconds):
    results = read(folder)
    for status in ("failed", "skipped"):
        named = Counter((name, reason) for kind, name, reason in results if kind == status)
        for (name, reason), number in list(named.items())[:SHOWN]:
            times = f" ({number} times)" if number > 1 else ""
            print(f"    {status} {name}{times}: {reason or 'no reason given'}")
        if len(named) > SHOWN:
            print(f"    … and {len(named) - SHOWN} more {status}, see {folder}")
    print(f"<== {folder.name}: {line(count(results))} ({seconds} s)", flush=True)


def print_total(folder):
    totals = dict.fromkeys(STATUSES, 0)
    for suite in sorted(path for path in folder.iterdir() if path.is_dir()):
        counts = count(read(suite))
        if counts["failed"]:
            print(f"failed: {suite.name}: {line(counts)}")
        for status in STATUSES:
            totals[status] += counts[status]
    print(line(totals))
    return 1 if totals["failed"] or not totals["passed"] else 0


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "suite":
        print_suite(Path(arguments[1]), arguments[2])
        return 0
    if len(arguments) == 2 and arguments[0] == "total":
        return print_total(Path(arguments[1]))
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
