"""POST /Bulk (RFC 7644, 3.7): many operations, each decided and recorded by itself."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from messages import check_error
from scim2_models import BulkResponse, Context
from scim2_models import Group as GroupModel
from scim2_models import User as UserModel

from gateway import ENTERPRISE, GROUP, PATCH, ROOT, USER, Gateway, wait_until

REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

# What the title of a person, or a manager, is refused for.
TITLES = """package scimward

title := object.get(input.after, "title", "")

manager := input.after["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].manager.value

decision := {"effect": "deny", "reasons": [{"code": "no.title", "message": "no such title"}]} if title == "forbidden"

decision := {"effect": "deny", "reasons": [{"code": "no.circle", "message": "no manager"}]} if {
	title != "forbidden"
	input.operation == "patch"
	manager
}

decision := {"effect": "hold", "reasons": [], "approval": {"groups": ["x"], "min": 1, "expires_s": 60}} if {
	title == "held"
	not manager
}

decision := {"effect": "allow"} if {
	not title in {"forbidden", "held", "unanswered"}
	not circle
}

circle if {
	input.operation == "patch"
	manager
}
"""


def message(*operations, **members):
    return {"schemas": [REQUEST], "Operations": list(operations)} | members


def create(name, **attributes):
    return {
        "method": "POST",
        "path": "/Users",
        "bulkId": name,
        "data": {"schemas": [USER], "userName": f"{name}@bulk.example"} | attributes,
    }


def create_managed(name, manager, **attributes):
    return create(name, schemas=[USER, ENTERPRISE], **{ENTERPRISE: {"manager": {"value": manager}}}, **attributes)


def create_group(name, *members):
    return {
        "method": "POST",
        "path": "/Groups",
        "bulkId": name,
        "data": {"schemas": [GROUP], "displayName": f"bulk {name}", "members": [{"value": m} for m in members]},
    }


def change(path, *operations):
    return {"method": "PATCH", "path": path, "data": {"schemas": [PATCH], "Operations": list(operations)}}


def bulk(gateway, *operations, source=None, **members):
    """Results of the operations; the message is one that a strict client takes."""
    answer = gateway.post("/Bulk", message(*operations, **members), **({"source": source} if source else {}))
    assert answer.status == 200, answer
    assert answer.json["schemas"] == [RESPONSE]
    BulkResponse[UserModel | GroupModel].model_validate(answer.json, scim_ctx=Context.BULK_RESPONSE)
    for result in answer.json["Operations"]:
        failed = not result["status"].startswith("2")
        assert failed == ("response" in result)
        if failed:
            assert result["response"]["status"] == result["status"]
    return answer.json["Operations"]


def statuses(results):
    return [int(result["status"]) for result in results]


def path_of(result):
    return "/" + "/".join(result["location"].split("/")[-2:])


def manager_of(gateway, result):
    return gateway.get(path_of(result)).json.get(ENTERPRISE, {}).get("manager", {}).get("value")


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("bulk") / "gateway", sources=["one", "two"], policy=TITLES) as gateway:
        yield gateway


# ---- what is done ----


def test_all_methods_in_one_request_and_their_results_in_its_order(scim):
    old = scim.user("old@bulk.example")
    gone = scim.user("gone@bulk.example")
    path = f"/Users/{old['id']}"
    results = bulk(
        scim,
        create("anna"),
        {"method": "PUT", "path": path, "data": {"schemas": [USER], "userName": "new@bulk.example"}},
        change(path, {"op": "add", "path": "title", "value": "Clerk"}) | {"bulkId": "mine"},
        {"method": "DELETE", "path": f"/Users/{gone['id']}", "version": gone["meta"]["version"]},
    )

    assert statuses(results) == [201, 200, 200, 204]
    assert [result["method"] for result in results] == ["POST", "PUT", "PATCH", "DELETE"]
    assert [result.get("bulkId") for result in results] == ["anna", None, "mine", None]
    created = scim.get(path_of(results[0]))
    assert created.json["userName"] == "anna@bulk.example"
    assert created.json["meta"]["location"] == results[0]["location"]
    assert created.headers["ETag"] == results[0]["version"]
    changed = scim.get(path)
    assert (changed.json["userName"], changed.json["title"]) == ("new@bulk.example", "Clerk")
    assert changed.headers["ETag"] == results[2]["version"] != results[1]["version"]
    assert scim.get(f"/Users/{gone['id']}").status == 404
    assert "version" not in results[3]


def test_each_operation_has_its_own_entry_under_the_id_of_the_request(scim):
    answer = scim.post(
        "/Bulk", message(create("entry1"), create("entry2"), create("entry1b", userName="entry1@bulk.example"))
    )
    request = answer.headers["Scimward-Request"]
    entries = [e for e in scim.journal() if e.get("request") == request]
    assert [(e["operation"], e["effect"]) for e in entries] == [("create", "allow")] * 2
    assert [e["subject"]["userName"] for e in entries] == ["entry1@bulk.example", "entry2@bulk.example"]
    assert statuses(answer.json["Operations"]) == [201, 201, 409]  # a name that is taken is no decision


def test_what_is_created_later_may_be_named_before(scim):
    results = bulk(
        scim,
        create_group("team", "bulkId:second", "bulkId:first"),
        change("/Users/bulkId:first", {"op": "add", "path": "title", "value": "Lead"}),
        create_managed("second", "bulkId:first"),
        create("first"),
    )
    assert statuses(results) == [201, 200, 201, 201]
    first, second = (result["location"].rpartition("/")[2] for result in (results[3], results[2]))
    assert {m["value"] for m in scim.get(path_of(results[0])).json["members"]} == {first, second}
    assert scim.get(path_of(results[3])).json["title"] == "Lead"
    assert manager_of(scim, results[2]) == first


def test_a_circle_is_closed_by_a_write_of_its_own(scim):
    answer = scim.post(
        "/Bulk",
        message(
            create_managed("a", "bulkId:b"), create_managed("b", "bulkId:a"), create_managed("self", "bulkId:self")
        ),
    )
    a, b, self = answer.json["Operations"]
    assert statuses([a, b, self]) == [201, 201, 201]
    assert manager_of(scim, a) == b["location"].rpartition("/")[2]
    assert manager_of(scim, b) == a["location"].rpartition("/")[2]
    assert manager_of(scim, self) == self["location"].rpartition("/")[2]
    for result in (a, b, self):
        assert scim.get(path_of(result)).headers["ETag"] == result["version"]
    entries = [e for e in scim.journal() if e.get("request") == answer.headers["Scimward-Request"]]
    assert [e["operation"] for e in entries] == ["create", "create", "patch", "create", "patch"]


def test_dialect_and_tenant_are_those_of_the_source(scim):
    results = bulk(scim, create("entra.user"), source="entra")
    switched = bulk(
        scim,
        change(path_of(results[0]), {"op": "Replace", "path": "active", "value": "False"}),
        source="entra",
    )
    assert statuses(switched) == [200]
    assert scim.get(path_of(results[0])).json["active"] is False
    assert statuses(bulk(scim, change(path_of(results[0]), {"op": "Replace", "path": "active", "value": "True"}))) == [
        400
    ]
    foreign = bulk(scim, {"method": "DELETE", "path": path_of(results[0])}, source="other")
    assert statuses(foreign) == [404]
    there = scim.connect("other")
    answer = there.request("POST", "/../../t/other/scim/v2/Bulk".replace("/../..", ""), message(create("there")))
    assert answer.status == 404  # below /scim/v2 there is no /t
    there.base = "/t/other/scim/v2"
    answer = there.post("/Bulk", message(create("there")))
    assert answer.json["Operations"][0]["location"].split("/Users/")[0].endswith("/t/other/scim/v2")
    there.close()


def test_parallel_requests_lose_nothing(scim):
    people = [scim.user(f"parallel{i}@bulk.example")["id"] for i in range(8)]
    group = scim.group("parallel bulk")

    def add(person):
        connection = scim.connect()
        step = {"op": "add", "path": "members", "value": [{"value": person}]}
        results = connection.post("/Bulk", message(change(f"/Groups/{group['id']}", step))).json["Operations"]
        connection.close()
        return statuses(results)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(add, people)) == [[200]] * 8
    assert {m["value"] for m in scim.get(f"/Groups/{group['id']}").json["members"]} == set(people)


def test_creates_wait_for_the_quota_of_their_source_and_leavers_do_not(make_gateway):
    gateway = make_gateway(sources=[{"name": "slow", "requests_per_second": 20}])
    creates = [create(f"q{i}") for i in range(30)]
    results = bulk(gateway, *creates, *[{"method": "DELETE", "path": f"/Users/bulkId:q{i}"} for i in range(30)])
    assert statuses(results) == [201] * 30 + [204] * 30


def test_a_server_that_stops_begins_nothing_more(make_gateway):
    gateway = make_gateway(sources=[{"name": "slow", "requests_per_second": 5}])
    asked = gateway.connect()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(asked.post, "/Bulk", message(*[create(f"s{i}") for i in range(300)]))
        wait_until(lambda: len(gateway.journal('operation eq "create"')) > 0, "the first operation is done")
        assert gateway.stop() == 0
        results = answer.result()
    asked.close()
    found = statuses(results.json["Operations"])
    done = found.count(201)
    assert 0 < done < 300
    assert found == [201] * done + [503] * (300 - done)


# ---- what is refused ----


def test_a_denial_is_one_result_and_what_needs_it_is_not_executed(strict):
    results = bulk(
        strict,
        create("denied", title="forbidden"),
        create("fine"),
        create_managed("below", "bulkId:denied"),
        create_group("around", "bulkId:below"),
        change("/Users/bulkId:denied", {"op": "add", "path": "nickName", "value": "x"}),
    )
    assert statuses(results) == [403, 201, 409, 409, 409]
    detail = results[0]["response"]["detail"]
    assert "no such title" in detail and "no.title" in detail
    index = int(detail.rpartition("journal index ")[2].rstrip(")"))
    (entry,) = [e for e in strict.journal() if e["index"] == index]
    assert (entry["effect"], entry["operation"]) == ("deny", "create")
    assert "bulkId:denied was not created (status 403)" in results[2]["response"]["detail"]
    assert "location" not in results[0] and "location" not in results[2]
    assert strict.find("Groups", 'displayName eq "bulk around"').json["totalResults"] == 0


def test_no_answer_is_503_for_the_operation_and_for_what_needs_it(strict):
    results = bulk(
        strict,
        create("no.answer", title="unanswered"),
        create_managed("under", "bulkId:no.answer"),
        create("also.fine"),
    )
    assert statuses(results) == [503, 503, 201]


def test_a_circle_whose_completion_is_refused_says_what_is_missing(strict):
    results = bulk(strict, create_managed("c1", "bulkId:c2"), create_managed("c2", "bulkId:c1"))
    assert statuses(results) == [201, 403]
    detail = results[1]["response"]["detail"]
    assert "created, but without what refers to bulkId:c1" in detail and "no.circle" in detail
    assert manager_of(strict, results[1]) is None
    assert manager_of(strict, results[0]) == results[1]["location"].rpartition("/")[2]


def test_a_circle_that_is_not_created_leaves_no_reference(strict):
    results = bulk(strict, create_managed("d1", "bulkId:d2", title="forbidden"), create_managed("d2", "bulkId:d1"))
    assert statuses(results) == [403, 409]
    assert "bulkId:d1 was not created" in results[1]["response"]["detail"]
    assert manager_of(strict, results[1]) is None


def test_groups_in_groups_are_refused_in_circles_too(scim):
    results = bulk(scim, create_group("outer", "bulkId:inner"), create_group("inner", "bulkId:outer"))
    assert statuses(results) == [400, 409]
    assert scim.get(path_of(results[1])).json.get("members", []) == []


def test_who_leaves_is_not_held(strict):
    person = strict.user("leaver@bulk.example")
    path = f"/Users/{person['id']}"
    results = bulk(
        strict,
        change(path, {"op": "add", "path": "title", "value": "held"}),
        change(path, {"op": "replace", "value": {"title": "held", "active": False}}),
    )
    assert statuses(results) == [403, 200]
    assert strict.get(path).json["active"] is False


def test_versions_are_held_against_the_operation_and_not_the_request(scim):
    person = scim.user("versions@bulk.example")
    path = f"/Users/{person['id']}"
    step = {"op": "add", "path": "title", "value": "x"}
    sent = message(
        change(path, step) | {"version": person["meta"]["version"]}, change(path, step) | {"version": 'W/"9"'}
    )
    answer = scim.post("/Bulk", sent, headers={"If-Match": 'W/"77"'})
    assert statuses(answer.json["Operations"]) == [200, 412]


@pytest.mark.parametrize(("limit", "expected"), [(1, [404]), (2, [404, 201, 404]), (3, [404, 201, 404, 201])])
def test_fail_on_errors_ends_the_request(scim, limit, expected):
    missing = {"method": "DELETE", "path": "/Users/0192f0c1-7a62-7e6a-ae21-ed9a05430fd1"}
    operations = [missing, create(f"f{limit}a"), missing, create(f"f{limit}b")]
    assert statuses(bulk(scim, *operations, failOnErrors=limit)) == expected
    found = scim.find("Users", f'userName sw "f{limit}"').json["totalResults"]
    assert found == expected.count(201)


def test_a_circle_that_fail_on_errors_leaves_open_is_told(strict):
    results = bulk(
        strict, create_managed("e1", "bulkId:e2", title="forbidden"), create_managed("e2", "bulkId:e1"), failOnErrors=1
    )
    assert statuses(results) == [403, 409]
    assert "failOnErrors" in results[1]["response"]["detail"]


def test_what_one_operation_gets_wrong_is_its_own(scim):
    results = bulk(
        scim,
        create("no.path") | {"path": "/Robots"},
        create("no.data") | {"data": None},
        create("deep") | {"path": "/Users/x"},
        {"method": "PUT", "path": "/Users", "data": {}},
        {"method": "DELETE", "path": "/Users/bulkId:nobody"},
        create("name", userName="bulkId:nobody"),
        create("body", userName=7),
        {"method": "DELETE", "path": "/Me"},
        create("good"),
    )
    assert statuses(results) == [404, 400, 405, 405, 400, 400, 400, 404, 201]
    assert results[3]["location"].endswith("/scim/v2/Users")


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        (message(), "invalidSyntax"),
        (message({"method": "GET", "path": "/Users"}), "invalidSyntax"),
        (message(create("x"), create("x")), "invalidValue"),
        (message(create("x"), failOnErrors=0), "invalidValue"),
        ({"Operations": [create("x")]}, "invalidSyntax"),
        (b"[", "invalidSyntax"),
    ],
)
def test_what_is_no_bulk_request_does_nothing(scim, body, scim_type):
    entries = scim.metrics()["scimward_store_operations_total"]
    check_error(scim.post("/Bulk", body), 400, scim_type)
    assert scim.metrics()["scimward_store_operations_total"] == entries


# ---- limits ----


def test_limits_are_told_and_kept(make_gateway):
    limits = {"address": "127.0.0.1:0", "limits": {"bulk_operations": 3, "bulk_body": "4KiB"}}
    gateway = make_gateway(listen=limits)
    config = gateway.get("/ServiceProviderConfig").json
    assert config["bulk"] == {"supported": True, "maxOperations": 3, "maxPayloadSize": 4096}

    assert statuses(bulk(gateway, *[create(f"l{i}") for i in range(3)])) == [201] * 3
    detail = check_error(gateway.post("/Bulk", message(*[create(f"m{i}") for i in range(4)])), 413)
    assert "maxOperations is 3" in detail

    fitting = json.dumps(message(create("pad")))
    fitting += " " * (4096 - len(fitting))
    assert gateway.post("/Bulk", fitting).status == 200
    assert "4096" in check_error(gateway.post("/Bulk", fitting + " "), 413)
    assert gateway.get("/Users").json["totalResults"] == 4


def test_a_thousand_operations_are_one_request(scim):
    results = bulk(
        scim, *[create(f"k{i}") for i in range(999)], create_group("k", *[f"bulkId:k{i}" for i in range(999)])
    )
    assert statuses(results) == [201] * 1000
    detail = check_error(scim.post("/Bulk", message(*[create(f"n{i}") for i in range(1001)])), 413)
    assert "1000" in detail


def test_data_is_read_with_the_rules_of_a_single_request(scim):
    deep = create("deep.data", title=json.loads("[" * 31 + "]" * 31))
    assert statuses(bulk(scim, deep)) == [400]  # read, and then no title
    assert "35" in check_error(
        scim.post("/Bulk", message(create("deeper", title=json.loads("[" * 33 + "]" * 33)))), 413
    )
    twice = json.dumps(message(create("case"))).replace('"userName"', '"Active": true, "active": false, "userName"')
    check_error(scim.post("/Bulk", twice), 400, "invalidSyntax")


# ---- who may ----


def test_bulk_is_for_those_who_may_write(scim):
    check_error(scim.post("/Bulk", message(create("x")), headers={"Authorization": "Bearer x"}), 401)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = scim.request(method, "/Bulk")
        check_error(answer, 405)
        assert answer.headers["Allow"] == "POST, OPTIONS"
    check_error(scim.post("/Bulk", message(create("x")), headers={"Content-Type": "text/plain"}), 415)


def test_a_paused_source_writes_nothing(strict):
    strict.cli("source", "pause", "two")
    check_error(strict.post("/Bulk", message(create("paused")), source="two"), 503)
    strict.cli("source", "resume", "two")
    assert statuses(bulk(strict, create("resumed"), source="two")) == [201]


# ---- resource types of the configuration ----

DEVICE = "urn:example:params:scim:schemas:core:2.0:Device"


def test_types_of_the_configuration_take_part(make_gateway):
    gateway = make_gateway(scim={"directory": str(ROOT / "examples" / "scim")})
    owner = {"value": "bulkId:owner", "$ref": "bulkId:owner"}
    answer = gateway.post(
        "/Bulk",
        message(
            {
                "method": "POST",
                "path": "/Devices",
                "bulkId": "device",
                "data": {"schemas": [DEVICE], "displayName": "d", "serialNumber": "bulk-1", "owner": owner},
            },
            create("owner"),
            change("/Devices/bulkId:device", {"op": "add", "path": "kind", "value": "lock"}),
            {
                "method": "POST",
                "path": "/Devices",
                "bulkId": "twin",
                "data": {"schemas": [DEVICE], "displayName": "d", "serialNumber": "bulk-1"},
            },
            {"method": "DELETE", "path": "/Users/bulkId:device"},
        ),
    )
    results = answer.json["Operations"]
    assert statuses(results) == [201, 201, 200, 409, 404]
    device = gateway.get(path_of(results[0])).json
    assert device["meta"]["resourceType"] == "Device"
    assert device["kind"] == "lock"
    assert device["owner"]["value"] == results[1]["location"].rpartition("/")[2]
    assert device["owner"]["$ref"].endswith(path_of(results[1]))
