"""What events cost: sent as MESSAGEs by one client, heard by another one in the same process."""

from __future__ import annotations

import argparse
import asyncio
import time

from pairs import Pair, pair

import rvoip

_BATCH = 500
"""Events that wait for one listener; more than 1,024 would be lost."""
_AT_A_TIME = 32


async def _send(both: Pair, count: int) -> None:
    left = iter(range(count))

    async def send() -> None:
        for number in left:
            answer = await both.account.message(both.uri, f"message {number}")
            if answer.status != 200:
                raise RuntimeError(f"a message was refused: {answer.status}")

    await asyncio.gather(*(send() for _ in range(_AT_A_TIME)))


async def _heard(events: rvoip.Events, count: int) -> None:
    async for event in events:
        if isinstance(event, rvoip.Lagged):
            raise RuntimeError("events were lost")
        count -= isinstance(event, rvoip.MessageReceived)
        if count == 0:
            return


async def _streamed(both: Pair, count: int) -> None:
    """From the verb of the sender to `async for` of the listener, one event after the other."""
    async with both.callee.events() as events:
        begun = time.perf_counter()
        await asyncio.gather(_send(both, count), _heard(events, count))
        spent = time.perf_counter() - begun
    print(f"messages: {count} sent and heard in {spent:.2f} s, {count / spent:,.0f} a second, sender and listener in one loop")


async def _boundary(both: Pair, count: int) -> None:
    """Only the way of events through the boundary, without the network: they wait already."""
    taken, spent = 0, 0.0
    while taken < count:
        batch = min(_BATCH, count - taken)
        # A listener of its own counts what came, and this one is untouched meanwhile.
        async with both.callee.events() as events, both.callee.events() as counted:
            # A new listener is told what stands.
            events.take_events()
            await asyncio.gather(_send(both, batch), _heard(counted, batch))
            begun = time.perf_counter()
            more = await events.ready()
            came = events.take_events()
            spent += time.perf_counter() - begun
        if not more or len(came) != batch:
            raise RuntimeError(f"{len(came)} events came instead of {batch}")
        taken += batch
    print(
        f"events: {taken} through ready and take_events by {_BATCH}s: {taken / spent:,.0f} a second, "
        f"{spent / taken * 1e6:.2f} µs each"
    )


async def _idle(both: Pair, count: int) -> None:
    """What asking costs."""
    async with both.callee.events() as events:
        begun = time.perf_counter()
        for _ in range(count):
            await events.ready()
        ready = (time.perf_counter() - begun) / count
        events.take_events()
        begun = time.perf_counter()
        for _ in range(count):
            events.take_events()
        empty = (time.perf_counter() - begun) / count
    print(f"asking: ready {ready * 1e6:.2f} µs when events wait, take_events {empty * 1e6:.2f} µs when none do")


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=20_000)
    messages: int = arguments.parse_args().messages
    # By TCP, where no transaction waits for retransmissions: thousands a second would wait.
    async with pair(transport=rvoip.TransportKind.TCP) as both:
        await both.callee.add_account("sip:callee@127.0.0.1")
        await _streamed(both, messages)
        await _boundary(both, messages)
        await _idle(both, messages)


if __name__ == "__main__":
    asyncio.run(main())
