"""The server's side of batches: OpenAI's files and batches, as DashScope, Zhipu and Qianfan speak them too.

A file of requests, one a line, is uploaded and made into a batch; the batch ends within a day or so; what came back are
up to two files, one of replies and one of errors, their lines in any order.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import aiohttp

from odw_harness.judge.budget import Hopeless
from odw_harness.judge.client import ChatClient, Lasting, Missing, Passing, one_line, read_fault
from odw_harness.judge.writing import Reply
from odw_harness.texts import map_texts

MOST_LINES = 50_000
"""Requests in a file: OpenAI's, DashScope's and Zhipu's limit."""
MOST_BYTES = 100_000_000
"""Of a file: Zhipu's limit; OpenAI takes 200 MB, DashScope 500 MB."""
_LONGEST_LINE = 16 << 20
_MOST_PAGES = 20
"""Of the list of batches, 100 on each, newest first."""
_ENDED = {"completed", "failed", "expired", "cancelled", "lost"}


class Refused(Exception):
    """The server will not make a batch of a file, and has made none."""


@dataclass(frozen=True)
class Batch:
    """What the server says of a batch. done of total requests have ended. error: the first one, of a failed batch."""

    id: str
    status: str
    done: int = 0
    total: int = 0
    files: tuple[str, ...] = ()
    error: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come back."""
        return self.status in _ENDED


def endpoint(base_url: str) -> str:
    """The path of chat completions as a batch names it: from the version on.

    >>> endpoint("https://open.bigmodel.cn/api/paas/v4"), endpoint("https://api.deepseek.com")
    ('/v4/chat/completions', '/v1/chat/completions')
    """
    last = urlsplit(base_url).path.rpartition("/")[2]
    return f"/{last if last[:1] == 'v' and last[1:].isdecimal() else 'v1'}/chat/completions"


class BatchApi:
    """Files and batches over an open connection."""

    def __init__(self, client: ChatClient, base_url: str) -> None:
        """Nothing is asked yet."""
        self._client = client
        self.endpoint = endpoint(base_url)

    async def look(self) -> None:
        """See that there are batches to be had. Raises Passing, Lasting or Hopeless."""
        try:
            await self._client.call("GET", "/batches?limit=1")
        except Missing as fault:
            raise Hopeless(f"no batches here (batch: true): {fault}") from None

    async def upload(self, path: Path) -> str:
        """What the server calls a file of requests. Raises Passing, Lasting or Hopeless."""
        async for attempt in self._client.attempts():
            with attempt, path.open("rb") as content:
                form = aiohttp.FormData({"purpose": "batch"})
                form.add_field("file", content, filename=path.name, content_type="application/jsonl")
                told = await self._client.call("POST", "/files", form, attempts=1)
                if not isinstance(told, dict) or not isinstance(told.get("id"), str):
                    raise Passing(f"no file: {one_line(str(told))}")
                return str(told["id"])
        raise AssertionError("the last attempt returns or raises")

    async def create(self, file: str, perhaps_there: bool) -> Batch:
        """Make a file into a batch, into exactly one: where an answer got lost, the batch is looked for first.

        Raises Refused where there is none and will be none; Passing, Lasting or Hopeless where that is not known.
        """
        wanted = {"input_file_id": file, "endpoint": self.endpoint, "completion_window": "24h"}
        async for attempt in self._client.attempts():
            with attempt:
                found = await self._find(file) if perhaps_there else None
                if found:
                    return found
                perhaps_there = True
                try:
                    told = await self._client.call("POST", "/batches", json.dumps(wanted).encode(), attempts=1)
                except (Lasting, Hopeless) as fault:
                    raise Refused(str(fault)) from None
                return _read_batch(told)
        raise AssertionError("the last attempt returns or raises")

    async def _find(self, file: str) -> Batch | None:
        after = ""
        for _ in range(_MOST_PAGES):
            page = await self._client.call("GET", f"/batches?limit=100{after}", attempts=1)
            entries = page.get("data") if isinstance(page, dict) else None
            if not isinstance(entries, list):
                raise Passing(f"no list of batches: {one_line(str(page))}")
            batches = [entry for entry in entries if isinstance(entry, dict)]
            for entry in batches:
                if entry.get("input_file_id") == file:
                    return _read_batch(entry)
            if not page.get("has_more") or not batches:
                return None
            after = f"&after={_in_path(str(batches[-1].get('id')))}"
        return None

    async def status(self, batch: str) -> Batch:
        """What has become of a batch; lost, where the server knows it no more. Raises Passing or Hopeless."""
        try:
            return _read_batch(await self._client.call("GET", f"/batches/{_in_path(batch)}"))
        except (Missing, Lasting) as fault:
            return Batch(batch, "lost", error={"message": str(fault).partition(": ")[2]})

    async def download(self, file: str, into: IO[bytes]) -> None:
        """Write a file of replies. Raises Passing, Lasting or Hopeless; of that Missing where it is no more."""
        await self._client.call("GET", f"/files/{_in_path(file)}/content", into=into)

    def replies(self, content: IO[bytes]) -> Iterator[tuple[str, Reply]]:
        """(custom_id, reply) for each line that can be read."""
        for line in _lines(content):
            try:
                row = map_texts(json.loads(line.decode("utf-8", "replace")), self._client.without_key)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict) and isinstance(row.get("custom_id"), str):
                yield row["custom_id"], _read_reply(row, self._client.completion)


def _in_path(name: str) -> str:
    return quote(name, safe="")


def _read_batch(told: Any) -> Batch:
    """Raises Passing where it is none. The counts of requests stand beside the rest with some."""
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in ("id", "status")):
        raise Passing(f"no batch: {one_line(str(told))}")
    counts = told["request_counts"] if isinstance(told.get("request_counts"), dict) else told
    total, completed, failed = (n if isinstance(n := counts.get(name), int) else 0 for name in _COUNTS)
    files = [told.get(name) for name in ("output_file_id", "error_file_id")]
    errors = told.get("errors")
    listed = errors.get("data") if isinstance(errors, dict) else errors
    error = next((error for error in listed if isinstance(error, dict)), {}) if isinstance(listed, list) else {}
    return Batch(
        id=told["id"],
        status=told["status"].lower().replace("canceled", "cancelled"),
        done=completed + failed,
        total=total,
        files=tuple(file for file in files if isinstance(file, str) and file),
        error=error,
    )


_COUNTS = ("total", "completed", "failed")


def _read_reply(row: Mapping[str, Any], completion: Callable[[Any], Reply]) -> Reply:
    """The reply of a line: what came back from the model, or why nothing did."""
    response, error = row.get("response"), row.get("error")
    reply = Reply()
    if isinstance(response, dict):
        status = response.get("status_code", 200)
        try:
            if status != 200:
                raise read_fault(status if isinstance(status, int) else 500, response.get("body"), None, "")
            reply = completion(response.get("body"))
        except (Passing, Lasting, Hopeless) as fault:
            reply = Reply(failed=str(fault))
    elif isinstance(error, dict):
        code = one_line(str(error.get("code") or "batch error")).replace("_", " ")
        reply = Reply(failed=f"{code}: {one_line(str(error.get('message') or 'without a word'))}")
    else:
        reply = Reply(failed="no reply: the line of the batch holds none")
    return replace(reply, usage={"requests": 1, **reply.usage})


def _lines(content: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, without those that are too long to be a reply."""
    whole = True
    while line := content.readline(_LONGEST_LINE):
        ends = line.endswith(b"\n") or len(line) < _LONGEST_LINE
        if whole and ends:
            yield line
        whole = ends
