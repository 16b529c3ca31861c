"""What a run may spend, and what it has spent."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from odw_harness.judge.base import Prices


class Hopeless(Exception):
    """A fault that every further request would meet."""


@dataclass
class Budget:
    """Limits of a run, and its tally. most_requests counts every attempt; most_cost is in the currency of the prices.

    What a request will cost is known only after its reply, so each is reckoned at the dearest so far; until there is
    one, requests under a limit of cost go out one by one.
    """

    most_requests: int | None = None
    most_cost: float | None = None
    requests: int = 0
    cost: float = 0.0
    _under_way: int = 0
    _booked: float = 0.0
    _dearest: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    """The judges of a panel spend from one budget, each in its own thread."""

    async def take_request(self) -> None:
        """Count one request, when it can be paid for. Raises Hopeless where the budget has none left."""
        while self.most_cost is not None and self._under_way and self._reckoned() > self.most_cost:
            await asyncio.sleep(0.02)
        with self._lock:
            if self.most_requests is not None and self.requests >= self.most_requests:
                raise Hopeless(f"--max-requests {self.most_requests} is reached")
            if self.most_cost is not None and self._reckoned() > self.most_cost:
                raise Hopeless(f"--max-cost {self.most_cost:g} is reached: {self.cost:.4g} is spent")
            self.requests += 1
            self._under_way += 1

    def end_request(self, usage: Mapping[str, int], prices: Prices | None) -> None:
        """Count what a request took; nothing where it got no reply."""
        with self._lock:
            self._under_way -= 1
            if prices is not None:
                cost = prices.cost(usage)
                self.cost += cost
                self._dearest = max(self._dearest, cost)

    def book(self, ceiling: float) -> None:
        """Count a request of a batch, which may cost up to ceiling. Raises Hopeless where the budget has none left."""
        if self.most_requests is not None and self.requests >= self.most_requests:
            raise Hopeless(f"--max-requests {self.most_requests} is reached")
        spent = self.cost + self._booked
        if self.most_cost is not None and spent + ceiling > self.most_cost:
            raise Hopeless(f"--max-cost {self.most_cost:g} is reached: up to {spent:.4g} is spent")
        self.requests += 1
        self._booked += ceiling

    def settle(self, ceiling: float, cost: float) -> None:
        """Count what a request cost that was booked with a ceiling."""
        self._booked -= ceiling
        self.cost += cost

    def _reckoned(self) -> float:
        if not self._dearest and self._under_way:
            return float("inf")
        return self.cost + (self._under_way + 1) * self._dearest
