"""What tests of `scimward policy test` share."""

import json
import subprocess

from gateway import PROGRAM, environment

# Denies interns; asks for an obligation and apps of everybody else.
POLICY = """package scimward

decision := {"effect": "deny", "reasons": [{"code": "intern.out", "message": "interns stay out"}]} if is_intern

decision := {
	"effect": "allow",
	"reasons": [],
	"obligations": [{"op": "add", "path": "locale", "value": "en-GB"}],
	"apps": ["wiki"],
} if {
	not is_intern
	input.operation != "delete"
}

decision := {"effect": "allow", "reasons": []} if {
	not is_intern
	input.operation == "delete"
}

is_intern if input.after.userType == "intern"
"""

JOINER = """
scenarios:
  - name: a joiner comes in
    when:
      request: POST /Users
      body: {schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: ben@example.com}
    then: {effect: allow, status: 201}
"""


def make_policy(tmp_path):
    """A function that makes a folder of a policy and its scenarios, and returns its path."""

    def make(rego=POLICY, **scenarios):
        folder = tmp_path / "policy"
        (folder / "scenarios").mkdir(parents=True, exist_ok=True)
        (folder / "policy.rego").write_text(rego)
        for name, text in scenarios.items():
            (folder / "scenarios" / f"{name}.yaml").write_text(text)
        return folder

    return make


def scimward(*arguments, cwd=None, **env):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300, cwd=cwd, env=environment() | env
    )


def run(folder, *arguments, **options):
    return scimward("policy", "test", folder, *arguments, **options)


def report_of(folder, *arguments):
    done = run(folder, "--format", "json", *arguments)
    assert done.returncode in (0, 2), done.stderr
    return json.loads(done.stdout)["report"]


def failure_of(folder):
    """Of the one scenario that fails."""
    [finding] = report_of(folder)["findings"]
    return finding
