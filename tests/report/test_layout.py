import pytest

from odw_harness.questions import Question, load_questions
from odw_harness.report.layout import PARTS, laid_out
from odw_harness.rules.document import compact

NOTICE = """好的，以下是通知：
青教发〔2024〕18号
青岚市教育局关于开展
专项检查的通知
各县（区）教育局，
市直各学校：
现将有关事项通知如下：
一、检查范围
（一）学校
（二）企业。凡供餐的都查。

附件：1.检查内容清单
2.检查情况汇总表
青岚市教育局
2024年3月5日
抄送：市政府办公室。
希望以上内容对您有帮助，如需修改请告诉我。"""


def test_each_line_of_a_notice_is_known() -> None:
    assert laid_out(NOTICE, "通知").parts == "phttrrb12b-aasseb"


def test_a_date_and_a_speaker_below_the_title_are_centred_and_the_audience_is_addressed() -> None:
    speech = "在推进会上的讲话\n（2024年4月18日）\n青岚市市长　林知远\n同志们：\n今天开会。\n谢谢大家！"
    assert laid_out(speech, "讲话稿").parts == "tccrbb"


def test_a_sentence_that_ends_with_a_colon_is_no_recipient() -> None:
    assert laid_out("关于放假的通知\n现将放假安排通知如下：\n一、时间\n明天。", "通知").parts == "tb1b"


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\x0b", "\u2028", "\x85"])
def test_lines_are_numbered_as_the_rules_number_them(mark: str) -> None:
    layout = laid_out(f"关于放假的通知{mark}{mark}各科室：{mark}明天放假。", "通知")
    assert layout.lines == ("关于放假的通知", "", "各科室：", "明天放假。")
    assert layout.parts == "t-rb"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "\0",
        "公" * 5000,
        "公\n" * 300,
        "2024年3月5日\n" * 50,
        "```\n```",
        "\u202e\u2066",
        "附件：\n" * 9,
        "号" * 80,
    ],
)
@pytest.mark.parametrize("genre", ["通知", "新闻稿", "no such genre", ""])
def test_any_text_has_a_letter_for_each_line(text: str, genre: str) -> None:
    layout = laid_out(text, genre)
    assert len(layout.parts) == len(layout.lines)
    assert set(layout.parts) <= set(PARTS)


def test_a_text_without_line_breaks_is_shown_as_it_is() -> None:
    assert laid_out("关于放假的通知各科室：明天放假。" * 9, "通知").parts == "x"


@pytest.mark.parametrize("question", load_questions(), ids=lambda question: question.id)
def test_the_references_have_what_their_questions_say(question: Question) -> None:
    layout = laid_out(question.reference, question.genre)
    signed = "".join(line for line, part in zip(layout.lines, layout.parts, strict=True) if part == "s")
    wanted = [*question.signature, question.date] if question.signature and question.date_position == "end" else []
    assert all(compact(name) in compact(signed) for name in wanted)
    assert ("r" in layout.parts) == bool(question.recipient or question.salutation)
    assert layout.parts.count("t") == 1
    assert ("h" in layout.parts) == (question.doc_number is not None and question.genre != "令")
