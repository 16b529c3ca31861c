"""Where a system's answers to a question stand in arrays of systems × questions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from odw_harness.results import Asked
from odw_harness.stats.intervals import Floats

if TYPE_CHECKING:
    import pandas as pd


class Cells:
    """Arrays of these systems × questions."""

    def __init__(self, systems: Sequence[str], asked: Sequence[Asked]) -> None:
        self.row = {name: place for place, name in enumerate(systems)}
        self.column = {(each.id, each.hash): place for place, each in enumerate(asked)}

    def table(self, answers: "pd.DataFrame", scores: "Floats | pd.Series") -> Floats:
        """The mean of each cell's scores, NaN for none. answers: the columns system, question, question_hash; scores: of each."""
        given = np.asarray(scores, dtype=float)
        columns = zip(answers["question"], answers["question_hash"], strict=True)
        at = (
            np.array([self.row[name] for name in answers["system"]], dtype=np.intp),
            np.array([self.column[each] for each in columns], dtype=np.intp),
        )
        there = ~np.isnan(given)
        sums, numbers = np.zeros((2, len(self.row), len(self.column)))
        np.add.at(sums, at, np.where(there, given, 0))
        np.add.at(numbers, at, there)
        found: Floats = np.divide(sums, numbers, out=np.full(sums.shape, np.nan), where=numbers > 0)
        return found
