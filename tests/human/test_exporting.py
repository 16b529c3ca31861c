"""Sheets handed out: whole, blind, the same each time, and never over anybody's marks."""

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from odw_harness.errors import MarkError
from odw_harness.human.blind import EMPTY, as_shown, hash_of
from odw_harness.human.exporting import Exported, Plan, export
from odw_harness.human.key import key_file, read_key
from odw_harness.human.workbook import read_workbook
from odw_harness.questions import Question
from odw_harness.results import read_outputs
from tests.human.support import fill, words_of, write_systems
from tests.made import QUESTIONS, noisy, who, write_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return write_systems(tmp_path / "runs")


def hand_out(runs: Path, **more: Any) -> Exported:
    given = {"folders": [str(runs)], "out": str(runs.parent / "grading"), "graders": ("G01", "G02"), "overlap": 2}
    return export(Plan(**{**given, **more}))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def all_texts(folder: Path) -> str:
    """Everything that graders get, workbooks unpacked, names of files included."""
    found = []
    for name, content in contents(folder).items():
        found.append(name)
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(folder / name) as held:
                found += [text for each in held.namelist() for text in (each, held.read(each).decode())]
        else:
            found.append(content.decode())
    return "\n".join(found)


def test_each_grader_gets_every_form_and_the_key_lies_beside(runs: Path) -> None:
    exported = hand_out(runs)
    out = runs.parent / "grading"
    assert set(contents(out)) == {
        *(f"workbooks/{name}.xlsx" for name in ("G01", "G02")),
        *(f"forms/{name}.html" for name in ("G01", "G02")),
        "label-studio/tasks.json",
        "label-studio/labelling.xml",
        "label-studio/README.txt",
        "README.txt",
    }
    assert exported.key == str(runs.parent / "grading.key.json")
    assert (exported.answers, exported.systems, exported.questions, exported.marks) == (9, 3, 3, 18)
    assert exported.marked == {2: 9}
    assert not exported.warnings


def test_every_form_shows_the_same_answers_and_the_key_knows_whose_they_are(runs: Path) -> None:
    exported = hand_out(runs)
    key = read_key(Path(exported.key))
    out = runs.parent / "grading"
    tasks = json.loads((out / "label-studio" / "tasks.json").read_text("utf-8"))
    rows = read_outputs([runs]).table
    for grader in key.graders:
        returned = read_workbook(out / "workbooks" / f"{grader.name}.xlsx")
        of_tasks = {task["data"]["code"]: task["data"] for task in tasks if task["data"]["grader"] == grader.name}
        page = (out / "forms" / f"{grader.name}.html").read_text("utf-8")
        assert [given.code for given in returned.given] == list(grader.answers) == list(of_tasks)
        for given in returned.given:
            coded = grader.answers[given.code]
            assert hash_of(given.answer or "") == hash_of(of_tasks[given.code]["answer"]) == coded.shown
            assert given.code in page
            (system,) = coded.systems
            (row,) = rows[(rows["answer_hash"] == coded.answer_hash) & (rows["system"] == system)].to_dict("records")
            assert (row["question"], row["question_hash"]) == (coded.question, coded.question_hash)
            assert (given.answer or "").strip().endswith(f"附注{system[-1]}。")
    codes = [code for grader in key.graders for code in grader.answers]
    assert len(set(codes)) == len(codes) == 18


def test_nothing_that_graders_get_tells_the_systems(runs: Path) -> None:
    exported = hand_out(runs, dimensions="odweval")
    told = all_texts(runs.parent / "grading")
    assert "SECRET" in Path(exported.key).read_text("utf-8")
    key = read_key(Path(exported.key))
    hidden = {
        each
        for grader in key.graders
        for coded in grader.answers.values()
        for each in (coded.answer_hash, coded.question_hash)
    }
    for name in ("SECRET", "secret", "run0", str(runs), *hidden):
        assert name not in told


def test_a_text_of_two_systems_is_marked_once_and_thoughts_are_left_out(tmp_path: Path) -> None:
    def thinking(question: Question) -> str:
        return f"<think>想来想去</think>\n{question.reference}"

    write_run(tmp_path / "runs" / "a", "SECRET-a", noisy(6, 1), text=thinking, questions=QUESTIONS[:2])
    write_run(tmp_path / "runs" / "b", "SECRET-b", noisy(6, 1), questions=QUESTIONS[:2])
    exported = hand_out(tmp_path / "runs")
    assert exported.answers == 2
    assert exported.systems == 2
    key = read_key(Path(exported.key))
    assert {coded.systems for coded in key.graders[0].answers.values()} == {("SECRET-a", "SECRET-b")}
    assert "想来想去" not in all_texts(tmp_path / "grading")


def test_every_repeat_runs_without_a_judge_and_empty_answers_are_answers_too(tmp_path: Path) -> None:
    texts = {QUESTIONS[0].id: "", QUESTIONS[1].id: "甲"}
    write_run(tmp_path / "runs" / "a", "a", lambda _: [[6], [7]], text=lambda q: texts[q.id], questions=QUESTIONS[:2])
    samples = next((tmp_path / "runs").rglob("samples_*.jsonl"))
    row, other = (json.loads(line) for line in samples.read_text("utf-8").splitlines())
    row["resps"] = [["", "乙"]]
    ungraded = {**other, "filter": "none", "resps": [["丙", "丁"]], "filtered_resps": ["丙"]}
    samples.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in (row, ungraded)), encoding="utf-8")
    assert hand_out(tmp_path / "runs").answers == 4
    answers = {given.answer for given in read_workbook(tmp_path / "grading" / "workbooks" / "G01.xlsx").given}
    assert answers == {EMPTY, "乙", "丙", "丁"}


def test_the_same_command_writes_the_same_and_goes_on_where_it_was_cut_off(runs: Path) -> None:
    first = hand_out(runs)
    before = contents(runs.parent / "grading")
    (runs.parent / "grading" / "forms" / "G02.html").rename(runs.parent / "grading" / "forms" / ".G02.html")
    Path(first.key).unlink()
    assert hand_out(runs) == first
    assert Path(first.key).exists()
    assert contents(runs.parent / "grading") == before
    assert hand_out(runs, out=str(runs.parent / "other"), seed=2).grading != first.grading


def test_marks_and_other_gradings_are_never_written_over(runs: Path) -> None:
    hand_out(runs)
    out = runs.parent / "grading"
    with pytest.raises(MarkError, match=r"grading\.key\.json is the key of another grading .* name another folder"):
        hand_out(runs, seed=2)
    Path(f"{out}.key.json").rename(runs.parent / "moved.json")
    with pytest.raises(MarkError, match="is not as this export writes it"):
        hand_out(runs, seed=2)
    fill(out / "workbooks" / "G01.xlsx", [85])
    before = contents(out)
    with pytest.raises(MarkError, match=r"G01\.xlsx is not as this export writes it \(marks"):
        hand_out(runs)
    assert contents(out) == before
    assert not Path(f"{out}.key.json").exists()


def test_dimensions_are_those_of_the_question(runs: Path) -> None:
    exported = hand_out(runs, dimensions="alignbench")
    assert read_key(Path(exported.key)).dimensions == "alignbench"
    given = read_workbook(runs.parent / "grading" / "workbooks" / "G01.xlsx").given[0]
    assert list(given.dimensions) == [
        "factual_correctness", "user_satisfaction", "logical_coherence", "creativity", "richness",
    ]  # fmt: skip


def test_some_systems_and_questions_can_be_picked(runs: Path) -> None:
    exported = hand_out(runs, systems=("SECRET-0", "SECRET-2"), questions=(QUESTIONS[1].id,))
    assert (exported.answers, exported.systems, exported.questions) == (2, 2, 1)
    with pytest.raises(
        MarkError, match="--systems SECRET-9: no such system in these runs; there are SECRET-0, SECRET-1"
    ):
        hand_out(runs, systems=("SECRET-9",))
    with pytest.raises(MarkError, match="--questions ODW-99: no such question"):
        hand_out(runs, questions=("ODW-99",))


def test_names_of_graders_become_names_of_files(runs: Path) -> None:
    exported = hand_out(runs, graders=("王芳", "李/强"), formats=("xlsx",))
    assert [(each.grader, each.file) for each in exported.graders] == [("王芳", "王芳"), ("李/强", "李_强")]
    assert read_workbook(runs.parent / "grading" / "workbooks" / "李_强.xlsx").grader == "李/强"
    assert {path.parts[-2] for path in (runs.parent / "grading").rglob("*.*")} == {"grading", "workbooks"}


def test_answers_that_give_away_their_model_are_counted_and_not_told(tmp_path: Path) -> None:
    def text(question: Question) -> str:
        return f"我是通义千问。{question.reference}" if question == QUESTIONS[0] else question.reference

    write_run(tmp_path / "runs" / "a", "a", noisy(6, 1), text=text, questions=QUESTIONS[:2])
    (warning,) = hand_out(tmp_path / "runs").warnings
    assert warning.startswith(
        "1 of 2 answers name a model or its maker, and graders could recognise who wrote them"
        f" (to {QUESTIONS[0].id}): leave these questions"
    )


def test_of_many_questions_with_such_answers_the_first_are_named(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "a", "a", noisy(6, 1), text=lambda question: f"我是通义千问。{question.reference}")
    (warning,) = hand_out(tmp_path / "runs").warnings
    assert warning.startswith("21 of 21 answers name a model")
    assert "ODW-06 …)" in warning
    assert "ODW-07" not in warning


def test_one_mark_for_each_answer_is_warned_of(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = runs.parent / "grading"
    assert main(["human", "export", str(runs), "--graders", "3", "-o", str(out), "--formats", "xlsx"]) == 0
    told = capsys.readouterr()
    assert "warning: no answer has two graders" in told.err
    assert "9 answers of 3 systems to 3 questions, 9 marks (9 by 1 grader), seed 0" in told.out
    assert f"odw human import {out}" in " ".join(told.out.split())


def test_one_of_each_is_said_as_one(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--graders", "1", "--systems", "SECRET-0", "--questions", "ODW-01", "--formats", "xlsx"]
    out = runs.parent / "grading"
    assert main(["human", "export", str(runs), *arguments, "-o", str(out)]) == 0
    assert "1 answer of 1 system to 1 question, 1 mark (1 by 1 grader)" in capsys.readouterr().out
    assert main(["human", "import", str(out)]) == 0
    assert "No marks yet in 1 file." in capsys.readouterr().out
    fill(out / "workbooks" / "G01.xlsx", [80])
    assert main(["human", "import", str(out)]) == 0
    capsys.readouterr()
    assert main(["agree", str(runs)]) == 0
    assert "1 grader gave 1 mark on 1 answer of 1 system to 1 question." in capsys.readouterr().out
    assert main(["judge", "calibrate", str(runs)]) == 0
    assert "1 mark by 1 grader of 1 answer to 1 question." in capsys.readouterr().out


def test_a_sample_that_leaves_a_system_out_is_warned_of(runs: Path) -> None:
    (warning,) = hand_out(runs, answers=2).warnings
    assert warning.startswith("no answer of SECRET-")
    assert not hand_out(runs, answers=3, out=str(runs.parent / "three")).warnings


def test_a_run_that_can_not_be_read_is_told_of(runs: Path) -> None:
    (runs / "results_2026-11-25T10-00-00.000000.json").write_text("{", encoding="utf-8")
    (warning,) = hand_out(runs).warnings
    assert warning.startswith("files left out: results_2026-11-25T10-00-00.000000.json: can't be read")


def test_answers_of_two_runs_of_a_system_are_warned_of(runs: Path) -> None:
    again = {"text": words_of(9), "judge": who("judge-2"), "questions": QUESTIONS[:1]}
    write_run(runs / "again", "SECRET-0", noisy(6, 1), **again)
    exported = hand_out(runs)
    assert exported.answers == 10
    (warning,) = exported.warnings
    assert warning.startswith("SECRET-0: answers of more than one run are handed out")


def test_the_command_prints_one_json_document(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(runs.parent / "grading")
    arguments = ["--graders", "王芳，李强、张敏", "--overlap", "2", "--answers", "6", "-o", out, "--json"]
    assert main(["human", "export", str(runs), *arguments]) == 0
    held = json.loads(capsys.readouterr().out)
    assert Counter({each["grader"]: each["marks"] for each in held["graders"]}) == {"王芳": 4, "李强": 4, "张敏": 4}
    assert held["marked"] == {"2": 6}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--graders", "2", "--per-grader", "4"],
            "8 marks are too few for 9 answers by 1 each (9); what would do: --per-grader 5",
        ),
        (["--graders", "2", "--overlap", "3"], "there are only 2 graders"),
        (["--graders", "2", "--key", "grading/key.json"], "lies in grading, which graders get"),
        (["--graders", "2", "--answers", "10"], "there are only 9 different answers"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    runs: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs.parent)
    assert main(["human", "export", "runs", "-o", "grading", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert told in error
    assert not key_file("grading").exists()
    assert not Path("grading").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--graders", "0"], "0 is not a whole number from 1"),
        (["--graders", "王芳,王芳"], "names a grader twice"),
        (["--graders", "2", "--formats", "pdf"], "pdf is no format; there are xlsx, html, label-studio"),
        (["--graders", "王芳,,李强"], "'' is no name of a grader"),
    ],
)
def test_a_mistaken_option_is_told(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["human", "export", "runs", "-o", "grading", *arguments])
    assert told in capsys.readouterr().err


def test_what_is_shown_can_be_read_again_the_same() -> None:
    for text in ("甲\u202e乙\r\n\t丙\u200b", "", "x0041_", "〔空白答卷〕"):
        assert as_shown(as_shown(text)) == as_shown(text)
