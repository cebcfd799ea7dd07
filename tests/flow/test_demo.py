"""The demo tells what it promises, whenever it is run."""

import os
import subprocess
import sys

from gateway import ROOT

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
        timeout=180,
        env=dict(os.environ, NO_COLOR="1"),
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert [promise for promise in PROMISES if promise not in result.stdout] == []
