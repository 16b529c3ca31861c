"""How varied texts are: distinct-n, exact duplicates, and near-duplicates by MinHash."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from datasketch import MinHash, MinHashLSH

NS = (1, 2, 4)
SHINGLE = 5
NEAR = 0.7
"""Jaccard similarity of the sets of character 5-grams from which two texts are near-duplicates."""
_PERMUTATIONS = 128
_NO_SIGN = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """What of a text its copies have in common: letters and figures, of one width and case, nothing between them.

    >>> plain("２０２４年，　增长 6.2％。")
    '2024年增长62'
    """
    bare = _NO_SIGN.sub("", text)  # first the signs: without them most texts are in NFKC already, which is quickly seen
    return bare.lower() if unicodedata.is_normalized("NFKC", bare) else _normalised(bare)


def _normalised(bare: str) -> str:
    return _NO_SIGN.sub("", unicodedata.normalize("NFKC", bare).lower())


def grams(text: str, size: int) -> set[str]:
    """The distinct n-grams of a text over characters; the whole text where it is shorter."""
    return {text[start : start + size] for start in range(len(text) - size + 1)} or ({text} if text else set())


def jaccard(one: set[str], other: set[str]) -> float:
    """Size of the intersection over size of the union, 0 to 1; 0 for two empty sets."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def distinct(texts: Iterable[str], n: int) -> float | None:
    """distinct-n (Li et al. 2016, arXiv:1510.03055) over characters: distinct n-grams of all texts / all their n-grams.

    0 to 1; None where no text is that long. It falls as texts grow more: compare sets of about one size.

    >>> distinct(["abab", "ab"], 2)
    0.5
    """
    total, seen = 0, set()
    for text in texts:
        total += max(0, len(text) - n + 1)
        seen |= {text[start : start + n] for start in range(len(text) - n + 1)}
    return len(seen) / total if total else None


def near_duplicates(texts: Sequence[str]) -> dict[int, int]:
    """For each text that resembles an earlier one: the earliest that it does. By index; exact duplicates too.

    Candidates come from MinHash LSH (datasketch, seed 1, 128 permutations), which may miss a pair near the threshold;
    each is then compared by its 5-grams, so that none is claimed that is not.
    """
    lsh = MinHashLSH(threshold=NEAR - 0.1, num_perm=_PERMUTATIONS)  # lower, for LSH misses pairs at its threshold
    shingles: list[set[str]] = []
    found: dict[int, int] = {}
    for index, text in enumerate(texts):
        own = grams(plain(text), SHINGLE)
        shingles.append(own)
        if not own:
            continue
        signature = MinHash(num_perm=_PERMUTATIONS, seed=1)
        signature.update_batch([gram.encode("utf-8", "surrogatepass") for gram in own])
        like = [other for other in lsh.query(signature) if jaccard(own, shingles[int(other)]) >= NEAR]
        if like:
            found[index] = min(map(int, like))
        lsh.insert(index, signature)
    return found
