"""One scenario, step by step, through `Client`, `Account`, `Call` and `Events`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Final

from rvoip import Account, AccountKey, Call, CallKey, Client, ClientConfig, Event, Events, RvoipError

from .harness import Harness, new_harness
from .matching import Differs, fits, items, mapping, plain, plain_error
from .verbs import Verb, of_account, of_call, of_client

_TURNS: Final = 5
"""Turns of the loop from a completion that was told to the end of the task: its step, the task's, and some to spare."""

_UNTIL_CLOSED: Final = 3600.0
"""Seconds of the virtual clock, longer than any deadline."""

_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "do": frozenset({"do", "on", "args", "as", "bind", "returns", "fails", "pending"}),
    "await": frozenset({"await", "returns", "fails", "pending"}),
    "cancel": frozenset({"cancel"}),
    "peer": frozenset({"peer", "times"}),
    "advance": frozenset({"advance"}),
    "events": frozenset({"events", "of", "bind"}),
    "listen": frozenset({"listen", "to"}),
    "counts": frozenset({"counts"}),
}
_OF_A_FILE: Final = frozenset({"shows", "config", "needs", "lacks", "accounts", "steps", "fails_with"})


async def run(scenario: Mapping[str, object]) -> str | None:
    """Runs a scenario; gives why it was skipped, if it was. Raises `Differs` with what was not as it says."""
    strange = scenario.keys() - _OF_A_FILE
    if strange:
        raise Differs(f"the file has unknown fields: {sorted(strange)}")
    harness = new_harness(1)
    client = Client(harness.client(ClientConfig.from_dict(mapping(scenario.get("config"))).to_dict()))
    runner = _Runner(harness, client)
    try:
        capabilities = client.capabilities().to_dict()
        needs, lacks = items(scenario.get("needs")), items(scenario.get("lacks"))
        skips = [f"this face has no {need}" for need in needs if capabilities.get(str(need)) is not True]
        skips += [f"this face has {more}" for more in lacks if capabilities.get(str(more)) is not False]
        if not skips:
            await runner.run(scenario)
    except BaseException:
        # What the harness says now is no news.
        with contextlib.suppress(RvoipError):
            await runner.end()
        raise
    left = await runner.end()
    if left is not None:
        raise Differs(f"at the end: {left}")
    return skips[0] if skips else None


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Runner:
    def __init__(self, harness: Harness, client: Client) -> None:
        self._harness = harness
        self._client = client
        self._listeners: dict[str, Events] = {"client": client.events()}
        self._read: set[str] = set()
        self._keys: dict[str, int] = {}
        self._accounts: set[str] = set()
        self._kept: dict[str, asyncio.Task[object]] = {}

    async def run(self, scenario: Mapping[str, object]) -> None:
        # In the order of the names, as every runner does it: the keys depend on it.
        for name, config in sorted(mapping(scenario.get("accounts")).items()):
            adding = self._start(of_client("add_account", self._client, mapping(config)))
            if not await self._is_settled(adding):
                raise Differs(f"the account {name} cannot be added")
            self._bind(name, adding.result())
            self._accounts.add(name)
        for number, step in enumerate(items(scenario.get("steps")), 1):
            try:
                await self._step(mapping(step))
            except (Differs, RvoipError, ValueError) as error:
                raise Differs(f"step {number}: {_shown(step)}: {error}") from error
        try:
            # What came and was not expected is no accident.
            self._harness.peer('{"quiet": true}')
            await self._nothing_is_left()
        except (Differs, RvoipError) as error:
            raise Differs(f"at the end: {error}") from error

    async def end(self) -> str | None:
        """Gives up what is under way, closes the client, and says what is left of it, if anything is."""
        for task in self._kept.values():
            task.cancel()
        closing = self._start(self._client.close())
        await _turns()
        self._harness.advance(_UNTIL_CLOSED)
        await _turns()
        for listener in self._listeners.values():
            listener.close()
        if not closing.done():
            return "the client does not close"
        # What it came to is the scenario's own matter: a client that a fault ended says so.
        closing.exception()
        live, (_, waiting) = self._client.live(), self._harness.counts()
        return None if live == waiting == 0 else f"the client is closed, but {live} things live and {waiting} wait"

    def _start(self, verb: Verb) -> asyncio.Task[object]:
        return asyncio.get_running_loop().create_task(verb)

    async def _is_settled(self, task: asyncio.Task[object]) -> bool:
        await _turns()
        if not task.done():
            self._harness.advance(0)
            await _turns()
        return task.done()

    def _bind(self, name: str, key: object) -> None:
        if not isinstance(key, int):
            raise Differs(f"{key!r} is no key")
        self._keys[name] = key

    def _key(self, name: object) -> int:
        # A key that need not be of anything.
        if isinstance(name, int):
            return name
        if name is None:
            raise Differs("the step says not on what")
        try:
            return self._keys[str(name)]
        except KeyError:
            raise Differs(f"nothing has the name {name}") from None

    async def _step(self, step: Mapping[str, object]) -> None:
        kind = next((kind for kind in _FIELDS if kind in step), "")
        if not step.keys() <= _FIELDS.get(kind, frozenset()):
            raise Differs(f"unknown step: {_shown(step)}")
        match kind:
            case "do":
                await self._do(step)
            case "await":
                await self._await(step)
            case "cancel":
                await self._cancel(str(step["cancel"]))
            case "peer":
                for _ in range(_whole(step.get("times", 1))):
                    self._harness.peer(json.dumps(step["peer"]))
                    await _turns()
            case "advance":
                self._harness.advance(_whole(step["advance"]) / 1000)
                await _turns()
            case "events":
                await self._events(step)
            case "listen":
                self._listeners[str(step["listen"])] = self._listener(str(step["to"]))
            case "counts":
                self._counts(mapping(step["counts"]))
            case _:
                raise Differs(f"unknown step: {_shown(step)}")

    def _listener(self, name: str) -> Events:
        if name == "client":
            return self._client.events()
        if name in self._accounts:
            return self._account(name).events()
        return self._call(name).events()

    def _account(self, name: object) -> Account:
        return self._client.account_by_key(AccountKey(self._key(name)))

    def _call(self, name: object) -> Call:
        return self._client.call(CallKey(self._key(name)))

    def _verb(self, step: Mapping[str, object]) -> Verb:
        thing, _, name = str(step["do"]).partition(".")
        arguments = mapping(step.get("args"))
        match thing:
            case "client" if name == "open":
                return _open(self._harness, arguments)
            case "client":
                return of_client(name, self._client, arguments)
            case "account":
                return of_account(name, self._account(step.get("on")), arguments)
            case "call":
                return of_call(name, self._call(step.get("on")), arguments)
        raise Differs(f"unknown step: there is nothing that is called {thing}")

    async def _do(self, step: Mapping[str, object]) -> None:
        task = self._start(self._verb(step))
        kept_as = step.get("as")
        # Kept in any case, so that it is given up in the end.
        self._kept[str(kept_as) if kept_as is not None else f"verb {len(self._kept)}"] = task
        is_complete = await self._is_settled(task)
        bind = step.get("bind")
        if bind is not None and is_complete and task.exception() is None:
            self._bind(str(bind), task.result())
        if kept_as is None:
            self._compare(step, task)
        elif step.get("pending") is True and is_complete:
            raise Differs(f"it should be under way, but it is complete: {_outcome(task)}")

    async def _await(self, step: Mapping[str, object]) -> None:
        name = str(step["await"])
        task = self._kept.get(name)
        if task is None:
            raise Differs(f"nothing is under way as {name}")
        if await self._is_settled(task):
            del self._kept[name]
        self._compare(step, task)

    async def _cancel(self, name: str) -> None:
        task = self._kept.pop(name, None)
        if task is None or not task.cancel():
            raise Differs(f"nothing is under way as {name}")
        await _turns()
        if not task.cancelled():
            raise Differs(f"{name} cannot be cancelled")
        self._harness.advance(0)
        await _turns()

    def _compare(self, expected: Mapping[str, object], task: asyncio.Task[object]) -> None:
        is_pending = expected.get("pending") is True
        if not task.done():
            if not is_pending:
                raise Differs("it should be complete, but it is under way")
            return
        if is_pending:
            raise Differs(f"it should be under way, but it is complete: {_outcome(task)}")
        fails, returns = expected.get("fails"), expected.get("returns")
        error = task.exception()
        if error is None:
            got = plain(task.result())
            if fails is not None:
                raise Differs(f"it should fail, but it completed with {_shown(got)}")
            if returns is not None and not fits(returns, got, self._keys):
                raise Differs(f"it should give {_shown(returns)}, but it gives {_shown(got)}")
            return
        failure = plain_error(error)
        if fails is None:
            raise Differs(f"it should complete, but it failed: {_shown(failure)}")
        if not fits(fails, failure, self._keys):
            raise Differs(f"it should fail with {_shown(fails)}, but it fails with {_shown(failure)}")

    async def _take(self, name: str) -> list[dict[str, object]]:
        self._harness.advance(0)
        await _turns()
        listener = self._listeners.get(name)
        if listener is None:
            raise Differs(f"nobody listens as {name}")
        taken: list[Event] = listener.take_events()
        return [event.to_dict() for event in taken]

    async def _events(self, step: Mapping[str, object]) -> None:
        name, bind = str(step.get("of") or "client"), step.get("bind")
        came = await self._take(name)
        self._read.add(name)
        if bind is not None:
            calls = [call for event in came if (call := event.get("call")) is not None]
            if not calls:
                raise Differs("none of the events is about a call")
            self._bind(str(bind), calls[0])
        expected = items(step["events"])
        for index, wanted in enumerate(expected):
            if index >= len(came) or not fits(wanted, came[index], self._keys):
                raise Differs(f"expected the event {_shown(wanted)}, but there came {_shown(came)}")
        if len(came) > len(expected):
            raise Differs(f"an event came that was not expected: {_shown(came[len(expected)])}")

    async def _nothing_is_left(self) -> None:
        """A listener that is read holds no event that no step took."""
        for name in sorted(self._read):
            if left := await self._take(name):
                raise Differs(f"{name} heard an event that no step took: {_shown(left[0])}")

    def _counts(self, expected: Mapping[str, object]) -> None:
        events, waiting = self._harness.counts()
        got = {
            "events": events,
            "waiting": waiting,
            "submitted": self._harness.submitted(),
            "live": self._client.live(),
        }
        if not expected.keys() <= got.keys():
            raise Differs(f"unknown step: no such counts: {_shown(expected)}")
        if not fits(expected, got, self._keys):
            raise Differs(f"expected {_shown(expected)}, but there are {_shown(got)}")


async def _open(harness: Harness, config: Mapping[str, object]) -> object:
    """Another client, which is given up at once."""
    harness.client(ClientConfig.from_dict(config).to_dict())
    return None


def _outcome(task: asyncio.Task[object]) -> str:
    error = task.exception()
    return _shown(plain(task.result()) if error is None else plain_error(error))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Differs(f"{value!r} is no whole number")
    return value
