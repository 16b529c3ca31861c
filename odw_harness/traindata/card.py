"""The card of a training set: what was made of what, how varied it is, and what its documents fail."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from odw_harness.console import table_console
from odw_harness.rules import Expectations, Report, check_text, of_genre
from odw_harness.rules.genres import find_genre
from odw_harness.traindata.diversity import NEAR, NS, SHINGLE, distinct, near_duplicates, plain
from odw_harness.traindata.pair import Pair

LONG = 2600
"""Characters of instruction and output together: in common vocabularies about 2,048 tokens, the paper's cutoff_len."""


def check_pair(pair: Pair) -> Report:
    """The rule checks on a pair's document: by its 文种 where it is known, with its facts and its instruction's figures."""
    genre = find_genre(pair.genre)
    expected = of_genre(genre.name) if genre else Expectations()
    facts = tuple((fact,) for fact in pair.facts)
    return check_text(pair.output, replace(expected, facts=facts, prompt=pair.instruction))


def documents_of(pairs: Iterable[Pair]) -> dict[str, Pair]:
    """The first pair of each document."""
    found: dict[str, Pair] = {}
    for pair in pairs:
        found.setdefault(pair.document, pair)
    return found


def duplicates(pairs: Sequence[Pair]) -> dict[str, tuple[str, bool]]:
    """For each document that resembles an earlier one: that one, and whether they are the same but for signs and widths."""
    documents = documents_of(pairs)
    names, texts = list(documents), [pair.output for pair in documents.values()]
    return {
        names[later]: (names[earlier], plain(texts[later]) == plain(texts[earlier]))
        for later, earlier in near_duplicates(texts).items()
    }


def card(
    train: Sequence[Pair],
    validation: Sequence[Pair],
    reports: dict[str, Report],
    alike: dict[str, tuple[str, bool]],
) -> dict[str, Any]:
    """Counts, diversity and faults of what is written: a pair at least. reports: by pair id. alike: `duplicates` of it."""
    pairs = [*train, *validation]
    documents = documents_of(pairs)
    held = {pair.document for pair in validation}
    return {
        "pairs": {"train": len(train), "validation": len(validation)},
        "documents": {"train": len(documents.keys() - held), "validation": len(held)},
        "styles": dict(sorted(Counter(pair.style for pair in pairs).items())),
        "genres": {
            genre: _of_genre([pair for pair in pairs if pair.genre == genre], held, reports, alike)
            for genre in dict.fromkeys(pair.genre for pair in pairs)
        },
        "diversity": {
            "outputs": _distinct(pair.output for pair in documents.values()),
            "instructions": _distinct(pair.instruction for pair in pairs),
            "near_duplicates": {
                "documents": len(alike),
                "share": round(len(alike) / len(documents), 4),
                "exact": sum(exact for _, exact in alike.values()),
                "across_the_split": sum((later in held) != (earlier in held) for later, (earlier, _) in alike.items()),
                "jaccard": NEAR,
                "shingle": SHINGLE,
            },
        },
        "rules": _rules(pairs, reports),
        "characters": _lengths(pairs),
    }


def _of_genre(
    pairs: list[Pair], held: set[str], reports: dict[str, Report], alike: dict[str, tuple[str, bool]]
) -> dict[str, Any]:
    documents = documents_of(pairs)
    texts = [pair.output for pair in documents.values()]
    return {
        "pairs": len(pairs),
        "documents": len(documents),
        "validation": len(documents.keys() & held),
        "median_characters": int(median(map(len, texts))),
        "distinct_4": _rounded(distinct(map(plain, texts), 4)),
        "near_duplicates": len(documents.keys() & alike.keys()),
        "failed": sum(not sound(reports[pair.id]) for pair in pairs),
    }


def _distinct(texts: Iterable[str]) -> dict[str, float | None]:
    plain_texts = [plain(text) for text in texts]
    return {f"distinct_{n}": _rounded(distinct(plain_texts, n)) for n in NS}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def sound(report: Report) -> bool:
    """Whether a document fails no hard rule check and lacks no fact."""
    return report.passed and not report.missing_facts


def _rules(pairs: list[Pair], reports: dict[str, Report]) -> dict[str, Any]:
    own = [reports[pair.id] for pair in pairs]
    findings = [finding for report in own for finding in report.findings if not finding.ok]
    return {
        "mean": round(sum(report.rules for report in own) / len(own), 4),
        "failed_pairs": sum(not sound(report) for report in own),
        "missing_facts": sum(bool(report.missing_facts) for report in own),
        "hard": dict(Counter(each.check for each in findings if each.level == "hard").most_common()),
        "soft": dict(Counter(each.check for each in findings if each.level == "soft").most_common()),
    }


def _lengths(pairs: list[Pair]) -> dict[str, int]:
    both = sorted(len(pair.instruction) + len(pair.output) for pair in pairs)
    return {"median": int(median(both)), "most": both[-1], f"over_{LONG}": sum(length > LONG for length in both)}


def show(card: dict[str, Any]) -> None:
    """Print a card's tables to standard output."""
    from rich import box
    from rich.table import Table

    console = table_console(highlight=False)
    table = Table(box=box.SIMPLE, padding=(0, 1))
    table.add_column("文种", no_wrap=True)
    for name in ("documents", "pairs", "val.", "length", "dist-4", "near", "failed"):
        table.add_column(name, justify="right")
    for genre, row in card["genres"].items():
        values = ("documents", "pairs", "validation", "median_characters", "distinct_4", "near_duplicates", "failed")
        table.add_row(genre, *("–" if row[name] is None else str(row[name]) for name in values))
    console.print(table)
    varied, near = card["diversity"], card["diversity"]["near_duplicates"]
    for what in ("outputs", "instructions"):
        told = " · ".join(f"distinct-{n} {varied[what][f'distinct_{n}']}" for n in NS)
        console.print(f"{what}: {told}", soft_wrap=True)
    console.print(
        f"near-duplicates (Jaccard {near['jaccard']} over character {near['shingle']}-grams): {near['documents']} documents "
        f"({near['share']:.1%}), {near['exact']} of them exact, {near['across_the_split']} across the split",
        soft_wrap=True,
    )
    rules = card["rules"]
    console.print(f"rule checks: mean {rules['mean']}, {rules['failed_pairs']} pairs fail", soft_wrap=True)
    for level in ("hard", "soft"):
        if rules[level]:
            told = ", ".join(f"{count} × {name}" for name, count in rules[level].items())
            console.print(f"  {level}: {told}", soft_wrap=True)


def as_json(card: dict[str, Any]) -> str:
    """A card as one JSON document."""
    return json.dumps(card, ensure_ascii=False, indent=1)
