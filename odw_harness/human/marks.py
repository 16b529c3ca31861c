"""People's marks: a file of them for each grading, beside the runs whose answers were marked.

A mark belongs to a question and the text of an answer to it, not to a system: it holds for whoever wrote that text, as a
verdict in the store does, and finds its answer again after the run was graded anew, moved or renamed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jsonlines
from pydantic import Field, ValidationError

from odw_harness.errors import MarkError, first_fault
from odw_harness.jsonl import read_rows
from odw_harness.results import Skipped
from odw_harness.stats import Frozen
from odw_harness.written import written

if TYPE_CHECKING:
    import pandas as pd

LOWEST, HIGHEST = 0.0, 100.0
"""The scale of people's scores (paper, appendix 2)."""
DIMENSION_LOWEST, DIMENSION_HIGHEST = 1.0, 10.0
"""The scale of a dimension: that of the judges' rubrics."""
_MARKED = ["question_hash", "answer_hash"]
"""What a mark finds its answer by."""


class Mark(Frozen):
    """What one grader gave one answer.

    grading: the export that asked for it; grader: their name within it; code: of the answer on their sheet. question: its
    id. question_hash, answer_hash: what was asked and what was answered, as `runs.Answer` has them. score: 0 to 100.
    dimensions: metric → 1 to 10, where they were asked for. source: file and place it was read from. simulated: no person
    gave it.
    """

    grading: str = Field(min_length=1)
    grader: str = Field(min_length=1)
    code: str
    question: str
    question_hash: str
    answer_hash: str
    score: float = Field(ge=LOWEST, le=HIGHEST, allow_inf_nan=False)
    dimensions: dict[str, float] = Field(default_factory=dict)
    comment: str = ""
    source: str = ""
    simulated: bool = False


@dataclass
class Marks:
    """The marks under some folders. table: a row for each (see `read_marks`)."""

    table: "pd.DataFrame"
    skipped: list[Skipped]
    files: list[str]


def marks_file(folder: str | Path, grading: str) -> Path:
    """Where the marks of a grading are kept, in a folder of runs."""
    return Path(folder).expanduser() / f"human_{grading}.jsonl"


def write_marks(file: Path, marks: Sequence[Mark]) -> None:
    """Write the file of a grading's marks, whole or not at all. Raises AnswerError where it can't be written."""
    with written("--out", str(file), [], kept="") as target:
        jsonlines.Writer(target).write_all(mark.model_dump() for mark in marks)


def read_marks(folders: Sequence[str | Path]) -> Marks:
    """Read every file of marks under the folders; one that can't be read is named in `skipped`.

    The columns are the fields of `Mark`, `dimensions` as a dictionary. A grader of the same name in two gradings is two
    graders: where there are several gradings, a name has its grading's beside it. There may be no marks at all.
    """
    import pandas as pd

    found: dict[Path, list[Mark]] = {}
    skipped: list[Skipped] = []
    for folder in folders:
        path = Path(folder).expanduser()
        for file in sorted(path.rglob("human_*.jsonl")) if path.is_dir() else []:
            try:
                found[file.resolve()] = read_file(file)
            except MarkError as error:
                skipped.append(Skipped(file, str(error).removeprefix(f"{file}: ")))
    marks = [mark for each in found.values() for mark in each]
    table = pd.DataFrame([mark.model_dump() for mark in marks], columns=list(Mark.model_fields))
    if table["grading"].nunique() > 1:
        table["grader"] += " (" + table["grading"] + ")"
    return Marks(table, skipped, [str(file) for file in found])


def read_file(file: Path) -> list[Mark]:
    """Read one file of marks. Raises MarkError, naming the line."""
    marks: dict[tuple[str, ...], Mark] = {}
    for where, row in read_rows(file, "file of marks", MarkError):
        try:
            mark = Mark.model_validate(row)
        except ValidationError as error:
            raise MarkError(f"{where}: {first_fault(error, 'a mark')}; import the grading again") from None
        key = (mark.grading, mark.grader, mark.question_hash, mark.answer_hash)
        if key in marks:
            raise MarkError(f"{where}: {mark.grader} marks an answer a second time; import the grading again")
        marks[key] = mark
    return list(marks.values())


def of_answers(marks: "pd.DataFrame", rows: "pd.DataFrame") -> "pd.DataFrame":
    """The marks of the answers in rows of a table (`results.read_outputs`): a row for each mark and system.

    Columns: system, split, question, genre, question_hash, answer_hash, repeat, characters, grader, score (0 to 100),
    dimensions, simulated. A text that two systems gave stands there for each. Give rows of one measure where systems may
    have been run again since: other measures may be of other answers.
    """
    keys = ["system", "split", "question", "genre", *_MARKED, "repeat", "characters"]
    answers = rows[keys].drop_duplicates(["system", *_MARKED, "repeat"])
    return answers.merge(marks[[*_MARKED, "grader", "score", "dimensions", "simulated"]], on=_MARKED)


def people_by_question(marked: "pd.DataFrame") -> "pd.DataFrame":
    """People's score of each system's answer to each question: a row for each, from the marks of `of_answers`.

    Columns: system, split, question, genre, question_hash, score (0 to 100), marks, graders. An answer's score is the mean
    of its marks, a question's the mean of its answers, as with verdicts (`results.by_question`).
    """
    keys = ["system", "split", "question", "genre", "question_hash"]
    each = marked.groupby([*keys, "answer_hash", "repeat"], sort=False)["score"].mean()
    found = marked.groupby(keys, sort=False).agg(marks=("score", "size"), graders=("grader", "nunique"))
    found.insert(0, "score", each.groupby(level=keys, sort=False).mean())
    return found.reset_index()
