"""Documents of the wrong register: another 文种, or talk."""

import random
import re
from collections.abc import Sequence

from odw_harness.judgecheck.perturb_parts import Parts, is_closing, is_text, parts_of, phrases, replaced, unnumbered
from odw_harness.questions import Question
from odw_harness.rules.genres import find_genre


def wrong_genre(question: Question, _others: Sequence[Question], _strength: float, rng: random.Random) -> str | None:
    """The reference as another 文种: title, passage to its matter, tone and closing; its facts stay."""
    parts = parts_of(question)
    genres = phrases()["genres"]
    target = genres["targets"].get(question.genre, "通知")
    if not parts.body or target == question.genre:
        return None
    style = genres[target]
    facts = [wording for fact in question.facts for wording in fact]
    pairs = {**dict.fromkeys(genres["如下"], style["passage"]), **style["tone"]}
    body = [replaced(line, pairs, facts) for line in parts.body]
    if len(body) > 1 and is_closing(parts.body[-1]):
        body.pop()
    body.append(rng.choice(style["closings"]))
    below = next((i for i, line in enumerate(parts.head[parts.title :]) if _ends(line, question)), 0)
    head = (*parts.head[: parts.title], _title(question, parts, below, target), *parts.head[parts.title + below + 1 :])
    return Parts(head, tuple(body), parts.foot, parts.title).text


def _ends(line: str, question: Question) -> bool:
    genre = find_genre(question.genre)
    return re.sub("（[^）]*）$", "", line.strip()).endswith(genre.endings if genre else (question.genre,))


def _title(question: Question, parts: Parts, below: int, target: str) -> str:
    title = "".join(line.strip() for line in parts.head[parts.title : parts.title + below + 1])
    genre = find_genre(question.genre)
    bare = re.sub("（[^）]*）$", "", title)
    for ending in genre.endings if genre and genre.name != "讲话稿" else ():
        bare = re.sub(f"(?:的|的?(?:专题|常务|办公)?会议)?{ending}$", "", bare) if ending else bare
    name = "命令" if target == "令" else target
    issuer = next((issuer for issuer in question.issuers if bare.startswith(issuer)), "")
    rest = bare.removeprefix(issuer)
    if not rest:  # 令 has no subject in its title
        return f"{issuer}关于公布有关文件的{name}"
    return f"{bare}的{name}" if "关于" in bare else f"{issuer}关于{rest}的{name}"


def colloquial(question: Question, _others: Sequence[Question], _strength: float, rng: random.Random) -> str | None:
    """The reference as talk: official phrases in spoken words, headings dissolved, a chatty opening and closing.

    Facts keep their wording.
    """
    parts = parts_of(question)
    if not parts.body:
        return None
    data = phrases()
    spoken = data["spoken"]
    title = "".join(line.strip() for line in parts.head[parts.title : parts.title + 1])
    lines = [rng.choice(spoken["openings"]).replace("{title}", title)]
    pairs = data["colloquial"]
    keep = [wording for fact in question.facts for wording in fact]
    for line in parts.body:
        plain = replaced(unnumbered(line), pairs, keep)
        if plain != line and unnumbered(line) != line:
            plain = f"{rng.choice(spoken['links'])}，{plain}"
        lines.append(plain if is_text(line) else f"{plain}，")
    text = "".join(lines).replace("：，", "，")
    head = [line for i, line in enumerate(parts.head) if i != parts.title and not line.strip().endswith("：")]
    tail = "".join(f"{line.strip()}，" for line in (*head, *parts.foot))
    return f"{text}\n{rng.choice(spoken['closings'])}" + (f"（{tail.rstrip('，')}）" if tail else "")
