"""The wheel carries what the package needs away from the checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_a_wheel_installed_elsewhere_finds_its_tasks_judges_and_tables(tmp_path: Path) -> None:
    python = [sys.executable, "-m"]
    build = [*python, "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("odw_harness-*.whl")
    site = tmp_path / "site"
    install = [*python, "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    code = """
import os
from odw_harness import html, judgecheck, report, resources
from odw_harness.judge import load_config
from odw_harness.judgecheck import perturb_parts
from odw_harness.paper import TABLES, load_table
from odw_harness.questions import load_questions
from odw_harness.rubric import RUBRICS
from lm_eval.tasks import TaskManager
print(resources.TASKS)
print(len(load_questions(resources.QUESTIONS)), load_config("embedded")[0], [len(load_table(t)) for t in TABLES])
loaded = TaskManager(include_path=resources.TASKS, include_defaults=False).load(["odw"])
print(sorted(loaded["tasks"]))
print([len(rubric.prompt_hash) for rubric in RUBRICS.values()], len(list(resources.JUDGES.glob("*.yaml"))))
folder = os.path.dirname
print([html.environment(folder(room.__file__)).get_template("page.html.j2").name for room in (judgecheck, report)])
from odw_harness.human.form import form_page
from odw_harness.human.sheet import Sheet
print(form_page(Sheet("g1", "G01", ())).count("</script>"))
print(len(perturb_parts.phrases()["empty"]) > 30)
"""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        str(site / "odw_harness" / "tasks"),
        "21 embedded [15, 15, 15]",
        "['odw_in19', 'odw_ood2']",
        "[64, 64] 10",
        "['page.html.j2', 'page.html.j2']",
        "2",
        "True",
    ]
