"""Converted models in the tools that they were converted for."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from odw_harness.convert.run import convert_model
from tests.convert.conftest import FAMILIES, put_weights, qwen_vocabulary

Original = Callable[[str], Path]


def ready(original: Original, family: str) -> Path:
    """A converted model that has a row for every token: the tiny Qwen's vocabulary of 640 is widened to the real one."""
    source = original(family)
    if family == "qwen":
        (source / "qwen.tiktoken").unlink()
        (source / "qwen.tiktoken").symlink_to(qwen_vocabulary())
        tensors = load_file(source / "model.safetensors")
        for name in ("transformer.wte.weight", "lm_head.weight"):
            tensors[name] = tensors[name].repeat(151936 // 640 + 1, 1)[:151936]
        put_weights(source, tensors)
        config = json.loads((source / "config.json").read_text())
        (source / "config.json").write_text(json.dumps({**config, "vocab_size": 151936}))
    convert_model(source, source.parent / "native")
    return source.parent / "native"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_of_chats_is_continued_as_each_alone(original: Original, family: str) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = ready(original, family)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = ["的", "请写一份关于召开安全生产工作会议的通知。"]
    chats = [[{"role": "user", "content": text}] for text in texts]
    prompts = tokenizer.apply_chat_template(chats, add_generation_prompt=True, tokenize=False)
    settings: dict[str, Any] = {"max_new_tokens": 6, "min_new_tokens": 6}
    alone = []
    for prompt in prompts:
        ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False, return_token_type_ids=False)
        alone.append(model.generate(**ids, **settings)[0, -6:].tolist())
    batch = tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False, return_token_type_ids=False)
    assert model.generate(**batch, **settings)[:, -6:].tolist() == alone


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_odw_eval_takes_a_converted_model(original: Original, tmp_path: Path, family: str) -> None:
    folder = ready(original, family)
    command = [
        *(sys.executable, "-m", "odw_harness.cli", "eval", "--tasks", "odweval", "--limit", "1", "--predict_only"),
        *("--model_args", f"pretrained={folder},dtype=float32", "--apply_chat_template"),
        *("--gen_kwargs", "max_gen_toks=8", "--output_path", str(tmp_path / "out")),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    files = sorted((tmp_path / "out").rglob("samples_*in19*.jsonl"))
    sample = json.loads(files[0].read_text("utf-8").splitlines()[0])
    opening = {
        "chatglm3": "[gMASK]sop<|user|>\n ",
        "baichuan2": "<reserved_106>",
        "qwen": "<|im_start|>system\nYou are a",
    }
    assert sample["arguments"]["gen_args_0"]["arg_0"].startswith(opening[family])


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_llamafactory_trains_a_converted_model(original: Original, tmp_path: Path, family: str) -> None:
    folder = ready(original, family)
    data = tmp_path / "data"
    data.mkdir()
    (data / "pairs.json").write_text(
        json.dumps([{"instruction": "写一份通知", "input": "", "output": "特此通知。"}] * 4)
    )
    (data / "dataset_info.json").write_text(json.dumps({"pairs": {"file_name": "pairs.json"}}))
    note = json.loads((folder / "CONVERSION.json").read_text("utf-8"))
    settings = {
        "model_name_or_path": str(folder), "stage": "sft", "do_train": True, "finetuning_type": "lora", "dataset": "pairs",
        "lora_target": "all", "dataset_dir": str(data), "output_dir": str(tmp_path / "saves"), "max_steps": 2,
        "cutoff_len": 128, "per_device_train_batch_size": 2, "use_cpu": True, "report_to": "none", "logging_steps": 1,
        **note["llamafactory"],
    }  # fmt: skip
    (tmp_path / "train.yaml").write_text(json.dumps(settings))
    code = "from llamafactory.cli import main; main()"
    environment = {**os.environ, "HF_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code, "train", str(tmp_path / "train.yaml")],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    losses = json.loads((tmp_path / "saves" / "trainer_state.json").read_text())["log_history"]
    assert all(0 < entry["loss"] < 20 for entry in losses if "loss" in entry)
    assert "base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight" in load_file(
        tmp_path / "saves" / "adapter_model.safetensors"
    )
