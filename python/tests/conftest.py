"""Coroutine tests, without a plugin."""

from __future__ import annotations

import asyncio
import inspect

import pytest

_LIMIT = 60
"""Seconds that a test may last."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a test that is a coroutine on an event loop of its own."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    named = pyfuncitem.funcargs
    arguments = {name: named[name] for name in inspect.signature(test).parameters if name in named}

    async def limited() -> None:
        await asyncio.wait_for(test(**arguments), _LIMIT)

    asyncio.run(limited(), debug=False)
    return True
