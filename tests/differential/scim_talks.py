"""Random conversations with a SCIM server: requests that make, change, find and end users and groups.

A request is a dict: method, path, body, headers, tags. Ids of one side stand in it as "<u1>", entity tags as
"<tag u1>": each side puts in its own.
"""

import random
import urllib.parse

from gateway import GROUP, PATCH, USER
from scim_filters import ATTRIBUTES, leaf, leaves, text_of, tree
from scim_patches import IDS, TEXTS, on_wrong, operation, user

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
NOBODY = "00000000-0000-7000-8000-000000000000"
SORTS = ["userName", "USERNAME", "meta.created"]
# Each side has ids of its own.
FOUND_BY = {path: rule for path, rule in ATTRIBUTES.items() if path != "id"}


def request(method, path, *tags, body=None, headers=None, slot=None):
    return {"method": method, "path": path, "body": body, "headers": headers or {}, "tags": set(tags), "slot": slot}


class Talk:
    """What is there, as far as the requests so far tell."""

    def __init__(self, seed, number):
        self.rng = random.Random(f"{seed}/talk/{number}")
        self.made = 0
        self.users = []
        self.groups = []
        self.gone = []

    def settle(self, sent, done):
        """Takes in that a request was carried out, on both sides."""
        kind, slot = sent["slot"] or ("", "")
        if not done or not slot:
            return
        here = self.users if slot[1] == "u" else self.groups
        if kind == "create":
            here.append(slot)
        if kind == "delete":
            here.remove(slot)
            self.gone.append(slot)

    # ---- bodies ----

    def name(self):
        """A userName; now and then one that is taken, perhaps in another case."""
        if self.rng.random() < 0.12 and self.made > 0:
            return self.rng.choice([f"person {self.made}", f"PERSON {self.made}"])
        return f"person {self.made + 1}"

    def person(self):
        body = user(self.rng) | {"userName": self.name()}
        if self.rng.random() < 0.97:
            body.setdefault("active", True)
        if "externalId" in body:
            body["externalId"] = "the same" if self.rng.random() < 0.2 else f"id {self.made}"
        if self.rng.random() < 0.1:
            body |= self.rng.choice([{"title": None}, {"emails": []}, {"id": "mine"}, {"meta": {"version": "x"}}])
        return body

    def team(self):
        name = "the same" if self.rng.random() < 0.05 else f"{self.rng.choice(TEXTS)} {self.made}"
        body = {"schemas": [GROUP], "displayName": name}
        if self.users and self.rng.random() < 0.8:
            count = self.rng.randint(1, min(3, len(self.users)))
            body["members"] = [{"value": slot} for slot in self.rng.sample(self.users, count)]
        return body

    # ---- requests ----

    def create_user(self):
        body = self.person()
        self.made += 1
        return request("POST", "/Users", "do:create", "User", body=body, slot=("create", f"<u{self.made}>"))

    def create_group(self):
        self.made += 1
        return request("POST", "/Groups", "do:create", "Group", body=self.team(), slot=("create", f"<g{self.made}>"))

    def one(self):
        """(path, slot, kind) of somebody, seldom of nobody."""
        if not self.users + self.groups or self.rng.random() < 0.04:
            return f"/Users/{NOBODY}", None, "User"
        slot = self.rng.choice(self.users + self.groups)
        kind = "User" if slot[1] == "u" else "Group"
        return f"/{kind}s/{slot}", slot, kind

    def losses(self):
        return {"somebody gone"} if self.gone else set()

    def read(self):
        path, slot, kind = self.one()
        tags = {"do:read", kind}
        headers = {}
        draw = self.rng.random()
        if draw < 0.15:
            path += "?attributes=" + self.rng.choice(["userName", "displayName,emails", "name.familyName", "members"])
            tags.add("attributes")
        elif draw < 0.3:
            path += "?excludedAttributes=" + self.rng.choice(["emails,name", "members", "displayName", "id"])
            tags.add("excludedAttributes")
        elif draw < 0.4 and slot:
            headers["If-None-Match"] = self.rng.choice([f"<tag {slot}>", 'W/"other"'])
            tags |= {"if-none-match"} | self.losses()
        return request("GET", path, *tags, headers=headers)

    def query(self):
        """(parameters, tags) of a search among people."""
        it = leaf(self.rng, FOUND_BY) if self.rng.random() < 0.7 else tree(self.rng, 2, FOUND_BY)
        found = {"sortBy": self.rng.choice(SORTS)}
        tags = set()
        if self.rng.random() < 0.75:
            found["filter"] = text_of(it)
            tags |= {"filter"} | ({"ne of list"} if is_ne_of_list(it) else set())
        if self.rng.random() < 0.2:
            found["sortOrder"] = self.rng.choice(["ascending", "descending"])
        if self.rng.random() < 0.25:
            found["startIndex"] = self.rng.choice([0, 1, 2, 3, 100, -1])
            tags.add("page")
        if self.rng.random() < 0.25:
            found["count"] = self.rng.choice([0, 1, 2, 5, -1])
            tags.add("page")
        if self.rng.random() < 0.15:
            found["attributes"] = "userName,emails.value"
            tags.add("attributes")
        return found, tags

    def find(self):
        parameters, tags = self.query()
        return request("GET", "/Users?" + urllib.parse.urlencode(parameters), "do:find", *tags)

    def search(self):
        parameters, tags = self.query()
        if "attributes" in parameters:
            parameters["attributes"] = parameters["attributes"].split(",")
        return request("POST", "/Users/.search", "do:search", *tags, body={"schemas": [SEARCH]} | parameters)

    def groups_of(self):
        who = self.rng.choice(self.users + [NOBODY])
        text = self.rng.choice(["members.value eq", "members eq"]) + f' "{who}"'
        query = urllib.parse.urlencode({"filter": text, "sortBy": "displayName"}, safe="<>")
        return request("GET", "/Groups?" + query, "do:find", "Group")

    def replace(self):
        path, slot, kind = self.one()
        self.made += 1
        body = self.person() if kind == "User" else self.team()
        tags = {"do:replace", kind}
        headers = {}
        if slot and self.rng.random() < 0.2:
            headers["If-Match"] = self.rng.choice([f"<tag {slot}>", 'W/"other"', "*"])
            tags |= {"if-match"} | self.losses()
        if slot and self.rng.random() < 0.05:
            body.pop(self.rng.choice(["schemas", "userName" if kind == "User" else "displayName"]))
            tags.add("incomplete")
        return request("PUT", path, *tags, body=body, headers=headers)

    def patch(self):
        path, slot, kind = self.one()
        message, tags = operation(self.rng, kind)
        while slot is None and "wrong" in tags:  # which mistake is told first is open to choice
            message, tags = operation(self.rng, kind)
        if kind == "Group":
            message = self.with_people(message)
            if message.get("path") == "displayName" and "value" in message:
                message["value"] += f" {self.made + 1000}"
        if message.get("path") in ("userName", "externalId") and "value" in message:
            self.made += 1
            message["value"] = f"person {self.made + 1000}"
        body = {"schemas": [PATCH], "Operations": [message]}
        return request("PATCH", path, "do:patch", kind, *tags, body=body)

    def with_people(self, message):
        """Members of operations are people who are there."""
        people = self.users or [NOBODY]

        def real(text):
            for number, sample in enumerate(IDS):
                text = text.replace(sample, people[number % len(people)])
            return text

        message = dict(message)
        if "path" in message:
            message["path"] = real(message["path"])
        holder = message.get("value")
        if isinstance(holder, dict) and "members" in holder:
            message["value"] = holder | {"members": people_list(holder["members"], real)}
            message["value"]["displayName"] += f" {self.made + 1000}"
        elif isinstance(holder, list):
            message["value"] = people_list(holder, real)
        return message

    def delete(self):
        path, slot, kind = self.one()
        headers = {"If-Match": 'W/"other"'} if self.rng.random() < 0.1 else {}
        return request("DELETE", path, "do:delete", kind, headers=headers, slot=("delete", slot))

    def odd(self):
        method, path, body, tag = self.rng.choice(
            [
                ("GET", "/Nothing", None, "odd:endpoint"),
                ("GET", f"/Groups/{NOBODY}", None, "odd:nobody"),
                ("DELETE", f"/Users/{NOBODY}", None, "odd:nobody"),
                ("PUT", f"/Users/{NOBODY}", {"schemas": [USER], "userName": "x"}, "odd:nobody"),
                ("POST", "/Users", {"schemas": [USER]}, "odd:no-name"),
                ("POST", "/Users", {"userName": "x"}, "odd:no-schemas"),
                ("POST", "/Users", {"schemas": [GROUP], "userName": "x"}, "odd:other-schema"),
                ("POST", "/Users", {"schemas": [USER], "userName": 5}, "odd:type"),
                ("POST", "/Users", {"schemas": [USER], "userName": "x", "active": "maybe"}, "odd:type"),
                ("POST", "/Users", {"schemas": [USER], "userName": "x", "noSuchThing": 1}, "odd:attribute"),
                ("POST", "/Users", {"schemas": [USER], "userName": "x", "emails": {"value": "a@b.de"}}, "odd:no-list"),
                ("POST", "/Users", [], "odd:no-object"),
                ("PATCH", "/Users", None, "odd:method"),
                ("DELETE", "/Users", None, "odd:method"),
                ("POST", "/Schemas", {}, "odd:method"),
                ("GET", "/Users?filter=title", None, "odd:filter"),
                ("GET", "/Users?filter=noSuchThing%20pr", None, "odd:filter"),
            ]
        )
        return request(method, path, "do:odd", tag, body=body)

    def wrong_patch(self):
        message, tags = on_wrong(self.rng)
        path = f"/Users/{self.rng.choice(self.users)}"
        body = {"schemas": [PATCH], "Operations": [message]}
        return request("PATCH", path, "do:patch", "User", *tags, body=body)

    def next(self):
        kinds = [self.create_user, self.create_group, self.read, self.find, self.search, self.groups_of,
                 self.replace, self.patch, self.delete, self.odd, self.wrong_patch]
        weights = [10, 5, 9, 10, 4, 2, 8, 16, 2, 4, 2]
        if len(self.users) < 2:
            return self.create_user()
        return self.rng.choices(kinds, weights)[0]()


def is_ne_of_list(it):
    def says(leaf, word):
        return any(tag.startswith(word) for tag in leaf[2])

    return any(says(one, "op:ne") and says(one, "at:emails") for one in leaves(it))


def people_list(members, real):
    """Nobody twice: which of two equal members stays is open to choice."""
    names = dict.fromkeys(real(item["value"]) for item in members)
    return [{"value": name} for name in names]
