"""The scenarios need the scripted peer and the virtual clock, which are never shipped."""

from __future__ import annotations

from rvoip import _rvoip

collect_ignore = [] if hasattr(_rvoip, "RawHarness") else ["test_scenarios.py"]
