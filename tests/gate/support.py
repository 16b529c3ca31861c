"""Runs for the gate, made without a model, and the gate called on them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from odw_harness.questions import Question
from tests.made import QUESTIONS

Scores = Callable[[Question], Sequence[Sequence[float | None]]]
PLACE = {question.id: number for number, question in enumerate(QUESTIONS)}


def each(*scores: float | None) -> Scores:
    """One answer a question, judged once: the scores in the order of the questions, over and over."""
    return lambda question: [[scores[PLACE[question.id] % len(scores)]]]


def gate(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """The exit code, and what --json prints."""
    code = main(["gate", *map(str, arguments), "--json"])
    captured = capsys.readouterr()
    assert captured.out, captured.err
    return code, json.loads(captured.out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a mistake is told in."""
    assert main(["gate", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def states(found: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["state"] for check in found["checks"]}


def why(found: dict[str, Any], name: str) -> str:
    return next(str(check["why"]) for check in found["checks"] if check["name"] == name)


def figure(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(check["figure"]) for check in found["checks"] if check["name"] == name)


def change_rows(results: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Every row of the samples beside a results file, changed."""
    date = results.stem.removeprefix("results_")
    for file in results.parent.glob(f"samples_*_{date}.jsonl"):
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for row in rows:
            change(row)
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def predict_only(results: Path) -> Path:
    """The run as lm-eval leaves it with --predict_only."""

    def change(row: dict[str, Any]) -> None:
        row |= {"filter": "none", "filtered_resps": row["resps"][0][:1], "metrics": ["bypass"], "bypass": None}

    change_rows(results, change)
    return results


def change_verdicts(results: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Every answer's record in the run, changed; change gets the row's question and the record."""

    def of_row(row: dict[str, Any]) -> None:
        held = json.loads(row["filtered_resps"][0])
        for answer in held["answers"]:
            change(row["doc"], answer)
        row["filtered_resps"] = [json.dumps(held, ensure_ascii=False)]

    change_rows(results, of_row)
