"""What forges do with the templates of ci/: their YAML read, conditions evaluated, steps run by the real shell.

    GitHub(folder, checkout, path, context).job("check")   -> Job: what became of it, step by step
    GitLab(folder, checkout, path, variables).job("check") -> the same

Conditions are evaluated, not skipped: what the test leaves out of the context is empty, as on the forge, and a word that
neither knows is an error.
"""

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from gateway import PATIENCE_S, PROGRAM, environment

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|[!()]|[\w.-]+|\$\w+|\"[^\"]*\")")


class Expression:
    """`a && (b == 'c' || !d())`: what GitHub's expressions and the rules of GitLab have in common."""

    def __init__(self, text, value_of):
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == re.sub(r"\s", "", text), f"not understood: {text}"
        self.value_of = value_of

    def take(self, *wanted):
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else None

    def value(self):
        value = self.any_of()
        assert not self.tokens, self.tokens
        return value

    def any_of(self):
        value = self.all_of()
        while self.take("||"):
            other = self.all_of()
            value = value or other
        return value

    def all_of(self):
        value = self.compared()
        while self.take("&&"):
            other = self.compared()
            value = other if value else value
        return value

    def compared(self):
        value = self.one()
        operator = self.take("==", "!=")
        if operator:
            value = (value == self.one()) == (operator == "==")
        return value

    def one(self):
        if self.take("!"):
            return not self.one()
        if self.take("("):
            value = self.any_of()
            assert self.take(")")
            return value
        token = self.tokens.pop(0)
        if token[0] in "'\"":
            return token[1:-1]
        if self.tokens[:2] == ["(", ")"]:
            del self.tokens[:2]
            token += "()"
        return self.value_of(token)


@dataclass
class Step:
    name: str
    code: int
    output: str
    errors: str


@dataclass
class Job:
    """result: success, failure, skipped. steps: those that ran."""

    result: str = "success"
    steps: dict = field(default_factory=dict)

    def __getitem__(self, name):
        return self.steps[name]

    def text(self):
        return "\n".join(f"--- {s.name}: {s.code}\n{s.output}{s.errors}" for s in self.steps.values())


class Runner:
    """A machine with the program and what a job's steps may use; `path` is the file of the template."""

    def __init__(self, folder, checkout, path, **env):
        self.folder = Path(folder)
        self.checkout = Path(checkout)
        self.document = yaml.safe_load((self.checkout / path).read_text())
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "bin" / "scimward").symlink_to(Path(PROGRAM).resolve())
        (self.folder / "tmp").mkdir()
        self.env = environment() | {"HOME": str(self.folder), "TMPDIR": str(self.folder / "tmp")} | env
        self.env["PATH"] = f"{self.folder / 'bin'}:{self.env['PATH']}"
        for name in [name for name in self.env if name.startswith(("GITHUB_", "RUNNER_", "CI_", "GIT_"))]:
            if name not in env:
                del self.env[name]

    def shell(self, name, command, text, env):
        script = self.folder / "script"
        script.write_text(text)
        done = subprocess.run(
            [*command, script],
            cwd=self.checkout,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
        return Step(name, done.returncode, done.stdout, done.stderr)

    def left_behind(self):
        """Files in the places for what is only for the moment."""
        return [path for path in (self.folder / "tmp").rglob("*") if path.is_file()]


class GitHub(Runner):
    """context: "github.ref", "vars.X", "secrets.X", … -> text."""

    def __init__(self, folder, checkout, path, context, **env):
        super().__init__(folder, checkout, path, **env)
        self.context = context
        self.results = {}
        for name in ("summary", "output"):
            (self.folder / name).touch()
        self.env |= {
            "RUNNER_TEMP": str(self.folder / "tmp"),
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
        }

    def summary(self):
        return (self.folder / "summary").read_text()

    def expand(self, text, outputs, failed=False):
        """The text with the values of its expressions; one that is nothing but an expression may be any value."""

        def value_of(name):
            if name in ("success()", "failure()", "cancelled()", "always()"):
                return {"success()": not failed, "failure()": failed, "always()": True}.get(name, False)
            first = name.split(".")[0]
            assert first in ("github", "vars", "secrets", "steps"), name
            return outputs.get(name, "") if first == "steps" else self.context.get(name, "")

        whole = re.fullmatch(r"\$\{\{(.*)\}\}", str(text).strip(), re.S)
        if whole:
            return Expression(whole[1].strip(), value_of).value()
        return re.sub(r"\$\{\{(.*?)\}\}", lambda m: str(Expression(m[1].strip(), value_of).value()), str(text))

    def wants(self, entry, outputs, failed):
        condition = entry.get("if")
        if condition is None:
            return not failed
        status = re.search(r"\b(success|failure|cancelled|always)\(\)", condition)
        return (status or not failed) and bool(self.expand(condition, outputs, failed))

    def job(self, name):
        """Runs it, after those that it needs."""
        entry = self.document["jobs"][name]
        needs = entry.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        for needed in needs:
            if needed not in self.results:
                self.job(needed)
        failed = any(self.results[needed].result != "success" for needed in needs)
        job = self.results[name] = Job()
        if not self.wants(entry, {}, failed):
            job.result = "skipped"
            return job
        self.run_steps(job, entry)
        return job

    def run_steps(self, job, entry):
        outputs = {}
        shell = self.document["defaults"]["run"]["shell"]
        assert shell == "sh"  # GitHub runs `sh -e FILE` then
        for step in entry["steps"]:
            failed = job.result == "failure"
            if "run" not in step or not self.wants(step, outputs, failed):
                continue
            assert "${{" not in step["run"], "what comes from outside comes through the environment"
            env = self.document.get("env", {}) | entry.get("env", {}) | step.get("env", {})
            env = {key: str(self.expand(value, outputs)) for key, value in env.items()}
            (self.folder / "output").write_text("")
            done = job.steps[step["name"]] = self.shell(step["name"], ["sh", "-e"], step["run"], env)
            for line in (self.folder / "output").read_text().splitlines():
                key, _, value = line.partition("=")
                outputs[f"steps.{step['id']}.outputs.{key}"] = value
            if done.code != 0:
                job.result = "failure"


class GitLab(Runner):
    """variables: those of the pipeline and of the project's settings."""

    def __init__(self, folder, checkout, path, variables, **env):
        super().__init__(folder, checkout, path, **env)
        own = {key: str(value) for key, value in self.document.get("variables", {}).items()}
        self.variables = own | variables
        self.results = {}

    def applies(self, rules):
        def value_of(name):
            assert name.startswith("$"), name
            return self.variables.get(name[1:], "")

        return any(Expression(rule["if"], value_of).value() for rule in rules)

    def job(self, name):
        """Runs it, after those of the stages before."""
        stages = self.document["stages"]
        entry = self.document[name]
        before = [other for other in stages[: stages.index(entry["stage"])] if other not in self.results]
        for other in before:
            self.job(other)
        job = self.results[name] = Job()
        rules = self.document["workflow"]["rules"], entry.get("rules")
        earlier = [self.results[stage].result for stage in stages[: stages.index(entry["stage"])]]
        if "failure" in earlier or not all(self.applies(some) for some in rules if some is not None):
            job.result = "skipped"
            return job
        text = "\n".join(entry["script"])
        done = job.steps["script"] = self.shell("script", ["bash", "-eo", "pipefail"], text, self.variables)
        if done.code != 0:
            job.result = "failure"
        return job

    def artifact(self, kind):
        return (self.checkout / self.document["check"]["artifacts"]["reports"][kind]).read_text()
