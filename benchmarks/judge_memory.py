"""How much memory `odw judge` takes for many answers, and whether that grows with their number.

.venv/bin/python benchmarks/judge_memory.py                            # 10,000 and 100,000 answers
.venv/bin/python benchmarks/judge_memory.py --answers 1000,10000       # a quick try

For each number of answers a JSON Lines file is made in a temporary folder: texts of about 1,500 characters, no two
equal, to the 19 questions of the domain. `odw judge` grades it against a server on this machine that answers after 20 ms
(loopback_judge.py), 64 requests at once, into a store and an output file of its own; then once more, from the store.
Measured are the peak of its resident memory (ru_maxrss of that one process, in MiB), verdicts a second (of the whole
command, start and the reading of the file included), and how much the peak grows from the first number to the last.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

from loopback_judge import running
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from odw_harness.questions import load_questions

ROOT = Path(__file__).resolve().parent.parent
LATENCY = 0.02
AT_ONCE = 64
CHARACTERS = 1500
TARGET = 200
"""MiB that the peak may grow."""
_JUDGE = "import sys; sys.argv[0] = 'odw'; from odw_harness.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Run:
    """One call of `odw judge`. from_store: whether every verdict was there already. peak: MiB."""

    answers: int
    from_store: bool
    peak: float
    seconds: float

    @property
    def verdicts_per_second(self) -> float:
        """Of the whole command."""
        return self.answers / self.seconds


def write_answers(file: Path, count: int) -> None:
    """Answers of about CHARACTERS characters: references, one after the other, under a number."""
    questions = [question for question in load_questions() if question.split == "in19"]
    texts = {q.id: (q.reference * (CHARACTERS // len(q.reference) + 1))[:CHARACTERS] for q in questions}
    with file.open("w", encoding="utf-8") as lines:
        for number, question in enumerate(islice(cycle(questions), count)):
            row = {"id": number, "question_id": question.id, "answer": f"（第{number}稿）\n{texts[question.id]}"}
            lines.write(f"{json.dumps(row, ensure_ascii=False)}\n")


def judge(folder: Path, base_url: str, count: int, from_store: bool) -> Run:
    """Grade the file of that many answers in a process of its own. Raises SystemExit where verdicts are missing."""
    out, log = folder / f"verdicts-{count}.jsonl", folder / f"log-{count}.txt"
    arguments = ["judge", str(folder / f"answers-{count}.jsonl"), "--judge", str(_config(folder, base_url))]
    start = time.perf_counter()
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _JUDGE, *arguments, "--out", str(out), "--min-coverage", "1"],
            cwd=ROOT,
            env={**os.environ, "ODW_STORE": str(folder / f"store-{count}.sqlite"), "HF_HUB_OFFLINE": "1"},
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    said = log.read_text(encoding="utf-8", errors="replace")
    new, known = (0, count) if from_store else (count, 0)
    if os.waitstatus_to_exitcode(status) or f"; {new} judged now, {known} known;" not in said:
        raise SystemExit(f"odw judge over {count} answers: {(said.strip().splitlines() or [''])[-1][:300]}")
    return Run(count, from_store, usage.ru_maxrss * _unit() / (1 << 20), seconds)


def _unit() -> int:
    """Bytes in a unit of ru_maxrss."""
    return 1 if sys.platform == "darwin" else 1024


def _config(folder: Path, base_url: str) -> Path:
    file = folder / "loopback.yaml"
    file.write_text(f"backend: api\nbase_url: {base_url}\nmodel: judge\nconcurrency: {AT_ONCE}\n")
    return file


def show(runs: Sequence[Run]) -> None:
    """Print the table, and what the peak grew by."""
    table = Table(title="Memory of odw judge")
    for heading in ("answers", "verdicts", "peak MiB", "verdicts/s"):
        table.add_column(heading, justify="left" if heading == "verdicts" else "right")
    for run in runs:
        what = "from the store" if run.from_store else "new"
        table.add_row(f"{run.answers:,}", what, f"{run.peak:,.0f}", f"{run.verdicts_per_second:,.0f}")
    console = Console(highlight=False)
    console.print(table)
    for from_store, what in ((False, "new verdicts"), (True, "from the store")):
        peaks = [run.peak for run in runs if run.from_store is from_store]
        console.print(f"{what}: the peak grows by {peaks[-1] - peaks[0]:,.0f} MiB (target: under {TARGET})")


def main() -> int:
    """Measure and print; 1 where the peak grows by more than TARGET."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", default="10000,100000", help="numbers of answers (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    options = parser.parse_args()
    runs = []
    with tempfile.TemporaryDirectory() as name, running(LATENCY) as server:
        for count in (int(each) for each in options.answers.split(",")):
            write_answers(Path(name) / f"answers-{count}.jsonl", count)
            runs += [judge(Path(name), server.base_url, count, from_store) for from_store in (False, True)]
    show(runs)
    if options.json:
        options.json.write_text(json.dumps([asdict(run) for run in runs], indent=2) + "\n", encoding="utf-8")
    grown = max(run.peak for run in runs if run.answers == runs[-1].answers) - max(run.peak for run in runs[:2])
    return int(grown > TARGET)


if __name__ == "__main__":
    sys.exit(main())
