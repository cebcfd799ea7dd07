"""Many people, fast: one request in flight on each of many connections, without a client library between."""

import json
import re
import selectors
import socket

from gateway import USER

CONNECTIONS = 48
LENGTH = re.compile(rb"\r\nContent-Length: ([0-9]+)\r\n", re.IGNORECASE)


class Lane:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.number = -1

    def reply(self):
        """Body of the reply that is whole, or None."""
        head, separator, rest = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(LENGTH.search(head + b"\r\n")[1])
        if len(rest) < length:
            return None
        assert head.startswith(b"HTTP/1.1 201 "), self.received[:600]
        self.received = b""
        return rest


def make_people(gateway, count, name="p{}", source=None, **attributes):
    """Creates `count` people; returns their ids in order."""
    token = gateway.tokens[source or gateway.sources[0]["name"]]
    ids = [None] * count

    def request(number):
        body = json.dumps({"schemas": [USER], "userName": name.format(number)} | attributes)
        return (
            f"POST /scim/v2/Users?attributes=id HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/scim+json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    selector = selectors.DefaultSelector()
    sent = done = 0

    def send(lane):
        nonlocal sent
        if sent < count:
            lane.number = sent
            lane.socket.sendall(request(sent))
            sent += 1

    for _ in range(min(CONNECTIONS, count)):
        lane = Lane(gateway.port)
        selector.register(lane.socket, selectors.EVENT_READ, lane)
        send(lane)
    while done < count:
        for key, _ in selector.select(timeout=60):
            lane = key.data
            chunk = lane.socket.recv(65536)
            if not chunk:  # so many requests are all that a connection may bring
                raise AssertionError("the connection was closed")
            lane.received += chunk
            body = lane.reply()
            if body is not None:
                ids[lane.number] = json.loads(body)["id"]
                done += 1
                send(lane)
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    return ids
