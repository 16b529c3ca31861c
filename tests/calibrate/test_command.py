"""`odw judge calibrate` on made runs and marks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from odw_harness.cli import main
from tests.calibrate.support import PLACE, QUESTIONS, SYSTEMS, good, marked, quality, runs, who


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return marked(runs(tmp_path / "outputs"), 28)


def found(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    assert main(["judge", "calibrate", *map(str, arguments), "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return list(json.loads(printed.out))


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["judge", "calibrate", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["judge", "calibrate", *map(str, arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


def test_a_score_is_told_in_people_s_terms_first(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, outputs)
    lines = out.splitlines()
    assert lines[0].startswith("odweval v1 · judge-1 (")
    assert lines[1].startswith(
        "A 7.0 of this judge means 69 on people's scale of 100: 95 % of new answers with it lie between "
    )
    assert "56 marks by 2 graders of 28 answers to" in lines[2]
    assert "The map is a line" in out
    assert "Marks saved: " in out
    assert "Against 丁" in out


def test_means_are_near_the_truth_and_narrower_than_by_marks_alone(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (one,) = found(capsys, outputs, "--difference", 10)
    assert [each["system"] for each in one["systems"]] == ["丁", "丙", "乙", "甲"]
    for each in one["systems"]:
        mean, truth = each["mean"], np.mean([quality(each["system"], question) for question in QUESTIONS])
        assert mean["answers"] == 21
        assert mean["corrected"]["low"] < truth < mean["corrected"]["high"]
        assert mean["corrected"]["value"] == pytest.approx(truth, abs=2)
        assert mean["width"] < 1
        assert mean["worth"] == pytest.approx(min(21, mean["marked"] / mean["width"] ** 2))
    assert sum(each["mean"]["marked"] for each in one["systems"]) == one["answers"] == 28
    assert one["saved"] > 15
    assert one["power"] > 0.8
    assert one["curve"][0]["judge"] == one["calibration"]["low"]
    assert all(point["low"] <= point["people"] <= point["high"] for point in one["curve"])
    assert one["needed"]["with_judge"] < one["needed"]["alone"]
    assert one["warnings"] == ["1 answer is scored beyond all marked ones; what these scores mean is a guess"]


def test_a_judge_who_knows_nothing_saves_nothing_and_is_called_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def blind(system: str) -> Any:
        return lambda question: [[5.0 + (PLACE[question.id] * 7 + SYSTEMS.index(system) * 3) % 10 / 5]]

    marked(runs(tmp_path, scores=blind), 40)
    (one,) = found(capsys, tmp_path)
    assert one["calibration"]["map"]["kind"] == "constant"
    assert one["saved"] == 0
    assert [each["mean"]["corrected"] for each in one["systems"]] == [each["mean"]["people"] for each in one["systems"]]
    out = said(capsys, tmp_path)
    assert "This judge's scores are not shown to say more of people's marks than their mean, " in out
    assert "Marks saved: 0." in out


def test_a_favoured_system_is_put_in_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fond(system: str) -> Any:
        return lambda question: [[round(quality(system, question) / 10 + 1.5 * (system == "乙"), 2)]]

    marked(runs(tmp_path, scores=fond), 40)
    (one,) = found(capsys, tmp_path)
    means = {each["system"]: each["mean"] for each in one["systems"]}
    assert means["乙"]["judge"] > means["丙"]["judge"] + 3
    assert means["乙"]["corrected"]["value"] < means["丙"]["corrected"]["value"] - 3


def test_simulated_marks_are_said_before_all_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(runs(tmp_path), 28, simulated=True)
    assert said(capsys, tmp_path).splitlines()[1] == (
        "! all 56 marks are simulated: no person gave them, and nothing here is about people"
    )


def test_each_measure_has_its_own_table_and_one_can_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked(runs(runs(tmp_path / "one", judge=who("judge-2")).parent), 28)
    both = found(capsys, tmp_path)
    assert sorted(each["judge"] for each in both) == ["judge-1", "judge-2"]
    (one,) = found(capsys, tmp_path, "--measure", "judge-2")
    assert one in both
    assert "--out x.json: a file keeps one measure" in refused(capsys, tmp_path, "--out", "x.json")
    assert "--measure judge: fits several; there are " in refused(capsys, tmp_path, "--measure", "judge")
    assert "--measure k: no such measure; there are " in refused(capsys, tmp_path, "--measure", "k")


def test_repeats_are_means_by_question_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def twice(system: str) -> Any:
        return lambda question: [[6.0, 8.0], [5.0, None]] if PLACE[question.id] % 2 else [[7.0], [None]]

    marked(runs(tmp_path, scores=twice), keep=lambda row: row["question"] != "ODW-01")
    (one,) = found(capsys, tmp_path)
    assert (one["unscored"], one["answers"], one["questions"]) == (0, 80, 20)
    assert (one["calibration"]["low"], one["calibration"]["high"]) == (6, 7)  # (7 + 5) / 2, and 7 alone


def test_unscored_answers_are_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def halting(system: str) -> Any:
        return lambda question: [[None]] if system == "甲" and PLACE[question.id] < 3 else good(system)(question)

    marked(runs(tmp_path, scores=halting))
    (one,) = found(capsys, tmp_path)
    assert (one["unscored"], one["answers"], one["marks"]) == (3, 81, 168)
    assert one["warnings"] == ["3 answers are left out, for want of a score of the judge"]
    assert {each["system"]: each["mean"]["answers"] for each in one["systems"]}["甲"] == 18


def test_a_few_questions_give_a_plain_sentence_and_no_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(runs(tmp_path), keep=lambda row: PLACE[row["question"]] < 3)
    out = said(capsys, tmp_path)
    assert "People have marked answers to 3 questions; 4 are needed to tell what a score of this judge means." in out
    (one,) = found(capsys, tmp_path)
    assert (one["calibration"], one["curve"], one["power"], one["saved"]) == (None, [], 0, 0)
    assert one["systems"][0]["mean"]["people"]["value"] == one["systems"][0]["mean"]["corrected"]["value"]
    assert "there is no map to write" in refused(capsys, tmp_path, "--out", tmp_path / "c.json")


def test_one_system_alone_and_marks_of_one_system_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(runs(tmp_path / "one", SYSTEMS[:1]), 8)
    (one,) = found(capsys, tmp_path / "one")
    assert (len(one["systems"]), one["gaps"], one["needed"]) == (1, [], None)
    assert "A " in said(capsys, tmp_path / "one")
    marked(runs(tmp_path / "two", SYSTEMS[:2]), 8, keep=lambda row: row["system"] == "甲")
    (one,) = found(capsys, tmp_path / "two")
    other = next(each["mean"] for each in one["systems"] if each["system"] == "乙")
    assert (other["marked"], other["corrected"]) == (0, None)
    assert other["judge"] > 60
    assert "fewer than 2 marked answers, so no interval: 乙" in one["warnings"]


def test_equal_scores_of_all_break_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(runs(tmp_path, scores=lambda system: lambda question: [[6.0]]), score=lambda row: 70)
    (one,) = found(capsys, tmp_path)
    assert one["calibration"]["map"]["people"] == [70]
    assert [each["mean"]["corrected"]["value"] for each in one["systems"]] == [70] * 4
    said(capsys, tmp_path)


def test_marks_of_the_best_answers_alone_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs(tmp_path)
    best = {
        (system, question.id)
        for system in SYSTEMS
        for question in sorted(QUESTIONS, key=lambda question: -quality(system, question))[:8]
    }
    marked(tmp_path, keep=lambda row: (row["system"], row["question"]) in best)
    (one,) = found(capsys, tmp_path)
    assert one["warnings"][0].startswith("the marked answers are no random ones: the judge gives them ")
    assert one["balance"]["p"] < 0.01


def test_against_a_system_that_is_named(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = found(capsys, outputs, "--against", "甲", "--difference", 3)
    assert {(each["system"], each["against"]) for each in one["gaps"]} == {("乙", "甲"), ("丙", "甲"), ("丁", "甲")}
    assert all(each["corrected"]["value"] > 0 for each in one["gaps"])
    assert one["needed"]["difference"] == 3


def test_brackets_in_a_name_are_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("Qwen[/b]", "乙[lora]")
    runs(tmp_path, names, lambda system: good("甲"))
    marked(tmp_path, score=lambda row: 50 + len(row["question"]))
    assert main(["judge", "calibrate", str(tmp_path), "--against", names[0]]) == 0
    assert f"Against {names[0]}, differences" in capsys.readouterr().out


def test_the_same_seed_gives_the_same_and_a_level_is_taken(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, outputs, "--seed", 1) == found(capsys, outputs, "--seed", 1)
    (wide,), (narrow,) = found(capsys, outputs), found(capsys, outputs, "--level", 0.8)
    assert narrow["calibration"]["level"] == 0.8
    for many, few in zip(wide["systems"], narrow["systems"], strict=True):
        assert many["mean"]["corrected"]["low"] < few["mean"]["corrected"]["low"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--against", "戊"], "--against 戊: no such system; there are "),
        (["--marks", "{tmp}/empty"], "there are no marks; import a grading first"),
        (["--apply", "{tmp}/none.json"], "none.json: no such file; write one with "),
        (["--apply", "{tmp}/none.json", "--seed", "1"], "--seed: says nothing to --apply"),
        (["--apply", "{tmp}/bad.json"], "bad.json: is no calibration ("),
        (["--apply", "{tmp}/other.json"], "other.json: field measure: is missing"),
        (["--out", "{tmp}/outputs/human_g1.jsonl"], "is a file that this run reads"),
    ],
)
def test_a_mistake_is_one_line(
    outputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert told in refused(capsys, outputs, *(each.format(tmp=tmp_path) for each in arguments))


@pytest.mark.parametrize(("option", "value"), [("--seed", "-1"), ("--level", "1.2"), ("--difference", "0")])
def test_a_number_out_of_range_is_refused(
    outputs: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["judge", "calibrate", str(outputs), option, value])
    assert f"argument {option}: {value} is not " in capsys.readouterr().err


def test_marks_of_other_runs_are_refused_and_broken_ones_named(
    outputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = runs(tmp_path / "other", text=lambda question: "另一份答卷")
    assert "of 56 marks none is of an answer in these runs" in refused(capsys, other, "--marks", outputs)
    (outputs / "human_g2.jsonl").write_text("{\n", encoding="utf-8")
    (outputs / "results_2026-11-25T10-00-00.000000.json").write_text("{", encoding="utf-8")
    (one,) = found(capsys, outputs)
    for told in ("files left out: results_2026-11-25T10-00-00.000000.json: can't be read", "human_g2.jsonl: line 1"):
        assert told in one["warnings"][-1]


def test_a_file_that_is_named_calibrate_can_still_be_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["judge", "./calibrate"]) == 2
    assert "calibrate: no such" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["judge", "--help"])
    assert "odw judge calibrate FOLDER" in capsys.readouterr().out


def test_where_people_marked_all_answers_the_judge_is_not_said_to_know_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = marked(runs(tmp_path), len(SYSTEMS) * len(QUESTIONS))
    (one,) = found(capsys, folder)
    assert one["answers"] == len(SYSTEMS) * len(QUESTIONS)
    assert one["calibration"]["map"]["kind"] != "constant"
    out = said(capsys, folder)
    assert "Marks saved: 0. People marked every answer: none is left for the judge to stand in for." in out
    assert "adds nothing" not in out
