"""Tasks and configuration for Label Studio, and its exports read back.

label_studio_export.json and label_studio_export_min.json are what Label Studio 1.23.2 exported (JSON and JSON-MIN, all
tasks) of a project made of `SHEETS`: annotated through its API, skipped, annotated twice and by two people.
"""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from odw_harness.errors import MarkError
from odw_harness.human.instructions import DIMENSION_SCALE
from odw_harness.human.labelstudio import configuration, is_export, read_export, tasks
from odw_harness.human.sheet import Item, Sheet

HERE = Path(__file__).parent
EXPORTS = (HERE / "label_studio_export.json", HERE / "label_studio_export_min.json")
NAMES = {"form": "文种与格式规范", "completeness": "内容完整与切题"}
NOTICE = "关于检查的通知\n\n各学校：\n　　请开展检查。<b>\u202e"


def item(code: str, **more: Any) -> Item:
    given = {"question": "ODW-08", "genre": "通知", "prompt": "请起草一份通知。", "answer": NOTICE, "dimensions": NAMES}
    return Item(code, **{**given, **more})


APPEAL = item(
    "P9", question="ODW-21", genre="倡议书", answer="节水倡议书\n亲爱的市民：", dimensions={**NAMES, "form": "文体规范"}
)
SHEETS = (
    Sheet("g1", "G01", (item("K3"), item("M7", answer=""), APPEAL, item("R2"), item("T5"))),
    Sheet("g1", "G02", (item("V4"), item("X6"))),
)


def export(folder: Path, content: object) -> Path:
    file = folder / "export.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def exported() -> Any:
    return json.loads(EXPORTS[0].read_text(encoding="utf-8"))


def test_a_task_for_each_answer_of_each_grader_as_label_studio_gave_them_back() -> None:
    assert [task["data"] for task in tasks(SHEETS)] == [task["data"] for task in exported()]


def test_a_task_tells_nothing_but_what_a_grader_may_know() -> None:
    names = {name for task in tasks(SHEETS) for name in task["data"]}
    asked = {"label_form", "label_completeness"}
    assert names == {"grading", "grader", "code", "question", "genre", "prompt", "answer", *asked}


def test_a_dimension_has_the_name_of_its_question() -> None:
    labels = {task["data"]["code"]: task["data"]["label_form"] for task in tasks(SHEETS)}
    assert (labels["K3"], labels["P9"]) == ("文种与格式规范", "文体规范")


def test_texts_are_text_and_fields_are_on_their_scale() -> None:
    view = ElementTree.fromstring(configuration(SHEETS))
    assert [(text.get("name"), text.get("value")) for text in view.iter("Text")] == [
        ("prompt", "$prompt"),
        ("answer", "$answer"),
    ]
    assert not list(view.iter("HyperText"))
    fields = [(each.get("name"), each.get("min"), each.get("max"), each.get("toName")) for each in view.iter("Number")]
    assert fields == [
        ("score", "0", "100", "answer"),
        ("dimension_form", "1", "10", "answer"),
        ("dimension_completeness", "1", "10", "answer"),
    ]
    assert [each.get("name") for each in view.iter("TextArea")] == ["comment"]


def test_no_field_is_called_as_a_task_calls_something_or_json_min_would_hold_one_of_them() -> None:
    fields = {each.get("name") for each in ElementTree.fromstring(configuration(SHEETS)).iter() if each.get("toName")}
    assert not fields & set(tasks(SHEETS)[0]["data"])


def test_without_dimensions_only_the_score_and_a_comment_are_asked_for() -> None:
    plain = [Sheet("g1", "G01", (item("K3", dimensions={}),))]
    assert [each.get("name") for each in ElementTree.fromstring(configuration(plain)).iter("Number")] == ["score"]
    assert DIMENSION_SCALE in configuration(SHEETS)
    assert DIMENSION_SCALE not in configuration(plain)
    assert not [name for name in tasks(plain)[0]["data"] if name.startswith("label_")]


@pytest.mark.parametrize("file", EXPORTS, ids=["JSON", "JSON-MIN"])
def test_an_export_is_read_back(file: Path) -> None:
    assert is_export(json.loads(file.read_text("utf-8")))
    first, second = read_export(file)
    assert (first.grading, first.grader, second.grader) == ("g1", "G01", "G02")
    marks = {given.code: given for given in (*first.given, *second.given)}
    assert (marks["K3"].score, marks["K3"].dimensions) == (88.5, {"form": 8.0, "completeness": 7.5})
    assert (marks["K3"].comment, marks["K3"].answer) == ("好\n第二行", NOTICE)
    assert (marks["M7"].score, marks["M7"].comment, marks["M7"].answer) == (5.0, "改后\n又一条", "")  # 0 before that
    assert (marks["P9"].score, marks["P9"].dimensions) == (60.0, {"form": 6.0, "completeness": None})  # skipped since
    assert marks["T5"].score is None  # nobody came to it
    assert marks["X6"].score == 120  # the scale is for whoever checks marks
    assert marks["K3"].where == f"{file.name}: task 23, K3"
    assert first.faults == ()
    assert marks["V4"].score is None
    (fault,) = second.faults
    assert fault.startswith(f"{file.name}: task 28, V4: annotated by: ['1', '2'] are several people")


def test_a_skipped_task_is_left_blank() -> None:
    """JSON-MIN leaves such a task out: it is missing there."""
    codes = [{given.code: given.score for given in read_export(file)[0].given} for file in EXPORTS]
    assert codes[0]["R2"] is None
    assert "R2" not in codes[1]


def test_a_person_may_be_an_object(tmp_path: Path) -> None:
    rows = exported()
    for task in rows:
        for each in task["annotations"]:
            each["completed_by"] = {"id": each["completed_by"], "email": f"{each['completed_by']}@example.com"}
    first, second = read_export(export(tmp_path, rows))
    assert first.given[1].score == 5.0
    assert "['1@example.com', '2@example.com']" in second.faults[0]


def test_what_is_no_number_is_one_line_and_the_others_count(tmp_path: Path) -> None:
    rows = exported()
    rows[0]["annotations"][0]["result"][0]["value"] = {"number": "九十"}
    rows[0]["annotations"][0]["result"][1]["value"] = {"number": None}
    (first, _) = read_export(export(tmp_path, rows))
    assert (first.given[0].score, first.given[0].dimensions["form"], first.given[1].score) == (None, None, 5.0)
    (fault,) = first.faults
    assert fault.startswith("export.json: task 23, K3: score: '九十' is not a number")


def test_a_task_of_something_else_is_told_and_the_others_count(tmp_path: Path) -> None:
    rows = exported()
    del rows[1]["data"]["code"]
    (first, second) = read_export(export(tmp_path, [*rows, 5]))
    assert [given.code for given in first.given] == ["K3", "P9", "R2", "T5"]
    assert [fault.split(":")[1] for fault in first.faults] == [" task 2 of the file", " task 8 of the file"]
    assert len(second.faults) == 1


def test_the_number_of_a_task_may_be_anything(tmp_path: Path) -> None:
    (returned,) = read_export(export(tmp_path, [{**exported()[0], "id": "\x1b\ud83d"}]))
    assert returned.given[0].where == "export.json: task ??, K3"


@pytest.mark.parametrize("annotations", [5, {"result": []}, [None, {"result": 5}], [{"result": [7]}]])
def test_annotations_that_are_none_are_no_mark(tmp_path: Path, annotations: object) -> None:
    row = {**exported()[0], "annotations": annotations}
    (returned,) = read_export(export(tmp_path, [row]))
    assert [given.score for given in returned.given] == [None]


@pytest.mark.parametrize(
    "content", [[], {}, [1], [{"data": []}], {"format": "odw-human-form"}, [{"data": {"code": "K3"}}]]
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: object) -> None:
    file = export(tmp_path, content)
    assert not is_export(content)
    with pytest.raises(MarkError, match="no export of a grading"):
        read_export(file)


def test_what_can_not_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("[{", encoding="utf-8")
    for path in (file, tmp_path, tmp_path / "none.json"):
        with pytest.raises(MarkError, match=str(path)):
            read_export(path)
