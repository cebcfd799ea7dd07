"""
`./run bench`: what scimward does in a second, what it needs, and what stands against it.

The real program on core 0, the load on core 1; starter policy, journal, fsync and every limit as
they come; every request a resource of its own; no app but in the row that says so. Several rounds,
interleaved, the median counts. Anything but a 2xx fails the benchmark.

    --quick     under a minute: shorter rounds, nothing at 100,000 users
    --only A,B  only those groups of rows (size, decision, speed, steps, tls, app, access, opa, replay, large)
    --scale     a million people and groups of half a million instead: scale.py

Writes build/bench.json. docs/performance.md says what the rows mean.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import measure
import scale
from measure import BUILD, ROOT, BenchGateway, Helper, load, median_of

SAMPLE = ROOT.parent / "shared" / "bench" / "policy"
UNFINISHED = 0.7
USERS = 2000  # who are asked about

# The policy of docs/asking-the-policy.md.
ACCESS = """# METADATA
# scope: package
# schemas:
# - input: {type: object}
package scimward.authzen

default decision := false

decision if {
	input.action.name == "deploy"
	input.resource.type == "environment"
	input.directory.subject.user.active
	some group in input.directory.subject.groups
	group.display == sprintf("deployers-%s", [input.resource.id])
}
"""

# One rule more for the starter policy: what the worst candidate looks like, since each difference costs most.
NOBODY = """package scimward.rules.bench

deny contains {"code": "bench.nobody", "message": "nobody may do anything"}
"""

FULL = {"rounds": 5, "tls_rounds": 3, "seconds": 1.5, "warmup": 0.3, "policy_rounds": 20000, "seed": 20000}
QUICK = {"rounds": 2, "tls_rounds": 1, "seconds": 0.5, "warmup": 0.2, "policy_rounds": 4000, "seed": 4000}


class Table:
    """Rows: what, goal, measured, verdict; printed as they come."""

    def __init__(self):
        self.rows = []

    def heading(self, text):
        print(f"\n{text}\n  {'':<46} {'measured':>14} {'goal':>14}  verdict", flush=True)

    def add(self, what, value, unit, goal=None, at_most=False, note="", **more):
        verdict = ""
        if goal is not None:
            share = (goal / value if value > 0 else 1) if at_most else value / goal
            verdict = "reached" if share >= 1 else "below the goal" if share >= UNFINISHED else "UNFINISHED"
        row = {"what": what, "value": value, "unit": unit, "goal": goal, "verdict": verdict, "note": note} | more
        self.rows.append(row)
        limit = "" if goal is None else f"{'≤' if at_most else '≥'} {goal:,g} {unit}"
        print(f"  {what:<46} {number(value) + ' ' + unit:>14} {limit:>14}  {verdict:<14} {note}", flush=True)

    def add_load(self, what, run, goal=None, **more):
        note = f"p50 {run['p50_us']:,.0f}  p99 {run['p99_us']:,.0f} µs  CPU {run['cpu_us']:.1f} µs each"
        if run.get("used", 0) < len(run.get("all_runs", [])):
            note += f"  [{run['used']} of {len(run['all_runs'])} rounds]"
        if run["noise"] > measure.NOISY:
            alone = 1e6 / run["cpu_us"]
            note += f"; NOISY: others took {run['others']:.0%} of the core; {alone:,.0f} in a second of CPU"
        self.add(what, run["per_second"], "/s", goal, note=note, run=run, **more)


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


class Bench:
    def __init__(self, folder, plan, quick):
        self.folder = folder
        self.plan = plan
        self.quick = quick
        self.table = Table()
        self.next_user = 0
        self.ids = folder / "ids"
        self.ids_used = 0

    # ---- steps that rows share ----

    def timing(self):
        return {"seconds": self.plan["seconds"], "warmup": self.plan["warmup"]}

    def post(self, server, connections, tls=False, **options):
        run = load(server, "post", tls, connections=connections, first=self.next_user, **(self.timing() | options))
        self.next_user += run["all"]
        return run

    def seed(self, server, count, name="ids", tls=False):
        """Makes users, whose ids are those of all later requests."""
        self.ids = self.folder / name
        self.ids_used = 0
        return self.post(server, 64, tls, count=count, save=self.ids)

    def patch(self, server, connections, tls=False, **options):
        options = self.timing() | options
        run = load(server, "patch", tls, connections=connections, ids=self.ids, first=self.ids_used, **options)
        self.ids_used += run["all"]
        return run

    def get(self, server, connections, tls=False, **options):
        return load(server, "get", tls, connections=connections, ids=self.ids, **(self.timing() | options))

    # ---- groups of rows ----

    def size(self):
        self.table.heading("Start and size")
        bundle = measure.build_bundle(self.folder, measure.STARTER, "scimward/decision")
        raw, ready, rss = [], [], []
        for i in range(3):
            with BenchGateway(self.folder / f"raw-{i}") as gateway:
                raw.append(gateway.ready_s)
                time.sleep(0.5)
                rss.append(measure.rss_mib(gateway.pid))
            with BenchGateway(self.folder / f"bundle-{i}", bundle=bundle) as gateway:
                ready.append(gateway.ready_s)
        opa = "opa check and opa build run first"
        self.table.add("start to ready, raw Rego", statistics.median(raw), "s", 0.5, True, note=opa)
        self.table.add("start to ready, bundle", statistics.median(ready), "s", 0.5, True)
        self.table.add("resident memory, idle", statistics.median(rss), "MB", 25, True)

    def speed(self, tls=False):
        """GET, POST and PATCH, the limit program in the same rounds, then latencies at a fixed rate."""
        self.table.heading("Speed, TLS" if tls else "Speed, plain")
        files = measure.make_certificate(self.folder) if tls else {}
        listen = {"listen": {"tls": files}} if tls else {}
        goals = {("get", 16): 30000, ("get", 64): 30000, ("post", 16): 8000, ("post", 64): 10000}
        goals |= {("patch", 16): 10000, ("patch", 64): 10000}
        connections = (16, 64) if self.quick else (1, 16, 64)
        limit_options = (f"{name}={path}" for name, path in files.items())
        gateway = BenchGateway(self.folder / ("tls" if tls else "plain"), **listen)
        with Helper("bench_limit", *limit_options) as limit, gateway:
            self.seed(gateway, self.plan["seed"], tls=tls)
            runs = {}
            for _ in range(self.plan["tls_rounds" if tls else "rounds"]):
                for count in connections:
                    for mode, run in (("get", self.get), ("post", self.post), ("patch", self.patch)):
                        runs.setdefault((mode, count), []).append(run(gateway, count, tls))
                for mode, run in (("get", self.get), ("post", self.post)):
                    runs.setdefault(("limit " + mode, 64), []).append(run(limit, 64, tls, seconds=0.5))
            for mode in ("get", "post", "patch"):
                for count in connections:
                    goal = None if tls else goals.get((mode, count))
                    middle = median_of(runs[mode, count])
                    self.table.add_load(f"{mode.upper()}, {count} connections", middle, goal)
            for mode in ("get", "post"):
                self.table.add_load(f"limit program, {mode.upper()}, 64", median_of(runs["limit " + mode, 64]))
            if not tls:
                self.at_a_rate(gateway)

    def at_a_rate(self, gateway):
        for mode, run, rate in (("GET", self.get, 15000), ("POST", self.post, 5000), ("PATCH", self.patch, 5000)):
            result = run(gateway, 64, rate=rate)
            late = f", {result['unsent']} not sent" if result["unsent"] else ""
            self.table.add(
                f"{mode} at a constant {rate:,}/s: p99", result["p99_us"] / 1000, "ms",
                note=f"p50 {result['p50_us']} µs, max {result['max_us'] / 1000:.1f} ms{late}", run=result,
            )

    def steps(self):
        """Where the time of a POST and a PATCH goes: CPU per step, by timers that are off otherwise."""
        self.table.heading("Where the time goes (µs of CPU for each request, 64 connections)")
        with BenchGateway(self.folder / "steps", steps=True) as gateway:
            self.seed(gateway, 4000, "ids-steps")
            for mode, run in (("get", self.get), ("post", self.post), ("patch", self.patch)):
                before = measure.metrics(gateway)
                result = run(gateway, 64, warmup=0)
                after = measure.metrics(gateway)
                for name, us in measure.step_parts(before, after, result).items():
                    self.table.add(f"{mode.upper()}: {name}", us, "µs")
                count, total = ("scimward_journal_fsync_seconds_" + end for end in ("count", "sum"))
                commits = after[count] - before[count]
                if commits > 0:
                    us = (after[total] - before[total]) * 1e6 / commits
                    note = f"{result['all'] / commits:.1f} operations in each"
                    self.table.add(f"{mode.upper()}: one COMMIT with its fsync (time)", us, "µs", note=note)

    def app(self):
        """Decided and delivered, and does the queue grow?"""
        self.table.heading("With one app on the other core")
        with Helper("bench_app", core=measure.LOAD_CORE) as app:
            self.deliver(app)

    def deliver(self, app):
        row = {"name": "app", "connector": "scim", "url": f"http://127.0.0.1:{app.port}/v2"}
        row |= {"token": "t" * 32, "allow_private": True}
        with BenchGateway(self.folder / "app", apps=[row]) as gateway:
            self.seed(gateway, 500, "ids-app")
            gateway.wait_delivered()
            seconds = 2 if self.quick else 6
            begin = time.monotonic()
            before = self.delivered(app)
            run = self.post(gateway, 16, rate=2200, seconds=seconds, warmup=0)
            rate = (self.delivered(app) - before) / (time.monotonic() - begin)
            waiting = run["all"] - (self.delivered(app) - before)
            note = f"{run['per_second']:.0f}/s decided at 2,200/s; {max(0, waiting)} waited at the end"
            self.table.add("decided and delivered, constant rate", rate, "/s", 2000, note=note, run=run)
            gateway.wait_delivered()
            begin, before = time.monotonic(), self.delivered(app)
            run = self.post(gateway, 64, seconds=seconds, warmup=0)
            gateway.wait_delivered()
            rate = (self.delivered(app) - before) / (time.monotonic() - begin)
            note = f"{run['per_second']:.0f}/s decided meanwhile, the queue was emptied after"
            self.table.add("delivered, load without a limit", rate, "/s", note=note, run=run)

    def delivered(self, app):
        with urllib.request.urlopen(f"http://127.0.0.1:{app.port}/count") as answer:
            return json.load(answer)["users"]

    def access(self):
        """AuthZEN over kept connections; beside it OPA over the same, given what the directory would say."""
        self.table.heading("May that person do that? (AuthZEN)")
        policy = self.folder / "access-policy"
        shutil.copytree(measure.STARTER, policy)
        (policy / "authzen.rego").write_text(ACCESS)
        with BenchGateway(self.folder / "access", policy=policy) as gateway:
            first, self.next_user = self.next_user, 0
            self.seed(gateway, USERS, "ids-access")
            self.next_user = first
            members = [{"value": i} for i in self.ids.read_text().split()[: USERS // 2]]
            gateway.group("deployers-prod", [])
            group = gateway.find("Groups", 'displayName eq "deployers-prod"').json["Resources"][0]["id"]
            answer = gateway.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": members})
            assert answer.status in (200, 204), answer
            with measure.Opa(policy, measure.free_address()) as opa:
                runs = {}
                for _ in range(self.plan["rounds"]):
                    for name, server, mode, count in (
                        ("one", gateway, "access", 1),
                        ("many", gateway, "access", 64),
                        ("opa", opa, "access-opa", 1),
                    ):
                        run = load(server, mode, connections=count, users=USERS, **self.timing())
                        runs.setdefault(name, []).append(run)
        one, many, theirs = (median_of(runs[name]) for name in ("one", "many", "opa"))
        note = f"p99 {one['p99_us']:,.0f}; OPA's data API, the person sent along: p50 {theirs['p50_us']:,.0f} µs"
        self.table.add(
            "evaluation p50, 1 connection", one["p50_us"], "µs", 200, True, note=note, run=one, opa_us=theirs["p50_us"]
        )
        self.table.add_load("evaluations, 64 connections", many)

    def opa(self):
        """policy.engine: opa; the server is on the load's core."""
        self.table.heading("An OPA server decides (unix socket, on the load's core)")
        policy, address = self.folder / "opa-policy", self.folder / "opa.sock"
        shutil.copytree(measure.STARTER, policy)
        with measure.Opa(policy, address, core=measure.LOAD_CORE) as opa:
            with BenchGateway(self.folder / "opa", where=opa.config()) as gateway:
                for count in (1, 16):
                    runs = [self.post(gateway, count) for _ in range(self.plan["rounds"])]
                    self.table.add_load(f"POST, {count} connection{'s' if count > 1 else ''}", median_of(runs))

    def replay(self):
        """Decisions of the past, decided again: half of them creates, half changes that refer to what was there."""
        decisions = 10000 if self.quick else 100000
        self.table.heading(f"{decisions:,} decisions of the journal, decided again")
        with BenchGateway(self.folder / "replay") as gateway:
            self.seed(gateway, decisions // 2, "ids-replay")
            self.patch(gateway, 64, count=decisions // 2)
        other = self.folder / "replay-policy"
        shutil.copytree(measure.STARTER, other)
        (other / "rules" / "bench.rego").write_text(NOBODY)
        modules = (other / "modules.rego").read_text()
        (other / "modules.rego").write_text(modules.replace("deny := {", 'deny := {\n\t"bench": rules.bench.deny,', 1))
        for name, against in (("by the policy that decided", "recorded"), ("by another policy, which denies all", other)):
            found = gateway.cli_json("policy", "replay", "--against", str(against))["replay"]
            assert found["replayed"] == decisions and found["not_replayed"] == [], found["not_replayed"]
            assert found["changed"] == (0 if against == "recorded" else decisions), found["kinds"]
            note = f"{found['took_ms'] * 1000 / decisions:.1f} µs each, one thread"
            goal = 10 * decisions / 100000
            self.table.add(f"policy replay, {name}", found["took_ms"] / 1000, "s", goal, True, note=note)

    def large(self):
        """What grows with the number of users and members, and what must not."""
        self.table.heading("100,000 users")
        with BenchGateway(self.folder / "large") as gateway:
            first = self.next_user
            self.next_user = 0
            self.seed(gateway, 1000, "ids-large")
            small = self.filter_time(gateway, 1000)
            rest = self.post(gateway, 64, count=99000, save=self.folder / "ids-rest")
            self.table.add_load("filling: POST, 64 connections", rest)
            self.table.add("resident memory, 100,000 users", measure.rss_mib(gateway.pid), "MB", 120, True)
            large = self.filter_time(gateway, 100000)
            note = f"{small:.1f} and {large:.1f} µs of CPU each"
            self.table.add("userName eq: time at 100,000 to 1,000", large / small, "x", 1.5, True, note=note)
            self.groups(gateway)
            self.next_user = first

    def filter_time(self, gateway, users):
        run = lambda: load(gateway, "by-name", connections=1, users=users, **self.timing())  # noqa: E731
        return statistics.median(run()["cpu_us"] for _ in range(self.plan["rounds"]))

    def groups(self, gateway):
        """One member more in a group of 10 and in one of nearly 100,000; answers of both are small."""
        ids = (self.folder / "ids-large").read_text().split() + (self.folder / "ids-rest").read_text().split()
        runs, adds, size = 10, 40, 99000
        small = [gateway.group(f"small {i}", ids[:10])["id"] for i in range(runs)]
        large = gateway.group("large", ids[:10])["id"]
        for at in range(10, size, 20000):
            members = [{"value": i} for i in ids[at : min(at + 20000, size)]]
            answer = gateway.patch(f"/Groups/{large}", {"op": "add", "path": "members", "value": members})
            assert answer.status in (200, 204), answer
        (self.folder / "ids-new").write_text("\n".join(ids[size:]) + "\n")
        times = {"small": [], "large": []}
        for i in range(runs):
            for name, group in (("small", small[i]), ("large", large)):
                options = {"ids": self.folder / "ids-new", "first": i * adds, "count": adds, "group": group}
                times[name].append(load(gateway, "member", connections=1, **options)["cpu_us"])
        small_us, large_us = statistics.median(times["small"]), statistics.median(times["large"])
        note = f"{small_us:.0f} and {large_us:.0f} µs of CPU each"
        self.table.add("adding a member: group of 99,000 to 10", large_us / small_us, "x", 2, True, note=note)
        self.table.add("resident memory after that", measure.rss_mib(gateway.pid), "MB")

    def decision(self):
        self.table.heading("One decision, one body")
        value = json.loads(measure.run_bench("bench_value", "--json").splitlines()[0])
        self.table.add("base/value: parse a user of 1 kB", value["parse_ns"] / 1000, "µs", 4, True)
        self.table.add("base/value: print it", value["print_ns"] / 1000, "µs")
        self.table.add("jansson: parse it", value["jansson_parse_ns"] / 1000, "µs")
        if not SAMPLE.exists():
            print("  (the sample policy of 500 roles is not there: its rows are left out)")
            return
        inputs = sorted(SAMPLE.glob("in_*.json"))
        bundle = measure.build_bundle(self.folder, SAMPLE, "scimgw/users/decision")
        ours = measure.bench_policy(bundle, "scimgw/users/decision", inputs, self.plan["policy_rounds"])
        theirs = measure.ask_opa(self.folder, SAMPLE, "scimgw/users/decision", inputs, 1 if self.quick else 4)
        for file, our, their in zip(inputs, ours, theirs, strict=True):
            note = f"OPA over a unix socket: {their:,.0f} µs"
            self.table.add(f"decision p50, {file.stem}", our["p50_us"], "µs", 15, True, note=note, opa_us=their)


GROUPS = {
    "size": Bench.size,
    "decision": Bench.decision,
    "speed": Bench.speed,
    "steps": Bench.steps,
    "tls": lambda bench: bench.speed(tls=True),
    "app": Bench.app,
    "access": Bench.access,
    "opa": Bench.opa,
    "replay": Bench.replay,
    "large": Bench.large,
}


def run_scale(parser, arguments):
    users = arguments.scale_users if arguments.scale_users is not None else 1_000_000
    if users < 20000:
        parser.error("--scale-users: at least 20,000")
    os.sched_setaffinity(0, {measure.LOAD_CORE})
    scale.run(users, Table())


def main():
    parser = argparse.ArgumentParser(prog="./run bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", help="groups of rows: " + ", ".join(GROUPS))
    parser.add_argument("--scale", action="store_true", help="a million people, some minutes; writes bench-scale.json")
    parser.add_argument("--scale-users", type=int, metavar="N", help="the same with N people, at least 20,000")
    arguments = parser.parse_args()
    if arguments.scale or arguments.scale_users is not None:
        return run_scale(parser, arguments)
    wanted = arguments.only.split(",") if arguments.only else [g for g in GROUPS if not arguments.quick or g != "large"]
    if set(wanted) - set(GROUPS):
        parser.error("no such group of rows")
    os.sched_setaffinity(0, {measure.LOAD_CORE})
    about = measure.machine()
    begin = time.monotonic()
    print("{cpu}, {cores} cores, Linux {kernel}, load average {load_average:.1f}".format(**about))
    # Not /tmp: that may be memory, and an fsync there costs nothing.
    BUILD.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="data-", dir=BUILD))
    try:
        bench = Bench(folder, QUICK if arguments.quick else FULL, arguments.quick)
        for name in wanted:
            GROUPS[name](bench)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    about["seconds"] = round(time.monotonic() - begin, 1)
    about["load_average_after"] = os.getloadavg()[0]
    result = {"machine": about, "quick": arguments.quick, "rows": bench.table.rows}
    (BUILD.parent / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    unfinished = [row["what"] for row in bench.table.rows if row["verdict"] == "UNFINISHED"]
    print(f"\n{about['seconds']:.0f} s; {len(bench.table.rows)} rows, unfinished: {', '.join(unfinished) or 'none'}")
    print(f"written: {BUILD.parent / 'bench.json'}")


if __name__ == "__main__":
    sys.exit(main())
