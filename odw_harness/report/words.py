"""What a board comes to, in plain words, in English and Chinese."""

from collections.abc import Iterator, Sequence
from statistics import median

from odw_harness.judgecheck.card import Statement
from odw_harness.notices import Kind
from odw_harness.report.data import Board, Row
from odw_harness.stats.power import smallest_difference
from odw_harness.texts import shown

NAMED = 3
"""Names in a sentence; of more, their number is told."""
LONGEST = 60
"""Characters of a name that are shown."""

DIMENSION_NAMES = {
    "form": ("form", "格式规范"),
    "completeness": ("completeness", "完整切题"),
    "factual_consistency": ("facts kept", "事实一致"),
    "structure": ("structure", "结构逻辑"),
    "language": ("language", "语言得体"),
    "factual_correctness": ("facts", "事实正确"),
    "user_satisfaction": ("user's need", "满足需求"),
    "logical_coherence": ("coherence", "逻辑连贯"),
    "creativity": ("creativity", "创造性"),
    "richness": ("richness", "丰富度"),
}
"""Metric → what stands over its column: the rubric's names, shortened."""

NOTICE_NAMES: dict[Kind, tuple[str, str]] = {
    "judges": ("several judges", "多种评判"),
    "coverage": ("low coverage", "覆盖率低"),
    "incomplete": ("questions missing", "题目不全"),
    "questions": ("questions differ", "题目不一"),
    "leaks": ("training data leaks", "训练数据泄漏"),
    "family": ("judge of its family", "评判同系列"),
    "generation": ("settings differ", "参数不一"),
    "skipped": ("files left out", "未读入文件"),
    "simulated": ("simulated people", "模拟评分"),
    "marks": ("people's marks", "人工评分"),
}
"""What a notice is headed by, and marked with in a table."""

GENRES = {
    "决议": "resolution",
    "决定": "decision",
    "命令": "order",
    "令": "order",
    "公报": "communiqué",
    "公告": "announcement",
    "通告": "public notice",
    "意见": "opinions",
    "通知": "notice",
    "通报": "circular",
    "报告": "report",
    "请示": "request",
    "批复": "reply",
    "议案": "bill",
    "函": "letter",
    "纪要": "minutes",
    "工作总结": "work summary",
    "工作计划": "work plan",
    "讲话稿": "speech",
    "调研报告": "field study",
    "新闻稿": "press release",
    "倡议书": "appeal",
}
"""文种 (条例 art. 8, and those in common use) → what an English reader may call it."""


def name_of(text: str) -> str:
    """A name as it is shown: not endless, and without marks that turn or hide what stands beside it."""
    return shown(text, LONGEST, "\N{REPLACEMENT CHARACTER}")


def answer(board: Board) -> Iterator[Statement]:
    """Who is better, and is it real? One to three sentences, the answer first."""
    scored = [row for row in board.rows if row.all is not None]
    leader = board.leader
    if leader is None or leader.all is None:
        yield Statement(en="No system has a score under this measure.", zh="在这一评判方式下没有任何系统得到分数。")
        return
    mean = f"{leader.all.mean:.2f}"
    if len(scored) == 1:
        yield Statement(
            en=f"{name_of(leader.system)} scores {mean} of 10 on average. It is the only system here: there is nothing to compare it with.",
            zh=f"{name_of(leader.system)} 平均得 {mean} 分（满分 10 分）。这里只有这一个系统，无从比较。",
        )
        return
    yield _verdict(leader, mean, [row for row in scored if row is not leader])
    yield from _fineness(board)
    aside = [row for row in scored if row.rank is None]
    if aside:
        yield Statement(
            en=f"Not ranked, because of fewer questions answered: {_named(aside)}.",
            zh=f"因答题较少而不参与排名：{_named(aside, True)}。",
        )


def _verdict(leader: Row, mean: str, others: Sequence[Row]) -> Statement:
    beaten = [row for row in others if row.lead and row.lead.shown and row.lead.paired.mean < 0]
    unclear = [row for row in others if row not in beaten]
    all_en = "the other system" if len(others) == 1 else f"all {len(others)} others"
    all_zh = "另一个系统" if len(others) == 1 else f"其余 {len(others)} 个系统"
    each_zh = "" if len(others) == 1 else "均"
    if not unclear:
        return Statement(
            en=f"{name_of(leader.system)} is the best: it scores {mean} of 10, and its lead over {all_en} is more than chance.",
            zh=f"{name_of(leader.system)} 最好：平均 {mean} 分（满分 10 分），对{all_zh}的领先{each_zh or '并'}非偶然。",
        )
    if not beaten:
        return Statement(
            en=f"{name_of(leader.system)} has the highest score, {mean} of 10, but no difference is shown between it and {all_en}: its lead may be chance.",
            zh=f"{name_of(leader.system)} 得分最高，为 {mean} 分（满分 10 分），但与{all_zh}之间{each_zh}未显示出差异：其领先可能出于偶然。",
        )
    return Statement(
        en=f"{name_of(leader.system)} has the highest score, {mean} of 10. Over {len(beaten)} of the {len(others)} others its lead is more than chance; "
        f"between it and {_named(unclear)} no difference is shown.",
        zh=f"{name_of(leader.system)} 得分最高，为 {mean} 分（满分 10 分）。对其余 {len(others)} 个系统中的 {len(beaten)} 个，其领先并非偶然；"
        f"与{_named(unclear, True)}之间未显示出差异。",
    )


def _fineness(board: Board) -> Iterator[Statement]:
    """How small a difference such questions can show at all."""
    leads = [row.lead.paired for row in board.rows if row.lead]
    spreads = [lead.sd for lead in leads if lead.sd]
    questions = max((lead.of for lead in leads), default=0)
    if spreads and questions > 1:
        least = smallest_difference(median(spreads), questions)
        yield Statement(
            en=f"{questions} questions show a true difference of {least:.1f} points four times in five, smaller ones less often.",
            zh=f"{questions} 道题大约有八成把握显示出 {least:.1f} 分的真实差异，更小的差异更难显示。",
        )


def _named(rows: Sequence[Row], chinese: bool = False) -> str:
    names = [name_of(row.system) for row in rows[:NAMED]]
    more = len(rows) - len(names)
    if chinese:
        return f" {'、'.join(names)} " + (f"等 {len(rows)} 个系统" if more else "")
    if more:
        return f"{', '.join(names)} and {more} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
