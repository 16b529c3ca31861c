"""`odw report`: the page that tells who is better."""

from typing import Any

from odw_harness.cli.options import Help


def add(commands: Any) -> None:
    """Add the command."""
    report = commands.add_parser(
        "report",
        help="one page of results: who is better, and is it real",
        description="Read every run under the folders and write one HTML page that needs no network: leaderboard with intervals, base and tuned models side by side, differences, question by question, where the figures are from, and what to know before believing them. In Chinese and English, light and dark, for print. Each judge and rubric has a table of its own.",
        epilog="examples:\n"
        "  odw report outputs -o report.html\n"
        "  odw report outputs/qwen7b* -o qwen7b.html\n"
        "  odw judge-check --judge deepseek --json card.json && odw report outputs --card card.json\n\n"
        "exit codes: 0 written; 2 a mistake",
        formatter_class=Help,
    )
    report.add_argument("folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path), such as outputs")
    report.add_argument(
        "-o",
        "--out",
        default="report.html",
        metavar="FILE",
        help="the page (default: report.html; -: standard output)",
    )
    report.add_argument(
        "--card",
        action="append",
        default=[],
        metavar="FILE",
        help="a judge's report card, of odw judge-check --json; once for each",
    )
    report.add_argument(
        "--every-run", action="store_true", help="each run as a system of its own, not the newest of each alone"
    )
    report.set_defaults(run=_report)


def _report(options: Any) -> int:
    from odw_harness.report.run import report

    report(options.folders, options.out, options.card, options.every_run)
    return 0
