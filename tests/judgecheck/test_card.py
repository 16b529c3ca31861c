from typing import Any

import pytest

from odw_harness.judgecheck.card import JUDGE, RULES, CaseScores, Cost, KindInfo, Row, cost_of, row_of
from odw_harness.judgecheck.words import summary
from odw_harness.verdict import Verdict
from tests.test_verdict import provenance


def info(effect: Any, *strengths: float, title: str = "") -> KindInfo:
    return KindInfo(effect=effect, title=title, title_zh="中", strengths=strengths or (1.0,))


KINDS = {
    "reference": info("reference"),
    "figures_altered": info("worse", title="figures altered"),
    "cut": info("worse", 0.25, 0.5, title="cut off"),
    "padded": info("not_higher", 0.5, 1.0, title="padded"),
    "injected": info("not_higher", title="injected"),
    "closings": info("same", title="closings"),
}


def case(
    question: str,
    kind: str,
    *scores: float | None,
    strength: float = 1.0,
    against: tuple[str, float] = ("reference", 1.0),
    characters: int = 100,
    caught: bool | None = None,
) -> CaseScores:
    return CaseScores(
        question=question,
        kind=kind,
        strength=strength,
        against=against,
        characters=characters,
        scores={JUDGE: scores, RULES: (8.0,)},
        caught=caught,
    )


def row(*cases: CaseScores) -> Row:
    return row_of(JUDGE, "j", cases, KINDS)


CUTS = (
    case("A", "reference", 8.0),
    case("A", "cut", 7.0, strength=0.25),
    case("A", "cut", 7.0, strength=0.5),
    case("B", "reference", 9.0),
    case("B", "cut", 9.0, strength=0.25),
    case("B", "cut", 4.0, strength=0.5),
    case("C", "reference", 8.0),
    case("C", "cut", 8.5, strength=0.25),
    case("C", "cut", None, strength=0.5),
)
"""Beside their references: −1, −1, 0, −5, +½ and an unscored one."""


def test_pairs_are_counted_lower_tied_and_higher_and_the_unscored_left_out() -> None:
    contrast = row(*CUTS).kinds["cut"].contrast
    assert contrast is not None
    assert (contrast.pairs, contrast.lower.count, contrast.tied, contrast.higher.count) == (5, 3, 1, 1)
    assert (contrast.lower.low, contrast.lower.high) == pytest.approx((0.230725, 0.882379), abs=1e-5)
    assert (contrast.lost.count, contrast.gained.count) == (3, 0), "half a point is not more than half a point"
    assert contrast.auc == 0.7
    reach = 2.776445 * (18.8 / 4 / 5) ** 0.5
    assert (contrast.shift.mean, contrast.shift.low, contrast.shift.high) == pytest.approx(
        (-1.3, -1.3 - reach, -1.3 + reach), abs=1e-5
    )


def test_each_strength_has_a_contrast_of_its_own() -> None:
    quarter, half = row(*CUTS).kinds["cut"].strengths
    assert (quarter.strength, quarter.contrast.pairs, quarter.contrast.lower.count) == (0.25, 3, 1)
    assert quarter.score.mean == pytest.approx((7 + 9 + 8.5) / 3)
    assert (half.strength, half.contrast.pairs, half.contrast.lower.count) == (0.5, 2, 2)
    assert half.contrast.shift.mean == -3.0


def test_order_over_strength_looks_at_questions_with_two_scored_strengths() -> None:
    graded = row(*CUTS).kinds["cut"].graded
    assert graded is not None
    assert (graded.of, graded.not_rising.count, graded.falling.count, graded.tau) == (2, 2, 1, 0.5)
    rising = row(case("A", "cut", 3.0, strength=0.25), case("A", "cut", 4.0, strength=0.5)).graded
    assert rising is not None
    assert (rising.not_rising.count, rising.falling.count, rising.tau) == (0, 0, -1.0)


def test_only_plain_kinds_make_the_headline() -> None:
    headline = row(*CUTS, case("A", "figures_altered", 9.0), case("A", "padded", 1.0, strength=1.0)).headline
    assert headline is not None
    assert (headline.pairs, headline.lower.count) == (5, 3)
    assert row(CUTS[0], case("A", "figures_altered", 7.0)).headline is None


def test_the_reference_is_measured_by_the_promised_8() -> None:
    result = row(*CUTS)
    assert result.reference is not None
    assert result.reference.mean == pytest.approx(25 / 3)
    assert result.from_promised == pytest.approx(1 / 3)
    assert row(case("A", "reference", None)).from_promised is None


def test_a_case_is_compared_with_its_base() -> None:
    injected = case("A", "injected", 7.25, against=("cut", 0.5))
    contrast = row(*CUTS, injected).kinds["injected"].contrast
    assert contrast is not None
    assert contrast.shift.mean == 0.25
    assert row(injected).kinds["injected"].contrast is None, "its base is not there"


def test_the_length_slope_is_in_points_for_twice_the_length() -> None:
    slope = row(
        case("A", "reference", 7.0),
        case("A", "padded", 8.0, strength=0.5, characters=150),
        case("A", "padded", 8.0, strength=1.0, characters=200),
    ).length_slope
    assert slope is not None
    assert slope.slope == pytest.approx((0.5 * 1 + 1 * 1) / (0.5**2 + 1**2))
    assert row(*CUTS).length_slope is None


def test_repeats_are_averaged_and_their_agreement_is_measured() -> None:
    result = row(
        case("A", "reference", 8.0, 8.0),
        case("A", "cut", 6.0, 8.0, strength=0.5),
        case("B", "reference", 8.0, 9.0),
        case("B", "cut", 7.0, 7.0, strength=0.5),
    )
    contrast, repeats = result.kinds["cut"].contrast, result.repeats
    assert contrast is not None
    assert contrast.shift.mean == pytest.approx((7 - 8 + 7 - 8.5) / 2)
    assert repeats is not None
    assert repeats.repeats == 2
    assert repeats.sd is not None
    assert repeats.sd.mean == pytest.approx((0 + 2**0.5 + 0.5**0.5 + 0) / 4)
    assert repeats.held is not None
    assert (repeats.held.count, repeats.held.of) == (1, 2)
    assert repeats.alpha == pytest.approx(12 / 47), "observed 10 / 8, expected 2 · (8 · 471 − 61²) / 56"
    assert row(*CUTS).repeats is None


def test_a_scored_repeat_counts_where_another_has_no_verdict() -> None:
    result = row(case("A", "reference", 8.0, None), case("A", "cut", None, 6.0, strength=0.5))
    assert result.kinds["cut"].contrast is not None
    assert result.kinds["cut"].contrast.shift.mean == -2.0
    assert result.repeats is not None
    assert (result.repeats.held, result.repeats.sd, result.repeats.alpha) == (None, None, None)


def test_only_the_rules_catch() -> None:
    cases = [case("A", "reference", 8.0)]
    cases += [case("A", "figures_altered", 8.0, strength=at, caught=at > 0.1) for at in (0.1, 0.5, 1.0)]
    caught = row_of(RULES, "rules only", cases, KINDS).kinds["figures_altered"].caught
    assert caught is not None
    assert (caught.count, caught.of) == (2, 3)
    assert row(*cases).kinds["figures_altered"].caught is None


def test_the_cost_is_over_all_verdicts_and_reasons_are_counted_by_their_kind() -> None:
    cost = cost_of(
        [
            Verdict(score=8, seconds=1.0, usage={"requests": 1, "prompt_tokens": 100}, provenance=provenance()),
            Verdict(unscored="missing dimension: 创造性", seconds=2.0, usage={"requests": 2}, provenance=provenance()),
            Verdict(unscored="missing dimension: 丰富度", seconds=3.0, provenance=provenance()),
            Verdict(unscored="cut reply", seconds=2.0, provenance=provenance()),
        ]
    )
    assert (cost.verdicts, cost.coverage, cost.seconds) == (4, 0.25, 2.0)
    assert cost.unscored == {"missing dimension": 2, "cut reply": 1}
    assert cost.usage == {"requests": 0.75, "prompt_tokens": 25.0}


def said(*cases: CaseScores, coverage: float = 1.0) -> list[str]:
    rules = row_of(RULES, "rules only", cases, KINDS)
    cost = Cost(verdicts=1, coverage=coverage, unscored={}, seconds=0, usage={})
    return [statement.en for statement in summary(row(*cases), [rules], cost, KINDS)]


def judged(kind: str, scores: list[float], caught: bool | None = None, reference: float = 8.0) -> list[CaseScores]:
    cases = []
    for number, score in enumerate(scores):
        cases += [case(f"{kind}{number}", "reference", reference), case(f"{kind}{number}", kind, score, caught=caught)]
    return cases


def test_words_say_what_a_judge_can_be_trusted_with_and_what_not() -> None:
    lines = said(*judged("cut", [7.0] * 19 + [8.0]), *judged("figures_altered", [7.0] * 12 + [9.0] * 8, caught=True))
    assert lines == [
        "Of 20 pairs over cut off it scores the worse lower in 95.0% (76.4% to 99.1%): reaches the 95% asked.",
        "Trust it with (worse scored lower in at least 95% of pairs): cut off (95%).",
        "Do not trust it with: figures altered (60%).",
        "Leave altered figures to the rules: they catch 100.0% of 20 cases (83.9% to 100.0%).",
        "Agreement between repeats: not measured (repeats: 1).",
    ]
    assert "Better than chance, but not to be trusted: cut off (90%)." in said(*judged("cut", [7.0] * 18 + [8.0] * 2))
    assert "Too few pairs to say (under 20): cut off (100%)." in said(*judged("cut", [7.0] * 19))


def test_words_name_what_a_judge_does_wrong() -> None:
    assert any("Marks down" in line and "closings (100%, -1.00)" in line for line in said(*judged("closings", [7.0])))
    assert any("Rewards" in line and "injected (100%, +1.00)" in line for line in said(*judged("injected", [9.0])))
    assert not any("Marks" in line or "Rewards" in line for line in said(*judged("closings", [7.8])))
    assert "Gives the references 6.00 on average, where the rubric promises 8." in said(case("A", "reference", 6.0))
    assert "It leaves 10.0% of answers without a score." in said(*CUTS, coverage=0.9)
    assert said(case("A", "reference", None), coverage=0.0) == ["This judge gave no score."]
    apart = said(case("A", "reference", 6.0, 8.0))
    assert "Disagrees with itself: an answer's repeats have a standard deviation of 1.41." in apart
    padded = [case("A", "reference", 8.0), case("A", "padded", 8.5, characters=200)]
    assert "Prefers length: +0.50 points for twice the length." in said(*padded)


def test_the_worse_is_also_set_beside_what_is_as_good() -> None:
    result = row(
        case("A", "reference", 8.0),
        case("A", "closings", 7.0),
        case("A", "cut", 7.5, strength=0.25),
        case("A", "cut", 5.0, strength=0.5),
        case("B", "reference", 8.0),
        case("B", "closings", 7.0),
        case("B", "cut", 7.0, strength=0.5),
        case("C", "reference", 8.0),
        case("C", "cut", 2.0, strength=0.5),
    )
    contrast, as_good = result.kinds["cut"].contrast, result.kinds["closings"].contrast
    assert contrast is not None
    assert contrast.lower.share == 1.0
    assert contrast.below_same is not None
    assert (contrast.below_same.count, contrast.below_same.of) == (1, 3), "lower, higher, tied; C has nothing as good"
    assert as_good is not None
    assert as_good.below_same is None


def test_a_judge_that_sees_change_but_not_worse_is_not_to_be_trusted() -> None:
    cases = judged("cut", [7.0] * 20)
    cases += [case(f"cut{number}", "closings", 6.9 if number < 5 else 7.9) for number in range(20)]
    lines = said(*cases)
    assert lines[0].endswith("beside rewrites that are as good as the reference, in 75.0%.")
    assert not any("Trust it" in line for line in lines)
    assert any(line.startswith("Told from the references, less surely") and "cut off (75.0%)" in line for line in lines)
