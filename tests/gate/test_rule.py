"""The rule on drops whose figures are worked out by hand."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from odw_harness.gate.rule import Pairs, caught, fails, figure, least_drop, shared

# Mean 0.5, sd sqrt(0.06) = 0.244949, standard error 0.122474; t(3) = 2.353363 at 95 %, 4.540703 at 99 %.
DROPS = np.array([0.5, 0.5, 0.8, 0.2])


def test_the_bound_is_students() -> None:
    assert least_drop(DROPS, 0.95) == pytest.approx(0.5 - 2.353363 * 0.1224745, abs=1e-6)
    random = np.random.default_rng(0).normal(0.3, 1, (3, 21))
    expected = [ttest_1samp(row, 0, alternative="greater").confidence_interval(0.98).low for row in random]
    assert least_drop(random, 0.98) == pytest.approx(expected)


def test_two_questions_are_judged_by_the_spread_of_the_others_too() -> None:
    two, others = np.array([2.0, 2.0]), np.array([1.0, -1.0, 0.0, 0.0])
    # Squares about the means 0 + 2 over 4 degrees of freedom: sd sqrt(0.5) = 0.707107, times 1.4; t(4) = 2.131847 at 95 %.
    assert least_drop(two, 0.95, others) == pytest.approx(2 - 2.131847 * 1.4 * 0.707107 / 2**0.5, abs=1e-6)
    assert fails(two, 0.3, 0.95, others)
    assert not fails(two / 2, 0.3, 0.95, others), "1 - 1.49"
    # Their own, sqrt(8) = 2.828427, is larger than 1.4 * sqrt((8 + 2) / 4).
    apart = np.array([4.0, 0.0])
    assert least_drop(apart, 0.95, others) == pytest.approx(2 - 2.131847 * 2.828427 / 2**0.5, abs=1e-6)
    assert least_drop(DROPS, 0.95, others) == least_drop(DROPS, 0.95), "four have a spread of their own"


@pytest.mark.parametrize(
    ("of", "beside", "enough"), [(1, 9, False), (2, 0, False), (2, 1, False), (2, 2, True), (3, 0, True)]
)
def test_it_takes_three_questions_or_two_beside_others(of: int, beside: int, enough: bool) -> None:
    zeros = np.zeros(of)
    pairs = Pairs("score", "score", "odweval", "ood2", tuple("abc"[:of]), zeros, zeros, np.zeros(beside))
    assert pairs.enough == enough


def test_a_drop_fails_that_is_both_over_what_is_allowed_and_shown() -> None:
    assert fails(DROPS, 0.3, 0.95)
    assert not fails(DROPS, 0.3, 0.99), "not shown: 0.5 - 4.540703 * 0.122474 is below 0"
    assert not fails(DROPS, 0.6, 0.95), "shown, but allowed"
    assert not fails(-DROPS, 0.0, 0.95), "a gain is no drop"


def test_what_is_allowed_to_the_last_bit_passes() -> None:
    assert not fails(np.array([0.1 + 0.2] * 4), 0.3, 0.95)
    assert fails(np.array([0.301] * 4), 0.3, 0.95), "all fell alike: that is no chance"
    assert not fails(np.zeros(4), 0.0, 0.95)


def test_gates_side_by_side_are_what_each_is_alone() -> None:
    many = np.random.default_rng(1).normal(0.3, 0.5, (50, 6))
    assert list(fails(many, 0.3, 0.9)) == [bool(fails(row, 0.3, 0.9)) for row in many]
    assert 0 < fails(many, 0.3, 0.9).sum() < 50


def test_a_figure_says_what_the_rule_saw() -> None:
    before = np.array([7.0, 7.0, 8.0, 6.0])
    found = figure(Pairs("score", "score", "odweval", "all", ("a", "b", "c", "d"), before, before - DROPS), 0.3, 0.95)
    assert (found.questions, found.baseline, found.candidate) == (4, 7.0, 6.5)
    assert (found.change, found.failed) == (-0.5, True)
    assert found.at_most == pytest.approx(-0.211773, abs=1e-6)


def test_figures_share_the_chance_of_error() -> None:
    assert shared(0.95, 2) == pytest.approx(0.975)
    assert shared(0.95, 0) == 0.95


@pytest.mark.parametrize(("sd", "allowed", "confidence"), [(0.75, 0.3, 0.95), (1.0, 0.3, 0.983), (0.75, 0.0, 0.95)])
def test_what_it_says_to_catch_fails_4_times_in_5(sd: float, allowed: float, confidence: float) -> None:
    drop = caught(sd, 21, allowed, confidence)
    drops = np.random.default_rng(2).normal(drop, sd, (20_000, 21))
    assert fails(drops, allowed, confidence).mean() == pytest.approx(0.8, abs=0.01)


def test_without_spread_whatever_is_over_the_allowed_is_caught() -> None:
    assert caught(0.0, 21, 0.3, 0.95) == 0.3
    assert caught(0.5, 2, 0.3, 0.98) > 5, "two questions see next to nothing"
