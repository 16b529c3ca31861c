"""What a pipe gets of a command's tables, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.made import QUESTIONS, write_run

LONG = "A model whose name is rather long indeed, such as the path of a checkpoint"


def printed(*command: str, **environment: str) -> list[str]:
    given = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    line = [sys.executable, "-m", "odw_harness.cli", *command]
    done = subprocess.run(line, env={**given, **environment}, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def test_a_pipe_gets_whole_lines_and_columns_bounds_them(tmp_path: Path) -> None:
    for number in (1, 2):
        write_run(tmp_path / str(number), f"{LONG} {number}", lambda q: [[5.0]], questions=QUESTIONS[:4])
    command = ("compare", str(tmp_path / "1"), str(tmp_path / "2"))
    lines = printed(*command)
    name = f"{LONG} 2"[:59]
    (row,) = [line for line in lines if "score" in line]
    assert row.split()[-3:] == ["no", "difference", "shown"]
    assert name in row
    assert max(map(len, lines)) > 120
    narrow = printed(*command, COLUMNS="70")
    assert max(map(len, narrow)) <= 70
    for none in ("no number", "0"):
        assert printed(*command, COLUMNS=none) == lines, none


def test_eighty_columns_cut_no_figure(tmp_path: Path) -> None:
    for number, name in enumerate(("ChatGLM3-6B", "ChatGLM3-6B-LoRA")):
        write_run(tmp_path / name, f"{name}", lambda q, number=number: [[5.0 + number], [5.5 + number]])
    both = [str(tmp_path / name) for name in ("ChatGLM3-6B", "ChatGLM3-6B-LoRA")]
    gate = ["gate", *both, "--split", "ood2,all"]
    for command in (["results", *both], ["compare", *both], ["power", *both], gate, ["paper", "compare", *both]):
        lines = [line for line in printed(*command, COLUMNS="80") if "…" in line]
        assert lines == [], command
    assert any(line.endswith(("better", "better ")) for line in printed("compare", *both, COLUMNS="80"))
