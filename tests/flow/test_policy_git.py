"""Policies from real git repositories: a path, and a server over HTTPS; signed commits; what a repository may not do."""

import subprocess

import pytest
from policies import GitServer, Repository, code_of, reload, rule, run, use_policy

from gateway import environment, wait_until

STARTED = {"policy/p.rego": rule("first"), "policy/data.json": {}, "README.md": "not of the policy"}


@pytest.fixture
def repository(tmp_path):
    repository = Repository(tmp_path / "repository")
    repository.commit(STARTED)
    return repository


def follow(make_gateway, url, start=True, git=None, **more):
    policy = {"git": {"url": str(url), "folder": "policy"} | (git or {})} | more
    gateway = use_policy(make_gateway(start=False), policy)
    return gateway.start() if start else gateway


@pytest.fixture
def following(make_gateway, repository):
    gateway = follow(make_gateway, repository.folder)
    gateway.repository = repository
    return gateway


# ---- what it is for ----


def test_decisions_name_the_commit_and_new_commits_take_over(make_gateway, repository):
    first = repository.git("rev-parse", "HEAD")
    gateway = follow(make_gateway, repository.folder, poll={"min": "50ms", "max": "100ms"})
    code_of(gateway, "one")

    second = repository.commit({"policy/p.rego": rule("second")})
    loaded = gateway.wait_for("policy_loaded", after=len(gateway.log))
    assert code_of(gateway, "two") == "second"

    assert loaded["revision"].split(" git:")[1] == second[:12]
    decisions = gateway.journal('kind eq "decision"')
    assert [entry["revision"].split(" git:")[1] for entry in decisions] == [first[:12], second[:12]]
    policies = gateway.journal('kind eq "policy"')
    assert [entry["detail"]["commit"] for entry in policies] == [first, second]
    assert policies[1]["detail"]["before"] == policies[0]["revision"]
    assert policies[1]["index"] < decisions[1]["index"]
    status = gateway.cli_json("policy", "status")["policy"]
    assert status["commit"] == second and status["source"] == f"git:{repository.folder}#main:policy"


def test_branches_tags_and_the_top_folder(make_gateway, repository):
    repository.git("checkout", "-q", "-b", "release/1")
    repository.git("mv", "policy/p.rego", "p.rego")
    repository.commit({"p.rego": rule("released")})
    repository.git("tag", "-a", "-m", "v1", "v1")
    for ref in ["release/1", "v1"]:
        gateway = use_policy(
            make_gateway(ref[0], start=False), {"git": {"url": str(repository.folder), "ref": ref}}
        ).start()
        assert code_of(gateway, ref) == "released"

    gateway = follow(make_gateway, repository.folder, start=False, git={"ref": "nowhere"})
    gateway.start(ready=False)
    assert gateway.join() == 1 and "nowhere" in gateway.text()


def test_what_lies_outside_the_folder_is_not_the_policy(following):
    following.repository.commit({"other/p.rego": "package scimward\n\nnot rego {\n", "policy2/q.rego": "{"})
    assert reload(following)["failing"] is False
    assert code_of(following, "one") == "first"


# ---- history ----


def test_a_history_that_was_changed_is_refused_unless_somebody_wants_it(following):
    repository = following.repository
    first = repository.git("rev-parse", "HEAD")
    second = repository.commit({"policy/p.rego": rule("second")})
    assert reload(following)["commit"] == second

    repository.git("reset", "-q", "--hard", first)
    said = reload(following, code=2)
    assert said["refused"]["step"] == "order" and "does not descend" in said["refused"]["error"]
    repository.commit({"policy/p.rego": rule("rewritten")})
    assert reload(following, code=2)["refused"]["step"] == "order"
    assert code_of(following, "one") == "second"
    # The repository that was kept may be lost: what was in force is remembered apart from it.
    run("rm", "-rf", following.folder / "scimward.db-policy" / "repository.git")
    assert reload(following, code=2)["failing"] is True

    assert reload(following, "--allow-older")["failing"] is False
    assert code_of(following, "two") == "rewritten"


# ---- signed commits ----


def make_ssh_key(folder, name):
    path = folder / name
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path)
    return path, path.with_suffix(".pub").read_text().strip()


def test_only_commits_of_allowed_signers_decide(make_gateway, repository, tmp_path):
    key, public = make_ssh_key(tmp_path, "friend")
    foreign, _ = make_ssh_key(tmp_path, "foreign")
    signers = tmp_path / "allowed_signers"
    signers.write_text(f'friend@example.com namespaces="git" {public}\n')
    sign = ["-S", "--no-edit"]

    def commit(code, key):
        repository.git("config", "user.signingkey", str(key))
        return repository.commit({"policy/p.rego": rule(code)}, *sign)

    unsigned = follow(make_gateway, repository.folder, start=False, git={"require_signed": str(signers)})
    unsigned.start(ready=False)
    assert unsigned.join() == 1 and "is not signed by one of" in unsigned.text()

    signed = commit("friend", key)
    gateway = unsigned.start()
    assert code_of(gateway, "one") == "friend"
    commit("foreign", foreign)
    assert reload(gateway, code=2)["refused"]["step"] == "signature"
    repository.git("reset", "-q", "--hard", signed)
    repository.commit({"policy/p.rego": rule("unsigned")})
    assert reload(gateway, code=2)["refused"]["step"] == "signature"
    # The signature of the parent says nothing about its child, and a changed commit has none.
    content = repository.git("cat-file", "commit", signed).replace("change", "chance")
    forged = run_with_input(repository, content + "\n", "hash-object", "-t", "commit", "-w", "--stdin")
    repository.git("reset", "-q", "--hard", forged)
    assert reload(gateway, code=2)["refused"]["step"] == "signature"
    assert code_of(gateway, "two") == "friend"
    refused = gateway.journal('kind eq "policy" and outcome eq "refused"')
    assert all("is not signed by one of" in entry["detail"]["error"] for entry in refused)
    assert len(refused) == 4, "that of the start among them"

    repository.git("reset", "-q", "--hard", signed)
    commit("friend-again", key)
    reload(gateway)
    assert code_of(gateway, "three") == "friend-again"


def run_with_input(repository, text, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=repository.folder, env=repository.env, input=text, capture_output=True, text=True
    )
    assert done.returncode == 0, done
    return done.stdout.strip()


# ---- what a repository may not do ----


def add_link(repository):
    (repository.folder / "policy" / "evil.rego").symlink_to("/etc/passwd")


def add_scenario_link(repository):
    (repository.folder / "policy" / "scenarios").mkdir()
    (repository.folder / "policy" / "scenarios" / "evil.yaml").symlink_to("../../../secret")


def add_submodule(repository):
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},policy/module")


HOSTILE = {
    add_link: ("unpack", "policy/evil.rego is a link"),
    add_scenario_link: ("unpack", "is a link"),
    add_submodule: ("unpack", "policy/module is a submodule"),
}


@pytest.mark.parametrize("change", HOSTILE, ids=lambda change: change.__name__)
def test_links_and_submodules_are_refused(following, change):
    change(following.repository)
    following.repository.git("add", "-A") if change is not add_submodule else None
    following.repository.git("commit", "-q", "-m", "hostile")

    said = reload(following, code=2)["refused"]

    step, why = HOSTILE[change]
    assert said["step"] == step and why in said["error"]


def test_nothing_of_the_repository_or_of_ours_is_run(make_gateway, repository, tmp_path):
    """Hooks, filters, helpers, prompts, fsmonitor: each would leave a mark."""
    mark = tmp_path / "mark"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>"{mark}"\ncat\n')
    program.chmod(0o755)
    for hook in ["post-checkout", "pre-auto-gc", "reference-transaction", "post-merge", "fsmonitor-watchman"]:
        path = repository.folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(program.read_text())
        path.chmod(0o755)
    repository.commit({"policy/.gitattributes": "*.rego filter=evil\n* export-subst\n"})
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[filter "evil"]\n\tsmudge = {program}\n\tclean = {program}\n[core]\n\tfsmonitor = {program}\n'
        f"\thooksPath = {repository.folder}/.git/hooks\n[credential]\n\thelper = {program}\n"
        f"[uploadpack]\n\tpackObjectsHook = {program}\n"
    )
    gateway = follow(make_gateway, repository.folder, start=False)
    mark.unlink(missing_ok=True)
    gateway.env = {"HOME": str(home), "GIT_ASKPASS": str(program), "GIT_SSH_COMMAND": str(program)}
    gateway.start()

    repository.commit({"policy/p.rego": rule("second")})
    mark.unlink(missing_ok=True)
    reload(gateway)

    assert code_of(gateway, "one") == "second"
    assert not mark.exists(), mark.read_text()


def test_a_repository_that_is_gone_changes_nothing_and_the_kept_one_starts(following):
    elsewhere = following.repository.folder.rename(following.repository.folder.parent / "moved")
    said = reload(following, code=2)
    assert said["unreachable"]["step"] == "fetch" and "refused" not in said
    following.restart()
    assert following.cli_json("policy", "status", code=2)["policy"]["kept"] is True
    assert code_of(following, "one") == "first"
    elsewhere.rename(following.repository.folder)
    assert reload(following)["kept"] is False


def test_no_git_is_told(make_gateway, repository, tmp_path):
    gateway = follow(make_gateway, repository.folder, start=False)
    gateway.env = {"PATH": str(tmp_path)}

    gateway.start(ready=False)

    assert gateway.join() == 1
    assert "the program git is not to be found" in gateway.text()


# ---- over HTTPS ----


def git_that_notes(folder):
    """A git that first writes down how it was called. Returns its folder and the notes."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/sh\necho "$@" >>"{folder}/calls"\nPATH="{environment()["PATH"]}" exec git "$@"\n')
    program.chmod(0o755)
    return folder, folder / "calls"


def test_a_server_over_https_with_a_token(make_gateway, tmp_path, repository):
    secret = "token-of-the-git-server"
    tools, calls = git_that_notes(tmp_path / "tools")
    with GitServer(tmp_path / "server", tmp_path, token=secret) as server:
        gateway = follow(
            make_gateway,
            f"{server.base}/repository/.git",
            start=False,
            ca=str(server.certificate),
            allow_private=True,
            token="${env:GIT_TOKEN}",
        )
        gateway.env = {"GIT_TOKEN": secret, "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
        gateway.env["PATH"] = f"{tools}:{environment()['PATH']}"
        gateway.start()
        assert code_of(gateway, "one") == "first"

        repository.commit({"policy/p.rego": rule("second")})
        reload(gateway)
        assert code_of(gateway, "two") == "second"

        kept = b"".join(path.read_bytes() for path in (gateway.folder / "scimward.db-policy").rglob("*") if path.is_file())
        assert secret.encode() not in kept and server.authorization.split()[1].encode() not in kept
        assert secret not in gateway.text()
        called = calls.read_text()  # what everybody on the machine may see in a list of processes
        assert "fetch" in called
        assert secret not in called and server.authorization.split()[1] not in called
        server.authorization = "Basic other"
        said = reload(gateway, code=2)["unreachable"]
        assert said["step"] == "fetch" and secret not in said["error"]


def test_certificates_networks_and_redirects_are_guarded(make_gateway, tmp_path, repository):
    with GitServer(tmp_path / "server", tmp_path) as server:
        url = f"{server.base}/repository/.git"
        for number, (policy, why) in enumerate(
            [
                ({"allow_private": True}, "certificate"),
                ({"ca": str(server.certificate)}, "policy.allow_private"),
            ]
        ):
            gateway = use_policy(make_gateway(f"g{number}", start=False), {"git": {"url": url}} | policy)
            gateway.start(ready=False)
            assert gateway.join() == 1
            assert why in gateway.text(), gateway.text()
        assert server.asked == []


def test_a_git_that_hangs_does_not_hold_requests_nor_the_end(make_gateway, repository, tmp_path):
    folder = tmp_path / "tools"
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/sh\nif [ -e "{folder}/odd" ]; then touch "{folder}/hangs"; exec sleep 60; fi\nPATH="{environment()["PATH"]}" exec git "$@"\n')
    program.chmod(0o755)
    gateway = follow(make_gateway, repository.folder, start=False)
    gateway.env = {"PATH": f"{folder}:{environment()['PATH']}"}
    gateway.start()
    (folder / "odd").touch()

    gateway.admin("POST", "/admin/v1/reload", {})
    wait_until((folder / "hangs").exists, "git was asked")

    assert code_of(gateway, "meanwhile") == "first"
    assert gateway.cli_json("policy", "status")["policy"]["reloads"] == 0
    assert gateway.stop() == 0
