"""`odw judge` killed or stopped, and started again: no verdict is lost, and no more is paid twice than was in flight."""

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.judge.server import JudgeServer
from tests.odw_judge import (
    CONCURRENCY,
    LIMIT,
    Asked,
    errors_of,
    finish,
    score_of,
    scores,
    start,
    stored,
    wait_until,
    write_answers,
    write_judge,
)


@pytest.mark.slow
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
        assert sorted(file.name for file in tmp_path.iterdir()) == ["a.jsonl", "loop.yaml"]
        kept = set(now)
    asked.most = None
    process = start(answers, judge, out)
    finish(process)
    assert process.returncode == 0
    assert scores(out) == {number: score_of(number) for number in numbers}
    assert stored(numbers) == Counter(numbers)


def test_stopped_by_hand_it_says_one_line_and_goes_on_the_next_time(judge_server: JudgeServer, tmp_path: Path) -> None:
    numbers, answers, out = range(100), tmp_path / "a.jsonl", tmp_path / "v.jsonl"
    write_answers(answers, numbers)
    judge, asked = write_judge(tmp_path / "loop.yaml", judge_server), Asked(judge_server)
    for stops, at in enumerate((5, 30, 70), 1):
        asked.most = at + 4
        process = start(answers, judge, out)
        wait_until(lambda at=at: asked.total >= at)
        process.send_signal(signal.SIGINT)
        said = finish(process)
        assert process.returncode == 130
        assert said.splitlines()[-1] == "stopped; what was finished before is kept"
        assert asked.total <= len(stored(numbers)) + stops * CONCURRENCY
        assert not out.exists()
    asked.most = None
    process = start(answers, judge, out)
    finish(process)
    assert process.returncode == 0
    assert scores(out) == {number: score_of(number) for number in numbers}


def test_who_waits_for_another_run_can_be_stopped(judge_server: JudgeServer, tmp_path: Path) -> None:
    answers, judge = write_answers(tmp_path / "a.jsonl", range(20)), write_judge(tmp_path / "l.yaml", judge_server)
    asked = Asked(judge_server)
    asked.most = 0
    first = start(answers, judge, tmp_path / "v.jsonl")
    wait_until(lambda: asked.total == CONCURRENCY)
    said = tmp_path / "said"
    with said.open("w") as target:
        second = start(answers, judge, tmp_path / "w.jsonl", stderr=target)
        wait_until(lambda: "20 by another process" in said.read_text("utf-8"))
        second.send_signal(signal.SIGINT)
        finish(second)
    assert second.returncode == 130
    asked.most = None
    finish(first)
    assert scores(tmp_path / "v.jsonl") == {number: score_of(number) for number in range(20)}
    assert asked.total == 20


def test_a_reader_who_has_seen_enough_is_no_fault(judge_server: JudgeServer, tmp_path: Path) -> None:
    numbers = range(200)
    answers, judge = write_answers(tmp_path / "a.jsonl", numbers), write_judge(tmp_path / "l.yaml", judge_server)
    asked = Asked(judge_server, seconds=0.001)
    process = start(answers, judge, "-")
    assert process.stdout is not None
    assert process.stdout.readline().startswith('{"id": 0, ')
    process.stdout.close()
    process.stdout = None
    assert errors_of(finish(process)) == []
    assert process.returncode == 1
    assert asked.total <= len(stored(numbers)) + CONCURRENCY


def test_without_standard_error_the_verdicts_are_written_all_the_same(
    judge_server: JudgeServer, tmp_path: Path
) -> None:
    answers, judge = write_answers(tmp_path / "a.jsonl", range(3)), write_judge(tmp_path / "l.yaml", judge_server)
    Asked(judge_server)
    process = start(answers, judge, "-", stderr=None, preexec_fn=lambda: os.close(2))
    written, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0
    assert [json.loads(line)["score"] for line in written.splitlines()] == [score_of(number) for number in range(3)]
