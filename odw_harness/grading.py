"""The one engine: answers and a judge make verdicts, from the store where it has them."""

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from odw_harness.judge import Judge
from odw_harness.questions import Question
from odw_harness.store import Store
from odw_harness.verdict import Verdict

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """A text that somebody or something wrote in answer to a question."""

    question: Question
    text: str


def grade(answers: Sequence[Answer], judge: Judge, store: Store) -> list[Verdict]:
    """One verdict for each answer, in their order.

    Verdicts in the store are taken from it; each new one is stored as it arrives; equal answers are judged once.
    An answer that the judge fails on is unscored with the reason, and is asked for again the next time. Only
    StoreError is raised: a verdict that can't be kept must not pass for one.
    """
    judgement = judge.provenance.fingerprint
    verdicts: dict[Answer, Verdict] = {}
    missing: list[Answer] = []
    for answer in dict.fromkeys(answers):
        known = store.verdict(answer.question.fingerprint, answer.text, judgement)
        if known is None:
            missing.append(answer)
        else:
            verdicts[answer] = known
    if missing:
        quiet = int(os.environ.get("RANK", "0")) > 0  # one bar for a run on several ranks
        with tqdm(total=len(missing), desc=f"Judging ({judge.provenance.judge})", unit="answer", disable=quiet) as bar:
            for answer, verdict in _judged(judge, missing):
                store.save_verdict(answer.question.fingerprint, answer.text, judgement, verdict)
                verdicts[answer] = verdict
                bar.update()
    return [verdicts[answer] for answer in answers]


def _judged(judge: Judge, answers: Sequence[Answer]) -> Iterable[tuple[Answer, Verdict]]:
    left = dict.fromkeys(answers)
    try:
        for index, verdict in judge.verdicts([(answer.question, answer.text) for answer in answers]):
            left.pop(answers[index])
            yield answers[index], verdict
        reason = "the judge gave no verdict"
    except Exception as error:  # A judge may fail in any way; what it has judged so far is kept.
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        log.warning("the judge %s failed: %s", judge.provenance.judge, reason)
    for answer in left:
        yield answer, Verdict(unscored=reason, provenance=judge.provenance)
