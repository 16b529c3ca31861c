import shutil
from pathlib import Path

import pytest
import yaml

from odw_harness.cli import main
from odw_harness.configs.build import read_model, render
from odw_harness.errors import ConfigError
from tests.configs.conftest import CONFIGS

FIVE_LINES = """title: Qwen3-14B
source: Qwen/Qwen3-14B            # on the hub
template: qwen3
enable_thinking: false  # ours: no thoughts
learning_rate: 5.0e-5  # ours
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Our templates, and one model of five lines."""
    shutil.copytree(CONFIGS / "templates", tmp_path / "templates")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "qwen3_14b.yaml").write_text(FIVE_LINES, encoding="utf-8")
    return tmp_path


def test_five_lines_make_seven_configurations(folder: Path) -> None:
    made = render(folder)
    assert sorted(made) == [
        "export/qwen3_14b_lora.yaml",
        "export/qwen3_14b_qlora.yaml",
        "infer/qwen3_14b.yaml",
        "infer/qwen3_14b_lora.yaml",
        "infer/qwen3_14b_qlora.yaml",
        "qwen3_14b_lora.yaml",
        "qwen3_14b_qlora.yaml",
    ]
    train = made["qwen3_14b_qlora.yaml"]
    assert "learning_rate: 5.0e-5  # ours\n" in train  # the model's line for the template's
    assert "template: qwen3  # ours\nenable_thinking: false  # ours: no thoughts\n" in train  # a new one below it
    assert "# Weights: hf download Qwen/Qwen3-14B --local-dir models/Qwen3-14B\n" in train
    values = yaml.safe_load(train)
    assert values["model_name_or_path"] == "models/Qwen3-14B"
    assert (values["output_dir"], values["quantization_bit"]) == ("saves/qwen3_14b_qlora", 4)
    base = yaml.safe_load(made["infer/qwen3_14b.yaml"])
    assert base["enable_thinking"] is False
    assert {"learning_rate", "adapter_name_or_path", "quantization_bit"} & base.keys() == set()


def test_a_prefix_keeps_a_line_to_some_files(folder: Path) -> None:
    file = folder / "models" / "qwen3_14b.yaml"
    file.write_text(
        FIVE_LINES + "export.template: empty\nqlora.learning_rate: 1.0e-5\ntrain.use_cpu: true\n", encoding="utf-8"
    )
    made = {path: yaml.safe_load(text) for path, text in render(folder).items()}
    assert {path for path, values in made.items() if values["template"] == "empty"} == {
        "export/qwen3_14b_lora.yaml",
        "export/qwen3_14b_qlora.yaml",
    }
    rates = {path: values.get("learning_rate") for path, values in made.items()}
    assert (rates["qwen3_14b_qlora.yaml"], rates["qwen3_14b_lora.yaml"]) == (1e-5, 5e-5)
    assert {path for path, values in made.items() if "use_cpu" in values} == {
        "qwen3_14b_lora.yaml",
        "qwen3_14b_qlora.yaml",
    }


def test_an_original_is_converted(folder: Path) -> None:
    text = "title: X\noriginal: Org/X-Chat\nmodel_name_or_path: models/x-chat\n"
    (folder / "models" / "x.yaml").write_text(text, encoding="utf-8")
    get = read_model(folder / "models" / "x.yaml").get
    assert get == "hf download Org/X-Chat --local-dir originals/x-chat && odw convert originals/x-chat models/x-chat"


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("lora_rank 16\n", ":6: is no `key: value` on one line"),
        ("lora_target:\n- q_proj\n", ":6: is no `key: value` on one line"),
        ("template: qwen\n", ":6: template: stands here twice"),
        ("lora_rank: 16  # guessed\n", ":6: lora_rank: its comment must begin with read, inferred or ours"),
        ("default_system: '\n", ":6: default_system: ' is no YAML"),
    ],
)
def test_a_fault_in_a_models_file_is_one_line(folder: Path, added: str, said: str) -> None:
    file = folder / "models" / "qwen3_14b.yaml"
    file.write_text(FIVE_LINES + added, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        render(folder)
    assert f"{file}{said}" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("missing", ["title", "source"])
def test_a_models_file_must_say_whose_it_is(folder: Path, missing: str) -> None:
    file = folder / "models" / "qwen3_14b.yaml"
    file.write_text(
        "".join(line + "\n" for line in FIVE_LINES.splitlines() if not line.startswith(missing)), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=f"{missing} is missing"):
        render(folder)


def test_build_writes_what_differs_and_takes_away_what_is_gone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["configs", "build", "--folder", str(folder)]
    assert main([*arguments, "--check"]) == 1
    assert not (folder / "qwen3_14b_lora.yaml").exists()
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    (folder / "mine.yaml").write_text("stage: sft\n", encoding="utf-8")
    (folder / "qwen3_14b_lora.yaml").write_text("edited: true\n", encoding="utf-8")
    (folder / "models" / "qwen3_14b.yaml").rename(folder / "models" / "other.yaml")
    capsys.readouterr()
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert f"{folder / 'qwen3_14b_qlora.yaml'}: stale\n" in said
    assert not (folder / "qwen3_14b_qlora.yaml").exists()
    assert (folder / "mine.yaml").exists()  # what was not made here stays
    assert (folder / "qwen3_14b_lora.yaml").exists()  # and what was edited into something else
    assert (folder / "other_lora.yaml").exists()


def test_a_folder_without_templates_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["configs", "build", "--folder", str(tmp_path / "nowhere")]) == 2
    assert "does not exist; run from the repository's root" in capsys.readouterr().err
