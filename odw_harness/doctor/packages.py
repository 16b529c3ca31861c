"""Which versions are installed, and which of them disagree: by the packages' own metadata, and no table of ours."""

import contextlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from odw_harness.doctor.finding import Finding

OURS = "odw-harness"
MODULES = {
    "numpy": "numpy",
    "scipy": "scipy.stats",
    "torch": "torch",
    "torchvision": "torchvision",
    "torchaudio": "torchaudio",
    "transformers": "transformers",
    "bitsandbytes": "bitsandbytes",
    "accelerate": "accelerate",
    "peft": "peft",
    "datasets": "datasets",
    "trl": "trl",
    "llamafactory": "llamafactory",
    "lm-eval": "lm_eval",
    "deepspeed": "deepspeed",
    "flash-attn": "flash_attn",
    "vllm": "vllm",
}
"""Packages whose versions are told, and what is imported of each, in an order in which a crash tells most."""
_ASKED = (
    OURS,
    "lm-eval",
    "transformers",
    "peft",
    "accelerate",
    "datasets",
    "trl",
    "llamafactory",
    "bitsandbytes",
    "deepspeed",
    "flash-attn",
    "vllm",
)
"""Whose requirements must be met."""
_NOT_FOR_USERS = "dev"
_COMMANDS = ("odw", "lm_eval", "llamafactory-cli", "accelerate")
_GROUP = "packages"


def installed(name: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def findings() -> Iterator[Finding]:
    """Python, versions, what is required and not met, and commands of other environments."""
    yield Finding(_GROUP, "python", f"{platform.python_version()} at {sys.executable}")
    versions = {name: installed(name) for name in MODULES}
    yield from (Finding(_GROUP, name, found) for name, found in versions.items() if found)
    absent = [name for name, found in versions.items() if not found]
    if absent:
        yield Finding(_GROUP, "not installed", ", ".join(absent))
    if installed(OURS) is None:
        do = "pip install -e . in the checkout, so that its requirements can be checked"
        yield Finding(_GROUP, OURS, "runs without being installed", "note", do)
    for name in _ASKED:
        yield from unmet(name)
    yield from _extras()
    yield from _elsewhere()


def unmet(name: str) -> Iterator[Finding]:
    """Requirements of an installed package that what is installed doesn't meet; those of extras where they are there."""
    for wanted, found in lacking(name):
        if found is None:
            yield Finding(_GROUP, wanted.name, f"missing; {name} wants it", "fault", f"pip install '{plain(wanted)}'")
        else:
            what = f"{found}; {name} {installed(name)} wants {wanted.specifier}"
            yield Finding(_GROUP, wanted.name, what, "fault", f"pip install '{plain(wanted)}'")


def lacking(name: str) -> Iterator[tuple[Requirement, str | None]]:
    """What an installed package requires and has not, and the version that is there instead, if there is one."""
    for wanted in _required(name):
        extra = _extra(wanted)
        if not _applies(wanted, extra) or extra == _NOT_FOR_USERS or (extra and name != OURS):
            continue
        found = installed(wanted.name)
        if (found is None and not extra) or (found and not wanted.specifier.contains(found, prereleases=True)):
            yield wanted, found


def _required(name: str) -> Iterator[Requirement]:
    """What an installed package requires, as far as it can be read: old packages write it in ways of their own."""
    for text in (requires(name) or ()) if installed(name) else ():
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(text)


def plain(wanted: Requirement) -> str:
    """A requirement without its marker, as pip takes it."""
    extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
    return f"{wanted.name}{extras}{wanted.specifier}"


def _extra(wanted: Requirement) -> str:
    found = re.search(r"""extra == ['"]([^'"]+)""", str(wanted.marker or ""))
    return found[1] if found else ""


def _applies(wanted: Requirement, extra: str) -> bool:
    return wanted.marker is None or wanted.marker.evaluate({"extra": extra})


def _extras() -> Iterator[Finding]:
    """Extras of ours that are not there, or not whole."""
    wanted: dict[str, set[str]] = {}
    for requirement in _required(OURS):
        extra = _extra(requirement)
        if extra and extra != _NOT_FOR_USERS and _applies(requirement, extra):
            wanted.setdefault(extra, set()).add(canonicalize_name(requirement.name))
    for extra, names in wanted.items():
        absent = sorted(name for name in names if installed(name) is None)
        if absent:
            what = f"not there: {', '.join(absent)}"
            yield Finding(_GROUP, f"extra {extra}", what, "note", f"pip install '{OURS}[{extra}]'")


def _elsewhere() -> Iterator[Finding]:
    """Commands that the shell would find in another environment than this one."""
    here = Path(sys.executable).parent
    for command in _COMMANDS:
        found = shutil.which(command)
        if found and Path(found).parent.resolve() != here.resolve() and (here / command).exists():
            do = f"activate this environment, or call {here / command}"
            yield Finding(_GROUP, command, f"the shell finds {found}, of another environment", "note", do)
        elif not found and (here / command).exists() and command == "odw":
            do = f"export PATH={here}{os.pathsep}$PATH"
            yield Finding(_GROUP, command, "the shell does not find it", "note", do)
