"""Bytes to a server and replies from it, without a client library that would mend either."""

import os
import re
import resource
import signal
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("SCIMWARD", ROOT / "build" / "scimward"))
# Built beside the program: what tests/unit/io/meson.build makes of tests/support/http_echo.c.
ECHO = Path(os.environ.get("HTTP_ECHO", PROGRAM.parent / "tests" / "unit" / "io" / "http_echo"))
WAIT_S = 60


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case, in the order they came
        self.body = body

    def header(self, name):
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} comes {len(found)} times"
        return found[0] if found else None

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


def parse_replies(data):
    """All replies in `data`, strictly; the interim ones (1xx) are left out."""
    replies = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        assert separator, f"a reply without an end: {data[:200]!r}"
        first, *lines = head.split(b"\r\n")
        match = re.fullmatch(rb"HTTP/1\.1 ([1-5][0-9][0-9]) [ -~]*", first)
        assert match, f"no status line: {first!r}"
        status = int(match[1])
        headers = []
        for line in lines:
            field = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t -~\x80-\xff]*)", line)
            assert field, f"no header: {line!r}"
            headers.append((field[1].decode().lower(), field[2].decode("latin-1")))
        if status < 200:
            data = rest
            continue
        reply = Reply(status, headers, b"")
        if status not in (204, 304):
            length = reply.header("content-length")
            assert length is not None, "a reply without Content-Length"
            assert len(rest) >= int(length), "a reply that is cut off"
            reply.body, rest = rest[: int(length)], rest[int(length) :]
        replies.append(reply)
        data = rest
    return replies


def exchange(port, pieces, finish=True):
    """
    Sends the pieces, one system call each, then (finish) says that no more will come, and reads until the
    server closes. Returns all that came.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            if finish:
                connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except (BrokenPipeError, ConnectionResetError):
            pass  # it may refuse before it has read everything
        return received


def exchange_rest(connection):
    """What comes until the server closes; then we do."""
    connection.settimeout(WAIT_S)
    with connection:
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


class Echo:
    """tests/support/http_echo.c as a process; `options` are its own."""

    def __init__(self, descriptors=None, **options):
        def limit():
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.process = subprocess.Popen(
            [str(ECHO), *(f"{key}={value}" for key, value in options.items())],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            preexec_fn=limit,
        )
        line = self.process.stdout.readline()
        assert line.startswith("port "), "http_echo did not start"
        self.port = int(line.split()[1])

    def stop(self):
        """Ends it; returns its counters."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, f"http_echo ended with {self.process.returncode}"
        return {name: int(value) for name, value in (line.split() for line in out.splitlines())}

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
