"""A panel: several judges give their verdicts, and the panel's verdict is made of theirs."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, takewhile
from statistics import fmean, median, stdev
from typing import Any

from odw_harness.errors import JudgeError
from odw_harness.grading import STOPPED, Graded, Grading
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import Judge, PanelConfig, Request
from odw_harness.reply import kind_of
from odw_harness.rubric import Rubric
from odw_harness.store import Store
from odw_harness.verdict import Provenance, Verdict

BLOCK = 2048
"""Requests that all members judge before the panel speaks: a model in this process may be loaded anew for each block."""
_COMBINE: dict[str, Callable[[Sequence[float]], float]] = {"mean": fmean, "median": median}


class PanelJudge:
    """Asks its members, each through the engine: their verdicts are stored one by one, under their own names.

    Servers are asked at the same time, models in this process one after the other. A member's repeats are averaged
    before the panel combines. Where a member gives up (a refused key, an empty account), so does the panel: a verdict
    is the whole panel's or none. Where it only leaves an answer unscored, the quorum decides.
    """

    repeats = 1
    """The members have their own."""

    def __init__(self, label: str, config: PanelConfig, members: Sequence[Judge], store: Store) -> None:
        """Nothing is asked yet. members: as the configuration names them. used: what each has taken, by its label."""
        self.label = label
        self.members = {member.label: member for member in members}
        if len(self.members) < len(members):
            raise JudgeError(f"judge {label}: field judges: two of them have one name; rename a file")
        self.used: dict[str, Counter[str]] = {member.label: Counter() for member in members}
        self._config = config
        self._store = store
        self._quorum = config.quorum if config.quorum is not None else len(members) // 2 + 1
        self._provenances: dict[tuple[Rubric, int], Provenance] = {}

    def provenance(self, rubric: Rubric, repeat: int = 0) -> Provenance:
        """Who the members are, how often each is asked, and how their scores are combined."""
        if (rubric, repeat) not in self._provenances:
            by = {label: member.provenance(rubric) for label, member in self.members.items()}
            repeats = {label: member.repeats for label, member in self.members.items() if member.repeats > 1}
            settings: dict[str, Any] = {"combine": self._config.combine, "quorum": self._quorum, "repeats": repeats}
            settings["members"] = sorted(each.fingerprint for each in by.values())
            self._provenances[rubric, repeat] = Provenance(
                judge=self.label,
                backend="panel",
                model=" + ".join(sorted(each.model for each in by.values())),
                revision="",
                settings=settings,
                rubric=rubric.name,
                rubric_version=rubric.version,
                prompt_hash=rubric.prompt_hash,
                repeat=repeat,
            )
        return self._provenances[rubric, repeat]

    def preflight(self) -> None:
        """Find out whether every member can be used."""
        for member in self.members.values():
            member.preflight()

    def verdicts(self, requests: Iterable[Request]) -> Iterator[tuple[int, Verdict]]:
        """Judge, block by block."""
        numbered = enumerate(requests)
        while block := list(islice(numbered, BLOCK)):
            heard, gave_up = self._ask([request for _, request in block])
            for (number, request), said in zip(block, heard, strict=True):
                if not any(_was_stopped(each) for given in said.values() for each in given):
                    yield number, self._combined(request, said)
            if gave_up:
                raise JudgeError("; ".join(f"{label} of the panel gave up: {why}" for label, why in gave_up.items()))

    def _ask(self, block: Sequence[Request]) -> tuple[list[dict[str, list[Graded]]], dict[str, str]]:
        """For each request what each member says, repeat by repeat; and why a member gave up, if one did."""
        nobody_listens = threading.Event()
        gave_up: dict[str, str] = {}

        def ask(member: Judge) -> list[Graded]:
            requests = [Request(r.question, r.text, r.rubric, n) for r in block for n in range(member.repeats)]
            store = Store(self._store.path)  # threads must not share a connection
            grading = Grading(requests, member, store, total=len(requests))
            try:
                graded = list(takewhile(lambda _: not nobody_listens.is_set(), grading))
            finally:
                store.close()
            if grading.stopped:
                gave_up[member.label] = grading.stopped
            return graded

        served = [member for member in self.members.values() if isinstance(member, ApiJudge)]
        with ThreadPoolExecutor(max(1, len(served)), "odw-panel") as threads:
            try:
                answers = {member.label: threads.submit(ask, member) for member in served}
                graded = {label: ask(member) for label, member in self.members.items() if label not in answers}
                graded |= {label: answer.result() for label, answer in answers.items()}
            finally:
                nobody_listens.set()
        for label, given in graded.items():
            self.used[label] += _used(given)
        by_member = {label: iter(graded[label]) for label in self.members}
        heard = [
            {label: list(islice(given, self.members[label].repeats)) for label, given in by_member.items()}
            for _ in block
        ]
        return heard, gave_up

    def _combined(self, request: Request, said: Mapping[str, Sequence[Graded]]) -> Verdict:
        verdicts = {label: [each.verdict for each in given] for label, given in said.items()}
        voices = {label: marks for label, given in verdicts.items() if (marks := _mean_of(given))}
        common: dict[str, Any] = {
            "voices": voices,
            "rationale": "\n\n".join(
                f"【{label}】{each.rationale}" for label, given in verdicts.items() for each in given
            ),
            "provenance": self.provenance(request.rubric, request.repeat),
            "usage": dict(_used(each for given in said.values() for each in given)),
            "seconds": max(sum(each.seconds for each in given) for given in verdicts.values()),
        }
        if len(voices) < self._quorum:
            reasons = [f"{label}: {given[0].unscored}" for label, given in verdicts.items() if label not in voices]
            told = f"no quorum: {len(voices)} of {len(said)} judges gave scores, {self._quorum} are needed: "
            return Verdict(unscored=told + "; ".join(reasons), **common)
        combine = _COMBINE[self._config.combine]
        names = next(iter(voices.values()))
        dimensions = {name: combine([marks[name] for marks in voices.values()]) for name in names}
        scores = [fmean(marks.values()) for marks in voices.values()]
        details = {"spread": stdev(scores)} if len(scores) > 1 else {}
        return Verdict(score=fmean(dimensions.values()), dimensions=dimensions, details=details, **common)


def _was_stopped(graded: Graded) -> bool:
    return kind_of(graded.verdict.unscored or "") == STOPPED


def _used(graded: Iterable[Graded]) -> Counter[str]:
    """What was spent now; a verdict from the store costs nothing again."""
    used: Counter[str] = Counter()
    for each in graded:
        if each.new:
            used.update(each.verdict.usage)
    return used


def _mean_of(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Dimensions, means over those of a member's repeats that are scored; empty where none is."""
    given = [verdict.dimensions for verdict in verdicts if verdict.dimensions]
    return {name: fmean(marks[name] for marks in given) for name in (given[0] if given else ())}


def agreement(voices: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, float | None]:
    """Krippendorff's α of a panel over its verdicts' voices, at interval level: of the score, and of each dimension."""
    from odw_harness.stats import alpha_of

    judges = sorted({label for voice in voices for label in voice})
    names = dict.fromkeys(name for voice in voices for marks in voice.values() for name in marks)
    scores = [[fmean(voice[label].values()) if label in voice else None for voice in voices] for label in judges]
    by_name = {name: [[voice.get(label, {}).get(name) for voice in voices] for label in judges] for name in names}
    return {"score": alpha_of(scores), **{name: alpha_of(rows) for name, rows in by_name.items()}}
