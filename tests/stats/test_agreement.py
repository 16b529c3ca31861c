import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, spearmanr

from odw_harness.stats import agreement as module
from odw_harness.stats import alpha_of, falling_tau
from odw_harness.stats.agreement import FIGURES, agreement, difference

NAN = math.nan


def by_scipy(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """The figures from their definitions, with scipy's correlations and plain loops."""
    kept = [(s, q) for s, q in np.ndindex(first.shape) if not math.isnan(first[s, q] + second[s, q])]
    systems = sorted({s for s, _ in kept})
    means = [[round(np.mean([t[s, q] for r, q in kept if r == s]), 9) for s in systems] for t in (first, second)]
    correlations: list[tuple[float, float, float]] = []
    concordant = pairs = agreed = of_all = 0
    for question in range(first.shape[1]):
        there = [s for s, q in kept if q == question]
        a, b = first[there, question], second[there, question]
        if len(there) > 2 and len(set(a)) > 1 and len(set(b)) > 1:
            correlations.append(tuple(of(a, b).statistic for of in (pearsonr, spearmanr, kendalltau)))
        for i, j in combinations(range(len(there)), 2):
            of_all += 1
            tied = [abs(each[i] - each[j]) < 1e-9 for each in (a, b)]
            same = not any(tied) and (a[i] > a[j]) == (b[i] > b[j])
            pairs += not any(tied)
            concordant += same
            agreed += same or all(tied)
    return {
        "pearson": pearsonr(*means).statistic,
        "spearman": spearmanr(*means).statistic,
        "kendall": kendalltau(*means).statistic,
        **dict(
            zip(("question_pearson", "question_spearman", "question_kendall"), np.mean(correlations, 0), strict=True)
        ),
        "pooled": pearsonr([first[at] for at in kept], [second[at] for at in kept]).statistic,
        "pairwise": concordant / pairs,
        "pairwise_ties": agreed / of_all,
    }


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_scipys_with_ties_and_gaps(seed: int) -> None:
    random = np.random.default_rng(seed)
    ability = random.normal(0, 1, (7, 1))
    first = np.round(6 + ability + random.normal(0, 1, (7, 9)))
    second = np.round(70 + 5 * ability + random.normal(0, 6, (7, 9)))
    if seed % 2:
        first[random.random(first.shape) < 0.2] = NAN
        second[random.random(first.shape) < 0.2] = NAN
    found = agreement(first, second, resamples=10)
    theirs = by_scipy(first, second)
    assert {name: getattr(found, name).value for name in FIGURES} == pytest.approx(theirs, abs=1e-9)


def test_small_tables_by_hand() -> None:
    # Question 1: 3 > 2 > 1 against 10, 30, 20; question 2: 5, 5, 4 against 7, 8, 9.
    found = agreement([[3, 5], [2, 5], [1, 4]], [[10, 7], [30, 8], [20, 9]])
    # Means 4, 3.5, 2.5 against 8.5, 19, 14.5: of three pairs one in the same order.
    assert found.kendall.value == pytest.approx(-1 / 3)
    assert found.spearman.value == pytest.approx(1 - 6 * (4 + 1 + 1) / 24)
    # Question 1: ranks 3 2 1 against 1 3 2: 1 - 6 · 6 / 24 = -0.5. Question 2: 2.5 2.5 1 against 1 2 3: -√3/2.
    assert found.question_spearman.value == pytest.approx((-0.5 - math.sqrt(3) / 2) / 2)
    # Question 1: 3 pairs, one in the same order; question 2: 2 pairs without ties, none.
    assert (found.pairs, found.pairwise.value) == (5, pytest.approx(1 / 5))
    # The pair tied in the first alone is not agreed on.
    assert (found.all_pairs, found.pairwise_ties.value) == (6, pytest.approx(1 / 6))
    # Question 1: steps -1, 0, 1 from the mean against -10, 10, 0: (1 · -10) / √(2 · 200) = -0.5. Question 2: 1/3, 1/3, -2/3
    # against -1, 0, 1: -1 / √(2/3 · 2).
    assert found.question_pearson.value == pytest.approx((-0.5 - 1 / math.sqrt(4 / 3)) / 2)
    # Question 1: one pair of three in the same order, -1/3. Question 2: two of opposite order, one tied: -2 / √(2 · 3).
    assert found.question_kendall.value == pytest.approx((-1 / 3 - 2 / math.sqrt(6)) / 2)
    assert (found.systems, found.questions, found.answers) == (3, 2, 6)
    assert all(getattr(found, name).low is None for name in FIGURES), "two questions have no interval"


def test_means_that_differ_in_a_floats_last_bits_are_tied() -> None:
    first = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.9, 0.9, 0.9]])
    second = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]])
    assert first[0].sum() != first[1].sum()
    found = agreement(first, second)
    assert found.kendall.value == pytest.approx(2 / math.sqrt(2 * 3))
    assert found.spearman.value == pytest.approx(math.sqrt(3) / 2)


def test_only_answers_that_both_scored_count() -> None:
    first = np.array([[8.0, 1.0, NAN], [7.0, NAN, 9.0], [6.0, 6.0, 1.0], [NAN, 5.0, NAN]])
    second = np.array([[80.0, NAN, 9.0], [70.0, 60.0, NAN], [60.0, NAN, NAN], [NAN, NAN, 5.0]])
    found = agreement(first, second)
    assert (found.systems, found.questions, found.answers, found.pairs) == (3, 1, 3, 3)
    assert (found.pearson.value, found.kendall.value, found.pairwise.value) == pytest.approx((1, 1, 1))


def test_what_is_not_defined_is_none() -> None:
    flat = agreement(np.full((4, 5), 6.0), np.random.default_rng(0).normal(size=(4, 5)))
    assert [name for name in FIGURES if getattr(flat, name).value is not None] == ["pairwise_ties"]
    assert flat.pairwise_ties.value == 0, "who ties everything agrees with an order nowhere"
    assert flat.pairs == 0
    two = agreement([[1, 2, 3, 4, 5], [2, 3, 4, 5, 7]], [[1, 2, 3, 4, 5], [2, 3, 4, 5, 7]])
    assert (two.pearson.value, two.kendall.value, two.question_spearman.value) == (None, None, None)
    assert two.pairwise.value == two.pairwise_ties.value == 1
    nothing = agreement(np.full((3, 4), NAN), np.ones((3, 4)))
    assert (nothing.answers, nothing.pairwise.value, nothing.pooled.value) == (0, None, None)
    with pytest.raises(ValueError, match="one shape"):
        agreement(np.ones((3, 4)), np.ones((4, 3)))


def test_perfect_agreement_is_sure_and_its_opposite_too() -> None:
    scores = np.random.default_rng(0).permutation(60).reshape(6, 10).astype(float)
    same, opposite = agreement(scores, 3 * scores + 2, resamples=200), agreement(scores, -scores, resamples=200)
    for name in FIGURES:
        for found, value in ((same, 1), (opposite, 0 if "pairwise" in name else -1)):
            estimate = getattr(found, name)
            assert (estimate.value, estimate.low, estimate.high) == pytest.approx((value, value, value))


def test_ties_of_both_are_agreed_on_and_of_one_are_not() -> None:
    found = agreement([[8, 8], [8, 7], [7, 7]], [[80, 80], [80, 80], [70, 80]])
    # Question 1: tied by both, and twice the same order. Question 2: people tie all three, the scorer one of the pairs.
    assert (found.all_pairs, found.pairs) == (6, 2)
    assert (found.pairwise.value, found.pairwise_ties.value) == pytest.approx((1, 4 / 6))


def test_the_difference_of_two_scorers_is_over_the_same_answers_and_questions() -> None:
    random = np.random.default_rng(1)
    people = random.normal(size=(8, 12))
    good, bad = people + random.normal(0, 0.3, people.shape), random.normal(size=people.shape)
    bad[2, 3] = NAN
    shared = np.where(np.isnan(bad), NAN, good)
    found = difference(good, bad, people, seed=3, resamples=500)
    one, other = agreement(shared, people, resamples=0), agreement(bad, people, resamples=0)
    for name in FIGURES:
        estimate = found[name]
        assert estimate.value == pytest.approx(getattr(one, name).value - getattr(other, name).value)
    assert found["pooled"].low > 0, "the better one is seen to be better"
    nothing = difference(good, good, people, resamples=500)["pooled"]
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)
    assert difference(good[:, :3], bad[:, :3], people[:, :3])["pooled"].low is None, "three questions have no interval"
    assert agreement(good, people, resamples=0).pooled.low is None


def test_draws_looked_at_one_by_one_or_at_once_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    first = random.normal(size=(5, 8))
    second = first + random.normal(size=(5, 8))
    found = agreement(first, second, seed=2, resamples=300)
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    one_by_one = agreement(first, second, seed=2, resamples=300)
    for name in FIGURES:
        one, all_ = (getattr(each, name) for each in (one_by_one, found))
        assert one.value == pytest.approx(all_.value)
        assert (one.low, one.high) == pytest.approx((all_.low, all_.high), abs=0.03), "scipy draws anew for each batch"
    assert agreement(first, second, seed=3, resamples=300) != found


def test_intervals_hold_what_more_questions_would_show() -> None:
    """The figures of single questions, over draws of 21 from a population of known agreement, 15 systems."""
    random = np.random.default_rng(4)
    ability = random.normal(0, 0.4, (15, 1))

    def draw(questions: int) -> tuple[np.ndarray, np.ndarray]:
        answer = random.normal(0, 0.4, (15, questions))
        return (ability + answer + random.normal(0, 0.4, answer.shape)), (
            ability + answer + random.normal(0, 0.6, answer.shape)
        )

    true = agreement(*draw(3000), resamples=2)
    held = {"question_spearman": 0, "pairwise": 0, "pooled": 0}
    for _ in range(60):
        found = agreement(*draw(21), resamples=200)
        for name in held:
            estimate = getattr(found, name)
            held[name] += estimate.low <= getattr(true, name).value <= estimate.high
    assert all(49 <= count <= 59 for count in held.values()), held


@pytest.mark.parametrize(
    ("scores", "tau"),
    [([8, 5, 2], 1.0), ([2, 5, 8], -1.0), ([8, 5, 6], 1 / 3), ([5, 5, 5], 0.0), ([8, 8, 5], 2 / 3), ([8, 8.0001], 0.0)],
)
def test_tau_counts_pairs_that_fall_less_pairs_that_rise(scores: list[float], tau: float) -> None:
    assert falling_tau(scores, tie=0.001) == pytest.approx(tau)


def test_alpha_of_repeats() -> None:
    # Units (1, 1), (2, 2), (3, 4): observed 2 · 1 / 6, expected 2 · (6 · 35 − 13²) / 30; the unit with one score is left out.
    assert alpha_of([[1, 2, 3, None], [1, 2, 4, 9]]) == pytest.approx(1 - (2 / 6) / (82 / 30))
    assert alpha_of([[1, 2], [1, 2]]) == pytest.approx(1.0)
    assert alpha_of([[5, 5], [5, 5]]) is None, "no two scores differ"
    assert alpha_of([[5, None], [None, 5]]) is None, "no case has two scores"
    assert alpha_of([[5, 6]]) is None
