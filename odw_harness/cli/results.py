"""`odw results`, `odw compare`, `odw power`: what runs say of systems, and how much they can say."""

import json
from typing import Any

from odw_harness.cli.options import Help, number, warn
from odw_harness.console import table_console


def add(commands: Any) -> None:
    """Add the commands."""
    results = commands.add_parser(
        "results",
        help="every run under some folders as one table",
        description="Read every run of ours under the folders (lm-eval's results_*.json and the samples beside them) and print the systems in the paper's shape, a table for each judge and rubric version; with --format or -o write the table instead. The newest run of a system counts.",
        epilog="examples:\n  odw results outputs\n  odw results outputs -o table.tex\n  odw results outputs --rows verdicts -o verdicts.parquet\n  odw results outputs --rows questions --format csv | head",
        formatter_class=Help,
    )
    results.add_argument(
        "folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path), or results files"
    )
    results.add_argument(
        "--rows",
        choices=("systems", "questions", "verdicts"),
        default="systems",
        help="what a row is (default: systems)",
    )
    results.add_argument(
        "--format",
        choices=("csv", "json", "parquet", "markdown", "latex"),
        help="write the table so (default: as -o ends)",
    )
    results.add_argument("-o", "--out", metavar="FILE", help="where to (default: standard output)")
    results.add_argument(
        "--every-run", action="store_true", help="all runs of a system, each under its date, not the newest alone"
    )
    results.set_defaults(run=_results)

    compare = commands.add_parser(
        "compare",
        help="systems side by side, and whether they differ",
        description="Read the newest runs under each folder, print the means, and what each system differs by from the first: question by question, with Student's 95 % interval of the mean difference and the p of a sign-flip permutation test, Holm-corrected over the systems. Figures of different judges or rubric versions are not compared.",
        epilog="examples:\n  odw compare outputs/qwen7b outputs/qwen7b_lora outputs/qwen7b_qlora\n  odw compare outputs/qwen7b outputs/qwen7b_lora --json | jq .differences",
        formatter_class=Help,
    )
    compare.add_argument(
        "folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path); the first is compared against"
    )
    compare.add_argument("--json", action="store_true", help="print one JSON document")
    compare.set_defaults(run=_compare)

    power = commands.add_parser(
        "power",
        help="the smallest difference that can be shown, and what it takes to see more",
        description="For each judge and rubric version: the smallest difference that a paired test over these questions shows in 4 of 5 cases, what questions, generations and judgements add to the spread (where there are repeats), and how many of each a difference of --difference needs. Without a folder: from the paper's own tables.",
        epilog="examples:\n  odw power\n  odw power outputs --difference 0.3\n  odw power outputs --json | jq '.[0].smallest'",
        formatter_class=Help,
    )
    power.add_argument("folders", nargs="*", metavar="FOLDER", help="folders of runs (--output_path)")
    power.add_argument(
        "--difference", type=_points, default=0.2, metavar="POINTS", help="the difference to see (default: 0.2)"
    )
    power.add_argument("--json", action="store_true", help="print one JSON document")
    power.set_defaults(run=_power)


def _points(text: str) -> float:
    return number(text, lambda value: 0.001 <= value < 10, "a number of points, 0.001 to below 10")


def _results(options: Any) -> int:

    from odw_harness.results import read_outputs
    from odw_harness.tables import ROWS, format_of, show, write

    kind = (
        format_of(options.out, options.format) if options.out or options.format or options.rows != "systems" else None
    )
    outputs = read_outputs(options.folders, options.every_run)
    if kind is None:
        show(outputs, table_console())
        return 0
    warn(outputs)
    write(ROWS[options.rows](outputs.table), kind, options.out, outputs.files)
    return 0


def _compare(options: Any) -> int:

    from odw_harness.compare import as_json, compare, read_systems, show

    outputs = read_systems(options.folders)
    found = compare(outputs.table)
    warn(outputs)
    if options.json:
        print(json.dumps(as_json(*found), ensure_ascii=False, indent=1))
    else:
        show(*found, table_console())
    return 0


def _power(options: Any) -> int:

    from odw_harness.precision import of_paper, of_table, show

    if options.folders:
        from odw_harness.results import read_outputs

        outputs = read_outputs(options.folders)
        found = of_table(outputs.table, options.difference)
        warn(outputs)
    else:
        found = of_paper(options.difference)
    if options.json:
        print(json.dumps([each.model_dump() for each in found], ensure_ascii=False, indent=1))
    else:
        show(found, table_console())
    return 0
