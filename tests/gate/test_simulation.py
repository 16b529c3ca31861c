"""Many gates on scores as judges give them: how often the rule fails what did not change, and what fell by 0.5."""

import re
from pathlib import Path

import numpy as np
import pytest

from odw_harness.gate import rule
from odw_harness.gate.rule import fails, shared
from odw_harness.stats.intervals import Floats
from tests.gate.support import gate
from tests.made import QUESTIONS, Score, write_run

GATES, ASKED, ALLOWED = 10_000, 21, 0.3
FIGURES = 3
"""Score, rules and fact_recall share the gate's confidence, as they do unless asked otherwise."""
TABLE = re.findall(r"^ +([\d.]+) +(\d) +([\d.]+) % +(\d+) %$", rule.__doc__ or "", re.MULTILINE)
"""The docstring's: sd of a difference with an answer each, answers, per cent that fail unchanged, and with a drop of 0.5."""


def scores(mean: Floats, sd: float, answers: int, random: np.random.Generator) -> Floats:
    """Questions' scores: means of answers, each a mean of five whole marks from 1 to 10, so a multiple of 0.2."""
    drawn = mean[..., None] + random.normal(0, sd / np.sqrt(2), (GATES, ASKED, answers))
    return np.asarray(np.clip(np.round(drawn * 5) / 5, 1, 10).mean(-1))


def share_that_fails(drop: float, sd: float, answers: int, uneven: float = 0.0, allowed: float = ALLOWED) -> float:
    random = np.random.default_rng(6)
    questions = random.uniform(5, 7.5, (1, ASKED))
    fallen = questions - drop - uneven * random.normal(0, 1, (GATES, ASKED))
    drops = scores(questions, sd, answers, random) - scores(fallen, sd, answers, random)
    return float(fails(drops, allowed, shared(0.95, FIGURES)).mean())


def test_the_table_of_the_docstring_is_what_comes_out() -> None:
    assert len(TABLE) == 4
    for sd, answers, unchanged, fallen in TABLE:
        assert share_that_fails(0.0, float(sd), int(answers)) == pytest.approx(float(unchanged) / 100, abs=0.004)
        assert share_that_fails(0.5, float(sd), int(answers)) == pytest.approx(float(fallen) / 100, abs=0.012)


def test_no_change_fails_at_the_stated_rate_or_less_and_a_drop_of_half_a_point_4_times_in_5() -> None:
    for sd, answers in ((0.75, 2), (1.0, 3)):
        assert share_that_fails(0.0, sd, answers) <= 0.05
        assert share_that_fails(0.5, sd, answers) >= 0.8
        assert share_that_fails(0.5, sd, answers, uneven=0.3) >= 0.8, "questions need not fall alike"


def test_with_nothing_allowed_the_confidence_alone_keeps_the_rate() -> None:
    of_one = share_that_fails(0.0, 0.75, 1, allowed=0.0)
    assert of_one == pytest.approx(0.05 / FIGURES, abs=0.005), "the bound is what keeps it, neither more nor less"


def test_all_figures_together_keep_the_rate() -> None:
    """Rules and facts are shares of few, mostly equal on both sides: far from normal."""
    random = np.random.default_rng(7)
    failed = np.zeros(GATES, bool)
    for of, chance in ((12, 0.85), (8, 0.6)):
        sides = random.binomial(of, chance, (2, GATES, ASKED)) / of
        moved = random.random((GATES, ASKED)) < 0.3
        failed |= fails(np.where(moved, sides[0] - sides[1], 0.0), 0.0, shared(0.95, FIGURES))
    questions = random.uniform(5, 7.5, (1, ASKED))
    drops = scores(questions, 1.0, 1, random) - scores(questions, 1.0, 1, random)
    failed |= fails(drops, 0.0, shared(0.95, FIGURES))
    assert 0.02 < failed.mean() <= 0.052


def whole_marks(drop: float, answers: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Drops of one dimension, a whole mark an answer: those of the 19 questions, and of the two outside the domain, which
    spread 1.2 times as far, as on ODWEval in the paper, and fall by `drop`."""
    sides = []
    questions = random.uniform(5, 7.5, ASKED)
    for fall in (0.0, drop):
        spread = np.where(np.arange(ASKED) < 19, 0.9, 1.08) / np.sqrt(2)
        mean = questions - np.where(np.arange(ASKED) < 19, 0.0, fall)
        drawn = mean[:, None] + spread[:, None] * random.normal(0, 1, (GATES, ASKED, answers))
        sides.append(np.clip(np.round(drawn), 1, 10).mean(-1))
    drops = sides[0] - sides[1]
    return drops[:, :19], drops[:, 19:]


@pytest.mark.parametrize("answers", [1, 3])
def test_every_dimension_in_every_split_keeps_the_rate(answers: int) -> None:
    """Two questions often differ alike by chance, whole marks most of all: that is no sign of a small spread."""
    random = np.random.default_rng(10)
    failed = np.zeros(GATES, bool)
    confidence = shared(0.95, 10)
    for _ in range(5):
        inside, outside = whole_marks(0.0, answers, random)
        failed |= fails(inside, ALLOWED, confidence, outside) | fails(outside, ALLOWED, confidence, inside)
    assert 0.01 < failed.mean() <= 0.05


@pytest.mark.parametrize(("answers", "drop"), [(1, 3.0), (3, 2.0)])
def test_two_questions_alone_keep_the_rate_and_see_a_collapse(answers: int, drop: float) -> None:
    random = np.random.default_rng(11)
    inside, outside = whole_marks(0.0, answers, random)
    assert 0.01 < fails(outside, ALLOWED, 0.95, inside).mean() <= 0.05
    inside, outside = whole_marks(drop, answers, random)
    assert fails(outside, ALLOWED, 0.95, inside).mean() > 0.8


def test_the_command_itself_keeps_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten candidates like their baseline and ten that are 0.5 below it, two answers a question, differences of sd 0.75."""
    random = np.random.default_rng(8)

    def drawn(drop: float) -> dict[str, list[list[Score]]]:
        level = np.random.default_rng(9).uniform(5, 7.5, len(QUESTIONS)) - drop
        marks = level[:, None] + random.normal(0, 0.75 / np.sqrt(2), (len(QUESTIONS), 2))
        return {q.id: [[float(m)] for m in np.round(row * 5) / 5] for q, row in zip(QUESTIONS, marks, strict=True)}

    codes: dict[float, list[int]] = {0.0: [], 0.5: []}
    for drop in codes:
        for number in range(10):
            given = {"b": drawn(0.0), "c": drawn(drop)}
            for side, marks in given.items():
                write_run(tmp_path / f"{drop}{number}{side}", side, lambda question, marks=marks: marks[question.id])
            codes[drop].append(gate(capsys, tmp_path / f"{drop}{number}b", tmp_path / f"{drop}{number}c")[0])
    assert sum(codes[0.0]) <= 1
    assert sum(codes[0.5]) >= 8
