"""`odw bench`: systems one after another, and a table of what came out."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from odw_harness.cli.options import Help, Once
from odw_harness.console import table_console
from odw_harness.errors import TaskError

if TYPE_CHECKING:
    from odw_harness.bench import Bench
    from odw_harness.systems import Missing


def add(commands: Any) -> None:
    """Add the command."""
    bench = commands.add_parser(
        "bench",
        help="run systems one after another",
        description="Run systems, each an lm-eval configuration file, one after another, each in its own process. What is done is skipped (same settings, weights, questions, judge and arguments); what lacks weights, a key or a server is named with the command that gets it. A failed system doesn't stop the others. Two of these at once share the work.",
        epilog="examples:\n"
        "  odw bench systems/*.yaml --judge deepseek\n"
        "  odw bench systems/*.yaml --dry-run                      # what is there, what is missing and how to get it\n"
        "  odw bench systems/qwen3_*.yaml --limit 2 --output outputs/try -- --device cpu --batch_size 1\n"
        "  odw bench systems/*.yaml --json | jq '.systems[] | [.system, .avg21]'\n\n"
        "what follows -- goes to each `odw eval`\n"
        "exit codes: 0 done, even if some systems lack something; 1 one failed, or all lack something; 2 a mistake; 130 Ctrl-C",
        formatter_class=Help,
    )
    bench.add_argument("files", nargs="+", metavar="FILE", help="systems, such as systems/*.yaml")
    bench.add_argument(
        "--judge", action=Once, metavar="NAME|FILE", help="a judge's name or YAML (default: ODW_JUDGE, or embedded)"
    )
    bench.add_argument(
        "--metadata", nargs="+", default=[], metavar="NAME=VALUE", help="for the tasks: questions=FILE repeats=N"
    )
    bench.add_argument("--limit", type=_limit, metavar="N", help="questions of each split, for a try")
    bench.add_argument(
        "--output", metavar="FOLDER", help="results go to FOLDER/SYSTEM (default: each file's output_path)"
    )
    bench.add_argument("--force", action="store_true", help="run what is done again")
    bench.add_argument("--fail-fast", action="store_true", help="stop at the first system that fails")
    bench.add_argument("--dry-run", action="store_true", help="say what would run and what is missing, and run nothing")
    bench.add_argument("--json", action="store_true", help="print one JSON document")
    bench.set_defaults(run=_bench)


def _limit(text: str) -> float:
    """What lm-eval takes: a number of questions, or a share of them."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no number of questions")
    return number


def _bench(options: Any) -> int:
    from odw_harness.bench import Bench

    metadata = [*options.metadata, *([f"judge={options.judge}"] if options.judge else [])]
    if sum(pair.startswith("judge=") for pair in metadata) > 1:
        raise TaskError("--judge: the judge is named by --metadata too; name it once")
    bench = Bench(
        options.files,
        metadata=metadata,
        limit=options.limit,
        output=options.output,
        passed_on=options.passed_on,
        force=options.force,
    )
    stopped = False
    if not options.dry_run:
        try:
            with _watching() as (show, say), _terminated_like_ctrl_c():
                bench.run(fail_fast=options.fail_fast, show=show, say=say)
        except KeyboardInterrupt:
            stopped = True
    if options.json:
        document = {
            "systems": [outcome.as_json() for outcome in bench.outcomes],
            "judges_missing": [asdict(each) for each in bench.judges_missing()],
        }
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _print(bench)
    if stopped:
        raise KeyboardInterrupt
    return 0 if options.dry_run else bench.exit_code


@contextmanager
def _watching() -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """A line on standard error that a run overwrites, where that is a terminal; and how to say what is to stay."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda line: None, lambda line: print(line, file=sys.stderr, flush=True)
        return
    with console.status("") as status:
        yield lambda line: status.update(escape(line[: console.width - 4])), lambda line: console.print(escape(line))


@contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    """A batch system ends a job by SIGTERM: the run in progress is to end with it."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    usual = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)


def _print(bench: "Bench") -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    console = table_console(highlight=False)
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("system", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for name in ("Avg.19", "Avg.2", "Avg.21", "rules", "fact_recall", "coverage", "minutes"):
        table.add_column(name, justify="right", no_wrap=True)
    for outcome in bench.outcomes:
        row = outcome.row()
        scores = [f"{value:.2f}" if value is not None else "–" for value in (row.avg19, row.avg2, row.avg21)]
        shares = [f"{value:.3f}" if value is not None else "–" for value in (row.rules, row.fact_recall, row.coverage)]
        minutes = f"{outcome.minutes:.1f}" if outcome.minutes is not None else "–"
        table.add_row(escape(outcome.system.name), outcome.state, *scores, *shares, minutes)
    console.print(table)
    for outcome in bench.outcomes:
        if outcome.results:
            console.print(escape(f"{outcome.system.name}: {outcome.results}"), soft_wrap=True)
        if outcome.why:
            console.print(escape(f"{outcome.system.name}: {outcome.state}: {outcome.why}"), soft_wrap=True)
        if outcome.state in ("failed", "stopped"):
            console.print(escape(f"{outcome.system.name}: all it said is in {outcome.log}"), soft_wrap=True)
    wanted: dict[Missing, list[str]] = {each: [] for each in bench.judges_missing()}
    for outcome in bench.outcomes:
        for each in outcome.missing:
            wanted.setdefault(each, []).append(outcome.system.name)
    if wanted:
        console.print("\nmissing, and what gets it:")
    for each, names in wanted.items():
        whose = f" ({', '.join(names)})" if names else ""
        console.print(escape(f"  {each.what}{whose}"), soft_wrap=True)
        for number, command in enumerate(each.get):
            console.print(escape(f"    {'or: ' if number else ''}{command}"), soft_wrap=True)
