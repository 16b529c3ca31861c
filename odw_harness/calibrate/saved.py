"""A calibration kept in a file, and applied to other runs under the same measure."""

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from odw_harness.calibrate.data import Calibrated
from odw_harness.errors import JudgeError, first_fault
from odw_harness.results import Outputs, by_question
from odw_harness.stats import LEVEL, Frozen
from odw_harness.stats.calibration import Calibration
from odw_harness.texts import shown
from odw_harness.written import written


class Saved(Frozen):
    """A map from a judge's score to people's scale, of one measure and no other, and what it rests on.

    measure: its name, with the first digits of the judge's fingerprint; judge, judged_by, rubric_version: what is in it.
    marks_files: where the marks were read. gradings: whose they are. seed: of the folds that chose the shape.
    """

    format: Literal["odw judge calibration 1"] = "odw judge calibration 1"
    measure: str
    judge: str
    judged_by: str
    rubric_version: str
    marks: int
    graders: int
    simulated: int
    gradings: tuple[str, ...]
    marks_files: tuple[str, ...]
    seed: int
    calibration: Calibration


class AnswerOn(Frozen):
    """An answer's score by the judge (1 to 10), on people's scale, and the interval of people's score of it (0 to 100)."""

    question: str
    judge: float
    people: float
    low: float
    high: float


class SystemOn(Frozen):
    """A system on people's scale. mean: of its answers' calibrated scores; low, high: interval of people's mean of it
    (`Calibration.system_interval`), None where too few systems were marked to tell whom the judge favours. unscored:
    questions without a score of the judge, left out."""

    system: str
    judge: float | None
    mean: float | None
    low: float | None
    high: float | None
    unscored: int
    answers: tuple[AnswerOn, ...]


class Applied(Frozen):
    """What a calibration says of runs. simulated: of the marks behind it. level: of means; the answers' is the calibration's."""

    measure: str
    marks: int
    graders: int
    simulated: int
    level: float
    answer_level: float
    systems: tuple[SystemOn, ...]


def save(found: Calibrated, marks_files: list[str], out: str, inputs: list[str]) -> None:
    """Write a calibration. Raises JudgeError where there is no map, AnswerError where it can't be written."""
    if found.calibration is None:
        raise JudgeError(f"--out {out}: there is no map to write; have more questions' answers marked")
    same = {name: getattr(found, name) for name in Saved.model_fields if name in Calibrated.model_fields}
    with written("--out", out, [*inputs, *marks_files], kept="") as target:
        target.write(Saved(**same, marks_files=tuple(marks_files)).model_dump_json(indent=1) + "\n")


def load(file: str) -> Saved:
    """Read a calibration. Raises JudgeError where it is none."""
    path = Path(file).expanduser()
    try:
        return Saved.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise JudgeError(f"{file}: no such file; write one with odw judge calibrate … --out {path.name}") from None
    except ValidationError as error:
        raise JudgeError(f"{file}: {first_fault(error, 'a calibration')}; write it anew with --out") from None
    except (OSError, ValueError, RecursionError) as error:
        raise JudgeError(f"{file}: is no calibration ({error}); write one with odw judge calibrate … --out") from None


def apply(saved: Saved, outputs: Outputs, level: float = LEVEL) -> Applied:
    """Systems on people's scale. level: of the intervals of their means. Raises JudgeError where no run is of the measure."""
    rows = outputs.table[outputs.table["measure"] == saved.measure]
    if rows.empty:
        there = shown("; ".join(map(str, outputs.table["measure"].unique())), 1000, "?")
        raise JudgeError(
            f"the calibration is of {shown(saved.measure, 200, '?')}, and these runs were judged by {there}: a map holds for one judge, its "
            "settings and one rubric version; calibrate that judge"
        )
    systems = []
    for name, mine in by_question(rows).groupby("system", sort=False):
        scored = mine.dropna(subset=["score"])
        scores = [float(score) for score in scored["score"]]
        people = saved.calibration.map.of(scores)
        interval = saved.calibration.system_interval(scores, level) or (None, None)
        each = zip(scored["question"], scores, people, *saved.calibration.interval(scores), strict=True)
        systems.append(
            SystemOn(
                system=str(name),
                judge=sum(scores) / len(scores) if scores else None,
                mean=float(people.mean()) if scores else None,
                low=interval[0],
                high=interval[1],
                unscored=len(mine) - len(scored),
                answers=tuple(
                    AnswerOn(question=str(question), judge=score, people=float(mean), low=float(low), high=float(high))
                    for question, score, mean, low, high in each
                ),
            )
        )
    return Applied(
        measure=saved.measure,
        marks=saved.marks,
        graders=saved.graders,
        simulated=saved.simulated,
        level=level,
        answer_level=saved.calibration.level,
        systems=tuple(sorted(systems, key=lambda each: -1.0 if each.mean is None else each.mean, reverse=True)),
    )
