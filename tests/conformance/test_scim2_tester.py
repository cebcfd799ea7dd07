"""The public conformance suite, scim2-tester: by the command that its authors ship, and by its library.

The command cannot check one attribute: it sends a dateTime as the text that /Schemas suggests for it and compares that
text with the datetime that its own model makes of the reply, which never are equal. (scim2-models keeps
canonicalValues as texts, whatever the type of their attribute.) The library is given models whose suggestions are of
the type of their attribute, so that there every check runs, unchanged, and passes.
"""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from gateway import PERSON, Gateway
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

# User and Group have no other dateTime that can be written.
BEYOND_THE_COMMAND = f"{PERSON}:endDate"
CHECKS_MIN = 135


def run_suite(gateway):
    program = Path(sys.executable).parent / "scim2"
    headers = f"Authorization: Bearer {gateway.tokens['idp']}"
    return subprocess.run(
        [program, "-u", f"http://127.0.0.1:{gateway.port}/scim/v2", "test"],
        env=dict(os.environ, SCIM_CLI_HEADERS=headers, NO_COLOR="1"),
        capture_output=True,
        text=True,
        timeout=240,
    )


def blocks(output):
    """(STATUS, text) of each result: a line that begins with a status, and the indented lines behind it."""
    found = re.split(r"^(?=[A-Z]{4,} [a-z_]+$)", output, flags=re.M)[1:]
    return [(block.split(" ", 1)[0], block) for block in found]


def test_every_check_of_the_command_passes(gateway):
    result = run_suite(gateway)

    results = blocks(result.stdout)
    other = [text for status, text in results if status != "SUCCESS" and BEYOND_THE_COMMAND not in text]
    assert other == []
    assert sum(status == "SUCCESS" for status, _ in results) >= CHECKS_MIN, result.stdout[-2000:] + result.stderr
    assert sum(status != "SUCCESS" for status, _ in results) <= 2


EXAMPLE = Path(__file__).parents[2] / "examples" / "scim"
# Of the example's schemas: the suite asks neither for what is returned on request only, nor does it expect that a
# writeOnly part of an extension is missing when the extension comes back as a whole.
BEYOND_THE_SUITE_TOO = ("'firmware'", "urn:example:params:scim:schemas:extension:badge:2.0:User'")


def test_every_check_passes_for_schemas_and_resource_types_from_files(tmp_path):
    with Gateway(tmp_path / "gateway", scim={"directory": str(EXAMPLE)}) as gateway:
        result = run_suite(gateway)

    beyond = (BEYOND_THE_COMMAND, *BEYOND_THE_SUITE_TOO)
    results = blocks(result.stdout)
    assert [text for status, text in results if status != "SUCCESS" and not any(one in text for one in beyond)] == []
    assert sum(status == "SUCCESS" for status, _ in results) >= 230, result.stdout[-2000:] + result.stderr
    assert sum(status != "SUCCESS" for status, _ in results) <= 6


def give_suggestions_their_types(model):
    """RFC 7643, 7: canonicalValues are values of their attribute."""
    for field in model.model_fields.values():
        if "datetime" in str(field.annotation) and field.examples:
            field.examples = [datetime.fromisoformat(value) for value in field.examples]


def test_every_check_of_scim2_tester_passes(gateway):
    headers = {"Authorization": f"Bearer {gateway.tokens['idp']}"}
    with Client(base_url=f"http://127.0.0.1:{gateway.port}/scim/v2", headers=headers, timeout=60) as http:
        client = SyncSCIMClient(http)
        client.discover()
        for model in client.provider.models:
            for part in (model, *getattr(model, "get_extension_models", dict)().values()):
                give_suggestions_their_types(part)

        results = check_server(client)

    assert [(one.title, one.reason) for one in results if one.status is not Status.SUCCESS] == []
    assert len(results) >= CHECKS_MIN
    dated = [one for one in results if BEYOND_THE_COMMAND in (one.reason or "")]
    assert len(dated) >= 3  # added, replaced and removed
