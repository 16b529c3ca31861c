"""A judge's scores and people's marks of the same answers, made into a map and into corrected means; for tables and pages."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from odw_harness.errors import MarkError
from odw_harness.human.marks import Marks, of_answers, people_by_question
from odw_harness.notices import left_out
from odw_harness.results import Outputs, Skipped, by_question, side_by_side
from odw_harness.stats import LEVEL, Frozen
from odw_harness.stats.calibration import FEWEST_QUESTIONS, Calibration, calibrated
from odw_harness.stats.power import marks_needed, questions_needed
from odw_harness.stats.prediction_powered import Balance, Corrected, Gap, Powered, Spread, balance
from odw_harness.texts import counted, shown

if TYPE_CHECKING:
    import pandas as pd

DIFFERENCE = 5.0
"""The difference (points of people's scale) that needed marks are worked out for."""
_FEW_QUESTIONS = 10
_CURVE = 37
"""Points of the curve: a quarter of a judge's point apart, where marks range over all its scale."""
_LEAST_SD = 1e-6


class Point(Frozen):
    """A judge's score (1 to 10), what it means on people's scale, and where people's score of a new answer lies (0 to 100)."""

    judge: float
    people: float
    low: float
    high: float


class SystemMean(Frozen):
    """A system and its mean on people's scale (0 to 100)."""

    system: str
    mean: Corrected


class Needed(Frozen):
    """How many answers of each of two systems people must mark to see a difference so large (points) in 4 of 5 cases.

    alone: without a judge, each to a question of its own. with_judge: with the judge's scores of all `questions`, None
    where even marking all does not show it.
    """

    difference: float
    questions: int
    alone: int
    with_judge: int | None


class Calibrated(Frozen):
    """What people's marks say of one measure (`results.read_outputs`).

    answers, questions: scored by the judge and marked by people. marks, graders: how many stand behind them; simulated: of
    the marks, how many no person gave. gradings: their ids. unscored: answers, marked or not, without a score of the judge,
    which are left out. outside: scores of answers beyond those of marked ones. level: of the intervals of means. calibration:
    None of fewer than FEWEST_QUESTIONS questions. curve: the map from the lowest to the highest score of marked answers,
    to be drawn with a band. power: the weight of the judge's word in the corrected means, 0 to 1. systems: the best first.
    pooled: the mean over systems. saved: marked answers that people alone would need more for intervals as narrow, by the
    variances of all systems' means together. gaps: each system less one; chosen_against: which one was said, not found.
    warnings: what has to be known before all else, the gravest first.
    """

    measure: str
    judge: str
    judged_by: str
    rubric_version: str
    answers: int
    questions: int
    marks: int
    graders: int
    simulated: int
    gradings: tuple[str, ...]
    unscored: int
    outside: int
    level: float
    seed: int
    calibration: Calibration | None
    curve: tuple[Point, ...]
    power: float
    systems: tuple[SystemMean, ...]
    pooled: Corrected | None
    saved: float | None
    gaps: tuple[Gap, ...]
    chosen_against: bool
    spread: Spread | None
    needed: Needed | None
    balance: Balance
    warnings: tuple[str, ...]


def calibrate(
    outputs: Outputs,
    marks: Marks,
    *,
    measure: str | None = None,
    level: float = LEVEL,
    seed: int = 0,
    against: str | None = None,
    difference: float = DIFFERENCE,
) -> list[Calibrated]:
    """Each measure whose answers people have marked, or the one whose name holds `measure`.

    level: of all intervals. seed: of the folds that choose a map's shape. against: the system that others are compared
    with; the best where None. Raises MarkError where nothing is marked, or there is no such measure or system.
    """
    if marks.table.empty:
        raise MarkError(
            "there are no marks; import a grading first (odw human import), or say where they are with --marks"
        )
    if against is not None and against not in set(outputs.table["system"]):
        there = shown(", ".join(outputs.table["system"].unique()), 1000, "?")
        raise MarkError(f"--against {against}: no such system; there are {there}")
    found, skipped = [], (*outputs.skipped, *marks.skipped)
    for name in named(outputs.table, measure):
        rows = outputs.table[outputs.table["measure"] == name]
        marked = of_answers(marks.table, rows)
        if len(marked):
            found.append(_calibrated(rows, marked, marks, skipped, level, seed, against, difference))
    if not found:
        raise MarkError(
            f"of {counted(len(marks.table), 'mark')} none is of an answer in these runs"
            f"{f' under {measure}' if measure else ''}; name the folders that were exported (odw human export)"
        )
    return found


def named(table: "pd.DataFrame", measure: str | None) -> list[str]:
    """The table's measures, or the one that is so named or alone has this in its name. Raises MarkError where none is."""
    measures = [str(each) for each in table["measure"].unique()]
    if measure is None or measure in measures:
        return [each for each in measures if measure in (None, each)]
    found = [each for each in measures if measure in each]
    if len(found) != 1:
        what = "fits several" if found else "no such measure"
        raise MarkError(f"--measure {measure}: {what}; there are {shown('; '.join(measures), 1000, '?')}")
    return found


def points(calibration: Calibration, scores: Sequence[float]) -> tuple[Point, ...]:
    """Scores of the judge on people's scale, with prediction intervals."""
    low, high = calibration.interval(scores)
    each = zip(scores, calibration.map.of(scores), low, high, strict=True)
    return tuple(Point(judge=float(x), people=float(y), low=float(a), high=float(b)) for x, y, a, b in each)


def _calibrated(
    rows: "pd.DataFrame",
    marked: "pd.DataFrame",
    marks: Marks,
    skipped: Sequence[Skipped],
    level: float,
    seed: int,
    against: str | None,
    difference: float,
) -> Calibrated:
    judge = side_by_side(by_question(rows), "score")
    people = side_by_side(people_by_question(marked), "score")
    names = [str(name) for name in judge.columns]
    x, y = judge.to_numpy(float), people.reindex(index=judge.index, columns=judge.columns).to_numpy(float)
    both = ~np.isnan(x) & ~np.isnan(y)
    question, system = np.nonzero(both)
    enough = len(set(question)) >= FEWEST_QUESTIONS
    map_ = calibrated(x[both], y[both], list(question), list(system), level, seed) if enough else None
    powered = Powered(x, y, map_.without if map_ else ())
    means = [SystemMean(system=name, mean=powered.mean(place, level)) for place, name in enumerate(names)]
    used = marks.table[_keyed(marks.table).isin(_keyed(marked))]
    spread = powered.spread()
    asked = int((~np.isnan(x)).any(axis=1).sum())
    found = Calibrated(
        measure=str(rows["measure"].iloc[0]),
        judge=str(rows["judge"].iloc[0]),
        judged_by=str(rows["judged_by"].iloc[0]),
        rubric_version=str(rows["rubric_version"].iloc[0]),
        answers=int(both.sum()),
        questions=len(set(question)),
        marks=len(used),
        graders=int(used["grader"].nunique()),
        simulated=int(used["simulated"].sum()),
        gradings=tuple(dict.fromkeys(used["grading"])),
        unscored=int(judge.isna().to_numpy()[_asked(rows, judge)].sum()),
        outside=int(((x < map_.low) | (x > map_.high)).sum()) if map_ else 0,
        level=level,
        seed=seed,
        calibration=map_,
        curve=points(map_, list(map(float, np.linspace(map_.low, map_.high, _CURVE)))) if map_ else (),
        power=powered.power,
        systems=tuple(sorted(means, key=lambda each: -_value(each.mean))),
        pooled=powered.pooled(level),
        saved=_saved([each.mean for each in means]),
        gaps=tuple(powered.gaps(names, None if against is None else names.index(against), level))
        if against is None or against in names
        else (),
        chosen_against=against is not None,
        spread=spread,
        needed=_needed(spread, asked, difference, level) if spread else None,
        balance=balance(x, y),
        warnings=(),
    )
    return found.model_copy(update={"warnings": tuple(_warnings(found, len(marks.table) - len(used), skipped))})


def _warnings(found: Calibrated, unfound: int, skipped: Sequence[Skipped]) -> Iterator[str]:
    if found.simulated:
        told = "all" if found.simulated == found.marks else f"{found.simulated} of"
        yield f"{told} {found.marks} marks are simulated: no person gave them, and nothing here is about people"
    if not found.balance.random:
        more = found.balance.difference or 0.0
        yield (
            f"the marked answers are no random ones: the judge gives them {abs(more):.2f} points "
            f"{'more' if more > 0 else 'less'} than the same systems' others (p = {found.balance.p:.3f}); corrected means hold "
            "for answers drawn at random alone (odw human export --answers N)"
        )
    if found.questions < _FEW_QUESTIONS:
        yield f"people have marked answers to {counted(found.questions, 'question')} only; what is said of new questions rests on these"
    few = [each.system for each in found.systems if each.mean.marked < 2]
    if few:
        yield f"fewer than 2 marked answers, so no interval: {', '.join(few)}"
    if found.unscored:
        yield f"{_answers(found.unscored)} left out, for want of a score of the judge"
    if found.outside:
        yield f"{_answers(found.outside)} scored beyond all marked ones; what these scores mean is a guess"
    if unfound:
        yield f"{counted(unfound, 'mark')} in these files of no answer in these runs"
    yield from (notice.en for notice in left_out(skipped))


def _answers(number: int) -> str:
    return "1 answer is" if number == 1 else f"{number} answers are"


def _asked(rows: "pd.DataFrame", judge: "pd.DataFrame") -> np.ndarray:
    """Which systems answered which questions, questions × systems."""
    given = rows.drop_duplicates(["system", "question", "question_hash"]).assign(there=True)
    there = side_by_side(given, "there").reindex(index=judge.index, columns=judge.columns)
    return np.asarray(there.notna().to_numpy())


def _keyed(rows: "pd.DataFrame") -> "pd.Series":
    return rows["grader"] + "\0" + rows["question_hash"] + "\0" + rows["answer_hash"]


def _value(mean: Corrected) -> float:
    return mean.corrected.value if mean.corrected else -1.0


def _saved(means: Sequence[Corrected]) -> float | None:
    marked, answers, alone, both = 0, 0, 0.0, 0.0
    for mean in means:
        if mean.people and mean.corrected and mean.people.error is not None and mean.corrected.error is not None:
            marked, answers = marked + mean.marked, answers + mean.answers
            alone, both = alone + mean.people.error**2, both + mean.corrected.error**2
    return max(0.0, min(marked * alone / both, answers) - marked) if both else None


def _needed(spread: Spread, questions: int, difference: float, level: float) -> Needed:
    return Needed(
        difference=difference,
        questions=questions,
        alone=questions_needed(max(spread.people, _LEAST_SD), difference, level=level),
        with_judge=marks_needed(spread.people, spread.left, questions, difference, level=level),
    )
