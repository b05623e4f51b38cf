"""Forks with a call under way: the child can use nothing of its parent's, harms nothing, and starts anew."""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import time
import warnings
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import rvoip
from loopback import Pair, config, pair


@dataclass
class Under:
    """What is under way."""

    two: Pair
    outgoing: rvoip.Call
    ringing: rvoip.Call
    events: rvoip.Events
    ended: asyncio.Future[rvoip.Cause]
    collecting: asyncio.Future[str]


def refused(make: Callable[[], object]) -> None:
    """Uses a handle, and is refused."""
    try:
        made = make()
        if asyncio.iscoroutine(made):
            asyncio.run(made)
    except rvoip.InvalidStateError as error:
        assert "forked" in error.reason, error
    else:
        raise AssertionError(f"{make} was not refused")


async def ask(to: str) -> None:
    """Talks to the parent, and among clients of the child's own."""
    settings = replace(config(), close_deadline=60.0)
    async with pair(settings) as two:
        assert (await two.caller.options(to)).status == 200
        outgoing, ringing = await two.connect()
        await outgoing.send_dtmf("6")
        assert await ringing.collect_digits(1, within=10) == "6"
        closing = time.monotonic()
    assert time.monotonic() - closing < 30.0, "closing waits for nobody that is gone"


async def begin(stack: AsyncExitStack) -> Under:
    """A call with waits of every kind."""
    two = await stack.enter_async_context(pair())
    outgoing, ringing = await two.connect()
    events = outgoing.events()
    await events.__anext__()
    ended = asyncio.ensure_future(outgoing.ended())
    collecting = asyncio.ensure_future(ringing.collect_digits(1, within=60))
    await asyncio.sleep(0)
    return Under(two, outgoing, ringing, events, ended, collecting)


def child(under: Under) -> None:
    """Every handle is of no use, and a new client is."""
    two, call, events = under.two, under.outgoing, under.events
    for use in (two.alice.calls, two.alice.accounts, two.alice.events, two.alice.live, two.alice.capabilities):
        refused(use)
    for look in (call.events, two.caller.events, events.take_events, lambda: two.caller.info, lambda: call.info):
        refused(look)
    for wait in (two.alice.close, two.caller.register, call.hang_up, call.answered, under.ringing.ended, events.ready):
        refused(wait)
    refused(lambda: two.caller.call(two.to))
    refused(lambda: two.alice.add_account("sip:carol@127.0.0.1"))
    refused(lambda: call.play("x.wav"))
    asyncio.run(ask(two.to))


async def proceed(under: Under, pid: int) -> None:
    """The parent's call has noticed nothing."""
    _, status = await asyncio.get_running_loop().run_in_executor(None, os.waitpid, pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert under.outgoing.info is not None
    await under.outgoing.send_dtmf("4")
    assert await under.collecting == "4"
    await under.ringing.hang_up()
    assert await under.ended == rvoip.CauseRemoteHangUp()
    assert (await under.two.caller.options(under.two.to)).status == 200


def main() -> None:
    # A loop that shares nothing of the kernel with the child's copy of it.
    loop = asyncio.SelectorEventLoop(selectors.PollSelector())
    stack = AsyncExitStack()
    under = loop.run_until_complete(begin(stack))
    pid = os.fork()
    if pid == 0:
        child(under)
        del under, stack
        gc.collect()
        print("child", flush=True)
    else:
        loop.run_until_complete(proceed(under, pid))
        loop.run_until_complete(stack.aclose())
        loop.close()
        print("parent", flush=True)


if __name__ == "__main__":
    # Since 3.12 the interpreter says that a fork among threads is risky; this is about that very risk.
    warnings.simplefilter("ignore", DeprecationWarning)
    # The child forgets clients and loops without closing them.
    warnings.simplefilter("ignore", ResourceWarning)
    main()
