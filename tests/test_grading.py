import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from odw_harness import grading
from odw_harness.claims import Claims
from odw_harness.errors import AnswerError, JudgeError, StoreError
from odw_harness.grading import Grading
from odw_harness.judge import Request
from odw_harness.questions import Question
from odw_harness.rubric import ALIGNBENCH, ODWEVAL, Rubric
from odw_harness.store import Store
from odw_harness.verdict import Provenance, Verdict
from tests.test_verdict import provenance

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
OTHER = Question(id="T-2", genre="函", prompt="写一份函。", reference="关于合作的函")


class LengthJudge:
    """Scores an answer by its length, and counts what it was asked."""

    def __init__(self, label: str = "length", repeats: int = 1, **changes: object) -> None:
        self.label, self.repeats = label, repeats
        self._changes = changes
        self.asked: list[str] = []
        self.preflights = 0
        self.dies_on: str | None = None

    def provenance(self, rubric: Rubric, repeat: int = 0) -> Provenance:
        return provenance(judge=self.label, rubric=rubric.name, repeat=repeat, **self._changes)

    def preflight(self) -> None:
        self.preflights += 1

    def verdicts(self, requests: Sequence[Request]) -> Iterator[tuple[int, Verdict]]:
        for index, request in reversed(list(enumerate(requests))):
            self.asked.append(request.text)
            if request.text == self.dies_on:
                raise RuntimeError("CUDA out of memory\nwith a long trace")
            score = float(len(request.text)) + request.repeat
            yield index, Verdict(score=score, provenance=self.provenance(request.rubric, request.repeat))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite")


def answers(*texts: str, question: Question = QUESTION, rubric: Rubric = ODWEVAL) -> list[Request]:
    return [Request(question, text, rubric) for text in texts]


def grade(requests: Iterable[Request], judge: LengthJudge, store: Store) -> list[Verdict]:
    return [graded.verdict for graded in Grading(requests, judge, store)]


def test_verdicts_come_in_the_order_of_the_answers_whatever_the_judge_does(store: Store) -> None:
    verdicts = grade(answers("一二三", "一", "一二"), LengthJudge(), store)
    assert [verdict.score for verdict in verdicts] == [3.0, 1.0, 2.0]


def test_equal_answers_are_judged_once_and_those_to_another_question_again(store: Store) -> None:
    judge = LengthJudge()
    verdicts = grade([*answers("一二", "一二"), *answers("一二", question=OTHER)], judge, store)
    assert [verdict.score for verdict in verdicts] == [2.0, 2.0, 2.0]
    assert judge.asked == ["一二", "一二"]


def test_a_second_grading_asks_nothing(store: Store) -> None:
    first = grade(answers("一二", "一"), LengthJudge(), store)
    judge = LengthJudge()
    assert grade(answers("一二", "一"), judge, store) == first
    assert judge.asked == []


def test_another_judge_gives_its_own_verdicts(store: Store) -> None:
    grade(answers("一二"), LengthJudge(), store)
    judge = LengthJudge(revision="another")
    assert grade(answers("一二"), judge, store)[0].provenance.revision == "another"
    assert judge.asked == ["一二"]


def test_a_failing_judge_leaves_the_rest_unscored_keeps_what_it_judged_and_is_asked_again(store: Store) -> None:
    judge = LengthJudge()
    judge.dies_on = "一二"
    verdicts = grade(answers("一", "一二", "一二三"), judge, store)
    assert [verdict.score for verdict in verdicts] == [None, None, 3.0]
    assert verdicts[0].unscored == "judging stopped: RuntimeError: CUDA out of memory"
    again = LengthJudge()
    assert [verdict.score for verdict in grade(answers("一", "一二", "一二三"), again, store)] == [
        1.0,
        2.0,
        3.0,
    ]
    assert sorted(again.asked) == ["一", "一二"]


def test_a_kill_in_the_middle_loses_no_verdict(store: Store) -> None:
    class Killed(LengthJudge):
        def verdicts(self, requests: Sequence[Request]) -> Iterator[tuple[int, Verdict]]:
            for number, item in enumerate(super().verdicts(requests)):
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
        def verdicts(self, requests: Sequence[Request]) -> Iterator[tuple[int, Verdict]]:
            yield from list(super().verdicts(requests))[1:]

    assert [verdict.unscored for verdict in grade(answers("一", "一二"), Forgetful(), store)] == [
        None,
        "the judge gave no verdict",
    ]


def test_a_verdict_that_cannot_be_kept_is_an_error(store: Store) -> None:
    class Full(LengthJudge):
        def verdicts(self, requests: Sequence[Request]) -> Iterator[tuple[int, Verdict]]:
            store.close()
            yield from super().verdicts(requests)

    with pytest.raises(StoreError):
        grade(answers("一"), Full(), store)


def test_rubrics_and_repeats_are_judged_apart_in_one_go(store: Store) -> None:
    requests = [Request(QUESTION, "一二", rubric, repeat) for rubric in (ODWEVAL, ALIGNBENCH) for repeat in range(3)]
    judge = LengthJudge()
    assert [verdict.score for verdict in grade(requests, judge, store)] == [2.0, 3.0, 4.0] * 2
    assert len(judge.asked) == 6
    assert store.counts()["verdicts"] == 6


def test_any_number_streams_through_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "WINDOW", 4)
    monkeypatch.setattr(grading, "BLOCK", 2)
    read: list[int] = []

    def requests() -> Iterator[Request]:
        for number in range(1, 11):
            read.append(number)
            yield Request(QUESTION, "一" * (number % 7 + 1), ODWEVAL)

    judge = LengthJudge()
    graded = iter(Grading(requests(), judge, store))
    assert next(graded).verdict.score == 2.0
    assert read == [1, 2, 3, 4]
    assert [each.verdict.score for each in graded] == [3, 4, 5, 6, 7, 1, 2, 3, 4]
    assert len(judge.asked) == 7


def test_new_is_what_was_asked_now(store: Store) -> None:
    grade(answers("一"), LengthJudge(), store)
    assert [each.new for each in Grading(answers("一", "一二", "一二"), LengthJudge(), store)] == [False, True, False]


def test_preflight_only_where_there_is_something_to_ask(store: Store) -> None:
    judge = LengthJudge()
    list(Grading(answers("一", "一二"), judge, store, preflight=True))
    list(Grading(answers("一", "一二"), judge, store, preflight=True))
    assert judge.preflights == 1

    class Down(LengthJudge):
        def preflight(self) -> None:
            raise JudgeError("judge down: can't be reached")

    with pytest.raises(JudgeError, match="can't be reached"):
        list(Grading(answers("一二三"), Down(), store, preflight=True))


def test_after_the_judge_has_given_up_the_store_still_answers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "WINDOW", 2)
    monkeypatch.setattr(grading, "BLOCK", 2)
    grade(answers("一二三四"), LengthJudge(), store)
    judge = LengthJudge()
    judge.dies_on = "一二"
    run = Grading(answers("一", "一二", "一二三", "一二三四"), judge, store)
    assert [each.verdict.score for each in run] == [None, None, None, 4.0]
    assert run.stopped == "RuntimeError: CUDA out of memory"
    assert judge.asked == ["一二"]


def test_requests_are_read_as_the_judge_gets_to_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "BLOCK", 2)
    read: list[int] = []

    class OneByOne(LengthJudge):
        def verdicts(self, requests: Iterable[Request]) -> Iterator[tuple[int, Verdict]]:
            for index, request in enumerate(requests):
                yield index, Verdict(score=1.0 + index, provenance=self.provenance(request.rubric))

    def requests() -> Iterator[Request]:
        for number in range(1, 7):
            read.append(number)
            yield Request(QUESTION, "一" * number, ODWEVAL)

    graded = iter(Grading(requests(), OneByOne(), store))
    assert [(next(graded).verdict.score, max(read)) for _ in range(6)] == [
        (1, 2),
        (2, 2),
        (3, 4),
        (4, 4),
        (5, 6),
        (6, 6),
    ]


def test_a_straggler_holds_up_the_others_only_when_too_many_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "WINDOW", 4)
    monkeypatch.setattr(grading, "BLOCK", 1)
    pulled: list[int] = []

    class FirstComesLast(LengthJudge):
        def verdicts(self, requests: Iterable[Request]) -> Iterator[tuple[int, Verdict]]:
            first, *others = enumerate(requests)
            pulled.append(1 + len(others))
            for index, request in (*others, first):
                yield index, Verdict(score=len(request.text), provenance=self.provenance(request.rubric))

    requests = [Request(QUESTION, "一" * number, ODWEVAL) for number in range(1, 10)]
    assert [each.verdict.score for each in Grading(requests, FirstComesLast(), store)] == list(range(1, 10))
    assert pulled == [4, 4, 1]


def test_a_fault_of_the_requests_is_not_taken_for_the_judges(store: Store) -> None:
    def requests() -> Iterator[Request]:
        yield Request(QUESTION, "一", ODWEVAL)
        raise AnswerError("answers.jsonl: line 2: not JSON")

    with pytest.raises(AnswerError, match="line 2"):
        list(Grading(requests(), LengthJudge(), store))


def test_what_another_run_has_claimed_is_waited_for_and_not_asked(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "s.sqlite")
    first = LengthJudge()
    key = (QUESTION.fingerprint, "一二", first.provenance(ODWEVAL).fingerprint)
    claims: list[Claims] = []

    def works_elsewhere() -> None:
        claims.append(Claims(other))
        claims[0].take([key])
        claimed.set()
        time.sleep(0.5)
        other.save_verdict(*key, Verdict(score=9.0, provenance=first.provenance(ODWEVAL)))

    claimed = threading.Event()
    thread = threading.Thread(target=works_elsewhere)
    thread.start()
    claimed.wait(5)
    judge = LengthJudge()
    assert [verdict.score for verdict in grade(answers("一", "一二"), judge, store)] == [1.0, 9.0]
    assert judge.asked == ["一"]
    thread.join()
    claims[0].close()


def test_two_runs_in_one_thread_do_not_wait_for_each_other(store: Store) -> None:
    one = Grading(answers("一", "一二"), LengthJudge(), store)
    two = Grading(answers("一", "一二"), LengthJudge(), store)
    for first, second in zip(one, two, strict=True):
        assert first.verdict.score == second.verdict.score
