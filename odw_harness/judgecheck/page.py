"""The card as one HTML page that needs nothing else: no network, no other file."""

from pathlib import Path

from odw_harness.html import environment, plotly_js
from odw_harness.judgecheck.card import Card
from odw_harness.judgecheck.pictures import EFFECT_NAMES, SCORERS, pictures
from odw_harness.judgecheck.show import cells, interval, percent
from odw_harness.judgecheck.words import TRUSTED


def page(card: Card) -> str:
    """The page, in English and Chinese, light and dark. Whatever the card holds is escaped."""
    return (
        environment(Path(__file__).parent)
        .get_template("page.html.j2")
        .render(
            card=card,
            judge=card.rows[0],
            worse=[name for name, kind in card.kinds.items() if kind.effect == "worse"],
            others=[name for name, kind in card.kinds.items() if kind.effect in ("same", "not_higher")],
            effects=EFFECT_NAMES,
            colours=SCORERS,
            trusted=TRUSTED,
            figures={"en": pictures(card, "en"), "zh": pictures(card, "zh")},
            plotly=plotly_js(),
            cells=cells,
            interval=interval,
            percent=percent,
        )
    )
