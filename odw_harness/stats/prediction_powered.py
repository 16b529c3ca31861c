"""People's mean score of each system, from a judge's scores of all answers and people's marks of a random few.

The difference estimator of double sampling (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, chapter 12), which of late is
called prediction-powered inference (A. N. Angelopoulos et al., Science 382, 2023): what the judge says of all answers, put
on people's scale, plus by how much people differ from it where they marked. It needs nothing of the judge to be right: a
useless one gives people's own means back. It needs the marked answers to be drawn at random. The mean is that over
questions like these, not these alone: with all of them marked an interval has still a width. It is that by these graders, though: how severe other
graders would be is no part of an interval. Dealt out evenly (`human.assign`), that moves all systems' means alike, and their
differences hardly.

Arrays are questions × systems; NaN stands where there is no score or no mark.
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from odw_harness.stats.calibration import PEOPLE, Map
from odw_harness.stats.intervals import LEVEL, TIE, Floats, Frozen
from odw_harness.stats.paired import holm, paired

SUSPICIOUS = 0.01
"""A p at which marked answers are no random ones; such marks are seen by chance once in a hundred gradings."""

_FEWEST_FREEDOM = 5
"""Degrees of freedom below which a standard deviation is anybody's guess."""


class MeanEstimate(Frozen):
    """A mean, or a difference of two, in points of people's scale: its standard error, and Student's interval of it with
    so many degrees of freedom. No interval where nothing tells of the spread."""

    value: float
    error: float | None = None
    freedom: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def p(self) -> float | None:
        """Of no difference, two-sided (Student's); None without an interval, or without any spread about another value."""
        if self.error is None or self.freedom is None:
            return None
        if self.error <= TIE:
            return 1.0 if abs(self.value) <= TIE else None
        return float(2 * student.sf(abs(self.value) / self.error, self.freedom))


class Corrected(Frozen):
    """A system's mean three ways, of `answers` with a judge's score and `marked` of these with people's.

    people: of the marked answers alone. judge: of all answers by the calibrated judge alone, None without a map; whom the
    judge favours it favours too. corrected: both together. width: of corrected's interval, as a share of people's.
    worth: how many marked answers would give people alone so narrow an interval: marked · variance of people's mean /
    variance of the corrected one, and no more than answers, all of which marked is the most a judge can stand in for.
    saved: worth less marked, never below 0.
    """

    answers: int
    marked: int
    people: MeanEstimate | None = None
    judge: float | None = None
    corrected: MeanEstimate | None = None
    width: float | None = None
    worth: float | None = None
    saved: float | None = None


class Gap(Frozen):
    """A system's mean less another's, by marks alone and corrected. p: of the corrected one, Holm-corrected over its table."""

    system: str
    against: str
    people: MeanEstimate
    corrected: MeanEstimate
    p: float | None

    @property
    def shown(self) -> bool:
        """Whether a difference is shown; if not, that is no proof that there is none."""
        return self.p is not None and self.p < 1 - LEVEL


class Balance(Frozen):
    """Whether the judge scores marked answers as it does the others of the same system.

    difference: marked less unmarked (points of the judge), None where all are marked or none. p: of a sign-flip test over
    questions.
    """

    difference: float | None = None
    p: float | None = None

    @property
    def random(self) -> bool:
        """Whether the marked answers may be a random sample."""
        return self.p is None or self.p >= SUSPICIOUS


class Spread(Frozen):
    """Standard deviation (points, from question to question) of two systems' difference, pooled over pairs of systems.

    people: of people's marks. left: of what the judge leaves unexplained of them.
    """

    people: float
    left: float


class Powered:
    """People's marks beside what the judge says of them on people's scale, never by a map that saw the question.

    judge: 1 to 10, people: 0 to 100, questions × systems; a mark without a judge's score is left out. without: for each
    question (row) with marks, in order, the map fitted without it (`Calibration.without`); none where there is no map.
    power: the factor that the judge's word is taken with, 0 (it adds nothing) to 1, mean over questions left out.
    """

    def __init__(self, judge: Floats, people: Floats, without: Sequence[Map] = ()) -> None:
        self.scored = ~np.isnan(judge)
        self.people = np.where(self.scored, people, np.nan)
        self.marked = ~np.isnan(self.people)
        self.word, self.predicted, self.power = np.zeros(judge.shape), np.zeros(judge.shape), 0.0
        rows = np.flatnonzero(self.marked.any(axis=1))
        if len(without):
            said = np.array([each.of(judge) for each in without])
            powers = np.array([self._power(each, int(row)) for each, row in zip(said, rows, strict=True)])
            self.power = float(powers.mean())
            self.word = _by_question(said, rows)
            about = np.array([_centred(np.where(self.scored, each, np.nan)) for each in said])  # of its system's mean
            self.predicted = _by_question(powers[:, None, None] * about, rows)
        self.left = self.people - self.predicted

    def _power(self, said: Floats, row: int) -> float:
        """The slope of people's marks over the map's, within systems, from all questions but one.

        The variance of a corrected mean is least with it (A. N. Angelopoulos, J. C. Duchi and T. Zrnic, PPI++, 2023, where
        the unmarked answers alone stand in the first mean, and the factor is smaller by unmarked / all). Found on other
        questions it does not bias what it is used on (T. Zrnic and E. J. Candès, PNAS 121, 2024).
        """
        use = self.marked.copy()
        use[row] = False
        x, y = _centred(np.where(use, said, np.nan)), _centred(np.where(use, self.people, np.nan))
        squares = float(np.nansum(x * x))
        return min(1.0, max(0.0, float(np.nansum(x * y)) / squares)) if squares > TIE else 0.0

    def mean(self, system: int, level: float = LEVEL) -> Corrected:
        """A system's mean."""
        answers, marked = int(self.scored[:, system].sum()), int(self.marked[:, system].sum())
        judge = float(self.word[self.scored[:, system], system].mean()) if answers and self.word.any() else None
        if not marked:
            return Corrected(answers=answers, marked=0, judge=judge)
        return self._corrected({system: 1.0}, judge, level)

    def pooled(self, level: float = LEVEL) -> Corrected | None:
        """The mean over systems, of those with two marked answers or more; None where there is none."""
        of = [int(each) for each in np.flatnonzero(self.marked.sum(axis=0) > 1)]
        if not of:
            return None
        judge = float(np.mean([self.mean(each).judge for each in of])) if self.word.any() else None
        return self._corrected(dict.fromkeys(of, 1 / len(of)), judge, level)

    def gaps(self, names: Sequence[str], against: int | None, level: float = LEVEL) -> list[Gap]:
        """Each system less one, or less the best by its corrected mean, the best first; not those of fewer than two marked answers.

        p is Holm-corrected for these comparisons, or where the best was picked by the same marks for those of all pairs.
        """
        of = [int(each) for each in np.flatnonzero(self.marked.sum(axis=0) > 1)]
        if len(of) < 2 or (against is not None and against not in of):
            return []
        means = {each: self._estimate({each: 1.0}, self.predicted, level).value for each in of}
        one = max(of, key=lambda each: means[each]) if against is None else against
        pairs = [(each, one) for each in of if each != one]
        rest = [pair for pair in itertools.combinations(of, 2) if one not in pair] if against is None else []
        found = [self._estimate({a: 1.0, b: -1.0}, self.predicted, level) for a, b in pairs + rest]
        table = [
            Gap(
                system=names[a],
                against=names[b],
                people=self._estimate({a: 1.0, b: -1.0}, np.zeros_like(self.predicted), level),
                corrected=each,
                p=p,
            )
            for (a, b), each, p in zip(pairs, found, holm([each.p for each in found]), strict=False)
        ]
        return sorted(table, key=lambda gap: -gap.corrected.value)

    def spread(self) -> Spread | None:
        """How two systems' difference goes from question to question; None where too few share too few marked questions."""
        sums, freedom = np.zeros(2), 0
        for a, b in itertools.combinations(range(self.people.shape[1]), 2):
            both = self.marked[:, a] & self.marked[:, b]
            if both.sum() > 1:
                freedom += int(both.sum()) - 1
                for place, values in enumerate((self.people, self.left)):
                    sums[place] += float((values[both, a] - values[both, b]).var()) * both.sum()
        return (
            Spread(people=math.sqrt(sums[0] / freedom), left=math.sqrt(sums[1] / freedom))
            if freedom >= _FEWEST_FREEDOM
            else None
        )

    def _corrected(self, weights: Mapping[int, float], judge: float | None, level: float) -> Corrected:
        of = list(weights)
        marked = int(self.marked[:, of].sum())
        people = self._estimate(weights, np.zeros_like(self.predicted), level)
        corrected = self._estimate(weights, self.predicted, level)
        found = Corrected(
            answers=int(self.scored[:, of].sum()),
            marked=marked,
            people=_on_scale(people),
            judge=judge,
            corrected=_on_scale(corrected),
        )
        if not people.error or not corrected.error:
            return found
        width = corrected.error / people.error  # t is the same, of one number of marks
        worth = min(marked / width**2, found.answers)
        return found.model_copy(update={"width": width, "worth": worth, "saved": max(0.0, worth - marked)})

    def _estimate(self, weights: Mapping[int, float], predicted: Floats, level: float) -> MeanEstimate:
        """A weighted sum of systems' means; predicted: what is taken from the judge (zeros: nothing).

        A system's mean is that of predicted over its scored answers plus that of people - predicted over the marked ones.
        Degrees of freedom as B. L. Welch has them (Biometrika 34, 1947), of marked answers alone, and below the number of
        marked questions.
        """
        of = list(weights)
        weight = np.array([*weights.values()] * 2)
        samples = np.hstack((self.scored[:, of], self.marked[:, of]))  # questions × (systems, systems)
        values = np.hstack((predicted[:, of], (self.people - predicted)[:, of]))
        sizes = samples.sum(axis=0)
        off = _centred(np.where(samples, values, np.nan))
        value = float(weight @ (np.nansum(np.where(samples, values, 0), axis=0) / sizes))
        marked = sizes[len(of) :]
        if marked.min() < 2:
            return MeanEstimate(value=value)
        own = np.array([_variance(off[:, [i, i + len(of)]], samples[:, [i, i + len(of)]]) for i in range(len(of))])
        own *= weight[: len(of)] ** 2
        welch = float(own.sum() ** 2 / (own**2 / (marked - 1)).sum()) if own.any() else float(marked.min() - 1)
        free = min(welch, int(samples[:, len(of) :].any(axis=1).sum()) - 1)
        error = math.sqrt(_variance(off * weight, samples))
        reach = float(student.ppf((1 + level) / 2, free)) * error
        return MeanEstimate(value=value, error=error, freedom=free, low=value - reach, high=value + reach)


def _variance(off: Floats, samples: NDArray[np.bool_]) -> float:
    """The variance of a sum of means of samples that overlap: off holds values less their sample's mean, questions × samples.

    Answers of several systems to one question hang together, so what each question adds to the sum is squared: no more
    than a paired test where both are marked on the same questions. Means taken away, two samples that share few questions
    look less alike than they are; put right pair by pair, that is unbiased (for one system it is Cochran's formula), but
    can come out too small. The larger of the two.
    """
    off, sizes = np.where(samples, off, 0.0), samples.sum(axis=0)
    together = float((((off / np.sqrt(sizes * (sizes - 1))).sum(axis=1)) ** 2).sum())
    shared = samples.astype(float).T @ samples
    products = np.outer(sizes, sizes) - np.add.outer(sizes, sizes) + shared
    pairs = np.divide(off.T @ off, products, out=np.zeros_like(products), where=shared > 0)
    return max(together, float(pairs.sum()))


def balance(judge: Floats, people: Floats) -> Balance:
    """Whether marked answers (questions × systems, as in `Powered`) look like a random sample to the judge.

    Were they one, each question's sum of (marked - share marked) · (score - system's mean) could as well have had the
    other sign.
    """
    marked = ~np.isnan(people) & ~np.isnan(judge)
    off = _centred(judge)
    share = marked.sum(axis=0) / np.maximum(1, (~np.isnan(judge)).sum(axis=0))
    steps = np.nansum((marked - share) * off, axis=1)
    open_ = (share > 0) & (share < 1)
    if not open_.any():
        return Balance()
    weight = float((share * (1 - share) * (~np.isnan(judge)).sum(axis=0))[open_].sum())
    return Balance(difference=float(steps.sum()) / weight, p=paired(list(map(float, steps))).flip_p)


def _on_scale(mean: MeanEstimate) -> MeanEstimate:
    """A mean's interval, cut where people's scale ends."""
    if mean.low is None or mean.high is None:
        return mean
    return mean.model_copy(update={"low": max(mean.low, PEOPLE[0]), "high": min(mean.high, PEOPLE[1])})


def _by_question(said: Floats, rows: NDArray[np.intp]) -> Floats:
    """Each question's row as said without it; of one that has no marks, and so is in no map, the mean."""
    found = np.asarray(said.mean(axis=0))
    found[rows] = said[np.arange(len(rows)), rows]
    return found


def _centred(values: Floats) -> Floats:
    """Each column less its mean."""
    count = np.maximum(1, (~np.isnan(values)).sum(axis=0))
    return np.asarray(values - np.nansum(values, axis=0) / count)
