"""The checkers find what they are for, and the counter counts. Run by lint: a blind checker looks like a clean tree."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parent

CLEAN = {
    "base/error.h": "#pragma once\n",
    "scim/patch.h": "#pragma once\n",
    "scim/patch.c": '#include "scim/patch.h"\n\n#include <string.h>\n#include "base/error.h"\n',
    "tools/exceptions.txt": "# none\n",
}


def long_function(lines):
    return "int f(void)\n{\n" + "\tcall();\n" * (lines - 2) + "}\n"


class Tree(unittest.TestCase):
    def run_tool(self, name, files):
        """(exit code, output) of a checker on a tree of these files."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for path, text in {**CLEAN, **files}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            subprocess.run(["git", "init", "-q", folder], check=True)
            result = subprocess.run(
                [sys.executable, TOOLS / name, folder], capture_output=True, text=True, check=False
            )
            return result.returncode, result.stdout + result.stderr

    def expect(self, name, files, part):
        code, output = self.run_tool(name, files)
        self.assertEqual(code, 1, output)
        self.assertIn(part, output)


class Layers(Tree):
    def test_a_clean_tree_passes(self):
        code, output = self.run_tool("check_layers.py", {})
        self.assertEqual(code, 0, output)

    def test_each_rule(self):
        cases = {
            "a folder above": ('#include "scim/patch.h"\n\n#include "policy/ir.h"\n', "may not include policy/"),
            "a library of others": ('#include "scim/patch.h"\n\n#include <sqlite3.h>\n', "may not use sqlite3"),
            "a library of nobody": ('#include "scim/patch.h"\n\n#include <glib.h>\n', "no header of the C library"),
            "a relative path": ('#include "scim/patch.h"\n\n#include "../base/error.h"\n', "include from the root"),
            "a bare name": ('#include "scim/patch.h"\n\n#include "patch.h"\n', "include from the root"),
            "own header later": ('#include <string.h>\n#include "scim/patch.h"\n', "must be the first include"),
            "unsorted": ('#include "scim/patch.h"\n\n#include <string.h>\n#include <errno.h>\n', "each sorted"),
            "ours before the system's": (
                '#include "scim/patch.h"\n\n#include "base/error.h"\n#include <errno.h>\n',
                "each sorted",
            ),
            "not there": ('#include "scim/patch.h"\n\n#include "base/nothing.h"\n', "does not exist"),
        }
        for name, (text, part) in cases.items():
            with self.subTest(name):
                self.expect("check_layers.py", {"scim/patch.c": text, "policy/ir.h": "#pragma once\n"}, part)

    def test_a_header_without_pragma_once(self):
        self.expect("check_layers.py", {"base/error.h": "int x;\n"}, "#pragma once")


class Sizes(Tree):
    def test_sixty_lines_pass_and_sixty_one_do_not(self):
        code, output = self.run_tool("check_sizes.py", {"base/a.c": long_function(60)})
        self.assertEqual(code, 0, output)
        self.expect("check_sizes.py", {"base/a.c": long_function(61)}, "base/a.c:f has 61 lines")

    def test_rows_of_a_table_do_not_count(self):
        table = "\tstatic const int rows[] = {\n" + "\t\t1,\n" * 100 + "\t};\n"
        text = "int f(void)\n{\n" + table + "\treturn rows[0];\n}\n"
        code, output = self.run_tool("check_sizes.py", {"base/a.c": text})
        self.assertEqual(code, 0, output)

    def test_files_of_more_than_five_hundred_lines(self):
        self.expect("check_sizes.py", {"base/a.c": "int x;\n" * 501}, "501 lines, at most 500")

    def test_an_exception_needs_a_reason_and_a_need(self):
        files = {"base/a.c": long_function(70), "tools/exceptions.txt": "base/a.c:f 80 one switch over all codes\n"}
        code, output = self.run_tool("check_sizes.py", files)
        self.assertEqual(code, 0, output)
        self.expect("check_sizes.py", {**files, "tools/exceptions.txt": "base/a.c:f 80\n"}, "REASON")
        self.expect("check_sizes.py", {**files, "base/a.c": long_function(10)}, "needs no exception any more")


class Words(Tree):
    def test_each_rule(self):
        cases = {
            "todo": ("base/a.c", "/* TO" + "DO later */\n", "issue number"),
            "path": ("docs/a.md", "see /ho" + "me/joe/x\n", "a path of one machine"),
            "blank": ("docs/a.md", "text \n", "white space"),
            "link": ("docs/a.md", "[x](nothing.md)\n", "leads nowhere"),
            "long readme": ("base/README.md", "line\n" * 41, "at most 40 lines"),
        }
        for name, (path, text, part) in cases.items():
            with self.subTest(name):
                self.expect("check_words.py", {path: text}, part)

    def test_a_todo_with_its_issue_passes(self):
        code, output = self.run_tool("check_words.py", {"base/a.c": "/* TO" + "DO(#12): later */\n"})
        self.assertEqual(code, 0, output)


JUNIT = """<testsuites><testsuite name="s" tests="4" failures="1" errors="{errors}" skipped="1">
<testcase classname="c" name="good"/><testcase classname="c" name="bad"><failure message="why"/></testcase>
<testcase classname="c" name="not"><skipped message="no disk"/></testcase></testsuite></testsuites>"""


class Results(unittest.TestCase):
    def total(self, files):
        with tempfile.TemporaryDirectory() as folder:
            suite = Path(folder) / "suite"
            suite.mkdir()
            for name, text in files.items():
                (suite / name).write_text(text)
            result = subprocess.run(
                [sys.executable, TOOLS / "results.py", "total", folder], capture_output=True, text=True, check=False
            )
            return result.returncode, result.stdout.splitlines()[-1]

    def test_counts(self):
        cases = (
            ({"a.xml": JUNIT.format(errors=0)}, (1, "1 passed, 1 failed, 1 skipped")),
            ({"a.xml": JUNIT.format(errors=1)}, (1, "1 passed, 2 failed, 1 skipped")),
            ({"a.xml": "<testsuites>"}, (1, "0 passed, 1 failed, 0 skipped")),
            ({"results.tsv": "passed\tx\nskipped\ty\twhy\n"}, (0, "1 passed, 0 failed, 1 skipped")),
            ({"results.tsv": "counts\topa\t10 0 3\twhy\n"}, (0, "10 passed, 0 failed, 3 skipped")),
            ({"results.tsv": "skipped\ty\twhy\n"}, (1, "0 passed, 0 failed, 1 skipped")),
            ({}, (1, "0 passed, 1 failed, 0 skipped")),
        )
        for files, wanted in cases:
            with self.subTest(files=files):
                self.assertEqual(self.total(files), wanted)


class Coverage(unittest.TestCase):
    SOURCE = "int main(int argc, char **argv)\n{\n\t(void)argv;\n\tif (argc > 1) {\n\t\treturn 1;\n\t}\n\treturn 0;\n}\n"

    def run_coverage(self, folder, minimum, runs):
        """(exit code, output) for a program of four lines, one of which needs an argument."""
        (folder / "thing").mkdir()
        (folder / "build" / "thing").mkdir(parents=True)
        (folder / "thing" / "a.c").write_text(self.SOURCE)
        subprocess.run(["gcc", "--coverage", "-c", "thing/a.c", "-o", "build/thing/a.o"], cwd=folder, check=True)
        subprocess.run(["gcc", "--coverage", "build/thing/a.o", "-o", "build/a"], cwd=folder, check=True)
        for arguments in runs:
            subprocess.run(["build/a", *arguments], cwd=folder, check=False)
        result = subprocess.run(
            [sys.executable, TOOLS / "coverage.py", "build", "thing", str(minimum)],
            cwd=folder, capture_output=True, text=True, check=False,
        )
        return result.returncode, result.stdout + result.stderr

    def test_lines_that_no_run_reached_are_named_and_count(self):
        cases = (([], 1, (1, "0.0%")), ([[]], 76, (1, "75.0%  5")), ([[]], 75, (0, "75.0%  5")),
                 ([[], ["x"]], 100, (0, "100.0%")))
        for runs, minimum, (code, part) in cases:
            with self.subTest(runs=runs, minimum=minimum), tempfile.TemporaryDirectory() as folder:
                found, output = self.run_coverage(Path(folder), minimum, runs)
                self.assertEqual(found, code, output)
                self.assertIn(part, output)


if __name__ == "__main__":
    unittest.main()
