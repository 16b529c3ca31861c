"""`odw configs`: LLaMA-Factory's configurations made, checked, and launched on several GPUs."""

import json
import sys
from pathlib import Path
from typing import Any

from odw_harness.cli.options import Help


def add(commands: Any) -> None:
    """Add the commands."""
    configs = commands.add_parser(
        "configs",
        help="make, check and launch LLaMA-Factory's configurations",
        description="LLaMA-Factory's configurations: check yours, launch one on several GPUs, make those of a new model. Run from the repository's root, as llamafactory-cli is.",
        epilog="examples:\n"
        "  odw configs check mine.yaml\n"
        "  odw configs check configs/*.yaml configs/export/*.yaml --json\n"
        "  odw configs launch configs/qwen7b_lora.yaml --gpus 2 --overlay zero3\n"
        "  odw configs build         # after a change in llamafactory_configs/models or templates",
        formatter_class=Help,
    )
    actions = configs.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="find every fault of configurations, with its line",
        description="Find every fault of LLaMA-Factory configurations (train, export, chat, api), by LLaMA-Factory's own parser and for what that lets through. Nothing is written or fetched. A notice is no fault.",
        epilog="examples:\n  odw configs check mine.yaml\n  odw configs check configs/*.yaml configs/export/*.yaml configs/infer/*.yaml\n\n"
        "exit codes: 0 right; 1 faults; 2 a file can't be read",
        formatter_class=Help,
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="YAML files")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    check.set_defaults(run=_check)

    launch = actions.add_parser(
        "launch",
        help="print the command that trains on several GPUs",
        description="Print the command that trains by a configuration on several GPUs, with batch and accumulation so set that a step sees as many documents as on one. Nothing is run. What can't work together is refused, with the reason.",
        epilog="examples:\n"
        "  odw configs launch configs/qwen7b_lora.yaml --gpus 2\n"
        "  odw configs launch configs/qwen7b_qlora.yaml --gpus 2 --overlay fsdp\n"
        "  odw configs launch configs/qwen3_8b_lora.yaml --gpus 8 --overlay zero2 --effective-batch 16\n"
        '  eval "$(odw configs launch configs/qwen7b_lora.yaml --gpus 2)"    # prints and runs',
        formatter_class=Help,
    )
    launch.add_argument("config", metavar="CONFIG", help="a training configuration")
    launch.add_argument("--gpus", type=int, required=True, metavar="N", help="how many, on this machine")
    launch.add_argument(
        "--overlay",
        metavar="NAME|FILE",
        help="zero2, zero3 or fsdp (default: none, plain data parallelism), or your file",
    )
    launch.add_argument("--effective-batch", type=int, metavar="N", help="documents a step, where it shall be another")
    launch.add_argument("--json", action="store_true", help="print one JSON document")
    launch.set_defaults(run=_launch)

    build = actions.add_parser(
        "build",
        help="make configurations of the models' files",
        description="Make the configurations of llamafactory_configs/models/*.yaml, a few lines each, by llamafactory_configs/templates.",
        epilog="examples:\n  odw configs build\n  odw configs build --check",
        formatter_class=Help,
    )
    build.add_argument("--folder", default="llamafactory_configs", metavar="FOLDER", help="default: %(default)s")
    build.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a file is not as it would be made"
    )
    build.set_defaults(run=_build)


def _check(options: Any) -> int:
    print("loading LLaMA-Factory (some seconds) …", file=sys.stderr, flush=True)
    from odw_harness.configs.check import check_file, lines

    checked = [check_file(file) for file in options.files]
    if options.json:
        print(json.dumps({"files": [each.as_json() for each in checked]}, ensure_ascii=False, indent=1))
    else:
        for each in checked:
            for line in lines(each):
                print(line)
    unreadable = sum(each.unreadable is not None for each in checked)
    faulty = sum(not each.passed for each in checked) - unreadable
    right = len(checked) - faulty - unreadable
    said = [
        f"{number} {what}"
        for number, what in ((right, "right"), (faulty, "with faults"), (unreadable, "unreadable"))
        if number
    ]
    print(f"{len(checked)} file{'s'[: len(checked) != 1]}: {', '.join(said)}", file=sys.stderr)
    return 2 if unreadable else 1 if faulty else 0


def _launch(options: Any) -> int:
    from odw_harness.configs.launch import launch

    launched = launch(options.config, options.gpus, options.overlay, options.effective_batch)
    if options.json:
        print(json.dumps(launched.as_json(), ensure_ascii=False, indent=1))
    else:
        print(launched.command)
        print(launched.words, file=sys.stderr)
    return 0


def _build(options: Any) -> int:
    from odw_harness.configs.build import differences, render, write

    folder = Path(options.folder)
    rendered = render(folder)
    found = differences(folder, rendered)
    if not options.check:
        write(folder, rendered, found)
    for difference in found:
        print(f"{folder / difference.path}: {difference.what}")
    print(
        f"{len(rendered)} configurations, {len(found)} {'not as made' if options.check else 'written or removed'}",
        file=sys.stderr,
    )
    return 1 if options.check and found else 0
