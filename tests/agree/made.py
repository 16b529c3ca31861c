"""Runs with people's marks of known making: quality, length and family under control, graders of known severity."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from odw_harness.human.marks import Mark, marks_file, write_marks
from odw_harness.questions import Question
from odw_harness.results import read_outputs
from tests.made import QUESTIONS, who, write_run

Quality = Mapping[tuple[str, str], float]
"""(system, question id) → how good, about 0."""


def qualities(systems: Sequence[str], seed: int = 0, between: float = 1.0, within: float = 0.7) -> Quality:
    drawn = random.Random(seed)
    of_system = {system: drawn.gauss(0, between) for system in systems}
    return {(s, q.id): of_system[s] + drawn.gauss(0, within) for s in systems for q in QUESTIONS}


def words(system: str, times: int = 1) -> Callable[[Question], str]:
    return lambda question: "\n".join([question.reference] * times + [system])


def judged(
    quality: Quality, system: str, noise: float, seed: int, more: float = 0
) -> Callable[[Question], list[list[float | None]]]:
    def scores(question: Question) -> list[list[float | None]]:
        error = random.Random(f"{seed}/{system}/{question.id}").gauss(0, noise)
        return [[min(10.0, max(1.0, 5.5 + more + quality[system, question.id] + error))]]

    return scores


def write_systems(
    folder: Path,
    quality: Quality,
    *,
    judge: str = "judge-1",
    noise: float = 0.5,
    more: Mapping[str, float] | None = None,
    questions: Sequence[Question] = QUESTIONS,
    **options: Any,
) -> None:
    """A run of each system under a judge that sees quality with noise, and gives some systems more."""
    for system in dict.fromkeys(system for system, _ in quality):
        scores = judged(quality, system, noise, 7, (more or {}).get(system, 0))
        write_run(
            folder / judge / system,
            system,
            scores,
            text=words(system),
            judge=who(judge),
            questions=questions,
            **options,
        )


def mark_all(
    folder: Path, quality: Quality, severity: Mapping[str, float], *, overlap: int, noise: float = 4.0, **more: Any
) -> list[Mark]:
    """Each answer marked by `overlap` graders in turn: 70 + 10 · quality - severity + noise. Writes the file of marks."""
    drawn, graders, marks = random.Random(5), list(severity), []
    rows = (
        read_outputs([folder], ungraded=True)
        .table.drop_duplicates(["system", "question"])
        .sort_values(["system", "question"])
    )
    for number, row in enumerate(rows.to_dict("records")):
        for grader in drawn.sample(graders, overlap):
            score = 70 + 10 * quality[row["system"], row["question"]] - severity[grader] + drawn.gauss(0, noise)
            given = {name: row[name] for name in ("question", "question_hash", "answer_hash")}
            marks.append(
                Mark(
                    **{"grading": "g1", "grader": grader, "code": f"K{number:03}", **given},
                    **{"score": round(min(100.0, max(0.0, score)), 1), **more},
                )
            )
    write_marks(marks_file(folder, "g1"), marks)
    return marks
