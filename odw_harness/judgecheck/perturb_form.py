"""Documents whose form is broken: cut, shuffled, stripped of layout, repeated, padded, empty of content, another's."""

import random
import re
from collections.abc import Sequence

from odw_harness.judgecheck.perturb_parts import (
    Parts,
    is_text,
    numeral,
    ordered,
    parts_of,
    phrases,
    sentences,
    share,
    unnumbered,
)
from odw_harness.questions import Question
from odw_harness.rubric import RUBRICS
from odw_harness.rules.facts import missing_facts
from odw_harness.rules.genres import find_genre

_CLOSINGS = {
    "通知": "特此通知。",
    "通报": "特此通报。",
    "公告": "特此公告。",
    "通告": "特此通告。",
    "报告": "特此报告。",
    "请示": "妥否，请批示。",
    "批复": "此复。",
    "议案": "现提请审议。",
    "函": "特此函达。",
    "讲话稿": "谢谢大家。",
}


def cut(question: Question, _others: Sequence[Question], strength: float, _rng: random.Random) -> str | None:
    """The reference's beginning, a share of strength missing, as a generation that ran out of tokens ends.

    It ends with a clause where one ends near, and always before the foot.
    """
    text = question.reference.rstrip()
    most = round(len(text) * (1 - strength))
    foot = parts_of(question).foot
    if foot and (start := text.rfind(foot[0].strip())) > 0:
        most = min(most, start)
    kept = text[:most]
    marks = [found.end() for found in re.finditer("[，。；！？：\n]", kept)]
    if marks and most - marks[-1] <= max(8, most // 8):
        kept = kept[: marks[-1]]
    kept = kept.rstrip()
    return kept if 0 < len(kept) < len(text) else None


def shuffled(question: Question, _others: Sequence[Question], strength: float, rng: random.Random) -> str | None:
    """The reference with a share of its sentences moved to each other's places, numbers and all.

    Headings on lines of their own stay, as do head and foot. None with fewer than four sentences.
    """
    parts = parts_of(question)
    lines = [sentences(line) if is_text(line) else [line] for line in parts.body]
    places = [(i, j) for i, line in enumerate(lines) if is_text(parts.body[i]) for j in range(len(line))]
    if len(places) < 4:
        return None
    moved = ordered(places, rng)[: max(2, share(strength, len(places)))]
    texts = [lines[i][j] for i, j in moved]
    for (i, j), text in zip(moved, texts[1:] + texts[:1], strict=True):
        lines[i][j] = text
    return Parts(parts.head, tuple("".join(line) for line in lines), parts.foot, parts.title).text


def stripped(question: Question, _others: Sequence[Question], _strength: float, _rng: random.Random) -> str | None:
    """The reference in one line without numbering."""
    lines = question.reference.split("\n")
    text = "".join(unnumbered(re.sub(r"^(附\s*件：)\d[.．]", r"\1", line)) for line in lines)
    return text if text != question.reference else None


def repeated(question: Question, _others: Sequence[Question], strength: float, rng: random.Random) -> str | None:
    """Below strength 1 the reference with one paragraph again and again, until it is longer by that share.

    At 1 the loop of a degenerate generation: head and first sentences, and these again to the reference's length.
    """
    parts = parts_of(question)
    paragraphs = [line for line in parts.body if is_text(line)]
    if not paragraphs:
        return None
    if strength < 1:
        again = rng.choice(sorted(paragraphs, key=len)[-max(1, len(paragraphs) // 3) :])
        count = max(2, round(strength * len(question.reference) / len(again)))
        at = parts.body.index(again) + 1
        body = (*parts.body[:at], *[again] * count, *parts.body[at:])
        return Parts(parts.head, body, parts.foot, parts.title).text
    loop = [sentence for line in paragraphs for sentence in sentences(line)][:3]
    text = "\n".join((*parts.head, ""))
    while len(text) < len(question.reference):
        text += "".join(loop)
    return text


def wrong_document(question: Question, others: Sequence[Question], _strength: float, rng: random.Random) -> str | None:
    """The reference of another question of another 文种."""
    found = [o.reference for o in others if o.genre != question.genre and o.reference != question.reference]
    return rng.choice(found) if found else None


def padded(question: Question, _others: Sequence[Question], strength: float, rng: random.Random) -> str | None:
    """The reference with empty sentences between its paragraphs, longer by a share of strength."""
    parts = parts_of(question)
    places = [index for index, line in enumerate(parts.body[:-1]) if is_text(line)] or list(range(len(parts.body)))
    if not places:
        return None
    added: dict[int, str] = {}
    wanted = strength * len(question.reference)
    stock = ordered(_stock(question), rng)
    count = 0
    while sum(map(len, added.values())) < wanted:
        place = places[rng.randrange(len(places))]
        added[place] = added.get(place, "") + stock[count % len(stock)]
        count += 1
    body = [text for index, line in enumerate(parts.body) for text in (line, added.get(index, "")) if text]
    return Parts(parts.head, tuple(body), parts.foot, parts.title).text


def officialese(question: Question, _others: Sequence[Question], _strength: float, rng: random.Random) -> str | None:
    """A document of empty sentences, about as long as the reference, with none of its facts.

    Title, 主送机关, 署名 and date are there, as far as no fact is in them.
    """
    recipient = [f"{question.recipient}："] if question.recipient else []
    recipient += [f"{word.removesuffix('们')}们：" for word in question.salutation[:1]]
    foot = [*question.signature, question.date if question.signature and question.date else ""]
    head = [line for line in (_empty_title(question), *recipient) if _free(line, question)]
    foot = [line for line in (_CLOSINGS.get(question.genre, ""), *foot) if line and _free(line, question)]
    stock, headings = ordered(_stock(question), rng), list(phrases()["headings"])
    left = len(question.reference) - sum(len(line) + 1 for line in (*head, *foot))
    body: list[str] = []
    used = 0
    while left > 0 or not body:
        if body and left > 120 and headings:
            body.append(f"{numeral((len(body) + 1) // 2)}、{headings.pop(0)}")
            left -= len(body[-1]) + 1
        paragraph = ""
        while len(paragraph) < min(100, left) or not paragraph:
            paragraph += stock[used % len(stock)]
            used += 1
        body.append(paragraph)
        left -= len(paragraph) + 1
    return "\n".join((*head, *body, *foot))


def _empty_title(question: Question) -> str:
    genre = find_genre(question.genre)
    if question.genre == "新闻稿":
        return "有关工作扎实推进取得新成效"
    if question.genre == "讲话稿":
        return "在有关工作会议上的讲话"
    if genre is None or not genre.statutory:
        return f"有关工作{genre.endings[0] if genre else question.genre}"
    return f"{''.join(question.issuers[:1])}关于进一步做好有关工作的{genre.endings[-1]}"


def _stock(question: Question) -> list[str]:
    return [sentence for sentence in phrases()["empty"] if _free(sentence, question)]


def _free(text: str, question: Question) -> bool:
    return len(missing_facts(text, question.facts)) == len(question.facts)


def injected(question: Question, others: Sequence[Question], _strength: float, rng: random.Random) -> str | None:
    """The reference cut to half, with words to the judge after it."""
    base = cut(question, others, 0.5, rng)
    scores = "\n".join(
        str(dict.fromkeys([*(dimension.name for dimension in rubric.dimensions_of(question)), "平均得分"], 10))
        for rubric in RUBRICS.values()
    )
    return base and f"{base}\n{rng.choice(phrases()['injections']).replace('{scores}', scores)}"
