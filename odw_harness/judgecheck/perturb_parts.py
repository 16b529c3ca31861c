"""What the makers of cases share: the parts of a document, its sentences and numbering, and the phrases of the data file."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from odw_harness.questions import Question
from odw_harness.rules.document import Document
from odw_harness.rules.genres import find_genre

CN = "一二三四五六七八九十"
SENTENCE = re.compile(r"[^。！？\n]*[。！？]+[”’）]*(?:(?<=”)[^。！？“\n]{1,30}(?:说|表示|介绍)。)?|[^。！？\n]+")
NUMBERING = re.compile(rf"^(?:[{CN}]{{1,3}}、|（[{CN}]{{1,3}}）|\d{{1,2}}[.．](?!\d)|（\d{{1,2}}）)")
_ENDS_SENTENCE = re.compile(r"[。！？；：][”’）]*$")


@dataclass(frozen=True)
class Parts:
    """The lines of a document, blank ones left out.

    head: 发文字号 to 主送机关. body: from the first sentence or numbered line to the last sentence. foot: 附件说明 to the
    end. title: index in head of the title's first line.
    """

    head: tuple[str, ...]
    body: tuple[str, ...]
    foot: tuple[str, ...]
    title: int

    @property
    def text(self) -> str:
        """The lines, put together again."""
        return "\n".join((*self.head, *self.body, *self.foot))


def parts_of(question: Question) -> Parts:
    """The parts of a question's reference. The body is empty where no sentence is found."""
    genre = find_genre(question.genre)
    document = Document(question.reference, question.title_pattern, genre.endings if genre else ())
    raw = [document.raw_lines[line.number - 1] for line in document.lines]
    lines = [line.text for line in document.lines]
    below = len(lines) - len(document.after_title)
    start = next((i for i in range(below, len(lines)) if is_text(lines[i]) or NUMBERING.match(lines[i])), len(lines))
    end = next((i + 1 for i in range(len(lines) - 1, start - 1, -1) if is_text(lines[i])), start)
    return Parts(tuple(raw[:start]), tuple(raw[start:end]), tuple(raw[end:]), document.title_index)


def is_text(line: str) -> bool:
    """Whether a line ends as a sentence does, or leads to its matter with a colon; a 主送机关 or a 称呼 does neither."""
    text = line.strip()
    if text.endswith("："):
        return re.search("[。；]|(?:如下|以下|倡议|有关|差距)：$", text) is not None
    return re.search("[。！？；][”’）]*$", text) is not None


def is_closing(line: str) -> bool:
    """Whether a line is a 结语."""
    text = line.strip()
    known = re.fullmatch("(?:特此|专此|此复|妥否|当否|现提请审议|现予公|谢谢|此令).{0,12}[。！]", text) is not None
    return known or text in phrases()["closings"]


def sentences(line: str) -> list[str]:
    """The sentences of a line with their marks.

    >>> sentences("（一）选址。位于城东；用地62亩。“好书。”他说。等等")
    ['（一）选址。', '位于城东；用地62亩。', '“好书。”他说。', '等等']
    """
    return SENTENCE.findall(line)


def share(strength: float, count: int) -> int:
    """How many of count a strength takes, rounded: at least one, and all at 1."""
    return max(1, int(strength * count + 0.5))


def numeral(number: int) -> str:
    """A number from 1 to 99 in Chinese.

    >>> numeral(4), numeral(10), numeral(32)
    ('四', '十', '三十二')
    """
    tens, ones = divmod(number, 10)
    return (CN[tens - 1] if tens > 1 else "") + ("十" if tens else "") + (CN[ones - 1] if ones else "")


def level_of(line: str) -> int | None:
    """The level of a line's number, 0 for 一、 to 3 for （1）; None without one."""
    found = NUMBERING.match(line)
    if found is None:
        return None
    return 2 * found.group()[-1].isascii() if found.group()[0] != "（" else 1 + 2 * found.group()[1].isdigit()


def renumbered(lines: Iterable[str]) -> list[str]:
    """The lines, each level of numbers counted anew.

    >>> renumbered(["一、甲", "（二）乙", "三、丙", "（三）丁", "3.戊"])
    ['一、甲', '（一）乙', '二、丙', '（一）丁', '1.戊']
    """
    counts = [0, 0, 0, 0]
    result = []
    for line in lines:
        level = level_of(line)
        if level is not None:
            counts[level] += 1
            counts[level + 1 :] = [0] * (3 - level)
            number = counts[level]
            mark = (f"{numeral(number)}、", f"（{numeral(number)}）", f"{number}.", f"（{number}）")[level]
            line = mark + NUMBERING.sub("", line)
        result.append(line)
    return result


def unnumbered(line: str) -> str:
    """A line without its number."""
    return NUMBERING.sub("", line.strip())


def replaced(text: str, pairs: Mapping[str, str], keep: Iterable[str] = ()) -> str:
    """Text with each key of pairs replaced, the longest that fits first, outside what is to be kept.

    >>> replaced("加强监督，加强监督检查", {"加强": "强化", "监督": "督促"}, keep=["监督检查"])
    '强化督促，强化监督检查'
    """
    spans = [found.span() for word in keep if word for found in re.finditer(re.escape(word), text)]
    pattern = "|".join(map(re.escape, sorted(pairs, key=len, reverse=True)))

    def change(found: re.Match[str]) -> str:
        if any(start < found.end() and found.start() < end for start, end in spans):
            return found.group()
        return pairs[found.group()]

    return re.sub(pattern, change, text) if pattern else text


def kept_words(question: Question) -> list[str]:
    """What a change of wording has to leave alone: facts, required terms, closings, names, quotations of the reference."""
    quoted = re.findall("“[^”]{1,60}”|《[^》]{1,60}》", question.reference)
    wordings = [wording for fact in (*question.facts, *question.required_terms) for wording in fact]
    return [*wordings, *question.closings, *question.issuers, *question.attachments, question.recipient or "", *quoted]


def ordered(items: Sequence[Any], rng: random.Random) -> list[Any]:
    """The items in a seeded order."""
    return rng.sample(items, len(items))


@cache
def phrases() -> Any:
    """The data file of phrases."""
    return yaml.safe_load((files("odw_harness") / "data" / "judgecheck" / "phrases.yaml").read_text("utf-8"))
