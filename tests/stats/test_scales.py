"""Scores on another scorer's scale, limits of agreement and slopes: by hand, by scipy, and in simulations of known truth."""

import math

import numpy as np
import pytest
from scipy.stats import linregress

from odw_harness.stats.scales import limits_of, on_scale, residuals_of, slope_within

NAN = math.nan


def test_scores_take_on_the_others_mean_and_spread() -> None:
    # 1, 2, 3 against 60, 80, 70: mean 2 and sd √(2/3) to mean 70 and sd √(200/3): ten points for each.
    found = on_scale([[1, 2, 3]], [[60, 80, 70]])
    assert found is not None
    assert found.tolist() == [pytest.approx([60, 70, 80])]
    gaps = on_scale([[1, 2, 3, 9, NAN]], [[60, 80, 70, NAN, 50]])
    assert gaps is not None
    assert gaps[0].tolist() == pytest.approx([60, 70, 80, NAN, NAN], nan_ok=True)
    assert on_scale([[1, 1, 1]], [[60, 80, 70]]) is None
    assert on_scale([[1, 2, 3]], [[60, 60, 60]]) is None
    assert on_scale([[1, NAN]], [[60, 70]]) is None


def test_limits_by_hand() -> None:
    # On people's scale 60, 70, 80 against 60, 80, 70: differences 0, -10, 10, whose sd is 10.
    found = limits_of([[1, 2, 3]], [[60, 80, 70]])
    assert found is not None
    assert (found.of, found.bias, found.sd) == (3, pytest.approx(0), pytest.approx(10))
    assert (found.low.value, found.high.value) == (pytest.approx(-19.6), pytest.approx(19.6))
    assert (found.low.low, found.high.high) == (None, None), "three questions have no interval"
    assert limits_of([[5, 5, 5]], [[60, 80, 70]]) is None


def test_the_limits_interval_is_over_questions_and_holds_the_truth() -> None:
    random, held = np.random.default_rng(1), 0
    for seed in range(100):
        truth = random.normal(70, 8, (12, 21))
        first, second = (truth + random.normal(0, 4, truth.shape) for _ in range(2))
        found = limits_of(first / 10, second, seed, resamples=300)
        assert found is not None
        # Both with error sd 4: differences of sd 4 √2.
        held += (found.high.low or 0) <= 1.96 * 4 * math.sqrt(2) <= (found.high.high or 0)
        assert found.low.low == pytest.approx(-(found.high.high or 0))
    assert 86 <= held <= 99


def test_what_people_gave_is_taken_out_and_no_more() -> None:
    people = np.array([[60.0, 70, 80, 90]])
    # Half people's score and half something else, on people's scale: the slope is the correlation.
    scaled = on_scale([[1, 3, 2, 4]], people)
    assert scaled is not None
    slope = float(np.corrcoef([1, 3, 2, 4], people[0])[0, 1])
    left = residuals_of(scaled, people)
    assert left[0] == pytest.approx(scaled[0] - 75 - slope * (people[0] - 75))
    assert float(left[0] @ (people[0] - 75)) == pytest.approx(0)
    half = residuals_of(scaled, people, reliability=0.9)
    assert half[0] == pytest.approx(scaled[0] - 75 - slope / 0.9 * (people[0] - 75))
    whole = residuals_of(scaled, people, reliability=0.1)
    assert whole[0] == pytest.approx(scaled[0] - people[0]), "never more than all of it"


def test_a_slope_within_questions_is_not_moved_by_how_the_questions_differ() -> None:
    # Question 2's answers are all longer and score lower; within each the slope is 3.
    of = np.array([[1.0, 11], [2, 12], [3, 13]])
    values = np.array([[3.0, -30], [6, -27], [9, -24]])
    assert linregress(of.ravel(), values.ravel()).slope < 0
    found = slope_within(values, of)
    assert found is not None
    assert (found.value, found.low) == (pytest.approx(3), None)
    # Regression on a column for each question gives the same with noise and gaps.
    random = np.random.default_rng(2)
    x = random.normal(size=(5, 8))
    y = 2 * x + random.normal(size=x.shape) + np.arange(8)
    y[0, 0] = NAN
    there = ~np.isnan(y)
    columns = np.column_stack([x[there], np.eye(8)[np.nonzero(there)[1]]])
    slope = np.linalg.lstsq(columns, y[there], rcond=None)[0][0]
    noisy = slope_within(y, x, resamples=200)
    assert noisy is not None
    assert noisy.value == pytest.approx(slope)
    assert noisy.low < slope < noisy.high  # type: ignore[operator]
    assert slope_within(y, np.ones_like(y)) is None
    assert slope_within(y, np.full_like(y, NAN)) is None
