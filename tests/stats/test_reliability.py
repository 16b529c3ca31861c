"""Graders of the same answers: against the published example, the kept libraries, and simulations of known truth.

1000 simulations a design gave these shares of intervals of ICC(2,1) that hold the truth (graders, marks an answer, answers;
true ICC): 8, 2, 105, 0.746: 95.5 %; 8, 1 to 3, 105, 0.746: 95.6 %; 8, 2, 105, 0.333: 95.2 %; 4, 2, 60, 0.658: 96.4 %; 3, 1 to
3, 40, 0.5 with no severities: 95.9 %; 8, 2, 210, 0.690: 95.2 %; 5, 5, 30 (complete), 0.552: 95.5 %. On complete data, 400
simulations each, beside pingouin's F interval: 40 answers by 6 graders, 0.653: 96 % (pingouin 94 %); 100 by 4, sds of answers,
graders and residuals 10, 6 and 3, 0.690: 94 % (pingouin 85 %): the F interval is too sure where graders are few and unlike.
"""

import math

import krippendorff
import numpy as np
import pandas as pd
import pytest

from odw_harness.stats import reliability as module
from odw_harness.stats.reliability import (
    Parts,
    Ratings,
    connected,
    intraclass,
    krippendorff_alpha,
    severities,
    studentised,
)

NAN = math.nan
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
)
"""Shrout and Fleiss 1979, table 2: six answers by four graders."""


def ratings(table: np.ndarray) -> Ratings:
    """From answers × graders, NaN where a grader gave no mark; graders are numbered as they turn up."""
    answer, grader = np.nonzero(~np.isnan(table))
    return Ratings.of(answer.tolist(), grader.tolist(), table[answer, grader].tolist())


def simulated(
    random: np.random.Generator, answers: int, graders: int, each: int, sds: tuple[float, float, float]
) -> np.ndarray:
    """Answers × graders, `each` marks an answer; sds: of answers, graders and residuals."""
    quality, severity = random.normal(70, sds[0], answers), random.normal(0, sds[1], graders)
    table = np.full((answers, graders), NAN)
    for row in range(answers):
        who = random.permutation(graders)[:each]
        table[row, who] = quality[row] - severity[who] + random.normal(0, sds[2], each)
    return table


def test_the_published_example_has_its_published_values() -> None:
    found = intraclass(ratings(SHROUT_FLEISS))
    assert found is not None
    assert (round(found.single.value or 0, 2), round(found.mean.value or 0, 2)) == (0.29, 0.62)
    # Their F intervals: 0.02 to 0.76, and 0.07 to 0.93.
    assert (found.single.low, found.single.high) == pytest.approx((0.02, 0.76), abs=0.02)
    assert (found.mean.low, found.mean.high) == pytest.approx((0.07, 0.93), abs=0.05)
    # Mean squares: between answers 11.24, graders 32.49, residual 1.02.
    assert found.residual == pytest.approx(1.02, abs=5e-3)
    assert found.answer == pytest.approx((11.24 - 1.02) / 4, abs=5e-3)
    assert found.grader == pytest.approx((32.49 - 1.02) / 6, abs=5e-3)
    assert (found.k, found.complete, found.cut) == (4, True, ())


@pytest.mark.parametrize("seed", range(3))
def test_complete_data_give_pingouins_values_and_an_interval_no_surer_than_its(seed: int) -> None:
    from pingouin import intraclass_corr

    table = simulated(np.random.default_rng(seed), 40, 6, 6, (8, 3, 5))
    long = pd.DataFrame([(a, g, table[a, g]) for a, g in np.ndindex(table.shape)], columns=["a", "g", "score"])
    theirs = intraclass_corr(long, targets="a", raters="g", ratings="score").set_index("Type")
    found = intraclass(ratings(table))
    assert found is not None
    for estimate, name in ((found.single, "ICC(A,1)"), (found.mean, "ICC(A,k)")):
        assert estimate.value == pytest.approx(theirs.loc[name, "ICC"])
        low, high = theirs.loc[name, "CI95"]
        assert low - 0.1 < (estimate.low or 0) < low + 0.01
        assert estimate.high == pytest.approx(high, abs=0.03)


def test_incomplete_data_give_about_what_reml_does() -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    table = simulated(np.random.default_rng(2), 60, 6, 2, (9, 4, 5))
    of = ratings(table)
    long = pd.DataFrame({"a": of.answer, "g": of.grader, "score": of.score, "all": 1})
    crossed = {"a": "0 + C(a)", "g": "0 + C(g)"}
    fitted = MixedLM.from_formula("score ~ 1", groups="all", vc_formula=crossed, re_formula="0", data=long).fit()
    reml = {**dict(zip(fitted.model.exog_vc.names, fitted.vcomp, strict=True)), "residual": fitted.scale}
    found = Parts.of(of)
    assert found is not None
    assert found.answer == pytest.approx(reml["a"], rel=0.05)
    assert found.grader == pytest.approx(reml["g"], rel=0.25)
    assert found.residual == pytest.approx(reml["residual"], rel=0.1)


def test_incomplete_data_give_the_true_variances_on_average_and_intervals_that_hold_the_truth() -> None:
    random = np.random.default_rng(3)
    truth = 100 / (100 + 9 + 25)
    found, held = [], 0
    for seed in range(150):
        of = ratings(simulated(random, 60, 8, 2, (10, 3, 5)))
        parts, icc = Parts.of(of), intraclass(of, seed)
        assert parts is not None
        assert icc is not None
        found.append((parts.answer, parts.grader, parts.residual))
        held += (icc.single.low or 0) <= truth <= (icc.single.high or 0)
    means, errors = np.mean(found, 0), np.std(found, 0) / math.sqrt(len(found))
    assert np.abs(means - (100, 9, 25)).max() < 3.5 * errors.max()
    assert (np.abs(means - (100, 9, 25)) < 3.5 * errors).all()
    assert 136 <= held <= 149, "of 150; 142 to 143 at 95 %"


def test_the_mean_of_more_marks_is_more_reliable_by_spearman_and_brown() -> None:
    table = simulated(np.random.default_rng(4), 80, 6, 2, (8, 2, 6))
    table[::2, :] = np.where(np.cumsum(~np.isnan(table[::2, :]), 1) <= 1, table[::2, :], NAN)  # every other one mark
    of = ratings(table)
    assert sorted(set(of.per_answer)) == [1, 2]
    assert of.k == pytest.approx(2 / (1 + 1 / 2)), "the harmonic mean of 1 and 2"
    found = intraclass(of)
    assert found is not None
    single = found.single.value or 0
    assert found.mean.value == pytest.approx(of.k * single / (1 + (of.k - 1) * single))
    assert not found.complete


def test_perfect_agreement_is_one_and_none_at_all_is_none() -> None:
    same = intraclass(ratings(np.array([[60.0, 60, 60], [70, 70, 70], [85, 85, 85], [50, 50, 50]])))
    assert same is not None
    assert (same.single.value, same.single.low, same.single.high) == pytest.approx((1, 1, 1))
    assert (same.grader, same.residual) == pytest.approx((0, 0), abs=1e-9)
    for table in (
        np.full((5, 3), 70.0),  # all the same
        np.array([[60.0], [70], [80]]),  # one grader
        np.array([[60.0, NAN], [NAN, 70], [80, NAN]]),  # no answer in common
        np.array([[60.0, 70]]),  # one answer
        np.array([[60.0, NAN], [70, 75]]),  # nothing left to judge the residual by
    ):
        assert intraclass(ratings(table)) is None
    noise = intraclass(ratings(np.array([[60.0, 70], [70, 60], [60, 71], [71, 60]])))
    assert noise is not None
    assert (noise.single.value, noise.cut[0]) == (0, "answer")


@pytest.mark.parametrize("level", ["interval", "ordinal"])
@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_the_librarys(level: str, seed: int) -> None:
    table = np.round(simulated(np.random.default_rng(seed), 40, 5, 3, (8, 3, 5)))
    table[seed::7] = np.where(np.cumsum(~np.isnan(table[seed::7]), 1) <= 1, table[seed::7], NAN)  # answers of one mark
    of = ratings(table)
    found = krippendorff_alpha(of, of.answer.tolist(), level, resamples=0)  # type: ignore[arg-type]
    assert found is not None
    assert found.value == pytest.approx(krippendorff.alpha(table.T, level_of_measurement=level))
    assert found.low is None


def test_alphas_interval_is_over_what_is_drawn_and_needs_four_of_it() -> None:
    table = simulated(np.random.default_rng(1), 60, 6, 2, (8, 2, 5))
    of = ratings(table)
    questions = [int(answer) // 5 for answer in of.answer]
    found = krippendorff_alpha(of, questions, seed=1)
    assert found is not None
    assert found.low < found.value < found.high  # type: ignore[operator]
    assert found == krippendorff_alpha(of, questions, seed=1)
    few = krippendorff_alpha(of, [int(answer) // 20 for answer in of.answer])
    assert few is not None
    assert few.low is None
    # Every question the same: drawing them anew changes nothing but the number of marks.
    repeated = ratings(np.tile([[60.0, 62], [70, 68]], (10, 1)))
    tight = krippendorff_alpha(repeated, [int(answer) // 2 for answer in repeated.answer])
    assert tight is not None
    assert tight.high - tight.low < 1e-9  # type: ignore[operator]


def test_alpha_of_nothing_in_common_or_one_value_is_none() -> None:
    for table in ([[60, NAN], [NAN, 70]], [[60, 60], [60, 60], [NAN, 70]], [[60.0], [70]]):
        of = ratings(np.array(table, dtype=float))
        assert krippendorff_alpha(of, of.answer.tolist()) is None


def test_severities_are_found_though_answers_differ() -> None:
    # Answers worth 60, 70, 80, 90; the second grader takes 6 off, the third gives 3 more. Nobody marks all.
    table = np.array([[60, 54, NAN], [70, NAN, 73], [NAN, 74, 83], [90, 84, NAN]], dtype=float)
    value, reach = severities(ratings(table))
    # Above the average of the three, which is 1 below the first: -1, 5, -4.
    assert value == pytest.approx((-1, 5, -4))
    assert reach == pytest.approx((0, 0, 0), abs=1e-6)


def test_the_severities_intervals_hold_the_truth() -> None:
    random, held = np.random.default_rng(6), []
    true = np.array([4.0, -2, 0, 0, -2])
    for _ in range(120):
        table = simulated(random, 50, 5, 2, (10, 0, 5)) - true
        order = list(dict.fromkeys(np.nonzero(~np.isnan(table))[1].tolist()))  # as graders are numbered
        value, reach = severities(ratings(table))
        held.append(np.abs(value - true[order]) <= reach)
    assert 0.92 < np.mean(held) < 0.98


def test_graders_of_two_parts_are_told_apart_and_compared_within_each() -> None:
    table = np.array(
        [[60, 50, NAN, NAN, NAN], [70, 60, NAN, NAN, NAN], [NAN, NAN, 80, 84, NAN], [NAN, NAN, NAN, NAN, 90]]
    )
    of = ratings(table)
    part = connected(of)
    assert part[0] == part[1] != part[2] == part[3] != part[4]
    value, reach = severities(of)
    assert value == pytest.approx((-5, 5, 2, -2, NAN), nan_ok=True)
    assert math.isnan(reach[4])


def test_a_studentised_residual_is_what_leaving_the_mark_out_gives() -> None:
    table = simulated(np.random.default_rng(8), 12, 4, 3, (8, 3, 4))
    of = ratings(table)
    found = studentised(of)
    columns = np.zeros((of.score.size, 16))
    columns[np.arange(of.score.size), of.answer] = 1
    columns[np.arange(of.score.size), 12 + of.grader] = 1
    for place in (0, 7, 20):
        kept = np.arange(of.score.size) != place
        fit, *_ = np.linalg.lstsq(columns[kept], of.score[kept], rcond=None)
        rest = of.score[kept] - columns[kept] @ fit
        variance = rest @ rest / (kept.sum() - 15)
        inverse = np.linalg.pinv(columns[kept].T @ columns[kept])
        error = math.sqrt(variance * (1 + columns[place] @ inverse @ columns[place]))
        assert found[place] == pytest.approx((of.score[place] - columns[place] @ fit) / error)
        assert of.left[place] / of.free[place] == pytest.approx(of.score[place] - columns[place] @ fit)


def test_an_answers_only_mark_has_no_residual() -> None:
    table = simulated(np.random.default_rng(8), 12, 4, 3, (8, 3, 4))
    table[0, :] = [70, NAN, NAN, NAN]
    of = ratings(table)
    assert math.isnan(studentised(of)[0])
    assert np.isfinite(studentised(of)[1:]).all()
    assert np.isnan(studentised(ratings(table[:2]))).all(), "too few marks to judge by"


def test_a_grader_marks_an_answer_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Ratings.of(["a", "a"], ["G1", "G1"], [60, 70])


def test_draws_are_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWS", 500)
    of = ratings(simulated(np.random.default_rng(9), 30, 5, 2, (8, 3, 4)))
    assert intraclass(of, 1) == intraclass(of, 1)
    assert intraclass(of, 1) != intraclass(of, 2)
