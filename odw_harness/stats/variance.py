"""What questions, generations and judgements each add to the spread of scores."""

import math
from collections.abc import Hashable, Sequence
from statistics import fmean
from typing import Literal

import numpy as np

from odw_harness.stats.intervals import Frozen, Places, numbered

Part = Literal["question", "generation", "judge"]
PARTS: tuple[Part, ...] = ("question", "generation", "judge")
Row = tuple[Hashable, Hashable, Hashable, float]
"""Question, number of the generation, number of the judgement, score."""


class Components(Frozen):
    """Variances (points squared) of scores: between questions, between generations, between judgements of one answer.

    A part is None where the data can't tell it from another, and then lies in the part before it: without repeated
    judgements `generation` holds what generation and judge add together; with one generation of each question `question`
    holds that of generations too. question is None of a single question. cut: parts whose estimate was below 0, which
    were set to 0; that is common where a part is small and repeats are few.
    """

    scores: int
    answers: int
    questions: int
    question: float | None
    generation: float | None
    judge: float | None
    cut: tuple[Part, ...] = ()


def components(table: Sequence[Row]) -> Components:
    """The components of scores, by the method of moments; repeats may differ in number from answer to answer.

    Generations are nested in questions and judgements in answers: rows of one question and generation are judgements of
    one answer, and generation 1 of two questions has nothing in common. Sums of squares are set equal to what they are on
    average: C. R. Henderson, Biometrics 9, 1953, method 1; S. R. Searle, G. Casella and C. E. McCulloch, Variance
    Components, 1992, chapter 5. With as many repeats everywhere that is the analysis of variance.

    For the difference of two systems give rows of differences, question by question, generation k less generation k (their
    order does not matter): question is then how much the difference itself goes from question to question, and generation
    and judge hold the chance of both systems. Raises ValueError of no rows.
    """
    if not table:
        raise ValueError("no scores")
    centre = fmean(score for *_, score in table)  # the result does not depend on it, rounding errors do
    scores = np.array([score - centre for *_, score in table])
    # The group of each score at each level: all, question, answer, the score itself.
    groups = [
        numbered([()] * len(table)),
        numbered([row[0] for row in table]),
        numbered([row[:2] for row in table]),
        np.arange(len(table)),
    ]
    counts = [int(group.max()) + 1 for group in groups]
    sums = [sum(_total(group, scores) ** 2 / np.bincount(group)) for group in groups]
    weights = np.array([[_weight(outer, inner) for inner in groups[1:]] for outer in groups])
    told = [part for part in range(3) if counts[part + 1] > counts[part]]
    found: dict[Part, float] = {}
    if told:
        left, right = np.diff(weights, axis=0)[np.ix_(told, told)], np.diff(sums)[told]
        found = {PARTS[part]: float(value) for part, value in zip(told, np.linalg.solve(left, right), strict=True)}
    return Components(
        scores=len(table),
        answers=counts[2],
        questions=counts[1],
        cut=tuple(part for part, value in found.items() if value < 0),
        **{part: max(0.0, found[part]) if part in found else None for part in PARTS},
    )


def spread(parts: Components, generations: int = 1, judge_repeats: int = 1) -> float:
    """The standard deviation from question to question (points) of the mean of so many generations, each judged so often.

    The square root of question + generation / generations + judge / (generations · judge_repeats), whose square over the
    number of questions is the variance of a system's mean. Raises ValueError where a part is not known that matters.
    """
    question, generation, judge = known(parts)
    return math.sqrt(question + generation / generations + judge / (generations * judge_repeats))


def known(parts: Components) -> tuple[float, float, float]:
    """The three parts as numbers. Raises ValueError where the data can't tell one: which repeats they lack."""
    if parts.question is None:
        raise ValueError("the spread between questions is not known: give scores of two questions or more")
    if parts.generation is None:
        raise ValueError("what generations add is not known: give two generations or more of a question")
    if parts.judge is None:
        raise ValueError("what judgements add is not known: give two judgements or more of an answer")
    return parts.question, parts.generation, parts.judge


def _total(group: Places, scores: np.ndarray) -> np.ndarray:
    return np.bincount(group, weights=scores)


def _weight(outer: Places, inner: Places) -> float:
    """How often the inner level's variance is in the outer level's sum of squares, on average.

    The sum over outer groups of the squared sizes of what they share with each inner group, over their own size.
    """
    shared = np.unique(np.array([outer, inner]), axis=1, return_counts=True)
    size = np.bincount(outer)
    return float((shared[1] ** 2 / size[shared[0][0]]).sum())
