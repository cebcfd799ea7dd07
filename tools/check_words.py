"""Words and links that do not belong into the tree.

TODO without an issue number, FIXME and the like, conflict markers, paths of somebody's machine, white space at
the end of a line, a README of a folder beyond 40 lines, links in Markdown that lead nowhere.
"""

import re
import subprocess
import sys
from pathlib import Path

BINARY = (".png", ".gz", ".zip", ".pem", ".der", ".bin", ".db")
# Raw inputs: their bytes are their meaning.
RAW = ("fuzz/corpus/", "tests/fixtures/")
FOLDER_README_LINES = 40

RULES = (
    (re.compile(r"\bTODO\b(?!\(#\d+\)| #\d+|: #\d+)"), "TODO needs an issue number: TODO(#12)"),
    (re.compile(r"\b(FIXME|XXX|HACK)\b"), "say it as a TODO with an issue number"),
    (re.compile(r"^(<{7}|>{7}|={7})( |$)"), "conflict marker"),
    (re.compile(r"(?<![\w.])/(home/[a-z]|root/|work/)"), "a path of one machine"),
    (re.compile(r"[ \t]+$"), "white space at the end of the line"),
)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def our_files(root):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.splitlines() if (root / name).is_file()]


def check_lines(name, text, problems):
    for number, line in enumerate(text.splitlines(), 1):
        for rule, message in RULES:
            if rule.search(line) and not (name.endswith(".md") and "issue number" in message):
                problems.append(f"{name}:{number}: {message}")


def check_links(root, name, text, problems):
    folder = (root / name).parent
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if "://" not in target and not target.startswith("mailto:") and not (folder / target).exists():
                problems.append(f"{name}:{number}: the link to {target} leads nowhere")


def main(root):
    problems = []
    names = our_files(root)
    for name in names:
        # This file names the words that it looks for.
        if name.endswith(BINARY) or name.startswith(RAW) or name == "tools/check_words.py":
            continue
        text = (root / name).read_text(errors="replace")
        check_lines(name, text, problems)
        if name.endswith(".md"):
            check_links(root, name, text, problems)
        if name.endswith("/README.md") and len(text.splitlines()) > FOLDER_README_LINES:
            problems.append(f"{name}: a folder's README has at most {FOLDER_README_LINES} lines")
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{len(names)} files are clean")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
