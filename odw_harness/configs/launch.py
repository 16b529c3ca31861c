"""`odw configs launch`: a configuration on several GPUs, by the command line alone."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from odw_harness.configs.check import kind_of
from odw_harness.configs.known import FOLDER, close
from odw_harness.configs.source import read_config
from odw_harness.errors import ConfigError

OVERLAYS = ("zero2", "zero3", "fsdp")


@dataclass(frozen=True)
class Overlay:
    """How the processes share the work. stage: of DeepSpeed's ZeRO, 0 for plain data parallelism and FSDP."""

    name: str
    file: str | None = None
    stage: int = 0
    fsdp: bool = False

    @property
    def shards(self) -> bool:
        """Whether the weights themselves are split."""
        return self.fsdp or self.stage == 3


@dataclass(frozen=True)
class Batch:
    """Documents that a step sees: per_device × accumulation × gpus."""

    per_device: int
    accumulation: int
    gpus: int

    @property
    def effective(self) -> int:
        """All of them."""
        return self.per_device * self.accumulation * self.gpus

    def __str__(self) -> str:
        processes = f"{self.gpus} GPU{'s'[: self.gpus != 1]}"
        return f"{self.per_device} a device × {self.accumulation} accumulated × {processes} = {self.effective}"


@dataclass(frozen=True)
class Launch:
    """A command, and the batch it keeps."""

    command: str
    before: Batch
    batch: Batch

    @property
    def words(self) -> str:
        """What the command does to the batch."""
        return f"a step sees {self.batch}; the configuration alone, {self.before}"

    def as_json(self) -> dict[str, Any]:
        """What --json prints."""
        return {"command": self.command, "batch": {**asdict(self.batch), "effective": self.batch.effective}}


def launch(config: str, gpus: int, overlay: str | None = None, effective: int | None = None) -> Launch:
    """The command that trains by a configuration on several GPUs of this machine.

    effective: documents a step; without it as many as on one GPU. The batch on a device stays as near to the
    configuration's as it divides. Raises ConfigError where it does not, or where things can't work together.
    """
    values = read_config(config).values
    if kind_of(values) != "train":
        raise ConfigError(f"{config}: trains nothing; launch a training configuration")
    if gpus < 1:
        raise ConfigError(f"--gpus {gpus}: must be 1 or more")
    before = Batch(
        _number(config, values, "per_device_train_batch_size", 8),
        _number(config, values, "gradient_accumulation_steps", 1),
        1,
    )
    laid = find_overlay(overlay)
    if reason := refusal(values, laid):
        raise ConfigError(f"{config}: {laid.name} {reason}")
    if laid.fsdp and gpus == 1:
        raise ConfigError(
            f"--gpus 1: {laid.name} has nothing to split on one GPU, and there a run ends in an error when it saves; "
            "leave the overlay out"
        )
    batch = split(before, gpus, effective)
    overrides = {}
    if batch.per_device != before.per_device:
        overrides["per_device_train_batch_size"] = str(batch.per_device)
    if batch.accumulation != before.accumulation:
        overrides["gradient_accumulation_steps"] = str(batch.accumulation)
    return Launch(_command(config, values, laid, gpus, overrides), before, batch)


def _command(config: str, values: Mapping[str, Any], overlay: Overlay, gpus: int, overrides: dict[str, str]) -> str:
    cpu = values.get("use_cpu") is True
    if cpu and gpus > 1:
        overrides["ddp_backend"] = "gloo"
    if overlay.fsdp:
        precision = "fp16" if values.get("fp16") is True else "bf16"
        parts = ["accelerate", "launch", "--config_file", str(overlay.file), "--num_processes", str(gpus)]
        parts += ["--mixed_precision", precision, "-m", "llamafactory.launcher"]
        environment = []
    else:
        if overlay.file:
            overrides["deepspeed"] = overlay.file
        parts = ["llamafactory-cli", "train"]
        # llamafactory-cli takes every GPU that it sees, so one is said too.
        several = ["FORCE_TORCHRUN=1", f"NPROC_PER_NODE={gpus}"]
        environment = several if gpus > 1 or overlay.stage else [] if cpu else ["CUDA_VISIBLE_DEVICES=0"]
    settings = [f"{key}={value}" for key, value in overrides.items()]
    return " ".join([*environment, shlex.join([*parts, config, *settings])])


def split(before: Batch, gpus: int, effective: int | None = None) -> Batch:
    """The batch on several GPUs that sees as many documents a step. Raises ConfigError where it can't.

    >>> str(split(Batch(2, 4, 1), 4))
    '2 a device × 1 accumulated × 4 GPUs = 8'
    """
    wanted = before.effective if effective is None else effective
    if wanted < 1 or wanted % gpus:
        possible = [str(number) for number in range(1, min(wanted, gpus) + 1) if wanted % number == 0]
        fewer = f"use {' or '.join(possible)} GPUs, or " if wanted > 0 else ""
        raise ConfigError(
            f"--gpus {gpus}: {wanted} documents a step can't be dealt out to {gpus} GPUs; "
            f"{fewer}say another number with --effective-batch, such as {gpus * before.per_device}"
        )
    each = wanted // gpus
    per_device = max(number for number in range(1, min(before.per_device, each) + 1) if each % number == 0)
    return Batch(per_device, each // per_device, gpus)


def find_overlay(name: str | None) -> Overlay:
    """An overlay by its name, or a DeepSpeed JSON or accelerate YAML of the user's. Raises ConfigError."""
    if name is None:
        return Overlay("data parallelism")
    path = Path(name)
    if path.suffix not in (".json", ".yaml", ".yml"):
        if name not in OVERLAYS:
            raise ConfigError(
                f"--overlay {name}: is none of {', '.join(OVERLAYS)}, and no .json or .yaml{close(name, OVERLAYS)}"
            )
        path = FOLDER / "overlays" / (f"{name}.yaml" if name == "fsdp" else f"{name}.json")
    try:
        text = path.read_text(encoding="utf-8")
        held = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}; run from the repository's root") from None
    except (ValueError, yaml.YAMLError):
        raise ConfigError(
            f"{path}: is no {'JSON' if path.suffix == '.json' else 'YAML'}; llamafactory_configs/overlays holds ours"
        ) from None
    if path.suffix == ".json":
        zero = held.get("zero_optimization") if isinstance(held, dict) else None
        stage = zero.get("stage") if isinstance(zero, dict) else None
        if stage not in (1, 2, 3):
            raise ConfigError(f"{path}: zero_optimization.stage: must be 1, 2 or 3, for this is DeepSpeed's file")
        return Overlay(f"ZeRO-{stage}", str(path), stage)
    if not isinstance(held, dict) or held.get("distributed_type") != "FSDP":
        raise ConfigError(
            f"{path}: distributed_type: must be FSDP, for this is accelerate's file; DeepSpeed's is a .json"
        )
    return Overlay("FSDP", str(path), fsdp=True)


def refusal(values: Mapping[str, Any], overlay: Overlay) -> str | None:
    """Why a configuration can't run under an overlay; None where it can."""
    bit, method = values.get("quantization_bit"), values.get("quantization_method", "bnb")
    sharded_bits = overlay.shards and bit is not None
    half = values.get("bf16") is True or values.get("fp16") is True
    on = {key for key, value in values.items() if value is True}
    cases = (
        (bool(values.get("deepspeed")), "can't be laid over it: it names a deepspeed file itself; remove that line"),
        (sharded_bits and method != "bnb", f"can't split weights that {method} quantised; use bnb in 4 bit, or zero2"),
        (sharded_bits and bit != 4, f"can't split {bit}-bit weights; use 4 bit, or zero2"),
        (sharded_bits and not half, "splits 4-bit weights stored as bf16 or fp16; add bf16: true"),
        (overlay.fsdp and not half, "mixes precision; add bf16: true"),
        (
            bool(overlay.stage or overlay.fsdp) and "use_cpu" in on,
            "needs GPUs; use_cpu is set, so leave the overlay out",
        ),
        (
            overlay.stage == 3 and "predict_with_generate" in on,
            "can't generate while it evaluates; remove predict_with_generate",
        ),
        (overlay.stage == 3 and "pure_bf16" in on, "needs mixed precision; write bf16 instead of pure_bf16"),
        (overlay.stage == 3 and "use_unsloth" in on, "can't split a model of unsloth's; remove use_unsloth"),
        (overlay.stage == 3 and "pissa_init" in on, "can't decompose split weights; remove pissa_init"),
        (
            overlay.stage > 0 and bool({"use_galore", "use_apollo"} & on),
            "brings its own optimizer loop; remove use_galore, use_apollo",
        ),
    )
    return next((reason for applies, reason in cases if applies), None)


def _number(config: str, values: Mapping[str, Any], key: str, default: int) -> int:
    value = values.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{config}: {key}: must be a whole number, 1 or more; `odw configs check` tells all faults")
    return value
