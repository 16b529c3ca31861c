from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from odw_harness.questions import Question
from odw_harness.report.data import Board, boards
from odw_harness.report.variants import groups
from odw_harness.report.words import answer
from odw_harness.results import read_outputs
from tests.made import QUESTIONS, who, write_run

TEN = QUESTIONS[:10]


def made(folder: Path, systems: dict[str, Sequence[float | None]], **more: Any) -> Board:
    """The board of systems whose scores on the first questions are given."""
    for system, scores in systems.items():
        asked = QUESTIONS[: len(scores)]
        by_id = dict(zip((question.id for question in asked), scores, strict=True))
        write_run(
            folder / system, system, lambda question, by_id=by_id: [[by_id[question.id]]], questions=asked, **more
        )
    (board,) = boards(read_outputs([folder]))
    return board


def test_means_of_the_splits_and_students_interval(tmp_path: Path) -> None:
    write_run(tmp_path, "a", lambda q: [[8.0 if q.split == "in19" else {"ODW-20": 6.0, "ODW-21": 4.0}[q.id]]])
    (board,) = boards(read_outputs([tmp_path]))
    (row,) = board.rows
    assert (board.size("in19"), board.size("ood2")) == (19, 2)
    inside, outside = row.mean("in19"), row.mean("ood2")
    assert inside is not None
    assert outside is not None
    assert row.all is not None
    assert (inside.mean, outside.mean) == (8.0, 5.0)
    assert row.splits["ood2"] == {"ODW-20": 6.0, "ODW-21": 4.0}
    assert row.all.mean == pytest.approx((19 * 8 + 6 + 4) / 21)
    assert (row.rank, row.lead) == (1, None)


def test_an_interval_worked_out_by_hand(tmp_path: Path) -> None:
    # mean 7, sd 1, t of 2 degrees of freedom at 0.975 is 4.302653: 4.302653 / sqrt(3) = 2.484138
    row = made(tmp_path, {"a": (6, 7, 8)}).rows[0]
    assert row.all is not None
    assert (row.all.low, row.all.high) == (pytest.approx(7 - 2.484138, abs=1e-6), pytest.approx(7 + 2.484138, abs=1e-6))
    assert row.bootstrap is None, "three values carry no bootstrap"


def test_a_difference_that_is_shown_alone_is_not_shown_among_three(tmp_path: Path) -> None:
    # 9 of 10 differences are -1, one is +1: 2 · (1 + 10) / 2^10 = 0.021484 by the sign-flip test; times 3 it is 0.064453.
    worse = [6.0] * 9 + [8.0]
    alone = made(tmp_path / "two", {"a": [7.0] * 10, "b": worse})
    lead = alone.rows[1].lead
    assert lead is not None
    assert (lead.paired.mean, lead.paired.better, lead.paired.worse) == (pytest.approx(-0.8), 1, 9)
    assert lead.p == pytest.approx(22 / 1024)
    assert lead.shown
    among = made(tmp_path / "four", {"a": [7.0] * 10, "b": worse, "c": worse, "d": worse})
    assert [row.lead and row.lead.p for row in among.rows[1:]] == [pytest.approx(66 / 1024)] * 3
    assert not any(row.lead and row.lead.shown for row in among.rows)


def test_the_answer_says_who_leads_and_over_whom_it_is_real(tmp_path: Path) -> None:
    far, near = [3.0] * 10, [6.9, 7.1] * 5
    both = made(tmp_path / "both", {"best": [7.0] * 10, "near": near, "far": far})
    first = next(answer(both))
    assert first.en == (
        "best has the highest score, 7.00 of 10. Over 1 of the 2 others its lead is more than chance; "
        "between it and near no difference is shown."
    )
    assert first.zh.startswith("best 得分最高，为 7.00 分")
    real = next(answer(made(tmp_path / "real", {"best": [7.0] * 10, "far": far})))
    assert real.en == "best is the best: it scores 7.00 of 10, and its lead over the other system is more than chance."
    assert real.zh == "best 最好：平均 7.00 分（满分 10 分），对另一个系统的领先并非偶然。"
    chance = next(answer(made(tmp_path / "chance", {"best": [7.0] * 10, "near": near})))
    assert "no difference is shown between it and the other system: its lead may be chance" in chance.en
    assert "但与另一个系统之间未显示出差异" in chance.zh
    three = next(answer(made(tmp_path / "three", {"best": [7.0] * 10, "far": far, "farther": [2.0] * 10})))
    assert three.zh.endswith("对其余 2 个系统的领先均非偶然。")
    alone = next(answer(made(tmp_path / "alone", {"best": [7.0] * 10})))
    assert "nothing to compare it with" in alone.en
    none = next(answer(made(tmp_path / "none", {"best": [None] * 3})))
    assert none.en == "No system has a score under this measure."


def test_who_answered_fewer_questions_is_not_ranked_but_compared_on_the_common_ones(tmp_path: Path) -> None:
    board = made(tmp_path, {"whole": [5.0] * 10, "other": [4.0] * 10, "part": [9.0] * 5, "silent": [None] * 10})
    assert [(row.system, row.rank) for row in board.rows] == [
        ("whole", 1),
        ("other", 2),
        ("part", None),
        ("silent", None),
    ]
    lead = board.rows[2].lead
    assert lead is not None
    assert (lead.paired.of, lead.paired.mean) == (5, 4.0)
    assert board.rows[3].lead is None
    assert any(sentence.en == "Not ranked, because of fewer questions answered: part." for sentence in answer(board))


def test_two_measures_have_two_boards_and_share_no_figure(tmp_path: Path) -> None:
    for judge, score in (("mild", 9.0), ("strict", 3.0)):
        date = datetime(2026, 1, 1 if judge == "mild" else 2, tzinfo=UTC)
        write_run(tmp_path / judge, "a", lambda q, score=score: [[score]], judge=who(judge), questions=TEN, date=date)
    found = {board.judge: board for board in boards(read_outputs([tmp_path]))}
    assert {judge: board.rows[0].all and board.rows[0].all.mean for judge, board in found.items()} == {
        "mild": 9.0,
        "strict": 3.0,
    }
    assert len({board.measure for board in found.values()}) == 2


def test_alignbenchs_own_items_are_another_measure_than_the_21_questions(tmp_path: Path) -> None:
    write_run(tmp_path / "ours", "a", lambda q: [[5.0]], rubric="alignbench", questions=TEN)
    theirs = write_run(tmp_path / "theirs", "a", lambda q: [[9.0]], rubric="alignbench", questions=TEN)
    theirs.write_text(
        theirs.read_text(encoding="utf-8").replace("alignbench_in19", "alignbench_writing"), encoding="utf-8"
    )
    (samples,) = theirs.parent.glob("samples_*.jsonl")
    samples.rename(samples.with_name(samples.name.replace("alignbench_in19", "alignbench_writing")))
    found = boards(read_outputs([tmp_path]))
    assert [(len(board.asked), board.rows[0].all and board.rows[0].all.mean) for board in found] == [
        (10, 5.0),
        (10, 9.0),
    ]


def test_a_question_that_was_changed_is_no_ground_for_a_difference(tmp_path: Path) -> None:
    changed = TEN[0].model_copy(update={"prompt": "另一道题"})
    write_run(tmp_path / "a", "a", lambda q: [[7.0]], questions=TEN)
    write_run(tmp_path / "b", "b", lambda q: [[1.0 if q.id == TEN[0].id else 6.0]], questions=(changed, *TEN[1:]))
    (board,) = boards(read_outputs([tmp_path]))
    lead = board.rows[1].lead
    assert lead is not None
    assert (lead.paired.of, lead.paired.mean) == (9, -1.0)
    assert len(board.asked) == 11
    assert board.size("in19") == 10


def test_dimensions_are_those_of_the_rubric_and_absent_without_any(tmp_path: Path) -> None:
    assert made(tmp_path / "o", {"a": [5.0] * 3}).dimensions[0] == "form"
    assert made(tmp_path / "a", {"a": [5.0] * 3}, rubric="alignbench").dimensions[-1] == "richness"
    assert made(tmp_path / "n", {"a": [None] * 3}).dimensions == ()


def _scores(score: float) -> Any:
    def given(question: Question) -> Sequence[Sequence[float]]:
        return [[score]]

    return given


def test_base_lora_and_qlora_stand_together_by_name_or_by_model(tmp_path: Path) -> None:
    systems: dict[str, tuple[float, dict[str, str]]] = {
        "X": (5.0, {"pretrained": "models/x"}),
        "X-QLoRA": (6.5, {"pretrained": "models/x_merged"}),  # a merged one lies elsewhere: found by its name
        "X-LoRA": (6.0, {"pretrained": "models/x", "peft": "saves/x"}),
        "mine": (7.0, {"pretrained": "models/x", "peft": "saves/mine"}),  # found by its model
        "Y-LoRA": (4.0, {"pretrained": "models/y", "peft": "saves/y"}),  # without its base
        "Z": (3.0, {"pretrained": "models/z"}),  # without anything tuned
        "Flora": (2.0, {"pretrained": "models/flora"}),  # a name that only ends alike
        "F": (1.0, {"pretrained": "models/f"}),
    }
    for name, (score, arguments) in systems.items():
        write_run(tmp_path / name, name, _scores(score), questions=TEN, model_args=arguments)
    (board,) = boards(read_outputs([tmp_path]))
    (group,) = groups(board)
    assert group.base.system == "X"
    assert [(each.row.system, each.how) for each in group.tuned] == [
        ("X-LoRA", "LoRA"),
        ("X-QLoRA", "QLoRA"),
        ("mine", "adapter"),
    ]
    gains = [each.gains["score"] for each in group.tuned]
    assert [gain and gain.paired.mean for gain in gains] == [1.0, 1.5, 2.0]
    # All ten differences point one way: 2 / 2^10, times three.
    assert [gain and gain.p for gain in gains] == [pytest.approx(6 / 1024)] * 3
