"""`odw judge-check` from the command line, on a model whose likelihoods are known, a server, and the embedded judge."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.cli import main
from odw_harness.judge import client
from odw_harness.judgecheck.card import Card
from odw_harness.judgecheck.cases import KINDS
from odw_harness.questions import find_question
from tests.judge.server import JudgeServer, completion, fails, says, scores_for, send

TWO = ("--only", "ODW-02,ODW-08")


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["judge-check", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def by_reference(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """8 for a text that is the reference, 5 for any other; a tenth more for each step of the seed."""
    prompt = body["messages"][0]["content"]
    reference = prompt.partition("[参考答案开始]\n")[2].partition("\n[参考答案结束]")[0]
    answer = prompt.partition("[助手的答案开始]\n")[2].partition("\n[助手的答案结束]")[0]
    value = (8.0 if answer == reference else 5.0) + body["seed"] / 10
    send(handler, 200, completion(scores_for(prompt, value)))


@pytest.fixture
def judge(served_judge: Path, judge_server: JudgeServer) -> str:
    served_judge.write_text(served_judge.read_text() + "repeats: 2\nseed: 0\n")
    judge_server.always = by_reference
    return str(served_judge)


def test_the_tables_show_the_judge_beside_the_baselines(judge: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, "--judge", judge, *TWO, "--kinds", "cut,closings,padded")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    heads = [line[0] for line in lines if len(line) > 1]
    assert [heads.count(name) for name in ("loop", "rules", "longest", "random")] == [3, 2, 2, 2]
    # Each of two questions cut at three strengths: always 5 for 8.
    cut = next(line for line in lines if line[:1] == ["cut"])
    assert cut == ["cut", "lower", "6", "100.0%", "61–100%", "0", "0.0%", "0.0%", "-3.00", "[-3.00,", "-3.00]"]
    text = " ".join(out.split())
    assert "Of 6 pairs over cut off it scores the worse lower in 100.0% (61.0% to 100.0%)" in text
    # The server's scores differ by a tenth between the repeats: a standard deviation of 0.1 / √2.
    assert "2 repeats: standard deviation 0.07 on average" in text
    assert "a verdict took" in text
    assert "3,000 tokens in, 40 tokens out" in text
    assert "cases of 2 questions, 2 × each" in err


def test_json_alone_is_the_whole_output_and_a_card(judge: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, "--judge", judge, "--only", "ODW-08", "--kinds", "cut,figures_altered", "--json")
    assert code == 0
    card = Card.model_validate_json(out)
    assert card.questions == ("ODW-08",)
    assert list(card.kinds) == ["reference", "figures_altered", "cut"]
    assert [row.scorer for row in card.rows] == ["judge", "rules", "longest", "random"]
    assert (card.provenance["judge"], card.provenance["model"], "repeat" in card.provenance) == (
        "loop",
        "judge-1",
        False,
    )
    assert (card.cost.verdicts, card.cost.coverage, card.cost.usage["prompt_tokens"]) == (
        2 * len(card.cases),
        1.0,
        3000,
    )
    reference = card.cases[0]
    assert (reference.kind, reference.scores["judge"]) == ("reference", pytest.approx((8.0, 8.1)))
    assert reference.characters == len(find_question("ODW-08").reference)
    assert reference.scores["rules"] == (8.0,)
    caught = card.rows[1].kinds["figures_altered"].caught
    assert caught is not None
    assert caught.of == len(KINDS["figures_altered"].strengths)


def test_json_and_page_go_to_files_and_the_tables_to_the_terminal(
    judge: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = [tmp_path / "new" / "card.json", tmp_path / "card.html"]
    arguments = ("--judge", judge, "--only", "ODW-08", "--kinds", "cut")
    code, out, _ = check(capsys, *arguments, "--json", str(written[0]), "--html", str(written[1]))
    assert code == 0
    assert "loop in detail" in out
    assert Card.model_validate_json(written[0].read_text("utf-8")).judge == "loop"
    assert written[1].read_text("utf-8").startswith("<!DOCTYPE html>")
    assert os.listdir(tmp_path / "new") == ["card.json"], "nothing half-written is left"


def test_a_second_run_asks_nothing_and_gives_the_same(
    judge: str, judge_server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--judge", judge, "--only", "ODW-08", "--kinds", "cut,shuffled", "--json")
    first = json.loads(check(capsys, *arguments)[1])
    asked = len(judge_server.requests)
    second = json.loads(check(capsys, *arguments)[1])
    assert len(judge_server.requests) == asked
    assert {**first, "date": ""} == {**second, "date": ""}


def test_another_seed_makes_other_cases(copycat_judge: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--judge", str(copycat_judge), "--only", "ODW-08", "--kinds", "wrong_document", "--json")
    lengths = {
        Card.model_validate_json(check(capsys, *arguments, "--seed", str(seed))[1]).cases[1].characters
        for seed in range(5)
    }
    assert len(lengths) > 1


def test_an_unreadable_reply_is_counted_and_never_a_number(
    judge: str, judge_server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_server.always = says("我不能评价")
    code, out, _ = check(capsys, "--judge", judge, "--only", "ODW-08", "--kinds", "stripped", "--json")
    card = Card.model_validate_json(out)
    assert code == 0
    assert card.cost.coverage == 0.0
    assert card.cost.unscored == {"no dictionary of scores at the end": 4}
    assert [case.scores["judge"] for case in card.cases] == [(None, None)] * 2
    assert card.rows[0].kinds["stripped"].contrast is None
    assert [statement.en for statement in card.summary] == ["This judge gave no score."]
    assert check(capsys, "--judge", judge, "--only", "ODW-08", "--kinds", "stripped")[0] == 0


def test_a_judge_that_gives_up_leaves_no_card_and_is_gone_on_with(
    judge: str, judge_server: JudgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(judge).write_text(Path(judge).read_text() + "concurrency: 1\n")
    judge_server.script = [by_reference] * 4 + [fails(402, "Insufficient Balance")]
    target = tmp_path / "card.json"
    arguments = ("--judge", judge, "--only", "ODW-08", "--kinds", "cut", "--json", str(target))
    code, out, err = check(capsys, *arguments)
    assert (code, out, target.exists()) == (2, "", False)
    assert err.splitlines()[-1].startswith("error: judging stopped: judge loop: http://127.0.0.1:")
    assert err.splitlines()[-1].endswith("what was judged is kept: run again")
    asked = len(judge_server.requests)
    assert check(capsys, *arguments)[0] == 0
    # Eight verdicts, of which three were there (the first request was the pre-flight); a pre-flight again.
    assert len(judge_server.requests) - asked == 1 + 8 - 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "ODW-99"], "error: --only ODW-99: not in questions.jsonl; it has ODW-01, ODW-02"),
        (["--only", ""], "error: --only : not in questions.jsonl"),
        (["--kinds", "cut,cutt"], "cutt"),
        (["--rubric", "x"], "error: rubric x: no such rubric"),
        (["--judge", "nobody"], "error: judge nobody: no such judge"),
        (["--questions", "none.jsonl"], "error: none.jsonl: no such questions file"),
        (["--html", "-"], "error: --html -: is for a file"),
        (["--html", "."], "error: --html .: is a folder; name a file"),
        (
            ["--html", "/proc/no/card.html"],
            "error: --html /proc/no/card.html: can't be written: No such file or directory",
        ),
        (["--json", "x", "--html", "./x"], "error: --html ./x: is the file of --json; name another"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_asked(
    arguments: list[str],
    message: str,
    judge: str,
    judge_server: JudgeServer,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = check(capsys, *(() if "--judge" in arguments else ("--judge", judge)), *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert judge_server.requests == []
    assert not (tmp_path / "x").exists()


def test_the_judges_file_and_the_questions_are_not_overwritten(judge: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is a file that this run reads" in check(capsys, "--judge", judge, "--html", judge)[2]


def test_a_blank_reference_is_named(copycat_judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"id": "Q", "genre": "通知", "prompt": "写。", "reference": " \n"}), "utf-8")
    code, _, err = check(capsys, "--judge", str(copycat_judge), "--questions", str(path))
    assert code == 2
    assert err == f"error: {path}: question Q: field reference: is blank; cases are made from references\n"


def test_questions_of_ones_own_with_hostile_names(
    copycat_judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = find_question("ODW-08").model_dump(exclude_defaults=True) | {"id": "<script>alert(1)</script>"}
    path, target = tmp_path / "q.jsonl", tmp_path / "card.html"
    path.write_text(json.dumps(own), "utf-8")
    hostile = copycat_judge.rename(tmp_path / "<b>\x1b[31mred.yaml")
    code, out, err = check(capsys, "--judge", str(hostile), "--questions", str(path), "--html", str(target))
    assert code == 0
    assert "\x1b" not in out
    assert "note: this judge scores by reference_likelihood; it has no use for the rubric odweval" in err
    text = target.read_text("utf-8")
    assert "<script>alert(1)" not in text
    assert "<b>\x1b" not in text


def test_help_imports_nothing_heavy_and_gives_examples() -> None:
    code = (
        "import sys; from odw_harness.cli import main\ntry: main(['judge-check', '--help'])\nexcept SystemExit: pass\n"
    )
    code += "print(sorted({'scipy', 'plotly', 'jinja2', 'torch'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "odw judge-check --only ODW-02,ODW-08 --kinds cut,shuffled --json" in out
    assert out.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_the_embedded_judge_tells_the_plainly_worse(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, "--only", "ODW-08", "--kinds", "cut,stripped,wrong_document,colloquial", "--json")
    card = Card.model_validate_json(out)
    judge = card.rows[0]
    assert code == 0
    assert card.cost.coverage == 1.0
    assert judge.reference is not None
    assert judge.reference.mean == pytest.approx(8.0)
    assert judge.headline is not None
    assert (judge.headline.pairs, judge.headline.lower.count) == (6, 6)
    assert judge.kinds["cut"].graded is not None
    assert judge.kinds["cut"].graded.tau == 1.0
