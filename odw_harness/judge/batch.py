"""The api judge by batches: files of requests that the server works off overnight, at half the price with most.

What is in a batch is kept in the store until its verdict is: a run that is killed, at whatever moment, and started again
finds its batches and collects them, and nothing is sent twice. An upload comes first, then the note of it with all its
requests, then the batch: of a note without a batch the server is asked whether it has one over that file.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, cast

from filelock import FileLock
from tqdm import tqdm

from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import ApiConfig
from odw_harness.judge.batch_api import MOST_BYTES, MOST_LINES, Batch, BatchApi, Refused
from odw_harness.judge.budget import Hopeless
from odw_harness.judge.client import ChatClient, Lasting, Missing, Passing, one_line, read_fault
from odw_harness.judge.writing import Dialogue, Messages, Reply
from odw_harness.store import Batched, Store, digest

_MOST_FAILED_LOOKS = 10
"""In a row, each of several attempts: then the server is taken to be gone."""
_UNLIMITED = 4096
"""Tokens that a reply is reckoned at under --max-cost where the judge's file sets no limit."""
_BYTES_PER_TOKEN = 2
"""At least, of a request with Chinese in it: a character has three bytes, and up to 1 token with common vocabularies."""

log = logging.getLogger(__name__)


class BatchJudge(ApiJudge):
    """Asks a server by batches. Its pre-flight is a live request."""

    window = MOST_LINES

    def __init__(self, label: str, config: ApiConfig, store: Store) -> None:
        """Nothing is asked yet. store: where open batches are kept."""
        super().__init__(label, config)
        self._path = store.path

    def preflight(self) -> None:
        """Ask for a word, and whether there are batches to be had."""
        super().preflight()

        async def look(client: ChatClient) -> AsyncIterator[list[None]]:
            try:
                await BatchApi(client, self._config.base_url).look()
            except (Passing, Lasting) as fault:
                raise Hopeless(str(fault)) from None
            yield []

        list(self._run(look, ChatClient(self._config, self.key)))

    async def _ask_all(
        self, client: ChatClient, dialogues: Iterator[tuple[int, Dialogue]]
    ) -> AsyncIterator[list[tuple[Dialogue, tuple[int, Reply]]]]:
        """Replies as their batches end, each alone: whoever asks for the next has kept the last."""
        store = Store(self._path)  # a panel asks its members in threads, which must not share a connection
        try:
            async for item, reply in _Run(self, self._config, client, store).replies(dialogues):
                yield [(item.dialogue, (item.number, reply))]
                store.forget_batched(item.names)
        finally:
            store.close()


@dataclass(frozen=True)
class _Item:
    """A question for a batch. first: the reply that could not be read, where this is the second question.

    names: what it is called in its batch; before that the name of the first question, if this is the second.
    """

    number: int
    dialogue: Dialogue
    first: Reply | None = None
    names: tuple[str, ...] = ()

    @property
    def messages(self) -> Messages:
        return (self.dialogue.once_more(self.first) if self.first else None) or self.dialogue.messages


@dataclass
class _Open:
    """A batch that the server has, as it was last seen. items: those of this run, by name."""

    state: Batch
    items: dict[str, _Item] = field(default_factory=dict)


class _Run:
    """One run's batches."""

    def __init__(self, judge: BatchJudge, config: ApiConfig, client: ChatClient, store: Store) -> None:
        self._judge, self._config, self._client, self._store = judge, config, client, store
        self._api = BatchApi(client, config.base_url)
        self._open: dict[int, _Open] = {}
        self._booked: dict[str, float] = {}
        self._failed_looks = 0
        self._fault: Exception | None = None
        """Why nothing more is submitted. What is under way is still collected."""

    async def replies(self, dialogues: Iterator[tuple[int, Dialogue]]) -> AsyncIterator[tuple[_Item, Reply]]:
        """Submit everything, collect it. Raises Hopeless in the end where not all could be submitted."""
        quiet = os.environ.get("RANK", "0") not in ("", "0")
        try:
            await self._submit(_Item(number, dialogue) for number, dialogue in dialogues)
            with tqdm(bar_format="{desc}", leave=False, disable=quiet) as line:
                while self._open:
                    for number in list(self._open):
                        with ExitStack() as files:
                            try:
                                batch = await self._api.status(self._open[number].state.id)
                                contents = [await self._download(file, files) for file in batch.files if batch.ended]
                            except Passing as fault:
                                self._bear(fault)
                                continue
                            self._failed_looks = 0
                            self._open[number].state = batch
                            if batch.ended:
                                async for answered in self._collect(number, contents):
                                    yield answered
                    if self._open:
                        self._show(line)
                        await asyncio.sleep(self._config.poll_seconds)
        finally:
            for each in self._open.values():
                message = f"batch {one_line(each.state.id)} goes on at the server; the same command collects it"
                tqdm.write(message, file=sys.stderr)
        if self._fault:
            raise self._fault

    async def _submit(self, items: Iterable[_Item]) -> list[_Item]:
        """Find each item in an open batch, or put it into a new one. Returns those that are in none."""
        left: list[_Item] = []
        with TemporaryDirectory(prefix="odw-") as folder:
            path = Path(folder, "odw.jsonl")
            content = path.open("wb")
            waiting: dict[str, _Item] = {}
            for item in items:
                request = item.dialogue.request
                body = self._client.body(item.messages, request.repeat, self._judge.response_format(item.dialogue))
                name = self._name(item, body)
                item = _Item(item.number, item.dialogue, item.first, (*item.names, name))
                known = self._store.batch_of(name)
                if known:
                    if not await self._join(known, {name: item}):
                        left.append(item)
                    continue
                row = {"custom_id": name, "method": "POST", "url": self._api.endpoint, "body": body}
                line = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
                if not self._book(name, body, len(line)):
                    left.append(item)
                    continue
                if len(waiting) == MOST_LINES or content.tell() + len(line) > MOST_BYTES:
                    content.close()
                    left += await self._send(path, waiting)
                    content, waiting = path.open("wb"), {}
                content.write(line)
                waiting[name] = item
            content.close()
            return left + (await self._send(path, waiting) if waiting else [])

    def _name(self, item: _Item, body: dict[str, Any]) -> str:
        """The custom_id: 64 hexadecimal digits, the same in every run."""
        request = item.dialogue.request
        judgement = self._judge.provenance(request.rubric, request.repeat).fingerprint
        turn = "2" if item.first else "1"
        return digest(request.question.fingerprint, request.text, judgement, turn, json.dumps(body, sort_keys=True))

    def _book(self, name: str, body: dict[str, Any], size: int) -> bool:
        """Count a request, unless nothing more is to be submitted or can be paid for."""
        ceiling, prices = 0.0, self._config.prices
        if prices:
            limits = [n for n in (body.get("max_tokens"), body.get("max_completion_tokens")) if isinstance(n, int)]
            most = {"prompt_tokens": size // _BYTES_PER_TOKEN, "completion_tokens": max(limits, default=_UNLIMITED)}
            ceiling = prices.cost(most)
        if self._fault is None:
            try:
                self._judge.budget.book(ceiling)
                self._booked[name] = ceiling
            except Hopeless as fault:
                self._fault = fault
        return self._fault is None

    async def _send(self, path: Path, items: dict[str, _Item]) -> list[_Item]:
        """Submit a file. Returns its items where that failed."""
        try:
            file = await self._api.upload(path)
        except (Passing, Lasting, Hopeless) as fault:
            self._fault = self._fault or Hopeless(str(fault))
            return list(items.values())
        joined = await self._join(self._store.save_batch(file, list(items)), items, new=True)
        return [] if joined else list(items.values())

    async def _join(self, known: Batched, items: dict[str, _Item], new: bool = False) -> bool:
        """Wait for items in a batch that the store knows. False where there is no batch yet and can't be one now."""
        if known.number not in self._open:
            name = known.batch
            if name is None and self._fault and not new:
                return False
            if name is None:
                try:
                    name = await self._create(known, next(iter(items)), new)
                except (Refused, Passing, Lasting, Hopeless) as fault:
                    self._fault = self._fault or Hopeless(str(fault))
                    return False
            self._open[known.number] = _Open(Batch(name, "submitted"))
        self._open[known.number].items |= items
        return True

    async def _create(self, known: Batched, item: str, new: bool) -> str:
        with FileLock(f"{self._store.path}.batches"):  # another run may wait for other items of the same batch
            now = self._store.batch_of(item)
            if now and now.batch:
                return now.batch
            try:
                batch = await self._api.create(known.file, perhaps_there=not new)
            except Refused:
                self._store.drop_batch(known.number)
                raise
            self._store.name_batch(known.number, batch.id)
            return batch.id

    async def _download(self, file: str, files: ExitStack) -> IO[bytes]:
        """What came back in a file; nothing, where it can't be had."""
        content = files.enter_context(cast(IO[bytes], TemporaryFile()))  # noqa: SIM115
        try:
            await self._api.download(file, content)
        except (Missing, Lasting) as fault:
            log.warning("a file of a batch can't be had: %s", fault)
            content.truncate(0)
        return content

    def _bear(self, fault: Passing) -> None:
        self._failed_looks += 1
        if self._failed_looks >= _MOST_FAILED_LOOKS:
            raise Hopeless(str(fault))

    async def _collect(self, number: int, contents: list[IO[bytes]]) -> AsyncIterator[tuple[_Item, Reply]]:
        """What an ended batch gave for each of its items. What can't be read is asked once more, in another batch."""
        items, state = self._open[number].items, self._open[number].state
        error = one_line(str(state.error.get("message") or "")) if state.error else ""
        if error:
            log.warning("batch %s %s: %s", one_line(state.id), state.status, error)
        again: list[_Item] = []
        for content in contents:
            for name, reply in self._api.replies(content):
                item = items.pop(name, None)
                if item is None:
                    continue
                self._settle(name, reply)
                if item.first is None and item.dialogue.once_more(reply):
                    again.append(_Item(item.number, item.dialogue, reply, item.names))
                else:
                    yield item, reply.after(item.first) if item.first else reply
        fault = read_fault(400, {"error": dict(state.error)}, None, "")
        if isinstance(
            fault, Hopeless
        ):  # the account is empty: what did not come back is asked again when it no longer is
            self._fault = self._fault or Hopeless(f"batch {state.status}: {error}")
            self._store.drop_batch(number)
            items.clear()
        for name, item in items.items():
            reply = Reply(failed=f"batch {state.status}: {error or 'nothing came back for this request'}")
            self._settle(name, reply)
            yield item, reply.after(item.first) if item.first else reply
        del self._open[number]
        for item in await self._submit(again):
            assert item.first is not None
            yield item, item.first  # it is paid for: it counts

    def _settle(self, name: str, reply: Reply) -> None:
        if name in self._booked:
            cost = self._config.prices.cost(reply.usage) if self._config.prices else 0.0
            self._judge.budget.settle(self._booked.pop(name), cost)

    def _show(self, line: Any) -> None:
        opened = self._open.values()
        total = sum(batch.state.total or len(batch.items) for batch in opened)
        ids = [one_line(batch.state.id) for batch in opened]
        name = f"batch {ids[0]}" if len(ids) == 1 else f"{len(ids)} batches"
        line.set_description_str(f"{name}: {sum(batch.state.done for batch in opened)} of {total} done")
