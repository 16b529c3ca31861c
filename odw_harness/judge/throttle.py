"""How many requests a server gets at once, and how many a minute."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

FIRST, MOST = 4, 256
"""Requests at once in adaptive mode: at the start, and at the most."""
_PATIENCE = 2.0
"""Latency may be this many times the best seen before the number stops growing."""


class Throttle:
    """Lets requests through: a fixed number at once, or one that adapts; and no more a minute than an account may send.

    Adaptive mode grows by one for each full round of requests while latency holds (doubling until the first trouble),
    and halves on 429 or 503, once for each round. A server's Retry-After holds back all requests in either mode.
    """

    def __init__(
        self,
        at_once: int | None,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
    ) -> None:
        """at_once: None adapts."""
        self.adaptive = at_once is None
        self.limit = float(at_once or FIRST)
        self.running = 0
        self._doubling = True
        self._best = float("inf")
        self._closed_until = 0.0
        self._halved_at = 0.0
        self._freed = asyncio.Condition()
        self._requests = AsyncLimiter(requests_per_minute, 60) if requests_per_minute else None
        self._tokens = AsyncLimiter(tokens_per_minute, 60) if tokens_per_minute else None

    @asynccontextmanager
    async def turn(self, tokens: int) -> AsyncIterator[None]:
        """Wait for a turn, and give it back. tokens: an estimate of what the request costs the account's limit."""
        async with self._freed:
            await self._freed.wait_for(lambda: self.running < int(self.limit))
            self.running += 1
        try:
            if self._requests:
                await self._requests.acquire()
            if self._tokens:
                await self._tokens.acquire(min(tokens, self._tokens.max_rate))
            while (pause := self._closed_until - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            yield
        finally:
            async with self._freed:
                self.running -= 1
                self._freed.notify(2)  # the limit may have grown by one

    def succeeded(self, seconds: float) -> None:
        """A request was answered after so many seconds."""
        self._best = min(self._best, seconds)
        if self.adaptive and seconds <= _PATIENCE * self._best:
            self.limit = min(MOST, self.limit + (1.0 if self._doubling else 1.0 / self.limit))

    def refused(self, after: float | None) -> None:
        """The server said 429 or 503. after: seconds it asks to be left alone."""
        now = time.monotonic()
        if after:
            self._closed_until = max(self._closed_until, now + after)
        if self.adaptive and now - self._halved_at > min(self._best, 60.0):
            self._halved_at = now
            self._doubling = False
            self.limit = max(1.0, self.limit / 2)
