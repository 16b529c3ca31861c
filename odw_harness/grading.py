"""The one engine: answers × rubrics × repeats and a judge make verdicts, from the store where it has them."""

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from tqdm import tqdm

from odw_harness.claims import Claims
from odw_harness.errors import OdwError, StoreError
from odw_harness.judge import Judge, Request
from odw_harness.store import Key, Store
from odw_harness.verdict import Verdict

log = logging.getLogger(__name__)

WINDOW = 8192
"""Requests in memory at once: those that are judged, and those that wait for an earlier one to come back in order."""
BLOCK = 64
"""Requests that are looked up and claimed at once."""
STOPPED = "judging stopped"
"""The kind of reason of what a judge that gave up has left."""
_OTHERS = 0.3
"""Seconds between looks at what another process judges."""


class Graded(NamedTuple):
    """A request with its verdict. new: whether the judge was asked for it now, or it was in the store."""

    request: Request
    verdict: Verdict
    new: bool


class Grading:
    """Grades requests. Iterate over it once: every request comes back, in order, with a verdict.

    Requests are read as the judge gets to them. Verdicts in the store are taken from it; each new one is stored as it
    arrives; equal requests are judged once, and what another process is judging is waited for. A request that the judge
    fails on is unscored with the reason, and is asked for again the next time. preflight: see first, where there is
    anything to ask, that the judge can be used. total: of the progress bar.

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
        self._claims = Claims(store)
        self._waiting: deque[tuple[Key, Request]] = deque()
        self._times: Counter[Key] = Counter()
        """How often each key is in _waiting."""
        self._known: dict[Key, tuple[Verdict, bool]] = {}
        """Verdicts not yet given back, and whether they are new."""
        self._elsewhere: dict[Key, Request] = {}
        """What another process judges."""
        self._bar: Any = None
        self._read_all = False
        self._fault: Exception | None = None
        self.stopped: str | None = None

    def __iter__(self) -> Iterator[Graded]:
        """Read requests, ask, give back; and so on, should a request take so long that too many wait for it."""
        quiet = os.environ.get("RANK", "0") not in ("", "0")  # one bar for a run on several ranks
        try:
            with tqdm(total=self._total, desc=f"Judging ({self._judge.label})", unit="verdict", disable=quiet) as bar:
                self._bar = bar
                while not self._read_all:
                    yield from self._ask(self._missing())
                    while self._elsewhere:
                        yield from self._ask(self._left_by_others())
                    yield from self._give_back(all_of_them=True)
        finally:
            self._claims.close()

    def _missing(self) -> Iterator[tuple[Key, Request]]:
        """Requests that are to be asked, until there are none, or too many wait."""
        while len(self._waiting) < getattr(self._judge, "window", WINDOW):
            try:
                block = list(islice(self._requests, BLOCK))
            except Exception as error:
                self._fault = error
                raise
            if not block:
                self._read_all = True
                return
            missing = {}
            seen = self._store.changes_of_others()
            for request in block:
                key = self._key(request)
                self._waiting.append((key, request))
                self._times[key] += 1
                if self._times[key] == 1 and not self._look_up(key, request):
                    missing[key] = request
            yield from self._claimed(missing, seen)

    def _left_by_others(self) -> Iterator[tuple[Key, Request]]:
        """What another process has not judged after all; its verdicts otherwise.

        Whoever waits has judged what he claimed, and holds on to nothing: else two who each got no score for something
        would wait for each other.
        """
        self._claims.release()
        self._bar.set_postfix_str(f"{len(self._elsewhere)} by another process")
        time.sleep(_OTHERS)
        self._claims.bury()
        seen = self._store.changes_of_others()
        missing = {key: request for key, request in self._elsewhere.items() if not self._look_up(key, request)}
        self._elsewhere.clear()
        yield from self._claimed(missing, seen)

    def _claimed(self, missing: dict[Key, Request], seen: int) -> Iterator[tuple[Key, Request]]:
        """What of it this run has to ask for. seen: changes_of_others before it was found missing."""
        if not missing or self.stopped is not None:
            return
        mine = set(self._claims.take(list(missing)))
        unchanged = self._store.changes_of_others() == seen
        for key, request in missing.items():
            if key not in mine:
                self._elsewhere[key] = request
            elif unchanged or not self._look_up(key, request):  # another may have judged it since
                yield key, request

    def _look_up(self, key: Key, request: Request) -> bool:
        verdict = self._store.verdict(*key)
        if verdict is not None:
            provenance = self._judge.provenance(request.rubric, request.repeat)  # the judge may have a new name
            self._note(key, verdict.model_copy(update={"provenance": provenance}), new=False)
        return verdict is not None

    def _note(self, key: Key, verdict: Verdict, new: bool) -> None:
        self._known[key] = verdict, new
        self._bar.update()

    def _ask(self, missing: Iterator[tuple[Key, Request]]) -> Iterator[Graded]:
        first = []
        for key, request in missing:
            first.append((key, request))
            if request.text.strip():  # the judge is not asked about an empty text
                if self._preflight:
                    self._judge.preflight()
                    self._preflight = False
                break
        asked: dict[int, Key] = {}

        def requests() -> Iterator[Request]:
            for number, (key, request) in enumerate(chain(first, missing)):
                asked[number] = key
                yield request

        try:
            for number, verdict in self._judge.verdicts(requests()) if first else ():
                key = asked.pop(number)
                self._store.save_verdict(*key, verdict)
                self._note(key, verdict, new=True)
                yield from self._give_back()
        except StoreError:
            raise
        except Exception as error:  # A judge may fail in any way; what it has judged so far is kept.
            if error is self._fault:
                raise
            kind = "" if isinstance(error, OdwError) else f"{type(error).__name__}: "
            self.stopped = f"{kind}{error}".splitlines()[0][:300]
            log.warning("judging stopped: %s", self.stopped)
        yield from self._give_back()

    def _give_back(self, all_of_them: bool = False) -> Iterator[Graded]:
        """Requests in their order, up to the first without a verdict, or all."""
        while self._waiting and (all_of_them or self._waiting[0][0] in self._known):
            key, request = self._waiting.popleft()
            if key not in self._known:
                self._note(key, self._without(request), new=False)
            verdict, new = self._known[key]
            self._times[key] -= 1
            if self._times[key]:
                self._note(key, verdict, new=False)
            else:
                del self._known[key], self._times[key]
            yield Graded(request, verdict, new)

    def _without(self, request: Request) -> Verdict:
        reason = f"{STOPPED}: {self.stopped}" if self.stopped else "the judge gave no verdict"
        return Verdict(unscored=reason, provenance=self._judge.provenance(request.rubric, request.repeat))

    def _key(self, request: Request) -> Key:
        judgement = self._judge.provenance(request.rubric, request.repeat).fingerprint
        return request.question.fingerprint, request.text, judgement
