"""Listening."""

from __future__ import annotations

from asyncio import Future
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING

from ._types import Event, event_from_dict

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._rvoip import RawEvents


class Events:
    """The events of a client, an account or a call, beginning with what stands now.

    `async for event in call.events()` gives one after the other, and ends when none will come any more. A wait can be
    cancelled at any time and loses none. Up to 1,024 events wait for a listener; one that is slower is told how many it
    lost (`Lagged`) and how things stand. It listens until it is closed or forgotten.
    """

    def __init__(self, raw: RawEvents) -> None:
        self._raw: RawEvents | None = raw
        self._taken: deque[Event] = deque()
        self._waits: set[Future[bool]] = set()

    async def ready(self) -> bool:
        """Waits until there are events, and takes none; false when none will come any more."""
        if self._taken:
            return True
        if self._raw is None:
            return False
        wait = self._raw.ready()
        self._waits.add(wait)
        try:
            return await wait
        finally:
            self._waits.discard(wait)

    def take_events(self) -> list[Event]:
        """Takes the events that are there, perhaps none, without waiting."""
        taken = list(self._taken)
        self._taken.clear()
        if self._raw is not None:
            taken.extend(event_from_dict(event) for event in self._raw.take_events())
        return taken

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event."""
        while not self._taken:
            if not await self.ready():
                raise StopAsyncIteration
            # Nothing waits between taking and keeping.
            self._taken.extend(self.take_events())
        return self._taken.popleft()

    def close(self) -> None:
        """Stops listening: whoever waits is told that nothing comes any more."""
        self._raw = None
        self._taken.clear()
        for wait in tuple(self._waits):
            loop = wait.get_loop()
            # Nobody waits on a loop that is closed.
            if not wait.done() and not loop.is_closed():
                loop.call_soon_threadsafe(_settle, wait)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _settle(wait: Future[bool]) -> None:
    if not wait.done():
        wait.set_result(False)
