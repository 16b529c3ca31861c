"""The table of 文种 against 条例 art. 8, and the expectations made from it."""

import re

import pytest

from odw_harness import resources
from odw_harness.errors import DocumentError
from odw_harness.questions import load_questions
from odw_harness.rules import of_genre, of_question
from odw_harness.rules.genres import ALIASES, GENRES, find_genre

ARTICLE_8 = [
    "决议",
    "决定",
    "令",
    "公报",
    "公告",
    "通告",
    "意见",
    "通知",
    "通报",
    "报告",
    "请示",
    "批复",
    "议案",
    "函",
    "纪要",
]
OTHERS = ["工作总结", "工作计划", "讲话稿", "调研报告", "新闻稿", "倡议书"]


def test_the_15_kinds_in_the_order_of_the_article() -> None:
    statutory = [genre for genre in GENRES.values() if genre.statutory]
    assert [genre.name for genre in statutory] == ARTICLE_8
    assert [genre.clause for genre in statutory] == [f"条例 art. 8({number})" for number in range(1, 16)]


def test_the_others() -> None:
    assert [genre.name for genre in GENRES.values() if not genre.statutory] == OTHERS


def test_every_question_has_its_genre() -> None:
    for question in load_questions(resources.QUESTIONS):
        assert find_genre(question.genre) is not None


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("请示", "up"),
        ("报告", "up"),
        ("议案", "up"),
        ("批复", "down"),
        ("通知", "down"),
        ("函", "parallel"),
        ("通告", "public"),
    ],
)
def test_direction(name: str, direction: str) -> None:
    assert GENRES[name].direction == direction
    assert of_genre(name).direction == direction


@pytest.mark.parametrize(
    "name", ["决议", "令", "公报", "公告", "通告", "纪要", "工作总结", "工作计划", "调研报告", "新闻稿"]
)
def test_no_recipient(name: str) -> None:
    assert of_genre(name).recipient_need == "none"


@pytest.mark.parametrize("name", ["通知", "报告", "请示", "批复", "议案", "函"])
def test_recipient_is_needed(name: str) -> None:
    assert of_genre(name).recipient_need == "required"


@pytest.mark.parametrize("name", GENRES)
def test_signatory_is_needed_upwards_only(name: str) -> None:
    assert of_genre(name).signatory_needed is (name in ("报告", "请示"))


@pytest.mark.parametrize("name", ["请示", "批复", "议案", "函"])
def test_closings_are_expected(name: str) -> None:
    assert of_genre(name).closings


@pytest.mark.parametrize("name", sorted(set(GENRES) - {"请示", "批复", "议案", "函"}))
def test_closings_are_free(name: str) -> None:
    assert of_genre(name).closings == ()


@pytest.mark.parametrize("name", GENRES)
def test_own_closings_are_not_forbidden(name: str) -> None:
    genre = GENRES[name]
    for closing in genre.closings:
        assert not any(re.search(pattern, closing) for pattern in genre.forbidden), closing


@pytest.mark.parametrize(
    ("closing", "names"),
    [
        ("妥否，请批示。", ["通知", "报告", "批复", "函", "决定", "公告", "纪要"]),
        ("请遵照执行。", ["请示", "报告", "函", "议案"]),
        ("特此通告。", ["通知", "公告"]),
        ("特此公告。", ["通知", "通告"]),
        ("特此报告。", ["请示"]),
    ],
)
def test_closings_that_contradict_the_kind(closing: str, names: list[str]) -> None:
    for name in names:
        assert any(re.search(pattern, closing) for pattern in GENRES[name].forbidden), name


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases(alias: str) -> None:
    assert of_genre(alias).genre is GENRES[ALIASES[alias]]


@pytest.mark.parametrize("name", ["", "诏书", "通知 ", "请示报告"])
def test_an_unknown_genre_is_named(name: str) -> None:
    assert find_genre(name) is None
    with pytest.raises(DocumentError, match="no such 文种"):
        of_genre(name)


def test_expectations_of_a_question() -> None:
    questions = {question.id: question for question in load_questions(resources.QUESTIONS)}
    request = of_question(questions["ODW-11"])
    assert request.question
    assert request.signatory_needed
    assert request.recipient_need == "required"
    assert request.date_position == "end"
    speech = of_question(questions["ODW-18"])
    assert speech.recipient_need == "optional"
    assert speech.date_position == "head"
    news = of_question(questions["ODW-20"])
    assert news.recipient_need == "none"
    assert news.date_position is None
