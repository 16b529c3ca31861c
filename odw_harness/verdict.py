"""A verdict: scored, or unscored with a reason. Never both, never neither.

A failed judgement is never a number: means leave it out, and coverage counts it.
"""

import hashlib
import json
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Provenance(BaseModel):
    """Who gave a verdict, by what. Verdicts that differ in any field but repeat never share a mean.

    judge: the judge's name. revision: fingerprint of the model's files, or what the server calls it. settings:
    whatever else changes its verdicts (sampling, dtype, template). rubric with version and prompt_hash (SHA-256 of
    the prompt's fixed text) says by what measure. repeat counts from 0.
    """

    model_config = ConfigDict(frozen=True)

    judge: str
    backend: str
    model: str
    revision: str
    settings: dict[str, Any] = Field(default_factory=dict)
    rubric: str
    rubric_version: str
    prompt_hash: str
    repeat: int = 0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every field but the judge's name, which is only a label."""
        fields = self.model_dump(exclude={"judge"})
        return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Verdict(BaseModel):
    """One judge's word on one answer.

    score: 1 to 10, or None with unscored giving the reason. dimensions: name → 1 to 10 where the judge gives them.
    rationale: what the judge wrote. details: numbers behind the score. usage: requests and tokens spent. seconds: wall
    time. served_by: what a server calls the model that answered. earlier: replies of the judge that could not
    be read, after which it was asked once more. written: where dimensions are expected scores, those that the judge
    wrote. not_expected: why they are not, where they should be. voices: the dimensions that each judge of a panel gives,
    of those that give any.
    """

    model_config = ConfigDict(frozen=True)

    score: float | None = Field(default=None, ge=1, le=10, allow_inf_nan=False)
    unscored: str | None = Field(default=None, min_length=1)
    dimensions: dict[str, float] | None = None
    rationale: str = ""
    details: dict[str, float] = Field(default_factory=dict)
    provenance: Provenance
    usage: dict[str, int] = Field(default_factory=dict)
    seconds: float = 0.0
    served_by: str = ""
    earlier: tuple[str, ...] = ()
    written: dict[str, float] | None = None
    not_expected: str = ""
    voices: dict[str, dict[str, float]] | None = None

    @model_validator(mode="after")
    def _scored_or_not(self) -> "Verdict":
        if (self.score is None) == (self.unscored is None):
            raise ValueError("a verdict has a score or the reason why it has none")
        return self
