"""The api judge by batches, against a server that behaves and misbehaves, with kills at every step."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.cli import main
from odw_harness.errors import JudgeError
from odw_harness.grading import Grading
from odw_harness.judge import Request, batch, batch_api, client, load_judge
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import ApiConfig
from odw_harness.judge.batch import BatchJudge
from odw_harness.judge.budget import Budget
from odw_harness.questions import Question
from odw_harness.rubric import ODWEVAL
from odw_harness.store import Store
from odw_harness.verdict import Verdict
from tests.judge.batch_server import BatchServer, answers, batch_serving, errs, grades, refuses
from tests.judge.server import completion, fails, resets
from tests.test_answers import plain, written

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
KEY = "sk-very-secret-0123456789"
TEXTS = [f"第{number}篇" for number in range(5)]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with batch_serving() as one:
        yield one


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite")


def config(server: BatchServer, **fields: Any) -> ApiConfig:
    given = {"backend": "api", "base_url": server.url, "model": "m", "batch": True, "poll_seconds": 0.01, **fields}
    return ApiConfig.model_validate(given)


def run(
    texts: Sequence[str], server: BatchServer, store: Store, budget: Budget | None = None, **fields: Any
) -> tuple[list[Verdict], str | None]:
    judge = BatchJudge("loop", config(server, **fields), store)
    judge.budget = budget or judge.budget
    grading = Grading([Request(QUESTION, text, ODWEVAL) for text in texts], judge, store)
    return [graded.verdict for graded in grading], grading.stopped


def scores(given: tuple[list[Verdict], str | None]) -> list[float | None]:
    return [verdict.score for verdict in given[0]]


def open_batches(store: Store) -> int:
    return int(store._db.execute("SELECT count(*) FROM batches").fetchone()[0])


def test_the_whole_way(server: BatchServer, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOP_KEY", KEY)
    server.by_answer = {"第1篇": grades(9.0), "第3篇": grades(2.0)}
    verdicts, stopped = run(TEXTS, server, store, seed=7, max_tokens=99, api_key_env="LOOP_KEY", extra_body={"k": 1})
    assert [verdict.score for verdict in verdicts] == [6.0, 9.0, 6.0, 2.0, 6.0]
    assert stopped is None
    assert verdicts[0].usage == {"requests": 1, "prompt_tokens": 3000, "completion_tokens": 40, "cached_tokens": 700}
    assert verdicts[0].served_by == "judge-1"
    (lines,) = server.lines()
    assert lines[0]["body"] == {
        "model": "m",
        "messages": [{"role": "user", "content": ODWEVAL.prompt(QUESTION, "第0篇")}],
        "temperature": 0.0,
        "seed": 7,
        "max_tokens": 99,
        "k": 1,
    }
    assert {(line["method"], line["url"]) for line in lines} == {("POST", "/v1/chat/completions")}
    names = {line["custom_id"] for line in lines}
    assert len(names) == 5
    assert all(len(name) == 64 for name in names)
    (made,) = server.batches.values()
    assert (made["endpoint"], made["completion_window"]) == ("/v1/chat/completions", "24h")
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    assert server.log == ["POST /files", "POST /batches", *4 * ["GET /batches"], "GET /files"]
    assert open_batches(store) == 0


def test_verdicts_by_batch_and_by_single_requests_are_the_same_to_the_store(server: BatchServer, store: Store) -> None:
    by_batch = BatchJudge("loop", config(server), store)
    alone = ApiJudge("loop", config(server, batch=False))
    assert by_batch.provenance(ODWEVAL) == alone.provenance(ODWEVAL)
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    grading = Grading([Request(QUESTION, text, ODWEVAL) for text in [*TEXTS, "另一篇"]], alone, store)
    assert [graded.verdict.score for graded in grading] == [6.0] * 6
    assert len(server.chats) == 1
    assert scores(run(["另一篇"], server, store)) == [6.0]
    assert len(server.batches) == 1


def test_batch_true_in_a_judges_file(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("backend: api\nbase_url: http://x/v1\nmodel: m\nbatch: true\n", encoding="utf-8")
    judge = load_judge(str(path), store)
    assert isinstance(judge, BatchJudge)
    assert judge.window == 50_000
    path.write_text("backend: api\nbase_url: http://x/v1\nmodel: m\npoll_seconds: 0\n", encoding="utf-8")
    with pytest.raises(JudgeError, match="field poll_seconds: "):
        load_judge(str(path), store)


def test_an_empty_answer_needs_no_batch(server: BatchServer, store: Store) -> None:
    assert scores(run([" ", ""], server, store)) == [1.0, 1.0]
    assert server.log == []


def test_repeats_with_equal_bodies_are_told_apart(server: BatchServer, store: Store) -> None:
    judge = BatchJudge("loop", config(server, repeats=2), store)
    grading = Grading([Request(QUESTION, "第0篇", ODWEVAL, repeat) for repeat in (0, 1)], judge, store)
    assert [graded.verdict.score for graded in grading] == [6.0, 6.0]
    (lines,) = server.lines()
    assert lines[0]["body"] == lines[1]["body"]
    assert lines[0]["custom_id"] != lines[1]["custom_id"]


def test_what_cannot_be_read_is_asked_once_more_in_a_second_batch(server: BatchServer, store: Store) -> None:
    server.by_answer = {
        "末尾没有打分字典": grades(8.0),  # the second question of 第1篇
        "第1篇": answers("我先想一想"),
        "第2篇": answers(""),
    }
    verdicts, _ = run(TEXTS, server, store)
    assert [verdict.score for verdict in verdicts] == [6.0, 8.0, None, 6.0, 6.0]
    assert verdicts[1].earlier == ("我先想一想",)
    assert verdicts[1].usage == {"requests": 2, "prompt_tokens": 6000, "completion_tokens": 80, "cached_tokens": 1400}
    assert verdicts[2].unscored == "empty reply"
    assert verdicts[2].earlier == ("",)
    first, second = server.lines()
    assert [len(first), len(second)] == [5, 2]
    messages = {len(line["body"]["messages"]): line["body"]["messages"] for line in second}
    assert [message["role"] for message in messages[3]] == ["user", "assistant", "user"]
    assert messages[3][1]["content"] == "我先想一想"
    assert len({line["custom_id"] for line in first + second}) == 7, "an empty reply is asked the same once more"
    assert open_batches(store) == 0


def test_of_an_expired_batch_what_came_back_counts_and_the_next_run_asks_for_the_rest(
    server: BatchServer, store: Store
) -> None:
    server.ends = "expired"
    verdicts, stopped = run(TEXTS, server, store)
    assert [verdict.score for verdict in verdicts] == [6.0, None, 6.0, None, 6.0]
    assert [verdict.unscored for verdict in verdicts[1::2]] == ["batch expired: no time"] * 2
    assert stopped is None
    server.ends = "completed"
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert [len(lines) for lines in server.lines()] == [5, 2]


def test_a_request_that_failed_has_its_reason_and_is_asked_again_by_the_next_run(
    server: BatchServer, store: Store
) -> None:
    server.by_answer = {
        "第0篇": refuses(400, "context length exceeded"),
        "第1篇": refuses(500, "boom"),
        "第2篇": errs("request_timeout", "the model took\nlong"),
        "第3篇": answers("评价到一半", "length"),
    }
    verdicts, stopped = run(TEXTS, server, store)
    assert [verdict.unscored for verdict in verdicts] == [
        "bad request: HTTP 400: context length exceeded",
        "server error: HTTP 500: boom",
        "request timeout: the model took long",
        "cut reply: the server stopped at max_tokens",
        None,
    ]
    assert stopped is None
    assert len(server.batches) == 1, "none of these is helped by a second question"
    server.by_answer = {}
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert [len(lines) for lines in server.lines()] == [5, 4]


def test_a_file_holds_so_many_requests_and_bytes(
    server: BatchServer, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batch, "MOST_LINES", 2)
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert [len(lines) for lines in server.lines()] == [2, 2, 1]
    size = max(map(len, server.files["file-1"].splitlines(keepends=True)))
    monkeypatch.setattr(batch, "MOST_LINES", 50_000)
    monkeypatch.setattr(batch, "MOST_BYTES", 3 * size)
    server.batches.clear()
    assert scores(run(TEXTS, server, Store(tmp_path / "other.sqlite"))) == [6.0] * 5
    assert [len(lines) for lines in server.lines()] == [3, 2]


def test_a_batch_whose_answer_got_lost_is_found_and_not_made_twice(server: BatchServer, store: Store) -> None:
    server.batches = {f"old_{n}": {"id": f"old_{n}", "status": "completed", "input_file_id": "x"} for n in range(3)}
    server.lost = 1
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert len(server.batches) == 4
    assert server.count("POST /batches") == 1


def test_a_batch_that_was_not_made_is_made_at_the_next_attempt(server: BatchServer, store: Store) -> None:
    server.script = {("POST", "files"): [resets(), fails(503)], ("POST", "batches"): [fails(500), resets()]}
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert len(server.batches) == 1
    assert len(server.files) == 2, "requests and replies"


def test_the_list_of_batches_is_searched_page_by_page(server: BatchServer, store: Store) -> None:
    """Others make many batches after ours, whose answer got lost."""
    server.lost = 1
    others = {f"other_{n}": {"id": f"other_{n}", "status": "completed", "input_file_id": "x"} for n in range(250)}
    begin = server._begin

    def begin_and_crowd(wanted: dict[str, Any]) -> tuple[int, Any] | None:
        told = begin(wanted)
        server.batches |= others
        return told

    server._begin = begin_and_crowd  # type: ignore[method-assign]
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert server.count("POST /batches") == 1


class Killed(BaseException):
    """As far as a test can tell, SIGKILL."""


@pytest.fixture
def kill_before(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """Have the process killed before the nth of its calls to the server and writes to the store."""
    places = [(client.ChatClient, "call"), *((Store, name) for name in ("save_batch", "name_batch", "forget_batched"))]
    originals = {(owner, name): getattr(owner, name) for owner, name in [*places, (Store, "save_verdict")]}

    def begin(number: int) -> list[str]:
        calls: list[str] = []

        def watched(name: str, original: Any) -> Any:
            def step(*arguments: Any, **more: Any) -> Any:
                calls.append(name)
                if len(calls) == number:
                    raise Killed
                return original(*arguments, **more)

            return step

        for (owner, name), original in originals.items():
            monkeypatch.setattr(owner, name, watched(name, original))
        return calls

    return begin


def test_a_run_that_is_killed_at_any_step_goes_on_and_sends_nothing_twice(
    tmp_path: Path, kill_before: Callable[[int], list[str]]
) -> None:
    number, steps = 0, 1
    while number < steps:
        number += 1
        with batch_serving() as server:
            server.states = ("validating",)
            server.by_answer = {"末尾没有打分字典": grades(8.0), "第1篇": answers("我先想一想")}
            store = Store(tmp_path / f"{number}.sqlite")
            calls = kill_before(number)
            try:
                run(TEXTS[:3], server, store)
            except Killed:
                steps = number + 1
            store.close()
            kill_before(0)
            store = Store(tmp_path / f"{number}.sqlite")
            verdicts, stopped = run(TEXTS[:3], server, store)
            step = f"step {number}, before {calls[-1]}"
            assert [verdict.score for verdict in verdicts] == [6.0, 8.0, 6.0], step
            assert stopped is None, step
            sent = [line["custom_id"] for lines in server.lines() for line in lines]
            assert len(sent) == len(set(sent)) == 4, step
            assert len(server.batches) == 2, step
    assert steps == 21, (
        "5 calls and 2 notes for each of 2 batches, 2 writes for each of 3 verdicts, and a run to the end"
    )


def test_a_killed_command_started_again_collects_its_batch(
    server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.held = True
    judge, out = tmp_path / "loop.yaml", tmp_path / "v.jsonl"
    judge.write_text(f"backend: api\nbase_url: {server.url}\nmodel: m\nbatch: true\npoll_seconds: 0.05\n", "utf-8")
    answers_file = written(tmp_path / "a.jsonl", *(plain(f"a{n}", text) for n, text in enumerate(TEXTS)))
    command = ["judge", answers_file, "--judge", str(judge), "--out", str(out)]
    for how, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        seen = server.count("GET /batches")
        process = subprocess.Popen(
            [sys.executable, "-m", "odw_harness.cli", *command], stderr=subprocess.PIPE, text=True, env={**os.environ}
        )
        deadline = time.monotonic() + 60
        while server.count("GET /batches") < seen + 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(how)
        _, err = process.communicate(timeout=30)
        assert process.returncode == code, err
        assert "batch batch_1: 0 of 5 done" in err
        assert ("batch batch_1 goes on at the server; the same command collects it" in err) == (how == signal.SIGINT)
        assert "Traceback" not in err
    server.held = False
    assert main(command) == 0
    assert [json.loads(line)["score"] for line in out.read_text("utf-8").splitlines()] == [6.0] * 5
    assert (server.count("POST /batches"), server.count("POST /files")) == (1, 1)
    assert "5 of 5 answers scored (coverage 1.000); 5 judged now, 0 known; 5 requests" in " ".join(
        capsys.readouterr().err.split()
    )


def test_a_run_takes_from_an_open_batch_what_it_asks_for_and_leaves_the_rest(
    server: BatchServer, store: Store, kill_before: Callable[[int], list[str]]
) -> None:
    kill_before(5)  # the second look
    with pytest.raises(Killed):
        run(TEXTS, server, store)
    kill_before(0)
    assert scores(run(["新的一篇", *TEXTS[:2]], server, store)) == [6.0] * 3
    assert open_batches(store) == 1
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert [len(lines) for lines in server.lines()] == [5, 1]
    assert open_batches(store) == 0


def test_two_runs_that_go_on_with_one_upload_make_one_batch_of_it(
    server: BatchServer, store: Store, kill_before: Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_before(3)  # after the note of the upload
    with pytest.raises(Killed):
        run(TEXTS, server, store)
    kill_before(0)
    both_looked = threading.Barrier(2)
    find = batch_api.BatchApi._find

    async def find_together(api: batch_api.BatchApi, file: str) -> Any:
        found = await find(api, file)
        with suppress(threading.BrokenBarrierError):
            both_looked.wait(0.5)
        return found

    monkeypatch.setattr(batch_api.BatchApi, "_find", find_together)
    with ThreadPoolExecutor(2) as threads:
        parts = [threads.submit(run, texts, server, Store(store.path)) for texts in (TEXTS[:2], TEXTS[2:])]
    assert [scores(part.result()) for part in parts] == [[6.0] * 2, [6.0] * 3]
    assert len(server.batches) == 1


def test_a_batch_that_failed_is_named_with_its_first_error(
    server: BatchServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    server.ends = "failed"
    server.errors = [{"code": "invalid_json_line", "message": "line 1 is\n\x1b[31mno JSON", "line": 1}, {"code": "x"}]
    verdicts, stopped = run(TEXTS, server, store)
    assert {verdict.unscored for verdict in verdicts} == {"batch failed: line 1 is [31mno JSON"}
    assert stopped is None
    assert caplog.messages == ["batch batch_1 failed: line 1 is [31mno JSON"]
    server.ends = "completed"
    assert scores(run(TEXTS, server, store)) == [6.0] * 5


def test_an_empty_account_ends_the_judging_and_the_next_run_asks_again(server: BatchServer, store: Store) -> None:
    server.ends = "failed"
    server.errors = [{"code": "insufficient_quota", "message": "pay first"}]
    verdicts, stopped = run(TEXTS, server, store)
    assert str(stopped).endswith("batch failed: pay first")
    assert {verdict.unscored for verdict in verdicts} == {f"judging stopped: {stopped}"}
    server.ends = "completed"
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert len(server.batches) == 2


def test_what_no_batch_can_pass_stops_the_run_with_one_line(server: BatchServer, store: Store) -> None:
    for call, action, reason in (
        ("files", fails(401, "bad key"), "the key is refused: HTTP 401: bad key"),
        ("files", fails(404, "no files"), "unknown model or address: HTTP 404: no files"),
        ("batches", fails(400, "no batches for this model"), "bad request: HTTP 400: no batches for this model"),
        (
            "batches",
            fails(429, {"code": "insufficient_quota", "message": "pay"}),
            "the account is empty: HTTP 429: pay",
        ),
    ):
        server.script = {("POST", call): [action]}
        verdicts, stopped = run(TEXTS, server, store)
        assert str(stopped).startswith(f"judge loop: {server.url}: {reason}")
        assert {verdict.score for verdict in verdicts} == {None}
    assert server.batches == {}
    assert open_batches(store) == 0
    assert scores(run(TEXTS, server, store)) == [6.0] * 5


def test_what_was_submitted_before_a_fault_is_collected(
    server: BatchServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_LINES", 2)
    kept = server._answer

    def once(handler: Any, path: list[str], *more: Any) -> Any:
        if path == ["files"] and len(server.batches) == 1:
            return 401, {"error": {"message": "expired key"}}
        return kept(handler, path, *more)

    monkeypatch.setattr(server, "_answer", once)
    verdicts, stopped = run(TEXTS, server, store)
    assert [verdict.score for verdict in verdicts] == [6.0, 6.0, None, None, None]
    assert str(stopped).endswith("the key is refused: HTTP 401: expired key")


def test_a_server_without_batches_is_found_out_by_the_preflight(server: BatchServer, store: Store) -> None:
    BatchJudge("loop", config(server), store).preflight()
    assert [body["max_tokens"] for body in server.chats] == [16]
    server.script = {("GET", "batches"): [fails(404, "Not Found"), *[fails(503, "later")] * client.ATTEMPTS]}
    with pytest.raises(JudgeError, match=r"no batches here \(batch: true\): .*HTTP 404: Not Found"):
        BatchJudge("loop", config(server), store).preflight()
    with pytest.raises(JudgeError, match="server error: HTTP 503: later"):
        BatchJudge("loop", config(server), store).preflight()


def test_a_server_that_is_away_for_a_while_is_waited_for(server: BatchServer, store: Store) -> None:
    server.script = {("GET", "batches"): [fails(503)] * (9 * client.ATTEMPTS), ("GET", "files"): [resets(), resets()]}
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert len(server.batches) == 1


def test_a_server_that_stays_away_stops_the_run_and_the_next_collects(
    server: BatchServer, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    server.script = {("GET", "batches"): [fails(503, "away")] * (10 * client.ATTEMPTS)}
    _, stopped = run(TEXTS, server, store)
    assert str(stopped).endswith("server error: HTTP 503: away")
    assert "batch batch_1 goes on at the server; the same command collects it" in capsys.readouterr().err
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert len(server.batches) == 1


def test_a_batch_that_the_server_knows_no_more_is_asked_again_by_the_next_run(
    server: BatchServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = {("GET", "batches"): [fails(404, "no such batch")]}
    verdicts, _ = run(TEXTS, server, store)
    assert {verdict.unscored for verdict in verdicts} == {"batch lost: HTTP 404: no such batch"}
    server.script = {("GET", "files"): [fails(404, "no such file")]}
    verdicts, _ = run(TEXTS, server, store)
    assert {verdict.unscored for verdict in verdicts} == {"batch completed: nothing came back for this request"}
    assert caplog.messages[1].endswith("HTTP 404: no such file")
    assert scores(run(TEXTS, server, store)) == [6.0] * 5


def test_lines_that_say_nothing_or_nonsense(server: BatchServer, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_api, "_LONGEST_LINE", 20_000)
    server.by_answer = {
        "第0篇": lambda body: {"response": {"status_code": 200, "body": {"choices": []}}, "error": None},
        "第1篇": lambda body: {"response": {"status_code": "x", "body": None}, "error": 7},
        "第2篇": answers("长" * 30_000),
        "第3篇": lambda body: {"response": {"status_code": 200, "body": None}, "error": None},
    }
    stranger = {"custom_id": "0" * 64, "response": {"status_code": 200, "body": completion("?")}}
    server.extra = [
        *(b"{", b"\xff\xfe", b"", b"null", b"[1]", b'{"custom_id": ["a"]}', b'{"custom_id": 7}', b"[" * 9000),
        json.dumps(stranger).encode(),
    ]
    verdicts, stopped = run(TEXTS, server, store)
    assert [verdict.unscored for verdict in verdicts] == [
        'no chat completion: {"choices": []}',
        "server error: HTTP 500: null",
        "batch completed: nothing came back for this request",
        "no chat completion: null",
        None,
    ]
    assert stopped is None


def test_of_two_lines_for_one_request_the_first_counts(server: BatchServer, store: Store) -> None:
    run(["第0篇"], server, store, seed=1)
    ((line,),) = server.lines()
    other = {"custom_id": line["custom_id"], **grades(3.0)(line["body"])}
    server.extra = [json.dumps(other).encode()] * 2  # lines come last first
    store._db.execute("DELETE FROM verdicts")
    assert scores(run(["第0篇"], server, store, seed=1)) == [6.0]


def test_a_file_without_end_is_given_up(
    server: BatchServer, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "LARGEST_FILE", 1 << 20)
    server.extra = [b" " * (2 << 20)]
    verdicts, _ = run(TEXTS, server, store)
    assert {verdict.unscored for verdict in verdicts} == {"batch completed: nothing came back for this request"}
    assert "file too large: over 1 MiB" in caplog.text


def test_a_key_reaches_no_verdict_store_or_log(
    server: BatchServer, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOOP_KEY", KEY)
    server.by_answer = {"第0篇": answers(f"your key is {KEY}"), "第1篇": refuses(500, KEY), "第2篇": errs(KEY, KEY)}
    verdicts, _ = run(TEXTS, server, store, api_key_env="LOOP_KEY")
    assert verdicts[0].earlier == ("your key is ***",)
    server.ends, server.errors = "failed", [{"code": KEY, "message": KEY}]
    verdicts += run(["又一篇"], server, store, api_key_env="LOOP_KEY")[0]
    server.script = {("POST", "files"): [fails(401, KEY)]}
    _, stopped = run(["再一篇"], server, store, api_key_env="LOOP_KEY")
    said = "".join(verdict.model_dump_json() for verdict in verdicts) + str(stopped) + caplog.text
    assert KEY not in said
    assert "***" in str(stopped)
    store.close()
    assert KEY.encode() not in store.path.read_bytes()


def test_a_budget_of_requests_counts_when_they_are_submitted(server: BatchServer, store: Store) -> None:
    verdicts, stopped = run(TEXTS, server, store, Budget(most_requests=3))
    assert [verdict.score for verdict in verdicts] == [6.0, 6.0, 6.0, None, None]
    assert str(stopped).endswith("--max-requests 3 is reached")
    assert scores(run(TEXTS, server, store)) == [6.0] * 5
    assert [len(lines) for lines in server.lines()] == [3, 2]


def test_a_budget_of_money_reckons_each_request_at_the_most_it_can_cost(server: BatchServer, store: Store) -> None:
    """1000 tokens out at 1000 a million may cost 1.0; 40 do cost 0.04. What is not spent pays the second question."""
    server.by_answer = {"第1篇": answers("我先想一想")}
    budget = Budget(most_cost=2.5)
    prices = {"input": 0, "output": 1000}
    verdicts, stopped = run(TEXTS, server, store, budget, max_tokens=1000, prices=prices)
    assert [verdict.score for verdict in verdicts] == [6.0, None, None, None, None]
    assert verdicts[1].unscored == "no dictionary of scores at the end"
    assert str(stopped).endswith("--max-cost 2.5 is reached: up to 2 is spent")
    assert [len(lines) for lines in server.lines()] == [2]
    assert budget.cost == pytest.approx(0.08)


def test_progress_is_shown_in_one_line(
    server: BatchServer, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(TEXTS, server, store)
    assert "batch batch_1: 0 of 5 done" in capsys.readouterr().err
    monkeypatch.setattr(batch, "MOST_LINES", 2)
    run([f"{text}之二" for text in TEXTS], server, store)
    assert "3 batches: 0 of 5 done" in capsys.readouterr().err


def test_a_schema_and_log_probabilities_are_asked_for_in_batches_too(server: BatchServer, store: Store) -> None:
    ((verdict,), _) = run(TEXTS[:1], server, store, structured=True, expected_scores=True)
    ((line,),) = server.lines()
    assert {"response_format", "logprobs", "top_logprobs"} <= set(line["body"])
    assert (verdict.score, verdict.not_expected) == (6.0, "no log-probabilities")
