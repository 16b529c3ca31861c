from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from odw_harness.errors import StoreError
from odw_harness.grading import Answer, grade
from odw_harness.questions import Question
from odw_harness.store import Store
from odw_harness.verdict import Provenance, Verdict
from tests.test_verdict import provenance

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
OTHER = Question(id="T-2", genre="函", prompt="写一份函。", reference="关于合作的函")


class LengthJudge:
    """Scores an answer by its length, and counts what it was asked."""

    def __init__(self, label: str = "length", **changes: object) -> None:
        self.provenance: Provenance = provenance(judge=label, **changes)
        self.asked: list[str] = []
        self.dies_on: str | None = None

    def preflight(self) -> None:
        pass

    def verdicts(self, answers: Sequence[tuple[Question, str]]) -> Iterator[tuple[int, Verdict]]:
        for index, (_, text) in reversed(list(enumerate(answers))):
            self.asked.append(text)
            if text == self.dies_on:
                raise RuntimeError("CUDA out of memory\nwith a long trace")
            yield index, Verdict(score=float(len(text)), provenance=self.provenance)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite")


def answers(*texts: str, question: Question = QUESTION) -> list[Answer]:
    return [Answer(question, text) for text in texts]


def test_verdicts_come_in_the_order_of_the_answers_whatever_the_judge_does(store: Store) -> None:
    verdicts = grade(answers("一二三", "一", "一二"), LengthJudge(), store).verdicts
    assert [verdict.score for verdict in verdicts] == [3.0, 1.0, 2.0]


def test_equal_answers_are_judged_once_and_those_to_another_question_again(store: Store) -> None:
    judge = LengthJudge()
    verdicts = grade([*answers("一二", "一二"), *answers("一二", question=OTHER)], judge, store).verdicts
    assert [verdict.score for verdict in verdicts] == [2.0, 2.0, 2.0]
    assert judge.asked == ["一二", "一二"]


def test_a_second_grading_asks_nothing(store: Store) -> None:
    first = grade(answers("一二", "一"), LengthJudge(), store).verdicts
    judge = LengthJudge()
    assert grade(answers("一二", "一"), judge, store).verdicts == first
    assert judge.asked == []


def test_another_judge_gives_its_own_verdicts(store: Store) -> None:
    grade(answers("一二"), LengthJudge(), store)
    judge = LengthJudge(revision="another")
    assert grade(answers("一二"), judge, store).verdicts[0].provenance.revision == "another"
    assert judge.asked == ["一二"]


def test_a_failing_judge_leaves_the_rest_unscored_keeps_what_it_judged_and_is_asked_again(store: Store) -> None:
    judge = LengthJudge()
    judge.dies_on = "一二"
    verdicts = grade(answers("一", "一二", "一二三"), judge, store).verdicts
    assert [verdict.score for verdict in verdicts] == [None, None, 3.0]
    assert verdicts[0].unscored == "judging stopped: RuntimeError: CUDA out of memory"
    again = LengthJudge()
    assert [verdict.score for verdict in grade(answers("一", "一二", "一二三"), again, store).verdicts] == [
        1.0,
        2.0,
        3.0,
    ]
    assert sorted(again.asked) == ["一", "一二"]


def test_a_kill_in_the_middle_loses_no_verdict(store: Store) -> None:
    class Killed(LengthJudge):
        def verdicts(self, answers: Sequence[tuple[Question, str]]) -> Iterator[tuple[int, Verdict]]:
            for number, item in enumerate(super().verdicts(answers)):
                if number == 2:
                    raise KeyboardInterrupt
                yield item

    with pytest.raises(KeyboardInterrupt):
        grade(answers("一", "一二", "一二三"), Killed(), store)
    judge = LengthJudge()
    grade(answers("一", "一二", "一二三"), judge, store)
    assert judge.asked == ["一"]


def test_a_judge_that_forgets_an_answer_leaves_it_unscored(store: Store) -> None:
    class Forgetful(LengthJudge):
        def verdicts(self, answers: Sequence[tuple[Question, str]]) -> Iterator[tuple[int, Verdict]]:
            yield from list(super().verdicts(answers))[1:]

    assert [verdict.unscored for verdict in grade(answers("一", "一二"), Forgetful(), store).verdicts] == [
        None,
        "the judge gave no verdict",
    ]


def test_a_verdict_that_cannot_be_kept_is_an_error(store: Store) -> None:
    class Full(LengthJudge):
        def verdicts(self, answers: Sequence[tuple[Question, str]]) -> Iterator[tuple[int, Verdict]]:
            store.close()
            yield from super().verdicts(answers)

    with pytest.raises(StoreError):
        grade(answers("一"), Full(), store)
