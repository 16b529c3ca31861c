"""An adapter converted onto a converted base must compute what the original computes once the adapter is merged into it.

The merging is done here by hand, W + s·B·A, on the original's own tensors, which are then converted as any model. In float64:
what is left of rounding is that of the norms and of the rotary embedding, which transformers computes in float32.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from odw_harness.cli import main
from odw_harness.convert.adapter import convert_adapter
from odw_harness.convert.run import convert_model
from odw_harness.errors import ConvertError
from tests.convert.conftest import logits, put_weights, reference

Tensors = dict[str, torch.Tensor]
LAYERS = {
    "chatglm3": (
        "transformer.encoder.layers.{}.",
        ("self_attention.query_key_value", "self_attention.dense", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h"),
    ),
    "baichuan2": (
        "model.layers.{}.",
        ("self_attn.W_pack", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"),
    ),
    "qwen": ("transformer.h.{}.", ("attn.c_attn", "attn.c_proj", "mlp.w1", "mlp.w2", "mlp.c_proj")),
}
EMBEDDING = {
    "chatglm3": "transformer.embedding.word_embeddings",
    "baichuan2": "model.embed_tokens",
    "qwen": "transformer.wte",
}
HEAD = {"chatglm3": "transformer.output_layer", "baichuan2": "lm_head", "qwen": "lm_head"}
CASES = ("plain", "rslora", "dora", "patterns", "some layers", "bias", "embedding", "saved")


def linear(family: str) -> list[str]:
    prefix, names = LAYERS[family]
    return [prefix.format(number) + name for number in (0, 1) for name in names]


class Trained:
    """An adapter as peft saves it after training on an original, and the original with it merged."""

    def __init__(self, family: str, case: str, weights: Tensors) -> None:
        self.merged = {name: tensor.double() for name, tensor in weights.items()}
        self.tensors: Tensors = {}
        self.chance = torch.Generator().manual_seed(len(case))
        self.config: dict[str, Any] = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "r": 4,
            "lora_alpha": 8,
            "lora_dropout": 0.0,
            "bias": "none",
            "target_modules": sorted({name.split(".")[-1] for name in linear(family)}),
            "base_model_name_or_path": "somewhere/original",
            "modules_to_save": None,
            "inference_mode": True,
        }
        modules = linear(family)
        rank, scale = 4, 8 / 4
        if case == "rslora":
            self.config["use_rslora"] = True
            scale = 8 / 4**0.5
        elif case == "dora":
            self.config["use_dora"] = True
        elif case == "some layers":
            modules = [name for name in modules if ".1." in name]
            self.config["layers_to_transform"] = [1]
        elif case == "bias":
            self.config |= {"bias": "all", "lora_bias": True}
        for module in modules:
            special = case == "patterns" and module == modules[0]
            self.adapt(module, 2 if special else rank, 16 / 2 if special else scale)
        if case == "patterns":
            self.config |= {"rank_pattern": {modules[0]: 2}, "alpha_pattern": {modules[0]: 16}}
        if case == "embedding":
            self.embed(EMBEDDING[family])
        if case == "saved":
            self.save(HEAD[family])

    def random(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=self.chance) * 0.1

    def adapt(self, module: str, rank: int, scale: float) -> None:
        weight = self.merged[f"{module}.weight"]
        a, b = self.random(rank, weight.shape[1]), self.random(weight.shape[0], rank)
        key = f"base_model.model.{module}"
        self.tensors |= {f"{key}.lora_A.weight": a, f"{key}.lora_B.weight": b}
        changed = weight + scale * b @ a
        if self.config.get("use_dora"):
            size = weight.norm(dim=1) * (1 + self.random(len(weight)))
            self.tensors[f"{key}.lora_magnitude_vector"] = size
            changed = size[:, None] * changed / changed.norm(dim=1, keepdim=True)
        self.merged[f"{module}.weight"] = changed
        bias = f"{module}.bias"
        if self.config.get("lora_bias") and bias in self.merged:
            trained, low = self.merged[bias] + self.random(len(weight)), self.random(len(weight))
            self.tensors |= {f"{key}.base_layer.bias": trained, f"{key}.lora_B.bias": low}
            self.merged[bias] = trained + scale * low
        elif self.config.get("lora_bias"):
            self.tensors[f"{key}.lora_B.bias"] = torch.zeros(len(weight))

    def embed(self, module: str) -> None:
        rows, columns = self.merged[f"{module}.weight"].shape
        a, b = self.random(4, rows), self.random(columns, 4)
        key = f"base_model.model.{module}"
        self.tensors |= {f"{key}.lora_embedding_A": a, f"{key}.lora_embedding_B": b}
        self.merged[f"{module}.weight"] = self.merged[f"{module}.weight"] + 2 * (b @ a).T
        self.config["target_modules"].append(module.split(".")[-1])

    def save(self, module: str) -> None:
        weight = self.merged[f"{module}.weight"] + self.random(*self.merged[f"{module}.weight"].shape)
        self.tensors[f"base_model.model.{module}.weight"] = self.merged[f"{module}.weight"] = weight
        self.config["modules_to_save"] = [module.split(".")[-1]]

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        save_file(
            {name: tensor.contiguous().clone() for name, tensor in self.tensors.items()},
            folder / "adapter_model.safetensors",
        )
        (folder / "adapter_config.json").write_text(json.dumps(self.config))
        return folder


def adapted_logits(base: Path, adapter: Path, family: str) -> torch.Tensor:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with torch.no_grad():
        adapted = PeftModel.from_pretrained(model, adapter).double()
        made: torch.Tensor = adapted(reference(family)["input_ids"]).logits
    return made


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("family", LAYERS)
def test_a_converted_adapter_computes_what_the_merged_original_does(
    original: Callable[[str], Path], converted: Callable[[str], Path], family: str, case: str
) -> None:
    source = original(family)
    trained = Trained(family, case, load_file(source / "model.safetensors"))
    adapter = trained.write(source.parent / "adapter")
    convert_adapter(adapter, source.parent / "native", converted(family))
    put_weights(source, trained.merged)
    convert_model(source, source.parent / "merged")
    expected = logits(source.parent / "merged", family, dtype=torch.float64)
    assert (expected - reference(family)["logits"]).abs().max() > 0.05  # the adapter matters
    assert (adapted_logits(converted(family), source.parent / "native", family) - expected).abs().max() < 1e-5


def test_rank_and_alpha_stay_and_the_targets_are_named_in_short(
    original: Callable[[str], Path], converted: Callable[[str], Path], tmp_path: Path
) -> None:
    weights = load_file(original("qwen") / "model.safetensors")
    adapter = Trained("qwen", "plain", weights).write(tmp_path / "adapter")
    convert_adapter(adapter, tmp_path / "native", converted("qwen"))
    made = json.loads((tmp_path / "native" / "adapter_config.json").read_text())
    assert (made["r"], made["lora_alpha"]) == (4, 8)
    assert made["target_modules"] == ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
    assert made["base_model_name_or_path"] == str(converted("qwen").resolve())
    assert made["rank_pattern"] == made["alpha_pattern"] == {}


def test_an_adapter_of_2023_converts(
    original: Callable[[str], Path], converted: Callable[[str], Path], tmp_path: Path
) -> None:
    """peft 0.3 to 0.11: other fields, a pickle, numbers as the trainer had them, the task that ChatGLM was put under."""
    trained = Trained("chatglm3", "plain", load_file(original("chatglm3") / "model.safetensors"))
    trained.config |= {
        "enable_lora": None,
        "merge_weights": False,
        "fan_in_fan_out": False,
        "init_lora_weights": True,
        "lora_alpha": 8.0,
        "layer_replication": None,
        "loftq_config": {},
        "megatron_config": None,
        "megatron_core": "megatron.core",
        "target_modules": "query_key_value|dense|dense_h_to_4h|dense_4h_to_h",
        "task_type": "SEQ_2_SEQ_LM",
    }
    adapter = trained.write(tmp_path / "adapter")
    torch.save(load_file(adapter / "adapter_model.safetensors"), adapter / "adapter_model.bin")
    (adapter / "adapter_model.safetensors").unlink()
    convert_adapter(adapter, tmp_path / "native", converted("chatglm3"))
    assert json.loads((tmp_path / "native" / "adapter_config.json").read_text())["task_type"] == "CAUSAL_LM"
    assert adapted_logits(converted("chatglm3"), tmp_path / "native", "chatglm3").isfinite().all()


def test_layers_that_were_not_adapted_stay_as_they_are(
    original: Callable[[str], Path], converted: Callable[[str], Path], tmp_path: Path
) -> None:
    weights = load_file(original("baichuan2") / "model.safetensors")
    adapter = Trained("baichuan2", "some layers", weights).write(tmp_path / "adapter")
    convert_adapter(adapter, tmp_path / "native", converted("baichuan2"))
    made = json.loads((tmp_path / "native" / "adapter_config.json").read_text())
    assert "model.layers.1.self_attn.q_proj" in made["target_modules"]
    assert not any(".0." in name for name in made["target_modules"])
    assert made["layers_to_transform"] is None


def test_the_base_may_be_the_original_and_be_named_by_the_adapter(original: Callable[[str], Path]) -> None:
    source = original("chatglm3")
    trained = Trained("chatglm3", "plain", load_file(source / "model.safetensors"))
    trained.config["base_model_name_or_path"] = str(source)
    adapter = trained.write(source.parent / "adapter")
    assert main(["convert", str(adapter), str(source.parent / "native")]) == 0
    assert len(load_file(source.parent / "native" / "adapter_model.safetensors")) == 2 * 2 * 6


def spoil(**fields: Any) -> Callable[[Trained], object]:
    return lambda trained: trained.config.update(fields)


def add(name: str, *shape: int) -> Callable[[Trained], object]:
    return lambda trained: trained.tensors.update({f"base_model.model.{name}": torch.zeros(shape)})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (spoil(peft_type="IA3"), "peft_type: is IA3; only LoRA"),
        (spoil(peft_type="PROMPT_TUNING"), "only LoRA"),
        (spoil(init_lora_weights="pissa"), "init_lora_weights: is 'pissa', which changes the base"),
        (spoil(init_lora_weights="loftq"), "changes the base"),
        (spoil(layer_replication=[[0, 2]]), "field layer_replication"),
        (spoil(trainable_token_indices=[5]), "field trainable_token_indices"),
        (spoil(use_qalora=True), "field use_qalora"),
        (spoil(something_of_tomorrow=7), "field something_of_tomorrow: is 7"),
        (spoil(fan_in_fan_out=True), "fan_in_fan_out"),
        (spoil(r=8), "has another rank than the 8"),
        (add("lm_head.lora_A.weight", 4, 64), "adapts the head"),
        (add("model.layers.7.mlp.up_proj.lora_A.weight", 4, 64), "fits no module of Baichuan2"),
        (add("model.layers.0.mlp.up_proj.lora_A.weight", 4, 63), r"has shape \[4, 63\], by the base it is r × 64"),
        (add("lm_head.weight", 600, 64), r"has shape \[600, 64\]"),
        (add("prompt_embeddings", 4, 63), "fits no module"),
        (add("model.layers.0.mlp.up_proj.bias", 128), "that module of Baichuan2 has no bias"),
    ],
)
def test_what_is_not_exact_is_refused_by_name(
    original: Callable[[str], Path], converted: Callable[[str], Path], tmp_path: Path, change: Any, word: str
) -> None:
    trained = Trained("baichuan2", "plain", load_file(original("baichuan2") / "model.safetensors"))
    change(trained)
    adapter = trained.write(tmp_path / "adapter")
    with pytest.raises(ConvertError, match=word) as caught:
        convert_adapter(adapter, tmp_path / "native", converted("baichuan2"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "native").exists()


def test_an_adapter_of_another_family_is_refused(
    original: Callable[[str], Path], converted: Callable[[str], Path], tmp_path: Path
) -> None:
    adapter = Trained("qwen", "plain", load_file(original("qwen") / "model.safetensors")).write(tmp_path / "adapter")
    with pytest.raises(ConvertError, match="fits no module of Baichuan2"):
        convert_adapter(adapter, tmp_path / "native", converted("baichuan2"))
    with pytest.raises(ConvertError, match="trained on somewhere/original; name the converted model by --base"):
        convert_adapter(adapter, tmp_path / "native", None)
    with pytest.raises(ConvertError, match="is an adapter; give the model"):
        convert_adapter(adapter, tmp_path / "native", adapter)


@pytest.mark.parametrize("family", LAYERS)
def test_an_adapter_that_peft_itself_saved_converts(
    original: Callable[[str], Path], converted: Callable[[str], Path], family: str, tmp_path: Path
) -> None:
    from peft import LoraConfig, get_peft_model

    skeleton = torch.nn.Module()  # the modules of the original, under their names
    tensors = load_file(original(family) / "model.safetensors")
    for name, tensor in tensors.items():
        module, _, last = name.rpartition(".")
        if last != "weight" or tensor.dim() < 2:
            continue
        *path, leaf = module.split(".")
        parent = skeleton
        for part in path:
            if not hasattr(parent, part):
                parent.add_module(part, torch.nn.Module())
            parent = getattr(parent, part)
        rows, columns = tensor.shape
        parent.add_module(
            leaf,
            torch.nn.Embedding(rows, columns)
            if module == EMBEDDING[family]
            else torch.nn.Linear(columns, rows, bias=f"{module}.bias" in tensors),
        )
    targets = sorted({name.split(".")[-1] for name in linear(family)})
    saved = [HEAD[family].split(".")[-1]]
    config = LoraConfig(r=4, target_modules=targets, use_dora=True, modules_to_save=saved, bias="all")
    get_peft_model(skeleton, config).save_pretrained(tmp_path / "adapter")
    convert_adapter(tmp_path / "adapter", tmp_path / "native", converted(family))
    made = load_file(tmp_path / "native" / "adapter_model.safetensors")
    assert "base_model.model.model.layers.1.self_attn.k_proj.lora_magnitude_vector" in made
    assert "base_model.model.lm_head.weight" in made
    assert adapted_logits(converted(family), tmp_path / "native", family).isfinite().all()
