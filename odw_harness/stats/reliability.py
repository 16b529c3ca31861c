"""How far graders of the same answers agree, and what each adds: answers × graders, of which most cells may be empty."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from odw_harness.stats.agreement import Estimate, number
from odw_harness.stats.intervals import FEWEST, LEVEL, TIE, Floats, Frozen, Places, numbered, resampled

DRAWS = 4000
"""Draws for an interval of the intraclass correlation: its ends then vary by less than 0.005."""
_HALVINGS = 40


class Icc(Frozen):
    """Intraclass correlations for absolute agreement, graders and answers both drawn at random (two-way random effects).

    single: ICC(2,1), of one mark; mean: ICC(2,k), of the mean of k marks: the share of its variance that the answers are
    the cause of. answer, grader, residual: the variances, in points squared; cut: those whose estimate was below 0. complete:
    every grader marked every answer.

    P. E. Shrout and J. L. Fleiss, Psychological Bulletin 86, 1979; K. O. McGraw and S. P. Wong, Psychological Methods 1, 1996.
    """

    single: Estimate
    mean: Estimate
    k: float
    answer: float
    grader: float
    residual: float
    cut: tuple[Literal["answer", "grader"], ...] = ()
    complete: bool


@dataclass(frozen=True)
class Ratings:
    """Marks, one of a grader for an answer at most. answer, grader: the number of each mark's, from 0; score: the mark."""

    answer: Places
    grader: Places
    score: Floats

    @classmethod
    def of(cls, answers: Sequence[Hashable], graders: Sequence[Hashable], scores: Sequence[float]) -> "Ratings":
        """From the keys of each mark's answer and grader. Raises ValueError where a grader marks an answer twice."""
        if len(set(zip(answers, graders, strict=True))) < len(answers):
            raise ValueError("a grader marks an answer twice")
        return cls(numbered(answers), numbered(graders), np.asarray(scores, dtype=float))

    @cached_property
    def per_answer(self) -> NDArray[np.int64]:
        """How many marks each answer has."""
        return np.bincount(self.answer)

    @cached_property
    def k(self) -> float:
        """The harmonic mean of the numbers of marks an answer: the variance of a mean of marks goes by their inverse."""
        return float(self.per_answer.size / (1 / self.per_answer).sum())

    @cached_property
    def within(self) -> Floats:
        """Marks less the mean of their answer's."""
        return self.score - (np.bincount(self.answer, self.score) / self.per_answer)[self.answer]

    @cached_property
    def graders_within(self) -> tuple[Floats, Floats, Floats]:
        """U, s, V' of the graders' columns less their means by answer: what tells graders apart on the same answers."""
        columns = np.zeros((self.score.size, int(self.grader.max()) + 1))
        columns[np.arange(self.score.size), self.grader] = 1
        share = np.zeros((self.per_answer.size, columns.shape[1]))
        np.add.at(share, (self.answer, self.grader), 1)
        u, s, v = np.linalg.svd(columns - (share / self.per_answer[:, None])[self.answer], full_matrices=False)
        told = s > 1e-6
        return u[:, told], s[told], v[told]

    @cached_property
    def left(self) -> Floats:
        """The residuals of the additive model answer + grader, by least squares."""
        u = self.graders_within[0]
        found: Floats = self.within - u @ (u.T @ self.within)
        return found

    @cached_property
    def freedom(self) -> int:
        """The residuals' degrees of freedom."""
        return int(self.score.size - self.per_answer.size - self.graders_within[1].size)

    @cached_property
    def free(self) -> Floats:
        """Of each mark 1 less its leverage: its residual is so many times what it is from the other marks alone."""
        found: Floats = 1 - 1 / self.per_answer[self.answer] - (self.graders_within[0] ** 2).sum(1)
        return found


def krippendorff_alpha(
    ratings: Ratings,
    groups: Sequence[Hashable],
    level: Literal["interval", "ordinal"] = "interval",
    seed: int = 0,
    resamples: int = 1000,
) -> Estimate | None:
    """Krippendorff's alpha: 1 less observed over expected disagreement, over the answers that have two marks or more.

    groups: of each mark, what is drawn anew with replacement for the interval: the questions, for answers to one share how
    hard it is; None of fewer than four (`intervals.FEWEST`). The graders stay as they are. None where no answer has two
    marks, or no two marks differ. K. Krippendorff, Content Analysis, 2004, chapter 11.

    The library krippendorff (GPL-3.0) gives the same, but needs answers × values² numbers: for 2100 answers with 600
    different marks 19 GB. The ordinal difference of two marks is the difference of their ranks, ties at their mean, so that both levels are
    sums over marks.
    """
    paired = ratings.per_answer[ratings.answer] > 1
    if not paired.any() or np.ptp(ratings.score[paired]) <= TIE:
        return None
    answer, score = numbered(list(ratings.answer[paired])), ratings.score[paired]
    values, value = np.unique(score, return_inverse=True)
    group = numbered([each for each, kept in zip(groups, paired, strict=True) if kept])
    of = np.bincount(answer)[answer]

    def alpha(times: Floats) -> float:
        weight = times[group]
        if level == "ordinal":
            numbers = np.bincount(value, weight, values.size)
            x = (np.cumsum(numbers) - numbers / 2)[value]
        else:
            x = score
        x = x - np.average(x, weights=weight)
        total = weight.sum()
        inside = np.bincount(answer, x)[answer]
        # The squared differences of all pairs of an answer's marks, over its marks less one, told off mark by mark.
        seen = (weight * 2 * (of * x * x - x * inside) / (of - 1)).sum() / total
        expected = 2 * (weight * x * x).sum() / (total - 1)
        return float(1 - seen / expected) if expected > TIE else np.nan

    def drawn(draws: NDArray[np.int64], axis: int = -1) -> Floats:
        draws = np.moveaxis(draws, axis, -1)
        flat = draws.reshape(-1, draws.shape[-1])
        return np.array([alpha(np.bincount(draw, minlength=count).astype(float)) for draw in flat]).reshape(
            draws.shape[:-1]
        )

    count = int(group.max()) + 1
    low = high = np.array(np.nan)
    if resamples and count >= FEWEST:
        low, high = resampled(np.arange(count), drawn, seed, resamples)
    return Estimate(value=alpha(np.ones(count)), low=number(float(low)), high=number(float(high)))


def alpha_of(raters: Sequence[Sequence[float | None]]) -> float | None:
    """Krippendorff's alpha at interval level; raters[r][c]: the score of case c by rater r, None where there is none.

    Raters are judges, or repeats of one. None where it is not defined, as `krippendorff_alpha`.
    """
    given = [
        (case, rater, score) for rater, row in enumerate(raters) for case, score in enumerate(row) if score is not None
    ]
    cases, by, scores = zip(*given, strict=True) if given else ((), (), ())
    found = krippendorff_alpha(Ratings.of(cases, by, scores), cases, resamples=0)
    return None if found is None else found.value


def intraclass(ratings: Ratings, seed: int = 0) -> Icc | None:
    """ICC(2,1) and ICC(2,k) with 95 % intervals; None where the marks can't tell the variances apart.

    k is the harmonic mean number of marks an answer. On complete data the values are those of the analysis of variance, so
    pingouin's. The interval is a generalised confidence interval (S. Weerahandi, JASA 88, 1993): each sum of squares over
    its variance has a known chi-squared distribution, whatever the variances are, so drawing from those draws variances, of
    which the graders' has its few degrees of freedom. It needs no complete data, as the usual F intervals do.

    Answers count as independent of each other and effects as normal. How often the interval holds the truth:
    tests/stats/test_reliability.py.
    """
    found = Parts.of(ratings)
    if found is None:
        return None
    low, high = found.interval(seed)
    single = Estimate(value=found.share(1), low=low, high=high)
    mean = Estimate(value=found.share(ratings.k), low=_of_mean(low, ratings.k), high=_of_mean(high, ratings.k))
    return Icc(
        single=single,
        mean=mean,
        k=ratings.k,
        answer=max(0.0, found.answer),
        grader=max(0.0, found.grader),
        residual=found.residual,
        cut=(*(("answer",) if found.answer < 0 else ()), *(("grader",) if found.grader < 0 else ())),
        complete=ratings.score.size == ratings.per_answer.size * (int(ratings.grader.max()) + 1),
    )


@dataclass(frozen=True)
class Parts:
    """The variances of marks: of answers, graders and residuals, in points squared; below 0 where chance has it so.

    By setting sums of squares equal to what they are on average: residuals, graders beside answers, and answers beside
    graders (C. R. Henderson, Biometrics 9, 1953, method 3). Neither of the last two holds the other's variance, so that few
    graders do not blur how unlike the answers are. by_grader, by_answer: squares of independent contrasts, and how many
    times each holds the variance, beside the residuals' once.
    """

    answer: float
    grader: float
    residual: float
    freedom: int
    by_grader: tuple[Floats, Floats]
    by_answer: tuple[Floats, Floats]

    @classmethod
    def of(cls, ratings: Ratings) -> "Parts | None":
        """None where no answers have marks enough to tell the three apart, or all marks are the same."""
        u, s, _ = ratings.graders_within
        if ratings.freedom < 1 or not s.size or np.ptp(ratings.score) <= TIE:
            return None
        by_grader, by_answer = ((u.T @ ratings.score) ** 2, s**2), _answers_beside(ratings)
        if not by_answer[1].size:
            return None
        residual = float(ratings.left @ ratings.left) / ratings.freedom
        grader, answer = (
            float((squares.sum() - squares.size * residual) / weights.sum())
            for squares, weights in (by_grader, by_answer)
        )
        if not max(residual, grader, answer) > TIE:
            return None
        return cls(answer, grader, residual, ratings.freedom, by_grader, by_answer)

    def share(self, k: float) -> float:
        """ICC(2,k): the answers' share of the variance of a mean of k marks."""
        answer, grader = max(0.0, self.answer), max(0.0, self.grader)
        return answer / (answer + (grader + self.residual) / k)

    def interval(self, seed: int) -> tuple[float, float]:
        """The interval of share(1)."""
        random = np.random.default_rng(seed)
        residual = self.residual * self.freedom / random.chisquare(self.freedom, DRAWS)
        grader, answer = (_drawn(*found, residual, random) for found in (self.by_grader, self.by_answer))
        total = answer + grader + residual
        single = np.divide(answer, total, out=np.ones(DRAWS), where=total > 0)
        low, high = np.quantile(single, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(low), float(high)


def severities(ratings: Ratings) -> tuple[Floats, Floats]:
    """Of each grader, how many points fewer they give than the average one of those they are tied to, and how far off
    that may be at 95 %.

    By least squares of the additive model answer + grader; ties are answers in common, also by way of others. Severities of
    graders who are tied to each other sum to 0. NaN for a grader tied to none; the second is NaN where nothing is left to
    judge by.
    """
    part = connected(ratings)
    u, s, v = ratings.graders_within
    # v spans what the data tell; it holds no shift of a whole part, so that the sums within a part are 0.
    effects = v.T @ ((u.T @ ratings.within) / s)
    variance = (v.T**2) @ (1 / s**2)
    reach = np.full(effects.size, np.nan)
    if ratings.freedom > 0:
        residual = float(ratings.left @ ratings.left) / ratings.freedom
        reach = float(student.ppf((1 + LEVEL) / 2, ratings.freedom)) * np.sqrt(residual * variance)
    alone = np.bincount(part)[part] < 2
    return np.where(alone, np.nan, -effects), np.where(alone, np.nan, reach)


def connected(ratings: Ratings) -> Places:
    """Of each grader the number of the part they are in: graders of two parts have no answer in common, nor by way of others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graders, answers = int(ratings.grader.max()) + 1, ratings.per_answer.size
    edges = coo_array(
        (np.ones(ratings.score.size), (ratings.grader, graders + ratings.answer)), shape=(graders + answers,) * 2
    )
    parts: Places = connected_components(edges, directed=False)[1][:graders].astype(np.intp)
    return parts


def studentised(ratings: Ratings) -> Floats:
    """Of each mark its residual from answer + grader over the standard error it has when the mark itself is left out.

    NaN where the residual is 0 by construction (an answer's only mark), or nothing is left to judge by. R. D. Cook and S.
    Weisberg, Residuals and Influence in Regression, 1982, section 2.2.2.
    """
    free, freedom = ratings.free, ratings.freedom - 1
    if freedom < 1:
        return np.full(ratings.score.size, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        others = (ratings.left @ ratings.left - ratings.left**2 / free) / freedom
        found: Floats = np.where((free > 1e-6) & (others > TIE), ratings.left / np.sqrt(others * free), np.nan)
    return found


def _answers_beside(ratings: Ratings) -> tuple[Floats, Floats]:
    """Independent contrasts of answers, graders taken out: their squares, and how often each holds the answers' variance."""
    shape = ratings.per_answer.size, int(ratings.grader.max()) + 1
    cells = np.zeros(shape)
    np.add.at(cells, (ratings.answer, ratings.grader), 1)
    marks = np.bincount(ratings.grader)
    weights, contrasts = np.linalg.eigh(np.diag(ratings.per_answer.astype(float)) - (cells / marks) @ cells.T)
    told = weights > 1e-6
    of_grader = (np.bincount(ratings.grader, ratings.score) / marks)[ratings.grader]
    sums = np.bincount(ratings.answer, ratings.score - of_grader)
    return (contrasts[:, told].T @ sums) ** 2 / weights[told], weights[told]


def _drawn(found: Floats, weights: Floats, residual: Floats, random: np.random.Generator) -> Floats:
    """Draws of a variance v: the v for which Σ found / (residual + weight · v) is a draw of chi-squared; 0 where none is.

    The sum falls as v rises, and at v = Σ (found / weight) / drawn it is no longer above drawn.
    """
    drawn = random.chisquare(found.size, residual.size)
    low, high = np.zeros(residual.size), (found / weights).sum() / drawn
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            above = (
                sum(each / (residual + weight * middle) for each, weight in zip(found, weights, strict=True)) > drawn
            )
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    drawn_variances: Floats = (low + high) / 2
    return drawn_variances


def _of_mean(single: float, k: float) -> float:
    return k * single / (1 + (k - 1) * single)
