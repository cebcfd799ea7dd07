"""/v1/data: OPA's data API over the gateway's policy, held against a real OPA with the same policy."""

import http.client
import json
import os
import subprocess
import urllib.parse

import pytest

from gateway import PATIENCE_S, Connection, Gateway, environment, wait_until

POLICY = {
    # Not the input of a decision: the annotation says so to `opa check`.
    "main.rego": """# METADATA
# scope: package
# schemas:
# - input: {type: object}
package scimward

decision := {"effect": "allow"}

default allow := false

allow if input.user == "alice"

noted if {
	trace(sprintf("looked at %v", [input.user]))
	input.user == "alice"
}

names contains person.name if some person in data.people

clash := 1 if input.user == "alice"

clash := 2 if input.user

quotient := 1 / data.zero

double(x) := x * 2

twice := double(input.number)

seen_input if input

people_of[team] contains name if some name, team in data.teams
""",
    "deep.rego": """package scimward.deep.inside

answer := 42

nothing if false
""",
    "data.json": {
        "people": [{"name": "alice"}, {"name": "bob"}],
        "teams": {"alice": "red", "bob": "blue", "carol": "red"},
        "zero": 0,
        "scimward": {"table": {"a": 1}},
    },
}


class Opa:
    """A real OPA server over a folder."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            ["opa", "run", "--server", "--addr", "127.0.0.1:0", "--log-level", "error", "--skip-version-check", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
        )
        self.port = wait_until(self.find_port, "opa listens")

    def find_port(self):
        """The port that the process listens on: OPA does not tell."""
        assert self.process.poll() is None, self.process.stdout.read()
        inodes = {
            line.split()[9]: int(line.split()[1].split(":")[1], 16)
            for name in ("tcp", "tcp6")
            for line in open(f"/proc/net/{name}").readlines()[1:]
            if line.split()[3] == "0A"
        }
        for fd in os.listdir(f"/proc/{self.process.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{self.process.pid}/fd/{fd}")
            except OSError:
                continue
            if target.startswith("socket:[") and target[8:-1] in inodes:
                return inodes[target[8:-1]]
        return None

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request(method, path, body)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        return reply.status, json.loads(text) if text else None

    def stop(self):
        self.process.kill()
        self.process.communicate()


def write(folder, files):
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("opa")
    policy = write(folder / "source", POLICY)
    sources = [{"name": "pipeline", "kind": "job"}, {"name": "entra", "kind": "idp"}]
    with Gateway(folder / "gateway", sources=sources, policy=policy) as gateway:
        opa = Opa(policy)
        try:
            yield gateway, opa
        finally:
            opa.stop()


def ask(gateway, method, path, body=None, source="pipeline"):
    connection = Connection(gateway.port, gateway.tokens[source], base="")
    answer = connection.request(method, path, body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    connection.close()
    return answer


PATHS = [
    "/scimward/allow",
    "/scimward/decision/effect",
    "/scimward/names",
    "/scimward/names/bob",
    "/scimward/names/carol",
    "/scimward/people_of",
    "/scimward/people_of/red",
    "/scimward/quotient",
    "/scimward/twice",
    "/scimward/seen_input",
    "/scimward/deep",
    "/scimward/deep/inside",
    "/scimward/deep/inside/answer",
    "/scimward/deep/inside/nothing",
    "/scimward/table",
    "/scimward/table/a",
    "/people",
    "/people/1/name",
    "/people/7",
    "/people/x",
    "/nowhere",
    "/nowhere/at/all",
    "/zero",
]
INPUTS = [None, {"user": "alice", "number": 4}, {"user": "mallory"}, {"number": "no number"}]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_gives_what_opa_gives(both, path):
    gateway, opa = both
    for given in INPUTS:
        body = json.dumps({"input": given} if given is not None else {})
        status, wanted = opa.ask("POST", "/v1/data" + path, body)
        answer = ask(gateway, "POST", "/v1/data" + path, body)
        assert (answer.status, answer.json) == (status, wanted)


def test_get_takes_the_input_as_a_parameter(both):
    gateway, opa = both
    query = urllib.parse.urlencode({"input": json.dumps({"user": "alice"})})
    for path in ("/scimward/allow", "/scimward/noted", "/people"):
        status, wanted = opa.ask("GET", f"/v1/data{path}?{query}")
        answer = ask(gateway, "GET", f"/v1/data{path}?{query}")
        assert (answer.status, answer.json) == (status, wanted)


def test_a_whole_package_is_an_object_of_its_rules(both):
    gateway, opa = both
    body = json.dumps({"input": {"user": "mallory", "number": 1}})
    status, wanted = opa.ask("POST", "/v1/data/scimward", body)
    answer = ask(gateway, "POST", "/v1/data/scimward", body)
    assert (answer.status, answer.json) == (status, wanted)


def test_conflicts_and_strict_builtin_errors_are_500_as_with_opa(both):
    gateway, opa = both
    for path in ("/scimward/clash", "/scimward/quotient?strict-builtin-errors", "/scimward?strict-builtin-errors=true"):
        body = json.dumps({"input": {"user": "alice", "number": 1}})
        status, wanted = opa.ask("POST", "/v1/data" + path, body)
        answer = ask(gateway, "POST", "/v1/data" + path, body)
        assert answer.status == status == 500
        assert answer.json["code"] == wanted["code"] == "internal_error"
        assert answer.json["message"] == wanted["message"]
        assert answer.json["errors"][0]["code"] == wanted["errors"][0]["code"]
        assert "main.rego:" in answer.json["errors"][0]["message"]


def test_bad_input_is_400_with_opas_code(both):
    gateway, opa = both
    for body in ('{"input": ', "[1]", "nonsense"):
        status, wanted = opa.ask("POST", "/v1/data/scimward/allow", body)
        answer = ask(gateway, "POST", "/v1/data/scimward/allow", body)
        assert answer.status == status == 400
        assert answer.json["code"] == wanted["code"] == "invalid_parameter"
    assert ask(gateway, "GET", "/v1/data/scimward/allow?input=bogus").status == 400
    refused = ask(gateway, "GET", "/v1/data/scimward/allow?explain=full")
    assert refused.status == 400
    assert "explain=notes" in refused.json["message"]


def test_explain_notes_metrics_provenance_and_pretty(both):
    gateway, _ = both
    body = json.dumps({"input": {"user": "alice"}})

    notes = ask(gateway, "POST", "/v1/data/scimward/noted?explain=notes", body).json
    assert [(note["op"], note["message"]) for note in notes["explanation"]] == [("note", "looked at alice")]
    assert notes["result"] is True
    pretty = ask(gateway, "POST", "/v1/data/scimward/noted?explain=notes&pretty=true", body)
    assert pretty.body.count(b"\n") > 3
    assert 'Note "looked at alice"' in pretty.json["explanation"][0]

    counted = ask(gateway, "POST", "/v1/data/scimward/allow?metrics", body).json["metrics"]
    assert {"timer_rego_input_parse_ns", "timer_rego_query_eval_ns", "timer_server_handler_ns"} <= set(counted)

    provenance = ask(gateway, "POST", "/v1/data/scimward/allow?provenance", body).json["provenance"]
    assert provenance["bundles"]["scimward"]["revision"] == gateway.cli_json("status")["status"]["policyRevision"]


def test_only_jobs_and_admins_may_ask(both):
    gateway, _ = both
    refused = ask(gateway, "POST", "/v1/data/scimward/allow", "{}", source="entra")
    assert refused.status == 403
    assert "kind job" in refused.json["message"]
    stranger = Connection(gateway.port, "no-token-of-anybody", base="").get("/v1/data/scimward/allow")
    assert stranger.status == 401
    assert stranger.headers["WWW-Authenticate"]


def test_other_methods_are_405_with_allow(both):
    gateway, _ = both
    answer = ask(gateway, "DELETE", "/v1/data/scimward/allow")
    assert answer.status == 405
    assert "POST" in answer.headers["Allow"]


def test_a_question_beyond_the_budget_is_an_error_and_the_gateway_goes_on(make_gateway, tmp_path):
    endless = POLICY["main.rego"] + "\nbomb := count([1 | some _ in numbers.range(1, 30000); some _ in numbers.range(1, 30000)])\n"
    policy = write(tmp_path / "source", {**POLICY, "main.rego": endless})
    gateway = make_gateway(sources=[{"name": "pipeline", "kind": "job"}], policy=policy)
    answer = ask(gateway, "GET", "/v1/data/scimward/bomb")
    assert answer.status == 500
    assert answer.json["errors"][0]["code"] == "eval_cancel_error"
    assert ask(gateway, "GET", "/v1/data/scimward/deep/inside/answer").json == {"result": 42}
