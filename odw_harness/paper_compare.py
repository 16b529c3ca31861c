"""`odw paper compare`: our systems' order and what training gained them, beside the paper's.

The paper's questions are unpublished and ours a reconstruction: orders and gains can be set side by side, scores not.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text
from scipy.stats import kendalltau, permutation_test, rankdata, spearmanr

from odw_harness.errors import AnswerError
from odw_harness.paper import SOURCES, TABLES, Row, Table, load_table
from odw_harness.results import Outputs, by_question
from odw_harness.stats import Frozen
from odw_harness.stats.paired import Paired, paired
from odw_harness.texts import counted, shown

if TYPE_CHECKING:
    import pandas as pd

CAVEAT = "The paper's questions are unpublished; those of this project are a reconstruction: compare orders and gains, not scores."
STEPS = (("", "-LoRA"), ("", "-QLoRA"), ("-LoRA", "-QLoRA"))
"""From what to what of one model, by the endings of its names."""
_TABLE_OF: dict[str, Table] = {"odweval": "odweval", "alignbench": "alignbench"}
_FEWEST = 3
"""Of two systems a rank correlation is 1 or -1."""
_ORDERS = 9999
"""Orders of the systems that Spearman's p is of: all of them up to 7 systems (5,040), so many drawn ones beyond."""


class Correlation(Frozen):
    """Rank correlations of our means over all questions with a table's Avg.21, with two-sided p values.

    Spearman's is of a permutation test, as scipy's documentation of spearmanr asks for with few systems: its own, by
    Student's t, is 0 for 3 systems in one order, which chance gives once in 3 times. Kendall's is scipy's.
    """

    table: Table
    systems: int
    spearman: float | None = None
    spearman_p: float | None = None
    kendall: float | None = None
    kendall_p: float | None = None


class Gain(Frozen):
    """One step of training of one model: the paired differences over the questions, ours and the paper's.

    paper: in the table of the same rubric, human: in that of people, on their scale of 0 to 100.
    """

    before: str
    after: str
    ours: Paired
    paper: Paired
    human: Paired

    @property
    def same_sign(self) -> bool:
        """Whether ours goes the way of the paper's table."""
        return self.ours.mean * self.paper.mean > 0


class Place(Frozen):
    """A system of the paper among those that were run: our mean over all questions, the printed ones, and the ranks (from
    1, among these systems) of each."""

    system: str
    ours: float
    rank: float
    printed: dict[Table, float]
    ranks: dict[Table, float]


class Beside(Frozen):
    """One measure of ours beside the paper's tables."""

    measure: str
    table: Table
    places: tuple[Place, ...]
    correlations: tuple[Correlation, ...]
    gains: tuple[Gain, ...]


def beside_paper(outputs: Outputs) -> list[Beside]:
    """Each measure of ours beside the paper's table of the same rubric and people's.

    A run is a system of the paper where its file says so (metadata.paper), or its name is one of the paper's. Raises
    AnswerError where no system is.
    """
    tables = {table: {row.system: row for row in load_table(table)} for table in TABLES}
    questions = by_question(outputs.table)
    told = outputs.table.drop_duplicates("system").set_index("system")["paper"]
    questions["paper"] = [told[name] or name for name in questions["system"]]
    questions = questions[questions["paper"].isin(tables["human"])]
    _refuse_twice(questions)
    if questions.empty:
        raise AnswerError(
            f"no run is of a system of the paper ({', '.join(tables['human'])}); run those of systems/, or say "
            "metadata: {paper: NAME} in a system's file"
        )
    rubric_of = outputs.table.drop_duplicates("measure").set_index("measure")["rubric"]
    return [
        _beside(str(measure), _TABLE_OF.get(rubric_of[measure], "odweval"), rows, tables)
        for measure, rows in questions.groupby("measure", sort=False)
    ]


def _refuse_twice(questions: "pd.DataFrame") -> None:
    """Two systems that are one of the paper's under one measure would be mixed."""
    for (_, paper), rows in questions.groupby(["measure", "paper"], sort=False):
        names = [shown(name, 60, "?") for name in rows["system"].unique()]
        if len(names) > 1:
            raise AnswerError(
                f"{', '.join(names)}: each is the paper's {paper}, by its name or by paper in its file; name folders that "
                "hold one of them"
            )


def _beside(measure: str, table: Table, rows: "pd.DataFrame", tables: Mapping[Table, Mapping[str, Row]]) -> Beside:
    scores = rows.pivot_table(index="question", columns="paper", values="score", aggfunc="last")
    names = [name for name in tables[table] if name in scores]
    beside: tuple[Table, ...] = (table, "human")
    ours = [_mean(scores[name].dropna()) for name in names]
    # Means of the printed scores: the printed means are rounded, and so tied where these are not.
    theirs = {each: [_mean(tables[each][name].scores) for name in names] for each in beside}
    places = tuple(
        Place(
            system=name,
            ours=ours[number],
            rank=_ranks(ours)[number],
            printed={each: float(tables[each][name].avg21) for each in beside},
            ranks={each: _ranks(theirs[each])[number] for each in beside},
        )
        for number, name in enumerate(names)
    )
    return Beside(
        measure=measure,
        table=table,
        places=places,
        correlations=tuple(_correlation(each, ours, theirs[each]) for each in beside),
        gains=tuple(_gains(scores, names, tables[table], tables["human"])),
    )


def _mean(scores: Iterable[SupportsFloat]) -> float:
    """To nine places: a float's last bits are no order."""
    return round(fmean(map(float, scores)), 9)


def _ranks(values: Sequence[float]) -> list[float]:
    return [float(rank) for rank in rankdata([-value for value in values])]


def _correlation(table: Table, ours: Sequence[float], theirs: Sequence[float]) -> Correlation:
    if len(ours) < _FEWEST or len(set(ours)) == 1:
        return Correlation(table=table, systems=len(ours))
    kendall = kendalltau(ours, theirs)
    return Correlation(
        table=table,
        systems=len(ours),
        spearman=float(spearmanr(ours, theirs).statistic),
        spearman_p=_spearman_p(ours, theirs),
        kendall=float(kendall.statistic),
        kendall_p=float(kendall.pvalue),
    )


def _spearman_p(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Two-sided p of Spearman's correlation: of pairing the ranks at random, where the sum of their products tells all."""
    ranks = rankdata(theirs)
    test = permutation_test(
        (rankdata(ours),),
        lambda order, axis: np.sum(order * ranks, axis=axis),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=_ORDERS,
        rng=0,
    )
    return float(test.pvalue)


def _gains(
    scores: "pd.DataFrame", names: Sequence[str], paper: Mapping[str, Row], human: Mapping[str, Row]
) -> list[Gain]:
    found = []
    for base in names:
        for before, after in ((base + one, base + other) for one, other in STEPS):
            if before not in names or after not in names:
                continue
            steps = list((scores[after] - scores[before]).dropna())
            if steps:
                found.append(
                    Gain(
                        before=before,
                        after=after,
                        ours=paired(steps),
                        paper=paired(_steps(paper[before], paper[after])),
                        human=paired(_steps(human[before], human[after])),
                    )
                )
    return found


def _steps(before: Row, after: Row) -> list[float]:
    return [float(new - old) for old, new in zip(before.scores, after.scores, strict=True)]


def as_json(found: Sequence[Beside]) -> dict[str, Any]:
    """For --json."""
    return {"caveat": CAVEAT, "measures": [each.model_dump() for each in found]}


def show(found: Sequence[Beside], console: Console) -> None:
    """For each measure the places, the correlations and the gains."""
    for each in found:
        console.print(Text(shown(each.measure, 200, "?"), "bold"))
        _show_places(each, console)
        for correlation in each.correlations:
            console.print(f"  {_said(correlation)}", soft_wrap=True)
        if each.gains:
            _show_gains(each, console)
        console.print()
    console.print(CAVEAT, style="yellow", soft_wrap=True)


def _show_places(each: Beside, console: Console) -> None:
    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("system", overflow="fold")
    tables = [correlation.table for correlation in each.correlations]
    for name in ("ours", "rank", *(head for table in tables for head in (f"paper: {table}", "rank"))):
        grid.add_column(name, justify="right")
    for place in sorted(each.places, key=lambda place: place.rank):
        paper = [cell for table in tables for cell in (f"{place.printed[table]:.2f}", f"{place.ranks[table]:g}")]
        grid.add_row(place.system, f"{place.ours:.2f}", f"{place.rank:g}", *paper)
    console.print(grid)


def _show_gains(each: Beside, console: Console) -> None:
    grid = Grid(box=box.SIMPLE_HEAD, title="Gains, question by question (mean, 95 % interval)", title_justify="left")
    for name in ("from", "to"):
        grid.add_column(name, overflow="fold")
    for name in ("ours", f"paper: {each.table}", "paper: human (of 100)"):
        grid.add_column(name, justify="right", min_width=10)
    grid.add_column("direction")
    for gain in each.gains:
        cells = [_interval(gain.ours, 2), _interval(gain.paper, 2), _interval(gain.human, 1)]
        grid.add_row(gain.before, gain.after, *cells, "same" if gain.same_sign else "other")
    console.print(grid)
    same = fmean(gain.same_sign for gain in each.gains)
    console.print(f"  {same:.0%} of {len(each.gains)} gains go the way of the paper's {each.table} table.")


def _interval(step: Paired, digits: int) -> str:
    if step.low is None or step.high is None:
        return f"{step.mean:+.{digits}f}"
    return f"{step.mean:+.{digits}f} ({step.low:+.{digits}f} to {step.high:+.{digits}f})"


def _said(correlation: Correlation) -> str:
    source = SOURCES[correlation.table].partition(":")[0]
    if correlation.spearman is None or correlation.kendall is None:
        return f"{correlation.table} ({source}): {counted(correlation.systems, 'system')}, too few (or all alike) for a rank correlation"
    return (
        f"{correlation.table} ({source}): {counted(correlation.systems, 'system')}, Spearman {correlation.spearman:.3f} "
        f"({_p(correlation.spearman_p)}), Kendall {correlation.kendall:.3f} ({_p(correlation.kendall_p)})"
    )


def _p(value: float | None) -> str:
    return "p < 0.001" if value is not None and value < 0.001 else f"p = {value:.3f}"
