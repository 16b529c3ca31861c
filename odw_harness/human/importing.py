"""`odw human import`: what graders sent back, held to the key, as a file of marks beside the runs.

A code that is not on a grader's sheet, stands there twice, or beside another text than it was given to, means that the file
was sorted or edited: nothing of it can be believed, and it is refused as a whole. Everything else that is wrong costs one
mark.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from odw_harness.errors import MarkError
from odw_harness.human.blind import as_shown, hash_of
from odw_harness.human.form import FORMAT as FORM
from odw_harness.human.form import read_form
from odw_harness.human.handing import files_under
from odw_harness.human.key import Coded, Grader, Key, key_file, read_key
from odw_harness.human.labelstudio import is_export, read_export
from odw_harness.human.marks import (
    DIMENSION_HIGHEST,
    DIMENSION_LOWEST,
    HIGHEST,
    LOWEST,
    Mark,
    marks_file,
    read_file,
    write_marks,
)
from odw_harness.human.reading import read_json
from odw_harness.human.sheet import Given, Returned
from odw_harness.human.workbook import is_workbook, read_workbook
from odw_harness.stats import Frozen
from odw_harness.texts import shown, storable

_SHOWN = 80
_UNREAD = {
    ".xls": "save it as .xlsx",
    ".et": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".xlsm": "save it as .xlsx",
    ".xlsb": "save it as .xlsx",
    ".csv": "send the workbook itself, as .xlsx",
}
"""What a spreadsheet may have been saved as by mistake."""
_ARCHIVES = (".zip", ".rar", ".7z")
_HANDED_OUT = (".html", ".txt", ".xml")
"""What is handed out and nothing comes back in."""


class OfGrader(Frozen):
    """marks: how many are in the file now; missing: codes without one; mean: of the scores, None without any."""

    grader: str
    marks: int
    asked: int
    missing: tuple[str, ...]
    mean: float | None
    dimensions_missing: int


class OfSystem(Frozen):
    """A system's marks; a text that two systems gave counts for both."""

    system: str
    marks: int
    mean: float | None


class Imported(Frozen):
    """new, changed, gone: marks by what the file held before. kept: graders with marks that it held and that are in no file
    now. left_out: what is wrong, a line each; skipped: files that are none of a grading; remarks: comments of graders on
    answers that they did not mark."""

    grading: str
    file: str
    read: tuple[str, ...]
    marks: int
    simulated: int
    new: int
    changed: int
    gone: int
    kept: tuple[str, ...]
    graders: tuple[OfGrader, ...]
    systems: tuple[OfSystem, ...]
    left_out: tuple[str, ...]
    skipped: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 where something was left out; missing marks are no fault."""
        return 1 if self.left_out else 0


@dataclass
class _Found:
    """What is gathered from the files. given: grader and code → what was given, and in which file. told: those of files
    with a mark; one without any, as it was handed out, does not say that there is none."""

    given: dict[tuple[str, str], list[Given]] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)
    read: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def import_marks(folder: str, key: str | None = None, out: str | None = None) -> Imported:
    """Read every file of a grading under the folder and write its marks; the same files give the same marks.

    They go to the folder that was exported from first, or to out. Marks that no file tells of now stay. Raises
    MarkError where there is no folder, no key, nothing that can be read, or no place for the marks.
    """
    place = Path(folder).expanduser()
    if not place.is_dir():
        raise MarkError(
            f"{folder}: no such folder; name the one that odw human export wrote, with what came back in it"
        )
    held = read_key(key_file(folder, key))
    file = marks_file(_target(held, out), held.grading)
    before = _before(file)
    found = _gathered(place, held)
    if not found.read:
        told = f" ({'; '.join([*found.left_out, *found.skipped][:3])})" if found.left_out or found.skipped else ""
        raise MarkError(f"{folder}: holds no file of grading {held.grading} that can be read{told}")
    marks = list(_marks(held, found))
    kept = [mark for mark in before if (mark.grader, mark.code) not in found.told]
    order = {grader.name: number for number, grader in enumerate(held.graders)}
    now = sorted([*marks, *kept], key=lambda mark: (order.get(mark.grader, -1), mark.code))
    if now != before:
        write_marks(file, now)
    old, new = ({(mark.grader, mark.code): mark.given for mark in each} for each in (before, now))
    return Imported(
        grading=held.grading,
        file=str(file),
        read=tuple(found.read),
        marks=len(now),
        simulated=sum(mark.simulated for mark in now),
        new=len(new.keys() - old.keys()),
        changed=sum(old[each] != new[each] for each in old.keys() & new.keys()),
        gone=len(old.keys() - new.keys()),
        kept=tuple(dict.fromkeys(mark.grader for mark in kept)),
        graders=tuple(_of_grader(grader, now, held.metrics) for grader in held.graders),
        systems=tuple(_of_systems(held, now)),
        left_out=tuple(found.left_out),
        skipped=tuple(found.skipped),
        remarks=tuple(
            f"{given.where}: {shown(' '.join(given.comment.split()), _SHOWN, '?')}"
            for each in found.given.values()
            for given in each
            if given.comment and all(other.score is None for other in each)
        ),
    )


def _target(key: Key, out: str | None) -> Path:
    place = Path(out or key.exported_from[0]).expanduser()
    if out is None and not place.exists():
        raise MarkError(
            f"{place}: the runs were exported from there, and are there no more; name their folder with --out"
        )
    if out is not None and place.exists() and not place.is_dir():
        raise MarkError(f"--out {out}: is a file; name a folder of runs")
    return place.parent if place.is_file() else place


def _before(file: Path) -> list[Mark]:
    """The marks of an earlier import."""
    try:
        return read_file(file) if file.exists() else []
    except MarkError as error:
        told = str(error).removesuffix("; import the grading again")
        raise MarkError(
            f"{told}; these are the marks of an earlier import: mend that line, or move the file away"
        ) from None


def _gathered(folder: Path, key: Key) -> _Found:
    found = _Found()
    graders = {grader.name: grader for grader in key.graders}
    for path in files_under(folder):
        name = storable(path.relative_to(folder).as_posix())  # unpacked from a GBK archive it may be no UTF-8
        try:
            returned = _returned(path)
        except MarkError as error:
            found.left_out.append(str(error).replace(str(path), name, 1))
            continue
        if isinstance(returned, str):
            found.skipped += [f"{name}: {returned}"] if returned else []
            continue
        for each in returned:
            wrong = list(_wrong(each, key, graders))
            if wrong:
                found.left_out += [_placed(name, path, fault) for fault in wrong]
                continue
            found.read += [name] if name not in found.read else []
            found.left_out += [_placed(name, path, fault) for fault in each.faults]
            if any(given.score is not None for given in each.given):
                found.told |= {(each.grader, given.code) for given in each.given}
            for given in each.given:
                whole = replace(given, where=_placed(name, path, given.where), comment=storable(given.comment))
                found.given.setdefault((each.grader, given.code), []).append(whole)
    found.given = {key: _latest(given) for key, given in found.given.items()}
    return found


def _latest(given: Sequence[Given]) -> list[Given]:
    """Of what a page saved more than once, what was changed last; and all of which no time is told."""
    last = max(each.at for each in given)
    return [each for each in given if each.at in ("", last)]


def _placed(name: str, path: Path, told: str) -> str:
    """A line that begins with a file's name, with its path in the folder instead."""
    return name + told.removeprefix(path.name) if told.startswith(path.name) else told


def _returned(path: Path) -> list[Returned] | str:
    """What a file gives, or why it is none of a grading; empty where it was handed out. Raises MarkError."""
    kind = path.suffix.lower()
    if kind == ".xlsx":
        return [read_workbook(path)] if is_workbook(path) else "is no workbook of a grading"
    if kind == ".json":
        held = read_json(path, "have the grader save it again")
        if isinstance(held, dict) and held.get("format") == FORM:
            return [read_form(path)]
        return read_export(path) if is_export(held) else "neither a grader's page nor Label Studio saved it"
    if kind in _UNREAD:
        raise MarkError(f"{path}: can't be read; {_UNREAD[kind]}")
    if kind in _ARCHIVES:
        return "is an archive; unpack it here and import again"
    return "" if kind in _HANDED_OUT else "is neither .xlsx nor .json"


def _wrong(returned: Returned, key: Key, graders: dict[str, Grader]) -> Iterator[str]:
    """Why nothing of a file can be believed."""
    name = returned.file.name
    if returned.grading != key.grading:
        yield f"{name}: is of grading {shown(returned.grading, 20, '?')}, not {key.grading}; import it with its own key"
        return
    if returned.grader not in graders:
        yield f"{name}: {shown(returned.grader, 40, '?')} is no grader of this grading; there are {', '.join(graders)}"
        return
    answers = graders[returned.grader].answers
    seen: dict[str, str] = {}
    for given in returned.given:
        told = f"{given.where}: code {shown(given.code, 20, '?')!r}"
        if given.code not in answers:
            yield f"{told} is not on {returned.grader}'s sheet; the file is refused: copy the marks into one as it was handed out"
        elif given.code in seen:
            yield f"{told} stands there a second time (first: {seen[given.code]}); the file is refused: copy the marks into one as it was handed out"
        elif given.answer is not None and hash_of(as_shown(given.answer)) != answers[given.code].shown:
            yield f"{told} stands beside another text than it was given to (rows sorted, or edited); the file is refused: copy the marks into one as it was handed out"
        seen.setdefault(given.code, given.where)


def _marks(key: Key, found: _Found) -> Iterator[Mark]:
    for grader in key.graders:
        for code, coded in grader.answers.items():
            mark = _mark(key, grader.name, code, coded, found)
            if mark:
                yield mark


def _mark(key: Key, grader: str, code: str, coded: Coded, found: _Found) -> Mark | None:
    """One answer's mark, from all files of its grader; None where there is none, or what is wrong is told of."""
    given = found.given.get((grader, code), [])
    score = _agreed("score", [(each.where, each.score) for each in given], (LOWEST, HIGHEST), found)
    dimensions = {}
    for metric in key.metrics:
        marks = [(each.where, each.dimensions.get(metric)) for each in given]
        of_metric = _agreed(metric, marks, (DIMENSION_LOWEST, DIMENSION_HIGHEST), found)
        if of_metric is not None:
            dimensions[metric] = of_metric
    if score is None:
        if dimensions and all(each.score is None for each in given):
            where = next(each.where for each in given if any(mark is not None for mark in each.dimensions.values()))
            found.left_out.append(f"{where}: {code} has marks for dimensions and no score; left out: give it one")
        return None
    source = next(each for each in given if each.score is not None)
    return Mark(
        grading=key.grading,
        grader=grader,
        code=code,
        question=coded.question,
        question_hash=coded.question_hash,
        answer_hash=coded.answer_hash,
        score=score,
        dimensions=dimensions,
        comment="\n".join(dict.fromkeys(each.comment for each in given if each.comment)),
        source=source.where,
        simulated=any(each.simulated for each in given if each.score is not None),
    )


def _agreed(
    what: str, given: Sequence[tuple[str, float | None]], scale: tuple[float, float], found: _Found
) -> float | None:
    """The value in which all files agree that have one; None where there is none, and where they differ or it is off the
    scale, which is told."""
    values = {where: value for where, value in given if value is not None}
    if len(set(values.values())) > 1:
        told = ", ".join(f"{where} has {value:g}" for where, value in values.items())
        found.left_out.append(f"{what}: {told}; left out: keep one of them")
        return None
    for where, value in values.items():
        low, high = scale
        if not low <= value <= high:
            found.left_out.append(f"{where}: {what} {value:g} is not within {low:g} to {high:g}; left out: correct it")
            return None
        if 0 < value < 1:
            found.left_out.append(
                f"{where}: {what} {value:g} may be a percentage; left out: type {value * 100:g}, or 0 or 1"
            )
            return None
        return value
    return None


def _of_grader(grader: Grader, marks: Sequence[Mark], metrics: Sequence[str]) -> OfGrader:
    mine = [mark for mark in marks if mark.grader == grader.name]
    marked = {mark.code for mark in mine}
    return OfGrader(
        grader=grader.name,
        marks=len(mine),
        asked=len(grader.answers),
        missing=tuple(code for code in grader.answers if code not in marked),
        mean=_mean([mark.score for mark in mine]),
        dimensions_missing=sum(metric not in mark.dimensions for mark in mine for metric in metrics),
    )


def _of_systems(key: Key, marks: Sequence[Mark]) -> list[OfSystem]:
    """The best first; without marks last."""
    systems = {(grader.name, code): coded.systems for grader in key.graders for code, coded in grader.answers.items()}
    scores: dict[str, list[float]] = {name: [] for each in systems.values() for name in each}
    for mark in marks:
        for name in systems.get((mark.grader, mark.code), ()):
            scores[name].append(mark.score)
    found = [OfSystem(system=name, marks=len(each), mean=_mean(each)) for name, each in scores.items()]
    return sorted(found, key=lambda each: (each.mean is None, -(each.mean or 0), each.system))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
