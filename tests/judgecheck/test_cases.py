"""The cases over the 21 questions: determinism, coverage, and that each kind has the effect that it claims."""

import re
from collections import Counter
from collections.abc import Sequence

import pytest

from odw_harness.errors import JudgeError
from odw_harness.judgecheck.cases import KINDS, Case, build_cases
from odw_harness.questions import Question, load_questions
from odw_harness.rules import Report, check_text, of_question
from odw_harness.rules.facts import missing_facts

QUESTIONS = load_questions()
ALL = build_cases(QUESTIONS)
SAME = [kind.name for kind in KINDS.values() if kind.effect == "same"]
WORSE = [kind.name for kind in KINDS.values() if kind.effect == "worse"]


def of_kind(name: str, cases: Sequence[Case] = ALL) -> list[Case]:
    return [case for case in cases if case.kind == name]


def text_of(question: Question, kind: str, strength: float) -> str:
    return next(c.text for c in ALL if (c.question, c.kind, c.strength) == (question, kind, strength))


def check(question: Question, text: str) -> Report:
    return check_text(text, of_question(question))


def failed(report: Report) -> set[str]:
    return {finding.check for finding in report.findings if not finding.ok}


def test_the_same_seed_makes_the_same_cases_and_another_seed_others() -> None:
    assert build_cases(QUESTIONS) == ALL
    assert build_cases(QUESTIONS, seed=1) != ALL


def test_a_case_does_not_depend_on_what_else_is_asked_for() -> None:
    for question in QUESTIONS[::5]:
        assert build_cases([question]) == [case for case in ALL if case.question == question]
    for kind in KINDS:
        assert of_kind(kind, build_cases(QUESTIONS[:3], [kind])) == of_kind(kind, build_cases(QUESTIONS[:3]))


def test_what_a_kind_is_compared_with_is_among_the_cases() -> None:
    cases = build_cases(QUESTIONS[:1], ["injected"])
    assert [(case.kind, case.strength) for case in cases] == [("reference", 1.0), ("cut", 0.5), ("injected", 1.0)]
    assert [case.against for case in cases] == [("reference", 1.0), ("reference", 1.0), ("cut", 0.5)]


def test_no_case_equals_its_reference_or_is_empty() -> None:
    for seed in range(3):
        for case in build_cases(QUESTIONS, seed=seed):
            assert (case.text == case.question.reference) == (case.kind == "reference")
            assert case.text.strip()


def test_strengths_of_a_kind_differ() -> None:
    texts = Counter((case.question.id, case.kind, case.text) for case in ALL)
    assert [key for key, count in texts.items() if count > 1] == []


def test_an_unknown_kind_is_one_line_that_names_the_known() -> None:
    with pytest.raises(JudgeError, match=r"^no such kind of case: typos; choose from reference, figures_altered, .*$"):
        build_cases(QUESTIONS, ["cut", "typos"])


def test_every_kind_applies_to_the_questions_that_it_should() -> None:
    least = dict.fromkeys(KINDS, 21) | {"shuffled": 20, "synonyms": 16, "closings": 11, "lists_reordered": 7}
    counts = Counter((case.kind, case.strength) for case in ALL)
    for kind in KINDS.values():
        for strength in kind.strengths:
            assert counts[kind.name, strength] >= least[kind.name], kind.name


def test_the_table_of_kinds_is_well_formed() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert list(kind.strengths) == sorted(set(kind.strengths))
        assert all(0 < strength <= 1 for strength in kind.strengths)
        assert kind.against[1] in KINDS[kind.against[0]].strengths
    assert next(iter(KINDS)) == "reference"


def test_altered_figures_are_caught_by_the_rules() -> None:
    """By lower fact recall or a figure of no source, for at least 95 % of the cases."""
    caught = []
    for seed in range(5):
        for case in of_kind("figures_altered", build_cases(QUESTIONS, ["figures_altered"], seed)):
            old, new = check(case.question, case.question.reference), check(case.question, case.text)
            assert old.fact_recall is not None
            assert new.fact_recall is not None
            caught.append(new.fact_recall < old.fact_recall or "unsourced_figures" in failed(new))
    assert len(caught) == 5 * 3 * 21
    assert sum(caught) / len(caught) >= 0.95


def test_altered_figures_have_the_shape_of_the_old() -> None:
    for case in of_kind("figures_altered"):
        numbers = r"[\d一二三四五六七八九十]+"
        assert re.sub(numbers, "N", case.text) == re.sub(numbers, "N", case.question.reference)
        assert not re.search(r"(?<!\d)0\d*月|月0\d?日|(?:3[2-9]|[4-9]\d)日(?!内)|(?:1[3-9]|[2-9]\d)月", case.text)


def test_at_full_strength_no_figure_of_a_fact_is_left() -> None:
    for case in of_kind("figures_altered"):
        if case.strength == 1:
            figures = tuple(fact for fact in case.question.facts if re.search(r"\d", fact[0]))
            assert missing_facts(case.text, figures) == tuple(fact[0] for fact in figures)


@pytest.mark.parametrize("kind", ["figures_altered", "fact_dropped"])
def test_what_a_weak_change_takes_away_a_strong_one_takes_too(kind: str) -> None:
    for question in QUESTIONS:
        lost = [set(missing_facts(text_of(question, kind, s), question.facts)) for s in KINDS[kind].strengths]
        assert lost[0] <= lost[1] <= lost[2]
        assert len(lost[0]) < len(lost[2])


def test_dropped_facts_are_gone_and_nothing_else_is_added() -> None:
    for case in of_kind("fact_dropped"):
        assert missing_facts(case.text, case.question.facts)
        assert len(case.text) < len(case.question.reference)
        assert not re.search("，。|；。|：。|^[，；。]|，，|（）", case.text, re.MULTILINE)


def test_altered_names_stand_nowhere_any_more() -> None:
    for case in of_kind("names_altered"):
        assert len(case.text.splitlines()) == len(case.question.reference.splitlines())
        old = set(
            re.findall("林知远|陶立群|何若谷|沈怀瑾|许闻舟|邵听澜|周启明|温如言|澜川宏基", case.question.reference)
        )
        assert not [name for name in old if name in case.text]


def test_a_cut_document_is_the_beginning_without_the_foot() -> None:
    for question in QUESTIONS:
        texts = [text_of(question, "cut", strength) for strength in (0.25, 0.5, 0.75)]
        assert question.reference.startswith(texts[0])
        assert texts[0].startswith(texts[1])
        assert texts[1].startswith(texts[2])
        for strength, text in zip((0.25, 0.5, 0.75), texts, strict=True):
            assert 0.72 * (1 - strength) <= len(text) / len(question.reference) <= 1 - strength + 0.01
        if question.signature and question.date:
            assert not check(question, texts[0]).passed


def test_shuffling_moves_every_sentence_and_loses_none() -> None:
    for case in of_kind("shuffled"):
        assert sorted(case.text) == sorted(case.question.reference)


def test_a_stripped_document_is_one_line_with_all_facts_and_fails_the_checks() -> None:
    for case in of_kind("stripped"):
        report = check(case.question, case.text)
        assert "\n" not in case.text
        assert not report.passed
        assert report.fact_recall == check(case.question, case.question.reference).fact_recall


@pytest.mark.parametrize("kind", ["wrong_genre", "colloquial"])
def test_a_document_of_the_wrong_register_keeps_the_facts_but_not_the_title(kind: str) -> None:
    for seed in range(3):
        for case in of_kind(kind, build_cases(QUESTIONS, [kind], seed)):
            report = check(case.question, case.text)
            assert "title" in failed(report)
            assert report.fact_recall == check(case.question, case.question.reference).fact_recall


def test_another_questions_document_is_of_another_genre() -> None:
    by_reference = {question.reference: question for question in QUESTIONS}
    for case in of_kind("wrong_document"):
        assert by_reference[case.text].genre != case.question.genre


def test_officialese_states_none_of_the_facts_and_is_about_as_long() -> None:
    for case in of_kind("officialese"):
        assert len(missing_facts(case.text, case.question.facts)) == len(case.question.facts)
        assert 0.9 <= len(case.text) / len(case.question.reference) <= 1.2


def test_padding_adds_length_and_takes_nothing_away() -> None:
    for case in of_kind("padded"):
        reference = case.question.reference
        lines = iter(case.text.split("\n"))
        assert all(line in lines for line in reference.split("\n"))  # in order
        assert case.strength <= len(case.text) / len(reference) - 1 < case.strength + 60 / len(reference)


def test_a_repeated_document_repeats_itself() -> None:
    for case in of_kind("repeated"):
        sentences = Counter(re.findall("[^。！？：\n]{6,}", case.text))
        assert max(sentences.values()) >= 2
        assert set(sentences) <= set(re.findall("[^。！？：\n]{6,}", case.question.reference))


def test_an_injection_follows_the_very_text_that_it_is_compared_with() -> None:
    styles = set()
    for seed in range(6):
        for case in of_kind("injected", build_cases(QUESTIONS, ["injected"], seed)):
            base = text_of(case.question, "cut", 0.5)
            assert case.text.startswith(base + "\n")
            assert case.against == ("cut", 0.5)
            styles.add(re.sub(r"\{[^}]*\}", "", case.text.removeprefix(base)))
    assert len(styles) >= 8


@pytest.mark.parametrize("kind", SAME)
def test_a_faithful_variant_is_as_good_for_the_rules(kind: str) -> None:
    for seed in range(5):
        for case in of_kind(kind, build_cases(QUESTIONS, [kind], seed)):
            old, new = check(case.question, case.question.reference), check(case.question, case.text)
            assert new.fact_recall == old.fact_recall
            assert new.passed
            assert failed(new) <= failed(old)


def test_synonyms_leave_figures_and_quotations_alone() -> None:
    for case in of_kind("synonyms"):
        for pattern in (r"\d+(?:\.\d+)?", "“[^”]*”", "《[^》]*》"):
            assert re.findall(pattern, case.text) == re.findall(pattern, case.question.reference)
        assert case.text.split("\n")[0] == case.question.reference.split("\n")[0]


def test_reordering_keeps_every_point() -> None:
    number = r"^(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）)"
    for case in of_kind("lists_reordered"):
        points = [
            sorted(re.sub(number, "", line) for line in text.split("\n"))
            for text in (case.text, case.question.reference)
        ]
        assert points[0] == points[1]
