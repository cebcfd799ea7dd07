#!/usr/bin/env python3
"""A real SCIM app for tests and the demo: scim2-server with a storage that survives its process.

    app.py --database FILE --port N --token TOKEN [--delay SECONDS] [--schema FILE …]

The protocol is scim2-server's; only the storage is ours: its InMemoryStorage, written through to SQLite before a
request is answered, so that kill -9 loses nothing that was acknowledged. Nothing of scimward is in here.
"""

import argparse
import itertools
import json
import re
import socket
import sqlite3
import sys
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from scim2_models import ResourceType, Schema, ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)


class StoredStorage(InMemoryStorage):
    """InMemoryStorage whose resources lie in SQLite as well, in the same transaction as the answer."""

    def __init__(self, path, provider):
        super().__init__()
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = NORMAL")
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS resource (type TEXT, id TEXT, document TEXT, PRIMARY KEY (type, id))"
        )
        self.loading = True
        models = {t.name: provider.model_for(t) for t in provider.resource_types}
        newest = 0
        for name, document in self.database.execute("SELECT type, document FROM resource"):
            resource = models[name].model_validate(json.loads(document))
            newest = max(newest, int(re.sub(r"\D", "", resource.meta.version) or 0))
            super()._store(resource, self._values_of(resource))
        self.versions = itertools.count(newest + 1)
        self.loading = False

    def _store(self, resource, values):
        super()._store(resource, values)
        if self.loading:
            return
        document = resource.model_dump_json(exclude_none=True, by_alias=True)
        with self.database:
            self.database.execute(
                "INSERT OR REPLACE INTO resource VALUES (?, ?, ?)",
                (resource.meta.resource_type, resource.id, document),
            )

    def delete(self, resource_type, resource_id, *, expected_version=None):
        with self.lock:
            super().delete(resource_type, resource_id, expected_version=expected_version)
            with self.database:
                self.database.execute(
                    "DELETE FROM resource WHERE type = ? AND id = ?", (resource_type.name, resource_id)
                )


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):  # without the slow look-up of our own name
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]
        self.setup_environ()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass

    def address_string(self):
        return self.client_address[0]


def make_provider(schema_files):
    schemas = list(load_default_schemas().values())
    types = list(load_default_resource_types().values())
    for path in schema_files:
        with open(path, encoding="utf-8") as file:
            schema = Schema.model_validate(json.load(file))
        schemas.append(schema)
        for index, kind in enumerate(types):
            if kind.name == "User":
                document = kind.model_dump()
                document.setdefault("schemaExtensions", []).append({"schema": schema.id, "required": False})
                types[index] = ResourceType.model_validate(document)
    config = load_default_service_provider_config()
    config.authentication_schemes = [*(config.authentication_schemes or []), BEARER_TOKEN_SCHEME]
    return ScimProvider.from_discovery(schemas, types, config=config)


def delayed(application, seconds):
    def run(environ, start_response):
        time.sleep(seconds)
        return application(environ, start_response)

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", required=True)
    parser.add_argument("--schema", action="append", default=[])
    parser.add_argument("--delay", type=float, default=0, help="seconds before each answer")
    arguments = parser.parse_args()
    provider = make_provider(arguments.schema)
    application = BearerTokenApplication(
        StoredStorage(arguments.database, provider), provider, bearer_tokens=[arguments.token]
    )
    if arguments.delay > 0:
        application = delayed(application, arguments.delay)
    with make_server(
        "127.0.0.1", arguments.port, application, server_class=ThreadingServer, handler_class=QuietHandler
    ) as server:
        print(f"port {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
