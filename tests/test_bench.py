"""`odw bench`: what is there runs, what is done is skipped, what is missing is named; nothing is lost by a kill."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from odw_harness import bench, cli
from odw_harness.bench import Bench, Row, read_row
from odw_harness.child import Child
from odw_harness.errors import TaskError
from tests.judge.server import JudgeServer, grades, says, serving

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 300
"""Seconds after which a process is taken to hang."""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of the test's own, but with this checkout's code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def model_server() -> Iterator[JudgeServer]:
    """A served model under test, which always writes the same."""
    with serving() as server:
        server.always = says("关于放假的通知")
        yield server


def served_system(name: str, server: JudgeServer, more: str = "") -> str:
    Path(f"{name}.yaml").write_text(
        f"model: local-chat-completions\nmodel_args: {{model: judge-1, base_url: {server.url}/chat/completions}}\n"
        f"apply_chat_template: true\nmetadata: {{system: 系统-{name}}}\n{more}",
        encoding="utf-8",
    )
    return f"{name}.yaml"


def run(*arguments: str) -> int:
    return cli.main(["bench", *arguments])


def table_of(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    return {each["system"]: each for each in json.loads(capsys.readouterr().out)["systems"]}


def stopped(*arguments: str, when: Callable[[], bool], by: signal.Signals) -> subprocess.CompletedProcess[str]:
    """A bench in a process of its own that gets a signal at some moment."""
    command = [sys.executable, "-m", "odw_harness.cli", "bench", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(when, process)
    process.send_signal(by)
    out, err = process.communicate(timeout=LIMIT)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def wait_until(met: Callable[[], bool], process: "subprocess.Popen[str] | None" = None) -> None:
    deadline = time.monotonic() + LIMIT
    while not met():
        assert time.monotonic() < deadline, "waited in vain"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.02)


def children_of_a_bench() -> list[int]:
    """Processes of `odw eval` that were started for this test's folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and os.readlink(process / "cwd") == os.getcwd():
                words = (process / "cmdline").read_bytes().split(b"\0")
                found += [int(process.name)] if b"eval" in words and b"--config" in words else []
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_one_runs_one_fails_one_lacks_its_weights_and_what_is_done_is_not_done_again(
    model_server: JudgeServer, judge_server: JudgeServer, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = served_system("good", model_server)
    with serving() as broken:
        broken.always = says(None)
        bad = served_system("bad", broken, "tasks: no_such_task\n")
        Path("absent.yaml").write_text("model_args: {pretrained: models/x}\nmetadata: {get: hf download a/x}\n")
        files = ("absent.yaml", bad, good)
        assert run(*files, "--judge", str(served_judge), "--limit", "1", "--json") == 1
        table = table_of(capsys)
        assert {name: each["state"] for name, each in table.items()} == {
            "absent": "missing",
            "系统-bad": "failed",
            "系统-good": "ran",
        }
        assert table["absent"]["missing"] == [{"what": "models/x: no such folder", "get": ["hf download a/x"]}]
        assert table["系统-bad"]["why"].startswith("--tasks: Tasks not found: no_such_task")
        row = table["系统-good"]
        assert (row["avg19"], row["avg2"], row["avg21"], row["coverage"]) == (6.0, 6.0, 6.0, 1.0)
        assert 0 < row["rules"] < 1
        assert row["fact_recall"] == 0.0
        assert row["minutes"] > 0
        assert Path(row["results"]).parent.parent == Path("outputs/good")
        assert "6.0000" in Path(row["log"]).read_text("utf-8"), "lm-eval's own table"
        assert judge_server.prompts

        asked, log = len(model_server.requests), Path(row["log"]).stat().st_mtime_ns
        assert run(good, "--judge", str(served_judge), "--limit", "1") == 0
        assert "系统-good  done" in capsys.readouterr().out
        assert (len(model_server.requests), Path(row["log"]).stat().st_mtime_ns) == (asked, log)

        assert run(good, "--judge", str(served_judge), "--limit", "2", "--dry-run") == 0
        assert "系统-good: to run: changed since: arguments" in capsys.readouterr().out
        assert run(good, "--judge", str(served_judge), "--limit", "1", "--dry-run", "--force", "--json") == 0
        assert table_of(capsys)["系统-good"]["why"] == "--force"


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_run_in_progress_and_the_next_bench_goes_on(
    by: signal.Signals, model_server: JudgeServer, judge_server: JudgeServer, served_judge: Path, capsys: Any
) -> None:
    files = (served_system("a", model_server), served_system("b", model_server))
    arguments = (*files, "--judge", str(served_judge), "--limit", "2")

    def slowly(handler: Any, body: Any) -> None:
        time.sleep(0 if len(judge_server.prompts) <= 1 else 30)
        grades()(handler, body)

    judge_server.always = slowly
    done = stopped(*arguments, when=lambda: len(judge_server.prompts) >= 3, by=by)
    assert done.returncode == 130, done.stderr
    assert "系统-a  stopped" in done.stdout
    assert "系统-b  not run" in done.stdout
    assert "Traceback" not in done.stderr
    assert not children_of_a_bench()
    if by == signal.SIGINT:
        asked = len(judge_server.prompts)
        judge_server.always = grades()
        assert run(files[0], *arguments[2:], "--json") == 0
        assert table_of(capsys)["系统-a"]["state"] == "ran"
        assert len(judge_server.prompts) < asked + 4, "the verdict that was there is asked for again"


@pytest.mark.slow
def test_a_killed_bench_takes_its_run_with_it_and_what_was_written_is_not_written_again(
    tiny_model: Path, judge_server: JudgeServer, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """kill -9: nobody reads the run's output any more, so it ends at its next line."""
    Path("tiny.yaml").write_text(
        f"model_args: {{pretrained: {tiny_model}, dtype: float32}}\ndevice: cpu\ngen_kwargs: {{max_gen_toks: 150}}\n"
    )
    answers = Path("cache/odw_harness/answers")
    arguments = ("tiny.yaml", "--judge", str(served_judge))

    def some_are_kept() -> bool:
        import sqlite3

        for file in answers.glob("*.db"):
            try:
                with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
                    return bool(db.execute("SELECT count(*) FROM unnamed").fetchone()[0] >= 3)
            except sqlite3.Error:
                return False
        return False

    stopped(*arguments, when=some_are_kept, by=signal.SIGKILL)
    wait_until(lambda: not children_of_a_bench())
    assert not judge_server.prompts, "it was killed while it wrote"
    assert run(*arguments, "--json") == 0
    assert table_of(capsys)["tiny"]["coverage"] == 1.0
    log = Path("outputs/tiny/bench.log").read_text("utf-8")
    left = re.search(r"Running generate_until requests: .*?/(\d+) \[", log)
    assert left is None or int(left[1]) <= 21 - 3, "what was written is written again"


def as_if_done(file: str, **options: Any) -> Path:
    """A stamp over a results file, as a run leaves them."""
    made = Bench([file], **options)
    (outcome,) = made.outcomes
    outcome.folder.mkdir(parents=True, exist_ok=True)
    (outcome.folder / "results_1.json").write_text('{"results": {}}')
    stamp = bench._Stamp("results_1.json", 1.5, "odw eval", made._depends_on(outcome.system))
    (outcome.folder / bench.STAMP).write_text(json.dumps(bench.asdict(stamp)), encoding="utf-8")
    return outcome.folder


def test_what_makes_it_run_again(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    model = shutil.copytree(tiny_model, tmp_path / "models" / "tiny")
    system, judge = Path("a.yaml"), Path("judge.yaml")
    system.write_text("model_args: {pretrained: models/tiny}\nmetadata: {get: hf download a/x}\n")
    judge.write_text("backend: api\nbase_url: http://127.0.0.1:1\nmodel: a\n")
    questions = Path("my.jsonl")
    questions.write_text('{"id": "1", "genre": "通知", "prompt": "写", "reference": "文"}\n', "utf-8")
    metadata = (f"judge={judge}", f"questions={questions}")
    folder = as_if_done("a.yaml", metadata=metadata)

    def look(**options: Any) -> tuple[str, str]:
        (outcome,) = Bench(["a.yaml"], **{"metadata": metadata, **options}).outcomes
        return outcome.state, outcome.why

    assert look() == ("done", "")
    assert look(force=True) == ("to run", "--force")
    assert look(limit=1.0) == ("to run", "changed since: arguments")
    assert look(passed_on=["--device", "cpu"]) == ("to run", "changed since: arguments")

    def after(change: Callable[[], Any], undo: Callable[[], Any]) -> tuple[str, str]:
        change()
        told = look()
        undo()
        assert look() == ("done", "")
        return told

    def rewritten(file: Path, old: str, new: str) -> tuple[str, str]:
        text = file.read_text("utf-8")
        assert old in text
        return after(lambda: file.write_text(text.replace(old, new), "utf-8"), lambda: file.write_text(text, "utf-8"))

    assert rewritten(system, "model_args", "# a remark\nmodel_args") == ("done", "")
    assert rewritten(system, "a/x", "b/x") == ("done", "")
    assert rewritten(system, "tiny}", "tiny, dtype: float32}") == ("to run", "changed since: settings")
    assert rewritten(questions, "写", "拟") == ("to run", "changed since: questions")
    assert rewritten(judge, "model: a", "model: b") == ("to run", "changed since: judge")
    config = model / "generation_config.json"
    assert rewritten(config, "{", "{ ") == ("to run", "changed since: weights")
    results = folder / "results_1.json"
    assert after(results.unlink, lambda: results.write_text('{"results": {}}')) == (
        "to run",
        "its results file is gone",
    )
    monkeypatch.setattr(bench, "installed", lambda name: "99")
    assert look() == ("to run", "changed since: version")


def test_a_dry_run_says_what_the_judge_lacks(
    tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    Path("a.yaml").write_text(f"model_args: {{pretrained: {tiny_model}}}\n")
    Path("absent.yaml").write_text("model_args: {pretrained: models/x}\n")
    Path("j.yaml").write_text("backend: api\nbase_url: http://127.0.0.1:1\nmodel: m\napi_key_env: JUDGE_KEY\n")
    wanted = "judge j: m at http://127.0.0.1:1: its key JUDGE_KEY is not set"
    assert run("a.yaml", "--judge", "j.yaml", "--dry-run") == 0
    assert f"  {wanted}\n    export JUDGE_KEY=...\n" in capsys.readouterr().out
    assert run("a.yaml", "--judge", "j.yaml", "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["judges_missing"] == [{"what": wanted, "get": ["export JUDGE_KEY=..."]}]
    for without in (["absent.yaml"], ["a.yaml", "--", "--predict_only"]):
        assert run(*without[:1], "--judge", "j.yaml", "--dry-run", *without[1:]) == 0
        assert "JUDGE_KEY" not in capsys.readouterr().out, "nothing is to be judged"
    monkeypatch.setenv("JUDGE_KEY", "k")
    assert run("a.yaml", "--judge", "j.yaml", "--dry-run") == 0
    assert "JUDGE_KEY" not in capsys.readouterr().out


def test_results_stay_in_the_table_when_the_weights_are_gone(
    tiny_model: Path, tmp_path: Path, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    model = shutil.copytree(tiny_model, tmp_path / "models" / "tiny")
    Path("a.yaml").write_text("model_args: {pretrained: models/tiny}\n")
    as_if_done("a.yaml", metadata=(f"judge={served_judge}",))
    shutil.rmtree(model)
    assert run("a.yaml", "--judge", str(served_judge), "--json") == 1
    row = table_of(capsys)["a"]
    assert (row["state"], row["why"], row["minutes"]) == ("missing", "results of an earlier run", 1.5)


def test_nothing_there_is_a_failure_and_a_part_missing_is_not(
    model_server: JudgeServer, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("absent.yaml").write_text("model_args: {pretrained: models/x}\n")
    good = served_system("good", model_server)
    as_if_done(good, metadata=(f"judge={served_judge}",))
    assert run("absent.yaml", "--judge", str(served_judge)) == 1
    assert run("absent.yaml", good, "--judge", str(served_judge)) == 0
    assert "models/x: no such folder (absent)\n    hf download ORGANISATION/x" in capsys.readouterr().out


def test_a_system_that_another_bench_runs_is_left_to_it(
    model_server: JudgeServer, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = served_system("good", model_server)
    Path("outputs/good").mkdir(parents=True)
    with FileLock("outputs/good/.bench.lock"):
        assert run(good, "--judge", str(served_judge), "--json") == 0
    assert table_of(capsys)["系统-good"]["state"] == "elsewhere"
    assert not model_server.requests


def test_a_system_that_another_bench_has_finished_meanwhile_is_done(
    model_server: JudgeServer, served_judge: Path
) -> None:
    good = served_system("good", model_server)
    metadata = (f"judge={served_judge}",)
    later = Bench([good], metadata=metadata)
    (outcome,) = later.outcomes
    assert outcome.state == "to run"
    folder = as_if_done(good, metadata=metadata)
    told: list[str] = []
    later.run(show=told.append, say=told.append)
    assert (outcome.state, outcome.results, outcome.minutes) == ("done", folder / "results_1.json", 1.5)
    assert told == ["[1/1] 系统-good: done"]
    assert not model_server.requests


def test_a_judge_that_nobody_needs_is_not_asked(
    model_server: JudgeServer, served_judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That of a system that is done, and that of one whose answers are not graded."""
    Path("gone.yaml").write_text("backend: api\nbase_url: http://127.0.0.1:1\nmodel: a\n")
    judges = {"done": "gone.yaml", "ungraded": "gone.yaml", "graded": str(served_judge)}
    for name, judge in judges.items():
        file = Path(served_system(name, model_server, "predict_only: true\n" if name == "ungraded" else ""))
        file.write_text(file.read_text("utf-8").replace("metadata: {", f"metadata: {{judge: {judge}, "), "utf-8")
    as_if_done("done.yaml")
    for name in ("graded", "ungraded"):
        Path("outputs", name).mkdir(parents=True)
    with FileLock("outputs/graded/.bench.lock"), FileLock("outputs/ungraded/.bench.lock"):
        assert run(*(f"{name}.yaml" for name in judges), "--json") == 0
    states = {name: each["state"] for name, each in table_of(capsys).items()}
    assert states == {"系统-done": "done", "系统-ungraded": "elsewhere", "系统-graded": "elsewhere"}


def test_a_judge_that_can_not_be_used_ends_the_bench_before_anything_runs(
    model_server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    good = served_system("good", model_server)
    Path("judge.yaml").write_text("backend: api\nbase_url: http://127.0.0.1:1\nmodel: a\n")
    assert run(good, "--judge", "judge.yaml") == 2
    assert "error: judge judge: http://127.0.0.1:1: can't be reached" in capsys.readouterr().err
    assert not model_server.requests


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none.yaml",), "Config file not found"),
        (("a.yaml", "--judge", "nobody"), "judge nobody: no such judge"),
        (("a.yaml", "--judge", "x", "--metadata", "judge=y"), "--judge: the judge is named by --metadata too"),
        (("a.yaml", "--metadata", "judge"), "--metadata judge: must be NAME=VALUE"),
        (("a.yaml", "--metadata", "questions=no.jsonl"), "no.jsonl: no such questions file"),
        (("a.yaml", "--", "--limit", "3"), "--limit: is set by odw bench itself"),
        (("a.yaml", "b.yaml"), "b.yaml: field output_path: same is that of a.yaml too"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], told: str, model_server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        served_system(name, model_server, "output_path: same\n")
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_a_row_is_read_from_a_results_file_of_any_of_our_tasks(tmp_path: Path) -> None:
    def of(results: dict[str, Any]) -> Row:
        path = tmp_path / "results.json"
        path.write_text(json.dumps({"results": results}))
        return read_row(path)

    assert of(
        {
            "odw": {"score,odweval": 5.0, "score,alignbench": 7.0, "rules,odweval": 0.5, "coverage,odweval": 0.9},
            "odw_in19": {"score,odweval": 5.2},
            "odw_ood2": {"score,odweval": "N/A"},
        }
    ) == Row(avg19=5.2, avg2=None, avg21=5.0, rules=0.5, fact_recall=None, coverage=0.9)
    assert of({"alignbench": {"score,alignbench": 7.0}, "alignbench_in19": {"score,alignbench": 7.5}}) == Row(
        avg19=7.5, avg21=7.0
    )
    assert of({}) == Row()
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(TaskError, match=r"results\.json: is no results file"):
        read_row(tmp_path / "results.json")


def test_a_run_that_was_killed_says_so_and_one_that_failed_says_why(tmp_path: Path) -> None:
    assert bench._how_it_ended(-signal.SIGKILL) == "killed by SIGKILL (out of memory?)"
    assert bench._how_it_ended(1) == ""


def test_a_run_shows_its_last_line_and_keeps_them_all(tmp_path: Path) -> None:
    lines: list[str] = []
    child = Child(["check", "none.txt"], tmp_path / "log")
    assert child.wait(lines.append) == 2
    assert child.last_words() == lines[-1].removeprefix("error: ")
    assert child.last_words().startswith("none.txt")
    assert (tmp_path / "log").read_text("utf-8").strip() == lines[-1]
