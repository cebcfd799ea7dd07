"""The demos tell what they promise, whenever they are run."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gateway import PROGRAM, ROOT, environment

PROMISES = [
    "Entra creates anna@example.com",
    "the account is there",
    "sod.purchasing",
    "group.privileged",
    "rail.removals",
    "the account is disabled",
    "fritz is there",
    "intact",
]


def test_the_demo_tells_its_story(tmp_path):
    result = subprocess.run(
        [sys.executable, ROOT / "demo" / "demo.py", "--no-keep", "--folder", tmp_path / "demo"],
        capture_output=True,
        text=True,
        timeout=280,
        env=dict(os.environ, NO_COLOR="1"),
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert [promise for promise in PROMISES if promise not in result.stdout] == []


def chapters(said):
    """The text before the first number, and behind each."""
    return re.split(r"^[123]\. ", said, flags=re.M)


@pytest.fixture
def short_path():
    """What is made below it may hold unix sockets, whose names have 108 bytes; pytest's own folders are longer."""
    with tempfile.TemporaryDirectory(prefix="scimward-", dir="/tmp") as folder:
        yield Path(folder)


def test_one_pull_request_is_stopped_and_of_the_other_three_decisions_are_shown(short_path):
    env = environment() | {"SCIMWARD": str(PROGRAM), "TMPDIR": str(short_path), "NO_COLOR": "1"}
    result = subprocess.run(
        ["sh", ROOT / "demo" / "policy-pull-request.sh"], capture_output=True, text=True, timeout=600, env=env
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert list(short_path.iterdir()) == []
    main, stopped, decided, told = chapters(result.stdout)
    assert " 0 failed" in main
    assert "an intern does not get into payments-admins: effect: expected deny, got allow" in stopped
    assert " 1 failed" in stopped and "exit code 2" in stopped
    assert "1000 requests: 990 allowed, 10 denied" in decided
    assert " 0 failed" in told
    assert "3 of 1,000" in told and re.search(r"\b997  same$", told, re.M)
    denied = re.findall(r"\+ deny  sod\.audit: (\S+) is in release-managers", told)
    assert sorted(denied) == [f"person{number}@example.com" for number in (46, 47, 48)]
    assert len(re.findall("from entra  allow → deny$", told, re.M)) == 3 and told.rstrip().endswith("exit code 2")
