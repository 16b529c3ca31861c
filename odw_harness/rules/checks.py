"""The checks: pure functions from a document and expectations to findings.

Each returns None where it does not apply. Hard checks rest on a rule of 条例 or GB/T 9704—2012 (its clause is
named), or on what the material demands; soft ones on practice. Each docstring ends with its known limits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from odw_harness.rules import facts
from odw_harness.rules.document import Document, Line, compact
from odw_harness.rules.expectations import Expectations

Level = Literal["hard", "soft"]

_CN = "一二三四五六七八九十"
_HAN = "\u4e00-\u9fff"
_GOOD_DATE = re.compile(r"^(?:19|20)\d{2}年(?:[1-9]|1[0-2])月(?:[1-9]|[12]\d|3[01])日$")
_ANY_DATE = re.compile(r"(?:19|20)\d{2}年\d{1,2}月\d{1,2}日")
_UNBROKEN = "the text has no line breaks, so {} can't stand on a line of its own"
_ORGAN = re.compile(
    rf"^[{_HAN}（）()·、\s]{{0,50}}(?:政府|委员会|委|厅|局|办公室|办|院|处|部|会|中心|组|队|大学|学校|学院|公司|集团|所|站|馆|社|署|省|市|县|区|乡|镇|街道|"
    r"(?:市长|县长|区长|省长|乡长|镇长|主任|局长|厅长|部长|主席|院长|总理)[\s　:：]*[\u4e00-\u9fff·]{2,4})$"
)


@dataclass(frozen=True)
class Finding:
    """What one check found. line counts from 1 in the text; None where no line is to blame."""

    check: str
    level: Level
    ok: bool
    clause: str
    message: str
    line: int | None = None


Check = Callable[[Document, Expectations], Finding | None]
Result = tuple[bool, str, Line | int | None] | None

CHECKS: list[Check] = []
"""Every check, in the order of a document's elements."""


def _check(name: str, level: Level, clause: str) -> Callable[[Callable[[Document, Expectations], Result]], Check]:
    def register(function: Callable[[Document, Expectations], Result]) -> Check:
        def run(document: Document, expected: Expectations) -> Finding | None:
            result = function(document, expected)
            if result is None:
                return None
            ok, message, where = result
            line = where.number if isinstance(where, Line) else where
            return Finding(name, level, ok, clause, message, line)

        run.__name__, run.__doc__ = function.__name__, function.__doc__
        CHECKS.append(run)
        return run

    return register


def _ok(message: str, where: Line | int | None = None) -> Result:
    return True, message, where


def _bad(message: str, where: Line | int | None = None) -> Result:
    return False, message, where


@_check("doc_number_form", "hard", "条例 art. 9(5); GB/T 9704—2012 7.2.5")
def doc_number_form(document: Document, expected: Expectations) -> Result:
    """C1. 发文字号 = 机关代字〔full year〕number without 第 or leading 0, then 号; 令 and 纪要 have forms of their own.

    Applies where a number is there. Limits: whether the 代字 belongs to the organ is not known.
    """
    line = document.doc_number
    if line is None:
        return None
    name = expected.genre.name if expected.genre else ""
    forms = [rf"[{_HAN}]{{1,12}}〔(?:19|20)\d{{2}}〕[1-9]\d*号"]
    if name == "令":
        forms = [r"第[1-9]\d*号"]
    elif name == "纪要":
        forms += [r"〔(?:19|20)\d{2}〕[1-9]\d*号", r"[（(]?第?[1-9]\d*期[）)]?"]
    if any(re.fullmatch(form, compact(line.text)) for form in forms):
        return _ok("发文字号 is well formed", line)
    shape = "第N号" if name == "令" else "机关代字〔年份〕N号, six-sided brackets, full year, no 第 or leading 0"
    return _bad(f"发文字号 {line.text!r} is not in the form {shape}", line)


@_check("doc_number_value", "hard", "条例 art. 9(5)")
def doc_number_value(document: Document, expected: Expectations) -> Result:
    """C2. 发文字号 is the one given, on a line of its own near the title.

    Limits: brackets are compared by doc_number_form, not here, so that one fault is blamed once.
    """
    if expected.doc_number is None:
        return None
    if document.unbroken:
        return _bad(_UNBROKEN.format("发文字号"), 1)
    line = document.doc_number
    if line is None:
        return _bad(f"发文字号 {expected.doc_number} is missing: it stands on a line of its own near the title")
    if _same_number(line.text, expected.doc_number):
        return _ok("发文字号 is the one given", line)
    return _bad(f"发文字号 is {line.text}, given was {expected.doc_number}", line)


def _same_number(found: str, given: str) -> bool:
    def key(text: str) -> str:
        return re.sub(r"[〔〕\[\]()（）【】［］{}第]", "|", compact(facts.normalise(text)))

    return re.sub(r"\|+", "|", key(found)).strip("|") == re.sub(r"\|+", "|", key(given)).strip("|")


@_check("signatory", "hard", "条例 art. 9(6); GB/T 9704—2012 7.2.6")
def signatory(document: Document, expected: Expectations) -> Result:
    """C11. A document to a superior names its 签发人, as 签发人：姓名.

    Limits: with --genre any name will do.
    """
    if not expected.signatory_needed:
        return None
    if document.unbroken:
        return _bad(_UNBROKEN.format("签发人"), 1)
    found = document.signatory
    wanted = expected.signatory or "姓名"
    if found is None:
        return _bad(f"签发人：{wanted} is missing: a 上行文 names it near the 发文字号")
    line, name = found
    if not name:
        return _bad("签发人 has no name", line)
    if expected.signatory and expected.signatory not in compact(name):
        return _bad(f"签发人 is {name}, given was {expected.signatory}", line)
    if not re.search(r"签\s*发\s*人\s*：", line.text):
        return _bad("签发人 is followed by a full-width colon (签发人：姓名)", line)
    return _ok("签发人 is named", line)


@_check("title", "hard", "条例 art. 9(7)")
def title(document: Document, expected: Expectations) -> Result:
    """C4. The title names organ, subject and one 文种, without punctuation at its end.

    With a question its pattern decides, otherwise the ending. Limits: with --genre a missing organ name is not
    seen (it may stand in the 发文机关标志).
    """
    line = document.title_line
    if document.unbroken:
        return _bad(_UNBROKEN.format("the title"), 1)
    found = document.title
    if not found:
        return _bad("the text is empty")
    shown = found if len(found) <= 60 else found[:60] + "…"
    mixed = re.search(r"(请示报告|报告请示|请示函|申请报告|通知函|公告通告|批复函)$", found)
    if mixed:
        return _bad(f"the title mixes two 文种: {mixed[1]}", line)
    if found[-1] in "。，、；：！？.,;:!?":
        return _bad(f"the title ends with punctuation: {shown}", line)
    if expected.title_pattern:
        if re.fullmatch(expected.title_pattern, found):
            return _ok("the title is as expected", line)
        return _bad(f"no line is the title expected ({expected.title_pattern}); taken for it: {shown}", line)
    genre = expected.genre
    if genre and not found.endswith(genre.endings):
        return _bad(f"the title must end with {'/'.join(genre.endings)}; taken for it: {shown}", line)
    if genre and genre.statutory and len(found) <= max(map(len, genre.endings)) and genre.name != "令":
        return _bad(f"the title is only {found}: it names organ, subject and 文种", line)
    if genre and genre.name in ("通知", "通报", "报告", "请示", "批复", "函", "意见", "决定") and "关于" not in found:
        return _bad(f"the title names no subject (关于…的{genre.name}): {shown}", line)
    return _ok("the title names its 文种", line)


@_check("recipient", "hard", "条例 art. 9(8); GB/T 9704—2012 7.3.2")
def recipient(document: Document, expected: Expectations) -> Result:
    """C5. 主送机关 stands below the title, ends with a full-width colon; one only for a document to a superior (art. 15(1)).

    Limits: whether an abbreviation of an organ's name is a usual one is not known: with a question the given name
    must be there.
    """
    if expected.recipient_need == "none" or (expected.recipient_need == "optional" and expected.salutation):
        return None
    if document.unbroken:
        return _bad(_UNBROKEN.format("主送机关"), 1) if expected.recipient_need == "required" else None
    line = document.opening(expected.issuers)
    is_address = line is not None and _is_address(line.text)
    if not is_address or line is None:
        if expected.recipient_need == "optional":
            return None
        wanted = expected.recipient or "主送机关"
        return _bad(f"主送机关 is missing: {wanted}： stands on the first line below the title", line)
    if line.text.endswith(":"):
        return _bad("主送机关 ends with a half-width colon; it is ：", line)
    found = line.text.rstrip("：:")
    if expected.recipient and _organs(found) != _organs(expected.recipient):
        return _bad(f"主送机关 is {found}, given was {expected.recipient}", line)
    if expected.direction == "up" and re.search("[、，,；;]", found):
        return _bad("a 上行文 has one 主送机关", line)
    return _ok("主送机关 is right", line)


def _organs(text: str) -> str:
    return re.sub("[、,;；]", ",", compact(facts.normalise(text)))


def _is_address(text: str) -> bool:
    return (
        text.endswith(("：", ":"))
        and not re.search("[。；！？]", text)
        and not re.search("(如下|以下|事项|通知|公告|通告|决定|强调|指出|要求|议定|报告|请示|批复|纪要)[：:]$", text)
    )


@_check("no_recipient", "hard", "条例 art. 9(8); GB/T 9704—2012 10.2, 10.3")
def no_recipient(document: Document, expected: Expectations) -> Result:
    """C6. 令, 决议, 公告, 通告, 公报, 纪要 and writing that is no 公文 have no 主送机关.

    Limits: only a line that names organs is taken for one, so an address of people passes.
    """
    if expected.recipient_need != "none" or document.unbroken:
        return None
    line = document.opening(expected.issuers)
    if line is not None and _is_address(line.text) and re.search("政府|机关|单位|部门|局|厅|委|办|各县|各区|各市", line.text):
        return _bad("this kind of document has no 主送机关", line)
    return _ok("no 主送机关, as it should be")


@_check("salutation", "soft", "practice (事务文书)")
def salutation(document: Document, expected: Expectations) -> Result:
    """A speech or an appeal addresses its audience below the title, with a colon.

    Limits: only the first 6 lines below the title are looked at.
    """
    if not expected.salutation or document.unbroken:
        return None
    for line in document.after_title[:6]:
        if len(line.text) <= 40 and any(word in line.text for word in expected.salutation):
            if line.text.endswith(("：", ":", "！")):
                return _ok("the audience is addressed", line)
            return _bad("the address ends with a colon", line)
    return _bad(f"no address of the audience ({'/'.join(expected.salutation)}) below the title")


@_check("numbering_form", "hard", "GB/T 9704—2012 7.3.3")
def numbering_form(document: Document, expected: Expectations) -> Result:
    """C7. Levels are numbered 一、 （一） 1. （1）: no （一）、 no 1、 no half-width brackets.

    Skipping a level is not blamed. Limits: numbers inside a paragraph are not looked at.
    """
    skip = {line.number for line in document.attachments}
    for line in document.after_title:
        if line.number in skip:
            continue
        if re.match(
            rf"(?:（[{_CN}]+）[、，,.．]|[(（][{_CN}]+\)|\([{_CN}]+[)）]|\d{{1,2}}、|（\d{{1,2}}）[、，]|\(\d{{1,2}}[)）]"
            rf"|[(（]\d{{1,2}}\)|[{_CN}]+[.．](?!\d))",
            line.text,
        ):
            return _bad(f"numbering in a wrong form: {line.text[:8]} (right: 一、 （一） 1. （1）)", line)
    return _ok("numbering is in the right forms")


@_check("numbering_sequence", "soft", "GB/T 9704—2012 7.3.3")
def numbering_sequence(document: Document, expected: Expectations) -> Result:
    """C8. Each level starts at 1 and counts on; a lower level starts anew below each higher item.

    Limits: a level that goes on counting below the next higher item is blamed, though some write so.
    """
    patterns = (rf"([{_CN}]{{1,3}})、", rf"（([{_CN}]{{1,3}})）", r"(\d{1,2})[.．](?!\d)", r"（(\d{1,2})）")
    counts = [0, 0, 0, 0]
    skip = {line.number for line in document.attachments}
    seen = False
    for line in document.after_title:
        if line.number in skip:
            continue
        for level, pattern in enumerate(patterns):
            match = re.match(pattern, line.text)
            if not match:
                continue
            seen = True
            number = _numeral(match[1])
            if number != counts[level] + 1:
                return _bad(f"{match[0]} follows number {counts[level]} of its level", line)
            counts[level] = number
            counts[level + 1 :] = [0] * (3 - level)
    return _ok("numbering counts on") if seen else None


def _numeral(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return _CN.index(text) + 1 if len(text) == 1 else 0
    return (_CN.index(tens) + 1 if tens else 1) * 10 + (_CN.index(ones) + 1 if ones else 0)


@_check("attachment_note", "hard", "GB/T 9704—2012 7.3.4")
def attachment_note(document: Document, expected: Expectations) -> Result:
    """C9. 附件说明: 附件 and a full-width colon, numbered 1. 2. where there are several, no punctuation at the end of a name.

    Limits: names are compared by the words that the question gives.
    """
    lines = document.attachments
    if not lines:
        if not expected.attachments:
            return None
        where = 1 if document.unbroken else None
        return _bad("附件说明 is missing: 附件：… stands below the text, above the 落款", where)
    first = lines[0]
    if re.match(r"附\s*件\s*[\d一二三四五六]", first.text):
        return _bad("附件说明 is written 附件：1.名称, not 附件1", first)
    if not re.match(r"附\s*件\s*：", first.text):
        return _bad("附件 is followed by a full-width colon (附件：)", first)
    names = [(line, re.sub(r"^附\s*件\s*：\s*", "", line.text)) for line in lines]
    names = [(line, name) for line, name in names if name]
    marks = [re.match(r"(\d{1,2})\s*([.．、])", name) for _, name in names]
    if len(names) > 1 or len(expected.attachments) > 1:
        for position, ((line, _), mark) in enumerate(zip(names, marks, strict=True), 1):
            if mark is None or int(mark[1]) != position or mark[2] == "、":
                return _bad(f"several 附件 are numbered 1. 2. …, found: {line.text}", line)
    elif names and marks[0]:
        return _bad("a single 附件 has no number", names[0][0])
    for line, name in names:
        if name[-1] in "。；，,;.":
            return _bad("the name of an 附件 ends without punctuation", line)
    if expected.attachments:
        if len(names) != len(expected.attachments):
            return _bad(f"{len(names)} 附件 are named, given were {len(expected.attachments)}", first)
        for (line, name), words in zip(names, expected.attachments, strict=True):
            if compact(words) not in compact(name):
                return _bad(f"the 附件 {name} is not the one given ({words})", line)
    return _ok("附件说明 is right", first)


@_check("signature", "hard", "条例 art. 9(11), 9(12); GB/T 9704—2012 7.3.5")
def signature(document: Document, expected: Expectations) -> Result:
    """C10. The 署名 stands just above the date, each on a line of its own; 令 and 议案 carry 职务 and 姓名.

    Limits: with --genre any line that looks like an organ or an office with a name will do.
    """
    if not expected.signed:
        return None
    if document.unbroken:
        return _bad(_UNBROKEN.format("署名"), 1)
    wanted = "、".join(expected.signature) or "署名"
    if document.date is None:
        ends = "".join(line.text for line in document.after_title[-4:])
        named = expected.signature and all(compact(name) in compact(ends) for name in expected.signature)
        return _bad(f"{wanted} must stand just above a 成文日期, and there is no date" if named else f"落款 is missing: {wanted} and the date below it")
    line, _, before = document.date
    if before and not re.fullmatch(r"(?:成文|发文|签署)?(?:日期|时间)\s*[:：]?", before):
        return _bad("署名 and 成文日期 stand on lines of their own", line)
    above = document.lines_before(line, max(2, len(expected.signature) + 1))
    if not above:
        return _bad(f"{wanted} is missing above the date", line)
    if not expected.signature:
        text = re.sub(r"[（(](?:盖章|印章|公章|章)[)）]", "", above[-1].text).strip()
        if _ORGAN.match(text):
            return _ok("署名 stands above the date", above[-1])
        return _bad(f"no 署名 just above the date, but: {above[-1].text[:30]}", above[-1])
    tail = compact("".join(re.sub(r"[（(](?:盖章|印章|公章|章)[)）]", "", item.text) for item in above))
    names = [re.sub(r"[:：]", "", compact(name)) for name in expected.signature]
    tail = re.sub(r"[:：、]", "", tail)
    if tail.endswith("".join(names)) or (len(names) > 1 and tail.endswith("".join(reversed(names)))):
        return _ok("署名 stands above the date", above[-1])
    return _bad(f"just above the date should stand {wanted}, found: {above[-1].text[:30]}", above[-1])


@_check("date", "hard", "条例 art. 9(12); GB/T 9704—2012 7.3.5.4")
def date(document: Document, expected: Expectations) -> Result:
    """C3. 成文日期 is in Arabic figures with the full year and no leading zeros (2024年3月5日), and the one given.

    In the 落款, or in the 题注 below the title where the kind of document has it there. Limits: in the head, lines up
    to the sixth below the title count.
    """
    if expected.date_position is None:
        return None
    if document.unbroken:
        return _bad(_UNBROKEN.format("成文日期"), 1)
    if expected.date_position in ("head", "any"):
        for line in document.lines[:1] + document.head[:-4] + document.after_title[:6]:
            if expected.date and compact(expected.date) in compact(line.text) and len(line.text) <= 80:
                return _ok("the date is given below the title", line)
            bare = compact(line.text).strip("（）()")
            if not expected.date and (_GOOD_DATE.match(bare) or ("通过" in bare and _ANY_DATE.search(bare))):
                return _ok("the date is given below the title", line)
        if expected.date_position == "head":
            return _bad(f"the date {expected.date or ''} is missing below the title".replace("  ", " "))
    if document.date is None:
        imprint = next((line for line in document.after_title[-4:] if "印发" in line.text), None)
        found = _ANY_DATE.search(compact(imprint.text)) if imprint else None
        if expected.date_position == "any" and imprint and found and expected.date in (None, found.group()):
            return _ok("the date is given in the 版记", imprint)
        return _bad("成文日期 is missing: 2024年3月5日 stands on a line of its own at the end")
    line, written, before = document.date
    if re.fullmatch(r"(?:成文|发文|签署)?(?:日期|时间)\s*[:：]?", before):
        return _bad("成文日期 is written without a label", line)
    if not _GOOD_DATE.match(compact(written)):
        return _bad(f"成文日期 {written!r} is not in the form 2024年3月5日 (Arabic figures, full year, no leading 0)", line)
    if expected.date and compact(written) != expected.date:
        return _bad(f"成文日期 is {written}, given was {expected.date}", line)
    return _ok("成文日期 is right", line)


@_check("closing", "soft", "practice (结语)")
def closing(document: Document, expected: Expectations) -> Result:
    """C12. One of the usual 结语 stands in the last 4 lines of the text.

    Limits: handbooks disagree about the wordings; the accepted set is wide and not complete.
    """
    if not expected.closings:
        return None
    lines = document.body[-4:]
    tail = re.sub(r"[\s，,。！、]", "", "".join(line.text for line in lines))
    for wording in expected.closings:
        if re.sub(r"[\s，,。！、]", "", wording) in tail:
            return _ok(f"closes with {wording}", lines[-1] if lines else None)
    return _bad(f"no 结语 such as {expected.closings[0]} at the end of the text", lines[-1] if lines else None)


@_check("forbidden", "hard", "条例 art. 15(4) and the 文种's own closing")
def forbidden(document: Document, expected: Expectations) -> Result:
    """C13. No wording that contradicts the 文种 or that the question rules out.

    Limits: found by pattern, so the same thing in other words passes, and a quotation is blamed.
    """
    if not expected.forbidden and not expected.forbidden_patterns:
        return None
    for line in document.document_lines:
        text = re.sub(r"\s+", "", line.text)
        for word in expected.forbidden:
            if word in text:
                return _bad(f"{word} does not belong in this document", line)
        for pattern in expected.forbidden_patterns:
            if match := re.search(pattern, text):
                return _bad(f"{match.group()} does not belong in this document", line)
    return _ok("nothing forbidden")


@_check("placeholder", "hard", "条例 art. 19(1)")
def placeholder(document: Document, expected: Expectations) -> Result:
    """C16. No placeholders: ×××, XX, 某某, 【…】, ____, （此处填写…）.

    Limits: 【】 is allowed in news; a single × (3×5) is no placeholder.
    """
    brackets = "" if expected.genre and expected.genre.name == "新闻稿" else "|【[^】]*】"
    pattern = re.compile(
        rf"[×✕]{{2,}}|(?<![A-Za-z])[XxＸｘ]{{2,}}(?![A-Za-z])|[○〇]{{2,}}(?=[{_HAN}])(?<![一二]〇)|某{{2,}}|某(?=[省市县区乡镇局厅委])|_{{3,}}|＿{{2,}}|□{{2,}}"
        rf"|[（(\[［](?:此处|请填|填写|待补|待定|插入|具体|略[)）])[^)）\]］]*[)）\]］]?{brackets}"
    )
    for line in document.document_lines:
        if match := pattern.search(line.text):
            return _bad(f"a placeholder is left: {match.group()[:20]}", line)
    return _ok("no placeholders")


@_check("explanation", "soft", "the task's own demand (成稿, plain text)")
def explanation(document: Document, expected: Expectations) -> Result:
    """C17. Only the document: no Markdown, no explanation before or after it.

    Limits: an explanation is known by how such lines usually begin.
    """
    for number, raw in enumerate(document.raw_lines, 1):
        text = raw.strip()
        if match := re.match(r"#{1,6}\s|```|~~~|[-*+]\s+\S|\|.*\||>\s", text) or re.search(r"\*\*|__", text):
            return _bad(f"Markdown is left: {match.group()[:10].strip()}", number)
    if document.preamble:
        return _bad(f"text before the document: {document.preamble[0].text[:20]}", document.preamble[0])
    for line in document.after_title[-3:]:
        if re.match(r"(?:希望(?:以上|这|对)|以上(?:内容|公文|文稿|是)|如(?:需|有(?:其他|任何))|请根据实际|(?:注|说明|备注)[:：])", line.text):
            return _bad(f"text after the document: {line.text[:20]}", line)
    return _ok("nothing but the document")


@_check("punctuation", "soft", "GB/T 15834—2011")
def punctuation(document: Document, expected: Expectations) -> Result:
    """C18. Between Chinese characters stands full-width punctuation.

    Limits: half-width marks beside figures or Latin letters are not looked at, nor is the full stop.
    """
    for line in document.document_lines:
        if match := re.search(rf"(?<=[{_HAN}])\s?[,;:!?()]\s?(?=[{_HAN}])|(?<=[{_HAN}])[,;:!?]$", line.text):
            return _bad(f"half-width {match.group().strip()} in Chinese text", line)
    return _ok("full-width punctuation")


@_check("address", "soft", "practice (称谓)")
def address(document: Document, expected: Expectations) -> Result:
    """C19. To superiors and equals no 你局; to subordinates no 贵局.

    Limits: only 你 or 贵 before the name of a kind of organ is known.
    """
    organ = "(?:省|市|县|区|乡|镇|局|厅|委|办|部|院|校|所|单位|部门|公司|集团|政府)"
    patterns = {
        "up": rf"(?<![{_HAN}])你{organ}|[请望由与和向]你{organ}",
        "parallel": rf"(?<![{_HAN}])你{organ}|[请望由与和向]你{organ}",
        "down": rf"(?<![宝珍名昂可高显富权])贵{organ}",
    }
    pattern = patterns.get(expected.direction)
    if pattern is None:
        return None
    for line in document.after_title:
        if match := re.search(pattern, line.text):
            return _bad(f"{match.group()} does not fit the 行文方向", line)
    return _ok("the address fits the 行文方向")


@_check("required_terms", "soft", "条例 art. 19(1)")
def required_terms(document: Document, expected: Expectations) -> Result:
    """The terms that a complete answer to the question can't do without are there.

    Limits: found as strings.
    """
    if not expected.required_terms:
        return None
    text = facts.normalise("".join(line.text for line in document.document_lines))
    absent = [terms[0] for terms in expected.required_terms if not any(facts.normalise(term) in text for term in terms)]
    return _bad(f"missing: {'、'.join(absent)}") if absent else _ok("the necessary terms are there")


@_check("unsourced_figures", "soft", "条例 art. 19(2), 20(4)")
def unsourced_figures(document: Document, expected: Expectations) -> Result:
    """C15. No figure with a unit that the material neither gives nor implies.

    Limits: see facts.unsourced_figures.
    """
    if expected.prompt is None:
        return None
    for line in document.document_lines:
        found = facts.unsourced_figures(line.text, expected.prompt)
        if found:
            return _bad(f"figures of no source: {'、'.join(found[:5])}", line)
    return _ok("every figure has a source")


@_check("length", "soft", "the task's own demand")
def length(document: Document, expected: Expectations) -> Result:
    """C20. The number of characters that are not white space is in the range asked.

    Limits: an explanation around the document counts too.
    """
    if expected.length is None:
        return None
    count = len(compact("".join(document.raw_lines)))
    least, most = expected.length
    if least <= count <= most:
        return _ok(f"{count} characters")
    return _bad(f"{count} characters, asked were {least} to {most}")

