"""Documents to superiors: 报告, 请示, 议案."""

from typing import Any

from odw_harness.traindata.generate.compose import NUMERALS, Composer
from odw_harness.traindata.generate.figures import divide
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import Organ, day


def _signed(c: Composer, organ: Organ) -> dict[str, Any]:
    """The head of a document to a superior: recipient, number, 签发人, signature."""
    return {
        "recipient": organ.up,
        "doc_number": c.number_of(organ, c.pick(("", "报", "字")) if not c.field.institutions else ""),
        "signatory": c.people(1)[0],
        "signature": (organ.name,),
    }


def campaign_report(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """报告 of what a campaign has brought."""
    organ = c.issuer("city bureau", "county bureau", "county")
    name = campaign["name"]
    results = c.metrics(campaign["results"], c.pick((3, 4)))
    problems = c.sample(c.field.problems, c.pick((1, 2)))
    measures = c.measures(2)
    deadline = f"{c.year}年{min(12, c.today.month + c.integer(1, 3))}月底"
    items = [*map(c.item, results)]
    found = "，".join(problem for problem, _ in problems)
    items.append(Item("存在问题", found, f"存在的主要问题：{found}", f"问题是{found}", tuple(problem for problem, _ in problems)))
    items.append(Item("下一步", f"{deadline}前完成全部任务", f"下一步，{deadline}前完成全部任务", f"接下来{deadline}前要把任务全做完", (deadline,)))
    items.append(c.named("主要做法", [measure for measure, _ in measures]))
    upper = c.upper(f"开展{name}", *c.superior(organ)) if c.chance(0.6) else None
    opening = (f"按照{upper.value}要求，{organ.me}认真组织开展{name}。" if upper else c.say("report_open", year=c.year, me=organ.me, name=name)) + c.say("report_turn", topic=name)
    told = [result.text for result in results]
    plan = [(remedy, f"{c.pick(('针对存在的问题，', '对照工作要求，', '结合实际，'))}{c.pick(('明确责任人和完成时限', '逐项制定措施、逐项推进落实', '细化任务清单，定期调度进展'))}") for _, remedy in problems]
    last = f"{c.pick(('力争', '确保'))}{deadline}前完成全部任务。"
    form = c.integer(0, 2)
    if form == 0:
        body = [opening, *c.sections(("主要做法", c.listing(measures, "（一）")), ("工作成效", [f"{'；'.join(told)}。"]), ("存在的问题", [f"{found}。"]), ("下一步打算", [*c.listing(plan, "是" if len(plan) > 1 else "（一）"), last] if len(plan) > 1 else [f"{plan[0][0]}，{plan[0][1]}，{last}"]))]
    elif form == 1:
        body = [opening, f"一、{c.pick(('工作开展情况', '进展情况'))}", f"{'，'.join(told)}。{measures[0][1]}；{measures[1][1]}。".replace(measures[0][1], f"工作中，一是{measures[0][0]}，{measures[0][1]}").replace(f"；{measures[1][1]}", f"；二是{measures[1][0]}，{measures[1][1]}"),
                "二、存在问题和下一步打算", f"目前，{found}。下一步，{organ.me}将{'，'.join(remedy for _, remedy in problems)}，{last}"]
    else:
        body = [opening, f"一是{measures[0][0]}，{measures[0][1]}。二是{measures[1][0]}，{measures[1][1]}。", f"截至目前，{'，'.join(told)}。", f"工作中还存在一些问题：{found}。下一步，{organ.me}将{'，'.join(remedy for _, remedy in problems)}，{last}"]
    body.append(c.say("report_end"))
    return Scenario("报告", f"{organ.name}关于{name}{c.pick(('工作', '开展', '进展'))}情况的报告", (organ.name,), c.stamp, body, items, upper=upper, **_signed(c, organ))


def funds_report(c: Composer, project: dict[str, Any]) -> Scenario:
    """报告 of how a project's money was spent; parts and totals agree."""
    organ = c.issuer("city bureau", "county", "county bureau")
    name = project["name"]
    total = int(c.metric(f"总投资 万元 {project['cost']}").value.removesuffix("万元"))
    sources = ("上级补助", "自筹") if c.field.institutions else c.pick((("省级", "市级"), ("中央", "省级", "本级"), ("上级", "本级")))
    given = divide(total, len(sources), c.rng)
    spent = round(total * c.integer(68, 96) / 100)
    used = divide(spent, len(project["uses"]), c.rng)
    rest = total - spent
    rate = f"{spent / total * 100:.1f}%"
    in_year = c.year - 1 if c.today.month < 6 else c.year
    arranged = f"共安排资金{total}万元，其中{'、'.join(f'{s}资金{v}万元' for s, v in zip(sources, given, strict=True))}"
    paid = f"已支出{spent}万元，执行率{rate}，其中{'、'.join(f'{u}{v}万元' for u, v in zip(project['uses'], used, strict=True))}"
    left = f"结余资金{rest}万元"
    problem, remedy = c.pick(c.field.problems)
    deadline = f"{c.year}年{min(12, c.today.month + c.integer(1, 3))}月底"
    items = [
        Item("资金安排", arranged, arranged, arranged, (f"{total}万元", *(f"{v}万元" for v in given))),
        Item("资金支出", paid, paid, paid, (f"{spent}万元", rate, *(f"{v}万元" for v in used))),
        Item("结余", left, left, f"还剩{left}", (f"{rest}万元",)),
        Item("存在问题", problem, f"存在问题：{problem}", f"问题是{problem}", (problem,)),
        Item("下一步", f"{deadline}前支付完毕", f"{deadline}前全部支付完毕", f"{deadline}前要全部支付完毕", (deadline,)),
    ]
    plan = f"{remedy}，{c.pick(('加快项目实施和资金支付', '督促有关单位抓紧办理报账手续', '加强执行情况跟踪调度'))}，确保{deadline}前全部支付完毕。{c.deed(c.pick(list(c.field.measures)))}。"
    opening = f"{c.pick((f'{in_year}年，', '', '按照有关规定，'))}{organ.me}{c.pick(('认真做好', '切实加强', '严格规范'))}{name}资金使用管理。{c.say('report_turn', topic=f'{name}资金使用')}"
    if c.chance(0.5):
        body = [opening, *c.sections(("资金安排情况", [f"{name}{arranged}。"]), ("资金使用情况", [f"{paid}。{left}。"]), ("存在的问题", [f"{problem}。"]), ("下一步打算", [plan]))]
    else:
        body = [opening, *c.sections(("资金安排和使用情况", [f"（一）安排情况。{arranged}。", f"（二）支出情况。{paid}。{left}。"]), ("问题和打算", [f"目前，{problem}。下一步，{organ.me}将{plan}"]))]
    body.append(c.say("report_end"))
    when = f"{in_year}年度" if opening.startswith(str(in_year)) else ""
    if when:
        items.insert(0, Item("年度", when, f"报告的是{when}情况", f"说的是{when}的事", (f"{in_year}年",)))
    return Scenario("报告", f"{organ.name}关于{when}{name}资金使用情况的报告", (organ.name,), c.stamp, body, items, **_signed(c, organ))


def project_request(c: Composer, project: dict[str, Any]) -> Scenario:
    """请示 for approval of a project; one matter (条例 art. 15(4))."""
    organ = c.issuer("city bureau", "county", "county bureau")
    what = f"{project['act']}{project['name']}"
    scale = c.metrics(project["scale"], 2)
    total = int(c.metric(f"总投资 万元 {project['cost']}").value.removesuffix("万元"))
    sources = ("上级补助", "自筹") if c.field.institutions else c.pick((("申请上级补助", "本级财政安排"), ("申请专项资金", "本级配套", "社会资本投入"), ("申请专项债券", "本级财政安排")))
    parts = divide(total, len(sources), c.rng)
    money = f"总投资{total}万元，其中{'、'.join(f'{s}{v}万元' for s, v in zip(sources, parts, strict=True))}"
    start = c.later(60, 150)
    finish = c.later(200, 600, start)
    term = f"{start.year}年{start.month}月至{finish.year}年{finish.month}月"
    site = f"{c.pick(c.world.roads)}{c.pick(('北侧', '南侧', '东侧', '西侧'))}"
    fixed = project["act"] in ("新建", "建设") and c.chance(0.5)
    need = project["need"]
    items = [Item("必要性", "，".join(need), "，".join(need), "，".join(need), tuple(need))]
    if fixed:
        items.append(Item("选址", site, f"选址{site}", f"地点选在{site}", (site,)))
    items += map(c.item, scale)
    items += [
        Item("投资", money, money, money, (f"{total}万元", *(f"{v}万元" for v in parts))),
        Item("建设期", term, f"建设期为{term}", f"工期是{term}", (term,)),
    ]
    contact = c.contact() if c.chance(0.6) else None
    size = "，".join(metric.text for metric in scale)
    opening = f"{c.why()}{organ.me}拟{what}。{c.say('request_turn')}"
    reason = f"{c.pick(('目前，', '近年来，', ''))}{'，'.join(need)}。{c.pick(('实施该项目，有利于', f'{what}，有助于', '项目建成后，可以'))}{c.pick(c.field.why)}{c.pick(('，具有现实必要性', '', '，十分必要'))}。"
    plan = [("建设规模", f"{f'项目选址{site}，' if fixed else ''}{size}"), ("投资和资金来源", f"项目{money}"), ("建设期限", f"建设期为{term}")]
    ask = c.say("request_ask", up=organ.up, what=what) + c.say("request_promise", me=organ.me)
    form = c.integer(0, 2)
    if form == 0:
        body = [opening, *c.sections(("项目建设的必要性", [reason]), ("建设方案", c.listing(plan, "（一）")), ("请示事项", [ask]))]
    elif form == 1:
        body = [opening, *c.listing([("必要性", reason.removesuffix("。")), *plan], "一"), ask]
    else:
        body = [opening, reason, f"{'拟选址' + site + '，' if fixed else ''}{size}。项目{money}。建设期为{term}。", ask]
    body.append(c.say("request_end"))
    return Scenario("请示", f"{organ.name}关于{what}的请示", (organ.name,), c.stamp, body, items, contact=contact, contact_below=True, **_signed(c, organ))


def funds_request(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """请示 for money to carry a campaign on."""
    organ = c.issuer("city bureau", "county", "county bureau")
    name = campaign["name"]
    results = c.metrics(campaign["results"], 2)
    total = c.integer(86, 760)
    uses = c.sample(("设备购置", "人员培训", "检测服务", "宣传发动", "信息系统运行", "专家评审", "资料印制"), c.pick((2, 3)))
    parts = divide(total, len(uses), c.rng)
    money = f"需工作经费{total}万元，其中{'、'.join(f'{u}{v}万元' for u, v in zip(uses, parts, strict=True))}"
    until = f"{c.year}年{min(12, c.today.month + c.integer(1, 4))}月底"
    items = [
        *map(c.item, results),
        Item("经费需求", money, money, money, (f"{total}万元", *(f"{v}万元" for v in parts))),
        Item("完成时限", until, f"计划{until}前完成", f"打算{until}前做完", (until,)),
    ]
    contact = c.contact() if c.chance(0.6) else None
    upper = c.upper(f"开展{name}", *c.superior(organ)) if c.chance(0.5) else None
    basis = f"按照{upper.value}要求，" if upper else ""
    measures = c.measures(2)
    items.append(c.named("工作任务", [measure for measure, _ in measures]))
    what = f"安排{name}经费{total}万元"
    opening = f"{c.why()}{basis}{organ.me}组织开展{name}。{c.pick(('截至目前，', '前期，', '目前，'))}{'，'.join(r.text for r in results)}。{c.say('request_turn').replace('项目', '经费').replace('建设方案', '经费需求')}"
    body = [opening, *c.sections(("工作任务", [*c.listing(measures, c.pick(("（一）", "是"))), f"上述任务计划{until}前完成。"]), ("经费测算", [f"经测算，{money}。"]), ("请示事项", [f"{c.say('request_ask', up=organ.up, what=what)}{organ.me}将{c.pick(('严格按照规定用途使用经费，专款专用', '加强经费管理，自觉接受审计监督', '厉行节约，切实提高资金使用效益'))}。"]))]
    body.append(c.say("request_end"))
    return Scenario("请示", f"{organ.name}关于{c.pick(('安排', '申请安排', '拨付'))}{name}经费的请示", (organ.name,), c.stamp, body, items, upper=upper, contact=contact, contact_below=True, **_signed(c, organ))


def bill(c: Composer, rule: str) -> Scenario:
    """议案 of a people's government for its congress's standing committee (条例 art. 8(13))."""
    organ = c.organ("city")
    name = rule if rule.endswith("条例") else rule.removesuffix("管理办法").removesuffix("办法").removesuffix("管理规定").removesuffix("规定") + "条例"
    title = f"《{organ.place}{name}（草案）》"
    chapters, articles = c.integer(5, 9), c.integer(34, 72)
    size = f"{chapters}章{articles}条"
    got = c.integer(120, 480)
    taken = round(got * c.integer(22, 58) / 100)
    asked_on = c.earlier(80, 200)
    asked = f"{asked_on.year}年{asked_on.month}月"
    passed, meeting = day(c.earlier(5, 20)), f"第{c.integer(14, 96)}次常务会议"
    mayor = c.people(1)[0]
    author = f"市{c.field.organ}"
    measures = c.sample(list(c.field.measures), 3)
    items = [
        Item("起草情况", f"{author}起草，共{size}", f"{author}起草了{title}，共{size}", f"{author}起草的{title}，一共{size}", (author, title, size)),
        Item("征求意见", f"{asked}公开征求意见，收到意见{got}条，采纳{taken}条", f"{asked}公开征求意见，收到意见{got}条，采纳{taken}条",
             f"{asked}公开征求过意见，收到意见{got}条，采纳{taken}条", (asked, f"{got}条", f"{taken}条")),
        Item("审议情况", f"{passed}市人民政府{meeting}讨论通过", f"{passed}经市人民政府{meeting}讨论通过", f"{passed}市人民政府{meeting}已经讨论通过了", (passed, meeting)),
        Item("署名", f"市长{mayor}", f"由市长{mayor}署名", f"落款写市长{mayor}", (mayor,)),
    ]
    content = c.chance(0.6)
    if content:
        items.insert(1, c.named("主要内容", measures))
    short = c.pick(("《条例（草案）》", "草案"))
    alias = f"（以下简称{short}）" if short.startswith("《") else ""
    body = [
        f"{c.why(c.pick((2, 3)))}{c.pick(('推动有关工作依法有序开展', '把成熟的经验做法上升为制度', '回应社会关切', '完善地方法规制度'))}，{c.pick(('有必要制定地方性法规', '亟需通过立法予以规范', '有必要通过地方立法加以保障', '制定该条例十分必要'))}。"
        f"为此，{author}{c.pick(('在深入调研的基础上', '会同有关部门', '经广泛论证'))}起草了{title}{alias}，共{size}。",
        f"{asked}，{short}公开征求意见，收到意见{got}条，采纳{taken}条。{passed}，{short}经市人民政府{meeting}讨论通过。",
    ]
    if content:
        body.insert(1, f"{short}主要对以下内容作了规定：{'；'.join(f'{NUMERALS[i]}是{m}' for i, m in enumerate(measures))}。")
    body.append(c.say("bill_end"))
    return Scenario(
        "议案", f"{organ.name}关于提请审议{title}的议案", (organ.name,), c.stamp, body, items,
        recipient=f"{organ.place}人民代表大会常务委员会", doc_number=c.number_of(organ, c.pick(("", "函", "案"))),
        signature=(f"市长　{mayor}",), attachments=(title,) if c.chance(0.8) else (),
    )
