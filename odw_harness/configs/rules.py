"""What LLaMA-Factory's parser lets through and a run then dies of, or worse, does not: one function for each matter."""

import functools
import json
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from odw_harness.configs.known import close, how_to_get, template_of
from odw_harness.configs.llamafactory import default_template, same_words, special_tokens, templates
from odw_harness.configs.source import Fault, Source, decimal
from odw_harness.convert.source import converting, original_in
from odw_harness.models import folder_meant, weights_fault

Found = Iterator[Fault]

_BITS = {"bnb": (4, 8), "hqq": (1, 2, 3, 4, 5, 6, 8), "eetq": (8,)}
"""The widths that a method quantises to while it loads (llamafactory/model/model_utils/quantization.py)."""
_RANGES: dict[str, tuple[float, float, str]] = {
    "learning_rate": (0, 1, "above 0 and under 1"),
    "num_train_epochs": (0, math.inf, "above 0"),
    "per_device_train_batch_size": (0, math.inf, "1 or more"),
    "per_device_eval_batch_size": (0, math.inf, "1 or more"),
    "gradient_accumulation_steps": (0, math.inf, "1 or more"),
    "cutoff_len": (0, math.inf, "1 or more"),
    "lora_rank": (0, math.inf, "1 or more"),
    "lora_alpha": (0, math.inf, "1 or more"),
    "lora_dropout": (-1e-9, 1, "from 0 to under 1"),
    "max_new_tokens": (0, math.inf, "1 or more"),
}
"""Open intervals, and their words."""
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin", "model.safetensors", "pytorch_model.bin")


def numbers(source: Source, kind: str) -> Found:
    """Numbers of the right type that make no sense."""
    for key, (low, high, words) in _RANGES.items():
        value = source.values.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and not low < value < high:
            shown = decimal(value) if isinstance(value, float) else value
            yield Fault(source.line(key), key, f"{shown} is out of range; give a number {words}")


def precision(source: Source, kind: str) -> Found:
    """Both half precisions at once."""
    if source.values.get("bf16") is True and source.values.get("fp16") is True:
        yield Fault(source.line("fp16"), "fp16", "stands beside bf16; keep bf16 (Ampere and newer) or fp16")


def quantization(source: Source, kind: str) -> Found:
    """A width that the method does not have; settings of a quantisation that is not asked for; merging onto a quantised base."""
    values = source.values
    bit, method = values.get("quantization_bit"), values.get("quantization_method", "bnb")
    if bit is None:
        for key in ("quantization_method", "quantization_type", "double_quantization"):
            if key in values:
                yield Fault(
                    source.line(key), key, "does nothing without quantization_bit; add quantization_bit: 4", True
                )
        return
    if kind == "export":
        message = "an adapter can't be merged into a quantised base; remove the quantization lines, the adapter goes onto the unquantised one"
        yield Fault(source.line("quantization_bit"), "quantization_bit", message)
    elif method not in _BITS:
        message = f"{method} quantises no model while it loads, so it would stay as it is; use bnb"
        yield Fault(source.line("quantization_method"), "quantization_method", message)
    elif bit not in _BITS[method]:
        allowed = " or ".join(map(str, _BITS[method]))
        yield Fault(source.line("quantization_bit"), "quantization_bit", f"{method} has no {bit} bit; write {allowed}")
    elif bit != 4:
        for key in ("quantization_type", "double_quantization"):
            if key in values:
                yield Fault(source.line(key), key, "does nothing but in 4 bit; remove it", True)


def template(source: Source, kind: str) -> Found:
    """A template that LLaMA-Factory does not have, or that is another model's."""
    name, model = source.values.get("template"), source.values.get("model_name_or_path")
    line = source.line("template")
    if isinstance(name, str) and name not in templates():
        yield Fault(line, "template", f"LLaMA-Factory 0.9.5 has no template {name}{close(name, templates())}")
        return
    if not isinstance(model, str):
        return
    fitting = template_of(model) or default_template(model)
    if name is None:
        if "template" not in source.lines:
            instead = f"; write template: {fitting}" if fitting else "; write template: null if that is meant"
            yield Fault(1, "template", f"is absent: the tokenizer's own chat template is taken{instead}", True)
    elif fitting in templates() and name != "empty" and not same_words(name, str(fitting)):
        yield Fault(line, "template", f"{name} is not this model's; write {fitting}")
    yield from _tokens(source, Path(model), name)


def _tokens(source: Source, folder: Path, name: str | None) -> Found:
    """Whether the tokenizer, where it is there, has what the template needs."""
    line = source.line("template")
    if not (folder / "tokenizer_config.json").is_file():
        return
    if name is None:
        has_own = (folder / "chat_template.jinja").is_file() or _json(folder / "tokenizer_config.json").get(
            "chat_template"
        )
        if not has_own:
            yield Fault(line, "template", f"{folder} has no chat template of its own; name one of LLaMA-Factory's")
        return
    if not (folder / "tokenizer.json").is_file():
        return
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises nothing narrower
        yield Fault(
            source.line("model_name_or_path"),
            "model_name_or_path",
            f"{folder / 'tokenizer.json'} can't be read: {error}",
        )
        return
    named, written = special_tokens(name)
    for tokens, notice in ((named, False), (written, True)):
        missing = sorted(token for token in tokens if tokenizer.token_to_id(token) is None)
        if missing:
            message = f"{name} writes {', '.join(missing)}, no single token of {folder}; is it this model's template?"
            yield Fault(line, "template", message, notice)


def data(source: Source, kind: str) -> Found:
    """Data sets that are not described, or whose files are missing or empty; evaluation without data."""
    values = source.values
    if kind != "train":
        return
    evaluates = values.get("do_eval") is True or values.get("eval_strategy", "no") not in ("no", False)
    if evaluates and not {"eval_dataset", "val_size"} & source.lines.keys():
        key = "eval_strategy" if "eval_strategy" in values else "do_eval"
        yield Fault(
            source.line(key), key, "there is nothing to evaluate on; add eval_dataset or val_size, or remove it"
        )
    folder = values.get("dataset_dir", "data")
    names = [
        (key, name.strip()) for key in ("dataset", "eval_dataset") for name in str(values.get(key) or "").split(",")
    ]
    names = [(key, name) for key, name in names if name]
    if not isinstance(folder, str) or folder == "ONLINE" or folder.startswith("REMOTE:") or not names:
        return
    info_file = Path(folder) / "dataset_info.json"
    info = _json(info_file)
    if not info:
        what = "is no JSON object" if info_file.is_file() else f"does not exist, seen from {os.getcwd()}"
        key = "dataset_dir" if "dataset_dir" in values else "dataset"
        yield Fault(source.line(key), key, f"{info_file} {what}; run from the repository's root, or correct the path")
        return
    for key, name in names:
        if name not in info:
            yield Fault(source.line(key), key, f"{info_file} describes no {name}{close(name, info)}")
        elif problem := _data_file(Path(folder), info[name]):
            remedy = "; `odw data build` makes it" if name.startswith("odw_") else ""
            yield Fault(source.line(key), key, f"{name}: {problem}{remedy}")


def _data_file(folder: Path, entry: Any) -> str | None:
    """What is wrong with the file of a data set; those of hubs are not looked at."""
    if not isinstance(entry, dict):
        return "its description in dataset_info.json is no JSON object"
    if any(key.endswith("_url") for key in entry):
        return None
    name = entry.get("file_name")
    if not isinstance(name, str):
        return "its description in dataset_info.json names no file_name"
    if not (folder / name).exists():
        return f"{folder / name} does not exist"
    return f"{folder / name} is empty" if (folder / name).stat().st_size == 0 else None


def model(source: Source, kind: str) -> Found:
    """Where the weights are, and whether the settings fit them."""
    value = source.values.get("model_name_or_path")
    line, key = source.line("model_name_or_path"), "model_name_or_path"
    if source.values.get("trust_remote_code") is True:
        message = "runs code out of the model's folder, without asking; read it first"
        yield Fault(source.line("trust_remote_code"), "trust_remote_code", message, True)
    if not isinstance(value, str):
        return
    folder = Path(value)
    if value.startswith("~"):
        yield Fault(line, key, f"~ is not expanded; write {folder.expanduser()}")
    elif folder.is_dir():
        config = _json(folder / "config.json")
        if not config:
            yield Fault(line, key, f"{value} holds no readable config.json, so it is no model; {how_to_get(value)}")
        elif fault := weights_fault(folder, "config.json"):
            yield Fault(line, key, f"{fault}; {how_to_get(value) or 'put the weights there'}")
        elif source.values.get("trust_remote_code") is not True and (original := original_in(folder)):
            yield Fault(line, key, f"{original}: {converting(value, [how_to_get(value)])}")
            return
        yield from _length(source, config)
        yield from _dtype(source, kind, folder, config)
    elif how_to_get(value) or folder_meant(value):
        yield Fault(line, key, f"{value} is not there yet; {how_to_get(value) or 'put the weights there'}", True)
    else:
        yield Fault(line, key, f"{value} is no folder here, so it is fetched from the hub when the run starts", True)


def _length(source: Source, config: dict[str, Any]) -> Found:
    cutoff, most = source.values.get("cutoff_len"), config.get("max_position_embeddings")
    if isinstance(cutoff, int) and isinstance(most, int) and cutoff > most and not source.values.get("rope_scaling"):
        message = f"{cutoff} is more than the model's {most} positions; write {most} at most, or add rope_scaling"
        yield Fault(source.line("cutoff_len"), "cutoff_len", message)


def _dtype(source: Source, kind: str, folder: Path, config: dict[str, Any]) -> Found:
    """LLaMA-Factory 0.9.5 loads weights as the model's config.json says, and autocast joins no two half precisions."""
    saved = config.get("dtype") or config.get("torch_dtype")
    for key, trained in (("bf16", "bfloat16"), ("fp16", "float16")):
        if kind == "train" and source.values.get(key) is True and saved in {"bfloat16", "float16"} - {trained}:
            message = f"the model loads in {saved}, and training in {trained} fails on that; write {trained} as dtype in {folder / 'config.json'}, the weights are cast as they load"
            yield Fault(source.line(key), key, message)


def targets(source: Source, kind: str) -> Found:
    """Layers to train that the model, where it is there, does not have: peft says nothing as long as it finds one of them."""
    values, folder = source.values, Path(str(source.values.get("model_name_or_path")))
    if kind != "train" or values.get("finetuning_type", "lora") not in ("lora", "oft"):
        return
    if values.get("trust_remote_code") is True or not (folder / "config.json").is_file() or original_in(folder):
        return
    for key in ("lora_target", "additional_target"):
        names = [name.strip() for name in str(values.get(key) or "").split(",") if name.strip()]
        if not names or (key == "lora_target" and names == ["all"]):
            continue
        modules = _modules(folder)
        paths = [f".{module}." for module in modules]
        # what is trained whole may be a part that has layers in it, such as mlp
        has = str.endswith if key == "lora_target" else str.__contains__
        absent = [name for name in names if not any(has(path, f".{name}.") for path in paths)]
        if modules and absent:
            fit = {name.rpartition(".")[2] for name, linear in modules.items() if linear or key == "additional_target"}
            message = f"{folder} has no {', '.join(absent)}; it has {', '.join(sorted(fit))}"
            yield Fault(source.line(key), key, message + ("; all is usual" if key == "lora_target" else ""))


@functools.cache
def _modules(folder: Path) -> dict[str, bool]:
    """A model's layers by its config.json, and whether they are linear; none where it needs code of its own."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    except Exception:  # what is wrong with a configuration is not for here
        return {}
    layers = {
        name: module for name, module in model.named_modules() if next(module.parameters(False), None) is not None
    }
    return {name: isinstance(module, torch.nn.Linear) for name, module in layers.items()}


def reporting(source: Source, kind: str) -> Found:
    """Services that transformers does not report to."""
    from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

    known = (*INTEGRATION_TO_CALLBACK, "none", "all")
    value = source.values.get("report_to")
    for name in value if isinstance(value, list) else [value] if isinstance(value, str) else []:
        if name not in known:
            near = close(str(name), known) or f"; write {', '.join(known)}"
            yield Fault(source.line("report_to"), "report_to", f"transformers reports to no {name}{near}")


def places(source: Source, kind: str) -> Found:
    """Folders that are written: never one that is read, and what a run would find in it."""
    values = source.values
    adapters = [each.strip() for each in str(values.get("adapter_name_or_path") or "").split(",") if each.strip()]
    target_key = {"train": "output_dir", "export": "export_dir"}.get(kind, "")
    target = values.get(target_key)
    if isinstance(target, str):
        read = [
            key
            for key, paths in (
                ("model_name_or_path", [values.get("model_name_or_path")]),
                ("adapter_name_or_path", adapters),
            )
            if any(_same(path, target) for path in paths)
        ]
        for key in read:
            message = f"is {key} too and would be written over; name another folder"
            yield Fault(source.line(target_key), target_key, message)
        fresh = values.get("overwrite_output_dir") or values.get("resume_from_checkpoint")
        if kind == "train" and not read and not fresh:
            yield from _resumes(source, Path(target))
    for adapter in adapters:
        folder = folder_meant(adapter)
        if folder and weights_fault(folder, "adapter_config.json"):
            message = f"{folder} holds no adapter yet; llamafactory-cli train configs/{folder.name}.yaml"
            yield Fault(source.line("adapter_name_or_path"), "adapter_name_or_path", message, True)


def _same(one: Any, other: str) -> bool:
    return isinstance(one, str) and os.path.realpath(one) == os.path.realpath(other)


def _resumes(source: Source, folder: Path) -> Found:
    line = source.line("output_dir")
    checkpoints = [each for each in folder.glob("checkpoint-*") if each.name.partition("-")[2].isdigit()]
    if checkpoints:
        last = max(checkpoints, key=lambda each: int(each.name.partition("-")[2]))
        message = f"training goes on from {last}; overwrite_output_dir=true on the command line starts anew"
        yield Fault(line, "output_dir", message, True)
    elif any((folder / name).is_file() for name in _WEIGHTS):
        message = f"{folder} holds a trained model but no checkpoint to go on from; name another folder, or add overwrite_output_dir: true"
        yield Fault(line, "output_dir", message)


def deepspeed(source: Source, kind: str) -> Found:
    """DeepSpeed's file: that it is one, and that it stands on the command line."""
    file = source.values.get("deepspeed")
    if not isinstance(file, str):
        return
    line = source.line("deepspeed")
    if not Path(file).is_file():
        yield Fault(line, "deepspeed", f"{file} does not exist; configs/overlays holds ours")
    elif not _json(Path(file)):
        yield Fault(line, "deepspeed", f"{file} is no JSON object; configs/overlays holds ours")
    else:
        yield Fault(
            line, "deepspeed", "starts by FORCE_TORCHRUN=1 alone; leave it to `odw configs launch --overlay`", True
        )


RULES: tuple[Callable[[Source, str], Found], ...] = (
    numbers,
    precision,
    quantization,
    template,
    data,
    model,
    targets,
    reporting,
    places,
    deepspeed,
)
"""Every rule: a configuration and its kind → what is wrong with it."""


def _json(file: Path) -> dict[str, Any]:
    """What a JSON file holds; empty where it is none or no object."""
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
