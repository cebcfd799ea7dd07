"""The typed client of other people, scim2-client, through a whole life of users and groups.

It validates every answer: status, content type, schemas, types, what is returned and what is not. What it does not
accept raises an exception of its own, so that a call that comes back is an assertion.
"""

import pytest
from gateway import ENTERPRISE
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import (
    BulkOperation,
    BulkRequest,
    InvalidFilterException,
    InvalidPathException,
    InvalidValueException,
    MutabilityException,
    NotFoundException,
    NoTargetException,
    PatchOp,
    PatchOperation,
    PreconditionFailedException,
    ResponseParameters,
    SCIMException,
    SearchRequest,
    UniquenessException,
)


@pytest.fixture
def client(gateway):
    headers = {"Authorization": f"Bearer {gateway.tokens['idp']}"}
    with Client(base_url=f"http://127.0.0.1:{gateway.port}/scim/v2", headers=headers, timeout=60) as http:
        found = SyncSCIMClient(http)
        found.discover()
        yield found


@pytest.fixture
def user_model(client):
    return client.get_resource_model("User")


@pytest.fixture
def group_model(client):
    return client.get_resource_model("Group")


def patch(model, *operations):
    return PatchOp[model](operations=[PatchOperation(**operation) for operation in operations])


def person(model, user_name, **attributes):
    return model(user_name=user_name, **attributes)


def test_discovery_says_what_there_is(client, user_model, group_model):
    config = client.provider.config

    assert config.patch.supported and config.filter.supported and config.sort.supported and config.etag.supported
    assert config.filter.max_results > 0
    assert config.authentication_schemes
    assert {kind.name for kind in client.provider.resource_types} >= {"User", "Group"}
    assert ENTERPRISE in user_model.get_extension_models()
    assert {"user_name", "emails", "groups", "active"} <= user_model.model_fields.keys()
    assert {"display_name", "members"} <= group_model.model_fields.keys()


def test_the_life_of_a_user(client, user_model):
    made = client.create(
        person(
            user_model,
            "Anna@example.com",
            external_id="hr-1",
            name={"given_name": "Anna", "family_name": "Lee"},
            emails=[{"value": "anna@example.com", "type": "work", "primary": True}],
            active=True,
        )
    )
    assert made.id and made.meta.resource_type == "User" and made.meta.location.endswith(f"/Users/{made.id}")
    assert made.user_name == "Anna@example.com"

    assert client.query(user_model, made.id) == made
    found = client.query(user_model, query_parameters=SearchRequest(filter='userName eq "anna@EXAMPLE.com"'))
    assert [one.id for one in found.resources] == [made.id]

    made.display_name = "Anna Lee"
    made.name.family_name = "Leigh"
    replaced = client.replace(made)
    assert (replaced.display_name, replaced.name.family_name) == ("Anna Lee", "Leigh")
    assert replaced.meta.version != made.meta.version and replaced.meta.created == made.meta.created

    changed = client.modify(
        user_model,
        made.id,
        patch(
            user_model,
            {"op": "replace", "path": "active", "value": False},
            {"op": "add", "path": f"{ENTERPRISE}:department", "value": "R&D"},
            {"op": "remove", "path": "displayName"},
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "al@example.com"},
        ),
    )
    assert changed.active is False and changed.display_name is None
    assert changed[user_model.get_extension_models()[ENTERPRISE]].department == "R&D"
    assert [one.value for one in changed.emails] == ["al@example.com"]
    assert client.query(user_model, made.id) == changed

    client.delete(user_model, made.id)
    with pytest.raises(NotFoundException):
        client.query(user_model, made.id)
    with pytest.raises(NotFoundException):
        client.delete(user_model, made.id)


def test_the_life_of_a_group_and_its_members(client, user_model, group_model):
    anna, bert, cara = (client.create(person(user_model, name)) for name in ("anna", "bert", "cara"))

    team = client.create(group_model(display_name="Team", members=[{"value": anna.id}, {"value": bert.id}]))
    assert sorted(one.value for one in team.members) == sorted([anna.id, bert.id])
    assert [(one.value, one.display) for one in client.query(user_model, anna.id).groups] == [(team.id, "Team")]

    team = client.modify(
        group_model,
        team.id,
        patch(
            group_model,
            {"op": "add", "path": "members", "value": [{"value": cara.id}, {"value": anna.id}]},
            {"op": "remove", "path": f'members[value eq "{bert.id}"]'},
        ),
    )
    assert sorted(one.value for one in team.members) == sorted([anna.id, cara.id])
    assert client.query(user_model, bert.id).groups is None

    team.members = [member for member in team.members if member.value == cara.id]
    team.display_name = "The team"
    team = client.replace(team)
    assert (team.display_name, [one.value for one in team.members]) == ("The team", [cara.id])

    client.delete(user_model, cara.id)
    assert client.query(group_model, team.id).members is None
    client.delete(group_model, team.id)
    assert client.query(group_model).total_results == 0


def test_search_sort_and_pages(client, user_model):
    for number in range(7):
        client.create(person(user_model, f"user{number}", title="odd" if number % 2 else None))

    page = client.query(user_model, query_parameters=SearchRequest(sort_by="userName", start_index=3, count=2))
    assert (page.total_results, page.start_index, page.items_per_page) == (7, 3, 2)
    assert [one.user_name for one in page.resources] == ["user2", "user3"]

    found = client.search(
        search_request=SearchRequest(
            filter='title eq "odd"', sort_by="userName", sort_order="descending", attributes=["userName"]
        )
    )
    assert [one.user_name for one in found.resources] == ["user5", "user3", "user1"]
    assert all(one.title is None for one in found.resources)


def test_projection(client, user_model):
    made = client.create(person(user_model, "anna", title="Boss", nick_name="A"))

    some = client.query(user_model, made.id, query_parameters=ResponseParameters(attributes=["title"]))
    assert (some.id, some.title, some.nick_name, some.user_name) == (made.id, "Boss", None, None)
    rest = client.query(user_model, made.id, query_parameters=ResponseParameters(excluded_attributes=["title"]))
    assert (rest.title, rest.nick_name) == (None, "A")


def test_a_password_never_comes_back(client, user_model):
    made = client.create(person(user_model, "anna", password="correct horse battery"))

    assert made.password is None
    assert client.query(user_model, made.id).password is None


def test_errors_have_their_types(client, user_model, group_model):
    anna = client.create(person(user_model, "anna"))
    client.create(group_model(display_name="Team"))

    def refused(kind, *operations, **options):
        with pytest.raises(kind) as caught:
            body = {"schemas": [str(PatchOp.__schema__)], "Operations": list(operations)}
            client.modify(user_model, anna.id, body, check_request_payload=False, **options)
        return caught.value

    with pytest.raises(UniquenessException) as caught:
        client.create(person(user_model, "ANNA"))
    assert (caught.value.status, caught.value.scim_type) == (409, "uniqueness")
    with pytest.raises(UniquenessException):
        client.create(group_model(display_name="TEAM"))
    with pytest.raises(InvalidFilterException):
        client.query(user_model, query_parameters={"filter": "userName zz 1"}, check_request_payload=False)
    refused(InvalidPathException, {"op": "add", "path": "noSuchThing", "value": "x"})
    refused(InvalidValueException, {"op": "replace", "path": "active", "value": "perhaps"})
    refused(MutabilityException, {"op": "replace", "path": "id", "value": "x"})
    refused(NoTargetException, {"op": "replace", "path": 'emails[type eq "work"].value', "value": "a@b.de"})
    assert client.query(user_model, anna.id) == anna  # nothing of all that came through


def test_a_stale_version_is_refused(client, user_model):
    anna = client.create(person(user_model, "anna"))
    stale = client.query(user_model, anna.id)
    client.modify(user_model, anna.id, patch(user_model, {"op": "add", "path": "title", "value": "Boss"}))

    stale.title = "Clerk"
    with pytest.raises(PreconditionFailedException):
        client.replace(stale, headers={"If-Match": anna.meta.version})
    assert client.query(user_model, anna.id).title == "Boss"


def test_a_wrong_token_is_an_error_of_scim(gateway):
    with Client(base_url=f"http://127.0.0.1:{gateway.port}/scim/v2", headers={"Authorization": "Bearer x"}) as http:
        with pytest.raises(SCIMException) as caught:
            SyncSCIMClient(http).discover()
    assert caught.value.status == 401


def test_a_bulk_request_of_users_and_groups(client, user_model, group_model):
    def operation(model, method, path, **attributes):
        return BulkOperation[model](method=method, path=path, **attributes)

    group = group_model(display_name="bulk of a client", members=[{"value": "bulkId:anna"}])
    answer = client.bulk(
        BulkRequest[user_model | group_model](
            operations=[
                operation(group_model, "POST", "/Groups", bulk_id="group", data=group),
                operation(user_model, "POST", "/Users", bulk_id="anna", data=person(user_model, "bulk@example.com")),
                operation(user_model, "POST", "/Users", bulk_id="twin", data=person(user_model, "bulk@example.com")),
            ]
        )
    )

    assert [result.status for result in answer.operations] == [201, 201, 409]
    assert answer.operations[2].response.scim_type == "uniqueness"
    made = client.query(group_model, answer.operations[0].location.rpartition("/")[2])
    assert made.members[0].value == answer.operations[1].location.rpartition("/")[2]
