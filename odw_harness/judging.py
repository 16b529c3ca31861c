"""`odw judge`: saved answers in, one verdict a line out, and a summary of what it took."""

import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import stdev
from typing import Any

import jsonlines

from odw_harness.answers import SavedAnswers
from odw_harness.errors import JudgeError
from odw_harness.grading import Graded, Grading
from odw_harness.judge import Judge, Request, load_judge
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import judge_file
from odw_harness.judge.budget import Budget
from odw_harness.reply import kind_of
from odw_harness.rubric import Rubric, find_rubric
from odw_harness.store import Store
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
) -> int:
    """Grade the answers in files, write a verdict a line to out (standard output without one), print a summary.

    Returns the exit code. Raises an OdwError for a mistake of the user's, before anything is asked of the judge.
    """
    limits = limits or Limits()
    rubric = find_rubric(rubric_name)
    store = Store()
    judge = load_judge(judge_name, store)
    _set_budget(judge, limits)
    saved = SavedAnswers(files, questions)
    start = time.monotonic()
    ids: deque[str | int] = deque()

    def requests() -> Iterator[Request]:
        for entry in saved:
            for repeat in range(judge.repeats):
                ids.append(entry.id)
                yield Request(entry.question, entry.text, rubric, repeat)

    tally = Tally()
    inputs = [*files, *([questions] if questions else []), str(judge_file(judge_name)), str(store.path)]
    with written("--out", out, inputs) as target:
        for notice in saved.notices:
            print(f"note: {notice}", file=sys.stderr)
        grading = Grading(requests(), judge, store, preflight=True, total=len(saved) * judge.repeats)
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


def _set_budget(judge: Judge, limits: Limits) -> None:
    if limits.max_requests is None and limits.max_cost is None:
        return
    if not isinstance(judge, ApiJudge):
        raise JudgeError(f"judge {judge.label}: --max-requests and --max-cost are for judges with backend: api")
    if limits.max_cost is not None and judge.prices is None:
        raise JudgeError(f"judge {judge.label}: field prices: is missing; --max-cost needs them")
    judge.budget = Budget(limits.max_requests, limits.max_cost)


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


@dataclass
class _Column:
    """Count, mean and range of some scores, without the scores."""

    count: int = 0
    total: float = 0.0
    lowest: float = float("inf")
    highest: float = float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.lowest, self.highest = min(self.lowest, value), max(self.highest, value)


@dataclass
class Tally:
    """What a run gave and took, verdict by verdict."""

    verdicts: int = 0
    columns: dict[str, _Column] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    served_by: set[str] = field(default_factory=set)
    new: int = 0
    asked_again: int = 0
    wrong_means: int = 0
    spreads: _Column = field(default_factory=_Column)
    _last: tuple[str | int, list[float]] = ("", [])

    @property
    def coverage(self) -> float:
        """Share of verdicts with a score."""
        return self.columns["score"].count / self.verdicts if "score" in self.columns else 0.0

    def add(self, identity: str | int, graded: Graded) -> None:
        """Count a verdict. Those of one answer come one after the other."""
        verdict = graded.verdict
        self.verdicts += 1
        if verdict.score is None:
            self.reasons[kind_of(str(verdict.unscored))] += 1
        else:
            for name, value in {"score": verdict.score, **(verdict.dimensions or {})}.items():
                self.columns.setdefault(name, _Column()).add(value)
            self._add_to_spread(identity, verdict.score)
        self.wrong_means += verdict.details.get("mean_differs", 0.0) > 0
        self.asked_again += graded.new and bool(verdict.earlier)
        if verdict.served_by:
            self.served_by.add(verdict.served_by)
        if graded.new:
            self.new += 1
            self.used.update(verdict.usage)

    def _add_to_spread(self, identity: str | int, score: float) -> None:
        if self._last[0] != identity:
            self._end_of_answer()
            self._last = (identity, [])
        self._last[1].append(score)

    def _end_of_answer(self) -> None:
        if len(self._last[1]) > 1:
            self.spreads.add(stdev(self._last[1]))

    def show(self, judge: Judge, rubric: Rubric, seconds: float) -> None:
        """Print the summary to standard error."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        self._end_of_answer()
        who = judge.provenance(rubric)
        console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        if self.columns:
            table = Table(box=box.SIMPLE_HEAD, title=f"{who.judge}: {who.rubric}, version {who.rubric_version}")
            for name in ("", "verdicts", "mean", "lowest", "highest"):
                table.add_column(name, justify="left" if not name else "right", no_wrap=True)
            for name, column in self.columns.items():
                values = (column.total / column.count, column.lowest, column.highest)
                table.add_row(name, str(column.count), *(f"{value:.2f}" for value in values))
            console.print(table)
        if self.reasons:
            console.print(f"unscored: {', '.join(f'{count} × {kind}' for kind, count in self.reasons.most_common())}")
        if who.rubric != rubric.name:
            console.print(f"This judge scores by {who.rubric}; it has no use for the rubric {rubric.name}.")
        if self.wrong_means:
            console.print(
                f"{self.wrong_means} stated a mean that is not that of its dimensions; the computed one counts."
            )
        if self.spreads.count:
            mean = self.spreads.total / self.spreads.count
            console.print(
                f"Spread between an answer's {judge.repeats} verdicts: standard deviation {mean:.2f} on average."
            )
        if self.served_by - {who.model}:
            console.print(f"Served by: {', '.join(sorted(self.served_by))}")
        scored = self.columns["score"].count if "score" in self.columns else 0
        console.print(
            f"{scored} of {self.verdicts} {'answers' if judge.repeats == 1 else 'verdicts'} scored (coverage "
            f"{self.coverage:.3f}); {self.new} judged now, {self.verdicts - self.new} known; {self._spent(judge)}{seconds:.1f} s"
        )

    def _spent(self, judge: Judge) -> str:
        used = self.used
        text = f"{used['requests']:,} request{'' if used['requests'] == 1 else 's'}"
        if used["retries"] or self.asked_again:
            text += f" ({used['retries']} retries, {self.asked_again} asked again for scores)"
        if used["prompt_tokens"] or used["completion_tokens"]:
            text += f", {used['prompt_tokens']:,} tokens in ({used['cached_tokens']:,} cached)"
            text += f", {used['completion_tokens']:,} out"
        prices = judge.prices if isinstance(judge, ApiJudge) else None
        return text + (f", {prices.cost(used):.4f} {prices.currency}" if prices else "") + "; "
