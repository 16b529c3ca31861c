"""Means put right by a few marks: formulas by hand and by ppi-python, and simulated graders whose truth is known."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_1samp, ttest_ind

from odw_harness.human.assign import Script, assign, sample
from odw_harness.paper import load_table
from odw_harness.stats.calibration import FEWEST_QUESTIONS, Map, calibrated
from odw_harness.stats.prediction_powered import Powered, balance

TENFOLD = Map(kind="linear", judge=(1, 10), people=(10, 100))
NONE = float("nan")


def powered(judge: Any, people: Any) -> Powered:
    marked = ~np.isnan(people) & ~np.isnan(judge)
    question, system = np.nonzero(marked)
    if len(set(question)) < FEWEST_QUESTIONS:
        return Powered(judge, people)
    return Powered(judge, people, calibrated(judge[marked], people[marked], list(question), list(system)).without)


def with_power(judge: Any, people: Any, power: float) -> Powered:
    """One map of ten times the score for all questions, and a power that is given, not found."""
    marked = int((~np.isnan(people)).any(axis=1).sum())
    found = Powered(judge, people, [TENFOLD] * marked)
    found.predicted = power * 10 * (judge - np.nanmean(judge, axis=0))
    found.left = people - found.predicted
    return found


def test_people_alone_are_a_mean_with_students_interval() -> None:
    people = np.array([[70.0], [80], [NONE], [60], [90], [NONE]])
    found = Powered(np.full((6, 1), 5.0), people).mean(0)
    # 70, 80, 60, 90: mean 75, sd √(500/3) = 12.910, t(3) = 3.1824: 75 ± 20.54
    assert found.people
    assert (found.answers, found.marked, found.people.value) == (6, 4, 75)
    assert (found.people.low, found.people.high) == pytest.approx((75 - 20.5426, 75 + 20.5426), abs=1e-3)
    assert found.corrected == found.people, "no map, no correction"
    assert (found.judge, found.saved, found.width) == (None, 0, 1)


def test_the_formula_of_double_sampling() -> None:
    """Cochran 1977, section 12.6, and the same by ppi-python 0.2.3, `ppi_mean_pointestimate` of the 15 unmarked with lam
    0.8 · 15 / 21: 68.41904761904762, standard error 2.351 from population variances and z."""
    marks = np.array([62.0, 75, 58, 81, 70, 66])
    said = np.array(
        [60.0, 71, 64, 77, 69, 70, *(55, 66, 73, 80, 62, 68, 71, 75, 59, 64, 78, 70, 67, 61, 72)],
    )
    people = np.full((21, 1), NONE)
    people[:6, 0] = marks
    found = with_power(said[:, None] / 10, people, 0.8).mean(0)
    assert found.corrected
    assert found.corrected.value == pytest.approx(68.41904761904762)
    left = marks - 0.8 * said[:6]
    # Cov(mean of left over 6, mean of 0.8 · said over 21) is their covariance over 21.
    both = np.sum((left - left.mean()) * 0.8 * (said[:6] - said.mean())) / 5
    variance = left.var(ddof=1) / 6 + 0.64 * said.var(ddof=1) / 21 + 2 * both / 21
    assert found.corrected.error == pytest.approx(variance**0.5)
    assert found.corrected.error == pytest.approx(2.351, rel=0.15)
    assert found.corrected.high == pytest.approx(68.41904761904762 + student.ppf(0.975, 5) * variance**0.5)
    assert found.worth == pytest.approx(6 * (marks.var(ddof=1) / 6) / variance)
    assert found.judge == pytest.approx(said.mean())


def test_many_marks_give_the_interval_of_ppi_python() -> None:
    """`ppi_mean_ci(y[m], f[m], f[~m], alpha=0.05, lam=0.6)` of ppi-python 0.2.3: 58.97162 to 61.16616."""
    i = np.arange(400)
    said = 60 + 10 * np.sin(i)
    people = np.where(i % 4 == 0, said + 5 * np.sin(3 * i + 1) + 3 * np.cos(7 * i), NONE)
    found = with_power(said[:, None] / 10, people[:, None], 0.8).mean(0).corrected  # 0.6 is 0.8 · 300 / 400
    assert found
    assert found.value == pytest.approx(60.068891378561354)
    assert (found.low, found.high) == pytest.approx((58.97162, 61.16616), abs=0.03)  # t for z, n - 1 for n


def test_marks_of_all_answers_leave_the_judge_nothing_to_say() -> None:
    random = np.random.default_rng(1)
    people = random.normal(70, 8, (21, 3))
    found = powered(people / 10 + random.normal(0, 0.3, people.shape), people)
    assert found.power > 0.5
    for system in range(3):
        mean = found.mean(system)
        assert mean.corrected
        assert mean.corrected.value == pytest.approx(people[:, system].mean())
        assert mean.corrected.error == pytest.approx(people[:, system].std(ddof=1) / 21**0.5)
        assert mean.saved == pytest.approx(0, abs=1e-9)


def test_a_shift_of_the_judges_scores_of_one_system_moves_nothing() -> None:
    random = np.random.default_rng(2)
    people = random.normal(70, 8, (21, 2))
    judge = people / 10 + random.normal(0, 0.3, people.shape)
    marked = np.where(np.arange(21)[:, None] < 8, people, NONE)
    fair, favoured = with_power(judge, marked, 1), with_power(judge - [0, 2], marked, 1)
    (gap,), (same) = fair.gaps(["a", "b"], 0), favoured.gaps(["a", "b"], 0)[0]
    assert gap.corrected.value == pytest.approx(same.corrected.value)
    assert favoured.mean(1).judge == pytest.approx((fair.mean(1).judge or 0) - 20), "the judge alone is deceived"


def test_what_the_judge_is_taken_to_say_of_a_question_rests_on_other_questions_marks() -> None:
    judge, people = simulated(4, "good", 6)
    row = int(np.flatnonzero((~np.isnan(people)).any(axis=1))[2])
    changed = people.copy()
    changed[row] = 100 - changed[row]
    before, after = powered(judge, people), powered(judge, changed)
    assert after.predicted[row] == pytest.approx(before.predicted[row])
    assert after.word[row] == pytest.approx(before.word[row])
    assert not np.allclose(after.predicted, before.predicted)


def test_systems_marked_on_the_same_questions_are_compared_in_pairs() -> None:
    people = np.array([[70.0, 75], [80, 82], [60, 69], [90, 92], [NONE, NONE]])
    (gap,) = Powered(np.full((5, 2), 5.0), people).gaps(["a", "b"], 0)
    test = ttest_1samp([5, 2, 9, 2], 0)
    assert (gap.system, gap.against, gap.people.value) == ("b", "a", 4.5)
    assert gap.p == pytest.approx(test.pvalue)
    assert (gap.people.low, gap.people.high) == pytest.approx(tuple(test.confidence_interval()))


def test_systems_marked_on_other_questions_are_compared_as_welch_does() -> None:
    people = np.full((8, 2), NONE)
    people[:4, 0], people[4:, 1] = [70, 80, 60, 90], [72, 75, 78, 73]
    (gap,) = Powered(np.full((8, 2), 5.0), people).gaps(["a", "b"], 0)
    test = ttest_ind(people[4:, 1], people[:4, 0], equal_var=False)
    assert gap.people.freedom == pytest.approx(test.df)
    assert gap.p == pytest.approx(test.pvalue)


def test_holm_is_over_the_table_or_over_all_pairs_where_the_best_was_picked() -> None:
    people = np.array([[70.0, 75, 71], [80, 82, 84], [60, 69, 63], [90, 92, 93]])
    means = Powered(np.full((4, 3), 5.0), people)
    c_b, a_b = (gap.corrected.p or 0 for gap in means.gaps(list("abc"), 1))
    _, a_c = (gap.corrected.p or 0 for gap in means.gaps(list("abc"), 0))
    assert 2 * a_c < a_b < c_b / 2
    assert {gap.system: gap.p for gap in means.gaps(list("abc"), 1)} == pytest.approx({"a": 2 * a_b, "c": c_b})
    assert {gap.system: gap.p for gap in means.gaps(list("abc"), 0)} == pytest.approx({"b": a_b, "c": 2 * a_c})
    picked = means.gaps(list("abc"), None)
    assert {gap.against for gap in picked} == {"b"}
    # Of three pairs a and c differ most: 3 · 0.022, then 2 · 0.073 of a and b, then 0.432 of b and c.
    assert {gap.system: gap.p for gap in picked} == pytest.approx({"a": 2 * a_b, "c": c_b})


def test_the_best_of_many_equals_is_rarely_called_better() -> None:
    found = []
    for seed in range(150):
        people = np.random.default_rng(seed).normal(70, 8, (8, 6))
        table = Powered(np.full((8, 6), 5.0), people).gaps(list("abcdef"), None)
        found.append(any(gap.shown for gap in table))
    assert np.mean(found) <= 0.05 + 3 * (0.05 * 0.95 / 150) ** 0.5


def test_one_mark_two_marks_none() -> None:
    people = np.full((21, 3), NONE)
    people[0, 0], people[:2, 1] = 70, [60, 70]
    found = Powered(np.full((21, 3), 5.0), people)
    one, two, none = (found.mean(system) for system in range(3))
    assert one.people
    assert (one.people.value, one.people.low, one.saved) == (70, None, None)
    assert two.people
    assert (two.people.low, two.people.high) == (pytest.approx(65 - 12.7062 * 5, abs=1e-3), 100), "cut at 100"
    assert (none.people, none.corrected, none.marked) == (None, None, 0)
    assert found.gaps(list("abc"), None) == []
    pooled = found.pooled()
    assert pooled
    assert pooled.marked == 2
    assert Powered(np.full((4, 1), 5.0), np.full((4, 1), NONE)).pooled() is None


def test_equal_marks_have_no_spread_and_no_miracle() -> None:
    found = powered(np.full((21, 2), 6.0), np.full((21, 2), 70.0))
    assert found.power == 0
    mean = found.mean(0)
    assert mean.corrected
    assert (mean.corrected.low, mean.corrected.high, mean.saved) == (70, 70, None)
    assert [gap.p for gap in found.gaps(["a", "b"], 0)] == [1.0]


def test_an_answer_without_the_judges_score_is_left_out() -> None:
    people = np.array([[70.0], [80], [60], [90], [10]])
    judge = np.array([[7.0], [8], [6], [9], [NONE]])
    found = powered(judge, people).mean(0)
    assert found.people
    assert (found.answers, found.marked, found.people.value) == (4, 4, 75)


# The truth: 6 systems from 55 to 75; questions differ by 5 points, answers by 7 more, people by 4 more.
SYSTEMS = np.linspace(55, 75, 6)
JUDGES = ("good", "biased", "favouring", "useless", "levels")


def simulated(seed: int, judge: str, each: int) -> tuple[Any, Any]:
    """21 questions with so many marked answers a system: at random, or all systems' answers to the same questions."""
    random = np.random.default_rng(seed)
    quality = SYSTEMS + random.normal(0, 5, (21, 1)) + random.normal(0, 7, (21, 6))
    people = quality + random.normal(0, 4, (21, 6))
    noise = random.normal(0, 1, (21, 6))
    score = {
        "good": quality / 10 + 0.3 * noise,
        "biased": 2 + quality / 15 + 0.3 * noise,
        "favouring": quality / 10 + 1.5 * (np.arange(6) % 3 == 0) + 0.5 * noise,
        "useless": 6 + noise,
        "levels": SYSTEMS / 10 + 0.6 * noise,  # knows who is good, and nothing of an answer
    }[judge]
    if seed % 2:
        marked = np.zeros((21, 6), dtype=bool)
        marked[random.choice(21, each, replace=False)] = True
    else:
        marked = random.permuted(np.tile((np.arange(21) < each)[:, None], (1, 6)), axis=0)
    return np.clip(score, 1, 10), np.where(marked, people, NONE)


def at_least(level: float, held: Sequence[float]) -> None:
    """Coverage, one share for each independent world, within three standard errors of the simulation."""
    assert np.mean(held) >= level - 3 * max(np.std(held), 0.05) / len(held) ** 0.5


@pytest.mark.parametrize("judge", JUDGES)
def test_intervals_hold_the_truth_as_often_as_they_say(judge: str) -> None:
    means, gaps, all_, off, saved, widths = [], [], [], [], [], []
    for seed in range(70):
        found = powered(*simulated(seed, judge, 6))
        of = [found.mean(system) for system in range(6)]
        known = [(each.corrected, true) for each, true in zip(of, SYSTEMS, strict=True) if each.corrected]
        means.append(float(np.mean([each.low <= true <= each.high for each, true in known])))  # type: ignore[operator]
        off.append(float(np.mean([each.value - true for each, true in known])))
        widths += [each.width for each in of if each.width]
        table = found.gaps([str(number) for number in range(6)], 0)
        true = [SYSTEMS[int(gap.system)] - SYSTEMS[0] for gap in table]
        gaps.append(
            float(np.mean([g.corrected.low <= t <= g.corrected.high for g, t in zip(table, true, strict=True)]))
        )  # type: ignore[operator]
        pooled = found.pooled()
        assert pooled
        assert pooled.corrected
        assert pooled.saved is not None
        all_.append(float(pooled.corrected.low <= SYSTEMS.mean() <= pooled.corrected.high))  # type: ignore[operator]
        saved.append(pooled.saved / pooled.marked)
    for held in (means, gaps, all_):
        at_least(0.95, held)
    assert abs(np.mean(off)) <= 3 * np.std(off) / 70**0.5, "no bias"
    if judge in ("good", "biased", "favouring"):
        assert np.median(widths) < 0.85
        assert np.mean(saved) > 0.4
    else:
        assert np.median(widths) == pytest.approx(1, abs=0.02)
        assert np.mean(saved) < 0.05


def test_with_graders_of_unlike_severity_means_are_those_by_these_graders_and_differences_anybodys() -> None:
    """Three graders, apart by 5 points, mark 6 answers of each system, dealt out as `odw human export` does."""
    scripts = [Script(f"{q}", f"{q}/{s}", (f"{s}",)) for q, s in itertools.product(range(21), range(SYSTEMS.size))]
    means, gaps, of_anybody = [], [], []
    for seed in range(50):
        judge, people = simulated(seed, "good", 21)
        severity = np.random.default_rng(1000 + seed).normal(0, 5, 3)
        given = np.full_like(people, NONE)
        for grader, sheet in enumerate(assign(sample(scripts, 6 * SYSTEMS.size, seed), 3, None, 1, seed)):
            for script in sheet:
                place = int(script.question_hash), int(script.systems[0])
                given[place] = people[place] - severity[grader]
        found = powered(judge, given)
        pooled = found.pooled()
        assert pooled
        assert pooled.corrected
        means.append(float(pooled.corrected.low <= SYSTEMS.mean() - severity.mean() <= pooled.corrected.high))  # type: ignore[operator]
        of_anybody.append(float(pooled.corrected.low <= SYSTEMS.mean() <= pooled.corrected.high))  # type: ignore[operator]
        table = found.gaps([str(number) for number in range(SYSTEMS.size)], 0)
        true = [SYSTEMS[int(gap.system)] - SYSTEMS[0] for gap in table]
        gaps.append(
            float(np.mean([g.corrected.low <= t <= g.corrected.high for g, t in zip(table, true, strict=True)]))
        )  # type: ignore[operator]
    at_least(0.95, means)
    at_least(0.95, gaps)
    assert np.mean(of_anybody) < 0.8, "three graders tell little of how severe others would be"


def test_the_paper_s_automatic_scores_save_no_marks_and_do_no_harm() -> None:
    """Of the 15 systems of appendix 2 five marks each are taken, and the mean of all 21 is what is looked for."""
    scores = {
        name: np.array([row.scores for row in sorted(load_table(name), key=lambda row: row.system)], dtype=float).T
        for name in ("human", "odweval", "alignbench")
    }
    people, truth = scores["human"], scores["human"].mean(axis=0)
    for judge in ("odweval", "alignbench"):
        held, saved = [], []
        for seed in range(20):
            marked = np.random.default_rng(seed).permuted(np.tile((np.arange(21) < 5)[:, None], (1, 15)), axis=0)
            found = powered(scores[judge], np.where(marked, people, NONE))
            means = [found.mean(system).corrected for system in range(15)]
            held.append(np.mean([m.low <= true <= m.high for m, true in zip(means, truth, strict=True)]))  # type: ignore[union-attr, operator]
            pooled = found.pooled()
            assert pooled
            saved.append(pooled.saved)
        assert np.mean(held) >= 0.94
        assert np.mean([each or 0 for each in saved]) < 2  # of 75


def test_marks_drawn_at_random_are_rarely_called_anything_else() -> None:
    flagged = [not balance(*simulated(seed, "good", 6)).random for seed in range(200)]
    assert sum(flagged) <= 8  # 1 % of 200, and four standard errors


def test_marks_of_the_better_answers_are_found_out() -> None:
    random = np.random.default_rng(3)
    judge = random.normal(6, 1, (21, 5))
    best = np.argsort(np.argsort(-judge, axis=0), axis=0) < 6
    found = balance(judge, np.where(best, 70.0, NONE))
    assert not found.random
    assert found.difference == pytest.approx(judge[best].mean() - judge[~best].mean(), abs=0.1)
    assert balance(judge, np.full_like(judge, 70)).random, "all are marked"
