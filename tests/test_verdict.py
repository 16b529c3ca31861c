import pytest
from pydantic import ValidationError

from odw_harness.verdict import Provenance, Verdict


def provenance(**changes: object) -> Provenance:
    fields = {
        "judge": "j",
        "backend": "likelihood/hf",
        "model": "m",
        "revision": "r",
        "rubric": "reference_likelihood",
        "rubric_version": "1",
        "prompt_hash": "p",
    }
    return Provenance(**{**fields, **changes})


@pytest.mark.parametrize("score", [0, 0.99, 10.01, -1, float("nan"), float("inf")])
def test_a_score_outside_1_to_10_is_no_verdict(score: float) -> None:
    with pytest.raises(ValidationError):
        Verdict(score=score, provenance=provenance())


def test_a_failed_verdict_is_never_a_number() -> None:
    with pytest.raises(ValidationError, match="a score or the reason"):
        Verdict(score=1.0, unscored="the judge failed", provenance=provenance())
    with pytest.raises(ValidationError, match="a score or the reason"):
        Verdict(provenance=provenance())
    assert Verdict(unscored="the judge failed", provenance=provenance()).score is None


def test_a_verdict_survives_its_way_through_json() -> None:
    verdict = Verdict(score=7.25, dimensions={"a": 7.0}, rationale="好", details={"gain": 0.9}, provenance=provenance())
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


@pytest.mark.parametrize(
    "change",
    [
        {"backend": "api"},
        {"model": "n"},
        {"revision": "s"},
        {"settings": {"temperature": 1}},
        {"rubric": "odweval"},
        {"rubric_version": "2"},
        {"prompt_hash": "q"},
        {"repeat": 1},
    ],
)
def test_verdicts_of_another_origin_have_another_fingerprint(change: dict[str, object]) -> None:
    assert provenance(**change).fingerprint != provenance().fingerprint


def test_the_label_of_a_judge_is_no_part_of_its_fingerprint() -> None:
    assert provenance(judge="renamed").fingerprint == provenance().fingerprint
