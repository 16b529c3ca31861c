"""Documents of one run differ: in their words, and from each other."""

from itertools import combinations

import pytest

from odw_harness.rules.document import compact
from odw_harness.traindata.card import documents_of
from odw_harness.traindata.diversity import distinct, grams, jaccard
from odw_harness.traindata.generate import generate


@pytest.fixture(scope="module")
def documents() -> list[tuple[str, str]]:
    """Kind and text, without white space, of every document of 400 pairs."""
    return [(pair.genre, compact(pair.output)) for pair in documents_of(generate(400, 0)).values()]


def test_no_two_documents_are_near_duplicates(documents: list[tuple[str, str]]) -> None:
    sets = [(genre, grams(text, 5)) for genre, text in documents]
    alike = [jaccard(one, other) for (kind, one), (genre, other) in combinations(sets, 2) if kind == genre]
    assert len(alike) > 1000
    assert max(alike) < 0.5


@pytest.mark.parametrize(("size", "least"), [(2, 0.15), (4, 0.4)])
def test_words_are_many(documents: list[tuple[str, str]], size: int, least: float) -> None:
    assert (distinct([text for _, text in documents], size) or 0) > least
