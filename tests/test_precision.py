import json
import random
from pathlib import Path

import pytest

from odw_harness.cli import main
from odw_harness.precision import of_paper, of_table
from odw_harness.questions import Question
from odw_harness.results import read_outputs
from tests.made import QUESTIONS, write_run


def test_the_papers_tables_show_half_a_point() -> None:
    odweval, _ = of_paper()
    assert odweval.sd == pytest.approx(0.755, abs=5e-4)
    assert odweval.smallest_normal == pytest.approx(0.46, abs=5e-3)
    assert odweval.smallest == pytest.approx(0.485, abs=5e-4)
    # (2.8016 × 0.755 / 0.2)² = 111.9, and two more for t
    assert odweval.questions_needed == 114
    assert odweval.generations_needed is None


def test_a_run_without_repeats_tells_only_its_differences(tmp_path: Path) -> None:
    for name, step in (("甲", 0), ("乙", 1)):

        def scores(question: Question, step: int = step) -> list[list[float | None]]:
            return [[5 + step * (1 if int(question.id[-2:]) % 2 else -1)]]

        write_run(tmp_path / name, name, scores)
    (found,) = of_table(read_outputs([tmp_path]).table)
    # 11 times +1, 10 times -1: variance (21 - 1/21) / 20
    assert found.sd == pytest.approx(((21 - 1 / 21) / 20) ** 0.5)
    assert (found.systems, found.questions) == (2, 21)
    assert found.scores is None


def test_repeats_tell_where_the_spread_comes_from(tmp_path: Path) -> None:
    """Known truth: questions 1.0, generations 0.49, judgements 0.09 (points squared), differences twice the last two."""
    for number in range(6):
        given = random.Random(number)
        drawn = random.Random(99)
        level = {question.id: drawn.gauss(5.5, 1.0) for question in QUESTIONS}

        def scores(
            question: Question, given: random.Random = given, level: dict[str, float] = level
        ) -> list[list[float | None]]:
            answers = [level[question.id] + given.gauss(0, 0.7) for _ in range(6)]
            return [[min(10, max(1, answer + given.gauss(0, 0.3))) for _ in range(4)] for answer in answers]

        write_run(tmp_path / str(number), f"s{number}", scores)
    (found,) = of_table(read_outputs([tmp_path]).table)
    assert found.scores is not None
    assert found.differences is not None
    assert found.scores.generation == pytest.approx(0.49, abs=0.06)
    assert found.scores.judge == pytest.approx(0.09, abs=0.01)
    assert found.differences.question == pytest.approx(0, abs=0.03)
    assert found.differences.generation == pytest.approx(0.98, abs=0.12)
    # For 0.2 at 21 questions the variance may be (0.2 / 0.643)² = 0.0968: about (0.98 + 0.18) / 0.0968 = 12 generations.
    assert found.generations_needed == pytest.approx(12, abs=3)
    assert found.judge_repeats_needed is None, "no number of judgements removes what generations add"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power"]) == 0
    out = capsys.readouterr().out
    assert "paper: odweval" in out
    assert "0.46" in out
    write_run(tmp_path, "甲", lambda question: [[5.0, 6.0]])
    assert main(["power", str(tmp_path), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["sd"], found["systems"]) == (None, 1), "one system differs from none"
    with pytest.raises(SystemExit):
        main(["power", "--difference", "0"])
    assert "--difference" in capsys.readouterr().err
