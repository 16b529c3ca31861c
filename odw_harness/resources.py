"""Where the files are that travel with the package: tasks and judges.

In a checkout they stand beside the package, in an installed wheel inside it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE if (_PACKAGE / "tasks").is_dir() else _PACKAGE.parent

TASKS = _ROOT / "tasks"
JUDGES = _ROOT / "judges"
QUESTIONS = TASKS / "odweval" / "questions.jsonl"
PAPER = _PACKAGE / "data" / "paper"
PROMPTS = _PACKAGE / "prompts"
