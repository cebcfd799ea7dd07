"""Where the programs are, and what one does with them. Paths come from the environment, see tests/journal/README.md."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def program(variable, default):
    path = Path(os.environ.get(variable) or ROOT / default)
    if not path.exists():
        pytest.fail(f"{path} is not there: run ./run setup and ./run build, or set {variable}")
    return str(path)


class Log:
    """A log in a folder of its own, written by tests/journal/tool.c."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "log"
        self.tool = program("SCIMWARD_JOURNAL_TOOL", "build/tests/unit/journal/journal_tool")
        self.fsck_program = program("SCIMWARD_FSCK", ".setup/bin/fsck")
        self.sumdb_program = program("SCIMWARD_SUMDB_VERIFIER", ".setup/bin/sumdb-verifier")

    def write(self, size, step=0):
        result = subprocess.run(
            [self.tool, "write", self.folder, str(size), str(step)], capture_output=True, text=True, timeout=120
        )
        assert result.returncode == 0, result.stderr

    def start_writing(self, size, step):
        return subprocess.Popen(
            [self.tool, "write", self.folder, str(size), str(step)], stdout=subprocess.PIPE, text=True
        )

    def verify(self, size):
        """(is it intact, what it says): our own."""
        result = subprocess.run([self.tool, "verify", self.folder, str(size)], capture_output=True, text=True, timeout=120)
        assert result.returncode in (0, 2), result.stderr
        return result.returncode == 0, result.stdout.strip()

    def fsck(self, seconds=60):
        """Tessera's fsck. Its exit code is 0 on failure, and with one worker a mismatch hangs for ever."""
        command = [
            self.fsck_program, "--ui=false", "--N=8", f"--storage_url=file://{self.path}/",
            f"--public_key={self.path}/log.vkey",
        ]
        try:
            result = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds
            )
        except subprocess.TimeoutExpired as late:
            return False, (late.stdout or b"").decode(errors="replace")
        return "Successfully fsck'd log" in result.stdout, result.stdout

    def sumdb(self, *old):
        """golang.org/x/mod/sumdb; old: checkpoints that this log must extend."""
        command = [self.sumdb_program, "-log", self.path, "-vkey", self.path / "log.vkey"]
        for path in old:
            command += ["-old", path]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return result.returncode == 0, result.stdout + result.stderr

    def assert_good(self, size, *old):
        intact, problem = self.verify(size)
        assert intact, problem
        good, output = self.fsck()
        assert good, output
        good, output = self.sumdb(*old)
        assert good, output
        assert f" {self.size()} entries" in output

    def size(self):
        return int((self.path / "checkpoint").read_text().split("\n")[1])

    def flip(self, name, offset=None):
        path = self.path / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2 if offset is None else offset] ^= 1
        path.write_bytes(data)


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path)
