"""A workbook holds every answer as text and nothing else, and is read back whatever a program or a person did to it."""

import datetime
import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment as Note
from openpyxl.worksheet.formula import ArrayFormula

from odw_harness.errors import MarkError
from odw_harness.human.blind import EMPTY, as_shown, hash_of
from odw_harness.human.sheet import Item, Sheet
from odw_harness.human.workbook import INSTRUCTIONS, MARKING, is_workbook, read_workbook, write_workbook
from odw_harness.rubric import ALIGNBENCH, ODWEVAL
from tests.human.support import HOSTILE, SPREADSHEET, cell_of, put
from tests.made import QUESTIONS

LONG = "\n".join(
    f"　　{number}、" + "各单位要高度重视、精心组织，确保各项任务落到实处。" * 9 for number in range(1, 20)
)
ANSWERS = [QUESTIONS[0].reference, LONG, LONG.replace("\n", ""), "", "a b " * 3000, *HOSTILE, *SPREADSHEET]


def sheet_of(answers: list[str], rubric: Any = None, per_question: int = 5) -> Sheet:
    def item(number: int, answer: str) -> Item:
        question = QUESTIONS[number // per_question % len(QUESTIONS)]
        names = {each.metric: each.name for each in rubric.dimensions_of(question)} if rubric else {}
        return Item(f"C{number:04}", question.id, question.genre, as_shown(question.prompt), as_shown(answer), names)

    return Sheet("g0123456", "王芳", tuple(item(*each) for each in enumerate(answers)))


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    file = tmp_path / "G01.xlsx"
    write_workbook(sheet_of(ANSWERS[:3], ODWEVAL), file)
    return file


def parts(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as held:
        return {name: held.read(name).decode() for name in held.namelist()}


def test_every_answer_comes_back_with_its_code_and_place(tmp_path: Path) -> None:
    sheet = sheet_of(ANSWERS)
    write_workbook(sheet, tmp_path / "a.xlsx")
    returned = read_workbook(tmp_path / "a.xlsx")
    assert (returned.grading, returned.grader, returned.faults) == ("g0123456", "王芳", ())
    assert [given.code for given in returned.given] == [item.code for item in sheet.items]
    assert [hash_of(given.answer or "") for given in returned.given] == [hash_of(item.answer) for item in sheet.items]
    assert {given.score for given in returned.given} == {None}
    assert returned.given[3].answer == EMPTY
    page = load_workbook(tmp_path / "a.xlsx")[MARKING]
    for given in returned.given:
        assert given.where == f"a.xlsx: {MARKING}!{cell_of(given)}"
        assert page[cell_of(given, "A")].value == given.code
        assert not page[cell_of(given)].protection.locked


def test_an_answer_is_never_a_formula_a_link_or_markup(tmp_path: Path) -> None:
    write_workbook(sheet_of([*HOSTILE, *SPREADSHEET]), tmp_path / "a.xlsx")
    for name, xml in parts(tmp_path / "a.xlsx").items():
        tree = ElementTree.fromstring(xml)
        tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert not tags & {"f", "hyperlink", "hyperlinks", "ddeLink", "externalReference", "oleObject"}, name
        if name.startswith("xl/worksheets/sheet"):
            texts = [cell for cell in tree.iter() if cell.tag.endswith("}c") and len(cell)]
            assert {cell.get("t") for cell in texts} == {"inlineStr"}
        assert "externalLink" not in name
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", xml)
    values = [cell.value for row in load_workbook(tmp_path / "a.xlsx")[MARKING].iter_rows() for cell in row]
    assert "=1+1\n第二行" in values
    assert "甲〔U+202E〕乙〔U+0000〕丙〔U+FFFE〕丁〔U+001B〕[31m" in values


@pytest.mark.parametrize("rubric", [None, ODWEVAL, ALIGNBENCH], ids=lambda rubric: rubric and rubric.name)
def test_only_what_is_to_be_filled_in_can_be_changed(tmp_path: Path, rubric: Any) -> None:
    write_workbook(sheet_of(ANSWERS[:7], rubric), tmp_path / "a.xlsx")
    book = load_workbook(tmp_path / "a.xlsx")
    assert book.security.lockStructure
    assert all(page.protection.sheet for page in book)
    page = book[MARKING]
    columns = "CDEFGHI" if rubric else "CD"
    expected = {cell_of(given, column) for given in read_workbook(tmp_path / "a.xlsx").given for column in columns}
    assert {cell.coordinate for row in page.iter_rows() for cell in row if not cell.protection.locked} == expected
    rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    last = page.max_row
    assert set(rules) == ({f"C2:C{last}", f"D2:H{last}"} if rubric else {f"C2:C{last}"})
    score = rules[f"C2:C{last}"]
    assert (score.type, score.operator, score.formula1, score.formula2) == ("decimal", "between", "0", "100")
    assert score.showErrorMessage
    assert "0～100" in score.error
    if rubric:
        assert [rules[f"D2:H{last}"].formula1, rules[f"D2:H{last}"].formula2] == ["1", "10"]


def test_the_whole_answer_can_be_read_without_opening_a_cell(tmp_path: Path) -> None:
    write_workbook(sheet_of(ANSWERS, ODWEVAL), tmp_path / "a.xlsx")
    book = load_workbook(tmp_path / "a.xlsx")
    for page in book:
        for row in page.iter_rows():
            height = page.row_dimensions[row[0].row].height
            assert height < 409 if page.title == INSTRUCTIONS else height <= 8 * 17 + 5
            for cell in row:
                if cell.value is not None:
                    assert cell.alignment.wrap_text
                    assert len(cell.value) <= 32_767
                    assert height >= 17 * (cell.value.count("\n") + 1)
    page = book[MARKING]
    assert page.freeze_panes == "A2"
    assert (page.page_setup.orientation, page.page_setup.fitToWidth, page.page_setup.fitToHeight) == ("landscape", 1, 0)
    assert page.print_title_rows == "$1:$1"


def test_the_instructions_have_scale_example_and_how_to_fill_in(workbook: Path) -> None:
    told = "\n".join(str(cell.value) for row in load_workbook(workbook)[INSTRUCTIONS].iter_rows() for cell in row)
    for expected in (
        "90～100",
        "0～39",
        "各维度按 1～10 分评",
        "93 分",
        "62 分",
        "22 分",
        "清源县教育局",
        ".xlsx",
        "王芳",
    ):
        assert expected in told


def test_a_dimension_may_be_called_otherwise_for_other_questions(tmp_path: Path) -> None:
    other = next(number for number, question in enumerate(QUESTIONS) if question.split == "ood2")
    write_workbook(sheet_of(["甲"] * (other + 1), ODWEVAL, per_question=1), tmp_path / "a.xlsx")
    assert load_workbook(tmp_path / "a.xlsx")[MARKING]["D1"].value == "文种与格式规范／文体规范\n1～10"
    assert list(read_workbook(tmp_path / "a.xlsx").given[0].dimensions) == list(ODWEVAL.metrics)


def test_the_same_sheet_gives_the_same_bytes_and_no_name_or_time(tmp_path: Path) -> None:
    one, other = BytesIO(), BytesIO()
    write_workbook(sheet_of(ANSWERS), one)
    write_workbook(sheet_of(ANSWERS), other)
    assert one.getvalue() == other.getvalue()
    book = load_workbook(one)
    assert (book.properties.creator, book.properties.lastModifiedBy) == ("odw", None)
    assert book.properties.created == book.properties.modified == datetime.datetime(2000, 1, 1)


GOOD = [
    (85, 85.0),
    (87.5, 87.5),
    ("85", 85.0),
    ("８５．５", 85.5),
    ("85。5", 85.5),
    (" 85 \u3000", 85.0),
    (0, 0.0),
    ("", None),
    ("　", None),
]
BAD = [
    ("85%", "'85%' is no number"),
    ("85分", "'85分' is no number"),
    ("85,5", "'85,5' is no number"),
    ("八十五", "'八十五' is no number"),
    ("=80+5", "=80+5 is a formula"),
    (ArrayFormula("C2:C2", "=80+5"), "=80+5 is a formula"),
    (True, "True is no number"),
    (datetime.datetime(2025, 8, 5), "2025-08-05 00:00:00 is a date"),
    (datetime.time(8, 5), "08:05:00 is a date"),
    ("#DIV/0!", "#DIV/0! is no number"),
]


@pytest.mark.parametrize(("typed", "score"), GOOD)
def test_a_mark_is_read_however_it_was_typed(workbook: Path, typed: object, score: float | None) -> None:
    where = read_workbook(workbook).given[1]
    put(workbook, {cell_of(where): typed, cell_of(where, "E"): typed, cell_of(where, "I"): "=好"})
    returned = read_workbook(workbook)
    assert not returned.faults
    given = returned.given[1]
    assert (given.score, given.dimensions["completeness"], given.comment) == (score, score, "=好")


@pytest.mark.parametrize(("typed", "told"), BAD)
def test_what_is_no_number_is_told_with_cell_and_value_and_left_blank(workbook: Path, typed: object, told: str) -> None:
    where = read_workbook(workbook).given[1]
    put(workbook, {cell_of(where): typed, cell_of(where, "H"): typed})
    returned = read_workbook(workbook)
    cells = (cell_of(where), cell_of(where, "H"))
    assert len(returned.faults) == 2
    for fault, cell in zip(returned.faults, cells, strict=True):
        assert fault.startswith(f"G01.xlsx: {MARKING}!{cell}: {told}; type the mark")
    assert (returned.given[1].score, returned.given[1].dimensions["language"]) == (None, None)


def test_a_mark_beside_the_text_is_told_of_with_the_cell_that_it_belongs_in(workbook: Path) -> None:
    cell = cell_of(read_workbook(workbook).given[0])
    above = f"C{int(cell[1:]) - 1}"
    book = load_workbook(workbook)
    page = book[MARKING]
    (over,) = (each for each in page.merged_cells.ranges if f"B{above[1:]}" in each)
    page.unmerge_cells(str(over))
    page[above].value = 88
    book.save(workbook)
    returned = read_workbook(workbook)
    assert returned.faults == (f"G01.xlsx: 评分!{above}: '88' stands beside the answer's text; type it into {cell}",)
    assert returned.given[0].score is None


def test_notes_to_cells_are_comments_too(workbook: Path) -> None:
    cell = cell_of(read_workbook(workbook).given[0])
    book = load_workbook(workbook)
    page = book[MARKING]
    page[cell].value, page[f"I{cell[1:]}"].value = 85, "格式好"
    page[cell].comment = Note("标题缺文种", "王芳")
    page[f"B{int(cell[1:]) - 1}"].comment = Note("此处数字有误", "王芳")
    book.save(workbook)
    assert read_workbook(workbook).given[0].comment == "格式好\n此处数字有误\n标题缺文种"


def test_a_percentage_that_the_program_made_a_number_is_no_mark(workbook: Path) -> None:
    where = cell_of(read_workbook(workbook).given[0])
    book = load_workbook(workbook)
    book[MARKING][where].value, book[MARKING][where].number_format = 0.85, "0%"
    book.save(workbook)
    assert read_workbook(workbook).faults == (
        f"G01.xlsx: 评分!{where}: 85% is a percentage; type the mark as a number",
    )


def test_what_was_typed_elsewhere_stands_beside_no_code(workbook: Path) -> None:
    page = load_workbook(workbook)[MARKING]
    put(workbook, {f"C{page.max_row + 2}": 90})
    assert [given.code for given in read_workbook(workbook).given] == ["C0000", "C0001", "C0002", ""]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\xd0\xcf\x11\xe0 encrypted or .xls"])
def test_a_damaged_workbook_is_told_of(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "G01.xlsx").write_bytes(content)
    assert is_workbook(tmp_path / "G01.xlsx")
    with pytest.raises(MarkError, match=r"G01\.xlsx: can't be read as a workbook .*save it as \.xlsx anew"):
        read_workbook(tmp_path / "G01.xlsx")


def test_a_sheet_that_is_gone_and_a_name_that_is_gone_are_told_of(workbook: Path) -> None:
    assert is_workbook(workbook)
    book = load_workbook(workbook)
    book[INSTRUCTIONS]["B3"].value = None
    book.save(workbook)
    with pytest.raises(MarkError, match="说明!B3 is empty; put the 评分人 back"):
        read_workbook(workbook)
    del book[INSTRUCTIONS]
    book.save(workbook)
    assert not is_workbook(workbook)
    with pytest.raises(MarkError, match="it is no workbook of a grading"):
        read_workbook(workbook)


@pytest.mark.parametrize(("cell", "head"), [("I1", "备注"), ("C1", "总分")])
def test_a_lost_heading_is_told_of(workbook: Path, cell: str, head: str) -> None:
    put(workbook, {cell: None})
    assert f"the heading {head} is missing" in read_workbook(workbook).faults[0]


def test_no_other_column_is_taken_for_the_score(workbook: Path) -> None:
    book = load_workbook(workbook)
    book[MARKING].delete_cols(3)
    book.save(workbook)
    returned = read_workbook(workbook)
    assert returned.given == ()
    assert "the heading 总分 is missing" in returned.faults[0]


def test_what_libreoffice_saved_is_read_the_same() -> None:
    """libreoffice.xlsx: such a workbook, filled in, opened and saved by LibreOffice 7.4."""
    file = Path(__file__).with_name("libreoffice.xlsx")
    sheet = sheet_of([QUESTIONS[0].reference, LONG, "", *SPREADSHEET], ODWEVAL)
    assert is_workbook(file)
    returned = read_workbook(file)
    assert (returned.grading, returned.grader) == (sheet.grading, sheet.grader)
    for given, item in zip(returned.given, sheet.items, strict=True):
        assert given.code == item.code
        assert hash_of(given.answer or "") == hash_of(item.answer)
        assert list(given.dimensions) == list(item.dimensions)
    assert [given.score for given in returned.given[:8]] == [85, 87.5, 85, 90, None, None, None, None]
    assert [given.comment for given in returned.given[:3]] == ["第一行\n第二行", "=好", ""]
    assert returned.given[0].dimensions["form"] == 7
    assert [fault.partition(": ")[2].partition(";")[0] for fault in returned.faults] == [
        "评分!C38: '85%' is no number",
        "评分!C43: 2025-08-05 00:00:00 is a date",
        "评分!C46: =80+5 is a formula",
    ]
