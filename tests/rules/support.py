"""What the tables of the checks' tests share."""

from typing import NamedTuple

from odw_harness.rules import Expectations, Finding, check_text, of_genre


class Case(NamedTuple):
    """A text, what is expected of it, and what a check should find: ok, the line, a word of the message."""

    name: str
    text: str
    ok: bool | None
    line: int | None = None
    word: str = ""
    expected: Expectations | str = "通知"


def finding(check: str, case: Case) -> Finding | None:
    """The finding of one check; None where it doesn't apply."""
    expected = of_genre(case.expected) if isinstance(case.expected, str) else case.expected
    found = [item for item in check_text(case.text, expected).findings if item.check == check]
    assert len(found) <= 1
    return found[0] if found else None


def verify(check: str, case: Case) -> None:
    """Assert that a check finds what a case says. ok None means that the check doesn't apply."""
    found = finding(check, case)
    if case.ok is None:
        assert found is None
        return
    assert found is not None
    assert found.ok is case.ok, found.message
    assert case.word in found.message
    if case.line is not None:
        assert found.line == case.line


def rows(table: dict[str, list[Case]]) -> tuple[list[tuple[str, Case]], list[str]]:
    """The table's rows and their ids, for parametrize."""
    pairs = [(check, case) for check, cases in table.items() for case in cases]
    return pairs, [f"{check}: {case.name}" for check, case in pairs]


def assert_three_of_either(cases: list[Case]) -> None:
    """Assert that a check's table has at least three texts that pass and three that fail."""
    verdicts = [case.ok for case in cases]
    assert verdicts.count(True) >= 3
    assert verdicts.count(False) >= 3
