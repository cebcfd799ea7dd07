"""Raw requests to a listener: what must be refused is, with the right status, once, and nothing behind it is read.

Each case runs against the small server of tests/support/http_echo.c and against the program itself, whole and in
pieces.
"""

import json
import os
import re

import pytest
from gateway import FIXTURES, PROGRAM, Gateway
from raw import Echo, exchange, parse_replies

HTTP = FIXTURES / "http"

# Where the fixtures leave the choice, and the status where they name none: docs/decisions/0001-own-http-parser.md.
CHOICES = {
    "te-tab-value": (1, None),
    "te-name-underscore": (0, 400),
    "chunk-ext": (1, None),
    "chunk-trailer-te": (1, None),
    "host-absuri-diff": (0, 400),
    "rl-http12": (0, 505),
    "rl-fragment": (1, None),
    "lead-crlf": (0, 400),
    "get-with-body": (2, None),
    "delete-with-body": (2, None),
    "upgrade-h2c": (2, None),
    "expect-unknown": (0, 417),
    "te-chunked-chunked": (0, 501),
    "te-gzip-chunked": (0, 501),
    "rl-unknown-method": (0, 501),
    "rl-connect": (0, 405),
    "big-header": (0, 431),
    "many-headers": (0, 431),
    "big-cl": (0, 413),
}

TOKEN = b"token-of-idp-" + b"x" * 32
HOST = b"Host: localhost\r\n"
BODY = b'{"userName":"a"}'
POST = b"POST /scim/v2/Users HTTP/1.1\r\n" + HOST
GET = b"GET /scim/v2/Users HTTP/1.1\r\n" + HOST + b"\r\n"


def fixtures():
    if not (HTTP / "expectations.json").exists():
        return []
    cases = []
    for entry in json.loads((HTTP / "expectations.json").read_text()):
        expected = (entry["requests"], None) if entry["strict"] == "accept" else (0, 400)
        expected = CHOICES.get(entry["name"], expected)
        cases.append(pytest.param((HTTP / entry["file"]).read_bytes(), *expected, id=entry["name"]))
    return cases


def chunked(*lines):
    return POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(lines)


# Of the same kinds as the fixtures, and not among them: bytes, requests, status.
VARIANTS = {
    "cl-te-case": (POST + b"content-LENGTH: 6\r\nTRANSFER-encoding: Chunked\r\n\r\n0\r\n\r\nG", 0, 400),
    "cl-differ": (POST + b"Content-Length: 16\r\nContent-Length: 15\r\n\r\n" + BODY, 0, 400),
    "cl-plus": (POST + b"Content-Length: +16\r\n\r\n" + BODY, 0, 400),
    "cl-space": (POST + b"Content-Length: 1 6\r\n\r\n" + BODY, 0, 400),
    "cl-nbsp": (POST + b"Content-Length: \xa016\r\n\r\n" + BODY, 0, 400),
    "cl-alias": (POST + b"Content_Length: 16\r\n\r\n" + BODY, 0, 400),
    "te-xchunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0, 501),
    "te-chunked-gzip": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 0, 501),
    "te-space-colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 0, 400),
    "te-fold": (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 0, 400),
    "te-nul": (POST + b"Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n", 0, 400),
    "te-quoted": (POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 0, 400),
    "te-comma": (POST + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 0, 400),
    "lf-after-head": (b"GET / HTTP/1.1\r\n" + HOST + b"\n", 0, 400),
    "cr-cr-lf": (b"GET / HTTP/1.1\r\n" + HOST + b"\r\r\n", 0, 400),
    "name-empty": (b"GET / HTTP/1.1\r\n" + HOST + b": a\r\n\r\n", 0, 400),
    "name-8bit": (b"GET / HTTP/1.1\r\n" + HOST + b"X\xe9: a\r\n\r\n", 0, 400),
    "fold": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n\tb\r\n\r\n", 0, 400),
    "value-nul": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", 0, 400),
    "chunk-bare-lf": (chunked(b"10\n", BODY, b"\r\n0\r\n\r\n"), 0, 400),
    "chunk-plus": (chunked(b"+10\r\n", BODY, b"\r\n0\r\n\r\n"), 0, 400),
    "chunk-underscore": (chunked(b"1_0\r\n", BODY, b"\r\n0\r\n\r\n"), 0, 400),
    "chunk-trailing-space": (chunked(b"10 \r\n", BODY, b"\r\n0\r\n\r\n"), 0, 400),
    "chunk-too-long": (chunked(b"f\r\n", BODY, b"\r\n0\r\n\r\n"), 0, 400),
    "chunk-too-short": (chunked(b"11\r\n", BODY, b"\r\n0\r\n\r\n"), 0, 400),
    "chunk-end-lf": (chunked(b"10\r\n", BODY, b"\n0\r\n\r\n"), 0, 400),
    "chunk-huge": (chunked(b"ffffffffffffffff\r\n"), 0, 413),
    "trailer-bad": (chunked(b"10\r\n", BODY, b"\r\n0\r\nbad trailer\r\n\r\n"), 0, 400),
    "host-two": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 0, 400),
    "host-empty": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, 400),
    "authority-and-user": (b"GET http://u@localhost/ HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "http-2": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 0, 505),
    "preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 505),
    "trace": (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", 0, 405),
    "two-spaces": (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "tab": (b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "space-behind": (b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n", 0, 400),
    "long-target": (b"GET /" + b"a" * 2048 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 0, 414),
    "endless-target": (b"GET /" + b"a" * 60000, 0, 414),
    "fields": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 100 + b"\r\n", 0, 431),
    "path-encoded-slash": (b"GET /scim%2fv2/Users HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "path-encoded-letter": (b"GET /scim/v2/%55sers HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "path-double": (b"GET //scim/v2/Users HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "path-dot": (b"GET /scim/./v2/Users HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "path-up": (b"GET /scim/v2/x/../Users HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "path-parameter": (b"GET /scim/v2/Users;x HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "path-nul": (b"GET /scim/v2/Users%00 HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "path-twice": (b"GET /scim/v2/%2555sers HTTP/1.1\r\n" + HOST + b"\r\n", 0, 400),
    "good-then-bad": (GET + b"GET / HTTP/1.1\r\n\r\n" + GET, 1, 400),
    "one-empty-line": (b"\r\n" + GET + b"\r\n" + GET, 2, None),
    "empty-chunks-list": (chunked(b"8\r\n", BODY[:8], b"\r\n8;x\r\n", BODY[8:], b"\r\n00\r\n\r\n", GET), 2, None),
    "http-1.0": (b"GET /scim/v2/Users HTTP/1.0\r\n\r\n" + GET, 1, None),
}


def variants():
    return [pytest.param(*case, id=name) for name, case in VARIANTS.items()]


@pytest.fixture(scope="module", params=["echo", "gateway"])
def port(request, tmp_path_factory):
    if request.param == "echo":
        with Echo() as echo:
            yield echo.port
            echo.stop()
        return
    if not os.access(PROGRAM, os.X_OK):
        pytest.skip("the program is not built")
    with Gateway(tmp_path_factory.mktemp("wire") / "gateway") as gateway:
        yield gateway.port


def authorized(data):
    """The program wants to know who is there, before the body; the fixtures do not say."""
    return re.sub(rb"( HTTP/1\.[01]\r\n)", rb"\1Authorization: Bearer " + TOKEN + rb"\r\n", data)


def check(received, requests, status):
    replies = parse_replies(received)
    assert len(replies) == requests + (status is not None), replies
    for reply in replies:
        assert reply.header("date").endswith(" GMT")
        assert reply.header("cache-control") == "no-store"
        assert reply.header("x-content-type-options") == "nosniff"
        assert reply.status in (204, 304) or reply.header("content-type")
    for reply in replies[:requests]:
        # 400 with a scimType is said of a body that was read.
        assert reply.status not in (401, 408, 413, 414, 417, 431, 501, 505), reply
        assert reply.status != 400 or b"scimType" in reply.body, reply
    if status is not None:
        last = replies[-1]
        assert last.status == status, last
        assert last.header("connection") == "close"
        if status == 405:
            assert "GET" in last.header("allow")


def splits(data):
    """Whole, then in pieces: at the places where line ends, framing and bodies meet, and byte by byte."""
    yield [data]
    places = {1, 2, len(data) // 2, len(data) - 1}
    for needle in (b"\r\n", b"\r\n\r\n", b": ", b" HTTP", b"{"):
        at = data.find(needle)
        places |= {at, at + 1, at + len(needle)} if at >= 0 else set()
    for place in sorted(place for place in places if 0 < place < len(data)):
        yield [data[:place], data[place:]]
    if len(data) < 300:
        yield [data[i : i + 1] for i in range(len(data))]


@pytest.mark.parametrize(("data", "requests", "status"), fixtures() + variants())
def test_raw_requests(port, data, requests, status):
    for pieces in splits(authorized(data)):
        check(exchange(port, pieces), requests, status)


def test_all_fixtures_are_there():
    if not HTTP.exists():
        pytest.skip("the fixtures are not part of the repository")
    assert len(fixtures()) == len(list(HTTP.glob("*.raw")))


def test_what_is_refused_is_closed_without_the_client_closing(port):
    received = exchange(port, [authorized(POST) + b"Content-Length: 1, 1\r\n\r\na", GET], finish=False)

    check(received, 0, 400)


def test_a_declared_length_is_refused_before_the_body(port):
    received = exchange(port, [authorized(POST) + b"Content-Length: 1048577\r\n\r\n"], finish=False)

    check(received, 0, 413)


def test_a_refused_expectation_gets_no_100(port):
    data = authorized(POST) + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"

    assert b"100 Continue" not in exchange(port, [data], finish=False)
