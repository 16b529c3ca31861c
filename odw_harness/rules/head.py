"""The checks of the elements above the text, 发文字号 to 主送机关: pure functions from a document to findings.

Hard checks rest on a rule of 条例 or GB/T 9704—2012 (its clause is named), or on what the material demands; soft ones
on practice. Each docstring ends with its known limits.
"""

import re

from odw_harness.rules import facts
from odw_harness.rules.document import Document, compact, is_organ, without_suffix
from odw_harness.rules.expectations import Expectations
from odw_harness.rules.finding import CN, HAN, UNBROKEN, Result, bad, check, ok

_ADDRESSEE_NOT = re.compile(
    "^(?:现|为|根据|经|按|由|自|出席|请假|列席|参会|参加|缺席|主持|记录|时间|地点|人员)|决定|下列|[:：]"
)


@check("doc_number_form", "hard", "条例 art. 9(5); GB/T 9704—2012 7.2.5")
def doc_number_form(document: Document, expected: Expectations) -> Result:
    """C1. 发文字号 = 机关代字〔full year〕number without 第 or leading 0, then 号.

    令 has 第N号, and 公告, 通告, 公报 and 纪要 may have numbers of their own. Applies where a number is there. Limits:
    whether the 代字 belongs to the organ is not known.
    """
    line = document.doc_number
    name = expected.genre.name if expected.genre else ""
    if line is None:
        missing = name == "令" and expected.doc_number is None and document.lines and not document.unbroken
        return bad("令号 is missing: 第N号 stands below the title (GB/T 9704—2012 10.2)") if missing else None
    forms = [rf"[{HAN}]{{1,12}}〔(?:19|20)\d{{2}}〕[1-9]\d*号"]
    if name == "令":
        forms = [rf"第(?:[1-9]\d*|[{CN}百零〇]+)号"]
    elif name in ("公告", "通告", "公报"):
        forms += [r"[（(]?(?:(?:19|20)\d{2}年)?第[1-9]\d*号[)）]?"]
    elif name == "纪要":
        forms += [r"〔(?:19|20)\d{2}〕[1-9]\d*号", r"[（(]?(?:(?:19|20)\d{2}年)?第?[1-9]\d*[期号次][）)]?"]
    if any(re.fullmatch(form, compact(line.text)) for form in forms):
        return ok("发文字号 is well formed", line)
    shape = "第N号" if name == "令" else "机关代字〔年份〕N号, six-sided brackets, full year, no 第 or leading 0"
    return bad(f"发文字号 {line.text!r} is not in the form {shape}", line)


@check("doc_number_value", "hard", "条例 art. 9(5)")
def doc_number_value(document: Document, expected: Expectations) -> Result:
    """C2. 发文字号 is the one given, on a line of its own near the title.

    Limits: brackets are compared by doc_number_form, not here, so that one fault is blamed once.
    """
    if expected.doc_number is None:
        return None
    if document.unbroken:
        return bad(UNBROKEN.format("发文字号"), 1)
    line = document.doc_number
    if line is None:
        return bad(f"发文字号 {expected.doc_number} is missing: it stands on a line of its own near the title")
    if _same_number(line.text, expected.doc_number):
        return ok("发文字号 is the one given", line)
    return bad(f"发文字号 is {line.text}, given was {expected.doc_number}", line)


def _same_number(found: str, given: str) -> bool:
    def key(text: str) -> str:
        return re.sub(r"[〔〕\[\]()（）【】［］{}第]", "|", compact(facts.normalise(text)))

    return re.sub(r"\|+", "|", key(found)).strip("|") == re.sub(r"\|+", "|", key(given)).strip("|")


@check("signatory", "hard", "条例 art. 9(6); GB/T 9704—2012 7.2.6")
def signatory(document: Document, expected: Expectations) -> Result:
    """C11. A document to a superior names its 签发人, as 签发人：姓名.

    Limits: with --genre any name will do.
    """
    if not expected.signatory_needed:
        return None
    if document.unbroken:
        return bad(UNBROKEN.format("签发人"), 1)
    found = document.signatory
    wanted = expected.signatory or "姓名"
    if found is None:
        return bad(f"签发人：{wanted} is missing: a 上行文 names it near the 发文字号")
    line, name = found
    if not name:
        return bad("签发人 has no name", line)
    if expected.signatory and expected.signatory not in compact(name):
        return bad(f"签发人 is {name}, given was {expected.signatory}", line)
    if not re.search(r"签\s*发\s*人\s*：", line.text):
        return bad("签发人 is followed by a full-width colon (签发人：姓名)", line)
    return ok("签发人 is named", line)


@check("title", "hard", "条例 art. 9(7)")
def title(document: Document, expected: Expectations) -> Result:
    """C4. The title names organ, subject and one 文种, without punctuation at its end.

    With a question its pattern decides, otherwise the ending. Limits: with --genre a missing organ name is not
    seen (it may stand in the 发文机关标志).
    """
    line = document.title_line
    if document.unbroken:
        return bad(UNBROKEN.format("the title"), 1)
    found = document.title
    if not found:
        return bad("the text is empty")
    shown = found if len(found) <= 60 else found[:60] + "…"
    mixed = re.search(r"(请示报告|报告请示|请示函|申请报告|通知函|公告通告|批复函)$", found)
    if mixed:
        return bad(f"the title mixes two 文种: {mixed[1]}", line)
    if found[-1] in "。，、；：！？.,;:!?":
        return bad(f"the title ends with punctuation: {shown}", line)
    if re.match("(?:标题|题目)[:：]", found):
        return bad(f"the title is written without a label: {shown}", line)
    if expected.title_pattern:
        if document.fits(found, expected.title_pattern):
            return ok("the title is as expected", line)
        return bad(f"no line is the title expected ({expected.title_pattern}); taken for it: {shown}", line)
    genre = expected.genre
    if genre is None:
        return ok("there is a title", line)
    bare = without_suffix(found)
    if not bare.endswith(genre.endings):
        return bad(f"the title must end with {'/'.join(genre.endings)}; taken for it: {shown}", line)
    if genre.statutory and bare in genre.endings:
        return bad(f"the title is only {found}: it names organ, subject and 文种", line)
    if genre.name in ("通知", "通报", "报告", "请示", "批复", "函", "意见", "决定") and _subject_is_missing(
        bare, genre.name
    ):
        return bad(f"the title names no subject (关于…的{genre.name}): {shown}", line)
    if genre.name == "议案" and re.match(".+关于", bare) and not re.search("政府|国务院", bare.partition("关于")[0]):
        return bad(f"a 议案 comes from a people's government (条例 art. 8(13)): {shown}", line)
    return ok("the title names its 文种", line)


def _subject_is_missing(title: str, ending: str) -> bool:
    rest = re.sub("的?(?:紧急|补充|联合|重要)?$", "", title.removesuffix(ending))
    if "关于" in rest:
        return not rest.partition("关于")[2].strip("的")
    return not rest or is_organ(rest)


@check("title_organ", "soft", "条例 art. 9(7)")
def title_organ(document: Document, expected: Expectations) -> Result:
    """The title begins with the 发文机关, unless a 发文机关标志 above it names the organ.

    Soft, for a text often comes without its 版头. With a question its title pattern decides instead. Limits: only a
    title that starts with its subject (关于…, 转发…, 印发…) is seen to lack the organ.
    """
    genre = expected.genre
    if expected.title_pattern or genre is None or not genre.statutory or document.unbroken or not document.lines:
        return None
    marked = any(is_organ(re.sub(r"文\s*件$", "", line.text)) for line in document.lines[: document.title_index])
    if re.match("(?:关于|转发|印发|批转)", document.title) and not marked:
        return bad(f"the title names no 发文机关: {document.title[:30]}", document.title_line)
    return ok("the 发文机关 is named")


@check("recipient", "hard", "条例 art. 9(8); GB/T 9704—2012 7.3.2")
def recipient(document: Document, expected: Expectations) -> Result:
    """C5. 主送机关 stands below the title and ends with a full-width colon.

    For a document to a superior it is one (art. 15(1)), and no person (art. 15(5)). Limits: whether an abbreviation of
    an organ's name is a usual one is not known: with a question the given name must be there.
    """
    if expected.recipient_need == "none" or (expected.recipient_need == "optional" and expected.salutation):
        return None
    if document.unbroken:
        return bad(UNBROKEN.format("主送机关"), 1) if expected.recipient_need == "required" else None
    line = document.opening(expected.issuers)
    is_address = line is not None and _is_address(line.text)
    if not is_address or line is None:
        if expected.recipient_need == "optional":
            return None
        if labelled := next((item for item in document.head if re.match("主送(?:机关|单位)?[:：]", item.text)), None):
            return bad("主送机关 is written without a label", labelled)
        wanted = expected.recipient or "主送机关"
        return bad(f"主送机关 is missing: {wanted}： stands on the first line below the title", line)
    if line.text.endswith(":"):
        return bad("主送机关 ends with a half-width colon; it is ：", line)
    found = line.text.rstrip("：:")
    if expected.recipient and _organs(found) != _organs(expected.recipient):
        return bad(f"主送机关 is {found}, given was {expected.recipient}", line)
    if expected.direction == "up" and re.search("[、，,；;]|(?:政府|委员会|委|厅|局|部|办公室)[和及与并]", found):
        return bad("a 上行文 has one 主送机关", line)
    if expected.direction == "up" and re.search(
        "^尊敬的|(?:同志|书记|[省市州县区乡镇部厅局处科院校]长|主任|主席|领导)$", found
    ):
        return bad(f"a 上行文 goes to an organ, not to a person: {found}", line)
    return ok("主送机关 is right", line)


def _organs(text: str) -> str:
    return re.sub("[、,;；]", ",", compact(facts.normalise(text)))


def _is_address(text: str) -> bool:
    return (
        text.endswith(("：", ":"))
        and not re.search("[。；！？]|[:：].", text)
        and not re.search("(如下|以下|事项|通知|公告|通告|决定|强调|指出|要求|议定|报告|请示|批复|纪要)[：:]$", text)
    )


@check("no_recipient", "hard", "条例 art. 9(8); GB/T 9704—2012 10.2, 10.3")
def no_recipient(document: Document, expected: Expectations) -> Result:
    """C6. 令, 决议, 公告, 通告, 公报, 纪要 and writing that is no 公文 have no 主送机关.

    So has one that addresses an audience. Limits: only a line that names organs is taken for one, so an address
    of people passes.
    """
    if (expected.recipient_need != "none" and not expected.salutation) or document.unbroken:
        return None
    line = document.opening(expected.issuers)
    if line is not None and _is_address(line.text) and _names_organs(line.text.rstrip("：:")):
        return bad("this kind of document has no 主送机关", line)
    return ok("no 主送机关, as it should be")


def _names_organs(text: str) -> bool:
    parts = re.split("[，、；,;]", re.sub("[（(][^（）()]*[)）]", "", text))
    return not _ADDRESSEE_NOT.search(text) and all(is_organ(part) for part in parts)


@check("salutation", "soft", "practice (事务文书)")
def salutation(document: Document, expected: Expectations) -> Result:
    """A speech or an appeal addresses its audience below the title, with a colon.

    Limits: only the first 6 lines below the title are looked at.
    """
    if not expected.salutation or document.unbroken:
        return None
    for line in document.after_title[:6]:
        if len(line.text) <= 40 and any(word in line.text for word in expected.salutation):
            if line.text.endswith(("：", ":", "！")):
                return ok("the audience is addressed", line)
            return bad("the address ends with a colon", line)
    return bad(f"no address of the audience ({'/'.join(expected.salutation)}) below the title")
