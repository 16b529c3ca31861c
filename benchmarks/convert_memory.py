"""How much memory `odw convert` takes, and whether that grows with the size of the model.

.venv/bin/python benchmarks/convert_memory.py                          # 2 and 6 GB, about 10 minutes, 12 GB of disk
.venv/bin/python benchmarks/convert_memory.py --sizes 0.5,1 --shard-size 0.3     # a quick try

For each size a ChatGLM3 checkpoint is made in a temporary folder: the real widths, as many layers as fill the size,
random weights in float16, once as one pickle (pytorch_model.bin, the worst case: the whole file is mapped) and once as
safetensors shards of 2 GB. Each is converted by the command itself, in a process of its own. Measured are the peak of
its resident memory (VmHWM of Linux, in GB; pages of the mapped source count), seconds, and how much the peak grows from the
first size to the last. The converted tensors are compared with the source's.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from odw_harness.convert.chatglm3 import FAMILY
from odw_harness.convert.family import Source

ROOT = Path(__file__).resolve().parent.parent
LEGACY = ROOT / "tests" / "convert" / "legacy" / "chatglm3"
SOURCE_SHARD = 2_000_000_000
_CONVERT = """import re, sys
from odw_harness.cli import main
code = main(["convert", *sys.argv[1:]])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
sys.exit(code)"""
"""The command, and then its peak in kB. ru_maxrss would be no less than what this process had when it started it."""


def config(layers: int) -> dict[str, object]:
    """ChatGLM3-6B's, with another number of layers."""
    small = json.loads((LEGACY / "config.json").read_text(encoding="utf-8"))
    real = {"hidden_size": 4096, "ffn_hidden_size": 13696, "kv_channels": 128, "num_attention_heads": 32}
    return {**small, **real, "padded_vocab_size": 65024, "seq_length": 8192, "num_layers": layers}


def shapes(layers: int) -> dict[str, tuple[int, ...]]:
    """The tensors of such a checkpoint."""
    modules = FAMILY.modules(Source(LEGACY, config(layers), {}, {}))
    return {f"{name}.{last}": shape for name, module in modules.items() for last, shape in module.tensors().items()}


def size(layers: int) -> int:
    """Bytes in float16."""
    return 2 * sum(torch.Size(shape).numel() for shape in shapes(layers).values())


def tensors(layers: int, only: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Random weights, of tensors with that in their name; a block of them over and over, for drawing all takes minutes."""
    block = torch.randn(4_000_037, generator=torch.Generator().manual_seed(layers)).half()
    for name, shape in shapes(layers).items():
        if only in name:
            count = torch.Size(shape).numel()
            yield name, block.repeat(count // len(block) + 1)[:count].view(shape).clone()


def make(folder: Path, layers: int, pickle: bool) -> None:
    """A checkpoint on disk."""
    shutil.copytree(LEGACY, folder)
    (folder / "model.safetensors").unlink()
    (folder / "config.json").write_text(json.dumps(config(layers)), encoding="utf-8")
    if pickle:
        torch.save(dict(tensors(layers)), folder / "pytorch_model.bin")
        return
    shards: list[dict[str, torch.Tensor]] = [{}]
    places: dict[str, str] = {}

    def put() -> None:
        name = f"model-{len(shards):05d}.safetensors"
        save_file(shards[-1], folder / name, metadata={"format": "pt"})
        places.update(dict.fromkeys(shards[-1], name))
        shards[-1].clear()

    for name, tensor in tensors(layers):
        if shards[-1] and sum(2 * t.numel() for t in shards[-1].values()) + 2 * tensor.numel() > SOURCE_SHARD:
            put()
            shards.append({})
        shards[-1][name] = tensor
    put()
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def convert(source: Path, target: Path, shard: float) -> tuple[float, float]:
    """Peak in GB, and seconds."""
    started = time.monotonic()
    command = [sys.executable, "-c", _CONVERT, str(source), str(target), "--shard-size", str(shard)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout.splitlines()[-1]) * 1024 / 1e9, time.monotonic() - started


def same(layers: int, target: Path) -> bool:
    """Whether the converted tensors are the source's: one that is renamed and one that is split, of the last layer."""
    wanted = dict(tensors(layers, f".{layers - 1}.")) | dict(tensors(layers, "output_layer"))
    places = json.loads((target / "model.safetensors.index.json").read_text(encoding="utf-8"))["weight_map"]

    def found(name: str) -> torch.Tensor:
        with safe_open(target / places[name], "pt") as file:
            return file.get_tensor(name)

    theirs, ours = f"transformer.encoder.layers.{layers - 1}.", f"model.layers.{layers - 1}."
    packed = torch.cat([found(f"{ours}self_attn.{part}_proj.weight") for part in "qkv"])
    return (
        torch.equal(found("lm_head.weight"), wanted["transformer.output_layer.weight"])
        and torch.equal(packed, wanted[f"{theirs}self_attention.query_key_value.weight"])
        and torch.equal(found(f"{ours}mlp.down_proj.weight"), wanted[f"{theirs}mlp.dense_4h_to_h.weight"])
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2,6", help="GB of the checkpoints (default: 2,6)")
    parser.add_argument("--shard-size", type=float, default=2.0, help="GB of a target shard (default: 2)")
    parser.add_argument("--json", metavar="FILE", help="write the figures here too")
    options = parser.parse_args()
    table = Table(
        "source", "GB", "peak GB", "seconds", "same", title=f"odw convert, target shards of {options.shard_size} GB"
    )
    rows = []
    for pickle in (True, False):
        for wanted in map(float, options.sizes.split(",")):
            layers = max(1, round((wanted * 1e9 - size(1)) / (size(2) - size(1))) + 1)
            with tempfile.TemporaryDirectory(prefix="convert-memory-") as folder:
                make(Path(folder, "source"), layers, pickle)
                peak, seconds = convert(Path(folder, "source"), Path(folder, "target"), options.shard_size)
                equal = same(layers, Path(folder, "target"))
            kind = "one pickle" if pickle else "safetensors shards"
            rows.append({"source": kind, "gb": size(layers) / 1e9, "peak_gb": peak, "seconds": seconds, "same": equal})
            table.add_row(kind, f"{size(layers) / 1e9:.1f}", f"{peak:.2f}", f"{seconds:.0f}", "yes" if equal else "NO")
    Console().print(table)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
