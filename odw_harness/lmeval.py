"""The only module that knows lm-eval's task API: the task class behind tasks/, and `odw eval`.

A class rather than a filter function, because a filter learns neither of --predict_only, nor of --metadata, nor of
the other ranks of a run.
"""

import functools
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

import datasets
import platformdirs
from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask

from odw_harness import resources
from odw_harness.errors import OdwError, StoreError, TaskError
from odw_harness.grading import Answer, grade
from odw_harness.judge import Judge, load_judge
from odw_harness.models import EMBEDDED, HUGGING_FACE, embedded_model, fingerprint
from odw_harness.questions import COMPLETION_CUE, load_questions
from odw_harness.rules import check_text, of_question
from odw_harness.store import Store, digest
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
def _store() -> Store:
    return Store()


@functools.lru_cache(maxsize=2)
def _judge(name: str | None, store: Store) -> Judge:
    return load_judge(name, store)


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
            path = metadata.get("questions")
            questions = load_questions(Path(str(path)).expanduser() if path else resources.QUESTIONS)
            self._store = _store()
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
                self._judge = _judge(self.config.metadata.get("judge"), self._store)
                self._judge.preflight()
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
            (instance, repeat, self._questions[instance.doc["id"]], text)
            for instance in self._instances
            for repeat, text in enumerate(instance.resps)
        ]
        try:
            for _, repeat, question, text in written:
                self._store.save_answer(question.id, question.fingerprint, text, system, repeat)
        except StoreError as error:
            log.error("answers could not be stored: %s", error)
        if self._predict_only:
            super().apply_filters()
            return
        answers = [Answer(question, document_of(text)) for _, _, question, text in written]
        records = [
            {"repeat": repeat, **_record(answer, verdict)}
            for (_, repeat, _, _), answer, verdict in zip(written, answers, self._verdicts(answers), strict=True)
        ]
        unscored_as_null = self._some_rank_without_scores(any(r["score"] is not None for r in records))
        if unscored_as_null:
            self._aggregation_list["score"] = mean_of_scored
        for instance in self._instances:
            own = [record for (other, *_), record in zip(written, records, strict=True) if other is instance]
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
    return {
        "score": verdict.score,
        "rules": report.rules,
        "passed": report.passed,
        "fact_recall": report.fact_recall,
        "missing_facts": list(report.missing_facts),
        "findings": [asdict(finding) for finding in report.findings],
        "verdict": verdict.model_dump(),
    }


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


def run(arguments: list[str]) -> None:
    """`odw eval`: lm-eval's own `run`, with our tasks found and only they indexed.

    arguments are lm-eval's; tasks default to odweval, output_path to outputs, and samples are logged.
    """
    import lm_eval.tasks
    from lm_eval._cli.harness import HarnessCLI
    from lm_eval.models.huggingface import HFLM

    class OurTaskManager(lm_eval.tasks.TaskManager):  # type: ignore[misc]
        def __init__(self, include_path: Any = None, **kwargs: Any) -> None:
            paths = [resources.TASKS, *([include_path] if include_path else [])]
            super().__init__(include_path=paths, include_defaults=False, **kwargs)

    lm_eval.tasks.TaskManager = OurTaskManager
    HFLM._create_model = _with_quantisation(HFLM._create_model)
    namespace = HarnessCLI()._parser.parse_args(["run", *arguments])
    settings = _config_file(namespace.config)
    for name, default in (("tasks", ["odweval"]), ("output_path", "outputs"), ("log_samples", True)):
        if not getattr(namespace, name, None) and name not in settings:
            setattr(namespace, name, default)
    _check_early(settings, namespace)
    if not namespace.use_cache and "use_cache" not in settings:
        namespace.use_cache = _answers_cache(settings, namespace)
    output = Path(str(namespace.output_path or settings.get("output_path")))
    before = set(output.rglob("*.json*")) if output.is_dir() else set()
    try:
        namespace.func(namespace)
    except ValueError as error:
        if str(error).startswith("Tasks not found"):
            raise TaskError(f"--tasks: {error}; ours are odweval, odweval_in19, odweval_ood2") from None
        raise
    for path in sorted(set(output.rglob("*.json*")) - before if output.is_dir() else ()):
        print(path)


def _config_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    from lm_eval.config.evaluate_config import EvaluatorConfig

    try:
        return dict(EvaluatorConfig.load_yaml_config(path))
    except (OSError, ValueError, TypeError) as error:
        raise TaskError(" ".join(str(error).split())) from None


def _check_early(settings: dict[str, Any], namespace: Any) -> None:
    """Find a wrong judge or questions file before minutes are spent on loading the model under test."""
    metadata = {**(settings.get("metadata") or {}), **(namespace.metadata or {})}
    if metadata.get("questions"):
        load_questions(Path(str(metadata["questions"])).expanduser())
    if not getattr(namespace, "predict_only", False) and not settings.get("predict_only"):
        judge = _judge(metadata.get("judge"), _store())
        judge.preflight()
    arguments = {**(settings.get("model_args") or {}), **(namespace.model_args or {})}
    if arguments.get("pretrained") == EMBEDDED:
        namespace.model_args = {**arguments, "pretrained": str(embedded_model())}
    _check_model(str(namespace.model or settings.get("model") or "hf"), arguments)


def _check_model(name: str, arguments: dict[str, Any]) -> None:
    import lm_eval.models  # noqa: F401  (fills the registry)
    from lm_eval.api.registry import get_model

    try:
        get_model(name)
    except (ValueError, KeyError, ImportError) as error:
        raise TaskError(f"--model {name}: {' '.join(str(error).split())[:200]}") from None
    if name in HUGGING_FACE and "pretrained" not in arguments:
        raise TaskError("--model_args pretrained=...: is missing; name a model's folder, or pretrained=embedded")
    for key in ("pretrained", "peft"):
        value = str(arguments.get(key, ""))
        if value.startswith(("/", "./", "../", "~")) and not Path(value).expanduser().is_dir():
            raise TaskError(f"--model_args {key}={value}: no such folder")


def _answers_cache(settings: dict[str, Any], namespace: Any) -> str | None:
    """Where lm-eval keeps each answer as it is written, so that a killed run goes on where it stopped.

    lm-eval does not key that file by model; here its name holds a hash of the model's files, the adapter's and all
    model arguments. Only a local folder has such a hash; without one nothing is kept unless --use_cache says where.
    """
    arguments = {**(settings.get("model_args") or {}), **(namespace.model_args or {})}
    folders = [str(arguments[name]) for name in ("pretrained", "peft", "delta", "tokenizer") if arguments.get(name)]
    if not arguments.get("pretrained") or not all(Path(folder).expanduser().is_dir() for folder in folders):
        return None
    model = namespace.model or settings.get("model") or "hf"
    key = digest(model, json.dumps(arguments, sort_keys=True, default=str), *map(fingerprint, folders))
    folder = platformdirs.user_cache_path("odw_harness") / "answers"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / key[:32])


def _with_quantisation(create: Any) -> Any:
    """HFLM._create_model that knows load_in_4bit and load_in_8bit on transformers 5, which only takes a config."""

    @functools.wraps(create)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        names = [name for name in kwargs if name.startswith(("load_in_", "bnb_4bit_"))]
        options = {name: kwargs.pop(name) for name in names}
        if options.get("load_in_4bit") or options.get("load_in_8bit"):
            try:
                import bitsandbytes  # noqa: F401
            except ImportError:
                raise RunStopped(
                    "error: load_in_4bit needs bitsandbytes: pip install 'odw-harness[quantized]'"
                ) from None
            from transformers import BitsAndBytesConfig

            kwargs["quantization_config"] = BitsAndBytesConfig(**options)
        create(self, *args, **kwargs)

    return wrapped


def link() -> list[Path]:
    """Place index files in the installed lm-eval's task folder, so that the bare `lm_eval --tasks odweval` finds ours."""
    folder = _link_folder()
    try:
        folder.mkdir(exist_ok=True)
        placed = []
        for path in sorted(resources.TASKS.rglob("*.yaml")):
            target = folder / path.name
            target.write_text(
                f"# Placed by `odw tasks link`; `odw tasks unlink` removes it.\ninclude: {json.dumps(str(path))}\n"
            )
            placed.append(target)
    except OSError as error:
        raise TaskError(
            f"{folder}: can't be written: {error.strerror}; use `odw eval` or --include_path instead"
        ) from None
    return placed


def unlink() -> list[Path]:
    """Take the index files back. Returns what was removed."""
    folder = _link_folder()
    removed = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    try:
        for path in removed:
            path.unlink()
        if folder.is_dir():
            folder.rmdir()
    except OSError as error:
        raise TaskError(f"{folder}: can't be removed: {error.strerror}") from None
    return removed


def _link_folder() -> Path:
    import lm_eval.tasks

    return Path(lm_eval.tasks.__file__).parent / "odw_harness"


if __name__ == "__main__":  # accelerate launch -m odw_harness.lmeval …
    run(sys.argv[1:])
