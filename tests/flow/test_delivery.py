"""What a source is allowed to do reaches the apps."""

from gateway import wait_until


def test_a_joiner_reaches_the_app_with_our_id_as_external_id(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()])

    anna = gateway.user("anna@example.com", displayName="Anna Berg")
    gateway.wait_delivered()

    (found,) = app.all()
    assert found["userName"] == "anna@example.com"
    assert found["displayName"] == "Anna Berg"
    assert found["externalId"] == anna["id"]


def test_a_leaver_is_disabled_in_the_app(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()])
    anna = gateway.user("anna@example.com")
    gateway.wait_delivered()

    answer = gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "active", "value": False})

    assert answer.status == 200
    wait_until(lambda: app.all()[0]["active"] is False, "the account in the app is disabled")
    recorded = f'kind eq "delivery" and decision eq {answer.journal_index}'
    outcomes = wait_until(lambda: gateway.journal(recorded), "the outcome is recorded")
    assert [entry["outcome"] for entry in outcomes] == ["delivered"]


def test_an_app_that_was_away_catches_up(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()])
    app.kill()

    anna = gateway.user("anna@example.com")
    gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "title", "value": "Engineer"})
    app.start()

    wait_until(lambda: app.all(), "the account is there")
    gateway.wait_delivered()
    (found,) = app.all()
    assert found["title"] == "Engineer"


def test_a_group_change_moves_people_in_and_out_of_an_app(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config(filter='groups.display eq "engineering"', on_leave="delete")])
    anna = gateway.user("anna@example.com")
    gateway.user("bert@example.com")
    team = gateway.group("engineering")
    gateway.wait_delivered()
    assert app.all() == []

    gateway.patch(f"/Groups/{team['id']}", {"op": "add", "path": "members", "value": [{"value": anna["id"]}]})
    wait_until(lambda: [u["userName"] for u in app.all()] == ["anna@example.com"], "anna is in")

    gateway.patch(f"/Groups/{team['id']}", {"op": "remove", "path": f'members[value eq "{anna["id"]}"]'})
    wait_until(lambda: app.all() == [], "anna is out")


def test_a_group_reaches_the_app_with_the_members_that_are_there(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config(groups={"filter": 'displayName sw "eng"'})])
    anna = gateway.user("anna@example.com")
    bert = gateway.user("bert@example.com")
    gateway.group("engineering", [anna["id"], bert["id"]])
    gateway.group("sales", [anna["id"]])

    wait_until(lambda: [len(g.get("members", [])) for g in app.all("Groups")] == [2], "the group and its members")
    (found,) = app.all("Groups")
    accounts = {user["id"] for user in app.all()}
    assert found["displayName"] == "engineering"
    assert {member["value"] for member in found["members"]} == accounts
