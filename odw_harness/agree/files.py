"""Tables of scores, the paper's or anybody's: CSV with a row for each system, or for each score."""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odw_harness.agree.sources import ANSWER, Asked, Data, Scorer, without_reading
from odw_harness.errors import MarkError
from odw_harness.families import families
from odw_harness.human.reliability import adjusted
from odw_harness.notices import Notice
from odw_harness.paper import TABLES, scores_of
from odw_harness.texts import shown

PAPER = "paper:"
"""Before the name of one of the paper's tables, in place of a file."""
_MEANS = re.compile(r"(avg|mean|average|平均).*", re.I)
_TOLD = ("grader", "genre", "characters")
"""Columns of a long table that are used where they are there."""


@dataclass(frozen=True)
class Score:
    """One score. grader, genre: empty where not told; characters: of the answer, None where not told; where: its place."""

    system: str
    question: str
    score: float
    where: str
    grader: str = ""
    genre: str = ""
    characters: float | None = None


def of_files(people: str, scores: Sequence[str], seed: int = 0, adjust: bool = False) -> Data:
    """People's table and others', each a file or `paper:human`, `paper:odweval`, `paper:alignbench`.

    Wide: columns system and one for each question (columns of means are left out), and where known grader. Long: columns
    XX
    """
    import pandas as pd

    given = list(read(people))
    graded_by = any(each.grader for each in given)
    if adjust and not graded_by:
        raise MarkError(f"--adjust: {people} does not tell who gave which score; add a column grader")
    told = pd.DataFrame([vars(each) for each in given])
    marks = told.assign(
        grading=people,
        grader=told["grader"].replace("", "people"),
        code=told["system"] + " / " + told["question"],
        split="",
        question_hash=told["question"],
        answer_hash=told["system"],
        repeat=0,
        characters=told["characters"].astype(float),
        dimensions=[{} for _ in given],
        simulated=False,
    ).rename(columns={"where": "source"})
    lengths: dict[tuple[str, str], float] = {}
    scorers: list[Scorer] = []
    notices: list[Notice] = []
    for name, table in zip(_names(scores), scores, strict=True):
        found = list(read(table, graders=False))
        lengths |= {(each.system, each.question): each.characters for each in found if each.characters is not None}
        rows = pd.DataFrame([vars(each) for each in found])
        rows = rows.assign(question_hash=rows["question"], answer_hash=rows["system"], repeat=0)[[*ANSWER, "score"]]
        shared = len(rows.merge(marks[ANSWER].drop_duplicates(), on=ANSWER))
        if not shared:
            raise MarkError(
                f"{table}: has no system and question in common with {people} (here {_first(found)}, there {_first(given)}); name them alike"
            )
        if shared < len(rows):
            notices.append(_left_out(table, len(rows) - shared, len(rows), people))
        scorers.append(Scorer(name, "judge", rows, name))
    known = [lengths.get(key, math.nan) for key in zip(marks["system"], marks["question"], strict=True)]
    marks["characters"] = marks["characters"].fillna(pd.Series(known, index=marks.index))
    asked = told.drop_duplicates("question")
    return Data(
        given=marks,
        marks=adjusted(marks) if adjust else marks,
        asked=tuple(Asked(row.question, row.question, row.genre, "") for row in asked.itertuples()),
        scorers=(*scorers, *without_reading(marks.drop_duplicates(ANSWER), seed)),
        families={name: frozenset(families([name])) for name in marks["system"].unique()},
        graded_by=graded_by,
        notices=tuple(notices),
    )


def read(table: str, graders: bool = True) -> Iterator[Score]:
    """The scores of a table. graders: whether an answer may have several, one from each. Raises MarkError."""
    if table.startswith(PAPER):
        name = table.removeprefix(PAPER)
        if name not in TABLES:
            raise MarkError(
                f"{table}: the paper has no such table; name one of {', '.join(PAPER + each for each in TABLES)}"
            )
        systems, scores = scores_of(name)
        for system, row in zip(systems, scores, strict=True):
            for number, score in enumerate(row, start=1):
                yield Score(system, f"q{number}", float(score), table)
        return
    seen: dict[tuple[str, str, str], str] = {}
    for each in _read(table):
        key = (each.system, each.question, each.grader)
        if key in seen or (not graders and each.grader):
            what = f"scores {each.system} / {each.question} a second time" if key in seen else "has graders"
            why = f" (first in {seen[key]})" if key in seen else "; a judge's table has one score an answer"
            raise MarkError(f"{each.where}: {shown(what, 200, '?')}{shown(why, 200, '?')}; keep one")
        seen[key] = each.where
        yield each
    if not seen:
        raise MarkError(f"{table}: has no scores; give a row for each system, or for each score")


def _read(table: str) -> Iterator[Score]:
    reader = csv.reader(io.StringIO(_text(table), newline=""), strict=True)
    try:
        head = [name.strip() for name in next(reader, [])]
        _check(table, head)
        long = "question" in head
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            at = f"{table}: line {reader.line_num}"
            if len(cells) != len(head):
                raise MarkError(f"{at}: has {len(cells)} cells where the first line names {len(head)} columns")
            row = dict(zip(head, (cell.strip() for cell in cells), strict=True))
            if not row["system"]:
                raise MarkError(f"{at}, column system: is empty; name the system")
            yield from _long(row, at) if long else _wide(row, at)
    except csv.Error as error:
        raise MarkError(f"{table}: line {reader.line_num}: is no CSV: {error}") from None


def _check(table: str, head: Sequence[str]) -> None:
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice:
        raise MarkError(
            f"{table}: line 1: names {shown(twice[0], 60, '?') or 'an empty column'} twice; rename or remove one"
        )
    if "system" not in head or ("question" in head) != ("score" in head) or not _questions(head):
        raise MarkError(
            f"{table}: line 1: needs the columns system and one for each question, or system, question and score; it has {shown(', '.join(head), 100, '?') or 'none'}"
        )


def _questions(head: Sequence[str]) -> list[str]:
    return [name for name in head if name not in ("system", *_TOLD) and not _MEANS.fullmatch(name)]


def _wide(row: dict[str, str], at: str) -> Iterator[Score]:
    for question in _questions(list(row)):
        if row[question]:
            where = f"{at}, column {question}"
            yield Score(row["system"], question, _number(row[question], where), where, row.get("grader", ""))


def _long(row: dict[str, str], at: str) -> Iterator[Score]:
    if not row["question"]:
        raise MarkError(f"{at}, column question: is empty; name the question")
    if not row["score"]:
        return
    more: dict[str, Any] = {name: row[name] for name in ("grader", "genre") if name in row}
    if row.get("characters"):
        more["characters"] = _number(row["characters"], f"{at}, column characters")
    yield Score(row["system"], row["question"], _number(row["score"], f"{at}, column score"), at, **more)


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MarkError(
            f"{where}: {shown(cell, 40, '?')} is no number; correct it, or leave the cell empty for no score"
        )
    return value


def _text(table: str) -> str:
    path = Path(table).expanduser()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MarkError(f"{table}: no such file; name a CSV file, or {PAPER}human") from None
    except OSError as error:
        raise MarkError(f"{table}: can't be read: {error.strerror}") from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise MarkError(f"{table}: is neither UTF-8 nor GB 18030; save it as CSV in UTF-8")


def _names(tables: Sequence[str]) -> list[str]:
    """The files' names, or their paths where two have the same. Raises MarkError where a file is given twice."""
    names = [table if table.startswith(PAPER) else Path(table).stem for table in tables]
    twice = next((table for table in tables if tables.count(table) > 1), None)
    if twice:
        raise MarkError(f"--scores {twice}: is given twice; give each table once")
    return names if len(set(names)) == len(names) else list(tables)


def _first(scores: Sequence[Score]) -> str:
    return shown(f"{scores[0].system} / {scores[0].question}", 80, "?")


def _left_out(table: str, number: int, of: int, people: str) -> Notice:
    return Notice(
        "marks",
        f"{table}: {number} of {of} scores are of answers that {people} has no score of; they are left out",
        f"{table}：{of} 个得分中有 {number} 个在 {people} 中没有对应评分，未计入",
    )
