"""The card on a terminal."""

from collections.abc import Sequence
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from odw_harness.console import table_console
from odw_harness.judgecheck.card import Card, Contrast, Cost, Row
from odw_harness.judgecheck.cases import Effect
from odw_harness.stats import Mean, Share, Slope
from odw_harness.texts import counted, shown

NONE = "–"


def show(card: Card) -> None:
    """Print the card to standard output: scorers side by side, the judge in detail, and what it comes to."""
    console = table_console(highlight=False, markup=False)
    who = card.provenance
    name = shown(card.judge, 60, "?")
    console.print(f"Judge {name}: {who['rubric']}, version {who['rubric_version']}", style="bold")
    console.print(f"{counted(len(card.questions), 'question')}, {counted(len(card.cases), 'case')}, seed {card.seed}")
    scorers = [Line(shown(row.label, 24, "?"), bool(place)) for place, row in enumerate(card.rows)]
    _print_table(console, "Share of pairs where the worse is scored lower", scorers, _shares(card))
    _print_table(console, "Points, and order over strength", scorers, _points(card))
    _print_table(console, f"{name} in detail", *_details(card))
    for line in (*(statement.en for statement in card.summary), *_took(card.rows[0], card.cost)):
        console.print(line, soft_wrap=True)


def percent(share: Share | None) -> str:
    """A share, such as 97.1%; a dash for none."""
    return NONE if share is None else f"{share.share:.1%}"


def interval(value: Share | Mean | Slope | None) -> str:
    """The interval of an estimate, such as 59–72% or [-0.31, -0.15]; a dash for none."""
    if value is None or value.low is None or value.high is None:
        return NONE
    if isinstance(value, Share):
        return f"{100 * value.low:.0f}–{value.high:.0%}"
    return f"[{value.low:+.2f}, {value.high:+.2f}]"


Column = tuple[str, list[str]]
"""Its name, and the cell of each line."""


class Line(NamedTuple):
    """The head of a table's line, and whether the line stands back behind others."""

    name: str
    dim: bool


def _print_table(console: Console, title: str, lines: Sequence[Line], columns: Sequence[Column]) -> None:
    """Columns that the console is too narrow for stand in a further table."""
    left = list(columns)
    unbounded = console.options.update(max_width=10_000)
    while left:
        fit = len(left)
        while fit > 1 and console.measure(_table(title, lines, left[:fit]), options=unbounded).minimum > console.width:
            fit -= 1
        console.print(_table(title, lines, left[:fit]))
        left = left[fit:]


def _table(title: str, lines: Sequence[Line], columns: Sequence[Column]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("", no_wrap=True, width=max((cell_len(line.name) for line in lines), default=0))
    for name, cells in columns:
        table.add_column(name, justify="right", width=max(map(cell_len, (*name.split(), *cells))))
    for place, line in enumerate(lines):
        table.add_row(line.name, *(cells[place] for _, cells in columns), style="dim" if line.dim else "")
    return table


def _shares(card: Card) -> list[Column]:
    worse = [name for name, kind in card.kinds.items() if kind.effect == "worse"]
    columns = [("six plain kinds", [percent(row.headline.lower if row.headline else None) for row in card.rows])]
    for name in worse:
        contrasts = [row.kinds[name].contrast for row in card.rows]
        columns.append((card.kinds[name].title, [percent(each.lower if each else None) for each in contrasts]))
        if any(row.kinds[name].caught for row in card.rows):
            columns.append(("… caught", [percent(row.kinds[name].caught) for row in card.rows]))
    return columns


def _points(card: Card) -> list[Column]:
    columns = [
        ("reference (8)", [NONE if row.reference is None else f"{row.reference.mean:.2f}" for row in card.rows]),
        ("never rising", [percent(row.graded.not_rising if row.graded else None) for row in card.rows]),
        ("always falling", [percent(row.graded.falling if row.graded else None) for row in card.rows]),
        ("Kendall's tau", [NONE if row.graded is None else f"{row.graded.tau:+.2f}" for row in card.rows]),
        (
            "twice the length",
            [NONE if row.length_slope is None else f"{row.length_slope.slope:+.2f}" for row in card.rows],
        ),
    ]
    for name, kind in card.kinds.items():
        if kind.effect in ("not_higher", "same"):
            contrasts = [row.kinds[name].contrast for row in card.rows]
            columns.append((card.kinds[name].title, [NONE if c is None else f"{c.shift.mean:+.2f}" for c in contrasts]))
    return columns


_EFFECTS: dict[Effect, str] = {"worse": "lower", "same": "the same", "not_higher": "not higher"}


def _details(card: Card) -> tuple[list[Line], list[Column]]:
    """The judge alone: kind by kind, and strength by strength."""
    lines: list[Line] = []
    rows: list[tuple[str, ...]] = []
    for name, result in card.rows[0].kinds.items():
        if result.contrast is None:
            continue
        lines.append(Line(name, False))
        rows.append((_EFFECTS[card.kinds[name].effect], *cells(result.contrast)))
        for at in result.strengths if len(result.strengths) > 1 else ():
            lines.append(Line(f"  {at.strength:g}", True))
            rows.append(("", *cells(at.contrast)))
    heads = ("should score", "pairs", "lower", "95 %", "tied", "higher", "below as good", "points", "95 %")
    return lines, [(head, [row[place] for row in rows]) for place, head in enumerate(heads)]


def cells(contrast: Contrast) -> tuple[str, ...]:
    """Pairs, share lower, its interval, ties, share higher, share below what is as good, shift in points, its interval."""
    return (
        str(contrast.pairs),
        percent(contrast.lower),
        interval(contrast.lower),
        str(contrast.tied),
        percent(contrast.higher),
        percent(contrast.below_same),
        f"{contrast.shift.mean:+.2f}",
        interval(contrast.shift),
    )


def _took(judge: Row, cost: Cost) -> list[str]:
    lines = []
    if (repeats := judge.repeats) is not None:
        sd = NONE if repeats.sd is None else f"{repeats.sd.mean:.2f}"
        alpha = NONE if repeats.alpha is None else f"{repeats.alpha:.3f}"
        lines.append(
            f"{repeats.repeats} repeats: standard deviation {sd} on average, Krippendorff's alpha {alpha}, "
            f"{percent(repeats.held)} of pairs told in every repeat."
        )
    if cost.unscored:
        reasons = ", ".join(f"{count} × {shown(why, 60, '?')}" for why, count in cost.unscored.items())
        lines.append(f"Unscored: {reasons}")
    usage = "".join(
        f", {cost.usage[name]:,.0f} {words}"
        for name, words in (("prompt_tokens", "tokens in"), ("completion_tokens", "tokens out"))
        if name in cost.usage
    )
    lines.append(
        f"{counted(cost.verdicts, 'verdict')}, coverage {cost.coverage:.3f}; a verdict took {cost.seconds:.2f} s{usage}."
    )
    return lines
