"""Queries that an index answers, when there is more than one slice of candidates."""

from pages import ids as ids_of
from pages import walk, walk_back


def test_many_people_of_one_address_are_all_found(gateway):
    for i in range(600):
        gateway.user(f"u{i}@example.com", emails=[{"value": "shared@example.com", "type": "work"}], active=i % 3 > 0)

    found = gateway.find("Users", 'emails.value eq "shared@example.com"', startIndex=590, count=20).json
    active = gateway.find("Users", 'emails.value eq "shared@example.com" and active eq true', count=0).json

    assert (found["totalResults"], found["itemsPerPage"]) == (600, 11)
    assert active["totalResults"] == 400


def test_an_address_finds_who_has_it_as_name_too(gateway):
    ids = []
    for i in range(9):
        name = "Shared@example.com" if i == 4 else f"u{i}@example.com"
        ids.append(gateway.user(name, emails=[{"value": "shared@EXAMPLE.com"}])["id"])
    gateway.user("other@example.com", emails=[{"value": "u3@example.com"}])
    gateway.user("shared2@example.com")

    def found(text, **query):
        return [user["id"] for user in gateway.find("Users", text, **query).json["Resources"]]

    text = 'emails.value eq "SHARED@example.com"'
    assert found(text) == ids
    assert found(text, sortBy="userName") == [ids[4], *ids[:4], *ids[5:]]
    for count in (1, 3, 4, 5, 100):
        pages = walk(gateway, "/Users", filter=text, count=count)
        back = walk_back(gateway, "/Users", pages[-1], filter=text, count=count)
        assert ids_of(pages) == ids_of(back) == ids
    # Neither who only has the name, nor who has it no more.
    assert found('emails.value eq "shared2@example.com"') == []
    assert gateway.patch(f"/Users/{ids[4]}", {"op": "replace", "path": "userName", "value": "new"}).status == 200
    assert found(text) == ids
    assert gateway.patch(f"/Users/{ids[4]}", {"op": "remove", "path": "emails"}).status == 200
    assert found(text) == ids[:4] + ids[5:]


def test_a_person_of_many_groups_finds_them_all(gateway):
    anna = gateway.user("anna@example.com")
    for i in range(300):
        gateway.group(f"team {i}", [anna["id"]])

    found = gateway.find("Groups", f'members.value eq "{anna["id"]}"', count=1000, excludedAttributes="members").json

    assert found["totalResults"] == len(found["Resources"]) == 300
    assert len(gateway.get(f"/Users/{anna['id']}").json["groups"]) == 300


def test_members_are_added_removed_by_filter_and_added_again_in_one_patch(gateway):
    people = [gateway.user(f"u{i}@example.com")["id"] for i in range(700)]
    team = gateway.group("team", people[:300])
    some = [{"value": person} for person in people[300:]]

    answer = gateway.patch(
        f"/Groups/{team['id']}",
        {"op": "add", "path": "members", "value": some},
        {"op": "remove", "path": 'members[value sw "0"]'},
        {"op": "add", "path": "members", "value": some[:10]},
    )

    assert answer.status == 200, answer
    found = {member["value"] for member in gateway.get(f"/Groups/{team['id']}").json["members"]}
    assert found == set(people[300:310])


def test_a_sorted_query_may_ask_for_the_number_only(gateway):
    for name in ("anna", "bert", "cara"):
        gateway.user(name, title="Clerk")

    for parameters in ({"sortBy": "title"}, {"sortBy": "meta.created", "startIndex": 3}, {"sortBy": "userName"}):
        found = gateway.find("Users", "title pr", count=0, **parameters).json
        assert (found["totalResults"], found["itemsPerPage"], found.get("Resources", [])) == (3, 0, [])
