"""Values worked out by hand from the formulas with z = 1.959964, t(2) = 4.302653 and t(1) = 12.706205."""

import numpy as np
import pytest
from scipy.stats import norm

from odw_harness.stats import mean_of, share_of, slope_of
from odw_harness.stats.intervals import bootstrap_of


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


def efron(values: list[float], resamples: int) -> tuple[float, float]:
    """The BCa interval of a mean, from Efron's formulas alone: z0 from the share below, a from the jackknife."""
    random = np.random.default_rng(99)
    sample = np.array(values)
    means = np.sort(random.choice(sample, (resamples, len(values))).mean(1))
    below = (np.sum(means < sample.mean() - 1e-9) + np.sum(means <= sample.mean() + 1e-9)) / 2 / resamples
    left_out = np.array([np.delete(sample, place).mean() for place in range(len(values))])
    inner = left_out.mean() - left_out
    bias, skew = norm.ppf(below), (inner**3).sum() / 6 / (inner**2).sum() ** 1.5
    shares = [norm.cdf(bias + (bias + z) / (1 - skew * (bias + z))) for z in (-1.959964, 1.959964)]
    low, high = np.quantile(means, shares)
    return float(low), float(high)


def test_the_bootstrap_interval_is_efrons() -> None:
    skewed = [0.1, 0.2, 0.2, 0.3, 0.4, 0.4, 0.6, 0.9, 1.5, 2.9, 4.0]
    interval = bootstrap_of(skewed)
    assert interval == pytest.approx(efron(skewed, 40_000), abs=0.03)
    means = np.random.default_rng(5).choice(skewed, (40_000, len(skewed))).mean(1)
    assert interval is not None
    assert interval[1] > np.quantile(means, 0.975) + 0.1, "corrected for the skew, as the percentile interval is not"


def test_the_bootstrap_takes_any_statistic_and_repeats_itself() -> None:
    values = [5.0, 6.0, 6.5, 7.0, 7.5, 8.0, 9.0]
    median = bootstrap_of(values, np.median, seed=3, resamples=999)
    assert median is not None
    assert 5.0 <= median[0] < 7.0 < median[1] <= 9.0
    assert median == bootstrap_of(values, np.median, seed=3, resamples=999)
    assert bootstrap_of(values, seed=3, resamples=999) != bootstrap_of(values, seed=4, resamples=999)


def test_three_values_are_too_few_for_a_bootstrap_and_equal_ones_have_a_narrow_interval() -> None:
    assert bootstrap_of([5.0, 6.0]) is None
    assert bootstrap_of([5.0, 6.0, 7.0]) is None
    assert bootstrap_of([5.0, 6.0, 7.0, 8.0]) is not None
    assert bootstrap_of([6.2, 6.2, 6.2, 6.2]) == (6.2, 6.2)


def test_of_21_normal_values_students_interval_holds_the_mean_95_times_in_100_and_the_bootstrap_almost() -> None:
    random = np.random.default_rng(1)
    samples = random.normal(6, 1, (1000, 21))
    student = [mean_of(list(sample)) for sample in samples]
    held = np.mean([mean.low <= 6 <= mean.high for mean in student if mean.low is not None and mean.high is not None])
    assert held == pytest.approx(0.95, abs=0.021)  # three standard errors
    drawn = [bootstrap_of(list(sample), resamples=399) for sample in samples[:150]]
    held = np.mean([low <= 6 <= high for low, high in drawn])  # type: ignore[misc]
    assert 0.86 <= held <= 0.98
