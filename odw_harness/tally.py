"""What a run of judging gave and took, and how it is told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import stdev

from odw_harness.grading import Graded
from odw_harness.judge import Judge
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.panel import PanelJudge, agreement
from odw_harness.reply import kind_of
from odw_harness.rubric import Rubric
from odw_harness.texts import counted


@dataclass
class _Column:
    """Count, mean and range of some scores, without the scores."""

    count: int = 0
    total: float = 0.0
    lowest: float = float("inf")
    highest: float = float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.lowest, self.highest = min(self.lowest, value), max(self.highest, value)


@dataclass
class Tally:
    """What a run gave and took, verdict by verdict."""

    verdicts: int = 0
    columns: dict[str, _Column] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    served_by: set[str] = field(default_factory=set)
    new: int = 0
    not_judged: int = 0
    asked_again: int = 0
    wrong_means: int = 0
    expected: int = 0
    not_expected: Counter[str] = field(default_factory=Counter)
    voices: list[Mapping[str, Mapping[str, float]]] = field(default_factory=list)
    spreads: _Column = field(default_factory=_Column)
    _last: tuple[str | int, list[float]] = ("", [])

    @property
    def coverage(self) -> float:
        """Share of verdicts with a score."""
        return self.columns["score"].count / self.verdicts if "score" in self.columns else 0.0

    def add(self, identity: str | int, graded: Graded) -> None:
        """Count a verdict. Those of one answer come one after the other."""
        verdict = graded.verdict
        self.verdicts += 1
        if verdict.score is None:
            self.reasons[kind_of(str(verdict.unscored))] += 1
        else:
            for name, value in {"score": verdict.score, **(verdict.dimensions or {})}.items():
                self.columns.setdefault(name, _Column()).add(value)
            self._add_to_spread(identity, verdict.score)
        self.expected += verdict.written is not None
        if verdict.not_expected:
            self.not_expected[kind_of(verdict.not_expected)] += 1
        if verdict.voices is not None:
            self.voices.append(verdict.voices)
        self.wrong_means += verdict.details.get("mean_differs", 0.0) > 0
        self.asked_again += graded.new and bool(verdict.earlier)
        if verdict.served_by:
            self.served_by.add(verdict.served_by)
        self.not_judged += not graded.new and verdict.score is None
        if graded.new:
            self.new += 1
            self.used.update(verdict.usage)

    def _add_to_spread(self, identity: str | int, score: float) -> None:
        if self._last[0] != identity:
            self._end_of_answer()
            self._last = (identity, [])
        self._last[1].append(score)

    def _end_of_answer(self) -> None:
        if len(self._last[1]) > 1:
            self.spreads.add(stdev(self._last[1]))

    def show(self, judge: Judge, rubric: Rubric, seconds: float) -> None:
        """Print the summary to standard error."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        self._end_of_answer()
        who = judge.provenance(rubric)
        console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        if self.columns:
            table = Table(box=box.SIMPLE_HEAD, title=f"{who.judge}: {who.rubric}, version {who.rubric_version}")
            for name in ("", "verdicts", "mean", "lowest", "highest"):
                table.add_column(name, justify="left" if not name else "right", no_wrap=True)
            for name, column in self.columns.items():
                values = (column.total / column.count, column.lowest, column.highest)
                table.add_row(name, str(column.count), *(f"{value:.2f}" for value in values))
            console.print(table)
        if self.reasons:
            console.print(f"unscored: {', '.join(f'{count} × {kind}' for kind, count in self.reasons.most_common())}")
        if who.rubric != rubric.name:
            console.print(f"This judge scores by {who.rubric}; it has no use for the rubric {rubric.name}.")
        if self.wrong_means:
            console.print(
                f"{self.wrong_means} stated a mean that is not that of its dimensions; the computed one counts."
            )
        if self.expected or self.not_expected:
            others = ", ".join(f"{count} × {kind}" for kind, count in self.not_expected.most_common())
            console.print(
                f"{counted(self.expected, 'expected score')}{f'; as written, for want of them: {others}' if others else ''}"
            )
        if self.voices:
            told = ", ".join(
                f"{name} {'n/a' if alpha is None else f'{alpha:.2f}'}" for name, alpha in agreement(self.voices).items()
            )
            console.print(f"Agreement of the panel (Krippendorff's α, interval): {told}")
        if self.spreads.count:
            mean = self.spreads.total / self.spreads.count
            console.print(
                f"Spread between an answer's {judge.repeats} verdicts: standard deviation {mean:.2f} on average."
            )
        if self.served_by - {who.model}:
            console.print(f"Served by: {', '.join(sorted(self.served_by))}")
        scored = self.columns["score"].count if "score" in self.columns else 0
        console.print(
            f"{scored} of {self.verdicts} {'answers' if judge.repeats == 1 else 'verdicts'} scored (coverage "
            f"{self.coverage:.3f}); {self.new} judged now, {self.verdicts - self.new - self.not_judged} known"
            f"{f', {self.not_judged} left' if self.not_judged else ''}; {self._spent(judge)}{seconds:.1f} s"
        )

    def _spent(self, judge: Judge) -> str:
        used = self.used
        text = counted(used["requests"], "request")
        if used["retries"] or self.asked_again:
            text += f" ({used['retries']} retried, {self.asked_again} asked again for scores)"
        if used["prompt_tokens"] or used["completion_tokens"]:
            text += f", {used['prompt_tokens']:,} tokens in ({used['cached_tokens']:,} cached)"
            text += f", {used['completion_tokens']:,} out"
        spent = _money(judge, used)
        return text + "".join(f", {cost:.4f} {currency}" for currency, cost in spent.items()) + "; "


def _money(judge: Judge, used: Mapping[str, int]) -> dict[str, float]:
    """Currency → what it came to, as far as there are prices."""
    if isinstance(judge, PanelJudge):
        bills = [_money(member, judge.used[label]) for label, member in judge.members.items()]
        return {currency: sum(bill.get(currency, 0.0) for bill in bills) for bill in bills for currency in bill}
    prices = judge.prices if isinstance(judge, ApiJudge) else None
    return {prices.currency: prices.cost(used)} if prices else {}
