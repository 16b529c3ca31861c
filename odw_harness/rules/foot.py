"""The checks of the elements below the text, 附件说明 to 版记: pure functions from a document to findings.

Levels and limits are stated as in head.py.
"""

import re
from datetime import date as calendar_date

from odw_harness.rules.document import (
    Document,
    compact,
    is_date_label,
    is_office,
    is_signature,
    without_seal,
)
from odw_harness.rules.expectations import Expectations
from odw_harness.rules.finding import UNBROKEN, Result, bad, check, ok

_GOOD_DATE = re.compile(r"^(?:19|20)\d{2}年(?:[1-9]|1[0-2])月(?:[1-9]|[12]\d|3[01])日$")
_ANY_DATE = re.compile(r"(?:19|20)\d{2}年\d{1,2}月\d{1,2}日")


@check("attachment_note", "hard", "GB/T 9704—2012 7.3.4")
def attachment_note(document: Document, expected: Expectations) -> Result:
    """C9. 附件说明: 附件 and a full-width colon, numbered 1. 2. where there are several, no mark at the end.

    It stands below the text and above the 落款. Limits: names are compared by the words that the question gives; the
    last of the names, where it goes on over the next line, is compared by its first line.
    """
    lines = document.attachments
    if not lines and document.attachments_below:
        return bad("附件说明 stands below the text, above the 落款, not after the date", document.attachments_below)
    if not lines:
        if not expected.attachments:
            return None
        where = 1 if document.unbroken else None
        return bad("附件说明 is missing: 附件：… stands below the text, above the 落款", where)
    first = lines[0]
    if re.match(r"附\s*[:：]", first.text):
        return bad("附件说明 is written 附件：…, not 附：…", first)
    if re.match(r"附\s*件\s*[\d一二三四五六]", first.text):
        return bad("附件说明 is written 附件：1.名称, not 附件1", first)
    if not re.match(r"附\s*件\s*：", first.text):
        return bad("附件 is followed by a full-width colon (附件：)", first)
    names = [(line, re.sub(r"^附\s*件\s*：\s*", "", line.text)) for line in lines]
    names = [(line, name) for line, name in names if name]
    if inline := next((line for line, name in names if re.search(r"\D\s?[2-9]\s?[.．](?!\d)", name)), None):
        return bad("each 附件 stands on a line of its own", inline)
    marks = [re.match(r"(\d{1,2})\s*([.．、])", name) for _, name in names]
    if len(names) > 1 or len(expected.attachments) > 1:
        for position, ((line, _), mark) in enumerate(zip(names, marks, strict=True), 1):
            if mark is None or int(mark[1]) != position or mark[2] == "、":
                return bad(f"several 附件 are numbered 1. 2. …, found: {line.text}", line)
    elif names and marks[0]:
        return bad("a single 附件 has no number", names[0][0])
    for line, name in names:
        if name[-1] in "。；，,;.":
            return bad("the name of an 附件 ends without punctuation", line)
    if expected.attachments:
        if len(names) != len(expected.attachments):
            return bad(f"{len(names)} 附件 are named, given were {len(expected.attachments)}", first)
        for (line, name), words in zip(names, expected.attachments, strict=True):
            if compact(words) not in compact(name):
                return bad(f"the 附件 {name} is not the one given ({words})", line)
    return ok("附件说明 is right", first)


@check("signature", "hard", "条例 art. 9(11), 9(12); GB/T 9704—2012 7.3.5, 10.2")
def signature(document: Document, expected: Expectations) -> Result:
    """C10. The 署名 stands just above the date, each on a line of its own; 令 and 议案 carry 职务 and 姓名.

    Limits: with --genre any line that looks like an organ or an office with a name will do.
    """
    if not expected.signed:
        return None
    if document.unbroken:
        return bad(UNBROKEN.format("署名"), 1)
    wanted = "、".join(expected.signature) or "署名"
    if not expected.signature and document.adoption:
        return ok("adopted by a meeting, as the 题注 says", document.adoption)
    if document.date is None:
        ends = "".join(line.text for line in document.after_title[-4:])
        named = expected.signature and all(compact(name) in compact(ends) for name in expected.signature)
        return bad(
            f"{wanted} must stand just above a 成文日期, and there is no date"
            if named
            else f"落款 is missing: {wanted} and the date below it"
        )
    line, _, before = document.date
    if before and not is_date_label(before):
        return bad("署名 and 成文日期 stand on lines of their own", line)
    above = document.lines_before(line, max(2, len(expected.signature) + 1))
    if not above:
        return bad(f"{wanted} is missing above the date", line)
    if re.match("(?:发文机关署名|发文机关|发文单位|署名|落款)[:：]", above[-1].text):
        return bad("署名 is written without a label", above[-1])
    if not expected.signature:
        if expected.genre and expected.genre.name == "令" and not is_office(above[-1].text):
            return bad(f"a 令 is signed with 职务 and 姓名, found: {above[-1].text[:30]}", above[-1])
        if is_signature(above[-1].text):
            return ok("署名 stands above the date", above[-1])
        return bad(f"no 署名 just above the date, but: {above[-1].text[:30]}", above[-1])
    names = [re.sub("[:：、]", "", compact(name)) for name in expected.signature]
    tail = ""
    for item in reversed(above):
        tail = re.sub("[:：、]", "", compact(without_seal(item.text))) + tail
        for wording in ("".join(names), "".join(reversed(names))):
            if tail.endswith(wording) and re.search("[。；！？，]", tail.removesuffix(wording)):
                return bad("署名 stands on a line of its own", item)
            if tail.endswith(wording):
                return ok("署名 stands above the date", above[-1])
    return bad(f"just above the date should stand {wanted}, found: {above[-1].text[:30]}", above[-1])


@check("date", "hard", "条例 art. 9(12); GB/T 9704—2012 7.3.5.4")
def date(document: Document, expected: Expectations) -> Result:
    """C3. 成文日期 is in Arabic figures with the full year and no leading zeros (2024年3月5日), and the one given.

    In the 落款, or in the 题注 below the title where the kind of document has it there; a 纪要, whose layout is free
    (10.3), may have it as 时间：…. Limits: in the head, lines up to the sixth below the title count.
    """
    if expected.date_position is None:
        return None
    if document.unbroken:
        return bad(UNBROKEN.format("成文日期"), 1)
    if expected.date is None and document.adoption:
        return ok("the date is given in the 题注", document.adoption)
    if expected.date_position in ("head", "any"):
        for line in document.lines[:1] + document.head[:-4] + document.after_title[:6]:
            if expected.date and compact(expected.date) in compact(line.text) and len(line.text) <= 80:
                return ok("the date is given below the title", line)
            bare = compact(line.text).strip("（）()")
            held = _ANY_DATE.search(bare) and re.match("(?:会议)?时间[:：]", bare) and expected.date_position == "any"
            if not expected.date and (_GOOD_DATE.match(bare) or held):
                return ok("the date is given below the title", line)
        if expected.date_position == "head":
            return bad(f"the date {expected.date or ''} is missing below the title".replace("  ", " "))
    if document.date is None:
        imprint = next((line for line in document.after_title[-4:] if "印发" in line.text), None)
        found = _ANY_DATE.search(compact(imprint.text)) if imprint else None
        if expected.date_position == "any" and imprint and found and expected.date in (None, found.group()):
            return ok("the date is given in the 版记", imprint)
        return bad("成文日期 is missing: 2024年3月5日 stands on a line of its own at the end")
    line, written, before = document.date
    if before and is_date_label(before):
        return bad("成文日期 is written without a label", line)
    if not _GOOD_DATE.match(compact(written)):
        return bad(
            f"成文日期 {written!r} is not in the form 2024年3月5日 (Arabic figures, full year, no leading 0)", line
        )
    if not _exists(compact(written)):
        return bad(f"there is no {written}", line)
    if expected.date and compact(written) != expected.date:
        return bad(f"成文日期 is {written}, given was {expected.date}", line)
    return ok("成文日期 is right", line)


def _exists(written: str) -> bool:
    try:
        calendar_date(*map(int, re.findall(r"\d+", written)))
    except ValueError:
        return False
    return True


@check("imprint", "hard", "GB/T 9704—2012 7.4; 条例 art. 9, 15(1)")
def imprint(document: Document, expected: Expectations) -> Result:
    """版记: 抄送：organs。 with a full stop, a whole 印发日期, no 主题词 or 抄报.

    A 上行文 is not copied to subordinates. Applies where one of these is there. Limits: subordinates are known by 各
    (各乡镇, 各科室) only.
    """
    seen = None
    for index, line in enumerate(document.tail):
        if re.match(r"主\s*题\s*词", line.text):
            return bad("主题词 is no element of a 公文 since 2012", line)
        if re.match(r"抄\s*报", line.text):
            return bad("抄报 is no element of a 公文 since 2012: it is 抄送", line)
        if re.match(r"抄\s*送", line.text):
            seen = line
            last = line.text
            for following in document.tail[index + 1 : index + 6]:
                if last.endswith(("。", ".")) or "印发" in following.text:
                    break
                last += following.text
            if not re.match(r"抄\s*送\s*：", line.text):
                return bad("抄送 is followed by a full-width colon (抄送：)", line)
            if expected.direction == "up" and re.search("[：，、]各", last):
                return bad("a 上行文 is not copied to subordinates", line)
            if not last.endswith("。"):
                return bad("the last of the 抄送机关 is followed by a full stop", line)
        elif re.search(r"\d\s*日?\s*印\s*发\s*[。.]?$", line.text) and len(line.text) <= 60:
            seen = line
            if not re.search(r"(?:19|20)\d{2}年(?:[1-9]|1[0-2])月(?:[1-9]|[12]\d|3[01])日印发$", compact(line.text)):
                return bad("印发日期 is not in the form 2024年3月5日印发", line)
    return ok("版记 is right", seen) if seen else None


@check("closing", "soft", "practice (结语)")
def closing(document: Document, expected: Expectations) -> Result:
    """C12. One of the usual 结语 stands in the last 4 lines of the text.

    Limits: handbooks disagree about the wordings; the accepted set is wide and not complete.
    """
    if not expected.closings:
        return None
    lines = document.body[-4:]
    wordings = {re.sub(r"[\s，,。！、]", "", wording): wording for wording in expected.closings}
    for line in reversed(lines):
        text = re.sub(r"[\s，,。！、]", "", line.text)
        if found := next((wording for plain, wording in wordings.items() if plain in text), None):
            return ok(f"closes with {found}", line)
    return bad(f"no 结语 such as {expected.closings[0]} at the end of the text", lines[-1] if lines else None)
