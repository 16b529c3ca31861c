"""`odw agree` as it is called."""

import json
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from tests.agree.made import mark_all, qualities, write_systems
from tests.made import QUESTIONS

SYSTEMS = ("qwen-a", "qwen-b", "glm-a", "glm-b")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("outputs")
    quality = qualities(SYSTEMS)
    write_systems(place, quality, judge="glm-judge", questions=QUESTIONS[:8])
    write_systems(place, quality, judge="dull", noise=3, questions=QUESTIONS[:8])
    mark_all(place, quality, {"G1": 2, "G2": 0, "\x1b[31mG3": -2}, overlap=2, simulated=True)
    return str(place)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["agree", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def of_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    assert "NaN" not in out
    return json.loads(out)


def test_it_says_first_what_it_comes_to(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, folder)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("! SIMULATED: 64 of 64 marks were given by no person")
    assert lines[1] == "3 graders gave 64 marks on 32 answers of 4 systems to 8 questions (2.0 an answer)."
    assert lines[2].startswith("A single mark is ")
    assert lines[3].startswith("odweval v1 · dull")
    assert "less than one more grader would" in lines[3]
    assert "further than the best baseline, longest" in lines[4]
    for title in (
        "Agreement with people",
        "The human ceiling",
        "Further than the best baseline",
        "Points on people's scale",
    ):
        assert title in out
    assert "GLM (its own)" in out
    assert "\x1b" not in out


def test_json_has_every_figure(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = of_json(capsys, folder)
    assert set(found) == {"people", "notices", "beside", "pairs", "reliability"}
    assert [system["system"] for system in found["people"]["systems"]] == sorted(SYSTEMS)
    judge = found["beside"][1]
    assert judge["name"].startswith("odweval v1 · glm-judge")
    assert judge["agreement"]["pooled"]["low"] < judge["agreement"]["pooled"]["value"]
    assert judge["ceiling"]["people"]["pooled"]["of"] == 3
    assert {lead["over"] for lead in judge["leads"]} == {"rules only", "longest", "random"}
    assert [each["judge_is_of_it"] for each in judge["bias"]["families"]] == [True, False]
    assert len(judge["scores"]) == 4
    assert len(judge["scores"][0]) == 8
    assert found["pairs"][0]["over"] == judge["name"]
    assert found["reliability"]["graders"][1]["grader"] == "G1"


def test_a_measure_can_be_picked_and_severity_taken_out(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    plain = of_json(capsys, folder, "--measure", "glm")
    assert [each["name"].partition(" (")[0] for each in plain["beside"] if each["kind"] == "judge"] == [
        "odweval v1 · glm-judge"
    ]
    adjusted = of_json(capsys, folder, "--measure", "glm", "--adjust")
    assert adjusted["people"]["scores"] != plain["people"]["scores"]
    assert adjusted["reliability"] == plain["reliability"], "the graders are told of as they marked"
    code, _, err = run(capsys, folder, "--measure", "gpt")
    assert code == 2
    assert err.startswith(
        "error: --measure gpt: no judge of the marked answers is called so; there are: odweval v1 · dull"
    )


def test_graders_one_by_one(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, folder, "--graders")
    assert code == 0
    assert out.startswith("! SIMULATED")
    assert "severity" in out
    assert of_json(capsys, folder, "--graders")["alpha_interval"]["value"] > 0.5


def test_the_papers_tables(capsys: pytest.CaptureFixture[str]) -> None:
    found = of_json(capsys, "--people", "paper:human", "--scores", "paper:odweval")
    assert round(found["beside"][0]["agreement"]["pearson"]["value"], 3) == 0.883
    code, out, _ = run(capsys, "--people", "paper:human", "--scores", "paper:odweval")
    assert code == 0
    assert "315 scores on 315 answers of 15 systems to 21 questions." in out
    assert "0.883" in out
    code, _, err = run(capsys, "--people", "paper:human", "--graders")
    assert (code, "add a column grader" in err) == (2, True)


def test_a_narrow_terminal_loses_nothing(
    folder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    wide = of_json(capsys, folder)["beside"][0]["agreement"]
    monkeypatch.setattr("rich.console.Console", lambda **_: Console(width=80, highlight=False))
    _, out, _ = run(capsys, folder)
    for name in ("pearson", "question_kendall", "pairwise_ties"):
        assert f"{wide[name]['value']:.3f}" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name folders of runs"),
        (["outputs", "--people", "paper:human"], "name folders of runs"),
        (["--people", "paper:human"], "--people and --scores go together"),
        (["--scores", "paper:odweval"], "--people and --scores go together"),
        (["/nowhere"], "no such folder"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_broken_file_of_marks_is_named_and_the_rest_counts(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "human_x.jsonl").write_text("{}\n", "utf-8")
    code, out, err = run(capsys, folder, str(tmp_path))
    assert code == 0
    assert "warning: " in err
    assert "human_x.jsonl" in err
    assert "64 marks" in out
