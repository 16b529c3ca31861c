"""A server on this machine that speaks OpenAI's files and batches, and does with them what a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.judge.server import Action, Handler, completion, listening, resets, scores_for, send

Line = dict[str, Any]
"""What is written of a request beside its custom_id: response and error."""
STATES = ("validating", "in_progress", "finalizing")
_MOST = 1 << 24


def answers(text: str, finish: str = "stop") -> Callable[[dict[str, Any]], Line]:
    return lambda body: {"response": {"status_code": 200, "body": completion(text, finish)}, "error": None}


def grades(value: float = 6.0) -> Callable[[dict[str, Any]], Line]:
    return lambda body: answers(scores_for(body["messages"][0]["content"], value))(body)


def refuses(status: int, message: str) -> Callable[[dict[str, Any]], Line]:
    told = {"error": {"message": message}}
    return lambda body: {"response": {"status_code": status, "body": told}, "error": None}


def errs(code: str, message: str) -> Callable[[dict[str, Any]], Line]:
    return lambda body: {"response": None, "error": {"code": code, "message": message}}


class BatchServer:
    """A batch goes on by one of states whenever it is looked at, and ends as `ends`; while `held`, it stays in progress.

    by_answer: what to reply to prompts that hold a text; always: to all others. Where errors goes (a status other than
    200, or an error) a line stands in the error file. script: (method, first part of the path) → what to do instead,
    in order. lost: how many answers to POST /batches get lost after the batch was made. extra: lines that are written
    as they are. errors: what a failed batch names.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.chats: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.by_answer: dict[str, Callable[[dict[str, Any]], Line]] = {}
        self.always: Callable[[dict[str, Any]], Line] = grades()
        self.script: dict[tuple[str, str], list[Action]] = {}
        self.extra: list[bytes] = []
        self.errors: list[dict[str, Any]] = []
        self.states = STATES
        self.ends = "completed"
        self.held = False
        self.lost = 0
        self.url = ""
        self._lock = threading.Lock()

    def count(self, call: str) -> int:
        return self.log.count(call)

    def lines(self) -> list[list[dict[str, Any]]]:
        """The requests of each batch."""
        return [[json.loads(line) for line in self._input(batch)] for batch in self.batches.values()]

    def act(self, handler: BaseHTTPRequestHandler, raw: bytes) -> None:
        with self._lock:
            parts = urlsplit(handler.path)
            path = parts.path.removeprefix("/v1").strip("/").split("/")
            self.log.append(f"{handler.command} /{path[0]}")
            self.headers.append(dict(handler.headers))
            scripted = self.script.get((handler.command, path[0]))
            if scripted:
                return scripted.pop(0)(handler, {})
            done = self._answer(handler, path, parse_qs(parts.query), raw)
        if done is None:
            return resets()(handler, {})
        status, body = done
        return send(handler, status, body)

    def _answer(
        self, handler: BaseHTTPRequestHandler, path: list[str], query: dict[str, list[str]], raw: bytes
    ) -> tuple[int, Any] | None:
        match handler.command, path:
            case "POST", ["chat", "completions"]:
                self.chats.append(json.loads(raw))
                return 200, grades()(self.chats[-1])["response"]["body"]
            case "POST", ["files"]:
                fields = _form(handler.headers["Content-Type"], raw)
                assert fields["purpose"] == b"batch"
                return 200, {"id": self._keep(fields["file"]), "object": "file"}
            case "GET", ["files", name, "content"] if name in self.files:
                return 200, self.files[name]
            case "POST", ["batches"]:
                return self._begin(json.loads(raw))
            case "GET", ["batches"]:
                newest_first = list(self.batches.values())[::-1]
                after = query.get("after")
                start = 1 + [batch["id"] for batch in newest_first].index(after[0]) if after else 0
                stop = start + int(query["limit"][0])
                return 200, {"data": newest_first[start:stop], "has_more": stop < len(newest_first)}
            case "GET", ["batches", name] if name in self.batches:
                return 200, self._next(self.batches[name])
        return 404, {"error": {"message": "no such thing"}}

    def _keep(self, content: bytes) -> str:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        return name

    def _begin(self, wanted: dict[str, Any]) -> tuple[int, Any] | None:
        assert set(wanted) == {"input_file_id", "endpoint", "completion_window"}
        batch = {"id": f"batch_{len(self.batches) + 1}", "status": self.states[0], **wanted}
        self.batches[batch["id"]] = batch | {"request_counts": {"total": 0, "completed": 0, "failed": 0}}
        if self.lost:
            self.lost -= 1
            return None
        return 200, self.batches[batch["id"]]

    def _input(self, batch: dict[str, Any]) -> list[bytes]:
        return self.files[batch["input_file_id"]].splitlines()

    def _next(self, batch: dict[str, Any]) -> dict[str, Any]:
        said = json.loads(json.dumps(batch))
        counts = batch["request_counts"]
        if batch["status"] in self.states and not (self.held and batch["status"] == "in_progress"):
            batch["status"] = (*self.states, self.ends)[self.states.index(batch["status"]) + 1]
        if batch["status"] == "in_progress":
            counts["total"] = len(self._input(batch))
        if batch["status"] == "failed":
            batch["errors"] = {"object": "list", "data": self.errors}
        elif batch["status"] == self.ends and not counts["completed"] + counts["failed"]:
            self._end(batch)
        return said

    def _end(self, batch: dict[str, Any]) -> None:
        """Write the files, the last request first. Of an expired batch every second one is done."""
        good, bad = list(self.extra), []
        for number, line in enumerate(self._input(batch)):
            row = json.loads(line)
            action = next((do for text, do in self.by_answer.items() if text in line.decode()), self.always)
            if self.ends == "expired" and number % 2:
                action = errs("batch_expired", "no time")
            told = action(row["body"])
            failed = told["error"] or told["response"]["status_code"] != 200
            written = json.dumps({"id": "r", "custom_id": row["custom_id"], **told}, ensure_ascii=False).encode()
            (bad if failed else good).append(written)
        batch["request_counts"] |= {"completed": len(good), "failed": len(bad)}
        for name, lines in (("output_file_id", good), ("error_file_id", bad)):
            batch[name] = self._keep(b"\n".join(lines[::-1])) if lines else None


def _form(kind: str, raw: bytes) -> dict[str, bytes]:
    form = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
    fields = {}
    for part in form.get_payload():
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        fields[str(part.get_param("name", header="content-disposition"))] = content
    return fields


@contextmanager
def batch_serving() -> Iterator[BatchServer]:
    judge = BatchServer()

    class OfBatches(Handler):
        def _any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            assert size < _MOST
            with suppress(OSError):
                judge.act(self, self.rfile.read(size))

        do_GET = do_POST = _any  # noqa: N815

    with listening(OfBatches) as judge.url:
        yield judge
