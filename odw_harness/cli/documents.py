"""`odw check`: documents against the rules of 公文."""

import json
import sys
from typing import Any

from odw_harness.cli.options import Help


def add(commands: Any) -> None:
    """Add the command."""
    check = commands.add_parser(
        "check",
        help="check documents against the rules of 公文",
        description="Check documents against the rules of 公文.",
        epilog="examples:\n  odw check draft.txt --genre 通知\n  odw check answer.txt --question ODW-08 --json\n  cat draft.txt | odw check -\n\n"
        "exit codes: 0 all hard checks passed; 1 one failed; 2 a mistake, or a file could not be checked (the others are)",
        formatter_class=Help,
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="text files (UTF-8 or GB18030), - for standard input")
    what = check.add_mutually_exclusive_group()
    what.add_argument("--question", metavar="ID", help="check as an answer to this question, such as ODW-08")
    what.add_argument("--genre", metavar="文种", help="check as a document of this 文种; without it the title tells")
    check.add_argument("--questions", metavar="FILE", help="the questions file that --question is in (default: the 21)")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    check.add_argument("--all", action="store_true", help="show the checks that passed as well")
    check.set_defaults(run=_check)


def _check(options: Any) -> int:
    from odw_harness.check import check_files, print_reports

    documents, left_out = check_files(options.files, options.question, options.genre, options.questions)
    if options.json and documents:
        print(json.dumps({"documents": [document.as_json() for document in documents]}, ensure_ascii=False, indent=1))
    else:
        print_reports(documents, everything=options.all)
    for error in left_out:
        print(f"error: {error}", file=sys.stderr)
    if left_out:
        return 2
    return 0 if all(document.report.passed for document in documents) else 1
