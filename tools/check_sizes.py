"""Functions of at most 60 lines, files of at most 500, but for the exceptions of tools/exceptions.txt.

A function's lines are those from its opening to its closing brace; both stand in the first column, which
clang-format guarantees. The rows of a `static const` table inside it do not count: a table is what long functions should be.
"""

import re
import subprocess
import sys
from pathlib import Path

FUNCTION_LIMIT = 60
FILE_LIMIT = 500
SUFFIXES = (".c", ".h", ".py", ".sh", ".go")
TABLE = re.compile(r"^\t+static const ")
NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(")


def our_files(root):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True
    )
    names = (name for name in listed.stdout.splitlines() if name.endswith(SUFFIXES))
    return [name for name in names if (root / name).exists()]


def table_lines(body):
    """Lines between the braces of `static const … = {` and `};` of the same indentation."""
    count = 0
    opened = None
    for line in body:
        indent = len(line) - len(line.lstrip("\t"))
        if opened is None and TABLE.match(line) and line.rstrip().endswith("{"):
            opened = indent
        elif opened is not None and indent == opened and line.strip().startswith("}") and line.endswith("};"):
            opened = None
        elif opened is not None:
            count += 1
    return count


def functions(lines):
    """(name, first line, lines) of each function of a C file."""
    for index, line in enumerate(lines):
        if line != "{":
            continue
        end = index
        while end < len(lines) and lines[end] != "}":
            end += 1
        head = index - 1
        while head > 0 and lines[head - 1].strip() and lines[head][:1] in ("\t", " ", ")"):
            head -= 1
        match = NAME.search(lines[head]) if head >= 0 else None
        yield (match.group(1) if match else "?"), index + 1, end - index + 1 - table_lines(lines[index:end])


def read_exceptions(path, problems):
    """"file" or "file:function" → limit."""
    exceptions = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(None, 2)
        if len(fields) < 3 or not fields[1].isdigit() or len(fields[2]) < 10:
            problems.append(f"{path.name}:{number}: want FILE[:FUNCTION] LIMIT REASON")
            continue
        exceptions[fields[0]] = int(fields[1])
    return exceptions


def check(found, limit, exceptions, used, problems):
    """found: (key, where, lines)."""
    key, where, lines = found
    if lines <= limit:
        return
    if key in exceptions:
        used.add(key)
        limit = exceptions[key]
    if lines > limit:
        problems.append(f"{where}: {key} has {lines} lines, at most {limit}")


def main(root):
    problems = []
    used = set()
    exceptions = read_exceptions(root / "tools/exceptions.txt", problems)
    count = 0
    for name in our_files(root):
        lines = (root / name).read_text(errors="replace").splitlines()
        check((name, name, len(lines)), FILE_LIMIT, exceptions, used, problems)
        if name.endswith((".c", ".h")):
            for function, line, size in functions(lines):
                count += 1
                check((f"{name}:{function}", f"{name}:{line}", size), FUNCTION_LIMIT, exceptions, used, problems)
    for key in exceptions.keys() - used:
        problems.append(f"exceptions.txt: {key} needs no exception any more")
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{count} functions within {FUNCTION_LIMIT} lines, files within {FILE_LIMIT}; {len(used)} exceptions")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
