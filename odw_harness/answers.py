"""Saved answers, for `odw judge`: lm-eval's samples files, or plain JSON Lines of the user's own."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from odw_harness.errors import AnswerError, first_fault
from odw_harness.grading import Answer
from odw_harness.jsonl import read_rows
from odw_harness.questions import Question, Split, load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.texts import document_of, storable_json

LONG_ANSWER = 20_000
"""Characters: more than seven times what the longest task asks for."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Entry:
    """An answer with the id under which its verdict is written, and the place it was read from (FILE: line N)."""

    id: str
    answer: Answer
    file: str
    where: str


@dataclass(frozen=True)
class SavedAnswers:
    """All answers of some files, in their order, and what a user should know of them."""

    entries: list[Entry]
    notices: list[str] = field(default_factory=list)


class _Row(BaseModel):
    """A line of the user's own: id, answer, and question_id or question with reference. Other fields are his business."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Text
    answer: str | None
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


def read_answers(files: Sequence[str], questions_file: str | None = None) -> SavedAnswers:
    """The answers in some files (`-`: standard input), each file read on its own terms, line by line.

    A sample with several answers gives ids X, X#2, X#3. An id that stands in several files is written as
    FILE:ID. Raises AnswerError or QuestionError, naming file, line and field.
    """
    known = {question.id: question for question in load_questions(questions_file)}
    entries: list[Entry] = []
    places: dict[tuple[str, str], Entry] = {}
    repeated = 0
    for file in dict.fromkeys(files):
        for entry, sample in _entries(file, known, questions_file):
            first = places.setdefault((file, entry.id), entry)
            if first is entry:
                entries.append(entry)
            elif first.answer != entry.answer:
                raise AnswerError(
                    f"{entry.where}: field id: {entry.id!r} is there already, with another answer ({first.where}); "
                    "give each answer an id of its own"
                )
            else:
                repeated += not sample  # a samples file holds an answer once for each of the task's rubrics
    if not entries:
        raise AnswerError(f"{', '.join(files)}: no answers; put one JSON object on each line")
    entries, renamed = _told_apart(entries)
    return SavedAnswers(entries, list(_notices(entries, known, repeated, renamed)))


def _entries(file: str, known: dict[str, Question], questions_file: str | None) -> Iterator[tuple[Entry, bool]]:
    for where, row in read_rows(file, "answers file", AnswerError):
        sample = "doc" in row and "resps" in row
        row = storable_json(row)
        pairs = _of_sample(row, where) if sample else [_of_row(row, where, known, questions_file)]
        for identity, question, text in pairs:
            yield Entry(identity, Answer(question, document_of(text or "")), file, where), sample


def _of_row(
    row: dict[str, Any], where: str, known: dict[str, Question], questions_file: str | None
) -> tuple[str, Question, str | None]:
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
    return parsed.id, question, parsed.answer


def _of_sample(row: dict[str, Any], where: str) -> Iterator[tuple[str, Question, str | None]]:
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


def _told_apart(entries: list[Entry]) -> tuple[list[Entry], int]:
    """Entries whose ids are unique: one that stands in several files gets the file's name before it."""
    files: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        files[entry.id].add(entry.file)
    ambiguous = {name for name, found in files.items() if len(found) > 1}
    return [replace(e, id=f"{e.file}:{e.id}") if e.id in ambiguous else e for e in entries], len(ambiguous)


def _notices(entries: list[Entry], known: dict[str, Question], repeated: int, renamed: int) -> Iterator[str]:
    texts = Counter(
        kind
        for entry in entries
        for kind, applies in (
            ("empty", not entry.answer.text.strip()),
            ("long", len(entry.answer.text) > LONG_ANSWER),
            ("foreign", bool(entry.answer.text.strip()) and not _CHINESE.search(entry.answer.text)),
        )
        if applies
    )
    if repeated:
        yield f"{_count(repeated, 'row')} repeated with the same id and answer: left out"
    if renamed:
        yield f"{_count(renamed, 'id')} in several files: written as FILE:ID"
    if texts["empty"]:
        yield f"{_count(texts['empty'], 'answer')} without text: scored 1, the judge is not asked"
    if texts["long"]:
        yield f"{_count(texts['long'], 'answer')} over {LONG_ANSWER:,} characters: unscored where the judge can't read as much"
    if texts["foreign"]:
        yield f"{_count(texts['foreign'], 'answer')} without a Chinese character: judged as it stands"
    answered = {entry.answer.question.id for entry in entries}
    unanswered = [name for name in known if name not in answered]
    if unanswered and answered & set(known):
        yield f"{_count(len(unanswered), 'question')} of {len(known)} without an answer: {_some(unanswered)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
