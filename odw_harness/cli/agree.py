"""`odw agree`: how far judges, rules and baselines follow people's scores, and people each other."""

import json
import sys
from typing import TYPE_CHECKING, Any

from odw_harness.cli.options import Help
from odw_harness.console import table_console
from odw_harness.errors import MarkError

if TYPE_CHECKING:
    from odw_harness.agree.sources import Data


def add(commands: Any) -> None:
    """Add the command."""
    agree = commands.add_parser(
        "agree",
        help="how far judges, rules and baselines follow people's scores, and people each other",
        description="Join people's marks (odw human import) with every judge's score of the same answers, with the rules and with three baselines (longest, random, rules only), and print how far each follows people: between systems, on a question, over all answers and pair by pair, with 95 % bootstrap intervals over questions; how far one grader follows the others (the human ceiling); how much further a judge goes than the best baseline; and what moves it away: length, family of models, 文种. With --people and --scores, the same of tables: the paper's, or CSV files with a row for each system (system,q1,q2,...) or for each score (system,question,score and, where known, grader, genre, characters).",
        epilog="examples:\n  odw agree outputs\n  odw agree outputs --graders\n  odw agree outputs --measure deepseek --adjust\n  odw agree outputs --json | jq '.beside[] | {name, pooled: .agreement.pooled}'\n  odw agree --people paper:human --scores paper:odweval --scores paper:alignbench\n  odw agree --people people.csv --scores judge-a.csv --scores judge-b.csv",
        formatter_class=Help,
    )
    agree.add_argument(
        "folders", nargs="*", metavar="FOLDER", help="folders of runs (--output_path) with people's marks"
    )
    agree.add_argument("--people", metavar="TABLE", help="people's scores: a CSV file, or paper:human")
    agree.add_argument(
        "--scores", metavar="TABLE", action="append", default=[], help="others' scores: CSV files, or paper:odweval"
    )
    agree.add_argument(
        "--measure",
        metavar="TEXT",
        action="append",
        default=[],
        help="only judges whose name holds this (again for more)",
    )
    agree.add_argument(
        "--adjust",
        action="store_true",
        help="give back to each mark what its grader takes off more than the others (severity)",
    )
    agree.add_argument("--graders", action="store_true", help="print how reliable the graders are, one by one, instead")
    agree.add_argument("--seed", type=int, default=0, help="of the bootstrap and of the baseline random (default: 0)")
    agree.add_argument("--json", action="store_true", help="print one JSON document")
    agree.set_defaults(run=_agree)


def _agree(options: Any) -> int:

    from odw_harness.agree.data import people_of
    from odw_harness.agree.show import as_json, show
    from odw_harness.human.reliability import reliability
    from odw_harness.human.reliability_show import as_json as reliability_json
    from odw_harness.human.reliability_show import show_reliability

    data = _read(options)
    found = reliability(data.given, options.seed) if data.graded_by else None
    console = table_console(highlight=False)
    if options.graders:
        if found is None:
            raise MarkError(f"--people {options.people}: does not tell who gave which score; add a column grader")
        if options.json:
            print(json.dumps(reliability_json(found), ensure_ascii=False, indent=1))
        else:
            show_reliability(found, console)
        return 0
    people = people_of(data, options.seed)
    if options.json:
        print(json.dumps(as_json(people, found), ensure_ascii=False, indent=1))
    else:
        show(people, found, console)
    return 0


def _read(options: Any) -> "Data":
    if bool(options.folders) == bool(options.people or options.scores):
        raise MarkError("name folders of runs (odw agree outputs), or tables with --people and --scores")
    if not options.folders and not (options.people and (options.scores or options.graders)):
        raise MarkError("--people and --scores go together: people's table, and those to set beside it")

    from odw_harness.agree.files import of_files
    from odw_harness.agree.sources import of_outputs, picked

    if options.people:
        return picked(of_files(options.people, options.scores, options.seed, options.adjust), options.measure)

    from odw_harness.human.marks import read_marks
    from odw_harness.notices import left_out
    from odw_harness.results import read_outputs
    from odw_harness.texts import shown

    outputs, marks = read_outputs(options.folders, ungraded=True), read_marks(options.folders)
    for notice in left_out((*outputs.skipped, *marks.skipped)):
        print(f"warning: {shown(notice.en, 1000, '?')}", file=sys.stderr)
    return picked(of_outputs(outputs, marks.table, options.seed, options.adjust), options.measure)
