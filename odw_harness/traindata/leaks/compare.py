"""A row of training data against all questions at once: the questions are indexed, the rows stream by."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from odw_harness.questions import OUTPUT_CONTRACT, Question
from odw_harness.traindata.diversity import SHINGLE, grams, jaccard, plain
from odw_harness.traindata.leaks.facts import FactIndex, rare_facts
from odw_harness.traindata.rows import TrainingRow

GRAM = 13
"""Characters without blanks and signs: as many as the words of the n-grams by which GPT-3's data were looked through
(Brown et al. 2020, arXiv:2005.14165, appendix C)."""
MEASURES = ("exact", "prompt", "reference", "similarity", "facts")
_EXACT = 0.95
"""From this share of its 13-grams on a text is looked for whole."""
_WORTH_COMPARING = 0.05
"""Share of a text's 13-grams that a row must have before their similarity is worked out."""
Side = Literal["prompt", "reference"]


@dataclass(frozen=True)
class Text:
    """A question's prompt or reference, plain, with the grams that say something and those that are phrases."""

    question: int
    side: Side
    text: str

    @cached_property
    def shingles(self) -> set[str]:
        """Distinct 5-grams."""
        return grams(self.text, SHINGLE)

    def places(self) -> dict[str, list[int]]:
        """Where each 13-gram stands."""
        found: dict[str, list[int]] = defaultdict(list)
        for start in range(len(self.text) - GRAM + 1):
            found[self.text[start : start + GRAM]].append(start)
        return found


class Questions:
    """The index of some questions. What several of them say, and the output contract, is no sign of a leak."""

    def __init__(self, questions: Sequence[Question]) -> None:
        """Index them."""
        self.questions = questions
        self._contract = plain(OUTPUT_CONTRACT)
        self.texts = [
            Text(number, side, plain(getattr(question, side)).replace(self._contract, ""))
            for number, question in enumerate(questions)
            for side in ("prompt", "reference")
        ]
        self.facts = FactIndex([rare_facts(question) for question in questions])
        self._whole = defaultdict[str, list[int]](list)
        self._grams = defaultdict[str, list[int]](list)
        self._places = [text.places() for text in self.texts]
        for number, text in enumerate(self.texts):
            self._whole[text.text].append(number)
            for gram in self._places[number]:
                self._grams[gram].append(number)
        self._whole.pop("", None)
        phrases = self._phrases()
        self._telling = [self._without(number, phrases) for number in range(len(self.texts))]
        self._countable = [self._covered(number, self._telling[number]) for number in range(len(self.texts))]

    def _phrases(self) -> set[str]:
        """13-grams of several questions or of the contract."""
        several = {
            gram
            for gram, numbers in self._grams.items()
            if len({self.texts[number].question for number in numbers}) > 1
        }
        return several | grams(self._contract, GRAM)

    def _without(self, number: int, phrases: set[str]) -> set[str]:
        """The grams of a text that are its own. A question that stands twice in a file would have none: then all."""
        own = self._places[number].keys() - phrases
        return own if len(own) >= len(self._places[number]) / 2 else set(self._places[number])

    def _covered(self, number: int, shared: set[str]) -> int:
        """Characters of a text that stand in some of its grams."""
        covered: set[int] = set()
        for gram in shared:
            for start in self._places[number][gram]:
                covered.update(range(start, start + GRAM))
        return len(covered)

    def measures(self, row: TrainingRow) -> dict[int, dict[str, float]]:
        """By question, what of MEASURES is above 0 in a row.

        exact: 1 where prompt or reference stands in the row, whatever blanks, signs and widths. prompt, reference:
        share of its characters in 13-grams that the row has too. similarity: the larger Jaccard similarity of prompt
        with what the row asks, and of reference with what it answers; exact, for with so few texts to compare with
        nothing need be estimated, and looked at where a 13-gram is shared. facts: share of the rare facts that the row
        states.
        """
        parts = [plain(part) for part in (row.system, row.asked, row.answered)]
        system, asked, answered = (part.replace(self._contract, "") for part in parts)
        found: dict[int, dict[str, float]] = defaultdict(dict)

        def note(question: int, measure: str, value: float) -> None:
            if value > found[question].get(measure, 0.0):
                found[question][measure] = value

        for part in (system, asked, answered):
            for number in self._whole.get(part, ()):
                note(self.texts[number].question, "exact", 1.0)
        together = f"{system}\n{asked}\n{answered}"
        shared: dict[int, set[str]] = defaultdict(set)
        for gram in grams(together, GRAM) & self._grams.keys():
            for number in self._grams[gram]:
                shared[number].add(gram)
        for number, own in shared.items():
            text = self.texts[number]
            if countable := self._countable[number]:
                note(text.question, text.side, self._covered(number, own & self._telling[number]) / countable)
            if len(own) >= _EXACT * len(self._places[number]) and text.text in together:
                note(text.question, "exact", 1.0)
            if len(own) >= _WORTH_COMPARING * len(self._places[number]):
                other = grams(asked if text.side == "prompt" else answered, SHINGLE)
                note(text.question, "similarity", jaccard(text.shingles, other))
        for question, numbers in self.facts.stated(together, row).items():
            note(question, "facts", self.facts.share(question, numbers))
        return {question: values for question, values in found.items() if values}
