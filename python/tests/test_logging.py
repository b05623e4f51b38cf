"""What the library logs arrives at the loggers of its names."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator

import pytest
import rvoip
from loopback import config, pair
from registrar import PASSWORD, Registrar
from rvoip import Client

ROOT = logging.getLogger("rvoip")


@pytest.fixture(autouse=True)
def level_of_before() -> Iterator[None]:
    before = ROOT.level
    yield
    ROOT.setLevel(before)


async def work() -> list[str]:
    """Does this and that; gives the secrets that were used."""
    async with Registrar() as registrar, Client.open(config()) as client:
        alice = await client.register(f"sip:alice@{registrar.address}", PASSWORD)
        await alice.unregister()
        with pytest.raises(rvoip.AuthenticationFailedError):
            await client.register(f"sip:bob@{registrar.address}", "another secret")
        return [PASSWORD, "another secret", *registrar.responses]


async def talk() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        await outgoing.send_dtmf("1357")
        assert await ringing.collect_digits(4, within=10) == "1357"
        await outgoing.hang_up()
        await ringing.ended()


async def settle() -> None:
    """Whatever was logged before has arrived: it is carried over in order."""
    async with Client.open(config()):
        pass


async def test_records_arrive_at_their_loggers(caplog: pytest.LogCaptureFixture) -> None:
    ROOT.setLevel(logging.DEBUG)
    await work()
    await talk()
    await settle()
    assert caplog.records
    assert {record.name.split(".")[0] for record in caplog.records if record.name != "asyncio"} == {"rvoip"}
    assert any(record.name.startswith("rvoip.") for record in caplog.records)
    assert all(record.levelno >= logging.DEBUG and record.getMessage() for record in caplog.records)


async def test_nothing_below_the_level_arrives_and_a_new_level_takes_effect(caplog: pytest.LogCaptureFixture) -> None:
    ROOT.setLevel(logging.CRITICAL)
    await settle()
    caplog.clear()
    await work()
    await settle()
    assert not [record for record in caplog.records if record.name.startswith("rvoip")]
    async with pair() as two:
        ROOT.setLevel(logging.DEBUG)
        outgoing, ringing = await two.connect()
        await outgoing.hang_up()
        await ringing.ended()
        await two.caller.options(two.to)
    assert [record for record in caplog.records if record.levelno == logging.DEBUG and record.name.startswith("rvoip")]
    ROOT.setLevel(logging.WARNING)
    await settle()
    caplog.clear()
    await talk()
    await settle()
    assert not [record for record in caplog.records if record.levelno < logging.WARNING]


async def test_a_logger_below_has_a_level_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    ROOT.setLevel(logging.WARNING)
    wire = logging.getLogger("rvoip.wire")
    async with pair() as two:
        await settle()
        caplog.clear()
        # The client is idle, and what comes next is to be seen.
        await asyncio.sleep(1.1)
        wire.setLevel(logging.DEBUG)
        try:
            outgoing, ringing = await two.connect()
            await outgoing.hang_up()
            await ringing.ended()
            await settle()
        finally:
            wire.setLevel(logging.NOTSET)
    heard = [record for record in caplog.records if record.levelno < logging.WARNING and record.name != "asyncio"]
    assert {record.name for record in heard} == {"rvoip.wire"}
    assert any("INVITE sip:bob@" in record.getMessage() for record in heard)


async def test_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    ROOT.setLevel(1)
    secrets = await work()
    await talk()
    await settle()
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert len(secrets) >= 4 and told
    assert not [secret for secret in (*secrets, "1357") if secret in told]


async def test_a_client_that_works_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    await talk()
    await settle()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_handler_that_fails_harms_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ArithmeticError("mine")

    failures: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: failures.append(told.exc_type))
    handler = Failing()
    ROOT.addHandler(handler)
    ROOT.setLevel(logging.DEBUG)
    try:
        await talk()
        await settle()
    finally:
        ROOT.setLevel(logging.CRITICAL)
        await settle()
        ROOT.removeHandler(handler)
    assert set(failures) == {ArithmeticError}
