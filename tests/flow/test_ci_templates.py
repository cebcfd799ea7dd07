"""The templates of ci/, copied into a repository with a policy: their own shell steps, run by the shell, against a
server that takes comments and files as the forges do, a journal that a real gateway wrote, and a gateway that starts
from what was published."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from forge import COMMENT_TOKEN, FILE_TOKEN, NUMBER, PERSON, Forge
from pipelines import GitHub, GitLab, Job
from policies import Repository, make_key, read_bundle, reload, use_policy

from gateway import ALLOW, PATIENCE_S, PROGRAM, ROOT, STARTER, USER, Gateway

TEMPLATES = ROOT / "ci"
PATHS = {
    "github": ("github/access.yml", ".github/workflows/access.yml"),
    "gitlab": ("gitlab/.gitlab-ci.yml", ".gitlab-ci.yml"),
    "pre-commit": ("pre-commit/.pre-commit-config.yaml", ".pre-commit-config.yaml"),
}
ADMINS = 'admins:\n    granted_by: ["kind:admin"]'
MARKER = "<!-- scimward:report -->"


def change(repository, file, before, after):
    """One change of a file, committed."""
    path = repository.folder / file
    text = path.read_text()
    assert text.count(before) == 1, (file, before)
    path.write_text(text.replace(before, after))
    return repository.commit()


def make_repository(folder):
    repository = Repository(folder)
    shutil.copytree(STARTER, repository.folder / "policy")
    for template, place in PATHS.values():
        (repository.folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATES / template, repository.folder / place)
    repository.commit()
    return repository


def create(gateway, name):
    return gateway.post("/Users", {"schemas": [USER], "userName": name}).status


def use_small_policy(repository):
    """In the place of the starter policy, whose many rules would only take time."""
    shutil.rmtree(repository.folder / "policy")
    files = {"policy/policy.rego": ALLOW, "policy/.manifest": {"metadata": {"owner": "access team"}}}
    repository.commit(files | {"policy/policy_test.rego": "package scimward_test\n\ntest_it if data.scimward.decision\n"})


@pytest.fixture
def repository(tmp_path):
    return make_repository(tmp_path / "repository")


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with Forge(tmp_path_factory.mktemp("forge")) as forge:
        yield forge


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """(private, public) in PEM."""
    return make_key(tmp_path_factory.mktemp("keys"), "release", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


class Pipeline:
    """One run of a template's jobs for the commit that is checked out, on either forge."""

    def __init__(self, kind, folder, repository, forge, key):
        self.kind, self.folder, self.repository, self.forge, self.key = kind, folder, repository, forge, key
        self.runs = 0
        self.settings = {}

    def runner(self, event):
        self.runs += 1
        folder = self.folder / f"{self.kind}-{self.runs}"
        env = {"CURL_CA_BUNDLE": str(self.forge.certificate), "CURL_HOME": str(folder)}
        names = self.settings | {"SCIMWARD_IMAGE": "registry.example.com/scimward-ci"}
        if self.kind == "gitlab":
            return GitLab(folder, self.repository.folder, PATHS["gitlab"][1], self.gitlab(event) | names, **env)
        context = self.github(event) | {f"vars.{name}": value for name, value in names.items()}
        env |= {"GITHUB_API_URL": f"{self.forge.base}/api/v3", "GITHUB_REPOSITORY": "acme/access"}
        env |= {"GITHUB_SHA": self.repository.git("rev-parse", "HEAD"), "GITHUB_REF": context["github.ref"]}
        return GitHub(folder, self.repository.folder, PATHS["github"][1], context, **env)

    def github(self, event):
        common = {
            "github.repository": "acme/access",
            "github.token": COMMENT_TOKEN,
            "secrets.SCIMWARD_JOURNAL_TOKEN": FILE_TOKEN,
            "secrets.SCIMWARD_BUNDLE_TOKEN": FILE_TOKEN,
            "secrets.SCIMWARD_SIGNING_KEY": self.key[0].read_text().strip(),
        }
        if event == "push":
            return common | {"github.event_name": "push", "github.ref": "refs/heads/main"}
        return common | {
            "github.event_name": "pull_request",
            "github.ref": f"refs/pull/{NUMBER}/merge",
            "github.event.pull_request.number": str(NUMBER),
            "github.event.pull_request.head.repo.full_name": "acme/access" if event == "pull" else "mallory/access",
        }

    def gitlab(self, event):
        common = {
            "CI_API_V4_URL": f"{self.forge.base}/api/v4",
            "CI_PROJECT_ID": "5",
            "CI_DEFAULT_BRANCH": "main",
            "SCIMWARD_COMMENT_TOKEN": COMMENT_TOKEN,
            "SCIMWARD_JOURNAL_TOKEN": FILE_TOKEN,
            "SCIMWARD_BUNDLE_TOKEN": FILE_TOKEN,
            "SCIMWARD_SIGNING_KEY": str(self.key[0]),
        }
        if event == "push":
            return common | {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
        return common | {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": str(NUMBER)}

    def job(self, name, event="pull", passed=(), failed=()):
        """Runs a job, and those before it but for those named here."""
        self.last = self.runner(event)
        self.last.results |= {other: Job() for other in passed} | {other: Job("failure") for other in failed}
        job = self.last.job(name)
        assert self.last.left_behind() == [] or self.kind == "github"  # GitHub empties RUNNER_TEMP itself
        return job


@pytest.fixture(params=["github", "gitlab"])
def pipeline(request, tmp_path, repository, forge, key):
    forge.comments, forge.scans, forge.files = [], [], {}
    return Pipeline(request.param, tmp_path, repository, forge, key)


# ---- the files themselves ----


def test_the_files_are_what_the_forges_publish_as_their_schemas():
    check = [Path(sys.executable).parent / "check-jsonschema", "--builtin-schema"]
    for command in (
        [*check, "vendor.github-workflows", TEMPLATES / "github/access.yml"],
        [*check, "vendor.gitlab-ci", "--data-transform", "gitlab-ci", TEMPLATES / "gitlab/.gitlab-ci.yml"],
        [Path(sys.executable).parent / "pre-commit", "validate-config", TEMPLATES / PATHS["pre-commit"][0]],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stdout + done.stderr


def test_actions_of_others_are_pinned_and_are_few():
    workflow = yaml.safe_load((TEMPLATES / "github/access.yml").read_text())
    used = {step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step}

    assert len(used) == 1
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", used.pop())
    # Nobody's token is lent to steps that do not need it.
    assert workflow["permissions"] == {"contents": "read"}


def test_both_forges_build_the_same_bundle():
    def shared(path):
        text = (TEMPLATES / path).read_text()
        block = re.search(r" *# ---- the same in .*?# ---- end of what is the same ----", text, re.S)[0]
        return [line.strip() for line in block.splitlines()]

    assert shared(PATHS["github"][0]) == shared(PATHS["gitlab"][0])


# ---- check ----


def test_a_good_branch_passes(pipeline):
    job = pipeline.job("check")

    assert job.result == "success", job.text()
    if pipeline.kind == "github":
        assert pipeline.last.summary().startswith(MARKER) and "of the lines ran" in pipeline.last.summary()
        assert list(job.steps) == ["format", "check", "lint", "tests and scenarios"]
    else:
        suites = ElementTree.fromstring(pipeline.last.artifact("junit"))
        assert suites.get("failures") == "0" and int(suites.get("tests")) > 50
        assert json.loads(pipeline.last.artifact("codequality")) == []


def test_a_branch_that_opens_a_door_is_stopped_by_a_scenario_and_nothing_goes_on_behind_it(pipeline):
    change(pipeline.repository, "policy/access/data.yaml", ADMINS, ADMINS.replace("]", ', "kind:idp"]'))
    pipeline.settings = {"SCIMWARD_BUNDLE_URL": pipeline.forge.url("access.tar.gz")}
    pipeline.settings |= {"SCIMWARD_JOURNAL_URL": pipeline.forge.url("journal.db")}

    job = pipeline.job("check", "push")

    assert job.result == "failure"
    if pipeline.kind == "github":
        codes = {step.name: step.code for step in job.steps.values()}
        assert codes == {"format": 0, "check": 0, "lint": 0, "tests and scenarios": 2}
        said = job["tests and scenarios"].output
        assert ",file=policy/scenarios/" in said and "expected deny" in said
    else:
        assert job["script"].code == 2 and "effect: expected deny, got allow" in job["script"].output
        suites = ElementTree.fromstring(pipeline.last.artifact("junit"))
        assert int(suites.get("failures")) > 0
        found = json.loads(pipeline.last.artifact("codequality"))
        assert any(one["location"]["path"].startswith("policy/scenarios/") for one in found)
    assert pipeline.last.job("publish").result == "skipped"
    assert pipeline.job("replay", failed=["check"]).result == "skipped"
    assert pipeline.forge.files == {} and pipeline.forge.comments == []


UNTIDY = "package scimward.rules\ndeny contains {\"code\": \"x.y\", \"message\": \"\"} if {input.after.nickName == null}\n"


def make_untidy(repository, kind):
    """Badly formatted, with findings, and with less of its lines run than are asked for."""
    place = repository.folder / PATHS[kind][1]
    place.write_text(place.read_text().replace('THRESHOLD: "90"', 'THRESHOLD: "99.9"'))
    repository.commit({"policy/rules/untidy.rego": UNTIDY})


def test_format_findings_lint_and_coverage_are_told_at_once(pipeline):
    use_small_policy(pipeline.repository)
    make_untidy(pipeline.repository, pipeline.kind)
    pipeline.settings = {"SCIMWARD_CODE_SCANNING": "true"}

    job = pipeline.job("check")

    assert job.result == "failure"
    if pipeline.kind == "github":
        codes = [step.code for step in job.steps.values()]
        assert codes == [3, 3, 3, 2, 0], job.text()
        assert "untidy.rego" in job["lint"].output and "below 99.9 %" in job["tests and scenarios"].output
        check_scan(pipeline)
    else:
        assert job["script"].code == 3 and "compares-null" in job["script"].output
        assert "99.9" in job["script"].output
        found = {one["check_name"] for one in json.loads(pipeline.last.artifact("codequality"))}
        assert {"compares-null", "reason-without-message"} <= found


def check_scan(pipeline):
    [scan] = pipeline.forge.scans
    assert scan["commit_sha"] == pipeline.repository.git("rev-parse", "HEAD")
    assert scan["ref"] == f"refs/pull/{NUMBER}/merge"
    [run] = scan["sarif"]["runs"]
    found = {result["ruleId"] for result in run["results"]}
    assert {"reason-without-message", "compares-null"} <= found <= {r["id"] for r in run["tool"]["driver"]["rules"]}
    [step] = [s for s in pipeline.last.document["jobs"]["check"]["steps"] if s.get("name") == "code scanning"]
    assert not pipeline.runner("fork").wants(step, {}, False)  # its token may not write


def test_a_policy_that_does_not_load_is_told_with_its_place(pipeline):
    use_small_policy(pipeline.repository)
    pipeline.repository.commit({"policy/rules/broken.rego": "package scimward.rules\n\ndeny contains {{ if {\n"})

    pipeline.settings = {"SCIMWARD_CODE_SCANNING": "true"}

    job = pipeline.job("check")

    assert job.result == "failure"
    if pipeline.kind == "github":
        assert "::error title=does-not-load,file=policy/rules/broken.rego,line=3::" in job["check"].output
        [scan] = pipeline.forge.scans
        assert "does-not-load" in {result["ruleId"] for result in scan["sarif"]["runs"][0]["results"]}
        assert "\n  | rules/broken.rego:3: rego_parse_error" in job["check"].errors
    else:
        found = json.loads(pipeline.last.artifact("codequality"))
        assert {one["check_name"] for one in found} == {"does-not-load"}
        places = {(one["location"]["path"], one["location"]["lines"]["begin"]) for one in found}
        assert ("policy/rules/broken.rego", 3) in places


# ---- replay ----


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """A copy of what a gateway decided by the starter policy with one more domain: 20 joiners of ours, 3 of the
    other, 2 of neither."""
    folder = tmp_path_factory.mktemp("journal")
    gateway = Gateway(folder / "gateway", policy="starter")
    data = gateway.folder / "policy/access/data.yaml"
    data.write_text(data.read_text().replace("[example.com]", "[example.com, old.example]"))
    with gateway:
        for count, domain in ((20, "example.com"), (3, "old.example"), (2, "evil.example")):
            for number in range(count):
                create(gateway, f"person{number}@{domain}")
        gateway.cli("backup", str(folder / "copy.db"))
    return (folder / "copy.db").read_bytes()


def replay(pipeline, most="0"):
    pipeline.settings = {"SCIMWARD_JOURNAL_URL": pipeline.forge.url("journal.db"), "SCIMWARD_MAX_NEWLY_DENIED": most}
    return pipeline.job("replay", passed=["check"])


def test_a_replay_becomes_one_comment_however_often_it_runs(pipeline, journal):
    pipeline.forge.files["/files/journal.db"] = journal
    theirs = pipeline.forge.comment(PERSON, f"{MARKER}\nnot the pipeline's")
    for number in range(120):  # more than a page
        pipeline.forge.comment(PERSON, f"I think {number}")

    job = replay(pipeline)

    assert job.result == "failure" and last_step(job).code == 2, job.text()
    [ours] = pipeline.forge.comments[121:]
    assert ours["body"].startswith(MARKER) and "3 of 25" in ours["body"]
    assert all(f"person{number}&#64;old.example" in ours["body"] for number in range(3))
    assert "evil.example" not in ours["body"]  # denied then and now
    change(pipeline.repository, "policy/access/data.yaml", "[example.com]", "[example.com, old.example]")
    job = replay(pipeline)
    assert job.result == "success", job.text()
    assert len(pipeline.forge.comments) == 122 and ours["edits"] == 1 and "0 of 25" in ours["body"]
    assert theirs["edits"] == 0
    for step in job.steps.values():
        assert COMMENT_TOKEN not in step.output + step.errors and FILE_TOKEN not in step.output + step.errors


def test_a_change_within_the_limit_passes_and_what_cannot_be_replayed_fails(pipeline, journal):
    pipeline.forge.files["/files/journal.db"] = journal
    assert replay(pipeline, most="3").result == "success"
    assert len(pipeline.forge.comments) == 1

    pipeline.forge.files["/files/journal.db"] = b"no database"
    job = replay(pipeline)
    assert job.result == "failure" and last_step(job).code not in (0, 2)
    pipeline.forge.files = {}
    assert replay(pipeline).result == "failure"
    assert pipeline.forge.comments[0]["edits"] == 0 and len(pipeline.forge.comments) == 1


def test_only_pull_requests_of_the_own_repository_see_the_journal(pipeline):
    pipeline.settings = {"SCIMWARD_JOURNAL_URL": pipeline.forge.url("journal.db")}

    assert pipeline.job("replay", "push", passed=["check"]).result == "skipped"
    if pipeline.kind == "github":  # on GitLab a fork's pipelines run in the fork, without the variables
        assert pipeline.job("replay", "fork", passed=["check"]).result == "skipped"
    pipeline.settings = {}
    assert pipeline.job("replay", passed=["check"]).result == "skipped"


# ---- publish ----


def publish(pipeline, name="access.tar.gz"):
    pipeline.settings = {"SCIMWARD_BUNDLE_URL": pipeline.forge.url(name)}
    job = pipeline.job("publish", "push", passed=["check"])
    assert job.result == "success", job.text()
    for step in job.steps.values():
        assert FILE_TOKEN not in step.output + step.errors
    return job


def gateway_of(pipeline, make_gateway, **options):
    bundle = {"bundle": pipeline.forge.url("access.tar.gz"), "ca": str(pipeline.forge.certificate)}
    bundle |= {"token": FILE_TOKEN, "allow_private": True}
    signer = {"name": "release", "algorithm": "ES256", "key": str(pipeline.key[1])}
    return use_policy(make_gateway(start=False, **options), bundle, signers=[signer])


def digest_of(said):
    return re.search(r"revision ([0-9a-f]{16})", said)[1]


def test_a_gateway_starts_from_what_was_published_and_takes_nothing_older(pipeline, make_gateway):
    job = publish(pipeline)
    first = dict(pipeline.forge.files)
    gateway = gateway_of(pipeline, make_gateway).start()
    assert create(gateway, "eve@new.example") == 403
    commit = pipeline.repository.git("rev-parse", "HEAD")
    assert f"bundle:{commit}" in gateway.cli("policy", "status")
    # What opa made of it here is what the gateway makes of the same folder.
    folder = gateway.cli("policy", "check", str(pipeline.repository.folder / "policy"))
    assert digest_of(job.text()) == digest_of(folder)
    commit = change(pipeline.repository, "policy/access/data.yaml", "[example.com]", "[example.com, new.example]")

    publish(pipeline)
    assert reload(gateway)["failing"] is False

    assert create(gateway, "eve@new.example") == 201
    assert f"bundle:{commit}" in gateway.cli("policy", "status")
    pipeline.forge.files = first
    assert reload(gateway, code=2)["refused"]["step"] == "order"


def test_what_is_published_is_the_commit_and_has_no_tests(pipeline):
    use_small_policy(pipeline.repository)
    publish(pipeline)

    (pipeline.repository.folder / "policy" / "left-over.rego").write_text("package left.over\n")
    publish(pipeline, "again.tar.gz")

    path = pipeline.folder / "published.tar.gz"
    manifests = []
    for name in ("access.tar.gz", "again.tar.gz"):
        path.write_bytes(pipeline.forge.files[f"/files/{name}"])
        files = read_bundle(path)
        manifests.append(json.loads(files["/.manifest"]))
        assert {"/plan.json", "/.signatures.json", "/policy.rego"} <= files.keys()
        assert not any("_test.rego" in file or "left-over" in file for file in files)
    assert manifests[0] == manifests[1]
    assert manifests[0]["revision"] == pipeline.repository.git("rev-parse", "HEAD")
    assert manifests[0]["metadata"] == {"serial": 2, "owner": "access team"}  # what was in the manifest stays


def last_step(job):
    return list(job.steps.values())[-1]


def test_what_must_not_be_published_is_not(pipeline, tmp_path):
    use_small_policy(pipeline.repository)
    pipeline.settings = {"SCIMWARD_BUNDLE_URL": pipeline.forge.base + "/api/v4/nowhere"}
    job = pipeline.job("publish", "push", passed=["check"])
    assert job.result == "failure" and "401" in last_step(job).output + last_step(job).errors

    pipeline.settings = {"SCIMWARD_BUNDLE_URL": pipeline.forge.url("access.tar.gz")}
    assert pipeline.job("publish", "pull", passed=["check"]).result == "skipped"
    rego = pipeline.repository.folder / "policy/policy.rego"
    rego.write_text(ALLOW + "\n")
    job = pipeline.job("publish", "push", passed=["check"])
    assert job.result == "failure" and "not as it was committed" in last_step(job).errors
    rego.write_text(ALLOW)

    shallow = tmp_path / "shallow"
    pipeline.repository.git("clone", "-q", "--depth", "1", f"file://{pipeline.repository.folder}", str(shallow))
    pipeline.repository.folder = shallow
    job = pipeline.job("publish", "push", passed=["check"])
    assert job.result == "failure" and "fetch the whole history" in last_step(job).errors
    assert pipeline.forge.files == {}


# ---- before the commit ----


def pre_commit(repository):
    env = repository.env | {"PRE_COMMIT_HOME": str(repository.folder.parent / "hooks"), "NO_COLOR": "1"}
    bin_folder = repository.folder.parent / "bin"
    bin_folder.mkdir(exist_ok=True)
    if not (bin_folder / "scimward").exists():
        os.symlink(Path(PROGRAM).resolve(), bin_folder / "scimward")
    env["PATH"] = f"{bin_folder}:{env['PATH']}"
    repository.git("add", "-A")
    return subprocess.run(
        [Path(sys.executable).parent / "pre-commit", "run"],
        cwd=repository.folder, env=env, capture_output=True, text=True, timeout=10 * PATIENCE_S,
    )  # fmt: skip


def failed_hooks(done):
    return [line.partition("..")[0] for line in done.stdout.splitlines() if line.endswith("Failed")]


def test_hooks_look_at_what_is_to_be_committed(repository):
    data = repository.folder / "policy/access/data.yaml"
    data.write_text(data.read_text().replace("[example.com]", "[example.com, new.example]"))
    done = pre_commit(repository)
    assert done.returncode == 0 and done.stdout.count("Passed") == 3, done.stdout + done.stderr
    assert "the policy is formatted" in done.stdout and "Skipped" in done.stdout  # no Rego was touched

    data.write_text(data.read_text().replace(ADMINS, ADMINS.replace("]", ', "kind:idp"]')))
    (repository.folder / "policy/rules/untidy.rego").write_text(UNTIDY)
    done = pre_commit(repository)

    assert done.returncode == 1
    assert failed_hooks(done) == [
        "the policy is formatted",
        "the policy loads",
        "the policy means what it says",
        "tests and scenarios of the policy",
    ]
    assert "effect: expected deny, got allow" in done.stdout
