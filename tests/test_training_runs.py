"""From an original checkpoint, or the embedded model, to a row of the table: LLaMA-Factory's own command and ours."""

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from odw_harness.models import embedded_model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LEGACY = ROOT / "tests" / "convert" / "legacy"
ODW = [sys.executable, "-m", "odw_harness.cli"]
TRAIN = [str(Path(sys.executable).parent / "llamafactory-cli"), "train"]
PAPER = {
    "chatglm3_6b": ("chatglm3", "ChatGLM3-6B"),
    "baichuan2_7b": ("baichuan2", "Baichuan2-7B-Chat"),
    "qwen1_8b": ("qwen", "Qwen-1.8B-Chat"),
    "qwen7b": ("qwen", "Qwen-7B-Chat"),
}
"""Our name of each of the paper's models, the family of its tiny stand-in, and its name in the paper's tables."""
A_FEW_STEPS = ["max_steps=2", "max_samples=4", "use_cpu=true", "bf16=false"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which the commands of the README work as in a checkout, and leave nothing in ours."""
    for name in ("configs", "llamafactory_configs", "systems"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "models").mkdir()
    return tmp_path


def call(command: list[str], cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=1500)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-3000:]
    return done.stdout


def original(family: str, folder: Path) -> Path:
    """A tiny original; Qwen's with a vocabulary of the bytes alone, which its 640 rows can hold."""
    shutil.copytree(LEGACY / family, folder)
    if family == "qwen":
        lines = [f"{b64encode(bytes([byte])).decode()} {byte}\n" for byte in range(256)]
        (folder / "qwen.tiktoken").write_text("".join(lines))
    return folder


@pytest.mark.parametrize("model", PAPER)
def test_a_model_of_the_paper_becomes_three_rows(model: str, checkout: Path, served_judge: Path) -> None:
    family, name = PAPER[model]
    systems = [f"systems/{model}{suffix}.yaml" for suffix in ("", "_lora", "_qlora")]
    weights = yaml.safe_load((ROOT / systems[0]).read_text("utf-8"))["model_args"]["pretrained"]
    call([*ODW, "convert", str(original(family, checkout / Path(weights).name)), weights], checkout)
    for method in ("lora", "qlora"):
        call([*TRAIN, f"configs/{model}_{method}.yaml", *A_FEW_STEPS, "cutoff_len=256"], checkout)
    short = ["--limit", "2", "--metadata", f"judge={served_judge}", "--json"]
    on_a_cpu = ["--model_args", "dtype=float32", "--gen_kwargs", "max_gen_toks=8", "--device", "cpu"]
    told = json.loads(call([*ODW, "bench", *systems, *short, "--", *on_a_cpu], checkout))
    rows: list[dict[str, Any]] = told["systems"]
    assert [row["system"] for row in rows] == [name, f"{name}-LoRA", f"{name}-QLoRA"]
    assert {row["state"] for row in rows} == {"ran"}
    for row in rows:
        assert row["coverage"] == 1.0
        assert all(1 <= row[mean] <= 10 for mean in ("avg19", "avg2", "avg21"))


def answers(output: Path) -> list[str]:
    (path,) = output.rglob("samples_odweval_in19_*.jsonl")
    return [json.loads(line)["resps"][0][0] for line in path.read_text("utf-8").splitlines()]


def test_the_embedded_model_trained_by_a_few_steps(checkout: Path) -> None:
    """LoRA, QLoRA, export; the adapter on its base and the merged model write the same text."""
    from safetensors.torch import load_file

    (checkout / "models" / "gemma-3-270m").symlink_to(embedded_model())
    for method in ("lora", "qlora"):
        call([*TRAIN, f"configs/gemma3_270m_{method}.yaml", *A_FEW_STEPS], checkout)
        learnt = load_file(checkout / "saves" / f"gemma3_270m_{method}" / "adapter_model.safetensors")
        assert any(tensor.abs().max() > 0 for key, tensor in learnt.items() if "lora_B" in key)
    call([TRAIN[0], "export", "configs/export/gemma3_270m_lora.yaml"], checkout)

    def written(name: str, arguments: str) -> list[str]:
        command = [*ODW, "eval", "--predict_only", "--limit", "1", "--gen_kwargs", "max_gen_toks=24"]
        options = ["--model_args", arguments, "--apply_chat_template", "--output_path", f"out/{name}"]
        call([*command, *options], checkout)
        return answers(checkout / "out" / name)

    on_its_base = written("adapter", "pretrained=models/gemma-3-270m,peft=saves/gemma3_270m_lora")
    assert on_its_base == written("merged", "pretrained=models/gemma3_270m_lora")
    assert len(on_its_base[0]) > 10
    in_4_bit = "pretrained=models/gemma-3-270m,peft=saves/gemma3_270m_qlora,load_in_4bit=True"
    assert written("qlora", f"{in_4_bit},bnb_4bit_quant_type=nf4,bnb_4bit_use_double_quant=True")
