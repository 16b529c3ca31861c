import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from odw_harness.paper import load_table
from odw_harness.stats.power import (
    generations_needed,
    judge_repeats_needed,
    marks_needed,
    questions_needed,
    smallest_difference,
    smallest_difference_normal,
)
from odw_harness.stats.variance import Components, spread


def test_the_papers_spread_lets_21_questions_show_half_a_point() -> None:
    scores = np.array([[float(score) for score in row.scores] for row in load_table("odweval")])
    one, other = np.triu_indices(len(scores), 1)
    sd = float(np.median((scores[one] - scores[other]).std(1, ddof=1)))
    assert sd == pytest.approx(0.755, abs=0.0005)
    assert smallest_difference_normal(sd, 21) == pytest.approx(0.46, abs=0.005)
    assert smallest_difference(sd, 21) == pytest.approx(0.485, abs=0.0005)


def test_the_normal_formula_by_hand() -> None:
    assert smallest_difference_normal(0.75, 21) == pytest.approx((1.959964 + 0.841621) * 0.75 / math.sqrt(21), abs=1e-6)
    assert smallest_difference_normal(1, 100, power=0.9, level=0.99) == pytest.approx(
        (2.575829 + 1.281552) / 10, abs=1e-6
    )


@pytest.mark.parametrize(("effect", "questions"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_the_sample_sizes_that_textbooks_print(effect: float, questions: int) -> None:
    """Cohen's small, medium and large effect in a paired t test, two-sided 0.05, power 0.8: 199, 34 and 15 pairs."""
    assert questions_needed(1, effect) == questions
    assert smallest_difference(1, questions) <= effect < smallest_difference(1, questions - 1)


@pytest.mark.parametrize("questions", [3, 21])
def test_that_difference_is_found_8_times_in_10(questions: int) -> None:
    true = smallest_difference(0.75, questions)
    steps = np.random.default_rng(1).normal(true, 0.75, (6000, questions))
    assert np.mean(ttest_1samp(steps, 0, axis=1).pvalue < 0.05) == pytest.approx(
        0.8, abs=0.016
    )  # three standard errors


def test_few_questions_many_questions_no_spread() -> None:
    assert smallest_difference(1, 2) > 8
    assert smallest_difference(1, 100_000) == pytest.approx(smallest_difference_normal(1, 100_000), rel=1e-4)
    assert smallest_difference(0, 21) == 0
    assert questions_needed(0.01, 5) == 2 + (smallest_difference(0.01, 2) > 5)


def parts(question: float, generation: float | None, judge: float | None) -> Components:
    return Components(scores=84, answers=42, questions=21, question=question, generation=generation, judge=judge)


def test_generations_average_out_what_they_add() -> None:
    # sd 1 shows 0.643 at 21 questions; for 0.2 the variance may be (0.2 / 0.643)² = 0.0968.
    differences = parts(0.02, 0.4, 0.1)
    needed = generations_needed(differences, 21, 0.2)
    assert needed == math.ceil(0.5 / (0.0968 - 0.02)) == 7
    assert smallest_difference(spread(differences, 7), 21) <= 0.2 < smallest_difference(spread(differences, 6), 21)
    assert generations_needed(differences, 21, 0.2, judge_repeats=5) == math.ceil(0.42 / 0.0768) == 6
    assert generations_needed(parts(0.0, 0.01, 0.0), 21, 0.2) == 1


def test_judgements_average_out_what_they_add() -> None:
    differences = parts(0.02, 0.04, 0.2)
    needed = judge_repeats_needed(differences, 21, 0.2)
    assert needed == math.ceil(0.2 / (0.0968 - 0.06)) == 6
    assert (
        smallest_difference(spread(differences, 1, 6), 21) <= 0.2 < smallest_difference(spread(differences, 1, 5), 21)
    )
    assert judge_repeats_needed(differences, 21, 0.2, generations=3) == 2  # 0.0667 / 0.0635


def test_no_number_suffices_where_questions_alone_spread_too_far() -> None:
    differences = parts(0.3, 0.2, 0.1)
    assert generations_needed(differences, 21, 0.2) is None
    assert judge_repeats_needed(parts(0.0, 0.2, 0.1), 21, 0.2) is None, "one generation spreads too far by itself"
    assert judge_repeats_needed(parts(0.0, 0.2, 0.1), 21, 0.2, generations=3) is not None
    assert generations_needed(differences, questions_needed(0.3**0.5, 0.2) + 1, 0.2) is not None, "more questions do"


def test_repeats_are_not_guessed_from_data_without_them() -> None:
    with pytest.raises(ValueError, match="two generations or more"):
        generations_needed(parts(0.1, None, 0.1), 21, 0.2)
    with pytest.raises(ValueError, match="two judgements or more"):
        judge_repeats_needed(parts(0.1, 0.1, None), 21, 0.2)


def test_a_judge_that_explains_all_leaves_few_to_mark_and_one_that_explains_nothing_none_the_less() -> None:
    alone = questions_needed(8, 7)
    assert marks_needed(8, 8, 21, 7) == alone == 13
    assert marks_needed(8, 12, 21, 7) == alone, "a judge who adds noise is left aside"
    # Half explained: √(4² + n / 21 · (8² - 4²)) of n marked shows 7 points.
    needed = marks_needed(8, 4, 21, 7)
    assert needed == 8
    assert smallest_difference(math.sqrt(16 + needed / 21 * 48), needed) <= 7
    assert smallest_difference(math.sqrt(16 + (needed - 1) / 21 * 48), needed - 1) > 7
    assert marks_needed(8, 0, 21, 2) is None, "21 questions spread too far by themselves"
    assert questions_needed(8, 2) > 21
