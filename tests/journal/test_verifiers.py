"""What scimward publishes is read by two programs that know nothing of it: Tessera's fsck and golang.org/x/mod/sumdb."""

import random
import shutil
import time

import pytest


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537])
def test_a_log_of_this_size_verifies(log, size):
    log.write(size)

    log.assert_good(size)


def test_a_log_that_grew_in_steps_extends_each_of_its_checkpoints(log):
    old = []
    for size in (1, 255, 256, 700, 1000):
        log.write(size)
        old.append(log.folder / f"checkpoint-{size}")
        shutil.copy(log.path / "checkpoint", old[-1])

    log.assert_good(1000, *old)


def test_a_log_of_another_history_does_not_extend_a_checkpoint(log, tmp_path_factory):
    log.write(300)
    old = tmp_path_factory.mktemp("old") / "checkpoint"
    shutil.copy(log.path / "checkpoint", old)
    shutil.rmtree(log.path)
    (log.folder / "signed").unlink()
    log.write(200)  # the same key, fewer entries: a restored backup that nobody refused

    good, output = log.sumdb(old)

    assert not good
    assert "shrank" in output


SIZE = 65536 * 2 + 256 * 3 + 5


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A log with tiles of three levels, partial ones in each."""
    from conftest import Log

    log = Log(tmp_path_factory.mktemp("large"))
    log.write(SIZE)
    return log


@pytest.mark.parametrize(
    "name,offset",
    [
        ("checkpoint", 30),
        ("checkpoint", 40),
        ("checkpoint", -10),
        ("tile/0/000", None),
        ("tile/0/514", 8191),
        ("tile/1/000", None),
        ("tile/entries/000", None),
        ("tile/entries/300", 1),
        ("tile/entries/515.p/5", None),
        ("tile/0/515.p/5", None),
        ("tile/1/002.p/3", None),
        ("tile/2/000.p/2", None),
    ],
)
def test_a_flipped_bit_is_found_by_all_three(large, name, offset):
    large.flip(name, offset)
    try:
        intact, problem = large.verify(SIZE)
        fsck, fsck_output = large.fsck(seconds=30)
        sumdb, sumdb_output = large.sumdb()
    finally:
        large.flip(name, offset)

    assert not intact
    assert name in problem
    assert not fsck, fsck_output
    assert not sumdb, sumdb_output


def test_the_log_of_the_flips_is_whole_again(large):
    large.assert_good(SIZE)


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000", "tile/1/000", "tile/entries/000", "tile/0/515.p/5"])
def test_a_missing_file_is_found_by_all_three(large, name):
    path = large.path / name
    aside = large.folder / "aside"
    path.rename(aside)
    try:
        results = [large.verify(SIZE)[0], large.fsck(seconds=30)[0], large.sumdb()[0]]
    finally:
        aside.rename(path)

    assert results == [False, False, False]


def test_a_writer_killed_at_any_moment_leaves_a_log_that_verifies_and_goes_on(log):
    seed = random.Random(20261124)
    total = 0
    old = []
    for round_ in range(25):
        total += seed.randrange(1, 3000)
        process = log.start_writing(total, seed.choice([1, 7, 100, 256, 1000]))
        time.sleep(seed.random() * 0.12)
        process.kill()
        process.wait()
        if not (log.path / "checkpoint").exists():
            continue
        # As it lies there, and with what the store has beyond it.
        good, output = log.sumdb(*old)
        assert good, output
        intact, problem = log.verify(total)
        assert intact, problem
        old = [log.folder / "old"]
        shutil.copy(log.path / "checkpoint", old[0])
        if round_ % 5 == 0:
            good, output = log.fsck()
            assert good, output
    log.write(total)

    assert log.size() == total
    log.assert_good(total, *old)
