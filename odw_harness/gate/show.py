"""The gate's word, for a terminal, for pipes, for GitHub's summary page and for what reads JUnit."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from odw_harness.gate.checks import Outcome, State
from odw_harness.gate.noise import Noise, Odds
from odw_harness.gate.rule import Figure

_COLUMNS = ("check", "questions", "baseline", "candidate", "change", "allowed", "at most", "catches", "result")
_NARROW = {"questions": "ques-\ntions", "baseline": "base-\nline", "candidate": "candi-\ndate"}
"""Heads that are wider than their figures, for a terminal of 80 columns."""
_LEGEND = (
    "A figure fails where it fell by more than is allowed, and the change, with the gate's confidence, is below 0 (at most). "
    "catches: a true drop that fails 4 times in 5."
)
_STYLES = {"passed": "green", "failed": "bold red", "error": "bold yellow", "skipped": "dim"}
_SHOWN_REPEATS = (1, 2, 3, 5, 8)


def as_json(outcome: Outcome, noise: Noise | None) -> dict[str, Any]:
    """For --json."""
    return {
        "verdict": outcome.verdict,
        "exit_code": outcome.exit_code,
        "headline": outcome.headline,
        **outcome.model_dump(),
        "noise": noise and noise.model_dump(),
    }


def show(outcome: Outcome, noise: Noise | None, console: Console) -> None:
    """The verdict and why in the first line, then all checks."""
    style = {"PASS": "bold green", "FAIL": "bold red"}.get(outcome.verdict, "bold yellow")
    console.print(f"[{style}]{escape(outcome.headline)}[/]", soft_wrap=True)
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("check", overflow="fold")
    for name in _COLUMNS[1:]:
        head = _NARROW.get(name, name)
        table.add_column(head, justify="left" if name == "result" else "right", no_wrap=True)
    for name, found, state in _figures(outcome):
        table.add_row(escape(name), *_cells(found), f"[{_STYLES[state]}]{state}[/]")
    if table.rows:
        console.print(table)
    for line in (*_told(outcome), _LEGEND, *([_of_noise(noise)] if noise else [])):
        console.print(escape(line), soft_wrap=True)
    if noise:
        console.print(_noise_table(noise))


def markdown(outcome: Outcome, noise: Noise | None) -> str:
    """GitHub-flavoured Markdown: a heading with the verdict, and the table of checks."""
    mark = {"PASS": "✅", "FAIL": "❌"}.get(outcome.verdict, "⚠️")
    head, _, why = outcome.headline.partition(": ")
    lines = [f"### {mark} odw gate: {head}", "", _plain(why), ""]
    lines += [f"| {' | '.join(_COLUMNS)} |", "|---|" + "--:|" * (len(_COLUMNS) - 2) + "---|"]
    for name, found, state in _figures(outcome):
        word = state if state == "passed" else f"**{state}**"
        lines.append(f"| {' | '.join([_plain(name), *_cells(found), word])} |")
    lines += ["", *(f"- {_plain(line)}" for line in _told(outcome)), f"- {_LEGEND}"]
    if noise:
        lines += ["", _plain(_of_noise(noise)), "", f"| {' | '.join(map(_plain, _noise_columns(noise)))} |"]
        lines.append("|" + "--:|" * len(_noise_columns(noise)))
        lines += [f"| {' | '.join(_noise_cells(odds))} |" for odds in _noise_rows(noise)]
    return "\n".join(lines) + "\n"


def junit(outcome: Outcome) -> str:
    """JUnit XML: a test case for each check; a regression is a failure, what can't be compared an error."""
    states = [check.state for check in outcome.checks]
    counts = {
        "tests": len(states),
        "failures": states.count("failed"),
        "errors": states.count("error"),
        "skipped": states.count("skipped"),
    }
    attributes = {name: str(number) for name, number in counts.items()}
    root = ElementTree.Element("testsuites", {"name": "odw gate", **attributes, "time": "0"})
    suite = ElementTree.SubElement(
        root, "testsuite", {"name": f"odw gate: {outcome.candidate}", **attributes, "time": "0"}
    )
    for check in outcome.checks:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "odw.gate", "name": check.name, "time": "0"})
        kind = {"failed": "failure", "error": "error", "skipped": "skipped"}.get(check.state)
        if kind:
            ElementTree.SubElement(case, kind, {"message": check.why, "type": check.state}).text = check.why
        else:
            ElementTree.SubElement(case, "system-out").text = check.why
    ElementTree.SubElement(suite, "system-out").text = "\n".join([outcome.headline, *_told(outcome)])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _figures(outcome: Outcome) -> Iterator[tuple[str, Figure, State]]:
    """The rows of the table."""
    for check in outcome.checks:
        if check.figure:
            yield check.name, check.figure, check.state


def _cells(found: Figure) -> list[str]:
    """All of a row but its name and its state."""
    means = [f"{mean:.3f}" for mean in (found.baseline, found.candidate)]
    return [str(found.questions), *means, *map(_signed, (found.change, -found.allowed, found.at_most, -found.catches))]


def _signed(number: float) -> str:
    """A change.

    >>> _signed(-0.25), _signed(-0.0001)
    ('-0.250', '+0.000')
    """
    return f"{round(number, 3) + 0.0:+.3f}"


def _told(outcome: Outcome) -> Iterator[str]:
    """What stands below the table: the checks that are no figures, which runs, and the notes."""
    for check in outcome.checks:
        if check.figure is None:
            yield f"{check.name}: {check.state} ({check.why})"
    yield f"baseline: {outcome.baseline}, {outcome.baseline_run}"
    yield f"candidate: {outcome.candidate}, {outcome.candidate_run}"
    yield from (f"note: {note}" for note in outcome.notes)


def _of_noise(noise: Noise) -> str:
    now = noise.now
    share = f"{now.fails.share:.1%} ({now.fails.low:.1%} to {now.fails.high:.1%})"
    needed = (
        f"{noise.fewest} on either side keep it to 5 %"
        if noise.fewest
        else "more than 10 on either side are needed for 5 %"
    )
    return (
        f"noise: with {now.baseline} and {now.candidate} {noise.of} a question, as here, a candidate that is the baseline "
        f"itself fails {share} of the time by chance; {needed} (from the repeats of {noise.questions} questions)"
    )


def _noise_rows(noise: Noise) -> list[Odds]:
    return [odds for odds in noise.by_repeats if odds.baseline in _SHOWN_REPEATS]


def _noise_columns(noise: Noise) -> list[str]:
    return [f"{noise.of} a question", "fails by chance", *(f"catches: {name}" for name in noise.figures)]


def _noise_cells(odds: Odds) -> list[str]:
    caught = ["–" if drop is None else _signed(-drop) for drop in odds.catches]
    return [str(odds.baseline), f"{odds.fails.share:.1%}", *caught]


def _noise_table(noise: Noise) -> Table:
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    for name in _noise_columns(noise):
        table.add_column(escape(name), justify="right")
    for odds in _noise_rows(noise):
        table.add_row(*_noise_cells(odds))
    return table


def _plain(text: str) -> str:
    """Text that Markdown takes as it stands: a backslash before each mark that could mean something to it.

    >>> print(_plain("a|b <img> [x](y) fact_recall"))
    a\\|b \\<img\\> \\[x\\](y) fact\\_recall
    """
    return re.sub(r"([\\`*_{}\[\]<>#|~@&!])", r"\\\1", text)
