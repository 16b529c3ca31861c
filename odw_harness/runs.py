"""One run of lm-eval over tasks of ours: its results file, the samples beside it, and every answer in them."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from odw_harness.errors import AnswerError
from odw_harness.jsonl import read_rows
from odw_harness.models import EMBEDDED, embedded_folder
from odw_harness.texts import document_of

UNGRADED = "none"
"""What stands for rubric and measure where nothing was graded (--predict_only): lm-eval's own name of no filter."""
_NAME = re.compile(r"(?P<what>results|samples_(?P<task>.+))_(?P<date>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d+)\.jsonl?")
WRITING = "alignbench_writing"
"""AlignBench's own items: other questions than the 21, so another measure, though by the same rubric."""
_TASKS = ("odweval", "alignbench", "odw", WRITING)


class Foreign(AnswerError):
    """A results file that is whole, and another task's."""


@dataclass(frozen=True)
class Answer:
    """A document that a system wrote, with what the rules and the judge found: a samples file's own record.

    text: as the model gave it. document: without thoughts, which is what people are shown.
    """

    question: dict[str, Any]
    text: str
    record: dict[str, Any]

    @property
    def document(self) -> str:
        """What was written, without the thoughts before it."""
        return document_of(self.text)

    @property
    def question_hash(self) -> str:
        """What is asked and what it is graded against: a question changed in either is another question."""
        return _short_hash(*(self.question[name] for name in ("request", "reference", "split")))

    @property
    def answer_hash(self) -> str:
        """The document. With question_hash what a person's mark is found by, whoever wrote it."""
        return _short_hash(self.document)


@dataclass(frozen=True)
class Run:
    """One run of lm-eval over tasks of ours: a results file and the samples beside it.

    system: the name that its file gave it, or adapter and base, or the model. paper: the row of the paper that it
    repeats. who: what tells it from another that nobody named: the arguments that make its model. leaks: what `odw data
    leaks` found in its training data, and same_family: of which family both system and judge are, each merged over its
    tasks.
    """

    file: Path
    system: str
    paper: str | None
    adapter: str | None
    model: str
    who: str
    date: datetime
    lm_eval: str
    limit: float | None
    generation: dict[str, Any]
    leaks: dict[str, Any] | None
    same_family: tuple[str, ...]
    samples: tuple[tuple[str, Path], ...]

    def answers(self, rubric: str) -> Iterator[Answer]:
        """Every answer of the run as graded under a task's rubric, in the order of questions and repeats.

        UNGRADED instead of a rubric gives those of a run with --predict_only.
        """
        for _, file in self.samples:
            for where, row in read_rows(file, "samples file", AnswerError):
                if row.get("filter") == rubric:
                    yield from answers_of(row, where, rubric == UNGRADED)


def results_files(folders: Sequence[str | Path]) -> list[Path]:
    """Every results file under the folders, each once. Raises AnswerError where there is no such folder."""
    found: dict[Path, None] = {}
    for folder in folders:
        path = Path(folder).expanduser()
        if not path.exists():
            raise AnswerError(f"{folder}: no such folder; name one that odw eval wrote to (outputs)")
        matching = [path] if path.is_file() else sorted(path.rglob("results_*.json"))
        found |= dict.fromkeys(each for each in matching if _NAME.fullmatch(each.name))
    return list(found)


def read_run(file: Path) -> Run:
    """The run that a results file tells of. Raises Foreign for another task's, AnswerError for one that can't be read."""
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        configs = {name: config for name, config in held["configs"].items() if task_of(name)}
    except (OSError, ValueError, RecursionError) as error:
        raise AnswerError(f"{file}: can't be read: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise AnswerError(f"{file}: is no results file of lm-eval") from None
    if not configs:
        raise Foreign(f"{file}: has no task of ours, only {', '.join(held['configs']) or 'none'}")
    try:
        return _run(file, held, configs)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise AnswerError(f"{file}: is not as lm-eval writes it ({type(error).__name__}: {error})") from None


def _run(file: Path, held: dict[str, Any], configs: dict[str, Any]) -> Run:
    given = _NAME.fullmatch(file.name)
    assert given
    samples = {name: file.with_name(f"samples_{name}_{given['date']}.jsonl") for name in configs}
    missing = [path.name for path in samples.values() if not path.is_file()]
    if len(missing) == len(samples):
        raise AnswerError(f"{file}: has no samples beside it ({missing[0]}); run with --log_samples")
    metadata = [config.get("metadata") or {} for config in configs.values()]
    arguments = held["config"].get("model_args") or {}
    model = str(
        arguments.get("pretrained") or arguments.get("model") or held.get("model_name") or held["config"]["model"]
    )
    adapter = str(arguments["peft"]) if arguments.get("peft") else None
    name = metadata[0].get("system")
    leaks = [each["training_data_leaks"] for each in metadata if each.get("training_data_leaks")]
    return Run(
        file=file,
        system=str(name or " + ".join(_short(part) for part in (model, adapter) if part)),
        paper=metadata[0].get("paper"),
        adapter=adapter,
        model=model,
        who="" if name else json.dumps([_meant(arguments.get(key)) for key in _MAKERS], default=str),
        date=datetime.fromtimestamp(float(held["date"]), UTC),
        lm_eval=str(held.get("lm_eval_version", "")),
        limit=held["config"].get("limit"),
        generation=dict(next(iter(configs.values())).get("generation_kwargs") or {}),
        leaks=_merged(leaks),
        same_family=tuple(sorted({name for each in metadata for name in each.get("judge_of_the_same_family") or ()})),
        samples=tuple((name, path) for name, path in samples.items() if path.is_file()),
    )


_MAKERS = ("pretrained", "model", "revision", "peft", "delta", "gguf_file", "load_in_4bit", "load_in_8bit", "base_url")
"""The model arguments that make another system."""


def _meant(value: Any) -> Any:
    """The embedded model lies elsewhere on each machine."""
    return EMBEDDED if Path(str(value)).parts[-2:] == embedded_folder().parts[-2:] else value


def _short(part: str) -> str:
    """A model's or an adapter's name: the last of its path, with the folder above for a checkpoint.

    >>> _short("/models/Qwen3-8B"), _short("saves/a/checkpoint-90")
    ('Qwen3-8B', 'a/checkpoint-90')
    """
    path = Path(str(_meant(part)))
    return "/".join(path.parts[-2:]) if path.name.startswith("checkpoint-") else path.name


def _merged(leaks: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    if not leaks:
        return None
    return {
        **leaks[0],
        "flagged": sorted({name for each in leaks for name in each.get("flagged", ())}),
        "checked": sum(each["checked"] for each in leaks),
        "of": sum(each["of"] for each in leaks),
    }


def task_of(name: str) -> str | None:
    """The group that a task of ours belongs to; None of another's task."""
    group = re.sub(r"_(in19|ood2)$", "", name)
    return group if group in _TASKS else None


def answers_of(row: dict[str, Any], where: str, ungraded: bool = False) -> Iterator[Answer]:
    """The answers that a row of a samples file holds. ungraded: one of --predict_only is taken too, without verdicts.

    Raises AnswerError with `where` for a row that holds no grading.
    """
    try:
        doc = row["doc"]
        texts = [text for texts in row["resps"] for text in (texts if isinstance(texts, list) else [texts])]
        if ungraded and row["filter"] == UNGRADED:
            records = [{"repeat": repeat, "verdicts": []} for repeat in range(len(texts))]
        else:
            records = json.loads(row["filtered_resps"][0])["answers"]
        yield from (Answer(doc, str(text), record) for text, record in zip(texts, records, strict=True))
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        raise AnswerError(f"{where}: is no row of a graded run; run without --predict_only") from None


@lru_cache(maxsize=4096)
def _short_hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:12]
