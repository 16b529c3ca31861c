"""Which family a folder is of, and a clear word where it is of none."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from odw_harness.convert import baichuan2, chatglm3, qwen1
from odw_harness.convert.family import Family, Source, read_json
from odw_harness.errors import ConvertError

_FAMILIES = {"chatglm": chatglm3.FAMILY, "baichuan": baichuan2.FAMILY, "qwen": qwen1.FAMILY}
"""By model_type of config.json."""
NOTE = "CONVERSION.json"
ADAPTER_CONFIG = "adapter_config.json"
_PACKED = ("query_key_value", "W_pack", "c_attn")
"""Modules of the originals that no native model has."""
_KNOWN = "ChatGLM3, Baichuan2-7B and Qwen (the first)"


def read_source(folder: Path) -> tuple[Family, Source]:
    """The family and the settings of an original model. Raises ConvertError where it is none that can be converted."""
    if (folder / ADAPTER_CONFIG).is_file():
        raise ConvertError(f"{folder}: is an adapter; give the model that it was trained on")
    if not (folder / "config.json").is_file() and (ggufs := sorted(folder.glob("*.gguf"))):
        raise ConvertError(f"{folder}: holds a GGUF ({ggufs[0].name}); give the original model instead")
    config = read_json(folder / "config.json")
    if (folder / NOTE).is_file():
        raise ConvertError(f"{folder}: is converted already ({NOTE}); give the original model")
    source = Source(
        folder,
        config,
        read_json(folder / "generation_config.json", optional=True),
        read_json(folder / "tokenizer_config.json", optional=True),
    )
    family = _family(source)
    for field in ("quantization_config", "quantization_bit"):
        if config.get(field):
            raise source.fault(field, "stands for quantised weights, which can't be converted; give the full model")
    family.refuse(source)
    return family, source


def original_in(folder: Path) -> str | None:
    """What is to be said of a folder whose model is still to be converted; None of any other, or where it can't be."""
    kind = _settings(folder / "config.json").get("model_type")
    if kind not in tuple(_FAMILIES):
        return None
    try:
        read_source(folder)
    except ConvertError:
        return None
    return f"{folder}: is an original ({kind}), whose code this transformers can't run; `odw convert` makes it native"


def adapter_of_original(folder: Path, base: Path) -> str | None:
    """What is to be said of an adapter that was trained on the original of a converted base; None of any other."""
    targets = _settings(folder / ADAPTER_CONFIG).get("target_modules")
    found = [
        name for name in _PACKED if (base / NOTE).is_file() and isinstance(targets, list | str) and name in targets
    ]
    if not found:
        return None
    return f"{folder}: was trained on the original of {base} ({found[0]}); `odw convert` makes it fit"


def converting(folder: str, get: Iterable[str] = (), base: str = "") -> str:
    """The command that converts an original where the native model, or with a base the native adapter, belongs.

    get: commands that fetch and convert it.

    >>> converting("models/mine", ["hf download X/Y --local-dir o/y && odw convert --dtype bfloat16 o/y models/mine"])
    'mkdir -p o && mv models/mine o/y && odw convert --dtype bfloat16 o/y models/mine'
    """
    told = next((command.rpartition("&& ")[2] for command in get if "odw convert " in command), None)
    convert = told or f"odw convert originals/{Path(folder).name} {folder}"
    original = convert.split()[-2]
    moved = f"mkdir -p {Path(original).parent} && mv {folder} {original} && {convert}"
    return f"{moved} --base {base}" if base else moved


def _settings(file: Path) -> dict[str, Any]:
    """What a file of settings holds, nothing where it can't be read."""
    try:
        return read_json(file)
    except ConvertError:
        return {}


def read_base(folder: Path) -> tuple[Family, Source, bool]:
    """Family and original settings of an adapter's base, which may be the original or converted (true)."""
    if not (folder / NOTE).is_file():
        return *read_source(folder), False
    note = read_json(folder / NOTE)
    config = note.get("source", {}).get("config") if isinstance(note.get("source"), dict) else None
    if not isinstance(config, dict):
        raise ConvertError(f"{folder / NOTE}: doesn't say what was converted; convert the model again")
    source = Source(folder, config, {}, {})
    return _family(source), source, True


def _family(source: Source) -> Family:
    kind = source.config.get("model_type")
    kind = kind if isinstance(kind, str) else ""
    if kind in _FAMILIES:
        return _FAMILIES[kind]
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    if kind in CONFIG_MAPPING_NAMES:
        raise ConvertError(f"{source.folder}: is {kind}, which needs no conversion: transformers loads it as it is")
    raise ConvertError(
        f"{source.folder}: is {kind or 'a model without model_type'}, which isn't known; known are {_KNOWN}"
    )
