"""One `odw eval` in a process of its own: its output into a log, the line that it shows now to whoever watches."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from odw_harness.texts import shown

_GRACE = 30.0
"""Seconds that a run gets to end by itself after Ctrl-C."""
_CHUNK = 1 << 16
_LINE_END = re.compile(r"[\r\n]+")
_WIDTH = 160


class Child:
    """A run that has begun. It ends with its parent: then nobody reads its output, and the next line fails."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        """Start `odw` with the arguments; what it says goes into log, which is made anew."""
        self._path = log
        self._log = log.open("wb")
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "odw_harness.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches it through us, once
        )

    def wait(self, show: Callable[[str], None]) -> int:
        """Until it ends: its exit code. show gets each line, progress bars included.

        On Ctrl-C it is asked to end, killed where it does not, and KeyboardInterrupt is raised.
        """
        try:
            self._follow(show)
            return self._process.wait()
        except BaseException:
            self._stop()
            raise
        finally:
            self._log.close()

    def _follow(self, show: Callable[[str], None]) -> None:
        assert self._process.stdout is not None
        rest = ""
        while chunk := os.read(self._process.stdout.fileno(), _CHUNK):
            self._log.write(chunk)
            self._log.flush()
            *lines, rest = _LINE_END.split(rest + chunk.decode("utf-8", "replace"))
            if line := next((line for line in reversed([*lines, rest]) if line.strip()), ""):
                show(shown(line.strip(), _WIDTH, " "))

    def _stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._log.write(self._process.communicate(timeout=_GRACE)[0] or b"")
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """What it said of its end: the last line that names an error, or the last line."""
        lines = [line.strip() for line in _LINE_END.split(self._path.read_text("utf-8", "replace")) if line.strip()]
        told = [line for line in lines if re.match(r"(error: |[A-Za-z_.]*(Error|Exception)\b)", line)]
        return shown(next(reversed(told or lines), ""), _WIDTH, " ").removeprefix("error: ")
