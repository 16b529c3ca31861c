"""lm-eval's output files, many runs of them, as one tidy table: a row for each verdict.

A measure is what figures may share a column under: the task's rubric, who judged (any setting included), by which
rubric and version. Rows of different measures never meet in a mean.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.errors import AnswerError, OdwError
from odw_harness.jsonl import read_rows
from odw_harness.measures import of_measure
from odw_harness.models import sha256
from odw_harness.rubric import RUBRICS
from odw_harness.runs import UNGRADED, WRITING, Answer, Foreign, Run, answers_of, read_run, results_files, task_of
from odw_harness.stats import Mean, mean_of

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = tuple(dict.fromkeys(name for rubric in RUBRICS.values() for name in rubric.metrics))
"""The dimensions' metrics, 1 to 10, of both rubrics."""
UNJUDGED = ("rules", "fact_recall")
"""Figures from 0 to 1 that need no judge."""
FIGURES = ("score", *UNJUDGED, *DIMENSIONS)
"""Everything that a question can have a mean of."""
SPLITS = ("in19", "ood2")


@dataclass(frozen=True)
class Skipped:
    """A file that is not in the table, and why. foreign: it is whole, and another task's."""

    file: Path
    reason: str
    foreign: bool = False


@dataclass(frozen=True)
class Partial:
    """A system whose newest run answered `questions` under a measure, and whose runs before it answered `more` others."""

    system: str
    measure: str
    questions: int
    more: int


@dataclass
class Outputs:
    """What lies under some folders. table: a row for each verdict (see `read_outputs`); partial: of whom it lacks questions."""

    runs: list[Run]
    table: "pd.DataFrame"
    skipped: list[Skipped] = field(default_factory=list)
    partial: list[Partial] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """Every file that the table is of."""
        return [str(file) for run in self.runs for file in (run.file, *(path for _, path in run.samples))]


def read_outputs(folders: Sequence[str | Path], every_run: bool = False, ungraded: bool = False) -> Outputs:
    """Read every results and samples file of ours under the folders; what is broken, foreign or a copy is named in `skipped`.

    Of runs of one system under one measure the newest counts, or with every_run each under its date. The columns:
    run (the results file), system, paper, adapter, model, date, lm_eval; task, split, question, genre, question_hash,
    answer_hash, repeat, characters (of the document, without white space and thoughts); rubric (the task's), measure,
    judge, judge_model, judged_by (the rubric that the judge scores by), rubric_version, judge_repeat; score (1 to 10,
    or missing) with unscored (the reason), dimensions (1 to 10), rules and fact_recall (0 to 1). ungraded: answers of
    runs with --predict_only are rows too, without any figure, their rubric and measure UNGRADED. Raises AnswerError where there is no such folder, or nothing of ours in any.
    """
    import pandas as pd

    skipped: list[Skipped] = []
    runs: list[Run] = []
    rows: list[dict[str, Any]] = []
    read: dict[tuple[str, ...], Path] = {}
    for file in results_files(folders):
        try:
            run = read_run(file)
            of_run = list(_rows(run, ungraded))  # whole, or not at all
            first = read.setdefault(_content(run), file)
            if first != file:
                skipped.append(Skipped(file, f"is a copy of {first}"))
                continue
            rows += of_run
            runs.append(run)
        except OdwError as error:
            skipped.append(Skipped(file, str(error).removeprefix(f"{file}: "), isinstance(error, Foreign)))
    if not runs:
        told = f" ({skipped[0].file}: {skipped[0].reason})" if skipped else ""
        raise AnswerError(
            f"{', '.join(map(str, folders))}: holds no graded run of ours{told}; run odw eval or odw bench first"
        )
    table = pd.DataFrame(rows, columns=_COLUMNS).astype(dict.fromkeys(FIGURES, float))
    table = _named_apart(table, runs)
    partial: list[Partial] = []
    if not every_run:
        whole, table = table, _newest(table)
        partial = list(_partial(whole, table))
        used = set(table["run"])
        runs = [run for run in runs if str(run.file) in used]
    else:
        table["system"] += _stamps(table)
    return Outputs(runs, table.reset_index(drop=True), skipped, partial)


def by_question(table: "pd.DataFrame") -> "pd.DataFrame":
    """One row for each system, measure and question: means over its answers and their verdicts.

    Columns: measure, system, split, question, genre, question_hash, the figures, coverage (share of verdicts scored),
    characters, answers. An answer's score is the mean of its verdicts, a question's the mean of its answers, as lm-eval
    has them.
    """
    keys = ["measure", "system", "split", "question", "genre", "question_hash"]
    answers = table.assign(coverage=table["score"].notna().astype(float)).groupby([*keys, "repeat"], sort=False)
    each = answers[[*FIGURES, "coverage", "characters"]].mean()
    found = each.groupby(level=keys, sort=False)
    return found.mean().assign(answers=found.size()).reset_index()


@dataclass(frozen=True)
class Asked:
    """A question. hash: of what was asked, which may differ between systems under one id."""

    id: str
    hash: str
    genre: str
    split: str


def asked_in(table: "pd.DataFrame") -> tuple[Asked, ...]:
    """The questions of a table, each once, by split and id."""
    rows = table.drop_duplicates(["question", "question_hash"])
    found = zip(*(map(str, rows[name]) for name in ("question", "question_hash", "genre", "split")), strict=True)
    return tuple(sorted((Asked(*each) for each in found), key=lambda each: (each.split, each.id, each.hash)))


def in_several_texts(table: "pd.DataFrame") -> list[str]:
    """The systems of which a table has more than one text of an answer: of several runs, judged under different measures."""
    texts = table.groupby(["system", "question_hash", "repeat"])["answer_hash"].nunique()
    return sorted({str(name) for name in texts[texts > 1].index.get_level_values("system")})


def side_by_side(questions: "pd.DataFrame", figure: str) -> "pd.DataFrame":
    """A figure of one measure's questions (`by_question`), questions × systems; one asked in two ways stands there twice."""
    return questions.pivot(index=["question", "question_hash"], columns="system", values=figure)


def mean_over_questions(scores: Sequence[float]) -> Mean:
    """The mean of one or more questions' scores; of two without an interval: with one degree of freedom Student's is wider than
    the scale."""
    mean = mean_of(scores)
    return mean if mean.of > 2 else mean.model_copy(update={"low": None, "high": None})


def by_system(table: "pd.DataFrame") -> "pd.DataFrame":
    """One row for each system and measure, in the paper's shape, the best first within a measure.

    avg19 and avg2 are means over the questions of a split, avg21 over all (missing where there is none scored) with low
    and high, Student's 95 % interval over questions; the other figures are means over all questions. questions, and
    scored: how many there are, and how many have a score.
    """
    questions = by_question(table)
    keys = ["measure", "system"]
    found = questions.groupby(keys, sort=False)
    rows = found[[*UNJUDGED, *DIMENSIONS, "coverage", "characters"]].mean()
    for split, name in (("in19", "avg19"), ("ood2", "avg2")):
        rows[name] = questions[questions["split"] == split].groupby(keys)["score"].mean()
    means = {key: mean_over_questions(scores) for key, group in found["score"] if (scores := list(group.dropna()))}
    for name, of_mean in (("avg21", "mean"), ("low", "low"), ("high", "high")):
        rows[name] = [getattr(means.get(key), of_mean, None) for key in rows.index]
    rows = rows.astype(float)
    rows["questions"], rows["scored"], rows["answers"] = found.size(), found["score"].count(), found["answers"].sum()
    first = ["avg19", "avg2", "avg21", "low", "high"]
    rows = rows[[*first, *(name for name in rows.columns if name not in first)]].reset_index()
    order = {measure: number for number, measure in enumerate(rows["measure"].unique())}
    place = rows["measure"].map(order)
    return (
        rows.assign(place=place)
        .sort_values(["place", "avg21"], ascending=[True, False], kind="stable")
        .drop(columns="place")
        .reset_index(drop=True)
    )


def _content(run: Run) -> tuple[str, ...]:
    """What a run's files hold, by their hashes: a copy of a folder is no further run."""
    return tuple(sha256(path) for path in (run.file, *(path for _, path in run.samples)))


_COLUMNS = [
    *("run", "system", "paper", "adapter", "model", "date", "lm_eval"),
    *("task", "split", "question", "genre", "question_hash", "answer_hash", "repeat", "characters"),
    *("rubric", "measure", "judge", "judge_model", "judged_by", "rubric_version", "judge_repeat"),
    *("unscored", *FIGURES),
]


def _rows(run: Run, ungraded: bool) -> Iterator[dict[str, Any]]:
    """The run's part of the table."""
    of_run = {
        "run": str(run.file),
        "system": run.system,
        "paper": run.paper,
        "adapter": run.adapter,
        "model": run.model,
        "date": run.date,
        "lm_eval": run.lm_eval,
    }
    for task, file in run.samples:
        for where, row in read_rows(file, "samples file", AnswerError):
            for answer in answers_of(row, where, ungraded):
                yield from _verdicts({**of_run, "task": task_of(task), "rubric": row["filter"]}, answer, where)


def _verdicts(known: dict[str, Any], answer: Answer, where: str) -> Iterator[dict[str, Any]]:
    try:
        doc, record = answer.question, answer.record
        of_answer = {
            **known,
            "split": doc["split"],
            "question": doc["id"],
            "genre": doc["genre"],
            "question_hash": answer.question_hash,
            "answer_hash": answer.answer_hash,
            "repeat": record["repeat"],
            "characters": len("".join(answer.document.split())),
            **{name: record.get(name) for name in UNJUDGED},
        }
        if known["rubric"] == UNGRADED:
            yield {**of_answer, "measure": UNGRADED, "unscored": "not graded"}
        for verdict in record["verdicts"]:
            given = verdict["provenance"]
            yield {
                **of_answer,
                **of_measure(
                    known["task"] if known["task"] == WRITING else known["rubric"],
                    json.dumps({**given, "repeat": 0}, sort_keys=True),
                ),
                "judge_repeat": given["repeat"],
                "score": verdict["score"],
                "unscored": verdict["unscored"],
                **(_dimensions(known["rubric"], verdict["dimensions"]) if verdict["score"] is not None else {}),
            }
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerError(f"{where}: has a verdict that can't be read ({type(error).__name__}: {error})") from None


def _dimensions(rubric: str, given: dict[str, float] | None) -> dict[str, float]:
    return {RUBRICS[rubric].metric_of.get(name, name): float(mark) for name, mark in (given or {}).items()}


def _named_apart(table: "pd.DataFrame", runs: Sequence[Run]) -> "pd.DataFrame":
    """Two systems under one name get their folders' names too: one must not hide the other."""
    by_name: dict[str, set[str]] = {}
    for run in runs:
        by_name.setdefault(run.system, set()).add(run.who)
    unclear = {name for name, who in by_name.items() if len(who) > 1}
    if unclear:
        folder = {str(run.file): run.file.parent.parent.name for run in runs}
        marked = table["system"].isin(unclear)
        table.loc[marked, "system"] += table.loc[marked, "run"].map(lambda file: f" ({folder[file]})")
    return table


def _stamps(table: "pd.DataFrame") -> "pd.Series[str]":
    """Of each row its run's date, as far as a minute, or further where a system has two runs in one."""
    minutes = table["date"].map(lambda date: f" {date:%Y-%m-%d %H:%M}")
    alone = table.groupby(["system", minutes.rename("minute")])["run"].transform("nunique") == 1
    return minutes.where(alone, table["date"].map(lambda date: f" {date:%Y-%m-%d %H:%M:%S.%f}"))


def _newest(table: "pd.DataFrame") -> "pd.DataFrame":
    newest = table.groupby(["measure", "system"])["date"].transform("max")
    return table[table["date"] == newest]


def _partial(whole: "pd.DataFrame", newest: "pd.DataFrame") -> Iterator[Partial]:
    keys = ["measure", "system"]
    there = newest.groupby(keys, sort=False)["question"].nunique()
    for key, number in whole.groupby(keys, sort=False)["question"].nunique().items():
        if number > there[key]:
            yield Partial(key[1], key[0], int(there[key]), int(number - there[key]))
