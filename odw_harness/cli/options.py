"""Options that several commands take."""

import argparse
import math
from collections.abc import Callable
from typing import Any


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
