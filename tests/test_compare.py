"""Two systems on four questions; every figure is worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from odw_harness.compare import compare, read_system
from odw_harness.errors import AnswerError

SPLITS = {"Q1": "in19", "Q2": "in19", "Q3": "in19", "Q4": "ood2"}


def row(question: str, score: float | None, rules: float, judge: str = "j", request: str = "请写") -> dict[str, Any]:
    who = {"judge": judge, "model": "m", "revision": "r", "rubric": "odweval", "rubric_version": "1"}
    answer = {"verdicts": [{"score": score, "provenance": who}]}
    metrics = {"rules": rules, "coverage": 1.0 if score is not None else 0.0}
    if score is not None:
        metrics["score"] = score
    return {
        "doc": {"id": question, "request": request + question},
        "resps": [["一份文件"]],
        "filtered_resps": [json.dumps({"answers": [answer]}, ensure_ascii=False)],
        **metrics,
    }


def run(folder: Path, rows: list[dict[str, Any]], date: str = "2026-11-25T10-00-00", task: str = "odweval") -> str:
    (folder / "m").mkdir(parents=True, exist_ok=True)
    for split in ("in19", "ood2"):
        mine = [json.dumps(each) for each in rows if SPLITS[each["doc"]["id"]] == split]
        if mine:
            (folder / "m" / f"samples_{task}_{split}_{date}.jsonl").write_text("\n".join(mine) + "\n")
    return str(folder)


def scored(scores: tuple[float | None, ...], rules: tuple[float, ...] = (0.5, 0.5, 0.5, 0.5), **more: str) -> list[Any]:
    return [row(name, score, share, **more) for name, score, share in zip(SPLITS, scores, rules, strict=True)]


def test_means_by_split_and_paired_differences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = run(tmp_path / "base", scored((2, 4, 6, 8)))
    tuned = run(tmp_path / "tuned", scored((4, 5, 9, 8), (0.5, 0.75, 1.0, 0.25)))
    assert main(["compare", base, tuned, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first, second = found["systems"]
    assert (first["system"], first["avg19"], first["avg2"], first["avg21"]) == ("base", 4, 8, 5)
    assert (second["avg19"], second["avg2"], second["avg21"], second["rules"]) == (6, 8, 6.5, 0.625)
    assert second["characters"] == 4
    score, rules = found["differences"]
    # 2, 1, 3, 0: mean 1.5, sd sqrt(5/3) = 1.29099, t(3) = 3.18245: 1.5 ± 2.05426
    assert score["difference"]["mean"] == 1.5
    assert score["difference"]["low"] == pytest.approx(-0.55426, abs=1e-4)
    assert score["difference"]["high"] == pytest.approx(3.55426, abs=1e-4)
    assert (score["better"], score["worse"], score["real"]) == (3, 0, False)
    assert (rules["metric"], rules["better"], rules["worse"]) == ("rules", 2, 1)


def test_a_difference_that_leaves_zero_out_is_called_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 2, 2, 3, 3: mean 2.5, sd 0.57735, t(3) = 3.18245: 2.5 ± 0.91869
    base, tuned = run(tmp_path / "base", scored((1, 1, 1, 1))), run(tmp_path / "tuned", scored((3, 3, 4, 4)))
    assert main(["compare", base, tuned]) == 0
    out = capsys.readouterr().out
    (line,) = (line for line in out.splitlines() if "score" in line)
    assert "+2.50" in line
    assert "+1.58 to +3.42" in line
    assert line.rstrip().endswith("better")
    assert "no difference shown" in next(line for line in out.splitlines() if "tuned" in line and "rules" in line)


def test_a_question_without_a_verdict_is_left_out_of_the_pair(tmp_path: Path) -> None:
    base = read_system(run(tmp_path / "base", scored((2, 4, None, 8))))
    tuned = read_system(run(tmp_path / "tuned", scored((3, 6, 10, None))))
    score, rules = compare([base, tuned])
    assert (score.difference.of, score.difference.mean) == (2, 1.5)
    assert rules.difference.of == 4
    assert base.mean("score", "in19") == 3
    assert tuned.mean("score", "ood2") is None


def test_the_newest_run_counts(tmp_path: Path) -> None:
    run(tmp_path / "base", scored((1, 1, 1, 1)), date="2026-11-24T10-00-00")
    folder = run(tmp_path / "base", scored((9, 9, 9, 9)), date="2026-11-25T09-00-00")
    assert read_system(folder).mean("score") == 9


def test_figures_of_different_judges_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, tuned = run(tmp_path / "base", scored((2, 4, 6, 8))), run(tmp_path / "tuned", scored((2, 4, 6, 8), judge="k"))
    assert main(["compare", base, tuned]) == 2
    assert "tuned and base were judged by different judges or rubrics" in capsys.readouterr().err


def test_a_changed_question_is_not_compared(tmp_path: Path) -> None:
    base = run(tmp_path / "base", scored((2, 4, 6, 8)))
    tuned = run(tmp_path / "tuned", scored((2, 4, 6, 8), request="请改写"))
    with pytest.raises(AnswerError, match="Q1: was another question for tuned than for base"):
        compare([read_system(base), read_system(tuned)])


def test_a_folder_without_runs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path)]) == 2
    assert f"{tmp_path}: holds no samples" in capsys.readouterr().err


def test_a_run_that_was_not_graded_is_named(tmp_path: Path) -> None:
    rows = scored((2, 4, 6, 8))
    rows[1]["filtered_resps"] = ["一份文件"]
    with pytest.raises(AnswerError, match="line 2: is no row of a graded run"):
        read_system(run(tmp_path / "base", rows))
