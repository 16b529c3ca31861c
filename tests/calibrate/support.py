"""Runs of four systems with a judge's scores and people's marks, made without a model or a person."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from odw_harness.human.marks import Mark, marks_file, write_marks
from odw_harness.questions import Question
from odw_harness.results import read_outputs
from tests.made import QUESTIONS, who, write_run

SYSTEMS = ("甲", "乙", "丙", "丁")
PLACE = {question.id: number for number, question in enumerate(QUESTIONS)}


def quality(system: str, question: Question) -> float:
    """What an answer is worth, 0 to 100: systems 6 points apart, questions and answers about 6."""
    draw = random.Random(f"{system} {question.id}")
    return 60 + 6 * SYSTEMS.index(system) + 5 * random.Random(question.id).gauss(0, 1) + 4 * draw.gauss(0, 1)


def good(system: str) -> Callable[[Question], list[list[float | None]]]:
    """The scores of a judge who knows."""
    return lambda question: [[round(quality(system, question) / 10, 1)]]


def runs(folder: Path, systems: Sequence[str] = SYSTEMS, scores: Any = good, **more: Any) -> Path:
    """A run of each system under a folder."""
    for system in systems:
        text = {"text": lambda question, system=system: f"{question.reference}\n{system}"}
        write_run(folder / system, system, scores(system), **{**text, **more})
    return folder


def marked(
    folder: Path,
    number: int | None = None,
    keep: Callable[[dict[str, Any]], bool] = lambda row: True,
    score: Callable[[dict[str, Any]], float] | None = None,
    grading: str = "g1",
    **more: Any,
) -> Path:
    """Marks of two graders, of so many random answers (all: None) that are to be kept."""
    table = read_outputs([folder]).table.drop_duplicates(["system", "answer_hash"])
    rows = [row for row in table.sort_values(["system", "question"]).to_dict("records") if keep(row)]
    chosen = random.Random(3).sample(rows, number or len(rows))
    given = score or _grade
    marks = [
        Mark(
            grading=grading,
            grader=grader,
            code="K",
            **{name: row[name] for name in ("question", "question_hash", "answer_hash")},
            score=min(100, max(0, given(row) + step)),
            **more,
        )
        for row in chosen
        for grader, step in (("G1", -2), ("G2", 2))
    ]
    write_marks(marks_file(folder, grading), marks)
    return folder


def _grade(row: dict[str, Any]) -> float:
    """People's mean mark: the quality, give or take 3 points."""
    return round(
        quality(row["system"], QUESTIONS[PLACE[row["question"]]]) + random.Random(row["answer_hash"]).gauss(0, 3)
    )


__all__ = ["PLACE", "QUESTIONS", "SYSTEMS", "good", "marked", "quality", "runs", "who"]
