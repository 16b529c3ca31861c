"""The grader's page in Chromium: what is shown, marked by keyboard, counted and refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from odw_harness.human.sheet import Sheet
from tests.human.forms import ANSWER, Open, keys, listed, mark, marks_of, place, save, sheet, values


def test_the_instructions_come_first_and_then_one_answer_at_a_time(form: Path, opened: Open) -> None:
    one = opened(form)
    assert one.page.inner_text("h1") == "公文写作人工评分"
    assert one.page.is_visible("#guide")
    assert one.page.locator(".anchor").count() == 3
    assert not one.page.is_visible("#work")
    one.page.click("#start")
    assert not one.page.is_visible("#guide")
    assert one.page.inner_text("#place") == "第 1 份，共 4 份"
    assert one.page.inner_text("#about") == "通知 · 本题共 2 份，这是第 1 份"
    assert one.page.inner_text("#prompt") == "请起草放假通知。"
    assert one.page.inner_text("#code") == "编号 A1"
    lines = one.page.locator("#answer .line").all_text_contents()
    assert lines == [*ANSWER.split("\n"), "A1"]
    assert one.page.locator("#answer .line").nth(1).bounding_box()["height"] > 10  # an empty line is one
    assert one.trouble == []


def test_all_can_be_marked_by_keyboard_alone(form: Path, opened: Open, tmp_path: Path) -> None:
    one = opened(form)
    page = one.page
    keys(page, "F2")
    for number, (score, of_form, language) in enumerate([("85", "8", "9"), ("70.5", "7", "6.5"), ("0", "1", "1")], 1):
        assert place(page) == number
        page.keyboard.type(score)
        keys(page, "Enter")
        page.keyboard.type(of_form)
        keys(page, "Enter")
        page.keyboard.type(language)
        keys(page, "Enter")
    assert page.inner_text("#progress-text") == "已评 3／4 份"
    assert listed(page) == ["done", "done", "done", "blank"]
    keys(page, "Shift+Enter", "ArrowLeft")  # the score is selected: no digit of it is lost
    assert place(page) == 2
    assert values(page) == ["70.5", "7", "6.5", ""]
    keys(page, "Tab", "Tab", "Tab")
    page.keyboard.type("缺日期")
    keys(page, "Enter")
    page.keyboard.type("第二行")
    keys(page, "Control+Enter", "F2")
    assert place(page) == 4
    page.keyboard.type("60")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("61.5")  # into the score, in place of what is there
    assert values(page)[0] == "61.5"
    keys(page, "Enter", "5", "Enter", "4", "Enter")
    assert page.is_visible("#summary")
    assert "已全部评完" in page.inner_text("#summary-found")
    given = marks_of(save(page, tmp_path))
    assert {code: (each.score, each.dimensions) for code, each in given.items()} == {
        "A1": (85, {"form": 8, "language": 9}),
        "A2": (70.5, {"form": 7, "language": 6.5}),
        "B1": (0, {"form": 1, "language": 1}),
        "B2": (61.5, {"form": 5, "language": 4}),
    }
    assert given["A2"].comment == "缺日期\n第二行"
    assert given["A1"].answer == f"{ANSWER}\nA1"
    assert one.trouble == []


def test_arrows_scroll_the_answer_from_the_field_and_walk_through_the_list(
    page_of: Callable[[Sheet], Path], opened: Open
) -> None:
    page = opened(page_of(sheet(answer="行\n" * 200))).page
    keys(page, "F2", "ArrowDown")
    assert page.evaluate("scrollY") == 60
    keys(page, "PageDown", "PageUp", "ArrowUp")
    assert page.evaluate("scrollY") == 0
    page.locator("#list button").first.focus()
    keys(page, "ArrowDown", "ArrowDown", "Enter")
    assert place(page) == 3
    assert page.evaluate("document.activeElement.id") == "field-0"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("120", "120 不在 0～100 之间"),
        ("-1", "-1 不在 0～100 之间"),
        ("100.01", "100.01 不在 0～100 之间"),
        ("九十", "“九十”不是数字"),
        ("8 5", "“8 5”不是数字"),
        ("1e1", "“1e1”不是数字"),
        ("0x10", "“0x10”不是数字"),
        ("0.85", "0.85 像是百分比，没有计入。请填 85，"),
    ],
)
def test_what_is_off_the_scale_is_refused_told_and_not_lost(form: Path, opened: Open, typed: str, told: str) -> None:
    page = opened(form).page
    keys(page, "F2")
    page.keyboard.type(typed)
    keys(page, "Enter")
    assert page.evaluate("document.activeElement.id") == "field-0"
    assert told in page.inner_text("#wrong-0")
    assert page.get_attribute("#field-0", "aria-invalid") == "true"
    assert listed(page)[0] == "wrong"
    page.fill("#field-1", "11")
    assert "11 不在 1～10 之间" in page.inner_text("#wrong-1")
    page.reload()
    assert values(page) == [typed, "11", "", ""]
    assert told in page.inner_text("#wrong-0")
    page.click("#to-summary")
    assert "分数有误，请改正（1 份" in page.inner_text("#summary-found")


@pytest.mark.parametrize(
    ("typed", "score"), [("８５．５", 85.5), ("85。5", 85.5), (" 100 ", 100), ("0", 0), ("1.50", 1.5)]
)
def test_full_width_digits_count(plain: Path, opened: Open, tmp_path: Path, typed: str, score: float) -> None:
    page = opened(plain).page
    mark(page, typed)
    assert marks_of(save(page, tmp_path))["A1"].score == score


def test_the_meaning_of_a_score_stands_beside_it(plain: Path, opened: Open) -> None:
    page = opened(plain).page
    keys(page, "F2")
    for score, band in (("89.5", "75～89 分"), ("90", "90～100 分"), ("0", "0～39 分"), ("", ""), ("101", "")):
        page.fill("#field-0", score)
        assert page.inner_text("#band").partition("：")[0] == band


def test_progress_filters_and_the_summary_tell_what_is_missing(form: Path, opened: Open) -> None:
    page = opened(form).page
    mark(page, "85", "", "130", "70")
    for number in (1, 2):
        page.fill(f"#field-{number}", "8")
    assert page.inner_text("#progress-text") == "已评 1／4 份"
    assert page.get_attribute("#progress", "value") == "1"
    assert page.locator("#filter option").all_inner_texts() == [
        "全部（4）",
        "未评（1）",
        "未评完或有误（2）",
        "已评（1）",
        "有备注（0）",
    ]
    page.click("#to-summary")
    assert page.locator("#summary-found p").all_inner_texts() == [
        "还有 3 份没有评完（共 4 份）。",
        "分数有误，请改正（1 份，点编号打开）：",
        "还缺一部分分数（1 份，点编号打开）：",
        "没有评（1 份，点编号打开）：",
    ]
    assert page.locator(".places").all_inner_texts() == ["3", "1", "2"]
    page.click(".places button >> nth=2")
    assert place(page) == 2
    page.select_option("#filter", "open")
    assert [each.is_visible() for each in page.locator("#list button").all()] == [True, True, True, False]
    assert page.locator("#list .question").all_inner_texts() == ["题 1 · 通知", "题 2 · 报告"]
    page.click("#next")
    assert place(page) == 3
    assert page.is_disabled("#next") is False  # to the summary
    page.click("#previous")
    assert place(page) == 1
    assert page.is_disabled("#previous")
