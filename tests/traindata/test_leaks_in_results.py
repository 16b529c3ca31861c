"""What `odw data leaks` found travels into the results of runs of the adapter that it lies beside."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from lm_eval import simple_evaluate
from lm_eval.api.registry import get_model
from lm_eval.tasks import TaskManager

from odw_harness.cli import main
from odw_harness.models import fingerprint
from odw_harness.questions import Question, load_questions
from odw_harness.resources import TASKS
from odw_harness.traindata.leaks.beside import NAME, leaks_beside
from tests.traindata.support import NOTICE, lines

OURS = load_questions()


@pytest.fixture
def adapter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """An adapter's folder with the report on data that holds ODW-08 (in19) and ODW-20 (ood2)."""
    folder = tmp_path / "saves" / "lora"
    rows = [{"instruction": "写", "output": text} for text in (NOTICE, OURS[7].reference, OURS[19].reference)]
    train = lines(tmp_path / "train.jsonl", *rows)
    assert main(["data", "leaks", str(train), "--out", str(folder)]) == 1
    return folder


def configs(judge: Path, tasks: tuple[str, ...] = ("odweval",), predict_only: bool = False, **metadata: Any) -> Any:
    """The results' `configs`, as lm-eval writes them, of a run of two questions with copycat."""
    get_model("copycat").answers = {}
    manager = TaskManager(include_path=TASKS, include_defaults=False, metadata={"judge": str(judge), **metadata})
    results = simple_evaluate(
        model="copycat", tasks=list(tasks), task_manager=manager, limit=1, bootstrap_iters=0, predict_only=predict_only
    )
    return results["configs"]


def test_a_run_of_the_adapter_carries_the_finding(
    adapter: Path, copycat_judge: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = configs(copycat_judge, pretrained="base", peft=str(adapter))
    in19 = found["odweval_in19"]["metadata"]["training_data_leaks"]
    assert (in19["flagged"], in19["checked"], in19["of"]) == (["ODW-08"], 19, 19)
    assert in19["thresholds"] == {"exact": "always", "overlap": 0.4, "similarity": 0.5, "facts": 0.5}
    assert in19["sha256"] == hashlib.sha256((adapter / NAME).read_bytes()).hexdigest()
    assert [(file["file"], file["rows"]) for file in in19["training"]] == [("train.jsonl", 3)]
    assert found["odweval_ood2"]["metadata"]["training_data_leaks"]["flagged"] == ["ODW-20"]
    assert "odweval_in19: questions that leaked into the system's training data: ODW-08" in caplog.messages
    json.dumps(found, default=str)


def test_it_does_so_where_nothing_is_judged_and_for_a_merged_model(adapter: Path, copycat_judge: Path) -> None:
    found = configs(copycat_judge, predict_only=True, pretrained=str(adapter))
    assert found["odweval_ood2"]["metadata"]["training_data_leaks"]["flagged"] == ["ODW-20"]


def test_a_system_without_a_report_says_nothing(tmp_path: Path, copycat_judge: Path) -> None:
    found = configs(copycat_judge, pretrained="base", peft=str(tmp_path))
    assert "training_data_leaks" not in found["odweval_in19"]["metadata"]


def test_an_adapter_s_own_report_comes_before_the_base_s(adapter: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / NAME).write_text("{}", "utf-8")
    found = leaks_beside({"pretrained": str(base), "peft": str(adapter)}, OURS)
    assert found is not None
    assert found["flagged"] == ["ODW-08", "ODW-20"]


def test_the_report_makes_no_other_model_of_its_folder(adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    before = fingerprint(str(adapter))
    (adapter / NAME).unlink()
    assert fingerprint(str(adapter)) == before
    (adapter / "adapter_model.safetensors").write_bytes(b"other")
    assert fingerprint(str(adapter)) != before


def test_a_checkpoint_has_the_report_of_its_run(adapter: Path) -> None:
    (adapter / "checkpoint-100").mkdir()
    found = leaks_beside({"peft": f"{adapter}/checkpoint-100/"}, OURS)
    assert found is not None
    assert found["flagged"] == ["ODW-08", "ODW-20"]
    (adapter / "another").mkdir()
    assert leaks_beside({"peft": str(adapter / "another")}, OURS) is None


def test_a_report_on_other_questions_does_not_speak_of_these(adapter: Path) -> None:
    changed = [Question(**{**question.model_dump(), "prompt": "写"}) for question in OURS[:8]]
    found = leaks_beside({"peft": str(adapter)}, [*changed, OURS[19]])
    assert found is not None
    assert (found["flagged"], found["checked"], found["of"]) == (["ODW-20"], 1, 9)


@pytest.mark.parametrize("content", ["{", "[]", '{"flagged": 1}', '{"fingerprints": [], "flagged": []}', "\ud83d"])
def test_a_report_that_can_not_be_read_stops_no_run(
    content: str, tmp_path: Path, copycat_judge: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NAME).write_bytes(content.encode("utf-8", "surrogatepass"))
    with caplog.at_level(logging.WARNING):
        found = configs(copycat_judge, peft=str(tmp_path))
    assert found["odweval_in19"]["metadata"]["training_data_leaks"] == {"unreadable": NAME, "checked": 0, "of": 19}
    assert any("can't be read: odw_leaks.json" in message for message in caplog.messages)


@pytest.mark.slow
def test_a_real_run_writes_it_into_its_results_file(tiny_model: Path, adapter: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from tests.test_real_runs import ODW, SHORT, call, results_of

    get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_model), LoraConfig(r=2)).save_pretrained(adapter)
    judge = tmp_path / "tiny.yaml"
    judge.write_text(f"backend: likelihood\nmodel_args: {{pretrained: {tiny_model}, dtype: float32, device: cpu}}\n")
    out = tmp_path / "out"
    command = ["eval", "--model", "hf", "--model_args", f"pretrained={tiny_model},peft={adapter},dtype=float32"]
    command += ["--device", "cpu", "--limit", "1", "--metadata", f"judge={judge}", *SHORT, "--output_path", str(out)]
    done = call([*ODW, *command], Path.cwd())
    assert done.returncode == 0, done.stderr[-3000:]
    found = results_of(out)["configs"]["odweval_in19"]["metadata"]["training_data_leaks"]
    assert found["flagged"] == ["ODW-08"]
    assert "questions that leaked into the system's training data: ODW-08" in done.stderr
