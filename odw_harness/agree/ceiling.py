"""The human ceiling: how far one grader agrees with the others, and the scorer with those same others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from odw_harness.agree.sources import ANSWER
from odw_harness.stats import Mean, mean_of
from odw_harness.stats.agreement import FIGURES, Agreement, agreement
from odw_harness.stats.intervals import Floats, Frozen

if TYPE_CHECKING:
    import pandas as pd

LEAST = 10
"""Of fewer answers in common with the others a grader's figures are no more than chance."""


class Range(Frozen):
    """A figure over `of` graders: its mean, the lowest and the highest."""

    mean: float
    low: float
    high: float
    of: int


class Ceiling(Frozen):
    """FIGURES of one grader against the mean of the others, each grader in turn, on the answers that both marked.

    After the alternative annotator test, by another figure: N. Calderon, R. Reichart and R. Dror, ACL 2025.

    people: figure → its range over graders; scorer: the same of the scorer against those same others on those same
    answers, so that the two compare: the mean of all graders is a better-known thing to agree with than that of all but
    one. lead: the scorer's less the grader's, with Student's interval over graders; their answers overlap, so that it is a
    little too sure. A figure that is defined for no grader is not there. graders: how many have LEAST answers or more in common with
    others, answers: their numbers of such answers, in all.
    """

    graders: int
    answers: int
    people: dict[str, Range]
    scorer: dict[str, Range]
    lead: dict[str, Mean]


def ceiling_of(marks: "pd.DataFrame", scores: "pd.DataFrame") -> Ceiling | None:
    """The ceiling over the answers that the scorer scored; None where no grader has enough in common with others.

    marks: the columns ANSWER, grader, score. scores: ANSWER, score.
    """
    keys = scores.set_index(ANSWER)["score"]
    wide = marks.pivot_table(index=ANSWER, columns="grader", values="score", aggfunc="mean")
    wide = wide[wide.index.isin(keys.index)]
    if wide.empty:
        return None
    given, scored = wide.to_numpy(dtype=float), keys.loc[wide.index].to_numpy(dtype=float)
    there = ~np.isnan(given)
    total, number = np.where(there, given, 0).sum(1), there.sum(1)
    cells = _Cells(wide.index.to_frame(index=False))
    people: list[Agreement] = []
    scorer: list[Agreement] = []
    for grader in range(given.shape[1]):
        both = there[:, grader] & (number > 1)
        if both.sum() < LEAST:
            continue
        others = cells.table(both, (total[both] - given[both, grader]) / (number[both] - 1))
        people.append(agreement(cells.table(both, given[both, grader]), others, resamples=0))
        scorer.append(agreement(cells.table(both, scored[both]), others, resamples=0))
    if not people:
        return None
    return Ceiling(
        graders=len(people),
        answers=sum(each.answers for each in people),
        people=_ranges(people),
        scorer=_ranges(scorer),
        lead={name: mean_of(steps) for name in FIGURES if (steps := _steps(people, scorer, name))},
    )


class _Cells:
    """Answers as cells of systems × questions; a cell is the mean of its answers."""

    def __init__(self, answers: "pd.DataFrame") -> None:
        self.system = answers["system"].factorize()[0]
        self.question = answers.groupby(["question", "question_hash"], sort=False).ngroup().to_numpy()
        self.shape = self.system.max() + 1, self.question.max() + 1

    def table(self, rows: np.ndarray, values: Floats) -> Floats:
        sums, numbers = np.zeros(self.shape), np.zeros(self.shape)
        at = self.system[rows], self.question[rows]
        np.add.at(sums, at, values)
        np.add.at(numbers, at, 1)
        found: Floats = np.divide(sums, numbers, out=np.full(self.shape, np.nan), where=numbers > 0)
        return found


def _steps(people: Sequence[Agreement], scorer: Sequence[Agreement], name: str) -> list[float]:
    values = [(getattr(its, name).value, getattr(one, name).value) for one, its in zip(people, scorer, strict=True)]
    return [its - one for its, one in values if its is not None and one is not None]


def _ranges(found: Sequence[Agreement]) -> dict[str, Range]:
    ranges = {}
    for name in FIGURES:
        values = [value for each in found if (value := getattr(each, name).value) is not None]
        if values:
            ranges[name] = Range(mean=float(np.mean(values)), low=min(values), high=max(values), of=len(values))
    return ranges
