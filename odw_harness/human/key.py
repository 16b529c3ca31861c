"""The key of a grading: which code on whose sheet stands for which answer of which systems. It stays with the organiser."""

import random
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from odw_harness.errors import MarkError, first_fault
from odw_harness.rubric import RUBRICS
from odw_harness.stats import Frozen
from odw_harness.written import written

_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ"
"""Without vowels no code is a word, and none is taken for a month (MAR25) or a power (2E5) by a spreadsheet."""
_MARKS = _LETTERS + "23456789"
_LENGTH = 5


class Coded(Frozen):
    """What a code stands for. shown: hash of the answer as the grader sees it (`blind.hash_of`)."""

    question: str
    question_hash: str
    answer_hash: str
    systems: tuple[str, ...] = Field(min_length=1)
    shown: str


class Grader(Frozen):
    """A grader, and the answers on their sheet by code, in its order."""

    name: str = Field(min_length=1)
    answers: dict[str, Coded]


class Key(Frozen):
    """exported_from: folders of runs, absolute. dimensions: the rubric whose dimensions are asked for, if any."""

    format: Literal[1] = 1
    grading: str = Field(pattern=r"^g[0-9a-f]{7}$")
    seed: int
    exported_from: tuple[str, ...] = Field(min_length=1)
    dimensions: str | None
    graders: tuple[Grader, ...] = Field(min_length=1)

    @field_validator("dimensions")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in RUBRICS:
            raise ValueError(f"{value!r} is no rubric; there are {', '.join(RUBRICS)}")
        return value

    @property
    def metrics(self) -> tuple[str, ...]:
        """The dimensions that are asked for."""
        return RUBRICS[self.dimensions].metrics if self.dimensions else ()


def new_codes(number: int, seed: str) -> list[str]:
    """Different codes that tell nothing.

    >>> new_codes(3, seed='1') == new_codes(3, seed='1'), len(set(new_codes(1000, seed='1')))
    (True, 1000)
    """
    draw = random.Random(f"{seed} codes")
    codes: dict[str, None] = {}
    while len(codes) < number:
        codes[draw.choice(_LETTERS) + "".join(draw.choices(_MARKS, k=_LENGTH - 1))] = None
    return list(codes)


def key_file(sheets: str | Path, named: str | Path | None = None) -> Path:
    """Where the key of a folder of sheets lies: beside the folder, or where it was named. Raises MarkError inside it."""
    folder = Path(sheets).expanduser().resolve()
    if named is None:
        return folder.with_name(f"{folder.name}.key.json")
    file = Path(named).expanduser().resolve()
    if file.is_relative_to(folder):
        raise MarkError(f"--key {named}: lies in {sheets}, which graders get; name a place outside it")
    if file.is_dir():
        raise MarkError(f"--key {named}: is a folder; name a file")
    return file


def write_key(key: Key, file: Path) -> None:
    """Write the key, whole or not at all. Raises AnswerError where it can't be written."""
    with written("--key", str(file), [], kept="") as target:
        target.write(key.model_dump_json(indent=1) + "\n")


def read_key(file: Path) -> Key:
    """Read a key back. Raises MarkError, naming the file and the field."""
    try:
        return Key.model_validate_json(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise MarkError(f"{file}: no such key; name the one that odw human export wrote with --key") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MarkError(f"{file}: can't be read: {error}; name the key with --key") from None
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise MarkError(
                f"{file}: is no key (not JSON); name the one that odw human export wrote with --key"
            ) from None
        raise MarkError(f"{file}: {first_fault(error, 'a key')}; take the key as odw human export wrote it") from None
