"""The graders: how far they agree, who is severe or at odds with the others, and marks to look at again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from odw_harness.stats import Frozen
from odw_harness.stats.agreement import Estimate
from odw_harness.stats.intervals import LEVEL, TIE, Floats
from odw_harness.stats.reliability import (
    Icc,
    Ratings,
    connected,
    intraclass,
    krippendorff_alpha,
    severities,
    studentised,
)

if TYPE_CHECKING:
    import pandas as pd

Flag = Literal["severe", "lenient", "erratic", "at odds", "one mark", "apart"]
MADS = 3.0
"""So many median absolute deviations, made comparable with standard deviations, from the graders' median is an outlier:
F. R. Hampel, JASA 69, 1974; C. Leys and others, Journal of Experimental Social Psychology 49, 2013."""
LEAST_SEVERITY = 3.0
"""Fewer points than that (of 100) are not worth telling a grader of, whatever the others do."""
LEAST_GRADERS = 4
"""Of fewer graders nobody can say which one lies outside."""
LEAST_SHARED = 10
"""Of fewer answers in common with others no grader is called erratic, at odds, or of one mark."""
LEAST_RATIO = 1.5
"""A residual spread of fewer times the graders' median is not erratic, however alike the others' are."""
ONE_MARK = 0.5
"""A larger share of marks that are all the same is told of."""
_MAD = 1.4826
"""Times the median absolute deviation is the standard deviation of normal values."""


class Grader(Frozen):
    """One grader. In points of the marks (0 to 100).

    marks: how many; shared: those on answers that others marked too. mean, sd: of all their marks. severity: how many points
    fewer they give than the average one of those they are tied to, on the same answers (additive model answer + grader, by
    least squares), with Student's interval; None for a grader tied to none. sd_ratio: sd of their marks on shared answers
    over that of the others' there, severities taken out: below 1 they use less of the scale. residual: standard deviation of
    what is left of their marks when answer and severity are taken out. follows: Pearson with the mean of the others on
    shared answers. same: the share of their commonest mark. part: a number for those tied to each other by answers in
    common. flags: see `flags_of`.
    """

    grader: str
    marks: int
    shared: int
    mean: float
    sd: float | None
    severity: Estimate | None
    sd_ratio: float | None
    residual: float | None
    follows: float | None
    same: float
    part: int
    flags: tuple[Flag, ...] = ()


class Look(Frozen):
    """A mark to look at again. expected: what the other marks let expect (answer + grader); off: the mark less that; t:
    externally studentised. Of two marks of one answer nobody can say which is wrong: both are named."""

    grader: str
    code: str
    question: str
    score: float
    expected: float
    off: float
    t: float
    source: str


@dataclass(frozen=True)
class Reliability:
    """How reliable people's marks are. per_answer: marks an answer, harmonic mean; shared: answers with two marks or more.

    interval, ordinal: Krippendorff's alpha, with a bootstrap interval over questions. icc: see `stats.reliability.Icc`. Each
    None where it is not defined. graders: by name. looks: single marks far from what answer and grader let expect, the
    furthest first: of marks without mistakes, one such stands there in 1 grading of 20 (Bonferroni). simulated: how many
    marks were given by no person.
    """

    marks: int
    answers: int
    shared: int
    per_answer: float
    questions: int
    simulated: int
    interval: Estimate | None
    ordinal: Estimate | None
    icc: Icc | None
    graders: tuple[Grader, ...]
    looks: tuple[Look, ...]


def reliability(marks: "pd.DataFrame", seed: int = 0, resamples: int = 1000) -> Reliability | None:
    """Of the table of `human.marks.read_marks`; None of no marks. What can't be told of so few or such marks is None."""
    if marks.empty:
        return None
    ratings = _ratings(marks)
    groups = list(marks["question_hash"])
    per_answer = ratings.per_answer
    return Reliability(
        marks=len(marks),
        answers=per_answer.size,
        shared=int((per_answer > 1).sum()),
        per_answer=ratings.k,
        questions=marks["question_hash"].nunique(),
        simulated=int(marks["simulated"].sum()),
        interval=krippendorff_alpha(ratings, groups, "interval", seed, resamples),
        ordinal=krippendorff_alpha(ratings, groups, "ordinal", seed, resamples),
        icc=intraclass(ratings, seed),
        graders=_graders(marks, ratings),
        looks=_looks(marks, ratings),
    )


def adjusted(marks: "pd.DataFrame") -> "pd.DataFrame":
    """The marks with their grader's severity given back: what an average grader of those tied to them would have given.

    Marks may then lie a little outside 0 to 100. Those of a grader tied to none stay as they are.
    """
    if marks.empty:
        return marks
    ratings = _ratings(marks)
    severity, _ = severities(ratings)
    return marks.assign(score=marks["score"] + np.nan_to_num(severity)[ratings.grader])


def _ratings(marks: "pd.DataFrame") -> Ratings:
    answers = list(zip(marks["question_hash"], marks["answer_hash"], strict=True))
    return Ratings.of(answers, list(marks["grader"]), list(marks["score"]))


def _graders(marks: "pd.DataFrame", ratings: Ratings) -> tuple[Grader, ...]:
    severity, reach = severities(ratings)
    part = connected(ratings)
    names = list(dict.fromkeys(marks["grader"]))
    evened = ratings.score + np.nan_to_num(severity)[ratings.grader]
    shared = ratings.per_answer[ratings.answer] > 1
    found = [
        _grader(
            name, number, ratings, evened, shared, (float(severity[number]), float(reach[number])), int(part[number])
        )
        for number, name in enumerate(names)
    ]
    flags = flags_of(found)
    return tuple(
        grader.model_copy(update={"flags": given})
        for grader, given in sorted(zip(found, flags, strict=True), key=lambda each: each[0].grader)
    )


def _grader(
    name: str,
    number: int,
    ratings: Ratings,
    evened: Floats,
    shared: NDArray[np.bool_],
    severity: tuple[float, float],
    part: int,
) -> Grader:
    mine = ratings.grader == number
    both = mine & shared
    scores, at, value, reach = ratings.score[mine], ratings.answer[both], *severity
    others = shared & ~mine & np.isin(ratings.answer, at)
    free = ratings.free[both]
    total, count = (
        np.bincount(ratings.answer[others], each, ratings.per_answer.size)[at] for each in (evened[others], None)
    )
    spread = _sd(evened[others])
    mine_sd = _sd(ratings.score[both])
    return Grader(
        grader=name,
        marks=scores.size,
        shared=int(both.sum()),
        mean=float(scores.mean()),
        sd=_sd(scores),
        severity=None
        if np.isnan(value)
        else Estimate(
            value=value, low=None if np.isnan(reach) else value - reach, high=None if np.isnan(reach) else value + reach
        ),
        sd_ratio=mine_sd / spread if mine_sd is not None and spread else None,
        residual=float(np.sqrt((ratings.left[both] ** 2).sum() / free.sum())) if free.sum() > 1 else None,
        follows=_pearson(ratings.score[both], total / np.maximum(count, 1)),
        same=float(np.unique(scores, return_counts=True)[1].max() / scores.size),
        part=part,
    )


def flags_of(graders: Sequence[Grader]) -> list[tuple[Flag, ...]]:
    """What is to be told of each grader, beside those they are tied to by answers in common.

    severe, lenient: their severity lies MADS deviations from the median, by LEAST_SEVERITY or more, and its interval excludes
    0. erratic: the logarithm of their residual lies so far above, by LEAST_RATIO times or more. at odds: they follow the
    others not at all (correlation 0 or below). one mark: more than ONE_MARK of their marks are the same. apart: they are tied
    to nobody, so that how severe they are can't be told.
    """
    severity = np.array([np.nan if each.severity is None else each.severity.value for each in graders], dtype=float)
    residual = np.array(
        [np.log(each.residual) if each.residual and each.shared >= LEAST_SHARED else np.nan for each in graders]
    )
    part = np.array([each.part for each in graders])
    far, wild = np.zeros(len(graders)), np.zeros(len(graders))
    for number in np.unique(part):
        mine = part == number
        far[mine] = _outside(severity[mine], LEAST_SEVERITY)
        wild[mine] = _outside(residual[mine], float(np.log(LEAST_RATIO)))
    return [tuple(_flags(each, *of)) for each, of in zip(graders, zip(far, wild, strict=True), strict=True)]


def _flags(each: Grader, far: float, wild: float) -> Iterator[Flag]:
    of = each.severity
    sure = of is not None and of.low is not None and of.high is not None and (of.low > 0 or of.high < 0)
    if sure and abs(far) > MADS:
        yield "severe" if far > 0 else "lenient"
    if wild > MADS:
        yield "erratic"
    if each.follows is not None and each.shared >= LEAST_SHARED and each.follows <= 0:
        yield "at odds"
    if each.marks >= LEAST_SHARED and each.same > ONE_MARK:
        yield "one mark"
    if not each.shared:
        yield "apart"


def _outside(values: Floats, least: float) -> Floats:
    """How many deviations each value lies from the median of all; 0 where that is less than `least`, or nobody can say."""
    there = values[~np.isnan(values)]
    if there.size < LEAST_GRADERS:
        return np.zeros(values.size)
    steps = np.nan_to_num(values - np.median(there))
    deviation = max(_MAD * float(np.median(np.abs(there - np.median(there)))), TIE)
    return np.where(np.abs(steps) < least, 0, steps / deviation)


def _looks(marks: "pd.DataFrame", ratings: Ratings) -> tuple[Look, ...]:
    t = studentised(ratings)
    judged = int((~np.isnan(t)).sum())
    if not judged:
        return ()
    away = ratings.left / np.where(np.isnan(t), np.nan, ratings.free)
    bound = float(student.ppf(1 - (1 - LEVEL) / 2 / judged, ratings.freedom - 1))
    rows = marks.to_dict("records")
    order = sorted((place for place in range(t.size) if abs(t[place]) > bound), key=lambda place: -abs(t[place]))
    return tuple(
        Look(
            grader=rows[place]["grader"],
            code=rows[place]["code"],
            question=rows[place]["question"],
            score=float(ratings.score[place]),
            expected=float(ratings.score[place] - away[place]),
            off=float(away[place]),
            t=float(t[place]),
            source=rows[place]["source"],
        )
        for place in order
    )


def _sd(values: Floats) -> float | None:
    return float(values.std(ddof=1)) if values.size > 1 else None


def _pearson(one: Floats, other: Floats) -> float | None:
    if one.size < 3 or min(one.std(), other.std()) <= TIE:
        return None
    return float(np.corrcoef(one, other)[0, 1])
