"""Weights on disk: read from safetensors or pickle, indexed or single, one shard at a time, and written the same way.

Tensors are mapped from the file, not read into memory, and a file is closed after each target shard, so that of the
source no more than what went into one target shard is ever resident.
"""

import json
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.errors import ConvertError

if TYPE_CHECKING:
    import torch

MODEL = ("model", "pytorch_model")
ADAPTER = ("adapter_model", "adapter_model")
"""Names of weight files without their endings: of safetensors, and of pickles."""
_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class Stored:
    """A tensor in a file."""

    file: Path
    shape: tuple[int, ...]
    dtype: "torch.dtype"


@dataclass(frozen=True)
class Checkpoint:
    """What a folder's weight files hold, without their data. index: the file that lists them, if there is one."""

    files: tuple[Path, ...]
    index: Path | None
    tensors: Mapping[str, Stored]


def find_weights(folder: Path, names: tuple[str, str] = MODEL) -> Checkpoint:
    """The tensors of a folder: of safetensors and pickles the first of which all files are there.

    Raises ConvertError where files are missing, damaged, hold code, or disagree with the index.
    """
    forms = [form for name in (f"{names[0]}.safetensors", f"{names[1]}.bin") if (form := _form(folder, name))]
    if not forms:
        parts = sorted(path.name for path in folder.glob("*-of-*") if path.suffix in (".safetensors", ".bin"))
        if parts:
            raise ConvertError(f"{folder}: the index of {parts[0]} is missing (*.index.json); fetch it too")
        raise ConvertError(f"{folder}: has no weights; looked for {names[0]}.safetensors and {names[1]}.bin")
    # A hub holds both forms of ChatGLM3; who leaves out *.safetensors has the index of them all the same.
    index, files = next((form for form in forms if all(path.is_file() for path in form[1])), forms[0])
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise ConvertError(f"{folder}: {_some(missing, 'file')} missing; fetch what {Path(str(index)).name} lists")
    tensors: dict[str, Stored] = {}
    for path, listed in files.items():
        found = _contents(path)
        if twice := sorted(found.keys() & tensors.keys()):
            raise ConvertError(
                f"{path}: {_some(twice, 'tensor')} in {tensors[twice[0]].file.name} too; fetch both again"
            )
        if absent := sorted(set(listed) - found.keys()):
            raise ConvertError(f"{path}: {_some(absent, 'tensor')} missing, which the index lists; fetch it again")
        tensors |= found
    return Checkpoint(tuple(files), index, tensors)


@contextmanager
def opened(files: Iterable[Path]) -> Iterator[Callable[[Path, str], "torch.Tensor"]]:
    """A function from (file, tensor's name) to the tensor, as long as the files are open."""
    from safetensors import safe_open

    handles: dict[Path, Any] = {
        path: safe_open(path, "pt") if path.suffix == ".safetensors" else _unpickled(path, "cpu") for path in files
    }

    def read(file: Path, name: str) -> "torch.Tensor":
        handle = handles[file]
        tensor: torch.Tensor = handle[name] if isinstance(handle, dict) else handle.get_tensor(name)
        return tensor

    try:
        yield read
    finally:
        handles.clear()


def write_shard(tensors: Mapping[str, "torch.Tensor"], file: Path) -> None:
    """One safetensors file. Tensors may be parts of others. Raises ConvertError where the disk is full."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    file.touch()
    mode = file.stat().st_mode  # safetensors makes files that only their owner can read
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})
    except SafetensorError as error:
        raise ConvertError(f"{file.name}: can't be written ({_line(error)})") from None
    file.chmod(mode)


def write_index(places: Mapping[str, str], size: int, folder: Path) -> None:
    """The index of a model in several shards: places, the file of each tensor; size, the bytes of all."""
    text = json.dumps({"metadata": {"total_size": size}, "weight_map": dict(sorted(places.items()))}, indent=2)
    (folder / f"{MODEL[0]}.safetensors.index.json").write_text(text + "\n", encoding="utf-8")


def _is_pointer(file: Path) -> bool:
    """Whether a file is what `git clone` leaves in its place where Git LFS is not installed."""
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(len(_POINTER)) == _POINTER
    except OSError:
        return False


def _some(names: list[str], noun: str) -> str:
    """Up to three names, and how many there are."""
    count = f"1 {noun} is" if len(names) == 1 else f"{len(names)} {noun}s are"
    return f"{', '.join(names[:3])}{', …' if len(names) > 3 else ''} ({count})"


def _form(folder: Path, name: str) -> tuple[Path | None, dict[Path, tuple[str, ...]]] | None:
    """The index, and the files with the tensors that it lists, of weights in one form; None where there are none."""
    index = folder / f"{name}.index.json"
    if index.is_file():
        return index, _indexed(index)
    return (None, {folder / name: ()}) if (folder / name).is_file() else None


def _indexed(index: Path) -> dict[Path, tuple[str, ...]]:
    try:
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        files: dict[Path, tuple[str, ...]] = {}
        for name, file in places.items():
            if Path(file).name != file:
                raise ValueError(file)
            files[index.parent / file] = (*files.get(index.parent / file, ()), name)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ConvertError(f"{index}: is no index of weights (weight_map: tensor → file); fetch it again") from None
    if not files:
        raise ConvertError(f"{index}: lists no tensors; fetch it again")
    return files


def _contents(file: Path) -> dict[str, Stored]:
    import torch
    from safetensors import SafetensorError, safe_open

    if _is_pointer(file):
        raise ConvertError(f"{file}: is a Git LFS pointer, not the file itself; fetch it by git lfs pull")
    if file.suffix == ".safetensors":
        # torch has no name for some of safetensors' dtypes; those are of quantised weights, refused by their names.
        dtypes = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
        try:
            with safe_open(file, "pt") as opened_file:
                slices = {name: opened_file.get_slice(name) for name in opened_file.keys()}  # noqa: SIM118
                return {
                    name: Stored(file, tuple(part.get_shape()), dtypes.get(part.get_dtype(), torch.uint8))
                    for name, part in slices.items()
                }
        except (SafetensorError, OSError) as error:
            raise ConvertError(f"{file}: is cut off or no safetensors file ({_line(error)}); fetch it again") from None
    state = _unpickled(file, "meta")
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise ConvertError(f"{file}: {name} is no tensor; a training state? Only plain weights are converted")
    return {name: Stored(file, tuple(tensor.shape), tensor.dtype) for name, tensor in state.items()}


def _unpickled(file: Path, device: str) -> dict[Any, Any]:
    """A pickle's dictionary, mapped from the file where that is a zip file (as torch has written since 1.6)."""
    import torch

    try:
        state = torch.load(file, map_location=device, mmap=zipfile.is_zipfile(file), weights_only=True)
    except pickle.UnpicklingError:
        raise ConvertError(
            f"{file}: holds more than weights, perhaps code, and isn't loaded; get the model as safetensors"
        ) from None
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, struct.error, AttributeError, TypeError) as error:
        raise ConvertError(f"{file}: is cut off or no file of weights ({_line(error)}); fetch it again") from None
    if not isinstance(state, dict):
        raise ConvertError(f"{file}: holds a {type(state).__name__}, not weights by name")
    return state


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
