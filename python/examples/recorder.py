"""Answers every call, and records each into a WAV file of its own.

    python recorder.py sip:mailbox@example.com --folder recordings --prompt prompt.wav

The password is taken from the environment variable SIP_PASSWORD.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import signal
from datetime import datetime
from pathlib import Path

import rvoip

log = logging.getLogger("recorder")


def file_for(folder: Path, caller: str, key: rvoip.CallKey) -> Path:
    """A new file, named by the time, the caller and the call.

    What a caller calls itself is a stranger's text: of it only letters, digits and a few harmless signs are kept, so that
    it can neither leave the folder nor hide.
    """
    name = re.sub(r"[^A-Za-z0-9@+-]+", "_", caller.removeprefix("sips:").removeprefix("sip:"))[:60]
    return folder / f"{datetime.now():%Y%m%d-%H%M%S}-{name.strip('_')}-{key}.wav"


async def record(call: rvoip.Call, file: Path, prompt: str | None, most: float) -> None:
    """One call from its first ring to its end."""
    try:
        async with call:
            await call.answer()
            if prompt:
                await call.play(prompt)
            await call.record(file)
            log.info("%s: recording", file.name)
            await asyncio.wait_for(call.ended(), most)
    except asyncio.TimeoutError:
        log.info("%s: that was long enough", file.name)
    except rvoip.CallEndedError:
        log.info("%s: the caller gave up before anything was recorded", file.name)
    except rvoip.RvoipError as error:
        log.error("%s: %s", file.name, error)
    if file.exists():
        log.info("%s: %d bytes", file.name, file.stat().st_size)


async def run(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    async with rvoip.Client.open() as client:
        # Whoever calls while we register is not missed.
        events = client.events()
        await client.register(arguments.account, os.environ.get("SIP_PASSWORD"))
        log.info("ready")
        recording: set[asyncio.Task[None]] = set()
        try:
            async for event in events:
                if isinstance(event, rvoip.IncomingCall):
                    file = file_for(folder, event.from_, event.call)
                    task = asyncio.create_task(record(client.call(event.call), file, arguments.prompt, arguments.most))
                    recording.add(task)
                    task.add_done_callback(recording.discard)
        finally:
            # Each call is hung up by its task, which completes its file.
            for task in recording:
                task.cancel()
            await asyncio.gather(*recording, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Records every call into a WAV file.")
    parser.add_argument("account", help="our address of record, such as sip:mailbox@example.com")
    parser.add_argument("--folder", type=Path, default=Path("recordings"), help="where the files go")
    parser.add_argument("--prompt", metavar="WAV", help="said before the recording begins")
    parser.add_argument("--most", metavar="SECONDS", type=float, default=600.0, help="of a recording")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(run(arguments))


if __name__ == "__main__":
    # Ctrl-C and a service manager end it alike: files are completed, and the registration is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        log.info("stopped")
