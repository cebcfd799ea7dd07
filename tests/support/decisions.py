"""Decisions as the journal and the command line show them."""

import json
import subprocess

from gateway import ROOT, environment

SCHEMA = json.loads((ROOT / "policy" / "schema" / "input.json").read_text())


def last_entry(gateway):
    (entry,) = gateway.journal(count=1)
    return entry


def whole_entry(gateway, index):
    """Entry and input of `journal show`, without what differs from run to run."""
    return gateway.cli_json("journal", "show", str(index))["entry"]


def evaluate(gateway, what, *where, code=(0, 2)):
    """What the own evaluator says of it, whoever decides for the gateway."""
    if gateway.opa and not where:
        where = (str(gateway.folder / "policy"),)
    text = gateway.cli("policy", "eval", *where, "-o", "json", code=code, stdin=json.dumps(what))
    return json.loads(text)["decision"]


def make_bundle(folder, path, target="plan"):
    """What a build pipeline makes of a folder of Rego."""
    command = ["opa", "build", "-b", "-t", target, "-e", "scimward/decision", "--ignore", "*_test.rego"]
    subprocess.run([*command, "-o", str(path), str(folder)], check=True, env=environment(), timeout=60)
    return path
