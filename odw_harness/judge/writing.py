"""What all judges that write have in common: the prompt goes in, a reply comes out, a verdict is read from it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import fmean
from typing import Any

from odw_harness.expected import Expected
from odw_harness.judge.base import Request
from odw_harness.reply import HIGHEST, LOWEST, NoScores, Scores, kind_of, read_scores, without_thoughts
from odw_harness.rubric import Rubric
from odw_harness.texts import storable
from odw_harness.verdict import Provenance, Verdict

EMPTY = "the answer is empty"
AGAIN = "你的回复没有给出可用的打分结果：{fault}。请不要重复评价，只按要求的字典格式（包括括号）返回全部打分，键依次为：{names}；字典之后不再写任何内容。"
"""Asked once more after a reply that can't be read."""
_FAULTS = {
    "no dictionary of scores at the end": "末尾没有打分字典",
    "not a dictionary": "字典的写法有误",
    "contradicting dictionaries": "前后的打分不一致",
    "contradicting means": "前后的平均分不一致",
    "missing dimension": "缺少维度",
    "extra dimension": "有要求之外的维度",
    "doubled dimension": "有重复的维度",
    "not a number": "有分数不是数字",
    "outside 1 to 10": "有分数不在1到10之间",
    "cut reply": "回复没有写完",
}

Messages = tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Reply:
    """What came back.

    failed: why there is no reply to read, otherwise None. usage: requests, prompt_tokens, completion_tokens,
    cached_tokens, as far as known. served_by: what the server calls its model. earlier: replies that it replaces.
    in_vain: whether a fault that may pass did not. weigh: where expected scores are wanted, what gives them for the
    reply's text and the places of its scores.
    """

    text: str = ""
    failed: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    served_by: str = ""
    earlier: tuple[str, ...] = ()
    in_vain: bool = False
    weigh: Callable[[str, Mapping[str, tuple[int, int]]], Expected] | None = None

    def after(self, first: "Reply") -> "Reply":
        """This reply as the one to a second question, with what the first took."""
        usage = {name: first.usage.get(name, 0) + self.usage.get(name, 0) for name in {**first.usage, **self.usage}}
        earlier = (*first.earlier, first.text)
        return replace(self, usage=usage, seconds=first.seconds + self.seconds, earlier=earlier, in_vain=False)


@dataclass(frozen=True)
class Dialogue:
    """What a judge is asked: messages in OpenAI's form; and what it is asked once more, if its reply can't be read."""

    request: Request
    _read: dict[str, Scores | NoScores] = field(default_factory=dict, compare=False, repr=False)

    @property
    def messages(self) -> Messages:
        """The prompt, as one message of the user's."""
        return ({"role": "user", "content": self.request.rubric.prompt(self.request.question, self.request.text)},)

    @cached_property
    def names(self) -> list[str]:
        """Names of the dimensions that the reply must give."""
        return [dimension.name for dimension in self.request.rubric.dimensions_of(self.request.question)]

    @property
    def response_format(self) -> dict[str, Any]:
        """OpenAI's response_format of a reply to this: first the evaluation, then whole scores, as the rubric asks."""
        scores = {"type": "integer", "enum": list(range(int(LOWEST), int(HIGHEST) + 1))}
        return schema({"评价": {"type": "string"}, "打分": an_object(dict.fromkeys(self.names, scores))})

    def scores(self, reply: Reply) -> Scores | NoScores:
        """What the reply says. Each text is read once, though it is asked for when it arrives and for the verdict."""
        if reply.failed:
            return NoScores(reply.failed)
        if reply.text not in self._read:
            self._read[reply.text] = read_scores(storable(reply.text), self.names)
        return self._read[reply.text]

    def once_more(self, reply: Reply) -> Messages | None:
        """The messages of a second question, with a note of what was wrong; None where a second would not help."""
        scores = self.scores(reply)
        if reply.failed or isinstance(scores, Scores):
            return None
        if scores.reason == "empty reply":
            return self.messages
        said = {"role": "assistant", "content": storable(reply.text)}
        note = AGAIN.format(fault=_FAULTS.get(kind_of(scores.reason), scores.reason), names="、".join(self.names))
        return (*self.messages, said, {"role": "user", "content": note})


def an_object(properties: dict[str, Any]) -> dict[str, Any]:
    """JSON schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def schema(properties: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's response_format for an object with exactly these properties, in their order."""
    strict = {"name": "reply", "strict": True, "schema": an_object(properties)}
    return {"type": "json_schema", "json_schema": strict}


class WritingJudge(ABC):
    """A judge that writes its verdicts."""

    def __init__(self, label: str, repeats: int = 1) -> None:
        """Nothing is asked and nothing loaded yet."""
        self.label = label
        self.repeats = repeats
        self._provenances: dict[tuple[Rubric, int], Provenance] = {}

    def provenance(self, rubric: Rubric, repeat: int = 0) -> Provenance:
        """Who gives a verdict, by what measure."""
        if (rubric, repeat) not in self._provenances:
            self._provenances[rubric, repeat] = Provenance(
                judge=self.label,
                rubric=rubric.name,
                rubric_version=rubric.version,
                prompt_hash=rubric.prompt_hash,
                repeat=repeat,
                **self._identity(),
            )
        return self._provenances[rubric, repeat]

    @abstractmethod
    def _identity(self) -> dict[str, Any]:
        """backend, model, revision and settings of a Provenance."""

    @abstractmethod
    def preflight(self) -> None:
        """Find out whether this judge can be used. Raises JudgeError or ModelError where it can't."""

    @abstractmethod
    def _replies(self, dialogues: Iterator[tuple[int, Dialogue]]) -> Iterator[tuple[int, Reply]]:
        """The number of each dialogue with its reply, in any order, as soon as it is there.

        Dialogues are read as they are worked on.
        """

    def verdicts(self, requests: Iterable[Request]) -> Iterator[tuple[int, Verdict]]:
        """Judge. An answer without text scores 1 in every dimension, and nobody is asked."""
        under_way: dict[int, Dialogue] = {}
        blank: dict[int, Verdict] = {}

        def dialogues() -> Iterator[tuple[int, Dialogue]]:
            for index, request in enumerate(requests):
                if request.text.strip():
                    under_way[index] = Dialogue(request)
                    yield index, under_way[index]
                else:
                    blank[index] = self._verdict_on_nothing(request)

        for index, reply in self._replies(dialogues()):
            yield index, self._verdict(under_way.pop(index), reply)
            while blank:
                yield blank.popitem()
        yield from blank.items()

    def _verdict_on_nothing(self, request: Request) -> Verdict:
        dimensions = {d.name: 1.0 for d in request.rubric.dimensions_of(request.question)}
        provenance = self.provenance(request.rubric, request.repeat)
        return Verdict(score=1.0, dimensions=dimensions, rationale=EMPTY, provenance=provenance)

    def _found(self, scores: Scores, text: str, reply: Reply) -> dict[str, Any]:
        """Score and dimensions of a Verdict: as they are written, or expected ones with the written beside them."""
        if reply.weigh is None:
            return {"score": scores.mean, "dimensions": scores.dimensions}
        expected = reply.weigh(text, scores.spans)
        if expected.dimensions is None:
            why = next(iter(expected.reasons.values()), "no log-probabilities")
            return {"score": scores.mean, "dimensions": scores.dimensions, "not_expected": why}
        dimensions = {name: expected.dimensions[name] for name in scores.dimensions}
        return {"score": fmean(dimensions.values()), "dimensions": dimensions, "written": scores.dimensions}

    def _verdict(self, dialogue: Dialogue, reply: Reply) -> Verdict:
        request, scores, text = dialogue.request, dialogue.scores(reply), storable(reply.text)
        details: dict[str, float] = {}
        if isinstance(scores, NoScores):
            found: dict[str, Any] = {"unscored": scores.reason}
        else:
            found = self._found(scores, text, reply)
            if scores.stated_mean is not None:
                details = {"stated_mean": scores.stated_mean, "mean_differs": float(scores.mean_differs)}
        return Verdict(
            **found,
            rationale=(without_thoughts(text) or text).strip(),
            earlier=tuple(map(storable, reply.earlier)),
            details=details,
            provenance=self.provenance(request.rubric, request.repeat),
            usage=reply.usage,
            seconds=round(reply.seconds, 3),
            served_by=reply.served_by,
        )
