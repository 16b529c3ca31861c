"""The only module that knows lm-eval's task API: the task class behind tasks/.

A class rather than a filter function, because a filter learns neither of --predict_only, nor of --metadata, nor of
the other ranks of a run.
"""

import functools
import json
import logging
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import datasets
from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask

from odw_harness.alignbench import load_writing_questions
from odw_harness.errors import OdwError, StoreError, TaskError
from odw_harness.families import families, names_of
from odw_harness.grading import Grading
from odw_harness.judge import Judge, Request, load_judge
from odw_harness.questions import COMPLETION_CUE, Question, load_questions
from odw_harness.reply import kind_of
from odw_harness.rubric import Rubric, find_rubric
from odw_harness.rules import check_text, of_question
from odw_harness.store import Store
from odw_harness.texts import document_of, storable
from odw_harness.traindata.leaks.beside import leaks_beside
from odw_harness.verdict import Verdict

log = logging.getLogger(__name__)

_SYSTEM_KEYS = (
    "model",
    "pretrained",
    "revision",
    "peft",
    "delta",
    "gguf_file",
    "load_in_4bit",
    "load_in_8bit",
    "dtype",
)


METADATA = ("judge", "questions", "repeats", "alignbench_data")
"""What our tasks take by --metadata."""


class RunStopped(OdwError, SystemExit):
    """A user's mistake, found inside lm-eval: uncaught, it ends the process with its one line and no traceback."""

    def __init__(self, message: str) -> None:
        """Python prints a SystemExit's code where it is a text, and exits with 1."""
        super().__init__(message)
        self.code = message


@functools.lru_cache(maxsize=1)
def open_store() -> Store:
    """The default store, opened once a process."""
    return Store()


@functools.lru_cache(maxsize=1)
def find_judge(name: str | None, store: Store) -> Judge:
    """The judge of that name after its pre-flight, once a process: all tasks of a run share it and its model."""
    judge = load_judge(name, store)
    judge.preflight()
    return judge


class OdwTask(ConfigurableTask):  # type: ignore[misc]
    """One split of the questions under one rubric or several, as an lm-eval task.

    The YAML's dataset_kwargs name the split and the rubrics; each rubric is a filter pipeline of its own in lm-eval's
    results (score,odweval; score,alignbench) over the same generation. --metadata takes judge (name or path),
    questions (path of a questions file) and repeats (answers a question).
    """

    def __init__(self, config: dict[str, Any]) -> None:
        """Load the questions. A split without any is allowed: the task then adds nothing to its group."""
        config = {key: value for key, value in config.items() if key != "class"}
        options = config.get("dataset_kwargs") or {}
        metadata = config.get("metadata") or {}
        try:
            config["repeats"] = _repeats(metadata.get("repeats", config.get("repeats", 1)))
            self._rubrics = [find_rubric(name) for name in options.get("rubrics", ["odweval"])]
            questions = self._load(options, metadata)
            self._store = open_store()
        except OdwError as error:
            raise RunStopped(f"error: {error}") from None
        self._questions = {question.id: question for question in questions}
        super().__init__(config=config)
        self.dataset = self._dataset(self._questions.values())
        self.task_docs = self.eval_docs

    def _load(self, options: dict[str, Any], metadata: dict[str, Any]) -> list[Question]:
        questions = load_questions(metadata.get("questions"))
        self._placeholder = questions[0]
        return [question for question in questions if question.split == options.get("split", "in19")]

    def _request(self, question: Question) -> str:
        return question.request()

    def download(self, dataset_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Give ConfigurableTask what it inspects at its start; it can't take an empty split."""
        self.dataset = self._dataset(self._questions.values() or [self._placeholder])

    def _dataset(self, questions: Any) -> dict[str, datasets.Dataset]:
        columns: dict[str, list[str]] = {n: [] for n in ("id", "genre", "split", "prompt", "request", "reference")}
        for question in questions:
            for name, column in columns.items():
                column.append(self._request(question) if name == "request" else getattr(question, name))
        features = datasets.Features({name: datasets.Value("string") for name in columns})
        return {"test": datasets.Dataset.from_dict(columns, features=features)}

    @property
    def _predict_only(self) -> bool:
        return "bypass" in self._metric_fn_list

    def build_all_requests(self, *, rank: int = 0, world_size: int = 1, **kwargs: Any) -> None:
        """Pre-flight, then lm-eval's own work. The last moment before the model under test generates."""
        if world_size > len(self._questions) > 0:
            raise RunStopped(
                f"error: {self.config.task} has {len(self._questions)} questions, fewer than the {world_size} processes; "
                f"start at most {len(self._questions)}"
            )
        self._note_leaks()
        try:
            if not self._predict_only:
                self._judge = find_judge(self.config.metadata.get("judge"), self._store)
                self._note_who_judges()
        except OdwError as error:
            raise RunStopped(f"error: {error}") from None
        if self._questions:
            super().build_all_requests(rank=rank, world_size=world_size, **kwargs)
        else:
            log.warning("%s: the questions file has no question of this split", self.config.task)
            nothing = Instance("generate_until", {}, ("", {}), 0, (self.config.task, 0, 0))
            self._instances = [nothing]  # zero repeats: evaluate() needs an instance, the model never sees it

    def _note_who_judges(self) -> None:
        """In the task's metadata, which lm-eval writes into its results file, and in a warning where need is."""
        by = {rubric.name: self._judge.provenance(rubric).model_dump() for rubric in self._rubrics}
        system = [
            str(self.config.metadata[key]) for key in ("model", "pretrained", "peft") if key in self.config.metadata
        ]
        related = sorted(
            families(name for part in system for name in names_of(part)) & families(who["model"] for who in by.values())
        )
        self.config.metadata = {**self.config.metadata, "verdicts_by": by, "judge_of_the_same_family": related}
        if related:
            log.warning(
                "the judge %s is of the system's own family (%s): judges favour what their family writes",
                *(self._judge.label, ", ".join(related)),
            )
        for rubric in self._rubrics:
            who = self._judge.provenance(rubric)
            if who.rubric != rubric.name:
                log.warning(
                    "score,%s is not by that rubric: the judge %s scores by %s", rubric.name, who.judge, who.rubric
                )

    def _note_leaks(self) -> None:
        """In the task's metadata, and in a warning: what `odw data leaks` found in the data that the system was trained on."""
        found = leaks_beside(self.config.metadata, self._questions.values())
        if found is None or not self._questions:
            return
        self.config.metadata = {**self.config.metadata, "training_data_leaks": found}
        if found.get("unreadable"):
            log.warning("%s: the report beside the system can't be read: %s", self.config.task, found["unreadable"])
        elif found["flagged"]:
            log.warning(
                "%s: questions that leaked into the system's training data: %s",
                self.config.task,
                ", ".join(found["flagged"]),
            )

    def fewshot_context(self, doc: dict[str, Any], num_fewshot: int, **kwargs: Any) -> Any:
        """The prompt; where no chat template is applied, ended so that a base model writes the document."""
        context = super().fewshot_context(doc, num_fewshot, **kwargs)
        return context if kwargs.get("apply_chat_template") else context + COMPLETION_CUE

    def apply_filters(self) -> None:
        """Store, check and judge all answers at once. What lm-eval gets back is one JSON text a question."""
        if not self._questions:
            return
        for instance in self._instances:
            instance.resps = [storable(text) for text in instance.resps]
        metadata = self.config.metadata
        system = json.dumps({key: metadata[key] for key in _SYSTEM_KEYS if key in metadata}, ensure_ascii=False)
        written = [
            (repeat, self._questions[instance.doc["id"]], text)
            for instance in self._instances
            for repeat, text in enumerate(instance.resps)
        ]
        try:
            for repeat, question, text in written:
                self._store.save_answer(question.id, question.fingerprint, text, system, repeat)
        except StoreError as error:
            log.error("answers could not be stored: %s", error)
        if self._predict_only:
            super().apply_filters()
            return
        documents = [(question, document_of(text)) for _, question, text in written]
        reports = [self._report(question, text) for question, text in documents]
        graded = self._grade(documents)
        for rubric in self._rubrics:
            records = [
                {"repeat": repeat, **_marks(verdicts, question, rubric), **report}
                for (repeat, question, _), verdicts, report in zip(written, graded[rubric], reports, strict=True)
            ]
            self._file(rubric.name, records)

    def _report(self, question: Question, text: str) -> dict[str, Any]:
        return check_text(text, of_question(question)).as_dict()

    def _grade(self, documents: Sequence[tuple[Question, str]]) -> dict[Rubric, list[list[Verdict]]]:
        """By rubric, for each document its verdicts: one for each of the judge's repeats. All are asked for at once."""
        requests = [
            Request(question, text, rubric, repeat)
            for rubric in self._rubrics
            for question, text in documents
            for repeat in range(self._judge.repeats)
        ]
        try:
            given = [graded.verdict for graded in Grading(requests, self._judge, self._store, total=len(requests))]
        except StoreError as error:  # an exception here would cost lm-eval's result files, answers and all
            log.error("verdicts could not be stored: %s", error)
            provenances = (self._judge.provenance(request.rubric, request.repeat) for request in requests)
            given = [Verdict(unscored=str(error), provenance=each) for each in provenances]
        reasons = Counter(kind_of(verdict.unscored) for verdict in given if verdict.unscored)
        if reasons:
            told = ", ".join(f"{count} × {kind}" for kind, count in reasons.most_common())
            log.warning("%s: %d of %d verdicts unscored: %s", self.config.task, reasons.total(), len(given), told)
        verdicts = iter(given)
        return {
            rubric: [[next(verdicts) for _ in range(self._judge.repeats)] for _ in documents]
            for rubric in self._rubrics
        }

    def _file(self, pipeline: str, records: Sequence[dict[str, Any]]) -> None:
        """Give lm-eval what it takes for filtered responses: one JSON text a question, with all its answers."""
        in_order = iter(records)
        payloads = [[next(in_order) for _ in instance.resps] for instance in self._instances]
        absent = _absent_somewhere({name for answers in payloads for name in _metrics(answers)})
        for name in absent:
            self._aggregation_list[name] = mean_of_present
        for instance, answers in zip(self._instances, payloads, strict=True):
            payload = {"answers": answers, "absent_as_null": absent}
            instance.filtered_resps[pipeline] = json.dumps(payload, ensure_ascii=False)


class AlignBenchWritingTask(OdwTask):
    """The 文本写作 items of AlignBench's own data, for those who have the file: --metadata alignbench_data=PATH.

    The item is the prompt as it stands, and the rules of 公文 don't apply.
    """

    def _load(self, options: dict[str, Any], metadata: dict[str, Any]) -> list[Question]:
        questions = load_writing_questions(metadata.get("alignbench_data"))
        self._placeholder = questions[0]
        return questions

    def _request(self, question: Question) -> str:
        return question.prompt

    def fewshot_context(self, doc: dict[str, Any], num_fewshot: int, **kwargs: Any) -> Any:
        """The prompt, as it stands."""
        return ConfigurableTask.fewshot_context(self, doc, num_fewshot, **kwargs)

    def _report(self, question: Question, text: str) -> dict[str, Any]:
        return {}


def _absent_somewhere(names: set[str]) -> list[str]:
    """Metrics that some ranks of this run have and others have not.

    lm-eval gathers metrics by the keys of rank 0 and fails on a rank that lacks one; these, and only these, are null
    where they are absent, and the mean leaves the nulls out.
    """
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return []
    everywhere: list[set[str]] = [set()] * dist.get_world_size()
    dist.all_gather_object(everywhere, names)
    common = functools.reduce(set.intersection, everywhere)
    return sorted(functools.reduce(set.union, everywhere) - common)


def _repeats(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise TaskError(f"--metadata repeats={value}: must be a whole number from 1 up")


def _marks(verdicts: Sequence[Verdict], question: Question, rubric: Rubric) -> dict[str, Any]:
    """What an answer's verdicts say together: mean score and dimensions (under their metrics' names), coverage, spread."""
    scored = [verdict for verdict in verdicts if verdict.score is not None]
    scores = [verdict.score for verdict in scored if verdict.score is not None]
    names = {d.name: d.metric for d in rubric.dimensions_of(question)}
    given = [verdict.dimensions for verdict in scored if verdict.dimensions]
    return {
        "score": fmean(scores) if scores else None,
        "dimensions": {names[name]: fmean(marks[name] for marks in given) for name in (given[0] if given else ())},
        "coverage": len(scores) / len(verdicts),
        "spread": stdev(scores) if len(scores) > 1 else _spread_of_a_panel(scored),
        "verdicts": [verdict.model_dump() for verdict in verdicts],
    }


def _spread_of_a_panel(scored: Sequence[Verdict]) -> float | None:
    return scored[0].details.get("spread") if scored else None


def _metrics(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    metrics: dict[str, Any] = {"coverage": fmean(answer["coverage"] for answer in answers)}
    for name in ("score", "spread"):
        values = [answer[name] for answer in answers if answer[name] is not None]
        if values:
            metrics[name] = fmean(values)
    marks = [answer["dimensions"] for answer in answers if answer["dimensions"]]
    metrics |= {name: fmean(mark[name] for mark in marks) for name in (marks[0] if marks else ())}
    for name in ("rules", "fact_recall"):
        if answers[0].get(name) is not None:
            metrics[name] = fmean(answer[name] for answer in answers)
    return metrics


def question_metrics(doc: dict[str, Any], results: Sequence[str]) -> dict[str, Any]:
    """lm-eval's process_results: the metrics of one question, means over its answers where there are several.

    score and the dimensions are left out where no answer is scored, the dimensions where the judge has none, spread
    where it gives an answer one verdict, fact_recall where the question names no facts.
    """
    payload = json.loads(results[0])
    return {**dict.fromkeys(payload["absent_as_null"]), **_metrics(payload["answers"])}


def mean_of_present(values: Sequence[float | None]) -> float:
    """Mean of what is there. lm-eval gives no standard error with it."""
    return fmean(value for value in values if value is not None)
