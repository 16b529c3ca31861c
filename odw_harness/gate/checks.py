"""What the gate looks at before and beside the figures, and its word on all of it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from odw_harness.errors import AnswerError
from odw_harness.gate.rule import ALL, Figure, Pairs, Settings, figure, shared
from odw_harness.gate.sides import Side, same_run
from odw_harness.results import UNJUDGED
from odw_harness.stats import Frozen
from odw_harness.stats.intervals import TIE
from odw_harness.texts import shown, storable

if TYPE_CHECKING:
    import pandas as pd

State = Literal["passed", "failed", "error", "skipped"]
Plain = Annotated[str, AfterValidator(lambda text: shown(storable(text), 600, "�"))]
"""A line that may hold names from files: without what a terminal, a page or XML would obey or refuse."""
_WEAK = 0.05
"""Of a figure's range: by how much more than allowed it may have to fall to be caught, before a note says so."""


class Check(Frozen):
    """One thing that the gate looks at. failed: a regression; error: it can't be compared; why says it in words."""

    name: Plain
    state: State
    why: Plain = ""
    figure: Figure | None = None


class Outcome(Frozen):
    """The gate's word: all checks, and what else is to be known."""

    baseline: Plain
    candidate: Plain
    baseline_run: Plain
    candidate_run: Plain
    checks: tuple[Check, ...]
    notes: tuple[Plain, ...] = ()

    @property
    def exit_code(self) -> int:
        """1: a regression; 2: none is seen, but something can't be compared; else 0."""
        states = {check.state for check in self.checks}
        return 1 if "failed" in states else 2 if "error" in states else 0

    @property
    def verdict(self) -> str:
        """PASS, FAIL or CANNOT COMPARE."""
        return ("PASS", "FAIL", "CANNOT COMPARE")[self.exit_code]

    @property
    def headline(self) -> str:
        """The verdict and why, in a line."""
        if self.exit_code:
            wanted = "failed" if self.exit_code == 1 else "error"
            return f"{self.verdict}: " + "; ".join(f"{c.name}: {c.why}" for c in self.checks if c.state == wanted)
        figures = [check.name for check in self.checks if check.figure]
        told = f"no drop that is shown and larger than allowed, {self.candidate} against {self.baseline}"
        return f"{self.verdict}: {', '.join(figures)}: {told}"


def gate(baseline: Side, candidate: Side, settings: Settings) -> Outcome:
    """Hold the candidate to the baseline. Raises AnswerError where both are one run, or the baseline has nothing asked for."""
    if same_run(baseline, candidate):
        raise AnswerError(f"{candidate.run.file}: is baseline and candidate at once; name two runs")
    rubrics = _rubrics(baseline, settings)
    checks = [_questions(baseline, candidate)]
    for rubric in rubrics:
        checks += [_judge(baseline, candidate, rubric), _coverage(baseline, candidate, rubric, settings)]
    unfit = {rubric for rubric in rubrics if not _same_measure(baseline, candidate, rubric)}
    figures, skipped = [], []
    for pairs in pairs_of(baseline, candidate, settings, rubrics):
        if pairs.rubric in unfit:
            skipped.append(Check(name=pairs.name, state="skipped", why="graded by another measure"))
        elif not pairs.enough:
            why = f"questions in common that have it: {len(pairs.questions)}, too few to tell a drop from chance: it takes 3, or 2 beside 2 or more outside the split (--metric gates others)"
            skipped.append(Check(name=pairs.name, state="error", why=why))
        else:
            figures.append(pairs)
    checks += [_figure(pairs, settings, len(figures)) for pairs in figures] + skipped
    if not figures and all(check.state in ("passed", "skipped") for check in checks):
        raise AnswerError(f"{baseline.run.file}: has no figure that the gate could hold a candidate to")
    return Outcome(
        baseline=baseline.system,
        candidate=candidate.system,
        baseline_run=str(baseline.run.file),
        candidate_run=str(candidate.run.file),
        checks=tuple(checks),
        notes=tuple(_notes(baseline, candidate, settings, checks)),
    )


def pairs_of(baseline: Side, candidate: Side, settings: Settings, rubrics: Sequence[str]) -> Iterator[Pairs]:
    """The figures that are gated, over the questions that are the same on both sides."""
    common = _common(baseline, candidate)
    splits = baseline.answers["split"].groupby(level="question").first()
    for metric in settings.metrics or ("score", *UNJUDGED):
        for rubric in (None,) if metric in UNJUDGED else _graded(baseline, metric, rubrics):
            before = baseline.by_question(metric, rubric)
            if settings.metrics is None and before.empty:
                continue
            after = candidate.by_question(metric, rubric) if rubric in (None, *candidate.rubrics) else before[:0]
            having = [each for each in common if each in before.index and each in after.index]
            for split in settings.splits:
                both = [each for each in having if split in (ALL, splits[each])]
                beside = [each for each in having if each not in both]
                name = [metric, *([rubric] if rubric and len(rubrics) > 1 else []), *([split] if split != ALL else [])]
                yield Pairs(
                    ", ".join(name),
                    metric,
                    rubric,
                    split,
                    tuple(both),
                    before[both].to_numpy(float),
                    after[both].to_numpy(float),
                    (before[beside] - after[beside]).to_numpy(float),
                )


def _rubrics(baseline: Side, settings: Settings) -> list[str]:
    """The rubrics whose scores are gated: those that the baseline was graded under, or that it has the asked metrics by."""
    if settings.rubric and settings.rubric not in baseline.rubrics:
        raise AnswerError(
            f"--rubric {settings.rubric}: {baseline.run.file} was graded under {', '.join(baseline.rubrics) or 'none'}"
        )
    judged = [metric for metric in settings.metrics or ("score",) if metric not in UNJUDGED]
    if not judged:
        return []
    rubrics = [settings.rubric] if settings.rubric else baseline.rubrics
    if settings.metrics is None:
        return rubrics  # one without any score is told of as low coverage
    having = [rubric for rubric in rubrics if any(_graded(baseline, metric, [rubric]) for metric in judged)]
    for metric in judged:
        if not _graded(baseline, metric, having):
            raise AnswerError(f"--metric {metric}: {baseline.run.file} has no {metric}; gate what it has")
    return having


def _graded(side: Side, metric: str, rubrics: Sequence[str]) -> list[str]:
    return [rubric for rubric in rubrics if not side.by_question(metric, rubric).empty]


def _hashes(side: Side) -> "pd.Series[str]":
    return side.answers["question_hash"].groupby(level="question", sort=False).first()


def _common(baseline: Side, candidate: Side) -> list[str]:
    """The questions that were the same for both."""
    before, after = _hashes(baseline), _hashes(candidate)
    return [name for name in before.index if after.get(name) == before[name]]


def _questions(baseline: Side, candidate: Side) -> Check:
    before, after = _hashes(baseline), _hashes(candidate)
    missing = [name for name in before.index if name not in after.index]
    changed = [name for name in before.index if name in after.index and after[name] != before[name]]
    faults = []
    if missing:
        faults.append(f"the candidate lacks {len(missing)} of {len(before)} ({_some(missing)})")
    if changed:
        faults.append(f"{_some(changed)} asked something else of the baseline, or had another reference")
    if faults:
        return Check(name="questions", state="error", why="; ".join(faults))
    return Check(name="questions", state="passed", why=f"the same {len(before)}")


def _judge(baseline: Side, candidate: Side, rubric: str) -> Check:
    name = f"judge, {rubric}"
    before, after = _measures(baseline, rubric), _measures(candidate, rubric)
    if not after:
        return Check(name=name, state="error", why=f"the candidate was not graded under {rubric}")
    if before != after:
        why = f"{' and '.join(before)} graded the baseline, {' and '.join(after)} the candidate"
        if _seen(baseline, rubric) == _seen(candidate, rubric):
            why += " (the same judge and rubric with another model file, setting or prompt)"
        return Check(name=name, state="error", why=f"{why}; grade both by the same")
    return Check(name=name, state="passed", why=before[0])


def _measures(side: Side, rubric: str) -> list[str]:
    return sorted(side.verdicts.loc[side.verdicts["rubric"] == rubric, "measure"].unique())


def _same_measure(baseline: Side, candidate: Side, rubric: str) -> bool:
    return _measures(baseline, rubric) == _measures(candidate, rubric)


def _seen(side: Side, rubric: str) -> set[tuple[str, ...]]:
    columns = ["judge", "judge_model", "judged_by", "rubric_version"]
    return set(side.verdicts.loc[side.verdicts["rubric"] == rubric, columns].itertuples(index=False, name=None))


def _coverage(baseline: Side, candidate: Side, rubric: str, settings: Settings) -> Check:
    name = f"coverage, {rubric}"
    if rubric not in candidate.rubrics:
        return Check(name=name, state="skipped", why="not graded")
    faults, told = [], []
    for what, side in (("baseline", baseline), ("candidate", candidate)):
        mine = (side.verdicts["rubric"] == rubric) & side.verdicts["question"].isin(_hashes(baseline).index)
        scored = side.verdicts.loc[mine, "score"].notna()
        told.append(f"{what} {scored.mean():.0%}" if len(scored) else f"{what} none of these questions")
        if scored.mean() < settings.min_coverage - TIE:
            faults.append(f"{scored.sum()} of {len(scored)} verdicts of the {what} have a score ({scored.mean():.0%})")
    if faults:
        return Check(
            name=name, state="error", why=f"{'; '.join(faults)}: fewer than --min-coverage {settings.min_coverage:g}"
        )
    return Check(name=name, state="passed", why=", ".join(told))


def _figure(pairs: Pairs, settings: Settings, figures: int) -> Check:
    found = figure(pairs, settings.allowed(pairs.metric), shared(settings.confidence, figures))
    why = f"{found.baseline:.3g} → {found.candidate:.3g} ({found.change:+.3f}, {-found.allowed:+g} allowed)"
    if found.failed:
        why += f"; with {found.confidence:.1%} confidence it fell by {-found.at_most:.3f} or more"
    elif found.change < -found.allowed - TIE:
        why += "; not told from chance"
    return Check(name=pairs.name, state="failed" if found.failed else "passed", why=why, figure=found)


def _notes(baseline: Side, candidate: Side, settings: Settings, checks: Sequence[Check]) -> Iterator[str]:
    if settings.metrics is None and not any(check.figure and check.figure.rubric for check in checks):
        yield "no score is gated: " + (
            "the baseline has none" if not _rubrics(baseline, settings) else "see the checks above"
        )
    extra = _hashes(candidate).index.difference(_hashes(baseline).index, sort=False).tolist()
    if extra:
        yield f"the candidate also answered {_some(extra)}, which the baseline did not: left out"
    if baseline.run.generation != candidate.run.generation:
        yield f"generation settings differ: {_settings(baseline)} before, {_settings(candidate)} now"
    if baseline.run.lm_eval != candidate.run.lm_eval:
        yield f"lm-eval differs: {baseline.run.lm_eval} before, {candidate.run.lm_eval} now"
    for check in checks:
        found = check.figure
        if found and found.catches > found.allowed + _WEAK * (1 if found.metric in UNJUDGED else 9):
            yield f"{check.name}: with this spread over {found.questions} questions only a drop of {found.catches:.2f} or more is likely to be caught; more questions or answers show smaller ones"


def _settings(side: Side) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(side.run.generation.items()))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
