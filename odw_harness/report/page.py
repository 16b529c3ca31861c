"""The page: one HTML file that needs nothing else, in English and Chinese, light and dark."""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from odw_harness.agree.data import People
from odw_harness.html import environment, plotly_js
from odw_harness.human.marks import Marks
from odw_harness.judgecheck.card import Card
from odw_harness.judgecheck.show import interval, percent
from odw_harness.notices import LEAST_COVERAGE, Notice, notices
from odw_harness.paper import TABLES, Table, load_table
from odw_harness.report.data import Board, Row, rounded
from odw_harness.report.people import behind, people_of, pictured, section_of
from odw_harness.report.samples import embedded
from odw_harness.report.variants import Group, groups
from odw_harness.report.words import DIMENSION_NAMES, GENRES, NOTICE_NAMES, answer, name_of
from odw_harness.results import Outputs
from odw_harness.runs import Run
from odw_harness.stats.agreement import agreement
from odw_harness.stats.paired import Against
from odw_harness.verdict import Provenance

PAGE = 25
"""Rows of a table at once; `page.js.j2` has the same."""
FOLLOWED = 50
"""Systems up to which correlations are worked out; their resamples grow with the square."""

_PAPER: dict[Table, tuple[str, str]] = {
    "human": ("People's scores, 0 to 100 (appendix 2)", "人工评分，0～100（附录 2）"),
    "odweval": ("ODWEval, 1 to 10 (appendix 4)", "ODWEval，1～10（附录 4）"),
    "alignbench": ("AlignBench, 1 to 10 (appendix 5)", "AlignBench，1～10（附录 5）"),
}


def page(outputs: Outputs, boards: Sequence[Board], cards: Sequence[Card] = (), marks: Marks | None = None) -> str:
    """The page's text; marks: people's (`read_marks`). Whatever files hold is escaped, or packed (`samples.py`)."""
    people, of_people = people_of(outputs, marks) if marks else (None, [])
    told = [*of_people, *notices(outputs)]
    sections = [(number, board, section_of(board, people)) for number, board in enumerate(boards)]
    groups_of = [groups(board) for board in boards]
    dates = sorted(f"{run.date:%Y-%m-%d}" for run in outputs.runs)
    return (
        environment(Path(__file__).parent)
        .get_template("page.html.j2")
        .render(
            boards=boards,
            answers=[(board, list(answer(board))) for board in boards],
            groups_of=groups_of,
            notices=told,
            warned=lambda row: _warned(row, told),
            runs=[(run, [board for board in boards if _holds(board, run)]) for run in outputs.runs],
            dates=(dates[0], dates[-1]),
            lm_evals=sorted({run.lm_eval for run in outputs.runs if run.lm_eval}),
            cards=[(card, _graded(card, boards)) for card in cards],
            paper=[(*_PAPER[table], load_table(table)) for table in TABLES],
            samples=embedded(outputs, marks.table if marks else None, [board.measure for board in boards]),
            people=behind(people) if people else None,
            simulated=people is not None and people.simulated > 0,
            sections=[each for each in sections if each[2]],
            name_of=name_of,
            dimension_names=DIMENSION_NAMES,
            notice_names=NOTICE_NAMES,
            least_coverage=LEAST_COVERAGE,
            page_of=PAGE,
            percent=percent,
            signed=signed,
            share_interval=interval,
            data={"boards": [_data(board, found, people) for board, found in zip(boards, groups_of, strict=True)]},
            plotly=plotly_js(),
            version=version("odw-harness"),
        )
    )


def signed(value: float) -> str:
    """A difference in points.

    >>> signed(0.125), signed(-0.5), signed(-0.001)
    ('+0.12', '-0.50', '0.00')
    """
    return "0.00" if abs(value) < 0.005 else f"{value:+.2f}"


def _warned(row: Row, told: Iterable[Notice]) -> list[Notice]:
    """What is to be known of a system, one of each kind."""
    found = {each.kind: each for each in told if {row.system, row.run.system} & set(each.systems)}
    return list(found.values())


def _holds(board: Board, run: Run) -> bool:
    return any(row.run is run for row in board.rows)


def _graded(card: Card, boards: Sequence[Board]) -> bool:
    """Whether a card's judge, with its settings and rubric, graded a board: the measure's name ends in its fingerprint."""
    identity = Provenance(**card.provenance).fingerprint[:6]
    return any(board.measure.endswith(f"({identity})") for board in boards)


def _data(board: Board, found: Sequence[Group], people: People | None) -> dict[str, Any]:
    """What the pictures are drawn from; systems and questions by their places."""
    place = {row.system: number for number, row in enumerate(board.rows)}
    return {
        "measure": board.measure,
        "systems": [row.system for row in board.rows],
        "names": [name_of(row.system) for row in board.rows],
        "questions": [
            {"id": each.id, "genre": [each.genre, GENRES.get(each.genre, "")], "split": each.split}
            for each in board.asked
        ],
        "dimensions": [DIMENSION_NAMES[name] for name in board.dimensions],
        "means": [[rounded(row.means[name]) for name in board.dimensions] for row in board.rows],
        "all": [
            [rounded(x) for x in (row.all.mean, row.all.low, row.all.high)] if row.all else None for row in board.rows
        ],
        **{
            name: [[rounded(value) for value in row] for row in board.tables[name].tolist()]
            for name in ("score", "rules", "characters")
        },
        "follows": {name: _follows(board, name) for name in ("rules", "characters")},
        "against": {at: [_against(each) for each in others] for at, others in board.against.items()},
        "people": pictured(board, people),
        "groups": [
            [["base", place[group.base.system]], *([each.how, place[each.row.system]] for each in group.tuned)]
            for group in found
        ],
    }


def _follows(board: Board, name: str) -> float | None:
    """How the score goes with a figure, from system to system on the same question: mean Spearman; None where unknown."""
    if len(board.rows) > FOLLOWED:
        return None
    return rounded(agreement(board.tables["score"], board.tables[name], resamples=0).question_spearman.value)


def _against(each: Against | None) -> list[float | None] | None:
    if each is None:
        return None
    it = each.paired
    return [*map(rounded, (it.mean, it.low, it.high, each.p)), it.of, it.better, it.worse]
