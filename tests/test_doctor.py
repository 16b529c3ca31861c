"""`odw doctor`: each fault is found, named and has a remedy; nothing that is broken breaks the doctor."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from odw_harness import cli
from odw_harness.doctor import machine, packages, places, probe
from odw_harness.doctor.finding import Finding

ROOT = Path(__file__).resolve().parent.parent


def distribution(folder: Path, name: str, version: str, *requires: str) -> None:
    """An installed package, as importlib.metadata sees it."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {r}" for r in requires),
    ]
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose packages come before the real ones."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def faults(found: Any) -> dict[str, Finding]:
    return {each.name: each for each in found if each.level == "fault"}


def test_versions_that_disagree_with_what_another_package_requires(site: Path) -> None:
    distribution(
        site, "llamafactory", "0.9.5", "trl<=0.24.0", "nothing-such>=2", 'absent; extra == "x"', "rich>=1", "of old!!"
    )
    distribution(site, "trl", "0.25.0")
    found = faults(packages.unmet("llamafactory"))
    assert set(found) == {"trl", "nothing-such"}
    assert found["trl"].what == "0.25.0; llamafactory 0.9.5 wants <=0.24.0"
    assert found["trl"].do == "pip install 'trl<=0.24.0'"
    assert found["nothing-such"].what == "missing; llamafactory wants it"


def test_our_own_extras_are_checked_where_they_are_there(site: Path) -> None:
    distribution(
        site,
        "odw-harness",
        "9",
        'bitsandbytes>=0.47; extra == "train"',
        'no-such-a; extra == "train"',
        'ruff==0; extra == "dev"',
        'no-such-b; python_version < "3"',
    )
    distribution(site, "bitsandbytes", "0.46.1")
    assert set(faults(packages.unmet("odw-harness"))) == {"bitsandbytes"}
    (note,) = [each for each in packages._extras() if each.level == "note"]
    assert (note.name, note.what) == ("extra train", "not there: no-such-a")
    assert note.do == "pip install 'odw-harness[train]'"


def test_this_environment_agrees_with_itself() -> None:
    """CI's environment is the one that `make setup` makes; a pin that does not fit the others fails here."""
    assert faults(packages.findings()) == {}


@pytest.mark.slow
def test_a_package_that_crashes_at_import_is_a_finding(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{site}:{ROOT}")
    for name, code in {
        "good": "print('{not JSON')",
        "raises": "raise ImportError('numpy.dtype size\\nchanged')",
        "leaves": "raise SystemExit(3)",
        "exits": "import os; os._exit(3)",
        "aborts": "import os; os.abort()",
        "last": "import os; os.write(1, b'{')",
    }.items():
        (site / f"{name}.py").write_text(code)
    errors, device = machine.tried(["good", "raises", "leaves", "exits", "aborts", "last"])
    assert errors == {
        "raises": "ImportError: numpy.dtype size changed",
        "leaves": "SystemExit: 3",
        "exits": "its import ends the process (exit code 3)",
        "aborts": "its import ends the process (SIGABRT)",
    }
    assert {"error", "late"}.isdisjoint(device), "the device is tried all the same"


def test_a_machine_too_slow_for_the_trial_is_no_fault(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{site}:{ROOT}")
    monkeypatch.setattr(machine, "_PATIENCE", 8.0)
    (site / "raises.py").write_text("raise ImportError('x')")
    (site / "slow.py").write_text("import time; time.sleep(60)")
    errors, late = machine.tried(["raises", "slow", "never_reached"])
    assert (errors, late) == ({"raises": "ImportError: x"}, {"late": "slow"})
    (note,) = machine._device(late, [], errors)
    assert (note.level, note.what) == ("note", "not tried: 8 s were over at slow")


def test_without_torch_the_device_is_not_spoken_of_twice(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{site}:{ROOT}")
    (site / "torch.py").write_text("raise ImportError('no torch today')")
    errors, found = machine.tried(["torch"])
    assert found == {"error": "ImportError: no torch today"}
    assert list(machine._device(found, [], errors)) == []


def test_a_4_bit_layer_is_really_made_and_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert probe.four_bit("cpu") is None
    assert probe.bf16("cpu") is None
    assert 0 < probe.slowdown("cpu") < 1e4
    monkeypatch.setattr(probe, "_TOLERANCE", 0.001)
    assert str(probe.four_bit("cpu")).startswith("a product came out wrong by ")
    assert "Error" in str(probe.four_bit("cuda:99"))


def device(**more: Any) -> dict[str, Any]:
    return {
        "torch": "2.13.0",
        "cuda": None,
        "hip": None,
        "gpus": [],
        "bf16": None,
        "slowdown": 1.0,
        "four_bit": None,
        **more,
    }


def gpu(memory: float, bf16: bool = True) -> dict[str, Any]:
    return {"name": "X", "memory": memory, "free": memory / 2, "capability": "7.0", "bf16": bf16}


def told(*arguments: Any) -> dict[str, tuple[str, str]]:
    return {each.name: (each.level, each.do) for each in machine._device(*arguments) if each.level != "ok"}


def test_what_the_device_can_not_do() -> None:
    assert told(device(), [], {}) == {}
    assert told(device(cuda="12.8", gpus=[gpu(80e9)]), ["X, 570"], {}) == {}
    (fault,) = told(device(torch="2.13.0+cpu"), ["H100, 570"], {}).items()
    assert fault[0] == "GPU"
    assert fault[1][0] == "fault"
    assert fault[1][1].startswith("pip install --force-reinstall torch==2.13.0 as a CUDA build")
    old = told(device(cuda="12.8", gpus=[gpu(16e9, bf16=False)]), [], {})
    assert {name: level for name, (level, _) in old.items()} == {"GPU 0": "note", "bf16": "note"}
    assert "fp16: true" in old["bf16"][1]
    assert told(device(four_bit="RuntimeError: no kernel"), [], {})["4-bit"] == (
        "fault",
        "pip install 'bitsandbytes>=0.47'",
    )
    assert told(device(four_bit="x"), [], {"bitsandbytes": "can't be imported"}) == {}, "told once, by its import"
    assert told(device(slowdown=120.0), [], {})["bf16"] == (
        "note",
        "dtype=float32 in model_args; bf16: false in training",
    )
    assert told({"error": "OSError: x"}, [], {})["device"][0] == "fault"


def test_placeholders_are_right_without_a_gpu_and_wrong_with_one(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(site, "torchvision", "0.28.0+placeholder")
    distribution(site, "torchaudio", "2.11.0")
    monkeypatch.setattr(machine, "tried", lambda modules: ({"torchaudio": "OSError: libc10_cuda.so"}, device()))
    monkeypatch.setattr(machine, "gpus_of_the_driver", list)
    found = {each.name: each for each in machine.findings()}
    assert found["placeholders"].level == "ok"
    assert found["torchaudio"].do == (
        "pip uninstall torchaudio; where LLaMA-Factory wants it, make setup puts a placeholder there"
    )
    monkeypatch.setattr(machine, "gpus_of_the_driver", lambda: ["H100, 570"])
    found = {each.name: each for each in machine.findings()}
    assert found["placeholders"].level == "fault"


def test_a_package_short_of_what_it_requires_is_not_to_be_uninstalled(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(site, "deepspeed", "0.18.4", "torch", "no-such-hjson>=3", "numpy>=99")
    errors = {"deepspeed": "ModuleNotFoundError: No module named 'no_such_hjson'"}
    monkeypatch.setattr(machine, "tried", lambda modules: (errors, device()))
    monkeypatch.setattr(machine, "gpus_of_the_driver", list)
    found = faults(machine.findings())
    assert found["deepspeed"].do == "pip install 'no-such-hjson>=3' 'numpy>=99', which it requires"
    assert faults(packages.findings())["no-such-hjson"].what == "missing; deepspeed wants it"
    distribution(site, "flash-attn", "2.8.3")
    errors["deepspeed"] = (
        "ModuleNotFoundError: No module named 'no_such_mpi4py.MPI'"  # which it does not say it requires
    )
    distribution(site, "no-such-hjson", "3.1")
    distribution(site, "numpy", "99.0")
    assert faults(machine.findings())["deepspeed"].do == "pip install the package that has no_such_mpi4py"
    errors |= {"flash_attn": "ImportError: flash_attn_2_cuda.so: undefined symbol: _ZN3c10"}
    assert faults(machine.findings())["flash-attn"].do.startswith("pip uninstall flash-attn, or build it for torch")


def test_a_package_that_fails_for_another_s_sake_is_not_to_be_installed_anew(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(site, "flash-attn", "2.8.3")
    distribution(site, "torchvision", "0.28.0")
    errors = {
        "peft": "ImportError: /x/flash_attn_2_cuda.so: undefined symbol: _ZN3c10",
        "flash_attn": "ImportError: /x/flash_attn_2_cuda.so: undefined symbol: _ZN3c10",
        "torchvision": "RuntimeError: operator torchvision::nms does not exist",
        "transformers": "RuntimeError: operator torchvision::nms does not exist",
        "trl": "ImportError: torchvisionary is missing",
    }
    monkeypatch.setattr(machine, "tried", lambda modules: (errors, device()))
    monkeypatch.setattr(machine, "gpus_of_the_driver", list)
    found = faults(machine.findings())
    assert found["peft"].do == "mend flash-attn, which it imports"
    assert found["transformers"].do == "mend torchvision, which it imports"
    assert found["torchvision"].do.startswith("pip uninstall torchvision")
    assert found["trl"].do.startswith("pip install --force-reinstall trl==")


def judge_finding() -> Finding:
    return next(each for each in places._judge() if each.group == "judge")


def test_the_judge_that_would_grade_and_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (judge_finding().name, judge_finding().level) == ("embedded", "ok")
    monkeypatch.setenv("ODW_JUDGE", "deepseek")
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert (judge_finding().level, judge_finding().do) == ("fault", "export DEEPSEEK_API_KEY=...")
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-secret-of-mine")
    assert judge_finding().level == "ok"
    assert "DEEPSEEK_API_KEY" in places._keys().what.split(";")[0]
    assert "secret" not in str(list(places.findings()))
    monkeypatch.setenv("ODW_JUDGE", "nobody")
    assert "judge nobody (by the variable ODW_JUDGE): no such judge" in judge_finding().what
    local = tmp_path / "mine.yaml"
    local.write_text(f"backend: local\nmodel_args: {{pretrained: {tmp_path}/none}}\n")
    monkeypatch.setenv("ODW_JUDGE", str(local))
    assert judge_finding().what.endswith("none: no such folder")


def test_a_judge_with_an_adapter_and_a_tokenizer_of_its_own(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, adapter, tokenizer = tmp_path / "mine.yaml", tmp_path / "adapter", tmp_path / "tokenizer"
    judge.write_text(
        f"backend: local\nmodel_args: {{pretrained: {tiny_model}, peft: {adapter}, tokenizer: {tokenizer}}}\n"
    )
    monkeypatch.setenv("ODW_JUDGE", str(judge))
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_text("x")
    assert judge_finding().what.endswith("adapter: has no adapter_config.json")
    (adapter / "adapter_config.json").write_text("{}")
    assert judge_finding().what.endswith("tokenizer: no such folder")
    tokenizer.mkdir()
    (tokenizer / "tokenizer.json").write_text("{}")
    assert judge_finding().level == "ok"


def test_each_member_of_a_panel_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_text("backend: api\nbase_url: http://x/v1\nmodel: m\napi_key_env: NO_SUCH_KEY\n")
    (tmp_path / "panel.yaml").write_text("backend: panel\njudges: [a.yaml, vllm]\n")
    monkeypatch.setenv("ODW_JUDGE", str(tmp_path / "panel.yaml"))
    levels = {each.name: each.level for each in places._judge() if each.group == "judge"}
    assert levels == {"a": "fault", "vllm": "ok"}


def test_a_store_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert places._store().level == "ok"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ODW_STORE", str(tmp_path / "file" / "store.sqlite"))
    found = places._store()
    assert (found.level, found.do) == ("fault", "name another with ODW_STORE")
    assert found.what.startswith("the store can't be used: ")


def test_little_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    for free, level in ((5e8, "fault"), (10e9, "note"), (90e9, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda place, free=free: type("Usage", (), {"free": free}))
        assert {each.level for each in places._disks()} == {level}


def test_exit_codes_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(machine, "gpus_of_the_driver", list)
    monkeypatch.setattr(machine, "tried", lambda modules: ({}, device()))
    assert cli.main(["doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"group", "name", "what", "level", "do"} == set(document["findings"][0])
    monkeypatch.setattr(machine, "tried", lambda modules: ({"scipy.stats": "ImportError: [x] size changed"}, device()))
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "can't be imported: ImportError: [x] size changed" in out
    assert "1 to mend" in out


@pytest.mark.slow
def test_the_whole_of_it_as_a_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "odw_harness.cli", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    levels = {each["level"] for each in json.loads(done.stdout)["findings"]}
    assert done.returncode == int("fault" in levels), done.stdout
    assert "Traceback" not in done.stderr
