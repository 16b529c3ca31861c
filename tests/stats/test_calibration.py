"""Maps by hand, and intervals on simulated graders whose truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from odw_harness.stats.calibration import Calibration, Map, calibrated, promised

Truth = Callable[[Any], Any]


def line(x: Any) -> Any:
    return 20 + 8 * x


def saturating(x: Any) -> Any:
    return 90 / (1 + np.exp(-2 * (x - 4.5)))


def nothing(x: Any) -> Any:
    return 60 + 0 * x


def graded(seed: int, truth: Truth, questions: int, noise: float = 8, shared: float = 5) -> tuple[Any, Any]:
    """Scores of 15 systems by a judge and by people, questions × systems: systems differ in level, a few points of people's
    scale are the judge's favour, some the question's, the rest an answer's own."""
    random = np.random.default_rng(seed)
    judge = np.clip(6 + random.normal(0, 1, 15) + random.normal(0, 1.1, (questions, 15)), 1, 10)
    people = truth(judge) + random.normal(0, 3, 15) + random.normal(0, shared, (questions, 1))
    return judge, np.clip(people + random.normal(0, noise, (questions, 15)), 0, 100)


def fit(judge: Any, people: Any, marked: Any, **more: Any) -> Calibration:
    question, system = np.nonzero(marked)
    return calibrated(judge[marked], people[marked], list(question), list(system), **more)


def some(seed: int, questions: int, each: int) -> Any:
    """So many marked answers to each question, at random."""
    return np.random.default_rng(seed).permuted(np.tile(np.arange(15) < each, (questions, 1)), axis=1)


def test_a_line_is_least_squares_and_never_leaves_peoples_scale() -> None:
    # Slope 20 and -30 at 0: 0 is crossed at 1.5, 100 at 6.5.
    judge = np.array([2.0, 3, 4, 5] * 5)
    found = calibrated(judge, 20 * judge - 30, [number // 4 for number in range(20)], [0, 1, 2, 3] * 5)
    assert found.map == Map(kind="linear", judge=(1, 1.5, 6.5, 10), people=(0, 0, 100, 100))
    assert list(found.map.of([1, 1.5, 4, 10])) == [0, 0, 50, 100]
    assert found.errors["linear"] == pytest.approx(0, abs=1e-9)


def test_a_rising_curve_pools_what_falls() -> None:
    # Of 1 → 10, 2 → 30 and 20 (mean 25), 3 → 15, 4 → 60 the middle two fall: (30 + 20 + 15) / 3 = 21.67 for both.
    judge, people = np.array([1.0, 2, 2, 3, 4]), np.array([10.0, 30, 20, 15, 60])
    repeated = calibrated(np.tile(judge, 6), np.tile(people, 6), list(range(30)), [0] * 30)
    assert repeated.map.kind == "isotonic"
    assert repeated.map.of([1, 2, 2.5, 3, 3.5, 4, 9]) == pytest.approx(
        [10, 65 / 3, 65 / 3, 65 / 3, (65 / 3 + 60) / 2, 60, 60]
    )


def test_a_judge_that_falls_while_people_rise_tells_nothing() -> None:
    judge = np.linspace(2, 9, 20)
    found = calibrated(judge, 90 - 8 * judge, list(range(20)), [0] * 20)
    assert not found.useful
    assert list(found.map.of([1, 10])) == pytest.approx([90 - 8 * 5.5] * 2)
    assert found.bias is None, "one system does not tell whom the judge favours"


def test_the_error_of_the_mean_alone_by_hand() -> None:
    # Marks 0, 10, 20, 30, 40; each is missed by its distance to the mean of the four others: 1.25 times that to 20.
    found = calibrated([5] * 5, [0, 10, 20, 30, 40], list("abcde"), ["s"] * 5)
    assert found.errors == pytest.approx(dict.fromkeys(found.errors, 1.25 * 200**0.5))
    assert [missed for (missed,) in found.missed] == pytest.approx([25, 12.5, 0, 12.5, 25])
    # 5 questions promise 83 %: ⌈0.83 · 6⌉ = 5, the furthest of 25 ± 25, 22.5 ± 12.5, 20, 17.5 ± 12.5, 15 ± 25.
    assert (found.level, found.map.people) == (0.83, (20,))
    low, high = found.interval(5)
    assert (low, high) == pytest.approx((0, 50))  # 15 - 25 is no score of people's


def test_few_questions_promise_little() -> None:
    assert [promised(number) for number in (4, 9, 18, 19, 99, 1000)] == [0.8, 0.9, 0.94, 0.95, 0.99, 0.99]
    judge, people = graded(1, line, 8)
    marked = some(1, 8, 4)
    assert fit(judge, people, marked).level == 0.88
    assert fit(judge, people, marked, level=0.5).level == 0.5
    with pytest.raises(ValueError, match="3 questions"):
        fit(judge[:3], people[:3], marked[:3])


def test_every_map_and_its_band_rise_whatever_the_marks() -> None:
    for seed in range(12):
        random = np.random.default_rng(seed)
        count = int(random.integers(8, 40))
        question = np.r_[np.arange(4), random.integers(0, 7, count - 4)]
        judge = np.round(random.uniform(1, 10, count), int(random.integers(0, 2)))
        found = calibrated(judge, random.uniform(0, 100, count), list(question), list(random.integers(0, 4, count)))
        scores = np.linspace(1, 10, 91)
        low, high = found.interval(scores)
        for curve in (found.map.of(scores), low, high):
            assert (np.diff(curve) >= -1e-9).all()
            assert curve.min() >= 0
            assert curve.max() <= 100
        assert (low <= found.map.of(scores)).all()
        assert (found.map.of(scores) <= high).all()


def test_all_scores_equal_give_the_mean_and_no_error() -> None:
    found = calibrated([6] * 20, [70] * 20, [number // 4 for number in range(20)], list(range(4)) * 5)
    assert not found.useful
    assert [float(end) for end in found.interval(6)] == [70, 70]
    assert (found.bias, found.within, found.level_error) == (0, 0, 0)


@pytest.mark.parametrize(("truth", "kind"), [(line, "linear"), (saturating, "isotonic"), (nothing, "constant")])
def test_the_right_shape_is_chosen(truth: Truth, kind: str) -> None:
    chosen = [fit(*graded(seed, truth, 21), some(seed, 21, 6)).map.kind for seed in range(30)]
    assert chosen.count(kind) >= 27, chosen


@pytest.mark.parametrize(
    ("truth", "questions", "each", "noise", "shared", "level"),
    [
        (line, 21, 4, 8, 5, 0.95),
        (line, 21, 8, 3, 14, 0.95),  # the answers to a question are nearly one
        (saturating, 10, 6, 8, 5, 0.9),
        (nothing, 19, 3, 8, 5, 0.8),
    ],
)
def test_a_new_answer_to_a_new_question_lies_inside_as_often_as_promised(
    truth: Truth, questions: int, each: int, noise: float, shared: float, level: float
) -> None:
    covered = []
    for seed in range(100):
        judge, people = graded(seed, truth, questions + 1, noise, shared)
        found = fit(judge[:-1], people[:-1], some(seed, questions, each), level=level)
        low, high = found.interval(judge[-1])
        covered.append(float(((low <= people[-1]) & (people[-1] <= high)).mean()))
        assert found.level == level
    error = 3 * np.std(covered) / 100**0.5
    assert level - error <= np.mean(covered)
    # At most one question in questions + 1 more than promised: the next order statistic.
    assert np.mean(covered) <= level + 1 / (questions + 1) + error


@pytest.mark.parametrize("favour", [0, 8])
def test_the_mean_of_a_system_that_nobody_marked_lies_inside(favour: float) -> None:
    held = []
    for seed in range(80):
        random = np.random.default_rng(seed)
        level, favours = random.normal(6, 1, 16), random.normal(0, favour, 16)
        judge = level + random.normal(0, 1, (12, 16))
        people = 10 + 8 * judge + favours + random.normal(0, 5, (12, 1)) + random.normal(0, 8, (12, 16))
        marked = some(seed, 12, 6)
        found = fit(judge[:, :15], people[:, :15], marked)
        interval = found.system_interval(list(judge[:, 15]))
        assert interval
        held.append(interval[0] <= 10 + 8 * level[15] + favours[15] <= interval[1])
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 80) ** 0.5
