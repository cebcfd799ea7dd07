"""Names, externalId, versions, passwords and replies: what holds for one resource."""

import json
import re

import pytest
from messages import check_error, group_body, user_body

from gateway import GROUP

# ---- 409 ----

SAME_NAMES = [
    ("anna@example.com", "ANNA@Example.COM"),
    ("stra\u00dfe", "STRASSE"),
    ("caf\u00e9", "cafe\u0301"),
    ("\ufb01ne", "fine"),
    ("\uff21bc", "abc"),
    ("\u0130x", "i\u0307x"),
    ("\u212bngstrom", "\u00e5ngstr\u00f6m".replace("\u00f6", "o")),
    ("\u03c3\u03c2", "\u03a3\u03a3"),
]


@pytest.mark.parametrize(("first", "second"), SAME_NAMES)
def test_names_that_look_the_same_to_a_computer_are_one(scim, first, second):
    made = scim.user(first)
    other = scim.user("another " + first)
    made_group = scim.group(first)
    other_group = scim.group("another " + first)

    rename = {"op": "replace", "path": "userName", "value": second}
    rename_group = {"op": "replace", "path": "displayName", "value": second}
    for answer in (
        scim.post("/Users", user_body(userName=second)),
        scim.post("/Users", user_body(userName=second), source="two"),
        scim.patch(f"/Users/{other['id']}", rename),
        scim.put(f"/Users/{other['id']}", user_body(userName=second)),
        scim.post("/Groups", group_body(displayName=second)),
        scim.patch(f"/Groups/{other_group['id']}", rename_group),
        scim.put(f"/Groups/{other_group['id']}", group_body(displayName=second)),
    ):
        detail = check_error(answer, 409, "uniqueness")
        assert made["id"] not in detail and made_group["id"] not in detail

    assert scim.find("Users", f'userName eq "{second}"').json["Resources"] == [made]
    # Its owner may spell it in another way, and so may another tenant own it.
    assert scim.patch(f"/Users/{made['id']}", rename).json["userName"] == second
    assert scim.patch(f"/Groups/{made_group['id']}", rename_group).json["displayName"] == second
    theirs = scim.user(second, source="other")
    assert scim.delete(f"/Users/{theirs['id']}", source="other").status == 204
    for key in (made["id"], other["id"]):
        assert scim.delete(f"/Users/{key}").status == 204
    for key in (made_group["id"], other_group["id"]):
        assert scim.delete(f"/Groups/{key}").status == 204
    # … and after the end of its owner it is free.
    again = scim.user(first)
    assert scim.delete(f"/Users/{again['id']}").status == 204


def test_user_name_keeps_its_case(scim):
    made = scim.user("MiXed.Case@Example.COM")

    assert made["userName"] == "MiXed.Case@Example.COM"
    assert scim.get(f"/Users/{made['id']}").json["userName"] == "MiXed.Case@Example.COM"
    assert scim.find("Users", 'userName eq "mixed.case@example.com"').json["Resources"] == [made]


def test_external_id_belongs_to_its_source(scim):
    mine = scim.user("external@example.com", externalId="E1")
    key = mine["id"]

    # The other source neither sees nor finds it, and may give its own.
    assert "externalId" not in scim.get(f"/Users/{key}", source="two").json
    assert scim.find("Users", 'externalId eq "E1"', source="two").json["totalResults"] == 0
    assert scim.find("Users", 'externalId pr and userName sw "external"', source="two").json["totalResults"] == 0
    theirs = scim.patch(f"/Users/{key}", {"op": "add", "path": "externalId", "value": "E1"}, source="two")
    assert theirs.json["externalId"] == "E1"
    scim.patch(f"/Users/{key}", {"op": "replace", "path": "externalId", "value": "E2"}, source="two")
    assert scim.get(f"/Users/{key}").json["externalId"] == "E1"
    assert scim.find("Users", 'externalId eq "E2"', source="two").json["totalResults"] == 1
    # PUT without it clears its own and leaves the other's alone.
    scim.put(f"/Users/{key}", user_body(userName="external@example.com"), source="two")
    assert "externalId" not in scim.get(f"/Users/{key}", source="two").json
    assert scim.get(f"/Users/{key}").json["externalId"] == "E1"
    # Unique per source and type, exact.
    check_error(scim.post("/Users", user_body(externalId="E1")), 409, "uniqueness")
    assert scim.group("external group", externalId="E1")["externalId"] == "E1"
    lower = scim.user("external.lower@example.com", externalId="e1")
    assert scim.find("Users", 'externalId eq "e1"').json["Resources"] == [lower]
    # A numeric one is a text like others and never an id.
    numeric = scim.user("external.numeric@example.com", externalId="1")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", numeric["id"])
    check_error(scim.get("/Users/1"), 404)
    check_error(scim.post("/Groups", group_body(members=[{"value": "1"}])), 400, "invalidValue")
    taken = scim.user("external.id@example.com", externalId=key)
    assert taken["id"] != key


# ---- versions ----


def test_every_change_has_its_version_and_conditions_hold(scim):
    made = scim.post("/Users", user_body(userName="versions@example.com"))
    key = made.json["id"]
    path = f"/Users/{key}"
    first = made.headers["ETag"]
    assert made.json["meta"]["version"] == first
    assert made.headers["Location"] == made.json["meta"]["location"]
    assert made.json["meta"]["location"].endswith(f"/scim/v2/Users/{key}")
    read = scim.get(path)
    assert read.headers["ETag"] == first and read.headers["Date"]

    for tag in (first, "*", f'"x", {first}', first.removeprefix("W/")):
        unchanged = scim.get(path, headers={"If-None-Match": tag})
        assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", first), tag
    assert scim.get(path, headers={"If-None-Match": 'W/"99"'}).status == 200

    title = {"op": "replace", "path": "title", "value": "Clerk"}
    for tag in ('W/"99"', '"nonsense"', 'W/"99", W/"98"'):
        check_error(scim.patch(path, title, headers={"If-Match": tag}), 412)
        check_error(scim.put(path, user_body(userName="versions@example.com"), headers={"If-Match": tag}), 412)
        check_error(scim.delete(path, headers={"If-Match": tag}), 412)
    changed = scim.patch(path, title, headers={"If-Match": first})
    assert changed.status == 200
    second = changed.headers["ETag"]
    assert second != first and changed.json["meta"]["version"] == second
    assert changed.json["meta"]["lastModified"] > changed.json["meta"]["created"]
    check_error(scim.patch(path, title, headers={"If-Match": first}), 412)
    # No change, no version.
    assert scim.patch(path, title).headers["ETag"] == second
    assert scim.get(path, headers={"If-None-Match": first}).status == 200
    assert scim.delete(path, headers={"If-Match": f"{first}, {second}"}).status == 204
    check_error(scim.get(path), 404)


def test_a_bad_condition_is_400_and_changes_nothing(scim, person):
    for tag in ("W/x", 'W/"', "x", ""):
        answer = scim.patch(
            f"/Users/{person['id']}", {"op": "add", "path": "title", "value": "y"}, headers={"If-Match": tag}
        )
        assert answer.status in (400, 412), answer
    assert scim.get(f"/Users/{person['id']}").headers["ETag"] == person["meta"]["version"]


def test_groups_are_derived_and_no_part_of_the_version(scim):
    made = scim.user("derived@example.com")
    path = f"/Users/{made['id']}"
    team = scim.group("derived team")

    joined = scim.patch(f"/Groups/{team['id']}", {"op": "add", "path": "members", "value": [{"value": made["id"]}]})
    assert joined.json["meta"]["version"] != team["meta"]["version"]
    read = scim.get(path)
    assert read.headers["ETag"] == made["meta"]["version"]
    (shown,) = read.json["groups"]
    assert (shown["value"], shown["display"]) == (team["id"], "derived team")
    assert shown["$ref"].endswith(f"/Groups/{team['id']}")
    # A renamed group shows at once, PUT of what was read changes nothing.
    scim.patch(f"/Groups/{team['id']}", {"op": "replace", "path": "displayName", "value": "derived team 2"})
    assert scim.get(path).json["groups"][0]["display"] == "derived team 2"
    assert scim.put(path, scim.get(path).json).headers["ETag"] == made["meta"]["version"]
    assert [m["value"] for m in scim.get(f"/Groups/{team['id']}").json["members"]] == [made["id"]]

    before = scim.get(f"/Groups/{team['id']}").headers["ETag"]
    assert scim.delete(path).status == 204
    after = scim.get(f"/Groups/{team['id']}")
    assert "members" not in after.json
    assert after.headers["ETag"] != before
    assert scim.put(f"/Groups/{team['id']}", after.json).status == 200  # what IdPs send next is fine


# ---- passwords ----


def test_a_password_is_accepted_and_kept_nowhere(make_gateway, make_app):
    app = make_app("wiki")
    gateway = make_gateway(apps=[app.config()], policy="allow")
    canaries = [f"Canary-{word}-9f2c" for word in ("post", "put", "patch", "pathless", "denied")]
    made = gateway.user("anna@example.com", password=canaries[0])
    path = f"/Users/{made['id']}"
    answers = [
        gateway.put(path, user_body(userName="anna@example.com", password=canaries[1])),
        gateway.patch(path, {"op": "replace", "path": "password", "value": canaries[2]}),
        gateway.patch(path, {"op": "replace", "value": {"password": canaries[3], "title": "Clerk"}}),
        gateway.post("/Users", user_body(userName="anna@example.com", password=canaries[4])),
        gateway.get(f"{path}?attributes=password"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 409, 200]
    gateway.wait_delivered()
    shown = gateway.cli("journal", "tail", "-n", "100", "-o", "json")
    metrics = gateway.admin("GET", "/metrics").body.decode()
    gateway.read_log()
    log = json.dumps(gateway.log)
    gateway.stop()

    texts = [log, shown, metrics, str(made), *(answer.body.decode() for answer in answers)]
    secrets = [*canaries, gateway.tokens["idp"]]
    assert [(s, i) for i, text in enumerate(texts) for s in secrets if s in text] == []
    looked_at = 0
    for folder in (gateway.folder, app.folder):
        for file in folder.rglob("*"):
            if file.is_file():
                looked_at += 1
                content = file.read_bytes()
                assert [s for s in canaries if s.encode() in content] == [], file
    assert looked_at > 5


# ---- PATCH of groups ----


def test_patch_of_a_group_answers_as_promised(make_gateway):
    gateway = make_gateway(sources=["one", {"name": "entra", "dialect": "entra"}])
    people = [gateway.user(f"p{number}")["id"] for number in range(501)]
    group = gateway.group("team", people[:499])
    path = f"/Groups/{group['id']}"

    def add(number, query="", **options):
        return gateway.patch(
            path + query, {"op": "add", "path": "members", "value": [{"value": people[number]}]}, **options
        )

    whole = add(499)
    assert whole.status == 200 and len(whole.json["members"]) == 500
    silent = add(500)
    assert (silent.status, silent.body) == (204, b"")
    assert silent.headers["ETag"] == gateway.get(path).headers["ETag"] != whole.headers["ETag"]
    with_names = add(500, "?attributes=displayName")
    assert with_names.status == 200
    assert with_names.json == {"schemas": [GROUP], "id": group["id"], "displayName": "team"}
    without = add(500, "?excludedAttributes=members")
    assert without.status == 200 and "members" not in without.json
    small = gateway.group("small")
    for query, status in (("", 204), ("?attributes=id", 200), ("?excludedAttributes=members", 200)):
        answer = gateway.patch(
            f"/Groups/{small['id']}{query}",
            {"op": "Add", "path": "members", "value": [{"value": people[0]}]},
            source="entra",
        )
        assert answer.status == status
        assert answer.headers["ETag"]
    person = gateway.patch(f"/Users/{people[0]}", {"op": "Replace", "path": "title", "value": "x"}, source="entra")
    assert person.status == 200 and person.json["title"] == "x"
