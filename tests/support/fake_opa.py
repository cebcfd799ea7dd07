"""A server in OPA's place that does what no OPA should: it is silent, slow, wrong, or talks too much."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway import PATIENCE_S

ALLOW = {"result": {"effect": "allow", "reasons": []}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a reply is one packet: in two, the second waits for an acknowledgement

    def log_message(self, *_):
        pass

    def do_POST(self):
        owner = self.server.owner
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # what the gateway asks by itself is no part of a test
        if question["input"]["mode"] == "test":
            return self.answer(200, json.dumps(ALLOW).encode())
        with owner.changed:
            owner.open += 1
            owner.most = max(owner.most, owner.open)
            owner.asked.append({"path": self.path, "headers": dict(self.headers), "input": question["input"]})
            owner.changed.notify_all()
            owner.changed.wait_for(lambda: not owner.silent, PATIENCE_S)
            owner.open -= 1
            status, body = owner.reply(question["input"]) if callable(owner.reply) else owner.reply
        self.answer(status, body if isinstance(body, bytes) else json.dumps(body).encode())

    def answer(self, status, body):
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # whoever asked waits no longer


class FakeOpa:
    """reply: (status, bytes or document), or a function of the input that gives one. `with` it."""

    def __init__(self, reply=(200, ALLOW), silent=False):
        self.reply, self.silent = reply, silent
        self.changed = threading.Condition()
        self.asked = []
        self.open = self.most = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.server.owner = self
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def config(self, **more):
        return {"engine": "opa", "url": self.url, "limits": {"answer": "30s"}} | more

    def wait_asked(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.asked) >= count, PATIENCE_S), self.asked

    def speak(self):
        with self.changed:
            self.silent = False
            self.changed.notify_all()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.speak()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
