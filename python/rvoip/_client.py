"""Clients."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _rvoip
from ._account import Account
from ._call import Call
from ._errors import InvalidArgumentError
from ._events import Events
from ._types import (
    AccountConfig,
    AccountInfo,
    AccountKey,
    CallInfo,
    CallKey,
    Capabilities,
    ClientConfig,
    ParsedMessage,
)
from ._wire import WireEntry, WireTap

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._rvoip import RawClient

_Config = TypeVar("_Config", AccountConfig, ClientConfig)


class Client:
    """A SIP endpoint: transports, accounts and calls.

    `async with Client.open() as client` closes it at the end of the block: calls and registrations end in good order.
    A client that is forgotten without that does the same by itself, with a `ResourceWarning`. A process that was forked
    cannot use the clients of its parent.
    """

    def __init__(self, raw: RawClient, see: _See | None = None) -> None:
        self._raw = raw
        self._see = see
        self._is_closed = False

    @classmethod
    def open(cls, config: ClientConfig | None = None, *, wire_tap: WireTap | None = None) -> Opening:
        """Starts a client: `await` it, or use it in `async with`. A wire tap sees every SIP message.

        Raises `BindFailedError` if a local address cannot be used, `InvalidArgumentError` for unusable settings.
        """
        if wire_tap is not None and not callable(wire_tap):
            raise TypeError(f"a wire tap is called with each message: a {type(wire_tap).__name__} cannot be")
        return Opening(ClientConfig() if config is None else config, wire_tap)

    async def add_account(self, account: AccountConfig | str, password: str | None = None) -> Account:
        """Adds an account without registering it, for calls without a registrar: its settings, or its address of record,
        such as `sip:alice@example.com`, and its password.

        Raises `InvalidArgumentError` if the address or another URI is none.
        """
        return Account(self._raw, AccountKey(await self._raw.add_account(_settings(account, password))))

    async def register(self, account: AccountConfig | str, password: str | None = None) -> Account:
        """Adds an account and registers it (RFC 3261 §10); it is kept registered until the client closes. If it cannot be
        registered, or this is cancelled before, there is no account.

        Raises as `add_account` and `Account.register` do.
        """
        return Account(self._raw, AccountKey(await self._raw.register_account(_settings(account, password))))

    def accounts(self) -> list[Account]:
        """The accounts, in the order in which they were added."""
        infos = map(AccountInfo.from_dict, self._raw.accounts())
        return [self.account_by_key(info.account) for info in infos]

    def account_by_key(self, key: AccountKey) -> Account:
        """The handle of an account, such as one that an event names."""
        return Account(self._raw, key)

    def calls(self) -> list[Call]:
        """The calls that live, oldest first."""
        infos = map(CallInfo.from_dict, self._raw.calls())
        return [self.call(info.call) for info in infos]

    def call(self, key: CallKey) -> Call:
        """The handle of a call, such as one that an `IncomingCall` event names."""
        return Call(self._raw, key)

    def events(self) -> Events:
        """Listens to everything of this client."""
        return Events(self._raw.events())

    def capabilities(self) -> Capabilities:
        """What this platform and build can do."""
        return Capabilities.from_dict(self._raw.capabilities())

    def live(self) -> int:
        """How many transactions, dialogs, sessions, calls and requests live; 0 when the client is idle."""
        return self._raw.live()

    async def close(self) -> None:
        """Ends calls and registrations, and waits until that is done or the deadline is over. Closing twice is fine."""
        self._is_closed = True
        await self._raw.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        if not getattr(self, "_is_closed", True):
            _warn(f"unclosed {self!r}", ResourceWarning, source=self)


class _See:
    """What a wire tap is called by. Its client owns it, and not the native module: a tap that knows its client would keep it
    for ever."""

    def __init__(self, tap: WireTap) -> None:
        self._tap = tap

    def __call__(self, *fields: Any) -> None:
        self._tap(WireEntry(*fields))

    def weakly(self) -> Callable[..., None]:
        """Calls this as long as it is there."""
        itself = weakref.ref(self)

        def see(*fields: Any) -> None:
            if (there := itself()) is not None:
                there(*fields)

        return see


class Opening:
    """A client that is about to start: `await` it, or use it in `async with`."""

    def __init__(self, config: ClientConfig, wire_tap: WireTap | None) -> None:
        self._config = config
        self._wire_tap = wire_tap
        self._client: Client | None = None

    async def _open(self) -> Client:
        see = None if self._wire_tap is None else _See(self._wire_tap)
        settings = _checked(ClientConfig, self._config)
        raw = await _rvoip.RawClient.open(settings, None if see is None else see.weakly())
        return Client(raw, see)

    def __await__(self) -> Generator[None, None, Client]:
        return self._open().__await__()

    async def __aenter__(self) -> Client:
        self._client = await self._open()
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()


def _settings(account: AccountConfig | str, password: str | None) -> dict[str, object]:
    if isinstance(account, str):
        account = AccountConfig(address=account, password=password)
    elif password is not None:
        raise TypeError("the password belongs into the settings")
    return _checked(AccountConfig, account)


def _checked(kind: type[_Config], config: _Config) -> dict[str, object]:
    """The serde form of settings; says which of them is wrong, as the native module does not."""
    if not isinstance(config, kind):
        raise TypeError(f"settings are of the type {kind.__name__}, not {type(config).__name__}")
    try:
        return kind.from_dict(config.to_dict()).to_dict()
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None
    except AttributeError as error:
        raise TypeError(f"{kind.__name__}: {error}") from None


def parse_message(message: str | bytes) -> ParsedMessage:
    """Reads one SIP message (RFC 3261 §7) and checks that it is whole and valid.

    Raises `InvalidArgumentError` with the place of the fault, and with the status that a request like this is answered
    with.
    """
    data = message.encode() if isinstance(message, str) else message
    return ParsedMessage.from_dict(_rvoip.parse_message(data))
