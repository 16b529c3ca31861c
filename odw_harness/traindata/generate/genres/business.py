"""事务文书: 工作总结, 工作计划, 讲话稿, 调研报告."""

from typing import Any

from odw_harness.traindata.generate.compose import NUMERALS, Composer
from odw_harness.traindata.generate.scenario import Item, Scenario


def summary(c: Composer, section: str) -> Scenario:
    """工作总结 of a year: figures by section, shortcomings, the next year's targets."""
    organ = c.issuer("city bureau", "county bureau")
    year = c.year - 1
    others = [name for name in c.field.sections if name != section]
    chosen = [section, *c.sample(others, c.pick((1, 2)))]
    told = [(name, c.metrics(c.field.sections[name], 2)) for name in c.field.sections if name in chosen]
    problem, remedy = c.pick(c.field.problems)
    target = c.metric(c.pick(c.pick(c.field.policies)["targets"]))
    measures = c.measures(2)
    items = []
    for name, metrics in told:
        clauses = "，".join(metric.text for metric in metrics)
        items.append(Item(name, clauses, f"{name}方面，{clauses}", f"{name}这块，{'，'.join(m.spoken for m in metrics)}", tuple(f for m in metrics for f in m.facts)))
    items.append(Item("不足", problem, f"不足：{problem}", f"不足是{problem}", (problem,)))
    goal = f"{c.year}年打算{target.text}"
    items.append(Item(f"{c.year}年目标", target.text, goal, f"{c.year}年打算{target.text}", (f"{c.year}年", *target.facts)))
    items.append(c.named("下一步工作", [measure for measure, _ in measures]))
    done = [(name, f"{c.deed(c.pick(list(c.field.measures)))}。{'，'.join(m.text for m in metrics)}") for name, metrics in told]
    plan = f"{c.year}年，{c.pick(('将', f'{organ.me}将', '计划'))}{remedy}，力争{target.text}。"
    body = [
        c.say("summary_open", year=year, name=organ.name) + c.say("summary_turn"),
        *c.sections(
            (c.pick(("主要工作和成效", "工作开展情况", "主要成效")), c.listing(done, "（一）")),
            (c.pick(("存在的不足", "存在的问题")), [f"{c.pick(('在肯定成绩的同时，也要看到', '对照年度目标和群众期盼', '工作中还有一些不足'))}，{problem}。"]),
            (c.pick(("下一步打算", f"{c.year}年工作打算")), [plan, *c.listing(measures, c.pick(("（一）", "是")))]),
        ),
    ]
    return Scenario("工作总结", f"{organ.name}{year}年{c.pick(('', '度'))}工作总结", (organ.name,), c.stamp, body,
                    [Item("总结年度", f"{year}年", f"总结{year}年工作", f"总结{year}年的工作", (f"{year}年",)), *items], signature=(organ.name,))


def plan(c: Composer, policy: dict[str, Any]) -> Scenario:
    """工作计划: targets, tasks with who and when, safeguards."""
    organ = c.issuer("city bureau", "county bureau")
    half = c.today.month >= 5
    span = f"{c.year}年{'下半年' if half else ''}"
    first_month = c.today.month + 1
    targets = [c.metric(text) for text in policy["targets"]][: c.pick((1, 2))]
    campaigns = c.sample(c.field.campaigns, 1)
    projects = c.sample(c.field.projects, 1)
    offices = c.sample(c.field.offices, 3)
    months = sorted(c.rng.sample(range(min(first_month, 10), 13), 3))
    cost = f"{c.integer(120, 1900)}万元"
    people = f"{c.integer(46, 320)}人"
    scope = c.metric(campaigns[0]["scope"])
    training = c.pick(c.field.trainings)
    tasks = [
        (f"开展{campaigns[0]['name']}", f"覆盖{scope.label}{scope.value}", scope.facts, c.deed(c.pick(list(c.field.measures)))),
        (f"{projects[0]['act']}{projects[0]['name']}", f"投资{cost}", (cost,), c.pick(("严格执行建设程序，把好质量关和安全关", "倒排工期，加强调度，合理安排资金", "落实建设条件，加强现场管理"))),
        (f"举办{training}", f"培训{people}", (people,), c.pick(("合理设置课程，注重培训实效", "精心选聘师资，加强考勤考核", "突出实操演练，做到学用结合"))),
    ]
    aim = "，".join(target.text for target in targets)
    items = [Item("目标", aim, f"{span}目标：{aim}", f"{span}的目标是{aim}", tuple(f for t in targets for f in t.facts))]
    points = []
    together = c.chance(0.5)
    for (name, size, facts, how), month, office in zip(tasks, months, offices, strict=True):
        due = f"{month}月底前"
        items.append(Item(f"任务{len(points) + 1}", f"{name}，{size}，{due}完成，{office}负责", f"{due}{name}，{size}，责任科室为{office}", f"{due}要{name}，{size}，交给{office}", (name, *facts, due, office)))
        detail = f"{size}，{how}。{due}完成，责任科室：{office}" if together else f"{size}。{how}。责任科室为{office}，{due}完成"
        points.append((name, detail))
    upper = c.upper(policy["name"], *c.superior(organ), "意见") if c.chance(0.5) else None
    basis = f"按照{upper.value}要求，" if upper else ""
    leader = c.pick(("办公室", "综合科"))
    items.append(Item("调度", f"{leader}按月调度", f"{leader}负责按月调度", f"{leader}每月调度", (leader,)))
    guards = [("落实责任", f"各责任科室要细化措施、明确人员，{c.deed(c.pick(list(c.field.measures)))}"), ("加强调度", f"由{leader}按月调度进展，及时协调解决问题"), ("严格考核", "任务完成情况与年度考核挂钩，对进展滞后的予以提醒")]
    chosen = [guards[1], *c.sample([guards[0], guards[2]], c.pick((1, 2)))]
    body = [basis + c.say("plan_open", span=span, topic=c.field.name, me=organ.me),
            *c.sections(("工作目标", [f"{span}，{aim}。"]), ("重点任务", c.listing(points, "（一）")), ("保障措施", c.listing(chosen, c.pick(("（一）", "是")))))]
    return Scenario("工作计划", f"{organ.name}{span}工作计划", (organ.name,), c.stamp, body, items, signature=(organ.name,), upper=upper, extra_facts=(span,))


def speech(c: Composer, campaign: dict[str, Any]) -> Scenario:
    """讲话稿 of the head of an organ: what went well, what didn't, what is asked."""
    organ = c.issuer("city bureau", "county bureau", "city", "county")
    name, head = campaign["name"], c.people(1)[0]
    results = c.metrics(campaign["results"], c.pick((2, 3)))
    problem, remedy = c.pick(c.field.problems)
    behind = f"{c.integer(13, 46)}个"
    measures = c.measures(c.pick((2, 3)))
    deadline = f"{min(12, c.today.month + c.integer(1, 3))}月底"
    meeting = f"{organ.area}{name}{c.pick(('推进会', '工作会议', '动员部署会', '调度会'))}"
    items = [
        Item("会议", f"{c.stamp}召开{meeting}，{organ.head}{head}讲话", f"{c.stamp}召开{meeting}，{organ.head}{head}讲话", f"{c.stamp}开{meeting}，{organ.head}{head}要讲话", (meeting, head)),
        *map(c.item, results),
        Item("问题", f"{problem}，{behind}单位进展滞后", f"问题：{problem}，{behind}单位进展滞后", f"问题嘛，{problem}，还有{behind}单位进展滞后", (problem, behind)),
        c.named("要求", [measure for measure, _ in measures]),
        Item("时限", f"{deadline}前完成", f"{deadline}前全面完成任务", f"{deadline}前要全面完成任务", (deadline,)),
    ]
    told = "，".join(result.text for result in results)
    good = f"{c.pick(('前一阶段', '这段时间以来', '今年以来', '近期'))}，同志们做了大量工作，{told}。{c.say('speech_good')}"
    bad = f"{c.say('speech_bad')}{c.pick(('比如', '目前', '突出的是'))}，{problem}；还有{behind}单位进展滞后。{c.pick((f'下一步要{remedy}', f'对此，要{remedy}', f'要下决心{remedy}'))}。"
    asked = [(measure, f"{text}。{c.pick(('这项工作没有捷径可走，必须下真功夫', '对这一点，大家要心中有数', '哪个环节出了问题，就从哪个环节抓起', '要盯住不放，抓出成效', '各单位主要负责同志要亲自抓'))}") for measure, text in measures]
    words = ("第一", "第二", "第三")
    steps = [f"{words[i]}，{measure}。{text}。" for i, (measure, text) in enumerate(asked)]
    last = f"{c.pick(('所有任务，', '各项任务', '时间上，各项任务'))}{deadline}前要全面完成。"
    if c.chance(0.6):
        body = [c.say("speech_open"), f"一、{c.pick(('肯定成绩，坚定信心', '总结成绩，增强信心', '看到进展，鼓足干劲'))}", good, f"二、{c.pick(('正视问题，找准差距', '直面不足，保持清醒', '认清形势，增强紧迫感'))}", bad, f"三、{c.pick(('突出重点，狠抓落实', '明确任务，真抓实干', '细化措施，务求实效'))}", *steps, last, c.say("speech_end")]
    else:
        body = [c.say("speech_open"), good, bad, f"下面，我提{NUMERALS[len(steps) - 1]}点要求。", *steps, last, c.say("speech_end")]
    if c.chance(0.5):
        body.append("谢谢大家。")
    return Scenario("讲话稿", f"在{meeting}上的讲话", (organ.name,), c.stamp, body, items, date_position="head", note=c.stamp,
                    byline=(f"{organ.name if c.field.institutions else organ.name}{organ.head}　{head}" if c.field.institutions else f"{organ.place}{organ.short.removeprefix('市').removeprefix('县')}{organ.head}　{head}" if "政府" not in organ.name else f"{organ.place}{organ.head}　{head}",),
                    salutation=c.pick(("同志们", "同志们", "各位同事，同志们")))


def survey(c: Composer, policy: dict[str, Any]) -> Scenario:
    """调研报告: how it was made, what was found, why, what to do."""
    organ = c.issuer("city bureau", "county bureau")
    who = f"{organ.name}调研组"
    topic = policy["name"]
    start = c.earlier(20, 40)
    when = c.span(start, c.earlier(6, 12))
    towns, villages, forms = c.integer(4, 11), c.integer(13, 36), c.integer(260, 760)
    back = forms - c.integer(13, 58)
    visits = c.integer(26, 88)
    where = f"{towns}个部门{villages}个班组" if c.field.institutions else f"{towns}个乡镇{villages}个村"
    facts = [c.metric(text) for text in c.sample([m for ms in c.field.sections.values() for m in ms], 2)]
    now = c.metric(policy["targets"][0])
    support = c.metric(policy["support"])
    problems = c.sample(c.field.problems, 2)
    measures = c.measures(c.pick((2, 3)))
    basics = f"走访{where}，发放问卷{forms}份，回收有效问卷{back}份，访谈{visits}人"
    items = [
        Item("调研时间", when, f"调研时间为{when}", f"{when}去调研的", (when,)),
        Item("调研方式", basics, basics, basics, (where, f"{forms}份", f"{back}份", f"{visits}人")),
        *map(c.item, facts),
        Item("问题", "；".join(p for p, _ in problems), f"问题：{'；'.join(p for p, _ in problems)}", f"发现的问题有{'，'.join(p for p, _ in problems)}", tuple(p for p, _ in problems)),
        c.named("建议", [measure for measure, _ in measures]),
        Item("建议目标", now.value, f"建议目标：{now.text}", f"建议把{now.text}", now.facts),
    ]
    del support
    found = [("调研开展情况", basics), ("主要情况", "，".join(m.text for m in facts))]
    trouble = [(p, c.pick(("这一问题在基层较为普遍，影响工作整体成效", "访谈中不少受访者反映较为集中", "与工作要求和群众期盼还有差距", "需要引起重视并尽快研究解决"))) for p, _ in problems]
    advise = [(measure, f"建议{text}") for measure, text in measures]
    body = [
        c.say("survey_open", topic=topic, who=who, when=when) + c.say("survey_turn"),
        *c.sections(
            ("基本情况", c.listing(found, "（一）")),
            ("存在问题", c.listing(trouble, c.pick(("（一）", "是")))),
            ("原因分析", [f"{c.say('survey_cause')}。"]),
            ("对策建议", [*c.listing(advise, "（一）"), f"力争{now.text}。"]),
        ),
    ]
    place = "" if c.field.institutions else organ.place
    return Scenario("调研报告", f"关于{place}{topic}的调研报告", (who,), c.stamp, body, items, signature=(who,), extra_facts=())
