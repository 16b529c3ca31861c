"""The examples for CI are valid, every command in them is one that the parsers take, and their gates do what they say."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from odw_harness.cli import parser
from odw_harness.judge import load_judge
from odw_harness.store import Store
from tests.gate.support import predict_only
from tests.made import who, write_run

EXAMPLES = Path(__file__).parents[2] / "examples" / "ci"
GITHUB: dict[str, Any] = yaml.safe_load((EXAMPLES / "github.yml").read_text("utf-8"))
GITLAB: dict[str, Any] = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text("utf-8"))


def scripts() -> dict[str, str]:
    """Every shell script of the examples."""
    found = {
        f"{job}/{step['name']}": step["run"]
        for job, held in GITHUB["jobs"].items()
        for step in held["steps"]
        if "run" in step
    }
    return found | {"gitlab": "\n".join(GITLAB["odw-gate"]["script"])}


def commands(script: str, name: str) -> list[list[str]]:
    """The arguments of each call of a command; variables stay as they are."""
    lines = script.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.split()[:1] == [name]]


def test_they_have_what_their_services_ask_for() -> None:
    assert set(GITHUB) >= {"name", True, "jobs"}, "YAML reads `on` as true"
    for job in GITHUB["jobs"].values():
        assert job["runs-on"]
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))
        assert any(step.get("if") == "always()" for step in job["steps"]), "what failed is to be looked at"
    assert GITLAB["odw-gate"]["artifacts"]["when"] == "always"
    junit = GITLAB["odw-gate"]["artifacts"]["reports"]["junit"]
    assert f"--junit {junit}" in GITLAB["odw-gate"]["script"][-1]


def test_every_command_is_one_that_the_parsers_take() -> None:
    from lm_eval._cli.harness import HarnessCLI

    evaluated = gated = 0
    for script in scripts().values():
        for arguments in commands(script, "odw"):
            if arguments[0] == "eval":
                evaluated += 1
                given = HarnessCLI()._parser.parse_args(["run", *arguments[1:]])
                assert given.model_args == {"pretrained": "$MODEL"}
                if given.metadata:
                    assert load_judge(given.metadata["judge"], Store()).label == "deepseek"
            else:
                gated += 1
                parser().parse_args(arguments)
        assert not commands(script, "lm_eval"), "would have to be looked at here"
    assert (evaluated, gated) == (3, 3)


def test_the_gate_looks_where_the_answers_go() -> None:
    for script in ("rules", "scores"):
        (asked,) = commands(next(text for name, text in scripts().items() if name.startswith(f"{script}/A")), "odw")
        (gated,) = commands(scripts()[f"{script}/Gate"], "odw")
        assert asked[asked.index("--output_path") + 1] == gated[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with `odw` on its PATH and a baseline in it."""
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "odw"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m odw_harness.cli "$@"\n')
    shim.chmod(0o755)
    for kind in ("rules", "scores"):
        write_run(tmp_path / "ci/baseline" / kind, "Before", lambda question: [[7.0], [6.8]])
    predict_only(next((tmp_path / "ci/baseline/rules").rglob("results_*.json")))
    return tmp_path


def shell(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """As GitHub runs a step."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": root, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("step", ["rules/Gate", "scores/Gate", "gitlab"])
def test_the_gate_step_passes_fails_and_refuses(checkout: Path, step: str) -> None:
    kind = "scores" if step.startswith("scores") else "rules"
    script = "\n".join(line for line in scripts()[step].splitlines() if not re.match("pip|odw eval", line))

    def candidate(score: float, text: str | None = None, version: str = "1") -> "subprocess.CompletedProcess[str]":
        for file in (checkout / "outputs").rglob("*.json*"):
            file.unlink()
        more: dict[str, Any] = {"text": lambda question: text} if text else {}
        results = write_run(
            checkout / "outputs" / kind, "Now", lambda question: [[score], [score]], judge=who(version=version), **more
        )
        if kind == "rules":
            predict_only(results)
        return shell(script, checkout)

    done = candidate(6.9)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("PASS")
    done = candidate(6.0, "好")
    assert done.returncode == 1
    assert done.stdout.startswith("FAIL")
    (report,) = checkout.glob("gate*.xml")
    assert ElementTree.parse(report).getroot().get("failures") != "0"
    if step != "gitlab":
        assert "odw gate: FAIL" in (checkout / "summary.md").read_text("utf-8")
    if kind == "scores":
        assert candidate(6.9, version="2").returncode == 2
