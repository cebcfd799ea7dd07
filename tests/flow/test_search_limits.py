"""Searches that no index answers: as much as one answer may look at, and the way out beyond it."""

import pytest
from crowd import make_people
from messages import check_error
from pages import ids, page_of, walk

from gateway import Gateway

LIMIT, PEOPLE = 100, 260


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """260 people and 5 groups in a gateway whose answers look at 100."""
    with Gateway(tmp_path_factory.mktemp("limits") / "gateway", scim={"search_rows": LIMIT}) as gateway:
        make_people(gateway, PEOPLE - 2, name="p{:03}", displayName="One of Many")
        for number in range(2):
            gateway.user(f"rare{number}", displayName="Rare Bird", externalId=f"x{number}")
        for number in range(5):
            gateway.group(f"team {number}")
        yield gateway


SEARCHES = {
    "co": ({"filter": 'displayName co "bird"'}, 2),
    "ew": ({"filter": 'displayName ew "bird"'}, 2),
    "sw without an index": ({"filter": 'displayName sw "rare"'}, 2),
    "not": ({"filter": 'not (displayName eq "One of Many")'}, 2),
    "present": ({"filter": "externalId pr"}, 2),
    "all": ({"filter": "userName pr"}, PEOPLE),
    "none": ({"filter": 'title eq "nothing"'}, 0),
    "in an order of an index": ({"filter": 'displayName co "bird"', "sortBy": "userName"}, 2),
    "in the order of ids": ({"filter": 'displayName co "bird"', "sortBy": "id", "sortOrder": "descending"}, 2),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_refused_by_index_and_complete_by_cursor(town, name):
    query, count = SEARCHES[name]

    detail = check_error(town.find("Users", query["filter"], **rest(query)), 400, "tooMany")
    assert "cursor" in detail or "sort by" in detail

    pages = walk(town, "/Users", **query)
    found = ids(pages)
    assert len(found) == len(set(found)) == count
    assert len(pages) >= PEOPLE // LIMIT  # some may be empty: each looked at 100 rows at most


def rest(query):
    return {name: value for name, value in query.items() if name != "filter"}


def test_what_an_index_answers_is_not_limited(town):
    for text, count in (
        ('userName eq "RARE1"', 1),
        ('userName sw "p"', PEOPLE - 2),
        ('userName sw "P1"', 100),
        ('externalId sw "x"', 2),
        ('userName sw "rare" and displayName co "bird"', 2),
    ):
        answer = town.find("Users", text, count=3)
        assert answer.status == 200, answer
        assert answer.json["totalResults"] == count
    assert town.find("Groups", 'displayName co "team"').json["totalResults"] == 5


@pytest.mark.parametrize("by", ["userName", "id", "meta.created"])
def test_what_an_index_sorts_is_not_limited(town, by):
    whole = ids([town.get(f"/Users?sortBy={by}&count=300&attributes=id").json])
    assert len(set(whole)) == PEOPLE
    assert ids([town.get(f"/Users?sortBy={by}&startIndex=251&count=5").json]) == whole[250:255]
    assert ids([town.get(f"/Users?sortBy={by}&sortOrder=descending&count=2").json]) == whole[:-3:-1]


def test_sorted_by_what_few_have_the_others_come_last(town):
    first = town.get("/Users?sortBy=externalId&count=3").json
    assert [user.get("externalId") for user in first["Resources"]] == ["x0", "x1", None]
    assert first["totalResults"] == PEOPLE
    for count in (7, 300):
        assert len(set(ids(walk(town, "/Users", sortBy="externalId", count=count)))) == PEOPLE


@pytest.mark.parametrize("by", ["title", "displayName", "meta.lastModified", "emails.value"])
def test_what_no_index_sorts_is_refused_with_the_way_out(town, by):
    for cursor in ("", "&cursor="):
        detail = check_error(town.get(f"/Users?sortBy={by}{cursor}"), 400, "tooMany")
        assert by in detail and str(PEOPLE) in detail and "meta.created" in detail
    assert town.get(f"/Groups?sortBy={'displayName' if by == 'title' else 'meta.lastModified'}").status == 200
    assert town.find("Users", 'userName eq "rare0"', sortBy=by).json["totalResults"] == 1


def test_a_search_of_everything_counts_all_types(town):
    check_error(town.get("/?filter=meta.version+pr"), 400, "tooMany")
    page = page_of(town, "/", {"filter": "meta.version pr", "count": 1000}, "")
    assert 0 < len(page["Resources"]) < PEOPLE and "nextCursor" in page
