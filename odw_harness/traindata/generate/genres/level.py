"""函, between organs of which neither is above the other."""

from typing import Any

from odw_harness.texts import chinese
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import Organ, day

_CLOSINGS = ("特此函商。", "特此函达。", "专此函达。", "盼复。", "特此函达，请予支持为盼。", "特此函商，盼复。")


def _colleague(c: Composer) -> tuple[Organ, Organ]:
    """Who writes, and another department of the same place."""
    if c.field.institutions:
        departments = ("公安局", "人力资源和社会保障局", "自然资源局", "市场监督管理局", "城市管理局")
        return c.issuer(), c.world.helper(c.pick(departments), "city")
    level = c.pick(("city", "county"))
    return c.organ(f"{level} bureau"), c.world.helper(c.pick(c.field.helpers), level)


def _neighbour(c: Composer) -> tuple[Organ, Organ]:
    """Who writes, and the same kind of organ of another place."""
    if c.field.institutions:
        while True:
            writer, other = c.world.institution(c.field, c.rng), c.elsewhere().institution(c.field, c.rng)
            if writer.me == other.me and writer.name != other.name:
                return writer, other
    level = c.pick(("city", "county"))
    return c.organ(f"{level} bureau"), c.world.bureau(c.field, level, other=True)


def _letter(
    c: Composer, organ: Organ, other: Organ, title: str, body: list[str], items: list[Item], **more: Any
) -> Scenario:
    return c.issued("函", organ, title, body, items, recipient=other.name, doc_number=c.number_of(organ, "函"), **more)


def joint_letter(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """函 that asks another department to take part in a campaign."""
    organ, other = _colleague(c)
    name, scope = campaign["name"], c.metric(campaign["scope"])
    start = c.later(12, 24)
    when, staff, reply = c.span(start, c.later(20, 50, start)), f"{c.integer(3, 9)}名", day(c.later(3, 7))
    contact, measures = c.contact(), c.measures(campaign, 2)
    upper = c.upper(f"开展{name}", organ, measures[0][0]) if c.chance(0.75) else None
    names = [measure for measure, _ in measures]
    items = [
        Item("合作事项", f"联合开展{name}", f"拟联合开展{name}", f"想和对方联合开展{name}", (name,)),
        Item("时间", when, f"时间为{when}", f"时间是{when}", (when,)),
        Item(
            "范围",
            f"{scope.label}{scope.value}",
            f"涉及{scope.label}{scope.value}",
            f"涉及{scope.label}，一共{scope.value}",
            scope.facts,
        ),
        Item(
            "商请事项",
            f"选派{staff}业务骨干参加",
            f"请对方选派{staff}业务骨干参加",
            f"想请他们派{staff}业务骨干来",
            (staff,),
        ),
        c.named("工作内容", names),
        Item("复函时间", f"{reply}前", f"希望{reply}前函复", f"希望他们{reply}前回复", (reply,)),
    ]
    points = [
        (c.pick(("工作时间和范围", "时间和范围")), f"联合工作拟于{when}进行，涉及{scope.label}{scope.value}"),
        (
            c.pick(("人员安排", "工作力量")),
            f"请{other.you}选派{staff}业务骨干参加联合工作组，{c.pick(('工作期间由双方共同管理', '共同开展现场检查', '与我方人员混合编组', '有关交通和办公条件由我方保障'))}",
        ),
        (c.pick(("工作重点", "工作内容")), f"{names[0]}，{measures[0][1]}；{names[1]}，{measures[1][1]}"),
    ]
    opening = f"{c.why(campaign)}{c.basis(upper)}{organ.me}{c.pick((f'拟联合{other.you}', f'拟与{other.you}共同', f'计划联合{other.you}'))}开展{name}。"
    turn = c.say("letter_thanks", me=organ.me, you=other.you) + c.say("letter_turn", you=other.you)
    body = [opening + turn, *c.listing(points, c.pick(("一", "一", "是")))]
    body += [
        f"{c.pick(('以上事项，', '有关意见，', '以上建议，'))}请{other.you}于{reply}前函复。",
        c.say("contact", name=contact[0], tel=contact[1]),
        c.pick(_CLOSINGS),
    ]
    return _letter(
        c, organ, other, f"关于商请{c.pick(('联合', '共同'))}开展{name}的函", body, items, contact=contact, upper=upper
    )


def visit_letter(c: Composer, policy: dict[str, Any]) -> Scenario:
    """函 that asks a neighbour for a visit to learn."""
    organ, other = _neighbour(c)
    topic = c.noun(policy["name"])
    when, group, reply = c.span(*c.event(c.later(12, 30), c.integer(1, 3))), f"{c.integer(6, 16)}人", day(c.later(3, 8))
    leader, contact, names = c.person(), c.contact(), [name for name, _ in c.measures(policy, c.pick((2, 3)))]
    sites = f"{c.integer(2, 5)}个"
    items = [
        Item("事由", f"学习考察{topic}", f"拟学习考察{topic}经验", f"想去学{topic}的经验", (topic,)),
        Item("时间", when, f"考察时间为{when}", f"打算{when}去", (when,)),
        Item(
            "人员",
            f"{organ.head}{leader}带队，共{group}",
            f"由{organ.head}{leader}带队，共{group}",
            f"{organ.head}{leader}带队，一共{group}",
            (leader, group),
        ),
        c.named("考察内容", names),
        Item("商请事项", f"安排{sites}现场点", f"商请安排{sites}现场点", f"想请他们安排{sites}现场点", (sites,)),
        Item("复函时间", f"{reply}前", f"希望{reply}前函复", f"希望{reply}前回复", (reply,)),
    ]
    heard = c.pick(
        (
            f"近年来，{other.place if not c.field.institutions else other.you}在{topic}方面积累了丰富经验",
            f"{other.you}在{topic}方面走在前列、成效明显",
            f"{other.you}积极探索{topic}，形成了一批好做法",
        )
    )
    opening = f"{heard}。{c.why(policy)}{organ.me}拟赴{other.you}学习考察。{c.say('letter_turn', you=other.you)}"
    points = [
        ("考察时间", when),
        ("考察人员", f"由{organ.head}{leader}带队，共{group}"),
        ("考察内容", f"{'、'.join(names)}等方面的做法和经验"),
        ("有关请求", f"请{other.you}协助安排{sites}现场点，并介绍有关情况"),
    ]
    plain = f"考察时间为{when}，由{organ.head}{leader}带队，共{group}。考察内容为{'、'.join(names)}等方面的做法和经验。请{other.you}协助安排{sites}现场点，并介绍有关情况。"
    body = [opening, *(c.listing(points, "一") if c.chance(0.6) else [plain])]
    body += [
        f"{c.pick(('如蒙同意，', '能否接待，', '以上事项，'))}请于{reply}前函复。",
        c.say("contact", name=contact[0], tel=contact[1]),
        c.pick(_CLOSINGS),
    ]
    return _letter(
        c,
        organ,
        other,
        f"关于商请学习考察{topic}{c.pick(('经验', '工作', '有关情况'))}的函",
        body,
        items,
        contact=contact,
    )


def _rule(c: Composer, organ: Organ, rule: dict[str, str]) -> str:
    """The name of a rule that an organ drafts: a county has no 条例 (立法法 art. 81), nor has an institution."""
    return rule["name"] if organ.place.endswith("市") and not c.field.institutions else c.measure_of(rule)


def comment_letter(c: Composer, rule: dict[str, str]) -> Scenario:
    """函 that asks another department for comments on a draft."""
    organ, other = _colleague(c)
    title = f"《{organ.name if c.field.institutions else organ.place}{_rule(c, organ, rule)}（征求意见稿）》"
    size, drafted, reply = f"{c.integer(4, 8)}章{c.integer(26, 58)}条", day(c.earlier(5, 30)), day(c.later(6, 16))
    contact, focus = c.contact(), c.parts_of_rule(2)
    items = [
        Item("文稿", f"{title}，共{size}", f"起草了{title}，共{size}", f"起草了{title}，一共{size}", (title, size)),
        Item("完成时间", drafted, f"{drafted}形成征求意见稿", f"{drafted}弄出来的稿子", (drafted,)),
        c.named("征求意见的重点", focus),
        Item("反馈时间", f"{reply}前", f"请于{reply}前反馈书面意见", f"{reply}前要他们回个书面意见", (reply,)),
    ]
    opening = f"{c.why(rule)}{organ.me}{c.pick(('在调查研究的基础上', '结合工作实际', '经多方论证，'))}起草了{title}，共{size}，于{drafted}形成{c.pick(('初稿', '征求意见稿'))}。"
    asked = c.pick(
        (
            f"现征求{other.you}意见",
            f"为进一步完善文稿，现征求{other.you}意见",
            f"按照工作程序，现就文稿征求{other.you}意见",
        )
    )
    focused = c.pick(
        (
            f"重点请对{'、'.join(focus)}等内容提出修改建议",
            f"请着重就{'、'.join(focus)}等内容提出意见",
            f"请重点围绕{'、'.join(focus)}等内容研提意见",
        )
    )
    ask = f"{asked}，{focused}，于{reply}前将书面意见{c.pick(('函复', '反馈'))}{organ.me}。"
    extra = c.pick(
        (
            "文稿涉及内容较多，如需当面沟通，可随时联系。",
            "书面意见请加盖公章。",
            "如有修改意见，请一并说明理由。",
            "如无不同意见，也请书面告知。",
            "逾期未复的，视为没有意见。",
        )
    )
    body = [opening, ask + extra] if c.chance(0.5) else [opening, ask, extra]
    body += [c.say("contact", name=contact[0], tel=contact[1]), c.say("letter_end")]
    return _letter(
        c,
        organ,
        other,
        f"关于征求{title}意见的函",
        body,
        items,
        contact=contact,
        attachments=(title,) if c.chance(0.7) else (),
    )


def comment_reply(c: Composer, rule: dict[str, str]) -> Scenario:
    """函 that answers such a request with proposals."""
    organ, other = _colleague(c)
    title = f"《{other.place}{_rule(c, other, rule)}（征求意见稿）》"
    inner = title.replace("《", "〈").replace("》", "〉")
    asked = f"《{other.name}关于征求{inner}意见的函》（{c.number_of(other, '函')}）"
    numbers = sorted(c.rng.sample(range(6, 40), 2))
    clauses = [f"第{chinese(value)}条" for value in numbers]
    name = c.parts_of_rule(1)[0]
    days = f"{c.integer(11, 28)}个工作日"
    changes = [f"建议{clauses[0]}增加“{name}”的内容", f"建议{clauses[1]}办理时限明确为{days}"]
    items = [
        Item("来函", asked, f"收到{asked}", f"收到了{asked}", (asked,)),
        Item("意见一", changes[0], changes[0], changes[0], (clauses[0], name)),
        Item("意见二", changes[1], changes[1], changes[1], (clauses[1], days)),
        Item("总体意见", "其余内容无不同意见", "其余内容无不同意见", "其余内容无不同意见", ("其余内容无不同意见",)),
    ]
    reasons = (
        c.pick(
            (
                f"有利于{rule['aim']}",
                "与上位法规定相衔接",
                "实践中已有成熟做法，宜在文件中予以体现",
                "便于明确各方权利义务",
            )
        ),
        c.pick(("便于实际操作和监督检查", "与现行服务承诺相一致", "避免各地执行标准不一", "有利于提高办事效率")),
    )
    points = [(change, reason) for change, reason in zip(changes, reasons, strict=True)]
    turn = c.pick(
        (
            "经研究，提出如下修改意见：",
            "经认真研究，现提出以下意见：",
            "经研究，现函复如下：",
            "现将有关修改意见函复如下：",
        )
    )
    body = [
        f"{asked}收悉。{turn}",
        *c.listing(points, "一"),
        f"{c.pick(('除上述意见外，', '', '文稿'))}其余内容无不同意见。",
        c.say("letter_reply_end"),
    ]
    return _letter(c, organ, other, f"关于{title}修改意见的复函", body, items)


def visit_reply(c: Composer, policy: dict[str, Any]) -> Scenario:
    """函 that answers a neighbour's request for a visit."""
    organ, other = _neighbour(c)
    topic = c.noun(policy["name"])
    asked = f"《{other.name}关于商请学习考察{topic}的函》（{c.number_of(other, '函')}）"
    when, sites, talk = day(c.later(8, 24)), f"{c.integer(2, 5)}个", f"{c.pick(('一楼', '三楼', '五楼'))}会议室"
    contact, names = c.contact(), [name for name, _ in c.measures(policy, 2)]
    items = [
        Item("来函", asked, f"收到{asked}", f"收到了{asked}", (asked,)),
        Item("答复", f"同意于{when}接待", f"同意于{when}接待", f"同意{when}接待他们", (when,)),
        Item(
            "安排",
            f"参观{sites}现场点，在{talk}座谈",
            f"安排参观{sites}现场点，在{talk}座谈",
            f"安排参观{sites}现场点，再到{talk}座谈",
            (sites, talk),
        ),
        c.named("介绍内容", names),
    ]
    points = [
        ("接待时间", f"同意于{when}接待{other.you}考察组一行"),
        ("活动安排", f"参观{sites}现场点，在{talk}座谈交流"),
        ("交流内容", f"重点介绍{'、'.join(names)}等方面的做法"),
    ]
    turn = c.pick(
        (
            "经研究，现函复如下：",
            "经研究，函复如下：",
            "现将有关安排函复如下：",
            f"欢迎{other.you}来访。现将有关安排函复如下：",
        )
    )
    plain = "。".join((points[0][1], f"考察期间，{points[1][1]}，{points[2][1]}")) + "。"
    body = [f"{asked}收悉。{turn}", *(c.listing(points, "一") if c.chance(0.6) else [plain])]
    body += [
        c.pick(
            (
                f"请{other.you}提前告知考察组人员名单和到达时间。",
                f"请{other.you}将行程安排提前告知。",
                "如行程有变，请及时联系。",
            )
        ),
        c.say("contact", name=contact[0], tel=contact[1]),
        c.say("letter_reply_end"),
    ]
    return _letter(c, organ, other, f"关于学习考察{topic}有关事宜的复函", body, items, contact=contact)
