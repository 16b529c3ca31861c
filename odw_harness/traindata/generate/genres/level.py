"""函, between organs of which neither is above the other."""

from typing import Any

from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import Organ, day


def _pair(c: Composer) -> tuple[Organ, Organ]:
    """Who writes, and an equal: a neighbour of the same kind or another department of the place."""
    if c.field.institutions:
        writer = c.issuer()
        return writer, c.world.helper(c.pick(("公安局", "人力资源和社会保障局", "自然资源局", "市场监督管理局", "城市管理局")), "city")
    level = c.pick(("city", "county"))
    writer = c.organ(f"{level} bureau")
    other = c.world.bureau(c.field, level, other=True) if c.chance(0.4) else c.world.helper(c.pick(c.field.helpers), level)
    return writer, other


def joint_letter(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """函 that asks an equal to take part in a campaign."""
    organ, other = _pair(c)
    name = campaign["name"]
    scope = c.metric(campaign["scope"])
    start = c.later(10, 24)
    when = c.span(start, c.later(20, 50, start))
    staff = f"{c.integer(3, 9)}名"
    reply = day(c.later(4, 8))
    contact = c.contact()
    measures = c.measures(2)
    upper = c.upper(f"开展{name}", *c.superior(organ)) if c.chance(0.5) else None
    basis = f"根据{upper.value}要求，" if upper else ""
    items = [
        Item("合作事项", f"联合开展{name}", f"拟联合开展{name}", f"想一起搞{name}", (name,)),
        Item("时间", when, f"时间为{when}", f"时间是{when}", (when,)),
        Item("范围", f"{scope.label}{scope.value}", f"涉及{scope.label}{scope.value}", f"涉及{scope.label}，一共{scope.value}", scope.facts),
        Item("商请事项", f"选派{staff}业务骨干参加", f"请对方选派{staff}业务骨干参加", f"想请他们派{staff}业务骨干来", (staff,)),
        c.named("工作内容", [measure for measure, _ in measures]),
        Item("复函时间", reply, f"希望{reply}前函复", f"希望他们{reply}前回复", (reply,)),
    ]
    points = [("工作时间和范围", f"联合工作拟于{when}进行，涉及{scope.label}{scope.value}"), ("人员安排", f"请{other.you}选派{staff}业务骨干参加联合工作组，工作期间由双方共同管理")]
    work = f"联合工作重点是{measures[0][0]}和{measures[1][0]}：{measures[0][1]}；{measures[1][1]}。"
    opening = f"{c.why()}{basis}{organ.me}{c.pick(('拟联合贵方', '拟与贵方共同', '计划联合贵方'))}开展{name}。".replace("贵方", other.you) + c.say("letter_thanks", me=organ.me, you=other.you)
    form = c.integer(0, 1)
    body = [opening + c.say("letter_turn", you=other.you)]
    body += [*c.listing(points, "一"), work] if form else [work, "。".join(text for _, text in points) + "。"]
    body += [f"{c.pick(('以上事项，', '有关意见，', ''))}请{other.you}于{reply}前函复。", c.say("contact", name=contact[0], tel=contact[1]), c.pick(("特此函商。", "特此函达。", "专此函达。", "盼复。", "特此函达，请予支持为盼。"))]
    return Scenario(
        "函", f"{organ.name}关于商请{c.pick(('联合', '共同'))}开展{name}的函", (organ.name,), c.stamp, body, items, recipient=other.name,
        doc_number=c.number_of(organ, "函"), signature=(organ.name,), contact=contact, upper=upper,
    )


def comment_letter(c: Composer, rule: str) -> Scenario:
    """函 that asks an equal for comments on a draft."""
    organ, other = _pair(c)
    title = f"《{organ.place if not c.field.institutions else organ.name}{rule}（征求意见稿）》"
    size = f"{c.integer(4, 8)}章{c.integer(26, 58)}条"
    drafted = day(c.earlier(5, 30))
    reply = day(c.later(6, 16))
    contact = c.contact()
    focus = c.sample(list(c.field.measures), 2)
    items = [
        Item("文稿", f"{title}，共{size}", f"起草了{title}，共{size}", f"起草了{title}，一共{size}", (title, size)),
        Item("完成时间", drafted, f"{drafted}形成征求意见稿", f"{drafted}弄出来的稿子", (drafted,)),
        c.named("征求意见的重点", focus),
        Item("反馈时间", reply, f"请于{reply}前反馈书面意见", f"{reply}前要他们回个书面意见", (reply,)),
    ]
    opening = f"{c.why()}{organ.me}{c.pick(('在调查研究的基础上', '结合工作实际', '经多方论证'))}起草了{title}，共{size}，于{drafted}形成{c.pick(('初稿', '文稿'))}。"
    ask = f"{c.pick(('现征求', '为进一步完善文稿，现征求', '按照工作程序，现就文稿征求'))}{other.you}意见，{c.pick(('重点请对', '请着重就', '请重点围绕'))}{'、'.join(focus)}等内容提出修改建议，于{reply}前将书面意见{c.pick(('函复', '反馈'))}{organ.me}。逾期未复的，视为没有意见。"
    extra = c.pick(("文稿涉及内容较多，如需当面沟通，可随时联系。", "书面意见请加盖公章。", "如有修改意见，请一并说明理由。", "如无不同意见，也请书面告知。"))
    body = [opening, ask, extra, c.say("contact", name=contact[0], tel=contact[1]), c.say("letter_end")]
    return Scenario(
        "函", f"{organ.name}关于征求{title}意见的函", (organ.name,), c.stamp, body, items, recipient=other.name,
        doc_number=c.number_of(organ, "函"), signature=(organ.name,), contact=contact, attachments=(title,) if c.chance(0.7) else (),
    )


def reply_letter(c: Composer, project: dict[str, Any]) -> Scenario:
    """函 that answers an equal's question about a project."""
    organ, other = _pair(c)
    what = f"支持{project['name']}"
    asked = f"《{other.name}关于商请{what}的函》（{c.number_of(other, '函')}）"
    scale = c.metric(project["scale"][0])
    share = f"{c.integer(26, 380)}万元"
    staff = f"{c.integer(3, 9)}名"
    until = day(c.later(20, 90))
    items = [
        Item("来函", asked, f"收到{asked}", f"收到了{asked}", (asked,)),
        Item("态度", f"同意{what}", f"同意{what}", f"我们同意{what}", (f"同意{what}",)),
        c.item(scale),
        Item("经费", f"承担{share}", f"承担经费{share}", f"我们承担{share}", (share,)),
        Item("人员", f"选派技术人员{staff}", f"选派技术人员{staff}", f"派技术人员{staff}", (staff,)),
        Item("时限", until, f"{until}前落实到位", f"{until}前落实", (until,)),
    ]
    contact = c.contact() if c.chance(0.5) else None
    points = [
        ("关于项目建设", f"同意{what}，对{scale.text}的方案无不同意见"),
        ("关于经费保障", f"{organ.me}承担经费{share}，于{until}前落实到位"),
        ("关于技术支持", f"{organ.me}选派技术人员{staff}参与工作，{c.deed(c.pick(list(c.field.measures)))}"),
    ]
    body = [f"{asked}收悉。经研究，{c.pick(('现函复如下：', '函复如下：', '现将有关意见函复如下：', '提出以下意见：'))}", *c.listing(points, c.pick(("一", "是")))]
    if c.chance(0.5):
        body.append(c.pick((f"请{other.you}加强沟通联系，共同推进项目实施。", f"具体事宜，请{other.you}与{organ.me}有关科室衔接。", "项目实施中的重大变化，望及时函告。")))
    if contact:
        body.append(c.say("contact", name=contact[0], tel=contact[1]))
    body.append(c.say("letter_reply_end"))
    return Scenario(
        "函", f"{organ.name}关于{what}的复函", (organ.name,), c.stamp, body, items, recipient=other.name,
        doc_number=c.number_of(organ, "函"), signature=(organ.name,), contact=contact,
    )
