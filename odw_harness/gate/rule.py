"""The rule by which a figure fails, as pure arithmetic over the drops of questions.

A figure fails where, over the questions that both sides have it for,

1. its mean fell by more than is allowed, and
2. with the chosen confidence it fell at all: Student's one-sided bound of the mean drop lies above 0. The figures of one
   gate share its chance of error (Bonferroni; O. J. Dunn, JASA 56, 1961), so that of candidates that are like their
   baseline at most 1 - confidence fail, however many figures there are.

Two questions, such as those outside the domain, can't tell their own spread: marks are whole numbers, so that both often
differ alike and seem to have none. Of fewer than FEWEST the spread is the larger of their own and WIDER times that of all
questions, each about the mean of its split.

So the second condition keeps chance out, the first what is too small to matter. Had a fall of more than is allowed itself
to be shown, most true drops of 0.5 points with 0.3 allowed would get through with one answer a question; had it to be ruled
out, nearly every second candidate that is like its baseline would fail. The share of candidates that fail, of 21 questions,
by the standard deviation of a question's difference where either side gave it one answer (the paper's median between two
of its systems is 0.75 points; tests/gate/test_simulation.py holds the table):

    sd    answers a question    no change    a drop of 0.5
    0.75  1                      1.3 %        77 %
    0.75  2                      0.4 %        95 %
    1.00  2                      1.4 %        81 %
    1.00  3                      0.8 %        93 %
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, norm
from scipy.stats import t as student

from odw_harness.notices import LEAST_COVERAGE
from odw_harness.stats import Frozen
from odw_harness.stats.intervals import FEWEST, TIE, Floats
from odw_harness.stats.power import POWER

ALL = "all"
"""The split of every question."""
WIDER = 1.4
"""How much further the differences of a few questions may spread than those of the others: in the paper's tables those of the
two questions outside the domain do 1.2 times as far as those of the 19 (ODWEval), and 1.4 times (AlignBench)."""
LEAST_FREEDOM = 2
"""Degrees of freedom of a spread, at least."""
_SPREADS = 2000
"""Quantiles that stand for a distribution."""


@dataclass(frozen=True)
class Settings:
    """What a candidate is held to. metrics: None for score, rules and fact_recall, as far as the baseline has them.

    max_drop is in points (score and dimensions), max_drop_rules and max_drop_facts are shares. confidence is that of the
    gate as a whole. rubric: None for all that the baseline has scores under.
    """

    metrics: tuple[str, ...] | None = None
    splits: tuple[str, ...] = (ALL,)
    rubric: str | None = None
    max_drop: float = 0.3
    max_drop_rules: float = 0.05
    max_drop_facts: float = 0.1
    confidence: float = 0.95
    min_coverage: float = LEAST_COVERAGE

    def allowed(self, metric: str) -> float:
        """By how much a figure may fall."""
        return {"rules": self.max_drop_rules, "fact_recall": self.max_drop_facts}.get(metric, self.max_drop)


@dataclass(frozen=True)
class Pairs:
    """A figure of the questions that both sides have it for, in one order. rubric: None for what needs no judge.

    beside: drops (baseline less candidate) of the questions outside the split.
    """

    name: str
    metric: str
    rubric: str | None
    split: str
    questions: tuple[str, ...]
    baseline: Floats
    candidate: Floats
    beside: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def drops(self) -> Floats:
        """Baseline less candidate of each question."""
        return self.baseline - self.candidate

    @property
    def enough(self) -> bool:
        """Whether there are enough questions to tell a drop from chance."""
        return enough(len(self.questions), len(self.beside))


class Figure(Frozen):
    """A figure's means on both sides over `questions` questions. change: candidate less baseline.

    at_most: with `confidence` the true change is not above it; below 0 a drop is shown. catches: the true drop that fails
    4 times in 5, by the spread seen here.
    """

    metric: str
    rubric: str | None
    split: str
    questions: int
    baseline: float
    candidate: float
    change: float
    allowed: float
    confidence: float
    at_most: float
    catches: float
    failed: bool


def fails(drops: Floats, allowed: float, confidence: float, beside: Floats | None = None) -> NDArray[np.bool_]:
    """The rule: which gates fail. drops: baseline less candidate, two or more questions along the last axis; beside: those
    of the questions outside the split, if any."""
    return np.asarray((drops.mean(-1) > allowed + TIE) & (least_drop(drops, confidence, beside) > TIE))


def least_drop(drops: Floats, confidence: float, beside: Floats | None = None) -> Floats:
    """Student's one-sided bound along the last axis, of two or more: with this confidence the true mean drop is not below it.

    The mean less t · spread / √questions, with the spread and its degrees of freedom as the module says.
    """
    beside = drops[..., :0] if beside is None else beside
    of = drops.shape[-1]
    reach = float(student.ppf(confidence, freedom(of, beside.shape[-1]))) / np.sqrt(of)
    return np.asarray(drops.mean(-1) - reach * _spread_of(drops, beside))


def freedom(of: int, of_beside: int = 0) -> int:
    """The degrees of freedom of the spread of so many questions, with so many outside the split."""
    return of - 1 if of >= FEWEST or of_beside < 2 else of + of_beside - 2


def enough(of: int, of_beside: int) -> bool:
    """Whether so many questions, with so many outside the split, tell a drop from chance."""
    return of >= 2 and freedom(of, of_beside) >= LEAST_FREEDOM


def spread(own: Floats, of: int, others: Floats, of_beside: int) -> Floats:
    """The standard deviation that drops of `of` questions are judged by: their own, or of few the larger of that and WIDER
    times the pooled one of these and the `of_beside` questions outside the split, whose own is `others`."""
    if of >= FEWEST or of_beside < 2:
        return own
    squares = (of - 1) * own**2 + (of_beside - 1) * others**2
    return np.maximum(own, WIDER * np.sqrt(squares / freedom(of, of_beside)))


def _spread_of(drops: Floats, beside: Floats) -> Floats:
    others = beside.std(-1, ddof=1) if beside.shape[-1] > 1 else np.zeros(())
    return spread(drops.std(-1, ddof=1), drops.shape[-1], others, beside.shape[-1])


def shared(confidence: float, figures: int) -> float:
    """Each figure's confidence, with which all together err no more often than the gate may.

    >>> shared(0.95, 1), round(shared(0.95, 5), 6)
    (0.95, 0.99)
    """
    return 1 - (1 - confidence) / figures if figures > 1 else confidence


def figure(pairs: Pairs, allowed: float, confidence: float) -> Figure:
    """What the rule says of one figure of enough questions."""
    drops, beside = pairs.drops, pairs.beside
    return Figure(
        metric=pairs.metric,
        rubric=pairs.rubric,
        split=pairs.split,
        questions=len(drops),
        baseline=float(pairs.baseline.mean()),
        candidate=float(pairs.candidate.mean()),
        change=-float(drops.mean()),
        allowed=allowed,
        confidence=confidence,
        at_most=-float(least_drop(drops, confidence, beside)),
        catches=caught(float(_spread_of(drops, beside)), len(drops), allowed, confidence, len(beside)),
        failed=bool(fails(drops, allowed, confidence, beside)),
    )


def caught(sd: float, questions: int, allowed: float, confidence: float, of_beside: int = 0) -> float:
    """The true mean drop that fails 4 times in 5, where drops of questions are normal with this standard deviation.

    The mean and the spread of normal values are independent, so that the chance is the mean of P(mean drop > the larger of
    allowed and t · spread / √questions) over the spreads that may turn up (their χ² quantiles).
    """
    if sd <= TIE:
        return allowed
    free, error = freedom(questions, of_beside), sd / np.sqrt(questions)
    spreads = error * np.sqrt(chi2.ppf((np.arange(_SPREADS) + 0.5) / _SPREADS, free) / free)
    needed = np.maximum(allowed, float(student.ppf(confidence, free)) * spreads)

    def beyond(drop: float) -> float:
        return float(norm.cdf((drop - needed) / error).mean()) - POWER

    return float(brentq(beyond, 0, float(needed.max()) + 10 * error))
