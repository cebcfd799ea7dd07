"""10,000 requests to scimward and to scim2-server: the same answers, and the same state in the end.

Both begin empty. A conversation ends after 40 requests, or as soon as one side holds something else than the other;
then all is deleted and the next one begins. Differences are held against scim_known.json, one for each attribute of
an answer.
"""

import io
import json
import os
import re
import tempfile
from pathlib import Path

import pytest
import scim_peers
import scim_talks
from app import make_provider
from gateway import ERROR, Gateway
from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim_known import Known
from test_scim_patch import alike, clean

REQUESTS = scim_peers.CASES
TALK = 40


class Side:
    """One server: its names for what the requests call <u1>."""

    def __init__(self):
        self.forget()

    def forget(self):
        self.ids = {}
        self.tags = {}

    def ask(self, sent):
        path = self.own(sent["path"])
        body = json.loads(self.own(json.dumps(sent["body"]))) if sent["body"] is not None else None
        headers = {name: self.own(value) for name, value in sent["headers"].items()}
        status, heads, answer = self.send(sent["method"], path, body, headers)
        self.learn(sent, answer)
        return status, heads, answer

    def own(self, text):
        for slot, tag in self.tags.items():
            text = text.replace(f"<tag {slot}>", tag)
        for slot, name in self.ids.items():
            text = text.replace(slot, name)
        return text

    def learn(self, sent, answer):
        kind, slot = sent["slot"] or ("", "")
        if kind == "create" and answer and "id" in answer:
            self.ids[slot] = answer["id"]
        for slot, name in self.ids.items():
            if answer and answer.get("id") == name and "version" in answer.get("meta", {}):
                self.tags[slot] = answer["meta"]["version"]

    def plain(self, value):
        """Without what each side chooses for itself: ids are slots again, times and versions go."""
        text = json.dumps(value)
        for slot, name in self.ids.items():
            text = text.replace(name, slot)
        return without_own(json.loads(text))


def without_own(value):
    if isinstance(value, list):
        return [without_own(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: without_own(item) for key, item in value.items()}
    if isinstance(found.get("meta"), dict):
        own = ("created", "lastModified", "version")
        found["meta"] = {key: item for key, item in found["meta"].items() if key not in own}
        if "location" in found["meta"]:
            found["meta"]["location"] = re.sub(r".*/v2", "", found["meta"]["location"])
    return found


class Ours(Side):
    def __init__(self, gateway):
        super().__init__()
        self.connection = gateway.of()

    def send(self, method, path, body, headers):
        answer = self.connection.request(method, path, body, headers)
        return answer.status, answer.headers, answer.json if answer.body else None

    def clear(self):
        for slot, name in self.ids.items():
            self.connection.delete(f"/{'Users' if slot[1] == 'u' else 'Groups'}/{name}")
        assert self.connection.get("/Users?count=0").json["totalResults"] == 0
        assert self.connection.get("/Groups?count=0").json["totalResults"] == 0
        self.forget()


class Theirs(Side):
    def __init__(self):
        super().__init__()
        self.provider = make_provider([])
        self.clear()

    def clear(self):
        self.app = WSGIApplication(InMemoryStorage(), self.provider)
        self.forget()

    def send(self, method, path, body, headers):
        path, _, query = path.partition("?")
        data = json.dumps(body).encode() if body is not None else b""
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SCRIPT_NAME": "",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(data),
            "CONTENT_LENGTH": str(len(data)),
            "CONTENT_TYPE": "application/scim+json",
        }
        environ |= {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        seen = {}

        def start(status, heads, _=None):
            seen["status"], seen["heads"] = int(status.split()[0]), dict(heads)

        answer = b"".join(self.app(environ, start))
        return seen["status"], seen["heads"], json.loads(answer) if answer else None


# ---- comparing ----


def outcome(status, answer):
    scim_type = answer.get("scimType") if isinstance(answer, dict) else None
    return f"{status} {scim_type}" if scim_type else str(status)


def taken(answer):
    """Which name a 409 of ours is about."""
    detail = answer.get("detail", "") if isinstance(answer, dict) else ""
    return {f"taken:{detail.split()[0]}"} if "already taken" in detail else set()


def resource_differences(mine, other, gone=()):
    """(tags) for each attribute that differs. gone: who has been deleted."""
    if sorted(mine.get("schemas", [])) != sorted(other.get("schemas", [])):
        yield {"in:schemas"}
    mine, other = clean(mine), clean(other)
    for key in sorted(mine.keys() | other.keys()):
        if mine.get(key) != other.get(key):
            yield {f"in:{key}"} | alike(mine.get(key), other.get(key)) | bare(mine.get(key), other.get(key), gone)


def bare(mine, other, gone):
    """Members that differ only in what the server can tell of them, or in people that are there no more."""

    def values(items):
        return {item.get("value", "") for item in items or []}

    if not isinstance(mine, list) and not isinstance(other, list):
        return set()
    more = values(other) - values(mine)
    if values(mine) <= values(other) and more <= set(gone):
        return {"only:gone"} if more else {"only:value"}
    return set()


def list_differences(mine, other, gone):
    for key in ("totalResults", "itemsPerPage", "startIndex"):
        if mine.get(key) != other.get(key):
            yield {f"in:{key}"}
    mine, other = mine.get("Resources", []), other.get("Resources", [])
    mine_ids, other_ids = [one["id"] for one in mine], [one["id"] for one in other]
    if mine_ids != other_ids:
        yield {"in:Resources"} | ({"only:order"} if sorted(mine_ids) == sorted(other_ids) else set())
        return
    for one, another in zip(mine, other):
        yield from resource_differences(one, another, gone)


def differences(mine, other, gone):
    if mine is None or other is None:
        if mine != other:
            yield {"body"}
    elif ERROR in mine.get("schemas", []) or ERROR in other.get("schemas", []):
        return
    elif "totalResults" in mine or "totalResults" in other:
        yield from list_differences(mine, other, gone)
    else:
        yield from resource_differences(mine, other, gone)


class Comparison:
    """Two servers, and what is known of how they differ."""

    def __init__(self, ours, theirs, known):
        self.ours = ours
        self.theirs = theirs
        self.known = known

    def hold(self, talk, number, most):
        """One conversation of at most so many requests; how many it was."""
        for count in range(1, most + 1):
            if not self.step(talk, talk.next()):
                return count
        self.compare_states(talk, number)
        return most

    def step(self, talk, sent):
        """Sends a request to both; False: from now on they hold different things."""
        mine, other = self.ours.ask(sent), self.theirs.ask(sent)
        if sent["method"] == "PATCH" and other[0] == 204:
            other = self.after_patch(sent, mine, other)
        a, b = self.ours.plain(mine[2]), self.theirs.plain(other[2])
        found = [outcome(mine[0], a), outcome(other[0], b)]
        what = {"sent": {k: v for k, v in sent.items() if k != "tags"}, "ours": [mine[0], a], "theirs": [other[0], b]}
        what = json.dumps(what)
        only_asks = sent["method"] == "GET" or ".search" in sent["path"]
        if found[0] != found[1]:
            self.known.difference(*found, sent["tags"] | taken(a), what)
            talk.settle(sent, mine[0] < 300 and other[0] < 300)
            return only_asks or (mine[0] > 299 and other[0] > 299)
        apart = list(differences(a, b, talk.gone))
        for tags in apart:
            self.known.difference(*found, sent["tags"] | tags, what)
        self.known.agreed += not apart
        talk.settle(sent, mine[0] < 300)
        return only_asks or all(tags & DERIVED for tags in apart)

    def after_patch(self, sent, mine, other):
        """RFC 7644, 3.5.2 leaves it to the server whether the resource comes back: theirs is read."""
        if mine[0] != 200:
            return other
        return self.theirs.ask(sent | {"method": "GET", "body": None})

    def compare_states(self, talk, number):
        """Both hold the same, told by lists of all."""
        for endpoint in ("/Users", "/Groups"):
            sent = scim_talks.request("GET", endpoint + "?count=200", "do:state")
            mine, other = ({one["id"]: one for one in side.plain(side.ask(sent)[2]).get("Resources", [])}
                           for side in (self.ours, self.theirs))
            assert mine.keys() == other.keys(), f"seed {scim_peers.SEED}, talk {number}"
            for name, one in mine.items():
                for tags in resource_differences(one, other[name], talk.gone):
                    what = json.dumps({"sent": number, "ours": one, "theirs": other[name]})
                    self.known.difference("state", "state", {"do:state"} | tags, what)


# What a server works out of other resources, so that it is no difference of what it holds.
DERIVED = {"in:groups", "in:members"}


@pytest.fixture
def gateway():
    """In memory where there is such a folder: what is durable is not asked here."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        with Gateway(Path(folder) / "gateway") as made:
            yield made


def test_conversations_as_scim2_server_has_them(gateway):
    known = Known("scim2-server")
    both = Comparison(Ours(gateway), Theirs(), known)
    left = REQUESTS
    number = 0
    while left > 0:
        left -= both.hold(scim_talks.Talk(scim_peers.SEED, number), number, min(TALK, left))
        both.ours.clear()
        both.theirs.clear()
        number += 1
    known.finish(scim_peers.SEED, f"{REQUESTS} requests in {number} conversations", scim_peers.WHOLE)
    assert known.agreed > REQUESTS / 2
