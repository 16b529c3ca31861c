"""Fill in the sheets of a grading as made-up graders would, to try the way from export to agreement without people.

    python examples/human/simulate_graders.py outputs grading

NOTHING HERE IS EVIDENCE: a made-up grader gives an answer what the rule checks and the facts found say of it, plus chance,
plus a level of their own. Every file says that it is simulated; the marks keep that word, and whatever shows them says it.
"""

import argparse
import json
import random
import sys
from pathlib import Path

from odw_harness.errors import MarkError, OdwError
from odw_harness.human.exporting import stems
from odw_harness.human.form import FORMAT, VERSION
from odw_harness.human.key import Coded, key_file, read_key
from odw_harness.results import read_outputs

TASTE, SEVERITY, CARE = 6.0, 5.0, 5.0
"""Standard deviations in points: of what all graders see in an answer beyond rules and facts, of a grader's level, of one
mark."""


def main() -> None:
    """Write GRADING-GRADER.json for every grader, as the page for the browser saves it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outputs", help="the folder of runs that was exported from")
    parser.add_argument("grading", type=Path, help="the folder of sheets; its key lies beside it")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    key = read_key(key_file(options.grading))
    merit = _merits(options.outputs, options.seed)
    if any(answer not in merit for grader in key.graders for answer in map(_of, grader.answers.values())):
        raise MarkError(f"{options.outputs}: lacks answers that were handed out; name the runs that were exported from")
    names = stems([grader.name for grader in key.graders])
    for number, (grader, name) in enumerate(zip(key.graders, names, strict=True)):
        draw = random.Random(f"{options.seed} grader {number}")
        level = draw.gauss(0, SEVERITY)
        items = []
        for code, answer in grader.answers.items():
            score = merit[_of(answer)] + level + draw.gauss(0, CARE)
            items.append({"code": code, "score": round(min(100.0, max(0.0, score))), "dimensions": {}, "comment": ""})
        saved = {
            "format": FORMAT,
            "version": VERSION,
            "grading": key.grading,
            "grader": grader.name,
            "simulated": True,
            "items": items,
        }
        file = options.grading / f"{key.grading}-{name}.json"
        file.write_text(json.dumps(saved, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"{file}: {len(items)} simulated marks, of a grader whose level is {level:+.1f} points")


def _of(answer: Coded) -> tuple[str, str]:
    return answer.question_hash, answer.answer_hash


def _merits(outputs: str, seed: int) -> dict[tuple[str, str], float]:
    """What an answer deserves, 0 to 100: mostly its facts, then its rules, then what only a reader would see."""
    merits = {}
    for row in read_outputs([outputs]).table.itertuples():
        taste = random.Random(f"{seed} {row.question_hash} {row.answer_hash}").gauss(0, TASTE)
        facts = row.fact_recall if row.fact_recall == row.fact_recall else row.rules  # NaN: the question has no facts
        merits[row.question_hash, row.answer_hash] = 10 + 50 * facts + 35 * row.rules + taste
    return merits


if __name__ == "__main__":
    try:
        main()
    except OdwError as error:
        sys.exit(f"error: {error}")
