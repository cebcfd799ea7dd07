"""What identity providers really send: every fixture of Entra and Okta, and the standard ones, with its effect.

A fixture gives method, path and body; identifiers in it are samples, which a test replaces by real ones. The table
below says what must be true afterwards. A fixture without a row fails: none is passed over.
"""

import json

import pytest
from gateway import ENTERPRISE, ERROR, FIXTURES, USER

IDP = FIXTURES / "idp"
if not IDP.is_dir():
    pytest.skip("the wire fixtures are not beside the checkout", allow_module_level=True)
NAMES = sorted(
    path.stem for path in IDP.glob("*.json") if json.loads(path.read_text())["side"] == "in"
)
SOURCES = [{"name": name, "dialect": name} for name in ("standard", "entra", "okta")]


class Stage:
    """A gateway with some people and a team, and the fixture at hand, sent as its identity provider sends it."""

    def __init__(self, gateway, name):
        self.gateway = gateway
        self.fixture = json.loads((IDP / f"{name}.json").read_text())
        self.source = self.fixture["dialect"]
        self.replace = {}

    def user(self, name="t1@contoso.example", **attributes):
        document = self.gateway.user(name, source=self.source, **attributes)
        self.replace.setdefault("{id}", document["id"])
        return document

    def group(self, name, members=()):
        document = self.gateway.group(name, members, source=self.source)
        self.replace["{id}"] = document["id"]
        return document

    def send(self, **more):
        path = self.fixture["path"]
        body = json.dumps(self.fixture["body"]) if self.fixture["body"] is not None else None
        for sample, real in {**self.replace, **more}.items():
            path = path.replace(sample, real)
            body = body.replace(sample, real) if body is not None else None
        path = path.replace(" ", "%20").replace('"', "%22")
        headers = dict(self.fixture.get("headers") or {})
        return self.gateway.request(self.fixture["method"], path, body, source=self.source, headers=headers)

    def read(self, document, kind="Users"):
        answer = self.gateway.get(f"/{kind}/{document['id']}", source=self.source)
        assert answer.status == 200, answer
        return answer.json

    def members(self, group):
        return sorted(member["value"] for member in self.read(group, "Groups").get("members", []))


def is_error(answer, status, scim_type=None):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    assert answer.json["schemas"] == [ERROR]
    assert answer.json["status"] == str(status)
    assert answer.json.get("scimType") == scim_type, answer
    return answer.json["detail"]


def no_odd_keys(document):
    odd = [key for key in document if "." in key.split(":")[-1] or (key.startswith("urn:") and key.count(":") > 8)]
    assert odd == []


# ---- Entra ----


def entra_active_as_text(stage):
    anna = stage.user()
    assert stage.send().status == 200
    assert stage.read(anna)["active"] is False


def entra_pathless_dotted_keys(stage):
    anna = stage.user(emails=[{"value": "old@contoso.example", "type": "work"}])
    assert stage.send().status == 200
    found = stage.read(anna)
    assert found["emails"] == [{"value": "new@contoso.example", "type": "work"}]
    assert found["displayName"] == "Bj"
    assert found["name"] == {"givenName": "Kk", "familyName": "Un"}
    assert found[ENTERPRISE] == {"employeeNumber": "701984"}
    no_odd_keys(found)


def entra_many_replaces(stage):
    anna = stage.user(emails=[{"value": "old@contoso.example", "type": "work"}])
    assert stage.send().status == 200
    found = stage.read(anna)
    assert found["displayName"] == "Pv"
    assert found["emails"][0]["value"] == "t@contoso.example"
    assert found["name"]["givenName"] == "G"
    assert found["externalId"] == "E1"
    assert found[ENTERPRISE] == {"employeeNumber": "E1"}


def entra_remove_one_member(stage):
    anna, bert = stage.user(), stage.user("t2@contoso.example")
    team = stage.group("Team", [anna["id"], bert["id"]])
    answer = stage.send(f648f8d5=anna["id"])
    assert answer.status == 204 and answer.body == b""
    assert stage.members(team) == [bert["id"]]


def entra_add_one_member(stage):
    anna = stage.user()
    team = stage.group("Team")
    assert stage.send(f648f8d5=anna["id"]).status == 204
    assert stage.send(f648f8d5=anna["id"]).status == 204  # again: nothing happens twice
    assert stage.members(team) == [anna["id"]]


def entra_add_members(stage):
    people = [stage.user(f"t{i}@contoso.example")["id"] for i in range(3)]
    team = stage.group("Team")
    answer = stage.send(**{f'"u{i + 1}"': f'"{person}"' for i, person in enumerate(people)})
    assert answer.status == 204, answer
    assert stage.members(team) == sorted(people)


def entra_manager_as_text(stage):
    anna = stage.user()
    assert stage.send().status == 200
    assert stage.read(anna)[ENTERPRISE]["manager"]["value"] == "2c2f6fb8-254f-492e-b7fe-c09c5a61c8a2"


def entra_cleared_by_empty_text(stage):
    anna = stage.user(title="Engineer", **{ENTERPRISE: {"department": "R&D", "employeeNumber": "1"}})
    assert stage.send().status == 200
    found = stage.read(anna)
    assert "title" not in found
    assert found[ENTERPRISE] == {"employeeNumber": "1"}


def entra_value_path_makes_its_element(stage):
    anna = stage.user()
    assert stage.send().status == 200
    assert stage.read(anna)["emails"] == [{"type": "work", "value": "w@contoso.example"}]


def entra_primary_that_is_none(stage):
    anna = stage.user(
        emails=[{"value": "a@contoso.example", "type": "untyped"}],
        phoneNumbers=[{"value": "1", "type": "untyped"}],
    )
    is_error(stage.send(), 400, "invalidValue")
    assert stage.read(anna) == anna  # all of it or nothing


def entra_no_operations(stage):
    anna = stage.user()
    assert stage.send().status in (200, 204)
    assert stage.read(anna)["meta"]["version"] == anna["meta"]["version"]


def entra_create(stage):
    answer = stage.send()
    assert answer.status == 201
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    found = answer.json
    assert found["externalId"] == "0a21f0f2"
    assert found["name"] == {"formatted": "G F", "familyName": "F", "givenName": "G"}
    assert found["meta"]["resourceType"] == "User" and "roles" not in found
    assert answer.headers["Location"] == found["meta"]["location"]


def entra_group_with_a_foreign_schema(stage):
    answer = stage.send()
    assert answer.status == 201
    assert answer.json["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:Group"]
    is_error(stage.send(), 409, "uniqueness")


def entra_group_without_members(stage):
    anna = stage.user()
    stage.group("Team", [anna["id"]])
    answer = stage.send()
    assert answer.status == 200
    assert "members" not in answer.json


def entra_is_member(stage):
    anna, bert = stage.user(), stage.user("t2@contoso.example")
    team = stage.group("Team", [anna["id"]])
    for person, hits in ((anna, 1), (bert, 0)):
        answer = stage.send(**{"{gid}": team["id"], "{uid}": person["id"]})
        assert answer.status == 200
        assert answer.json["totalResults"] == hits
        assert all(set(found) <= {"id", "schemas"} for found in answer.json["Resources"])


def entra_find_by_external_id(stage):
    anna = stage.user(externalId="2a69c9a6-1708-45b7-acbe-a7b4c8fb102a")
    answer = stage.send()
    assert [found["id"] for found in answer.json["Resources"]] == [anna["id"]]


def entra_nobody_found(stage):
    answer = stage.send()
    assert answer.status == 200
    assert answer.json["totalResults"] == 0


def entra_name_in_another_case(stage):
    anna = stage.user()
    answer = stage.send()
    assert [found["userName"] for found in answer.json["Resources"]] == [anna["userName"]]


def entra_disabled_is_visible(stage):
    stage.user("disabled@contoso.example", active=False)
    answer = stage.send()
    assert answer.json["totalResults"] == 1
    assert answer.json["Resources"][0]["active"] is False


def entra_second_page(stage):
    people = [stage.user(f"t{i:02}@contoso.example")["id"] for i in range(12)]
    answer = stage.send()
    assert answer.json["startIndex"] == 6 and answer.json["totalResults"] == 12
    assert [found["id"] for found in answer.json["Resources"]] == people[5:10]


# ---- Okta ----


def okta_look_up(stage):
    stage.user("test.user@okta.local")
    found = stage.send().json
    assert [type(found[name]) for name in ("totalResults", "startIndex", "itemsPerPage")] == [int] * 3
    assert found["totalResults"] == 1


def okta_create_with_password_and_groups(stage):
    answer = stage.send()
    assert answer.status == 201
    assert "password" not in answer.json and "groups" not in answer.json
    password = stage.fixture["body"]["password"]
    assert password
    for path in stage.gateway.folder.rglob("*"):
        if path.is_file():
            assert password.encode() not in path.read_bytes(), path
    assert password not in json.dumps(stage.gateway.journal())
    assert password not in stage.gateway.text()


def okta_duplicate(stage):
    stage.user("test.user@okta.local")
    assert "userName" in is_error(stage.send(), 409, "uniqueness")


def okta_put(stage):
    anna = stage.user("test.user@okta.local", title="gone after PUT", nickName="gone, too")
    answer = stage.send()
    assert answer.status == 200, answer
    found = stage.read(anna)
    assert found["name"] == {"givenName": "Another", "middleName": "Excited", "familyName": "User"}
    assert "title" not in found and "nickName" not in found
    assert found["id"] == anna["id"] and found["meta"]["created"] == anna["meta"]["created"]


def okta_deactivate(stage):
    anna = stage.user()
    assert stage.send().status in (200, 204)
    assert stage.read(anna)["active"] is False


def okta_rename_group(stage):
    team = stage.group("Team")
    assert stage.send().status == 200
    assert stage.read(team, "Groups")["displayName"] == "Test SCIMv2"
    stage.replace = {"Groups/{id}": f"Groups/{team['id']}", "{id}": "01900000-0000-7000-8000-000000000000"}
    is_error(stage.send(), 400, "mutability")


def okta_push_empty_group(stage):
    team = stage.group("Team", [stage.user()["id"]])
    answer = stage.send()
    assert answer.status in (200, 204)
    assert stage.members(team) == []


def okta_put_group(stage):
    anna, bert = stage.user("test.user@okta.local"), stage.user()
    team = stage.group("Team", [bert["id"]])
    answer = stage.send(**{"23a35c27": anna["id"]})
    assert answer.status == 200, answer
    assert stage.members(team) == [anna["id"]]
    assert stage.read(team, "Groups")["displayName"] == "Test SCIMv2"


def okta_wrong_token(stage):
    is_error(stage.send(), 401)


def okta_import(stage):
    people = [stage.user(f"t{i}@okta.local")["id"] for i in range(3)]
    first, second = stage.send().json, stage.send().json
    assert first == second
    assert [found["id"] for found in first["Resources"]] == people


# ---- standard ----


def standard_noop(stage):
    anna = stage.user(displayName="same")
    answer = stage.send()
    assert answer.status in (200, 204)
    assert stage.read(anna)["meta"] == anna["meta"]
    (entry,) = stage.gateway.journal(f"index eq {answer.journal_index}")
    assert entry["noop"] is True and entry["effect"] == "allow"


def standard_replace_members(stage):
    anna, bert = stage.user(), stage.user("t2@contoso.example")
    team = stage.group("Team", [anna["id"]])
    answer = stage.send(**{'"673"': f'"{bert["id"]}"'})
    assert answer.status == 200, answer
    assert stage.members(team) == [bert["id"]]


EFFECTS = {
    "01": entra_active_as_text,
    "03": entra_pathless_dotted_keys,
    "04": entra_many_replaces,
    "05": entra_remove_one_member,
    "07": entra_add_one_member,
    "08": entra_add_members,
    "09": entra_manager_as_text,
    "11": entra_cleared_by_empty_text,
    "13": entra_value_path_makes_its_element,
    "15": entra_primary_that_is_none,
    "17": entra_no_operations,
    "18": entra_create,
    "19": entra_group_with_a_foreign_schema,
    "21": entra_group_without_members,
    "22": entra_is_member,
    "23": entra_find_by_external_id,
    "25": entra_nobody_found,
    "26": entra_name_in_another_case,
    "27": entra_disabled_is_visible,
    "28": entra_second_page,
    "29": okta_look_up,
    "30": okta_create_with_password_and_groups,
    "31": okta_duplicate,
    "32": okta_put,
    "33": okta_deactivate,
    "34": okta_rename_group,
    "36": okta_push_empty_group,
    "38": okta_put_group,
    "40": okta_wrong_token,
    "41": okta_import,
    "44": standard_noop,
    "46": standard_replace_members,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_fixture_has_its_effect(make_gateway, name):
    gateway = make_gateway(sources=SOURCES)

    EFFECTS[name.split("-")[0]](Stage(gateway, name))


def test_a_strict_source_gets_the_errors_of_the_rfc(make_gateway):
    gateway = make_gateway(sources=SOURCES)
    anna = gateway.user("anna@example.com", source="standard", schemas=[USER])

    for name, scim_type in (
        ("01-entra-op-capitalised-bool-string", "invalidSyntax"),
        ("17-entra-empty-operations", "invalidSyntax"),
    ):
        body = json.loads((IDP / f"{name}.json").read_text())["body"]
        answer = gateway.request("PATCH", f"/Users/{anna['id']}", body, source="standard")
        is_error(answer, 400, scim_type)
