"""The report of `odw data leaks` that lies beside an adapter or a model, as a run's results carry it."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from odw_harness.questions import Question

NAME = "odw_leaks.json"
_CHECKPOINT = re.compile(r"checkpoint-\d+")


def leaks_beside(metadata: Mapping[str, Any], questions: Iterable[Question]) -> dict[str, Any] | None:
    """What a report beside the system under test says of some questions; None without a report.

    It lies in the folder that `peft`, or else `pretrained`, names; for a checkpoint-N in that or the one above. flagged:
    of these questions, those with a leak; checked: how many the report looked for in their present wording; of: how many
    there are. A report that can't be read says so in `unreadable`.
    """
    for name in ("peft", "pretrained"):
        folder = Path(os.path.expanduser(str(metadata.get(name) or "")))
        for place in (folder, *([folder.parent] if _CHECKPOINT.fullmatch(folder.name) else [])):
            path = place / NAME
            if metadata.get(name) and path.is_file():
                return _read(path, {question.id: question.fingerprint for question in questions})
    return None


def _read(path: Path, asked: dict[str, str]) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        report = json.loads(data)
        same = {name for name, fingerprint in report["fingerprints"].items() if asked.get(name) == fingerprint}
        return {
            "flagged": [name for name in report["flagged"] if name in same],
            "checked": len(same),
            "of": len(asked),
            "thresholds": dict(report["thresholds"]),
            "training": [{key: file[key] for key in ("file", "sha256", "rows")} for file in report["training"]],
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {"unreadable": path.name, "checked": 0, "of": len(asked)}
