"""What a family of checkpoints is, and the tools to describe one."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.convert.tokenizer import Vocabulary
from odw_harness.errors import ConvertError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig


@dataclass(frozen=True)
class Part:
    """A native module, and the rows (from, to) of the source's weight and bias that make it: all where there are none."""

    name: str
    rows: tuple[int, int] | None = None


@dataclass(frozen=True)
class Module:
    """A module of the source: the shape of its weight, whether it has a bias (of shape[0]), and what it becomes.

    unit_rows: its rows are brought to unit length, in float32.
    """

    shape: tuple[int, ...]
    parts: tuple[Part, ...]
    bias: bool = False
    unit_rows: bool = False

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its tensors, by their last name."""
        return {"weight": self.shape} | ({"bias": self.shape[:1]} if self.bias else {})


def whole(name: str, *shape: int) -> Module:
    """A module that only gets another name."""
    return Module(shape, (Part(name),))


def split(names: Sequence[str], sizes: Sequence[int], columns: int, bias: bool) -> Module:
    """A packed module whose rows, so many at a time, become modules of their own."""
    ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
    rows = zip(names, ends, sizes, strict=True)
    return Module((ends[-1], columns), tuple(Part(name, (end - size, end)) for name, end, size in rows), bias)


@dataclass(frozen=True)
class Source:
    """A folder's settings, with messages for what is wrong in them.

    config, generation and tokenizer: its config.json, generation_config.json and tokenizer_config.json, the latter two
    empty where there is none.
    """

    folder: Path
    config: Mapping[str, Any]
    generation: Mapping[str, Any]
    tokenizer: Mapping[str, Any]

    def count(self, field: str, default: int | None = None) -> int:
        """A positive whole number of config.json."""
        value = self.config.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.fault(field, "is missing" if value is None else f"must be a positive whole number, is {value!r}")
        return value

    def number(self, field: str, default: float | None = None) -> float:
        """A positive number of config.json."""
        value = self.config.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self.fault(field, "is missing" if value is None else f"must be a positive number, is {value!r}")
        return float(value)

    def must_be(self, expected: Mapping[str, Any]) -> None:
        """Refuse a config.json that has another value in one of these fields; a field that is left out is as expected."""
        for field, value in expected.items():
            found = self.config.get(field, value)
            if found != value:
                raise self.fault(field, f"is {found!r}, but only models with {value!r} can be converted exactly")

    def fault(self, field: str, what: str) -> ConvertError:
        """An error about a field of config.json."""
        return ConvertError(f"{self.folder / 'config.json'}: field {field}: {what}")

    def names(self) -> tuple[str, ...]:
        """What the model calls itself, in lower case: the folder's name and those in its settings, without owners."""
        folder = self.folder.resolve()
        if folder.parent.name == "snapshots":  # of a hub's cache: models--OWNER--NAME/snapshots/REVISION
            folder = folder.parent.parent
        stated = (self.config.get("_name_or_path"), self.tokenizer.get("name_or_path"))
        paths = [str(folder), *(text for text in stated if isinstance(text, str))]
        return tuple(re.split(r"[/\\]|--", path.rstrip("/\\"))[-1].lower() for path in paths)

    def named_base(self) -> bool:
        """Whether one of the names has the word base in it."""
        return any("base" in re.split(r"[-_.]", name) for name in self.names())

    def file(self, name: str) -> Path:
        """A file that must be there."""
        path = self.folder / name
        if not path.is_file():
            raise ConvertError(f"{self.folder}: {name} is missing; fetch it too")
        return path


@dataclass(frozen=True)
class Tokens:
    """A tokenizer with what transformers wants to know of it.

    special: bos_token, eos_token, pad_token, unk_token. prefix: put before a text unless asked not to. stops: what ends
    a turn of a chat, beside eos. template: the chat template, in Jinja.
    """

    vocabulary: Vocabulary
    special: Mapping[str, str]
    template: str
    prefix: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """How checkpoints of one family become native.

    dropped: tensors that hold no weights. refuse: raises ConvertError for relatives that it would get wrong. is_base:
    whether this is a model before chat tuning. tokens: of a source, for chat or not. llamafactory: what a training YAML
    needs beside the path. limits: where the native model is not the original.
    """

    name: str
    architecture: str
    dropped: re.Pattern[str]
    refuse: Callable[[Source], None]
    modules: Callable[[Source], dict[str, Module]]
    config: Callable[[Source], "PreTrainedConfig"]
    is_base: Callable[[Source], bool]
    tokens: Callable[[Source, bool], Tokens]
    llamafactory: Mapping[str, str]
    limits: Callable[[Source], list[str]]


def read_json(path: Path, optional: bool = False) -> dict[str, Any]:
    """An object of JSON. Raises ConvertError where there is none."""
    if optional and not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConvertError(f"{path.parent}: {path.name} is missing; fetch it too") from None
    except OSError as error:
        raise ConvertError(f"{path}: can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{path}: is no JSON ({' '.join(str(error).split())[:80]}); fetch it again") from None
    if not isinstance(value, dict):
        raise ConvertError(f"{path}: must be a JSON object")
    return value
