"""Data in its serde form: read, written, and refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any, get_args

import pytest
import rvoip
from rvoip import AccountConfig, ClientConfig, Event, TransportKind, event_from_dict

DIRECTION: dict[str, Any] = {"packets": 5, "bytes": 800, "lost": 1, "loss": 0.2, "jitter_ms": 1.5, "mos": None}
STATISTICS = {"sent": DIRECTION, "received": {**DIRECTION, "mos": 4.4}, "round_trip_ms": 2.5, "codec": "PCMU"}
REGISTERED = {"status": None, "reason": None, "expires": 600, "contacts": ["sip:a@1.2.3.4"]}
EVENTS: list[dict[str, Any]] = [
    {"type": "listening", "transport": "UDP", "address": "127.0.0.1:5060"},
    {"type": "registration_changed", "account": 0, "state": "registered", **REGISTERED},
    {"type": "incoming_call", "call": 1, "account": None, "from": "sip:b@b", "from_name": "B", "to": "sip:a@a"},
    {"type": "call_state_changed", "call": 1, "direction": "outgoing", "state": "connected", "cause": None},
    {"type": "hold_changed", "call": 1, "held_by_us": True, "held_by_peer": False},
    {"type": "audio_received", "call": 1},
    {"type": "digit_received", "call": 1, "digit": "#"},
    {"type": "playback_finished", "call": 1},
    {"type": "recording_finished", "call": 1},
    {"type": "statistics_updated", "call": 1, "statistics": STATISTICS},
    {"type": "levels_updated", "call": 1, "sent": 0.0, "received": 0.5},
    {"type": "recovering", "account": 1, "call": None, "reason": "the connection was lost"},
    {"type": "recovered", "account": None, "call": 7},
    {"type": "message_received", "account": 1, "call": None, "from": "sip:b@b", "content_type": "a/b", "text": "ü"},
    {"type": "lagged", "missed": 4_294_967_295},
    {"type": "client_closed", "reason": None},
]
CAUSES: list[dict[str, Any]] = [
    {"type": "local_hang_up"},
    {"type": "remote_hang_up"},
    {"type": "cancelled"},
    {"type": "rejected", "status": 486, "reason": "Busy Here"},
    {"type": "authentication_failed", "status": 403, "reason": "Forbidden"},
    {"type": "timed_out"},
    {"type": "unreachable", "reason": "no such host"},
    {"type": "media_timeout"},
    {"type": "media_failed", "reason": "no codec"},
    {"type": "protocol_failed", "reason": "no SDP"},
]


def name(data: dict[str, Any]) -> str:
    return str(data["type"])


def test_every_event_and_every_cause_is_tried() -> None:
    assert {type(event_from_dict(data)) for data in EVENTS} == set(get_args(Event))
    assert {type(rvoip.cause_from_dict(data)) for data in CAUSES} == set(get_args(rvoip.Cause))


@pytest.mark.parametrize("data", EVENTS, ids=name)
def test_an_event_is_read_and_written_alike(data: dict[str, Any]) -> None:
    event = event_from_dict(data)
    assert event.to_dict() == data
    assert (event.type, type(event).from_dict(data)) == (data["type"], event)
    assert copy.deepcopy(event) == pickle.loads(pickle.dumps(event)) == event
    assert type(event).__name__ in repr(event)


@pytest.mark.parametrize("data", CAUSES, ids=name)
def test_a_cause_is_read_and_written_alike(data: dict[str, Any]) -> None:
    ended = {**EVENTS[3], "state": "ended", "cause": data}
    event = event_from_dict(ended)
    assert event.to_dict() == ended
    assert rvoip.cause_from_dict(data).to_dict() == data


@pytest.mark.parametrize("data", EVENTS + CAUSES, ids=name)
def test_what_is_wrong_is_named(data: dict[str, Any]) -> None:
    read = event_from_dict if data in EVENTS else rvoip.cause_from_dict
    with pytest.raises(ValueError, match="strange"):
        read({**data, "strange": 1})
    for field in data.keys() - {"type"}:
        with pytest.raises(ValueError, match=rf"without {field}\b"):
            read({key: value for key, value in data.items() if key != field})
        for wrong in (object(), {"an": "object"}, 1.5j):
            with pytest.raises(ValueError, match=rf"\b{data['type']}\.{field}\b|^cause: |^call_statistics: "):
                read({**data, field: wrong})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"call": -1}, "digit_received.call: expected an int from 0 to 4294967295, not int"),
        ({"call": 1 << 32}, "digit_received.call"),
        ({"call": True}, "digit_received.call: .* not bool"),
        ({"call": 1.0}, "digit_received.call"),
        ({"call": None}, "digit_received.call"),
        ({"digit": 5}, "digit_received.digit: expected a str, not int"),
        ({"type": "digit"}, "event: 'digit' is no type of it"),
        ({"type": ["digit_received"]}, "is no type of it"),
    ],
)
def test_a_wrong_value_is_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        event_from_dict({"type": "digit_received", "call": 1, "digit": "5", **changes})


def test_a_word_that_is_none_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="call_state_changed.state: 'conected' is none of .*'connected'"):
        event_from_dict({**EVENTS[3], "state": "conected"})
    with pytest.raises(ValueError, match="registration_changed.contacts: expected a list, not str"):
        event_from_dict({**EVENTS[1], "contacts": "sip:a@a"})
    with pytest.raises(ValueError, match="event: expected a mapping, not list"):
        event_from_dict([])  # type: ignore[arg-type]


def test_words_are_their_texts() -> None:
    assert {TransportKind.UDP, "udp"} == {"udp"}
    assert f"{TransportKind.UDP} {TransportKind.UDP!s}" == "udp udp"
    assert TransportKind("tls") is TransportKind.TLS


@pytest.mark.parametrize(
    "data",
    [
        {"type": "file", "path": "a.wav"},
        {"type": "file", "path": "a.wav", "repeat": True},
        {"type": "bytes", "wav": [82, 73, 70, 70], "repeat": False},
        {"type": "tone", "tone": {"type": "sine", "hertz": 440}},
        {"type": "tone", "tone": {"type": "busy"}},
        {"type": "echo"},
        {"type": "frames"},
    ],
    ids=str,
)
def test_a_source_is_read_and_written_alike(data: dict[str, Any]) -> None:
    assert rvoip.audio_source_from_dict(data).to_dict() == data


def test_settings_are_read_and_written_alike() -> None:
    data = {
        "binds": [{"transport": "udp", "address": "127.0.0.1:0"}],
        "max_calls": 5,
        "close_deadline": 1.5,
        "timers": {"t1": 0.5},
        "media": {"codecs": ["PCMA"], "rtp_ports": [10_000, 10_100]},
        "tls": {"insecure": False},
    }
    assert ClientConfig.from_dict(data).to_dict() == data
    assert ClientConfig().to_dict() == {}
    with pytest.raises(ValueError, match="account_config: with unknown adress"):
        AccountConfig.from_dict({"adress": "sip:a@a"})
    with pytest.raises(ValueError, match="media_config.rtp_ports: expected a pair, not 3 of them"):
        ClientConfig.from_dict({"media": {"rtp_ports": [1, 2, 3]}})


def test_a_password_is_not_shown() -> None:
    account = AccountConfig(address="sip:alice@example.com", password="secret")
    assert "alice" in repr(account)
    assert "secret" not in repr(account)
