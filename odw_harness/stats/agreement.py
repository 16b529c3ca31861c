"""How far two scorers of the same answers agree: a judge with people, a judge with itself, a score with an order."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from statistics import fmean

import numpy as np
from numpy.typing import ArrayLike, NDArray

from odw_harness.stats.intervals import FEWEST, TIE, Floats, Frozen, resampled

FIGURES = (
    *("pearson", "spearman", "kendall"),
    *("question_pearson", "question_spearman", "question_kendall"),
    *("pooled", "pairwise", "pairwise_ties"),
)
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
    one is a leaderboard by the other. question_pearson, question_spearman, question_kendall: the same across the systems on
    one question, averaged over questions. pooled: Pearson over all answers at once. pairwise: of the `pairs` of two systems'
    answers to one question that neither scorer scores alike, the share that both put in the same order (0.5: chance).
    pairwise_ties: of `all_pairs`, the share that both put in the same order or both score alike; a pair scored alike by one
    of them only is not agreed on (D. Deutsch, G. Foster and M. Freitag, Ties Matter, EMNLP 2023: acc_eq). So a scorer that
    never ties loses every tie of the other.

    An interval is over questions, which are drawn anew with replacement: the systems are the ones to be told apart, and
    answers to one question share how hard it is, so that an answer is no independent draw; the question is, and other
    questions are what the figure is to hold for. None of fewer than four (`intervals.FEWEST`). In a simulation after the
    paper's tables (15 systems, 21 questions) the intervals of question_spearman, pooled and pairwise held what endless questions
    would give 92, 86 and 90 times in 100, those between means 75 times: chance in the means lowers such a correlation
    itself, and the interval makes up for a part of that only.
    """

    systems: int
    questions: int
    answers: int
    pairs: int
    all_pairs: int
    pearson: Estimate
    spearman: Estimate
    kendall: Estimate
    question_pearson: Estimate
    question_spearman: Estimate
    question_kendall: Estimate
    pooled: Estimate
    pairwise: Estimate
    pairwise_ties: Estimate


def agreement(first: ArrayLike, second: ArrayLike, seed: int = 0, resamples: int = 2000) -> Agreement:
    """How far two scorers agree; first, second: systems × questions, NaN where there is no score.

    Only answers that both scored count, so that a system's two means are over the same questions. Scores, and means of
    scores, that differ by less than 1e-9 are tied: a float's last bits are no order. Correlations need three systems, and
    are None where a scorer gives all of them the same; so is an interval where that happens in a resample. resamples: 0
    for no intervals. M. G. Kendall, Biometrika 33, 1945 (tau-b).
    """
    one, other = _tables(first, second)
    there = ~(np.isnan(one) | np.isnan(other))
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is NaN: not defined
        both = _Both(one, other, there)
        estimates = _estimates(both.figures, there, seed, resamples)
    return Agreement(
        systems=int(there.any(1).sum()),
        questions=int(there.any(0).sum()),
        answers=int(there.sum()),
        pairs=int(both.pairs.sum()),
        all_pairs=int(both.all_pairs.sum()),
        **estimates,
    )


def difference(
    first: ArrayLike, second: ArrayLike, people: ArrayLike, seed: int = 0, resamples: int = 2000
) -> dict[str, Estimate]:
    """How much further one scorer agrees with people than another does: FIGURES of the first less those of the second.

    Only answers that all three scored count, and both agreements are drawn over the same questions, so that what makes a
    question easy or hard for both is no part of the interval. Arguments and what is None: as in `agreement`.
    """
    one, other, third = _tables(first, second, people)
    there = ~(np.isnan(one) | np.isnan(other) | np.isnan(third))
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = _Both(one, third, there), _Both(other, third, there)
        return _estimates(
            lambda draws, axis=-1: left.figures(draws, axis) - right.figures(draws, axis), there, seed, resamples
        )


def _tables(*tables: ArrayLike) -> list[Floats]:
    arrays = [np.asarray(table, dtype=float) for table in tables]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1 or arrays[0].ndim != 2:
        raise ValueError(
            f"arrays of systems × questions in one shape are needed, not {' and '.join(str(each.shape) for each in arrays)}"
        )
    return arrays


def _estimates(
    figures: Callable[..., Floats], there: NDArray[np.bool_], seed: int, resamples: int
) -> dict[str, Estimate]:
    """FIGURES over the questions that are there, with their intervals where the questions are enough."""
    numbers = np.flatnonzero(there.any(0))
    low = high = np.full(len(FIGURES), np.nan)
    seen = figures(numbers)
    if resamples and len(numbers) >= FEWEST:
        low, high = resampled(numbers, figures, seed, resamples, batch=max(1, _AT_ONCE // len(there) ** 2))
    return {
        name: Estimate(value=number(value), low=number(bottom), high=number(top))
        for name, value, bottom, top in zip(FIGURES, seen, low, high, strict=True)
    }


class _Both:
    """Two scorers' tables, and what of each question stays the same in every draw of questions."""

    def __init__(self, one: Floats, other: Floats, there: NDArray[np.bool_]) -> None:
        self.there, self.count = there, there.sum(0)
        self.one, self.other = np.where(there, one, 0), np.where(there, other, 0)
        orders = _orders(self.one.T, self.other.T, there.T)
        self.concordant, self.pairs, self.same, self.all_pairs = orders[2:]
        self.correlations = (_pearson(self.one.T, self.other.T, there.T), *orders[:2])
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
        spearman, kendall, *_ = _orders(a, b, answers > 0)
        found = [
            _pearson(a, b, answers > 0),
            spearman,
            kendall,
            *(_averaged(times, each) for each in self.correlations),
            correlation(times @ self.count, *(times @ self.moments.T).T),
            times @ self.concordant / (times @ self.pairs),
            times @ self.same / (times @ self.all_pairs),
        ]
        return np.stack(found).reshape(len(found), *draws.shape[:-1])


def _averaged(times: NDArray[np.int64], values: Floats) -> Floats:
    """Of each draw the mean of the questions' values, of those that are defined."""
    defined = ~np.isnan(values)
    found: Floats = times[:, defined] @ values[defined] / times[:, defined].sum(1)
    return found


def correlation(of: Floats, a: Floats, b: Floats, aa: Floats, bb: Floats, ab: Floats) -> Floats:
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
    return correlation(of, a.sum(1), b.sum(1), (a * a).sum(1), (b * b).sum(1), (a * b).sum(1))


def _orders(a: Floats, b: Floats, there: NDArray[np.bool_]) -> tuple[Floats, ...]:
    """Of each row of a and of b: Spearman, Kendall's tau-b, then numbers of pairs: concordant, without ties, concordant or
    tied in both, all.

    All from the signs of differences: their sum at one place is, but for a constant, twice its rank, ties at their mean;
    tau-b is (concordant - discordant) / √(pairs not tied in a · pairs not tied in b).
    """
    of = there.sum(1)
    pairs = there[:, :, None] & there[:, None, :]
    first, second = _signs(a, pairs), _signs(b, pairs)
    same, untied = first * second, np.abs(first * second)
    kendall = same.sum((1, 2)) / np.sqrt(np.abs(first).sum((1, 2)) * np.abs(second).sum((1, 2)))
    spearman = _pearson(first.sum(2), second.sum(2), there)
    all_pairs = of * (of - 1) / 2
    concordant = (same > 0).sum((1, 2)) / 2
    tied = all_pairs - (np.abs(first).sum((1, 2)) + np.abs(second).sum((1, 2)) - untied.sum((1, 2))) / 2
    return (
        spearman,
        np.where(of >= _FEWEST, kendall, np.nan),
        concordant,
        untied.sum((1, 2)) / 2,
        concordant + tied,
        all_pairs,
    )


def _signs(scores: Floats, pairs: NDArray[np.bool_]) -> Floats:
    """Rows × places × places: 1, 0, -1 where the first is higher, tied, lower; 0 where a pair is not there."""
    steps = np.where(pairs, scores[:, :, None] - scores[:, None, :], 0)
    signs: Floats = np.sign(np.where(np.abs(steps) > TIE, steps, 0))
    return signs


def number(value: float) -> float | None:
    """The value; None where it is not defined."""
    return float(value) if math.isfinite(value) else None


def falling_tau(scores: Sequence[float], tie: float) -> float:
    """Kendall's tau-a of two or more scores with their place in the sequence, its sign turned.

    1 where each later score is lower, -1 where each is higher; scores no more than tie apart count as equal.

    >>> falling_tau([8, 6, 6, 3], 0), falling_tau([3, 6], 0)
    (0.8333333333333334, -1.0)
    """
    steps = [earlier - later for earlier, later in combinations(scores, 2)]
    return fmean((step > tie) - (step < -tie) for step in steps)
