"""`odw judge calibrate` in words: what a score means, the systems' means, and what to make of them."""

import math
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odw_harness.calibrate.data import Calibrated, points
from odw_harness.calibrate.saved import Applied
from odw_harness.stats.calibration import FEWEST_QUESTIONS, KINDS, Calibration, Kind
from odw_harness.stats.prediction_powered import Corrected, MeanEstimate
from odw_harness.texts import counted, shown

_SHAPES: dict[Kind, str] = {"constant": "people's mean alone", "linear": "a line", "isotonic": "a rising curve"}


def headline(found: Calibrated) -> str:
    """What the judge's scores mean, in a sentence."""
    fitted = found.calibration
    if fitted is None:
        return (
            f"People have marked answers to {counted(found.questions, 'question')}; {FEWEST_QUESTIONS} are needed to tell what a score "
            "of this judge means"
        )
    if not fitted.useful:
        best = min(fitted.errors["linear"], fitted.errors["isotonic"])
        return (
            f"This judge's scores are not shown to say more of people's marks than their mean, {fitted.map.people[0]:.0f}, "
            f"does (it is {fitted.errors['constant']:.1f} points out, and the best map from the scores {best:.1f})"
        )
    (typical,) = points(fitted, [_typical(fitted)])
    return (
        f"A {typical.judge:.1f} of this judge means {typical.people:.0f} on people's scale of 100: {_percent(fitted.level)} "
        f"of new answers with it lie between {typical.low:.0f} and {typical.high:.0f}"
    )


def show(every: Sequence[Calibrated], console: Console) -> None:
    """What there is to know of each measure, one after another."""
    for found in every:
        console.print(Text(shown(found.measure, 200, "?"), "bold"))
        gravest = found.warnings[:1] if found.simulated else ()
        _warn(gravest, console)
        console.print(Text(f"{headline(found)}."), soft_wrap=True)
        told = (
            f"{counted(found.marks, 'mark')} by {counted(found.graders, 'grader')} of {counted(found.answers, 'answer')} "
            f"to {counted(found.questions, 'question')}."
        )
        console.print(Text(told), soft_wrap=True)
        _warn(found.warnings[len(gravest) :], console)
        if found.calibration:
            console.print(_map(found.calibration))
            console.print(Text(_choice(found.calibration)), style="dim", soft_wrap=True)
        console.print(_systems(found))
        for line in _notes(found):
            console.print(Text(line), soft_wrap=True)
        if found.gaps:
            console.print(_gaps(found))
            console.print(Text(_of_gaps(found)), style="dim", soft_wrap=True)


def show_applied(found: Applied, console: Console) -> None:
    """Systems on people's scale by a saved map."""
    console.print(Text(shown(found.measure, 200, "?"), "bold"))
    if found.simulated:
        told = f"! {found.simulated} of the {found.marks} marks behind this map are simulated: nothing here is about people"
        console.print(Text(told, "yellow"), soft_wrap=True)
    table = _table(None, "system", "answers", "unscored", "judge", "on people's scale", f"{_percent(found.level)}")
    for each in found.systems:
        table.add_row(
            Text(shown(each.system, 60, "?")),
            str(len(each.answers)),
            str(each.unscored),
            _number(each.judge, 2),
            _number(each.mean),
            _range(each.low, each.high),
        )
    console.print(table)
    console.print(
        Text(
            f"By the marks of {counted(found.graders, 'grader')}, {found.marks} in all, of other runs or these. The interval holds for a system that "
            "nobody marked, if the judge favours it or not as it does those marked; it is left out where fewer than 3 were. "
            f"--json has each answer with its {_percent(found.answer_level)} interval."
        ),
        style="dim",
        soft_wrap=True,
    )


def _warn(warnings: Sequence[str], console: Console) -> None:
    for warning in warnings:
        console.print(Text(f"! {shown(warning, 1000, '?')}", "yellow"), soft_wrap=True)


def _typical(fitted: Calibration) -> float:
    """The whole score nearest to the middle of those that were marked."""
    return min(max(float(round((fitted.low + fitted.high) / 2)), fitted.low), fitted.high)


def _map(fitted: Calibration) -> Table:
    whole = range(math.ceil(fitted.low), math.floor(fitted.high) + 1)
    scores = sorted({round(fitted.low, 2), *map(float, whole), round(fitted.high, 2)})
    table = _table(None, "judge", "people", f"{_percent(fitted.level)} of new answers")
    for each in points(fitted, scores):
        table.add_row(
            f"{each.judge:.2f}".removesuffix("0").removesuffix(".0"), f"{each.people:.1f}", _range(each.low, each.high)
        )
    return table


def _choice(fitted: Calibration) -> str:
    errors = ", ".join(f"{_SHAPES[kind]} {fitted.errors[kind]:.1f}" for kind in KINDS)
    return (
        f"The map is {_SHAPES[fitted.map.kind]}: of questions left out in turn, answers are missed by {errors} points (root mean "
        "square), and the simplest within one standard error of the best is taken. Intervals are for a new answer, to a new "
        f"question, of a system like these; {fitted.questions} questions can promise no more than "
        f"{_percent(fitted.questions / (fitted.questions + 1))}."
    )


def _systems(found: Calibrated) -> Table:
    title = f"On people's scale, means with {_percent(found.level)} intervals"
    table = _table(title, "system", "marked", "people alone", "judge\nalone", "corrected", "width", "saved")
    for each in found.systems:
        table.add_row(Text(shown(each.system, 60, "?")), *_cells(each.mean))
    if found.pooled and len(found.systems) > 1:
        table.add_section()
        table.add_row(Text("mean of systems", "italic"), *_cells(found.pooled))
    return table


def _cells(mean: Corrected) -> list[str]:
    return [
        f"{mean.marked}/{mean.answers}",
        _estimate(mean.people),
        _number(mean.judge),
        _estimate(mean.corrected),
        "–" if mean.width is None else f"{mean.width:.0%}",
        _number(mean.saved),
    ]


def _notes(found: Calibrated) -> Iterator[str]:
    if found.saved is not None:
        yield f"Marks saved: {found.saved:.0f}. {_of_saved(found, found.saved)}"
    if found.needed:
        need = found.needed
        with_judge = (
            f"with it not even all {need.questions} marked show it, so ask more questions"
            if need.with_judge is None
            else f"{need.with_judge} of {need.questions} with it"
        )
        yield (
            f"To see a difference of {need.difference:g} points between two systems in 4 of 5 cases, people must mark about "
            f"{need.alone} answers of each, to the same questions, without this judge; {with_judge}."
        )
    yield (
        "corrected: the judge's scores of all answers put right by people's marks of some; it holds whatever the judge "
        "favours, if these were drawn at random, and means the mean by these graders over questions like these; other graders "
        "may be more severe, to all systems alike. judge alone has no such promise. width: of its interval, as a share of people's alone. saved: further marked answers that people alone would need for it."
    )


def _of_saved(found: Calibrated, saved: float) -> str:
    marked, answers = (sum(getattr(each.mean, name) for each in found.systems) for name in ("marked", "answers"))
    if saved >= 0.5:
        return (
            f"The {marked} marked answers with the judge's scores of all are worth about {marked + saved:.0f} without."
        )
    if marked == answers:
        return "People marked every answer: none is left for the judge to stand in for."
    return "The judge adds nothing to people's marks of the answers of one system, whatever it knows of whole systems."


def _gaps(found: Calibrated) -> Table:
    title = f"Against {shown(found.gaps[0].against, 60, '?')}, differences with {_percent(found.level)} intervals"
    table = _table(title, "system", "people alone", "corrected", "p", "")
    for each in found.gaps:
        verdict = ("better" if each.corrected.value > 0 else "worse") if each.shown else "not shown"
        p = "–" if each.p is None else "<0.001" if each.p < 0.001 else f"{each.p:.3f}"
        name = Text(shown(each.system, 60, "?"))
        table.add_row(name, _estimate(each.people, "+"), _estimate(each.corrected, "+"), p, verdict)
    return table


def _of_gaps(found: Calibrated) -> str:
    over = "all pairs, as the best was found by the same marks (--against NAME corrects for fewer)"
    return f"p: Student's, of the corrected difference, Holm-corrected over {'these' if found.chosen_against else over}. Not shown is no proof of none."


def _table(title: str | None, *names: str) -> Table:
    """A name in the title is a text: what stands in brackets there is no mark-up."""
    table = Table(
        box=box.SIMPLE_HEAD, title=None if title is None else Text(title), title_justify="left", padding=(0, 1, 0, 0)
    )
    for name in names:
        table.add_column(
            name, justify="left" if name in ("system", "") else "right", no_wrap=name != "system", overflow="fold"
        )
    return table


def _estimate(estimate: MeanEstimate | None, sign: str = "") -> str:
    if estimate is None:
        return "–"
    interval = "" if estimate.low is None else f" ({_range(estimate.low, estimate.high, sign)})"
    return f"{estimate.value:{sign}.1f}{interval}"


def _range(low: float | None, high: float | None, sign: str = "") -> str:
    between = " to " if sign else "–"
    return "–" if low is None or high is None else f"{low:{sign}.1f}{between}{high:{sign}.1f}"


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(level: float) -> str:
    """A level as it is said.

    >>> _percent(0.95), _percent(21 / 22)
    ('95 %', '95.5 %')
    """
    return f"{100 * level:.1f}".removesuffix(".0") + " %"
