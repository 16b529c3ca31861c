"""What the Chinese page says in place of English: checks, clauses, messages."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from odw_harness import rules
from odw_harness.report.chinese import CHECKS_ZH, MESSAGES_ZH, clause_zh, message_zh
from odw_harness.rules import check_text, of_genre, of_question
from odw_harness.rules.checks import CHECKS
from tests.made import QUESTIONS

SPOKEN = r"[a-z]{2,}"
"""Letters of an English word. Names such as GB/T and Markdown are none."""


def said(node: ast.expr) -> Iterator[str]:
    """The messages that an expression can make, with {} for what they quote."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from said(node.body)
        yield from said(node.orelse)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
        yield from said(node.func.value)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "UNBROKEN.format":
        yield rules.finding.UNBROKEN
    else:
        raise AssertionError(ast.unparse(node))


def test_every_check_has_a_chinese_name() -> None:
    assert {check.__name__ for check in CHECKS} == set(CHECKS_ZH)


def test_every_clause_is_told_in_chinese() -> None:
    seen = set()
    for question in QUESTIONS:
        for text in (question.reference, "好", f"{question.reference}\n抄送：市财政局。"):
            expected = of_question(question)
            reports = check_text(text, expected), check_text(text, replace(expected, title_pattern=None))
            for finding in (each for report in reports for each in report.findings):
                assert not re.search("[a-z]", clause_zh(finding.clause)), finding.clause
                seen.add(finding.check)
    assert seen == set(CHECKS_ZH)


def test_every_message_of_a_check_that_fails_has_its_chinese() -> None:
    templates = {
        template
        for file in Path(str(rules.__file__)).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "bad"
        for template in said(node.args[0])
    }
    assert len(templates) > 70
    assert templates - set(MESSAGES_ZH) == set()
    assert all(english.count("{}") == chinese.count("{}") for english, chinese in MESSAGES_ZH.items())


def test_what_checks_find_is_told_in_chinese() -> None:
    seen = set()
    for question in QUESTIONS:
        reference = question.reference
        spoiled = f"好的，以下是公文：\n{reference}\n# 完\n附：1.名单。\n抄送: 各县\n××，12.7万亿元,"
        for text in (reference, "", "好", reference.replace("\n", ""), spoiled, *reference.split("\n")[:4]):
            for expected in (of_question(question), of_genre(question.genre)):
                for finding in check_text(text, expected).findings:
                    if not finding.ok:
                        quoted = "|".join(map(re.escape, re.findall(SPOKEN, f"{text} {expected.title_pattern}")))
                        told = message_zh(finding.message)
                        assert not re.search(SPOKEN, re.sub(quoted or "$^", "", told).replace("arkdown", "")), told
                        seen.add(finding.check)
    assert len(seen) > 15


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("the text is empty", "没有文字"),
        (
            "no line is the title expected (关于.*的通知); taken for it: 通知",
            "没有一行是应有的标题（关于.*的通知）；视为标题的是：通知",
        ),
        ("发文字号 is 甲〔2024〕1号, given was 甲〔2024〕2号", "发文字号为 甲〔2024〕1号，材料给定的是 甲〔2024〕2号"),
        ("三、 follows number 1 of its level", "“三、”之前，同一层次只编到第 1 项"),
        ("half-width , in Chinese text", "中文里用了半角标点 ,"),
        ("missing: {}", "缺少：{}"),
        ("the answer gives 2.2% of what the reference gives", "参考答案所写的内容，这篇答案给出了 2.2%"),
        ("另有说法", "另有说法"),
        ("missing: " + "甲" * 2000, "missing: " + "甲" * 2000),
    ],
)
def test_a_message_keeps_what_it_quotes(english: str, chinese: str) -> None:
    assert message_zh(english) == chinese
