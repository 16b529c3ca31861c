"""People's documents from files and folders; each fault is one line."""

import json
from pathlib import Path

import pytest
from docx import Document

from odw_harness.errors import DataError
from odw_harness.traindata.rows import OWN_FILES
from odw_harness.traindata.sources import read_sources
from tests.traindata.support import LETTER, NOTICE, lines


def test_a_folder_is_walked_without_hidden_files_and_locks(tmp_path: Path) -> None:
    folder = tmp_path / "公文"
    (folder / "2025").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "b.txt").write_text(NOTICE, "utf-8")
    (folder / "2025" / "a.md").write_text("# " + LETTER.replace("\n", "\n\n"), "utf-8")
    for name in (".隐藏.txt", "~$锁.docx", ".~锁.docx", ".git/x.txt"):
        (folder / name).write_text(NOTICE, "utf-8")
    (folder / "图.jpg").write_bytes(b"x")
    found = read_sources([str(folder)])
    assert [source.name for source in found.documents] == ["公文/b.txt", "公文/2025/a.md"]
    assert found.documents[1].text == LETTER
    assert found.skipped == []
    assert found.notices == ["other files left alone: 1 × .jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_is_read_in_the_encodings_of_chinese_offices(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(NOTICE.replace("\n", "\r\n\r\n　　").encode(encoding))
    assert read_sources([str(path)]).documents[0].text == NOTICE


def test_each_bad_file_is_one_line_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NOTICE, "utf-8")
    (tmp_path / "b.docx").write_text("no", "utf-8")
    (tmp_path / "c.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "e.txt").write_text("  \n", "utf-8")
    (tmp_path / "f.txt").write_text("关于放假的通知", "utf-8")
    (tmp_path / "g.txt").write_bytes(b"\xff\xff\xff\x81")
    Document().save(str(tmp_path / "h.docx"))
    found = read_sources([str(tmp_path)])
    assert [source.text for source in found.documents] == [NOTICE]
    name = tmp_path.name
    assert found.skipped == [
        f"{name}/b.docx: not a Word document; save it as .docx",
        f"{name}/c.doc: .doc is not read; convert it: soffice --headless --convert-to docx FILE, or save it as .docx in Word or WPS",
        f"{name}/d.pdf: .pdf is not read; its lines can't be told apart safely; save its text as .txt, or the original as .docx",
        f"{name}/e.txt: holds no text (pictures are not read)",
        f"{name}/f.txt: only 7 characters, no document",
        f"{name}/g.txt: neither UTF-8 nor GB18030; save it as UTF-8",
        f"{name}/h.docx: holds no text (pictures are not read)",
    ]


def test_lines_broken_at_a_width_are_told_of(tmp_path: Path) -> None:
    sentence = "我公司承担高速公路养护任务，需养护资金一千二百六十万元，其中路面养护八百六十万元，已到位七百万元，缺口五百六十万元"
    broken = "\n".join(sentence[start : start + 14] for start in range(0, len(sentence), 14))
    for name, text in (
        ("pdf.txt", f"关于养护资金的请示\n{broken}。"),
        ("good.txt", f"关于养护资金的请示\n{sentence}。\n{NOTICE}"),
    ):
        (tmp_path / name).write_text(text, "utf-8")
    found = read_sources([str(tmp_path)])
    assert found.notices == [f"{tmp_path.name}/pdf.txt: its lines end within sentences; give each paragraph one line"]


def test_rows_are_documents_or_ready_pairs(tmp_path: Path) -> None:
    turns = [
        {"from": "system", "value": "你是秘书"},
        {"from": "human", "value": "写函"},
        {"from": "gpt", "value": LETTER},
    ]
    file = lines(
        tmp_path / "a.jsonl",
        {"text": "　" + NOTICE, "genre": "通知"},
        {"instruction": "写通知", "input": "主送各校", "output": NOTICE},
        {"conversations": turns},
        {"messages": [{"role": "user", "content": "写函"}, {"role": "assistant", "content": LETTER}]},
    )
    found = read_sources([str(file)])
    assert [(each.name, each.instruction, each.genre) for each in found.documents] == [
        ("a.jsonl: line 1", None, "通知"),
        ("a.jsonl: line 2", "写通知\n主送各校", None),
        ("a.jsonl: line 3", "写函", None),
        ("a.jsonl: line 4", "写函", None),
    ]
    assert [each.text for each in found.documents] == [NOTICE, NOTICE, LETTER, LETTER]
    assert found.notices == ["a.jsonl: system texts left out: 1"]


def test_a_bad_row_is_skipped_and_broken_json_ends_its_file(tmp_path: Path) -> None:
    said = [{"from": who, "value": LETTER} for who in ("human", "gpt", "human", "gpt")]
    file = lines(
        tmp_path / "a.jsonl",
        {"text": NOTICE},
        {"answer": NOTICE},
        {"instruction": "写", "output": 7},
        {"instruction": "写", "output": ""},
        {"instruction": " ", "output": NOTICE},
        {"conversations": said},
        {"text": LETTER, "genre": ["函"]},
        {"text": LETTER},
        '{"text": ',
        {"text": NOTICE},
    )
    found = read_sources([str(file)])
    assert [source.text for source in found.documents] == [NOTICE, LETTER]
    assert found.skipped[:-1] == [
        "a.jsonl: line 2: has neither instruction and output, nor conversations, messages or text; its fields: answer",
        "a.jsonl: line 3: field output: must be a text, got int",
        "a.jsonl: line 4: holds no text (pictures are not read)",
        "a.jsonl: line 5: the instruction is empty; give the document as text to have one drafted",
        "a.jsonl: line 6: has 2 answers; give one question and one answer a row",
        "a.jsonl: line 7: field genre: must be a text, got list",
    ]
    assert found.skipped[-1].startswith("a.jsonl: line 9: not JSON: ")
    assert found.skipped[-1].endswith("; nothing after it is read")


def test_half_a_surrogate_pair_becomes_a_question_mark(tmp_path: Path) -> None:
    """JSON may spell one, and no file of UTF-8 takes it."""
    half = "\ud83d"
    file = lines(tmp_path / "a.jsonl", *(json.dumps(row) for row in (
        {"text": NOTICE + half, "genre": "通知" + half},
        {"instruction": "写函" + half, "output": LETTER + half},
        {half: NOTICE},
    )))  # fmt: skip
    found = read_sources([str(file)])
    assert [(each.text, each.instruction, each.genre) for each in found.documents] == [
        (NOTICE + "?", None, "通知?"),
        (LETTER + "?", "写函?", None),
    ]
    assert [each.split("; ")[1] for each in found.skipped] == ["its fields: ?"]


def test_a_folder_that_holds_what_was_made_of_it_is_read_without_that(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NOTICE, "utf-8")
    for name in OWN_FILES:
        (tmp_path / name).write_text("{}", "utf-8")
    found = read_sources([str(tmp_path)])
    assert [source.text for source in found.documents] == [NOTICE]
    assert (found.skipped, found.notices) == ([], [])


def test_a_path_that_is_not_there_or_a_folder_with_nothing_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--from .*/none: no such file or folder"):
        read_sources([str(tmp_path / "none")])
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"the folder holds no \.docx, \.txt, \.md, \.jsonl"):
        read_sources([str(tmp_path)])
    assert read_sources([str(tmp_path / "a.png")]).skipped == ["a.png: .png is not read; give .docx, .txt, .md, .jsonl"]
