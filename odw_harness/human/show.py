"""What was handed out and what came back, for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odw_harness.human.exporting import Exported
from odw_harness.human.importing import Imported
from odw_harness.texts import counted, shown

_MOST = 5
"""Lines told of one file."""
_LINE = 600


def show_exported(exported: Exported, console: Console) -> None:
    """Who marks how many, how they overlap, where the key is and what to do next."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("grader", overflow="fold")
    table.add_column("file", overflow="fold")
    table.add_column("answers", justify="right")
    for each in exported.graders:
        table.add_row(_plain(each.grader), _plain(each.file), str(each.marks))
    console.print(table)
    marked = ", ".join(f"{number} by {graders}" for graders, number in exported.marked.items())
    _say(
        console,
        f"Grading {exported.grading}: {counted(exported.answers, 'answer')} of {counted(exported.systems, 'system')}"
        f" to {counted(exported.questions, 'question')}, {counted(exported.marks, 'mark')} ({marked} {'grader' if max(exported.marked) == 1 else 'graders'}), seed {exported.seed}.",
        f"The sheets are in {exported.out}: give each grader the file of that name from one of its folders (README.txt there tells"
        " how, in Chinese).",
        f"The key is {exported.key}: keep it from the graders, and don't lose it.",
        f"Then put what comes back into {exported.out} and run: odw human import {exported.out}",
    )


def show_imported(imported: Imported, console: Console) -> None:
    """Marks for each grader and system, after what was left out."""
    for title, lines in (
        ("left out", imported.left_out),
        ("skipped", imported.skipped),
        ("comment without a mark", imported.remarks),
    ):
        for line in _first_of_each_file(lines):
            console.print(Text(f"{title}: {shown(line, _LINE, '?')}", "yellow"), soft_wrap=True)
    graders = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("grader", "marks", "of", "mean", "missing"):
        graders.add_column(name, justify="left" if name in ("grader", "missing") else "right", overflow="fold")
    for each in imported.graders:
        missing = f"{len(each.missing)}: {_some(each.missing)}" if each.missing else ""
        if each.dimensions_missing:
            missing = "; ".join(filter(None, [missing, f"dimensions: {each.dimensions_missing}"]))
        graders.add_row(_plain(each.grader), str(each.marks), str(each.asked), _mean(each.mean), missing)
    console.print(graders)
    systems = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("system", "marks", "mean"):
        systems.add_column(name, justify="left" if name == "system" else "right", overflow="fold")
    for system in imported.systems:
        systems.add_row(_plain(system.system), str(system.marks), _mean(system.mean))
    console.print(systems)
    changes = {"new": imported.new, "changed": imported.changed, "gone": imported.gone}
    told = ", ".join(f"{number} {name}" for name, number in changes.items() if number) or "nothing new"
    if imported.marks:
        _say(console, f"Marks in {imported.file}: {imported.marks} ({told}).")
    else:
        _say(
            console,
            f"No marks yet in {counted(len(imported.read), 'file')}{': see what was left out' if imported.left_out else ''}.",
        )
    if imported.kept:
        _say(console, f"Kept from an earlier import, for want of them in these files: marks by {_some(imported.kept)}.")
    if imported.simulated:
        text = f"! {imported.simulated} of {imported.marks} marks are simulated: no person gave them."
        console.print(Text(text, "bold yellow"), soft_wrap=True)
    if imported.marks:
        _say(console, f"Then see how far each judge follows people: odw agree {Path(imported.file).parent}")


def _first_of_each_file(lines: Iterable[str]) -> Iterator[str]:
    """The first lines about each file, and how many more there are."""
    told = Counter[str]()
    for line in lines:
        file = line.partition(": ")[0]
        told[file] += 1
        if told[file] <= _MOST:
            yield line
    for file, number in told.items():
        if number > _MOST:
            yield f"{file}: {number - _MOST} more; --json has them all"


def _some(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(shown(name, 40, "?") for name in found[:6]) + (" …" if len(found) > 6 else "")


def _say(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(Text(shown(line, _LINE, "?")), soft_wrap=True)


def _plain(text: str) -> Text:
    return Text(shown(text, 80, "?"))


def _mean(mean: float | None) -> str:
    return "–" if mean is None else f"{mean:.1f}"
