"""SQLite: answers, verdicts and log-likelihoods, each written as it arrives.

Any number of processes may use one store at once: write-ahead log, every write its own transaction, the first
of two equal rows stays. The default place is the user's data folder; ODW_STORE names another.
"""

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import platformdirs
from filelock import FileLock
from pydantic import ValidationError

from odw_harness.errors import StoreError
from odw_harness.verdict import Verdict

Key = tuple[str, str, str]
"""What a verdict is found by: fingerprint of the question, text of the answer, fingerprint of the judgement."""

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    question_id TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, text TEXT NOT NULL,
    system TEXT NOT NULL, repeat INTEGER NOT NULL, saved_at TEXT NOT NULL,
    PRIMARY KEY (question, answer, system, repeat));
CREATE TABLE IF NOT EXISTS verdicts (
    question TEXT NOT NULL, answer TEXT NOT NULL, judgement TEXT NOT NULL, scored INTEGER NOT NULL,
    verdict TEXT NOT NULL, saved_at TEXT NOT NULL,
    PRIMARY KEY (question, answer, judgement));
CREATE TABLE IF NOT EXISTS loglikelihoods (
    model TEXT NOT NULL, request TEXT NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (model, request));
CREATE TABLE IF NOT EXISTS claims (
    question TEXT NOT NULL, answer TEXT NOT NULL, judgement TEXT NOT NULL, owner TEXT NOT NULL,
    PRIMARY KEY (question, answer, judgement));
CREATE INDEX IF NOT EXISTS claims_by_owner ON claims (owner);
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY, file TEXT NOT NULL, batch TEXT, saved_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batch_items (item TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS batch_items_by_number ON batch_items (number);
"""


def default_path() -> Path:
    """ODW_STORE, or the file in the user's data folder."""
    named = os.environ.get("ODW_STORE")
    return Path(os.path.expanduser(named)) if named else platformdirs.user_data_path("odw_harness") / "store.sqlite"


def digest(*parts: str) -> str:
    """SHA-256 of texts, by which the store names them."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Batched(NamedTuple):
    """A batch of requests at a server. file: what the server calls their file. batch: what it calls the batch, if known."""

    number: int
    file: str
    batch: str | None


class Store:
    """An open store. Raises StoreError, one line, where the file can't serve."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the store at path (default_path without one); make it where there is none."""
        # One file, one name: what lies beside the store must be found by those who come through a link as well.
        self.path = Path(os.path.realpath(path or default_path()))
        with self._clear_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        # SQLite does not wait for its turn to change the journal's mode: two that make the file at once would fail.
        with self.gate():
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._migrate()

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: made by a newer odw_harness (schema {version}, this one knows {SCHEMA_VERSION}); "
                "update odw_harness or name another store with ODW_STORE"
            )
        # The write proves that the file can be written.
        self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            raise self._error(str(error), "make room, or " if full else "") from None
        except OSError as error:
            raise self._error(str(error.strerror), "make room, or " if error.errno == errno.ENOSPC else "") from None

    def _error(self, reason: str, other_way: str) -> StoreError:
        return StoreError(f"{self.path}: the store can't be used: {reason}; {other_way}name another with ODW_STORE")

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Lets one process through at a time. Raises StoreError where a file in the store's folder can't be used."""
        with self._clear_errors(), FileLock(f"{self.path}.lock"):
            yield

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def save_answer(self, question_id: str, question: str, text: str, system: str, repeat: int) -> None:
        """Keep an answer. question is its fingerprint, system says who wrote it (JSON)."""
        row = (question_id, question, digest(text), text, system, repeat, _now())
        with self._clear_errors():
            self._db.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def verdict(self, question: str, text: str, judgement: str) -> Verdict | None:
        """The scored verdict on an answer under a judgement (Provenance.fingerprint), if there is one."""
        with self._clear_errors():
            row = self._db.execute(
                "SELECT verdict FROM verdicts WHERE question = ? AND answer = ? AND judgement = ? AND scored",
                (question, digest(text), judgement),
            ).fetchone()
        try:
            return Verdict.model_validate_json(row[0]) if row else None
        except ValidationError:
            raise StoreError(f"{self.path}: a verdict in it is damaged; name another store with ODW_STORE") from None

    def save_verdict(self, question: str, text: str, judgement: str, verdict: Verdict) -> None:
        """Keep a verdict. A scored one replaces an unscored one, nothing replaces a scored one."""
        row = (question, digest(text), judgement, verdict.score is not None, verdict.model_dump_json(), _now())
        with self._clear_errors():
            self._db.execute(
                "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "scored = excluded.scored, verdict = excluded.verdict, saved_at = excluded.saved_at WHERE NOT scored",
                row,
            )

    def reply_lengths(self, judgement: str, most: int) -> list[int]:
        """Tokens of the latest replies under a judgement, as far as they are known."""
        with self._clear_errors():
            rows = self._db.execute(
                "SELECT json_extract(verdict, '$.usage.completion_tokens') AS tokens FROM verdicts "
                "WHERE judgement = ? AND tokens > 0 ORDER BY saved_at DESC LIMIT ?",
                (judgement, most),
            )
            return [tokens for (tokens,) in rows]

    def claim(self, owner: str, keys: Sequence[Key]) -> dict[Key, str]:
        """Claim for an owner what nobody has claimed. Returns who holds each key now. See claims.py."""
        rows = [(question, digest(text), judgement) for question, text, judgement in keys]
        with self._clear_errors(), self._transaction():
            insert = "INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?)"
            if self._db.executemany(insert, [(*row, owner) for row in rows]).rowcount == len(rows):
                return dict.fromkeys(keys, owner)
            holder = "SELECT owner FROM claims WHERE question = ? AND answer = ? AND judgement = ?"
            return {key: self._db.execute(holder, row).fetchone()[0] for key, row in zip(keys, rows, strict=True)}

    def claimants(self) -> set[str]:
        """Owners of claims."""
        with self._clear_errors():
            return {owner for (owner,) in self._db.execute("SELECT DISTINCT owner FROM claims")}

    def changes_of_others(self) -> int:
        """A number that changes whenever another connection has written."""
        with self._clear_errors():
            return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def unclaim(self, owner: str) -> None:
        """End all claims of an owner."""
        with self._clear_errors():
            self._db.execute("DELETE FROM claims WHERE owner = ?", (owner,))

    def save_batch(self, file: str, items: Sequence[str]) -> Batched:
        """Keep that a file of requests, each known by its item, is about to become a batch."""
        with self._clear_errors(), self._transaction():
            row = (file, _now())
            number = self._db.execute("INSERT INTO batches (file, saved_at) VALUES (?, ?)", row).lastrowid or 0
            self._db.executemany("INSERT OR REPLACE INTO batch_items VALUES (?, ?)", [(item, number) for item in items])
        return Batched(number, file, None)

    def name_batch(self, number: int, batch: str) -> None:
        """Keep what the server calls a batch."""
        with self._clear_errors():
            self._db.execute("UPDATE batches SET batch = ? WHERE number = ?", (batch, number))

    def batch_of(self, item: str) -> Batched | None:
        """The batch that a request is in, if it is in one."""
        with self._clear_errors():
            row = self._db.execute(
                "SELECT number, file, batch FROM batches JOIN batch_items USING (number) WHERE item = ?", (item,)
            ).fetchone()
        return Batched(*row) if row else None

    def forget_batched(self, items: Sequence[str]) -> None:
        """Forget that these requests are in a batch, and batches of which nothing is left."""
        with self._clear_errors(), self._transaction():
            self._db.executemany("DELETE FROM batch_items WHERE item = ?", [(item,) for item in items])
            self._db.execute(
                "DELETE FROM batches WHERE NOT EXISTS (SELECT 1 FROM batch_items WHERE number = batches.number)"
            )

    def drop_batch(self, number: int) -> None:
        """Forget a batch with all its requests."""
        with self._clear_errors(), self._transaction():
            self._db.execute("DELETE FROM batch_items WHERE number = ?", (number,))
            self._db.execute("DELETE FROM batches WHERE number = ?", (number,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:  # a full disk ends it by itself
                self._db.execute("ROLLBACK")

    def loglikelihood(self, model: str, context: str, continuation: str) -> float | None:
        """The kept log-likelihood (nats) of a continuation after a context under a model, if there is one."""
        with self._clear_errors():
            row = self._db.execute(
                "SELECT value FROM loglikelihoods WHERE model = ? AND request = ?",
                (model, digest(context, continuation)),
            ).fetchone()
        return float(row[0]) if row else None

    def save_loglikelihood(self, model: str, context: str, continuation: str, value: float) -> None:
        """Keep a log-likelihood."""
        with self._clear_errors():
            self._db.execute(
                "INSERT OR IGNORE INTO loglikelihoods VALUES (?, ?, ?)", (model, digest(context, continuation), value)
            )

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        with self._clear_errors():
            return {
                table: self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("answers", "verdicts", "loglikelihoods")
            }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
