"""`odw compare`: two systems or more on the same questions, and whether their differences are real."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from odw_harness.errors import AnswerError
from odw_harness.jsonl import read_rows
from odw_harness.stats import Frozen, Mean, mean_of

METRICS = ("score", "rules", "fact_recall")
"""What is compared: the judge's score (1 to 10), and two figures from 0 to 1 that need no judge."""
_SAMPLES = re.compile(r"samples_(odweval|alignbench|odw)_(in19|ood2)_(.+)\.jsonl")


@dataclass(frozen=True)
class Answered:
    """One question as one system answered it. metrics lacks what there is no figure for."""

    split: str
    request: str
    metrics: dict[str, float]
    characters: int


@dataclass(frozen=True)
class System:
    """A system's newest run: its answers by question id, and who judged them."""

    name: str
    answers: dict[str, Answered]
    judged_by: frozenset[str]

    def mean(self, metric: str, split: str | None = None) -> float | None:
        """The mean over a split's questions (None: over all), None where a question has no figure at all."""
        values = [a.metrics[metric] for a in self.answers.values() if split in (None, a.split) and metric in a.metrics]
        return fmean(values) if values else None


class Difference(Frozen):
    """A system less the first one, question by question: the mean difference with its interval, and how many rose."""

    system: str
    metric: str
    difference: Mean
    better: int
    worse: int

    @property
    def real(self) -> bool:
        """Whether the interval leaves 0 out."""
        mean = self.difference
        return mean.low is not None and mean.high is not None and (mean.low > 0 or mean.high < 0)


def read_system(folder: str) -> System:
    """The newest samples files (lm-eval's) under a folder. Raises AnswerError where there are none of ours."""
    root = Path(folder).expanduser()
    found = [(match, path) for path in root.rglob("samples_*.jsonl") if (match := _SAMPLES.fullmatch(path.name))]
    if not found:
        raise AnswerError(
            f"{folder}: holds no samples of odweval, alignbench or odw; run odw eval --output_path {folder}"
        )
    newest, _ = max(found, key=lambda each: each[0][3])
    answers: dict[str, Answered] = {}
    judged_by: set[str] = set()
    for split in ("in19", "ood2"):
        of_split = [(match[3], path) for match, path in found if (match[1], match[2]) == (newest[1], split)]
        if not of_split:
            continue
        for where, row in read_rows(max(of_split)[1], "samples file", AnswerError):
            try:
                _take(row, split, answers, judged_by)
            except (KeyError, IndexError, TypeError, ValueError) as fault:
                raise AnswerError(
                    f"{where}: is no row of a graded run ({fault!r}); run without --predict_only"
                ) from None
    return System(root.resolve().name, answers, frozenset(judged_by))


def _take(row: dict[str, Any], split: str, answers: dict[str, Answered], judged_by: set[str]) -> None:
    """One row of a samples file; of a question under two rubrics the first counts."""
    doc = row["doc"]
    if doc["id"] in answers:
        return
    given = json.loads(row["filtered_resps"][0])["answers"]
    for verdict in (verdict for answer in given for verdict in answer["verdicts"]):
        who = verdict["provenance"]
        judged_by.add(" ".join(str(who[key]) for key in ("judge", "model", "revision", "rubric", "rubric_version")))
    metrics = {name: float(row[name]) for name in (*METRICS, "coverage") if row.get(name) is not None}
    texts = [text for resps in row["resps"] for text in (resps if isinstance(resps, list) else [resps])]
    answers[doc["id"]] = Answered(split, doc["request"], metrics, round(fmean(map(len, texts))))


def compare(systems: list[System]) -> list[Difference]:
    """Each further system against the first, over the questions that both have a figure for.

    Raises AnswerError where questions differ under one id, or who judged does: such figures can't be compared.
    """
    first, *others = systems
    differences = []
    for other in others:
        common = [id_ for id_ in first.answers if id_ in other.answers]
        changed = next((id_ for id_ in common if first.answers[id_].request != other.answers[id_].request), None)
        if changed:
            raise AnswerError(f"{changed}: was another question for {other.name} than for {first.name}; run one again")
        if not common:
            raise AnswerError(f"{other.name} and {first.name} have no question in common; run both on the same ones")
        if first.judged_by != other.judged_by:
            raise AnswerError(
                f"{other.name} and {first.name} were judged by different judges or rubrics "
                f"({', '.join(sorted(first.judged_by ^ other.judged_by))}); grade both by the same"
            )
        for metric in METRICS:
            steps = [
                other.answers[id_].metrics[metric] - first.answers[id_].metrics[metric]
                for id_ in common
                if metric in first.answers[id_].metrics and metric in other.answers[id_].metrics
            ]
            if steps:
                better, worse = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
                differences.append(
                    Difference(system=other.name, metric=metric, difference=mean_of(steps), better=better, worse=worse)
                )
    return differences


def as_json(systems: list[System], differences: list[Difference]) -> dict[str, Any]:
    """For --json."""
    return {
        "systems": [
            {
                "system": each.name,
                "avg19": each.mean("score", "in19"),
                "avg2": each.mean("score", "ood2"),
                "avg21": each.mean("score"),
                **{name: each.mean(name) for name in ("rules", "fact_recall", "coverage")},
                "characters": fmean(answer.characters for answer in each.answers.values()),
                "questions": len(each.answers),
            }
            for each in systems
        ],
        "against": systems[0].name,
        "differences": [each.model_dump() | {"real": each.real} for each in differences],
    }


def show(systems: list[System], differences: list[Difference], console: Console) -> None:
    """Two tables: the systems in the paper's shape, and what each differs by from the first."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("system", "Avg.19", "Avg.2", "Avg.21", "rules", "fact_recall", "coverage", "characters"):
        table.add_column(name, justify="left" if name == "system" else "right", no_wrap=True)
    for row in as_json(systems, [])["systems"]:
        figures = [row[name] for name in ("avg19", "avg2", "avg21", "rules", "fact_recall", "coverage")]
        table.add_row(row["system"], *map(_figure, figures), f"{row['characters']:.0f}")
    console.print(table)
    table = Table(box=box.SIMPLE_HEAD, title=f"Against {systems[0].name}, question by question", title_justify="left")
    for name in ("system", "metric", "questions", "difference", "95 % interval", "better", "worse", ""):
        table.add_column(name, justify="left" if name in ("system", "metric", "") else "right", no_wrap=True)
    for each in differences:
        mean = each.difference
        interval = "–" if mean.low is None or mean.high is None else f"{mean.low:+.2f} to {mean.high:+.2f}"
        verdict = ("better" if mean.mean > 0 else "worse") if each.real else "no difference shown"
        table.add_row(
            each.system,
            each.metric,
            str(mean.of),
            f"{mean.mean:+.2f}",
            interval,
            str(each.better),
            str(each.worse),
            verdict,
        )
    console.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
