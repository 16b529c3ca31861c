"""A working directory as the repository's root is for LLaMA-Factory: the configurations, and two small data sets of the tests."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "llamafactory_configs"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The committed configurations over data of the tests, as the working directory."""
    folder = tmp_path / "llamafactory_configs"
    folder.mkdir()
    for entry in CONFIGS.iterdir():
        if entry.name != "data":
            (folder / entry.name).symlink_to(entry)
    (folder / "data").mkdir()
    row = {"instruction": "写一份放假通知", "input": "", "output": "关于放假的通知\n各科室：\n    五一放假。"}
    columns = {"prompt": "instruction", "query": "input", "response": "output"}
    names = ("odw_train", "odw_val")
    for name in names:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for _ in range(8))
        (folder / "data" / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    info = {name: {"file_name": f"{name}.jsonl", "columns": columns} for name in names}
    (folder / "data" / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    (tmp_path / "configs").symlink_to("llamafactory_configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path
