"""A question and its loader.

A questions file is JSON Lines in UTF-8: one question a line, blank lines allowed. The 21 questions of
ODWEval are a reconstruction: those of the paper are unpublished.
"""

import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from odw_harness.errors import QuestionError, first_fault
from odw_harness.jsonl import read_rows
from odw_harness.resources import QUESTIONS

Split = Literal["in19", "ood2"]
Direction = Literal["up", "down", "parallel", "public", "meeting", "none"]

OUTPUT_CONTRACT = (
    "【输出要求】直接输出成稿全文，纯文本，不使用Markdown标记，不写解释说明；标题、发文字号、主送机关、"
    "附件说明、落款署名、成文日期等要素凡材料给出或该文种应有的，各占一行；材料没有提供的事实、数字、"
    "姓名和文件依据不得编造。"
)
"""Follows every prompt, so that layout and honesty are asked for in the same words each time."""

COMPLETION_CUE = "\n\n（以下为正文）\n"
"""Ends a plain prompt (no chat template), where a base model is to go on with the document itself."""


def _alternatives(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
AnyOf = Annotated[tuple[Text, ...], BeforeValidator(_alternatives), Field(min_length=1)]
"""One string, or a list of equivalent wordings of which one is enough."""


class Question(BaseModel):
    """One task for a model, its reference answer, and what the rules may expect of an answer.

    Only `id`, `genre`, `prompt` and `reference` are required; a check whose expectation is absent does
    not apply. Lengths count characters that are not white space.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    id: Text
    split: Split = "in19"
    category: Literal["statutory", "business", "out_of_domain"] = "statutory"
    genre: Text
    """文种, as in 条例 art. 8 (决议 … 纪要), or the name of another kind of writing."""
    direction: Direction = "none"
    """行文方向: to a superior (up), to subordinates (down), between equals (parallel)."""
    basis: str = ""
    """The article that defines the 文种."""
    issuers: tuple[Text, ...] = ()
    """发文机关, in order."""
    recipient: Text | None = None
    """主送机关 without its colon; null where the 文种 has none."""
    doc_number: Text | None = None
    """发文字号."""
    signatory: Text | None = None
    """签发人, whom a document to a superior names (条例 art. 9(6))."""
    date: Text | None = None
    """成文日期, as 2024年3月5日."""
    date_position: Literal["head", "end", "any"] | None = "end"
    """Where the date belongs: under the title, in the 落款, either; null: in running text only."""
    signature: tuple[Text, ...] = ()
    """落款 lines above the date, in order."""
    salutation: AnyOf | tuple[()] = ()
    """Address of an audience (同志们, 市民朋友们), any of which is enough."""
    title_pattern: Text | None = None
    """Regular expression that the whole title must match."""
    attachments: tuple[Text, ...] = ()
    """Words that the name of each attachment contains, in order."""
    prompt: Text
    facts: tuple[AnyOf, ...] = ()
    """What an answer has to state, each as one string or a list of equivalent wordings."""
    elements: tuple[Text, ...] = ()
    """The parts of a complete answer, for people and for judges that write."""
    required_terms: tuple[AnyOf, ...] = ()
    closings: tuple[Text, ...] = ()
    """结语 of which one is expected."""
    forbidden: tuple[Text, ...] = ()
    forbidden_patterns: tuple[Text, ...] = ()
    length: tuple[int, int] | None = None
    trap: str = ""
    """The mistake that the question provokes."""
    reference: Text

    @field_validator("title_pattern", "forbidden_patterns")
    @classmethod
    def _compiles(cls, value: Any) -> Any:
        for pattern in (value,) if isinstance(value, str) else value or ():
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"not a regular expression ({error}): {pattern[:80]}") from None
        return value

    @field_validator("date")
    @classmethod
    def _full_date(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\d{4}年\d{1,2}月\d{1,2}日", value):
            raise ValueError(f"must look like 2024年3月5日, got {value!r}")
        return value

    @field_validator("length")
    @classmethod
    def _range(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and not 0 < value[0] <= value[1]:
            raise ValueError(f"must be [least, most] with 0 < least <= most, got {list(value)}")
        return value

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what a judge sees of the question: its prompt and its reference."""
        return hashlib.sha256(f"{self.prompt}\0{self.reference}".encode()).hexdigest()

    def request(self) -> str:
        """What a model under test is asked."""
        return f"{self.prompt}\n\n{OUTPUT_CONTRACT}"


def load_questions(file: str | Path | None = None) -> tuple[Question, ...]:
    """The questions of a JSON Lines file, in its order; without one the 21.

    Raises QuestionError for the first fault, naming file, line and field.
    """
    path = file or QUESTIONS
    questions: dict[str, Question] = {}
    for where, row in read_rows(path, "questions file", QuestionError):
        try:
            question = Question.model_validate(row)
        except ValidationError as error:
            raise QuestionError(f"{where}: {first_fault(error, 'a question')}") from None
        if question.id in questions:
            raise QuestionError(f"{where}: field id: {question.id!r} is there already; give it another")
        questions[question.id] = question
    if not questions:
        raise QuestionError(f"{path}: holds no questions; put one JSON object on each line")
    return tuple(questions.values())


def find_question(name: str, file: str | Path | None = None) -> Question:
    """The question of that id in a file; without one among the 21. Raises QuestionError."""
    known = {question.id: question for question in load_questions(file)}
    if name not in known:
        raise QuestionError(f"--question {name}: not in {file or QUESTIONS}; it has {', '.join(known)}")
    return known[name]
