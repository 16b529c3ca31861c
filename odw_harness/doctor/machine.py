"""Do the packages import, and what can the device do? Tried in other processes, which may crash."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from odw_harness.doctor.finding import Finding
from odw_harness.doctor.packages import MODULES, installed, lacking, plain

_PATIENCE = 90.0
"""Seconds that all imports together may take."""
_LATE = "takes too long"
_GB = 1e9
_SLOW = 3.0
"""bfloat16 has half of float32's bytes to move: where it takes longer by this factor, the CPU has no instructions for it."""
_SMALL_GPU = 20e9
"""A 7B model in bfloat16 is 15 GB, and its answers want some more."""


def findings() -> Iterator[Finding]:
    """Imports that fail, placeholders, the accelerators and what they can do."""
    packages = [name for name in MODULES if installed(name)]
    placeholders = [name for name in packages if "placeholder" in str(installed(name))]
    gpu = gpus_of_the_driver()
    if placeholders:
        what = f"{', '.join(placeholders)}: stand in beside a CPU build of torch; text needs neither"
        if gpu:
            do = f"pip uninstall {' '.join(placeholders)}, then pip install 'odw-harness[train]'"
            yield Finding("packages", "placeholders", what, "fault", do)
        else:
            yield Finding("packages", "placeholders", what)
    wanted = [name for name in packages if name not in placeholders]
    errors, device = tried([MODULES[name] for name in wanted])
    failed = {name: errors[MODULES[name]] for name in wanted if MODULES[name] in errors}
    for name, error in failed.items():
        what = f"{installed(name)} can't be imported: {error}"
        # `peft` fails with an error of `flash_attn`, `transformers` with one of `torchvision`: mending these is enough.
        cause = next((other for other in failed if other != name and _names(error, MODULES[other])), None)
        do = f"mend {cause}, which it imports" if cause else _mend(name, error, bool(gpu))
        yield Finding("packages", name, what, "fault", do)
    yield from _device(device, gpu, errors)


def _names(error: str, module: str) -> bool:
    """Whether an error is about a module, or about a library whose name begins with its."""
    return re.search(rf"\b{re.escape(module)}(?![a-z])", error) is not None


def _mend(name: str, error: str, gpu: bool) -> str:
    if wants := [plain(wanted) for wanted, _ in lacking(name)]:
        return f"pip install {' '.join(map(repr, wants))}, which it requires"
    missing = re.search(r"No module named '(\w+)", error)
    if missing and missing[1] != MODULES[name].partition(".")[0] and find_spec(missing[1]) is None:
        return f"pip install the package that has {missing[1]}"
    if name in ("torchvision", "torchaudio"):
        if not gpu:
            return f"pip uninstall {name}; where LLaMA-Factory wants it, make setup puts a placeholder there"
        return f"pip install --force-reinstall {name} of the version that goes with torch {installed('torch')}"
    if name in ("deepspeed", "flash-attn", "vllm"):
        return f"pip uninstall {name}, or build it for torch {installed('torch')}"
    if name == "scipy":
        return "pip install --force-reinstall numpy scipy: one is built for another version of the other"
    return f"pip install --force-reinstall {name}=={installed(name)}"


def gpus_of_the_driver() -> list[str]:
    """Names of the GPUs that NVIDIA's driver knows, whatever torch makes of them."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.strip().splitlines() if done.returncode == 0 else []


def tried(modules: Sequence[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """By module why it can't be imported; and what the probe says of the device, or under error why it says nothing.

    A module that ends the process is at fault, and the rest is tried without it. A machine that is too slow for the
    trial is no fault of a module's: then `late` says what was under way.
    """
    errors: dict[str, str] = {}
    left = list(modules)
    while True:
        told, ended = _probe(left)
        errors |= {line["import"]: line["error"] for line in told if line.get("error") and "import" in line}
        begun = next((line["begin"] for line in reversed(told) if "begin" in line), None)
        over = {line["import"] for line in told if "import" in line}
        if ended == _LATE:
            return errors, {"late": begun or "python"}
        if begun == "device" or begun is None or begun in over:
            said = next((line for line in told if "device" in line), None)
            if said is None:
                return errors, {"error": f"the trial of the device {ended}"}
            return errors, said["device"] or {"error": said["error"]}
        errors[begun] = f"its import {ended}"
        left = [module for module in left if module != begun and module not in over]


def _probe(modules: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """What a probe told, and how it ended."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "odw_harness.doctor.probe", *modules]
    ended = ""
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, env=environment, check=False)
        out, code = done.stdout, done.returncode
        ended = f"ends the process ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"
    except subprocess.TimeoutExpired as late:
        out, ended = late.stdout or b"", _LATE
    whole = out.decode("utf-8", "replace").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()], ended


def _device(device: dict[str, Any], driver: list[str], errors: dict[str, str]) -> Iterator[Finding]:
    if "late" in device:
        what = f"not tried: {_PATIENCE:.0f} s were over at {device['late']}"
        yield Finding("device", "device", what, "note", "run again when the machine is less busy")
        return
    if "error" in device:
        if "torch" not in errors:
            yield Finding(
                "device", "device", str(device["error"]), "fault", "" if installed("torch") else "pip install torch"
            )
        return
    build = f"CUDA {device['cuda']}" if device["cuda"] else f"ROCm {device['hip']}" if device["hip"] else "CPU"
    yield Finding("device", "torch's build", build)
    if driver and not device["gpus"]:
        version = str(device["torch"]).split("+")[0]
        what = f"the driver knows {'; '.join(driver)}, torch ({build} build) does not"
        do = f"pip install --force-reinstall torch=={version} as a CUDA build that the driver can run"
        yield Finding("device", "GPU", what, "fault", do)
    for number, gpu in enumerate(device["gpus"]):
        what = f"{gpu['name']}, {gpu['memory'] / _GB:.0f} GB ({gpu['free'] / _GB:.0f} free), capability {gpu['capability']}"
        small = gpu["memory"] < _SMALL_GPU
        do = "7B models: load_in_4bit, or -- --batch_size 1" if small else ""
        yield Finding("device", f"GPU {number}", what, "note" if small else "ok", do)
    if not device["gpus"] and not driver:
        yield Finding("device", "GPU", "none: models run on the CPU, for which only small ones are fit")
    where = "the GPU" if device["gpus"] else "the CPU"
    emulated = any(not gpu["bf16"] for gpu in device["gpus"])
    if device["bf16"]:
        do = "dtype=float32 in model_args, and no bf16 in training"
        yield Finding("device", "bf16", f"does not work on {where}: {device['bf16']}", "fault", do)
    elif emulated:
        do = "dtype=float16 in model_args; fp16: true, bf16: false in training"
        yield Finding("device", "bf16", f"emulated on {where}: slow", "note", do)
    elif device["slowdown"] > _SLOW:
        what = f"works on {where}, but {device['slowdown']:.0f} times slower than float32"
        do = "dtype=float32 in model_args; bf16: false in training"
        yield Finding("device", "bf16", what, "note", do)
    else:
        yield Finding("device", "bf16", f"works on {where}")
    if device["four_bit"] is None:
        yield Finding("device", "4-bit", f"works on {where}: a layer was quantised (NF4) and used")
    elif installed("bitsandbytes") is None:
        yield Finding("device", "4-bit", "no bitsandbytes", "note", "pip install 'odw-harness[quantized]' for QLoRA")
    elif "bitsandbytes" not in errors:
        do = "pip install --upgrade bitsandbytes" if device["gpus"] else "pip install 'bitsandbytes>=0.47'"
        yield Finding("device", "4-bit", f"does not work on {where}: {device['four_bit']}", "fault", do)
