"""How far two scorers of the same answers agree: a judge with people, a judge with itself, a score with an order."""

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

import krippendorff
import numpy as np
from numpy.typing import ArrayLike, NDArray

from odw_harness.stats.intervals import FEWEST, TIE, Floats, Frozen, resampled

FIGURES = ("pearson", "spearman", "kendall", "per_question", "pooled", "pairwise")
_FEWEST = 3
"""Of two systems every correlation is 1, -1 or undefined."""
_AT_ONCE = 4_000_000
"""Pairs of systems looked at together, for the sake of memory: draws · systems²."""


class Estimate(Frozen):
    """A figure and its bootstrap interval; None where it is not defined."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class Agreement(Frozen):
    """How far the scores of one scorer follow those of another, over systems × questions.

    pearson, spearman, kendall (tau-b): between the systems' means over the questions, -1 to 1: whether a leaderboard by the
    one is a leaderboard by the other. per_question: Spearman across the systems on one question, averaged over questions.
    pooled: Pearson over all answers at once. pairwise: of the `pairs` of two systems' answers to one question that neither
    scorer scores alike, the share that both put in the same order (0.5: chance).

    An interval is over questions, which are drawn anew with replacement: the systems are the ones to be told apart, and
    answers to one question share how hard it is, so that an answer is no independent draw; the question is, and other
    questions are what the figure is to hold for. None of fewer than four (`intervals.FEWEST`). In a simulation after the
    paper's tables (15 systems, 21 questions) the intervals of per_question, pooled and pairwise held what endless questions
    would give 92, 86 and 90 times in 100, those between means 75 times: chance in the means lowers such a correlation
    itself, and the interval makes up for a part of that only.
    """

    systems: int
    questions: int
    answers: int
    pairs: int
    pearson: Estimate
    spearman: Estimate
    kendall: Estimate
    per_question: Estimate
    pooled: Estimate
    pairwise: Estimate


def agreement(first: ArrayLike, second: ArrayLike, seed: int = 0, resamples: int = 2000) -> Agreement:
    """How far two scorers agree; first, second: systems × questions, NaN where there is no score.

    Only answers that both scored count, so that a system's two means are over the same questions. Scores, and means of
    scores, that differ by less than 1e-9 are tied: a float's last bits are no order. Correlations need three systems, and
    are None where a scorer gives all of them the same; so is an interval where that happens in a resample.
    M. G. Kendall, Biometrika 33, 1945 (tau-b).
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != other.shape or one.ndim != 2:
        raise ValueError(
            f"two arrays of systems × questions in one shape are needed, not {one.shape} and {other.shape}"
        )
    there = ~(np.isnan(one) | np.isnan(other))
    systems, questions = int(there.any(1).sum()), int(there.any(0).sum())
    numbers = np.flatnonzero(there.any(0))
    low = high = np.full(len(FIGURES), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is NaN: not defined
        both = _Both(one, other, there)
        seen = both.figures(numbers)
        if questions >= FEWEST:
            low, high = resampled(numbers, both.figures, seed, resamples, batch=max(1, _AT_ONCE // len(one) ** 2))
    return Agreement(
        systems=systems,
        questions=questions,
        answers=int(there.sum()),
        pairs=int(both.pairs.sum()),
        **{
            name: Estimate(value=_number(value), low=_number(bottom), high=_number(top))
            for name, value, bottom, top in zip(FIGURES, seen, low, high, strict=True)
        },
    )


class _Both:
    """Two scorers' tables, and what of each question stays the same in every draw of questions."""

    def __init__(self, one: Floats, other: Floats, there: NDArray[np.bool_]) -> None:
        self.there, self.count = there, there.sum(0)
        self.one, self.other = np.where(there, one, 0), np.where(there, other, 0)
        self.spearman, _, self.concordant, self.pairs = _orders(self.one.T, self.other.T, there.T)
        # Less their mean: it changes no correlation, and keeps the sums of squares small.
        a, b = (np.where(there, table - table.sum() / max(1, there.sum()), 0) for table in (self.one, self.other))
        self.moments = np.stack([a.sum(0), b.sum(0), (a * a).sum(0), (b * b).sum(0), (a * b).sum(0)])

    def figures(self, draws: NDArray[np.int64], axis: int = -1) -> Floats:
        """FIGURES of draws of questions, along a first axis of their own: what scipy's bootstrap asks for."""
        draws = np.moveaxis(draws, axis, -1)
        flat = draws.reshape(math.prod(draws.shape[:-1]), draws.shape[-1])
        times = np.array([np.bincount(draw, minlength=self.count.size) for draw in flat])  # draws × questions
        answers = times @ self.there.T
        a, b = times @ self.one.T / answers, times @ self.other.T / answers  # draws × systems: means
        spearman, kendall, _, _ = _orders(a, b, answers > 0)
        defined = ~np.isnan(self.spearman)
        found = [
            _pearson(a, b, answers > 0),
            spearman,
            kendall,
            times[:, defined] @ self.spearman[defined] / times[:, defined].sum(1),
            _correlation(times @ self.count, *(times @ self.moments.T).T),
            times @ self.concordant / (times @ self.pairs),
        ]
        return np.stack(found).reshape(len(found), *draws.shape[:-1])


def _correlation(of: Floats, a: Floats, b: Floats, aa: Floats, bb: Floats, ab: Floats) -> Floats:
    """Pearson's correlation from the number of pairs and their sums, sums of squares and of products."""
    spread_a, spread_b = aa - a * a / of, bb - b * b / of
    defined = (of >= _FEWEST) & (spread_a > TIE) & (spread_b > TIE)
    found: Floats = np.where(defined, (ab - a * b / of) / np.sqrt(spread_a * spread_b), np.nan)
    return found


def _pearson(a: Floats, b: Floats, there: NDArray[np.bool_]) -> Floats:
    """Pearson's correlation of each row of a with that of b, over the places that are there."""
    of = there.sum(1)
    a, b = (np.where(there, each, 0) for each in (a, b))
    a, b = (np.where(there, each - (each.sum(1) / of)[:, None], 0) for each in (a, b))
    return _correlation(of, a.sum(1), b.sum(1), (a * a).sum(1), (b * b).sum(1), (a * b).sum(1))


def _orders(a: Floats, b: Floats, there: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats, Floats]:
    """Spearman, Kendall's tau-b, concordant pairs and pairs without ties: of each row of a and of b.

    All from the signs of differences: their sum at one place is, but for a constant, twice its rank, ties at their mean;
    tau-b is (concordant - discordant) / √(pairs not tied in a · pairs not tied in b).
    """
    of = there.sum(1)
    pairs = there[:, :, None] & there[:, None, :]
    first, second = _signs(a, pairs), _signs(b, pairs)
    same, untied = first * second, np.abs(first * second)
    kendall = same.sum((1, 2)) / np.sqrt(np.abs(first).sum((1, 2)) * np.abs(second).sum((1, 2)))
    spearman = _pearson(first.sum(2), second.sum(2), there)
    return spearman, np.where(of >= _FEWEST, kendall, np.nan), (same > 0).sum((1, 2)) / 2, untied.sum((1, 2)) / 2


def _signs(scores: Floats, pairs: NDArray[np.bool_]) -> Floats:
    """Rows × places × places: 1, 0, -1 where the first is higher, tied, lower; 0 where a pair is not there."""
    steps = np.where(pairs, scores[:, :, None] - scores[:, None, :], 0)
    signs: Floats = np.sign(np.where(np.abs(steps) > TIE, steps, 0))
    return signs


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


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
