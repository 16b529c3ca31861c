"""Documents of meetings: 决议, 纪要."""

from typing import Any

from odw_harness.traindata.generate.compose import NUMERALS, Composer
from odw_harness.traindata.generate.figures import divide
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import day


def plan_resolution(c: Composer, policy: dict[str, Any]) -> Scenario:
    """决议 of a standing committee of the people's congress on a plan."""
    level = c.pick(("city", "county"))
    place = f"{c.world.city}市" if level == "city" else f"{c.world.county}县"
    session = f"{place}第{NUMERALS[c.integer(3, 8)]}届人民代表大会常务委员会第{_numeral(c.integer(11, 39))}次会议"
    first, last = c.year, c.year + c.pick((3, 4, 5))
    plan = f"《{place}{policy['name'].removeprefix('推进').removeprefix('加强').removeprefix('加快').removeprefix('促进')}规划（{first}—{last}年）》"
    return _resolution(c, policy, session, place, plan, f"{place[-1]}人民政府", f"全{place[-1]}各级各部门和广大干部群众")


def staff_resolution(c: Composer, policy: dict[str, Any]) -> Scenario:
    """决议 of an institution's staff congress on a plan."""
    organ = c.issuer()
    session = f"{organ.name}第{NUMERALS[c.integer(2, 7)]}届职工代表大会第{NUMERALS[c.integer(1, 6)]}次会议"
    plan = f"《{policy['name']}实施方案（{c.year}—{c.year + 3}年）》"
    return _resolution(c, policy, session, organ.me[1:] if False else organ.short, plan, organ.short, "全体职工")


def _resolution(c: Composer, policy: dict[str, Any], session: str, place: str, plan: str, author: str, everyone: str) -> Scenario:
    targets = [c.metric(text) for text in policy["targets"]]
    aim = "，".join(target.text for target in targets)
    measures = c.sample(list(c.field.measures), c.pick((2, 3)))
    year = plan[-6:-3] if False else plan.split("—")[1][:4] + "年"
    head = c.people(1)[0]
    items = [
        Item("会议", f"{session}于{c.stamp}举行", f"{session}于{c.stamp}举行", f"{session}在{c.stamp}开了", (session,)),
        Item("审议事项", f"听取{author}负责人{head}的说明，审查{plan}", f"会议听取了{author}负责人{head}所作的说明，审查了{plan}", f"会上听取了{author}负责人{head}的说明，审查了{plan}", (head, plan)),
        Item("主要目标", f"到{year}，{aim}", f"规划目标为到{year}，{aim}", f"目标是到{year}，{aim}", (year, *(fact for target in targets for fact in target.facts))),
        c.named("重点任务", measures),
        Item("结果", "决定批准", f"会议决定批准{plan}", f"最后决定批准{plan}", ("决定批准",)),
    ]
    short = c.pick(("《规划》", "规划")) if "规划" in plan else c.pick(("《方案》", "方案"))
    body = [
        f"{session}于{c.stamp}举行。会议听取了{author}负责人{head}所作的说明，{c.pick(('审查了', '审议了', '审查审议了'))}{plan}{f'（以下简称{short}）' if short[0] == '《' else ''}。{c.pick((short + '提出，', '会议审议的' + short + '明确，'))}到{year}，{aim}。",
        c.say("resolve_think", doc=short, place=place) + f"会议决定批准{plan}。",
        f"会议{c.pick(('要求', '强调'))}，{c.pick(('有关方面', author))}要{c.pick(('围绕', '突出抓好', '统筹推进'))}{'、'.join(measures)}，{c.deed(measures[0])}。",
        c.say("resolve_call", all=everyone),
    ]
    return Scenario(
        "决议", f"{session}关于{plan}的决议", (session,), c.stamp, body, items, date_position="head",
        note=f"{c.stamp}{session}通过",
    )


def _numeral(value: int) -> str:
    """11 to 39 in Chinese numerals."""
    tens, ones = divmod(value, 10)
    return f"{'' if tens == 1 else NUMERALS[tens - 1]}十{NUMERALS[ones - 1] if ones else ''}"


def _attendance(c: Composer, organ_place: str, count: int) -> tuple[list[tuple[str, str]], tuple[str, str]]:
    """Who came and who was absent, each with the unit."""
    if c.field.institutions:
        units = c.sample(c.field.helpers, count)
    else:
        units = [organ_place[-1] + name for name in c.sample([*c.field.helpers, c.field.organ], count)]
    names = c.people(len(units))
    pairs = list(zip(units, names, strict=True))
    return pairs[:-1], pairs[-1]


def project_minutes(c: Composer, project: dict[str, Any]) -> Scenario:
    """纪要 of a meeting on a project, with what was left open."""
    total = int(c.metric(f"总投资 万元 {project['cost']}").value.removesuffix("万元"))
    parts = divide(total, 2, c.rng)
    finish = c.later(30, 90)
    scale = c.metric(project["scale"][0])
    agreed = [
        ("项目规模", f"{scale.text}", scale.facts),
        ("资金筹措", f"项目总投资{total}万元，其中争取上级资金{parts[0]}万元、自筹资金{parts[1]}万元", (f"{total}万元", *(f"{v}万元" for v in parts))),
        ("前期工作", f"{c.near(finish)}前完成前期手续办理", (c.near(finish),)),
    ]
    topic = f"{project['act']}{project['name']}"
    pending = c.pick(("后期运营管理模式", "项目配套道路建设时序", "设备选型方案", "临时过渡场所安排", "周边管线迁改费用分担"))
    return _minutes(c, topic, agreed, pending if c.chance(0.6) else "")


def campaign_minutes(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """纪要 of a meeting on a campaign."""
    scope = c.metric(campaign["scope"])
    first, second = c.later(10, 30), c.later(40, 70)
    money = f"{c.integer(26, 180)}万元"
    agreed = [
        ("任务范围", f"{campaign['name']}覆盖{scope.label}{scope.value}", scope.facts),
        ("时间安排", f"{c.near(first)}前完成动员部署，{c.near(second)}前完成集中整治", (c.near(first), c.near(second))),
        ("经费保障", f"安排工作经费{money}", (money,)),
    ]
    pending = c.pick(("检查人员补助标准", "第三方机构参与方式", "长效考核办法")) if c.chance(0.5) else ""
    return _minutes(c, campaign["name"], agreed, pending)


def _minutes(c: Composer, topic: str, agreed: list[tuple[str, str, tuple[str, ...]]], pending: str) -> Scenario:
    organ = c.issuer("city bureau", "county bureau")
    held = day(c.earlier(2, 6))
    half = c.pick(("上午", "下午"))
    host = c.people(1)[0]
    place = c.pick(("第一会议室", "第三会议室", "四楼会议室", "多功能会议室", "党员活动室"))
    came, absent = _attendance(c, organ.place, 4 if not c.field.institutions else 4)
    while host in [name for _, name in [*came, absent]]:
        host = c.people(1)[0]
    units = [unit for unit, _ in came]
    duties = [f"由{units[i % len(units)]}负责" for i in range(len(agreed))]
    items = [
        Item("会议时间地点", f"{held}{half}，{place}", f"{held}{half}，{organ.head}{host}在{place}主持召开会议，研究{topic}有关问题", f"{held}{half}，{organ.head}{host}在{place}开会，研究{topic}的事", (held, place)),
    ]
    items[0] = Item("会议情况", items[0].text, items[0].text, items[0].spoken, (held, place, host))
    for (name, text, facts), duty in zip(agreed, duties, strict=True):
        items.append(Item(f"议定事项（{name}）", f"{text}，{duty}", f"议定：{text}，{duty}", f"{name}定的是{text}，{duty}", (*facts, duty[1:-2])))
    if pending:
        items.append(Item("未决事项", f"{pending}未作决定，会后进一步研究", f"关于{pending}，意见不一致，会议未作决定，会后由{units[0]}进一步研究", f"{pending}大家意见不一致，没定下来，会后由{units[0]}进一步研究", (pending, units[0])))
    listed = "，".join(f"{unit}{name}" for unit, name in came)
    away = f"{absent[0]}{absent[1]}"
    items.append(Item("出席", listed, f"出席：{listed}", f"到会的有{listed}", tuple(name for _, name in came)))
    items.append(Item("请假", away, f"请假：{away}", f"{away}请假了", (absent[1],)))
    lead = units[0]
    opening = f"{held}{half}，{organ.head}{host}在{place}主持召开{c.pick(('专题会议', '会议', '协调会议'))}，研究{topic}有关问题。{c.say('minutes_state', topic=topic, lead=lead)}{c.say('minutes_turn')}"
    points = [(f"关于{name}", f"{c.pick(('会议明确，', '会议议定，', '会议同意，', ''))}{text}，{duty}") for (name, text, _), duty in zip(agreed, duties, strict=True)]
    open_point = f"关于{pending}，与会单位意见不一致，会议未作决定，会后由{units[0]}进一步研究。"
    if c.chance(0.5):
        body = [opening, *c.sections(("议定事项", c.listing(points, "（一）")), ("未决事项", [open_point] if pending else []))]
    else:
        body = [opening, *c.listing(points, "一"), *([open_point] if pending else [])]
    body += [f"出席：{organ.head}{host}，{listed}。", f"请假：{away}。"]
    number = f"〔{c.year}〕{c.integer(3, 60)}号"
    title = c.pick((f"{organ.name}关于{topic}专题会议纪要", f"研究{topic}有关问题的会议纪要", f"{topic}专题会议纪要"))
    return Scenario(
        "纪要", title, (organ.name,), c.stamp, [*body, f"{organ.name}　{c.stamp}印发"], items, date_position="any",
        doc_number=number,
    )
