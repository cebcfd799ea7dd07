"""Groups that are large: what they cost, what they hold, where they end (memberships are rows)."""

import json
import socket

import pytest
from crowd import make_people

from gateway import GROUP, Gateway, is_sanitized, wait_until

LARGE = 2000 if is_sanitized() else 20000


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A gateway with many people, one group of all of them and one of ten."""
    listen = {"limits": {"requests_per_connection": 1000000}}
    folder = tmp_path_factory.mktemp("city") / "gateway"
    with Gateway(folder, listen={"address": "127.0.0.1:0", "workers": 2} | listen) as gateway:
        people = make_people(gateway, LARGE + 500)
        answer = gateway.post("/Groups", group_body("everybody", people[:LARGE]))
        assert answer.status == 201, answer
        assert answer.json["displayName"] == "everybody" and len(answer.json["members"]) == LARGE
        gateway.people = people
        gateway.large = answer.json["id"]
        gateway.small = gateway.group("ten", people[:10])["id"]
        yield gateway


def group_body(name, members):
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": key} for key in members]}


def add(gateway, group, *people):
    value = [{"value": key} for key in people]
    answer = gateway.patch(
        f"/Groups/{group}?excludedAttributes=members", {"op": "add", "path": "members", "value": value}
    )
    assert answer.status == 200, answer
    return answer


def remove(gateway, group, person):
    answer = gateway.patch(
        f"/Groups/{group}?excludedAttributes=members", {"op": "remove", "path": f'members[value eq "{person}"]'}
    )
    assert answer.status == 200, answer
    return answer


def members_of(gateway, group):
    answer = gateway.get(f"/Groups/{group}")
    assert answer.status == 200
    return [m["value"] for m in answer.json.get("members", [])]


def test_members_come_and_go_one_by_one_in_a_group_of_any_size(city):
    """What that costs is measured by `./run bench`: a test asserts no durations."""
    for group, size in ((city.small, 10), (city.large, LARGE)):
        for person in city.people[LARGE : LARGE + 3]:
            before = add(city, group, person)
            assert len(members_of(city, group)) == size + 1
            after = remove(city, group, person)
            assert before.headers["ETag"] != after.headers["ETag"]
        assert len(members_of(city, group)) == size


def test_get_streams_all_members_once_and_in_bounded_memory(city):
    before = city.memory_mib()

    for _ in range(5):
        found = members_of(city, city.large)
        assert len(found) == LARGE
        assert set(found) == set(city.people[:LARGE])

    answer = city.get(f"/Groups/{city.large}")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["ETag"] == city.get(f"/Groups/{city.large}?excludedAttributes=members").headers["ETag"]
    assert is_sanitized() or city.memory_mib() - before < 8


def raw(city, request):
    """All that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", city.port), timeout=60) as connection:
        connection.sendall(request.replace("TOKEN", city.tokens["idp"]).encode())
        received = b""
        while chunk := connection.recv(1 << 20):
            received += chunk
    return received


def test_head_and_old_clients_get_the_large_group_in_their_way(city):
    path = f"/Groups/{city.large}"
    whole = city.get(path)

    head = city.request("HEAD", path)
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])
    assert city.get(path).body == whole.body  # the connection is still in step
    unchanged = city.get(path, headers={"If-None-Match": whole.headers["ETag"]})
    assert (unchanged.status, unchanged.body) == (304, b"")

    # HTTP/1.0 has no chunks: the body ends with the connection.
    old = raw(
        city, f"GET /scim/v2{path} HTTP/1.0\r\nHost: 127.0.0.1:{city.port}\r\nAuthorization: Bearer TOKEN\r\n\r\n"
    )
    head, _, body = old.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert body == whole.body
    # A request behind it on the same connection is answered behind it.
    request = f"GET /scim/v2{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\n"
    both = raw(city, f"{request}\r\n{request}Connection: close\r\n\r\n")
    assert both.count(b"HTTP/1.1 200 ") == 2
    assert both.count(b"0\r\n\r\n") >= 2 and both.endswith(b"\r\n0\r\n\r\n")


def test_slow_readers_cost_no_memory_and_hold_up_nobody(city):
    before = city.memory_mib()
    readers = []
    request = (
        f"GET /scim/v2/Groups/{city.large} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {city.tokens['idp']}\r\n\r\n"
    ).encode()
    for _ in range(20):
        reader = socket.create_connection(("127.0.0.1", city.port))
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(request)
        readers.append(reader)

    path = f"/Users/{city.people[0]}"
    assert all(city.get(path).status == 200 for _ in range(200))
    during = city.memory_mib()
    for reader in readers:
        reader.close()

    assert is_sanitized() or during - before < 20 * 0.5 + 8  # not 20 × 3 MB
    wait_until(lambda: city.get(path).status == 200, "the gateway goes on")


def test_a_client_that_leaves_in_the_middle_stops_the_stream(city):
    reader = socket.create_connection(("127.0.0.1", city.port))
    reader.sendall(
        f"GET /scim/v2/Groups/{city.large} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {city.tokens['idp']}\r\n\r\n".encode()
    )
    reader.recv(1000)
    reader.close()

    wait_until(lambda: city.metrics()["scimward_connections"] <= 2, "the connection is gone")
    assert len(members_of(city, city.large)) == LARGE


def test_the_membership_probe_finds_who_is_in_the_group(city):
    inside, outside = city.people[LARGE // 2], city.people[LARGE + 1]

    def probe(group, person):
        text = f'id eq "{group}" and members eq "{person}"'
        return city.find("Groups", text, attributes="id").json["totalResults"]

    assert [probe(city.large, inside), probe(city.large, outside), probe(city.small, inside)] == [1, 0, 0]


def test_lists_of_groups_are_cheap_without_members_and_refused_when_too_long(city):
    listed = city.get("/Groups?excludedAttributes=members").json["Resources"]
    assert {group["id"] for group in listed} == {city.large, city.small}
    assert all("members" not in group for group in listed)

    whole = city.get("/Groups")
    if whole.status == 200:  # small enough to be whole
        assert sorted(len(group["members"]) for group in whole.json["Resources"]) == [10, LARGE]
    else:
        assert (whole.status, whole.json["scimType"]) == (400, "tooMany")
        assert "excludedAttributes=members" in whole.json["detail"]


def test_put_of_5000_members_replaces_all_and_only_counts_differences(city):
    count = LARGE // 4
    group = city.group("quarter", city.people[:count])["id"]
    changed = city.people[: count - 100] + city.people[LARGE : LARGE + 100]

    answer = city.put(f"/Groups/{group}?excludedAttributes=members", group_body("quarter", changed))

    assert answer.status == 200, answer
    assert set(members_of(city, group)) == set(changed)
    what = city.cli_json("journal", "show", str(answer.journal_index))["entry"]["input"]["members"]
    assert len(what["added"]) == len(what["removed"]) == 100
    assert (what["count_before"], what["count_after"]) == (count, count)
    # The same again is no change, whatever the order.
    again = city.put(f"/Groups/{group}?excludedAttributes=members", group_body("quarter", changed[::-1]))
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert city.delete(f"/Groups/{group}").status == 204


def test_an_entry_of_many_members_is_read_like_others(city):
    (entry,) = city.journal(f'resource.id eq "{city.large}" and operation eq "create"')

    assert len(entry["input"]["members"]["added"]) == LARGE
    table = city.cli("journal", "tail", "-n", "5", "--filter", f'resource.id eq "{city.large}"')
    assert "everybody" in table
    shown = city.cli_json("journal", "show", str(entry["index"]))["entry"]["input"]["members"]
    assert [m["id"] for m in shown["added"]] == city.people[:LARGE]
    assert all(m["user"]["userName"] == f"p{number}" for number, m in enumerate(shown["added"]))


def test_a_member_named_many_times_is_one(city):
    people = city.people[:3] * 1000

    group = city.group("three", people)
    assert len(group["members"]) == 3
    answer = add(city, group["id"], *people)
    assert answer.headers["ETag"] == group["meta"]["version"]
    assert city.delete(f"/Groups/{group['id']}").status == 204


def test_who_is_deleted_leaves_the_large_group(city):
    person = city.people[LARGE + 200]
    joined = add(city, city.large, person)
    count = len(members_of(city, city.large))

    assert city.delete(f"/Users/{person}").status == 204

    left = city.get(f"/Groups/{city.large}?excludedAttributes=members")
    assert left.headers["ETag"] != joined.headers["ETag"]
    found = members_of(city, city.large)
    assert len(found) == count - 1 and person not in found


def test_a_restart_keeps_the_large_group(city):
    before = city.get(f"/Groups/{city.large}").body

    was = f":{city.port}/"
    city.restart()

    now = city.get(f"/Groups/{city.large}").body
    assert now.replace(f":{city.port}/".encode(), was.encode()) == before
    assert city.cli_json("journal", "verify")["verification"]["intact"] is True


@pytest.mark.skipif(is_sanitized(), reason="100,000 people take a sanitizer build minutes")
def test_100000_changes_are_the_most_and_above_it_says_the_way_out(make_gateway):
    listen = {"address": "127.0.0.1:0", "workers": 2, "limits": {"requests_per_connection": 1000000}}
    gateway = make_gateway(listen=listen)
    people = make_people(gateway, 100001)

    refused = gateway.post("/Groups?attributes=id", group_body("all", people))
    assert refused.status == 413, refused
    assert "PATCH" in refused.json["detail"] and "100000" in refused.json["detail"]
    assert gateway.get("/Groups").json["totalResults"] == 0

    group = gateway.group("all")["id"]
    everybody = [{"value": key} for key in people[:100000]]
    answer = gateway.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": everybody})
    assert answer.status == 204, answer
    add(gateway, group, people[100000])
    assert len(members_of(gateway, group)) == 100001
    # A group of more can neither be emptied nor be renamed in one go.
    for answer in (
        gateway.patch(f"/Groups/{group}", {"op": "remove", "path": "members"}),
        gateway.put(f"/Groups/{group}", {"schemas": [GROUP], "displayName": "all"}),
        gateway.patch(f"/Groups/{group}", {"op": "replace", "path": "displayName", "value": "other"}),
    ):
        assert answer.status == 413, answer
        assert len(json.loads(answer.body)["detail"]) > 60
    remove(gateway, group, people[0])
    answer = gateway.patch(f"/Groups/{group}", {"op": "remove", "path": "members"})
    assert answer.status == 200 and "members" not in answer.json
    assert gateway.memory_mib("VmHWM") < 300
