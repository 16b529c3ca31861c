"""A leaderboard's ranks, and how far another draw of questions might move them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from odw_harness.stats.intervals import FEWEST, LEVEL, Floats


def ranks_of(scores: ArrayLike) -> list[int]:
    """Competition ranks (1, 2, 2, 4) of systems by their scores: systems × questions, NaN where there is none.

    Without gaps, by the systems' means. With gaps, by what is left of the means when each question's difficulty is taken
    off first, so that no system gains by lacking a hard question: the least-squares fit of score = system + question
    (S. R. Searle, Linear Models, 1971, chapter 7). A system without any score comes last.
    """
    table = np.asarray(scores, dtype=float)
    return [int(rank) for rank in _ranks(_without_difficulty(table), np.ones((1, table.shape[1])))[0]]


def rank_intervals(scores: ArrayLike, seed: int = 0, resamples: int = 2000) -> list[tuple[int, int]]:
    """The best and the worst rank of each system (systems × questions, NaN where there is no score) at 95 %.

    Questions are drawn anew with replacement, the same for all systems, and the systems ranked each time as ranks_of does;
    the interval is the middle 95 % of a system's ranks, widened to hold its rank as seen. H. Goldstein and D. J.
    Spiegelhalter, JRSS A 159, 1996; P. Hall and H. Miller, Annals of Statistics 37, 2009, who show that among systems of the
    very same quality such an interval is too narrow. (1, systems), which says nothing, for a system without any score and
    where there are fewer than four questions (`intervals.FEWEST`).
    """
    table = np.asarray(scores, dtype=float)
    systems, questions = table.shape
    if questions < FEWEST:
        return [(1, systems)] * systems
    drawn = np.random.default_rng(seed).integers(0, questions, (resamples, questions))
    times = np.array([np.bincount(draw, minlength=questions) for draw in drawn])
    ranks = _ranks(_without_difficulty(table), times)
    ends = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    lows, highs = np.quantile(ranks, ends, axis=0, method="inverted_cdf")
    scored = (~np.isnan(table)).any(1)
    return [
        (min(int(low), rank), max(int(high), rank)) if some else (1, systems)
        for low, high, rank, some in zip(lows, highs, ranks_of(table), scored, strict=True)
    ]


def _without_difficulty(table: Floats) -> Floats:
    """The table less each question's difficulty: solved for the questions, the systems' means having been put in."""
    there = ~np.isnan(table)
    filled = np.where(there, table, 0)
    share = there / np.maximum(there.sum(1, keepdims=True), 1)
    left = np.diag(there.sum(0)) - there.T @ share
    right = filled.sum(0) - share.T @ filled.sum(1)
    difficulty: Floats = np.linalg.lstsq(left, right)[0]
    return table - difficulty


def _ranks(table: Floats, times: ArrayLike) -> NDArray[np.int64]:
    """Ranks, draws × systems, where in each draw (draws × questions) a question counts so many times.

    A draw with no question that a system has a score for says nothing of it: there its mean over all stands.
    """
    there = ~np.isnan(table)
    filled = np.where(there, table, 0)
    times = np.asarray(times)
    with np.errstate(invalid="ignore", divide="ignore"):
        overall = filled.sum(1) / there.sum(1)
        means = (times @ filled.T) / (times @ there.T)
    means = np.where(np.isnan(means), overall, means)
    means = np.where(np.isnan(means), -np.inf, np.round(means, 9))  # decimals: the last bits of a float are no order
    return np.asarray(rankdata(-means, method="min", axis=1), dtype=np.int64)
