"""The text checks of 公文: pure functions over text.

>>> report = check_text("关于放假的通知\\n各科室：\\n明天放假。", of_genre("通知"))
>>> report.passed, [finding.check for finding in report.findings if not finding.ok]
(False, ['title_organ', 'signature', 'date'])
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from odw_harness.rules.checks import CHECKS, Finding
from odw_harness.rules.document import Document
from odw_harness.rules.expectations import Expectations, of_genre, of_question
from odw_harness.rules.facts import missing_facts

__all__ = ["Expectations", "Finding", "Report", "check_text", "of_genre", "of_question"]


@dataclass(frozen=True)
class Report:
    """What the checks found in one document.

    findings: one for each check that applies. fact_recall: share of the facts stated, 0 to 1; None without facts.
    """

    findings: tuple[Finding, ...]
    fact_recall: float | None
    missing_facts: tuple[str, ...]

    @property
    def rules(self) -> float:
        """Share of the checks that apply which passed, 0 to 1."""
        return sum(finding.ok for finding in self.findings) / len(self.findings)

    @property
    def passed(self) -> bool:
        """Whether every hard check passed."""
        return all(finding.ok for finding in self.findings if finding.level == "hard")

    def as_dict(self) -> dict[str, Any]:
        """The whole report in types that JSON knows."""
        return {
            "passed": self.passed,
            "rules": self.rules,
            "fact_recall": self.fact_recall,
            "missing_facts": list(self.missing_facts),
            "findings": [asdict(finding) for finding in self.findings],
        }


def check_text(text: str, expected: Expectations) -> Report:
    """Run every check that applies. Never raises, whatever the text. Of an empty text none passes."""
    endings = expected.genre.endings if expected.genre else ()
    document = Document(text, expected.title_pattern, endings)
    findings = tuple(found for check in CHECKS if (found := check(document, expected)) is not None)
    if not document.lines:
        findings = tuple(replace(found, ok=False, message="the text is empty", line=None) for found in findings)
    missing = missing_facts("\n".join(line.text for line in document.lines), expected.facts)
    recall = 1 - len(missing) / len(expected.facts) if expected.facts else None
    return Report(findings, recall, missing)
