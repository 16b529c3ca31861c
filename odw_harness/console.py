"""Where commands print their tables."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_ENDLESS = 100_000
"""Columns of what has no width."""


def table_console(highlight: bool = True, markup: bool = True) -> "Console":
    """Standard output: as wide as the terminal, or as COLUMNS says; in a pipe or a file nothing is cut or folded.

    highlight, markup: rich's.
    """
    from rich.console import Console

    measured = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(width=None if measured else _ENDLESS, highlight=highlight, markup=markup)
