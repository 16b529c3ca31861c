"""`odw judge`: saved answers in, one verdict a line out, and a summary of what it took."""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import IO, Any

import jsonlines

from odw_harness.answers import Entry, SavedAnswers, read_answers
from odw_harness.errors import AnswerError
from odw_harness.grading import Grading, grade
from odw_harness.judge import load_judge
from odw_harness.rubric import Rubric, find_rubric
from odw_harness.store import Store
from odw_harness.verdict import Provenance, Verdict

OK, STOPPED, UNDER_COVERAGE = 0, 2, 3
"""Exit codes: all graded that can be; the judge gave up before the end; too few answers have a score."""


def judge_files(
    files: Sequence[str],
    rubric_name: str,
    judge_name: str | None,
    out: str | None,
    questions: str | None = None,
    min_coverage: float = 0.0,
) -> int:
    """Grade the answers in files, write a verdict a line to out (standard output without one), print a summary.

    Returns the exit code. Raises an OdwError for a mistake of the user's, before anything is asked of the judge.
    """
    rubric = find_rubric(rubric_name)
    store = Store()
    judge = load_judge(judge_name, rubric, store)
    saved = read_answers(files, questions)
    start = time.monotonic()
    with _written(out, files) as target:
        for notice in saved.notices:
            print(f"note: {notice}", file=sys.stderr)
        grading = grade([entry.answer for entry in saved.entries], judge, store, preflight=True)
        jsonlines.Writer(target).write_all(
            row(entry, verdict) for entry, verdict in zip(saved.entries, grading.verdicts, strict=True)
        )
    seconds = time.monotonic() - start
    _summary(saved, grading, judge.provenance, rubric, seconds)
    coverage = sum(verdict.score is not None for verdict in grading.verdicts) / len(grading.verdicts)
    if grading.stopped:
        print(f"error: judging stopped: {grading.stopped}; what was judged is kept: run again", file=sys.stderr)
        return STOPPED
    if coverage < min_coverage:
        print(f"error: coverage {coverage:.3f} is under --min-coverage {min_coverage:g}", file=sys.stderr)
        return UNDER_COVERAGE
    return OK


def row(entry: Entry, verdict: Verdict) -> dict[str, Any]:
    """A line of the output."""
    return {
        "id": entry.id,
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
def _written(out: str | None, files: Sequence[str]) -> Iterator[IO[str]]:
    """A file that appears under its name when it is whole. Whether it can be written is found out at once."""
    if out is None or out == "-":
        yield sys.stdout
        return
    path = Path(out).expanduser()
    if any(file != "-" and path.exists() and Path(file).expanduser().samefile(path) for file in files):
        raise AnswerError(f"--out {out}: is one of the answers files; name another")
    if path.is_dir():
        raise AnswerError(f"--out {out}: is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise AnswerError(f"--out {out}: can't be written: {error.strerror}") from None
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as target:
            yield target
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise AnswerError(f"--out {out}: can't be written: {error.strerror}; the verdicts are in the store") from None
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _summary(saved: SavedAnswers, grading: Grading, who: Provenance, rubric: Rubric, seconds: float) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    scored = [verdict for verdict in grading.verdicts if verdict.score is not None]
    table = Table(box=box.SIMPLE_HEAD, title=f"{who.judge}: {who.rubric}, version {who.rubric_version}")
    for name in ("", "answers", "mean", "lowest", "highest"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for name, values in _columns(scored):
        table.add_row(name, str(len(values)), *(f"{v:.2f}" for v in (fmean(values), min(values), max(values))))
    if scored:
        console.print(table)
    reasons = Counter(_kind(verdict.unscored) for verdict in grading.verdicts if verdict.unscored)
    if reasons:
        console.print(f"unscored: {', '.join(f'{count} × {kind}' for kind, count in reasons.most_common())}")
    if who.rubric != rubric.name:
        console.print(f"This judge scores by {who.rubric}; it has no use for the rubric {rubric.name}.")
    differing = sum(verdict.details.get("mean_differs", 0.0) > 0 for verdict in scored)
    if differing:
        console.print(f"{differing} stated a mean that is not the mean of its dimensions; the computed one counts.")
    served = sorted({verdict.served_by for verdict in grading.verdicts if verdict.served_by})
    if served and served != [who.model]:
        console.print(f"Served by: {', '.join(served)}")
    used: Counter[str] = Counter()
    for verdict in grading.asked:
        used.update(verdict.usage)
    tokens = ""
    if used["prompt_tokens"] or used["completion_tokens"]:
        tokens = f", {used['prompt_tokens']:,} tokens in ({used['cached_tokens']:,} cached)"
        tokens += f", {used['completion_tokens']:,} out"
    console.print(
        f"{len(scored)} of {len(grading.verdicts)} answers scored (coverage {len(scored) / len(grading.verdicts):.3f}); "
        f"{len(grading.asked)} judged now, the rest from the store; {used['requests']:,} requests{tokens}; {seconds:.1f} s"
    )


def _columns(scored: Sequence[Verdict]) -> Iterator[tuple[str, list[float]]]:
    if not scored:
        return
    yield "score", [verdict.score for verdict in scored if verdict.score is not None]
    for name in dict.fromkeys(name for verdict in scored for name in verdict.dimensions or ()):
        yield (
            name,
            [verdict.dimensions[name] for verdict in scored if verdict.dimensions and name in verdict.dimensions],
        )


def _kind(reason: str) -> str:
    """Reasons are counted by what stands before their first colon."""
    return reason.partition(": ")[0]
