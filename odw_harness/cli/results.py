"""`odw results`, `odw compare`: what runs say of systems."""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from typing import Any


def add(commands: Any) -> None:
    """Add the commands."""
    results = commands.add_parser(
        "results",
        help="every run under some folders as one table",
        description="Read every run of ours under the folders (lm-eval's results_*.json and the samples beside them) and print the systems in the paper's shape, a table for each judge and rubric version; with --format or -o write the table instead. The newest run of a system counts.",
        epilog="examples:\n  odw results outputs\n  odw results outputs -o table.tex\n  odw results outputs --rows verdicts -o verdicts.parquet\n  odw results outputs --rows questions --format csv | head",
        formatter_class=RawDescriptionHelpFormatter,
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
        formatter_class=RawDescriptionHelpFormatter,
    )
    compare.add_argument(
        "folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path); the first is compared against"
    )
    compare.add_argument("--json", action="store_true", help="print one JSON document")
    compare.set_defaults(run=_compare)


def _results(options: Any) -> int:
    from rich.console import Console

    from odw_harness.results import read_outputs
    from odw_harness.tables import ROWS, format_of, show, write

    kind = (
        format_of(options.out, options.format) if options.out or options.format or options.rows != "systems" else None
    )
    outputs = read_outputs(options.folders, options.every_run)
    if kind is None:
        show(outputs, Console() if sys.stdout.isatty() else Console(width=160))
        return 0
    from odw_harness.notices import notices

    for notice in notices(outputs):
        print(f"warning: {notice.en}", file=sys.stderr)
    write(ROWS[options.rows](outputs.table), kind, options.out)
    return 0


def _compare(options: Any) -> int:
    from rich.console import Console

    from odw_harness.compare import as_json, compare, show

    found = compare(options.folders)
    if options.json:
        print(json.dumps(as_json(*found), ensure_ascii=False, indent=1))
    else:
        show(*found, Console() if sys.stdout.isatty() else Console(width=140))
    return 0
