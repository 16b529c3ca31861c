"""事务文书: 工作总结, 工作计划, 讲话稿, 调研报告."""

import re
from typing import Any

from odw_harness.rules.finding import CN
from odw_harness.traindata.generate.compose import COUNTS, Composer
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import Organ


def summary(c: Composer, section: str) -> Scenario:
    """工作总结 of a year: figures by section, shortcomings, the next year's targets."""
    c.redate((12, 20), (2, 5))
    organ = c.issuer("city bureau")
    year = c.year - 1 if c.today.month < 6 else c.year
    parts = c.sections_with(section, c.pick((1, 2)))
    told = [(name, part, c.metrics(part["metrics"], 2)) for name, part in parts]
    problem, remedy = c.pick(c.field.problems)
    target = c.metric(c.pick(c.pick(c.field.policies)["targets"]))
    measures = c.measures(parts[0][1], 1) + [
        (name, c.deed(c.field.measures[name])) for name in c.sample(list(c.field.measures), 2)
    ]
    measures = list(dict(measures).items())[:2]
    goal = f"{year + 1}年打算{target.text}"
    items = [Item("总结年度", f"{year}年", f"总结{year}年工作", f"总结{year}年的工作", (f"{year}年",))]
    items += [c.section_item(name, metrics) for name, _, metrics in told]
    items += [
        Item("不足", problem, f"不足：{problem}", f"不足是{problem}", (problem,)),
        Item(f"{year + 1}年目标", target.text, goal, goal, (f"{year + 1}年", *target.facts)),
        c.named("下一步工作", [measure for measure, _ in measures]),
    ]
    done = []
    for name, part, metrics in told:
        figures = "，".join(metric.text for metric in metrics)
        done.append((name, f"{c.extra(part)}。{c.pick(('全年', '一年来，', ''))}{figures}"))
    plan = f"{year + 1}年，{c.pick(('将', f'{organ.me}将', '计划'))}{remedy}，力争{target.text}。"
    lack = c.pick(
        ("在肯定成绩的同时，也要看到", "对照年度目标和群众期盼", "工作中还有一些不足", "同时，我们也清醒地认识到")
    )
    body = [c.say("summary_open", year=year, name=organ.name) + c.say("summary_turn")]
    body += c.sections(
        (c.pick(("主要工作和成效", "工作开展情况", "主要成效")), c.listing(done, "（一）")),
        (c.pick(("存在的不足", "存在的问题")), [f"{lack}，{problem}。"]),
        (c.pick(("下一步打算", f"{year + 1}年工作打算")), [plan, *c.listing(measures, c.pick(("（一）", "是")))]),
    )
    return c.issued("工作总结", organ, f"{year}年{c.pick(('', '度'))}工作总结", body, items)


_DOABLE = re.compile(
    "^(?:新增|改造|完成|培训|建成|治理|举办|清理|组建|招聘|维修|数字化|征集|开展|新建|上线|发展|选派|引进|收购|检查|排查|抽检|抽查|建立|走访)"
)
"""Counts that an organ can set itself as a target."""
_DOABLE_TOO = re.compile("^(?:完善|盘活|设置|规范|更换)")
"""More of them, for fields that have few."""


def _apart(drawn: list[str], others: list[str], campaigns: list[dict[str, Any]]) -> list[str]:
    """Counts drawn as targets, with one of the others in the place of what counts the same as a campaign's scope.

    A plan that covers 237 buildings by a campaign must not aim at checking 133 of them.
    """
    taken = {
        result
        for campaign in campaigns
        for result in campaign["results"]
        if result.split()[0][-2:] == campaign["scope"].split()[0][-2:]
    }
    free = (text for text in others if text not in taken and text not in drawn)
    return [next(free) if text in taken else text for text in drawn]


def plan(c: Composer, policy: dict[str, Any]) -> Scenario:
    """工作计划: targets, tasks with who and when, safeguards."""
    half = c.chance(0.5)
    c.redate((6, 10), (7, 10)) if half else c.redate((1, 4), (2, 20))
    organ = c.issuer("city bureau")
    span = f"{c.year}年{'下半年' if half else ''}"
    pool = [part["metrics"] for part in c.field.sections.values()] + [
        campaign["results"] for campaign in c.field.campaigns
    ]
    plain = [text for texts in pool for text in texts if len(text.split()) == 3]
    counts = [text for text in plain if _DOABLE.match(text)]
    others = [*reversed(counts), *(text for text in plain if _DOABLE_TOO.match(text))]
    targets = [c.metric(text) for text in _apart(c.sample(counts, 2), others, c.field.campaigns)]
    campaign, project, training = c.pick(c.field.campaigns), c.pick(c.field.projects), c.pick(c.field.trainings)
    upper = c.upper(policy["name"], organ, c.measures(policy, 1)[0][0], "意见") if c.chance(0.75) else None
    months = [f"{month}月底前" for month in sorted(c.rng.sample(range(8 if half else 3, 13), 3))]
    scope, cost, people = (
        c.metric(campaign["scope"]),
        f"{c.amount(project['cost']) // 3}万元",
        f"{c.integer(46, 320)}人",
    )
    tasks = [
        (
            f"开展{campaign['name']}",
            f"覆盖{scope.label}{scope.value}",
            scope.facts,
            c.measures(campaign, 1)[0][1],
            campaign["office"],
        ),
        (f"{project['act']}{project['name']}", f"完成投资{cost}", (cost,), c.say("project_care"), project["office"]),
        (
            f"举办{training}",
            f"培训{people}",
            (people,),
            c.say("plan_learn"),
            "人事教育科" if c.field.organ else "办公室",
        ),
    ]
    c.rng.shuffle(tasks)
    aim = "，".join(target.text for target in targets)
    items = [
        Item("目标", aim, f"{span}目标：{aim}", f"{span}的目标是{aim}", (span, *(f for t in targets for f in t.facts)))
    ]
    points: list[tuple[str, str]] = []
    together = c.chance(0.5)
    for (name, size, facts, how, office), due in zip(tasks, months, strict=True):
        items.append(
            Item(
                f"任务{CN[len(points)]}",
                f"{name}，{size}，{due}完成，责任部门{office}",
                f"{due}{name}，{size}，责任部门为{office}",
                f"{due}要{name}，{size}，交给{office}",
                (name, *facts, due, office),
            )
        )
        points.append(
            (
                name,
                f"{size}，{how}。{due}完成，责任部门：{office}"
                if together
                else f"{size}。{how}。责任部门为{office}，{due}完成",
            )
        )
    leader = c.pick(("办公室", "综合科")) if not c.field.institutions else "办公室"
    items.append(Item("调度", f"{leader}按月调度", f"{leader}负责按月调度", f"{leader}按月调度", (leader, "按月调度")))
    if upper:
        measure = upper.facts[2]
        points.append((measure, f"{c.deed({**policy['tasks'], **c.field.measures}[measure])}，推动上级部署落到实处"))
    guards = [
        ("落实责任", "各责任部门要细化措施、明确人员，确保任务按期完成"),
        ("加强调度", f"由{leader}按月调度进展，及时协调解决问题"),
        ("严格考核", "任务完成情况与年度考核挂钩，对进展滞后的予以提醒"),
        ("强化协同", "各部门要主动配合、互通信息，形成工作合力"),
    ]
    kept = [guards[1], *c.sample([guards[0], guards[2], guards[3]], c.pick((1, 2)))]
    body = [c.basis(upper) + c.opening("plan_open", upper, span=span, topic=c.field.name, me=organ.me)]
    body += c.sections(
        ("工作目标", [f"{span}，{c.pick(('力争', '计划', '实现'))}{aim}。"]),
        (c.pick(("重点任务", "主要任务")), c.listing(points, "（一）")),
        ("保障措施", c.listing(kept, c.pick(("（一）", "是")))),
    )
    return c.issued("工作计划", organ, f"{span}工作计划", body, items, upper=upper)


def _speaker(organ: Organ, name: str) -> str:
    """The byline of a speech: office and name."""
    return f"{organ.place if '人民政府' in organ.name[-4:] else organ.name}{organ.head}　{name}"


def speech(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """讲话稿 of the head of an organ: what went well, what didn't, what is asked."""
    organ = c.issuer("city bureau", "county bureau", "city", "county")
    name, head = campaign["name"], c.person()
    results = c.metrics(campaign["results"], c.pick((2, 3)))
    problem, remedy = campaign["problem"]
    behind, deadline = f"{c.integer(13, 46)}个", f"{min(12, c.today.month + c.integer(1, 3))}月底"
    measures = c.measures(campaign, 3)
    meeting = f"{organ.area}{name}{c.pick(('推进会', '工作会议', '调度会'))}"
    speaker = _speaker(organ, head)
    upper = c.upper(f"开展{name}", organ, measures[0][0]) if c.chance(0.75) else None
    told_of = f"{problem}，还有{behind}单位进展滞后"
    items = [
        Item("会议", f"{c.stamp}召开{meeting}", f"{c.stamp}召开{meeting}", f"{c.stamp}开{meeting}", (meeting,)),
        *results,
        Item("问题", told_of, f"存在的问题：{told_of}", f"问题嘛，{told_of}", (problem, behind)),
        c.named("要求", [measure for measure, _ in measures]),
        Item("时限", f"{deadline}前全面完成", f"{deadline}前全面完成任务", f"{deadline}前要全面完成任务", (deadline,)),
    ]
    told = "，".join(result.text for result in results)
    good = f"{c.pick(('前一阶段', '这段时间以来', '今年以来', '近期'))}，同志们做了大量工作，{told}。{c.say('speech_good')}"
    bad = f"{c.say('speech_bad')}{c.pick(('比如', '目前', '突出的是', '主要是'))}，{told_of}。{c.pick(('下一步要', '对此，要', '要下决心'))}{remedy}。"
    presses = c.sample(
        [
            c.say("speech_press"),
            "要拿出硬招实招，一项一项抓落实",
            "各单位要对号入座、主动认账",
            "这一条，没有讨价还价的余地",
            "谁的责任谁来扛，不能推诿扯皮",
            "基层有困难，机关要靠上去帮助解决",
        ],
        len(measures),
    )
    steps = [
        f"第{CN[i]}，{measure}。{text}。{press}。"
        for i, ((measure, text), press) in enumerate(zip(measures, presses, strict=True))
    ]
    last = f"{c.pick(('所有任务，', '各项任务', '时间上，各项任务'))}{deadline}前要全面完成。"
    opening = c.say("speech_open")
    if upper:
        call = c.pick(("我们必须抓紧抓好", "大家要认真学习、对标落实", "必须不折不扣抓好落实"))
        opening += f"{upper.facts[0]}（{upper.facts[1]}）对这项工作{c.pick(('提出了明确要求', '作了部署'))}，{call}。"
    if c.chance(0.6):
        body = [
            opening,
            f"一、{c.pick(('肯定成绩，坚定信心', '总结成绩，增强信心', '看到进展，鼓足干劲'))}",
            good,
            f"二、{c.pick(('正视问题，找准差距', '直面不足，保持清醒', '认清形势，增强紧迫感'))}",
            bad,
            f"三、{c.pick(('突出重点，狠抓落实', '明确任务，真抓实干', '细化措施，务求实效'))}",
            *steps,
            last,
            c.say("speech_end"),
        ]
    else:
        body = [opening, good, bad, f"下面，我提{COUNTS[len(steps)]}点要求。", *steps, last, c.say("speech_end")]
    if c.chance(0.5):
        body.append("谢谢大家。")
    return Scenario(
        "讲话稿",
        f"在{meeting}上的讲话",
        (speaker.replace("　", ""),),
        c.stamp,
        body,
        items,
        date_position="head",
        note=c.stamp,
        byline=(speaker,),
        salutation=c.pick(("同志们", "同志们", "各位同事、同志们")),
        upper=upper,
        extra_facts=(head,),
    )


def survey(c: Composer, policy: dict[str, Any]) -> Scenario:
    """调研报告: how it was made, what was found, why, what to do."""
    organ = c.issuer("city bureau", "county bureau")
    who, topic = f"{organ.name}调研组", c.noun(policy["name"])
    start = c.earlier(24, 40)
    when = c.span(start, c.earlier(6, 14))
    asked, visits = c.integer(260, 760), f"{c.integer(26, 88)}人"
    back = asked - c.integer(13, 58)
    units = c.field.visits
    count = {"企业": "家", "学校": "所"}.get(units[1], "个")
    where = f"{c.integer(4, 11)}个{units[0]}{c.integer(13, 36)}{count}{units[1]}"
    facts, now = [c.metric(text) for text in policy["survey"]], c.metric(policy["targets"][0])
    problems, measures = [tuple(pair) for pair in policy["problems"]], c.measures(policy, c.pick((2, 3)))
    basics = f"走访{where}，发放问卷{asked}份，回收有效问卷{back}份，访谈{visits}"
    upper = c.upper(policy["name"], organ, measures[0][0], "意见") if c.chance(0.6) else None
    found = [problem for problem, _ in problems]
    items = [
        Item("调研时间", when, f"调研时间为{when}", f"{when}去调研的", (when,)),
        Item("调研方式", basics, basics, basics, (where, f"{asked}份", f"{back}份", visits)),
        *facts,
        Item(
            "存在问题",
            "；".join(found),
            f"存在问题：{'，'.join(found)}",
            f"发现的问题有{'，'.join(found)}",
            tuple(found),
        ),
        c.named("对策建议", [measure for measure, _ in measures]),
        Item("建议目标", now.text, f"建议把{now.text}", f"建议把{now.text}", now.facts),
    ]
    told = "，".join(metric.text for metric in facts)
    trouble = [(problem, c.say("survey_trouble")) for problem in found]
    if trouble[0][1] == trouble[1][1]:
        trouble[1] = (found[1], "基层干部和群众希望尽快加以改进")
    advise = [(measure, f"{c.pick(('建议', '要'))}{text}") for measure, text in measures]
    opening = (
        f"{c.basis(upper)}{c.opening('survey_open', upper, topic=topic, who=who, when=when)}{c.say('survey_turn')}"
    )
    remedies = f"针对上述问题，要{'，'.join(remedy for _, remedy in problems)}，把{now.text}。"
    body = [
        opening,
        *c.sections(
            (
                "基本情况",
                [f"调研组{basics}。{told}。"]
                if c.chance(0.5)
                else c.listing([("调研开展情况", basics), ("主要情况", told)], "（一）"),
            ),
            ("存在问题", c.listing(trouble, c.pick(("（一）", "是")))),
            ("原因分析", [f"{c.say('survey_cause')}。"]),
            ("对策建议", [*c.listing(advise, "（一）"), remedies]),
        ),
    ]
    place = "" if c.field.institutions else organ.place
    return Scenario(
        "调研报告", f"关于{place}{topic}情况的调研报告", (who,), c.stamp, body, items, signature=(who,), upper=upper
    )
