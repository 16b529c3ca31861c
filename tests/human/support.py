"""Runs whose answers are marked, and graders who mark them, for the tests of sheets and marks."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from odw_harness.human.sheet import Given
from odw_harness.human.workbook import MARKING, read_workbook
from odw_harness.questions import Question
from tests.made import QUESTIONS, noisy, write_run

HOSTILE: list[str] = [
    json.loads(line)["answer"]
    for line in (Path(__file__).parents[1] / "hostile_answers.jsonl").read_text("utf-8").splitlines()
]
SPREADSHEET = (
    '=HYPERLINK("http://example.com","点这里")',
    "+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1)",
    "=1+1\n第二行",
    "\t=1+1",
    "_x0041_bc_x000D_x005F_",
    "http://example.com",
    "</t></is><f>1+1</f>",
    "甲\u202e乙\x00丙\ufffe丁\x1b[31m",
    " 开头有空格",
    "“引号”'单引号'",
)
"""Texts that a spreadsheet might take for more than a text."""


def write_systems(folder: Path, systems: int = 3, questions: int = 3) -> Path:
    """Runs of SECRET-0, SECRET-1, …, each answer in its system's own words."""
    for system in range(systems):
        write_run(
            folder / f"run{system}",
            f"SECRET-{system}",
            noisy(6, system),
            text=words_of(system),
            questions=QUESTIONS[:questions],
        )
    return folder


def words_of(system: int) -> Callable[[Question], str]:
    return lambda question: f"{question.reference}\n附注{system}。"


def given_in(workbook: Path) -> dict[str, Given]:
    return {given.code: given for given in read_workbook(workbook).given}


def fill(workbook: Path, marks: Mapping[str, Any] | Sequence[Any], to: Path | None = None) -> None:
    """Fill in scores by code, or in the order of the sheet (None leaves one blank)."""
    given = read_workbook(workbook).given
    values = (
        marks if isinstance(marks, Mapping) else {each.code: mark for each, mark in zip(given, marks, strict=False)}
    )
    put(workbook, {cell_of(each): values[each.code] for each in given if each.code in values}, to)


def put(workbook: Path, cells: Mapping[str, Any], to: Path | None = None) -> None:
    """Type values into cells of the marking sheet."""
    book = load_workbook(workbook)
    for cell, value in cells.items():
        book[MARKING][cell].value = value
    (to or workbook).parent.mkdir(parents=True, exist_ok=True)
    book.save(to or workbook)


def cell_of(given: Given, column: str = "C") -> str:
    """The cell of a mark, C12 for its score."""
    return column + given.where.partition("!")[2][1:]
