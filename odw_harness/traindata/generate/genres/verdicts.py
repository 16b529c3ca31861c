"""决定, 通报, 批复: documents that decide on what subordinates did or asked."""

from typing import Any

from odw_harness.rules.finding import CN
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import Organ, code_of, day


def _unit(c: Composer, organ: Organ, campaign: dict[str, Any]) -> str:
    """A unit below the organ, to be praised."""
    if c.field.institutions or "政府" not in organ.name:
        return str(campaign["office"])
    return f"{organ.place[-1]}{c.pick((c.field.organ, *c.field.helpers))}"


def commendation(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """决定 that commends groups and persons."""
    c.redate((11, 20), (12, 31))
    organ = c.issuer("city", "county", "city bureau")
    honour = f"{c.year}年{campaign['name']}"
    results = c.metrics(campaign["results"], c.pick((2, 3)))
    groups, persons = f"{c.integer(6, 28)}个", f"{c.integer(13, 58)}名"
    first, unit = c.person(), _unit(c, organ, campaign)
    text = f"授予{unit}等{groups}单位“{honour}先进集体”称号，授予{first}等{persons}同志“{honour}先进个人”称号"
    items = [
        *results,
        Item("表彰事项", text, text, text, (unit, groups, first, persons, f"{honour}先进集体", f"{honour}先进个人")),
    ]
    told = "，".join(result.text for result in results)
    since = c.pick((f"{c.year}年以来", "今年以来", "近一段时期"))
    effort = c.pick(("扎实推进", "精心组织实施", "深入开展", "统筹推进"))
    decided = c.pick(("经研究，决定", f"{organ.short}决定", "经集体研究，决定"))
    learn = c.say("commend_learn", deed=c.extra(campaign))
    body = [f"{since}，{organ.area}{effort}{campaign['name']}，{told}。{c.say('commend_praise')}"]
    rest = [f"{c.say('commend_turn')}，{decided}{text}。", c.say("commend_hope") + learn]
    body = [body[0] + rest[0], rest[1]] if c.chance(0.3) else [*body, *rest]
    return c.issued(
        "决定",
        organ,
        f"关于表彰{honour}先进集体和先进个人的决定",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, "发"),
        attachments=("先进集体名单", "先进个人名单") if c.chance(0.5) else (),
    )


def repeal(c: Composer, rule: dict[str, str]) -> Scenario:
    """决定 of a government that repeals a document of its own."""
    organ = c.organ(c.pick(("city", "county")))
    name = c.measure_of(rule)
    title, old = f"《{organ.place}{name}》", f"{organ.code}发〔{c.year - c.integer(4, 11)}〕{c.integer(3, 60)}号"
    meeting, held, start = f"第{c.integer(14, 96)}次常务会议", day(c.earlier(4, 16)), day(c.later(8, 40))
    reason = c.pick(
        ("有关内容已不适应工作需要", "所依据的上位法已作修改", "主要内容已被新的规定替代", "规定的阶段性任务已经完成")
    )
    told = f"{title}（{old}）{reason}"
    items = [
        Item("文件", told, told, told, (title, old, reason)),
        Item(
            "会议",
            f"{held}{meeting}",
            f"{held}经{organ.short}{meeting}研究决定予以废止",
            f"{held}开的{meeting}研究过了，定了要废止",
            (held, meeting),
        ),
        Item("停止执行日期", start, f"自{start}起不再执行", f"{start}起就不执行了", (start,)),
    ]
    deed = c.pick(
        (
            "各有关部门要及时清理配套文件，做好政策衔接，保证各项工作平稳有序。",
            "此前依据该文件已经办理的事项继续有效，尚未办结的按照现行规定办理。",
            f"文件废止后，各有关部门要按照职责继续做好有关工作，切实{rule['aim']}。",
            "各级各有关部门要做好政策解读和宣传工作，及时回应企业和群众关切。",
        )
    )
    cause = c.pick(("根据文件清理结果", "按照规范性文件清理要求", "经全面清理", "在文件清理中发现"))
    decided = c.pick(
        (
            f"{held}，{organ.short}{meeting}研究决定，对该文件予以废止，自{start}起不再执行。",
            f"经{held}{organ.short}{meeting}研究，决定废止该文件，自{start}起不再执行。",
            f"根据{held}{organ.short}{meeting}研究意见，决定对该文件予以废止，自{start}起停止执行。",
        )
    )
    body = [f"{cause}，{told}。{decided}", deed]
    return c.issued(
        "决定", organ, f"关于废止{title}的决定", body, items, recipient=organ.down, doc_number=c.number_of(organ, "发")
    )


def progress_circular(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """通报 of progress, with problems and demands."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    name, until = campaign["name"], day(c.earlier(3, 12))
    results = c.metrics(campaign["results"], c.pick((2, 3)))
    problem, remedy = campaign["problem"]
    slow = c.sample(c.world.towns, 2) if organ.place.endswith("县") and not c.field.institutions else []
    deadline = c.near(c.later(10, 30))
    measures = c.measures(campaign, 2)
    found = problem + (f"，{'、'.join(slow)}进展缓慢" if slow else "")
    items = [
        Item("数据截止", until, f"截至{until}", f"数据是到{until}的", (until,)),
        *results,
        Item("存在问题", found, f"存在的问题是{found}", f"问题是{found}", (problem, *slow)),
        Item("整改期限", f"{deadline}前完成整改", f"要求{deadline}前完成整改", f"{deadline}前要整改完", (deadline,)),
        c.named("工作要求", [measure for measure, _ in measures]),
    ]
    who = c.pick(("对存在的问题，有关单位", "各有关单位", "对上述问题，责任单位"))
    demand = f"{who}要{c.pick(('认真分析原因', '主动认领', '逐项对照', '举一反三'))}，{remedy}，{deadline}前完成整改。"
    told = f"截至{until}，{'；'.join(result.text for result in results)}。"
    asked = c.listing(measures, c.pick(("（一）", "是")))
    opening = c.pick(
        (
            f"近期，{organ.short}对{name}情况进行了调度。",
            f"为推动{name}落地见效，{organ.short}对进展情况进行了汇总分析。",
            f"按照工作安排，{organ.short}对{name}开展了督导检查。",
            f"{c.why(campaign)}{organ.short}对{name}情况作了全面梳理。",
        )
    )
    if c.chance(0.6):
        body = [
            opening + c.say("circular_turn"),
            *c.sections(
                ("工作进展", [told]),
                ("存在的问题", [f"{found}。"]),
                (c.pick(("下一步要求", "工作要求")), [demand, *asked]),
            ),
        ]
    else:
        body = [
            opening + c.say("circular_turn"),
            f"{told}从总体情况看，工作推进有序，但仍存在一些问题：{found}。",
            demand,
            *asked,
        ]
    if c.chance(0.6):
        body.append(c.say("circular_end"))
    kind = c.pick(("进展", "推进", "工作"))
    return c.issued(
        "通报",
        organ,
        f"关于{name}{kind}情况的通报",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, c.pick(("发", "办"))),
    )


def praise_circular(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """通报 that praises one person."""
    organ = c.issuer("city bureau", "county bureau", "city bureau")
    name, person, post = campaign["name"], c.person(), campaign["office"]
    when, days = day(c.earlier(70, 110)), f"{c.integer(13, 46)}天"
    results = c.metrics(campaign["results"], 2)
    measures = c.measures(campaign, 2)
    act = f"{when}起，{post}{person}带领工作组连续奋战{days}"
    items = [
        Item("事迹", act, act, f"{when}起，{post}{person}带着工作组连续干了{days}", (when, post, person, days)),
        *results,
        c.named("号召学习", [measure for measure, _ in measures]),
    ]
    told = "，".join(result.text for result in results)
    worth = c.pick(("有力推动了工作开展", "为全局工作作出了示范", "赢得了群众好评", "展现了过硬作风"))
    decided = f"{c.say('commend_turn')}，{c.pick(('经研究，决定', f'{organ.short}决定', '现决定'))}对{person}同志予以通报表扬。"
    hope = f"{c.pick(('希望', '各单位要组织', '各单位要引导'))}{c.pick(('全体干部职工', '广大干部职工'))}以{person}同志为榜样，在今后工作中{c.pick(('着力抓好以下几点', '做到以下几点', '重点抓好以下工作'))}："
    body = [f"在{name}中，{act}，{told}，{worth}。", decided, hope, *c.listing(measures)]
    if c.chance(0.5):
        body.append("特此通报。")
    return c.issued(
        "通报",
        organ,
        f"关于表扬{person}同志的通报",
        body,
        items,
        recipient=organ.down,
        doc_number=c.number_of(organ, "发"),
    )


_CONDITIONS = (
    "不得擅自提高建设标准",
    "不得随意增加建设内容",
    "项目资金专款专用，按规定接受审计监督",
    "项目资金由{you}统筹落实，不得形成新的债务",
    "严格执行招标投标有关规定",
    "依法办理规划、用地等前期手续",
)


def approval(c: Composer, project: dict[str, Any]) -> Scenario:
    """批复 of a project, with what is granted and on which terms."""
    if c.field.institutions:
        asker = c.issuer()
        up, code = asker.up, code_of(asker.up) + c.pick(("复", "函"))
    else:
        asker = c.organ(c.pick(("county", "city bureau")))
        up, code = f"{c.world.city}市人民政府", f"{c.world.city[0]}政{c.pick(('函', '复'))}"
    what = f"{project['act']}{project['name']}"
    asked = f"《{asker.name}关于{what}的请示》（{c.number_of(asker, c.pick(('', '报')))}）"
    scale = c.metrics(project["scale"], c.pick((1, 2)))
    cost, agreed = f"{c.amount(project['cost'])}万元", f"{c.pick(('同意', '原则同意'))}{what}"
    finish = f"{c.year + c.pick((1, 2))}年{c.integer(3, 12)}月底"
    capped = c.chance(0.5)
    money = f"项目总投资控制在{cost}以内" if capped else f"项目总投资核定为{cost}"
    condition = c.pick(_CONDITIONS).format(you=asker.thou)
    items = [
        Item("来文", asked, f"收到{asked}", f"收到了{asked}", (asked,)),
        Item("批复意见", agreed, f"经研究，{agreed}", f"意见是{agreed}", (agreed,)),
        *scale,
        Item(
            "投资",
            f"{'控制在' if capped else '核定为'}{cost}{'以内' if capped else ''}",
            money,
            money.replace("核定为", "核定成"),
            (cost,),
        ),
        Item("建设条件", condition, condition, condition, (condition,)),
        Item("期限", f"{finish}前建成", f"{finish}前建成", f"{finish}前要建成", (finish,)),
    ]
    points = [
        f"{agreed}。",
        f"{c.pick(('主要建设内容为：', '建设规模：', '主要建设内容：'))}{'，'.join(metric.text for metric in scale)}。",
        f"{money}。",
        f"{condition}。",
        f"项目{c.pick(('应于', '须于', '要于'))}{finish}前建成{c.pick(('并投入使用', '', '并完成验收'))}。",
    ]
    opening = f"{asked}收悉。{c.say('approve_turn')}"
    if c.chance(0.5):
        points[3:] = ["".join(points[3:])]
    body = (
        [opening, "".join(points)]
        if c.chance(0.25)
        else [opening, *(f"{CN[i]}、{text}" for i, text in enumerate(points))]
    )
    if c.chance(0.8):
        body.append(c.say("approve_end", who=asker.me[1:]))
    body.append(c.pick(("此复。", "此复。", "特此批复。")))
    return Scenario(
        "批复",
        f"{up}关于{what}的批复",
        (up,),
        c.stamp,
        body,
        items,
        recipient=asker.name,
        doc_number=f"{code}〔{c.year}〕{c.serial(120)}号",
        signature=(up,),
    )
