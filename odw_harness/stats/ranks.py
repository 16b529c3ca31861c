"""A leaderboard's ranks, and how far another draw of questions might move them."""

import numpy as np
from numpy.typing import ArrayLike

from odw_harness.stats.intervals import LEVEL, TIE, Floats


def ranks_of(scores: ArrayLike) -> list[int]:
    """Competition ranks (1, 2, 2, 4) of systems from their scores: systems × questions, NaN where there is none.

    A system's rank is 1 and the number of systems that beat it: whose mean over the questions that both have a score for
    is higher. Without gaps that is the order of the means. With gaps, each pair is still compared on the same questions,
    so that no system gains by lacking a hard one; two systems without a common question do not beat each other. A system
    without any score is not beaten: leave it out before.
    """
    table = np.asarray(scores, dtype=float)
    return [int(rank) for rank in _ranks(table, np.ones(table.shape[1]))]


def rank_intervals(scores: ArrayLike, seed: int = 0, resamples: int = 2000) -> list[tuple[int, int]]:
    """The lowest and highest rank of each system (systems × questions, NaN where there is no score) at 95 %.

    Questions are drawn anew with replacement, the same for all systems, and the systems ranked each time; the interval
    is the middle 95 % of a system's ranks, widened to hold its rank as seen. (1, systems) for a system without any score.
    H. Goldstein and D. J. Spiegelhalter, JRSS A 159, 1996; P. Hall and H. Miller, Annals of Statistics 37, 2009, who show
    that between systems of the very same quality such intervals are too sure.
    """
    table = np.asarray(scores, dtype=float)
    systems, questions = table.shape
    random = np.random.default_rng(seed)
    drawn = np.empty((resamples, systems), dtype=int)
    for each in drawn:
        each[:] = _ranks(table, np.bincount(random.integers(0, questions, questions), minlength=questions))
    ends = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    lows, highs = np.quantile(drawn, ends, axis=0, method="inverted_cdf")
    return [
        (min(int(low), rank), max(int(high), rank)) if scored else (1, systems)
        for low, high, rank, scored in zip(lows, highs, ranks_of(table), ~np.isnan(table).all(1), strict=True)
    ]


def _ranks(table: Floats, times: ArrayLike) -> Floats:
    """Ranks where question q counts times[q] times."""
    there = ~np.isnan(table)
    common = (np.where(there, table, 0) * times) @ there.T  # [i, j]: i's sum over the questions that j has too
    ranks: Floats = 1 + (common.T - common > TIE).sum(1)
    return ranks
