"""10,000 calls of one process: fails if memory goes on growing after the first 1,000, or if anything of a call is left."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time

from pairs import MEBIBYTE, Pair, pair, resident

import rvoip

_WAVE = 1_000
_MOST = 2 * MEBIBYTE
"""By which the median of the last three waves may lie above that of the three after the first: 350 bytes a call."""
_TIMERS = rvoip.TimerConfig(t1=0.1)
"""What waits for retransmissions waits for 6.4 s instead of 32 s; it would only be idle."""


async def _call(both: Pair) -> None:
    """A call with sound and a key, with a listener, with what is withdrawn, and with what is forgotten."""
    call = await both.account.call(both.uri)
    async with call, call.events() as events:
        await call.answered()
        collecting = asyncio.create_task(call.collect_digits(1, 60))
        listening = asyncio.create_task(events.ready())
        await call.mute()
        await call.play(rvoip.AudioSourceTone(rvoip.ToneKindDial()))
        await call.record(rvoip.AudioSinkFrames())
        await call.send_dtmf("1")
        await call.stop_recording()
        await call.stop_playing()
        collecting.cancel()
        await asyncio.wait((collecting, listening))
        call.events()
    cause = await call.ended()
    if not isinstance(cause, rvoip.CauseLocalHangUp):
        raise RuntimeError(f"a call ended otherwise: {cause}")


async def _caller(both: Pair, left: set[int]) -> None:
    while left:
        left.pop()
        await _call(both)


async def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=10_000)
    arguments.add_argument("--at-a-time", type=int, default=20)
    given = arguments.parse_args()
    calls: int = given.calls
    at_a_time: int = given.at_a_time
    begun = time.perf_counter()
    figures: list[int] = []
    async with pair(at_a_time, _TIMERS) as both:
        both.start_answering()
        done = 0
        # Wave by wave, so that the same lives at a time whatever the speed.
        while done < calls:
            wave = min(_WAVE, calls - done)
            left = set(range(wave))
            await asyncio.gather(*(_caller(both, left) for _ in range(at_a_time)))
            done += wave
            if not await both.idle(within=30) or both.answered != done:
                print(f"soak: {both.live()} live after {done} calls, {both.answered} answered")
                return 1
            figures.append(resident())
    # The first wave fills what is kept for use again; one wave alone may have caught the allocator in the act.
    first, last = statistics.median(figures[1:4] or figures), statistics.median(figures[-3:])
    curve = " ".join(f"{figure / MEBIBYTE:.1f}" for figure in figures)
    print(f"soak: {calls} calls, {at_a_time} at a time, in {time.perf_counter() - begun:.0f} s, 0 live")
    print(
        f"soak: {first / MEBIBYTE:.1f} MiB soon after the first {min(_WAVE, calls)} calls, {last / MEBIBYTE:.1f} MiB at the end, "
        f"grown by {(last - first) / MEBIBYTE:.1f} MiB (at most {_MOST // MEBIBYTE}): {curve}"
    )
    return 0 if last - first <= _MOST else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
