"""Fixtures of all Python tests: `gateway` makes the real program, `app` a real SCIM app behind it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))

import gateway as support  # noqa: E402
from app_process import App  # noqa: E402
from gateway import Gateway  # noqa: E402
from opa_server import OpaServer  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--engine", choices=["scimward", "opa"], default="scimward", help="who evaluates the policy")


def pytest_configure(config):
    config.addinivalue_line("markers", "own_engine(reason): means nothing when an OPA server decides")
    if config.getoption("--engine") == "opa":
        support.make_opa = lambda folder: OpaServer(folder / "policy", folder / "opa.sock")


def pytest_collection_modifyitems(config, items):
    """Tests of what the OPA server does instead, or of what needs the policy here, are left out."""
    if config.getoption("--engine") != "opa":
        return
    left_out = [item for item in items if item.get_closest_marker("own_engine")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("own_engine")]


@pytest.fixture
def make_gateway(tmp_path):
    """Makes gateways; all are ended with the test."""
    made = []

    def make(name="gateway", start=True, **options):
        gateway = Gateway(tmp_path / name, **options)
        made.append(gateway)
        return gateway.start() if start else gateway

    yield make
    for gateway in made:
        if gateway.process is not None:
            code = gateway.stop()
            assert code == 0, f"the program ended with {code}:\n" + gateway.text()


@pytest.fixture
def gateway(make_gateway):
    """A gateway of one standard source, an allow-all policy and no app."""
    return make_gateway()


@pytest.fixture
def make_app(tmp_path):
    """Makes real SCIM apps; all are ended with the test."""
    made = []

    def make(name="app", **options):
        app = App(tmp_path / "apps", name, **options)
        made.append(app)
        return app.start()

    yield make
    for app in made:
        app.kill()
