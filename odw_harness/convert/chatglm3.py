"""ChatGLM3 → Glm. The two differ in names, and in one packed matrix of attention: 32 heads of queries, 2 groups of keys and values."""

import re
from typing import TYPE_CHECKING

from odw_harness.convert.family import Family, Module, Source, Tokens, split, whole
from odw_harness.convert.tokenizer import from_sentencepiece
from odw_harness.errors import ConvertError

if TYPE_CHECKING:
    from transformers import GlmConfig

_ROLES = ("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
_ADDED = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop", *_ROLES)
"""What the original's code puts after the pieces of its sentencepiece model, in this order."""
_RELATIVES = {"chatglm2": "ChatGLM2", "codegeex": "CodeGeeX", "cogvlm": "CogVLM", "visualglm": "VisualGLM"}


def _refuse(source: Source) -> None:
    if "position_encoding_2d" in source.config or "inner_hidden_size" in source.config:
        raise ConvertError(f"{source.folder}: is ChatGLM-6B, the first; only ChatGLM3 is converted")
    if any(re.search(r"glm-?4", name) for name in source.names()) or source.count("padded_vocab_size") > 100_000:
        raise ConvertError(f"{source.folder}: is GLM-4, which is published in native form (its name ends in -hf)")
    for part, name in _RELATIVES.items():
        if any(part in told for told in source.names()):
            raise ConvertError(
                f"{source.folder}: is {name}, whose tokens and chat format differ; only ChatGLM3 is converted"
            )
    code = source.folder / "tokenization_chatglm.py"
    if code.is_file() and "<|user|>" not in code.read_text(encoding="utf-8", errors="replace"):
        raise ConvertError(f"{source.folder}: has a tokenizer without <|user|> (ChatGLM2?); only ChatGLM3 is converted")
    if source.config.get("pre_seq_len"):
        raise source.fault("pre_seq_len", "stands for P-tuning, which has no native form")
    source.must_be(
        {
            "add_bias_linear": False,
            "apply_residual_connection_post_layernorm": False,
            "multi_query_attention": True,
            "original_rope": True,
            "post_layer_norm": True,
            "rmsnorm": True,
            "tie_word_embeddings": False,
        }
    )


def _modules(source: Source) -> dict[str, Module]:
    hidden, inner, vocabulary = (source.count(f) for f in ("hidden_size", "ffn_hidden_size", "padded_vocab_size"))
    heads, groups, dim = (source.count(f) for f in ("num_attention_heads", "multi_query_group_num", "kv_channels"))
    modules = {
        "transformer.embedding.word_embeddings": whole("model.embed_tokens", vocabulary, hidden),
        "transformer.encoder.final_layernorm": whole("model.norm", hidden),
        "transformer.output_layer": whole("lm_head", vocabulary, hidden),
    }
    for number in range(source.count("num_layers")):
        theirs, ours = f"transformer.encoder.layers.{number}.", f"model.layers.{number}."
        modules |= {
            f"{theirs}input_layernorm": whole(f"{ours}input_layernorm", hidden),
            f"{theirs}self_attention.query_key_value": split(
                [f"{ours}self_attn.{name}_proj" for name in "qkv"],
                (heads * dim, groups * dim, groups * dim),
                hidden,
                bias=bool(source.config.get("add_qkv_bias", False)),
            ),
            f"{theirs}self_attention.dense": whole(f"{ours}self_attn.o_proj", hidden, heads * dim),
            f"{theirs}post_attention_layernorm": whole(f"{ours}post_attention_layernorm", hidden),
            f"{theirs}mlp.dense_h_to_4h": whole(f"{ours}mlp.gate_up_proj", 2 * inner, hidden),
            f"{theirs}mlp.dense_4h_to_h": whole(f"{ours}mlp.down_proj", hidden, inner),
        }
    return modules


def _config(source: Source) -> "GlmConfig":
    from transformers import GlmConfig

    return GlmConfig(
        vocab_size=source.count("padded_vocab_size"),
        hidden_size=source.count("hidden_size"),
        intermediate_size=source.count("ffn_hidden_size"),
        num_hidden_layers=source.count("num_layers"),
        num_attention_heads=source.count("num_attention_heads"),
        num_key_value_heads=source.count("multi_query_group_num"),
        head_dim=source.count("kv_channels"),
        attention_bias=bool(source.config.get("add_qkv_bias", False)),
        max_position_embeddings=source.count("seq_length"),
        rms_norm_eps=source.number("layernorm_epsilon"),
        # ChatGLM3-6B-32k stretches the base of its rotary embedding by rope_ratio; half of a head's width is rotated.
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0 * source.number("rope_ratio", 1.0),
            "partial_rotary_factor": 0.5,
        },
        tie_word_embeddings=False,
    )


def _tokens(source: Source, chat: bool) -> Tokens:
    vocabulary = from_sentencepiece(
        source.file("tokenizer.model"),
        special=("<unk>", "</s>", "[gMASK]", *_ROLES),
        added=_ADDED,
        alone="sop",  # anywhere else it is part of a word: sophisticated
    )
    # The original encodes `\n` and the content apart, each with a space before it.
    space = " " if vocabulary.dummy_prefix else ""
    template = (
        "{{ '[gMASK]sop' }}{% for message in messages %}"
        "{% if message['role'] not in ['system', 'user', 'assistant', 'observation'] %}"
        "{{ raise_exception('ChatGLM3 has the roles system, user, assistant and observation') }}{% endif %}"
        "{{ '<|' + message['role'] + '|>' + (message['metadata'] or '') + '\\n" + space + "' + message['content'] }}"
        "{% if loop.last and message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
    )
    return Tokens(
        vocabulary,
        # [gMASK] opens every text; as the beginning-of-sequence token lm-eval sees that a chat prompt has it already.
        {"bos_token": "[gMASK]", "eos_token": "</s>", "pad_token": "<unk>", "unk_token": "<unk>"},
        template,
        prefix=("[gMASK]", "sop"),
        stops=("<|user|>", "<|observation|>") if chat else (),
    )


def _limits(source: Source) -> list[str]:
    return [
        "The names of roles (<|user|>, …) and [gMASK] are special tokens wherever they stand in a text; the original spells them in a message.",
        "A text that is sop and nothing else is one token; the original spells it.",
        f"Trained up to {source.count('seq_length')} tokens.",
    ]


FAMILY = Family(
    name="ChatGLM3",
    architecture="GlmForCausalLM",
    dropped=re.compile(r"transformer\.rotary_pos_emb\.inv_freq"),
    refuse=_refuse,
    modules=_modules,
    config=_config,
    is_base=Source.named_base,
    tokens=_tokens,
    llamafactory={"template": "chatglm3"},
    limits=_limits,
)
