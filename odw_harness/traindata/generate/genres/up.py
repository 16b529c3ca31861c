"""Documents to superiors: 报告, 请示, 议案."""

from typing import Any

from odw_harness.rules.finding import CN
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.figures import divide, itemised
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import Organ, day


def _head(c: Composer, organ: Organ) -> dict[str, Any]:
    """The head of a document to a superior: recipient, number, 签发人."""
    suffix = "" if c.field.institutions else c.pick(("", "", "报"))
    return {
        "recipient": organ.up,
        "doc_number": c.number_of(organ, suffix),
        "signatory": c.person(),
    }


def _month_end(c: Composer, least: int, most: int) -> str:
    """The end of a month of this year, some months ahead."""
    return f"{c.year}年{min(12, c.today.month + c.integer(least, most))}月底"


def campaign_report(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """报告 of what a campaign has brought."""
    organ = c.issuer("city bureau", "county bureau", "county")
    name = campaign["name"]
    results = c.metrics(campaign["results"], c.pick((3, 4)))
    problems = [campaign["problem"], *([c.pair("common_problem")] if c.chance(0.5) else [])]
    measures = c.measures(campaign, 2)
    deadline = _month_end(c, 1, 3)
    found = "，".join(problem for problem, _ in problems)
    upper = c.upper(f"开展{name}", organ, measures[0][0]) if c.chance(0.75) else None
    items = [
        c.named("主要做法", [measure for measure, _ in measures]),
        *results,
        Item(
            "存在问题", found, f"存在的主要问题：{found}", f"问题是{found}", tuple(problem for problem, _ in problems)
        ),
        Item(
            "下一步",
            f"{deadline}前完成全部任务",
            f"下一步，{deadline}前完成全部任务",
            f"接下来{deadline}前要把任务全做完",
            (deadline,),
        ),
    ]
    if c.chance(0.3):
        items = [*items[1:], items[0]]
    began = (
        f"{c.basis(upper)}{organ.me}{c.pick(('认真组织开展', '扎实推进', '精心部署'))}{name}。"
        if upper
        else c.say("report_open", year=c.year, me=organ.me, name=name)
    )
    opening = began + c.say("report_turn", topic=name)
    told = [result.text for result in results]
    remedies = "，".join(remedy for _, remedy in problems)
    care = c.extra(campaign)
    last = f"{c.pick(('力争', '确保'))}{deadline}前完成全部任务"
    plan = f"下一步，{organ.me}将{remedies}，{last}。"
    did = c.listing(measures, "是")[0]
    form = c.integer(0, 2)
    if form == 0:
        points = [
            (
                remedy,
                f"针对{problem}的问题，{c.pick(('明确责任人和完成时限', '逐项制定措施、逐项推进落实', '细化任务清单，定期调度进展'))}",
            )
            for problem, remedy in problems
        ]
        plans = (
            [f"{points[0][0]}，{care}，{last}。"] if len(points) < 2 else [*c.listing(points, "（一）"), f"{last}。"]
        )
        body = [
            opening,
            *c.sections(
                ("主要做法", c.listing(measures, "（一）")),
                (c.pick(("工作成效", "取得的成效")), [f"{'；'.join(told)}。"]),
                ("存在的问题", [f"{found}。"]),
                (c.pick(("下一步打算", "下一步工作")), plans),
            ),
        ]
    elif form == 1:
        body = [
            opening,
            *c.sections(
                (
                    c.pick(("工作开展情况", "进展情况")),
                    [f"{did}{c.pick(('截至目前，', '通过努力，', ''))}{'，'.join(told)}。"],
                ),
                ("存在问题和下一步打算", [f"目前，{found}。{plan}"]),
            ),
        ]
    else:
        body = [opening, did, f"截至目前，{'，'.join(told)}。", f"工作中还存在一些问题：{found}。{plan}"]
    body.append(c.say("report_end"))
    kind = c.pick(("工作", "开展", "进展"))
    return c.issued("报告", organ, f"关于{name}{kind}情况的报告", body, items, upper=upper, **_head(c, organ))


def funds_report(c: Composer, project: dict[str, Any]) -> Scenario:
    """报告 of how a project's money was spent; parts and totals agree."""
    organ = c.issuer("city bureau", "county", "county bureau")
    total = c.amount(project["cost"])
    name = project["name"] + ("" if project["name"].endswith(("工程", "项目")) else "建设")
    sources = (
        ("上级补助", "自筹")
        if c.field.institutions
        else c.pick((("省级", "市级"), ("中央", "省级", "本级"), ("上级", "本级")))
    )
    spent = round(total * c.integer(68, 96) / 100)
    given, used = divide(total, len(sources), c.rng), divide(spent, len(project["uses"]), c.rng)
    rate, rest = f"{spent / total * 100:.1f}%", f"{total - spent}万元"
    origin = itemised([f"{source}资金" for source in sources], given)
    outgo = itemised(project["uses"], used)
    arranged = f"共安排资金{total}万元，其中{origin}"
    paid = f"已支出{spent}万元，执行率{rate}，其中{outgo}"
    left = f"结余资金{rest}"
    problem, remedy = c.pair("project_problem")
    deadline = _month_end(c, 1, 3)
    items = [
        Item("资金安排", arranged, arranged, arranged, (f"{total}万元", *(f"{value}万元" for value in given))),
        Item("资金支出", paid, paid, paid, (f"{spent}万元", rate, *(f"{value}万元" for value in used))),
        Item("结余", left, left, f"还剩{left}", (rest,)),
        Item("存在问题", problem, f"存在问题：{problem}", f"问题是{problem}", (problem,)),
        Item(
            "下一步", f"{deadline}前支付完毕", f"{deadline}前全部支付完毕", f"{deadline}前要全部支付完毕", (deadline,)
        ),
    ]
    plan = f"{remedy}，{c.say('project_care')}，确保{deadline}前全部支付完毕。"
    began = f"{organ.me}{c.pick(('认真做好', '切实加强', '严格规范'))}{name}资金使用管理。"
    opening = f"{c.why(project) if c.chance(0.4) else ''}{began}{c.say('report_turn', topic=f'{name}资金使用')}"
    form = c.integer(0, 2)
    if form == 0:
        body = [
            opening,
            *c.sections(
                ("资金安排情况", [f"{name}{arranged}。"]),
                ("资金使用情况", [f"{paid}。{left}。"]),
                ("存在的问题", [f"{problem}。"]),
                ("下一步打算", [plan]),
            ),
        ]
    elif form == 1:
        body = [
            opening,
            *c.sections(
                ("资金安排和使用情况", [f"（一）安排情况。{arranged}。", f"（二）支出情况。{paid}。{left}。"]),
                ("问题和打算", [f"目前，{problem}。下一步，{organ.me}将{plan}"]),
            ),
        ]
    else:
        body = [
            opening,
            f"{name}{arranged}。{c.pick(('截至目前，', ''))}{paid}。{left}。",
            f"资金管理中存在的主要问题是{problem}。下一步，{organ.me}将{plan}",
        ]
    body.append(c.say("report_end"))
    return c.issued("报告", organ, f"关于{name}资金使用情况的报告", body, items, **_head(c, organ))


def project_request(c: Composer, project: dict[str, Any]) -> Scenario:
    """请示 for approval of a project; one matter (条例 art. 15(4))."""
    organ = c.issuer("city bureau", "county", "county bureau")
    what, need = f"{project['act']}{project['name']}", project["need"]
    scale, total = c.metrics(project["scale"], 2), c.amount(project["cost"])
    sources = (
        ("申请上级补助", "自筹")
        if c.field.institutions
        else c.pick(
            (
                ("申请上级补助", "本级财政安排"),
                ("申请专项资金", "本级配套", "社会资本投入"),
                ("申请专项债券", "本级财政安排"),
            )
        )
    )
    parts = divide(total, len(sources), c.rng)
    money = f"总投资{total}万元，其中{itemised(sources, parts)}"
    start = c.later(60, 150)
    finish = c.later(200, 600, start)
    term = f"{start.year}年{start.month}月至{finish.year}年{finish.month}月"
    site = (
        f"{c.pick(c.world.roads)}{c.pick(('北侧', '南侧', '东侧', '西侧'))}"
        if project["act"] in ("新建", "建设") and c.chance(0.5)
        else ""
    )
    items = [
        Item("建设必要性", "，".join(need), "，".join(need), "，".join(need), tuple(need)),
        *([Item("选址", site, f"选址{site}", f"地点选在{site}", (site,))] if site else []),
        *scale,
        Item("投资", money, money, money, (f"{total}万元", *(f"{value}万元" for value in parts))),
        Item("建设期", term, f"建设期为{term}", f"工期是{term}", (term,)),
    ]
    contact = c.contact() if c.chance(0.6) else None
    size = f"{f'选址{site}，' if site else ''}{'，'.join(metric.text for metric in scale)}"
    opening = f"{c.why(project)}{organ.me}拟{what}。{c.say('request_turn')}"
    good = c.pick(("实施该项目，有利于", f"{what}，有助于", "项目建成后，可以进一步"))
    reason = f"{c.pick(('目前，', '近年来，', ''))}{'，'.join(need)}。{good}{c.say('project_good')}{c.pick(('，具有现实必要性', '', '，十分必要'))}。"
    plan = [("建设规模", size), ("投资和资金来源", f"项目{money}"), ("建设期限", f"建设期为{term}")]
    ask = c.say("request_ask", up=organ.up, what=what) + c.say("request_promise", me=organ.me)
    form = c.integer(0, 2)
    if form == 0:
        body = [
            opening,
            *c.sections(("项目建设的必要性", [reason]), ("建设方案", c.listing(plan, "（一）")), ("请示事项", [ask])),
        ]
    elif form == 1:
        body = [opening, *c.listing([("建设必要性", reason.removesuffix("。")), *plan], "一"), ask]
    else:
        body = [opening, reason, f"{f'项目{size}' if site else size}。项目{money}。建设期为{term}。", ask]
    body.append(c.say("request_end"))
    return c.issued(
        "请示", organ, f"关于{what}的请示", body, items, contact=contact, contact_below=True, **_head(c, organ)
    )


def funds_request(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """请示 for money to carry a campaign on."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    name, total = campaign["name"], c.integer(56, 280)
    results = c.metrics(campaign["results"], 2)
    uses = c.sample(
        ("设备购置", "人员培训", "技术服务", "宣传发动", "信息系统运行", "场地租用", "资料印制"), c.pick((2, 3))
    )
    parts = divide(total, len(uses), c.rng)
    money = f"需工作经费{total}万元，其中{itemised(uses, parts)}"
    until = _month_end(c, 1, 4)
    measures = c.measures(campaign, 2)
    upper = c.upper(f"开展{name}", organ, measures[0][0]) if c.chance(0.75) else None
    items = [
        *results,
        c.named("工作任务", [measure for measure, _ in measures]),
        Item("完成时限", f"{until}前完成", f"计划{until}前完成", f"打算{until}前做完", (until,)),
        Item("经费需求", money, money, money, (f"{total}万元", *(f"{value}万元" for value in parts))),
    ]
    contact = c.contact() if c.chance(0.6) else None
    turn = c.pick(
        ("现就经费事项请示如下：", "现将经费需求请示如下：", "现就所需经费请示如下：", "现将有关事项请示如下：")
    )
    opening = f"{c.why(campaign)}{c.basis(upper)}{organ.me}组织开展{name}。{c.pick(('截至目前，', '前期，', '目前，'))}{'，'.join(r.text for r in results)}。{turn}"
    ask = c.say("request_ask", up=organ.up, what=f"安排{name}经费{total}万元")
    promise = c.pick(
        ("严格按照规定用途使用经费，专款专用", "加强经费管理，自觉接受审计监督", "厉行节约，切实提高资金使用效益")
    )
    body = [
        opening,
        *c.sections(
            ("工作任务", [*c.listing(measures, c.pick(("（一）", "是"))), f"上述任务计划{until}前完成。"]),
            (c.pick(("经费测算", "经费需求")), [f"经测算，{money}。"]),
            ("请示事项", [f"{ask}{organ.me}将{promise}。"]),
        ),
        c.say("request_end"),
    ]
    kind = c.pick(("安排", "申请安排", "拨付"))
    return c.issued(
        "请示",
        organ,
        f"关于{kind}{name}经费的请示",
        body,
        items,
        upper=upper,
        contact=contact,
        contact_below=True,
        **_head(c, organ),
    )


def bill(c: Composer, rule: dict[str, str]) -> Scenario:
    """议案 of a people's government for its congress's standing committee (条例 art. 8(13))."""
    organ = c.organ("city")
    stem = rule["name"].removesuffix("条例").removesuffix("实施办法").removesuffix("办法").removesuffix("规定")
    title = f"《{organ.place}{stem}条例（草案）》"
    size = f"{c.integer(5, 9)}章{c.integer(34, 72)}条"
    got = c.integer(120, 480)
    taken = round(got * c.integer(22, 58) / 100)
    asked_on = c.earlier(80, 200)
    asked, passed = f"{asked_on.year}年{asked_on.month}月", day(c.earlier(5, 20))
    meeting, mayor = f"第{c.integer(14, 96)}次常务会议", c.person()
    author, measures = f"市{c.field.organ}", c.parts_of_rule(c.pick((3, 4)))
    opinions = f"{asked}公开征求意见，收到意见{got}条，采纳{taken}条"
    content = c.chance(0.6)
    items = [
        Item(
            "起草情况",
            f"{author}起草，{title}共{size}",
            f"{author}起草了{title}，共{size}",
            f"{author}起草的{title}，一共{size}",
            (author, title, size),
        ),
        *([c.named("主要内容", measures)] if content else []),
        Item("征求意见", opinions, opinions, opinions, (asked, f"{got}条", f"{taken}条")),
        Item(
            "审议情况",
            f"{passed}市人民政府{meeting}讨论通过",
            f"{passed}经市人民政府{meeting}讨论通过",
            f"{passed}市人民政府{meeting}已经讨论通过了",
            (passed, meeting),
        ),
        Item("署名", f"市长{mayor}", f"由市长{mayor}署名", f"落款写市长{mayor}", (mayor,)),
    ]
    short = c.pick(("《条例（草案）》", "草案"))
    alias = f"（以下简称{short}）" if short.startswith("《") else ""
    wish = c.pick(("推动有关工作依法有序开展", "把成熟的经验做法上升为制度", "回应社会关切", "完善地方法规制度"))
    must = c.pick(("有必要制定地方性法规", "亟需通过立法予以规范", "有必要通过地方立法加以保障", "制定该条例十分必要"))
    drafted = f"为此，{author}{c.pick(('在深入调研的基础上', '会同有关部门', '经广泛论证，'))}起草了{title}{alias}，共{size}。"
    told = f"{asked}，{short}公开征求意见，收到意见{got}条，采纳{taken}条。{passed}，{short}经市人民政府{meeting}讨论通过。"
    body = [f"{c.why(rule)}{wish}，{must}。{drafted}", told]
    if content:
        listed = (
            "；".join(f"{CN[i]}是{measure}" for i, measure in enumerate(measures))
            if c.chance(0.5)
            else "、".join(measures)
        )
        body.insert(
            c.pick((1, 2)),
            f"{short}主要{c.pick(('对以下内容作了规定：', '规定了以下内容：', '包括以下内容：'))}{listed}。",
        )
    closing = c.say("bill_end")
    body.append(closing)
    return Scenario(
        "议案",
        f"{organ.name}关于提请审议{title}的议案",
        (organ.name,),
        c.stamp,
        body,
        items,
        recipient=f"{organ.place}人民代表大会常务委员会",
        doc_number=c.number_of(organ, c.pick(("", "函", "案"))),
        signature=(f"市长　{mayor}",),
        attachments=(title,) if "附后" in closing or c.chance(0.8) else (),
    )
