"""How many requests go out at once: worked out step by step, without a server."""

import asyncio
import time

from odw_harness.judge.throttle import FIRST, MOST, Throttle


def test_a_fixed_number_stays_fixed() -> None:
    throttle = Throttle(8)
    for _ in range(100):
        throttle.succeeded(0.1)
    throttle.refused(None)
    assert throttle.limit == 8


def test_adaptive_doubles_until_the_first_trouble_then_halves_and_grows_by_one_a_round() -> None:
    throttle = Throttle(None)
    assert throttle.limit == FIRST == 4
    for _ in range(4):
        throttle.succeeded(0.1)
    assert throttle.limit == 8
    for _ in range(8):
        throttle.succeeded(0.1)
    assert throttle.limit == 16
    throttle.refused(None)
    assert throttle.limit == 8
    for _ in range(8):
        throttle.succeeded(0.1)
    assert 8.9 < throttle.limit < 9.1


def test_several_refusals_of_one_round_halve_once() -> None:
    throttle = Throttle(None)
    for _ in range(12):
        throttle.succeeded(0.2)
    for _ in range(16):
        throttle.refused(None)
    assert throttle.limit == 8
    throttle._halved_at -= 1
    throttle.refused(None)
    assert throttle.limit == 4


def test_it_stops_growing_where_latency_rises_and_at_the_most() -> None:
    throttle = Throttle(None)
    throttle.succeeded(0.1)
    for _ in range(1000):
        throttle.succeeded(0.21)
    assert throttle.limit == 5
    for _ in range(1000):
        throttle.succeeded(0.2)
    assert throttle.limit == MOST


def test_it_never_falls_under_one() -> None:
    throttle = Throttle(None)
    for _ in range(10):
        throttle._halved_at -= 100
        throttle.refused(None)
    assert throttle.limit == 1


def most_at_once(throttle: Throttle, count: int) -> int:
    running = most = 0

    async def one() -> None:
        nonlocal running, most
        async with throttle.turn(tokens=1):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(count)))

    asyncio.run(all_of_them())
    return most


def test_no_more_turns_than_the_limit() -> None:
    assert most_at_once(Throttle(3), 12) == 3
    assert most_at_once(Throttle(None), 12) == FIRST


def test_a_minutes_requests_and_tokens_are_counted() -> None:
    async def spend(throttle: Throttle, turns: int, tokens: int) -> float:
        start = time.monotonic()
        for _ in range(turns):
            async with throttle.turn(tokens):
                pass
        return time.monotonic() - start

    # 600 a minute are ten a second: after the 600 of the first moment a tenth of a second for each.
    assert asyncio.run(spend(Throttle(4, requests_per_minute=600), 603, 0)) >= 0.25
    assert asyncio.run(spend(Throttle(4, tokens_per_minute=6000), 13, 500)) >= 4.5
    assert asyncio.run(spend(Throttle(4, tokens_per_minute=100), 1, 500)) < 1.0, (
        "more than a minute's worth waits for ever"
    )
