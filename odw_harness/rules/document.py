"""A document as a person sees it: numbered lines without decoration, and where its elements stand.

Nothing here judges. Text comes as models and word processors leave it: \\r\\n, a BOM, full-width spaces or
tabs as indents, Markdown around lines, an explanation before the document, no line breaks at all.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from odw_harness.rules.genres import GENRES

_BREAKS = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
INVISIBLE = re.compile("[\ufeff\u200b\u200c\u200d\u2060\u00ad]")
"""Marks that nobody sees: a BOM, joiners, soft hyphens."""
_SPACES = re.compile(r"\s+")
_MARKDOWN = re.compile(r"^(?:#{1,6}\s+|>\s*|[-*+]\s+(?=\S))+|\*\*|(?<!_)__(?!_)|^\| ?| ?\|$|`+")
_RULE = re.compile(r"^(?:(?:[-*_=~] ?){3,}|[—─━]{3,})$")
_TAGS = re.compile(r"</?(?:center|div|p|br|b|strong|font|span|u|h[1-6])\b[^>]*>", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(?:```|~~~)")

_DOC_NUMBER = re.compile(
    r"^(?P<code>[\u4e00-\u9fffA-Za-z]{0,15})\s*[〔\[(（【［{]\s*\d{2,4}\s*年?[〕\])）】］}]\s*第?\s*\d+\s*号?$"
    r"|^[\u4e00-\u9fff]{1,12}字?\s*\d{4}\s*年?\s*第?\s*\d+\s*号$"
    r"|^第\s*[\d一二三四五六七八九十百○〇零]+\s*号$"
    r"|^[（(]?\s*(?:\d{4}\s*年\s*)?第?\s*\d+\s*期\s*[)）]?$"
    r"|^[（(]?\s*\d{4}\s*年\s*第\s*\d+\s*[号次]\s*[)）]?$"
)
_SIGNATORY = re.compile(
    r"签\s*发\s*人\s*[:：]?\s*(?P<name>(?:(?![\u4e00-\u9fff]{0,12}[〔\[])[\u4e00-\u9fff·、\s])+(?<![\s、]))?"
)
_NAME_BESIDE = re.compile(r"(?<=号) (?:[\u4e00-\u9fff·]{1,4} ?){1,4}$")
"""The last of several 签发人 stands beside the 发文字号 (GB/T 9704—2012 7.2.6)."""
_NAMES = re.compile(r"^(?:[\u4e00-\u9fff·]{1,4}(?: |$)){1,4}$")
_SECRECY = r"(?:绝\s*密|机\s*密|秘\s*密)(?:\s*[★☆*]\s*(?:\d+\s*年|长期|\d+\s*个月)?)?"
_URGENCY = r"(?:特\s*急|加\s*急|平\s*急|特\s*提|急\s*件)"
_MARKING = re.compile(
    rf"^(?:No\.?\s*)?(?:\d{{6}}|{_SECRECY}|{_URGENCY})(?:\s+(?:{_SECRECY}|{_URGENCY}))*$|^.{{2,40}}文\s*件$"
    r"|^(?:标题|发文字号|文号|主送机关|发文机关|密级|紧急程度|份号)\s*[:：]"
)
_EXPLANATION = re.compile(
    r"^(?:好的|当然|没问题|可以的|以下是|下面是|以下为|下面为|这是|这里是|根据(?:您|你)|按照(?:您|你)|为您|请看|"
    r".{0,20}[为给供][您你](?:起草|撰写|写|拟|生成|提供|准备|参考)|Sure|Here|Certainly|Below)",
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
_ATTACHMENT = re.compile(r"^附\s*件\s*(?:[:：]|[\d一二三四五六]*\s*[:：.．、]|$)|^附\s*[:：]")
_ATTACHED = re.compile(r"^(?:\d{1,2}\s*[.．、]|附\s*件\s*[\d一二三四五六]+)")
_SENTENCE = re.compile("[。；！？]")
_ORGAN_ENDS = (
    "政府|委员会|委|厅|局|办公室|办|院|处|部|会|中心|组|队|大学|学校|小学|中学|学院|公司|集团|企业|所|站|馆|社|署|省|市|县|区|州|乡|镇|村|"
    "台|残联|妇联|文联|侨联|工商联|科协|机场|研究室|检察室|街道|单位|部门|机构|团体|组织|机关|科室|科|高校|银行|支行|分行|海关|幼儿园|公园|厂|林场|农场|专班|联席会议|基地"
)
_ORGAN = re.compile(rf"[\u4e00-\u9fff（）()·、“”]{{0,60}}(?:{_ORGAN_ENDS})")
_OFFICE = re.compile(
    r"[\u4e00-\u9fff（）()·]{0,40}(?:市长|县长|区长|省长|州长|乡长|镇长|主任|局长|厅长|部长|主席|院长|总理|署长|行长|校长|盟长|书记|检察长|总经理|董事长|会长|馆长)[:：]?"
    r"[\u4e00-\u9fff·]{2,6}"
)
_SUFFIX = re.compile(
    r"[（(](?:试行|暂行|草案|修订|修订稿|征求意见稿|送审稿|代拟稿|讨论稿|节选|摘要|第[^（）()]{1,8}号)[)）]$"
)
_LABEL = re.compile(r"^附\s*件\s*\d{0,2}$")
_NOTE = re.compile(
    r"^[（(].*[)）]$|^(?:抄\s*送|抄\s*报|分\s*送|主题词|联系|附注|[—-])|印\s*发[)）。]?$|^附(?:\s*件)?\s*[:：]\s*\S"
)
_SEAL = re.compile(r"[（(](?:盖章|印章|公章|章|代章|签名章|签章)[)）]")
_LONGEST_TITLE = 200


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
            if not _FENCE.match(raw) and (cleaned := _clean(raw)) and not _RULE.match(cleaned)
        )
        self._pattern = title_pattern
        self._endings = endings

    @property
    def unbroken(self) -> bool:
        """Whether the text, but for a model's explanation, is one long line: no element stands on a line of its own."""
        lines = [line for line in self.lines if not _EXPLANATION.match(line.text)] or self.lines
        return len(lines) == 1 and len(lines[0].text) > 60

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
        contents = (i for i, line in enumerate(self.lines) if not is_head_mark(line.text) and not self._explains(i))
        first = next(contents, 0)
        free = "" in self._endings
        if free:  # a headline ends with any word, so only its place tells it
            spans = [span for span in spans if span[0] == first]
        if self._pattern:
            for start, end in spans:
                if self._one_piece(start, end) and self.fits(self._joined(start, end), self._pattern):
                    return start, end
        known = {ending for genre in GENRES.values() if genre.statutory for ending in genre.endings}
        for endings in () if free else (self._endings, tuple(known)):
            for faulty in (False, True):
                for start, end in spans:
                    if endings and self._looks_like_title(start, end, endings, faulty):
                        return start, end
        return first, first + 1

    def _explains(self, index: int) -> bool:
        return _EXPLANATION.match(self.lines[index].text) is not None

    def _joined(self, start: int, end: int) -> str:
        return compact("".join(line.text for line in self.lines[start:end]))

    @staticmethod
    def fits(title: str, pattern: str) -> bool:
        """Whether a pattern matches the whole title. What is too long for a title never does."""
        return len(title) <= _LONGEST_TITLE and re.fullmatch(pattern, title) is not None

    def _one_piece(self, start: int, end: int) -> bool:
        """Whether these lines may be one title: no explanation, and no line that ends or starts something else."""
        lines = self.lines[start:end]
        if self._explains(start):
            return False
        return end == start + 1 or not any(
            line.text.endswith(("：", ":", "。")) or is_head_mark(line.text) or _NUMBERED.match(line.text)
            for line in lines
        )

    def _looks_like_title(self, start: int, end: int, endings: tuple[str, ...], faulty: bool) -> bool:
        """Whether these lines end as a title does; where faulty, with punctuation after it too."""
        joined = self._joined(start, end)
        bare = joined.rstrip("。.，,；;！!") if faulty else joined
        if len(joined) > 90 or not without_suffix(bare).endswith(endings) or _SENTENCE.search(bare):
            return False
        return self._one_piece(start, end)

    @property
    def title(self) -> str:
        """The title, its lines joined, without white space."""
        return self._joined(*self._title_span)

    @property
    def title_index(self) -> int:
        """Index in lines of the title's first line."""
        return self._title_span[0]

    @property
    def title_line(self) -> int | None:
        """Number of the title's first line."""
        return self.lines[self._title_span[0]].number if self.lines else None

    @property
    def preamble(self) -> tuple[Line, ...]:
        """Lines before the title that belong to no document: a model's explanation.

        A 发文机关标志 is none, with 文件 after the organ's name or without.
        """
        found, signing = [], False
        for line in self.lines[: self._title_span[0]]:
            signing = "签发人" in compact(line.text) or (signing and _NAMES.match(line.text) is not None)
            if not (signing or is_head_mark(line.text) or is_organ(line.text)):
                found.append(line)
        return tuple(found)

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
            text = _NAME_BESIDE.sub("", text)
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
    def adoption(self) -> Line | None:
        """The 题注 below the title that says when a meeting adopted the document: （2024年3月5日…通过）."""
        for line in self.after_title[:3]:
            if re.match(r"[（(].*[)）]$", line.text) and "通过" in line.text and re.search(_DATE, line.text):
                return line
        return None

    @cached_property
    def date(self) -> tuple[Line, str, str] | None:
        """The 成文日期: its line, the date as written, and what stands before it.

        It is the first date on a line of its own, below a sentence and a 署名, since an annex may follow; without one,
        the last line of the last 8 (annexes apart) that is a date, with a 署名 or a label before it or without.
        """
        told = False
        for above, line in zip(self.after_title, self.after_title[1:], strict=False):
            told = told or _SENTENCE.search(above.text) is not None
            found = _DATE_LIKE.fullmatch(line.text)
            if told and found and is_signature(above.text):
                return line, found["date"] + found["tail"].strip(), ""
        labels = (i for i, line in enumerate(self.after_title) if _LABEL.match(line.text))
        dated = next((i for i, line in enumerate(self.after_title) if _DATE_LIKE.search(line.text)), len(self.lines))
        end = next((i for i in labels if i > dated), len(self.after_title))
        for line in reversed(self.after_title[max(0, end - 8) : end]):
            text = line.text.strip("（）()") if line.text.startswith(("（", "(")) else line.text
            if text.startswith(("抄送", "联系")) or "印发" in text:
                continue
            match = _DATE_LIKE.search(text)
            before = text[: match.start()].strip() if match else ""
            if match and (not before or is_date_label(before) or is_signature(before)):
                return line, match["date"] + match["tail"].strip(), before
        return None

    @cached_property
    def tail(self) -> tuple[Line, ...]:
        """Lines below the 成文日期: 附注, 版记, annexes, a model's explanation."""
        return tuple(line for line in self.after_title if self.date and line.number > self.date[0].number)

    @cached_property
    def main(self) -> tuple[Line, ...]:
        """The title and everything below it but annexes: up to the 成文日期, with the 附注 and 版记 that follow it."""
        annex = next((line.number for line in self.tail if not _NOTE.search(line.text)), None)
        return tuple(line for line in self.document_lines if annex is None or line.number < annex)

    def lines_before(self, line: Line, count: int) -> tuple[Line, ...]:
        """Up to count lines below the title that stand just before a line."""
        index = next((i for i, other in enumerate(self.after_title) if other.number == line.number), 0)
        return self.after_title[max(0, index - count) : index]

    @cached_property
    def attachments(self) -> tuple[Line, ...]:
        """The 附件说明: the line that starts with 附件 and the numbered lines after it, those of one name joined."""
        limit = self.date[0].number if self.date else len(self.raw_lines) + 1
        lines = [line for line in self.after_title if line.number < limit]
        start = next((index for index, line in enumerate(lines) if _ATTACHMENT.match(line.text)), None)
        if start is None:
            return ()
        numbered = [index for index in range(start + 1, len(lines)) if _ATTACHED.match(lines[index].text)]
        block, last = [lines[start]], start
        for index in numbered:
            between = lines[last + 1 : index]
            if len(between) > 2 or any(_SENTENCE.search(line.text) for line in between):
                break
            block[-1] = Line(block[-1].number, block[-1].text + "".join(line.text for line in between))
            block.append(lines[index])
            last = index
        return tuple(block)

    @property
    def attachments_below(self) -> Line | None:
        """A 附件说明 below the 成文日期, where it doesn't belong. 附件1 as the label of an annex is none."""
        return next((line for line in self.tail if re.match(r"附\s*件?\s*[:：]\s*\S", line.text)), None)

    @cached_property
    def body(self) -> tuple[Line, ...]:
        """Lines below the title and above 附件说明 or 落款."""
        ends = [line.number for line in self.attachments[:1]]
        if self.date:
            ends.append(self.date[0].number)
        lines = [line for line in self.after_title if not ends or line.number < min(ends)]
        while lines and self.date and is_signature(lines[-1].text):
            lines.pop()
        return tuple(lines)


def is_doc_number(text: str) -> bool:
    """Whether a line is a 发文字号 and nothing else, in a right or a wrong form."""
    return bool(_DOC_NUMBER.match(text.strip()))


def is_head_mark(text: str) -> bool:
    """Whether a line belongs to the head: 发文字号, 签发人, 份号, 密级, 紧急程度, a 发文机关标志 with 文件."""
    without = _SIGNATORY.sub("", text).strip()
    without = _NAME_BESIDE.sub("", without)
    return not without or is_doc_number(without) or bool(_MARKING.match(without))


def is_date_label(text: str) -> bool:
    """Whether a text is a label such as 成文日期： before a date."""
    return re.fullmatch(r"(?:成文|发文|签署)?(?:日期|时间)\s*[:：]?", text) is not None


def is_organ(text: str) -> bool:
    """Whether a text looks like the name of an organ, or of several, and nothing else.

    >>> is_organ("青岚市人民政府办公室"), is_organ("青岚市人民政府决定")
    (True, False)
    """
    return _ORGAN.fullmatch(compact(text)) is not None


def is_office(text: str) -> bool:
    """Whether a text is an office with the name of who holds it: 市长　林知远."""
    return _OFFICE.fullmatch(compact(without_seal(text))) is not None


def is_signature(text: str) -> bool:
    """Whether a line may be a 署名: an organ, or an office with a name."""
    return is_office(text) or is_organ(without_seal(text))


def without_seal(text: str) -> str:
    """A 署名 without the note that it is sealed: （盖章）."""
    return _SEAL.sub("", text).strip()


def without_suffix(title: str) -> str:
    """A title without what may follow the 文种 in brackets: （试行）, （第3号）."""
    return _SUFFIX.sub("", title)


def _clean(raw: str) -> str:
    text = _SPACES.sub(" ", _TAGS.sub("", INVISIBLE.sub("", raw))).strip()
    return _MARKDOWN.sub("", text).strip()
