"""Gateways that the tests of one file share: `scim` for sources, `desk` for operators."""

import pytest

from gateway import Gateway


@pytest.fixture(scope="module")
def scim(tmp_path_factory):
    """Two sources of one tenant, one of another, one with Entra's dialect."""
    sources = [
        {"name": "one"},
        {"name": "two"},
        {"name": "other", "tenant": "other"},
        {"name": "entra", "dialect": "entra"},
    ]
    with Gateway(tmp_path_factory.mktemp("protocol") / "gateway", sources=sources) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def person(scim):
    return scim.user("somebody@example.com", title="Clerk", emails=[{"value": "s@example.com", "type": "work"}])


@pytest.fixture(scope="module")
def group(scim, person):
    return scim.group("some group", [person["id"]])


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A gateway for questions that change nothing which another test looks at."""
    sources = ["one", {"name": "two", "kind": "hr"}]
    with Gateway(tmp_path_factory.mktemp("desk") / "gateway", sources=sources) as gateway:
        yield gateway
