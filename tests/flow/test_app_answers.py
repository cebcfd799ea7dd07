"""What apps answer, and what the courier makes of it."""

import json

import pytest
from gateway import FIXTURES, wait_until
from proxy import Busy, Hanging, LoseReply, Pass, Proxy


@pytest.fixture
def stage(make_gateway, make_app):
    """A gateway with two apps: `wiki` behind a proxy, `mail` without."""
    wiki, mail = make_app("wiki"), make_app("mail")
    with Proxy(wiki.port) as proxy:
        through = wiki.config() | {"url": f"http://127.0.0.1:{proxy.port}/v2"}
        gateway = make_gateway(apps=[through, mail.config()])
        yield gateway, wiki, mail, proxy


def delivered_to(app, count=1):
    wait_until(lambda: len(app.all()) == count, f"{app.name} has {count} accounts")


def test_429_delays_that_app_by_retry_after_and_no_other(stage):
    """Fixture 51."""
    assert json.loads((FIXTURES / "idp" / "51-ds-429-retry-after.json").read_text())["side"] == "out"
    gateway, wiki, mail, proxy = stage
    proxy.script = [Busy(429, retry_after=2)]

    gateway.user("u1@example.com")

    delivered_to(mail)
    delivered_to(wiki)
    gateway.wait_delivered()
    first, second = proxy.seen[0], proxy.seen[1]
    assert second[0] - first[0] >= 1.9

    # Longer than any test: who waits for that app would wait for ever.
    proxy.script = [Busy(429, retry_after=86400)]
    before = len(proxy.seen)
    gateway.user("u2@example.com")

    delivered_to(mail, 2)
    wait_until(lambda: len(proxy.seen) > before, "the other app was asked")
    assert len(proxy.seen) == before + 1
    delivered_to(wiki, 1)


def test_a_lost_reply_to_a_create_is_looked_up_and_adopted(stage):
    """Fixture 52."""
    gateway, wiki, _, proxy = stage
    proxy.script = [LoseReply()]

    anna = gateway.user("u1@example.com", title="Engineer")

    gateway.wait_delivered()
    (account,) = wiki.all()
    assert account["externalId"] == anna["id"] and account["title"] == "Engineer"
    assert len(proxy.requests("POST")) == 1  # never sent again blindly
    assert proxy.requests("GET")[0][2].startswith("/v2/Users?filter=externalId")


def test_a_lost_reply_to_a_leaver_is_sent_again_and_looked_at(stage):
    gateway, wiki, _, proxy = stage
    anna = gateway.user("anna@example.com")
    gateway.wait_delivered()
    proxy.script = [LoseReply()]

    gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "active", "value": False})

    gateway.wait_delivered()
    assert wiki.all()[0]["active"] is False
    assert proxy.seen[-1][1] == "GET"  # a 2xx is a claim: it was read back


def test_what_cannot_succeed_is_parked_and_can_be_retried(stage):
    gateway, wiki, mail, proxy = stage
    detail = json.dumps({"detail": "department is required", "status": "400"}).encode()
    proxy.script = [Busy(400, body=detail)]

    gateway.user("anna@example.com")

    delivered_to(mail)
    parked = wait_until(
        lambda: gateway.cli_json("delivery", "list", "--state", "parked")["deliveries"], "it is parked"
    )
    assert [(it["app"], it["name"]) for it in parked] == [("wiki", "anna@example.com")]
    assert "department is required" in parked[0]["error"]
    assert gateway.cli("status", code=2)
    gateway.cli("delivery", "retry", "wiki")
    delivered_to(wiki)
    gateway.wait_delivered()
    outcomes = [entry["outcome"] for entry in gateway.journal('kind eq "delivery" and app eq "wiki"')]
    assert outcomes == ["parked", "delivered"]


def test_an_account_that_is_not_ours_is_never_taken_over(stage):
    gateway, wiki, _, _ = stage
    wiki.connect().post("/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "anna@example.com"})

    gateway.user("anna@example.com", title="Engineer")

    parked = wait_until(
        lambda: gateway.cli_json("delivery", "list", "--state", "parked")["deliveries"], "it is parked"
    )
    assert "did not make" in parked[0]["error"]
    (account,) = wiki.all()
    assert "title" not in account and "externalId" not in account


def test_wrong_credentials_open_the_breaker_and_nothing_is_dropped(make_gateway, make_app):
    app = make_app("wiki")
    config = app.config()
    gateway = make_gateway(apps=[config | {"token": "wrong" * 10}])

    gateway.user("anna@example.com")
    gateway.user("bert@example.com")

    status = wait_until(
        lambda: (it := gateway.cli_json("status", code=(0, 2))["status"]["apps"][0])["breaker"] == "open" and it,
        "the breaker is open",
    )
    assert status["reason"] == "credentials" and status["waiting"] == 2 and status["parked"] == 0
    gateway.stop()
    gateway.apps = [config]
    gateway.write_config()
    gateway.start()
    gateway.wait_delivered()
    assert len(app.all()) == 2


def test_a_web_page_to_put_means_no_put_here(stage):
    gateway, wiki, _, proxy = stage
    anna = gateway.user("anna@example.com", title="Clerk", nickName="Nan")
    gateway.wait_delivered()
    proxy.script = [Busy(404, body=b"<html>no such page</html>", content_type="text/html")]

    operations = [{"op": "replace", "path": "title", "value": "Engineer"}, {"op": "remove", "path": "nickName"}]
    gateway.patch(f"/Users/{anna['id']}", *operations)

    gateway.wait_delivered()
    assert [entry[1] for entry in proxy.seen[-2:]] == ["PUT", "PATCH"]
    (account,) = wiki.all()
    assert account["title"] == "Engineer" and "nickName" not in account


def test_an_account_that_somebody_deleted_is_made_again(stage):
    gateway, wiki, _, _ = stage
    anna = gateway.user("anna@example.com")
    gateway.wait_delivered()
    wiki.connect().delete(f"/Users/{wiki.all()[0]['id']}")

    gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "title", "value": "Engineer"})

    gateway.wait_delivered()
    (account,) = wiki.all()
    assert account["title"] == "Engineer" and account["externalId"] == anna["id"]


def test_a_slow_app_delays_no_reply_and_no_other_app(make_gateway, make_app):
    """As slow as can be: while this runs, it answers nothing."""
    slow, quick = make_app("slow"), make_app("quick")
    with Hanging(slow.port, "/v2") as proxy:
        through = slow.config(timeout="10m") | {"url": f"http://127.0.0.1:{proxy.port}/v2"}
        gateway = make_gateway(apps=[through, quick.config()])

        for number in range(5):
            gateway.user(f"p{number}@example.com")

        delivered_to(quick, 5)
        wait_until(lambda: proxy.seen, "the slow one is asked")
        assert slow.all() == []


def test_deliveries_survive_kill_9_and_none_happens_twice(make_gateway, make_app):
    app = make_app("wiki")
    with Proxy(app.port) as proxy:
        gateway = make_gateway(apps=[app.config() | {"url": f"http://127.0.0.1:{proxy.port}/v2"}])
        for round_number in range(5):
            for number in range(20):
                gateway.user(f"p{round_number}-{number}@example.com")
            gateway.kill()
            gateway.start()
        gateway.wait_delivered(120)
        names = [account["userName"] for account in app.all()]
        assert len(names) == len(set(names)) == 100
        assert all(isinstance(entry[3], Pass) for entry in proxy.seen)


def test_loopback_is_refused_without_allow_private(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config() | {"allow_private": False}], start=False)

    with pytest.raises(AssertionError, match="allow_private"):
        gateway.start()


def test_the_trace_of_a_request_goes_on_to_the_app(stage):
    gateway, _, _, proxy = stage
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    gateway.user("warm@example.com")
    gateway.wait_delivered()
    answer = gateway.post(
        "/Users",
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "anna@example.com"},
        headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
    )

    gateway.wait_delivered()
    assert gateway.journal(f"index eq {answer.journal_index}")[0]["trace"] == trace
    assert proxy.headers[-1]["traceparent"].split("-")[1] == trace


TRUNCATED = Busy(200, body=b'{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListRes')


def test_an_answer_that_breaks_off_is_no_reason_to_park(stage):
    """An app that dies while it answers: without a length nothing tells that the rest is missing."""
    gateway, wiki, _, proxy = stage
    proxy.script = [LoseReply(), TRUNCATED, Busy(200)]  # the create, and two searches for it

    anna = gateway.user("anna@example.com")

    gateway.wait_delivered()
    assert gateway.cli_json("status")["status"]["apps"][0]["parked"] == 0
    (account,) = wiki.all()
    assert account["externalId"] == anna["id"]
    assert len(proxy.requests("POST")) == 1


def test_a_group_that_could_not_be_read_is_not_called_delivered(make_gateway, make_app):
    app = make_app("wiki")
    with Proxy(app.port) as proxy:
        through = {"url": f"http://127.0.0.1:{proxy.port}/v2", "profile": "google"}  # no PUT: read, then change
        gateway = make_gateway(apps=[app.config(groups={"filter": "displayName pr"}) | through])
        team = gateway.group("team")
        gateway.wait_delivered()
        proxy.script = [TRUNCATED]

        gateway.patch(f"/Groups/{team['id']}", {"op": "replace", "path": "displayName", "value": "crew"})

        gateway.wait_delivered()
        assert [group["displayName"] for group in app.all("Groups")] == ["crew"]
