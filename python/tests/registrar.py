"""A registrar that asks for a password and grants what it is asked for."""

from __future__ import annotations

import asyncio
import re
from hashlib import md5
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

PASSWORD = "a secret of alice and bob"
KEPT = ("via:", "from:", "call-id:", "cseq:")
NONCE = "0123456789abcdef"


class Registrar(asyncio.DatagramProtocol):
    """Takes REGISTER on a port of the loopback interface (UDP), and checks the digest (RFC 2617 §3.2.2)."""

    def __init__(self) -> None:
        self.contacts: dict[str, str] = {}
        """The contact URI of every user that is registered."""
        self.responses: list[str] = []
        """The digests that clients sent."""
        self.is_silent = False
        """It answers nothing."""
        self.seen = 0
        """How many requests came."""
        self._changed = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        return f"{host}:{port}"

    async def contact(self, user: str) -> str:
        """Where a user is reached, once it is registered."""
        while user not in self.contacts:
            self._changed.clear()
            await self._changed.wait()
        return self.contacts[user]

    async def gone(self, user: str) -> None:
        """Waits until a user is not registered."""
        while user in self.contacts:
            self._changed.clear()
            await self._changed.wait()

    async def request(self) -> None:
        """Waits until something has been asked."""
        while not self.seen:
            self._changed.clear()
            await self._changed.wait()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.seen += 1
        self._changed.set()
        if self.is_silent or not data.startswith(b"REGISTER "):
            return
        lines = data.decode().split("\r\n\r\n")[0].split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        kept = [line for line in lines if line.lower().startswith(KEPT)]
        kept += [f"To: {fields['to']};tag=registrar", "Content-Length: 0"]
        answer = "\r\n".join([*self._answer(fields), *kept, "", ""])
        assert self._transport is not None
        self._transport.sendto(answer.encode(), addr)
        self._changed.set()

    def _answer(self, fields: dict[str, str]) -> list[str]:
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', fields.get("authorization", "")))
        if "response" not in given:
            return ["SIP/2.0 401 Unauthorized", f'WWW-Authenticate: Digest realm="here", nonce="{NONCE}", algorithm=MD5']
        self.responses.append(given["response"])
        secret = _hash(f"{given['username']}:here:{PASSWORD}")
        if given["response"] != _hash(f"{secret}:{NONCE}:{_hash('REGISTER:' + given['uri'])}"):
            return ["SIP/2.0 403 Forbidden"]
        contact = fields.get("contact", "")
        address = re.search(r"<([^>]*)>", contact)
        if address is None or "expires=0" in contact.replace(" ", "") or fields.get("expires") == "0":
            self.contacts.pop(given["username"], None)
            return ["SIP/2.0 200 OK"]
        self.contacts[given["username"]] = address[1]
        return ["SIP/2.0 200 OK", f"Contact: <{address[1]}>;expires=600"]


def _hash(text: str) -> str:
    return md5(text.encode()).hexdigest()
