"""Filters, sorting, pages and projections against a reference (RFC 7644, 3.4.2)."""

import random
import urllib.parse

import pytest
import scim_filter
from messages import LIST, SEARCH, check_error, user_body

from gateway import ENTERPRISE, PERSON, USER, Gateway

# ---- filters ----

NAMES = ["Anna", "anna", "\u00c4nne", "bert", "Bert Berg", "Stra\u00dfe", "STRASSE", "\u65e5\u672c", 'quo"te\\', "zz"]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """60 people and 15 groups of all sorts, as a source sees them."""
    dice = random.Random(20261124)
    with Gateway(tmp_path_factory.mktemp("town") / "gateway", sources=["one", "two"]) as gateway:
        people = []
        for number in range(60):
            body = {"userName": f"{dice.choice(['User', 'user', 'X'])}{number}@example.com"}
            for key in ("displayName", "nickName", "title"):
                if dice.random() < 0.6:
                    body[key] = dice.choice(NAMES)
            if dice.random() < 0.5:
                body["name"] = {key: dice.choice(NAMES) for key in ("givenName", "familyName") if dice.random() < 0.7}
            if dice.random() < 0.8:
                body["active"] = dice.random() < 0.7
            if dice.random() < 0.5:
                body["externalId"] = f"{dice.choice('Ee')}{number}"
            if dice.random() < 0.6:
                body["emails"] = [
                    {
                        "value": f"{dice.choice(NAMES[:3])}{number % 7}@example.com",
                        "type": kind,
                        "primary": kind == "work",
                    }
                    if dice.random() < 0.7
                    else {"value": f"untyped{number % 5}@example.com"}
                    for kind in dice.sample(["work", "home", "other"], dice.randrange(1, 4))
                ]
            if dice.random() < 0.5:
                body[ENTERPRISE] = {"department": dice.choice(NAMES)}
                if dice.random() < 0.5:
                    body[ENTERPRISE]["manager"] = {"value": dice.choice(["M1", "m1", "m2"])}
            if dice.random() < 0.4:
                body[PERSON] = {
                    "endDate": dice.choice(
                        ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2027-06-01T12:00:00.5Z"]
                    )
                }
            people.append(make_user(gateway, body))
        for number in range(15):
            members = dice.sample(people, dice.randrange(6))
            extra = {"externalId": f"G{number}"} if dice.random() < 0.5 else {}
            gateway.group(f"{dice.choice(NAMES)} {number}", [m["id"] for m in members], **extra)
        yield gateway


def make_user(gateway, body):
    answer = gateway.post("/Users", {"schemas": [USER]} | body)
    assert answer.status == 201, answer
    return answer.json


def all_of(gateway, endpoint):
    answer = gateway.get(f"/{endpoint}?count=200").json
    assert answer["totalResults"] == len(answer["Resources"])
    return answer["Resources"]


def random_literal(dice, values, type_name):
    if type_name == "boolean":
        return dice.random() < 0.5
    known = [value for value in values if value is not None]
    if not known or dice.random() < 0.2:
        return "2026-06-01T00:00:00Z" if type_name == "dateTime" else dice.choice(["", "nothing", "A", "m"])
    literal = dice.choice(known)
    if type_name == "dateTime":
        return literal
    change = dice.randrange(5)
    if change == 0:
        return literal.upper()
    if change == 1:
        return literal[: dice.randrange(1, len(literal) + 1)]
    if change == 2:
        return literal[dice.randrange(len(literal)) :]
    return literal


def random_term(dice, documents, attributes):
    path = dice.choice(list(attributes))
    type_name, _ = attributes[path]
    if dice.random() < 0.12:
        return ("pr", path)
    op = dice.choice(scim_filter.OPERATORS[type_name])
    values = [value for document in documents for value in scim_filter.values_of(document, path)]
    return (op, path, random_literal(dice, values, type_name))


def random_filter(dice, documents, attributes, depth=0):
    kind = dice.random()
    if depth < 3 and kind < 0.3:
        word = dice.choice(["and", "or"])
        return (
            word,
            random_filter(dice, documents, attributes, depth + 1),
            random_filter(dice, documents, attributes, depth + 1),
        )
    if depth < 3 and kind < 0.4:
        return ("not", random_filter(dice, documents, attributes, depth + 1))
    if kind < 0.5 and ("emails", "value") in attributes:
        inner = {path[1:]: rule for path, rule in attributes.items() if path[0] == "emails"}
        items = [item for document in documents for item in document.get("emails", [])]
        return ("any", ("emails",), random_filter(dice, items, inner, depth + 2))
    return random_term(dice, documents, attributes)


@pytest.mark.parametrize(("endpoint", "kind"), [("Users", "User"), ("Groups", "Group")])
def test_600_random_filters_find_what_the_reference_finds(town, endpoint, kind):
    documents = all_of(town, endpoint)
    attributes = scim_filter.ATTRIBUTES[kind]
    dice = random.Random(kind)
    sizes = set()
    for number in range(600):
        it = random_filter(dice, documents, attributes)
        text = scim_filter.text_of(it)
        wanted = [document["id"] for document in documents if scim_filter.matches(it, document, attributes)]
        if number % 3 == 0:
            answer = town.post(f"/{endpoint}/.search", {"schemas": [SEARCH], "filter": text, "count": 200})
        else:
            answer = town.find(endpoint, text, count=200)
        assert answer.status == 200, (text, answer)
        # Without sortBy the order is that of the index that was used.
        assert sorted(document["id"] for document in answer.json["Resources"]) == sorted(wanted), text
        assert answer.json["totalResults"] == len(wanted)
        sizes.add(len(wanted))
    assert len(sizes) > 10  # they are not all empty or full


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('userName SW "user"', 'username sw "USER"'),
        ('userName Sw "user" AND active EQ true', 'active eq true and userName sw "user"'),
        (f'{USER}:userName sw "x"', 'userName sw "x"'),
        ("members pr", "members.value pr"),
        ('title eq "a" or title eq "anna" and nickName pr', 'title eq "a" or (title eq "anna" and nickName pr)'),
        ("not (title pr) and active eq true", "(not (title pr)) and (active eq true)"),
        ("title eq null", "not (title pr)"),
        ("title ne null", "title pr"),
        (f"{ENTERPRISE}:department pr", f"{ENTERPRISE.upper().replace('URN:IETF', 'urn:ietf')}:DEPARTMENT pr"),
        ('emails eq "untyped1@example.com"', 'emails.value eq "untyped1@example.com"'),
        ('emails co "anna"', 'emails[value co "anna"]'),
        ('emails[type eq "work" and value co "1"]', 'emails[value co "1" and type eq "work"]'),
        ('  userName   sw    "x"  ', 'userName sw "x"'),
        (r'nickName eq "\u0061nna"', 'nickName eq "anna"'),
    ],
)
def test_filters_that_mean_the_same_find_the_same(town, text, other):
    endpoint = "Groups" if "members" in text else "Users"
    one, two = town.find(endpoint, text, count=200), town.find(endpoint, other, count=200)
    assert one.status == two.status == 200, (one, two)
    assert one.json == two.json
    assert one.json["totalResults"] > 0 or "urn" in text


# ---- sorting, pages, projections ----

SORTS = [
    ("userName",),
    ("displayName",),
    ("nickName",),
    ("active",),
    ("name", "familyName"),
    ("emails", "value"),
    (ENTERPRISE, "department"),
    (PERSON, "endDate"),
    ("meta", "created"),
    ("externalId",),
    ("id",),
]


def sort_key(document, path):
    type_name, exact = scim_filter.ATTRIBUTES["User"][path]
    value = document
    for name in path:
        if isinstance(value, list):
            value = next((item for item in value if item.get("primary")), value[0] if value else None)
        value = value.get(name) if value is not None else None
    if value is None:
        return None
    key = scim_filter.comparable(value, type_name, exact)
    return key.encode() if isinstance(key, str) else key


@pytest.mark.parametrize("path", SORTS, ids=scim_filter.path_text)
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_sort_by_is_total_and_stable(town, path, order):
    documents = all_of(town, "Users")
    known = [d for d in documents if sort_key(d, path) is not None]
    unknown = [d for d in documents if sort_key(d, path) is None]
    known.sort(key=lambda d: sort_key(d, path), reverse=order == "descending")
    wanted = known + unknown if order == "ascending" else unknown + known

    query = urllib.parse.urlencode({"sortBy": scim_filter.path_text(path), "sortOrder": order, "count": 200})
    answer = town.get(f"/Users?{query}").json

    found = answer["Resources"]
    assert [sort_key(d, path) for d in found] == [sort_key(d, path) for d in wanted]
    assert {d["id"] for d in found} == {d["id"] for d in documents}
    # pages of 7 are slices of it
    paged = []
    for start in range(1, len(documents) + 1, 7):
        page = town.get(f"/Users?{query.replace('count=200', 'count=7')}&startIndex={start}").json
        assert page["totalResults"] == len(documents) and page["startIndex"] == start
        assert page["itemsPerPage"] == len(page["Resources"])
        paged += page["Resources"]
    assert [d["id"] for d in paged] == [d["id"] for d in found]


@pytest.mark.parametrize("query", ["", 'filter=userName+co+"user"&'])
def test_pages_are_slices_of_one_order(town, query):
    whole = town.get(f"/Users?{query}count=200").json
    total = whole["totalResults"]
    for start, count, wanted_start, wanted in [
        (1, 10, 1, slice(0, 10)),
        (6, 5, 6, slice(5, 10)),
        (0, 3, 1, slice(0, 3)),
        (-5, 3, 1, slice(0, 3)),
        (total, 10, total, slice(total - 1, None)),
        (total + 1, 10, total + 1, slice(0, 0)),
        (10**12, 10, 10**12, slice(0, 0)),
        (1, 0, 1, slice(0, 0)),
        (1, -3, 1, slice(0, 0)),
    ]:
        page = town.get(f"/Users?{query}startIndex={start}&count={count}").json
        assert page["schemas"] == [LIST]
        assert page["totalResults"] == total, (start, count)
        assert page["Resources"] == whole["Resources"][wanted], (start, count)
        assert page["startIndex"] == wanted_start
        assert page["itemsPerPage"] == len(page["Resources"])
        assert set(page) == {"schemas", "totalResults", "startIndex", "itemsPerPage", "Resources"}


def test_search_over_all_types_and_pages_across_them(town):
    people, groups = all_of(town, "Users"), all_of(town, "Groups")

    answer = town.post("/.search", {"schemas": [SEARCH], "count": 200}).json
    assert answer["totalResults"] == len(people) + len(groups)
    kinds = [document["meta"]["resourceType"] for document in answer["Resources"]]
    assert kinds == ["User"] * len(people) + ["Group"] * len(groups)

    found = []
    for start in range(1, answer["totalResults"] + 1, 8):
        found += town.post("/.search", {"schemas": [SEARCH], "startIndex": start, "count": 8}).json["Resources"]
    assert found == answer["Resources"]

    # An attribute that only one type has; case of the members of the message does not matter.
    answer = town.post(
        "/.search", {"SCHEMAS": [SEARCH], "Filter": "members pr", "COUNT": 200, "attributes": ["id"]}
    ).json
    assert answer["totalResults"] == sum("members" in group for group in groups)
    assert all(set(document) == {"schemas", "id"} for document in answer["Resources"])
    check_error(town.post("/.search", {"schemas": [SEARCH], "filter": 'nothing eq "x"'}), 400, "invalidFilter")
    check_error(town.post("/.search", {"schemas": [SEARCH], "count": "many"}), 400, "invalidValue")
    check_error(town.post("/.search", {"schemas": [SEARCH], "filter": 7}), 400, "invalidValue")
    check_error(town.post("/.search", {"schemas": [SEARCH], "attributes": [7]}), 400, "invalidValue")
    check_error(town.post("/.search", b"[]"), 400, "invalidSyntax")
    check_error(town.post("/.search", {"schemas": [USER]}), 400, "invalidSyntax")


def only(document, *names):
    return {key: value for key, value in document.items() if key in ("schemas", "id", *names)}


def test_attributes_and_excluded_attributes(town):
    documents = all_of(town, "Users")
    whole = next(d for d in documents if "emails" in d and ENTERPRISE in d and "groups" in d)
    path = f"/Users/{whole['id']}"

    assert town.get(f"{path}?attributes=userName").json == only(whole, "userName")
    assert town.get(f"{path}?attributes=USERNAME,%20emails").json == only(whole, "userName", "emails")
    assert town.get(f"{path}?attributes=").json in (whole, only(whole))
    assert town.get(f"{path}?attributes=id,schemas").json == only(whole)
    part = town.get(f"{path}?attributes=emails.value,meta.created,groups.display").json
    assert part == only(whole) | {
        "emails": [{"value": email["value"]} for email in whole["emails"]],
        "meta": {"created": whole["meta"]["created"]},
        "groups": [{"display": group["display"]} for group in whole["groups"]],
    }
    assert town.get(f"{path}?attributes={ENTERPRISE}").json == only(whole, ENTERPRISE)
    assert town.get(f"{path}?attributes={ENTERPRISE}:department").json == only(whole) | {
        ENTERPRISE: {"department": whole[ENTERPRISE]["department"]}
    }
    assert town.get(f"{path}?attributes=password").json == only(whole)

    without = dict(whole)
    del without["emails"], without["groups"]
    assert town.get(f"{path}?excludedAttributes=emails,groups").json == without
    assert town.get(f"{path}?excludedAttributes=id,schemas,password").json == whole
    without = {key: value for key, value in whole.items() if key != ENTERPRISE}
    assert town.get(f"{path}?excludedAttributes={ENTERPRISE}").json == without
    # … of lists and searches, writes, and groups
    listed = town.get("/Users?attributes=userName&count=200").json["Resources"]
    assert listed == [only(document, "userName") for document in documents]
    assert town.get(f"/Users?attributes=id&filter=id+eq+%22{whole['id']}%22").json["Resources"] == [only(whole)]
    groups = all_of(town, "Groups")
    listed = town.get("/Groups?excludedAttributes=members&count=200").json["Resources"]
    assert listed == [{key: value for key, value in group.items() if key != "members"} for group in groups]
    made = town.post("/Users?attributes=userName", user_body(userName="projected@example.com")).json
    assert set(made) == {"schemas", "id", "userName"}
    patched = town.patch(f"/Users/{made['id']}?excludedAttributes=meta", {"op": "add", "path": "title", "value": "x"})
    assert "meta" not in patched.json and patched.json["title"] == "x"
    put = town.put(f"/Users/{made['id']}?attributes=title", user_body(userName="projected@example.com", title="y"))
    assert put.json == {"schemas": [USER], "id": made["id"], "title": "y"}
    assert town.delete(f"/Users/{made['id']}").status == 204
