"""JSON that came back from graders: read whole, and its values one by one, with a clear line for what is wrong."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from odw_harness.errors import MarkError
from odw_harness.texts import shown


def read_json(path: Path, again: str) -> Any:
    """What the file holds. Raises MarkError where it can't be read or is not JSON; again: where to get it anew."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise MarkError(f"{path}: no such file; {again}") from None
    except OSError as error:
        raise MarkError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise MarkError(f"{path}: not UTF-8 (byte {error.start}); {again}") from None
    except json.JSONDecodeError as error:
        raise MarkError(f"{path}: not JSON: {error.msg} (line {error.lineno}, column {error.colno}); {again}") from None
    except (RecursionError, ValueError):  # nested without end; a number of thousands of digits
        raise MarkError(f"{path}: no JSON that can be read; {again}") from None


class Row:
    """Reads the values of one row. where: its place; note: takes what is wrong with it, a line each."""

    def __init__(self, where: str, note: Callable[[str], None]) -> None:
        self.where, self._note = where, note

    def fault(self, field: str, value: object, told: str) -> None:
        """Note that a field's value is wrong; told: how, and what to do."""
        self._note(f"{self.where}: {shown(field, 60, '?')}: {shown(repr(value), 60, '?')} {told}")

    def number(self, field: str, value: object) -> float | None:
        """A number; None for a blank, and for what is none, which is a fault."""
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                if math.isfinite(number := float(value)):
                    return number
            except OverflowError:
                pass
        self.fault(field, value, "is not a number; let the grader correct it")
        return None

    def text(self, field: str, value: object) -> str | None:
        """A text; None where there is none, and for what is none, which is a fault."""
        if value is None or isinstance(value, str):
            return value
        self.fault(field, value, "is not a text; it was changed by hand, restore it")
        return None
