"""Families of models, told by their names: a judge favours what its own family writes.

Self-preference: Panickssery et al. 2024, arXiv:2404.13076; by family: Verga et al. 2024, arXiv:2404.18796.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_FAMILIES = {
    "Baichuan": r"baichuan",
    "Claude": r"claude|anthropic",
    "DeepSeek": r"deepseek",
    "Doubao": r"doubao|skylark|seed-oss",
    "ERNIE": r"ernie|wenxin",
    "Gemma": r"gemma|^embedded$",
    "Gemini": r"gemini",
    "GLM": r"glm",
    "GPT": r"gpt|openai|\bo[134](?:-|$)|davinci",
    "Hunyuan": r"hunyuan",
    "InternLM": r"internlm|intern-s",
    "Kimi": r"kimi|moonshot",
    "Llama": r"llama(?![-_]?factory)|vicuna|alpaca",
    "MiniCPM": r"minicpm",
    "MiniMax": r"minimax|abab",
    "Mistral": r"mi[sx]tral",
    "Phi": r"\bphi[-_]?\d",
    "Qwen": r"qwen|qwq|qvq|tongyi",
    "Spark": r"spark(?:desk|[-_]?\d)|xinghuo",
    "Yi": r"\byi-\d|01-ai",
}
_PATTERNS = {name: re.compile(pattern, re.I) for name, pattern in _FAMILIES.items()}


def families(names: Iterable[str]) -> set[str]:
    """The families that some names of models, paths included, speak of. A name may speak of two.

    >>> sorted(families(["/models/DeepSeek-R1-Distill-Qwen-7B"])), families(["gpt-4.1", "o3-mini"]), families(["my-model"])
    (['DeepSeek', 'Qwen'], {'GPT'}, set())
    >>> sorted(families(["chatglm3-6b", "Mixtral-8x7B", "saves/llama-factory/run1"]))
    ['GLM', 'Mistral']
    """
    told = list(names)
    return {family for family, pattern in _PATTERNS.items() if any(pattern.search(name) for name in told)}


def names_of(model: str) -> Iterator[str]:
    """The name or path of a model or an adapter, and what the files of a folder call it."""
    yield model
    for file, fields in (
        ("config.json", ("model_type", "_name_or_path")),
        ("adapter_config.json", ("base_model_name_or_path",)),
    ):
        try:
            told = json.loads((Path(model) / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        for field in fields:
            if isinstance(told, dict) and isinstance(told.get(field), str):
                yield told[field]
