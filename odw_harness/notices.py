"""What a reader of results has to know before believing them, in English and Chinese."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from odw_harness.results import Outputs, Partial, Skipped, by_system
from odw_harness.runs import Run
from odw_harness.texts import shown, storable

if TYPE_CHECKING:
    import pandas as pd

LEAST_COVERAGE = 0.95
"""A smaller share of scored verdicts is told of."""

_LONGEST, _LONGEST_NAME = 1000, 60
"""Characters of a notice, and of a system's name in it, that are shown."""

Kind = Literal[
    "judges", "coverage", "incomplete", "questions", "leaks", "family", "generation", "skipped", "simulated", "marks"
]


@dataclass(frozen=True)
class Notice:
    """One thing to know. systems: whom it is about; empty where all.

    en and zh hold names from files: marks that a terminal would obey, or that turn the text around, are replaced.
    """

    kind: Kind
    en: str
    zh: str
    systems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("en", "zh"):
            object.__setattr__(self, name, shown(storable(getattr(self, name)), _LONGEST, "\N{REPLACEMENT CHARACTER}"))


def notices(outputs: Outputs) -> list[Notice]:
    """Mixed judges, low coverage, missing questions, leaks, a judge of the system's family: the gravest first."""
    return [
        *_judges(outputs.table),
        *_questions(outputs.table),
        *_partial(outputs.partial),
        *_leaks(outputs),
        *_family(outputs),
        *_coverage(outputs.table),
        *_generation(outputs),
        *left_out(outputs.skipped),
    ]


def _judges(table: "pd.DataFrame") -> Iterator[Notice]:
    for rubric, rows in table.groupby("rubric", sort=False):
        measures = list(rows["measure"].unique())
        if len(measures) > 1:
            told = "; ".join(measures)
            yield Notice(
                "judges",
                f"{rubric} was judged in {len(measures)} ways ({told}): each has a table of its own, and no figure of one compares with another's",
                f"{rubric} 有 {len(measures)} 种评判方式（{told}），各自成表，数值不可相互比较",
            )


def _questions(table: "pd.DataFrame") -> Iterator[Notice]:
    asked = table.groupby(["measure", "question"])["question_hash"].nunique()
    changed = sorted(set(asked[asked > 1].index.get_level_values("question")))
    if changed:
        told = ", ".join(changed)
        yield Notice(
            "questions",
            f"{told}: not every system was asked the same under this name; differences leave it out",
            f"{told}：各系统所答题目内容不同，比较差异时不计入",
        )
    every = table.groupby("measure")["question"].nunique()
    for measure, systems in table.groupby(["measure", "system"])["question"].nunique().groupby(level="measure"):
        most = every[measure]
        for (_, system), number in systems[systems < most].items():
            yield Notice(
                "incomplete",
                f"{_name(system)} answered {number} of {most} questions ({measure}): its means are over other questions than the others'",
                f"{_name(system)} 只答了 {most} 题中的 {number} 题（{measure}），其平均分与其他系统的题目不同",
                (system,),
            )


def _partial(partial: Iterable[Partial]) -> Iterator[Notice]:
    for each in partial:
        yield Notice(
            "incomplete",
            f"{_name(each.system)}: its newest run has {each.questions} of the {each.questions + each.more} questions that its runs answered; the others, "
            f"of older runs, are left out ({each.measure}). Run all of them in one",
            f"{_name(each.system)}：各次运行共答 {each.questions + each.more} 题，最新一次只有 {each.questions} 题，其余出自更早的运行，未计入（{each.measure}）。请将全部题目合为一次运行",
            (each.system,),
        )


def _leaks(outputs: Outputs) -> Iterator[Notice]:
    for system, run in _of_each(outputs):
        leaks = run.leaks or {}
        if leaks.get("unreadable"):
            yield Notice(
                "leaks",
                f"{_name(system)}: the report on leaks in its training data can't be read",
                f"{_name(system)}：训练数据泄漏检查报告无法读取",
                (system,),
            )
        elif leaks.get("flagged"):
            told = ", ".join(leaks["flagged"])
            yield Notice(
                "leaks",
                f"{_name(system)} was trained on data that overlaps with {told}: its scores there are no evidence",
                f"{_name(system)} 的训练数据与 {told} 重合，这些题的得分不能作为依据",
                (system,),
            )


def _family(outputs: Outputs) -> Iterator[Notice]:
    for system, run in _of_each(outputs):
        if run.same_family:
            told = ", ".join(run.same_family)
            yield Notice(
                "family",
                f"{_name(system)} and its judge are of one family ({told}): judges favour what their family writes",
                f"{_name(system)} 与评判模型同属 {told} 系列，评判模型可能偏向同系列的文字",
                (system,),
            )


def _coverage(table: "pd.DataFrame") -> Iterator[Notice]:
    for row in by_system(table).itertuples():
        if row.coverage < LEAST_COVERAGE:
            yield Notice(
                "coverage",
                f"{_name(row.system)}: only {row.coverage:.0%} of its verdicts have a score ({row.measure}); the rest is left out of its means",
                f"{_name(row.system)}：只有 {row.coverage:.0%} 的评判给出了分数（{row.measure}），其余未计入平均",
                (row.system,),
            )


def _generation(outputs: Outputs) -> Iterator[Notice]:
    settings = {str(sorted(run.generation.items())) for run in outputs.runs}
    if len(settings) > 1:
        yield Notice(
            "generation",
            "not all systems wrote under the same generation settings (see provenance)",
            "各系统的生成参数不尽相同（见“来源”）",
        )


def left_out(skipped: Sequence[Skipped]) -> Iterator[Notice]:
    """Files that could not be read."""
    if skipped:
        told = "; ".join(f"{each.file.name}: {each.reason}" for each in skipped[:3])
        more = f" … ({len(skipped)})" if len(skipped) > 3 else ""
        yield Notice("skipped", f"files left out: {told}{more}", f"未读入的文件：{told}{more}")


def _of_each(outputs: Outputs) -> Iterable[tuple[str, Run]]:
    """Each system by the table's name, and the newest of its runs."""
    names = dict(zip(outputs.table["run"], outputs.table["system"], strict=True))
    runs = sorted(outputs.runs, key=lambda run: run.date)
    return {names[file]: run for run in runs if (file := str(run.file)) in names}.items()


def _name(system: str) -> str:
    return shown(system, _LONGEST_NAME, "\N{REPLACEMENT CHARACTER}")
