"""The files for LLaMA-Factory, and which document goes where."""

import json
from pathlib import Path
from typing import Any

import pytest

from odw_harness.errors import OdwError
from odw_harness.traindata.dataset import FORMATS, Folder, split
from odw_harness.traindata.pair import Pair
from tests.traindata.support import pair

PAIRS = [pair(number, genre) for number, genre in enumerate(["通知"] * 200 + ["函"] * 100 + ["令"] * 5)]


def test_documents_that_come_later_move_none_that_are_there() -> None:
    first = split(PAIRS, 0, 0.1)
    more = [pair(number, "通知") for number in range(1000, 1400)]
    assert split([*more, *PAIRS], 0, 0.1) & {each.document for each in PAIRS} == first


def test_about_the_share_of_every_genre_is_held_back() -> None:
    many = [pair(number, genre) for number, genre in enumerate(["通知", "函"] * 2000)]
    held = split(many, 0, 0.1)
    for genre in ("通知", "函"):
        assert 0.08 < sum(each.document in held for each in many if each.genre == genre) / 2000 < 0.12


def test_a_genre_that_is_large_enough_is_never_left_out() -> None:
    for seed in range(50):
        twenty = [pair(number, genre) for number, genre in enumerate(["批复"] * 10 + ["议案"] * 10)]
        held = split(twenty, seed, 0.1)
        assert any(each.document in held for each in twenty[:10])
        assert any(each.document in held for each in twenty[10:])


def test_both_parts_have_something_from_two_documents_up() -> None:
    for seed in range(30):
        assert len(split(PAIRS[:2], seed, 0.1)) == 1
        assert len(split(PAIRS[:2], seed, 0.5)) == 1
    assert split(PAIRS[:1], 0, 0.1) == set()
    assert split(PAIRS, 0, 0) == set()


def test_seeds_differ_and_the_same_seed_does_not() -> None:
    assert split(PAIRS, 1, 0.1) == split(list(reversed(PAIRS)), 1, 0.1)
    assert split(PAIRS, 1, 0.1) != split(PAIRS, 2, 0.1)


def loaded(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows as LLaMA-Factory's own loader turns them into messages."""
    from datasets import load_dataset
    from llamafactory.data.converter import get_dataset_converter
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import DataArguments

    (entry,) = get_dataset_list([name], str(folder))
    rows = load_dataset(
        "json", data_files=str(folder / entry.dataset_name), split="train", cache_dir=str(folder / ".cache")
    )
    convert = get_dataset_converter(entry.formatting, entry, DataArguments(dataset_dir=str(folder)))
    return [convert(row) for row in rows]


@pytest.mark.parametrize("formatting", FORMATS)
def test_llama_factory_reads_back_what_was_written(tmp_path: Path, formatting: str) -> None:
    train = [Pair("a-1", "a", "通知", "facts", "写\n通知", "关于“值班”的通知\n各科室：", ("值班",)), pair(2)]
    Folder(str(tmp_path)).write(train, [pair(3)], formatting, {})
    for name, pairs in (("odw_train", train), ("odw_val", [pair(3)])):
        assert [(row["_prompt"], row["_response"], row["_system"]) for row in loaded(tmp_path, name)] == [
            ([{"role": "user", "content": each.instruction}], [{"role": "assistant", "content": each.output}], "")
            for each in pairs
        ]


def test_foreign_entries_stay_and_an_old_validation_part_goes(tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text('{"我的数据": {"file_name": "mine.jsonl"}, "odw_val": {"file_name": "odw_val.jsonl"}}', "utf-8")
    (tmp_path / "odw_val.jsonl").write_text("{}", "utf-8")
    Folder(str(tmp_path)).write([pair(1)], [], "alpaca", {"seed": 0})
    entries = json.loads(info.read_text("utf-8"))
    assert list(entries) == ["我的数据", "odw_train"]
    assert entries["我的数据"] == {"file_name": "mine.jsonl"}
    assert not (tmp_path / "odw_val.jsonl").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset_info.json", "odw_data.json", "odw_train.jsonl"]


def test_a_broken_dataset_info_is_not_overwritten(tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text('{\n "a": {},\n}', "utf-8")
    with pytest.raises(OdwError, match=r"dataset_info\.json: line 3: not JSON: .*; mend it first"):
        Folder(str(tmp_path))
    assert info.read_text("utf-8") == '{\n "a": {},\n}'


def test_a_place_that_can_not_be_written_to_is_found_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(OdwError, match=r"-o .*/file: is a file; name a folder"):
        Folder(str(tmp_path / "file"))
    with pytest.raises(OdwError, match=r"-o /proc/1/fdinfo/data: can't be made: "):
        Folder("/proc/1/fdinfo/data")
    with pytest.raises(
        OdwError, match=r"-o .*: odw_train\.jsonl in it is a file that this run reads; name another folder"
    ):
        Folder(str(tmp_path), [tmp_path / "odw_train.jsonl"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    (tmp_path / "odw_data.json").symlink_to("/dev/full")
    with pytest.raises(
        OdwError, match=r"odw_data\.json: can't be written: No space left on device; make room and run again"
    ):
        folder.write([pair(1)], [], "alpaca", {"seed": 0})
    assert not (tmp_path / "odw_train.jsonl").exists()
