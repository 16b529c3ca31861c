import itertools
import math

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_1samp

from odw_harness.paper import load_table
from odw_harness.stats import paired as module
from odw_harness.stats.paired import holm, paired


def by_counting(differences: list[float]) -> float:
    """The sign-flip test, each of the 2^n ways looked at."""
    ways = list(itertools.product((1, -1), repeat=len(differences)))
    seen = abs(sum(differences)) - 1e-9
    return sum(abs(sum(s * d for s, d in zip(way, differences, strict=True))) >= seen for way in ways) / len(ways)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3], 2 / 8),  # only +++ and --- reach 6
        ([1, 1, -1], 1.0),  # every sum reaches 1
        ([3, 1, -2], 6 / 8),  # sums ±6, ±2 (twice each way: 3+1-2, …), ±4, 0: all but ±0 reach 2
        ([0.3, 0.1, -0.2], 6 / 8),  # the same in decimals, whose float sums are not quite 0.2
        ([0.1, 0.2, -0.3], 1.0),
        ([0.0, 0.0, 0.0], 1.0),
        ([0.0, 0.0, 0.5], 1.0),  # one that moved: both signs reach it
        ([0.5, 0.5, 0.0, 0.5, 0.5, 0.5], 2 / 32),
        ([-0.5, -0.5], 2 / 4),
    ],
)
def test_the_flip_test_counts_sums_as_far_out(differences: list[float], p: float) -> None:
    found = paired(differences)
    assert found.flip_p == pytest.approx(p)
    assert found.exact


def test_the_flip_test_agrees_with_counting_and_with_scipy() -> None:
    random = np.random.default_rng(2)
    for of in (5, 8, 11):
        for scale in (0.2, 0.0):
            differences = [float(d) for d in np.round(random.normal(0.2, 0.7, of) * 5) / 5 + scale]
            assert paired(differences).flip_p == pytest.approx(by_counting(differences))
    steps = random.normal(0.3, 1, 10)
    theirs = permutation_test((steps, np.zeros(10)), lambda a, b: np.mean(a - b), permutation_type="samples")
    assert paired(list(steps)).flip_p == pytest.approx(float(theirs.pvalue))


def test_all_two_million_flips_of_21_questions_are_counted() -> None:
    rows = {row.system: row.scores for row in load_table("odweval")}
    differences = [float(b - a) for a, b in zip(rows["Qwen-7B-Chat"], rows["Baichuan2-7B-Chat"], strict=True)]
    sums = np.zeros(1)
    for step in differences:
        sums = np.concatenate((sums + step, sums - step))
    found = paired(differences)
    assert sums.size == 2**21
    assert found.exact
    assert found.flip_p == pytest.approx(np.mean(np.abs(sums) >= abs(sum(differences)) - 1e-9), rel=1e-12)


def test_many_differences_are_flipped_at_random_and_p_is_never_0(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = list(np.random.default_rng(4).normal(0.35, 1, 24))
    exact = paired(differences)
    monkeypatch.setattr(module, "EXACT_UP_TO", 20)
    drawn = paired(differences, seed=1)
    assert exact.flip_p is not None
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn.flip_p == pytest.approx(exact.flip_p, abs=4 * math.sqrt(exact.flip_p / module.DRAWS))
    assert drawn.flip_p != exact.flip_p
    assert drawn == paired(differences, seed=1)
    assert paired([1.0] * 60).flip_p == 1 / (module.DRAWS + 1)


def test_zeros_do_not_make_a_test_inexact() -> None:
    assert paired([0.5] * 30 + [0.0] * 100).exact
    assert not paired([0.5] * 31).exact


def test_the_t_test_is_scipys() -> None:
    differences = [0.4, -0.2, 1.0, 0.6, 0.0, 0.8]
    found = paired(differences)
    theirs = ttest_1samp(differences, 0)
    interval = theirs.confidence_interval(0.95)
    assert (found.t_p, found.low, found.high) == pytest.approx((theirs.pvalue, interval.low, interval.high))
    assert (found.of, found.better, found.worse) == (6, 4, 1)


def test_without_spread_there_is_no_t_test() -> None:
    assert paired([0.0, 0.0, 0.0]).t_p == 1.0
    same = paired([0.3, 0.1 + 0.2, 0.3])  # 0.1 + 0.2 is not quite 0.3
    assert (same.t_p, same.flip_p) == (None, 0.25)
    single = paired([0.5])
    assert (single.t_p, single.flip_p, single.sd, single.low) == (None, None, None, None)
    assert (single.mean, single.better, single.worse) == (0.5, 1, 0)


def test_rounding_is_no_difference() -> None:
    found = paired([0.1 + 0.2 - 0.3, 0.5])
    assert (found.better, found.worse) == (1, 0)


def test_where_nothing_changed_the_flip_test_keeps_its_level() -> None:
    random = np.random.default_rng(11)
    steps = random.exponential(1, (800, 21)) * random.choice([1, -1], (800, 21))  # symmetric, far from normal
    ps = np.array([paired(list(row)).flip_p for row in steps])
    assert np.mean(ps <= 0.05) == pytest.approx(0.05, abs=0.024)  # three standard errors
    assert np.mean(ps <= 0.5) == pytest.approx(0.5, abs=0.055)


def test_holm_multiplies_the_smallest_most() -> None:
    # 0.005·4, 0.01·3, then 0.03·2 = 0.06, and 0.04·1 is raised to it
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.02, None, 0.02]) == [0.04, None, 0.04]
    assert holm([None]) == [None]
    assert holm([]) == []
