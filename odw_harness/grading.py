"""The one engine: answers and a judge make verdicts, from the store where it has them."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

from tqdm import tqdm

from odw_harness.errors import OdwError, StoreError
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


@dataclass(frozen=True)
class Grading:
    """What grade gives: one verdict for each answer, in their order.

    asked: those that were not in the store, each once. stopped: why the judge gave up before the end, if it did.
    """

    verdicts: list[Verdict]
    asked: list[Verdict]
    stopped: str | None = None


def grade(answers: Sequence[Answer], judge: Judge, store: Store, preflight: bool = False) -> Grading:
    """Grade answers.

    Verdicts in the store are taken from it; each new one is stored as it arrives; equal answers are judged once.
    An answer that the judge fails on is unscored with the reason, and is asked for again the next time. StoreError is
    raised where a verdict can't be kept: it must not pass for one. preflight: see first, where there is anything to
    ask, that the judge can be used; raises what Judge.preflight does.
    """
    judgement = judge.provenance.fingerprint
    verdicts: dict[Answer, Verdict] = {}
    for answer in dict.fromkeys(answers):
        known = store.verdict(answer.question.fingerprint, answer.text, judgement)
        if known is not None:
            verdicts[answer] = known
    missing = [answer for answer in dict.fromkeys(answers) if answer not in verdicts]
    if missing and preflight:
        judge.preflight()
    stopped = None
    quiet = not missing or int(os.environ.get("RANK", "0")) > 0  # one bar for a run on several ranks
    name = f"{judge.provenance.judge}, {judge.provenance.rubric}"
    with tqdm(total=len(missing), desc=f"Judging ({name})", unit="answer", disable=quiet) as bar:
        try:
            for index, verdict in judge.verdicts([(answer.question, answer.text) for answer in missing]):
                store.save_verdict(missing[index].question.fingerprint, missing[index].text, judgement, verdict)
                verdicts[missing[index]] = verdict
                bar.update()
        except StoreError:
            raise
        except Exception as error:  # A judge may fail in any way; what it has judged so far is kept.
            kind = "" if isinstance(error, OdwError) else f"{type(error).__name__}: "
            stopped = f"{kind}{error}".splitlines()[0][:300]
            log.warning("judging stopped: %s", stopped)
    for answer in missing:
        if answer not in verdicts:
            reason = f"judging stopped: {stopped}" if stopped else "the judge gave no verdict"
            verdicts[answer] = Verdict(unscored=reason, provenance=judge.provenance)
            store.save_verdict(answer.question.fingerprint, answer.text, judgement, verdicts[answer])
    return Grading([verdicts[answer] for answer in answers], [verdicts[answer] for answer in missing], stopped)
