"""What a model wrote is hostile: in Chromium nothing of it runs, asks for anything, or gets out of its place."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from odw_harness.report import samples
from odw_harness.report.data import boards
from odw_harness.report.page import page
from odw_harness.results import read_outputs
from odw_harness.texts import storable
from tests.browser import PHONE, WIDE, Opened
from tests.hostile import ATTACKS, MARKUP, TAGS
from tests.made import QUESTIONS, write_run
from tests.report.browsed import POLICY, browser_page
from tests.report.test_samples import edit

NOTICE = QUESTIONS[7]


def hostile_run(folder: Path, attacks: Sequence[str]) -> None:
    """A run whose every text is an attack: system, question, reference, answer, judge, rationale, findings."""
    questions = [
        NOTICE.model_copy(
            update={
                "id": f"H-{number}{attack[:60]}",
                "genre": f"通知{attack[:60]}",
                "prompt": attack[:9000],
                "reference": attack[:9000],
            }
        )
        for number, attack in enumerate(attacks)
    ]
    texts = {question.id: attack for question, attack in zip(questions, attacks, strict=True)}
    results = write_run(
        folder, "待定", lambda _: [[7, None]], text=lambda question: texts[question.id], questions=questions
    )
    held = json.loads(results.read_text("utf-8"))
    for config in held["configs"].values():
        config["metadata"]["system"] = MARKUP[3] + "\u202e" + "长" * 500
    results.write_text(json.dumps(held), "utf-8")
    left = iter(attacks)

    def change(record: dict[str, object]) -> None:
        attack = next(left)
        findings = [
            {"check": check, "level": level, "ok": ok, "clause": attack[:300], "message": attack, "line": line}
            for check, level, ok, line in (
                ("title", "hard", False, 1),
                (attack[:60], "soft", False, 2),
                ("__proto__", "hard", False, 10**9),
                ("constructor", "soft", True, None),
            )
        ]
        record.update(findings=findings, missing_facts=[attack[:500], "__proto__"])
        for verdict in record["verdicts"]:  # type: ignore[attr-defined]
            verdict["rationale"] = attack
            verdict["unscored"] = verdict["unscored"] and attack
            verdict["dimensions"] = verdict["dimensions"] and {attack[:200] or "空": 5, "__proto__": 99}
            verdict["provenance"] |= {"judge": attack[:100] or "j", "model": attack[:200] or "m"}

    edit(results, change)


def ready(one: Opened) -> None:
    one.page.wait_for_selector("#samples-browser:not([hidden])")


def assert_tame(one: Opened, about: str) -> None:
    assert one.trouble == [], about
    assert one.page.evaluate("window.pwned") is None, about
    assert one.page.locator(f"#samples-detail :is({TAGS})").count() == 0, about
    assert one.overflow() <= 0, about


@pytest.mark.parametrize("policy", [POLICY, ""], ids=["as shipped", "without a content policy"])
def test_no_hostile_text_runs_or_breaks_the_layout(tmp_path: Path, opened: Callable[..., Opened], policy: str) -> None:
    """Every answer in turn, on a screen and on a phone."""
    hostile_run(tmp_path / "outputs", ATTACKS)
    one = opened(browser_page(tmp_path / "outputs", tmp_path / "page.html", policy))
    ready(one)
    order = one.page.evaluate(
        "[...document.querySelectorAll('#samples-list button > span:first-child')].map((e) => e.textContent)"
    )
    assert [each.split("<")[0].split()[0][:3] for each in order[:3]] == ["H-0", "H-1", "H-2"]
    for number, attack in enumerate(ATTACKS):
        assert one.page.inner_text("#samples-place") == f"{number + 1} / {len(ATTACKS)}"
        for size in (WIDE, PHONE):
            one.page.set_viewport_size(size)
            assert_tame(one, f"attack {number}: {attack[:40]!r} at {size['width']}")
        if number < len(MARKUP):
            shown = one.page.locator(".samples-column").first.locator(".paper").inner_text()
            told = "".join(mark for mark in attack if mark not in "\u2028\u2029")
            assert "".join(told.split()) in "".join(shown.split())
        one.page.set_viewport_size(WIDE)
        one.page.click("#samples-next") if number + 1 < len(ATTACKS) else None
    one.page.select_option("#samples-check", "check/__proto__")
    one.page.select_option("#samples-beside", index=2)
    one.page.fill("#samples-search", "<script>")
    count = sum("<script>" in attack for attack in ATTACKS)
    expect(one.page.locator("#samples-range")).to_have_text(f"1–{count} / {count}")
    one.page.click("#language")
    assert_tame(one, "filtered")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["screen", "phone"])
def test_the_whole_page_is_used_and_pictured_over_hostile_answers(
    tmp_path: Path, opened: Callable[..., Opened], size: dict[str, int]
) -> None:
    """Sorted, filtered, in both languages, a sample opened by its link; each state as a screenshot that is no wider than the window."""
    attacks = (*ATTACKS[:4], *ATTACKS[-10:-8])
    hostile_run(tmp_path / "outputs" / "hostile", attacks)
    write_run(tmp_path / "outputs" / "plain", "乙", lambda _: [[6.0]], questions=QUESTIONS[:2])
    outputs = read_outputs([tmp_path / "outputs"])
    (tmp_path / "page.html").write_text(storable(page(outputs, boards(outputs))), "utf-8")
    one = opened(tmp_path / "page.html", hash="#sample=" + quote("乙/ODW-02/0"), size=size)
    ready(one)

    def pictured(name: str) -> bytes:
        assert_tame(one, name)
        file = tmp_path / f"{name}.png"
        one.page.screenshot(path=file, full_page=True)
        assert int.from_bytes(file.read_bytes()[16:20]) == size["width"], name
        return file.read_bytes()

    expect(one.page.locator("#samples-detail h3").first).to_contain_text("ODW-02")
    seen = [pictured("linked")]
    for _ in range(2):
        one.page.locator(".leaderboard:visible thead button").first.click()
    assert one.page.locator(".leaderboard:visible thead th").first.get_attribute("aria-sort") == "descending"
    one.page.fill("#samples-search", "ODW-02")
    expect(one.page.locator("#samples-range")).to_have_text("1–1 / 1")
    seen.append(pictured("filtered"))
    for button in ("#language", "#theme"):
        one.page.click(button)
        seen.append(pictured(button[1:]))
    assert len(set(seen)) == 4


def test_a_bidi_override_is_named_and_turns_nothing_around(tmp_path: Path, opened: Callable[..., Opened]) -> None:
    write_run(
        tmp_path / "outputs", "s", lambda _: [[7]], text=lambda _: "关于\u202eabcdef\u202c的通知", questions=[NOTICE]
    )
    one = opened(browser_page(tmp_path / "outputs", tmp_path / "page.html"))
    ready(one)
    line = ".samples-column:first-child .paper .line"
    assert one.page.inner_text(line).replace("\n", "") == "关于U+202Eabcdef U+202C的通知".replace(" ", "")
    lefts = one.page.evaluate(
        """(line) => {
          const text = [...document.querySelector(line).childNodes].find((node) => node.data === "abcdef");
          return [...text.data].map((_, index) => {
            const range = new Range(); range.setStart(text, index); range.setEnd(text, index + 1);
            return range.getBoundingClientRect().left;
          });
        }""",
        line,
    )
    assert len(lefts) == 6
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("mark", ["A", "公", "<b>"])
def test_a_line_of_a_megabyte_is_folded_and_can_be_unfolded(
    tmp_path: Path, opened: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    """With all of it in the page, though samples.LONGEST keeps such a text out."""
    monkeypatch.setattr(samples, "LONGEST", 2_000_000)
    text = mark * (1_000_000 // len(mark))
    results = write_run(tmp_path / "outputs", "s", lambda _: [[1]], questions=[NOTICE])
    edit(results, lambda record: record["verdicts"][0].update(rationale=text), text=text)
    one = opened(browser_page(tmp_path / "outputs", tmp_path / "page.html"), size=PHONE)
    ready(one)
    sheet = one.page.locator(".samples-column").first.locator(".paper")
    assert sheet.evaluate("(sheet) => sheet.textContent.length") < 6100
    assert_tame(one, "folded")
    sheet.locator("button").click()
    assert sheet.evaluate("(sheet) => sheet.textContent.length") == len(text)
    one.page.locator(".samples-verdict button").click()
    assert one.page.locator(".samples-verdict .samples-text").evaluate("(box) => box.textContent.length") == len(text)
    assert_tame(one, "unfolded")


def test_a_text_that_was_cut_names_the_file_that_has_it_whole(tmp_path: Path, opened: Callable[..., Opened]) -> None:
    results = write_run(tmp_path / "outputs", "s", lambda _: [[1]], questions=[NOTICE])
    edit(results, lambda record: None, text="字" * 1_000_000)
    one = opened(browser_page(tmp_path / "outputs", tmp_path / "page.html"))
    ready(one)
    sheet = one.page.locator(".samples-column").first.locator(".paper")
    sheet.locator("button").click()
    assert "the whole has 1,000,000 characters" in sheet.inner_text()
    assert results.name in sheet.inner_text()
    assert_tame(one, "cut")
