"""Queries that an index answers, when there is more than one slice of candidates."""


def test_many_people_of_one_address_are_all_found(gateway):
    for i in range(600):
        gateway.user(f"u{i}@example.com", emails=[{"value": "shared@example.com", "type": "work"}], active=i % 3 > 0)

    found = gateway.find("Users", 'emails.value eq "shared@example.com"', startIndex=590, count=20).json
    active = gateway.find("Users", 'emails.value eq "shared@example.com" and active eq true', count=0).json

    assert (found["totalResults"], found["itemsPerPage"]) == (600, 11)
    assert active["totalResults"] == 400


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
