"""Makes a C file of a folder: embed.py FOLDER OUTPUT DEPFILE HEADER ARRAY

The C file defines `ARRAY[]` and `ARRAY_count` minus its last s, of the struct that HEADER declares. Files are sorted, so
that the same folder gives the same bytes. The depfile tells ninja to run this again when a file changes.
"""

import sys
from pathlib import Path

SUFFIXES = {".rego", ".yaml", ".yml", ".json", ".md"}


def c_bytes(data):
    rows = (data[i : i + 16] for i in range(0, len(data), 16))
    return ",\n".join("\t" + ", ".join(f"0x{byte:02x}" for byte in row) for row in rows)


def main(folder, output, depfile, header, array):
    root = Path(folder)
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix in SUFFIXES)
    parts = [f'#include "{header}"\n']
    for index, path in enumerate(files):
        data = path.read_bytes() or b"\n"
        parts.append(f"static const unsigned char file_{index}[] = {{\n{c_bytes(data)}\n}};\n")
    parts.append(f"const struct {array[:-1]} {array}[] = {{")
    for index, path in enumerate(files):
        name = path.relative_to(root).as_posix()
        parts.append(f'\t{{ "{name}", file_{index}, sizeof(file_{index}) }},')
    parts.append("};")
    parts.append(f"const size_t {array[:-1]}_count = sizeof({array}) / sizeof({array}[0]);\n")
    Path(output).write_text("\n".join(parts))
    folders = [root, *(path for path in sorted(root.rglob("*")) if path.is_dir())]
    inputs = " ".join(str(path).replace(" ", "\\ ") for path in [*files, *folders])
    Path(depfile).write_text(f"{output}: {inputs}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
