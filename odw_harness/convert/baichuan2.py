"""Baichuan2-7B → Llama. They differ in one packed matrix of attention, and in a head that Baichuan2 brings to unit rows."""

import re
from typing import TYPE_CHECKING

from odw_harness.convert.family import Family, Module, Part, Source, Tokens, split, whole
from odw_harness.convert.tokenizer import from_sentencepiece
from odw_harness.errors import ConvertError

if TYPE_CHECKING:
    from transformers import LlamaConfig

_FIRST_GENERATION_VOCABULARY = 64000
_USER, _ASSISTANT = "<reserved_106>", "<reserved_107>"


def _refuse(source: Source) -> None:
    if source.config.get("vocab_size") == _FIRST_GENERATION_VOCABULARY:
        raise ConvertError(f"{source.folder}: is Baichuan of the first generation; only Baichuan2-7B is converted")
    large = source.config.get("hidden_size") == 5120 or source.config.get("num_hidden_layers") == 40
    if large or "max_position_embeddings" not in source.config:
        raise ConvertError(
            f"{source.folder}: is Baichuan2-13B, whose ALiBi positions no native architecture has; only 7B is converted"
        )
    source.must_be({"hidden_act": "silu", "tie_word_embeddings": False})
    if source.count("hidden_size") % source.count("num_attention_heads"):
        raise source.fault("num_attention_heads", "doesn't divide hidden_size")


def _modules(source: Source) -> dict[str, Module]:
    hidden, inner, vocabulary = (source.count(f) for f in ("hidden_size", "intermediate_size", "vocab_size"))
    modules = {
        "model.embed_tokens": whole("model.embed_tokens", vocabulary, hidden),
        "model.norm": whole("model.norm", hidden),
        # Its NormHead divides each row by its length whenever it runs; done once, in float32, for it is not exact in 16 bits.
        "lm_head": Module((vocabulary, hidden), (Part("lm_head"),), unit_rows=True),
    }
    for number in range(source.count("num_hidden_layers")):
        layer = f"model.layers.{number}."
        modules |= {
            f"{layer}self_attn.W_pack": split(
                [f"{layer}self_attn.{name}_proj" for name in "qkv"], (hidden, hidden, hidden), hidden, bias=False
            ),
            f"{layer}self_attn.o_proj": whole(f"{layer}self_attn.o_proj", hidden, hidden),
            f"{layer}mlp.gate_proj": whole(f"{layer}mlp.gate_proj", inner, hidden),
            f"{layer}mlp.up_proj": whole(f"{layer}mlp.up_proj", inner, hidden),
            f"{layer}mlp.down_proj": whole(f"{layer}mlp.down_proj", hidden, inner),
            f"{layer}input_layernorm": whole(f"{layer}input_layernorm", hidden),
            f"{layer}post_attention_layernorm": whole(f"{layer}post_attention_layernorm", hidden),
        }
    return modules


def _config(source: Source) -> "LlamaConfig":
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=source.count("vocab_size"),
        hidden_size=source.count("hidden_size"),
        intermediate_size=source.count("intermediate_size"),
        num_hidden_layers=source.count("num_hidden_layers"),
        num_attention_heads=source.count("num_attention_heads"),
        max_position_embeddings=source.count("max_position_embeddings"),
        rms_norm_eps=source.number("rms_norm_eps"),
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=False,
    )


def _is_base(source: Source) -> bool:
    if source.generation:
        return "user_token_id" not in source.generation
    return source.named_base()


def _tokens(source: Source, chat: bool) -> Tokens:
    model = source.file("tokenizer.model")
    vocabulary = from_sentencepiece(model, special=("<unk>", "<s>", "</s>", _USER, _ASSISTANT))
    for name, field in ((_USER, "user_token_id"), (_ASSISTANT, "assistant_token_id")):
        number = vocabulary.backend.token_to_id(name)
        if chat and source.generation.get(field, number) != number:
            raise ConvertError(
                f"{source.folder / 'generation_config.json'}: field {field}: is "
                f"{source.generation[field]}, but {name} is {number} in {model.name}"
            )
        if chat and number is None:
            raise ConvertError(f"{model}: has no token {name}, which the chat format needs; fetch it again")
    space = " " if vocabulary.dummy_prefix else ""
    template = (
        "{% for message in messages %}"
        "{% if message['role'] == 'system' and loop.first %}{{ message['content'] }}"
        "{% elif message['role'] == 'user' %}{{ '" + _USER + "' + message['content'] }}"
        "{% elif message['role'] == 'assistant' %}{{ '" + _ASSISTANT + space + "' + message['content'] }}"
        "{% if loop.last %}{{ eos_token }}{% endif %}"
        "{% else %}{{ raise_exception('Baichuan2 has the roles system (first), user and assistant') }}{% endif %}"
        "{% endfor %}{% if add_generation_prompt %}{{ '" + _ASSISTANT + "' }}{% endif %}"
    )
    return Tokens(
        vocabulary,
        {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<unk>", "unk_token": "<unk>"},
        template,
        prefix=("<s>",) if source.tokenizer.get("add_bos_token") else (),
    )


def _limits(source: Source) -> list[str]:
    return [
        "lm_head is kept in float32; loaded in 16 bits it is rounded once.",
        "Training lm_head trains other parameters than the original's, whose rows are brought to unit length after each step.",
        "Between the turns of a longer chat LLaMA-Factory puts </s>; the original, and the chat template, don't.",
        f"Trained up to {source.count('max_position_embeddings')} tokens.",
    ]


FAMILY = Family(
    name="Baichuan2",
    architecture="LlamaForCausalLM",
    dropped=re.compile(r"model\.layers\.\d+\.self_attn\.rotary_emb\.(inv_freq|cos_cached|sin_cached)"),
    refuse=_refuse,
    modules=_modules,
    config=_config,
    is_base=_is_base,
    tokens=_tokens,
    llamafactory={},
    limits=_limits,
)
