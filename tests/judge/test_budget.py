"""One budget for several judges, each in its own thread."""

import asyncio
import threading

import pytest

from odw_harness.judge.base import Prices
from odw_harness.judge.budget import Budget, Hopeless

PRICES = Prices(input=0, output=1e6)


def test_who_comes_while_the_first_cost_is_unknown_waits_and_is_not_turned_away() -> None:
    budget = Budget(most_cost=10.0)
    asyncio.run(budget.take_request())
    second = threading.Thread(target=lambda: asyncio.run(budget.take_request()))
    second.start()
    second.join(0.2)
    assert second.is_alive()
    budget.end_request({"completion_tokens": 4}, PRICES)
    second.join(5)
    assert not second.is_alive()
    assert (budget.requests, budget.cost) == (2, 4.0)


def test_what_batches_have_booked_is_not_there_for_others() -> None:
    budget = Budget(most_cost=10.0)
    budget.book(7.0)
    with pytest.raises(Hopeless, match=r"--max-cost 10 is reached: up to 7 is spent"):
        budget.book(4.0)
    asyncio.run(budget.take_request())
    budget.end_request({"completion_tokens": 2}, PRICES)
    with pytest.raises(Hopeless, match="--max-cost 10 is reached: 2 is spent"):
        asyncio.run(budget.take_request())
    budget.settle(7.0, 3.0)
    asyncio.run(budget.take_request())
    assert (budget.requests, budget.cost) == (3, 5.0)
