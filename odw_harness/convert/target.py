"""A folder that appears under its name when it is whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from odw_harness.convert.source import ADAPTER_CONFIG
from odw_harness.errors import ConvertError


@contextmanager
def appearing(target: Path, source: Path, force: bool, size: int) -> Iterator[Path]:
    """A hidden folder beside the target, which takes its name at the end.

    What a killed run left of it is removed by the next. An existing target is replaced only with force, and only if it
    looks like a model. Raises ConvertError, also where less than size bytes are free.
    """
    check_target(target, source, force)
    target = target.resolve()
    work = target.parent / f".{target.name}.converting"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(Path(f"{work}.lock")):
            shutil.rmtree(work, ignore_errors=True)
            free = shutil.disk_usage(target.parent).free
            if free < size:
                raise ConvertError(
                    f"{target.parent}: {size / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB free; make room, or name another disk"
                )
            work.mkdir()
            try:
                yield work
                _put_in_place(work, target)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except Timeout:
        raise ConvertError(f"{target}: another run is converting to it; wait for it, or name another folder") from None
    except OSError as error:
        raise ConvertError(f"{error.filename or target}: {error.strerror or error}; nothing was written") from None


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with FileLock(lock, timeout=0):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def check_target(target: Path, source: Path, force: bool) -> None:
    """See that the target can be made."""
    ours, theirs = target.resolve(), source.resolve()
    if ours == theirs or ours in theirs.parents or theirs in ours.parents:
        raise ConvertError(f"{target}: is, holds or lies in the source; name a folder of its own")
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    if not force:
        raise ConvertError(f"{target}: exists; name another folder, or replace it with --force")
    if not any((target / name).is_file() for name in ("config.json", ADAPTER_CONFIG)):
        raise ConvertError(f"{target}: exists and is no model, so --force doesn't replace it; name another folder")


def _put_in_place(work: Path, target: Path) -> None:
    old = target.parent / f".{target.name}.replaced"
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(work, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
