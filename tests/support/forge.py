"""A forge and a file server over HTTPS, for the steps of ci/: comments as GitHub and GitLab keep them, uploads of code
scanning, files that are put and fetched with a token."""

import base64
import gzip
import json
import re
from urllib.parse import parse_qs, urlsplit

from policies import BundleHandler, HttpsServer

REPOSITORY = "/api/v3/repos/acme/access"
PROJECT = "/api/v4/projects/5"
NUMBER = 7  # of the pull request or merge request

COMMENT_TOKEN = "comment-token"
FILE_TOKEN = "file-token"

BOT = {"id": 41, "login": "github-actions[bot]", "username": "project_5_bot"}
PERSON = {"id": 7, "login": "mallory", "username": "mallory"}


class ForgeHandler(BundleHandler):
    """The paths of both forges, and /files/NAME."""

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer_json(self, status, document):
        self.reply(status, json.dumps(document).encode(), Content_Type="application/json")

    def may(self, token):
        """Says 401 otherwise: the names of the headers are those that the forge has."""
        wanted = [f"Bearer {token}"] if not self.path.startswith("/api/v4/") else []
        if self.headers.get("Authorization") in wanted:
            return True
        if self.path.startswith("/api/v4/") and self.headers.get("PRIVATE-TOKEN") == token:
            return True
        self.body()
        self.answer_json(401, {"message": "401 Unauthorized"})
        return False

    def page(self):
        """Of all comments, as both forges cut them."""
        query = parse_qs(urlsplit(self.path).query)
        size, number = int(query["per_page"][0]), int(query["page"][0])
        self.answer_json(200, self.server.owner.comments[size * (number - 1) : size * number])

    def do_GET(self):
        path = urlsplit(self.path).path
        if path.startswith("/files/"):
            self.get_file(path)
        elif not self.may(COMMENT_TOKEN):
            return
        elif path in (f"{REPOSITORY}/issues/{NUMBER}/comments", f"{PROJECT}/merge_requests/{NUMBER}/notes"):
            self.page()
        elif path == "/api/v4/user":
            self.answer_json(200, BOT)
        else:
            self.answer_json(404, {"message": "Not Found"})

    def do_POST(self):
        if not self.may(COMMENT_TOKEN):
            return
        owner = self.server.owner
        document = json.loads(self.body())
        if self.path in (f"{REPOSITORY}/issues/{NUMBER}/comments", f"{PROJECT}/merge_requests/{NUMBER}/notes"):
            self.answer_json(201, owner.comment(BOT, document["body"]))
        elif self.path == f"{REPOSITORY}/code-scanning/sarifs":
            text = gzip.decompress(base64.b64decode(document.pop("sarif"), validate=True))
            owner.scans.append(document | {"sarif": json.loads(text)})
            self.answer_json(202, {"id": "1"})
        else:
            self.answer_json(404, {"message": "Not Found"})

    def change_comment(self, pattern):
        match = re.fullmatch(pattern, self.path)
        if match is None:
            self.body()
            return self.answer_json(404, {"message": "Not Found"})
        [comment] = [comment for comment in self.server.owner.comments if comment["id"] == int(match[1])]
        comment["body"] = json.loads(self.body())["body"]
        comment["edits"] += 1
        return self.answer_json(200, comment)

    def do_PATCH(self):
        if self.may(COMMENT_TOKEN):
            self.change_comment(rf"{REPOSITORY}/issues/comments/(\d+)")

    def do_PUT(self):
        if self.path.startswith("/files/"):
            if self.may(FILE_TOKEN):
                files = self.server.owner.files
                created = self.path not in files
                files[self.path] = self.body()
                self.reply(201 if created else 204)
        elif self.may(COMMENT_TOKEN):
            self.change_comment(rf"{PROJECT}/merge_requests/{NUMBER}/notes/(\d+)")

    def get_file(self, path):
        content = self.server.owner.files.get(path)
        if not self.may(FILE_TOKEN):
            return
        if content is None:
            return self.reply(404)
        etag = f'"{hash(content):x}"'
        if self.headers.get("If-None-Match") == etag:
            return self.reply(304, ETag=etag)
        return self.reply(200, content, ETag=etag, Content_Type="application/gzip")


class Forge(HttpsServer):
    def __init__(self, folder):
        super().__init__(folder, ForgeHandler)
        self.comments, self.scans, self.files = [], [], {}
        self.base = f"https://localhost:{self.port}"

    def comment(self, author, body):
        comment = {"id": 100 + len(self.comments), "user": author, "author": author, "body": body, "edits": 0}
        self.comments.append(comment)
        return comment

    def url(self, name):
        return f"{self.base}/files/{name}"
