"""`odw report`: reads what lm-eval left, works out the figures, writes the page."""

import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from tqdm import tqdm

from odw_harness.errors import AnswerError, JudgeError, first_fault
from odw_harness.human.marks import read_marks
from odw_harness.judgecheck.card import Card
from odw_harness.report.data import boards
from odw_harness.report.page import page
from odw_harness.results import read_outputs
from odw_harness.texts import counted, storable
from odw_harness.verdict import Provenance
from odw_harness.written import written


def report(folders: Sequence[str], out: str, cards: Sequence[str] = (), every_run: bool = False) -> None:
    """Write the page of the runs under folders (`-`: to standard output). cards: files of `odw judge-check --json`.

    Raises AnswerError where there is nothing to read or out can't be written, JudgeError for what is no card.
    """
    read = [read_card(card) for card in cards]
    with written("-o", out, cards, kept="") as target:
        print(f"reading {', '.join(folders)} …", file=sys.stderr)
        outputs, marks = read_outputs(folders, every_run), read_marks(folders)
        files = {Path(file).resolve() for file in (*outputs.files, *marks.files)}
        if out != "-" and Path(out).expanduser().resolve() in files:
            raise AnswerError(f"-o {out}: is a file that this run reads; name another")
        progress = lambda systems: tqdm(systems, desc="comparing systems", delay=2, leave=False)  # noqa: E731
        found = boards(outputs, progress, marks.table)
        text = storable(page(outputs, found, read, marks))
        target.write(text)
    counts = [
        counted(len({row.system for board in found for row in board.rows}), "system"),
        counted(len(found), "measure"),
        counted(len(outputs.runs), "run"),
        *([f"{counted(len(outputs.skipped), 'file')} left out"] if outputs.skipped else []),
    ]
    print(f"{', '.join(counts)}: {out}, {len(text.encode()) / 1e6:.1f} MB", file=sys.stderr)


def read_card(file: str) -> Card:
    """The report card in a file. Raises JudgeError."""
    try:
        card = Card.model_validate_json(Path(file).expanduser().read_bytes())
        Provenance.model_validate(card.provenance)
        return card
    except OSError as error:
        raise JudgeError(f"--card {file}: can't be read: {error.strerror}") from None
    except ValidationError as error:
        fault = error.errors()[0]
        what = "is no JSON" if fault["type"] == "json_invalid" else first_fault(error, "a report card")
        raise JudgeError(f"--card {file}: {what}; give what odw judge-check --json FILE wrote") from None
