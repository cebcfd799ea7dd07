"""A real OPA server (`opa run --server`) over a folder of policy, ended by its id."""

import http.client
import json
import socket
import subprocess
from pathlib import Path

from gateway import LocalConnection, environment, wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OpaServer:
    """
    address: a path for a unix socket, or a port on loopback. The folder is read as a bundle, without its tests.
    wrapper: a command in front of it (taskset …).
    """

    def __init__(self, folder, address, wrapper=()):
        self.folder = Path(folder)
        self.address = address
        self.wrapper = list(wrapper)
        self.process = None

    @property
    def url(self):
        """For policy.url."""
        return f"http://127.0.0.1:{self.address}" if isinstance(self.address, int) else f"unix:{self.address}"

    def config(self, **more):
        """The member `policy` of the configuration. A busy machine is no fault: an answer has the time of a request."""
        return {"engine": "opa", "url": self.url, "limits": {"answer": "30s"}} | more

    def connect(self):
        if isinstance(self.address, int):
            return http.client.HTTPConnection("127.0.0.1", self.address, timeout=5)
        return LocalConnection(self.address, timeout=5)

    def call(self, method, path, body=None):
        connection = self.connect()
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def is_up(self):
        assert self.process.poll() is None, "opa ended:\n" + self.log.read_text()
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False

    def start(self):
        assert self.process is None
        where = f"127.0.0.1:{self.address}" if isinstance(self.address, int) else f"unix://{self.address}"
        if not isinstance(self.address, int):
            Path(self.address).unlink(missing_ok=True)
        command = [*self.wrapper, "opa", "run", "--server", "--skip-version-check", "--log-level", "error", "--addr", where]
        self.log = self.folder.parent / f"{self.folder.name}.opa.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--ignore", "*_test.rego", "-b", self.folder.name],
                cwd=self.folder.parent,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self.is_up, "the OPA server answers")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def __enter__(self):
        return self if self.process is not None else self.start()

    def __exit__(self, *_):
        self.stop()
