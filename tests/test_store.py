import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from odw_harness.errors import StoreError
from odw_harness.store import SCHEMA_VERSION, Store, default_path
from odw_harness.verdict import Verdict
from tests.test_verdict import provenance


def scored(score: float) -> Verdict:
    return Verdict(score=score, provenance=provenance())


UNSCORED = Verdict(unscored="out of memory", provenance=provenance())


def test_a_verdict_comes_back_under_its_own_key_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    store.save_verdict("question", "answer", "judgement", scored(7.5))
    assert store.verdict("question", "answer", "judgement") == scored(7.5)
    assert store.verdict("other", "answer", "judgement") is None
    assert store.verdict("question", "other", "judgement") is None
    assert store.verdict("question", "answer", "other") is None


def test_what_is_kept_is_there_after_a_reopening(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    store.save_verdict("q", "a", "j", scored(3.0))
    store.save_loglikelihood("m", "context", "continuation", -12.5)
    store.close()
    again = Store(tmp_path / "s.sqlite")
    assert again.verdict("q", "a", "j") == scored(3.0)
    assert again.loglikelihood("m", "context", "continuation") == -12.5
    assert again.loglikelihood("n", "context", "continuation") is None
    assert again.loglikelihood("m", "contextcontinuation", "") is None


def test_an_unscored_verdict_is_asked_for_again_and_gives_way_to_a_scored_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    store.save_verdict("q", "a", "j", UNSCORED)
    assert store.verdict("q", "a", "j") is None
    store.save_verdict("q", "a", "j", scored(4.0))
    store.save_verdict("q", "a", "j", UNSCORED)
    store.save_verdict("q", "a", "j", scored(9.0))
    assert store.verdict("q", "a", "j") == scored(4.0)


def test_equal_answers_of_one_system_are_kept_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    for repeat in (0, 0, 1):
        store.save_answer("ODW-01", "fingerprint", "一份决议", "{}", repeat)
    assert store.counts() == {"answers": 2, "verdicts": 0, "loglikelihoods": 0}


def test_a_request_is_in_a_batch_until_it_is_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    one, two = store.save_batch("file-1", ["a", "b"]), store.save_batch("file-2", ["c"])
    store.name_batch(one.number, "batch_1")
    store.close()
    store = Store(tmp_path / "s.sqlite")
    assert store.batch_of("a") == store.batch_of("b") == (one.number, "file-1", "batch_1")
    assert store.batch_of("c") == (two.number, "file-2", None)
    assert store.batch_of("d") is None
    store.forget_batched(["a", "d"])
    assert (store.batch_of("a"), store.batch_of("b")) == (None, (one.number, "file-1", "batch_1"))
    store.drop_batch(two.number)
    assert store.batch_of("c") is None
    again = store.save_batch("file-3", ["b"])
    assert store.batch_of("b") == again, "the last batch that a request is in counts"


def test_odw_store_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ODW_STORE", str(tmp_path / "folder" / "mine.sqlite"))
    assert default_path() == tmp_path / "folder" / "mine.sqlite"
    Store()
    assert (tmp_path / "folder" / "mine.sqlite").is_file()
    monkeypatch.delenv("ODW_STORE")
    assert default_path().name == "store.sqlite"


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="made by a newer odw_harness"):
        Store(path)


def test_a_file_that_is_no_store_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_text("这不是数据库，" * 100, "utf-8")
    with pytest.raises(StoreError, match=r"s\.sqlite: the store can't be used"):
        Store(path)
    assert path.read_text("utf-8").startswith("这不是数据库")
    with pytest.raises(StoreError, match="can't be used"):
        Store(path / "below-a-file.sqlite")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be used"):
        Store(tmp_path)


def test_many_who_make_the_same_store_at_once_all_get_it(tmp_path: Path) -> None:
    def opened(path: Path, together: threading.Barrier) -> dict[str, int]:
        together.wait()
        return Store(path).counts()

    with ThreadPoolExecutor(4) as pool:
        for number in range(30):
            together = threading.Barrier(4)
            path = tmp_path / f"{number}.sqlite"
            opens = [pool.submit(opened, path, together) for _ in range(4)]
            assert [done.result() for done in opens] == [{"answers": 0, "verdicts": 0, "loglikelihoods": 0}] * 4


def _write_many(path: Path, who: int) -> None:
    store = Store(path)
    for number in range(200):
        store.save_verdict("q", f"answer {number}", "j", scored(5.0))
        store.save_answer("ODW-01", "q", f"{who} {number}", "{}", 0)
        store.save_loglikelihood("m", "c", str(number), -float(number))


def test_two_processes_write_one_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write_many, args=(path, who)) for who in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert Store(path).counts() == {"answers": 400, "verdicts": 200, "loglikelihoods": 200}
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
