"""`odw judge --dry-run` says what a run would take and asks nothing."""

from pathlib import Path

import pytest

from odw_harness.cli import main
from odw_harness.questions import load_questions
from odw_harness.rubric import ODWEVAL
from tests.judge.server import JudgeServer
from tests.test_answers import plain, written


@pytest.fixture
def answers(tmp_path: Path) -> str:
    rows = (plain("a0", "第0篇"), plain("a1", "第1篇"), plain("copy", "第1篇"), plain("blank", " "))
    return written(tmp_path / "a.jsonl", *rows)


def test_it_counts_what_is_known_empty_and_to_be_asked(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served_judge.write_text(served_judge.read_text() + "prices: {input: 2, output: 8, currency: CNY}\n")
    dry = ["judge", answers, "--judge", str(served_judge), "--dry-run"]
    assert main(dry) == 0
    question = next(question for question in load_questions() if question.id == "ODW-08")
    prompts = [ODWEVAL.prompt(question, text) for text in ("第0篇", "第1篇")]
    tokens = sum(len(prompt.encode()) // 4 for prompt in prompts)
    cost = (2 * tokens + 8 * 1000) / 1e6
    assert capsys.readouterr().out == (
        "loop: 4 verdicts, 1 of them known, 1 of empty answers; 2 to ask for (a request each, one more where a reply "
        f"can't be read); about {tokens:,} tokens in, 1,000 out (500 a reply, a guess), "
        f"about {cost:.2f} CNY without the cache's discount\n"
    )
    assert judge_server.requests == []
    first = written(tmp_path / "first.jsonl", plain("a0", "第0篇"))
    assert main(["judge", first, "--judge", str(served_judge), "--out", str(tmp_path / "v.jsonl")]) == 0
    capsys.readouterr()
    assert main(dry) == 0
    told = capsys.readouterr().out
    assert "4 verdicts, 2 of them known, 1 of empty answers; 1 to ask for" in told
    assert "40 out (40 a reply, as 1 of this judge's replies had)" in told


def test_of_a_panel_each_judge_is_told_apart(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "twice.yaml").write_text(served_judge.read_text() + "repeats: 2\ntemperature: 1\n")
    (tmp_path / "panel.yaml").write_text("backend: panel\njudges: [loop.yaml, twice.yaml]\n")
    assert main(["judge", answers, "--judge", str(tmp_path / "panel.yaml"), "--dry-run"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("loop: 4 verdicts, 1 of them known")
    assert second.startswith("twice: 8 verdicts, 2 of them known, 2 of empty answers; 4 to ask for")
    assert judge_server.requests == []


def test_likelihoods_have_no_tokens_to_pay(
    answers: str, copycat_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", answers, "--judge", str(copycat_judge), "--dry-run"]) == 0
    assert "2 to ask for, three likelihoods each" in capsys.readouterr().out


def test_a_judge_of_the_systems_family_is_flagged(
    served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served_judge.write_text(served_judge.read_text().replace("judge-1", "qwen-plus"))
    folder = tmp_path / "Qwen__Qwen2.5-7B"
    folder.mkdir()
    answers = written(folder / "a.jsonl", plain("a0", "第0篇"))
    assert main(["judge", answers, "--judge", str(served_judge), "--dry-run"]) == 0
    assert "Qwen__Qwen2.5-7B: the judge is of the same family (Qwen)" in capsys.readouterr().err
