"""Rows of JSON Lines, with the place of each for whoever has to say what is wrong with it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import jsonlines

from odw_harness.errors import OdwError


def read_rows(
    file: str | Path, kind: str, error: type[OdwError], name: str | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(`FILE: line N`, object) for each line that is not blank.

    Raises the given error, naming file (by name, if given) and line: kind says what file this should be.
    """
    path = Path(os.path.expanduser(file))
    try:
        with path.open(encoding="utf-8-sig") as lines:
            yield from _rows(lines, name or str(path), error)
    except FileNotFoundError:
        raise error(f"{path}: no such {kind}; give the path of a .jsonl file") from None
    except UnicodeDecodeError as fault:
        raise error(f"{name or path}: not UTF-8 (byte {fault.start}); save it as UTF-8") from None
    except OSError as fault:
        raise error(f"{path}: can't be read: {fault.strerror}") from None


def _rows(lines: IO[str], name: str, error: type[OdwError]) -> Iterator[tuple[str, dict[str, Any]]]:
    number = 0

    def counted() -> Iterator[str]:
        nonlocal number
        for line in lines:
            number += 1
            yield line

    reader = jsonlines.Reader(counted(), loads=json.loads)  # else orjson or ujson where installed, with other messages
    while True:
        try:
            row = reader.read(allow_none=True, skip_empty=True)
        except EOFError:
            return
        except (jsonlines.InvalidLineError, RecursionError) as fault:
            cause = fault.__cause__
            at = f": {cause.msg} (column {cause.colno})" if isinstance(cause, json.JSONDecodeError) else ""
            raise error(f"{name}: line {number}: not JSON{at}; each line must hold one whole object") from None
        if not isinstance(row, dict):
            raise error(f"{name}: line {number}: must be a JSON object, got {type(row).__name__}")
        yield f"{name}: line {number}", row
