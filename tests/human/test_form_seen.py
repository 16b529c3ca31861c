"""The grader's page in Chromium: in windows of any size, light and dark, on paper, and with hostile texts."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from odw_harness.human.sheet import Item, Sheet
from tests.browser import PHONE, WIDE
from tests.hostile import ATTACKS, MARKUP, TAGS
from tests.human.forms import Open, keys, mark, marks_of, place, save

NARROW = {"width": 360, "height": 740}


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
