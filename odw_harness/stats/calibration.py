"""A judge's scores on people's scale: a monotone map fitted to the answers that both have scored, and how far it is out.

Answers to one question are no independent draws, so whatever is left out, here, is left out by whole questions.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, FiniteFloat, ValidationInfo, field_validator
from scipy.optimize import isotonic_regression
from scipy.stats import t as student

from odw_harness.stats.intervals import LEVEL, TIE, Floats, Frozen

Kind = Literal["constant", "linear", "isotonic"]
KINDS: tuple[Kind, ...] = ("constant", "linear", "isotonic")
"""The shapes that a map may have, the simplest first: people's mean whatever the judge says, a line, any rising curve."""
JUDGE = (1.0, 10.0)
PEOPLE = (0.0, 100.0)
"""The scales of judge and people; no map leads out of the second."""
FEWEST_QUESTIONS = 4
"""Fewer leave nothing to choose a shape by, and could promise an interval of 75 % at most."""
FOLDS = 10
"""As many parts of the questions, in turn left out, choose the shape (of fewer questions: each of them)."""
DRAWS = 200
"""More move the ends of an interval by less than a tenth of a point."""
_FEWEST_SYSTEMS = 3


class Map(Frozen):
    """A rising map from a judge's score to people's scale: straight between its knots, level beyond the outermost."""

    kind: Kind
    judge: tuple[FiniteFloat, ...] = Field(min_length=1)
    people: tuple[FiniteFloat, ...]

    @field_validator("people")
    @classmethod
    def _rising(cls, people: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        judge = info.data.get("judge", ())
        if len(people) != len(judge) or list(judge) != sorted(judge) or list(people) != sorted(people):
            raise ValueError("is no rising map: as many values as judge has, neither ever falling")
        return people

    def of(self, scores: ArrayLike) -> Floats:
        """Scores (any shape, 1 to 10; NaN stays NaN) on people's scale (0 to 100)."""
        return np.asarray(np.interp(np.asarray(scores, dtype=float), self.judge, self.people))


class Calibration(Frozen):
    """A map, and what leaving out question after question says of it.

    errors: of each shape the root mean squared error (points of people's scale) over answers to questions it had not
    seen. map: of the simplest shape whose error is within one standard error of the least (L. Breiman et al., Classification
    and Regression Trees, 1984, section 3.4.3; the standard error is of the difference between the two, over questions).
    low, high: the judge's scores that it was fitted to. level: of prediction intervals, what was asked for or, where so
    few questions can't promise that, the most that they can. without: the map fitted, its shape chosen too, without each
    question; missed: by how much it then missed each answer to that one (points, at 0 or above). bias, level_error: of
    `system_interval`; None of fewer than three systems with two answers each.
    """

    map: Map
    errors: dict[Kind, float]
    answers: int
    questions: int
    systems: int
    low: float
    high: float
    level: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    without: tuple[Map, ...]
    missed: tuple[tuple[FiniteFloat, ...], ...]
    bias: float | None = Field(description="standard deviation of systems' mean errors: whom the judge favours")
    within: float | None = Field(description="standard deviation of an answer's error about its system's")
    level_error: float | None = Field(description="standard error of the map's height")

    @field_validator("missed")
    @classmethod
    def _of_each(cls, missed: tuple[tuple[float, ...], ...], info: ValidationInfo) -> tuple[tuple[float, ...], ...]:
        given = info.data
        if not len(missed) == len(given.get("without", ())) == given.get("questions") or not all(missed):
            raise ValueError("is not of each question one answer or more, as many questions as maps without one")
        if given.get("level", 0) > promised(len(missed)):
            raise ValueError(f"is of too few questions for a level of {given['level']}")
        return missed

    @property
    def useful(self) -> bool:
        """Whether the judge is shown to know more of people's marks than their mean."""
        return self.map.kind != "constant"

    def interval(self, scores: ArrayLike) -> tuple[Floats, Floats]:
        """Where people's score of a new answer to a new question lies, for each of the judge's scores (any shape).

        The jackknife+ (R. F. Barber, E. J. Candès, A. Ramdas and R. J. Tibshirani, Annals of Statistics 49, 2021) of one
        answer drawn from each question: answers to a question are alike, questions are independent (R. Dunn, L. Wasserman
        and A. Ramdas, JASA 118, 2023, single subsampling). Which answer is drawn is chance, so the ends are means over
        DRAWS draws. It holds about `level` of answers over all scores together, not for each, if the systems are like these
        and as many people mark an answer.
        """
        each = np.asarray(scores, dtype=float)
        flat = each.ravel()
        draws = np.random.default_rng(self.seed).random((DRAWS, self.questions))
        centres, misses = [], []
        for fitted, missed, draw in zip(self.without, self.missed, draws.T, strict=True):
            centres.append(fitted.of(flat))
            misses.append(np.array(missed)[(draw * len(missed)).astype(int)])
        centre, miss = np.array(centres), np.array(misses)[..., None]  # questions × scores, questions × draws × 1
        out = math.ceil(self.level * (self.questions + 1) - TIE) - 1
        low = np.mean([-np.sort(miss[:, draw] - centre, axis=0)[out] for draw in range(DRAWS)], axis=0)
        high = np.mean([np.sort(centre + miss[:, draw], axis=0)[out] for draw in range(DRAWS)], axis=0)
        middle = self.map.of(flat)
        low, high = np.clip(np.minimum(low, middle), *PEOPLE), np.clip(np.maximum(high, middle), *PEOPLE)
        return low.reshape(each.shape), high.reshape(each.shape)

    def system_interval(self, scores: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
        """Where people's mean of a system that nobody marked lies, by the judge's scores of its answers, one a question.

        Its calibrated mean ± t · √(bias² (1 + 1/systems) + (within² + s²)/questions + level_error²), s the spread of its
        calibrated scores, t with systems - 1 degrees of freedom: a random-effects prediction interval (J. P. T. Higgins,
        S. G. Thompson and D. J. Spiegelhalter, JRSS A 172, 2009), for a system that the judge favours or not as it does
        these. None where these are too few to tell, or of a single score.
        """
        if self.bias is None or self.within is None or self.level_error is None or len(scores) < 2:
            return None
        each = self.map.of(list(scores))
        variance = self.bias**2 * (1 + 1 / self.systems) + self.level_error**2
        variance += (self.within**2 + float(each.var(ddof=1))) / len(each)
        reach = float(student.ppf((1 + level) / 2, self.systems - 1)) * variance**0.5
        low, high = np.clip((each.mean() - reach, each.mean() + reach), *PEOPLE)
        return float(low), float(high)


def calibrated(
    judge: ArrayLike,
    people: ArrayLike,
    questions: Sequence[Hashable],
    systems: Sequence[Hashable],
    level: float = LEVEL,
    seed: int = 0,
) -> Calibration:
    """The map from answers' scores by a judge (1 to 10) and by people (0 to 100); questions and systems: whose each is.

    seed: of the folds that choose the shape. Raises ValueError of fewer than FEWEST_QUESTIONS questions.
    """
    x, y = np.asarray(judge, dtype=float), np.asarray(people, dtype=float)
    question, system = _numbered(questions), _numbered(systems)
    count = int(question.max(initial=-1)) + 1
    if count < FEWEST_QUESTIONS:
        raise ValueError(f"{count} questions; a map needs {FEWEST_QUESTIONS}")
    kind, errors = _choose(x, y, question, seed)
    without, error = [], np.zeros(len(x))
    for left in range(count):
        mine, rest = question == left, question != left
        chosen, _ = _choose(x[rest], y[rest], question[rest], seed)
        without.append(_FIT[chosen](x[rest], y[rest]))
        error[mine] = y[mine] - without[-1].of(x[mine])
    return Calibration(
        map=_FIT[kind](x, y),
        errors=errors,
        answers=len(x),
        questions=count,
        systems=int(system.max()) + 1,
        low=float(x.min()),
        high=float(x.max()),
        level=min(level, promised(count)),
        seed=seed,
        without=tuple(without),
        missed=tuple(tuple(map(float, np.abs(error[question == left]))) for left in range(count)),
        **_of_systems(error, question, system),
    )


def promised(questions: int) -> float:
    """The highest level, in whole percent, of an interval for a new question: questions / (questions + 1), rounded down.

    With that chance at most it is no further out than the furthest of those seen. 19 questions are needed for 95 %.

    >>> promised(4), promised(18), promised(19)
    (0.8, 0.94, 0.95)
    """
    return 100 * questions // (questions + 1) / 100


def _constant(x: Floats, y: Floats) -> Map:
    return Map(kind="constant", judge=(float(x.mean()),), people=(float(y.mean()),))


def _linear(x: Floats, y: Floats) -> Map:
    """Least squares with a slope of 0 or more, cut where it would leave people's scale."""
    off = x - x.mean()
    slope = max(0.0, float(off @ y / (off @ off))) if off @ off > TIE else 0.0
    at = float(y.mean() - slope * x.mean())
    ends = {(end - at) / slope for end in PEOPLE} if slope else set()
    knots = sorted({*JUDGE, *(end for end in ends if JUDGE[0] < end < JUDGE[1])})
    people = np.clip(at + slope * np.array(knots), *PEOPLE)
    return Map(kind="linear", judge=tuple(knots), people=tuple(map(float, people)))


def _isotonic(x: Floats, y: Floats) -> Map:
    """Least squares of all rising curves (R. E. Barlow et al., Statistical Inference under Order Restrictions, 1972)."""
    knots, place, weights = np.unique(x, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=y) / weights
    rising = isotonic_regression(means, weights=weights).x
    steps = np.diff(rising) > TIE
    kept = np.r_[True, steps] | np.r_[steps, True]  # within a level stretch no knot is needed
    return Map(kind="isotonic", judge=tuple(map(float, knots[kept])), people=tuple(map(float, rising[kept])))


_FIT: dict[Kind, Callable[[Floats, Floats], Map]] = {"constant": _constant, "linear": _linear, "isotonic": _isotonic}


def _choose(x: Floats, y: Floats, question: NDArray[np.intp], seed: int) -> tuple[Kind, dict[Kind, float]]:
    """The simplest shape that is as good as the best, and the error of each, over questions left out."""
    names, question = np.unique(question, return_inverse=True)
    folds = np.random.default_rng(seed).permutation(len(names))[question] % min(FOLDS, len(names))
    squares = {kind: np.zeros(len(x)) for kind in KINDS}
    for fold in range(folds.max() + 1):
        mine, rest = folds == fold, folds != fold
        for kind in KINDS:
            squares[kind][mine] = (y[mine] - _FIT[kind](x[rest], y[rest]).of(x[mine])) ** 2
    best = min(KINDS, key=lambda kind: float(squares[kind].mean()))
    sizes = np.bincount(question)
    for kind in KINDS:
        excess = squares[kind] - squares[best]
        off = np.bincount(question, weights=excess) - sizes * excess.mean()
        error = np.sqrt(len(sizes) / (len(sizes) - 1) * (off @ off)) / len(x)
        if excess.mean() <= error + TIE:
            break
    return kind, {name: float(np.sqrt(each.mean())) for name, each in squares.items()}


def _of_systems(error: Floats, question: NDArray[np.intp], system: NDArray[np.intp]) -> dict[str, float | None]:
    """What `system_interval` needs: components of variance between and within systems, by the method of moments."""
    sizes = np.bincount(system)
    told = sizes > 1
    if told.sum() < _FEWEST_SYSTEMS:
        return {"bias": None, "within": None, "level_error": None}
    means = np.bincount(system, weights=error) / sizes
    inside = (error - means[system]) ** 2
    within = float(inside.sum() / (sizes - 1).sum())
    between = float(means[told].var(ddof=1)) - within * float((1 / sizes[told]).mean())
    sums = np.bincount(question, weights=error - error.mean())
    level = len(sums) / (len(sums) - 1) * float(sums @ sums) / len(error) ** 2
    return {"bias": max(0.0, between) ** 0.5, "within": within**0.5, "level_error": level**0.5}


def _numbered(names: Sequence[Hashable]) -> NDArray[np.intp]:
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], dtype=np.intp)
