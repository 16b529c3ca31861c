"""Automatic numbering of Word: 一、（一）1. that a reader sees and that stand in no run of the text.

A paragraph names a list (w:numPr, its own or its style's); word/numbering.xml says how each level of the list counts
(ECMA-376 part 1, 17.9).
"""

from typing import Any

from docx.oxml.ns import qn

from odw_harness.texts import DIGITS, chinese

_ROMAN = dict(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ["m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"],
        strict=True,
    )
)
_DEEPEST = 9
_LONGEST_CHAIN = 20


def written(number: int, form: str) -> str | None:
    """A number in one of Word's formats (w:numFmt); None in a format that is not known.

    >>> written(3, "chineseCountingThousand"), written(4, "upperRoman"), written(2, "decimalEnclosedCircle")
    ('三', 'IV', '②')
    >>> written(3, "hebrew1")
    """
    if form in ("bullet", "none"):
        return ""
    if form in ("decimal", "decimalHalfWidth", "decimalZero"):
        return f"{number:02}" if form == "decimalZero" else str(number)
    if form == "decimalFullWidth":
        return "".join(chr(ord("０") + int(digit)) for digit in str(number))
    if form in ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCountingThousand"):
        return chinese(number) if number < 10_000 else None
    if form in ("ideographDigital", "taiwaneseDigital", "japaneseDigitalTenThousand"):
        return "".join(DIGITS[int(digit)] for digit in str(number))
    if form == "ideographTraditional":
        return "甲乙丙丁戊己庚辛壬癸"[number - 1] if 1 <= number <= 10 else None
    circled = {"decimalEnclosedCircle": "①", "decimalEnclosedCircleChinese": "①"}
    circled |= {"decimalEnclosedParen": "⑴", "decimalEnclosedFullstop": "⒈"}
    if form in circled:
        return chr(ord(circled[form]) + number - 1) if 1 <= number <= 20 else None
    if form in ("upperRoman", "lowerRoman"):
        letters = ""
        for value, mark in _ROMAN.items():
            letters += mark * (number // value)
            number %= value
        return letters.upper() if form == "upperRoman" else letters
    if form in ("upperLetter", "lowerLetter"):
        letter = chr(ord("a") + (number - 1) % 26) * (1 + (number - 1) // 26)
        return letter.upper() if form == "upperLetter" else letter
    return None


class Numbering:
    """The lists of one document, counted on from paragraph to paragraph."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        """Take the root elements of word/numbering.xml (None where there is none) and word/styles.xml."""
        root = numbering if numbering is not None else []
        self._abstract = {each.get(qn("w:abstractNumId")): each for each in root if each.tag == qn("w:abstractNum")}
        self._lists = {each.get(qn("w:numId")): each for each in root if each.tag == qn("w:num")}
        self._styles = {each.get(qn("w:styleId")): each for each in styles.iter(qn("w:style"))}
        self._default = next(
            (
                name
                for name, each in self._styles.items()
                if each.get(qn("w:type")) == "paragraph" and each.get(qn("w:default")) == "1"
            ),
            None,
        )
        self._counts: dict[str, list[int | None]] = {}
        self._restarted: set[tuple[str, int]] = set()
        self.lost: dict[str, int] = {}
        """Paragraphs whose number could not be written, by the format that is not known."""

    def label(self, paragraph: Any) -> str:
        """What Word shows before a paragraph (w:p), with a space where the text must be parted from it; may be empty."""
        number, level = self._list_of(paragraph)
        if number is None or number not in self._lists:
            return ""
        name, abstract = self._abstract_of(number)
        if abstract is None:
            return ""
        counts = self._counts.setdefault(name, [None] * _DEEPEST)
        counts[level] = self._next(number, abstract, counts, level)
        counts[level + 1 :] = [None] * (_DEEPEST - level - 1)
        definition = self._level(number, abstract, level)
        if definition is None or _value(definition, "w:numFmt") == "bullet":
            return ""
        return self._filled(number, abstract, counts, definition)

    def _list_of(self, paragraph: Any) -> tuple[str | None, int]:
        """numId and level, of the paragraph or of the style that it is in, with the styles that this one is based on."""
        own = paragraph.find(qn("w:pPr"))
        found_id, found_level = _numbered(own)
        style = (_value(own, "w:pStyle") if own is not None else None) or self._default
        for _ in range(_LONGEST_CHAIN):
            if found_id is not None or style not in self._styles:
                break
            found_id, level = _numbered(self._styles[style].find(qn("w:pPr")))
            found_level = found_level if found_level is not None else level
            if found_id is not None and level is None:
                found_level = found_level if found_level is not None else self._level_of_style(found_id, style)
            style = _value(self._styles[style], "w:basedOn")
        return (None if found_id in (None, "0") else found_id), min(found_level or 0, _DEEPEST - 1)

    def _level_of_style(self, number: str, style: str | None) -> int | None:
        """A list may say itself which style stands on which level."""
        if number not in self._lists:
            return None
        abstract = self._abstract_of(number)[1]
        levels = abstract.findall(qn("w:lvl")) if abstract is not None else []
        return next((int(each.get(qn("w:ilvl"))) for each in levels if _value(each, "w:pStyle") == style), None)

    def _abstract_of(self, number: str) -> tuple[str, Any]:
        """The definition behind a list, through the style of lists that it may point to."""
        for _ in range(_LONGEST_CHAIN):
            name = _value(self._lists[number], "w:abstractNumId") or ""
            abstract = self._abstract.get(name)
            link = _value(abstract, "w:numStyleLink") if abstract is not None else None
            if link not in self._styles:
                return name, abstract
            linked = _numbered(self._styles[link].find(qn("w:pPr")))[0]
            if linked is None or linked not in self._lists:
                return name, abstract
            number = linked
        return "", None

    def _override(self, number: str, level: int) -> Any:
        overrides = self._lists[number].findall(qn("w:lvlOverride"))
        return next((each for each in overrides if each.get(qn("w:ilvl")) == str(level)), None)

    def _level(self, number: str, abstract: Any, level: int) -> Any:
        override = self._override(number, level)
        own = override.find(qn("w:lvl")) if override is not None else None
        if own is not None:
            return own
        return next((each for each in abstract.findall(qn("w:lvl")) if each.get(qn("w:ilvl")) == str(level)), None)

    def _start(self, number: str, abstract: Any, level: int) -> int:
        definition = self._level(number, abstract, level)
        return _whole(_value(definition, "w:start") if definition is not None else None, 1)

    def _next(self, number: str, abstract: Any, counts: list[int | None], level: int) -> int:
        override = self._override(number, level)
        again = _value(override, "w:startOverride") if override is not None else None
        if again is not None and (number, level) not in self._restarted:
            self._restarted.add((number, level))
            return _whole(again, 1)
        before = counts[level]
        return self._start(number, abstract, level) if before is None else before + 1

    def _filled(self, number: str, abstract: Any, counts: list[int | None], definition: Any) -> str:
        text = _value(definition, "w:lvlText") or ""
        plain = definition.find(qn("w:isLgl")) is not None
        for level in range(_DEEPEST):
            if f"%{level + 1}" not in text:
                continue
            at = self._level(number, abstract, level)
            form = "decimal" if plain or at is None else _value(at, "w:numFmt") or "decimal"
            count = counts[level]
            mark = written(self._start(number, abstract, level) if count is None else count, form)
            if mark is None:
                self.lost[form] = self.lost.get(form, 0) + 1
                return ""
            text = text.replace(f"%{level + 1}", mark)
        text = text.strip()
        parted = text and text[-1].isalnum() and (_value(definition, "w:suff") or "tab") != "nothing"
        return text + " " if parted else text


def _numbered(properties: Any) -> tuple[str | None, int | None]:
    found = properties.find(qn("w:numPr")) if properties is not None else None
    if found is None:
        return None, None
    level = _value(found, "w:ilvl")
    return _value(found, "w:numId"), None if level is None else _whole(level, 0)


def _value(element: Any, child: str) -> str | None:
    found = element.find(qn(child))
    return None if found is None else found.get(qn("w:val"))


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise
