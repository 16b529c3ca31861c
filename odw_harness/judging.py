"""`odw judge`: saved answers in, one verdict a line out, and a summary of what it took."""

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonlines

from odw_harness.answers import STANDARD_INPUT, SavedAnswers
from odw_harness.dryrun import estimates
from odw_harness.errors import JudgeError
from odw_harness.families import families
from odw_harness.grading import Grading
from odw_harness.judge import Judge, Request, load_judge
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import judge_file
from odw_harness.judge.budget import Budget
from odw_harness.judge.panel import PanelJudge
from odw_harness.rubric import find_rubric
from odw_harness.store import Store
from odw_harness.tally import Tally
from odw_harness.verdict import Verdict
from odw_harness.written import written

OK, STOPPED, UNDER_COVERAGE = 0, 2, 3
"""Exit codes: all graded that can be; the judge gave up before the end; too few answers have a score."""


@dataclass(frozen=True)
class Limits:
    """What a run may spend, and how much of it must come out scored. See `odw judge --help`."""

    min_coverage: float = 0.0
    max_requests: int | None = None
    max_cost: float | None = None


def judge_files(
    files: Sequence[str],
    rubric_name: str,
    judge_name: str | None,
    out: str | None,
    questions: str | None = None,
    limits: Limits | None = None,
    dry_run: bool = False,
) -> int:
    """Grade the answers in files, write a verdict a line to out (standard output without one), print a summary.

    dry_run: print what it would take instead, and ask nothing.

    Returns the exit code. Raises an OdwError for a mistake of the user's, before anything is asked of the judge.
    """
    limits = limits or Limits()
    rubric = find_rubric(rubric_name)
    store = Store()
    judge = load_judge(judge_name, store)
    _set_budget(judge, limits)
    saved = SavedAnswers(files, questions)
    start = time.monotonic()
    notices = [f"note: {each}\n" for each in (*saved.notices, *_related(judge.provenance(rubric).model, files))]
    ids: deque[str | int] = deque()

    def requests(of: Judge) -> Iterator[Request]:
        for entry in saved:
            for repeat in range(of.repeats):
                ids.append(entry.id)
                yield Request(entry.question, entry.text, rubric, repeat)

    if dry_run:
        print("".join(notices), end="", file=sys.stderr)
        print(*estimates(requests, judge, store), sep="\n")
        return OK
    tally = Tally()
    inputs = [*files, *([questions] if questions else []), str(judge_file(judge_name)), str(store.path)]
    with written("--out", out, inputs) as target:
        print("".join(notices), end="", file=sys.stderr)
        grading = Grading(requests(judge), judge, store, preflight=True, total=len(saved) * judge.repeats)
        writer = jsonlines.Writer(target)
        for graded in grading:
            identity = ids.popleft()
            tally.add(identity, graded)
            writer.write(row(identity, graded.verdict))
    tally.show(judge, rubric, time.monotonic() - start)
    if grading.stopped:
        print(f"error: judging stopped: {grading.stopped}; what was judged is kept: run again", file=sys.stderr)
        return STOPPED
    if tally.coverage < limits.min_coverage:
        print(f"error: coverage {tally.coverage:.3f} is under --min-coverage {limits.min_coverage:g}", file=sys.stderr)
        return UNDER_COVERAGE
    return OK


def _related(judge_model: str, files: Sequence[str]) -> Iterator[str]:
    """lm-eval names the folder of a samples file after the model that wrote it."""
    for folder in dict.fromkeys(Path(file).resolve().parent.name for file in files if file != STANDARD_INPUT):
        for family in sorted(families([folder]) & families([judge_model])):
            yield f"{folder}: the judge is of the same family ({family}): judges favour what their family writes"


def _set_budget(judge: Judge, limits: Limits) -> None:
    if limits.max_requests is None and limits.max_cost is None:
        return
    budget = Budget(limits.max_requests, limits.max_cost)
    members = list(judge.members.values()) if isinstance(judge, PanelJudge) else [judge]
    currencies = set()
    for member in members:
        if not isinstance(member, ApiJudge):
            raise JudgeError(f"judge {member.label}: --max-requests and --max-cost are for judges with backend: api")
        if limits.max_cost is not None and member.prices is None:
            raise JudgeError(f"judge {member.label}: field prices: is missing; --max-cost needs them")
        currencies.add(member.prices.currency if member.prices else "")
        member.budget = budget
    if limits.max_cost is not None and len(currencies) > 1:
        raise JudgeError(
            f"judge {judge.label}: --max-cost needs prices in one currency, not {', '.join(sorted(currencies))}"
        )


def row(identity: str | int, verdict: Verdict) -> dict[str, Any]:
    """A line of the output."""
    return {
        "id": identity,
        "rubric": verdict.provenance.rubric,
        "judge": verdict.provenance.judge,
        "repeat": verdict.provenance.repeat,
        "score": verdict.score,
        "dimensions": verdict.dimensions,
        "unscored": verdict.unscored,
        "rationale": verdict.rationale,
        "usage": verdict.usage,
    }
