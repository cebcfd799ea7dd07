"""
`./run bench --scale`: people and groups by the million.

One gateway, one worker, starter policy, journal, fsync, every limit as they come; it gets its people by
as many POSTs, with names in no order. Beside it a gateway of 1,000 people: what must not grow is measured
on both in turns, so that whoever else uses the machine disturbs both alike. Where others took more than
5 % of a core the time says more of them than of the gateway: such a row is judged by the CPU that the
gateway's threads spent, and says so; its time stands beside it. Files lie in a folder under the build
folder, which is removed.

    --scale-users N   fewer people, for a trial: groups of a tenth and of half of them

Writes bench-scale.json beside bench.json. docs/performance.md says what the rows mean.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import measure
from measure import BUILD, BenchGateway, load
from reader import Reader

SMALL_USERS = 1000
GROUPS = 1000
CHUNKS = 20  # of the import; the first tenth is compared with the last
MEMBERS_AT_ONCE = 20000  # within listen.limits.group_body_values
PAGE = 1000


def say(text):
    print(f"    {text}", file=sys.stderr, flush=True)


def median_ms(times):
    return statistics.median(times) * 1000


def reset_peak(pid):
    """VmHWM starts again at what is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


class Scale:
    def __init__(self, folder, users, table):
        self.folder = folder
        self.users = users
        self.table = table
        self.ids = folder / "ids"
        self.large_members = users // 2
        self.medium_members = users // 10

    def load(self, gateway, mode, **options):
        return load(gateway, mode, scatter=True, **options)

    def add(self, what, time_, cpu, unit, goal, noise, at_most=True, **more):
        """A row of two readings, (value, note) by the clock and by CPU: which one counts says the noise."""
        if noise <= measure.NOISY:
            value, note = time_[0], f"{time_[1]}; {cpu[1]}"
        else:
            what, value = f"{what} (CPU)", cpu[0]
            note = f"{cpu[1]}; others took {noise:.0%} of a core: by the clock {time_[0]:.2f} {unit}, {time_[1]}"
        self.table.add(what, value, unit, goal, at_most, note=note, noise=noise, by_clock=time_[0], **more)

    # ---- filling ----

    def fill_small(self, small):
        self.load(small, "post", connections=16, count=SMALL_USERS, save=self.folder / "ids-small")
        ids = (self.folder / "ids-small").read_text().split()
        self.small_half = small.group("half", ids[: SMALL_USERS // 2])["id"]

    def fill(self, gateway):
        """All people, in parts; the file of their ids grows with them."""
        size = max(1, self.users // CHUNKS)
        runs = []
        with self.ids.open("wb") as all_ids:
            for first in range(0, self.users, size):
                part = self.folder / "ids-part"
                count = min(size, self.users - first)
                run = self.load(gateway, "post", connections=64, first=first, count=count, save=part)
                all_ids.write(part.read_bytes())
                runs.append(run)
                rss = measure.rss_mib(gateway.pid)
                rate, noise = run["per_second"], run["noise"]
                say(
                    f"{first + count:>9,} of {self.users:,}: {rate:,.0f}/s, {run['cpu_us']:.0f} µs of CPU each, "
                    f"{rss:.0f} MiB; others took {noise:.0%} of a core"
                )
        return runs

    def import_rows(self, gateway):
        self.table.heading(f"{self.users:,} POSTs with policy and journal")
        begin = time.monotonic()
        runs = self.fill(gateway)
        seconds = time.monotonic() - begin
        tenth = max(1, len(runs) // 10)
        start, end = runs[:tenth], runs[-tenth:]
        rate = {
            name: statistics.harmonic_mean([run["per_second"] for run in some]) for name, some in (("s", start), ("e", end))
        }
        cpu = {name: statistics.mean(run["cpu_us"] for run in some) for name, some in (("s", start), ("e", end))}
        noise = statistics.median(run["noise"] for run in start + end)
        self.add(
            "rate of the last tenth to the first",
            (rate["e"] / rate["s"], f"{rate['s']:,.0f} and {rate['e']:,.0f}/s"),
            (cpu["s"] / cpu["e"], f"{cpu['s']:.0f} and {cpu['e']:.0f} µs of CPU for each, all threads"),
            "x",
            0.8,
            noise,
            at_most=False,
            runs=[{name: run[name] for name in ("per_second", "cpu_us", "noise", "threads_us")} for run in runs],
        )
        self.table.add("all of it", self.users / seconds, "/s", note=f"{seconds:.0f} s")
        self.table.add("resident memory at the end", measure.rss_mib(gateway.pid), "MiB", 256, True)
        size = sum(file.stat().st_size for file in gateway.folder.glob("scimward.db*")) / 2**20
        self.table.add("database", size, "MiB", note=f"{size * 2**20 / self.users:,.0f} bytes for each person")

    def make_group(self, gateway, name, ids):
        group = gateway.group(name)["id"]
        for at in range(0, len(ids), MEMBERS_AT_ONCE):
            members = [{"value": i} for i in ids[at : at + MEMBERS_AT_ONCE]]
            answer = gateway.patch(
                f"/Groups/{group}?excludedAttributes=members", {"op": "add", "path": "members", "value": members}
            )
            assert answer.status in (200, 204), answer
        return group

    def groups(self, gateway):
        self.table.heading(f"{GROUPS:,} groups, one of {self.medium_members:,}, one of {self.large_members:,} members")
        ids = self.ids.read_text().split()
        begin = time.monotonic()
        for number in range(GROUPS):
            some = [ids[(number * 7919 + i) % len(ids)] for i in range(10)]
            self.ten = gateway.group(f"team {number}", some)["id"]
        took = time.monotonic() - begin
        self.table.add("groups of 10, one after the other", GROUPS / took, "/s")
        begin = time.monotonic()
        self.medium = self.make_group(gateway, "medium", ids[: self.medium_members])
        self.large = self.make_group(gateway, "large", ids[: self.large_members])
        took = time.monotonic() - begin
        rate = (self.medium_members + self.large_members) / took
        self.table.add("members added, 20,000 in a PATCH", rate, "/s", note=f"{took:.0f} s")
        self.table.add("resident memory after that", measure.rss_mib(gateway.pid), "MiB", 256, True)

    # ---- what must not grow ----

    def in_turns(self, what, goal, small, large):
        """p50 of two kinds of request, measured in turns; the row is how much longer the second takes."""
        runs = [(small(), large()) for _ in range(7)]
        p50 = [statistics.median(pair[at]["p50_us"] for pair in runs) for at in (0, 1)]
        # Caches that others emptied are no property of either: the least of the rounds.
        cpu = [min(pair[at]["cpu_us"] for pair in runs) for at in (0, 1)]
        noise = statistics.median(pair[at]["noise"] for pair in runs for at in (0, 1))
        self.add(
            what,
            (p50[1] / p50[0], f"p50 {p50[0]:.0f} and {p50[1]:.0f} µs"),
            (cpu[1] / cpu[0], f"CPU {cpu[0]:.0f} and {cpu[1]:.0f} µs"),
            "x",
            goal,
            noise,
            rounds=[[{name: run[name] for name in ("p50_us", "cpu_us", "noise")} for run in pair] for pair in runs],
        )

    def look_ups(self, small, large):
        self.table.heading(f"p50 of a look-up among {self.users:,} to that among {SMALL_USERS:,} people")
        one = {"connections": 1, "seconds": 0.5, "warmup": 0.1}
        for mode, what in (("by-name", "userName eq"), ("by-external", "externalId eq"), ("by-email", "emails.value eq")):
            self.in_turns(
                what,
                1.5,
                lambda mode=mode: self.load(small, mode, users=SMALL_USERS, **one),
                lambda mode=mode: self.load(large, mode, users=self.users, **one),
            )
        self.in_turns(
            f"id eq … and members eq …: {self.large_members:,} to {SMALL_USERS // 2}",
            1.5,
            lambda: self.load(small, "probe", ids=self.folder / "ids-small", group=self.small_half, **one),
            lambda: self.load(large, "probe", ids=self.ids, group=self.large, **one),
        )

    def one_member(self, gateway):
        """People from the end of the list: they are in neither group."""
        self.table.heading(f"PATCH of one member: group of {self.large_members:,} to one of 10")
        ids = self.ids.read_text().split()
        (self.folder / "ids-new").write_text("\n".join(ids[-3000:]) + "\n")
        common = {"ids": self.folder / "ids-new", "connections": 1, "count": 200}
        for mode, what in (("member", "add"), ("unmember", "remove")):
            at = iter(range(0, 3000, 200))
            again = iter(range(0, 3000, 200))
            self.in_turns(
                f"{what} one",
                2,
                lambda mode=mode, at=at: self.load(gateway, mode, group=self.ten, first=next(at), **common),
                lambda mode=mode, at=again: self.load(gateway, mode, group=self.large, first=next(at), **common),
            )

    # ---- a large group ----

    def stream(self, gateway):
        self.table.heading(f"GET of the group of {self.large_members:,}")
        reader = Reader(gateway)
        reset_peak(gateway.pid)
        before = measure.rss_mib(gateway.pid)
        firsts, lasts = [], []
        for _ in range(3):
            begin = time.perf_counter()
            reader.send(f"/Groups/{self.large}")
            received = reader.socket.recv(1 << 16)
            firsts.append(time.perf_counter() - begin)
            size, members, tail = len(received), received.count(b'"value"'), received[-16:]
            while not tail.endswith(b"\r\n0\r\n\r\n"):
                received = reader.socket.recv(1 << 20)
                members += (tail + received).count(b'"value"') - tail.count(b'"value"')
                size += len(received)
                tail = (tail + received)[-16:]
            lasts.append(time.perf_counter() - begin)
            assert members == self.large_members, members
            reader.close()
        grown = peak_mib(gateway.pid) - before
        note = f"{size / 2**20:.0f} MiB in {median_ms(lasts):,.0f} ms"
        self.table.add("first byte", median_ms(firsts), "ms", 50, True, note=note)
        self.table.add("resident memory grows by", grown, "MiB", 16, True)
        self.slow_readers(gateway)

    def slow_readers(self, gateway):
        """Twenty that ask and do not read."""
        reset_peak(gateway.pid)
        before = measure.rss_mib(gateway.pid)
        readers = [Reader(gateway) for _ in range(20)]
        for reader in readers:
            reader.send(f"/Groups/{self.large}")
        run = self.load(gateway, "get", connections=1, ids=self.ids, seconds=2, warmup=0.2)
        grown = peak_mib(gateway.pid) - before
        for reader in readers:
            reader.close()
        note = f"a GET beside them: p50 {run['p50_us']}, p99 {run['p99_us']} µs"
        self.table.add("20 who do not read: memory grows by", grown, "MiB", 16, True, note=note)

    # ---- lists ----

    def walk(self, gateway, name, pace=None, **query):
        """
        All pages by cursor: ids in order; of each page seconds, and CPU of the worker in seconds.
        pace(share) may wait before the page at that share of the walk.
        """
        reader = Reader(gateway)
        cursor, found, pages = "", [], []
        cpu = measure.threads_us(gateway.pid)["worker"]
        while cursor is not None:
            status, page, _, took = reader.get("/Users", count=PAGE, attributes="id", cursor=cursor, **query)
            assert status == 200, page
            found += [user["id"] for user in page["Resources"]]
            before, cpu = cpu, measure.threads_us(gateway.pid)["worker"]
            if pace is not None:
                pace(len(found) / self.users)
            pages.append((took, (cpu - before) / 1e6))
            cursor = page.get("nextCursor")
            if len(pages) % 200 == 0:
                say(f"{name}: {len(found):,} of {self.users:,}")
        reader.close()
        return found, pages

    def quiet_walk(self, gateway, what, **query):
        with measure.Spent(gateway.pid) as spent:
            found, pages = self.walk(gateway, what, **query)
        assert len(found) == len(set(found)) == self.users, (len(found), len(set(found)))
        tenth = max(1, len(pages) // 10)
        readings = []
        for at, name in ((0, "time"), (1, "CPU")):
            first = statistics.median(page[at] for page in pages[:tenth])
            last = statistics.median(page[at] for page in pages[-tenth:])
            readings.append((last / first, f"{name} of a page {first * 1000:.1f} and {last * 1000:.1f} ms"))
        what = f"{what}: last tenth of {len(pages):,} pages to first"
        self.add(what, *readings, "x", 1.25, spent.noise)

    def walks(self, gateway):
        self.table.heading(f"Walk of all {self.users:,} by cursor")
        self.quiet_walk(gateway, "as they were made")
        self.quiet_walk(gateway, "by userName", sortBy="userName")
        self.quiet_walk(gateway, "by meta.created, backward", sortBy="meta.created", sortOrder="descending")
        self.changing_walk(gateway)

    def changing_walk(self, gateway):
        """Nine tenths of the changes are PATCHes, the others go or come, all over the list, all the time of the walk."""
        ids = self.ids.read_text().split()
        part = self.users // 200
        (self.folder / "ids-patch").write_text("\n".join(ids[::10]) + "\n")
        doomed = ids[1 :: self.users // part][:part]
        (self.folder / "ids-doomed").write_text("\n".join(doomed) + "\n")
        plan = [
            ("patch", 18 * part, {"connections": 8, "ids": self.folder / "ids-patch"}),
            ("delete", part, {"connections": 2, "ids": self.folder / "ids-doomed"}),
            ("post", part, {"connections": 2, "base": self.users}),
        ]
        shares = [0.0] * len(plan)
        changers = [
            threading.Thread(target=self.change, args=(gateway, shares, at, *job), daemon=True)
            for at, job in enumerate(plan)
        ]

        def pace(share):
            while min(shares) < min(share, 0.98) and any(changer.is_alive() for changer in changers):
                time.sleep(0.002)

        for changer in changers:
            changer.start()
        found, pages = self.walk(gateway, "while data change", pace)
        during = min(shares)
        for changer in changers:
            changer.join()
        stay = set(ids) - set(doomed)
        twice = len(found) - len(set(found))
        missed = len(stay - set(found))
        note = f"{18 * part:,} changed, {part:,} deleted, {part:,} new: {during:.0%} of that before the last page"
        self.table.add("while 10 % change: found twice", twice, "", 0, True, note=note)
        note = f"p50 of a page {median_ms(page[0] for page in pages):.1f} ms"
        self.table.add("while 10 % change: missed", missed, "", 0, True, note=note)
        if twice or missed or during < 0.95:
            raise SystemExit("bench: a walk by cursor was wrong")

    def change(self, gateway, shares, at, mode, count, options):
        """In 50 parts, so that the walk can keep step."""
        base = options.pop("base", 0)
        for number in range(50):
            first, last = count * number // 50, count * (number + 1) // 50
            if last > first:
                self.load(gateway, mode, first=base + first, count=last - first, **options)
            shares[at] = (number + 1) / 50

    # ---- searches that no index answers ----

    def searches(self, gateway):
        self.table.heading(f"Searches among {self.users:,}: a page in 100 ms, or tooMany")
        reader = Reader(gateway)
        queries = [
            ("displayName co", {"filter": 'displayName co "ample-99999"'}),
            ("displayName sw", {"filter": 'displayName sw "Jordan Example-12"'}),
            ("displayName co, none", {"filter": 'displayName co "nobody at all"'}),
            ("not (title pr)", {"filter": "not (title pr)"}),
            ("title ew, by userName", {"filter": 'title ew "x"', "sortBy": "userName"}),
            ("userName sw", {"filter": 'userName sw "ab"'}),
            ("userName sw, all", {"filter": 'userName sw ""'}),
            ("sorted by title", {"sortBy": "title"}),
            ("sorted by userName, from 100,000", {"sortBy": "userName", "startIndex": min(100000, self.users)}),
        ]
        for name, query in queries:
            self.search(reader, name, query)
        if self.users > 20000:
            self.beside(gateway)

    def ask(self, reader, query):
        """Answer, and seconds by the clock and of the worker's CPU."""
        before = measure.threads_us(reader.gateway.pid)["worker"]
        status, body, _, took = reader.get("/Users", **query)
        assert status == 200 or body["scimType"] == "tooMany", body
        return status, body, took, (measure.threads_us(reader.gateway.pid)["worker"] - before) / 1e6

    def add_search(self, what, answers, noise, note):
        """The slowest page counts."""
        slowest, spent = (max(answer[at] for answer in answers) * 1000 for at in (2, 3))
        readings = (slowest, note), (spent, f"{note}, CPU {spent:.1f} ms")
        self.add(what, *readings, "ms", 100, noise)

    def search(self, reader, name, query):
        pid = reader.gateway.pid
        with measure.Spent(pid) as spent:
            answers = [self.ask(reader, query) for _ in range(5)]
        status, body = answers[0][:2]
        self.add_search(
            f"{name}: by index", answers, spent.noise, f"{body['totalResults']:,} found" if status == 200 else "tooMany"
        )
        if "startIndex" in query:
            return
        answers, cursor = [], ""
        with measure.Spent(pid) as spent:
            while cursor is not None and len(answers) < 30:
                answers.append(self.ask(reader, query | {"cursor": cursor}))
                cursor = answers[-1][1].get("nextCursor") if answers[-1][0] == 200 else None
        if answers[0][0] == 200:
            found = sum(len(answer[1]["Resources"]) for answer in answers)
            self.add_search(f"{name}: by cursor", answers, spent.noise, f"{len(answers)} pages, {found:,} found")

    def beside(self, gateway):
        """What a search costs others: it gives way after each slice."""
        stop = threading.Event()

        def search():
            reader = Reader(gateway)
            while not stop.is_set():
                reader.get("/Users", filter='displayName co "nobody at all"', cursor="")
            reader.close()

        searcher = threading.Thread(target=search, daemon=True)
        searcher.start()
        run = self.load(gateway, "get", connections=8, ids=self.ids, rate=100, seconds=3)
        stop.set()
        searcher.join()
        note = f"p50 {run['p50_us']}, max {run['max_us']} µs; {measure.noise_text(run['noise'])}"
        goal = 5 if run["noise"] <= measure.NOISY else None
        self.table.add("GET beside a search without end: p99", run["p99_us"] / 1000, "ms", goal, True, note=note)

    # ---- all of it ----

    def run(self):
        with BenchGateway(self.folder / "small") as small, BenchGateway(self.folder / "large") as large:
            self.fill_small(small)
            self.import_rows(large)
            self.groups(large)
            self.look_ups(small, large)
            self.one_member(large)
            self.stream(large)
            self.searches(large)
            self.walks(large)


def disk_folder():
    # Not /tmp: that may be memory, and an fsync there costs nothing.
    BUILD.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="scale-", dir=BUILD))


def run(users, table):
    """All rows. The folder goes, whatever happens."""
    about = measure.machine() | {"users": users}
    folder = disk_folder()
    free = shutil.disk_usage(folder).free
    if free < users * 6000:
        shutil.rmtree(folder)
        raise SystemExit(f"bench: {users:,} people need {users * 6000 / 2**30:.1f} GiB, there are {free / 2**30:.1f}")
    begin = time.monotonic()
    try:
        Scale(folder, users, table).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    about["seconds"] = round(time.monotonic() - begin, 1)
    about["load_average_after"] = os.getloadavg()[0]
    about["commit"] = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=measure.ROOT, capture_output=True, text=True
    ).stdout.strip()
    target = BUILD.parent / "bench-scale.json"
    target.write_text(json.dumps({"machine": about, "rows": table.rows}, indent=1) + "\n")
    missed = [row["what"] for row in table.rows if row["verdict"] not in ("", "reached")]
    print(f"\n{about['seconds']:.0f} s; {len(table.rows)} rows, not reached: {', '.join(missed) or 'none'}")
    print(f"written: {target}")
