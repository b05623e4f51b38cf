"""Every scenario is as it says, and every broken one fails for the reason that it says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from rvoip import CallDirection, CallKey, CallState, CallStateChanged, CauseRejected, RejectedError

from .matching import Differs, fits, plain, plain_error
from .runner import run

_FOLDER = Path(__file__).parents[3] / "tests" / "conformance"
_SCENARIOS = sorted((_FOLDER / "scenarios").glob("*.json"))
_BROKEN = sorted((_FOLDER / "broken").glob("*.json"))


def _name(file: Path) -> str:
    return file.stem


def _read(file: Path) -> Mapping[str, object]:
    scenario = json.loads(file.read_text(encoding="utf-8"))
    assert isinstance(scenario, dict)
    return scenario


@pytest.fixture(scope="module")
def table() -> Iterator[dict[str, str]]:
    """What became of every scenario, written to the file that the environment names."""
    outcomes: dict[str, str] = {}
    yield outcomes
    path = os.environ.get("RVOIP_TABLE")
    text = "".join(f"scenario {name}: {outcome}\n" for name, outcome in outcomes.items())
    print(text, end="")
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("file", _SCENARIOS, ids=_name)
async def test_scenario_is_as_it_says(file: Path, table: dict[str, str]) -> None:
    table[file.stem] = "failed"
    skipped = await run(_read(file))
    table[file.stem] = "ok" if skipped is None else f"skipped {skipped}"
    if skipped is not None:
        pytest.skip(skipped)


@pytest.mark.parametrize("file", _BROKEN, ids=_name)
async def test_broken_scenario_fails_for_its_reason(file: Path) -> None:
    scenario = _read(file)
    with pytest.raises(Differs) as caught:
        await run(scenario)
    assert str(scenario["fails_with"]) in str(caught.value)


async def test_missing_capability_is_a_skip() -> None:
    assert await run({"shows": "", "needs": ["clairvoyance"], "steps": []}) == "this face has no clairvoyance"
    assert await run({"shows": "", "lacks": ["tones"], "steps": []}) == "this face has tones"


async def test_unknown_field_is_a_failure() -> None:
    with pytest.raises(Differs, match="unknown step"):
        await run({"shows": "", "steps": [{"advance": 1, "quickly": True}]})
    with pytest.raises(Differs, match="unknown fields"):
        await run({"shows": "", "step": []})


def test_all_files_are_found() -> None:
    assert len(_SCENARIOS) >= 30
    assert len(_BROKEN) >= 6


def test_values_have_the_serde_form() -> None:
    event = CallStateChanged(CallKey(3), CallDirection.OUTGOING, CallState.EARLY_MEDIA, None)
    form = {"type": "call_state_changed", "call": 3, "direction": "outgoing", "state": "early_media", "cause": None}
    assert json.loads(json.dumps(plain(event))) == form
    assert plain(CauseRejected(486, "Busy Here")) == {"type": "rejected", "status": 486, "reason": "Busy Here"}
    assert plain_error(RejectedError("busy", 486)) == {"kind": "rejected", "status": 486, "reason": "busy"}


def test_parts_fit_and_names_stand_for_keys() -> None:
    keys = {"call": 3}
    got = {"type": "x", "call": 3, "list": [1, 2], "none": None, "flag": True, "number": 1}
    assert fits({"type": "x", "call": "call"}, got, keys)
    assert fits({"none": None, "absent": None, "list": [1.0, 2], "flag": True}, got, keys)
    for different in ({"call": "other"}, {"list": [1]}, {"absent": 1}, {"flag": 1}, {"number": True}, {"type": 1}):
        assert not fits(different, got, keys), different
