"""Imports packages and tries the device, in a process of its own: `python -m odw_harness.doctor.probe MODULE …`.

Prints a JSON object a line: {"begin": MODULE} before each import, so that whoever reads knows which one ended the
process; {"import": MODULE, "error": null or a reason} after it; at last {"device": …}.
"""

import importlib
import json
import os
import sys
import time
from typing import IO, Any

_SIDE = 64
"""Rows and columns of the matrix that is quantised: 4-bit weights on a CPU come in blocks of 64."""
_PRODUCT = ((64, 640), (640, 2048))
"""A layer of a small model over some tokens."""
_TRIES = 4
_TOLERANCE = 0.2
"""Relative error of a product with NF4 weights. About 0.1 is usual for normally distributed ones."""


def own_output() -> IO[str]:
    """Standard output for this module alone: what packages print, in C too, goes to standard error from now on."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def reason(error: BaseException) -> str:
    """An exception in one short line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]


def attempt(module: str) -> str | None:
    """Why a module can't be imported, or None."""
    try:
        importlib.import_module(module)
    except BaseException as error:  # some packages end the process at import
        return reason(error)
    return None


def device() -> dict[str, Any]:
    """What torch is built for and which accelerators it has, each with its memory (bytes) and capability."""
    import torch

    built = {"torch": torch.__version__, "cuda": torch.version.cuda, "hip": torch.version.hip}
    gpus = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(number)
        gpus.append(
            {
                "name": properties.name,
                "memory": properties.total_memory,
                "free": torch.cuda.mem_get_info(number)[0],
                "capability": f"{properties.major}.{properties.minor}",
                "bf16": torch.cuda.is_bf16_supported(including_emulation=False),
            }
        )
    where = "cuda:0" if gpus else "cpu"
    broken = bf16(where)
    slower = 0.0 if broken else slowdown(where)
    return {**built, "gpus": gpus, "where": where, "bf16": broken, "slowdown": slower, "four_bit": four_bit(where)}


def bf16(where: str) -> str | None:
    """Why a product in bfloat16 does not work there, or None."""
    import torch

    try:
        matrix = torch.eye(_SIDE, dtype=torch.bfloat16, device=where)
        return None if torch.equal(matrix @ matrix, matrix) else "a product came out wrong"
    except Exception as error:
        return reason(error)


def slowdown(where: str) -> float:
    """How many times longer a product takes in bfloat16 than in float32: of several tries, the fastest each."""
    import torch

    def seconds(dtype: torch.dtype) -> float:
        left, right = (torch.ones(shape, dtype=dtype, device=where) for shape in _PRODUCT)
        times = []
        for _ in range(_TRIES):
            began = time.perf_counter()
            (left @ right)[0, 0].item()  # waits for the device
            times.append(time.perf_counter() - began)
        return min(times)

    return seconds(torch.bfloat16) / seconds(torch.float32)


def four_bit(where: str) -> str | None:
    """Why a layer in 4 bits (NF4, double quantisation) does not work there, or None: one is made and used."""
    import torch

    try:
        import bitsandbytes

        torch.manual_seed(0)
        plain = torch.nn.Linear(_SIDE, _SIDE, bias=False)
        layer = bitsandbytes.nn.Linear4bit(
            *(_SIDE, _SIDE), bias=False, compute_dtype=torch.float32, quant_type="nf4", compress_statistics=True
        )
        layer.load_state_dict(plain.state_dict())
        layer = layer.to(where)
        given = torch.randn(4, _SIDE)
        with torch.no_grad():
            wanted, got = plain(given), layer(given.to(where)).cpu()
        error = float((wanted - got).norm() / wanted.norm())
        return None if 0 < error < _TOLERANCE else f"a product came out wrong by {error:.0%}"
    except Exception as error:
        return reason(error)


def main(modules: list[str]) -> None:
    """Try all of them, then the device."""
    out = own_output()

    def tell(**fields: Any) -> None:
        print(json.dumps(fields), file=out, flush=True)

    for module in modules:
        tell(begin=module)
        tell(**{"import": module, "error": attempt(module)})
    tell(begin="device")
    try:
        tell(device=device())
    except BaseException as error:
        tell(device=None, error=reason(error))


if __name__ == "__main__":
    main(sys.argv[1:])
