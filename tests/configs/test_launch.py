import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from odw_harness.configs.launch import Batch, find_overlay, launch, refusal, split
from odw_harness.errors import ConfigError
from tests.configs.conftest import CONFIGS


@pytest.mark.parametrize(
    ("per_device", "accumulation", "gpus", "expected"),
    [(2, 1, 1, (2, 1)), (2, 1, 2, (1, 1)), (2, 4, 4, (2, 1)), (2, 8, 4, (2, 2)), (4, 3, 2, (3, 2)), (1, 16, 8, (1, 2))],
)
def test_a_step_sees_as_many_documents_as_on_one_gpu(
    per_device: int, accumulation: int, gpus: int, expected: tuple[int, int]
) -> None:
    batch = split(Batch(per_device, accumulation, 1), gpus)
    assert (batch.per_device, batch.accumulation, batch.gpus) == (*expected, gpus)
    assert batch.effective == per_device * accumulation


def test_what_can_not_be_dealt_out_is_refused_with_what_can() -> None:
    with pytest.raises(ConfigError) as raised:
        split(Batch(2, 1, 1), 4)
    assert str(raised.value) == (
        "--gpus 4: 2 documents a step can't be dealt out to 4 GPUs; use 1 or 2 GPUs, "
        "or say another number with --effective-batch, such as 8"
    )
    assert split(Batch(2, 1, 1), 4, effective=16) == Batch(2, 2, 4)
    with pytest.raises(ConfigError, match="use 1 or 2 GPUs, or"):
        split(Batch(2, 4, 1), 3)


def test_the_commands_are_literal(root: Path) -> None:
    lora, qlora = "configs/qwen7b_lora.yaml", "configs/qwen7b_qlora.yaml"
    assert launch(lora, 1).command == f"CUDA_VISIBLE_DEVICES=0 llamafactory-cli train {lora}"
    assert launch(lora, 2).command == (
        f"FORCE_TORCHRUN=1 NPROC_PER_NODE=2 llamafactory-cli train {lora} per_device_train_batch_size=1"
    )
    assert launch(qlora, 4, "zero3", 16).command == (
        f"FORCE_TORCHRUN=1 NPROC_PER_NODE=4 llamafactory-cli train {qlora} "
        "gradient_accumulation_steps=2 deepspeed=llamafactory_configs/overlays/zero3.json"
    )
    assert launch(qlora, 2, "fsdp").command == (
        "accelerate launch --config_file llamafactory_configs/overlays/fsdp.yaml --num_processes 2 "
        f"--mixed_precision bf16 -m llamafactory.launcher {qlora} per_device_train_batch_size=1"
    )
    assert launch("configs/gemma3_270m_lora.yaml", 2).command.endswith("gradient_accumulation_steps=1 ddp_backend=gloo")


@pytest.mark.parametrize(
    ("values", "overlay", "said"),
    [
        ({"quantization_bit": 8, "bf16": True}, "zero3", "can't split 8-bit weights"),
        ({"quantization_bit": 8, "bf16": True}, "fsdp", "can't split 8-bit weights"),
        ({"quantization_bit": 4, "quantization_method": "hqq", "bf16": True}, "zero3", "can't split weights that hqq"),
        ({"quantization_bit": 4}, "zero3", "splits 4-bit weights stored as bf16 or fp16"),
        ({}, "fsdp", "mixes precision"),
        ({"use_cpu": True, "bf16": True}, "zero2", "needs GPUs"),
        ({"predict_with_generate": True}, "zero3", "can't generate"),
        ({"pure_bf16": True}, "zero3", "needs mixed precision"),
        ({"use_galore": True}, "zero2", "its own optimizer loop"),
        ({"deepspeed": "x.json"}, "zero2", "it names a deepspeed file itself"),
    ],
)
def test_what_can_not_work_together_is_refused_with_the_reason(
    root: Path, values: dict[str, Any], overlay: str, said: str
) -> None:
    assert said in str(refusal(values, find_overlay(overlay)))


def test_what_works_is_not_refused(root: Path) -> None:
    lora, qlora = {"bf16": True}, {"bf16": True, "quantization_bit": 4}
    assert all(
        refusal(values, find_overlay(name)) is None
        for values in (lora, qlora)
        for name in ("zero2", "zero3", "fsdp", None)
    )
    assert refusal({"quantization_bit": 8, "bf16": True}, find_overlay("zero2")) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["configs/qwen7b_lora.yaml", "--gpus", "3"], "use 1 or 2 GPUs"),
        (["configs/qwen7b_lora.yaml", "--gpus", "0"], "--gpus 0: must be 1 or more"),
        (["configs/qwen7b_lora.yaml", "--gpus", "2", "--effective-batch", "0"], "0 documents a step"),
        (["configs/qwen7b_lora.yaml", "--gpus", "2", "--overlay", "zero4"], "did you mean zero3?"),
        (["configs/qwen7b_lora.yaml", "--gpus", "2", "--overlay", "nix.json"], "nix.json: can't be read"),
        (["configs/qwen7b_lora.yaml", "--gpus", "2", "--overlay", "configs/export/qwen7b_lora.yaml"], "must be FSDP"),
        (["configs/export/qwen7b_lora.yaml", "--gpus", "2"], "trains nothing"),
        (["configs/qwen7b_qlora.yaml", "--gpus", "1", "--overlay", "fsdp"], "FSDP has nothing to split on one GPU"),
        (["none.yaml", "--gpus", "2"], "none.yaml: can't be read"),
    ],
)
def test_a_mistake_is_one_line(root: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["configs", "launch", *arguments]) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert caught.err.count("\n") == 1
    assert caught.out == ""


@pytest.mark.parametrize("text", ['{"zero_optimization": null}', '{"zero_optimization": []}', "[]"])
def test_a_file_that_is_not_deepspeeds_is_refused(root: Path, text: str) -> None:
    (root / "mine.json").write_text(text)
    with pytest.raises(ConfigError, match=r"zero_optimization\.stage: must be 1, 2 or 3"):
        find_overlay("mine.json")


def test_the_command_alone_goes_to_standard_output(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["configs", "launch", "configs/qwen7b_lora.yaml", "--gpus", "2"]) == 0
    caught = capsys.readouterr()
    assert caught.out.startswith("FORCE_TORCHRUN=1 ")
    assert caught.out.count("\n") == 1
    assert "1 a device × 1 accumulated × 2 GPUs = 2; the configuration alone, 2 a device" in caught.err
    assert main(["configs", "launch", "configs/qwen7b_lora.yaml", "--gpus", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["batch"] == {
        "per_device": 1,
        "accumulation": 1,
        "gpus": 2,
        "effective": 2,
    }


@pytest.mark.parametrize("name", ["zero2", "zero3"])
def test_transformers_fills_in_every_auto_of_deepspeeds_files(name: str, tmp_path: Path) -> None:
    from accelerate.utils.deepspeed import HfDeepSpeedConfig
    from transformers import LlamaConfig, LlamaForCausalLM, TrainingArguments
    from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

    own = {key: value for key, value in vars(HfTrainerDeepSpeedConfig).items() if not key.startswith("__")}
    without_package: Any = type("Config", (HfDeepSpeedConfig,), own)  # its __init__ wants DeepSpeed installed
    config = without_package(str(CONFIGS / "overlays" / f"{name}.json"))
    config.mismatches = []
    arguments = TrainingArguments(
        output_dir=str(tmp_path), use_cpu=True, bf16=True, per_device_train_batch_size=2, gradient_accumulation_steps=3
    )
    config.trainer_config_process(arguments)
    small = LlamaConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=1, vocab_size=8)
    config.trainer_config_finalize(arguments, LlamaForCausalLM(small), num_training_steps=10)
    filled = config.config
    assert "auto" not in json.dumps(filled)
    assert config.is_zero3() == (name == "zero3")
    assert (
        filled["train_micro_batch_size_per_gpu"],
        filled["gradient_accumulation_steps"],
        filled["train_batch_size"],
    ) == (2, 3, 6)
    assert (filled["bf16"]["enabled"], filled["fp16"]["enabled"]) == (True, False)
    # DeepSpeed's own size, 5e8 numbers of 4 bytes, takes 2 GB of each GPU however small the adapter is.
    assert filled["zero_optimization"]["reduce_bucket_size"] == 16 * 16
    assert find_overlay(str(CONFIGS / "overlays" / f"{name}.json")).stage == int(name[-1])


def test_accelerate_reads_the_fsdp_file_through_the_command_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    command = shlex.split(launch("configs/qwen7b_qlora.yaml", 2, "fsdp").command)
    arguments, _, _ = _validate_launch_command(launch_command_parser().parse_args(command[2:]))
    assert (arguments.num_processes, arguments.use_fsdp, arguments.module) == (2, True, True)
    assert arguments.training_script == "llamafactory.launcher"
    assert arguments.training_script_args == ["configs/qwen7b_qlora.yaml", "per_device_train_batch_size=1"]
    environment = prepare_multi_gpu_env(arguments)
    expected = {
        "ACCELERATE_USE_FSDP": "true",
        "ACCELERATE_MIXED_PRECISION": "bf16",
        "FSDP_SHARDING_STRATEGY": "FULL_SHARD",
        "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
        "FSDP_USE_ORIG_PARAMS": "true",
        "FSDP_CPU_RAM_EFFICIENT_LOADING": "true",
        "FSDP_SYNC_MODULE_STATES": "true",
        "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT",
    }
    assert {key: environment[key] for key in expected} == expected


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_two_processes_train_by_the_printed_command(root: Path, tiny_model: Path, method: str) -> None:
    shutil.copytree(tiny_model, root / "models" / "gemma-3-270m")
    printed = launch(f"configs/gemma3_270m_{method}.yaml", 2).command
    command = [*shlex.split(printed), "template=default", "max_steps=2", "logging_steps=1"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(["env", *command], env=environment, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, [line for line in done.stderr.splitlines() if "Error" in line]
    saved = root / "saves" / f"gemma3_270m_{method}"
    assert (saved / "adapter_model.safetensors").is_file()
    assert (saved / "training_loss.png").is_file()
    state = json.loads((saved / "trainer_state.json").read_text())
    assert (state["global_step"], state["train_batch_size"]) == (2, 1)
    assert state["epoch"] == 0.5  # 2 steps of 2 documents out of 8
