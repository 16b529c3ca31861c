"""A grader's sheet as a workbook for WPS, Excel and LibreOffice, and what stands in it when it comes back.

The marking sheet has the task of each question once, then a block of rows for each answer: a head, the text in rows low
enough to be scrolled through, and the row to fill in. Every row of a block begins with its code. Nothing of an answer is
ever more than text.
"""

import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.errors import MarkError
from odw_harness.human.instructions import BANDS, DIMENSION_SCALE, EXAMPLE, EXAMPLE_TASK, HOW, TITLE
from odw_harness.human.sheet import Given, Item, Returned, Sheet
from odw_harness.rubric import RUBRICS
from odw_harness.texts import shown

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

INSTRUCTIONS, MARKING = "说明", "评分"
"""The names of the sheets."""
_TASK = "题目"
_TOTAL, _COMMENT = "总分", "备注"
_GRADING, _GRADER = ("B2", "评分批次"), ("B3", "评分人")
"""Where the instructions sheet says which grading and whose sheet this is, and what stands to the left of it."""
_SCORE = 3
"""The first column to fill in; the dimensions follow, and the comment."""
_TEXT_WIDTH, _CODE_WIDTH, _MARK_WIDTH, _LEAST_COMMENT = 122, 10, 11, 36
"""Widths of columns, in digits of the workbook's font."""
_DIGITS_OF_A_CHARACTER = 2.2
"""Width of a Chinese character, with some to spare for the fonts of others."""
_LINE, _SPARE = 17.0, 5.0
"""Height of a line and what a row has besides, in points."""
_LINES_OF_A_ROW = 8
"""A row's most lines: programs scroll by whole rows, and Excel has none higher than 409 points."""
_MOST_ROWS = 100_000
"""What is below is some format of empty rows: a sheet of 1,000 answers of 5,000 characters has fewer."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character as Excel writes some that graders type, such as the end of a line."""
_NUMBER = re.compile(r"\d+(\.\d+)?|\.\d+")
_DATE = (2000, 1, 1, 0, 0, 0)
_FILL = {"head": "D9E2EC", "task": "EEF3F8", "answer": "F7F7F7", "mark": "FFF6CC"}


def write_workbook(sheet: Sheet, file: Path | BytesIO) -> None:
    """Write a grader's workbook; the same sheet gives the same bytes. Its texts are as `blind.as_shown` gives them."""
    from openpyxl import Workbook
    from openpyxl.packaging.core import DocumentProperties
    from openpyxl.workbook.protection import WorkbookProtection

    book = Workbook()
    _instructions(book.active, sheet)
    _marking(book.create_sheet(MARKING), sheet)
    book.active = 0
    book.properties = DocumentProperties(creator="odw", title=f"{TITLE} {sheet.grading}")
    book.security = WorkbookProtection(lockStructure=True)
    held = BytesIO()
    book.save(held)
    with zipfile.ZipFile(held) as made, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name in made.namelist():
            content = made.read(name)
            if name == "docProps/core.xml":  # the time of day, twice
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2000-01-01T00:00:00Z", content)
            out.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)


def _put(page: "Worksheet", row: int, column: int, text: str, **look: Any) -> Any:
    """Write a text that stays one whatever it begins with."""
    from openpyxl.styles import Alignment, Font, PatternFill

    cell = page.cell(row, column)
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))
    cell.font = Font(name="微软雅黑", size=look.get("size", 11), bold=look.get("bold", False), color=look.get("color"))
    cell.alignment = Alignment(wrap_text=True, vertical=look.get("vertical", "top"), horizontal=look.get("horizontal"))
    if look.get("fill"):
        cell.fill = PatternFill("solid", fgColor=_FILL[look["fill"]])
    return cell


def _across(page: "Worksheet", row: int, column: int, last: int, text: str, width: float, **look: Any) -> None:
    """A text over several columns of that width together, in a row of its height."""
    _put(page, row, column, text, **look)
    if last > column:
        page.merge_cells(start_row=row, start_column=column, end_row=row, end_column=last)
    page.row_dimensions[row].height = _height(text, width)


def _lines_of(line: str, width: float) -> int:
    """How many lines a line of text takes in a column of that width."""
    wide = sum(unicodedata.east_asian_width(mark) in "WFA" for mark in line)
    return max(1, -int(-(wide + (len(line) - wide) / 1.8) * _DIGITS_OF_A_CHARACTER // width))


def _height(text: str, width: float) -> float:
    return _LINE * sum(_lines_of(line, width) for line in text.split("\n")) + _SPARE


def _pieces(text: str, width: float) -> Iterator[str]:
    """The text in pieces, a row for each, of at most so many lines as a row may have.

    A line that has to be wrapped is a piece of its own: how high it will be is an estimate, and what is left blank should
    follow it as space after a paragraph does.
    """
    most = int(width / _DIGITS_OF_A_CHARACTER) * _LINES_OF_A_ROW
    short: list[str] = []
    for line in text.split("\n"):
        wrapped = _lines_of(line, width) > 1
        if short and (wrapped or len(short) == _LINES_OF_A_ROW):
            yield "\n".join(short)
            short = []
        while _lines_of(line, width) > _LINES_OF_A_ROW:
            yield line[:most]
            line = line[most:]
        if wrapped:
            yield line
        else:
            short.append(line)
    if short:
        yield "\n".join(short)


def _page(page: "Worksheet", widths: Sequence[float], last: int) -> None:
    """Columns, print set-up and protection: what is locked can be read, scrolled and made wider, and not changed."""
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(widths, 1):
        page.column_dimensions[get_column_letter(number)].width = width
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.page_margins.left = page.page_margins.right = 0.4
    page.oddFooter.center.text = "第 &P 页，共 &N 页"
    page.print_area = f"A1:{get_column_letter(len(widths))}{last}"
    page.protection.sheet = True
    page.protection.formatColumns = page.protection.formatRows = False  # False: allowed
    page.sheet_view.showGridLines = False


def _instructions(page: "Worksheet", sheet: Sheet) -> None:
    page.title = INSTRUCTIONS
    code, width = 14, 110
    rows: list[tuple[str, str, dict[str, Any]]] = [("", TITLE, {"size": 15, "bold": True})]
    rows += [(_GRADING[1], sheet.grading, {}), (_GRADER[1], sheet.grader, {}), ("答卷", f"{len(sheet.items)} 份", {})]
    rows += [("怎么评" if not number else "", f"{number + 1}. {how}", {}) for number, how in enumerate(HOW)]
    rows += [("分数段", "", {"bold": True}), *((band, meaning, {}) for band, meaning in BANDS)]
    if any(item.dimensions for item in sheet.items):
        rows.append(("维度分", DIMENSION_SCALE, {}))
    rows += [
        (
            "怎么填",
            f"在下面的“{MARKING}”页填写。每份答卷之后有一行黄色的格子：总分必填，备注可不填；按 Tab 键跳到下一个要填的格子。只有黄色格子可以改动，填好后变为白色。段落后多出的空白是表格行高造成的，不要当作答卷的空行。",
            {},
        ),
        (
            "交回",
            "随时可以保存，下次接着评。请存为 .xlsx 格式（不要另存为 .et、.xls 或 .csv），文件名不限，交给组织者。",
            {},
        ),
        ("示例题目", EXAMPLE_TASK, {"fill": "task"}),
    ]
    for number, anchor in enumerate(EXAMPLE, 1):
        rows.append((f"示例答卷{number}", anchor.answer, {"fill": "answer"}))
        rows.append((f"{anchor.score} 分", anchor.why, {"fill": "mark"}))
    for row, (label, text, look) in enumerate(rows, 1):
        _across(page, row, 2, 2, text, width, **look)
        _put(page, row, 1, label, bold=True)
    _page(page, (code, width), len(rows))


def _marking(page: "Worksheet", sheet: Sheet) -> None:
    names = _names(sheet.items)
    heads = [
        "编号",
        "题目和答卷（答卷之后填写）",
        f"{_TOTAL}\n0～100",
        *(f"{name}\n1～10" for name in names.values()),
        _COMMENT,
    ]
    last = len(heads)
    middle = _TEXT_WIDTH - _MARK_WIDTH * (1 + len(names))
    comment = max(_LEAST_COMMENT, middle // 2)
    for column, head in enumerate(heads, 1):
        _put(page, 1, column, head, bold=True, fill="head", horizontal="center", vertical="center")
    page.row_dimensions[1].height = 3 * _LINE + _SPARE
    row, number = 2, 0
    for question, (_, found) in enumerate(groupby(sheet.items, key=lambda item: (item.question, item.prompt)), 1):
        items = list(found)
        task = f"{_TASK}{question}"
        title = f"{task}　{items[0].genre}（{len(items)} 份答卷）"
        for text, bold in ((title, True), *((piece, False) for piece in _pieces(items[0].prompt, _TEXT_WIDTH))):
            _put(page, row, 1, task, bold=True, fill="task")
            _across(page, row, 2, last, text, _TEXT_WIDTH, fill="task", bold=bold)
            row += 1
        for item in items:
            number += 1
            row = _block(page, row, last, item, f"第 {number} 份，共 {len(sheet.items)} 份　{task}　{item.genre}")
    _page(page, (_CODE_WIDTH, max(middle - comment, 24), *[_MARK_WIDTH] * (1 + len(names)), comment), row - 1)
    _to_fill_in(page, len(names), row - 1)
    page.freeze_panes = "A2"
    page.print_title_rows = "1:1"


def _names(items: Sequence[Item]) -> dict[str, str]:
    """The dimensions' metrics and what their columns are called: a first dimension may have a name for each kind of question."""
    found: dict[str, list[str]] = {}
    for item in items:
        for metric, name in item.dimensions.items():
            found[metric] = list(dict.fromkeys([*found.get(metric, []), name]))
    return {metric: "／".join(names) for metric, names in found.items()}


def _block(page: "Worksheet", row: int, last: int, item: Item, head: str) -> int:
    """An answer from this row on; returns the row after it."""
    from openpyxl.styles import Border, Protection, Side

    def code(**look: Any) -> None:
        _put(page, row, 1, item.code, **look)

    code(bold=True, fill="head")
    _across(page, row, 2, last, head, _TEXT_WIDTH, bold=True, fill="head")
    for piece in _pieces(item.answer, _TEXT_WIDTH):
        row += 1
        code(color="999999")
        _across(page, row, 2, last, piece, _TEXT_WIDTH)
    row += 1
    code(bold=True, vertical="center")
    _put(page, row, 2, "评分 →", horizontal="right", vertical="center", bold=True)
    line = Side("thin", "999999")
    for column in range(_SCORE, last + 1):
        middle = column < last
        cell = _put(page, row, column, "", fill="mark", vertical="center", horizontal="center" if middle else None)
        cell.value = None
        cell.border = Border(line, line, line, line)
        cell.protection = Protection(locked=False)
        if not middle:
            cell.number_format = "@"
    page.row_dimensions[row].height = 2 * _LINE + _SPARE
    return row + 1


def _to_fill_in(page: "Worksheet", dimensions: int, last: int) -> None:
    """What may be filled in. The columns are validated whole: above and below the rows to fill in all is locked."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for first, columns, low, high in ((_SCORE, 1, 0, 100), (_SCORE + 1, dimensions, 1, 10)):
        if columns:
            what = _TOTAL if high == 100 else "维度分"
            rule = DataValidation(
                type="decimal",
                operator="between",
                formula1=str(low),
                formula2=str(high),
                showErrorMessage=True,
                allow_blank=True,
            )
            rule.errorTitle, rule.error = what, f"{what}请填 {low}～{high} 之间的数字，可用小数；暂时不评的留空。"
            rule.add(f"{get_column_letter(first)}2:{get_column_letter(first + columns - 1)}{last}")
            page.add_data_validation(rule)
    start, end = get_column_letter(_SCORE), get_column_letter(_SCORE + dimensions)
    white = PatternFill("solid", bgColor="FFFFFF")
    page.conditional_formatting.add(f"{start}2:{end}{last}", FormulaRule([f"LEN({start}2)>0"], fill=white))


def is_workbook(file: Path) -> bool:
    """Whether a workbook has the sheets of a grading's. One that can't be opened may be: `read_workbook` says what is wrong."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(file, read_only=True)
    except Exception:  # openpyxl has no error of its own: a damaged part raises whatever it met
        return True
    with closing(book):
        return {INSTRUCTIONS, MARKING} <= set(book.sheetnames)


def read_workbook(file: Path) -> Returned:
    """Read what a grader gave, whatever program saved it. Raises MarkError where this is no workbook of a grading.

    A cell that holds no number is a fault; whether a number is within its range, and a code where it was, is not seen here.
    """
    book = _opened(file)
    if not {INSTRUCTIONS, MARKING} <= set(book.sheetnames):
        raise MarkError(f"{file}: has no sheets {INSTRUCTIONS} and {MARKING}; it is no workbook of a grading")
    grading, grader = (_text(book[INSTRUCTIONS][place].value).strip() for place, _ in (_GRADING, _GRADER))
    if not grading or not grader:
        place, what = _GRADER if grading else _GRADING
        raise MarkError(f"{file}: {INSTRUCTIONS}!{place} is empty; put the {what} back, which the key has")
    given, faults = _given(book[MARKING], file.name)
    return Returned(file, grading, grader, tuple(given), tuple(faults))


def _opened(file: Path) -> Any:
    from openpyxl import load_workbook

    try:
        return load_workbook(file)
    except PermissionError:
        raise MarkError(f"{file}: can't be read: permission denied; close it where it is open") from None
    except Exception as error:  # openpyxl has no error of its own: a damaged part raises whatever it met
        told = shown(str(error), 120, "?") or type(error).__name__
        raise MarkError(f"{file}: can't be read as a workbook ({told}); open it and save it as .xlsx anew") from None


def _given(page: "Worksheet", name: str) -> tuple[list[Given], list[str]]:
    """The marks and the faults. A block is a run of rows with one code: its head, the answer's text, and the marks."""
    rows = list(page.iter_rows(max_row=min(page.max_row, _MOST_ROWS)))
    heads = [_text(cell.value).split("\n")[0].strip() for cell in rows[0]] if rows else []
    for place, head in ((heads[_SCORE - 1 : _SCORE], _TOTAL), (heads[_SCORE:], _COMMENT)):
        if head not in place:
            return [], [f"{name}: {MARKING}!1: the heading {head} is missing; row 1 must be as it was handed out"]
    columns = {column: metric for column, head in enumerate(heads) if (metric := _metric(head))}
    comment = heads.index(_COMMENT)
    given: list[Given] = []
    faults: list[str] = []
    for code, block in groupby(rows[1:], key=lambda row: _text(row[0].value).strip()):
        of_code = list(block)
        if code.startswith(_TASK) or not any(cell.value is not None for row in of_code for cell in row):
            continue
        marked = of_code[-1]
        notes = [cell.comment.text.strip() for row in of_code for cell in row if cell.comment]

        for cell in (cell for row in of_code[:-1] for cell in row[_SCORE - 1 : comment + 1]):
            if cell.value is not None:
                told = f"{shown(_text(cell.value), 40, '?')!r} stands beside the answer's text"
                faults.append(
                    f"{name}: {MARKING}!{cell.coordinate}: {told}; type it into {marked[cell.column - 1].coordinate}"
                )

        def number(column: int, marked: Sequence[Any] = marked) -> float | None:
            try:
                return _number(marked[column])
            except ValueError as fault:
                faults.append(f"{name}: {MARKING}!{marked[column].coordinate}: {fault}")
                return None

        given.append(
            Given(
                code=code,
                score=number(_SCORE - 1),
                dimensions={metric: number(column) for column, metric in columns.items()},
                comment="\n".join(filter(None, [_text(marked[comment].value).strip(), *notes])),
                where=f"{name}: {MARKING}!{marked[_SCORE - 1].coordinate}",
                answer="\n".join(_text(row[1].value) for row in of_code[1:-1]),
            )
        )
    return given, faults


def _metric(head: str) -> str | None:
    """The dimension that a column's heading names."""
    name = head.split("／")[0]
    return next((rubric.metric_of[name] for rubric in RUBRICS.values() if name in rubric.metric_of), None)


def _text(value: object) -> str:
    return "" if value is None else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value)).replace("\r\n", "\n")


def _number(cell: Any) -> float | None:
    """The number in a cell, also where it was typed as text; None where there is none. Raises ValueError: what is wrong."""
    value = cell.value
    if value is None:
        return None
    if cell.data_type == "f":
        raise ValueError(f"{shown(str(getattr(value, 'text', value)), 40, '?')} is a formula; type the mark itself")
    if isinstance(value, bool) or cell.data_type == "e":
        raise ValueError(f"{shown(str(value), 40, '?')} is no number; type the mark")
    if not isinstance(value, int | float | str):
        raise ValueError(f"{shown(str(value), 40, '?')} is a date; type the mark as a number")
    if isinstance(value, int | float):
        if "%" in (cell.number_format or ""):
            raise ValueError(f"{value * 100:g}% is a percentage; type the mark as a number")
        return float(value)
    text = unicodedata.normalize("NFKC", value).replace("。", ".").strip().strip("\u200b\ufeff")
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{shown(value, 40, '?')!r} is no number; type the mark alone, such as 85")
    return float(text)
