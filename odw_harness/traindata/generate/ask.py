"""Instructions: the same facts asked for in five styles."""

import random
from collections.abc import Callable

from odw_harness.questions import OUTPUT_CONTRACT
from odw_harness.rules.document import compact
from odw_harness.traindata.generate.guard import leaks
from odw_harness.traindata.generate.material import read
from odw_harness.traindata.generate.scenario import Item, Scenario, layout

_CONTRACT_SHARE = 0.6
"""Of instructions that end in the task's own output contract; half of the rest end in other words for it."""


_LENGTH_SHARE, _LEAST_ASKED = 0.3, 300
"""Of instructions that say how long the document has to be, and from which length on (characters)."""


def _pick(rng: random.Random, key: str) -> str:
    return str(rng.choice(read("ask.yaml")[key]))


def subject(scenario: Scenario) -> str:
    """The title without its organ: 关于…的通知. A 令 has no subject in its title, so what it does is named."""
    if scenario.genre == "令":
        return f"{scenario.items[0].text}的{'嘉奖令' if '嘉奖' in scenario.title else '政府令'}"
    for issuer in scenario.issuers:
        rest = scenario.title.removeprefix(issuer)
        if rest != scenario.title and len(rest) > 4:
            return rest
    return scenario.title


def _whole(scenario: Scenario) -> str:
    """Who and what in one: the organ's name, unless the title has none, and the subject."""
    what = subject(scenario)
    return f"{_name(scenario)}{what}" if what.startswith(("关于", "公布", "嘉奖")) else f"{what}（{_name(scenario)}）"


def _head(scenario: Scenario) -> list[tuple[str, str]]:
    """The given elements, as labels and values."""
    count = len(scenario.attachments)
    attached = "、".join(scenario.attachments)
    given = [
        ("主送", scenario.recipient),
        ("令号" if scenario.genre == "令" else "编号" if scenario.genre == "纪要" else "发文字号", scenario.doc_number),
        ("签发人", scenario.signatory),
        ("联系人", f"{scenario.contact[0]}，联系电话{scenario.contact[1]}" if scenario.contact else None),
        (_date_label(scenario), scenario.date if scenario.date not in scenario.items[0].text else None),
        ("附件" if count == 1 else "附件两个", attached if count else None),
    ]
    return [(label, value) for label, value in given if value]


def _date_label(scenario: Scenario) -> str:
    if scenario.genre == "纪要":
        return "印发日期"
    if scenario.genre == "公报":
        return "发布日期"
    return "落款日期" if scenario.genre in ("工作总结", "工作计划", "调研报告") else "成文日期"


def _given(scenario: Scenario) -> str:
    parts = [f"{label}{value}" if label[:2] != "附件" else f"{label}：{value}" for label, value in _head(scenario)]
    return "，".join(parts)


def _items(scenario: Scenario) -> list[Item]:
    return [*((scenario.upper,) if scenario.upper else ()), *scenario.items]


def _name(scenario: Scenario) -> str:
    return "、".join(scenario.issuers)


def _lead(scenario: Scenario, key: str, rng: random.Random) -> str:
    """The request itself, in one of the wordings of a style."""
    return _pick(rng, key).format(
        who=_name(scenario),
        what=subject(scenario),
        whole=_whole(scenario),
        genre=scenario.genre,
        upper=scenario.upper.text if scenario.upper else "",
    )


def facts(scenario: Scenario, rng: random.Random) -> str:
    """Everything in running text."""
    mark = rng.choice(("。", "。", "；"))
    told = mark.join(item.text for item in _items(scenario)) + "。"
    lead = _lead(scenario, "facts_lead", rng)
    head = _given(scenario)
    if rng.random() < 0.5:
        return f"{lead}{'，' + head if head else ''}。{told}"
    return f"{told}{lead}{'，' + head if head else ''}。"


def points(scenario: Scenario, rng: random.Random) -> str:
    """A list of fields."""
    lead = _lead(scenario, "points_lead", rng)
    mark = rng.choice(("", "- ", "· ", "* ", "number"))
    rows = [("发文机关", _name(scenario)), ("标题事由", subject(scenario)), *_head(scenario)]
    body = [(item.label, item.value) for item in _items(scenario)]
    rows = [*rows, *body] if rng.random() < 0.7 else [*rows[:2], *body, *rows[2:]]
    lines = [f"{f'{i}. ' if mark == 'number' else mark}{label}：{value}" for i, (label, value) in enumerate(rows, 1)]
    return "\n".join([lead, *lines])


def colloquial(scenario: Scenario, rng: random.Random) -> str:
    """A colleague's request."""
    lead = _lead(scenario, "spoken_lead", rng)
    joins = [_pick(rng, "spoken_join") if i % 2 else "" for i in range(len(_items(scenario)))]
    told = "。".join(f"{join}{item.spoken}" for join, item in zip(joins, _items(scenario), strict=True))
    head = _given(scenario)
    head = _pick(rng, "spoken_head").format(head=head) if head else ""
    return f"{lead}{told}。{head}{_pick(rng, 'spoken_end')}"


def rewrite(scenario: Scenario, rng: random.Random) -> str:
    """A faulty draft to be written anew: no layout, spoken words, a wrong closing, without title."""
    lead = _lead(scenario, "rewrite_lead", rng)
    told = [item.spoken if rng.random() < 0.6 else item.text for item in _items(scenario)]
    title = _pick(rng, "draft_title").format(
        what=subject(scenario).removeprefix("关于").removesuffix("的" + scenario.genre)
    )
    opening, ending = _pick(rng, "draft_open"), _pick(rng, "draft_end")
    if rng.random() < 0.4:
        draft = "\n".join([title, opening, *(f"{i}、{text}" for i, text in enumerate(told, 1)), ending])
    else:
        draft = f"{title}\n{opening}{rng.choice(('，', '。', '；')).join(told)}。{ending}"
    head = _given(scenario)
    return f"{lead}{'要求：' + head + '。' if head else ''}\n{_pick(rng, 'draft_label')}\n{draft}"


def upper(scenario: Scenario, rng: random.Random) -> str:
    """From a superior's document, one point of which is to be carried out."""
    if scenario.upper is None:
        raise ValueError("there is no superior's document")
    lead = _lead(scenario, "upper_lead", rng)
    told = rng.choice(("。", "；")).join(item.text for item in scenario.items)
    head = _given(scenario)
    return f"{lead}{head}{'。' if head else ''}{_pick(rng, 'upper_facts')}{told}。"


STYLES: dict[str, Callable[[Scenario, random.Random], str]] = {
    "facts": facts,
    "points": points,
    "colloquial": colloquial,
    "rewrite": rewrite,
    "upper": upper,
}


def ask(scenario: Scenario, style: str, rng: random.Random) -> str:
    """The instruction: the request in a style, and mostly how the answer has to look."""
    text = STYLES[style](scenario, rng)
    length = round(len(compact(layout(scenario))), -2)
    if length >= _LEAST_ASKED and rng.random() < _LENGTH_SHARE and not leaks(f"{length}字"):
        text += f"{rng.choice(('篇幅', '全文', ''))}{length}字左右。"
    drawn = rng.random()
    if drawn < _CONTRACT_SHARE:
        return f"{text}\n\n{OUTPUT_CONTRACT}"
    if drawn < (1 + _CONTRACT_SHARE) / 2:
        return f"{text}{rng.choice((chr(10), chr(10) * 2))}{_pick(rng, 'contract')}"
    return text
