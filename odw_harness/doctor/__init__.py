"""`odw doctor`: what is installed, what disagrees, what the machine can do, and what to do about it.

Each part stands by itself: a package that is missing, or whose import crashes the process, is a finding and no more.
"""

from collections.abc import Iterator

from odw_harness.doctor.finding import Finding


def examine() -> Iterator[Finding]:
    """All findings, as they are made."""
    from odw_harness.doctor import machine, packages, places  # here, so that probe.py starts without them

    yield from packages.findings()
    yield from machine.findings()
    yield from places.findings()
