"""`odw judge`, `odw judge-check`, `odw rubric`: answers graded, the judge itself checked, and what it is asked."""

from typing import Any

from odw_harness.cli.options import Help, Once, share
from odw_harness.errors import OdwError


def add(commands: Any) -> None:
    """Add the commands."""
    judge = commands.add_parser(
        "judge",
        help="grade saved answers",
        description="Grade answers from files: lm-eval's samples files, or JSON lines with id, answer and question_id, or question, reference and split (in19, ood2). A line of the output: id, rubric, judge, repeat, score, dimensions, unscored, rationale, usage. Ids that stand in several files are written as FILE:ID; call once for each system whose mean you want. Verdicts are kept in the store (ODW_STORE): a second run asks nothing, a killed one goes on.",
        epilog="examples:\n"
        "  odw judge outputs/qwen/samples_odw*.jsonl --rubric odweval --judge deepseek --out verdicts.jsonl\n"
        "  odw judge answers.jsonl --rubric alignbench --judge judges/vllm.yaml --min-coverage 0.95 --out v.jsonl\n"
        "  odw judge answers.jsonl --judge openai --dry-run\n"
        """  echo '{"id": 1, "question_id": "ODW-08", "answer": "…"}' | odw judge - --judge ollama\n\n"""
        "exit codes: 0 graded; 2 a mistake, a limit (--max-…), or the judge gave up; 3 coverage under --min-coverage\n\n"
        "`odw judge calibrate FOLDER` is another command: what a judge's scores mean on people's scale. See its --help.",
        formatter_class=Help,
    )
    judge.add_argument("files", nargs="+", metavar="ANSWERS", help="files of answers, - for standard input")
    judge.add_argument(
        "--rubric", action=Once, default="odweval", metavar="NAME", help="odweval (default) or alignbench"
    )
    judge.add_argument(
        "--judge", action=Once, metavar="NAME|FILE", help="a judge's name or YAML (default: ODW_JUDGE, or embedded)"
    )
    judge.add_argument(
        "--out", metavar="FILE", help="where verdicts go, a JSON object a line (default: standard output)"
    )
    judge.add_argument("--questions", metavar="FILE", help="the questions that question_id names (default: the 21)")
    judge.add_argument(
        "--min-coverage", type=share, default=0.0, metavar="SHARE", help="exit 3 where less is scored, 0 to 1"
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
        formatter_class=Help,
    )
    check_judge.add_argument(
        "--judge", action=Once, metavar="NAME|FILE", help="a judge's name or YAML (default: ODW_JUDGE, or embedded)"
    )
    check_judge.add_argument(
        "--rubric", action=Once, default="odweval", metavar="NAME", help="odweval (default) or alignbench"
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
        formatter_class=Help,
    )
    actions = rubric.add_subparsers(metavar="ACTION", required=True)
    shown = actions.add_parser("show", help="print a prompt")
    shown.add_argument("rubric", metavar="NAME", help="odweval or alignbench")
    shown.add_argument("--question", metavar="ID", help="fill in this question and its reference")
    shown.add_argument("--questions", metavar="FILE", help="the questions file that --question is in (default: the 21)")
    shown.add_argument("--answer", metavar="FILE", help="fill in this answer, - for standard input")
    shown.set_defaults(run=_rubric_show)
    actions.add_parser("list", help="print the rubrics and their dimensions").set_defaults(run=_rubric_list)


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
