"""The examples are run as programs: against clients of ours, and against each other."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import rvoip
import wav
from loopback import address, config, incoming
from registrar import PASSWORD, Registrar
from rvoip import Account, CauseRemoteHangUp, Client

EXAMPLES = Path(__file__).parent.parent / "examples"


async def start(program: Path, folder: Path, *arguments: str) -> Process:
    """Starts a program in a folder."""
    environment = {**os.environ, "SIP_PASSWORD": PASSWORD, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, str(program), *arguments]
    return await asyncio.create_subprocess_exec(*words, cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT)


async def finish(process: Process, code: int = 0) -> str:
    """Waits until it ended as it should; gives what it printed."""
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == code, out.decode()
    return out.decode()


@asynccontextmanager
async def running(name: str, folder: Path, *arguments: str) -> AsyncIterator[list[str]]:
    """An example that serves until it is interrupted; what it logs is in the list in the end."""
    process = await start(EXAMPLES / name, folder, *arguments)
    told: list[str] = []
    try:
        yield told
        process.send_signal(signal.SIGINT)
    except BaseException:
        process.kill()
        print((await process.communicate())[0].decode())
        raise
    told.extend((await finish(process)).splitlines())
    assert told[-1].endswith("stopped")


@asynccontextmanager
async def carol() -> AsyncIterator[tuple[Client, Account]]:
    """Somebody who calls."""
    async with Client.open(config()) as client:
        yield client, await client.add_account("sip:carol@127.0.0.1")


async def test_the_example_of_the_readme_calls(tmp_path: Path) -> None:
    wav.write(tmp_path / "hello.wav", wav.tone(440, 300))
    async with Registrar() as registrar, Client.open(config()) as bob:
        await bob.add_account("sip:bob@127.0.0.1")
        text = (EXAMPLES / "call.py").read_text()
        # The very program, but for whom it is and whom it calls.
        own = {
            "sip:alice@example.com": f"sip:alice@{registrar.address}",
            "secret": PASSWORD,
            "sip:bob@example.com": f"sip:bob@{await address(bob)}",
        }
        for theirs, ours in own.items():
            assert text.count(f'"{theirs}"') == 1
            text = text.replace(f'"{theirs}"', f'"{ours}"')
        (tmp_path / "call.py").write_text(text)
        process = await start(tmp_path / "call.py", tmp_path)
        ringing = await incoming(bob)
        await ringing.answer()
        await ringing.send_dtmf("12")
        # It may hang up as soon as it has the fourth, before that is sent to its end.
        try:
            await ringing.send_dtmf("34")
        except rvoip.CallEndedError:
            pass
        assert await ringing.ended() == CauseRemoteHangUp()
        assert await finish(process) == "1234\n"


async def test_the_caller_says_what_happens(tmp_path: Path) -> None:
    wav.write(tmp_path / "hello.wav", wav.melody())
    async with Registrar() as registrar, Client.open(config()) as bob:
        await bob.add_account("sip:bob@127.0.0.1")
        alice, to = f"sip:alice@{registrar.address}", f"sip:bob@{await address(bob)}"
        words = [alice, to, "--play", "hello.wav", "--press", "42", "--record", "heard.wav", "--stay", "20"]
        process = await start(EXAMPLES / "caller.py", tmp_path, *words)
        ringing = await incoming(bob)
        await ringing.answer()
        await ringing.record(tmp_path / "bob.wav")
        await ringing.play(wav.contents(wav.melody()))
        assert await ringing.collect_digits(2, within=10) == "42"
        await ringing.message("good-bye")
        await ringing.hang_up()
        told = await finish(process)
        for line in ("registered", "the call is connected", "the peer writes: good-bye", "the call ended: remote_hang_up"):
            assert line in told.splitlines(), told
        assert not registrar.contacts
        process = await start(EXAMPLES / "caller.py", tmp_path, alice, to)
        await (await incoming(bob)).reject(603)
        assert "(603)" in await finish(process, code=1)
    assert wav.likeness(wav.melody(), wav.read(tmp_path / "bob.wav")) > wav.HEARD
    assert wav.likeness(wav.melody(), wav.read(tmp_path / "heard.wav")) > wav.HEARD


async def test_an_interrupted_caller_hangs_up(tmp_path: Path) -> None:
    async with Registrar() as registrar, Client.open(config()) as bob:
        await bob.add_account("sip:bob@127.0.0.1")
        words = [f"sip:alice@{registrar.address}", f"sip:bob@{await address(bob)}", "--stay", "60", "--press", "1"]
        process = await start(EXAMPLES / "caller.py", tmp_path, *words)
        ringing = await incoming(bob)
        await ringing.answer()
        assert await ringing.collect_digits(1, within=10) == "1"
        process.send_signal(signal.SIGINT)
        assert await ringing.ended() == CauseRemoteHangUp()
        await finish(process, code=130)
        assert not registrar.contacts


CLIPS = {"menu": 400, "hours": 700, "address": 1_000, "bye": 1_300}


async def test_the_attendant_serves_several_callers_at_once(tmp_path: Path) -> None:
    words = ["--wait", "0.3"]
    for name, hertz in CLIPS.items():
        wav.write(tmp_path / f"{name}.wav", wav.tone(hertz, 500))
        words += [f"--{name}", f"{name}.wav"]
    async with Registrar() as registrar:
        async with running("attendant.py", tmp_path, f"sip:office@{registrar.address}", *words) as told:
            contact = await registrar.contact("office")

            async def press(account: Account, keys: str) -> str:
                """Presses a key whenever the menu begins; gives the clips that were heard."""
                async with await account.call(contact) as call:
                    await call.answered()
                    await call.record(rvoip.AudioSinkFrames())
                    left = list(keys)
                    heard = ""
                    while frames := await call.read_frames():
                        level = max(map(abs, frames))
                        clip = max(CLIPS, key=lambda name: wav.share(frames, CLIPS[name])) if level > 2_000 else ""
                        if clip and not heard.endswith(clip):
                            heard += f" {clip}"
                            if clip == "menu" and left:
                                await call.send_dtmf(left.pop(0))
                    assert await call.ended() == CauseRemoteHangUp()
                    return heard

            async with carol() as (_, one), carol() as (_, other):
                heard = await asyncio.gather(press(one, "129"), press(other, "9"))
            assert list(heard) == [" menu hours menu address menu bye", " menu bye"]
        assert not registrar.contacts
    log = "\n".join(told)
    assert log.count("sip:carol@127.0.0.1 calls") == 2
    assert [log.count(f"pressed {key}") for key in "129"] == [1, 1, 2]


async def test_the_attendant_loses_its_patience(tmp_path: Path) -> None:
    words = ["--wait", "0.1"]
    for name, hertz in CLIPS.items():
        wav.write(tmp_path / f"{name}.wav", wav.tone(hertz, 200))
        words += [f"--{name}", f"{name}.wav"]
    async with Registrar() as registrar:
        async with running("attendant.py", tmp_path, f"sip:office@{registrar.address}", *words) as told:
            async with carol() as (_, account):
                call = await account.call(await registrar.contact("office"))
                await call.answered()
                await call.send_dtmf("5")
                assert await call.ended() == CauseRemoteHangUp()
    log = "\n".join(told)
    assert (log.count("pressed 5"), log.count("pressed nothing")) == (1, 2)


async def test_the_caller_talks_to_the_recorder_until_it_is_stopped(tmp_path: Path) -> None:
    wav.write(tmp_path / "hello.wav", wav.melody())
    wav.write(tmp_path / "prompt.wav", wav.tone(400, 100))
    async with Registrar() as registrar:
        words = [f"sip:mailbox@{registrar.address}", "--folder", "calls", "--prompt", "prompt.wav"]
        async with carol() as (_, account):
            async with running("recorder.py", tmp_path, *words):
                contact = await registrar.contact("mailbox")
                caller = [f"sip:alice@{registrar.address}", contact, "--play", "hello.wav", "--stay", "0.5"]
                callers = [await start(EXAMPLES / "caller.py", tmp_path, *caller) for _ in range(2)]
                for process in callers:
                    assert "the call ended: local_hang_up" in await finish(process)
                call = await account.call(contact)
                await call.answered()
                await call.play(wav.contents(wav.melody()))
            assert await call.ended() == CauseRemoteHangUp()
        assert not registrar.contacts
    files = sorted((tmp_path / "calls").iterdir(), key=lambda file: int(re.findall(r"\d+", file.name)[-1]))
    assert len(files) == 3
    assert all(re.fullmatch(r"[0-9]{8}-[0-9]{6}-(alice|carol)@127_0_0_1(_\d+)?-\d+\.wav", file.name) for file in files)
    for file in files:
        assert wav.likeness(wav.melody(), wav.read(file)) > wav.HEARD, file


@pytest.mark.parametrize(
    "caller", ["sip:../../etc/passwd@x", "sip:%2e%2e%2fa@b", "sips:" + "a" * 500 + "@b", "sip:a@b;x=/../\0", "tel:+49\n1"]
)
def test_the_recorder_lets_no_caller_name_a_file_elsewhere(tmp_path: Path, caller: str) -> None:
    names: dict[str, object] = {"__name__": "recorder"}
    exec(compile((EXAMPLES / "recorder.py").read_text(), "recorder.py", "exec"), names)
    file_for = names["file_for"]
    assert callable(file_for)
    file: Path = file_for(tmp_path, caller, rvoip.CallKey(7))
    assert file.parent == tmp_path
    assert re.fullmatch(r"[A-Za-z0-9@+_-]{1,90}\.wav", file.name)
