"""People's marks find their answers by text, and become means by question."""

from pathlib import Path
from typing import Any

import pytest

from odw_harness.errors import MarkError
from odw_harness.human.marks import Mark, marks_file, of_answers, people_by_question, read_marks, write_marks
from odw_harness.questions import Question
from odw_harness.results import read_outputs
from tests.made import QUESTIONS, mark_of, noisy, write_run


def own_words(system: str) -> Any:
    return lambda question: f"{question.reference}\n{system}"


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    for system in ("a", "b"):
        write_run(tmp_path / system, system, noisy(6, 1), text=own_words(system), questions=QUESTIONS[:2])
    return tmp_path


def rows_of(folder: Path) -> Any:
    return read_outputs([folder]).table.sort_values(["system", "question"]).to_dict("records")


def test_a_marks_file_is_found_beside_the_runs_and_read_back(outputs: Path) -> None:
    marks = [mark_of(rows_of(outputs)[0], "G1", 85, dimensions={"form": 8.0}, comment="好")]
    write_marks(marks_file(outputs, "g1"), marks)
    read = read_marks([outputs, outputs / "."])
    assert [Mark(**row) for row in read.table.to_dict("records")] == marks
    assert read.files == [str((outputs / "human_g1.jsonl").resolve())]
    assert not read.skipped


def test_marks_of_a_question_are_averaged_by_answer_and_belong_to_the_text(outputs: Path) -> None:
    first, second, third, _ = rows_of(outputs)
    given = [mark_of(first, "G1", 80), mark_of(first, "G2", 70), mark_of(second, "G1", 90), mark_of(third, "G2", 60)]
    write_marks(marks_file(outputs, "g1"), given)
    marked = of_answers(read_marks([outputs]).table, read_outputs([outputs]).table)
    found = people_by_question(marked).sort_values(["system", "question"])
    assert found[["system", "question", "score", "marks", "graders"]].to_numpy().tolist() == [
        ["a", QUESTIONS[0].id, 75.0, 2, 2],
        ["a", QUESTIONS[1].id, 90.0, 1, 1],
        ["b", QUESTIONS[0].id, 60.0, 1, 1],
    ]


def test_one_text_of_two_systems_is_marked_for_both(tmp_path: Path) -> None:
    for system in ("a", "b"):
        write_run(tmp_path / system, system, noisy(6, 1), text=own_words("same"), questions=QUESTIONS[:1])
    write_marks(marks_file(tmp_path, "g1"), [mark_of(rows_of(tmp_path)[0], "G1", 80)])
    marked = of_answers(read_marks([tmp_path]).table, read_outputs([tmp_path]).table)
    assert marked[["system", "score"]].to_numpy().tolist() == [["a", 80.0], ["b", 80.0]]


def test_a_mark_of_a_text_that_a_system_gave_twice_is_one_mark(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "a", lambda _: [[6], [6]], questions=QUESTIONS[:1])
    write_marks(marks_file(tmp_path, "g1"), [mark_of(rows_of(tmp_path)[0], "G1", 80)])
    found = people_by_question(of_answers(read_marks([tmp_path]).table, read_outputs([tmp_path]).table))
    assert found[["score", "marks", "graders"]].to_numpy().tolist() == [[80, 1, 1]]


def test_thoughts_are_no_part_of_what_is_marked(tmp_path: Path) -> None:
    def thinking(question: Question) -> str:
        return f"<think>想</think>\n{question.reference}"

    write_run(tmp_path / "a", "a", noisy(6, 1), text=thinking, questions=QUESTIONS[:1])
    write_run(tmp_path / "b", "b", noisy(6, 1), questions=QUESTIONS[:1])
    first, second = rows_of(tmp_path)
    assert first["answer_hash"] == second["answer_hash"]


def test_graders_of_one_name_in_two_gradings_are_two(outputs: Path) -> None:
    row = rows_of(outputs)[0]
    write_marks(marks_file(outputs, "g1"), [mark_of(row, "G1", 80)])
    write_marks(marks_file(outputs, "g2"), [mark_of(row, "G1", 70, grading="g2")])
    assert list(read_marks([outputs]).table["grader"]) == ["G1 (g1)", "G1 (g2)"]


def test_a_grading_in_two_folders_is_read_from_both_and_a_mark_counts_once(outputs: Path) -> None:
    first, second, *_ = rows_of(outputs)
    write_marks(marks_file(outputs, "g1"), [mark_of(first, "G1", 80)])
    write_marks(marks_file(outputs / "a", "g1"), [mark_of(first, "G1", 80, source="copy"), mark_of(second, "G1", 70)])
    read = read_marks([outputs])
    assert list(read.table["score"]) == [80, 70]
    assert (len(read.files), read.skipped) == (2, [])


def test_a_copy_that_says_otherwise_is_named_and_left_out(outputs: Path) -> None:
    first, second, *_ = rows_of(outputs)
    write_marks(marks_file(outputs / "a", "g1"), [mark_of(first, "G1", 80)])
    write_marks(marks_file(outputs / "b", "g1"), [mark_of(first, "G1", 60), mark_of(second, "G1", 70)])
    read = read_marks([outputs])
    assert list(read.table["score"]) == [80]
    (skipped,) = read.skipped
    assert skipped.file == marks_file(outputs / "b", "g1")
    assert "other marks of a grading that is read already" in skipped.reason


def test_marks_are_found_by_their_own_file_and_beside_a_run_s_file(outputs: Path) -> None:
    row = rows_of(outputs)[0]
    for folder, grading in ((outputs, "g1"), (outputs / "a" / "model", "g2")):
        write_marks(marks_file(folder, grading), [mark_of(row, "G1", 80, grading=grading)])
    assert list(read_marks([marks_file(outputs, "g1")]).table["grading"]) == ["g1"]
    assert list(read_marks([row["run"]]).table["grading"]) == ["g2"]


def test_a_folder_that_is_not_there_is_a_mistake(outputs: Path) -> None:
    with pytest.raises(MarkError, match="none: no such folder"):
        read_marks([outputs / "none"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"grading": "g1"}', "line 2: field grader: is missing"),
        ("{", "line 2"),
        (None, "line 2: is a grader's second mark of an answer"),
    ],
)
def test_a_broken_file_is_named_and_the_others_count(outputs: Path, line: str | None, told: str) -> None:
    row = rows_of(outputs)[0]
    write_marks(marks_file(outputs, "g1"), [mark_of(row, "G1", 80)])
    whole = marks_file(outputs, "g1").read_text(encoding="utf-8")
    marks_file(outputs, "g2").write_text(whole + (line or whole), encoding="utf-8")
    read = read_marks([outputs])
    assert len(read.table) == 1
    (skipped,) = read.skipped
    assert skipped.file == marks_file(outputs, "g2")
    assert skipped.reason.startswith(told)


def test_there_may_be_no_marks(outputs: Path) -> None:
    read = read_marks([outputs])
    assert read.table.empty
    assert of_answers(read.table, read_outputs([outputs]).table).empty
