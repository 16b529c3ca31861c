"""Whole runs as users start them: real commands in their own processes, real models on disk, a real server."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from odw_harness.models import embedded_model
from odw_harness.resources import TASKS
from tests.judge.server import JudgeServer, grades

pytestmark = pytest.mark.slow

ODW = [sys.executable, "-m", "odw_harness.cli"]
LM_EVAL = [sys.executable, "-m", "lm_eval"]
SHORT = ["--gen_kwargs", "max_gen_toks=8"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def tiny_judge(tiny_model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(f"backend: likelihood\nmodel_args: {{pretrained: {tiny_model}, dtype: float32, device: cpu}}\n")
    return path


def call(command: list[str], cwd: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *more], cwd=cwd, capture_output=True, text=True, check=False, timeout=400)


def results_of(output: Path) -> dict[str, Any]:
    (path,) = output.rglob("results_*.json")
    return json.loads(path.read_text("utf-8"))


def samples_of(output: Path, task: str) -> list[dict[str, Any]]:
    (path,) = output.rglob(f"samples_{task}_*.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def assert_complete(done: subprocess.CompletedProcess[str], output: Path, in19: int = 1, ood2: int = 1) -> None:
    assert done.returncode == 0, done.stderr[-3000:]
    counts = results_of(output)["n-samples"]
    assert (counts["odweval_in19"]["effective"], counts["odweval_ood2"]["effective"]) == (in19, ood2)
    assert {"rules,odweval", "coverage,odweval"} <= set(results_of(output)["results"]["odweval"])


def test_the_bare_command_after_link_from_another_directory(tiny_model: Path, tiny_judge: Path, tmp_path: Path) -> None:
    assert call([*ODW, "tasks", "link"], tmp_path).returncode == 0
    try:
        out = tmp_path / "out"
        options = ["--tasks", "odweval", "--model", "hf", "--model_args", f"pretrained={tiny_model},dtype=float32"]
        options += ["--device", "cpu", "--limit", "1", "--metadata", f"judge={tiny_judge}", *SHORT]
        done = call(LM_EVAL, tmp_path, *options, "--output_path", str(out), "--log_samples")
        assert_complete(done, out)
        assert "|odweval " in done.stdout
    finally:
        assert call([*ODW, "tasks", "unlink"], tmp_path).returncode == 0


def test_include_path_and_a_mistake_in_metadata_ends_without_a_traceback(tiny_model: Path, tmp_path: Path) -> None:
    questions = tmp_path / "my.jsonl"
    good = [json.dumps({"id": str(number), "genre": "通知", "prompt": "写", "reference": "文"}) for number in range(6)]
    questions.write_text("\n".join([*good, '{"id": "7", "genre": "通知", "prompt": "写"}']), "utf-8")
    options = ["run", "--include_path", str(TASKS), "--tasks", "odweval", "--model", "hf", "--device", "cpu"]
    options += ["--model_args", f"pretrained={tiny_model},dtype=float32"]
    for metadata, message in (
        (f"questions={questions}", f"error: {questions}: line 7: field reference: is missing; add it"),
        ("judge=nobody", "error: judge nobody: no such judge"),
    ):
        done = call(LM_EVAL, tmp_path, *options, "--metadata", metadata)
        assert done.returncode != 0
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_with_an_adapter_and_with_another_in_its_place(tiny_model: Path, tiny_judge: Path, tmp_path: Path) -> None:
    """Answers are kept by the adapter's files: one trained anew in the same folder never gets the old one's."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    adapter = tmp_path / "adapter"

    def train(seed: int) -> None:
        torch.manual_seed(seed)
        config = LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear", init_lora_weights=False)
        get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_model), config).save_pretrained(adapter)

    def answer(name: str, more: str) -> str:
        out = tmp_path / name
        options = ["--model_args", f"pretrained={tiny_model},dtype=float32{more}", "--device", "cpu", "--limit", "1"]
        options += ["--gen_kwargs", "max_gen_toks=16", "--metadata", f"judge={tiny_judge}", "--output_path", str(out)]
        done = call([*ODW, "eval"], tmp_path, *options)
        assert_complete(done, out)
        assert str(out) in done.stdout
        return str(samples_of(out, "odweval_in19")[0]["resps"])

    base = answer("base", "")
    train(1)
    first = answer("first", f",peft={adapter}")
    assert answer("again", f",peft={adapter}") == first
    train(2)
    assert len({base, first, answer("second", f",peft={adapter}")}) == 3


def test_in_4_bit(tiny_model: Path, tiny_judge: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--model_args", f"pretrained={tiny_model},load_in_4bit=True", "--device", "cpu", "--limit", "1", *SHORT]
    done = call([*ODW, "eval"], tmp_path, *options, "--metadata", f"judge={tiny_judge}", "--output_path", str(out))
    assert_complete(done, out)


def test_with_a_chat_template_and_a_configuration_file(tiny_model: Path, tiny_judge: Path, tmp_path: Path) -> None:
    config = tmp_path / "system.yaml"
    config.write_text(
        f"model: hf\nmodel_args: {{pretrained: {tiny_model}, dtype: float32}}\ntasks: odweval\ndevice: cpu\nlimit: 1\n"
        f"apply_chat_template: true\ngen_kwargs: {{max_gen_toks: 8}}\nmetadata: {{judge: {tiny_judge}}}\n"
        f"output_path: {tmp_path / 'out'}\n"
    )
    done = call([*ODW, "eval"], tmp_path, "--config", str(config))
    assert_complete(done, tmp_path / "out")
    prompt = samples_of(tmp_path / "out", "odweval_in19")[0]["arguments"]["gen_args_0"]["arg_0"]
    assert prompt.startswith("<user>青岚市第五届")
    assert prompt.endswith("<assistant>")


@contextmanager
def transformers_serve(model: Path) -> Iterator[str]:
    """`transformers serve` over a model's folder: the address before /chat/completions."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from transformers.cli.transformers import main; main()", "serve", str(model)]
    process = subprocess.Popen([*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"])
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, "the server ended"
                time.sleep(1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def server(tiny_model: Path) -> Iterator[str]:
    """A real server over the tiny model."""
    with transformers_serve(tiny_model) as url:
        yield url


def test_with_a_served_model(server: str, tiny_model: Path, tiny_judge: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = [
        "--model",
        "local-chat-completions",
        "--model_args",
        f"model={tiny_model},base_url={server}/chat/completions",
    ]
    options += ["--apply_chat_template", "--limit", "1", *SHORT, "--metadata", f"judge={tiny_judge}"]
    done = call([*ODW, "eval"], tmp_path, *options, "--output_path", str(out))
    assert_complete(done, out)
    assert isinstance(samples_of(out, "odweval_in19")[0]["resps"][0][0], str)


def test_killed_while_judging_and_started_again(tiny_model: Path, tiny_judge: Path, tmp_path: Path) -> None:
    """Killed after some log-likelihoods are stored; the second run finds them and all answers."""
    import sqlite3

    out, store = tmp_path / "out", os.environ["ODW_STORE"]
    options = ["--model_args", f"pretrained={tiny_model},dtype=float32", "--device", "cpu", *SHORT, "--batch_size", "8"]
    options += ["--metadata", f"judge={tiny_judge}", "--output_path", str(out)]

    def count(table: str) -> int:
        try:
            with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
                return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.Error:
            return 0

    process = subprocess.Popen(
        [*ODW, "eval", *options], cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    for _ in range(4000):
        if count("loglikelihoods") >= 5 or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    kept = count("loglikelihoods")
    assert kept >= 5
    assert count("answers") == 19
    assert not list(out.rglob("results_*.json"))
    done = call([*ODW, "eval"], tmp_path, *options)
    assert_complete(done, out, 19, 2)
    assert count("answers") == 21
    assert "Running generate_until requests" not in done.stderr, "what was written is written again"


def test_two_runs_at_once_on_one_store(tiny_model: Path, tiny_judge: Path, tmp_path: Path) -> None:
    runs = []
    for name in ("a", "b"):
        options = ["--model_args", f"pretrained={tiny_model},dtype=float32", "--device", "cpu", "--limit", "3", *SHORT]
        options += ["--metadata", f"judge={tiny_judge}", "--output_path", str(tmp_path / name)]
        command = [*ODW, "eval", *options]
        runs.append(subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for run in runs:
        _, errors = run.communicate(timeout=400)
        assert run.returncode == 0, errors[-3000:]
    first, second = (results_of(tmp_path / name)["results"] for name in ("a", "b"))
    assert first == second


@pytest.fixture(scope="session")
def embedded_folder() -> Path:
    """The embedded model in the cache that all tests share: a fixture of the session is made before a test has its own."""
    return embedded_model()


def answers_file(path: Path, count: int) -> Path:
    rows = [
        {"id": n, "question_id": f"ODW-{n:02}", "answer": f"第{n}篇：关于有关事项的通知"} for n in range(1, count + 1)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_a_small_model_behind_a_real_server_gives_reasons_instead_of_numbers(
    embedded_folder: Path, tmp_path: Path
) -> None:
    """A 270M base model writes no verdict. What it writes is kept, counted and never a number outside 1 to 10."""
    answers, judge, out = answers_file(tmp_path / "a.jsonl", 2), tmp_path / "served.yaml", tmp_path / "v.jsonl"
    with transformers_serve(embedded_folder) as url:
        judge.write_text(f"backend: api\nbase_url: {url}\nmodel: {embedded_folder}\nmax_tokens: 24\nconcurrency: 2\n")
        command = [*ODW, "judge", str(answers), "--judge", str(judge), "--out", str(out), "--min-coverage", "1"]
        done = call(command, tmp_path)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == [1, 2]
    assert all((row["score"] is None) == (row["unscored"] is not None) for row in rows)
    assert all(row["score"] is None or 1 <= row["score"] <= 10 for row in rows)
    assert all(row["usage"]["requests"] == 1 for row in rows)
    scored = sum(row["score"] is not None for row in rows)
    assert f"{scored} of 2 answers scored (coverage {scored / 2:.3f})" in done.stderr
    assert done.returncode == (3 if scored < 2 else 0), done.stderr
    assert "Traceback" not in done.stderr


def test_the_embedded_model_as_a_local_judge_gives_reasons_instead_of_numbers(
    embedded_folder: Path, tmp_path: Path
) -> None:
    answers, judge, out = answers_file(tmp_path / "a.jsonl", 2), tmp_path / "local.yaml", tmp_path / "v.jsonl"
    judge.write_text(
        f"backend: local\nmodel_args: {{pretrained: {embedded_folder}, dtype: float32, device: cpu}}\n"
        "chat_template: false\n"
        "max_tokens: 16\nbatch_size: 2\n"
    )
    done = call([*ODW, "judge", str(answers), "--judge", str(judge), "--out", str(out)], tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert all((row["score"] is None) == (row["unscored"] is not None) for row in rows)
    assert "of 2 answers scored (coverage 0." in done.stderr


def test_odw_judge_killed_half_way_goes_on_where_it_stopped(
    judge_server: JudgeServer, served_judge: Path, tmp_path: Path
) -> None:
    answers, out = answers_file(tmp_path / "a.jsonl", 20), tmp_path / "v.jsonl"
    served_judge.write_text(served_judge.read_text() + "concurrency: 4\n")

    def slowly(handler: Any, body: Any) -> None:
        time.sleep(0.1)
        grades()(handler, body)

    judge_server.always = slowly
    command = [*ODW, "judge", str(answers), "--judge", str(served_judge), "--out", str(out)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    while len(judge_server.prompts) < 10 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert not out.exists()
    done = call(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["score"] for line in out.read_text("utf-8").splitlines()] == [6.0] * 20
    assert len(judge_server.prompts) <= 20 + 4 + 1, "more than the requests in flight were asked again"


def test_odw_eval_under_a_served_judge_and_odw_judge_over_its_samples(
    tiny_model: Path, judge_server: JudgeServer, served_judge: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ["--tasks", "odw", "--model_args", f"pretrained={tiny_model},dtype=float32", "--device", "cpu", *SHORT]
    options += ["--limit", "2", "--metadata", f"judge={served_judge}", "--output_path", str(out)]
    done = call([*ODW, "eval", *options], tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    found = results_of(out)["results"]["odw"]
    assert {found[f"score,{name}"] for name in ("odweval", "alignbench")} <= {1.0, 6.0}
    assert {"form,odweval", "factual_correctness,alignbench"} <= set(found)
    files = [str(path) for path in out.rglob("samples_odw_*.jsonl")]
    assert len(files) == 2
    asked = len(judge_server.prompts)
    verdicts = tmp_path / "v.jsonl"
    done = call([*ODW, "judge", *files, "--judge", str(served_judge), "--out", str(verdicts)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(verdicts.read_text("utf-8").splitlines()) == 4
    assert len(judge_server.prompts) == asked, "the store has these verdicts already"
