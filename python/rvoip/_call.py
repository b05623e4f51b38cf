"""Calls."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Final, get_args

from ._errors import CallEndedError, ClosedError, InvalidArgumentError
from ._events import Events
from ._types import (
    AudioSink,
    AudioSinkFile,
    AudioSource,
    AudioSourceBytes,
    AudioSourceFile,
    CallInfo,
    CallKey,
    Cause,
    cause_from_dict,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

    from ._rvoip import RawClient

# Of `object`, so that a check does not widen what is checked to anything.
_SOURCES: Final[tuple[type[object], ...]] = get_args(AudioSource)
_SINKS: Final[tuple[type[object], ...]] = get_args(AudioSink)


class Call:
    """A call. It belongs to its client: forgetting a handle ends nothing, and `Client.call` finds the call again.

    `async with` hangs up at the end of the block, however it ends.
    """

    def __init__(self, raw: RawClient, key: CallKey) -> None:
        self._raw = raw
        self._key = key

    def __repr__(self) -> str:
        return f"<Call {self._key}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and other._raw is self._raw and other._key == self._key

    def __hash__(self) -> int:
        return hash((id(self._raw), self._key))

    @property
    def key(self) -> CallKey:
        """Names the call in events."""
        return self._key

    @property
    def info(self) -> CallInfo | None:
        """The call as it is now; none once it is over."""
        info = self._raw.call(self._key)
        return None if info is None else CallInfo.from_dict(info)

    async def answered(self) -> None:
        """Waits until the peer answers.

        Raises why the call ended instead: `RejectedError` with the peer's status, `AuthenticationFailedError`,
        `TimedOutError`, `UnreachableError`, `MediaFailedError`, `CallEndedError`.
        """
        await self._raw.answered(self._key)

    async def ended(self) -> Cause:
        """Waits until the call is over, and says why.

        Raises `CallEndedError` if it was over long ago: the causes of the last 1,024 calls are remembered.
        """
        return cause_from_dict(await self._raw.ended(self._key))

    async def answer(self) -> None:
        """Answers an incoming call.

        Raises `InvalidStateError` unless it rings here, `CallEndedError` if the caller gave up.
        """
        await self._raw.answer(self._key)

    async def reject(self, status: int = 486) -> None:
        """Refuses an incoming call with a SIP status code (300 to 699; 486 is Busy Here, 603 Decline).

        Raises `InvalidStateError` unless it rings here, `InvalidArgumentError` for another status.
        """
        await self._raw.reject(self._key, status)

    async def hang_up(self) -> None:
        """Ends the call in whatever state it is: cancels, refuses or hangs up. Completes when it is over."""
        await self._raw.hang_up(self._key)

    async def hold(self) -> None:
        """Puts the peer on hold (RFC 3264 §8.4).

        Raises `InvalidStateError` unless connected, `RejectedError` if the peer refuses.
        """
        await self._raw.hold(self._key)

    async def resume(self) -> None:
        """Takes the peer off hold. Raises as `hold` does."""
        await self._raw.resume(self._key)

    async def reinvite(self) -> None:
        """Negotiates the media anew (re-INVITE, RFC 3261 §14). Raises as `hold` does."""
        await self._raw.reinvite(self._key)

    async def mute(self, muted: bool = True) -> None:
        """Stops or starts sending our audio; the peer hears silence."""
        await self._raw.mute(self._key, muted)

    async def send_dtmf(self, digits: str) -> None:
        """Sends key presses (`0` to `9`, `*`, `#`, `A` to `D`, a comma pauses for two seconds). Completes when all are sent.

        Raises `InvalidArgumentError` for other characters, `InvalidStateError` unless connected.
        """
        await self._raw.send_dtmf(self._key, digits)

    async def collect_digits(self, count: int, within: float | timedelta) -> str:
        """Waits for key presses of the peer, including earlier ones that nobody collected, for some seconds.

        Gives fewer than `count` if the time is over, none at the worst. Raises `CallEndedError` if the call ends before
        any key is pressed, `BusyError` if somebody else collects.
        """
        seconds = within.total_seconds() if isinstance(within, timedelta) else within
        return await self._raw.collect_digits(self._key, count, seconds)

    async def play(self, source: AudioSource | str | os.PathLike[str] | bytes) -> None:
        """Plays to the peer in place of what was played: a WAV file by its path or its bytes, a tone, an echo, frames.

        A clip completes when it was played to its end; cancelling stops it. The others complete at once and go on until
        `stop_playing`. Raises `FileFailedError` if a file cannot be read, `CallEndedError`.
        """
        chosen = _source(source)
        if isinstance(chosen, AudioSourceBytes):
            # A list of numbers would take far longer to make and to cross.
            data = {**AudioSourceBytes(wav=b"", repeat=chosen.repeat).to_dict(), "wav": chosen.wav}
        else:
            data = chosen.to_dict()
        await self._raw.play(self._key, data)

    async def stop_playing(self) -> None:
        """Stops playing."""
        await self._raw.stop_playing(self._key)

    async def record(self, sink: AudioSink | str | os.PathLike[str]) -> None:
        """Records the peer's audio, into a WAV file or frames, until it is stopped or the call ends.

        Raises `FileFailedError` if a file cannot be written, `CallEndedError`.
        """
        await self._raw.record(self._key, _sink(sink).to_dict())

    async def stop_recording(self) -> None:
        """Stops recording; when it completes, the file is complete."""
        await self._raw.stop_recording(self._key)

    async def write_frames(self, samples: Buffer) -> None:
        """Adds 16-bit samples (8,000 a second, one channel) to what the peer hears, after `play` of frames.

        Whatever has the buffer protocol is taken: `array('h')`, an array of int16 of numpy, or bytes in the machine's
        order. Completes when there was room for the last sample: a second waits at most, so that a program that writes as
        it completes keeps the pace of the call. Raises `InvalidStateError` unless frames are being played,
        `CallEndedError`.
        """
        await self._raw.write_frames(self._key, _bytes_of(samples))

    async def read_frames(self) -> memoryview:
        """Takes what the peer said since the last time, after `record` into frames: waits until there is something.

        The samples are of the format `h` (16 bits, 8,000 a second, one channel). None of them if nothing more will come,
        because the call or the recording is over. Two seconds wait at most; older audio is lost. Raises
        `InvalidStateError` unless frames are being recorded, `CallEndedError` if the call was over long ago.
        """
        return memoryview(await self._raw.read_frames(self._key)).cast("h")

    async def message(self, text: str) -> None:
        """Sends a text within the call (MESSAGE, RFC 3428).

        Raises `InvalidStateError` unless connected, `RejectedError` with the peer's status.
        """
        await self._raw.message_in_call(self._key, text)

    def events(self) -> Events:
        """Listens to this call. Its end is followed by its last figures, and then nothing more comes until the client
        closes: a loop over the events leaves it by itself."""
        return Events(self._raw.call_events(self._key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.hang_up()
        except (CallEndedError, ClosedError):
            pass


_NATIVE = "<h" if sys.byteorder == "little" else ">h"
"""How ctypes calls what is in the machine's order."""


def _source(source: AudioSource | str | os.PathLike[str] | bytes) -> AudioSource:
    if isinstance(source, bytes):
        return AudioSourceBytes(wav=source)
    if isinstance(source, (str, os.PathLike)):
        return AudioSourceFile(path=os.fspath(source))
    if not isinstance(source, _SOURCES):
        raise TypeError(f"a {type(source).__name__} cannot be played")
    return source


def _sink(sink: AudioSink | str | os.PathLike[str]) -> AudioSink:
    if isinstance(sink, (str, os.PathLike)):
        return AudioSinkFile(path=os.fspath(sink))
    if not isinstance(sink, _SINKS):
        raise TypeError(f"nothing can be recorded into a {type(sink).__name__}")
    return sink


def _bytes_of(samples: Buffer) -> bytes:
    view = memoryview(samples)
    if view.format not in ("h", "@h", "=h", _NATIVE, "b", "B", "c"):
        raise InvalidArgumentError(f"samples are of the format 'h' or bytes, not {view.format!r}")
    return view.tobytes()
