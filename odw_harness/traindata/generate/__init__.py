"""The seeded generator of training pairs: documents composed from structured facts in invented places.

A maker (genres/) draws a matter from the word material (material/) and gives a scenario: elements, facts, text.
`scenario.layout` makes the document of it, `ask.ask` the instruction, in one of five styles. Neither states a fact
that the other lacks. Nothing of the evaluation's questions is used (`guard`).
"""

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from odw_harness.traindata.generate import guard
from odw_harness.traindata.generate.ask import STYLES, ask
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.genres import Maker, makers
from odw_harness.traindata.generate.material import Field, fields
from odw_harness.traindata.generate.scenario import Scenario, layout
from odw_harness.traindata.pair import Pair

__all__ = ["generate", "made"]

_WEIGHTS = {"facts": 3, "points": 2, "colloquial": 2, "rewrite": 2, "upper": 9}
"""How often a style is drawn; upper is open to few documents. The evaluation asks in running text."""
_TWICE = 0.25
"""Share of documents that are asked for twice, in different styles."""


def generate(count: int, seed: int) -> list[Pair]:
    """That many pairs, balanced over 文种; the same for the same seed, and the first of them for a smaller count."""
    return [pair for _, pair in islice(made(seed), count)]


def made(seed: int) -> Iterator[tuple[Scenario, Pair]]:
    """Pairs without end, each with what its document was made from."""
    rng = random.Random(seed)
    decks = {genre: _deck(options, rng) for genre, options in makers().items()}
    number = document = 0
    while True:
        for genre in rng.sample(list(decks), len(decks)):
            document += 1
            own = random.Random(f"{seed}-{document}")  # so that what one document draws changes no other
            scenario, output = _document(next(decks[genre]), own)
            styles = [style for style in STYLES if style != "upper" or scenario.upper]
            weights = [_WEIGHTS[style] for style in styles]
            chosen = own.choices(styles, weights)
            if own.random() < _TWICE:
                chosen += own.sample([style for style in styles if style not in chosen], 1)
            for style in chosen:
                number += 1
                yield (
                    scenario,
                    Pair(
                        id=f"gen{seed}-{number:05d}",
                        document=f"gen{seed}-d{document:05d}",
                        genre=genre,
                        style=style,
                        instruction=ask(scenario, style, own),
                        output=output,
                        facts=scenario.facts(),
                    ),
                )


def _deck(options: tuple[Maker, ...], rng: random.Random) -> Iterator[tuple[Maker, Field, Any]]:
    """Makers with matters without end, every one before any comes again; makers take turns."""
    piles = []
    for maker in options:
        suited = [field for field in fields() if (maker.institutions if field.institutions else maker.bureaus)]
        piles.append([(maker, field, matter) for field in suited for matter in _matters(field, maker)])
    decks: list[list[tuple[Maker, Field, Any]]] = [[] for _ in piles]
    while True:
        for index in rng.sample(range(len(piles)), len(piles)):
            if not decks[index]:
                decks[index] = rng.sample(piles[index], len(piles[index]))
            if decks[index]:
                yield decks[index].pop()


def _matters(field: Field, maker: Maker) -> list[Any]:
    if maker.matters in ("公告", "通告"):
        return [notice for notice in field.notices if notice["kind"] == maker.matters]
    return list(getattr(field, maker.matters))


def _document(card: tuple[Maker, Field, Any], rng: random.Random) -> tuple[Scenario, str]:
    maker, field, matter = card
    while True:
        scenario = maker.make(Composer(rng, field), matter)
        output = layout(scenario)
        if not guard.leaks(output):
            return scenario, output
