"""`odw judge` as processes of their own, over answers that the test's server can tell apart."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from odw_harness.store import digest
from tests.judge.server import Action, JudgeServer, grades

CONCURRENCY = 16
LIMIT = 120
"""Seconds after which a process is taken to hang."""
_ANSWER = re.compile(r"\[助手的答案开始\]\n第(\d+)篇")


def score_of(number: int) -> float:
    """What the judge gives answer `number`: 1 to 10, so that a mix-up of answers shows."""
    return 1.0 + number % 19 / 2


def number_of(body: dict[str, Any]) -> int | None:
    """Which answer a request is about; None for a pre-flight."""
    found = _ANSWER.search(body["messages"][0]["content"])
    return int(found[1]) if found else None


class Asked:
    """A server's action that grades each answer with its score_of, after a moment of its own, and counts what is asked.

    times: how often each answer was asked about; total: of all. most: further requests wait for their reply until it is
    more or None. special: other actions for some answers.
    """

    def __init__(self, server: JudgeServer, seconds: float = 0.01) -> None:
        self.times: Counter[int] = Counter()
        self.total = self.preflights = 0
        self.most: int | None = None
        self.special: dict[int, Action] = {}
        self._seconds = seconds
        self._lock = threading.Lock()
        server.always = self._act

    def _act(self, handler: Any, body: dict[str, Any]) -> None:
        number = number_of(body)
        if number is None:
            self.preflights += 1
            grades()(handler, body)
            return
        with self._lock:
            self.times[number] += 1
            self.total += 1
            mine = self.total
        while self.most is not None and mine > self.most:
            time.sleep(0.01)
        time.sleep(self._seconds * (number % 5))
        self.special.get(number, grades(score_of(number)))(handler, body)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "what is waited for does not come"
        time.sleep(0.002)


def text_of(number: int) -> str:
    return f"第{number}篇：关于有关事项的通知"


def write_answers(path: Path, numbers: Iterable[int]) -> Path:
    rows = ({"id": n, "question_id": f"ODW-{1 + n % 19:02}", "answer": text_of(n)} for n in numbers)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def write_judge(path: Path, server: JudgeServer, more: str = "") -> Path:
    path.write_text(
        f"backend: api\nbase_url: {server.url}\nmodel: judge-1\nconcurrency: {CONCURRENCY}\n{more}", "utf-8"
    )
    return path


def start(answers: Path, judge: Path, out: Path | str, **options: Any) -> subprocess.Popen[str]:
    """Begin a run. options: of Popen."""
    command = [sys.executable, "-m", "odw_harness.cli", "judge", str(answers), "--judge", str(judge), "--out", str(out)]
    return subprocess.Popen(command, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options})


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a run. Returns what it said on standard error, if that is ours; a traceback is a defect, and so is a hang."""
    try:
        _, said = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it hangs: {process.communicate()[1][-2000:]}") from None
    assert "Traceback" not in (said or ""), said
    return said or ""


def errors_of(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("error: ")]


def scores(out: Path) -> dict[int, float | None]:
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row["score"] for row in rows}


def stored(numbers: Iterable[int]) -> Counter[int]:
    """How often the store has each answer's scored verdict. Read from a copy: to open the store would mend it."""
    path, by_digest = os.environ["ODW_STORE"], {digest(text_of(number)): number for number in numbers}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.sqlite"
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        with contextlib.closing(sqlite3.connect(copy)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'verdicts'").fetchone():
                return Counter()
            rows = db.execute("SELECT answer FROM verdicts WHERE scored").fetchall()
    return Counter(by_digest[answer] for (answer,) in rows)
