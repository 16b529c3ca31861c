"""What a judge is, and the YAML file that describes one."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from odw_harness.errors import JudgeError, first_fault
from odw_harness.questions import Question
from odw_harness.resources import JUDGES
from odw_harness.verdict import Provenance, Verdict

DEFAULT = "embedded"


class Judge(Protocol):
    """Something that gives verdicts."""

    @property
    def provenance(self) -> Provenance:
        """Who gives the verdicts, by what rubric. The same for every verdict of one judge object."""
        ...

    def preflight(self) -> None:
        """Find out, before the model under test writes anything, whether this judge can be used.

        Raises JudgeError or ModelError where it can't.
        """
        ...

    def verdicts(self, answers: Sequence[tuple[Question, str]]) -> Iterator[tuple[int, Verdict]]:
        """Judge answers, in any order: the index of each with its verdict, as soon as it is there."""
        ...


class LikelihoodConfig(BaseModel):
    """A judge that scores by the likelihood of the reference: any lm-eval model in this process.

    model: lm-eval's name of the backend (hf, vllm, …); model_args: its arguments. `pretrained: embedded` is the
    embedded model. Without device in model_args lm-eval chooses one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["likelihood"]
    model: str = "hf"
    model_args: dict[str, Any] = Field(default_factory=dict)


def load_config(name: str | None) -> tuple[str, LikelihoodConfig]:
    """A judge's label and configuration, from a path, or from judges/NAME.yaml.

    Raises JudgeError, naming the file and the field at fault.
    """
    name = name or os.environ.get("ODW_JUDGE") or DEFAULT
    path = Path(name).expanduser()
    if path.suffix not in (".yaml", ".yml") and not path.is_file():
        path = JUDGES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in JUDGES.glob("*.yaml")))
        raise JudgeError(f"judge {name}: no such judge; name one of {known}, or the path of a judge's YAML file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f": line {mark.line + 1}" if mark else ""
        raise JudgeError(f"{path}{where}: not YAML: {getattr(error, 'problem', None) or error}") from None
    except OSError as error:
        raise JudgeError(f"{path}: can't be read: {error.strerror}") from None
    if not isinstance(content, dict):
        raise JudgeError(f"{path}: must hold fields such as backend: likelihood")
    try:
        return path.stem, LikelihoodConfig.model_validate(content)
    except ValidationError as error:
        raise JudgeError(f"{path}: {first_fault(error, 'this judge')}") from None
