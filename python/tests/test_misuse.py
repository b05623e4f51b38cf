"""What a program can do wrong, and what comes of it."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
import warnings
from array import array
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rvoip
from loopback import address, config, first, incoming, pair, rest
from rvoip import (
    AccountConfig,
    AccountKey,
    AudioSinkFile,
    AudioSinkFrames,
    AudioSourceFile,
    AudioSourceFrames,
    AudioSourceTone,
    Bind,
    CallKey,
    CallState,
    CauseRemoteHangUp,
    Client,
    ClientClosed,
    ClientConfig,
    MediaConfig,
    MessageReceived,
    RejectedError,
    ToneKindSine,
    TransportKind,
    WireEntry,
)


async def test_what_cannot_be_used_is_refused() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        invalid: list[Callable[[], Any]] = [
            lambda: two.alice.add_account("no address"),
            lambda: two.caller.call("bob"),
            lambda: two.caller.options("bob"),
            lambda: two.caller.message("bob", "text"),
            lambda: outgoing.send_dtmf("x"),
            lambda: ringing.collect_digits(-1, within=1),
            lambda: ringing.collect_digits(1 << 40, within=1),
            lambda: ringing.collect_digits(1, within=-1),
            lambda: ringing.collect_digits(1, within=float("nan")),
            lambda: ringing.collect_digits(1, within=float("inf")),
            lambda: ringing.collect_digits(1, within=timedelta(seconds=-1)),
            lambda: ringing.reject(-1),
            lambda: ringing.reject(70_000),
            lambda: ringing.reject(10**30),
            lambda: two.alice.call(CallKey(-1)).answer(),
            lambda: two.alice.call(CallKey(1 << 32)).hang_up(),
            lambda: two.alice.call(CallKey(10**5000)).hold(),
            lambda: outgoing.play(AudioSourceTone(ToneKindSine(-1))),
            lambda: outgoing.write_frames(b"123"),
            lambda: outgoing.write_frames(array("d", [0.5])),
        ]
        for misuse in invalid:
            with pytest.raises(rvoip.InvalidArgumentError) as caught:
                await misuse()
            assert isinstance(caught.value, ValueError) and caught.value.reason
        for key in (-1, 1 << 32, 10**30):
            with pytest.raises(rvoip.InvalidArgumentError, match=f"{key}"):
                two.alice.call(CallKey(key)).info  # noqa: B018
            with pytest.raises(rvoip.InvalidArgumentError, match=f"{key}"):
                two.alice.account_by_key(AccountKey(key)).events()
        with pytest.raises(rvoip.InvalidStateError):
            await outgoing.answer()
        with pytest.raises(rvoip.InvalidStateError):
            await ringing.reject(486)
        with pytest.raises(rvoip.InvalidStateError):
            await ringing.read_frames()
        # The call minds none of it.
        info = outgoing.info
        assert info is not None
        assert info.state == CallState.CONNECTED


async def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        (tmp_path / "text.wav").write_text("this is no sound")
        for path in ("none.wav", "text.wav", "."):
            with pytest.raises(rvoip.FileFailedError):
                await outgoing.play(tmp_path / path)
        with pytest.raises(rvoip.FileFailedError):
            await outgoing.play(AudioSourceFile(path=""))
        with pytest.raises(rvoip.FileFailedError):
            await outgoing.play(b"\x01\x02\x03")
        for path in ("none/recorded.wav", "."):
            with pytest.raises(rvoip.FileFailedError):
                await ringing.record(tmp_path / path)
        with pytest.raises(rvoip.FileFailedError):
            await ringing.record(AudioSinkFile(path=""))


async def test_a_value_of_the_wrong_type_is_refused() -> None:
    wrong: Any = object()
    async with pair() as two:
        outgoing, ringing = await two.connect()
        misuses: list[Callable[[], Any]] = [
            lambda: two.alice.add_account(wrong),
            lambda: two.alice.add_account(AccountConfig(address="sip:a@a"), "a password"),
            lambda: two.caller.call(wrong),
            lambda: two.caller.message(two.to, wrong),
            lambda: outgoing.send_dtmf(wrong),
            lambda: outgoing.message(wrong),
            lambda: outgoing.mute(wrong),
            lambda: outgoing.play(wrong),
            lambda: outgoing.record(wrong),
            lambda: outgoing.write_frames(wrong),
            lambda: ringing.collect_digits(wrong, within=1),
            lambda: ringing.collect_digits(1, within=wrong),
            lambda: ringing.reject(wrong),
        ]
        for misuse in misuses:
            with pytest.raises(TypeError):
                await misuse()
    with pytest.raises(TypeError):
        rvoip.parse_message(wrong)
    with pytest.raises(TypeError):
        AccountConfig(adress="sip:a@a")  # type: ignore[call-arg]
    no_settings: list[Any] = [wrong, {}, [], "", 0]
    for settings in no_settings:
        with pytest.raises(TypeError):
            await Client.open(settings)
    with pytest.raises(TypeError, match="wire tap"):
        Client.open(wire_tap=wrong)
    with pytest.raises(TypeError):
        await Client.open(ClientConfig(media=wrong))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (ClientConfig(max_calls=-1), "client_config.max_calls"),
        (ClientConfig(close_deadline=-1.0), "seconds"),
        (ClientConfig(binds=[Bind(TransportKind.UDP, "nowhere")]), "address|nowhere"),
        (ClientConfig(media=MediaConfig(rtp_ports=(0, 70_000))), "media_config.rtp_ports"),
        (ClientConfig(instance="not a URN"), "instance|URN"),
    ],
    ids=str,
)
async def test_settings_that_cannot_be_used_are_named(settings: ClientConfig, name: str) -> None:
    with pytest.raises(rvoip.InvalidArgumentError, match=name):
        await Client.open(settings)


async def test_a_misspelt_word_is_named() -> None:
    with pytest.raises(rvoip.InvalidArgumentError, match="'upd' is none of 'udp'"):
        await Client.open(ClientConfig(binds=[Bind("upd", "127.0.0.1:0")]))  # type: ignore[arg-type]
    async with Client.open(config()) as client:
        with pytest.raises(rvoip.InvalidArgumentError, match="account_config.expires: .* not str"):
            await client.add_account(AccountConfig(address="sip:a@a", expires="soon"))  # type: ignore[arg-type]


async def test_an_address_that_is_taken_is_refused() -> None:
    async with Client.open(config()) as client:
        taken = Bind(TransportKind.UDP, await address(client))
        with pytest.raises(rvoip.BindFailedError, match=taken.address):
            await Client.open(ClientConfig(binds=[taken]))


async def test_a_closed_client_says_so() -> None:
    client = await Client.open(config())
    account = await client.add_account("sip:alice@127.0.0.1")
    events = client.events()
    await client.close()
    await client.close()
    with pytest.raises(rvoip.ClosedError):
        await account.call("sip:bob@127.0.0.1:9")
    with pytest.raises(rvoip.ClosedError):
        await client.register("sip:carol@127.0.0.1")
    assert isinstance((await rest(events))[-1], ClientClosed)
    assert await rest(events) == []
    assert (client.calls(), client.live()) == ([], 0)


async def test_a_call_that_is_over_says_so() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        await outgoing.record(AudioSinkFrames())
        await outgoing.hang_up()
        await ringing.ended()
        await outgoing.hang_up()
        for misuse in (outgoing.hold, outgoing.resume, outgoing.stop_playing, lambda: outgoing.send_dtmf("1")):
            with pytest.raises(rvoip.CallEndedError):
                await misuse()
        with pytest.raises(rvoip.CallEndedError):
            await outgoing.play(AudioSourceFrames())
        unknown = two.alice.call(rvoip.CallKey(4_000))
        assert unknown.info is None
        with pytest.raises(rvoip.RvoipError):
            await unknown.answer()


async def test_a_listener_that_is_closed_lets_go_of_who_waits() -> None:
    async with pair() as two:
        events = two.alice.events()
        events.take_events()
        waiting = asyncio.ensure_future(rest(events))
        await asyncio.sleep(0)
        events.close()
        events.close()
        assert not [event for event in await waiting if isinstance(event, ClientClosed)]
        assert (events.take_events(), await events.ready()) == ([], False)


async def test_an_exception_in_a_wire_tap_is_the_loops() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    seen: list[WireEntry] = []

    def tap(entry: WireEntry) -> None:
        seen.append(entry)
        raise ArithmeticError("mine")

    async with pair(wire_tap=tap) as two:
        assert (await two.caller.options(two.to)).status == 200
        assert (await two.caller.options(two.to)).status == 200
    # What is answered late is sent again, and seen again.
    messages = dict.fromkeys((entry.text, entry.incoming) for entry in seen)
    assert [incoming for _, incoming in messages] == [False, True] * 2
    assert [type(context["exception"]) for context in told] == [ArithmeticError] * len(seen)


async def test_an_exception_while_listening_leaves_the_listener_of_use() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        events = ringing.events()
        for text in ("a", "b"):
            await outgoing.message(text)
        with pytest.raises(ArithmeticError):
            async for event in events:
                if isinstance(event, MessageReceived):
                    raise ArithmeticError("mine")
        assert (await first(events, MessageReceived)).text == "b"


async def test_a_client_that_is_forgotten_hangs_up_and_warns() -> None:
    async with Client.open(config()) as bob:
        await bob.add_account("sip:bob@127.0.0.1")
        to = f"sip:bob@{await address(bob)}"

        async def talk() -> rvoip.Call:
            alice = await Client.open(config())
            account = await alice.add_account("sip:alice@127.0.0.1")
            call = await account.call(to)
            ringing = await incoming(bob)
            await ringing.answer()
            await call.answered()
            return ringing

        with pytest.warns(ResourceWarning, match="unclosed <rvoip"):
            ringing = await talk()
            gc.collect()
        assert await ringing.ended() == CauseRemoteHangUp()


async def test_a_client_that_is_forgotten_with_its_loop_hangs_up() -> None:
    async with Client.open(config()) as bob:
        await bob.add_account("sip:bob@127.0.0.1")
        to = f"sip:bob@{await address(bob)}"

        async def talk() -> None:
            alice = await Client.open(config())
            account = await alice.add_account("sip:alice@127.0.0.1")
            call = await account.call(to)
            await call.answered()
            wait = asyncio.get_running_loop().create_task(call.ended())
            # That it is forgotten is the very thing.
            setattr(wait, "_log_destroy_pending", False)
            await asyncio.sleep(0)

        def elsewhere() -> None:
            loop = asyncio.new_event_loop()
            loop.run_until_complete(talk())
            loop.close()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            thread = threading.Thread(target=elsewhere)
            thread.start()
            ringing = await incoming(bob)
            await ringing.answer()
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
            gc.collect()
            assert await ringing.ended() == CauseRemoteHangUp()


async def test_a_client_that_its_wire_tap_knows_can_be_forgotten() -> None:
    class Tapped:
        def __init__(self) -> None:
            self.client: Client | None = None
            self.seen = 0

        def see(self, _: rvoip.WireEntry) -> None:
            self.seen += 1

    async with Client.open(config()) as bob:
        await bob.add_account("sip:bob@127.0.0.1")
        to = f"sip:bob@{await address(bob)}"

        async def talk() -> rvoip.Call:
            tapped = Tapped()
            tapped.client = await Client.open(config(), wire_tap=tapped.see)
            account = await tapped.client.add_account("sip:alice@127.0.0.1")
            call = await account.call(to)
            ringing = await incoming(bob)
            await ringing.answer()
            await call.answered()
            assert tapped.seen >= 4
            return ringing

        with pytest.warns(ResourceWarning, match="unclosed <rvoip"):
            ringing = await talk()
            gc.collect()
        # The warning that was caught had kept it.
        gc.collect()
        assert await ringing.ended() == CauseRemoteHangUp()


def test_nothing_is_begun_outside_of_a_loop() -> None:
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(Client.open(config())._open())
    account = loop.run_until_complete(client.add_account("sip:alice@127.0.0.1"))
    for verb in (client.close, account.register, client.events().ready, lambda: account.call("sip:bob@127.0.0.1:9")):
        with pytest.raises(RuntimeError, match="no running event loop"):
            verb().send(None)
    with pytest.raises(RuntimeError, match="no running event loop"):
        Client.open(config()).__await__().__next__()
    assert client.calls() == []
    loop.run_until_complete(client.close())
    loop.close()


async def test_another_loop_of_another_thread_can_use_a_client() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        told: list[object] = []

        async def elsewhere() -> None:
            events = ringing.events()
            told.append((await two.caller.options(two.to)).status)
            await outgoing.message("from elsewhere")
            told.append((await first(events, MessageReceived)).text)
            told.append(await ringing.collect_digits(1, within=10))

        thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
        thread.start()
        await outgoing.send_dtmf("8")
        await asyncio.get_running_loop().run_in_executor(None, thread.join)
        assert told == [200, "from elsewhere", "8"]
        assert (await two.caller.options(two.to)).status == 200


async def test_a_loop_that_is_closed_early_takes_its_waits_with_it() -> None:
    async with pair() as two:
        outgoing, ringing = await two.connect()
        loop = asyncio.new_event_loop()

        def elsewhere() -> None:
            wait = loop.create_task(ringing.collect_digits(1, within=60))
            listen = loop.create_task(ringing.events().ready())
            loop.run_until_complete(asyncio.sleep(0))
            for task in (wait, listen):
                # That they are forgotten is the very thing.
                setattr(task, "_log_destroy_pending", False)
            loop.close()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.get_running_loop().run_in_executor(None, thread.join)
        gc.collect()
        await outgoing.send_dtmf("1")
        assert await ringing.collect_digits(1, within=10) == "1"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_exception_can_be_copied(again: Callable[[RejectedError], RejectedError]) -> None:
    error = RejectedError("Busy Here", 486)
    other = again(error)
    assert type(other) is RejectedError
    assert (other.reason, other.status, other.kind, str(other)) == ("Busy Here", 486, error.kind, "Busy Here (486)")


def test_what_is_no_message_is_refused_with_the_place_of_the_fault() -> None:
    lines = ["OPTIONS sip:bob@b SIP/2.0", "v: SIP/2.0/UDP a;branch=z9hG4bK1", "f: <sip:a@a>;tag=1"]
    lines += ["t: <sip:b@b>", "i: 1", "CSeq: 1 OPTIONS", "", "body"]
    message = rvoip.parse_message("\r\n".join(lines))
    assert (message.method, message.uri, message.status, message.body) == ("OPTIONS", "sip:bob@b", None, "body")
    assert message.headers[3] == rvoip.HeaderField("Call-ID", "1")
    assert rvoip.parse_message("\r\n".join(lines).encode()) == message
    with pytest.raises(rvoip.InvalidArgumentError, match="^at byte "):
        rvoip.parse_message("nonsense\r\n\r\n")
