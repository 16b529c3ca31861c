"""The local judge: any lm-eval model in this process that writes verdicts."""

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from odw_harness.judge import inprocess
from odw_harness.judge.base import LocalConfig
from odw_harness.judge.writing import Reply, WritingJudge
from odw_harness.rubric import Rubric
from odw_harness.verdict import Provenance

if TYPE_CHECKING:
    from lm_eval.api.model import LM


class LocalJudge(WritingJudge):
    """Lets a model in this process write, batch by batch. It is loaded when the first reply is asked for."""

    def __init__(self, label: str, config: LocalConfig, rubric: Rubric) -> None:
        """Nothing is loaded yet."""
        super().__init__(label, rubric)
        self._config = config

    @cached_property
    def provenance(self) -> Provenance:
        """Who gives the verdicts: the model by its files, and how it is let write."""
        identity = inprocess.identity(self._config)
        identity["settings"] |= self._config.model_dump(include={"chat_template", "temperature", "max_tokens"})
        return Provenance(
            judge=self._label,
            **identity,
            rubric=self._rubric.name,
            rubric_version=self._rubric.version,
            prompt_hash=self._rubric.prompt_hash,
        )

    def preflight(self) -> None:
        """See that backend, model and chat template are there."""
        inprocess.check(self._label, self._config)

    def _replies(self, prompts: Sequence[str]) -> Iterator[tuple[int, Reply]]:
        if not prompts:
            return
        lm = inprocess.load(self._config)
        fitting = []
        for index, prompt in enumerate(prompts):
            context = self._context(lm, prompt)
            room = _room(lm, context)
            if room is not None and room < self._config.max_tokens:
                yield index, Reply(failed=f"prompt too long: it leaves room for {max(room, 0)} tokens of a reply")
            else:
                fitting.append((index, context))
        size = self._config.batch_size
        for start in range(0, len(fitting), size):
            batch = fitting[start : start + size]
            began = time.monotonic()
            texts = self._generate(lm, [context for _, context in batch])
            seconds = round((time.monotonic() - began) / len(batch), 3)
            for (index, _), text in zip(batch, texts, strict=True):
                yield index, Reply(text, usage={"requests": 1}, seconds=seconds)

    def _context(self, lm: "LM", prompt: str) -> str:
        if not self._config.chat_template:
            return f"{prompt}\n"
        return str(lm.apply_chat_template([{"role": "user", "content": prompt}]))

    def _generate(self, lm: "LM", contexts: Sequence[str]) -> list[str]:
        from lm_eval.api.instance import Instance

        options = {"until": ["<|endoftext|>"], "max_gen_toks": self._config.max_tokens}
        if self._config.temperature > 0:
            options |= {"do_sample": True, "temperature": self._config.temperature}
        else:
            options |= {"do_sample": False}
        requests = [Instance("generate_until", {}, (context, dict(options)), i) for i, context in enumerate(contexts)]
        return [str(text) for text in lm.generate_until(requests, disable_tqdm=True)]


def _room(lm: "LM", context: str) -> int | None:
    """Tokens left for a reply; None where the model does not say. lm-eval would cut a long prompt's head off."""
    encode, longest = getattr(lm, "tok_encode", None), getattr(lm, "max_length", None)
    return longest - len(encode(context)) if encode and isinstance(longest, int) else None
