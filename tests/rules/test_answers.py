"""Answers to the 21 questions: other wordings pass, and each question's trap is seen."""

import pytest

from odw_harness import resources
from odw_harness.questions import load_questions
from odw_harness.rules import Report, check_text, of_question

QUESTIONS = {question.id: question for question in load_questions(resources.QUESTIONS)}


def answer(identity: str, text: str) -> Report:
    return check_text(text, of_question(QUESTIONS[identity]))


def failed(report: Report, level: str = "hard") -> list[str]:
    return [finding.check for finding in report.findings if not finding.ok and finding.level == level]


def with_sentence(identity: str, sentence: str) -> str:
    """The reference with a sentence of its own line below its first whole sentence."""
    lines = QUESTIONS[identity].reference.split("\n")
    place = next(index for index, line in enumerate(lines) if line.endswith("。"))
    return "\n".join([*lines[: place + 1], sentence, *lines[place + 1 :]])


def instead(identity: str, old: str, new: str) -> str:
    """The reference with other words."""
    reference = QUESTIONS[identity].reference
    assert old in reference
    return reference.replace(old, new)


ADDED = [
    # a sentence that falls into the trap, and the hard checks that fail
    ("ODW-01", "特此通知。", ["forbidden"]),
    ("ODW-06", "对违者处以罚款200元。", ["forbidden"]),
    ("ODW-06", "对不按规定通行的，记3分。", ["forbidden"]),
    ("ODW-08", "自查自纠后，各校于4月5日前报送情况。", ["forbidden"]),
    ("ODW-09", "经调查认定，施工单位违章作业是事故的直接原因。", ["forbidden"]),
    ("ODW-09", "对施工单位处以罚款，并吊销其资质证书。", ["forbidden"]),
    ("ODW-10", "恳请省政府再追加防汛救灾资金500万元。", ["forbidden"]),
    ("ODW-10", "建议省政府再安排我市资金500万元。", ["forbidden"]),
    ("ODW-10", "以上报告妥否，请批示。", ["forbidden"]),
    ("ODW-11", "同时，请批准增加事业编制120名。", ["forbidden"]),
    ("ODW-11", "恳请一并核增县第二人民医院事业编制。", ["forbidden"]),
    ("ODW-12", "项目总投资2.86亿元。", ["forbidden"]),
    ("ODW-12", "请贵县认真落实。", ["forbidden"]),
    ("ODW-13", "妥否，请批示。", ["forbidden"]),
    ("ODW-14", "请遵照执行。", ["forbidden"]),
    ("ODW-14", "妥否，请批示。", ["forbidden"]),
    ("ODW-15", "会议决定，房屋征收补偿标准按市级文件执行。", ["forbidden"]),
    ("ODW-16", "目前，乡镇代办员持证率已提高到90%。", ["forbidden"]),
    ("ODW-20", "请认真贯彻执行。", ["forbidden"]),
    ("ODW-21", "违者将处以罚款。", ["forbidden"]),
]

CHANGED = [
    ("ODW-01", "的决议\n", "的报告\n", ["title"]),
    ("ODW-02", "〔2024〕3号", "[2024]3号", ["doc_number_form"]),
    ("ODW-02", "附件：1.", "附件1：", ["attachment_note"]),
    ("ODW-03", "市长　林知远", "青岚市人民政府", ["signature"]),
    ("ODW-03", "\n第42号\n", "\n第42号\n各县（区）人民政府：\n", ["no_recipient", "forbidden"]),
    ("ODW-03", "\n第42号\n", "\n青政令〔2024〕42号\n", ["doc_number_form", "doc_number_value", "forbidden"]),
    ("ODW-04", "下降0.8%", "增长0.8%", ["forbidden"]),
    ("ODW-06", "的通告\n", "的公告\n", ["title"]),
    ("ODW-06", "（星期日）", "（星期六）", ["forbidden"]),
    ("ODW-07", "（一）", "（一）、", ["numbering_form"]),
    ("ODW-07", "（一）", "1、", ["numbering_form"]),
    ("ODW-08", "\n2024年3月5日", "\n2024年03月05日", ["date"]),
    ("ODW-08", "\n2024年3月5日", "\n二〇二四年三月五日", ["date"]),
    ("ODW-10", "签发人：林知远\n", "", ["signatory"]),
    ("ODW-11", "\n青岚市人民政府：", "\n青岚市人民政府、青岚市财政局：", ["recipient"]),
    ("ODW-11", "的请示\n", "的请示报告\n", ["title", "forbidden"]),
    ("ODW-13", "附件：", "附件：1.", ["attachment_note"]),
    ("ODW-13", "市长　林知远", "青岚市人民政府", ["signature"]),
    ("ODW-14", "贵局", "你局", ["forbidden"]),
    ("ODW-18", "\n同志们：\n", "\n各县（区）人民政府，市政府各部门：\n同志们：\n", ["no_recipient"]),
    ("ODW-21", "\n亲爱的市民", "\n各县（区）人民政府：\n亲爱的市民", ["no_recipient"]),
]


@pytest.mark.parametrize(("identity", "sentence", "checks"), ADDED, ids=[f"{row[0]} {row[1][:12]}" for row in ADDED])
def test_a_sentence_in_the_trap(identity: str, sentence: str, checks: list[str]) -> None:
    report = answer(identity, with_sentence(identity, sentence))
    assert failed(report) == checks
    blamed = next(finding for finding in report.findings if finding.check == "forbidden")
    assert with_sentence(identity, sentence).split("\n")[(blamed.line or 0) - 1] == sentence


@pytest.mark.parametrize(
    ("identity", "old", "new", "checks"), CHANGED, ids=[f"{row[0]} {row[2].strip()[:12]}" for row in CHANGED]
)
def test_a_change_into_the_trap(identity: str, old: str, new: str, checks: list[str]) -> None:
    assert failed(answer(identity, instead(identity, old, new))) == checks


@pytest.mark.parametrize(
    ("identity", "sentence"),
    [
        ("ODW-10", "关于追加资金事宜，我市将另文请示。"),
        ("ODW-10", "所需资金500万元，我市将按程序另行请示省政府追加安排。"),
        ("ODW-11", "关于增加事业编制的事项，我县将另文请示。"),
        ("ODW-15", "会议未就房屋征收补偿标准作出决定。"),
    ],
)
def test_a_sentence_that_avoids_the_trap(identity: str, sentence: str) -> None:
    assert failed(answer(identity, with_sentence(identity, sentence))) == []


@pytest.mark.parametrize(
    ("identity", "old", "new", "missing"),
    [
        ("ODW-12", "260张", "280张", "260张"),
        ("ODW-10", "2944万元", "2494万元", "2944万元"),
        ("ODW-15", "顾南舟", "顾南洲", "顾南舟"),
        ("ODW-19", "564份", "546份", "564份"),
        ("ODW-05", "1850万元", "1580万元", "1850万元"),
    ],
)
def test_a_wrong_fact_is_missed(identity: str, old: str, new: str, missing: str) -> None:
    report = answer(identity, instead(identity, old, new))
    assert report.missing_facts == (missing,)
    facts = len(QUESTIONS[identity].facts)
    assert report.fact_recall == pytest.approx((facts - 1) / facts)


def test_made_up_figures_are_seen() -> None:
    text = with_sentence("ODW-17", "力争全年接待游客467万人次。")
    assert failed(answer("ODW-17", text), "soft") == ["unsourced_figures"]


PARAPHRASES = {
    "ODW-03": """青岚市人民政府令

第42号

　　《青岚市城市绿地管理办法》已于2024年2月6日经青岚市人民政府第40次常务会议审议通过，现予以公布，自2024年5月1日起施行。

　　　　　　　　　　　　市　长　　林知远
　　　　　　　　　　　　2024年2月20日""",
    "ODW-06": """青岚市公安局关于2024青岚半程马拉松赛事期间实行临时交通管制的通告

　　2024青岚半程马拉松将于2024年4月14日（周日）举行。为确保赛事安全顺利进行，依据《中华人民共和国道路交通安全法》第三十九条之规定，我局决定在赛事期间采取临时交通管制措施。现通告如下：
　　一、管制时间：4月14日6:00至11:30。
　　二、管制路段：1.滨江大道（松泉路口至望湖路口）；2.望湖路（滨江大道至体育中心）。
　　三、上述路段在管制时间内，除执行任务的警车、消防车、救护车、工程救险车和赛事保障车辆以外，禁止一切机动车通行。
　　四、3路、12路和27路公交车临时绕行。
　　五、请沿线停放车辆的所有人于4月13日22:00前将车辆驶离管制路段。
　　请广大市民合理安排出行，自觉服从现场民警指挥。由此带来的不便，敬请谅解。咨询电话：0000-7654321。
　　特此通告。

青岚市公安局
2024年4月7日""",
    "ODW-11": """云政〔2024〕15号　　　　　　　　签发人：沈怀瑾

云岫县人民政府
关于请求批准立项建设云岫县第二人民医院的请示

青岚市人民政府：

　　目前，我县常住人口41.2万人，每千人口医疗卫生机构床位仅4.86张，低于全市6.52张的平均水平，县域诊疗能力不足，群众看病就医不够便利。经县人民政府研究，拟新建云岫县第二人民医院。现将有关事项请示如下：

　　一、建设地点和规模
　　项目选址城东新区文澜路北侧，用地62亩，设置床位300张。

　　二、投资估算和资金来源
　　项目总投资28,600万元。其中，县财政安排8,600万元，申请地方政府专项债券20,000万元。

　　三、建设周期
　　2024年9月至2026年8月。

　　现恳请市人民政府批准该项目立项建设。我县将依法依规履行各项审批手续，加强工程质量、安全生产和资金使用监管，确保项目如期建成并发挥效益，切实改善全县群众的就医条件。

　　以上请示，请予批复。

　　　　　　　　　　　　云岫县人民政府
　　　　　　　　　　　　2024年3月5日

（联系人：许闻舟，联系电话：0000-6688990）""",
    "ODW-12": """青政函〔2024〕28号

青岚市人民政府关于同意新建云岫县第二人民医院的批复

云岫县人民政府：

　　你县《关于新建县第二人民医院的请示》（云政〔2024〕15号）收悉。经研究，现批复如下：

　　一、原则同意新建云岫县第二人民医院，床位规模核定为260张，总投资控制在2.5亿元以内。
　　二、请你县统筹安排建设资金，不得新增政府隐性债务。
　　三、请抓紧开展可行性研究报告审批等前期工作，于2024年12月31日前完成。

　　特此批复。

　　　　　　　　青岚市人民政府
　　　　　　　　2024年4月2日""",
    "ODW-13": """青政〔2024〕19号
青岚市人民政府
关于提请审议《青岚市城市更新条例（草案）》的议案
青岚市人民代表大会常务委员会：
　　为了规范和促进城市更新，改善城市人居环境，提升城市品质，市住房和城乡建设局起草了《青岚市城市更新条例（草案）》。2023年10月，该草案面向社会公开征求意见，共收到意见318条，采纳97条，并据此作了修改完善，形成现在的文本，共7章、52条。
　　2024年3月19日，市人民政府第43次常务会议讨论通过了《青岚市城市更新条例（草案）》，现提请审议。
　　附件：青岚市城市更新条例（草案）
青岚市人民政府市长　林知远
2024年3月25日""",
    "ODW-14": """青水函〔2024〕33号
青岚市水务局关于商请联合开展青岚江跨界断面水质监测的函
墨池市水务局：
　　青岚江流经我市和贵市，两市间有跨界断面三个，分别为松泉、石门和白鹭洲。2023年6月、8月，松泉断面总磷两次超标，引起我局高度关注。为共同保护青岚江水质，现商请贵局与我局自2024年5月起开展水质联合监测，具体建议如下：
　　一、每月10日前后，由双方在上述三个断面联合采样。
　　二、监测数据在五个工作日内互换，做到信息共享。
　　三、监测所需经费由双方各自承担。
　　请贵局研究上述建议，并于2024年4月26日前将意见函复我局。感谢贵局长期以来对我局工作的支持。
　　联系人：邵听澜　联系电话：0000-3344556
　　特此函达，盼复。
青岚市水务局
2024年4月8日""",
    "ODW-15": """青岚市人民政府专题会议纪要
〔2024〕12号
青岚市人民政府办公室　　　　　　2024年3月25日

滨江路内涝整治有关问题专题会议纪要

　　2024年3月22日下午，副市长周启明在市政府第二会议室主持召开专题会议，研究滨江路内涝整治有关问题。纪要如下：
　　一、会议议定事项
　　（一）由市住房和城乡建设局于4月10日前完成滨江路18.6公里排水管网排查，摸清管网现状和淤堵点位，为后续整治打牢基础。
　　（二）项目总投资估算4300万元，由申请上级资金2500万元和市级配套1800万元组成，由市财政局负责统筹。
　　（三）由市城市管理局于5月31日前完成雨水口和管网清淤工作，并做好汛期巡查维护。
　　二、会后继续研究的事项
　　与会单位对房屋征收补偿标准意见不一致，会议未作决定，由滨江区人民政府会后进一步研究，提出方案。
　　出席：
　　周启明　　副市长
　　陆以恒　　市住房和城乡建设局
　　宋知微　　市财政局
　　韩砚秋　　市城市管理局
　　程景行　　滨江区人民政府
　　请假：
　　顾南舟　　市自然资源和规划局""",
    "ODW-20": """青岚市首届全民阅读周启幕

　　本报讯（记者）4月23日上午，以书香润城为底色的青岚市首届全民阅读周在市图书馆启动，约500名读者来到现场，共赴这场春天里的阅读之约。
　　本届阅读周为期7天，至4月29日结束，将安排46场讲座、展览和亲子共读活动，覆盖不同年龄段的读者。
　　在启动仪式上，主办方向30所乡村学校捐赠图书12,000册，平均每校400册。一箱箱新书将陆续送进乡村校园，成为孩子们课桌旁的伙伴。
　　“希望每个孩子都能在家门口读到一本好书。”市图书馆馆长温如言说。她的话音刚落，台下响起热烈的掌声。
　　读者凭身份证即可免费参加活动，活动表可在图书馆一楼服务台领取，不妨带上家人，一起来读书。""",
}


@pytest.mark.parametrize("identity", PARAPHRASES)
def test_another_wording_passes(identity: str) -> None:
    report = answer(identity, PARAPHRASES[identity])
    assert [(found.check, found.line, found.message) for found in report.findings if not found.ok] == []
    assert report.missing_facts == ()
    assert report.fact_recall == 1.0
