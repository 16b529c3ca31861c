"""Options that several commands take."""

import argparse
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
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number
