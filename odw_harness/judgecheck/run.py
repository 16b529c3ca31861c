"""`odw judge-check`: builds the cases, has them judged, writes and shows the card."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from odw_harness.errors import AnswerError, JudgeError, QuestionError
from odw_harness.grading import Grading
from odw_harness.judge import Judge, Request, load_judge
from odw_harness.judge.base import judge_file
from odw_harness.judgecheck.baselines import LABELS, baseline_scores, caught
from odw_harness.judgecheck.card import JUDGE, Card, CaseScores, KindInfo, cost_of, row_of
from odw_harness.judgecheck.cases import KINDS, Case, build_cases
from odw_harness.judgecheck.show import show
from odw_harness.judgecheck.words import summary
from odw_harness.questions import Question, load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.rubric import Rubric, find_rubric
from odw_harness.store import Store
from odw_harness.texts import counted, shown
from odw_harness.verdict import Verdict
from odw_harness.written import written


@dataclass(frozen=True)
class Asked:
    """What is to be checked, in the words of the command line. kinds, only: names in a row with commas; None: all."""

    judge: str | None = None
    rubric: str = "odweval"
    questions: str | None = None
    only: str | None = None
    kinds: str | None = None
    seed: int = 0


def judge_check(asked: Asked, json_file: str | None, html_file: str | None) -> None:
    """Check a judge. Writes the card as JSON (`-`: to standard output, instead of the tables) and as a page.

    Raises an OdwError for a mistake of the user's before anything is asked of the judge, and JudgeError where the judge
    stopped before the end; what it judged is in the store.
    """
    if html_file == "-":
        raise AnswerError("--html -: is for a file; standard output is for the tables or --json")
    if json_file and html_file and _real(json_file) == _real(html_file):
        raise AnswerError(f"--html {html_file}: is the file of --json; name another")
    rubric = find_rubric(asked.rubric)
    questions = _questions(asked)
    cases = build_cases(questions, _names(asked.kinds), asked.seed)
    store = Store()
    judge = load_judge(asked.judge, store)
    inputs = [str(judge_file(asked.judge)), str(asked.questions or QUESTIONS), str(store.path)]
    with ExitStack() as files:
        json_target = files.enter_context(written("--json", json_file, inputs)) if json_file else None
        html_target = files.enter_context(written("--html", html_file, inputs)) if html_file else None
        print(
            f"{counted(len(cases), 'case')} of {counted(len(questions), 'question')}, {judge.repeats} × each",
            file=sys.stderr,
        )
        card = _card(asked.seed, questions, cases, _judged(cases, judge, rubric, store), judge, rubric)
        if json_target:
            json_target.write(card.model_dump_json(indent=1) + "\n")
        if html_target:
            from odw_harness.judgecheck.page import page

            html_target.write(page(card))
    if json_file != "-":
        show(card)
    if card.provenance["rubric"] != rubric.name:
        used = card.provenance["rubric"]
        print(f"note: this judge scores by {used}; it has no use for the rubric {rubric.name}", file=sys.stderr)


def _real(file: str) -> str:
    return os.path.realpath(os.path.expanduser(file))


def _names(text: str | None) -> list[str] | None:
    return None if text is None else list(dict.fromkeys(name.strip() for name in text.split(",")))


def _questions(asked: Asked) -> Sequence[Question]:
    known = {question.id: question for question in load_questions(asked.questions)}
    names = _names(asked.only) or list(known)
    for name in names:
        if name not in known:
            there = shown(", ".join(known), 200, "?")
            raise QuestionError(f"--only {name}: not in {asked.questions or QUESTIONS.name}; it has {there}")
        if not known[name].reference.strip():
            where = shown(f"{asked.questions}: question {name}", 200, "?")
            raise QuestionError(f"{where}: field reference: is blank; cases are made from references")
    return [known[name] for name in names]


def _judged(cases: Sequence[Case], judge: Judge, rubric: Rubric, store: Store) -> list[list[Verdict]]:
    """For each case its verdicts, one a repeat. Raises JudgeError where the judge stopped."""

    def requests() -> Iterator[Request]:
        for case in cases:
            for repeat in range(judge.repeats):
                yield Request(case.question, case.text, rubric, repeat)

    grading = Grading(requests(), judge, store, preflight=True, total=len(cases) * judge.repeats)
    verdicts = [graded.verdict for graded in grading]
    if grading.stopped:
        raise JudgeError(f"judging stopped: {grading.stopped}; what was judged is kept: run again")
    return [verdicts[start : start + judge.repeats] for start in range(0, len(verdicts), judge.repeats)]


def _card(
    seed: int,
    questions: Sequence[Question],
    cases: Sequence[Case],
    judged: Sequence[Sequence[Verdict]],
    judge: Judge,
    rubric: Rubric,
) -> Card:
    there = {case.kind for case in cases}
    kinds = {
        name: KindInfo(effect=kind.effect, title=kind.title, title_zh=kind.title_zh, strengths=kind.strengths)
        for name, kind in KINDS.items()
        if name in there
    }
    scored = [_scored(case, verdicts, seed) for case, verdicts in zip(cases, judged, strict=True)]
    own = row_of(JUDGE, judge.label, scored, kinds)
    baselines = [row_of(scorer, label, scored, kinds) for scorer, label in LABELS.items()]
    cost = cost_of([verdict for verdicts in judged for verdict in verdicts])
    return Card(
        judge=judge.label,
        provenance=judge.provenance(rubric).model_dump(exclude={"repeat"}),
        seed=seed,
        questions=tuple(question.id for question in questions),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=version("odw-harness"),
        kinds=kinds,
        rows=(own, *baselines),
        cost=cost,
        summary=tuple(summary(own, baselines, cost, kinds)),
        cases=tuple(scored),
    )


def _scored(case: Case, verdicts: Sequence[Verdict], seed: int) -> CaseScores:
    baselines = {scorer: (score,) for scorer, score in baseline_scores(case, seed).items()}
    return CaseScores(
        question=case.question.id,
        kind=case.kind,
        strength=case.strength,
        against=case.against,
        characters=len(case.text),
        scores={JUDGE: tuple(verdict.score for verdict in verdicts), **baselines},
        caught=caught(case),
    )
