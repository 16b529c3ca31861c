import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from odw_harness.cli import main
from odw_harness.configs.check import check_file, lines
from odw_harness.configs.source import read_config
from odw_harness.errors import ConfigError
from tests.convert.conftest import LEGACY

GOOD = """model_name_or_path: tiny
template: default
stage: sft
do_train: true
finetuning_type: lora
dataset_dir: llamafactory_configs/data
dataset: odw_train
learning_rate: 5.0e-5
bf16: true
output_dir: saves/mine
"""
"""Ten lines, so that what a test adds stands from line 11."""

Check = Callable[[str], list[str]]


@pytest.fixture
def check(root: Path, tiny_model: Path) -> Check:
    """Check the text of a configuration for the tiny model; gives the lines said of it, without the file's name."""
    shutil.copytree(tiny_model, root / "tiny")

    def checked(text: str) -> list[str]:
        (root / "mine.yaml").write_text(text, encoding="utf-8")
        return [line.removeprefix("mine.yaml:") for line in lines(check_file("mine.yaml"))]

    return checked


def test_nothing_is_said_of_a_right_file(check: Check) -> None:
    assert check(GOOD) == []


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("lerning_rate: 1.0e-5", "11: lerning_rate: LLaMA-Factory 0.9.5 has no such setting; did you mean learning_rate?"),
        ("evaluation_strategy: 'no'", "11: evaluation_strategy: LLaMA-Factory 0.9.5 has no such setting; it is called eval_strategy now"),
        ("quantization_bit: 3", "11: quantization_bit: bnb has no 3 bit; write 4 or 8"),
        ("quantization_bit: '4'", "11: quantization_bit: is text; write 4 without quotes"),
        ("quantization_bit: 4\nquantization_method: gptq", "12: quantization_method: gptq quantises no model while it loads, so it would stay as it is; use bnb"),
        ("quantization_bit: 4\nquantization_method: eetq", "11: quantization_bit: eetq has no 4 bit; write 8"),
        ("cutoff_len: x", "11: cutoff_len: is x, but must be a whole number"),
        ("cutoff_len: 0", "11: cutoff_len: 0 is out of range; give a number 1 or more"),
        ("cutoff_len: 40000", "11: cutoff_len: 40000 is more than the model's 32768 positions; write 32768 at most, or add rope_scaling"),
        ("lora_target: null", "11: lora_target: is null, but must be text; give one, or remove the line (default: all)"),
        ("lora_dropout: 1.5", "11: lora_dropout: 1.5 is out of range; give a number from 0 to under 1"),
        ("num_train_epochs: .nan", "11: num_train_epochs: nan is out of range; give a number above 0"),
        ("plot_loss: 'yes'", "11: plot_loss: is yes, but must be true or false"),
        ("infer_backend: vlm", "11: infer_backend: is vlm, but must be 'huggingface', 'vllm' or 'sglang'"),
        ("fp16: true", "11: fp16: stands beside bf16; keep bf16 (Ampere and newer) or fp16"),
        ("eval_strategy: epoch", "11: eval_strategy: there is nothing to evaluate on; add eval_dataset or val_size, or remove it"),
        ("eval_strategy: epochs\nval_size: 0.1", "11: eval_strategy: there is no epochs; did you mean epoch?"),
        ("eval_strategy: no", "11: eval_strategy: is false to YAML; write 'no' in quotes"),
        ("lr_scheduler_type: cos", "11: lr_scheduler_type: there is no cos; did you mean cosine?"),
        ("eval_dataset: odw_vall", "11: eval_dataset: llamafactory_configs/data/dataset_info.json describes no odw_vall; did you mean odw_val?"),
        ("seed: 1\nseed: 2", "12: seed: stands in line 11 already; remove one of the two"),
        ("eval_dataset: odw_val\nval_size: 0.1", "12: val_size: LLaMA-Factory refuses: Cannot specify `val_size` if `eval_dataset` is not None."),
        ("deepspeed: nix.json", "11: deepspeed: nix.json does not exist; configs/overlays holds ours"),
        ("adapter_name_or_path: [a, b]", "11: adapter_name_or_path: is ['a', 'b'], but must be text"),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_its_line(check: Check, added: str, said: str) -> None:
    assert check(GOOD + added + "\n") == [said]


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        (8, 'learning_rate: "5e-5"', "8: learning_rate: is text; write 5.0e-5 without quotes"),
        (8, "learning_rate: -1.0", "8: learning_rate: -1 is out of range; give a number above 0 and under 1"),
        (2, "template: qwen33", "2: template: LLaMA-Factory 0.9.5 has no template qwen33; did you mean qwen3?"),
        (2, "template: chatglm3", "2: template: chatglm3 writes <|assistant|>, <|user|>, [gMASK], sop, no single token of tiny; is it this model's template?"),
        (5, "finetuning_type: lor", "5: finetuning_type: is lor, but must be 'lora', 'oft', 'freeze' or 'full'"),
        (7, "dataset: odw_trian", "7: dataset: llamafactory_configs/data/dataset_info.json describes no odw_trian; did you mean odw_train?"),
        (7, "seed: 1", "1: dataset: LLaMA-Factory refuses: Please specify dataset for training."),
        (1, "model_name_or_path: ~/tiny", f"1: model_name_or_path: ~ is not expanded; write {Path('~/tiny').expanduser()}"),
        (10, "output_dir: ./tiny/", "10: output_dir: is model_name_or_path too and would be written over; name another folder"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_said(check: Check, line: int, instead: str, said: str) -> None:
    text = GOOD.splitlines()
    text[line - 1] = instead
    assert check("\n".join(text)) == [said]


def test_all_faults_are_said_at_once_also_those_that_llamafactory_would_stop_at(check: Check) -> None:
    said = check(
        GOOD
        + "eval_strategy: epochs\nval_size: 0.1\nlr_scheduler_type: cosin\noptim: adamw\nlerning_rate: 1\nquantization_bit: 5\n"
    )
    assert [line.split(": ")[:2] for line in said] == [
        ["11", "eval_strategy"],
        ["13", "lr_scheduler_type"],
        ["14", "optim"],
        ["15", "lerning_rate"],
        ["16", "quantization_bit"],
    ]


def test_one_fault_is_not_said_twice_in_other_words(check: Check) -> None:
    assert check(GOOD + "eval_dataset: 5\neval_strategy: epoch\n") == ["11: eval_dataset: is 5, but must be text"]


def test_a_number_that_only_llamafactory_reads_as_one_is_a_notice(check: Check) -> None:
    said = check(GOOD.replace("5.0e-5", "5e-5"))
    assert said == [
        "8: notice: learning_rate: 5e-5 is a number to LLaMA-Factory but text to other readers of YAML; write 5.0e-5"
    ]


def test_a_template_of_another_model_is_found_by_the_models_name(check: Check) -> None:
    for model, wrong, right in (
        ("models/qwen-7b-chat", "chatglm3", "qwen"),  # by our own file of the model
        ("Qwen/Qwen3-8B", "glm4", "qwen3"),  # by LLaMA-Factory's list
        ("/somewhere/Qwen2.5-7B-Instruct", "deepseekr1", "qwen"),
    ):
        text = GOOD.replace("tiny", model).replace("default", wrong)
        assert f"2: template: {wrong} is not this model's; write {right}" in check(text)
    assert "template" not in "".join(check(GOOD.replace("tiny", "Qwen/Qwen3-8B").replace("default", "qwen3_nothink")))


def test_weights_that_are_missing_are_a_notice_with_the_command(check: Check) -> None:
    said = check(GOOD.replace("tiny", "models/qwen-7b-chat").replace("default", "qwen"))
    assert len(said) == 1
    assert said[0].startswith(
        "1: notice: model_name_or_path: models/qwen-7b-chat is not there yet; hf download Qwen/Qwen-7B-Chat"
    )
    assert said[0].endswith("&& odw convert originals/qwen-7b-chat models/qwen-7b-chat")


def test_an_original_that_is_still_to_be_converted_is_a_fault(check: Check, root: Path) -> None:
    shutil.copytree(LEGACY / "chatglm3", root / "models" / "chatglm3-6b")
    text = GOOD.replace("tiny", "models/chatglm3-6b").replace("default", "chatglm3")
    (said,) = check(text)  # and nothing of what it is once it is converted
    assert said.startswith("1: model_name_or_path: models/chatglm3-6b: is an original (chatglm), whose code this")
    assert said.endswith("&& odw convert --dtype bfloat16 originals/chatglm3-6b models/chatglm3-6b")
    assert "is an original" not in "".join(check(text + "trust_remote_code: true\n"))


def test_layers_that_the_model_does_not_have_are_a_fault(check: Check) -> None:
    """As in configurations for the originals: peft says nothing, or fails when the model is loaded."""
    said = check(GOOD + "lora_target: c_attn, self_attn.o_proj\nadditional_target: wte,lm_head\n")
    assert said == [
        "11: lora_target: tiny has no c_attn; it has down_proj, gate_proj, k_proj, lm_head, o_proj, q_proj, up_proj, v_proj; all is usual",
        "12: additional_target: tiny has no wte; it has down_proj, embed_tokens, gate_proj, input_layernorm, k_proj, lm_head, norm, "
        "o_proj, post_attention_layernorm, q_proj, up_proj, v_proj",
    ]
    assert check(GOOD + "lora_target: q_proj,v_proj\nadditional_target: embed_tokens,mlp\n") == []


def test_a_service_that_nothing_is_reported_to_is_a_fault(check: Check) -> None:
    assert check(GOOD + "report_to: wandbb\n") == [
        "11: report_to: transformers reports to no wandbb; did you mean wandb?"
    ]
    assert check(GOOD + "report_to: [none]\n") == []


def test_a_hub_name_without_an_owner_is_fetched(check: Check) -> None:
    (said,) = check(GOOD.replace("tiny", "gpt2", 1))
    assert "gpt2 is no folder here, so it is fetched from the hub" in said


def test_a_shard_that_is_missing_is_a_fault(check: Check, root: Path) -> None:
    weights = root / "tiny" / "model.safetensors"
    weights.rename(weights.with_name("model-00001-of-00002.safetensors"))
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (root / "tiny" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    (said,) = check(GOOD)
    assert said.startswith("1: model_name_or_path: tiny: 1 of 2 shards of model.safetensors.index.json missing")


def test_each_of_several_adapters_is_looked_at(check: Check) -> None:
    said = check(GOOD + "adapter_name_or_path: saves/a, saves/b\n")
    assert [line for line in said if "saves/b holds no adapter yet" in line]
    (said,) = [
        line
        for line in check(
            "model_name_or_path: tiny\ntemplate: default\nadapter_name_or_path: saves/a, saves/b\nexport_dir: saves/b\n"
        )
        if line.startswith("4:")
    ]
    assert said == "4: export_dir: is adapter_name_or_path too and would be written over; name another folder"


def test_a_key_that_is_a_number_to_llamafactory_is_said(check: Check) -> None:
    assert check(GOOD + "1e-4: x\n") == ["11: a key must be a setting's name"]


def test_a_folder_that_is_no_model_is_a_fault(check: Check, root: Path) -> None:
    (root / "tiny" / "config.json").unlink()
    assert [line[:21] for line in check(GOOD)] == ["1: model_name_or_path"]


def test_float16_weights_do_not_train_in_bf16(check: Check, root: Path) -> None:
    config = json.loads((root / "tiny" / "config.json").read_text())
    (root / "tiny" / "config.json").write_text(json.dumps({**config, "dtype": "float16"}))
    (said,) = check(GOOD)
    assert said.startswith(
        "9: bf16: the model loads in float16, and training in bfloat16 fails on that; write bfloat16 as dtype"
    )
    assert check(GOOD.replace("bf16", "fp16")) == []


def test_a_tokenizer_without_a_chat_template_needs_one(check: Check, root: Path) -> None:
    text = GOOD.replace("template: default", "template: null")
    assert check(text) == []
    (root / "tiny" / "chat_template.jinja").unlink()
    assert check(text) == ["2: template: tiny has no chat template of its own; name one of LLaMA-Factory's"]


def test_a_damaged_tokenizer_is_a_fault(check: Check, root: Path) -> None:
    (root / "tiny" / "tokenizer.json").write_text("{")
    (said,) = check(GOOD)
    assert said.startswith("1: model_name_or_path: tiny/tokenizer.json can't be read")


def test_data_that_is_missing_or_empty_is_said(check: Check, root: Path) -> None:
    data = root / "llamafactory_configs" / "data"
    (data / "odw_train.jsonl").write_text("")
    assert "is empty; `odw data build` makes it" in check(GOOD)[0]
    (data / "odw_train.jsonl").unlink()
    assert "does not exist; `odw data build` makes it" in check(GOOD)[0]
    (data / "dataset_info.json").write_text(
        '{"mine": {"file_name": "nix.jsonl"}, "bad": 5, "worse": {}, "far": {"hf_hub_url": "a/b"}}'
    )
    assert check(GOOD.replace("odw_train", "mine")) == [
        "7: dataset: mine: llamafactory_configs/data/nix.jsonl does not exist"
    ]
    assert "bad: its description" in check(GOOD.replace("odw_train", "bad"))[0]
    assert "worse: its description" in check(GOOD.replace("odw_train", "worse"))[0]
    assert check(GOOD.replace("odw_train", "far")) == []
    (data / "dataset_info.json").write_text("[")
    assert "6: dataset_dir: llamafactory_configs/data/dataset_info.json is no JSON object" in check(GOOD)[0]


def test_what_a_run_would_find_in_its_folder_is_said(check: Check, root: Path) -> None:
    for step in (2, 10, 9):
        (root / "saves" / "mine" / f"checkpoint-{step}").mkdir(parents=True)
    assert check(GOOD) == [
        "10: notice: output_dir: training goes on from saves/mine/checkpoint-10; overwrite_output_dir=true on the command line starts anew"
    ]
    shutil.rmtree(root / "saves" / "mine")
    (root / "saves" / "mine").mkdir()
    (root / "saves" / "mine" / "adapter_model.safetensors").touch()
    assert "10: output_dir: saves/mine holds a trained model but no checkpoint to go on from" in check(GOOD)[0]
    assert check(GOOD + "overwrite_output_dir: true\n") == []


def test_an_export_is_checked_as_one(check: Check) -> None:
    text = "model_name_or_path: tiny\nadapter_name_or_path: saves/x\ntemplate: default\nexport_dir: tiny\n"
    said = check(text + "quantization_bit: 4\nlearning_rate: 1.0e-4\n")
    assert said == [
        "2: notice: adapter_name_or_path: saves/x holds no adapter yet; llamafactory-cli train configs/x.yaml",
        "4: export_dir: is model_name_or_path too and would be written over; name another folder",
        "5: quantization_bit: an adapter can't be merged into a quantised base; remove the quantization lines, the adapter goes onto the unquantised one",
        "6: learning_rate: is a setting of training, not of export; remove it",
    ]


def test_a_package_that_is_missing_here_is_a_notice(check: Check) -> None:
    said = check(GOOD + "use_unsloth: true\n")
    assert said == ["11: notice: use_unsloth: needs a package that is not installed here; pip install 'unsloth'"]


def test_llamafactory_gets_a_file_only_by_its_ending(root: Path, tiny_model: Path) -> None:
    (root / "mine.txt").write_text(GOOD.replace("tiny", str(tiny_model)), encoding="utf-8")
    assert lines(check_file("mine.txt")) == [
        "mine.txt:1: llamafactory-cli takes a file for one only by its ending; name it .yaml"
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1\n", "x.yaml:2: is no YAML"),
        (b"\xff\xfe\x00", "x.yaml: is not UTF-8"),
        (b"- 1\n", "x.yaml: holds no `key: value` lines"),
        (b"", "x.yaml: holds no `key: value` lines"),
        (b"a: 1\n2: b\n", "x.yaml:2: a key must be a setting's name"),
        (b"a: !!python/object:os.system x\n", "x.yaml: can't be read as LLaMA-Factory does"),
        (None, "x.yaml: can't be read: No such file or directory"),
    ],
)
def test_what_can_not_be_read_is_one_line(
    content: bytes | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("x.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        read_config("x.yaml")
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)


def test_the_exit_code_and_the_json_say_what_was_found(
    check: Check, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(GOOD) == []
    (root / "bad.yaml").write_text(GOOD + "quantization_bit: 3\n", encoding="utf-8")
    before = sorted(root.rglob("*"))
    assert main(["configs", "check", "mine.yaml"]) == 0
    assert main(["configs", "check", "mine.yaml", "bad.yaml"]) == 1
    assert "2 files: 1 right, 1 with faults" in capsys.readouterr().err
    assert main(["configs", "check", "bad.yaml", "none.yaml", "configs/models/qwen7b.yaml", "--json"]) == 2
    files = json.loads(capsys.readouterr().out)["files"]
    assert [(each["file"], each["kind"], each["passed"]) for each in files[:2]] == [
        ("bad.yaml", "train", False),
        ("none.yaml", None, False),
    ]
    assert files[0]["faults"] == [
        {"line": 11, "field": "quantization_bit", "message": "bnb has no 3 bit; write 4 or 8", "notice": False}
    ]
    assert "is a model's file" in files[2]["unreadable"]
    assert sorted(root.rglob("*")) == before  # nothing was written


def test_without_llamafactory_the_way_to_install_it_is_said(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "omegaconf", None)  # comes with it
    assert main(["configs", "launch", "configs/qwen7b_lora.yaml", "--gpus", "2"]) == 2
    assert capsys.readouterr().err == "error: LLaMA-Factory is not installed; pip install 'odw-harness[train]'\n"
