"""The judges, and how one is found by name."""

from collections.abc import Iterator
from pathlib import Path

from odw_harness.errors import JudgeError
from odw_harness.judge.base import (
    ApiConfig,
    Judge,
    LikelihoodConfig,
    LocalConfig,
    PanelConfig,
    Request,
    judge_file,
    load_config,
)
from odw_harness.store import Store

__all__ = ["Judge", "Request", "load_config", "load_judge"]


def load_judge(name: str | None, store: Store) -> Judge:
    """The judge of that name or path; without one ODW_JUDGE, and without that the embedded judge.

    Raises JudgeError where its file is missing or wrong.
    """
    label, config = load_config(name)
    if not isinstance(config, PanelConfig):
        return _made(label, config, store)
    from odw_harness.judge.panel import PanelJudge

    return PanelJudge(label, config, list(_members(judge_file(name), config, store)), store)


def _members(file: Path, panel: PanelConfig, store: Store) -> Iterator[Judge]:
    for name in panel.judges:
        beside = file.parent / name
        try:
            label, config = load_config(str(beside) if beside.is_file() else name)
        except JudgeError as error:
            raise JudgeError(f"{file}: field judges: {error}") from None
        if not isinstance(config, ApiConfig | LocalConfig):
            raise JudgeError(f"{file}: field judges: {name}: can't sit in a panel; name judges that write (api, local)")
        yield _made(label, config, store)


def _made(label: str, config: ApiConfig | LocalConfig | LikelihoodConfig, store: Store) -> Judge:
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

    return LocalJudge(label, config)
