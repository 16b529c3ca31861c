"""Two systems on the same questions: is the mean difference real, and a table of such tests."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student

from odw_harness.stats.intervals import LEVEL, TIE, Floats, Frozen, mean_of

EXACT_UP_TO = 30
"""Differences other than 0 whose sign flips are all counted: 2^30 sums from two halves of 2^15."""
DRAWS = 19_999
"""Random flips of more differences than that: p of 0.05 has a standard error of 0.0015."""


class Paired(Frozen):
    """`of` differences, one a question: their mean, standard deviation, Student's 95 % interval and two tests.

    t_p: Student's paired t test. flip_p: the sign-flip permutation test, exact or from random flips. Both two-sided.
    better, worse: differences above and below 0. One difference has no spread and no p. t_p is None where all
    differences are the same and not 0: there is no spread to divide by; flip_p is still defined.
    """

    of: int
    mean: float
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    t_p: float | None = None
    flip_p: float | None = None
    exact: bool = True
    better: int
    worse: int


def paired(differences: Sequence[float], seed: int = 0) -> Paired:
    """What one or more differences say; seed is of the random flips, where there are too many to count."""
    mean = mean_of(differences)
    better, worse = sum(step > TIE for step in differences), sum(step < -TIE for step in differences)
    if mean.sd is None:
        return Paired(of=1, mean=mean.mean, better=better, worse=worse)
    flip_p, exact = _flip_p(differences, seed)
    return Paired(
        **mean.model_dump(),
        t_p=_t_p(mean.mean, mean.sd, mean.of),
        flip_p=flip_p,
        exact=exact,
        better=better,
        worse=worse,
    )


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """The p values of one table, corrected for their number; None stays None and counts for nothing.

    The i-th smallest of m is multiplied by m - i + 1, none is below a smaller one's, none is above 1. Below 0.05, the
    chance of one false finding or more in the whole table is at most 5 %, however the tests depend on each other.
    S. Holm, Scandinavian Journal of Statistics 6, 1979.
    """
    corrected: list[float | None] = [None] * len(ps)
    ascending = sorted((p, place) for place, p in enumerate(ps) if p is not None)
    highest = 0.0
    for rank, (p, place) in enumerate(ascending):
        highest = max(highest, min(1.0, p * (len(ascending) - rank)))
        corrected[place] = highest
    return corrected


class Against(Frozen):
    """One system less another, question by question. p: of the sign-flip test, after Holm, over the table it stands in."""

    paired: Paired
    p: float | None

    @property
    def shown(self) -> bool:
        """Whether a difference is shown; if not, that is no proof that there is none."""
        return self.p is not None and self.p < 1 - LEVEL


def compared(steps: Sequence[Sequence[float]]) -> list[Against | None]:
    """The tests of one table: the differences of each pair of systems, corrected (Holm) for all; None where there are none."""
    found = [paired(each) if len(each) else None for each in steps]
    corrected = holm([None if each is None else each.flip_p for each in found])
    return [None if each is None else Against(paired=each, p=p) for each, p in zip(found, corrected, strict=True)]


def _t_p(mean: float, sd: float, of: int) -> float | None:
    if sd <= TIE:
        return 1.0 if abs(mean) <= TIE else None
    return float(2 * student.sf(abs(mean) / sd * math.sqrt(of), of - 1))


def _flip_p(differences: Sequence[float], seed: int) -> tuple[float, bool]:
    """The share of all ways to set the signs that give a sum as far from 0 as the one seen, or further.

    Where a system is no better than the other, each difference could as well have had the other sign. R. A. Fisher, The
    Design of Experiments, 1935, section 21; E. J. G. Pitman, JRSS Supplement 4, 1937. From random flips: (k + 1) / (m + 1)
    (B. Phipson and G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010).
    """
    moved = [step for step in differences if abs(step) > TIE]
    seen = abs(math.fsum(moved)) - TIE
    if len(moved) > EXACT_UP_TO:
        random = np.random.default_rng(seed)
        sums = np.zeros(DRAWS)
        for step in moved:
            sums += step * (1 - 2 * random.integers(0, 2, DRAWS))
        return (int((np.abs(sums) >= seen).sum()) + 1) / (DRAWS + 1), False
    # Every sum is one of the left half's plus one of the right half's: sorted, those that reach far enough are counted.
    left, right = _sums(moved[::2]), np.sort(_sums(moved[1::2]))
    far = np.searchsorted(right, -seen - left, "right").sum() + right.size * left.size
    far -= np.searchsorted(right, seen - left, "left").sum()
    return min(1.0, int(far) / (left.size * right.size)), True


def _sums(steps: Sequence[float]) -> Floats:
    """All 2^n sums of n steps with either sign."""
    sums = np.zeros(1)
    for step in steps:
        sums = np.concatenate((sums + step, sums - step))
    return sums
