"""People beside judges, rules and baselines: known qualities, judges of known noise, graders of known severity."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from odw_harness.agree.data import Beside, People, best, compared
from odw_harness.errors import MarkError
from odw_harness.human.marks import marks_file, read_marks, write_marks
from odw_harness.results import read_outputs
from odw_harness.stats.agreement import FIGURES, agreement
from tests.agree.made import judged, mark_all, qualities, words, write_systems
from tests.made import QUESTIONS, mark_of, noisy, who, write_people, write_run

SYSTEMS = ("a", "b", "c", "d", "e", "f")
GRADERS = {"G1": 4.0, "G2": -4.0, "G3": 0.0, "G4": 0.0}


def people_in(folder: Path, resamples: int = 0, **options: Any) -> People:
    return compared(read_outputs([folder], ungraded=True), read_marks([folder]), resamples=resamples, **options)


def named(people: People, start: str) -> Beside:
    found = [each for each in people.beside if each.name.startswith(start)]
    assert len(found) == 1, [each.name for each in people.beside]
    return found[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six systems under a sharp judge and a dull one; each answer marked by two of four graders."""
    place = tmp_path_factory.mktemp("outputs")
    quality = qualities(SYSTEMS)
    write_systems(place, quality, judge="sharp", noise=0.3)
    write_systems(place, quality, judge="dull", noise=3.0)
    mark_all(place, quality, GRADERS, overlap=2)
    return place


@pytest.fixture(scope="module")
def people(folder: Path) -> People:
    return people_in(folder, resamples=200)


def test_the_arrays_are_of_all_that_is_marked(people: People, folder: Path) -> None:
    assert people.systems == SYSTEMS
    assert [each.id for each in people.asked] == [question.id for question in QUESTIONS]
    assert people.asked[0].genre == "决议"
    marks = read_marks([folder]).table
    rows = read_outputs([folder]).table
    answer = rows[(rows["system"] == "b") & (rows["question"] == "ODW-03")]["answer_hash"].iloc[0]
    mine = marks[(marks["answer_hash"] == answer)]["score"]
    assert len(mine) == 2
    assert people.scores[1, 2] == pytest.approx(mine.mean())
    assert people.means[1] is not None
    assert people.means[1].mean == pytest.approx(people.scores[1].mean())
    assert (people.marks, people.answers, people.per_answer, people.graders) == (252, 126, 2.0, tuple(GRADERS))


def test_judges_come_first_then_rules_and_baselines(people: People) -> None:
    assert [(each.name.partition(" (")[0], each.kind) for each in people.beside] == [
        ("odweval v1 · dull", "judge"),
        ("odweval v1 · sharp", "judge"),
        ("rules", "rule"),
        ("fact_recall", "rule"),
        ("rules only", "baseline"),
        ("longest", "baseline"),
        ("random", "baseline"),
    ]
    sharp = named(people, "odweval v1 · sharp")
    assert people.of(sharp.name) is sharp
    assert people.of("none") is None


def test_a_judges_figures_are_those_of_its_scores(people: People) -> None:
    sharp = named(people, "odweval v1 · sharp")
    assert sharp.agreement == agreement(sharp.scores, people.scores, resamples=200)
    quality = qualities(SYSTEMS)
    scores = judged(quality, "b", 0.3, 7)
    assert sharp.scores[1, 2] == pytest.approx(scores(QUESTIONS[2])[0][0])
    np.testing.assert_allclose(sharp.people, people.scores)
    dull = named(people, "odweval v1 · dull")
    assert (sharp.agreement.pooled.value or 0) > 0.8 > 0.5 > (dull.agreement.pooled.value or 0)


def test_leads_are_over_baselines_and_between_judges(people: People) -> None:
    sharp = named(people, "odweval v1 · sharp")
    lead = best(sharp.leads, people.beside, "pooled")
    assert lead is not None
    # These answers keep all the rules alike, so that the rules tell nothing, and a lucky draw is no rival.
    assert lead.other == "longest"
    longest = named(people, "longest")
    assert lead.figures["pooled"].value == pytest.approx(
        (sharp.agreement.pooled.value or 0) - (longest.agreement.pooled.value or 0)
    )
    assert (lead.figures["pooled"].low or 0) > 0.3
    (one, pair), *more = people.pairs
    assert not more
    assert (one.partition(" (")[0], pair.other.partition(" (")[0]) == ("odweval v1 · dull", "odweval v1 · sharp")
    assert (pair.figures["pooled"].high or 0) < 0
    assert not longest.leads


def test_scores_are_brought_to_peoples_scale_for_the_picture(people: People) -> None:
    sharp = named(people, "odweval v1 · sharp")
    assert sharp.scaled is not None
    assert (sharp.scaled.mean(), sharp.scaled.std()) == pytest.approx((people.scores.mean(), people.scores.std()))
    assert sharp.limits is not None
    assert sharp.limits.sd == pytest.approx((sharp.scaled - people.scores).std(ddof=1))


def test_severity_of_graders_is_given_back_on_demand(folder: Path) -> None:
    plain, adjusted = people_in(folder), people_in(folder, adjust=True)
    truth = np.array([[qualities(SYSTEMS)[s, q.id] for q in QUESTIONS] for s in SYSTEMS])
    closer = [float(np.corrcoef(each.scores.ravel(), truth.ravel())[0, 1]) for each in (plain, adjusted)]
    assert closer[0] < closer[1]
    assert abs(adjusted.scores.mean() - plain.scores.mean()) < 1


def test_the_ceiling_lies_under_what_the_graders_true_noise_allows(people: People) -> None:
    """A grader against one other: both see quality (sd 12) with error 4; leave-one-out pooled Pearson is near 0.88."""
    ceiling = named(people, "odweval v1 · sharp").ceiling
    assert ceiling is not None
    assert (ceiling.graders, ceiling.answers) == (4, 252)
    truth = people.scores.var() - 16 / 2
    assert ceiling.people["pooled"].mean == pytest.approx(truth / (truth + 16 + 8), abs=0.06)
    assert set(ceiling.people) == set(ceiling.scorer) == set(FIGURES)
    pooled = ceiling.lead["pooled"]
    assert pooled.mean == pytest.approx(ceiling.scorer["pooled"].mean - ceiling.people["pooled"].mean)
    dull = named(people, "odweval v1 · dull").ceiling
    assert dull is not None
    assert dull.people == ceiling.people
    assert (dull.lead["pooled"].high or 0) < 0


def test_a_judge_is_compared_on_the_very_answers_that_were_marked(tmp_path: Path) -> None:
    """A system that was run again since, under another judge: people marked the first run's answers alone."""
    quality = qualities(SYSTEMS)
    write_systems(tmp_path, quality, judge="first", noise=0.3)
    mark_all(tmp_path, quality, GRADERS, overlap=2)
    for system in SYSTEMS[:2]:
        again = lambda question, system=system: f"{question.reference}\n重写 {system}"  # noqa: E731
        write_run(
            tmp_path / "second" / system, system, judged(quality, system, 0.3, 1), text=again, judge=who("second")
        )
    for system in SYSTEMS[2:]:
        write_run(
            tmp_path / "second" / system,
            system,
            judged(quality, system, 0.3, 1),
            text=words(system),
            judge=who("second"),
        )
    second = named(people_in(tmp_path), "odweval v1 · second")
    assert (second.agreement.systems, second.agreement.answers) == (4, 4 * 21)
    assert np.isnan(second.scores[:2]).all()


def test_repeats_that_nobody_marked_are_no_part_of_a_judges_score(tmp_path: Path) -> None:
    question = QUESTIONS[0]
    for system in SYSTEMS[:4]:
        file = write_run(tmp_path / system, system, lambda _: [[7.0], [3.0]], text=words(system), questions=[question])
        samples = next(file.parent.glob("samples_*"))
        row = json.loads(samples.read_text("utf-8"))
        row["resps"] = [[row["resps"][0][0], row["resps"][0][0] + "另一稿"]]
        samples.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    table = read_outputs([tmp_path]).table
    marks = [mark_of(row, "G1", 80) for row in table[table["repeat"] == 0].to_dict("records")]
    write_marks(marks_file(tmp_path, "g1"), marks)
    judge = named(people_in(tmp_path), "odweval")
    assert judge.scores.ravel().tolist() == [7.0] * 4


def test_answers_without_a_judge_stand_beside_rules_and_baselines(tmp_path: Path) -> None:
    """--predict_only: the rules are checked now, and are what they would have been."""
    quality = qualities(SYSTEMS)
    graded, plain = tmp_path / "graded", tmp_path / "plain"
    for place in (graded, plain):
        for number, system in enumerate(SYSTEMS):
            cut = lambda question, number=number: question.reference[: 1 + len(question.reference) * (number + 1) // 6]  # noqa: E731
            write_run(place / system, system, judged(quality, system, 1, 1), text=cut, questions=QUESTIONS[:6])
    for samples in plain.rglob("samples_*.jsonl"):
        rows = [json.loads(line) for line in samples.read_text("utf-8").splitlines()]
        for row in rows:
            row |= {"filter": "none", "filtered_resps": row["resps"][0]}
        samples.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    for place in (graded, plain):
        mark_all(place, quality, GRADERS, overlap=2)
    theirs, ours = people_in(graded), people_in(plain)
    assert [each.kind for each in ours.beside] == ["rule", "rule", "baseline", "baseline", "baseline"]
    recorded = {each.name: each.scores for each in theirs.beside}
    for each in ours.beside:
        np.testing.assert_allclose(each.scores, recorded[each.name])
    assert np.nanstd(ours.beside[0].scores) > 0


def test_dimensions_stand_beside_peoples_dimensions(tmp_path: Path) -> None:
    quality = qualities(SYSTEMS)
    write_systems(tmp_path, quality)
    marks = mark_all(tmp_path, quality, GRADERS, overlap=2)
    metric = read_outputs([tmp_path]).table.dropna(axis=1, how="all").columns[-1]
    given = [mark.model_copy(update={"dimensions": {metric: round(mark.score / 10, 1)}}) for mark in marks[::2]]
    write_marks(marks_file(tmp_path, "g1"), [*given, *marks[1::2]])
    people = people_in(tmp_path)
    dimension = next(each for each in people.beside if each.kind == "dimension")
    assert dimension.dimension == metric
    assert dimension.name == f"{dimension.measure}: {metric}"
    assert np.nanmax(dimension.people) <= 10
    # Those that have it alone count, and the judge gives all dimensions as its score.
    marked = {(mark.question_hash, mark.answer_hash) for mark in given}
    assert dimension.agreement.answers == len(marked)
    assert [each.kind for each in people.beside][:2] == ["judge", "dimension"]


def test_what_has_to_be_known_is_told(tmp_path: Path) -> None:
    quality = qualities(SYSTEMS[:2])
    write_systems(tmp_path, quality, questions=QUESTIONS[:5])
    marks = mark_all(tmp_path, quality, {"G1": 0, "G2": 0}, overlap=2, simulated=True)
    gone = [mark.model_copy(update={"answer_hash": "gone"}) for mark in marks[:1]]
    write_marks(marks_file(tmp_path, "g1"), [*marks, *gone])
    told = [notice.en for notice in people_in(tmp_path).notices]
    assert told[0].startswith("SIMULATED: 20 of 20 marks")
    assert "2 graders only" in told[1]
    assert "20 marks only" in told[2]
    assert "2 systems only" in told[3]
    assert told[4].startswith("1 of 21 marks are of answers that are in none of these runs")
    assert all(notice.zh for notice in people_in(tmp_path).notices)


def test_two_texts_of_one_system_are_told(tmp_path: Path) -> None:
    quality = qualities(SYSTEMS[:3])
    write_systems(tmp_path, quality, judge="one")
    again = lambda question: f"{question.reference}\n又一稿"  # noqa: E731
    write_run(tmp_path / "two" / "a", "a", judged(quality, "a", 1, 1), text=again, judge=who("two"))
    rows = read_outputs([tmp_path]).table.to_dict("records")
    marks = [mark_of(row, "G1", 60 + number % 30) for number, row in enumerate(rows)]
    write_marks(marks_file(tmp_path, "g1"), marks)
    people = people_in(tmp_path)
    assert any(notice.en.startswith("a: marked answers are of more than one run") for notice in people.notices)


def test_no_marks_or_none_of_these_answers_is_one_line(folder: Path, tmp_path: Path) -> None:
    write_systems(tmp_path, qualities(SYSTEMS[:2]))
    with pytest.raises(MarkError, match="no marks of people beside these runs"):
        people_in(tmp_path)
    outputs, marks = read_outputs([tmp_path]), read_marks([folder])
    outputs.table["answer_hash"] = "x"
    with pytest.raises(MarkError, match="of 252 marks none is of an answer in these runs"):
        compared(outputs, marks)


def test_the_same_seed_gives_the_same(folder: Path) -> None:
    first, again, other = (people_in(folder, resamples=50, seed=seed) for seed in (1, 1, 2))
    for one, two in zip(first.beside, again.beside, strict=True):
        assert (one.agreement, one.leads, one.limits) == (two.agreement, two.leads, two.limits)
    assert named(first, "random").agreement != named(other, "random").agreement


def test_a_judge_without_a_score_of_marked_answers_is_left_out(tmp_path: Path) -> None:
    quality = qualities(SYSTEMS[:3])
    write_systems(tmp_path, quality, judge="one")
    write_run(tmp_path / "two" / "a", "a", lambda _: [[None]], text=words("a"), judge=who("two"))
    mark_all(tmp_path, quality, GRADERS, overlap=2)
    assert [each.name.partition(" (")[0] for each in people_in(tmp_path).beside if each.kind == "judge"] == [
        "odweval v1 · one"
    ]


def test_a_text_that_two_systems_gave_is_counted_once(tmp_path: Path) -> None:
    for system in ("a", "b", "c"):
        own = "" if system == "c" else "同文"
        write_run(tmp_path / system, system, noisy(6, 1), text=lambda q, own=own: f"{q.reference}{own}")
    write_people(tmp_path, lambda system, question, grader: 60.0)
    people = compared(read_outputs([tmp_path]), read_marks([tmp_path]), resamples=0)
    assert (people.marks, people.answers, people.per_answer) == (84, 42, 2.0)
    assert not np.isnan(people.scores).any(), "but it is a mark of each of its systems"
