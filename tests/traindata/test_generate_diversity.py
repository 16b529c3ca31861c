"""Documents of one run differ: in their words, and from each other."""

from collections import Counter

import pytest

from odw_harness.traindata.generate import generate


@pytest.fixture(scope="module")
def documents() -> list[tuple[str, str]]:
    """Kind and text of every document of 400 pairs, once."""
    return list({pair.document: (pair.genre, pair.output) for pair in generate(400, 0)}.values())


def grams(text: str, size: int) -> list[str]:
    text = "".join(text.split())
    return [text[i : i + size] for i in range(len(text) - size + 1)]


def test_no_two_documents_are_near_duplicates(documents: list[tuple[str, str]]) -> None:
    sets = [(genre, set(grams(text, 5))) for genre, text in documents]
    alike = 0.0
    for i, (genre, one) in enumerate(sets):
        for other_genre, other in sets[:i]:
            if genre == other_genre:
                alike = max(alike, len(one & other) / len(one | other))
    assert alike < 0.5


def test_words_are_many(documents: list[tuple[str, str]]) -> None:
    for size, least in ((2, 0.15), (4, 0.4)):
        counts = Counter(gram for _, text in documents for gram in grams(text, size))
        assert len(counts) / sum(counts.values()) > least
