import math

import numpy as np
import pytest

from odw_harness.stats.variance import Row, components, spread

BY_HAND: list[Row] = [
    ("a", 1, 1, 8.0),
    ("a", 1, 2, 6.0),
    ("a", 2, 1, 5.0),
    ("a", 2, 2, 5.0),
    ("b", 1, 1, 3.0),
    ("b", 1, 2, 1.0),
    ("b", 2, 1, 4.0),
    ("b", 2, 2, 4.0),
]


def test_a_balanced_design_worked_out_by_hand() -> None:
    # Answers 7, 5, 2, 4; questions 6, 3; all 4.5.
    # Judge: ((1² + 1²) + 0 + (1² + 1²) + 0) / 4 = 1.
    # Generations: 2 · (1 + 1 + 1 + 1) / 2 = 4 = judge + 2 · generation: 1.5.
    # Questions: 4 · (1.5² + 1.5²) / 1 = 18 = judge + 2 · generation + 4 · question: 3.5.
    found = components(BY_HAND)
    assert (found.scores, found.answers, found.questions) == (8, 4, 2)
    assert (found.question, found.generation, found.judge) == pytest.approx((3.5, 1.5, 1.0))
    assert found.cut == ()
    assert spread(found) == pytest.approx(math.sqrt(6))
    assert spread(found, generations=2, judge_repeats=2) == pytest.approx(math.sqrt(3.5 + 0.75 + 0.25))


def test_an_unbalanced_design_worked_out_by_hand() -> None:
    """Sizes a: 2, 1; b: 1; c: 1, 1. N = 6, 5 answers, 3 questions; Searle's coefficients by hand.

    Means: answers a1 7, a2 4 (a: 6), b 3, c1 5, c2 2 (c: 3.5); all 28 / 6 = 14 / 3.
    Within answers: (8 - 7)² + (6 - 7)² = 2, of 1 degree of freedom: judge 2.
    Within questions: 2 · 1² + 2² + 1.5² + 1.5² = 10.5 = 2 · judge + k · generation, k = 6 - (4 + 1) / 3 - 1 - 2 / 2 = 7 / 3:
    generation (10.5 - 4) / (7 / 3) = 39 / 14.
    Between questions: 3 · (4/3)² + (5/3)² + 2 · (7/6)² = 16/3 + 25/9 + 49/18 = 65/6 = 2 · judge
    + (11/3 - 8/6) · generation + (6 - 14/6) · question: question (65/6 - 4 - 7/3 · 39/14) / (11/3) = (1/3) / (11/3) = 1/11.
    """
    found = components(
        [
            ("a", 1, 1, 8.0),
            ("a", 1, 2, 6.0),
            ("a", 2, 1, 4.0),
            ("b", 1, 1, 3.0),
            ("c", 1, 1, 5.0),
            ("c", 2, 1, 2.0),
        ]
    )
    assert (found.judge, found.generation, found.question) == pytest.approx((2, 39 / 14, 1 / 11))


def test_what_the_data_cannot_tell_is_none_and_lies_in_the_part_before() -> None:
    once_judged = components([("a", 1, 1, 7.0), ("a", 2, 1, 5.0), ("b", 1, 1, 2.0), ("b", 2, 1, 4.0)])
    assert once_judged.judge is None
    assert (once_judged.generation, once_judged.question) == pytest.approx((2.0, 3.5))  # (1+1+1+1)/2; 2·4.5 = 2 + 2·3.5
    once_written = components([("a", 1, 1, 7.0), ("a", 1, 2, 5.0), ("b", 1, 1, 2.0), ("b", 1, 2, 4.0)])
    assert once_written.generation is None
    assert (once_written.judge, once_written.question) == pytest.approx((2.0, 3.5))
    once_of_all = components([("a", 1, 1, 7.0), ("b", 1, 1, 4.0)])
    assert (once_of_all.generation, once_of_all.judge) == (None, None)
    assert once_of_all.question == pytest.approx(4.5)
    one_question = components([row for row in BY_HAND if row[0] == "a"])
    assert one_question.question is None
    assert (one_question.generation, one_question.judge) == pytest.approx((1.5, 1.0))
    single = components([("a", 1, 1, 7.0)])
    assert (single.question, single.generation, single.judge) == (None, None, None)


def test_an_unknown_part_is_asked_for_by_name() -> None:
    with pytest.raises(ValueError, match="two judgements or more of an answer"):
        spread(components([("a", 1, 1, 7.0), ("a", 2, 1, 5.0), ("b", 1, 1, 2.0), ("b", 2, 1, 4.0)]))
    with pytest.raises(ValueError, match="two generations or more"):
        spread(components([("a", 1, 1, 7.0), ("a", 1, 2, 5.0), ("b", 1, 1, 2.0), ("b", 1, 2, 4.0)]))
    with pytest.raises(ValueError, match="no scores"):
        components([])


def test_an_estimate_below_0_is_0_and_said() -> None:
    found = components([("a", 1, 1, 9.0), ("a", 2, 1, 1.0), ("b", 1, 1, 1.0), ("b", 2, 1, 9.0)])
    assert (found.question, found.cut) == (0.0, ("question",))  # both questions' means are 5: 0 = 32 + 2 · question
    assert found.generation == pytest.approx(32)


def drawn(random: np.random.Generator, sizes: dict[int, list[int]], sds: tuple[float, float, float]) -> list[Row]:
    """Scores with known parts; sizes: for each question how often each of its answers is judged."""
    rows: list[Row] = []
    for question, judgements in sizes.items():
        of_question = random.normal(6, sds[0])
        for generation, repeats in enumerate(judgements):
            of_answer = of_question + random.normal(0, sds[1])
            rows += [(question, generation, repeat, of_answer + random.normal(0, sds[2])) for repeat in range(repeats)]
    return rows


@pytest.mark.parametrize("balanced", [True, False])
def test_known_parts_come_back(balanced: bool) -> None:
    random = np.random.default_rng(7)
    sizes = {q: [3] * 4 if balanced else [int(n) for n in random.integers(1, 5, 1 + q % 5)] for q in range(1500)}
    found = components(drawn(random, sizes, (1.0, 0.6, 0.4)))
    assert found.question == pytest.approx(1.0, abs=0.12)  # three standard errors, √(2 / 1500) · 1.1 each
    assert found.generation == pytest.approx(0.36, abs=0.04)
    assert found.judge == pytest.approx(0.16, abs=0.02)


def test_estimates_of_few_questions_are_right_on_average() -> None:
    random = np.random.default_rng(9)
    sizes = {q: [1, 3, 2][: 1 + q % 3] for q in range(8)}
    found = [components(drawn(random, sizes, (2.0, 0.8, 0.5))) for _ in range(500)]
    uncut = [each for each in found if not each.cut]
    assert len(uncut) > 350
    judge = np.mean([each.judge for each in found])
    assert judge == pytest.approx(0.25, abs=0.035), "never below 0, so never cut"
    question = np.mean([each.question for each in found])
    assert question == pytest.approx(4.0, abs=0.4), "seldom below 0 at this size"


def test_a_difference_has_the_chance_of_both_systems() -> None:
    random = np.random.default_rng(10)
    sizes = {q: [2, 2, 2] for q in range(1500)}
    first, second = (drawn(random, sizes, (1.0, sd, 0.4)) for sd in (0.6, 0.3))
    steps = [(*a[:3], a[3] - b[3]) for a, b in zip(first, second, strict=True)]
    found = components(steps)
    assert found.generation == pytest.approx(0.36 + 0.09, abs=0.05)
    assert found.judge == pytest.approx(0.32, abs=0.03)


def test_the_order_of_rows_and_the_level_of_scores_do_not_matter() -> None:
    random = np.random.default_rng(12)
    rows = drawn(random, {q: [2, 1] for q in range(6)}, (1.0, 1.0, 1.0))
    found = components(rows)
    shuffled = [rows[place] for place in random.permutation(len(rows))]
    moved = components([(q, g, j, score + 1e6) for q, g, j, score in shuffled])
    for part in ("question", "generation", "judge"):
        assert getattr(moved, part) == pytest.approx(getattr(found, part), abs=1e-6)
