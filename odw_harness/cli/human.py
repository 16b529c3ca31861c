"""`odw human`: answers handed to people to be marked, and their marks read back."""

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any

from odw_harness.cli.options import Help
from odw_harness.console import table_console

_EXPORT = """Hand out the answers of runs to people, blind: each grader gets a workbook (.xlsx for WPS and Excel), a page for the \
browser that needs no network, and tasks for Label Studio, and uses whichever suits. Every answer goes to --overlap graders at \
least; graders get systems and questions in equal shares and random order, under codes of their own. Texts that two systems gave \
are marked once for both; thoughts are left out. The key to the codes is written beside the folder, never inside."""

_EXPORT_EXAMPLES = """examples:
  odw human export outputs --graders 8 --overlap 2 -o grading
  odw human export outputs --graders 8 --per-grader 60 -o grading            # marks to spare go to second graders
  odw human export outputs --graders 王芳,李强,张敏 --answers 60 --overlap 3 --dimensions odweval -o grading
  odw human export outputs --graders 4 --systems Qwen3-8B,Qwen3-8B-LoRA --formats xlsx -o grading

Same answers, options and seed: the same files. Then give each grader their file, and read what comes back with \
odw human import grading."""

_IMPORT = """Read every workbook, file saved by a grader's page and Label Studio export under the folder, wherever and under whatever \
name graders put them, and keep the marks in human_GRADING.jsonl beside the runs, where odw agree and odw report find them. \
Import as often as files come in: the same files give the same marks."""

_IMPORT_EXAMPLES = """examples:
  odw human import grading
  odw human import grading --json | jq '.graders[] | {grader, missing}'
  odw human import returned --key grading.key.json --out outputs

What is wrong is named with its file, cell and value, and left out; what is good is kept. A file in which codes were changed, \
sorted or put beside other answers is refused as a whole. Of several files that one grader's page saved, the last change of each \
answer counts; of several workbooks, which tell no time, marks that differ are left out.

exit codes:
  0  all marks are in; some may still be missing
  1  something was left out
  2  nothing can be read, or a mistake"""


def add(commands: Any) -> None:
    """Add the commands."""
    human = commands.add_parser(
        "human",
        help="have people mark answers: sheets out, marks in",
        description="Have people mark answers, blind: sheets for graders out, marks in.",
    )
    kinds = human.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_export(kinds)
    _add_import(kinds)


def _add_export(kinds: Any) -> None:
    export = kinds.add_parser(
        "export",
        help="sheets for graders, and the key",
        description=_EXPORT,
        epilog=_EXPORT_EXAMPLES,
        formatter_class=Help,
    )
    export.add_argument("folders", nargs="+", metavar="FOLDER", help="folders of runs (--output_path); judged or not")
    export.add_argument("-o", "--out", required=True, metavar="FOLDER", help="where the sheets go; the key goes beside")
    export.add_argument(
        "--graders",
        required=True,
        type=_graders,
        metavar="NUMBER|NAME,…",
        help="how many (G01, G02, …), or their names",
    )
    export.add_argument(
        "--per-grader", type=_count, metavar="NUMBER", help="the most answers of one (default: what --overlap takes)"
    )
    export.add_argument(
        "--overlap", type=_count, default=1, metavar="NUMBER", help="graders of each answer at least (default: 1)"
    )
    export.add_argument(
        "--answers", type=_count, metavar="NUMBER", help="only so many, even over questions and systems"
    )
    export.add_argument(
        "--dimensions", choices=("odweval", "alignbench"), help="ask for this rubric's five dimensions too, 1 to 10"
    )
    export.add_argument(
        "--formats", type=_names("format"), metavar="NAME,…", help="xlsx, html, label-studio (default: all)"
    )
    export.add_argument("--systems", type=_names("system"), metavar="NAME,…", help="only these (default: all)")
    export.add_argument("--questions", type=_names("question"), metavar="ID,…", help="only these (default: all)")
    export.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random (default: 0)")
    export.add_argument("--key", metavar="FILE", help="where the key goes (default: OUT.key.json), never inside OUT")
    export.add_argument("--json", action="store_true", help="print one JSON document")
    export.set_defaults(run=_export)


def _add_import(kinds: Any) -> None:
    bring = kinds.add_parser(
        "import",
        help="read what graders sent back",
        description=_IMPORT,
        epilog=_IMPORT_EXAMPLES,
        formatter_class=Help,
    )
    bring.add_argument(
        "folder", metavar="FOLDER", help="where the files are that came back, such as the exported folder"
    )
    bring.add_argument("--key", metavar="FILE", help="the key (default: FOLDER.key.json)")
    bring.add_argument(
        "--out", metavar="FOLDER", help="folder of runs for the marks (default: the first that was exported from)"
    )
    bring.add_argument("--json", action="store_true", help="print one JSON document")
    bring.set_defaults(run=_import)


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def _graders(text: str) -> tuple[str, ...]:
    if text.isdecimal():
        number = _count(text)
        if number > 999:
            raise argparse.ArgumentTypeError(f"{text} graders are more than 999")
        return tuple(f"G{each:0{max(2, len(text))}}" for each in range(1, number + 1))
    return _names("grader")(text)


def _names(what: str) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        from odw_harness.human.handing import FORMATS

        found = tuple(name.strip() for name in re.split("[,，、]", text))
        for name in found:
            if not name or not name.isprintable() or len(name) > 100:
                raise argparse.ArgumentTypeError(f"{text!r}: {name!r} is no name of a {what}")
            if what == "format" and name not in FORMATS:
                raise argparse.ArgumentTypeError(f"{name} is no format; there are {', '.join(FORMATS)}")
        if len(set(found)) < len(found):
            raise argparse.ArgumentTypeError(f"{text}: names a {what} twice")
        return found

    return names


def _export(options: Any) -> int:

    from odw_harness.human.exporting import Plan, export
    from odw_harness.human.handing import FORMATS
    from odw_harness.human.show import show_exported
    from odw_harness.texts import shown

    exported = export(
        Plan(
            folders=options.folders,
            out=options.out,
            graders=options.graders,
            per_grader=options.per_grader,
            overlap=options.overlap,
            answers=options.answers,
            seed=options.seed,
            dimensions=options.dimensions,
            formats=options.formats or FORMATS,
            systems=options.systems,
            questions=options.questions,
            key=options.key,
        )
    )
    for warning in exported.warnings:
        print(f"warning: {shown(warning, 600, '?')}", file=sys.stderr)
    if options.json:
        print(exported.model_dump_json(indent=1))
    else:
        show_exported(exported, table_console(highlight=False))
    return 0


def _import(options: Any) -> int:

    from odw_harness.human.importing import import_marks
    from odw_harness.human.show import show_imported

    imported = import_marks(options.folder, options.key, options.out)
    if options.json:
        print(imported.model_dump_json(indent=1))
    else:
        show_imported(imported, table_console(highlight=False))
    return imported.exit_code
