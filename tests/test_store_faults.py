"""`odw judge` where its store can't serve: one line, exit 2, and nothing lost of what was judged."""

import os
import re
import resource
import signal
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from odw_harness.store import SCHEMA_VERSION, Store
from tests.judge.server import JudgeServer
from tests.odw_judge import LIMIT, Asked, errors_of, finish, score_of, scores, start, stored, write_answers, write_judge

NUMBERS = range(120)


@pytest.fixture
def asked(judge_server: JudgeServer) -> Asked:
    return Asked(judge_server, seconds=0.002)


@pytest.fixture
def judge(judge_server: JudgeServer, tmp_path: Path) -> Path:
    return write_judge(tmp_path / "loop.yaml", judge_server)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    return write_answers(tmp_path / "a.jsonl", NUMBERS)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("file systems can't be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def the_only_line(said: str) -> str:
    (line,) = errors_of(said)
    return line


def test_a_full_disk(
    answers: Path, judge: Path, asked: Asked, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODW_STORE", str(small_disk / "s.sqlite"))
    process = start(answers, judge, tmp_path / "v.jsonl")
    line = the_only_line(finish(process))
    assert process.returncode == 2
    assert re.fullmatch(
        rf"error: {small_disk}/s.sqlite: the store can't be used: .*; name another with ODW_STORE", line
    )
    kept = stored(NUMBERS)
    assert 0 < len(kept) < len(NUMBERS)
    assert not (tmp_path / "v.jsonl").exists()
    before = Counter(asked.times)
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    process = start(answers, judge, tmp_path / "v.jsonl")
    finish(process)
    assert process.returncode == 0
    assert scores(tmp_path / "v.jsonl") == {number: score_of(number) for number in NUMBERS}
    assert all(asked.times[number] == before[number] for number in kept)


def test_a_limit_of_the_size_of_files(answers: Path, judge: Path, asked: Asked, tmp_path: Path) -> None:
    limit = 300_000
    process = start(
        answers,
        judge,
        tmp_path / "v.jsonl",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    line = the_only_line(finish(process))
    assert process.returncode == 2
    assert "the store can't be used: " in line
    kept = stored(NUMBERS)
    assert 0 < len(kept) < len(NUMBERS)
    before = Counter(asked.times)
    process = start(answers, judge, tmp_path / "v.jsonl")
    finish(process)
    assert process.returncode == 0
    assert all(asked.times[number] == before[number] for number in kept)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A store that may only be read: for the superuser, who may do anything, the whole file system is so."""
    folder = tmp_path / "kept"
    folder.mkdir()
    path = folder / "s.sqlite"
    Store(path).close()
    if os.geteuid() != 0:
        path.chmod(0o444)
        folder.chmod(0o555)
        yield path
        folder.chmod(0o755)
        return
    bind, seal = ["mount", "--bind", str(folder), str(folder)], ["mount", "-o", "remount,ro,bind", str(folder)]
    if any(subprocess.run(command, capture_output=True).returncode for command in (bind, seal)):
        pytest.skip("file systems can't be mounted here")
    yield path
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_store_that_may_only_be_read(
    answers: Path, judge: Path, asked: Asked, read_only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODW_STORE", str(read_only))
    process = start(answers, judge, tmp_path / "v.jsonl")
    line = the_only_line(finish(process))
    assert process.returncode == 2
    assert line.startswith(f"error: {read_only}: the store can't be used: ")
    assert asked.total == asked.preflights == 0


@pytest.mark.parametrize(
    "content", [b"this is no database, but a text of some length\n" * 50, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_store(answers: Path, judge: Path, asked: Asked, tmp_path: Path, content: bytes) -> None:
    path = Path(os.environ["ODW_STORE"])
    path.write_bytes(content)
    process = start(answers, judge, tmp_path / "v.jsonl")
    line = the_only_line(finish(process))
    assert process.returncode == 2
    assert line.startswith(f"error: {path}: the store can't be used: ")
    assert path.read_bytes() == content
    assert asked.total == asked.preflights == 0


def test_a_store_of_a_newer_version(answers: Path, judge: Path, asked: Asked, tmp_path: Path) -> None:
    path = Path(os.environ["ODW_STORE"])
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        db.execute("CREATE TABLE of_the_future (x)")
    process = start(answers, judge, tmp_path / "v.jsonl")
    line = the_only_line(finish(process))
    assert process.returncode == 2
    assert "made by a newer odw_harness" in line
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("of_the_future",)]
    assert asked.total == 0


def test_interrupted_by_hand_and_gone_on_with(answers: Path, judge: Path, asked: Asked, tmp_path: Path) -> None:
    halfway = threading.Event()
    asked.on_request = lambda total: halfway.set() if total >= 40 else None
    asked.most = 60
    process = start(answers, judge, tmp_path / "v.jsonl")
    assert halfway.wait(LIMIT)
    process.send_signal(signal.SIGINT)
    said = finish(process)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped; what was answered and judged so far is kept"
    kept, before = stored(NUMBERS), Counter(asked.times)
    assert kept
    asked.most = None
    process = start(answers, judge, tmp_path / "v.jsonl")
    finish(process)
    assert process.returncode == 0
    assert all(asked.times[number] == before[number] for number in kept)
    left = {file.name for file in Path(os.environ["ODW_STORE"]).parent.iterdir()}
    assert not [name for name in left if name.endswith(".run")]


def test_a_reader_that_has_seen_enough(answers: Path, judge: Path, asked: Asked) -> None:
    process = start(answers, judge, "-")
    assert process.stdout is not None
    assert process.stdout.readline().startswith('{"id"')
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    assert process.wait(LIMIT) in (0, 1, 2)
    assert "Traceback" not in said
