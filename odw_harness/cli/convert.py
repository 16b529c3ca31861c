"""`odw convert`: original checkpoints and adapters made native to transformers."""

import argparse
import sys
from pathlib import Path
from typing import Any

from odw_harness.cli.options import Help


def add(commands: Any) -> None:
    """Add the command."""
    convert = commands.add_parser(
        "convert",
        help="make an original ChatGLM3, Baichuan2-7B or Qwen-1 model, or a LoRA adapter of one, native",
        description="Make an original ChatGLM3, Baichuan2-7B or Qwen (the first) checkpoint a Glm, Llama or Qwen2 checkpoint that loads without trust_remote_code and computes the same, with a fast tokenizer of the same ids. LoRA adapters that were trained on an original are made to fit the converted model. Reads .bin and .safetensors, writes safetensors; no original code is run. CONVERSION.json in DST says what was done and what the limits are.",
        epilog="examples:\n"
        "  odw convert /models/chatglm3-6b models/chatglm3-6b\n"
        "  odw convert /models/Baichuan2-7B-Base models/baichuan2-7b --chat-template    # to train it for chat\n"
        "  odw convert saves/old_qwen_lora saves/qwen_lora --base models/qwen-7b-chat   # an adapter\n\n"
        "then: odw eval --model_args pretrained=models/chatglm3-6b --apply_chat_template",
        formatter_class=Help,
    )
    convert.add_argument("source", metavar="SRC", type=Path, help="folder of an original model, or of an adapter")
    convert.add_argument("target", metavar="DST", type=Path, help="folder to make; it appears when it is whole")
    convert.add_argument(
        "--base",
        type=Path,
        metavar="DIR",
        help="of an adapter: the converted (or original) model that it belongs to (default: the one that it names)",
    )
    convert.add_argument(
        "--chat-template",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="of a model: with or without the chat template (default: with, unless the source is a base model)",
    )
    convert.add_argument(
        "--shard-size", type=_gigabytes, metavar="GB", help="of a model: size of the files written (default: 2)"
    )
    convert.add_argument(
        "--dtype",
        choices=("bfloat16", "float32"),
        help="of a model: of the weights written (default: as they are). LLaMA-Factory trains float16 weights, such as ChatGLM3's, not in bf16",
    )
    convert.add_argument("--force", action="store_true", help="replace DST, if it is a model or an adapter")
    convert.set_defaults(run=_convert)


def _gigabytes(text: str) -> int:
    try:
        size = float(text)
    except ValueError:
        size = 0.0
    if not 0 < size < 1000:
        raise argparse.ArgumentTypeError(f"{text} is no size in GB, such as 2 or 0.5")
    return int(size * 1e9)


def _convert(options: Any) -> int:
    from odw_harness.convert.adapter import convert_adapter
    from odw_harness.convert.run import SHARD, convert_model
    from odw_harness.convert.source import ADAPTER_CONFIG
    from odw_harness.errors import ConvertError

    source, target = options.source.expanduser(), options.target.expanduser()
    if not source.is_dir():
        kind = "is a file (a GGUF can't be converted)" if source.suffix == ".gguf" else "is no folder"
        raise ConvertError(f"{source}: {kind}; give the folder of an original model or of an adapter")
    adapter = (source / ADAPTER_CONFIG).is_file()
    if not adapter and options.base:
        raise ConvertError(f"{source}: has no {ADAPTER_CONFIG}; --base is for adapters, and this is none")
    if adapter and (options.shard_size or options.dtype or options.chat_template is not None):
        raise ConvertError(f"{source}: is an adapter; --shard-size, --dtype and --chat-template are for models")
    try:
        if adapter:
            base = options.base.expanduser() if options.base else None
            done = convert_adapter(source, target, base, options.force)
        else:
            size = options.shard_size or SHARD
            done = convert_model(source, target, options.force, options.chat_template, size, dtype=options.dtype)
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    for warning in done.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    _show(done, adapter)
    return 0


def _show(done: Any, adapter: bool) -> None:
    print(f"{done.folder}: {done.what}, {done.size / 1e9:.2f} GB")
    if adapter:
        print(f"  odw eval --model_args pretrained=BASE,peft={done.folder} --apply_chat_template")
        return
    print(f"  odw eval --model_args pretrained={done.folder}{' --apply_chat_template' if done.chat else ''}")
    settings = {"model_name_or_path": str(done.folder), **done.llamafactory}
    print("  LLaMA-Factory: " + "; ".join(f"{name}: {value}" for name, value in settings.items()))
    if "template" not in done.llamafactory:
        said = (
            "no template: its own chat template is used"
            if done.chat
            else "convert with --chat-template to train for chat"
        )
        print(f"  ({said})")
