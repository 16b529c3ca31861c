"""Base, LoRA and QLoRA of one model side by side, as in the paper's tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from odw_harness.report.data import Board, Row, differences
from odw_harness.results import UNJUDGED
from odw_harness.stats.paired import Against

GAINS = ("score", *UNJUDGED)
"""In what a tuned system is set against its base."""

_TUNED = re.compile(r"[-_ +]*\b(?P<how>q?lora)$", re.IGNORECASE)


@dataclass(frozen=True)
class Tuned:
    """A system made from a base. how: LoRA, QLoRA, or adapter where its name does not tell.

    gains: for each of GAINS the difference to the base; p is corrected (Holm) over all tuned systems of the board, for
    each figure by itself.
    """

    row: Row
    how: str
    gains: dict[str, Against | None]


@dataclass(frozen=True)
class Group:
    """A base model's system, and those tuned from it: LoRA first, then QLoRA, then the others."""

    base: Row
    tuned: tuple[Tuned, ...]

    @property
    def lines(self) -> list[tuple[Row, str, dict[str, Against | None]]]:
        """Rows of a table: a system, what was done to it, its gains; the base has none."""
        return [(self.base, "base", {}), *((each.row, each.how, each.gains) for each in self.tuned)]


def groups(board: Board) -> list[Group]:
    """The models of which a board has the base and something tuned: of one `model`, or named X, X-LoRA, X-QLoRA."""
    place = {row.system: number for number, row in enumerate(board.rows)}
    found = [group for family in _families(board.rows) if (group := _split(family))]
    pairs = [(place[row.system], place[base.system]) for base, tuned in found for row in tuned]
    gains = {name: iter(differences(board.tables[name], pairs)) for name in GAINS}
    return [
        Group(base, tuple(Tuned(row, _how(row), {name: next(gains[name]) for name in GAINS}) for row in tuned))
        for base, tuned in found
    ]


def _families(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows that share a model or a name but for LoRA and QLoRA, in the board's order."""
    family: dict[str, list[Row]] = {}
    for row in rows:
        keys = (f"model {row.run.model}", f"name {_TUNED.sub('', row.run.system).casefold()}")
        merged = [row]
        for joined in {id(family[key]): family[key] for key in keys if key in family}.values():
            merged = joined + merged
        for member in merged:
            family[f"model {member.run.model}"] = family[f"name {_TUNED.sub('', member.run.system).casefold()}"] = (
                merged
            )
    yield from {id(members): members for members in family.values()}.values()


def _split(family: Sequence[Row]) -> tuple[Row, list[Row]] | None:
    tuned = [row for row in family if row.run.adapter or _TUNED.search(row.run.system)]
    bases = [row for row in family if row not in tuned]
    if not tuned or not bases:
        return None
    stems = {_TUNED.sub("", row.run.system).casefold() for row in tuned}
    base = min(bases, key=lambda row: (row.run.system.casefold() not in stems, len(row.system)))
    return base, sorted(tuned, key=lambda row: ("LoRA", "QLoRA", "adapter").index(_how(row)))


def _how(row: Row) -> str:
    named = _TUNED.search(row.run.system)
    return {"lora": "LoRA", "qlora": "QLoRA"}[named["how"].lower()] if named else "adapter"
