"""The systems that judge_throughput.py measures: each asks a judge about the same prompts, in a process of its own.

python benchmarks/judge_systems.py SYSTEM BASE_URL CONCURRENCY PROMPTS RESULT

PROMPTS is JSON Lines: {"question_id", "answer", "prompt"}. RESULT gets {row of the table: {"verdicts", "seconds",
"cpu_seconds"}}. The first few prompts are asked before the clock starts, so that imports and first calls don't count.
Every system checks that each of its requests got the whole reply. Run by whatever Python has the system installed; exits
with 3 where it is not.
"""

import asyncio
import json
import logging
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loopback_judge import REPLY

WARM_UP = 8
NOT_INSTALLED = 3
MODEL = "judge"
MOST_TOKENS = 4096


@dataclass
class Measured:
    """What some verdicts took. cpu_seconds: user and system time of this process and its children."""

    verdicts: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """What a system is given: the prompts to ask about, the server, and how many requests it may have under way."""

    base_url: str
    concurrency: int
    prompts: Sequence[dict[str, str]]

    def split(self) -> "tuple[Job, Job]":
        """The warm-up, and what is measured."""
        return (
            Job(self.base_url, self.concurrency, self.prompts[:WARM_UP]),
            Job(self.base_url, self.concurrency, self.prompts[WARM_UP:]),
        )


@contextmanager
def measured(verdicts: int) -> Iterator[Measured]:
    """Measure what is inside, in place of the zeros of the result."""
    result = Measured(verdicts)
    cpu, start = _cpu_seconds(), time.perf_counter()
    yield result
    result.seconds, result.cpu_seconds = time.perf_counter() - start, _cpu_seconds() - cpu


def _cpu_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _see_all(replies: Sequence[Any], job: Job) -> None:
    right = sum(reply == REPLY for reply in replies)
    if right != len(job.prompts):
        raise SystemExit(f"{right} of {len(job.prompts)} requests got their reply")


def odw_harness(job: Job) -> dict[str, Measured]:
    """The whole engine: prompt, request, reading the reply, a commit each. Then the same again, from the store."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from odw_harness.grading import Grading
    from odw_harness.judge import Request
    from odw_harness.judge.api import ApiJudge
    from odw_harness.judge.base import ApiConfig
    from odw_harness.questions import load_questions
    from odw_harness.rubric import ODWEVAL
    from odw_harness.store import Store

    questions = {question.id: question for question in load_questions()}
    warm_up, work = job.split()

    def grade(part: Job, folder: str, new: bool) -> None:
        config = ApiConfig(
            backend="api", base_url=job.base_url, model=MODEL, max_tokens=MOST_TOKENS, concurrency=job.concurrency
        )
        store = Store(Path(folder) / "store.sqlite")
        requests = (Request(questions[entry["question_id"]], entry["answer"], ODWEVAL) for entry in part.prompts)
        right = sum(
            graded.verdict.score is not None and graded.new is new
            for graded in Grading(requests, ApiJudge("loopback", config), store)
        )
        store.close()
        if right != len(part.prompts):
            raise SystemExit(f"{right} of {len(part.prompts)} answers got their verdict")

    with tempfile.TemporaryDirectory() as folder:
        grade(warm_up, folder, new=True)
        with measured(len(work.prompts)) as first:
            grade(work, folder, new=True)
        with measured(len(work.prompts)) as second:
            grade(work, folder, new=False)
    return {"odw_harness": first, "odw_harness, second run": second}


def aiohttp_client(job: Job) -> dict[str, Measured]:
    """The yardstick: the least a client can do. JSON out, JSON in, the reply looked at; nothing retried or kept."""
    import aiohttp

    async def ask(part: Job) -> None:
        left = iter(part.prompts)
        replies: list[Any] = []

        async def ask_on() -> None:
            for entry in left:
                body = _body(entry["prompt"])
                async with session.post(f"{job.base_url}/chat/completions", json=body) as response:
                    data = json.loads(await response.read())
                    replies.append(data["choices"][0]["message"]["content"])

        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(ask_on() for _ in range(job.concurrency)))
        _see_all(replies, part)

    warm_up, work = job.split()
    asyncio.run(ask(warm_up))
    with measured(len(work.prompts)) as result:
        asyncio.run(ask(work))
    return {f"aiohttp {version('aiohttp')}, bare": result}


def _body(prompt: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt}]
    return {"model": MODEL, "messages": messages, "temperature": 0.0, "max_tokens": MOST_TOKENS}


def lm_eval_api(job: Job) -> dict[str, Measured]:
    """lm-eval's local-chat-completions: generate_until over the prompts, as a task would call it."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.openai_completions import LocalChatCompletion

    model = LocalChatCompletion(
        model=MODEL, base_url=f"{job.base_url}/chat/completions", num_concurrent=job.concurrency
    )
    settings = {"max_gen_toks": MOST_TOKENS, "temperature": 0.0, "until": []}

    def ask(part: Job) -> None:
        requests = [
            Instance("generate_until", {}, (_as_chat(model, entry["prompt"]), dict(settings)), index)
            for index, entry in enumerate(part.prompts)
        ]
        _see_all(model.generate_until(requests), part)

    warm_up, work = job.split()
    ask(warm_up)
    with measured(len(work.prompts)) as result:
        ask(work)
    return {f"lm-eval {version('lm_eval')} local-chat-completions": result}


def _as_chat(model: Any, prompt: str) -> Any:
    return model.apply_chat_template([{"role": "user", "content": prompt}])


def inspect_ai(job: Job) -> dict[str, Measured]:
    """inspect_ai's model_graded_qa over a log whose samples have their answers: score(), nothing else."""
    from inspect_ai import Task, eval, score
    from inspect_ai.dataset import Sample
    from inspect_ai.model import GenerateConfig, ModelOutput, get_model
    from inspect_ai.scorer import model_graded_qa
    from inspect_ai.solver import Generate, TaskState, solver

    @solver
    def ready_answer() -> Any:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            state.output = ModelOutput.from_content("ready", state.metadata["answer"])
            return state

        return solve

    def ask(part: Job, folder: str) -> Measured:
        samples = [
            Sample(input=entry["prompt"], target="6.9", metadata={"answer": entry["answer"]}) for entry in part.prompts
        ]
        task = Task(dataset=samples, solver=ready_answer())
        log = eval(task, model="mockllm/model", score=False, log_dir=folder, display="none")[0]
        config = GenerateConfig(max_connections=job.concurrency, temperature=0.0, max_tokens=MOST_TOKENS)
        grader = get_model(f"openai-api/loopback/{MODEL}", base_url=job.base_url, api_key="none", config=config)
        # The template passes the prompt on as it stands, so that all systems send the same.
        scorer = model_graded_qa(template="{question}", grade_pattern=r"'平均得分': ([0-9.]+)", model=grader)
        with measured(len(part.prompts)) as result:
            scored = score(log, scorer, copy=False, display="none")
        graded = [next(iter((sample.scores or {}).values())) for sample in scored.samples or []]
        _see_all([each.explanation if each.value == "6.9" else None for each in graded], part)
        return result

    warm_up, work = job.split()
    with tempfile.TemporaryDirectory() as folder:
        ask(warm_up, folder)
        return {f"inspect_ai {version('inspect_ai')} model_graded_qa": ask(work, folder)}


def evalscope(job: Job) -> dict[str, Measured]:
    """evalscope's LLMJudge in evalscope's own pool of threads, as many as requests at once."""
    from evalscope.api.messages import ChatMessageUser
    from evalscope.metrics.judge.llm_judge import LLMJudge
    from evalscope.utils.function_utils import run_in_threads_with_progress

    judge = LLMJudge(
        api_key="none",
        api_url=job.base_url,
        model_id=MODEL,
        prompt_template="{pred}",  # passes the prompt on as it stands, so that all systems send the same
        generation_config={"temperature": 0.0, "max_tokens": MOST_TOKENS},
    )

    def one(entry: dict[str, str]) -> str:
        prompt = judge.build_prompt(pred=entry["prompt"], gold="", question="")
        return str(judge.generate([ChatMessageUser(content=prompt)]).completion)

    def ask(part: Job) -> None:
        _see_all(run_in_threads_with_progress(part.prompts, one, desc="", max_workers=job.concurrency), part)

    warm_up, work = job.split()
    ask(warm_up)
    with measured(len(work.prompts)) as result:
        ask(work)
    return {f"evalscope {version('evalscope')} LLMJudge": result}


DRIVERS: dict[str, Callable[[Job], dict[str, Measured]]] = {
    "odw_harness": odw_harness,
    "aiohttp": aiohttp_client,
    "lm-eval": lm_eval_api,
    "evalscope": evalscope,
    "inspect_ai": inspect_ai,
}


def main() -> None:
    """Run one system over one file of prompts."""
    system, base_url, concurrency, prompts, result = sys.argv[1:]
    entries = [json.loads(line) for line in Path(prompts).read_text(encoding="utf-8").splitlines()]
    logging.disable(logging.INFO)  # some would write a line for each request
    try:
        rows = DRIVERS[system](Job(base_url, int(concurrency), entries))
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_INSTALLED)
    Path(result).write_text(json.dumps({row: asdict(taken) for row, taken in rows.items()}), encoding="utf-8")


if __name__ == "__main__":
    main()
