"""What a check may expect of a document: from its question, or from its 文种 alone."""

from dataclasses import dataclass
from typing import Literal

from odw_harness.errors import DocumentError
from odw_harness.questions import Question
from odw_harness.rules.genres import GENRES, Genre, find_genre


@dataclass(frozen=True)
class Expectations:
    """Expectations of one document. Fields as in Question; None or () where nothing is expected.

    question: whether these come from a question, so that given elements must be there with given values.
    """

    genre: Genre | None = None
    question: bool = False
    direction: str = "none"
    issuers: tuple[str, ...] = ()
    recipient: str | None = None
    recipient_need: Literal["required", "optional", "none"] = "optional"
    salutation: tuple[str, ...] = ()
    doc_number: str | None = None
    signatory: str | None = None
    signatory_needed: bool = False
    date: str | None = None
    date_position: Literal["head", "end", "any"] | None = None
    signature: tuple[str, ...] = ()
    signed: bool = False
    title_pattern: str | None = None
    attachments: tuple[str, ...] = ()
    closings: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    forbidden_patterns: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    required_terms: tuple[tuple[str, ...], ...] = ()
    prompt: str | None = None
    length: tuple[int, int] | None = None


def of_question(question: Question) -> Expectations:
    """The expectations of a question's answer. Its 文种 adds the closings that contradict it."""
    genre = find_genre(question.genre)
    need: Literal["required", "optional", "none"] = "required" if question.recipient else "none"
    if not question.recipient and (question.salutation or genre is None or genre.recipient == "required"):
        need = "optional"
    dated = question.date is not None
    return Expectations(
        genre=genre,
        question=True,
        direction=question.direction,
        issuers=question.issuers,
        recipient=question.recipient,
        recipient_need=need,
        salutation=question.salutation,
        doc_number=question.doc_number,
        signatory=question.signatory,
        signatory_needed=question.signatory is not None,
        date=question.date,
        date_position=question.date_position if dated else None,
        signature=question.signature,
        signed=bool(question.signature),
        title_pattern=question.title_pattern,
        attachments=question.attachments,
        closings=question.closings + (genre.closings if genre and question.closings else ()),
        forbidden=question.forbidden,
        forbidden_patterns=question.forbidden_patterns + (genre.forbidden if genre else ()),
        facts=question.facts,
        required_terms=question.required_terms,
        prompt=question.prompt,
        length=question.length,
    )


def of_genre(name: str) -> Expectations:
    """The expectations of any document of a 文种.

    Raises DocumentError where the 文种 is unknown.
    """
    genre = find_genre(name)
    if genre is None:
        raise DocumentError(f"--genre {name}: no such 文种; choose from {'、'.join(GENRES)}")
    return Expectations(
        genre=genre,
        direction=genre.direction,
        recipient_need=genre.recipient,
        signatory_needed=genre.name in ("报告", "请示"),
        date_position=genre.dated if genre.statutory else None,
        signed=genre.statutory and genre.signed,
        closings=genre.closings,
        forbidden_patterns=genre.forbidden,
    )
