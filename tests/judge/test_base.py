from pathlib import Path

import pytest

from odw_harness.errors import JudgeError
from odw_harness.judge import load_config, load_judge
from odw_harness.judge.base import ApiConfig
from odw_harness.resources import JUDGES
from odw_harness.store import Store

OURS = sorted(JUDGES.glob("*.yaml"))
HOSTED = {"openai", "deepseek", "dashscope", "zhipu", "qianfan"}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_every_judge_of_ours_is_valid_by_name_and_by_path(path: Path) -> None:
    assert load_config(path.stem) == load_config(str(path))


def test_the_judges_there_are() -> None:
    assert {path.stem for path in OURS} == HOSTED | {"vllm", "ollama", "local", "panel", "embedded"}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_a_hosted_judge_says_where_its_key_comes_from_and_a_local_one_needs_none(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label, config = load_config(path.stem)
    text = path.read_text("utf-8")
    if label in HOSTED:
        assert isinstance(config, ApiConfig)
        assert config.base_url.startswith("https://")
        assert config.api_key_env
        assert f"in {config.api_key_env}" in " ".join(text.replace("#", " ").split())
        monkeypatch.delenv(config.api_key_env, raising=False)
        with pytest.raises(JudgeError, match=f"the variable {config.api_key_env} is not set"):
            load_judge(label, Store()).preflight()
    else:
        assert getattr(config, "api_key_env", None) is None
        assert text.startswith("#")


def test_without_a_name_the_variable_decides_and_then_the_embedded_judge(
    monkeypatch: pytest.MonkeyPatch, copycat_judge: Path
) -> None:
    assert load_config(None)[0] == "embedded"
    monkeypatch.setenv("ODW_JUDGE", str(copycat_judge))
    assert load_config(None)[0] == "copycat"
    assert load_config("embedded")[0] == "embedded"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("backend: likelihood\nmodle: hf\n", "field modle: is no field of this judge"),
        ("model: hf\n", "field backend: must be one of api, local, likelihood"),
        ("backend: oracle\n", "field backend: "),
        ("backend: likelihood\nmodel_args: [1]\n", "field model_args: "),
        ("backend: [\n", "line 2: not YAML"),
        ("- likelihood\n", "must hold fields"),
        ("", "must hold fields"),
        (
            "backend: api\nbase_url: http://h/v1\nmodel: m\nstructured: maybe\n",
            "field structured: must be true, false or auto",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(JudgeError) as caught:
        load_config(str(path))
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_a_judge_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(JudgeError, match=r"judge gpt9: no such judge; name one of .*embedded"):
        load_config("gpt9")
    with pytest.raises(JudgeError, match=r"judge /no/x.yaml: no such judge"):
        load_config("/no/x.yaml")
