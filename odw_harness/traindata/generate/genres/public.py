"""Documents to everyone: 令, 公报, 公告, 通告."""

import re
from datetime import timedelta
from typing import Any

from odw_harness.rules.finding import CN
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.figures import number
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import day, phone, working_day


def order(c: Composer, rule: dict[str, str]) -> Scenario:
    """令 that publishes a rule of the city's government (条例 art. 8(3), GB/T 9704—2012 10.2)."""
    organ, mayor = c.organ("city"), c.person()
    name = c.measure_of(rule)
    kind, title = name[-2:], f"{organ.place}{name}"
    passed, start = day(c.earlier(5, 30)), day(c.later(25, 120))
    session, code = f"第{c.integer(14, 96)}次常务会议", f"第{c.integer(14, 168)}号"
    change = c.chance(0.3)
    subject = f"{organ.name}关于修改〈{title}〉的决定" if change else title
    book = f"《{subject}》"
    items = [
        Item("公布事项", book, f"公布{book}", f"要公布{book}", (book,)),
        Item(
            "通过情况",
            f"{passed}{session}审议通过",
            f"{passed}市人民政府{session}审议通过",
            f"{passed}市人民政府{session}已经审议通过",
            (passed, session),
        ),
        Item("施行日期", start, f"自{start}起施行", f"{start}起施行", (start,)),
        Item("签署", f"市长{mayor}", f"由市长{mayor}签署", f"市长{mayor}签的", (mayor,)),
    ]
    meeting = f"{c.pick((organ.name, '市人民政府'))}{session}"
    body = [c.say("order", rule=subject, day=passed, meeting=meeting, start=start, kind="决定" if change else kind)]
    if not change and c.chance(0.35):
        old = day(c.earlier(2000, 4600))
        dropped = f"{old}公布的原{kind}同时废止"
        items.insert(3, Item("废止事项", dropped, dropped, dropped, (old,)))
        body[0] += f"{dropped}。"
    return Scenario(
        "令", f"{organ.name}令", (organ.name,), c.stamp, body, items, doc_number=code, signature=(f"市长　{mayor}",)
    )


def honour_order(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """令 that honours a unit (条例 art. 8(3): 嘉奖有关单位和人员)."""
    level = c.pick(("city", "county"))
    organ, head = c.organ(level), c.person()
    unit = f"{organ.place}{c.field.organ}"
    results = c.metrics(campaign["results"], c.pick((1, 2)))
    since, code = day(c.earlier(60, 200)), f"第{c.integer(14, 168)}号"
    items = [
        Item("嘉奖对象", unit, f"嘉奖{unit}", f"要嘉奖{unit}", (unit,)),
        Item(
            "事迹",
            f"{since}起开展{campaign['name']}",
            f"{since}起，{unit}组织开展{campaign['name']}",
            f"他们从{since}起开展{campaign['name']}",
            (since, campaign["name"]),
        ),
        *results,
        Item("签署", f"{organ.head}{head}", f"由{organ.head}{head}签署", f"{organ.head}{head}签的", (head,)),
    ]
    told = "，".join(result.text for result in results)
    act = f"{since}起，{unit}组织开展{campaign['name']}，{told}，{c.pick(('成绩显著', '出色完成任务', '为全局工作作出突出贡献'))}。"
    hope = c.pick(
        (
            "希望受嘉奖单位珍惜荣誉，再接再厉，再立新功。",
            "望你们戒骄戒躁，继续发扬优良作风。",
            "希望全体人员保持昂扬斗志，争取更大成绩。",
            "各级各部门要以受嘉奖单位为榜样，恪尽职守、担当作为。",
        )
    )
    decided = c.say("honour_order", place=organ.place, who=unit)
    return Scenario(
        "令",
        f"{organ.name}嘉奖令",
        (organ.name,),
        c.stamp,
        [act, decided + hope] if c.chance(0.6) else [act + decided, hope],
        items,
        doc_number=code,
        signature=(f"{organ.head}　{head}",),
    )


def bulletin(c: Composer, section: str) -> Scenario:
    """公报 of a year's figures, led by one section."""
    c.redate((2, 1), (6, 20))
    organ = c.organ("city bureau")
    year = f"{c.year - 1}年"
    parts = c.sections_with(section, c.pick((1, 2, 2)))
    told = [(name, c.metrics(part["metrics"], c.pick((2, 3, 3)))) for name, part in parts]
    items = [Item("统计年度", year, f"反映{year}情况", f"写{year}的情况", (year,))]
    items += [c.section_item(name, metrics) for name, metrics in told]
    body = []
    if c.chance(0.6):
        intro = c.pick(
            (
                f"{year}，{organ.area}{c.field.name}事业稳步发展，主要情况如下：",
                f"现将{organ.place}{year}{c.field.bulletin.removesuffix('情况')}情况公布如下：",
                f"{year}，{organ.place}{c.field.name}工作扎实推进，各项任务有序落实。现公报如下：",
                f"根据年度统计结果，现将{year}有关情况公布如下：",
            )
        )
        body.append(intro)
    for i, (name, metrics) in enumerate(told):
        lead = c.pick((f"{year}，{organ.area}", "全年", f"{organ.area}", f"{year}，"))
        body += [
            f"{CN[i]}、{name}",
            f"{lead}{c.pick(('，', '；', '。')).join(metric.text for metric in metrics)}。",
        ]
    return Scenario(
        "公报",
        f"{organ.place}{year}{c.field.bulletin}公报",
        (organ.name,),
        c.stamp,
        body,
        items,
        date_position="head",
        byline=(organ.name, c.stamp),
    )


_SLOT = re.compile(r"\{(?:n ([\d.]+-[\d.]+) ([^}]+)|(\w+))\}")


def _filled(c: Composer, rows: list[list[str]]) -> list[Item]:
    """The items of a notice: {d1} to {d3} are dates in order, {after} is the day after {d2}, {p1} and {p2} are past.

    {n 10-90 个} is a figure with its unit.
    """
    first = c.later(6, 20)
    second = c.later(8, 24, first)
    ended = c.mirrored(first)
    begun = min(c.mirrored(second), working_day(ended - timedelta(days=1), -1))  # both may lie in one holiday
    slots = {
        "p1": day(begun),
        "p2": day(ended),
        "d1": day(first),
        "d2": day(second),
        "after": day(c.next_day(second)),
        "d3": day(c.later(10, 30, second)),
        "tel": phone(c.rng),
        "night": f"{day(first)}22时至{day(c.next_day(first))}6时",
        "dawn": f"{day(c.next_day(first))}6时",
        "town": c.world.towns[0],
        "town2": c.world.towns[1],
        "road": c.world.roads[0],
        "road2": c.world.roads[1],
        "river": c.world.river,
    }
    items = []
    for label, template in rows:
        facts: list[str] = []

        def fill(match: re.Match[str], facts: list[str] = facts) -> str:
            facts.append(number(match[1], c.rng) + match[2] if match[1] else slots[match[3]])
            return facts[-1]

        value = _SLOT.sub(fill, template)
        items.append(Item(label, value, f"{label}为{value}", f"{label}是{value}", tuple(facts)))
    return items


def announcement(c: Composer, notice: dict[str, Any]) -> Scenario:
    """公告 or 通告: items with dates, places and figures, and rules to keep."""
    genre, organ = notice["kind"], c.issuer("city bureau", "county bureau", "city bureau")
    listed = _filled(c, notice["items"])
    law = c.law_of(notice) if c.chance(0.5) and not c.field.institutions else ""
    items = [*([Item("依据", law, f"依据{law}", f"依据是{law}", (law,))] if law else []), *listed]
    basis = c.pick((f"根据{law}，", f"依据{law}有关规定，", f"按照{law}有关规定，")) if law else ""
    turn = c.say("public_turn", genre=genre)
    aim = notice["intro"].startswith(("为", "因"))
    opening = f"{notice['intro']}，{basis}{turn}" if aim else f"{basis}{notice['intro']}。{turn}"
    rules = c.sample(notice["rules"], c.pick((1, 2)))
    call = listed[-1]
    form = c.integer(0, 3)
    if form == 0:
        body = [opening, *(f"{CN[i]}、{item.label}：{item.value}。" for i, item in enumerate(listed))]
        body.append(f"{CN[len(listed)]}、{c.pick(('其他事项', '有关要求'))}：{'；'.join(rules)}。")
    elif form == 1:
        points = [f"（{CN[i]}）{item.label}：{item.value}。" for i, item in enumerate(listed[:-1])]
        body = [
            opening,
            *c.sections(
                ("基本事项", points),
                (c.pick(("有关要求", "注意事项")), [f"{'。'.join(rules)}。"]),
                ("联系方式", [f"{call.label}：{call.value}。"]),
            ),
        ]
    elif form == 2:
        body = [opening, *(f"{CN[i]}、{item.label}为{item.value}。" for i, item in enumerate(listed[:-1]))]
        body += [f"{CN[len(listed) - 1 + i]}、{rule}。" for i, rule in enumerate(rules)]
        body.append(f"{call.label}：{call.value}。")
    else:
        body = [
            opening,
            f"{'，'.join(f'{item.label}为{item.value}' for item in listed[:2])}。",
            f"{'；'.join(f'{item.label}为{item.value}' for item in listed[2:-1])}。",
        ]
        body += [f"{'。'.join(rules)}。", f"{call.label}：{call.value}。"]
    if c.chance(0.8):
        body.append(f"特此{genre}。")
    suffix = c.pick(("告", "公告" if genre == "公告" else "通告"))
    return c.issued(
        genre,
        organ,
        f"关于{notice['title']}的{genre}",
        body,
        items,
        doc_number=c.number_of(organ, suffix) if c.chance(0.5) else None,
    )
