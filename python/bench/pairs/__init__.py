"""Two clients of one process that call each other, and what that takes."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import rvoip

MEBIBYTE: Final = 1024 * 1024
_ROOM: Final = 4
"""So many times the calls that are made at a time may live: what ends at one side ends a little later at the other."""


@dataclass
class Pair:
    """A caller, and somebody who is called."""

    caller: rvoip.Client
    callee: rvoip.Client
    account: rvoip.Account
    """The caller's."""
    uri: str
    """Whom the caller calls."""
    answered: int = 0
    """How many calls were answered, as the one who is called counts them."""
    measuring: asyncio.Task[object] | None = None
    """What is given up when answering fails."""
    answering: set[asyncio.Task[None]] = field(default_factory=set)
    """What answers the calls that come."""

    def live(self) -> int:
        """How much lives on both sides."""
        return self.caller.live() + self.callee.live()

    async def idle(self, within: float) -> bool:
        """Waits until nothing lives any more, not even what waits for retransmissions; false if the time is over."""
        until = time.monotonic() + within
        while self.live() > 0 and time.monotonic() < until:
            await asyncio.sleep(0.05)
        return self.live() == 0

    def start_answering(self) -> None:
        """Answers every call from now on."""
        self._keep(self._answer_all(self.callee.events()))

    def _keep(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self.answering.add(task)

        def end(task: asyncio.Task[None]) -> None:
            self.answering.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None and self.measuring is not None:
                # Otherwise the caller would wait for an answer for ever.
                self.measuring.cancel(f"answering failed: {error!r}")

        task.add_done_callback(end)

    async def _answer_all(self, events: rvoip.Events) -> None:
        async for event in events:
            if isinstance(event, rvoip.Lagged):
                raise RuntimeError(f"{event.missed} events were lost: too many calls at a time")
            if isinstance(event, rvoip.IncomingCall):
                self._keep(self._answer(self.callee.call(event.call)))

    async def _answer(self, call: rvoip.Call) -> None:
        await call.answer()
        self.answered += 1


async def _address(client: rvoip.Client) -> str:
    async with client.events() as events:
        async for event in events:
            if isinstance(event, rvoip.Listening):
                return event.address
    raise RuntimeError("the client does not listen")


@asynccontextmanager
async def pair(
    at_a_time: int = 1,
    timers: rvoip.TimerConfig | None = None,
    transport: rvoip.TransportKind = rvoip.TransportKind.UDP,
) -> AsyncIterator[Pair]:
    """Opens two clients on loopback, with room for so many calls at a time, and closes them."""
    config = rvoip.ClientConfig(
        binds=(rvoip.Bind(transport, "127.0.0.1:0"),),
        max_calls=_ROOM * at_a_time,
        timers=timers,
    )
    async with rvoip.Client.open(config) as callee, rvoip.Client.open(config) as caller:
        address = await _address(callee)
        account = await caller.add_account("sip:caller@127.0.0.1")
        both = Pair(caller, callee, account, f"sip:callee@{address};transport={transport}", measuring=asyncio.current_task())
        try:
            yield both
        finally:
            for task in tuple(both.answering):
                task.cancel()


def resident() -> int:
    """How many bytes of memory the process has; the most that it had, where the system says nothing else."""
    gc.collect()
    try:
        with open("/proc/self/statm", encoding="ascii") as figures:
            return int(figures.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return peak()


def peak() -> int:
    """How many bytes of memory the process had at most."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
