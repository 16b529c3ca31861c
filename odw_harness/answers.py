"""Saved answers, for `odw judge`: lm-eval's samples files, or plain JSON Lines of the user's own."""

import atexit
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from odw_harness.errors import AnswerError, first_fault
from odw_harness.jsonl import read_rows
from odw_harness.questions import Question, Split, load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.store import digest
from odw_harness.texts import CHINESE, counted, document_of, map_texts, storable

STANDARD_INPUT = "-"
LONG_ANSWER = 20_000
"""Characters: more than seven times what the longest task asks for."""
Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Entry:
    """A saved answer, with the id under which its verdict is written, and the place it was read from (FILE: line N)."""

    id: str | int
    question: Question
    text: str
    where: str


class _Row(BaseModel):
    """A line of the user's own: id, answer, and question_id or question with reference. Other fields are his business."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Text
    answer: StrictStr | None
    question_id: Text | None = None
    question: Text | None = None
    reference: Text | None = None
    genre: Text = "公文"
    split: Split = "in19"


class _Doc(BaseModel):
    """What a sample of our tasks holds of its question."""

    model_config = ConfigDict(extra="ignore")

    id: Text
    prompt: Text
    reference: Text
    genre: Text = "公文"
    split: Split = "in19"


class SavedAnswers:
    """The answers in some files (`-`: standard input), each file read on its own terms, line by line.

    A sample with several answers gives ids X, X#2, X#3. An id that stands in several files is written as FILE:ID.
    All files are read once to see that they are right, and again at each iteration, so that any number of answers
    fits into memory. notices: what a user should know of them.
    """

    def __init__(self, files: Sequence[str], questions_file: str | None = None) -> None:
        """Raises AnswerError or QuestionError, naming file, line and field."""
        self._known = {question.id: question for question in load_questions(questions_file)}
        self._questions_file = questions_file
        unique = {os.path.realpath(file) if file != STANDARD_INPUT else file: file for file in reversed(files)}
        self._files = {f: _spooled() if f == STANDARD_INPUT else f for f in files if f in unique.values()}
        self._ambiguous: set[str | int] = set()
        self._count = 0
        self.notices = list(self._look_through())

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Entry]:
        """The answers, in their order."""
        for file in self._files:
            seen = set()
            for entry, _ in self._entries(file):
                if entry.id not in seen:
                    seen.add(entry.id)
                    yield replace(entry, id=f"{file}:{entry.id}") if entry.id in self._ambiguous else entry

    def _look_through(self) -> Iterator[str]:
        kinds: Counter[str] = Counter()
        answered: set[str] = set()
        everywhere: set[str | int] = set()
        for file in self._files:
            places: dict[str | int, tuple[str, str]] = {}
            for entry, sample in self._entries(file):
                content = digest(entry.question.fingerprint, entry.text)
                if entry.id not in places:
                    places[entry.id] = (content, entry.where)
                    self._count += 1
                    kinds.update(_kinds(entry.text))
                    answered.add(entry.question.id)
                elif places[entry.id][0] != content:
                    raise AnswerError(
                        f"{entry.where}: field id: {entry.id!r} is there already, with another answer "
                        f"({places[entry.id][1]}); give each answer an id of its own"
                    )
                elif not sample:  # a samples file holds an answer once for each of the task's rubrics
                    kinds["repeated"] += 1
            self._ambiguous |= everywhere & set(places)
            everywhere |= set(places)
        if not self._count:
            raise AnswerError(f"{', '.join(self._files)}: no answers; put one JSON object on each line")
        yield from self._notices(kinds, answered)

    def _notices(self, kinds: Mapping[str, int], answered: set[str]) -> Iterator[str]:
        if kinds["repeated"]:
            yield f"{counted(kinds['repeated'], 'row')} repeated with the same id and answer: left out"
        if self._ambiguous:
            yield f"{counted(len(self._ambiguous), 'id')} in several files: written as FILE:ID"
        if kinds["empty"]:
            yield f"{counted(kinds['empty'], 'answer')} without text: scored 1, the judge is not asked"
        if kinds["long"]:
            yield f"{counted(kinds['long'], 'answer')} over {LONG_ANSWER:,} characters: unscored where the judge can't read as much"
        if kinds["foreign"]:
            yield f"{counted(kinds['foreign'], 'answer')} without a Chinese character: judged as it stands"
        unanswered = [name for name in self._known if name not in answered]
        if unanswered and answered & set(self._known):
            yield f"{counted(len(unanswered), 'question')} of {len(self._known)} without an answer: {_some(unanswered)}"

    def _entries(self, file: str) -> Iterator[tuple[Entry, bool]]:
        name = "standard input" if file == STANDARD_INPUT else None
        for where, content in read_rows(self._files[file], "answers file", AnswerError, name):
            try:
                row = map_texts(content, storable)
            except RecursionError:
                raise AnswerError(f"{where}: is nested too deeply") from None
            sample = "doc" in row and "resps" in row
            pairs = _of_sample(row, where) if sample else [_of_row(row, where, self._known, self._questions_file)]
            for identity, question, text in pairs:
                yield Entry(identity, question, document_of(text or ""), where), sample


def _spooled() -> str:
    """Standard input, kept in a file until the process ends: it is read twice."""
    if sys.stdin is None:
        raise AnswerError("standard input is closed; give a file of answers")
    folder = tempfile.mkdtemp(prefix="odw-answers-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "stdin.jsonl"
    with path.open("wb") as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
    return str(path)


def _kinds(text: str) -> Iterator[str]:
    if not text.strip():
        yield "empty"
    elif not CHINESE.search(text):
        yield "foreign"
    if len(text) > LONG_ANSWER:
        yield "long"


def _of_row(
    row: dict[str, Any], where: str, known: dict[str, Question], questions_file: str | None
) -> tuple[str | int, Question, str | None]:
    try:
        parsed = _Row.model_validate(row)
    except ValidationError as error:
        raise AnswerError(f"{where}: {first_fault(error, 'an answer')}") from None
    if parsed.question is not None:
        if parsed.reference is None:
            raise AnswerError(f"{where}: field reference: is missing; a question of one's own needs a reference answer")
        question = _question(parsed.question_id or parsed.id, parsed.question, parsed.reference, parsed)
    elif parsed.question_id is None:
        raise AnswerError(f"{where}: field question_id: is missing; name a question, or give question and reference")
    elif parsed.question_id not in known:
        raise AnswerError(
            f"{where}: field question_id: {parsed.question_id!r} is not in {questions_file or QUESTIONS.name}, which has "
            f"{_some(list(known))}; name its file with --questions, or give question and reference in the row"
        )
    else:
        question = known[parsed.question_id]
    identity = row["id"] if isinstance(row["id"], int) else parsed.id
    return identity, question, parsed.answer


def _of_sample(row: dict[str, Any], where: str) -> Iterator[tuple[str | int, Question, str | None]]:
    try:
        doc = _Doc.model_validate(row["doc"])
    except ValidationError as error:
        fault = first_fault(error, "a sample").replace("field ", "field doc.", 1)
        raise AnswerError(f"{where}: {fault}; is this a samples file of odweval, alignbench or odw?") from None
    responses = row["resps"][0] if isinstance(row["resps"], list) and len(row["resps"]) == 1 else None
    if not isinstance(responses, list) or not all(isinstance(text, str | None) for text in responses):
        raise AnswerError(f"{where}: field resps: must hold one list of texts, as lm-eval writes it")
    question = _question(doc.id, doc.prompt, doc.reference, doc)
    for repeat, text in enumerate(responses, 1):
        yield (doc.id if repeat == 1 else f"{doc.id}#{repeat}"), question, text


def _question(identity: str, prompt: str, reference: str, row: _Row | _Doc) -> Question:
    return Question(id=identity, prompt=prompt, reference=reference, genre=row.genre, split=row.split)


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
