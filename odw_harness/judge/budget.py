"""What a run may spend, and what it has spent."""

from collections.abc import Mapping
from dataclasses import dataclass

from odw_harness.judge.base import Prices


class Hopeless(Exception):
    """A fault that every further request would meet."""


@dataclass
class Budget:
    """Limits of a run, and its tally. most_requests counts every attempt; most_cost is in the currency of the prices."""

    most_requests: int | None = None
    most_cost: float | None = None
    requests: int = 0
    cost: float = 0.0

    def take_request(self) -> None:
        """Count one request. Raises Hopeless where the budget has none left."""
        if self.most_requests is not None and self.requests >= self.most_requests:
            raise Hopeless(f"--max-requests {self.most_requests} is reached")
        if self.most_cost is not None and self.cost >= self.most_cost:
            raise Hopeless(f"--max-cost {self.most_cost:g} is reached")
        self.requests += 1

    def spend(self, usage: Mapping[str, int], prices: Prices | None) -> None:
        """Count what a reply took."""
        if prices is not None:
            self.cost += prices.cost(usage)
