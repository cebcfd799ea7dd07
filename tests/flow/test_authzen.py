"""/access/v1: OpenID AuthZEN Authorization API 1.0 over directory and policy."""

import json

import pytest

from gateway import Connection, Gateway

# The certification scenario of the AuthZEN working group, and a rule over the directory's groups.
POLICY = """package scimward

decision := {"effect": "allow"}
"""
AUTHZEN = """# METADATA
# scope: package
# schemas:
# - input: {type: object}
package scimward.authzen

import data.records

default decision := {"decision": false, "reasons": [{"code": "access.none", "message": "no rule allows it"}]}

decision := {"decision": true, "context": {"rule": "record"}} if {
	input.resource.type == "record"
	record_allows
}

decision := true if {
	input.resource.type == "environment"
	input.action.name == "deploy"
	input.directory.subject.user.active
	some group in input.directory.subject.groups
	group.display == sprintf("deployers-%s", [input.resource.id])
}

decision := 17 if input.resource.type == "broken"

decision := true if {
	input.resource.type == "bomb"
	count([1 | some _ in numbers.range(1, 30000); some _ in numbers.range(1, 30000)]) > 0
}

is_admin if input.subject.properties.role == "admin"

status := object.get(input.resource, ["properties", "status"], records[input.resource.id].status)

record_allows if {
	input.subject.id in {"alice", "bob"}
	input.action.name == "read"
}

record_allows if {
	input.subject.id == "alice"
	input.action.name == "write"
	status == "active"
}

record_allows if {
	is_admin
	input.action.name == "write"
}

record_allows if {
	input.subject.id == "alice"
	input.action.name == "delete"
	input.action.properties.soft
}

resources contains {"type": "record", "id": id} if some id, _ in records

resources contains {"type": "environment", "id": id} if some id in {"prod", "test"}

actions := ["read", "write", {"name": "delete", "properties": {"soft": true}}]
"""
RECORDS = {"records": {"record-1": {"status": "active"}, "record-2": {"status": "archived"}}}


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authzen")
    policy = folder / "source"
    policy.mkdir()
    (policy / "main.rego").write_text(POLICY)
    (policy / "authzen.rego").write_text(AUTHZEN)
    (policy / "data.json").write_text(json.dumps(RECORDS))
    sources = ["idp", {"name": "pipeline", "kind": "job"}, {"name": "other", "tenant": "other"}]
    with Gateway(folder / "gateway", sources=sources, policy=policy, access={"journal": "all"}) as gateway:
        carol = gateway.user("Carol@Example.com", source="idp")
        dave = gateway.user("dave@example.com", source="idp", active=False)
        gateway.user("erin@example.com", source="idp")
        gateway.group("deployers-prod", [carol["id"], dave["id"]], source="idp")
        gateway.people = {"carol": carol["id"], "dave": dave["id"]}
        yield gateway


def send(gateway, path, body, source="pipeline", **headers):
    connection = Connection(gateway.port, gateway.tokens[source], base="")
    text = body if isinstance(body, str) else json.dumps(body)
    answer = connection.request("POST", path, text, headers={"Content-Type": "application/json", **headers})
    connection.close()
    return answer


def question(subject, action, resource, subject_type="user", resource_type="record", properties=None):
    document = {
        "subject": {"type": subject_type, "id": subject},
        "action": {"name": action},
        "resource": {"type": resource_type, "id": resource},
    }
    for member, values in (properties or {}).items():
        document[member]["properties"] = values
    return document


def may(gateway, *arguments, **options):
    answer = send(gateway, "/access/v1/evaluation", question(*arguments, **options))
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json["decision"]


@pytest.mark.parametrize(
    "subject, action, resource, properties, wanted",
    [
        ("alice", "read", "record-1", {}, True),
        ("alice", "write", "record-1", {}, True),
        ("bob", "read", "record-1", {}, True),
        ("bob", "write", "record-1", {}, False),
        ("alice", "write", "record-2", {}, False),
        ("bob", "write", "record-2", {"subject": {"role": "admin"}}, True),
        ("alice", "delete", "record-1", {"action": {"soft": True}}, True),
        ("alice", "delete", "record-1", {"action": {"soft": False}}, False),
        ("mallory", "read", "record-1", {}, False),
        ("alice", "write", "record-1", {"resource": {"status": "archived"}}, False),
    ],
)
def test_the_certification_scenario(town, subject, action, resource, properties, wanted):
    assert may(town, subject, action, resource, properties=properties) is wanted


def test_reasons_and_the_policys_context_come_back(town):
    denied = send(town, "/access/v1/evaluation", question("mallory", "read", "record-1")).json
    assert denied["context"]["reasons"] == [{"code": "access.none", "message": "no rule allows it"}]
    allowed = send(town, "/access/v1/evaluation", question("alice", "read", "record-1")).json
    assert allowed == {"decision": True, "context": {"rule": "record"}}


def test_the_directory_answers_by_id_and_by_name_in_any_case(town):
    for name in ("carol@example.com", "CAROL@EXAMPLE.COM", town.people["carol"]):
        assert may(town, name, "deploy", "prod", resource_type="environment") is True
    assert may(town, "carol@example.com", "deploy", "test", resource_type="environment") is False


def test_who_is_inactive_or_unknown_may_not(town):
    assert may(town, "dave@example.com", "deploy", "prod", resource_type="environment") is False
    assert may(town, "nobody@example.com", "deploy", "prod", resource_type="environment") is False
    assert may(town, "carol@example.com", "deploy", "prod", subject_type="robot", resource_type="environment") is False


def test_another_tenant_knows_none_of_these_people(town):
    asked = question("carol@example.com", "deploy", "prod", resource_type="environment")
    assert send(town, "/access/v1/evaluation", asked, source="other").json["decision"] is False
    by_id = question(town.people["carol"], "deploy", "prod", resource_type="environment")
    assert send(town, "/access/v1/evaluation", by_id, source="other").json["decision"] is False


def test_a_change_counts_from_the_next_question_on(town):
    frank = town.user("frank@example.com", source="idp")
    assert may(town, "frank@example.com", "deploy", "test", resource_type="environment") is False
    town.group("deployers-test", [frank["id"]], source="idp")
    assert may(town, "frank@example.com", "deploy", "test", resource_type="environment") is True


GOOD = question("alice", "read", "record-1")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        {**GOOD, "subject": None},
        {k: v for k, v in GOOD.items() if k != "action"},
        {**GOOD, "subject": {"type": "user"}},
        {**GOOD, "subject": {"type": "user", "id": 7}},
        {**GOOD, "resource": {"id": "record-1"}},
        {**GOOD, "action": {"name": ""}},
        {**GOOD, "action": "read"},
        {**GOOD, "context": []},
        {**GOOD, "subject": {"type": "user", "id": "alice", "properties": []}},
        {**GOOD, "subject": {"type": "user", "id": "x" * 2000}},
    ],
)
def test_what_is_malformed_is_400_with_a_message(town, body):
    answer = send(town, "/access/v1/evaluation", body)
    assert answer.status == 400, answer
    assert isinstance(answer.json, str) and answer.json


def test_another_content_type_is_400_and_parameters_of_json_are_fine(town):
    body = json.dumps(GOOD)
    assert send(town, "/access/v1/evaluation", body, **{"Content-Type": "text/plain"}).status == 400
    fine = send(town, "/access/v1/evaluation", body, **{"Content-Type": "application/json; charset=utf-8"})
    assert fine.json["decision"] is True


def test_strangers_get_401_and_other_methods_405(town):
    stranger = Connection(town.port, "nobody-has-this-token", base="")
    refused = stranger.request("POST", "/access/v1/evaluation", json.dumps(GOOD))
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"]
    known = Connection(town.port, town.tokens["pipeline"], base="").get("/access/v1/evaluation")
    assert known.status == 405
    assert "POST" in known.headers["Allow"]


def test_the_request_id_comes_back(town):
    answer = send(town, "/access/v1/evaluation", GOOD, **{"X-Request-ID": "bfe9eb29-ab87"})
    assert answer.headers["X-Request-ID"] == "bfe9eb29-ab87"


own_budget = pytest.mark.own_engine("an OPA server knows time alone: tests/flow/test_engine_opa.py")


@pytest.mark.parametrize(
    "kind, code", [("broken", "policy.invalid"), pytest.param("bomb", "policy.budget", marks=own_budget)]
)
def test_no_answer_is_503_never_a_yes(town, kind, code):
    answer = send(town, "/access/v1/evaluation", question("alice", "read", "x", resource_type=kind))
    assert answer.status == 503
    assert code in answer.json


def batch(town, items, semantic=None, **defaults):
    body = {**defaults, "evaluations": items}
    if semantic is not None:
        body["options"] = {"evaluations_semantic": semantic}
    return send(town, "/access/v1/evaluations", body)


def decisions(answer):
    assert answer.status == 200, answer
    return [item["decision"] for item in answer.json["evaluations"]]


ITEMS = [
    {"resource": {"type": "record", "id": "record-1"}},
    {"resource": {"type": "record", "id": "record-2"}},
    {"resource": {"type": "record", "id": "record-1"}, "action": {"name": "read"}},
]
DEFAULTS = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "write"}}


def test_a_batch_takes_what_an_item_lacks_from_the_request(town):
    assert decisions(batch(town, ITEMS, **DEFAULTS)) == [True, False, True]


def test_the_three_semantics(town):
    assert decisions(batch(town, ITEMS, "execute_all", **DEFAULTS)) == [True, False, True]
    assert decisions(batch(town, ITEMS, "deny_on_first_deny", **DEFAULTS)) == [True, False]
    assert decisions(batch(town, ITEMS, "permit_on_first_permit", **DEFAULTS)) == [True]
    assert batch(town, ITEMS, "whatever", **DEFAULTS).status == 400


def test_a_bad_item_is_false_by_itself(town):
    items = [ITEMS[0], {"resource": {"type": "record"}}, 7, {"resource": {"type": "broken", "id": "x"}}]
    answer = batch(town, items, **DEFAULTS)
    assert decisions(answer) == [True, False, False, False]
    assert answer.json["evaluations"][1]["context"]["error"]["status"] == 400
    assert answer.json["evaluations"][3]["context"]["error"]["status"] == 503


def test_a_batch_without_items_is_one_question(town):
    for body in (GOOD, {**GOOD, "evaluations": []}):
        answer = send(town, "/access/v1/evaluations", body)
        assert answer.status == 200
        assert answer.json["decision"] is True


def test_a_batch_has_a_limit_and_says_it(town):
    assert len(decisions(batch(town, [ITEMS[0]] * 1000, **DEFAULTS))) == 1000
    refused = batch(town, [ITEMS[0]] * 1001, **DEFAULTS)
    assert refused.status == 413
    assert "1000" in refused.json


def search(town, what, body):
    answer = send(town, f"/access/v1/search/{what}", body)
    assert answer.status == 200, answer
    return answer.json


def test_who_may_do_it(town):
    body = {
        "subject": {"type": "user"},
        "action": {"name": "deploy"},
        "resource": {"type": "environment", "id": "prod"},
    }
    found = search(town, "subject", body)
    assert found["results"] == [{"type": "user", "id": "Carol@Example.com"}]
    assert found["page"]["next_token"] == ""
    assert search(town, "subject", {**body, "subject": {"type": "robot"}})["results"] == []
    assert search(town, "subject", {**body, "resource": {"type": "environment", "id": "moon"}})["results"] == []


def test_a_search_goes_on_where_its_token_says(town):
    everybody = [town.user(f"reader{i}@example.com", source="idp")["id"] for i in range(45)]
    town.group("deployers-paged", everybody, source="idp")
    body = {
        "subject": {"type": "user"},
        "action": {"name": "deploy"},
        "resource": {"type": "environment", "id": "paged"},
        "page": {"limit": 20},
    }
    seen, pages = [], 0
    while True:
        found = search(town, "subject", body)
        seen += [person["id"] for person in found["results"]]
        pages += 1
        if found["page"]["next_token"] == "":
            break
        body["page"] = {"limit": 20, "token": found["page"]["next_token"]}
    assert sorted(seen) == sorted(f"reader{i}@example.com" for i in range(45))
    assert pages == 3
    body["page"] = {"token": "forged!"}
    assert send(town, "/access/v1/search/subject", body).status == 400


def test_which_resource_and_which_action(town):
    resources = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "write"}, "resource": {"type": "record"}}
    assert search(town, "resource", resources)["results"] == [{"type": "record", "id": "record-1"}]
    actions = {"subject": {"type": "user", "id": "alice"}, "resource": {"type": "record", "id": "record-2"}}
    names = [action["name"] for action in search(town, "action", actions)["results"]]
    assert sorted(names) == ["delete", "read"]
    assert send(town, "/access/v1/search/resource", {"subject": {"type": "user"}}).status == 400


def test_the_configuration_names_every_endpoint(town):
    connection = Connection(town.port, "not-needed-for-this", base="")
    answer = connection.get("/.well-known/authzen-configuration")
    assert answer.status == 200
    origin = f"http://127.0.0.1:{town.port}"
    assert answer.json == {
        "policy_decision_point": origin,
        "access_evaluation_endpoint": f"{origin}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{origin}/access/v1/evaluations",
        "search_subject_endpoint": f"{origin}/access/v1/search/subject",
        "search_resource_endpoint": f"{origin}/access/v1/search/resource",
        "search_action_endpoint": f"{origin}/access/v1/search/action",
    }


def test_each_answer_is_an_entry_when_the_configuration_says_so(town):
    before = len(town.journal('kind eq "access"'))
    send(town, "/access/v1/evaluation", question("mallory", "read", "record-1"))
    batch(town, ITEMS, **DEFAULTS)
    entries = town.journal('kind eq "access"')[before:]
    assert [entry["effect"] for entry in entries] == ["deny", "allow", "deny", "allow"]
    assert entries[0]["reasons"] == ["access.none"]
    assert entries[0]["input"]["subject"]["id"] == "mallory"
    leaf = {name: value for name, value in entries[0].items() if name not in ("input", "output")}
    assert "mallory" not in json.dumps(leaf)  # nobody's name where it could never be erased
    assert "mallory" in json.dumps(town.cli_json("journal", "show", str(entries[0]["index"])))
    assert town.cli_json("journal", "verify")["verification"]["intact"] is True


def test_without_the_setting_nothing_is_journaled(make_gateway):
    gateway = make_gateway()
    assert send(gateway, "/access/v1/evaluation", GOOD, source="idp").json["decision"] is False
    assert gateway.journal('kind eq "access"') == []


def check(town, *arguments, code):
    return town.cli("access", "check", *arguments, "--tenant", "default", code=code)


def test_the_exit_code_of_access_check_is_the_answer(town):
    assert "yes: carol@example.com may deploy environment:prod" in check(
        town, "carol@example.com", "deploy", "environment:prod", code=0
    )
    assert "no: carol@example.com may not deploy environment:moon" in check(
        town, "carol@example.com", "deploy", "environment:moon", code=2
    )
    assert "no rule allows it (access.none)" in check(town, "mallory", "read", "record:record-1", code=2)
    answer = json.loads(check(town, "alice", "read", "record:record-1", "-o", "json", code=0))
    assert answer["access"]["decision"] is True


def test_access_check_without_an_answer_is_1_and_says_why(town):
    broken = town.cli("access", "check", "a", "b", "broken:c", "--tenant", "default", code=None)
    assert broken.returncode == 1 and "policy.invalid" in broken.stderr
    two = town.cli("access", "check", "alice", "read", "record:record-1", code=None)
    assert two.returncode == 1 and "--tenant" in two.stderr
    unknown = town.cli("access", "check", "alice", "read", "record:x", "--tenant", "moon", code=None)
    assert unknown.returncode == 1 and "moon" in unknown.stderr
    bad = town.cli("access", "check", "alice", "read", "record:x", "--tenant", "default", "--context", "[1]", code=None)
    assert bad.returncode == 1 and "--context" in bad.stderr
    assert town.cli("access", "check", "alice", code=None).returncode == 64


def test_access_check_asks_a_gateway_elsewhere(town, tmp_path):
    token = tmp_path / "token"
    token.write_text(town.tokens["pipeline"] + "\n")
    there = ["--url", f"http://127.0.0.1:{town.port}", "--token-file", str(token)]
    assert "yes" in town.cli("access", "check", "carol@example.com", "deploy", "environment:prod", *there)
    town.cli("access", "check", "bob", "write", "record:record-1", *there, code=2)
    clear = town.cli("access", "check", "a", "b", "c", "--url", "http://gw.example.com", *there[2:], code=None)
    assert clear.returncode == 1 and "https" in clear.stderr
    token.write_text("wrong-token-of-nobody")
    refused = town.cli("access", "check", "a", "b", "c", *there, code=None)
    assert refused.returncode == 1 and "401" in refused.stderr
