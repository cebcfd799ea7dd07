#!/usr/bin/env python3
"""embed_sql.py IN OUT NAME: an SQL file as a C string, without its comments, so that the binary needs no files."""

import sys


def main():
    source, target, name = sys.argv[1:]
    lines = []
    for line in open(source, encoding="utf-8"):
        text = line.split("--")[0].rstrip()
        if text:
            escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", " ")
            lines.append(f'\t"{escaped}\\n"')
    with open(target, "w", encoding="utf-8") as out:
        out.write(f"/* Made from {source.rsplit('/', 1)[-1]}. */\n")
        out.write(f"extern const char {name}[];\nconst char {name}[] =\n" + "\n".join(lines) + ";\n")


main()
