"""Lines of a folder that its unit tests reach, file by file.

    coverage.py BUILD FOLDER MINIMUM

BUILD was configured with -Db_coverage=true and has run the tests; gcov, which comes with gcc, tells what they
reached. Prints a table with the lines that were not, and ends with 1 when the folder as a whole is below MINIMUM
percent. A file that no test ran counts as not reached at all: what was compiled is what is counted.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

SHOWN = 12  # line ranges a file


def counts_of(notes):
    """(source, {line: times}) of one object file; without data of a run all lines have 0."""
    command = ["gcov", "--json-format", "--stdout", notes]
    result = subprocess.run(command, capture_output=True, check=True, cwd=notes.parent)
    for line in result.stdout.splitlines():
        for source in json.loads(line)["files"]:
            yield Path(source["file"]).name, {one["line_number"]: one["count"] for one in source["lines"]}


def lines_of(build, folder):
    """{file of the folder: {line: times}}"""
    found = defaultdict(dict)
    for notes in sorted(Path(build, folder).rglob("*.gcno")):
        for name, counts in counts_of(notes.resolve()):
            if Path(folder, name).exists() and name.endswith(".c"):
                for line, count in counts.items():
                    found[name][line] = found[name].get(line, 0) + count
    return found


def ranges(lines):
    """[3, 4, 5, 9] → "3-5 9" """
    groups = []
    for line in lines:
        if groups and line == groups[-1][1] + 1:
            groups[-1][1] = line
        else:
            groups.append([line, line])
    texts = [str(a) if a == b else f"{a}-{b}" for a, b in groups]
    return " ".join(texts[:SHOWN]) + (" …" if len(texts) > SHOWN else "")


def main(build, folder, minimum):
    found = lines_of(build, folder)
    reached = total = 0
    print(f"{'file':28} {'lines':>6} {'reached':>8}  not reached")
    for name, counts in sorted(found.items()):
        missed = sorted(line for line, count in counts.items() if count == 0)
        total += len(counts)
        reached += len(counts) - len(missed)
        print(f"{name:28} {len(counts):6} {100 * (1 - len(missed) / len(counts)):7.1f}%  {ranges(missed)}")
    share = 100 * reached / total if total else 0
    print(f"{folder + '/':28} {total:6} {share:7.2f}%  at least {minimum}% are wanted")
    return 0 if share >= float(minimum) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
