"""Qwen-1 → Qwen2. They differ in names, in one packed matrix of attention, and beyond the length that Qwen-1 was trained for."""

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

from odw_harness.convert.family import Family, Module, Source, Tokens, split, whole
from odw_harness.convert.tokenizer import from_tiktoken
from odw_harness.errors import ConvertError

if TYPE_CHECKING:
    from transformers import Qwen2Config

_END, _TURN, _TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
_SPECIAL = (_END, _TURN, _TURN_END, *(f"<|extra_{number}|>" for number in range(205)))
_SYSTEM = "You are a helpful assistant."


def _refuse(source: Source) -> None:
    for field, name in (("visual", "Qwen-VL"), ("audio", "Qwen-Audio")):
        if field in source.config:
            raise ConvertError(f"{source.folder}: is {name}, which sees or hears; only the text models are converted")
    source.must_be({"no_bias": True, "rotary_pct": 1.0, "scale_attn_weights": True, "tie_word_embeddings": False})
    if source.count("intermediate_size") % 2:
        raise source.fault("intermediate_size", "must be even: it counts gate and up together")
    if source.count("kv_channels", 128) * source.count("num_attention_heads") != source.count("hidden_size"):
        raise source.fault("kv_channels", "times num_attention_heads must be hidden_size")


def _modules(source: Source) -> dict[str, Module]:
    hidden, vocabulary = source.count("hidden_size"), source.count("vocab_size")
    inner = source.count("intermediate_size") // 2
    modules = {
        "transformer.wte": whole("model.embed_tokens", vocabulary, hidden),
        "transformer.ln_f": whole("model.norm", hidden),
        "lm_head": whole("lm_head", vocabulary, hidden),
    }
    for number in range(source.count("num_hidden_layers")):
        theirs, ours = f"transformer.h.{number}.", f"model.layers.{number}."
        modules |= {
            f"{theirs}ln_1": whole(f"{ours}input_layernorm", hidden),
            f"{theirs}attn.c_attn": split(
                [f"{ours}self_attn.{name}_proj" for name in "qkv"], (hidden, hidden, hidden), hidden, bias=True
            ),
            f"{theirs}attn.c_proj": whole(f"{ours}self_attn.o_proj", hidden, hidden),
            f"{theirs}ln_2": whole(f"{ours}post_attention_layernorm", hidden),
            f"{theirs}mlp.w1": whole(f"{ours}mlp.up_proj", inner, hidden),
            f"{theirs}mlp.w2": whole(f"{ours}mlp.gate_proj", inner, hidden),
            f"{theirs}mlp.c_proj": whole(f"{ours}mlp.down_proj", hidden, inner),
        }
    return modules


def _config(source: Source) -> "Qwen2Config":
    from transformers import Qwen2Config

    return Qwen2Config(
        vocab_size=source.count("vocab_size"),
        hidden_size=source.count("hidden_size"),
        intermediate_size=source.count("intermediate_size") // 2,
        num_hidden_layers=source.count("num_hidden_layers"),
        num_attention_heads=source.count("num_attention_heads"),
        num_key_value_heads=source.count("num_attention_heads"),
        max_position_embeddings=source.count("seq_length"),
        rms_norm_eps=source.number("layer_norm_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": source.number("rotary_emb_base", 10000.0)},
        tie_word_embeddings=False,
    )


def _is_base(source: Source) -> bool:
    if "chat_format" in source.generation:
        return bool(source.generation["chat_format"] == "raw")
    if any("chat" in name for name in source.names()):
        return False
    return any(re.fullmatch(r"qwen-\d+(_\d+)?b", name) for name in source.names())


def _tokens(source: Source, chat: bool) -> Tokens:
    vocabulary = from_tiktoken(_vocabulary(source), _SPECIAL)
    template = (
        "{% if messages[0]['role'] != 'system' %}"
        "{{ '" + _TURN + "system\\n" + _SYSTEM + _TURN_END + "\\n' }}{% endif %}"
        "{% for message in messages %}"
        "{{ '" + _TURN + "' + message['role'] + '\\n' + message['content'] + '" + _TURN_END + "\\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '" + _TURN + "assistant\\n' }}{% endif %}"
    )
    return Tokens(
        vocabulary,
        {"eos_token": _TURN_END if chat else _END, "pad_token": _END},
        template,
        stops=(_END, _TURN) if chat else (),
    )


def _vocabulary(source: Source) -> Path:
    """The source's vocabulary, or, as all models of this family have the same, that of the package dashscope."""
    own = source.folder / "qwen.tiktoken"
    package = importlib.util.find_spec("dashscope")
    other = Path(package.origin).parent / "resources" / own.name if package and package.origin else own
    for file in (own, other):
        if file.is_file():
            return file
    raise ConvertError(f"{source.folder}: {own.name} is missing; fetch it too, or pip install dashscope, which has it")


def _limits(source: Source) -> list[str]:
    length = source.count("seq_length")
    own = (source.folder / "qwen.tiktoken").is_file()
    return [
        *(() if own else ("The source had no qwen.tiktoken: the vocabulary is from the package dashscope.",)),
        f"Equal to the original up to {length} tokens, the length it was trained for; beyond it the original stretches "
        "its rotary embedding (use_dynamic_ntk) and scales attention by log n (use_logn_attn), and this model doesn't.",
    ]


FAMILY = Family(
    name="Qwen",
    architecture="Qwen2ForCausalLM",
    dropped=re.compile(r"transformer\.(rotary_emb\.inv_freq|h\.\d+\.attn\.(bias|masked_bias|rotary_emb\.inv_freq))"),
    refuse=_refuse,
    modules=_modules,
    config=_config,
    is_base=_is_base,
    tokens=_tokens,
    llamafactory={"template": "qwen", "default_system": _SYSTEM},
    limits=_limits,
)
