"""The four pictures of the card's page, as Plotly figures in English or Chinese."""

import html
import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from odw_harness.judgecheck.card import JUDGE, LONGEST, PROMISED, RANDOM, RULES, Card, CaseScores, Row
from odw_harness.judgecheck.cases import Effect
from odw_harness.judgecheck.words import TRUSTED
from odw_harness.stats import Share

Language = Literal["en", "zh"]

SCORERS = {"judge": "#2f7fd1", "rules": "#0b9e73", "longest": "#e08e00", "random": "#8c8c8c"}
EFFECTS: dict[Effect, str] = {"reference": "#2f7fd1", "worse": "#d9622b", "same": "#0b9e73", "not_higher": "#b565a7"}
"""Colours that read on white and on black, and apart from each other by colour-blind eyes (after Okabe and Ito)."""
EFFECT_NAMES: dict[Effect, tuple[str, str]] = {
    "reference": ("reference", "参考答案"),
    "worse": ("worse", "应更低"),
    "same": ("as good", "应相同"),
    "not_higher": ("no better", "不应更高"),
}
SCORE = ("score", "得分")
_FADED = "rgba(128,128,128,0.35)"
_COLUMNS = 4


def pictures(card: Card, language: Language) -> dict[str, Any]:
    """Name → figure, in types that JSON knows. Texts are escaped, for Plotly reads tags in them."""
    drawn = {
        "forest": _forest(card, language),
        "strengths": _strengths(card, language),
        "spread": _spread(card, language),
        "length": _length(card, language),
    }
    return {name: json.loads(figure.to_json()) for name, figure in drawn.items() if figure is not None}


def _in(language: Language, words: tuple[str, str]) -> str:
    return words[language == "zh"]


def _title(card: Card, name: str, language: Language) -> str:
    kind = card.kinds[name]
    return html.escape(_in(language, (kind.title, kind.title_zh)))


def _laid_out(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    figure.update_layout(
        template="none",
        height=height,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "inherit", "size": 13},
        margin={"l": 10, "r": 10, "t": 40, "b": 50},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        hoverlabel={"bgcolor": "#222", "font": {"color": "#fff"}},
        **layout,
    )
    figure.update_xaxes(gridcolor=_FADED, zeroline=False)
    figure.update_yaxes(gridcolor=_FADED, zeroline=False)
    return figure


def _forest(card: Card, language: Language) -> go.Figure | None:
    """Share of pairs where the worse is scored lower, with intervals: a line a kind, a mark a scorer."""
    names = [name for name, kind in card.kinds.items() if kind.effect == "worse"]
    if not names:
        return None
    labels = [_in(language, ("<b>six plain kinds</b>", "<b>六类明显劣化</b>"))]
    labels += [_title(card, name, language) for name in names]
    figure = go.Figure()
    contrasts = [[row.headline, *(row.kinds[name].contrast for name in names)] for row in card.rows]
    beside = _in(language, ("beside as-good rewrites", "与同等质量改写稿相比"))
    below = [None if each is None else each.below_same for each in contrasts[0]]
    series = [
        (row.scorer, _scorer(row, language), [None if each is None else each.lower for each in own])
        for row, own in zip(card.rows, contrasts, strict=True)
    ]
    series.insert(1, (JUDGE, f"{series[0][1]}, {beside}", below))
    for place, (scorer, label, shares) in enumerate(series):
        at = [(line, share) for line, share in enumerate(shares) if share is not None]
        own = scorer == JUDGE
        figure.add_trace(
            go.Scatter(
                name=label,
                x=[100 * share.share for _, share in at],
                y=[line + (place - (len(series) - 1) / 2) * 0.17 for line, _ in at],
                error_x={
                    "array": [100 * (share.high - share.share) for _, share in at],
                    "arrayminus": [100 * (share.share - share.low) for _, share in at],
                    "thickness": 2 if place == 0 else 1,
                    "width": 3,
                },
                mode="markers",
                marker={
                    "color": SCORERS[scorer],
                    "size": 10 if own else 7,
                    "symbol": "diamond" if not own else "circle-open" if place else "circle",
                },
                text=[f"{labels[line]}: {_share(share)}" for line, share in at],
                hovertemplate="%{text}<extra>%{fullData.name}</extra>",
            )
        )
    for line in range(0, len(labels), 2):
        figure.add_hrect(y0=line - 0.5, y1=line + 0.5, fillcolor="rgba(128,128,128,0.08)", line_width=0, layer="below")
    for share, dash in ((100 * TRUSTED, "dash"), (50, "dot")):
        figure.add_vline(x=share, line={"color": "#888", "dash": dash, "width": 1})
    figure = _laid_out(figure, 90 + 58 * len(labels))
    figure.update_xaxes(range=[-2, 102.5], tickvals=[0, 25, 50, 75, 100], ticksuffix=" %", tickangle=0)
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=labels,
        range=[len(labels) - 0.4, -0.6],
        automargin=True,
        showgrid=False,
    )
    return figure


def _scorer(row: Row, language: Language) -> str:
    chinese = {RULES: "仅规则", LONGEST: "最长", RANDOM: "随机"}
    return html.escape(row.label if language == "en" else chinese.get(row.scorer, row.label))


def _share(share: Share) -> str:
    return f"{share.share:.1%} ({share.low:.1%} – {share.high:.1%}), n = {share.of}"


def _series(card: Card, name: str) -> Iterator[tuple[str, list[float], list[float]]]:
    """For each question its strengths, from 0 (the base), and the judge's scores at them."""
    table = {case.key: case for case in card.cases}
    for question in card.questions:
        cases = [case for case in card.cases if case.question == question and case.kind == name]
        base = table.get(cases[0].base) if cases else None
        points = [(0.0, base.score(JUDGE) if base else None), *((case.strength, case.score(JUDGE)) for case in cases)]
        scored = [(at, score) for at, score in points if score is not None]
        yield question, [at for at, _ in scored], [score for _, score in scored]


def _strengths(card: Card, language: Language) -> go.Figure | None:
    """Score by strength, a small picture for each kind with several strengths: questions thin, their mean thick."""
    names = [name for name, kind in card.kinds.items() if len({c.strength for c in card.cases if c.kind == name}) > 1]
    if not names:
        return None
    rows = -(-len(names) // _COLUMNS)
    titles = [_title(card, name, language) for name in names]
    figure = make_subplots(
        rows, _COLUMNS, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.03, vertical_spacing=0.22 / rows
    )
    for number, name in enumerate(names):
        place = {"row": number // _COLUMNS + 1, "col": number % _COLUMNS + 1}
        by_strength: dict[float, list[float]] = {}
        xs: list[float | None] = []
        ys: list[float | None] = []
        texts: list[str | None] = []
        for question, at, scores in _series(card, name):
            xs += [*at, None]
            ys += [*scores, None]
            texts += [html.escape(question)] * len(at) + [None]
            for strength, score in zip(at, scores, strict=True):
                by_strength.setdefault(strength, []).append(score)
        thin = {"color": _FADED, "width": 1}
        hover = "%{text}<br>%{x}: %{y:.2f}<extra></extra>"
        figure.add_trace(go.Scatter(x=xs, y=ys, text=texts, mode="lines", line=thin, hovertemplate=hover), **place)
        order = sorted(by_strength)
        means = [sum(by_strength[at]) / len(by_strength[at]) for at in order]
        color = EFFECTS[card.kinds[name].effect]
        thick = {"x": order, "y": means, "mode": "lines+markers", "line": {"color": color, "width": 3}}
        figure.add_trace(go.Scatter(**thick, hovertemplate="%{x}: %{y:.2f}<extra></extra>"), **place)
    figure = _laid_out(figure, 60 + 230 * rows, showlegend=False)
    figure.update_yaxes(range=[0.5, 10.5], tickvals=[1, 4, 8, 10], automargin=True)
    figure.update_xaxes(range=[-0.06, 1.06], tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(title=_in(language, SCORE), title_standoff=4, col=1)
    return figure


def _spread(card: Card, language: Language) -> go.Figure:
    """Every score of the judge, a box a kind."""
    figure = go.Figure()
    seen: set[Effect] = set()
    for name, kind in card.kinds.items():
        cases = _scored([case for case in card.cases if case.kind == name])
        if not cases:
            continue
        figure.add_trace(
            go.Box(
                x=[score for _, score in cases],
                y=[_title(card, name, language)] * len(cases),
                text=[_about(card, case, language) for case, _ in cases],
                name=_in(language, EFFECT_NAMES[kind.effect]),
                legendgroup=kind.effect,
                showlegend=kind.effect not in seen,
                orientation="h",
                boxpoints="all",
                jitter=0.5,
                pointpos=0,
                marker={"color": EFFECTS[kind.effect], "size": 4, "opacity": 0.55},
                line={"width": 1.5},
                fillcolor="rgba(0,0,0,0)",
                hoveron="points",
                hovertemplate="%{text}: %{x:.2f}<extra></extra>",
            )
        )
        seen.add(kind.effect)
    figure.add_vline(x=PROMISED, line={"color": "#888", "dash": "dash", "width": 1})
    figure = _laid_out(figure, 110 + 38 * len(card.kinds))
    figure.update_xaxes(range=[0.8, 10.2], tickvals=list(range(1, 11)), title=_in(language, SCORE))
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def _length(card: Card, language: Language) -> go.Figure:
    """Score over length, in per cent of the reference's."""
    full = {case.question: case.characters for case in card.cases if card.kinds[case.kind].effect == "reference"}
    figure = go.Figure()
    for effect, words in EFFECT_NAMES.items():
        cases = _scored([case for case in card.cases if card.kinds[case.kind].effect == effect])
        figure.add_trace(
            go.Scatter(
                x=[100 * case.characters / full[case.question] for case, _ in cases],
                y=[score for _, score in cases],
                text=[_about(card, case, language) for case, _ in cases],
                name=_in(language, words),
                mode="markers",
                marker={"color": EFFECTS[effect], "size": 6, "opacity": 0.6},
                hovertemplate="%{text}<br>%{x:.0f} %: %{y:.2f}<extra></extra>",
            )
        )
    figure = _laid_out(figure, 420)
    title = _in(language, ("length, % of the reference", "篇幅（参考答案的百分比）"))
    figure.update_xaxes(title=title, type="log", tickvals=[12.5, 25, 50, 100, 200, 400, 800, 1600], ticksuffix=" %")
    figure.update_yaxes(range=[0.5, 10.5], tickvals=[1, 2, 4, 6, 8, 10], title=_in(language, SCORE), automargin=True)
    return figure


def _scored(cases: Sequence[CaseScores]) -> list[tuple[CaseScores, float]]:
    return [(case, score) for case in cases if (score := case.score(JUDGE)) is not None]


def _about(card: Card, case: CaseScores, language: Language) -> str:
    return f"{html.escape(case.question)}, {_title(card, case.kind, language)} {case.strength:g}"
