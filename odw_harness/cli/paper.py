"""`odw paper`: the published tables, what they say of the paper's own scores, and our systems beside them."""

import argparse
import json
from typing import Any

from odw_harness.cli.options import Help, warn
from odw_harness.console import table_console

_TABLES = {"human": "people's scores, 0 to 100", "odweval": "ODWEval, 1 to 10", "alignbench": "AlignBench, 1 to 10"}


def add(commands: Any) -> None:
    """Add the command."""
    paper = commands.add_parser(
        "paper",
        help="the paper's tables, how far its scores follow people's, and our systems beside it",
        description="The paper's tables (15 systems, 21 questions), and how far its automatic scores follow people's.",
        epilog="examples:\n  odw paper odweval\n  odw paper human --json | jq '.systems[0]'\n  odw paper agreement\n  odw paper compare outputs",
        formatter_class=Help,
    )
    paper.add_argument("--json", action="store_true", help="print one JSON document")
    what = paper.add_subparsers(title="what to print", metavar="WHAT", required=True)
    for table, title in _TABLES.items():
        _add(what, table, _table, f"a table: {title}").set_defaults(table=table)
    _add(
        what,
        "agreement",
        _agreement,
        "how far ODWEval and AlignBench follow people's scores",
        "From the paper's three tables: correlations of ODWEval and AlignBench with people's scores, between systems, on a "
        "question and over all answers, for 19, 2 and 21 questions, each with a bootstrap interval over questions.",
    )
    compare = _add(
        what,
        "compare",
        _compare,
        "our systems' order and gains beside the paper's",
        "Rank correlations of our means with the paper's tables, and the gains from base to LoRA to QLoRA beside the paper's. A "
        "run is a system of the paper by its name, or where its file says so (metadata: paper). The paper's questions are "
        "unpublished and ours a reconstruction: orders and gains compare, scores do not.",
    )
    compare.add_argument("folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path)")


def _add(what: Any, name: str, run: Any, brief: str, description: str = "") -> Any:
    command = what.add_parser(name, help=brief, description=description or f"Print {brief}.")
    command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
    command.set_defaults(run=run)
    return command


def _agreement(options: Any) -> int:

    from odw_harness.agreement import as_json, paper_agreement, show

    compared = paper_agreement()
    if options.json:
        print(json.dumps(as_json(compared), ensure_ascii=False, indent=1))
    else:
        show(compared, table_console())
    return 0


def _compare(options: Any) -> int:

    from odw_harness.paper_compare import as_json, beside_paper, show
    from odw_harness.results import read_outputs

    outputs = read_outputs(options.folders)
    found = beside_paper(outputs)
    warn(outputs)
    if options.json:
        print(json.dumps(as_json(found), ensure_ascii=False, indent=1))
    else:
        show(found, table_console())
    return 0


def _table(options: Any) -> int:
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
    from rich.table import Table

    console = table_console()
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
