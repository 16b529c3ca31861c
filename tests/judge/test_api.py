"""The api judge against a server that behaves and misbehaves as real ones do."""

import asyncio
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.errors import JudgeError
from odw_harness.grading import Grading
from odw_harness.judge import Request, client, load_config
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import ApiConfig
from odw_harness.judge.budget import Budget
from odw_harness.questions import Question
from odw_harness.rubric import ALIGNBENCH, ODWEVAL, Rubric
from odw_harness.store import Store
from odw_harness.verdict import Verdict
from tests.judge.server import MODEL, Action, JudgeServer, completion, fails, grades, hangs, resets, says, send

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
OTHER = Question(id="T-2", genre="新闻稿", split="ood2", prompt="写一篇消息。", reference="本报讯")
KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite")


def judge(server: JudgeServer, **fields: Any) -> ApiJudge:
    config = {"backend": "api", "base_url": server.url, "model": MODEL, **fields}
    return ApiJudge("loop", ApiConfig.model_validate(config))


def verdict_on(
    one: ApiJudge,
    text: str = "关于放假的通知",
    question: Question = QUESTION,
    rubric: Rubric = ODWEVAL,
    repeat: int = 0,
) -> Verdict:
    ((_, verdict),) = one.verdicts([Request(question, text, rubric, repeat)])
    return verdict


def requests(*texts: str) -> list[Request]:
    return [Request(QUESTION, text, ODWEVAL) for text in texts]


def run(texts: Sequence[str], one: ApiJudge, store: Store) -> tuple[list[Verdict], str | None]:
    grading = Grading(requests(*texts), one, store)
    return [graded.verdict for graded in grading], grading.stopped


def test_a_verdict_holds_dimensions_reply_tokens_and_who_served_it(judge_server: JudgeServer) -> None:
    judge_server.always = says(
        "好。{'文种与格式规范': 8, '内容完整与切题': 7, '事实一致': 6.5, '结构与逻辑': 7, '语言得体': 6.5, '平均得分': 7.4}",
        system_fingerprint="fp_1",
    )
    verdict = verdict_on(judge(judge_server))
    assert verdict.score == 7.0
    assert verdict.dimensions == {
        "文种与格式规范": 8.0,
        "内容完整与切题": 7.0,
        "事实一致": 6.5,
        "结构与逻辑": 7.0,
        "语言得体": 6.5,
    }
    assert verdict.rationale.startswith("好。{")
    assert verdict.details == {"stated_mean": 7.4, "mean_differs": 1.0}
    assert verdict.usage == {"requests": 1, "prompt_tokens": 3000, "completion_tokens": 40, "cached_tokens": 700}
    assert verdict.served_by == "judge-1 fp_1"
    assert (verdict.provenance.rubric, verdict.provenance.rubric_version) == ("odweval", "1")


def test_what_is_sent(judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOP_KEY", f" {KEY}\n")
    extra = {"thinking": {"type": "disabled"}}
    verdict_on(judge(judge_server, seed=7, max_tokens=99, api_key_env="LOOP_KEY", extra_body=extra), "答案")
    (body,), (headers,) = judge_server.requests, judge_server.headers
    assert body == {
        "model": MODEL,
        "messages": [{"role": "user", "content": ODWEVAL.prompt(QUESTION, "答案")}],
        "temperature": 0.0,
        "seed": 7,
        "max_tokens": 99,
        "thinking": {"type": "disabled"},
    }
    assert headers["Authorization"] == f"Bearer {KEY}"
    verdict_on(judge(judge_server, temperature=None, max_tokens=None))
    assert set(judge_server.requests[1]) == {"model", "messages"}
    assert "Authorization" not in judge_server.headers[1]


def test_each_rubric_and_split_has_its_own_prompt_and_provenance(judge_server: JudgeServer) -> None:
    one = judge(judge_server)
    assert next(iter(verdict_on(one, question=OTHER).dimensions or ())) == "文体规范"
    assert next(iter(verdict_on(one, question=OTHER, rubric=ALIGNBENCH).dimensions or ())) == "事实正确性"
    assert len({one.provenance(rubric, n).fingerprint for rubric in (ODWEVAL, ALIGNBENCH) for n in (0, 1)}) == 4


def test_provenance_changes_with_what_changes_verdicts_and_with_nothing_else(judge_server: JudgeServer) -> None:
    base = judge(judge_server).provenance(ODWEVAL).fingerprint
    for change in ({"temperature": 1}, {"seed": 1}, {"max_tokens": 1}, {"model": "x"}, {"extra_body": {"a": 1}}):
        assert judge(judge_server, **change).provenance(ODWEVAL).fingerprint != base
    assert judge(judge_server, base_url="http://elsewhere/v1").provenance(ODWEVAL).fingerprint != base
    assert judge(judge_server, concurrency=1, timeout=1, api_key_env="X").provenance(ODWEVAL).fingerprint == base


def test_an_empty_answer_scores_1_and_nobody_is_asked(judge_server: JudgeServer) -> None:
    verdict = verdict_on(judge(judge_server), " \n", OTHER)
    assert verdict.score == 1.0
    assert verdict.dimensions == dict.fromkeys(
        ("文体规范", "内容完整与切题", "事实一致", "结构与逻辑", "语言得体"), 1.0
    )
    assert judge_server.requests == []


def test_an_answer_longer_than_the_judge_can_read_is_unscored_and_not_cut(judge_server: JudgeServer) -> None:
    def short_sighted(handler: Any, body: Any) -> None:
        fits = len(body["messages"][0]["content"]) < 20_000
        (grades() if fits else fails(400, {"message": "context length exceeded"}))(handler, body)

    judge_server.always = short_sighted
    assert verdict_on(judge(judge_server), "短").score == 6.0
    verdict = verdict_on(judge(judge_server), "长" * 34_000)
    assert verdict.unscored == "bad request: HTTP 400: context length exceeded"
    assert "长" * 34_000 in judge_server.prompts[1]


PASSING = {
    "429": fails(429, "slow down"),
    "429 with Retry-After": fails(429, "slow down", Retry_After="0"),
    "500": fails(500, b"<html>Internal Server Error</html>"),
    "503": fails(503, ""),
    "reset": resets(),
    "closed": lambda handler, body: handler.connection.close(),
    "hangs": hangs(1.5),
    "html": fails(200, b"<!DOCTYPE html><title>login</title>"),
    "nothing": fails(200, b""),
    "cut json": fails(200, b'{"choices": [{"message": {"con'),
    "no choices": fails(200, b'{"choices": []}'),
    "null": fails(200, b"null"),
    "number": fails(200, b"7"),
    "deep": fails(200, b"[" * 100_000),
    "choices of text": fails(200, b'{"choices": ["x"]}'),
    "error in 200": fails(200, {"message": "overloaded"}),
    "wrong length": lambda handler, body: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}"),
    "no http": lambda handler, body: handler.wfile.write(b"\x00\x01\x02\r\n\r\n"),
}


@pytest.mark.parametrize("action", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_is_waited_out(judge_server: JudgeServer, action: Action) -> None:
    judge_server.script = [action, action]
    verdict = verdict_on(judge(judge_server, timeout=0.5))
    assert verdict.score == 6.0
    assert verdict.usage["requests"] == 3


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (fails(429, "slow down"), "rate limit: HTTP 429: slow down"),
        (fails(500, {"message": "boom\n\x1b[31mred"}), "server error: HTTP 500: boom [31mred"),
        (fails(503, b""), "server error: HTTP 503: without a word"),
        (fails(200, b"<html>login</html>"), "no JSON: <html>login</html>"),
        (fails(200, b'{"choices": []}'), 'no chat completion: {"choices": []}'),
        (resets(), "connection lost: "),
    ],
)
def test_a_fault_that_stays_is_a_reason_and_no_number(judge_server: JudgeServer, action: Action, reason: str) -> None:
    judge_server.always = action
    verdict = verdict_on(judge(judge_server))
    assert verdict.score is None
    assert str(verdict.unscored).startswith(reason)
    assert verdict.usage["requests"] == client.ATTEMPTS


def test_a_server_that_never_answers_is_given_up(judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    judge_server.always = hangs(2)
    assert verdict_on(judge(judge_server, timeout=0.3)).unscored == "time-out: no reply within 0.3 s"


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (
            fails(400, {"message": "context length exceeded", "code": "tokens_too_long"}),
            "bad request: HTTP 400: context",
        ),
        (fails(400, {"message": "inspection", "code": "data_inspection_failed"}), "bad request: HTTP 400: inspection"),
        (fails(413, "too large"), "bad request: HTTP 413: too large"),
        (says("评价到一半", "length"), "cut reply: the server stopped at max_tokens"),
        (says("", "content_filter"), "content filter: the server stopped with content_filter"),
        (says({"role": "assistant", "content": None, "refusal": "I can't"}), "refused: I can't"),
    ],
)
def test_a_fault_of_one_answer_is_not_tried_again(judge_server: JudgeServer, action: Action, reason: str) -> None:
    judge_server.always = action
    verdict = verdict_on(judge(judge_server))
    assert verdict.score is None
    assert str(verdict.unscored).startswith(reason)
    assert len(judge_server.requests) == 1
    Verdict.model_validate_json(verdict.model_dump_json())


@pytest.mark.parametrize(
    ("action", "reason", "note"),
    [
        (says("我不能评价"), "no dictionary of scores at the end", "末尾没有打分字典"),
        (says("{'文种与格式规范': 11}"), "outside 1 to 10: 文种与格式规范 is 11", "有分数不在1到10之间"),
        (says("\ud83d{'文种与格式规范': 1}"), "missing dimension: 内容完整与切题", "缺少维度"),
        (says("<think>想"), "cut reply: the thoughts have no end", "回复没有写完"),
    ],
)
def test_a_reply_without_scores_is_asked_once_more_with_what_was_wrong(
    judge_server: JudgeServer, action: Action, reason: str, note: str
) -> None:
    judge_server.script = [action]
    verdict = verdict_on(judge(judge_server, seed=3), repeat=2)
    assert verdict.score == 6.0
    assert len(verdict.earlier) == 1
    assert verdict.usage["requests"] == 2
    assert verdict.usage["completion_tokens"] == 80
    first, second = judge_server.requests
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert second["messages"][0] == first["messages"][0]
    assert second["messages"][1]["content"] == verdict.earlier[0]
    assert note in second["messages"][2]["content"]
    assert "文种与格式规范、内容完整与切题、事实一致、结构与逻辑、语言得体" in second["messages"][2]["content"]
    assert first["seed"] == second["seed"] == 5
    judge_server.always = action
    verdict = verdict_on(judge(judge_server))
    assert str(verdict.unscored).startswith(reason)
    assert verdict.usage["requests"] == 2
    assert len(verdict.earlier) == 1
    Verdict.model_validate_json(verdict.model_dump_json())


@pytest.mark.parametrize("content", [None, "", 7, " \n"])
def test_an_empty_reply_is_asked_again_as_it_was(judge_server: JudgeServer, content: Any) -> None:
    judge_server.script = [says(content)]
    assert verdict_on(judge(judge_server)).score == 6.0
    assert judge_server.requests[0] == judge_server.requests[1]
    judge_server.always = says({"role": "assistant"})
    verdict = verdict_on(judge(judge_server))
    assert verdict.unscored == "empty reply"
    assert verdict.usage["requests"] == 2


def test_the_second_question_may_fail_as_well(judge_server: JudgeServer) -> None:
    judge_server.script = [says("我不能评价"), fails(400, "no")]
    verdict = verdict_on(judge(judge_server))
    assert verdict.unscored == "bad request: HTTP 400: no"
    assert verdict.earlier == ("我不能评价",)
    judge_server.script = [says("我不能评价"), fails(402, "empty")]
    assert verdict_on(judge(judge_server)).unscored == "no dictionary of scores at the end"


def test_a_reply_in_parts_is_read(judge_server: JudgeServer) -> None:
    whole = "{'文种与格式规范': 8, '内容完整与切题': 8, '事实一致': 8, '结构与逻辑': 8, '语言得体': 8}"
    parts = [{"type": "text", "text": whole[:20]}, {"type": "text", "text": whole[20:]}]
    judge_server.always = says({"role": "assistant", "content": parts})
    assert verdict_on(judge(judge_server)).score == 8.0


def test_blank_lines_before_the_reply_do_no_harm(judge_server: JudgeServer) -> None:
    def slowly(handler: Any, body: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\n\n")
        time.sleep(0.1)
        handler.wfile.write(b'{"choices": [{"message": {"content": "\\u597d"}}]}')
        handler.close_connection = True

    judge_server.always = slowly
    assert verdict_on(judge(judge_server)).unscored == "no dictionary of scores at the end"


def test_usage_that_is_none_is_left_out(judge_server: JudgeServer) -> None:
    lies = {"prompt_tokens": "many", "completion_tokens": -3, "prompt_cache_hit_tokens": 5}
    judge_server.always = says("好", usage=lies, model=["x"])
    verdict = verdict_on(judge(judge_server))
    assert verdict.usage == {"requests": 2, "cached_tokens": 10}
    assert verdict.served_by == ""


HOPELESS = [
    (fails(401, "Incorrect API key"), "the key is refused: HTTP 401: Incorrect API key"),
    (fails(403, b""), "the key is refused: HTTP 403: without a word"),
    (fails(402, "Insufficient Balance"), "the account is empty: HTTP 402: Insufficient Balance"),
    (fails(429, {"message": "no quota", "code": "insufficient_quota"}), "the account is empty: HTTP 429: no quota"),
    (fails(429, {"message": "余额不足", "code": "1113"}), "the account is empty: HTTP 429: 余额不足"),
    (fails(404, "The model does not exist"), "unknown model or address: HTTP 404: The model does not exist"),
    (fails(301, b"", Location="https://elsewhere/v1"), "the server is elsewhere: HTTP 301 to https://elsewhere/v1"),
]


@pytest.mark.parametrize(("action", "reason"), HOPELESS)
def test_preflight_tells_what_is_wrong_in_one_line(judge_server: JudgeServer, action: Action, reason: str) -> None:
    judge_server.always = action
    with pytest.raises(JudgeError) as caught:
        judge(judge_server).preflight()
    assert str(caught.value).startswith(f"judge loop: {judge_server.url}: {reason}")
    assert "\n" not in str(caught.value)
    assert len(judge_server.requests) == 1


@pytest.mark.parametrize(("action", "reason"), HOPELESS)
def test_a_hopeless_fault_ends_the_judging_at_once_and_keeps_what_there_is(
    judge_server: JudgeServer, action: Action, reason: str, store: Store
) -> None:
    judge_server.by_answer = {"第2篇": action}
    answers = [f"第{number}篇" for number in range(5)]
    verdicts, stopped = run(answers, judge(judge_server, concurrency=1), store)
    assert [verdict.score for verdict in verdicts] == [6.0, 6.0, None, None, None]
    assert str(stopped).startswith(f"judge loop: {judge_server.url}: {reason}")
    assert len(judge_server.prompts) == 3
    judge_server.by_answer = {}
    assert [verdict.score for verdict in run(answers, judge(judge_server), store)[0]] == [6.0] * 5
    assert len(judge_server.prompts) == 6


def test_a_text_that_is_refused_with_403_is_one_answers_fault(judge_server: JudgeServer, store: Store) -> None:
    judge_server.by_answer = {"第1篇": fails(403, "Your input was flagged")}
    verdicts, stopped = run([f"第{number}篇" for number in range(4)], judge(judge_server), store)
    assert [verdict.score for verdict in verdicts] == [6.0, None, 6.0, 6.0]
    assert verdicts[1].unscored == "content filter: HTTP 403: Your input was flagged"
    assert stopped is None


def test_a_server_that_fails_every_answer_is_given_up(judge_server: JudgeServer, store: Store) -> None:
    judge_server.always = fails(500, "boom")
    verdicts, stopped = run([f"第{number}篇" for number in range(40)], judge(judge_server, concurrency=4), store)
    assert str(stopped).endswith("12 answers in a row got no reply; the last: server error: HTTP 500: boom")
    assert all(verdict.score is None for verdict in verdicts)
    assert len(set(judge_server.prompts)) < 20


def test_netrc_is_left_alone(judge_server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret-of-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("LOOP_KEY", KEY)
    verdict_on(judge(judge_server))
    verdict_on(judge(judge_server, api_key_env="LOOP_KEY"))
    assert [headers.get("Authorization") for headers in judge_server.headers] == [None, f"Bearer {KEY}"]


def test_a_proxy_of_the_environment_is_asked_for_other_machines(
    judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge's server plays the proxy: it gets the whole address, and the proxy's own user and password."""
    monkeypatch.setenv("http_proxy", judge_server.url.replace("http://", "http://user:pass@").removesuffix("/v1"))
    monkeypatch.delenv("no_proxy", raising=False)
    one = judge(judge_server, base_url="http://judge.example.com/v1")
    assert verdict_on(one).score == 6.0
    assert judge_server.headers[0]["Host"] == "judge.example.com"
    assert judge_server.headers[0]["Proxy-Authorization"].startswith("Basic ")


def test_an_unknown_model_names_those_there_are(judge_server: JudgeServer) -> None:
    judge_server.always = fails(404, "no such model")
    with pytest.raises(JudgeError, match=r"no such model; the server has judge-1, judge-2$"):
        judge(judge_server).preflight()
    judge_server.models = {"data": "none"}
    with pytest.raises(JudgeError, match=r"no such model$"):
        judge(judge_server).preflight()
    judge_server.always = fails(400, {"message": "Model Not Exist", "code": "invalid_request_error"})
    with pytest.raises(JudgeError, match="bad request: HTTP 400: Model Not Exist"):
        judge(judge_server).preflight()


def test_preflight_of_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    nobody = ApiJudge("loop", ApiConfig(backend="api", base_url=url, model="m"))
    with pytest.raises(JudgeError, match=rf"judge loop: {url}: can't be reached: .*; is the server running\?"):
        nobody.preflight()


def test_preflight_of_a_server_that_lies(judge_server: JudgeServer) -> None:
    """It lists the model, and answers a chat with a page."""
    judge_server.always = fails(200, b"<html>It works!</html>")
    with pytest.raises(JudgeError, match="no JSON: <html>It works!"):
        judge(judge_server).preflight()


def test_preflight_asks_for_few_tokens_and_takes_any_word(judge_server: JudgeServer) -> None:
    judge_server.always = says("", "length")
    judge(judge_server, max_tokens=4096).preflight()
    judge_server.always = says("好")
    judge(judge_server, max_tokens=5).preflight()
    judge(judge_server, max_tokens=None).preflight()
    assert [body.get("max_tokens") for body in judge_server.requests] == [16, 5, None]


def test_a_key_that_is_not_there_is_found_before_anything_is_sent(
    judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOOP_KEY", raising=False)
    for value in (None, "", "  "):
        if value is not None:
            monkeypatch.setenv("LOOP_KEY", value)
        with pytest.raises(JudgeError, match="field api_key_env: the variable LOOP_KEY is not set; put the key in it"):
            judge(judge_server, api_key_env="LOOP_KEY").preflight()
    monkeypatch.setenv("LOOP_KEY", "钥匙")
    with pytest.raises(JudgeError, match="holds more than a key") as caught:
        judge(judge_server, api_key_env="LOOP_KEY").preflight()
    assert "钥匙" not in str(caught.value)
    assert judge_server.requests == []


def test_a_key_reaches_no_error_reply_or_store(
    judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOOP_KEY", KEY)
    one = judge(judge_server, api_key_env="LOOP_KEY")
    judge_server.always = fails(401, f"bad key {KEY}")
    with pytest.raises(JudgeError, match=r"bad key \*\*\*"):
        one.preflight()
    judge_server.always = fails(301, b"", Location=f"https://elsewhere/?key={KEY}")
    with pytest.raises(JudgeError) as caught:
        one.preflight()
    assert KEY not in str(caught.value)
    spelled = json.dumps(completion("好", model="x" * 180 + KEY)).replace(KEY, "".join(f"\\u{ord(c):04x}" for c in KEY))
    judge_server.always = lambda handler, body: send(handler, 200, spelled.encode())
    assert KEY[:12] not in verdict_on(one).model_dump_json()
    judge_server.always = says(f"your key is {KEY}", model=KEY)
    judge_server.by_answer = {"第2篇": fails(500, f"boom {KEY}"), "第3篇": fails(401, f"bad key {KEY}")}
    for text in ("第1篇", "第2篇", "第3篇"):
        (verdict,), stopped = run([text], one, store)
        assert KEY not in verdict.model_dump_json() + str(stopped)
    assert KEY not in caplog.text
    store.close()
    assert KEY.encode() not in store.path.read_bytes()


def test_many_at_once_and_never_more_than_asked_for(judge_server: JudgeServer) -> None:
    together = threading.Barrier(8)

    def wait_for_the_others(handler: Any, body: Any) -> None:
        together.wait(10)
        grades()(handler, body)

    judge_server.always = wait_for_the_others
    answers = requests(*(f"第{number}篇" for number in range(24)))
    verdicts = dict(judge(judge_server, concurrency=8).verdicts(answers))
    assert sorted(verdicts) == list(range(24))
    assert judge_server.most_at_once == 8


def test_verdicts_arrive_one_by_one_and_a_stop_keeps_them(judge_server: JudgeServer, store: Store) -> None:
    judge_server.by_answer = {"第9篇": hangs(30)}
    answers = [f"第{number}篇" for number in range(10)]

    class Impatient(ApiJudge):
        def verdicts(self, requests: Any) -> Iterator[tuple[int, Verdict]]:
            for number, item in enumerate(super().verdicts(requests), 1):
                yield item
                if number == 9:
                    raise KeyboardInterrupt

    config = ApiConfig(backend="api", base_url=judge_server.url, model=MODEL)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(answers, Impatient("loop", config), store)
    assert time.monotonic() - start < 15
    judge_server.by_answer = {}
    assert [verdict.score for verdict in run(answers, judge(judge_server), store)[0]] == [6.0] * 10
    assert len(judge_server.prompts) <= 11, "what was judged is judged again"


def test_it_works_inside_a_running_loop(judge_server: JudgeServer) -> None:
    async def notebook() -> Verdict:
        return verdict_on(judge(judge_server))

    assert asyncio.run(notebook()).score == 6.0


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert verdict_on(judge(judge_server)).score == 6.0


def test_a_prompt_that_the_server_cut_is_warned_of_once(
    judge_server: JudgeServer, caplog: pytest.LogCaptureFixture
) -> None:
    usage = {"prompt_tokens": 500, "completion_tokens": 40}
    judge_server.always = says("好", usage=usage)
    list(judge(judge_server).verdicts(requests(*(f"第{number}篇" for number in range(3)))))
    assert caplog.text.count("read 500 tokens of a prompt with") == 1
    judge_server.always = says("好", usage={"prompt_tokens": 3000})
    caplog.clear()
    verdict_on(judge(judge_server))
    assert not caplog.text


def test_a_body_without_end_is_given_up(judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_LARGEST_BODY", 1 << 20)
    judge_server.always = lambda handler, body: send(handler, 200, b" " * (2 << 20))
    assert verdict_on(judge(judge_server)).unscored == "reply too large: over 1 MiB"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("base_url: ftp://x/v1", "field base_url: must be a URL such as"),
        ("base_url: localhost:8000", "field base_url: must be a URL such as"),
        ("base_url: http://user:pass@x/v1", "field base_url: must hold no user, password or query"),
        ("base_url: http://x/v1?key=1", "field base_url: must hold no user, password or query"),
        ("base_url: http://x/v1/chat/completions", "field base_url: must end before /chat/completions"),
        ("api_key: sk-123", "field api_key: a key must not stand in a file; name its variable in api_key_env"),
        ("api_key_env: sk-123-456", "field api_key_env: must be the name of an environment variable, not a key"),
        ("temprature: 0", "field temprature: is no field of this judge"),
        ("temperature: hot", "field temperature: "),
        ("temperature: 3", "field temperature: "),
        ("concurrency: 0", "field concurrency: must be a whole number from 1 to 1024, or auto"),
        ("timeout: 0", "field timeout: "),
        ("max_tokens: 0", "field max_tokens: "),
        ("extra_body: {messages: []}", "field extra_body: messages is set by the judge"),
        ("extra_body: {api_key: sk-123}", "field extra_body: api_key must not stand in a file"),
        ("extra_body: {headers: {x-api-key: abc}}", "field extra_body: x-api-key must not stand in a file"),
        ("extra_body: {a: [sk-123456789]}", "field extra_body: holds what looks like a key"),
        ("extra_body: {a: 2024-01-01}", "field extra_body: may hold texts, numbers, lists and fields"),
        ("extra_body: {a: .nan}", "field extra_body: may hold texts, numbers, lists and fields"),
        ("extra_body: &a {x: *a}", "field extra_body: may hold texts, numbers, lists and fields"),
        ("seed: 2024-13-45", "not YAML: month must be in 1..12"),
        ("concurrency: many", "field concurrency: must be a whole number from 1 to 1024, or auto"),
        ("extra_body: [1]", "field extra_body: "),
        ("model: null", "field model: "),
    ],
)
def test_a_wrong_judge_file_is_named_with_its_field(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    base = {"backend: api", "base_url: http://x/v1", "model: m"}
    lines = [line for line in sorted(base) if line.partition(":")[0] != content.partition(":")[0]]
    path.write_text("\n".join([*lines, content]), encoding="utf-8")
    with pytest.raises(JudgeError) as caught:
        load_config(str(path))
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "sk-123" not in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_the_environment_is_as_it_was() -> None:
    assert "LOOP_KEY" not in os.environ


def test_repeats_are_sent_with_seeds_of_their_own(judge_server: JudgeServer) -> None:
    plain, seeded = judge(judge_server), judge(judge_server, seed=10)
    for one in (plain, seeded):
        for repeat in range(3):
            verdict_on(one, repeat=repeat)
    assert [body.get("seed") for body in judge_server.requests] == [None, None, None, 10, 11, 12]


def test_a_budget_of_requests_stops_and_a_second_run_goes_on(judge_server: JudgeServer, store: Store) -> None:
    answers = [f"第{number}篇" for number in range(10)]
    one = judge(judge_server, concurrency=3)
    one.budget = Budget(most_requests=4)
    verdicts, stopped = run(answers, one, store)
    assert sum(verdict.score is not None for verdict in verdicts) == 4
    assert str(stopped).endswith("--max-requests 4 is reached")
    assert len(judge_server.requests) == 4
    assert [verdict.score for verdict in run(answers, judge(judge_server), store)[0]] == [6.0] * 10
    assert len(judge_server.requests) == 10


def test_a_budget_of_money(judge_server: JudgeServer, store: Store) -> None:
    """A reply costs (2300 × 2 + 700 × 1 + 40 × 10) / 10⁶ = 0.0057."""
    prices = {"input": 2, "cached_input": 1, "output": 10}
    one = judge(judge_server, concurrency=1, prices=prices)
    one.budget = Budget(most_cost=0.0115)
    verdicts, stopped = run([f"第{number}篇" for number in range(5)], one, store)
    assert [verdict.score for verdict in verdicts] == [6.0, 6.0, None, None, None]
    assert one.budget.cost == pytest.approx(2 * 0.0057)
    assert str(stopped).endswith("--max-cost 0.0115 is reached: 0.0114 is spent")


def test_a_budget_of_money_holds_whatever_is_asked_at_once(judge_server: JudgeServer, store: Store) -> None:
    one = judge(judge_server, concurrency=16, prices={"input": 2, "cached_input": 1, "output": 10})
    one.budget = Budget(most_cost=0.03)
    verdicts, _ = run([f"第{number}篇" for number in range(40)], one, store)
    assert sum(verdict.score is not None for verdict in verdicts) == len(judge_server.requests) == 5
    assert one.budget.cost == pytest.approx(5 * 0.0057)


def test_what_is_under_way_when_the_judging_ends_is_kept(judge_server: JudgeServer, store: Store) -> None:
    def slowly(handler: Any, body: Any) -> None:
        time.sleep(0.5)
        grades()(handler, body)

    judge_server.by_answer = {"第1篇": slowly, "第2篇": fails(401, "no")}
    verdicts, stopped = run([f"第{number}篇" for number in (1, 2, 3, 4)], judge(judge_server, concurrency=2), store)
    assert verdicts[0].score == 6.0
    assert "the key is refused" in str(stopped)
    assert len(judge_server.requests) == 2


def test_retry_after_holds_back_everybody(judge_server: JudgeServer) -> None:
    judge_server.script = [fails(429, "slow down", Retry_After="1")]
    start = time.monotonic()
    times: list[float] = []

    def timed(handler: Any, body: Any) -> None:
        times.append(time.monotonic() - start)
        grades()(handler, body)

    judge_server.always = timed
    list(judge(judge_server, concurrency=1).verdicts(requests("第1篇", "第2篇")))
    assert min(times) >= 1.0


@pytest.mark.parametrize("moment", [1, 2, 7, 20])
def test_ctrl_c_is_raised_after_a_step_wherever_the_loop_is(
    judge_server: JudgeServer, store: Store, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Within a lock too: raised there it would leave it locked, and what waits for it would wait for ever."""
    times = 0
    acquire = asyncio.Lock.acquire

    async def interrupted(self: asyncio.Lock) -> Any:
        nonlocal times
        got = await acquire(self)
        times += 1
        if times == moment:
            os.kill(os.getpid(), signal.SIGINT)
        return got

    monkeypatch.setattr(asyncio.Lock, "acquire", interrupted)
    grading = Grading(requests(*(f"第{n}篇" for n in range(40))), judge(judge_server, concurrency=4), store)
    with pytest.raises(KeyboardInterrupt):
        list(grading)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert len(judge_server.requests) < 30
