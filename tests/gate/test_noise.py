"""How often the gate would fail by chance, from repeats whose spread is known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from odw_harness.questions import Question
from tests.gate.support import Scores, gate, predict_only
from tests.made import QUESTIONS, write_run

Capture = pytest.CaptureFixture[str]


def wavering(sd: float, answers: int, seed: int, verdicts: int = 1) -> Scores:
    """Answers of each question about 6 points; verdicts of an answer waver instead where there are several."""
    drawn = np.random.default_rng(seed).normal(6, sd, (len(QUESTIONS), answers, verdicts))
    given = {question.id: rows.tolist() for question, rows in zip(QUESTIONS, drawn, strict=True)}

    def scores(question: Question) -> Sequence[Sequence[float]]:
        return [[float(mark) for mark in answer] for answer in given[question.id]]

    return scores


def two(tmp_path: Path, first: Scores, second: Scores) -> tuple[Path, Path]:
    write_run(tmp_path / "old", "Old", first)
    write_run(tmp_path / "new", "New", second)
    return tmp_path / "old", tmp_path / "new"


def test_what_fails_by_chance_is_what_the_confidence_says(tmp_path: Path, capsys: Capture) -> None:
    """With nothing allowed a gate of one figure fails as often as its confidence lets it, with any number of repeats."""
    both = two(tmp_path, wavering(1.0, 3, 1), wavering(1.0, 3, 2))
    found = gate(capsys, *both, "--noise", "--metric", "score", "--max-drop", "0", "--confidence", "0.9")[1]["noise"]
    assert (found["of"], found["questions"], found["figures"]) == ("answers", 21, ["score"])
    assert (found["now"]["baseline"], found["now"]["candidate"]) == (3, 3)
    for odds in (found["now"], *found["by_repeats"]):
        assert odds["fails"]["share"] == pytest.approx(0.1, abs=0.02)
    assert found["fewest"] is None


def test_more_repeats_fail_less_by_chance_and_see_more(tmp_path: Path, capsys: Capture) -> None:
    sides = wavering(0.7, 4, 3), wavering(0.7, 4, 4)
    drawn = [np.var([mark for (mark,) in side(question)], ddof=1) for side in sides for question in QUESTIONS]
    error = np.sqrt(np.mean(drawn) * 2 / 21)  # of the mean drop, with an answer each
    found = gate(capsys, *two(tmp_path, *sides), "--noise", "--metric", "score", "--confidence", "0.6")[1]["noise"]
    # The bound of 60 % confidence lets all through that is over the 0.3 allowed: 10 % with an answer each, 4 % with two.
    for odds, answers in zip(found["by_repeats"], (1, 2, 3), strict=False):
        assert odds["fails"]["share"] == pytest.approx(norm.sf(0.3 / error * np.sqrt(answers)), abs=0.012)
        assert odds["catches"][0] == pytest.approx(0.3 + 0.8416 * error / np.sqrt(answers), abs=0.01)
    assert found["fewest"] == 2


def test_a_real_difference_is_no_noise(tmp_path: Path, capsys: Capture) -> None:
    worse = wavering(0.3, 3, 6)
    both = two(tmp_path, wavering(0.3, 3, 5), lambda question: [[mark - 3 for mark in a] for a in worse(question)])
    code, found = gate(capsys, *both, "--noise", "--metric", "score")
    assert code == 1
    assert found["noise"]["now"]["fails"]["share"] == 0


def test_repeats_of_one_side_suffice(tmp_path: Path, capsys: Capture) -> None:
    both = two(tmp_path, wavering(1.0, 3, 1), wavering(1.0, 1, 2))
    now = gate(capsys, *both, "--noise", "--metric", "score")[1]["noise"]["now"]
    assert (now["baseline"], now["candidate"]) == (3, 1)


def test_where_one_answer_was_judged_again_the_judges_noise_is_told(tmp_path: Path, capsys: Capture) -> None:
    both = two(tmp_path, wavering(1.0, 1, 1, verdicts=4), wavering(1.0, 1, 2, verdicts=4))
    found = gate(capsys, *both, "--noise", "--max-drop", "0")[1]["noise"]
    assert (found["of"], found["now"]["baseline"]) == ("verdicts", 4)
    assert found["figures"] == ["score", "rules", "fact_recall"]
    assert found["now"]["fails"]["share"] == pytest.approx(0.05 / 3, abs=0.008), "of three figures only one wavers"
    assert found["now"]["catches"][1:] == [0.05, 0.1], "what needs no judge does not waver"


def test_runs_without_a_judge_have_noise_too(tmp_path: Path, capsys: Capture) -> None:
    both = two(tmp_path, wavering(1.0, 3, 1), wavering(1.0, 3, 2))
    for folder in both:
        predict_only(next(folder.rglob("results_*.json")))
    found = gate(capsys, *both, "--noise")[1]["noise"]
    assert (found["figures"], found["now"]["fails"]["share"]) == (["rules", "fact_recall"], 0)


def test_the_same_runs_give_the_same_noise(tmp_path: Path, capsys: Capture) -> None:
    both = two(tmp_path, wavering(1.0, 2, 1), wavering(1.0, 2, 2))
    assert gate(capsys, *both, "--noise") == gate(capsys, *both, "--noise")


def test_too_few_questions_with_repeats_tell_nothing_of_a_figure(tmp_path: Path, capsys: Capture) -> None:
    """The two questions outside the domain were answered three times, all others once."""
    few = QUESTIONS[:2] + QUESTIONS[-2:]

    def sides(folder: str, seed: int) -> Path:
        scores = wavering(1.0, 3, seed)
        write_run(tmp_path / folder, folder, lambda q: scores(q)[: 3 if q in QUESTIONS[-2:] else 1], questions=few)
        return tmp_path / folder

    both = sides("old", 1), sides("new", 2)
    found = gate(capsys, *both, "--noise", "--metric", "score", "--split", "ood2")[1]["noise"]
    assert (found["questions"], found["now"]["catches"], found["now"]["fails"]["share"]) == (2, [None], 0)
