"""The real SCIM app of app.py as a process, on a port that is its own also while it is away."""

import subprocess
import sys
from pathlib import Path

from gateway import Connection
from ports import free_port


class App:
    """Ended with kill(), and started again with the same data."""

    def __init__(self, folder, name="app", port=0, delay=0.0):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.port = port or free_port()
        self.delay = delay
        self.token = f"token-of-app-{name}-{'y' * 24}"
        self.process = None

    def config(self, **more):
        """Its row in the gateway's configuration."""
        return {
            "name": self.name,
            "connector": "scim",
            "url": f"http://127.0.0.1:{self.port}/v2",
            "token": self.token,
            "allow_private": True,
            "retry": {"base": "100ms", "cap": "2s"},
            "breaker": {"failures": 5, "probe": "500ms"},
        } | more

    def start(self):
        support = Path(__file__).resolve().parent
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(support / "app.py"),
                "--database",
                str(self.folder / f"{self.name}.db"),
                "--port",
                str(self.port),
                "--token",
                self.token,
                "--schema",
                str(support / "person_schema.json"),
                "--delay",
                str(self.delay),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        line = self.process.stdout.readline().decode()
        assert line == f"port {self.port}\n", "the app did not start"
        return self

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    stop = kill

    def restart(self):
        self.kill()
        return self.start()

    def __enter__(self):
        return self if self.process is not None else self.start()

    def __exit__(self, *_):
        self.kill()

    def connect(self):
        return Connection(self.port, self.token, base="/v2")

    def all(self, endpoint="Users"):
        """Every resource, page by page."""
        found = []
        while True:
            connection = self.connect()  # HTTP/1.0: one request a connection
            page = connection.get(f"/{endpoint}?startIndex={len(found) + 1}&count=500").json
            connection.close()
            found += page.get("Resources", [])
            if len(found) >= page["totalResults"] or not page.get("Resources"):
                return found
