import json
from pathlib import Path
from typing import Any

import pytest

from odw_harness.errors import QuestionError
from odw_harness.questions import OUTPUT_CONTRACT, Question, load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.rules import check_text, of_genre, of_question

OURS = load_questions(QUESTIONS)
GENRES = "决议 决定 令 公报 公告 通告 意见 通知 通报 报告 请示 批复 议案 函 纪要 工作总结 工作计划 讲话稿 调研报告 新闻稿 倡议书"


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text(
        "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows), "utf-8"
    )
    return path


def row(**changes: Any) -> dict[str, Any]:
    return {"id": "T-1", "genre": "通知", "prompt": "写一份放假通知。", "reference": "关于放假的通知", **changes}


def test_the_21_questions_are_15_statutory_4_business_2_others() -> None:
    assert [question.genre for question in OURS] == GENRES.split()
    assert [question.id for question in OURS] == [f"ODW-{number:02}" for number in range(1, 22)]
    assert [question.split for question in OURS] == ["in19"] * 19 + ["ood2"] * 2
    assert [question.category for question in OURS] == ["statutory"] * 15 + ["business"] * 4 + ["out_of_domain"] * 2


@pytest.mark.parametrize("question", OURS, ids=lambda question: question.id)
def test_a_reference_passes_every_check_states_every_fact_and_has_the_length_asked(question: Question) -> None:
    report = check_text(question.reference, of_question(question))
    assert [finding for finding in report.findings if not finding.ok] == []
    assert report.fact_recall == 1.0
    assert question.length is not None
    least, most = question.length
    assert least <= len("".join(question.reference.split())) <= most


@pytest.mark.parametrize("question", OURS, ids=lambda question: question.id)
def test_a_reference_passes_the_general_checks_of_its_genre(question: Question) -> None:
    report = check_text(question.reference, of_genre(question.genre))
    assert [finding for finding in report.findings if not finding.ok] == []


@pytest.mark.parametrize("question", OURS, ids=lambda question: question.id)
def test_every_fact_stands_in_the_prompt(question: Question) -> None:
    from odw_harness.rules.facts import missing_facts

    assert missing_facts(question.prompt, question.facts) == ()


@pytest.mark.parametrize("question", OURS, ids=lambda question: question.id)
def test_a_reference_holds_no_two_lines_alike_and_no_stray_space(question: Question) -> None:
    lines = question.reference.split("\n")
    assert all(line == line.strip() and line for line in lines)
    assert len({line for line in lines if len(line) > 20}) == len([line for line in lines if len(line) > 20])


def test_the_request_is_the_prompt_and_what_output_is_wanted() -> None:
    question = Question(**row())
    assert question.request() == f"写一份放假通知。\n\n{OUTPUT_CONTRACT}"


def test_blank_lines_a_bom_and_missing_optional_fields_are_allowed(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("\ufeff" + json.dumps(row()) + "\n\n" + json.dumps(row(id="T-2")) + "\n", "utf-8")
    assert [question.id for question in load_questions(path)] == ["T-1", "T-2"]


def test_a_fact_is_one_wording_or_several(tmp_path: Path) -> None:
    (question,) = load_questions(write(tmp_path / "q.jsonl", [row(facts=["486所", ["25名", "25位"]])]))
    assert question.facts == (("486所",), ("25名", "25位"))


GOOD = [json.dumps(row(id=f"T-{number}")) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "T-7", ', "line 7: not JSON: "),
        ("[1, 2]", "line 7: must be a JSON object, got list"),
        (row(id="T-7", genre=5), "line 7: field genre: "),
        ({"id": "T-7", "genre": "通知", "prompt": "写"}, "line 7: field reference: is missing; add it"),
        (row(id="T-3"), "line 7: field id: 'T-3' is there already"),
        (row(id="T-7", lenght=[1, 2]), "line 7: field lenght: is no field of a question"),
        (row(id="T-7", length=[900, 400]), "line 7: field length: must be [least, most]"),
        (row(id="T-7", title_pattern="^(关于"), "line 7: field title_pattern: not a regular expression"),
        (row(id="T-7", forbidden_patterns=["ok", "["]), "line 7: field forbidden_patterns: not a regular expression"),
        (row(id="T-7", date="2024-03-05"), "line 7: field date: must look like 2024年3月5日"),
        (row(id="T-7", split="test"), "line 7: field split: "),
        (row(id="T-7", facts=[[]]), "line 7: field facts.0: "),
        (row(id="T-7", reference=""), "line 7: field reference: "),
    ],
)
def test_a_broken_line_7_is_named_with_its_field(tmp_path: Path, line: Any, message: str) -> None:
    path = write(tmp_path / "mine.jsonl", [*GOOD, line])
    with pytest.raises(QuestionError) as caught:
        load_questions(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_empty_or_in_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="no such questions file"):
        load_questions(tmp_path / "none.jsonl")
    with pytest.raises(QuestionError, match="holds no questions"):
        load_questions(write(tmp_path / "empty.jsonl", ["", " "]))
    (tmp_path / "gbk.jsonl").write_bytes(json.dumps(row(), ensure_ascii=False).encode("gb18030"))
    with pytest.raises(QuestionError, match="not UTF-8"):
        load_questions(tmp_path / "gbk.jsonl")
    with pytest.raises(QuestionError, match="can't be read"):
        load_questions(tmp_path)
