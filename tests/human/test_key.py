"""The key: where it lies, what its codes look like, and what is said of a broken one."""

import re
from pathlib import Path

import pytest

from odw_harness.errors import MarkError
from odw_harness.human.key import Coded, Grader, Key, key_file, new_codes, read_key, write_key

CODED = Coded(question="ODW-01", question_hash="q", answer_hash="a", systems=("s",), shown="h")
KEY = Key(
    grading="g0123456",
    seed=1,
    exported_from=("/runs",),
    dimensions="odweval",
    graders=(Grader(name="王芳", answers={"K7M2Q": CODED}),),
)


def test_a_key_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_key(KEY, tmp_path / "key.json")
    assert read_key(tmp_path / "key.json") == KEY
    assert KEY.metrics == ("form", "completeness", "factual_consistency", "structure", "language")


def test_it_lies_beside_the_sheets_or_where_it_was_named_and_never_among_them(tmp_path: Path) -> None:
    assert key_file(tmp_path / "grading") == tmp_path / "grading.key.json"
    assert key_file(f"{tmp_path}/grading/") == tmp_path / "grading.key.json"
    assert key_file(tmp_path / "grading", tmp_path / "safe" / "k.json") == tmp_path / "safe" / "k.json"
    with pytest.raises(MarkError, match=r"lies in .*grading, which graders get"):
        key_file(tmp_path / "grading", tmp_path / "grading" / "sub" / ".." / "k.json")
    with pytest.raises(MarkError, match="is a folder; name a file"):
        key_file(tmp_path / "grading", tmp_path)


def test_codes_tell_nothing_and_no_spreadsheet_takes_one_for_a_number_a_month_or_a_word() -> None:
    codes = new_codes(5000, "1")
    assert len(set(codes)) == 5000
    assert all(re.fullmatch("[BCDFGHJKLMNPQRSTVWXYZ][BCDFGHJKLMNPQRSTVWXYZ2-9]{4}", code) for code in codes)
    assert codes == new_codes(5000, "1")
    assert codes[:10] != new_codes(10, "2")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"format": 1', '"format": 2'), "field format: Input should be 1"),
        (('"seed": 1', '"seed": "x"'), "field seed"),
        (('"odweval"', '"other"'), "field dimensions: 'other' is no rubric; there are odweval, alignbench"),
        (("g0123456", "x"), "field grading"),
        (('"systems"', '"system"'), "field graders.0.answers.K7M2Q.systems: is missing"),
        (("{", ""), "is no key (not JSON)"),
    ],
)
def test_a_broken_key_is_told_by_its_field(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    file = tmp_path / "key.json"
    write_key(KEY, file)
    file.write_text(file.read_text("utf-8").replace(*change, 1), encoding="utf-8")
    with pytest.raises(MarkError) as raised:
        read_key(file)
    assert str(raised.value).startswith(f"{file}: {told}")


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(MarkError, match="no such key; name the one that odw human export wrote with --key"):
        read_key(tmp_path / "key.json")
