"""The grader's page in Chromium: what the browser keeps, what goes into a file and comes back, and two windows."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from odw_harness.human.form import form_page, read_form
from odw_harness.human.sheet import Sheet
from tests.human.forms import Open, keys, listed, mark, marks_of, save, sheet, values

DENIED = (
    'Object.defineProperty(window, "localStorage", {get() { throw new DOMException("denied", "SecurityError"); }});'
)
FULL = 'Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };'


def test_what_is_typed_is_there_after_a_reload_without_saving(form: Path, opened: Open) -> None:
    one = opened(form)
    page = one.page
    keys(page, "F2")
    page.keyboard.type("85")
    keys(page, "Enter")
    page.keyboard.type("8")
    page.fill("#comment", "好")
    page.reload()
    assert one.leaving == 1  # it is in no file yet
    assert values(page) == ["85", "8", "", "好"]
    assert listed(page)[0] == "part"
    assert "1 份尚未存入文件" in page.inner_text("#kept")
    other = page.context.new_page()
    other.goto(form.as_uri())
    assert values(other) == ["85", "8", "", "好"]


def test_a_saved_file_goes_on_on_another_machine(form: Path, opened: Open, tmp_path: Path) -> None:
    one = opened(form)
    keys(one.page, "F2")
    mark(one.page, "85", "120", "九十")
    one.page.fill("#comment", "好")
    file = save(one.page, tmp_path)
    assert file.name == "g1-G01.json"
    assert one.page.inner_text("#kept") == "已全部存入文件"
    one.page.reload()
    assert one.leaving == 0
    other = opened(form)
    other.page.set_input_files("#file", file)
    expect(other.page.locator("#note-text")).to_have_text("从文件载入了 3 份评分。")
    assert listed(other.page) == ["part", "wrong", "wrong", "blank"]
    other.page.locator("#list button").nth(2).click()
    assert values(other.page) == ["九十", "", "", "好"]
    other.page.reload()
    assert other.leaving == 0
    assert listed(other.page) == ["part", "wrong", "wrong", "blank"]
    again = save(other.page, tmp_path)
    read = read_form(again)
    assert [given.score for given in read.given] == [85, 120, None, None]
    assert ["item B1: score: '九十' is not a number" in fault for fault in read.faults] == [True]
    assert one.trouble == other.trouble == []


@pytest.mark.parametrize(
    ("take", "expected"),
    [("newer", ["81", "70", "62", "90"]), ("file", ["81", "71", "62", "90"]), ("here", ["80", "70", "62", "90"])],
)
def test_marks_that_differ_are_asked_about(
    plain: Path, opened: Open, tmp_path: Path, take: str, expected: list[str]
) -> None:
    """The file has 81 for the first, marked later than here, 71 for the second, marked before, and 62 for the third."""
    one = opened(plain)
    mark(one.page, "80", "70", "", "90")
    held = json.loads(save(one.page, tmp_path).read_text("utf-8"))
    for row, score, year in zip(held["items"], (81, 71, 62), (2999, 1999, 1999), strict=False):
        row.update(score=score, marked_at=f"{year}-01-01T00:00:00.000Z")
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(held), "utf-8")
    one.page.reload()
    one.page.evaluate("localStorage.clear()")
    one = opened(plain)
    mark(one.page, "80", "70")
    one.page.locator("#list button").nth(3).click()
    one.page.fill("#field-0", "90")
    one.page.set_input_files("#file", changed)
    expect(one.page.locator("#conflict-text")).to_contain_text(
        "有 2 份两边都评了但不一样：其中 1 份是文件里的较新，1 份"
    )
    one.page.click("[data-take='']")
    assert [each.inner_text() for each in one.page.locator("#list .score").all()] == ["80", "70", "", "90"]
    one.page.set_input_files("#file", changed)
    one.page.click(f"[data-take={take}]")
    assert [each.inner_text() for each in one.page.locator("#list .score").all()] == expected
    one.page.reload()
    assert [each.inner_text() for each in one.page.locator("#list .score").all()] == expected


def test_a_file_of_somebody_else_or_of_other_answers_is_not_loaded(
    page_of: Callable[[Sheet], Path], opened: Open, tmp_path: Path
) -> None:
    one = opened(page_of(sheet(dimensions=False)))
    mark(one.page, "80")
    file = save(one.page, tmp_path)
    other = opened(page_of(sheet("G02")))
    note = other.page.locator("#note-text")
    other.page.set_input_files("#file", file)
    expect(note).to_contain_text("属于评分人“G01”、批次“g1”，本页是评分人“G02”")
    other = opened(page_of(sheet(answer="另一篇", dimensions=False)))
    note = other.page.locator("#note-text")
    other.page.set_input_files("#file", file)
    expect(note).to_contain_text("4 份的编号或答卷与本页不符，没有载入")
    assert listed(other.page) == ["blank"] * 4
    held = json.loads(file.read_text("utf-8"))
    for content, told in (
        ("{", "这不是本评分表保存的文件"),
        ("[1]", "这不是本评分表保存的文件"),
        ("null", "这不是本评分表保存的文件"),
        (json.dumps({**held, "version": 2}), "另一版本"),
        (json.dumps({**held, "simulated": True}), "模拟评分"),
        (json.dumps({**held, "items": [None, 5, {"code": "A1"}]}), "3 份的编号或答卷与本页不符"),
    ):
        wrong = tmp_path / "wrong.json"
        wrong.write_text(content, "utf-8")
        other.page.set_input_files("#file", wrong)
        expect(note).to_contain_text(told)
    assert one.trouble == other.trouble == []


def test_what_the_browser_keeps_of_other_answers_does_not_become_a_mark_of_these(
    page_of: Callable[[Sheet], Path], opened: Open
) -> None:
    """A grading exported anew under its old name; the marks of the first are there again with its page."""
    file = page_of(sheet(dimensions=False))
    one = opened(file)
    mark(one.page, "80")
    file.write_text(form_page(sheet(answer="另一篇", dimensions=False)), encoding="utf-8")
    one.page.reload()
    assert listed(one.page) == ["blank"] * 4
    mark(one.page, "30")
    file.write_text(form_page(sheet(dimensions=False)), encoding="utf-8")
    one.page.reload()
    assert values(one.page)[0] in ("80", "")
    one.page.locator("#list button").first.click()
    assert values(one.page)[0] == "80"


def test_two_windows_of_one_form_keep_each_others_marks(plain: Path, opened: Open, tmp_path: Path) -> None:
    one = opened(plain)
    first, second = one.page, one.page.context.new_page()
    second.goto(plain.as_uri())
    mark(first, "80")
    expect(second.locator("#list .score").first).to_have_text("80")
    second.bring_to_front()
    mark(second, "80", "70")
    expect(first.locator("#list .score").nth(1)).to_have_text("70")
    first.locator("#list button").nth(1).click()
    second.fill("#comment", "第二窗口")
    expect(first.locator("#comment")).to_have_value("第二窗口")
    first.fill("#field-0", "71")
    expect(second.locator("#field-0")).to_have_value("71")
    given = marks_of(save(second, tmp_path))
    assert [given[code].score for code in ("A1", "A2", "B1")] == [80, 71, None]
    assert given["A2"].comment == "第二窗口"
    expect(first.locator("#kept")).to_have_text("已全部存入文件")
    first.evaluate("localStorage.clear()")
    second.fill("#field-0", "72")
    second.reload()
    assert [each.inner_text() for each in second.locator("#list .score").all()] == ["80", "72", "", ""]


@pytest.mark.parametrize("first", [DENIED, FULL], ids=["denied", "full"])
def test_a_browser_that_keeps_nothing_is_told_of(plain: Path, opened: Open, tmp_path: Path, first: str) -> None:
    one = opened(plain, first=first)
    page = one.page
    keys(page, "F2")
    page.keyboard.type("85")
    assert page.is_visible("#no-storage")
    assert "会丢失评分" in page.inner_text("#no-storage")
    assert page.inner_text("#kept") == "1 份没有保存！"
    assert marks_of(save(page, tmp_path))["A1"].score == 85
    page.keyboard.type("5")
    page.reload()
    assert one.leaving == 1
    assert values(page)[0] == "855"  # loaded again, the window has it still; closed, it is lost
    assert page.is_visible("#no-storage")
    assert one.trouble == []


def test_damaged_storage_is_put_aside(plain: Path, opened: Open) -> None:
    one = opened(plain)
    mark(one.page, "70")
    (name,) = one.page.evaluate("Object.keys(localStorage)")
    one.page.evaluate("(name) => localStorage.setItem(name, '{')", name)
    one.page.reload()
    mark(one.page, "85")
    one.page.reload()
    assert one.page.locator("#list .score").first.inner_text() == "85"
    assert one.page.evaluate("(name) => localStorage.getItem(name + ' damaged')", name) == "{"
    assert one.trouble == []
