"""`odw judge --dry-run`: what a run would ask and about what it would take, without asking."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from odw_harness.judge import Judge, Request
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.panel import PanelJudge
from odw_harness.judge.writing import WritingJudge
from odw_harness.rubric import Rubric
from odw_harness.store import Store, digest
from odw_harness.texts import counted, tokens_about

GUESS = 500
"""Tokens of a reply, where this judge has not given any yet."""
LOOKED_AT = 200
"""Replies in the store that tell how long those of this judge are."""


@dataclass
class Estimate:
    """What a judge would be asked.

    verdicts: wanted. known: in the store. blank: without text, which nobody is asked about. asked: requests, each more
    where a reply can't be read or a fault passes. tokens_in: about. reply: tokens of a reply, from so many seen ones.
    """

    label: str
    verdicts: int = 0
    known: int = 0
    blank: int = 0
    asked: int = 0
    tokens_in: int = 0
    reply: float = GUESS
    seen: int = 0

    def __str__(self) -> str:
        """One line."""
        told = f"{self.label}: {counted(self.verdicts, 'verdict')}, {self.known:,} of them known"
        return told + (f", {self.blank:,} of empty answers" if self.blank else "") + f"; {self.asked:,} to ask for"


def estimates(requests: Callable[[Judge], Iterable[Request]], judge: Judge, store: Store) -> Iterator[str]:
    """A line for each judge that would be asked. requests: what a judge would get."""
    for member in judge.members.values() if isinstance(judge, PanelJudge) else [judge]:
        estimate = _estimate(requests(member), member, store)
        if not estimate.asked:
            yield str(estimate)
            continue
        if not isinstance(member, WritingJudge):
            yield f"{estimate}, three likelihoods each, of which two are shared by all answers to a question"
            continue
        tokens_out = round(estimate.asked * estimate.reply)
        seen = f"as {estimate.seen} of this judge's replies had" if estimate.seen else "a guess"
        line = (
            f"{estimate} (a request each, one more where a reply can't be read); about {estimate.tokens_in:,} tokens in, "
            f"{tokens_out:,} out ({estimate.reply:.0f} a reply, {seen})"
        )
        prices = member.prices if isinstance(member, ApiJudge) else None
        if prices:
            cost = prices.cost({"prompt_tokens": estimate.tokens_in, "completion_tokens": tokens_out})
            line += f", about {cost:.2f} {prices.currency} without the cache's discount"
        yield line


def _estimate(requests: Iterable[Request], judge: Judge, store: Store) -> Estimate:
    estimate = Estimate(judge.label)
    wanted: set[str] = set()
    rubrics: set[Rubric] = set()
    for request in requests:
        estimate.verdicts += 1
        judgement = judge.provenance(request.rubric, request.repeat).fingerprint
        key = digest(request.question.fingerprint, request.text, judgement)
        if key in wanted or store.verdict(request.question.fingerprint, request.text, judgement) is not None:
            estimate.known += 1
        elif not request.text.strip():
            estimate.blank += 1
        else:
            wanted.add(key)
            rubrics.add(request.rubric)
            estimate.asked += 1
            estimate.tokens_in += tokens_about(request.rubric.prompt(request.question, request.text))
    lengths = [
        length for rubric in rubrics for length in store.reply_lengths(judge.provenance(rubric).fingerprint, LOOKED_AT)
    ]
    if lengths:
        estimate.seen, estimate.reply = len(lengths), sum(lengths) / len(lengths)
    return estimate
