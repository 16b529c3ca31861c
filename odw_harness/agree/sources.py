"""From runs and people's marks to who scored the same answers: people, judges, their dimensions, rules and baselines."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from odw_harness.errors import MarkError
from odw_harness.families import families
from odw_harness.human.marks import TEXT, of_answers
from odw_harness.human.reliability import adjusted
from odw_harness.notices import Notice
from odw_harness.questions import Question, load_questions
from odw_harness.results import DIMENSIONS, UNJUDGED, Asked, Outputs, asked_in, in_several_texts
from odw_harness.rules import check_text, of_question
from odw_harness.runs import UNGRADED
from odw_harness.texts import counted

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["judge", "dimension", "rule", "baseline"]
RULES_ONLY, LONGEST, RANDOM = BASELINES = ("rules only", "longest", "random")
"""What a judge must beat: share of rule checks passed × fact recall, the number of characters, chance."""
ANSWER = ["system", "question", "question_hash", "answer_hash", "repeat"]
"""What tells an answer of a system from another."""


@dataclass(frozen=True)
class Scorer:
    """Who scored people's answers too. scores: the columns ANSWER and score, one row an answer.

    name: of the measure, with the dimension's after it for a dimension, or of the rule or baseline. dimension: the metric
    that people's marks are taken from, None for their score. families: the judge's own.
    """

    name: str
    kind: Kind
    scores: "pd.DataFrame"
    measure: str | None = None
    dimension: str | None = None
    families: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Data:
    """People's marks, and who else scored those answers.

    given: the marks, one row each, as `human.marks.read_marks` has them. marks: those of answers that are there, as
    `human.marks.of_answers` has them. asked: the questions, in the order of tables. families: system → its model's.
    graded_by: whether it is known which grader gave which mark. notices: what has to be known before.
    """

    given: "pd.DataFrame"
    marks: "pd.DataFrame"
    asked: tuple[Asked, ...]
    scorers: tuple[Scorer, ...]
    families: dict[str, frozenset[str]]
    graded_by: bool = True
    notices: tuple[Notice, ...] = field(default=())

    @property
    def once(self) -> "pd.DataFrame":
        """The marks, each once, though several systems may have given the text that it is of."""
        return self.marks.drop_duplicates([*TEXT, "grader"])


def of_outputs(outputs: Outputs, marks: "pd.DataFrame", seed: int = 0, adjust: bool = False) -> Data:
    """What people marked of the runs (`results.read_outputs`, with ungraded=True those of --predict_only too).

    marks: `human.marks.read_marks`' table. Each judge is compared on the very answers that people marked, whichever runs
    they are of. seed: of the baseline *random*. adjust: people's scores are `human.reliability.adjusted`. Raises MarkError
    where there are no marks, or all are of other answers.
    """
    table = outputs.table
    if marks.empty:
        raise MarkError(
            "no marks of people beside these runs; export sheets with odw human export, then odw human import"
        )
    marked = of_answers(adjusted(marks) if adjust else marks, table)
    if marked.empty:
        raise MarkError(
            f"of {counted(len(marks), 'mark')} none is of an answer in these runs; name the folders with the runs that were exported"
        )
    answers = marked.drop_duplicates(ANSWER)
    rows = table.merge(answers[ANSWER], on=ANSWER)
    models = (
        table.drop_duplicates(["system", "model", "adapter"])[["system", "model", "adapter"]].fillna("").astype(str)
    )
    return Data(
        given=marks,
        marks=marked,
        asked=asked_in(answers),
        scorers=tuple(_scorers(outputs, rows, marked, answers, seed)),
        families={str(name): frozenset(families(part.to_numpy().ravel())) for name, part in models.groupby("system")},
        notices=tuple(_notices(marks, marked, answers)),
    )


def picked(data: Data, texts: Sequence[str]) -> Data:
    """With the judges alone whose measure holds one of the texts, all where there are none. Raises MarkError for a text of none."""
    measures = list(dict.fromkeys(each.measure for each in data.scorers if each.measure is not None))
    for text in texts:
        if not any(text in measure for measure in measures):
            there = "; ".join(measures) or "none"
            raise MarkError(f"--measure {text}: no judge of the marked answers is called so; there are: {there}")
    return replace(
        data,
        scorers=tuple(
            each
            for each in data.scorers
            if not texts or each.measure is None or any(text in each.measure for text in texts)
        ),
    )


def _scorers(
    outputs: Outputs, rows: "pd.DataFrame", marked: "pd.DataFrame", answers: "pd.DataFrame", seed: int
) -> Iterator[Scorer]:
    dimensions = {name for given in marked["dimensions"] for name in given}
    graded = rows[rows["rubric"] != UNGRADED]
    for measure, of_measure in graded.groupby("measure", sort=True):
        first = of_measure.iloc[0]
        own = frozenset(families([str(first["judge"]), str(first["judge_model"])]))
        for name in ("score", *(each for each in DIMENSIONS if each in dimensions)):
            scores = _of_each(of_measure, name)
            if len(scores):
                yield Scorer(
                    str(measure) if name == "score" else f"{measure}: {name}",
                    "judge" if name == "score" else "dimension",
                    scores,
                    str(measure),
                    None if name == "score" else name,
                    own,
                )
    checked = _checked(outputs, rows)
    for name in UNJUDGED:
        scores = _of_each(checked, name)
        if len(scores):
            yield Scorer(name, "rule", scores)
    yield Scorer(
        RULES_ONLY,
        "baseline",
        _of_each(checked.assign(both=checked["rules"] * checked["fact_recall"].fillna(1)), "both"),
    )
    yield from without_reading(answers, seed)


def without_reading(answers: "pd.DataFrame", seed: int) -> Iterator[Scorer]:
    """The baselines that read nothing: by length, where it is known, and by chance. answers: ANSWER and characters."""
    if answers["characters"].notna().any():
        yield Scorer(LONGEST, "baseline", _of_each(answers, "characters"))
    drawn = [random.Random(f"{seed}/{'/'.join(map(str, key))}").random() for key in answers[ANSWER].to_numpy()]
    yield Scorer(RANDOM, "baseline", answers[ANSWER].assign(score=np.array(drawn)))


def _of_each(rows: "pd.DataFrame", name: str) -> "pd.DataFrame":
    """The mean of a figure for each answer that has one."""
    there = rows.dropna(subset=[name])
    return there.groupby(ANSWER, sort=False)[name].mean().rename("score").reset_index()


def _checked(outputs: Outputs, rows: "pd.DataFrame") -> "pd.DataFrame":
    """A row for each answer with its rules and fact recall: as recorded, or found now where nothing was graded."""
    answers = (
        rows.sort_values("rules", na_position="last", kind="stable").drop_duplicates(ANSWER).reset_index(drop=True)
    )
    left = answers["rules"].isna()
    if not left.any():
        return answers
    known = {question.id: question for question in load_questions()}
    found: dict[tuple[str, str], tuple[float, float | None]] = {}
    wanted = set(answers.loc[left, "run"])
    for run in outputs.runs:
        for answer in run.answers(UNGRADED) if str(run.file) in wanted else ():
            question = _same(known.get(str(answer.question.get("id"))), answer.question)
            if question:
                report = check_text(answer.document, of_question(question))
                found[answer.question_hash, answer.answer_hash] = report.rules, report.fact_recall
    keys = list(zip(answers["question_hash"], answers["answer_hash"], strict=True))
    for number, name in enumerate(UNJUDGED):
        values = [found[key][number] if key in found else None for key in keys]
        answers[name] = answers[name].where(~left, np.array(values, dtype=float))
    return answers


def _same(question: Question | None, doc: dict[str, object]) -> Question | None:
    """The question where it is still what was asked: its expectations are not in a run's files."""
    asked = (doc.get("prompt"), doc.get("reference"))
    return question if question and (question.prompt, question.reference) == asked else None


def _notices(marks: "pd.DataFrame", marked: "pd.DataFrame", answers: "pd.DataFrame") -> Iterator[Notice]:
    lost = len(marks) - len(marks.merge(answers[TEXT].drop_duplicates(), on=TEXT))
    if lost:
        yield Notice(
            "marks",
            f"{lost} of {len(marks)} marks are of answers that are in none of these runs (any more): they count for nothing here",
            f"{len(marks)} 个人工评分中有 {lost} 个对应的答案已不在这些运行结果中，未计入",
        )
    mixed = in_several_texts(answers)
    if mixed:
        yield Notice(
            "marks",
            f"{', '.join(mixed)}: marked answers are of more than one run; people's score of a question is the mean over them",
            f"{'、'.join(mixed)}：人工评分的答案来自多次运行，题目得分取其平均",
            tuple(mixed),
        )


def few_notices(data: Data, systems: Sequence[str]) -> Iterator[Notice]:
    """Simulated marks, and too little to go by: the gravest first."""
    marks = data.once
    simulated = int(marks["simulated"].sum())
    if simulated:
        yield Notice(
            "simulated",
            f"SIMULATED: {simulated} of {len(marks)} marks were given by no person; nothing here is evidence of a judge",
            f"模拟数据：{len(marks)} 个评分中有 {simulated} 个并非人工给出，不能作为评判模型可信的依据",
        )
    graders = marks["grader"].nunique() if data.graded_by else 0
    if data.graded_by and graders < FEW_GRADERS:
        yield Notice(
            "marks",
            f"{counted(graders, 'grader')} only: how far people agree with each other is hardly known",
            f"仅有 {graders} 名评分者，难以得知人与人之间的一致程度",
        )
    elif data.graded_by and marks.groupby(TEXT)["grader"].nunique().max() == 1:
        yield Notice(
            "marks",
            "no answer was marked by two people: how far they agree with each other is not known",
            "没有一篇答案由两人评分，评分者之间是否一致无从得知",
        )
    if len(marks) < FEW_MARKS:
        yield Notice(
            "marks",
            f"{counted(len(marks), 'mark')} only: intervals are wide, and a few marks more may turn the order",
            f"仅有 {len(marks)} 个人工评分，区间较宽，结论易变",
        )
    if len(systems) < 3:
        yield Notice(
            "marks",
            f"{counted(len(systems), 'system')} only: correlations between systems need three",
            f"只有 {len(systems)} 个系统，系统间的相关系数至少需要三个",
        )


FEW_GRADERS = 3
FEW_MARKS = 60
"""Fewer are told of: 20 answers by three graders."""
