"""With a real Kamailio and a real baresip."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import rvoip
from loopback import config, first
from rvoip import (
    AccountConfig,
    AudioReceived,
    CauseMediaTimeout,
    Client,
    ClientConfig,
    MediaConfig,
    RegistrationState,
    TimerConfig,
    TlsConfig,
    TransportKind,
)
from testbed import Testbed, assert_heard, kamailio, needed


def settings(testbed: Testbed, transport: TransportKind = TransportKind.UDP) -> ClientConfig:
    plain = replace(config(), tls=TlsConfig(ca=testbed.authority))
    # By TLS the phone connects from wherever the system lets it.
    return plain if transport == TransportKind.UDP else replace(plain, binds=[])


def account(
    testbed: Testbed, transport: TransportKind = TransportKind.UDP, password: str | None = None
) -> AccountConfig:
    return AccountConfig(
        address=f"sip:alice@{testbed.domain}",
        password=password or testbed.password,
        registrar=f"sip:{testbed.domain}",
        outbound_proxy=testbed.proxy(transport.value),
        transport=transport,
    )


by_transport = pytest.mark.parametrize("transport", [TransportKind.UDP, TransportKind.TLS], ids=str)


@needed
@by_transport
async def test_speech_is_exchanged_with_baresip_by_way_of_kamailio(tmp_path: Path, transport: TransportKind) -> None:
    heard = tmp_path / "heard.wav"
    async with kamailio("--baresip", "bob") as testbed:
        async with Client.open(settings(testbed, transport)) as client:
            alice = await client.register(account(testbed, transport))
            info = alice.info
            assert info is not None and info.registration == RegistrationState.REGISTERED
            assert (await alice.register()).contacts
            async with await alice.call(f"sip:bob@{testbed.domain}") as call:
                await call.answered()
                await call.record(heard)
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(call.play(testbed.speech), 6.5)
                await call.stop_recording()
            await alice.unregister()
            info = alice.info
            assert info is not None and info.registration == RegistrationState.UNREGISTERED
        await assert_heard(testbed.their_speech, testbed.speech, heard, 5)
        await assert_heard(testbed.speech, testbed.their_speech, testbed.recording(), 5)


@needed
@by_transport
async def test_a_wrong_password_and_a_peer_that_is_not_there_are_exceptions_with_the_status(
    transport: TransportKind,
) -> None:
    async with kamailio() as testbed, Client.open(settings(testbed, transport)) as client:
        with pytest.raises(rvoip.AuthenticationFailedError) as caught:
            await client.register(account(testbed, transport, password="wrong"))
        assert caught.value.status == 401
        alice = await client.register(account(testbed, transport))
        call = await alice.call(f"sip:bob@{testbed.domain}")
        with pytest.raises(rvoip.RejectedError) as rejected:
            await call.answered()
        assert rejected.value.status == 404


@needed
@by_transport
async def test_a_peer_that_vanishes_ends_what_is_under_way(transport: TransportKind) -> None:
    async with kamailio("--baresip", "bob") as testbed:
        quick = replace(settings(testbed, transport), media=MediaConfig(timeout=2.0))
        async with Client.open(quick) as client:
            alice = await client.register(account(testbed, transport))
            call = await alice.call(f"sip:bob@{testbed.domain}")
            await call.answered()
            async with call.events() as events:
                await first(events, AudioReceived)
            collecting = asyncio.create_task(call.collect_digits(1, 60))
            playing = asyncio.create_task(call.play(testbed.speech))
            await testbed.vanish()
            for verb in (collecting, playing):
                with pytest.raises(rvoip.CallEndedError):
                    await verb
            assert await call.ended() == CauseMediaTimeout()


@needed
async def test_a_server_that_vanishes_is_an_exception() -> None:
    async with Client.open(replace(config(), timers=TimerConfig(t1=0.02))) as client:
        async with kamailio() as testbed:
            alice = await client.register(account(testbed))
        with pytest.raises((rvoip.TimedOutError, rvoip.UnreachableError)):
            await alice.options(f"sip:bob@{testbed.domain}")
