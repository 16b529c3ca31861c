"""`odw judge` on a store that can't be written, read or understood: one line, no traceback, nothing lost."""

import os
import resource
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from odw_harness.store import SCHEMA_VERSION, Store
from tests.judge.server import JudgeServer
from tests.odw_judge import (
    CONCURRENCY,
    Asked,
    errors_of,
    finish,
    score_of,
    scores,
    start,
    stored,
    write_answers,
    write_judge,
)

NUMBERS = range(200)


@pytest.fixture
def asked(judge_server: JudgeServer) -> Asked:
    return Asked(judge_server, seconds=0.001)


@pytest.fixture
def store() -> Path:
    return Path(os.environ["ODW_STORE"])


@pytest.fixture
def run(asked: Asked, judge_server: JudgeServer, tmp_path: Path) -> Callable[..., tuple[int, list[str]]]:
    judge, out = write_judge(tmp_path / "loop.yaml", judge_server), tmp_path / "v.jsonl"
    answers = write_answers(tmp_path / "a.jsonl", NUMBERS)

    def run(before_start: Callable[[], None] | None = None) -> tuple[int, list[str]]:
        """Exit code and lines with errors. The output is there, and whole, where there was none."""
        process = start(answers, judge, out, preexec_fn=before_start)
        errors = errors_of(finish(process))
        if process.returncode == 0:
            assert scores(out) == {number: score_of(number) for number in NUMBERS}
        else:
            assert not out.exists()
        return process.returncode, errors

    return run


@contextmanager
def mounted(*options: str, at: Path) -> Iterator[None]:
    """Needs root, and a system that lets it: skipped otherwise."""
    done = subprocess.run(["mount", *options, str(at)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """For root, who may write whatever its mode is, by a mount."""
    if os.geteuid():
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222)
        try:
            yield
        finally:
            path.chmod(mode)
        return
    with mounted("--bind", str(path), at=path):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True)
        yield


def assert_finished_with_the_rest(run: Callable[..., tuple[int, list[str]]], asked: Asked, kept: Counter[int]) -> None:
    before = asked.total
    assert run() == (0, [])
    assert asked.total - before == len(NUMBERS) - len(kept)
    assert stored(NUMBERS) == Counter(NUMBERS)


def test_files_that_may_not_grow(run: Callable[..., tuple[int, list[str]]], asked: Asked, store: Path) -> None:
    most = 300 * 1024
    code, errors = run(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
    assert (code, errors) == (
        2,
        [f"error: {store}: the store can't be used: disk I/O error; name another with ODW_STORE"],
    )
    kept = stored(NUMBERS)
    assert 0 < len(kept) < 200
    assert asked.total <= len(kept) + CONCURRENCY
    assert not list(store.parent.glob("*.run"))
    assert_finished_with_the_rest(run, asked, kept)


def test_a_full_disk(run: Callable[..., tuple[int, list[str]]], asked: Asked, store: Path) -> None:
    with mounted("-t", "tmpfs", "-o", "size=300k", "tmpfs", at=store.parent):
        full = f"error: {store}: the store can't be used: database or disk is full; make room, or name another with ODW_STORE"
        assert run() == (2, [full])
        kept = stored(NUMBERS)
        assert 0 < len(kept) < 200
        assert asked.total <= len(kept) + CONCURRENCY
        assert run() == (2, [full])
        kept = stored(NUMBERS)
        subprocess.run(["mount", "-o", "remount,size=4m", str(store.parent)], check=True)
        assert_finished_with_the_rest(run, asked, kept)


def test_a_full_disk_for_the_output(asked: Asked, judge_server: JudgeServer, tmp_path: Path) -> None:
    answers, judge = write_answers(tmp_path / "a.jsonl", NUMBERS), write_judge(tmp_path / "l.yaml", judge_server)
    folder = tmp_path / "out"
    folder.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=8k", "tmpfs", at=folder):
        process = start(answers, judge, folder / "v.jsonl")
        (error,) = errors_of(finish(process))
        assert process.returncode == 2
        assert error.endswith("can't be written: No space left on device; the verdicts are in the store")
        assert not list(folder.iterdir())


def test_a_read_only_folder_and_a_read_only_file(
    run: Callable[..., tuple[int, list[str]]], asked: Asked, store: Path
) -> None:
    with read_only(store.parent):
        code, errors = run()
        assert (code, len(errors)) == (2, 1)
        assert errors[0].startswith(f"error: {store}: the store can't be used: ")
    Store(store).close()
    for path in (store.parent, store):
        content = store.read_bytes()
        with read_only(path):
            code, errors = run()
        assert (code, len(errors)) == (2, 1)
        assert errors[0].startswith(f"error: {store}: the store can't be used: ")
        assert store.read_bytes() == content
    assert asked.total == asked.preflights == 0
    assert_finished_with_the_rest(run, asked, Counter())


def test_a_store_of_a_newer_version_is_left_alone(
    run: Callable[..., tuple[int, list[str]]], asked: Asked, store: Path
) -> None:
    Store(store).close()
    with closing(sqlite3.connect(store)) as db:
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    content = store.read_bytes()
    code, errors = run()
    assert (code, len(errors)) == (2, 1)
    assert errors[0].startswith(f"error: {store}: made by a newer odw_harness (schema {SCHEMA_VERSION + 1}, this one ")
    assert asked.total == asked.preflights == 0
    assert store.read_bytes() == content


@pytest.mark.parametrize("damage", ["no database", "cut", "overwritten"])
def test_a_damaged_store_is_left_alone(
    run: Callable[..., tuple[int, list[str]]], asked: Asked, store: Path, tmp_path: Path, damage: str
) -> None:
    assert run() == (0, [])
    (tmp_path / "v.jsonl").unlink()
    content = store.read_bytes()
    half = len(content) // 2
    store.write_bytes(
        {
            "no database": "这不是数据库，".encode() * 999,
            "cut": content[:half],
            "overwritten": content[: half - half % 4096] + b"\x00" * 65536 + content[half - half % 4096 + 65536 :],
        }[damage]
    )
    damaged = store.read_bytes()
    code, errors = run()
    assert (code, len(errors)) == (2, 1)
    reason = "file is not a database" if damage == "no database" else "database disk image is malformed"
    assert errors[0] == f"error: {store}: the store can't be used: {reason}; name another with ODW_STORE"
    assert asked.total == 200
    if damage != "overwritten":  # what is damaged inside opens like any other, which is noted in its head
        assert store.read_bytes() == damaged
