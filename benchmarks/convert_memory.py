"""How much memory `odw convert` takes, and whether that grows with the size of the model.

.venv/bin/python benchmarks/convert_memory.py                          # 2 and 6 GB, about 10 minutes, 12 GB of disk
.venv/bin/python benchmarks/convert_memory.py --family baichuan2 --sizes 2.5  # a single tensor, the head, decides the peak
.venv/bin/python benchmarks/convert_memory.py --sizes 0.5,1 --shard-size 0.3     # a quick try

For each size a checkpoint of ChatGLM3, or of Baichuan2, is made in a temporary folder: the real widths, as many layers as
fill the size, random weights in the original's 16 bits, once as one pickle (pytorch_model.bin, the worst case: the whole file is mapped) and once as
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
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from odw_harness.convert import baichuan2, chatglm3
from odw_harness.convert.family import Family, Source
from odw_harness.convert.weights import unit_rows

ROOT = Path(__file__).resolve().parent.parent
SOURCE_SHARD = 2_000_000_000
_CONVERT = """import re, sys
from odw_harness.cli import main
code = main(["convert", *sys.argv[1:]])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
sys.exit(code)"""
"""The command, and then its peak in kB. ru_maxrss would be no less than what this process had when it started it."""


@dataclass(frozen=True)
class Original:
    """A family's tiny original, and what of its config.json is another at the real width."""

    family: Family
    folder: Path
    real: dict[str, int]
    layers: str
    dtype: torch.dtype
    packed: str
    down: str
    head: str

    def config(self, layers: int) -> dict[str, object]:
        """The real one's, with another number of layers."""
        small = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        return {**small, **self.real, self.layers: layers}

    def shapes(self, layers: int) -> dict[str, tuple[int, ...]]:
        """The tensors of such a checkpoint."""
        modules = self.family.modules(Source(self.folder, self.config(layers), {}, {}))
        return {f"{name}.{last}": shape for name, module in modules.items() for last, shape in module.tensors().items()}

    def size(self, layers: int) -> int:
        """Bytes in 16 bits."""
        return 2 * sum(torch.Size(shape).numel() for shape in self.shapes(layers).values())

    def tensors(self, layers: int, only: str = "") -> Iterator[tuple[str, torch.Tensor]]:
        """Random weights, of tensors with that in their name; a block of them over and over, for drawing all takes minutes."""
        block = torch.randn(4_000_037, generator=torch.Generator().manual_seed(layers)).to(self.dtype)
        for name, shape in self.shapes(layers).items():
            if only in name:
                count = torch.Size(shape).numel()
                yield name, block.repeat(count // len(block) + 1)[:count].view(shape).clone()


LEGACY = ROOT / "tests" / "convert" / "legacy"
ORIGINALS = {
    "chatglm3": Original(
        chatglm3.FAMILY,
        LEGACY / "chatglm3",
        {
            "hidden_size": 4096,
            "ffn_hidden_size": 13696,
            "kv_channels": 128,
            "num_attention_heads": 32,
            "padded_vocab_size": 65024,
            "seq_length": 8192,
        },
        "num_layers",
        torch.float16,
        "transformer.encoder.layers.{}.self_attention.query_key_value.weight",
        "transformer.encoder.layers.{}.mlp.dense_4h_to_h.weight",
        "transformer.output_layer.weight",
    ),
    "baichuan2": Original(
        baichuan2.FAMILY,
        LEGACY / "baichuan2",
        {"hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32, "vocab_size": 125696},
        "num_hidden_layers",
        torch.bfloat16,
        "model.layers.{}.self_attn.W_pack.weight",
        "model.layers.{}.mlp.down_proj.weight",
        "lm_head.weight",
    ),
}


def make(original: Original, folder: Path, layers: int, pickle: bool) -> None:
    """A checkpoint on disk."""
    shutil.copytree(original.folder, folder)
    (folder / "model.safetensors").unlink()
    (folder / "config.json").write_text(json.dumps(original.config(layers)), encoding="utf-8")
    if pickle:
        torch.save(dict(original.tensors(layers)), folder / "pytorch_model.bin")
        return
    shards: list[dict[str, torch.Tensor]] = [{}]
    places: dict[str, str] = {}

    def put() -> None:
        name = f"model-{len(shards):05d}.safetensors"
        save_file(shards[-1], folder / name, metadata={"format": "pt"})
        places.update(dict.fromkeys(shards[-1], name))
        shards[-1].clear()

    for name, tensor in original.tensors(layers):
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


def same(original: Original, layers: int, target: Path) -> bool:
    """Whether the converted tensors are the source's: one that is renamed and one that is split, of the last layer; the head."""
    packed, down = original.packed.format(layers - 1), original.down.format(layers - 1)
    wanted = {name: tensor for part in (packed, down, original.head) for name, tensor in original.tensors(layers, part)}
    places = json.loads((target / "model.safetensors.index.json").read_text(encoding="utf-8"))["weight_map"]

    def found(name: str) -> torch.Tensor:
        with safe_open(target / places[name], "pt") as file:
            return file.get_tensor(name)

    ours = f"model.layers.{layers - 1}."
    head = wanted[original.head]
    return (
        torch.equal(found("lm_head.weight"), unit_rows(head) if original.family is baichuan2.FAMILY else head)
        and torch.equal(torch.cat([found(f"{ours}self_attn.{part}_proj.weight") for part in "qkv"]), wanted[packed])
        and torch.equal(found(f"{ours}mlp.down_proj.weight"), wanted[down])
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=ORIGINALS, default="chatglm3", help="(default: chatglm3)")
    parser.add_argument("--sizes", default="2,6", help="GB of the checkpoints (default: 2,6)")
    parser.add_argument("--shard-size", type=float, default=2.0, help="GB of a target shard (default: 2)")
    parser.add_argument("--json", metavar="FILE", help="write the figures here too")
    options = parser.parse_args()
    original = ORIGINALS[options.family]
    title = f"odw convert of {original.family.name}, target shards of {options.shard_size} GB"
    table = Table("source", "GB", "peak GB", "seconds", "same", title=title)
    rows = []
    for pickle in (True, False):
        for wanted in map(float, options.sizes.split(",")):
            layers = max(1, round((wanted * 1e9 - original.size(1)) / (original.size(2) - original.size(1))) + 1)
            with tempfile.TemporaryDirectory(prefix="convert-memory-") as folder:
                make(original, Path(folder, "source"), layers, pickle)
                peak, seconds = convert(Path(folder, "source"), Path(folder, "target"), options.shard_size)
                equal = same(original, layers, Path(folder, "target"))
            kind = "one pickle" if pickle else "safetensors shards"
            size = original.size(layers) / 1e9
            rows.append({"source": kind, "gb": size, "peak_gb": peak, "seconds": seconds, "same": equal})
            table.add_row(kind, f"{size:.1f}", f"{peak:.2f}", f"{seconds:.0f}", "yes" if equal else "NO")
    Console().print(table)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
