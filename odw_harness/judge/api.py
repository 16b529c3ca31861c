"""The api judge: any server that speaks OpenAI's chat completions, asked about many answers at once."""

import asyncio
import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, TypeVar

from odw_harness.errors import JudgeError
from odw_harness.judge.base import ApiConfig, Prices
from odw_harness.judge.budget import Budget, Hopeless
from odw_harness.judge.client import ChatClient
from odw_harness.judge.throttle import MOST
from odw_harness.judge.writing import Dialogue, Reply, WritingJudge
from odw_harness.texts import CHINESE

PREFLIGHT_ATTEMPTS = 3
_PREFLIGHT_PROMPT = "请只回答一个字：好"
_PREFLIGHT_TOKENS = 16
_PREFLIGHT_TIMEOUT = 120.0
"""Seconds. A server that loads its model at the first request may need them."""
_MOST_IN_VAIN = 12
"""Answers in a row that get no reply after all attempts: then the server is taken to be gone. At least concurrency."""

_FEWEST_TOKENS = 0.3
"""Tokens of a Chinese character: common vocabularies need 0.5 to 1."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class ApiJudge(WritingJudge):
    """Asks a server."""

    def __init__(self, label: str, config: ApiConfig) -> None:
        """Nothing is asked yet. budget: set it to limit what a run may spend."""
        super().__init__(label, config.repeats)
        self._config = config
        self.budget = Budget()

    @property
    def prices(self) -> Prices | None:
        """What tokens cost, if the judge's file says."""
        return self._config.prices

    def _identity(self) -> dict[str, Any]:
        """Server and model by name, and what is sent beside the prompt.

        The server is part of it: the same name may stand for other weights elsewhere.
        """
        settings = self._config.model_dump(include={"base_url", "temperature", "seed", "max_tokens", "extra_body"})
        return {"backend": "api", "model": self._config.model, "revision": "", "settings": settings}

    def preflight(self) -> None:
        """Ask for a word: is the server there, is the key accepted, is the model known, will it take these settings?"""
        word = ({"role": "user", "content": _PREFLIGHT_PROMPT},)

        async def ask(client: ChatClient) -> AsyncIterator[Reply]:
            yield await client.ask(word, attempts=PREFLIGHT_ATTEMPTS, max_tokens=_PREFLIGHT_TOKENS)

        config = self._config.model_copy(update={"timeout": min(self._config.timeout, _PREFLIGHT_TIMEOUT)})
        waiting = threading.Timer(2, print, [f"Waiting for a word of the judge {self.label} …"], {"file": sys.stderr})
        waiting.daemon = True
        waiting.start()
        try:
            for reply in self._run(ask, ChatClient(config, self._key)):
                if reply.failed and not reply.failed.startswith("cut reply"):
                    raise self._error(reply.failed)
        finally:
            waiting.cancel()

    def _replies(self, dialogues: Sequence[Dialogue]) -> Iterator[tuple[int, Reply]]:
        if not dialogues:
            return
        looked_at = 0
        client = ChatClient(self._config, self._key, self.budget)
        for index, reply in self._run(lambda client: self._ask_all(client, dialogues), client):
            read = reply.usage.get("prompt_tokens", 0) // (1 + len(reply.earlier))
            chinese = len(CHINESE.findall(dialogues[index].messages[0]["content"])) if read and looked_at < 20 else 0
            looked_at += 1
            if 0 < read < chinese * _FEWEST_TOKENS:
                looked_at = 20
                log.warning(
                    "%s says that it read %s tokens of a prompt with %s Chinese characters: a server with too short a "
                    "context (Ollama: OLLAMA_CONTEXT_LENGTH) cuts the rubric off without a word",
                    *(self._config.base_url, read, chinese),
                )
            yield index, reply

    async def _ask_all(self, client: ChatClient, dialogues: Sequence[Dialogue]) -> AsyncIterator[tuple[int, Reply]]:
        """Replies as they arrive. After a hopeless fault no request is begun, and those under way may end."""
        left = iter(enumerate(dialogues))
        arrived: asyncio.Queue[tuple[int, Reply] | None] = asyncio.Queue()
        faults: list[Hopeless] = []
        in_vain = 0

        async def ask_on() -> None:
            nonlocal in_vain
            try:
                for index, dialogue in left:
                    if client.closing:
                        break
                    reply = await self._converse(client, dialogue)
                    arrived.put_nowait((index, reply))
                    in_vain = in_vain + 1 if reply.in_vain else 0
                    if in_vain >= max(_MOST_IN_VAIN, most):
                        raise Hopeless(f"{in_vain} answers in a row got no reply; the last: {reply.failed}")
            except Hopeless as fault:
                client.closing = True
                faults.append(fault)
            finally:
                arrived.put_nowait(None)

        most = MOST if client.throttle.adaptive else int(client.throttle.limit)
        askers = [asyncio.create_task(ask_on()) for _ in range(min(most, len(dialogues)))]
        try:
            at_work = len(askers)
            while at_work:
                item = await arrived.get()
                if item is None:
                    at_work -= 1
                else:
                    yield item
            for asker in askers:
                await asker
            if faults:
                raise faults[0]
        finally:
            for asker in askers:
                asker.cancel()

    async def _converse(self, client: ChatClient, dialogue: Dialogue) -> Reply:
        reply = await client.ask(dialogue.messages, dialogue.request.repeat)
        once_more = dialogue.once_more(reply)
        if once_more is None or client.closing:
            return reply
        try:
            second = await client.ask(once_more, dialogue.request.repeat)
        except Hopeless:  # the first reply is paid for: it counts, and the next request meets the fault
            return reply
        return second.after(reply)

    def _error(self, message: str) -> JudgeError:
        return JudgeError(f"judge {self.label}: {self._config.base_url}: {message}")

    @property
    def _key(self) -> str | None:
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

    def _run(self, ask: Callable[[ChatClient], AsyncIterator[T]], client: ChatClient) -> Iterator[T]:
        """What ask yields, from a loop in a thread of its own: the caller may be inside a loop already."""
        arrivals: queue.SimpleQueue[tuple[T] | BaseException | None] = queue.SimpleQueue()

        async def work() -> None:
            async with client:
                try:
                    async for item in ask(client):
                        arrivals.put((item,))
                except Hopeless as fault:
                    names = await client.models() if str(fault).startswith("unknown model") else []
                    known = (
                        f"; the server has {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else ""
                    )
                    raise Hopeless(f"{fault}{known}") from None

        loop = asyncio.new_event_loop()
        task = loop.create_task(work())

        def run() -> None:
            try:
                loop.run_until_complete(task)
                arrivals.put(None)
            except BaseException as error:  # whatever it is, the caller has to hear of it
                arrivals.put(error)
            finally:
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()

        thread = threading.Thread(target=run, name="odw-judge", daemon=True)
        thread.start()
        try:
            while (arrived := arrivals.get()) is not None:
                if isinstance(arrived, Hopeless):
                    raise self._error(str(arrived)) from None
                if isinstance(arrived, BaseException):
                    raise arrived
                yield arrived[0]
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed: all is done
                loop.call_soon_threadsafe(task.cancel)
            thread.join(10)
