"""Instructions drafted by a model behind a server on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.cli import main
from odw_harness.judge import client
from odw_harness.traindata.ask import needed
from odw_harness.traindata.elements import elements_of
from tests.judge.server import JudgeServer, fails, says
from tests.traindata.support import LETTER, NOTICE

WHOLE = (
    "<think>想一想</think>请起草通知，须写明：" + "、".join(needed(elements_of(NOTICE))) + "，主送各县（区）教育局。"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(NOTICE, "utf-8")
    (tmp_path / "in" / "b.txt").write_text(LETTER, "utf-8")
    return tmp_path


def build(folder: Path, model: Path, *more: str) -> int:
    paths = ["-o", str(folder / "out"), "--from", str(folder / "in"), "--draft-with", str(model), "--validation", "0"]
    return main(["data", "build", *paths, *more])


def made(folder: Path) -> dict[str, dict[str, Any]]:
    text = (folder / "out" / "odw_train.jsonl").read_text("utf-8")
    return {row["genre"]: row for row in map(json.loads, text.splitlines())}


def card(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "out" / "odw_data.json").read_text("utf-8"))["drafts"]


def test_a_draft_with_all_facts_is_taken_and_one_without_is_replaced(
    folder: Path, judge_server: JudgeServer, served_judge: Path
) -> None:
    judge_server.by_answer = {"防溺水": says(WHOLE), "河道": says("写一份函，商请南浦市水利局协助。")}
    judge_server.always = says("好")
    assert build(folder, served_judge) == 0
    rows = made(folder)
    assert rows["通知"]["style"] == "model"
    assert rows["通知"]["instruction"] == WHOLE.removeprefix("<think>想一想</think>")
    assert rows["函"]["style"] != "model"
    assert "27.4公里" in rows["函"]["instruction"]
    assert card(folder) == {
        "given": 0, "without_model": 1, "by": "loop", "by_model": 1, "refused": 1, "failed": 0
    }  # fmt: skip


def test_the_prompt_holds_the_document_and_its_facts(
    folder: Path, judge_server: JudgeServer, served_judge: Path
) -> None:
    judge_server.always = says("好")
    build(folder, served_judge)
    prompts = [body["messages"][0]["content"] for body in judge_server.requests]
    (prompt,) = (each for each in prompts if "防溺水" in each)
    assert NOTICE in prompt
    assert "临教发〔2025〕7号、2025年6月20日" in prompt


def test_a_copy_of_the_document_is_no_instruction(folder: Path, judge_server: JudgeServer, served_judge: Path) -> None:
    judge_server.by_answer = {"防溺水": says(NOTICE), "河道": says(LETTER)}
    judge_server.always = says("好")
    assert build(folder, served_judge) == 0
    assert card(folder)["refused"] == 2


def test_what_was_drafted_is_not_asked_for_again(folder: Path, judge_server: JudgeServer, served_judge: Path) -> None:
    judge_server.by_answer = {"防溺水": says(WHOLE)}
    judge_server.always = says("好")
    build(folder, served_judge)
    asked = len(judge_server.requests)
    with (folder / "out" / "odw_drafts.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": "ab", "te')  # a kill in the middle of a line
    assert build(folder, served_judge, "--seed", "1") == 0
    assert len(judge_server.requests) == asked
    assert made(folder)["通知"]["style"] == "model"
    (folder / "in" / "c.txt").write_text(NOTICE.replace("防溺水", "防火"), "utf-8")
    build(folder, served_judge)
    assert len(judge_server.requests) == asked + 2, "a word of the pre-flight and the new document"
    assert build(folder, served_judge) == 0
    assert len(judge_server.requests) == asked + 2, "the reply after the cut line was kept"


def test_a_fault_of_one_request_leaves_that_document_to_the_other_way(
    folder: Path, judge_server: JudgeServer, served_judge: Path
) -> None:
    judge_server.by_answer = {"防溺水": fails(400, "too long"), "河道": says("写函")}
    judge_server.always = says("好")
    assert build(folder, served_judge) == 0
    assert (card(folder)["failed"], card(folder)["without_model"]) == (1, 2)


def test_a_server_that_gives_up_midway_is_told_and_the_data_is_there(
    folder: Path, judge_server: JudgeServer, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served_judge.write_text(served_judge.read_text() + "concurrency: 1\n")
    judge_server.script = [says("好"), says(WHOLE), fails(402, "pay")]
    assert build(folder, served_judge) == 2
    assert (
        "error: drafting stopped: the account is empty: HTTP 402: pay; what was drafted is kept"
        in capsys.readouterr().err
    )
    assert made(folder)["通知"]["style"] == "model"
    assert made(folder)["函"]["style"] != "model"


def test_a_server_that_no_longer_replies_is_not_asked_on_and_on(
    folder: Path,
    judge_server: JudgeServer,
    served_judge: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())
    served_judge.write_text(served_judge.read_text() + "concurrency: 1\n")
    for number in range(30):
        (folder / "in" / f"c{number}.txt").write_text(NOTICE.replace("防溺水", f"第{number}次演练"), "utf-8")
    judge_server.script = [says("好"), says(WHOLE)]
    judge_server.always = fails(500, "boom")
    assert build(folder, served_judge) == 2
    assert (
        "stopped: 12 requests in a row got no reply; the last: server error: HTTP 500: boom" in capsys.readouterr().err
    )
    assert len(judge_server.requests) == 2 + 12 * client.ATTEMPTS
    assert (card(folder)["by_model"], card(folder)["failed"], card(folder)["without_model"]) == (1, 12, 31)


def test_the_same_text_twice_is_asked_for_once(folder: Path, judge_server: JudgeServer, served_judge: Path) -> None:
    (folder / "in" / "c.txt").write_text(NOTICE, "utf-8")
    judge_server.by_answer = {"防溺水": says(WHOLE), "河道": says("写函")}
    judge_server.always = says("好")
    assert build(folder, served_judge) == 0
    asked = [body["messages"][0]["content"] for body in judge_server.requests]
    assert (sum("防溺水" in each for each in asked), len(asked)) == (1, 3)


def test_a_reply_after_nothing_but_a_cut_line_is_kept(
    folder: Path, judge_server: JudgeServer, served_judge: Path
) -> None:
    judge_server.by_answer = {"防溺水": says(WHOLE)}
    judge_server.always = says("好")
    (folder / "out").mkdir()
    (folder / "out" / "odw_drafts.jsonl").write_text('{"key": "ab", "te', "utf-8")
    assert build(folder, served_judge) == 0
    asked = len(judge_server.requests)
    assert build(folder, served_judge) == 0
    assert len(judge_server.requests) == asked


def test_a_refused_key_or_a_judge_that_is_no_server_is_one_line(
    folder: Path, judge_server: JudgeServer, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_server.always = fails(401, "who are you")
    assert build(folder, served_judge) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("the key is refused: HTTP 401: who are you")
    assert build(folder, Path("embedded")) == 2
    assert (
        "--draft-with embedded: must be a model behind a server: backend: api, without batch" in capsys.readouterr().err
    )
