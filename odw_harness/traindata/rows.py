"""Training data as LLaMA-Factory reads it: rows in alpaca, sharegpt or OpenAI form, streamed from files and folders.

The forms and their default columns are those of LLaMA-Factory 0.9.5 (its data/README.md, data/parser.py): the entry of
dataset_info.json says which; without one a row's own fields tell.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from odw_harness.errors import DataError
from odw_harness.jsonl import read_rows
from odw_harness.traindata.leaks.beside import NAME as LEAKS

INFO = "dataset_info.json"
TRAIN, VALIDATION = "odw_train", "odw_val"
"""Datasets that `odw data build` writes, each to NAME.jsonl."""
CARD, DRAFTS = "odw_data.json", "odw_drafts.jsonl"
OWN_FILES = (INFO, f"{TRAIN}.jsonl", f"{VALIDATION}.jsonl", CARD, DRAFTS, LEAKS)
"""What `odw data` writes into a folder. One that holds people's documents too is read without them."""
_ALPACA = {"prompt": "instruction", "query": "input", "response": "output"}
_SHAREGPT = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "observation_tag": "observation",
    "function_tag": "function_call",
    "system_tag": "system",
}
_OPENAI = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
_OPENAI |= {"observation_tag": "tool", "function_tag": "function", "system_tag": "system"}
_CHUNK = 1 << 20
_LARGEST_ROW = 64 << 20
"""Characters."""
_FIRST, _NEXT = re.compile(r"[^ \t\r\n]"), re.compile(r"[^ \t\r\n,]")
"""Where a row of a JSON array begins, or its end."""


@dataclass(frozen=True)
class Form:
    """How rows are laid out: an entry of dataset_info.json. columns and tags as there; empty where it names none."""

    formatting: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingRow:
    """One row: what the model reads (asked, with earlier turns; the system text apart), and what it learns to write.

    where: `FILE: line N`, or `FILE: row N` in a JSON array. turns: answers in it.
    """

    where: str
    asked: str
    answered: str
    system: str = ""
    turns: int = 1


@dataclass(frozen=True)
class TrainingFile:
    """A file of rows, the name it is called by, and its form."""

    path: Path
    name: str
    form: Form = field(default_factory=Form)

    def rows(self) -> Iterator[TrainingRow]:
        """Its rows, read one by one. Raises DataError, naming file and line, for the first that can't be trained on."""
        for where, row in _objects(self.path, self.name):
            yield read_row(row, where, self.form)


def training_files(paths: list[str]) -> tuple[list[TrainingFile], list[str]]:
    """The files behind some paths, and notices of what can't be looked at. Raises DataError.

    A folder stands for the entries of its dataset_info.json, or, without one, for its .jsonl and .json files. A file
    beside a dataset_info.json that names it is read as that says.
    """
    files: dict[Path, TrainingFile] = {}
    notices: list[str] = []
    for given in paths:
        path = Path(os.path.expanduser(given))
        if path.is_dir():
            found = _of_folder(path, notices)
        elif path.is_file():
            entries = [each for each in _entries(path.parent, []) if each.path.resolve() == path.resolve()]
            found = [TrainingFile(path, given, entries[0].form if entries else Form())]
        else:
            raise DataError(f"{given}: no such file or folder; give training data (.jsonl, .json) or its folder")
        files |= {each.path.resolve(): each for each in found}
    return list(files.values()), notices


def _of_folder(folder: Path, notices: list[str]) -> list[TrainingFile]:
    if (folder / INFO).is_file():
        found = _entries(folder, notices)
        for each in found:
            if not each.path.is_file():
                raise DataError(f"{folder / INFO}: names {each.path.name}, which is not there; remove its entry")
    else:
        found = [TrainingFile(each, str(each)) for each in sorted(folder.iterdir()) if _is_data(each)]
    if not found:
        raise DataError(f"{folder}: holds no training data; it should have a {INFO}, .jsonl or .json files")
    return found


def _is_data(path: Path) -> bool:
    hidden = path.name.startswith(".") or path.name in (CARD, LEAKS)
    return path.is_file() and path.suffix in (".jsonl", ".json") and not hidden


def _entries(folder: Path, notices: list[str]) -> list[TrainingFile]:
    if not (folder / INFO).is_file():
        return []
    found = []
    for name, entry in read_info(folder / INFO).items():
        file = entry.get("file_name")
        if not isinstance(file, str):
            notices.append(f"{folder / INFO}: {name}: lies on a hub or in a script and is not looked at")
            continue
        columns, tags = entry.get("columns") or {}, entry.get("tags") or {}
        if not (isinstance(columns, dict) and isinstance(tags, dict)):
            raise DataError(f"{folder / INFO}: {name}: columns and tags must be objects of names")
        form = Form(str(entry.get("formatting") or "alpaca"), columns, tags)
        if form.formatting not in ("alpaca", "sharegpt", "openai"):
            raise DataError(
                f"{folder / INFO}: {name}: formatting {form.formatting!r} is none of alpaca, sharegpt, openai"
            )
        path = folder / file
        members = [each for each in sorted(path.iterdir()) if each.is_file()] if path.is_dir() else [path]
        found += [TrainingFile(each, str(each), form) for each in members]
    return found


def read_info(path: Path) -> dict[str, dict[str, Any]]:
    """A dataset_info.json. Raises DataError."""
    try:
        info = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8; save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: line {error.lineno}: not JSON: {error.msg}; mend it first") from None
    except RecursionError:
        raise DataError(f"{path}: not JSON that can be read: nested too deeply") from None
    if not (isinstance(info, dict) and all(isinstance(entry, dict) for entry in info.values())):
        raise DataError(f"{path}: must hold an object of datasets, each an object")
    return info


def _objects(path: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if path.suffix not in (".jsonl", ".json"):
        raise DataError(f"{name}: {path.suffix or 'no'} format is not read; save the data as .jsonl")
    if path.suffix == ".json" and _starts_an_array(path, name):
        yield from _array(path, name)
    else:
        yield from read_rows(path, "training data", DataError, name)


def _starts_an_array(path: Path, name: str) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except OSError as error:
        raise DataError(f"{name}: can't be read: {error.strerror}") from None


def _array(path: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSON array, without the whole of it in memory."""
    decoder, buffer, at, number = json.JSONDecoder(), "", 0, 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            buffer = file.read(_CHUNK).lstrip()[1:]
            while True:
                begins = (_NEXT if number else _FIRST).search(buffer, at)
                at = begins.start() if begins else len(buffer)
                if buffer.startswith("]", at):
                    return
                try:
                    value, at = decoder.raw_decode(buffer, at)
                except (json.JSONDecodeError, RecursionError) as fault:
                    buffer, at = buffer[at:], 0
                    more = file.read(max(_CHUNK, len(buffer))) if len(buffer) < _LARGEST_ROW else ""
                    if not more:
                        reason = fault.msg if isinstance(fault, json.JSONDecodeError) else "nested too deeply"
                        raise DataError(f"{name}: row {number + 1}: not JSON: {reason}") from None
                    buffer += more
                    continue
                number += 1
                if not isinstance(value, dict):
                    raise DataError(f"{name}: row {number}: must be a JSON object, got {type(value).__name__}")
                yield f"{name}: row {number}", value
    except UnicodeDecodeError as fault:
        raise DataError(f"{name}: not UTF-8 (byte {fault.start}); save it as UTF-8") from None
    except OSError as error:
        raise DataError(f"{name}: can't be read: {error.strerror}") from None


def read_row(row: dict[str, Any], where: str, form: Form | None = None) -> TrainingRow:
    """A row by its form; without one its fields tell. Raises DataError, naming the field at fault.

    >>> read_row({"conversations": [{"from": "human", "value": "写"}, {"from": "gpt", "value": "文"}]}, "a: line 1")
    TrainingRow(where='a: line 1', asked='写', answered='文', system='', turns=1)
    """
    form = form or Form()
    told = next((each for each in ("conversations", "messages") if isinstance(row.get(each), list)), None)
    if form.formatting in ("sharegpt", "openai") or (not form.formatting and told):
        openai = form.formatting == "openai" or (not form.formatting and told == "messages")
        return _conversation(row, where, form, told or "conversations", _OPENAI if openai else _SHAREGPT)
    if not form.formatting and not any(each in row for each in _ALPACA.values()) and "text" in row:
        return TrainingRow(where, "", _text(row, "text", where))
    columns = form.columns or _ALPACA
    if not form.columns and not ("instruction" in row and "output" in row):
        has = ", ".join(list(map(str, row))[:8]) or "none"
        raise DataError(
            f"{where}: has neither instruction and output, nor conversations, messages or text; its fields: {has}"
        )
    named = {name: _text(row, column, where) for name, column in columns.items() if name not in ("history", "messages")}
    if form.columns and not any(name in columns for name in ("prompt", "response", "chosen")):
        raise DataError(f"{where}: its entry in {INFO} names no column for prompt or response")
    turns = row.get(columns.get("history", "history")) or []
    earlier = [str(part) for turn in turns for part in turn] if isinstance(turns, list) else []
    return TrainingRow(
        where,
        "\n".join(filter(None, [*earlier, named.get("prompt"), named.get("query")])),
        "\n".join(filter(None, (named.get(name) for name in ("response", "chosen", "rejected")))),
        named.get("system", ""),
        1 + len(turns),
    )


def _text(row: dict[str, Any], column: str, where: str) -> str:
    if column not in row:
        if column == "input":
            return ""
        raise DataError(f"{where}: field {column}: is missing; add it")
    value = row[column]
    if isinstance(value, dict):  # chosen and rejected of sharegpt rows
        value = value.get("value") or value.get("content")
    if isinstance(value, list):  # parts of a message, as OpenAI has them
        value = "".join(str(part.get("text") or "") for part in value if isinstance(part, dict))
    if value is not None and not isinstance(value, str):
        raise DataError(f"{where}: field {column}: must be a text, got {type(value).__name__}")
    return value or ""


def _conversation(row: dict[str, Any], where: str, form: Form, column: str, tags: dict[str, str]) -> TrainingRow:
    column = form.columns.get("messages", column)
    tags = tags | form.tags
    turns = row.get(column)
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        raise DataError(
            f"{where}: field {column}: must be a list of turns with {tags['role_tag']} and {tags['content_tag']}"
        )
    named = [(str(turn.get(tags["role_tag"])), _text(turn, tags["content_tag"], where)) for turn in turns]
    known = {name: tag for name, tag in tags.items() if name not in ("role_tag", "content_tag")}
    strange = next((role for role, _ in named if role not in known.values()), None)
    if strange is not None:
        raise DataError(f"{where}: field {column}: a turn is by {strange!r}, expected {', '.join(known.values())}")
    told = [text for role, text in named if role == tags["system_tag"]]
    said = [(role, text) for role, text in named if role != tags["system_tag"]]
    answers = sum(role == tags["assistant_tag"] for role, _ in said)
    last = said.pop()[1] if said and said[-1][0] == tags["assistant_tag"] else ""
    others = [_text(row, form.columns[name], where) for name in ("chosen", "rejected") if name in form.columns]
    if "system" in form.columns:
        told.append(_text(row, form.columns["system"], where))
    asked = "\n".join(text for _, text in said)
    return TrainingRow(where, asked, "\n".join(filter(None, [last, *others])), "\n".join(filter(None, told)), answers)
