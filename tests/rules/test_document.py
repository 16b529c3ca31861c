"""Texts as models and word processors leave them: no crash, nothing wrong to blame, no finding changed."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from odw_harness import resources
from odw_harness.questions import Question, load_questions
from odw_harness.rules import Report, check_text, of_genre, of_question
from odw_harness.rules.document import Document
from odw_harness.rules.genres import GENRES

QUESTIONS = {question.id: question for question in load_questions(resources.QUESTIONS)}
EXPLAINED = "好的，以下是根据您的要求撰写的公文：\n\n{}\n\n希望以上内容对您有所帮助，如需修改，请告诉我。"


def failed(report: Report) -> list[str]:
    return [finding.check for finding in report.findings if not finding.ok]


def judged(report: Report) -> list[tuple[str, bool, str]]:
    return [(finding.check, finding.ok, finding.message) for finding in report.findings]


@pytest.fixture(params=QUESTIONS)
def question(request: pytest.FixtureRequest) -> Question:
    return QUESTIONS[request.param]


def test_reference_passes_with_its_question(question: Question) -> None:
    report = check_text(question.reference, of_question(question))
    assert failed(report) == []
    assert report.fact_recall in (None, 1.0)
    assert report.rules == 1.0


def test_reference_passes_with_its_genre(question: Question) -> None:
    report = check_text(question.reference, of_genre(question.genre))
    assert failed(report) == []
    assert report.passed


DRESSED = {
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "cr": lambda text: text.replace("\n", "\r"),
    "bom": lambda text: "\ufeff" + text,
    "blank lines": lambda text: "\n\n" + text.replace("\n", "\n\n\n") + "\n\n",
    "full-width indents": lambda text: "\n".join("\u3000\u3000" + line for line in text.split("\n")),
    "tabs": lambda text: "\n".join("\t" + line + "\t" for line in text.split("\n")),
    "no-break spaces": lambda text: "\n".join("\xa0 " + line for line in text.split("\n")),
    "zero-width spaces": lambda text: "\n".join("\u200b" + line + "\u200b" for line in text.split("\n")),
    "line separators": lambda text: text.replace("\n", "\u2028"),
    "bom, crlf and indents": lambda text: "\ufeff" + text.replace("\n", "\r\n\u3000\u3000\t"),
}


@pytest.mark.parametrize("dress", DRESSED)
def test_dress_changes_no_finding(question: Question, dress: str) -> None:
    expected = of_question(question)
    plain, dressed = check_text(question.reference, expected), check_text(DRESSED[dress](question.reference), expected)
    assert judged(dressed) == judged(plain)
    assert dressed.fact_recall == plain.fact_recall


MARKED_DOWN = {
    "fence": lambda text: f"```\n{text}\n```",
    "fence with a language": lambda text: f"```markdown\n{text}\n```",
    "explanation": EXPLAINED.format,
    "fence and explanation": lambda text: EXPLAINED.format(f"```text\n{text}\n```"),
    "bold": lambda text: "\n".join(f"**{line}**" for line in text.split("\n")),
    "rules": lambda text: EXPLAINED.format(f"---\n{text}\n---"),
    "stars": lambda text: f"***\n{text}\n***",
    "html": lambda text: f"<center><b>{text}</b></center>\n```\n```",
}


@pytest.mark.parametrize("dress", MARKED_DOWN)
def test_markdown_and_explanation_fail_only_that_check(question: Question, dress: str) -> None:
    report = check_text(MARKED_DOWN[dress](question.reference), of_question(question))
    assert set(failed(report)) <= {"explanation", "length"}  # the explanation counts in the length
    assert "explanation" in failed(report)
    assert report.passed


@pytest.mark.parametrize("genre", GENRES)
def test_markdown_fails_only_that_check_with_a_genre(genre: str) -> None:
    reference = next(question.reference for question in QUESTIONS.values() if question.genre == genre)
    report = check_text(EXPLAINED.format(f"```\n# {reference}\n```"), of_genre(genre))
    assert failed(report) == ["explanation"]
    assert next(finding.line for finding in report.findings if not finding.ok) in (1, 3)


def test_headings_bold_and_lists_are_seen_through() -> None:
    text = (
        "# 临川市水利局关于商请提供资料的函\n**南岭省水文局：**\n## 一、事由\n- 特商请提供资料。\n> 请予支持为盼。\n"
        "**临川市水利局**\n**2024年4月11日**"
    )
    assert failed(check_text(text, of_genre("函"))) == ["explanation"]


def test_unbroken_reference_says_so(question: Question) -> None:
    for text in (question.reference.replace("\n", ""), "好的，以下是公文：\n" + question.reference.replace("\n", "")):
        report = check_text(text, of_question(question))
        broken = [finding for finding in report.findings if "no line breaks" in finding.message]
        assert [finding.check for finding in broken][:1] in (["title"], ["doc_number_value"])
        assert not report.passed
        blamed = {"doc_number_value", "signatory", "title", "recipient", "signature", "date"}
        assert {finding.check for finding in broken} == blamed & set(failed(report))


EMPTY = {
    "nothing": "",
    "a space": " ",
    "full-width spaces": "\u3000\u3000\n\u3000",
    "breaks": "\n\r\n\n",
    "bom": "\ufeff",
    "only a fence": "```\n```",
    "only a rule": "---",
    "zero-width": "\u200b\u200b",
}


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
def test_nothing_passes_of_an_empty_text(text: str, question: Question) -> None:
    for expected in (of_question(question), of_genre(question.genre)):
        report = check_text(text, expected)
        assert report.rules == 0.0
        assert not report.passed
        assert report.fact_recall in (None, 0.0)
        assert {finding.message for finding in report.findings} == {"the text is empty"}


ODD = {
    "one word": "通知",
    "one letter": "a",
    "English": "Dear all,\n\nThe office is closed on Monday.\n\nBest regards,\nThe Office\n5 March 2024",
    "100 KB of hanzi": "公文" * 17_000,
    "100 KB of figures": "7.7亿元、" * 8_000,
    "100 KB of digits": "1" * 100_000,
    "100 KB of spaces in a line": "通" + " " * 100_000 + "知",
    "100 KB of brackets": "（" * 33_000,
    "100 KB of stars": "*" * 100_000,
    "100 KB of underscores": "_" * 100_000,
    "100 KB of bars": "| " * 50_000,
    "100 KB of lines": "一、\n" * 25_000,
    "100 KB of dates": "2024年3月5日\n" * 6_000,
    "100 KB of 附件": "附件：1.\n" * 9_000,
    "100 KB of title words": "内涝专题会议" * 5_600 + "\n" + "关于" * 10_000,
    "100 KB of 签发人": "签发人" * 11_000,
    "digits with a unit": "9" * 400 + "亿元",
    "lone surrogates": "\ud800关于\udfff的通知\n\ud83d",
    "emoji": "📢关于放假的通知🎉\n👨‍👩‍👧各单位：\n😀",
    "metacharacters": "^$.*+?()[]{}|\\关于(.*)的通知\\1[\n(?P<a>\n**[[_",
    "nul and controls": "\x00\x01\x1f\x7f\x0b\x0c关于\x85通知",
    "wrong numerals": "二二十、甲\n十二三、乙\n二二、丙\n（十十）丁",
    "other digits": "٣.通知\n٢٠٢٤年٣月٥日\n①1²、通知",
    "combining marks": "通\u0301知\u20dd\n" + "\u0301" * 50,
    "half a date": "2024年13月45日\n0000年0月0日",
    "right to left": "\u202e知通\u202c",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_texts_fail_without_a_crash(text: str) -> None:
    start = time.process_time()
    for expected in (
        of_genre("请示"),
        of_genre("纪要"),
        of_question(QUESTIONS["ODW-15"]),
        of_question(QUESTIONS["ODW-10"]),
    ):
        report = check_text(text, expected)
        assert 0.0 <= report.rules < 1.0
        assert not report.passed
        lines = len(Document(text).raw_lines)
        assert all(finding.line is None or 1 <= finding.line <= lines for finding in report.findings)
    assert time.process_time() - start < 8


PIECES = st.sampled_from(
    [
        *"一二三十、（）()0123456789年月日号〔〕：:，。×_*#`|>- \n\r\t\u3000\ufeff\ud800😀某你贵",
        "附件",
        "签发人",
        "抄送",
        "印发",
        "的通知",
        "关于",
        "市人民政府",
        "2024年",
        "第",
        "亿元",
        "%",
        "主题词",
        "通过",
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=80).map("".join))


@given(text=TEXTS, which=st.sampled_from([*QUESTIONS, *GENRES]))
@example(text="二二十、", which="通知")
@example(text="9" * 400 + "亿元", which="ODW-10")
@settings(max_examples=300, deadline=None)
def test_check_text_never_raises(text: str, which: str) -> None:
    expected = of_question(QUESTIONS[which]) if which in QUESTIONS else of_genre(which)
    report = check_text(text, expected)
    assert 0.0 <= report.rules <= 1.0
    assert report.fact_recall is None or 0.0 <= report.fact_recall <= 1.0
    assert [finding.check for finding in report.findings] == list(
        dict.fromkeys(finding.check for finding in report.findings)
    )


@given(text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_line_ends_change_no_finding(text: str) -> None:
    text = text.replace("\r", "")
    expected = of_genre("通知")
    assert judged(check_text(text.replace("\n", "\r\n"), expected)) == judged(check_text(text, expected))


@pytest.mark.parametrize(
    ("lines", "title", "line"),
    [
        (["关于放假的通知", "各科室："], "关于放假的通知", 1),
        (["临川市人民政府", "关于放假的通知", "各科室："], "临川市人民政府关于放假的通知", 1),
        (
            ["临政发〔2024〕3号", "临川市人民政府", "关于做好", "防汛工作的通知"],
            "临川市人民政府关于做好防汛工作的通知",
            2,
        ),
        (["特急", "", "临川市人民政府文件", "关于放假的通知", "明天放假。"], "关于放假的通知", 4),
        (["好的，以下是通知：", "关于放假的通知"], "关于放假的通知", 2),
        (["嗯，用户想要一份通知。", "", "关于放假的通知", "各科室："], "关于放假的通知", 3),
        (["关于放假的通知。", "各科室："], "关于放假的通知。", 1),
        (["# **关于放假的通知**"], "关于放假的通知", 1),
        (["市财政局放假了", "详见正文。"], "市财政局放假了", 1),
    ],
)
def test_title_is_found(lines: list[str], title: str, line: int) -> None:
    document = Document("\n".join(lines))
    assert (document.title, document.title_line) == (title, line)


@pytest.mark.parametrize(
    ("below", "written"),
    [
        (["放假一天。", "临川市教育局", "2024年3月5日"], "2024年3月5日"),
        (["放假一天。", "临川市教育局", "二〇二四年三月五日"], "二〇二四年三月五日"),
        (["放假一天。", "临川市教育局2024.3.5"], "2024.3.5"),
        (
            ["放假一天。", "临川市教育局", "2024年3月5日", "附件", "名单", "李明。", "临川市财政局", "2023年1月1日"],
            "2024年3月5日",
        ),
        (
            ["放假一天。", "临川市教育局", "2024年3月5日", "（联系人：李明）", "抄送：市委。", "2024年3月6日印发"],
            "2024年3月5日",
        ),
        (["放假时间为2024年3月5日", "其他事项另行通知。"], None),
        (["各县：", "自2024年3月5日起施行。"], None),
        (["于是，截止2024年3月5日"], None),
        (["报名截止：2024年3月5日"], None),
    ],
)
def test_date_of_the_document_is_told_from_other_dates(below: list[str], written: str | None) -> None:
    document = Document("\n".join(["关于放假的通知", *below]))
    assert (document.date[1] if document.date else None) == written


def test_a_notice_instead_of_news() -> None:
    text = "关于举办全民阅读周的通知\n各县（区）：\n特此通知。\n青岚市图书馆\n2024年4月23日"
    report = check_text(text, of_question(QUESTIONS["ODW-20"]))
    hard = [(item.check, item.line) for item in report.findings if not item.ok and item.level == "hard"]
    assert hard == [("title", 1), ("no_recipient", 2), ("forbidden", 1)]


def test_an_annex_is_no_part_of_the_main_text() -> None:
    text = "关于放假的通知\n各科室：\n放假。\n临川市教育局\n2024年3月5日\n（附注）\n附件1\n名单\n一、甲\n"
    document = Document(text)
    assert [line.number for line in document.main] == [1, 2, 3, 4, 5, 6]
    assert [line.number for line in document.tail] == [6, 7, 8, 9]
