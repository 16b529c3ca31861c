"""Shares, means, slopes and agreement with their intervals: pure arithmetic, every interval of 95 %.

Intervals take their values as independent. Cases made from one question are not quite that, so with several strengths
of a kind an interval is somewhat too narrow.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean, stdev

import krippendorff
from pydantic import BaseModel, ConfigDict
from scipy.stats import binomtest
from scipy.stats import t as student

LEVEL = 0.95


class Frozen(BaseModel):
    """A figure: it can't be changed, and its JSON holds no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Share(Frozen):
    """count of `of`, as a share from 0 to 1 with its Wilson score interval (E. B. Wilson, JASA 22, 1927)."""

    count: int
    of: int
    share: float
    low: float
    high: float


class Mean(Frozen):
    """The mean of `of` values, their standard deviation and Student's interval of the mean; None of a single value."""

    of: int
    mean: float
    sd: float | None = None
    low: float | None = None
    high: float | None = None


class Slope(Frozen):
    """The slope of a line through the origin by least squares over `of` pairs; no interval of a single pair."""

    of: int
    slope: float
    low: float | None = None
    high: float | None = None


def share_of(flags: Sequence[bool]) -> Share:
    """The share of one or more flags that are set, with its interval."""
    count, of = sum(flags), len(flags)
    interval = binomtest(count, of).proportion_ci(LEVEL, method="wilson")
    return Share(count=count, of=of, share=count / of, low=float(interval.low), high=float(interval.high))


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of one or more values, with its interval."""
    mean = fmean(values)
    if len(values) == 1:
        return Mean(of=1, mean=mean)
    sd = stdev(values)
    reach = _t(len(values) - 1) * sd / math.sqrt(len(values))
    return Mean(of=len(values), mean=mean, sd=sd, low=mean - reach, high=mean + reach)


def slope_of(pairs: Sequence[tuple[float, float]]) -> Slope | None:
    """The slope of y over x, for pairs (x, y) where no x means no y; None where every x is 0."""
    squares = math.fsum(x * x for x, _ in pairs)
    if not squares:
        return None
    slope = math.fsum(x * y for x, y in pairs) / squares
    if len(pairs) == 1:
        return Slope(of=1, slope=slope)
    left = math.fsum((y - slope * x) ** 2 for x, y in pairs)
    reach = _t(len(pairs) - 1) * math.sqrt(left / (len(pairs) - 1) / squares)
    return Slope(of=len(pairs), slope=slope, low=slope - reach, high=slope + reach)


def falling_tau(scores: Sequence[float], tie: float) -> float:
    """Kendall's tau-a of two or more scores with their place in the sequence, its sign turned.

    1 where each later score is lower, -1 where each is higher; scores no more than tie apart count as equal.

    >>> falling_tau([8, 6, 6, 3], 0), falling_tau([3, 6], 0)
    (0.8333333333333334, -1.0)
    """
    steps = [earlier - later for earlier, later in combinations(scores, 2)]
    return fmean((step > tie) - (step < -tie) for step in steps)


def alpha_of(raters: Sequence[Sequence[float | None]]) -> float | None:
    """Krippendorff's alpha at interval level; raters[r][c]: the score of case c by rater r, None where there is none.

    Raters are judges, or repeats of one. 1: they give each case the same; 0: a case's scores differ as any two scores
    do. None where it is not defined: no case with two scores, or no two that differ. K. Krippendorff, Content Analysis.
    """
    both = [case for case in zip(*raters, strict=True) if sum(score is not None for score in case) > 1]
    if len({score for case in both for score in case if score is not None}) < 2:
        return None
    rows = [[math.nan if score is None else score for score in row] for row in zip(*both, strict=True)]
    return float(krippendorff.alpha(rows, level_of_measurement="interval"))


def _t(freedom: int) -> float:
    return float(student.ppf((1 + LEVEL) / 2, freedom))
