"""What the embedded judge gives to good answers in other words, and to what is no answer. See `odw judge-check` for more.

.venv/bin/python benchmarks/likelihood_judge.py            # about 2 minutes on 2 cores
"""

import sys
import tempfile
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from odw_harness.judge import Request, load_judge
from odw_harness.questions import load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.rubric import ODWEVAL
from odw_harness.store import Store
from tests.rules.test_answers import PARAPHRASES

CHAT = "好的，很高兴为您服务！请问您需要起草哪种公文？我可以为您撰写各种公文。"


def main() -> None:
    """Print mean scores, one line for each kind of answer, over the questions that have an answer in other words."""
    questions = {question.id: question for question in load_questions(QUESTIONS)}
    with tempfile.TemporaryDirectory() as folder:
        judge = load_judge("embedded", Store(Path(folder) / "store.sqlite"))
        judge.preflight()
        found: dict[str, list[float]] = {}
        for name, text in PARAPHRASES.items():
            question = questions[name]
            answers = {"complete, in other words": text, "the question itself": question.prompt, "chat": CHAT}
            requests = [Request(question, answer, ODWEVAL) for answer in answers.values()]
            for (_, verdict), kind in zip(judge.verdicts(requests), answers, strict=True):
                if verdict.score is not None:
                    found.setdefault(kind, []).append(verdict.score)
    for kind, scores in found.items():
        print(f"{kind:40} {fmean(scores):5.2f}   ({min(scores):.2f} to {max(scores):.2f})")


if __name__ == "__main__":
    main()
