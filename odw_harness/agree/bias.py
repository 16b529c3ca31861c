"""What moves a scorer away from people: the length of an answer, the system's family, the 文种.

All in points of people's scale: of the scorer's scores brought to people's mean and spread, what is left when people's
scores are taken out (`stats.scales.residuals_of`). Above 0: the scorer gives more than people's scores let expect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from odw_harness.agree.sources import Asked
from odw_harness.stats.agreement import Estimate
from odw_harness.stats.intervals import Floats
from odw_harness.stats.paired import Against, compared
from odw_harness.stats.scales import slope_within

OTHER = "other"
"""Systems whose names speak of no family."""


@dataclass(frozen=True)
class Group:
    """How much more a scorer gives a group than the others, people's scores taken out. own: of the scorer's own family.

    size: how many systems, or questions, it is of. against: Student's interval, and p of a sign-flip test after Holm over
    the groups of its kind; None where nothing is left to compare with.
    """

    name: str
    size: int
    own: bool
    against: Against | None


@dataclass(frozen=True)
class Bias:
    """length: points for each doubling of an answer's characters, from system to system on the same question, with its
    interval over questions. families: a group's systems against the other systems, question by question. genres: a 文种's
    questions against the other questions, system by system: most 文种 have one question."""

    length: Estimate | None
    families: tuple[Group, ...]
    genres: tuple[Group, ...]


def bias_of(
    steps: Floats,
    characters: Floats,
    systems: Sequence[str],
    asked: Sequence[Asked],
    families: Mapping[str, frozenset[str]],
    own: frozenset[str],
    seed: int,
    resamples: int,
) -> Bias:
    """steps: systems × questions, what is left of a scorer's scores; characters: of the same shape."""
    by_family = {
        name: np.array([name in (families.get(each) or {OTHER}) for each in systems]) for name in _names(families)
    }
    genres = list(dict.fromkeys(each.genre for each in asked if each.genre))
    by_genre = {name: np.array([each.genre == name for each in asked]) for name in genres}
    return Bias(
        slope_within(steps, np.log2(np.where(characters > 0, characters, np.nan)), seed, resamples),
        _groups(steps, by_family, own),
        _groups(steps.T, by_genre, frozenset()),
    )


def _names(families: Mapping[str, frozenset[str]]) -> list[str]:
    return [*sorted({name for each in families.values() for name in each}), OTHER]


def _groups(steps: Floats, groups: Mapping[str, np.ndarray], own: frozenset[str]) -> tuple[Group, ...]:
    """Rows of each group against the other rows, column by column."""
    there = ~np.isnan(steps).all(1)
    named = {name: rows & there for name, rows in groups.items() if (rows & there).any()}
    tests = compared([_between(steps, rows, there & ~rows) for rows in named.values()])
    return tuple(
        Group(name, int(rows.sum()), name in own, against)
        for (name, rows), against in zip(named.items(), tests, strict=True)
    )


def _between(steps: Floats, rows: np.ndarray, others: np.ndarray) -> list[float]:
    both = ~(np.isnan(steps[rows]).all(0) | np.isnan(steps[others]).all(0))
    if not others.any() or not both.any():
        return []
    found = np.nanmean(steps[rows][:, both], 0) - np.nanmean(steps[others][:, both], 0)
    return [float(step) for step in found]
