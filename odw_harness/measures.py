"""What figures may share a column under: the task's rubric, who judged (any setting included), by which rubric and version."""

import json
from functools import lru_cache

from odw_harness.verdict import Provenance


@lru_cache(maxsize=4096)
def of_measure(rubric: str, provenance: str) -> dict[str, str]:
    """The columns that say by whom and what a verdict is. provenance: as JSON, of repeat 0."""
    who = Provenance(**json.loads(provenance))
    return {
        "measure": _name(rubric, who),
        "judge": who.judge,
        "judge_model": who.model,
        "judged_by": who.rubric,
        "rubric_version": who.rubric_version,
    }


def _name(rubric: str, who: Provenance) -> str:
    """The name of a measure: readable, and of no other judge, setting, rubric or version.

    >>> _name("odweval", Provenance(judge="a", backend="api", model="m", revision="", rubric="odweval",
    ...     rubric_version="1", prompt_hash=""))
    'odweval v1 · a (4ca579)'
    """
    by = (
        f"{who.rubric} v{who.rubric_version}"
        if who.rubric == rubric
        else f"{rubric} by {who.rubric} v{who.rubric_version}"
    )
    return f"{by} · {who.judge} ({who.fingerprint[:6]})"
