"""What the reply to a write says: always the resource as it stands now, also when nothing had to change."""

from gateway import wait_until

REPEATING = """package scimward

decision := {"effect": "allow", "reasons": [], "apps": ["wiki", "wiki"]}
"""


def set_title(gateway, person, title):
    return gateway.patch(f"/Users/{person['id']}", {"op": "replace", "path": "title", "value": title})


def test_a_no_op_answers_with_the_version_that_is_there(gateway):
    anna = gateway.user("anna@example.com")
    changed = set_title(gateway, anna, "Engineer")

    again = set_title(gateway, anna, "Engineer")

    assert again.status == 200
    assert again.headers["ETag"] == changed.headers["ETag"] == 'W/"2"'
    assert again.json == changed.json == gateway.get(f"/Users/{anna['id']}").json
    assert gateway.journal()[again.journal_index]["noop"] is True


def test_a_no_op_on_a_group_shows_its_members(gateway):
    anna = gateway.user("anna@example.com")
    team = gateway.group("team", [anna["id"]])

    again = gateway.patch(f"/Groups/{team['id']}", {"op": "add", "path": "members", "value": [{"value": anna["id"]}]})

    assert again.json == gateway.get(f"/Groups/{team['id']}").json
    assert [member["value"] for member in again.json["members"]] == [anna["id"]]


def test_a_renamed_group_shows_its_members(gateway):
    anna = gateway.user("anna@example.com")
    team = gateway.group("team", [anna["id"]])

    answer = gateway.patch(f"/Groups/{team['id']}", {"op": "replace", "path": "displayName", "value": "crew"})

    assert answer.json == gateway.get(f"/Groups/{team['id']}").json
    assert [member["value"] for member in answer.json["members"]] == [anna["id"]]


def test_a_policy_that_always_names_the_apps_makes_no_versions(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()], policy=REPEATING)
    anna = gateway.user("anna@example.com")
    first = set_title(gateway, anna, "Engineer")

    again = set_title(gateway, anna, "Engineer")

    assert again.headers["ETag"] == first.headers["ETag"]
    assert gateway.journal()[again.journal_index]["noop"] is True
    gateway.wait_delivered()
    wait_until(lambda: [u.get("title") for u in app.all()] == ["Engineer"], "it is delivered")


def test_a_leaver_in_a_qualified_attribute_is_one(make_gateway):
    policy = """package scimward

decision := {"effect": "hold", "reasons": [{"code": "wait", "message": "wait"}], "approval": {"groups": ["x"], "min": 1, "expires_s": 60}} if {
	input.operation == "patch"
} else := {"effect": "allow", "reasons": []}
"""
    gateway = make_gateway(sources=[{"name": "entra", "dialect": "entra"}], policy=policy)
    anna = gateway.user("anna@example.com")
    gateway.group("team", [anna["id"]])
    value = {"urn:ietf:params:scim:schemas:core:2.0:User:active": False}

    answer = gateway.patch(f"/Users/{anna['id']}", {"op": "replace", "value": value})

    assert answer.status == 200
    assert answer.json["active"] is False
    assert gateway.journal()[answer.journal_index]["reasons"] == ["leaver.not_held"]
