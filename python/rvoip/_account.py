"""Addresses of record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._call import Call
from ._events import Events
from ._types import AccountInfo, AccountKey, Answer, CallKey, Registration

if TYPE_CHECKING:
    from ._rvoip import RawClient


class Account:
    """An address of record. The account belongs to its client, not to its handles."""

    def __init__(self, raw: RawClient, key: AccountKey) -> None:
        self._raw = raw
        self._key = key

    def __repr__(self) -> str:
        return f"<Account {self._key}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and other._raw is self._raw and other._key == self._key

    def __hash__(self) -> int:
        return hash((id(self._raw), self._key))

    @property
    def key(self) -> AccountKey:
        """Names the account in events."""
        return self._key

    @property
    def info(self) -> AccountInfo | None:
        """The account as it is now; none if there is none of this key."""
        info = self._raw.account(self._key)
        return None if info is None else AccountInfo.from_dict(info)

    async def register(self) -> Registration:
        """Registers, and stays registered. Completes at once if the account is registered.

        Raises `AuthenticationFailedError` for a wrong password, `RejectedError` with the registrar's status,
        `TimedOutError`, `UnreachableError`.
        """
        return Registration.from_dict(await self._raw.register(self._key))

    async def unregister(self) -> None:
        """Removes the registration of this client's contact. Raises as `register` does."""
        await self._raw.unregister(self._key)

    async def remove(self) -> None:
        """Removes the registration, and then the account, which is not heard of any more. Its calls go on.

        Raises `InvalidArgumentError` if it was removed before.
        """
        await self._raw.remove(self._key)

    async def call(self, to: str) -> Call:
        """Calls a URI; completes at once, with the call under way.

        Raises `InvalidArgumentError` if it is no URI, `BusyError` if too many calls are under way.
        """
        return Call(self._raw, CallKey(await self._raw.place_call(self._key, to)))

    async def options(self, to: str) -> Answer:
        """Asks a peer what it can do (OPTIONS, RFC 3261 §11). Any final answer is given, also one that refuses.

        Raises `AuthenticationFailedError`, `TimedOutError`, `UnreachableError`.
        """
        return Answer.from_dict(await self._raw.options(self._key, to))

    async def message(self, to: str, text: str) -> Answer:
        """Sends a text (MESSAGE, RFC 3428). Any final answer is given, also one that refuses.

        Raises `AuthenticationFailedError`, `TimedOutError`, `UnreachableError`.
        """
        return Answer.from_dict(await self._raw.send_message(self._key, to, text))

    def events(self) -> Events:
        """Listens to this account: its registration, its incoming calls and messages."""
        return Events(self._raw.account_events(self._key))
