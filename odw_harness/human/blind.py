"""What graders are shown of an answer, and what in it could tell them who wrote it."""

import hashlib
import re
import unicodedata

from odw_harness.families import families
from odw_harness.texts import storable

EMPTY = "〔空白答卷〕"
"""What stands for an answer of which nothing can be seen."""
_JOINERS = "\u200c\u200d"
_NO_XML = "\ufffe\uffff"
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of reading: with them a text looks like another."""
_ESCAPES = re.compile("(x[0-9A-Fa-f]{4})_")
"""A workbook's way to write a character by its number; what is left of it is none."""
_ENDS_OF_LINES = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NAMES = re.compile(
    r"通义千问|通义|文心一言|文心大模型|讯飞星火|星火认知|智谱|百川(?:智能|大模型|AI)|豆包|混元|盘古大模型|深度求索|月之暗面|零一万物"
    r"|书生[·・]?浦语|腾讯元宝|日日新|天工大?模型|由[^，。；\n]{1,12}(?:开发|训练|研发|推出)的[^，。；\n]{0,10}(?:模型|助手|AI)",
    re.I,
)
"""Models and their makers as Chinese texts name them, and how a model tells of its maker."""


def as_shown(text: str) -> str:
    """A text as graders are shown it, in any form: nothing in it that a page, a spreadsheet or an eye could be misled by.

    Control characters and marks that turn the direction of reading become visible, other invisible ones go, tabs are
    blanks. A text of which nothing can be seen becomes EMPTY.

    >>> as_shown("一、\\u202e甲\\x07\\r\\n\\t二、\\u200b乙\\n\\n")
    '一、〔U+202E〕甲〔U+0007〕\\n    二、乙'
    >>> as_shown(" \\n\\u3000")
    '〔空白答卷〕'
    """
    plain = _ESCAPES.sub(r"\1＿", storable(text)).replace("\t", "    ")
    lines = _ENDS_OF_LINES.sub("\n", plain).split("\n")
    shown = "\n".join("".join(map(_visible, line)).rstrip() for line in lines).strip("\n")
    return shown if shown.strip(_JOINERS) else EMPTY


def _visible(mark: str) -> str:
    kind = unicodedata.category(mark)
    if kind == "Cc" or mark in _NO_XML or _TURNS.match(mark):
        return f"〔U+{ord(mark):04X}〕"
    return "" if kind == "Cf" and mark not in _JOINERS else mark


def hash_of(shown: str) -> str:
    """What tells a text from another when it comes back, white space aside: programs change that on their own.

    >>> hash_of("一、甲\\n二、乙") == hash_of("一、甲\\r\\n二、乙 "), hash_of("甲") == hash_of("乙")
    (True, False)
    """
    return hashlib.sha256("".join(shown.split()).encode()).hexdigest()[:12]


def gives_away(answer: str, prompt: str) -> bool:
    """Whether an answer names a model or a maker that the task does not name.

    >>> gives_away("我是通义千问。", "写一份通知。"), gives_away("作为人工智能助手，我不能盖章。", "写一份通知。")
    (True, False)
    >>> gives_away("推广DeepSeek应用的通知", "写一份推广DeepSeek应用的通知。"), gives_away("海纳百川", "写一篇讲话。")
    (False, False)
    """
    return bool(_named(answer) - _named(prompt))


def _named(text: str) -> set[str]:
    return families([text]) | set(_NAMES.findall(text))
