"""A proxy between gateway and app that does what networks and busy apps do: refuse, delay, lose replies.

    with Proxy(app.port) as proxy:
        proxy.script = [Busy(retry_after=1), LoseReply(), Pass()]    # one per request; then everything passes
"""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pass:
    """Forwards request and reply."""


class Busy:
    """Answers without asking the app."""

    def __init__(self, status=429, retry_after=None, body=b"", content_type="application/scim+json"):
        self.status = status
        self.retry_after = retry_after
        self.body = body
        self.content_type = content_type


class LoseReply:
    """The app does it, and nobody hears of it."""


class Proxy:
    def __init__(self, app_port):
        self.app_port = app_port
        self.script = []
        self.seen = []  # (monotonic time, method, path, action)
        self.headers = []
        self.lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                action = proxy.next_action(self)
                if isinstance(action, Busy):
                    self.reply(action.status, {"Retry-After": action.retry_after}, action.body, action.content_type)
                    return
                status, headers, answer = proxy.forward(self.command, self.path, body, self.headers)
                if isinstance(action, LoseReply):
                    self.close_connection = True
                    self.connection.close()
                    return
                self.reply(status, {}, answer, headers.get("Content-Type", "application/scim+json"))

            def reply(self, status, headers, body, content_type):
                self.send_response(status)
                for name, value in headers.items():
                    if value is not None:
                        self.send_header(name, str(value))
                if status != 204:
                    self.send_header("Content-Type", content_type)
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def next_action(self, handler):
        with self.lock:
            action = self.script.pop(0) if self.script else Pass()
            self.seen.append((time.monotonic(), handler.command, handler.path, action))
            self.headers.append(dict(handler.headers))
            return action

    def forward(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.app_port, timeout=30)
        sent = {name: headers[name] for name in ("Authorization", "Content-Type", "Accept") if name in headers}
        connection.request(method, path, body, sent)
        reply = connection.getresponse()
        answer = reply.status, reply.headers, reply.read()
        connection.close()
        return answer

    def requests(self, method):
        return [entry for entry in self.seen if entry[1] == method]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Hanging(Proxy):
    """An app that answers nothing of what `hangs` names (a part of method and path) until it is freed."""

    def __init__(self, app_port, *hangs):
        super().__init__(app_port)
        self.hangs = list(hangs)
        self.free = threading.Event()

    def next_action(self, handler):
        action = super().next_action(handler)
        if any(part in f"{handler.command} {handler.path}" for part in self.hangs):
            self.free.wait()
        return action

    def __exit__(self, *arguments):
        self.free.set()
        super().__exit__(*arguments)
