"""A real app, compared resource by resource after many random operations, killed and restarted meanwhile."""

import random

from gateway import ENTERPRISE, wait_until

OPERATIONS = 2000
DEPARTMENTS = ["R&D", "Sales", "Law", "Ops"]


class Source:
    """Sends random operations and keeps what must be true afterwards."""

    def __init__(self, gateway, seed):
        self.gateway = gateway
        self.random = random.Random(seed)
        self.alive = {}
        self.count = 0

    def create(self):
        self.count += 1
        name = f"person{self.count}@example.com"
        document = self.gateway.user(
            name,
            displayName=f"Person {self.count}",
            title=self.random.choice(["Engineer", "Clerk"]),
            emails=[{"value": name, "type": "work", "primary": True}],
            **{ENTERPRISE: {"department": self.random.choice(DEPARTMENTS)}},
        )
        self.alive[document["id"]] = document

    def pick(self):
        return self.random.choice(list(self.alive))

    def patch(self, key, *operations):
        answer = self.gateway.patch(f"/Users/{key}", *operations)
        assert answer.status == 200, answer
        self.alive[key] = answer.json

    def rename(self):
        self.patch(self.pick(), {"op": "replace", "path": "displayName", "value": f"Name {self.random.random()}"})

    def move(self):
        path = f"{ENTERPRISE}:department"
        self.patch(self.pick(), {"op": "replace", "path": path, "value": self.random.choice(DEPARTMENTS)})

    def untitle(self):
        self.patch(self.pick(), {"op": "remove", "path": "title"})

    def switch(self):
        self.patch(self.pick(), {"op": "replace", "path": "active", "value": self.random.random() < 0.6})

    def replace(self):
        key = self.pick()
        body = dict(self.alive[key], nickName=f"nick{self.random.randrange(1000)}")
        answer = self.gateway.put(f"/Users/{key}", body)
        assert answer.status == 200, answer
        self.alive[key] = answer.json

    def delete(self):
        key = self.pick()
        assert self.gateway.delete(f"/Users/{key}").status == 204
        del self.alive[key]

    def step(self):
        if len(self.alive) < 20:
            return self.create()
        moves = [self.create] * 4 + [self.rename] * 4 + [self.move] * 3 + [self.switch] * 4
        moves += [self.untitle, self.replace, self.replace, self.delete]
        return self.random.choice(moves)()


def comparable(document):
    """Without what belongs to one side: id, meta, externalId, groups; schemas follow from the content."""
    left_out = ("id", "meta", "externalId", "groups", "schemas", "password")
    return {key: value for key, value in document.items() if key not in left_out}


def test_after_2000_random_operations_the_app_has_what_scimward_has(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config(on_delete="delete", concurrency=8)])
    source = Source(gateway, seed=20261124)

    for number in range(OPERATIONS):
        source.step()
        if number % 250 == 120:
            app.kill()
        if number % 250 == 180:
            app.start()
    gateway.wait_delivered(seconds=120)

    ours = {document["id"]: document for document in source.alive.values()}
    theirs = {}
    for account in app.all():
        assert account["externalId"] not in theirs, "a duplicate"
        theirs[account["externalId"]] = account
    # Who was disabled before the app ever heard of them has no account there.
    never_there = [key for key in ours if key not in theirs]
    assert all(ours[key]["active"] is False for key in never_there)
    assert set(theirs) <= set(ours)
    for key, account in theirs.items():
        assert comparable(account) == comparable(ours[key])
    assert gateway.cli_json("delivery", "list")["deliveries"] == []
    assert gateway.cli_json("journal", "verify")["verification"]["intact"] is True


def test_a_lost_reply_to_a_create_makes_no_second_account(make_gateway, make_app):
    """Fixture 52: the app made the account, the reply was lost, the next try would be answered 409."""
    app = make_app("wiki", delay=1.5)
    gateway = make_gateway(apps=[app.config(timeout="1s", breaker={"failures": 1000})])

    gateway.user("anna@example.com")
    wait_until(app.all, "the account was made by the request whose reply nobody waited for")
    app.delay = 0.0
    app.restart()

    gateway.wait_delivered()
    (account,) = app.all()
    assert account["userName"] == "anna@example.com"
    assert gateway.cli_json("status")["status"]["apps"][0]["parked"] == 0
