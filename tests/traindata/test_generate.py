"""The generator of training pairs: documents pass the checks, and say what their instructions say, no more."""

import re
from itertools import islice
from typing import Any

import pytest

from odw_harness.questions import OUTPUT_CONTRACT, Question
from odw_harness.rules import check_text, of_genre, of_question
from odw_harness.rules.genres import GENRES
from odw_harness.traindata.generate import generate, made
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.scenario import Scenario
from odw_harness.traindata.generate.world import holiday
from odw_harness.traindata.pair import Pair

Made = list[tuple[Scenario, Pair]]
STATUTORY = [genre.name for genre in GENRES.values() if genre.statutory]
COMMON = ["工作总结", "工作计划", "讲话稿", "调研报告"]
STYLES = ["facts", "points", "colloquial", "rewrite", "upper"]
DATE = r"(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?"
DOC_NUMBER = r"[\u4e00-\u9fff]{0,12}〔\d{4}〕\d+号"
FIGURE = r"\d+(?:\.\d+)?(?:[万亿]?[\u4e00-\u9fff]|%|‰)?"


@pytest.fixture(scope="module", params=[1, 20])
def pairs(request: pytest.FixtureRequest) -> Made:
    return list(islice(made(request.param), 300))


def question_of(scenario: Scenario, pair: Pair) -> Question:
    """What a question about this document would say."""
    return Question(
        id=pair.id,
        genre=pair.genre,
        direction=GENRES[pair.genre].direction,
        issuers=scenario.issuers,
        recipient=scenario.recipient,
        doc_number=scenario.doc_number,
        signatory=scenario.signatory,
        date=scenario.date,
        date_position=scenario.date_position,
        signature=scenario.signature,
        salutation=(scenario.salutation,) if scenario.salutation else (),
        title_pattern=re.escape(scenario.title),
        attachments=scenario.attachments,
        prompt=pair.instruction,
        facts=pair.facts,
        reference=pair.output,
    )


def test_every_document_passes_every_check_of_its_kind(pairs: Made) -> None:
    for _, pair in pairs:
        failed = [f for f in check_text(pair.output, of_genre(pair.genre)).findings if not f.ok]
        assert not failed, (failed, pair.output)


def test_every_document_passes_as_an_answer_to_its_instruction_with_all_facts(pairs: Made) -> None:
    for scenario, pair in pairs:
        report = check_text(pair.output, of_question(question_of(scenario, pair)))
        assert not [finding for finding in report.findings if not finding.ok], pair.output
        assert report.fact_recall == 1, (report.missing_facts, pair.output)


def test_every_fact_stands_in_the_instruction_and_in_the_document(pairs: Made) -> None:
    for _, pair in pairs:
        assert len(pair.facts) >= 4
        for fact in pair.facts:
            assert fact in pair.output, (fact, pair.output)
            assert fact in pair.instruction, (fact, pair.style, pair.instruction)


def unnumbered(document: str) -> str:
    """Without the numbers of attachments."""
    return re.sub(r"(?m)^(附件：)?\d\.(?!\d)", "", document)


def test_a_document_invents_no_date_number_or_figure(pairs: Made) -> None:
    for _, pair in pairs:
        given = pair.instruction.removesuffix(OUTPUT_CONTRACT)
        for pattern in (DATE, DOC_NUMBER, FIGURE):
            for found in re.findall(pattern, unnumbered(pair.output)):
                assert found.lstrip("《（") in given, (found, pair.style, given, pair.output)


def test_a_document_invents_no_title_in_book_marks(pairs: Made) -> None:
    for _, pair in pairs:
        for title in re.findall("《([^《》]{5,})》", pair.output):
            if title != "条例（草案）":  # the short form that it defines itself
                assert title in pair.instruction, (title, pair.instruction)


def test_every_date_of_a_document_exists_and_its_own_is_a_working_day(pairs: Made) -> None:
    from datetime import date

    for scenario, pair in pairs:
        for year, month, day in re.findall(r"(\d{4})年(\d{1,2})月(\d{1,2})日", pair.output):
            date(int(year), int(month), int(day))
        own = date(*map(int, re.findall(r"\d+", scenario.date)))
        assert own.weekday() < 5, scenario.date
        assert not holiday(own), scenario.date


def test_parts_make_up_their_total() -> None:
    seen = 0
    for pair in generate(400, 3):
        for total, parts in re.findall(r"(\d+)万元，其中([^；。\n]*\d万元)", pair.output):
            values = [int(value) for value in re.findall(r"(\d+)万元", parts)]
            if "执行率" not in parts:
                assert sum(values) == int(total), pair.output
                seen += 1
    assert seen > 30


def test_a_rate_is_that_of_its_figures() -> None:
    seen = 0
    for pair in generate(400, 4):
        for whole, part, rate in re.findall(
            r"(\d+)[\u4e00-\u9fff]{1,3}，(?:完成|办结|规范|实现|结案|确定)[\u4e00-\u9fff]*?(\d+)[\u4e00-\u9fff]{1,3}，[\u4e00-\u9fff]*率([\d.]+)%",
            pair.output,
        ):
            assert abs(int(part) / int(whole) * 100 - float(rate)) < 0.051, pair.output
            seen += 1
    assert seen > 30


def test_kinds_are_balanced() -> None:
    documents = {pair.document: pair for pair in generate(400, 0)}.values()
    counts = {genre: sum(pair.genre == genre for pair in documents) for genre in STATUTORY + COMMON}
    assert sum(counts.values()) == len(documents)
    assert min(counts.values()) >= max(counts.values()) - 1 > 10


def test_all_styles_are_used_and_most_instructions_end_in_the_contract() -> None:
    pairs = generate(400, 0)
    for style in STYLES:
        assert sum(pair.style == style for pair in pairs) >= 24, style
    contracted = sum(pair.instruction.endswith(f"\n\n{OUTPUT_CONTRACT}") for pair in pairs)
    assert 0.5 <= contracted / len(pairs) <= 0.75


def test_some_documents_are_asked_for_twice_in_different_styles() -> None:
    by_document: dict[str, list[Pair]] = {}
    for pair in generate(400, 0):
        by_document.setdefault(pair.document, []).append(pair)
    twice = [pairs for pairs in by_document.values() if len(pairs) == 2]
    assert 0.15 < len(twice) / len(by_document) < 0.35
    assert max(map(len, by_document.values())) == 2
    for first, second in twice:
        assert first.style != second.style
        assert first.output == second.output
        assert first.instruction != second.instruction


def test_one_set_of_facts_makes_one_document() -> None:
    texts: dict[str, str] = {}
    for pair in generate(600, 8):
        assert texts.setdefault(pair.output, pair.document) == pair.document


def test_the_same_seed_gives_the_same_pairs_and_the_first_of_more() -> None:
    assert generate(60, 7) == generate(60, 7) == generate(90, 7)[:60]
    assert generate(60, 7) != generate(60, 8)
    assert len({pair.id for pair in generate(300, 7)}) == 300


def test_a_document_fits_a_small_model() -> None:
    lengths = sorted(len(pair.output) for pair in generate(400, 0))
    assert lengths[0] >= 80
    assert lengths[-1] <= 750
    assert 300 <= lengths[200] <= 450


def test_a_superior_is_asked_and_reported_to_and_a_request_is_no_report(pairs: Made) -> None:
    for scenario, pair in pairs:
        if pair.genre in ("报告", "请示"):
            assert scenario.recipient
            assert "、" not in scenario.recipient
            assert scenario.recipient not in scenario.issuers
            assert (pair.output.count("请示") == 0) == (pair.genre == "报告")
        if pair.genre == "批复":
            assert f"{scenario.recipient}关于" in pair.output
            assert "收悉" in pair.output
        if pair.genre == "函":
            assert scenario.recipient != scenario.issuers[0]
            assert not re.search("你[局委厅部]", pair.output)


def test_no_part_of_a_text_is_left_empty(pairs: Made) -> None:
    for _, pair in pairs:
        for text in (pair.output, pair.instruction):
            empty = re.search(r"[：，；、。][，；、。]|：\s*$|[（《“][）》”]|[{}]|None", text)
            doubled = re.search(r"(?!一|组织)([\u4e00-\u9fff]{2})\1", text)
            assert empty is None, (empty, text)
            assert doubled is None, (doubled, text)


@pytest.mark.parametrize(("first", "second"), [("（一）", "（二）"), ("一、", "二、"), ("一是", "二是")])
def test_no_point_stands_alone(pairs: Made, first: str, second: str) -> None:
    for _, pair in pairs:
        starts = re.split("[\n。：；]", pair.output)
        firsts, seconds = (sum(start.startswith(mark) for start in starts) for mark in (first, second))
        assert firsts == seconds, pair.output


def test_book_marks_within_book_marks_are_single(pairs: Made) -> None:
    for _, pair in pairs:
        assert not re.search("《[^》]*《", pair.output), pair.output


def test_what_one_document_draws_changes_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [(scenario.genre, pair.document, pair.output) for scenario, pair in islice(made(7), 120)]
    issued = Composer.issued

    def drawn_once_more(self: Composer, genre: str, *rest: Any, **more: Any) -> Scenario:
        if genre == "通知":
            self.rng.random()
        return issued(self, genre, *rest, **more)

    monkeypatch.setattr(Composer, "issued", drawn_once_more)
    after = [(scenario.genre, pair.document, pair.output) for scenario, pair in islice(made(7), 120)]
    assert [each for each in dict.fromkeys(before) if each[0] != "通知"][:60] == [
        each for each in dict.fromkeys(after) if each[0] != "通知"
    ][:60]
