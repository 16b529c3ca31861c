"""The report card of a judge, worked out from what it and the baselines gave to graded cases: pure arithmetic.

A case is a text made from a question's reference by one kind of change at one strength. It is compared with another case
of the same question, its base (mostly the reference); the effect of its kind says how it should score beside that.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any, Literal

from odw_harness.judgecheck.cases import Effect
from odw_harness.reply import kind_of
from odw_harness.stats import (
    Frozen,
    Mean,
    Share,
    Slope,
    alpha_of,
    falling_tau,
    mean_of,
    share_of,
    slope_of,
)
from odw_harness.verdict import Verdict

Key = tuple[str, str, float]
"""Question, kind, strength."""

JUDGE, RULES, LONGEST, RANDOM = "judge", "rules", "longest", "random"
"""The scorers: the judge and the baselines."""
HEADLINE = ("cut", "shuffled", "stripped", "wrong_document", "colloquial", "repeated")
"""The kinds over which a judge is first asked to tell the worse: each spoils the text in a way that any reader sees."""
ALTERED, PADDED = "figures_altered", "padded"
"""The kind that the rules are to catch, and the kind that measures what length alone is worth."""
PROMISED = 8.0
"""What the rubric promises the reference (AlignBench's prompt, the paper's appendix 3)."""
NOTABLE = 0.5
"""Points by which a single score must move to count as lost or gained."""
TIE = 1e-9
"""Points; scores no further apart are the same (means of repeats differ in their last bits)."""


class KindInfo(Frozen):
    """What a kind of change is: its effect, its names, its strengths in ascending order."""

    effect: Effect
    title: str
    title_zh: str
    strengths: tuple[float, ...]


class CaseScores(Frozen):
    """A case and what each scorer gave it: one score for each repeat, None where there is no verdict.

    against: kind and strength of its base. characters: its text's length. caught: whether the rules see its altered
    figures (None for other kinds).
    """

    question: str
    kind: str
    strength: float
    against: tuple[str, float]
    characters: int
    scores: dict[str, tuple[float | None, ...]]
    caught: bool | None = None

    @property
    def key(self) -> Key:
        """By which this case is found."""
        return self.question, self.kind, self.strength

    @property
    def base(self) -> Key:
        """By which the case that this one is compared with is found."""
        return self.question, *self.against

    def score(self, scorer: str) -> float | None:
        """The mean of a scorer's repeats; None where none is scored."""
        given = [score for score in self.scores[scorer] if score is not None]
        return fmean(given) if given else None


class Contrast(Frozen):
    """Cases beside their bases, over the pairs of which both are scored.

    lower, higher: share scored strictly lower or higher; tied: number of pairs scored the same. lost, gained: share that
    moved by more than half a point (NOTABLE). shift: score of the case minus that of its base, in points. auc: chance
    that the case is scored lower, ties counted half.

    below_same: share of pairs of a case that is worse and one of the same question that is as good as the reference (all
    kinds of that effect) where the worse is strictly lower; None without such pairs. A judge that sees no more than that
    a text is not the reference, word by word, has a high `lower` and a low `below_same`.
    """

    pairs: int
    lower: Share
    tied: int
    higher: Share
    lost: Share
    gained: Share
    shift: Mean
    auc: float
    below_same: Share | None


class Graded(Frozen):
    """How scores go with strength, over the `of` series (a question under one kind) with two or more scored strengths.

    The base itself is not part of a series. not_rising: share whose score never rises as strength grows; falling: share
    whose score falls at each step. tau: Kendall's tau-a between strength and lost score, averaged (1: always falls).
    """

    of: int
    not_rising: Share
    falling: Share
    tau: float


class AtStrength(Frozen):
    """The contrast of a kind's cases at one strength, and the mean of their scores."""

    strength: float
    contrast: Contrast
    score: Mean


class KindResult(Frozen):
    """One scorer on one kind. graded: only where the kind makes worse. caught: only of the rules on altered figures."""

    contrast: Contrast | None
    strengths: tuple[AtStrength, ...]
    graded: Graded | None
    caught: Share | None


class Repeats(Frozen):
    """How far the judge agrees with itself. sd: an answer's standard deviation over its repeats, averaged over cases.

    held: share of the pairs of worse kinds (both scored in every repeat) of which the worse is lower in every repeat.
    alpha: Krippendorff's, interval level.
    """

    repeats: int
    sd: Mean | None
    held: Share | None
    alpha: float | None


class Row(Frozen):
    """Everything about one scorer. headline: over the HEADLINE kinds. from_promised: the reference's mean less 8.

    length_slope: points for each +100 % of length, from the padded cases. repeats: of a judge with several.
    """

    scorer: str
    label: str
    headline: Contrast | None
    kinds: dict[str, KindResult]
    graded: Graded | None
    reference: Mean | None
    from_promised: float | None
    length_slope: Slope | None
    repeats: Repeats | None


class Cost(Frozen):
    """What the judge's verdicts took, as they are stored. A text that stands in several cases counts in each.

    coverage: share of verdicts with a score. unscored: kind of reason → number. seconds: of a verdict, on average.
    usage: requests and tokens of a verdict, on average, as far as the judge counts them.
    """

    verdicts: int
    coverage: float
    unscored: dict[str, int]
    seconds: float
    usage: dict[str, float]


class Statement(Frozen):
    """A sentence of what this judge can be trusted with, in English and Chinese."""

    en: str
    zh: str


class Card(Frozen):
    """The report card: the document of `odw judge-check --json`, and all that its page is drawn from.

    judge: its label. provenance: who gave the verdicts, by what (Provenance, without repeat). questions: ids. date: of
    the run, ISO 8601. version: of odw_harness. kinds: by name, those of which there are cases, the reference first.
    rows: the judge, then the baselines. summary: what it comes to in words. cases: every case with every score.
    """

    format: Literal["odw judge-check 1"] = "odw judge-check 1"
    judge: str
    provenance: dict[str, Any]
    seed: int
    questions: tuple[str, ...]
    date: str
    version: str
    kinds: dict[str, KindInfo]
    rows: tuple[Row, ...]
    cost: Cost
    summary: tuple[Statement, ...]
    cases: tuple[CaseScores, ...]


def cost_of(verdicts: Sequence[Verdict]) -> Cost:
    """What one or more verdicts took."""
    reasons = Counter(kind_of(verdict.unscored) for verdict in verdicts if verdict.unscored is not None)
    used: Counter[str] = Counter()
    for verdict in verdicts:
        used.update(verdict.usage)
    return Cost(
        verdicts=len(verdicts),
        coverage=1 - reasons.total() / len(verdicts),
        unscored=dict(reasons.most_common()),
        seconds=fmean(verdict.seconds for verdict in verdicts),
        usage={name: total / len(verdicts) for name, total in used.items()},
    )


def row_of(scorer: str, label: str, cases: Sequence[CaseScores], kinds: Mapping[str, KindInfo]) -> Row:
    """What the cases say of one of their scorers. Every base of a case is among the cases, or that pair is left out."""
    table = {case.key: case for case in cases}
    same: dict[str, list[float]] = {}
    for case in cases:
        if kinds[case.kind].effect == "same" and (score := case.score(scorer)) is not None:
            same.setdefault(case.question, []).append(score)
    worse = [case for case in cases if kinds[case.kind].effect == "worse"]
    references = _scores(scorer, (case for case in cases if kinds[case.kind].effect == "reference"))
    return Row(
        scorer=scorer,
        label=label,
        headline=_contrast(scorer, [case for case in worse if case.kind in HEADLINE], table, same),
        kinds={
            name: _kind(
                scorer, [case for case in cases if case.kind == name], table, same if kind.effect == "worse" else None
            )
            for name, kind in kinds.items()
            if kind.effect != "reference"
        },
        graded=_graded(scorer, worse),
        reference=mean_of(references) if references else None,
        from_promised=fmean(references) - PROMISED if references else None,
        length_slope=_length_slope(scorer, [case for case in cases if case.kind == PADDED], table),
        repeats=_repeats(scorer, cases, worse, table) if scorer == JUDGE else None,
    )


def _scores(scorer: str, cases: Iterable[CaseScores]) -> list[float]:
    return [score for case in cases if (score := case.score(scorer)) is not None]


def _kind(
    scorer: str,
    cases: Sequence[CaseScores],
    table: Mapping[Key, CaseScores],
    same: Mapping[str, Sequence[float]] | None,
) -> KindResult:
    """same: by question, the scores of what is as good as the reference; None where the kind does not make worse."""
    strengths = []
    for strength in sorted({case.strength for case in cases}):
        of_strength = [case for case in cases if case.strength == strength]
        contrast = _contrast(scorer, of_strength, table, same or {})
        if contrast is not None:
            score = mean_of(_scores(scorer, of_strength))
            strengths.append(AtStrength(strength=strength, contrast=contrast, score=score))
    caught = [case.caught for case in cases if case.caught is not None] if scorer == RULES else []
    return KindResult(
        contrast=_contrast(scorer, cases, table, same or {}),
        strengths=tuple(strengths),
        graded=None if same is None else _graded(scorer, cases),
        caught=share_of(caught) if caught else None,
    )


def _pairs(scorer: str, cases: Iterable[CaseScores], table: Mapping[Key, CaseScores]) -> list[tuple[float, float]]:
    """(score, score of its base) of each case where both are scored."""
    found = []
    for case in cases:
        base = table.get(case.base)
        score, other = case.score(scorer), base.score(scorer) if base else None
        if score is not None and other is not None:
            found.append((score, other))
    return found


def _contrast(
    scorer: str, cases: Sequence[CaseScores], table: Mapping[Key, CaseScores], same: Mapping[str, Sequence[float]]
) -> Contrast | None:
    shifts = [score - base for score, base in _pairs(scorer, cases, table)]
    if not shifts:
        return None
    lower, higher = share_of([shift < -TIE for shift in shifts]), share_of([shift > TIE for shift in shifts])
    tied = len(shifts) - lower.count - higher.count
    scored = [(case, score) for case in cases if (score := case.score(scorer)) is not None]
    below = [score < other - TIE for case, score in scored for other in same.get(case.question, ())]
    return Contrast(
        pairs=len(shifts),
        lower=lower,
        tied=tied,
        higher=higher,
        lost=share_of([shift < -NOTABLE - TIE for shift in shifts]),
        gained=share_of([shift > NOTABLE + TIE for shift in shifts]),
        shift=mean_of(shifts),
        auc=(lower.count + tied / 2) / len(shifts),
        below_same=share_of(below) if below else None,
    )


def _graded(scorer: str, cases: Iterable[CaseScores]) -> Graded | None:
    series: dict[tuple[str, str], dict[float, float]] = {}
    for case in cases:
        if (score := case.score(scorer)) is not None:
            series.setdefault((case.question, case.kind), {})[case.strength] = score
    runs = [[by_strength[at] for at in sorted(by_strength)] for by_strength in series.values() if len(by_strength) > 1]
    if not runs:
        return None
    steps = [[later - earlier for earlier, later in pairwise(run)] for run in runs]
    return Graded(
        of=len(runs),
        not_rising=share_of([all(step <= TIE for step in each) for each in steps]),
        falling=share_of([all(step < -TIE for step in each) for each in steps]),
        tau=fmean(falling_tau(run, TIE) for run in runs),
    )


def _length_slope(scorer: str, cases: Iterable[CaseScores], table: Mapping[Key, CaseScores]) -> Slope | None:
    """Points for each +100 % of length."""
    points = []
    for case in cases:
        for score, base in _pairs(scorer, [case], table):
            points.append((case.characters / max(1, table[case.base].characters) - 1, score - base))
    return slope_of(points)


def _repeats(
    scorer: str, cases: Sequence[CaseScores], worse: Iterable[CaseScores], table: Mapping[Key, CaseScores]
) -> Repeats | None:
    repeats = max((len(case.scores[scorer]) for case in cases), default=0)
    if repeats < 2:
        return None
    scored = [[score for score in case.scores[scorer] if score is not None] for case in cases]
    spreads = [stdev(scores) for scores in scored if len(scores) > 1]
    held = []
    for case in worse:
        base = table.get(case.base)
        pairs = list(zip(case.scores[scorer], base.scores[scorer], strict=True)) if base else []
        lower = [score < other - TIE for score, other in pairs if score is not None and other is not None]
        if len(lower) == repeats:
            held.append(all(lower))
    return Repeats(
        repeats=repeats,
        sd=mean_of(spreads) if spreads else None,
        held=share_of(held) if held else None,
        alpha=alpha_of([[case.scores[scorer][repeat] for case in cases] for repeat in range(repeats)]),
    )
