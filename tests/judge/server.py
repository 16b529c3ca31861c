"""A judge's server on this machine that does what a test tells it to: well-behaved, slow, broken, hostile."""

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from odw_harness.rubric import ALIGNBENCH, ODWEVAL

MODEL = "judge-1"
Action = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


def scores_for(prompt: str, value: float = 6.0) -> str:
    """A reply under whatever rubric the prompt is."""
    if "事实正确性" in prompt:
        names = [dimension.name for dimension in ALIGNBENCH.dimensions]
    else:
        first = ODWEVAL.dimensions[0] if "文种与格式规范" in prompt else ODWEVAL.other_first
        names = [dimension.name for dimension in (first, *ODWEVAL.dimensions[1:]) if dimension]
    return f"逐项评价如下……\n{ {**dict.fromkeys(names, value), '平均得分': value} }"


def send(handler: BaseHTTPRequestHandler, status: int, body: Any, **headers: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(raw)


def completion(text: Any, finish: str = "stop", **more: Any) -> dict[str, Any]:
    message = text if isinstance(text, dict) else {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 3000, "completion_tokens": 40, "prompt_tokens_details": {"cached_tokens": 700}}
    return {
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
        **more,
    }


def says(text: Any, finish: str = "stop", **more: Any) -> Action:
    return lambda handler, body: send(handler, 200, completion(text, finish, **more))


def grades(value: float = 6.0) -> Action:
    return lambda handler, body: send(handler, 200, completion(scores_for(body["messages"][0]["content"], value)))


def fails(status: int, message: Any = "no", **headers: str) -> Action:
    body = (
        message
        if isinstance(message, bytes)
        else {"error": message if isinstance(message, dict) else {"message": message}}
    )
    return lambda handler, _: send(handler, status, body, **headers)


def hangs(seconds: float) -> Action:
    return lambda handler, body: time.sleep(seconds)


def resets(begun: bytes = b"") -> Action:
    """Ends the connection, with a part of a reply sent or without."""

    def act(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.wfile.write(begun)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        handler.close_connection = True

    return act


class JudgeServer:
    """What was asked (requests: bodies; headers), and what is to be done next.

    script: actions for the next requests, in order; afterwards always. by_answer: action for prompts that hold a text.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.script: list[Action] = []
        self.by_answer: dict[str, Action] = {}
        self.always: Action = grades()
        self.models: Any = {"data": [{"id": MODEL}, {"id": "judge-2"}]}
        self.at_once = self.most_at_once = 0
        self.url = ""
        self._lock = threading.Lock()

    @property
    def prompts(self) -> list[str]:
        """What was asked to be judged: pre-flights left out."""
        contents = [body["messages"][0]["content"] for body in self.requests]
        return [content for content in contents if "参考答案" in content]

    def act(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        with self._lock:
            self.requests.append(body)
            self.headers.append(dict(handler.headers))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            prompt = body["messages"][0]["content"]
            action = next((act for text, act in self.by_answer.items() if text in prompt), None)
            if action is None:
                action = self.script.pop(0) if self.script else self.always
        try:
            action(handler, body)
        except OSError:
            pass
        finally:
            with self._lock:
                self.at_once -= 1


class Handler(BaseHTTPRequestHandler):
    """What the servers of the tests have in common: connections stay open, nothing is logged."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *arguments: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # who asked is gone
            super().handle_error(*arguments)


@contextmanager
def listening(handler: type[Handler]) -> Iterator[str]:
    """The base URL of a server on this machine that handles requests so, until the end."""
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serving() -> Iterator[JudgeServer]:
    judge = JudgeServer()

    class OfJudge(Handler):
        def do_POST(self) -> None:
            judge.act(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def do_GET(self) -> None:
            send(self, 200, judge.models)

    with listening(OfJudge) as judge.url:
        yield judge
