"""Comparing in part."""

from __future__ import annotations

from collections.abc import Mapping

from rvoip import RvoipError


class Differs(Exception):
    """Something is not as the scenario says."""


def mapping(value: object) -> Mapping[str, object]:
    """An object of the file; an absent one is empty."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Differs(f"{value!r} is no object")
    return value


def items(value: object) -> list[object]:
    """A list of the file; an absent one is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Differs(f"{value!r} is no list")
    return value


def fits(expected: object, got: object, keys: Mapping[str, int]) -> bool:
    """Whether what came has everything that was expected. A name in the place of a number stands for a key."""
    if isinstance(expected, Mapping):
        return isinstance(got, Mapping) and all(fits(value, got.get(name), keys) for name, value in expected.items())
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(got) == len(expected)
            and all(fits(one, other, keys) for one, other in zip(expected, got, strict=True))
        )
    # To Python, True is 1.
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, str) and isinstance(got, (int, float)):
        return keys.get(expected) == got
    return expected == got


def plain(value: object) -> object:
    """A value of the public interface in the serde form."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    to_dict = getattr(value, "to_dict", None)
    if to_dict is None:
        raise Differs(f"{value!r} has no serde form")
    form: object = to_dict()
    return form


def plain_error(error: BaseException) -> dict[str, object]:
    """An error of the public interface, as scenarios name it."""
    if isinstance(error, RvoipError):
        return {"kind": str(error.kind), "status": error.status, "reason": error.reason}
    return {"kind": "no error of this library", "status": None, "reason": repr(error)}
