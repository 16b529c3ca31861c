"""What difference between two systems can be seen with so many questions, generations and judgements, and what it takes.

Two-sided paired t tests throughout. sd is the standard deviation of per-question differences, in points. Over pairs of the
paper's systems its median is 0.755 on ODWEval, so that 21 questions show a difference of 0.49 points in 4 of 5 cases.
"""

import math

from scipy.optimize import brentq
from scipy.stats import nct, norm
from scipy.stats import t as student

from odw_harness.stats.intervals import LEVEL
from odw_harness.stats.variance import Components, known

POWER = 0.8
_ENOUGH = 100_000_000
"""More than anyone could ask of; beyond, no number is said to suffice."""


def smallest_difference(sd: float, questions: int, power: float = POWER, level: float = LEVEL) -> float:
    """The true mean difference (points) that a paired t test finds significant, and on its side, with chance `power`.

    With T of the noncentral t distribution, questions - 1 degrees of freedom and noncentrality difference / sd · √questions:
    the difference at which P(T > t) = power. Two questions or more. J. Cohen, Statistical Power Analysis for the Behavioral
    Sciences, 1988, chapter 2; N. L. Johnson and B. L. Welch, Biometrika 31, 1940.
    """
    freedom = questions - 1
    limit = float(student.ppf((1 + level) / 2, freedom))

    def surplus(shift: float) -> float:
        return float(nct.sf(limit, freedom, shift)) - power

    top = limit + 1
    while surplus(top) < 0:
        top *= 2
    return float(brentq(surplus, 0, top)) * sd / math.sqrt(questions)


def smallest_difference_normal(sd: float, questions: int, power: float = POWER, level: float = LEVEL) -> float:
    """The same with sd taken as known: (z of (1 + level) / 2 + z of power) · sd / √questions.

    The textbook formula (Cohen, as above); with 21 questions it is 4 % too small.
    """
    return float(norm.ppf((1 + level) / 2) + norm.ppf(power)) * sd / math.sqrt(questions)


def questions_needed(sd: float, difference: float, power: float = POWER, level: float = LEVEL) -> int:
    """The smallest number of questions with which a difference (points, above 0) is seen: smallest_difference turned round."""
    unit = smallest_difference_normal(1, 1, power, level)
    questions = max(2, math.ceil((unit * sd / difference) ** 2))  # the normal formula is never too large
    while smallest_difference(sd, questions, power, level) > difference:
        questions += 1
    return questions


def generations_needed(
    parts: Components,
    questions: int,
    difference: float,
    judge_repeats: int = 1,
    power: float = POWER,
    level: float = LEVEL,
) -> int | None:
    """How many generations of each question, judged so often each, show a difference; None where no number does.

    parts: of differences between two systems (`variance.components`). More generations average out what they and their
    judgements add, never what the difference goes from question to question: from question + (generation + judge /
    judge_repeats) / generations ≤ (difference / smallest difference of sd 1)². Raises ValueError as `known` does.
    """
    question, generation, judge = known(parts)
    room = (difference / smallest_difference(1, questions, power, level)) ** 2 - question
    return _times(generation + judge / judge_repeats, room)


def judge_repeats_needed(
    parts: Components,
    questions: int,
    difference: float,
    generations: int = 1,
    power: float = POWER,
    level: float = LEVEL,
) -> int | None:
    """How many judgements of each answer show a difference, with so many generations; None where no number does.

    As generations_needed, solved for the judgements. Raises ValueError as `known` does.
    """
    question, generation, judge = known(parts)
    room = (difference / smallest_difference(1, questions, power, level)) ** 2 - question - generation / generations
    return _times(judge / generations, room)


def marks_needed(
    people: float, left: float, questions: int, difference: float, power: float = POWER, level: float = LEVEL
) -> int | None:
    """On how many of these questions people must mark both systems, a judge's scores of all at hand; None: not even on all.

    people: the standard deviation, from question to question, of people's difference between two systems (points of their
    scale); left: of what the judge leaves unexplained of it, and no more than people: a judge who adds to it is left aside. The
    smallest number of marked questions whose smallest_difference, with √(left² + marked / questions · (people² - left²)) for
    sd, is no larger than the difference (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, section 12.6: the variance of a
    double sample's mean).
    """
    left = min(left, people)
    for marked in range(2, questions + 1):
        sd = math.sqrt(left**2 + marked / questions * (people**2 - left**2))
        if smallest_difference(sd, marked, power, level) <= difference:
            return marked
    return None


def _times(variance: float, room: float) -> int | None:
    """The smallest whole number by which a variance must be divided to fit."""
    if variance <= room:
        return 1
    if room * _ENOUGH <= variance:
        return None
    return math.ceil(variance / room)
