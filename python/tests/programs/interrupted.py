"""Calls a URI, and talks until it is interrupted."""

from __future__ import annotations

import asyncio
import sys

import rvoip
from loopback import config


async def main(to: str) -> None:
    async with rvoip.Client.open(config()) as client:
        account = await client.add_account("sip:alice@127.0.0.1")
        async with await account.call(to) as call:
            await call.answered()
            print("talking", flush=True)
            await call.ended()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1]))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
