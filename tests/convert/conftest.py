"""Three original checkpoints at tiny size, with what the original code made of them, and each of them converted."""

import importlib.util
import json
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from odw_harness.convert.run import convert_model

LEGACY = Path(__file__).parent / "legacy"
FAMILIES = ("chatglm3", "baichuan2", "qwen")
Edit = Callable[[dict[str, Any]], object]


def qwen_vocabulary() -> Path:
    """Qwen's real vocabulary, which the package dashscope has."""
    package = importlib.util.find_spec("dashscope")
    assert package is not None, "pip install dashscope (in the extra dev)"
    assert package.origin is not None
    return Path(package.origin).parent / "resources" / "qwen.tiktoken"


def tokens(family: str) -> dict[str, Any]:
    """What the original tokenizer made of some texts and of a chat."""
    return dict(json.loads((LEGACY / family / "tokens.json").read_text("utf-8")))


def reference(family: str) -> dict[str, torch.Tensor]:
    """What the original code computed, in float32."""
    return dict(load_file(LEGACY / family / "reference.safetensors"))


def edit_json(file: Path, edit: Edit) -> None:
    value = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    edit(value)
    file.write_text(json.dumps(value), "utf-8")


def put_weights(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Replace the weights of an original."""
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, folder / "model.safetensors")


def logits(folder: Path, family: str, masked: bool = False, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """What transformers computes, without remote code, on the reference's input."""
    from transformers import AutoModelForCausalLM

    inputs = reference(family)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    mask = inputs["attention_mask"] if masked else None
    with torch.no_grad():
        made: torch.Tensor = model(inputs["input_ids"], attention_mask=mask).logits
    return made


@pytest.fixture
def original(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of an original to spoil, by the family's name; Qwen's with a vocabulary of the bytes alone, which is quick."""

    def copy(family: str) -> Path:
        folder = Path(shutil.copytree(LEGACY / family, tmp_path / family))
        if family == "qwen":
            lines = [f"{b64encode(bytes([byte])).decode()} {byte}\n" for byte in range(256)]
            (folder / "qwen.tiktoken").write_text("".join(lines))
        return folder

    return copy


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of an original converted, by the family's name; not to be changed."""
    folder = tmp_path_factory.mktemp("converted")

    def convert(family: str) -> Path:
        if not (folder / family).is_dir():
            source = Path(shutil.copytree(LEGACY / family, folder / "originals" / family))
            if family == "qwen":
                shutil.copy(qwen_vocabulary(), source)
            convert_model(source, folder / family)
        return folder / family

    return convert
