"""Options that several commands take, and how each shows its help."""

import argparse
import math
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from odw_harness.results import Outputs


class Help(argparse.RawDescriptionHelpFormatter):
    """Descriptions wrapped to the terminal's width between words; indented lines, such as examples, as they are.

    >>> print(Help("odw")._fill_text("Write a page, and more.\\nexamples:\\n  odw report outputs", 13, ""))
    Write a page,
    and more.
    examples:
      odw report outputs
    """

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = text.splitlines()
        wrapped = (
            line if line.startswith(" ") else textwrap.fill(line, width, break_on_hyphens=False) for line in lines
        )
        return textwrap.indent("\n".join(wrapped), indent)


class Once(argparse.Action):
    """An option that stands for one thing: given twice, the last would win without a word."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Take the value, or refuse the second."""
        if getattr(namespace, f"{self.dest}_given", False):
            parser.error(f"{option_string} is given twice; call once for each judge and rubric")
        setattr(namespace, self.dest, values)
        setattr(namespace, f"{self.dest}_given", True)


def share(text: str) -> float:
    """A number from 0 to 1."""
    return number(text, lambda value: 0 <= value <= 1, "between 0 and 1")


def number(text: str, good: Callable[[float], bool], what: str) -> float:
    """A number that is good; what says what it has to be."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not good(value):
        raise argparse.ArgumentTypeError(f"{text} is not {what}")
    return value


def warn(outputs: "Outputs") -> None:
    """Say on standard error what has to be known before the figures of some outputs are believed."""
    from odw_harness.notices import notices

    for notice in notices(outputs):
        print(f"warning: {notice.en}", file=sys.stderr)
