"""Texts of models, made fit to be stored and judged, and numbers as Chinese texts count."""

import re
from collections.abc import Callable
from typing import Any

_BYTES_PER_TOKEN = 4
CHINESE = re.compile(r"[\u4e00-\u9fff]")
"""A Chinese character."""
DIGITS = "〇一二三四五六七八九"


def storable(text: str | None) -> str:
    """A response as text that any file takes: a server may send null, or half of a surrogate pair.

    >>> storable(None), storable("好\\ud83d")
    ('', '好?')
    """
    return (text or "").encode("utf-8", "replace").decode("utf-8")


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """What JSON gave, with every text in it changed.

    >>> map_texts({"a": ["b", 1]}, str.upper)
    {'A': ['B', 1]}
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(each, change) for each in value]
    if isinstance(value, dict):
        return {change(name): map_texts(each, change) for name, each in value.items()}
    return value


def shown(text: str, most: int, instead: str) -> str:
    """The beginning of a text, with `instead` for each mark that a terminal would obey.

    >>> shown("红\x1b[31m字", 5, "?")
    '红?[31…'
    """
    plain = "".join(mark if mark.isprintable() else instead for mark in text)
    return plain if len(plain) <= most else f"{plain[:most]}…"


def counted(number: int, noun: str) -> str:
    """A number of things, as it is said.

    >>> counted(1, "system"), counted(0, "mark"), counted(1200, "answer")
    ('1 system', '0 marks', '1,200 answers')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def document_of(text: str) -> str:
    """The document in a model's output: what follows a block of thoughts, which must have an end.

    >>> document_of("<think>先想标题</think>\\n关于放假的通知")
    '关于放假的通知'
    >>> document_of("<think>想了很久，没有写")
    ''
    """
    if text.lstrip().startswith("<think>"):
        return text.partition("</think>")[2].lstrip()
    return text


def tokens_about(text: str | bytes) -> int:
    """About how many tokens: a Chinese character has three bytes, and in common vocabularies 0.5 to 1 tokens.

    >>> tokens_about("关于放假的通知。"), tokens_about("a notice about holidays")
    (6, 5)
    """
    return len(text if isinstance(text, bytes) else text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN


def chinese(number: int) -> str:
    """A number up to 9999 as it is counted in Chinese.

    >>> [chinese(n) for n in (1, 10, 11, 20, 105, 110, 1010)]
    ['一', '十', '十一', '二十', '一百零五', '一百一十', '一千零一十']
    """
    parts, zero = "", False
    for unit, mark in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            parts += ("零" if zero and parts else "") + DIGITS[digit] + mark
        zero = digit == 0
    return parts.removeprefix("一") if 10 <= number < 20 else parts
