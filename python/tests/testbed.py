"""A real Kamailio, and a real baresip that is registered there as bob, answers, and says a speech."""

from __future__ import annotations

import asyncio
import json
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = os.environ.get("RVOIP_TESTBED", "")
needed = pytest.mark.skipif(not PROGRAM, reason="no program starts real peers: RVOIP_TESTBED is not set")


class Testbed:
    """The peers, while they run."""

    __test__ = False

    def __init__(self, process: Process, told: dict[str, Any]) -> None:
        self._process = process
        self._told = told
        self.domain: str = told["domain"]
        self.password: str = told["password"]
        self.authority: str = told["ca"]
        self.speech = Path(told["speech"])
        """What we say."""

    def proxy(self, transport: str) -> str:
        """The server, as outbound proxy."""
        return f"{self._told['uris'][transport]};lr"

    @property
    def their_speech(self) -> Path:
        """What baresip says, in another voice."""
        return Path(self._told["baresip"]["speech"])

    def recording(self) -> Path:
        """What baresip heard; complete when its call is over."""
        (heard,) = Path(self._told["baresip"]["recordings"]).glob("*-dec.wav")
        return heard

    async def vanish(self) -> None:
        """Ends baresip without a word to anybody."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"vanish\n")
        assert json.loads(await self._process.stdout.readline()) == {"vanished": True}


@asynccontextmanager
async def kamailio(*options: str) -> AsyncIterator[Testbed]:
    """Starts the peers, and ends them."""
    process = await asyncio.create_subprocess_exec(PROGRAM, "kamailio", *options, stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdout is not None
        yield Testbed(process, json.loads(await process.stdout.readline()))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 20) == 0


async def assert_heard(said: Path, unsaid: Path, recording: Path, seconds: int) -> None:
    """A recording holds the first seconds of what one side said, and nothing of what the other said."""
    heard, other = await compare(said, recording, seconds), await compare(unsaid, recording, seconds)
    assert heard["heard"], f"{recording} does not hold {said}: {heard}"
    assert other["unheard"], f"{recording} holds {unsaid}: {other}"


async def compare(sent: Path, received: Path, seconds: int) -> dict[str, Any]:
    """How much of the first seconds of what was sent a recording holds."""
    words = ["compare", str(sent), str(received), "--seconds", str(seconds)]
    comparing = await asyncio.create_subprocess_exec(PROGRAM, *words, stdout=PIPE)
    out, _ = await comparing.communicate()
    result: dict[str, Any] = json.loads(out)
    return result
