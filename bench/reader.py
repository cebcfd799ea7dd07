"""A SCIM client that reads, without a library between."""

import json
import socket
import time
import urllib.parse


class Reader:
    """A client of one connection, without a library between: what is timed is the gateway."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.socket = None

    def connect(self):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.socket

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None

    def send(self, path):
        text = f"GET /scim/v2{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.gateway.token}\r\n\r\n"
        self.connect().sendall(text.encode())

    def get(self, path, **parameters):
        """Status, JSON, seconds until the first byte and until the last."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        begin = time.perf_counter()
        self.send(path + query)
        received = bytearray(self.socket.recv(1 << 20))
        first = time.perf_counter() - begin
        while b"\r\n\r\n" not in received:
            received += self.socket.recv(1 << 20)
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        head = head.decode().lower()
        size = int(head.split("\r\ncontent-length: ")[1].split("\r\n")[0])
        parts = [body]
        got = len(body)
        while got < size:
            parts.append(self.socket.recv(1 << 20))
            got += len(parts[-1])
        last = time.perf_counter() - begin
        if "\r\nconnection: close" in head:
            self.close()
        return int(head.split()[1]), json.loads(b"".join(parts)), first, last
