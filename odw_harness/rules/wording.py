"""The checks of a document's wording, numbering to length: pure functions from a document and expectations to findings.

Hard and soft as in head.py. Each docstring ends with its known limits.
"""

import re

from odw_harness.rules import facts
from odw_harness.rules.document import Document, compact
from odw_harness.rules.expectations import Expectations
from odw_harness.rules.finding import CN, HAN, Result, bad, check, ok


@check("numbering_form", "hard", "GB/T 9704—2012 7.3.3")
def numbering_form(document: Document, expected: Expectations) -> Result:
    """C7. Levels are numbered 一、 （一） 1. （1）: no （一）、 no 1、 no half-width brackets.

    Skipping a level is not blamed. Limits: numbers inside a paragraph are not looked at.
    """
    skip = {line.number for line in document.attachments}
    for line in document.after_title:
        if line.number in skip:
            continue
        if re.match(
            rf"(?:（[{CN}]+）[、，,.．]|[(（][{CN}]+\)|\([{CN}]+[)）]|\d{{1,2}}、(?!\d)|（\d{{1,2}}）[、，]|\(\d{{1,2}}[)）]"
            rf"|[(（]\d{{1,2}}\)|\d{{1,2}}[)）]|[{CN}]+[.．](?!\d)|[{CN}]+[)）])",
            line.text,
        ):
            return bad(f"numbering in a wrong form: {line.text[:8]} (right: 一、 （一） 1. （1）)", line)
    return ok("numbering is in the right forms")


@check("numbering_sequence", "soft", "GB/T 9704—2012 7.3.3")
def numbering_sequence(document: Document, expected: Expectations) -> Result:
    """C8. Each level starts at 1 and counts on; a lower level starts anew below each higher item.

    Annexes are not looked at. Limits: a level that goes on counting below the next higher item is blamed, though some
    write so.
    """
    patterns = (rf"([{CN}]{{1,3}})、", rf"（([{CN}]{{1,3}})）", r"(\d{1,2})[.．](?!\d)", r"（(\d{1,2})）")
    counts = [0, 0, 0, 0]
    skip = {line.number for line in document.attachments}
    seen = False
    first = document.after_title[0].number if document.after_title else 0
    for line in document.main:
        if line.number in skip or line.number < first:
            continue
        for level, pattern in enumerate(patterns):
            match = re.match(pattern, line.text)
            if not match:
                continue
            seen = True
            number = _numeral(match[1])
            if number != counts[level] + 1:
                return bad(f"{match[0]} follows number {counts[level]} of its level", line)
            counts[level] = number
            counts[level + 1 :] = [0] * (3 - level)
    return ok("numbering counts on") if seen else None


def _numeral(text: str) -> int:
    """The value of a number up to 99; 0 for what is none (二二十)."""
    if text.isdigit():
        return int(text)
    match = re.fullmatch(r"([二三四五六七八九])?(十)?([一二三四五六七八九])?", text)
    if match is None or (match[1] and match[3] and not match[2]):
        return 0
    tens, ten, ones = match.groups()
    if not ten:
        return CN.index(tens or ones) + 1
    return (CN.index(tens) + 1 if tens else 1) * 10 + (CN.index(ones) + 1 if ones else 0)


@check("forbidden", "hard", "条例 art. 15(4) and the 文种's own closing")
def forbidden(document: Document, expected: Expectations) -> Result:
    """C13. No wording that contradicts the 文种 or that the question rules out.

    Patterns pass over short quotations (“妥否，请批示”). Limits: the same thing in other words passes.
    """
    if not expected.forbidden and not expected.forbidden_patterns:
        return None
    for line in document.document_lines:
        text = re.sub(r"\s+", "", line.text)
        for word in expected.forbidden:
            if word in text:
                return bad(f"{word} does not belong in this document", line)
        text = re.sub("“[^”]{0,14}”", "“”", text)
        for pattern in expected.forbidden_patterns:
            if match := re.search(pattern, text):
                return bad(f"{match.group()} does not belong in this document", line)
    return ok("nothing forbidden")


_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_PLACEHOLDER = re.compile(
    r"[×✕]{2,}|(?<![A-Za-z])[XxＸｘ]{2,}(?![A-Za-z])|[×✕XＸ](?=\s?[年月日])"
    rf"|(?<![一二三四五六七八九〇○])[○〇]{{2,}}(?=[{HAN}])|(?<![{_SURNAMES}])某{{2,}}|某某(?=[省市县区乡镇村局厅委办])"
    rf"|_{{3,}}|＿{{2,}}|□{{2,}}"
    r"|[（(\[［](?:此处|请填|填写|请根据|根据实际|待补|待定|插入|具体(?![^)）]*[见附])|略[)）])[^)）\]］]{0,60}[)）\]］]?"
    r"|[\[［][^\]］]{0,20}(?:姓名|名称|日期|单位|电话|地址|文号|金额|机关|年份)[^\]］]{0,10}[\]］]"
)


@check("placeholder", "hard", "条例 art. 19(1)")
def placeholder(document: Document, expected: Expectations) -> Result:
    """C16. No placeholders: ×××, XX, 某某, 某县 (in a 公文), 【…】, ____, （此处填写…）, [单位名称].

    Blanks of a form in an annex are none, nor is a surname with 某某 (张某某). Limits: 【】 is allowed in news; a
    single × (3×5) is no placeholder.
    """
    patterns = [_PLACEHOLDER]
    if expected.genre is None or expected.genre.name != "新闻稿":
        patterns.append(re.compile("【[^】]*】"))
    if expected.genre and expected.genre.statutory:
        patterns.append(re.compile("某(?=[省市县区乡镇局厅委])"))
    for line in document.main:
        for pattern in patterns:
            if match := pattern.search(line.text):
                return bad(f"a placeholder is left: {match.group()[:20]}", line)
    return ok("no placeholders")


_AFTERWORD = re.compile(
    "希望(?:以上|这(?:份|篇|个)|对[您你])|以上(?:公文|文稿)|以上是(?:根据|为[您你]|按照|关于)|请根据实际.{0,12}(?:修改|调整|填写|补充|替换)"
    "|如(?:果)?(?:需|有|您|你).{0,20}(?:修改|调整|润色|告诉我|告知我|进一步的帮助)"
    "|[（(]?(?:注|说明|备注|写作说明|撰写说明|格式说明)[:：].{0,40}(?:以上|本文|本公文|格式|字数|模板|修改|调整|材料|成稿)"
)


@check("explanation", "soft", "the task's own demand (成稿, plain text)")
def explanation(document: Document, expected: Expectations) -> Result:
    """C17. Only the document: no Markdown, no explanation before or after it.

    Limits: an explanation is known by how such lines usually begin.
    """
    for number, raw in enumerate(document.raw_lines, 1):
        text = raw.strip()
        marks = re.match(r"#{1,6}\s|```|~~~|[-*+]\s+[^\s\d]|\|.*\||>\s|(?:-{3}|\*{3}|_{3})$", text)
        if match := marks or re.search(r"\*\*|(?<!_)__(?!_)", text):
            return bad(f"Markdown is left: {match.group()[:10].strip()}", number)
    if document.preamble:
        return bad(f"text before the document: {document.preamble[0].text[:20]}", document.preamble[0])
    for line in (*document.tail, *document.after_title[-3:]):
        if _AFTERWORD.match(line.text):
            return bad(f"text after the document: {line.text[:20]}", line)
    return ok("nothing but the document")


@check("punctuation", "soft", "GB/T 15834—2011")
def punctuation(document: Document, expected: Expectations) -> Result:
    """C18. Between Chinese characters stands full-width punctuation.

    Limits: half-width marks beside figures or Latin letters are not looked at, nor is the full stop.
    """
    for line in document.document_lines:
        if match := re.search(rf"(?<=[{HAN}])\s?[,;:!?()]\s?(?=[{HAN}])|(?<=[{HAN}])[,;:!?]$", line.text):
            return bad(f"half-width {match.group().strip()} in Chinese text", line)
    return ok("full-width punctuation")


@check("address", "soft", "practice (称谓)")
def address(document: Document, expected: Expectations) -> Result:
    """C19. To superiors and equals no 你局; to subordinates no 贵局.

    Limits: only 你 or 贵 before the name of a kind of organ is known.
    """
    organ = "(?:省|市|县|区|乡|镇|局|厅|委|办|部|院|校|所|单位|部门|公司|集团|政府)"
    patterns = {
        "up": rf"你{organ}",
        "parallel": rf"你{organ}",
        "down": rf"(?<![宝珍名昂可高显富权])贵{organ}",
    }
    pattern = patterns.get(expected.direction)
    if pattern is None:
        return None
    for line in document.after_title:
        if match := re.search(pattern, line.text):
            return bad(f"{match.group()} does not fit the 行文方向", line)
    return ok("the address fits the 行文方向")


@check("required_terms", "soft", "条例 art. 19(1)")
def required_terms(document: Document, expected: Expectations) -> Result:
    """The terms that a complete answer to the question can't do without are there.

    Limits: found as strings.
    """
    if not expected.required_terms:
        return None
    text = facts.normalise("".join(line.text for line in document.document_lines))
    absent = [terms[0] for terms in expected.required_terms if not any(facts.normalise(term) in text for term in terms)]
    return bad(f"missing: {'、'.join(absent)}") if absent else ok("the necessary terms are there")


@check("unsourced_figures", "soft", "条例 art. 19(2), 20(4)")
def unsourced_figures(document: Document, expected: Expectations) -> Result:
    """C15. No figure with a unit that the material neither gives nor implies.

    Limits: see facts.unsourced_figures.
    """
    if expected.prompt is None:
        return None
    for line in document.document_lines:
        found = facts.unsourced_figures(line.text, expected.prompt)
        if found:
            return bad(f"figures of no source: {'、'.join(found[:5])}", line)
    return ok("every figure has a source")


@check("length", "soft", "the task's own demand")
def length(document: Document, expected: Expectations) -> Result:
    """C20. The number of characters that are not white space is in the range asked.

    Marks of Markdown don't count. Limits: an explanation around the document counts.
    """
    if expected.length is None:
        return None
    count = len(compact("".join(line.text for line in document.lines)))
    least, most = expected.length
    if least <= count <= most:
        return ok(f"{count} characters")
    return bad(f"{count} characters, asked were {least} to {most}")
