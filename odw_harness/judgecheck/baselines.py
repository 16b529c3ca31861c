"""What a judge must beat: the text's length, chance, and the rule checks, each on the judge's scale.

Each gives the reference 8, as a rubric does, but chance, which knows nothing. Only the order of scores counts for shares
of pairs; the scale makes points comparable. A baseline is not cut to [1, 10].
"""

import random
from functools import lru_cache

from odw_harness.judgecheck.card import ALTERED, LONGEST, PROMISED, RANDOM, RULES
from odw_harness.judgecheck.cases import Case
from odw_harness.questions import Question
from odw_harness.rules import Report, check_text, of_question

LABELS = {RULES: "rules only", LONGEST: "longest", RANDOM: "random"}
"""The baselines, in the order of the table."""


def baseline_scores(case: Case, seed: int) -> dict[str, float]:
    """Each baseline's score of a case.

    rules: 1 + 7 r f, r the share of rule checks passed and f the fact recall (1 where the question names no facts).
    longest: 8 times the text's length over the reference's. random: from 1 to 10, by the seed and the case.
    """
    report = _report(case.question, case.text)
    recall = 1.0 if report.fact_recall is None else report.fact_recall
    chance = random.Random(f"{seed}/{case.question.id}/{case.kind}/{case.strength}")
    return {
        RULES: 1 + (PROMISED - 1) * report.rules * recall,
        LONGEST: PROMISED * len(case.text) / len(case.question.reference),
        RANDOM: chance.uniform(1, 10),
    }


def caught(case: Case) -> bool | None:
    """Whether the rules see that figures were altered; None for other kinds.

    They do where fewer facts are stated than in the reference, or figures of no source are found where the reference
    has none.
    """
    if case.kind != ALTERED:
        return None
    report, reference = _report(case.question, case.text), _report(case.question, case.question.reference)
    fewer = len(report.missing_facts) > len(reference.missing_facts)
    return fewer or (_unsourced(report) and not _unsourced(reference))


def _unsourced(report: Report) -> bool:
    return any(finding.check == "unsourced_figures" and not finding.ok for finding in report.findings)


@lru_cache(maxsize=64)
def _report(question: Question, text: str) -> Report:
    return check_text(text, of_question(question))
