"""The grader's page as a file, and what reads back the file that it saves."""

import json
from pathlib import Path
from typing import Any

import pytest

from odw_harness.errors import MarkError
from odw_harness.human.form import form_page, read_form
from odw_harness.human.instructions import BANDS, DIMENSION_SCALE, EXAMPLE, EXAMPLE_TASK, HOW
from odw_harness.human.sheet import Item, Sheet

CLOSING = "关于</script><script>alert(1)</script>的通知<!--<script>\u2028"


def item(code: str = "K7", **more: Any) -> Item:
    given = {"question": "q1", "genre": "通知", "prompt": "请起草通知。", "answer": "关于放假的通知"}
    return Item(code, **{**given, **more})


def saved(folder: Path, rows: Any = (), **more: Any) -> Path:
    """A file as the page saves it, changed in some of its fields."""
    held = {"format": "odw-human-form", "version": 1, "grading": "g1", "grader": "G01", "simulated": False}
    file = folder / "g1-G01.json"
    file.write_text(json.dumps({**held, "items": rows, **more}, ensure_ascii=False), encoding="utf-8")
    return file


def row(code: str = "K7", score: Any = 85, **more: Any) -> dict[str, Any]:
    return {"code": code, "score": score, "dimensions": {}, "comment": "", "answer": "关于放假的通知", **more}


def test_the_page_needs_nothing_else_and_holds_the_instructions_first() -> None:
    page = form_page(Sheet("g1", "G01", (item(dimensions={"form": "文体规范"}),)))
    assert "default-src 'none'" in page
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in page
    told = [*HOW, BANDS[0][1], DIMENSION_SCALE, EXAMPLE_TASK, EXAMPLE[0].why]
    places = [page.index(each) for each in told]
    assert places == sorted(places)
    assert places[-1] < page.index('id="form-data"')


def test_dimensions_are_told_only_where_they_are_asked_for() -> None:
    assert DIMENSION_SCALE not in form_page(Sheet("g1", "G01", (item(),)))


def test_no_text_ends_the_element_that_holds_it() -> None:
    page = form_page(Sheet(CLOSING, CLOSING, (item(prompt=CLOSING, answer=CLOSING, genre=CLOSING),)))
    assert page.count("<script") == page.count("</script>") == 2
    start = page.index(">", page.index('id="form-data"')) + 1
    data = json.loads(page[start : page.index("</script>", start)])
    assert data["items"][0]["answer"] == data["items"][0]["prompt"] == data["grader"] == CLOSING


def test_half_a_surrogate_pair_is_no_obstacle() -> None:
    form_page(Sheet("g1", "G01", (item(answer="好\ud83d"),))).encode("utf-8")


def test_the_same_sheet_gives_the_same_page() -> None:
    sheet = Sheet("g1", "G01", (item("A"), item("B")))
    assert form_page(sheet) == form_page(sheet)


def test_a_saved_file_is_read_back(tmp_path: Path) -> None:
    rows = [
        row(score=85.5, dimensions={"form": 8, "language": None}, comment="好"),
        row("M2", None, answer=None),
        row("P3", 120),
    ]
    read = read_form(saved(tmp_path, rows))
    assert (read.grading, read.grader, read.faults) == ("g1", "G01", ())
    first, blank, off = read.given
    assert (first.code, first.score, first.dimensions) == ("K7", 85.5, {"form": 8.0, "language": None})
    assert (first.comment, first.answer, first.where) == ("好", "关于放假的通知", "g1-G01.json: item K7")
    assert (blank.score, blank.answer) == (None, None)
    assert off.score == 120  # the scale is for whoever checks marks
    assert not any(each.simulated for each in read.given)


def test_a_simulation_is_told(tmp_path: Path) -> None:
    (given,) = read_form(saved(tmp_path, [row()], simulated=True)).given
    assert given.simulated


def test_a_file_saved_again_by_an_editor_with_a_mark_of_byte_order_is_read(tmp_path: Path) -> None:
    file = saved(tmp_path, [row()])
    file.write_text(file.read_text("utf-8"), "utf-8-sig")
    assert read_form(file).given[0].score == 85


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (row(score="九十"), "item K7: score: '九十' is not a number"),
        (row(score=True), "item K7: score: True is not a number"),
        (row(score=float("nan")), "item K7: score: nan is not a number"),
        (row(score=10**400), "item K7: score: 1000"),
        (row(score=[1]), "item K7: score: [1] is not a number"),
        (row(dimensions={"form": "8分"}), "item K7: dimensions.form: '8分' is not a number"),
        (row(dimensions=[8]), "item K7: dimensions: [8] must be an object"),
        (row(comment=5), "item K7: comment: 5 is not a text"),
        (row(answer=5), "item K7: answer: 5 is not a text"),
        (row(code=None), "items, row 1: has no code"),
        (row(code=""), "items, row 1: has no code"),
        ("K7", "items, row 1: has no code"),
        (row("K\x1b7\n", "x"), "item K?7?: score"),
    ],
)
def test_a_wrong_row_is_one_line_and_the_others_count(tmp_path: Path, wrong: Any, told: str) -> None:
    read = read_form(saved(tmp_path, [wrong, row("M2", 70)]))
    (fault,) = read.faults
    assert fault.startswith(f"g1-G01.json: {told}")
    assert fault.isprintable()
    assert (read.given[-1].code, read.given[-1].score) == ("M2", 70)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"format": "x"}, "not a file that a grader's page saved"),
        ({"version": 2}, "field version: 2, but this odw reads 1"),
        ({"grader": None}, "field grader"),
        ({"grading": ""}, "field grading"),
        ({"items": {}}, "field items: must be a list"),
    ],
)
def test_what_is_no_saved_file_is_refused(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    with pytest.raises(MarkError, match=told):
        read_form(saved(tmp_path, [], **more))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"),
        (b'{"format": "odw-human-form", "items": [', "not JSON"),
        (b"[]", "not a file that a grader's page saved"),
        ("备注".encode("gbk"), "not UTF-8"),
        (b"[" * 100_000, "not JSON|no JSON"),
        (b"1" * 10_000, "no JSON"),
    ],
)
def test_what_can_not_be_read_is_refused_in_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(MarkError, match=told) as caught:
        read_form(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarkError, match="can't be read"):
        read_form(tmp_path)
    with pytest.raises(MarkError, match="no such file"):
        read_form(tmp_path / "none.json")
