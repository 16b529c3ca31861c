"""Facts of a question that hardly stand together by chance: names, document numbers, dates, figures.

A paraphrase keeps none of a reference's wording and all of its facts.
"""

import re
import unicodedata
from dataclasses import dataclass

from odw_harness.questions import Question
from odw_harness.rules.document import compact, is_office, is_organ
from odw_harness.rules.facts import normalise, readings, states
from odw_harness.traindata.diversity import plain
from odw_harness.traindata.rows import TrainingRow

FEWEST = 4
"""A question with fewer rare facts can't be told by its facts."""
TIED = 3
"""So many of the shared facts must be tied to one document: organs and people recur in every document of an office."""
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温"
)
_EVERYONE = re.compile("^(?:各|全|有关|相关|[省市县区州镇乡](?:直|属)?[^省市县区州]*$)")
"""Every city has a 市财政局."""
_NO_DAY = re.compile(r"\d{4}年(?:度|(?:上|下)半年|\d{1,2}月(?:份|底|初|中旬|上旬|下旬)?)?前?")
_DAY = re.compile(r"\d{1,2}月\d{1,2}日")
_DOC_NUMBER = re.compile(r"[\u4e00-\u9fff]{1,12}〔\d{4}〕\d+号")
_DIGITS = re.compile(r"\d+")
_FIGURES = re.compile(r"\d+(?:[\W_]\d+)*")
"""Figures with a sign between their digits (1286.4, 0000-5566778), or two that only a sign parts."""
_RUN = re.compile(r"\d+(?:\.\d+)?")
_TWO_DIGITS = 10
_LONG_WORDING = 8
"""Characters of a fact without figures from which it is no common phrase."""


@dataclass(frozen=True)
class Fact:
    """One fact in its wordings, normalised. tied: whether it belongs to this one document rather than to its office."""

    name: str
    wordings: tuple[str, ...]
    tied: bool


def rare_facts(question: Question) -> tuple[Fact, ...]:
    """The rare facts of a question, from its fields issuers, recipient, doc_number, signatory, signature, date, facts.

    Rare is a name, a document number, a date with its day, a figure of two digits or more beside the noughts at its
    end; a wording of 8 characters or more. What a question's fields leave out is not known.
    """
    found: dict[str, Fact] = {}

    def add(wordings: tuple[str, ...], tied: bool) -> None:
        plain = tuple(normalise(wording) for wording in wordings)
        found.setdefault(plain[0], Fact(wordings[0], plain, tied))

    for wordings in question.facts:
        if rare := tuple(wording for wording in wordings if _is_rare(wording)):
            add(rare, not (_is_person(rare[0]) or _is_named(rare[0])))
    if question.date:
        add((question.date,), tied=True)
    if question.doc_number and _DOC_NUMBER.fullmatch(question.doc_number):
        add((question.doc_number,), tied=True)
    if question.signatory:
        add((question.signatory,), tied=False)
    for name in (*question.issuers, *([question.recipient] if question.recipient else ()), *question.signature):
        if is_office(name):
            add((re.split(r"[\s\u3000]+", name.strip())[-1],), tied=False)
        elif _is_named(name):
            add((name,), tied=False)
    return tuple(found.values())


def _is_rare(wording: str) -> bool:
    plain = normalise(wording)
    if _NO_DAY.fullmatch(plain):
        return False
    if _DAY.search(plain) or _DOC_NUMBER.search(plain) or "《" in wording or "-" in plain:
        return True
    if runs := _RUN.findall(plain):
        digits = max(len(run.replace(".", "").strip("0")) for run in runs)
        return digits >= 2 and any(float(run) >= _TWO_DIGITS or "." in run for run in runs)
    return _is_person(wording) or _is_named(wording) or len(plain) >= _LONG_WORDING


def _is_person(wording: str) -> bool:
    return re.fullmatch(rf"[{_SURNAMES}][\u4e00-\u9fff]{{2}}", wording) is not None


def _is_named(name: str) -> bool:
    """Whether an organ's name says which one it is: with a place or a proper name, and not 各科室."""
    return len(compact(name)) >= 4 and is_organ(name) and not _EVERYONE.match(name)


def digits_in(text: str) -> set[str]:
    """The figures of a text without their signs, each as one and in its parts, for either may be meant.

    >>> sorted(digits_in("6.2%；152.8亿元"))
    ['152', '1528', '2', '6', '62', '8']
    """
    found: set[str] = set()
    for figure in _FIGURES.findall(text if text.isascii() else unicodedata.normalize("NFKC", text)):
        found.add("".join(_DIGITS.findall(figure)))
        found.update(run.replace(".", "") for run in _RUN.findall(figure))
        found.update(_DIGITS.findall(figure))
    return found


class FactIndex:
    """The rare facts of some questions, found in texts by their figures first, for those are quickly gathered."""

    def __init__(self, facts: list[tuple[Fact, ...]]) -> None:
        """facts: of each question, by its number."""
        self.facts = facts
        self._by_run: dict[str, list[tuple[frozenset[str], int, int]]] = {}
        self._names: list[tuple[str, int, int]] = []
        for question, of_question in enumerate(facts):
            for number, fact in enumerate(of_question):
                for wording in fact.wordings:
                    bare = plain(wording)
                    if runs := frozenset(_DIGITS.findall(bare)):
                        self._by_run.setdefault(max(runs, key=len), []).append((runs, question, number))
                    else:
                        self._names.append((bare, question, number))

    def stated(self, bare: str, row: TrainingRow) -> dict[int, set[int]]:
        """By question, the numbers of its facts that a row states. bare: the row's text as `plain` leaves it.

        Questions of which fewer than TIED facts can be there are left out.
        """
        likely: dict[int, set[int]] = {}
        together = f"{row.system}\n{row.asked}\n{row.answered}"
        there = digits_in(together) | set(_DIGITS.findall(bare))
        for run in there & self._by_run.keys():
            for runs, question, number in self._by_run[run]:
                if runs <= there:
                    likely.setdefault(question, set()).add(number)
        likely = {question: numbers for question, numbers in likely.items() if len(numbers) >= TIED}
        if not likely:
            return {}
        for name, question, number in self._names:
            if question in likely and name in bare:
                likely[question].add(number)
        texts = readings(together)
        return {
            question: {
                number
                for number in numbers
                if any(
                    each in text and states(text, each)
                    for each in self.facts[question][number].wordings
                    for text in texts
                )
            }
            for question, numbers in likely.items()
        }

    def share(self, question: int, stated: set[int]) -> float:
        """Share of a question's rare facts that are stated; 0 where too few are, or too few tied to the one document."""
        facts = self.facts[question]
        tied = sum(facts[number].tied for number in stated)
        return len(stated) / len(facts) if len(facts) >= FEWEST and tied >= TIED else 0.0
