"""The judges, and how one is found by name."""

from odw_harness.judge.base import Judge, LikelihoodConfig, load_config
from odw_harness.judge.likelihood import LikelihoodJudge
from odw_harness.store import Store

__all__ = ["Judge", "LikelihoodConfig", "LikelihoodJudge", "load_config", "load_judge"]


def load_judge(name: str | None, store: Store) -> Judge:
    """The judge of that name or path; without one ODW_JUDGE, and without that the embedded judge.

    Raises JudgeError where its file is missing or wrong.
    """
    label, config = load_config(name)
    return LikelihoodJudge(label, config, store)
