import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from odw_harness.cli import main
from odw_harness.questions import Question
from tests.made import QUESTIONS, write_run

THREE = [question for question in QUESTIONS if question.id in ("ODW-01", "ODW-02", "ODW-20")]


@pytest.fixture
def outputs(tmp_path: Path) -> str:
    """甲 with 4, 6 and 8 points, and one with an evil name and no verdict on its first question."""
    given = {"ODW-01": 4.0, "ODW-02": 6.0, "ODW-20": 8.0}
    write_run(tmp_path / "o" / "a", "甲", lambda question: [[given[question.id]]], questions=THREE)

    def partly(question: Question) -> list[list[float | None]]:
        return [[None if question.id == "ODW-01" else 5.0]]

    write_run(tmp_path / "o" / "b", "=1+1|<b>&_\x1b[31m", partly, questions=THREE)
    return str(tmp_path / "o")


def test_the_terminal_shows_the_papers_shape_and_what_must_be_known(
    outputs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["results", outputs]) == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if "甲" in line]
    # 4, 6, 8: mean 6, sd 2, t(2) = 4.30265: 6 ± 4.96827
    assert line.split()[1:9] == ["5.00", "8.00", "6.00", "1.03–10.97", "1.00", "1.00", "1.00", "388"]
    (low,) = [line for line in out.splitlines() if line.strip().startswith("=1+1")]
    assert low.split()[1:4] == ["5.00", "5.00", "5.00"]
    assert "only 67% of its verdicts have a score" in " ".join(out.split())
    assert "\x1b[31m" not in out


def test_csv_holds_every_figure_and_no_formula(outputs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", outputs, "--format", "csv"]) == 0
    caught = capsys.readouterr()
    first, second = csv.DictReader(io.StringIO(caught.out))
    assert (first["system"], float(first["avg19"]), float(first["avg21"])) == ("甲", 5, 6)
    assert float(first["low"]) == pytest.approx(1.03173, abs=1e-5)
    assert second["system"].startswith("'=1+1")
    assert (second["scored"], second["questions"]) == ("2", "3")
    assert caught.err.startswith("warning: =1+1")


def test_verdicts_come_back_from_parquet_as_they_were(outputs: str, tmp_path: Path) -> None:
    out = tmp_path / "new" / "v.parquet"
    assert main(["results", outputs, "--rows", "verdicts", "-o", str(out)]) == 0
    table = pd.read_parquet(out)
    assert len(table) == 6
    assert table["score"].tolist()[:3] == [4, 6, 8]
    assert table["unscored"].dropna().tolist() == ["no scores in the reply"]
    assert table["date"].dt.year.unique().tolist() == [2026]


def test_a_file_that_is_read_is_not_written_over(outputs: str, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = Path(outputs, "a").rglob("results_*.json")
    before = file.read_bytes()
    assert main(["results", outputs, "-o", str(file)]) == 2
    assert "is a file that this run reads; name another" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_json_has_null_where_there_is_no_score(outputs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", outputs, "--rows", "questions", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert [row["score"] for row in rows] == [4, 6, 8, None, 5, 5]


def test_markdown_and_latex_keep_evil_names_in_their_cells(
    outputs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["results", outputs, "-o", str(tmp_path / "t.md")]) == 0
    head, _, first, second = (tmp_path / "t.md").read_text("utf-8").splitlines()
    assert "factual_correctness" not in head, "columns without a figure are left out"
    assert first.count("|") == head.count("|")
    assert "=1+1\\|&lt;b>&_?[31m" in second
    assert main(["results", outputs, "-o", str(tmp_path / "t.tex")]) == 0
    assert "=1+1|<b>\\&\\_?[31m" in (tmp_path / "t.tex").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "t.doc"], "-o t.doc: its ending is none of .csv, .json, .parquet, .md, .tex; say --format"),
        (["--format", "parquet"], "--format parquet: is no text for a terminal; name a file with -o"),
        (["-o", "/dev/null/t.csv"], "-o /dev/null/t.csv: can't be written: File exists"),
        (["-o", "/dev/null/t.parquet"], "-o /dev/null/t.parquet: can't be written: "),
    ],
)
def test_a_mistake_is_one_line(
    outputs: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["results", outputs, *arguments]) == 2
    assert f"error: {said}" in capsys.readouterr().err.splitlines()[-1]
