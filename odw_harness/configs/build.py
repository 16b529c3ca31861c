"""`odw configs build`: a model's few lines and the templates become its configurations.

A template is the file that comes out, line by line. A model's file holds the lines in which that model differs, comment
and all, and three keys that are no settings: `title`, the hub name as `source` (loads as it is) or `original` (goes
through `odw convert`), and, where neither fits, the command that gets the weights as `get`. A key such as
`export.template` counts for the files in export/ alone, `qlora.learning_rate` for those of QLoRA.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from odw_harness.errors import ConfigError

ORIGINS = ("read", "inferred", "ours")
"""How each value's comment begins: where it comes from."""

_METHODS = {"base": "", "lora": ", LoRA", "qlora": ", QLoRA"}
_KINDS = {
    "train": ("", ("lora", "qlora")),
    "export": ("export/", ("lora", "qlora")),
    "infer": ("infer/", tuple(_METHODS)),
}
_LINE = re.compile(r"(?P<key>[a-z][a-z0-9_.]*): +(?P<value>\S.*?)(?: +# (?P<note>.*))?")
_MARKER = re.compile(r"# \{(\w+)\}")
NO_SETTINGS = ("title", "source", "original", "get")
_MADE = "# Made by `odw configs build`"


@dataclass(frozen=True)
class Model:
    """A model's file. lines: setting → its line, ready to stand in a configuration. template: its chat template's name."""

    name: str
    title: str
    path: str
    get: str
    hub: str | None
    template: str | None
    lines: Mapping[str, str]


def read_model(file: Path) -> Model:
    """Read a model's file. Raises ConfigError with file and line."""
    lines: dict[str, str] = {}
    values: dict[str, Any] = {}
    for number, text in enumerate(_text(file).splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        where = f"{file}:{number}"
        line = _LINE.fullmatch(text.rstrip())
        if line is None:
            raise ConfigError(f"{where}: is no `key: value` on one line; a model's file has nothing else")
        key, note = line["key"], line["note"] or "ours"
        if key in values:
            raise ConfigError(f"{where}: {key}: stands here twice; remove one")
        if key not in NO_SETTINGS and not note.startswith(ORIGINS):
            raise ConfigError(f"{where}: {key}: its comment must begin with {', '.join(ORIGINS[:-1])} or {ORIGINS[-1]}")
        try:
            values[key] = yaml.safe_load(line["value"])
        except yaml.YAMLError:
            raise ConfigError(f"{where}: {key}: {line['value']} is no YAML; put it in quotes") from None
        lines[key] = f"{key.rpartition('.')[2]}: {line['value']}  # {note}"
    hub = values.get("source") or values.get("original")
    for key, is_there, what in (
        ("title", "title" in values, "the name of the model"),
        (
            "source",
            bool(hub or "get" in values),
            "the model's name on the hub, or `original` where `odw convert` must make it native",
        ),
        ("model_name_or_path", "source" in values or "model_name_or_path" in values, "the folder of the weights"),
    ):
        if not is_there:
            raise ConfigError(f"{file}: {key} is missing: {what}")
    path = str(values.get("model_name_or_path", f"models/{PurePosixPath(str(hub)).name}"))
    settings = {key: line for key, line in lines.items() if key not in NO_SETTINGS}
    template = None if values.get("template") is None else str(values["template"])
    get = str(values.get("get") or _get(values, path))
    return Model(file.stem, str(values["title"]), path, get, hub, template, settings)


def _get(values: Mapping[str, Any], path: str) -> str:
    if "source" in values:
        return f"hf download {values['source']} --local-dir {path}"
    original = f"originals/{PurePosixPath(path).name}"
    return f"hf download {values['original']} --local-dir {original} && odw convert {original} {path}"


def models(folder: Path) -> list[Model]:
    """The models of a folder of configurations, by name. Raises ConfigError."""
    return [read_model(file) for file in sorted((folder / "models").glob("*.yaml"))]


def render(folder: Path) -> dict[str, str]:
    """The text of each configuration that the folder's models and templates make, by its path in the folder.

    Raises ConfigError where the folder has none, or one is wrong.
    """
    templates = {name: _text(folder / "templates" / f"{name}.yaml") for name in (*_KINDS, "qlora", "adapter")}
    found = models(folder)
    if not found:
        raise ConfigError(
            f"{folder / 'models'}: holds no model; write one, five lines are enough (see README.md there)"
        )
    return {
        f"{subfolder}{_system(model, method)}.yaml": _render(model, kind, method, templates)
        for model in found
        for kind, (subfolder, methods) in _KINDS.items()
        for method in methods
    }


def _system(model: Model, method: str) -> str:
    return model.name if method == "base" else f"{model.name}_{method}"


def _render(model: Model, kind: str, method: str, templates: Mapping[str, str]) -> str:
    subfolder, _ = _KINDS[kind]
    system = _system(model, method)
    words = {
        "title": model.title,
        "method": _METHODS[method],
        "name": model.name,
        "system": system,
        "file": f"{subfolder}{system}.yaml",
        "model_path": model.path,
        "get": model.get,
    }
    parts = {"qlora": method == "qlora", "adapter": method != "base"}
    template: list[str] = []
    for line in templates[kind].splitlines():
        marker = _MARKER.fullmatch(line)
        if marker and marker[1] in parts:
            template += templates[marker[1]].splitlines() if parts[marker[1]] else []
        else:
            template.append(line)
    own = {_key(line) for line in template}
    of_training = {_key(line) for line in templates["train"].splitlines()}
    wanted = {key: line for key, line in model.lines.items() if "." not in key}
    wanted = {key: line for key, line in wanted.items() if key in own or key not in of_training}
    for key, line in model.lines.items():
        prefix, _, bare = key.rpartition(".")
        if prefix in (kind, method):
            wanted[bare] = line
    out: list[str] = []
    for line in template:
        if _MARKER.fullmatch(line):
            out += [wanted[key] for key in wanted if key not in own]
        else:
            out.append(wanted.get(_key(line), line))
    text = "\n".join(out) + "\n"
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    return text


def _key(line: str) -> str:
    return line.partition(":")[0] if not line.startswith("#") else ""


@dataclass(frozen=True)
class Difference:
    """A file of the folder that is not as the templates make it. what: new, changed or stale."""

    path: str
    what: str


def differences(folder: Path, rendered: Mapping[str, str]) -> list[Difference]:
    """What `write` would change in the folder."""
    found = []
    for path, text in rendered.items():
        file = folder / path
        if not file.exists():
            found.append(Difference(path, "new"))
        elif file.read_bytes() != text.encode():
            found.append(Difference(path, "changed"))
    for subfolder, _ in _KINDS.values():
        for file in sorted((folder / subfolder).glob("*.yaml")):
            path = f"{subfolder}{file.name}"
            if path not in rendered and _MADE in _text(file):
                found.append(Difference(path, "stale"))
    return found


def write(folder: Path, rendered: Mapping[str, str], found: list[Difference]) -> None:
    """Make the folder as the templates say; of a model that is gone, its configurations go. Raises ConfigError."""
    for difference in found:
        file = folder / difference.path
        try:
            if difference.what == "stale":
                file.unlink()
            else:
                file.parent.mkdir(exist_ok=True)
                file.write_text(rendered[difference.path], encoding="utf-8", newline="\n")
        except OSError as error:
            raise ConfigError(f"{file}: can't be written: {error.strerror}") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{file}: does not exist; run from the repository's root, or name the folder") from None
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8; save it as UTF-8") from None
