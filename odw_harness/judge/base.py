"""What a judge is, and the YAML file that describes one."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from odw_harness.errors import JudgeError, first_fault
from odw_harness.questions import Question
from odw_harness.resources import JUDGES
from odw_harness.rubric import Rubric
from odw_harness.verdict import Provenance, Verdict

DEFAULT = "embedded"
_SECRETS = {"apikey", "xapikey", "key", "token", "hftoken", "authtoken", "accesstoken", "useauthtoken"}
_SECRETS |= {"authorization", "proxyauthorization", "password", "secret"}
_KEY = re.compile(r"(sk-|hf_|Bearer )\S{8}")


@dataclass(frozen=True)
class Request:
    """One judgement to be made: an answer to a question, under a rubric. repeat counts from 0."""

    question: Question
    text: str
    rubric: Rubric
    repeat: int = 0


class Judge(Protocol):
    """Something that gives verdicts.

    label: the name it is called by. repeats: how many verdicts of its own an answer gets under one rubric. A judge may
    also have a window: how many requests it wants to see before it gives a verdict, in place of grading.WINDOW.
    """

    label: str
    repeats: int

    def provenance(self, rubric: Rubric, repeat: int = 0) -> Provenance:
        """Who gives a verdict, by what measure."""
        ...

    def preflight(self) -> None:
        """Find out, before the model under test writes anything, whether this judge can be used.

        Raises JudgeError or ModelError where it can't.
        """
        ...

    def verdicts(self, requests: Iterable[Request]) -> Iterator[tuple[int, Verdict]]:
        """Judge, in any order: the index of each request with its verdict, as soon as it is there.

        Requests are read as they are worked on, for there may be more than fit into memory. Raises JudgeError where
        nothing more can be judged.
        """
        ...


class _Config(BaseModel):
    """What the configurations of all judges share: unknown fields and keys in the file are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def is_secret(name: str) -> bool:
    """Whether a field of this name would hold a key.

    >>> is_secret("x-api-key"), is_secret("Authorization"), is_secret("max_completion_tokens")
    (True, True, False)
    """
    return re.sub(r"[^a-z]", "", name.lower()) in _SECRETS


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """See that options are plain JSON without keys, for they stand in every verdict and results file."""
    try:
        json.dumps(value, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("may hold texts, numbers, lists and fields with names, and nothing else") from None
    left: list[Any] = [value]
    while left:
        each = left.pop()
        for name in each if isinstance(each, dict) else ():
            if is_secret(name):
                raise ValueError(f"{name} must not stand in a file; keys live in the environment")
        if isinstance(each, str) and _KEY.match(each):
            raise ValueError("holds what looks like a key; keys live in the environment")
        left += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return value


Options = Annotated[dict[str, Any], Field(default_factory=dict), AfterValidator(_plain)]
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
    expected_scores: whether a score is the mean over what the model could have written in its place (expected.py), at
    the price of ten short likelihoods a dimension.
    """

    backend: Literal["local"]
    model: str = "hf"
    model_args: Options
    chat_template: bool = True
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=4096, ge=1)
    batch_size: int = Field(default=1, ge=1)
    repeats: int = Field(default=1, ge=1, le=100)
    expected_scores: bool = False


class Prices(_Config):
    """What a million tokens cost, in a currency. cached_input: of prompt tokens from the server's cache."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    currency: str = "USD"

    def cost(self, usage: Mapping[str, int]) -> float:
        """Cost of some usage, in the currency.

        >>> Prices(input=2, output=8, cached_input=1).cost({"prompt_tokens": 1000, "cached_tokens": 500, "completion_tokens": 250})
        0.0035
        """
        cached = usage.get("cached_tokens", 0)
        fresh = usage.get("prompt_tokens", 0) - cached
        cached_price = self.input if self.cached_input is None else self.cached_input
        return (fresh * self.input + cached * cached_price + usage.get("completion_tokens", 0) * self.output) / 1e6


class ApiConfig(_Config):
    """A judge that writes, behind any server that speaks OpenAI's chat completions.

    base_url: what stands before /chat/completions. api_key_env: the variable that holds the key; without it none is
    sent. temperature, seed, max_tokens: sent unless null; repeat r is sent with seed + r. concurrency: requests at
    once, or auto. timeout: seconds a request may take. repeats: verdicts an answer. requests_per_minute and
    tokens_per_minute: limits of the account. prices: for the summary and --max-cost. extra_body: further fields of the
    request, as the server names them. structured: whether the reply is to keep to a JSON schema; auto asks in the
    pre-flight whether the server can. expected_scores: whether a score is the mean over what the model could have
    written in its place (expected.py); top_logprobs: candidates a place, as many as the server lists. batch: ask by
    files of requests, which the server works off within a day (see batch.py); poll_seconds: time between looks at what
    has become of them.
    """

    backend: Literal["api"]
    base_url: str
    model: str = Field(min_length=1)
    api_key_env: str | None = None
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    seed: int | None = None
    max_tokens: int | None = Field(default=4096, ge=1)
    concurrency: int | str = 32
    timeout: float = Field(default=300.0, gt=0, le=86_400)
    repeats: int = Field(default=1, ge=1, le=100)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    prices: Prices | None = None
    batch: bool = False
    poll_seconds: float = Field(default=60.0, gt=0, le=3600)
    extra_body: Options
    structured: bool | Literal["auto"] = False
    expected_scores: bool = False
    top_logprobs: int = Field(default=20, ge=1, le=20)

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

    @field_validator("concurrency")
    @classmethod
    def _at_once(cls, value: int | str) -> int | str:
        if value != "auto" and not (isinstance(value, int) and 1 <= value <= 1024):
            raise ValueError("must be a whole number from 1 to 1024, or auto")
        return value

    @field_validator("structured", mode="before")
    @classmethod
    def _yes_no_or_auto(cls, value: Any) -> Any:
        if value != "auto" and not isinstance(value, bool):
            raise ValueError("must be true, false or auto")
        return value

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


class PanelConfig(_Config):
    """Several judges that write, whose verdicts make one.

    judges: names, or paths of YAML files, seen from this file's folder. combine: how a dimension's scores become one.
    quorum: judges that must have scored an answer; more than half of them where it is left out.
    """

    backend: Literal["panel"]
    judges: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=2, max_length=25)
    combine: Literal["mean", "median"] = "mean"
    quorum: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _a_quorum_that_can_be_met(self) -> "PanelConfig":
        if len(set(self.judges)) < len(self.judges):
            raise ValueError("judges: names one twice; give a judge more say with repeats in its own file")
        if self.quorum is not None and self.quorum > len(self.judges):
            raise ValueError(f"quorum: {self.quorum} can't be met by {len(self.judges)} judges")
        return self


Config = LikelihoodConfig | LocalConfig | ApiConfig | PanelConfig
_CONFIGS: dict[str, type[Config]] = {
    "api": ApiConfig,
    "local": LocalConfig,
    "likelihood": LikelihoodConfig,
    "panel": PanelConfig,
}


def judge_file(name: str | None) -> Path:
    """The YAML file of a judge: a path, or judges/NAME.yaml; without a name that of ODW_JUDGE or the embedded judge.

    Raises JudgeError where there is none.
    """
    if name is not None and not name.strip():
        raise JudgeError("judge: its name is empty; name one, or leave it out for ODW_JUDGE or the embedded judge")
    by_variable = name is None and bool(os.environ.get("ODW_JUDGE"))
    name = name or os.environ.get("ODW_JUDGE") or DEFAULT
    path = Path(os.path.expanduser(name))
    if path.suffix not in (".yaml", ".yml") and not os.path.isfile(path):
        path = JUDGES / f"{name}.yaml"
    if not os.path.isfile(path):
        known = ", ".join(sorted(file.stem for file in JUDGES.glob("*.yaml")))
        source = " (by the variable ODW_JUDGE)" if by_variable else ""
        raise JudgeError(
            f"judge {name}{source}: no such judge; name one of {known}, or the path of a judge's YAML file"
        )
    return path


def load_config(name: str | None) -> tuple[str, Config]:
    """A judge's label and configuration.

    Raises JudgeError, naming the file and the field at fault.
    """
    path = judge_file(name)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f": line {mark.line + 1}" if mark else ""
        reason = " ".join(str(getattr(error, "problem", None) or error).split())[:160]
        raise JudgeError(f"{path}{where}: not YAML: {reason}") from None
    except OSError as error:
        raise JudgeError(f"{path}: can't be read: {error.strerror}") from None
    if not isinstance(content, dict):
        raise JudgeError(f"{path}: must hold fields such as backend: api")
    for field in content:
        if is_secret(str(field)):
            raise JudgeError(f"{path}: field {field}: a key must not stand in a file; name its variable in api_key_env")
    kind = _CONFIGS.get(str(content.get("backend")))
    if kind is None:
        raise JudgeError(f"{path}: field backend: must be one of {', '.join(_CONFIGS)}")
    try:
        return path.stem, kind.model_validate(content)
    except ValidationError as error:
        raise JudgeError(f"{path}: {first_fault(error, 'this judge')}") from None
