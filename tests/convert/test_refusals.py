"""What can't be converted exactly is named, in one line, and nothing is written."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from odw_harness.cli import main
from odw_harness.convert.source import original_in
from tests.convert.conftest import edit_json, put_weights

Original = Callable[[str], Path]
Change = Callable[[Path], object]


def config(**fields: Any) -> Change:
    return lambda folder: edit_json(folder / "config.json", lambda values: values.update(fields))


def without(field: str) -> Change:
    return lambda folder: edit_json(folder / "config.json", lambda values: values.pop(field))


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Change:
    def edit(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        put_weights(folder, tensors)

    return edit


def gone(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def text(name: str, content: str) -> Change:
    return lambda folder: (folder / name).write_text(content, "utf-8")


def cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


class Code:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def pickled_code(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"model.norm.weight": Code(folder.parent / "ran")}, folder / "pytorch_model.bin")


def cut_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes((folder / "pytorch_model.bin").read_bytes()[:-2000])


def training_state(folder: Path) -> None:
    torch.save({"state_dict": load_file(folder / "model.safetensors")}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def pointer(name: str) -> Change:
    def clone_without_lfs(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 15012452223\n")

    return clone_without_lfs


def lost_shard(folder: Path) -> None:
    places = dict.fromkeys(load_file(folder / "model.safetensors"), "model-00001-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


def lost_index(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")


def only_gguf(folder: Path) -> None:
    (folder / "config.json").rename(folder / "model-q4.gguf")


def added(number: str, name: str) -> Change:
    return lambda folder: edit_json(
        folder / "tokenizer_config.json", lambda values: values.update(added_tokens_decoder={number: {"content": name}})
    )


def renamed(name: str) -> Change:
    return lambda folder: edit_json(folder / "tokenizer_config.json", lambda values: values.update(name_or_path=name))


NORM = "transformer.encoder.final_layernorm.weight"
CASES: list[tuple[str, Change, str]] = [
    ("baichuan2", config(hidden_size=5120, num_hidden_layers=40), "Baichuan2-13B, whose ALiBi"),
    ("baichuan2", without("max_position_embeddings"), "Baichuan2-13B, whose ALiBi"),
    ("baichuan2", config(vocab_size=64000), "Baichuan of the first generation"),
    ("baichuan2", config(hidden_act="gelu"), "field hidden_act: is 'gelu'"),
    ("chatglm3", config(position_encoding_2d=True), "ChatGLM-6B, the first"),
    ("chatglm3", renamed("THUDM/chatglm2-6b"), "is ChatGLM2"),
    ("chatglm3", text("tokenization_chatglm.py", "class ChatGLMTokenizer: ..."), "tokenizer without <|user|>"),
    ("chatglm3", config(padded_vocab_size=151552), "GLM-4"),
    ("chatglm3", config(pre_seq_len=128), "P-tuning"),
    ("chatglm3", config(rmsnorm=False), "field rmsnorm: is False"),
    ("chatglm3", config(quantization_bit=4), "quantization_bit: stands for quantised"),
    ("chatglm3", config(num_layers="2"), "num_layers: must be a positive whole number, is '2'"),
    ("chatglm3", without("hidden_size"), "field hidden_size: is missing"),
    ("chatglm3", config(num_layers=3), "7 tensors are missing"),
    ("chatglm3", config(num_layers=1), "7 tensors are no part of ChatGLM3"),
    (
        "chatglm3",
        config(ffn_hidden_size=130),
        "mlp.dense_4h_to_h.weight has shape [64, 128], by config.json it is [64, 130]",
    ),
    ("qwen", config(quantization_config={"quant_method": "gptq", "bits": 4}), "quantization_config: stands for"),
    ("qwen", config(visual={"layers": 48}), "Qwen-VL"),
    ("qwen", config(rotary_pct=0.25), "field rotary_pct: is 0.25"),
    ("qwen", config(kv_channels=32), "times num_attention_heads must be hidden_size"),
    ("qwen", config(model_type="qwen2"), "is qwen2, which needs no conversion"),
    ("qwen", config(model_type="mamba9"), "is mamba9, which isn't known; known are ChatGLM3, Baichuan2-7B and Qwen"),
    ("qwen", text("config.json", "{"), "is no JSON"),
    ("qwen", text("config.json", "[]"), "must be a JSON object"),
    ("qwen", text("qwen.tiktoken", "version https://git-lfs.github.com/spec/v1\n"), "line 1: is no token and its rank"),
    ("chatglm3", text("tokenizer.model", "nothing"), "is no sentencepiece model"),
    ("chatglm3", added("509", "<new>"), "'<new>' is 509 there and not in the original's tokenizer"),
    ("chatglm3", gone("tokenizer.model"), "tokenizer.model is missing"),
    ("chatglm3", gone("config.json"), "config.json is missing"),
    ("chatglm3", gone("model.safetensors"), "has no weights"),
    ("chatglm3", lost_shard, "model-00001-of-00002.safetensors (1 file is) missing"),
    ("chatglm3", lost_index, "the index of model-00001-of-00002.safetensors is missing"),
    ("chatglm3", text("model.safetensors.index.json", '{"weight_map": {"a": "../b"}}'), "is no index of weights"),
    ("chatglm3", cut, "is cut off or no safetensors file"),
    ("chatglm3", cut_pickle, "is cut off or no file of weights"),
    ("chatglm3", pickled_code, "holds more than weights, perhaps code, and isn't loaded"),
    ("chatglm3", pointer("pytorch_model.bin"), "pytorch_model.bin: is a Git LFS pointer, not the file itself"),
    ("chatglm3", pointer("model.safetensors"), "model.safetensors: is a Git LFS pointer, not the file itself"),
    ("chatglm3", training_state, "state_dict is no tensor"),
    ("chatglm3", only_gguf, "holds a GGUF (model-q4.gguf)"),
    ("chatglm3", weights(lambda t: t.pop(NORM)), "1 tensors are missing (transformer.encoder.final_layernorm.weight)"),
    ("chatglm3", weights(lambda t: t.update(extra=torch.zeros(2))), "1 tensors are no part of ChatGLM3 (extra)"),
    ("chatglm3", weights(lambda t: t.update({NORM: torch.zeros(64).char()})), "is quantised"),
    (
        "chatglm3",
        text("adapter_config.json", '{"peft_type": "LORA", "base_model_name_or_path": "x"}'),
        "trained on x; name",
    ),
]


@pytest.mark.parametrize(("family", "change", "word"), CASES, ids=[f"{case[0]}: {case[2][:50]}" for case in CASES])
def test_refused_by_name_in_one_line(
    original: Original, capsys: pytest.CaptureFixture[str], family: str, change: Change, word: str
) -> None:
    source = original(family)
    change(source)
    assert main(["convert", str(source), str(source.parent / "out")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert word in error
    assert sorted(path.name for path in source.parent.iterdir()) == [family]


def test_added_tokens_that_are_the_original_s_are_no_fault(original: Original) -> None:
    source = original("chatglm3")
    added("506", "<|user|>")(source)
    assert main(["convert", str(source), str(source.parent / "out")]) == 0


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("chatglm3", config(_name_or_path="THUDM/glm-4-9b-chat")),
        ("baichuan2", config(num_hidden_layers=40)),
        ("qwen", config(quantization_config={"bits": 4})),
    ],
)
def test_a_relative_is_no_original_that_is_still_to_be_converted(
    original: Original, family: str, change: Change
) -> None:
    source = original(family)
    assert "`odw convert` makes it native" in str(original_in(source))
    change(source)
    assert original_in(source) is None


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["convert", *map(str, arguments)]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_odd_paths_and_options(
    original: Original, converted: Original, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source = original("chatglm3")
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    assert "GGUF" in refused(capsys, tmp_path / "model.gguf", tmp_path / "out")
    assert "is no folder" in refused(capsys, tmp_path / "nowhere", tmp_path / "out")
    assert "is converted already" in refused(capsys, converted("chatglm3"), tmp_path / "out")
    assert "is, holds or lies in the source" in refused(capsys, source, source / "native")
    assert "is, holds or lies in the source" in refused(capsys, source, tmp_path)
    assert "--base is for adapters" in refused(capsys, source, tmp_path / "out", "--base", source)


def test_what_exists_is_replaced_only_with_force_and_only_if_it_is_a_model(
    original: Original, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source, target = original("chatglm3"), tmp_path / "out"
    target.mkdir()  # empty: fine
    assert main(["convert", str(source), str(target)]) == 0
    made = (target / "model.safetensors").stat().st_ino
    assert "exists; name another folder, or replace it with --force" in refused(capsys, source, target)
    assert (target / "model.safetensors").stat().st_ino == made
    (target / "mine.txt").write_text("")
    assert main(["convert", str(source), str(target), "--force"]) == 0
    assert not (target / "mine.txt").exists()
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("")
    assert "is no model, so --force doesn't replace it" in refused(capsys, source, thesis, "--force")
    assert (thesis / "chapter.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chatglm3", "out", "thesis"]


def test_a_disk_too_full_is_found_out_before(
    original: Original, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("odw_harness.convert.target.shutil.disk_usage", lambda path: type("", (), {"free": 10_000})())
    source = original("chatglm3")
    assert "0.1 GB are needed and 0.0 GB free" in refused(capsys, source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["chatglm3"]


def test_a_killed_conversion_leaves_nothing_under_the_target_and_the_next_one_tidies_up(
    original: Original, tmp_path: Path
) -> None:
    source = original("chatglm3")
    slow = (
        "import os, sys, time\n"
        "from odw_harness.convert import weights\n"
        "written = weights.write_shard\n"
        "weights.write_shard = lambda tensors, file: (written(tensors, file), print('written', flush=True), time.sleep(60))\n"
        "from odw_harness.cli import main\n"
        "sys.exit(main(['convert', *sys.argv[1:], '--shard-size', '0.0001']))\n"
    )
    command = [sys.executable, "-c", slow, str(source), str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        again = subprocess.run(
            [sys.executable, "-m", "odw_harness.cli", "convert", str(source), str(tmp_path / "out")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "another run is converting to it" in again.stderr
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "out").exists()
    assert (tmp_path / ".out.converting").is_dir()
    assert main(["convert", str(source), str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chatglm3", "out"]


def test_ctrl_c_leaves_nothing(original: Original, tmp_path: Path) -> None:
    source = original("chatglm3")
    command = [sys.executable, "-c", (
        "import sys, time\n"
        "from odw_harness.convert import weights\n"
        "weights.write_shard = lambda *_: (print('writing', flush=True), time.sleep(60))\n"
        "from odw_harness.cli import main\n"
        "sys.exit(main(['convert', *sys.argv[1:]]))\n"
    ), str(source), str(tmp_path / "out")]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error.splitlines()[-1] == "stopped; nothing was written"
    assert [path.name for path in tmp_path.iterdir()] == ["chatglm3"]
