"""What the files beside the configurations say of models, and the nearest of several names."""

import functools
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from odw_harness.configs.build import Model, models
from odw_harness.errors import ConfigError

FOLDER = Path("llamafactory_configs")
"""Where they are, from the repository's root, which is where LLaMA-Factory is run too."""


def close(name: str, names: Iterable[str]) -> str:
    """The end of a sentence that offers the nearest name, empty where none is near.

    >>> close("qwen33", ["qwen3", "glm4"]), close("adamw", ["grokadamw", "adamw_torch"])
    ('; did you mean qwen3?', '; did you mean adamw_torch?')
    """
    names = list(names)
    longer = [each for each in names if len(name) > 2 and each.startswith(name)]
    near = longer or get_close_matches(name, names, n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else ""


def model_at(path: str) -> Model | None:
    """The model whose weights belong in this folder, if one of ours does."""
    return _models(FOLDER.resolve()).get(Path(path))


@functools.cache
def _models(folder: Path) -> dict[Path, Model]:
    try:
        return {Path(each.path): each for each in models(folder)}
    except ConfigError:  # a model's file is wrong, which `odw configs build` tells
        return {}


def how_to_get(path: str) -> str:
    """The command that gets the weights which belong here, empty where unknown."""
    model = model_at(path)
    return model.get if model else ""


def template_of(path: str) -> str | None:
    """The template that our file of the model names, if there is one."""
    model = model_at(path)
    return model.template if model else None
