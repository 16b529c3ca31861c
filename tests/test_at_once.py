"""Several `odw judge` on one store at once: no answer is paid for twice, none waits for ever, the store stays whole."""

import os
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.judge.server import JudgeServer, fails, says
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


@pytest.fixture
def asked(judge_server: JudgeServer) -> Asked:
    return Asked(judge_server)


@pytest.fixture
def judge(judge_server: JudgeServer, tmp_path: Path) -> Path:
    return write_judge(tmp_path / "loop.yaml", judge_server)


def run_at_once(judge: Path, folder: Path, *orders: Sequence[int]) -> list[dict[int, float | None]]:
    """A process for each order of answers, all at once; the scores that each gave."""
    processes = []
    for who, order in enumerate(orders):
        answers = write_answers(folder / f"a{who}.jsonl", order)
        processes.append(start(answers, judge, folder / f"v{who}.jsonl"))
    for process in processes:
        said = finish(process)
        assert process.returncode == 0, said
    return [scores(folder / f"v{who}.jsonl") for who in range(len(orders))]


@pytest.mark.parametrize("processes", [2, 3])
def test_the_same_answers_are_asked_about_once(judge: Path, asked: Asked, tmp_path: Path, processes: int) -> None:
    """They make the store at once as well: there is none."""
    numbers = range(200)
    given = run_at_once(judge, tmp_path, *[numbers] * processes)
    assert given == [{number: score_of(number) for number in numbers}] * processes
    assert asked.times == Counter(numbers)
    assert stored(numbers) == Counter(numbers)


def test_answers_that_overlap_in_different_order_are_asked_about_once(
    judge: Path, asked: Asked, tmp_path: Path
) -> None:
    numbers, chance = range(300), random.Random(3)
    orders = [chance.sample(range(200), 200), chance.sample(range(100, 300), 200), list(range(299, 0, -2))]
    given = run_at_once(judge, tmp_path, *orders)
    assert given == [{number: score_of(number) for number in order} for order in orders]
    assert [list(scores) for scores in given] == orders
    assert asked.times == Counter(numbers)


def test_answers_that_can_t_be_scored_keep_nobody_waiting(judge: Path, asked: Asked, tmp_path: Path) -> None:
    """Each run has some that it could not get a score for, and waits for others that the other has: both come to an end."""
    numbers = range(200)
    asked.special = dict.fromkeys(range(0, 200, 10), fails(400, "no")) | {5: says("", "content_filter")}
    given = run_at_once(judge, tmp_path, numbers, numbers)
    assert given == [{n: None if n in asked.special else score_of(n) for n in numbers}] * 2
    assert Counter({n: times for n, times in asked.times.items() if n not in asked.special}) == Counter(
        set(numbers) - set(asked.special)
    )
    assert max(asked.times.values()) <= 2, "a run asks for what another failed on, once"


def test_the_other_takes_over_what_a_killed_one_was_judging(judge: Path, asked: Asked, tmp_path: Path) -> None:
    numbers, answers, out = range(200), tmp_path / "a.jsonl", tmp_path / "v.jsonl"
    write_answers(answers, numbers)
    asked.most = 40
    first = start(answers, judge, tmp_path / "w.jsonl")
    wait_until(lambda: asked.total == 40 + CONCURRENCY)
    second = start(answers, judge, out)
    wait_until(lambda: asked.total == 40 + 2 * CONCURRENCY)
    first.kill()
    finish(first)
    asked.most = None
    finish(second)
    assert second.returncode == 0
    assert scores(out) == {number: score_of(number) for number in numbers}
    assert set(asked.times) == set(numbers)
    assert asked.total == 200 + CONCURRENCY
    assert not list(Path(os.environ["ODW_STORE"]).parent.glob("*.run"))
