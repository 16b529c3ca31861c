"""The example that fills in sheets as made-up graders would: the whole way, and never without the word simulated."""

import subprocess
import sys
from pathlib import Path

import pytest

from odw_harness.cli import main
from odw_harness.human.marks import read_marks
from tests.made import QUESTIONS, noisy, write_run

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "human" / "simulate_graders.py"


def test_simulated_graders_fill_in_every_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs, grading = tmp_path / "outputs", tmp_path / "grading"
    for system, share in (("whole", 1.0), ("half", 0.5), ("little", 0.1)):
        write_run(
            outputs / system,
            system,
            noisy(6, 1),
            text=lambda q, share=share: q.reference[: int(len(q.reference) * share)],
            questions=QUESTIONS[:4],
        )
    assert main(["human", "export", str(outputs), "--graders", "4", "--overlap", "2", "-o", str(grading)]) == 0
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(outputs), str(grading)], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 4
    capsys.readouterr()
    assert main(["human", "import", str(grading)]) == 0
    assert "24 of 24 marks are simulated: no person gave them" in "".join(capsys.readouterr())
    marks = read_marks([outputs]).table
    assert marks["simulated"].all()
    assert marks.groupby("answer_hash")["grader"].nunique().tolist() == [2] * 12
    assert main(["agree", str(outputs)]) == 0
    assert "SIMULATED: 24 of 24 marks were given by no person" in "".join(capsys.readouterr())


def test_what_it_can_not_fill_in_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs, other, grading = tmp_path / "outputs", tmp_path / "other", tmp_path / "grading"
    write_run(outputs, "whole", noisy(6, 1), questions=QUESTIONS[:2])
    write_run(other, "whole", noisy(6, 1), questions=QUESTIONS[2:4])
    assert main(["human", "export", str(outputs), "--graders", "1", "-o", str(grading)]) == 0
    for arguments, message in (
        (
            (other, grading),
            f"error: {other}: lacks answers that were handed out; name the runs that were exported from",
        ),
        ((outputs, tmp_path / "no"), f"error: {tmp_path / 'no.key.json'}: no such key"),
    ):
        done = subprocess.run([sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith(message)
        assert done.stderr.count("\n") == 1
