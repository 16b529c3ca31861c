"""A grader's sheet as a page that needs no network and no program but a browser, and the file that it saves.

The page keeps each mark in the browser as it is typed, and saves them to `GRADING-GRADER.json`, which goes on with the
work on another machine and comes back here in the end.
"""

from pathlib import Path
from typing import Any

from odw_harness.errors import MarkError
from odw_harness.html import environment
from odw_harness.human import instructions
from odw_harness.human.marks import DIMENSION_HIGHEST, DIMENSION_LOWEST, HIGHEST, LOWEST
from odw_harness.human.reading import Row, read_json
from odw_harness.human.sheet import Given, Item, Returned, Sheet
from odw_harness.store import digest
from odw_harness.texts import map_texts, shown, storable

FORMAT, VERSION = "odw-human-form", 1
"""What a saved file calls itself."""
_AGAIN = "save the file from the grader's page again"


def form_page(sheet: Sheet) -> str:
    """The page of one grader: instructions, and their items one at a time. Texts are data in it, never markup.

    It runs from a file in any browser of Chromium 73 or newer and in others of that age.
    """
    data = {
        "format": FORMAT,
        "version": VERSION,
        "grading": sheet.grading,
        "grader": sheet.grader,
        "scale": {"score": [LOWEST, HIGHEST], "dimension": [DIMENSION_LOWEST, DIMENSION_HIGHEST]},
        "bands": [[float(band.partition("～")[0]), band, meaning] for band, meaning in instructions.BANDS],
        "items": [_embedded(item) for item in sheet.items],
    }
    return (
        environment(Path(__file__).parent)
        .get_template("form.html.j2")
        .render(
            sheet=sheet,
            data=map_texts(data, storable),
            instructions=instructions,
            dimensions=any(item.dimensions for item in sheet.items),
        )
    )


def _embedded(item: Item) -> dict[str, Any]:
    """digest: by which the browser knows that a mark it keeps is of this text."""
    return {
        "code": item.code,
        "question": item.question,
        "genre": item.genre,
        "prompt": item.prompt,
        "answer": item.answer,
        "digest": digest(item.prompt, item.answer)[:16],
        "dimensions": list(item.dimensions.items()),
    }


def read_form(path: Path) -> Returned:
    """Read the file that a grader's page saved. Raises MarkError where it is no such file.

    What is no number is a fault and given as left blank; a score off the scale is a number and given as it stands.
    """
    saved = _saved(path)
    given: list[Given] = []
    faults: list[str] = []
    for number, held in enumerate(saved["items"], 1):
        if not isinstance(held, dict) or not isinstance(held.get("code"), str) or not held["code"]:
            faults.append(f"{path.name}: items, row {number}: has no code; {_AGAIN}")
            continue
        row = Row(f"{path.name}: item {shown(held['code'], 40, '?')}", faults.append)
        dimensions = held.get("dimensions") or {}
        if not isinstance(dimensions, dict):
            row.fault("dimensions", dimensions, f"must be an object; {_AGAIN}")
            dimensions = {}
        given.append(
            Given(
                code=held["code"],
                score=row.number("score", held.get("score")),
                dimensions={metric: row.number(f"dimensions.{metric}", mark) for metric, mark in dimensions.items()},
                comment=row.text("comment", held.get("comment")) or "",
                where=row.where,
                answer=row.text("answer", held.get("answer")),
                at=row.text("marked_at", held.get("marked_at")) or "",
                simulated=saved.get("simulated") is True,
            )
        )
    return Returned(path, saved["grading"], saved["grader"], tuple(given), tuple(faults))


def _saved(path: Path) -> dict[str, Any]:
    """The whole of a saved file, all but its rows checked."""
    saved = read_json(path, "give the file that the grader's page saved")
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise MarkError(f"{path}: not a file that a grader's page saved (format {FORMAT!r}); give the one it saved")
    if saved.get("version") != VERSION:
        found = shown(repr(saved.get("version")), 40, "?")
        raise MarkError(f"{path}: field version: {found}, but this odw reads {VERSION}; use the odw that made the page")
    for name in ("grading", "grader"):
        if not isinstance(saved.get(name), str) or not saved[name]:
            raise MarkError(f"{path}: field {name}: must be a text; {_AGAIN}")
    if not isinstance(saved.get("items"), list):
        raise MarkError(f"{path}: field items: must be a list; {_AGAIN}")
    return saved
