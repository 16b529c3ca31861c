import pytest

from odw_harness.judgecheck.baselines import baseline_scores, caught
from odw_harness.judgecheck.cases import Case
from odw_harness.questions import Question, find_question
from odw_harness.rules import check_text, of_question

QUESTION = find_question("ODW-01")
PLAIN = Question(id="T", genre="通知", prompt="写一份通知。", reference="关于放假的通知")


def test_the_reference_gets_8_from_all_but_chance() -> None:
    scores = baseline_scores(Case(QUESTION, "reference", 1.0, QUESTION.reference), seed=0)
    assert (scores["rules"], scores["longest"]) == (8.0, 8.0)


def test_rules_multiply_checks_and_facts() -> None:
    text = QUESTION.reference.replace("1286.4亿元", "1300.4亿元")
    report = check_text(text, of_question(QUESTION))
    assert report.fact_recall == pytest.approx(6 / 7)
    assert baseline_scores(Case(QUESTION, "cut", 0.5, text), 0)["rules"] == pytest.approx(1 + 7 * report.rules * 6 / 7)


def test_without_facts_the_rules_count_alone() -> None:
    report = check_text("关于放假", of_question(PLAIN))
    assert report.fact_recall is None
    assert 0 < report.rules < 1
    assert baseline_scores(Case(PLAIN, "cut", 0.5, "关于放假"), 0)["rules"] == pytest.approx(1 + 7 * report.rules)


def test_longest_goes_by_length() -> None:
    assert baseline_scores(Case(PLAIN, "padded", 1.0, PLAIN.reference * 2), 0)["longest"] == 16.0


def test_chance_goes_by_seed_and_case_alone() -> None:
    one = Case(PLAIN, "cut", 0.5, "关于")
    score = baseline_scores(one, 0)["random"]
    assert 1 <= score <= 10
    assert baseline_scores(Case(PLAIN, "cut", 0.5, "别的"), 0)["random"] == score
    assert baseline_scores(one, 1)["random"] != score
    assert baseline_scores(Case(PLAIN, "cut", 0.25, "关于"), 0)["random"] != score


def test_the_rules_catch_altered_figures_only_where_the_reference_has_them_right() -> None:
    altered = QUESTION.reference.replace("1286.4亿元", "1300.4亿元")
    assert caught(Case(QUESTION, "figures_altered", 0.1, altered)) is True
    assert caught(Case(QUESTION, "figures_altered", 0.1, QUESTION.reference)) is False
    assert caught(Case(QUESTION, "cut", 0.5, altered)) is None
    # No fact is asked for, and the figure stands in no material: only the check of sources can tell.
    prompt = Question(id="T", genre="通知", prompt="放假30天。", reference="放假30天。")
    assert caught(Case(prompt, "figures_altered", 1.0, "放假35天。")) is True
    unsourced = Question(id="T", genre="通知", prompt="放假。", reference="放假30天。")
    assert caught(Case(unsourced, "figures_altered", 1.0, "放假35天。")) is False, (
        "the reference's has no source either"
    )
