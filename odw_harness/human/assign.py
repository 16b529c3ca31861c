"""Who marks what: blind, seeded and balanced over graders, systems and questions.

A script (答卷) is an answer to be marked; a text that two systems gave is one. Every grader gets as many as the others, of
each question and each system alike, and shares scripts with every other grader, so that a severe grader can be told from a
weak system.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from odw_harness.errors import MarkError
from odw_harness.texts import counted


@dataclass(frozen=True, order=True)
class Script:
    """An answer to be marked: what was asked and answered, as `runs.Answer` has them, and which systems wrote it."""

    question_hash: str
    answer_hash: str
    systems: tuple[str, ...]


_SWEEPS = 2
"""Times that systems are balanced question by question, the second time knowing of all other questions. More change nothing."""

Sheets = list[list[Script]]
"""For each grader the scripts to mark, in the order in which they are shown."""


def sample(scripts: Sequence[Script], number: int, seed: int) -> list[Script]:
    """That many of the scripts, drawn evenly over questions and systems. Raises MarkError where there are not so many."""
    if number > len(scripts):
        raise MarkError(
            f"--answers {number}: there are only {counted(len(scripts), 'different answer')}; ask for that many or fewer"
        )
    return list(islice(_evenly(scripts, random.Random(f"{seed} sample")), number))


def assign(scripts: Sequence[Script], graders: int, per_grader: int | None, overlap: int, seed: int) -> Sheets:
    """Give each script to at least `overlap` graders, none of whom gets more than per_grader.

    Without per_grader there are as many marks as the overlap asks for; with it, what is to spare goes to further marks.
    Numbers of marks of two scripts, and those of two graders, differ by one at most; no grader sees a script twice. The
    order on a sheet: the questions at random, the scripts of each together and at random. Raises MarkError where the
    graders can't do it.
    """
    marks = _marks(len(scripts), graders, per_grader, overlap)
    draw = random.Random(f"{seed} assign")
    each, more = divmod(marks, len(scripts))
    sizes = Counter(dict.fromkeys(scripts, each)) + Counter(islice(_evenly(scripts, draw), more))
    crew = _Crew(graders, draw)
    questions = _shuffled(scripts, draw)
    blocks = [crew.blocks([sizes[script] for script in of_question]) for of_question in questions]
    seen: list[Counter[str]] = [Counter() for _ in range(graders)]
    for sweep in range(_SWEEPS):
        for number, of_question in enumerate(questions):
            if sweep:
                _count(seen, of_question, blocks[number], -1)
            blocks[number] = _matched(of_question, blocks[number], seen)
            _count(seen, of_question, blocks[number], 1)
    sheets: Sheets = [[] for _ in range(graders)]
    for of_question, of_scripts in zip(questions, blocks, strict=True):
        for script, block in zip(of_question, of_scripts, strict=True):
            for grader in block:
                sheets[grader].append(script)
    return [
        [script for of_question in _shuffled(sheet, random.Random(f"{seed} order {number}")) for script in of_question]
        for number, sheet in enumerate(sheets)
    ]


def _marks(scripts: int, graders: int, per_grader: int | None, overlap: int) -> int:
    """How many marks there will be."""
    if overlap > graders:
        raise MarkError(
            f"--overlap {overlap}: there are only {counted(graders, 'grader')}; name more, or ask for less overlap"
        )
    wanted = scripts * overlap
    marks = wanted if per_grader is None else min(graders * per_grader, scripts * graders)
    if marks < graders:
        raise MarkError(
            f"--graders {graders}: some would get none of {counted(marks, 'mark')}; name fewer, or ask for more --overlap"
        )
    if per_grader is not None and graders * per_grader < wanted:
        raise MarkError(
            f"--graders {graders} --per-grader {per_grader}: {graders * per_grader} marks are too few for {scripts} answers"
            f" by {overlap} each ({wanted}); what would do: --per-grader {-(-wanted // graders)}, or"
            f" {-(-wanted // per_grader)} graders, or --answers {graders * per_grader // overlap}"
        )
    return marks


def _evenly(scripts: Sequence[Script], draw: random.Random) -> Iterator[Script]:
    """The scripts in an order of which every beginning is spread evenly over questions and systems."""
    left: dict[str, list[Script]] = {}
    for of_question in _shuffled(scripts, draw):
        left[of_question[0].question_hash] = of_question
    taken: Counter[str] = Counter()
    while left:
        question = min(left, key=lambda each: (taken[each], draw.random()))
        script = min(left[question], key=lambda each: sum(taken[name] for name in each.systems) / len(each.systems))
        left[question].remove(script)
        if not left[question]:
            del left[question]
        taken.update([question, *script.systems])
        yield script


def _shuffled(scripts: Sequence[Script], draw: random.Random) -> list[list[Script]]:
    """The scripts of each question, both at random."""
    found: dict[str, list[Script]] = defaultdict(list)
    for script in sorted(scripts):
        found[script.question_hash].append(script)
    questions = list(found.values())
    draw.shuffle(questions)
    for of_question in questions:
        draw.shuffle(of_question)
    return questions


def groups(sheets: Sheets) -> int:
    """How many groups of graders there are, of whom none shares a script with any of another, directly or through others."""
    together: dict[Script, list[int]] = defaultdict(list)
    for grader, sheet in enumerate(sheets):
        for script in sheet:
            together[script].append(grader)
    group = list(range(len(sheets)))
    for block in together.values():
        group = _joined(group, block)
    return len(set(group))


def _joined(group: Sequence[int], block: Sequence[int]) -> list[int]:
    linked = {group[grader] for grader in block}
    return [min(linked) if each in linked else each for each in group]


class _Crew:
    """The graders while they are put together in blocks, each block the graders of one script."""

    def __init__(self, number: int, draw: random.Random):
        self.draw = draw
        self.load = [0] * number
        self.together: Counter[tuple[int, int]] = Counter()
        self.group = list(range(number))

    def blocks(self, sizes: Sequence[int]) -> list[list[int]]:
        """A block of each size, all for scripts of one question."""
        asked: Counter[int] = Counter()
        return [self._block(size, asked) for size in sizes]

    def _block(self, size: int, asked: Counter[int]) -> list[int]:
        """Those with the fewest marks, whence nobody ever has two more than another; of these who has the fewest of this
        question, is not yet linked with the others of the block, and shares the fewest scripts with them."""
        block: list[int] = []
        while len(block) < size:
            linked = {self.group[grader] for grader in block}
            block.append(
                min(
                    (grader for grader in range(len(self.load)) if grader not in block),
                    key=lambda grader: (
                        self.load[grader],
                        asked[grader],
                        self.group[grader] in linked,
                        sum(self.together[grader, other] for other in block),
                        self.draw.random(),
                    ),
                )
            )
        for grader in block:
            self.load[grader] += 1
            asked[grader] += 1
            self.together.update((grader, other) for other in block)
        self.group = _joined(self.group, block)
        return block


def _count(seen: Sequence[Counter[str]], scripts: Sequence[Script], blocks: Sequence[list[int]], by: int) -> None:
    """Add to what graders have seen of each system."""
    for script, block in zip(scripts, blocks, strict=True):
        for grader in block:
            for name in script.systems:
                seen[grader][name] += by


def _matched(scripts: Sequence[Script], blocks: Sequence[list[int]], seen: Sequence[Counter[str]]) -> list[list[int]]:
    """The blocks of a question's scripts, exchanged so that graders get the systems of which they have seen least.

    An assignment problem, exact where a grader's scripts of a question are of different systems.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    matched = list(blocks)
    for size in {len(block) for block in blocks}:
        places = [place for place, block in enumerate(blocks) if len(block) == size]
        cost = np.array(
            [
                [
                    sum(seen[grader][name] for grader in blocks[other] for name in scripts[place].systems)
                    for other in places
                ]
                for place in places
            ]
        )
        for place, other in zip(*linear_sum_assignment(cost), strict=True):
            matched[places[place]] = blocks[places[other]]
    return matched
