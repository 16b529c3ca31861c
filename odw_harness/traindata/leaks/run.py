"""`odw data leaks`: all rows of some training data looked at once, and a report on every question."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from odw_harness.console import table_console
from odw_harness.models import sha256
from odw_harness.questions import load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.texts import counted, shown
from odw_harness.traindata.leaks.beside import NAME
from odw_harness.traindata.leaks.compare import GRAM, MEASURES, Questions
from odw_harness.traindata.leaks.facts import FEWEST, TIED
from odw_harness.traindata.rows import TrainingFile, TrainingRow, training_files
from odw_harness.written import written


@dataclass(frozen=True)
class Thresholds:
    """Above which a question is flagged, 0 to 1. An exact copy always is."""

    overlap: float = 0.4
    similarity: float = 0.5
    facts: float = 0.5

    def of(self, measure: str) -> float:
        """The threshold of one of MEASURES."""
        named = {"exact": 0.0, "prompt": self.overlap, "reference": self.overlap}
        return named.get(measure, getattr(self, measure, 0.0))

    def exceeded(self, measures: dict[str, float]) -> list[str]:
        """Those of some measures that are too large. A share of facts is, from its threshold on."""
        return [
            name
            for name, value in measures.items()
            if value > self.of(name) or (name == "facts" and 0 < self.facts <= value)
        ]


@dataclass
class Finding:
    """What was found of one question. worst: by measure, its largest value and where; rows: flagged rows."""

    worst: dict[str, tuple[float, str]] = field(default_factory=dict)
    rows: int = 0
    flagged: set[str] = field(default_factory=set)

    def add(self, where: str, measures: dict[str, float], thresholds: Thresholds) -> None:
        """Take in what one row has of the question."""
        for name, value in measures.items():
            if value > self.worst.get(name, (0.0, ""))[0]:
                self.worst[name] = (value, where)
        exceeded = thresholds.exceeded(measures)
        self.rows += bool(exceeded)
        self.flagged |= set(exceeded)

    @property
    def where(self) -> str:
        """The row that is worst: of the flagged measures the first of MEASURES, else that of the largest value."""
        if self.flagged:
            return self.worst[next(name for name in MEASURES if name in self.flagged)][1]
        return max(self.worst.values(), default=(0.0, ""))[1]


def leaks(train: Sequence[str], questions: str | None, thresholds: Thresholds, out: str | None, as_json: bool) -> int:
    """Look through training data, print the report. Returns the exit code: 1 where a question is flagged.

    Raises an OdwError for the first mistake in the files.
    """
    asked = load_questions(questions)
    files, notices = training_files(list(train))
    for notice in notices:
        print(f"note: {notice}", file=sys.stderr)
    a_file = out is None or out.endswith(".json") or Path(out).expanduser().is_file()
    target = out if a_file else str(Path(out or "") / NAME)
    inputs = [str(file.path) for file in files] + ([questions] if questions else [])
    with written("--out", target, inputs, "") if target else nullcontext() as file:
        index = Questions(asked)
        findings = [Finding() for _ in asked]
        counts = dict.fromkeys((each.name for each in files), 0)
        for each, row in _rows(files):
            counts[each.name] += 1
            for question, measures in index.measures(row).items():
                findings[question].add(row.where, measures, thresholds)
        report = _report(index, findings, thresholds, files, counts, questions)
        if file:
            file.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    if as_json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        show(report)
    return 1 if report["flagged"] else 0


def _rows(files: list[TrainingFile]) -> Iterator[tuple[TrainingFile, TrainingRow]]:
    from tqdm import tqdm

    with tqdm(desc="Looking", unit="row", unit_scale=True, file=sys.stderr, delay=2, mininterval=1) as bar:
        for file in files:
            for row in file.rows():
                yield file, row
                bar.update()


def _report(
    index: Questions,
    findings: list[Finding],
    thresholds: Thresholds,
    files: list[TrainingFile],
    counts: dict[str, int],
    questions: str | None,
) -> dict[str, Any]:
    asked = index.questions
    return {
        "flagged": [question.id for question, found in zip(asked, findings, strict=True) if found.flagged],
        "thresholds": {"exact": "always", **asdict(thresholds)},
        "training": [
            {"file": file.path.name, "sha256": sha256(file.path), "rows": counts[file.name]} for file in files
        ],
        "questions_file": {"file": Path(questions or QUESTIONS).name, "sha256": sha256(Path(questions or QUESTIONS))},
        "fingerprints": {question.id: question.fingerprint for question in asked},
        "questions": [
            {
                "id": question.id,
                "genre": question.genre,
                "flagged": [name for name in MEASURES if name in found.flagged],
                "rows": found.rows,
                "where": found.where,
                **{
                    name: {"value": round(found.worst[name][0], 4), "where": found.worst[name][1]}
                    if name in found.worst
                    else {"value": 0.0, "where": ""}
                    for name in MEASURES
                },
                "rare_facts": len(facts) if len(facts) >= FEWEST and sum(fact.tied for fact in facts) >= TIED else None,
            }
            for question, found, facts in zip(asked, findings, index.facts.facts, strict=True)
        ],
    }


def show(report: dict[str, Any]) -> None:
    """Print a report to standard output."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = table_console(highlight=False)
    table = Table(box=box.SIMPLE, padding=(0, 1))
    for name in ("question", "文种"):
        table.add_column(name, no_wrap=True)
    for name in ("exact", "prompt", "ref.", "Jaccard", "facts", "rows"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("worst row", overflow="fold")
    for row in report["questions"]:
        cells = [
            Text(
                "yes" if name == "exact" and row[name]["value"] else _cell(name, row),
                "bold red" if name in row["flagged"] else "",
            )
            for name in MEASURES
        ]
        style = "red" if row["flagged"] else ""
        table.add_row(
            Text(shown(row["id"], 24, "?"), style),
            shown(row["genre"], 10, "?"),
            *cells,
            str(row["rows"]),
            shown(row["where"].rpartition("/")[2], 60, "?"),
        )
    console.print(table)
    rows = sum(each["rows"] for each in report["training"])
    limits = report["thresholds"]
    console.print(
        f"{counted(rows, 'row')} in {counted(len(report['training']), 'file')}. prompt, ref.: share covered by shared {GRAM}-grams of characters; "
        f"facts: share of the rare facts; rows: those over a threshold (overlap {limits['overlap']:g}, similarity "
        f"{limits['similarity']:g}, facts {limits['facts']:g}).",
        soft_wrap=True,
    )
    if report["flagged"]:
        told = ", ".join(report["flagged"])
        console.print(
            Text(f"leak: {len(report['flagged'])} of {len(report['questions'])} questions: {told}", "bold red"),
            soft_wrap=True,
        )
    else:
        console.print(Text("clean: no question is over a threshold", "green"))


def _cell(name: str, row: dict[str, Any]) -> str:
    if name == "exact":
        return "–"
    if name == "facts" and row["rare_facts"] is None:
        return "n/a"
    value = row[name]["value"]
    return f"{value:.2f}" if name == "similarity" else f"{value:.0%}"
