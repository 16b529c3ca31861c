"""From the tensors of a source to those of the native model: the plan, and its execution shard by shard."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from odw_harness.convert.family import Family, Module, Source
from odw_harness.convert.shards import MODEL, Checkpoint, Stored, opened, write_index, write_shard
from odw_harness.errors import ConvertError

if TYPE_CHECKING:
    import torch

_ROWS = 4096
"""Rows that are brought to unit length at a time."""


@dataclass(frozen=True)
class Piece:
    """A tensor of the target: which rows of which source, whether they are brought to unit length, and its dtype."""

    name: str
    source: str
    stored: Stored
    rows: tuple[int, int] | None
    unit_rows: bool
    dtype: "torch.dtype"

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows first, as in the file."""
        return (self.rows[1] - self.rows[0], *self.stored.shape[1:]) if self.rows else self.stored.shape

    @property
    def bytes(self) -> int:
        """In the file."""
        return math.prod(self.shape) * self.dtype.itemsize


def plan(family: Family, source: Source, checkpoint: Checkpoint, dtype: "torch.dtype | None" = None) -> list[Piece]:
    """Every tensor of the native model, in the order of the source's files; dtype None: each as it is stored.

    Rows of unit length are float32, as they are computed. Raises ConvertError where tensors are quantised, missing, unknown or of the wrong shape.
    """
    import torch

    expected = {
        f"{name}.{last}": (module, last, shape)
        for name, module in family.modules(source).items()
        for last, shape in module.tensors().items()
    }
    for name, stored in checkpoint.tensors.items():
        if not stored.dtype.is_floating_point or name.endswith((".qweight", ".qzeros", ".weight_scale")):
            raise ConvertError(f"{stored.file}: {name} is quantised; give the full model")
    surplus = [name for name in checkpoint.tensors if name not in expected and not family.dropped.fullmatch(name)]
    for names, what in (
        ([name for name in expected if name not in checkpoint.tensors], "missing"),
        (surplus, f"no part of {family.name}"),
    ):
        if names:
            some = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
            raise ConvertError(
                f"{source.folder}: {len(names)} tensors are {what} ({some}); does config.json belong to these weights?"
            )
    pieces = []
    for name, stored in sorted(checkpoint.tensors.items(), key=lambda item: str(item[1].file)):
        if name not in expected:
            continue
        module, last, shape = expected[name]
        if stored.shape != shape:
            raise ConvertError(
                f"{stored.file}: {name} has shape {list(stored.shape)}, by config.json it is {list(shape)}"
            )
        kept = torch.float32 if module.unit_rows else dtype or stored.dtype
        pieces += [
            Piece(f"{part.name}.{last}", name, stored, part.rows, module.unit_rows, kept) for part in module.parts
        ]
    return pieces


def check_native(pieces: Sequence[Piece], model: "torch.nn.Module") -> None:
    """See that the native model (on the meta device) has exactly these tensors."""
    theirs = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    ours = {piece.name: piece.shape for piece in pieces}
    if theirs != ours:
        differing = sorted(ours.items() ^ theirs.items())
        raise ConvertError(
            f"{type(model).__name__} of this transformers has other tensors: {differing[0]}; install 5.5.4"
        )


def in_shards(pieces: Sequence[Piece], limit: int) -> list[list[Piece]]:
    """Pieces by target shard, each of at most limit bytes, or of one tensor."""
    shards: list[list[Piece]] = [[]]
    for piece in pieces:
        if shards[-1] and sum(other.bytes for other in shards[-1]) + piece.bytes > limit:
            shards.append([])
        shards[-1].append(piece)
    return shards


def write(shards: Sequence[Sequence[Piece]], folder: Path, progress: Callable[[int], object]) -> None:
    """Write the shards, and their index where there are several. progress is told the bytes done."""
    names = [
        f"{MODEL[0]}-{number:05d}-of-{len(shards):05d}.safetensors" if len(shards) > 1 else f"{MODEL[0]}.safetensors"
        for number in range(1, len(shards) + 1)
    ]
    for name, pieces in zip(names, shards, strict=True):
        with opened(sorted({piece.stored.file for piece in pieces})) as read:
            tensors = {piece.name: _made(piece, read(piece.stored.file, piece.source)) for piece in pieces}
            write_shard(tensors, folder / name)
            del tensors
        progress(sum(piece.bytes for piece in pieces))
    if len(shards) > 1:
        places = {piece.name: name for name, pieces in zip(names, shards, strict=True) for piece in pieces}
        write_index(places, sum(piece.bytes for shard in shards for piece in shard), folder)


def mapping(modules: Mapping[str, Module]) -> dict[str, str]:
    """The map for people: layers once, as {n}."""
    lines: dict[str, str] = {}
    for name, module in modules.items():
        parts = [
            part.name + (f" (rows {part.rows[0]}–{part.rows[1] - 1})" if part.rows else "") for part in module.parts
        ]
        lines[_generic(name)] = _generic(", ".join(parts)) + (" (rows of unit length)" if module.unit_rows else "")
    return lines


def unit_rows(weight: "torch.Tensor") -> "torch.Tensor":
    """The rows of a weight brought to unit length, in float32."""
    import torch

    made = torch.empty(weight.shape, dtype=torch.float32)
    for start in range(0, len(weight), _ROWS):
        rows = weight[start : start + _ROWS].float()
        made[start : start + _ROWS] = torch.nn.functional.normalize(rows)
    return made


def _made(piece: Piece, tensor: "torch.Tensor") -> "torch.Tensor":
    part = tensor[slice(*piece.rows)] if piece.rows else tensor
    return unit_rows(part) if piece.unit_rows else part.to(piece.dtype)


def _generic(name: str) -> str:
    return re.sub(r"\.\d+\.", ".{n}.", name)
