"""A real OPA server (`opa run --server`) over a folder of policy, ended by its id."""

import http.client
import json
import random
import ssl
import subprocess
from pathlib import Path

from gateway import LocalConnection, environment, wait_until


def loopback_address():
    """An address that nobody else has: 127.0.0.0/8 is large, and no client gets this port by chance."""
    return f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}:8181"


class OpaServer:
    """
    address: a Path for a unix socket, or the text "host:port". The folder is read as a bundle, without its tests.
    wrapper: a command in front of it (taskset …). tls: files of certificate and key.
    """

    def __init__(self, folder, address, wrapper=(), tls=None):
        self.folder = Path(folder)
        self.address = address
        self.wrapper = list(wrapper)
        self.tls = tls
        self.process = None

    @property
    def url(self):
        """For policy.url."""
        scheme = "https" if self.tls else "http"
        return f"unix:{self.address}" if self.is_local else f"{scheme}://{self.address}"

    @property
    def is_local(self):
        return isinstance(self.address, Path)

    def config(self, **more):
        """The member `policy` of the configuration. A busy machine is no fault: an answer has the time of a request."""
        return {"engine": "opa", "url": self.url, "limits": {"answer": "30s"}} | more

    def connect(self):
        if self.is_local:
            return LocalConnection(self.address, timeout=5)
        if self.tls:
            context = ssl.create_default_context(cafile=self.tls[0])
            return http.client.HTTPSConnection(self.address, timeout=5, context=context)
        return http.client.HTTPConnection(self.address, timeout=5)

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
        where = f"unix://{self.address}" if self.is_local else self.address
        if self.is_local:
            self.address.unlink(missing_ok=True)
        command = [*self.wrapper, "opa", "run", "--server", "--skip-version-check", "--log-level", "error", "--addr", where]
        if self.tls:
            command += ["--tls-cert-file", str(self.tls[0]), "--tls-private-key-file", str(self.tls[1])]
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
