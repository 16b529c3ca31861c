"""systems/: every file is one that lm-eval takes, the paper's fifteen are there, and all write under the same settings."""

import json
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from lm_eval.config.evaluate_config import EvaluatorConfig

from odw_harness import cli, runner
from odw_harness.errors import TaskError
from odw_harness.paper import load_table
from odw_harness.systems import System, read_config
from tests.convert.conftest import LEGACY
from tests.judge.server import JudgeServer, serving

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "systems").glob("*.yaml"))
SYSTEMS = {file.stem: System.read(str(file)) for file in FILES}
OF_THE_PAPER = {
    str(s.metadata.get("paper", s.name)): s
    for s in SYSTEMS.values()
    if "paper" in s.metadata or s.name in {row.system for row in load_table("odweval")}
}
NOT_AS_THE_OTHERS = {
    "chatgpt": {"reasoning_effort": "none"},
    "deepseek": {"thinking": {"type": "disabled"}},
    "wenxin4": {"temperature": 0.01},
    **{
        f"deepseek_r1_qwen_{size}": {"max_gen_toks": 8192, "do_sample": True, "temperature": 0.6, "top_p": 0.95}
        for size in ("1_5b", "7b")
    },
}
"""Generation settings beside the task's own: thinking switched off, or allowed for where it can't be; greedy refused."""
FOUR_BIT = {"load_in_4bit", "bnb_4bit_quant_type", "bnb_4bit_use_double_quant", "bnb_4bit_compute_dtype"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_lm_eval_takes_every_file(file: Path) -> None:
    config = EvaluatorConfig.from_config(file)._configure()
    assert config.tasks == "odweval"
    assert config.output_path == f"outputs/{file.stem}"
    assert file.stem.isascii()
    assert file.read_text("utf-8").startswith("# "), "it says what it is"


def test_the_fifteen_systems_of_the_paper_are_there() -> None:
    assert set(OF_THE_PAPER) == {row.system for row in load_table("odweval")}
    assert len({system.name for system in SYSTEMS.values()}) == len(SYSTEMS)


def test_a_served_model_does_not_pass_for_the_papers_own() -> None:
    """ChatGPT, 文心 4.0 and 子牙写作 are other models today, and their rows say which."""
    served = {name: s for name, s in OF_THE_PAPER.items() if "paper" in s.metadata}
    assert set(served) == {"ChatGPT", "文心 4.0", "子牙写作"}
    for system in served.values():
        assert Path(system.model_args["model"]).name in system.name


def test_all_write_under_the_same_settings() -> None:
    given = {stem: dict(system.settings.get("gen_kwargs") or {}) for stem, system in SYSTEMS.items()}
    assert {stem: settings for stem, settings in given.items() if settings} == NOT_AS_THE_OTHERS
    for system in SYSTEMS.values():
        assert not {"limit", "num_fewshot", "system_instruction", "seed", "samples"} & set(system.settings)
        assert system.settings["apply_chat_template"] is (system.stem != "gemma3_270m"), "a base model wants none"
        if system.model == "hf":
            embedded = system.model_args["pretrained"] == "embedded"
            assert system.settings["batch_size"] == (21 if embedded else 4)
            assert system.model_args["dtype"] == ("float32" if embedded else "bfloat16")


@pytest.mark.parametrize("stem", ["chatglm3_6b", "baichuan2_7b", "qwen1_8b", "qwen7b", "gemma3_270m"])
def test_lora_and_qlora_differ_from_their_base_in_adapter_and_bits_alone(stem: str) -> None:
    base, lora, qlora = (SYSTEMS[stem + end].model_args for end in ("", "_lora", "_qlora"))
    assert lora == {**base, "peft": f"saves/{stem}_lora"}
    in_16_bit = {name: value for name, value in qlora.items() if name not in FOUR_BIT}
    assert in_16_bit == {**base, "peft": f"saves/{stem}_qlora"}
    assert set(qlora) >= FOUR_BIT
    assert qlora["load_in_4bit"] is True
    assert (qlora["bnb_4bit_quant_type"], qlora["bnb_4bit_use_double_quant"]) == ("nf4", True)


def test_the_command_that_trains_an_adapter_trains_it_on_the_same_base_with_the_same_bits() -> None:
    adapters = {stem: system for stem, system in SYSTEMS.items() if "peft" in system.model_args}
    assert len(adapters) == 10
    for stem, system in adapters.items():
        training = yaml.safe_load((ROOT / "configs" / f"{stem}.yaml").read_text("utf-8"))
        assert training["output_dir"] == system.model_args["peft"]
        assert ("quantization_bit" in training) is ("load_in_4bit" in system.model_args)
        if system.model_args["pretrained"] != "embedded":
            assert training["model_name_or_path"] == system.model_args["pretrained"]


def test_each_says_how_to_get_what_it_wants(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "QIANFAN_API_KEY", "DEEPSEEK_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for stem, system in SYSTEMS.items():
        told = [command for each in system.missing() for command in each.get]
        assert told or stem == "gemma3_270m"
        assert "ORGANISATION" not in " ".join(told)
        for part in (system.model_args.get("pretrained"), system.model_args.get("model")):
            if str(part).startswith("models/"):
                assert any(str(part) in command for command in told), "the command makes another folder"
    assert [each.get for each in SYSTEMS["qwen7b_qlora"].missing()][1] == (
        "llamafactory-cli train configs/qwen7b_qlora.yaml",
    )


def test_ziyas_template_opens_the_turns_of_its_format() -> None:
    from jinja2 import Environment

    as_vllm_does = Environment(trim_blocks=True, lstrip_blocks=True)
    template = as_vllm_does.from_string((ROOT / "systems" / "ziya_writing.jinja").read_text("utf-8"))
    assert template.render(messages=[{"role": "user", "content": " 写一份通知 "}]) == "<human>:写一份通知\n<bot>:"


def test_the_readme_lists_every_system() -> None:
    text = (ROOT / "systems" / "README.md").read_text("utf-8")
    for stem, system in SYSTEMS.items():
        assert f"| `{stem}` | {system.name} |" in text


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model: hf\nmodle_args: {}\n", "line 2: field modle_args: is no setting of lm-eval"),
        ("model_args: [a]\n", "line 1: field model_args: must hold fields with names"),
        (
            "model_args: {model: x, header: {Authorization: Bearer 12345678}}\n",
            "Authorization must not stand in a file; keys live in the environment; metadata.api_key_env names",
        ),
        ("model_args: {x: sk-0123456789}\n", "holds what looks like a key"),
        ("model: [\n", "Invalid YAML"),
        ("- a\n", "must be a mapping"),
    ],
)
def test_a_wrong_file_is_one_line(text: str, told: str, tmp_path: Path) -> None:
    file = write(tmp_path / "x.yaml", text)
    with pytest.raises(TaskError, match=r"x\.yaml") as fault:
        read_config(file)
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)


def test_arguments_in_one_text_are_taken_apart(tmp_path: Path) -> None:
    settings = read_config(write(tmp_path / "x.yaml", "model_args: pretrained=a/b,load_in_4bit=True\n"))
    assert settings["model_args"] == {"pretrained": "a/b", "load_in_4bit": True}


def system(tmp_path: Path, **arguments: Any) -> System:
    model = "local-chat-completions" if "base_url" in arguments else "hf"
    return System(tmp_path / "x.yaml", {"model": model, "model_args": arguments})


def test_a_folder_of_weights_must_be_whole(tmp_path: Path, tiny_model: Path) -> None:
    model = tmp_path / "model"

    def told() -> list[str]:
        return [each.what for each in system(tmp_path, pretrained=str(model)).missing()]

    assert told() == [f"{model}: no such folder"]
    shutil.copytree(tiny_model, model)
    assert told() == []
    index = write(
        model / "model.safetensors.index.json", '{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}'
    )
    write(model / "1.safetensors", "x")
    assert told() == [f"{model}: 1 of 2 shards of {index.name} missing"]
    index.write_text("{")
    assert told() == [f"{model}: {index.name} can't be read"]
    index.unlink()
    (model / "1.safetensors").unlink()
    (model / "model.safetensors").write_bytes(b"")
    write(model / "training_args.bin", "no weights")
    assert told() == [f"{model}: has no weights"]
    (model / "config.json").unlink()
    assert told() == [f"{model}: has no config.json"]


def test_an_original_that_is_still_to_be_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Downloaded to where the native model belongs: transformers asks to trust its code, which then fails."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(LEGACY / "chatglm3", tmp_path / "models" / "chatglm3-6b")
    (base,) = SYSTEMS["chatglm3_6b"].missing()
    assert base.what.startswith("models/chatglm3-6b: is an original (chatglm), whose code this transformers can't run")
    assert base.get == (
        "mkdir -p originals && mv models/chatglm3-6b originals/chatglm3-6b && "
        "odw convert --dtype bfloat16 originals/chatglm3-6b models/chatglm3-6b",
    )
    assert SYSTEMS["chatglm3_6b_lora"].missing()[0] == base  # before the adapter
    assert system(tmp_path, pretrained="models/chatglm3-6b", trust_remote_code=True).missing() == []
    judge = write(tmp_path / "judge.yaml", "backend: likelihood\nmodel: copycat\n")
    arguments = ["--model_args", "pretrained=models/chatglm3-6b", "--metadata", f"judge={judge}"]
    assert cli.main(["eval", *arguments]) == 2
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith("error: --model_args pretrained=models/chatglm3-6b: is an original (chatglm), whose")
    )


def test_an_adapter_that_was_trained_on_an_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its names are not those of the converted base, and peft would say no more than that."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(["convert", str(LEGACY / "baichuan2"), "models/baichuan2-7b-chat"]) == 0
    adapter = tmp_path / "saves" / "baichuan2_7b_lora"
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.bin").write_text("x")
    write(adapter / "adapter_config.json", '{"target_modules": ["W_pack", "o_proj"]}')
    (missing,) = SYSTEMS["baichuan2_7b_lora"].missing()
    assert missing.what.startswith(
        "saves/baichuan2_7b_lora: was trained on the original of models/baichuan2-7b-chat (W_pack)"
    )
    assert missing.get == (
        "mkdir -p originals && mv saves/baichuan2_7b_lora originals/baichuan2_7b_lora && "
        "odw convert originals/baichuan2_7b_lora saves/baichuan2_7b_lora --base models/baichuan2-7b-chat",
    )
    write(adapter / "adapter_config.json", '{"target_modules": ["q_proj", "o_proj"]}')
    assert SYSTEMS["baichuan2_7b_lora"].missing() == []


def test_what_looks_like_a_hubs_name_but_is_a_folder_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (missing,) = system(tmp_path, pretrained="models/abc").missing()
    assert (missing.what, missing.get) == (
        "models/abc: no such folder",
        ("hf download ORGANISATION/abc --local-dir models/abc",),
    )
    (missing,) = system(tmp_path, pretrained="nobody/abc").missing()
    assert (missing.what, missing.get) == ("nobody/abc: not in the cache of downloads", ("hf download nobody/abc",))
    judge = write(tmp_path / "judge.yaml", "backend: likelihood\nmodel: copycat\n")
    assert cli.main(["eval", "--model_args", "pretrained=models/abc", "--metadata", f"judge={judge}"]) == 2
    assert capsys.readouterr().err.endswith("error: --model_args pretrained=models/abc: no such folder\n")


def test_a_path_with_two_slashes_is_a_folder_though_it_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copycat_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (missing,) = system(tmp_path, pretrained="weights/qwen/7b").missing()
    assert missing.what == "weights/qwen/7b: no such folder"
    for part in ("pretrained=weights/qwen/7b", "pretrained=a/b,peft=runs/a/lora"):
        assert cli.main(["eval", "--model_args", part, "--metadata", f"judge={copycat_judge}"]) == 2
        assert capsys.readouterr().err.endswith(f"error: --model_args {part.split(',')[-1]}: no such folder\n")


@pytest.mark.parametrize("bits", ["load_in_4bit", "load_in_8bit"])
def test_few_bits_want_bitsandbytes(
    bits: str, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = system(tmp_path, pretrained=str(tiny_model), **{bits: True})
    assert asked.missing() == []
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    assert [(each.what, each.get) for each in asked.missing()] == [
        ("bitsandbytes", ("pip install 'odw-harness[quantized]'",))
    ]


def test_weights_added_to_a_base_must_be_there_too(tmp_path: Path, tiny_model: Path) -> None:
    asked = system(tmp_path, pretrained=str(tiny_model), delta=f"{tmp_path}/delta")
    assert [each.what for each in asked.missing()] == [f"{tmp_path}/delta: no such folder"]


def test_a_server_on_this_machine_is_asked_for_its_models(tmp_path: Path, judge_server: JudgeServer) -> None:
    url = f"{judge_server.url}/chat/completions"
    assert system(tmp_path, model="judge-1", base_url=url).missing() == []
    (missing,) = system(tmp_path, model="x", base_url=url).missing()
    assert missing.what.endswith(", which serves judge-1, judge-2")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (missing,) = system(tmp_path, model="x", base_url=f"http://127.0.0.1:{port}/v1/chat/completions").missing()
    assert (missing.what, missing.get) == (f"a server at http://127.0.0.1:{port}", ("vllm serve x",))


def test_a_systems_key_goes_to_its_server_alone_and_its_name_into_the_results(
    judge_server: JudgeServer, served_judge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "of-openai")
    monkeypatch.setenv("MY_KEY", "of-the-system")
    with serving() as server:
        file = write(
            tmp_path / "mine.yaml",
            f"model: local-chat-completions\nmodel_args: {{model: judge-1, base_url: {server.url}/chat/completions}}\n"
            "apply_chat_template: true\nlimit: 1\ngen_kwargs: {max_gen_toks: 77, a: 1}\n"
            f"metadata: {{system: 我的系统, api_key_env: MY_KEY, get: secret recipe, judge: {served_judge}}}\n",
        )
        runner.run(["--config", str(file), "--metadata", "repeats=2", "--gen_kwargs", "a=2"])
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer of-the-system"}
    assert {"of-the-system", "of-openai"}.isdisjoint(" ".join(map(str, judge_server.headers)).split())
    body = server.requests[0]
    assert (body["max_tokens"], body["a"]) == (77, 2), "the command line adds to the file, and goes before it"
    (path,) = (tmp_path / "outputs").rglob("results_*.json")
    text = path.read_text("utf-8")
    told = json.loads(text)["configs"]["odweval_in19"]["metadata"]
    assert (told["system"], told["repeats"], told["judge"]) == ("我的系统", 2, str(served_judge))
    assert "secret recipe" not in text
    assert "of-the-system" not in text


def test_another_served_model_in_the_process_does_not_get_the_systems_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that scores by likelihood may be lm-eval's model behind a server of its own."""
    from lm_eval.models.openai_completions import LocalChatCompletion

    monkeypatch.setenv("OPENAI_API_KEY", "of-openai")
    monkeypatch.setenv("MY_KEY", "of-the-system")
    address = "http://127.0.0.1:1/v1/chat/completions"
    key = runner._key("MY_KEY", {"base_url": address})
    with runner._lm_eval_as_needed(key, address):
        mine, other = (
            LocalChatCompletion(base_url=f"http://127.0.0.1:{port}/v1/chat/completions", model="m") for port in (1, 2)
        )
        assert mine.header == {"Authorization": "Bearer of-the-system"}
        assert other.header == {"Authorization": "Bearer of-openai"}
    after = LocalChatCompletion(base_url=address, model="m")
    assert after.header == {"Authorization": "Bearer of-openai"}, "lm-eval is left as it was"


def test_a_key_that_is_not_set_ends_before_anything_is_asked(
    tmp_path: Path, served_judge: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    file = write(
        tmp_path / "mine.yaml",
        "model: local-chat-completions\nmodel_args: {model: m, base_url: http://127.0.0.1:1/v1/chat/completions}\n"
        f"metadata: {{api_key_env: MY_KEY, judge: {served_judge}}}\n",
    )
    assert cli.main(["eval", "--config", str(file)]) == 2
    assert "the variable MY_KEY is not set; export MY_KEY=..." in capsys.readouterr().err


@pytest.mark.slow
def test_a_systems_file_with_an_adapter_on_a_4_bit_base_runs(
    tiny_model: Path, served_judge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systems/qwen7b_qlora.yaml as it stands, over tiny weights under its own names."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_model, tmp_path / "models" / "qwen-7b-chat")
    torch.manual_seed(0)
    adapter = LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear", init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_model), adapter).save_pretrained("saves/qwen7b_qlora")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = ROOT / "systems" / "qwen7b_qlora.yaml"
    assert System.read(str(file)).missing() == []
    options = ["--limit", "1", "--device", "cpu", "--gen_kwargs", "max_gen_toks=8"]
    runner.run(["--config", str(file), *options, "--metadata", f"judge={served_judge}"])
    (path,) = (tmp_path / "outputs" / "qwen7b_qlora").rglob("results_*.json")
    found = json.loads(path.read_text("utf-8"))
    assert found["configs"]["odweval_in19"]["metadata"]["system"] == "Qwen-7B-Chat-QLoRA"
    assert found["config"]["model_num_parameters"] > 0
    assert yaml.safe_load(file.read_text("utf-8"))["model_args"]["load_in_4bit"] is True
