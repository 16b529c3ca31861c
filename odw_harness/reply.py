"""A judge's reply becomes scores, or the reason why it has none. One strict reading, and never `eval`.

The official AlignBench extraction takes the last number it can find: of 7.5 it takes 7, it accepts 11, it takes the 7
of the prompt's own example from a reply that was cut, and averages -1 for what it can't read. Here a reply either ends
with one dictionary that holds every dimension once and inside 1 to 10, or it is unscored.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from statistics import fmean

from odw_harness.texts import shown

LOWEST, HIGHEST = 1.0, 10.0
MEANS = ("平均得分", "综合得分")
"""What a judge may call the mean of its scores. It is never used: the mean is computed."""
_TOLERANCE = 0.05 + 1e-9
"""A stated mean may be rounded to one decimal."""
_WIDTHS: dict[str, str] = {
    **{chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    **dict.fromkeys("'“”„‟‘’‚‛「」『』`´＇′″〝〞", '"'),
    **dict.fromkeys("　\\*", " "),  # what Markdown and LaTeX put before braces, quotes and numbers says nothing
    **dict.fromkeys("、﹐", ","),
    **dict.fromkeys("∶︰﹕", ":"),
}
_TO_NARROW = re.compile(f"[{''.join(map(re.escape, _WIDTHS))}]")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
"""For str.translate: characters without width, which are left out of what is read."""
_THOUGHT = re.compile(
    r"(?<![\"<(\[《【])[<\[◁](/?)\s*(?:seed:)?(?:think(?:ing)?|thought|reasoning)\b[^<>\[\]◁▷]{0,20}[>\]▷]", re.I
)
"""A tag that opens or closes thoughts; one in quotes or brackets is only spoken of."""
_ENDS_OF_TAGS = ">]▷＞］"
"""Without one of them a reply holds no tag: quicker to see than to read it."""
_GROUP = re.compile(r"\{([^{}]*)(\}?)")
_TOKEN = re.compile(r'"[^"\n]*"|[:,]|[^":,]+|"')
_NUMBER = re.compile(r"[+-]?([0-9]+(?:\.[0-9]*)?)")
_AFTERWARDS = re.compile(r"(?:[\s\"_.…。!;,)\]}>】》~$|#=-]|<[^<>]{1,30}>|\[[^\[\]\s]{1,20}\])*")
"""What may follow the dictionary: punctuation, a closing code fence, a closing tag."""
_ELLIPSIS = re.compile(r"[.…。·\s]+")
_PLACEHOLDER = re.compile(r"[.…。·\s]+|打分|分数|得分")
_EXAMPLES: tuple[dict[str, float], ...] = (
    {"事实正确性": 9, "满足用户需求": 6, "平均得分": 7.2},
    {"文种与格式规范": 7, "内容完整与切题": 6.5, "平均得分": 6.4},
    {"文体规范": 7, "内容完整与切题": 6.5, "平均得分": 6.4},
)
"""The dictionaries that the prompts show, should a judge repeat one without its ellipsis."""


@dataclass(frozen=True)
class Scores:
    """What a reply says.

    dimensions: name → 1 to 10, in the rubric's order. stated_mean: what the judge calls the mean, kept beside the
    computed one. spans: name → where its number stands in the reply as given, [start, end) in characters, without
    quotes and sign; where it stands is no part of what is said.
    """

    dimensions: dict[str, float]
    stated_mean: float | None = None
    spans: dict[str, tuple[int, int]] = field(default_factory=dict, compare=False)

    @property
    def mean(self) -> float:
        """Mean of the dimensions, 1 to 10."""
        return fmean(self.dimensions.values())

    @property
    def mean_differs(self) -> bool:
        """Whether the judge states a mean that is not the mean of its scores, rounding to one decimal allowed."""
        return self.stated_mean is not None and abs(self.stated_mean - self.mean) > _TOLERANCE


@dataclass(frozen=True)
class NoScores:
    """Why a reply has no scores: `kind`, or `kind: what was found`. Kinds are few, so that they can be counted."""

    reason: str


class _Unreadable(Exception):
    pass


def read_scores(reply: str, dimensions: Sequence[str]) -> Scores | NoScores:
    """The scores at the end of a reply, for exactly these dimensions. Raises nothing, whatever the text.

    >>> def read(reply):
    ...     found = read_scores(reply, ["甲", "乙"])
    ...     return found.reason if isinstance(found, NoScores) else (*found.dimensions.values(), found.stated_mean)

    Read:

    >>> read("甲很好，乙一般。{'甲': 8, '乙': 6, '平均得分': 7.00}")
    (8.0, 6.0, 7.0)
    >>> read('{"甲": 7.5, "乙": "6"}')
    (7.5, 6.0, None)
    >>> read("｛“甲”：８，‘乙’：６．５，“综合得分”：７．２５｝。")
    (8.0, 6.5, 7.25)
    >>> read("```json\\n{\\n  '乙': 6,\\n  '甲': 8,\\n}\\n```\\n")
    (8.0, 6.0, None)
    >>> read("<think>也许 {'甲': 1, '乙': 1}</think>{'甲': 8, '乙': 6}")
    (8.0, 6.0, None)
    >>> read("按照 {'甲': 9, ..., '平均得分': 7.20} 的格式：{'甲': 8, '乙': 6}")
    (8.0, 6.0, None)
    >>> read("{'甲': 8, '乙': 6}，即 {'乙': 6.0, '甲': 8.0}")
    (8.0, 6.0, None)

    Unscored:

    >>> read("   ")
    'empty reply'
    >>> read("甲 8 分，乙 6 分")
    'no dictionary of scores at the end'
    >>> read("按照格式 {'甲': 9, ..., '平均得分': 7.20}")
    'no dictionary of scores at the end'
    >>> read("{'甲': 8, '乙': 6} 是参考答案的得分。下面评价助手的答案")
    'no dictionary of scores at the end'
    >>> read("<think>先看文种，{'甲': 8, '乙': 6}")
    'cut reply: the thoughts have no end'
    >>> read("评价完毕。{'甲': 8, '乙'")
    'cut reply: the dictionary has no end'
    >>> read("{'甲': 8, '乙': 6}，改为 {'甲': 8, '乙': 7}")
    'contradicting dictionaries: 乙 is 6 and 7'
    >>> read("{'甲': 8}")
    'missing dimension: 乙'
    >>> read("{'甲': 8, '乙': 6, '丙': 7}")
    'extra dimension: 丙'
    >>> read("{'甲': 8, '乙': 6, '甲': 8}")
    'doubled dimension: 甲'
    >>> read("{'甲': 11, '乙': 6}"), read("{'甲': -1, '乙': 6}")
    ('outside 1 to 10: 甲 is 11', 'outside 1 to 10: 甲 is -1')
    >>> read("{'甲': '八', '乙': 6}")
    'not a number: 甲 is 八'
    >>> read("{'甲': 8 '乙': 6}")
    'not a dictionary: at "甲" : 8 "乙"'
    """
    try:
        return _read(reply, list(dimensions))
    except _Unreadable as unreadable:
        return NoScores(str(unreadable))


def kind_of(reason: str) -> str:
    """The part of a reason by which reasons are counted.

    >>> kind_of("missing dimension: 创造性")
    'missing dimension'
    """
    return reason.partition(": ")[0]


def without_thoughts(reply: str) -> str | None:
    """What a reply says after its thoughts; None where they have no end.

    >>> without_thoughts("想</think>说"), without_thoughts("<think>想</think>说<think>又想"), without_thoughts("说")
    ('说', None, '说')
    """
    if not any(mark in reply for mark in _ENDS_OF_TAGS):
        return reply
    text = _narrow(reply)
    tags = list(_THOUGHT.finditer(text))
    if not tags:
        return reply
    return reply[tags[-1].end() :] if tags[-1][1] else None


def _narrow(text: str) -> str:
    """The text in half-width forms, character by character; quicker than str.translate, which looks at each."""
    return _TO_NARROW.sub(lambda found: _WIDTHS[found[0]], text)


def _read(reply: str, dimensions: list[str]) -> Scores:
    visible = reply.translate(INVISIBLE) if any(chr(mark) in reply for mark in INVISIBLE) else reply
    spoken = without_thoughts(visible)
    if spoken is None:
        raise _Unreadable("cut reply: the thoughts have no end")
    text = _narrow(spoken)
    if not text.strip():
        raise _Unreadable("empty reply")
    names = _names(tuple(dimensions))
    groups = list(_GROUP.finditer(text))
    if groups and not groups[-1][2]:
        raise _Unreadable("cut reply: the dictionary has no end")
    given = [found for found in groups if any(name in found[1] for name in names) and not _is_example(found[1], names)]
    if not given or given[-1] is not groups[-1] or not _AFTERWARDS.fullmatch(text, groups[-1].end()):
        raise _Unreadable("no dictionary of scores at the end")
    scores, places = _dictionary(given[-1][1], names)
    missing = [name for name in dimensions if name not in scores]
    if missing:
        raise _Unreadable(f"missing dimension: {', '.join(missing)}")
    for found in given[:-1]:
        _agree(found[1], scores, names)
    means = [scores[name] for name in MEANS if name in scores]
    if len(set(means)) > 1:
        raise _Unreadable(f"contradicting means: {means[0]:g} and {means[1]:g}")
    before = len(visible) - len(spoken) + given[-1].start(1)
    spans = {name: (before + places[name][0], before + places[name][1]) for name in dimensions}
    if len(visible) < len(reply):
        kept = [place for place, mark in enumerate(reply) if ord(mark) not in INVISIBLE]
        spans = {name: (kept[start], kept[end - 1] + 1) for name, (start, end) in spans.items()}
    return Scores({name: scores[name] for name in dimensions}, means[0] if means else None, spans)


@lru_cache(maxsize=64)
def _names(dimensions: tuple[str, ...]) -> dict[str, str]:
    """What a dictionary may have for keys, as they look when narrowed → as they are."""
    return {_narrow(name): name for name in (*dimensions, *MEANS)}


def _is_example(inside: str, names: dict[str, str]) -> bool:
    """Whether this stands for scores instead of giving them, as the prompt's own dictionaries do.

    They have a placeholder for a value, or an ellipsis in place of an entry that is missing.
    """
    complete = all(name in inside for name in names if name not in MEANS)
    tokens = ["", *_tokens(inside)]
    for before, token in pairwise(tokens):
        if before == ":" and _PLACEHOLDER.fullmatch(token.strip('"')):
            return True
        if before != ":" and not complete and _ELLIPSIS.fullmatch(token.strip('"')):
            return True
    return not complete and _numbers(inside, names) in _EXAMPLES


def _tokens(inside: str) -> list[str]:
    return [token.strip() for token in _TOKEN.findall(inside) if token.strip()]


def _dictionary(inside: str, names: dict[str, str]) -> tuple[dict[str, float], dict[str, tuple[int, int]]]:
    """Name → number, and name → its digits' place, of `key : value , key : value`, a last comma allowed."""
    found = [match for match in _TOKEN.finditer(inside) if not match[0].isspace()]
    tokens = [match[0].strip() for match in found]
    if tokens[-1] != ",":
        tokens.append(",")
    scores: dict[str, float] = {}
    places: dict[str, tuple[int, int]] = {}
    for start in range(0, len(tokens), 4):
        entry = tokens[start : start + 4]
        if [token in (":", ",") for token in entry] != [False, True, False, True] or entry[1::2] != [":", ","]:
            raise _Unreadable(f"not a dictionary: at {_shown(' '.join(entry))}")
        key, value = (token.strip('"').strip() for token in entry[::2])
        if key not in names:
            raise _Unreadable(f"extra dimension: {_shown(key)}")
        if names[key] in scores:
            raise _Unreadable(f"doubled dimension: {key}")
        scores[names[key]], digits = _number(key, value)
        first = inside.index(digits, found[start + 2].start())
        places[names[key]] = first, first + len(digits)
    return scores, places


def _number(name: str, value: str) -> tuple[float, str]:
    """A number, and its text without a sign."""
    written = _NUMBER.fullmatch(value)
    if not written:
        raise _Unreadable(f"not a number: {name} is {_shown(value)}")
    number = float(value)
    if not LOWEST <= number <= HIGHEST:
        raise _Unreadable(f"outside 1 to 10: {name} is {_shown(value)}")
    return number, written[1]


def _numbers(inside: str, names: dict[str, str]) -> dict[str, float]:
    """Name → the number that follows it, however that is written."""
    numbers = {}
    for name in names:
        found = re.search(rf"{re.escape(name)}\s*+\"?\s*+:\s*+\"?\s*+([+-]?[0-9]+(?:\.[0-9]+)?)", inside)
        if found:
            numbers[names[name]] = float(found[1])
    return numbers


def _agree(earlier: str, last: dict[str, float], names: dict[str, str]) -> None:
    """See that an earlier dictionary, however badly written, gives no other scores than the last."""
    for name, score in _numbers(earlier, names).items():
        if last.get(name, score) != score:
            raise _Unreadable(f"contradicting dictionaries: {name} is {score:g} and {last[name]:g}")


def _shown(text: str) -> str:
    return shown(text, 24, "?")
