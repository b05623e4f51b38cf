"""An auto-attendant: answers every call, says what there is, and does what the keys say.

    python attendant.py sip:office@example.com --menu menu.wav --hours hours.wav --address where.wav --bye bye.wav

1 says the hours, 2 says the address, 9 says good-bye. The password is taken from the environment variable SIP_PASSWORD.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Mapping

import rvoip

log = logging.getLogger("attendant")

PATIENCE = 3
"""How often the menu is said to somebody who presses nothing of use."""


class Attendant:
    """What is said: the menu, and a clip for each key."""

    def __init__(self, menu: str, clips: Mapping[str, str], bye: str | None, wait: float) -> None:
        self.menu = menu
        self.clips = clips
        self.bye = bye
        self.wait = wait

    async def serve(self, call: rvoip.Call) -> None:
        """One call from its first ring to its end."""
        try:
            async with call:
                await call.answer()
                await self.lead(call)
                if self.bye:
                    await call.play(self.bye)
        except rvoip.CallEndedError:
            log.info("%r: the caller hung up", call)
        except rvoip.RvoipError as error:
            log.error("%r: %s", call, error)

    async def lead(self, call: rvoip.Call) -> None:
        """Says the menu until the caller is served or patience is over."""
        tries = 0
        while tries < PATIENCE:
            key = await self.ask(call)
            log.info("%r: the caller pressed %s", call, key or "nothing")
            if key == "9":
                return
            if key in self.clips:
                await call.play(self.clips[key])
                tries = 0
            else:
                tries += 1

    async def ask(self, call: rvoip.Call) -> str:
        """Says the menu, and gives the key, if one is pressed in time. Who knows the menu need not hear it out."""
        playing = asyncio.create_task(call.play(self.menu))
        pressing = asyncio.create_task(call.collect_digits(1, within=3_600))
        try:
            await asyncio.wait([playing, pressing], return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                await playing
                await asyncio.wait([pressing], timeout=self.wait)
            return await pressing if pressing.done() else ""
        finally:
            # Cancelling stops the clip, and leaves the keys to whoever asks next.
            playing.cancel()
            pressing.cancel()
            await asyncio.wait([playing, pressing])


async def run(arguments: argparse.Namespace) -> None:
    clips = {"1": arguments.hours, "2": arguments.address}
    attendant = Attendant(arguments.menu, clips, arguments.bye, arguments.wait)
    async with rvoip.Client.open() as client:
        # Whoever calls while we register is not missed.
        events = client.events()
        await client.register(arguments.account, os.environ.get("SIP_PASSWORD"))
        log.info("ready")
        serving: set[asyncio.Task[None]] = set()
        async for event in events:
            if isinstance(event, rvoip.IncomingCall):
                log.info("%s calls", event.from_)
                task = asyncio.create_task(attendant.serve(client.call(event.call)))
                serving.add(task)
                task.add_done_callback(serving.discard)


def main() -> None:
    parser = argparse.ArgumentParser(description="Answers calls with a menu of announcements.")
    parser.add_argument("account", help="our address of record, such as sip:office@example.com")
    parser.add_argument("--menu", metavar="WAV", required=True, help="what there is to choose from")
    parser.add_argument("--hours", metavar="WAV", required=True, help="said for key 1")
    parser.add_argument("--address", metavar="WAV", required=True, help="said for key 2")
    parser.add_argument("--bye", metavar="WAV", help="said at the end")
    parser.add_argument("--wait", metavar="SECONDS", type=float, default=5.0, help="for a key, after the menu")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(run(arguments))


if __name__ == "__main__":
    # Ctrl-C and a service manager end it alike: calls are hung up, and the registration is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        log.info("stopped")
