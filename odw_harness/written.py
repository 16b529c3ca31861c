"""Files that commands write: seen at the start to be writable, there at the end or not at all."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from odw_harness.errors import AnswerError


@contextmanager
def written(option: str, out: str | None, inputs: Sequence[str]) -> Iterator[IO[str]]:
    """A file that appears under its name when it is whole; standard output where out is None or `-`.

    Whether it can be written is found out at once, and its folder made. What is there and is no ordinary file (a device,
    a pipe) is written to as it stands. Raises AnswerError, naming the option, also where out is one of the inputs.
    """
    if out is None or out == "-":
        if sys.stdout is None:
            raise AnswerError(f"standard output is closed; name a file with {option}")
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(os.path.realpath(os.path.expanduser(out)))
    if str(path) in {os.path.realpath(os.path.expanduser(each)) for each in inputs if each != "-"}:
        raise AnswerError(f"{option} {out}: is a file that this run reads; name another")
    temporary = None
    try:
        if path.is_dir():
            raise AnswerError(f"{option} {out}: is a folder; name a file")
        if path.exists() and not path.is_file():
            target = path.open("w", encoding="utf-8", newline="\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.")
            temporary = Path(name)
            target = os.fdopen(handle, "w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise AnswerError(f"{option} {out}: can't be written: {error.strerror}") from None
    try:
        with target:
            yield target
        if temporary:
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
    except OSError as error:
        raise AnswerError(
            f"{option} {out}: can't be written: {error.strerror}; the verdicts are in the store"
        ) from None
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
