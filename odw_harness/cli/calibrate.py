"""`odw judge calibrate`: a judge's scores on people's scale."""

import json
from typing import Any

from odw_harness.cli.options import Help, Once, number
from odw_harness.console import table_console
from odw_harness.errors import OdwError

NAME = "judge calibrate"
"""Two words for a user, one command for the parser (`cli.main` joins them)."""


def add(commands: Any) -> None:
    """Add the command."""
    calibrate = commands.add_parser(
        NAME,
        help="what a judge's scores mean on people's scale, and means put right by people's marks",
        description="From people's marks of some answers (odw human import) and a judge's scores of all: a rising map from the judge's score (1 to 10) to people's scale (0 to 100) with intervals for new answers, and each system's mean on people's scale, corrected for whatever the judge favours, with the marks that it saves. The marked answers must have been drawn at random (odw human export --answers N draws so). A table for each judge and rubric version.",
        epilog="examples:\n"
        "  odw judge calibrate outputs\n"
        "  odw judge calibrate outputs --measure deepseek --against Qwen-7B-Chat --out calibration.json\n"
        "  odw judge calibrate new_outputs --apply calibration.json\n"
        "  odw judge calibrate outputs --json | jq '.[0].systems'\n\n"
        "A file of answers that is named calibrate is graded as ./calibrate.",
        formatter_class=Help,
    )
    calibrate.add_argument("folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path)")
    calibrate.add_argument("--measure", action=Once, metavar="NAME", help="this one alone: its name, or a part of it")
    calibrate.add_argument(
        "--marks", action="append", metavar="FOLDER", help="where people's marks are (default: the folders of runs)"
    )
    calibrate.add_argument("--against", metavar="SYSTEM", help="whom the others are compared with (default: the best)")
    calibrate.add_argument(
        "--difference",
        type=_points,
        metavar="POINTS",
        help="of two systems, 0 to 100: say how many marks show it (default: 5)",
    )
    calibrate.add_argument("--level", type=_level, default=0.95, metavar="SHARE", help="of intervals (default: 0.95)")
    calibrate.add_argument(
        "--seed", type=_seed, metavar="N", help="of the parts of the questions left out (default: 0)"
    )
    calibrate.add_argument("--out", metavar="FILE", help="keep the map, of one measure, to --apply it")
    calibrate.add_argument("--apply", metavar="FILE", help="put these runs on people's scale by a kept map; no marks")
    calibrate.add_argument("--json", action="store_true", help="print one JSON document")
    calibrate.set_defaults(run=_calibrate)


def _seed(text: str) -> int:
    return int(number(text, lambda value: value >= 0 and value.is_integer(), "a whole number, 0 or more"))


def _level(text: str) -> float:
    return number(text, lambda value: 0.5 <= value < 1, "a level, from 0.5 to below 1")


def _points(text: str) -> float:
    return number(text, lambda value: 0.1 <= value < 100, "a number of points, 0.1 to below 100")


def _calibrate(options: Any) -> int:

    from odw_harness.calibrate.data import DIFFERENCE, calibrate
    from odw_harness.calibrate.saved import apply, load, save
    from odw_harness.calibrate.show import show, show_applied
    from odw_harness.human.marks import read_marks
    from odw_harness.results import read_outputs

    console = table_console(highlight=False)
    if options.apply:
        unused = [
            each
            for each in ("measure", "marks", "against", "difference", "seed", "out")
            if getattr(options, each) is not None
        ]
        if unused:
            raise OdwError(f"--{unused[0]}: says nothing to --apply, which takes the map as it was kept; leave it out")
        applied = apply(load(options.apply), read_outputs(options.folders), options.level)
        if options.json:
            print(applied.model_dump_json(indent=1))
        else:
            show_applied(applied, console)
        return 0
    marks, outputs = read_marks(options.marks or options.folders), read_outputs(options.folders)
    found = calibrate(
        outputs,
        marks,
        measure=options.measure,
        level=options.level,
        seed=options.seed or 0,
        against=options.against,
        difference=options.difference or DIFFERENCE,
    )
    if options.out:
        if len(found) > 1:
            told = "; ".join(each.measure for each in found)
            raise OdwError(
                f"--out {options.out}: a file keeps one measure, and there are {told}; say which with --measure"
            )
        save(found[0], marks.files, options.out, outputs.files)
    if options.json:
        print(json.dumps([each.model_dump() for each in found], ensure_ascii=False, indent=1))
    else:
        show(found, console)
    return 0
