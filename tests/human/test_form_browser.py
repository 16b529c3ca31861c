"""The grader's page in Chromium: marking by keyboard, what is kept, saved and loaded, and what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from odw_harness.human.form import form_page, read_form
from odw_harness.human.sheet import Given, Item, Sheet
from tests.browser import PHONE, WIDE, Opened
from tests.hostile import ATTACKS, MARKUP, TAGS

Open = Callable[..., Opened]
NAMES = {"form": "文种与格式规范", "language": "语言得体"}
NARROW = {"width": 360, "height": 740}
DENIED = (
    'Object.defineProperty(window, "localStorage", {get() { throw new DOMException("denied", "SecurityError"); }});'
)
FULL = 'Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };'
ANSWER = "关于放假的通知\n\n各学校：\n　　放假三天。\n\n清源县教育局"


def sheet(grader: str = "G01", answer: str = ANSWER, dimensions: bool = True) -> Sheet:
    """Four answers, A1 and A2 to one question, B1 and B2 to another."""
    of = NAMES if dimensions else {}
    notice = [Item(code, "q1", "通知", "请起草放假通知。", f"{answer}\n{code}", of) for code in ("A1", "A2")]
    report = [Item(code, "q2", "报告", "请起草工作报告。", f"{answer}\n{code}", of) for code in ("B1", "B2")]
    return Sheet("g1", grader, (*notice, *report))


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[[Sheet], Path]:
    def write(given: Sheet) -> Path:
        file = tmp_path / f"{given.grader[:8]}.html"
        file.write_text(form_page(given), encoding="utf-8")
        return file

    return write


@pytest.fixture
def form(page_of: Callable[[Sheet], Path]) -> Path:
    return page_of(sheet())


@pytest.fixture
def plain(page_of: Callable[[Sheet], Path]) -> Path:
    """Without dimensions."""
    return page_of(sheet(dimensions=False))


def keys(page: Any, *pressed: str) -> None:
    for each in pressed:
        page.keyboard.press(each)


KEPT = "() => { try { return Object.entries(localStorage).sort().join(); } catch { return null; } }"


def reload(page: Any) -> None:
    """Load it again once the browser has what it wrote: a reload in the same instant can be ahead of that, which no person
    is (3 of 100 were)."""
    wanted = page.evaluate(KEPT)
    other = page.context.new_page()
    for _ in range(50):
        other.goto(page.url)
        if other.evaluate(KEPT) == wanted:
            break
    other.close()
    page.reload()


def place(page: Any) -> int:
    found = re.match(r"第 (\d+) 份", page.inner_text("#place"))
    assert found
    return int(found[1])


def values(page: Any) -> list[str]:
    return [each.input_value() for each in page.locator("#fields input, #fields textarea").all()]


def listed(page: Any) -> list[str]:
    return [each.get_attribute("data-state") for each in page.locator("#list button").all()]


def save(page: Any, into: Path) -> Path:
    with page.expect_download() as told:
        keys(page, "Control+s")
    file = into / told.value.suggested_filename
    told.value.save_as(file)
    return file


def marks_of(file: Path) -> dict[str, Given]:
    read = read_form(file)
    assert (read.grading, read.grader) == ("g1", "G01")
    return {given.code: given for given in read.given}


def mark(page: Any, *scores: str) -> None:
    """Scores of the answers one after the other, from the first; no dimensions."""
    page.click("#to-work")
    for number, score in enumerate(scores):
        page.locator("#list button").nth(number).click()
        page.fill("#field-0", score)


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


def test_what_is_typed_is_there_after_a_reload_without_saving(form: Path, opened: Open) -> None:
    one = opened(form)
    page = one.page
    keys(page, "F2")
    page.keyboard.type("85")
    keys(page, "Enter")
    page.keyboard.type("8")
    page.fill("#comment", "好")
    reload(page)
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
    reload(one.page)
    assert one.leaving == 0
    other = opened(form)
    other.page.set_input_files("#file", file)
    expect(other.page.locator("#note-text")).to_have_text("从文件载入了 3 份评分。")
    assert listed(other.page) == ["part", "wrong", "wrong", "blank"]
    other.page.locator("#list button").nth(2).click()
    assert values(other.page) == ["九十", "", "", "好"]
    reload(other.page)
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
    reload(one.page)
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
    reload(one.page)
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
    reload(one.page)
    assert listed(one.page) == ["blank"] * 4
    mark(one.page, "30")
    file.write_text(form_page(sheet(dimensions=False)), encoding="utf-8")
    reload(one.page)
    assert values(one.page)[0] in ("80", "")
    one.page.locator("#list button").first.click()
    assert values(one.page)[0] == "80"


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
    reload(page)
    assert values(page) == [typed, "11", "", ""]
    assert told in page.inner_text("#wrong-0")
    page.click("#to-summary")
    assert "分数有误，请改正（1 份" in page.inner_text("#summary-found")


@pytest.mark.parametrize(
    ("typed", "score"), [("８５．５", 85.5), ("85。5", 85.5), (" 100 ", 100), ("0", 0), (".5", 0.5)]
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
    reload(second)
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
    reload(page)
    assert one.leaving == 1
    assert page.is_visible("#guide")
    assert one.trouble == []


def test_damaged_storage_is_put_aside(plain: Path, opened: Open) -> None:
    one = opened(plain)
    mark(one.page, "70")
    (name,) = one.page.evaluate("Object.keys(localStorage)")
    one.page.evaluate("(name) => localStorage.setItem(name, '{')", name)
    reload(one.page)
    mark(one.page, "85")
    reload(one.page)
    assert values(one.page)[0] in ("85", "")
    assert one.page.locator("#list .score").first.inner_text() == "85"
    assert one.page.evaluate("(name) => localStorage.getItem(name + ' damaged')", name) == "{"
    assert one.trouble == []


@pytest.mark.parametrize("size", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_its_window_and_can_be_read(form: Path, opened: Open, size: dict[str, int], dark: bool) -> None:
    one = opened(form, size=size, dark=dark)
    page = one.page
    for view in ("#to-guide", "#to-work", "#to-summary"):
        page.click(view)
        assert one.overflow() <= 0, view
    page.click("#to-work")
    page.fill("#field-0", "120")
    for selector in ("#answer", "#prompt", ".wrong", ".dim", "#progress-text", "button.main"):
        assert contrast(page, selector) > 4.5, selector
    assert one.overflow() <= 0
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input:not([type=file]), select, textarea')].filter((each) => !each.labels.length).length"
    )
    assert unnamed == 0
    assert one.trouble == []


def contrast(page: Any, selector: str) -> float:
    """WCAG 2.1 contrast of an element's text with the ground that is painted behind it."""
    ground, ink = page.evaluate(
        """(selector) => {
          const element = [...document.querySelectorAll(selector)].find((each) => each.offsetParent);
          const colour = (text) => text.match(/[\\d.]+/g).map(Number);
          const layers = [];
          for (let each = element; each; each = each.parentElement) layers.push(colour(getComputedStyle(each).backgroundColor));
          let ground = [255, 255, 255];
          for (const [r, g, b, a = 1] of layers.reverse()) ground = [r, g, b].map((part, index) => part * a + ground[index] * (1 - a));
          return [ground, colour(getComputedStyle(element).color).slice(0, 3)];
        }""",
        selector,
    )

    def luminance(colour: list[float]) -> float:
        parts = [each / 255 for each in colour]
        red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(ground), luminance(ink)))
    return (lighter + 0.05) / (darker + 0.05)


def test_on_paper_there_is_every_answer_with_its_marks(form: Path, opened: Open) -> None:
    page = opened(form).page
    mark(page, "85", "120")
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(pages) >= 1 + 4  # the instructions, and each answer on a page of its own
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    printed = page.locator("#printed .item")
    assert printed.locator("h2").all_inner_texts() == [
        f"第 {number} 份 · 编号 {code}" for number, code in enumerate(("A1", "A2", "B1", "B2"), 1)
    ]
    given = printed.locator(".given:first-of-type").all_inner_texts()
    assert given[0].startswith("总分：85文种与格式规范：＿＿＿＿")
    assert given[1].startswith("总分：＿＿＿＿")
    assert page.is_visible("#guide")
    for hidden in ("header", "#work", "#summary", "#start"):
        assert not page.is_visible(hidden)


def test_no_hostile_text_runs_or_breaks_the_layout(page_of: Callable[[Sheet], Path], opened: Open) -> None:
    """Every one as task, genre, answer and code, on a screen and in a narrow window."""
    items = [
        Item(f"{number}{attack[:30]}", attack[:60], attack[:200], attack[:9000], attack, {"form": "文体规范"})
        for number, attack in enumerate(ATTACKS)
    ]
    name = MARKUP[3] + "长" * 300
    one = opened(page_of(Sheet(name, name, tuple(items))))
    page = one.page
    page.click("#start")
    for number, attack in enumerate(ATTACKS):
        assert place(page) == number + 1
        if number < len(MARKUP):
            told = attack.replace("\u2028", "U+2028").replace("\u2029", "U+2029")
            assert "".join(told.split()) in "".join(page.inner_text("#answer").split())
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            assert one.overflow() <= 0, f"attack {number} at {size['width']}"
            assert page.locator(f"main :is({TAGS.replace(', input', '')})").count() == 0, number
        page.set_viewport_size(WIDE)
        page.click("#next")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(f"#printed :is({TAGS})").count() == 0
    assert page.evaluate("window.pwned") is None
    assert one.trouble == []


def test_a_line_of_a_megabyte_is_folded_and_comes_back_whole(
    page_of: Callable[[Sheet], Path], opened: Open, tmp_path: Path
) -> None:
    text = "公" * 1_000_000
    one = opened(page_of(Sheet("g1", "G01", (Item("K7", "q", "通知", "题", text),))), size=NARROW)
    page = one.page
    keys(page, "F2")
    assert page.evaluate("document.getElementById('answer').textContent.length") < 21_000
    assert one.overflow() <= 0
    page.click("#answer .fold")
    assert page.evaluate("document.getElementById('answer').textContent.length") == len(text)
    page.fill("#field-0", "1")
    assert marks_of(save(page, tmp_path))["K7"].answer == text
    assert one.trouble == []
