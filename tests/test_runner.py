from pathlib import Path

import pytest
from lm_eval.tasks import TaskManager

from odw_harness import runner


def test_link_places_index_files_that_load_and_unlink_takes_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_link_folder", lambda: tmp_path / "odw_harness")
    placed = runner.link()
    names = {"alignbench_writing.yaml"}
    for group in ("odweval", "alignbench", "odw"):
        names |= {f"{group}.yaml", f"{group}_in19.yaml", f"{group}_ood2.yaml"}
    assert {path.name for path in placed} == names
    monkeypatch.chdir("/")
    loaded = TaskManager(include_path=tmp_path, include_defaults=False).load(["odweval"])
    assert sorted(loaded["tasks"]) == ["odweval_in19", "odweval_ood2"]
    assert loaded["group_map"] == {"odweval": ["odweval_in19", "odweval_ood2"]}
    assert runner.unlink() == placed
    assert not (tmp_path / "odw_harness").exists()
    assert runner.unlink() == []
