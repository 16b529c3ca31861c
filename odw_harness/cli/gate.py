"""`odw gate`: the regression check for CI."""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from odw_harness.cli.options import Help, number, share
from odw_harness.console import table_console
from odw_harness.errors import OdwError

_DESCRIPTION = """Hold a candidate to a baseline, question by question. Each is a folder of runs (--output_path), whose newest run \
counts, or a results file.

A figure fails where its mean fell by more than is allowed AND, with --confidence, it fell at all (Student's one-sided bound \
of the mean difference over the questions; the figures of a gate share its chance of error). So a candidate that is like its \
baseline fails in at most 5 % of gates at --confidence 0.95, and a true drop of 0.5 points, with 0.3 allowed, is caught 8 times \
in 10 or more with 2 answers a question on either side (--metadata repeats=2 and sampling), 3 where judge and sampling waver \
much (differences of sd 1 from question to question); --noise tells from your own repeats. The two questions of --split ood2 \
are judged by the spread of the others too: of 2 whole marks both often differ alike by chance.

rules and fact_recall need no judge: they are worked out anew from the answers of both sides, so that a run with \
--predict_only can be gated too."""

_EPILOG = """examples:
  odw gate baseline/ outputs/qwen3_8b_lora
  odw gate baseline/ outputs --system Qwen3-8B-QLoRA --split in19,all --max-drop 0.2
  odw gate baseline/ outputs/x --metric rules,fact_recall            # no judge, such as after odw eval --predict_only
  odw gate baseline/ outputs/x --metric score,form,factual_consistency --confidence 0.99
  odw gate baseline/ outputs/x --markdown "$GITHUB_STEP_SUMMARY" --junit gate.xml
  odw gate baseline/ outputs/x --noise                               # runs with repeats: how often does this fail by chance?

exit codes:
  0  no regression
  1  a regression: at least one figure failed
  2  none is seen, but something can't be compared (questions missing or changed, another judge or rubric version, coverage
     under --min-coverage, too few questions), or a mistake"""


def add(commands: Any) -> None:
    """Add the command."""
    gate = commands.add_parser(
        "gate",
        help="fail where a candidate is worse than a baseline, for CI",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=Help,
    )
    gate.add_argument("baseline", metavar="BASELINE", help="folder of runs or results file, such as one kept in git")
    gate.add_argument("candidate", metavar="CANDIDATE", help="folder of runs or results file")
    gate.add_argument("--system", metavar="NAME", help="which system of CANDIDATE, where it holds several")
    gate.add_argument("--baseline-system", metavar="NAME", help="which system of BASELINE, where it holds several")
    gate.add_argument("--rubric", metavar="NAME", help="odweval or alignbench (default: all that the baseline has)")
    gate.add_argument(
        "--metric",
        type=_names("metric"),
        metavar="NAME,…",
        help="score, rules, fact_recall, or a dimension such as form (default: the first three, as far as the baseline has them)",
    )
    gate.add_argument(
        "--split", type=_names("split"), default=("all",), metavar="NAME,…", help="in19, ood2, all (default)"
    )
    gate.add_argument(
        "--max-drop", type=_points, default=0.3, metavar="POINTS", help="of score and dimensions (default: 0.3)"
    )
    gate.add_argument(
        "--max-drop-rules", type=share, default=0.05, metavar="SHARE", help="of rules, 0 to 1 (default: 0.05)"
    )
    gate.add_argument(
        "--max-drop-facts", type=share, default=0.1, metavar="SHARE", help="of fact_recall, 0 to 1 (default: 0.1)"
    )
    gate.add_argument(
        "--confidence", type=_confidence, default=0.95, metavar="SHARE", help="of the whole gate (default: 0.95)"
    )
    gate.add_argument(
        "--min-coverage", type=share, default=0.95, metavar="SHARE", help="of verdicts with a score (default: 0.95)"
    )
    gate.add_argument("--noise", action="store_true", help="tell from repeats how often the gate fails by chance")
    gate.add_argument("--questions", metavar="FILE", help="your own questions, by which rules are worked out")
    gate.add_argument("--json", action="store_true", help="print one JSON document")
    gate.add_argument("--markdown", metavar="FILE", help="write a summary for GitHub, - for standard output")
    gate.add_argument("--junit", metavar="FILE", help="write JUnit XML, - for standard output")
    gate.set_defaults(run=_gate)


def _points(text: str) -> float:
    return number(text, lambda number: 0 <= number <= 9, "a number of points, 0 to 9")


def _confidence(text: str) -> float:
    return number(text, lambda number: 0.5 <= number < 1, "a confidence, from 0.5 to below 1")


def _names(what: str) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        from odw_harness.results import FIGURES, SPLITS

        known = FIGURES if what == "metric" else (*SPLITS, "all")
        given = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        for name in given:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name or repr(text)} is no {what}; there are {', '.join(known)}")
        return given

    return names


def _gate(options: Any) -> int:

    from odw_harness.gate.checks import gate
    from odw_harness.gate.noise import noise
    from odw_harness.gate.rule import Settings
    from odw_harness.gate.show import as_json, junit, markdown, show
    from odw_harness.gate.sides import read_side
    from odw_harness.questions import load_questions
    from odw_harness.written import written

    printed = [options.json, options.markdown == "-", options.junit == "-"]
    if sum(printed) > 1:
        raise OdwError("--json, --markdown - and --junit -: standard output takes one; write the others to files")
    settings = Settings(
        metrics=options.metric,
        splits=options.split,
        rubric=options.rubric,
        max_drop=options.max_drop,
        max_drop_rules=options.max_drop_rules,
        max_drop_facts=options.max_drop_facts,
        confidence=options.confidence,
        min_coverage=options.min_coverage,
    )
    with ExitStack() as files:
        inputs = [options.baseline, options.candidate]
        summary = files.enter_context(written("--markdown", options.markdown, inputs, "")) if options.markdown else None
        report = files.enter_context(written("--junit", options.junit, inputs, "")) if options.junit else None
        questions = {question.id: question for question in load_questions(options.questions)}
        baseline = read_side(options.baseline, options.baseline_system, "--baseline-system", questions)
        candidate = read_side(options.candidate, options.system, "--system", questions)
        outcome = gate(baseline, candidate, settings)
        figures = {check.name: check.figure for check in outcome.checks if check.figure}
        odds = noise(baseline, candidate, figures) if options.noise else None
        if summary:
            summary.write(markdown(outcome, odds))
        if report:
            report.write(junit(outcome))
    if options.json:
        print(json.dumps(as_json(outcome, odds), ensure_ascii=False, indent=1))
    if any(printed):
        print(outcome.headline, file=sys.stderr)
    else:
        show(outcome, odds, table_console(highlight=False))
    return outcome.exit_code
