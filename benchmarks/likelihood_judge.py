"""What the embedded judge gives to answers made from the references: the table of the README.

.venv/bin/python benchmarks/likelihood_judge.py            # about 4 minutes on 2 cores
"""

import random
import re
import sys
import tempfile
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from odw_harness.judge import Request, load_judge
from odw_harness.questions import Question, load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.rubric import ODWEVAL
from odw_harness.store import Store
from tests.rules.test_answers import PARAPHRASES

CHOSEN = ("ODW-02", "ODW-08", "ODW-14", "ODW-21")


def answers(question: Question, other: Question) -> dict[str, str]:
    """Answers by what was done to the reference. The shuffle is seeded."""
    reference = question.reference
    sentences = re.findall(r"[^。\n]+[。\n]?", reference)
    random.Random(0).shuffle(sentences)
    return {
        "the reference": reference,
        "without line breaks": reference.replace("\n", ""),
        "all figures altered": re.sub(r"\d", lambda digit: str((int(digit.group()) + 3) % 10), reference),
        "sentences shuffled": "".join(sentences),
        "its first half": reference[: len(reference) // 2],
        "its first third": reference[: len(reference) // 3],
        "the reference of another question": other.reference,
        "the question itself": question.prompt,
        "chat instead of a document": "好的，很高兴为您服务！请问您需要起草哪种公文？我可以为您撰写各种公文。",
        "empty": "",
    }


def main() -> None:
    """Print mean scores, one line for each kind of answer."""
    questions = {question.id: question for question in load_questions(QUESTIONS)}
    ids = list(questions)
    with tempfile.TemporaryDirectory() as folder:
        judge = load_judge("embedded", Store(Path(folder) / "store.sqlite"))
        judge.preflight()
        found: dict[str, list[float]] = {}
        cases = [
            (questions[name], kind, text)
            for name in CHOSEN
            for kind, text in answers(questions[name], questions[ids[(ids.index(name) + 5) % 21]]).items()
        ]
        cases += [
            (questions[name], "complete, in other words (8 questions)", text) for name, text in PARAPHRASES.items()
        ]
        for index, verdict in judge.verdicts([Request(question, text, ODWEVAL) for question, _, text in cases]):
            if verdict.score is not None:
                found.setdefault(cases[index][1], []).append(verdict.score)
    for kind, scores in found.items():
        print(f"{kind:40} {fmean(scores):5.2f}   ({min(scores):.2f} to {max(scores):.2f})")


if __name__ == "__main__":
    main()
