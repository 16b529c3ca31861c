"""Which element of a 公文 each line of a text is, so that a page can set it as one.

A guess for the eye, made by the same reading as the rule checks' (`rules.document`); it judges nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from odw_harness.rules.document import Document, Line, is_office, is_signature
from odw_harness.rules.genres import find_genre

PARTS = {
    "p": "a model's explanation before the document",
    "h": "发文字号, 签发人 and other marks above the title",
    "t": "标题",
    "c": "题注, number, date or speaker below the title",
    "r": "主送机关 or 称谓",
    "1": "a heading of the first level, 一、",
    "2": "a heading of the second level, （一）",
    "b": "正文",
    "a": "附件说明",
    "s": "落款: 署名 and 成文日期",
    "e": "附注 and 版记 below the 落款",
    "-": "blank, or a mark of Markdown",
    "x": "no document: shown as it is written",
}
"""A letter for each kind of line."""
_LONGEST_TITLE, _LONGEST_RECIPIENT, _LONGEST_HEADING = 90, 160, 40
_MOST_SIGNING = 6
_CN = "一二三四五六七八九十"
_HEADINGS = {"1": re.compile(rf"[{_CN}]{{1,3}}、"), "2": re.compile(rf"[（(][{_CN}]{{1,3}}[）)]")}


@dataclass(frozen=True)
class Layout:
    """The lines of a text, numbered from 1 as findings number them, and for each a letter of PARTS."""

    lines: tuple[str, ...]
    parts: str


def laid_out(text: str, genre: str) -> Layout:
    """Take a text apart; genre is the 文种, known or not. Any text will do."""
    kind = find_genre(genre)
    document = Document(text, endings=kind.endings if kind else ())
    parts = ["-"] * len(document.raw_lines)

    def mark(lines: Iterable[Line], part: str) -> None:
        for line in lines:
            parts[line.number - 1] = part

    if document.unbroken:
        mark(document.lines, "x")
        return Layout(tuple(document.raw_lines), "".join(parts))
    below = document.after_title
    head = document.lines[: len(document.lines) - len(below)]
    mark(head[: document.title_index], "h")
    mark(document.preamble, "p")
    mark(head[document.title_index :], "t" if len(document.title) <= _LONGEST_TITLE else "b")
    for line in below:
        mark([line], _of_text(line.text))
    if attachments := document.attachments:
        mark((line for line in below if attachments[0].number <= line.number <= attachments[-1].number), "a")
    if document.date:
        mark([*_signing(document), document.date[0]], "s")
        mark((line for line in document.main if line.number > document.date[0].number), "e")
    opening = document.opening()
    mark((line for line in below if opening is None or line.number < opening.number), "c")
    if opening:
        for line in _recipient(below, opening):
            mark([line], "c" if is_office(line.text) else "r")
    return Layout(tuple(document.raw_lines), "".join(parts))


def _of_text(text: str) -> str:
    if len(text) <= _LONGEST_HEADING and not re.search("[。；]", text):
        return next((part for part, pattern in _HEADINGS.items() if pattern.match(text)), "b")
    return "b"


def _signing(document: Document) -> list[Line]:
    """The 署名, which may have several lines, above a 成文日期 that stands alone."""
    found: list[Line] = []
    if document.date and not document.date[2]:
        for line in reversed(document.lines_before(document.date[0], _MOST_SIGNING)):
            if not is_signature(line.text):
                break
            found.append(line)
    return found


def _recipient(below: Iterable[Line], opening: Line) -> Iterable[Line]:
    """The lines that a 主送机关 takes up; none where the text opens with a sentence."""
    if not opening.text.endswith(("：", ":")) or len(opening.text) > _LONGEST_RECIPIENT:
        return
    if re.search("如下|[。；]|^(?:现|为|根据|按照|经)", opening.text):
        return
    for line in below:
        if line.number >= opening.number:
            yield line
            if line.text.endswith(("：", ":")):
                return
