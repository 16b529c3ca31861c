"""How long the table of many runs takes: 500 systems, 21 questions each, as lm-eval writes them.

.venv/bin/python benchmarks/results_speed.py
.venv/bin/python benchmarks/results_speed.py --systems 50

Prints the size of the files, the seconds to read them into one table, and to make a row of each system. pandas is imported
before the clock starts.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd  # noqa: F401  (not in the time)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from odw_harness.results import by_system, read_outputs
from tests.made import noisy, write_run


def main() -> None:
    """Write the runs to a temporary folder and time their reading."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--systems", type=int, default=500)
    count = options.parse_args().systems
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            write_run(Path(folder) / str(number), f"system {number}", noisy(3 + number / count, number))
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        start = time.perf_counter()
        outputs = read_outputs([folder])
        read = time.perf_counter()
        rows = by_system(outputs.table)
        end = time.perf_counter()
    print(f"{len(rows)} systems, {len(outputs.table)} verdicts, {size / 1e6:.0f} MB")
    print(f"read_outputs {read - start:.2f} s, by_system {end - read:.2f} s")


if __name__ == "__main__":
    main()
