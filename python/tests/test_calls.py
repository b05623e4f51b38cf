"""Calls between two clients on the loopback interface."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import rvoip
import wav
from loopback import config, first, incoming, pair, rest
from registrar import PASSWORD, Registrar
from rvoip import (
    AudioReceived,
    AudioSinkFrames,
    AudioSource,
    AudioSourceEcho,
    AudioSourceFile,
    AudioSourceFrames,
    AudioSourceTone,
    Call,
    CallDirection,
    CallState,
    CallStateChanged,
    CauseCancelled,
    CauseLocalHangUp,
    CauseRejected,
    CauseRemoteHangUp,
    Client,
    ClientClosed,
    DigitReceived,
    HoldChanged,
    IncomingCall,
    LevelsUpdated,
    MessageReceived,
    PlaybackFinished,
    RecordingFinished,
    RegistrationChanged,
    RegistrationState,
    StatisticsUpdated,
    ToneKindSine,
    TransportKind,
    WireEntry,
)


async def test_a_call_is_answered_and_hung_up() -> None:
    async with pair() as two:
        outgoing = await two.caller.call(two.to)
        ringing = await incoming(two.bob)
        info = ringing.info
        assert info is not None
        assert (info.direction, info.state) == (CallDirection.INCOMING, CallState.RINGING)
        await ringing.answer()
        await outgoing.answered()
        info = outgoing.info
        assert info is not None
        assert (info.direction, info.state) == (CallDirection.OUTGOING, CallState.CONNECTED)
        await outgoing.hang_up()
        assert await outgoing.ended() == CauseLocalHangUp()
        assert await ringing.ended() == CauseRemoteHangUp()
        assert outgoing.info is None


async def test_the_called_side_hangs_up() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        await ringing.hang_up()
        assert await outgoing.ended() == CauseRemoteHangUp()
        await outgoing.hang_up()


async def test_a_refused_call_is_an_exception_with_the_status() -> None:
    async with pair() as two:
        for status in (486, 603):
            outgoing = await two.caller.call(two.to)
            await (await incoming(two.bob)).reject(status)
            with pytest.raises(rvoip.RejectedError, match=rf"\({status}\)$") as caught:
                await outgoing.answered()
            assert caught.value.status == status
            cause = await outgoing.ended()
            assert isinstance(cause, CauseRejected)
            assert cause.status == status


async def test_a_call_that_rings_is_cancelled() -> None:
    async with pair() as two:
        outgoing = await two.caller.call(two.to)
        ringing = await incoming(two.bob)
        await outgoing.hang_up()
        assert await ringing.ended() == CauseCancelled()
        with pytest.raises(rvoip.CallEndedError):
            await outgoing.answered()


async def test_both_sides_hold_and_resume() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        for ours, theirs in ((outgoing, ringing), (ringing, outgoing)):
            async with theirs.events() as events:
                await ours.hold()
                info = ours.info
                assert info is not None and info.held_by_us and info.state == CallState.ON_HOLD
                assert not (await first(events, HoldChanged, lambda event: event.held_by_peer)).held_by_us
                await ours.resume()
                await first(events, HoldChanged, lambda event: not event.held_by_peer)
            info = ours.info
            assert info is not None and not info.held_by_us and info.state == CallState.CONNECTED
        await outgoing.reinvite()


async def test_a_muted_side_is_silent() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        await outgoing.play(AudioSourceTone(ToneKindSine(500)))
        async with ringing.events() as events:
            loud: Callable[[LevelsUpdated], bool] = lambda event: event.received > 0.05
            await first(events, LevelsUpdated, loud)
            await outgoing.mute()
            info = outgoing.info
            assert info is not None and info.muted
            await first(events, LevelsUpdated, lambda event: event.received < 0.001)
            await outgoing.mute(False)
            await first(events, LevelsUpdated, loud)


async def test_key_presses_arrive_both_ways() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        for ours, theirs in ((outgoing, ringing), (ringing, outgoing)):
            async with theirs.events() as events:
                collecting = asyncio.ensure_future(theirs.collect_digits(3, within=10))
                await ours.send_dtmf("1*#")
                assert await collecting == "1*#"
                pressed = [(await first(events, DigitReceived)).digit for _ in range(3)]
                assert pressed == ["1", "*", "#"]
        assert await ringing.collect_digits(1, within=0.05) == ""


async def test_texts_arrive_in_a_call_and_outside() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        async with ringing.events() as events:
            await outgoing.message("grüß dich")
            text = await first(events, MessageReceived)
            assert (text.text, text.call) == ("grüß dich", ringing.key)
            assert text.content_type.startswith("text/plain")
        async with two.called.events() as events:
            answer = await two.caller.message(two.to, "ping")
            assert answer.status == 200
            text = await first(events, MessageReceived, lambda event: event.call is None)
            assert (text.text, text.account, text.from_) == ("ping", two.called.key, "sip:alice@127.0.0.1")


async def test_a_peer_says_what_it_can_do() -> None:
    async with pair() as two:
        answer = await two.caller.options(two.to)
        assert answer.status == 200
        assert "INVITE" in answer.allow


async def play_file(call: Call, path: Path) -> None:
    wav.write(path, wav.melody())
    await call.play(path)


async def play_named(call: Call, path: Path) -> None:
    wav.write(path, wav.melody())
    await call.play(AudioSourceFile(path=str(path), repeat=False))


async def play_contents(call: Call, path: Path) -> None:
    await call.play(wav.contents(wav.melody()))


@pytest.mark.parametrize("play", [play_file, play_named, play_contents])
async def test_what_one_side_plays_the_other_side_records(
    tmp_path: Path, play: Callable[[Call, Path], Coroutine[Any, Any, None]]
) -> None:
    recorded = tmp_path / "recorded.wav"
    async with pair() as two:
        outgoing, ringing = await two.connect()
        async with outgoing.events() as playing, ringing.events() as recording:
            await ringing.record(recorded)
            begun = time.monotonic()
            await play(outgoing, tmp_path / "played.wav")
            assert time.monotonic() - begun > 1.3, "a clip completes at its end"
            await first(playing, PlaybackFinished)
            await ringing.stop_recording()
            await first(recording, RecordingFinished)
    likeness = wav.likeness(wav.melody(), wav.read(recorded))
    assert likeness > wav.HEARD
    assert wav.likeness(wav.tone(700, 1_500), wav.read(recorded)) < 0.3


async def test_an_echo_plays_back_what_the_peer_says(tmp_path: Path) -> None:
    recorded = str(tmp_path / "echo.wav")
    async with pair() as two:
        outgoing, ringing = await two.connect()
        await ringing.play(AudioSourceEcho())
        await outgoing.record(recorded)
        await outgoing.play(wav.contents(wav.melody()))
        # What was said last is on its way still.
        await outgoing.play(wav.contents(wav.tone(400, 300)))
        await outgoing.stop_recording()
    assert wav.likeness(wav.melody(), wav.read(recorded)) > wav.HEARD


async def test_a_tone_is_played_until_it_is_stopped() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        await ringing.record(AudioSinkFrames())
        await outgoing.play(AudioSourceTone(ToneKindSine(600)))
        heard = array("h")
        while len(heard) < 8_000:
            heard.extend(await ringing.read_frames())
        assert wav.share(heard[-2_000:], 600) > 0.95
        await outgoing.stop_playing()
        async with ringing.events() as events:
            await first(events, LevelsUpdated, lambda event: event.received < 0.001)


def frames_of(kind: str, samples: array[int]) -> list[Any]:
    chunks = [samples[begin : begin + 1_600] for begin in range(0, len(samples), 1_600)]
    if kind == "array":
        return chunks
    if kind == "bytes":
        return [chunk.tobytes() for chunk in chunks]
    if kind == "memoryview":
        return [memoryview(chunk) for chunk in chunks]
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    return [numpy.array(chunk, dtype=numpy.int16) for chunk in chunks]


@pytest.mark.parametrize("kind", ["array", "bytes", "memoryview", "numpy"])
async def test_a_program_speaks_and_hears_by_frames_at_the_pace_of_the_call(kind: str) -> None:
    chunks = frames_of(kind, wav.melody() + wav.tone(700, 1_000))
    async with pair() as two:
        outgoing, ringing = await two.connect()
        with pytest.raises(rvoip.InvalidStateError):
            await outgoing.write_frames(chunks[0])
        await outgoing.play(AudioSourceFrames())
        await ringing.record(AudioSinkFrames())

        async def write() -> float:
            begun = time.monotonic()
            for chunk in chunks:
                await outgoing.write_frames(chunk)
            return time.monotonic() - begun

        writing = asyncio.ensure_future(write())
        heard = array("h")
        while len(heard) < 20_000:
            frames = await ringing.read_frames()
            assert (frames.format, frames.itemsize) == ("h", 2)
            heard.extend(frames)
        assert await writing > 1.0, "a second waits, the rest keeps the pace"
        await outgoing.hang_up()
        while more := await ringing.read_frames():
            heard.extend(more)
    assert wav.likeness(wav.melody(), heard) > wav.HEARD


async def test_the_end_of_a_block_hangs_up() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        async with outgoing:
            pass
        assert await ringing.ended() == CauseRemoteHangUp()
        outgoing, ringing = await two.connect()
        with pytest.raises(ArithmeticError, match="mine"):
            async with outgoing:
                raise ArithmeticError("mine")
        assert await ringing.ended() == CauseRemoteHangUp()
        # A call that is over already is no fault.
        async with outgoing:
            await outgoing.hang_up()


async def test_the_story_of_a_call_is_told_in_order_to_its_end() -> None:
    async with pair() as two:
        outgoing = await two.caller.call(two.to)
        events = outgoing.events()
        ringing = await incoming(two.bob)
        await ringing.answer()
        await outgoing.answered()
        await first(ringing.events(), AudioReceived)
        await outgoing.hang_up()
        await two.alice.close()
        told = await rest(events)
        changes = [event for event in told if isinstance(event, CallStateChanged)]
        assert {change.call for change in changes} == {outgoing.key}
        states = list(dict.fromkeys(change.state for change in changes))
        assert states[-2:] == [CallState.CONNECTED, CallState.ENDED]
        assert changes[-1].cause == CauseLocalHangUp()
        last = [event for event in told if isinstance(event, StatisticsUpdated)][-1]
        assert last.statistics.codec in ("PCMU", "PCMA")
        assert last.statistics.sent.packets > 0


async def test_events_go_to_whom_they_concern() -> None:
    async with pair() as two:
        other = await two.bob.add_account("sip:carol@127.0.0.1")
        of_client, of_account, of_other = two.bob.events(), two.called.events(), other.events()
        outgoing, ringing = await two.connect()
        await outgoing.hang_up()
        await two.bob.close()
        told = await rest(of_client)
        assert isinstance(told[-1], ClientClosed)
        assert [event.call for event in told if isinstance(event, IncomingCall)] == [ringing.key]
        assert [event.call for event in await rest(of_account) if isinstance(event, IncomingCall)] == [ringing.key]
        assert not [event for event in await rest(of_other) if isinstance(event, IncomingCall)]


async def test_a_client_knows_its_accounts_its_calls_and_what_it_can_do() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        assert two.alice.calls() == [outgoing]
        assert two.bob.calls() == [ringing]
        assert two.alice.accounts() == [two.caller]
        assert two.alice.account_by_key(two.caller.key) == two.caller != two.called
        assert len({outgoing, two.alice.call(outgoing.key), ringing}) == 2
        assert (repr(outgoing), repr(two.caller)) == (f"<Call {outgoing.key}>", f"<Account {two.caller.key}>")
        info = two.caller.info
        assert info is not None
        assert (info.address, info.registration) == ("sip:alice@127.0.0.1", RegistrationState.UNREGISTERED)
        assert TransportKind.UDP in two.alice.capabilities().transports
        assert two.alice.live() > 0
        await outgoing.hang_up()
        await ringing.ended()
        assert two.alice.calls() == two.bob.calls() == []


async def test_a_client_registers_and_its_password_is_on_no_wire() -> None:
    seen: list[WireEntry] = []
    async with Registrar() as registrar, Client.open(config(), wire_tap=seen.append) as client:
        events = client.events()
        alice = await client.register(f"sip:alice@{registrar.address}", PASSWORD)
        registered = await first(events, RegistrationChanged, lambda event: event.state == RegistrationState.REGISTERED)
        assert (registered.account, registered.expires) == (alice.key, 600)
        granted = await alice.register()
        assert granted.contacts == (await registrar.contact("alice"),)
        await alice.unregister()
        assert not registrar.contacts
        with pytest.raises(rvoip.AuthenticationFailedError) as caught:
            await client.register(f"sip:bob@{registrar.address}", "wrong")
        assert caught.value.status in (401, 403)
    assert {(entry.protocol, entry.remote) for entry in seen} == {("UDP", registrar.address)}
    assert {entry.incoming for entry in seen} == {False, True}
    assert all(entry.text and entry.flow and abs(entry.time - time.time()) < 60 for entry in seen)
    told = "".join(entry.text for entry in seen) + repr(seen)
    assert "Authorization" in told and "REGISTER sip:" in told
    assert registrar.responses
    assert not [secret for secret in (PASSWORD, *registrar.responses) if secret in told]
