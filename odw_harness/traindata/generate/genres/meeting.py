"""Documents of meetings: 决议, 纪要."""

from typing import Any

from odw_harness.rules.finding import CN
from odw_harness.texts import chinese
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.figures import divide
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import day


def _standing_committee(c: Composer) -> tuple[str, str]:
    """A place, and a meeting of its people's congress's standing committee."""
    place = c.pick((f"{c.world.city}市", f"{c.world.county}县"))
    count = chinese(c.integer(11, 39))
    return place, f"{place}第{CN[c.integer(2, 8)]}届人民代表大会常务委员会第{count}次会议"


def plan_resolution(c: Composer, policy: dict[str, Any]) -> Scenario:
    """决议 of a standing committee of the people's congress on a plan."""
    place, session = _standing_committee(c)
    plan = f"《{place}{c.noun(policy['name'])}规划（{c.year}—{c.year + c.pick((3, 4, 5))}年）》"
    return _plan(c, policy, session, (place, plan, f"{place[-1]}人民政府", f"全{place[-1]}各级各部门和广大干部群众"))


def staff_resolution(c: Composer, policy: dict[str, Any]) -> Scenario:
    """决议 of an institution's staff congress, or of a party committee's plenum, on a plan."""
    organ = c.issuer()
    plan = f"《{policy['name']}实施方案（{c.year}—{c.year + 3}年）》"
    if organ.name.startswith("中共"):
        place = organ.name[2:5]
        session = f"中国共产党{place}第{CN[c.integer(2, 8)]}届委员会第{CN[c.integer(3, 8)]}次全体会议"
        return _plan(c, policy, session, (place, plan, organ.short, f"全{place[-1]}各级党组织和广大党员"))
    session = f"{organ.name}第{CN[c.integer(1, 7)]}届职工代表大会第{CN[c.integer(1, 5)]}次会议"
    return _plan(c, policy, session, (organ.short, plan, organ.short, "全体职工"))


def _plan(c: Composer, policy: dict[str, Any], session: str, parties: tuple[str, str, str, str]) -> Scenario:
    place, plan, author, everyone = parties
    targets, head = [c.metric(text) for text in policy["targets"]], c.person()
    aim, year = "，".join(target.text for target in targets), f"{plan.split('—')[1][:4]}年"
    measures = c.measures(policy, c.pick((2, 3)))
    names = [name for name, _ in measures]
    items = [
        Item("会议", f"{session}于{c.stamp}举行", f"{session}于{c.stamp}举行", f"{session}在{c.stamp}开了", (session,)),
        Item(
            "审议事项",
            f"听取{author}负责人{head}的说明，审议{plan}",
            f"会议听取了{author}负责人{head}所作的说明，审议了{plan}",
            f"会上听取了{author}负责人{head}的说明，审议了{plan}",
            (head, plan),
        ),
        Item(
            "主要目标",
            f"到{year}，{aim}",
            f"目标为到{year}，{aim}",
            f"目标是到{year}，{aim}",
            (year, *(fact for target in targets for fact in target.facts)),
        ),
        c.named("重点任务", names),
        Item("审议结果", "决定批准", f"会议决定批准{plan}", f"最后决定批准{plan}", ("决定批准",)),
    ]
    kind = "规划" if "规划" in plan else "方案"
    short = c.pick((f"《{kind}》", kind))
    alias = f"（以下简称{short}）" if short.startswith("《") else ""
    said = c.pick((f"{short}提出，", f"会议审议的{short}明确，", f"{short}确定，"))
    opening = f"{session}于{c.stamp}举行。会议听取了{author}负责人{head}所作的说明，审议了{plan}{alias}。{said}到{year}，{aim}。"
    thought, decided = c.say("resolve_think", doc=short, place=place), f"会议决定批准{plan}。"
    deed = f"会议{c.pick(('要求', '强调'))}，{author}要{c.pick(('围绕', '聚焦', '紧扣'))}{'、'.join(names)}{c.pick(('', '等重点任务'))}，{measures[0][1]}。"
    call = c.say("resolve_call", all=everyone)
    body = [opening, thought + decided, deed, call] if c.chance(0.6) else [opening + thought, decided + deed, call]
    return Scenario(
        "决议",
        f"{session}关于{c.pick(('批准', ''))}{plan}的决议",
        (session,),
        c.stamp,
        body,
        items,
        date_position="head",
        note=f"{c.stamp}{session}通过",
    )


def work_resolution(c: Composer, section: str) -> Scenario:
    """决议 of a standing committee on a report of a field's work."""
    c.redate((2, 10), (8, 20))
    place, session = _standing_committee(c)
    year, head, part = f"{c.year - 1}年", c.person(), c.field.sections[section]
    office = f"{place[-1]}{c.field.organ}"
    report = f"{place[-1]}人民政府关于{year}{c.field.name}工作情况的报告"
    results = c.metrics(part["metrics"], 3)
    measures = c.measures(part, 1)
    other = next(name for name in c.sample(list(c.field.measures), 2) if name != measures[0][0])
    names = [measures[0][0], other]
    told = "，".join(result.text for result in results)
    chief = "主任" if office.endswith("委员会") else "局长"
    items = [
        Item("会议", f"{session}于{c.stamp}举行", f"{session}于{c.stamp}举行", f"{session}在{c.stamp}开了", (session,)),
        Item(
            "听取报告",
            f"{office}{chief}{head}受{place[-1]}人民政府委托作{report}",
            f"会议听取和审议了{office}{chief}{head}受{place[-1]}人民政府委托所作的{report}",
            f"{office}{chief}{head}受{place[-1]}人民政府委托作了{report}",
            (head, report),
        ),
        Item(
            section,
            told,
            f"报告载明，{told}",
            f"报告里说，{told}",
            tuple(fact for result in results for fact in result.facts),
        ),
        c.named("会议要求", names),
        Item("审议结果", "决定批准", "会议决定批准这个报告", "最后决定批准这个报告", ("决定批准",)),
    ]
    heard = f"会议听取和审议了{office}{chief}{head}受{place[-1]}人民政府委托所作的{report}。{c.pick(('报告载明，', '报告指出，', '根据报告，'))}{told}。"
    thought = c.pick(
        (
            f"会议认为，{year}{place[-1]}人民政府认真履行职责，{c.field.name}工作取得新的成效。",
            f"会议充分肯定{place[-1]}人民政府{year}的{c.field.name}工作。",
            "会议认为，报告实事求是，下一步工作安排切实可行。",
            "会议同意报告对工作的总结和下一步安排。",
        )
    )
    deed = f"会议{c.pick(('要求', '强调'))}，{place[-1]}人民政府及有关部门要{c.pick(('围绕', '聚焦', '紧扣'))}{'、'.join(names)}，{measures[0][1]}。"
    body = [
        f"{session}于{c.stamp}举行。{heard}",
        f"{thought}会议决定批准这个报告。",
        deed,
        c.say("resolve_call", all=f"全{place[-1]}上下"),
    ]
    return Scenario(
        "决议",
        f"{session}关于{c.pick(('批准', ''))}{report}的决议",
        (session,),
        c.stamp,
        body,
        items,
        date_position="head",
        note=f"{c.stamp}{session}通过",
    )


def project_minutes(c: Composer, project: dict[str, Any]) -> Scenario:
    """纪要 of a meeting on a project, with what was left open."""
    total = c.amount(project["cost"])
    parts, finish, scale = divide(total, 2, c.rng), c.near(c.later(30, 90)), c.metric(project["scale"][0])
    money = f"项目总投资{total}万元，其中争取上级资金{parts[0]}万元、自筹资金{parts[1]}万元"
    agreed = [
        ("项目规模", scale.text, scale.facts, "lead"),
        ("资金筹措", money, (f"{total}万元", *(f"{value}万元" for value in parts)), "money"),
        ("前期工作", f"{finish}前完成前期手续办理", (finish,), "other"),
    ]
    pending = c.pick(
        ("后期运营管理模式", "配套道路建设时序", "设备选型方案", "临时过渡场所安排", "周边管线迁改费用分担")
    )
    return _minutes(c, project, f"{project['act']}{project['name']}", agreed, pending if c.chance(0.6) else "")


def campaign_minutes(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """纪要 of a meeting on a campaign."""
    scope, first, second = c.metric(campaign["scope"]), c.near(c.later(10, 30)), c.near(c.later(40, 70))
    cost = f"{c.integer(26, 180)}万元"
    measure, text = c.measures(campaign, 1)[0]
    agreed = [
        ("任务范围", f"{campaign['name']}覆盖{scope.label}{scope.value}", scope.facts, "lead"),
        ("时间安排", f"{first}前完成动员部署，{second}前完成集中推进", (first, second), "lead"),
        ("经费保障", f"安排工作经费{cost}", (cost,), "money"),
        (measure, text, (measure,), "other"),
    ][: c.pick((3, 4))]
    pending = c.pick(("检查人员补助标准", "第三方机构参与方式", "长效考核办法")) if c.chance(0.5) else ""
    return _minutes(c, campaign, campaign["name"], agreed, pending)


def _cast(c: Composer, office: str) -> tuple[str, str, dict[str, str]]:
    """Who issues the 纪要, the office of who presides, and the units: lead, money, other, away."""
    if not c.field.institutions and c.chance(0.6):
        organ = c.organ(c.pick(("city", "county")))
        place = organ.place[-1]
        other, away = c.sample([name for name in c.field.helpers if name != "财政局"], 2)
        money = "财政局" if c.field.organ != "财政局" else "税务局"
        units = {"lead": c.field.organ, "money": money, "other": other, "away": away}
        return f"{organ.name}办公室", f"副{organ.head}", {key: place + name for key, name in units.items()}
    organ = c.issuer("city bureau", "county bureau")
    pool = c.field.helpers if c.field.institutions else c.field.offices
    money = next((name for name in pool if "财务" in name), "办公室" if c.field.institutions else "规划财务科")
    other, away = c.sample([name for name in pool if name not in (office, money, "办公室")], 2)
    return organ.name, organ.head, {"lead": office, "money": money, "other": other, "away": away}


def _minutes(
    c: Composer, matter: dict[str, Any], topic: str, agreed: list[tuple[str, str, tuple[str, ...], str]], pending: str
) -> Scenario:
    issuer, office, units = _cast(c, matter["office"])
    held, half = day(c.earlier(2, 6)), c.pick(("上午", "下午"))
    host, *names = c.people(5)
    place = c.pick(("第一会议室", "第三会议室", "四楼会议室", "多功能会议室", "七楼会议室"))
    came, away = dict(zip(("lead", "money", "other"), names, strict=False)), names[3]
    listed = "，".join(f"{units[key]}{name}" for key, name in came.items())
    absent = f"{units['away']}{away}"
    sat = f"{held}{half}，{office}{host}在{place}主持召开"
    items = [
        Item(
            "会议情况",
            f"{sat}会议，研究{topic}有关问题",
            f"{sat}会议，研究{topic}有关问题",
            f"{sat}会议，研究{topic}的事",
            (held, place, host),
        )
    ]
    duties = {key: f"由{units[key]}负责落实" for key in ("lead", "money")}
    duties["other"] = f"{duties['lead']}，{units['other']}配合"
    for name, text, facts, key in agreed:
        duty = duties[key]
        items.append(
            Item(
                f"议定事项（{name}）",
                f"{text}，{duty}",
                f"会议议定，关于{name}，{text}，{duty}",
                f"{name}定的是{text}，{duty}",
                (*facts, units[key], *([units["lead"]] if key == "other" else [])),
            )
        )
    later = f"会后由{units['lead']}进一步研究"
    if pending:
        left = f"关于{pending}，意见不一致，会议未作决定，{later}"
        items.append(
            Item(
                "未决事项",
                left.removeprefix("关于"),
                left,
                f"{pending}大家意见不一致，会议未作决定，{later}",
                (pending,),
            )
        )
    items.append(Item("出席", listed, f"出席：{listed}", f"到会的有{listed}", tuple(came.values())))
    items.append(Item("请假", absent, f"请假：{absent}", f"{absent}请假了", (away,)))
    kind = c.pick(("专题会议", "会议", "协调会议"))
    opening = f"{sat}{kind}，研究{topic}有关问题。{c.say('minutes_state', topic=topic, lead=units['lead'])}{c.say('minutes_turn')}"
    points = [
        (f"关于{name}", f"{c.pick(('会议明确，', '会议议定，', '会议同意，', ''))}{text}，{duties[key]}")
        for name, text, _, key in agreed
    ]
    open_point = f"关于{pending}，与会单位意见不一致，会议未作决定，{later}。"
    if c.chance(0.5):
        parts = (("议定事项", c.listing(points, "（一）")), ("未决事项", [open_point]))
        body = [opening, *(c.sections(*parts) if pending else c.listing(points, "一"))]
    else:
        body = [opening, *c.listing(points, c.pick(("一", "是"))), *([open_point] if pending else [])]
    body += [f"出席：{office}{host}，{listed}。", f"请假：{absent}。", f"{issuer}　{c.stamp}印发"]
    title = c.pick(
        (
            f"{issuer.removesuffix('办公室')}关于{topic}专题会议纪要",
            f"研究{topic}有关问题的会议纪要",
            f"{topic}专题会议纪要",
        )
    )
    return Scenario(
        "纪要",
        title,
        (issuer,),
        c.stamp,
        body,
        items,
        date_position="any",
        doc_number=f"〔{c.year}〕{c.serial(60)}号",
    )
