"""A full disk and a disk that fails: 503, nothing half-done, and well again by itself when the disk is."""

import os
import resource
import shutil
import subprocess

import pytest
from gateway import wait_until

TITLE = "x" * 2000


def write_some(gateway, prefix, count=12):
    """Creates people; names that were answered 201 and those that were answered 503."""
    done, refused = [], []
    for i in range(count):
        name = f"{prefix}{i}@example.com"
        answer = gateway.post(
            "/Users",
            {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "title": TITLE},
        )
        assert answer.status in (201, 503), answer
        if answer.status == 503:
            assert answer.headers["Retry-After"]
        (done if answer.status == 201 else refused).append(name)
    return done, refused


def names_of(gateway):
    return {user["userName"] for user in gateway.get("/Users?count=1000&attributes=userName").json.get("Resources", [])}


def ready(gateway):
    connection = gateway.connect()
    connection.base = ""
    try:
        return connection.get("/readyz").status == 200
    finally:
        connection.close()


def check_story(gateway, done, refused):
    """State, journal and what was answered are the same story; also after a restart."""
    for _ in range(2):
        assert names_of(gateway) == set(done)
        decided = [e["input"]["after"]["userName"] for e in gateway.journal('kind eq "decision"')]
        assert decided == done
        wait_until(
            lambda: gateway.cli_json("status", code=(0, 2))["status"]["journal"]["failing"] is False,
            "the journal is published again",
        )
        report = gateway.cli_json("journal", "verify")["verification"]
        assert report["intact"] is True, report
        gateway.restart()
    assert not set(done) & set(refused)


def limit_files(gateway, size):
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_files_that_may_not_grow(make_gateway):
    gateway = make_gateway()
    done, _ = write_some(gateway, "before")

    limit_files(gateway, 4096)
    _, refused = write_some(gateway, "full")
    reads = gateway.get("/Users?count=1")
    unready = not ready(gateway)
    limit_files(gateway, resource.RLIM_INFINITY)

    assert len(refused) == 12
    assert reads.status == 200  # who only asks is answered
    assert unready
    wait_until(lambda: ready(gateway), "it is well again, without any write")
    after, none = write_some(gateway, "after")
    assert none == []
    check_story(gateway, done + after, refused)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder]).returncode != 0:
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Takes all the space that is left."""
    with open(folder / "ballast", "wb", buffering=0) as file:
        for size in (65536, 4096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass


def test_a_full_disk(make_gateway, small_disk):
    gateway = make_gateway(
        start=False, store=f"sqlite:{small_disk}/scimward.db", journal={"directory": f"{small_disk}/journal"}
    )
    gateway.start()
    done, _ = write_some(gateway, "before")

    fill(small_disk)
    during, refused = write_some(gateway, "full", 60)  # what SQLite has reserved may still take some
    os.unlink(small_disk / "ballast")

    assert refused
    wait_until(lambda: ready(gateway), "it is well again, without any write")
    after, none = write_some(gateway, "after")
    assert none == []
    check_story(gateway, done + during + after, refused)
    gateway.stop()


@pytest.mark.parametrize("fault", ["fdatasync:error=EIO:when=12..14", "pwrite64:error=EIO:when=300..303"])
def test_a_disk_that_fails_for_a_moment(make_gateway, fault):
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    # -D: the program stays our child. when= counts the calls of each thread.
    strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,pwrite64", "-e", f"inject={fault}"]
    gateway = make_gateway(wrapper=strace, env={"ASAN_OPTIONS": "detect_leaks=0"})

    done, refused = write_some(gateway, "during", 60)

    assert refused and done
    wait_until(lambda: ready(gateway), "it is well again")
    gateway.wrapper = []
    after, none = write_some(gateway, "after")
    assert none == []
    check_story(gateway, done + after, refused)
