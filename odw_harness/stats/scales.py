"""Two scorers of unlike scales on one scale: how far apart their scores of one answer lie, and what moves them apart."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from odw_harness.stats.agreement import Estimate, correlation, number
from odw_harness.stats.intervals import FEWEST, TIE, Floats, Frozen, resampled

REACH = 1.96
"""Standard deviations to either side that hold 95 in 100 normal values."""


class Limits(Frozen):
    """Bland's and Altman's limits of agreement: between low and high lie 95 in 100 differences of two scorers of an answer.

    In points of the second scorer, of the first brought to that scale (`on_scale`) less the second. of: answers. bias: the
    mean difference. sd: the differences' standard deviation. low, high: bias - and + 1.96 sd, with intervals over questions.
    J. M. Bland and D. G. Altman, Lancet 327, 1986.

    The scale is made from the same scores, so the bias is 0, and no trend of the differences over the means is left, by
    construction: what the limits tell is how far single scores scatter, and which answers and systems lie outside.
    """

    of: int
    bias: float
    sd: float
    low: Estimate
    high: Estimate


def on_scale(first: ArrayLike, second: ArrayLike) -> Floats | None:
    """The first scorer's scores with the mean and the standard deviation of the second's; shapes alike, NaN for none.

    Only where both scored, NaN elsewhere. None where one of them gives everything the same, or fewer than two are there.
    Equal spreads suit scorers whose scores hold as much chance as each other's; where one holds more, its differences
    fall a little as the other's scores rise.
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    there = ~(np.isnan(one) | np.isnan(other))
    if there.sum() < 2 or min(one[there].std(), other[there].std()) <= TIE:
        return None
    a, b = one[there], other[there]
    found: Floats = np.where(there, (one - a.mean()) / a.std() * b.std() + b.mean(), np.nan)
    return found


def limits_of(first: ArrayLike, second: ArrayLike, seed: int = 0, resamples: int = 2000) -> Limits | None:
    """The limits of agreement over systems × questions, the scale made anew in every draw of questions; None as `on_scale`.

    resamples: 0 for no intervals.
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    scaled = on_scale(one, other)
    if scaled is None:
        return None
    there = ~np.isnan(scaled)
    a, b = (np.where(there, table - table[there].mean(), 0) for table in (one, other))
    moments = np.stack([there.sum(0), a.sum(0), b.sum(0), (a * a).sum(0), (b * b).sum(0), (a * b).sum(0)])

    def sd(draws: NDArray[np.int64], axis: int = -1) -> Floats:
        of, a, b, aa, bb, ab = moments[:, np.moveaxis(draws, axis, -1)].sum(-1)
        # Of equal spreads the difference has the variance 2 σ² (1 - r).
        spread = (bb - b * b / of) / (of - 1)
        found: Floats = np.sqrt(2 * spread * np.clip(1 - correlation(of, a, b, aa, bb, ab), 0, None))
        return found

    numbers = np.flatnonzero(there.any(0))
    low = high = np.array(np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        if resamples and len(numbers) >= FEWEST:
            low, high = resampled(numbers, sd, seed, resamples)
    steps = (scaled - other)[there]
    seen = float(steps.std(ddof=1))
    ends = number(float(REACH * low)), number(float(REACH * high))
    return Limits(
        of=int(there.sum()),
        bias=float(steps.mean()),
        sd=seen,
        low=Estimate(value=-REACH * seen, low=_minus(ends[1]), high=_minus(ends[0])),
        high=Estimate(value=REACH * seen, low=ends[0], high=ends[1]),
    )


def residuals_of(scaled: ArrayLike, second: ArrayLike, reliability: float = 1.0) -> Floats:
    """What is left of scores on the second scorer's scale (`on_scale`) when what the second scorer gave is taken out.

    Each less mean + ρ · (the second's - mean), ρ the correlation of both over the second's reliability (0 to 1, the share
    of its variance that is no chance), at most 1. Plain differences would not do: a scorer full of chance gives the good
    less and the bad more than they deserve, and so would seem to disfavour whichever group is the better one.
    C. Spearman, American Journal of Psychology 15, 1904 (attenuation).
    """
    one, other = np.asarray(scaled, dtype=float), np.asarray(second, dtype=float)
    there = ~(np.isnan(one) | np.isnan(other))
    a, b = one[there] - one[there].mean(), other[there] - other[there].mean()
    slope = min(1.0, float(a @ b / (b @ b)) / reliability)
    found: Floats = one - one[there].mean() - slope * (other - other[there].mean())
    return found


def slope_within(values: ArrayLike, of: ArrayLike, seed: int = 0, resamples: int = 2000) -> Estimate | None:
    """How much values rise with `of`, from system to system on the same question: one slope by least squares for all.

    values, of: systems × questions, NaN for none. Each question has a level of its own, so that a question that asks for
    more, or is marked harder, adds nothing. The interval is a bootstrap's over questions. None where `of` never differs.
    """
    y, x = np.asarray(values, dtype=float), np.asarray(of, dtype=float)
    there = ~(np.isnan(y) | np.isnan(x))
    counts = np.maximum(there.sum(0), 1)
    y, x = (np.where(there, table - np.where(there, table, 0).sum(0) / counts, 0) for table in (y, x))
    sums = np.stack([(x * y).sum(0), (x * x).sum(0)])

    def slope(draws: NDArray[np.int64], axis: int = -1) -> Floats:
        xy, xx = sums[:, np.moveaxis(draws, axis, -1)].sum(-1)
        found: Floats = np.where(xx > TIE, xy / xx, np.nan)
        return found

    numbers = np.flatnonzero(sums[1] > TIE)
    if not numbers.size:
        return None
    low = high = np.array(np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        if resamples and len(numbers) >= FEWEST:
            low, high = resampled(numbers, slope, seed, resamples)
        return Estimate(value=float(slope(numbers)), low=number(float(low)), high=number(float(high)))


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
