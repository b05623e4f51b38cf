"""Calls of one process: two clients that call each other by loopback, with all their SIP and RTP."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from pairs import MEBIBYTE, Pair, pair, peak, resident


async def _caller(both: Pair, left: set[int]) -> None:
    while left:
        left.pop()
        async with await both.account.call(both.uri) as call:
            await call.answered()


async def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=1_000)
    arguments.add_argument("--at-a-time", type=int, default=50)
    given = arguments.parse_args()
    calls: int = given.calls
    at_a_time: int = given.at_a_time
    async with pair(at_a_time) as both:
        both.start_answering()
        before = resident()
        begun = time.perf_counter()
        left = set(range(calls))
        await asyncio.gather(*(_caller(both, left) for _ in range(at_a_time)))
        spent = time.perf_counter() - begun
        most = peak()
        print(
            f"calls: {calls} answered and hung up, {at_a_time} at a time, in {spent:.2f} s: {calls / spent:,.0f} a second; "
            f"{before / MEBIBYTE:.1f} MiB before, {most / MEBIBYTE:.1f} MiB at most, "
            f"{(most - before) / calls / 1024:.1f} KiB a call",
            flush=True,
        )
        # Transactions wait for retransmissions for 32 seconds (RFC 3261 §17).
        is_idle = await both.idle(within=45)
        print(f"both sides: {both.answered} answered, {both.live()} live after {time.perf_counter() - begun:.0f} s")
    return 0 if is_idle and both.answered == calls else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
