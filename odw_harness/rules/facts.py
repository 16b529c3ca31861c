"""Facts and figures: are those of the material there (C14), and are there figures of no source (C15)?

Facts are matched as strings, after the differences that mean nothing are removed. A figure in other words
(1286.4亿元 as 一千二百八十六亿四千万元) is missed; give such wordings as alternatives in the question.
"""

import re
import unicodedata
from itertools import permutations

_DASHES = re.compile("[‐‑‒–—―−~～〜]+")
_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = (
    r"(?:万人次|人次|万元|亿元|万吨|万亩|万件|万人|万户|平方米|立方米|平方公里|公里|千米|米|吨|公斤|亩|公顷|元|人|名|位|户|"
    r"个百分点|%|‰|个工作日|个月|天|小时|分钟|年|所|家|座|张|件|项|条|台|辆|册|场|次|起|处|支|批|届|章|篇|个|万|亿)"
)
_FIGURE = re.compile(rf"(?<![\d.A-Za-z-])({_NUMBER})\s*({_UNIT})")
_CALENDAR = re.compile(r"(?:\d{2,4}年)?\d{1,2}月(?:\d{1,2}日?)?(?:至(?:\d{1,2}月)?\d{1,2}日)?|\d{1,2}时(?:\d{1,2}分)?|\d{4}年度?")
_SCALE = {"万": 1e4, "亿": 1e8}
_SMALL_COUNT = 12
"""Counts up to this are a writer's own (三个方面, 5项措施), not facts."""


def normalise(text: str) -> str:
    """The text without what facts don't depend on: width of characters, white space, thousands separators, kinds of dash.

    >>> normalise("１，２８６．４ 亿元　(3月11日－20日)")
    '1286.4亿元(3月11日-20日)'
    """
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    return _DASHES.sub("-", text)


def states(text: str, fact: str) -> bool:
    """Whether a normalised text states a fact, not merely as part of a longer number or number word.

    >>> states(normalise("增长16.2%"), "6.2%"), states(normalise("增长6.2％"), "6.2%")
    (False, True)
    """
    pattern = re.escape(normalise(fact))
    if fact[:1].isdigit():
        pattern = r"(?<!\d)(?<!\d\.)" + pattern
    if fact[-1:].isdigit():
        pattern += r"(?!\d)(?!\.\d)"
    return re.search(pattern, text) is not None


def missing_facts(text: str, facts: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """The facts that the text states in none of their wordings, each by its first wording."""
    plain = normalise(text)
    return tuple(wordings[0] for wordings in facts if not any(states(plain, wording) for wording in wordings))


def unsourced_figures(text: str, material: str) -> tuple[str, ...]:
    """Figures with a unit in the text that neither stand in the material nor follow from it.

    What follows: the same value in another scale (28600万元 for 2.86亿元), sum, difference, ratio and rate of
    change of two figures, shares in per cent, sums of three. Small counts and calendar dates are not looked at.
    Limits: with many figures in the material a made-up one can coincide with a result of theirs; Chinese
    numerals are not read.
    """
    plain = normalise(text)
    sources = {float(value) for value in re.findall(_NUMBER, normalise(material))}
    scaled = {_value(value, unit) for value, unit in _FIGURE.findall(normalise(material))} | sources
    calendar = [match.span() for match in _CALENDAR.finditer(plain)]
    found: dict[str, None] = {}
    for match in _FIGURE.finditer(plain):
        value, unit = match.groups()
        number = float(value)
        if any(start <= match.start() < end for start, end in calendar):
            continue
        if number in sources or (number == int(number) <= _SMALL_COUNT and unit[0] not in "万亿%‰元亩"):
            continue
        if not _follows(_value(value, unit), value, unit, scaled):
            found[match.group()] = None
    return tuple(found)


def _value(value: str, unit: str) -> float:
    return float(value) * _SCALE.get(unit[0], 1.0)


def _follows(target: float, written: str, unit: str, sources: set[float]) -> bool:
    decimals = len(written.partition(".")[2])
    step = 10.0**-decimals * _SCALE.get(unit[0], 1.0)
    results = set(sources)
    for a, b in permutations(sources, 2):
        results.update((a + b, a - b))
        if b and unit in ("%", "个百分点", "‰"):
            share = a / b * (1000 if unit == "‰" else 100)
            results.update((share, share - 100, 100 - share))
        elif b:
            results.update((a / b, a * b / 100))
    if unit in ("%", "个百分点"):
        results.update(100 - a for a in sources)
    return any(abs(result - target) <= step * 0.51 for result in results)
