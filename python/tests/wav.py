"""Sounds: mono, 16 bits, 8,000 samples a second."""

from __future__ import annotations

import io
import math
import os
import sys
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path

Samples = Sequence[int]

HEARD = 0.95
"""The likeness from which on something was heard; another sound is below 0.3."""


def tone(hertz: float, milliseconds: int) -> array[int]:
    """A tone."""
    return array("h", (int(8_000 * math.sin(math.tau * hertz * n / 8_000)) for n in range(milliseconds * 8)))


def melody() -> array[int]:
    """A second and a half in which no two moments sound alike."""
    samples = range(12_000)
    return array("h", (int(8_000 * math.sin(math.tau * (300 + n / 16) * n / 8_000)) for n in samples))


def contents(samples: array[int]) -> bytes:
    """A WAV file of these samples."""
    little = array("h", samples)
    if sys.byteorder == "big":
        little.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8_000)
        writer.writeframes(little.tobytes())
    return file.getvalue()


def write(path: str | os.PathLike[str], samples: array[int]) -> None:
    """Writes a WAV file."""
    Path(path).write_bytes(contents(samples))


def read(path: str | os.PathLike[str]) -> array[int]:
    """Reads a WAV file, which must be of this format."""
    with wave.open(os.fspath(path), "rb") as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 8_000)
        samples = array("h", reader.readframes(reader.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def share(samples: Samples, hertz: float) -> float:
    """How much of a sound is a tone of that frequency, 0.0 to 1.0."""
    turns = [math.tau * hertz * n / 8_000 for n in range(len(samples))]
    re = sum(sample * math.cos(turn) for sample, turn in zip(samples, turns))
    im = sum(sample * math.sin(turn) for sample, turn in zip(samples, turns))
    power = sum(sample * sample for sample in samples)
    return math.sqrt((re * re + im * im) * 2 / (power * len(samples))) if power else 0.0


def likeness(sent: Samples, received: Samples) -> float:
    """How much of what was sent is in a recording, wherever it begins there: a correlation, 1.0 if all of it is.

    Only a second out of the middle is compared, since the first packets may be lost while the call is being set up; a
    fifth of a second at a time, since a jitter buffer may shorten or stretch what lies between.
    """
    begun = next((place for place, sample in enumerate(received) if abs(sample) > 1_000), 0)
    place, reach, total = begun + 2_000, 1_000, 0.0
    for begin in range(2_000, 10_000, 1_600):
        piece = sent[begin : begin + 1_600]
        place = _place(piece[:400], received, place, reach)
        total += _correlation(piece, received[place : place + len(piece)])
        place, reach = place + len(piece), 400
    return total / 5


def _place(probe: Samples, received: Samples, near: int, reach: int) -> int:
    places = range(max(near - reach, 0), near + reach)
    return max(places, key=lambda place: _correlation(probe, received[place : place + len(probe)]))


def _correlation(one: Samples, other: Samples) -> float:
    power = sum(sample * sample for sample in one) * sum(sample * sample for sample in other)
    return sum(a * b for a, b in zip(one, other)) / math.sqrt(power) if power else 0.0
