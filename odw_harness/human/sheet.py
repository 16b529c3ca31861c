"""What a grader is given and what comes back, whatever the form: a workbook, a page or a Label Studio project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Item:
    """An answer to be marked. code: what stands for it on this sheet, and on no other; genre: 文种; prompt: the task as it
    was set; answer: the document. dimensions: metric → its name, in the order of the rubric; empty where none are asked."""

    code: str
    question: str
    genre: str
    prompt: str
    answer: str
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """One grader's answers, in the order in which they are shown; those of one question stand together."""

    grading: str
    grader: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Given:
    """What a grader gave one answer, as read back: nothing checked yet but that numbers are numbers.

    code: as it stands there. score, dimensions: None where it is left blank. answer: the document as it stands beside the
    mark, None where the form does not give it back. where: the place, such as `G01.xlsx: 评分!F12`. at: when it was last
    changed, in UTC as ISO 8601 has it, to the millisecond; empty where the form does not tell.
    """

    code: str
    score: float | None
    dimensions: Mapping[str, float | None]
    comment: str
    where: str
    answer: str | None = None
    at: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class Returned:
    """A file that came back. faults: what could not be read as a mark, one clear line each with its place and value."""

    file: Path
    grading: str
    grader: str
    given: tuple[Given, ...]
    faults: tuple[str, ...] = ()
