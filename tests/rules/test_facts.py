"""Facts and figures as strings: what counts as stated, and what follows from a material."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odw_harness.rules.facts import missing_facts, normalise, states, unsourced_figures


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("１２８６．４亿元", "1286.4亿元"),
        ("1,286.4 亿元", "1286.4亿元"),
        ("12,600,000元", "12600000元"),
        ("3,5人", "3,5人"),
        ("3月11日—20日", "3月11日-20日"),
        ("3月11日～20日", "3月11日-20日"),
        ("3月11日–20日", "3月11日-20日"),
        ("城 镇\u3000就\n业", "城镇就业"),
        ("（草案）", "(草案)"),
        ("", ""),
    ],
)
def test_normalise(text: str, plain: str) -> None:
    assert normalise(text) == plain


@pytest.mark.parametrize(
    ("text", "fact", "stated"),
    [
        ("增长6.2%。", "6.2%", True),
        ("增长6.2％。", "6.2%", True),
        ("增长16.2%。", "6.2%", False),
        ("共3,186人。", "3186人", True),
        ("共13186人。", "3186人", False),
        ("容积率1.2。", "1.2", True),
        ("容积率1.25。", "1.2", False),
        ("编号12.1.2。", "1.2", False),
        ("电话0000-1234567", "0000-1234567", True),
        ("第42号令", "第42号", True),
        ("第142号令", "第42号", False),
        ("林 知 远市长", "林知远", True),
        ("6%左右", "6%左右", True),
        ("共２４个村", "24个", True),
        ("", "24个", False),
    ],
)
def test_states(text: str, fact: str, stated: bool) -> None:
    assert states(normalise(text), fact) is stated


def test_missing_facts_are_named_by_their_first_wording() -> None:
    facts = (("2人死亡", "死亡2人"), ("1人受伤", "受伤1人"), ("63个",))
    assert missing_facts("造成死亡2人", facts) == ("1人受伤", "63个")
    assert missing_facts("死亡2人、受伤1人，排查63个", facts) == ()
    assert missing_facts("", ()) == ()


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("1.7月15日前完成检测", "7月15日"),
        ("一、安排\n2、24台逆变器", "24台"),
        ("自有资金\t5650.42\t30.3%", "5650.42"),
        ("自有资金 5650.42 30.3%", "30.3%"),
        ("联系电话：0000-1234567\n2024年3月5日", "0000-1234567"),
        ("1 286.4亿元", "1286.4亿元"),
    ],
)
def test_a_fact_beside_another_figure_is_stated(text: str, fact: str) -> None:
    assert missing_facts(text, ((fact,),)) == ()


def test_a_figure_is_not_cut_out_of_a_longer_one() -> None:
    assert missing_facts("增长1.7%", (("7%",),)) == ("7%",)
    assert missing_facts("共13 186人", (("3186人",),)) == ("3186人",)


MATERIAL = "问卷600份，回收564份；幸福院38个，运营21个；总投资2.86亿元，县级0.86亿元；面积由6.2万亩增加到8.5万亩。"


@pytest.mark.parametrize(
    "text",
    [
        "回收564份",
        "回收率94%",  # 564 of 600
        "未回收36份",  # 600 less 564
        "运营率55.3%",  # 21 of 38
        "未运营的占44.7%",
        "未运营17个",
        "总投资28600万元",
        "其余2亿元",  # 2.86 less 0.86
        "净增2.3万亩",
        "增长37.1%",  # 8.5 to 6.2
        "共发放和回收1164份",
        "约2.9亿元",  # 2.86, rounded
        "平均每亩3365元",  # 2.86亿元 for 8.5万亩
        "提出3条建议",
        "2024年3月29日17时",
        "编号A123项",
        "",
    ],
)
def test_figures_with_a_source(text: str) -> None:
    assert unsourced_figures(text, MATERIAL) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("回收率93%", ("93%",)),
        ("回收555份", ("555份",)),
        ("总投资3.1亿元", ("3.1亿元",)),
        ("惠及4.5万人，投入9.7亿元", ("4.5万人", "9.7亿元")),
        ("补贴5元", ("5元",)),
        ("9.7亿元，9.7亿元", ("9.7亿元",)),
        ("9" * 400 + "亿元", ("9" * 400 + "亿元",)),
    ],
)
def test_figures_of_no_source(text: str, found: tuple[str, ...]) -> None:
    assert unsourced_figures(text, MATERIAL) == found


def test_the_number_of_an_item_is_no_part_of_a_figure() -> None:
    assert unsourced_figures("1.564份问卷\n2．2.86亿元投资\n8.5万亩", MATERIAL) == ()
    assert unsourced_figures("1.555份问卷\n惠及4.5万人", MATERIAL) == ("1.555份", "4.5万人")


def test_the_cells_of_a_table_are_sources() -> None:
    table = "来源\t金额（万元）\t占比\n自筹\t5650.42\t30.3%\n贷款\t1300\n560人参加"
    assert unsourced_figures("自筹5650.42万元，占30.3%；560人参加", table) == ()


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_text_is_too_odd(text: str, material: str) -> None:
    unsourced_figures(text, material)
    assert missing_facts(text, ((text or "a",),)) in ((), (text or "a",))


@given(st.text(max_size=100))
def test_normalise_has_no_white_space(text: str) -> None:
    assert not any(mark.isspace() for mark in normalise(text))
