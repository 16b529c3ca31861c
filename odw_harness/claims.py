"""Claims: what one run has taken on to judge, so that no other asks, and pays, for it too.

A claim is a row in the store; its owner holds a lock on a file beside the store, which the system lets go of when the
process ends, however it ends. So a killed run's claims are void at once, and a living one's last as long as it does.
"""

import glob
import os
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

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

    def give_back(self, key: Key) -> None:
        """Let others try what came out without a score: they may be waiting for it, as this run may for theirs."""
        self._store.unclaim(self._owner, key)

    def bury(self) -> None:
        """Make void the claims of runs that are no more."""
        with self._gate():
            for file in self._store.path.parent.glob(f"{glob.escape(self._store.path.name)}.*{_SUFFIX}"):
                owner = file.name.removesuffix(_SUFFIX).rpartition(".")[2]
                if owner in _here:
                    continue
                try:
                    with FileLock(file, timeout=0):
                        self._store.unclaim(owner)
                        file.unlink(missing_ok=True)
                except (Timeout, OSError):  # it lives, or is another user's
                    continue

    def close(self) -> None:
        """Let go of everything."""
        if self._alive is None:
            return
        self._store.unclaim(self._owner)
        with self._gate():
            self._alive.release()
            Path(self._alive.lock_file).unlink(missing_ok=True)
        del _here[self._owner]
        self._alive = None

    def _begin(self) -> None:
        self.bury()
        try:
            with self._gate():
                self._alive = FileLock(f"{self._store.path}.{self._owner}{_SUFFIX}", timeout=0)
                self._alive.acquire()
        except OSError as error:
            self._alive = None
            raise StoreError(
                f"{self._store.path}: the store can't be used: {os.strerror(error.errno or 0)}; name another with ODW_STORE"
            ) from None
        _here[self._owner] = threading.get_ident()

    def _gate(self) -> FileLock:
        """Held while files of owners come and go: a file that is there and not locked is that of a run that ended."""
        return FileLock(f"{self._store.path}.lock")
