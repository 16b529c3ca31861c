"""The paper's automatic scores beside its people's; figures of an independent calculation from the same tables."""

import json
from decimal import Decimal

import pytest
from scipy.stats import kendalltau, spearmanr

from odw_harness.agreement import Compared, paper_agreement
from odw_harness.cli import main
from odw_harness.paper import load_table

COMPARED = paper_agreement(resamples=50)


def over_all(score: str) -> Compared:
    return next(each for each in COMPARED if (each.score, each.split, each.group) == (score, "all21", "all"))


@pytest.mark.parametrize(
    ("score", "expected", "pairs"),
    [
        ("odweval", {"pearson": 0.883, "question_spearman": 0.440, "pooled": 0.358, "pairwise": 0.671}, 1974),
        (
            "alignbench",
            {
                "pearson": 0.885,
                "spearman": 0.736,
                "kendall": 0.581,
                "question_spearman": 0.417,
                "pooled": 0.369,
                "pairwise": 0.670,
            },
            1970,
        ),
    ],
)
def test_figures_over_the_21_questions(score: str, expected: dict[str, float], pairs: int) -> None:
    found = over_all(score).agreement
    assert {name: round(getattr(found, name).value, 3) for name in expected} == expected
    assert (found.systems, found.questions, found.answers, found.pairs) == (15, 21, 315, pairs)


def test_odwevals_ranks_have_two_ties_of_which_float_means_miss_one() -> None:
    """The sums of the printed decimals are exact: Spearman 0.789, Kendall 0.606.

    Means in binary floating point can put one of two tied systems before the other: NumPy's do, which gives 0.785, 0.593.
    """
    odweval, human = load_table("odweval"), load_table("human")
    assert [row.system for row in odweval] == [row.system for row in human]
    sums, people = ([sum(row.scores) for row in table] for table in (odweval, human))
    assert sorted(total for total in sums if sums.count(total) > 1) == [Decimal("131.40")] * 2 + [Decimal("132.20")] * 2
    assert len(set(people)) == 15

    def correlations(given: list[Decimal]) -> tuple[float, float]:
        first, second = ([sorted(set(of)).index(each) for each in of] for of in (given, people))
        return float(spearmanr(first, second).statistic), float(kendalltau(first, second).statistic)

    found = over_all("odweval").agreement
    assert (found.spearman.value, found.kendall.value) == pytest.approx(correlations(sums))
    assert correlations(sums) == pytest.approx((0.789, 0.606), abs=5e-4)
    tied = [place for place, total in enumerate(sums) if sums.count(total) > 1]
    torn = [correlations([*sums[:p], sums[p] + Decimal("0.01"), *sums[p + 1 :]]) for p in tied]
    assert any(each == pytest.approx((0.785, 0.593), abs=5e-4) for each in torn)


def test_every_split_and_group_is_there_and_two_questions_have_no_interval() -> None:
    assert [(each.split, each.group, each.agreement.questions, each.agreement.systems) for each in COMPARED[:5]] == [
        ("in19", "all", 19, 15),
        ("ood2", "all", 2, 15),
        ("all21", "all", 21, 15),
        ("all21", "trained", 21, 8),
        ("all21", "untrained", 21, 7),
    ]
    assert len(COMPARED) == 10
    for each in COMPARED:
        pearson = each.agreement.pearson
        assert pearson.value is not None
        if each.split == "ood2":
            assert (pearson.low, pearson.high) == (None, None)
        else:
            assert pearson.low is not None
            assert pearson.high is not None
            assert -1 <= pearson.low < pearson.high <= 1


def test_among_trained_systems_order_is_near_chance() -> None:
    """Among the eight after LoRA or QLoRA: counted pair by pair."""
    odweval, human = ({row.system: row.scores for row in load_table(table)} for table in ("odweval", "human"))
    trained = [system for system in odweval if "LoRA" in system]
    signs = [
        (odweval[a][q] - odweval[b][q]) * (human[a][q] - human[b][q])
        for place, a in enumerate(trained)
        for b in trained[:place]
        for q in range(21)
    ]
    pairs, same = sum(sign != 0 for sign in signs), sum(sign > 0 for sign in signs)
    found = next(each for each in COMPARED if (each.score, each.group) == ("odweval", "trained")).agreement
    assert (len(trained), found.pairs, found.pairwise.value) == (8, pairs, pytest.approx(same / pairs))
    assert (pairs, round(same / pairs, 3)) == (497, 0.533)


def test_the_command_prints_tables_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "agreement"]) == 0
    out = capsys.readouterr().out
    for line in ("ODWEval against people", "AlignBench against people", "0.883", "0.606", "1974", "8 trained"):
        assert line in out
    assert main(["paper", "agreement", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    last = next(row for row in printed["agreement"] if (row["score"], row["split"]) == ("alignbench", "all21"))
    assert (round(last["pearson"]["value"], 3), last["pairs"], last["group"]) == (0.885, 1970, "all")
    assert last["pearson"]["low"] < last["pearson"]["value"] < last["pearson"]["high"]


@pytest.mark.parametrize("arguments", [["paper", "human", "--json"], ["paper", "--json", "human"]])
def test_json_may_stand_before_or_after(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["table"] == "human"
