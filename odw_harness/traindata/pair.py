"""A training pair: what is asked, and the document that answers it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """An instruction and its document, as LLaMA-Factory trains on them.

    `document` names what is taught: several pairs may ask for the same document in other words, and none of them may
    part from the others between training and validation. `facts` are the strings that the instruction gives and the
    document must state, as in a question (see `questions.py`).
    """

    id: str
    document: str
    genre: str  # 文种
    style: str  # how it is asked: facts, points, colloquial, rewrite, upper …
    instruction: str
    output: str
    facts: tuple[str, ...] = ()
