"""`make gate`: its questions, its committed baseline, and what it would see and overlook."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from odw_harness.questions import load_questions
from tests.gate.support import change_rows, figure, gate, states

HERE = Path(__file__).parent
QUESTIONS, BASELINE = HERE / "questions.jsonl", HERE / "baseline"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def held(tmp_path: Path, capsys: Capture) -> Callable[[Callable[[str, str], str]], tuple[int, dict[str, Any]]]:
    """Holds a candidate to the baseline whose answers are the baseline's, changed: by question's id and text."""

    def hold(change: Callable[[str, str], str]) -> tuple[int, dict[str, Any]]:
        shutil.copytree(BASELINE, tmp_path / "new", dirs_exist_ok=True)

        def of_row(row: dict[str, Any]) -> None:
            row["resps"] = [[change(row["doc"]["id"], row["resps"][0][0])]]

        change_rows(next((tmp_path / "new").glob("results_*.json")), of_row)
        return gate(capsys, BASELINE, tmp_path / "new", "--questions", QUESTIONS)

    return hold


def test_its_questions_show_a_document_twice() -> None:
    questions = load_questions(QUESTIONS)
    assert len(questions) == 7
    assert all(question.prompt.count(question.reference) == 2 and question.facts for question in questions)


def test_the_baseline_is_of_these_questions_and_of_no_machine() -> None:
    (results,) = BASELINE.glob("results_*.json")
    rows = [json.loads(line) for file in BASELINE.glob("samples_*") for line in file.read_text("utf-8").splitlines()]
    assert {(row["doc"]["id"], row["doc"]["reference"]) for row in rows} == {
        (question.id, question.reference) for question in load_questions(QUESTIONS)
    }
    for file in BASELINE.iterdir():
        assert not {word for word in ("/root", "/home", "/tmp", "/usr", "CPU") if word in file.read_text("utf-8")}
    assert "pretty_env_info" not in json.loads(results.read_text("utf-8"))


def test_the_same_answers_pass_and_so_do_two_that_another_cpu_ends_otherwise(held: Any) -> None:
    code, found = held(lambda name, text: text)
    assert code == 0
    assert list(states(found)) == ["questions", "rules", "fact_recall"]
    assert held(lambda name, text: text[:60] if name in ("COPY-04", "COPY-12") else text)[0] == 0


@pytest.mark.parametrize(
    "broken",
    [lambda text: "", lambda text: text[:20], lambda text: "好" * 200, lambda text: text[:40] * 4],
    ids=["empty", "cut off", "babble", "repeats itself"],
)
def test_what_breaks_the_answers_fails(held: Any, broken: Callable[[str], str]) -> None:
    code, found = held(lambda name, text: broken(text))
    assert code == 1
    assert figure(found, "fact_recall")["failed"]
