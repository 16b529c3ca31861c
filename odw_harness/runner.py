"""`odw eval` and `odw tasks`: lm-eval's own command with our tasks found, and our tasks found by lm-eval's own command."""

import contextlib
import functools
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from odw_harness import resources
from odw_harness.alignbench import load_writing_questions
from odw_harness.errors import ModelError, TaskError
from odw_harness.judge import Judge
from odw_harness.lmeval import METADATA, RunStopped, find_judge, open_store
from odw_harness.models import EMBEDDED, HUGGING_FACE, embedded_model, find_backend, fingerprint, folder_meant, parts
from odw_harness.questions import load_questions
from odw_harness.rubric import ODWEVAL
from odw_harness.store import digest
from odw_harness.systems import METADATA as SYSTEM_METADATA
from odw_harness.systems import key_variable, read_config, unconverted

log = logging.getLogger(__name__)


def run(arguments: list[str]) -> None:
    """`odw eval`: lm-eval's own `run`, with our tasks found and only they indexed.

    arguments are lm-eval's; tasks default to odweval, output_path to outputs, and samples are logged.
    """
    from lm_eval._cli.harness import HarnessCLI

    namespace = HarnessCLI()._parser.parse_args(["run", *arguments])
    settings = read_config(namespace.config) if namespace.config else {}
    for name in ("model_args", "gen_kwargs", "metadata"):  # lm-eval lets one on the command line take the file's place
        setattr(namespace, name, {**settings.get(name, {}), **(getattr(namespace, name) or {})})
    for name, default in (("tasks", ["odweval"]), ("output_path", "outputs"), ("log_samples", True)):
        if not getattr(namespace, name, None) and name not in settings:
            setattr(namespace, name, default)
    judge = _check_early(settings, namespace)
    model = str(namespace.model or settings.get("model") or "hf")
    model_args = namespace.model_args
    if model_args.get("pretrained") == EMBEDDED:
        model_args["pretrained"] = str(embedded_model())
    _check_model(model, model_args)
    key = _key(key_variable(model, namespace.metadata), model_args)
    namespace.metadata.pop("get", None)  # the rest goes into the results
    if judge is not None:
        who = judge.provenance(ODWEVAL)
        print(f"Judge: {judge.label} ({who.backend}, {who.model})", file=sys.stderr)
    if not namespace.use_cache and "use_cache" not in settings:
        namespace.use_cache = _answers_cache(model, model_args)
    output = Path(str(namespace.output_path or settings.get("output_path")))
    before = set(output.rglob("*.json*")) if output.is_dir() else set()
    try:
        with _lm_eval_as_needed(key, model_args.get("base_url")):
            namespace.func(namespace)
    except ValueError as error:
        if str(error).startswith("Tasks not found"):
            raise TaskError(
                f"--tasks: {error}; ours are odweval, alignbench and odw (each with _in19 and _ood2), alignbench_writing"
            ) from None
        if str(error).startswith("Can't find 'adapter_config.json'"):
            raise _not_to_be_had("peft", model_args, error) from None
        raise
    except OSError as error:
        if error.errno is not None:  # of the system, not of transformers, which can't get a model's files
            raise
        raise _not_to_be_had("pretrained", model_args, error) from None
    for path in sorted(set(output.rglob("*.json*")) - before if output.is_dir() else ()):
        print(path)


def _check_early(settings: dict[str, Any], namespace: Any) -> Judge | None:
    """Find a wrong judge or questions file before minutes are spent on loading the model under test."""
    metadata = namespace.metadata
    for name in sorted(set(metadata) - {*METADATA, *SYSTEM_METADATA}):
        log.warning("--metadata %s: no task of ours takes it; they take %s", name, ", ".join(METADATA))
    load_questions(metadata.get("questions"))
    tasks = str(namespace.tasks or settings.get("tasks"))
    if "alignbench_writing" in tasks:
        load_writing_questions(metadata.get("alignbench_data"))
    if not getattr(namespace, "predict_only", False) and not settings.get("predict_only"):
        return find_judge(metadata.get("judge"), open_store())
    return None


def _check_model(name: str, arguments: dict[str, Any]) -> None:
    try:
        find_backend(name)
    except ModelError as error:
        raise TaskError(f"--model {name}: {error}") from None
    if name in HUGGING_FACE and "pretrained" not in arguments:
        raise TaskError("--model_args pretrained=...: is missing; name a model's folder, or pretrained=embedded")
    for key in ("pretrained", "peft"):
        folder = folder_meant(str(arguments.get(key, "")))
        if folder is not None and not folder.is_dir():
            raise TaskError(f"--model_args {key}={arguments[key]}: no such folder")
    if name in HUGGING_FACE and (original := unconverted(str(arguments["pretrained"]), arguments)):
        raise TaskError(f"--model_args pretrained={original}")


def _not_to_be_had(key: str, arguments: dict[str, Any], error: Exception) -> TaskError:
    """What transformers or peft say where a name is that of no folder, and the hub has no such thing or is not asked."""
    said = " ".join(str(error).split())
    return TaskError(
        f"--model_args {key}={arguments.get(key)}: is no folder here, and can't be had by that name: {said}"
    )


def _key(variable: str | None, arguments: dict[str, Any]) -> str | None:
    """The key of the served model under test where lm-eval, which knows OPENAI_API_KEY alone, would not send it."""
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise TaskError(f"metadata api_key_env: the variable {variable} is not set; export {variable}=...")
    if variable == "OPENAI_API_KEY":
        return None
    if "base_url" not in arguments:
        raise TaskError("metadata api_key_env: goes with model_args base_url; name the server")
    return key


@contextlib.contextmanager
def _lm_eval_as_needed(key: str | None, server: str | None) -> Iterator[None]:
    """lm-eval that finds our tasks, loads in 4 and 8 bits, and sends the key to that server and no other (the judge's)."""
    import lm_eval.tasks
    from lm_eval.models.api_models import TemplateAPI
    from lm_eval.models.huggingface import HFLM

    usual = TemplateAPI.header.func

    class OurTaskManager(lm_eval.tasks.TaskManager):  # type: ignore[misc]
        def __init__(self, include_path: Any = None, **kwargs: Any) -> None:
            paths = [resources.TASKS, *([include_path] if include_path else [])]
            super().__init__(include_path=paths, include_defaults=False, **kwargs)

    def header(self: Any) -> Any:
        return {"Authorization": f"Bearer {key}"} if key and self.base_url == server else usual(self)

    changes = (
        (lm_eval.tasks, "TaskManager", OurTaskManager),
        (HFLM, "_create_model", _with_quantisation(HFLM._create_model)),
        (TemplateAPI, "header", property(header)),
    )
    before = [getattr(owner, name) for owner, name, _ in changes]
    for owner, name, ours in changes:
        setattr(owner, name, ours)
    try:
        yield
    finally:
        for (owner, name, _), theirs in zip(changes, before, strict=True):
            setattr(owner, name, theirs)


def _answers_cache(model: str, arguments: dict[str, Any]) -> str | None:
    """Where lm-eval keeps each answer as it is written, so that a killed run goes on where it stopped.

    lm-eval does not key that file by model; here its name holds a hash of the model's files, the adapter's and all
    model arguments. Only a local folder has such a hash; without one nothing is kept unless --use_cache says where.
    """
    folders = parts(arguments)
    if not arguments.get("pretrained") or not all(Path(os.path.expanduser(folder)).is_dir() for folder in folders):
        return None
    key = digest(model, json.dumps(arguments, sort_keys=True, default=str), *map(fingerprint, folders))
    folder = platformdirs.user_cache_path("odw_harness") / "answers"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("%s: can't be written (%s): a killed run will start from the beginning", folder, error.strerror)
        return None
    return str(folder / key[:32])


def _with_quantisation(create: Any) -> Any:
    """HFLM._create_model that knows load_in_4bit and load_in_8bit on transformers 5, which only takes a config."""

    @functools.wraps(create)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        names = [name for name in kwargs if name.startswith(("load_in_", "bnb_4bit_"))]
        options = {name: kwargs.pop(name) for name in names}
        if options.get("load_in_4bit") or options.get("load_in_8bit"):
            try:
                import bitsandbytes  # noqa: F401
            except ImportError:
                raise RunStopped(
                    "error: load_in_4bit and load_in_8bit need bitsandbytes: pip install 'odw-harness[quantized]'"
                ) from None
            from transformers import BitsAndBytesConfig

            kwargs["quantization_config"] = BitsAndBytesConfig(**options)
        create(self, *args, **kwargs)

    return wrapped


def link() -> list[Path]:
    """Place index files in the installed lm-eval's task folder, so that the bare `lm_eval --tasks odweval` finds ours."""
    folder = _link_folder()
    try:
        folder.mkdir(exist_ok=True)
        placed = []
        for path in sorted(resources.TASKS.rglob("*.yaml")):
            target = folder / path.name
            target.write_text(
                f"# Placed by `odw tasks link`; `odw tasks unlink` removes it.\ninclude: {json.dumps(str(path))}\n"
            )
            placed.append(target)
    except OSError as error:
        raise TaskError(
            f"{folder}: can't be written: {error.strerror}; use `odw eval` or --include_path instead"
        ) from None
    return placed


def unlink() -> list[Path]:
    """Take the index files back. Returns what was removed."""
    folder = _link_folder()
    removed = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    try:
        for path in removed:
            path.unlink()
        if folder.is_dir():
            folder.rmdir()
    except OSError as error:
        raise TaskError(f"{folder}: can't be removed: {error.strerror}") from None
    return removed


def _link_folder() -> Path:
    import lm_eval.tasks

    return Path(lm_eval.tasks.__file__).parent / "odw_harness"
