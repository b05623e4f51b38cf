"""Calls somebody, plays a WAV file, presses keys, and says what happens.

    python caller.py sip:alice@example.com sip:bob@example.com --play hello.wav --press 1234

The password is taken from the environment variable SIP_PASSWORD; without one, nothing is registered.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys

import rvoip

log = logging.getLogger("caller")


async def tell(call: rvoip.Call) -> None:
    """Says what happens in a call, until it is over."""
    # begin: events
    async for event in call.events():
        match event:
            case rvoip.CallStateChanged(state=rvoip.CallState.ENDED, cause=cause):
                print(f"the call ended: {cause.type if cause else 'for no reason'}")
                return
            case rvoip.CallStateChanged(state=state):
                print(f"the call is {state}")
            case rvoip.DigitReceived(digit=digit):
                print(f"the peer pressed {digit}")
            case rvoip.MessageReceived(text=text):
                print(f"the peer writes: {text}")
            case rvoip.StatisticsUpdated(statistics=statistics):
                received = statistics.received
                log.info("%d packets came, %d were lost", received.packets, received.lost)
            case _:
                pass
    # end: events


async def talk(call: rvoip.Call, arguments: argparse.Namespace) -> None:
    """What is done in a call once it is answered."""
    await call.answered()
    if arguments.record:
        await call.record(arguments.record)
    if arguments.play:
        await call.play(arguments.play)
    if arguments.press:
        await call.send_dtmf(arguments.press)
    if arguments.stay:
        # Whoever hangs up first: the peer, or we when the time is over.
        try:
            await asyncio.wait_for(call.ended(), arguments.stay)
        except asyncio.TimeoutError:
            log.info("enough")


async def run(arguments: argparse.Namespace) -> int:
    account = rvoip.AccountConfig(
        address=arguments.address,
        password=os.environ.get("SIP_PASSWORD"),
        outbound_proxy=arguments.proxy,
    )
    async with rvoip.Client.open() as client:
        caller = await client.add_account(account)
        if account.password is not None:
            await caller.register()
            print("registered")
        call = await caller.call(arguments.to)
        telling = asyncio.create_task(tell(call))
        try:
            # At the end of the block the call is hung up, whatever happens in it.
            async with call:
                await talk(call, arguments)
        except rvoip.CallEndedError:
            log.info("the peer hung up")
        finally:
            await telling
    return 0


async def main() -> int:
    parser = argparse.ArgumentParser(description="Calls somebody, plays a file, presses keys.")
    parser.add_argument("address", help="our address of record, such as sip:alice@example.com")
    parser.add_argument("to", help="whom to call, such as sip:bob@example.com")
    parser.add_argument("--play", metavar="WAV", help="play this file")
    parser.add_argument("--press", metavar="KEYS", help="press these keys; a comma pauses")
    parser.add_argument("--record", metavar="WAV", help="record what the peer says")
    parser.add_argument("--stay", metavar="SECONDS", type=float, help="then wait so long for the peer to hang up")
    parser.add_argument("--proxy", metavar="URI", help="send everything through this proxy")
    parser.add_argument("--verbose", action="store_true", help="log more")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.DEBUG if arguments.verbose else logging.WARNING)
    # begin: errors
    try:
        return await run(arguments)
    except rvoip.RejectedError as error:
        print(f"refused: {error}", file=sys.stderr)
    except rvoip.RvoipError as error:
        print(f"failed as {error.kind}: {error}", file=sys.stderr)
    # end: errors
    return 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
