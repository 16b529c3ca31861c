"""`odw judge` killed and started again: no verdict is lost, and no more is paid twice than was in flight."""

import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.judge.server import JudgeServer
from tests.odw_judge import (
    CONCURRENCY,
    Asked,
    finish,
    score_of,
    scores,
    start,
    stored,
    wait_until,
    write_answers,
    write_judge,
)

pytestmark = pytest.mark.slow


def test_killed_at_twenty_moments_and_started_again_each_time(judge_server: JudgeServer, tmp_path: Path) -> None:
    """A kill comes up to 31 requests and 30 ms into a run: in the pre-flight, between requests, while verdicts are kept."""
    numbers, answers, out = range(500), tmp_path / "a.jsonl", tmp_path / "v.jsonl"
    write_answers(answers, numbers)
    judge, asked, chance = write_judge(tmp_path / "loop.yaml", judge_server), Asked(judge_server), random.Random(20)
    kept: set[int] = set()
    for kills in range(1, 21):
        before, at, preflights = Counter(asked.times), asked.total + chance.randrange(32), asked.preflights
        asked.most = at + 8  # so that answers are left for the next run however late the signal comes
        process = start(answers, judge, out)
        wait_until(lambda at=at, n=preflights: asked.preflights > n and asked.total >= at)
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        finish(process)
        assert process.returncode == -signal.SIGKILL
        now = stored(numbers)
        assert set(now.values()) <= {1}
        assert kept <= set(now), "a verdict is lost"
        assert not [number for number in kept if asked.times[number] > before[number]], "one is judged twice"
        assert asked.total <= len(now) + kills * CONCURRENCY, "more than what was in flight is paid for in vain"
        assert not out.exists()
        kept = set(now)
    asked.most = None
    process = start(answers, judge, out)
    finish(process)
    assert process.returncode == 0
    assert scores(out) == {number: score_of(number) for number in numbers}
    assert stored(numbers) == Counter(numbers)
