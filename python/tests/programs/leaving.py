"""Ends with a client, a call and waits under way, without a word to anybody."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading

import rvoip
from loopback import config, incoming

KEPT: list[object] = []


async def main() -> None:
    logging.basicConfig(level=logging.DEBUG, stream=open("/dev/null", "w"))
    alice = await rvoip.Client.open(config(), wire_tap=KEPT.append)
    bob = await rvoip.Client.open(config(), wire_tap=lambda entry: None)
    await bob.add_account("sip:bob@127.0.0.1")
    events = bob.events()
    listening = await events.__anext__()
    assert isinstance(listening, rvoip.Listening)
    account = await alice.add_account("sip:alice@127.0.0.1")
    call = await account.call(f"sip:bob@{listening.address}")
    ringing = await incoming(bob)
    await ringing.answer()
    await call.answered()
    await call.play(rvoip.AudioSourceTone(rvoip.ToneKindDial()))
    await call.record(rvoip.AudioSinkFrames())

    async def listen() -> None:
        async for _ in events:
            pass

    async def talk() -> None:
        while True:
            await call.message("on and on")

    KEPT.extend([alice, bob, account, call, ringing, events])
    KEPT.extend(asyncio.ensure_future(wait) for wait in (call.ended(), ringing.collect_digits(9, 60), listen(), talk()))
    KEPT.extend(asyncio.ensure_future(talk()) for _ in range(20))
    await asyncio.sleep(0.05)


def run() -> None:
    loop = asyncio.new_event_loop()
    KEPT.append(loop)
    loop.run_until_complete(main())
    if sys.argv[1] == "closed":
        for task in asyncio.all_tasks(loop):
            KEPT.append(task)
        loop.close()
    elif sys.argv[1] == "running":
        loop.run_forever()


if __name__ == "__main__":
    if sys.argv[1] == "run":
        asyncio.run(main())
    elif sys.argv[1] == "running":
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(0.8)
    else:
        run()
    print("done", flush=True)
