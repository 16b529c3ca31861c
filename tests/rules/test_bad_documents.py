"""Fresh documents with clear faults: exactly the hard checks at fault fail, at the line to blame."""

import pytest

from odw_harness.rules import check_text, of_genre

NOTICE = """临川市人民政府文件
临政发〔2024〕7号
临川市人民政府关于做好防汛工作的通知
各县（市、区）人民政府，市政府各部门：
现就做好防汛工作通知如下：
一、加强值守
（一）落实责任。
（二）严明纪律。
二、备足物资
附件：1.物资清单
2.值守表
临川市人民政府
2024年5月6日
抄送：市委办公室。
临川市人民政府办公室　2024年5月7日印发"""
"""13 lines down to the date; every test below changes one thing in it."""

REQUEST = """石政〔2024〕8号　签发人：沈一舟
石桥县人民政府关于设立石桥经济开发区的请示
临川市人民政府：
我县拟设立石桥经济开发区，规划面积6.8平方公里。
当否，请批复。
石桥县人民政府
2024年4月18日
抄送：市发展改革委。"""

REPORT = """石政〔2024〕9号　签发人：沈一舟
石桥县人民政府关于2023年法治政府建设情况的报告
临川市人民政府：
现将有关情况报告如下：
全年清理文件126件。
特此报告。
石桥县人民政府
2024年4月18日"""

LETTER = """临川市水利局关于商请提供水文资料的函
南岭省水文局：
特商请贵局提供水文资料。
请予支持为盼。
临川市水利局
2024年4月11日"""

ORDER = """临川市人民政府令
第17号
《临川市养犬管理规定》已经市人民政府第21次常务会议通过，现予公布，自2024年6月1日起施行。
市长　顾明远
2024年3月18日"""

PUBLIC = """临川市公安局关于加强电动自行车管理的通告
现将有关事项通告如下：
一、佩戴安全头盔。
二、禁止逆向行驶。
临川市公安局
2024年6月11日"""

DOCUMENTS = {"通知": NOTICE, "请示": REQUEST, "报告": REPORT, "函": LETTER, "令": ORDER, "通告": PUBLIC}

FAULTS = [
    # id, 文种, old, new, check at fault, line to blame
    ("square brackets", "通知", "〔2024〕7号", "[2024]7号", "doc_number_form", 2),
    ("round brackets", "通知", "〔2024〕7号", "（2024）7号", "doc_number_form", 2),
    ("第 in the number", "通知", "〔2024〕7号", "〔2024〕第7号", "doc_number_form", 2),
    ("leading 0 in the number", "通知", "〔2024〕7号", "〔2024〕07号", "doc_number_form", 2),
    ("short year in the number", "通知", "〔2024〕7号", "〔24〕7号", "doc_number_form", 2),
    ("number without 号", "通知", "〔2024〕7号", "〔2024〕7", "doc_number_form", 2),
    ("令 with an ordinary number", "令", "第17号", "临政令〔2024〕17号", "doc_number_form", 2),
    ("no 签发人 in 请示", "请示", "　签发人：沈一舟", "", "signatory", None),
    ("no 签发人 in 报告", "报告", "　签发人：沈一舟", "", "signatory", None),
    ("签发人 without a name", "请示", "签发人：沈一舟", "签发人：", "signatory", 1),
    ("签发人 without a colon", "请示", "签发人：沈一舟", "签发人 沈一舟", "signatory", 1),
    ("title ends with a full stop", "通知", "工作的通知\n", "工作的通知。\n", "title", 3),
    ("title of two 文种", "请示", "开发区的请示", "开发区的请示报告", "title", 2),
    ("申请报告", "请示", "开发区的请示", "开发区的申请报告", "title", None),
    ("title without 文种", "通知", "做好防汛工作的通知", "做好防汛工作", "title", None),
    ("title of another 文种", "请示", "开发区的请示", "开发区的函", "title", 2),
    ("title without a subject", "通知", "关于做好防汛工作的通知", "通知", "title", 3),
    ("title only an urgent notice", "通知", "关于做好防汛工作的通知", "紧急通知", "title", 3),
    ("title with a label", "通知", "临川市人民政府关于做好", "标题：临川市人民政府关于做好", "title", 3),
    ("no 主送机关", "通知", "各县（市、区）人民政府，市政府各部门：\n", "", "recipient", 4),
    ("half-width colon after 主送机关", "通知", "市政府各部门：", "市政府各部门:", "recipient", 4),
    ("no colon after 主送机关", "通知", "市政府各部门：", "市政府各部门", "recipient", 4),
    ("two 主送机关 of a 请示", "请示", "临川市人民政府：", "临川市人民政府、南岭省发展改革委：", "recipient", 3),
    ("two 主送机关 joined by 和", "请示", "临川市人民政府：", "临川市人民政府和临川市财政局：", "recipient", 3),
    ("请示 to a person", "请示", "临川市人民政府：", "顾明远市长：", "recipient", 3),
    ("报告 to a comrade", "报告", "临川市人民政府：", "尊敬的顾明远同志：", "recipient", 3),
    (
        "通告 with 主送机关",
        "通告",
        "现将有关事项",
        "各县（市、区）公安局，市局各支队：\n现将有关事项",
        "no_recipient",
        2,
    ),
    ("令 with 主送机关", "令", "《临川市养犬", "各县（市、区）人民政府：\n《临川市养犬", "no_recipient", 3),
    ("bracketed number with 、", "通知", "（一）落实", "（一）、落实", "numbering_form", 7),
    ("Arabic number with 、", "通知", "（一）落实责任。\n（二）严明", "1、落实责任。\n2、严明", "numbering_form", 7),
    ("half-width brackets", "通知", "（一）落实", "(一)落实", "numbering_form", 7),
    ("number with one bracket", "通知", "（一）落实责任。\n（二）严明", "1）落实责任。\n2）严明", "numbering_form", 7),
    ("Chinese number with a full stop", "通知", "一、加强值守", "一.加强值守", "numbering_form", 6),
    ("附件 with a half-width colon", "通知", "附件：1", "附件:1", "attachment_note", 10),
    ("附 for 附件", "通知", "附件：1", "附：1", "attachment_note", 10),
    ("附件1 in the note", "通知", "附件：1.物资清单\n2.", "附件1：物资清单\n附件2：", "attachment_note", 10),
    ("several 附件 without numbers", "通知", "附件：1.物资清单\n2.", "附件：物资清单\n2.", "attachment_note", 10),
    ("附件 name with punctuation", "通知", "2.值守表", "2.值守表。", "attachment_note", 11),
    ("附件 with 《》 and semicolon", "通知", "1.物资清单", "1.《物资清单》；", "attachment_note", 10),
    ("附件 on one line", "通知", "1.物资清单\n2.", "1.物资清单 2.", "attachment_note", 10),
    ("a single 附件 with a number", "通知", "\n2.值守表", "", "attachment_note", 10),
    ("附件 numbers repeat", "通知", "\n2.值守表", "\n1.值守表", "attachment_note", 11),
    ("no 署名", "通知", "2.值守表\n临川市人民政府\n", "2.值守表\n", "signature", 11),
    ("署名 and date on one line", "通知", "人民政府\n2024年5月6日", "人民政府　2024年5月6日", "signature", 12),
    ("署名 below the date", "函", "临川市水利局\n2024年4月11日", "2024年4月11日\n临川市水利局", "signature", 4),
    ("令 signed by an organ", "令", "市长　顾明远", "临川市人民政府", "signature", 4),
    ("date in Chinese numerals", "通知", "2024年5月6日", "二〇二四年五月六日", "date", 13),
    ("date with leading zeros", "通知", "2024年5月6日", "2024年05月06日", "date", 13),
    ("date in ISO form", "通知", "2024年5月6日", "2024-05-06", "date", 13),
    ("date with dots", "函", "2024年4月11日", "2024.4.11", "date", 6),
    ("short year in the date", "函", "2024年4月11日", "24年4月11日", "date", 6),
    ("full stop after the date", "函", "2024年4月11日", "2024年4月11日。", "date", 6),
    ("no such day", "函", "2024年4月11日", "2024年4月31日", "date", 6),
    ("no 29 February in 2023", "函", "2024年4月11日", "2023年2月29日", "date", 6),
    ("label before the date", "函", "2024年4月11日", "成文日期：2024年4月11日", "date", 6),
    ("请批示 in 报告", "报告", "特此报告。", "以上报告妥否，请批示。", "forbidden", 6),
    ("请批复 in 报告", "报告", "特此报告。", "以上报告，请批复。", "forbidden", 6),
    ("request for money in 报告", "报告", "126件。", "126件。恳请市人民政府追加经费200万元。", "forbidden", 5),
    ("请示 that orders", "请示", "当否，请批复。", "当否，请批复。请遵照执行。", "forbidden", 5),
    ("请示 that reports", "请示", "当否，请批复。", "当否，请批复。特此报告。", "forbidden", 5),
    ("函 that begs for 批示", "函", "请予支持为盼。", "妥否，请批示。", "forbidden", 4),
    ("函 that orders", "函", "请予支持为盼。", "请认真贯彻执行。", "forbidden", 4),
    ("通知 that asks", "通知", "二、备足物资", "二、妥否，请批示", "forbidden", 9),
    ("通告 that is a 公告", "通告", "二、禁止逆向行驶。", "二、禁止逆向行驶。\n特此公告。", "forbidden", 5),
    ("×× left", "通知", "备足物资", "备足××物资", "placeholder", 9),
    ("XX left", "函", "提供水文资料。", "提供XX站水文资料。", "placeholder", 3),
    ("某某 left", "通知", "备足物资", "某某市备足物资", "placeholder", 9),
    ("一县 left open", "通知", "备足物资", "某县备足物资", "placeholder", 9),
    ("blanks left", "通知", "备足物资", "备足____物资", "placeholder", 9),
    ("bracketed hint left", "通知", "备足物资", "备足物资（此处填写数量）", "placeholder", 9),
    ("square brackets left", "函", "水文资料。", "水文资料，联系人[姓名]。", "placeholder", 3),
    ("lenticular brackets left", "函", "水文资料。", "水文资料，联系人【待填】。", "placeholder", 3),
    ("day and month left open", "函", "贵局提供", "贵局于×月×日前提供", "placeholder", 3),
    ("抄送 without full stop", "通知", "抄送：市委办公室。", "抄送：市委办公室", "imprint", 14),
    ("抄送 with a half-width colon", "通知", "抄送：", "抄送:", "imprint", 14),
    (
        "请示 copied to subordinates",
        "请示",
        "抄送：市发展改革委。",
        "抄送：市发展改革委，各乡镇人民政府。",
        "imprint",
        8,
    ),
    ("印发日期 with leading zeros", "通知", "5月7日印发", "05月07日印发", "imprint", 15),
    ("主题词", "通知", "抄送：", "主题词：防汛　通知\n抄送：", "imprint", 14),
]


@pytest.mark.parametrize("genre", DOCUMENTS)
def test_the_documents_themselves_pass(genre: str) -> None:
    report = check_text(DOCUMENTS[genre], of_genre(genre))
    assert [(found.check, found.message) for found in report.findings if not found.ok] == []


@pytest.mark.parametrize(("name", "genre", "old", "new", "check", "line"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_one_fault_is_blamed_once(name: str, genre: str, old: str, new: str, check: str, line: int | None) -> None:
    text = DOCUMENTS[genre]
    assert text.count(old) == 1
    report = check_text(text.replace(old, new), of_genre(genre))
    assert not report.passed
    failed = [found for found in report.findings if not found.ok and found.level == "hard"]
    assert [found.check for found in failed] == [check]
    if line is not None:
        assert failed[0].line == line


@pytest.mark.parametrize("genre", DOCUMENTS)
def test_without_its_end_signature_and_date_are_missed(genre: str) -> None:
    lines = DOCUMENTS[genre].split("\n")
    date = next(index for index, line in enumerate(lines) if line.startswith("2024年"))
    report = check_text("\n".join(lines[: date - 1]), of_genre(genre))
    assert [found.check for found in report.findings if not found.ok and found.level == "hard"] == ["signature", "date"]


def test_attachment_note_below_the_date() -> None:
    text = LETTER + "\n附件：水文站名录"
    failed = [found for found in check_text(text, of_genre("函")).findings if not found.ok]
    assert [(found.check, found.line) for found in failed] == [("attachment_note", 7)]


def test_a_deadline_at_a_line_end_is_no_date_of_the_document() -> None:
    text = LETTER.replace("临川市水利局\n2024年4月11日", "回复截止日期：2024年5月1日")
    failed = [found for found in check_text(text, of_genre("函")).findings if not found.ok]
    assert [found.check for found in failed] == ["signature", "date"]
    assert "missing" in failed[1].message
