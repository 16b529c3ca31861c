"""The benchmarks run, count what they claim to count, and say so where a run is not complete."""

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent


def script(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "benchmarks" / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import loopback_judge

    return loopback_judge


@pytest.fixture
def throughput(loopback: ModuleType) -> ModuleType:
    import judge_throughput

    return judge_throughput


def test_the_loopback_judge_answers_each_request_of_a_connection_after_its_latency(loopback: ModuleType) -> None:
    with loopback.running(0.1) as server:
        connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
        for _ in range(2):
            start = time.monotonic()
            connection.request("POST", "/v1/chat/completions", b"{}" * 100_000)
            data = json.load(connection.getresponse())
            assert time.monotonic() - start >= 0.1
            assert data["choices"][0]["message"]["content"] == loopback.REPLY
        connection.putrequest("POST", "/v1/chat/completions")  # the head alone, for the server hangs up after it
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        assert connection.getresponse().status == 411
        assert server.told()["answered"] == 2


def test_the_loopback_judges_reply_is_one_that_the_engine_scores(loopback: ModuleType) -> None:
    from odw_harness.reply import Scores, read_scores
    from odw_harness.rubric import ODWEVAL

    found = read_scores(loopback.REPLY, [dimension.name for dimension in ODWEVAL.dimensions])
    assert isinstance(found, Scores)
    assert (found.mean, found.mean_differs) == (6.9, False)


def test_requests_fill_the_time_and_are_fewer_where_a_system_is_slow(throughput: ModuleType) -> None:
    assert throughput.requests_of("odw_harness", 16, 8) == 640  # 16 / 0.2 s * 8 s
    assert throughput.requests_of("inspect_ai", 256, 8) == 1280  # 160 a second, a multiple of 256
    assert throughput.requests_of("inspect_ai", 256, 1) == 1024  # four rounds at the least


def test_a_table_counts_every_verdict_and_shows_what_is_not_installed(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    options = ["--systems", "odw_harness,aiohttp,inspect_ai", "--concurrency", "4", "--seconds", "0.1"]
    done = script("judge_throughput.py", *options, "--peers-python", str(tmp_path / "none"), "--json", str(file))
    assert done.returncode == 0, done.stderr
    engine, again, bare, peer = json.loads(file.read_text(encoding="utf-8"))["cells"]
    assert (engine["system"], again["system"]) == ("odw_harness", "odw_harness, second run")
    assert [cell["verdicts"] for cell in (engine, again, bare)] == [16, 16, 16]
    assert 0 < engine["share"] <= 1
    assert 0 < bare["share"] <= 1
    assert again["share"] is None
    assert again["verdicts_per_second"] > engine["verdicts_per_second"]
    assert peer["error"] == "not installed"
    assert "not installed" in done.stdout


def test_a_run_in_which_a_reply_is_missing_is_an_error_and_no_figure(
    throughput: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = tmp_path / "driver.py"
    figures = {"a system": {"verdicts": 16, "seconds": 1.0, "cpu_seconds": 1.0}}
    driver.write_text(f"import json, sys\njson.dump({figures}, open(sys.argv[5], 'w'))\n")  # asks for nothing
    monkeypatch.setattr(throughput, "DRIVER", driver)
    with throughput.running(0.0) as server:
        (cell,) = throughput.measure(sys.executable, "aiohttp", 4, 0.1, server)
    assert cell.error == "0 requests for 24 verdicts"
    assert throughput.together([cell]) == cell


def test_memory_is_measured_for_new_verdicts_and_for_those_of_the_store(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = script("judge_memory.py", "--answers", "20,40", "--json", str(file))
    assert done.returncode == 0, done.stderr
    runs = json.loads(file.read_text(encoding="utf-8"))
    assert [(run["answers"], run["from_store"]) for run in runs] == [(20, False), (20, True), (40, False), (40, True)]
    assert all(20 < run["peak"] < 2000 for run in runs)  # MiB of a Python with the harness in it
