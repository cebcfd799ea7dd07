"""SIGTERM at bad moments: what is under way ends, nothing leaks, the exit code is 0."""

import http.client
import json
import signal
import socket
import threading
import time

from gateway import Connection, wait_until


class Admin(http.client.HTTPConnection):
    """The admin API on its unix socket."""

    def __init__(self, gateway):
        super().__init__("localhost", timeout=60)
        self.path = str(gateway.folder / "admin.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def ask(self, method, path, body=None):
        self.request(method, "/admin/v1" + path, body if body is None else json.dumps(body))
        reply = self.getresponse()
        return reply.status, reply.read()


def test_followers_are_cut_off(make_gateway):
    gateway = make_gateway()
    followers = [Admin(gateway) for _ in range(3)]
    for follower in followers:
        follower.request("GET", "/admin/v1/journal?follow=1&tail=0")
    streams = [follower.getresponse() for follower in followers]
    names = iter(range(10**6))

    def write():
        try:
            while True:
                gateway.user(f"u{next(names)}@example.com")
        except (OSError, http.client.HTTPException, AssertionError):
            pass

    writer = threading.Thread(target=write)
    writer.start()
    for stream in streams:
        assert stream.readline()

    gateway.signal(signal.SIGTERM)

    assert gateway.join() == 0
    writer.join()
    gateway.drop_connections()


def test_a_request_that_outlives_its_connection_ends_first(make_gateway):
    """Sixteen writes to one group wait for each other; connections are cut at once."""
    gateway = make_gateway(listen={"deadlines": {"drain": "1ms"}})
    people = [gateway.user(f"u{i}@example.com")["id"] for i in range(600)]
    group = gateway.group("team")
    add = {"op": "add", "path": "members", "value": [{"value": person} for person in people]}
    remove = {"op": "remove", "path": "members"}

    def change(i):
        try:
            connection = Connection(gateway.port, gateway.tokens["idp"])
            for _ in range(50):
                connection.patch(f"/Groups/{group['id']}", add if i % 2 else remove)
        except (OSError, http.client.HTTPException):
            pass

    threads = [threading.Thread(target=change, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)  # the moment does not matter, only that much is under way

    gateway.signal(signal.SIGTERM)

    assert gateway.join() == 0
    for thread in threads:
        thread.join()
    gateway.drop_connections()


def test_a_reload_under_way_is_waited_for(make_gateway):
    gateway = make_gateway()
    gateway.signal(signal.SIGHUP)
    gateway.wait_for("reload")

    assert gateway.stop() == 0


def test_the_admin_api_takes_nothing_for_what_it_is_not(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()])
    admin = Admin(gateway)
    wrong = [
        ("/tokens", {"source": "idp", "expires_s": "3600"}),
        ("/tokens", {"source": "idp", "expires_s": -1}),
        ("/tokens", {"source": "idp", "expires_s": 2**62}),
        ("/tokens", {"source": "idp", "label": 7}),
        ("/tokens", ["idp"]),
        ("/deliveries/retry", {"app": "wiki", "id": 5}),
        ("/deliveries/retry", {"app": ["wiki"]}),
    ]

    answers = [admin.ask("POST", path, body) for path, body in wrong]

    assert [status for status, _ in answers] == [400] * len(wrong), answers
    assert gateway.cli_json("token", "list")["tokens"] == []
    assert admin.ask("POST", "/tokens", {"source": "idp", "expires_s": 3600})[0] == 201


def test_tiles_may_be_cached_and_the_checkpoint_not(gateway):
    gateway.user("anna@example.com")
    base = Connection(gateway.port, gateway.tokens["idp"], base="/journal")
    wait_until(lambda: base.get("/tile/0/000.p/2").status == 200, "the tile is published")

    assert "immutable" in base.get("/tile/0/000.p/2").headers["Cache-Control"]
    assert base.get("/checkpoint").headers["Cache-Control"] == "no-store"


def test_the_limit_of_descriptors_is_raised_to_that_of_connections(make_gateway):
    gateway = make_gateway(wrapper=["prlimit", "--nofile=256:8192"])

    limits = open(f"/proc/{gateway.process.pid}/limits").read()

    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert int(line.split()[3]) >= 4096
