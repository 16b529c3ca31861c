"""A small sheet, and what the tests of the grader's page do in it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from odw_harness.human.form import read_form
from odw_harness.human.sheet import Given, Item, Sheet
from tests.browser import Opened

Open = Callable[..., Opened]
NAMES = {"form": "文种与格式规范", "language": "语言得体"}
ANSWER = "关于放假的通知\n\n各学校：\n　　放假三天。\n\n清源县教育局"


def sheet(grader: str = "G01", answer: str = ANSWER, dimensions: bool = True) -> Sheet:
    """Four answers, A1 and A2 to one question, B1 and B2 to another."""
    of = NAMES if dimensions else {}
    notice = [Item(code, "q1", "通知", "请起草放假通知。", f"{answer}\n{code}", of) for code in ("A1", "A2")]
    report = [Item(code, "q2", "报告", "请起草工作报告。", f"{answer}\n{code}", of) for code in ("B1", "B2")]
    return Sheet("g1", grader, (*notice, *report))


def keys(page: Any, *pressed: str) -> None:
    for each in pressed:
        page.keyboard.press(each)


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
