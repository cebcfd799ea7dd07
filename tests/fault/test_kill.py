"""kill -9 at random moments under load: nothing that was acknowledged is lost, and the journal tells the whole story."""

import http.client
import os
import random
import subprocess
import threading
import time

from gateway import ROOT, Connection, environment

KILLS = 3000 if os.environ.get("SCIMWARD_LONG") else 100
CLIENTS = 4


class Client(threading.Thread):
    """One source that creates, changes and deletes people of its own until the gateway is gone."""

    def __init__(self, gateway, number, round_number, known):
        super().__init__(daemon=True)
        self.connection = Connection(gateway.port, gateway.tokens["idp"], timeout=60)
        self.random = random.Random(f"{number}/{round_number}")
        self.number = number
        self.round = round_number
        self.known = known  # id -> set of titles that may stand there; None: may be gone
        self.wrong = []

    def create(self, count):
        name = f"p{self.number}-{self.round}-{count}@example.com"
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "title": "new"}
        answer = self.connection.post("/Users", body)
        if answer.status == 201:
            self.known[answer.json["id"]] = {"new"}
        return answer

    def change(self, key):
        title = f"title {self.random.random()}"
        before = self.known[key]
        self.known[key] = before | {title}  # it may be there even if no answer comes
        answer = self.connection.patch(f"/Users/{key}", {"op": "replace", "path": "title", "value": title})
        if answer.status == 200:
            self.known[key] = {title}
        return answer

    def delete(self, key):
        self.known[key] = self.known[key] | {None}
        answer = self.connection.delete(f"/Users/{key}")
        if answer.status == 204:
            self.known[key] = {None}
        return answer

    def run(self):
        count = 0
        try:
            while True:
                count += 1
                alive = [key for key, titles in self.known.items() if None not in titles]
                dice = self.random.random()
                if not alive or dice < 0.4:
                    answer = self.create(count)
                elif dice < 0.9:
                    answer = self.change(self.random.choice(alive[-50:]))
                else:
                    answer = self.delete(self.random.choice(alive[-50:]))
                if answer.status not in (200, 201, 204):
                    self.wrong.append(answer)
        except (OSError, http.client.HTTPException):
            pass  # killed


def state_of(gateway):
    found = {}
    while True:
        page = gateway.get(f"/Users?startIndex={len(found) + 1}&count=1000").json
        for document in page.get("Resources", []):
            found[document["id"]] = document
        if len(found) >= page["totalResults"]:
            return found


def state_of_journal(gateway):
    """What the store must hold, computed from the decisions alone."""
    state = {}
    for index, entry in enumerate(gateway.journal()):
        assert entry["index"] == index
        if entry["kind"] != "decision" or entry["effect"] != "allow":
            continue
        key = entry["resource"]["id"]
        if entry["operation"] == "delete":
            del state[key]
        else:
            state[key] = entry["input"]["after"]
    return state


def make_bundle(gateway):
    """So that a start needs no opa: the test is about kills."""
    bundle = gateway.folder / "bundle.tar.gz"
    subprocess.run(
        ["opa", "build", "-b", "-t", "plan", "-e", "scimward/decision", "-o", bundle, "policy"],
        cwd=gateway.folder,
        check=True,
        env=environment(),
    )
    gateway.config["policy"] = {"bundle": "bundle.tar.gz"}
    text = gateway.config_path.read_text().replace('"directory": "policy"', '"bundle": "bundle.tar.gz"')
    gateway.config_path.write_text(text)


def check_acknowledged(gateway, known):
    found = state_of(gateway)
    for titles in known:
        for key, allowed in titles.items():
            title = found[key]["title"] if key in found else None
            assert title in allowed, (key, title, allowed)
            titles[key] = {title}


def test_nothing_that_was_acknowledged_is_lost_by_kill_9(make_gateway):
    assert ROOT.is_dir()
    gateway = make_gateway(start=False)
    make_bundle(gateway)
    dice = random.Random(7)
    known = [{} for _ in range(CLIENTS)]

    for number in range(KILLS):
        gateway.start()
        if number % 10 == 0:
            check_acknowledged(gateway, known)
        clients = [Client(gateway, i, number, known[i]) for i in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(dice.uniform(0.02, 0.25))  # the moment of the kill is what is random here
        gateway.kill()
        for client in clients:
            client.join(60)
            assert client.wrong == []
    gateway.start()

    check_acknowledged(gateway, known)
    found = state_of(gateway)
    expected = state_of_journal(gateway)
    assert set(found) == set(expected)  # no decision without state, no state without decision
    for key, document in expected.items():
        assert found[key]["userName"] == document["userName"]
        assert found[key].get("title") == document.get("title")
    report = gateway.cli_json("journal", "verify")["verification"]
    assert report["intact"] is True
    assert report["rows"] == len(gateway.journal())
