"""Schemas, extensions and resource types from the example's files, against the real gateway."""

import json
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from gateway import USER, Gateway

EXAMPLE = Path(__file__).parents[2] / "examples" / "scim"
BADGE = "urn:example:params:scim:schemas:extension:badge:2.0:User"
DEVICE = "urn:example:params:scim:schemas:core:2.0:Device"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    sources = ["one", {"name": "other", "tenant": "other"}]
    folder = tmp_path_factory.mktemp("schemas") / "gateway"
    with Gateway(folder, sources=sources, scim={"directory": str(EXAMPLE)}) as gateway:
        yield gateway


def device(site, serial, source=None, code=201, **attributes):
    body = {"schemas": [DEVICE], "displayName": f"device {serial}", "serialNumber": serial} | attributes
    answer = site.post("/Devices", body, source=source)
    assert answer.status == code, answer
    return answer.json


def find(site, endpoint, text, **parameters):
    return site.find(endpoint, text, **parameters).json


def error(answer, status, scim_type):
    assert (answer.status, answer.json.get("scimType")) == (status, scim_type), answer
    return answer.json["detail"]


# ---- discovery ----


def test_discovery_shows_schemas_and_resource_types(site):
    types = {one["name"]: one for one in site.get("/ResourceTypes").json["Resources"]}
    schemas = {one["id"]: one for one in site.get("/Schemas").json["Resources"]}

    assert types["Device"]["endpoint"] == "/Devices"
    assert {"schema": BADGE, "required": False} in types["User"]["schemaExtensions"]
    assert set(types) == {"User", "Group", "Device", "Role", "Entitlement"}
    serial = next(a for a in schemas[DEVICE]["attributes"] if a["name"] == "serialNumber")
    assert (serial["mutability"], serial["uniqueness"], serial["caseExact"]) == ("immutable", "server", True)
    assert site.get(f"/Schemas/{BADGE}").json["name"] == "Badge"


# ---- life of a resource ----


def test_a_device_has_a_whole_life(site):
    made = device(site, "life-1", kind="sensor", active=True)
    path = f"/Devices/{made['id']}"
    assert made["meta"]["resourceType"] == "Device"
    assert made["meta"]["location"].endswith(path)
    assert made["meta"]["version"] == 'W/"1"'
    assert site.get(path).json == made

    patched = site.patch(path, {"op": "replace", "path": "kind", "value": "lock"}).json
    assert (patched["kind"], patched["meta"]["version"]) == ("lock", 'W/"2"')
    body = {"schemas": [DEVICE], "displayName": "renamed", "serialNumber": "life-1"}
    replaced = site.put(path, body).json
    assert (replaced["displayName"], "kind" in replaced, "active" in replaced) == ("renamed", False, False)

    assert site.delete(path).status == 204
    assert site.get(path).status == 404
    assert find(site, "Devices", 'serialNumber eq "life-1"')["totalResults"] == 0
    device(site, "life-1")  # its serial number is free again


def test_devices_are_listed_filtered_sorted_paged_and_searched(site):
    before = site.get("/Devices").json["totalResults"]
    for serial, kind in (("list-b", "lock"), ("list-a", "lock"), ("list-c", "camera")):
        device(site, serial, kind=kind)

    assert site.get("/Devices").json["totalResults"] == before + 3
    found = find(site, "Devices", 'kind eq "LOCK" and serialNumber sw "list-"', sortBy="serialNumber")
    assert [one["serialNumber"] for one in found["Resources"]] == ["list-a", "list-b"]
    page = find(site, "Devices", 'serialNumber sw "list-"', sortBy="serialNumber", startIndex=2, count=1)
    assert (page["totalResults"], page["Resources"][0]["serialNumber"]) == (3, "list-b")
    search = {"schemas": [SEARCH], "filter": f'{DEVICE.upper()}:serialnumber eq "list-c"', "attributes": ["kind"]}
    answer = site.post("/Devices/.search", search).json
    assert answer["Resources"] == [{"schemas": [DEVICE], "id": answer["Resources"][0]["id"], "kind": "camera"}]
    everything = site.post("/.search", search | {"filter": 'meta.resourceType eq "Device"', "count": 0}).json
    assert everything["totalResults"] == before + 3


def test_devices_of_another_tenant_are_not_there(site):
    made = device(site, "tenant-1")

    assert site.get(f"/Devices/{made['id']}", source="other").status == 404
    assert find(site, "Devices", 'serialNumber eq "tenant-1"', source="other")["totalResults"] == 0
    device(site, "tenant-1", source="other")


def test_versions_guard_every_type(site):
    made = device(site, "etag-1")
    path = f"/Devices/{made['id']}"
    body = {"schemas": [DEVICE], "displayName": "x", "serialNumber": "etag-1"}

    assert site.get(path, headers={"If-None-Match": 'W/"1"'}).status == 304
    assert site.put(path, body, headers={"If-Match": 'W/"7"'}).status == 412
    assert site.put(path, body, headers={"If-Match": 'W/"1"'}).headers["ETag"] == 'W/"2"'
    assert site.delete(path, headers={"If-Match": 'W/"1"'}).status == 412
    assert site.get(path, headers={"If-None-Match": 'W/"1"'}).status == 200
    for name, version, status in (("If-None-Match", 'W/"2"', 412), ("If-None-Match", "*", 412), ("If-Match", "7", 400)):
        assert site.put(path, body, headers={name: version}).status == status, version
    assert site.put(path, body, headers={"If-None-Match": 'W/"1"'}).status == 200


def test_names_and_urns_have_no_case(site):
    made = device(site, "case-1", kind="lock")
    body = {"SCHEMAS": [DEVICE.upper()], "DISPLAYNAME": "x", "serialnumber": "case-1"}
    path = f"/Devices/{made['id']}"

    assert site.put(path, body).json["displayName"] == "x"
    operation = {"op": "replace", "path": f"{DEVICE.upper()}:DisplayName", "value": "y"}
    assert site.patch(path, operation).json["displayName"] == "y"
    assert "displayName" not in site.get(f"{path}?excludedAttributes={DEVICE.upper()}:displayname").json
    assert site.get(f"/Schemas/{DEVICE.upper()}").json["id"] == DEVICE


def test_external_ids_belong_to_the_source(site):
    made = device(site, "external-1", externalId="e1")

    assert find(site, "Devices", 'externalId eq "e1"')["Resources"][0]["id"] == made["id"]
    detail = device(site, "external-2", code=409, externalId="e1")["detail"]
    assert "externalId" in detail


# ---- characteristics ----


def test_unique_attributes_are_unique_in_their_tenant(site):
    device(site, "unique-1")

    detail = device(site, "unique-1", code=409)
    assert detail["scimType"] == "uniqueness" and "serialNumber" in detail["detail"]
    device(site, "UNIQUE-1")  # caseExact
    device(site, "unique-1", source="other")


def test_a_globally_unique_value_is_taken_in_every_tenant_and_seen_in_one(site):
    made = device(site, "mac-1", addresses=[{"value": "AA:BB", "type": "wifi"}, {"value": "CC:DD"}])

    for address in ("aa:bb", "cc:dd"):
        device(site, "mac-2", code=409, addresses=[{"value": address}])
        device(site, "mac-2", source="other", code=409, addresses=[{"value": address}])
    assert find(site, "Devices", 'addresses.value eq "cc:DD"')["Resources"][0]["id"] == made["id"]
    assert find(site, "Devices", 'addresses[value eq "cc:dd"]')["totalResults"] == 1
    assert find(site, "Devices", 'addresses.value eq "cc:dd"', source="other")["totalResults"] == 0
    site.patch(f"/Devices/{made['id']}", {"op": "remove", "path": 'addresses[value eq "cc:dd"]'})
    device(site, "mac-2", source="other", addresses=[{"value": "cc:dd"}])


def test_an_extension_of_user_is_unique_indexed_and_case_exact(site):
    ann = site.user("ann@badge", **{BADGE: {"number": "N-1", "level": "STAFF"}})
    assert ann[BADGE] == {"number": "N-1", "level": "staff"}  # canonical spelling of a closed list
    assert ann["schemas"] == [USER, BADGE]

    body = {"schemas": [USER, BADGE], "userName": "bob@badge", BADGE: {"number": "N-1"}}
    assert f"{BADGE}:number" in error(site.post("/Users", body), 409, "uniqueness")
    bob = site.user("bob@badge", **{BADGE.upper(): {"Number": "n-1"}})
    answer = site.patch(f"/Users/{bob['id']}", {"op": "replace", "path": f"{BADGE}:number", "value": "N-1"})
    error(answer, 409, "uniqueness")
    assert [u["id"] for u in find(site, "Users", f'{BADGE}:number eq "N-1"')["Resources"]] == [ann["id"]]
    only = site.get(f"/Users/{ann['id']}?attributes={BADGE.upper()}:LEVEL").json
    assert only[BADGE] == {"level": "staff"}


def test_closed_lists_are_closed_and_suggestions_are_not(site):
    assert device(site, "kind-1", kind="toaster")["kind"] == "toaster"
    body = {"schemas": [USER, BADGE], "userName": "level@badge", BADGE: {"level": "boss"}}
    assert "visitor, staff, vault" in error(site.post("/Users", body), 400, "invalidValue")


def test_immutable_attributes_are_set_once(site):
    made = device(site, "fixed-1")
    path = f"/Devices/{made['id']}"
    body = {"schemas": [DEVICE], "displayName": "x", "serialNumber": "fixed-2"}

    error(site.put(path, body), 400, "mutability")
    error(site.patch(path, {"op": "replace", "path": "serialNumber", "value": "fixed-2"}), 400, "mutability")
    error(site.patch(path, {"op": "remove", "path": "serialNumber"}), 400, "mutability")
    assert site.put(path, body | {"serialNumber": "fixed-1"}).json["displayName"] == "x"


def test_secrets_are_checked_and_never_kept(site):
    secret = "4711-0815"
    made = site.user("pin@badge", **{BADGE: {"number": "N-9", "pin": secret}})
    path = f"/Users/{made['id']}"

    assert made[BADGE] == {"number": "N-9"}
    error(site.patch(path, {"op": "replace", "path": f"{BADGE}:pin", "value": 7}), 400, "invalidValue")
    patched = site.patch(path, {"op": "replace", "path": f"{BADGE}:pin", "value": secret})
    assert patched.json["meta"]["version"] == made["meta"]["version"]
    assert "pin" not in site.get(f"{path}?attributes={BADGE}:pin").body.decode()
    answer = site.get("/Users?filter=" + f"{BADGE}:pin%20eq%20%22{secret}%22")
    assert answer.json["scimType"] == "invalidFilter"
    index = patched.journal_index
    assert secret not in site.cli("journal", "show", str(index), "-o", "json")
    for file in site.folder.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file


def test_what_is_returned_on_request_comes_on_request(site):
    made = device(site, "request-1", firmware="1.2")
    path = f"/Devices/{made['id']}"

    assert "firmware" not in made and "firmware" not in site.get(path).json
    assert site.get(f"{path}?attributes=FIRMWARE").json["firmware"] == "1.2"
    assert find(site, "Devices", 'firmware eq "1.2"')["totalResults"] == 1


@pytest.mark.parametrize(
    ("attributes", "part"),
    [
        ({"owner": {"$ref": "../Users/1"}}, "owner.value is required"),
        ({"owner": {"value": "1", "$ref": "../Groups/1"}}, "owner.$ref leads to a Group"),
        ({"owner": {"value": "1", "$ref": "no uri"}}, "owner.$ref must be a URI"),
        ({"addresses": [{"value": "1:1", "primary": True}, {"value": "2:2", "primary": True}]}, "primary"),
        ({"displayName": None}, "displayName is required"),
        ({"active": "yes"}, "active"),
    ],
)
def test_wrong_values_are_refused(site, attributes, part):
    assert part in device(site, "wrong-1", code=400, **attributes)["detail"]


def test_references_lead_to_the_types_they_name(site):
    ann = site.user("owner@badge")
    owner = {"value": ann["id"], "$ref": ann["meta"]["location"]}
    assert device(site, "owned-1", owner=owner)["owner"] == owner


def test_unknown_attributes_and_schemas_are_refused(site):
    body = {"schemas": [DEVICE], "displayName": "x", "serialNumber": "u", "serial": "y"}
    error(site.post("/Devices", body), 400, "invalidSyntax")
    error(site.post("/Devices", body | {"schemas": [USER]}), 400, "invalidSyntax")
    error(site.get("/Devices?filter=userName%20eq%20%22x%22"), 400, "invalidFilter")


# ---- policy, journal, numbers ----


def test_writes_are_journaled_and_counted(site):
    before = site.metrics()
    made = device(site, "journal-1")
    site.delete(f"/Devices/{made['id']}")

    entries = site.journal('subject.displayName eq "device journal-1"')
    assert [(e["operation"], e["resource"]["type"], e["effect"]) for e in entries] == [
        ("create", "Device", "allow"),
        ("delete", "Device", "allow"),
    ]
    shown = site.cli_json("journal", "show", str(entries[0]["index"]))
    assert shown["entry"]["input"]["resource_type"] == "Device"
    assert "groups" not in shown["entry"]["input"]
    grown = {name for name, value in site.metrics().items() if value > before.get(name, 0)}
    assert any('resource="other"' in name for name in grown), grown


def test_the_starter_policy_allows_what_its_data_says(tmp_path):
    with Gateway(tmp_path / "gateway", policy="starter", scim={"directory": str(EXAMPLE)}) as gateway:
        body = {"schemas": [DEVICE], "displayName": "x", "serialNumber": "1"}
        answer = gateway.post("/Devices", body)
        assert answer.status == 403 and "default.deny" in answer.json["detail"]

        data = gateway.folder / "policy" / "access" / "data.yaml"
        text = data.read_text()
        assert text.count("User: [create, replace, patch, delete]") > 0
        data.write_text(text.replace("User: [", "Device: [create]\n    User: [", 1))
        loaded = len(gateway.log)
        gateway.cli("policy", "check", str(gateway.folder / "policy"))
        gateway.signal(signal.SIGHUP)
        gateway.wait_for("policy_loaded", after=loaded)
        made = gateway.post("/Devices", body)
        assert made.status == 201, made
        assert gateway.delete(f"/Devices/{made.json['id']}").status == 403


# ---- files ----


def copy_of_example(folder):
    shutil.copytree(EXAMPLE, folder)
    return folder


def test_config_check_tells_all_problems_with_their_places(tmp_path):
    folder = copy_of_example(tmp_path / "scim")
    path = folder / "schemas" / "device.json"
    schema = json.loads(path.read_text())
    schema["attributes"][0]["type"] = "text"
    schema["attributes"][2]["uniqueness"] = "server"
    path.write_text(json.dumps(schema))
    (folder / "resource_types" / "Broken.json").write_text("{")
    gateway = Gateway(tmp_path / "gateway", scim={"directory": str(folder)})

    result = gateway.cli("config", "check", code=None)

    assert result.returncode == 1
    for part in (
        "schemas/device.json#/attributes/0/type: there is no such word",
        "schemas/device.json#/attributes/2/uniqueness: only a string, an integer or a reference",
        "resource_types/Broken.json: line 1",
        "3 problems",
    ):
        assert part in result.stderr, result.stderr
    gateway.start(ready=False)
    assert gateway.join() == 1


def test_a_reload_says_that_changed_schemas_need_a_restart(tmp_path):
    folder = copy_of_example(tmp_path / "scim")
    with Gateway(tmp_path / "gateway", scim={"directory": str(folder)}) as gateway:
        loaded = len(gateway.log)
        gateway.signal(signal.SIGHUP)
        gateway.wait_for("policy_loaded", after=loaded)
        assert not any(line["event"] == "schemas_changed" for line in gateway.log)

        shutil.rmtree(folder / "schemas")
        gateway.signal(signal.SIGHUP)
        gateway.wait_for("schemas_changed", after=loaded)
        assert gateway.get("/Devices").status == 200


# ---- what is there when an attribute becomes unique ----


def with_uniqueness(folder, value):
    """The example's devices, with serial numbers that are as unique as that."""
    shutil.rmtree(folder, ignore_errors=True)
    copy_of_example(folder)
    path = folder / "schemas" / "device.json"
    schema = json.loads(path.read_text())
    next(a for a in schema["attributes"] if a["name"] == "serialNumber")["uniqueness"] = value
    path.write_text(json.dumps(schema))


def events(gateway, name):
    return [line for line in gateway.log if line["event"] == name]


def test_keys_are_taken_for_what_is_there_when_an_attribute_becomes_unique(tmp_path):
    folder = tmp_path / "scim"
    with_uniqueness(folder, "none")
    with Gateway(tmp_path / "gateway", scim={"directory": str(folder)}) as gateway:
        made = {serial: device(gateway, serial, externalId=serial) for serial in ("s-1", "s-2")}
        gateway.stop()
        with_uniqueness(folder, "server")
        gateway.start()

        assert events(gateway, "keys_taken")[0]["resources"] == "2"
        for serial, one in made.items():
            found = find(gateway, "Devices", f'serialNumber eq "{serial}"')
            assert [it["id"] for it in found["Resources"]] == [one["id"]]
            assert device(gateway, serial, code=409)["scimType"] == "uniqueness"
            now = gateway.get(f"/Devices/{one['id']}").json
            assert now["meta"]["version"] == one["meta"]["version"]  # a key is no change of the resource
            assert find(gateway, "Devices", f'externalId eq "{serial}"')["totalResults"] == 1

        gateway.stop()
        gateway.start()
        assert events(gateway, "keys_taken") == []


def test_a_gateway_does_not_start_with_two_holders_of_a_unique_value(tmp_path):
    folder = tmp_path / "scim"
    with_uniqueness(folder, "none")
    gateway = Gateway(tmp_path / "gateway", scim={"directory": str(folder)}).start()
    try:
        first, second = (device(gateway, "same")["id"] for _ in range(2))
        third = device(gateway, "another")["id"]
        gateway.stop()

        with_uniqueness(folder, "server")
        gateway.start(ready=False)
        assert gateway.join() == 1
        (told,) = events(gateway, "value_taken_twice")
        assert {told["id"], told["other"]} == {first, second}
        assert told["attribute"] == f"{DEVICE}:serialNumber"

        with_uniqueness(folder, "none")
        gateway.start()
        gateway.patch(f"/Devices/{second}", {"op": "replace", "path": "displayName", "value": "not the serial number"})
        assert gateway.delete(f"/Devices/{second}").status == 204
        gateway.stop()
        with_uniqueness(folder, "server")
        gateway.start()
        assert find(gateway, "Devices", 'serialNumber eq "same"')["Resources"][0]["id"] == first
        assert find(gateway, "Devices", 'serialNumber eq "another"')["Resources"][0]["id"] == third
        assert gateway.delete(f"/Devices/{first}").status == 204
        device(gateway, "same")
    finally:
        gateway.kill()


def test_resources_of_a_type_that_goes_and_comes_back_are_there(tmp_path):
    folder = copy_of_example(tmp_path / "scim")
    with Gateway(tmp_path / "gateway", scim={"directory": str(folder)}) as gateway:
        made = device(gateway, "back-1")
        badge = gateway.user("back@badge", **{BADGE: {"number": "N-1"}})
        gateway.stop()
        shutil.move(folder / "resource_types", folder / "away")
        shutil.move(folder / "schemas", folder / "away_too")
        (folder / "schemas").mkdir()
        gateway.start()
        assert gateway.get("/Devices").status == 404
        assert gateway.post("/.search", {"schemas": [SEARCH]}).json["totalResults"] == 1
        changed = gateway.patch(f"/Users/{badge['id']}", {"op": "replace", "path": "active", "value": False})
        assert (changed.status, changed.json["active"]) == (200, False)  # its badge is nobody's business now
        shown = gateway.get(f"/Users/{badge['id']}").json
        assert (shown["schemas"], BADGE in shown) == ([USER], False)
        gateway.stop()

        shutil.rmtree(folder / "schemas")
        shutil.move(folder / "away", folder / "resource_types")
        shutil.move(folder / "away_too", folder / "schemas")
        gateway.start()
        assert find(gateway, "Devices", 'serialNumber eq "back-1"')["Resources"][0]["id"] == made["id"]
        assert device(gateway, "back-1", code=409)["scimType"] == "uniqueness"
        (found,) = find(gateway, "Users", f'{BADGE}:number eq "N-1"')["Resources"]
        assert (found["id"], found[BADGE], found["active"]) == (badge["id"], badge[BADGE], False)


def test_of_many_that_want_a_value_at_once_one_gets_it(site):
    def attempt(number):
        body = {"schemas": [DEVICE], "displayName": str(number), "serialNumber": "race-1"}
        with closing(site.connect()) as connection:
            return connection.post("/Devices", body).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(attempt, range(16)))

    assert statuses == [201] + 15 * [409]
    assert find(site, "Devices", 'serialNumber eq "race-1"')["totalResults"] == 1


def test_devices_travel_in_bulk(site):
    owner = {"schemas": [USER], "userName": "bulk-owner@badge"}
    thing = {"schemas": [DEVICE], "displayName": "b", "serialNumber": "bulk-1", "owner": {"value": "bulkId:u"}}
    message = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Devices", "bulkId": "d", "data": thing},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": owner},
            {"method": "POST", "path": "/Devices", "bulkId": "e", "data": thing | {"displayName": "again"}},
        ],
    }

    operations = site.post("/Bulk", message).json["Operations"]

    assert [one["status"] for one in operations] == ["201", "201", "409"]
    made = find(site, "Devices", 'serialNumber eq "bulk-1"')["Resources"][0]
    assert operations[0]["location"].endswith(made["id"])
    assert operations[1]["location"].endswith(made["owner"]["value"])
