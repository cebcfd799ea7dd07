"""Holds the table of layers (docs/architecture.md) against every #include.

Checks, for each C file: only folders below it, only libraries that its folder may use, own header first,
then <system>, then "folder/…", each sorted; paths from the root; `#pragma once` in headers. Files of tests,
fuzz and bench may include anything, but in the same forms.
"""

import re
import sys
from pathlib import Path

# folder: (folders it may include, libraries it may include)
LAYERS = {
    "base": ((), ("openssl", "jansson")),
    "scim": (("base",), ("utf8proc",)),
    # utf8proc: upper and lower case, character classes.
    "policy": (("base",), ("utf8proc", "zlib", "jansson", "openssl")),
    "config": (("base",), ("libfyaml",)),
    "io": (("base",), ("libevent", "libcurl", "openssl")),
    "store": (("base", "io", "scim"), ("sqlite3", "libpq")),
    "journal": (("base", "io", "store"), ("openssl", "zlib")),
    "connectors": (("base", "io", "scim", "config", "store", "journal"), ("jansson",)),
    "gateway": (
        ("base", "scim", "policy", "config", "io", "store", "journal", "connectors"),
        ("jansson",),
    ),
    # libcurl: the client of the admin socket; openssl: the certificate that `init` makes.
    "cli": (
        ("base", "scim", "policy", "config", "io", "store", "journal", "connectors", "gateway"),
        ("jansson", "libcurl", "openssl"),
    ),
}
FREE = ("tests", "fuzz", "bench")

# Header (or its folder) → library it belongs to.
LIBRARIES = {
    "openssl": "openssl",
    "jansson.h": "jansson",
    "utf8proc.h": "utf8proc",
    "zlib.h": "zlib",
    "libfyaml.h": "libfyaml",
    "event2": "libevent",
    "curl": "libcurl",
    "sqlite3.h": "sqlite3",
    "libpq-fe.h": "libpq",
    "cmocka.h": "cmocka",
    "valgrind": "valgrind",
    "sanitizer": "sanitizer",
}

# Headers of the C library and the kernel that may be included; anything else is a library nobody agreed to.
SYSTEM = set(
    """
    assert.h ctype.h dirent.h endian.h errno.h fcntl.h fenv.h fnmatch.h float.h ftw.h getopt.h glob.h grp.h
    inttypes.h ifaddrs.h limits.h locale.h malloc.h math.h netdb.h poll.h pthread.h pwd.h regex.h sched.h semaphore.h
    setjmp.h signal.h spawn.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
    string.h strings.h syslog.h termios.h threads.h time.h uchar.h unistd.h wchar.h wctype.h
    immintrin.h emmintrin.h nmmintrin.h x86intrin.h
    """.split()
)
SYSTEM_FOLDERS = ("sys", "netinet", "arpa", "net", "linux")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Checker:
    def __init__(self, root):
        self.root = root
        self.problems = []

    def complain(self, path, line, text):
        self.problems.append(f"{path.relative_to(self.root)}:{line}: {text}")

    def includes(self, path):
        """(line, is_system, name), in order."""
        found = []
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                found.append((number, match.group(1) == "<", match.group(2)))
        return found

    def check_forms(self, path, includes):
        for line, is_system, name in includes:
            if is_system:
                continue
            if name.startswith(".") or "/../" in name or "/" not in name:
                self.complain(path, line, f'"{name}": include from the root, "folder/file.h"')
            elif not (self.root / name).exists() and not name.endswith("_generated.h"):
                self.complain(path, line, f'"{name}" does not exist')

    def check_libraries(self, path, includes, allowed):
        for line, is_system, name in includes:
            if not is_system:
                continue
            top = name.split("/")[0]
            library = LIBRARIES.get(name) or LIBRARIES.get(top)
            if library is not None:
                if allowed is not None and library not in allowed:
                    self.complain(path, line, f"<{name}>: this folder may not use {library}")
            elif name not in SYSTEM and top not in SYSTEM_FOLDERS:
                self.complain(path, line, f"<{name}>: no header of the C library; see LIBRARIES in this script")

    def check_folders(self, path, layer, includes):
        allowed = LAYERS[layer][0]
        for line, is_system, name in includes:
            folder = name.split("/")[0]
            if is_system or folder == layer or folder in allowed:
                continue
            if folder in LAYERS or folder in FREE:
                self.complain(path, line, f'"{name}": {layer}/ may not include {folder}/')

    def check_order(self, path, includes):
        """Own header, <system>, "folder/…", each sorted."""
        relative = path.relative_to(self.root)
        own = str(relative.with_suffix(".h"))
        rest = includes
        if path.suffix == ".c" and (self.root / own).exists():
            if not includes or includes[0][1] or includes[0][2] != own:
                self.complain(path, includes[0][0] if includes else 1, f'"{own}" must be the first include')
                return
            rest = includes[1:]
        elif path.suffix == ".c" and includes and not includes[0][1]:
            if includes[0][2].split("/")[0] == relative.parts[0]:
                rest = includes[1:]  # several .c of one .h: that header first
        rest = [entry for entry in rest if not entry[2].endswith("_rows.h")]  # they stand where they are used
        keys = [(0 if is_system else 1, name) for _, is_system, name in rest]
        for index in range(1, len(keys)):
            if keys[index] < keys[index - 1]:
                line, _, name = rest[index]
                self.complain(path, line, f"{name}: <system> before \"folder/…\", each sorted")
                return

    def check_file(self, path):
        layer = path.relative_to(self.root).parts[0]
        includes = self.includes(path)
        self.check_forms(path, includes)
        # name_rows.h are tables that are included several times, each time with another meaning of ROW().
        if path.suffix == ".h" and not path.name.endswith("_rows.h"):
            if "#pragma once" not in path.read_text(errors="replace"):
                self.complain(path, 1, "a header needs #pragma once")
        if layer in LAYERS:
            self.check_folders(path, layer, includes)
            self.check_libraries(path, includes, LAYERS[layer][1])
            self.check_order(path, includes)
        else:
            self.check_libraries(path, includes, None)


def main(root):
    checker = Checker(root)
    count = 0
    for folder in (*LAYERS, *FREE):
        for path in sorted((root / folder).rglob("*.[ch]")):
            checker.check_file(path)
            count += 1
    for problem in checker.problems:
        print(problem)
    if not checker.problems:
        print(f"{count} files keep the layers")
    return 1 if checker.problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
