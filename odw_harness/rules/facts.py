"""Facts and figures: are those of the material there (C14), and are there figures of no source (C15)?

Facts are matched as strings, after the differences that mean nothing are removed. A figure in other words
(1286.4亿元 as 一千二百八十六亿四千万元) is missed; give such wordings as alternatives in the question.
"""

import re
import unicodedata
from bisect import bisect_left
from functools import lru_cache
from itertools import combinations, permutations

_DASHES = re.compile("[‐‑‒–—―−~～〜]+")
_NUMBER = r"\d+(?:\.\d+)?"
UNIT = (
    r"(?:万人次|人次|万元|亿元|万吨|万亩|万件|万人|万户|平方米|立方米|平方公里|公里|千米|米|吨|公斤|亩|公顷|元|人|名|位|户|"
    r"千瓦时|千瓦|课时|份|间|株|棵|个百分点|%|‰|个工作日|个月|天|小时|分钟|年|周岁|岁|所|家|座|张|件|项|条|台|辆|册|场|次|起|处|支|批|届|章|篇|个|万|亿)"
)
_FIGURE = re.compile(rf"(?<![\d.A-Za-z-])({_NUMBER})\s*({UNIT})")
_APART = re.compile(r"(?<=\d)\s+(?=\d)|^\s*\d{1,2}\s*[.．、]\s*(?=\d)", re.MULTILINE)
"""What parts a figure from another that is none of it: the border of a line or a cell, the number of an item."""
_CALENDAR = re.compile(
    r"(?:\d{2,4}年)?\d{1,2}月(?:\d{1,2}日?)?(?:至(?:\d{1,2}月)?\d{1,2}日)?|\d{1,2}时(?:\d{1,2}分)?|\d{4}年度?"
)
_SCALE = {"万": 1e4, "亿": 1e8}
_ONE_KIND = (("%", "个百分点"), ("人", "名", "位"), ("个", "家", "所", "座", "处"))
_WHOLES = {"%": 100, "‰": 1000}
_SMALL_COUNT = 12
"""Counts up to this are a writer's own (三个方面, 5项措施), not facts."""


def normalise(text: str) -> str:
    """The text without what facts don't depend on: widths, white space, thousands separators, kinds of dash.

    >>> normalise("１，２８６．４ 亿元　(3月11日－20日)")
    '1286.4亿元(3月11日-20日)'
    """
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    return _DASHES.sub("-", text)


def readings(text: str) -> tuple[str, str]:
    """A text normalised, and again with what parts a figure from another kept: ends of lines and cells, numbers of items.

    >>> readings("1.7月15日\\n24 台")
    ('1.7月15日24台', '|7月15日24台')
    """
    return normalise(text), normalise(_APART.sub("|", text))


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
    """The facts that the text states in none of their wordings, each by its first wording.

    >>> missing_facts("1.7月15日前检测，自有资金 5650.42 30.3%", (("7月15日",), ("30.3%",), ("5.7%",)))
    ('5.7%',)
    """
    plain = readings(text)
    return tuple(
        wordings[0] for wordings in facts if not any(states(each, wording) for wording in wordings for each in plain)
    )


def unsourced_figures(text: str, material: str) -> tuple[str, ...]:
    """Figures with a unit in the text that neither stand in the material nor follow from it.

    What follows: the same value in another scale (28600万元 for 2.86亿元) or rounded; sum and difference of two figures
    of one kind, sums of three; share and rate of change in per cent; an average (12000册 for 30所) and a percentage of
    an amount. Small counts and calendar dates are not looked at. Limits: with many figures in the material a made-up
    one can coincide with a result of theirs; Chinese numerals are not read. At the start of a line 1.24台 may be 24台, the
    first of some points: it has a source where either has.

    >>> unsourced_figures("1.24台设备\\n2.96台设备", "设备24台")
    ('2.96台',)
    """
    whole, apart = (_unsourced(plain, material) for plain in readings(text))
    return tuple(figure for figure in whole if any(figure.endswith(part) for part in apart))


def _unsourced(plain: str, material: str) -> dict[str, None]:
    """Those of a normalised text, each once."""
    sources = _numbers(material)
    calendar = [match.span() for match in _CALENDAR.finditer(plain)]
    found: dict[str, None] = {}
    for match in _FIGURE.finditer(plain):
        value, unit = match.groups()
        number = float(value)
        if any(start <= match.start() < end for start, end in calendar):
            continue
        if number in sources or (number <= _SMALL_COUNT and number.is_integer() and unit[0] not in "万亿%‰元亩"):
            continue
        if not _follows(value, unit, material):
            found[match.group()] = None
    return found


def _value(value: str, unit: str) -> float:
    return float(value) * _SCALE.get(unit[0], 1.0)


def _follows(value: str, unit: str, material: str) -> bool:
    target = _value(value, unit)
    slack = 0.51 * 10.0 ** -len(value.partition(".")[2]) * _SCALE.get(unit[0], 1.0)
    results = _derivable(material, _kind(unit))
    at = bisect_left(results, target - slack)
    return at < len(results) and results[at] <= target + slack


@lru_cache(maxsize=128)
def _numbers(material: str) -> frozenset[float]:
    return frozenset(float(number) for plain in readings(material) for number in re.findall(_NUMBER, plain))


def _kind(unit: str) -> str:
    """Of what a unit counts, without its scale: 元 of 亿元. What may be added up has one kind."""
    kind = unit.lstrip("万亿")
    return next((kinds[0] for kinds in _ONE_KIND if kind in kinds), kind)


@lru_cache(maxsize=512)
def _derivable(material: str, kind: str) -> tuple[float, ...]:
    """In order, what of one kind follows from the figures of a material."""
    figures = [(_value(value, unit), _kind(unit)) for value, unit in _FIGURE.findall(normalise(material))]
    own = {value for value, other in figures if other == kind}
    results = {*_numbers(material), *(value for value, _ in figures)}
    results.update(change for a, b in permutations(own, 2) for change in (a + b, a - b))
    results.update(map(sum, combinations(sorted(own)[-40:], 3)))
    if kind in _WHOLES:
        whole = _WHOLES[kind]
        results.update(whole - a for a in own)
        for (a, one), (b, other) in permutations(figures, 2):
            if one == other and b:
                share = a / b * whole
                results.update((share, share - whole, whole - share))
    else:
        results.update(a / b for a in own for b, _ in figures if b)
        results.update(a * b / 100 for a in own for b, other in figures if other == "%")
    return tuple(sorted(results))
