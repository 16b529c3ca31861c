"""`odw judge` from the command line, against a server on this machine."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.cli import main
from odw_harness.judge import client
from odw_harness.questions import load_questions
from odw_harness.store import Store
from tests.judge.server import JudgeServer, fails, grades, says
from tests.test_answers import plain, written

KEYS = ["id", "rubric", "judge", "repeat", "score", "dimensions", "unscored", "rationale", "usage"]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())


@pytest.fixture
def answers(tmp_path: Path) -> str:
    return written(
        tmp_path / "a.jsonl", *(plain(f"a{n}", f"第{n}篇") for n in range(4)), plain("新闻", "消息", "ODW-20")
    )


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_verdict_a_line_and_a_summary(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_server.by_answer = {"第1篇": grades(9.0), "第2篇": says("我不能评价"), "第3篇": grades(11.0)}
    out = tmp_path / "v" / "verdicts.jsonl"
    assert main(["judge", answers, "--judge", str(served_judge), "--out", str(out)]) == 0
    given = rows(out)
    assert [list(row) for row in given] == [KEYS] * 5
    assert [row["id"] for row in given] == ["a0", "a1", "a2", "a3", "新闻"]
    assert [row["score"] for row in given] == [6.0, 9.0, None, None, 6.0]
    assert given[0]["dimensions"] == dict.fromkeys(
        ("文种与格式规范", "内容完整与切题", "事实一致", "结构与逻辑", "语言得体"), 6.0
    )
    assert next(iter(given[4]["dimensions"])) == "文体规范"
    assert given[2]["dimensions"] is None
    assert [row["unscored"] for row in given] == [
        None,
        None,
        "no dictionary of scores at the end",
        "outside 1 to 10: 文种与格式规范 is 11.0",
        None,
    ]
    assert {(row["rubric"], row["judge"], row["repeat"]) for row in given} == {("odweval", "loop", 0)}
    assert given[2]["rationale"] == "我不能评价"
    assert given[0]["usage"] == {"requests": 1, "prompt_tokens": 3000, "completion_tokens": 40, "cached_tokens": 700}
    out_text, err = capsys.readouterr()
    assert out_text == ""
    assert "3 of 5 answers scored (coverage 0.600); 5 judged now" in " ".join(err.split())
    assert "7 requests (0 retried, 2 asked again for scores), 21,000 tokens in (4,900 cached), 280 out" in " ".join(
        err.split()
    )
    assert "unscored: 1 × no dictionary of scores at the end, 1 × outside 1 to 10" in err
    assert "note: 19 questions of 21 without an answer" in err


def test_coverage_decides_the_exit_code(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path
) -> None:
    judge_server.by_answer = {"第1篇": says("不")}
    command = ["judge", answers, "--judge", str(served_judge), "--out", str(tmp_path / "v.jsonl"), "--min-coverage"]
    assert main([*command, "0.8"]) == 0
    assert main([*command, "0.81"]) == 3
    assert len(rows(tmp_path / "v.jsonl")) == 5
    with pytest.raises(SystemExit) as caught:
        main([*command, "80"])
    assert caught.value.code == 2


def test_without_out_the_verdicts_go_to_standard_output_and_nothing_else(
    answers: str, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", answers, "--judge", str(served_judge), "--rubric", "alignbench"]) == 0
    given = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["rubric"] for row in given] == ["alignbench"] * 5
    assert list(given[4]["dimensions"]) == ["事实正确性", "满足用户需求", "逻辑连贯性", "创造性", "丰富度"]


def test_a_second_run_asks_nothing_and_gives_the_same(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        assert main(["judge", answers, "--judge", str(served_judge), "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert len(judge_server.requests) == 6, "five answers and one pre-flight"
    assert "0 judged now, 5 known; 0 requests;" in " ".join(capsys.readouterr().err.split())


def test_judges_and_rubrics_never_share_a_verdict(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(served_judge.read_text().replace("judge-1", "judge-2"))
    scores = {}
    for number, (judge, rubric) in enumerate(
        [(served_judge, "odweval"), (other, "odweval"), (served_judge, "alignbench"), (other, "alignbench")], 2
    ):
        judge_server.always = grades(float(number))
        out = tmp_path / f"{judge.stem}-{rubric}.jsonl"
        assert main(["judge", answers, "--judge", str(judge), "--rubric", rubric, "--out", str(out)]) == 0
        scores[judge.stem, rubric] = {row["score"] for row in rows(out)}
    assert scores == {
        ("loop", "odweval"): {2.0},
        ("other", "odweval"): {3.0},
        ("loop", "alignbench"): {4.0},
        ("other", "alignbench"): {5.0},
    }
    assert Store().counts()["verdicts"] == 20


def test_a_judge_that_gives_up_keeps_what_it_gave(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served_judge.write_text(served_judge.read_text() + "concurrency: 1\n")
    judge_server.by_answer = {"第2篇": fails(402, "Insufficient Balance")}
    command = ["judge", answers, "--judge", str(served_judge), "--out", str(tmp_path / "v.jsonl")]
    assert main(command) == 2
    assert [row["score"] for row in rows(tmp_path / "v.jsonl")] == [6.0, 6.0, None, None, None]
    assert rows(tmp_path / "v.jsonl")[4]["unscored"].startswith("judging stopped: judge loop: http://127.0.0.1:")
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: judging stopped: judge loop: http://127.0.0.1:")
    assert "the account is empty: HTTP 402: Insufficient Balance; what was judged is kept: run again" in error
    judge_server.by_answer = {}
    assert main(command) == 0
    assert len(judge_server.prompts) == 6


def test_the_embedded_likelihood_needs_no_rubric_and_says_so(
    answers: str, copycat_judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "v.jsonl"
    assert main(["judge", answers, "--judge", str(copycat_judge), "--rubric", "alignbench", "--out", str(out)]) == 0
    assert {row["rubric"] for row in rows(out)} == {"reference_likelihood"}
    assert {row["dimensions"] for row in rows(out)} == {None}
    assert "scores by reference_likelihood; it has no use for the rubric alignbench" in " ".join(
        capsys.readouterr().err.split()
    )


def test_all_that_can_be_wrong_is_found_before_a_request(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for arguments, message in (
        ([answers, "--rubric", "mine"], "error: rubric mine: no such rubric; name one of odweval, alignbench"),
        ([answers, "--judge", "nobody"], "error: judge nobody: no such judge; name one of "),
        ([answers, "--out", answers], f"error: --out {answers}: is a file that this run reads; name another"),
        ([answers, "--out", str(tmp_path)], f"error: --out {tmp_path}: is a folder"),
        ([answers, "--out", f"{tmp_path}/file/v.jsonl"], f"error: --out {tmp_path}/file/v.jsonl: can't be written: "),
        ([str(tmp_path / "none")], f"error: {tmp_path}/none: no such answers file"),
    ):
        judge = [] if "--judge" in arguments else ["--judge", str(served_judge)]
        assert main(["judge", *judge, *arguments]) == 2
        assert capsys.readouterr().err.startswith(message)
    assert judge_server.requests == []
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_server_down_is_found_before_a_verdict(
    answers: str, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "down.yaml"
    path.write_text("backend: api\nbase_url: http://127.0.0.1:9/v1\nmodel: m\n")
    out = tmp_path / "v.jsonl"
    assert main(["judge", answers, "--judge", str(path), "--out", str(out)]) == 2
    assert "judge down: http://127.0.0.1:9/v1: can't be reached: " in capsys.readouterr().err
    assert not out.exists()
    assert Store().counts()["verdicts"] == 0


def test_the_reference_itself_and_a_text_in_english_are_judged_like_any_other(
    served_judge: Path, judge_server: JudgeServer, tmp_path: Path
) -> None:
    reference = load_questions()[7].reference
    file = written(tmp_path / "a.jsonl", plain("r", reference), plain("e", "To whom it may concern"))
    assert main(["judge", file, "--judge", str(served_judge), "--out", os.devnull]) == 0
    assert sorted("To whom it may concern" in prompt for prompt in judge_server.prompts) == [False, True]


def test_rubric_show_prints_the_very_prompt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from odw_harness.rubric import ODWEVAL

    question = load_questions()[7]
    answer = tmp_path / "a.txt"
    answer.write_text("一份通知", encoding="utf-8")
    assert main(["rubric", "show", "odweval", "--question", "ODW-08", "--answer", str(answer)]) == 0
    assert capsys.readouterr().out == ODWEVAL.prompt(question, "一份通知") + "\n"
    assert main(["rubric", "show", "odweval", "--question", "ODW-08"]) == 0
    assert "[助手的答案开始]\n{answer}\n[助手的答案结束]" in capsys.readouterr().out
    assert main(["rubric", "show", "alignbench"]) == 0
    assert "{'事实正确性': 9, '满足用户需求': 6, ..., '平均得分': 7.20}" in capsys.readouterr().out
    assert main(["rubric", "list"]) == 0
    assert "form                 文种与格式规范 (out of the domain: 文体规范)" in capsys.readouterr().out
    for arguments, message in (
        (["show", "mine"], "rubric mine: no such rubric"),
        (["show", "odweval", "--question", "ODW-99"], "--question ODW-99: not in "),
        (["show", "odweval", "--answer", str(answer)], "--answer and --questions need --question"),
    ):
        assert main(["rubric", *arguments]) == 2
        assert f"error: {message}" in capsys.readouterr().err


def test_out_takes_the_place_of_nothing_that_is_no_ordinary_file(
    answers: str, served_judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.jsonl", tmp_path / "target.jsonl"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text("utf-8")))
    reader.start()
    assert main(["judge", answers, "--judge", str(served_judge), "--out", str(pipe)]) == 0
    reader.join(10)
    assert len(read[0].splitlines()) == 5
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    target.write_text("old")
    link.symlink_to(target)
    assert main(["judge", answers, "--judge", str(served_judge), "--out", str(link)]) == 0
    assert link.is_symlink()
    assert len(rows(target)) == 5
    assert main(["judge", answers, "--judge", str(served_judge), "--out", os.devnull]) == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    for file in (served_judge, os.environ["ODW_STORE"]):
        assert main(["judge", answers, "--judge", str(served_judge), "--out", str(file)]) == 2
        assert f"--out {file}: is a file that this run reads" in capsys.readouterr().err


def test_what_the_store_has_needs_neither_key_nor_server(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served_judge.write_text(served_judge.read_text() + "api_key_env: LOOP_KEY\n")
    out = str(tmp_path / "v.jsonl")
    monkeypatch.setenv("LOOP_KEY", "secret-secret")
    assert main(["judge", answers, "--judge", str(served_judge), "--out", out]) == 0
    monkeypatch.delenv("LOOP_KEY")
    assert main(["judge", answers, "--judge", str(served_judge), "--out", out]) == 0
    renamed = tmp_path / "renamed.yaml"
    renamed.write_text(served_judge.read_text())
    assert main(["judge", answers, "--judge", str(renamed), "--out", out]) == 0
    assert {row["judge"] for row in rows(tmp_path / "v.jsonl")} == {"renamed"}
    empty = written(tmp_path / "e.jsonl", plain("x", ""))
    assert main(["judge", empty, "--judge", str(renamed), "--out", out]) == 0


def test_repeats_are_rows_of_their_own_and_their_spread_is_told(
    served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served_judge.write_text(served_judge.read_text() + "repeats: 3\nseed: 0\nconcurrency: 1\n")
    judge_server.always = lambda handler, body: grades(5.0 + body["seed"])(handler, body)
    file = written(tmp_path / "a.jsonl", plain("x"))
    out = tmp_path / "v.jsonl"
    assert main(["judge", file, "--judge", str(served_judge), "--out", str(out)]) == 0
    assert [(row["id"], row["repeat"], row["score"]) for row in rows(out)] == [
        ("x", 0, 5.0),
        ("x", 1, 6.0),
        ("x", 2, 7.0),
    ]
    assert "Spread between an answer's 3 verdicts: standard deviation 1.00 on average." in capsys.readouterr().err


def test_a_budget_stops_cleanly_and_a_second_run_goes_on(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["judge", answers, "--judge", str(served_judge), "--out", str(tmp_path / "v.jsonl")]
    assert main([*command, "--max-cost", "1"]) == 2
    assert "judge loop: field prices: is missing; --max-cost needs them" in capsys.readouterr().err
    served_judge.write_text(served_judge.read_text() + "prices: {input: 2, output: 8, currency: CNY}\n")
    assert main([*command, "--max-requests", "2"]) == 2
    assert "--max-requests 2 is reached; what was judged is kept: run again" in capsys.readouterr().err
    assert main(command) == 0
    assert len(judge_server.prompts) == 5
    # three answers at (3000 × 2 + 40 × 8) / 10⁶
    assert "3 requests, 9,000 tokens in (2,100 cached), 120 out, 0.0190 CNY" in capsys.readouterr().err


def test_standard_output_that_is_full(answers: str, served_judge: Path, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "odw_harness.cli", "judge", answers, "--judge", str(served_judge)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "no space left; what is in the store is kept" in done.stderr


def test_one_call_one_judge_one_rubric(answers: str, capsys: pytest.CaptureFixture[str]) -> None:
    for twice in (["--judge", "vllm", "--judge", "ollama"], ["--rubric", "odweval", "--rubric", "alignbench"]):
        with pytest.raises(SystemExit):
            main(["judge", answers, *twice])
        assert f"{twice[0]} is given twice; call once for each judge and rubric" in capsys.readouterr().err
    assert main(["judge", answers, "--judge", ""]) == 2
    assert "error: judge: its name is empty" in capsys.readouterr().err


def test_what_a_judge_that_gave_up_left_is_not_called_known(
    answers: str, served_judge: Path, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served_judge.write_text(served_judge.read_text() + "concurrency: 1\n")
    arguments = ["judge", answers, "--judge", str(served_judge), "--out", str(tmp_path / "v.jsonl")]
    assert main([*arguments, "--max-requests", "2"]) == 2
    assert "2 of 5 answers scored (coverage 0.400); 2 judged now, 0 known, 3 left;" in " ".join(
        capsys.readouterr().err.split()
    )
