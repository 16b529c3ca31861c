"""What all judges that write have in common: the prompt goes in, a reply comes out, a verdict is read from it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from odw_harness.questions import Question
from odw_harness.reply import NoScores, read_scores, without_thoughts
from odw_harness.rubric import Rubric
from odw_harness.texts import storable
from odw_harness.verdict import Provenance, Verdict

EMPTY = "the answer is empty"


@dataclass(frozen=True)
class Reply:
    """What came back for one prompt.

    failed: why there is no reply to read, otherwise None. usage: requests, prompt_tokens, completion_tokens,
    cached_tokens, as far as known. served_by: what the server calls its model.
    """

    text: str = ""
    failed: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    served_by: str = ""


class WritingJudge(ABC):
    """A judge that writes its verdicts, under one rubric."""

    def __init__(self, label: str, rubric: Rubric) -> None:
        """Nothing is asked and nothing loaded yet."""
        self._label = label
        self._rubric = rubric

    @property
    @abstractmethod
    def provenance(self) -> Provenance:
        """Who gives the verdicts, by what rubric."""

    @abstractmethod
    def preflight(self) -> None:
        """Find out whether this judge can be used. Raises JudgeError or ModelError where it can't."""

    @abstractmethod
    def _replies(self, prompts: Sequence[str]) -> Iterator[tuple[int, Reply]]:
        """The index of each prompt with its reply, in any order, as soon as it is there."""

    def verdicts(self, answers: Sequence[tuple[Question, str]]) -> Iterator[tuple[int, Verdict]]:
        """Judge answers. One without text scores 1 in every dimension, and nobody is asked."""
        asked = []
        for index, (question, text) in enumerate(answers):
            if text.strip():
                asked.append(index)
            else:
                dimensions = {dimension.name: 1.0 for dimension in self._rubric.dimensions_of(question)}
                yield index, Verdict(score=1.0, dimensions=dimensions, rationale=EMPTY, provenance=self.provenance)
        prompts = [self._rubric.prompt(*answers[index]) for index in asked]
        for number, reply in self._replies(prompts):
            yield asked[number], self._verdict(answers[asked[number]][0], reply)

    def _verdict(self, question: Question, reply: Reply) -> Verdict:
        text = storable(reply.text)
        rationale = (without_thoughts(text) or text).strip()
        scores = (
            NoScores(reply.failed)
            if reply.failed
            else read_scores(text, [dimension.name for dimension in self._rubric.dimensions_of(question)])
        )
        details: dict[str, float] = {}
        if isinstance(scores, NoScores):
            found: dict[str, Any] = {"unscored": scores.reason}
        else:
            found = {"score": scores.mean, "dimensions": scores.dimensions}
            if scores.stated_mean is not None:
                details |= {"stated_mean": scores.stated_mean, "mean_differs": float(scores.mean_differs)}
        return Verdict(
            **found,
            rationale=rationale,
            details=details,
            provenance=self.provenance,
            usage=reply.usage,
            seconds=reply.seconds,
            served_by=reply.served_by,
        )
