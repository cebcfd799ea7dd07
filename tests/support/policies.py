"""Where policies come from, for tests: bundles built and signed by the real opa, a bundle server over HTTPS, git
repositories, a git server over HTTPS."""

import base64
import io
import json
import os
import subprocess
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

from gateway import PATIENCE_S, USER, environment


def run(*command, cwd=None, env=None):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=env or environment(),
        capture_output=True,
        timeout=PATIENCE_S,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout.decode()


# ---- policies ----


def rule(code, effect="allow"):
    """A policy whose every decision carries this code."""
    return (
        f'package scimward\n\ndecision := {{"effect": "{effect}", '
        f'"reasons": [{{"code": "{code}", "message": "{code}"}}]}}\n'
    )


def write_files(folder, files):
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text))
    return Path(folder)


def code_of(gateway, name):
    """The code that decides now: creates a user of that name and reads the journal."""
    answer = gateway.post("/Users", {"schemas": [USER], "userName": name})
    assert answer.status in (201, 403), answer
    (entry,) = gateway.journal('kind eq "decision"', count=1)
    return entry["reasons"][0]


def use_policy(gateway, policy, **more):
    """Puts `policy: {…}` in the place of the folder that gateways have otherwise."""
    document = json.loads(gateway.config_path.read_text())
    document["policy"] = {"poll": {"min": "0", "max": "0"}} | policy
    document |= more
    gateway.config_path.write_text(json.dumps(document, indent=1))
    return gateway


def reload(gateway, *options, code=0):
    """`policy reload`: what it says as JSON."""
    return gateway.cli_json("policy", "reload", *options, code=code)["policy"]


# ---- bundles ----


def build_bundle(path, files, *options, target="plan"):
    """What `opa build -b` makes of these files."""
    path = Path(path)
    source = write_files(path.parent / f"{path.name}.source-{time.monotonic_ns()}", files)
    fresh = path.with_suffix(".new")
    run("opa", "build", "-b", "-t", target, "-e", "scimward/decision", "-o", fresh, *options, ".", cwd=source)
    fresh.replace(path)
    return path


def read_bundle(path):
    """Name -> bytes, names as they stand in the archive."""
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def write_bundle(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


# ---- keys and certificates ----


def make_key(folder, name, *options):
    """A private key and its public half, in PEM."""
    private, public = Path(folder) / f"{name}.private.pem", Path(folder) / f"{name}.pem"
    run("openssl", "genpkey", *options, "-out", private)
    run("openssl", "pkey", "-in", private, "-pubout", "-out", public)
    return private, public


def make_certificate(folder, address="127.0.0.1"):
    """A self-signed certificate for localhost, and for an address: (certificate, key)."""
    certificate, key = Path(folder) / "server.pem", Path(folder) / "server.key"
    run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{address}"),
        *("-keyout", key, "-out", certificate),
    )
    return certificate, key


class HttpsServer:
    """A server on loopback; handler is a class of http.server. `with` it."""

    def __init__(self, folder, handler):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, key = make_certificate(folder)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.handle_error = lambda *_: None  # clients that hang up or do not trust us
        self.server.daemon_threads = True
        self.server.block_on_close = False
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.owner = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class BundleHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        owner = self.server.owner
        prefer = dict(part.split("=", 1) for part in self.headers.get("Prefer", "").split(";") if "=" in part)
        asked = {"path": self.path, "prefer": prefer, "etag": self.headers.get("If-None-Match")}
        kind = "application/vnd.openpolicyagent.bundles" if owner.holds else "application/gzip"
        with owner.changed:
            owner.asked.append(asked)
            owner.changed.notify_all()
            if owner.token and self.headers.get("Authorization") != f"Bearer {owner.token}":
                return self.reply(401)
            if owner.answer is not None:
                return self.reply(*owner.answer[:1], **owner.answer[1])
            if owner.holds and asked["etag"] == owner.etag:
                owner.changed.wait_for(lambda: owner.etag != asked["etag"], float(prefer.get("wait", 0)))
            if asked["etag"] == owner.etag:
                return self.reply(304, ETag=owner.etag, Content_Type=kind)
            return self.reply(200, owner.body, ETag=owner.etag, Content_Type=owner.kind or kind)


class BundleServer(HttpsServer):
    """OPA's bundle API: ETag, If-None-Match, long polling when it `holds`, a bearer token."""

    def __init__(self, folder, token=None, holds=False):
        super().__init__(folder, BundleHandler)
        self.token, self.holds = token, holds
        self.changed = threading.Condition()
        self.asked = []
        self.body, self.etag, self.kind = b"", '"none"', None
        self.answer = None  # (status, headers) instead of a bundle
        self.url = f"https://localhost:{self.port}/bundles/access.tar.gz"

    def publish(self, path):
        with self.changed:
            self.body = Path(path).read_bytes()
            self.etag = f'"{len(self.asked)}-{time.monotonic_ns()}"'
            self.changed.notify_all()

    def policy(self, **more):
        """For the configuration."""
        return {"bundle": self.url, "ca": str(self.certificate), "allow_private": True} | more

    def wait_asked(self, count, seconds=PATIENCE_S):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.asked) >= count, seconds), self.asked


# ---- git ----


class Repository:
    """A repository with a work tree, in a world of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.env = environment() | {
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        }
        self.git("init", "-q", "-b", "main", ".")

    def git(self, *arguments):
        return run("git", *arguments, cwd=self.folder, env=self.env).strip()

    def commit(self, files=None, *options):
        write_files(self.folder, files or {})
        self.git("add", "-A")
        self.git("-c", "gpg.format=ssh", "commit", "-q", "--allow-empty", "-m", "change", *options)
        return self.git("rev-parse", "HEAD")


class GitHandler(BaseHTTPRequestHandler):
    """git's own http-backend behind TLS and basic authentication."""

    def log_message(self, *_):
        pass

    def answer(self):
        owner = self.server.owner
        path, _, query = self.path.partition("?")
        owner.asked.append(self.headers.get("Authorization", ""))
        if owner.authorization and self.headers.get("Authorization") != owner.authorization:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment_of_cgi = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(owner.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment_of_cgi, capture_output=True, timeout=PATIENCE_S
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer


class GitServer(HttpsServer):
    def __init__(self, folder, root, user="git", token=None):
        super().__init__(folder, GitHandler)
        self.root = root
        self.asked = []
        pair = base64.b64encode(f"{user}:{token}".encode()).decode()
        self.authorization = f"Basic {pair}" if token else None
        self.base = f"https://localhost:{self.port}"


# ---- decisions of the past ----


def replay(gateway, *options, code=0):
    """`policy replay`: its report."""
    return gateway.cli_json("policy", "replay", *options, code=code)["replay"]


def archived(gateway):
    """The files of the archive of policies."""
    return sorted((gateway.folder / "scimward.db-policy" / "revisions").iterdir())
