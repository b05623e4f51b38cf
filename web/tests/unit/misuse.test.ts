// The real core, used as it should not be: an error of its kind, never a trap, and the client goes on.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import init, {
  CallEndedError,
  Client,
  ClosedError,
  InvalidArgumentError,
  RvoipError,
  UnsupportedError,
  parseMessage,
} from "rvoip/inline";
import type { Event } from "rvoip/inline";

before(() => init());

/** A value that the types would not let through. */
function wrong<T>(value: unknown): T {
  return value as T;
}

async function failure(what: Promise<unknown>): Promise<RvoipError> {
  const error: unknown = await what.then(
    () => assert.fail("it worked"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof RvoipError, String(error));
  return error;
}

const OPTIONS =
  "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a@a.example>;tag=1\r\n" +
  "To: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

test("settings of a wrong type, and misspelt ones, are refused and named", async () => {
  for (const settings of [{ max_calls: "many" }, { media: 5 }, { media: { timeout: -1 } }, { user_agnet: "x" }]) {
    const error = await failure(Client.create(wrong(settings)));
    assert.ok(error instanceof InvalidArgumentError, `${JSON.stringify(settings)}: ${error.kind}`);
  }
  assert.match((await failure(Client.create(wrong({ user_agnet: "x" })))).reason, /user_agnet/);
});

test("arguments of a wrong type are errors, and the client goes on", async () => {
  await using client = await Client.create();
  const account = await client.account("sip:alice@example.com").add();
  for (const address of [42, null, {}, "no uri", "sip:", "\u{0}"]) {
    assert.ok((await failure(client.account(wrong<string>(address)).add())) instanceof InvalidArgumentError, String(address));
  }
  for (const to of ["", "no uri", "sip:a@b\r\nX: y"]) {
    assert.ok((await failure(account.call(to))) instanceof InvalidArgumentError, to);
  }
  const call = client.call(1);
  for (const verb of [
    ...["busy", 66_022, 486.9, -1, NaN, null, {}].map((status) => () => call.reject(wrong<number>(status))),
    ...["no", 1, null].map((muted) => () => call.mute(wrong<boolean>(muted))),
    ...[null, 5, {}, undefined].map((digits) => () => call.sendDtmf(wrong<string>(digits))),
    ...[42, null, undefined, ["hi"]].map((text) => () => call.message(wrong<string>(text))),
    ...[42, null].map((to) => () => account.call(wrong<string>(to))),
    ...[-1, 1.5, Infinity, "four", 2 ** 32].map((count) => () => call.collectDigits(wrong<number>(count), 1000)),
    ...[-1, NaN, -Infinity, "soon", undefined].map((within) => () => call.collectDigits(1, wrong<number>(within))),
    ...[{ type: "music" }, 7, null, "hello.wav", { type: "bytes" }].map((source) => () => call.play(wrong(source))),
    ...["first", null, -1, 0.5, {}].map((key) => () => client.call(wrong<number>(key)).hangUp()),
    ...["now", 1, {}, null].map((signal) => () => call.answered({ signal: wrong<AbortSignal>(signal) })),
  ]) {
    const error = await failure(verb());
    assert.ok(error instanceof InvalidArgumentError, `${verb.toString()}: ${error.kind}: ${error.reason}`);
    assert.ok(error.reason.length > 10, error.reason);
  }
  assert.throws(() => client.call(wrong<number>("first")).info, InvalidArgumentError);
  assert.throws(() => client.accountOf(wrong<number>(-1)).events(), InvalidArgumentError);
  for (const message of [-1, 2e9, null, undefined, {}, ["OPTIONS"]]) {
    assert.throws(() => parseMessage(wrong<string>(message)), InvalidArgumentError);
  }
  for (const media of ["microphone", 5, null]) {
    assert.ok((await failure(Client.create({}, { media: wrong(media) }))) instanceof InvalidArgumentError);
  }
  assert.equal(account.info?.address, "sip:alice@example.com");
  assert.deepEqual(client.calls(), []);
});

test("a wait may be endless", async () => {
  await using client = await Client.create();
  assert.ok((await failure(client.call(1).collectDigits(1, Infinity))) instanceof CallEndedError);
});

test("a call that there is not is over", async () => {
  await using client = await Client.create();
  const call = client.call(4711);
  assert.equal(call.info, undefined);
  for (const verb of [call.answered(), call.answer(), call.hold(), call.sendDtmf("1"), call.message("x")]) {
    assert.ok((await failure(verb)) instanceof CallEndedError);
  }
});

test("what a page cannot do is unsupported, and said by the capabilities", async () => {
  await using client = await Client.create();
  const { files, transports } = client.capabilities();
  assert.deepEqual([files, transports], [false, ["ws", "wss"]]);
  const binds = [{ transport: "udp", address: "127.0.0.1:0" }] as const;
  assert.ok((await failure(Client.create({ binds }))) instanceof UnsupportedError);
});

test("after close everything says so, loops end, and closing again is fine", async () => {
  const client = await Client.create();
  const account = await client.account("sip:alice@example.com").add();
  const heard: Event["type"][] = [];
  const loop = (async () => {
    for await (const event of client.events()) heard.push(event.type);
  })();
  await client.close();
  await loop;
  assert.equal(heard.at(-1), "client_closed");
  await client.close();
  for (const verb of [account.register(), account.call("sip:bob@example.com"), client.account("sip:b@example.com").add()]) {
    assert.ok((await failure(verb)) instanceof ClosedError);
  }
  // Who listens too late hears how things stood, and that nothing will come.
  const late = client.events();
  late.takeEvents();
  assert.equal(await late.ready(), false);
});

test("a message is read into plain data, and garbage is refused", () => {
  const message: unknown = parseMessage(OPTIONS);
  assert.deepEqual(message, parseMessage(new TextEncoder().encode(OPTIONS)));
  assert.match(JSON.stringify(message), /"OPTIONS"/);
  for (const garbage of ["", "x", "\u{0}".repeat(100_000), OPTIONS.replace("SIP/2.0\r\n", "\r\n")]) {
    assert.throws(() => parseMessage(garbage), InvalidArgumentError);
  }
});
