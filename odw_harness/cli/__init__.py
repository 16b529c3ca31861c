"""`odw`, thin: arguments in, one call, words out. A module for each group of commands; heavy imports happen inside them."""

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence

from odw_harness.cli import (
    agree,
    bench,
    calibrate,
    configs,
    convert,
    data,
    doctor,
    documents,
    evaluate,
    gate,
    human,
    judges,
    paper,
    report,
    results,
)
from odw_harness.cli.options import Help
from odw_harness.errors import OdwError

_EXAMPLES = """examples:
  odw eval --model hf --model_args pretrained=embedded --batch_size 7
  odw eval --model hf --model_args pretrained=/models/Qwen3-8B,peft=saves/qwen3 --apply_chat_template
  odw eval --tasks odw --model_args pretrained=/models/Qwen3-8B --apply_chat_template --metadata judge=deepseek
  odw bench systems/*.yaml --judge deepseek
  odw check draft.txt --genre 通知
  odw check answer.txt --question ODW-08 --json
  odw judge outputs/qwen/samples_odweval_*.jsonl --judge deepseek --out verdicts.jsonl
  odw judge-check --judge deepseek --html card.html
  odw judge calibrate outputs   # the judge's scores on people's scale, from people's marks
  odw results outputs
  odw compare outputs/qwen7b outputs/qwen7b_lora
  odw report outputs -o report.html
  odw gate baseline/ outputs/qwen7b_lora
  odw human export outputs --graders 8 --overlap 2 -o grading   # people mark them; then: odw human import grading
  odw agree outputs     # how far the judge follows people's marks
  odw rubric show odweval --question ODW-08
  odw data build -o data --from 公文/
  odw convert /models/chatglm3-6b models/chatglm3-6b
  odw paper odweval
  odw paper agreement   # how far its automatic scores follow people's
  odw configs check configs/qwen7b_qlora.yaml
  odw doctor            # what is installed, what disagrees, what the GPU can do
  odw tasks link        # then: lm_eval --tasks odweval --model hf --model_args pretrained=...

`odw COMMAND --help` tells more of each."""


def parser() -> argparse.ArgumentParser:
    """The parser of `odw`."""
    top = argparse.ArgumentParser(
        prog="odw",
        description="Benchmark harness for Chinese official-document writing (公文写作) by language models.",
        epilog=_EXAMPLES,
        formatter_class=Help,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (
        evaluate,
        bench,
        documents,
        judges,
        calibrate,
        results,
        report,
        gate,
        human,
        agree,
        data,
        configs,
        convert,
        paper,
        doctor,
    ):
        group.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `odw`. Returns the exit code: 0, 1 where a check fails, 2 for a mistake of the user's."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if sys.stderr is None:  # closed: print would write to standard output instead
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese still shows something
    try:
        if arguments[:1] == ["eval"]:
            return evaluate.evaluate(arguments[1:])
        if arguments[:2] == calibrate.NAME.split():
            arguments = [calibrate.NAME, *arguments[2:]]
        passed_on: list[str] = []
        if arguments[:1] == ["bench"] and "--" in arguments:  # argparse would take what follows for files
            cut = arguments.index("--")
            arguments, passed_on = arguments[:cut], arguments[cut + 1 :]
        options = parser().parse_args(arguments, argparse.Namespace(passed_on=passed_on))
        return int(options.run(options))
    except OdwError as error:
        print(f"error: {str(error).removeprefix('error: ')}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what was finished before is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        print("error: standard output can't be written: no space left; what is in the store is kept", file=sys.stderr)
        return 2
