"""The table of many runs in the terminal, and as CSV, JSON, Parquet, Markdown and LaTeX."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from odw_harness.errors import AnswerError
from odw_harness.notices import notices
from odw_harness.results import DIMENSIONS, Outputs, by_question, by_system
from odw_harness.texts import shown
from odw_harness.written import written

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, RenderableType
    from rich.table import Table

ROWS: "dict[str, Callable[[pd.DataFrame], pd.DataFrame]]" = {
    "systems": by_system,
    "questions": by_question,
    "verdicts": lambda table: table,
}
"""What a row may be."""
FORMATS = {"csv": ".csv", "json": ".json", "parquet": ".parquet", "markdown": ".md", "latex": ".tex"}
"""The formats of files, and the endings that mean them."""
_HEADS = {
    "system": "system",
    "avg19": "Avg.19",
    "avg2": "Avg.2",
    "avg21": "Avg.21",
    "interval": "95 %",
    "rules": "rules",
    "fact_recall": "facts",
    "coverage": "coverage",
    "characters": "length",
}
_UNBOUNDED = 10_000
"""Columns of a table that nothing bounds."""
_FORMULA = re.compile(r"^[=+\-@\t\r]")


def format_of(out: str | None, asked: str | None) -> str:
    """The format asked for, or that the file's ending means; csv on standard output. Raises AnswerError."""
    if asked:
        return asked
    ending = Path(out or "-").suffix.lower()
    found = [name for name, usual in FORMATS.items() if usual == ending]
    if not found and out not in (None, "-"):
        raise AnswerError(f"-o {out}: its ending is none of {', '.join(FORMATS.values())}; say --format")
    return found[0] if found else "csv"


def write(frame: "pd.DataFrame", kind: str, out: str | None, inputs: Sequence[str] = ()) -> None:
    """Write a table to a file that is none of the inputs, or to standard output where out is None or `-`. Raises AnswerError."""
    if kind == "parquet":
        _parquet(frame, out)
        return
    with written("-o", out, inputs, kept="") as target:
        target.write(_text(frame, kind))


def _parquet(frame: "pd.DataFrame", out: str | None) -> None:
    if out in (None, "-"):
        raise AnswerError("--format parquet: is no text for a terminal; name a file with -o")
    path = Path(str(out)).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(path, index=False)
    except OSError as error:
        raise AnswerError(f"-o {out}: can't be written: {error.strerror or error}") from None


def _text(frame: "pd.DataFrame", kind: str) -> str:
    if kind == "json":
        rows = json.loads(frame.to_json(orient="records", date_format="iso", force_ascii=False))
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    if kind == "csv":
        return str(frame.map(_no_formula).to_csv(index=False, lineterminator="\n"))
    plain = frame.dropna(axis=1, how="all").map(_cell)
    if kind == "markdown":
        safe = plain.map(lambda cell: cell.replace("|", "\\|").replace("<", "&lt;"))
        return str(safe.to_markdown(index=False, disable_numparse=True)) + "\n"
    return str(
        plain.rename(columns=lambda name: name.replace("_", " "))
        .style.hide(axis="index")
        .format(escape="latex")
        .to_latex(hrules=True)
    )


def _no_formula(value: object) -> object:
    """A text that a spreadsheet would compute gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _cell(value: object) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, float):
        return f"{value:.2f}"
    return shown(" ".join(str(value).split()), 200, "?")


def show(outputs: Outputs, console: "Console") -> None:
    """A table for each measure, after what has to be known before."""
    from rich.text import Text

    for notice in notices(outputs):
        console.print(Text(f"! {notice.en}", "yellow"), soft_wrap=True)
    for measure, rows in by_system(outputs.table).groupby("measure", sort=False):
        dimensions = [name for name in DIMENSIONS if rows[name].notna().any()]
        whole = _grid(str(measure), rows, [*_HEADS, *dimensions])
        unbounded = console.options.update(max_width=_UNBOUNDED)
        if not dimensions or console.measure(whole, options=unbounded).maximum <= console.width:
            console.print(whole)
        else:
            console.print(_grid(str(measure), rows, list(_HEADS)))
            console.print(_grid("", rows, ["system", *dimensions]))
    console.print(
        "Avg.19, Avg.2, Avg.21: means of the score (1 to 10) over the statutory and business questions, the two outside, and all, "
        "with Student's 95 % interval over questions. `odw compare` says whether two systems differ.",
        style="dim",
    )


def _grid(title: str, rows: "pd.DataFrame", names: Sequence[str]) -> "Table":
    """One measure's systems in some columns; only names of systems are folded where it is too wide."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, title=shown(title, 200, "?") or None, title_justify="left", padding=(0, 1, 0, 0))
    for name in names:
        head = _HEADS.get(name, name.replace("_", "\n"))
        if name == "system":
            grid.add_column(head, overflow="fold")
        else:
            grid.add_column(head, justify="right", no_wrap=True)
    for row in rows.to_dict("records"):
        cells: dict[str, RenderableType] = {
            name: _cell(row[name]) for name in names if name not in ("system", "interval", "characters")
        }
        cells["system"] = Text(shown(row["system"], 80, "?"))
        cells["interval"] = "–" if row["low"] != row["low"] else f"{row['low']:.2f}–{row['high']:.2f}"
        cells["characters"] = "–" if row["characters"] != row["characters"] else f"{row['characters']:.0f}"
        grid.add_row(*(cells[name] for name in names))
    return grid
