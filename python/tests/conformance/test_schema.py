"""Every file of a scenario has the form that `scenario.schema.json` says."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

_FOLDER = Path(__file__).parents[3] / "tests" / "conformance"
_SCENARIOS = sorted((_FOLDER / "scenarios").glob("*.json"))
_BROKEN = sorted((_FOLDER / "broken").glob("*.json"))
_WITHOUT_FORM = frozenset({"client-zero", "peer-step", "unknown-step", "unknown-verb"})
"""Broken files whose fault is one of form."""


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _validator() -> Draft202012Validator:
    schema, types = _read(_FOLDER / "scenario.schema.json"), _read(_FOLDER / "types.schema.json")
    for one in (schema, types):
        Draft202012Validator.check_schema(one)
    beside = schema["$id"].replace("scenario.schema.json", "types.schema.json")
    registry: Registry[Any] = Registry().with_resource(beside, Resource.from_contents(types))
    return Draft202012Validator(schema, registry=registry)


_VALIDATOR = _validator()


def _faults(scenario: Any) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in _VALIDATOR.iter_errors(scenario)]


@pytest.mark.parametrize("file", [*_SCENARIOS, *_BROKEN], ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_file_has_the_form(file: Path) -> None:
    scenario = _read(file)
    faults = _faults(scenario)
    assert (faults != []) == (file.stem in _WITHOUT_FORM), faults
    # What must fail says how, and nothing else does.
    assert ("fails_with" in scenario) == (file.parent.name == "broken")


def _without_steps(scenario: Any) -> None:
    del scenario["steps"]


def _strange_setting(scenario: Any) -> None:
    scenario["config"] = {"volume": 11}


def _strange_account(scenario: Any) -> None:
    scenario["accounts"]["alice"]["passwort"] = "secret"


def _strange_event(scenario: Any) -> None:
    scenario["steps"].append({"events": [{"type": "call_parked"}]})


def _strange_field_of_an_event(scenario: Any) -> None:
    scenario["steps"].append({"events": [{"type": "audio_received", "loudness": 1}]})


def _loose_events(scenario: Any) -> None:
    scenario["steps"].append({"events": [{"type": "listening"}], "among": True})


def _call_of_no_event(scenario: Any) -> None:
    scenario["steps"].append({"events": [], "bind": "call"})


def _strange_cause(scenario: Any) -> None:
    event = {"type": "call_state_changed", "call": "call", "cause": {"type": "boredom"}}
    scenario["steps"].append({"events": [event]})


def _strange_kind(scenario: Any) -> None:
    scenario["steps"].append({"await": "a", "fails": {"kind": "tired"}})


def _two_outcomes(scenario: Any) -> None:
    scenario["steps"].append({"await": "a", "pending": True, "fails": {"kind": "closed"}})


def _no_argument(scenario: Any) -> None:
    scenario["steps"].append({"do": "call.mute", "on": "call"})


def _on_nothing(scenario: Any) -> None:
    scenario["steps"].append({"do": "call.hold"})


def _what_does_not_belong(scenario: Any) -> None:
    scenario["steps"].append({"peer": {"respond": 200, "uri": "sip:bob@example.com"}})


def _two_peer_steps(scenario: Any) -> None:
    scenario["steps"].append({"peer": {"expect": "INVITE", "respond": 200}})


def _not_quiet(scenario: Any) -> None:
    scenario["steps"].append({"peer": {"quiet": False}})


@pytest.mark.parametrize(
    "spoil",
    [
        _without_steps,
        _strange_setting,
        _strange_account,
        _strange_event,
        _strange_field_of_an_event,
        _loose_events,
        _call_of_no_event,
        _strange_cause,
        _strange_kind,
        _two_outcomes,
        _no_argument,
        _on_nothing,
        _what_does_not_belong,
        _two_peer_steps,
        _not_quiet,
    ],
)
def test_mistake_has_not_the_form(spoil: Callable[[Any], None]) -> None:
    sound = _read(_FOLDER / "scenarios" / "call-out.json")
    spoilt = copy.deepcopy(sound)
    spoil(spoilt)
    assert _faults(sound) == []
    assert _faults(spoilt) != []
