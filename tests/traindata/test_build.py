"""`odw data build`, as it is typed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from odw_harness.cli import main
from odw_harness.traindata.generate import generate
from tests.traindata.support import LETTER, NOTICE, lines


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A Word document, a text and a row, of three documents."""
    folder = tmp_path / "公文"
    folder.mkdir()
    word = Document()
    for line in NOTICE.split("\n"):
        word.add_paragraph("　　" + line)
    word.save(str(folder / "通知.docx"))
    (folder / "函.txt").write_bytes(LETTER.encode("gb18030"))
    lines(
        folder / "更多.jsonl",
        {
            "instruction": "写一份令",
            "output": "临川市人民政府令\n第9号\n《临川市供水办法》自2025年5月1日起施行。\n市长　江若木\n2025年3月1日",
        },
    )
    return folder


def test_without_documents_the_pairs_are_the_generators(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "build", "-o", str(tmp_path), "--count", "40", "--seed", "5"]) == 0
    wanted = generate(40, 5)
    made = {row["id"]: row for name in ("odw_train", "odw_val") for row in rows(tmp_path / f"{name}.jsonl")}
    assert {pair.id: (pair.instruction, pair.output) for pair in wanted} == {
        name: (row["instruction"], row["output"]) for name, row in made.items()
    }
    held = {row["document"] for row in rows(tmp_path / "odw_val.jsonl")}
    assert held
    assert not held & {row["document"] for row in rows(tmp_path / "odw_train.jsonl")}
    card = json.loads((tmp_path / "odw_data.json").read_text("utf-8"))
    assert (card["generated"], card["seed"], card["sources"], card["skipped"]) == (40, 5, [], [])
    assert sum(card["pairs"].values()) == sum(card["styles"].values()) == len(wanted)
    assert sum(each["pairs"] for each in card["genres"].values()) == len(wanted)
    shown = capsys.readouterr()
    assert "通知" in shown.out
    assert "distinct-4" in shown.out
    assert f"wrote {card['pairs']['train']} pairs for training" in shown.err


def test_people_s_documents_become_pairs(documents: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["data", "build", "-o", str(out), "--from", str(documents), "--validation", "0"]) == 0
    made = {row["genre"]: row for row in rows(out / "odw_train.jsonl")}
    assert made["通知"]["output"] == NOTICE
    assert made["函"]["output"] == LETTER
    assert made["令"]["instruction"] == "写一份令"
    assert made["令"]["style"] == "given"
    for fact in ("临教发〔2025〕7号", "63处", "36.5万元", "《防溺水工作指引》", "临川市水利局", "江若木"):
        assert fact in made["通知"]["instruction"]
    assert "36.5万元" in made["通知"]["facts"]
    card_text = (out / "odw_data.json").read_text("utf-8")
    card = json.loads(card_text)
    assert card["sources"] == ["公文/函.txt", "公文/更多.jsonl", "公文/通知.docx"]
    assert str(tmp_path) not in card_text
    assert card["pairs"] == {"train": 3, "validation": 0}
    assert card["rules"]["failed_pairs"] == 0
    assert list(json.loads((out / "dataset_info.json").read_text("utf-8"))) == ["odw_train"]


def test_the_same_input_gives_the_same_files(documents: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        main(
            [
                "data",
                "build",
                "-o",
                str(tmp_path / out),
                "--from",
                str(documents),
                "--count",
                "20",
                "--format",
                "sharegpt",
            ]
        )
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["dataset_info.json", "odw_data.json", "odw_train.jsonl", "odw_val.jsonl"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert [turn["from"] for turn in rows(tmp_path / "a" / "odw_train.jsonl")[0]["conversations"]] == ["human", "gpt"]


def test_the_folder_of_the_documents_takes_the_data_as_often_as_it_is_built(documents: Path) -> None:
    command = ["data", "build", "-o", str(documents), "--from", str(documents)]
    assert main(command) == 0
    assert main(["data", "leaks", str(documents), "--out", str(documents)]) == 0
    first = (documents / "odw_train.jsonl").read_bytes()
    assert main(command) == 0
    assert (documents / "odw_train.jsonl").read_bytes() == first


def test_names_and_texts_that_no_file_takes_end_no_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    try:
        for name in (b"\xb9\xfe.txt", b"\xb9\xfe.pdf"):  # no UTF-8
            (folder / os.fsdecode(name)).write_text(NOTICE, "utf-8")
    except OSError:
        pytest.skip("this file system takes no such names")
    lines(folder / "a.jsonl", json.dumps({"text": LETTER + "\ud83d"}), json.dumps({"\ud83d": 1}))
    assert main(["data", "build", "-o", str(tmp_path / "out"), "--from", str(folder), "--json"]) == 2
    card = json.loads(capsys.readouterr().out)
    assert card["sources"] == ["in/a.jsonl", "in/??.txt"]
    assert [each.split(": ")[0] for each in card["skipped"]] == ["in/a.jsonl", "in/??.pdf"]
    made = [row for name in ("odw_train", "odw_val") for row in rows(tmp_path / "out" / f"{name}.jsonl")]
    assert sorted(row["output"] for row in made) == [NOTICE, LETTER + "?"]


def test_bad_files_are_told_the_others_built_and_the_exit_code_says_so(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (documents / "旧.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    command = ["data", "build", "-o", str(tmp_path / "out"), "--from", str(documents)]
    assert main(command) == 2
    errors = capsys.readouterr().err
    assert "公文/旧.doc: .doc is not read; convert it: soffice" in errors
    assert "error: 1 of 4 documents were skipped, see above; --skip-bad accepts that" in errors
    assert json.loads((tmp_path / "out" / "odw_data.json").read_text("utf-8"))["skipped"] == [errors.splitlines()[0]]
    assert len(rows(tmp_path / "out" / "odw_train.jsonl")) + len(rows(tmp_path / "out" / "odw_val.jsonl")) == 3
    assert main([*command, "--skip-bad"]) == 0


def test_nothing_usable_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.docx").write_bytes(b"x")
    assert main(["data", "build", "-o", str(tmp_path / "out"), "--from", str(tmp_path / "a.docx")]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "a.docx: not a Word document; save it as .docx",
        "error: --from: none of 1 files or rows can be used; see above",
    ]
    assert list((tmp_path / "out").iterdir()) == []


def test_duplicates_are_reported_and_left_out_if_asked(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (documents / "函-副本.txt").write_text(LETTER.replace("。", "。\n　　"), "utf-8")
    (documents / "函-改.txt").write_text(LETTER.replace("27.4公里", "31.9公里"), "utf-8")
    out = tmp_path / "out"
    command = ["data", "build", "-o", str(out), "--from", str(documents), "--json"]
    assert main(command) == 0
    shown = capsys.readouterr()
    card = json.loads(shown.out)
    assert card["drafts"]["repeated"] == 1
    assert "taken once: 1" in shown.err
    near = card["diversity"]["near_duplicates"]
    assert (near["documents"], near["exact"], near["share"]) == (1, 0, 0.25)
    assert main([*command, "--drop-duplicates"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["diversity"]["near_duplicates"]["documents"] == 0
    assert card["left_out"] == {"invalid": 0, "duplicates": 1}
    assert sum(card["documents"].values()) == 3


def test_documents_that_fail_the_rules_are_counted_and_left_out_if_asked(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (documents / "坏.txt").write_text(
        NOTICE.replace("2025年6月20日", "2025年06月20日").replace("防溺水", "防火"), "utf-8"
    )
    command = ["data", "build", "-o", str(tmp_path / "out"), "--from", str(documents), "--json"]
    assert main(command) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["rules"]["failed_pairs"] == 1
    assert card["rules"]["hard"] == {"date": 1}
    assert card["genres"]["通知"]["failed"] == 1
    assert main([*command, "--require-valid"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["rules"]["failed_pairs"], card["left_out"]["invalid"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--count", "0"], "error: --count 0: must be a whole number from 1 up"),
        (["--count", "-3"], "error: --count -3: must be a whole number from 1 up"),
        (["--draft-with", "openai"], "error: --draft-with needs --from: the generator's instructions are its own"),
        (["--from", "/none"], "error: --from /none: no such file or folder"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "build", "-o", str(tmp_path / "out"), *arguments]) == 2
    assert capsys.readouterr().err.splitlines() == [expected]
    assert not (tmp_path / "out" / "odw_train.jsonl").exists()


@pytest.mark.parametrize("arguments", [["--format", "openai"], ["--validation", "0.9"], ["--validation", "x"]])
def test_an_unknown_format_or_share_is_refused(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["data", "build", "-o", str(tmp_path), *arguments])
    assert stop.value.code == 2
