"""Clients on the loopback interface, in pairs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from rvoip import (
    Account,
    Bind,
    Call,
    Client,
    ClientConfig,
    Event,
    Events,
    IncomingCall,
    Listening,
    MediaConfig,
    TransportKind,
    WireTap,
)

E = TypeVar("E")


def config() -> ClientConfig:
    """The settings of a client on the loopback interface."""
    media = MediaConfig(rtp_ports=(34_000, 38_000), levels_interval=0.1)
    return ClientConfig(binds=[Bind(TransportKind.UDP, "127.0.0.1:0")], media=media)


async def first(events: Events, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
    """The next event of a kind that fits; the ones before are taken."""
    async for event in events:
        if isinstance(event, kind) and fits(event):
            return event
    raise AssertionError(f"no {kind.__name__} came")


async def address(client: Client) -> str:
    """Where a client takes SIP messages."""
    async with client.events() as events:
        return (await first(events, Listening)).address


async def incoming(client: Client) -> Call:
    """The call that rings at a client."""
    async with client.events() as events:
        return client.call((await first(events, IncomingCall)).call)


async def rest(events: Events) -> list[Event]:
    """What comes until nothing comes any more."""
    return [event async for event in events]


@dataclass
class Pair:
    """Two clients in this process."""

    alice: Client
    bob: Client
    caller: Account
    called: Account
    to: str
    """Bob's URI."""

    async def connect(self) -> tuple[Call, Call]:
        """A call that bob answered: alice's side, and bob's."""
        outgoing = await self.caller.call(self.to)
        ringing = await incoming(self.bob)
        await ringing.answer()
        await outgoing.answered()
        return outgoing, ringing


@asynccontextmanager
async def pair(settings: ClientConfig | None = None, wire_tap: WireTap | None = None) -> AsyncIterator[Pair]:
    """Two clients with an account each; the settings and the wire tap are alice's."""
    async with Client.open(settings or config(), wire_tap=wire_tap) as alice, Client.open(config()) as bob:
        caller = await alice.add_account("sip:alice@127.0.0.1")
        called = await bob.add_account("sip:bob@127.0.0.1")
        yield Pair(alice, bob, caller, called, f"sip:bob@{await address(bob)}")
