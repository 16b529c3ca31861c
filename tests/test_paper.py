from decimal import Decimal

import pytest

from odw_harness.paper import NOT_FROM_PRINTED_SCORES, TABLES, Row, Table, load_table

HALF_UNIT = Decimal("0.005")


def means(row: Row) -> dict[str, tuple[tuple[Decimal, ...], Decimal]]:
    return {
        "avg19": (row.scores[:19], row.avg19),
        "avg2": (row.scores[19:], row.avg2),
        "avg21": (row.scores, row.avg21),
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_15_systems_and_21_scores(table: Table) -> None:
    rows = load_table(table)
    assert len(rows) == 15
    assert all(len(row.scores) == 21 for row in rows)


@pytest.mark.parametrize("table", TABLES)
def test_every_printed_mean_follows_from_the_printed_scores_but_two(table: Table) -> None:
    odd = {
        (table, row.system, name)
        for row in load_table(table)
        for name, (scores, printed) in means(row).items()
        if abs(sum(scores) / len(scores) - printed) > HALF_UNIT
    }
    assert odd == {entry for entry in NOT_FROM_PRINTED_SCORES if entry[0] == table}


def test_the_two_look_cut_instead_of_rounded() -> None:
    rows = {row.system: row for row in load_table("human")}
    first = rows["ChatGLM3-6B-LoRA"]
    second = rows["Qwen-1.8B-Chat-LoRA"]
    assert sum(first.scores[:19]) == Decimal("1589.28")  # / 19 = 83.6463, printed 83.64
    assert first.avg19 == Decimal("83.64")
    assert sum(second.scores[:19]) == Decimal("1608.28")  # / 19 = 84.6463, printed 84.64
    assert second.avg19 == Decimal("84.64")


def test_from_multiples_of_an_eighth_every_human_mean_is_as_printed() -> None:
    for row in load_table("human"):
        for scores, printed in means(row).values():
            eighths = [(score * 8).to_integral_value() / 8 for score in scores]
            assert abs(sum(eighths) / len(eighths) - printed) <= HALF_UNIT, row.system


def test_values_of_the_appendix_stand_where_they_should() -> None:
    human, odweval, alignbench = (load_table(table) for table in TABLES)
    assert human[0].system == "ChatGLM3-6B"
    assert human[0].scores[0] == Decimal("77.50")
    assert odweval[1].scores[11] == Decimal("6.00")  # ChatGLM3-6B-LoRA, 题目 12
    assert alignbench[14].system == "子牙写作"
    assert alignbench[14].avg21 == Decimal("6.03")
