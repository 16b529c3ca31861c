"""`odw convert`: one original model, or one adapter trained on it, made native."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from odw_harness.convert.family import Family, Source, Tokens
from odw_harness.convert.shards import Checkpoint, find_weights
from odw_harness.convert.source import NOTE, read_source
from odw_harness.convert.target import appearing, check_target
from odw_harness.convert.weights import Piece, check_native, in_shards, mapping, plan, write
from odw_harness.errors import ConvertError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SHARD = 2_000_000_000
"""Bytes of a target shard, unless asked otherwise."""
_OTHER_FILES = 50_000_000
"""Bytes that tokenizer and settings take at most."""
_BLOCK = 1 << 24
_SAMPLING = ("do_sample", "temperature", "top_k", "top_p", "repetition_penalty", "max_new_tokens")
"""Settings of a generation config that would make two systems incomparable; they are noted, and left out."""


@dataclass(frozen=True)
class Converted:
    """What was made, for people. llamafactory: what a training YAML needs; none for an adapter. warnings: a line each."""

    folder: Path
    what: str
    size: int
    chat: bool
    llamafactory: Mapping[str, str]
    warnings: Sequence[str]


def convert_model(
    source: Path,
    target: Path,
    force: bool = False,
    chat: bool | None = None,
    shard: int = SHARD,
    dtype: str | None = None,
) -> Converted:
    """Make an original ChatGLM3, Baichuan2-7B or Qwen-1 checkpoint a native one, in a folder of its own.

    chat: whether the tokenizer gets the chat template and turns end generation; None: as the source says. shard: bytes
    of a target file. dtype: of the weights written, torch's name; None: as the source has them. Raises ConvertError with one line; the target is there whole or not at all.
    """
    import torch

    check_target(target, source, force)
    family, settings = read_source(source)
    checkpoint = find_weights(source)
    pieces = plan(family, settings, checkpoint, getattr(torch, dtype) if dtype else None)
    chat = not family.is_base(settings) if chat is None else chat
    size = sum(piece.bytes for piece in pieces)
    read = sum(file.stat().st_size for file in checkpoint.files)
    with (
        appearing(target, source, force, size + _OTHER_FILES) as folder,
        tqdm(total=read + size, unit="B", unit_scale=True, disable=None) as bar,
    ):
        bar.set_description("Comparing tokenizers")
        tokens = family.tokens(settings, chat)
        _check_added(settings, tokens)
        config = _config(family, settings, pieces)
        bar.set_description("Reading")
        hashes = {file.name: sha256(file, bar.update) for file in checkpoint.files}
        bar.set_description("Converting")
        write(in_shards(pieces, shard), folder, bar.update)
        tokenizer = _save_tokenizer(tokens, folder, config.max_position_embeddings, chat)
        _set_tokens(config, tokenizer)
        config.save_pretrained(folder)
        stops = [tokenizer.eos_token_id, *map(int, tokenizer.convert_tokens_to_ids(list(tokens.stops)))]
        _save_generation(folder, tokenizer, stops)
        warnings = _warnings(tokens, config.vocab_size)
        note = _note(family, settings, checkpoint, hashes, tokens, chat, warnings)
        write_note(note, folder)
    what = f"{family.name} as {family.architecture}, {len(pieces)} tensors"
    return Converted(target, what, size, chat, family.llamafactory, warnings)


def sha256(file: Path, progress: Callable[[int], object]) -> str:
    """The hash of a file; progress is told of the bytes as they are read."""
    total = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            total.update(block)
            progress(len(block))
    return total.hexdigest()


def write_note(note: Mapping[str, Any], folder: Path) -> None:
    """The note of what was converted, and from what."""
    text = json.dumps(
        {"made_by": f"odw convert, odw-harness {version('odw-harness')}", **note}, ensure_ascii=False, indent=1
    )
    (folder / NOTE).write_text(text + "\n", encoding="utf-8")


def _config(family: Family, source: Source, pieces: Sequence[Piece]) -> Any:
    """The native configuration, seen to fit the tensors, with the dtype that most of them have."""
    import torch
    from transformers import AutoModelForCausalLM

    config = family.config(source)
    config.pad_token_id = None  # GlmConfig's default is an id of GLM-4; the tokenizer knows better
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    if type(model).__name__ != family.architecture:
        raise ConvertError(f"this transformers makes a {type(model).__name__} of {family.name}; install 5.5.4")
    check_native(pieces, model)
    config.architectures = [family.architecture]
    config.dtype = Counter(piece.dtype for piece in pieces).most_common(1)[0][0]
    for name in ("rope_theta", "partial_rotary_factor"):  # where transformers 4, and servers built on it, look for them
        if name in config.rope_parameters:
            setattr(config, name, config.rope_parameters[name])
    return config


def _save_tokenizer(tokens: Tokens, folder: Path, length: int, chat: bool) -> "PreTrainedTokenizerBase":
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    backend = tokens.vocabulary.backend
    if tokens.prefix:
        backend.post_processor = processors.TemplateProcessing(
            single=[*tokens.prefix, "$A"],
            pair=[*tokens.prefix, "$A", "$B:1"],
            special_tokens=[(name, backend.token_to_id(name)) for name in tokens.prefix],
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        padding_side="left",
        model_max_length=length,
        clean_up_tokenization_spaces=False,
        **tokens.special,
    )
    if chat:
        tokenizer.chat_template = tokens.template
    tokenizer.save_pretrained(folder)
    # Under this name, unlike under that of transformers 5, AutoTokenizer of any version takes tokenizer.json as it is.
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    path.write_text(json.dumps(settings, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return tokenizer


def _set_tokens(config: Any, tokenizer: "PreTrainedTokenizerBase") -> None:
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        number = getattr(tokenizer, name)
        setattr(config, name, number if number is not None and number < config.vocab_size else None)


def _save_generation(folder: Path, tokenizer: "PreTrainedTokenizerBase", stops: Sequence[int]) -> None:
    from transformers import GenerationConfig

    GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=list(stops) if len(stops) > 1 else stops[0],
        pad_token_id=tokenizer.pad_token_id,
    ).save_pretrained(folder)


def _check_added(source: Source, tokens: Tokens) -> None:
    """See that nobody has added tokens to the original's tokenizer."""
    for number, added in (source.tokenizer.get("added_tokens_decoder") or {}).items():
        name = str(added.get("content") if isinstance(added, dict) else added)
        if str(tokens.vocabulary.backend.token_to_id(name)) != number:
            raise ConvertError(
                f"{source.folder / 'tokenizer_config.json'}: field added_tokens_decoder: {name!r} is {number} there and "
                "not in the original's tokenizer; only the original's is converted"
            )


def _warnings(tokens: Tokens, rows: int) -> list[str]:
    count = tokens.vocabulary.backend.get_vocab_size()
    if count <= rows:
        return []
    return [f"the tokenizer has {count} tokens, the model only {rows}: a text with a token beyond them fails"]


def _note(
    family: Family,
    source: Source,
    checkpoint: Checkpoint,
    hashes: Mapping[str, str],
    tokens: Tokens,
    chat: bool,
    warnings: Sequence[str],
) -> dict[str, Any]:
    sampling = {name: source.generation[name] for name in _SAMPLING if name in source.generation}
    return {
        "what": f"{family.name} as {family.architecture}",
        "chat": chat,
        "source": {"folder": source.folder.resolve().name, "sha256": hashes, "config": source.config},
        "mapping": mapping(family.modules(source)),
        "left_out": sorted({name for name in checkpoint.tensors if family.dropped.fullmatch(name)}),
        "generation_settings_left_out": sampling,
        "tokenizer": f"compared with the original on {tokens.vocabulary.checked} texts: the same ids",
        "limits": [*family.limits(source), *warnings],
        "llamafactory": family.llamafactory,
    }
