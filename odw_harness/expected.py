"""Expected scores: the mean over the scores that a judge weighed at a place, in place of the one that was drawn.

Where a server tells log-probabilities, a dimension's score becomes Σ p(s)·s / Σ p(s) over the scores s = 1 to 10 that
the model could have written there, given all that it had written before (G-Eval, Liu et al. 2023, arXiv:2303.16634,
section 2). That needs care in four places:

- Tokens are laid against the reply's end, backwards, byte by byte. From the first score on they must be the reply, and
  after it only end marks may follow; what a server makes of earlier characters, or of thoughts, does not matter.
- What is weighed is a score's whole part. Of 6.5 the half belongs to the 6 that it was drawn with; other whole parts
  are taken as they stand, for nobody saw what would have followed them.
- A token 1 may be the beginning of 10. Where it was drawn itself, the next place tells. Where something else was drawn,
  it is a 1 if the token 10 is among the candidates too, since then the vocabulary writes ten as one token; otherwise
  it is unseen, as are the tokens that the server does not list.
- What is seen must suffice: LEAST_MASS on scores, and at most MOST_UNSEEN that might be scores but isn't seen.

For a model in this process, which can be asked anything, `continuations` and `from_loglikelihoods` do it exactly.
"""

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from odw_harness.reply import HIGHEST, LOWEST
from odw_harness.texts import shown

LEAST_MASS = 0.5
"""Of the probability at a place: with less on the scores, the place is none for a score."""
MOST_UNSEEN = 0.05
"""Unseen probability, as a share of itself and that on scores. Left out, it moves a mean by less than half a point."""
_ROUNDING = 0.01
"""By which probabilities may add up to more than 1: servers compute in half precision."""
_LEAST_LOGPROB = -1e4
"""Less is nothing: -9999 (OpenAI: not among the likeliest) and -inf are, too."""
_NARROW = str.maketrans("０１２３４５６７８９．", "0123456789.")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_SCORE = re.compile(r"(10|[1-9])(?:\.[0-9]*)?")
_WHOLE_PART = re.compile(r"(10|[1-9])(?![0-9])")
_PART_OF_CHARACTER = "\ufffd"
"""What a token that ends or begins within a character decodes to: it may be half of a full-width 0, or of a comma."""
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, OverflowError)
_END_MARKS = re.compile(rb"(?:\s|<[^<>{}\s]{1,40}>|\[/?[A-Z_]{1,20}\])*")
"""What may follow a reply in the tokens: white space that the server cut off, <|im_end|>, </s>, [EOS]."""


@dataclass(frozen=True)
class Expected:
    """Expected scores of one reply.

    scores: name → 1 to 10, for the dimensions that have one. mass: name → the probability, 0 to 1, that lies on scores
    at the dimension's place. reasons: name → why a dimension has none, as `kind: what was found`.
    """

    scores: dict[str, float] = field(default_factory=dict)
    mass: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def dimensions(self) -> dict[str, float] | None:
        """The scores where every dimension has one, else None: a mean must not mix expected scores with drawn ones."""
        return None if self.reasons or not self.scores else self.scores


class _Unknown(Exception):
    pass


def expected_scores(text: str, spans: Mapping[str, tuple[int, int]], tokens: Any) -> Expected:
    """The expected score of each dimension of a reply. Raises nothing, whatever the tokens are.

    text: the reply. spans: name → where its number stands, as in reply.Scores. tokens: what a chat completion gives
    under choices[0].logprobs.content. Where the server samples with a temperature, most give log-probabilities without.

    >>> def token(text, *others):
    ...     listed = [{"token": other, "logprob": math.log(p)} for other, p in others]
    ...     return {"token": text, "logprob": 0.0 if not others else listed[0]["logprob"], "top_logprobs": listed}
    >>> tokens = [token("{'甲':"), token(" 8", (" 8", 0.5), (" 7", 0.25), (" 9", 0.25)), token("}"), token("<|im_end|>")]
    >>> expected_scores("{'甲': 8}", {"甲": (6, 7)}, tokens)
    Expected(scores={'甲': 8.0}, mass={'甲': 1.0}, reasons={})
    >>> expected_scores("{'甲': 6}", {"甲": (6, 7)}, tokens).reasons
    {'甲': 'not aligned: the tokens do not end as the reply does'}
    """
    if not spans:
        return Expected()
    scores: dict[str, float] = {}
    mass: dict[str, float] = {}
    reasons: dict[str, str] = {}
    try:
        line = _Line(text, min(spans.values())[0], tokens)
    except _Unknown as unknown:
        return Expected(reasons=dict.fromkeys(spans, str(unknown)))
    for name, span in spans.items():
        try:
            scores[name], mass[name] = _expected(line, span)
        except _Unknown as unknown:
            reasons[name] = str(unknown)
    return Expected(scores, mass, reasons)


def continuations(text: str, span: tuple[int, int]) -> tuple[str, dict[str, str]]:
    """What to ask a model in this process for the score that stands at a span of a reply.

    Returns the reply before it, with the scores drawn earlier, and value → continuation: 1 to 10, written as the score
    is written, each with the character that follows it, so that 1 and 10 exclude each other. A score such as 6.5 comes
    eleventh. Ask for the log-likelihood of each after the prompt and the reply before it.

    >>> before, asked = continuations("{'甲': 8, '乙': 6.5}", (6, 7))
    >>> before, asked["1"], asked["10"], len(asked)
    ("{'甲': ", '1,', '10,', 10)
    >>> before, asked = continuations("{'甲': 8, '乙': 6.5}", (14, 17))
    >>> before, asked["6"], asked["6.5"], len(asked)
    ("{'甲': 8, '乙': ", '6}', '6.5}', 11)
    """
    start, end = span
    written = text[start:end].translate(_NARROW)
    fraction = written.partition(".")[2].strip("0")
    zeros = "" if fraction else "".join(written.partition(".")[1:])
    values = {str(score): f"{score}{zeros}" for score in range(int(LOWEST), int(HIGHEST) + 1)}
    if fraction and _SCORE.fullmatch(written):
        values[written] = written
    digits = _WIDE if text[start:end] != written else {}
    follows = text[end : end + 1]
    return text[:start], {value: spelt.translate(digits) + follows for value, spelt in values.items()}


def from_loglikelihoods(values: Mapping[str, float]) -> float:
    """The mean of scores, weighted by what the model makes of each.

    values: score → log-likelihood in nats of its continuation (see continuations). Returns 1 to 10. Raises ValueError
    where they are no likelihoods: one is NaN or +inf, or all are -inf.

    >>> from_loglikelihoods({"7": math.log(0.1), "8": math.log(0.3), "10": -math.inf})
    7.75
    """
    likeliest = max(values, key=values.__getitem__)
    peak = values[likeliest]
    if not math.isfinite(peak) or any(map(math.isnan, values.values())):
        raise ValueError(f"no likelihoods: {dict(values)}")
    return _mean([(float(value), math.exp(given - peak)) for value, given in values.items()], float(likeliest))


def _mean(weighed: list[tuple[float, float]], around: float) -> float:
    """Σ p·s / Σ p of pairs (s, p). Reckoned from one of the scores, it is that score where all probability is on it."""
    moved = math.fsum(p * (score - around) for score, p in weighed) / math.fsum(p for _, p in weighed)
    return min(HIGHEST, max(LOWEST, around + moved))


class _Line:
    """Tokens end to end, as bytes, and the reply from its first score on laid along their end."""

    def __init__(self, text: str, first: int, tokens: Any) -> None:
        if not tokens:
            raise _Unknown("no log-probabilities")
        try:
            parts = [_bytes(token) for token in tokens]
        except _MALFORMED:
            raise _Unknown("malformed: not a list of tokens") from None
        self._text = text
        self._tokens = tokens
        self._starts = [0, *accumulate(map(len, parts))]
        self._bytes = b"".join(parts)
        tail = text[first:].encode("utf-8", "replace")
        place = self._bytes.rfind(tail)
        self._end = place + len(tail)
        if place < 0 or not _END_MARKS.fullmatch(self._bytes, self._end):
            raise _Unknown("not aligned: the tokens do not end as the reply does")
        begun = self._bytes[self._starts[self._index(place)] : place]
        if not text[:first].encode("utf-8", "replace").endswith(begun):
            raise _Unknown("not aligned: the token of the first score begins otherwise than the reply")

    def written(self, span: tuple[int, int]) -> str:
        """What the reply has there, in ASCII where that is a number."""
        return self._text[slice(*span)].translate(_NARROW)

    def weights(self, place: int) -> tuple[dict[int, float], float]:
        """What could have been written at a character of the reply: whole part → probability; and what is unseen."""
        at = self._end - len(self._text[place:].encode("utf-8", "replace"))
        index = self._index(at)
        start, end = self._starts[index : index + 2]
        before = self._bytes[start:at]
        candidates = self._candidates(index)
        unseen = max(0.0, 1.0 - math.fsum(candidates.values()))
        begun = [(_text(option[len(before) :]), option, p) for option, p in candidates.items()]
        begun = [each for each in begun if each[1].startswith(before)]
        ten_is_one_token = any(text.startswith("10") for text, _, _ in begun)
        weights: dict[int, float] = defaultdict(float)
        for text, option, p in begun:
            if text == "1" and option == self._bytes[start:end]:
                one, ten, hidden = self._after_one(self._index(end))
                weights[1] += p * one
                weights[10] += p * ten
                unseen += p * hidden
            elif text == "1" and not ten_is_one_token:
                unseen += p
            elif whole := _WHOLE_PART.match(text):
                weights[int(whole[1])] += p
        return weights, unseen

    def _after_one(self, index: int) -> tuple[float, float, float]:
        """Where a 1 was drawn: the probability that it stays a 1, that it becomes 10, and what is unseen of the two."""
        one = ten = other = 0.0
        for option, p in self._candidates(index).items():
            text = _text(option)
            if re.match("0(?![0-9])", text):
                ten += p
            elif re.match("[0-9]", text):
                other += p
            elif text and not text.startswith(_PART_OF_CHARACTER):
                one += p
        return one, ten, max(0.0, 1.0 - one - ten - other)

    def _index(self, place: int) -> int:
        """Of the token that holds a byte."""
        return bisect_right(self._starts, place) - 1

    def _candidates(self, index: int) -> dict[bytes, float]:
        """Text → probability of the token drawn and of those listed beside it, where it may stand once more."""
        token = self._tokens[index]
        candidates: dict[bytes, float] = {}
        try:
            for each in (token, *(token.get("top_logprobs") or ())):
                option = _bytes(each)
                candidates[option] = max(candidates.get(option, 0.0), _probability(each.get("logprob")))
        except _MALFORMED:
            raise _Unknown("malformed: not a list of candidates") from None
        if math.fsum(candidates.values()) > 1 + _ROUNDING:
            raise _Unknown("malformed: the probabilities at a place add up to more than 1")
        return candidates


def _expected(line: _Line, span: tuple[int, int]) -> tuple[float, float]:
    """The expected score at a span, and the probability on scores there."""
    written = line.written(span)
    score = _SCORE.fullmatch(written)
    if not score:
        raise _Unknown(f"not a plain number: {shown(written, 24, '?')}")
    weights, unseen = line.weights(span[0])
    seen = math.fsum(weights.values())
    if unseen > MOST_UNSEEN * (seen + unseen):
        raise _Unknown(f"unseen: {unseen:.0%} of the probability is on tokens not listed, or a 1 that may be 10")
    if seen < LEAST_MASS:
        raise _Unknown(f"no place of a score: only {seen:.0%} of the probability is on 1 to 10")
    drawn = float(written)
    weighed = [(drawn if part == int(score[1]) else float(part), p) for part, p in weights.items()]
    return _mean(weighed, drawn), min(1.0, seen)


def _bytes(token: Any) -> bytes:
    """A token's bytes. Raises one of _MALFORMED."""
    given = token.get("bytes")
    return bytes(given) if isinstance(given, list) else token["token"].encode()


def _text(begun: bytes) -> str:
    return begun.decode("utf-8", "replace").translate(_NARROW)


def _probability(logprob: Any) -> float:
    """0 to e: null and NaN are nothing, and more than 1 is left to be found in the sum."""
    if logprob is None or math.isnan(logprob):
        return 0.0
    return math.exp(min(1.0, max(_LEAST_LOGPROB, logprob)))
