"""How reliable people's marks are, in the terminal and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odw_harness.human.reliability import LEAST_SEVERITY, MADS, Grader, Reliability
from odw_harness.stats.agreement import Estimate
from odw_harness.texts import shown

LOOKS = 10
"""So many single marks are shown; JSON has all."""
_ALPHA = ((0.8, "reliable"), (0.667, "good for tentative conclusions only"), (-1e9, "not reliable"))
"""K. Krippendorff, Content Analysis, 2004, p. 241."""
_ICC = ((0.9, "excellent"), (0.75, "good"), (0.5, "moderate"), (-1e9, "poor"))
"""T. K. Koo and M. Y. Li, Journal of Chiropractic Medicine 15, 2016: of the whole interval, not of the value."""
_NOTES = (
    "alpha (interval, ordinal): Krippendorff's, of single marks, with a bootstrap interval over questions. From 0.8 reliable, "
    "from 0.667 for tentative conclusions (Krippendorff 2004).",
    "ICC(2,1), ICC(2,k): of one mark, of the mean of k marks; absolute agreement, graders and answers at random. Below 0.5 "
    "poor, to 0.75 moderate, to 0.9 good, above excellent (Koo and Li 2016).",
    "severity: points of 100 that a grader gives below (+) or above (-) the average grader on the same answers. scale: spread of "
    "their marks over that of the others' on the same answers. rest: standard deviation of what answer and severity leave. "
    "follows: correlation with the mean of the others. same: share of their commonest mark.",
    f"severe, lenient: {MADS:g} median absolute deviations from the graders' median, {LEAST_SEVERITY:g} points or more, and the interval "
    "excludes 0. erratic: the rest so far out. at odds: follows 0 or below. one mark: more than half the same. apart: no "
    "answer in common with anyone.",
)


def sentences(found: Reliability) -> Iterator[str]:
    """Who marked what, and whether the graders agree well enough: plain lines, the first of them the answer."""
    if found.interval is None or found.interval.value is None:
        yield f"How far the graders agree can't be told: {_why_not(found)}."
    else:
        alpha = _rated(found.interval.value, _ALPHA)
        line = f"A single mark is {alpha} (Krippendorff's alpha {figure(found.interval)})"
        icc = found.icc
        if icc is not None and icc.mean.value is not None:
            low = _rated(icc.mean.value if icc.mean.low is None else icc.mean.low, _ICC)
            high = _rated(icc.mean.value if icc.mean.high is None else icc.mean.high, _ICC)
            rated = low if low == high else f"{low} to {high}"
            line += f"; the mean of {icc.k:.1f} marks an answer is of {rated} reliability (ICC(2,k) {figure(icc.mean)})"
        yield line + "."
    parts = {each.part for each in found.graders if each.shared}
    if len(parts) > 1:
        yield (
            f"The graders fall into {len(parts)} groups without an answer in common (several gradings, say): severities are "
            "within each."
        )
    told = {each.grader: [flag for flag in each.flags if found.shared or flag != "apart"] for each in found.graders}
    flagged = [f"{shown(name, 40, '?')} ({', '.join(flags)})" for name, flags in told.items() if flags]
    if flagged:
        yield f"To talk to: {', '.join(flagged)}."


def as_json(found: Reliability) -> dict[str, Any]:
    """For --json: every figure, None where it is not defined."""
    return {
        **{key: value for key, value in asdict(found).items() if isinstance(value, int | float)},
        "alpha_interval": _dumped(found.interval),
        "alpha_ordinal": _dumped(found.ordinal),
        "icc": _dumped(found.icc),
        "graders": [each.model_dump() for each in found.graders],
        "marks_to_look_at": [each.model_dump() for each in found.looks],
    }


def show_reliability(found: Reliability, console: Console) -> None:
    """The sentences, the coefficients, a row for each grader, and single marks to look at."""
    if found.simulated:
        told = f"! SIMULATED: {found.simulated} of {found.marks} marks were given by no person; nothing here is evidence of graders"
        console.print(Text(told, "yellow"), soft_wrap=True)
    for line in sentences(found):
        console.print(Text(line), soft_wrap=True)
    icc = found.icc
    named = {
        "alpha (interval)": found.interval,
        "alpha (ordinal)": found.ordinal,
        "ICC(2,1)": icc.single if icc else None,
        f"ICC(2,k), k = {found.per_answer:.2f}": icc.mean if icc else None,
    }
    console.print(Text("   ".join(f"{name} {figure(each)}" for name, each in named.items())), soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, title="Graders", title_justify="left", padding=(0, 1, 0, 0))
    for name in ("grader", "marks", "shared", "mean", "sd", "severity", "scale", "rest", "follows", "same", ""):
        table.add_column(name, justify="left" if name in ("grader", "") else "right", overflow="fold")
    for each in found.graders:
        table.add_row(*_row(each))
    console.print(table)
    if found.looks:
        _show_looks(found, console)
    for note in _NOTES:
        console.print(Text(f"- {note}", "dim"), soft_wrap=True)


def figure(estimate: Estimate | None, digits: int = 2) -> str:
    """A figure with its interval, such as 0.71 (0.64…0.77); a dash for none."""
    if estimate is None or estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.{digits}f}"
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f}…{estimate.high:.{digits}f})"


def _why_not(found: Reliability) -> str:
    if len(found.graders) < 2:
        return "there is one grader only"
    if not found.shared:
        return "no answer was marked by two of them"
    return "all marks of the answers in common are the same"


def _rated(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    return next(name for least, name in steps if value >= least)


def _row(each: Grader) -> tuple[Text, ...]:
    severity = "–"
    if each.severity is not None and each.severity.value is not None:
        severity = f"{each.severity.value:+.1f}"
        if each.severity.low is not None and each.severity.high is not None:
            severity += f" ({each.severity.low:+.1f}…{each.severity.high:+.1f})"
    cells = (
        shown(each.grader, 40, "?"),
        str(each.marks),
        str(each.shared),
        f"{each.mean:.1f}",
        _cell(each.sd, 1),
        severity,
    )
    more = (
        _cell(each.sd_ratio),
        _cell(each.residual, 1),
        _cell(each.follows),
        f"{each.same:.0%}",
        ", ".join(each.flags),
    )
    style = "yellow" if each.flags else ""
    return tuple(Text(cell, style) for cell in (*cells, *more))


def _show_looks(found: Reliability, console: Console) -> None:
    title = "Marks to look at again: far from what the other marks let expect; where an answer has two marks, both are named"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in ("grader", "answer", "question", "mark", "expected", "read from"):
        table.add_column(name, justify="right" if name in ("mark", "expected") else "left", overflow="fold")
    for each in found.looks[:LOOKS]:
        texts = (each.grader, each.code, each.question)
        table.add_row(
            *(Text(shown(text, 60, "?")) for text in texts),
            *(f"{value:.1f}" for value in (each.score, each.expected)),
            Text(shown(each.source, 80, "?")),
        )
    console.print(table)
    if len(found.looks) > LOOKS:
        console.print(Text(f"… and {len(found.looks) - LOOKS} more (--json has all)"))


def _cell(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _dumped(value: Any) -> dict[str, Any] | None:
    return None if value is None else value.model_dump()
