"""The local judge: any lm-eval model in this process that writes verdicts."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from odw_harness.expected import Expected, continuations, from_loglikelihoods
from odw_harness.judge import inprocess
from odw_harness.judge.base import LocalConfig
from odw_harness.judge.writing import Dialogue, Messages, Reply, WritingJudge

if TYPE_CHECKING:
    from lm_eval.api.model import LM


class LocalJudge(WritingJudge):
    """Lets a model in this process write, batch by batch. It is loaded when the first reply is asked for."""

    def __init__(self, label: str, config: LocalConfig) -> None:
        """Nothing is loaded yet."""
        super().__init__(label, config.repeats)
        self._config = config

    def _identity(self) -> dict[str, Any]:
        """The model by its files, and how it is let write."""
        identity = inprocess.identity(self._config)
        identity["settings"] |= self._config.model_dump(include={"chat_template", "temperature", "max_tokens"})
        if self._config.expected_scores:
            identity["settings"]["expected_scores"] = True
        return identity

    def preflight(self) -> None:
        """See that backend, model and chat template are there."""
        inprocess.check(self.label, self._config)

    def _replies(self, dialogues: Iterator[tuple[int, Dialogue]]) -> Iterator[tuple[int, Reply]]:
        lm = None
        while batch := dict(islice(dialogues, self._config.batch_size)):
            lm = lm or inprocess.load(self._config)
            replies = self._write(lm, {number: dialogue.messages for number, dialogue in batch.items()})
            again = {n: m for n, dialogue in batch.items() if (m := dialogue.once_more(replies[n])) is not None}
            for number, reply in self._write(lm, again).items():
                replies[number] = reply.after(replies[number])
            yield from replies.items()

    def _write(self, lm: "LM", asked: Mapping[int, Messages]) -> dict[int, Reply]:
        contexts = [self._context(lm, messages) for messages in asked.values()]
        rooms = [_room(lm, context) for context in contexts]
        fits = [room is None or room >= self._config.max_tokens for room in rooms]
        began = time.monotonic()
        fitting = [context for context, fit in zip(contexts, fits, strict=True) if fit]
        texts = iter(self._generate(lm, fitting) if fitting else ())
        seconds = (time.monotonic() - began) / max(1, len(fitting))
        return {
            number: Reply(
                next(texts),
                usage={"requests": 1},
                seconds=seconds,
                weigh=partial(_weigh, lm, context) if self._config.expected_scores else None,
            )
            if fit
            else Reply(failed=f"prompt too long: it leaves room for {max(room or 0, 0)} tokens of a reply")
            for number, context, fit, room in zip(asked, contexts, fits, rooms, strict=True)
        }

    def _context(self, lm: "LM", messages: Messages) -> str:
        if not self._config.chat_template:
            return "\n\n".join(message["content"] for message in messages) + "\n"
        return str(lm.apply_chat_template(list(messages)))

    def _generate(self, lm: "LM", contexts: Sequence[str]) -> list[str]:
        from lm_eval.api.instance import Instance

        options = {"until": ["<|endoftext|>"], "max_gen_toks": self._config.max_tokens}
        if self._config.temperature > 0:
            options |= {"do_sample": True, "temperature": self._config.temperature}
        else:
            options |= {"do_sample": False}
        requests = [Instance("generate_until", {}, (context, dict(options)), i) for i, context in enumerate(contexts)]
        return [str(text) for text in lm.generate_until(requests, disable_tqdm=True)]


def _weigh(lm: "LM", context: str, text: str, spans: Mapping[str, tuple[int, int]]) -> Expected:
    """Expected scores of a reply: what the model makes of every other score in the place of the one it wrote."""
    from lm_eval.api.instance import Instance

    places = {name: continuations(text, span) for name, span in spans.items()}
    asked = [(context + before, each) for before, values in places.values() for each in values.values()]
    requests = [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(asked)]
    given = iter(lm.loglikelihood(requests, disable_tqdm=True))
    likelihoods = {name: {value: float(next(given)[0]) for value in values} for name, (_, values) in places.items()}
    try:
        return Expected({name: from_loglikelihoods(values) for name, values in likelihoods.items()})
    except ValueError as error:
        return Expected(reasons=dict.fromkeys(spans, f"no likelihoods: {error}"))


def _room(lm: "LM", context: str) -> int | None:
    """Tokens left for a reply; None where the model does not say. lm-eval would cut a long prompt's head off."""
    encode, longest = getattr(lm, "tok_encode", None), getattr(lm, "max_length", None)
    return longest - len(encode(context)) if encode and isinstance(longest, int) else None
