"""A kept map, and what it may be applied to."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from odw_harness.cli import main
from tests.calibrate.support import QUESTIONS, SYSTEMS, marked, quality, runs, who


@pytest.fixture
def kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    marked(runs(tmp_path / "outputs", SYSTEMS[:3]), 30)
    assert main(["judge", "calibrate", str(tmp_path / "outputs"), "--out", str(tmp_path / "kept.json")]) == 0
    capsys.readouterr()
    return tmp_path / "kept.json"


def apply(capsys: pytest.CaptureFixture[str], kept: Path, folder: Path) -> dict[str, Any]:
    assert main(["judge", "calibrate", "--apply", str(kept), str(folder), "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_map_says_where_it_is_from(kept: Path) -> None:
    held = json.loads(kept.read_text(encoding="utf-8"))
    assert held["measure"].startswith("odweval v1 · judge-1 (")
    assert (held["judge"], held["judged_by"], held["rubric_version"]) == ("judge-1", "odweval", "1")
    assert (held["marks"], held["graders"], held["gradings"], held["seed"]) == (60, 2, ["g1"], 0)
    assert [Path(file).name for file in held["marks_files"]] == ["human_g1.jsonl"]
    assert set(held["calibration"]["errors"]) == {"constant", "linear", "isotonic"}


def test_a_system_that_nobody_marked_is_put_on_people_s_scale(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = apply(capsys, kept, runs(tmp_path / "new", SYSTEMS[3:]))
    (system,) = found["systems"]
    truth = {question.id: quality(SYSTEMS[3], question) for question in QUESTIONS}
    assert system["low"] < np.mean(list(truth.values())) < system["high"]
    inside = [each["low"] <= truth[each["question"]] <= each["high"] for each in system["answers"]]
    assert len(inside) == 21
    assert np.mean(inside) >= 0.9
    assert main(["judge", "calibrate", "--apply", str(kept), str(tmp_path / "new")]) == 0
    assert "丁" in capsys.readouterr().out


def test_what_was_calibrated_is_applied_alike(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = json.loads(kept.read_text(encoding="utf-8"))["calibration"]["map"]
    for system in apply(capsys, kept, tmp_path / "outputs")["systems"]:
        people = np.interp([each["judge"] for each in system["answers"]], held["judge"], held["people"])
        assert system["mean"] == pytest.approx(people.mean())


@pytest.mark.parametrize("judge", [who("judge-2"), who(version="2"), who(settings={"temperature": 1})])
def test_another_judge_setting_or_rubric_version_is_refused(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], judge: dict[str, Any]
) -> None:
    new = runs(tmp_path / "new", judge=judge)
    assert main(["judge", "calibrate", "--apply", str(kept), str(new)]) == 2
    error = capsys.readouterr().err
    assert "the calibration is of odweval v1 · judge-1 (" in error
    assert "a map holds for one judge, its settings and one rubric version" in error
    assert error.count("\n") == 1


def test_unscored_answers_are_counted_and_simulated_marks_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked(runs(tmp_path / "outputs"), 30, simulated=True)
    kept = tmp_path / "kept.json"
    assert main(["judge", "calibrate", str(tmp_path / "outputs"), "--out", str(kept)]) == 0
    new = runs(
        tmp_path / "new", SYSTEMS[:1], lambda system: lambda question: [[None if question.split == "ood2" else 7.0]]
    )
    runs(new, SYSTEMS[1:2], lambda system: lambda question: [[None]])
    capsys.readouterr()
    first, none = apply(capsys, kept, new)["systems"]
    assert (first["unscored"], len(first["answers"]), first["judge"]) == (2, 19, 7)
    assert (none["unscored"], none["answers"], none["mean"], none["low"]) == (21, [], None, None)
    assert main(["judge", "calibrate", "--apply", str(kept), str(new)]) == 0
    assert "! 60 of the 60 marks behind this map are simulated" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda held: held["map"].update(people=[1]), "field calibration.map.people: is no rising map"),
        (lambda held: held["map"].update(people=[90, 10]), "field calibration.map.people: is no rising map"),
        (lambda held: held["missed"].pop(), "field calibration.missed: is not of each question"),
        (lambda held: held.update(level=0.99), "field calibration.missed: is of too few questions for a level of 0.99"),
    ],
)
def test_a_map_that_was_meddled_with_is_refused(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, told: str
) -> None:
    held = json.loads(kept.read_text(encoding="utf-8"))
    change(held["calibration"])
    kept.write_text(json.dumps(held), encoding="utf-8")
    assert main(["judge", "calibrate", "--apply", str(kept), str(tmp_path / "outputs")]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
