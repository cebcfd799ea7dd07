"""Bundles that the real opa signed, with every algorithm it has; and what somebody changed in them afterwards."""

import json
import subprocess

import pytest
from policies import build_bundle, code_of, make_key, read_bundle, reload, rule, use_policy, write_bundle

from gateway import PATIENCE_S, environment

SECRET = "a-shared-secret-of-the-tests"
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


def curve(name):
    return ("-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{name}")


KEYS = {"RS": RSA, "PS": RSA, "ES256": curve("P-256"), "ES384": curve("P-384"), "ES512": curve("P-521")}
ALGORITHMS = [f"{kind}{size}" for kind in ("RS", "PS", "ES", "HS") for size in (256, 384, 512)]

DATA = {"scimward": {"numbers": [1.50, 1e3, 12345678901234567890], "text": "<é\u2028&>", "deep": {"b": None, "a": []}}}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Algorithm -> (what opa signs with, row of the configuration)."""
    folder = tmp_path_factory.mktemp("keys")
    made = {name: make_key(folder, name, *options) for name, options in KEYS.items()}
    rows = {}
    for algorithm in ALGORITHMS:
        row = {"name": f"key-{algorithm}", "algorithm": algorithm}
        if algorithm.startswith("HS"):
            rows[algorithm] = (SECRET, row | {"secret": SECRET})
        else:
            private, public = made.get(algorithm) or made[algorithm[:2]]
            rows[algorithm] = (str(private), row | {"key": str(public)})
    return rows


def sign(path, files, keys, algorithm, target="plan", **claims):
    document = path.parent / "claims.json"
    document.write_text(json.dumps({"keyid": f"key-{algorithm}"} | claims))
    options = ("--signing-alg", algorithm, "--signing-key", keys[algorithm][0], "--claims-file", document)
    return build_bundle(path, files, *options, target=target)


@pytest.fixture
def signed(make_gateway, tmp_path, keys):
    """A gateway whose policy is a signed bundle, and a way to put another one in its place."""
    path = tmp_path / "bundle.tar.gz"
    sign(path, {"p.rego": rule("first"), "data.json": DATA}, keys, "ES256")
    gateway = make_gateway(start=False)
    use_policy(gateway, {"bundle": str(path)}, signers=[row for _, row in keys.values()])
    gateway.bundle = path
    return gateway.start()


def test_every_algorithm_of_opa_is_verified(signed, keys):
    for algorithm in ALGORITHMS:
        sign(signed.bundle, {"p.rego": rule(algorithm), "data.json": DATA}, keys, algorithm)

        reload(signed)

        assert code_of(signed, f"user-{algorithm}") == algorithm


def test_raw_rego_is_verified_before_it_is_compiled(signed, keys):
    sign(signed.bundle, {"p.rego": rule("raw"), "x/data.json": DATA}, keys, "RS256", target="rego")
    reload(signed)
    assert code_of(signed, "raw") == "raw"
    signed.cli("policy", "check")

    files = read_bundle(signed.bundle)
    files["/p.rego"] = rule("tampered").encode()
    write_bundle(signed.bundle, files)
    assert reload(signed, code=2)["refused"]["step"] == "signature"
    assert code_of(signed, "still") == "raw"
    assert "p.rego is not what was signed" in signed.cli("policy", "check", code=None).stderr


def change_plan(files):
    files["/plan.json"] = files["/plan.json"].replace(b"first", b"other")


def change_data(files):
    files["/data.json"] = files["/data.json"].replace(b"1.5", b"1.6")


def add_rego(files):
    files["/more.rego"] = b"package more\n"


def add_data(files):
    files["/more/data.json"] = b"{}"


def drop_data(files):
    del files["/data.json"]


def drop_signatures(files):
    del files["/.signatures.json"]


def drop_all_but_plan(files):
    for name in list(files):
        if name not in ("/plan.json", "/.signatures.json"):
            del files[name]


def rename(files):
    files["/elsewhere/data.json"] = files.pop("/data.json")


def change_signature(files):
    document = json.loads(files["/.signatures.json"])
    head, payload, signature = document["signatures"][0].split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    files["/.signatures.json"] = json.dumps({"signatures": [f"{head}.{payload}.{flipped}"]}).encode()


def sign_twice(files):
    document = json.loads(files["/.signatures.json"])
    files["/.signatures.json"] = json.dumps({"signatures": document["signatures"] * 2}).encode()


TAMPERED = {
    change_plan: "plan.json is not what was signed",
    change_data: "data.json is not what was signed",
    add_rego: "more.rego is not among",
    add_data: "more/data.json is not among",
    drop_data: "data.json was signed and is not in the bundle",
    drop_signatures: "is not signed",
    drop_all_but_plan: "was signed and is not in the bundle",
    rename: "elsewhere/data.json is not among",
    change_signature: "the signature is not one of the key",
    sign_twice: "exactly one signature",
}


def opa_takes(path, keys):
    """What opa itself says of the signature."""
    options = ("--verification-key", keys["ES256"][1]["key"], "--verification-key-id", "key-ES256", "--signing-alg", "ES256")
    done = subprocess.run(
        ["opa", "build", "-b", *options, "-o", str(path) + ".out", str(path)],
        env=environment(),
        capture_output=True,
        timeout=PATIENCE_S,
    )
    return done.returncode == 0


def test_what_was_changed_afterwards_is_refused_and_nothing_changes(signed, keys):
    good = read_bundle(signed.bundle)
    assert opa_takes(signed.bundle, keys)
    for change, why in TAMPERED.items():
        files = dict(good)
        change(files)
        write_bundle(signed.bundle, files)

        said = reload(signed, code=2)

        assert said["refused"]["step"] == "signature", change
        assert why in said["refused"]["error"], change
        assert code_of(signed, change.__name__) == "first"
        assert not opa_takes(signed.bundle, keys), change
    assert signed.metrics()['scimward_policy_step_failures_total{step="signature"}'] == len(TAMPERED)
    # White space means nothing in a document, so it is what was signed.
    good["/data.json"] = json.dumps(json.loads(good["/data.json"]), indent=3).encode()
    write_bundle(signed.bundle, good)
    assert reload(signed)["failing"] is False and opa_takes(signed.bundle, keys)


def test_keys_scopes_and_unknown_signers(signed, keys, tmp_path):
    files = {"p.rego": rule("other"), "data.json": DATA}
    sign(signed.bundle, files, keys, "ES256", keyid="nobody")
    assert "the key 'nobody'" in reload(signed, code=2)["refused"]["error"]
    sign(signed.bundle, files, keys, "ES256", keyid="key-ES384")
    assert "signed with ES256, but the key 'key-ES384' is for ES384" in reload(signed, code=2)["refused"]["error"]
    sign(signed.bundle, files, keys, "ES256", scope="write")
    assert "scope 'write'" in reload(signed, code=2)["refused"]["error"]
    sign(signed.bundle, files, keys, "RS256", keyid="key-PS256")
    assert reload(signed, code=2)["refused"]["step"] == "signature"
    assert code_of(signed, "unchanged") == "first"


def test_a_key_file_can_be_changed_without_a_restart(signed, keys, tmp_path):
    stranger, public = make_key(tmp_path, "stranger", *KEYS["ES256"])
    row = keys["ES256"][1]
    sign(signed.bundle, {"p.rego": rule("second")}, {"ES256": (str(stranger), row)}, "ES256")
    assert "not one of the key" in reload(signed, code=2)["refused"]["error"]

    with open(row["key"]) as file:
        before = file.read()
    try:
        with open(row["key"], "w") as file:
            file.write(public.read_text())
        reload(signed)
        assert code_of(signed, "second") == "second"
    finally:
        with open(row["key"], "w") as file:
            file.write(before)


def test_a_signed_bundle_without_a_signer_to_hold_it_against_is_refused(make_gateway, tmp_path, keys):
    path = sign(tmp_path / "bundle.tar.gz", {"p.rego": rule("one")}, keys, "ES256")
    gateway = use_policy(make_gateway(start=False), {"bundle": str(path)})

    gateway.start(ready=False)

    assert gateway.join() == 1
    assert "names no signer" in gateway.text()
