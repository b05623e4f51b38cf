"""The scripted peer, the simulated network and the virtual clock, as the module for tests has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from rvoip import _rvoip

if TYPE_CHECKING:
    from rvoip._rvoip import RawClient


class Harness(Protocol):
    """One world. Everything has settled when a call returns, and the loop has been told of what completed."""

    def client(self, config: object) -> RawClient:
        """A client in this world."""

    def advance(self, seconds: float) -> None:
        """Moves the clock."""

    def peer(self, step: str) -> str:
        """Carries out a step of the peer, which is JSON."""

    def counts(self) -> tuple[int, int]:
        """Events that nobody took, and commands that are not complete."""

    def submitted(self) -> int:
        """How many commands were ever submitted."""


def new_harness(seed: int) -> Harness:
    """A world of its own; the interface of what is shipped does not know it."""
    make = cast("Callable[[int], Harness]", getattr(_rvoip, "RawHarness"))
    return make(seed)
