"""The only module that knows lm-eval's task API: the task class behind tasks/.

A class rather than a filter function, because a filter learns neither of --predict_only, nor of --metadata, nor of
the other ranks of a run.
"""

import functools
import json
import logging
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import datasets
from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask

from odw_harness.errors import OdwError, StoreError, TaskError
from odw_harness.grading import Answer, grade
from odw_harness.judge import Judge, load_judge
from odw_harness.questions import COMPLETION_CUE, load_questions
from odw_harness.rules import check_text, of_question
from odw_harness.store import Store
from odw_harness.verdict import Verdict

log = logging.getLogger(__name__)

FILTER = "odweval"
"""Name of the pipeline in lm-eval's results: its metrics are score,odweval and so on."""
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


@functools.lru_cache(maxsize=2)
def find_judge(name: str | None, store: Store) -> Judge:
    """The judge of that name after its pre-flight, once a process: all tasks of a run share it and its model."""
    judge = load_judge(name, store)
    judge.preflight()
    return judge


class OdwTask(ConfigurableTask):  # type: ignore[misc]
    """One split of the questions, as an lm-eval task.

    --metadata takes judge (name or path), questions (path of a questions file) and repeats (answers a question).
    """

    def __init__(self, config: dict[str, Any]) -> None:
        """Load the split. A split without questions is allowed: the task then adds nothing to its group."""
        config = {key: value for key, value in config.items() if key != "class"}
        self._split = (config.get("dataset_kwargs") or {}).get("split", "in19")
        metadata = config.get("metadata") or {}
        try:
            config["repeats"] = _repeats(metadata.get("repeats", config.get("repeats", 1)))
            questions = load_questions(metadata.get("questions"))
            self._store = open_store()
        except OdwError as error:
            raise RunStopped(f"error: {error}") from None
        self._questions = {question.id: question for question in questions if question.split == self._split}
        self._placeholder = questions[0]
        super().__init__(config=config)
        self.dataset = _dataset(self._questions.values())
        self.task_docs = self.eval_docs

    def download(self, dataset_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Give ConfigurableTask what it inspects at its start; it can't take an empty split."""
        self.dataset = _dataset(self._questions.values() or [self._placeholder])

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
        try:
            if not self._predict_only:
                self._judge = find_judge(self.config.metadata.get("judge"), self._store)
        except OdwError as error:
            raise RunStopped(f"error: {error}") from None
        if self._questions:
            super().build_all_requests(rank=rank, world_size=world_size, **kwargs)
        else:
            log.warning("%s: the questions file has no question of split %s", self.config.task, self._split)
            nothing = Instance("generate_until", {}, ("", {}), 0, (self.config.task, 0, 0))
            self._instances = [nothing]  # zero repeats: evaluate() needs an instance, the model never sees it

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
        answers = [Answer(question, document_of(text)) for _, question, text in written]
        records = [
            {"repeat": repeat, **_record(answer, verdict)}
            for (repeat, _, _), answer, verdict in zip(written, answers, self._verdicts(answers), strict=True)
        ]
        unscored_as_null = self._some_rank_without_scores(any(r["score"] is not None for r in records))
        if unscored_as_null:
            self._aggregation_list["score"] = mean_of_scored
        in_order = iter(records)
        for instance in self._instances:
            own = [next(in_order) for _ in instance.resps]
            payload = {"answers": own, "unscored_as_null": unscored_as_null}
            instance.filtered_resps[FILTER] = json.dumps(payload, ensure_ascii=False)

    def _verdicts(self, answers: Sequence[Answer]) -> list[Verdict]:
        try:
            return grade(answers, self._judge, self._store)
        except StoreError as error:  # an exception here would cost lm-eval's result files, answers and all
            log.error("verdicts could not be stored: %s", error)
            return [Verdict(unscored=str(error), provenance=self._judge.provenance)] * len(answers)

    @staticmethod
    def _some_rank_without_scores(scored: bool) -> bool:
        """Whether some ranks of this run have scores and others have none.

        lm-eval gathers metrics by the keys of rank 0 and fails on a rank that lacks one; then, and only then,
        unscored answers carry a null that the mean leaves out.
        """
        import torch.distributed as dist

        if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
            return False
        everywhere: list[bool] = [False] * dist.get_world_size()
        dist.all_gather_object(everywhere, scored)
        return any(everywhere) and not all(everywhere)


def _repeats(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise TaskError(f"--metadata repeats={value}: must be a whole number from 1 up")


def _dataset(questions: Any) -> dict[str, datasets.Dataset]:
    columns: dict[str, list[str]] = {name: [] for name in ("id", "genre", "split", "prompt", "request", "reference")}
    for question in questions:
        for name, column in columns.items():
            column.append(question.request() if name == "request" else getattr(question, name))
    features = datasets.Features({name: datasets.Value("string") for name in columns})
    return {"test": datasets.Dataset.from_dict(columns, features=features)}


def storable(text: str | None) -> str:
    """A response as text that any file takes: a server may send null, or half of a surrogate pair.

    >>> storable(None), storable("好\\ud83d")
    ('', '好?')
    """
    return (text or "").encode("utf-8", "replace").decode("utf-8")


def document_of(text: str) -> str:
    """The document in a model's output: what follows a block of thoughts, which must have an end.

    >>> document_of("<think>先想标题</think>\\n关于放假的通知")
    '关于放假的通知'
    >>> document_of("<think>想了很久，没有写")
    ''
    """
    if text.lstrip().startswith("<think>"):
        return text.partition("</think>")[2].lstrip()
    return text


def _record(answer: Answer, verdict: Verdict) -> dict[str, Any]:
    report = check_text(answer.text, of_question(answer.question))
    return {"score": verdict.score, **report.as_dict(), "verdict": verdict.model_dump()}


def question_metrics(doc: dict[str, Any], results: Sequence[str]) -> dict[str, Any]:
    """lm-eval's process_results: the metrics of one question, means over its answers where there are several.

    score is left out where no answer is scored, fact_recall where the question names no facts.
    """
    payload = json.loads(results[0])
    answers = payload["answers"]
    scores = [answer["score"] for answer in answers if answer["score"] is not None]
    metrics: dict[str, Any] = {
        "rules": fmean(answer["rules"] for answer in answers),
        "coverage": len(scores) / len(answers),
    }
    if scores:
        metrics["score"] = fmean(scores)
    elif payload["unscored_as_null"]:
        metrics["score"] = None
    if answers[0]["fact_recall"] is not None:
        metrics["fact_recall"] = fmean(answer["fact_recall"] for answer in answers)
    return metrics


def mean_of_scored(values: Sequence[float | None]) -> float:
    """Mean of what is scored. lm-eval gives no standard error with it."""
    return fmean(value for value in values if value is not None)
