"""Documents as good as the reference in another form: closings, order of parallel points, synonyms, widths."""

import random
import re
from collections.abc import Sequence

from odw_harness.judgecheck.perturb_parts import (
    Parts,
    is_text,
    kept_words,
    level_of,
    ordered,
    parts_of,
    phrases,
    renumbered,
    replaced,
    sentences,
)
from odw_harness.questions import Question
from odw_harness.rules import check_text, of_question

_PARALLEL = re.compile("要求|措施|保障|不足|问题|建议|打算|原因|任务|路段|成效|倡议")
_ORDER = re.compile(
    "阶段|首先|其次|最后|上述|前述|同时|此外|对排查发现|在此基础|第[一二三四五六七八九十]|见附件|[前上]一项"
)
_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), *b"%-.")})


def _equal(text: str, question: Question) -> str | None:
    """A changed text, where the rules find it as good as the reference; else None.

    No fact may be lost, and no check that the reference passes, hard or soft, may fail.
    """
    expected = of_question(question)
    old, new = check_text(question.reference, expected), check_text(text, expected)
    lost = {finding.check for finding in old.findings if finding.ok} - {f.check for f in new.findings if f.ok}
    same = text != question.reference and new.fact_recall == old.fact_recall and not lost
    return text if same else None


def closings(question: Question, _others: Sequence[Question], _strength: float, rng: random.Random) -> str | None:
    """The reference with another 结语 of the same kind."""
    parts = parts_of(question)
    known = phrases()["closings"]
    for index in range(len(parts.body) - 1, -1, -1):
        if line := parts.body[index] if parts.body[index].strip() in known else "":
            new = rng.choice(known[line.strip()])
            body = (*parts.body[:index], *([new] if new else []), *parts.body[index + 1 :])
            return _equal(Parts(parts.head, body, parts.foot, parts.title).text, question)
    return None


def lists_reordered(
    question: Question, _others: Sequence[Question], _strength: float, rng: random.Random
) -> str | None:
    """The reference with the points of its parallel lists in another order, numbered anew.

    Only below headings of requirements, measures, problems and the like, and where no point refers to another or more
    than one has a date.
    """
    parts = parts_of(question)
    body = list(parts.body)
    for start, end in _lists(body):
        level = level_of(body[start])
        firsts = [i for i in range(start, end) if level_of(body[i]) == level]
        items = [body[a:b] for a, b in zip(firsts, [*firsts[1:], end], strict=True)]
        texts = ["".join(item) for item in items]
        if (
            any(_ORDER.search(text) for text in texts)
            or sum("月" in text and any(map(str.isdigit, text)) for text in texts) > 1
        ):
            continue
        order = ordered(range(len(items)), rng)
        if order == sorted(order):
            order = order[1:] + order[:1]
        body[start:end] = [line for index in order for line in items[index]]
    return _equal(Parts(parts.head, tuple(renumbered(body)), parts.foot, parts.title).text, question)


def _lists(body: list[str]) -> list[tuple[int, int]]:
    """Where lists of two and more points stand below a line that says that they are parallel."""
    found = []
    for lead in range(len(body) - 1):
        level = level_of(body[lead + 1])
        above = level_of(body[lead])
        lead_in = sentences(body[lead])[-1]
        if (
            level is None
            or not _PARALLEL.search(lead_in)
            or "情况" in lead_in
            or (above is not None and above >= level)
        ):
            continue
        end = lead + 1
        while end < len(body) and _belongs(body, end, level):
            end += 1
        if sum(level_of(line) == level for line in body[lead + 1 : end]) > 1:
            found.append((lead + 1, end))
    return found


def _belongs(body: list[str], index: int, level: int) -> bool:
    """Whether a line is a point of that level, or part of one."""
    own = level_of(body[index])
    if own is not None:
        return own >= level
    return not is_text(body[index])


def synonyms(question: Question, _others: Sequence[Question], _strength: float, _rng: random.Random) -> str | None:
    """The reference with official synonyms in its text; facts, terms asked for, names and quotations stay."""
    parts = parts_of(question)
    keep, pairs = kept_words(question), phrases()["synonyms"]
    body = tuple(replaced(line, pairs, keep) for line in parts.body)
    return _equal(Parts(parts.head, body, parts.foot, parts.title).text, question)


def widths(question: Question, _others: Sequence[Question], _strength: float, _rng: random.Random) -> str | None:
    """The reference with full-width figures, capitals and ％ in its text, and paragraphs indented by two ideographic spaces."""
    parts = parts_of(question)
    body = tuple(f"　　{line.strip().translate(_WIDE)}" for line in parts.body)
    return _equal(Parts(parts.head, body, parts.foot, parts.title).text, question)
