"""Who marks what: the promises hold for any number of systems, questions and graders."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odw_harness.errors import MarkError
from odw_harness.human.assign import Script, Sheets, assign, groups, sample


def scripts(systems: int, questions: int, repeats: int = 1) -> list[Script]:
    return [
        Script(f"q{question:02}", f"a{question}-{system}-{repeat}", (f"s{system:02}",))
        for question in range(questions)
        for system in range(systems)
        for repeat in range(repeats)
    ]


def marks_of(sheets: Sheets) -> Counter[Script]:
    return Counter(script for sheet in sheets for script in sheet)


def spread(sheet: list[Script], names: list[str], name: str) -> int:
    """How much more of one system or question than of another a grader has."""
    found = Counter(script.systems[0] if name == "system" else script.question_hash for script in sheet)
    return max(found.values()) - min(found[each] for each in names)


@settings(deadline=None, max_examples=60)
@given(
    systems=st.integers(1, 8),
    questions=st.integers(1, 8),
    graders=st.integers(1, 9),
    per_grader=st.none() | st.integers(1, 70),
    overlap=st.integers(1, 4),
    repeats=st.integers(1, 2),
    seed=st.integers(0, 3),
)
def test_whatever_is_asked_the_promises_hold(
    systems: int, questions: int, graders: int, per_grader: int | None, overlap: int, repeats: int, seed: int
) -> None:
    wanted = scripts(systems, questions, repeats)
    assume(
        overlap <= graders <= len(wanted) * overlap
        and (per_grader is None or graders * per_grader >= len(wanted) * overlap)
    )
    sheets = assign(wanted, graders, per_grader, overlap, seed)
    marks = marks_of(sheets)
    loads = [len(sheet) for sheet in sheets]
    expected = len(wanted) * overlap if per_grader is None else min(graders * per_grader, len(wanted) * graders)
    assert sum(loads) == expected
    assert set(marks) == set(wanted)
    assert min(marks.values()) >= overlap
    assert max(marks.values()) - min(marks.values()) <= 1
    assert max(loads) - min(loads) <= 1
    assert max(loads) <= (per_grader or max(loads))
    for sheet in sheets:
        assert len(set(sheet)) == len(sheet)
        runs = [
            script.question_hash
            for number, script in enumerate(sheet)
            if not number or sheet[number - 1].question_hash != script.question_hash
        ]
        assert len(runs) == len(set(runs))  # the scripts of a question stand together
        assert spread(sheet, [f"q{number:02}" for number in range(questions)], "question") <= 2


@pytest.mark.parametrize(
    ("systems", "questions", "graders", "per_grader", "overlap"),
    [(15, 21, 8, 60, 1), (15, 21, 8, None, 2), (15, 21, 8, None, 3), (5, 21, 8, 50, 1), (100, 21, 30, None, 2)],
)
def test_graders_get_systems_and_questions_alike_and_share_answers_with_every_other(
    systems: int, questions: int, graders: int, per_grader: int | None, overlap: int
) -> None:
    sheets = assign(scripts(systems, questions), graders, per_grader, overlap, 1)
    for sheet in sheets:
        assert spread(sheet, [f"s{number:02}" for number in range(systems)], "system") <= 2
        assert spread(sheet, [f"q{number:02}" for number in range(questions)], "question") <= 1
    shared = [len(set(one) & set(other)) for one, other in combinations(sheets, 2)]
    mean = sum(shared) / len(shared)
    assert min(shared) >= mean / 2
    assert max(shared) <= 2 * mean


def test_the_papers_own_size_with_capacity_to_spare() -> None:
    """8 graders of 60 marks for 15 systems on 21 questions: 480 marks for 315 answers, so 165 are marked twice."""
    sheets = assign(scripts(15, 21), 8, 60, 1, 1)
    assert [len(sheet) for sheet in sheets] == [60] * 8
    assert Counter(marks_of(sheets).values()) == {1: 150, 2: 165}
    twice = [script for script, number in marks_of(sheets).items() if number == 2]
    assert set(Counter(script.systems[0] for script in twice).values()) <= {10, 11, 12}
    assert set(Counter(script.question_hash for script in twice).values()) <= {7, 8}


@pytest.mark.parametrize("seed", range(5))
def test_few_shared_answers_still_link_all_graders(seed: int) -> None:
    """41 marks each are 13 more than there are answers: 13 pairs, where 7 would just do for 8 graders."""
    assert groups(assign(scripts(15, 21), 8, 41, 1, seed)) == 1


def test_graders_without_a_shared_answer_are_groups_of_their_own() -> None:
    one, two, three = scripts(3, 1)
    assert groups([[one], [one, two], [three]]) == 2
    assert groups([[one], [two], [three]]) == 3


def test_more_capacity_than_answers_gives_every_answer_to_everyone() -> None:
    sheets = assign(scripts(3, 2), 4, 100, 1, 1)
    assert all(set(sheet) == set(scripts(3, 2)) for sheet in sheets)


def test_a_seed_gives_the_same_sheets_whatever_order_the_answers_come_in_and_another_seed_others() -> None:
    wanted = scripts(4, 5)
    assert assign(wanted, 3, None, 2, 7) == assign(wanted[::-1], 3, None, 2, 7)
    assert assign(wanted, 3, None, 2, 7) != assign(wanted, 3, None, 2, 8)


def test_orders_differ_from_grader_to_grader() -> None:
    sheets = assign(scripts(4, 6), 3, None, 3, 1)
    assert len({tuple(sheet) for sheet in sheets}) == 3


@pytest.mark.parametrize(
    ("graders", "per_grader", "overlap", "told"),
    [
        (8, 30, 1, "240 marks are too few for 315 answers by 1 each (315); what would do: --per-grader 40, or 11 graders, or --answers 240"),
        (4, 100, 2, "400 marks are too few for 315 answers by 2 each (630); what would do: --per-grader 158, or 7 graders, or --answers 200"),
        (400, None, 1, "--graders 400: some would get none of 315 marks"),
        (2, None, 3, "--overlap 3: there are only 2 graders"),
    ],
)  # fmt: skip
def test_too_few_graders_are_told_what_would_do(graders: int, per_grader: int | None, overlap: int, told: str) -> None:
    with pytest.raises(MarkError) as raised:
        assign(scripts(15, 21), graders, per_grader, overlap, 1)
    assert told in str(raised.value)


@pytest.mark.parametrize("number", [5, 21, 63, 100, 315])
def test_a_sample_is_even_over_systems_and_questions(number: int) -> None:
    drawn = sample(scripts(15, 21), number, 3)
    assert len(set(drawn)) == number
    of_question = Counter(script.question_hash for script in drawn)
    of_system = Counter(script.systems[0] for script in drawn)
    assert max(of_question.values()) - min(of_question[f"q{each:02}"] for each in range(21)) <= 1
    assert max(of_system.values()) - min(of_system[f"s{each:02}"] for each in range(15)) <= 2


def test_a_sample_larger_than_all_is_refused() -> None:
    with pytest.raises(MarkError, match="--answers 7: there are only 6 different answers"):
        sample(scripts(3, 2), 7, 1)
