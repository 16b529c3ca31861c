"""LoRA adapters that were trained on an original, made to fit the converted model, exactly.

ΔW = s·B·A. Where the converted model has the rows of W as several matrices, each gets the same A and its rows of B (and of
the bias, and of DoRA's magnitudes, which belong to rows as well); rank, alpha and so the scale s stay.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.convert.family import Family, Module, read_json
from odw_harness.convert.run import Converted, write_note
from odw_harness.convert.shards import ADAPTER, find_weights, opened, write_shard
from odw_harness.convert.source import ADAPTER_CONFIG, read_base
from odw_harness.convert.target import appearing, check_target
from odw_harness.convert.weights import unit_rows
from odw_harness.errors import ConvertError
from odw_harness.models import sha256

if TYPE_CHECKING:
    import torch

_ROWS = r"lora_B\.weight|lora_B\.bias|lora_magnitude_vector(?:\.weight)?|(?:base_layer\.)?(?:weight|bias)"
_SHARED = r"lora_A\.weight|lora_embedding_A|lora_embedding_B"
_KEY = re.compile(rf"base_model\.model\.(?P<module>.+?)\.(?:(?P<rows>{_ROWS})|(?P<shared>{_SHARED}))")
"""A tensor of an adapter: of its module either the rows are shared out, or every part gets the whole."""
_EXACT_STARTS = (True, False, "gaussian", "eva", "orthogonal")
"""Ways to begin training (init_lora_weights) that leave the base as it is."""
_CARRIED = {
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "exclude_modules",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "lora_alpha",
    "lora_bias",
    "lora_dropout",
    "modules_to_save",
    "peft_type",
    "peft_version",
    "r",
    "rank_pattern",
    "revision",
    "target_modules",
    "task_type",
    "use_dora",
    "use_rslora",
    # Only of use while training begins:
    "corda_config",
    "eva_config",
    "loftq_config",
    "qalora_group_size",
    "runtime_config",
}
"""Fields of adapter_config.json that are carried over, worked out anew, or without effect on a trained adapter."""


def convert_adapter(adapter: Path, target: Path, base: Path | None, force: bool = False) -> Converted:
    """Make a LoRA adapter of an original model one of the converted model.

    base: the original or the converted model; None: what adapter_config.json names. Raises ConvertError with one line;
    the target is there whole or not at all.
    """
    check_target(target, adapter, force)
    config = read_json(adapter / ADAPTER_CONFIG)
    _refuse(adapter, config)
    base = base or _stated_base(adapter, config)
    family, source, converted = read_base(base)
    modules = family.modules(source)
    checkpoint = find_weights(adapter, ADAPTER)
    tensors: dict[str, torch.Tensor] = {}
    adapted: dict[str, set[str]] = {}
    with opened(checkpoint.files) as read:
        for name, stored in checkpoint.tensors.items():
            match = _KEY.fullmatch(name)
            module = modules.get(match["module"]) if match else None
            if match is None or module is None:
                raise ConvertError(f"{stored.file}: {name} fits no module of {family.name}; is {base} its base?")
            last = match["rows"] or match["shared"]
            adapted.setdefault(match["module"], set()).add(last)
            tensor = read(stored.file, name)
            _check(stored.file, name, family, module, last, tensor)
            for part in module.parts:
                rows = slice(*part.rows) if part.rows and match["rows"] else slice(None)
                # A copy: the parts of a packed matrix share A, and a file of safetensors can't.
                made = unit_rows(tensor) if module.unit_rows else tensor[rows].clone()
                tensors[f"base_model.model.{part.name}.{last}"] = made
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        native = _native_config(adapter, config, modules, adapted, tensors)
        native["base_model_name_or_path"] = str(base.resolve()) if converted else config.get("base_model_name_or_path")
        with appearing(target, adapter, force, size + 1_000_000) as folder:
            write_shard(tensors, folder / f"{ADAPTER[0]}.safetensors")
            text = json.dumps(native, ensure_ascii=False, indent=2) + "\n"
            (folder / ADAPTER_CONFIG).write_text(text, encoding="utf-8")
            hashes = {file.name: sha256(file) for file in checkpoint.files}
            write_note(
                {
                    "what": f"an adapter of {family.name} for {family.architecture}",
                    "source": {"folder": adapter.resolve().name, "sha256": hashes, "config": config},
                },
                folder,
            )
    what = f"an adapter of {family.name} for {family.architecture}, {len(tensors)} tensors"
    return Converted(target, what, size, False, {}, [])


def _refuse(adapter: Path, config: Mapping[str, Any]) -> None:
    def fault(field: str, what: str) -> ConvertError:
        return ConvertError(f"{adapter / ADAPTER_CONFIG}: field {field}: {what}")

    if config.get("peft_type") != "LORA":
        raise fault("peft_type", f"is {config.get('peft_type')}; only LoRA is converted (DoRA and rsLoRA included)")
    start = config.get("init_lora_weights", True)
    if start not in _EXACT_STARTS:
        raise fault("init_lora_weights", f"is {start!r}, which changes the base's weights; merge it into the original")
    if config.get("fan_in_fan_out"):
        raise fault("fan_in_fan_out", "is true, which none of the known models has")
    from peft import LoraConfig

    usual = LoraConfig().to_dict()
    for field, value in config.items():
        if field not in _CARRIED and value and value != usual.get(field):
            raise fault(field, f"is {value!r}, which isn't converted; merge the adapter into the original instead")


def _stated_base(adapter: Path, config: Mapping[str, Any]) -> Path:
    stated = config.get("base_model_name_or_path")
    if isinstance(stated, str) and Path(stated).is_dir():
        return Path(stated)
    raise ConvertError(f"{adapter}: was trained on {stated or 'an unnamed model'}; name the converted model by --base")


def _check(file: Path, name: str, family: Family, module: Module, last: str, tensor: "torch.Tensor") -> None:
    if module.unit_rows and last != "weight":
        raise ConvertError(
            f"{file}: {name} adapts the head, whose sum {family.name} brings to unit rows: no native adapter does; "
            "merge it into the original instead"
        )
    if last.removeprefix("base_layer.") == "bias" and not module.bias:
        raise ConvertError(f"{file}: {name} is there, but that module of {family.name} has no bias; is that its base?")
    # Where a side is free (the rank), it is None.
    rows, columns = module.shape[0], module.shape[-1]
    expected: dict[str, tuple[int | None, ...]] = {
        "lora_A.weight": (None, columns),
        "lora_B.weight": (rows, None),
        "lora_B.bias": (rows,),
        "lora_magnitude_vector": (rows,),
        "lora_embedding_A": (None, rows),
        "lora_embedding_B": (columns, None),
        "weight": module.shape,
        "bias": (rows,),
    }
    shape = expected[last.removeprefix("base_layer.").replace("vector.weight", "vector")]
    found = tuple(tensor.shape)
    if len(found) != len(shape) or any(side not in (None, there) for side, there in zip(shape, found, strict=True)):
        wanted = " × ".join("r" if side is None else str(side) for side in shape)
        raise ConvertError(f"{file}: {name} has shape {list(found)}, by the base it is {wanted}; is that its base?")


def _native_config(
    adapter: Path,
    config: Mapping[str, Any],
    modules: Mapping[str, Module],
    adapted: Mapping[str, set[str]],
    tensors: Mapping[str, "torch.Tensor"],
) -> dict[str, Any]:
    """adapter_config.json for the native modules: which they are, and rank and alpha where they differ."""
    from peft.utils.other import get_pattern_key

    def of(field: str, usual: int, pattern: str, module: str) -> Any:
        patterns = config.get(pattern) or {}
        return patterns.get(get_pattern_key(patterns, module), config.get(field, usual))

    targets: list[str] = []
    saved: list[str] = []
    ranks: dict[str, Any] = {}
    alphas: dict[str, Any] = {}
    to_save = tuple(config.get("modules_to_save") or ())
    for name, tails in adapted.items():
        parts = [part.name for part in modules[name].parts]
        if "weight" in tails and name.endswith(to_save):
            saved += parts
        if not any(tail.startswith("lora_") for tail in tails):
            continue
        targets += parts
        rank = of("r", 8, "rank_pattern", name)
        for part in parts:
            found = [tensors.get(f"base_model.model.{part}.{a}") for a in ("lora_A.weight", "lora_embedding_A")]
            if any(tensor is not None and tensor.shape[0] != rank for tensor in found):
                raise ConvertError(f"{adapter}: {name} has another rank than the {rank} of {ADAPTER_CONFIG}")
            ranks[part], alphas[part] = rank, of("lora_alpha", 8, "alpha_pattern", name)
    if not targets:
        raise ConvertError(f"{adapter}: has no LoRA matrices; was it trained?")
    usual = {"r": config.get("r", 8), "lora_alpha": config.get("lora_alpha", 8)}
    return {
        **config,
        "target_modules": _short(targets, modules),
        "modules_to_save": saved or None,
        "rank_pattern": {name: rank for name, rank in ranks.items() if rank != usual["r"]},
        "alpha_pattern": {name: alpha for name, alpha in alphas.items() if alpha != usual["lora_alpha"]},
        "init_lora_weights": True,
        "task_type": "CAUSAL_LM",  # ChatGLM's could be SEQ_2_SEQ_LM, for which peft asks more than Glm has
        **dict.fromkeys(("auto_mapping", "exclude_modules", "layers_pattern", "layers_to_transform", "revision")),
    }


def _short(targets: Iterable[str], modules: Mapping[str, Module]) -> list[str]:
    """The last names of the targets, where these mean no other modules; otherwise the targets in full."""
    wanted = set(targets)
    last = {name.rsplit(".", 1)[-1] for name in wanted}
    meant = {part.name for module in modules.values() for part in module.parts if part.name.rsplit(".", 1)[-1] in last}
    return sorted(last if meant == wanted else wanted)
