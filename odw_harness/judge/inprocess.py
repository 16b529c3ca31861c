"""What the judges share whose model is loaded in this process, through lm-eval."""

import functools
import json
from typing import TYPE_CHECKING, Any

from odw_harness import models
from odw_harness.errors import JudgeError, ModelError
from odw_harness.judge.base import LikelihoodConfig, LocalConfig
from odw_harness.store import digest

if TYPE_CHECKING:
    from lm_eval.api.model import LM

InProcessConfig = LikelihoodConfig | LocalConfig


def identity(config: InProcessConfig) -> dict[str, Any]:
    """The fields of a Provenance that tell the model from others: its files by their hash, its settings."""
    files = [models.fingerprint(part) for part in models.parts(config.model_args)]
    return {
        "backend": f"{config.backend}/{config.model}",
        "model": str(config.model_args.get("pretrained", "")),
        "revision": files[0] if len(files) == 1 else digest(*files),
        "settings": {key: value for key, value in config.model_args.items() if key not in ("pretrained", "device")},
    }


def check(label: str, config: InProcessConfig) -> None:
    """See that the backend is known and the model's configuration can be read; make the embedded model.

    Raises JudgeError or ModelError.
    """
    try:
        models.find_backend(config.model)
    except ModelError as error:
        raise JudgeError(f"judge {label}: field model: lm-eval can't use {config.model}: {error}") from None
    if config.model not in models.HUGGING_FACE:
        return
    if "pretrained" not in config.model_args:
        raise JudgeError(f"judge {label}: field model_args.pretrained: is missing; name a model")
    from transformers import AutoConfig, AutoTokenizer

    pretrained = models.resolve(str(config.model_args["pretrained"]))
    options = {k: v for k, v in config.model_args.items() if k in ("revision", "trust_remote_code", "gguf_file")}
    try:
        AutoConfig.from_pretrained(pretrained, **options)
        if isinstance(config, LocalConfig) and config.chat_template:
            tokenizer = AutoTokenizer.from_pretrained(config.model_args.get("tokenizer", pretrained), **options)
            if not tokenizer.chat_template:
                raise ModelError("has no chat template; name a chat model, or set chat_template: false")
    except Exception as error:  # transformers raises many kinds for a model that is not there
        reason = " ".join(str(error).split())[:160]
        raise JudgeError(f"judge {label}: field model_args.pretrained: {pretrained}: {reason}") from None


def load(config: InProcessConfig, **defaults: Any) -> "LM":
    """The model, loaded once a process for the same configuration. defaults: model arguments where it names none."""
    arguments = {**defaults, **config.model_args}
    if config.model in models.HUGGING_FACE:
        arguments["pretrained"] = models.resolve(str(arguments["pretrained"]))
        arguments.setdefault("device", "cuda:0")  # lm-eval's own default: the CPU where there is no such device
    batch_size = config.batch_size if isinstance(config, LocalConfig) else 1
    return _load(config.model, json.dumps(arguments, sort_keys=True), batch_size, config.backend == "likelihood")


@functools.lru_cache(maxsize=1)
def _load(model: str, arguments: str, batch_size: int, likelihood: bool) -> "LM":
    backend = models.find_backend(model)
    if likelihood and model in models.HUGGING_FACE:
        from odw_harness.judge.likelihood import tail_logits_model

        backend = tail_logits_model()
    return backend.create_from_arg_obj(json.loads(arguments), {"batch_size": batch_size})
