"""Seeing the SIP messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class WireEntry:
    """One SIP message that entered or left."""

    time: float
    """Seconds since the Unix epoch."""
    incoming: bool
    """It was received; otherwise it was sent."""
    flow: str
    """Names the socket or connection that it travelled on."""
    protocol: str
    """How it travelled: `UDP`, `TCP`, `TLS`, `WS` or `WSS`."""
    local: str
    """Our address."""
    remote: str
    """The peer's address."""
    text: str
    """The message, without secrets."""


WireTap: TypeAlias = Callable[[WireEntry], object]
"""Sees every SIP message, on the event loop on which the client was opened. What it raises goes to the loop's exception
handler; the client goes on.
"""
