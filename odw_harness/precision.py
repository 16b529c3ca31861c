"""`odw power`: the smallest difference that a set-up can show, where its scores vary, and what it takes to see more."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations, islice
from statistics import median, stdev
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from odw_harness.paper import load_table
from odw_harness.results import by_question, side_by_side
from odw_harness.stats import Frozen
from odw_harness.stats.power import (
    generations_needed,
    judge_repeats_needed,
    questions_needed,
    smallest_difference,
    smallest_difference_normal,
)
from odw_harness.stats.variance import PARTS, Components, components
from odw_harness.texts import shown

if TYPE_CHECKING:
    import pandas as pd

WANTED = 0.2
"""The difference in points that what is needed is worked out for."""
_PAIRS = 200
"""Of more pairs of systems the first."""
_LEAST_SD = 1e-6


class Precision(Frozen):
    """What one measure, or a table of the paper, can show with 80 % power in a two-sided paired t test at 5 %.

    sd: the median over pairs of systems of the standard deviation of per-question differences, in points. smallest: the
    difference it lets `questions` questions show, smallest_normal: the same by the normal formula. wanted: the difference
    that the rest is about. questions_needed: how many questions it takes. scores, differences: what questions, generations and
    judgements add to the variance of a system's scores and of two systems' differences; None without repeats. generations_needed, judge_repeats_needed: how many of each question and answer it takes; None where not
    known or no number suffices.
    """

    measure: str
    systems: int
    questions: int
    sd: float | None = None
    smallest: float | None = None
    smallest_normal: float | None = None
    wanted: float = WANTED
    questions_needed: int | None = None
    scores: Components | None = None
    differences: Components | None = None
    generations_needed: int | None = None
    judge_repeats_needed: int | None = None


def of_paper(wanted: float = WANTED) -> list[Precision]:
    """The paper's two automatic tables: 15 systems, 21 questions, one score each."""
    found = []
    for table in ("odweval", "alignbench"):
        rows = [list(map(float, row.scores)) for row in load_table(table)]
        sds = [stdev(a - b for a, b in zip(one, other, strict=True)) for one, other in combinations(rows, 2)]
        found.append(_precision(f"paper: {table}", len(rows), 21, sds, wanted))
    return found


def of_table(table: "pd.DataFrame", wanted: float = WANTED) -> list[Precision]:
    """Each measure of a table of verdicts (`results.read_outputs`)."""
    found = []
    for measure, rows in by_question(table).groupby("measure", sort=False):
        wide = side_by_side(rows, "score")
        pairs = list(islice(combinations(wide.columns, 2), _PAIRS))
        steps = [(wide[one] - wide[other]).dropna() for one, other in pairs]
        sds = [stdev(each) for each in steps if len(each) > 1]
        base = _precision(str(measure), wide.shape[1], wide.shape[0], sds, wanted)
        found.append(_with_repeats(base, table[table["measure"] == measure], pairs))
    return found


def _precision(measure: str, systems: int, questions: int, sds: Sequence[float], wanted: float) -> Precision:
    if not sds or questions < 2:
        return Precision(measure=measure, systems=systems, questions=questions, wanted=wanted)
    sd = median(sds)
    return Precision(
        measure=measure,
        systems=systems,
        questions=questions,
        sd=sd,
        smallest=smallest_difference(sd, questions),
        smallest_normal=smallest_difference_normal(sd, questions),
        wanted=wanted,
        questions_needed=questions_needed(max(sd, _LEAST_SD), wanted),
    )


def _with_repeats(base: Precision, verdicts: "pd.DataFrame", pairs: Sequence[tuple[str, str]]) -> Precision:
    scored = verdicts.dropna(subset=["score"])
    if scored[["repeat", "judge_repeat"]].nunique().max() < 2:
        return base
    keys = ["question", "repeat", "judge_repeat"]
    of_system = {str(name): rows.set_index(keys)["score"] for name, rows in scored.groupby("system")}
    scores = _pooled(list(of_system.values()))
    differences = _pooled([of_system[one] - of_system[other] for one, other in pairs if {one, other} <= set(of_system)])
    more: dict[str, Any] = {"scores": scores, "differences": differences}
    if differences and differences.question is not None and differences.generation is not None and base.questions > 1:
        # What one judgement adds lies in `generation` where answers were judged once.
        parts = differences.model_copy(update={"judge": differences.judge or 0.0})
        more["generations_needed"] = generations_needed(parts, base.questions, base.wanted)
        if differences.judge is not None:
            more["judge_repeats_needed"] = judge_repeats_needed(parts, base.questions, base.wanted)
    return base.model_copy(update=more)


def _pooled(each: "Sequence[pd.Series]") -> Components | None:
    """The components of several systems' scores, or pairs' differences, at once, each about its own mean.

    One estimate of all is cut at 0 less often than each alone. That the means are estimated makes `question` too small by
    one part in as many as there are questions.
    """
    rows = [
        ((number, question), generation, judge, float(score - given.mean()))
        for number, given in enumerate(each)
        for (question, generation, judge), score in given.dropna().items()
    ]
    return components(rows) if rows else None


def show(found: Sequence[Precision], console: Console) -> None:
    """A column for each measure, and what the rows mean."""
    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("", no_wrap=True)
    for each in found:
        grid.add_column(shown(each.measure, 80, "?"), justify="right", overflow="fold")
    wanted = f"{found[0].wanted:g}"
    rows: list[tuple[str, Callable[[Precision], str]]] = [
        ("systems", lambda each: str(each.systems)),
        ("questions", lambda each: str(each.questions)),
        ("sd of differences", lambda each: _figure(each.sd)),
        ("shows (t)", lambda each: _figure(each.smallest)),
        ("shows (normal)", lambda each: _figure(each.smallest_normal)),
        (f"questions for {wanted}", lambda each: _count(each.questions_needed)),
        *((f"variance: {part}", partial(_variance, part)) for part in PARTS),
        (f"generations for {wanted}", lambda each: _needed(each.generations_needed, each.differences, "generation")),
        (f"judgements for {wanted}", lambda each: _needed(each.judge_repeats_needed, each.differences, "judge")),
    ]
    for name, cell in rows:
        grid.add_row(name, *map(cell, found))
    console.print(grid)
    for line in (
        "shows: the smallest true mean difference (points) that a paired t test finds in 4 of 5 cases; exact, and by the normal "
        "formula. sd: of per-question differences, the median over pairs of systems.",
        "variance: of a system's scores between questions, between generations of an answer, between judgements of one answer "
        "(points squared; –: no repeats). With one judgement an answer, what the judge adds lies in generation.",
        f"for {wanted}: how many questions, or with these questions how many generations (--metadata repeats=N) or judgements "
        "(repeats in the judge's file) show a difference so small; never: more of them alone do not.",
    ):
        console.print(line, style="dim", soft_wrap=True)


def _needed(number: int | None, parts: Components | None, part: str) -> str:
    if number is not None:
        return str(number)
    return "never" if parts is not None and getattr(parts, part) is not None and parts.question is not None else "–"


def _variance(part: str, each: Precision) -> str:
    return _figure(getattr(each.scores, part, None))


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _count(value: int | None) -> str:
    return "–" if value is None else str(value)
