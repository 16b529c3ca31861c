"""Two systems on six questions; every figure is worked out by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from odw_harness.compare import compare, read_systems
from odw_harness.errors import AnswerError
from odw_harness.notices import notices
from odw_harness.questions import Question
from tests.made import QUESTIONS, Score, who, write_run

SIX = [
    question for question in QUESTIONS if question.id in ("ODW-01", "ODW-02", "ODW-03", "ODW-04", "ODW-05", "ODW-20")
]


def run(folder: Path, system: str, *scores: Score, **more: Any) -> str:
    given = dict(zip((question.id for question in SIX), scores, strict=True))
    more = {"questions": SIX, **more}
    write_run(folder, system, lambda question: [[given[question.id]]], **more)
    return str(folder)


def test_means_by_split_and_paired_differences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def text(question: Question) -> str:
        return "一份空文件"

    base = run(tmp_path / "base", "甲", 2, 4, 6, 3, 5, 8, text=text)
    tuned = run(tmp_path / "tuned", "甲-LoRA", 4, 5, 9, 3, 5, 7)
    assert main(["compare", base, tuned, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["against"] == "甲"
    first, second = found["systems"]
    assert (first["system"], first["avg19"], first["avg2"]) == ("甲", 4, 8)
    assert first["avg21"] == pytest.approx(28 / 6)
    assert (second["avg19"], second["avg2"], second["avg21"], second["rules"]) == (5.2, 7, 5.5, 1)
    assert first["characters"] == 5
    score, rules, facts = found["differences"]
    # 2, 1, 3, 0, 0, -1: mean 5/6, sd sqrt(65/30) = 1.47196, t(5) = 2.57058: 0.83333 ± 1.54473
    assert score["difference"]["mean"] == pytest.approx(5 / 6)
    assert score["difference"]["low"] == pytest.approx(-0.71140, abs=1e-4)
    assert score["difference"]["high"] == pytest.approx(2.37807, abs=1e-4)
    # Of the 16 ways to sign 2, 1, 3 and 1 those that reach 5: 7, 5 and 5, and as many below 0.
    assert score["p"] == pytest.approx(6 / 16)
    assert (score["difference"]["better"], score["difference"]["worse"], score["real"]) == (3, 1, False)
    assert (rules["metric"], rules["difference"]["better"], rules["real"]) == ("rules", 6, True)
    assert rules["p"] == pytest.approx(2 / 64)
    assert facts["metric"] == "fact_recall"


def test_a_difference_that_is_shown_is_called_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 2, 2, 2, 3, 3, 3: mean 2.5, sd sqrt(0.3) = 0.54772, t(5) = 2.57058: 2.5 ± 0.57480; all six up: p = 2/64
    base, tuned = run(tmp_path / "a", "甲", 1, 1, 1, 1, 1, 1), run(tmp_path / "b", "乙", 3, 3, 3, 4, 4, 4)
    assert main(["compare", base, tuned]) == 0
    out = capsys.readouterr().out
    (line,) = (line for line in out.splitlines() if "score" in line)
    assert "+2.50" in line
    assert "+1.93 to +3.07" in line
    assert "0.031" in line
    assert line.rstrip().endswith("better")
    assert "no difference shown" in next(line for line in out.splitlines() if "乙" in line and "rules" in line)


def test_more_systems_make_each_finding_harder(tmp_path: Path) -> None:
    folders = [run(tmp_path / "a", "甲", 1, 1, 1, 1, 1, 1)]
    folders += [run(tmp_path / name, name, 3, 3, 3, 4, 4, 4) for name in "乙丙"]
    _, found, _ = compare(read_systems(folders).table)
    assert [(each.system, each.p, each.real) for each in found if each.metric == "score"] == [
        ("乙", 4 / 64, False),
        ("丙", 4 / 64, False),
    ]


def test_a_question_without_a_verdict_is_left_out_of_the_pair(tmp_path: Path) -> None:
    base = run(tmp_path / "base", "甲", 2, 4, None, 3, 3, 8)
    tuned = run(tmp_path / "tuned", "乙", 3, 6, 10, 3, 3, None)
    _, (score, rules, _), _ = compare(read_systems([base, tuned]).table)
    assert (score.difference.of, score.difference.mean) == (4, 0.75)
    assert rules.difference.of == 6


def test_two_folders_of_one_system_are_told_apart(tmp_path: Path) -> None:
    folders = [run(tmp_path / name, "甲", 2, 4, 6, 3, 5, 8) for name in ("before", "after")]
    assert list(read_systems(folders).table["system"].unique()) == ["甲 (before)", "甲 (after)"]


def test_figures_of_different_judges_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = run(tmp_path / "base", "甲", 2, 4, 6, 8, 1, 1)
    tuned = run(tmp_path / "tuned", "乙", 2, 4, 6, 8, 1, 1, judge=who("k"))
    assert main(["compare", base, tuned]) == 2
    assert "乙 and 甲 were judged by different judges or rubrics" in capsys.readouterr().err


def test_what_needs_no_judge_is_compared_once_under_two_judges(tmp_path: Path) -> None:
    for name in "甲乙":
        for judge in ("j", "k"):
            run(tmp_path / name / judge, name, 2, 4, 6, 8, 1, 1, judge=who(judge))
    _, found, _ = compare(read_systems([str(tmp_path / name) for name in "甲乙"]).table)
    assert [each.metric for each in found] == ["score", "score", "rules", "fact_recall"]
    assert found[0].measure != found[1].measure


def test_under_two_judges_each_row_says_under_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for judge, day in (("mild", 1), ("strict", 2)):
        for system, scores in (("a", (8, 7, 8, 7, 8, 7)), ("b", (6, 5, 6, 5, 6, 5))):
            date = datetime(2026, 1, day, tzinfo=UTC)
            run(tmp_path / system / judge, system, *scores, judge=who(judge), date=date)
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if " b " in line]
    assert [row[3] for row in rows if "-2.00" in row] == ["mild", "strict"]
    assert [row[0] for row in rows if "rules" in row] == ["–"]


def test_a_changed_question_is_not_compared(tmp_path: Path) -> None:
    base = run(tmp_path / "base", "甲", 2, 4, 6, 8, 1, 1)
    changed = [SIX[0].model_copy(update={"prompt": "另一题"}), *SIX[1:]]
    tuned = run(tmp_path / "tuned", "乙", 2, 4, 6, 8, 1, 1, questions=changed)
    with pytest.raises(AnswerError, match="ODW-01: was another question for 乙 than for 甲"):
        compare(read_systems([base, tuned]).table)


def test_systems_without_a_common_question_are_not_compared(tmp_path: Path) -> None:
    base = run(tmp_path / "base", "甲", 2, 4, 6, 8, 1, 1, questions=SIX[:2])
    tuned = run(tmp_path / "tuned", "乙", 2, 4, 6, 8, 1, 1, questions=SIX[2:])
    with pytest.raises(AnswerError, match="乙 and 甲 have no question in common"):
        compare(read_systems([base, tuned]).table)


def test_one_system_alone_differs_from_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", run(tmp_path, "甲", 2, 4, 6, 3, 5, 8)]) == 0
    out = capsys.readouterr().out
    assert "4.67" in out, "28 / 6"
    assert "One system only: name another's folder too" in out
    assert "Against" not in out


def test_a_folder_without_runs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path)]) == 2
    assert f"{tmp_path}: holds no graded run" in capsys.readouterr().err


def test_what_was_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, tuned = run(tmp_path / "a", "甲", 2, 4, 6, 3, 5, 8), run(tmp_path / "b", "乙", 4, 5, 9, None, 5, 7)
    (tmp_path / "b/model/results_2026-11-26T10-00-00.000000.json").write_text("{", "utf-8")
    assert main(["compare", base, tuned, "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["differences"]
    told = captured.err.splitlines()
    assert [line.partition(":")[0] for line in told] == ["warning", "warning"]
    assert "乙: only 83% of its verdicts have a score" in told[0]
    assert "files left out: results_2026-11-26T10-00-00.000000.json: can't be read" in told[1]


def test_one_name_in_two_folders_is_told_of_as_it_is_called_in_the_tables(tmp_path: Path) -> None:
    leaks = {"training_data_leaks": {"flagged": ["ODW-02"], "checked": 6, "of": 6}}
    before = run(tmp_path / "before", "甲", 2, 4, 6, 3, 5, 8, metadata=leaks)
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    run(tmp_path / "after", "甲", 2, 4, 6, 3, 5, 8, date=earlier)
    after = run(tmp_path / "after", "甲", 2, 4, 6, 3, 5, 8, questions=SIX[:4])
    found = {notice.kind: notice for notice in notices(read_systems([before, after]))}
    assert (found["leaks"].systems, found["leaks"].en[:12]) == (("甲 (before)",), "甲 (before) w")
    partial = [notice.en for notice in notices(read_systems([before, after])) if "newest run" in notice.en]
    assert [each.partition(":")[0] for each in partial] == ["甲 (after)"]
