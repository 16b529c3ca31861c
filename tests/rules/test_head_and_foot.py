"""The checks of a document's elements (文号 to 版记), each with texts that pass and texts that fail."""

import pytest

from odw_harness.rules import Expectations
from tests.rules.support import Case, assert_three_of_either, rows, verify

TITLE = "临川市教育局关于做好招生工作的通知"
HEAD = TITLE + "\n各学校："
END = "临川市教育局\n2024年3月5日"
NUMBERED = Expectations(doc_number="临教发〔2024〕12号")
SIGNED = Expectations(signatory="林知远", signatory_needed=True)
TO_SUPERIOR = Expectations(direction="up", recipient="临川市人民政府", recipient_need="required")
TWO_ORGANS = Expectations(signature=("临川市教育局", "临川市财政局"), signed=True)
MAYOR = Expectations(signature=("市长 林知远",), signed=True)
TWO_ATTACHMENTS = Expectations(attachments=("检查清单", "汇总表"))
LONG = (
    "临川市教育局关于做好招生工作的通知各学校：现就做好招生工作有关事项通知如下，请认真抓好落实，确保招生工作平稳有序。"
)
UNBROKEN = LONG + "临川市教育局2024年3月5日"

CASES: dict[str, list[Case]] = {
    "doc_number_form": [
        Case("six-sided brackets", f"临教发〔2024〕12号\n{HEAD}", True, 1),
        Case("beside the 签发人", f"临教发〔2024〕12号　签发人：林知远\n{HEAD}", True, 1),
        Case("below the title", f"{TITLE}\n临教发〔2024〕12号\n各学校：", True, 2),
        Case("令 in figures", "临川市人民政府令\n第12号\n现予公布。", True, 2, expected="令"),
        Case("令 in hanzi", "临川市人民政府令\n第十二号\n现予公布。", True, 2, expected="令"),
        Case("纪要 of an issue", "临川市教育局会议纪要\n（第3期）\n会议明确。", True, 2, expected="纪要"),
        Case("公告 of a year", "临川市教育局公告\n第8号\n现公告如下：", True, 2, expected="公告"),
        Case("last 签发人 beside it", f"签发人：林知远\n临教发〔2024〕1号　　白　露\n{HEAD}", True, 2),
        Case("公告 above the title", "2024年第8号\n临川市教育局招生公告\n现公告如下：", True, 1, expected="公告"),
        Case("通知 like a 公告", f"2024年第8号\n{HEAD}", False, 1, "form"),
        Case("no number", HEAD, None),
        Case("no 令号", "临川市人民政府令\n现予公布。", False, None, "令号", "令"),
        Case("a number quoted in the text", f"{HEAD}\n根据临教发[2023]1号文件，现通知如下。", None),
        Case("square", f"临教发[2024]12号\n{HEAD}", False, 1, "six-sided"),
        Case("lenticular", f"临教发【2024】12号\n{HEAD}", False, 1, "six-sided"),
        Case("leading 0", f"临教发〔2024〕012号\n{HEAD}", False, 1, "leading 0"),
        Case("第", f"临教发〔2024〕第12号\n{HEAD}", False, 1, "第"),
        Case("no brackets", f"临教发2024年第12号\n{HEAD}", False, 1, "form"),
        Case("number of a 通知 like a 令", f"第12号\n{HEAD}", False, 1, "form"),
        Case("令 like a 通知", "临川市人民政府令\n临政令〔2024〕12号\n现予公布。", False, 2, "第N号", "令"),
    ],
    "doc_number_value": [
        Case("given", f"临教发〔2024〕12号\n{HEAD}", True, 1, expected=NUMBERED),
        Case("with spaces", f"临教发 〔2024〕 12 号\n{HEAD}", True, 1, expected=NUMBERED),
        Case("other brackets are the form's fault", f"临教发[2024]12号\n{HEAD}", True, 1, expected=NUMBERED),
        Case("with a label", f"发文字号：临教发〔2024〕12号\n{HEAD}", True, 1, expected=NUMBERED),
        Case("none given", HEAD, None),
        Case("missing", HEAD, False, None, "missing", NUMBERED),
        Case("another number", f"临教发〔2024〕21号\n{HEAD}", False, 1, "given was", NUMBERED),
        Case("another year", f"临教发〔2023〕12号\n{HEAD}", False, 1, "given was", NUMBERED),
        Case("another 代字", f"临政发〔2024〕12号\n{HEAD}", False, 1, "given was", NUMBERED),
        Case("only in running text", f"{HEAD}\n本通知文号为临教发〔2024〕12号。", False, None, "missing", NUMBERED),
        Case("no line breaks", "临教发〔2024〕12号" + UNBROKEN, False, 1, "no line breaks", NUMBERED),
    ],
    "signatory": [
        Case("on a line", f"签发人：林知远\n{HEAD}", True, 1, expected=SIGNED),
        Case("beside the number", f"临教发〔2024〕1号　签发人：林知远\n{HEAD}", True, 1, expected=SIGNED),
        Case("before the number", f"签发人：林知远　临教发〔2024〕1号\n{HEAD}", True, 1, expected=SIGNED),
        Case("spaced", f"签 发 人：林 知 远\n{HEAD}", True, 1, expected=SIGNED),
        Case("two of them", f"签发人：白　露　林知远\n{HEAD}", True, 1, expected=SIGNED),
        Case("below the title", f"{TITLE}\n签发人：林知远\n各学校：", True, 2, expected=SIGNED),
        Case("not needed", HEAD, None),
        Case("missing", HEAD, False, None, "missing", SIGNED),
        Case("without a name", f"签发人：\n{HEAD}", False, 1, "no name", SIGNED),
        Case("another", f"签发人：顾明远\n{HEAD}", False, 1, "given was 林知远", SIGNED),
        Case("half-width colon", f"签发人:林知远\n{HEAD}", False, 1, "full-width", SIGNED),
        Case("no line breaks", "签发人：林知远" + UNBROKEN, False, 1, "no line breaks", SIGNED),
    ],
    "title": [
        Case("three parts", HEAD, True, 1),
        Case("over two lines", "临川市教育局\n关于做好招生工作的通知\n各学校：", True, 1),
        Case("without 关于", "临川市教育局暑假放假通知\n各学校：", True, 1),
        Case("转发", "临川市教育局转发省教育厅关于做好招生工作的意见的通知\n各学校：", True, 1),
        Case("试行", "临川市教育局关于减负的意见（试行）\n各学校：", True, 1, expected="意见"),
        Case("令", "临川市人民政府令\n第1号\n现予公布。", True, 1, expected="令"),
        Case("pattern", HEAD, True, 1, expected=Expectations(title_pattern="^临川市.*的通知$")),
        Case("full stop", TITLE + "。\n各学校：", False, 1, "punctuation"),
        Case("two 文种", "临川市教育局关于经费的请示报告\n市政府：", False, 1, "请示报告", "请示"),
        Case("another 文种", "临川市教育局关于经费的函\n市政府：", False, 1, "请示", "请示"),
        Case("only the 文种", "通知\n各学校：", False, 1, "only"),
        Case("no subject", "临川市教育局通知\n各学校：", False, 1, "subject"),
        Case("no subject but urgency", "临川市教育局紧急通知\n各学校：", False, 1, "subject"),
        Case("关于 and nothing", "临川市教育局关于的通知\n各学校：", False, 1, "subject"),
        Case("label", "标题：" + HEAD, False, 1, "label"),
        Case("议案 of a department", "临川市教育局关于提请审议规划的议案\n市人大：", False, 1, "government", "议案"),
        Case("议案 of a government", "临川市人民政府关于提请审议规划的议案\n市人大：", True, 1, expected="议案"),
        Case("pattern not matched", HEAD, False, 1, "no line", Expectations(title_pattern="^临江市.*的通知$")),
        Case("no line breaks", UNBROKEN, False, 1, "no line breaks"),
    ],
    "title_organ": [
        Case("in the title", HEAD, True),
        Case("in the 版头", "临川市教育局文件\n关于做好招生工作的通知\n各学校：", True),
        Case(
            "in the 版头 of a 函",
            "临川市教育局\n临教函〔2024〕1号\n关于做好招生工作的函\n市财政局：",
            True,
            expected="函",
        ),
        Case("事务文书", "关于招生的调研报告\n一、情况", None, expected="调研报告"),
        Case("with a question", HEAD, None, expected=Expectations(title_pattern=".*")),
        Case("关于", "关于做好招生工作的通知\n各学校：", False, 1, "发文机关"),
        Case("转发", "转发关于招生的意见的通知\n各学校：", False, 1, "发文机关"),
        Case("印发", "临教发〔2024〕1号\n印发《招生办法》的通知\n各学校：", False, 2, "发文机关"),
    ],
    "recipient": [
        Case("several below", HEAD.replace("各学校", "各县（区）教育局，市直各学校"), True, 2),
        Case("over two lines", f"{TITLE}\n各县（区）教育局，\n市直各学校：\n请抓好落实。", True, 2),
        Case("below the number", f"{TITLE}\n临教发〔2024〕1号\n各学校：", True, 3),
        Case("below a 题注", f"{TITLE}\n（2024年3月5日）\n各学校：", True, 3),
        Case("given", f"{TITLE}\n临川市人民政府：", True, 2, expected=TO_SUPERIOR),
        Case("和 inside a name", f"{TITLE}\n临川市文化和旅游局：", True, 2, expected="请示"),
        Case("通报 without", "临川市教育局关于表彰的通报\n经研究，决定表彰。", None, expected="通报"),
        Case("公告 needs none", "临川市教育局招生公告\n现公告如下：", None, expected="公告"),
        Case("missing", f"{TITLE}\n现通知如下：\n请落实。", False, 2, "missing"),
        Case("half-width colon", f"{TITLE}\n各学校:", False, 2, "half-width"),
        Case("no colon", f"{TITLE}\n各学校\n请落实。", False, 2, "missing"),
        Case("comma for the colon", f"{TITLE}\n各学校，\n请落实。", False, 2, "missing"),
        Case("another", f"{TITLE}\n临江市人民政府：", False, 2, "given was", TO_SUPERIOR),
        Case("two to a superior", f"{TITLE}\n市人民政府、市委：", False, 2, "one 主送机关", "请示"),
        Case("two with 并", f"{TITLE}\n市人民政府并市委：", False, 2, "one 主送机关", "报告"),
        Case("a person", f"{TITLE}\n林知远市长：", False, 2, "person", "请示"),
        Case("label", f"{TITLE}\n主送机关：各学校\n请落实。", False, 2, "label"),
        Case("the leaders", f"{TITLE}\n各位领导：", False, 2, "person", "请示"),
        Case("a comrade", f"{TITLE}\n林知远同志：", False, 2, "person", "报告"),
        Case("no line breaks", UNBROKEN, False, 1, "no line breaks"),
    ],
    "no_recipient": [
        Case("starts with the text", "临川市公安局通告\n为维护秩序，现通告如下：", True, expected="通告"),
        Case("a list of people", "临川市公安局公告\n下列人员：\n张三。", True, expected="公告"),
        Case("an organ that decides", "临川市公安局公告\n临川市公安局决定受理下列单位：", True, expected="公告"),
        Case("出席 first", "临川市专题会议纪要\n地点：市政府\n出席单位：\n市教育局", True, expected="纪要"),
        Case("an organ below a colon", "临川市专题会议纪要\n主持：市政府办公室\n出席：", True, expected="纪要"),
        Case("通知 has one", HEAD, None),
        Case("organs", "临川市公安局通告\n各县（区）公安局，市局各支队：\n现通告。", False, 2, "主送机关", "通告"),
        Case("one organ", "临川市人民政府令\n第1号\n临川市教育局：\n现予公布。", False, 3, "主送机关", "令"),
        Case("总结", "临川市教育局2023年工作总结\n临川市人民政府：\n2023年。", False, 2, "主送机关", "工作总结"),
        Case("units", "临川市教育局公报\n各单位：\n2023年。", False, 2, "主送机关", "公报"),
    ],
    "salutation": [
        Case("同志们", "在会上的讲话\n同志们：\n开会。", True, 2, expected=Expectations(salutation=("同志们",))),
        Case(
            "below name", "讲话\n（3月5日）\n林知远\n同志们：", True, 4, expected=Expectations(salutation=("同志们",))
        ),
        Case("朋友们", "倡议书\n亲爱的朋友们！\n节水。", True, 2, expected=Expectations(salutation=("朋友们",))),
        Case("none expected", HEAD, None),
        Case("missing", "讲话\n今天开会。", False, None, "no address", Expectations(salutation=("同志们",))),
        Case("comma", "讲话\n同志们，\n开会。", False, 2, "colon", Expectations(salutation=("同志们",))),
        Case("other people", "讲话\n朋友们：\n开会。", False, None, "同志们", Expectations(salutation=("同志们",))),
    ],
    "attachment_note": [
        Case("one", f"{HEAD}\n请落实。\n附件：检查清单\n{END}", True, 4),
        Case("two", f"{HEAD}\n附件：1.检查清单\n2.汇总表\n{END}", True, 3, expected=TWO_ATTACHMENTS),
        Case("on the next lines", f"{HEAD}\n附件：\n1.检查清单\n2.汇总表\n{END}", True, 3, expected=TWO_ATTACHMENTS),
        Case("a broken name", f"{HEAD}\n附件：1.检查\n清单\n2.汇总表\n{END}", True, 3, expected=TWO_ATTACHMENTS),
        Case("a version in the name", f"{HEAD}\n附件：软件2.0使用说明\n{END}", True, 3),
        Case("none", HEAD, None),
        Case("the label of an annex", f"{HEAD}\n请落实。\n{END}\n附件1\n检查清单", None),
        Case("missing", f"{HEAD}\n{END}", False, None, "missing", TWO_ATTACHMENTS),
        Case("half-width colon", f"{HEAD}\n附件:检查清单\n{END}", False, 3, "full-width"),
        Case("附件1：", f"{HEAD}\n附件1：检查清单\n附件2：汇总表\n{END}", False, 3, "not 附件1"),
        Case("full stop", f"{HEAD}\n附件：检查清单。\n{END}", False, 3, "without punctuation"),
        Case("one with a number", f"{HEAD}\n附件：1.检查清单\n{END}", False, 3, "no number"),
        Case("、 for .", f"{HEAD}\n附件：1、检查清单\n2、汇总表\n{END}", False, 3, "numbered"),
        Case("one of two", f"{HEAD}\n附件：1.检查清单\n{END}", False, 3, "given were 2", TWO_ATTACHMENTS),
        Case("another", f"{HEAD}\n附件：1.检查清单\n2.名单\n{END}", False, 4, "汇总表", TWO_ATTACHMENTS),
        Case("on one line", f"{HEAD}\n附件：1.检查清单 2.汇总表\n{END}", False, 3, "own", TWO_ATTACHMENTS),
        Case("below the date", f"{HEAD}\n请落实。\n{END}\n附件：检查清单", False, 6, "above the 落款"),
    ],
    "signature": [
        Case("an organ", f"{HEAD}\n请落实。\n{END}", True, 4),
        Case("sealed", f"{HEAD}\n请落实。\n临川市教育局（盖章）\n2024年3月5日", True, 4),
        Case("two organs", f"{HEAD}\n请落实。\n临川市教育局\n临川市财政局\n2024年3月5日", True, 5, expected=TWO_ORGANS),
        Case("two on a line", f"{HEAD}\n临川市教育局　临川市财政局\n2024年3月5日", True, 3, expected=TWO_ORGANS),
        Case("office and name", f"{HEAD}\n请审议。\n市　长　林知远\n2024年3月5日", True, 4, expected=MAYOR),
        Case("令", "临川市人民政府令\n第1号\n现予公布。\n市长：林知远\n2024年3月5日", True, 4, expected="令"),
        Case("纪要 needs none", "临川市会议纪要\n会议明确。", None, expected="纪要"),
        Case("adopted", "市委关于改革的决定\n（2024年3月5日全会通过）\n全会提出。", True, 2, expected="决定"),
        Case("missing", f"{HEAD}\n请落实。\n2024年3月5日", False, 3, "no 署名"),
        Case("no 落款", f"{HEAD}\n请落实。", False, None, "落款 is missing"),
        Case("no date", f"{HEAD}\n请落实。\n临川市教育局", False, None, "missing"),
        Case("on one line", f"{HEAD}\n请落实。\n临川市教育局2024年3月5日", False, 4, "own"),
        Case("one of two", f"{HEAD}\n请落实。\n{END}", False, 4, "临川市财政局", TWO_ORGANS),
        Case("organ for mayor", f"{HEAD}\n请审议。\n临川市人民政府\n2024年3月5日", False, 4, "市长", MAYOR),
        Case("label", f"{HEAD}\n请落实。\n署名：临川市教育局\n2024年3月5日", False, 4, "label"),
        Case("behind a sentence", f"{HEAD}\n请审议。市长 林知远\n2024年3月5日", False, 3, "own", MAYOR),
        Case("令 of an organ", "临川市人民政府令\n现予公布。\n临川市人民政府\n2024年3月5日", False, 3, "职务", "令"),
        Case("no line breaks", UNBROKEN, False, 1, "no line breaks"),
    ],
    "date": [
        Case("at the end", f"{HEAD}\n请落实。\n{END}", True, 5),
        Case("above 附注 and 版记", f"{HEAD}\n请落实。\n{END}\n（联系人：李明）\n抄送：市委。", True, 5),
        Case("above an annex", f"{HEAD}\n请落实。\n{END}\n附件\n名单\n" + "张三。\n" * 20, True, 5),
        Case("with spaces", f"{HEAD}\n请落实。\n临川市教育局\n2024 年 3 月 5 日", True, 5),
        Case("29 February", f"{HEAD}\n请落实。\n临川市教育局\n2024年2月29日", True, 5),
        Case("题注", "临川市会议决议\n（2024年3月5日会议通过）\n会议同意。", True, 2, expected="决议"),
        Case("adopted", "市委关于改革的决定\n（2024年3月5日全会通过）\n全会提出。", True, 2, expected="决定"),
        Case("纪要 印发", "临川市会议纪要\n会议明确。\n办公室　2024年3月5日印发", True, 3, expected="纪要"),
        Case("新闻 needs none", "临川开通有轨电车\n本报讯。", None, expected="新闻稿"),
        Case("missing", f"{HEAD}\n请落实。\n临川市教育局", False, None, "missing"),
        Case("hanzi", f"{HEAD}\n请落实。\n临川市教育局\n二〇二四年三月五日", False, 5, "Arabic"),
        Case("leading zeros", f"{HEAD}\n请落实。\n临川市教育局\n2024年03月05日", False, 5, "leading 0"),
        Case("dashes", f"{HEAD}\n请落实。\n临川市教育局\n2024-3-5", False, 5, "form"),
        Case("30 February", f"{HEAD}\n请落实。\n临川市教育局\n2024年2月30日", False, 5, "there is no"),
        Case("label", f"{HEAD}\n请落实。\n临川市教育局\n成文日期：2024年3月5日", False, 5, "label"),
        Case(
            "another day",
            f"{HEAD}\n请落实。\n{END}",
            False,
            5,
            "given was",
            Expectations(date="2024年3月6日", date_position="end"),
        ),
        Case("no 题注", "讲话\n同志们：\n开会。", False, None, "below the title", Expectations(date_position="head")),
        Case("no line breaks", UNBROKEN, False, 1, "no line breaks"),
    ],
    "imprint": [
        Case("抄送 and 印发", f"{HEAD}\n好。\n{END}\n抄送：市委。\n市教育局办公室　2024年3月6日印发", True, 7),
        Case("抄送 over two lines", f"{HEAD}\n好。\n{END}\n抄送：市委，\n市政府。", True, 6),
        Case("only 印发", f"{HEAD}\n好。\n{END}\n市教育局办公室 2024年3月6日印发", True, 6),
        Case("none", f"{HEAD}\n好。\n{END}", None),
        Case("抄送 in the text", f"{HEAD}\n请将材料抄送：市委\n{END}", None),
        Case("no full stop", f"{HEAD}\n好。\n{END}\n抄送：市委", False, 6, "full stop"),
        Case("half-width colon", f"{HEAD}\n好。\n{END}\n抄送:市委。", False, 6, "colon"),
        Case("to subordinates", f"{HEAD}\n好。\n{END}\n抄送：各乡镇人民政府。", False, 6, "subordinates", "请示"),
        Case("抄报", f"{HEAD}\n好。\n{END}\n抄报：市委。", False, 6, "抄报"),
        Case("主题词", f"{HEAD}\n好。\n{END}\n主题词：招生　通知", False, 6, "主题词"),
        Case("印发 with zeros", f"{HEAD}\n好。\n{END}\n办公室 2024年03月06日印发", False, 6, "印发日期"),
        Case("印发 in ISO form", f"{HEAD}\n好。\n{END}\n办公室 2024-3-6印发", False, 6, "印发日期"),
    ],
    "closing": [
        Case("请示", f"{TITLE}\n市政府：\n拟建校。\n妥否，请批示。\n{END}", True, 4, expected="请示"),
        Case("without a comma", f"{TITLE}\n市政府：\n当否请批复。\n{END}", True, 3, expected="请示"),
        Case("批复", f"{TITLE}\n市政府：\n同意。\n此复。\n{END}", True, 4, expected="批复"),
        Case("函", f"{TITLE}\n市财政局：\n请予函复。\n{END}", True, 3, expected="函"),
        Case("复函", f"{TITLE}\n市财政局：\n特此函复。\n{END}", True, 3, expected="函"),
        Case("above 附件", f"{TITLE}\n市政府：\n妥否，请批示。\n附件：方案\n{END}", True, 3, expected="请示"),
        Case("通知 needs none", f"{HEAD}\n请落实。\n{END}", None),
        Case("报告 needs none", f"{TITLE}\n市政府：\n现报告如下。\n{END}", None, expected="报告"),
        Case("请示 without", f"{TITLE}\n市政府：\n拟建校。\n{END}", False, 3, "结语", "请示"),
        Case("批复 without", f"{TITLE}\n市政府：\n同意。\n{END}", False, 3, "此复", "批复"),
        Case("函 with 特此通知", f"{TITLE}\n市财政局：\n特此通知。\n{END}", False, 3, "结语", "函"),
        Case("too far up", f"{TITLE}\n妥否，请批示。\n甲。\n乙。\n丙。\n丁。\n{END}", False, 6, "结语", "请示"),
    ],
}
PAIRS, IDS = rows(CASES)


@pytest.mark.parametrize(("check", "case"), PAIRS, ids=IDS)
def test_element(check: str, case: Case) -> None:
    verify(check, case)


@pytest.mark.parametrize("check", CASES)
def test_each_check_has_three_texts_of_either_kind(check: str) -> None:
    assert_three_of_either(CASES[check])
