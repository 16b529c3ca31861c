"""The published tables: scores of 15 systems on the paper's 21 questions (appendices 2, 4 and 5).

The paper's questions are unpublished; ours are a reconstruction, so a system's scores here and there are not
comparable item by item.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from odw_harness.resources import PAPER

if TYPE_CHECKING:
    from odw_harness.stats.intervals import Floats

Table = Literal["human", "odweval", "alignbench"]
TABLES: tuple[Table, ...] = get_args(Table)

SOURCES: dict[Table, str] = {
    "human": "appendix 2: people's scores, 0 to 100",
    "odweval": "appendix 4: ODWEval, 1 to 10",
    "alignbench": "appendix 5: AlignBench, 1 to 10",
}

NOT_FROM_PRINTED_SCORES: tuple[tuple[Table, str, str], ...] = (
    ("human", "ChatGLM3-6B-LoRA", "avg19"),
    ("human", "Qwen-1.8B-Chat-LoRA", "avg19"),
)
"""The two printed means that the printed scores do not give: 83.6463 is printed as 83.64, 84.6463 as 84.64.

They look cut instead of rounded, but people's scores are multiples of 1/8 printed to two places (85.13 for 85.125), and
from the multiples of 1/8 both means, like all others, come out as printed.
"""


@dataclass(frozen=True)
class Row:
    """One system of one table: 21 scores in the order of the questions, and the three means as printed.

    avg19 is the mean of questions 1 to 19, avg2 of 20 and 21, avg21 of all.
    """

    system: str
    scores: tuple[Decimal, ...]
    avg19: Decimal
    avg2: Decimal
    avg21: Decimal


def scores_of(table: Table) -> "tuple[list[str], Floats]":
    """The systems by name, in one order for all tables, and their scores: systems × questions."""
    import numpy as np

    rows = sorted(load_table(table), key=lambda row: row.system)
    return [row.system for row in rows], np.array([[float(score) for score in row.scores] for row in rows])


def load_table(table: Table) -> tuple[Row, ...]:
    """The 15 rows of a table, as printed."""
    with (PAPER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Row(
                system=row["system"],
                scores=tuple(Decimal(row[f"q{number}"]) for number in range(1, 22)),
                avg19=Decimal(row["avg19"]),
                avg2=Decimal(row["avg2"]),
                avg21=Decimal(row["avg21"]),
            )
            for row in csv.DictReader(file)
        )
