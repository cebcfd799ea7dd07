"""Pages by cursor (RFC 9865): complete, once each, stable while data change, and nobody else's."""

import random

import pytest
from crowd import make_people
from messages import check_error
from pages import ask, ids, page_of, walk, walk_back

from gateway import GROUP, USER, Gateway, wait_until

COUNT = 45


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    """45 people and 9 groups, of whom some have what others lack."""
    dice = random.Random(9865)
    with Gateway(tmp_path_factory.mktemp("village") / "gateway", sources=["one", "two"]) as gateway:
        people = []
        for number in range(COUNT):
            body = {"schemas": [USER], "userName": f"{dice.choice('aBcD')}{number:02}@example.com"}
            if number % 3:
                body["externalId"] = f"{dice.choice('xyz')}{number}"
            if number % 2:
                body["title"] = dice.choice(["Clerk", "clerk", "Smith", "x" * 300 + dice.choice("ab")])
            if number % 4 == 0:
                body["emails"] = [{"value": "shared@example.com", "type": "work"}]
            answer = gateway.post("/Users", body)
            assert answer.status == 201, answer
            people.append(answer.json)
        for number in range(9):
            gateway.group(f"{'team' if number % 2 else 'Crew'} {number}", [p["id"] for p in people[:number]])
        gateway.people = people
        yield gateway


QUERIES = {
    "all": ("/Users", {}),
    "groups": ("/Groups", {}),
    "everything": ("/.search", {}),
    "search": ("/Users/.search", {}),
    "filter": ("/Users", {"filter": "title pr"}),
    "no match": ("/Users", {"filter": 'title eq "nobody"'}),
    "key": ("/Users", {"filter": 'emails.value eq "shared@example.com"'}),
    "id": ("/Users", {"filter": 'userName eq "nobody@example.com"'}),
    "prefix": ("/Users", {"filter": 'userName sw "B"'}),
    "prefix and more": ("/Users", {"filter": 'userName sw "a" and title pr'}),
    "prefix of a group": ("/Groups", {"filter": 'displayName sw "TEAM"'}),
    "prefix of externalId": ("/Users", {"filter": 'externalId sw "y"'}),
    "prefix, sorted otherwise": ("/Users", {"filter": 'userName sw "c"', "sortBy": "title"}),
    "prefix of everything": ("/Users", {"filter": 'userName sw ""'}),
    "everything, filtered": ("/.search", {"filter": 'displayName sw "crew" or userName co "1"'}),
    "everything, sorted": ("/.search", {"sortBy": "externalId"}),
} | {
    f"{by} {order}{' filtered' if more else ''}": (path, {"sortBy": by, "sortOrder": order} | more)
    for path, by in (
        ("/Users", "userName"),
        ("/Users", "externalId"),
        ("/Users", "id"),
        ("/Users", "meta.created"),
        ("/Users", "title"),
        ("/Users", "active"),
        ("/Users", "meta.lastModified"),
        ("/Users", "emails.value"),
        ("/Groups", "displayName"),
    )
    for order in ("ascending", "descending")
    for more in ({}, {"filter": 'id co "7a" or not (externalId sw "x")'})
}


@pytest.mark.parametrize("name", QUERIES)
def test_pages_by_cursor_are_the_list_by_index(village, name):
    path, query = QUERIES[name]
    whole = ask(village, path, query | {"count": 200}).json
    wanted = [resource["id"] for resource in whole["Resources"]]
    assert whole["totalResults"] == len(wanted)

    for count in (1, 7, len(wanted) or 1, 200):
        pages = walk(village, path, **query, count=count)

        assert ids(pages) == wanted
        assert all(len(page["Resources"]) == count for page in pages[:-1])
        assert all(page.get("totalResults", len(wanted)) == len(wanted) for page in pages)
        back = walk_back(village, path, pages[-1], **query, count=count)
        assert ids(back) == wanted


def test_a_page_back_and_forth_is_the_same_page(village):
    pages = walk(village, "/Users", count=10, sortBy="title")

    for before, after in zip(pages, pages[1:], strict=False):
        back = page_of(village, "/Users", {"count": 10, "sortBy": "title"}, after["previousCursor"])
        forth = page_of(village, "/Users", {"count": 10, "sortBy": "title"}, back["nextCursor"])
        assert (ids([back]), ids([forth])) == (ids([before]), ids([after]))


def test_cursor_may_be_named_without_a_value_and_stays_out_of_lists_by_index(village):
    page = village.get("/Users?cursor&count=2").json
    plain = village.get("/Users?count=2").json

    assert "nextCursor" in page and page["totalResults"] == COUNT
    assert set(plain) == {"schemas", "totalResults", "startIndex", "itemsPerPage", "Resources"}
    assert page["Resources"] == plain["Resources"]


def test_the_default_is_a_page_of_100_and_the_most_1000(make_gateway):
    gateway = make_gateway()
    make_people(gateway, 1101, title="one of many")

    page = page_of(gateway, "/Users", {}, "")
    large = page_of(gateway, "/Users", {"count": 5000, "attributes": "userName"}, "")

    assert (len(page["Resources"]), len(large["Resources"])) == (100, 1000)
    for query in ({}, {"filter": "title pr"}, {"filter": 'userName sw "p"'}, {"sortBy": "userName"}):
        found = ids(walk(gateway, "/Users", count=300, attributes="id", **query))
        assert len(found) == len(set(found)) == 1101


def test_a_cursor_is_refused_when_it_is_not_the_clients_own(village):
    query = {"count": 5, "filter": "title pr", "sortBy": "title", "attributes": "userName"}
    cursor = page_of(village, "/Users", query, "")["nextCursor"]

    def refused(answer):
        check_error(answer, 400, "invalidCursor")
        return answer.json["detail"]

    for forged in ("x", "A" * 67, "%00", cursor[:-1], cursor + "A", cursor[::-1], cursor.swapcase(), cursor * 9):
        assert "begin anew" in refused(ask(village, "/Users", query | {"cursor": forged}))
    for changed in (
        {"count": 6},
        {"filter": "title pr and title pr"},
        {"sortBy": "nickName"},
        {"sortOrder": "descending"},
        {"attributes": "title"},
        {"attributes": ""},
    ):
        assert "another query" in refused(ask(village, "/Users", query | changed | {"cursor": cursor}))
    assert "another query" in refused(ask(village, "/.search", query | {"cursor": cursor}))
    refused(ask(village, "/Users", query | {"cursor": cursor}, source="two"))
    refused(ask(village, "/Users", query | {"cursor": cursor, "startIndex": 2}))
    # It is still good for who got it, and the two doors to one query share it.
    assert page_of(village, "/Users", query, cursor) == page_of(village, "/Users/.search", query, cursor)


@pytest.mark.parametrize("count", ["0", "-1", "x", "", "1.5"])
def test_a_page_by_cursor_has_one_resource_or_more(village, count):
    check_error(village.get(f"/Users?cursor=&count={count}"), 400, "invalidCount")


def test_a_cursor_survives_a_restart_and_is_not_of_another_gateway(make_gateway):
    gateway, other = make_gateway(), make_gateway("other")
    for one in (gateway, other):
        make_people(one, 5)
    cursor = page_of(gateway, "/Users", {"count": 2}, "")["nextCursor"]

    gateway.restart()

    assert len(page_of(gateway, "/Users", {"count": 2}, cursor)["Resources"]) == 2
    check_error(ask(other, "/Users", {"count": 2, "cursor": cursor}), 400, "invalidCursor")


def test_a_cursor_of_one_tenant_is_none_in_another(make_gateway):
    gateway = make_gateway(sources=["one", {"name": "other", "tenant": "other"}])
    make_people(gateway, 3)
    make_people(gateway, 3, source="other")
    cursor = page_of(gateway, "/Users", {"count": 1}, "")["nextCursor"]

    check_error(ask(gateway, "/Users", {"count": 1, "cursor": cursor}, source="other"), 400, "invalidCursor")


def test_a_list_sorted_by_id_holds_nothing_of_another_tenant(make_gateway):
    gateway = make_gateway(sources=["one", {"name": "other", "tenant": "other"}])
    wanted = []
    for number in range(20):
        wanted.append(gateway.user(f"u{number}@example.com")["id"])
        gateway.user(f"u{number}@example.com", source="other")
        gateway.group(f"team {number}")

    assert ids(walk(gateway, "/Users", count=3, sortBy="meta.created")) == sorted(wanted)


def test_a_cursor_expires(make_gateway):
    gateway = make_gateway(scim={"cursor_timeout": "1s"})
    make_people(gateway, 3)
    assert gateway.get("/ServiceProviderConfig").json["pagination"]["cursorTimeout"] == 1
    cursor = page_of(gateway, "/Users", {"count": 1}, "")["nextCursor"]

    def is_expired():
        answer = ask(gateway, "/Users", {"count": 1, "cursor": cursor})
        if answer.status == 200:
            return False
        check_error(answer, 400, "expiredCursor")
        assert "1 seconds" in answer.json["detail"]
        return True

    wait_until(is_expired, "the cursor expires")


def test_discovery_tells_how_lists_are_paged(village):
    assert village.get("/ServiceProviderConfig").json["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 1000,
        "cursorTimeout": 3600,
    }


ORDERS = [{}, {"sortBy": "userName"}, {"sortBy": "meta.created", "sortOrder": "descending"}, {"filter": "title pr"}]


@pytest.mark.parametrize("query", ORDERS, ids=str)
def test_a_walk_finds_each_once_while_others_come_go_and_change(make_gateway, query):
    gateway = make_gateway()
    people = make_people(gateway, 90, name="p{:03}", title="Clerk")
    dice = random.Random(1)
    doomed = set(dice.sample(people, 20))
    stay = [person for person in people if person not in doomed]
    left = list(doomed)
    found = []
    cursor = ""
    for number in range(1000):
        page = page_of(gateway, "/Users", {"count": 7} | query, cursor)
        found += ids([page])
        if "nextCursor" not in page:
            break
        cursor = page["nextCursor"]
        for person in (left.pop() for _ in range(min(2, len(left)))):
            assert gateway.delete(f"/Users/{person}").status == 204
        gateway.user(f"p{number:03}.new@example.com", title="Clerk")
        changed = dice.choice(stay)
        answer = gateway.patch(f"/Users/{changed}", {"op": "replace", "path": "nickName", "value": f"n{number}"})
        assert answer.status == 200

    assert len(found) == len(set(found))
    assert set(stay) <= set(found)


def test_the_resource_at_the_cursor_may_go(make_gateway):
    gateway = make_gateway()
    people = make_people(gateway, 9)
    for query in ({}, {"sortBy": "userName"}, {"sortBy": "id"}, {"sortBy": "title"}):
        pages = walk(gateway, "/Users", count=3, **query)
        cursor, back = pages[0]["nextCursor"], pages[1]["previousCursor"]
        gone = pages[0]["Resources"][-1]["id"]
        first_of_second = pages[1]["Resources"][0]["id"]
        people.remove(gone)
        assert gateway.delete(f"/Users/{gone}").status == 204

        parameters = {"count": 3} | query
        assert ids([page_of(gateway, "/Users", parameters, cursor)]) == ids([pages[1]])
        assert gone not in ids([page_of(gateway, "/Users", parameters, back)])
        people.append(gateway.user(f"again{len(people)}.{query.get('sortBy')}@example.com")["id"])
        assert first_of_second in ids(walk(gateway, "/Users", count=3, **query))


def test_when_all_before_or_behind_is_gone_the_page_is_empty_and_leads_back(make_gateway):
    gateway = make_gateway()
    make_people(gateway, 6)
    pages = walk(gateway, "/Users", count=3)
    people = ids(pages)
    for person in people[3:]:
        assert gateway.delete(f"/Users/{person}").status == 204

    end = page_of(gateway, "/Users", {"count": 3}, pages[0]["nextCursor"])
    assert end["Resources"] == [] and "nextCursor" not in end
    assert ids([page_of(gateway, "/Users", {"count": 3}, end["previousCursor"])]) == people[:3]

    more = [gateway.user(f"more{number}@example.com")["id"] for number in range(3)]
    second = page_of(gateway, "/Users", {"count": 3}, pages[0]["nextCursor"])
    for person in people[:3]:
        assert gateway.delete(f"/Users/{person}").status == 204
    start = page_of(gateway, "/Users", {"count": 3}, second["previousCursor"])
    assert start["Resources"] == [] and "previousCursor" not in start
    assert ids([page_of(gateway, "/Users", {"count": 3}, start["nextCursor"])]) == more


def test_a_page_of_large_resources_ends_earlier_and_goes_on(make_gateway):
    gateway = make_gateway()
    make_people(gateway, 24, **{name: "x" * 60_000 for name in ("displayName", "title", "nickName", "userType")})
    wanted = [person["id"] for person in gateway.get("/Users?attributes=id").json["Resources"]]

    pages = walk(gateway, "/Users", count=24)
    assert 1 < len(pages) < 24
    assert ids(pages) == wanted
    assert ids(walk_back(gateway, "/Users", pages[-1], count=24)) == wanted
    by_index = gateway.get("/Users?count=24").json
    assert by_index["totalResults"] == 24 and by_index["itemsPerPage"] == len(by_index["Resources"]) < 24


def test_groups_page_with_their_members(village):
    found = [group for page in walk(village, "/Groups", count=2) for group in page["Resources"]]

    assert [len(group.get("members", [])) for group in found] == list(range(9))
    assert all(group["schemas"] == [GROUP] for group in found)
