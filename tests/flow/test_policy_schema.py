"""JSON Schemas of what a policy sees, what it answers and what its data look like; and who is held against them."""

import json
import shutil
import subprocess

import jsonschema
import pytest
import yaml
from decisions import evaluate, whole_entry

from gateway import GROUP, PATCH, STARTER, USER, environment
from scenarios import scimward


def schema_of(what, *where):
    done = scimward("policy", "schema", what, *where)
    assert done.returncode == 0, done.stderr
    schema = json.loads(done.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.fixture(scope="module")
def output():
    return schema_of("output")


def starter(tmp_path):
    shutil.copytree(STARTER, tmp_path / "policy")
    return tmp_path / "policy"


def change(folder, old, new):
    data = folder / "access" / "data.yaml"
    text = data.read_text()
    assert text.count(old) == 1, old
    data.write_text(text.replace(old, new))
    return folder


# ---- input and output ----


def test_what_the_gateway_asks_and_what_it_is_answered_fit_their_schemas(make_gateway, tmp_path, output):
    gateway = make_gateway(policy="starter")
    policy = change(starter(tmp_path), "levels: {}", "levels: {email_domains: soft, separation_of_duties: observe}")
    buyers = gateway.post("/Groups", {"schemas": [GROUP], "displayName": "buyers"}).json["id"]
    approvers = gateway.post("/Groups", {"schemas": [GROUP], "displayName": "invoice-approvers"}).json["id"]
    anna = gateway.post("/Users", {"schemas": [USER], "userName": "anna@example.com", "title": "x"}).json["id"]
    gateway.post("/Users", {"schemas": [USER], "userName": "eve@evil.example"})
    held = gateway.post("/Groups", {"schemas": [GROUP], "displayName": "payments-approvers"}).json["id"]
    for group in (buyers, approvers, held):
        body = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": anna}]}]}
        gateway.patch(f"/Groups/{group}", body["Operations"][0])
    gateway.patch(f"/Users/{anna}", {"op": "replace", "path": "active", "value": False})
    gateway.delete(f"/Users/{anna}")

    asked = schema_of("input")
    effects = set()
    for entry in gateway.journal('kind eq "decision"'):
        what = whole_entry(gateway, entry["index"])["input"]
        assert list(asked.iter_errors(what)) == []
        decision = evaluate(gateway, what, policy)
        assert list(output.iter_errors(decision)) == []
        effects |= {decision["effect"], *(key for key in ("observed", "overridable") if key in decision)}

    assert effects == {"allow", "deny", "hold", "observed", "overridable"}


APPROVAL = {"groups": ["security"], "min": 1, "expires_s": 60}
REASON = {"code": "a.b", "message": "c"}
ANSWERS = [
    {"effect": "allow"},
    {"effect": "allow", "reasons": [REASON], "apps": [], "obligations": [{"op": "add"}], "observed": [REASON]},
    {"effect": "deny", "reasons": [], "overridable": True},
    {"effect": "deny", "overridable": False},
    {"effect": "hold", "approval": APPROVAL},
    {"effect": "hold", "approval": APPROVAL | {"groups": []}, "overridable": False},
    {},
    {"effect": "maybe"},
    {"effect": None},
    {"effect": "allow", "reason": []},
    {"effect": "allow", "reasons": None},
    {"effect": "allow", "reasons": ["a.b"]},
    {"effect": "allow", "reasons": [{"code": "a.b"}]},
    {"effect": "allow", "reasons": [{"code": "", "message": "c"}]},
    {"effect": "allow", "reasons": [REASON | {"level": "high"}]},
    {"effect": "allow", "observed": [{"message": "c"}]},
    {"effect": "allow", "approval": APPROVAL},
    {"effect": "allow", "overridable": True},
    {"effect": "allow", "apps": ["a", ""]},
    {"effect": "allow", "apps": "a"},
    {"effect": "allow", "obligations": ["add"]},
    {"effect": "hold"},
    {"effect": "hold", "approval": APPROVAL | {"min": 0}},
    {"effect": "hold", "approval": APPROVAL | {"max": 2}},
    {"effect": "hold", "approval": {"groups": ["security"], "min": 1}},
    {"effect": "hold", "approval": APPROVAL, "overridable": True},
    {"effect": "deny", "overridable": "yes"},
]


def test_the_schema_of_the_answer_takes_what_the_gateway_takes(tmp_path, output):
    folder = tmp_path / "policy"
    folder.mkdir()
    rego = 'package scimward\n\ndecision := input.after.answer if input.after.answer\n\ndecision := {"effect": "allow"} if '
    (folder / "p.rego").write_text(rego + "not input.after.answer\n")
    bundle = tmp_path / "p.tar.gz"
    command = ["opa", "build", "-b", "-t", "plan", "-e", "scimward/decision", "-o", bundle, folder]
    subprocess.run(command, check=True, env=environment())

    for answer in ANSWERS:
        (tmp_path / "input.json").write_text(json.dumps({"after": {"answer": answer}}))
        done = scimward("policy", "eval", bundle, "--input", tmp_path / "input.json")
        taken = "no answer" not in done.stderr
        assert taken == (done.stdout != ""), done.stderr
        assert output.is_valid(answer) == taken, (answer, done.stderr)


# ---- data ----


def test_the_data_of_the_library_fit_and_each_module_says_what_its_look_like(tmp_path):
    schema = schema_of("data", STARTER)
    data = {"access": yaml.safe_load((STARTER / "access" / "data.yaml").read_text())}
    said = set(schema.schema["properties"]["access"]["properties"])

    assert list(schema.iter_errors(data)) == []
    assert {rules.stem for rules in (STARTER / "rules").glob("*.rego")} <= said
    assert set(data["access"]) <= said


WRONG = {
    "levels: {}": ("levels: {naming: obsevre}", "levels.naming"),
    "removals: {max: 50, percent: 10}": ("removals: {max: 50, percent: ten}", "rails.removals.percent"),
    "email_domains: [example.com]": ("email_domains: example.com", "email_domains"),
    'granted_by: ["kind:admin"]\n': ("grantedBy: []\n", "privileged_groups.admins"),
    "effect: hold": ("effect: wait", "freeze.ledger-closing.effect"),
    "max_days: 366": ("max_days: 0", "contractors.max_days"),
    "User: [patch]": ("User: [update]", "sources.kind:job.User.0"),
    "admins: 2": ("admins: two", "minimum_members.admins"),
}


@pytest.mark.parametrize("old", WRONG)
def test_wrong_data_are_told_with_file_line_and_path(tmp_path, old):
    new, path = WRONG[old]
    folder = change(starter(tmp_path), old, new)
    text = (folder / "access" / "data.yaml").read_text()
    line = text[: text.index(new)].count("\n") + 1

    done = scimward("policy", "check", folder)

    assert done.returncode == 2, done.stdout
    told = done.stderr.removeprefix("scimward: ")
    assert told.startswith("access/data.yaml:") and f": data.access.{path}: " in told, told
    assert abs(int(told.split(":")[1]) - line) <= 1 and "says what belongs there" in told, told


def test_a_rule_that_misspells_data_is_an_error_of_plain_opa(tmp_path):
    folder = starter(tmp_path)
    contractors = folder / "rules" / "contractors.rego"
    contractors.write_text(contractors.read_text().replace("contractors.max_days *", "contractors.days_max *"))

    done = subprocess.run(["opa", "check", "--strict", "-b", folder], capture_output=True, text=True, env=environment())

    assert done.returncode != 0
    assert "undefined ref: data.access.contractors.days_max" in done.stderr + done.stdout


def test_the_gate_refuses_wrong_data_and_the_policy_before_stays(make_gateway):
    gateway = make_gateway(policy="starter")
    change(gateway.folder / "policy", "max_days: 366", "max_days: many")

    refused = gateway.cli("policy", "reload", code=2)

    assert "data.access.contractors.max_days" in refused
    assert gateway.cli_json("policy", "status", code=2)["policy"]["refused"]["step"] == "data"
    assert gateway.post("/Users", {"schemas": [USER], "userName": "a@example.com"}).status == 201
    change(gateway.folder / "policy", "max_days: many", "max_days: 30")
    gateway.cli("policy", "reload")


def test_there_is_no_schema_of_anything_else(tmp_path):
    for arguments, code, word in [
        (("outputs",), 64, "input, output and data"),
        (("input", str(STARTER)), 64, "same for every policy"),
        (("data", "/no/such"), 1, "/no/such"),
        (("data", "x.tar.gz"), 1, "folder"),
    ]:
        done = scimward("policy", "schema", *arguments)
        assert done.returncode == code and word in done.stderr and done.stdout == "", (arguments, done)
