"""A run against a server that does everything wrong that real ones do, each a counted number of times."""

import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.grading import Graded, Grading
from odw_harness.judge import Request, client
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import ApiConfig
from odw_harness.questions import Question
from odw_harness.reply import kind_of
from odw_harness.rubric import ODWEVAL
from odw_harness.store import Store
from tests.judge.server import MODEL, Action, JudgeServer, fails, grades, hangs, resets, says, send

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
ANSWERS = 200
HUNG = 6
"""Answers whose first request is never answered: each costs the judge's time-out."""


def resets_in_the_body(handler: Any, body: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.wfile.flush()
    resets()(handler, body)


def raw(content: bytes) -> Action:
    return lambda handler, body: send(handler, 200, content, Content_Type="text/html")


PASS: dict[str, Action] = {
    "429": fails(429, "slow down"),
    "429 with Retry-After": fails(429, "slow down", Retry_After="0.05"),
    "500": fails(500, "oops"),
    "502 in HTML": fails(502, b"<html>Bad Gateway</html>"),
    "503": fails(503, "overloaded"),
    "reset": resets(),
    "reset in the body": resets_in_the_body,
    "HTML": raw(b"<html>please log in</html>"),
    "JSON cut short": raw(b'{"choices": [{"message": {"content": "'),
    "no choices": raw(b'{"choices": []}'),
}
"""What is gone at the next attempt."""
UNREADABLE: dict[str, tuple[Action, str]] = {
    "empty": (says(""), "empty reply"),
    "without scores": (says("格式规范，内容完整。"), "no dictionary of scores at the end"),
    "out of range": (grades(11.0), "outside 1 to 10"),
    "a dimension short": (says("{'文种与格式规范': 8}"), "missing dimension"),
}
"""What is asked about once more."""
LAST: dict[str, tuple[Action, str]] = {
    "cut at length": (says("格式规范，", "length"), "cut reply"),
    "content filter": (says("", "content_filter"), "content filter"),
    "refusal": (says({"role": "assistant", "content": None, "refusal": "我不能评价"}), "refused"),
    "too long": (fails(400, "maximum context length exceeded"), "bad request"),
}
"""What no second request mends."""


class Plan:
    """What each answer's requests meet, in their order, and what must come of it. After that it is graded."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.actions: dict[int, list[Action]] = {}
        self.expected: dict[int, str | None] = {}
        self.requests = 0
        self.seen: Counter[str] = Counter()
        for number in range(ANSWERS):
            passing = chance.choices(list(PASS), k=chance.randrange(4))  # of six attempts
            actions = [PASS[name] for name in passing]
            if number < HUNG:
                passing, actions = ["hang"], [hangs(3)]
            fate = "" if number < HUNG else chance.choice(["", "", "unreadable", "unreadable twice", "last"])
            reason = None
            if fate.startswith("unreadable"):
                name = chance.choice(list(UNREADABLE))
                actions.append(UNREADABLE[name][0])
                if fate.endswith("twice"):
                    actions.append(UNREADABLE[name][0])
                    reason = UNREADABLE[name][1]
                passing.append(name)
            elif fate == "last":
                name = chance.choice(list(LAST))
                actions.append(LAST[name][0])
                reason = LAST[name][1]
                passing.append(name)
            self.actions[number], self.expected[number] = actions, reason
            self.requests += len(actions) + (reason is None)
            self.seen.update(passing)

    def act(self, handler: Any, body: dict[str, Any]) -> None:
        number = re.search(r"开始\]\n第(\d+)篇", body["messages"][0]["content"])
        assert number is not None
        left = self.actions[int(number[1])]
        (left.pop(0) if left else grades(7.0))(handler, body)


def run(judge: ApiJudge, store: Store) -> list[Graded]:
    requests = [Request(QUESTION, f"第{number}篇", ODWEVAL) for number in range(ANSWERS)]
    grading = Grading(requests, judge, store)
    graded = list(grading)
    assert grading.stopped is None
    return graded


@pytest.mark.parametrize("at_once", [24, "auto"])
def test_everything_that_can_pass_does_and_the_rest_has_its_reason(
    judge_server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: Any
) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())
    plan, store = Plan(seed=4), Store(tmp_path / "s.sqlite")
    assert set(plan.seen) == {*PASS, *UNREADABLE, *LAST, "hang"}
    judge_server.always = plan.act
    config = {"backend": "api", "base_url": judge_server.url, "model": MODEL, "timeout": 1, "concurrency": at_once}
    judge = ApiJudge("loop", ApiConfig.model_validate(config))
    began = time.monotonic()
    graded = run(judge, store)
    assert time.monotonic() - began < 60
    reasons = {number: each.verdict.unscored for number, each in enumerate(graded)}
    assert {number: reason and kind_of(reason) for number, reason in reasons.items()} == plan.expected
    assert {each.verdict.score for each in graded} == {7.0, None}
    assert len(judge_server.requests) == plan.requests
    assert sum(each.verdict.usage["requests"] for each in graded) == plan.requests
    unscored = sum(reason is not None for reason in plan.expected.values())
    assert unscored > 20
    again = run(judge, store)
    assert [each.verdict.score for each in again] == [7.0] * ANSWERS
    assert len(judge_server.requests) == plan.requests + unscored
