"""The sample set that the repository carries."""

import json
from pathlib import Path

from odw_harness.cli import main

SAMPLE = Path(__file__).parents[2] / "llamafactory_configs" / "data"


def test_the_sample_set_is_what_the_generator_makes(tmp_path: Path) -> None:
    assert main(["data", "build", "-o", str(tmp_path)]) == 0
    for name in ("odw_train.jsonl", "odw_val.jsonl", "dataset_info.json", "odw_data.json"):
        made, kept = (folder / name for folder in (tmp_path, SAMPLE))
        assert made.read_text("utf-8") == kept.read_text("utf-8"), f"{name}: odw data build -o {SAMPLE.name}"


def test_the_sample_set_has_the_wanted_size_and_kinds() -> None:
    card = json.loads((SAMPLE / "odw_data.json").read_text("utf-8"))
    assert card["pairs"]["train"] + card["pairs"]["validation"] == 400
    assert len(card["genres"]) == 19


def test_no_question_leaks_into_the_sample_set() -> None:
    assert main(["data", "leaks", str(SAMPLE)]) == 0
