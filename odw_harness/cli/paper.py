"""`odw paper`: the published tables."""

import json
import sys
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    paper = commands.add_parser(
        "paper", help="print a table of the paper", description="Print a table of the paper: 15 systems, 21 questions."
    )
    paper.add_argument("table", choices=("human", "odweval", "alignbench"))
    paper.add_argument("--json", action="store_true", help="print one JSON document")
    paper.set_defaults(run=_paper)


def _paper(options: Any) -> int:
    from odw_harness.paper import SOURCES, load_table

    rows = load_table(options.table)
    if options.json:
        columns = [
            {
                "system": row.system,
                "scores": [float(s) for s in row.scores],
                "avg19": float(row.avg19),
                "avg2": float(row.avg2),
                "avg21": float(row.avg21),
            }
            for row in rows
        ]
        print(
            json.dumps(
                {"table": options.table, "source": SOURCES[options.table], "systems": columns},
                ensure_ascii=False,
                indent=1,
            )
        )
        return 0
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console() if sys.stdout.isatty() else Console(width=200)
    names = [*(str(number) for number in range(1, 22)), "Avg.19", "Avg.2", "Avg.21"]
    cells = {row.system: [str(value) for value in (*row.scores, row.avg19, row.avg2, row.avg21)] for row in rows}
    at_once = max(1, (console.width - 26) // 7)
    console.print(f"The paper, {SOURCES[options.table]}")
    for start in range(0, len(names), at_once):
        table = Table(box=box.SIMPLE, padding=(0, 0, 0, 1))
        table.add_column("system", no_wrap=True)
        for name in names[start : start + at_once]:
            table.add_column(name, justify="right", no_wrap=True)
        for system, values in cells.items():
            table.add_row(system, *values[start : start + at_once])
        console.print(table)
    console.print("The paper's questions are unpublished; those of this project are a reconstruction.")
    return 0
