"""`odw gate` on runs of a few questions; every figure is worked out by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from odw_harness.questions import Question
from tests.gate.support import change_rows, change_verdicts, each, figure, gate, predict_only, refused, states, why
from tests.made import QUESTIONS, who, write_run

FOUR = QUESTIONS[:4]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """7 points for each of four questions, answered by their references."""
    write_run(tmp_path / "base", "Base", each(7), questions=FOUR)
    return tmp_path / "base"


def run(folder: Path, *scores: float | None, system: str = "New", **more: Any) -> Path:
    write_run(folder, system, each(*scores), questions=more.pop("questions", FOUR), **more)
    return folder


def nothing(question: Question) -> str:
    return "好"


def test_the_same_passes(base: Path, tmp_path: Path, capsys: Capture) -> None:
    code, found = gate(capsys, base, run(tmp_path / "new", 7))
    assert (code, found["verdict"]) == (0, "PASS")
    assert states(found) == dict.fromkeys(
        ("questions", "judge, odweval", "coverage, odweval", "score", "rules", "fact_recall"), "passed"
    )
    assert found["notes"] == []


def test_a_drop_that_is_too_large_and_shown_fails(base: Path, tmp_path: Path, capsys: Capture) -> None:
    # Drops 0.5, 0.5, 0.8, 0.2: mean 0.5, standard error 0.122474; t(3) = 2.353363 at 95 %.
    new = run(tmp_path / "new", 6.5, 6.5, 6.2, 6.8)
    code, found = gate(capsys, base, new, "--metric", "score")
    assert code == 1
    assert found["headline"].startswith("FAIL: score: 7 → 6.5 (-0.500, -0.3 allowed)")
    score = figure(found, "score")
    assert (score["baseline"], score["candidate"], score["change"]) == (7, pytest.approx(6.5), pytest.approx(-0.5))
    assert score["at_most"] == pytest.approx(-0.5 + 2.353363 * 0.122474, abs=1e-5)
    # Of three figures each has a chance of error of 5 / 3 %: t(3) = 3.740 at 98.33 %, and 3.740 * 0.1225 = 0.458 < 0.5.
    code, found = gate(capsys, base, new)
    assert code == 1
    assert figure(found, "score")["at_most"] == pytest.approx(-0.5 + 3.740 * 0.122474, abs=1e-3)


def test_a_drop_that_is_chance_or_allowed_passes(base: Path, tmp_path: Path, capsys: Capture) -> None:
    code, found = gate(capsys, base, run(tmp_path / "spread", 5, 8, 5, 8), "--metric", "score")
    assert (code, figure(found, "score")["change"]) == (0, -0.5)
    assert "not told from chance" in why(found, "score")
    assert gate(capsys, base, run(tmp_path / "allowed", 6.8), "--metric", "score")[0] == 0
    assert gate(capsys, base, tmp_path / "allowed", "--metric", "score", "--max-drop", "0.1")[0] == 1


def test_with_more_confidence_less_fails(base: Path, tmp_path: Path, capsys: Capture) -> None:
    new = run(tmp_path / "new", 6.5, 6.5, 6.2, 6.8)
    assert gate(capsys, base, new, "--metric", "score", "--confidence", "0.95")[0] == 1
    assert gate(capsys, base, new, "--metric", "score", "--confidence", "0.99")[0] == 0


def test_a_split_of_its_own_and_a_dimension(tmp_path: Path, capsys: Capture) -> None:
    def of_split(question: Question) -> list[list[float]]:
        return [[7.0 if question.split == "in19" else 6.0]]

    write_run(tmp_path / "base", "Base", each(7))
    write_run(tmp_path / "new", "New", of_split)
    both = (tmp_path / "base", tmp_path / "new", "--metric", "score,form")
    code, found = gate(capsys, *both)
    assert code == 0
    assert figure(found, "score")["change"] == pytest.approx(-2 / 21)
    code, found = gate(capsys, *both, "--split", "in19,ood2,all")
    assert code == 1
    assert {name for name, state in states(found).items() if state == "failed"} == {"score, ood2", "form, ood2"}
    assert figure(found, "form, ood2")["questions"] == 2


def test_rules_and_facts_fail_by_their_own_allowance(base: Path, tmp_path: Path, capsys: Capture) -> None:
    code, found = gate(capsys, base, run(tmp_path / "new", 7, text=nothing))
    assert code == 1
    assert (states(found)["score"], states(found)["rules"], states(found)["fact_recall"]) == (
        "passed",
        "failed",
        "failed",
    )
    assert figure(found, "fact_recall")["candidate"] == 0
    lenient = ("--max-drop-rules", "1", "--max-drop-facts", "1")
    assert gate(capsys, base, tmp_path / "new", *lenient)[0] == 0


def test_missing_and_changed_questions_can_not_be_compared(base: Path, tmp_path: Path, capsys: Capture) -> None:
    code, found = gate(capsys, base, run(tmp_path / "fewer", 7, questions=FOUR[1:]))
    assert (code, found["verdict"]) == (2, "CANNOT COMPARE")
    assert why(found, "questions") == "the candidate lacks 1 of 4 (ODW-01)"
    assert figure(found, "score")["questions"] == 3
    changed = [FOUR[0].model_copy(update={"reference": "另一篇"}), *FOUR[1:]]
    code, found = gate(capsys, base, run(tmp_path / "changed", 7, questions=changed))
    assert code == 2
    assert "ODW-01 asked something else" in why(found, "questions")
    assert figure(found, "rules")["questions"] == 3


def test_what_the_candidate_answered_beyond_the_baseline_is_left_out(
    base: Path, tmp_path: Path, capsys: Capture
) -> None:
    code, found = gate(capsys, base, run(tmp_path / "more", 7, 7, 7, 7, 1, questions=QUESTIONS[:5]))
    assert code == 0
    assert figure(found, "score")["change"] == 0
    assert "the candidate also answered ODW-05" in found["notes"][0]


@pytest.mark.parametrize(
    "judge",
    [who(judge="another"), who(version="2"), who(settings={"temperature": 1}), who(revision="s")],
    ids=["judge", "rubric version", "setting", "model file"],
)
def test_another_measure_can_not_be_compared(
    base: Path, tmp_path: Path, capsys: Capture, judge: dict[str, Any]
) -> None:
    code, found = gate(capsys, base, run(tmp_path / "new", 3, judge=judge))
    assert code == 2
    assert (states(found)["judge, odweval"], states(found)["score"]) == ("error", "skipped")
    assert "graded the baseline" in why(found, "judge, odweval")
    assert states(found)["rules"] == "passed", "rules need no judge"
    assert gate(capsys, base, tmp_path / "new", "--metric", "rules,fact_recall")[0] == 0


def test_a_regression_counts_even_where_the_judge_changed(base: Path, tmp_path: Path, capsys: Capture) -> None:
    code, found = gate(capsys, base, run(tmp_path / "new", 7, judge=who(version="2"), text=nothing))
    assert (code, found["verdict"]) == (1, "FAIL")
    assert states(found)["judge, odweval"] == "error"


def test_low_coverage_on_either_side_can_not_be_compared(base: Path, tmp_path: Path, capsys: Capture) -> None:
    new = run(tmp_path / "new", 7, 7, 7, None)
    code, found = gate(capsys, base, new)
    assert code == 2
    assert "3 of 4 verdicts of the candidate have a score (75%)" in why(found, "coverage, odweval")
    assert figure(found, "score")["questions"] == 3
    assert gate(capsys, base, new, "--min-coverage", "0.75")[0] == 0
    assert gate(capsys, new, base)[0] == 2


def test_a_baseline_that_was_graded_and_has_no_score_can_not_be_compared(tmp_path: Path, capsys: Capture) -> None:
    old, new = run(tmp_path / "old", None, system="Old"), run(tmp_path / "new", 7)
    code, found = gate(capsys, old, new)
    assert code == 2
    assert states(found) == {
        "questions": "passed",
        "judge, odweval": "passed",
        "coverage, odweval": "error",
        "rules": "passed",
        "fact_recall": "passed",
    }
    assert why(found, "coverage, odweval").startswith("0 of 4 verdicts of the baseline have a score (0%)")
    assert found["notes"] == ["no score is gated: see the checks above"]
    assert gate(capsys, old, new, "--metric", "rules,fact_recall")[0] == 0
    assert "has no score" in refused(capsys, old, new, "--metric", "score")


def test_runs_with_predict_only_are_gated_by_rules_and_facts(tmp_path: Path, capsys: Capture) -> None:
    for name, text in (("old", None), ("good", None), ("bad", nothing)):
        more = {"text": text} if text else {}
        predict_only(write_run(tmp_path / name, name, each(7), questions=FOUR, **more))
    code, found = gate(capsys, tmp_path / "old", tmp_path / "good")
    assert (code, figure(found, "rules")["baseline"], figure(found, "fact_recall")["questions"]) == (0, 1.0, 4)
    assert found["notes"] == ["no score is gated: the baseline has none"]
    assert gate(capsys, tmp_path / "old", tmp_path / "bad")[0] == 1


def test_an_ungraded_candidate_can_not_be_compared_with_a_graded_baseline(
    base: Path, tmp_path: Path, capsys: Capture
) -> None:
    predict_only(write_run(tmp_path / "new", "New", each(7), questions=FOUR))
    code, found = gate(capsys, base, tmp_path / "new")
    assert code == 2
    assert why(found, "judge, odweval") == "the candidate was not graded under odweval"
    assert gate(capsys, base, tmp_path / "new", "--metric", "rules")[0] == 0


def test_rules_are_worked_out_anew_so_that_an_old_baseline_is_held_to_the_same(
    base: Path, tmp_path: Path, capsys: Capture
) -> None:
    (results,) = base.rglob("results_*.json")
    change_verdicts(results, lambda doc, answer: answer.update(rules=0.1, fact_recall=0.1))
    code, found = gate(capsys, base, run(tmp_path / "new", 7))
    assert (code, figure(found, "rules")["baseline"], figure(found, "fact_recall")["baseline"]) == (0, 1.0, 1.0)


def test_questions_of_ones_own_are_found_by_questions(tmp_path: Path, capsys: Capture) -> None:
    mine = [
        question.model_copy(update={"id": f"MY-{n}", "prompt": f"{question.prompt}（{n}）"})
        for n, question in enumerate(FOUR)
    ]
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(question.model_dump_json() + "\n" for question in mine), "utf-8")
    for name in ("old", "new"):
        results = write_run(tmp_path / name, name, lambda question: [[7.0]], questions=mine)
        change_verdicts(results, lambda doc, answer: answer.update(rules=0.5))
    both = (tmp_path / "old", tmp_path / "new")
    assert figure(gate(capsys, *both)[1], "rules")["baseline"] == 0.5, "as the run left it"
    assert figure(gate(capsys, *both, "--questions", file)[1], "rules")["baseline"] == 1.0
    for folder in both:
        predict_only(next(folder.rglob("results_*.json")))
    assert "no figure" in refused(capsys, *both)
    assert gate(capsys, *both, "--questions", file)[0] == 0


def test_means_go_from_verdicts_to_answers_to_questions(base: Path, tmp_path: Path, capsys: Capture) -> None:
    write_run(tmp_path / "new", "New", lambda question: [[4.0, 8.0], [5.0, 5.0]], questions=FOUR)
    found = gate(capsys, base, tmp_path / "new")[1]
    assert figure(found, "score")["candidate"] == 5.5


def test_both_rubrics_of_a_run_are_gated(tmp_path: Path, capsys: Capture) -> None:
    for name, marks in (("old", (7, 7)), ("new", (7, 4))):
        first = write_run(tmp_path / name, name, each(marks[0]), questions=FOUR)
        other = write_run(tmp_path / "other" / name, name, each(marks[1]), rubric="alignbench", questions=FOUR)
        rows = next(other.parent.glob("samples_*")).read_text("utf-8")
        with next(first.parent.glob("samples_*")).open("a", encoding="utf-8") as file:
            file.write(rows)
    code, found = gate(capsys, tmp_path / "old", tmp_path / "new")
    assert code == 1
    assert (states(found)["score, odweval"], states(found)["score, alignbench"]) == ("passed", "failed")
    assert figure(found, "rules")["questions"] == 4
    assert gate(capsys, tmp_path / "old", tmp_path / "new", "--rubric", "odweval")[0] == 0


def test_of_several_systems_one_must_be_named(base: Path, tmp_path: Path, capsys: Capture) -> None:
    run(tmp_path / "many/a", 7, system="A")
    run(tmp_path / "many/b", 3, system="B")
    assert "holds 2 systems (A, B); say which with --system" in refused(capsys, base, tmp_path / "many")
    assert "say which with --baseline-system" in refused(capsys, tmp_path / "many", base)
    assert gate(capsys, base, tmp_path / "many", "--system", "A")[0] == 0
    assert gate(capsys, base, tmp_path / "many", "--system", "B")[0] == 1
    assert gate(capsys, tmp_path / "many", base, "--baseline-system", "B")[0] == 0
    assert "holds no system C; it has A, B" in refused(capsys, base, tmp_path / "many", "--system", "C")


def test_the_newest_run_counts_and_a_broken_newest_is_not_passed_over(
    base: Path, tmp_path: Path, capsys: Capture
) -> None:
    new = run(tmp_path / "new", 7, date=datetime(2026, 11, 25, tzinfo=UTC))
    run(new, 3, date=datetime(2026, 11, 26, tzinfo=UTC))
    assert gate(capsys, base, new)[0] == 1
    foreign = new / "model" / "results_2026-11-27T00-00-00.000000.json"
    foreign.write_text(json.dumps({"configs": {"gsm8k": {}}}))
    assert gate(capsys, base, new)[0] == 1, "another task's results don't matter"
    foreign.write_text("{")
    assert "is not compared in its place" in refused(capsys, base, new)


def test_one_results_file_can_be_named_instead_of_a_folder(base: Path, tmp_path: Path, capsys: Capture) -> None:
    results = write_run(tmp_path / "new", "New", each(7), questions=FOUR)
    assert gate(capsys, base, results)[0] == 0


def test_other_settings_are_told_and_compared(base: Path, tmp_path: Path, capsys: Capture) -> None:
    results = write_run(tmp_path / "new", "New", each(7), questions=FOUR)
    held = json.loads(results.read_text("utf-8"))
    held["configs"]["odweval_in19"]["generation_kwargs"]["max_gen_toks"] = 99
    results.write_text(json.dumps({**held, "lm_eval_version": "0.5"}), "utf-8")
    code, found = gate(capsys, base, tmp_path / "new")
    assert code == 0
    assert found["notes"] == [
        "generation settings differ: max_gen_toks=2048 before, max_gen_toks=99 now",
        "lm-eval differs: 0.4.13 before, 0.5 now",
    ]


def test_a_gate_that_sees_little_says_so(base: Path, tmp_path: Path, capsys: Capture) -> None:
    found = gate(capsys, base, run(tmp_path / "new", 5, 9), "--metric", "score")[1]
    (note,) = found["notes"]
    assert note.startswith("score: with this spread over 4 questions only a drop of 3.")


def test_one_question_is_no_evidence(tmp_path: Path, capsys: Capture) -> None:
    old, new = (run(tmp_path / name, mark, questions=FOUR[:1], system=name) for name, mark in (("old", 7), ("new", 3)))
    code, found = gate(capsys, old, new)
    assert code == 2
    assert why(found, "score").startswith(
        "questions in common that have it: 1, too few to tell a drop from chance: it takes 3"
    )


def test_mistakes_are_one_line(base: Path, tmp_path: Path, capsys: Capture) -> None:
    new = run(tmp_path / "new", 7)
    assert "no such folder" in refused(capsys, base, tmp_path / "nowhere")
    assert "is baseline and candidate at once" in refused(capsys, base, base)
    assert "was graded under odweval" in refused(capsys, base, new, "--rubric", "alignbench")
    assert "has no creativity" in refused(capsys, base, new, "--metric", "creativity")
    assert "no question has several answers" in refused(capsys, base, new, "--noise")
    assert "standard output takes one" in refused(capsys, base, new, "--json", "--junit", "-")
    assert "is a folder; name a file" in refused(capsys, base, new, "--junit", tmp_path)
    assert "no such questions file" in refused(capsys, base, new, "--questions", tmp_path / "none.jsonl")
    change_rows(next(new.rglob("results_*.json")), lambda row: row.pop("resps"))
    assert "is no row of a graded run" in refused(capsys, base, new)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--metric", "style"], "style is no metric; there are score, rules, fact_recall, form"),
        (["--split", "in19,"], "'in19,' is no split; there are in19, ood2, all"),
        (["--max-drop", "-1"], "-1 is not a number of points"),
        (["--max-drop", "nan"], "nan is not a number of points"),
        (["--confidence", "1"], "1 is not a confidence"),
        (["--max-drop-rules", "5"], "5 is not between 0 and 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(base: Path, capsys: Capture, options: list[str], told: str) -> None:
    from odw_harness.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["gate", str(base), str(base), *options])
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err
