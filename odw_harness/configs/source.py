"""A configuration as LLaMA-Factory reads it, with the line of each key."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from odw_harness.errors import ConfigError


@dataclass(frozen=True)
class Fault:
    """Something about a file. field: the key it is about, empty where it is the file. notice: nothing is wrong with it."""

    line: int
    field: str
    message: str
    notice: bool = False


@dataclass(frozen=True)
class Source:
    """A configuration's keys. lines: key → its line, from 1; faults: what its form alone shows."""

    file: str
    values: dict[str, Any]
    lines: dict[str, int]
    faults: list[Fault] = field(default_factory=list)

    def line(self, key: str) -> int:
        """The line of a key, 1 where it is absent."""
        return self.lines.get(key, 1)


def read_config(file: str) -> Source:
    """Read a YAML file by OmegaConf, as LLaMA-Factory does. Raises ConfigError where it can't be read.

    A key that stands twice keeps its last value. What PyYAML reads as text and OmegaConf as a number is told of: other
    tools read these files too.
    """
    try:
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
    except ImportError:
        raise ConfigError("LLaMA-Factory is not installed; pip install 'odw-harness[train]'") from None
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}:{_line_of(error)}: is no YAML: {_reason(error)}") from None
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{file}: holds no `key: value` lines; see configs/qwen7b_lora.yaml for one that does")
    lines: dict[str, int] = {}
    pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    faults: list[Fault] = []
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value)
        # A letter first: 1e-4 is text to PyYAML and a number to OmegaConf.
        if key_node.tag != "tag:yaml.org,2002:str" or not key[:1].isalpha():
            raise ConfigError(f"{file}:{line}: a key must be a setting's name")
        if key in lines:
            faults.append(Fault(line, key, f"stands in line {lines[key]} already; remove one of the two"))
        lines[key], pairs[key] = line, (key_node, value_node)
    node.value = list(pairs.values())
    try:
        values = OmegaConf.to_container(OmegaConf.create(yaml.serialize(node, allow_unicode=True)))
    except (OmegaConfBaseException, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: can't be read as LLaMA-Factory does: {_reason(error)}") from None
    assert isinstance(values, dict)
    for key, (_, value_node) in pairs.items():
        if isinstance(values[key], float) and value_node.tag == "tag:yaml.org,2002:str":
            message = f"{value_node.value} is a number to LLaMA-Factory but text to other readers of YAML; write {decimal(values[key])}"
            faults.append(Fault(lines[key], key, message, notice=True))
    return Source(file, {str(key): value for key, value in values.items()}, lines, faults)


def decimal(number: float) -> str:
    """A number as every reader of YAML takes it.

    >>> decimal(5e-5), decimal(1e-4), decimal(0.25)
    ('5.0e-5', '1.0e-4', '0.25')
    """
    if number and (abs(number) < 1e-3 or abs(number) >= 1e6):
        mantissa, _, exponent = f"{number:e}".partition("e")
        whole, _, rest = mantissa.partition(".")
        return f"{whole}.{rest.rstrip('0') or '0'}e{exponent[0]}{exponent[1:].lstrip('0') or '0'}"
    return f"{number:g}"


def _line_of(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return 1 if mark is None else int(mark.line) + 1


def _reason(error: Exception) -> str:
    return str(getattr(error, "problem", None) or str(error)).splitlines()[0]
