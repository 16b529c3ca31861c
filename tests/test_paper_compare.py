import json
from pathlib import Path

import pytest

from odw_harness.cli import main
from odw_harness.errors import AnswerError
from odw_harness.paper import load_table
from odw_harness.paper_compare import beside_paper
from odw_harness.results import read_outputs
from tests.made import QUESTIONS, who, write_run

PAPER = {row.system: row for row in load_table("odweval")}
QWEN = ["Qwen-7B-Chat", "Qwen-7B-Chat-LoRA", "Qwen-7B-Chat-QLoRA"]


def as_printed(folder: Path, name: str, sign: int = 1, **more: object) -> None:
    """A run whose score on each question is the paper's on the question of that number, or its mirror image at 5.5."""
    printed = {q.id: float(s) for q, s in zip(QUESTIONS, PAPER[name].scores, strict=True)}
    system = str(more.pop("system", name))
    write_run(folder / system, system, lambda q: [[5.5 + sign * (printed[q.id] - 5.5)]], **more)  # type: ignore[arg-type]


def test_the_papers_own_scores_agree_with_the_paper(tmp_path: Path) -> None:
    for name in PAPER:
        as_printed(tmp_path, name)
    (beside,) = beside_paper(read_outputs([tmp_path]))
    own, people = beside.correlations
    assert (own.table, own.systems, own.spearman, own.kendall) == ("odweval", 15, pytest.approx(1), pytest.approx(1))
    # People's ranking against ODWEval's at 21 questions, where two systems' sums are the same (131.4).
    assert people.table == "human"
    assert people.spearman == pytest.approx(0.78891, abs=1e-5)
    assert people.kendall == pytest.approx(0.60580, abs=1e-5)
    for place in beside.places:
        assert place.ours == pytest.approx(place.printed["odweval"], abs=0.005)
    assert len(beside.gains) == 12, "three steps of four models"
    for gain in beside.gains:
        assert gain.ours.mean == pytest.approx(gain.paper.mean)
        assert gain.same_sign or gain.paper.mean == 0


def test_a_mirror_image_disagrees(tmp_path: Path) -> None:
    for name in QWEN:
        as_printed(tmp_path, name, -1)
    (beside,) = beside_paper(read_outputs([tmp_path]))
    assert beside.correlations[0].spearman == pytest.approx(-1)
    assert [place.rank + place.ranks["odweval"] for place in beside.places] == [4, 4, 4]
    assert not any(gain.same_sign for gain in beside.gains)
    assert [(gain.before, gain.after) for gain in beside.gains] == [
        ("Qwen-7B-Chat", "Qwen-7B-Chat-LoRA"),
        ("Qwen-7B-Chat", "Qwen-7B-Chat-QLoRA"),
        ("Qwen-7B-Chat-LoRA", "Qwen-7B-Chat-QLoRA"),
    ]


def test_few_systems_in_one_order_are_no_proof(tmp_path: Path) -> None:
    for name in QWEN:
        as_printed(tmp_path, name)
    own = beside_paper(read_outputs([tmp_path]))[0].correlations[0]
    # Of the 6 orders of 3 systems 1 is the paper's, 1 its mirror image.
    assert own.spearman_p == pytest.approx(2 / 6)
    assert own.kendall_p == pytest.approx(2 / 6)


def test_a_run_says_which_row_of_the_paper_it_is(tmp_path: Path) -> None:
    as_printed(tmp_path, "ChatGPT", system="gpt-6", metadata={"paper": "ChatGPT"})
    as_printed(tmp_path, "ChatGPT", system="another")
    (beside,) = beside_paper(read_outputs([tmp_path]))
    assert [place.system for place in beside.places] == ["ChatGPT"]
    assert beside.correlations[0].spearman is None, "one system has no order"


def test_each_rubric_meets_its_own_table(tmp_path: Path) -> None:
    for name in QWEN:
        as_printed(tmp_path / "odw", name)
        as_printed(tmp_path / "align", name, rubric="alignbench", judge=who(rubric="alignbench"))
    found = beside_paper(read_outputs([tmp_path]))
    assert [each.table for each in found] == ["alignbench", "odweval"]


def test_the_command_prints_and_says_the_caveat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in QWEN:
        as_printed(tmp_path, name)
    assert main(["paper", "compare", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "reconstruction" in out
    assert "Spearman 1.000" in out
    assert "100% of 3 gains" in out
    assert main(["paper", "compare", str(tmp_path), "--json"]) == 0
    (measure,) = json.loads(capsys.readouterr().out)["measures"]
    assert [place["system"] for place in measure["places"]] == QWEN


def test_without_a_system_of_the_paper_it_says_how_to_name_one(tmp_path: Path) -> None:
    as_printed(tmp_path, "ChatGPT", system="mine")
    with pytest.raises(AnswerError, match=r"no run is of a system of the paper .*metadata: {paper: NAME}"):
        beside_paper(read_outputs([tmp_path]))


def test_two_systems_that_are_one_of_the_papers_are_not_mixed(tmp_path: Path) -> None:
    as_printed(tmp_path, "ChatGPT")
    as_printed(tmp_path, "ChatGPT", system="gpt-6", metadata={"paper": "ChatGPT"})
    with pytest.raises(
        AnswerError, match=r"^ChatGPT, gpt-6: each is the paper's ChatGPT, .*; name folders that hold one"
    ):
        beside_paper(read_outputs([tmp_path]))


def test_two_that_are_one_of_the_papers_under_two_judges_are_beside_it_under_each(tmp_path: Path) -> None:
    as_printed(tmp_path, "ChatGPT")
    as_printed(tmp_path, "ChatGPT", system="gpt-6", metadata={"paper": "ChatGPT"}, judge=who("second"))
    found = beside_paper(read_outputs([tmp_path]))
    assert [[place.system for place in each.places] for each in found] == [["ChatGPT"], ["ChatGPT"]]
