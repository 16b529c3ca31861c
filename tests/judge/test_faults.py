"""A run against a server that does all that servers do wrong, in random order: it ends, in bounds, with the right reasons."""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.grading import Grading
from odw_harness.judge import Request, client
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import ApiConfig
from odw_harness.questions import load_questions
from odw_harness.reply import kind_of
from odw_harness.rubric import ODWEVAL
from odw_harness.store import Store
from odw_harness.verdict import Verdict
from tests.judge.server import MODEL, Action, JudgeServer, fails, grades, hangs, resets, says
from tests.odw_judge import Asked, number_of, score_of, text_of

ANSWERS = 200
TIMEOUT = 1.0
"""Seconds that the judge waits for a reply. A slow machine may take as long for a good one: that is one fault more."""
MOST_FAULTS = 3
"""That pass, for one question to the judge. Of client.ATTEMPTS that leaves two to spare."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"


def cut_off(handler: Any, body: Any) -> None:
    handler.wfile.write(HEAD + b'{"choices": []')
    handler.close_connection = True


PASSING: dict[str, Action] = {
    "rate limit": fails(429, "slow down"),
    "rate limit, with Retry-After": fails(429, "slow down", Retry_After="0.05"),
    "500": fails(500, b"<html>Internal Server Error</html>"),
    "502": fails(502, b"<html>Bad Gateway</html>"),
    "503": fails(503, ""),
    "reset before the body": resets(),
    "reset in the head": resets(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "reset in the body": resets(HEAD + b'{"choices": [{"message": {"con'),
    "closed in the body": cut_off,
    "hangs": hangs(TIMEOUT * 1.5),
    "nothing": fails(200, b""),
    "HTML with 200": fails(200, b"<!DOCTYPE html><title>login</title>"),
    "JSON without end": fails(200, b'{"choices": [{"message": {"con'),
}
ONCE_MORE: dict[str, Action] = {
    "empty reply": says(""),
    "no dictionary of scores at the end": says("我不能评价"),
    "outside 1 to 10": grades(11.0),
    "missing dimension": says("{'文种与格式规范': 6}"),
}
"""Replies without scores: the judge is asked once more, and unscored if it does so again. By the reason's kind."""
LASTING: dict[str, Action] = {
    "cut reply": says("评价到一半", "length"),
    "content filter": says("", "content_filter"),
    "refused": says({"role": "assistant", "content": None, "refusal": "I can't"}),
    "bad request": fails(400, {"message": "inspection", "code": "data_inspection_failed"}),
}
"""Faults of an answer itself: unscored at once. By the reason's kind."""


class Plan:
    """What the server does about each answer, request by request; expected: its score, or the kind of its reason."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.actions: list[list[Action]] = []
        self.expected: list[float | str] = []
        self.asked: Counter[int] = Counter()
        for number in range(ANSWERS):
            end, expected = grades(score_of(number)), score_of(number)
            actions = self._passing(chance)
            fate = chance.random()
            if fate < 0.1:
                expected, end = chance.choice(list(LASTING.items()))
            elif fate < 0.3:
                actions += [chance.choice(list(ONCE_MORE.values())), *self._passing(chance)]
                if fate < 0.2:
                    expected, end = chance.choice(list(ONCE_MORE.items()))
            self.actions.append([*actions, end])
            self.expected.append(expected)

    @staticmethod
    def _passing(chance: random.Random) -> list[Action]:
        return chance.choices(list(PASSING.values()), k=chance.randint(0, MOST_FAULTS))

    def __call__(self, handler: Any, body: dict[str, Any]) -> None:
        """Do what is next, and at the end of the plan its last again."""
        number = number_of(body)
        assert number is not None
        actions = self.actions[number]
        action = actions[min(self.asked[number], len(actions) - 1)]
        self.asked[number] += 1
        action(handler, body)


def outcome(verdict: Verdict) -> float | str:
    return kind_of(str(verdict.unscored)) if verdict.score is None else verdict.score


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_comes_through_all_faults(
    judge_server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())
    plan, store, questions = Plan(seed), Store(tmp_path / "s.sqlite"), load_questions()
    planned = [action for actions in plan.actions for action in actions]
    assert all(action in planned for faults in (PASSING, ONCE_MORE, LASTING) for action in faults.values())
    config = {"backend": "api", "base_url": judge_server.url, "model": MODEL, "timeout": TIMEOUT, "concurrency": 16}
    requests = [Request(questions[number % 19], text_of(number), ODWEVAL) for number in range(ANSWERS)]

    def run() -> list[Verdict]:
        grading = Grading(requests, ApiJudge("loop", ApiConfig.model_validate(config)), store)
        verdicts = [graded.verdict for graded in grading]
        assert grading.stopped is None
        return verdicts

    judge_server.always = plan
    start = time.monotonic()
    first = run()
    assert time.monotonic() - start < 100
    assert [outcome(verdict) for verdict in first] == plan.expected
    spent = sum(verdict.usage["requests"] for verdict in first)
    assert len(planned) <= plan.asked.total() <= spent <= ANSWERS * 2 * client.ATTEMPTS
    assert all(plan.asked[number] >= len(actions) for number, actions in enumerate(plan.actions))
    assert store.counts()["verdicts"] == ANSWERS

    healed = Asked(judge_server, seconds=0.0)
    assert [verdict.score for verdict in run()] == [score_of(number) for number in range(ANSWERS)]
    assert set(healed.times) == {number for number, verdict in enumerate(first) if verdict.score is None}
    assert max(healed.times.values()) <= client.ATTEMPTS
    assert store.counts()["verdicts"] == ANSWERS
