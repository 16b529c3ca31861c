"""`odw compare`: two systems or more on the same questions, and whether their differences are real."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odw_harness.errors import AnswerError
from odw_harness.results import UNJUDGED, Outputs, by_question, by_system, read_outputs, side_by_side
from odw_harness.stats import Frozen
from odw_harness.stats.paired import Against, Paired, compared
from odw_harness.texts import shown

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("score", *UNJUDGED)
"""What is compared: the judge's score (1 to 10), and two figures from 0 to 1 that need no judge."""


class Difference(Frozen):
    """A system less another, question by question, under one measure. p: the sign-flip test's, Holm-corrected over all
    systems that are compared with that one in this metric."""

    system: str
    measure: str
    metric: str
    difference: Paired
    p: float | None

    @property
    def real(self) -> bool:
        """Whether a difference is shown."""
        return Against(paired=self.difference, p=self.p).shown


def read_systems(folders: Sequence[str]) -> Outputs:
    """The newest runs under each folder together, the table's systems in the order of the folders.

    One name in two folders gets the folder's beside it. Raises AnswerError where a folder has no run of ours.
    """
    import pandas as pd

    each = [read_outputs([folder]) for folder in folders]
    tables = [outputs.table for outputs in each]
    names = [name for table in tables for name in table["system"].unique()]
    partial = []
    for folder, outputs in zip(folders, each, strict=True):

        def told(name: str, folder: str = folder) -> str:
            return f"{name} ({Path(folder).name})" if names.count(name) > 1 else name

        outputs.table["system"] = outputs.table["system"].map(told)
        partial += [replace(one, system=told(one.system)) for one in outputs.partial]
    return Outputs(
        [run for outputs in each for run in outputs.runs],
        pd.concat(tables, ignore_index=True),
        [skipped for outputs in each for skipped in outputs.skipped],
        partial,
    )


def differences(questions: "pd.DataFrame", against: str, metrics: Sequence[str] = METRICS) -> list[Difference]:
    """Each further system less the one named, under each measure that both have, over the questions that both have a
    figure for. questions: as `results.by_question` gives them.

    A question that was not the same for both is left out. What needs no judge is compared once, not under each measure.
    """
    found: list[Difference] = []
    for metric in metrics:
        done: set[str] = set()
        for measure, rows in questions.groupby("measure", sort=False):
            steps = {name: each for name, each in _steps(rows, metric, against).items() if name not in done}
            done |= set(steps) if metric in UNJUDGED else set()
            found += [
                Difference(system=name, measure=str(measure), metric=metric, difference=each.paired, p=each.p)
                for name, each in zip(steps, compared(list(steps.values())), strict=True)
                if each is not None
            ]
    return found


def _steps(rows: "pd.DataFrame", metric: str, against: str) -> dict[str, list[float]]:
    wide = side_by_side(rows, metric)
    if against not in wide:
        return {}
    steps = wide.sub(wide[against], axis=0)
    others = [str(name) for name in rows["system"].unique() if name != against]
    return {name: list(steps[name].dropna()) for name in others if steps[name].notna().any()}


def check_comparable(table: "pd.DataFrame", against: str) -> None:
    """Raises AnswerError where a system shares no measure or no question with the one it is compared with."""
    mine = table[table["system"] == against]
    for system, rows in table[table["system"] != against].groupby("system", sort=False):
        if not set(rows["measure"]) & set(mine["measure"]):
            told = "; ".join(sorted({*rows["measure"], *mine["measure"]}))
            raise AnswerError(
                f"{system} and {against} were judged by different judges or rubrics ({told}); grade both by the same"
            )
        asked = dict(zip(mine["question"], mine["question_hash"], strict=True))
        theirs = dict(zip(rows["question"], rows["question_hash"], strict=True))
        common = [name for name in theirs if name in asked]
        if not common:
            raise AnswerError(f"{system} and {against} have no question in common; run both on the same ones")
        changed = [name for name in common if theirs[name] != asked[name]]
        if changed:
            raise AnswerError(f"{changed[0]}: was another question for {system} than for {against}; run one again")


def compare(table: "pd.DataFrame") -> tuple["pd.DataFrame", list[Difference], str]:
    """The systems of a table of verdicts in the paper's shape, their differences from the first one, and its name."""
    against = str(table["system"].iloc[0])
    check_comparable(table, against)
    questions = by_question(table)
    rows = by_system(table)
    order = {name: number for number, name in enumerate(table["system"].unique())}
    return (
        rows.sort_values("system", key=lambda names: names.map(order), kind="stable"),
        differences(questions, against),
        against,
    )


def as_json(systems: "pd.DataFrame", found: Sequence[Difference], against: str) -> dict[str, Any]:
    """For --json."""
    names = [
        "system",
        "measure",
        "avg19",
        "avg2",
        "avg21",
        "low",
        "high",
        *UNJUDGED,
        "coverage",
        "characters",
        "questions",
    ]
    rows = systems[names].astype(object).where(systems[names].notna(), None)
    return {
        "systems": rows.to_dict("records"),
        "against": against,
        "differences": [each.model_dump() | {"real": each.real} for each in found],
    }


def show(systems: "pd.DataFrame", found: Sequence[Difference], against: str, console: Console) -> None:
    """Two tables: the systems in the paper's shape, and what each differs by from the first."""
    several = systems["measure"].nunique() > 1
    table = _grid(several, ("Avg.19", "Avg.2", "Avg.21", "rules", "fact_recall", "coverage", "length"))
    for row in systems.to_dict("records"):
        figures = [row[name] for name in ("avg19", "avg2", "avg21", *UNJUDGED, "coverage")]
        measure = [shown(row["measure"], 200, "?")] if several else []
        table.add_row(*measure, Text(shown(row["system"], 60, "?")), *map(_figure, figures), f"{row['characters']:.0f}")
    console.print(table)
    if systems["system"].nunique() == 1:
        console.print("One system only: name another's folder too, to set it beside this one.", soft_wrap=True)
        return
    title = Text(f"Against {shown(against, 60, '?')}, question by question", "italic")
    heads = ("metric", "ques-\ntions", "differ-\nence", "95 % interval", "better", "worse", "p")
    table = _grid(several, heads, title)
    table.add_column("", min_width=13)
    for each in found:
        mean = each.difference
        interval = "–" if mean.low is None or mean.high is None else f"{mean.low:+.2f} to {mean.high:+.2f}"
        verdict = ("better" if mean.mean > 0 else "worse") if each.real else "no difference shown"
        table.add_row(
            *([shown(each.measure, 200, "?") if each.metric == "score" else "–"] if several else []),
            Text(shown(each.system, 60, "?")),
            each.metric,
            str(mean.of),
            f"{mean.mean:+.2f}",
            interval,
            str(mean.better),
            str(mean.worse),
            "–" if each.p is None else "<0.001" if each.p < 0.001 else f"{each.p:.3f}",
            verdict,
        )
    console.print(table)
    console.print("p: sign-flip permutation test over questions, Holm-corrected over the systems.", style="dim")


def _grid(several: bool, heads: Sequence[str], title: Text | None = None) -> Table:
    """A table whose names are folded where it is too wide, and whose figures are not."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in ("measure", "system") if several else ("system",):
        table.add_column(name, overflow="fold", min_width=8)
    for name in heads:
        whole = "%" not in name
        table.add_column(
            name, justify="left" if name == "metric" else "right", no_wrap=whole, min_width=None if whole else 8
        )
    return table


def _figure(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"
