"""The graders, one by one: simulated graders of known severity, carelessness and kind are found, others left alone."""

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from odw_harness.human.marks import Mark
from odw_harness.human.reliability import Reliability, adjusted, reliability
from odw_harness.human.reliability_show import as_json, sentences, show_reliability

Gives = Callable[[float, random.Random], float]
"""What a grader gives an answer that is worth so much."""


def gives(severity: float = 0, noise: float = 4) -> Gives:
    return lambda worth, drawn: worth - severity + drawn.gauss(0, noise)


def marks_of(graders: Mapping[str, Gives], answers: int = 120, each: int = 3, seed: int = 0) -> pd.DataFrame:
    """Marks as `read_marks` gives them: every answer by `each` graders drawn at random, 6 answers a question."""
    drawn, rows = random.Random(seed), []
    for answer in range(answers):
        worth = drawn.gauss(70, 8)
        for grader in drawn.sample(list(graders), each):
            score = min(100.0, max(0.0, graders[grader](worth, drawn)))
            rows.append(row(grader, answer, score))
    return pd.DataFrame(rows)


def row(grader: str, answer: int, score: float, **more: Any) -> dict[str, Any]:
    question = f"q{answer // 6}"
    given = {"grading": "g", "grader": grader, "code": f"K{answer:03}", "question": question, "question_hash": question}
    return Mark(**given, answer_hash=f"a{answer}", score=score, source=f"{grader}.xlsx", **more).model_dump()


def found_in(marks: pd.DataFrame) -> Reliability:
    found = reliability(marks, resamples=200)
    assert found is not None
    return found


def flags(found: Reliability) -> dict[str, tuple[str, ...]]:
    return {each.grader: each.flags for each in found.graders if each.flags}


def printed(found: Reliability) -> str:
    console = Console(width=150, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    show_reliability(found, console)
    return console.export_text()


SEVEN = {f"G{number}": gives(severity) for number, severity in enumerate((-2, -1, -0.5, 0, 0.5, 1, 2), start=1)}


def test_graders_like_each_other_are_left_alone() -> None:
    found = found_in(marks_of(SEVEN))
    assert flags(found) == {}
    assert not found.looks
    assert (found.marks, found.answers, found.shared, found.per_answer) == (360, 120, 120, pytest.approx(3))


def test_false_alarms_are_rare() -> None:
    alarms = [flags(found_in(marks_of(SEVEN, seed=seed))) for seed in range(1, 21)]
    assert sum(map(bool, alarms)) <= 3
    looks = [len(found_in(marks_of(SEVEN, seed=seed)).looks) for seed in range(1, 21)]
    assert sum(map(bool, looks)) <= 4, "one grading in 20 on average"


@pytest.mark.parametrize(
    ("odd", "flag"),
    [
        (gives(12), "severe"),
        (gives(-12), "lenient"),
        (gives(0, 16), "erratic"),
        (lambda worth, drawn: 140 - worth + drawn.gauss(0, 3), "at odds"),
        (lambda worth, drawn: 75 if drawn.random() < 0.8 else worth, "one mark"),
    ],
)
def test_an_odd_grader_is_found_for_what_they_do(odd: Gives, flag: str) -> None:
    found = flags(found_in(marks_of({**SEVEN, "G8": odd}, each=4)))
    assert flag in found["G8"]
    assert set(found) == {"G8"}


def test_severity_is_in_points_with_an_interval_and_adjusting_gives_it_back() -> None:
    marks = marks_of({"G1": gives(6), "G2": gives(0), "G3": gives(-3), "G4": gives(-3)}, each=2)
    found = {each.grader: each.severity for each in found_in(marks).graders}
    for grader, true in (("G1", 6), ("G2", 0), ("G3", -3), ("G4", -3)):
        severity = found[grader]
        assert severity is not None
        assert severity.low <= true <= severity.high  # type: ignore[operator]
    evened = {each.grader: each.severity for each in found_in(adjusted(marks)).graders}
    assert [evened[grader].value for grader in found] == pytest.approx([0] * 4, abs=1e-9)  # type: ignore[union-attr]
    kept = adjusted(marks)["score"] - marks["score"]
    assert kept[marks["grader"] == "G1"].unique() == pytest.approx(found["G1"].value)  # type: ignore[union-attr]


def test_a_graders_row_by_hand() -> None:
    # Two answers both marked, one by the first alone: severities ±2; the first's sd on shared answers 10/√2, the second's
    # 10/√2 too.
    marks = pd.DataFrame([row("甲", 0, 72), row("乙", 0, 68), row("甲", 1, 82), row("乙", 1, 78), row("甲", 2, 82)])
    first, second = sorted(found_in(marks).graders, key=lambda each: -each.marks)
    assert (first.marks, first.shared, second.marks, second.shared) == (3, 2, 2, 2)
    assert first.mean == pytest.approx((72 + 82 + 82) / 3)
    assert first.sd == pytest.approx(10 / math.sqrt(3))
    assert (first.severity.value, second.severity.value) == pytest.approx((-2, 2))  # type: ignore[union-attr]
    assert first.sd_ratio == pytest.approx(1)
    assert first.same == pytest.approx(2 / 3)
    assert first.follows is None, "two answers make no correlation"


def test_a_slip_of_the_pen_is_named_with_its_place() -> None:
    marks = marks_of(SEVEN)
    marks.loc[50, "score"] = 7.5
    found = found_in(marks)
    look = found.looks[0]
    assert (look.grader, look.code, look.score) == (marks.loc[50, "grader"], marks.loc[50, "code"], 7.5)
    assert look.source == f"{look.grader}.xlsx"
    assert look.off == pytest.approx(7.5 - look.expected)
    assert 55 < look.expected < 90
    text = printed(found)
    assert "Marks to look at again" in text
    assert look.code in text


def test_graders_who_share_nothing_with_the_rest_are_named() -> None:
    marks = marks_of({name: SEVEN[name] for name in ("G1", "G2", "G3")}, answers=60, each=2)
    apart = pd.DataFrame([row("G9", 100 + number, 40 + number) for number in range(12)])
    found = found_in(pd.concat([marks, apart], ignore_index=True))
    assert flags(found) == {"G9": ("apart",)}
    alone = next(each for each in found.graders if each.grader == "G9")
    assert (alone.severity, alone.sd_ratio, alone.residual, alone.follows, alone.shared) == (None, None, None, None, 0)
    assert "To talk to: G9 (apart)." in list(sentences(found))
    again = adjusted(pd.concat([marks, apart], ignore_index=True))
    assert again[again["grader"] == "G9"]["score"].tolist() == apart["score"].tolist()


def test_the_graders_of_two_gradings_are_looked_at_within_each() -> None:
    first = marks_of({f"A{number}": gives(number, 2) for number in range(5)}, answers=60)
    second = marks_of({f"B{number}": gives(number, 9) for number in range(5)}, answers=60)
    second = second.assign(answer_hash="second " + second["answer_hash"])
    found = found_in(pd.concat([first, second], ignore_index=True))
    assert flags(found) == {}
    assert sum(each.severity.value for each in found.graders[:5]) == pytest.approx(0)  # type: ignore[union-attr]
    assert any("2 groups without an answer in common" in line for line in sentences(found))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row("G1", 0, 70), row("G1", 1, 80)], "there is one grader only"),
        ([row("G1", 0, 70), row("G2", 1, 80)], "no answer was marked by two of them"),
        ([row(g, a, 70) for g in ("G1", "G2") for a in range(20)], "all marks of the answers in common are the same"),
        ([row("G1", 0, 70)], "there is one grader only"),
    ],
)
def test_too_little_to_tell_is_said_in_a_sentence(rows: list[dict[str, Any]], told: str) -> None:
    found = found_in(pd.DataFrame(rows))
    assert (found.interval, found.ordinal, found.icc) == (None, None, None)
    assert told in next(sentences(found))
    text = printed(found)
    assert "(apart)" not in text  # where nobody shares an answer, that is how the sheets were dealt
    assert "nan" not in text
    assert "NaN" not in str(as_json(found))
    assert "nan" not in str(as_json(found))


def test_two_answers_of_two_graders_give_what_they_can() -> None:
    found = found_in(pd.DataFrame([row("G1", 0, 60), row("G2", 0, 65), row("G1", 1, 80), row("G2", 1, 84)]))
    assert found.interval is not None
    assert found.interval.low is None
    assert "nan" not in printed(found)


def test_no_marks_are_none() -> None:
    assert reliability(pd.DataFrame(columns=list(Mark.model_fields))) is None
    assert adjusted(pd.DataFrame(columns=list(Mark.model_fields))).empty


@pytest.mark.parametrize(
    ("noise", "alpha", "icc"),
    [(1, "is reliable", "excellent"), (5, "tentative", "excellent"), (20, "not reliable", "poor")],
)
def test_the_first_line_says_whether_it_is_enough(noise: float, alpha: str, icc: str) -> None:
    graders = {f"G{number}": gives(0, noise) for number in range(6)}
    found = found_in(marks_of(graders, each=4, answers=200))
    first = next(sentences(found))
    assert alpha in first
    assert icc in first


def test_simulated_marks_are_said_to_be_first() -> None:
    marks = pd.DataFrame([row(g, a, 70 + a, simulated=True) for g in ("G1", "G2") for a in range(3)])
    assert printed(found_in(marks)).startswith("! SIMULATED: 6 of 6 marks")


def test_a_graders_name_can_not_drive_the_terminal() -> None:
    found = found_in(marks_of({"\x1b[31mG1": gives(), "[bold]G2": gives(), "G3": gives()}, each=2))
    text = printed(found)
    assert "\x1b" not in text
    assert "[bold]G2" in text
