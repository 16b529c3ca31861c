import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from odw_harness.judgecheck.card import (
    JUDGE,
    LONGEST,
    RANDOM,
    RULES,
    Card,
    CaseScores,
    Cost,
    KindInfo,
    Statement,
    row_of,
)
from odw_harness.judgecheck.page import page
from odw_harness.judgecheck.pictures import pictures

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
PARTS = ("judge", "question", "statement", "title", "reason", "model")
KINDS: dict[str, tuple[Any, tuple[float, ...]]] = {
    "reference": ("reference", (1.0,)),
    "cut": ("worse", (0.25, 0.5)),
    "figures_altered": ("worse", (1.0,)),
    "padded": ("not_higher", (0.5,)),
    "closings": ("same", (1.0,)),
}


def card(**hostile: str) -> Card:
    """A card of two questions; a text of each place may be set."""
    kinds = {
        name: KindInfo(effect=effect, title=hostile.get("title", name), title_zh=f"中{name}", strengths=strengths)
        for name, (effect, strengths) in KINDS.items()
    }
    questions = (hostile.get("question", "Q-1"), "Q-2")
    cases = [
        CaseScores(
            question=question,
            kind=name,
            strength=strength,
            against=("reference", 1.0),
            characters=100,
            scores={
                JUDGE: (8.0 if name == "reference" else 8 - 4 * strength,),
                RULES: (8,),
                LONGEST: (8,),
                RANDOM: (5,),
            },
            caught=True if name == "figures_altered" else None,
        )
        for question in questions
        for name, kind in kinds.items()
        for strength in kind.strengths
    ]
    judge = hostile.get("judge", "j")
    labels = {JUDGE: judge, RULES: "rules only", LONGEST: "longest", RANDOM: "random"}
    sentence = hostile.get("statement", "Trust it.")
    return Card(
        judge=judge,
        provenance={
            "model": hostile.get("model", "m"),
            "rubric": "odweval",
            "rubric_version": "1",
            "settings": {"a": 1},
        },
        seed=0,
        questions=questions,
        date="2024-01-01T00:00:00+00:00",
        version="0",
        kinds=kinds,
        rows=tuple(row_of(scorer, label, cases, kinds) for scorer, label in labels.items()),
        cost=Cost(verdicts=12, coverage=0.5, unscored={hostile.get("reason", "cut reply"): 6}, seconds=1.5, usage={}),
        summary=(Statement(en=sentence, zh="可信。"), Statement(en="More.", zh="还有。")),
        cases=tuple(cases),
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(text)
    return parser.found


def test_the_page_loads_nothing_from_outside_and_forbids_it() -> None:
    text = page(card())
    found = tags(text)
    assert [tag for tag, _ in found if tag in ("link", "img", "iframe", "object", "embed", "base", "form", "a")] == []
    assert [attributes for _, attributes in found if {"src", "href", "srcset"} & set(attributes)] == []
    policy = next(a["content"] for tag, a in found if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    styles = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in styles
    assert "@import" not in styles
    assert len(text.encode()) < 6_000_000


@pytest.mark.parametrize("part", PARTS)
def test_hostile_texts_are_escaped(part: str) -> None:
    plain, hostile = tags(page(card())), tags(page(card(**{part: HOSTILE})))
    assert [tag for tag, _ in hostile] == [tag for tag, _ in plain], "no tag more, no tag less"
    assert HOSTILE not in page(card(**{part: HOSTILE}))


@pytest.mark.parametrize("part", ["judge", "question", "title"])
def test_no_tag_reaches_plotly_which_would_read_it(part: str) -> None:
    drawn = json.dumps(pictures(card(**{part: HOSTILE}), "en"))
    assert "<img" not in drawn
    assert "&lt;img" in drawn


def test_a_card_survives_json_and_gives_the_same_page() -> None:
    one = card()
    again = Card.model_validate_json(one.model_dump_json())
    assert again == one
    assert page(again) == page(one)


def test_both_languages_stand_in_the_page() -> None:
    text = page(card())
    assert '<span lang="en">Trust it.</span><span lang="zh">可信。</span>' in text
    assert '<span lang="en">cut</span><span lang="zh">中cut</span>' in text


def test_the_pictures_show_the_cards_figures() -> None:
    drawn = pictures(card(), "en")
    assert list(drawn) == ["forest", "strengths", "spread", "length"]
    judge, beside, rules = drawn["forest"]["data"][:3]
    assert (judge["name"], judge["x"]) == ("j", [100.0, 100.0, 100.0])
    # All that is worse loses 1, 2 or 4 points, what is as good loses 4.
    assert (beside["name"], beside["x"]) == ("j, beside as-good rewrites", [0.0, 0.0, 0.0])
    assert (rules["name"], rules["x"]) == ("rules only", [0.0, 0.0, 0.0])
    assert judge["error_x"]["arrayminus"][0] == pytest.approx(100 * (1 - 4 / (4 + 1.959964**2)), abs=1e-4)
    thin, thick = drawn["strengths"]["data"]
    assert thin["y"] == [8.0, 7.0, 6.0, None, 8.0, 7.0, 6.0, None]
    assert (thick["x"], thick["y"]) == ([0.0, 0.25, 0.5], [8.0, 7.0, 6.0])
    assert {box["name"]: box["x"] for box in drawn["spread"]["data"]}["as good"] == [4.0, 4.0]
    assert drawn["length"]["data"][1]["x"] == [100.0] * 6
    assert "应更低" in json.dumps(pictures(card(), "zh"), ensure_ascii=False)


def test_a_card_without_scores_or_worse_kinds_has_a_page_too() -> None:
    one = card()
    none = [case.model_copy(update={"scores": {**case.scores, JUDGE: (None,)}}) for case in one.cases]
    unscored = one.model_copy(
        update={"cases": tuple(none), "rows": (row_of(JUDGE, "j", none, one.kinds), *one.rows[1:])}
    )
    assert "–" in page(unscored)
    kinds = {name: kind for name, kind in one.kinds.items() if kind.effect != "worse"}
    cases = [case for case in one.cases if case.kind in kinds]
    rows = tuple(row_of(row.scorer, row.label, cases, kinds) for row in one.rows)
    fewer = one.model_copy(update={"kinds": kinds, "cases": tuple(cases), "rows": rows})
    assert 'id="forest"' not in page(fewer)
    assert not re.search(r'"forest":', page(fewer).rpartition("const figures")[2])
