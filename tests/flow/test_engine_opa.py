"""
An OPA server decides (policy.engine: opa). What it decides is tested by the stories of this folder, run again with
`--engine opa`; here stand its faults, and what the gateway says of it.
"""

import json
import socket
import threading

import pytest
from decisions import last_entry
from fake_opa import ALLOW, FakeOpa
from opa_server import OpaServer, loopback_address
from policies import make_certificate, rule, use_policy, write_files

from gateway import GROUP, USER, Connection, Gateway, wait_until

pytestmark = pytest.mark.own_engine("it starts OPA servers of its own")


def body(name, **more):
    return {"schemas": [USER], "userName": name} | more


def post(gateway, name, **options):
    return gateway.post("/Users", body(name), **options)


def names(gateway):
    return {user["userName"] for user in gateway.get("/Users?count=200").json.get("Resources", [])}


def policy_status(gateway, code=(0, 2)):
    return gateway.cli_json("policy", "status", code=code)["policy"]


def is_ready(gateway):
    return gateway.admin("GET", "/readyz").status == 200


def bundle(folder, revision, rego):
    return write_files(
        folder, {"policy.rego": rego, ".manifest": {"revision": revision, "roots": ["scimward"]}}
    )


@pytest.fixture
def ask_gateway(make_gateway):
    """A gateway that asks the given server; started."""

    def make(policy, **options):
        return use_policy(make_gateway(start=False, **options), policy).start()

    return make


def assert_no_answer(gateway, answer, words, name):
    """503, nothing changed, and the entry says why."""
    assert answer.status == 503, answer
    assert int(answer.headers["Retry-After"]) > 0
    assert "policy.unavailable" in answer.json["detail"]
    entry = gateway.journal()[answer.journal_index]
    assert (entry["effect"], entry["reasons"]) == ("error", ["policy.unavailable"])
    assert words in entry["detail"]["error"], entry["detail"]
    assert "revision" not in entry
    assert name not in names(gateway)


# ---- life ----


@pytest.mark.parametrize("where", ["port", "socket"])
def test_a_server_that_comes_goes_and_comes_back(ask_gateway, tmp_path, where):
    address = loopback_address() if where == "port" else tmp_path / "opa.sock"
    opa = OpaServer(bundle(tmp_path / "access", "r7", rule("fine")), address)
    gateway = ask_gateway(opa.config())

    # it is not there yet: the gateway runs, and refuses what it cannot have decided
    assert_no_answer(gateway, post(gateway, "anna"), "unreachable", "anna")
    wait_until(lambda: "unreachable" in policy_status(gateway, code=2), "the status tells")
    assert not is_ready(gateway)

    with opa:
        wait_until(lambda: is_ready(gateway), "the gateway notices it")
        answer = post(gateway, "anna")
        assert answer.status == 201
        entry = gateway.journal()[answer.journal_index]
        assert (entry["revision"], entry["reasons"]) == ("opa:access=r7", ["fine"])
        status = policy_status(gateway, code=0)
        assert status["revision"] == "opa:access=r7"
        assert status["source"] == f"opa:{opa.url}#scimward/decision"

        opa.restart()  # the kept connections are gone
        assert post(gateway, "berta").status == 201

    assert_no_answer(gateway, post(gateway, "carla"), "unreachable", "carla")
    assert gateway.patch(f"/Users/{answer.json['id']}", {"op": "add", "path": "title", "value": "x"}).status == 503
    assert gateway.get(f"/Users/{answer.json['id']}").json == answer.json
    opa.start()
    with opa:
        wait_until(lambda: is_ready(gateway), "the gateway notices it again")
        assert post(gateway, "carla").status == 201


def test_another_policy_is_an_entry_and_stands_in_each_decision(ask_gateway, tmp_path):
    folder = bundle(tmp_path / "access", "r1", rule("one"))
    with OpaServer(folder, tmp_path / "opa.sock") as opa:
        gateway = ask_gateway(opa.config())
        wait_until(lambda: gateway.journal('kind eq "policy"'), "the first revision is recorded")
        bundle(folder, "r2", rule("two"))
        opa.restart()

        answer = post(gateway, "anna")
        entry = gateway.journal()[answer.journal_index]
        assert (entry["revision"], entry["reasons"]) == ("opa:access=r2", ["two"])
        first, second = wait_until(
            lambda: (found := gateway.journal('kind eq "policy"')) and len(found) > 1 and found, "the change is recorded"
        )

    assert (first["outcome"], first["revision"]) == ("activated", "opa:access=r1")
    assert (second["outcome"], second["revision"]) == ("activated", "opa:access=r2")
    assert second["detail"]["before"] == "opa:access=r1"


def test_reload_asks_now_and_says_what_is_wrong(ask_gateway, tmp_path):
    folder = write_files(tmp_path / "other", {"policy.rego": "package other\n\nx := 1\n"})
    with OpaServer(folder, tmp_path / "opa.sock") as opa:
        gateway = ask_gateway(opa.config())

        status = gateway.cli_json("policy", "reload", code=2)["policy"]
        assert "trial decision: policy.undefined" in status["unreachable"]["error"]
        assert not is_ready(gateway)
        answer = post(gateway, "anna")
        assert answer.status == 503
        assert last_entry(gateway)["reasons"] == ["policy.undefined"]

        write_files(folder, {"policy.rego": rule("fine")})
        opa.restart()
        status = gateway.cli_json("policy", "reload")["policy"]
        assert "unreachable" not in status and is_ready(gateway)


def test_a_rule_that_is_no_decision_is_told_once(ask_gateway, tmp_path):
    folder = write_files(tmp_path / "p", {"p.rego": "package scimward\n\ndecision := true\n"})
    with OpaServer(folder, tmp_path / "opa.sock") as opa:
        gateway = ask_gateway(opa.config())

        for _ in range(3):
            status = gateway.cli_json("policy", "reload", code=2)["policy"]
            assert "trial decision: policy.invalid" in status["unreachable"]["error"]

        assert not is_ready(gateway)
        gateway.read_log()
        told = [line["event"] for line in gateway.log if line["event"].startswith("policy_server")]
        assert told == ["policy_server_unavailable"]


def test_the_rule_may_have_another_name(ask_gateway, tmp_path):
    folder = write_files(tmp_path / "p", {"p.rego": 'package team.access\n\nverdict := {"effect": "allow"}\n'})
    with OpaServer(folder, tmp_path / "opa.sock") as opa:
        gateway = ask_gateway(opa.config(path="team/access/verdict"))

        assert post(gateway, "anna").status == 201


# ---- faults ----

NO_ANSWER = {
    "garbage": ((200, b"\x00\xff\x00"), "not readable"),
    "a page": ((200, b"<html>It works!</html>"), "not readable"),
    "half": ((200, b'{"result": {"effect": "allow"'), "not readable"),
    "twins": ((200, b'{"result": {"effect": "deny"}, "result": {"effect": "allow"}}'), "not readable"),
    "a list": ((200, [ALLOW]), "no object"),
    "huge": ((200, b'{"result": {"effect": "allow"}, "x": "' + b"x" * 2_000_000 + b'"}'), "larger than is accepted"),
    "deep": ((200, b'{"result":' + b"[" * 5000 + b"]" * 5000 + b"}"), "not readable"),
    "elsewhere": ((302, ALLOW), "302"),
    "made": ((201, ALLOW), "201"),
    "unauthorized": ((401, {"code": "unauthorized", "message": "who are you?"}), "401: who are you?"),
    "broken": ((500, ALLOW), "500"),
    "busy": ((503, b"try later"), "503"),
}


@pytest.fixture(scope="module")
def fake():
    with FakeOpa() as fake:
        yield fake


@pytest.fixture(scope="module")
def answers(tmp_path_factory, fake):
    folder = tmp_path_factory.mktemp("answers") / "gateway"
    with use_policy(Gateway(folder), fake.config()) as gateway:
        yield gateway


@pytest.mark.parametrize("kind", NO_ANSWER)
def test_what_is_no_answer_changes_nothing(answers, fake, kind):
    fake.reply, words = NO_ANSWER[kind]

    assert_no_answer(answers, post(answers, kind.replace(" ", ".")), words, kind.replace(" ", "."))

    fake.reply = (200, ALLOW)
    assert post(answers, kind.replace(" ", ".")).status == 201


@pytest.mark.parametrize(
    ("name", "reply", "code"),
    [
        ("nothing", {}, "policy.undefined"),
        ("null", {"result": None}, "policy.invalid"),
        ("yes", {"result": True}, "policy.invalid"),
        ("more", {"result": {"effect": "allow", "more": 1}}, "policy.invalid"),
    ],
)
def test_an_answer_is_read_as_strictly_as_our_own(answers, fake, name, reply, code):
    fake.reply = (200, reply)

    answer = post(answers, name)

    assert answer.status == 503
    assert answers.journal()[answer.journal_index]["reasons"] == [code]


def test_the_server_is_asked_for_what_we_need(answers, fake):
    fake.reply, fake.asked = (200, ALLOW), []

    post(answers, "question")

    (question,) = fake.asked
    assert question["path"] == "/v1/data/scimward/decision?provenance=true&strict-builtin-errors=true"
    assert question["headers"]["Content-Type"] == "application/json"
    assert question["input"]["after"]["userName"] == "question"
    assert question["input"]["mode"] == "enforce"


def test_a_server_that_never_answers_holds_nobody_up(ask_gateway):
    with FakeOpa(silent=True) as fake:
        gateway = ask_gateway(fake.config(), listen={"workers": 1})
        first = threading.Thread(target=post, args=(gateway.connect(), "anna"))
        first.start()
        fake.wait_asked(1)

        # the only worker waits for the server, and serves others meanwhile
        assert gateway.get("/Users").json["totalResults"] == 0

        fake.speak()
        first.join()
        assert names(gateway) == {"anna"}


def test_time_is_limited(ask_gateway):
    with FakeOpa(silent=True) as fake:
        gateway = ask_gateway(fake.config(limits={"answer": "1s"}))

        assert_no_answer(gateway, post(gateway, "anna"), "did not answer in time", "anna")


def test_a_socket_that_accepts_and_says_nothing_is_no_answer(ask_gateway):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        gateway = ask_gateway({"engine": "opa", "url": url, "limits": {"answer": "1s"}})

        assert_no_answer(gateway, post(gateway, "anna"), "did not answer in time", "anna")


def test_questions_beyond_the_limit_wait_in_order(ask_gateway):
    with FakeOpa(silent=True) as fake:
        gateway = ask_gateway(fake.config(limits={"questions": 1, "answer": "30s"}), listen={"workers": 1})
        writers = [threading.Thread(target=post, args=(gateway.connect(), f"p{i}")) for i in range(5)]
        for writer in writers:
            writer.start()
        wait_until(lambda: gateway.metrics()["scimward_policy_questions_open"] >= 5, "all of them are asking")
        fake.wait_asked(1)
        assert len(fake.asked) == 1

        fake.speak()
        for writer in writers:
            writer.join()

        assert fake.most == 1
        assert names(gateway) == {f"p{i}" for i in range(5)}


def test_who_waits_for_a_place_has_no_more_time_than_others(ask_gateway):
    with FakeOpa(silent=True) as fake:
        gateway = ask_gateway(fake.config(limits={"questions": 1, "answer": "500ms"}), listen={"workers": 1})
        statuses = []
        writers = [
            threading.Thread(target=lambda i=i: statuses.append(post(gateway.connect(), f"p{i}").status)) for i in range(3)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert statuses == [503, 503, 503]
        assert names(gateway) == set()


def test_a_client_that_hangs_up_stops_nothing(ask_gateway):
    with FakeOpa(silent=True) as fake:
        gateway = ask_gateway(fake.config())
        client = gateway.connect()
        client.http.request(
            "POST",
            "/scim/v2/Users",
            json.dumps(body("anna")),
            {"Authorization": f"Bearer {client.token}", "Content-Type": "application/scim+json"},
        )
        fake.wait_asked(1)
        client.close()

        fake.speak()

        wait_until(lambda: names(gateway) == {"anna"}, "it is done all the same")


def test_writes_to_one_resource_wait_for_each_other(ask_gateway):
    with FakeOpa() as fake:
        gateway = ask_gateway(fake.config())
        anna = gateway.user("anna")
        fake.silent, fake.asked = True, []
        writers = [
            threading.Thread(
                target=gateway.connect().patch,
                args=(f"/Users/{anna['id']}", {"op": "add", "path": "title", "value": str(i)}),
            )
            for i in range(2)
        ]
        for writer in writers:
            writer.start()
        fake.wait_asked(1)
        fake.speak()
        for writer in writers:
            writer.join()

        before = [question["input"]["before"].get("title") for question in fake.asked]
        assert before[0] is None and before[1] in ("0", "1"), "the second was decided over what the first made"


def test_slices_decided_by_two_policies_are_no_answer(ask_gateway):
    def reply(question):
        index = question.get("members", {}).get("slice", {}).get("index", 0)
        return 200, ALLOW | {"provenance": {"bundles": {"access": {"revision": f"r{index}"}}}}

    with FakeOpa(reply) as fake:
        gateway = ask_gateway(fake.config())
        people = [gateway.user(f"p{i}")["id"] for i in range(501)]

        answer = gateway.post(
            "/Groups", {"schemas": [GROUP], "displayName": "all", "members": [{"value": key} for key in people]}
        )

        assert answer.status == 503
        entry = gateway.journal()[answer.journal_index]
        assert entry["reasons"] == ["policy.conflict"]
        assert "opa:access=r0, then opa:access=r1" in entry["detail"]["error"]
        assert gateway.get("/Groups").json["totalResults"] == 0


def test_it_stops_while_a_question_is_open(ask_gateway):
    with FakeOpa(silent=True) as fake:
        gateway = ask_gateway(fake.config(limits={"answer": "1s"}))
        status = []
        writer = threading.Thread(target=lambda: status.append(post(gateway.connect(), "anna").status))
        writer.start()
        fake.wait_asked(1)

        assert gateway.stop() == 0  # when the question has ended by its limit

        writer.join()
        assert status == [503]


# ---- what it says, and to whom ----


def test_over_tls_only_whom_the_authority_vouches_for(ask_gateway, tmp_path):
    address = loopback_address()
    certificate, key = make_certificate(tmp_path, address.split(":")[0])
    folder = bundle(tmp_path / "access", "r7", rule("fine"))
    with OpaServer(folder, address, tls=(certificate, key)) as opa:
        trusting = ask_gateway(opa.config(ca=str(certificate)), name="trusting")
        doubting = ask_gateway(opa.config(), name="doubting")

        assert post(trusting, "anna").status == 201
        assert_no_answer(doubting, post(doubting, "anna"), "tls", "anna")


def test_the_token_goes_to_the_server_and_nowhere_else(ask_gateway):
    secret = "a-token-for-the-opa-server"
    with FakeOpa() as fake:
        gateway = ask_gateway(fake.config(token=secret))

        assert post(gateway, "anna").status == 201

        assert fake.asked[0]["headers"]["Authorization"] == f"Bearer {secret}"
        assert secret not in gateway.cli("policy", "status") + gateway.cli("config", "show")
        gateway.read_log()
        assert secret not in gateway.text()


def test_what_would_change_is_told_here(ask_gateway, tmp_path):
    """The candidate is evaluated by us, beside the server and over what the journal has."""
    server = bundle(tmp_path / "access", "r7", rule("old"))
    candidate = write_files(tmp_path / "candidate", {"p.rego": rule("new", "deny")})
    with OpaServer(server, tmp_path / "opa.sock") as opa:
        gateway = ask_gateway(opa.config(shadow={"directory": str(candidate)}))
        gateway.wait_for("shadow_loaded")

        answer = post(gateway, "anna")

        (entry,) = wait_until(lambda: gateway.journal('kind eq "shadow"'), "the shadow's entry")
        assert (entry["decision"], entry["effect"]) == (answer.journal_index, "deny")
        assert entry["detail"]["live"]["revision"] == "opa:access=r7"

    same = gateway.cli("policy", "replay", "--against", str(server))
    other = gateway.cli("policy", "replay", "--against", str(candidate))
    assert "changed       0 of 1" in same
    assert "changed       1 of 1" in other and "allow → deny" in other


def test_questions_of_authzen_name_the_revision_and_fail_closed(ask_gateway, tmp_path):
    authzen = 'package scimward.authzen\n\ndefault decision := false\n\ndecision if input.subject.id == "anna"\n'
    folder = bundle(tmp_path / "access", "r7", rule("fine"))
    write_files(folder, {"authzen.rego": authzen})
    question = {
        "subject": {"type": "user", "id": "anna"},
        "action": {"name": "deploy"},
        "resource": {"type": "environment", "id": "prod"},
    }

    def ask(gateway):
        connection = Connection(gateway.port, gateway.tokens["idp"], base="")
        headers = {"Content-Type": "application/json"}
        return connection.request("POST", "/access/v1/evaluation", question, headers=headers)

    with OpaServer(folder, tmp_path / "opa.sock") as opa:
        gateway = ask_gateway(opa.config(), access={"journal": "all"})

        assert ask(gateway).json["decision"] is True
        (entry,) = gateway.journal('kind eq "access"')
        assert (entry["effect"], entry["revision"]) == ("allow", "opa:access=r7")
        gateway.cli("access", "check", "anna", "deploy", "environment:prod")
        gateway.cli("access", "check", "berta", "deploy", "environment:prod", code=2)

    answer = ask(gateway)
    assert answer.status == 503 and "policy.unavailable" in answer.json
    gateway.cli("access", "check", "anna", "deploy", "environment:prod", code=1)
    assert len(gateway.journal('kind eq "access"')) == 1


def test_counters_tell_what_became_of_the_questions(ask_gateway):
    conflict = {"code": "internal_error", "errors": [{"code": "eval_conflict_error", "message": "two"}]}
    replies = {"fine": (200, ALLOW), "conflict": (500, conflict), "garbage": (200, b"?")}
    with FakeOpa(lambda question: replies[question["after"]["userName"]]) as fake:
        gateway = ask_gateway(fake.config())
        statuses = {name: post(gateway, name).status for name in replies}

        assert statuses == {"fine": 201, "conflict": 503, "garbage": 503}
        metrics = gateway.metrics()
        assert metrics['scimward_policy_questions_total{outcome="failed"}'] == 1
        assert metrics['scimward_policy_questions_total{outcome="unavailable"}'] == 1
        assert metrics['scimward_policy_questions_total{outcome="answered"}'] >= 1
        assert [entry["reasons"] for entry in gateway.journal('effect eq "error"')] == [
            ["policy.conflict"],
            ["policy.unavailable"],
        ]


def test_what_needs_the_policy_here_says_where_it_is(ask_gateway):
    with FakeOpa() as fake:
        gateway = ask_gateway(fake.config(), sources=[{"name": "ops", "kind": "admin"}])

        answer = Connection(gateway.port, gateway.tokens["ops"], base="").get("/v1/data/scimward/decision")
        refused = gateway.cli("policy", "eval", code=None, stdin="{}")

        assert answer.status == 404
        assert refused.returncode == 1
        assert fake.url in refused.stderr and "name a folder" in refused.stderr
