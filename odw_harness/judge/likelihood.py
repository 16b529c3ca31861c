"""The likelihood judge: how much of what the reference says does the answer already give?

Score = 1 + 7 g, cut to [1, 10], with g = (ℓ(r|q,a) − ℓ(r|q)) / (ℓ(r|q,r) − ℓ(r|q)), where ℓ is the log-likelihood in
nats that a language model gives the reference r after the question q and the answer a. The reference itself has
g = 1 and so the 8 that the AlignBench prompt promises it (paper, appendix 3). Three requests an answer, of which two are
the same for every answer to a question and are computed once per model.
"""

import inspect
import math
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from odw_harness import models
from odw_harness.judge import inprocess
from odw_harness.judge.base import LikelihoodConfig, Request
from odw_harness.questions import Question
from odw_harness.rubric import Rubric
from odw_harness.store import Store, digest
from odw_harness.verdict import Provenance, Verdict

if TYPE_CHECKING:
    from lm_eval.api.model import LM

RUBRIC = "reference_likelihood"
RUBRIC_VERSION = "1"
WITHOUT_ANSWER = "{question}\n\n【成稿】\n"
WITH_ANSWER = "{question}\n\n【成稿】\n{answer}\n\n【成稿】\n"
LONGEST_ANSWER = 3
"""Of an answer, at most this many times the reference's length and 1,000 characters are read."""


class LikelihoodJudge:
    """Scores by likelihood, with any lm-eval model, which is loaded when the first new verdict is asked for."""

    def __init__(self, label: str, config: LikelihoodConfig, store: Store) -> None:
        """Nothing is loaded yet."""
        self.label = label
        self.repeats = 1  # the same every time
        self._config = config
        self._store = store

    def provenance(self, rubric: Rubric | None = None, repeat: int = 0) -> Provenance:
        """Who gives the verdicts: the model by its files, the formula by its version and templates. No rubric matters."""
        return self._provenance

    @cached_property
    def _provenance(self) -> Provenance:
        return Provenance(
            judge=self.label,
            **inprocess.identity(self._config),
            rubric=RUBRIC,
            rubric_version=RUBRIC_VERSION,
            prompt_hash=digest(WITHOUT_ANSWER, WITH_ANSWER, str(LONGEST_ANSWER)),
        )

    def preflight(self) -> None:
        """See that the backend is known and the model's configuration can be read; make the embedded model."""
        inprocess.check(self.label, self._config)

    @cached_property
    def _lm(self) -> "LM":
        precise = {"softmax_dtype": "float32"} if self._config.model in models.HUGGING_FACE else {}
        return inprocess.load(self._config, **precise)

    def verdicts(self, requests: Iterable[Request]) -> Iterator[tuple[int, Verdict]]:
        """One verdict after the other. An answer without text scores 1: it gives nothing of the reference."""
        for index, request in enumerate(requests):
            yield index, self._judge(request.question, request.text)

    def _judge(self, question: Question, text: str) -> Verdict:
        start = time.monotonic()
        if not text.strip():
            return Verdict(score=1.0, rationale="the answer is empty", provenance=self._provenance)
        reference = question.reference
        answer = text[: LONGEST_ANSWER * len(reference) + 1000]
        blank = self._loglikelihood(WITHOUT_ANSWER.format(question=question.prompt), reference)
        best = self._loglikelihood(WITH_ANSWER.format(question=question.prompt, answer=reference), reference)
        if answer.strip() == reference.strip():
            given = best
        else:
            given = self._loglikelihood(WITH_ANSWER.format(question=question.prompt, answer=answer), reference)
        details = {"loglikelihood": given, "loglikelihood_without": blank, "loglikelihood_with_reference": best}
        seconds = round(time.monotonic() - start, 3)
        if not all(map(math.isfinite, details.values())) or best <= blank:
            reason = "the model does not tell the reference from nothing (no finite, positive range of likelihoods)"
            return Verdict(unscored=reason, provenance=self._provenance, seconds=seconds)
        gain = (given - blank) / (best - blank)
        return Verdict(
            score=score(gain),
            details={**details, "gain": gain},
            rationale=f"the answer gives {gain:.1%} of what the reference gives",
            provenance=self._provenance,
            usage={"requests": 3},
            seconds=seconds,
        )

    def _loglikelihood(self, context: str, continuation: str) -> float:
        model = self._provenance.fingerprint
        known = self._store.loglikelihood(model, context, continuation)
        if known is not None:
            return known
        from lm_eval.api.instance import Instance

        request = Instance("loglikelihood", doc={}, arguments=(context, continuation), idx=0)
        ((value, _),) = self._lm.loglikelihood([request], disable_tqdm=True)
        if math.isfinite(value):
            self._store.save_loglikelihood(model, context, continuation, float(value))
        return float(value)


def score(gain: float) -> float:
    """1 + 7 g, cut to [1, 10].

    >>> score(1.0), score(0.0), score(-3.0), score(2.0), score(0.5)
    (8.0, 1.0, 1.0, 10.0, 4.5)
    """
    return min(10.0, max(1.0, 1 + 7 * gain))


def tail_logits_model() -> Any:
    """lm-eval's Hugging Face model, without the logits that a likelihood does not need.

    A vocabulary of 262,144 makes logits over the context cost more than the layers do. HFLM reads logits from their
    end, so returning the last ones alone, one request at a time, leaves its own arithmetic right.
    """
    from lm_eval.models.huggingface import HFLM

    class TailLogitsLM(HFLM):  # type: ignore[misc]
        _keep = 0

        def _loglikelihood_tokens(self, requests: Any, disable_tqdm: bool = False, override_bs: Any = None) -> Any:
            results = []
            for request in requests:
                self._keep = len(request[2])
                results += super()._loglikelihood_tokens([request], disable_tqdm=True, override_bs=1)
            return results

        def _model_call(self, inps: Any, attn_mask: Any = None, labels: Any = None) -> Any:
            if attn_mask is not None or "logits_to_keep" not in inspect.signature(self.model.forward).parameters:
                return super()._model_call(inps, attn_mask, labels)
            import torch

            with torch.inference_mode():
                return self.model(inps, logits_to_keep=self._keep).logits

    return TailLogitsLM
