"""`odw data`: training data made, and looked through for the questions."""

import argparse
from typing import Any

from odw_harness.cli.options import Help, share


def add(commands: Any) -> None:
    """Add the commands."""
    data = commands.add_parser(
        "data",
        help="make training data, and look for leaks of the questions in it",
        description="Make training data for LLaMA-Factory, and look for leaks of the questions in it.",
        epilog="examples:\n  odw data build -o llamafactory_configs/data\n  odw data leaks llamafactory_configs/data",
        formatter_class=Help,
    )
    actions = data.add_subparsers(metavar="ACTION", required=True)
    _add_build(actions)
    _add_leaks(actions)


def _add_build(actions: Any) -> None:
    build = actions.add_parser(
        "build",
        help="make pairs of instruction and document",
        description="Write odw_train.jsonl, odw_val.jsonl, their entries in dataset_info.json and a card (odw_data.json) into a folder. Without --from the pairs are the seeded generator's. With --from they are made of your documents: .docx, .txt (UTF-8 or GB18030), .md, and .jsonl with `text` or with instruction and output (alpaca or sharegpt). The instruction is drafted from the document's elements and gives every figure, date and name in it. Documents become plain lines: indents and blank lines go. The same input and seed give the same files.",
        epilog="examples:\n"
        "  odw data build -o llamafactory_configs/data\n"
        "  odw data build -o data --from 公文/ 制度.docx --drop-duplicates\n"
        "  odw data build -o data --from 公文/ --count 300        # your documents and 300 of the generator's\n"
        "  odw data build -o data --from 公文/ --draft-with deepseek --format sharegpt\n\n"
        "exit codes: 0 built; 2 a mistake, or some documents were skipped (the others are written; see --skip-bad)",
        formatter_class=Help,
    )
    build.add_argument("-o", "--out", required=True, metavar="FOLDER", help="where the files go")
    build.add_argument(
        "--from", dest="sources", nargs="+", default=(), metavar="PATH", help="files and folders of documents"
    )
    build.add_argument(
        "--count", type=int, metavar="N", help="pairs from the generator (default: 400, with --from none)"
    )
    build.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the generator, styles and split (default: 0)"
    )
    build.add_argument("--format", choices=("alpaca", "sharegpt"), default="alpaca", help="default: alpaca")
    build.add_argument(
        "--validation", type=_part, default=0.1, metavar="SHARE", help="of the documents, 0 to 0.5 (default: 0.1)"
    )
    build.add_argument(
        "--draft-with",
        metavar="NAME|FILE",
        help="a model behind a server drafts the instructions: a judge's name or YAML with backend: api; a draft that lacks a fact is replaced",
    )
    build.add_argument("--drop-duplicates", action="store_true", help="leave out documents that are near-duplicates")
    build.add_argument(
        "--require-valid", action="store_true", help="leave out documents that fail a hard rule check or lack a fact"
    )
    build.add_argument("--skip-bad", action="store_true", help="exit 0 though some documents were skipped")
    build.add_argument("--json", action="store_true", help="print the card as one JSON document")
    build.set_defaults(run=_build)


def _part(text: str) -> float:
    value = share(text)
    if value > 0.5:
        raise argparse.ArgumentTypeError(f"{text} is more than half")
    return value


def _build(options: Any) -> int:
    from odw_harness.traindata.build import Asked, build

    return build(
        Asked(
            out=options.out,
            sources=tuple(options.sources),
            count=options.count,
            seed=options.seed,
            formatting=options.format,
            validation=options.validation,
            draft_with=options.draft_with,
            drop_duplicates=options.drop_duplicates,
            require_valid=options.require_valid,
            skip_bad=options.skip_bad,
            json=options.json,
        )
    )


def _add_leaks(actions: Any) -> None:
    leaks = actions.add_parser(
        "leaks",
        help="overlap between training data and the questions",
        description="Look through training data for the questions: their prompts or references themselves (whatever the signs, blanks and widths), character 13-grams, near-duplicates, and shared facts (names, document numbers, dates, figures). Phrases that several questions share and the output contract don't count. TRAIN is a .jsonl or .json in alpaca or sharegpt form, or a folder with a dataset_info.json. Written beside an adapter (--out saves/qwen7b_lora), the finding travels into the results of its runs.",
        epilog="examples:\n"
        "  odw data leaks llamafactory_configs/data\n"
        "  odw data leaks train.jsonl more.json --out saves/qwen7b_lora\n"
        "  odw data leaks train.jsonl --questions my.jsonl --json | jq .flagged\n\n"
        "exit codes: 0 clean; 1 a question is over a threshold; 2 a mistake",
        formatter_class=Help,
    )
    leaks.add_argument("train", nargs="+", metavar="TRAIN", help="files or folders of training data")
    leaks.add_argument("--questions", metavar="FILE", help="your own questions (default: the 21)")
    leaks.add_argument("--json", action="store_true", help="print the report as one JSON document")
    leaks.add_argument(
        "--out", metavar="PATH", help="write the report to a .json file, or into a folder as odw_leaks.json"
    )
    for name, default, what in (
        ("overlap", 0.4, "share of a prompt's or reference's characters in 13-grams that a row has too"),
        ("similarity", 0.5, "Jaccard similarity, over character 5-grams"),
        ("facts", 0.5, "share of a question's rare facts in one row"),
    ):
        leaks.add_argument(
            f"--max-{name}", type=share, default=default, metavar="SHARE", help=f"{what} (default: {default})"
        )
    leaks.set_defaults(run=_leaks)


def _leaks(options: Any) -> int:
    from odw_harness.traindata.leaks.run import Thresholds, leaks

    thresholds = Thresholds(options.max_overlap, options.max_similarity, options.max_facts)
    return leaks(options.train, options.questions, thresholds, options.out, options.json)
