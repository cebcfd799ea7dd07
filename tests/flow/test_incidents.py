"""What happened to other people's SCIM, and must not happen here. Each test names its incident.

Incidents of other parts have their tests there: requests forged through the URL of an app in tests/unit/io, smuggling
in tests/conformance/test_http_wire.py, the life of tokens in test_admin.py.
"""

import json
import uuid

import pytest
from files import files_of
from messages import UNKNOWN, check_error, group_body, operations, user_body
from raw import exchange, parse_replies

from gateway import ENTERPRISE, USER

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def bulk(*items):
    return {"schemas": [BULK], "Operations": list(items)}


# ---- Grafana CVE-2025-41115: a numeric externalId became the internal id of the admin ----


@pytest.mark.parametrize("external_id", ["0", "1", "2", "-1", "01", "1e0", "admin", UNKNOWN])
def test_grafana_2025_41115_an_external_id_is_never_an_id(scim, external_id):
    name = f"numeric {external_id}"
    made = scim.user(name, externalId=external_id)
    try:
        assert made["externalId"] == external_id
        assert uuid.UUID(made["id"]) and made["id"] != external_id
        for method, body in (("GET", None), ("PUT", user_body(userName=name)), ("DELETE", None)):
            check_error(scim.request(method, f"/Users/{external_id}", body), 404)
        check_error(scim.post("/Groups", group_body(members=[{"value": external_id}])), 400, "invalidValue")
        assert scim.find("Users", f'id eq "{external_id}"').json["totalResults"] == 0
        assert [one["id"] for one in scim.find("Users", f'externalId eq "{external_id}"').json["Resources"]] == [
            made["id"]
        ]
    finally:
        assert scim.delete(f"/Users/{made['id']}").status == 204


def test_grafana_2025_41115_a_number_is_no_external_id_and_no_member(scim, person, group):
    for value in (1, 0, -1, 1.5, True, [], {"value": "1"}, ["1"]):
        for answer in (
            scim.post("/Users", user_body(externalId=value)),
            scim.put(f"/Users/{person['id']}", user_body(userName=person["userName"], externalId=value)),
            scim.patch(f"/Users/{person['id']}", {"op": "replace", "path": "externalId", "value": value}),
            scim.patch(f"/Users/{person['id']}", {"op": "add", "value": {"externalId": value}}),
            scim.post("/Groups", group_body(members=[{"value": value}])),
        ):
            unassigned = value == [] and answer.status in (200, 201)  # RFC 7643, 2.5
            assert unassigned or check_error(answer, 400, "invalidValue"), (value, answer)
            if unassigned and answer.status == 201:
                assert "externalId" not in answer.json and "members" not in answer.json
                kind = "Groups" if "displayName" in answer.json else "Users"
                scim.delete(f"/{kind}/{answer.json['id']}")
    assert "externalId" not in scim.get(f"/Users/{person['id']}").json


def test_grafana_2025_41115_a_client_does_not_choose_the_id(scim):
    made = scim.user("own id", id="1", meta={"resourceType": "User", "version": 'W/"9"', "location": "/Users/1"})

    assert made["id"] != "1" and made["meta"]["location"].endswith(made["id"])
    check_error(scim.get("/Users/1"), 404)
    for operation in ({"op": "replace", "path": "id", "value": "1"}, {"op": "add", "value": {"id": "1"}}):
        check_error(scim.patch(f"/Users/{made['id']}", operation), 400, "mutability")
    scim.put(f"/Users/{made['id']}", user_body(userName="own id", id="1"))
    assert scim.get(f"/Users/{made['id']}").json["id"] == made["id"]
    scim.delete(f"/Users/{made['id']}")


# ---- GitLab CVE-2022-1680, ciso-assistant PR 4658: somebody who is there was "provisioned" and taken over ----


def test_gitlab_2022_1680_a_name_that_is_there_is_refused_and_never_linked(scim):
    boss = scim.user("boss@example.com", externalId="boss", emails=[{"value": "boss@example.com", "type": "work"}])
    for taken in ("boss@example.com", "BOSS@example.com", "boss＠example.com", "ＢＯＳＳ@example.com"):
        answer = scim.post("/Users", user_body(userName=taken, active=True, title="taken over"))
        check_error(answer, 409, "uniqueness")
    assert scim.get(f"/Users/{boss['id']}").json == boss


def test_gitlab_2022_1680_an_email_is_no_key_to_an_account(scim):
    boss = scim.user("chief@example.com", emails=[{"value": "chief@example.com", "type": "work", "primary": True}])
    other = scim.user("mallory@example.com", emails=[{"value": "chief@example.com", "type": "work", "primary": True}])

    assert other["id"] != boss["id"]
    assert scim.get(f"/Users/{boss['id']}").json == boss  # whoever has the same address got an account of their own
    renamed = {"op": "replace", "path": "userName", "value": "chief@example.com"}
    check_error(scim.patch(f"/Users/{other['id']}", renamed), 409, "uniqueness")


def test_gitlab_2022_1680_another_source_does_not_get_an_account_by_its_external_id(scim):
    made = scim.user("of one", externalId="X-1", source="one")

    assert scim.find("Users", 'externalId eq "X-1"', source="two").json["totalResults"] == 0
    assert "externalId" not in scim.get(f"/Users/{made['id']}", source="two").json
    theirs = scim.user("of two", externalId="X-1", source="two")
    assert theirs["id"] != made["id"]
    assert scim.get(f"/Users/{made['id']}", source="one").json["externalId"] == "X-1"


def test_gitlab_2022_1680_a_policy_sees_who_made_an_account_when_another_source_changes_it(make_gateway):
    gateway = make_gateway(
        sources=["hr", "wiki"],
        policy="""package scimward

default decision := {"effect": "allow"}

decision := {"effect": "deny", "reasons": [{"code": "not.yours", "message": "made by another source"}]} if {
	input.origin.source != input.source.name
}
""",
    )
    made = gateway.user("anna@example.com", source="hr", emails=[{"value": "anna@example.com"}])

    change = {"op": "replace", "path": "emails", "value": [{"value": "mallory@example.com"}]}
    assert "not.yours" in check_error(gateway.patch(f"/Users/{made['id']}", change, source="wiki"), 403)
    check_error(gateway.put(f"/Users/{made['id']}", user_body(userName="anna@example.com"), source="wiki"), 403)
    check_error(gateway.delete(f"/Users/{made['id']}", source="wiki"), 403)
    assert gateway.get(f"/Users/{made['id']}", source="hr").json == made


# ---- Grafana CVE-2026-92539: objects of one organisation for the token of another ----


def test_grafana_2026_92539_no_way_leads_to_the_people_of_another_tenant(scim):
    theirs = scim.user("tenant secret", source="other", externalId="T-1")
    team = scim.group("tenant secret team", [theirs["id"]], source="other")
    mine = scim.group("mine alone")

    def outcomes(key, team_key):
        """What each way answers, with the id left out."""
        user, group = f"/Users/{key}", f"/Groups/{team_key}"
        member = [{"value": key}]
        items = [
            {"method": "PATCH", "path": user, "data": operations({"op": "add", "path": "title", "value": "x"})},
            {"method": "PUT", "path": user, "data": user_body()},
            {"method": "DELETE", "path": group},
            {"method": "PATCH", "path": f"/Groups/{mine['id']}",
             "data": operations({"op": "add", "path": "members", "value": member})},
        ]
        answers = [
            scim.get(user),
            scim.get(group),
            scim.get(user, headers={"If-None-Match": theirs["meta"]["version"]}),
            scim.put(user, user_body(), headers={"If-Match": theirs["meta"]["version"]}),
            scim.patch(user, {"op": "replace", "path": "active", "value": False}),
            scim.delete(user, headers={"If-Match": "*"}),
            scim.post("/Bulk", bulk(*items)),
            scim.post("/Groups", group_body(members=member)),
            scim.find("Groups", f'members.value eq "{key}"'),
            scim.find("Users", f'id eq "{key}" or groups.value eq "{team_key}"'),
            scim.find("Users", f'{ENTERPRISE}:manager.value eq "{key}"'),
        ]
        hidden = [one.body.replace(key.encode(), b"").replace(team_key.encode(), b"") for one in answers]
        return [(one.status, body) for one, body in zip(answers, hidden)]

    assert outcomes(theirs["id"], team["id"]) == outcomes(UNKNOWN, UNKNOWN[:-1] + "2")
    assert scim.get(f"/Users/{theirs['id']}", source="other").json["meta"] == theirs["meta"]
    assert scim.get(f"/Groups/{team['id']}", source="other").json == team


# ---- ZITADEL CVE-2026-32130, Keycloak CVE-2026-15573: another spelling of the path went past the check ----

SPELLINGS = [
    "/scim/v2/%55sers",
    "/scim/v2/%75sers",
    "/scim/v2/%2555sers",
    "/scim/v2/Users%2f",
    "/scim/v2%2fUsers",
    "/scim/v2%252fUsers",
    "/scim/v2/%2e/Users",
    "/scim/v2/%2e%2e/v2/Users",
    "/scim/v2/%252e%252e/v2/Users",
    "/scim/v2/./Users",
    "/scim/v2/x/../Users",
    "/scim/v2//Users",
    "//scim/v2/Users",
    "/scim/v2/Users;a=b",
    "/scim/v2/Users/;",
    "/scim;x/v2/Users",
    "/scim/v2/Users%3b",
    "/scim/v2/Users%00",
    "/scim/v2/Users%0a",
    "/scim/v2/Users%20",
    "/scim/v2\\Users",
    "/scim/v2/%5cUsers",
    "/scim/v2/Users.json",
    "/scim/v2/Users/.",
    "/Scim/v2/Users",
    "/scim/V2/Users",
    "/scim/v2/uSERS",
    "/scim/v2/\u0055sers\u200b",
    "http://127.0.0.1/scim/v2/%55sers",
    "http://localhost//scim/v2/Users",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_zitadel_2026_32130_no_other_spelling_is_the_endpoint(scim, person, path):
    """Without a token never a 2xx; with one neither: there is one spelling, and the check and the flow see it alike."""
    token = f"Authorization: Bearer {scim.tokens['one']}\r\n"
    body = json.dumps(user_body(userName="by another path")).encode()
    for header in ("", token):
        for method, content in (("GET", b""), ("POST", body)):
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}Content-Type: application/scim+json\r\n"
            head += f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
            (reply,) = parse_replies(exchange(scim.port, [head.encode() + content]))
            assert reply.status in (400, 401, 404), (header, reply)
            assert person["userName"].encode() not in reply.body
    assert scim.find("Users", 'userName eq "by another path"').json["totalResults"] == 0


# ---- gram 0.90.1, Supabase auth PR 2309: who was deleted or banned came back ----


def test_gram_0_90_1_nothing_but_a_create_brings_back_the_deleted(scim):
    gone = scim.user("gone@example.com", externalId="G-1")
    team = scim.group("left behind", [gone["id"]])
    path = f"/Users/{gone['id']}"
    assert scim.delete(path).status == 204

    for answer in (
        scim.put(path, gone),
        scim.put(path, gone, headers={"If-Match": "*"}),
        scim.put(path, gone, headers={"If-Match": gone["meta"]["version"]}),
        scim.patch(path, {"op": "replace", "path": "active", "value": True}),
        scim.patch(path, {"op": "add", "value": {"userName": "gone@example.com", "active": True}}),
    ):
        check_error(answer, 404)
    (item,) = scim.post("/Bulk", bulk({"method": "PUT", "path": path, "data": gone})).json["Operations"]
    assert item["status"] == "404"
    member = {"op": "add", "path": "members", "value": [{"value": gone["id"]}]}
    check_error(scim.patch(f"/Groups/{team['id']}", member), 400, "invalidValue")
    for text in ('userName eq "gone@example.com"', 'externalId eq "G-1"', f'id eq "{gone["id"]}"'):
        assert scim.find("Users", text).json["totalResults"] == 0
    assert "members" not in scim.get(f"/Groups/{team['id']}").json

    again = scim.user("gone@example.com", externalId="G-1")
    assert again["id"] != gone["id"]
    assert "groups" not in scim.get(f"/Users/{again['id']}").json  # a new person has nothing of the old one
    check_error(scim.get(path), 404)


def test_gram_0_90_1_a_late_update_does_not_reactivate(scim):
    left = scim.user("late@example.com", active=False)
    path = f"/Users/{left['id']}"

    assert scim.put(path, user_body(userName="late@example.com", title="x")).json["active"] is False
    assert scim.patch(path, {"op": "add", "value": {"displayName": "x"}}).json["active"] is False
    assert scim.patch(path, {"op": "remove", "path": "active"}).json.get("active", False) is False
    assert scim.put(path, user_body(userName="late@example.com")).json.get("active", False) is False


BANNED = """package scimward

default decision := {"effect": "allow"}

banned := {"mallory@example.com"}

name := lower(object.get(input, ["after", "userName"], object.get(input, ["before", "userName"], "")))

decision := {"effect": "deny", "reasons": [{"code": "banned", "message": "is banned"}]} if {
	name in banned
	input.after.active
}
"""


def test_supabase_2309_no_way_around_a_ban(make_gateway):
    """A ban is a rule of the policy over names: a delete and a create do not lift it, nor does another spelling."""
    gateway = make_gateway(policy=BANNED)
    check_error(gateway.post("/Users", user_body(userName="mallory@example.com")), 403)
    check_error(gateway.post("/Users", user_body(userName="Mallory@Example.com", active=True)), 403)
    made = gateway.user("mallory@example.com", active=False)
    path = f"/Users/{made['id']}"

    on = {"op": "replace", "path": "active", "value": True}
    check_error(gateway.patch(path, on), 403)
    check_error(gateway.put(path, user_body(userName="mallory@example.com", active=True)), 403)
    assert gateway.delete(path).status == 204
    check_error(gateway.post("/Users", user_body(userName="mallory@example.com", active=True)), 403)
    other = gateway.user("nobody in particular")
    renamed = {"op": "replace", "path": "userName", "value": "MALLORY@example.com"}
    check_error(gateway.patch(f"/Users/{other['id']}", renamed), 403)
    (item,) = gateway.post(
        "/Bulk", bulk({"method": "POST", "path": "/Users", "bulkId": "m", "data": user_body(
            userName="mallory@example.com", active=True)})
    ).json["Operations"]
    assert item["status"] == "403"


# ---- enumeration: what an error tells about people whom the caller may not see ----


def test_a_409_tells_nothing_of_who_has_the_name(scim):
    secret = scim.user("hidden@example.com", title="Secret title", externalId="secret-external",
                       emails=[{"value": "private@example.com"}])
    inactive = scim.user("inactive@example.com", active=False, displayName="Secret display")
    details = set()
    for taken in (secret, inactive):
        for source in ("one", "two"):
            answer = scim.post("/Users", user_body(userName=taken["userName"].upper()), source=source)
            details.add(check_error(answer, 409, "uniqueness"))
            for word in (taken["id"], "Secret", "secret-external", "private@example.com"):
                assert word not in answer.body.decode() + str(answer.headers)
    assert len(details) == 1  # active or not, mine or not: the same words


def test_a_name_of_another_tenant_is_free_here(scim):
    """A 409 for it would tell that they have somebody of that name."""
    theirs = scim.user("shared name", source="other", externalId="S-1")
    scim.group("shared team", [theirs["id"]], source="other")

    mine = scim.user("shared name", externalId="S-1")
    assert mine["id"] != theirs["id"]
    assert "members" not in scim.group("shared team")


def test_unknown_and_expired_tokens_look_alike(scim):
    """GitLab 435096 and enumeration: a token that is none, that is too short, that nearly is one."""
    answers = set()
    for token in ("x", "scimward_1_" + "a" * 43 + "_000000", scim.tokens["one"][:-1], scim.tokens["one"] + "x"):
        connection = scim.connect()
        answer = connection.get("/Users", headers={"Authorization": f"Bearer {token}"})
        connection.close()
        check_error(answer, 401)
        answers.add((answer.body, answer.headers["WWW-Authenticate"]))
    assert len(answers) == 1


# ---- tokens: Bitwarden CVE-2026-43640, GitLab 11640, 385050 ----


def test_bitwarden_2026_43640_a_token_is_shown_once_and_never_again(make_gateway):
    gateway = make_gateway()
    made = gateway.cli_json("token", "create", "idp")["token"]
    secret = made["token"]
    connection = gateway.connect()
    connection.token = secret
    assert connection.get("/Users").status == 200
    assert connection.get("/NoSuchThing?token=" + secret).status == 404

    told = [gateway.cli("token", "list"), gateway.cli("token", "list", "-o", "json"), gateway.cli("config", "show")]
    told += [json.dumps(gateway.journal()), json.dumps(gateway.cli_json("status", code=(0, 2))), gateway.text()]
    assert not [text for text in told if secret[-20:] in text]
    for path, content in files_of(gateway.folder):
        assert secret[-20:].encode() not in content, path

    # GitLab 385050: revoked means revoked, on the connection that is open as well
    gateway.cli("token", "revoke", str(made["id"]))
    check_error(connection.get("/Users"), 401)
    connection.close()


# ---- better-auth CVE-2026-67330: the name of one provider was that of something else ----


def test_better_auth_2026_67330_two_sources_of_one_name_are_no_configuration(make_gateway):
    gateway = make_gateway(start=False, sources=["idp", {"name": "idp", "tenant": "other"}])

    told = gateway.cli("config", "check", code=None)
    assert told.returncode == 1 and "idp" in told.stdout + told.stderr


# ---- jansson CVE-2013-6401, Play CVE-2020-27196: keys that collide, JSON without a bottom ----


def test_jansson_2013_6401_and_play_2020_27196_odd_json_is_refused_at_once(scim):
    keys = {f"key{number}": number for number in range(19000)}
    deep = b'{"userName":' + b"[" * 100000 + b"]" * 100000 + b"}"
    twins = b'{"schemas":["' + USER.encode() + b'"],"userName":"twins","active":false,"Active":true}'
    for body in (json.dumps(user_body() | keys).encode(), deep, twins):
        assert scim.post("/Users", body).status in (400, 413)
    assert scim.get("/Users?count=0").status == 200
    assert scim.find("Users", 'userName eq "twins"').json["totalResults"] == 0


# ---- Keycloak CVE-2026-16100: labels of metrics grew with what strangers sent ----


def test_keycloak_2026_16100_odd_requests_do_not_grow_the_metrics(scim):
    scim.get("/Users")
    before = set(scim.metrics())
    connection = scim.connect()
    for number in range(150):
        connection.request("GET", f"/Users/{number}?filter=x{number}%20eq%20{number}")
        connection.request("PATCH", f"/Thing{number}", operations({"op": f"op{number}", "path": f"p{number}"}))
    connection.close()

    assert len(set(scim.metrics()) - before) <= 10  # statuses and methods, never what was sent
