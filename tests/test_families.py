import json
from pathlib import Path

from odw_harness.families import families, names_of


def test_a_folder_is_known_by_what_its_files_say(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen2", "_name_or_path": 3}))
    assert families(names_of(str(tmp_path))) == {"Qwen"}
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "THUDM/chatglm3-6b"}))
    assert families(names_of(str(adapter))) == {"GLM"}
    (adapter / "adapter_config.json").write_text("[broken")
    assert families(names_of(str(adapter))) == set()


def test_words_that_only_look_alike_are_no_family() -> None:
    for name in ("yi-tian", "graphic", "my-phi", "spark-job", "photo1"):
        assert families([name]) == set(), name
    assert families(["01-ai/Yi-1.5-9B", "microsoft/Phi-3-mini"]) == {"Yi", "Phi"}
