"""`odw judge`: saved answers in, one verdict a line out, and a summary of what it took."""

import io
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import stdev
from typing import IO, Any

import jsonlines

from odw_harness.answers import SavedAnswers
from odw_harness.errors import AnswerError, JudgeError
from odw_harness.grading import Graded, Grading
from odw_harness.judge import Judge, Request, load_judge
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import judge_file
from odw_harness.judge.budget import Budget
from odw_harness.reply import kind_of
from odw_harness.rubric import Rubric, find_rubric
from odw_harness.store import Store
from odw_harness.verdict import Verdict

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
    with _written(
        out, [*files, *([questions] if questions else []), str(judge_file(judge_name)), str(store.path)]
    ) as target:
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


@contextmanager
def _written(out: str | None, inputs: Sequence[str]) -> Iterator[IO[str]]:
    """A file that appears under its name when it is whole. Whether it can be written is found out at once.

    Until then it has no name, so that a killed run leaves none behind. What is there and is no ordinary file (a device,
    a pipe) is written to as it stands.
    """
    if out is None or out == "-":
        if sys.stdout is None:
            raise AnswerError("standard output is closed; name a file with --out")
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(os.path.realpath(os.path.expanduser(out)))
    if str(path) in {os.path.realpath(os.path.expanduser(each)) for each in inputs if each != "-"}:
        raise AnswerError(f"--out {out}: is a file that this run reads; name another")
    try:
        if path.is_dir():
            raise AnswerError(f"--out {out}: is a folder; name a file")
        ordinary = path.is_file() or not path.exists()
        if ordinary:
            path.parent.mkdir(parents=True, exist_ok=True)
            target: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=path.parent)  # noqa: SIM115
        else:
            target = path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise AnswerError(f"--out {out}: can't be written: {error.strerror}") from None
    try:
        with target:
            yield target
            if ordinary:
                target.seek(0)
                _put_in_place(target, path)
    except OSError as error:
        raise AnswerError(f"--out {out}: can't be written: {error.strerror}; the verdicts are in the store") from None


def _put_in_place(content: IO[str], path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as named:
            shutil.copyfileobj(content, named)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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
