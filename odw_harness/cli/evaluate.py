"""`odw eval`, and what it stands on: `odw tasks`, `odw model`."""

import sys
from typing import Any


def add(commands: Any) -> None:
    """Add the commands."""
    # Only for the list of commands: main hands its flags to lm-eval.
    commands.add_parser(
        "eval", help="put a model to the 21 questions and grade it (takes lm-eval's flags)", add_help=False
    )

    tasks = commands.add_parser(
        "tasks",
        help="make the bare `lm_eval --tasks odweval` work",
        description="link places index files in the installed lm-eval's task folder, unlink takes them back, path prints the folder for --include_path.",
    )
    tasks.add_argument("action", choices=("link", "unlink", "path"))
    tasks.set_defaults(run=_tasks)

    model = commands.add_parser("model", help="print the folder of the embedded model, made where it is missing")
    model.set_defaults(run=_model)


def evaluate(arguments: list[str]) -> int:
    """Run `odw eval`: its flags are lm-eval's, so argparse sees none of them."""
    from odw_harness.runner import run

    if {"-h", "--help"} & set(arguments):
        print(
            "odw eval: lm_eval run, with our tasks found by themselves and only they indexed.\n"
            "--tasks defaults to odweval (also: alignbench, odw for both rubrics over one generation,\n"
            "alignbench_writing), --output_path to outputs, and --log_samples is on.\n"
            "--model_args pretrained=embedded is the embedded model; load_in_4bit=True works here.\n"
            "--metadata judge=NAME|FILE questions=FILE repeats=N alignbench_data=FILE\n\nAll other flags are lm-eval's own:\n"
        )
    run(list(arguments))
    return 0


def _tasks(options: Any) -> int:
    if options.action == "path":
        from odw_harness.resources import TASKS

        print(TASKS)
        return 0
    from odw_harness.runner import link, unlink

    paths = link() if options.action == "link" else unlink()
    for path in paths:
        print(path)
    done = "placed; now: lm_eval --tasks odweval --model hf" if options.action == "link" else "removed"
    print(f"{len(paths)} index files {done}", file=sys.stderr)
    return 0


def _model(options: Any) -> int:
    from odw_harness.models import embedded_model

    print(embedded_model())
    return 0
