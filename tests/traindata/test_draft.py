"""Instructions drafted without a model: what the document states, they give."""

import re

import pytest

from odw_harness.questions import load_questions
from odw_harness.rules.facts import normalise, unsourced_figures
from odw_harness.traindata.draft import STYLES, draft
from odw_harness.traindata.elements import elements_of, facts_in, not_given
from tests.rules.test_good_documents import GOOD
from tests.traindata.support import LETTER, NOTICE

DOCUMENTS = {name: text.strip() for name, (_, text) in GOOD.items()} | {
    question.id: question.reference for question in load_questions()
}


def test_the_elements_of_a_notice() -> None:
    found = elements_of(NOTICE)
    assert found.genre == "通知"
    assert found.title == "临川市教育局关于做好2025年暑期防溺水工作的通知"
    assert found.matter == "做好2025年暑期防溺水工作"
    assert found.issuers == ("临川市教育局",)
    assert found.recipient == "各县（区）教育局，市直各学校"
    assert not found.salutation
    assert (found.doc_number, found.date) == ("临教发〔2025〕7号", "2025年6月20日")
    assert found.attachments == ("重点水域清单", "家访登记表")
    assert found.outline == ("排查水域", "工作要求")
    assert found.material == (
        "由临川市水利局牵头，7月10日前完成全市63处重点水域排查",
        "投入36.5万元，增设警示牌412块",
        "各学校要按照《防溺水工作指引》逐班开展教育，参加家长不少于2万人",
        "联系人：江若木，联系电话：0000-5566778",
    )


def test_a_speech_has_a_speaker_and_a_salutation_and_an_order_is_signed_by_a_person() -> None:
    speech = "在全市工作会议上的讲话\n（2025年3月1日）\n临川市市长　江若木\n同志们：\n今天开会，讲三点意见。"
    found = elements_of(speech)
    assert (found.recipient, found.salutation) == ("同志们", True)
    assert (found.date, found.material) == ("2025年3月1日", ("临川市市长 江若木",))
    order = "临川市人民政府令\n第9号\n《临川市供水办法》自2025年5月1日起施行。\n市长　江若木\n2025年3月1日"
    found = elements_of(order)
    assert (found.issuers, found.signed_by, found.doc_number) == (("临川市人民政府",), "市长 江若木", "第9号")


def test_a_date_between_speaker_and_salutation_costs_no_line() -> None:
    speech = (
        "在工作会议上的讲话\n董事长　江若木\n（2025年3月1日）\n同志们：\n去年营收186.5亿元。\n一、坚定信心\n3家亏损。"
    )
    found = elements_of(speech)
    assert (found.recipient, found.signed_by) == ("同志们", "董事长 江若木")
    assert (found.material, found.outline) == (("去年营收186.5亿元", "3家亏损"), ("坚定信心",))


def test_what_stands_above_the_title_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"000012\n特急\n临川市教育局文件\n{NOTICE}\n（此件公开发布）"
    found = elements_of(text)
    assert found.marks == ("000012", "特急", "临川市教育局文件")
    assert found.material[-1] == "此件公开发布"
    for style in STYLES:
        monkeypatch.setattr("odw_harness.traindata.draft.STYLES", {style: STYLES[style]})
        assert "000012、特急、临川市教育局文件" in draft(text, 0)[1]


def test_the_number_of_an_attachment_is_no_fact() -> None:
    assert elements_of(NOTICE).attachments == ("重点水域清单", "家访登记表")
    assert not {"1", "2"} & set(elements_of(NOTICE).facts)


@pytest.mark.parametrize(
    ("sentence", "facts"),
    [
        ("我公司拟收购白沙县新源光伏有限公司持有的股权", ("白沙县新源光伏有限公司",)),
        ("恳请批准我公司收购，现商请贵公司协助，为落实集团部署", ()),
        ("与国网紫川省电力公司签订合同", ("国网紫川省电力公司",)),
        ("项目位于白沙县青石镇", ("白沙县青石镇",)),
        ("由临川市水务集团牵头，会同市财政局", ("临川市水务集团", "市财政局")),
    ],
)
def test_a_name_is_told_from_the_words_before_it(sentence: str, facts: tuple[str, ...]) -> None:
    assert facts_in(sentence) == facts


def test_the_head_of_a_table_says_what_its_figures_are() -> None:
    text = "关于落实资金的请示\n省国资委：\n资金安排如下：\n来源\t金额（万元）\n自筹\t560\n贷款\t1300\n妥否，请批示。"
    assert elements_of(text).material == ("来源 金额（万元）", "自筹 560", "贷款 1300")


def test_facts_are_what_nobody_can_guess() -> None:
    assert facts_in("（三）市财政局拨付二十三万元，占一成，用于3所学校。") == ("3所", "二十三万元", "一成", "市财政局")
    assert facts_in("一、各单位要提高认识，加强领导。") == ()
    assert facts_in("会议定于9月3日上午8时30分在A座2楼召开，编号QZ-07。") == ("9月3日", "8时", "30分", "2楼", "QZ-07")


@pytest.mark.parametrize("style", list(STYLES))
@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_every_figure_of_a_document_is_in_its_instruction(
    name: str, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("odw_harness.traindata.draft.STYLES", {style: STYLES[style]})
    text = DOCUMENTS[name]
    drawn, instruction, elements = draft(text, 0)
    assert drawn == style
    assert not_given(elements.facts, instruction) == ()
    assert unsourced_figures(text, instruction) == ()
    body = "\n".join(
        re.sub(r"^\s*(?:[（(]\d+[)）]|\d+[.．、]|附\s*件\s*[:：]?\s*\d*)", "", line) for line in text.split("\n")
    )
    figures = set(re.findall(r"\d+(?:\.\d+)?", normalise(body.replace("\n", "，"))))
    assert figures - set(re.findall(r"\d+(?:\.\d+)?", normalise(instruction))) == set()


def test_without_its_last_resort_a_style_gives_the_facts_of_the_references_already() -> None:
    """文中还须写明 is for what no style has a place for."""
    drafts = [draft(question.reference, seed)[1] for question in load_questions() for seed in range(4)]
    assert sum("文中还须写明" in text for text in drafts) == 0


def test_the_style_and_its_words_follow_from_text_and_seed() -> None:
    assert draft(NOTICE, 3)[:2] == draft(NOTICE, 3)[:2]
    assert len({draft(NOTICE, seed)[0] for seed in range(40)}) == len(STYLES)
    assert len({draft(NOTICE, seed)[1] for seed in range(40)}) > len(STYLES)


def test_an_instruction_is_no_copy_of_its_document() -> None:
    instruction = draft(LETTER, 1)[1]
    assert "因编制河道治理规划需要，我局拟于2025年9月" in instruction
    assert "特此函商" not in instruction


def test_a_text_without_any_element_still_has_an_instruction() -> None:
    style, instruction, elements = draft("春\n盼望着，盼望着，东风来了，春天的脚步近了。", 0)
    assert style in STYLES
    assert "春" in instruction
    assert (elements.genre, elements.facts) == ("", ())
