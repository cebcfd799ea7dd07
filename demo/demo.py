#!/usr/bin/env python3
"""./run demo: an identity provider's traffic, decided, recorded, delivered. A story of about half a minute.

    demo.py            tells the story and leaves gateway and app running
    demo.py --stop     ends what an earlier demo left running
    demo.py --no-keep  ends everything at the end (for tests)

Everything is real: the program that ./run build made, the starter policy, a SCIM app that nobody here wrote
(scim2-server, with a small storage that survives its process), and a third-party verifier of the journal.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from app_process import App  # noqa: E402
from gateway import PATCH, PROGRAM, USER, Gateway, environment, wait_until  # noqa: E402

FOLDER = ROOT / "build" / "demo"
RUNNING = FOLDER / "running.json"
ENTRA_HEADERS = {"Content-Type": "application/scim+json; charset=utf-8"}
OKTA_HEADERS = {
    "User-Agent": "Okta SCIM Client 1.0.0",
    "Content-Type": "application/scim+json; charset=utf-8",
    "Accept": "application/scim+json",
}
STAFF = 60

colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
BOLD, DIM, GREEN, RED, END = ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if colour else ("",) * 5


def say(text=""):
    print(text, flush=True)


def chapter(number, title):
    say(f"\n{BOLD}{number}. {title}{END}")


class Story:
    def __init__(self, gateway, app):
        self.gateway = gateway
        self.app = app

    # ---- what the identity providers send ----

    def create(self, name, source="entra", **attributes):
        body = {
            "schemas": [USER],
            "externalId": name.split("@")[0],
            "userName": name,
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": name}],
            "meta": {"resourceType": "User"},
            "roles": [],
        } | attributes
        headers = OKTA_HEADERS if source == "okta" else ENTRA_HEADERS
        return self.gateway.post("/Users", body, source=source, headers=headers)

    def patch(self, path, op, attribute, value):
        body = {"schemas": [PATCH], "Operations": [{"op": op, "path": attribute, "value": value}]}
        return self.gateway.request("PATCH", path, body, source="entra", headers=ENTRA_HEADERS)

    # ---- what is told ----

    def tell(self, what, answer):
        """One request and its answer, with the journal beside it."""
        index = answer.journal_index
        good = answer.status < 300
        verdict = f"{GREEN}{answer.status} allowed{END}" if good else f"{RED}{answer.status} refused{END}"
        say(f"   {what}")
        say(f"     {verdict}{DIM}, journal entry {index}{END}")
        if not good:
            say(f"     {DIM}the identity provider reads:{END} {answer.json['detail']}")
        return answer

    def accounts(self):
        return {account["userName"]: account for account in self.app.all()}

    def wait_for_account(self, name, what, condition=lambda account: True):
        begin = time.monotonic()
        wait_until(lambda: name in (found := self.accounts()) and condition(found[name]), what)
        say(f"     {DIM}wiki: {what}, {1000 * (time.monotonic() - begin):.0f} ms later{END}")

    # ---- the chapters ----

    def joiners(self):
        chapter(1, "Joiners")
        anna = self.tell("Entra creates anna@example.com", self.create("anna@example.com", displayName="Anna Berg"))
        self.wait_for_account("anna@example.com", "the account is there")
        self.tell(
            "Okta creates dora@example.com, with a random password as it always does",
            self.create("dora@example.com", source="okta", password="Rdm-8472-okta", groups=[]),
        )
        self.wait_for_account("dora@example.com", "the account is there, the password never left the gateway")
        self.tell("Entra creates eve@evil.example", self.create("eve@evil.example"))
        return anna.json["id"]

    def staff(self):
        ids = []
        for number in range(STAFF):
            answer = self.create(f"person{number + 1}@example.com")
            assert answer.status == 201, answer
            ids.append(answer.json["id"])
        say(f"   {DIM}(and {STAFF} colleagues, so that there is somebody to lose){END}")
        return ids

    def role_change(self, anna):
        chapter(2, "A change of role that separation of duties refuses")
        groups = {name: self.gateway.group(name, source="entra")["id"] for name in ("buyers", "invoice-approvers")}
        member = [{"$ref": None, "value": anna}]
        self.tell("Entra adds Anna to buyers", self.patch(f"/Groups/{groups['buyers']}", "Add", "members", member))
        path = f"/Groups/{groups['invoice-approvers']}"
        self.tell("Entra adds Anna to invoice-approvers as well", self.patch(path, "Add", "members", member))

    def escalation(self, anna):
        chapter(3, "An attempt to make somebody an admin")
        admins = self.gateway.group("admins", source="entra")["id"]
        member = [{"$ref": None, "value": anna}]
        self.tell("Entra adds Anna to admins", self.patch(f"/Groups/{admins}", "Add", "members", member))

    def mass_removal(self, staff):
        chapter(4, "A mass removal that the rail stops")
        everyone = self.gateway.group("everyone", staff, source="entra")["id"]
        path = f"/Groups/{everyone}"
        self.tell(f"A broken sync replaces the {STAFF} members of everyone by nobody", self.patch(path, "Replace", "members", []))
        left = self.gateway.get(path, source="entra").json["members"]
        say(f"     {DIM}everyone still has {len(left)} members{END}")

    def leaver(self, anna):
        chapter(5, "A leaver")
        self.tell('Entra sends active: "False", as text, as it does', self.patch(f"/Users/{anna}", "Replace", "active", "False"))
        self.wait_for_account("anna@example.com", "the account is disabled", lambda account: not account["active"])

    def outage(self, staff):
        chapter(6, "The app is down, work goes on, nothing is lost")
        self.app.kill()
        say("   the app is killed (kill -9)")
        self.tell("Entra gives person1 a title", self.patch(f"/Users/{staff[0]}", "Replace", "title", "Head of Wiki"))
        self.tell("Entra creates fritz@example.com", self.create("fritz@example.com"))
        say(f"   {DIM}$ scimward delivery list{END}")
        for line in self.gateway.cli("delivery", "list").splitlines():
            say(f"     {line[:150]}")
        self.app.start()
        say("   the app comes back")
        self.wait_for_account("fritz@example.com", "fritz is there")
        self.wait_for_account("person1@example.com", "the title too", lambda a: a.get("title") == "Head of Wiki")

    def journal(self):
        chapter(7, "The journal")
        self.gateway.wait_delivered()
        say(f"   {DIM}$ scimward journal tail --filter 'effect eq \"deny\"'{END}")
        for line in self.gateway.cli("journal", "tail", "--filter", 'effect eq "deny"').splitlines():
            say(f"     {line}")
        say(f"   {DIM}$ scimward journal verify{END}")
        for line in self.gateway.cli("journal", "verify").splitlines():
            say(f"     {GREEN}{line}{END}")
        self.third_party()

    def third_party(self):
        log = self.gateway.folder / "journal"
        fsck = ROOT / ".setup" / "bin" / "fsck"
        say(f"   {DIM}$ fsck --storage_url=file://…/journal --public_key=…/log.vkey   (transparency-dev/tessera){END}")
        if not fsck.exists():
            say("     not installed; ./run setup does that")
            return
        published = self.gateway.cli_json("status", code=(0, 2))["status"]["journal"]
        wait_until(lambda: (log / "checkpoint").exists(), "the first checkpoint")
        result = subprocess.run(
            [fsck, "--ui=false", "--N=8", f"--storage_url=file://{log}", f"--public_key={log / 'log.vkey'}"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        output = result.stdout + result.stderr
        assert "Successfully fsck'd log" in output, output[-2000:]
        say(f"     {GREEN}Successfully fsck'd log{END}, {published['published']} entries")


def stop_running():
    """Ends what an earlier demo left, by the ids it wrote down, if they are still what they were."""
    if not RUNNING.exists():
        return False
    found = False
    for pid, word in json.loads(RUNNING.read_text()).items():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        except OSError:
            continue
        if word in command and str(FOLDER) in command:
            os.kill(int(pid), signal.SIGTERM)
            found = True
            wait_until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), "it ends")
    RUNNING.unlink()
    return found


def leave_running(gateway, app):
    """Starts both again, as processes of their own, on the ports they had."""
    document = json.loads(gateway.config_path.read_text())
    document["listen"]["address"] = f"127.0.0.1:{gateway.port}"
    gateway.stop()
    app.kill()
    gateway.config_path.write_text(json.dumps(document, indent=1))
    log = open(gateway.folder / "log.jsonl", "ab")
    support = ROOT / "tests" / "support"
    behind = subprocess.Popen(
        [sys.executable, support / "app.py", "--database", app.folder / f"{app.name}.db", "--port", str(app.port)]
        + ["--token", app.token, "--schema", support / "person_schema.json"],
        stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    front = subprocess.Popen(
        [PROGRAM, "serve", "-c", gateway.config_path],
        stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, env=environment(),
    )  # fmt: skip
    RUNNING.write_text(json.dumps({str(behind.pid): "app.py", str(front.pid): "serve"}))
    wait_until(lambda: gateway.cli("status", "--health", code=None).returncode == 0, "the gateway is up again")
    config = os.path.relpath(gateway.config_path)
    program = os.path.relpath(PROGRAM)
    say(f"\n{BOLD}Gateway and app are left running. Try:{END}\n")
    say(f"  {program} status -c {config}")
    say(f"  {program} journal tail -f -c {config}")
    say(f"  {program} journal show 1 -c {config}")
    say(f"  curl -s -H 'Authorization: Bearer {gateway.tokens['entra']}' \\")
    say(f"      'http://127.0.0.1:{gateway.port}/scim/v2/Users?filter=active%20eq%20false'")
    say(f"  $EDITOR {os.path.relpath(gateway.folder)}/policy/access/data.yaml   # then: kill -HUP {front.pid}")
    say("\n  ./run demo --stop ends them\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stop", action="store_true", help="end what an earlier demo left running")
    parser.add_argument("--no-keep", action="store_true", help="leave nothing running")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the demo keeps its files")
    arguments = parser.parse_args()
    if arguments.stop:
        say("stopped" if stop_running() else "nothing was running")
        return 0
    if arguments.folder == FOLDER:
        stop_running()
    subprocess.run(["rm", "-rf", str(arguments.folder)], check=True)
    begin = time.monotonic()
    app = App(arguments.folder / "app", "wiki").start()
    gateway = Gateway(
        arguments.folder / "gateway",
        sources=[{"name": "entra", "dialect": "entra"}, {"name": "okta", "dialect": "okta"}],
        apps=[app.config()],
        policy="starter",
    )
    try:
        gateway.start()
        say(f"{BOLD}entra, okta ──SCIM──▶ scimward (127.0.0.1:{gateway.port}, starter policy) ──SCIM──▶ wiki{END}")
        story = Story(gateway, app)
        anna = story.joiners()
        staff = story.staff()
        story.role_change(anna)
        story.escalation(anna)
        story.mass_removal(staff)
        story.leaver(anna)
        story.outage(staff)
        story.journal()
        say(f"\n{DIM}told in {time.monotonic() - begin:.0f} s{END}")
        if not arguments.no_keep:
            leave_running(gateway, app)
    finally:
        if gateway.process is not None:
            gateway.stop()
        app.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
