"""`odw configs check`: every fault of a configuration at once, each with its line."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from odw_harness.configs.build import NO_SETTINGS
from odw_harness.configs.known import close
from odw_harness.configs.llamafactory import KINDS, misfit, objection, settings
from odw_harness.configs.rules import RULES
from odw_harness.configs.source import Fault, Source, decimal, read_config
from odw_harness.errors import ConfigError

_OF_TRAINING = ("do_train", "do_eval", "do_predict", "output_dir", "learning_rate", "num_train_epochs", "stage")
_STAND_INS = {"model_name_or_path": "missing", "output_dir": "missing", "dataset": "missing"}
"""What goes in for a missing key once it is told of, so that the parser gets to the next fault."""
_OLD = {"evaluation_strategy": "eval_strategy", "lora_r": "lora_rank", "model_name": "model_name_or_path"}


@dataclass(frozen=True)
class Checked:
    """A file, what it is for, and what was found. unreadable: why nothing could be checked."""

    file: str
    kind: str | None
    faults: Sequence[Fault]
    unreadable: str | None = None

    @property
    def passed(self) -> bool:
        """Whether there is no fault; notices are none."""
        return self.unreadable is None and all(fault.notice for fault in self.faults)

    def as_json(self) -> dict[str, Any]:
        """The file's entry in the output of --json."""
        found = [asdict(fault) for fault in self.faults]
        return {
            "file": self.file,
            "kind": self.kind,
            "passed": self.passed,
            "unreadable": self.unreadable,
            "faults": found,
        }


def kind_of(values: Mapping[str, Any]) -> str:
    """What a configuration is for, by its keys: `export_dir` merges, what only training has trains, the rest infers."""
    if "export_dir" in values:
        return "export"
    return "train" if any(key in values for key in _OF_TRAINING) else "infer"


def check_file(file: str) -> Checked:
    """Check a configuration from where LLaMA-Factory would be run: the working directory."""
    try:
        source = read_config(file)
    except ConfigError as error:
        return Checked(file, None, (), str(error))
    if any(key in source.values for key in NO_SETTINGS):
        message = "is a model's file, of which `odw configs build` makes configurations; check those"
        return Checked(file, None, (), f"{file}: {message}")
    kind = kind_of(source.values)
    faults = list(source.faults)
    if Path(file).suffix not in (".yaml", ".yml"):
        faults.append(Fault(1, "", "llamafactory-cli takes a file for one only by its ending; name it .yaml"))
    mistaken = list(_keys(source, kind))
    clean = {key: value for key, value in source.values.items() if key not in {fault.field for fault in mistaken}}
    faults += mistaken
    right = Source(file, clean, source.lines)
    for rule in RULES:
        faults += rule(right, kind)
    blamed = {fault.field for fault in faults if not fault.notice}
    faults += _objections(source, kind, clean, blamed)
    blamed = {fault.field for fault in faults if not fault.notice}
    told = {fault for fault in faults if not (fault.notice and fault.field in blamed)}
    return Checked(file, kind, sorted(told, key=lambda fault: (fault.line, fault.field, fault.message)))


def _keys(source: Source, kind: str) -> Iterable[Fault]:
    """Keys that LLaMA-Factory does not have, and values of the wrong type."""
    known = settings(kind)
    for key, value in source.values.items():
        line = source.line(key)
        if key not in known:
            if kind != "train" and key in settings("train"):
                yield Fault(line, key, f"is a setting of training, not of {KINDS[kind]}; remove it")
            else:
                meant = f"; it is called {_OLD[key]} now" if key in _OLD else close(key, known) or "; remove it"
                yield Fault(line, key, f"LLaMA-Factory 0.9.5 has no such setting{meant}")
        elif wanted := misfit(kind, key, value):
            yield Fault(line, key, _mistyped(value, wanted, known[key].default))


def _mistyped(value: Any, wanted: str, default: Any) -> str:
    if value is None:
        return f"is null, but must be {wanted}; give one, or remove the line (default: {default})"
    if isinstance(value, str) and "number" in wanted:
        try:
            return f"is text; write {decimal(float(value))} without quotes"
        except ValueError:
            pass
    if value is False and "'no'" in wanted:
        return "is false to YAML; write 'no' in quotes"
    return f"is {value}, but must be {wanted}"


def _objections(source: Source, kind: str, values: Mapping[str, Any], blamed: set[str]) -> Iterable[Fault]:
    """What LLaMA-Factory's own parser says: what it objects to is taken out and it is asked again.

    It is silent where it names a key that is blamed already.
    """
    left = {key: value for key, value in values.items() if key not in blamed or key not in ("eval_strategy", "do_eval")}
    for _ in range(len(left) + len(_STAND_INS)):
        message = objection(kind, left)
        if message is None:
            return
        named = [word for word in re.findall(r"[a-z][a-z0-9_]+", message) if word in settings(kind)]
        field = _field(message, named, left)
        if not blamed & {field, *named}:
            yield Fault(source.line(field), field, _plain(message), notice=_package(message) is not None)
        if field in left:
            del left[field]
        elif field in _STAND_INS:
            left[field] = _STAND_INS[field]
        else:
            return


def _field(message: str, named: Sequence[str], values: Mapping[str, Any]) -> str:
    """The key that a message is about: whose value or package it complains of, or that it names, best one of the file's."""
    package = _package(message)
    valued = [key for key, value in values.items() if value == message.split(" ")[0]]
    packaged = [key for key, value in values.items() if package and package in (value, key.removeprefix("use_"))]
    by_topic = [key for key in ("quantization_bit",) if key in values and "quantiz" in message.lower()]
    of_file = [word for word in named if word in values]
    return next(iter((*valued, *packaged, *of_file, *by_topic, *named)), "")


def _package(message: str) -> str | None:
    """The package that LLaMA-Factory misses, if that is its objection."""
    found = re.search(r"To fix: run `pip install ([\w-]+)", message)
    return found[1] if found else None


def _plain(message: str) -> str:
    """LLaMA-Factory's message in one plain sentence."""
    if command := re.search(r"To fix: run `(pip install )([^`]+)`", message):
        return f"needs a package that is not installed here; {command[1]}'{command[2]}'"
    choice = re.fullmatch(r"(\S+) is not a valid \w+, please select one of \[(.*)\]", message)
    if choice:
        names = [name.strip("' ") for name in choice[2].split(",")]
        near = close(choice[1], names)
        return f"there is no {choice[1]}{near if near else '; write ' + ', '.join(names)}"
    return f"LLaMA-Factory refuses: {message}"


def lines(checked: Checked) -> list[str]:
    """What was found in a file as `FILE:LINE: field: what`, for a terminal or an editor."""
    if checked.unreadable:
        return [checked.unreadable]
    return [
        f"{checked.file}:{fault.line}: {'notice: ' if fault.notice else ''}{f'{fault.field}: ' if fault.field else ''}{fault.message}"
        for fault in checked.faults
    ]
