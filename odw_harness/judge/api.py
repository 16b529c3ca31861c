"""The api judge: any server that speaks OpenAI's chat completions, asked about many answers at once."""

import asyncio
import logging
import os
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from types import FrameType
from typing import Any, TypeVar

from odw_harness.errors import JudgeError
from odw_harness.judge.base import ApiConfig, Prices
from odw_harness.judge.budget import Budget, Hopeless
from odw_harness.judge.client import ChatClient
from odw_harness.judge.throttle import MOST
from odw_harness.judge.writing import Dialogue, Reply, WritingJudge, schema
from odw_harness.texts import CHINESE

PREFLIGHT_ATTEMPTS = 3
_WORD = ({"role": "user", "content": "请只回答一个字：好"},)
_PREFLIGHT_TOKENS = 16
_SCHEMA_TOKENS = 64
_NO_LOGPROBS = {"": "no log-probabilities"}
_PREFLIGHT_TIMEOUT = 120.0
"""Seconds. A server that loads its model at the first request may need them."""
MOST_IN_VAIN = 12
"""Answers in a row that get no reply after all attempts: then the server is taken to be gone. At least concurrency."""

_FEWEST_TOKENS = 0.3
"""Tokens of a Chinese character: common vocabularies need 0.5 to 1."""
_AT_A_TIME = 8
"""Replies that the caller gets together: what is sent in a bunch comes back in a bunch, and the server rests meanwhile."""
_LOOK_AT = 20
"""Replies that are looked at for signs of a short context."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class ApiJudge(WritingJudge):
    """Asks a server."""

    def __init__(self, label: str, config: ApiConfig) -> None:
        """Nothing is asked yet. budget: set it to limit what a run may spend."""
        super().__init__(label, config.repeats)
        self._config = config
        self._by_schema: bool | None = None if config.structured == "auto" else config.structured
        """Whether replies are asked for by a schema; None as long as that is to be found out."""
        self.budget = Budget()

    @property
    def prices(self) -> Prices | None:
        """What tokens cost, if the judge's file says."""
        return self._config.prices

    def _identity(self) -> dict[str, Any]:
        """Server and model by name, and what is sent beside the prompt.

        The server is part of it: the same name may stand for other weights elsewhere.
        """
        config = self._config
        settings = config.model_dump(include={"base_url", "temperature", "seed", "max_tokens", "extra_body"})
        if config.structured:
            settings["structured"] = config.structured
        if config.expected_scores:
            settings |= config.model_dump(include={"expected_scores", "top_logprobs"})
        return {"backend": "api", "model": self._config.model, "revision": "", "settings": settings}

    def preflight(self) -> None:
        """Ask for a word: is the server there, is the key accepted, is the model known, will it take these settings?"""

        async def ask(client: ChatClient) -> AsyncIterator[list[Reply]]:
            yield [await client.ask(_WORD, attempts=PREFLIGHT_ATTEMPTS, max_tokens=_PREFLIGHT_TOKENS)]
            if self._config.structured:
                self._by_schema = await self._keeps_to_a_schema(client)

        config = self._config.model_copy(update={"timeout": min(self._config.timeout, _PREFLIGHT_TIMEOUT)})
        waiting = threading.Timer(2, print, [f"Waiting for a word of the judge {self.label} …"], {"file": sys.stderr})
        waiting.daemon = True
        waiting.start()
        try:
            for reply in self._run(ask, ChatClient(config, self.key)):
                if reply.failed and not reply.failed.startswith("cut reply"):
                    raise self._error(reply.failed)
                if reply.weigh and not reply.failed and reply.weigh(reply.text, {"": (0, 1)}).reasons == _NO_LOGPROBS:
                    raise self._error(
                        "field expected_scores: the server returns no log-probabilities; leave it out, or see extra_body"
                    )
        finally:
            waiting.cancel()

    async def _keeps_to_a_schema(self, client: ChatClient) -> bool:
        """Whether the server takes a schema and its reply keeps to it. Raises JudgeError where the user counts on it."""
        only_a_word = schema({"答": {"type": "string"}})
        reply = await client.ask(_WORD, 0, only_a_word, PREFLIGHT_ATTEMPTS, _SCHEMA_TOKENS)
        keeps = reply.failed is None and re.fullmatch(r"""\s*\{\s*"答"\s*:\s*"[^"]*"\s*}\s*""", reply.text) is not None
        if not keeps and self._config.structured is True:
            why = reply.failed or "its reply does not keep to the schema"
            raise self._error(f"field structured: the server can't: {why}; leave it out, or set auto")
        return keeps

    def response_format(self, dialogue: Dialogue) -> dict[str, Any] | None:
        """What a reply's format is asked to be."""
        return dialogue.response_format if self._by_schema else None

    def _replies(self, dialogues: Iterator[tuple[int, Dialogue]]) -> Iterator[tuple[int, Reply]]:
        first = next(dialogues, None)
        if first is None:
            return
        everything = chain([first], dialogues)

        async def ask(client: ChatClient) -> AsyncIterator[list[tuple[Dialogue, tuple[int, Reply]]]]:
            if self._by_schema is None:
                self._by_schema = await self._keeps_to_a_schema(client)
            async for items in self._ask_all(client, everything):
                yield items

        looked_at = 0
        for dialogue, (number, reply) in self._run(ask, ChatClient(self._config, self.key, self.budget)):
            if looked_at < _LOOK_AT:
                looked_at = _LOOK_AT if self._warned_of_short_context(dialogue, reply) else looked_at + 1
            yield number, reply

    def _warned_of_short_context(self, dialogue: Dialogue, reply: Reply) -> bool:
        read = reply.usage.get("prompt_tokens", 0) // (1 + len(reply.earlier))
        chinese = len(CHINESE.findall(dialogue.messages[0]["content"])) if read else 0
        if not 0 < read < chinese * _FEWEST_TOKENS:
            return False
        log.warning(
            "%s says that it read %s tokens of a prompt with %s Chinese characters: a server with too short a "
            "context (Ollama: OLLAMA_CONTEXT_LENGTH) cuts the rubric off without a word",
            *(self._config.base_url, read, chinese),
        )
        return True

    async def _ask_all(
        self, client: ChatClient, dialogues: Iterator[tuple[int, Dialogue]]
    ) -> AsyncIterator[list[tuple[Dialogue, tuple[int, Reply]]]]:
        """Replies as they arrive. After a hopeless fault no request is begun, and those under way may end.

        Who got a reply asks on when the caller has come back for more, and so has kept it: killed, a run has paid in
        vain for no more than it may ask at once.
        """
        arrived: deque[tuple[Dialogue, tuple[int, Reply], asyncio.Future[None]]] = deque()
        news = asyncio.Event()
        faults: list[Exception] = []
        in_vain = 0

        async def ask_on() -> None:
            nonlocal in_vain
            try:
                for number, dialogue in dialogues:
                    reply = await self._converse(client, dialogue)
                    kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    arrived.append((dialogue, (number, reply), kept))
                    news.set()
                    in_vain = in_vain + 1 if reply.in_vain else 0
                    if in_vain >= max(MOST_IN_VAIN, most):
                        raise Hopeless(f"{in_vain} answers in a row got no reply; the last: {reply.failed}")
                    await kept
                    if client.closing:
                        break
            except Exception as fault:
                client.closing = True
                faults.append(fault)
            finally:
                news.set()

        most = MOST if client.throttle.adaptive else int(client.throttle.limit)
        askers = [asyncio.create_task(ask_on()) for _ in range(most)]
        try:
            while arrived or not all(asker.done() for asker in askers):
                if not arrived:
                    await news.wait()
                news.clear()
                while arrived:
                    few = [arrived.popleft() for _ in range(min(_AT_A_TIME, len(arrived)))]
                    yield [(dialogue, numbered) for dialogue, numbered, _ in few]
                    for _, _, kept in few:
                        if not kept.done():
                            kept.set_result(None)
            if faults:
                raise faults[0]
        finally:
            for asker in askers:
                asker.cancel()

    async def _converse(self, client: ChatClient, dialogue: Dialogue) -> Reply:
        response_format = self.response_format(dialogue)
        reply = await client.ask(dialogue.messages, dialogue.request.repeat, response_format)
        once_more = dialogue.once_more(reply)
        if once_more is None or client.closing:
            return reply
        try:
            second = await client.ask(once_more, dialogue.request.repeat, response_format)
        except Hopeless:  # the first reply is paid for: it counts, and the next request meets the fault
            return reply
        return second.after(reply)

    def _error(self, message: str) -> JudgeError:
        return JudgeError(f"judge {self.label}: {self._config.base_url}: {message}")

    @property
    def key(self) -> str | None:
        """The key, from the variable that the file names; None where it names none. Raises JudgeError without it."""
        name = self._config.api_key_env
        if name is None:
            return None
        key = os.environ.get(name, "").strip()
        if not key:
            raise JudgeError(
                f"judge {self.label}: field api_key_env: the variable {name} is not set; put the key in it"
            )
        if not (key.isascii() and key.isprintable()):
            raise JudgeError(f"judge {self.label}: field api_key_env: the variable {name} holds more than a key")
        return key

    def _run(self, ask: Callable[[ChatClient], AsyncIterator[list[T]]], client: ChatClient) -> Iterator[T]:
        """What ask yields. The event loop runs while the next is waited for, and rests while the caller works on it."""

        async def work() -> AsyncGenerator[list[T], None]:
            async with client:
                try:
                    async for items in ask(client):
                        yield items
                except Hopeless as fault:
                    names = await client.models() if str(fault).startswith("unknown model") else []
                    known = (
                        f"; the server has {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else ""
                    )
                    raise self._error(f"{fault}{known}") from None

        arrivals = work()

        async def step() -> list[T] | None:
            return await anext(arrivals, None)

        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        with _thread_beside_a_running_loop() as call:
            loop = call(runner.get_loop)
            try:
                with _ctrl_c_between_steps(loop) as run:
                    while items := call(run, step()):
                        yield from items
            finally:
                call(runner.close)  # cancels what is under way, and closes arrivals


@contextmanager
def _ctrl_c_between_steps(loop: asyncio.AbstractEventLoop) -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """How to run a step of the loop so that Ctrl-C ends the step, and is raised after it.

    Raised inside, it would surface wherever the loop is: within a lock, say, which then stays locked, and the tasks that
    are cancelled wait for it for ever. As asyncio.Runner.run does it, but set up once, for a step is short.
    """
    task: asyncio.Task[Any] | None = None
    interrupted = False

    def on_ctrl_c(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if task is None or interrupted:
            signal.default_int_handler(number, frame)
        interrupted = True
        task.cancel()
        loop.call_soon_threadsafe(lambda: None)  # wakes the loop

    def run(step: Coroutine[Any, Any, T]) -> T:
        nonlocal task
        if interrupted:  # when the last step was over: what it brought has been taken
            step.close()
            raise KeyboardInterrupt
        task = this = loop.create_task(step)
        try:
            return loop.run_until_complete(this)
        except asyncio.CancelledError:
            if not interrupted:
                raise
            raise KeyboardInterrupt from None
        finally:
            task = None

    main = threading.current_thread() is threading.main_thread()
    ours = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        yield run
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _thread_beside_a_running_loop() -> Iterator[Callable[..., Any]]:
    """How to call what runs an event loop: as it is, or, where one runs already (a notebook), in another thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        yield lambda function, *arguments: function(*arguments)
        return
    with ThreadPoolExecutor(1, "odw-judge") as thread:
        yield lambda function, *arguments: thread.submit(function, *arguments).result()
