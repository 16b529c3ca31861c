"""A document as a person sees it: numbered lines without decoration, and where its elements stand.

Nothing here judges. Text comes as models and word processors leave it: \\r\\n, a BOM, full-width spaces or
tabs as indents, Markdown around lines, an explanation before the document, no line breaks at all.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from odw_harness.rules.genres import GENRES

_BREAKS = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\ufeff\u200b\u200c\u200d\u2060\u00ad]")
_SPACES = re.compile(r"[ \t\u3000\xa0\u2002-\u200a]+")
_MARKDOWN = re.compile(r"^(?:#{1,6}\s+|>\s*|[-*+]\s+(?=\S))+|\*\*|__|^\|\s*|\s*\|$|`+")
_TAGS = re.compile(r"</?(?:center|div|p|br|b|strong|font|span|u|h[1-6])\b[^>]*>", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(?:```|~~~)")

_DOC_NUMBER = re.compile(
    r"^(?P<code>[\u4e00-\u9fffA-Za-z]{0,15})\s*[〔\[(（【［{]\s*\d{2,4}\s*年?[〕\])）】］}]\s*第?\s*\d+\s*号?$"
    r"|^[\u4e00-\u9fff]{1,12}字?\s*\d{4}\s*年?\s*第?\s*\d+\s*号$"
    r"|^第\s*[\d一二三四五六七八九十百○〇零]+\s*号$"
    r"|^[（(]?\s*第?\s*\d+\s*期\s*[)）]?$"
)
_SIGNATORY = re.compile(r"签\s*发\s*人\s*[:：]?\s*(?P<name>[\u4e00-\u9fff·]{2,}(?:[\s、][\u4e00-\u9fff·]{2,})*)?")
_MARKING = re.compile(
    r"^(?:绝密|机密|秘密)(?:[★☆*].*)?$|^(?:特急|加急|平急|急件)$|^\d{6}$|^[—\-_*=~─━]{3,}$|^.{2,30}文\s*件$"
    r"|^(?:标题|发文字号|文号|主送机关|发文机关)\s*[:：]"
)
_EXPLANATION = re.compile(
    r"^(?:好的|当然|没问题|可以的|以下是|下面是|以下为|下面为|这是|这里是|根据(?:您|你)|按照(?:您|你)|为您|请看|"
    r"Sure|Here|Certainly|Below)",
    re.IGNORECASE,
)
_DATE = r"(?:19|20)\d{2}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日"
_DATE_LIKE = re.compile(
    rf"(?P<date>{_DATE}"
    r"|[二一][〇○零OＯ0oо一二三四五六七八九]{3}\s*年\s*[〇○零一二三四五六七八九十]{1,3}\s*月\s*[〇○零一二三四五六七八九十]{1,4}\s*日"
    r"|(?:19|20)\d{2}\s*[-./－]\s*\d{1,2}\s*[-./－]\s*\d{1,2}"
    r"|(?<!\d)\d{2}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日)(?P<tail>[印发。，,.;；\s]*)$"
)
_NUMBERED = re.compile(r"^(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[)）]|\d{1,2}[.．、])")
_ATTACHMENT = re.compile(r"^附\s*件\s*(?:[:：]|[\d一二三四五六]*\s*[:：.．、]|$)")
_SENTENCE = re.compile("[。；！？]")


def compact(text: str) -> str:
    """Without any white space, for comparing."""
    return re.sub(r"[\s\u3000]+", "", text)


@dataclass(frozen=True)
class Line:
    """A line that is not blank. number counts from 1 in the original text."""

    number: int
    text: str


class Document:
    """A text, cleaned and divided. Every text makes a Document, the empty one included."""

    def __init__(self, text: str, title_pattern: str | None = None, endings: tuple[str, ...] = ()) -> None:
        """Take the text; a pattern of its title or the endings a title may have help to find the title."""
        self.raw_lines = _BREAKS.split(text)
        self.lines: tuple[Line, ...] = tuple(
            Line(number, cleaned)
            for number, raw in enumerate(self.raw_lines, 1)
            if not _FENCE.match(raw) and (cleaned := _clean(raw))
        )
        self._pattern = title_pattern
        self._endings = endings

    @property
    def unbroken(self) -> bool:
        """Whether the text is one long line, so that no element stands on a line of its own."""
        return len(self.lines) == 1 and len(self.lines[0].text) > 60

    @cached_property
    def _title_span(self) -> tuple[int, int]:
        """First index and index after the last of the title's lines; (0, 0) without lines."""
        if not self.lines:
            return 0, 0
        spans = [
            (start, end)
            for start in range(min(15, len(self.lines)))
            for end in range(start + 1, min(start + 4, len(self.lines) + 1))
            if not any(is_doc_number(line.text) for line in self.lines[start:end])
        ]
        if self._pattern:
            for start, end in spans:
                if re.fullmatch(self._pattern, self._joined(start, end)):
                    return start, end
        known = {ending for genre in GENRES.values() if genre.statutory for ending in genre.endings}
        for endings in (self._endings, tuple(known)):
            wanted = tuple(ending for ending in endings if ending)
            for start, end in spans:
                if wanted and self._looks_like_title(start, end, wanted):
                    return start, end
        for index, line in enumerate(self.lines):
            if not is_head_mark(line.text) and not _EXPLANATION.match(line.text):
                return index, index + 1
        return 0, 1

    def _joined(self, start: int, end: int) -> str:
        return compact("".join(line.text for line in self.lines[start:end]))

    def _looks_like_title(self, start: int, end: int, endings: tuple[str, ...]) -> bool:
        joined = self._joined(start, end)
        bare = joined.rstrip("。.，,；;！!")
        if not bare.endswith(endings) or len(joined) > 90 or _SENTENCE.search(bare) or _EXPLANATION.match(joined):
            return False
        return end == start + 1 or not any(
            line.text.endswith(("：", ":", "。")) or is_head_mark(line.text) or _NUMBERED.match(line.text)
            for line in self.lines[start:end]
        )

    @property
    def title(self) -> str:
        """The title, its lines joined, without white space."""
        return self._joined(*self._title_span)

    @property
    def title_line(self) -> int | None:
        """Number of the title's first line."""
        return self.lines[self._title_span[0]].number if self.lines else None

    @property
    def preamble(self) -> tuple[Line, ...]:
        """Lines before the title that belong to no document: a model's explanation."""
        return tuple(line for line in self.lines[: self._title_span[0]] if not is_head_mark(line.text))

    @cached_property
    def head(self) -> tuple[Line, ...]:
        """Lines around the title that may carry 发文字号 and 签发人: before it, and up to 4 after it."""
        start, end = self._title_span
        return self.lines[:start] + self.lines[end : end + 4]

    @cached_property
    def after_title(self) -> tuple[Line, ...]:
        """Everything below the title."""
        return self.lines[self._title_span[1] :]

    @cached_property
    def document_lines(self) -> tuple[Line, ...]:
        """The title and everything below it."""
        return self.lines[self._title_span[0] :]

    @cached_property
    def doc_number(self) -> Line | None:
        """The line with the 发文字号, well formed or not, without a 签发人 beside it."""
        for line in self.head:
            text = re.sub(r"^(?:发文字号|文号)\s*[:：]\s*", "", _SIGNATORY.sub("", line.text)).strip()
            if is_doc_number(text):
                return Line(line.number, text)
        return None

    @cached_property
    def signatory(self) -> tuple[Line, str | None] | None:
        """The line that names the 签发人, and the name (None where it is empty)."""
        for line in self.head:
            if match := _SIGNATORY.search(line.text):
                return line, match["name"]
        return None

    def opening(self, issuers: tuple[str, ...] = ()) -> Line | None:
        """The first line below the title that is no 题注, number, name or date: 主送机关 or first sentence.

        A 主送机关 broken over up to three lines is joined.
        """
        names = {compact(issuer) for issuer in issuers}
        rest = [line for line in self.after_title if not self._is_subtitle(line.text, names)]
        for end in range(1, min(4, len(rest) + 1)):
            joined = "".join(line.text for line in rest[:end])
            if any(_SENTENCE.search(line.text) or _NUMBERED.match(line.text) for line in rest[:end]):
                break
            if joined.endswith(("：", ":")):
                return Line(rest[0].number, joined)
        return rest[0] if rest else None

    @staticmethod
    def _is_subtitle(text: str, names: set[str]) -> bool:
        bare = compact(text)
        return (
            is_head_mark(text)
            or re.fullmatch(r"[（(][^（）()]*(?:[（(][^（）()]*[)）][^（）()]*)*[)）]", bare) is not None
            or re.fullmatch(_DATE, bare) is not None
            or bare in names
            or (bool(names) and all(part in names for part in re.split(r"[\s、]+", text.strip())))
        )

    @cached_property
    def date(self) -> tuple[Line, str, str] | None:
        """The 成文日期 in the last 8 lines: its line, the date as written, and what stands before it."""
        for line in reversed(self.after_title[-8:]):
            text = line.text.strip("（）()") if line.text.startswith(("（", "(")) else line.text
            if text.startswith(("抄送", "联系")) or "印发" in text:
                continue
            match = _DATE_LIKE.search(text)
            if match and len(compact(text[: match.start()])) <= 40 and not _SENTENCE.search(text[: match.start()]):
                return line, match["date"] + match["tail"].strip(), text[: match.start()].strip()
        return None

    def lines_before(self, line: Line, count: int) -> tuple[Line, ...]:
        """Up to count lines below the title that stand just before a line."""
        index = next((i for i, other in enumerate(self.after_title) if other.number == line.number), 0)
        return self.after_title[max(0, index - count) : index]

    @cached_property
    def attachments(self) -> tuple[Line, ...]:
        """The 附件说明: the line that starts with 附件 and the numbered lines that follow it."""
        limit = self.date[0].number if self.date else None
        for index, line in enumerate(self.after_title):
            if limit is not None and line.number >= limit:
                break
            if _ATTACHMENT.match(line.text):
                block = [line]
                for following in self.after_title[index + 1 :]:
                    if following.number == limit or not re.match(
                        r"^(?:\d{1,2}\s*[.．、]|附\s*件\s*[\d一二三四五六]+)", following.text
                    ):
                        break
                    block.append(following)
                return tuple(block)
        return ()

    @cached_property
    def body(self) -> tuple[Line, ...]:
        """Lines below the title and above 附件说明 or 落款."""
        ends = [line.number for line in self.attachments[:1]]
        if self.date:
            ends.append(self.date[0].number)
        return tuple(line for line in self.after_title if not ends or line.number < min(ends))


def is_doc_number(text: str) -> bool:
    """Whether a line is a 发文字号 and nothing else, in a right or a wrong form."""
    return bool(_DOC_NUMBER.match(text.strip()))


def is_head_mark(text: str) -> bool:
    """Whether a line belongs to the head: 发文字号, 签发人, 密级, 紧急程度, 发文机关标志, a rule."""
    without = _SIGNATORY.sub("", text).strip()
    return not without or is_doc_number(without) or bool(_MARKING.match(without))


def _clean(raw: str) -> str:
    text = _TAGS.sub("", _INVISIBLE.sub("", raw))
    return _SPACES.sub(" ", _MARKDOWN.sub("", text.strip(" \t\u3000\xa0"))).strip()
