"""What is told of people's scores and everything that scored the same answers: arrays, agreement, ceiling and bias."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from odw_harness.agree.bias import Bias, bias_of
from odw_harness.agree.ceiling import Ceiling, ceiling_of
from odw_harness.agree.cells import Cells
from odw_harness.agree.sources import ANSWER, RANDOM, Data, Kind, Scorer, few_notices, of_outputs
from odw_harness.human.marks import TEXT, Marks
from odw_harness.notices import Notice
from odw_harness.results import Asked, Outputs, mean_over_questions
from odw_harness.stats import Mean
from odw_harness.stats.agreement import Agreement, Estimate, agreement, difference
from odw_harness.stats.intervals import TIE, Floats
from odw_harness.stats.reliability import Parts, Ratings
from odw_harness.stats.scales import Limits, limits_of, on_scale, residuals_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Lead:
    """How much further one scorer agrees with people than another: figure → the difference, over the same answers."""

    other: str
    figures: dict[str, Estimate]


@dataclass(frozen=True)
class Beside:
    """A scorer beside people, over the answers that both scored.

    name, kind, measure, dimension: as `sources.Scorer` has them. people, scores: systems × questions (those of `People`),
    each the mean over the question's answers, NaN where not both scored; people's on their scale (0 to 100, a dimension 1
    to 10), the scorer's on its own. scaled: scores brought to people's mean and spread; None where one gives all the same.
    limits: Bland's and Altman's, of scaled less people. leads: over each baseline, for a judge.
    """

    name: str
    kind: Kind
    measure: str | None
    dimension: str | None
    people: Floats
    scores: Floats
    scaled: Floats | None
    agreement: Agreement
    ceiling: Ceiling | None
    limits: Limits | None
    bias: Bias | None
    leads: tuple[Lead, ...]


@dataclass(frozen=True)
class People:
    """People's scores, and what stands beside them.

    systems: by name; asked: the questions. scores: systems × questions, people's (0 to 100), NaN where nobody marked.
    means: of each system over its questions, with Student's interval; None of none. marks, answers: how many, in all, a text
    that several systems gave counted once; per_answer: marks an answer, harmonic mean. graders: their names; empty where a
    table does not tell. simulated: how many marks were given by no person. beside: the judges first, each followed by its
    dimensions, then rules and baselines. pairs: of two judges (their names), the first's lead over the second. notices:
    what has to be known before, the gravest first.
    """

    systems: tuple[str, ...]
    asked: tuple[Asked, ...]
    scores: Floats
    means: tuple[Mean | None, ...]
    marks: int
    answers: int
    per_answer: float
    graders: tuple[str, ...]
    simulated: int
    beside: tuple[Beside, ...]
    pairs: tuple[tuple[str, Lead], ...]
    notices: tuple[Notice, ...]

    def of(self, measure: str) -> Beside | None:
        """What stands beside people under a measure (`results.read_outputs`); None where none of its answers is marked."""
        return next((each for each in self.beside if each.name == measure), None)


def compared(outputs: Outputs, marks: Marks, seed: int = 0, resamples: int = 2000, adjust: bool = False) -> People:
    """People beside every measure of the runs, the rules and the baselines. Raises MarkError as `sources.of_outputs`.

    outputs: of `read_outputs`, with ungraded=True where answers without verdicts are to count too. resamples: draws of
    questions for each interval, 0 for none. adjust: graders' severity is taken out of people's scores.
    """
    return people_of(of_outputs(outputs, marks.table, seed, adjust), seed, resamples)


def people_of(data: Data, seed: int = 0, resamples: int = 2000) -> People:
    """The same of any data (`sources`, `files`)."""
    marks = data.marks
    systems = tuple(sorted(marks["system"].unique()))
    cells = Cells(systems, data.asked)
    of_people = _by_answer(marks)
    whole = cells.table(of_people, of_people["score"])
    beside = _beside(data, cells, seed, resamples)
    once = data.once
    of_text = once.groupby(TEXT)["score"].size()
    return People(
        systems=systems,
        asked=data.asked,
        scores=whole,
        means=tuple(
            mean_over_questions(list(row[~np.isnan(row)])) if (~np.isnan(row)).any() else None for row in whole
        ),
        marks=len(once),
        answers=len(of_text),
        per_answer=float(len(of_text) / (1 / of_text).sum()),
        graders=tuple(sorted(marks["grader"].unique())) if data.graded_by else (),
        simulated=int(once["simulated"].sum()),
        beside=tuple(beside),
        pairs=tuple(_pairs(beside, seed, resamples)),
        notices=(*few_notices(data, systems), *data.notices),
    )


def _beside(data: Data, cells: Cells, seed: int, resamples: int) -> list[Beside]:
    answers = data.marks.drop_duplicates(ANSWER)
    characters = cells.table(answers, answers["characters"])
    found: list[Beside] = []
    baselines: list[Beside] = []
    for scorer in reversed(data.scorers):  # the baselines first: the others are set against them
        each = _one(data, scorer, cells, characters, baselines, seed, resamples)
        if each is not None:
            found.append(each)
            if each.kind == "baseline":
                baselines.insert(0, each)
    return found[::-1]


def _one(
    data: Data,
    scorer: Scorer,
    cells: Cells,
    characters: Floats,
    baselines: Sequence[Beside],
    seed: int,
    resamples: int,
) -> Beside | None:
    marks = data.marks
    if scorer.dimension is not None:
        given = marks["dimensions"].map(lambda each: each.get(scorer.dimension))
        marks = marks.assign(score=given.astype(float)).dropna(subset=["score"])
    of_people = _by_answer(marks)
    both = of_people.merge(scorer.scores, on=ANSWER, suffixes=("_people", ""))
    if both.empty:
        return None
    scores = cells.table(both, both["score"])
    people = cells.table(both, both["score_people"])
    scaled = on_scale(scores, people)
    return Beside(
        name=scorer.name,
        kind=scorer.kind,
        measure=scorer.measure,
        dimension=scorer.dimension,
        people=people,
        scores=scores,
        scaled=scaled,
        agreement=agreement(scores, people, seed, resamples),
        ceiling=ceiling_of(marks, both[[*ANSWER, "score"]], cells) if data.graded_by else None,
        limits=limits_of(scores, people, seed, resamples),
        bias=None
        if scaled is None
        else bias_of(
            *(
                residuals_of(scaled, people, _reliability(data, marks)),
                characters,
                tuple(cells.row),
                data.asked,
                data.families,
                scorer.families,
            ),
            *(seed, resamples),
        ),
        leads=tuple(
            _lead(scores, people, each, seed, resamples) for each in (baselines if scorer.kind == "judge" else ())
        ),
    )


def _reliability(data: Data, marks: "pd.DataFrame") -> float:
    """The share of the variance of people's scores that is no chance, ICC(2,k); 1, which corrects nothing, where unknown."""
    if not data.graded_by:
        return 1.0
    ratings = Ratings.of(list(map(tuple, marks[ANSWER].to_numpy())), list(marks["grader"]), list(marks["score"]))
    parts = Parts.of(ratings)
    return (parts.share(ratings.k) if parts else 0.0) or 1.0


def _lead(scores: Floats, people: Floats, other: Beside, seed: int, resamples: int) -> Lead:
    """Where both are of the same answers: of others people's mean is another."""
    same = np.where(np.abs(people - other.people) < TIE, people, np.nan)
    return Lead(other.name, difference(scores, other.scores, same, seed, resamples))


def _pairs(beside: Sequence[Beside], seed: int, resamples: int) -> list[tuple[str, Lead]]:
    judges = [each for each in beside if each.kind == "judge"]
    return [(one.name, _lead(one.scores, one.people, other, seed, resamples)) for one, other in combinations(judges, 2)]


def best(leads: Sequence[Lead], beside: Sequence[Beside], name: str) -> Lead | None:
    """The lead over the baseline that agrees furthest with people by one of FIGURES; None where none is defined.

    One draw of *random* may be lucky: it counts where no other baseline is defined.
    """
    values = {each.name: getattr(each.agreement, name).value for each in beside}
    known = [lead for lead in leads if lead.figures[name].value is not None and values[lead.other] is not None]
    return max(known, key=lambda lead: (lead.other != RANDOM, float(values[lead.other])), default=None)


def _by_answer(marks: "pd.DataFrame") -> "pd.DataFrame":
    return marks.groupby(ANSWER, sort=False)["score"].mean().reset_index()
