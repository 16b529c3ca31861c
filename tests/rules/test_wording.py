"""The checks of a document's wording (numbering to length), each with texts that pass and texts that fail."""

import pytest

from odw_harness.rules import Expectations
from tests.rules.support import Case, assert_three_of_either, rows, verify

HEAD = "临川市教育局关于做好招生工作的通知\n各学校："
END = "临川市教育局\n2024年3月5日"
UP = Expectations(direction="up")
EQUAL = Expectations(direction="parallel")
DOWN = Expectations(direction="down")
RULED_OUT = Expectations(forbidden=("务必",), forbidden_patterns=("罚款.{0,3}元",))
TERMS = Expectations(required_terms=(("收悉",), ("同意", "批准")))
MATERIAL = Expectations(
    prompt="投资2.86亿元，其中县级0.86亿元、市级1.2亿元、省级0.8亿元；乡镇24个，已办47件，上年60件，完成率64%，学校3,200所。"
)
SHORT = Expectations(length=(20, 40))

CASES: dict[str, list[Case]] = {
    "numbering_form": [
        Case("four levels", f"{HEAD}\n一、甲\n（一）乙\n1.丙\n（1）丁", True),
        Case("skipped level", f"{HEAD}\n一、甲\n1.乙", True),
        Case("full-width full stop", f"{HEAD}\n1．甲", True),
        Case("a list of bus lines", f"{HEAD}\n3、12、27路公交车绕行。", True),
        Case("a decimal", f"{HEAD}\n1.5万人参加。", True),
        Case("within a paragraph", f"{HEAD}\n包括：(1)甲；(2)乙。", True),
        Case("（一）、", f"{HEAD}\n一、甲\n（一）、乙", False, 4, "（一）、"),
        Case("1、", f"{HEAD}\n1、甲", False, 3, "1、"),
        Case("(一)", f"{HEAD}\n(一)甲", False, 3, "(一)"),
        Case("(1)", f"{HEAD}\n(1)甲", False, 3, "(1)"),
        Case("（1）、", f"{HEAD}\n（1）、甲", False, 3, "（1）、"),
        Case("1）", f"{HEAD}\n1）甲", False, 3, "1）"),
        Case("一.", f"{HEAD}\n一.甲", False, 3, "一."),
        Case("mixed brackets", f"{HEAD}\n（一)甲", False, 3, "（一)"),
    ],
    "numbering_sequence": [
        Case("in order", f"{HEAD}\n一、甲\n二、乙\n三、丙", True),
        Case("starts anew below", f"{HEAD}\n一、甲\n（一）a\n（二）b\n二、乙\n（一）c", True),
        Case(
            "past ten",
            f"{HEAD}\n"
            + "\n".join(f"{n}、甲" for n in ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一"]),
            True,
        ),
        Case("annex starts anew", f"{HEAD}\n一、甲\n二、乙。\n{END}\n办法\n一、丙\n", True),
        Case("attachments don't count", f"{HEAD}\n一、甲\n附件：1.表\n2.单\n{END}", True),
        Case("no numbers", f"{HEAD}\n请落实。", None),
        Case("left out", f"{HEAD}\n一、甲\n三、乙", False, 4, "三、"),
        Case("twice", f"{HEAD}\n一、甲\n一、乙", False, 4, "一、"),
        Case("starts at two", f"{HEAD}\n二、甲", False, 3, "二、"),
        Case("lower level left out", f"{HEAD}\n一、甲\n（一）a\n（三）b", False, 5, "（三）"),
        Case("figures left out", f"{HEAD}\n1.甲\n3.乙", False, 4, "3."),
    ],
    "forbidden": [
        Case("通知", f"{HEAD}\n请认真贯彻执行。", True),
        Case("报告 ends with 特此报告", f"{HEAD}\n特此报告。", True, expected="报告"),
        Case("报告 asks for criticism", f"{HEAD}\n以上报告，请批评指正。", True, expected="报告"),
        Case("报告 tells of a request", f"{HEAD}\n去年，我县请求省政府批准设县，已获同意。", True, expected="报告"),
        Case("a closing quoted", f"{HEAD}\n请示结语写“妥否，请批示”。", True),
        Case("报告 announces a 请示", f"{HEAD}\n所需经费将另行请求市政府追加。", True, expected="报告"),
        Case("函 asks the organ in charge", f"{HEAD}\n妥否，请予审批。", True, expected="函"),
        Case("请示 asks", f"{HEAD}\n妥否，请批示。", True, expected="请示"),
        Case("nothing ruled out", HEAD, None, expected=UP),
        Case("a fine without a sum", f"{HEAD}\n依法罚款。", True, expected=RULED_OUT),
        Case("通知 asks", f"{HEAD}\n妥否，请批示。", False, 3, "妥否，请批示"),
        Case("报告 asks", f"{HEAD}\n当否，请批复。", False, 3, "请批复", "报告"),
        Case("报告 asks for approval", f"{HEAD}\n以上方案，请予批准。", False, 3, "批准", "报告"),
        Case("报告 asks for money", f"{HEAD}\n恳请省政府追加500万元。", False, 3, "恳请省政府追加", "报告"),
        Case("报告 asks in a clause", f"{HEAD}\n为此，请求市政府拨付经费。", False, 3, "请求市政府拨付", "报告"),
        Case("请示 orders", f"{HEAD}\n请遵照执行。", False, 3, "请遵照执行", "请示"),
        Case("函 asks for 批示", f"{HEAD}\n当否，请批示。", False, 3, "请批示", "函"),
        Case("函 asks for 批示 alone", f"{HEAD}\n以上事项，请批示。", False, 3, "请批示", "函"),
        Case("公告 as 通告", f"{HEAD}\n特此通告。", False, 3, "特此通告", "公告"),
        Case("a word", f"{HEAD}\n务必到场。", False, 3, "务必", RULED_OUT),
        Case("a pattern over spaces", f"{HEAD}\n罚款 5 元。", False, 3, "罚款5元", RULED_OUT),
    ],
    "placeholder": [
        Case("none", f"{HEAD}\n请于3月5日前报送。", True),
        Case("product", f"{HEAD}\n尺寸为3×5米。", True),
        Case("year in hanzi", f"{HEAD}\n二〇〇八年以来，一九〇〇年以后。", True),
        Case("a hidden name", f"{HEAD}\n犯罪嫌疑人张某某。", True),
        Case("see the annex", f"{HEAD}\n各校名额（具体名额见附件）如下。", True),
        Case("blanks of an annexed form", f"{HEAD}\n请落实。\n{END}\n附件\n回执\n姓名：____", True),
        Case("some county in a speech", "在会上的讲话\n我到某县调研。", True, expected="讲话稿"),
        Case("news mark", "临川开通电车\n【本报讯】电车开通。", True, expected="新闻稿"),
        Case("××", f"{HEAD}\n××学校", False, 3, "××"),
        Case("XX", f"{HEAD}\n20XX年XX学校", False, 3, "XX"),
        Case("某某", f"{HEAD}\n某某学校", False, 3, "某某"),
        Case("某县", f"{HEAD}\n某县教育局", False, 3, "某"),
        Case("____", f"{HEAD}\n共____人", False, 3, "____"),
        Case("hint", f"{HEAD}\n（此处填写人数）", False, 3, "此处"),
        Case("name in brackets", f"{HEAD}\n联系人：[姓名]", False, 3, "姓名"),
        Case("【】", f"{HEAD}\n联系人：【待定】", False, 3, "【待定】"),
        Case("×月", f"{HEAD}\n2024年×月×日", False, 3, "×"),
        Case("circles", f"{HEAD}\n○○学校", False, 3, "○○"),
    ],
    "explanation": [
        Case("none", f"{HEAD}\n请落实。\n{END}", True),
        Case("head marks", f"000012\n机密★1年\n特急\n临川市教育局文件\n临教发〔2024〕1号\n{HEAD}", True),
        Case("a rule of dashes", f"临川市教育局文件\n————————\n{HEAD}", True),
        Case("page number", f"{HEAD}\n请落实。\n{END}\n- 1 -", True),
        Case("questions go to the office", f"{HEAD}\n如有疑问，请与市教育局联系。\n{END}", True),
        Case("a speaker hopes", "在会上的讲话\n同志们：\n希望这次会议开好。", True, expected="讲话稿"),
        Case("a note on figures", "临川市统计公报\n一、综合。\n注：数据为初步统计数。", True, expected="公报"),
        Case("签发人 on two lines", f"签发人：林知远\n白　露　顾明远\n临教发〔2024〕1号　李未\n{HEAD}", True),
        Case("fence", f"```\n{HEAD}\n```", False, 1, "Markdown"),
        Case("heading", f"# {HEAD}", False, 1, "Markdown"),
        Case("bold", f"{HEAD}\n**一、甲**", False, 3, "Markdown"),
        Case("list", f"{HEAD}\n- 甲", False, 3, "Markdown"),
        Case("table", f"{HEAD}\n| 甲 | 乙 |", False, 3, "Markdown"),
        Case("explanation before", f"好的，以下是公文：\n{HEAD}", False, 1, "before"),
        Case("its other words", f"我为您起草了如下内容\n\n{HEAD}", False, 1, "before"),
        Case("hope after", f"{HEAD}\n请落实。\n{END}\n希望以上内容有帮助！", False, 6, "after"),
        Case("offer after", f"{HEAD}\n请落实。\n{END}\n如需修改，请告诉我。", False, 6, "after"),
        Case("note after", f"{HEAD}\n请落实。\n{END}\n（注：以上为模板，请修改。）", False, 6, "after"),
    ],
    "punctuation": [
        Case("full-width", f"{HEAD}\n请抓紧，落实；好。", True),
        Case("beside figures", f"{HEAD}\n时间为9:00，电话0000-123。", True),
        Case("beside Latin", f"{HEAD}\n使用App(iOS)登录,OK。", True),
        Case("thousands", f"{HEAD}\n共1,200人。", True),
        Case("comma", f"{HEAD}\n请抓紧,落实。", False, 3, ","),
        Case("colon", f"{HEAD}\n要求:落实。", False, 3, ":"),
        Case("at the end", f"{HEAD}\n请抓紧;", False, 3, ";"),
        Case("brackets", f"{HEAD}\n各县(市)落实。", False, 3, "("),
    ],
    "address": [
        Case("our city", f"{HEAD}\n我市将落实。", True, expected=UP),
        Case("贵局 to an equal", f"{HEAD}\n请贵局支持。", True, expected=EQUAL),
        Case("你县 to a subordinate", f"{HEAD}\n请你县落实。", True, expected=DOWN),
        Case("宝贵", f"{HEAD}\n提出宝贵意见，贵州省经验可借鉴。", True, expected=DOWN),
        Case("公告 addresses nobody", HEAD, None, expected="公告"),
        Case("你局 to an equal", f"{HEAD}\n请你局支持。", False, 3, "你局", EQUAL),
        Case("对你厅 to a superior", f"{HEAD}\n对你厅表示感谢。", False, 3, "你厅", UP),
        Case("贵县 to a subordinate", f"{HEAD}\n请贵县落实。", False, 3, "贵县", DOWN),
        Case("贵单位 to a subordinate", f"{HEAD}\n贵单位来文收悉。", False, 3, "贵单位", DOWN),
    ],
    "required_terms": [
        Case("both", f"{HEAD}\n来文收悉，同意。", True, expected=TERMS),
        Case("the other wording", f"{HEAD}\n来文收悉，批准。", True, expected=TERMS),
        Case("spaced", f"{HEAD}\n来文 收 悉，同意。", True, expected=TERMS),
        Case("none asked", HEAD, None),
        Case("one", f"{HEAD}\n来文收悉。", False, None, "同意", TERMS),
        Case("none", f"{HEAD}\n已阅。", False, None, "收悉、同意", TERMS),
        Case("only above the title", f"收悉，同意。\n{HEAD}", False, None, "收悉", TERMS),
    ],
    "unsourced_figures": [
        Case("given", f"{HEAD}\n投资2.86亿元。", True, expected=MATERIAL),
        Case("other scale", f"{HEAD}\n投资28600万元。", True, expected=MATERIAL),
        Case("sum", f"{HEAD}\n市县合计2.06亿元。", True, expected=MATERIAL),
        Case("all three shares", f"{HEAD}\n三级共2.86亿元。", True, expected=MATERIAL),
        Case("rate of change", f"{HEAD}\n比上年下降21.7%。", True, expected=MATERIAL),
        Case("rest of a share", f"{HEAD}\n尚有36%未完成。", True, expected=MATERIAL),
        Case("small counts and dates", f"{HEAD}\n3月25日前落实5项措施。", True, expected=MATERIAL),
        Case("thousands separator", f"{HEAD}\n学校3200所。", True, expected=MATERIAL),
        Case("no material", f"{HEAD}\n投资9.99亿元。", None),
        Case("made up", f"{HEAD}\n投资9.99亿元。", False, 3, "9.99亿元", MATERIAL),
        Case("wrong share", f"{HEAD}\n下降35.5%。", False, 3, "35.5%", MATERIAL),
        Case("made-up people", f"{HEAD}\n惠及73500人。", False, 3, "73500人", MATERIAL),
    ],
    "length": [
        Case("within", "关于放假的通知\n" + "好" * 20, True, expected=SHORT),
        Case("least", "好" * 20, True, word="20", expected=SHORT),
        Case("spaces don't count", "好 " * 40, True, word="40", expected=SHORT),
        Case("Markdown doesn't count", "**" + "好" * 40 + "**", True, word="40", expected=SHORT),
        Case("none asked", HEAD, None),
        Case("too short", "好" * 19, False, None, "19", SHORT),
        Case("too long", "好" * 41, False, None, "41", SHORT),
        Case("far too long", "好" * 4000, False, None, "4000", SHORT),
    ],
}
PAIRS, IDS = rows(CASES)


@pytest.mark.parametrize(("check", "case"), PAIRS, ids=IDS)
def test_wording(check: str, case: Case) -> None:
    verify(check, case)


@pytest.mark.parametrize("check", CASES)
def test_each_check_has_three_texts_of_either_kind(check: str) -> None:
    assert_three_of_either(CASES[check])
