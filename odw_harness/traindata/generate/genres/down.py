"""Documents to subordinates: 通知, 意见, 决定, 通报, 批复."""

from typing import Any

from odw_harness.traindata.generate.compose import NUMERALS, Composer
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import day


def campaign_notice(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """通知 that starts a campaign: scope, stages, measures, a date to report."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    name = campaign["name"] + c.pick(("", "", "工作", "专项行动"))
    scope = c.metric(campaign["scope"])
    start = c.later(4, 14)
    ends = [c.later(12, 26, start)]
    names = c.pick((["自查自改", "集中检查", "巩固提升"], ["摸底排查", "集中整治", "验收总结"], ["动员部署", "全面推进", "总结评估"]))
    for _ in names[1:]:
        ends.append(c.later(14, 30, ends[-1]))
    deadline = c.later(4, 12, ends[-1])
    when = c.span(start, ends[-1])
    upper = c.upper(f"开展{campaign['name']}", *c.superior(organ)) if c.chance(0.6) else None
    basis = f"根据{upper.value}要求，" if upper else c.pick(("", f"依据{c.field.law}，")) if c.chance(0.6) else ""
    measures = c.measures(c.pick((2, 3)))
    items = [
        Item("时间安排", when, f"{name}时间为{when}", f"时间定在{when}", (when,)),
        Item("检查范围", f"{organ.area}{scope.label}{scope.value}", f"范围为{organ.area}{scope.label}{scope.value}",
             f"范围是{organ.area}{scope.label}，一共{scope.value}", scope.facts),
    ]
    staged = c.chance(0.6)
    begins = [start, *ends]
    spans = [f"{c.near(begins[i])}至{c.near(end)}" for i, end in enumerate(ends)]
    if staged:
        listed = "，".join(f"{stage}阶段{span}" for stage, span in zip(names, spans, strict=True))
        items.append(Item("阶段划分", listed, f"分三个阶段：{listed}", f"分三步走，{listed}", (*names, *spans)))
    items.append(c.named("工作要求", [measure for measure, _ in measures]))
    due = c.near(deadline)
    items.append(Item("报送要求", f"{due}前报送工作总结", f"{due}前报送工作总结", f"{due}前要把总结交上来", (due,)))
    if "依据" in basis:
        items.insert(0, Item("依据", c.field.law, f"依据{c.field.law}", f"依据就写{c.field.law}", (c.field.law,)))
    attachments = tuple(f"{campaign['name']}{table}" for table in c.sample(("情况汇总表", "任务清单", "问题台账", "工作要点"), c.pick((0, 1, 2))))
    contact = c.contact() if c.chance(0.6) else None
    decided = c.say("decide_to", when=when, area=organ.area, name=name, us=organ.short, start=day(start), end=day(ends[-1]))
    opening = f"{c.why()}{basis}{decided}"
    scoped = f"{c.pick(('本次工作覆盖', '检查范围为', '工作范围包括'))}{organ.area}{scope.label}{scope.value}。"
    back = c.say("report_back", deadline=due, us=organ.short, office=c.pick(c.field.offices))
    stages = [
        (f"{stage}阶段（{span}）", c.say(f"stage_{key}"))
        for stage, span, key in zip(names, spans, ("first", "second", "third"), strict=True)
    ]
    required = c.listing(measures, c.pick(("（一）", "（一）", "是")))
    form = c.integer(0, 2)
    if form == 0 or not staged:
        parts = [("工作范围", [scoped]), ("时间安排", c.listing(stages, "（一）") if staged else [f"{when}。"]),
                 ("工作要求", required), ("信息报送", [back])]
        body = [opening + c.say("notice_turn"), *c.sections(*parts)]
    elif form == 1:
        body = [opening + scoped + c.say("notice_turn"), *c.sections(("方法步骤", c.listing(stages, "（一）")), ("有关要求", [*required, back]))]
    else:
        body = [opening + c.say("notice_turn"), *c.listing(measures, "一"),
                f"{scoped}工作分三个阶段推进：{'；'.join(f'{name_}，{text}' for name_, text in stages)}。", back]
    if contact:
        body.append(c.say("contact", name=contact[0], tel=contact[1]))
    if c.chance(0.7):
        body.append(c.say("notice_end", us=organ.short))
    return Scenario(
        "通知", f"{organ.name}关于开展{name}的通知", (organ.name,), c.stamp, body, items, recipient=organ.down,
        doc_number=c.number_of(organ, c.pick(("发", "发", "办"))), signature=(organ.name,), attachments=attachments,
        contact=contact, upper=upper,
    )


def training_notice(c: Composer, training: str) -> Scenario:
    """通知 of a training course or a meeting."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    start = c.later(8, 24)
    last = c.later(2, 4, start)
    when, signup = c.span(start, last), c.near(c.later(2, 5))
    seats, hours = f"{c.integer(46, 180)}人", f"{c.integer(14, 36)}课时"
    where = f"{c.pick(c.world.roads)}{c.integer(16, 280)}号"
    topics = [name for name, _ in c.measures(c.pick((2, 3)))]
    items = [
        Item("培训时间", when, f"培训时间为{when}", f"时间是{when}", (when,)),
        Item("培训地点", where, f"地点设在{where}", f"就在{where}办", (where,)),
        Item("培训规模", f"{seats}，{hours}", f"计划培训{seats}，共{hours}", f"打算培训{seats}，一共{hours}", (seats, hours)),
        Item("培训内容", "、".join(topics), f"培训内容为{'、'.join(topics)}", f"主要讲{'、'.join(topics)}", tuple(topics)),
        Item("报名截止", signup, f"{signup}前报名", f"{signup}前把名单报上来", (signup,)),
    ]
    contact = c.contact()
    opening = f"{c.why()}{c.pick((f'{organ.short}决定举办', '经研究，决定举办', '定于近期举办', '拟举办'))}{training}。"
    required = c.listing([tuple(pair) for pair in c.sample(_RULES_OF_COURSE, c.pick((2, 3)))], c.pick(("（一）", "是")))
    body = [
        opening + c.say("notice_turn"),
        *c.sections(
            ("培训时间和地点", [f"时间：{when}。", f"地点：{where}。"] if c.chance(0.5) else [f"培训于{when}举行，地点设在{where}。"]),
            ("参训人员和内容", [f"计划培训{seats}，共{hours}，{c.pick(('重点讲授', '内容包括', '围绕'))}{'、'.join(topics)}{c.pick(('等内容', ''))}。"]),
            ("有关要求", [*required, f"请于{signup}前将参训人员名单报{organ.short}。"]),
        ),
        c.say("contact", name=contact[0], tel=contact[1]),
    ]
    if c.chance(0.6):
        body.append("特此通知。")
    return Scenario(
        "通知", f"{organ.name}关于举办{training}的通知", (organ.name,), c.stamp, body, items, recipient=organ.down,
        doc_number=c.number_of(organ, c.pick(("发", "办", "函"))), signature=(organ.name,),
        attachments=("参训人员报名表",) if c.chance(0.6) else (), contact=contact,
    )


_RULES_OF_COURSE = (
    ("认真组织报名", "请按照分配名额选派业务骨干参加，不得无故缺席或者随意更换人员"),
    ("严格培训纪律", "参训人员要妥善安排工作，遵守作息时间，集中精力学习"),
    ("注重学用结合", "要带着问题参训，把学习成果转化为改进工作的具体措施"),
    ("厉行勤俭节约", "培训期间食宿统一安排，不得组织与培训无关的活动"),
    ("做好工作衔接", "参训期间确需请假的，应当履行请假手续并安排人员顶岗"),
    ("抓好成果运用", "培训结束后要及时向本单位传达学习内容"),
)


def opinion(c: Composer, policy: dict[str, Any]) -> Scenario:
    """意见: targets, tasks, support, who leads."""
    organ = c.issuer("city", "county", "city")
    year = f"{c.year + c.pick((2, 3))}年"
    targets = [c.metric(text) for text in policy["targets"]]
    support = c.metric(policy["support"])
    lead, helpers = _leaders(c, organ)
    measures = c.measures(c.pick((3, 3, 4)))
    names = [name for name, _ in measures]
    aim = "；".join(target.text for target in targets)
    upper = c.upper(policy["name"], *c.superior(organ), "意见") if c.chance(0.6) else None
    with_support = c.chance(0.7)
    items = [
        Item("工作目标", f"到{year}，{aim}", f"到{year}，{aim}", f"目标是到{year}，{'；'.join(t.spoken for t in targets)}",
             (year, *(fact for target in targets for fact in target.facts))),
        c.named("重点任务", names),
    ]
    if with_support:
        items.append(c.item(support))
    duty = f"由{lead}牵头，{'、'.join(helpers)}按职责配合"
    items.append(Item("责任分工", duty, duty, f"{lead}牵头，{'、'.join(helpers)}配合", (lead, *helpers)))
    opening = c.why() + (f"按照{upper.value}要求，" if upper else "") + c.say("opinion_turn", topic=policy["name"], area=organ.area)
    goal = f"到{year}，{aim}。"
    parts = [
        ("总体要求", [f"{c.say('opinion_principle')}。{goal}"] if c.chance(0.5) else [f"（一）工作思路。{c.say('opinion_principle')}。", f"（二）工作目标。{goal}"]),
        ("重点任务", c.listing(measures, "（一）")),
    ]
    guard = f"{duty}。{c.pick(c.field.problems)[1]}，及时协调解决推进中的困难。"
    if with_support:
        parts.append(("政策支持", [f"{support.text}。资金使用要公开透明，专款专用。"]))
    parts.append(("组织实施", [guard]))
    body = [opening, *c.sections(*parts)]
    if c.chance(0.5):
        body.append(c.say("opinion_end", lead=lead))
    return Scenario(
        "意见", f"{organ.name}关于{policy['name']}的{c.pick(('意见', '实施意见', '若干意见', '指导意见'))}", (organ.name,),
        c.stamp, body, items, recipient=organ.down, doc_number=c.number_of(organ, "发"), signature=(organ.name,), upper=upper,
    )


def _leaders(c: Composer, organ: Any) -> tuple[str, list[str]]:
    """Who leads and who helps, by the names that their own place uses."""
    if c.field.institutions:
        lead, *rest = c.sample(c.field.helpers, 3)
        return lead, rest
    place = "县" if organ.place.endswith("县") else "市"
    return f"{place}{c.field.organ}", [f"{place}{name}" for name in c.sample(c.field.helpers, 2)]


def commendation(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """决定 that commends groups and persons."""
    organ = c.issuer("city", "county", "city bureau")
    name = campaign["name"]
    results = c.metrics(campaign["results"], c.pick((2, 3)))
    groups, persons = f"{c.integer(6, 28)}个", f"{c.integer(13, 58)}名"
    first = c.people(1)[0]
    unit = c.pick(c.field.offices) if c.field.institutions or "局" in organ.short[-2:] or "委" in organ.short[-4:] else _leaders(c, organ)[0]
    honour = f"{c.year}年{name}"
    items = [c.item(result) for result in results]
    text = f"授予{unit}等{groups}单位“{honour}先进集体”称号，授予{first}等{persons}同志“{honour}先进个人”称号"
    items.append(Item("表彰对象", text, text, text.replace("授予", "给"), (unit, groups, first, persons, f"{honour}先进集体", f"{honour}先进个人")))
    told = "，".join(result.text for result in results)
    opening = f"{c.pick((f'{c.year}年以来', '今年以来', '近一段时期'))}，{organ.area}扎实推进{name}，{told}。{c.say('commend_praise')}"
    deed = c.deed(c.pick(list(c.field.measures)))
    decided = f"{c.say('commend_turn')}，{c.pick(('经研究，决定', f'{organ.short}决定', '经集体研究，决定'))}{text}。"
    return Scenario(
        "决定", f"{organ.name}关于表彰{honour}先进集体和先进个人的决定", (organ.name,), c.stamp,
        [opening, decided, c.say("commend_hope") + c.say("commend_learn", deed=deed)], items, recipient=organ.down,
        doc_number=c.number_of(organ, "发"), signature=(organ.name,),
        attachments=("先进集体名单", "先进个人名单") if c.chance(0.5) else (),
    )


def repeal(c: Composer, rule: str) -> Scenario:
    """决定 that repeals or amends a rule."""
    organ = c.organ(c.pick(("city", "county")))
    title = f"《{organ.place}{rule}》"
    old = f"{organ.code}发〔{c.year - c.integer(4, 11)}〕{c.integer(3, 60)}号"
    meeting = f"第{c.integer(14, 96)}次常务会议"
    held, start = c.earlier(4, 16), day(c.later(8, 40))
    held_text = day(held)
    reason = c.pick(("有关内容已不适应工作需要", "上位法已作修改", "主要内容已被新的规定替代", "规定的任务已经完成"))
    items = [
        Item("文件", f"{title}（{old}）{reason}", f"{title}（{old}）{reason}", f"{title}（{old}）{reason}", (title, old, reason)),
        Item("会议", f"{held_text}{meeting}", f"{held_text}经{organ.short}{meeting}研究决定予以废止", f"{held_text}开的{meeting}研究过了，定了要废止", (held_text, meeting)),
        Item("施行日期", start, f"自{start}起不再执行", f"{start}起就不执行了", (start,)),
    ]
    deed = c.pick((f"各有关部门要做好政策衔接，{c.deed(c.pick(list(c.field.measures)))}。", "各级各有关部门要及时清理相关配套文件，做好工作衔接，保证各项工作平稳有序。", "此前依据该文件已经办理的事项继续有效，尚未办结的按照现行规定办理。"))
    body = [f"{c.why()}{c.pick(('根据文件清理结果', '按照规范性文件清理要求', '经全面清理'))}，{title}（{old}）{reason}。"
            f"{held_text}，{organ.short}{meeting}研究决定，对该文件予以废止，自{start}起不再执行。", deed]
    return Scenario(
        "决定", f"{organ.name}关于废止{title}的决定", (organ.name,), c.stamp, body, items, recipient=organ.down,
        doc_number=c.number_of(organ, "发"), signature=(organ.name,),
    )


def progress_circular(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """通报 of progress, with problems and demands."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    name = campaign["name"]
    until = day(c.earlier(3, 12))
    results = c.metrics(campaign["results"], c.pick((2, 3)))
    problem, remedy = c.pick(c.field.problems)
    slow = c.sample(c.world.towns, 2) if organ.place.endswith("县") and not c.field.institutions else []
    deadline = c.near(c.later(10, 30))
    measures = c.measures(2)
    items = [Item("截止时间", until, f"截至{until}", f"数据是到{until}的", (until,)), *map(c.item, results)]
    found = problem + (f"，{'、'.join(slow)}进展缓慢" if slow else "")
    items.append(Item("存在问题", found, f"存在的问题是{found}", f"问题是{found}", (problem, *slow)))
    items.append(Item("整改期限", deadline, f"要求{deadline}前完成整改", f"{deadline}前要整改完", (deadline,)))
    items.append(c.named("工作要求", [measure for measure, _ in measures]))
    demand = f"{c.pick(('对存在的问题，', '各有关单位', '对上述问题，有关单位'))}要{c.pick(('认真分析原因', '主动认领', '逐项对照'))}，{remedy}，{deadline}前完成整改。"
    told = "；".join(result.text for result in results)
    parts = [("工作进展", [f"截至{until}，{told}。"]), ("存在的问题", [f"{found}。"]), ("下一步要求", [demand, *c.listing(measures, c.pick(("（一）", "是")))])]
    opening = c.pick((f"近期，{organ.short}对{name}情况进行了调度。", f"为推动{name}落地见效，{organ.short}对进展情况进行了汇总分析。", f"按照工作安排，{organ.short}对{name}开展了督导检查。", f"{c.why()}{organ.short}对{name}情况作了全面梳理。"))
    body = [opening + c.say("circular_turn"), *c.sections(*parts)]
    if c.chance(0.6):
        body.append(c.say("circular_end"))
    return Scenario(
        "通报", f"{organ.name}关于{name}{c.pick(('进展', '工作', '检查'))}情况的通报", (organ.name,), c.stamp, body, items,
        recipient=organ.down, doc_number=c.number_of(organ, c.pick(("发", "办"))), signature=(organ.name,),
    )


def praise_circular(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """通报 that praises one unit or person."""
    organ = c.issuer("city bureau", "county bureau", "city")
    name = campaign["name"]
    person = c.people(1)[0]
    post = c.pick(c.field.offices)
    when = day(c.earlier(6, 30))
    days = f"{c.integer(13, 46)}天"
    results = c.metrics(campaign["results"], 2)
    measures = c.measures(2)
    act = f"{when}起，{post}{person}带领工作组连续奋战{days}"
    items = [
        Item("事迹", act, act, f"{when}起，{post}的{person}带着工作组连续干了{days}", (when, post, person, days)),
        *map(c.item, results),
        c.named("号召学习", [measure for measure, _ in measures]),
    ]
    told = "，".join(result.text for result in results)
    decided = f"{c.say('commend_turn')}，{c.pick(('经研究，决定', f'{organ.short}决定', '现决定'))}对{person}同志予以通报表扬。"
    body = [f"在{name}中，{act}，{told}，{c.pick(('有力推动了工作开展', '为全局工作作出了示范', '赢得了群众好评', '展现了过硬作风'))}。", decided,
            f"{c.pick(('希望', '各单位要号召'))}全体干部职工以{person}同志为榜样，在今后工作中做好以下几点：", *c.listing(measures, c.pick(("一", "是", "（一）")))]
    if c.chance(0.5):
        body.append("特此通报。")
    return Scenario(
        "通报", f"{organ.name}关于表扬{person}同志的通报", (organ.name,), c.stamp, body, items, recipient=organ.down,
        doc_number=c.number_of(organ, "发"), signature=(organ.name,),
    )


def approval(c: Composer, project: dict[str, Any]) -> Scenario:
    """批复 of a project, with what is granted and what is not."""
    if c.field.institutions:
        asker = c.issuer()
        up, code = asker.up, c.world.province[0] + "审"
        suffix_of = f"你{asker.me[1:]}"
    else:
        level = c.pick(("county", "city bureau"))
        asker = c.organ(level)
        up, code = f"{c.world.city}市人民政府", f"{c.world.city[0]}政函"
        suffix_of = asker.thou
    number = c.number_of(asker, c.pick(("", "报", "请")))
    asked = f"《{asker.name}关于{project['act']}{project['name']}的请示》（{number}）"
    scale = c.metrics(project["scale"], c.pick((1, 2)))
    total = int(c.metric(f"总投资 万元 {project['cost']}").value.removesuffix("万元"))
    cost = f"{total}万元"
    start = c.later(20, 60)
    finish = f"{start.year + c.pick((1, 2))}年{c.integer(3, 12)}月底"
    cap = c.chance(0.5)
    items = [
        Item("来文", asked, f"收到{asked}", f"收到了{asked}", (asked,)),
        Item("批复意见", f"{c.pick(('同意', '原则同意'))}{project['act']}{project['name']}", "", "", ()),
        *map(c.item, scale),
        Item("投资", f"{'控制在' if cap else ''}{cost}{'以内' if cap else ''}", f"项目总投资{'控制在' if cap else '核定为'}{cost}{'以内' if cap else ''}",
             f"总投资{'要控制在' if cap else '核定成'}{cost}{'以内' if cap else ''}", (cost,)),
        Item("期限", f"{finish}前建成", f"{finish}前建成", f"{finish}前要建成", (finish,)),
    ]
    agreed = items[1].value
    items[1] = Item("批复意见", agreed, agreed, f"意见是{agreed}", (agreed,))
    condition = c.pick(("不得擅自提高建设标准", "不得增加建设内容", "建设资金专款专用", "建设资金由你方自行落实，不得新增债务", "严格执行招标投标规定"))
    condition = condition.replace("你方", suffix_of)
    items.append(Item("要求", condition, condition, condition, (condition,)))
    opening = f"{asked}收悉。{c.say('approve_turn')}"
    points = [f"{agreed}。", f"主要建设内容：{'，'.join(m.text for m in scale)}。", f"{items[-3].text}。", f"{condition}，项目{finish}前建成{c.pick(('并投入使用', '', '并完成验收'))}。"]
    if c.chance(0.3):
        body = [opening, "".join(points)]
    else:
        body = [opening, *(f"{NUMERALS[i]}、{point}" for i, point in enumerate(points))]
    body += [c.say("approve_end", who=asker.me[1:]), c.pick(("此复。", "此复。", "特此批复。"))]
    return Scenario(
        "批复", f"{up}关于{project['act']}{project['name']}的批复", (up,), c.stamp, body, items, recipient=asker.name,
        doc_number=f"{code}〔{c.year}〕{c.integer(3, 120)}号", signature=(up,),
    )


