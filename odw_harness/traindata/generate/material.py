"""The word material: fields of work with their matters, read from the YAML files beside this module."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent / "material"


@dataclass(frozen=True)
class Field:
    """A field of work, as its YAML file has it.

    Metrics are written in the small language of `figures.draw`. law: what matters rest on; a campaign or a notice may have
    a `law` of its own, empty for none. institutions: for fields whose documents come from
    firms, universities, hospitals or party committees instead of a bureau; empty otherwise. visits: what a survey visits.
    """

    name: str
    offices: list[str]
    law: str
    why: list[str]
    measures: dict[str, list[str]]
    problems: list[list[str]]
    campaigns: list[dict[str, Any]]
    projects: list[dict[str, Any]]
    policies: list[dict[str, Any]]
    rules: list[dict[str, str]]
    trainings: list[str]
    bulletin: str
    sections: dict[str, dict[str, list[str]]]
    notices: list[dict[str, Any]]
    helpers: list[str]
    visits: tuple[str, str] = ("乡镇", "村")
    organ: str = ""
    code: str = ""
    institutions: tuple[dict[str, str], ...] = ()


@cache
def read(name: str) -> Any:
    """A YAML file of the material."""
    return yaml.load((_FOLDER / name).read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def fields() -> tuple[Field, ...]:
    """Every field, in the order of the files' names."""
    return tuple(Field(**read(f"fields/{path.name}")) for path in sorted((_FOLDER / "fields").glob("*.yaml")))
