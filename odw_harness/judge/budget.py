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
        while not self._taken():
            await asyncio.sleep(0.02)

    def _taken(self) -> bool:
        """Whether a request could be counted; not while what is under way may still leave enough for it, or not."""
        with self._lock:
            self._see_that_requests_are_left()
            unknown = self._under_way > 0 and not self._dearest
            if self.most_cost is not None and (unknown or self._reckoned(self._dearest) > self.most_cost):
                if self._under_way:
                    return False
                raise Hopeless(f"--max-cost {self.most_cost:g} is reached: {self.cost:.4g} is spent")
            self.requests += 1
            self._under_way += 1
            return True

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
        with self._lock:
            self._see_that_requests_are_left()
            if self.most_cost is not None and self._reckoned(ceiling) > self.most_cost:
                raise Hopeless(f"--max-cost {self.most_cost:g} is reached: up to {self._reckoned(0.0):.4g} is spent")
            self.requests += 1
            self._booked += ceiling

    def settle(self, ceiling: float, cost: float) -> None:
        """Count what a request cost that was booked with a ceiling."""
        with self._lock:
            self._booked -= ceiling
            self.cost += cost

    def _see_that_requests_are_left(self) -> None:
        if self.most_requests is not None and self.requests >= self.most_requests:
            raise Hopeless(f"--max-requests {self.most_requests} is reached")

    def _reckoned(self, further: float) -> float:
        """What is spent, booked and under way, and a further request of that cost."""
        return self.cost + self._booked + self._under_way * self._dearest + further
