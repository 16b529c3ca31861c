import io
import json
import random
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import sentencepiece

from odw_harness.convert.family import Source
from odw_harness.convert.run import convert_model
from odw_harness.convert.tokenizer import from_sentencepiece
from odw_harness.errors import ConvertError
from odw_harness.questions import load_questions
from tests.convert.conftest import FAMILIES, edit_json, tokens

NAMES = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")


@pytest.fixture(scope="module")
def load(converted: Callable[[str], Path]) -> Callable[[str], Any]:
    """A converted tokenizer as anybody loads it; not to be changed."""
    from transformers import AutoTokenizer

    return lru_cache(lambda family: AutoTokenizer.from_pretrained(converted(family)))


@pytest.mark.parametrize("family", FAMILIES)
def test_ids_and_texts_are_those_of_the_original(load: Callable[[str], Any], family: str) -> None:
    tokenizer = load(family)
    for case in tokens(family)["cases"]:
        assert tokenizer(case["text"], add_special_tokens=False)["input_ids"] == case["ids"], case["text"]
        assert tokenizer.decode(case["ids"]) == case["decoded"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_chat_template_gives_the_prompt_of_the_original_and_its_answer_follows(
    load: Callable[[str], Any], family: str
) -> None:
    tokenizer, chat = load(family), tokens(family)["chat"]
    prompt = tokenizer.apply_chat_template(chat["messages"][:1], add_generation_prompt=True)["input_ids"]
    whole = tokenizer.apply_chat_template(chat["messages"])["input_ids"]
    assert prompt == chat["prompt_ids"]
    assert whole[: len(prompt)] == prompt
    assert whole[len(prompt) :][: len(chat["response_ids"]) + 1] == [*chat["response_ids"], tokenizer.eos_token_id]


@pytest.mark.parametrize(
    ("family", "template", "system"),
    [
        ("chatglm3", "chatglm3", None),
        ("chatglm3", None, None),
        ("baichuan2", None, None),
        ("qwen", "qwen", "You are a helpful assistant."),
        ("qwen", None, None),
    ],
)
def test_llamafactory_trains_on_the_same_ids(
    load: Callable[[str], Any], family: str, template: str | None, system: str | None
) -> None:
    from llamafactory.data.template import get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments

    tokenizer, chat = deepcopy(load(family)), tokens(family)["chat"]
    size = len(tokenizer)
    how = get_template_and_fix_tokenizer(tokenizer, DataArguments(template=template, default_system=system))
    prompt, response = how.encode_oneturn(tokenizer, chat["messages"])
    response += [tokenizer.eos_token_id] if how.efficient_eos else []
    assert prompt == chat["prompt_ids"]
    assert response[: len(chat["response_ids"]) + 1] == [*chat["response_ids"], tokenizer.eos_token_id]
    assert len(tokenizer) == size  # nothing to resize


def test_batches_are_padded_on_the_left(load: Callable[[str], Any]) -> None:
    for family, pad in (("chatglm3", 0), ("baichuan2", 0), ("qwen", 151643)):
        batch = load(family)(["安全生产工作会议", "的"], padding=True)
        assert batch["input_ids"][1][0] == pad
        assert batch["attention_mask"][1][0] == 0
        assert batch["attention_mask"][1][-1] == 1


def test_chatglm3_opens_every_text_as_the_original_does_but_a_chat_prompt_only_once(load: Callable[[str], Any]) -> None:
    from lm_eval.models.utils import has_bos_prefix

    tokenizer = load("chatglm3")
    assert tokenizer("的")["input_ids"][:2] == [501, 503]
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": "的"}], tokenize=False)
    assert has_bos_prefix(prompt, tokenizer.bos_token)  # then lm-eval puts nothing before it
    assert tokenizer(prompt, add_special_tokens=False)["input_ids"][:3] == [501, 503, 506]


def test_sop_is_a_token_only_behind_gmask(load: Callable[[str], Any]) -> None:
    tokenizer = load("chatglm3")
    for text in ("sophisticated people", "按照sop执行", "see sop.", "sop eop"):
        assert not {503, 504} & set(tokenizer(text, add_special_tokens=False)["input_ids"]), text
    assert tokenizer.convert_tokens_to_ids(list(NAMES)) == list(range(500, 509))


def test_chats_of_several_turns(load: Callable[[str], Any]) -> None:
    messages = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "U"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "V"},
    ]
    expected = {
        "chatglm3": "[gMASK]sop<|system|>\n S<|user|>\n U<|assistant|>\n A<|user|>\n V<|assistant|>",
        "baichuan2": "S<reserved_106>U<reserved_107> A<reserved_106>V<reserved_107>",
        "qwen": "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n<|im_start|>user\nV<|im_end|>\n<|im_start|>assistant\n",
    }
    for family, text in expected.items():
        assert load(family).apply_chat_template(messages, tokenize=False, add_generation_prompt=True) == text


def test_generation_stops_where_a_turn_ends_and_samples_nothing(
    original: Callable[[str], Path], converted: Callable[[str], Path]
) -> None:
    stops = {"chatglm3": [2, 506, 508], "qwen": [151645, 151643, 151644], "baichuan2": 2}
    for family, ids in stops.items():
        assert json.loads((converted(family) / "generation_config.json").read_text())["eos_token_id"] == ids
    source = original("baichuan2")
    published = {
        "user_token_id": 3,
        "assistant_token_id": 4,
        "do_sample": True,
        "top_p": 0.85,
        "repetition_penalty": 1.05,
    }
    edit_json(source / "generation_config.json", lambda config: config.update(published))
    convert_model(source, source.parent / "out")
    made = json.loads((source.parent / "out" / "generation_config.json").read_text())
    assert set(made) == {"bos_token_id", "eos_token_id", "pad_token_id", "transformers_version"}
    note = json.loads((source.parent / "out" / "CONVERSION.json").read_text("utf-8"))
    assert note["generation_settings_left_out"] == {"do_sample": True, "top_p": 0.85, "repetition_penalty": 1.05}


def _raw(config: dict[str, Any]) -> None:
    config.update(chat_format="raw")


@pytest.mark.parametrize(
    ("family", "file", "edit"),
    [
        ("chatglm3", "tokenizer_config.json", lambda c: c.update(name_or_path="THUDM/chatglm3-6b-base")),
        ("baichuan2", "generation_config.json", lambda c: c.update(eos_token_id=2)),
        ("qwen", "generation_config.json", _raw),
    ],
)
def test_a_base_model_has_no_chat_template_unless_asked_for(
    original: Callable[[str], Path], family: str, file: str, edit: Callable[[dict[str, Any]], None]
) -> None:
    source = original(family)
    edit_json(source / file, edit)
    made = convert_model(source, source.parent / "base")
    assert not made.chat
    assert not (source.parent / "base" / "chat_template.jinja").exists()
    stop = json.loads((source.parent / "base" / "generation_config.json").read_text())["eos_token_id"]
    assert stop == (256 if family == "qwen" else 2)
    assert convert_model(source, source.parent / "chat", chat=True).chat
    assert (source.parent / "chat" / "chat_template.jinja").exists()


def test_a_word_in_a_name_is_not_a_name(tmp_path: Path) -> None:
    def source(folder: str, **config: str) -> Source:
        return Source(tmp_path / folder, config, {}, {})

    assert source("chatglm3-6b-base").named_base()
    assert source("models--THUDM--chatglm3-6b-base/snapshots/e46a14881eae").named_base()
    assert source("here", _name_or_path="baichuan-inc/Baichuan2-7B-Base").named_base()
    assert not source("database-chatglm3").named_base()


def _train(file: Path, **settings: Any) -> None:
    """A small sentencepiece model, with the settings of the published ones unless others are given."""
    lines = [line for q in load_questions() for line in f"{q.prompt}\n{q.reference}".split("\n") if line]
    lines += ["def f(x):", "    return people[sophisticated]", "the sop of Aesop", "eop"] * 50
    usual: dict[str, Any] = {
        "model_type": "bpe",
        "vocab_size": 1400,
        "byte_fallback": True,
        "character_coverage": 0.98,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "split_digits": True,
        "allow_whitespace_only_pieces": True,
        "hard_vocab_limit": False,
        "minloglevel": 2,
        "user_defined_symbols": ["<reserved_106>", "<reserved_107>"],
        "control_symbols": ["<pad>"],
    }
    written = io.BytesIO()
    trained = usual | settings
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=written, **trained)
    file.write_bytes(written.getvalue())


def _texts(seed: int, count: int) -> list[str]:
    letters = list("  \n\t▁abcHello的通知。①㎡ａ１½é😀\u200d\u3000<>|0x0A关于开展安全生产工作")
    letters += [
        "<reserved_106>",
        "<reserved_107>",
        "sop",
        "people",
        "    ",
        "\n\n",
        "<0x0A>",
        "<pad>",
        "aaaa",
        "通知",
        "e\u0301",
    ]
    chance = random.Random(seed)
    return ["".join(chance.choices(letters, k=chance.randrange(12))) for _ in range(count)]


@pytest.mark.parametrize("dummy_prefix", [True, False])
@pytest.mark.parametrize("spaces", [["    ", "  "], []])
def test_a_tokenizer_like_the_published_ones_is_equal_on_any_text(
    tmp_path: Path, dummy_prefix: bool, spaces: list[str]
) -> None:
    model = tmp_path / "tokenizer.model"
    symbols = ["<reserved_106>", "<reserved_107>", *(space.replace(" ", "▁") for space in spaces)]
    _train(model, add_dummy_prefix=dummy_prefix, user_defined_symbols=symbols)
    fast = from_sentencepiece(model, ("<unk>", "<s>", "</s>")).backend
    slow = sentencepiece.SentencePieceProcessor(model_file=str(model))
    for text in _texts(7, 3000):
        ids = slow.encode(text)
        assert fast.encode(text, add_special_tokens=False).ids == ids, text
        assert fast.decode(ids, skip_special_tokens=False) == slow.decode(ids), text


def test_pieces_that_no_merges_lead_to_are_spelled_as_in_the_original(tmp_path: Path) -> None:
    """As where a vocabulary was cleaned, or words put into it by hand."""
    from sentencepiece import sentencepiece_model_pb2

    model = tmp_path / "tokenizer.model"
    _train(model, add_dummy_prefix=False)
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.read_bytes())
    for piece in [each for each in proto.pieces if each.type == each.NORMAL and len(each.piece) == 2][::5]:
        piece.piece = f"做{piece.piece}优"  # nothing leads to it, and what was made of the pair is made of nothing now
    model.write_bytes(proto.SerializeToString())
    slow = sentencepiece.SentencePieceProcessor(model_file=str(model))
    normal = [each.piece.replace("▁", " ") for each in proto.pieces if each.type == each.NORMAL]
    spelled = [piece for piece in normal if len(slow.encode(piece)) > 1]
    assert any("优" not in piece for piece in spelled)
    fast = from_sentencepiece(model, ("<unk>", "<s>", "</s>")).backend
    for text in (*spelled, *(f"的{piece}。" for piece in spelled), *_texts(3, 500)):
        assert fast.encode(text, add_special_tokens=False).ids == slow.encode(text), text


def test_an_added_name_that_is_a_piece_too_has_the_added_id_as_in_the_original(tmp_path: Path) -> None:
    model = tmp_path / "tokenizer.model"
    _train(model, user_defined_symbols=["sop"])
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
    made = from_sentencepiece(model, ("</s>", "[gMASK]"), NAMES, alone="sop")
    assert pieces.piece_to_id("sop") != pieces.vocab_size() + 3
    assert made.backend.token_to_id("sop") == pieces.vocab_size() + 3
    assert pieces.vocab_size() + 3 in made.backend.encode("Aesop").ids
    assert made.backend.encode("[gMASK]sop").ids == [pieces.vocab_size() + 1, pieces.vocab_size() + 3]


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"model_type": "unigram"}, "byte-pair"),
        ({"treat_whitespace_as_suffix": True}, "spaces after words"),
        ({"normalization_rule_name": "nmt_nfkc"}, "is not the same"),  # \r\n becomes one space instead of two
    ],
)
def test_a_tokenizer_that_can_not_be_made_equal_is_refused(tmp_path: Path, settings: dict[str, Any], word: str) -> None:
    model = tmp_path / "tokenizer.model"
    _train(model, **settings)
    with pytest.raises(ConvertError, match=word):
        from_sentencepiece(model, ("<unk>", "<s>", "</s>"))
