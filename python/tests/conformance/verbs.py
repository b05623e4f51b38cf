"""The verbs that scenarios name, by the public calls of the package."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TypeAlias, TypeVar

from rvoip import Account, AccountConfig, Call, Client, audio_sink_from_dict, audio_source_from_dict

from .matching import Differs, mapping

Arguments: TypeAlias = Mapping[str, object]
Verb: TypeAlias = Coroutine[object, object, object]
_T = TypeVar("_T")


def _argument(arguments: Arguments, name: str, kind: type[_T]) -> _T:
    value = arguments.get(name)
    if not isinstance(value, kind):
        raise Differs(f"the argument {name} is missing")
    return value


async def _read(value: Callable[[], object]) -> object:
    return value()


async def _add(client: Client, config: AccountConfig) -> object:
    return (await client.add_account(config)).key


async def _register(client: Client, config: AccountConfig) -> object:
    return (await client.register(config)).key


async def _place(account: Account, to: str) -> object:
    return (await account.call(to)).key


def of_client(name: str, client: Client, arguments: Arguments) -> Verb:
    """A verb of the client."""
    match name:
        case "add_account":
            return _add(client, AccountConfig.from_dict(arguments))
        case "register":
            return _register(client, AccountConfig.from_dict(arguments))
        case "close":
            return client.close()
        case "capabilities":
            return _read(client.capabilities)
        case "live":
            return _read(client.live)
    raise Differs(f"there is no verb client.{name}")


def of_account(name: str, account: Account, arguments: Arguments) -> Verb:
    """A verb of an account."""
    match name:
        case "register":
            return account.register()
        case "unregister":
            return account.unregister()
        case "remove":
            return account.remove()
        case "call":
            return _place(account, _argument(arguments, "to", str))
        case "options":
            return account.options(_argument(arguments, "to", str))
        case "message":
            return account.message(_argument(arguments, "to", str), _argument(arguments, "text", str))
        case "info":
            return _read(lambda: account.info)
    raise Differs(f"there is no verb account.{name}")


def of_call(name: str, call: Call, arguments: Arguments) -> Verb:
    """A verb of a call."""
    match name:
        case "answered":
            return call.answered()
        case "ended":
            return call.ended()
        case "answer":
            return call.answer()
        case "reject":
            return call.reject(_argument(arguments, "status", int))
        case "hang_up":
            return call.hang_up()
        case "hold":
            return call.hold()
        case "resume":
            return call.resume()
        case "reinvite":
            return call.reinvite()
        case "mute":
            return call.mute(_argument(arguments, "muted", bool))
        case "send_dtmf":
            return call.send_dtmf(_argument(arguments, "digits", str))
        case "collect_digits":
            within = arguments.get("within")
            if not isinstance(within, (int, float)):
                raise Differs("the argument within is missing")
            return call.collect_digits(_argument(arguments, "count", int), within)
        case "play":
            return call.play(audio_source_from_dict(mapping(arguments.get("source"))))
        case "stop_playing":
            return call.stop_playing()
        case "record":
            return call.record(audio_sink_from_dict(mapping(arguments.get("sink"))))
        case "stop_recording":
            return call.stop_recording()
        case "message":
            return call.message(_argument(arguments, "text", str))
        case "info":
            return _read(lambda: call.info)
    raise Differs(f"there is no verb call.{name}")
