"""Documents whose facts are wrong or gone: figures altered, names altered, facts dropped."""

import calendar
import random
import re
from collections.abc import Sequence

from odw_harness.judgecheck.perturb_parts import (
    CN,
    Parts,
    is_closing,
    is_text,
    level_of,
    numeral,
    ordered,
    parts_of,
    phrases,
    renumbered,
    sentences,
    share,
)
from odw_harness.questions import Question
from odw_harness.rules import facts

_UNITS = (
    "万人次|人次|万元|亿元|万吨|万亩|万件|万人|万户|平方米|立方米|平方公里|公里|千米|个百分点|个工作日|"
    "[%％‰元人名位户亩吨米岁份间株棵个月天年所家座张件项条台辆册场次起处支批章篇号期路届村万亿]"
)
_TOKEN = re.compile(
    r"〔\d{4}〕(?P<serial>\d+)(?=号)"
    r"|(?<!\d)0\d{2,3}-(?P<phone>\d{5,8})(?!\d)"
    r"|[A-Z]{1,4}\d{0,4}-(?P<code>\d+)"
    r"|(?P<m>\d{1,2})月(?P<d>\d{1,2})(?=日)|(?P<m2>\d{1,2})·(?P<d2>\d{1,2})|(?<=日)(?:至|[-—－~～])(?P<until>\d{1,2})(?=日)"
    r"|每月(?P<monthly>\d{1,2})(?=日)|(?<!\d)(?P<month>\d{1,2})(?=月)"
    r"|(?<!\d)(?P<hour>\d{1,2})(?:时|[:：])(?P<minute>\d{2})?"
    r"|(?P<year>(?<!\d)20\d{2})(?=年(?!\d))"
    rf"|第(?P<ordinal>[{CN}]{{1,3}}|\d{{1,3}})(?=[届条次号期])"
    r"|(?<!\d)(?P<grade>\d)(?=A级)"
    rf"|(?<![\d.A-Za-z-])(?P<value>\d+\.\d+|(?!20\d\d年)\d+(?={_UNITS}))(?P<unit>{_UNITS})?"
)
_COUNTED_ALIKE = {"名": "人", "位": "人", "家": "个", "所": "个", "座": "个", "处": "个", "％": "%"}
_KINDS = ("serial", "phone", "code", "until", "monthly", "month", "hour", "year", "ordinal", "grade")
_PERSON = r"[\u4e00-\u9fff]{2,4}"
_OFFICE_BEFORE = "(?:长|人|任|席|记|理|局|厅|委|政府|授予)"

Span = tuple[int, int]
Key = tuple[str, ...]


def figures_altered(question: Question, _others: Sequence[Question], strength: float, rng: random.Random) -> str | None:
    """The reference with a share of its figures altered, each wherever it stands, facts before other figures.

    Only figures of the material are altered, into others of the same shape that the material doesn't have; what the
    reference has worked out itself (a share, a sum) stays, and so does the title but for facts in it.
    """
    text = question.reference
    figures = _figures(text)
    given = _figures(question.prompt)
    stated = [found.span() for fact in question.facts for word in fact for found in re.finditer(re.escape(word), text)]
    of_facts = [key for key, spans in figures.items() if any(_touch(span, other) for span in spans for other in stated)]
    titled = "".join(_head(question))
    others = [
        key
        for key in figures
        if key in given and key not in of_facts and key[0] != "year" and key not in _figures(titled)
    ]
    taken = set(given) | set(figures)
    values: dict[Key, str | None] = {}
    for key in (*of_facts, *others):
        values[key] = new = _altered(key, taken, question, rng)
        taken.add((*key[:-1], new or "") if key[0] == "date" else (key[0], new or "", key[2]))
    order = [key for key in (*ordered(of_facts, rng), *ordered(others, rng)) if values[key] is not None]
    if not order:
        return None
    changes = {span: values[key] or "" for key in order[: share(strength, len(order))] for span in figures[key]}
    for (start, end), new in sorted(changes.items(), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _head(question: Question) -> tuple[str, ...]:
    parts = parts_of(question)
    return parts.head[parts.title : parts.title + 1]


def _touch(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _figures(text: str) -> dict[Key, list[Span]]:
    """The figures of a text in reading order, each with the places of its digits. Equal figures are one."""
    found: dict[Key, list[Span]] = {}
    month = ""
    for match in _TOKEN.finditer(text):
        groups = {name: value for name, value in match.groupdict().items() if value is not None}
        name = next((kind for kind in _KINDS if kind in groups), "")
        if "m" in groups or "m2" in groups:
            suffix = "" if "m" in groups else "2"
            month, name = groups["m" + suffix], "d" + suffix
            key: Key = ("date", month, groups[name])
        elif name == "until":
            key = ("date", month, groups[name])
        elif name:
            key = (name, groups[name], groups.get("minute", ""))
        else:
            name = "value"
            unit = groups.get("unit", "")
            key = ("value", groups[name], _COUNTED_ALIKE.get(unit, unit))
        found.setdefault(key, []).append(match.span(name))
    return found


def _altered(key: Key, taken: set[Key], question: Question, rng: random.Random) -> str | None:
    """Other digits for a figure, so that no figure of the material has them; None where there are none."""
    kind, old, more = key
    if kind == "date":
        options = _other_days(int(old), int(more), {int(key[2]) for key in taken if key[:2] == ("date", old)})
        return rng.choice(options) if options else None
    if kind == "phone":
        options = [old[:-4] + f"{number:04}" for number in rng.sample(range(1000, 9999), 5)]
    elif kind == "ordinal" and not old.isdigit():
        number = next((n for n in range(1, 100) if numeral(n) == old), 0)
        options = [numeral(n) for n in range(max(1, number - 3), number + 7) if number]
    elif kind in ("monthly", "month", "hour", "year", "grade"):
        least, most = {"monthly": (1, 28), "month": (1, 12), "hour": (6, 22), "year": (2000, 2099), "grade": (2, 5)}[
            kind
        ]
        options = [str(n) for n in range(int(old) - 4, int(old) + 5) if least <= n <= most]
    else:
        options = _other_numbers(old, more, question)
    options = [new for new in options if new != old and (kind, new, more) not in taken]
    return rng.choice(options) if options else None


def _other_days(month: int, day: int, taken: set[int]) -> list[str]:
    """Days of the month that are near and leave the order of its dates, if there are any."""
    last = calendar.monthrange(2023, month)[1] if 1 <= month <= 12 else 0
    free = [other for other in range(max(1, day - 9), min(last, day + 9) + 1) if other not in taken]
    before, after = max((t for t in taken if t < day), default=0), min((t for t in taken if t > day), default=32)
    inside = [other for other in free if before < other < after]
    return [str(other) for other in inside or free]


def _other_numbers(old: str, unit: str, question: Question) -> list[str]:
    """Numbers of as many digits and decimals, 0.55 to 1.7 times as great, that the question has in no scale."""
    decimals = len(old.partition(".")[2])
    digits = int(old.replace(".", ""))
    if digits < 10 and not decimals:
        return [str(number) for number in range(2, 10)]
    step = 10 ** (len(str(digits)) - len(str(digits).rstrip("0")))
    if digits < 10 * step and step > 1:
        step //= 10
    used = {
        number.rstrip("0") for number in re.findall(r"\d+", (question.prompt + question.reference).replace(".", ""))
    }
    found = []
    for number in range(int(digits * 0.55) // step * step, int(digits * 1.7), step):
        plain = str(number)
        near = abs(number - digits) < 0.04 * digits
        if near or len(plain) != len(str(digits)) or plain.rstrip("0") in used or (decimals and plain.endswith("0")):
            continue
        new = f"{number / 10**decimals:.{decimals}f}"
        if unit != "%" or float(new) < 100 or float(old) >= 100:
            found.append(new)
    return found


def names_altered(question: Question, _others: Sequence[Question], _strength: float, rng: random.Random) -> str | None:
    """The reference with persons and organs of its facts under other names, the same wherever they stand.

    Without a name among the facts the place of the 发文机关 has another name. Limits: a person is known by an office,
    an organ or a number of people beside the name in the material.
    """
    text, names = question.reference, phrases()["names"]
    pools = {kind: ordered([n for n in pool if n not in question.prompt], rng) for kind, pool in names.items()}
    given = [wording for fact in question.facts for wording in fact]
    given += [name for name in (question.signatory or "", *question.issuers) if len(name) < 4]
    changes: dict[str, str] = {}
    for word in dict.fromkeys(given):
        new = _other_name(word, question.prompt, pools)
        if new and word in text:
            changes[word] = new
    if not changes:
        for organ in (question.recipient, *question.issuers):
            place = re.match(r"([\u4e00-\u9fff]{2,3})[省市县区]", organ or "")
            if place and place[1] not in changes and pools["places"]:
                changes[place[1]] = pools["places"].pop()
                break
    for old in sorted(changes, key=len, reverse=True):
        text = text.replace(old, changes[old])
    return text if text != question.reference else None


def _other_name(word: str, material: str, pools: dict[str, list[str]]) -> str | None:
    """Another name of the same kind for a person, an organ or a place; None for what is no name."""
    name = re.escape(word)
    beside = rf"{_OFFICE_BEFORE}{name}|{name}(?:等\d+[名位人]|同志|说|主持)"
    if re.fullmatch(r"[\u4e00-\u9fff]{2,3}", word) and re.search(beside, material) and pools["persons"]:
        return pools["persons"].pop()
    for pattern, kind, pool in (
        (r"(市|县|省)([\u4e00-\u9fff]{2,10})(局)", "bureau", pools["bureaus"]),
        (r"()([\u4e00-\u9fff]{2,6}科)()", "section", pools["sections"]),
        (
            r"([\u4e00-\u9fff]{2})([\u4e00-\u9fff]{2,8}?)((?:工程|建设)?(?:集团)?有限公司)",
            "company",
            pools["companies"],
        ),
        (
            r"((?:[\u4e00-\u9fff]{2}[市县])?)([\u4e00-\u9fff]{2})((?:县|区|镇|乡)(?:人民政府)?)",
            "place",
            pools["places"],
        ),
    ):
        found = re.fullmatch(pattern, word)
        if found and pool:
            return found[1] + (pool[-1] if kind == "place" else pool.pop()) + found[3]
    return None


_NOT_AN_END = re.compile(
    r"(?:前|后|时|中|上|下|起|来|期间|如下|基础|要求|其中|其间|明确|载明|显示|说明|表明|认为|指出|当天|目前|上午|下午|之间|年)$"
    r"|^(?:为|经|根据|由|对|在|于|从|将|自)|^[\d年月日时分和至、]+$"
)
"""A clause that can't end a sentence: an adverbial, or what waits for its matter."""
_LINKED = re.compile("^(?:但|而|则|并|也|都|其|这|该|以|均|且|为|是|占|偏|同比|增长|下降|减少|比)")
"""A clause that can't follow what it doesn't refer to."""
_PREDICATE = re.compile("^(?:须|应|要|不得|可|会|已|均|仅|只|怎)")
"""A clause that its subject can't be without."""


def fact_dropped(question: Question, _others: Sequence[Question], strength: float, rng: random.Random) -> str | None:
    """The reference without what states a share of its facts: the bracket, clause, sentence or item, wherever it stands.

    Facts in the title can't be dropped. Numbering is counted anew, and a heading goes with its last item.
    """
    parts = parts_of(question)
    title = facts.normalise("".join(_head(question)))
    given = [(*fact, *(word[:-1] + "名" for word in fact if re.fullmatch(r"\d+人", word))) for fact in question.facts]
    droppable = [fact for fact in given if not _stated(title, fact) and _stated(question.reference, fact)]
    if not droppable or not parts.body:
        return None
    # a document isn't emptied for the sake of one fact
    droppable = [fact for fact in droppable if _without(parts, fact).body]
    for fact in ordered(droppable, rng):
        left = sum(_stated(parts.text, other) for other in droppable)  # a sentence may take others with it
        if len(droppable) - left >= share(strength, len(droppable)):
            break
        shorter = _without(parts, fact)
        parts = shorter if shorter.body else parts
    return parts.text if parts.text != question.reference else None


def _stated(text: str, fact: tuple[str, ...]) -> bool:
    return any(facts.states(facts.normalise(text), word) for word in fact)


def _without(parts: Parts, fact: tuple[str, ...]) -> Parts:
    head = [(i, line) for i, line in enumerate(parts.head) if i == parts.title or not _stated(line, fact)]
    title = [i for i, _ in head].index(parts.title)
    foot = tuple(line for line in parts.foot if not _stated(line, fact))
    body: list[str] = []
    dropped = False  # whether the item that the line belongs to has been dropped
    for line in parts.body:
        kept = _line_without(line, fact) if _stated(line, fact) else line
        belongs = level_of(line) is None and not is_text(line)
        dropped = not kept if not belongs else dropped
        if kept and not (belongs and dropped):
            body.append(kept)
    while (heading := next((i for i in range(len(body)) if _is_empty_heading(body, i)), None)) is not None:
        del body[heading]
    lines = renumbered(body) if len(body) < len(parts.body) else body
    return Parts(tuple(line for _, line in head), tuple(lines), foot, title)


def _is_empty_heading(body: list[str], index: int) -> bool:
    """Whether a heading has lost everything below it."""
    level = level_of(body[index])
    if level is None or is_text(body[index]):
        return False
    if index + 1 == len(body) or is_closing(body[index + 1]):
        return True
    following = level_of(body[index + 1])
    return following is not None and following <= level


def _line_without(line: str, fact: tuple[str, ...]) -> str:
    """A line without what states a fact; empty where nothing is left to say, or the fact stands in an item's heading."""
    parts = sentences(line)
    is_item = (level_of(line) is not None or re.match(f"第[{CN}]，", line) is not None) and len(parts) > 1
    kept: list[str] = []
    for sentence in parts:
        bare = re.sub("（[^（）]*）", lambda found: "" if _stated(found.group(), fact) else found.group(), sentence)
        kept.append(bare if not _stated(bare, fact) else _sentence_without(bare, fact))
    kept = [
        re.sub("^其中，?", "", sentence) if index and not kept[index - 1] else sentence
        for index, sentence in enumerate(kept)
    ]
    text = "".join(kept)
    return "" if is_item and (not kept[0] or text == kept[0]) else text


def _sentence_without(sentence: str, fact: tuple[str, ...]) -> str:
    """A sentence without its part between semicolons, or its clause, that states a fact; empty where nothing is left."""
    end = re.search("[。！？：]?[”’）]*$", sentence)
    pieces = sentence[: end.start() if end else None].split("；")
    kept = [piece if not _stated(piece, fact) else _piece_without(piece, fact) for piece in pieces]
    kept = [
        re.sub("^其中", "", piece) if index and not kept[index - 1] else piece
        for index, piece in enumerate(kept)
        if piece
    ]
    return "；".join(kept) + (end.group() if end else "") if kept else ""


def _piece_without(piece: str, fact: tuple[str, ...]) -> str:
    clauses = piece.split("，")
    stating = [index for index, clause in enumerate(clauses) if _stated(clause, fact)]
    kept = [clause for index, clause in enumerate(clauses) if index not in stating]
    following = [clauses[index + 1] for index in stating if index + 1 < len(clauses) and index + 1 not in stating]
    whole = (
        not stating
        or stating[0] == 0
        or not kept
        or _NOT_AN_END.search(kept[-1])
        or any(_LINKED.match(clause) for clause in following)
        or any(_PREDICATE.match(clauses[index]) for index in stating)
    )
    return "" if whole else "，".join(kept)
