"""Values worked out by hand from the formulas with z = 1.959964, t(2) = 4.302653 and t(1) = 12.706205."""

import pytest

from odw_harness.stats import alpha_of, falling_tau, mean_of, share_of, slope_of


def test_shares_have_wilson_intervals() -> None:
    share = share_of([True, True, True])
    assert (share.count, share.of, share.share) == (3, 3, 1.0)
    assert share.low == pytest.approx(3 / (3 + 1.959964**2), abs=1e-6), "n of n: n / (n + z²)"
    assert share.high == 1.0
    share = share_of([True, False, False, False])
    assert (share.share, share.low, share.high) == pytest.approx((0.25, 0.045587, 0.699358), abs=1e-6)


def test_means_have_students_intervals() -> None:
    mean = mean_of([1.0, 2.0, 3.0])
    reach = 4.302653 / 3**0.5
    assert (mean.mean, mean.sd, mean.low, mean.high) == pytest.approx((2.0, 1.0, 2 - reach, 2 + reach), abs=1e-6)


def test_a_single_value_has_no_interval_and_equal_values_a_narrow_one() -> None:
    single = mean_of([4.0])
    assert (single.mean, single.sd, single.low, single.high) == (4.0, None, None, None)
    equal = mean_of([2.0, 2.0])
    assert (equal.low, equal.high) == (2.0, 2.0)


def test_the_slope_goes_through_the_origin() -> None:
    slope = slope_of([(1.0, 1.0), (2.0, 3.0)])
    assert slope is not None
    # (1·1 + 2·3) / (1 + 4); what is left: 0.4² + 0.2², of one degree of freedom
    reach = 12.706205 * (0.2 / 5) ** 0.5
    assert (slope.slope, slope.low, slope.high) == pytest.approx((1.4, 1.4 - reach, 1.4 + reach), abs=1e-5)
    assert slope_of([(0.0, 1.0)]) is None
    assert slope_of([]) is None
    single = slope_of([(0.5, 1.0)])
    assert single is not None
    assert (single.slope, single.low) == (2.0, None)


@pytest.mark.parametrize(
    ("scores", "tau"),
    [([8, 5, 2], 1.0), ([2, 5, 8], -1.0), ([8, 5, 6], 1 / 3), ([5, 5, 5], 0.0), ([8, 8, 5], 2 / 3), ([8, 8.0001], 0.0)],
)
def test_tau_counts_pairs_that_fall_less_pairs_that_rise(scores: list[float], tau: float) -> None:
    assert falling_tau(scores, tie=0.001) == pytest.approx(tau)


def test_alpha_of_repeats() -> None:
    # Units (1, 1), (2, 2), (3, 4): observed 2 · 1 / 6, expected 2 · (6 · 35 − 13²) / 30; the unit with one score is left out.
    assert alpha_of([[1, 2, 3, None], [1, 2, 4, 9]]) == pytest.approx(1 - (2 / 6) / (82 / 30))
    assert alpha_of([[1, 2], [1, 2]]) == pytest.approx(1.0)
    assert alpha_of([[5, 5], [5, 5]]) is None, "no two scores differ"
    assert alpha_of([[5, None], [None, 5]]) is None, "no case has two scores"
    assert alpha_of([[5, 6]]) is None
