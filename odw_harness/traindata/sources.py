"""People's own documents: found in files and folders, read as plain text, each fault one line.

Word (.docx), text (.txt, UTF-8, UTF-16 or GB18030), Markdown (.md), and JSON Lines: rows with `text`, or with a ready
pair in alpaca or sharegpt form.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from odw_harness.check import read_document
from odw_harness.errors import DataError, DocumentError
from odw_harness.jsonl import read_rows
from odw_harness.rules.document import INVISIBLE
from odw_harness.texts import counted, storable
from odw_harness.traindata.rows import OWN_FILES, read_row

READ = (".docx", ".txt", ".md", ".jsonl")
_CONVERT = "convert it: soffice --headless --convert-to docx FILE, or save it as .docx in Word or WPS"
_REFUSED = {
    **dict.fromkeys((".doc", ".wps", ".wpt", ".dot", ".docm", ".dotx", ".rtf", ".odt", ".uot", ".uof"), _CONVERT),
    **dict.fromkeys(
        (".pdf", ".ofd"), "its lines can't be told apart safely; save its text as .txt, or the original as .docx"
    ),
    ".json": "save it as .jsonl, one object on each line",
    **dict.fromkeys((".html", ".htm", ".mht"), "save its text as .txt"),
}
_SHORTEST = 30
"""Characters: less is no document."""
_WIDEST, _FEWEST_CUT = 60, 3
"""Characters in the longest line of text that was broken at a width, and how many such lines tell it."""
_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_TAGS = re.compile(r"<[^<>]{1,200}>")


@dataclass(frozen=True)
class Source:
    """A document, and what it is asked for by, where its row says. name: its file, or `FILE: line N`."""

    name: str
    text: str
    instruction: str | None = None
    genre: str | None = None


@dataclass
class Sources:
    """What was found. skipped: files and rows that can't be used, a line for each. notices: what was left out of others."""

    documents: list[Source] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def read_sources(paths: list[str]) -> Sources:
    """The documents in some files and folders, in the order of their names.

    Raises DataError where a path is not there or a folder holds nothing to read; any other fault is skipped and told.
    """
    found = Sources()
    others: Counter[str] = Counter()
    for given in paths:
        path = Path(os.path.expanduser(given))
        if not path.exists():
            raise DataError(f"--from {given}: no such file or folder")
        files = [(path, storable(path.name))] if not path.is_dir() else list(_walk(path))
        usable = []
        for file, name in files:
            ending = file.suffix.lower()
            if path.is_file() or ending in (*READ, *_REFUSED):
                usable.append((file, name))
            else:
                others[ending or "no ending"] += 1
        if not usable:
            raise DataError(f"--from {given}: the folder holds no {', '.join(READ)}")
        for file, name in usable:
            found.files.append(file)
            try:
                found.documents += _read(file, name, found)
            except (DataError, DocumentError) as error:
                found.skipped.append(storable(str(error).replace(str(file), name)))
    if others:
        told = ", ".join(f"{count} × {ending}" for ending, count in sorted(others.items()))
        found.notices.append(f"other files left alone: {told}")
    return found


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files below a folder with their names from it on; hidden ones and locks of Word and WPS left out."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for file in sorted(files):
            if not file.startswith((".", "~$")) and file not in OWN_FILES:
                path = Path(where, file)
                yield path, storable(str(Path(folder.resolve().name) / path.relative_to(folder)))


def _read(path: Path, name: str, found: Sources) -> list[Source]:
    ending = path.suffix.lower()
    if ending in _REFUSED:
        raise DataError(f"{name}: {ending} is not read; {_REFUSED[ending]}")
    if ending not in READ:
        raise DataError(f"{name}: {ending or 'no ending'} is not read; give {', '.join(READ)}")
    if ending == ".jsonl":
        return list(_rows(path, name, found))
    if ending == ".docx":
        from odw_harness.traindata.word import read_word

        text, notices = read_word(path, name)
        found.notices += notices
    else:
        text = read_document(str(path))
        text = plain(text) if ending == ".md" else text
    document = _document(text, name)
    if _is_broken(document):
        found.notices.append(f"{name}: its lines end within sentences; give each paragraph one line")
    return [Source(name, document)]


def _document(text: str, where: str) -> str:
    tidied = tidy(text)
    length = len(re.sub(r"\s", "", tidied))
    if length < _SHORTEST:
        what = (
            "holds no text (pictures are not read)"
            if not length
            else f"only {counted(length, 'character')}, no document"
        )
        raise DataError(f"{where}: {what}")
    return tidied


def _is_broken(document: str) -> bool:
    """Whether a text has its lines broken at a width, as one copied from a PDF has: long ones end as no sentence does."""
    lines = document.split("\n")
    widest = max(map(len, lines))
    cut = [
        line
        for line in lines[:-1]
        if len(line) > 0.8 * widest and "\t" not in line and line[-1] not in "。；：！？）)”》"
    ]
    return widest <= _WIDEST and len(cut) >= _FEWEST_CUT


def _rows(path: Path, name: str, found: Sources) -> Iterator[Source]:
    """The rows of a .jsonl. One that can't be used is skipped; after one that is no JSON nothing is read."""
    systems = 0
    rows = read_rows(path, "file of documents", DataError, name)
    while True:
        try:
            where, row = next(rows)
        except StopIteration:
            break
        except DataError as error:
            found.skipped.append(f"{storable(str(error))}; nothing after it is read")
            break
        try:
            source, has_system = _row(row, where)
        except DataError as error:
            found.skipped.append(storable(str(error)))
        else:
            systems += has_system
            yield source
    if systems:
        found.notices.append(f"{name}: system texts left out: {systems}")


def _row(row: dict[str, Any], where: str) -> tuple[Source, bool]:
    genre = row.get("genre")
    if genre is not None and not isinstance(genre, str):
        raise DataError(f"{where}: field genre: must be a text, got {type(genre).__name__}")
    read = read_row(row, where)
    if read.turns > 1:
        raise DataError(f"{where}: has {read.turns} answers; give one question and one answer a row")
    genre = storable(genre) or None
    answered, asked = storable(read.answered), storable(read.asked).strip()
    document = _document(answered, where)
    if not asked:
        if "text" not in row:
            raise DataError(f"{where}: the instruction is empty; give the document as text to have one drafted")
        return Source(where, document, None, genre), bool(read.system)
    return Source(where, answered.strip(), asked, genre), bool(read.system)


def tidy(text: str) -> str:
    """A document as plain lines: without indents, trailing blanks, blank lines and marks that nobody sees.

    >>> tidy("　　为做好工作，\\u00a0现通知\\r\\n\\n　一、 总体要求  ")
    '为做好工作， 现通知\\n一、 总体要求'
    """
    lines = INVISIBLE.sub("", text).replace("\u00a0", " ").splitlines()
    return "\n".join(stripped for line in lines if (stripped := line.strip()))


def plain(markdown: str) -> str:
    """Markdown without its marks, by markdown-it; the numbers of ordered lists stay, apart from figures (1. 7月15日).

    >>> plain("# 关于值班的**通知**\\n\\n1. 人员\\n2. 3月5日开始\\n")
    '关于值班的通知\\n1.人员\\n2. 3月5日开始'
    """
    from markdown_it import MarkdownIt

    text = _FRONT_MATTER.sub("", markdown.replace("\r\n", "\n").lstrip("\ufeff"))
    lines: list[str] = []
    cells: list[str] | None = None
    label = ""
    for token in MarkdownIt("commonmark").enable("table").disable("code").parse(text):
        if token.type == "list_item_open":
            label = f"{token.info}{token.markup}" if token.info else ""
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            lines.append("\t".join(cells or ()))
            cells = None
        elif token.type == "inline":
            line = "".join(_seen(child) for child in token.children or ())
            if cells is None:
                lines.append(f"{label} {line}" if label and line[:1].isdigit() else label + line)
                label = ""
            else:
                cells.append(line)
        elif token.type in ("fence", "code_block"):
            lines.append(token.content)
        elif token.type == "html_block":
            lines.append(_TAGS.sub("", token.content))
    return "\n".join(line.strip("\n") for line in lines if line.strip())


def _seen(token: Any) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type in ("text", "code_inline", "text_special"):
        return str(token.content)
    return "\n" if token.type == "html_inline" and token.content.lower().startswith("<br") else ""
