"""The figures of the page: a board for each measure, with its systems ranked and each set against others.

A board never mixes measures. Two systems are compared on the questions that both have a score for, and only where they
were asked the same under that name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from odw_harness.human.marks import of_answers, people_by_question
from odw_harness.results import (
    DIMENSIONS,
    FIGURES,
    UNJUDGED,
    Asked,
    Outputs,
    asked_in,
    by_question,
    mean_over_questions,
    side_by_side,
)
from odw_harness.rubric import ODWEVAL, RUBRICS
from odw_harness.runs import Run
from odw_harness.stats import Mean
from odw_harness.stats.intervals import FEWEST, Floats, bootstrap_of
from odw_harness.stats.paired import Against, compared
from odw_harness.stats.ranks import rank_intervals, ranks_of

if TYPE_CHECKING:
    import pandas as pd

REFERENCES = 25
"""So many of the best can be chosen as the one that the others are set against."""
MEANS = (*DIMENSIONS, *UNJUDGED, "coverage", "characters")
"""What a row has a plain mean of, over its questions."""


@dataclass(frozen=True)
class Marked:
    """People's scores of a system: the mean over its marked questions, 0 to 100 with Student's interval, and what it rests on."""

    mean: Mean
    marks: int
    graders: int


@dataclass(frozen=True)
class Row:
    """A system on a board.

    rank: 1 is best; None where nothing is scored, or where it answered fewer questions than others. ranks: the best and
    worst rank at 95 %. splits: split → the scores of its questions by id. all: over all questions, 1 to 10, with Student's
    interval; bootstrap: the same by another way. means: see MEANS. lead: against the leader; None for the leader itself.
    people: None where nobody marked an answer of it.
    """

    system: str
    run: Run
    rank: int | None
    ranks: tuple[int, int] | None
    splits: dict[str, dict[str, float]]
    all: Mean | None
    bootstrap: tuple[float, float] | None
    means: dict[str, float | None]
    questions: int
    lead: Against | None
    people: Marked | None

    def mean(self, split: str) -> Mean | None:
        """The mean over a split's scored questions, with Student's interval."""
        scores = list(self.splits.get(split, {}).values())
        return mean_over_questions(scores) if scores else None


@dataclass(frozen=True)
class Board:
    """The systems under one measure, the best first. tables: figure → array of systems × questions, NaN where none;
    `people` among them, people's scores from 0 to 100, where there are any.

    against: index of a reference → for each row the difference to it; None where they have no question in common, and
    for the reference itself. Of rubric, judge, judge_model, judged_by and version there is one each.
    """

    measure: str
    rubric: str
    judge: str
    judge_model: str
    judged_by: str
    version: str
    dimensions: tuple[str, ...]
    asked: tuple[Asked, ...]
    rows: tuple[Row, ...]
    tables: dict[str, Floats]
    against: dict[int, list[Against | None]]

    @property
    def leader(self) -> Row | None:
        """The system of the first rank; None where nothing is ranked."""
        return self.rows[0] if self.rows and self.rows[0].rank is not None else None

    def size(self, split: str) -> int:
        """How many questions a split has."""
        return len({each.id for each in self.asked if each.split == split})


def boards(
    outputs: Outputs, progress: Callable[[Sequence[int]], Any] = iter, marks: "pd.DataFrame | None" = None
) -> list[Board]:
    """A board for each measure, that of the most systems first. progress wraps a loop over systems; marks: people's
    (`read_marks`)."""
    runs = {str(run.file): run for run in outputs.runs}
    found = [_board(rows, runs, progress, marks) for _, rows in outputs.table.groupby("measure")]
    return sorted(found, key=lambda board: (-len(board.rows), board.rubric != ODWEVAL.name, board.measure))


def differences(table: Floats, pairs: Sequence[tuple[int, int]]) -> list[Against | None]:
    """For each pair of rows of systems × questions the first less the second, corrected (Holm) for all pairs given.

    None for a row and itself, and where the two have no question in common.
    """
    return compared([[] if one == other else _steps(table[one] - table[other]) for one, other in pairs])


def _steps(values: Floats) -> list[float]:
    return [float(step) for step in values[~np.isnan(values)]]


def _board(
    rows: "pd.DataFrame",
    runs: dict[str, Run],
    progress: Callable[[Sequence[int]], Any],
    marks: "pd.DataFrame | None",
) -> Board:
    first = rows.iloc[0]
    run_of = rows.drop_duplicates("system").set_index("system")["run"]
    questions = by_question(rows)
    asked = asked_in(rows)
    unordered = list(questions["system"].unique())
    tables = {name: _table(questions, name, unordered, asked) for name in (*FIGURES, "characters", "coverage")}
    order, ranks = _order(tables["score"], ~np.isnan(tables["coverage"]))
    systems = [unordered[place] for place in order]
    tables = {name: table[order] for name, table in tables.items()}
    marked: dict[str, Marked] = {}
    if marks is not None:
        marked, people = _people(of_answers(marks, rows), systems, asked)
        tables |= {"people": people} if marked else {}
    ranked = [place for place, rank in enumerate(ranks) if rank is not None]
    intervals = dict(zip(ranked, rank_intervals(tables["score"][ranked]), strict=True)) if ranked else {}
    against = {
        at: differences(tables["score"], [(each, at) for each in range(len(systems))])
        for at in progress(ranked[:REFERENCES])
    }
    return Board(
        measure=first["measure"],
        rubric=first["rubric"],
        judge=first["judge"],
        judge_model=first["judge_model"],
        judged_by=first["judged_by"],
        version=first["rubric_version"],
        dimensions=tuple(name for name in _metrics(first["rubric"]) if not np.isnan(tables[name]).all()),
        asked=asked,
        rows=tuple(
            _row(
                place,
                system,
                runs[run_of[system]],
                ranks[place],
                intervals.get(place),
                tables,
                asked,
                against.get(0),
                marked.get(system),
            )
            for place, system in enumerate(systems)
        ),
        tables=tables,
        against=against,
    )


def _metrics(rubric: str) -> tuple[str, ...]:
    return RUBRICS[rubric].metrics if rubric in RUBRICS else DIMENSIONS


def _table(questions: "pd.DataFrame", name: str, systems: Sequence[str], asked: Sequence[Asked]) -> Floats:
    wide = side_by_side(questions, name)
    found: Floats = wide.loc[[(each.id, each.hash) for each in asked], list(systems)].to_numpy(dtype=float).T
    return found


def _order(scores: Floats, answered: Any) -> tuple[list[int], list[int | None]]:
    """The places of the systems, the best first, and the rank of each; those that are not ranked come last."""
    numbers = answered.sum(1)
    means = [float(np.nanmean(row)) if not np.isnan(row).all() else -1.0 for row in scores]
    whole = [place for place, number in enumerate(numbers) if number == numbers.max() and means[place] >= 0]
    known: dict[int, int | None] = dict(zip(whole, ranks_of(scores[whole]) if whole else [], strict=True))
    last = len(scores) + 1
    order = sorted(range(len(scores)), key=lambda place: (known.get(place) or last, -means[place]))
    return order, [known.get(place) for place in order]


def _row(
    place: int,
    system: str,
    run: Run,
    rank: int | None,
    ranks: tuple[int, int] | None,
    tables: dict[str, Floats],
    asked: Sequence[Asked],
    lead: list[Against | None] | None,
    people: Marked | None,
) -> Row:
    splits: dict[str, dict[str, float]] = {}
    for each, score in zip(asked, tables["score"][place], strict=True):
        if not np.isnan(score):
            splits.setdefault(each.split, {})[each.id] = float(score)
    scores = [score for found in splits.values() for score in found.values()]
    return Row(
        system=system,
        run=run,
        rank=rank,
        ranks=ranks,
        splits=splits,
        all=mean_over_questions(scores) if scores else None,
        bootstrap=bootstrap_of(scores) if len(scores) >= FEWEST else None,
        means={name: _mean(tables[name][place]) for name in MEANS},
        questions=int((~np.isnan(tables["coverage"][place])).sum()),
        lead=lead[place] if lead else None,
        people=people,
    )


def _people(given: "pd.DataFrame", systems: Sequence[str], asked: Sequence[Asked]) -> tuple[dict[str, Marked], Floats]:
    """What people say of each system that they marked (`of_answers`), and their scores, systems × questions."""
    questions = people_by_question(given)
    wide = side_by_side(questions, "score").reindex([(each.id, each.hash) for each in asked], columns=list(systems))
    graders = given.groupby("system")["grader"].nunique()
    found = {
        str(system): Marked(mean_over_questions(list(rows["score"])), int(rows["marks"].sum()), int(graders[system]))
        for system, rows in questions.groupby("system")
    }
    return found, wide.to_numpy(dtype=float).T


def _mean(values: Floats) -> float | None:
    there = values[~np.isnan(values)]
    return float(there.mean()) if there.size else None


def rounded(value: float | None, digits: int = 4) -> float | None:
    """A figure as the page carries it; None for NaN, which JSON does not know."""
    return None if value is None or np.isnan(value) else round(value, digits)
