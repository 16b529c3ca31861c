"""lm-eval's output files, many runs of them, as one tidy table: a row for each verdict.

A measure is what figures may share a column under: the task's rubric, who judged (any setting included), by which
rubric and version. Rows of different measures never meet in a mean.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odw_harness.errors import AnswerError, OdwError
from odw_harness.jsonl import read_rows
from odw_harness.measures import of_measure
from odw_harness.models import EMBEDDED, embedded_folder
from odw_harness.rubric import RUBRICS
from odw_harness.stats import mean_of
from odw_harness.texts import document_of

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = tuple(dict.fromkeys(name for rubric in RUBRICS.values() for name in rubric.metrics))
"""The dimensions' metrics, 1 to 10, of both rubrics."""
UNJUDGED = ("rules", "fact_recall")
"""Figures from 0 to 1 that need no judge."""
FIGURES = ("score", *UNJUDGED, *DIMENSIONS)
"""Everything that a question can have a mean of."""
SPLITS = ("in19", "ood2")
UNGRADED = "none"
"""What stands for rubric and measure where nothing was graded (--predict_only): lm-eval's own name of no filter."""


class _Foreign(AnswerError):
    pass


_NAME = re.compile(r"(?P<what>results|samples_(?P<task>.+))_(?P<date>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d+)\.jsonl?")
_WRITING = "alignbench_writing"
"""AlignBench's own items: other questions than the 21, so another measure, though by the same rubric."""
_TASKS = ("odweval", "alignbench", "odw", _WRITING)


@dataclass(frozen=True)
class Skipped:
    """A file that is not in the table, and why. foreign: it is whole, and another task's."""

    file: Path
    reason: str
    foreign: bool = False


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
    repeats. who: what tells it from another that nobody named: the arguments that make its model. leaks: what `odw data leaks` found in its training data, and same_family: of which family both system and
    judge are, each merged over its tasks.
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
                    yield from _answers(row, where, rubric == UNGRADED)


@dataclass
class Outputs:
    """What lies under some folders. table: a row for each verdict (see `read_outputs`)."""

    runs: list[Run]
    table: "pd.DataFrame"
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """Every file that the table is of."""
        return [str(file) for run in self.runs for file in (run.file, *(path for _, path in run.samples))]


def read_outputs(folders: Sequence[str | Path], every_run: bool = False, ungraded: bool = False) -> Outputs:
    """Read every results and samples file of ours under the folders; what is broken or foreign is named in `skipped`.

    Of runs of one system under one measure the newest counts, or with every_run each under its date. The columns:
    run (the results file), system, paper, adapter, model, date, lm_eval; task, split, question, genre, question_hash,
    answer_hash, repeat, characters (of the document, without white space and thoughts); rubric (the task's), measure, judge, judge_model, judged_by (the rubric that the judge scores
    by), rubric_version, judge_repeat; score (1 to 10, or missing) with unscored (the reason), dimensions (1 to 10),
    rules and fact_recall (0 to 1). ungraded: answers of runs with --predict_only are rows too, without any figure,
    their rubric and measure UNGRADED. Raises AnswerError where there is no such folder, or nothing of ours in any.
    """
    import pandas as pd

    skipped: list[Skipped] = []
    runs: list[Run] = []
    rows: list[dict[str, Any]] = []
    for file in _results_files(folders):
        try:
            run = _read_run(file)
            rows += list(_rows(run, ungraded))  # whole, or not at all
            runs.append(run)
        except OdwError as error:
            skipped.append(Skipped(file, str(error).removeprefix(f"{file}: "), isinstance(error, _Foreign)))
    if not runs:
        told = f" ({skipped[0].file}: {skipped[0].reason})" if skipped else ""
        raise AnswerError(
            f"{', '.join(map(str, folders))}: holds no graded run of ours{told}; run odw eval or odw bench first"
        )
    table = pd.DataFrame(rows, columns=_COLUMNS).astype(dict.fromkeys(FIGURES, float))
    table = _named_apart(table, runs)
    if not every_run:
        table = _newest(table)
        used = set(table["run"])
        runs = [run for run in runs if str(run.file) in used]
    else:
        table["system"] += table["date"].map(lambda date: f" {date:%Y-%m-%d %H:%M}")
    return Outputs(runs, table.reset_index(drop=True), skipped)


def by_question(table: "pd.DataFrame") -> "pd.DataFrame":
    """One row for each system, measure and question: means over its answers and their verdicts.

    Columns: measure, system, split, question, genre, question_hash, the figures, coverage (share of verdicts scored),
    characters, answers. An answer's score is the mean of its verdicts, a question's the mean of its answers, as lm-eval
    has them.
    """
    keys = ["measure", "system", "split", "question", "genre", "question_hash"]
    answers = table.assign(coverage=table["score"].notna().astype(float)).groupby([*keys, "repeat"], sort=False)
    each = answers[[*FIGURES, "coverage", "characters"]].mean()
    found = each.groupby(level=keys, sort=False)
    return found.mean().assign(answers=found.size()).reset_index()


def side_by_side(questions: "pd.DataFrame", figure: str) -> "pd.DataFrame":
    """A figure of one measure's questions (`by_question`), questions × systems; one asked in two ways stands there twice."""
    return questions.pivot(index=["question", "question_hash"], columns="system", values=figure)


def by_system(table: "pd.DataFrame") -> "pd.DataFrame":
    """One row for each system and measure, in the paper's shape, the best first within a measure.

    avg19 and avg2 are means over the questions of a split, avg21 over all (missing where there is none scored) with low
    and high, Student's 95 % interval over questions; the other figures are means over all questions. questions, and
    scored: how many there are, and how many have a score.
    """
    questions = by_question(table)
    keys = ["measure", "system"]
    found = questions.groupby(keys, sort=False)
    rows = found[[*UNJUDGED, *DIMENSIONS, "coverage", "characters"]].mean()
    for split, name in (("in19", "avg19"), ("ood2", "avg2")):
        rows[name] = questions[questions["split"] == split].groupby(keys)["score"].mean()
    means = {key: mean_of(scores) for key, group in found["score"] if (scores := list(group.dropna()))}
    for name, of_mean in (("avg21", "mean"), ("low", "low"), ("high", "high")):
        rows[name] = [getattr(means.get(key), of_mean, None) for key in rows.index]
    rows = rows.astype(float)
    rows["questions"], rows["scored"], rows["answers"] = found.size(), found["score"].count(), found["answers"].sum()
    first = ["avg19", "avg2", "avg21", "low", "high"]
    rows = rows[[*first, *(name for name in rows.columns if name not in first)]].reset_index()
    order = {measure: number for number, measure in enumerate(rows["measure"].unique())}
    place = rows["measure"].map(order)
    return (
        rows.assign(place=place)
        .sort_values(["place", "avg21"], ascending=[True, False], kind="stable")
        .drop(columns="place")
        .reset_index(drop=True)
    )


_COLUMNS = [
    *("run", "system", "paper", "adapter", "model", "date", "lm_eval"),
    *("task", "split", "question", "genre", "question_hash", "answer_hash", "repeat", "characters"),
    *("rubric", "measure", "judge", "judge_model", "judged_by", "rubric_version", "judge_repeat"),
    *("unscored", *FIGURES),
]


def _results_files(folders: Sequence[str | Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for folder in folders:
        path = Path(folder).expanduser()
        if not path.exists():
            raise AnswerError(f"{folder}: no such folder; name one that odw eval wrote to (outputs)")
        matching = [path] if path.is_file() else sorted(path.rglob("results_*.json"))
        found |= dict.fromkeys(each for each in matching if _NAME.fullmatch(each.name))
    return list(found)


def _read_run(file: Path) -> Run:
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        configs = {name: config for name, config in held["configs"].items() if _task_of(name)}
    except (OSError, ValueError, RecursionError) as error:
        raise AnswerError(f"{file}: can't be read: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise AnswerError(f"{file}: is no results file of lm-eval") from None
    if not configs:
        raise _Foreign(f"{file}: has no task of ours, only {', '.join(held['configs']) or 'none'}")
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


def _task_of(name: str) -> str | None:
    """The group that a task of ours belongs to; None of another's task."""
    group = re.sub(r"_(in19|ood2)$", "", name)
    return group if group in _TASKS else None


def _rows(run: Run, ungraded: bool) -> Iterator[dict[str, Any]]:
    """The run's part of the table."""
    of_run = {
        "run": str(run.file),
        "system": run.system,
        "paper": run.paper,
        "adapter": run.adapter,
        "model": run.model,
        "date": run.date,
        "lm_eval": run.lm_eval,
    }
    for task, file in run.samples:
        for where, row in read_rows(file, "samples file", AnswerError):
            for answer in _answers(row, where, ungraded):
                yield from _verdicts({**of_run, "task": _task_of(task), "rubric": row["filter"]}, answer, where)


def _answers(row: dict[str, Any], where: str, ungraded: bool = False) -> Iterator[Answer]:
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


def _verdicts(known: dict[str, Any], answer: Answer, where: str) -> Iterator[dict[str, Any]]:
    try:
        doc, record = answer.question, answer.record
        of_answer = {
            **known,
            "split": doc["split"],
            "question": doc["id"],
            "genre": doc["genre"],
            "question_hash": answer.question_hash,
            "answer_hash": answer.answer_hash,
            "repeat": record["repeat"],
            "characters": len("".join(answer.document.split())),
            **{name: record.get(name) for name in UNJUDGED},
        }
        if known["rubric"] == UNGRADED:
            yield {**of_answer, "measure": UNGRADED, "unscored": "not graded"}
        for verdict in record["verdicts"]:
            given = verdict["provenance"]
            yield {
                **of_answer,
                **of_measure(
                    known["task"] if known["task"] == _WRITING else known["rubric"],
                    json.dumps({**given, "repeat": 0}, sort_keys=True),
                ),
                "judge_repeat": given["repeat"],
                "score": verdict["score"],
                "unscored": verdict["unscored"],
                **(_dimensions(known["rubric"], verdict["dimensions"]) if verdict["score"] is not None else {}),
            }
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerError(f"{where}: has a verdict that can't be read ({type(error).__name__}: {error})") from None


def _dimensions(rubric: str, given: dict[str, float] | None) -> dict[str, float]:
    return {RUBRICS[rubric].metric_of.get(name, name): float(mark) for name, mark in (given or {}).items()}


@lru_cache(maxsize=4096)
def _short_hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:12]


def _named_apart(table: "pd.DataFrame", runs: Sequence[Run]) -> "pd.DataFrame":
    """Two systems under one name get their folders' names too: one must not hide the other."""
    by_name: dict[str, set[str]] = {}
    for run in runs:
        by_name.setdefault(run.system, set()).add(run.who)
    unclear = {name for name, who in by_name.items() if len(who) > 1}
    if unclear:
        folder = {str(run.file): run.file.parent.parent.name for run in runs}
        marked = table["system"].isin(unclear)
        table.loc[marked, "system"] += table.loc[marked, "run"].map(lambda file: f" ({folder[file]})")
    return table


def _newest(table: "pd.DataFrame") -> "pd.DataFrame":
    newest = table.groupby(["measure", "system"])["date"].transform("max")
    return table[table["date"] == newest]
