"""`odw human export`: answers of runs, blind, as sheets for graders, and the key to them beside."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.errors import MarkError
from odw_harness.human import handing
from odw_harness.human.assign import Script, Sheets, assign, groups, sample
from odw_harness.human.blind import as_shown, gives_away, hash_of
from odw_harness.human.key import Coded, Grader, Key, key_file, new_codes, read_key, write_key
from odw_harness.human.marks import TEXT
from odw_harness.human.sheet import Item, Sheet
from odw_harness.notices import left_out
from odw_harness.questions import Question
from odw_harness.results import Outputs, in_several_texts, read_outputs
from odw_harness.rubric import RUBRICS
from odw_harness.runs import Answer
from odw_harness.stats import Frozen
from odw_harness.store import digest

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Plan:
    """What is asked for. graders: their names. per_grader: the most marks of one; None: what the overlap takes. answers: how
    many of them, None: all. dimensions: the rubric whose dimensions are asked for too. systems, questions: which; None: all."""

    folders: Sequence[str]
    out: str
    graders: Sequence[str]
    per_grader: int | None = None
    overlap: int = 1
    answers: int | None = None
    seed: int = 0
    dimensions: str | None = None
    formats: Sequence[str] = handing.FORMATS
    systems: Sequence[str] | None = None
    questions: Sequence[str] | None = None
    key: str | None = None


class Handed(Frozen):
    """A grader, their sheet's file name without its ending, and how many answers are on it."""

    grader: str
    file: str
    marks: int


class Exported(Frozen):
    """What was handed out. answers, questions, systems, marks: how many; marked: number of graders → number of answers."""

    grading: str
    seed: int
    out: str
    key: str
    answers: int
    questions: int
    systems: int
    marks: int
    marked: dict[int, int]
    graders: tuple[Handed, ...]
    warnings: tuple[str, ...]


def export(plan: Plan) -> Exported:
    """Write the sheets and the key. The same plan and answers give the same files.

    Raises MarkError where the graders can't mark that much, a name is unknown, or there is something in the folder that
    this export did not write; AnswerError where there are no runs, or something can't be written.
    """
    place = key_file(plan.out, plan.key)
    outputs = read_outputs(plan.folders, ungraded=True)
    table, answers = _answers(plan, outputs)
    scripts = [
        Script(question, answer, tuple(sorted(rows["system"].unique())))
        for (question, answer), rows in table.groupby(TEXT)
    ]
    chosen = scripts if plan.answers is None else sample(scripts, plan.answers, plan.seed)
    assigned = assign(chosen, len(plan.graders), plan.per_grader, plan.overlap, plan.seed)
    key = _key(plan, assigned, answers)
    sheets = [_sheet(key, grader, answers) for grader in key.graders]
    names = stems(plan.graders)
    _hand_out(Path(plan.out).expanduser(), place, key, handing.files(sheets, names, plan.formats), plan.folders)
    marked = Counter(Counter(chain.from_iterable(assigned)).values())
    return Exported(
        grading=key.grading,
        seed=plan.seed,
        out=plan.out,
        key=str(place),
        answers=len(chosen),
        questions=len({script.question_hash for script in chosen}),
        systems=len({name for script in chosen for name in script.systems}),
        marks=sum(map(len, assigned)),
        marked=dict(sorted(marked.items())),
        graders=tuple(
            Handed(grader=name, file=stem, marks=len(sheet))
            for name, stem, sheet in zip(plan.graders, names, assigned, strict=True)
        ),
        warnings=(
            *(notice.en for notice in left_out(outputs.skipped)),
            *_of_runs(table),
            *_of_overlap(assigned, marked),
            *_of_systems(scripts, chosen),
            *_of_names([answers[script.question_hash, script.answer_hash] for script in chosen]),
        ),
    )


Answers = Mapping[tuple[str, str], Answer]
"""Answers by question_hash and answer_hash."""


def _answers(plan: Plan, outputs: Outputs) -> "tuple[pd.DataFrame, Answers]":
    """The rows of the runs that are asked for, and the answers in them."""
    table = outputs.table
    for column, option, wanted in (("system", "--systems", plan.systems), ("question", "--questions", plan.questions)):
        if wanted is not None:
            known = list(table[column].unique())
            for name in wanted:
                if name not in known:
                    raise MarkError(
                        f"{option} {name}: no such {column} in these runs; there are {', '.join(sorted(known))}"
                    )
            table = table[table[column].isin(wanted)]
    if table.empty:
        raise MarkError(f"{', '.join(plan.folders)}: no answers are left by --systems and --questions; name others")
    wanted_of: dict[str, set[str]] = {run: set(rows["rubric"]) for run, rows in table.groupby("run")}
    found: dict[tuple[str, str], Answer] = {}
    for run in outputs.runs:
        for rubric in sorted(wanted_of.get(str(run.file), ())):
            for answer in run.answers(rubric):
                found.setdefault((answer.question_hash, answer.answer_hash), answer)
    return table, found


def _key(plan: Plan, assigned: Sheets, answers: Answers) -> Key:
    told = [repr([plan.seed, plan.dimensions, *plan.graders])]
    told += [repr([(script.question_hash, script.answer_hash) for script in sheet]) for sheet in assigned]
    grading = f"g{digest(*told)[:7]}"  # a letter first, or a spreadsheet might take it for a number
    codes = iter(new_codes(sum(map(len, assigned)), f"{plan.seed} {grading}"))

    def coded(script: Script) -> Coded:
        answer = answers[script.question_hash, script.answer_hash]
        return Coded(
            question=answer.question["id"],
            question_hash=script.question_hash,
            answer_hash=script.answer_hash,
            systems=script.systems,
            shown=hash_of(as_shown(answer.document)),
        )

    return Key(
        grading=grading,
        seed=plan.seed,
        exported_from=tuple(str(Path(folder).expanduser().resolve()) for folder in plan.folders),
        dimensions=plan.dimensions,
        graders=tuple(
            Grader(name=name, answers={next(codes): coded(script) for script in sheet})
            for name, sheet in zip(plan.graders, assigned, strict=True)
        ),
    )


def _sheet(key: Key, grader: Grader, answers: Answers) -> Sheet:
    def item(code: str, coded: Coded) -> Item:
        answer = answers[coded.question_hash, coded.answer_hash]
        asked = answer.question
        return Item(
            code=code,
            question=coded.question,
            genre=as_shown(str(asked["genre"])),
            prompt=as_shown(str(asked["prompt"])),
            answer=as_shown(answer.document),
            dimensions=_dimensions(key.dimensions, asked),
        )

    return Sheet(key.grading, grader.name, tuple(item(code, coded) for code, coded in grader.answers.items()))


def _dimensions(rubric: str | None, asked: Mapping[str, Any]) -> dict[str, str]:
    if rubric is None:
        return {}
    question = Question(**{name: asked[name] for name in ("id", "genre", "split", "prompt", "reference")})
    return {each.metric: each.name for each in RUBRICS[rubric].dimensions_of(question)}


def stems(names: Sequence[str]) -> list[str]:
    """Names of files for graders: nothing in them that some file system refuses, and no two alike.

    >>> stems(["王芳", "a/b", "A:B", "CON"])
    ['王芳', 'a_b', 'A_B_2', '_CON']
    """
    found: dict[str, None] = {}
    taken: set[str] = set()
    for name in names:
        stem = re.sub(r"[^\w\-]", "_", name)[:60]
        if re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", stem, re.I):
            stem = f"_{stem}"
        number, free = 1, stem
        while free.casefold() in taken:
            number += 1
            free = f"{stem}_{number}"
        taken.add(free.casefold())
        found[free] = None
    return list(found)


def _hand_out(out: Path, place: Path, key: Key, files: Iterable[tuple[str, bytes]], folders: Sequence[str]) -> None:
    """Write the key and the files, over nothing but what this very export wrote before."""
    made = dict(files)
    if out.exists() and not out.is_dir():
        raise MarkError(f"-o {out}: is a file; name a folder")
    if place.exists():
        held = read_key(place).grading
        if held != key.grading:
            raise MarkError(
                f"-o {out}: {place} is the key of another grading ({held}, this is {key.grading}): without it its marks would"
                " be lost; name another folder"
            )
    for path in handing.files_under(out):
        if made.get(path.relative_to(out).as_posix()) != path.read_bytes():
            raise MarkError(
                f"-o {out}: {path} is not as this export writes it (marks, or another grading's); name another folder"
            )
    write_key(key, place)
    try:
        for name, content in made.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            unseen = path.with_name(f".{path.name}")  # so that a killed export leaves no half of a sheet
            unseen.write_bytes(content)
            unseen.replace(path)
    except OSError as error:
        raise MarkError(
            f"-o {out}: can't be written: {error.strerror}; export again, the same command goes on"
        ) from None


def _of_runs(table: "pd.DataFrame") -> Iterator[str]:
    """Whether a system has several answers to a question for want of one run that all measures are of."""
    mixed = in_several_texts(table)
    if mixed:
        yield f"{', '.join(mixed)}: answers of more than one run are handed out; name the folder of the run that is to count alone"


def _of_overlap(assigned: Sheets, marked: Mapping[int, int]) -> Iterator[str]:
    """Whether the graders can be compared with each other."""
    if set(marked) == {1}:
        yield "no answer has two graders, so how far they agree can't be worked out; ask for --overlap 2"
    elif groups(assigned) > 1:
        yield "not all graders are linked by answers that they share, so a severe one can't be told from weak systems; ask for more overlap"


def _of_systems(scripts: Iterable[Script], chosen: Iterable[Script]) -> Iterator[str]:
    """Whether a sample leaves systems out."""
    there, left = ({name for script in each for name in script.systems} for each in (scripts, chosen))
    if there - left:
        yield f"no answer of {', '.join(sorted(there - left))} is marked; ask for more --answers"


def _of_names(answers: Sequence[Answer]) -> Iterator[str]:
    """Answers by which a grader could recognise who wrote them; not whose they are, as who exports may be a grader."""
    found = [answer.question["id"] for answer in answers if gives_away(answer.document, str(answer.question["prompt"]))]
    if found:
        named = sorted(set(found))
        told = ", ".join(named[:6]) + (" …" if len(named) > 6 else "")
        yield (
            f"{len(found)} of {len(answers)} answers name a model or its maker, and graders could recognise who wrote them (to {told}):"
            " leave these questions or that system out (--questions, --systems), or read their marks with care"
        )
