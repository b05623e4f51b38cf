"""What frames cost: 16-bit samples through `write_frames` and `read_frames` of calls by loopback."""

from __future__ import annotations

import argparse
import asyncio
import time
from array import array

from pairs import Pair, pair

import rvoip

_FRAME = array("h", (1_000 if at // 10 % 2 else -1_000 for at in range(160)))
"""20 ms."""
_FRAMES_A_SECOND = 50
_ROOM = 40
"""Frames that have room at once: a second waits at most."""
_BLOCK = _FRAME * _ROOM


async def _room(both: Pair, blocks: int) -> None:
    """Only the way through the boundary: there is room for every frame, so that nothing waits for the clock."""
    call = await both.account.call(both.uri)
    async with call:
        await call.answered()
        by_frame = by_block = 0.0
        for _ in range(blocks):
            await call.play(rvoip.AudioSourceFrames())
            begun = time.perf_counter()
            for _ in range(_ROOM):
                await call.write_frames(_FRAME)
            by_frame += time.perf_counter() - begun
            await call.stop_playing()
            await call.play(rvoip.AudioSourceFrames())
            begun = time.perf_counter()
            await call.write_frames(_BLOCK)
            by_block += time.perf_counter() - begun
            await call.stop_playing()
    frames = blocks * _ROOM
    rate = frames / by_frame
    print(
        f"frames: {frames} of 20 ms written at once: {by_frame / frames * 1e6:.2f} µs each, {rate:,.0f} a second, "
        f"{rate * len(_FRAME):,.0f} samples a second, as many as {rate / _FRAMES_A_SECOND:,.0f} calls take"
    )
    print(
        f"frames: written by {_ROOM}s: {by_block / blocks * 1e6:.2f} µs each time, "
        f"{blocks * len(_BLOCK) / by_block:,.0f} samples a second"
    )


async def _paced(both: Pair, calls: int, seconds: int) -> None:
    """Both ways in every call, at the pace of the calls."""
    heard = 0
    incoming = both.callee.events()

    async def listen(call: rvoip.Call) -> None:
        nonlocal heard
        await call.record(rvoip.AudioSinkFrames())
        while samples := await call.read_frames():
            heard += len(samples)

    async def answer() -> None:
        listeners: list[asyncio.Task[None]] = []
        async for event in incoming:
            if isinstance(event, rvoip.CallStateChanged) and event.state == rvoip.CallState.CONNECTED:
                listeners.append(asyncio.create_task(listen(both.callee.call(event.call))))
                if len(listeners) == calls:
                    break
        await asyncio.gather(*listeners)

    async def speak() -> None:
        call = await both.account.call(both.uri)
        async with call:
            await call.answered()
            await call.play(rvoip.AudioSourceFrames())
            for _ in range(seconds * _FRAMES_A_SECOND):
                await call.write_frames(_FRAME)
            # What waits is a second.
            await asyncio.sleep(1)

    begun, busy = time.perf_counter(), time.process_time()
    await asyncio.gather(answer(), *(speak() for _ in range(calls)))
    spent, busy = time.perf_counter() - begun, time.process_time() - busy
    incoming.close()
    said = calls * seconds * _FRAMES_A_SECOND * len(_FRAME)
    print(
        f"paced: {calls} calls for {seconds} s, frame by frame written and read: {heard / said:.1%} of the samples heard, "
        f"{busy / spent:.1%} of a processor, {busy / spent / calls:.2%} a call, both sides"
    )
    if heard < said * 0.9:
        raise RuntimeError("too little was heard")


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=500)
    arguments.add_argument("--calls", type=int, default=20)
    arguments.add_argument("--seconds", type=int, default=5)
    given = arguments.parse_args()
    calls: int = given.calls
    async with pair(calls) as both:
        both.start_answering()
        await _room(both, given.blocks)
        await _paced(both, calls, given.seconds)


if __name__ == "__main__":
    asyncio.run(main())
