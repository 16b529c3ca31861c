import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.judge.server import JudgeServer, says


def torchrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
def test_on_two_ranks_every_question_is_there_once_and_a_rank_without_scores_costs_nothing(tmp_path: Path) -> None:
    judge = tmp_path / "ranked.yaml"
    judge.write_text("backend: likelihood\nmodel: ranked\n")
    out = tmp_path / "out.json"
    done = torchrun(str(Path(__file__).with_name("two_ranks.py")), str(out), str(judge))
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(out.read_text("utf-8"))
    samples = found["samples"]["odweval_in19"] + found["samples"]["odweval_ood2"]
    assert sorted(sample["doc"]["id"] for sample in samples) == [f"ODW-{number:02}" for number in range(1, 22)]
    scored = [sample["score"] for sample in samples if sample["score"] is not None]
    assert len(scored) == 11  # rank 0 has questions 1, 3, … 19 and 20
    ten = [sample["score"] for sample in found["samples"]["odweval_in19"] if sample["score"] is not None]
    metrics = found["results"]
    assert metrics["odweval_in19"]["coverage,odweval"] == pytest.approx(10 / 19)
    assert metrics["odweval_in19"]["score,odweval"] == pytest.approx(sum(ten) / 10)
    assert metrics["odweval_ood2"]["coverage,odweval"] == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("silent", ["写于0号", "写于1号"])
def test_on_two_ranks_dimensions_that_only_one_rank_has(
    silent: str, tmp_path: Path, judge_server: JudgeServer, served_judge: Path
) -> None:
    judge_server.by_answer = {silent: says("我不能评价")}
    out = tmp_path / "out.json"
    done = torchrun(str(Path(__file__).with_name("two_ranks.py")), str(out), str(served_judge))
    assert done.returncode == 0, done.stderr[-2000:]
    metrics = json.loads(out.read_text("utf-8"))["results"]
    for task, coverage in (("odweval_in19", 10 / 19), ("odweval_ood2", 0.5)):
        if silent == "写于0号":
            coverage = 1 - coverage
        assert metrics[task]["coverage,odweval"] == pytest.approx(coverage)
        for name in ("score", "form", "language"):
            assert metrics[task][f"{name},odweval"] == 6.0


@pytest.mark.slow
def test_hf_on_two_ranks_by_accelerate(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    judge = tmp_path / "tiny.yaml"
    judge.write_text(f"backend: likelihood\nmodel_args: {{pretrained: {tiny_model}, dtype: float32, device: cpu}}\n")
    command = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes=2", "--num_machines=1"]
    command += ["--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0", "-m", "odw_harness.cli", "eval"]
    command += ["--model", "hf", "--model_args", f"pretrained={tiny_model},dtype=float32", "--device", "cpu"]
    command += [
        "--gen_kwargs",
        "max_gen_toks=8",
        "--metadata",
        f"judge={judge}",
        "--output_path",
        str(tmp_path / "out"),
    ]
    command += ["--limit", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    (results,) = (tmp_path / "out").rglob("results_*.json")
    found = json.loads(results.read_text("utf-8"))
    assert found["n-samples"]["odweval_in19"]["effective"] == 4
    assert found["n-samples"]["odweval_ood2"]["effective"] == 2
