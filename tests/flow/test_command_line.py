"""Every verb says what is wrong with its input, and ends with the code for it."""

import json
import re
import subprocess

import pytest

from gateway import PROGRAM, ROOT

WRONG = {
    # arguments: (exit code, words on standard error)
    ("frobnicate",): (64, ["frobnicate"]),
    (): (64, []),
    ("jurnal", "tail"): (64, ["journal"]),
    ("journal",): (64, []),
    ("journal", "tial"): (64, ["tail"]),
    ("journal", "tail", "--nonsense"): (64, ["--nonsense"]),
    ("journal", "tail", "-n", "many"): (64, ["many"]),
    ("journal", "tail", "-n", "-1"): (64, []),
    ("journal", "tail", "-o", "yaml"): (64, ["yaml", "json"]),
    ("journal", "tail", "extra"): (64, ["extra"]),
    ("journal", "tail", "--from", "x"): (1, ["from"]),
    ("journal", "tail", "--from", "-1"): (1, ["from"]),
    ("journal", "tail", "--filter", "effect"): (1, ["column", "operator"]),
    ("journal", "tail", "--filter", 'effect eq "deny'): (1, ["column"]),
    ("journal", "show"): (64, ["INDEX"]),
    ("journal", "show", "x"): (1, ["'x'", "index"]),
    ("journal", "show", "-1"): (64, []),
    ("journal", "show", "999999"): (1, ["no entry 999999"]),
    ("journal", "show", "99999999999999999999999999"): (1, ["no journal index"]),
    ("journal", "show", "1/../../status"): (1, ["index"]),
    ("journal", "show", "1 2"): (1, ["index"]),
    ("journal", "show", ""): (1, ["index"]),
    ("token", "create"): (64, ["SOURCE"]),
    ("token", "create", "nobody"): (1, ["no source 'nobody'"]),
    ("token", "create", "one", "--expires-days", "0"): (64, ["expires-days"]),
    ("token", "create", "one", "--expires-days", "99999"): (64, ["3650"]),
    ("token", "revoke", "x"): (1, ["'x'", "token list"]),
    ("token", "revoke", "0"): (1, ["token list"]),
    ("token", "revoke", "424242"): (1, ["424242"]),
    ("token", "revoke", "1/2"): (1, ["token list"]),
    ("source", "pause"): (64, ["NAME"]),
    ("source", "pause", "nobody"): (1, ["no source 'nobody'"]),
    ("source", "pause", "no body?x=y"): (1, ["no source 'no body?x=y'"]),
    ("source", "resume", "../x"): (1, ["no source '../x'"]),
    ("delivery", "list", "--app", "nothing"): (1, ["no app 'nothing'"]),
    ("delivery", "list", "--state", "lost"): (1, ["pending", "parked"]),
    ("delivery", "retry"): (64, ["APP"]),
    ("delivery", "retry", "nothing"): (1, ["no app 'nothing'"]),
    ("backup",): (64, ["FILE"]),
    ("backup", "/no/such/folder/x.db"): (1, ["/no/such/folder/x.db"]),
    ("restore", "/no/such/file.db"): (1, ["/no/such/file.db"]),
    ("policy", "check", "/no/such/folder"): (1, ["/no/such/folder"]),
    ("policy", "check", "/no/such/bundle.tar.gz"): (1, ["/no/such/bundle.tar.gz"]),
    ("policy", "eval", "--input", "/no/such/input.json"): (1, ["/no/such/input.json"]),
    ("policy", "eval", "--input", str(ROOT / "README.md")): (1, ["README.md", "line 1"]),
    ("config", "check", "/no/such/scimward.yaml"): (1, ["/no/such/scimward.yaml"]),
    ("serve", "extra"): (64, ["extra"]),
    ("init",): (64, ["DIR"]),
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_input_is_told_with_its_exit_code(desk, arguments):
    code, words = WRONG[arguments]

    result = desk.cli(*arguments, code=None)

    assert result.returncode == code, result
    assert [word for word in words if word not in result.stderr] == [], result.stderr
    assert result.stderr.strip() and "(null)" not in result.stderr
    assert result.stdout == ""


VERBS = [
    ("status",),
    ("journal", "tail"),
    ("journal", "show", "1"),
    ("token", "list"),
    ("token", "create", "idp"),
    ("token", "revoke", "1"),
    ("source", "pause", "idp"),
    ("source", "resume", "idp"),
    ("delivery", "list"),
    ("delivery", "retry", "wiki"),
]


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_without_a_gateway_verbs_say_how_to_start_it(make_gateway, arguments):
    gateway = make_gateway(start=False)

    result = gateway.cli(*arguments, code=None)

    assert result.returncode == 1
    assert "no gateway is running" in result.stderr and "scimward serve" in result.stderr


@pytest.mark.parametrize(
    "arguments", [*VERBS, ("config", "check"), ("journal", "verify"), ("backup", "x"), ("serve",)], ids=" ".join
)
def test_every_verb_tells_what_is_wrong_with_the_configuration(make_gateway, arguments):
    gateway = make_gateway(start=False)
    gateway.config_path.write_text("listen:\n  adress: 127.0.0.1:0\nsources: []\n")

    result = gateway.cli(*arguments, code=None)

    assert result.returncode == 1
    assert "scimward.yaml:2:3" in result.stderr and "did you mean 'address'" in result.stderr, result.stderr


ALL_VERBS = [
    ("serve",),
    ("init",),
    ("status",),
    ("backup",),
    ("restore",),
    ("config", "check"),
    ("policy", "check"),
    ("policy", "eval"),
    ("journal", "tail"),
    ("journal", "show"),
    ("journal", "verify"),
    ("delivery", "list"),
    ("delivery", "retry"),
    ("source", "pause"),
    ("source", "resume"),
    ("token", "create"),
    ("token", "list"),
    ("token", "revoke"),
]


@pytest.mark.parametrize("verb", ALL_VERBS, ids=" ".join)
def test_help_has_an_example_for_every_verb(verb):
    everything = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60)
    one = subprocess.run([PROGRAM, *verb, "--help"], capture_output=True, text=True, timeout=60)

    assert everything.returncode == one.returncode == 0
    assert re.search(rf"^  {verb[0]}\b", everything.stdout, re.MULTILINE)
    assert "xamples" in one.stdout and f"scimward {' '.join(verb)}" in one.stdout


# ---- config check ----

BAD_CONFIG = """\
listen:
  address: "127.0.0.1:0"
  tsl: {certificate: cert.pem}
admin: {socket: admin.sock, address: "0.0.0.0:9"}
store: mysql:x
journal: {directory: journal, key: journal.key, origin: "test.example/journal"}
policy: {directory: policy, bundle: b.tar.gz}
sources:
  - {name: idp, dialect: entar, kind: idp, token_sha256: abc}
  - {name: idp, dialect: okta, kind: idp}
apps:
  - {name: wiki, connector: scmi, url: "ftp://x", token: Config-Canary, filter: "active eq"}
  - {name: chat, connector: scim, url: "https://x.example/v2", token: "${file:/no/such/secret}", retry: {base: 5 parsecs}}
"""


def test_config_check_tells_everything_at_once_at_its_place(make_gateway):
    gateway = make_gateway(start=False)
    gateway.config_path.write_text(BAD_CONFIG)

    result = gateway.cli("config", "check", code=None)
    report = json.loads(gateway.cli("config", "check", "-o", "json", code=1))["check"]

    assert result.returncode == 1
    assert report["valid"] is False
    places = {(it["line"], it["path"]): it for it in report["problems"]}
    wanted = {
        (3, "listen.tsl"): "tls",
        (5, "store"): "sqlite:",
        (7, "policy.bundle"): "",
        (9, "sources[0].dialect"): "entra",
        (9, "sources[0].token_sha256"): "",
        (12, "apps[0].connector"): "scim",
        (12, "apps[0].url"): "https",
        (12, "apps[0].filter"): "",
        (13, "apps[1].token"): "/no/such/secret",
        (13, "apps[1].retry.base"): "parsecs",
    }
    told = {(line, path): f"{it['message']} {it.get('hint', '')}" for (line, path), it in places.items()}
    missing = {place: word for place, word in wanted.items() if word not in told.get(place, "\0")}
    assert missing == {}, json.dumps(report, indent=1)
    for (line, _), it in places.items():
        assert f"{gateway.config_path}:{line}:{it['column']}" in result.stderr
    assert "^" in result.stderr
    assert f"{len(report['problems'])} problems" in result.stderr
    assert "Config-Canary" not in result.stderr + result.stdout + json.dumps(report)


def test_config_check_of_a_good_file_says_what_is_in_it(desk):
    result = desk.cli("config", "check", code=None)
    assert result.returncode == 0
    assert "2 sources, 0 apps, 1 tenant" in result.stderr
    shown = desk.cli("config", "show")
    assert "token-of-one" not in shown
