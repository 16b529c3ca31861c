"""Saved answers: what is read, what is told, what is refused."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from odw_harness.answers import LONG_ANSWER, SavedAnswers
from odw_harness.errors import AnswerError, QuestionError
from odw_harness.questions import load_questions

OURS = {question.id: question for question in load_questions()}


def written(path: Path, *rows: Any) -> str:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def plain(identity: Any, answer: str | None = "一份通知", question: str = "ODW-08", **more: Any) -> dict[str, Any]:
    return {"id": identity, "question_id": question, "answer": answer, **more}


def sample(question: str, *texts: str | None, **more: Any) -> dict[str, Any]:
    q = OURS[question]
    doc = {"id": q.id, "genre": q.genre, "split": q.split, "prompt": q.prompt, "reference": q.reference, "request": "…"}
    return {"doc_id": 0, "doc": doc, "resps": [list(texts)], "filter": "odweval", "score": 7.0, **more}


def ids(saved: SavedAnswers) -> list[str | int]:
    return [entry.id for entry in saved]


def test_plain_rows(tmp_path: Path) -> None:
    saved = SavedAnswers(
        [written(tmp_path / "a.jsonl", plain("x"), "", plain(7, "<think>想</think>\n函", "ODW-14", note=1))]
    )
    assert ids(saved) == ["x", 7]
    assert [entry.text for entry in saved] == ["一份通知", "函"]
    assert [entry.question.id for entry in saved] == ["ODW-08", "ODW-14"]
    assert list(saved)[1].where == f"{tmp_path / 'a.jsonl'}: line 3"


def test_rows_with_a_question_of_their_own(tmp_path: Path) -> None:
    own = {"id": "x", "question": "写一封信。", "reference": "您好", "answer": "信", "split": "ood2", "genre": "书信"}
    (entry,) = SavedAnswers([written(tmp_path / "a.jsonl", own)])
    question = entry.question
    assert (question.prompt, question.reference, question.split, question.genre) == (
        "写一封信。",
        "您好",
        "ood2",
        "书信",
    )


def test_a_questions_file(tmp_path: Path) -> None:
    questions = written(tmp_path / "q.jsonl", {"id": "M-1", "genre": "通知", "prompt": "写", "reference": "文"})
    file = written(tmp_path / "a.jsonl", plain("x", question="M-1"))
    assert next(iter(SavedAnswers([file], questions))).question.prompt == "写"
    with pytest.raises(
        AnswerError, match=r"line 1: field question_id: 'M-1' is not in questions.jsonl, which has ODW-01"
    ):
        SavedAnswers([file])
    with pytest.raises(AnswerError, match=rf"'ODW-08' is not in {questions}, which has M-1; name its file with"):
        SavedAnswers([written(tmp_path / "b.jsonl", plain("x"))], questions)
    with pytest.raises(QuestionError, match="no such questions file"):
        SavedAnswers([file], "/no/where.jsonl")


def test_samples_of_lm_eval(tmp_path: Path) -> None:
    file = written(tmp_path / "samples_odw_in19_2026.jsonl", sample("ODW-01", "甲", "乙", "甲"), sample("ODW-20", None))
    saved = SavedAnswers([file])
    assert ids(saved) == ["ODW-01", "ODW-01#2", "ODW-01#3", "ODW-20"]
    assert [entry.text for entry in saved] == ["甲", "乙", "甲", ""]
    question = list(saved)[3].question
    assert question.split == "ood2"
    assert question.fingerprint == OURS["ODW-20"].fingerprint


def test_the_two_pipelines_of_odw_are_one_answer(tmp_path: Path) -> None:
    rows = [sample("ODW-01", "甲"), sample("ODW-01", "甲", filter="alignbench")]
    saved = SavedAnswers([written(tmp_path / "samples_odw.jsonl", *rows)])
    assert ids(saved) == ["ODW-01"]
    assert not any("repeated" in notice for notice in saved.notices)


def test_several_systems_have_several_names(tmp_path: Path) -> None:
    a = written(tmp_path / "a.jsonl", sample("ODW-01", "甲"), sample("ODW-02", "同"))
    b = written(tmp_path / "b.jsonl", sample("ODW-01", "乙"), sample("ODW-02", "同"))
    saved = SavedAnswers([a, b])
    assert ids(saved) == [f"{a}:ODW-01", f"{a}:ODW-02", f"{b}:ODW-01", f"{b}:ODW-02"]
    assert "2 ids in several files: written as FILE:ID" in saved.notices
    assert ids(SavedAnswers([a, a])) == ["ODW-01", "ODW-02"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO(json.dumps(plain("x", "函"), ensure_ascii=False).encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(raw, encoding="latin-1"))
    assert [entry.text for entry in SavedAnswers(["-"])] == ["函"]


def test_what_a_user_should_know(tmp_path: Path) -> None:
    rows = [plain("a", ""), plain("b", None), plain("c", "Dear all,"), plain("d", "长" * (LONG_ANSWER + 1))]
    saved = SavedAnswers([written(tmp_path / "a.jsonl", *rows, plain("c", "Dear all,"))])
    assert ids(saved) == ["a", "b", "c", "d"]
    assert saved.notices == [
        "1 row repeated with the same id and answer: left out",
        "2 answers without text: scored 1, the judge is not asked",
        "1 answer over 20,000 characters: unscored where the judge can't read as much",
        "1 answer without a Chinese character: judged as it stands",
        "20 questions of 21 without an answer: ODW-01, ODW-02, ODW-03, ODW-04, ODW-05, ODW-06, ODW-07, ODW-09 and 12 more",
    ]
    whole = [plain(name, question=name) for name in OURS]
    assert SavedAnswers([written(tmp_path / "b.jsonl", *whole)]).notices == []


def test_half_a_surrogate_pair_is_mended(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", '{"id": "x\\ud83d", "question_id": "ODW-08", "answer": "好\\ud83d"}')
    (entry,) = SavedAnswers([file])
    assert (entry.id, entry.text) == ("x?", "好?")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "not JSON: Expecting property name"),
        ("[1]", "must be a JSON object, got list"),
        ("null", "must be a JSON object, got NoneType"),
        ({"question_id": "ODW-08", "answer": "甲"}, "field id: is missing; add it"),
        ({"id": "", "question_id": "ODW-08", "answer": "甲"}, "field id: "),
        ({"id": "x", "question_id": "ODW-08"}, "field answer: is missing; add it"),
        ({"id": "x", "question_id": "ODW-08", "answer": ["甲"]}, "field answer: "),
        ({"id": "x", "question_id": "ODW-08", "answer": 5}, "field answer: "),
        ({"id": "x", "answer": "甲"}, "field question_id: is missing; name a question, or give question and reference"),
        ({"id": "x", "question": "写", "answer": "甲"}, "field reference: is missing"),
        ({"id": "x", "question": "写", "reference": "", "answer": "甲"}, "field reference: "),
        ({"id": "x", "question": "写", "reference": "文", "answer": "甲", "split": "x"}, "field split: "),
        (plain("y", "另一份"), "field id: 'y' is there already, with another answer ("),
        (
            {**sample("ODW-01", "甲"), "doc": {"question": "?"}},
            "field doc.id: is missing; add it; is this a samples file",
        ),
        ({**sample("ODW-01", "甲"), "resps": [[[-1.5, False]]]}, "field resps: must hold one list of texts"),
        ({**sample("ODW-01", "甲"), "resps": []}, "field resps: must hold one list of texts"),
    ],
)
def test_a_wrong_row_is_named_with_line_and_field(tmp_path: Path, row: Any, message: str) -> None:
    file = written(tmp_path / "a.jsonl", plain("y"), row)
    with pytest.raises(AnswerError) as caught:
        SavedAnswers([file])
    assert str(caught.value).startswith(f"{file}: line 2: {message}")
    assert "\n" not in str(caught.value)


def test_a_wrong_file(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match=r"/no/where\.jsonl: no such answers file"):
        SavedAnswers(["/no/where.jsonl"])
    with pytest.raises(AnswerError, match="no answers; put one JSON object on each line"):
        SavedAnswers([written(tmp_path / "a.jsonl", "", " ")])
    with pytest.raises(AnswerError, match="can't be read: Is a directory"):
        SavedAnswers([str(tmp_path)])
    (tmp_path / "g.jsonl").write_bytes('{"id": "甲"}'.encode("gb18030"))
    with pytest.raises(AnswerError, match="not UTF-8"):
        SavedAnswers([str(tmp_path / "g.jsonl")])
