"""What a document is made of, as whoever asks for it would have to say: its elements, and every fact in its text.

A writer can't know figures, dates, numbers, names; whatever of these a document states, its instruction must give, or
training teaches to invent.
"""

import re
from dataclasses import dataclass

from odw_harness.check import genre_of_title
from odw_harness.rules.document import Document, Line, is_head_mark, is_office, is_organ, is_signature, without_suffix
from odw_harness.rules.facts import UNIT, normalise
from odw_harness.rules.genres import GENRES

_NAMED = re.compile(r"《[^《》\n]{1,60}》")
_DATE = re.compile(r"(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?(?:至(?:\d{1,2}月)?\d{1,2}日)?|\d{4}年(?:度)?")
_NUMBER = r"\d+(?:[.,:：/\-－—]\d+)*"
_FIGURE = re.compile(rf"〔\d{{4}}〕第?\d+号|[A-Za-z]+[-—]?{_NUMBER}|{_NUMBER}\s*(?:{UNIT}|[时分号期路楼室])?")
_CHINESE_FIGURE = re.compile(
    rf"[一二三四五六七八九十百千万亿两零〇]{{2,}}(?:余|多)?{UNIT}|百分之[一二三四五六七八九十百]+|[一二三四五六七八九]成"
)
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9\-]+")
_QUOTED = re.compile(r"“[^“”\n]{1,40}”")
_BREAKS = re.compile(
    r"[，,。；;：:！!？?“”《》（）()\s\t]|由|经|向|会同|牵头|负责|组织|配合|报送|按照|根据|对|请|在"
    r"|位于|落实|收购|授予|决定|委托|划转|转让"
)
"""What stands around the name of an organ in a sentence."""
_BEFORE = re.compile("^(?:与|和|及|给)")
_EVERYONE = re.compile(
    r"^(?:各|全|有关|相关|本|我|你|贵|该|其|所属|上级|下级|主管|同级|基层|地方|人民政府$|机关|参会|与会|责任)"
)
_FROM_A_PLACE = re.compile(r"[省市县区州盟旗乡镇村]|街道|国|公司|集团|大学|学院|医院|银行")
_PERSON = re.compile(
    r"(?:市长|县长|区长|省长|州长|乡长|镇长|主任|局长|厅长|部长|书记|主席|院长|馆长|校长|经理|处长|科长|会长)[\u4e00-\u9fff·]{2,4}(?:主持|出席|所作|宣布|强调|指出|说|等|签署|同志)"
    r"|等\d+[名位]同志|(?:授予|追授|任命|免去)[\u4e00-\u9fff·]{2,4}同志"
)
_PEOPLE = re.compile(
    r"^[（(]此件|^[（(]?(?:签发人|联系人|主持人?|负责人|记录人?|报告人|出席|列席|请假|缺席|参加|参会|抄送|抄报)[\u4e00-\u9fff]{0,4}[:：]"
)
"""Lines of names, which are facts from end to end, and the 附注 that says to whom a document is open."""
_ORGAN_WITHIN = re.compile(
    r"(?<![各全县区市])[省市县区州镇乡][\u4e00-\u9fff]{0,10}(?:局|厅|委员会|人民政府|中心|医院|大学|学院|中学|小学|支队)"
)
_FIRM_WITHIN = re.compile("[\u4e00-\u9fff]{4,}(?:公司|集团)")
_NO_NAME = re.compile(
    "[了的以是将被把、我]|[贵本](?:公司|集团|单位|[局委厅部院校])|同意|建议|批准|部署|成立|新建|关于|明确"
)
_HEADING = re.compile(
    r"^(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[)）]|第[一二三四五六七八九十百]+[章条部分]+\s?)"
)
_ITEM = re.compile(r"^(?:[（(]\d{1,2}[)）]|\d{1,2}[.．、](?!\d)|[①-⑳])\s*")
_LABEL = re.compile(r"^附\s*件\s*[\d一二三四五六]*\s*[:：.．、]?\s*|^附\s*[:：]\s*|^\d{1,2}\s*[.．、]\s*")
_SENTENCES = re.compile(r"[^。；！？;!?]+[。；！？;!?]?”?")
_CLAUSES = re.compile(r"[^，,]+[，,]?")
_LONGEST_HEADING = 25
_ENDINGS = tuple(ending for genre in GENRES.values() for ending in genre.endings if ending)
"""Of any title."""
_LONGEST_SENTENCE = 60
"""Characters: a longer one is cut to its part with facts."""


@dataclass(frozen=True)
class Elements:
    """A document's elements, empty where it has none.

    genre: 文种, empty where the title names none. marks: what stands above the title beside number and 签发人: 份号, 密级,
    紧急程度, 发文机关标志. matter: 事由, or the whole title. issuers: 发文机关, as signed or as the
    title names it; signed_by: office and name, where a person signs. salutation: whether recipient is an audience (同志们) and no 主送机关. outline: headings of the first
    level. material: every sentence, cut to its part with facts, that says what a writer can't know. facts: these, one by
    one, as they are written.
    """

    genre: str
    marks: tuple[str, ...]
    title: str
    matter: str
    issuers: tuple[str, ...]
    signed_by: str
    recipient: str
    salutation: bool
    doc_number: str
    signatory: str
    date: str
    attachments: tuple[str, ...]
    outline: tuple[str, ...]
    material: tuple[str, ...]
    facts: tuple[str, ...]


def facts_in(text: str) -> tuple[str, ...]:
    """What a text states that nobody can guess: dates, figures with units, numbers, 《…》, names of organs.

    >>> facts_in("由市水务局牵头，2024年3月5日前完成《排查方案》，投入12.5万元，检查30处。")
    ('《排查方案》', '2024年3月5日', '12.5万元', '30处', '市水务局')
    """
    found: dict[str, None] = dict.fromkeys(_NAMED.findall(text))
    for line in (_ITEM.sub("", _HEADING.sub("", line.strip())) for line in text.split("\n")):
        plain = _DATE.sub(lambda match: "\0" * len(match[0]), line)
        found |= dict.fromkeys(match[0] for match in _DATE.finditer(line))
        for pattern in (_FIGURE, _CHINESE_FIGURE):
            found |= dict.fromkeys(match[0].strip() for match in pattern.finditer(plain))
        parts = [_BEFORE.sub("", part) for part in _BREAKS.split(line)]
        found |= dict.fromkeys(part for part in parts if _is_named_organ(part))
        within = [*_ORGAN_WITHIN.findall(line), *(firm for part in parts for firm in _FIRM_WITHIN.findall(part))]
        found |= dict.fromkeys(
            organ for organ in within if not _NO_NAME.search(organ) and not any(organ in each for each in found)
        )
    return tuple(found)


def _is_named_organ(text: str) -> bool:
    if not 4 <= len(text) <= 24 or _EVERYONE.search(text) or _NO_NAME.search(text):
        return False
    return is_organ(text) and _FROM_A_PLACE.search(text) is not None


def elements_of(text: str, genre: str | None = None) -> Elements:
    """The elements of a document in plain text. genre: its 文种, where something other than the title says it."""
    document = Document(text, endings=_ENDINGS)
    title = document.title
    kind = genre or genre_of_title(title) or ""
    told: set[int] = set(range(document.title_line or 0, _end_of_title(document)))
    number, signed = document.doc_number, document.signatory
    told |= {number.number} if number else set()
    told |= {signed[0].number} if signed else set()
    recipient = _recipient(document)
    told |= _numbers(document, recipient)
    marks = [line for line in document.lines[: document.title_index] if line.number not in told and _marks(line.text)]
    told |= {line.number for line in marks}
    signature = _signature(document)
    organs = tuple(line.text for line in signature if not is_office(line.text))
    attachments = document.attachments
    told |= {line.number for line in (*signature, *attachments)}
    date = document.date
    told |= {date[0].number} if date and not date[2] else set()
    lines = [line for line in document.lines if line.number not in told]
    heads, labelled = _table_heads(document), {line.number for line in attachments}
    return Elements(
        genre=kind,
        marks=tuple(line.text for line in marks),
        title=title,
        matter=_matter(title, kind),
        issuers=organs or _issuer_in_title(title, kind),
        signed_by="、".join(line.text for line in signature if is_office(line.text)),
        recipient=recipient.text.rstrip("：:") if recipient else "",
        salutation=recipient is not None and _is_audience(recipient.text),
        doc_number=number.text if number else "",
        signatory=(signed[1] or "") if signed else "",
        date=date[1].strip() if date else "",
        attachments=tuple(name for line in attachments if (name := _without_labels(line.text))),
        outline=tuple(dict.fromkeys(heading for line in lines if (heading := _heading(line.text)))),
        material=tuple(dict.fromkeys(part for line in lines for part in _material(line.text, line.number in heads))),
        facts=facts_in(
            "\n".join(_without_labels(each.text) if each.number in labelled else each.text for each in document.lines)
        ),
    )


def _marks(text: str) -> bool:
    return is_head_mark(text) or is_organ(text)


def _end_of_title(document: Document) -> int:
    below = document.after_title
    last = next((line.number for line in reversed(document.lines) if not below or line.number < below[0].number), 0)
    return last + 1


def _recipient(document: Document) -> Line | None:
    """主送机关 or salutation with its colon; one that is broken over lines is joined. A speaker above it is none of it."""
    line = document.opening()
    if line is None or not line.text.endswith(("：", ":")) or len(line.text) > 160:
        return None
    speaker = next((each for each in document.after_title if each.number >= line.number and is_office(each.text)), None)
    if speaker and line.text.startswith(speaker.text) and line.text != speaker.text:
        line = Line(speaker.number + 1, line.text.removeprefix(speaker.text))
    return None if re.search("如下|[。；]|^(?:现|为|根据|按照|经)", line.text) else line


def _is_audience(recipient: str) -> bool:
    return not is_organ(re.split("[，、]", recipient.rstrip("：:"))[0])


def _numbers(document: Document, joined: Line | None) -> set[int]:
    """Numbers of the lines that a 主送机关 takes up."""
    numbers: set[int] = set()
    text = ""
    for line in document.after_title if joined else ():
        if joined and line.number >= joined.number and text != joined.text and joined.text.startswith(text + line.text):
            text += line.text
            numbers.add(line.number)
    return numbers


def _signature(document: Document) -> tuple[Line, ...]:
    if not document.date or document.date[2]:
        return ()
    found: list[Line] = []
    for line in reversed(document.lines_before(document.date[0], 6)):
        if not is_signature(line.text) or _LABEL.match(line.text):
            break
        found.insert(0, line)
    return tuple(found)


def _issuer_in_title(title: str, genre: str) -> tuple[str, ...]:
    before = title.partition("关于")[0] if "关于" in title else title.removesuffix(genre)
    return (before,) if before != title and is_organ(before) else ()


def _matter(title: str, genre: str) -> str:
    """事由: what stands between 关于 and 的文种; without 关于 the title without the 文种."""
    bare = without_suffix(title)
    about = bare.partition("关于")[2] if "关于" in bare else bare
    for ending in ("报告", "总结", "计划", genre):
        if genre and about.endswith(ending) and genre.endswith(ending) and len(about) > len(genre):
            return about.removesuffix(genre).removesuffix("的") or title
    return about or title


def _heading(text: str) -> str:
    label = re.match(r"[一二三四五六七八九十]+、", text)
    bare = text[label.end() :].rstrip("。：:") if label else ""
    return bare if 0 < len(bare) <= _LONGEST_HEADING and not re.search("[。；，]", bare) else ""


def _without_labels(text: str) -> str:
    while (shorter := _LABEL.sub("", text, count=1)) != text:
        text = shorter
    return text.strip()


def _table_heads(document: Document) -> set[int]:
    """Numbers of the lines that head a table (lines of cells parted by tabs), which say what its figures are."""
    rows = [number for number, raw in enumerate(document.raw_lines, 1) if "\t" in raw.strip()]
    return {number for number in rows if number - 1 not in rows and number + 1 in rows}


def _material(line: str, heads_a_table: bool = False) -> list[str]:
    """The sentences of a line that state something; a long one from its first clause that does to its last."""
    if heads_a_table:
        return [line]
    bare = _ITEM.sub("", _HEADING.sub("", line.strip(), count=1))
    if _PEOPLE.match(bare) or is_office(bare):
        return [bare.strip("（）()。")]
    parts = []
    for sentence in _SENTENCES.findall(bare):
        clauses = _CLAUSES.findall(sentence)
        stating = [index for index, clause in enumerate(clauses) if _states(clause)]
        if stating and len(sentence) > _LONGEST_SENTENCE:
            sentence = "".join(clauses[max(0, stating[0] - 1) : stating[-1] + 2])
        if stating or _states(sentence):
            parts.append(sentence.strip().rstrip("，,。；;：: "))
    return [part for part in parts if part]


def _states(text: str) -> bool:
    if any(
        pattern.search(text)
        for pattern in (_NAMED, _FIGURE, _CHINESE_FIGURE, _QUOTED, _LATIN, _PERSON, _ORGAN_WITHIN, _FIRM_WITHIN)
    ):
        return True
    return any(_is_named_organ(part) for part in _BREAKS.split(text))


def not_given(facts: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Those of some facts that a text does not state, whatever the widths of its figures."""
    plain = normalise(text)
    return tuple(fact for fact in facts if normalise(fact) not in plain)
