"""What one run claims no other asks for, as long as it lives."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from odw_harness.claims import Claims
from odw_harness.store import Key, Store

KEYS: list[Key] = [("q", "a", "j"), ("q", "b", "j"), ("q", "c", "j")]
_HOLDER = """
import sys, time
from pathlib import Path
from odw_harness.claims import Claims
from odw_harness.store import Store
claims = Claims(Store(Path(sys.argv[1])))
print(claims.take([("q", "a", "j"), ("q", "b", "j")]), flush=True)
sys.stdin.read()
claims.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store [1].sqlite"  # a name with what glob would read as a pattern


@pytest.fixture
def claims(path: Path) -> Claims:
    return Claims(Store(path))


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"{KEYS[:2]}\n"
    return process


def test_what_a_living_process_claims_is_not_given_to_another(path: Path, claims: Claims) -> None:
    process = holder(path)
    assert claims.take(KEYS) == KEYS[2:]
    claims.bury()
    assert claims.take(KEYS) == KEYS[2:]
    process.communicate("")
    assert claims.take(KEYS) == KEYS


def test_claims_of_a_killed_process_are_void(path: Path, claims: Claims) -> None:
    process = holder(path)
    assert claims.take(KEYS) == KEYS[2:]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    claims.bury()
    assert claims.take(KEYS) == KEYS


def test_claims_in_a_store_that_was_copied_from_under_a_run_are_void(path: Path, tmp_path: Path) -> None:
    process = holder(path)
    copy = tmp_path / "copy.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    claims = Claims(Store(copy))
    assert claims.take(KEYS) == KEYS
    process.communicate("")


def test_a_run_that_comes_through_a_link_finds_who_lives(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    process = holder(path)
    claims = Claims(Store(link))
    assert claims.take(KEYS) == KEYS[2:]
    claims.bury()
    assert claims.take(KEYS) == KEYS[2:]
    process.communicate("")


def test_what_is_released_others_may_take(path: Path, claims: Claims) -> None:
    claims.take(KEYS)
    claims.release()
    process = holder(path)
    assert claims.take(KEYS) == KEYS[2:]
    process.communicate("")


def test_nothing_is_left_behind(path: Path, claims: Claims) -> None:
    process = holder(path)
    process.kill()
    process.communicate()
    claims.take(KEYS)
    claims.close()
    claims.close()
    left = {file.name.removeprefix(path.name) for file in path.parent.iterdir()}
    assert left <= {"", ".lock", "-wal", "-shm"}


def test_a_claim_taken_twice_is_ones_own(claims: Claims) -> None:
    assert claims.take(KEYS) == KEYS
    assert claims.take(KEYS) == KEYS


def test_claims_whose_owner_left_no_file_are_void(path: Path, claims: Claims) -> None:
    Store(path).claim("0123", KEYS)
    assert claims.take(KEYS) == KEYS
