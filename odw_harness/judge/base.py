"""What a judge is, and the YAML file that describes one."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from odw_harness.errors import JudgeError, first_fault
from odw_harness.questions import Question
from odw_harness.resources import JUDGES
from odw_harness.verdict import Provenance, Verdict

DEFAULT = "embedded"
_SECRETS = (
    "api_key",
    "apikey",
    "token",
    "hf_token",
    "auth_token",
    "access_token",
    "use_auth_token",
    "authorization",
    "password",
    "secret",
)


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


class _Config(BaseModel):
    """What the configurations of all judges share: unknown fields and keys in the file are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _without_secrets(value: dict[str, Any]) -> dict[str, Any]:
    for name in value:
        if name.lower() in _SECRETS:
            raise ValueError(f"{name} must not stand in a file; keys live in the environment")
    return value


Options = Annotated[dict[str, Any], Field(default_factory=dict), AfterValidator(_without_secrets)]
"""Settings that travel into results files, and so must hold no key."""


class LikelihoodConfig(_Config):
    """A judge that scores by the likelihood of the reference: any lm-eval model in this process.

    model: lm-eval's name of the backend (hf, vllm, …); model_args: its arguments. `pretrained: embedded` is the
    embedded model. Without device in model_args lm-eval chooses one.
    """

    backend: Literal["likelihood"]
    model: str = "hf"
    model_args: Options


class LocalConfig(_Config):
    """A judge that writes, in this process: any lm-eval model.

    chat_template: whether the prompt goes through the model's chat template; only a base model wants false.
    max_tokens: longest reply; what the model can read is left for the prompt. batch_size: prompts at once.
    """

    backend: Literal["local"]
    model: str = "hf"
    model_args: Options
    chat_template: bool = True
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=4096, ge=1)
    batch_size: int = Field(default=1, ge=1)


class ApiConfig(_Config):
    """A judge that writes, behind any server that speaks OpenAI's chat completions.

    base_url: what stands before /chat/completions. api_key_env: the variable that holds the key; without it none is
    sent. temperature, seed, max_tokens: sent unless null. concurrency: requests at once. timeout: seconds a request
    may take. extra_body: further fields of the request, as the server names them.
    """

    backend: Literal["api"]
    base_url: str
    model: str = Field(min_length=1)
    api_key_env: str | None = None
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    seed: int | None = None
    max_tokens: int | None = Field(default=4096, ge=1)
    concurrency: int = Field(default=32, ge=1, le=1024)
    timeout: float = Field(default=300.0, gt=0, le=86_400)
    extra_body: Options

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be a URL such as https://api.example.com/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must hold no user, password or query; keys live in the environment (api_key_env)")
        if parts.path.rstrip("/").endswith("/chat/completions"):
            raise ValueError("must end before /chat/completions")
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _a_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise ValueError("must be the name of an environment variable, not a key")
        return value

    @field_validator("extra_body")
    @classmethod
    def _not_ours(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name in ("model", "messages", "temperature", "seed", "max_tokens", "stream", "n"):
                raise ValueError(f"{name} is set by the judge; it can't stand here")
        return value


Config = LikelihoodConfig | LocalConfig | ApiConfig
_CONFIGS: dict[str, type[Config]] = {"api": ApiConfig, "local": LocalConfig, "likelihood": LikelihoodConfig}


def load_config(name: str | None) -> tuple[str, Config]:
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
        raise JudgeError(f"{path}: must hold fields such as backend: api")
    for field in content:
        if str(field).lower() in _SECRETS:
            raise JudgeError(f"{path}: field {field}: a key must not stand in a file; name its variable in api_key_env")
    kind = _CONFIGS.get(str(content.get("backend")))
    if kind is None:
        raise JudgeError(f"{path}: field backend: must be one of {', '.join(_CONFIGS)}")
    try:
        return path.stem, kind.model_validate(content)
    except ValidationError as error:
        raise JudgeError(f"{path}: {first_fault(error, 'this judge')}") from None
