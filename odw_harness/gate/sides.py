"""The two sides of the gate: the newest run of a system each, answer by answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from odw_harness.errors import AnswerError
from odw_harness.questions import Question
from odw_harness.results import DIMENSIONS, UNJUDGED, Outputs, read_outputs
from odw_harness.rules import check_text, of_question
from odw_harness.runs import UNGRADED, Run
from odw_harness.texts import document_of, shown, storable

if TYPE_CHECKING:
    import pandas as pd

JUDGED = ("score", *DIMENSIONS)


@dataclass(frozen=True)
class Side:
    """A system's newest run.

    verdicts: its rows of the tidy table (`results.read_outputs`). answers: a row for each answer, indexed by question and
    repeat: split, question_hash, rules, fact_recall. Those two are worked out here and now from the answer's text, so that
    both sides are checked by the same rules, however old a baseline is, and a run with --predict_only has them too; where
    the questions file has not that very question, they are as the run left them.
    """

    system: str
    run: Run
    verdicts: "pd.DataFrame"
    answers: "pd.DataFrame"

    @property
    def rubrics(self) -> list[str]:
        """The rubrics that the run was graded under, in their order."""
        return [str(name) for name in self.verdicts["rubric"].unique() if name != UNGRADED]

    def judged(self, rubric: str) -> "pd.DataFrame":
        """score and dimensions of each answer under a rubric, means over its verdicts; indexed as answers."""
        mine = self.verdicts[self.verdicts["rubric"] == rubric]
        return mine.groupby(["question", "repeat"], sort=False)[list(JUDGED)].mean()

    def by_question(self, metric: str, rubric: str | None) -> "pd.Series[float]":
        """A figure of each question that has it: the mean over its answers. rubric: None for what needs no judge."""
        column = (self.answers if rubric is None else self.judged(rubric))[metric]
        return column.groupby(level="question", sort=False).mean().dropna()


def read_side(place: str, system: str | None, option: str, questions: Mapping[str, Question]) -> Side:
    """The newest run of a system under a folder, or of a results file; questions by id are what rules are worked out by.

    system may be None where there is but one; option is what names it. Raises AnswerError.
    """
    outputs = read_outputs([place], ungraded=True)
    names = [str(name) for name in outputs.table["system"].unique()]
    told = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    if system is None and len(names) > 1:
        raise AnswerError(
            f"{place}: holds {len(names)} systems ({told}); say which with {option}, or name one's own folder"
        )
    if system is not None and system not in names:
        raise AnswerError(f"{place}: holds no system {system}; it has {told}")
    rows = outputs.table[outputs.table["system"] == (system or names[0])]
    run = max((run for run in outputs.runs if str(run.file) in set(rows["run"])), key=lambda run: run.date)
    _refuse_stale(outputs, run)
    rows = rows[rows["run"] == str(run.file)]
    name = shown(storable(system or names[0]), 100, "�")
    return Side(name, run, rows, _answers(run, rows, questions))


def _refuse_stale(outputs: Outputs, run: Run) -> None:
    """A newer run that can't be read must not let an older one pass in its place."""
    for each in outputs.skipped:
        if not each.foreign and each.file.parent == run.file.parent and each.file.name > run.file.name:
            raise AnswerError(f"{each.file}: {each.reason} (the run before it is not compared in its place)")


def _answers(run: Run, rows: "pd.DataFrame", questions: Mapping[str, Question]) -> "pd.DataFrame":
    answers = rows.drop_duplicates(["question", "repeat"]).set_index(["question", "repeat"])
    answers = answers[["split", "question_hash", *UNJUDGED]].copy()
    for answer in run.answers(rows["rubric"].iloc[0]):
        doc = answer.question
        question = questions.get(doc["id"])
        if question and (question.prompt, question.reference) == (doc.get("prompt"), doc.get("reference")):
            found = check_text(document_of(answer.text), of_question(question))
            answers.loc[(doc["id"], answer.record["repeat"]), list(UNJUDGED)] = [found.rules, found.fact_recall]
    return answers


def same_run(first: Side, second: Side) -> bool:
    """Whether both are one and the same results file."""
    return Path(first.run.file).resolve() == Path(second.run.file).resolve()
