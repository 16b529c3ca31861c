"""`odw paper agreement`: how far the paper's two automatic scores follow its people's, in its own tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from odw_harness.paper import SOURCES, scores_of
from odw_harness.paper import Table as Published
from odw_harness.stats.agreement import FIGURES, Agreement, Estimate, agreement

AUTOMATIC: tuple[Published, ...] = ("odweval", "alignbench")
TITLES = {"odweval": "ODWEval", "alignbench": "AlignBench"}
SPLITS = {"in19": slice(0, 19), "ood2": slice(19, 21), "all21": slice(0, 21)}
"""Questions 1 to 19, 20 and 21, all: as the paper's Avg.19, Avg.2 and Avg.21."""
SYSTEMS = ("all", "trained", "untrained")
"""All 15; the 8 after LoRA or QLoRA; the 7 others: 4 base models, ChatGPT, 文心 4.0, 子牙写作."""
_ASKED = (("in19", "all"), ("ood2", "all"), ("all21", "all"), ("all21", "trained"), ("all21", "untrained"))
_NOTES = (
    "Pearson, Spearman, Kendall (tau-b): between the systems' means. Is it the same leaderboard?",
    "question Pearson, Spearman, Kendall: across the systems on one question, averaged over the questions.",
    "pooled: Pearson over all answers at once.",
    "pairwise: of two systems' answers to one question, neither tied, the share put in people's order. Chance is 0.5.",
    "pairwise ties: of all such pairs, the share put in people's order, or tied as people tie it. A pair tied by one side "
    "only is not agreed on.",
    "Below each: its 95 % bootstrap interval over questions (BCa). Two questions are too few for one. Between means it is "
    "too sure: simulated, it holds the value of endless questions about 75 times in 100.",
    "Means agree far better than single answers do, and most of that is trained systems against untrained ones: among "
    "the 8 after LoRA or QLoRA the scores say little of what people prefer.",
    "Systems of equal means are tied, as the printed decimals are: ODWEval has two such pairs over the 21. Means in binary "
    "floating point can miss a tie: NumPy's give Spearman 0.785 and Kendall 0.593 for 0.789 and 0.606.",
)


@dataclass(frozen=True)
class Compared:
    """One automatic score beside people's, over one split (SPLITS) and group of systems (SYSTEMS)."""

    score: Published
    split: str
    group: str
    agreement: Agreement


def paper_agreement(seed: int = 0, resamples: int = 2000) -> list[Compared]:
    """Both automatic scores against people's: all systems on each split, and trained and untrained ones on all 21."""
    names, people = scores_of("human")
    trained = np.array([name.endswith("LoRA") for name in names])
    groups = {"all": np.full(len(names), True), "trained": trained, "untrained": ~trained}
    found = []
    for score in AUTOMATIC:
        _, given = scores_of(score)
        for split, group in _ASKED:
            part = np.ix_(groups[group], np.arange(people.shape[1])[SPLITS[split]])
            found.append(Compared(score, split, group, agreement(given[part], people[part], seed, resamples)))
    return found


def as_json(compared: list[Compared]) -> dict[str, Any]:
    """For --json."""
    return {
        "against": SOURCES["human"],
        "interval": "95 % bootstrap over questions (BCa)",
        "agreement": [
            {"score": each.score, "split": each.split, "group": each.group, **each.agreement.model_dump()}
            for each in compared
        ],
    }


def show(compared: list[Compared], console: Console) -> None:
    """A table for each automatic score, and what its figures mean."""
    for score in AUTOMATIC:
        parts = [each for each in compared if each.score == score]
        table = Table(
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            title=f"{TITLES[score]} against people, in the paper's tables",
            title_justify="left",
        )
        table.add_column("questions\nsystems", no_wrap=True)
        for each in parts:
            group = f"{each.agreement.systems} {'' if each.group == 'all' else each.group}"
            table.add_column(f"{each.agreement.questions}\n{group.strip()}", justify="right", no_wrap=True)
        for name in FIGURES:
            figures = [_figure(getattr(each.agreement, name)) for each in parts]
            table.add_row(name.replace("_", " "), *figures)
        table.add_row("pairs", *(str(each.agreement.pairs) for each in parts))
        console.print(table)
    for note in _NOTES:
        console.print(f"- {note}", highlight=False)


def _figure(estimate: Estimate) -> str:
    if estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f}\n[dim]{estimate.low:.2f}…{estimate.high:.2f}[/dim]"
