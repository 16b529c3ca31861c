"""Where commands print their tables."""

import shutil
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

    width = shutil.get_terminal_size((_ENDLESS, 0)).columns
    return Console(width=width, highlight=highlight, markup=markup)
