"""The judges, and how one is found by name."""

from odw_harness.judge.base import ApiConfig, Judge, LikelihoodConfig, LocalConfig, Request, load_config
from odw_harness.store import Store

__all__ = ["Judge", "Request", "load_config", "load_judge"]


def load_judge(name: str | None, store: Store) -> Judge:
    """The judge of that name or path; without one ODW_JUDGE, and without that the embedded judge.

    Raises JudgeError where its file is missing or wrong.
    """
    label, config = load_config(name)
    if isinstance(config, LikelihoodConfig):
        from odw_harness.judge.likelihood import LikelihoodJudge

        return LikelihoodJudge(label, config, store)
    if isinstance(config, ApiConfig) and config.batch:
        from odw_harness.judge.batch import BatchJudge

        return BatchJudge(label, config, store)
    if isinstance(config, ApiConfig):
        from odw_harness.judge.api import ApiJudge

        return ApiJudge(label, config)
    from odw_harness.judge.local import LocalJudge

    assert isinstance(config, LocalConfig)
    return LocalJudge(label, config)
