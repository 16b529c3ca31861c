"""The api judge: any server that speaks OpenAI's chat completions, asked about many answers at once."""

import asyncio
import contextlib
import logging
import os
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property

from odw_harness.errors import JudgeError
from odw_harness.judge.base import ApiConfig
from odw_harness.judge.client import ChatClient, Hopeless
from odw_harness.judge.writing import Reply, WritingJudge
from odw_harness.rubric import Rubric
from odw_harness.verdict import Provenance

PREFLIGHT_ATTEMPTS = 3
_PREFLIGHT_PROMPT = "请只回答一个字：好"
_PREFLIGHT_TOKENS = 16

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_FEWEST_TOKENS = 0.3
"""Tokens of a Chinese character: common vocabularies need 0.5 to 1."""

log = logging.getLogger(__name__)
Arrivals = queue.SimpleQueue[tuple[int, Reply] | BaseException | None]


class ApiJudge(WritingJudge):
    """Asks a server."""

    def __init__(self, label: str, config: ApiConfig, rubric: Rubric) -> None:
        """Nothing is asked yet."""
        super().__init__(label, rubric)
        self._config = config

    @cached_property
    def provenance(self) -> Provenance:
        """Who gives the verdicts: server and model by name, and what is sent beside the prompt.

        The server is part of it: the same name may stand for other weights elsewhere.
        """
        settings = self._config.model_dump(include={"base_url", "temperature", "seed", "max_tokens", "extra_body"})
        return Provenance(
            judge=self._label,
            backend="api",
            model=self._config.model,
            revision="",
            settings=settings,
            rubric=self._rubric.name,
            rubric_version=self._rubric.version,
            prompt_hash=self._rubric.prompt_hash,
        )

    def preflight(self) -> None:
        """Ask for a word: is the server there, is the key accepted, is the model known, will it take these settings?"""
        for _, reply in self._ask([_PREFLIGHT_PROMPT], PREFLIGHT_ATTEMPTS, _PREFLIGHT_TOKENS):
            if reply.failed and not reply.failed.startswith("cut reply"):
                raise self._error(reply.failed)

    def _replies(self, prompts: Sequence[str]) -> Iterator[tuple[int, Reply]]:
        warned = False
        for index, reply in self._ask(prompts):
            read, chinese = reply.usage.get("prompt_tokens", 0), len(_CHINESE.findall(prompts[index]))
            if 0 < read < chinese * _FEWEST_TOKENS and not warned:
                warned = True
                log.warning(
                    "%s says that it read %s tokens of a prompt with %s Chinese characters: a server with too short a "
                    "context (Ollama: OLLAMA_CONTEXT_LENGTH) cuts the rubric off without a word",
                    *(self._config.base_url, read, chinese),
                )
            yield index, reply

    def _error(self, message: str) -> JudgeError:
        return JudgeError(f"judge {self._label}: {self._config.base_url}: {message}")

    @property
    def _key(self) -> str | None:
        name = self._config.api_key_env
        if name is None:
            return None
        key = os.environ.get(name, "").strip()
        if not key:
            raise JudgeError(
                f"judge {self._label}: field api_key_env: the variable {name} is not set; put the key in it"
            )
        if not (key.isascii() and key.isprintable()):
            raise JudgeError(f"judge {self._label}: field api_key_env: the variable {name} holds more than a key")
        return key

    def _ask(self, prompts: Sequence[str], *limits: int) -> Iterator[tuple[int, Reply]]:
        """Replies as they arrive. The loop runs in a thread of its own: the caller may be inside a loop already."""
        client = ChatClient(self._config, self._key)
        arrivals: Arrivals = queue.SimpleQueue()
        loop = asyncio.new_event_loop()
        work = loop.create_task(self._work(client, prompts, limits, arrivals))

        def run() -> None:
            try:
                loop.run_until_complete(work)
                arrivals.put(None)
            except BaseException as error:  # whatever it is, the caller has to hear of it
                arrivals.put(error)
            finally:
                loop.close()

        thread = threading.Thread(target=run, name="odw-judge", daemon=True)
        thread.start()
        try:
            while (arrived := arrivals.get()) is not None:
                if isinstance(arrived, Hopeless):
                    raise self._error(str(arrived)) from None
                if isinstance(arrived, BaseException):
                    raise arrived
                yield arrived
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed: all is done
                loop.call_soon_threadsafe(work.cancel)
            thread.join(10)

    async def _work(self, client: ChatClient, prompts: Sequence[str], limits: Sequence[int], out: Arrivals) -> None:
        left = iter(enumerate(prompts))

        async def ask_on() -> None:
            for index, prompt in left:
                out.put((index, await client.ask(prompt, *limits)))

        async with client:
            askers = [asyncio.create_task(ask_on()) for _ in range(min(self._config.concurrency, len(prompts)))]
            try:
                await asyncio.gather(*askers)
            except Hopeless as fault:
                names = await client.models() if str(fault).startswith("unknown model") else []
                known = f"; the server has {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else ""
                raise Hopeless(f"{fault}{known}") from None
            finally:
                for asker in askers:
                    asker.cancel()
                await asyncio.gather(*askers, return_exceptions=True)
