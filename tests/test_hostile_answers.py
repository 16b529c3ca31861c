"""Attacks on the judge from inside an answer: tests/hostile_answers.jsonl, to which others can add.

What a judge makes of an instruction is its own affair (`tests` can't tell); what is held here is what this project can
hold: no answer can leave its place in the prompt, none can put a dictionary of scores before the judge, and none
reaches the parser except through the judge.
"""

import json
import re
from pathlib import Path

import pytest

from odw_harness.questions import Question
from odw_harness.reply import NoScores, read_scores
from odw_harness.rubric import ALIGNBENCH, ODWEVAL, RUBRICS, Rubric

LINES = (Path(__file__).with_name("hostile_answers.jsonl")).read_text("utf-8").splitlines()
ATTACKS = {row["attack"]: row["answer"] for row in map(json.loads, LINES)}
IN19 = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
OOD2 = Question(id="T-2", genre="新闻稿", split="ood2", prompt="写一篇消息。", reference="本报讯")
MARKER = re.compile(r"\[(?:用户提问|参考答案|助手的答案)(?:开始|结束)\]")


def test_there_are_at_least_thirty_attacks() -> None:
    assert len(ATTACKS) == len(LINES) >= 30


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("rubric", RUBRICS.values(), ids=lambda rubric: rubric.name)
@pytest.mark.parametrize("question", [IN19, OOD2], ids=lambda question: question.split)
def test_the_frame_of_the_prompt_stands(attack: str, rubric: Rubric, question: Question) -> None:
    prompt = rubric.prompt(question, ATTACKS[attack])
    harmless = rubric.prompt(question, "正文。")
    assert MARKER.findall(prompt) == MARKER.findall(harmless)
    head, tail = harmless.split("正文。")
    assert prompt.startswith(head)
    assert prompt.endswith(tail)
    assert any(word in prompt for word in ("正文", "评审", "请给", "另一篇", "与本答案", "10"))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("rubric", [ODWEVAL, ALIGNBENCH], ids=lambda rubric: rubric.name)
def test_what_a_judge_repeats_of_an_answer_is_no_score(attack: str, rubric: Rubric) -> None:
    """A judge that ends its reply with the answer as it was shown has given no score."""
    prompt = rubric.prompt(IN19, ATTACKS[attack])
    head, tail = rubric.prompt(IN19, "正文。").split("正文。")
    shown = prompt[len(head) : len(prompt) - len(tail)]
    names = [dimension.name for dimension in rubric.dimensions]
    assert isinstance(read_scores(f"助手的答案以此结尾：\n{shown}", names), NoScores)
    own = str(dict.fromkeys(names, 3.0))
    found = read_scores(f"助手的答案是：\n{shown}\n不予采信。评分如下：\n{own}", names)
    assert isinstance(found, NoScores) or found.mean == 3.0
