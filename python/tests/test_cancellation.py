"""Cancelling a wait withdraws its command, and loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
import rvoip
import wav
from loopback import config, first, incoming, pair
from registrar import PASSWORD, Registrar
from rvoip import (
    Bind,
    CallState,
    CallStateChanged,
    CauseCancelled,
    CauseRemoteHangUp,
    Client,
    ClientConfig,
    LevelsUpdated,
    MessageReceived,
    PlaybackFinished,
    RegistrationState,
    TransportKind,
)

T = TypeVar("T")


async def begun(verb: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task whose first step has happened: its command is submitted."""
    task = asyncio.ensure_future(verb)
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def cancel(task: asyncio.Task[T]) -> None:
    """Cancels a task, and sees it end by that."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_wait_for_digits_gives_way_to_another() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        for digit in "73#":
            collecting = await begun(ringing.collect_digits(4, within=60))
            with pytest.raises(rvoip.BusyError):
                await ringing.collect_digits(1, within=60)
            await cancel(collecting)
            await outgoing.send_dtmf(digit)
            assert await ringing.collect_digits(1, within=10) == digit


async def test_a_timeout_ends_a_wait() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ringing.ended(), 0.02)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ringing.collect_digits(1, within=60), 0.02)
        if sys.version_info >= (3, 11):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await ringing.collect_digits(1, within=60)
        await outgoing.send_dtmf("5")
        assert await ringing.collect_digits(1, within=10) == "5"
        await outgoing.hang_up()
        assert await ringing.ended() == CauseRemoteHangUp()


async def test_a_wait_that_is_cancelled_a_thousand_times_loses_no_event() -> None:
    texts = [str(number) for number in range(600)]
    dice = random.Random(4711)
    async with pair() as two:
        outgoing, ringing = await two.connect()
        events = ringing.events()

        async def send() -> None:
            for text in texts:
                await outgoing.message(text)

        sending = asyncio.ensure_future(send())
        seen: list[str] = []
        cancelled = 0
        while cancelled < 1_000 or len(seen) < len(texts):
            waiting = asyncio.ensure_future(events.__anext__())
            for _ in range(dice.randrange(12)):
                await asyncio.sleep(0)
            if dice.random() < 0.3:
                await asyncio.wait([waiting], timeout=dice.random() / 200)
            waiting.cancel()
            try:
                event = await waiting
            except asyncio.CancelledError:
                cancelled += 1
            else:
                seen += [event.text] if isinstance(event, MessageReceived) else []
        await sending
    assert seen == texts


async def test_what_a_loop_left_is_there_for_the_next() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        async with ringing.events() as events:
            await first(events, CallStateChanged, lambda event: event.state == CallState.CONNECTED)
            for text in "abc":
                await outgoing.message(text)
            assert [(await first(events, MessageReceived)).text for _ in "abc"] == ["a", "b", "c"]


async def test_a_clip_stops_when_its_task_is_cancelled() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        async with ringing.events() as heard, outgoing.events() as told:
            playing = await begun(outgoing.play(wav.contents(wav.tone(500, 20_000))))
            await first(heard, LevelsUpdated, lambda event: event.received > 0.05)
            await cancel(playing)
            await first(heard, LevelsUpdated, lambda event: event.received < 0.001)
            await outgoing.play(wav.contents(wav.tone(500, 100)))
            await first(told, PlaybackFinished)


async def test_a_cancelled_registration_can_be_tried_again() -> None:
    async with Registrar() as registrar, Client.open(config()) as client:
        registrar.is_silent = True
        alice = await client.add_account(f"sip:alice@{registrar.address}", PASSWORD)
        registering = await begun(alice.register())
        await registrar.request()
        await cancel(registering)
        registrar.is_silent = False
        await alice.register()
        info = alice.info
        assert info is not None
        assert info.registration == RegistrationState.REGISTERED
        assert "alice" in registrar.contacts
    assert not registrar.contacts


async def test_a_call_whose_wait_is_cancelled_can_be_hung_up() -> None:
    async with pair() as two:
        outgoing = await two.caller.call(two.to)
        ringing = await incoming(two.bob)
        await cancel(await begun(outgoing.answered()))
        await outgoing.hang_up()
        assert await ringing.ended() == CauseCancelled()


async def test_a_task_that_is_cancelled_in_a_block_hangs_up() -> None:
    async with pair() as two:

        async def talk() -> None:
            async with await two.caller.call(two.to) as call:
                await call.answered()
                await call.collect_digits(4, within=60)

        talking = asyncio.ensure_future(talk())
        ringing = await incoming(two.bob)
        await ringing.answer()
        await cancel(talking)
        assert await ringing.ended() == CauseRemoteHangUp()
        assert two.alice.calls() == []


def _port_of_ours() -> int:
    """A free port that the system gives to nobody by itself, and that another process of these tests does not begin with."""
    for port in range(8_000 + os.getpid() % 1_500, 10_000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


async def test_a_start_that_is_cancelled_leaves_no_client_behind() -> None:
    settings = ClientConfig(binds=[Bind(TransportKind.UDP, f"127.0.0.1:{_port_of_ours()}")])

    async def open_client() -> Client:
        return await Client.open(settings)

    for steps in range(4):
        opening = asyncio.ensure_future(open_client())
        for _ in range(steps):
            await asyncio.sleep(0)
        opening.cancel()
        try:
            await (await opening).close()
        except (asyncio.CancelledError, rvoip.BindFailedError):
            pass  # Or the client before is being taken down still.
    # The address is free again, after a moment.
    while True:
        try:
            async with Client.open(settings):
                break
        except rvoip.BindFailedError:
            await asyncio.sleep(0.01)


async def test_many_waits_are_cancelled_at_once() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        before = two.alice.live()
        waits = [asyncio.ensure_future(outgoing.ended()) for _ in range(500)]
        waits += [asyncio.ensure_future(two.alice.call(outgoing.key).ended()) for _ in range(500)]
        await asyncio.sleep(0)
        for wait in waits[::2]:
            wait.cancel()
        await asyncio.wait(waits[::2])
        assert all(wait.cancelled() for wait in waits[::2])
        assert two.alice.live() == before
        await ringing.hang_up()
        assert set(await asyncio.gather(*waits[1::2])) == {CauseRemoteHangUp()}


async def test_a_close_that_is_cancelled_can_be_waited_for_again() -> None:
    async with pair() as two:
        _, ringing = await two.connect()
        closing = asyncio.ensure_future(two.alice.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await two.alice.close()
        assert await ringing.ended() == CauseRemoteHangUp()
