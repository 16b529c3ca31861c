"""People's scores in the page: their column, what stands behind them, and the marks beside each answer."""

import base64
import gzip
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from odw_harness.cli import main
from odw_harness.human.marks import read_marks
from odw_harness.report.data import boards
from odw_harness.report.people import people_of
from odw_harness.report.samples import embedded
from odw_harness.results import read_outputs
from tests.browser import Opened
from tests.made import QUESTIONS, who, write_people, write_run
from tests.report.test_page import read

SOME = QUESTIONS[:4]


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """Two systems on four questions; a's answers have two marks, b's first two one, of c's none."""
    for system, score in (("a", 8.0), ("b", 6.0), ("c", 4.0)):
        write_run(
            tmp_path / system,
            system,
            lambda q, score=score: [[score]],
            text=lambda q, system=system: f"{q.reference}\n{system}",
            questions=SOME,
        )
    first = dict(zip((question.id for question in SOME), (80, 82, 84, 90), strict=True))

    def score(system: str, question: str, grader: str) -> float | None:
        if system == "a":
            return first[question] + (2 if grader == "G1" else -2)
        return 50.0 if system == "b" and grader == "G1" and question in list(first)[:2] else None

    write_people(tmp_path, score, dimensions={"form": 8.0}, comment="标题缺发文机关")
    return tmp_path


def test_a_board_has_peoples_means_and_what_is_behind_them(marked: Path) -> None:
    (board,) = boards(read_outputs([marked]), marks=read_marks([marked]).table)
    a, b, c = board.rows
    assert a.people is not None
    assert b.people is not None
    # 80, 82, 84, 90: mean 84, sd 4.320494, t of 3 is 3.182446: 3.182446 · 4.320494 / 2 = 6.874873
    assert (a.people.mean.mean, a.people.marks, a.people.graders) == (84.0, 8, 2)
    assert a.people.mean.low == pytest.approx(84 - 6.874873, abs=1e-5)
    assert (b.people.mean.mean, b.people.mean.of, b.people.marks, b.people.graders) == (50.0, 2, 2, 1)
    assert c.people is None
    assert board.tables["people"].tolist()[0] == [80, 82, 84, 90]


def test_marks_of_other_texts_make_no_column(marked: Path, tmp_path: Path) -> None:
    write_run(tmp_path / "later", "z", lambda q: [[5.0]], judge=who("other"), questions=SOME)
    found = {board.judge: board for board in boards(read_outputs([marked]), marks=read_marks([marked]).table)}
    assert "people" in found["judge-1"].tables
    assert "people" not in found["other"].tables


def test_the_page_shows_the_column_and_how_many_stand_behind_it(marked: Path) -> None:
    assert main(["report", str(marked), "-o", str(marked / "page.html")]) == 0
    text = (marked / "page.html").read_text("utf-8")
    head, a, b, c = read(text).tables["table-0"]
    column = [words for _, words in head].index("people 人工评分")
    assert a[column] == ("84.0", "84.0 | 77.1 – 90.9 | 8 marks 8 个评分")
    assert b[column][1] == "50.0 | 2 of 4 questions 4 题中的 2 题 | 2 marks 2 个评分"
    assert c[column] == ("", "–")
    assert text.count("their means do not rank the systems") == 1


def test_means_over_all_questions_are_not_warned_of(marked: Path) -> None:
    shutil.rmtree(marked / "b")
    assert main(["report", str(marked), "-o", str(marked / "page.html")]) == 0
    assert "their means do not rank the systems" not in (marked / "page.html").read_text("utf-8")


def test_the_page_says_who_stands_behind_and_what_is_simulated(marked: Path) -> None:
    write_people(marked, lambda system, question, grader: 40.0 if system == "c" else None, ["X"], "g2", simulated=True)
    main(["report", str(marked), "-o", str(marked / "page.html")])
    text = (marked / "page.html").read_text("utf-8")
    # eight marks on four answers, two on two, four on four: the harmonic mean of 2 2 2 2 1 1 1 1 1 1 is 10 / 8
    assert "People: 3 graders gave 14 marks to 10 answers, 1.2 each on average." in text
    assert "SIMULATED: 4 of 14 marks were given by no person" in text
    assert text.index("SIMULATED") < text.index('id="table-0"')


def test_one_mark_and_one_run_are_said_as_one(tmp_path: Path) -> None:
    write_run(tmp_path, "a", lambda q: [[8.0]], questions=SOME)
    write_people(tmp_path, lambda system, question, grader: 70.0 if question == SOME[0].id else None, ["G1"])
    main(["report", str(tmp_path), "-o", str(tmp_path / "page.html")])
    text = (tmp_path / "page.html").read_text("utf-8")
    _, a = read(text).tables["table-0"]
    assert "70.0 | 1 of 4 questions 4 题中的 1 题 | 1 mark 1 个评分" in [words for _, words in a]
    assert "People: 1 grader gave 1 mark to 1 answer, 1.0 each on average." in text
    assert ">1 run</span>" in text


def test_marks_of_answers_that_are_gone_are_told_of(marked: Path) -> None:
    shutil.rmtree(marked / "b")
    people, told = people_of(read_outputs([marked]), read_marks([marked]))
    assert people is not None
    assert people.marks == 8
    assert "2 of 10 marks are of answers that are in none of these runs" in told[-1].en
    shutil.rmtree(marked / "a")
    people, told = people_of(read_outputs([marked]), read_marks([marked]))
    assert people is None
    assert [notice.en for notice in told] == [
        "of 10 marks by people none is of an answer in these runs: they count for nothing here"
    ]
    assert main(["report", str(marked), "-o", str(marked / "page.html")]) == 0


def test_a_file_of_marks_that_can_not_be_read_is_named(marked: Path) -> None:
    (marked / "human_g9.jsonl").write_text("{", "utf-8")
    _, told = people_of(read_outputs([marked]), read_marks([marked]))
    assert "files left out: human_g9.jsonl: line 1" in told[-1].en


def test_graders_without_an_answer_in_common_are_told_of(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "a", lambda q: [[5.0]])
    write_people(tmp_path, lambda _, q, grader: 60.0 if int(q[-2:]) % 3 == int(grader) else None, ["0", "1", "2"])
    _, told = people_of(read_outputs([tmp_path]), read_marks([tmp_path]))
    assert told[0].en.startswith("no answer was marked by two people")


def test_without_marks_there_is_no_column(marked: Path) -> None:
    (marked / "human_g1.jsonl").unlink()
    main(["report", str(marked), "-o", str(marked / "page.html")])
    assert "people 人工评分" not in [
        words for _, words in read((marked / "page.html").read_text("utf-8")).tables["table-0"][0]
    ]


def test_samples_carry_marks_without_names(marked: Path) -> None:
    packed = embedded(read_outputs([marked]), read_marks([marked]).table)
    text = gzip.decompress(base64.b64decode(packed)).decode()
    answers = json.loads(text)["answers"]
    of = {(each["system"], each["question"]): each["marks"] for each in answers}
    assert [each["score"] for each in of[0, 0]] == [82.0, 78.0]
    assert of[1, 0] == [
        {"score": 50.0, "dimensions": [["文种与格式规范", 8.0]], "comment": "标题缺发文机关", "simulated": False}
    ]
    assert of[2, 0] == []
    assert "G1" not in text


def test_an_answers_marks_stand_beside_it(marked: Path, opened: Callable[..., Opened]) -> None:
    main(["report", str(marked), "-o", str(marked / "page.html")])
    one = opened(marked / "page.html", hash=f"#sample=a/{SOME[0].id}/0")
    one.page.wait_for_selector("#samples-browser:not([hidden])")
    column = one.page.locator(".samples-column").first
    assert "people 80.0 of 100" in column.locator(".samples-facts").inner_text()
    boxes = column.locator(".samples-verdict")
    assert boxes.nth(0).inner_text().split("\n")[0] == "82.0 of 100"
    assert "a person, 1 / 2" in boxes.nth(0).inner_text()
    assert "标题缺发文机关" in boxes.nth(1).inner_text()
    assert one.trouble == []


def orders(folder: Path, simulated: bool = False) -> Path:
    """Four systems whose judge orders two questions as people do, one the other way and one with a tie; five questions."""
    people = {
        "a": (80, 70, 60, 90, 50),
        "b": (70, 60, 50, 80, 60),
        "c": (60, 50, 40, 70, 70),
        "d": (50, 40, 30, 60, 80),
    }
    judge = {"a": (8, 7, 6, 9, 9), "b": (7, 6, 5, 8, 7), "c": (6, 5, 4, 8, 5), "d": (5, 4, 3, 8, 3)}
    place = {question.id: number for number, question in enumerate(QUESTIONS[:5])}
    for system, scores in judge.items():
        for number, name in enumerate(("mild", "strict")):
            write_run(
                folder / system / name,
                system,
                lambda q, scores=scores, number=number: [[scores[place[q.id]] - number]],
                text=lambda q, system=system: f"{q.reference}{system * (1 + ord(system))}",
                questions=QUESTIONS[:5],
                judge=who(name),
                date=datetime(2026, 11, 25, number + 1, tzinfo=UTC),
            )
    write_people(folder, lambda s, q, g: people[s][place[q]], ["G1", "G2", "G3"], simulated=simulated)
    main(["report", str(folder), "-o", str(folder / "page.html")])
    return folder / "page.html"


def test_the_section_says_how_many_pairs_the_judge_orders_as_people_do(tmp_path: Path) -> None:
    text = orders(tmp_path).read_text("utf-8")
    # Six pairs on each of five questions. The fourth has three that the judge ties; of the 27 others the last question's
    # six are the other way: 21 of 27 are 78 %. The longer text is the worse one on four questions: 6 of 30.
    assert (
        "the judge prefers the one that people prefer in 78% "
        "(chance 50%, taking the longer one 20%, one grader with the others 100%)" in text
    )
    rows = [row for row in read(text).tables[""] if row and row[0][1] in ("mild mild", "longest 越长越好")]
    (mild, longest), _ = rows[:2], rows[2:]
    # Means of people: 70, 64, 58, 52; of the judge: 7.8, 6.6, 5.6, 4.6: one order. By question: 1, 1, 1, and the fourth,
    # people 4 3 2 1 and the judge 4 2 2 2 in ranks, 0.7746; the last -1: their mean is 0.554919.
    assert mild[1][0] == "1.0"
    assert float(mild[2][0] or "nan") == pytest.approx((3 + 0.7745967 - 1) / 5)
    assert float(mild[3][0] or "nan") == pytest.approx(21 / 27)
    assert mild[4][1] == "4 · 5 · 20"
    assert longest[1][0] == "-1.0"


def test_the_pictures_show_people_beside_the_judge_that_is_chosen(
    tmp_path: Path, opened: Callable[..., Opened]
) -> None:
    one = opened(orders(tmp_path))
    page = one.page
    assert page.locator("#people").is_visible()
    assert "mild" in page.locator("#people h2").inner_text()
    for name, lines in (("people", 0), ("limits", 3)):
        picture = page.locator(f'[data-picture="{name}"]')
        assert picture.locator(".scatterlayer .trace").nth(0).locator(".point").count() == 20, "a dot for each answer"
        assert picture.locator(".scatterlayer .trace").nth(1).locator(".point").count() == 4, "a number for each system"
        assert picture.locator(".shapelayer path").count() == lines
    page.locator(".measures button").nth(1).click()
    assert "strict" in page.locator("#people h2").inner_text()
    assert page.locator("#people .of-board:visible th[scope=row]").first.inner_text().strip() == "strict"
    assert one.trouble == []


def test_what_is_simulated_is_marked_where_it_stands(tmp_path: Path, opened: Callable[..., Opened]) -> None:
    one = opened(orders(tmp_path, simulated=True), language="zh-CN")
    assert one.page.locator("#people h2 .tag").inner_text() == "模拟评分"
    assert one.page.locator(".leaderboard:visible thead").inner_text().count("人工评分（模拟）") == 1


def test_a_board_without_marked_answers_hides_the_section(marked: Path, opened: Callable[..., Opened]) -> None:
    write_run(marked / "later", "z", lambda q: [[5.0]], judge=who("other"), questions=SOME)
    main(["report", str(marked), "-o", str(marked / "page.html")])
    one = opened(marked / "page.html")
    assert one.page.locator("#people").is_visible()
    one.page.locator(".measures button").nth(1).click()
    assert not one.page.locator("#people").is_visible()
    assert one.trouble == []
