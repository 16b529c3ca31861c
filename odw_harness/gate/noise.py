"""`--noise`: how often the gate would fail by chance, from how far repeats of the same thing lie apart."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from odw_harness.errors import AnswerError
from odw_harness.gate.rule import ALL, Figure, caught, enough, fails, spread
from odw_harness.gate.sides import Side
from odw_harness.stats import Frozen, Share, share_of
from odw_harness.stats.intervals import Floats

if TYPE_CHECKING:
    import pandas as pd

GATES = 4000
"""Gates tried for each number of repeats: a share of 5 % is known to 0.7 points."""
MOST = 10
"""Repeats up to which a sufficient number is looked for."""
ENOUGH = 0.05


class Odds(Frozen):
    """The gate with so many repeats on either side, where candidate and baseline are one: the share that fails.

    catches: for each figure the true drop that fails 4 times in 5, where all questions fall alike; None of too few
    questions with repeats.
    """

    baseline: int
    candidate: int
    fails: Share
    catches: tuple[float | None, ...]


class Noise(Frozen):
    """How often the gate fails by chance. of: what was repeated, answers or verdicts; questions: how many have repeats.

    figures: what catches is of. now: with the repeats that there are. by_repeats: with 1, 2, 3 … on either side. fewest:
    the smallest number with which at most 5 % fail; None where 10 don't suffice.
    """

    of: str
    questions: int
    figures: tuple[str, ...]
    now: Odds
    by_repeats: tuple[Odds, ...]
    fewest: int | None


def noise(baseline: Side, candidate: Side, figures: dict[str, Figure], seed: int = 0) -> Noise:
    """Try gates on repeats drawn from those that there are; figures by their names.

    Drawn is what a question's repeats lie off their own mean on their own side (times √(n / (n - 1)), for they lie too near
    to a mean of n), so that a real difference of the sides is no noise; all figures of a repeat go together. Raises
    AnswerError where neither side repeats anything.
    """
    given = list(figures.values())
    of, sides = "answers", [_repeats(side, given, _answers) for side in (baseline, candidate)]
    if not any(sides):
        of, sides = "verdicts", [_repeats(side, given, _verdicts) for side in (baseline, candidate)]
    if not any(sides):
        raise AnswerError(
            "--noise: no question has several answers or verdicts; run with --metadata repeats=3 "
            "--gen_kwargs do_sample=true,temperature=0.7, or with repeats in the judge's file"
        )
    names = list(dict.fromkeys(name for side in sides for name in side))
    pools = [np.concatenate([side[name] for side in sides if name in side]) for name in names]
    splits = baseline.answers["split"].groupby(level="question").first()
    places = [[at for at, name in enumerate(names) if each.split in (ALL, splits[name])] for each in given]
    every, random = range(len(names)), np.random.default_rng(seed)

    def odds(before: int, after: int) -> Odds:
        drops = np.stack([_mean(pool, before, random) - _mean(pool, after, random) for pool in pools], axis=1)
        failed = np.zeros(GATES, bool)
        catches: list[float | None] = []
        for number, (figure, at) in enumerate(zip(given, places, strict=True)):
            inside, beside = (_known(drops[:, these, number]) for these in (at, [n for n in every if n not in at]))
            of, of_beside = inside.shape[1], beside.shape[1]
            if not enough(of, of_beside):
                catches.append(None)
                continue
            failed |= fails(inside, figure.allowed, figure.confidence, beside)
            sd = float(spread(_rms(inside), of, _rms(beside), of_beside))
            catches.append(caught(sd, of, figure.allowed, figure.confidence, of_beside))
        return Odds(baseline=before, candidate=after, fails=share_of(failed.tolist()), catches=tuple(catches))

    each = [max((len(pool) for pool in side.values()), default=1) for side in sides]
    by_repeats = tuple(odds(number, number) for number in range(1, MOST + 1))
    return Noise(
        of=of,
        questions=len(pools),
        figures=tuple(figures),
        now=odds(*each),
        by_repeats=by_repeats,
        fewest=next((odds.baseline for odds in by_repeats if odds.fails.share <= ENOUGH), None),
    )


def _known(drops: Floats) -> Floats:
    """Without the questions that have no figure."""
    return drops[:, ~np.isnan(drops).any(axis=0)]


def _rms(drops: Floats) -> Floats:
    """The root of the mean of the questions' variances over gates: (GATES, questions) to one; 0 of no question."""
    return np.asarray(np.sqrt(drops.var(axis=0).mean()) if drops.size else 0.0)


def _mean(pool: Floats, number: int, random: np.random.Generator) -> Floats:
    """GATES means of so many rows of a pool: (GATES, figures)."""
    drawn: Floats = pool[random.integers(0, len(pool), (GATES, number))].mean(axis=1)
    return drawn


def _repeats(
    side: Side, figures: Sequence[Figure], units: "Callable[[Side, Figure], pd.Series[float]]"
) -> dict[str, Floats]:
    """By question, what each repeat lies off their mean: (repeats, figures), two repeats or more; NaN of what has no figure."""
    import pandas as pd

    columns = [units(side, figure) for figure in figures]
    table = pd.concat(columns, axis=1, keys=range(len(figures)))
    found = {}
    for name, rows in table.groupby(level=0, sort=False):
        whole = rows[rows.notna().eq(rows.notna().any()).all(axis=1)].to_numpy(
            float
        )  # an unscored answer tells nothing
        if len(whole) > 1:
            found[str(name)] = (whole - whole.mean(axis=0)) * np.sqrt(len(whole) / (len(whole) - 1))
    return found


def _answers(side: Side, figure: Figure) -> "pd.Series[float]":
    """A figure of each answer, by question and repeat."""
    return (side.answers if figure.rubric is None else side.judged(figure.rubric))[figure.metric]


def _verdicts(side: Side, figure: Figure) -> "pd.Series[float]":
    """A figure of each verdict on a question's one answer, by question and repeat; what needs no judge stays as it is."""
    rubric = figure.rubric or side.verdicts["rubric"].iloc[0]
    rows = side.verdicts[side.verdicts["rubric"] == rubric].set_index(["question", "judge_repeat"])
    if figure.rubric is not None:
        return rows[figure.metric]
    return rows.index.get_level_values(0).to_series(rows.index).map(side.by_question(figure.metric, None))
