"""What LLaMA-Factory 0.9.5 knows: its settings, templates and models, and its own parser. The only module that asks it."""

import contextlib
import dataclasses
import functools
import io
import json
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from odw_harness.errors import ConfigError

KINDS = {"train": "training", "export": "export", "infer": "chat and api"}
"""What a configuration is for: `llamafactory-cli train`, `export`, or `chat` and `api`."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """A key that LLaMA-Factory takes. hint: its Python type; default: a stand-in where it is made anew each time."""

    hint: Any
    default: Any


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """LLaMA-Factory and transformers tell of their settings at length, on both streams and by logging."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    verbosity = os.environ.get("LLAMAFACTORY_VERBOSITY")
    os.environ["LLAMAFACTORY_VERBOSITY"] = "ERROR"
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        os.environ.pop("LLAMAFACTORY_VERBOSITY")
        if verbosity is not None:
            os.environ["LLAMAFACTORY_VERBOSITY"] = verbosity


@functools.cache
def _parser() -> Any:
    """LLaMA-Factory's parser module; 6 seconds. Raises ConfigError where it is not installed."""
    try:
        with _silence():
            from llamafactory.hparams import parser
    except ImportError as error:
        raise ConfigError(f"LLaMA-Factory can't be loaded ({error}); pip install 'odw-harness[train]'") from None
    return parser


@functools.cache
def settings(kind: str) -> Mapping[str, Setting]:
    """The keys that a configuration of this kind may have."""
    parser = _parser()
    found: dict[str, Setting] = {}
    for group in parser._TRAIN_ARGS if kind == "train" else parser._INFER_ARGS:
        hints = get_type_hints(group)
        for field in dataclasses.fields(group):
            if field.init:
                default = None if field.default is dataclasses.MISSING else field.default
                found[field.name] = Setting(hints[field.name], default)
    return found


def templates() -> Mapping[str, Any]:
    """LLaMA-Factory's templates by name."""
    _parser()
    with _silence():
        from llamafactory.data.template import TEMPLATES
    return dict(TEMPLATES)


def default_template(hub_name: str) -> str | None:
    """The template of a model by the last part of its name on the hub; None for base models and unknown ones."""
    return _default_templates().get(hub_name.rstrip("/").rpartition("/")[2].lower())


@functools.cache
def _default_templates() -> Mapping[str, str]:
    _parser()
    with _silence():
        from llamafactory.extras.constants import DEFAULT_TEMPLATE, SUPPORTED_MODELS
    return {
        hub_name.rpartition("/")[2].lower(): DEFAULT_TEMPLATE[name]
        for name, sources in SUPPORTED_MODELS.items()
        for hub_name in sources.values()
        if name in DEFAULT_TEMPLATE
    }


def same_words(one: str, other: str) -> bool:
    """Whether two templates write a turn alike, thoughts apart."""

    def words(name: str) -> Any:
        template = templates()[name]
        return [getattr(template, part).slots for part in ("format_prefix", "format_user", "format_assistant")]

    return bool(words(one) == words(other))


def special_tokens(template: str) -> tuple[set[str], set[str]]:
    """The tokens that a template asks the tokenizer for by name, and those that it writes as text."""
    named: set[str] = set()
    written: set[str] = set()
    for part in ("format_prefix", "format_user", "format_assistant"):
        for slot in getattr(templates()[template], part).slots:
            if isinstance(slot, dict):
                named.add(str(slot["token"]))
            elif isinstance(slot, str):
                written |= set(re.findall(r"<[|｜][^<>]+[|｜]>|<(?:start|end)_of_turn>", slot))
    return named, written


def objection(kind: str, values: Mapping[str, Any]) -> str | None:
    """What LLaMA-Factory's own parser has against these settings, on one line; None where it takes them.

    Nothing is written and nothing fetched. A training run is parsed as one on the CPU, so that the answer is the same on
    every machine; what only a GPU can do (fp16, pure_bf16) and DeepSpeed, which may not be installed, is left out.
    """
    parser = _parser()
    try:
        with _silence(), tempfile.TemporaryDirectory() as folder:
            if kind == "train":
                only_gpu = ("fp16", "pure_bf16", "deepspeed", "tf32")
                left = {key: value for key, value in values.items() if key not in only_gpu}
                parser.get_train_args({**left, "output_dir": folder, "use_cpu": True})
            else:
                parser.get_infer_args(dict(values))
    except Exception as error:  # whatever it raises is its objection
        return " ".join(str(error).split()) or type(error).__name__
    return None


def misfit(kind: str, key: str, value: Any) -> str | None:
    """What a value should be instead, where its type is none that LLaMA-Factory's field has."""
    from pydantic import ValidationError

    adapter = _adapter(kind, key)
    if adapter is None:
        return None
    try:
        adapter.validate_json(json.dumps(value, default=str), strict=True)
    except ValidationError as error:
        return _wanted(error.errors(include_url=False))
    return None


@functools.cache
def _adapter(kind: str, key: str) -> Any:
    """pydantic's view of a field's type; None where it has none."""
    from pydantic import ConfigDict, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

    hint = settings(kind)[key].hint
    try:
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # a type with its own configuration
        return TypeAdapter(hint)
    except PydanticSchemaGenerationError:
        return None


def _wanted(errors: Any) -> str:
    words = {
        "float_type": "a number",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "bool_type": "true or false",
        "string_type": "text",
        "dict_type": "a mapping",
        "list_type": "a list",
    }
    wanted: list[str] = []
    for error in errors:
        if error["type"] in ("literal_error", "enum"):
            word = str(error["ctx"]["expected"])
        else:
            word = words.get(error["type"], "")
        if word and word not in wanted:
            wanted.append(word)
    return " or ".join(wanted) or str(errors[0]["msg"])
