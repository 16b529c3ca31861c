"""Keeps what the questions of the evaluation use out of the training data."""

import re
from functools import cache

from odw_harness.questions import load_questions

_NUMBER = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.])")
_DATE = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日")
_DOC_NUMBER = re.compile(r"(?m)[\u4e00-\u9fff]*〔\d{4}〕\d+号|^第\d+号$")
_LEAST_DIGITS = 3
"""Shorter figures (36个) stand in any document."""


@cache
def _questions() -> str:
    return "\n".join(f"{question.prompt}\n{question.reference}" for question in load_questions())


@cache
def _figures() -> frozenset[str]:
    return frozenset(_telling(_questions()))


def _telling(text: str) -> list[str]:
    """Numbers of three digits and more that are no years or area codes, full dates and 发文字号."""
    numbers = [found for found in _NUMBER.findall(text) if len(found.replace(".", "")) >= _LEAST_DIGITS]
    numbers = [number for number in numbers if not re.fullmatch(r"(?:19|20)\d{2}|0000", number)]
    return numbers + _DATE.findall(text) + _DOC_NUMBER.findall(text)


def known(name: str) -> bool:
    """Whether a name stands in a question or its reference."""
    return name in _questions()


def leaks(text: str) -> bool:
    """Whether a text has a telling figure, a full date or a 发文字号 of a question."""
    return any(found in _figures() for found in _telling(text))
