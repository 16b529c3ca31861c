"""People beside the judge: the section of a board whose answers people marked, in figures, a sentence and two pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from odw_harness.agree.data import Beside, People, compared
from odw_harness.agree.sources import BASELINES, LONGEST, RANDOM, RULES_ONLY
from odw_harness.errors import MarkError
from odw_harness.human.marks import Marks
from odw_harness.judgecheck.card import Statement
from odw_harness.notices import Notice, left_out
from odw_harness.report.data import Board, rounded
from odw_harness.results import Outputs
from odw_harness.stats.agreement import Estimate
from odw_harness.texts import counted

SHOWN = ("spearman", "question_spearman", "pairwise")
"""The figures of the section; `odw agree` has all."""
MANY = 25
"""Of more systems intervals come from 200 draws, not 2000: the time grows with the square of the systems."""
_NAMES = {RULES_ONLY: "仅规则", LONGEST: "越长越好", RANDOM: "随机"}


@dataclass(frozen=True)
class Line:
    """A scorer's agreement with people; figures: those SHOWN, None where one is not defined. of: systems, questions, answers."""

    en: str
    zh: str
    figures: tuple[Estimate | None, ...]
    of: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Section:
    """What a board's section says: a sentence, a line for each scorer."""

    beside: Beside
    lines: tuple[Line, ...]
    sentence: Statement


def people_of(outputs: Outputs, marks: Marks) -> tuple[People | None, list[Notice]]:
    """What people say of the runs, if any of their marks are of answers there, and what has to be known of them."""
    told = list(left_out(marks.skipped))
    if marks.table.empty:
        return None, told
    try:
        many = outputs.table["system"].nunique() > MANY
        people = compared(outputs, marks, resamples=200 if many else 2000)
    except MarkError:
        number = len(marks.table)
        gone = Notice(
            "marks",
            f"of {counted(number, 'mark')} by people none is of an answer in these runs: they count for nothing here",
            f"全部 {number} 个人工评分所评的答案都不在这些运行结果中，未计入",
        )
        return None, [gone, *told]
    return people, [*people.notices, *told]


def behind(people: People) -> Statement:
    """Who stands behind people's scores: so many graders, marks and answers."""
    graders = len(people.graders)
    return Statement(
        en=f"People: {counted(graders, 'grader')} gave {counted(people.marks, 'mark')} to {counted(people.answers, 'answer')}, {people.per_answer:.1f} each on average.",
        zh=f"人工评分：{graders} 名评分人对 {people.answers} 篇答案给出 {people.marks} 个评分，平均每篇 {people.per_answer:.1f} 个。",
    )


def section_of(board: Board, people: People | None) -> Section | None:
    """The section of a board; None where people marked none of its scored answers."""
    beside = people.of(board.measure) if people else None
    if people is None or beside is None:
        return None
    return Section(beside, tuple(_lines(board, people, beside)), _sentence(people, beside))


def _lines(board: Board, people: People, beside: Beside) -> Iterator[Line]:
    yield Line(board.judge, board.judge, *_figures(beside))
    for each in people.beside:
        if each.name in BASELINES:
            yield Line(each.name, _NAMES[each.name], *_figures(each))
    if beside.ceiling:
        for en, zh, found in (
            ("one grader against the others", "一名评分人与其余评分人", beside.ceiling.people),
            ("the judge against those same others", "评判模型与同样的其余评分人", beside.ceiling.scorer),
        ):
            figures = [found.get(name) for name in SHOWN]
            yield Line(en, zh, tuple(None if each is None else Estimate(value=each.mean) for each in figures))


def _figures(beside: Beside) -> tuple[tuple[Estimate | None, ...], tuple[int, int, int]]:
    it = beside.agreement
    found = [getattr(it, name) for name in SHOWN]
    return tuple(None if each.value is None else each for each in found), (it.systems, it.questions, it.answers)


def _sentence(people: People, beside: Beside) -> Statement:
    """Of two answers that people score apart, how many the judge orders as they do, beside chance, length and a person."""
    share = beside.agreement.pairwise.value
    if share is None:
        return Statement(
            en="No two systems' answers to one question were marked apart: how far the judge agrees with people is not known.",
            zh="没有同一题的两篇答案得到不同的人工评分，无从得知评判模型与人的一致程度。",
        )
    longest = next((each.agreement.pairwise.value for each in people.beside if each.name == LONGEST), None)
    person = beside.ceiling.people.get("pairwise") if beside.ceiling else None
    en = ["chance 50%", *([f"taking the longer one {longest:.0%}"] if longest is not None else [])]
    zh = ["随机 50%", *([f"只看篇幅 {longest:.0%}"] if longest is not None else [])]
    if person:
        en.append(f"one grader with the others {person.mean:.0%}")
        zh.append(f"一名评分人与其余评分人 {person.mean:.0%}")
    return Statement(
        en=f"Of two answers to a question that people and the judge both score apart, the judge prefers the one that people prefer in {share:.0%} ({', '.join(en)}).",
        zh=f"同一题的两篇答案，若人与评判模型都分出高下，评判模型与人一致的占 {share:.0%}（{'，'.join(zh)}）。",
    )


def pictured(board: Board, people: People | None) -> dict[str, Any] | None:
    """What the scatter and the Bland–Altman picture are drawn from, systems and questions by their places on the board.

    answers: [system, question, people's score, the judge's, the judge's on people's scale]. limits: low, bias, high; None
    where a scorer gives all the same.
    """
    beside = people.of(board.measure) if people else None
    if people is None or beside is None:
        return None
    systems = {row.system: place for place, row in enumerate(board.rows)}
    questions = {(each.id, each.hash): place for place, each in enumerate(board.asked)}
    scaled = np.full_like(beside.scores, np.nan) if beside.scaled is None else beside.scaled
    answers = [
        [
            systems[people.systems[row]],
            questions[people.asked[column].id, people.asked[column].hash],
            *(rounded(float(table[row, column]), 3) for table in (beside.people, beside.scores, scaled)),
        ]
        for row, column in np.argwhere(~np.isnan(beside.scores)).tolist()
        if people.systems[row] in systems
    ]
    limits = beside.limits
    return {
        "answers": answers,
        "limits": None
        if limits is None
        else [rounded(each, 3) for each in (limits.low.value, limits.bias, limits.high.value)],
    }
