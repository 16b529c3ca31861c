"""What moves a scorer away from people: found where it was put in, and not where it was not."""

import numpy as np
import pytest

from odw_harness.agree.bias import OTHER, Bias, Group, bias_of
from odw_harness.agree.sources import Asked
from odw_harness.stats.scales import on_scale, residuals_of

SYSTEMS = tuple(f"s{number}" for number in range(12))
FAMILIES = {name: frozenset({"Qwen"} if number < 6 else {"GLM"}) for number, name in enumerate(SYSTEMS)}
ASKED = tuple(Asked(f"q{number}", "h", "通知" if number < 4 else f"文种{number}", "in19") for number in range(21))
PEOPLES_NOISE = 4.0


def simulated(
    seed: int, judge_noise: float = 1.0, per_doubling: float = 0, own: float = 0, genre: float = 0, better: float = 0
) -> tuple[Bias, float]:
    """The bias of a judge on a scale of its own, and how many points of people's scale one of its is.

    per_doubling, own, genre: what it gives for length, to the first family, to the first 文种. better: how much better the
    first family is.
    """
    random = np.random.default_rng(seed)
    truth = random.normal(0, 5, (12, 1)) + random.normal(0, 6, (12, 21))
    truth[:6] += better
    people = 70 + truth + random.normal(0, PEOPLES_NOISE, truth.shape)
    characters = 2 ** random.normal(10, 0.5, truth.shape)
    judge = 5 + truth / 10 + random.normal(0, judge_noise, truth.shape) + per_doubling * np.log2(characters)
    judge[:6] += own
    judge[:, :4] += genre
    scaled = on_scale(judge, people)
    assert scaled is not None
    steps = residuals_of(scaled, people, 1 - PEOPLES_NOISE**2 / people.var())
    found = bias_of(steps, characters, SYSTEMS, ASKED, FAMILIES, frozenset({"Qwen"}), seed, 100)
    return found, float(people.std() / judge.std())


def group(groups: tuple[Group, ...], name: str) -> Group:
    return next(each for each in groups if each.name == name)


def test_favouring_length_is_found_in_points_a_doubling() -> None:
    slopes, true = [], []
    for seed in range(40):
        found, points = simulated(seed, per_doubling=0.3)
        assert found.length is not None
        assert found.length.value is not None
        slopes.append(found.length.value)
        true.append(0.3 * points)
    assert np.mean(slopes) == pytest.approx(np.mean(true), rel=0.15)


def test_favouring_its_own_family_is_found_and_marked() -> None:
    found, points = simulated(1, own=1.0)
    own, other = group(found.families, "Qwen"), group(found.families, "GLM")
    assert (own.own, other.own, own.size) == (True, False, 6)
    assert own.against is not None
    assert other.against is not None
    # It is a part of the judge's spread too, and people's scores explain some: less than all of it is left.
    assert 0.5 * points < own.against.paired.mean < 1.2 * points
    assert own.against.shown
    assert other.against.paired.mean == pytest.approx(-own.against.paired.mean)


def test_a_dull_judge_does_not_seem_to_disfavour_the_better_family() -> None:
    """The first family is 8 points better; a judge full of chance and without bias. Of 60, 3 at 5 %; differences that are
    not freed of people's scores would alarm in 78 of 100."""
    alarms = 0
    for seed in range(60):
        found, _ = simulated(seed, judge_noise=1.5, better=8)
        against = group(found.families, "Qwen").against
        assert against is not None
        alarms += (against.paired.flip_p or 1) < 0.05
    assert alarms <= 8


def test_favouring_a_genre_is_found_over_systems() -> None:
    found, points = simulated(2, genre=1.5)
    notice = group(found.genres, "通知")
    assert notice.size == 4
    assert notice.against is not None
    assert notice.against.paired.of == 12
    assert notice.against.paired.mean == pytest.approx(1.5 * points, rel=0.35)
    assert notice.against.shown
    assert sum(bool(each.against and each.against.shown) for each in found.genres) == 1


def test_a_groups_figure_by_hand() -> None:
    # Family A: systems 1 and 2; none for the third. Question 1: (4 + 2) / 2 - 0 = 3; question 2: 6 - 1 = 5.
    steps = np.array([[4.0, 6], [2, np.nan], [0, 1]])
    found = bias_of(steps, np.full((3, 2), np.nan), ("x", "y", "z"), ASKED[:2], {"x": frozenset("A"), "y": frozenset("A"), "z": frozenset()}, frozenset(), 0, 0)  # fmt: skip
    first, other = found.families
    assert (first.name, first.size, other.name, other.size) == ("A", 2, OTHER, 1)
    assert first.against is not None
    assert (first.against.paired.of, first.against.paired.mean) == (2, pytest.approx(4))
    assert found.length is None
    (genre,) = found.genres
    assert genre.against is None, "one 文种 has nothing to be compared with"
