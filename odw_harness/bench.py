"""`odw bench`: systems run one after another, each by `odw eval` in its own process; what is done is not done again.

Done means: beside the results lies a stamp (bench.json) of everything they depend on, and it still holds. These are the
settings, the files of model and adapter, the questions, who judges, the arguments and this package's version.
"""

import json
import os
import shlex
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from odw_harness.child import Child
from odw_harness.doctor.packages import OURS, installed
from odw_harness.doctor.places import judge_faults
from odw_harness.errors import TaskError
from odw_harness.judge import Judge, load_judge
from odw_harness.resources import QUESTIONS
from odw_harness.rubric import RUBRICS
from odw_harness.store import Store, digest
from odw_harness.systems import Missing, System

State = Literal["to run", "done", "ran", "failed", "missing", "elsewhere", "stopped", "not run"]
"""elsewhere: another `odw bench` is at it. stopped: by Ctrl-C. not run: the bench ended before its turn."""
STAMP = "bench.json"
LOG = "bench.log"
_NOT_TO_PASS = ("--config", "-C", "--output_path", "-o", "--limit", "-L", "--metadata")


@dataclass(frozen=True)
class Row:
    """What a results file says of a system. Scores 1 to 10, the others 0 to 1; None where there is none."""

    avg19: float | None = None
    avg2: float | None = None
    avg21: float | None = None
    rules: float | None = None
    fact_recall: float | None = None
    coverage: float | None = None


@dataclass
class Outcome:
    """What has become of a system. why: the reason to run it again, or of its failure. minutes: of its own run."""

    system: System
    folder: Path
    state: State = "not run"
    why: str = ""
    missing: list[Missing] = field(default_factory=list)
    results: Path | None = None
    minutes: float | None = None

    @property
    def log(self) -> Path:
        """Where all that the run said is kept."""
        return self.folder / LOG

    def row(self) -> Row:
        """The figures of the results, where there are any."""
        return read_row(self.results) if self.results else Row()

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        row = self.row()
        return {
            "system": self.system.name,
            "file": str(self.system.file),
            "state": self.state,
            "why": self.why or None,
            "missing": [asdict(each) for each in self.missing],
            **{name: getattr(row, name) for name in Row.__dataclass_fields__},
            "minutes": self.minutes,
            "results": str(self.results) if self.results else None,
            "log": str(self.log) if self.log.is_file() else None,
        }


def read_row(results: Path) -> Row:
    """The figures of an lm-eval results file of ours, under the first rubric that it has. Raises TaskError."""
    try:
        found = json.loads(results.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError) as error:
        raise TaskError(f"{results}: is no results file of lm-eval: {error}; run with --force") from None

    def value(task: str, metric: str) -> float | None:
        given = found.get(task, {})
        names = [f"{metric},{rubric}" for rubric in RUBRICS]
        return next((float(given[n]) for n in names if isinstance(given.get(n), int | float)), None)

    whole = next((name.removesuffix("_in19") for name in found if name.endswith("_in19")), next(iter(found), ""))
    return Row(
        avg19=value(f"{whole}_in19", "score"),
        avg2=value(f"{whole}_ood2", "score"),
        avg21=value(whole, "score"),
        **{name: value(whole, name) for name in ("rules", "fact_recall", "coverage")},
    )


@dataclass(frozen=True)
class _Stamp:
    """What stands beside results: their file (seen from the folder), and all that they depend on."""

    results: str
    minutes: float
    command: str
    of: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "_Stamp | None":
        """The stamp in a folder, if there is a whole one."""
        try:
            return cls(**json.loads((folder / STAMP).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


class Bench:
    """Some systems under one judge, with the same arguments for all.

    metadata: for lm-eval's --metadata. passed_on: further flags of `odw eval`. output: the folder for all results;
    None leaves each to its file. Raises TaskError, JudgeError or StoreError where nothing can be run.
    """

    def __init__(
        self,
        files: Sequence[str],
        *,
        metadata: Sequence[str] = (),
        limit: float | None = None,
        output: str | None = None,
        passed_on: Sequence[str] = (),
        force: bool = False,
    ) -> None:
        """Read the files and find out what is to be done. Nothing runs yet."""
        for flag in passed_on:
            if flag.split("=")[0] in _NOT_TO_PASS:
                raise TaskError(
                    f"{flag}: is set by odw bench itself; use its own --limit, --metadata and --output, before --"
                )
        self._arguments = [
            *(("--limit", f"{limit:g}") if limit is not None else ()),
            *(("--metadata", *metadata) if metadata else ()),
            *passed_on,
        ]
        self._metadata = _pairs(metadata)
        self._force = force
        self._judges: dict[str | None, Judge] = {}
        systems = [System.read(file) for file in dict.fromkeys(files)]
        self.outcomes = [Outcome(each, _folder(each, output)) for each in systems]
        taken: dict[Path, System] = {}
        for outcome in self.outcomes:
            other = taken.setdefault(outcome.folder.resolve(), outcome.system)
            if other is not outcome.system:
                raise TaskError(
                    f"{outcome.system.file}: field output_path: {outcome.folder} is that of {other.file} too; "
                    "give each system a folder of its own"
                )
        for outcome in self.outcomes:
            self._look(outcome)

    def _look(self, outcome: Outcome) -> dict[str, Any]:
        """What is there of a system: its results, what it wants, or why it is to run.

        Returns what its results depend on now; nothing where it lacks something.
        """
        outcome.why = ""
        stamp = _Stamp.read(outcome.folder)
        results = outcome.folder / stamp.results if stamp else None
        if results is not None and not results.is_file():
            results, outcome.why = None, "its results file is gone"
        outcome.missing = outcome.system.missing()
        if outcome.missing:
            outcome.state = "missing"
            if stamp and results:
                outcome.results, outcome.minutes, outcome.why = results, stamp.minutes, "results of an earlier run"
            return {}
        now = self._depends_on(outcome.system)
        outcome.state = "to run"
        if self._force:
            outcome.why = "--force"
        elif stamp and results:
            changed = sorted(name for name in now if stamp.of.get(name) != now[name])
            if changed:
                outcome.why = f"changed since: {', '.join(changed)}"
            else:
                outcome.state, outcome.results, outcome.minutes = "done", results, stamp.minutes
        return now

    def _depends_on(self, system: System) -> dict[str, Any]:
        """Everything that results follow from, as short texts that can be compared."""
        settings = {name: value for name, value in system.settings.items() if name != "output_path"}
        settings["metadata"] = {name: value for name, value in system.metadata.items() if name != "get"}
        metadata = {**system.metadata, **self._metadata}
        questions = Path(os.path.expanduser(str(metadata.get("questions") or QUESTIONS)))
        try:
            asked = digest(questions.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise TaskError(f"{questions}: no such questions file; give the path of a .jsonl file") from None
        judge = self._judge_of(system)
        return {
            "settings": digest(json.dumps(settings, sort_keys=True, default=str)),
            "weights": system.weights(),
            "questions": asked,
            "judge": digest(*(judge.provenance(rubric).fingerprint for rubric in RUBRICS.values())),
            "arguments": self._arguments,
            "version": installed(OURS) or "",
        }

    def judges_missing(self) -> list[Missing]:
        """What the judges of the systems that are to run lack, as far as that is seen without asking them."""
        names = dict.fromkeys(map(self._name_of_judge, self._to_be_graded()))
        return [Missing(f"judge {each.name}: {each.what}", (each.do,)) for name in names for each in judge_faults(name)]

    def _to_be_graded(self) -> list[System]:
        """The systems that are to run, and not only to answer."""
        if "--predict_only" in self._arguments or "-x" in self._arguments:
            return []
        waiting = [each.system for each in self.outcomes if each.state == "to run"]
        return [each for each in waiting if not each.settings.get("predict_only")]

    def _name_of_judge(self, system: System) -> str | None:
        return {**system.metadata, **self._metadata}.get("judge")

    def _judge_of(self, system: System) -> Judge:
        name = self._name_of_judge(system)
        if name not in self._judges:
            self._judges[name] = load_judge(name, Store())
        return self._judges[name]

    def run(self, *, fail_fast: bool = False, show: Callable[[str], None], say: Callable[[str], None]) -> None:
        """Run what is to run. show gets the line that a system shows now, say what is to stay on the screen.

        Ctrl-C ends the one that is running, keeps what it has, and raises KeyboardInterrupt.
        """
        for judge in dict.fromkeys(map(self._judge_of, self._to_be_graded())):
            judge.preflight()
        waiting = [outcome for outcome in self.outcomes if outcome.state == "to run"]
        for outcome in waiting:
            outcome.state = "not run"
        for number, outcome in enumerate(waiting, 1):
            head = f"[{number}/{len(waiting)}] {outcome.system.name}"
            outcome.folder.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(outcome.folder / ".bench.lock", blocking=False):
                    depends_on = self._look(outcome)  # again: another bench may have been at it meanwhile
                    if outcome.state == "to run":
                        say(f"{head} → {outcome.log}")
                        self._run_one(outcome, depends_on, lambda line, head=head: show(f"{head}: {line}"))  # type: ignore[misc]
            except Timeout:
                outcome.state, outcome.why = "elsewhere", "another odw bench runs it"
            say(f"{head}: {outcome.state}" + (f": {outcome.why}" if outcome.why else ""))
            if fail_fast and outcome.state == "failed":
                return

    def _run_one(self, outcome: Outcome, depends_on: dict[str, Any], show: Callable[[str], None]) -> None:
        """depends_on: as it was when the run began."""
        outcome.state, outcome.why = "stopped", ""  # until it is known better
        (outcome.folder / STAMP).unlink(missing_ok=True)
        before = set(outcome.folder.rglob("results_*.json"))
        began = time.monotonic()
        arguments = ["eval", "--config", str(outcome.system.file), "--output_path", str(outcome.folder)]
        child = Child([*arguments, *self._arguments], outcome.log)
        code = child.wait(show)
        outcome.minutes = round((time.monotonic() - began) / 60, 2)
        new = sorted(set(outcome.folder.rglob("results_*.json")) - before)
        if code != 0 or not new:
            outcome.state = "failed"
            outcome.why = _how_it_ended(code) or child.last_words()
            return
        outcome.state, outcome.results = "ran", new[-1]
        command = shlex.join(["odw", *arguments, *self._arguments])
        stamp = _Stamp(str(new[-1].relative_to(outcome.folder)), outcome.minutes, command, depends_on)
        (outcome.folder / STAMP).write_text(json.dumps(asdict(stamp), ensure_ascii=False, indent=1), encoding="utf-8")

    @property
    def exit_code(self) -> int:
        """1 where a system failed, or where everything lacks something, so that nothing could be done; else 0."""
        states = {outcome.state for outcome in self.outcomes}
        return int("failed" in states or states == {"missing"})


def _how_it_ended(code: int) -> str:
    """Of a run that was killed: its log breaks off and says nothing of that."""
    if code >= 0:
        return ""
    signal_name = signal.Signals(-code).name
    return f"killed by {signal_name}" + (" (out of memory?)" if signal_name == "SIGKILL" else "")


def _folder(system: System, output: str | None) -> Path:
    if output is not None:
        return Path(os.path.expanduser(output)) / system.stem
    return Path(os.path.expanduser(str(system.settings.get("output_path") or Path("outputs") / system.stem)))


def _pairs(metadata: Sequence[str]) -> dict[str, Any]:
    from lm_eval.utils import simple_parse_args_string

    for pair in metadata:
        if not pair.partition("=")[2]:
            raise TaskError(f"--metadata {pair}: must be NAME=VALUE, such as judge=deepseek")
    return dict(simple_parse_args_string(",".join(metadata)))
