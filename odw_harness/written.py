"""Files that commands write: seen at the start to be writable, there at the end or not at all."""

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from odw_harness.errors import AnswerError


@contextmanager
def written(
    option: str, out: str | None, inputs: Sequence[str], kept: str = "; the verdicts are in the store"
) -> Iterator[IO[str]]:
    """A file that appears under its name when it is whole; standard output where out is None or `-`.

    Whether it can be written is found out at once, and its folder made. Until it is whole it has no name, so that a
    killed run leaves nothing behind. What is there and is no ordinary file (a device, a pipe) is written to as it
    stands. Raises AnswerError, naming the option, also where out is one of the inputs. kept: said where writing fails at
    the end (a full disk), of what is not lost by it.
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
    try:
        if path.is_dir():
            raise AnswerError(f"{option} {out}: is a folder; name a file")
        ordinary = path.is_file() or not path.exists()
        if ordinary:
            path.parent.mkdir(parents=True, exist_ok=True)
            target: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=path.parent)  # noqa: SIM115
        else:
            target = path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise AnswerError(f"{option} {out}: can't be written: {error.strerror}") from None
    try:
        with target:
            yield target
            if ordinary:
                target.seek(0)
                _put_in_place(target, path)
    except OSError as error:
        raise AnswerError(f"{option} {out}: can't be written: {error.strerror}{kept}") from None


def _put_in_place(content: IO[str], path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as named:
            shutil.copyfileobj(content, named)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
