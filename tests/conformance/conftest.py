"""A gateway with a source of each dialect, for the tests of one file."""

import json

import pytest
from dialects import DIALECTS
from gateway import USER, Gateway

ODDS = "urn:example:params:scim:schemas:extension:odds:2.0:User"


def odds():
    """An extension of User with an attribute of each type, of one value and of many: the rules ask the schema."""
    types = ["string", "boolean", "integer", "decimal", "dateTime", "binary", "reference"]
    attributes = [
        {"name": f"{kind}{'s' if many else ''}", "type": kind, "multiValued": many}
        for kind in types
        for many in (False, True)
    ]
    parts = [{"name": kind, "type": kind} for kind in types]
    attributes.append({"name": "mixed", "type": "complex", "subAttributes": [{"name": "value"}, *parts]})
    attributes.append(
        {
            "name": "mixtures",
            "type": "complex",
            "multiValued": True,
            "subAttributes": [{"name": "value", "type": "integer"}, {"name": "type"}, *parts],
        }
    )
    return {"id": ODDS, "name": "Odds", "attributes": attributes}


def write_schemas(folder):
    (folder / "schemas").mkdir(parents=True)
    (folder / "resource_types").mkdir()
    (folder / "schemas" / "odds.json").write_text(json.dumps(odds()))
    extensions = [{"schema": ODDS, "required": False}]
    user = {"name": "User", "endpoint": "/Users", "schema": USER, "schemaExtensions": extensions}
    (folder / "resource_types" / "User.json").write_text(json.dumps(user))
    return {"directory": str(folder)}


@pytest.fixture(scope="module")
def babel(tmp_path_factory):
    """One source of each dialect, each in a tenant of its own, and a schema from the configuration."""
    sources = [{"name": name, "dialect": name, "tenant": name} for name in ["standard", *DIALECTS]]
    sources.append({"name": "twin", "dialect": "standard", "tenant": "twin"})
    sources.append({"name": "additive", "dialect": "entra", "tenant": "additive", "quirks": "additive-members"})
    folder = tmp_path_factory.mktemp("dialects")
    with Gateway(folder / "gateway", sources=sources, scim=write_schemas(folder / "scim")) as gateway:
        yield gateway
