"""Two requests that are fine one by one and not together never both pass, whatever their timing."""

import threading

from gateway import USER, Connection

ROUNDS = 1000


def run_together(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fill(gateway, count):
    """People, made over several connections."""
    ids = [None] * count

    def make(first):
        connection = gateway.connect()
        for i in range(first, count, 8):
            answer = connection.post("/Users", {"schemas": [USER], "userName": f"p{i}@example.com"})
            assert answer.status == 201, answer
            ids[i] = answer.json["id"]
        connection.close()

    run_together(*[lambda first=first: make(first) for first in range(8)])
    return ids


def members_of(gateway, group):
    return {m["value"] for m in gateway.get(f"/Groups/{group['id']}").json.get("members", [])}


def test_separation_of_duties_holds_against_two_connections(make_gateway):
    gateway = make_gateway(policy="starter")
    people = fill(gateway, ROUNDS)
    groups = [gateway.group("buyers"), gateway.group("invoice-approvers")]
    barrier = threading.Barrier(2)
    statuses = [[], []]

    def add_all(side):
        connection = gateway.connect()
        for person in people:
            barrier.wait()
            operation = {"op": "add", "path": "members", "value": [{"value": person}]}
            answer = connection.patch(f"/Groups/{groups[side]['id']}?excludedAttributes=members", operation)
            statuses[side].append(answer.status)
        connection.close()

    run_together(lambda: add_all(0), lambda: add_all(1))

    assert members_of(gateway, groups[0]) & members_of(gateway, groups[1]) == set()
    for both in zip(*statuses):
        assert sorted(both) == [200, 403], both


def test_16_parallel_deactivations_do_not_pass_a_rail_of_10(make_gateway):
    gateway = make_gateway(policy="starter")
    people = fill(gateway, 100)
    barrier = threading.Barrier(16)
    statuses = []

    def disable(person):
        connection = gateway.connect()
        barrier.wait()
        answer = connection.patch(f"/Users/{person}", {"op": "replace", "path": "active", "value": False})
        statuses.append(answer.status)
        connection.close()

    run_together(*[lambda person=person: disable(person) for person in people[:16]])

    inactive = gateway.find("Users", "active eq false").json["totalResults"]
    assert inactive == statuses.count(200) == 10
    assert statuses.count(403) == 6


def test_64_connections_add_6400_members_one_by_one(make_gateway):
    gateway = make_gateway()
    people = fill(gateway, 6400)
    group = gateway.group("everyone")
    failed = []

    def add(first):
        connection = Connection(gateway.port, gateway.tokens["idp"])
        for person in people[first::64]:
            operation = {"op": "add", "path": "members", "value": [{"value": person}]}
            answer = connection.patch(f"/Groups/{group['id']}", operation)
            if answer.status not in (200, 204):
                failed.append(answer)
        connection.close()

    run_together(*[lambda first=first: add(first) for first in range(64)])

    assert failed == []
    assert members_of(gateway, group) == set(people)
    assert gateway.find("Groups", f'id eq "{group["id"]}"', excludedAttributes="members").json["totalResults"] == 1
