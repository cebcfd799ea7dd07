"""Clients that drip, do not read, or are too many: they are cut at deadlines, and others are served."""

import re
import select
import shutil
import socket
import subprocess
import time

import pytest
from gateway import wait_until
from raw import WAIT_S, Echo, exchange, exchange_rest, parse_replies

GET = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

needs_slowhttptest = pytest.mark.skipif(shutil.which("slowhttptest") is None, reason="slowhttptest is not installed")


def slow(port, mode, seconds, path="/a"):
    """
    Opens 200 slow connections of one kind and waits until the server has closed all of them: slowhttptest then
    ends early and says so. Fails when `seconds` go by before. (-X, slow reading, does not look at its sockets while
    it has bytes to read, and so cannot say it; the server's counters do.)
    """
    command = ["slowhttptest", mode, "-c", "200", "-r", "100", "-i", "1", "-l", str(seconds), "-p", "2"]
    if mode == "-X":
        command += ["-w", "10", "-y", "20", "-z", "5", "-n", "1", "-k", "1"]
    result = subprocess.run(
        [*command, "-u", f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, timeout=seconds + 60
    )
    output = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", result.stdout)
    assert mode == "-X" or re.search(r"Exit status:\s*No open connections left", output), output[-3000:]
    assert max(int(count) for count in re.findall(r"connected:\s*(\d+)", output)) > 0, output[-3000:]


@needs_slowhttptest
@pytest.mark.parametrize(
    ("mode", "path", "late"),
    [("-H", "/a", "late_head"), ("-B", "/a", "late_body"), ("-X", "/big?4000000", "late_write")],
)
def test_two_hundred_slow_connections_are_all_closed(mode, path, late):
    with Echo(head_ms=3000, body_ms=3000, write_ms=3000, idle_ms=3000) as echo:
        slow(echo.port, mode, 15, path)
        assert parse_replies(exchange(echo.port, [GET]))[0].status == 200
        stats = echo.stop()

    assert stats[late] == 200, stats
    assert stats["open"] == 0, stats


@needs_slowhttptest
def test_two_hundred_dripping_connections_do_not_stop_the_program(gateway):
    slow(gateway.port, "-H", 20, "/scim/v2/Users")

    assert gateway.get("/Users").status == 200


def test_others_are_served_while_slow_clients_wait():
    with Echo(head_ms=3600000) as echo:
        slow_ones = [socket.create_connection(("127.0.0.1", echo.port)) for _ in range(200)]
        for one in slow_ones:
            one.sendall(b"GET /a HTTP/1.1\r\nX: ")
        for _ in range(50):
            assert parse_replies(exchange(echo.port, [GET]))[0].status == 200
        for one in slow_ones:  # all the while
            one.sendall(b"y\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert parse_replies(exchange_rest(one))[0].status == 200


def test_a_server_without_descriptors_rests_and_recovers():
    with Echo(descriptors=40) as echo:
        many = [socket.create_connection(("127.0.0.1", echo.port)) for _ in range(80)]
        for one in many:
            one.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: len(answered(many)) > 10, "some are served")
        before = echo.cpu_seconds()
        time.sleep(0.5)  # what is measured is that it does nothing
        spent = echo.cpu_seconds() - before
        served = len(answered(many))
        for one in many:
            one.close()
        (reply,) = wait_until(lambda: parse_replies(exchange(echo.port, [GET])), "it recovers")
        stats = echo.stop()

    assert 10 < served < 40
    assert spent < 0.2
    assert reply.status == 200
    assert stats["descriptors_short"] > 0


def answered(connections):
    """Of some that have asked, those that have a good answer."""
    readable = select.select(connections, [], [], 0)[0]
    return [one for one in readable if is_good(one)]


def is_good(connection):
    try:
        return connection.recv(100, socket.MSG_PEEK).startswith(b"HTTP/1.1 200 ")
    except ConnectionResetError:  # turned away
        return False


def test_draining_loses_no_request_that_was_sent():
    with Echo(workers=2, drain_ms=60000) as echo:
        waiting = [socket.create_connection(("127.0.0.1", echo.port)) for _ in range(50)]
        for one in waiting:
            one.sendall(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
        echo.process.terminate()
        for one in waiting:
            (reply,) = parse_replies(exchange_rest(one))
            assert reply.status == 200
        assert echo.process.wait(WAIT_S) == 0
