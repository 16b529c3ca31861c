import math

import numpy as np
import pytest

from odw_harness.stats.ranks import rank_intervals, ranks_of

NAN = math.nan


def test_ranks_are_competition_ranks_of_the_means() -> None:
    assert ranks_of([[5, 7], [9, 9], [6, 6], [1, 2]]) == [2, 1, 2, 4]
    assert ranks_of([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.2, 0.2]]) == [1, 1, 1], (
        "tied but for a float's last bits"
    )


def test_a_system_does_not_gain_by_lacking_a_hard_question() -> None:
    # The first has the highest mean (8, 6.25, 4), but the second beats it on the only question they share.
    assert ranks_of([[8, NAN], [8.5, 4], [6, 2]]) == [2, 1, 3]


def test_difficulty_is_that_of_a_fit_to_all_scores() -> None:
    """score = system + question without noise, 4 in 10 missing: the systems come back in their order."""
    random = np.random.default_rng(0)
    systems, questions = np.linspace(8, 4, 9), random.normal(0, 3, 12)
    table = systems[:, None] + questions
    table[random.random(table.shape) < 0.4] = NAN
    assert ranks_of(table) == list(range(1, 10))
    means = [float(np.nanmean(row)) for row in table]
    assert sorted(means, reverse=True) != means, "which their means would not give"


def test_where_every_question_says_the_same_ranks_are_sure() -> None:
    scores = np.array([[8.0], [7.0], [6.0]]) + np.arange(8)
    assert rank_intervals(scores) == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize(("questions", "interval"), [(4, (1, 2)), (6, (1, 1)), (8, (1, 1))])
def test_one_question_of_four_may_turn_two_systems_round_one_of_eight_not(
    questions: int, interval: tuple[int, int]
) -> None:
    """One system is better by 1 on all questions but one, where it is worse by 1.

    It falls behind where that one is drawn more than half the time. Of four questions: P(binomial(4, 1/4) > 2) = 0.051,
    more than 0.025; of six P(binomial(6, 1/6) > 3) = 0.0087; of eight less.
    """
    ahead = np.full(questions, 6.0)
    ahead[0] = 4.0
    assert rank_intervals([ahead, np.full(questions, 5.0)], resamples=4000)[0] == interval


def test_an_interval_holds_the_rank_as_seen() -> None:
    """A hundred systems of one mean are all first, though in a draw each is so about once in a hundred times."""
    scores = np.random.default_rng(3).permuted(np.tile(np.arange(21.0), (100, 1)), axis=1)
    assert ranks_of(scores) == [1] * 100
    intervals = rank_intervals(scores, resamples=400)
    assert {best for best, _ in intervals} == {1}
    assert all(worst > 80 for _, worst in intervals)


def test_nothing_is_said_of_a_system_without_scores_or_of_three_questions() -> None:
    scores = np.array([[8.0] * 5, [7.0] * 5, [NAN] * 5])
    assert rank_intervals(scores) == [(1, 1), (2, 2), (1, 3)]
    assert ranks_of(scores) == [1, 2, 3]
    assert rank_intervals(scores[:2, :3]) == [(1, 2), (1, 2)]


def test_a_system_with_one_score_is_ranked_in_every_draw() -> None:
    scores = np.array([[8.0] * 6, [7.0] * 6, [9.0, *[NAN] * 5]])
    assert rank_intervals(scores) == [(2, 2), (3, 3), (1, 1)]


def test_the_true_rank_lies_in_the_interval_19_times_in_20() -> None:
    random = np.random.default_rng(8)
    true = np.array([7.0, 6.6, 6.2, 5.8, 5.4])
    held = []
    for _ in range(200):
        scores = true[:, None] + random.normal(0, 1, 21) + random.normal(0, 0.53, (5, 21))  # differences: sd 0.75
        intervals = rank_intervals(scores, resamples=300)
        held += [best <= rank <= worst for rank, (best, worst) in enumerate(intervals, 1)]
    assert np.mean(held) >= 0.93
    assert rank_intervals(scores, seed=1) == rank_intervals(scores, seed=1)
