"""How far two scorers of the same answers agree: a judge with people, a judge with itself, a score with an order."""

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

import krippendorff
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from odw_harness.stats.intervals import FEWEST, TIE, Floats, Frozen, resampled

FIGURES = ("pearson", "spearman", "kendall", "per_question", "pooled", "pairwise")
_FEWEST_SYSTEMS = 3
"""Of two systems every correlation is 1, -1 or undefined."""


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
    questions are what the figure is to hold for. None of fewer than four (`intervals.FEWEST`).
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
    one, other = _rounded(first), _rounded(second)
    if one.shape != other.shape or one.ndim != 2:
        raise ValueError(
            f"two arrays of systems × questions of the same shape are needed, not {one.shape}, {other.shape}"
        )
    missing = np.isnan(one) | np.isnan(other)
    one, other = np.where(missing, np.nan, one), np.where(missing, np.nan, other)
    both = _Both(one, other)
    questions = int((~missing).any(0).sum())
    numbers = np.arange(one.shape[1])
    seen = both.figures(numbers)
    low = high = np.full(len(FIGURES), np.nan)
    if questions >= FEWEST:
        low, high = resampled(numbers, both.stacked, seed, resamples)
    return Agreement(
        systems=int((~missing).any(1).sum()),
        questions=questions,
        answers=int((~missing).sum()),
        pairs=int(both.pairs.sum()),
        **{
            name: Estimate(value=_number(value), low=_number(bottom), high=_number(top))
            for name, value, bottom, top in zip(FIGURES, seen, low, high, strict=True)
        },
    )


class _Both:
    """Two scorers' tables, and what of each question does not change from one draw of questions to another."""

    def __init__(self, one: Floats, other: Floats) -> None:
        self.there = ~np.isnan(one)
        self.one, self.other = np.where(self.there, one, 0), np.where(self.there, other, 0)
        columns = [(one[kept, q], other[kept, q]) for q, kept in enumerate(self.there.T)]
        self.correlations = np.array([_spearman(a, b) for a, b in columns])
        signs = [_signs(a) * _signs(b) for a, b in columns]
        self.pairs = np.array([np.abs(sign).sum() for sign in signs])
        self.concordant = np.array([(sign > 0).sum() for sign in signs])

    def figures(self, questions: NDArray[np.int64]) -> list[float]:
        """FIGURES over a draw of questions."""
        count = self.there[:, questions].sum(1)
        some = count > 0
        a, b = (_rounded(table[:, questions].sum(1)[some] / count[some]) for table in (self.one, self.other))
        kept = self.there[:, questions]
        correlations = self.correlations[questions]
        defined = correlations[~np.isnan(correlations)]
        pairs = self.pairs[questions].sum()
        return [
            _pearson(a, b),
            _spearman(a, b),
            _kendall(a, b),
            float(defined.mean()) if defined.size else math.nan,
            _pearson(self.one[:, questions][kept], self.other[:, questions][kept]),
            float(self.concordant[questions].sum() / pairs) if pairs else math.nan,
        ]

    def stacked(self, draws: NDArray[np.int64], axis: int = -1) -> Floats:
        """FIGURES × draws, as scipy's bootstrap asks for them."""
        flat = np.moveaxis(draws, axis, -1)
        found = np.array([self.figures(each) for each in flat.reshape(-1, flat.shape[-1])])
        return found.T.reshape(len(FIGURES), *flat.shape[:-1])


def _pearson(a: Floats, b: Floats) -> float:
    if len(a) < _FEWEST_SYSTEMS or not (np.ptp(a) > TIE and np.ptp(b) > TIE):
        return math.nan
    return float(np.corrcoef(a, b)[0, 1])


def _spearman(a: Floats, b: Floats) -> float:
    return _pearson(rankdata(a), rankdata(b))


def _kendall(a: Floats, b: Floats) -> float:
    """tau-b: (concordant - discordant) / √(pairs not tied in a · pairs not tied in b)."""
    first, second = _signs(a), _signs(b)
    untied = math.sqrt(np.abs(first).sum() * np.abs(second).sum())
    return float((first * second).sum() / untied) if untied and len(a) >= _FEWEST_SYSTEMS else math.nan


def _signs(scores: Floats) -> Floats:
    """1, 0 or -1 for each pair of scores: the earlier is higher, tied, lower."""
    earlier, later = np.triu_indices(len(scores), 1)
    signs: Floats = np.sign(_rounded(scores[earlier] - scores[later]))
    return signs


def _rounded(values: ArrayLike) -> Floats:
    rounded: Floats = np.round(np.asarray(values, dtype=float), 9)
    return rounded


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
