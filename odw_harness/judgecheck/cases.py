"""Cases of known effect: each question's reference, and documents made from it by seeded changes.

Pure functions over text. A change is worse than the reference, as good as it, or not to gain by what it adds.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from odw_harness.errors import JudgeError
from odw_harness.judgecheck import faithful, perturb_facts, perturb_form, perturb_register
from odw_harness.questions import Question, load_questions

Effect = Literal["reference", "worse", "same", "not_higher"]
Make = Callable[[Question, Sequence[Question], float, random.Random], str | None]
REFERENCE = ("reference", 1.0)


@dataclass(frozen=True)
class Kind:
    """A kind of change.

    effect: what it does to a document. strengths: ascending, in (0, 1]. make: from a question, the questions to borrow
    from, a strength and a seeded generator to a text; None where the kind can't be applied. against: the kind and
    strength that it is compared with.
    """

    name: str
    effect: Effect
    title: str
    title_zh: str
    strengths: tuple[float, ...]
    make: Make
    against: tuple[str, float] = REFERENCE


@dataclass(frozen=True)
class Case:
    """A document for a judge. strength is 1.0 for the reference. against: kind and strength it is compared with."""

    question: Question
    kind: str
    strength: float
    text: str
    against: tuple[str, float] = REFERENCE


def _reference(question: Question, _others: Sequence[Question], _strength: float, _rng: random.Random) -> str:
    return question.reference


_ONE = (1.0,)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("reference", "reference", "reference", "参考答案", _ONE, _reference),
        Kind(
            "figures_altered", "worse", "figures altered", "数字篡改", (0.05, 0.5, 1.0), perturb_facts.figures_altered
        ),
        Kind("names_altered", "worse", "names altered", "名称篡改", _ONE, perturb_facts.names_altered),
        Kind("fact_dropped", "worse", "facts dropped", "事实遗漏", (0.05, 0.5, 1.0), perturb_facts.fact_dropped),
        Kind("cut", "worse", "cut off", "中途截断", (0.25, 0.5, 0.75), perturb_form.cut),
        Kind("shuffled", "worse", "sentences shuffled", "语序打乱", (0.3, 1.0), perturb_form.shuffled),
        Kind("stripped", "worse", "layout stripped", "版式丢失", _ONE, perturb_form.stripped),
        Kind("repeated", "worse", "repeated", "重复循环", (0.3, 1.0), perturb_form.repeated),
        Kind("wrong_genre", "worse", "wrong 文种", "文种错误", _ONE, perturb_register.wrong_genre),
        Kind("colloquial", "worse", "colloquial", "口语化", _ONE, perturb_register.colloquial),
        Kind("wrong_document", "worse", "wrong document", "答非所问", _ONE, perturb_form.wrong_document),
        Kind("officialese", "worse", "empty officialese", "空话套话", _ONE, perturb_form.officialese),
        Kind("padded", "not_higher", "padded", "注水加长", (0.25, 0.5, 1.0), perturb_form.padded),
        Kind("injected", "not_higher", "prompt injection", "提示注入", _ONE, perturb_form.injected, ("cut", 0.5)),
        Kind("closings", "same", "equal closing", "结语同义", _ONE, faithful.closings),
        Kind("lists_reordered", "same", "points reordered", "并列项换序", _ONE, faithful.lists_reordered),
        Kind("synonyms", "same", "synonyms", "同义替换", _ONE, faithful.synonyms),
        Kind("widths", "same", "full-width figures", "全角半角", _ONE, faithful.widths),
    )
}
"""By name, the reference first."""


def build_cases(questions: Sequence[Question], kinds: Sequence[str] | None = None, seed: int = 0) -> list[Case]:
    """The cases of each question in turn: the reference, then each kind at each strength, in the order of KINDS.

    kinds: their names; without them all. What a kind is compared with is always among the cases. A case depends on the
    seed, its question and its kind, not on which others are asked for; documents of other questions come from the 21.
    Raises JudgeError for an unknown kind.
    """
    if unknown := [name for name in kinds or () if name not in KINDS]:
        raise JudgeError(f"no such kind of case: {unknown[0]}; choose from {', '.join(KINDS)}")
    chosen = KINDS if kinds is None else kinds
    wanted = {(name, strength) for name in chosen for strength in KINDS[name].strengths}
    wanted |= {KINDS[name].against for name in chosen} | {REFERENCE}
    pool = load_questions()
    return [
        Case(question, kind.name, strength, text, kind.against)
        for question in questions
        for kind in KINDS.values()
        for strength in kind.strengths
        if (kind.name, strength) in wanted
        and (text := kind.make(question, pool, strength, random.Random(f"{seed}/{question.id}/{kind.name}")))
        and (kind.effect == "reference" or text.split() != question.reference.split())
    ]
