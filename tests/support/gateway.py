"""The real program, for tests: configured in a folder of its own, started on a free port, ended by its id.

    with Gateway(folder, policy="allow") as gateway:
        answer = gateway.post("/Users", {...})
        assert answer.status == 201

Everything listens on loopback. Nothing sleeps: waiting is polling with a deadline, or reading what the program says.
"""

import hashlib
import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT.parent / "shared" / "fixtures"
PROGRAM = os.environ.get("SCIMWARD", str(ROOT / "build" / "scimward"))
STARTER = ROOT / "examples" / "policy"
# A sanitizer build is many times slower.
PATIENCE_S = 60
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PERSON = "urn:scimward:params:scim:schemas:extension:person:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

make_opa = None  # pytest --engine opa: folder of a gateway -> the OPA server that decides for it
ALLOW = 'package scimward\n\ndecision := {"effect": "allow", "reasons": []}\n'


def environment():
    """What the program needs: opa from ./run setup, and no proxy."""
    env = dict(os.environ)
    env["PATH"] = f"{ROOT / '.setup' / 'bin'}:{env.get('PATH', '')}"
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=1:abort_on_error=0:exitcode=98"
    env["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
    return env


def is_sanitized():
    """A sanitizer build: right answers, but neither its time nor its memory means anything."""
    program = Path(PROGRAM).read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def wait_until(condition, what, seconds=PATIENCE_S, step_s=0.02):
    """Polls until condition() is true and returns its value; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(step_s)


class Answer:
    """Status, headers and body of a reply."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def journal_index(self):
        return int(self.headers["Scimward-Journal"].split()[0])

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class Connection:
    """One kept connection of one source."""

    def __init__(self, port, token, base="/scim/v2", timeout=PATIENCE_S):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.token = token
        self.base = base

    def request(self, method, path, body=None, headers=None):
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/scim+json"}
        if body is not None:
            sent["Content-Type"] = "application/scim+json"
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
        sent.update(headers or {})
        self.http.request(method, self.base + path, body, sent)
        reply = self.http.getresponse()
        return Answer(reply.status, reply.headers, reply.read())

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def put(self, path, body, **options):
        return self.request("PUT", path, body, **options)

    def patch(self, path, *operations, **options):
        return self.request("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def find(self, endpoint, filter_text, **parameters):
        query = urllib.parse.urlencode({"filter": filter_text, **parameters})
        return self.get(f"/{endpoint}?{query}")

    def close(self):
        self.http.close()


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout=PATIENCE_S):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Gateway:
    """
    sources: names, or dicts with name, dialect, kind, tenant. apps: dicts as in the configuration.
    policy: "allow", "starter", Rego text, or a folder. wrapper: a command in front of the program (strace …).
    """

    def __init__(self, folder, sources=("idp",), apps=(), policy="allow", wrapper=(), env=None, **config):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sources = [
            {"dialect": "standard", "kind": "idp", "tenant": "default"} | (s if isinstance(s, dict) else {"name": s})
            for s in sources
        ]
        self.tokens = {s["name"]: f"token-of-{s['name']}-{'x' * 32}" for s in self.sources}
        self.apps = list(apps)
        self.config = config
        self.wrapper = list(wrapper)
        self.env = env or {}
        self.process = None
        self.log = []
        self.port = 0
        self.connections = {}
        self.opa = make_opa and make_opa(self.folder)
        self.write_policy(policy)
        self.write_config()

    # ---- configuration ----

    def write_policy(self, policy):
        folder = self.folder / "policy"
        if isinstance(policy, Path) or policy == "starter":
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(STARTER if policy == "starter" else policy, folder)
            return
        folder.mkdir(exist_ok=True)
        (folder / "policy.rego").write_text(ALLOW if policy == "allow" else policy)

    def write_config(self):
        sources = []
        for source in self.sources:
            digest = hashlib.sha256(self.tokens[source["name"]].encode()).hexdigest()
            sources.append(source | {"token_sha256": digest})
        document = {
            "listen": {"address": "127.0.0.1:0", "workers": 2},
            "admin": {"socket": "admin.sock", "address": "127.0.0.1:0"},
            "store": "sqlite:scimward.db",
            "journal": {"directory": "journal", "key": "journal.key", "origin": "test.example/journal"},
            "policy": self.opa.config() if self.opa else {"directory": "policy"},
            "sources": sources,
            "apps": self.apps,
        }
        for key, value in self.config.items():
            if isinstance(value, dict) and isinstance(document.get(key), dict):
                document[key] = document[key] | value
            else:
                document[key] = value
        # JSON is YAML.
        self.config_path = self.folder / "scimward.yaml"
        self.config_path.write_text(json.dumps(document, indent=1))

    # ---- life ----

    def start(self, ready=True):
        assert self.process is None
        self.log = []
        if self.opa:
            self.opa.restart()
        self.process = subprocess.Popen(
            [*self.wrapper, PROGRAM, "serve", "-c", str(self.config_path)],
            cwd=self.folder,
            env=environment() | self.env,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        os.set_blocking(self.process.stderr.fileno(), False)
        self.pending = b""
        if ready:
            try:
                self.port = int(self.wait_for("ready")["port"])
                if self.opa:
                    self.wait_for("policy_loaded")  # its entry stands before all others, as that of our own
            except BaseException:
                self.kill()
                raise
        return self

    def read_log(self, timeout=0.0):
        """Takes in what the program has said; False at its end."""
        readable, _, _ = select.select([self.process.stderr], [], [], timeout)
        if not readable:
            return True
        chunk = self.process.stderr.read(65536)
        if chunk == b"":
            return False
        *lines, self.pending = (self.pending + (chunk or b"")).split(b"\n")
        for line in lines:
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.log.append({"event": "(text)", "text": line.decode(errors="replace")})
        return True

    def wait_for(self, event, seconds=PATIENCE_S, after=0):
        """The first log line of that event, from line `after` on."""
        deadline = time.monotonic() + seconds
        while True:
            for line in self.log[after:]:
                if line.get("event") == event:
                    return line
            if not self.read_log(0.2):
                self.read_log()
                raise AssertionError(f"the program ended before '{event}':\n" + self.text())
            if time.monotonic() > deadline:
                raise AssertionError(f"no '{event}' within {seconds} s:\n" + self.text())

    def text(self):
        return "\n".join(line.get("text") or json.dumps(line) for line in self.log[-60:])

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=PATIENCE_S):
        """SIGTERM; returns the exit code."""
        if self.process is None:
            return 0
        self.drop_connections()
        self.signal(signal.SIGTERM)
        return self.join(seconds)

    def kill(self):
        """kill -9, as a power cut of the process."""
        self.drop_connections()
        if self.process is not None:
            self.process.kill()
            self.join()

    def join(self, seconds=PATIENCE_S):
        deadline = time.monotonic() + seconds
        while self.read_log(0.2):
            if time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the program did not end within {seconds} s:\n" + self.text())
        code = self.process.wait()
        self.process.stderr.close()
        self.process = None
        if self.opa:
            self.opa.stop()
        return code

    def restart(self):
        self.stop()
        return self.start()

    def __enter__(self):
        return self if self.process is not None else self.start()

    def __exit__(self, kind, error, trace):
        if self.process is None:
            return
        code = self.stop()
        if kind is None:
            assert code == 0, f"the program ended with {code}:\n" + self.text()
        else:
            sys.stderr.write(self.text() + "\n")

    # ---- use ----

    def connect(self, source=None):
        name = source or self.sources[0]["name"]
        return Connection(self.port, self.tokens[name])

    def of(self, source=None):
        """The kept connection of a source."""
        name = source or self.sources[0]["name"]
        if name not in self.connections:
            self.connections[name] = self.connect(name)
        return self.connections[name]

    def drop_connections(self):
        for connection in self.connections.values():
            connection.close()
        self.connections = {}

    def request(self, *arguments, source=None, **options):
        return self.of(source).request(*arguments, **options)

    def get(self, path, source=None, **options):
        return self.of(source).get(path, **options)

    def post(self, path, body, source=None, **options):
        return self.of(source).post(path, body, **options)

    def put(self, path, body, source=None, **options):
        return self.of(source).put(path, body, **options)

    def patch(self, path, *operations, source=None, **options):
        return self.of(source).patch(path, *operations, **options)

    def delete(self, path, source=None, **options):
        return self.of(source).delete(path, **options)

    def find(self, endpoint, filter_text, source=None, **parameters):
        return self.of(source).find(endpoint, filter_text, **parameters)

    def user(self, name, source=None, **attributes):
        """Creates a user; returns the document."""
        answer = self.post("/Users", {"schemas": [USER], "userName": name} | attributes, source=source)
        assert answer.status == 201, answer
        return answer.json

    def group(self, name, members=(), source=None, **attributes):
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": m} for m in members]} | attributes
        answer = self.post("/Groups", body, source=source)
        assert answer.status == 201, answer
        return answer.json

    def cli(self, *arguments, code=0, stdin=None):
        """Runs a verb of the program against this gateway; returns its standard output."""
        result = subprocess.run(
            [PROGRAM, *arguments, "-c", str(self.config_path)],
            capture_output=True,
            text=True,
            input=stdin,
            env=environment() | {"NO_COLOR": "1"},
            timeout=PATIENCE_S,
            cwd=self.folder,
        )
        codes = code if isinstance(code, tuple) else (code,)
        assert code is None or result.returncode in codes, (result.returncode, result.stdout, result.stderr)
        return result.stdout if code is not None else result

    def cli_json(self, *arguments, code=0):
        return json.loads(self.cli(*arguments, "-o", "json", code=code))

    def admin(self, method, path, body=None, headers=None):
        """One call of the admin API, or what else lives on its socket."""
        connection = LocalConnection(self.folder / "admin.sock")
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers or {})
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def memory_mib(self, what="VmRSS"):
        """Resident memory now, or at its most (VmHWM)."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
        raise AssertionError(f"no {what}")

    def metrics(self):
        """Name with labels -> value, of what /metrics says."""
        answer = self.admin("GET", "/metrics")
        assert answer.status == 200
        lines = [line for line in answer.body.decode().splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def journal(self, filter_text=None, count=1000000):
        """Entries, oldest first, as `journal tail -o json` prints them."""
        arguments = ["journal", "tail", "-n", str(count), "-o", "json"]
        if filter_text:
            arguments += ["--filter", filter_text]
        return [json.loads(line) for line in self.cli(*arguments).splitlines()]

    def wait_delivered(self, seconds=PATIENCE_S):
        """Until no app has anything waiting."""

        def idle():
            apps = self.cli_json("status", code=(0, 2))["status"]["apps"]
            return all(app["waiting"] == 0 for app in apps)

        wait_until(idle, "the queues of all apps are empty", seconds, step_s=0.1)
