"""What the doctor finds."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "fault"]
"""note: nothing is wrong, but it is good to know. fault: something will not work until it is mended."""


@dataclass(frozen=True)
class Finding:
    """About a thing of a group: what was found, and what to do where there is something to do."""

    group: str
    name: str
    what: str
    level: Level = "ok"
    do: str = ""
