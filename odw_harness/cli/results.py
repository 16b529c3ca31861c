"""`odw compare`: what runs say of systems."""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    compare = commands.add_parser(
        "compare",
        help="systems side by side, and whether they differ",
        description="Read the newest run under each folder, print the means, and what each system differs by from the first: question by question, with Student's 95 % interval of the mean difference.",
        epilog="examples:\n  odw compare outputs/qwen7b outputs/qwen7b_lora outputs/qwen7b_qlora\n  odw compare outputs/qwen7b outputs/qwen7b_lora --json | jq .differences",
        formatter_class=RawDescriptionHelpFormatter,
    )
    compare.add_argument(
        "folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path); the first is compared against"
    )
    compare.add_argument("--json", action="store_true", help="print one JSON document")
    compare.set_defaults(run=_compare)


def _compare(options: Any) -> int:
    from rich.console import Console

    from odw_harness.compare import as_json, compare, read_system, show

    systems = [read_system(folder) for folder in options.folders]
    differences = compare(systems)
    if options.json:
        print(json.dumps(as_json(systems, differences), ensure_ascii=False, indent=1))
    else:
        show(systems, differences, Console() if sys.stdout.isatty() else Console(width=120))
    return 0
