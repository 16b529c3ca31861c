"""The one engine: answers × rubrics × repeats and a judge make verdicts, from the store where it has them."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from tqdm import tqdm

from odw_harness.errors import OdwError, StoreError
from odw_harness.judge import Judge, Request
from odw_harness.store import Store
from odw_harness.verdict import Verdict

log = logging.getLogger(__name__)

CHUNK = 2048
"""Requests in memory at once."""


class Graded(NamedTuple):
    """A request with its verdict. new: whether the judge was asked for it now, or it was in the store."""

    request: Request
    verdict: Verdict
    new: bool


class Grading:
    """Grades requests. Iterate over it once: every request comes back, in order, with a verdict.

    Verdicts in the store are taken from it; each new one is stored as it arrives; equal requests are judged once.
    A request that the judge fails on is unscored with the reason, and is asked for again the next time. preflight:
    see first, where there is anything to ask, that the judge can be used. total: of the progress bar.

    Iterating raises StoreError where a verdict can't be kept, for it must not pass for one, and what Judge.preflight
    does. stopped: why the judge gave up before the end, if it did; what was left is then unscored.
    """

    def __init__(
        self,
        requests: Iterable[Request],
        judge: Judge,
        store: Store,
        preflight: bool = False,
        total: int | None = None,
    ) -> None:
        """Nothing is read or asked yet."""
        self._requests = iter(requests)
        self._judge = judge
        self._store = store
        self._preflight = preflight
        self._total = total
        self.stopped: str | None = None

    def __iter__(self) -> Iterator[Graded]:
        """Read requests chunk by chunk, so that any number fits into memory."""
        quiet = os.environ.get("RANK", "0") not in ("", "0")  # one bar for a run on several ranks
        with tqdm(total=self._total, desc=f"Judging ({self._judge.label})", unit="verdict", disable=quiet) as bar:
            while chunk := list(islice(self._requests, CHUNK)):
                yield from self._grade(chunk, bar)

    def _grade(self, chunk: Sequence[Request], bar: Any) -> Iterator[Graded]:
        keys = [self._key(request) for request in chunk]
        times = Counter(keys)
        verdicts: dict[tuple[str, str, str], Verdict] = {}
        missing: dict[tuple[str, str, str], Request] = {}
        for key, request in zip(keys, chunk, strict=True):
            if key in verdicts or key in missing:
                continue
            known = self._store.verdict(*key)
            if known is None:
                missing[key] = request
            else:
                provenance = self._judge.provenance(request.rubric, request.repeat)  # the judge may have a new name
                verdicts[key] = known.model_copy(update={"provenance": provenance})
        bar.update(sum(times[key] for key in verdicts))
        if missing and self.stopped is None:
            for key, verdict in self._ask(missing):
                verdicts[key] = verdict
                bar.update(times[key])
        for key, request in zip(keys, chunk, strict=True):
            if key not in verdicts:
                reason = f"judging stopped: {self.stopped}" if self.stopped else "the judge gave no verdict"
                verdict = Verdict(unscored=reason, provenance=self._judge.provenance(request.rubric, request.repeat))
                yield Graded(request, verdict, False)
            else:
                yield Graded(request, verdicts[key], missing.pop(key, None) is not None)

    def _key(self, request: Request) -> tuple[str, str, str]:
        judgement = self._judge.provenance(request.rubric, request.repeat).fingerprint
        return request.question.fingerprint, request.text, judgement

    def _ask(self, missing: dict[tuple[str, str, str], Request]) -> Iterator[tuple[tuple[str, str, str], Verdict]]:
        if self._preflight and any(request.text.strip() for request in missing.values()):
            self._judge.preflight()
            self._preflight = False
        keys = list(missing)
        try:
            for index, verdict in self._judge.verdicts(list(missing.values())):
                self._store.save_verdict(*keys[index], verdict)
                yield keys[index], verdict
        except StoreError:
            raise
        except Exception as error:  # A judge may fail in any way; what it has judged so far is kept.
            kind = "" if isinstance(error, OdwError) else f"{type(error).__name__}: "
            self.stopped = f"{kind}{error}".splitlines()[0][:300]
            log.warning("judging stopped: %s", self.stopped)
