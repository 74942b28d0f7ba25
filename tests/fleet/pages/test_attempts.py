"""The rate limit of signing in: mistakes cost a growing wait, in bounded memory."""

import asyncio

from edge_agent.fleet.pages.attempts import AT_A_TIME, IN_LINE, KEPT, Attempts


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def mistakes(attempts: Attempts, count: int, name: str = "ada", address: str = "10.0.0.1") -> None:
    """Fail so often."""
    for _ in range(count):
        attempts.failed(name, address)


def test_a_few_mistakes_are_free_then_each_costs_twice_the_wait() -> None:
    """Three typing errors cost nothing; from then on the wait doubles, up to a quarter of an hour."""
    attempts = Attempts(Clock())
    waits = []
    for _ in range(16):
        attempts.failed("ada", "10.0.0.1")
        waits.append(attempts.wait_s("ada", "10.0.0.1"))
    assert waits[:6] == [0, 0, 0, 2, 4, 8]
    assert waits[-1] == 900


def test_the_wait_ends_and_old_mistakes_are_forgiven() -> None:
    """After the wait one may try; after an hour of quiet it begins anew."""
    clock = Clock()
    attempts = Attempts(clock)
    mistakes(attempts, 4)
    clock.s = 2.0
    assert attempts.wait_s("ada", "10.0.0.1") == 0
    clock.s = 3700.0
    mistakes(attempts, 1)
    assert attempts.wait_s("ada", "10.0.0.1") == 0


def test_others_are_not_locked_out() -> None:
    """Who tries a name from one address keeps its owner, elsewhere, out for half a minute at most."""
    attempts = Attempts(Clock())
    mistakes(attempts, 10)
    assert attempts.wait_s("ada", "10.0.0.2") == 0
    assert attempts.wait_s("bob", "10.0.0.1") == 0
    for number in range(200):
        attempts.failed("ada", f"10.1.0.{number}")
    assert 0 < attempts.wait_s("ada", "10.0.0.2") <= 30


def test_an_address_that_tries_many_names_is_slowed_down() -> None:
    """Trying one password on many names is limited by the address, also within an IPv6 network."""
    attempts = Attempts(Clock())
    for number in range(30):
        attempts.failed(f"user{number}", f"2001:db8:1:2::{number:x}")
    assert attempts.wait_s("somebody", "2001:db8:1:2:ffff::1") > 60
    assert attempts.wait_s("somebody", "2001:db8:1:3::1") == 0


def test_a_success_forgives_the_name_there() -> None:
    """Who knows the password at last does not wait the next time."""
    attempts = Attempts(Clock())
    mistakes(attempts, 3)
    attempts.succeeded("ada", "10.0.0.1")
    mistakes(attempts, 1)
    assert attempts.wait_s("ada", "10.0.0.1") == 0


def test_memory_is_bounded() -> None:
    """However many names and addresses try, no more than so many are remembered, the newest."""
    attempts = Attempts(Clock())
    for number in range(2 * KEPT):
        attempts.failed(f"n{number}", f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    assert len(attempts._past) == KEPT


def test_only_a_few_look_at_passwords_at_a_time() -> None:
    """Who comes when the line is full is sent away, and the line empties again."""

    async def story() -> tuple[int, int, int]:
        attempts, go = Attempts(), asyncio.Event()
        at_once, most, away = 0, 0, 0

        async def one() -> None:
            nonlocal at_once, most, away
            async with attempts.turn() as has_turn:
                if not has_turn:
                    away += 1
                    return
                at_once += 1
                most = max(most, at_once)
                await go.wait()
                at_once -= 1

        tasks = [asyncio.create_task(one()) for _ in range(IN_LINE + 7)]
        await asyncio.sleep(0.05)
        go.set()
        await asyncio.gather(*tasks)
        async with attempts.turn() as has_turn:
            assert has_turn
        return most, away, at_once

    assert asyncio.run(story()) == (AT_A_TIME, 7, 0)
