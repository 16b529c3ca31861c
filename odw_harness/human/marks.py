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
_FILES = "human_*.jsonl"
TEXT = ["question_hash", "answer_hash"]
"""What a mark is of and finds its answer by, whichever systems gave it."""


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

    @property
    def given(self) -> tuple[object, ...]:
        """What the grader gave, wherever it was read from."""
        return self.score, self.dimensions, self.comment, self.simulated


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

    A file of marks may be named itself; of another file, a run's, the folder is looked through. The columns are the fields
    of `Mark`, `dimensions` as a dictionary. A grader of the same name in two gradings is two graders: where there are
    several gradings, a name has its grading's beside it. A grading that was imported into two folders is read from both, a
    mark in both counts once, and where they contradict each other the later one is skipped. There may be no marks at all.
    Raises MarkError where there is no such folder.
    """
    import pandas as pd

    files: list[str] = []
    found: dict[_Key, Mark] = {}
    skipped: list[Skipped] = []
    for file in dict.fromkeys(file.resolve() for folder in folders for file in _files(folder)):
        try:
            marks = {_key(mark): mark for mark in read_file(file)}
            if any(mark.given != found.get(key, mark).given for key, mark in marks.items()):
                raise MarkError(f"{file}: has other marks of a grading that is read already; keep the newer file alone")
        except MarkError as error:
            skipped.append(Skipped(file, str(error).removeprefix(f"{file}: ")))
            continue
        found |= marks
        files.append(str(file))
    table = pd.DataFrame([mark.model_dump() for mark in found.values()], columns=list(Mark.model_fields))
    if table["grading"].nunique() > 1:
        table["grader"] += " (" + table["grading"] + ")"
    return Marks(table, skipped, files)


def _files(folder: str | Path) -> list[Path]:
    path = Path(folder).expanduser()
    if not path.exists():
        raise MarkError(f"{folder}: no such folder; name one with runs and the marks of people beside them")
    if path.is_file() and path.match(_FILES):
        return [path]
    return sorted((path if path.is_dir() else path.parent).rglob(_FILES))


_Key = tuple[str, str, str, str]


def _key(mark: Mark) -> _Key:
    return mark.grading, mark.grader, mark.question_hash, mark.answer_hash


def read_file(file: Path) -> list[Mark]:
    """Read one file of marks. Raises MarkError, naming the line."""
    marks: dict[_Key, Mark] = {}
    for where, row in read_rows(file, "file of marks", MarkError):
        try:
            mark = Mark.model_validate(row)
        except ValidationError as error:
            raise MarkError(f"{where}: {first_fault(error, 'a mark')}; import the grading again") from None
        key = _key(mark)
        if key in marks:
            raise MarkError(f"{where}: is a grader's second mark of an answer; import the grading again")
        marks[key] = mark
    return list(marks.values())


def of_answers(marks: "pd.DataFrame", rows: "pd.DataFrame") -> "pd.DataFrame":
    """The marks of the answers in rows of a table (`results.read_outputs`): a row for each mark and system.

    Columns: system, split, question, genre, question_hash, answer_hash, repeat, characters, grader, score (0 to 100),
    dimensions, simulated. A text that two systems gave stands there for each. Give rows of one measure where systems may
    have been run again since: other measures may be of other answers.
    """
    keys = ["system", "split", "question", "genre", *TEXT, "repeat", "characters"]
    answers = rows[keys].drop_duplicates(["system", *TEXT, "repeat"])
    return answers.merge(marks[[*TEXT, "grader", "score", "dimensions", "simulated"]], on=TEXT)


def people_by_question(marked: "pd.DataFrame") -> "pd.DataFrame":
    """People's score of each system's answer to each question: a row for each, from the marks of `of_answers`.

    Columns: system, split, question, genre, question_hash, score (0 to 100), marks, graders. An answer's score is the mean
    of its marks, a question's the mean of its answers, as with verdicts (`results.by_question`). A mark of a text that the
    system gave several times counts once.
    """
    keys = ["system", "split", "question", "genre", "question_hash"]
    each = marked.groupby([*keys, "answer_hash", "repeat"], sort=False)["score"].mean()
    once = marked.drop_duplicates([*keys, "answer_hash", "grader"])
    found = once.groupby(keys, sort=False).agg(marks=("score", "size"), graders=("grader", "nunique"))
    found.insert(0, "score", each.groupby(level=keys, sort=False).mean())
    return found.reset_index()
