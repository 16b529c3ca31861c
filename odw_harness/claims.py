"""Claims: what one run has taken on to judge, so that no other asks, and pays, for it too.

A claim is a row in the store; its owner holds a lock on a file beside the store, which the system lets go of when the
process ends, however it ends. So a killed run's claims are void at once, and a living one's last as long as it does.
"""

import glob
import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from odw_harness.errors import StoreError
from odw_harness.store import Key, Store

_SUFFIX = ".run"
_here: dict[str, int] = {}
"""Owners of this process and the thread they are in: none waits for another in its own thread, which would be for ever."""


class Claims:
    """The claims of one run. Nothing is written before the first."""

    def __init__(self, store: Store) -> None:
        """No claim yet."""
        self._store = store
        self._owner = uuid.uuid4().hex
        self._alive: FileLock | None = None

    def take(self, keys: Sequence[Key]) -> list[Key]:
        """Claim what no other living run holds; returns these. Raises StoreError."""
        if self._alive is None:
            self._begin()
        holders = self._store.claim(self._owner, keys)
        here = threading.get_ident()
        return [key for key in keys if holders[key] == self._owner or _here.get(holders[key]) == here]

    def bury(self) -> None:
        """Make void the claims of runs that are no more."""
        with self._store.gate():
            living = set(_here)
            for file in self._store.path.parent.glob(f"{glob.escape(self._store.path.name)}.*{_SUFFIX}"):
                owner = file.name.removesuffix(_SUFFIX).rpartition(".")[2]
                if owner in living:
                    continue
                try:
                    with FileLock(file, timeout=0):
                        file.unlink(missing_ok=True)
                except OSError:  # locked, for it lives, or another user's
                    living.add(owner)
            # Who has no file is no more either: the store may have been copied away from under a run.
            for owner in self._store.claimants() - living:
                self._store.unclaim(owner)

    def release(self) -> None:
        """Give up all that was taken: what of it has no verdict yet, others may take."""
        if self._alive is not None:
            self._store.unclaim(self._owner)

    def close(self) -> None:
        """Let go of everything."""
        if self._alive is None:
            return
        with suppress(StoreError):  # a full disk, say: without their owner's file they are void
            self.release()
        with self._store.gate():
            self._alive.release()
            Path(self._alive.lock_file).unlink(missing_ok=True)
        del _here[self._owner]
        self._alive = None

    def _begin(self) -> None:
        self.bury()
        # Files of owners come and go behind the gate: one that is there and not locked is that of a run that ended.
        with self._store.gate():
            alive = FileLock(f"{self._store.path}.{self._owner}{_SUFFIX}", timeout=0)
            alive.acquire()
        self._alive = alive
        _here[self._owner] = threading.get_ident()
