"""通知, 意见: documents that set subordinates to work."""

from typing import Any

from odw_harness.rules.finding import CN
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import Organ, day

_STAGES = (
    ("自查自改", "集中检查", "巩固提升"),
    ("摸底排查", "集中推进", "验收总结"),
    ("动员部署", "全面推进", "总结评估"),
    ("学习动员", "排查整改", "总结验收"),
)
_COURSE_RULES = (
    ("认真组织报名", "请按照分配名额选派业务骨干参加，不得无故缺席或者随意更换人员"),
    ("严格培训纪律", "参训人员要妥善安排工作，遵守作息时间，集中精力学习"),
    ("注重学用结合", "要带着问题参训，把学习成果转化为改进工作的具体措施"),
    ("厉行勤俭节约", "培训期间食宿统一安排，不得组织与培训无关的活动"),
    ("做好工作衔接", "参训期间确需请假的，应当履行请假手续并安排人员顶岗"),
    ("抓好成果运用", "培训结束后要及时向本单位传达学习内容"),
)
_MEETING_RULES = (
    "请参会人员提前入场，遵守会场纪律，会议期间将手机调至静音状态",
    "因故不能参会的，须履行请假手续，并安排熟悉业务的人员代为参加",
    "请参会单位准备书面汇报材料，做到情况清楚、数据准确、措施具体",
    "会议不安排接送站，提倡集中乘车、绿色出行",
    "会后要及时传达会议精神，结合实际抓好贯彻落实",
    "请按照会务通知的要求对号入座，不得随意走动",
)


def campaign_notice(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """通知 that starts a campaign: scope, stages, measures, a date to report."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    topic, name = campaign["name"], c.campaign(campaign["name"])
    measures = c.measures(campaign, c.pick((2, 3)))
    upper = c.upper(f"开展{topic}", organ, measures[0][0]) if c.chance(0.7) else None
    law = c.law_of(campaign) if upper is None and c.chance(0.5) else ""
    scope = c.metric(campaign["scope"])
    start = c.later(4, 14)
    stages = c.pick(_STAGES)
    begins, ends = [start], [c.later(12, 26, start)]
    for _ in stages[1:]:
        begins.append(c.next_day(ends[-1]))
        ends.append(c.later(14, 30, ends[-1]))
    when, due = c.span(start, ends[-1]), c.near(c.later(4, 12, ends[-1]))
    covered = f"{organ.area}{scope.label}{scope.value}"
    items = [Item("依据", law, f"依据{law}", f"依据就写{law}", (law,))] if law else []
    items += [
        Item("时间安排", when, f"{name}时间为{when}", f"时间定在{when}", (when,)),
        Item(
            "工作范围", covered, f"范围为{covered}", f"范围是{organ.area}{scope.label}，一共{scope.value}", scope.facts
        ),
    ]
    staged = c.chance(0.6)
    spans = [f"{c.near(first)}至{c.near(last)}" for first, last in zip(begins, ends, strict=True)]
    if staged:
        listed = "，".join(f"{stage}阶段{span}" for stage, span in zip(stages, spans, strict=True))
        items.append(Item("阶段划分", listed, f"分三个阶段：{listed}", f"分三步走，{listed}", (*stages, *spans)))
    items.append(c.named("工作要求", [measure for measure, _ in measures]))
    items.append(Item("报送要求", f"{due}前报送工作总结", f"{due}前报送工作总结", f"{due}前要把总结交上来", (due,)))
    tables = c.sample(("情况汇总表", "任务清单", "问题台账", "工作要点"), c.pick((0, 1, 2)))
    contact = c.contact() if c.chance(0.6) else None

    basis = f"{c.pick(('依据', '根据'))}{law}{c.pick(('', '有关规定'))}，" if law else c.basis(upper)
    decided = c.say("decide_to", when=when, area=organ.area, name=name, us=organ.short)
    opening = f"{c.why(campaign)}{basis}{decided}"
    scoped = f"{c.pick(('本次工作覆盖', '工作范围为', '工作对象为'))}{covered}。"
    back = c.say("report_back", deadline=due, us=organ.short, office=campaign["office"])
    steps = [
        (f"{stage}阶段（{span}）", c.say(f"stage_{key}"))
        for stage, span, key in zip(stages, spans, ("first", "second", "third"), strict=True)
    ]
    level = c.pick(("（一）", "（一）", "是"))
    effort = [c.pair("lead_effort")] if c.chance(0.35) and level == "是" else []
    required = c.listing([*measures, *effort], level)
    form = c.integer(0, 2)
    if form == 0 or not staged:
        timed = c.listing(steps, "（一）") if staged else [f"{c.pick(('自', '工作时间为'))}{when}。"]
        body = [opening + c.say("notice_turn")]
        body += c.sections(
            (c.pick(("工作范围", "实施范围")), [scoped]),
            ("时间安排", timed),
            ("工作要求", required),
            ("信息报送", [back]),
        )
    elif form == 1:
        body = [opening + scoped + c.say("notice_turn")]
        body += c.sections(("方法步骤", c.listing(steps, "（一）")), ("有关要求", [*required, back]))
    else:
        told = "；".join(f"{stage}，{text}" for stage, text in steps)
        body = [
            opening + c.say("notice_turn"),
            *c.listing(measures, "一"),
            f"{scoped}工作分三个阶段推进：{told}。",
            back,
        ]
    if contact:
        body.append(c.say("contact", name=contact[0], tel=contact[1]))
    if c.chance(0.7):
        body.append(c.say("notice_end", us=organ.short))
    return c.issued(
        "通知",
        organ,
        f"关于开展{name}的通知",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, c.pick(("发", "发", "办"))),
        attachments=tuple(f"{topic}{table}" for table in tables),
        contact=contact,
        upper=upper,
    )


def training_notice(c: Composer, training: str) -> Scenario:
    """通知 of a training course."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    first, days, due = c.later(8, 24), c.integer(2, 4), c.later(2, 5)
    when, signup = c.span(*c.event(max(first, c.next_day(due)), days)), c.near(due)
    seats, hours = f"{c.integer(46, 180)}人", f"{c.integer(14, 36)}课时"
    where = f"{c.pick(c.world.roads)}{c.integer(16, 280)}号"
    topics = c.sample(list(c.field.measures), c.pick((2, 3)))
    listed = "、".join(topics)
    items = [
        Item("培训时间", when, f"培训时间为{when}", f"时间是{when}", (when,)),
        Item("培训地点", where, f"地点设在{where}", f"就在{where}办", (where,)),
        Item(
            "培训规模",
            f"{seats}，{hours}",
            f"计划培训{seats}，共{hours}",
            f"打算培训{seats}，一共{hours}",
            (seats, hours),
        ),
        Item("培训内容", listed, f"培训内容为{listed}", f"主要讲{listed}", tuple(topics)),
        Item("报名截止", signup, f"{signup}前报名", f"{signup}前把名单报上来", (signup,)),
    ]
    contact = c.contact()
    decided = c.pick((f"{organ.short}决定举办", "经研究，决定举办", "定于近期举办", "根据年度培训计划，决定举办"))
    held = [f"时间：{when}。", f"地点：{where}。"] if c.chance(0.5) else [f"培训于{when}举行，地点设在{where}。"]
    about = c.pick((f"重点讲授{listed}", f"内容包括{listed}", f"围绕{listed}等内容开展教学", f"培训内容为{listed}"))
    required = c.listing(c.sample(_COURSE_RULES, c.pick((2, 3))), c.pick(("（一）", "是")))
    body = [f"{c.why()}{decided}{training}。{c.say('notice_turn')}"]
    body += c.sections(
        ("培训时间和地点", held),
        (c.pick(("参训人员和内容", "培训规模和内容")), [f"计划培训{seats}，共{hours}，{about}。"]),
        ("有关要求", [*required, f"请于{signup}前将参训人员名单报{organ.short}。"]),
    )
    body.append(c.say("contact", name=contact[0], tel=contact[1]))
    if c.chance(0.6):
        body.append("特此通知。")
    return c.issued(
        "通知",
        organ,
        f"关于举办{training}的通知",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, c.pick(("发", "办", "函"))),
        attachments=("参训人员报名表",) if c.chance(0.6) else (),
        contact=contact,
    )


def meeting_notice(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """通知 of a meeting: when, where, who, what to bring."""
    organ = c.issuer("city bureau", "county bureau", "city")
    meeting = f"{organ.area}{campaign['name']}{c.pick(('推进会', '工作会议', '调度会', '部署会'))}"
    date, hour = c.later(3, 9), c.pick(("上午9时", "下午3时", "上午10时", "下午2时30分"))
    where = f"{c.pick(c.world.roads)}{c.integer(16, 280)}号{c.pick(('一楼报告厅', '三楼会议室', '五楼会议室', '综合楼会议室'))}"
    seats, speakers = f"{c.integer(32, 160)}人", f"{c.integer(3, 8)}家单位"
    measures = c.measures(campaign, 2)
    names = [measure for measure, _ in measures]
    due = c.later(1, 2)
    when, signup = f"{day(c.event(max(date, c.next_day(due)), 0)[0])}{hour}", c.near(due)
    items = [
        Item("会议时间", when, f"会议时间为{when}", f"时间是{when}", (when,)),
        Item("会议地点", where, f"地点在{where}", f"在{where}开", (where,)),
        Item(
            "参会人员",
            f"各单位负责人共{seats}",
            f"参会人员为各单位负责人，共{seats}",
            f"各单位负责人参加，一共{seats}",
            (seats,),
        ),
        Item(
            "会议内容",
            f"{speakers}交流发言，部署{'、'.join(names)}",
            f"会议内容为{speakers}交流发言，部署{'、'.join(names)}",
            f"会上{speakers}交流发言，再部署{'、'.join(names)}",
            (speakers, *names),
        ),
        Item("报名", f"{signup}前报送参会名单", f"{signup}前报送参会名单", f"{signup}前把参会名单报来", (signup,)),
    ]
    contact = c.contact()
    rules = c.sample(_MEETING_RULES, 2)
    body = [
        f"{c.why(campaign)}{c.pick((f'{organ.short}决定召开', '经研究，决定召开', '定于近期召开'))}{meeting}。{c.say('meeting_turn')}"
    ]
    parts = [
        ("会议时间", when),
        ("会议地点", where),
        ("参会人员", f"各单位负责人，共{seats}"),
        ("会议内容", f"{speakers}交流发言；部署{'、'.join(names)}等工作"),
        ("有关要求", f"{'。'.join(rules)}。请于{signup}前将参会名单报{organ.short}"),
    ]
    if c.chance(0.5):
        body += c.sections(*((label, [f"{text}。"]) for label, text in parts))
    else:
        body += [f"{CN[i]}、{label}：{text}。" for i, (label, text) in enumerate(parts)]
    body.append(c.say("contact", name=contact[0], tel=contact[1]))
    if c.chance(0.5):
        body.append("特此通知。")
    return c.issued(
        "通知",
        organ,
        f"关于召开{meeting}的通知",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, c.pick(("发", "办"))),
        attachments=("参会人员回执",) if c.chance(0.4) else (),
        contact=contact,
    )


def print_notice(c: Composer, rule: dict[str, str]) -> Scenario:
    """通知 that hands down a rule of one's own."""
    organ = c.issuer("city", "county", "city bureau")
    name = c.measure_of(rule)
    place = organ.name if c.field.institutions else organ.place
    book = f"{place}{name}"
    government = "政府" in organ.name
    kind = "常务会议" if government else "部务会议" if organ.short.endswith("部") else "办公会议"
    passed = day(c.earlier(4, 20))
    meeting = f"{passed}{organ.short}第{c.integer(4, 48)}次{kind}"
    start = day(c.later(5, 40))
    ends = c.chance(0.6)
    years = c.pick((2, 3, 5))
    term = f"有效期{years}年"
    items = [
        Item("印发文件", f"《{book}》", f"印发《{book}》", f"要印发《{book}》", (f"《{book}》",)),
        Item("通过情况", meeting, f"文件经{meeting}研究通过", f"{meeting}已经研究通过了", (meeting,)),
        Item("施行日期", start, f"自{start}起施行", f"{start}起施行", (start,)),
    ]
    if ends:
        items.append(Item("执行期限", term, term, term, (term,)))
    follow = c.pick(
        (
            f"各有关单位要认真组织学习，准确把握文件要求，切实{rule['aim']}。",
            "各有关单位要加强学习宣传和业务培训，明确责任分工，保证文件规定落到实处。",
            "执行中要注意总结经验、发现问题，重要情况及时报告。",
            "各有关单位要对照文件规定完善配套制度，加强日常监督检查。",
        )
    )
    body = [
        c.say("print_turn", rule=book, meeting=meeting),
        f"{c.pick(('本文件', '该文件', '文件'))}自{start}起施行{'，' + term if ends else ''}。{follow}",
    ]
    if c.chance(0.4):
        body.append(c.say("notice_end", us=organ.short))
    return c.issued(
        "通知",
        organ,
        f"关于印发《{book}》的通知",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, c.pick(("发", "规", "办发"))),
    )


def opinion(c: Composer, policy: dict[str, Any]) -> Scenario:
    """意见: targets, tasks, support, who leads."""
    organ = c.issuer("city", "county", "city")
    year = f"{c.year + c.pick((2, 3))}年"
    targets = [c.metric(text) for text in policy["targets"]]
    support = c.metric(policy["support"])
    lead, *helpers = _leaders(c, organ, policy)
    measures = c.measures(policy, c.pick((3, 4, 4)))
    aim = "；".join(target.text for target in targets)
    upper = c.upper(policy["name"], organ, measures[0][0], "意见") if c.chance(0.75) else None
    supported = c.chance(0.7)
    goal = f"到{year}，{aim}"
    duty = f"由{lead}牵头，{'、'.join(helpers)}按职责配合"
    items = [
        Item(
            "工作目标",
            goal,
            goal,
            f"目标是到{year}，{'；'.join(target.spoken for target in targets)}",
            (year, *(fact for target in targets for fact in target.facts)),
        ),
        c.named("重点任务", [name for name, _ in measures]),
        *([support] if supported else []),
        Item("责任分工", duty, duty, f"{lead}牵头，{'、'.join(helpers)}配合", (lead, *helpers)),
    ]
    opening = f"{c.why(policy)}{c.basis(upper)}{c.say('opinion_turn', topic=policy['name'], area=organ.area)}"
    thought = c.say("opinion_principle")
    parts = [
        (
            "总体要求",
            [f"{thought}。{goal}。"]
            if c.chance(0.5)
            else [f"（一）工作思路。{thought}。", f"（二）工作目标。{goal}。"],
        )
    ]
    parts.append((c.pick(("重点任务", "主要任务")), c.listing(measures, "（一）")))
    if supported:
        care = c.pick(
            (
                "资金使用要公开透明，专款专用",
                "资金申报、审核和拨付全程公开，接受监督",
                "具体申报程序另行公布",
                "对虚报冒领的依法依规处理",
            )
        )
        parts.append((c.pick(("政策支持", "保障政策")), [f"{support.text}。{care}。"]))
    parts.append((c.pick(("组织实施", "组织保障")), [f"{duty}。{c.say('opinion_guard')}。"]))
    body = [opening, *c.sections(*parts)]
    if c.chance(0.5):
        body.append(c.say("opinion_end", lead=lead))
    kind = c.pick(("意见", "实施意见", "若干意见", "指导意见"))
    return c.issued(
        "意见",
        organ,
        f"关于{policy['name']}的{kind}",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, "发"),
        upper=upper,
    )


def _leaders(c: Composer, organ: Organ, policy: dict[str, Any]) -> list[str]:
    """Who leads and two who help, by the names that their own place uses."""
    if c.field.institutions:
        lead = policy["office"]
        return [lead, *c.sample([name for name in c.field.helpers if name not in ("办公室", lead)], 2)]
    place = organ.place[-1]
    return [f"{place}{c.field.organ}", *(f"{place}{name}" for name in c.sample(c.field.helpers, 2))]
