"""`odw`, thin: arguments in, one call, words out. Heavy imports happen inside the commands."""

import argparse
import errno
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from odw_harness.errors import OdwError

_EXAMPLES = """examples:
  odw eval --model hf --model_args pretrained=embedded,dtype=bfloat16 --batch_size 7
  odw eval --model hf --model_args pretrained=/models/Qwen3-8B,peft=saves/qwen3 --apply_chat_template
  odw eval --tasks odw --model_args pretrained=/models/Qwen3-8B --apply_chat_template --metadata judge=deepseek
  odw check draft.txt --genre 通知
  odw check answer.txt --question ODW-08 --json
  odw judge outputs/qwen/samples_odweval_*.jsonl --judge deepseek --out verdicts.jsonl
  odw judge-check --judge deepseek --html card.html
  odw rubric show odweval --question ODW-08
  odw paper odweval
  odw tasks link        # then: lm_eval --tasks odweval --model hf --model_args pretrained=...

`odw COMMAND --help` tells more of each."""


class _Once(argparse.Action):
    """An option that stands for one thing: given twice, the last would win without a word."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        if getattr(namespace, f"{self.dest}_given", False):
            parser.error(f"{option_string} is given twice; call once for each judge and rubric")
        setattr(namespace, self.dest, values)
        setattr(namespace, f"{self.dest}_given", True)


def parser() -> argparse.ArgumentParser:
    """The parser of `odw`."""
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        prog="odw",
        description="Benchmark harness for Chinese official-document writing (公文写作) by language models.",
        epilog=_EXAMPLES,
        formatter_class=raw,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    evaluate = commands.add_parser(
        "eval", help="put a model to the 21 questions and grade it (takes lm-eval's flags)", add_help=False
    )
    evaluate.set_defaults(run=_eval)

    check = commands.add_parser(
        "check",
        help="check documents against the rules of 公文",
        description="Check documents against the rules of 公文. Exit 1 where a hard rule fails.",
        epilog="examples:\n  odw check draft.txt --genre 通知\n  odw check answer.txt --question ODW-08 --json\n  cat draft.txt | odw check -",
        formatter_class=raw,
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="text files (UTF-8 or GB18030), - for standard input")
    what = check.add_mutually_exclusive_group()
    what.add_argument("--question", metavar="ID", help="check as an answer to this question, such as ODW-08")
    what.add_argument("--genre", metavar="文种", help="check as a document of this 文种; without it the title tells")
    check.add_argument("--questions", metavar="FILE", help="the questions file that --question is in (default: the 21)")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    check.add_argument("--all", action="store_true", help="show the checks that passed as well")
    check.set_defaults(run=_check)

    judge = commands.add_parser(
        "judge",
        help="grade saved answers",
        description="Grade answers from files: lm-eval's samples files, or JSON lines with id, answer and question_id, or question, reference and split (in19, ood2). A line of the output: id, rubric, judge, repeat, score, dimensions, unscored, rationale, usage. Ids that stand in several files are written as FILE:ID; call once for each system whose mean you want. Verdicts are kept in the store (ODW_STORE): a second run asks nothing, a killed one goes on.",
        epilog="examples:\n"
        "  odw judge outputs/qwen/samples_odw*.jsonl --rubric odweval --judge deepseek --out verdicts.jsonl\n"
        "  odw judge answers.jsonl --rubric alignbench --judge judges/vllm.yaml --min-coverage 0.95 --out v.jsonl\n"
        "  odw judge answers.jsonl --judge openai --dry-run\n"
        """  echo '{"id": 1, "question_id": "ODW-08", "answer": "…"}' | odw judge - --judge ollama\n\n"""
        "exit codes: 0 graded; 2 a mistake, a limit (--max-…), or the judge gave up; 3 coverage under --min-coverage",
        formatter_class=raw,
    )
    judge.add_argument("files", nargs="+", metavar="ANSWERS", help="files of answers, - for standard input")
    judge.add_argument(
        "--rubric", action=_Once, default="odweval", metavar="NAME", help="odweval (default) or alignbench"
    )
    judge.add_argument(
        "--judge", action=_Once, metavar="NAME|FILE", help="a judge's name or YAML (default: ODW_JUDGE, or embedded)"
    )
    judge.add_argument(
        "--out", metavar="FILE", help="where verdicts go, a JSON object a line (default: standard output)"
    )
    judge.add_argument("--questions", metavar="FILE", help="the questions that question_id names (default: the 21)")
    judge.add_argument(
        "--min-coverage", type=_share, default=0.0, metavar="SHARE", help="exit 3 where less is scored, 0 to 1"
    )
    judge.add_argument("--max-requests", type=int, metavar="N", help="stop after so many requests; run again to go on")
    judge.add_argument(
        "--max-cost", type=float, metavar="MONEY", help="stop at this cost, by the prices in the judge's file"
    )
    judge.add_argument("--dry-run", action="store_true", help="say what a run would ask and take, and ask nothing")
    judge.set_defaults(run=_judge)

    check_judge = commands.add_parser(
        "judge-check",
        help="can this judge tell good from bad",
        description="The report card of a judge. Makes documents of known effect from the questions' references (cut off, shuffled, figures altered, padded, …), has them judged beside the references, and says how often the worse is scored lower and by how much; text length, chance and the rule checks alone stand beside it. Verdicts are kept in the store (ODW_STORE): a second run asks nothing, a killed one goes on.",
        epilog="examples:\n"
        "  odw judge-check --judge deepseek --html card.html\n"
        "  odw judge-check --judge judges/vllm.yaml --rubric alignbench --json card.json\n"
        "  odw judge-check --only ODW-02,ODW-08 --kinds cut,shuffled --json | jq .summary\n\n"
        "exit codes: 0 checked; 2 a mistake, or the judge gave up before the end (run again to go on)",
        formatter_class=raw,
    )
    check_judge.add_argument(
        "--judge", action=_Once, metavar="NAME|FILE", help="a judge's name or YAML (default: ODW_JUDGE, or embedded)"
    )
    check_judge.add_argument(
        "--rubric", action=_Once, default="odweval", metavar="NAME", help="odweval (default) or alignbench"
    )
    check_judge.add_argument("--questions", metavar="FILE", help="your own questions (default: the 21)")
    check_judge.add_argument("--only", metavar="ID,ID", help="these questions alone, such as ODW-02,ODW-08")
    check_judge.add_argument("--kinds", metavar="KIND,KIND", help="these kinds of change alone, such as cut,shuffled")
    check_judge.add_argument("--seed", type=int, default=0, metavar="N", help="of the changes (default: 0)")
    check_judge.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write the card as one JSON document; without FILE print it",
    )
    check_judge.add_argument("--html", metavar="FILE", help="write the card as one page with pictures")
    check_judge.set_defaults(run=_judge_check)

    rubric = commands.add_parser(
        "rubric",
        help="print what a judge is asked",
        description="Print a rubric's prompt: as a template, or for a question the very prompt that a judge gets.",
        epilog="examples:\n  odw rubric show odweval --question ODW-08\n  odw rubric show alignbench --question ODW-08 --answer draft.txt\n  odw rubric list",
        formatter_class=raw,
    )
    actions = rubric.add_subparsers(metavar="ACTION", required=True)
    shown = actions.add_parser("show", help="print a prompt")
    shown.add_argument("rubric", metavar="NAME", help="odweval or alignbench")
    shown.add_argument("--question", metavar="ID", help="fill in this question and its reference")
    shown.add_argument("--questions", metavar="FILE", help="the questions file that --question is in (default: the 21)")
    shown.add_argument("--answer", metavar="FILE", help="fill in this answer, - for standard input")
    shown.set_defaults(run=_rubric_show)
    actions.add_parser("list", help="print the rubrics and their dimensions").set_defaults(run=_rubric_list)

    paper = commands.add_parser(
        "paper", help="print a table of the paper", description="Print a table of the paper: 15 systems, 21 questions."
    )
    paper.add_argument("table", choices=("human", "odweval", "alignbench"))
    paper.add_argument("--json", action="store_true", help="print one JSON document")
    paper.set_defaults(run=_paper)

    tasks = commands.add_parser(
        "tasks",
        help="make the bare `lm_eval --tasks odweval` work",
        description="link places index files in the installed lm-eval's task folder, unlink takes them back, path prints the folder for --include_path.",
    )
    tasks.add_argument("action", choices=("link", "unlink", "path"))
    tasks.set_defaults(run=_tasks)

    model = commands.add_parser("model", help="print the folder of the embedded model, made where it is missing")
    model.set_defaults(run=_model)
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
            return _eval(arguments[1:])
        options = parser().parse_args(arguments)
        return int(options.run(options))
    except OdwError as error:
        print(f"error: {str(error).removeprefix('error: ')}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what was answered and judged so far is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        print("error: standard output can't be written: no space left; the verdicts are in the store", file=sys.stderr)
        return 2


def _eval(arguments: Any) -> int:
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


def _check(options: Any) -> int:
    from odw_harness.check import check_files, print_reports

    documents = check_files(options.files, options.question, options.genre, options.questions)
    if options.json:
        print(json.dumps({"documents": [document.as_json() for document in documents]}, ensure_ascii=False, indent=1))
    else:
        print_reports(documents, everything=options.all)
    return 0 if all(document.report.passed for document in documents) else 1


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return share


def _judge(options: Any) -> int:
    from odw_harness.judging import Limits, judge_files

    limits = Limits(options.min_coverage, options.max_requests, options.max_cost)
    return judge_files(
        options.files, options.rubric, options.judge, options.out, options.questions, limits, options.dry_run
    )


def _judge_check(options: Any) -> int:
    from odw_harness.judgecheck.run import Asked, judge_check

    asked = Asked(options.judge, options.rubric, options.questions, options.only, options.kinds, options.seed)
    judge_check(asked, options.json, options.html)
    return 0


def _rubric_show(options: Any) -> int:
    from odw_harness.check import read_document
    from odw_harness.questions import find_question
    from odw_harness.rubric import find_rubric

    rubric = find_rubric(options.rubric)
    if options.question is None:
        if options.answer or options.questions:
            raise OdwError("--answer and --questions need --question: say which question was answered")
        print(rubric.template().format(question="{question}", reference="{reference}", answer="{answer}"))
        return 0
    answer = "{answer}" if options.answer is None else read_document(options.answer)
    print(rubric.prompt(find_question(options.question, options.questions), answer))
    return 0


def _rubric_list(options: Any) -> int:
    from odw_harness.rubric import RUBRICS

    for rubric in RUBRICS.values():
        print(f"{rubric.name}, version {rubric.version}: {rubric.title}")
        for dimension in rubric.dimensions:
            instead = rubric.other_first if rubric.other_first and dimension is rubric.dimensions[0] else None
            print(
                f"  {dimension.metric:<20} {dimension.name}{f' (out of the domain: {instead.name})' if instead else ''}"
            )
    return 0


def _paper(options: Any) -> int:
    from odw_harness.paper import SOURCES, load_table

    rows = load_table(options.table)
    if options.json:
        columns = [
            {
                "system": row.system,
                "scores": [float(s) for s in row.scores],
                "avg19": float(row.avg19),
                "avg2": float(row.avg2),
                "avg21": float(row.avg21),
            }
            for row in rows
        ]
        print(
            json.dumps(
                {"table": options.table, "source": SOURCES[options.table], "systems": columns},
                ensure_ascii=False,
                indent=1,
            )
        )
        return 0
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console() if sys.stdout.isatty() else Console(width=200)
    names = [*(str(number) for number in range(1, 22)), "Avg.19", "Avg.2", "Avg.21"]
    cells = {row.system: [str(value) for value in (*row.scores, row.avg19, row.avg2, row.avg21)] for row in rows}
    at_once = max(1, (console.width - 26) // 7)
    console.print(f"The paper, {SOURCES[options.table]}")
    for start in range(0, len(names), at_once):
        table = Table(box=box.SIMPLE, padding=(0, 0, 0, 1))
        table.add_column("system", no_wrap=True)
        for name in names[start : start + at_once]:
            table.add_column(name, justify="right", no_wrap=True)
        for system, values in cells.items():
            table.add_row(system, *values[start : start + at_once])
        console.print(table)
    console.print("The paper's questions are unpublished; those of this project are a reconstruction.")
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


if __name__ == "__main__":
    sys.exit(main())
