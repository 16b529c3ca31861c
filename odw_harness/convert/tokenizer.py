"""Fast tokenizers (`tokenizer.json`) from sentencepiece and tiktoken vocabularies, with the same ids.

Each is compared with the original's own library before it is used: on every piece of the vocabulary, on the texts of
the 21 questions, and on texts made of what tokenizers stumble over.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.errors import ConvertError
from odw_harness.questions import load_questions

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = range(1, 7)
"""sentencepiece's types of pieces."""
_BPE = 2
"""sentencepiece's type of a model with byte-pair encoding, which all three families have."""
_SPACE = "▁"

_QWEN_WORDS = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
"""How Qwen-1 parts text into words before byte-pair encoding; the expression is part of the format, as in qwen2."""

_AWKWARD = (
    "",
    " ",
    "\n",
    "  前导空格  和\t制表符 \r\n\r\n结尾  ",
    "①②③ ㎡ ½ ﬁ Ⅳ ＡＢＣ（）１２３，。",
    "😀👨‍👩‍👧‍👦 🇨🇳 é é ñ ก็ हिन्दी 한국어 ﷺ 𠮷",
    "def f(x):\n    return x['a'] <= 0x1F  # …\n\n\n\t\tend",
    "Hello, world! It's SOP-12: people, sophistication, 3.14159 and 1,234,567.89",
    "http://example.com/a?b=c&d=%E4%BD%A0 <b>粗体</b> [MASK] <pad> <0x0A> </p>",
    "二〇二四年三月五日〔2024〕3号——“引号”‘单’《书名》……",
    "a" * 50 + " " * 33 + "-" * 41 + "\n" * 9,
    "_x_ __下划线__ \u00a0\u3000全角空格\u200b零宽",
)


@dataclass(frozen=True)
class Vocabulary:
    """A fast tokenizer without its dress (special tokens, chat template), and what must be known of its original.

    dummy_prefix: whether a space is put before text that has none. checked: on how many texts it was found equal.
    """

    backend: "Tokenizer"
    dummy_prefix: bool
    checked: int


def from_sentencepiece(model: Path, special: Sequence[str], added: Sequence[str] = (), alone: str = "") -> Vocabulary:
    """The fast tokenizer of a sentencepiece model.

    added: names that the original's code puts after the model's pieces, in their order. special: which names (pieces
    or added) become special tokens, wherever they stand in a text; unknown names are left out. alone: an added name
    that is a token only where it is all that stands between two special tokens. User-defined pieces are tokens wherever
    they stand, and stay what they are; control and byte pieces are spelled, as in sentencepiece.

    Raises ConvertError where the file can't be read, asks for what tokenizers can't do, or some ids differ.
    """
    import sentencepiece
    from google.protobuf.message import DecodeError
    from sentencepiece import sentencepiece_model_pb2
    from tokenizers import AddedToken, Tokenizer, pre_tokenizers

    proto = sentencepiece_model_pb2.ModelProto()
    try:
        proto.ParseFromString(model.read_bytes())
    except DecodeError:
        raise ConvertError(f"{model}: is no sentencepiece model; fetch the file again") from None
    if not proto.pieces:
        raise ConvertError(f"{model}: is no sentencepiece model; fetch the file again")
    _refuse(model, proto)
    names = [piece.piece for piece in proto.pieces]
    places = {name: number for number, name in enumerate(names)}
    # ChatGLM3's own code takes an added name before a piece of the same name, so such a piece has the added id.
    moved = {places[name]: len(names) + number for number, name in enumerate(added) if name in places}
    # Nor must the model take a whole text for a piece that sentencepiece never makes.
    unused = moved.keys() | _unreachable(proto) - {places[name] for name in special if name in places}
    ids = {f"<unused_{number}>" if number in unused else name: number for name, number in places.items()}
    ids |= {name: len(names) + number for number, name in enumerate(added)}

    tokenizer = Tokenizer(_bpe(proto, ids))
    tokenizer.normalizer = _normalizer(proto.normalizer_spec, alone)
    tokenizer.decoder = _decoder(proto.normalizer_spec)
    by_type = {kind: [piece.piece for piece in proto.pieces if piece.type == kind] for kind in range(1, 7)}
    user_defined = by_type[_USER_DEFINED]
    known = [name for name in special if name in ids and name not in user_defined]
    hidden = [*by_type[_UNKNOWN], *by_type[_CONTROL], *by_type[_BYTE], *(name for name in added if name != alone)]
    splits = [_split(_either(user_defined))] if user_defined else []
    # The model takes a whole text that is a token's name for that token: parted after its first letter, it is spelled.
    splits.append(_split(rf"\A(?=(?:{_either(hidden)})\z)."))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(splits)
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in known])
    original = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = [piece.piece.replace(_SPACE, " ") for piece in proto.pieces if piece.type in (_NORMAL, _USER_DEFINED)]
    checked = _compare(
        model,
        tokenizer,
        lambda text: [moved.get(number, number) for number in original.encode(text)],
        original.decode if not moved else None,
        [text for text in (*_texts(), *pieces, *_joined(pieces)) if not any(n in text for n in (*known, alone) if n)],
    )
    return Vocabulary(tokenizer, bool(proto.normalizer_spec.add_dummy_prefix), checked)


def from_tiktoken(file: Path, special: Sequence[str]) -> Vocabulary:
    """The fast tokenizer of a tiktoken vocabulary as Qwen-1 has it (NFC, byte-level), with special tokens after it.

    Raises ConvertError where the file can't be read or some ids differ.
    """
    import unicodedata

    import tiktoken
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    ranks: dict[bytes, int] = {}
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            token, rank = line.split()
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except ValueError:
            raise ConvertError(
                f"{file}: line {number}: is no token and its rank; a Git LFS pointer? Fetch the file again"
            ) from None
    if sorted(ranks.values()) != list(range(len(ranks))) or any(bytes([byte]) not in ranks for byte in range(256)):
        raise ConvertError(f"{file}: has gaps in its ranks, or lacks a byte; fetch the file again")

    letters = _byte_letters()
    names = {token: "".join(letters[byte] for byte in token) for token in ranks}
    merges = [
        (rank, ranks[token[:cut]], ranks[token[cut:]], names[token[:cut]], names[token[cut:]])
        for token, rank in ranks.items()
        for cut in range(1, len(token))
        if token[:cut] in ranks and token[cut:] in ranks
    ]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={names[token]: rank for token, rank in ranks.items()},
            merges=[(left, right) for *_, left, right in sorted(merges)],
            ignore_merges=True,
        )
    )
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_QWEN_WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in special])
    original = tiktoken.Encoding(
        file.name,
        pat_str=_QWEN_WORDS,
        mergeable_ranks=ranks,
        special_tokens={name: len(ranks) + number for number, name in enumerate(special)},
    )
    checked = _compare(
        file,
        tokenizer,
        lambda text: original.encode(unicodedata.normalize("NFC", text), allowed_special="all"),
        original.decode,
        [*_texts(), "".join(special), *_joined([token.decode() for token in ranks if _is_text(token)])],
    )
    return Vocabulary(tokenizer, False, checked)


def _refuse(model: Path, proto: Any) -> None:
    faults = {
        "its pieces are not of byte-pair encoding": proto.trainer_spec.model_type != _BPE,
        "it has unused pieces": any(piece.type == _UNUSED for piece in proto.pieces),
        "it writes spaces as such": not proto.normalizer_spec.escape_whitespaces,
        "it puts spaces after words": proto.trainer_spec.treat_whitespace_as_suffix,
        "it normalises what it decodes": bool(proto.denormalizer_spec.precompiled_charsmap),
    }
    for fault, found in faults.items():
        if found:
            raise ConvertError(f"{model}: {fault}, which none of the known models has; it can't be converted")


def _normalizer(spec: Any, alone: str) -> Any:
    from tokenizers import normalizers

    prefix = _SPACE if spec.add_dummy_prefix else ""
    steps: list[Any] = [normalizers.Precompiled(spec.precompiled_charsmap)] if spec.precompiled_charsmap else []
    if spec.remove_extra_whitespaces:
        steps += [_replace(" {2,}", " "), _replace(rf"\A +|[ {_SPACE}]+\z", "")]
    steps.append(normalizers.Replace(" ", _SPACE))
    if prefix:
        steps.append(normalizers.Prepend(_SPACE))
    if alone:
        steps.append(_replace(rf"\A{prefix}{re.escape(alone)}\z", alone))
    return normalizers.Sequence(steps)


def _decoder(spec: Any) -> Any:
    from tokenizers import decoders

    steps: list[Any] = [decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    if spec.remove_extra_whitespaces:
        steps.append(decoders.Strip(" ", 1 << 20, 0))
    elif spec.add_dummy_prefix:
        steps.append(decoders.Strip(" ", 1, 0))
    return decoders.Sequence(steps)


def _bpe(proto: Any, ids: Mapping[str, int]) -> Any:
    """sentencepiece merges any two neighbours that make a piece together, the best score first, then the leftmost."""
    from tokenizers import models

    scores = {piece.piece: piece.score for piece in proto.pieces if piece.type == _NORMAL and piece.piece in ids}
    merges = [
        (-score, cut, name[:cut], name[cut:])
        for name, score in scores.items()
        for cut in range(1, len(name))
        if name[:cut] in scores and name[cut:] in scores
    ]
    return models.BPE(
        vocab=dict(ids),
        merges=[(left, right) for *_, left, right in sorted(merges)],
        unk_token=proto.pieces[proto.trainer_spec.unk_id].piece,
        fuse_unk=True,
        byte_fallback=any(piece.type == _BYTE for piece in proto.pieces),
        ignore_merges=True,  # user-defined pieces stand alone and have no merges
    )


def _unreachable(proto: Any) -> set[int]:
    """Pieces that no merges lead to: put there by hand, or short of a piece that they were made of."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    plain = sentencepiece_model_pb2.ModelProto()
    plain.CopyFrom(proto)
    spec = plain.normalizer_spec
    spec.precompiled_charsmap, spec.add_dummy_prefix, spec.remove_extra_whitespaces = b"", False, False
    merges = sentencepiece.SentencePieceProcessor(model_proto=plain.SerializeToString())
    normal = {number: piece.piece for number, piece in enumerate(proto.pieces) if piece.type == _NORMAL}
    made = merges.encode([piece.replace(_SPACE, " ") for piece in normal.values()])
    return {number for number, ids in zip(normal, made, strict=True) if ids != [number]}


def _compare(
    source: Path,
    tokenizer: "Tokenizer",
    encode: Callable[[str], list[int]],
    decode: Callable[[list[int]], str] | None,
    texts: Sequence[str],
) -> int:
    """How many texts were compared. Raises ConvertError at the first that has other ids or decodes otherwise."""
    for text, encoding in zip(texts, tokenizer.encode_batch(list(texts), add_special_tokens=False), strict=True):
        expected = encode(text)
        if encoding.ids != expected:
            pairs = enumerate(zip_longest(encoding.ids, expected))
            at = next(place for place, (ours, theirs) in pairs if ours != theirs)
            raise ConvertError(
                f"{source}: the fast tokenizer made of it is not the same: {text[:60]!r} has from token {at} on "
                f"{encoding.ids[at : at + 8]} instead of {expected[at : at + 8]}; please report this with the model's name"
            )
        if decode and tokenizer.decode(expected, skip_special_tokens=False) != decode(expected):
            raise ConvertError(
                f"{source}: the fast tokenizer made of it decodes {text[:60]!r} otherwise; please report this with the model's name"
            )
    return len(texts)


def _texts() -> Iterator[str]:
    yield from _AWKWARD
    for question in load_questions():
        yield from (question.prompt, question.reference)


def _joined(pieces: Sequence[str]) -> list[str]:
    """All pieces, a hundred to a text, so that they meet neighbours that they were not made for."""
    return ["".join(pieces[start : start + 100]) for start in range(0, len(pieces), 100)]


def _is_text(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return True


def _byte_letters() -> dict[int, str]:
    """The letter that stands for each byte in byte-level vocabularies: itself where it is printable, else one from 256 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}


def _either(names: Iterable[str]) -> str:
    """An expression for the longest of the names that fits."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


def _split(pattern: str) -> Any:
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(pattern), "isolated")


def _replace(pattern: str, content: str) -> Any:
    from tokenizers import Regex, normalizers

    return normalizers.Replace(Regex(pattern), content)
