"""The committed configurations, as LLaMA-Factory itself reads them."""

import os
import re
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from odw_harness.configs.build import ORIGINS, differences, models, render
from odw_harness.configs.check import check_file, kind_of, lines
from odw_harness.configs.llamafactory import default_template, same_words, special_tokens, templates
from tests.configs.conftest import CONFIGS, ROOT

PAPER = ("chatglm3_6b", "baichuan2_7b", "qwen1_8b", "qwen7b")
FILES = sorted(str(file.relative_to(CONFIGS)) for file in CONFIGS.glob("*.yaml")) + sorted(
    str(file.relative_to(CONFIGS)) for folder in ("export", "infer") for file in (CONFIGS / folder).glob("*.yaml")
)
QUANTIZATION = {
    "quantization_bit": 4,
    "quantization_method": "bnb",
    "quantization_type": "nf4",
    "double_quantization": True,
}


def read(name: str) -> dict[str, object]:
    values = yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))
    assert isinstance(values, dict)
    return values


def note(name: str, key: str) -> str:
    found = re.search(rf"^{key}: .*?# (.*)$", (CONFIGS / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


def test_the_literal_command_of_the_paper_has_its_file() -> None:
    assert os.readlink(ROOT / "configs") == "llamafactory_configs"
    for name in PAPER:
        for method in ("lora", "qlora"):
            assert (ROOT / "configs" / f"{name}_{method}.yaml").is_file()
            assert (ROOT / "configs" / "export" / f"{name}_{method}.yaml").is_file()


def test_the_committed_files_are_what_the_templates_make() -> None:
    assert differences(CONFIGS, render(CONFIGS)) == []


def test_llamafactory_takes_every_file_and_so_does_all_that_it_lets_through(root: Path) -> None:
    checked = [check_file(f"configs/{file}") for file in FILES]
    assert [line for each in checked for line in lines(each) if not each.passed] == []
    told = {(fault.field) for each in checked for fault in each.faults}
    assert told == {"model_name_or_path", "adapter_name_or_path", "trust_remote_code"}  # not there yet; remote code
    assert [each.kind for each in checked] == [
        "export" if "export/" in file else "infer" if "infer/" in file else "train" for file in FILES
    ]


def test_the_data_that_they_name_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert [fault for fault in check_file("configs/qwen7b_lora.yaml").faults if "data" in fault.field] == []


@pytest.mark.parametrize("file", FILES)
def test_every_value_says_where_it_comes_from(file: str) -> None:
    text = (CONFIGS / file).read_text(encoding="utf-8")
    settings = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert settings
    paper = file.rpartition("/")[2].startswith(PAPER)
    for line in settings:
        found = re.search(r"  # (read|inferred: .+|ours.*)$", line)
        assert found, line
        assert paper or found[1].startswith("ours"), line  # the paper tells nothing of today's models
    assert "{" not in text  # every placeholder is filled


def test_the_papers_values_are_as_read_by_hand() -> None:
    by_hand = {
        "chatglm3_6b": (5e-5, "read", 20, "read"),
        "baichuan2_7b": (5e-5, "read", 20, "inferred"),
        "qwen1_8b": (2e-5, "read", 20, "inferred"),
        "qwen7b": (3e-5, "inferred", 10, "read"),
    }
    for name, (rate, rate_from, epochs, epochs_from) in by_hand.items():
        for method in ("lora", "qlora"):
            file = f"{name}_{method}.yaml"
            values = read(file)
            assert (values["learning_rate"], values["num_train_epochs"]) == (rate, epochs)
            assert note(file, "learning_rate").startswith(rate_from)
            assert note(file, "num_train_epochs").startswith(epochs_from)
            shared = {"per_device_train_batch_size": 2, "cutoff_len": 2048, "lr_scheduler_type": "cosine", "bf16": True}
            assert {key: values[key] for key in shared} == shared
            assert {note(file, key) for key in shared} == {"read"}
            ours = {"lora_rank": 8, "lora_alpha": 16, "lora_dropout": 0.0, "lora_target": "all", "warmup_steps": 0.1}
            ours["gradient_accumulation_steps"] = 1
            assert {key: values[key] for key in ours} == ours
            assert all(note(file, key).startswith("ours") for key in ours)


@pytest.mark.parametrize("name", [model.name for model in models(CONFIGS)])
def test_lora_and_qlora_differ_in_quantisation_and_places_alone(name: str) -> None:
    for folder, places in (("", {"output_dir"}), ("infer/", {"adapter_name_or_path"})):
        lora, qlora = read(f"{folder}{name}_lora.yaml"), read(f"{folder}{name}_qlora.yaml")
        assert {key: value for key, value in qlora.items() if key not in lora} == QUANTIZATION
        assert {key for key in lora if lora[key] != qlora[key]} == places
    lora, qlora = read(f"export/{name}_lora.yaml"), read(f"export/{name}_qlora.yaml")
    assert lora.keys() == qlora.keys()  # merged onto the unquantised base, both
    assert {key for key in lora if lora[key] != qlora[key]} == {"adapter_name_or_path", "export_dir"}


@pytest.mark.parametrize("name", [model.name for model in models(CONFIGS)])
def test_what_is_trained_is_merged_and_talked_to_with_the_same_words(name: str) -> None:
    for method in ("lora", "qlora"):
        train, infer = read(f"{name}_{method}.yaml"), read(f"infer/{name}_{method}.yaml")
        export = read(f"export/{name}_{method}.yaml")
        assert (
            train["output_dir"]
            == infer["adapter_name_or_path"]
            == export["adapter_name_or_path"]
            == f"saves/{name}_{method}"
        )
        for key in ("model_name_or_path", "template", "default_system", "enable_thinking"):
            assert train.get(key) == infer.get(key) == read(f"infer/{name}.yaml").get(key)
        assert train["model_name_or_path"] == export["model_name_or_path"] != export["export_dir"]


def test_no_file_of_the_papers_runs_remote_code() -> None:
    remote = {file.rpartition("/")[2].partition(".")[0] for file in FILES if "trust_remote_code" in read(file)}
    assert {name.removesuffix("_qlora").removesuffix("_lora") for name in remote} == {"internlm3_8b", "minicpm4_8b"}


@pytest.mark.parametrize("file", FILES)
def test_every_reader_of_yaml_reads_the_same(file: str) -> None:
    assert OmegaConf.to_container(OmegaConf.load(CONFIGS / file)) == read(file)


def test_the_templates_are_those_that_llamafactory_has_for_the_models() -> None:
    known = 0
    for model in models(CONFIGS):
        name = model.template
        assert name is None or name in templates()
        fitting = default_template(model.hub) if model.hub else None
        if fitting:
            known += 1
            assert same_words(name, fitting), model.name
    assert known >= 12  # Qwen-1, Baichuan2 and GLM-4-9B-Chat's native folder are not in LLaMA-Factory's list


def test_llamafactory_can_write_ollamas_file_for_every_export() -> None:
    for file in FILES:
        name = read(file)["template"]
        if file.startswith("export/") and name is not None:
            assert special_tokens(str(name))[0] == set(), file  # tokens by name are what it can't write there


def test_origins_are_the_words_of_the_legend() -> None:
    head = (CONFIGS / "qwen7b_lora.yaml").read_text(encoding="utf-8").partition("###")[0]
    assert all(f"{origin} = " in head for origin in ORIGINS)
    assert kind_of(read("qwen7b_lora.yaml")) == "train"
