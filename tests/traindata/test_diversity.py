"""distinct-n and near-duplicates, by hand."""

import random

from odw_harness.traindata.card import duplicates
from odw_harness.traindata.diversity import distinct, jaccard, near_duplicates, plain
from tests.traindata.support import LETTER, NOTICE, pair


def test_distinct_n_counts_over_all_texts() -> None:
    assert distinct(["甲乙甲乙", "甲乙"], 1) == 2 / 6
    assert distinct(["甲乙甲乙", "甲乙"], 2) == 2 / 4
    assert distinct(["甲乙", ""], 4) is None


def test_jaccard_of_sets() -> None:
    assert jaccard({"a", "b"}, {"b", "c"}) == 1 / 3
    assert jaccard(set(), set()) == 0


def test_copies_are_found_whatever_their_signs_and_widths() -> None:
    wide = NOTICE.replace("2025", "２０２５").replace("。", " ；\n")
    assert plain(wide) == plain(NOTICE)
    assert near_duplicates([LETTER, NOTICE, "一段别的文字", wide]) == {3: 1}


def test_a_changed_figure_is_a_near_duplicate_and_another_document_is_none() -> None:
    other = NOTICE.replace("36.5万元", "88万元").replace("江若木", "白未央")
    assert near_duplicates([NOTICE, other, LETTER]) == {1: 0}


def test_texts_that_share_less_than_seven_tenths_are_not_claimed() -> None:
    """Every two share 305 of their 400 characters: a Jaccard similarity of 301 / (396 + 396 - 301) = 0.61."""
    rng = random.Random(0)
    marks = [chr(0x4E00 + rng.randrange(5000)) for _ in range(400)]
    shared = "".join(marks[:305])
    texts = ["".join(marks), *(shared + "".join(rng.choices(marks, k=95)) for _ in range(30))]
    assert near_duplicates(texts) == {}


def test_duplicates_are_of_documents_and_not_of_the_pairs_of_one() -> None:
    pairs = [
        pair(1, output=NOTICE, document="a"),
        pair(2, output=NOTICE, document="a"),
        pair(3, output=NOTICE + "。", document="b"),
    ]
    pairs.append(pair(4, output=NOTICE.replace("63处", "64处"), document="c"))
    assert duplicates(pairs) == {"b": ("a", True), "c": ("a", False)}
