"""What goes wrong, as an exception of its kind."""

from __future__ import annotations

from typing import ClassVar, Final

from ._types import ErrorKind


class RvoipError(Exception):
    """Why something failed. The kinds are its subclasses."""

    kind: ClassVar[ErrorKind]
    """What went wrong; every kind has a class of its own."""
    reason: str
    """One line for people."""
    status: int | None
    """The SIP status code that a peer gave, if one did (100 to 699)."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason, status)
        self.reason = reason
        self.status = status

    def __str__(self) -> str:
        return self.reason if self.status is None else f"{self.reason} ({self.status})"


class InvalidArgumentError(RvoipError, ValueError):
    """The caller passed something that cannot be used, such as a URI that is none."""

    kind = ErrorKind.INVALID_ARGUMENT


class InvalidStateError(RvoipError):
    """The present state does not allow what was asked for, such as answering an outgoing call."""

    kind = ErrorKind.INVALID_STATE


class UnsupportedError(RvoipError):
    """This platform or build cannot do it; see `Client.capabilities`."""

    kind = ErrorKind.UNSUPPORTED


class ClosedError(RvoipError):
    """The client was closed."""

    kind = ErrorKind.CLOSED


class BusyError(RvoipError):
    """Too many commands or calls are under way."""

    kind = ErrorKind.BUSY


class AuthenticationFailedError(RvoipError):
    """The server refused the credentials, or asked for some where there are none."""

    kind = ErrorKind.AUTHENTICATION_FAILED


class RejectedError(RvoipError):
    """The peer said no."""

    kind = ErrorKind.REJECTED


class TimedOutError(RvoipError):
    """Nobody answered in time."""

    kind = ErrorKind.TIMED_OUT


class UnreachableError(RvoipError):
    """The peer's host is not known or cannot be reached."""

    kind = ErrorKind.UNREACHABLE


class BindFailedError(RvoipError):
    """A local address or port could not be used."""

    kind = ErrorKind.BIND_FAILED


class CallEndedError(RvoipError):
    """The call is over."""

    kind = ErrorKind.CALL_ENDED


class MediaFailedError(RvoipError):
    """No media could be agreed on, or a media device, socket or stream failed."""

    kind = ErrorKind.MEDIA_FAILED


class FileFailedError(RvoipError):
    """A file could not be read or written."""

    kind = ErrorKind.FILE_FAILED


class InternalError(RvoipError):
    """A fault of this library."""

    kind = ErrorKind.INTERNAL


_CLASSES: Final[dict[ErrorKind, type[RvoipError]]] = {one.kind: one for one in RvoipError.__subclasses__()}


def error_of(kind: str, reason: str, status: int | None) -> RvoipError:
    """The exception for an error of the native module, which calls this."""
    return _CLASSES[ErrorKind(kind)](reason, status)
