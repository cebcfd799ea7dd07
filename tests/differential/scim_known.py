"""Where others read the RFCs in another way than we do: scim_known.json, and what has been met of it.

A row is met by a difference when peer and outcomes ("ours/theirs") are the row's and all its tags are the
difference's. A row names the section that decides. A difference without a row is a failure, and so is a row that is
never met.
"""

import json
from collections import Counter
from pathlib import Path

FILE = Path(__file__).resolve().parent / "scim_known.json"
MEMBERS = {"id", "peer", "outcomes", "tags", "section", "why"}


class Known:
    def __init__(self, peer):
        self.peer = peer
        self.rows = [row for row in json.loads(FILE.read_text())["differences"] if row["peer"] == peer]
        self.met = Counter()
        self.unknown = []
        self.agreed = 0
        for row in self.rows:
            assert set(row) == MEMBERS and all(row[name] for name in MEMBERS), row

    def find(self, ours, theirs, tags):
        for row in self.rows:
            if f"{ours}/{theirs}" in row["outcomes"] and set(row["tags"]) <= tags:
                return row
        return None

    def difference(self, ours, theirs, tags, what):
        """Counts a difference; `what` is shown when nobody knows it."""
        row = self.find(ours, theirs, tags)
        if row is None:
            self.unknown.append((ours, theirs, sorted(tags), what))
        else:
            self.met[row["id"], f"{ours}/{theirs}"] += 1

    def finish(self, seed, what, whole):
        """
        Fails for what is not known and, when the `whole` series was asked, for rows that are out of date; prints
        what has been compared.
        """
        met = {name for name, _ in self.met}
        unmet = [row["id"] for row in self.rows if row["id"] not in met]
        print(f"seed {seed}: {self.agreed} of {what} as {self.peer}, {sum(self.met.values())} differences known")
        for (name, outcome), count in sorted(self.met.items()):
            print(f"  {count:6} {name} ({outcome})")
        lines = "\n".join(map(str, self.unknown[:12]))
        assert not self.unknown, f"seed {seed}: {len(self.unknown)} unknown differences from {self.peer}:\n{lines}"
        assert not (whole and unmet), f"seed {seed}: these rows of {FILE.name} are met no more: {unmet}"
