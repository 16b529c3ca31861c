"""What each kind of change does to one small document, worked out by hand."""

import random

import pytest

from odw_harness.judgecheck.cases import KINDS, build_cases
from odw_harness.judgecheck.perturb_parts import numeral, parts_of, replaced
from odw_harness.questions import Question

REFERENCE = """甲教发〔2024〕7号
甲市教育局关于开展安全检查的通知
各科室：
为切实加强安全管理，市教育局决定开展检查。现将有关事项通知如下：
一、检查范围
全市学校486所，幼儿园75所。
二、工作要求
（一）加强组织领导。要明确责任分工。
（二）严格检查整改。对发现的问题立即整改。
联系人：何若谷。
特此通知。
甲市教育局
2024年3月5日"""
SMALL = Question(
    id="T-1",
    genre="通知",
    issuers=("甲市教育局",),
    recipient="各科室",
    doc_number="甲教发〔2024〕7号",
    date="2024年3月5日",
    signature=("甲市教育局",),
    direction="down",
    title_pattern="^甲市教育局关于.*的通知$",
    facts=(("486所",), ("75所",), ("何若谷",)),
    prompt="请写通知：检查学校486所、幼儿园75所，联系人何若谷，发文字号甲教发〔2024〕7号，成文日期2024年3月5日。",
    reference=REFERENCE,
)


def made(kind: str, strength: float = 1.0, question: Question = SMALL) -> str:
    text = KINDS[kind].make(question, (), strength, random.Random("0/T-1"))
    assert text is not None
    return text


def changed(text: str) -> list[str]:
    """The lines that the reference doesn't have."""
    return [line for line in text.split("\n") if line not in REFERENCE.split("\n")]


def test_the_parts_of_a_document_are_found() -> None:
    parts = parts_of(SMALL)
    assert parts.head == ("甲教发〔2024〕7号", "甲市教育局关于开展安全检查的通知", "各科室：")
    assert parts.title == 1
    assert (parts.body[0][:4], parts.body[-1]) == ("为切实加", "特此通知。")
    assert parts.foot == ("甲市教育局", "2024年3月5日")
    assert parts.text == REFERENCE


def test_one_altered_figure_is_the_figure_of_one_fact() -> None:
    assert len(changed(made("figures_altered", 0.05))) == 1
    line = changed(made("figures_altered", 0.05))[0]
    assert ("486所" in line) != ("75所" in line)


def test_all_figures_altered_takes_in_number_and_date_but_no_year() -> None:
    lines = changed(made("figures_altered"))
    assert len(lines) == 3
    assert lines[0].startswith("甲教发〔2024〕")
    assert "486" not in lines[1]
    assert "75" not in lines[1]
    assert lines[2].startswith("2024年3月")


def test_a_name_is_altered_by_what_stands_beside_it() -> None:
    lines = changed(made("names_altered"))
    assert len(lines) == 1
    assert lines[0].startswith("联系人：")
    assert "何若谷" not in lines[0]


def test_without_names_among_the_facts_the_place_of_the_organ_has_another_name() -> None:
    organ = Question(
        id="T-2",
        genre="公告",
        issuers=("青岚市公安局",),
        prompt="写公告。",
        reference="青岚市公安局公告\n青岚市将停水。",
    )
    first, second = made("names_altered", question=organ).split("\n")
    assert first[2:] == "市公安局公告"
    assert second == f"{first[:2]}市将停水。"
    assert first[:2] != "青岚"


def test_all_facts_dropped_leaves_a_whole_document_without_them() -> None:
    assert (
        made("fact_dropped")
        == """甲教发〔2024〕7号
甲市教育局关于开展安全检查的通知
各科室：
为切实加强安全管理，市教育局决定开展检查。现将有关事项通知如下：
一、工作要求
（一）加强组织领导。要明确责任分工。
（二）严格检查整改。对发现的问题立即整改。
特此通知。
甲市教育局
2024年3月5日"""
    )


def test_a_cut_ends_with_a_clause() -> None:
    head = "甲教发〔2024〕7号\n甲市教育局关于开展安全检查的通知\n各科室："
    assert made("cut", 0.75) == head
    assert (
        made("cut", 0.5)
        == f"{head}\n为切实加强安全管理，市教育局决定开展检查。现将有关事项通知如下：\n一、检查范围\n全市学校486所，"
    )


def test_stripped_is_one_line_without_numbers() -> None:
    assert made("stripped") == (
        "甲教发〔2024〕7号甲市教育局关于开展安全检查的通知各科室：为切实加强安全管理，市教育局决定开展检查。现将有关事项通知如下："
        "检查范围全市学校486所，幼儿园75所。工作要求加强组织领导。要明确责任分工。严格检查整改。对发现的问题立即整改。"
        "联系人：何若谷。特此通知。甲市教育局2024年3月5日"
    )


def test_fully_shuffled_no_sentence_stands_where_it_stood() -> None:
    lines = made("shuffled").split("\n")
    assert not lines[3].startswith("为切实加强安全管理")
    assert not lines[5].startswith("全市学校")
    assert lines[-3] != "特此通知。"
    assert sorted("".join(lines)) == sorted(REFERENCE.replace("\n", ""))
    assert (lines[4], lines[6]) == ("一、检查范围", "二、工作要求")


def test_a_loop_repeats_the_first_sentences_without_a_foot() -> None:
    loop = "为切实加强安全管理，市教育局决定开展检查。现将有关事项通知如下：全市学校486所，幼儿园75所。"
    head = "甲教发〔2024〕7号\n甲市教育局关于开展安全检查的通知\n各科室：\n"
    assert made("repeated") == head + loop * 3


def test_another_genre_has_its_title_passage_tone_and_closing() -> None:
    text = made("wrong_genre")
    assert text.split("\n")[1] == "甲市教育局关于开展安全检查的请示"
    assert "现将有关事项请示如下：" in text
    assert "拟明确责任分工" in text or "要明确责任分工" in text
    assert "特此通知" not in text
    assert text.split("\n")[-3] in ("妥否，请批示。", "以上请示当否，请予批复。")


def test_talk_keeps_the_facts_and_loses_the_headings() -> None:
    text = made("colloquial")
    assert all(fact in text for fact in ("486所", "75所", "何若谷"))
    assert "下面跟大伙儿说说具体咋弄" in text
    assert "马上改" in text
    assert not any(mark in text for mark in ("一、", "（一）", "特此通知"))
    assert text.endswith("（甲教发〔2024〕7号，甲市教育局，2024年3月5日）")


def test_officialese_has_title_recipient_and_foot() -> None:
    lines = made("officialese").split("\n")
    assert lines[:2] == ["甲市教育局关于进一步做好有关工作的通知", "各科室："]
    assert lines[-3:] == ["特此通知。", "甲市教育局", "2024年3月5日"]


def test_a_closing_is_changed_for_an_equal_one() -> None:
    assert changed(made("closings"))[0] in ("特此通知，请遵照执行。", "特此通知，请认真贯彻执行。")


def test_points_change_places_and_numbers() -> None:
    lines = made("lists_reordered").split("\n")
    assert lines[7:9] == ["（一）严格检查整改。对发现的问题立即整改。", "（二）加强组织领导。要明确责任分工。"]


def test_synonyms_stand_for_official_phrases() -> None:
    assert changed(made("synonyms")) == ["为进一步加强安全管理，市教育局决定组织开展检查。现将有关事项通知如下："]


def test_widths_change_the_text_but_not_head_and_foot() -> None:
    text = made("widths")
    assert "　　全市学校４８６所，幼儿园７５所。" in text
    assert text.startswith("甲教发〔2024〕7号\n")
    assert text.endswith("\n2024年3月5日")


@pytest.mark.parametrize(
    "kind", ["fact_dropped", "shuffled", "lists_reordered", "closings", "synonyms", "wrong_document"]
)
def test_a_kind_that_cannot_be_applied_makes_no_case(kind: str) -> None:
    note = Question(id="T-3", genre="公告", prompt="写公告。", reference="公告\n明日停水。")
    assert KINDS[kind].make(note, (), 1.0, random.Random(0)) is None


def test_a_reference_of_one_word_breaks_nothing() -> None:
    for reference in ("好", "　", "2024年", "一、", "。", "\n\n"):
        question = Question(id="T-4", genre="说明", prompt="写。", reference=reference)
        assert build_cases([question])[0].text == reference


@pytest.mark.parametrize(("number", "word"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九")])
def test_numerals(number: int, word: str) -> None:
    assert numeral(number) == word


def test_replacing_is_done_once_and_leaves_alone_what_overlaps_with_what_is_kept() -> None:
    assert replaced("加强检查和检查组", {"加强": "检查", "检查": "督查"}, ["检查组"]) == "检查督查和检查组"
