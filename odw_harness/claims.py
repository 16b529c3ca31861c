"""Claims: what one run has taken on to judge, so that no other asks, and pays, for it too.

A claim is a row in the store; its owner holds a lock on a file beside the store, which the system lets go of when the
process ends, however it ends. So a killed run's claims are void at once, and a living one's last as long as it does.
"""

import glob
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
        path = self._store.path
        with self._gate():
            files = path.parent.glob(f"{glob.escape(path.name)}.*{_SUFFIX}")
            owners = {file.name.removesuffix(_SUFFIX).rpartition(".")[2] for file in files}
            for owner in (owners | self._store.claimants()) - _here.keys():
                file = self._file(owner)
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
        try:
            self._store.unclaim(self._owner)
        finally:
            with self._gate():
                self._alive.release()
                self._file(self._owner).unlink(missing_ok=True)
            del _here[self._owner]
            self._alive = None

    def _begin(self) -> None:
        self.bury()
        with self._gate():
            self._alive = FileLock(self._file(self._owner), timeout=0)
            self._alive.acquire()
        _here[self._owner] = threading.get_ident()

    def _file(self, owner: str) -> Path:
        return Path(f"{self._store.path}.{owner}{_SUFFIX}")

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """Held while files of owners come and go: a file that is there and not locked is that of a run that ended."""
        try:
            with FileLock(f"{self._store.path}.lock"):
                yield
        except OSError as error:
            raise StoreError(
                f"{self._store.path}: the store can't be used: {error.strerror}; name another with ODW_STORE"
            ) from None
