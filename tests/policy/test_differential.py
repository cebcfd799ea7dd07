"""Our evaluator against OPA itself: the same policy, the same input, the same answer, byte for byte.

`.setup/bin/policy-gen` (tests/policy/gen) asks OPA in process and writes its answers; the program
`differential` evaluates the same and compares.
"""

import os
import subprocess
from pathlib import Path

import pytest

from gateway import is_sanitized

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT.parent / "shared" / "bench" / "policy"
GEN = ROOT / ".setup" / "bin" / "policy-gen"
LONG = bool(os.environ.get("SCIMWARD_LONG"))
SEED = 2
# A sanitizer build looks at memory, and has the same answers: it need not ask for all of them.
FEWER = 1000 if is_sanitized() else 0


@pytest.fixture(scope="session")
def differential():
    """The program of the build that is tested."""
    build = Path(os.environ.get("SCIMWARD", ROOT / "build" / "scimward")).parent
    program = build / "tests" / "policy" / "differential"
    assert program.exists(), f"{program} was not built"
    return program


def compare(differential, tmp_path, *arguments):
    """Lets OPA answer, then us; the difference is the message."""
    answers = tmp_path / "answers.jsonl"
    subprocess.run([GEN, "-o", answers, *map(str, arguments)], check=True, timeout=300)
    run = subprocess.run([differential, answers], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    print(run.stdout.splitlines()[-1])


@pytest.mark.skipif(not BENCH.exists(), reason="the benchmark policy is not part of the repository")
def test_the_benchmark_policy_decides_as_opa_does_on_its_inputs_and_on_mutated_ones(differential, tmp_path):
    count = 30000 if LONG else 2000
    compare(differential, tmp_path, "-n", count, "mutants", "scimgw/users/decision", BENCH)


def test_the_starter_policy_decides_as_opa_does_on_its_tests_inputs_and_on_mutated_ones(differential, tmp_path):
    count = 30000 if LONG else FEWER or 3000
    compare(differential, tmp_path, "-n", count, "documents", "scimward/decision", ROOT / "examples" / "policy")


def test_random_policies_give_what_opa_gives(differential, tmp_path):
    """Rules of every kind over each other, with builtins, with random inputs: five inputs each."""
    count = 100000 if LONG else FEWER or 10000
    compare(differential, tmp_path, "-seed", SEED, "-n", count, "programs")


def test_graphql_yaml_and_json_schemas_are_read_as_opa_reads_them(differential, tmp_path):
    count = 10000 if LONG else FEWER or 1000
    compare(differential, tmp_path, "-seed", SEED, "-n", count, "languages")


def test_every_test_rule_of_the_starter_policy_gives_what_opa_sees(differential, tmp_path):
    compare(differential, tmp_path, "tests", ROOT / "examples" / "policy")


def test_the_probes_of_fail_open_engines_are_answered_as_opa_answers_them(differential, tmp_path):
    compare(differential, tmp_path, "tests", ROOT / "tests" / "policy" / "probes")


@pytest.mark.parametrize("seed", range(20 if LONG else 2))
def test_builtins_give_what_opas_give_for_random_arguments(differential, tmp_path, seed):
    names = tmp_path / "names"
    names.write_text(subprocess.run([differential, "--builtins"], capture_output=True, text=True, check=True).stdout)
    compare(differential, tmp_path, "-seed", seed + 1, "-n", 3000, "builtins", names)


@pytest.mark.parametrize("seed", range(10 if LONG else 1))
def test_tokens_are_taken_and_refused_as_opa_does_it(differential, tmp_path, seed):
    compare(differential, tmp_path, "-seed", seed + 1, "-n", 1000, "tokens")
