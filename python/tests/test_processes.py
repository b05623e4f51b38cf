"""How processes begin and end: forks, exits, interrupts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from loopback import address, config, incoming
from rvoip import CauseRemoteHangUp, Client

PROGRAMS = Path(__file__).parent / "programs"


async def start(program: str, *arguments: str) -> Process:
    """Starts a program of ours, which finds the modules that this one finds."""
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    words = [sys.executable, "-X", "faulthandler", str(PROGRAMS / program), *arguments]
    return await asyncio.create_subprocess_exec(*words, stdout=PIPE, stderr=PIPE, env={**os.environ, "PYTHONPATH": paths})


async def finish(process: Process) -> str:
    """Waits until it ended as it should; gives what it printed."""
    try:
        out, err = await asyncio.wait_for(process.communicate(), 30)
    except asyncio.TimeoutError:
        process.send_signal(signal.SIGABRT)
        _, err = await process.communicate()
        raise AssertionError(f"it does not end: {err.decode()}") from None
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
async def test_a_fork_takes_nothing_with_it_and_starts_anew() -> None:
    assert await finish(await start("forked.py")) == "child\nparent\n"


@pytest.mark.parametrize("way", ["run", "left", "closed", "running"])
async def test_the_interpreter_ends_with_a_client_and_waits_under_way(way: str) -> None:
    processes = [await start("leaving.py", way) for _ in range(3)]
    assert [await finish(process) for process in processes] == ["done\n"] * 3


async def test_an_interrupted_program_hangs_up() -> None:
    async with Client.open(config()) as bob:
        await bob.add_account("sip:bob@127.0.0.1")
        process = await start("interrupted.py", f"sip:bob@{await address(bob)}")
        ringing = await incoming(bob)
        await ringing.answer()
        assert process.stdout is not None
        assert await process.stdout.readline() == b"talking\n"
        process.send_signal(signal.SIGINT)
        assert await ringing.ended() == CauseRemoteHangUp()
        assert await finish(process) == "interrupted\n"
