"""How fast verdicts come, and what they cost the client: the engine beside a bare client and three other harnesses.

.venv/bin/python benchmarks/judge_throughput.py                                  # the table of benchmarks/README.md
.venv/bin/python benchmarks/judge_throughput.py --systems odw_harness,aiohttp --concurrency 64 --seconds 4

The other harnesses want dependencies of their own, so two of them live in an environment beside:

python3 -m venv .venv-peers
.venv-peers/bin/pip install torch==2.13.0 inspect_ai==0.3.285 openai evalscope==1.14.1

A server on this machine, in a process of its own, answers every chat completion after 200 ms with the same reply (500
characters of rationale, then the dictionary of ODWEval's five dimensions). Each system asks it about the same prompts:
ODWEval's, about 5,000 characters each, for the 19 questions of the domain and answers that are all different. A cell of
the table is one process that does nothing else. Measured are

verdicts/s   from the first request to the last verdict (imports and a warm-up of 8 requests are not counted)
share        of the ideal, which is concurrency / latency: what a client that costs no time would reach
CPU          milliseconds a verdict of the client, user and system

odw_harness          Grading with an api judge: makes the prompt, asks, reads the reply, commits each verdict to its store;
                     then, as "second run", the same from the store
aiohttp              the yardstick: posts the ready prompts with aiohttp and looks at the reply, nothing else
lm-eval              generate_until of its local-chat-completions over the ready prompts: asks, reads and keeps nothing
evalscope            its LLMJudge in its own pool of threads: asks; does not read scores, keeps nothing
inspect_ai           score() of a ready log by model_graded_qa: asks and finds a grade by a pattern

Start and last round, in which not all slots are taken, cost some 0.15 s of a cell at 64 at once: short cells (--seconds)
show less than what a long run reaches.

The server shares the machine's cores with the client: with 2 cores it is part of what holds a fast client back.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from judge_systems import DRIVERS, NOT_INSTALLED, WARM_UP
from loopback_judge import RunningJudge, running
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from odw_harness.questions import load_questions
from odw_harness.rubric import ODWEVAL

DRIVER = Path(__file__).with_name("judge_systems.py")
LATENCY = 0.2
PEERS = ("evalscope", "inspect_ai")
"""Systems that --peers-python runs."""
FASTEST = {"evalscope": 400.0, "inspect_ai": 160.0}
"""Verdicts a second that a system may be expected to reach at most: it is given no more than it does in --seconds."""
FEWEST_ROUNDS = 4
"""Requests a cell takes, in multiples of its concurrency, at the least."""
PATIENCE = 600.0
"""Seconds after which a cell is given up."""

progress = Console(stderr=True, highlight=False, markup=False)


@dataclass(frozen=True)
class Cell:
    """What one row of the table says; medians over the repeats. error: why it says nothing."""

    system: str
    concurrency: int
    verdicts: int = 0
    verdicts_per_second: float = 0.0
    share: float | None = None
    cpu_ms: float = 0.0
    error: str | None = None


def write_prompts(file: Path, count: int) -> None:
    """A line for each request: the question's id, an answer that no other line has, and the prompt for both."""
    questions = [question for question in load_questions() if question.split == "in19"]
    with file.open("w", encoding="utf-8") as lines:
        for number, question in enumerate(islice(cycle(questions), count)):
            answer = f"（第{number}稿）\n{question.reference}"
            entry = {"question_id": question.id, "answer": answer, "prompt": ODWEVAL.prompt(question, answer)}
            lines.write(f"{json.dumps(entry, ensure_ascii=False)}\n")


def requests_of(system: str, concurrency: int, seconds: float) -> int:
    """Requests that keep a system busy for so many seconds, a multiple of the concurrency."""
    per_second = min(concurrency / LATENCY, FASTEST.get(system, math.inf))
    return concurrency * max(FEWEST_ROUNDS, round(per_second * seconds / concurrency))


def measure(python: str, system: str, concurrency: int, seconds: float, server: RunningJudge) -> list[Cell]:
    """One run of one system, in a process of its own. A run that is not complete is an error."""
    count = requests_of(system, concurrency, seconds)
    with tempfile.TemporaryDirectory() as folder:
        prompts, result = Path(folder) / "prompts.jsonl", Path(folder) / "result.json"
        write_prompts(prompts, WARM_UP + count)
        command = [python, str(DRIVER), system, server.base_url, str(concurrency)]
        before = server.told()["answered"]
        try:
            ended = subprocess.run(
                [*command, str(prompts), str(result)],
                env={**os.environ, "HF_HUB_OFFLINE": "1", "OPENAI_API_KEY": "none", "NO_PROXY": "127.0.0.1"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                timeout=PATIENCE,
            )
        except FileNotFoundError:
            return [Cell(system, concurrency, error="not installed")]
        except subprocess.TimeoutExpired:
            return [Cell(system, concurrency, error=f"not done after {PATIENCE:g} s")]
        if ended.returncode == NOT_INSTALLED:
            return [Cell(system, concurrency, error="not installed")]
        if ended.returncode:
            last = (ended.stderr.strip().splitlines() or ["without a word"])[-1]
            return [Cell(system, concurrency, error=last[:120])]
        answered = server.told()["answered"] - before
        if answered != WARM_UP + count:
            return [Cell(system, concurrency, error=f"{answered:g} requests for {WARM_UP + count} verdicts")]
        rows = json.loads(result.read_text(encoding="utf-8"))
    return [_cell(name, concurrency, **taken) for name, taken in rows.items()]


def _cell(name: str, concurrency: int, verdicts: int, seconds: float, cpu_seconds: float) -> Cell:
    rate = verdicts / seconds
    share = None if name.endswith("second run") else rate * LATENCY / concurrency
    return Cell(name, concurrency, verdicts, rate, share, cpu_seconds / verdicts * 1000)


def together(runs: Sequence[Cell]) -> Cell:
    """The medians of some runs of one cell; the first error, if there is one."""
    first = next((cell for cell in runs if cell.error), runs[0])
    if first.error:
        return first
    shares = [cell.share for cell in runs if cell.share is not None]
    return Cell(
        first.system,
        first.concurrency,
        first.verdicts,
        median(cell.verdicts_per_second for cell in runs),
        median(shares) if shares else None,
        median(cell.cpu_ms for cell in runs),
    )


def show(cells: Sequence[Cell], machine: dict[str, Any]) -> None:
    """Print the table."""
    table = Table(title=f"Verdicts from a server with {LATENCY * 1000:g} ms latency")
    for heading in ("concurrency", "system", "verdicts", "verdicts/s", "share of ideal", "CPU ms/verdict"):
        table.add_column(heading, justify="left" if heading == "system" else "right", no_wrap=heading != "verdicts/s")
    for number, cell in enumerate(cells):
        last = number + 1 == len(cells) or cells[number + 1].concurrency != cell.concurrency
        figures = (
            ("", cell.error, "", "")
            if cell.error
            else (
                f"{cell.verdicts:,}",
                f"{cell.verdicts_per_second:,.0f}",
                "" if cell.share is None else f"{cell.share:.2f}",
                f"{cell.cpu_ms:.2f}",
            )
        )
        table.add_row(str(cell.concurrency), cell.system, *figures, end_section=last)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 120)
    console.print(table)
    console.print(
        f"{machine['cores']} cores, shared by the client and the server, which takes {machine['server_cpu_ms']:.2f} ms "
        f"a verdict; Python {machine['python']}; median of {machine['repeat']}"
    )


def main() -> int:
    """Measure, print, and write the figures; 1 where a system that is installed did not come through."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default=",".join(DRIVERS), help="default: %(default)s")
    parser.add_argument("--concurrency", default="16,64,256", help="requests at once (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20, help="about how long a cell runs (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="runs of a cell, of which the median counts (default: 1)")
    parser.add_argument("--peers-python", default=".venv-peers/bin/python", help=f"runs {', '.join(PEERS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    options = parser.parse_args()
    systems, at_once = options.systems.split(","), [int(each) for each in options.concurrency.split(",")]
    if unknown := [name for name in systems if name not in DRIVERS]:
        parser.error(f"--systems: {unknown[0]} is not one of {', '.join(DRIVERS)}")
    runs: dict[tuple[int, str, str], list[Cell]] = {}
    with running(LATENCY) as server:
        for turn in range(options.repeat):
            for concurrency in at_once:
                for system in systems:
                    progress.print(f"run {turn + 1} of {options.repeat}: {system}, {concurrency} at once …")
                    python = options.peers_python if system in PEERS else sys.executable
                    for cell in measure(python, system, concurrency, options.seconds, server):
                        runs.setdefault((concurrency, system, cell.system), []).append(cell)
        told = server.told()
    cells = [together(found) for found in runs.values()]
    machine = {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "repeat": options.repeat,
        "latency": LATENCY,
        "server_cpu_ms": told["cpu_seconds"] / max(told["answered"], 1) * 1000,
    }
    show(cells, machine)
    if options.json:
        figures = {"machine": machine, "cells": [asdict(cell) for cell in cells]}
        options.json.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return int(any(cell.error and cell.error != "not installed" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
