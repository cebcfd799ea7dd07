"""docs/compatibility.md against the program: each quirk has its row, each mark its proof, each proof exists."""

import json
import re
import subprocess

import pytest
from gateway import FIXTURES, PROGRAM, ROOT

DOCUMENT = (ROOT / "docs" / "compatibility.md").read_text()
SAMPLES = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tests/conformance/samples").glob("*.json")}


@pytest.fixture(scope="module")
def quirks():
    text = subprocess.run([PROGRAM, "source", "dialects", "-o", "json"], check=True, capture_output=True).stdout
    return {it["quirk"]: it for it in json.loads(text)["quirks"]}


def tables():
    """Title of the section -> rows of its first table, cells without blanks around; the first row has the names."""
    found = {}
    for section in DOCUMENT.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("| ")]
        found[title] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


def rows(title):
    names, *lines = tables()[title]
    return [dict(zip(names, line, strict=True)) for line in lines]


def fixture_dialect(number):
    (path,) = (FIXTURES / "idp").glob(f"{number}-*.json")
    return json.loads(path.read_text())["dialect"]


def test_each_quirk_has_its_row_with_the_dialects_of_the_program(quirks):
    table = {row["quirk"].strip("`"): row for row in rows("Quirks by dialect")}

    assert list(table) == list(quirks)
    for name, row in table.items():
        marked = [dialect for dialect, mark in row.items() if mark in ("●", "○")]
        assert marked == quirks[name]["dialects"], name


def test_what_is_seen_is_proved(quirks):
    needs_fixtures = (FIXTURES / "idp").is_dir()

    for row in rows("Quirks by dialect"):
        name = row["quirk"].strip("`")
        proofs = row["proved by"].split(", ")
        proved = set()
        for proof in proofs:
            if proof.isdigit():
                proved.add(fixture_dialect(proof) if needs_fixtures else "entra")
            elif proof.startswith("`"):
                assert (ROOT / proof.strip("`")).is_file()
            else:
                assert name in SAMPLES[proof]["quirks"], (name, proof)
                proved.add(SAMPLES[proof]["dialect"])
        assert proofs != [""], name
        if needs_fixtures:
            assert {dialect for dialect, mark in row.items() if mark == "●"} == proved, name


def test_no_sample_is_passed_over(quirks):
    named = {
        (row["quirk"].strip("`"), proof) for row in rows("Quirks by dialect") for proof in row["proved by"].split(", ")
    }

    for sample, it in SAMPLES.items():
        assert it["dialect"] == sample.split("-")[0]
        assert it["source"] and it["quirks"], sample
        for quirk in it["quirks"]:
            assert (quirk, sample) in named


def test_each_quirk_says_what_it_becomes(quirks):
    table = {row["quirk"].strip("`"): row for row in rows("What each becomes")}

    assert list(table) == list(quirks)
    for name, row in table.items():
        assert row["sent"] == quirks[name]["sent"] and row["becomes"]


def test_each_dialect_has_a_row_and_a_sample(quirks):
    dialects = {dialect for it in quirks.values() for dialect in it["dialects"]} | {"standard"}
    table = [line[0].strip("`") for line in tables()["Dialect by dialect"]]

    assert set(table) - {"dialect"} == dialects
    assert {it["dialect"] for it in SAMPLES.values()} == dialects - {"standard"}


def test_each_fixture_that_is_named_has_a_test():
    tests = (ROOT / "tests/conformance/test_idp_fixtures.py").read_text()
    numbers = {proof for row in rows("Quirks by dialect") for proof in row["proved by"].split(", ") if proof.isdigit()}
    for row in rows("What is no quirk: the same for every source"):
        numbers |= set(row["proved by"].split(", "))

    assert numbers
    for number in numbers:
        assert re.search(rf'^    "{number}": ', tests, re.MULTILINE), number
