"""The page in a browser: tables, languages, measures, pictures."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from odw_harness.report.data import boards
from odw_harness.report.page import page
from odw_harness.results import read_outputs
from tests.browser import PHONE, Opened
from tests.made import QUESTIONS, who, write_run

SOME = (*QUESTIONS[:4], *QUESTIONS[-2:])
NAMES = ".leaderboard:visible tbody tr:visible th"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 systems, S00 the best by 0.1, their documents the shorter the better; two of them once more under another judge."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(30):
        write_run(
            folder / f"s{number}",
            f"S{number:02}",
            lambda q, number=number: [[9 - number / 10]],
            text=lambda q, number=number: q.reference[: 10 + number],
            questions=SOME,
        )
    for number in (0, 1):
        write_run(
            folder / f"other{number}",
            f"S{number:02}",
            lambda q, number=number: [[2.0 + number]],
            judge=who("other"),
            questions=SOME,
            date=datetime(2026, 11, 26, tzinfo=UTC),
        )
    outputs = read_outputs([folder])
    file = folder / "report.html"
    file.write_text(page(outputs, boards(outputs)), encoding="utf-8")
    return file


def names(one: Opened) -> list[str]:
    return [str(name) for name in one.page.locator(NAMES).all_inner_texts()]


def test_a_click_sorts_and_so_does_the_keyboard(opened: Callable[..., Opened], many: Path) -> None:
    one = opened(many)
    assert names(one)[:3] == ["S00", "S01", "S02"]
    head = one.page.locator("#table-0 thead th").nth(4)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert names(one)[0] == "S00", "a figure starts from the highest"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(one)[:2] == ["S29", "S28"]
    length = one.page.locator("#table-0 thead th").last
    length.locator("button").focus()
    one.page.keyboard.press("Enter")
    assert length.get_attribute("aria-sort") == "descending"
    assert head.get_attribute("aria-sort") == "none"
    assert names(one)[:2] == ["S29", "S28"], "the longest first"
    one.page.keyboard.press("Space")
    assert names(one)[:2] == ["S00", "S01"]
    assert one.trouble == []


def test_beyond_25_rows_there_are_pages_and_a_search(opened: Callable[..., Opened], many: Path) -> None:
    one = opened(many)
    pager = one.page.locator('nav.pager[data-table="table-0"]')
    assert len(names(one)) == 25
    assert pager.inner_text().split() == ["‹", "1–25", "/", "30", "›"]
    pager.locator("button").last.click()
    assert names(one) == ["S25", "S26", "S27", "S28", "S29"]
    assert one.page.locator('[data-picture="heat"] .ytick text').count() == 5, "pictures follow the table's page"
    one.page.locator('input[data-table="table-0"]').fill("s07")
    assert names(one) == ["S07"]
    assert one.page.locator('nav.pager[data-table="paper-1"]').count() == 0, "15 rows need none"
    assert one.trouble == []


def test_one_measure_is_seen_at_a_time(opened: Callable[..., Opened], many: Path) -> None:
    one = opened(many)
    assert one.page.locator(".leaderboard:visible").count() == 1
    tabs = one.page.locator(".measures button")
    tabs.nth(1).click()
    assert names(one) == ["S01", "S00"]
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert "other" in one.page.locator("[data-measure]").first.inner_text()
    assert one.page.locator('[data-picture="heat"] .ytick text').count() == 2
    one.page.emulate_media(media="print")
    assert one.page.locator(".leaderboard:visible").count() == 2, "on paper all of them, each by itself"
    assert one.page.locator("#table-0 tbody tr:visible").count() == 30, "and whole"
    one.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    height = "document.querySelector('[data-picture=heat] .main-svg').getBoundingClientRect().height"
    assert one.page.evaluate(height) > 150, "a picture keeps its height"
    assert one.trouble == []


def test_the_page_speaks_both_languages(opened: Callable[..., Opened], many: Path) -> None:
    one = opened(many, language="zh-CN")
    assert "公文写作评测" in one.page.locator("h1").inner_text()
    assert "Official" not in one.page.locator("h1").inner_text()
    assert one.page.locator('[data-picture="heat"] .xtick text').first.text_content() == "决议01"
    one.page.locator("#language").click()
    assert one.page.locator("h1").inner_text() == "Official-document writing: who is better?"
    assert one.page.locator('[data-picture="heat"] .xtick text').first.text_content() == "决议 resolution 01"
    assert one.page.evaluate("document.documentElement.lang") == "en"
    chinese = one.page.evaluate(
        "[...document.querySelectorAll('[lang=zh]')].filter((each) => each.checkVisibility()).length"
    )
    assert chinese == 0
    assert one.trouble == []


def test_differences_are_drawn_against_the_system_chosen(opened: Callable[..., Opened], many: Path) -> None:
    one = opened(many)
    drawn = "document.querySelector('[data-picture=forest]').data[0]"
    assert one.page.locator("#reference option").count() == 25
    assert [round(x, 4) for x in one.page.evaluate(f"{drawn}.x")][:3] == [-0.1, -0.2, -0.3]
    one.page.locator("#reference").select_option(label="S02")
    assert [round(x, 4) for x in one.page.evaluate(f"{drawn}.x")][:3] == [0.2, 0.1, -0.1]
    # 2 / 2^6 times 29: nothing is shown, so every mark is hollow.
    assert set(one.page.evaluate(f"{drawn}.marker.symbol")) == {"circle-open"}
    assert one.trouble == []


def test_a_field_of_the_heat_map_opens_its_sample(opened: Callable[..., Opened], many: Path) -> None:
    from playwright.sync_api import expect

    one = opened(many)
    one.page.evaluate("document.querySelector('[data-picture=heat]').emit('plotly_click', {points: [{x: 1, y: 2}]})")
    expect(one.page.locator("#samples-detail")).to_contain_text("ODW-02")
    assert one.page.evaluate("location.hash").startswith("#sample=S02/ODW-02/0")
    assert "S02" in one.page.locator("#samples-detail").inner_text()
    assert one.trouble == []


def test_headings_explain_themselves(opened: Callable[..., Opened], many: Path) -> None:
    one = opened(many, language="zh-CN")
    one.page.locator("#table-0 thead button").first.hover()
    assert "自助法" in one.page.locator("#tip").inner_text()
    one.page.keyboard.press("Tab")
    one.page.locator("#table-0 thead button").nth(2).focus()
    assert "领域内" in one.page.locator("#tip").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_it_without_scrolling_sideways(opened: Callable[..., Opened], many: Path, dark: bool) -> None:
    one = opened(many, size=PHONE, dark=dark)
    assert one.overflow() <= 0
    ground = one.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 30)" if dark else "rgb(245, 246, 248)")
    one.page.locator("#theme").click()
    assert one.page.evaluate("getComputedStyle(document.body).backgroundColor") != ground
    assert one.trouble == []


def test_hostile_names_run_nothing(opened: Callable[..., Opened], tmp_path: Path) -> None:
    words = (
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(2)>",
        "\u202egnp.exe" + "长" * 3000,
        "<b>x</b>",
    )
    for number, word in enumerate(words):
        write_run(tmp_path / str(number), word, lambda q, number=number: [[4.0 + number]], questions=SOME)
    outputs = read_outputs([tmp_path])
    file = tmp_path / "report.html"
    file.write_text(page(outputs, boards(outputs)), encoding="utf-8")
    for size in (PHONE, {"width": 1280, "height": 900}):
        one: Any = opened(file, size=size)
        one.page.wait_for_selector('[data-picture="heat"] .ytick text')
        assert one.page.locator(NAMES).count() == 4
        assert one.page.locator("img").count() == 0
        assert one.overflow() <= 0
        assert one.trouble == []


def test_one_model_alone_with_its_adapter_is_drawn(opened: Callable[..., Opened], tmp_path: Path) -> None:
    for system, score in (("Qwen3-8B", 6.0), ("Qwen3-8B-LoRA", 7.0)):
        write_run(tmp_path / system, system, lambda q, score=score: [[score]], questions=SOME)
    outputs = read_outputs([tmp_path])
    (tmp_path / "page.html").write_text(page(outputs, boards(outputs)), encoding="utf-8")
    one = opened(tmp_path / "page.html")
    assert one.page.locator('[data-picture="groups"] .barlayer .point').count() == 2
    assert one.trouble == []


def test_a_phone_names_every_model_that_was_tuned(opened: Callable[..., Opened], tmp_path: Path) -> None:
    for base in ("Baichuan2-7B-Chat", "Qwen-7B-Chat", "ChatGLM3-6B", "Qwen-1.8B-Chat"):
        for system in (base, f"{base}-LoRA"):
            write_run(tmp_path / system, system, lambda q: [[6.0]], questions=SOME, model_args={"pretrained": base})
    outputs = read_outputs([tmp_path])
    (tmp_path / "page.html").write_text(page(outputs, boards(outputs)), encoding="utf-8")
    one = opened(tmp_path / "page.html", size=PHONE)
    one.page.wait_for_selector('[data-picture="groups"] .xtick text')
    assert one.page.locator('[data-picture="groups"] .xtick text:visible').count() == 4
    assert one.trouble == []
