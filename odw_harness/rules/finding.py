"""A finding, and what makes a check of a function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from odw_harness.rules.document import Document, Line
from odw_harness.rules.expectations import Expectations

Level = Literal["hard", "soft"]

CN = "一二三四五六七八九十"
HAN = "\u4e00-\u9fff"
UNBROKEN = "the text has no line breaks, so {} can't stand on a line of its own"


@dataclass(frozen=True)
class Finding:
    """What one check found. line counts from 1 in the text; None where no line is to blame."""

    check: str
    level: Level
    ok: bool
    clause: str
    message: str
    line: int | None = None


Check = Callable[[Document, Expectations], Finding | None]
Result = tuple[bool, str, Line | int | None] | None
"""What a check's function says: ok, message, the line to blame; None where the check does not apply."""


def check(name: str, level: Level, clause: str) -> Callable[[Callable[[Document, Expectations], Result]], Check]:
    """Make a check of a function: its name, its level and the clause that it rests on."""

    def register(function: Callable[[Document, Expectations], Result]) -> Check:
        def run(document: Document, expected: Expectations) -> Finding | None:
            result = function(document, expected)
            if result is None:
                return None
            passed, message, where = result
            line = where.number if isinstance(where, Line) else where
            return Finding(name, level, passed, clause, message, line)

        run.__name__, run.__doc__ = function.__name__, function.__doc__
        return run

    return register


def ok(message: str, where: Line | int | None = None) -> Result:
    """The result of a check that passes."""
    return True, message, where


def bad(message: str, where: Line | int | None = None) -> Result:
    """The result of a check that fails."""
    return False, message, where
