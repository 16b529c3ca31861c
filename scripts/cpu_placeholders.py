"""Wheels that stand in for torchvision and torchaudio where torch is a CPU build: `cpu_placeholders.py FOLDER`.

LLaMA-Factory 0.9.5 requires both, for pictures and sound, and imports torchaudio at its start. PyPI's builds of both
want CUDA: beside a CPU torch, torchvision fails at import and breaks transformers with it, torchaudio does not find
libc10_cuda.so. Training on text needs neither. The torchvision made here holds no module, so that transformers sees
that there is none; the torchaudio holds one that says so when it is used. pip counts both as installed, nothing of
the other packages is changed, and `pip uninstall torchvision torchaudio` takes them away.

Prints the wheels' paths, or nothing where the machine has an accelerator: there the real ones belong.
"""

import shutil
import sys
import zipfile
from pathlib import Path

_AUDIO = '''"""Placeholder: this environment has a CPU build of torch, and no torchaudio (scripts/cpu_placeholders.py)."""


def __getattr__(name: str) -> object:
    raise AttributeError(f"torchaudio.{name}: this is a placeholder; training on sound needs the real torchaudio")
'''
# Newer than LLaMA-Factory's lower bounds (0.19 and 2.4); the local part says what they are.
WHEELS = {"torchvision": ("0.28.0+placeholder", None), "torchaudio": ("2.11.0+placeholder", _AUDIO)}


def make(name: str, version: str, module: str | None, folder: Path) -> Path:
    """A wheel in folder that installs as name, with one module or none."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        "Summary: Placeholder beside a CPU build of torch\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: cpu_placeholders\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if module is not None:
        files[f"{name}/__init__.py"] = module
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return path


if __name__ == "__main__":
    if not any(map(shutil.which, ("nvidia-smi", "rocm-smi", "npu-smi"))):
        target = Path(sys.argv[1])
        target.mkdir(parents=True, exist_ok=True)
        print(*(make(name, version, module, target) for name, (version, module) in WHEELS.items()))
