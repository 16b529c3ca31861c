"""Documents to everyone: 令, 公报, 公告, 通告."""

import re
from typing import Any

from odw_harness.traindata.generate.compose import NUMERALS, Composer
from odw_harness.traindata.generate.figures import number
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import day, phone


def order(c: Composer, rule: str) -> Scenario:
    """令 that publishes a rule of the city's government (条例 art. 8(3), GB/T 9704—2012 10.2)."""
    organ = c.organ("city")
    kind = "办法" if rule.endswith("办法") else "规定"
    name = rule if rule.endswith(kind) else rule.removesuffix("条例") + kind
    title, mayor = f"{organ.place}{name}", c.people(1)[0]
    passed, start = day(c.earlier(5, 30)), day(c.later(25, 120))
    session = f"第{c.integer(14, 96)}次常务会议"
    meeting = f"{c.pick((organ.name, '市人民政府'))}{session}"
    code = f"第{c.integer(14, 168)}号"
    change = c.chance(0.3)
    subject = f"{organ.place}人民政府关于修改〈{title}〉的决定" if change else title
    book = f"《{subject}》"
    items = [
        Item("公布事项", book, f"公布{book}", f"要公布{book}", (book,)),
        Item("通过情况", f"{passed}{session}审议通过", f"已经{passed}市人民政府{session}审议通过", f"{passed}市人民政府{session}已经审议通过", (passed, session)),
        Item("施行日期", start, f"自{start}起施行", f"{start}起施行", (start,)),
        Item("签署", f"市长{mayor}", f"由市长{mayor}签署", f"市长{mayor}签的", (mayor,)),
    ]
    body = [c.say("order", rule=subject, day=passed, meeting=meeting, start=start, kind="决定" if change else kind)]
    if c.chance(0.3):
        old = f"{c.year - c.integer(5, 14)}年{c.integer(1, 12)}月{c.integer(1, 28)}日"
        items.insert(3, Item("废止事项", f"{old}公布的原规定同时废止", f"{old}公布的原规定同时废止", f"{old}公布的原规定同时废止", (old,)))
        body[0] = body[0].removesuffix("。") + f"。{old}公布的原规定同时废止。"
        if not body[0].endswith("起施行。"):
            body[0] = body[0]
    return Scenario(
        "令", f"{organ.name}令", (organ.name,), c.stamp, body, items, doc_number=code, signature=(f"市长　{mayor}",),
    )


def bulletin(c: Composer, section: str) -> Scenario:
    """公报 of a year's figures, led by one section."""
    organ = c.organ(c.pick(("city bureau", "city bureau", "county bureau")))
    year = c.year - 1
    others = [name for name in c.field.sections if name != section]
    chosen = [section, *c.sample(others, c.pick((1, 2)))]
    told = [(name, c.metrics(c.field.sections[name], c.pick((2, 3, 3)))) for name in c.field.sections if name in chosen]
    items = [Item("统计年度", f"{year}年", f"反映{year}年情况", f"写{year}年的情况", (f"{year}年",))]
    for name, metrics in told:
        clauses = "，".join(metric.text for metric in metrics)
        items.append(Item(name, clauses, f"{name}方面，{clauses}", f"{name}这块，{'，'.join(m.spoken for m in metrics)}", tuple(f for m in metrics for f in m.facts)))
    body = []
    for i, (name, metrics) in enumerate(told):
        lead = c.pick((f"{year}年，{organ.area}", "全年", f"{organ.area}", f"{year}年，"))
        body += [f"{NUMERALS[i]}、{name}", f"{lead}{c.pick(('，', '；', '。')).join(metric.text for metric in metrics)}。"]
    return Scenario(
        "公报", f"{organ.place}{year}年{c.field.bulletin}公报", (organ.name,), c.stamp, body, items, date_position="head",
        byline=(organ.name, c.stamp),
    )


_SLOT = re.compile(r"\{(?:n ([\d.]+-[\d.]+) ([^}]+)|(\w+))\}")


def announcement(c: Composer, notice: dict[str, Any]) -> Scenario:
    """公告 or 通告: items with dates, places and figures, and rules to keep."""
    genre = notice["kind"]
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    first = c.later(6, 20)
    second = c.later(8, 24, first)
    third = c.later(10, 30, second)
    slots = {
        "d1": day(first), "d2": day(second), "d3": day(third), "tel": phone(c.rng), "town": c.world.towns[0],
        "town2": c.world.towns[1], "road": c.world.roads[0], "road2": c.world.roads[1], "river": c.world.river,
    }
    items = []
    for label, template in notice["items"]:
        facts: list[str] = []

        def fill(match: re.Match[str], facts: list[str] = facts) -> str:
            value = number(match[1], c.rng) + match[2] if match[1] else slots[match[3]]
            facts.append(value)
            return value

        value = _SLOT.sub(fill, template)
        items.append(Item(label, value, f"{label}为{value}", f"{label}是{value}", tuple(facts)))
    law = c.chance(0.5)
    basis = c.pick((f"根据{c.field.law}", f"依据{c.field.law}有关规定", f"按照{c.field.law}")) if law else ""
    rules = c.sample(notice["rules"], c.pick((1, 2)))
    intro = f"{notice['intro']}，{basis}{'，' if basis else ''}{c.pick(('经研究', f'{organ.short}决定' if False else '经研究决定'))}，"
    opening = intro.removesuffix("，") + "，" + c.say("public_turn", genre=genre).removeprefix("经研究，")
    if law:
        items.insert(0, Item("依据", c.field.law, f"依据{c.field.law}", f"依据是{c.field.law}", (c.field.law,)))
    listed = items[1:] if law else items
    form = c.integer(0, 2)
    if form == 0:
        body = [opening, *(f"{NUMERALS[i]}、{item.label}：{item.value}。" for i, item in enumerate(listed))]
        body += [f"{NUMERALS[len(listed)]}、其他事项：{'；'.join(rules)}。"]
    elif form == 1:
        body = [opening]
        for i, item in enumerate(listed):
            body += [f"{NUMERALS[i]}、{item.label}", f"{item.value}。"]
        body += [f"{NUMERALS[len(listed)]}、有关要求", f"{'。'.join(rules)}。"]
    else:
        body = [opening, *(f"{NUMERALS[i]}、{item.label}为{item.value}。" for i, item in enumerate(listed[:-1])), *(f"{rule}。" for rule in rules), f"{listed[-1].label}：{listed[-1].value}。"]
    if c.chance(0.8):
        body.append(f"特此{genre}。")
    return Scenario(
        genre, f"{organ.name}关于{notice['title']}的{genre}", (organ.name,), c.stamp, body, items,
        doc_number=c.number_of(organ, c.pick(("告", "公告" if genre == "公告" else "通告", "规"))) if c.chance(0.5) else None, signature=(organ.name,),
    )
