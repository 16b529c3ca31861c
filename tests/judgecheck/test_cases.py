"""The cases do to a document what their kinds say, and nothing else."""

import random
from collections import Counter

import pytest

from odw_harness.errors import JudgeError
from odw_harness.judgecheck.baselines import caught
from odw_harness.judgecheck.cases import KINDS, Case, build_cases
from odw_harness.judgecheck.perturb_parts import sentences
from odw_harness.questions import Question, load_questions
from odw_harness.resources import QUESTIONS
from odw_harness.rules import check_text, of_question

OURS = load_questions(QUESTIONS)
REFERENCE = """青岚市教育局关于开展校园安全检查的通知

各区县教育局：
为保障校园安全，决定在全市486所学校开展检查。现将有关事项通知如下：
一、工作要求
（一）全面排查隐患。
（二）及时整改问题。
二、经费保障
安排资金25.6万元。请于10月20日前报送结果。
特此通知。

青岚市教育局
2024年9月5日"""
SMALL = Question(
    id="T-1",
    genre="通知",
    prompt="请以青岚市教育局名义起草通知：检查486所学校，投入25.6万元，10月20日前报送。",
    reference=REFERENCE,
    facts=(("486所",), ("25.6万元",), ("10月20日",)),
    issuers=("青岚市教育局",),
    recipient="各区县教育局",
)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return build_cases(OURS)


def small(kind: str, strength: float = 1.0) -> str:
    (text,) = (case.text for case in build_cases([SMALL], [kind]) if (case.kind, case.strength) == (kind, strength))
    return text


def without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line)


def test_the_same_seed_gives_the_same_cases_and_another_others(cases: list[Case]) -> None:
    assert build_cases(OURS) == cases
    assert build_cases(OURS, seed=1) != cases


def test_a_case_does_not_depend_on_what_else_is_asked_for(cases: list[Case]) -> None:
    there = {(case.question.id, case.kind, case.strength): case.text for case in cases}
    chosen = build_cases([OURS[7], OURS[2]], ["shuffled", "figures_altered"])
    assert [case.kind for case in chosen[:3]] == ["reference", "figures_altered", "figures_altered"]
    assert all(there[case.question.id, case.kind, case.strength] == case.text for case in chosen)


def test_what_a_kind_is_compared_with_comes_with_it() -> None:
    chosen = build_cases(OURS[:1], ["injected"])
    assert [(case.kind, case.strength, case.against) for case in chosen] == [
        ("reference", 1.0, ("reference", 1.0)),
        ("cut", 0.5, ("reference", 1.0)),
        ("injected", 1.0, ("cut", 0.5)),
    ]


def test_no_case_is_its_reference_and_every_kind_applies_often(cases: list[Case]) -> None:
    assert not [case for case in cases if case.kind != "reference" and case.text == case.question.reference]
    times = Counter((case.kind, case.strength) for case in cases)
    assert {name for name, _ in times} == set(KINDS)
    for (name, strength), count in times.items():
        fewest = {"closings": 10, "lists_reordered": 8, "synonyms": 15, "shuffled": 20}.get(name, 21)
        assert count >= fewest, (name, strength)


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(JudgeError, match=r"no such kind of case: torn; choose from reference, figures_altered, "):
        build_cases(OURS, ["torn"])


def test_the_rules_catch_altered_figures() -> None:
    found = [
        caught(case)
        for seed in range(3)
        for case in build_cases(OURS, ["figures_altered"], seed)
        if case.kind == "figures_altered"
    ]
    assert len(found) == 3 * 3 * 21
    assert sum(map(bool, found)) / len(found) >= 0.95


def test_what_is_as_good_keeps_every_fact_and_every_hard_check(cases: list[Case]) -> None:
    same = [case for case in cases if KINDS[case.kind].effect == "same"]
    assert len(same) > 50
    for case in same:
        expected = of_question(case.question)
        before, after = check_text(case.question.reference, expected), check_text(case.text, expected)
        assert after.fact_recall == before.fact_recall == 1.0, (case.question.id, case.kind)
        assert after.passed, (case.question.id, case.kind)


def test_stronger_holds_all_that_is_weaker() -> None:
    for question in OURS:
        made = {(case.kind, case.strength): case.text for case in build_cases([question])}
        assert made["cut", 0.5].startswith(made["cut", 0.75].rstrip("，；、。"))
        assert made["cut", 0.25].startswith(made["cut", 0.5].rstrip("，；、。"))
        recalls = [
            check_text(made["fact_dropped", strength], of_question(question)).fact_recall
            for strength in KINDS["fact_dropped"].strengths
        ]
        assert recalls == sorted(recalls, reverse=True)
        weak, strong = (set(made["padded", strength].split("\n")) for strength in (0.25, 1.0))
        original = set(without_blank_lines(question.reference).split("\n"))
        assert original <= weak
        assert original <= strong


def test_altered_figures_keep_their_shape() -> None:
    text = small("figures_altered")
    assert "486所" not in text
    assert "25.6万元" not in text
    assert "10月20日" not in text
    assert [len(part) for part in text.split("所学校")] == [len(part) for part in REFERENCE.split("所学校")]
    assert "2024年9月5日" in text  # the date of the document is no fact of the material


def test_a_cut_document_ends_in_the_middle_without_its_foot() -> None:
    assert small("cut", 0.25) == REFERENCE[: REFERENCE.index("请于")]
    assert small("cut", 0.75) == REFERENCE[: REFERENCE.index("决定")]


def test_shuffled_sentences_are_the_same_sentences() -> None:
    for strength in (0.3, 1.0):
        text = small("shuffled", strength)
        assert text.split("\n")[:2] == ["青岚市教育局关于开展校园安全检查的通知", "各区县教育局："]
        assert len(text) == len(without_blank_lines(REFERENCE))
        assert Counter(text.replace("\n", "")) == Counter(REFERENCE.replace("\n", ""))
        assert text != without_blank_lines(REFERENCE)


def test_a_stripped_document_has_one_line_and_no_numbers_of_its_points() -> None:
    assert small("stripped") == (
        "青岚市教育局关于开展校园安全检查的通知各区县教育局：为保障校园安全，决定在全市486所学校开展检查。现将有关事项通知如下："
        "工作要求全面排查隐患。及时整改问题。经费保障安排资金25.6万元。请于10月20日前报送结果。特此通知。青岚市教育局2024年9月5日"
    )


def test_repetition_repeats_what_is_there() -> None:
    for strength in (0.3, 1.0):
        said = Counter(sentences(small("repeated", strength).replace("\n", "")))
        assert max(said.values()) >= 3
    assert "2024年9月5日" not in small("repeated", 1.0)


def test_another_genre_keeps_the_facts_and_changes_title_and_closing() -> None:
    text = small("wrong_genre")
    assert not text.split("\n")[0].endswith("通知")
    assert "特此通知" not in text
    assert check_text(text, of_question(SMALL)).fact_recall == 1.0


def test_a_colloquial_document_says_the_same_facts_in_no_official_words() -> None:
    text = small("colloquial")
    assert check_text(text, of_question(SMALL)).fact_recall == 1.0
    assert "特此通知" not in text
    assert "决定在全市486所学校搞检查。" in text
    assert "现将有关事项通知如下" not in text


def test_officialese_holds_no_fact_and_is_as_long(cases: list[Case]) -> None:
    for case in cases:
        if case.kind == "officialese":
            assert check_text(case.text, of_question(case.question)).fact_recall == 0.0
            assert 0.8 < len(case.text) / len(case.question.reference) < 2.1
            assert not any(mark.isdigit() for mark in case.text.split("\n")[2])


def test_another_questions_document_is_one_of_another_genre(cases: list[Case]) -> None:
    references = {question.reference: question for question in OURS}
    borrowed = [case for case in cases if case.kind == "wrong_document"]
    assert len(borrowed) == 21
    assert all(references[case.text].genre != case.question.genre for case in borrowed)


def test_an_injection_is_the_cut_document_with_something_after_it(cases: list[Case]) -> None:
    cut = {case.question.id: case.text for case in cases if (case.kind, case.strength) == ("cut", 0.5)}
    injected = [case for case in cases if case.kind == "injected"]
    assert all(case.text.startswith(cut[case.question.id]) for case in injected)
    added = {case.text.removeprefix(cut[case.question.id]) for case in injected}
    assert len(added) >= 4


def test_points_in_another_order_are_numbered_anew() -> None:
    assert "一、工作要求\n（一）及时整改问题。\n（二）全面排查隐患。\n二、经费保障" in small("lists_reordered")


def test_equal_closings_and_widths() -> None:
    assert without_blank_lines(REFERENCE).replace("特此通知。", "") == small("closings").replace(
        next(line for line in small("closings").split("\n") if line.startswith("特此通知，")), ""
    )
    assert "在全市４８６所学校开展检查" in small("widths")


def test_a_question_without_anything_to_alter_leaves_kinds_out() -> None:
    bare = Question(id="T-2", genre="通知", prompt="写", reference="好。")
    kinds = {case.kind for case in build_cases([bare])}
    assert "reference" in kinds
    assert not kinds & {"figures_altered", "fact_dropped", "lists_reordered", "closings", "synonyms"}


def test_any_text_makes_cases_without_a_fault() -> None:
    chance = random.Random(5)
    marks = "甲乙，。；：\n一二、（）1.2%“”《》 　通知函关于的请示：\n"
    for number in range(60):
        text = "".join(chance.choice(marks) for _ in range(chance.randrange(1, 200)))
        question = Question(id=f"T-{number}", genre="通知", prompt="写", reference=text or "甲")
        for case in build_cases([question], seed=number):
            assert case.text
