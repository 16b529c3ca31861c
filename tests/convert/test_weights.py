import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from odw_harness.convert.family import Source
from odw_harness.convert.run import convert_model
from odw_harness.convert.shards import Checkpoint, Stored
from odw_harness.convert.source import _FAMILIES as BY_TYPE
from odw_harness.convert.weights import check_native, plan
from tests.convert.conftest import FAMILIES, edit_json, logits, put_weights, reference

# The published configurations, as far as they matter.
CHATGLM3_6B = {
    "model_type": "chatglm",
    "num_layers": 28,
    "hidden_size": 4096,
    "ffn_hidden_size": 13696,
    "kv_channels": 128,
    "num_attention_heads": 32,
    "multi_query_group_num": 2,
    "padded_vocab_size": 65024,
    "seq_length": 8192,
    "add_qkv_bias": True,
    "layernorm_epsilon": 1e-5,
    "multi_query_attention": True,
    "rmsnorm": True,
}
BAICHUAN2_7B = {
    "model_type": "baichuan",
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_attention_heads": 32,
    "vocab_size": 125696,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-6,
}
QWEN_1_8B = {
    "model_type": "qwen",
    "num_hidden_layers": 24,
    "hidden_size": 2048,
    "intermediate_size": 11008,
    "num_attention_heads": 16,
    "kv_channels": 128,
    "vocab_size": 151936,
    "seq_length": 8192,
    "layer_norm_epsilon": 1e-6,
    "rotary_emb_base": 10000,
    "max_position_embeddings": 32768,
}
QWEN_7B = {
    **QWEN_1_8B,
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "intermediate_size": 22016,
    "num_attention_heads": 32,
}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_the_original(converted: Callable[[str], Path], family: str, masked: bool) -> None:
    expected = reference(family)["logits_masked" if masked else "logits"]
    there = reference(family)["attention_mask"].bool() if masked else torch.ones(expected.shape[:2], dtype=torch.bool)
    assert (logits(converted(family), family, masked) - expected)[there].abs().max() < 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_a_converted_folder_brings_no_code_and_names_none(converted: Callable[[str], Path], family: str) -> None:
    folder = converted(family)
    assert not list(folder.glob("*.py"))
    assert not any(
        "auto_map" in (folder / name).read_text("utf-8") for name in ("config.json", "tokenizer_config.json")
    )
    assert (folder / "model.safetensors").stat().st_mode & 0o044 == (folder / "config.json").stat().st_mode & 0o044


def test_float16_weights_become_bfloat16_where_asked(original: Callable[[str], Path], tmp_path: Path) -> None:
    source, target = original("chatglm3"), tmp_path / "native"
    convert_model(source, target, dtype="bfloat16")
    found = load_file(target / "model.safetensors")
    assert {tensor.dtype for tensor in found.values()} == {torch.bfloat16}
    assert json.loads((target / "config.json").read_text("utf-8"))["dtype"] == "bfloat16"
    norm = load_file(source / "model.safetensors")["transformer.encoder.final_layernorm.weight"]
    assert torch.equal(found["model.norm.weight"], norm.to(torch.bfloat16))


def test_tensors_keep_their_dtype_but_for_the_head_that_is_normalised(converted: Callable[[str], Path]) -> None:
    for family, dtype in (("chatglm3", torch.float16), ("baichuan2", torch.bfloat16), ("qwen", torch.bfloat16)):
        found = load_file(converted(family) / "model.safetensors")
        odd = {name: tensor.dtype for name, tensor in found.items() if tensor.dtype != dtype}
        assert odd == ({"lm_head.weight": torch.float32} if family == "baichuan2" else {})
        assert json.loads((converted(family) / "config.json").read_text())["dtype"] == str(dtype).split(".")[1]
    norms = load_file(converted("baichuan2") / "model.safetensors")["lm_head.weight"].norm(dim=1)
    assert torch.allclose(norms, torch.ones(640), atol=1e-6)


def test_rows_beyond_the_tokenizer_are_kept(converted: Callable[[str], Path]) -> None:
    found = load_file(converted("chatglm3") / "model.safetensors")
    assert found["model.embed_tokens.weight"].shape == (640, 64)


def _as_bin(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    torch.save(tensors, folder / "pytorch_model.bin")


def _as_old_bin(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    torch.save(tensors, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)


def _as_two(
    folder: Path, tensors: dict[str, torch.Tensor], ending: str, stem: str, save: Callable[..., object]
) -> None:
    names = list(tensors)
    halves = {f"{stem}-0000{n}-of-00002.{ending}": names[n - 1 :: 2] for n in (1, 2)}
    for file, part in halves.items():
        save({name: tensors[name].clone() for name in part}, folder / file)
    places = {name: file for file, part in halves.items() for name in part}
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def _as_two_bins(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    _as_two(folder, tensors, "bin", "pytorch_model", torch.save)


def _as_two_safetensors(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    _as_two(folder, tensors, "safetensors", "model", save_file)


@pytest.mark.parametrize("put", [_as_bin, _as_old_bin, _as_two_bins, _as_two_safetensors])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_all_kinds_of_files_give_the_same_tensors(
    original: Callable[[str], Path], put: Callable[[Path, dict[str, torch.Tensor]], None], dtype: torch.dtype
) -> None:
    source = original("chatglm3")
    tensors = {name: tensor.to(dtype) for name, tensor in load_file(source / "model.safetensors").items()}
    put_weights(source, tensors)
    convert_model(source, source.parent / "plain")
    (source / "model.safetensors").unlink()
    put(source, tensors)
    convert_model(source, source.parent / "other")
    plain, other = (load_file(source.parent / name / "model.safetensors") for name in ("plain", "other"))
    assert plain.keys() == other.keys()
    assert all(torch.equal(plain[name], other[name]) and other[name].dtype == dtype for name in plain)


def test_pickles_are_read_where_the_hub_s_index_of_safetensors_came_without_its_files(
    original: Callable[[str], Path], converted: Callable[[str], Path]
) -> None:
    """`hf download --exclude "*.safetensors"` leaves model.safetensors.index.json."""
    source = original("chatglm3")
    tensors = load_file(source / "model.safetensors")
    _as_two_safetensors(source, tensors)
    _as_two_bins(source, tensors)
    for file in source.glob("*.safetensors"):
        file.unlink()
    convert_model(source, source.parent / "out")
    made, expected = (load_file(f / "model.safetensors") for f in (source.parent / "out", converted("chatglm3")))
    assert made.keys() == expected.keys()
    assert all(torch.equal(made[name], expected[name]) for name in made)
    note = json.loads((source.parent / "out" / "CONVERSION.json").read_text("utf-8"))
    assert set(note["source"]["sha256"]) == {f"pytorch_model-0000{n}-of-00002.bin" for n in (1, 2)}


def test_small_shards_have_an_index_and_load_as_one(
    original: Callable[[str], Path], converted: Callable[[str], Path]
) -> None:
    source = original("chatglm3")
    target = source.parent / "sharded"
    convert_model(source, target, shard=100_000)
    index = json.loads((target / "model.safetensors.index.json").read_text())
    files = sorted(path.name for path in target.glob("model-*.safetensors"))
    assert len(files) > 2
    assert sorted(set(index["weight_map"].values())) == files
    assert index["metadata"]["total_size"] == 2 * sum(
        t.numel() for t in load_file(converted("chatglm3") / "model.safetensors").values()
    )
    for file in files:
        with safe_open(target / file, "pt") as opened:
            names = set(opened.keys())
        assert names == {name for name, place in index["weight_map"].items() if place == file}
    assert torch.equal(logits(target, "chatglm3"), logits(converted("chatglm3"), "chatglm3"))


def test_buffers_of_rotary_embeddings_are_left_out_and_noted(original: Callable[[str], Path]) -> None:
    source = original("baichuan2")
    tensors = load_file(source / "model.safetensors")
    buffers = {f"model.layers.{n}.self_attn.rotary_emb.inv_freq": torch.ones(8) for n in (0, 1)}
    put_weights(source, tensors | buffers)
    convert_model(source, source.parent / "out")
    assert json.loads((source.parent / "out" / "CONVERSION.json").read_text("utf-8"))["left_out"] == list(buffers)
    assert (logits(source.parent / "out", "baichuan2") - reference("baichuan2")["logits"]).abs().max() < 1e-5


def test_the_long_chatglm3_stretches_its_rotary_base(original: Callable[[str], Path]) -> None:
    source = original("chatglm3")
    edit_json(source / "config.json", lambda config: config.update(rope_ratio=50, seq_length=32768))
    convert_model(source, source.parent / "out")
    made = json.loads((source.parent / "out" / "config.json").read_text())
    assert made["rope_parameters"] == {"rope_type": "default", "rope_theta": 500000.0, "partial_rotary_factor": 0.5}
    assert (made["rope_theta"], made["partial_rotary_factor"]) == (500000.0, 0.5)  # for readers of transformers 4
    assert made["max_position_embeddings"] == 32768


def test_qwen_is_as_long_as_it_was_trained_for(converted: Callable[[str], Path]) -> None:
    folder = converted("qwen")  # seq_length 8192, max_position_embeddings 32768 in the original
    assert json.loads((folder / "config.json").read_text())["max_position_embeddings"] == 8192
    assert json.loads((folder / "tokenizer_config.json").read_text())["model_max_length"] == 8192
    assert "use_logn_attn" in json.loads((folder / "CONVERSION.json").read_text("utf-8"))["limits"][0]


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (CHATGLM3_6B, 6_243_584_000),
        (BAICHUAN2_7B, 7_505_973_248),
        (QWEN_1_8B, 1_836_828_672),
        (QWEN_7B, 7_721_324_544),
    ],
)
def test_the_published_models_have_all_their_parameters_and_a_place_for_each(
    config: dict[str, Any], parameters: int
) -> None:
    from transformers import AutoModelForCausalLM

    family, source = BY_TYPE[config["model_type"]], Source(Path("model"), config, {}, {})
    family.refuse(source)
    tensors = {
        f"{name}.{last}": Stored(Path("a.bin"), shape, torch.bfloat16)
        for name, module in family.modules(source).items()
        for last, shape in module.tensors().items()
    }
    assert sum(math.prod(stored.shape) for stored in tensors.values()) == parameters
    native = family.config(source)
    native.pad_token_id = None
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(native)
    check_native(plan(family, source, Checkpoint((), None, tensors)), model)


def test_the_note_says_what_was_converted(converted: Callable[[str], Path]) -> None:
    from hashlib import sha256

    note = json.loads((converted("chatglm3") / "CONVERSION.json").read_text("utf-8"))
    data = (Path(__file__).parent / "legacy" / "chatglm3" / "model.safetensors").read_bytes()
    assert note["source"]["sha256"] == {"model.safetensors": sha256(data).hexdigest()}
    assert note["source"]["config"]["padded_vocab_size"] == 640
    assert note["mapping"]["transformer.encoder.layers.{n}.self_attention.query_key_value"] == (
        "model.layers.{n}.self_attn.q_proj (rows 0–63), model.layers.{n}.self_attn.k_proj (rows 64–95), "
        "model.layers.{n}.self_attn.v_proj (rows 96–127)"
    )
