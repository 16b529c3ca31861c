"""People beside judges, rules and baselines in the terminal and as JSON."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odw_harness.agree.bias import Group
from odw_harness.agree.ceiling import Ceiling, Range
from odw_harness.agree.data import Beside, Lead, People, best
from odw_harness.agree.words import READING, heading, verdict_on
from odw_harness.human.reliability import Reliability
from odw_harness.human.reliability_show import as_json as reliability_json
from odw_harness.human.reliability_show import sentences
from odw_harness.stats.agreement import FIGURES, Estimate
from odw_harness.texts import shown

HEADS = dict(
    zip(
        FIGURES,
        (
            *("systems:\nPearson", "\nSpearman", "\nKendall", "questions:\nPearson", "\nSpearman", "\nKendall"),
            *("answers:\npooled", "pairwise", "pairwise\nties"),
        ),
        strict=True,
    )
)
_NAME, _COLUMN = 34, 13
"""Widths, in columns of the terminal."""
_NOTES = (
    "systems: between their means, is it the same leaderboard? questions: across the systems on one question, averaged. "
    "pooled: Pearson over all answers. pairwise: of two systems' answers to one question, neither tied, the share put in "
    "people's order (chance: 0.5); with ties, of all pairs, the share put in people's order or tied as people tie it.",
    "Below each: its 95 % bootstrap interval over questions (BCa). Between means it is too sure: simulated, it holds the value "
    "of endless questions about 75 times in 100.",
    "The human ceiling: each grader in turn against the mean of the others, on the answers that both marked, averaged, with the "
    "lowest and highest grader; a judge against those same others on those same answers. Above a grader's, a judge is no "
    "better than people: it is closer to their mean than one of them is.",
    "Points and limits are on people's scale, a scorer's scores brought to people's mean and spread. So there is no mean "
    "difference left, nor a trend: limits (Bland and Altman 1986) tell how far single scores scatter. length: points for each "
    "doubling of characters, to one question, people's scores taken out; families and 文种: points more than the others get, "
    "people's scores taken out, with Student's interval (families over questions, 文种 over systems) and p after Holm.",
)


def show(people: People, reliability: Reliability | None, console: Console) -> None:
    """What has to be known before, plain sentences, then the tables."""
    for notice in people.notices:
        console.print(Text(f"! {shown(notice.en, 1000, '?')}", "yellow"), soft_wrap=True)
    judges = [each for each in people.beside if each.kind == "judge"]
    for line in (
        heading(people),
        *(sentences(reliability) if reliability else ()),
        *(verdict_on(each, people) for each in judges),
        *(() if judges else ("No judge scored these answers: people stand beside rules and baselines only.",)),
    ):
        console.print(Text(line), soft_wrap=True)
    if judges:
        console.print(Text(READING, "dim"), soft_wrap=True)
    _figures(console, "Agreement with people", [(each.name, _of_agreement(each)) for each in people.beside])
    _show_ceiling(people, console)
    leading = [(each.name, _of_best(each, people)) for each in people.beside if each.kind == "judge" and each.leads]
    leading += [(f"{one} less {lead.other}", _of_lead(lead)) for one, lead in people.pairs]
    _figures(console, "Further than the best baseline, and than another judge", leading)
    _show_bias(people, console)
    for note in _NOTES:
        console.print(Text(f"- {note}", "dim"), soft_wrap=True)


def as_json(people: People, reliability: Reliability | None) -> dict[str, Any]:
    """For --json: every figure and array, None where it is not defined."""
    return {
        "people": {
            **{name: getattr(people, name) for name in ("marks", "answers", "per_answer", "graders", "simulated")},
            "systems": [
                {"system": name, "mean": None if mean is None else mean.model_dump()}
                for name, mean in zip(people.systems, people.means, strict=True)
            ],
            "questions": [asdict(each) for each in people.asked],
            "scores": _listed(people.scores),
        },
        "notices": [each.en for each in people.notices],
        "beside": [_beside(each) for each in people.beside],
        "pairs": [{"judge": one, **_lead(lead)} for one, lead in people.pairs],
        "reliability": None if reliability is None else reliability_json(reliability),
    }


def _beside(each: Beside) -> dict[str, Any]:
    bias = each.bias
    return {
        **{name: getattr(each, name) for name in ("name", "kind", "measure", "dimension")},
        "agreement": each.agreement.model_dump(),
        "ceiling": None if each.ceiling is None else each.ceiling.model_dump(),
        "leads": [_lead(lead) for lead in each.leads],
        "limits": None if each.limits is None else each.limits.model_dump(),
        "bias": None
        if bias is None
        else {
            "points_per_doubling_of_length": None if bias.length is None else bias.length.model_dump(),
            "families": [_group(group) for group in bias.families],
            "genres": [_group(group) for group in bias.genres],
        },
        "people": _listed(each.people),
        "scores": _listed(each.scores),
    }


def _lead(lead: Lead) -> dict[str, Any]:
    return {"over": lead.other, **{name: estimate.model_dump() for name, estimate in lead.figures.items()}}


def _group(group: Group) -> dict[str, Any]:
    against = None if group.against is None else {"p_holm": group.against.p, **group.against.paired.model_dump()}
    return {"group": group.name, "size": group.size, "judge_is_of_it": group.own, "against_the_others": against}


def _listed(table: Any) -> list[list[float | None]]:
    return [[None if np.isnan(value) else float(value) for value in row] for row in table]


Cell = Callable[[str], str]
"""From a figure's name to what stands in its column."""


def _figures(console: Console, title: str, rows: Sequence[tuple[str, Cell]]) -> None:
    """A row for each name, a column for each of FIGURES; those the console is too narrow for stand in a further table."""
    fit = max(1, (console.width - _NAME) // _COLUMN)
    for start in range(0, len(FIGURES) if rows else 0, fit):
        names = FIGURES[start : start + fit]
        table = Table(
            box=box.SIMPLE_HEAD, title=title if not start else None, title_justify="left", padding=(0, 1, 0, 0)
        )
        table.add_column("", overflow="fold", max_width=_NAME)
        for name in names:
            table.add_column(HEADS[name].strip(), justify="right", no_wrap=True, vertical="bottom")
        for name, cell in rows:
            table.add_row(Text(shown(name, 160, "?")), *(cell(figure) for figure in names))
        console.print(table)


def _of_agreement(each: Beside) -> Cell:
    return lambda name: _cell(getattr(each.agreement, name))


def _of_lead(lead: Lead) -> Cell:
    return lambda name: _cell(lead.figures[name], "+")


def _of_best(each: Beside, people: People) -> Cell:
    def cell(name: str) -> str:
        lead = best(each.leads, people.beside, name)
        return "–" if lead is None else f"{_cell(lead.figures[name], '+')}\n[dim]{lead.other}[/dim]"

    return cell


def _cell(estimate: Estimate, sign: str = "", digits: int = 3) -> str:
    if estimate.value is None:
        return "–"
    value = f"{estimate.value:{sign}.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return value
    ends = f"{sign}.{min(digits, 2)}f"
    return f"{value}\n[dim]{estimate.low:{ends}}…{estimate.high:{ends}}[/dim]"


def _show_ceiling(people: People, console: Console) -> None:
    known = [(each, each.ceiling) for each in people.beside if each.kind == "judge" and each.ceiling is not None]
    if not known:
        if people.graders:
            console.print(Text("The human ceiling is not known: no grader has ten answers in common with others."))
        return
    rows: list[tuple[str, Cell]] = []
    last: Ceiling | None = None
    for each, ceiling in known:
        if last is None or ceiling.people != last.people:
            rows.append((f"one of {ceiling.graders} graders", _of_ranges(ceiling.people)))
        rows.append((each.name, _of_ranges(ceiling.scorer)))
        last = ceiling
    _figures(console, "The human ceiling: agreement with the other graders, on the same answers", rows)


def _of_ranges(ranges: dict[str, Range]) -> Cell:
    def cell(name: str) -> str:
        if name not in ranges:
            return "–"
        found = ranges[name]
        return f"{found.mean:.3f}\n[dim]{found.low:.2f} to {found.high:.2f}[/dim]"

    return cell


def _show_bias(people: People, console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="Points on people's scale", title_justify="left", padding=(0, 1, 0, 0))
    for name in ("", "limits of\nagreement", "length:\neach doubling", "families", "文种"):
        table.add_column(name, overflow="fold", max_width=_NAME if not name else None)
    for each in people.beside:
        if each.kind == "judge" and each.bias is not None and each.limits is not None:
            table.add_row(
                Text(shown(each.name, 160, "?")),
                f"±{each.limits.high.value:.1f}",
                "–" if each.bias.length is None else _cell(each.bias.length, "+", 1),
                _groups(each.bias.families, all_of_them=True),
                _groups(each.bias.genres, all_of_them=False),
            )
    if table.rows:
        console.print(table)


def _groups(groups: Iterable[Group], all_of_them: bool) -> Text:
    """A line for each group; without all_of_them those alone that differ (p < 0.05)."""
    told = [group for group in groups if group.against is not None]
    lines = [_line(group) for group in told if all_of_them or (group.against and group.against.shown)]
    if not told:
        return Text("–")
    return Text("\n".join(lines) or f"none of {len(told)} differs")


def _line(group: Group) -> str:
    assert group.against is not None
    it = group.against.paired
    interval = "" if it.low is None or it.high is None else f" ({it.low:+.1f}…{it.high:+.1f})"
    p = "" if group.against.p is None else f" p {group.against.p:.3f}"
    return f"{shown(group.name, 30, '?')}{' (its own)' if group.own else ''} {it.mean:+.1f}{interval}{p}"
