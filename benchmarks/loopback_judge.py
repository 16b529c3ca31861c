"""A judge's server that does nothing but wait: it answers every chat completion with the same reply after a latency.

python benchmarks/loopback_judge.py --latency 0.2          # prints its base URL, serves until it is killed

Made to cost little beside the client that is measured on the same cores: no JSON is read, the answer is made once.
GET, whatever the path, tells what it did: {"answered": requests, "cpu_seconds": of this process}.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RATIONALE = (
    "文种与标题相符，主送机关、正文、落款和成文日期齐全，层次序号规范。"
    "内容覆盖材料所列各项要求，任务分工与时限写得清楚，个别数据的来源可再说明。"
    "与参考答案逐项比对，名称、数字和日期一致，未见材料之外的事实。"
)
"""About 100 characters; a reply holds them five times."""
SCORES = {"文种与格式规范": 7, "内容完整与切题": 6, "事实一致": 8, "结构与逻辑": 7, "语言得体": 6.5, "平均得分": 6.9}
REPLY = f"{RATIONALE * 5}\n{SCORES}"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 0,
    "model": "judge",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": REPLY}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3400, "completion_tokens": 400, "total_tokens": 3800},
}


def _response(body: Any, status: str = "200 OK") -> bytes:
    raw = json.dumps(body, ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    return head.encode() + raw


ANSWER = _response(_COMPLETION)
WITHOUT_LENGTH = _response({"error": {"message": "a body needs Content-Length here"}}, "411 Length Required")


class LoopbackJudge(asyncio.Protocol):
    """One connection, kept alive: requests come one after the other, each with Content-Length."""

    latency = 0.2
    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._read = bytearray()
        self._whole = 0  # bytes of the request that is being read; 0 while its head is not there

    def data_received(self, data: bytes) -> None:
        """Take what there is; answer each request that is complete, latency after its last byte."""
        self._read += data
        while self._whole or b"\r\n\r\n" in self._read:
            if not self._whole and not self._begin():
                return
            if len(self._read) < self._whole:
                return
            asked = self._read.startswith(b"POST ")
            del self._read[: self._whole]
            self._whole = 0
            if asked:
                self._loop.call_later(self.latency, self._answer)
            else:
                self._transport.write(_response({"answered": self.answered, "cpu_seconds": time.process_time()}))

    def _begin(self) -> bool:
        """Read a head. False where the connection is given up."""
        end = self._read.index(b"\r\n\r\n")
        head = bytes(self._read[:end])
        length = _LENGTH.search(head)
        if head.startswith(b"POST ") and length is None:
            self._transport.write(WITHOUT_LENGTH)
            self._transport.close()
            return False
        if b"100-continue" in head:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._whole = end + 4 + (int(length[1]) if length else 0)
        return True

    def _answer(self) -> None:
        if not self._transport.is_closing():
            LoopbackJudge.answered += 1
            self._transport.write(ANSWER)


async def serve(latency: float) -> None:
    """Print the base URL, then serve for ever."""
    LoopbackJudge.latency = latency
    server = await asyncio.get_running_loop().create_server(LoopbackJudge, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


class RunningJudge:
    """A server in a process of its own. base_url ends before /chat/completions."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def told(self) -> dict[str, float]:
        """Requests answered so far (`answered`) and the server's CPU time (`cpu_seconds`)."""
        with urllib.request.urlopen(self.base_url, timeout=30) as response:
            told: dict[str, float] = json.load(response)
            return told


@contextmanager
def running(latency: float) -> Iterator[RunningJudge]:
    """Start the server in a process of its own, with a latency in seconds; end it afterwards."""
    command = [sys.executable, str(Path(__file__).resolve()), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield RunningJudge(process.stdout.readline().strip())
        finally:
            process.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds (default: 0.2)")
    asyncio.run(serve(parser.parse_args().latency))
