"""Makes the Huffman code lengths of journal/dictionary.c out of made-up payloads; prints them as C.

The tables are part of payload format 1 and must never change: this is how they came about, and how those of a
later format can be made. It parses samples as journal/deflate.c does, counts symbols, and gives each symbol that never came a small chance, so that every text can be written.

    python3 tests/journal/codes.py
"""

import base64
import json
import random
import re
import sys
import uuid
from pathlib import Path

DICTIONARY = Path(__file__).resolve().parents[2] / "journal" / "dictionary.c"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PERSON = "urn:scimward:params:scim:schemas:extension:person:2.0:User"

# (given, family, how often): mostly Latin letters, but nobody's name may be dear.
NAMES = [
    ("Barbara Rüdiger Maria Giovanni Katarzyna James Anna Søren Zoë John Emily Lucas Fatima", 8,
     "Jensen Müller Rodríguez Esposito Kowalska Smith Johansson Nguyễn Okafor Silva Brown de-la-Cruz"),
    ("Иван Анна Сергей Ольга", 1, "Иванов Смирнова Кузнецов Попова"),
    ("太郎 花子 伟 芳", 1, "田中 佐藤 王 李"),
    ("محمد فاطمة", 1, "العلي حسن"),
    ("Γιώργος Ελένη", 1, "Παπαδόπουλος Νικολάου"),
]
PLACES = [
    ("100 Universal City Plaza", "Hollywood", "CA", "91608", "US"),
    ("Hauptstraße 12", "Berlin", "BE", "10115", "DE"),
    ("1-2-3 Marunouchi", "Tokyo", "13", "100-0005", "JP"),
    ("45 Broad Street", "Lagos", "LA", "101241", "NG"),
    ("Calle de Alcalá 77", "Madrid", "MD", "28014", "ES"),
    ("221b Baker Street", "London", "", "NW1 6XE", "GB"),
]
DEPARTMENTS = "Engineering Finance Sales Marketing Legal Support Operations Procurement Research Logistics".split()
TITLES = ["Senior Engineer", "Tour Guide", "Controller", "Vice President", "Account Manager", "Nurse", "Data Analyst"]
GROUPS = ["engineering", "payments-approvers", "all-staff", "github-admins", "Contractors EMEA", "vpn"]
DENIALS = [
    ("sod.payments", "payments-creators and payments-approvers may not be held by one person"),
    ("email.domain", "the e-mail domain example.org is not allowed"),
    ("rail.mass_removal", "12 deactivations within an hour are more than 1 percent of 900 people"),
    ("required.attribute", "department is required"),
]


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Samples:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128)))

    def name(self):
        given, _, family = self.random.choices(NAMES, weights=[n[1] for n in NAMES])[0]
        return self.random.choice(given.split()), self.random.choice(family.split())

    def mail(self, given, family, domain):
        text = f"{given}.{family}".lower().encode("ascii", "ignore").decode() or "user"
        return f"{text}{self.random.choice(['', str(self.random.randrange(1, 99999))])}@{domain}"

    def user(self):
        pick = self.random
        given, family = self.name()
        mail = self.mail(given, family, pick.choice(["example.com", "corp.example", "contoso.onmicrosoft.com"]))
        user = {
            "schemas": [USER, ENTERPRISE], "userName": mail, "active": pick.random() < 0.9,
            "name": {"givenName": given, "familyName": family}, "displayName": f"{given} {family}",
            "emails": [{"value": mail, "type": "work", "primary": True}], "title": pick.choice(TITLES),
            ENTERPRISE: {"department": pick.choice(DEPARTMENTS), "employeeNumber": str(pick.randrange(10**6))},
        }
        if pick.random() < 0.7:
            user["externalId"] = pick.choice([self.uuid(), f"00u{pick.randrange(16**8):x}", str(pick.randrange(10**6))])
        if pick.random() < 0.5:
            street, city, region, code, country = pick.choice(PLACES)
            user["addresses"] = [{"type": "work", "streetAddress": street, "locality": city, "region": region,
                                  "postalCode": code, "country": country, "primary": True}]
            user["phoneNumbers"] = [{"value": f"+1-555-{pick.randrange(10**4)}-{pick.randrange(10**3)}", "type": "work"},
                                    {"value": f"+49 170 {pick.randrange(10**7)}", "type": "mobile"}]
            user["name"]["formatted"] = user["displayName"]
            user.update(preferredLanguage=pick.choice(["en-US", "de-DE"]), locale="en-US", userType="Employee",
                        timezone=pick.choice(["America/Los_Angeles", "Europe/Berlin"]))
            user[ENTERPRISE].update(manager={"value": self.uuid(), "displayName": " ".join(self.name())},
                                    costCenter=str(pick.randrange(10**4)), organization="Universal Studios")
        if pick.random() < 0.2:
            user["schemas"].append(PERSON)
            user[PERSON] = {"kind": "contractor", "endDate": f"2027-0{pick.randrange(1, 9)}-01T00:00:00Z"}
        return user

    def changes(self, operation, user):
        paths = []
        for key in user:
            if key.startswith("urn:"):
                paths += [f"{key}:{inner}" for inner in user[key]]
            elif key == "name":
                paths += [f"name.{inner}" for inner in user[key]]
            elif key != "schemas":
                paths.append(key)
        paths.sort()
        return paths if operation == "create" else self.random.sample(paths, self.random.randrange(1, 3))

    def group_members(self):
        member = lambda: {"id": self.uuid(), "type": "User",
                          "user_entry": {"entry": self.random.randrange(10**6), "with": {"id": self.uuid()}},
                          "groups": [{"id": self.uuid(), "display": self.random.choice(GROUPS)}]}
        return {"added": [member() for _ in range(self.random.randrange(1, 4))], "removed": [], "count_before": 10,
                "count_after": 11, "slice": {"index": 0, "of": 1}}

    def decision(self):
        pick = self.random
        source = pick.choice(["entra", "entra", "okta", "workday", "roster"])
        operation = pick.choices(["create", "patch", "replace", "delete"], weights=[4, 5, 1, 1])[0]
        is_group = pick.random() < 0.2 and operation == "patch"
        identity, request = self.uuid(), self.uuid()
        time = f"2026-{pick.randrange(1, 13):02}-{pick.randrange(1, 29):02}T{pick.randrange(24):02}:{pick.randrange(60):02}" \
               f":{pick.randrange(60):02}.{pick.randrange(10**6):06}Z"
        after = {"schemas": [GROUP], "displayName": pick.choice(GROUPS)} if is_group else self.user()
        subject = {"displayName": after["displayName"]} if is_group else {"userName": after["userName"]}
        denied = pick.random() < 0.1
        reasons = pick.choice(DENIALS) if denied else ("source.writes", f"{source} may write people")
        policy_input = {
            "version": 1, "mode": "enforce", "time": time, "tenant": "default", "operation": operation,
            "source": {"name": source, "dialect": source if source in ("entra", "okta") else "standard", "kind": "idp"},
            "actor": {"type": "source", "id": source}, "resource_type": "Group" if is_group else "User", "id": identity,
            "rate": {"deactivations": {"recent": pick.randrange(9), "this": 0, "population": pick.randrange(10**4),
                                       "window_s": 3600},
                     "removals": {"recent": 0, "this": 0, "population": pick.randrange(10**5), "window_s": 3600}},
            "request": {"id": request, "ip": f"10.{pick.randrange(256)}.{pick.randrange(256)}.7",
                        "user_agent": pick.choice(["okta-scim-client/1.0", "Mozilla/5.0 (compatible; AzureAD-SCIM/1.0)"])},
            "changes": ["displayName"] if is_group else self.changes(operation, after),
        }
        payload = {"input": policy_input, "subject": subject,
                   "output": {"effect": "deny" if denied else "allow",
                              "reasons": [{"code": reasons[0], "message": reasons[1]}]}}
        if operation != "delete":
            policy_input["after"] = dict(after, id=identity)
        if operation != "create":
            policy_input["origin"] = {"source": "workday"}
            payload["before"] = {"entry": pick.randrange(10**6), "with": {"id": identity}}
            if "externalId" in after:
                payload["before"]["with"]["externalId"] = after["externalId"]
            if not is_group:
                policy_input["groups"] = [{"id": self.uuid(), "display": pick.choice(GROUPS), "count": pick.randrange(99)}
                                          for _ in range(pick.randrange(3))]
        if is_group:
            policy_input["members"] = self.group_members()
        leaf = {"time": time, "kind": "decision", "tenant": "default", "source": source, "operation": operation,
                "resource": {"id": identity, "type": policy_input["resource_type"]}, "request": request,
                "effect": "deny" if denied else "allow", "reasons": [reasons[0]], "latency_us": pick.randrange(100, 900),
                "revision": f"{pick.getrandbits(64):016x}",
                "payload": {"bytes": len(canonical(payload).encode()),
                            "hmac": base64.b64encode(pick.randbytes(32)).decode()}}
        return canonical(leaf).encode(), canonical(payload).encode()


def dictionary():
    """The text of the C string literals of journal_dictionary_1."""
    source = DICTIONARY.read_text()
    body = source[source.index("journal_dictionary_1[] =") :]
    body = re.sub(r"/\*.*?\*/", "", body[: body.index("const size_t")], flags=re.S)
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', body)
    return "".join(parts).replace('\\"', '"').replace("\\\\", "\\").encode()


def length_symbol(length):
    bases = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]
    return 257 + max(i for i, base in enumerate(bases) if base <= length)


def distance_symbol(distance):
    if distance <= 4:
        return distance - 1
    high = (distance - 1).bit_length() - 1
    return 2 * high + ((distance - 1) >> (high - 1) & 1)


class Parser:
    """squeeze() of journal/deflate.c, but for hash collisions."""

    def __init__(self, words):
        self.words = words
        self.primed = {words[at : at + 4]: at for at in range(len(words) - 3)}

    def places(self, at):
        word = self.window[at : at + 4]
        recent, old = self.recent.get(word), self.primed.get(word)
        self.recent[word] = at
        return [place for place in (recent, None if old is None else self.leaf + old) if place is not None]

    def find(self, at):
        best = (0, 0)
        for place in self.places(at):
            length = 4
            while at + length < len(self.window) and length < 258 and self.window[place + length] == self.window[at + length]:
                length += 1
            if length > best[0]:
                best = (length, at - place)
        return best

    def parse(self, leaf, text):
        """(literals, [(length, distance)])"""
        window = self.window = leaf + self.words + text
        self.leaf = len(leaf)
        self.recent = {leaf[at : at + 4]: at for at in range(len(leaf) - 3)}
        at = written = len(leaf) + len(self.words)
        literals, matches = b"", []
        while at + 4 <= len(window):
            length, distance = self.find(at)
            if length == 0:
                at += 1
                continue
            if length < 16 and at + 5 <= len(window):
                later = self.find(at + 1)
                if later[0] > length:
                    (length, distance), at = later, at + 1
            while at > written and length < 258 and distance < at and window[at - 1] == window[at - 1 - distance]:
                at, length = at - 1, length + 1
            literals += window[written:at]
            matches.append((length, distance))
            self.recent[window[at + 1 : at + 5]] = at + 1
            at = written = at + length
        return literals + window[written:], matches


def count_symbols(samples, literals, distances):
    parser = Parser(dictionary())
    for leaf, text in samples:
        bytes_alone, matches = parser.parse(leaf, text)
        for byte in bytes_alone:
            literals[byte] += 1
        for length, distance in matches:
            literals[length_symbol(length)] += 1
            distances[distance_symbol(distance)] += 1
        literals[256] += 1


def code_lengths(counts, limit=15):
    """Package-merge: the best complete code in which no length is above the limit."""
    symbols = sorted((count, (symbol,)) for symbol, count in enumerate(counts))
    packages = list(symbols)
    for _ in range(limit - 1):
        pairs = zip(packages[::2], packages[1::2])
        packages = sorted(symbols + [(a[0] + b[0], a[1] + b[1]) for a, b in pairs])
    lengths = [0] * len(counts)
    for _, group in packages[: 2 * len(counts) - 2]:
        for symbol in group:
            lengths[symbol] += 1
    assert sum(2.0**-length for length in lengths) == 1.0
    return lengths


def print_table(name, lengths):
    digits = "".join(f"{length:x}" for length in lengths)
    print(f"const char {name}[] =")
    lines = [f'\t"{digits[at : at + 80]}"' for at in range(0, len(digits), 80)]
    print("\n".join(lines) + ";")


def chances():
    """What every symbol counts before it came: the samples do not know all names and scripts of the world."""
    counts = [4] * 286
    for byte in list(range(0x20, 0x7F)) + list(range(0x80, 0xC0)):
        counts[byte] = 200
    for byte in range(0xC2, 0xF5):
        counts[byte] = 100
    for symbol in range(257, 286):
        counts[symbol] = 200
    return counts


def main():
    maker = Samples(20261124)
    literals, distances = chances(), [300] * 30
    count_symbols((maker.decision() for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)), literals, distances)
    print_table("journal_literal_bits_1", code_lengths(literals))
    print()
    print_table("journal_distance_bits_1", code_lengths(distances))


if __name__ == "__main__":
    main()
