"""What people and machines read of the gate: the first line, Markdown, JUnit; whatever names come out of files."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from odw_harness.cli import main
from tests.gate.support import each
from tests.made import QUESTIONS, who, write_run

Capture = pytest.CaptureFixture[str]
HOSTILE = "|x](javascript:a) <script>&\"'\x1b[31m\x00\u202e\ud83d\n# heading ]]>"
FOUR = QUESTIONS[:4]


@pytest.fixture
def sides(tmp_path: Path) -> tuple[str, str]:
    write_run(tmp_path / "old", "Old", each(7), questions=FOUR)
    write_run(tmp_path / "new", "New", each(6), questions=FOUR)
    return str(tmp_path / "old"), str(tmp_path / "new")


def test_the_first_line_says_what_happened_and_why(sides: tuple[str, str], capsys: Capture) -> None:
    assert main(["gate", *sides]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[0] == (
        "FAIL: score: 7 → 6 (-1.000, -0.3 allowed); with 98.3% confidence it fell by 1.000 or more"
    )
    (row,) = [line.split() for line in out.splitlines() if line.split()[:1] == ["score"]]
    assert row == ["score", "4", "7.000", "6.000", "-1.000", "-0.300", "-1.000", "-0.300", "failed"]
    assert main(["gate", *reversed(sides)]) == 0
    assert capsys.readouterr().out.startswith("PASS: Old is not shown to be worse than New by more than is allowed")


def test_the_terminal_tells_of_noise(tmp_path: Path, capsys: Capture) -> None:
    for name in ("old", "new"):
        write_run(tmp_path / name, name, lambda question: [[6.0], [7.0]], questions=FOUR)
    assert main(["gate", str(tmp_path / "old"), str(tmp_path / "new"), "--noise"]) == 0
    out = capsys.readouterr().out
    assert "noise: with 2 and 2 answers a question, as here" in out
    assert "catches: fact_recall" in out


def test_junit_is_read_back(sides: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "deep" / "gate.xml"
    assert main(["gate", *sides, "--junit", str(file)]) == 1
    root = ElementTree.parse(file).getroot()
    suite = root.find("testsuite")
    assert suite is not None
    assert (root.tag, suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("testsuites", "6", "1", "0")
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert list(cases) == ["questions", "judge, odweval", "coverage, odweval", "score", "rules", "fact_recall"]
    failure = cases["score"].find("failure")
    assert failure is not None
    assert "7 → 6" in (failure.get("message") or "")
    assert [name for name, case in cases.items() if case.find("failure") is not None] == ["score"]


def test_in_junit_what_can_not_be_compared_is_an_error(sides: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    write_run(tmp_path / "other", "Other", each(7), questions=FOUR, judge=who(version="2"))
    assert main(["gate", sides[0], str(tmp_path / "other"), "--junit", "-"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("CANNOT COMPARE: judge, odweval:")
    suite = ElementTree.fromstring(captured.out.split("?>", 1)[1]).find("testsuite")
    assert suite is not None
    assert (suite.get("errors"), suite.get("failures"), suite.get("skipped")) == ("1", "0", "1")


def test_names_out_of_files_can_not_break_anything(tmp_path: Path, capsys: Capture) -> None:
    questions = [question.model_copy(update={"id": HOSTILE.replace("\ud83d", "") + question.id}) for question in FOUR]
    for name, asked in (("old", questions), ("new", questions[1:])):
        write_run(tmp_path / name, "m", lambda question: [[7.0]], questions=asked, judge=who(judge=HOSTILE[:-20]))
        (results,) = (tmp_path / name).rglob("results_*.json")
        text = results.read_text("utf-8").replace('"system": "m"', f'"system": {_json(HOSTILE + name)}')
        results.write_text(text, "utf-8")
    report, summary = tmp_path / "gate.xml", tmp_path / "summary.md"
    both = [str(tmp_path / "old"), str(tmp_path / "new")]
    assert main(["gate", *both, "--junit", str(report), "--markdown", str(summary)]) == 2
    out = capsys.readouterr().out
    assert not re.search("[\x00\x1b\u202e\ud83d]", out)
    assert ElementTree.parse(report).getroot().find("testsuite") is not None
    for line in summary.read_text("utf-8").splitlines():
        assert "<script>" not in line.replace("\\<", "")
        assert not line.startswith("# ")
        assert "](javascript" not in line.replace("\\]", "")
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 10


def _json(text: str) -> str:
    import json

    return json.dumps(text)


def test_the_summary_is_a_heading_and_a_table(sides: tuple[str, str], capsys: Capture) -> None:
    assert main(["gate", *sides, "--markdown", "-"]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "### ❌ odw gate: FAIL"
    assert "| score | 4 | 7.000 | 6.000 | -1.000 | -0.300 | -1.000 | -0.300 | **failed** |" in lines
    assert [line.count("|") for line in lines if line.startswith("|")] == [10] * 5
    assert captured.err.startswith("FAIL: score")


def test_a_summary_renders_as_one_table(sides: tuple[str, str], capsys: Capture) -> None:
    from markdown_it import MarkdownIt

    main(["gate", *sides, "--markdown", "-"])
    page = MarkdownIt("gfm-like", {"linkify": False}).render(capsys.readouterr().out)
    assert (page.count("<table>"), page.count("<tr>"), page.count("<h3>")) == (1, 4, 1)
    assert "<td>fact_recall</td>" in page


def test_help_tells_the_rule_and_the_exit_codes(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["gate", "--help"])
    out = capsys.readouterr().out
    for part in ("examples:", "exit codes:", "1  a regression", "2 answers a question", "--max-drop-rules"):
        assert part in out
