"""Nothing of the evaluation's questions stands in the training pairs."""

import re

import pytest

from odw_harness.questions import load_questions
from odw_harness.traindata.generate import generate
from odw_harness.traindata.generate.guard import leaks

QUESTIONS = load_questions()
CORPUS = "\n".join(f"{question.prompt}\n{question.reference}" for question in QUESTIONS)
PLACES = ["青岚", "云岫", "墨池", "澜川", "松泉", "白石沟", "滨江", "望湖路", "文澜路", "石门", "白鹭洲", "城东新区"]
MATTERS = [
    "政府工作报告",
    "防汛抗旱",
    "城市绿地",
    "国民经济",
    "挂牌出让",
    "半程马拉松",
    "设施农业",
    "校园食品安全",
    "基坑",
    "防汛救灾资金",
    "第二人民医院",
    "城市更新",
    "联合监测",
    "内涝",
    "政务服务中心",
    "茶文化",
    "招商引资",
    "农村养老",
    "幸福院",
    "阅读周",
    "节约用水",
]
SURNAMES = "林何陶周顾陆宋韩程邵沈许温"
FIGURE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)(?:[万亿]?[\u4e00-\u9fff]|%)")


@pytest.fixture(scope="module")
def texts() -> str:
    return "\n".join(f"{pair.instruction}\n{pair.output}" for pair in generate(2000, 2))


def absent(words: set[str], texts: str) -> None:
    assert words
    assert not {word for word in words if word in texts}


def test_no_organ_or_recipient(texts: str) -> None:
    organs = {organ for question in QUESTIONS for organ in question.issuers}
    absent(organs | {question.recipient for question in QUESTIONS if question.recipient}, texts)


def test_no_document_number(texts: str) -> None:
    numbers = {question.doc_number for question in QUESTIONS if question.doc_number}
    numbers |= set(re.findall("（([^（）]+〔[^（）]+号)）", CORPUS))
    ours = set(re.findall(r"(?m)^(?:[\u4e00-\u9fff]*〔\d{4}〕\d+号|第\d+号)$", texts))
    assert len(numbers) >= 10
    assert len(ours) > 800
    assert not numbers & ours
    absent({number for number in numbers if not number.startswith(("〔", "第"))}, texts)


def test_no_person(texts: str) -> None:
    facts = {wording for question in QUESTIONS for fact in question.facts for wording in fact}
    people = {fact for fact in facts if re.fullmatch(f"[{SURNAMES}][\u4e00-\u9fff]{{2}}", fact)}
    people |= {question.signatory for question in QUESTIONS if question.signatory}
    assert {"林知远", "邵听澜", "温如言", "沈怀瑾", "许闻舟"} <= people
    assert len(people) >= 13
    absent(people, texts)


@pytest.mark.parametrize("words", [PLACES, MATTERS])
def test_no_place_and_no_matter(words: list[str], texts: str) -> None:
    assert all(word in CORPUS for word in words if word != "幸福院")
    absent(set(words), texts)


def test_no_figure_of_three_digits_or_more_and_no_full_date(texts: str) -> None:
    def figures(text: str) -> set[str]:
        found = {value for value in FIGURE.findall(text) if len(value.replace(".", "")) >= 3}
        return {value for value in found if not re.fullmatch(r"(?:19|20)\d{2}|0{4}", value)}

    ours = figures(texts)
    assert len(figures(CORPUS)) > 60
    assert len(ours) > 2000
    assert not figures(CORPUS) & ours
    dates = set(re.findall(r"\d{4}年\d{1,2}月\d{1,2}日", CORPUS))
    assert len(dates) > 20
    absent(dates, texts)


def test_no_phone_number(texts: str) -> None:
    absent(set(re.findall(r"0000-\d+", CORPUS)), texts)


def test_no_title_of_a_rule_or_document(texts: str) -> None:
    titles = {title for title in re.findall("《([^《》]+)》", CORPUS) if "中华人民共和国" not in title}
    absent(titles - {"条例（草案）"}, texts)


def test_a_text_with_a_figure_a_date_or_a_number_of_a_question_is_found() -> None:
    assert leaks("共安排资金3200万元")
    assert leaks("2024年3月25日")
    assert leaks("发文字号青政发〔2024〕3号")
    assert not leaks("共安排资金3201万元，2024年3月26日，36个，2024年")
