"""The paper's tables and anybody's: the same figures as `odw paper agreement`, and bad tables told in one line."""

from pathlib import Path

import numpy as np
import pytest

from odw_harness.agree.data import people_of
from odw_harness.agree.files import of_files, read
from odw_harness.agreement import paper_agreement
from odw_harness.errors import MarkError
from odw_harness.resources import PAPER


def csv(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> str:
    file = folder / name
    file.write_text(text, encoding)
    return str(file)


def test_the_papers_tables_give_the_figures_of_paper_agreement() -> None:
    expected = {
        each.score: each.agreement for each in paper_agreement() if (each.split, each.group) == ("all21", "all")
    }
    named = people_of(of_files("paper:human", ["paper:odweval", "paper:alignbench"]))
    from_files = people_of(
        of_files(str(PAPER / "human.csv"), [str(PAPER / "odweval.csv"), str(PAPER / "alignbench.csv")])
    )
    for people, prefix in ((named, "paper:"), (from_files, "")):
        for score, agreement in expected.items():
            beside = people.of(f"{prefix}{score}")
            assert beside is not None
            assert beside.agreement == agreement, "intervals and all"
    assert round(expected["odweval"].pearson.value or 0, 3) == 0.883
    assert (named.marks, named.graders, len(named.systems)) == (315, (), 15)
    assert named.beside[0].ceiling is None, "the paper does not tell who gave what"


def test_a_long_table_is_the_wide_one_turned(tmp_path: Path) -> None:
    wide = csv(tmp_path, "system,q1,q2,avg\na,60,70,65\nb,80,,80\nc,75,90,82\n", "wide.csv")
    long = csv(tmp_path, "system,question,score\na,q1,60\na,q2,70\nb,q1,80\nb,q2,\nc,q1,75\nc,q2,90\n", "long.csv")
    other = csv(tmp_path, "question,score,system\nq1,6,a\nq2,7,a\nq1,8,b\nq1,7.5,c\nq2,9,c\n", "other.csv")
    one, two = (people_of(of_files(table, [other]), resamples=0) for table in (wide, long))
    for people in (one, two):
        np.testing.assert_array_equal(people.scores, [[60, 70], [80, np.nan], [75, 90]])
        assert people.beside[0].agreement.pooled.value == pytest.approx(1)
    assert one.beside[0].agreement == two.beside[0].agreement


def test_graders_lengths_and_genres_are_used_where_they_are_told(tmp_path: Path) -> None:
    rows = [
        f"s{system},q{question},{60 + 3 * system + question + grader},G{grader},{'通知' if question < 3 else '函'},{500 + 100 * system}"
        for system in range(4)
        for question in range(6)
        for grader in range(2)
    ]
    people_csv = csv(tmp_path, "\n".join(["system,question,score,grader,genre,characters", *rows]))
    judge = csv(
        tmp_path,
        "system,q0,q1,q2,q3,q4,q5\n" + "\n".join(f"s{s},{','.join([str(s)] * 6)}" for s in range(4)),
        "judge.csv",
    )
    people = people_of(of_files(people_csv, [judge]), resamples=0)
    assert (people.graders, people.per_answer) == (("G0", "G1"), 2.0)
    assert [each.name for each in people.beside] == ["judge", "longest", "random"]
    assert [each.genre for each in people.asked] == ["通知"] * 3 + ["函"] * 3
    assert people.beside[0].bias is not None
    assert [(group.name, group.size) for group in people.beside[0].bias.genres] == [("通知", 3), ("函", 3)]
    assert people.beside[0].ceiling is not None
    even = people_of(of_files(people_csv, [judge], adjust=True), resamples=0)
    np.testing.assert_allclose(even.scores, people.scores)  # both graders marked all
    wide = csv(tmp_path, "system,grader,q1\na,G1,60\na,G2,64\nb,G1,70\n", "graders.csv")
    assert [(each.grader, each.score) for each in read(wide)] == [("G1", 60), ("G2", 64), ("G1", 70)]


def test_a_judges_table_may_tell_the_lengths(tmp_path: Path) -> None:
    people = csv(tmp_path, "system,q1\na,60\nb,70\nc,65\n")
    judge = csv(tmp_path, "system,question,score,characters\na,q1,6,100\nb,q1,7,300\nc,q1,6,200\n", "judge.csv")
    found = people_of(of_files(people, [judge]), resamples=0)
    longest = next(each for each in found.beside if each.name == "longest")
    assert longest.scores.ravel().tolist() == [100, 300, 200]


def test_tables_saved_by_a_chinese_spreadsheet_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "gb18030"):
        table = csv(tmp_path, "system,通知,函\r\n甲,60,70\r\n乙,65,75\r\n", encoding=encoding)
        assert [(each.system, each.question) for each in read(table)][:2] == [("甲", "通知"), ("甲", "函")]


def test_scores_of_other_answers_are_left_out_and_told(tmp_path: Path) -> None:
    people = csv(tmp_path, "system,q1\na,60\nb,70\nc,65\n")
    judge = csv(tmp_path, "system,q1,q2\na,6,7\nb,7,8\nd,7,7\n", "judge.csv")
    found = people_of(of_files(people, [judge]), resamples=0)
    assert any("4 of 6 scores are of answers that" in notice.en for notice in found.notices)
    assert found.beside[0].agreement.answers == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("system,q1\na,good\n", "table.csv: line 2, column q1: good is no number"),
        ("system,q1\na,nan\n", "line 2, column q1: nan is no number"),
        ("system,q1\na,6,7\n", "line 2: has 3 cells where the first line names 2 columns"),
        ("system,question,score\na,q1,6\n\na,q1,7\n", "line 4: scores a / q1 a second time (first in "),
        ("system,q1\na,6\na,7\n", "line 3, column q1: scores a / q1 a second time (first in "),
        ("system,q1,q1\na,6,7\n", "line 1: names q1 twice"),
        (
            "model,q1\na,6\n",
            "line 1: needs the columns system and one for each question, or system, question and score; it has model, q1",
        ),
        ("system,question\na,q1\n", "line 1: needs the columns"),
        ("system\na\n", "line 1: needs the columns"),
        ("", "it has none"),
        ("system,q1\n", "has no scores"),
        ("system,q1\n,6\n", "line 2, column system: is empty"),
        ("system,question,score\na,,6\n", "line 2, column question: is empty"),
        ('system,q1\n"a,6\n', "is no CSV"),
        ("system,question,score,characters\na,q1,6,long\n", "line 2, column characters: long is no number"),
    ],
)
def test_a_bad_table_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(MarkError) as error:
        list(read(csv(tmp_path, text)))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_wrong_names_are_told(tmp_path: Path) -> None:
    good = csv(tmp_path, "system,q1\na,60\nb,70\n")
    for people, scores, told in (
        (str(tmp_path / "none.csv"), ["paper:odweval"], "no such file"),
        ("paper:people", ["paper:odweval"], "the paper has no such table; name one of paper:human"),
        (good, [good, good], "is given twice"),
        (good, ["paper:odweval"], "has no system and question in common with"),
        (str(tmp_path), ["paper:odweval"], "can't be read: Is a directory"),
    ):
        with pytest.raises(MarkError, match=told):
            of_files(people, scores)
    with pytest.raises(MarkError, match="add a column grader"):
        of_files(good, [good], adjust=True)
    graded = csv(tmp_path, "system,question,score,grader\na,q1,6,G1\na,q1,7,G2\n", "graded.csv")
    with pytest.raises(MarkError, match="a judge's table has one score an answer"):
        of_files(good, [graded])
